"""The command line: words in, words out; all work is done elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

import typer
from rich.console import Console
from rich.text import Text

from geoaccess.cli.app import app
from geoaccess.cli.streams import answering, open_streams
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.extras import extra_of
from geoaccess.files import cannot_write

# Each adds its commands, in the order of the help.
# isort: off
from geoaccess.cli import studies, fetching, roads, changes, places, capacities, reach, notes  # noqa: F401
# isort: on

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a mistake the user can fix ends in one message and exit code 2."""
    try:
        open_streams()
        with answering():
            _refuse_odd_numbers(sys.argv[1:])
            app(prog_name="geoaccess")
    except GeoaccessError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        missing = extra_of(error)
        if missing is None:
            raise
        _fail(missing)
    except MemoryError as error:
        _fail(_memory(error))
    except OSError as error:
        _fail(cannot_write(error, Path.cwd()))
    except KeyboardInterrupt:
        sys.exit(130)


def _refuse_odd_numbers(given: Sequence[str]) -> None:
    """Refuse numbers that Python reads and people do not write: 1_0, and digits of other scripts."""
    if not any("_" in word or not word.isascii() for word in given):
        return  # the options are known only once all commands are made
    commands = getattr(typer.main.get_command(app), "commands", {})
    options = {
        name
        for option in (commands[given[0]].params if given and given[0] in commands else ())
        if {int, float} & {option.type_descriptor.annotation, *get_args(option.type_descriptor.annotation)}
        for name in option.opts
    }
    for place, word in enumerate(given):
        name, equals, value = word.partition("=")
        text = value if equals else given[place + 1] if place + 1 < len(given) else ""
        if name in options and ("_" in text or not text.isascii()):
            raise InputError(f"{name} is {text!r}; write a number such as 12.5")


def _memory(error: MemoryError) -> str:
    """Say what needed how much memory, as far as it is known, and what would need less."""
    stage = "".join(f" while {note}" for note in getattr(error, "__notes__", ())[:1])
    much = f" ({error})" if str(error) else ""
    return (
        f"memory does not suffice{stage}{much}; a smaller extract or region, larger cells, or fewer candidates need "
        "less, and other programs that are closed leave more"
    )


def _fail(error: Exception | str) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("error: ", "bold red"), str(error)))
    sys.exit(2)

"""The command line: words in, words out; all work is done elsewhere."""

from __future__ import annotations

import functools
import math
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import typer
from rich.text import Text

from geoaccess.cli.app import app, number_within
from geoaccess.cli.ending import ending_in_order
from geoaccess.cli.streams import answering, open_streams
from geoaccess.errors import GeoaccessError, InputError, is_shortage
from geoaccess.extras import extra_of
from geoaccess.files import cannot_write, reason_of
from geoaccess.forking import nothing_else
from geoaccess.garbage import collect_seldom

# Each adds its commands, in the order of the help.
# isort: off
from geoaccess.cli import studies, fetching, roads, changes, places, capacities, reach, notes  # noqa: F401
# isort: on

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["app", "main"]

_DIGIT = re.compile(r"\d")
_UNLOADED = re.compile("shared object|static TLS block|DLL load failed|dlopen")
"""What systems say of a compiled library that they cannot load."""
_LONGEST = 2000
"""So many letters of a line of a message at most: a value that is wrong may be a whole page."""
_NO_NUMBER = frozenset({"nan", "inf", "infinity", "-inf", "-infinity"})


def main() -> None:
    """Run the command line; a mistake the user can fix ends in one message and exit code 2."""
    collect_seldom()
    try:
        open_streams()
        with ending_in_order(), answering(), nothing_else():
            _require_folder()
            if os.environ.get("TZ"):
                from geoaccess.phrases import require_time_zone  # `--help` should be quick

                require_time_zone()
            _refuse_odd_numbers(sys.argv[1:])
            _program()(prog_name="geoaccess")
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
        _fail(_of_a_library(error) or _of_the_system(error))
    except Exception as error:
        said = _of_a_library(error)
        if said is None:
            raise
        _fail(said)


@functools.cache
def _program() -> Any:
    """Return all commands with their options: typer makes them anew each time that it is asked, in 70 ms."""
    return typer.main.get_command(app)


def _require_folder() -> Path:
    """Return the folder that this was started in.

    Raises
    ------
    InputError
        If it was removed: no relative path means anything there.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise InputError(
            f"the folder that this was started in is not there any more ({error.strerror or error}); change to another "
            "one and start again"
        ) from error


def _of_the_system(error: OSError) -> GeoaccessError:
    """Say what the system says, of the file that it names; where that folder is gone, nothing else matters."""
    try:
        return cannot_write(error, _require_folder())
    except InputError as gone:
        return gone


def _refuse_odd_numbers(given: Sequence[str]) -> None:
    """Refuse numbers that Python reads and people do not write (1_0, digits of other scripts), and those out of bounds.

    What is refused here names what was given, which the parser of options does not.
    """
    if not any(_DIGIT.search(word) or word.lower() in _NO_NUMBER for word in given):
        return  # the options are known only once all commands are made
    commands = _program().commands
    options = {
        name: option.type_descriptor
        for option in (commands[given[0]].params if given and given[0] in commands else ())
        if {int, float} & {option.type_descriptor.annotation, *get_args(option.type_descriptor.annotation)}
        for name in option.opts
    }
    for place, word in enumerate(given):
        name, equals, value = word.partition("=")
        if name in options:
            _check_number(name, value if equals else "".join(given[place + 1 : place + 2]), options[name])


def _check_number(name: str, text: str, described: Any) -> None:
    """Refuse what is no number, or one beyond the bounds of its option."""
    whole = int in {described.annotation, *get_args(described.annotation)}
    bounds = described.parameter_info
    low, high = (-math.inf if bounds.min is None else bounds.min), (math.inf if bounds.max is None else bounds.max)
    number_within(name, text, low=low, high=high, whole=whole)


def _memory(error: Exception) -> str:
    """Say what needed how much memory, as far as it is known, and what would need less."""
    stage = "".join(f" while {note}" for note in getattr(error, "__notes__", ())[:1])
    much = f" ({reason_of(error)})" if str(error) else ""
    return (
        f"memory does not suffice{stage}{much}; a smaller extract or region, larger cells, or fewer candidates need "
        "less, and other programs that are closed leave more"
    )


def _of_a_library(error: Exception) -> str | None:
    """Say what a library lacks that cannot be loaded, or go on, on this machine; None for every other error."""
    unnamed = isinstance(error, OSError) and error.errno is None  # as of what is loaded by ctypes
    if (unnamed or isinstance(error, ImportError)) and _UNLOADED.search(str(error)):
        return (
            f"a library that this needs cannot be loaded ({reason_of(error)}); close other programs, as memory or open "
            "files may not suffice, or install geoaccess again"
        )
    of_a_path = isinstance(error, OSError) and not unnamed
    return _memory(error) if is_shortage(error) and not of_a_path else None


def _short(line: str) -> str:
    """Return a line of a message that people can read, whatever value stands in it."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"


def _fail(error: Exception | str) -> NoReturn:
    said = "\n".join(map(_short, str(error).split("\n")))
    from geoaccess.cli.terminal import Screen  # with much that only answers need

    Screen(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("error: ", "bold red"), said))
    sys.exit(2)

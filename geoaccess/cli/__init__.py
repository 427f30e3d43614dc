"""The command line: words in, words out; all work is done elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from geoaccess.cli.app import app
from geoaccess.cli.streams import answering, open_streams
from geoaccess.errors import GeoaccessError
from geoaccess.extras import extra_of
from geoaccess.files import cannot_write

# Each adds its commands, in the order of the help.
# isort: off
from geoaccess.cli import studies, fetching, roads, changes, places, capacities, reach, notes  # noqa: F401
# isort: on

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a mistake the user can fix ends in one message and exit code 2."""
    try:
        open_streams()
        with answering():
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

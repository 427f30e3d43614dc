"""The command line: words in, words out; all work is done elsewhere."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from geoaccess.cli.app import app
from geoaccess.errors import GeoaccessError
from geoaccess.extras import extra_of

# Each adds its commands, in the order of the help.
# isort: off
from geoaccess.cli import studies, fetching, roads, changes, places, reach  # noqa: F401
# isort: on

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; a mistake the user can fix ends in one message and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe on Windows cannot hold every letter of a name
    try:
        app(prog_name="geoaccess")
    except GeoaccessError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        missing = extra_of(error)
        if missing is None:
            raise
        _fail(missing)
    except MemoryError as error:
        what = f" ({error})" if str(error) else ""
        _fail(f"memory does not suffice{what}; ask of fewer candidates, larger cells or a smaller region")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(error: Exception | str) -> NoReturn:
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text.assemble(("error: ", "bold red"), str(error)))
    sys.exit(2)

"""Every error that geoaccess raises on purpose.

Each is both a builtin error and a `GeoaccessError`, so that a caller may catch either. A message names the file, row or
key, the value found, and what would fix it. The command line turns any of them into one message and exit code 2.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ArgumentError",
    "ConfigError",
    "FetchError",
    "GeoaccessError",
    "GeoaccessWarning",
    "InputError",
    "MissingExtraError",
    "MissingFileError",
    "NoBoundaryError",
    "NoCellError",
    "OutputError",
]


_SHORTAGE: Final = re.compile(
    "Cannot allocate memory|start new thread|launch worker thread|[Oo]ut of memory|bad_alloc|"
    "Resource temporarily unavailable"
)
"""What libraries say, in errors of every class, where memory or threads do not suffice."""


class GeoaccessError(Exception):
    """Something the user can fix."""


class GeoaccessWarning(UserWarning):
    """Something the user should know of that did not stop the work."""


class InputError(GeoaccessError, ValueError):
    """Data that cannot be used as it is."""

    @classmethod
    def listing(cls, subject: str, problems: Sequence[str]) -> InputError:
        """Make one error out of all the problems found in one file or table.

        >>> print(InputError.listing("cells.csv", ["row 3: population is -1", "row 9: population is missing"]))
        cells.csv: 2 problems
          - row 3: population is -1
          - row 9: population is missing
        """
        if len(problems) == 1:
            return cls(f"{subject}: {problems[0]}")
        return cls("\n  - ".join([f"{subject}: {len(problems)} problems", *problems]))


class ArgumentError(InputError, TypeError):
    """An argument of another type than the function can use."""


class ConfigError(InputError):
    """A study file, profile or table of sources that cannot be used as it is."""


class NoBoundaryError(InputError):
    """An extract holds no administrative boundary of a level that is asked for."""


class NoCellError(InputError):
    """No cell with people lies where a study looks for them."""


class MissingFileError(GeoaccessError, FileNotFoundError):
    """A file that is named but is not there."""


class MissingExtraError(GeoaccessError, ImportError):
    """A package beside the core that is not installed; the message names the extra that installs it."""


class OutputError(InputError, OSError):
    """A file or folder that cannot be written: a full disk, no permission, another program that holds it."""


class FetchError(GeoaccessError, OSError):
    """A download that failed; nothing was left behind under the final name."""


def first_cause(error: BaseException) -> BaseException:
    """Return the error that all others of a chain came of."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def is_shortage(error: BaseException) -> bool:
    """Whether a library lacks memory or threads, by what it says.

    >>> is_shortage(RuntimeError("Resource temporarily unavailable")), is_shortage(RuntimeError("PBF error"))
    (True, False)
    """
    return _SHORTAGE.search(str(error)) is not None

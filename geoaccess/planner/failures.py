"""What the planner cannot do, said in the language of the page: one way from any error to a phrase.

A failure has a `code`, which is a key of [planner] in the phrases of every language, and `values` that stand in the
phrase. Only what a reader of files says of them has no phrase: it follows the phrase as `detail`, in English.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from geoaccess.errors import GeoaccessError, InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["OUTDATED", "PlannerError", "failing", "failure_json"]

OUTDATED: Final = "unreadable"
"""The code of what no page asks that fits the planner: one that was opened before the planner or the study changed."""

_OTHERS: Final = "refused"
_NO_PACKAGE: Final = "missing_extra"


class PlannerError(InputError):
    """Something that cannot be done in the planner.

    Attributes
    ----------
    code
        The key of its phrase.
    values
        What stands in the phrase: texts, and numbers, which the page writes as its language has them.
    detail
        What the phrase leaves open, as the reader of a file has it.
    """

    def __init__(self, message: str, *, code: str, detail: str = "", **values: str | int) -> None:
        super().__init__(message)
        self.code, self.detail, self.values = code, detail, values


@contextlib.contextmanager
def failing(code: str, **values: str | int) -> Iterator[None]:
    """Raise what is refused inside, and has no phrase of its own, as a `PlannerError` with one."""
    try:
        yield
    except PlannerError:
        raise
    except GeoaccessError as error:
        own = _NO_PACKAGE if isinstance(error, MissingExtraError) else code
        raise PlannerError(str(error), code=own, detail=str(error), **values) from error


def failure_json(error: GeoaccessError, *, shown: Callable[[str], str] = str) -> dict[str, Any]:
    """Return an error as the page reads it: `error` is the code, `message` the same in English, for logs and programs.

    Parameters
    ----------
    shown
        What becomes of each text that leaves the planner.
    """
    if not isinstance(error, PlannerError):
        error = PlannerError(str(error), code=_OTHERS, detail=str(error))
    values = {name: shown(value) if isinstance(value, str) else value for name, value in error.values.items()}
    return {"error": error.code, "message": shown(str(error)), "values": values, "detail": shown(error.detail)}

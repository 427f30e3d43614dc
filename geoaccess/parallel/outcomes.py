"""What comes of a task, wherever it is run."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from geoaccess.errors import GeoaccessError, InputError, first_cause

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Outcome", "Result", "Task", "attempt", "attempt_pickled", "cannot_start"]

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of one task: its result, or why there is none (`error` is empty where there is one)."""

    result: Result | None
    error: str = ""


def attempt(function: Callable[[Task], Result], task: Task) -> Outcome[Result]:
    """Return what a function makes of a task, or why there is nothing."""
    try:
        return Outcome(function(task))
    except GeoaccessError as error:
        return Outcome(None, str(error))
    except Exception as error:  # noqa: BLE001 - a fault that one task brings to light must not cost the others
        return Outcome(None, f"{type(error).__name__}: {error}")


def attempt_pickled(function: Callable[[Task], Result], task: Task) -> bytes:
    """Return the outcome of a task as another process reads it."""
    outcome = attempt(function, task)
    try:
        return pickle.dumps(outcome, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - there is no saying how what a function returns cannot be sent
        return pickle.dumps(Outcome(None, f"{type(error).__name__}: {error}"))


def cannot_start(count: int, error: Exception) -> InputError:
    """Return what to say where there can be no workers."""
    return InputError(
        f"{count} worker processes cannot be started ({first_cause(error)}); try fewer (--workers), or 0 to "
        "run all in this process"
    )

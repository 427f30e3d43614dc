"""The tasks of a question spread over processes or machines, which map what all of them need into memory."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from geoaccess import files
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.mapped import Mapped, write_mapped
from geoaccess.parallel import Outcome, begin_as_this_one, worker_pool
from geoaccess.progress import announce_compiling, counted
from geoaccess.study import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["is_here", "spread"]

Common = TypeVar("Common")
Task = TypeVar("Task")
Result = TypeVar("Result")


def is_here(workers: int | None, scheduler: str | None) -> bool:
    """Whether all is computed in this process: with 0 workers, and where nobody asked for any."""
    return scheduler is None and not workers


def spread(
    function: Callable[[Common, Task], Result],
    common: Common,
    tasks: Sequence[Task],
    *,
    what: str,
    cache: Path,
    workers: int | None,
    scheduler: str | None,
    show: bool,
) -> list[Result]:
    """Return what a function makes of each task and what all tasks have in common, in the order of the tasks.

    Parameters
    ----------
    function
        Of a module, so that other processes can import it. It must not change `common`, and show no progress.
    common
        Workers that are forked from this process begin with it. Else it is written once into the cache and mapped by
        every process; a network of the cache is mapped from where it is kept.
    what
        What is done, for the progress bar and for messages.
    cache
        The cache of the study; other machines must see it under this path.
    workers, scheduler
        See `geoaccess.parallel.worker_pool`; without either all is computed in this process, and so is a single task:
        another process of this machine would be started for it, and this one wait.

    Raises
    ------
    GeoaccessError
        If a task fails, with what each that failed says; or if the workers cannot be had.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if is_here(workers, scheduler) or (scheduler is None and len(tasks) <= 1):
        with counted(what, len(tasks), console=console, show=show) as done:
            return _results([_counting(function, common, task, done) for task in tasks], what)
    announce = partial(announce_compiling, console) if show else None
    pool = partial(worker_pool, workers=workers, scheduler=scheduler, at_most=len(tasks), compiling=announce)
    if scheduler is None and begin_as_this_one():
        with pool() as run, counted(what, len(tasks), console=console, show=show) as done:
            return _results(run(partial(function, common), tasks, done=done), what)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(files.spare(cache)).absolute()
        shared = write_mapped(common, folder / "common", by_name=stages.by_name)
        run = stack.enter_context(pool(begin=partial(_read, shared)))
        with counted(what, len(tasks), console=console, show=show) as done:
            outcomes = run(partial(_there, function, shared), tasks, done=done)
    return _results(outcomes, what)


def _results(outcomes: Sequence[Outcome[Result]], what: str) -> list[Result]:
    """Return what came of all tasks, or raise what each that failed says."""
    failed = list(dict.fromkeys(outcome.error for outcome in outcomes if outcome.error))
    if failed:
        raise InputError(failed[0]) if len(failed) == 1 else InputError.listing(what, failed)
    return [outcome.result for outcome in outcomes]  # type: ignore[misc] # each has one, or an error


def _counting(
    function: Callable[[Common, Task], Result], common: Common, task: Task, done: Callable[..., None]
) -> Outcome[Result]:
    """Run a task in this process; a fault of the program, not of what it is given, is raised as it is."""
    try:
        return Outcome(function(common, task))
    except GeoaccessError as error:
        return Outcome(None, str(error))
    finally:
        done()


def _read(shared: Mapped[Common]) -> None:
    """Read what all tasks have in common, which stays with this process, and with those that are forked from it."""
    shared.value  # noqa: B018


def _there(function: Callable[[Common, Task], Result], shared: Mapped[Common], task: Task) -> Result:
    """Run a task in a process of its own."""
    return function(shared.value, task)

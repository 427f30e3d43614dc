"""How many threads may share work, and work shared between them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import numba
from numba.np.ufunc.parallel import get_thread_count, threading_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["SHARING", "any_started", "at_once", "limit_threads", "parts_of", "share", "thread_count", "threads_for"]

SHARING: Final = "geoaccess-sharing"
"""Names of threads that wait here for work begin so."""

_ALONE = 500_000
"""So many steps from arc to arc take about as long as it takes to hand work to another thread, ten times over."""

_pools: list[ThreadPoolExecutor] = []


def thread_count() -> int:
    """Return how many threads work may be shared among, in a parallel kernel or in a pool.

    These are the processors that this process may run on, or NUMBA_NUM_THREADS, or what the calling thread asked for by
    `numba.set_num_threads`.
    """
    if any_started():
        return int(numba.get_num_threads())
    return int(get_thread_count())  # type: ignore[no-untyped-call] # which starts none


def limit_threads(count: int) -> None:
    """Have the calling thread share its work among so many threads, and no more than there would be."""
    numba.set_num_threads(max(1, min(count, thread_count())))


def any_started() -> bool:
    """Whether threads of numba have begun in this process, as with its first parallel kernel; no fork takes them along.

    >>> limit_threads(thread_count())
    >>> any_started()
    True
    """
    try:
        threading_layer()  # type: ignore[no-untyped-call]
    except ValueError:
        return False
    return True


def threads_for(steps: int) -> int:
    """Return how many threads it pays to share so many steps from arc to arc of a hierarchy among."""
    return thread_count() if steps >= _ALONE else 1


def share(work: Callable[[int, int], None], parts: Sequence[tuple[int, int]]) -> None:
    """Call `work` on each part, at the same time where threads are free; return when all are done.

    Worth it where a part takes longer than the tenth of a millisecond that it takes to hand it over, and where `work`
    lets go of the interpreter. What no thread has begun when the caller is done with its own part, the caller does:
    many callers share the same few threads, and none waits for one that is busy elsewhere. Where there may be but one,
    as in one of several processes, it is the caller's.
    """
    if thread_count() == 1:
        for part in parts:
            work(*part)
        return
    waiting = [(_pool().submit(work, *part), part) for part in parts[1:]]
    for part in parts[:1]:
        work(*part)
    for future, part in reversed(waiting):
        if future.cancel():
            work(*part)
    for future, _ in waiting:
        if not future.cancelled():
            future.result()


def parts_of(size: int, longest: int) -> list[tuple[int, int]]:
    """Return the first and the last (not included) of each part of a range, none of which is longer than `longest`.

    >>> parts_of(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(first, min(first + longest, size)) for first in range(0, size, longest)]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Return what some calls return that are done at the same time, see `share`.

    >>> at_once(lambda: 1, lambda: 2)
    [1, 2]
    """
    found: list[Any] = [None] * len(calls)

    def work(first: int, last: int) -> None:
        for i in range(first, last):
            found[i] = calls[i]()

    share(work, parts_of(len(calls), 1))
    return found


def _pool() -> ThreadPoolExecutor:
    if not _pools:
        _pools.append(ThreadPoolExecutor(max(1, thread_count() - 1), thread_name_prefix=SHARING))
    return _pools[0]


if hasattr(os, "register_at_fork"):  # a child has none of the threads of its parent
    os.register_at_fork(after_in_child=_pools.clear)

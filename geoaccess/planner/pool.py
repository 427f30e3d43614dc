"""The sessions of all tabs, and the one thread in which they compute."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from geoaccess.planner.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from geoaccess.planner.state import PlannerState

__all__ = ["BusyError", "SessionPool"]

MOST_SESSIONS = 8
MOST_WAITING = 32

T = TypeVar("T")


class BusyError(Exception):
    """Too many questions wait, or one took too long."""


class SessionPool:
    """Sessions by the word that a tab made up for itself.

    The session used longest ago makes way for a new one; its tab gets another when it asks again. The kernels use all
    cores and must not run in two threads at once, so one thread does all the computing.
    """

    def __init__(self, state: PlannerState, *, most: int = MOST_SESSIONS, longest_s: float = 60.0) -> None:
        self.state, self.most, self.longest_s = state, most, longest_s
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="planner")
        self._waiting = 0

    def session(self, tab: str) -> Session:
        """Return the session of a tab; to be called in the thread alone."""
        if tab not in self.sessions:
            self.sessions[tab] = Session(self.state)
            while len(self.sessions) > self.most:
                self.sessions.popitem(last=False)
        self.sessions.move_to_end(tab)
        return self.sessions[tab]

    async def work(self, task: Callable[..., T], *given: Any) -> T:
        """Run a task in the thread, and return what it returns.

        Raises
        ------
        BusyError
            If too many wait already, or it is not done in time.
        """
        if self._waiting >= MOST_WAITING:
            raise BusyError("too many questions at once; try again in a moment")
        self._waiting += 1
        future = self._thread.submit(task, *given)
        future.add_done_callback(lambda _: self._done())
        try:
            async with asyncio.timeout(self.longest_s):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise BusyError(f"no answer after {self.longest_s:g} s") from None

    def _done(self) -> None:
        self._waiting -= 1

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

"""Word of compilation: the first run on a machine takes a minute longer, and people should know what they wait for."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from numba.core import event
from numba.core.registry import cpu_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["announced", "registered"]


class _Once(event.Listener):
    """Calls `say` when numba first compiles something, which it does not where its cache has what is needed."""

    def __init__(self, say: Callable[[], None]) -> None:
        self.say: Callable[[], None] | None = say

    def on_start(self, _event: event.Event) -> None:
        if self.say is not None:
            say, self.say = self.say, None
            say()

    def on_end(self, _event: event.Event) -> None:
        pass


@contextlib.contextmanager
def announced(say: Callable[[], None]) -> Iterator[None]:
    """Call `say` once if a kernel has to be compiled inside the block, just before it is.

    Nothing is called where numba finds all kernels in its cache, as it does from the second run on.
    """
    with event.install_listener("numba:compile", _Once(say)):
        yield


def registered() -> None:
    """Have numba know all that can stand in a kernel, as it does when the first kernel of a process is loaded.

    That takes a third of a second: who does it before forking has it done for both.
    """
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()

"""Worker processes forked from this one when tasks are there: they begin with all that it has found, and share it.

Nothing is imported, read or written down for them, and none waits while another still has tasks before it. One that is
lost is forked again.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import queue
import sys
import threading
from collections import Counter, deque
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

from geoaccess import files
from geoaccess.forking import LISTEN_S, Forked, forks_itself
from geoaccess.garbage import collect_seldom
from geoaccess.parallel.outcomes import Outcome, Result, Task, attempt_pickled, cannot_start

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from multiprocessing.connection import Connection
    from pathlib import Path

__all__ = ["begin_as_this_one", "ended_on_forks"]

_MOST_LOST: Final = 3
"""A task is given to so many workers that are lost with it."""
_COMPILES: Final = b""
_NUMBER: Final = 8


def begin_as_this_one() -> bool:
    """Whether workers can be forked from this process as it is now.

    On Linux, of the command line, whose threads are known; and unless numba's own have begun, which would be missing.
    """
    if not forks_itself(beside=_does_nothing):
        return False
    from geoaccess.kernels.threads import any_started  # numba is slow to import

    return not any_started()


def _does_nothing(thread: threading.Thread) -> bool:
    """Whether a thread holds nothing that a worker needs: it waits for work to share, or draws progress."""
    from geoaccess.kernels.threads import SHARING

    return thread.name.startswith(SHARING) or type(thread).__module__.startswith("rich.")


def ended_on_forks(
    count: int,
    threads: int,
    check: Callable[[], None],
    compiling: Callable[[], None],
    function: Callable[[Task], Result],
    tasks: dict[int, Task],
) -> Generator[tuple[int, Outcome[Result] | int], None, None]:
    """Yield the keys of tasks as these end, each with its outcome, or with how many workers it was lost with.

    Parameters
    ----------
    count, threads
        How many workers, and how many threads each of them may have.
    check
        Called time and again; what it raises ends the workers.
    compiling
        Called whenever one of them has to compile a kernel.

    Raises
    ------
    InputError
        If no process can be started.
    """
    serve = partial(_serve, partial(attempt_pickled, function), tasks, threads)
    try:
        with files.scratch() as scratch, contextlib.ExitStack() as workers:
            yield from _ended(workers, partial(_Worker.begun, serve, scratch), count, check, compiling, deque(tasks))
    except OSError as error:
        raise cannot_start(count, error) from error


def _ended(
    workers: contextlib.ExitStack,
    begun: Callable[[], _Worker],
    count: int,
    check: Callable[[], None],
    compiling: Callable[[], None],
    waiting: deque[int],
) -> Iterator[tuple[int, Outcome[Any] | int]]:
    """See `ended_on_forks`; `workers` ends those that are `begun`."""
    lost, idle = Counter[int](), list[_Worker]()
    busy: dict[Connection, tuple[_Worker, int]] = {}
    came: list[tuple[int, Outcome[Any] | int]] = []
    while waiting or busy or came:
        while waiting and len(busy) < count:
            if not idle:
                idle.append(begun())
                workers.callback(idle[-1].end)
            worker, key = idle.pop(), waiting.popleft()
            worker.give(key)
            busy[worker.answers] = worker, key
        yield from came  # while they work
        check()
        came = []
        for answers in _answering(busy):
            worker, key = busy[answers]
            found = worker.answer()
            if found == _COMPILES:
                compiling()
                continue
            del busy[answers]
            if found is not None:
                idle.append(worker)
                came.append((key, pickle.loads(found)))  # noqa: S301 - of a process forked from this one
                continue
            worker.end()
            lost[key] += 1
            if lost[key] < _MOST_LOST:
                waiting.appendleft(key)
            else:
                came.append((key, lost[key]))


def _answering(busy: Mapping[Connection, object]) -> list[Connection]:
    """Return which workers have answered, or are lost, within a moment."""
    from multiprocessing.connection import wait

    return wait(busy, timeout=LISTEN_S)  # type: ignore[return-value] # of those that it was given


@dataclass(frozen=True)
class _Worker:
    """A process that works on one task after another."""

    process: Forked
    answers: Connection

    @classmethod
    def begun(cls, serve: Callable[[IO[bytes], IO[bytes]], object], scratch: Path) -> _Worker:
        """Fork it from this process."""
        from multiprocessing.connection import Connection

        process = Forked(serve, scratch)
        return cls(process, Connection(os.dup(process.stdout.fileno()), writable=False))

    def give(self, key: int) -> None:
        """Give it a task; what is wrong with one that is lost is seen when it answers."""
        with contextlib.suppress(OSError):
            self.process.stdin.write(key.to_bytes(_NUMBER, "little"))
            self.process.stdin.flush()

    def answer(self) -> bytes | None:
        """Return what it made of a task; None if it is lost."""
        try:
            return self.answers.recv_bytes()
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.answers.close()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def _serve(
    attempt: Callable[[Task], bytes],
    tasks: Mapping[int, Task],
    threads: int,
    pipe: IO[bytes],
    answers: IO[bytes],
) -> NoReturn:
    """Run in a worker: one task after another until the pipe ends, and not a moment longer."""
    from multiprocessing.connection import Connection

    from geoaccess.kernels.compiling import announced
    from geoaccess.kernels.threads import limit_threads

    # What the other process holds back, or draws, is not for this one to write; nor its locks to wait for.
    sys.stdout = sys.stderr = io.TextIOWrapper(os.fdopen(os.dup(2), "wb", 0), errors="replace", write_through=True)
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[pipe, asked], daemon=True).start()
    collect_seldom()
    limit_threads(threads)
    sending = Connection(os.dup(answers.fileno()), readable=False)
    with announced(partial(sending.send_bytes, _COMPILES)):
        while True:
            sending.send_bytes(attempt(tasks[asked.get()]))


def _listen(pipe: IO[bytes], asked: queue.SimpleQueue[int]) -> None:
    """Take what is asked for; end the process with the pipe: the other one has ended, or been ended."""
    try:
        while key := pipe.read(_NUMBER):
            asked.put(int.from_bytes(key, "little"))
    finally:
        os._exit(0)

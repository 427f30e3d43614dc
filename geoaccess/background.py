"""Functions run in other processes of this machine while this one goes on, with the outcome that they have here.

Other than the workers of `geoaccess.parallel` these need no dask, and start before it is known what they will be given:
so a slow import, such as that of matplotlib, costs nobody time. Where it can, such a process is forked from this one:
then it has all that is imported here, in memory that both share.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import queue
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from geoaccess import files
from geoaccess.errors import OutputError
from geoaccess.forking import LISTEN_S, Forked, cores, forks_itself, own_group
from geoaccess.garbage import collect_seldom
from geoaccess.mapped import Mapped, write_mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Background", "Started", "background", "spare_cores"]

Given = ParamSpec("Given")
Result = TypeVar("Result")
Value = TypeVar("Value")

_MOST: int = 3
"""More processes than this have nothing left to do while tables are written."""
_CALL = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from geoaccess.background import _serve_alone; _serve_alone()"
)


def spare_cores() -> int:
    """Return how many processes can work beside this one: 0 where there is one core, or no Python to start."""
    return min(cores() - 1, _MOST) if sys.executable and not hasattr(sys, "frozen") else 0


class Started(Generic[Result]):
    """A function on its way; `result` waits for it.

    Where it is itself given to a function that is started, that is started once the result is there.
    """

    def __init__(self, call: Callable[[], Result], sent: tuple[Any, ...] = ()) -> None:
        self._call = call
        self._sent = sent
        self._ended = threading.Event()
        self._found: list[Result] = []
        self._taken, self._here = threading.Lock(), threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the result, once it is there."""
        return _arrived, (self.result(),)

    def take(self) -> bool:
        """Take it up, for a process or for this one; whether nobody had."""
        return self._taken.acquire(blocking=False)

    def message(self) -> bytes:
        """Return function and arguments for another process; they are not kept any longer for it."""
        sent, self._sent = self._sent, ()
        return pickle.dumps(sent, protocol=pickle.HIGHEST_PROTOCOL)

    def run_if_free(self) -> None:
        """Run here what no other process has taken up yet; wait for nothing."""
        if self.take():
            self.end()
            self.result()

    def soonest(self) -> Result:
        """Return the result as `result` does, but run here what no other process has taken up yet."""
        self.run_if_free()
        return self.result()

    def end(self, *found: Result) -> None:
        """Say what came of it; nothing: it could not be run there."""
        self._found.extend(found)
        self._ended.set()

    def result(self) -> Result:
        """Return what the function returns.

        What could not be run there, for whatever reason, is run here; so an error is the same, and raised where it
        would be without other processes.
        """
        while not self._ended.wait(LISTEN_S):
            pass
        with self._here:
            if not self._found:
                self._found.append(self._call())
        return self._found[0]


def _arrived(found: Result) -> Started[Result]:
    """Return what a process is given in place of a function that ended before: its result is there."""
    started = Started(lambda: found)
    started.take()
    started.end(found)
    return started


class Background:
    """Starts functions in other processes; without any of them, each is run when its result is asked for."""

    def __init__(self, scratch: Path, workers: Sequence[_Worker]) -> None:
        self._scratch = scratch
        self._waiting: queue.SimpleQueue[Started[Any] | None] = queue.SimpleQueue()
        self._alive = len(workers)
        self._lock = threading.Lock()
        self._files = itertools.count()
        self._threads = [threading.Thread(target=self._feed, args=[worker], daemon=True) for worker in workers]
        for thread in self._threads:
            thread.start()

    def place(self) -> Path | None:
        """Return where a task may write a value that other tasks map (`kept_in`); None where all is run here."""
        return self._scratch / f"shared-{next(self._files)}" if self._alive else None

    def share(self, value: Value, *, by_name: Callable[[object], Any] | None = None) -> Mapped[Value]:
        """Return a handle to give to tasks, whose `value` this is here as there; each process maps it.

        Parameters
        ----------
        value, by_name
            As for `geoaccess.mapped.write_mapped`.
        """
        return kept_in(self.place(), value, by_name=by_name)

    def start(
        self, function: Callable[Given, Result], *arguments: Given.args, **named: Given.kwargs
    ) -> Started[Result]:
        """Run a function of a module on arguments that can be pickled; whatever it writes must be the same anywhere."""

        def call() -> Result:
            return function(*arguments, **named)

        task = Started(call, (function, arguments, named))
        with self._lock:
            if self._alive:
                self._waiting.put(task)
            else:
                task.end()
        return task

    def _feed(self, worker: _Worker) -> None:
        """Give a worker one task after the other; when it is lost, the last such thread gives back all that wait."""
        while (task := self._waiting.get()) is not None:
            if not task.take():  # it is run here already
                continue
            try:
                message = task.message()
            except Exception:  # noqa: BLE001 - it cannot be sent, or what it waits for failed: so it does here
                task.end()
                continue
            task.end(*worker.run(message))
            if not worker.alive:
                break
        with self._lock:
            self._alive -= 1
            while not self._alive:
                try:
                    left = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if left is not None:
                    left.end()

    def close(self) -> None:
        """Let the threads end once their worker is gone."""
        for _ in self._threads:
            self._waiting.put(None)


def kept_in(path: Path | None, value: Value, *, by_name: Callable[[object], Any] | None = None) -> Mapped[Value]:
    """Return a handle to give to tasks; without a path, or where there is no room, the value goes with each of them."""
    if path is None:
        return Mapped(value)
    try:
        return write_mapped(value, path, by_name=by_name)
    except OutputError:
        return Mapped(value)


def _begun(scratch: Path) -> Forked | subprocess.Popen[bytes]:
    """Start a process that runs tasks, with its temporary files in a folder."""
    if forks_itself():
        from geoaccess.kernels.compiling import registered  # numba is slow to import
        from geoaccess.kernels.threads import any_started

        if not any_started():
            registered()  # once for both
            return Forked(_serve, scratch)
    return subprocess.Popen(  # noqa: S603 - this Python, and code of ours
        [sys.executable, "-c", _CALL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(scratch)},
        **own_group(),
    )


class _Worker:
    """A process that runs one task at a time."""

    def __init__(self, imports: Sequence[str], scratch: Path) -> None:
        self._process = _begun(scratch)  # what a worker leaves there that is ended goes with the rest
        self._input, self._output = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        self.alive = True
        self._send(
            *([] if isinstance(self._process, Forked) else [pickle.dumps(sys.path)]), pickle.dumps(list(imports))
        )

    def run(self, message: bytes) -> list[Any]:
        """Return the result of a task in a list, which is empty where there is none."""
        if not self._send(len(message).to_bytes(8, "little"), message):
            return []
        try:
            found: list[Any] = pickle.load(self._output)  # noqa: S301 - of the process we started
        except Exception:  # noqa: BLE001 - it ended, or sent what cannot be read: the task is run here
            self.alive = False
            return []
        return found

    def _send(self, *messages: bytes) -> bool:
        try:
            for message in messages:
                self._input.write(message)
            self._input.flush()
        except (OSError, ValueError):
            self.alive = False
        return self.alive

    def end(self) -> None:
        """End the process, whatever it does."""
        self.alive = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()


@contextlib.contextmanager
def background(*, workers: int | None = None, imports: Sequence[str] = ()) -> Iterator[Background]:
    """Start processes, and yield what runs functions in them; they are gone when the block ends, however it ends.

    Parameters
    ----------
    workers
        How many processes; None for one per core beside this one's, three at most; with 0 all is run in this process.
        No script needs a guard for them: what runs there imports modules and never the script.
    imports
        Modules to import at once, as functions that will be run there need them.

    Examples
    --------
    >>> with background(workers=0) as pool:
    ...     pool.start(divmod, 7, 2).result()
    (3, 1)
    """
    number = spare_cores() if workers is None else workers
    with contextlib.ExitStack() as stack:
        started: list[_Worker] = []
        scratch = Path()
        if number:
            try:
                scratch = stack.enter_context(files.scratch())
            except OutputError:  # there is no room for what processes are given: all is run here
                number = 0
        with contextlib.suppress(OSError):  # no process can be started: all is run here
            for _ in range(number):
                worker = _Worker(imports, scratch)
                stack.callback(worker.end)
                started.append(worker)
        pool = Background(scratch, started)
        stack.callback(pool.close)
        yield pool


def _serve_alone() -> None:
    """Run tasks in a process that was started for them: they come on its standard streams."""
    _serve(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))


def _serve(pipe: IO[bytes], answers: IO[bytes]) -> None:
    """Run in a worker: import what is asked for, then run task after task until the pipe ends, and not a moment longer.

    A thread reads the pipe, and ends the process at its end whatever is run: the other process has ended, or been
    ended, and nobody wants the answer.
    """
    messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    asked = pickle.load(pipe)  # noqa: S301 - of the process that started this one
    threading.Thread(target=_listen, args=[pipe, messages], daemon=True).start()
    collect_seldom()
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    for name in asked:
        with contextlib.suppress(ImportError):
            import_module(name)
    while True:
        try:
            function, arguments, named = pickle.loads(messages.get())  # noqa: S301
            answer = pickle.dumps([function(*arguments, **named)], protocol=pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - the task is run by the other process, which raises what is wrong
            answer = pickle.dumps([])
        answers.write(answer)
        answers.flush()


def _listen(pipe: IO[bytes], messages: queue.SimpleQueue[bytes]) -> None:
    """Put every message of a pipe into a queue; end the process with the pipe."""
    try:
        while size := pipe.read(8):
            messages.put(pipe.read(int.from_bytes(size, "little")))
    finally:
        os._exit(0)

"""Processes that are forked: what all of them need is imported, read and made once, and shared.

Workers are forked from a process of their own. Where the platform forks (Linux), multiprocessing keeps a process for
that, which imports this module before the first fork (`main` of `multiprocessing.forkserver`) and makes ready what
`forked_from` was given. Its pages are those of all workers until one writes to them. Elsewhere every worker starts by
itself. No thread may run there, since a fork takes none along: so nothing is searched there, only read.

What runs beside one process, and is begun before anything is computed, is forked from that one itself (`Forked`), where
that is the command line: of a script nobody knows what it has begun. Elsewhere it is started, out of reach of Ctrl-C.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from multiprocessing import resource_tracker
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from geoaccess.interrupts import is_usual

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "LISTEN_S",
    "Forked",
    "cores",
    "forked_from",
    "forks",
    "forks_itself",
    "keeping_files",
    "loaded_kernels",
    "make_ready",
    "nothing_else",
    "own_group",
    "unheard",
]

_READY = "GEOACCESS_WORKERS_BEGIN_WITH"
"""Names the file of what is called before the first fork."""
_LINGER_S = 5
LISTEN_S = 0.1
"""So long at most until Ctrl-C is heard: on Windows nothing interrupts a wait."""
_alone: list[bool] = []


def forks() -> bool:
    """Whether workers can be forked from a process of their own, of which nobody else makes use."""
    server = _server()
    return sys.platform == "linux" and hasattr(server, "_stop") and getattr(server, "_forkserver_pid", 0) is None


def _server() -> Any:
    try:
        from multiprocessing import forkserver
    except ImportError:  # no such platform
        return None
    return getattr(forkserver, "_forkserver", None)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def nothing_else() -> Iterator[None]:
    """Say that this process runs nothing but geoaccess, from its beginning on, while the block runs."""
    _alone.append(True)
    try:
        yield
    finally:
        _alone.pop()


def forks_itself(*, beside: Callable[[threading.Thread], bool] = lambda _: False) -> bool:
    """Whether this process can be forked: it runs nothing else, and has no thread of Python but its first one.

    What threads may be `beside` that one, and threads of libraries, are for who knows them to tell.
    """
    if not _alone or sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return False
    return all(thread is threading.main_thread() or beside(thread) for thread in threading.enumerate())


def own_group() -> dict[str, Any]:
    """Return how a process is started that Ctrl-C in the terminal does not reach: the first one ends it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class Forked:
    """A process forked from this one that runs a function and ends with it; otherwise as `subprocess.Popen` has it.

    It has all that this process has imported, whose pages both share, and nothing that is printed there is an answer.

    Parameters
    ----------
    serve
        What runs there, given where it reads what is written to `stdin`, and where it writes what is read of `stdout`.
    folder
        Where files for a while go there.
    """

    def __init__(self, serve: Callable[[IO[bytes], IO[bytes]], object], folder: Path) -> None:
        taken, given = os.pipe()
        answers, answered = os.pipe()
        for stream in (sys.stdout, sys.stderr):  # else what they still hold is written twice
            if stream is not None:
                stream.flush()
        try:
            with warnings.catch_warnings():  # from Python 3.12 on of any thread; `forks_itself` has told which run
                warnings.filterwarnings("ignore", r".*multi-threaded, use of fork\(\)", DeprecationWarning)
                self.pid = os.fork()
        except OSError:
            for pipe in (taken, given, answers, answered):
                os.close(pipe)
            raise
        if not self.pid:
            _run_there(serve, folder, taken=taken, answered=answered, unused=(given, answers))
        os.close(taken)
        os.close(answered)
        self.stdin, self.stdout = os.fdopen(given, "wb"), os.fdopen(answers, "rb")
        self._ended = False

    def kill(self) -> None:
        """End it, whatever it does."""
        if not self._ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Return once it has ended."""
        if not self._ended:
            with contextlib.suppress(ChildProcessError):  # where nobody is told of the end of processes
                os.waitpid(self.pid, 0)
            self._ended = True


def _run_there(
    serve: Callable[[IO[bytes], IO[bytes]], object],
    folder: Path,
    *,
    taken: int,
    answered: int,
    unused: tuple[int, ...],
) -> NoReturn:
    """Run a function in a process that was just forked, as in one that was started by itself."""
    try:
        gc.freeze()  # nobody looks through what is shared for what may go: that would copy its pages
        os.setsid()  # Ctrl-C in the terminal does not reach it
        for number in signal.valid_signals():
            handler = signal.getsignal(number)
            if callable(handler) and not is_usual(handler):
                signal.signal(number, signal.SIG_DFL)
        for pipe in unused:
            os.close(pipe)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None  # it is looked up again
        serve(os.fdopen(taken, "rb"), os.fdopen(answered, "wb"))
    finally:
        os._exit(1)


@contextlib.contextmanager
def forked_from(
    ready: Callable[[], object], folder: Path, usual: Mapping[str, object], environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield how multiprocessing is to start workers: "forkserver" where it forks them, else "spawn".

    Parameters
    ----------
    ready
        What to call once before the first fork; it must start no thread. What fails there is left to each worker.
    folder
        Where to write it down.
    usual, environ
        Variables of the environment of all workers, which what is read there may look at: `usual` where the environment
        does not have them, None for none.
    """
    if not forks():
        yield "spawn"
        return
    server, before = _server(), dict(os.environ)
    added = {name: str(value) for name, value in usual.items() if value is not None} | before | {**environ}
    file = folder / "ready"
    file.write_bytes(pickle.dumps(sys.path) + pickle.dumps(ready))
    try:
        os.environ.update(added | {_READY: str(file)})
        server.set_forkserver_preload([__name__])
        server.ensure_running()
    except OSError:  # such as a socket with too long a name
        yield "spawn"
        return
    finally:
        server.set_forkserver_preload(["__main__"])
        for name in {*added, _READY} - before.keys():
            del os.environ[name]
        os.environ.update(before)
    try:
        yield "forkserver"
    finally:
        _end(server)


@contextlib.contextmanager
def keeping_files(folder: Path) -> Iterator[None]:
    """Have multiprocessing keep its files in a folder; one of its own would stay where this process is killed."""
    known = getattr(multiprocessing.current_process(), "_config", {})
    before = known.get("tempdir")
    known["tempdir"] = str(folder)
    try:
        yield
    finally:
        known["tempdir"] = before


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Have what is started never hear Ctrl-C, also before it is told to ignore it; this process does in the end.

    Nor does it hear that the terminal is closed, which is told to every process, too: this one ends the others.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    unheard = {signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, unheard)
    try:
        resource_tracker.ensure_running()  # else it is started with the first process, and lets that one hear again
        signal.pthread_sigmask(signal.SIG_BLOCK, unheard)  # as it lets this one
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def loaded_kernels() -> list[tuple[str, str, Any]]:
    """Return the kernels that this process has loaded: module, name, and types of what is given to them.

    Without those that run on several threads: numba may start these when it loads one, and no fork takes them along.
    """
    rooms = [room for name, room in [*sys.modules.items()] if name.startswith("geoaccess.kernels.")]
    return [
        (room.__name__, name, types)
        for room in rooms
        for name, kernel in vars(room).items()
        if hasattr(kernel, "py_func") and not kernel.targetoptions.get("parallel")
        for types in kernel.signatures
    ]


def make_ready(modules: list[str], begin: Callable[[], object], kernels: list[tuple[str, str, Any]]) -> None:
    """Import modules, call `begin` and load kernels; none of them is run, for that would start threads."""
    for module in modules:
        importlib.import_module(module)
    begin()
    for room, name, types in kernels:
        getattr(importlib.import_module(room), name).compile(types)


def _end(server: Any) -> None:
    """End the process that workers were forked from; it waits for them, but not for one that lingers."""
    pid = server._forkserver_pid  # noqa: SLF001
    ending = threading.Thread(target=server._stop, daemon=True)  # noqa: SLF001
    ending.start()
    ending.join(_LINGER_S)
    if ending.is_alive() and pid is not None:
        os.kill(pid, signal.SIGKILL)
        ending.join()


def _begin(file: Path) -> None:
    """Make ready what workers need, and have nobody look through it for what may go: that would copy its pages."""
    with contextlib.suppress(Exception), file.open("rb") as written:  # each worker says what is wrong when it needs it
        sys.path[:] = pickle.load(written)  # noqa: S301 - our own, of a moment ago
        pickle.load(written)()  # noqa: S301
    gc.collect()
    gc.freeze()


if _READY in os.environ:
    _begin(Path(os.environ[_READY]))

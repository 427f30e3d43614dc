"""A process that workers are forked from: what all of them need is read and made there once, and shared.

Where the platform forks (Linux), multiprocessing keeps a process for that, which imports this module before the first
fork (`main` of `multiprocessing.forkserver`) and makes ready what `forked_from` was given. Its pages are those of all
workers until one writes to them. Elsewhere every worker starts by itself. No thread may run there, since a fork takes
none along: so nothing is searched there, only read.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import signal
import sys
import threading
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["forked_from", "forks", "loaded_kernels", "make_ready", "unheard"]

_READY = "GEOACCESS_WORKERS_BEGIN_WITH"
"""Names the file of what is called before the first fork."""
_LINGER_S = 5


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
def unheard() -> Iterator[None]:
    """Have what is started never hear Ctrl-C, also before it is told to ignore it; this process does in the end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # else it is started with the first process, and lets that one hear again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
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

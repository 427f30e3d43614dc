"""Many tasks over many processes or machines: each has an outcome, and what fails or dies stops no other."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
from asyncio import CancelledError
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.forking import LISTEN_S, cores, forked_from, keeping_files, loaded_kernels, make_ready, unheard
from geoaccess.interrupts import interrupt, is_usual
from geoaccess.kernels.compiling import announced
from geoaccess.parallel.forks import begin_as_this_one, ended_on_forks
from geoaccess.parallel.outcomes import Outcome, Result, Task, attempt, cannot_start
from geoaccess.parallel.remote import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from types import FrameType

    from distributed import Client

__all__ = ["Outcome", "Run", "begin_as_this_one", "sweep", "worker_pool", "workers_at_hand"]

_COMPILING = "geoaccess-compiling"
_LOCAL: dict[str, Any] = {
    "distributed.scheduler.allowed-failures": 2,  # a task that has killed three workers is given up
    "distributed.scheduler.worker-saturation": 1.0,  # no task waits on a worker, where there are many
    # A worker that takes its time to start again, as on a busy machine, is waited for: dask would end it for good.
    "distributed.deploy.lost-worker-timeout": "365 days",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # Dask has workers give every array back to the system at once; it would be fetched again page by page for the next.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
# Ctrl-C in a terminal reaches every process; the first one ends the others.
_AT_START = (
    "import geoaccess.garbage as seen, signal as s; s.signal(s.SIGINT, s.SIG_IGN); seen.collect_seldom(); "
    # Where numba thinks that processes are forked, it makes locks that a killed worker leaves behind.
    "import multiprocessing; multiprocessing.set_start_method('spawn', force=True)"
)


class Run(Protocol):
    """Runs a function on every task and returns the outcomes in the order of the tasks; `done` is called at each."""

    def __call__(  # noqa: D102 - see above
        self, function: Callable[[Task], Result], tasks: Sequence[Task], *, done: Callable[[], None] | None = None
    ) -> list[Outcome[Result]]: ...


def sweep(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    done: Callable[[], None] | None = None,
) -> list[Outcome[Result]]:
    """Run a function on every task, spread over processes or machines.

    Parameters
    ----------
    function
        What to run; of a module that workers can import, or a `functools.partial` of such a one.
    tasks
        What it is given, one at a time; they are pickled, so give names of files rather than what is in them.
    workers, scheduler
        Where to run; see `worker_pool`.
    done
        Called whenever a task has ended, in whatever order that is.

    Returns
    -------
    The outcomes, in the order of the tasks: the same to the bit wherever they were run, as long as the function gives
    the same for the same task. A task whose worker is lost is run again on another; one that loses every worker it is
    given (three; of a real cluster, as many as its scheduler allows) is run again by itself when all others have ended,
    and has an error as its outcome if it loses as many again, as has one whose function raises.

    Raises
    ------
    GeoaccessError
        As for `worker_pool`.

    Examples
    --------
    >>> [outcome.result for outcome in sweep(abs, [-1, 2], workers=0)]
    [1, 2]
    >>> sweep(float, ["one"], workers=0)
    [Outcome(result=None, error="ValueError: could not convert string to float: 'one'")]
    """
    with worker_pool(workers=workers, scheduler=scheduler, at_most=len(tasks)) as run:
        return run(function, tasks, done=done)


@contextlib.contextmanager
def worker_pool(
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    at_most: int | None = None,
    compiling: Callable[[], None] | None = None,
    begin: Callable[[], object] | None = None,
) -> Iterator[Run]:
    """Yield what runs tasks; the workers are there until the block ends, and are gone after it however it ends.

    Parameters
    ----------
    workers
        How many processes to start on this machine; None for one per core, 0 to run in this process, which needs no
        dask. Numba's threads are shared out among them, unless NUMBA_NUM_THREADS is set. Those of the command line are
        forked from it on Linux, when tasks are there (see `begin_as_this_one`). Others are dask's, listening on
        127.0.0.1 only; a script that starts them must do so under `if __name__ == "__main__":`.
    scheduler
        Address of a dask scheduler to use instead, such as "tcp://10.0.0.5:8786". Its workers need the same version of
        geoaccess with `geoaccess[dask]`, and to see all files under the same paths as this machine. What it sends is
        unpickled here, so whoever holds it, or the network on the way, can run anything: it must be trusted. With
        "tls://10.0.0.5:8786" both sides show certificates, those that dask is configured with
        (`distributed.comm.tls`).
    at_most
        How many tasks there will be at once: there is no use in more workers.
    compiling
        Called when numba has to compile a kernel somewhere.
    begin
        What the tasks read first, such as a large value; it can be pickled, and starts no thread. Where dask's workers
        of this machine are forked, one process has called it before, and they share what it read; elsewhere nobody
        does.

    Raises
    ------
    GeoaccessError
        If dask is not installed, or no scheduler answers, or its workers have another version of geoaccess.
    """
    announce = compiling or _silent
    if scheduler is not None:
        if workers is not None:
            raise InputError(f"{workers} workers and the scheduler {scheduler}: name one; a scheduler has its workers")
        _require_dask()
        with _interruptible() as check, joined(scheduler) as client, _announcing(client, announce):
            yield partial(_on_workers, partial(_ended, client, check))
    elif workers == 0:
        with announced(announce):
            yield _one_by_one
    elif workers is not None and workers < 0:
        raise InputError(f"workers is {workers}; give a number of processes, or 0 for none but this one")
    elif begin_as_this_one():
        count = _number(workers, at_most)
        with _interruptible() as check:
            yield partial(_on_workers, partial(ended_on_forks, count, _threads(count), check, _once(announce)))
    else:
        with (
            _interruptible() as check,
            _local(workers, at_most, begin or _silent) as client,
            _announcing(client, announce),
        ):
            yield partial(_on_workers, partial(_ended, client, check))


def _silent() -> None:
    pass


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Yield a function that raises `KeyboardInterrupt` once Ctrl-C was pressed, for the loop that waits for workers.

    Python raises at whatever the main thread is doing, and what is raised inside a callback of another library is
    swallowed there. So the signal sets a flag, which the loop reads; pressed again, it raises at once.
    """
    ours = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not ours or not is_usual(before):
        yield _silent  # a signal that is ignored, or somebody else's, stays so
        return
    pressed = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        if pressed.is_set():
            interrupt(number, frame)
        pressed.set()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hear)
    try:
        yield check
        check()
    except Exception:
        check()  # whatever fails after it: workers that were about to start have heard it, too
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def _one_by_one(
    function: Callable[[Task], Result], tasks: Sequence[Task], *, done: Callable[[], None] | None = None
) -> list[Outcome[Result]]:
    outcomes = []
    for task in tasks:
        outcomes.append(attempt(function, task))
        (done or _silent)()
    return outcomes


def _attempt_there(function: Callable[[Task], Result], task: Task) -> Outcome[Result]:
    from distributed import get_worker

    with announced(lambda: get_worker().log_event(_COMPILING, "")):
        return attempt(function, task)


class _Ended(Protocol):
    """Yields the keys of tasks as these end, each with its outcome, or with how many workers it was lost with."""

    def __call__(
        self, function: Callable[[Task], Result], tasks: dict[int, Task]
    ) -> Generator[tuple[int, Outcome[Result] | int], None, None]: ...


def _on_workers(
    ended: _Ended,
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    done: Callable[[], None] | None = None,
) -> list[Outcome[Result]]:
    """Run all tasks at once; then those that died with their workers once more, each on its own.

    Dask blames all that a lost worker was given, also what only waited there for another task to end; and memory may
    lack for several at once. By itself a task is lost with a worker through its own fault.
    """
    outcomes: dict[int, Outcome[Result]] = {}
    suspects: list[int] = []
    with contextlib.closing(ended(function, dict(enumerate(tasks)))) as all_ended:
        for place, outcome in all_ended:
            if isinstance(outcome, int):
                suspects.append(place)
            else:
                outcomes[place] = outcome
                (done or _silent)()
    for suspect in sorted(suspects):
        ((_, outcome),) = ended(function, {suspect: tasks[suspect]})
        if isinstance(outcome, int):
            outcome = Outcome(
                None,
                f"the process that ran it died, {outcome} times over; "
                "most often there is too little memory: try fewer workers",
            )
        outcomes[suspect] = outcome
        (done or _silent)()
    return [outcomes[place] for place in range(len(tasks))]


def _ended(
    client: Client,
    check: Callable[[], None],
    function: Callable[[Task], Result],
    tasks: dict[int, Task],
) -> Generator[tuple[int, Outcome[Result] | int], None, None]:
    """Have workers of dask run tasks, see `_Ended`."""
    from distributed import KilledWorker

    futures = client.map(partial(_attempt_there, function), [*tasks.values()], pure=False)
    keys = dict(zip((future.key for future in futures), tasks, strict=True))
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    left = len(futures)
    while left:
        check()
        try:
            future = ended.get(timeout=LISTEN_S)
        except queue.Empty:
            continue
        outcome: Outcome[Result] | int
        try:
            outcome = future.result()
        except KilledWorker as error:
            outcome = error.allowed_failures + 1
        except (Exception, CancelledError) as error:  # noqa: BLE001 - such as a result that cannot be pickled
            outcome = Outcome(None, f"{type(error).__name__}: {error}")
        future.release()
        left -= 1
        yield keys[future.key], outcome


def _once(call: Callable[[], None]) -> Callable[[], None]:
    """Return what calls something the first time."""
    called: list[bool] = []

    def first() -> None:
        if not called:
            called.append(True)
            call()

    return first


@contextlib.contextmanager
def _announcing(client: Client, announce: Callable[[], None]) -> Iterator[None]:
    """Call `announce` when the first worker compiles."""
    first = _once(announce)
    client.subscribe_topic(_COMPILING, lambda _: first())
    yield


def workers_at_hand() -> int:
    """Return how many processes `worker_pool` starts where nobody says how many: one per core, 0 if it cannot."""
    if not begin_as_this_one():
        try:
            _require_dask()
        except InputError:
            return 0
    return _cores()


def _cores() -> int:
    """Return how many cores this process may use, where dask is there also by what a container is given."""
    try:
        from dask.system import CPU_COUNT
    except ImportError:
        return cores()
    return int(CPU_COUNT)


def _number(workers: int | None, at_most: int | None) -> int:
    asked = workers or _cores()
    return max(1, asked if at_most is None else min(asked, at_most))


def _threads(count: int) -> int:
    """Return how many threads each of so many processes may have."""
    return int(os.environ.get("NUMBA_NUM_THREADS") or max(1, _cores() // count))


def _require_dask() -> None:
    try:
        import distributed  # noqa: F401 - is it there?
    except ImportError as error:
        raise InputError(
            "running on several processes or machines needs dask: `pip install geoaccess[dask]`; "
            "with 0 workers (--workers 0) all is run in this process, without it"
        ) from error


@contextlib.contextmanager
def _local(workers: int | None, at_most: int | None, begin: Callable[[], object]) -> Iterator[Client]:
    _require_dask()
    import logging

    import dask
    from distributed import Client, LocalCluster

    count = _number(workers, at_most)
    with files.scratch() as scratch, keeping_files(scratch), dask.config.set(_LOCAL), contextlib.ExitStack() as stack:
        environ = {"NUMBA_NUM_THREADS": str(_threads(count)), "TMPDIR": str(scratch)}
        ready = partial(make_ready, ["distributed.nanny"], begin, loaded_kernels())
        try:
            with unheard():
                stack.enter_context(dask.config.set({"temporary-directory": str(scratch)}))  # else nobody removes it
                early = dask.config.get("distributed.nanny.pre-spawn-environ")  # dask sets it when workers are forked
                method = stack.enter_context(forked_from(ready, scratch, early, environ))
                stack.enter_context(dask.config.set({"distributed.worker.multiprocessing-method": method}))
                cluster = LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    memory_limit=0,  # mapped networks would count as the worker's own
                    local_directory=str(scratch),
                    preload=[_AT_START],
                    silence_logs=logging.CRITICAL + 1,  # what became of a worker is said of its tasks, in a sentence
                    env=environ,
                )
                stack.enter_context(cluster)
            client = stack.enter_context(Client(cluster, set_as_default=False))
        except (OSError, RuntimeError) as error:
            raise cannot_start(count, error) from error
        yield client

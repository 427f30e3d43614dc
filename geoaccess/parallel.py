"""Many tasks over many processes or machines: each has an outcome, and what fails or dies stops no other."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
from asyncio import CancelledError
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from geoaccess import files
from geoaccess.errors import GeoaccessError, InputError, first_cause
from geoaccess.forking import forked_from, keeping_files, loaded_kernels, make_ready, unheard
from geoaccess.kernels.compiling import announced
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client

__all__ = ["Outcome", "Run", "sweep", "worker_pool", "workers_at_hand"]

Task = TypeVar("Task")
Result = TypeVar("Result")

_CONNECT_S = 15
_LISTEN_S = 0.1  # so long at most until Ctrl-C is heard

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


@dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of one task: its result, or why there is none (`error` is empty where there is one)."""

    result: Result | None
    error: str = ""


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
        How many processes to start on this machine, listening on 127.0.0.1 only; None for one per core, 0 to run in
        this process, which needs no dask. Numba's threads are shared out among them, unless NUMBA_NUM_THREADS is set.
        A script that starts processes must do so under `if __name__ == "__main__":`.
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
        What the tasks read first, such as a large value; it can be pickled, and starts no thread. Where workers of this
        machine are forked, one process has called it before, and they share what it read; elsewhere nobody does.

    Raises
    ------
    GeoaccessError
        If dask is not installed, or no scheduler answers, or its workers have another version of geoaccess.
    """
    announce = compiling or _silent
    if scheduler is not None:
        if workers is not None:
            raise InputError(f"{workers} workers and the scheduler {scheduler}: name one; a scheduler has its workers")
        with _interruptible() as check, _remote(scheduler) as client, _announcing(client, announce):
            yield partial(_on_workers, client, check)
    elif workers == 0:
        with announced(announce):
            yield _one_by_one
    elif workers is not None and workers < 0:
        raise InputError(f"workers is {workers}; give a number of processes, or 0 for none but this one")
    else:
        with (
            _interruptible() as check,
            _local(workers, at_most, begin or _silent) as client,
            _announcing(client, announce),
        ):
            yield partial(_on_workers, client, check)


def _silent() -> None:
    pass


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], None]]:
    """Yield a function that raises `KeyboardInterrupt` once Ctrl-C was pressed, for the loop that waits for workers.

    Python raises at whatever the main thread is doing, and what is raised inside a callback of another library is
    swallowed there. So the signal sets a flag, which the loop reads; pressed again, it raises at once.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield _silent  # a signal that is ignored, or somebody else's, stays so
        return
    pressed = threading.Event()

    def hear(_number: int, _frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
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
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _attempt(function: Callable[[Task], Result], task: Task) -> Outcome[Result]:
    try:
        return Outcome(function(task))
    except GeoaccessError as error:
        return Outcome(None, str(error))
    except Exception as error:  # noqa: BLE001 - a fault that one task brings to light must not cost the others
        return Outcome(None, f"{type(error).__name__}: {error}")


def _one_by_one(
    function: Callable[[Task], Result], tasks: Sequence[Task], *, done: Callable[[], None] | None = None
) -> list[Outcome[Result]]:
    outcomes = []
    for task in tasks:
        outcomes.append(_attempt(function, task))
        (done or _silent)()
    return outcomes


def _attempt_there(function: Callable[[Task], Result], task: Task) -> Outcome[Result]:
    from distributed import get_worker

    with announced(lambda: get_worker().log_event(_COMPILING, "")):
        return _attempt(function, task)


def _on_workers(
    client: Client,
    check: Callable[[], None],
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    *,
    done: Callable[[], None] | None = None,
) -> list[Outcome[Result]]:
    """Run all tasks at once; then those that died with their workers once more, each on its own.

    Dask blames all that a lost worker was given, also what only waited there for another task to end. By itself a task
    is lost with a worker through its own fault.
    """
    attempt = partial(_attempt_there, function)
    outcomes: dict[int, Outcome[Result]] = {}
    suspects: list[int] = []
    for place, outcome in _ended(client, check, attempt, dict(enumerate(tasks))):
        if isinstance(outcome, int):
            suspects.append(place)
        else:
            outcomes[place] = outcome
            (done or _silent)()
    for suspect in sorted(suspects):
        ((_, outcome),) = _ended(client, check, attempt, {suspect: tasks[suspect]})
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
    attempt: Callable[[Task], Outcome[Result]],
    tasks: dict[int, Task],
) -> Iterator[tuple[int, Outcome[Result] | int]]:
    """Yield the keys of tasks as these end, each with its outcome, or with how many workers it was lost with."""
    from distributed import KilledWorker

    futures = client.map(attempt, [*tasks.values()], pure=False)
    keys = dict(zip((future.key for future in futures), tasks, strict=True))
    ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    left = len(futures)
    while left:
        check()
        try:
            future = ended.get(timeout=_LISTEN_S)
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


@contextlib.contextmanager
def _announcing(client: Client, announce: Callable[[], None]) -> Iterator[None]:
    """Call `tell` when the first worker compiles."""
    announced_already: list[bool] = []

    def hear(_: Any) -> None:
        if not announced_already:
            announced_already.append(True)
            announce()

    client.subscribe_topic(_COMPILING, hear)
    yield


def workers_at_hand() -> int:
    """Return how many processes `worker_pool` starts where nobody says how many: one per core, 0 without dask."""
    try:
        _require_dask()
    except InputError:
        return 0
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


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
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    count = max(1, min(workers or CPU_COUNT, workers or CPU_COUNT if at_most is None else at_most))
    threads = os.environ.get("NUMBA_NUM_THREADS") or str(max(1, CPU_COUNT // count))
    with files.scratch() as scratch, keeping_files(scratch), dask.config.set(_LOCAL), contextlib.ExitStack() as stack:
        environ = {"NUMBA_NUM_THREADS": threads, "TMPDIR": str(scratch)}
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
            raise InputError(
                f"{count} worker processes cannot be started ({first_cause(error)}); try fewer (--workers), or 0 to "
                "run all in this process"
            ) from error
        yield client


@contextlib.contextmanager
def _remote(address: str) -> Iterator[Client]:
    _require_dask()
    from distributed import Client

    if address.startswith("tls:"):
        _require_certificates(address)
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(
            f"{address}: no dask scheduler answers there ({error}); `dask scheduler` starts one, and "
            "`dask worker ADDRESS --nthreads 1` its workers"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_S)
        except TimeoutError as error:
            raise InputError(
                f"{address}: the scheduler has no worker; `dask worker {address} --nthreads 1` starts one"
            ) from error
        _refuse_other_versions(client, address)
        yield client


def _require_certificates(address: str) -> None:
    """Refuse an address by TLS where dask has not been given what it shows and what it trusts."""
    import dask

    names = [f"distributed.comm.tls.{name}" for name in ("ca-file", "client.cert", "client.key")]
    found = {name: dask.config.get(name, None) for name in names}
    lacking = [name for name, file in found.items() if not file]
    if lacking:
        raise InputError(
            f"{address}: dask is not configured with {', '.join(lacking)}; name the files in its configuration or in "
            f"the environment, such as DASK_{lacking[0].upper().replace('.', '__').replace('-', '_')}"
        )
    absent = [f"{name} is {file}" for name, file in found.items() if not Path(str(file)).is_file()]
    if absent:
        raise InputError.listing(address, [f"{one}, which is not there" for one in absent])


def _refuse_other_versions(client: Client, address: str) -> None:
    theirs = client.get_versions(packages=["geoaccess"])["workers"]
    found = {worker: info["packages"].get("geoaccess") for worker, info in theirs.items()}
    problems = [
        f"the worker {worker} has geoaccess {version or '(none)'}, and this machine {__version__}; "
        "install the same on both"
        for worker, version in sorted(found.items())
        if version != __version__
    ]
    if problems:
        raise InputError.listing(address, problems)

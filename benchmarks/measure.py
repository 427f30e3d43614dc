"""One measurement: ours and a peer's in turns, medians of wall and CPU time, answers compared, the target judged."""

from __future__ import annotations

import gc
import math
import resource
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks import graphs
from benchmarks.graphs import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = [
    "NOT_YET",
    "Peer",
    "Plan",
    "Row",
    "Target",
    "Timing",
    "compare",
    "in_turns",
    "median",
    "of_process",
    "several",
    "timed",
]

NOT_YET = "not there yet"


@dataclass(frozen=True)
class Plan:
    """How much is measured: everything, or (`once`) each benchmark a single time on small graphs."""

    once: bool

    def repeats(self, wanted: int) -> int:
        """Return how often to repeat."""
        return 1 if self.once else wanted

    def graphs(self, *keys: str) -> tuple[str, ...]:
        """Return the graphs to measure on."""
        return tuple(dict.fromkeys(key if key == "iceland" else "20k" for key in keys)) if self.once else keys


@dataclass(frozen=True)
class Timing:
    """Median wall and CPU seconds of one call. CPU time is that of all threads; NaN where another process worked."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Target:
    """What is to be reached: times faster than the peer, seconds, megabytes, or at most so many times a limit."""

    faster: float | None = None
    within_s: float | None = None
    within_mb: float | None = None
    slower_at_most: float | None = None

    def __str__(self) -> str:
        """Say it in short."""
        parts = [
            f">= {self.faster:g} x" if self.faster else "",
            f"<= {self.within_s:.3g} s" if self.within_s else "",
            f"<= {self.within_mb:g} MB" if self.within_mb else "",
            f"<= {self.slower_at_most:g} x the limit" if self.slower_at_most else "",
        ]
        return ", ".join(part for part in parts if part)

    def met(self, row: Row) -> bool | None:
        """Tell whether a row reaches it; None where there is nothing to reach or not all was measured."""
        pairs = [
            (self.faster, row.ratio and -row.ratio),
            (self.within_s, row.ours and row.ours.wall_s),
            (self.within_mb, row.peak_mb),
            (self.slower_at_most, row.ratio and 1 / row.ratio),
        ]
        asked = [(-limit if i == 0 else limit, value) for i, (limit, value) in enumerate(pairs) if limit is not None]
        known = [value <= limit for limit, value in asked if value is not None]
        if not all(known):
            return False
        return True if asked and len(known) == len(asked) else None


@dataclass
class Row:
    """One line of the table; `about` says what of its graph is made up."""

    task: str
    graph: str
    ours: Timing | None = None
    peer: str = ""
    theirs: Timing | None = None
    peak_mb: float | None = None
    target: Target = field(default_factory=Target)
    note: str = ""
    about: str = ""

    @property
    def ratio(self) -> float | None:
        """Peer's wall time over ours."""
        return self.theirs.wall_s / self.ours.wall_s if self.ours and self.theirs else None

    def as_json(self) -> dict[str, Any]:
        """Return what results.json keeps of it."""
        entries = {
            "task": self.task,
            "graph": self.graph,
            "ours_s": self.ours and self.ours.wall_s,
            "ours_cpu_s": self.ours and self.ours.cpu_s,
            "peer": self.peer or None,
            "peer_s": self.theirs and self.theirs.wall_s,
            "peer_cpu_s": self.theirs and self.theirs.cpu_s,
            "ratio": self.ratio,
            "peak_mb": self.peak_mb,
            "target": str(self.target) or None,
            "met": self.target.met(self),
            "note": self.note or None,
            "graph_is": self.about or None,
        }
        return {name: value for name, value in entries.items() if value is not None and not _is_nan(value)}


@dataclass(frozen=True)
class Peer:
    """What we are measured beside. `ready` is given the graph and returns the call to time, or raises `Missing`."""

    name: str
    ready: Callable[[graphs.Graph], Callable[[], Any]]
    repeats: int = 5
    here: bool = True  # works in this process


def timed(call: Callable[[], Any]) -> tuple[Timing, Any]:
    """Return the time that one call takes, and its answer."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    answer = call()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu), answer


def median(timings: Sequence[Timing]) -> Timing:
    """Return the medians of wall and of CPU time."""
    return Timing(statistics.median(t.wall_s for t in timings), statistics.median(t.cpu_s for t in timings))


def several(call: Callable[[], Any], plan: Plan, *, wanted: int = 5, least_s: float = 0.3) -> tuple[Timing, Any]:
    """Return the median of some calls, of more where they are short, and the last answer."""
    timings, answer = [], None
    while len(timings) < plan.repeats(wanted) or (
        not plan.once and len(timings) < 8 * wanted and sum(t.wall_s for t in timings) < least_s
    ):
        answer = None
        timing, answer = timed(call)
        timings.append(timing)
    return median(timings), answer


def in_turns(
    ours: Callable[[], Any], peer: Callable[[], Any], plan: Plan, *, rounds: int = 5
) -> tuple[Timing, Timing, Any, Any]:
    """Return medians of ours and of the peer's, measured in turns, and the last answers. Ours was compiled before."""
    own, others, answer, expected = [], [], None, None
    for _ in range(plan.repeats(rounds)):
        timing, expected = timed(peer)
        others.append(timing)
        answer = None  # a large answer must not stand beside the next one
        timing, answer = several(ours, plan, wanted=3, least_s=0.1)
        own.append(timing)
    return median(own), median(others), answer, expected


def compare(
    plan: Plan,
    task: str,
    key: str,
    ours: Callable[[graphs.Graph], Callable[[], Any]],
    *,
    peer: Peer | None = None,
    agree: Callable[[Any, Any], None] | None = None,
    check: Callable[[graphs.Graph, Any], None] | None = None,
    target: Target | None = None,
    per: int = 1,
    peer_per: int = 1,
    note: str = "",
) -> Row:
    """Measure one task on one graph.

    `agree` is given our answer and the peer's, `check` the graph and our answer: each raises AssertionError where they
    differ. A call that does `per` things at once is divided by it. What is missing stands in the row's note.
    """
    row = Row(task, key, peer=peer.name if peer else "", target=target or Target(), note=note)
    try:
        graph = graphs.load(key)
        row.graph, row.about = graph.name, graph.note
        call = ours(graph)
        call()  # compiled
    except NotImplementedError:
        row.note = _noted(note, NOT_YET)
        return row
    except Missing as missing:
        row.note = _noted(note, str(missing))
        return row
    try:
        other = peer.ready(graph) if peer else None
    except Missing as missing:
        row.note, other = _noted(note, str(missing)), None
    if other is None:
        own, answer = several(call, plan)
    else:
        own, theirs, answer, expected = in_turns(call, other, plan, rounds=peer.repeats if peer else 1)
        row.theirs = Timing(theirs.wall_s / peer_per, theirs.cpu_s / peer_per if peer and peer.here else math.nan)
        if agree is not None:
            agree(answer, expected)
    if check is not None:
        check(graph, answer)
    row.ours = Timing(own.wall_s / per, own.cpu_s / per)
    return row


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _noted(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def of_process(command: Sequence[str | Path], *, cwd: Path | None = None) -> tuple[Timing, str]:
    """Return the time that a process takes from start to end, and what it prints.

    Raises
    ------
    RuntimeError
        If it fails, with the last lines it printed.
    """
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: " + "\n".join(last))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timing(wall, cpu), done.stdout

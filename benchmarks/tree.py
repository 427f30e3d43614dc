"""What a program and all processes that it starts cost: wall and CPU seconds, and the memory of all together."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Timing

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Memory", "measure_tree"]

EVERY_S = 0.5
PROC = Path("/proc")


@dataclass
class Memory:
    """The most that was seen at once, in MB.

    `together` counts pages that processes share once (PSS summed), `private` is the most that any process which started
    no other held for itself (USS), `processes` how many there were. Zero where the system does not say. What workers
    are forked from counts in `together` alone: its pages are theirs.
    """

    together: float = 0.0
    private: float = 0.0
    processes: int = 0
    own: dict[int, float] = field(default_factory=dict)
    """The most that each process held for itself which has started no other yet."""

    def look(self, pid: int) -> None:
        """Look at a process and all below it."""
        pids = [pid, *_below(pid)]
        held = {one: found for one in pids if (found := _held(one)) is not None}
        self.processes = max(self.processes, len(held))
        self.together = max(self.together, sum(pss for pss, _ in held.values()))
        for one, (_, uss) in held.items():
            if one == pid or _below(one):
                self.own[one] = 0.0
            elif self.own.get(one) != 0.0:
                self.own[one] = max(uss, self.own.get(one, uss))
        self.private = max([0.0, *self.own.values()])


def _below(pid: int) -> list[int]:
    try:  # each thread has its own
        lists = [path.read_text(encoding="ascii") for path in (PROC / f"{pid}/task").glob("*/children")]
    except OSError:
        return []
    children = [int(one) for listed in lists for one in listed.split()]
    return [*children, *(further for child in children for further in _below(child))]


def _held(pid: int) -> tuple[float, float] | None:
    """Return the PSS and the USS of a process in MB; None where it is gone, or nobody knows."""
    try:
        text = (PROC / f"{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    sizes = {line.split()[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return sizes["Pss:"] / 1024, (sizes["Private_Clean:"] + sizes["Private_Dirty:"]) / 1024


def measure_tree(command: Sequence[str | Path], *, cwd: Path | None = None) -> tuple[Timing, Memory]:
    """Run a program and look at its memory twice a second.

    Raises
    ------
    RuntimeError
        If it fails, with the last lines it printed.
    """
    memory = Memory()
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        with subprocess.Popen([str(part) for part in command], cwd=cwd, stdout=printed, stderr=printed) as running:
            while True:
                try:
                    running.wait(EVERY_S)
                    break
                except subprocess.TimeoutExpired:
                    memory.look(running.pid)
        wall = time.perf_counter() - wall
        printed.seek(0)
        last = printed.read().strip().splitlines()[-5:]
    if running.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {running.returncode}: " + "\n".join(last))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Timing(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), memory

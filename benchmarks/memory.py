"""Peak memory of building a hierarchy and asking it, in a process of its own.

`python -m benchmarks.memory FOLDER` is that process: it loads a saved network, builds, asks, and prints megabytes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import graphs, ours
from benchmarks.graphs import ROOT, Graph, places
from benchmarks.measure import NOT_YET, Plan, Row, Target, Timing, of_process, timed
from benchmarks.peak import peak_mb
from geoaccess.network import load_network, save_network

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["memory"]

LIMIT_MB = 3000
SIDE = 2000


def memory(plan: Plan) -> Iterator[Row]:
    """Measure 3 million nodes (Norway's size)."""
    for key in plan.graphs("3m"):
        graph = graphs.load(key)
        row = Row("peak memory, build and ask", graph.name, target=Target(within_mb=LIMIT_MB), about=graph.note)
        with tempfile.TemporaryDirectory() as folder:
            saved = save_network(graph.network, Path(folder) / "network")
            _, printed = of_process([sys.executable, "-m", "benchmarks.memory", saved], cwd=ROOT)
        found = json.loads(printed.splitlines()[-1])
        row.note = ", ".join(f"{stage} {mb:.0f} MB" for stage, mb in found["stages"].items())
        if found["complete"]:
            row.peak_mb = max(found["stages"].values())
            row.ours = Timing(found["wall_s"], found["cpu_s"])
        else:
            row.note += f"; {NOT_YET}"
        yield row


def main() -> None:
    """Load, build and ask; print the peak so far after each."""
    stages: dict[str, float] = {}

    def note(stage: str) -> None:
        stages[stage] = peak_mb()

    network = load_network(Path(sys.argv[1]))
    graph = Graph("", "", "", network)
    note("network")

    def work() -> None:
        made = ours.contract(network)
        note("hierarchy")
        ours.nearest(made, places(graph, 500), 5)
        ours.trees(made, places(graph, 64))
        ours.matrix(made, places(graph, SIDE, seed=2), places(graph, SIDE, seed=3))
        note("questions")

    try:
        timing, _ = timed(work)
    except NotImplementedError:
        print(json.dumps({"complete": False, "stages": stages}))
        return
    print(json.dumps({"complete": True, "stages": stages, "wall_s": timing.wall_s, "cpu_s": timing.cpu_s}))


if __name__ == "__main__":
    main()

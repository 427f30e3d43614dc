"""Measure geoaccess beside its peers and write what was found.

`python -m benchmarks.run` measures everything and writes results.json, RESULTS.md and growth.png beside this file; what
is measured is kept until all is, and `--resume` goes on with it after an interruption;
`--only NAME` (more than once if need be) measures a part and writes nothing, unless `--record` asks for its rows to
stand in place of those that were there; `--once` runs every benchmark a single
time on small graphs, compares the answers and writes nothing: so the tests see to it that benchmarks do not rot.
"""

from __future__ import annotations

import argparse
import pickle
import shutil
import time
from typing import TYPE_CHECKING

from benchmarks import report
from benchmarks.building import hierarchy_build
from benchmarks.customising import customising
from benchmarks.graphs import HERE
from benchmarks.growth import Point, growth
from benchmarks.knearest import k_nearest
from benchmarks.matrix import matrix
from benchmarks.measure import Plan, Row
from benchmarks.memory import memory
from benchmarks.nearest import bare, nearest
from benchmarks.reading import reading
from benchmarks.siting import siting
from benchmarks.snapping import snapping
from benchmarks.streaming import streaming
from benchmarks.study import study
from benchmarks.trees import trees
from benchmarks.updates import updates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEPT = HERE / ".measured"
"""What a run that was interrupted had measured: a file per benchmark."""

BENCHMARKS: dict[str, Callable[[Plan], Iterator[Row | Point]]] = {
    "study": study,
    "reading": reading,
    "snapping": snapping,
    "build": hierarchy_build,
    "customising": customising,
    "nearest": nearest,
    "bare": bare,
    "k-nearest": k_nearest,
    "trees": trees,
    "matrix": matrix,
    "updates": updates,
    "siting": siting,
    "streaming": streaming,
    "memory": memory,
    "growth": growth,
}


def main() -> None:
    """Run what was requested."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--once", action="store_true", help="run each benchmark once, on small graphs; write nothing")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="run this benchmark alone; write nothing")
    parser.add_argument("--record", action="store_true", help="write what --only measured in place of what was there")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was interrupted")
    asked = parser.parse_args()
    if asked.record and (asked.once or not asked.only):
        parser.error("--record goes with --only; without it everything is written")
    whole = not asked.once and not asked.only
    if not asked.resume:
        shutil.rmtree(KEPT, ignore_errors=True)
    plan = Plan(once=asked.once)
    found: list[Row | Point] = []
    begun = time.perf_counter()
    for name in asked.only or BENCHMARKS:
        found += _measured(name, plan, keep=whole)
    rows = [one for one in found if isinstance(one, Row)]
    points = [one for one in found if isinstance(one, Point)]
    print(f"{len(rows)} rows and {len(points)} points in {time.perf_counter() - begun:.0f} s")
    if whole:
        report.write(rows, points)
        shutil.rmtree(KEPT, ignore_errors=True)
    elif asked.record:
        report.record(rows)


def _measured(name: str, plan: Plan, *, keep: bool) -> list[Row | Point]:
    """Return what a benchmark finds, or found in the run that is resumed."""
    path = KEPT / f"{name}.pickle"
    if keep and path.exists():
        known: list[Row | Point] = pickle.loads(path.read_bytes())
        return known
    found: list[Row | Point] = []
    for one in BENCHMARKS[name](plan):
        found.append(one)
        if isinstance(one, Point):
            print(f"growth | {one.axis} {one.x} | {one.series} | {one.seconds:.3g} s", flush=True)
        else:
            print(report.line(one), flush=True)
    if keep:
        KEPT.mkdir(exist_ok=True)
        path.write_bytes(pickle.dumps(found))
    return found


if __name__ == "__main__":
    main()

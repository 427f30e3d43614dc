"""Measure geoaccess beside its peers and write what was found.

`python -m benchmarks.run` measures everything and writes results.json, RESULTS.md and growth.png beside this file;
`--only NAME` (more than once if need be) measures a part and writes nothing; `--once` runs every benchmark a single
time on small graphs, compares the answers and writes nothing: so the tests see to it that benchmarks do not rot.
"""

from __future__ import annotations

import argparse
import time

from benchmarks import report
from benchmarks.building import hierarchy_build
from benchmarks.customising import customising
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

BENCHMARKS = {
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
    asked = parser.parse_args()
    plan = Plan(once=asked.once)
    rows: list[Row] = []
    points: list[Point] = []
    begun = time.perf_counter()
    for name in asked.only or BENCHMARKS:
        for found in BENCHMARKS[name](plan):
            if isinstance(found, Point):
                points.append(found)
                print(f"growth | {found.axis} {found.x} | {found.series} | {found.seconds:.3g} s", flush=True)
            else:
                rows.append(found)
                print(report.line(found), flush=True)
    print(f"{len(rows)} rows and {len(points)} points in {time.perf_counter() - begun:.0f} s")
    if not asked.once and not asked.only:
        report.write(rows, points)


if __name__ == "__main__":
    main()

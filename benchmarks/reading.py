"""From .osm.pbf to a network, nothing cached but compiled code: whole processes, beside osrm-extract and pyrosm."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks import osrm, peers
from benchmarks.graphs import ICELAND, ROOT, Missing, load
from benchmarks.measure import Plan, Row, Target, Timing, median, of_process, timed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading"]

OURS = """
import sys
from pathlib import Path
from benchmarks import ours
network = ours.read(Path(sys.argv[1]))
first_way = network.shape_way[network.shape_ptr[:-1]]
road = (network.edge_kind == 0) & (network.way_class[first_way] != network.class_names.index("track"))
print(network.edge_length_m[road].sum(dtype="float64") / 1000)
"""
PYROSM = """
import sys
from pyrosm import OSM
nodes, edges = OSM(sys.argv[1]).get_network(network_type="driving+service", nodes=True)
print(edges["length"].sum() / 1000)
"""
FASTER_PYROSM = 3.0
REPEATS = 3
NEARLY = 1.05  # kilometres of road without tracks, which pyrosm leaves out; each drops some stubs of its own


def reading(plan: Plan) -> Iterator[Row]:
    """Time from starting Python to the network in memory."""
    task = "pbf -> network, whole process"
    own: list[tuple[Timing, float]] = []
    if plan.once:
        yield Row("pbf -> network", "Iceland", ours=timed(lambda: load("iceland"))[0])
        return
    _process(OURS)  # compiled
    against_osrm = Row(task, "Iceland", peer="osrm-extract", target=Target(faster=1.0))
    against_pyrosm = Row(task, "Iceland", peer=peers.version("pyrosm"), target=Target(faster=FASTER_PYROSM))
    extracts: list[Timing] = []
    frames: list[tuple[Timing, float]] = []
    for _ in range(REPEATS):
        own.append(_process(OURS))
        try:
            extracts.append(osrm.extract_again())
        except Missing as missing:
            against_osrm.note = str(missing)
        try:
            peers.package("pyrosm")
            frames.append(_process(PYROSM))
        except Missing as missing:
            against_pyrosm.note = str(missing)
    against_osrm.ours = against_pyrosm.ours = median([timing for timing, _ in own])
    if extracts:
        against_osrm.theirs = median(extracts)
    if frames:
        against_pyrosm.theirs = median([timing for timing, _ in frames])
        share = own[0][1] / frames[0][1]
        assert 1 / NEARLY < share < NEARLY, f"{own[0][1]:.0f} km of road, pyrosm {frames[0][1]:.0f}"
    yield against_osrm
    yield against_pyrosm


def _process(code: str) -> tuple[Timing, float]:
    """Run code in its own Python; it prints how many kilometres of road it found."""
    timing, printed = of_process([sys.executable, "-c", code, ICELAND], cwd=ROOT)
    return timing, float(printed.split()[-1])

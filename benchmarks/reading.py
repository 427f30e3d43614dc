"""From .osm.pbf to a network, nothing cached but compiled code: whole processes, beside osrm-extract and pyrosm.

And our reader alone, beside pyosmium: the ways of roads with their tags and the places of their nodes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import osrm, peers
from benchmarks.graphs import ICELAND, ROOT, Missing, load
from benchmarks.measure import Plan, Row, Target, Timing, in_turns, median, of_process, timed
from geoaccess.osm import find_profile, read_extract, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from geoaccess.osm import Extract

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
FASTER_PYOSMIUM = 10.0
TROMS = ROOT / "data/troms/troms-modelled.osm.pbf"
REPEATS = 3
NEARLY = 1.05  # kilometres of road without tracks, which pyrosm leaves out; each drops some stubs of its own


def reading(plan: Plan) -> Iterator[Row]:
    """Time from starting Python to the network in memory, and that of the reader alone."""
    yield _beside_pyosmium(plan)
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


def _beside_pyosmium(plan: Plan) -> Row:
    path = TROMS if plan.once else ICELAND
    row = Row("pbf -> ways of roads with places and tags", "Troms" if plan.once else "Iceland")
    row.peer, row.target = peers.version("osmium"), Target(faster=FASTER_PYOSMIUM)
    profile = read_profile(find_profile("car"))
    read_extract([path], profile)  # compiled
    row.ours, row.theirs, ours, theirs = in_turns(
        lambda: read_extract([path], profile), lambda: _through_pyosmium(path), plan, rounds=REPEATS
    )
    _agree(ours, theirs)
    return row


def _through_pyosmium(path: Path) -> dict[int, tuple[dict[str, str], list[tuple[float, float]]]]:
    """Return tags and places of the nodes of all ways with a `highway`, by id."""
    import osmium

    roads = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    ways = roads.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    return {
        way.id: (dict(way.tags), [(node.lon, node.lat) for node in way.nodes if node.location.valid()])
        for way in ways.with_filter(osmium.filter.KeyFilter("highway"))
    }


def _agree(ours: Extract, theirs: dict[int, tuple[dict[str, str], list[tuple[float, float]]]]) -> None:
    """Look whether every twentieth road is the same in both."""
    compared = 0
    for i in range(0, ours.way_id.size, 20):
        tags, places = theirs.get(int(ours.way_id[i]), ({}, []))
        own = ours.tagsets[ours.way_tags[i]]
        if "highway" not in own:
            continue
        at = ours.ref[ours.ptr[i] : ours.ptr[i + 1]]
        at = at[np.isfinite(ours.lon[at])]
        found = [*zip(ours.lon[at].tolist(), ours.lat[at].tolist(), strict=True)]
        assert found == places, ours.way_id[i]
        assert own.items() <= tags.items(), ours.way_id[i]
        compared += 1
    assert compared > 100

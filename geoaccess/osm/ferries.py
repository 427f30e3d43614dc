"""Ferries: who may board, how long they take, how long one waits, and where they meet the road."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geoaccess.kernels import geometry
from geoaccess.network import EdgeKind
from geoaccess.osm.tags import Crossing, read_crossing

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.profile import FerryRules, Profile

__all__ = ["WithFerries", "add_ferries"]

_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class WithFerries:
    """Roads and ferries together, ready to be assembled."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    segments: dict[str, Any]
    keep: npt.NDArray[np.bool_]
    table: pd.DataFrame
    counts: dict[str, int]


@dataclass(frozen=True)
class _Line:
    """One ferry way, read."""

    way: int
    name: str
    nodes: npt.NDArray[np.int32]
    length_m: npt.NDArray[np.float64]
    cars: bool
    crossing_s: float
    wait_s: float
    note: str


def add_ferries(
    roads: dict[str, npt.NDArray[Any]], extract: Extract, ways: npt.NDArray[np.int64], profile: Profile
) -> WithFerries:
    """Add the ferry ways of an extract to the segments of its roads.

    A boat has nodes of its own at sea and at the quay. At the quay a boarding edge leads from the road to the boat,
    at the cost of the wait, and back for nothing, so whoever stays on board past a stop waits once. Ways of the same
    name share their boat nodes; boats of other names at the same quay do not: changing costs another wait. An end
    that touches no road is joined to the nearest road point within the profile's `join_m`. Boats that take no cars
    are kept as `EdgeKind.ON_FOOT`, closed, to tell why an island is cut off.
    """
    lines = [line for way in ways if (line := _read_line(extract, int(way), profile))]
    on_road = np.zeros(extract.lon.size, np.bool_)
    on_road[roads["a"]] = on_road[roads["b"]] = True
    ends = Counter(int(node) for line in lines for node in (line.nodes[0], line.nodes[-1]))
    joins = _join_ends(
        [node for node, times in ends.items() if times == 1 and not on_road[node]], on_road, extract, profile.ferry
    )

    boats: dict[tuple[str, int], int] = {}
    lon, lat = [extract.lon], [extract.lat]
    more: list[tuple[int, int, int, float, float, EdgeKind]] = []
    size = extract.lon.size

    def boat_node(line: _Line, node: int) -> int:
        nonlocal size
        quay = on_road[node] or node in joins
        key = (line.name or f"way {line.way}" if quay else "", node)
        if key not in boats:
            boats[key] = size
            size += 1
            lon.append(extract.lon[[node]])
            lat.append(extract.lat[[node]])
            if quay and line.cars:
                road, queue_s = joins.get(node, (node, 0.0))
                more.append((road, boats[key], line.way, line.wait_s + queue_s, queue_s, EdgeKind.BOARDING))
            elif quay:
                road = joins.get(node, (node, 0.0))[0]
                more.append((road, boats[key], line.way, -1.0, -1.0, EdgeKind.ON_FOOT))
        return boats[key]

    for line in lines:
        pace = line.crossing_s / line.length_m.sum()
        kind = EdgeKind.FERRY if line.cars else EdgeKind.ON_FOOT
        path = [boat_node(line, int(node)) for node in line.nodes]
        for at, metres in enumerate(line.length_m):
            time = metres * pace if line.cars else -1.0
            more.append((path[at], path[at + 1], line.way, time, time, kind))

    columns = list(zip(*more, strict=True)) or [()] * 6
    added = dict(zip(("a", "b", "way", "forward_s", "backward_s", "kind"), columns, strict=True))
    segments = {
        name: np.concatenate([old, np.array(added.get(name, ()), old.dtype)])
        for name, old in roads.items()
        if name != "snaps"
    }
    segments["snaps"] = np.concatenate([roads["snaps"], np.zeros(len(more), np.bool_)])
    keep = np.zeros(size, np.bool_)
    keep[[road for road, _ in joins.values()]] = True
    return WithFerries(
        lon=np.concatenate(lon),
        lat=np.concatenate(lat),
        segments=segments,
        keep=keep,
        table=_table(lines, extract, joins),
        counts={
            "ferry_ways": len(ways),
            "ferry_ways_with_cars": sum(line.cars for line in lines),
            "ferry_ends_joined": len(joins),
        },
    )


def _read_line(extract: Extract, way: int, profile: Profile) -> _Line | None:
    tags = extract.tagsets[extract.way_tags[way]]
    nodes = extract.ref[extract.ptr[way] : extract.ptr[way + 1]]
    nodes = nodes[np.isfinite(extract.lon[nodes])]
    nodes = nodes[np.concatenate([[True], nodes[1:] != nodes[:-1]])] if nodes.size else nodes
    if nodes.size < 2:  # noqa: PLR2004
        return None
    length = geometry.segment_lengths_m(extract.lon, extract.lat, nodes[:-1], nodes[1:])
    said = read_crossing(tags, profile)
    crossing_s, note = crossing_time_s(float(length.sum()), said, profile.ferry)
    return _Line(way, tags.get("name", ""), nodes, length, said.cars, crossing_s, wait_s(said, profile.ferry), note)


def crossing_time_s(length_m: float, said: Crossing, rules: FerryRules) -> tuple[float, str]:
    """Return how long a crossing takes, and where that comes from."""
    km = length_m / 1000
    if said.duration_s:
        kph = km / (said.duration_s / 3600)
        low, high = rules.plausible_kph
        if low <= kph <= high:
            return said.duration_s, "duration as tagged"
        why = f"the tagged duration means {kph:.1f} km/h, outside {low:g} to {high:g}; "
    else:
        why = "no duration; "
    speed = next((kph for limit, kph in rules.speed_kph if km <= limit), rules.speed_kph[-1][1])
    return km / speed * 3600, f"{why}{km:.1f} km at {speed:g} km/h"


def wait_s(said: Crossing, rules: FerryRules) -> float:
    """Return the seconds from coming to the quay to the boat's leaving, on average."""
    if said.headway_s and said.headway_s <= rules.half_headway_up_to_min * 60:
        return said.headway_s / 2
    return rules.wait_min * 60


def _join_ends(
    ends: list[int], on_road: npt.NDArray[np.bool_], extract: Extract, rules: FerryRules
) -> dict[int, tuple[int, float]]:
    """Return for each end near a road the road point it is joined to and the seconds between them."""
    if not ends:
        return {}
    roads = np.flatnonzero(on_road)
    shrink = np.cos(np.radians(np.nanmean(extract.lat[ends])))

    def flat(nodes: Any) -> npt.NDArray[np.float64]:
        return np.column_stack([extract.lon[nodes] * shrink, extract.lat[nodes]]) * _METRES_PER_DEGREE

    tree = shapely.STRtree(list(np.atleast_1d(np.asarray(shapely.points(flat(roads))))))
    found, hit = tree.query_nearest(shapely.points(flat(ends)), max_distance=rules.join_m, all_matches=False)
    chosen = np.asarray(ends, np.int32)[found]
    metres = geometry.segment_lengths_m(extract.lon, extract.lat, chosen, roads[hit].astype(np.int32))
    seconds = metres * 3.6 / rules.join_kph
    return {int(end): (int(road), float(time)) for end, road, time in zip(chosen, roads[hit], seconds, strict=True)}


def _table(lines: list[_Line], extract: Extract, joins: dict[int, tuple[int, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "way_id": np.array([extract.way_id[line.way] for line in lines], np.int64),
            "name": pd.Series([line.name for line in lines], dtype="str"),
            "crossing_s": np.array([line.crossing_s for line in lines], float),
            "wait_s": np.array([line.wait_s for line in lines], float),
            "cars": np.array([line.cars for line in lines], bool),
            "joined": np.array(
                [sum(int(end) in joins for end in (line.nodes[0], line.nodes[-1])) for line in lines], np.int64
            ),
            "note": pd.Series([line.note for line in lines], dtype="str"),
        }
    )

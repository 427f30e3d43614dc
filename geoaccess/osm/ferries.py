"""Ferries in the network: who may board, how long one waits, and where boats meet the road."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.kernels import geometry
from geoaccess.network import EdgeKind, SegmentTree
from geoaccess.osm.ferry_lines import FerryLine, ferry_paths, read_line
from geoaccess.osm.ferry_matching import match_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.ferry_table import FerryRow
    from geoaccess.osm.profile import FerryRules, Profile

__all__ = ["WithFerries", "add_ferries"]

CAR_FERRY, PASSENGER_BOAT, LOOP, STUB, ABROAD = "car ferry", "passenger boat", "sightseeing loop", "stub", "abroad"
NOT_SAILING = "not sailing"


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
class _Kind:
    """What a ferry way is, and what there is to say of it."""

    kind: str
    note: str


def add_ferries(
    roads: dict[str, npt.NDArray[Any]],
    extract: Extract,
    ways: npt.NDArray[np.int64],
    profile: Profile,
    *,
    rows: Sequence[FerryRow] = (),
    when: datetime | None = None,
) -> WithFerries:
    """Add the ferry ways of an extract to the segments of its roads.

    A boat has nodes of its own at sea and at the quay. At the quay a boarding edge leads from the road to the boat,
    at the cost of the wait, and back for nothing, so whoever stays on board past a stop waits once. Ways of the same
    name share their boat nodes; boats of other names at the same quay do not: changing costs another wait. An end
    that touches no road is joined to the nearest road point within the profile's `join_m`. Boats that take no cars
    are kept as `EdgeKind.ON_FOOT`, closed, to tell why an island is cut off. Sightseeing loops lead nowhere and are
    listed only, and so are boats that are out of use or out of season at `when`. What `rows` of a table of ferries tell
    wins over the tags.
    """
    paths = ferry_paths(extract, ways)
    told, without = match_rows(rows, paths, extract, limit_m=profile.ferry.terminal_m)
    lines = [read_line(path, profile, told.get(i), when) for i, path in enumerate(paths)]
    on_road = np.zeros(extract.lon.size, np.bool_)
    on_road[roads["a"]] = on_road[roads["b"]] = True
    touching = Counter(int(node) for line in lines for node in set(line.path.nodes.tolist()))
    ends = dict.fromkeys(int(node) for line in lines for node in (line.path.nodes[0], line.path.nodes[-1]))
    loose = [node for node in ends if touching[node] == 1 and not on_road[node]]
    by_label = Counter((line.label, int(node)) for line in lines for node in set(line.path.nodes.tolist()))
    shared = {node for (_, node), times in by_label.items() if times > 1}
    piers = [node for node in ends if touching[node] > 1 and node not in shared and not on_road[node]]
    near = _nearest_road(loose + piers, on_road, extract)
    joins = {
        end: (road, metres * 3.6 / profile.ferry.join_kph)
        for end, (road, metres) in near.items()
        if metres <= profile.ferry.join_m
    }
    away_m = {end: near[end][1] if end in near else np.inf for end in loose if end not in joins}
    kinds = [_kind_of(line, touching, on_road, joins, away_m, profile.ferry) for line in lines]
    sailing = [line for line, found in zip(lines, kinds, strict=True) if found.kind not in (LOOP, NOT_SAILING)]

    boats = _Boats(extract, on_road, joins)
    boats.add(sailing)
    keep = np.zeros(boats.size, np.bool_)
    keep[[road for road, _ in joins.values()]] = True
    keep[boats.ends] = True  # timetables need to know where a crossing ends, also at sea
    listed = Counter(found.kind for found in kinds)
    return WithFerries(
        lon=np.concatenate(boats.lon),
        lat=np.concatenate(boats.lat),
        segments=boats.segments(roads),
        keep=keep,
        table=_table(lines, kinds, extract, joins),
        counts={
            "ferry_ways": len(ways),
            "ferry_ways_with_cars": sum(line.cars for line in lines),
            "ferry_ends_joined": len(joins),
            "ferry_loops": listed[LOOP],
            "ferry_stubs": listed[STUB],
            "ferries_not_sailing": listed[NOT_SAILING],
            "ferries_with_unknown_values": sum(bool(line.rule.unknown) for line in lines),
            "ferries_with_undecided_conditions": sum(bool(line.rule.undecided) for line in lines),
            "ferries_abroad": listed[ABROAD],
            "ferry_table_rows": len(rows),
            "ferry_table_rows_not_in_extract": len(without),
        },
    )


class _Boats:
    """Nodes and segments of boats while they grow."""

    def __init__(self, extract: Extract, on_road: npt.NDArray[np.bool_], joins: dict[int, tuple[int, float]]) -> None:
        self.extract, self.on_road, self.joins = extract, on_road, joins
        self.lon, self.lat = [extract.lon], [extract.lat]
        self.size = extract.lon.size
        self.node_of: dict[tuple[str, int], int] = {}
        self.ends: list[int] = []
        self.more: list[tuple[int, int, int, float, float, EdgeKind, bool]] = []

    def add(self, lines: Iterable[FerryLine]) -> None:
        for line in lines:
            rule, pace = line.rule, line.crossing_s / line.path.metres
            kind = EdgeKind.FERRY if line.cars else EdgeKind.ON_FOOT
            nodes = [self._node(line, int(node)) for node in line.path.nodes]
            self.ends += [nodes[0], nodes[-1]] if line.cars else []
            for at, metres in enumerate(line.path.length_m):
                forward, backward = (
                    metres * pace if kph > 0 else -1.0 for kph in (rule.forward_kph, rule.backward_kph)
                )
                self.more.append((nodes[at], nodes[at + 1], line.path.way, forward, backward, kind, rule.restricted))

    def _node(self, line: FerryLine, node: int) -> int:
        quay = self.on_road[node] or node in self.joins
        # A boat on foot of the same name is another boat, whose gangway no car may use.
        key = (f"{line.label} {line.cars} {line.rule.restricted}" if quay else "", node)
        if key not in self.node_of:
            self.node_of[key] = boat = self.size
            self.size += 1
            self.lon.append(self.extract.lon[[node]])
            self.lat.append(self.extract.lat[[node]])
            road, queue_s = self.joins.get(node, (node, 0.0))
            if quay and line.cars:
                wait_s = line.wait_s + queue_s
                self.more.append((road, boat, line.path.way, wait_s, queue_s, EdgeKind.BOARDING, line.rule.restricted))
            elif quay:
                self.more.append((road, boat, line.path.way, -1.0, -1.0, EdgeKind.ON_FOOT, False))
        return self.node_of[key]

    def segments(self, roads: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        columns = list(zip(*self.more, strict=True)) or [()] * 7
        added = dict(zip(("a", "b", "way", "forward_s", "backward_s", "kind", "restricted"), columns, strict=True))
        return {
            name: np.concatenate([old, np.array(added.get(name, np.zeros(len(self.more))), old.dtype)])
            for name, old in roads.items()
        }


def _kind_of(
    line: FerryLine,
    touching: Counter[int],
    on_road: npt.NDArray[np.bool_],
    joins: dict[int, tuple[int, float]],
    away_m: dict[int, float],
    rules: FerryRules,
) -> _Kind:
    """Say what a ferry way is: its ends decide, then whether it takes cars."""
    nodes = line.path.nodes.tolist()
    if not line.sails:
        return _Kind(NOT_SAILING, "")
    if nodes[0] == nodes[-1] and not any(on_road[node] or touching[node] > 1 for node in nodes if node != nodes[0]):
        return _Kind(LOOP, "comes back to where it began without another stop; leads nowhere")
    loose = [away_m[node] for node in {nodes[0], nodes[-1]} if node in away_m]
    if line.path.cut:
        return _Kind(STUB, "cut off at the border of the extract")
    if loose and max(loose) > rules.abroad_km * 1000:
        return _Kind(ABROAD, f"an end lies {max(loose) / 1000:.0f} km from any road of the extract")
    if loose:
        return _Kind(STUB, f"an end lies {max(loose):.0f} m from the nearest road, beyond {rules.join_m:g} m")
    joined = sum(node in joins for node in {nodes[0], nodes[-1]})
    note = f"{joined} end{'s' if joined > 1 else ''} joined to the nearest road" if joined else ""
    return _Kind(CAR_FERRY if line.cars else PASSENGER_BOAT, note)


def _nearest_road(ends: list[int], on_road: npt.NDArray[np.bool_], extract: Extract) -> dict[int, tuple[int, float]]:
    """Return for each end the nearest road point and the metres to it; nothing where there is no road at all."""
    roads = np.flatnonzero(on_road)
    if not ends or not roads.size:
        return {}

    def mercator(nodes: npt.NDArray[np.integer[Any]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        # Near places keep their order in it at every latitude.
        return np.radians(extract.lon[nodes]), np.arcsinh(np.tan(np.radians(extract.lat[nodes])))

    x, y = mercator(roads)
    chosen = np.asarray(ends, np.int32)
    near, _ = SegmentTree(roads.astype(np.int32), x, y, x, y).nearest(*mercator(chosen))
    metres = geometry.segment_lengths_m(extract.lon, extract.lat, chosen, near)
    return {int(end): (int(road), float(far)) for end, road, far in zip(chosen, near, metres, strict=True)}


def _table(
    lines: list[FerryLine], kinds: list[_Kind], extract: Extract, joins: dict[int, tuple[int, float]]
) -> pd.DataFrame:
    """Return the list of ferries that goes with the network (see `geoaccess.network.no_ferries` for its columns)."""
    ends = [[int(line.path.nodes[i]) for line in lines] for i in (0, -1)]
    return pd.DataFrame(
        {
            "way_id": np.array([line.path.way_id for line in lines], np.int64),
            "name": pd.Series([line.path.name for line in lines], dtype="str"),
            "crossing_s": np.array([line.crossing_s for line in lines], float),
            "wait_s": np.array([line.wait_s for line in lines], float),
            "cars": np.array([line.cars for line in lines], bool),
            "joined": np.array([sum(node in joins for node in pair) for pair in zip(*ends, strict=True)], np.int64),
            "note": pd.Series(
                ["; ".join(filter(None, (line.note, found.note))) for line, found in zip(lines, kinds, strict=True)],
                dtype="str",
            ),
            "kind": pd.Series([found.kind for found in kinds], dtype="str"),
            "relation_id": np.array([line.path.relation_id for line in lines], np.int64),
            "length_m": np.array([line.path.metres for line in lines], float),
            "headway_s": np.array([line.headway_s for line in lines], float),
            "duration": pd.Series([line.path.tags.get("duration", "") for line in lines], dtype="str"),
            "table_row": np.array([line.row for line in lines], np.int64),
            "from_lon": extract.lon[ends[0]],
            "from_lat": extract.lat[ends[0]],
            "to_lon": extract.lon[ends[1]],
            "to_lat": extract.lat[ends[1]],
        }
    )

"""Ferries in the network: what each line is, where its boats meet the road, and where they meet each other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.defaults import MIN_COMPONENT_M
from geoaccess.kernels import picking
from geoaccess.osm.boats import Boats, split_roads
from geoaccess.osm.columns import extended
from geoaccess.osm.ferry_ends import RoadsNearby
from geoaccess.osm.ferry_lines import FerryLine, find_ships, read_line
from geoaccess.osm.ferry_matching import match_rows
from geoaccess.osm.ferry_paths import ferry_paths
from geoaccess.osm.times import drop_times
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from geoaccess.osm.boats import Split
    from geoaccess.osm.extract import Extract
    from geoaccess.osm.ferry_ends import Join
    from geoaccess.osm.ferry_paths import FerryPath
    from geoaccess.osm.ferry_table import FerryRow
    from geoaccess.osm.profile import FerryRules, Profile
    from geoaccess.osm.stretches import Stretches

__all__ = ["WithFerries", "add_ferries"]

CAR_FERRY, PASSENGER_BOAT, LOOP, STUB, ABROAD = "car ferry", "passenger boat", "sightseeing loop", "stub", "abroad"
NOT_SAILING = "not sailing"


@dataclass(frozen=True)
class WithFerries:
    """Roads and ferries together, ready to be assembled."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    stretches: Stretches
    keep: npt.NDArray[np.bool_]
    listed: list[tuple[pd.DataFrame, dict[str, int]]]

    @property
    def table(self) -> pd.DataFrame:
        """The list of ferries under the first profile."""
        return self.listed[0][0]

    @property
    def counts(self) -> dict[str, int]:
        """What was found, and what was left out, under the first profile."""
        return self.listed[0][1]


@dataclass(frozen=True)
class _Places:
    """Where ferry ways meet roads and one another, which depends on no profile."""

    on_road: npt.NDArray[np.bool_]
    quays: npt.NDArray[np.bool_]
    touching: Counter[int]
    joins: Mapping[int, Join]
    away_m: dict[int, float]

    def quays_of(self, path: FerryPath) -> int:
        """Return how often a course touches a quay; a call on the way counts twice, an end far from roads once."""
        ends = sum(bool(self.quays[node]) or self.touching[node] == 1 for node in path.ends)
        return ends + 2 * int(self.quays[path.nodes[1:-1]].sum())


class _Sailing:
    """Ferry ways under a profile: what each line is, and the boats that sail."""

    def __init__(
        self,
        extract: Extract,
        profile: Profile,
        paths: Sequence[FerryPath],
        rows: Sequence[FerryRow],
        when: datetime | None,
        places: _Places,
    ) -> None:
        self.extract, self.profile, self.places = extract, profile, places
        overrides, self.without = match_rows(rows, paths, extract, limit_m=profile.ferry.terminal_m)
        self.lines = [
            read_line(path, profile, overrides.get(i), when, quays=places.quays_of(path))
            for i, path in enumerate(paths)
        ]
        self.kinds = [_kind_of(line, places, profile.ferry) for line in self.lines]
        self.ships = find_ships(self.lines, overrides)

    def boats(self, split: Split, points: Mapping[int, int]) -> Boats:
        """Return the boats, on roads that are split, with the point of each end that joins one."""
        joins, kph = self.places.joins, self.profile.ferry.join_kph
        joined = {end: (point, joins[end].metres * 3.6 / kph) for end, point in points.items()}
        sailing = [i for i, found in enumerate(self.kinds) if found.kind not in (LOOP, NOT_SAILING)]
        boats = Boats(split, self.places.quays, joined)
        boats.add([self.lines[i] for i in sailing], [self.ships[i] for i in sailing])
        return boats

    def listed(self, ways: npt.NDArray[np.int64], rows: int) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return the list of ferries and counts, of so many rows of a table."""
        lines, kinds = self.lines, Counter(found.kind for found in self.kinds)
        return _table(lines, self.kinds, self.extract, self.places.joins), {
            "ferry_ways": int(np.unique(self.extract.way_id[ways]).size),
            "ferry_ways_with_cars": len({line.path.way_id for line in lines if line.cars}),
            "ferry_ends_joined": len(self.places.joins),
            "ferry_loops": kinds[LOOP],
            "ferry_stubs": kinds[STUB],
            "ferries_not_sailing": kinds[NOT_SAILING],
            "ferries_with_unknown_values": sum(bool(line.rule.unknown) for line in lines),
            "ferries_with_undecided_conditions": sum(bool(line.rule.undecided) for line in lines),
            "ferries_abroad": kinds[ABROAD],
            "ferry_table_rows": rows,
            "ferry_table_rows_not_in_extract": len(self.without),
        }


@dataclass(frozen=True)
class _Kind:
    """What a ferry way is, and what there is to say of it."""

    kind: str
    note: str


def add_ferries(
    roads: Stretches,
    extract: Extract,
    ways: npt.NDArray[np.int64],
    profile: Profile,
    *,
    rows: Sequence[FerryRow] = (),
    when: datetime | None = None,
    min_component_m: float = MIN_COMPONENT_M,
    also: Sequence[tuple[Extract, Profile]] = (),
) -> WithFerries:
    """Add the ferry ways of an extract to the stretches of its roads, of which each of their points is an end.

    A boat has nodes of its own at sea and at the quay. At the quay a boarding edge leads from the road to the boat,
    at the cost of the wait, and back for nothing, so whoever stays on board past a stop waits once. Lines of one ship
    (see `find_ships`) share their boat nodes; others do not, so that changing costs another wait, and is possible at
    quays alone. An end that touches no road is joined to the nearest place on a road within the profile's `join_m`
    (see `RoadsNearby.joins`). Boats that take no cars are kept as `EdgeKind.ON_FOOT`, closed, to show why an island is
    cut off. Sightseeing loops lead nowhere and are listed only, and so are boats that are out of use or out of season
    at `when`. What `rows` of a table of ferries say wins over the tags. Boats are added to the table of roads.

    `also` are the same ways under other profiles, of which the table of roads has times as well. Of these, in turn,
    as many are listed as have the same boats but for their times, and those of the others leave the table.
    """
    on_road = picking.ends_of(extract.lon.size, roads["a"], roads["b"], np.ones(roads["a"].size, np.bool_))
    paths = ferry_paths(extract, ways, on_road)
    # Lines that share a way touch its nodes as one.
    ways_once = {path.way_id: path for path in paths}.values()
    touching = Counter(int(node) for path in ways_once for node in set(path.nodes.tolist()))
    ends = list(dict.fromkeys(node for path in paths for node in path.ends))
    within = _within_lines(paths, on_road)
    nearby = RoadsNearby(roads, extract, [node for node in ends if not on_road[node] and node not in within])
    joins = nearby.joins(profile.ferry.join_m, min_component_m=min_component_m)
    away = set(nearby.ends.tolist()) - joins.keys()
    away_m = nearby.any_road_m([node for node in ends if touching[node] == 1 and node in away])

    quays = on_road.copy()
    quays[list(joins)] = True
    places = _Places(on_road, quays, touching, joins, away_m)
    sailing = _Sailing(extract, profile, paths, rows, when, places)
    split, points = split_roads(roads, extract, joins)
    boats, alike = sailing.boats(split, points), list[tuple[_Sailing, Boats]]()
    for other, of in also:
        courses = ferry_paths(other, ways, on_road)
        found = _Sailing(other, of, courses, rows, when, places)
        theirs = found.boats(split, points)
        if [path.name for path in courses] != [path.name for path in paths] or theirs.but_times() != boats.but_times():
            break
        alike.append((found, theirs))
    drop_times(roads, len(alike) + 1)
    keep = np.zeros(boats.size, np.bool_)
    keep[list(points.values())] = True
    boats.add_to(roads, [of for _, of in alike])
    keep[boats.ends] = True  # timetables need to know where a crossing ends, also at sea
    listed = [found.listed(ways, len(rows)) for found in (sailing, *(found for found, _ in alike))]
    return WithFerries(extended(*boats.lon), extended(*boats.lat), roads, keep, listed)


def _within_lines(paths: Sequence[FerryPath], on_road: npt.NDArray[np.bool_]) -> set[int]:
    """Return the ends at sea that are no quays: where parts of one line meet."""
    passing = {(path.way_id, path.name, node) for path in paths for node in path.nodes.tolist()}
    named = Counter((name, node) for _, name, node in passing)
    return {
        node for path in paths for node in path.ends if path.name and not on_road[node] and named[path.name, node] > 1
    }


def _kind_of(line: FerryLine, places: _Places, rules: FerryRules) -> _Kind:
    """Say what a ferry way is: its ends decide, then whether it takes cars."""
    nodes, touching, joins, away_m = line.path.nodes.tolist(), places.touching, places.joins, places.away_m
    if not line.sails:
        return _Kind(NOT_SAILING, "")
    further = {node for node in nodes if node != nodes[0]}
    if nodes[0] == nodes[-1] and not any(places.on_road[node] or touching[node] > 1 for node in further):
        return _Kind(LOOP, note("loop"))
    loose = [away_m[node] for node in {nodes[0], nodes[-1]} if node in away_m]
    if line.path.cut:
        return _Kind(STUB, note("cut"))
    if loose and max(loose) > rules.abroad_km * 1000:
        return _Kind(ABROAD, note("far_end", km=f"{max(loose) / 1000:.0f}"))
    if loose:
        return _Kind(STUB, note("loose_end", m=f"{max(loose):.0f}", within=f"{rules.join_m:g}"))
    joined = sum(node in joins for node in {nodes[0], nodes[-1]})
    found = note("ends_joined", n=joined) if joined else ""
    return _Kind(CAR_FERRY if line.cars else PASSENGER_BOAT, found)


def _table(lines: list[FerryLine], kinds: list[_Kind], extract: Extract, joins: Mapping[int, Join]) -> pd.DataFrame:
    """Return the list of ferries that goes with the network (see `geoaccess.network.no_ferries` for its columns)."""
    ends = [[line.path.ends[i] for line in lines] for i in (0, 1)]
    return pd.DataFrame(
        {
            "way_id": np.array([line.path.way_id for line in lines], np.int64),
            "name": pd.Series([line.path.name for line in lines], dtype="str"),
            "crossing_s": np.array([line.crossing_s for line in lines], float),
            "wait_s": np.array([line.waits.wait_s for line in lines], float),
            "wait_planned_s": np.array([line.waits.planned_s for line in lines], float),
            "wait_unplanned_s": np.array([line.waits.unplanned_s for line in lines], float),
            "check_in_s": np.array([line.waits.check_in_s for line in lines], float),
            "cars": np.array([line.cars for line in lines], bool),
            "joined": np.array([sum(node in joins for node in pair) for pair in zip(*ends, strict=True)], np.int64),
            "note": pd.Series(
                ["; ".join(filter(None, (line.note, found.note))) for line, found in zip(lines, kinds, strict=True)],
                dtype="str",
            ),
            "kind": pd.Series([found.kind for found in kinds], dtype="str"),
            "relation_id": np.array([line.path.relation_id for line in lines], np.int64),
            "length_m": np.array([line.path.metres for line in lines], float),
            "headway_s": np.array([line.waits.headway_s for line in lines], float),
            "duration": pd.Series([line.path.tags.get("duration", "") for line in lines], dtype="str"),
            "table_row": np.array([line.row for line in lines], np.int64),
            "from_lon": extract.lon[ends[0]],
            "from_lat": extract.lat[ends[0]],
            "to_lon": extract.lon[ends[1]],
            "to_lat": extract.lat[ends[1]],
            "timetable": pd.Series([""] * len(lines), dtype="str"),
            "sailings": np.full(len(lines), np.nan),
        }
    )

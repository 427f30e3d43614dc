"""Which ferry ways of an extract each row of the table of ferries is about."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import geometry
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.ferry_paths import FerryPath
    from geoaccess.osm.ferry_table import FerryRow

__all__ = ["FerryOverride", "match_rows"]


@dataclass(frozen=True)
class FerryOverride:
    """What the table says of one ferry way; `crossing_s` is its share, by length, of that of the row."""

    row: int
    crossing_s: float | None
    cars: bool | None
    headway_s: float | None
    check_in_s: float
    ship: str
    notes: tuple[str, ...]


def match_rows(
    rows: Sequence[FerryRow], paths: Sequence[FerryPath], extract: Extract, *, limit_m: float
) -> tuple[dict[int, FerryOverride], list[FerryRow]]:
    """Return what the table says of each path (by its place), and the rows whose ferry is not in the extract.

    A row means its way, else the ways of its relation, else the ways between the ferry ends nearest to its two quays,
    none farther from them than `limit_m`. Where several rows mean one way, as for two seasons, the first counts.

    Raises
    ------
    InputError
        If two rows for the same season mean the very same ways.
    """
    overrides: dict[int, FerryOverride] = {}
    without: list[FerryRow] = []
    taken: dict[tuple[frozenset[int], object], int] = {}
    problems = []
    finder = _Finder(paths, extract, limit_m)
    for row in rows:
        chosen = finder.paths_of(row)
        if not chosen:
            without.append(row)
            continue
        key = (frozenset(chosen), row.season)
        if key in taken:
            problems.append(f"rows {taken[key]} and {row.row} speak of the same ferry ({row.label}); keep one")
        taken[key] = row.row
        metres = sum({paths[i].way_id: paths[i].metres for i in chosen}.values())  # lines share ways
        notes = [] if row.season.known else [note("season_unread")]
        if row.season.between:
            notes.append(note("season_part"))
        for i in chosen:
            share = None if row.crossing_s is None else row.crossing_s * (paths[i].metres / metres)
            overrides.setdefault(
                i, FerryOverride(row.row, share, row.cars, row.headway_s, row.check_in_s, row.ship, tuple(notes))
            )
    if problems:
        raise InputError.listing("the table of ferries", problems)
    return overrides, without


class _Finder:
    """Ferry ways by number, by relation and by where they end."""

    def __init__(self, paths: Sequence[FerryPath], extract: Extract, limit_m: float) -> None:
        self.paths, self.extract, self.limit_m = paths, extract, limit_m
        self.by_way: dict[int, list[int]] = defaultdict(list)
        self.by_relation: dict[int, list[int]] = defaultdict(list)
        self.steps: dict[int, list[tuple[int, float, int]]] = defaultdict(list)
        ends = set[int]()
        for i, path in enumerate(paths):
            self.by_way[path.way_id].append(i)
            if path.relation_id:
                self.by_relation[path.relation_id].append(i)
            ends |= {int(path.nodes[0]), int(path.nodes[-1])}
            for a, b, metres in zip(path.nodes[:-1], path.nodes[1:], path.length_m, strict=True):
                self.steps[int(a)].append((int(b), float(metres), i))
                self.steps[int(b)].append((int(a), float(metres), i))
        self.ends = np.array(sorted(ends), np.int32)

    def paths_of(self, row: FerryRow) -> list[int]:
        if row.way_id is not None and row.way_id in self.by_way:
            lines = self.by_way[row.way_id]
            return [i for i in lines if self.paths[i].relation_id == row.relation_id] or lines
        if row.relation_id is not None and row.relation_id in self.by_relation:
            return self.by_relation[row.relation_id]
        if row.ends is None:
            return []
        there = [self._near(*end) for end in row.ends]
        best: tuple[float, list[int]] = (np.inf, [])
        for a, off_a in there[0].items():
            for b, off_b in there[1].items():
                if a != b and off_a + off_b < best[0] and (between := self._between(a, b)):
                    best = (off_a + off_b, between)
        return self._of_all_lines(best[1])

    def _of_all_lines(self, course: list[int]) -> list[int]:
        """Return the ways of a course for each line that sails all of it; where none does, for every line."""
        lines = [self.by_way[self.paths[i].way_id] for i in course]
        whole = set.intersection(*({self.paths[i].relation_id for i in of} for of in lines)) if lines else set()
        return [i for of in lines for i in of if not whole or self.paths[i].relation_id in whole]

    def _near(self, lon: float, lat: float) -> dict[int, float]:
        """Return the ends within the limit of a quay, and how far they are."""
        if not self.ends.size:
            return {}
        lons = np.append(self.extract.lon[self.ends], lon)
        lats = np.append(self.extract.lat[self.ends], lat)
        at = np.arange(self.ends.size, dtype=np.int32)
        metres: npt.NDArray[np.float64] = geometry.segment_lengths_m(lons, lats, at, np.full_like(at, at.size))
        near = np.flatnonzero(metres <= self.limit_m)
        return {int(self.ends[i]): float(metres[i]) for i in near}

    def _between(self, a: int, b: int) -> list[int]:
        """Return the ways of the shortest course from a to b by boat; none where there is no such course."""
        best: dict[int, float] = {a: 0.0}
        came: dict[int, tuple[int, int]] = {}
        queue = [(0.0, a)]
        while queue:
            metres, node = heapq.heappop(queue)
            if node == b:
                break
            if metres > best[node]:
                continue
            for other, step, way in self.steps[node]:
                if metres + step < best.get(other, np.inf):
                    best[other] = metres + step
                    came[other] = (node, way)
                    heapq.heappush(queue, (best[other], other))
        ways = []
        node = b
        while node in came and node != a:
            node, way = came[node]
            ways.append(way)
        return list(dict.fromkeys(ways))

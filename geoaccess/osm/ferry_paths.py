"""The courses of ferry ways, and which ways make one crossing together."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import geometry
from geoaccess.osm.ferry_relations import RELATION_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract

__all__ = ["FerryPath", "Sets", "ferry_paths"]


@dataclass(frozen=True)
class FerryPath:
    """The course of one ferry way.

    `crossing` holds length in metres and tagged duration ("" where none) of every way that makes one crossing with
    it, itself included; `follows` says whether these follow one another from end to end.
    """

    way: int
    way_id: int
    tags: Mapping[str, str]
    nodes: npt.NDArray[np.int32]
    length_m: npt.NDArray[np.float64]
    cut: bool
    crossing: tuple[tuple[float, str], ...]
    follows: bool

    @property
    def metres(self) -> float:
        """Length in metres."""
        return float(self.length_m.sum())

    @property
    def whole_m(self) -> float:
        """Length in metres of all ways that make one crossing with it."""
        return sum(metres for metres, _ in self.crossing)

    @property
    def pieces(self) -> int:
        """How many ways make the crossing."""
        return len(self.crossing)

    @property
    def relation_id(self) -> int:
        """The number of its relation; 0 where it has none."""
        return int(self.tags.get(RELATION_ID, 0))

    @property
    def name(self) -> str:
        """The name; empty where it has none."""
        return self.tags.get("name", "")

    @property
    def ends(self) -> tuple[int, int]:
        """Its first and last node."""
        return int(self.nodes[0]), int(self.nodes[-1])


class Sets:
    """Numbers in sets that grow together.

    >>> sets = Sets(4)
    >>> sets.join([0, 2])
    >>> [sets.of(i) for i in range(4)]
    [0, 1, 0, 3]
    """

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def of(self, item: int) -> int:
        """Return the smallest number of the set of a number."""
        while self._parent[item] != item:
            item = self._parent[item]
        return item

    def join(self, items: Iterable[int]) -> None:
        """Make the sets of some numbers one."""
        roots = {self.of(item) for item in items}
        for root in roots:
            self._parent[root] = min(roots)


def ferry_paths(extract: Extract, ways: npt.NDArray[np.int64], on_road: npt.NDArray[np.bool_]) -> list[FerryPath]:
    """Return the courses of the ferry ways that have two or more places in the files.

    One crossing are the ways of one relation; without one, those of one name that follow one another; without either,
    those that do so where no road is.
    """
    found = []
    for way in map(int, ways):
        nodes = extract.ref[extract.ptr[way] : extract.ptr[way + 1]]
        there = np.isfinite(extract.lon[nodes])
        cut = bool(nodes.size) and not (there[0] and there[-1])
        nodes = nodes[there]
        nodes = nodes[np.concatenate([[True], nodes[1:] != nodes[:-1]])] if nodes.size else nodes
        if nodes.size > 1:
            length = geometry.segment_lengths_m(extract.lon, extract.lat, nodes[:-1], nodes[1:])
            tags = extract.tagsets[extract.way_tags[way]]
            found.append((way, tags, nodes, np.maximum(length, 1e-3), cut))
    crossings, follows = _crossings([(tags, nodes) for _, tags, nodes, _, _ in found], on_road)
    pieces = defaultdict(list)
    for crossing, (_, tags, _, length, _) in zip(crossings, found, strict=True):
        pieces[crossing].append((float(length.sum()), tags.get("duration", "")))
    return [
        FerryPath(way, int(extract.way_id[way]), tags, nodes, length, cut, tuple(pieces[crossing]), chain)
        for crossing, chain, (way, tags, nodes, length, cut) in zip(crossings, follows, found, strict=True)
    ]


def _crossings(
    lines: Sequence[tuple[Mapping[str, str], npt.NDArray[np.int32]]], on_road: npt.NDArray[np.bool_]
) -> tuple[list[int], list[bool]]:
    """Return for each line the number of its crossing, and whether the lines of that follow one another."""
    sets = _alike(lines, on_road)
    together: dict[int, list[int]] = defaultdict(list)
    for i in range(len(lines)):
        together[sets.of(i)].append(i)
    found = list(range(len(lines)))
    follows = [False] * len(lines)
    for crossing, members in together.items():
        chain = _is_chain([lines[i][1] for i in members])
        for i in members:
            follows[i] = chain
            if chain or RELATION_ID in lines[i][0]:
                found[i] = crossing
    return found, follows


def _alike(lines: Sequence[tuple[Mapping[str, str], npt.NDArray[np.int32]]], on_road: npt.NDArray[np.bool_]) -> Sets:
    """Return lines in sets: of one relation, of one name that touch, or without either that meet where no road is."""
    sets = Sets(len(lines))
    alike: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for i, (tags, nodes) in enumerate(lines):
        if RELATION_ID in tags:
            alike["relation", tags[RELATION_ID], 0].append(i)
        elif "name" in tags:
            for node in nodes.tolist():
                alike["name", tags["name"], node].append(i)
        else:
            for node in (int(nodes[0]), int(nodes[-1])):
                if not on_road[node]:
                    alike["sea", "", node].append(i)
    for members in alike.values():
        sets.join(members)
    return sets


def _is_chain(courses: Sequence[npt.NDArray[np.int32]]) -> bool:
    """Return whether courses follow one another from end to end, so that a boat may sail them all on one crossing."""
    ends = Counter(int(node) for course in courses for node in (course[0], course[-1]))
    return len(ends) == len(courses) + 1 and max(ends.values()) <= 2  # noqa: PLR2004

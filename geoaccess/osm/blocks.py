"""One block of an .osm.pbf: its strings, and its nodes, ways and relations as flat arrays.

Tags are described in two ways: what a string is good for by its `marks`, a few bits, so that nothing need be compared
while objects go by; what it is by its number in the block.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import pbf
from geoaccess.osm.block_objects import Newest, Places, Rising, Tagged, Versions, Ways
from geoaccess.osm.interning import Interner
from geoaccess.osm.values import FERRY_ROUTES, carries_cars_over
from geoaccess.osm.ways import FERRY_KEYS, NO_PLACE, SHORE_TAGS

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.osm.profile import Profile

__all__ = ["NODES", "RELATIONS", "WAYS", "Block", "Marks"]

NODES, WAYS, RELATIONS = 1, 2, 4
_NODE, _DENSE, _WAY, _RELATION = 1, 2, 3, 4  # kinds of objects, see `pbf.outline`
_ID, _KEYS, _VALUES, _EIGHTH, _NINTH, _TENTH, _ABOUT = range(7)  # columns of its spans
_REFS, _ROLES, _MEMBERS, _TYPES, _LAT, _LON, _MIXED = _EIGHTH, _EIGHTH, _NINTH, _TENTH, _EIGHTH, _NINTH, _TENTH
_WAY_LAT, _WAY_LON = _NINTH, _TENTH
_VERSION, _VISIBLE = 1, 6  # fields of the info of a dense group
_SEMICOLON = ord(";")
_FERRY_WORDS = tuple(name.encode() for name in FERRY_ROUTES)
_NANO = 100  # nanodegrees in 1e-7 degrees

_KEPT, _HIGHWAY, _NO_ROAD, _ROUTE, _FERRY, _FERRY_KEY, _HINDERS, _TYPE, _RESTRICTION = (1 << i for i in range(9))
_SHORE_KEY, _SHORE, _AREA = (1 << i for i in range(9, 12))


class Marks:
    """What strings are good for under a profile; without one, which rule turns."""

    def __init__(self, profile: Profile | None) -> None:
        bits: dict[str, int] = {}
        for bit, words in (
            (_HIGHWAY, {"highway"}),
            (_ROUTE, {"route"}),
            (_FERRY, FERRY_ROUTES),
            (_FERRY_KEY, FERRY_KEYS),
            (_TYPE, {"type"}),
            (_RESTRICTION, {"restriction"}),
            (_AREA, {"multipolygon"}),
            (_SHORE_KEY, SHORE_TAGS),
            (_SHORE, itertools.chain(*SHORE_TAGS.values())),
            (_HINDERS, profile.node_keys if profile else ()),
            (_KEPT, profile.keys if profile else ()),
            (_NO_ROAD, profile.no_roads if profile else ()),
        ):
            for word in words:
                bits[word] = bits.get(word, 0) | bit
        self._words = Interner(word.encode() for word in bits)
        self._bits = np.array([*bits.values(), 0], np.int32)

    def of(
        self, data: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int32]:
        """Return the bits of strings; a string that is good for nothing has none."""
        marks: npt.NDArray[np.int32] = self._bits[self._words.find(data, start, stop)]
        if start.size:  # of several values of a route one may be that of a ferry
            places = start[0] + np.flatnonzero(data[start[0] : stop[-1]] == _SEMICOLON)
            for i in np.unique(np.searchsorted(start, places, "right") - 1).tolist():
                value = data[start[i] : stop[i]].tobytes()
                if any(word in value for word in _FERRY_WORDS) and carries_cars_over(value.decode(errors="replace")):
                    marks[i] |= _FERRY
        return marks


class Block:
    """A block, of which every method raises ValueError if it is not as it should be."""

    def __init__(self, data: npt.NDArray[np.uint8], marks: Marks) -> None:
        self.data = data
        self.string_start, self.string_stop, self._kind, self._span, self._scale = pbf.outline(data)
        self._marks = marks.of(data, self.string_start, self.string_stop)
        if self._scale[0] < 1 or self._scale.max() > pbf.FARTHEST or self._scale.min() < -pbf.FARTHEST:
            raise ValueError("the granularity or an offset of its places is absurd")

    @property
    def holds(self) -> int:
        """`NODES`, `WAYS` and `RELATIONS`, as far as there are any, added up."""
        there = np.bincount(self._kind, minlength=5) > 0
        return NODES * int(there[_NODE] or there[_DENSE]) + WAYS * int(there[_WAY]) + RELATIONS * int(there[_RELATION])

    def string(self, number: int) -> bytes:
        """Return a string of the block."""
        return self.data[self.string_start[number] : self.string_stop[number]].tobytes()

    def untagged_nodes(self) -> npt.NDArray[np.int64]:
        """Return the ids of the nodes that carry no tags."""
        rows, number, ptr = self._nodes()
        of, _, _ = self._tags_of_nodes(rows, ptr)
        bare: npt.NDArray[np.int64] = number[~_any_of(of, number.size)]
        return bare

    def versions(self, kind: int) -> Versions:
        """Return the ids, the versions, and whether they are not deleted, of all `NODES`, `WAYS` or `RELATIONS`."""
        if kind == NODES:
            rows, number, ptr = self._nodes()
            return Versions(number, self._versions_of_nodes(rows, ptr), self._visible_nodes(rows, ptr))
        rows = np.flatnonzero(self._kind == (_WAY if kind == WAYS else _RELATION))
        return Versions(self._single(rows, _ID), *self._about(rows))

    def places(self, needed: npt.NDArray[np.int64], newest: Newest | None = None) -> Places:
        """Return the nodes that are in `needed`, but for deleted ones and, with `newest`, for older versions.

        Coordinates are in units of 1e-7 degrees, cut off towards zero. Those that carry a tag that may hinder come
        with all their tags and, for a number, the place in `needed`.
        """
        rows, number, ptr = self._nodes()
        lat, lat_ptr = self._runs(rows, _LAT, rising=True)
        lon, lon_ptr = self._runs(rows, _LON, rising=True)
        if not (np.array_equal(ptr, lat_ptr) and np.array_equal(ptr, lon_ptr)):
            raise ValueError("nodes and places differ in number")
        place: npt.NDArray[np.int32] = pbf.places_among(number, needed)
        hit = (place >= 0) & self._visible_nodes(rows, ptr)
        if newest is not None:
            hit &= newest.has(number, self._versions_of_nodes(rows, ptr))
        of, key, value = self._tags_of_nodes(rows, ptr)
        hinders = _any_of(of[self._marks[key] & _HINDERS > 0], number.size) & hit
        tagged = self._tagged(place.astype(np.int64), hinders, hinders[of], of, key, value)
        x, y = self._degrees(lon[hit], 2), self._degrees(lat[hit], 1)
        return Places(place[hit], x, y, tagged, Rising.of(number))

    def ways(
        self,
        members: npt.NDArray[np.int64],
        shores: npt.NDArray[np.int64],
        newest: npt.NDArray[np.int64],
        found: npt.NDArray[np.bool_],
    ) -> Ways:
        """Return the roads and ferries, among these the `members` of relations that are no roads, and shores.

        Of shores some are members of relations, `shores`. Of tags those are kept whose key the profile looks at,
        `FERRY_KEYS` of ferries only, `SHORE_TAGS` of shores only. Nodes of any way at all
        that are among the `newest` (rising ids) are ticked off in `found`.
        """
        rows = np.flatnonzero(self._kind == _WAY)
        number = self._single(rows, _ID)
        of, key, value = self._tags(rows)
        ref, ref_ptr = self._runs(rows, _REFS, rising=True)
        if newest.size:
            recent = ref[(ref >= newest[0]) & (ref <= newest[-1])]
            at = np.searchsorted(newest, recent)
            found[at[newest[at] == recent]] = True
        keys, values = self._marks[key], self._marks[value]
        road, ferry = (keys & _HIGHWAY > 0) & (values & _NO_ROAD == 0), (keys & _ROUTE > 0) & (values & _FERRY > 0)
        own = _any_of(of[road | ferry], rows.size)
        by_relation = np.isin(number, members) & (
            ~_any_of(of[keys & _HIGHWAY > 0], rows.size) | _any_of(of[ferry], rows.size)
        )
        named = by_relation | _any_of(of[keys & _ROUTE > 0], rows.size)
        version, visible = self._about(rows)
        shore_tag = (keys & _SHORE_KEY > 0) & (values & _SHORE > 0)
        shore = _any_of(of[shore_tag], rows.size) | np.isin(number, shores)
        taken = (own | by_relation | shore) & visible
        kept = taken[of] & (keys & _KEPT > 0) & (named[of] | (keys & _FERRY_KEY == 0)) | (taken[of] & shore_tag)
        sizes = np.diff(ref_ptr)
        x, y = self._places_on_ways(rows[taken], sizes[taken])
        return Ways(
            tagged=self._tagged(number, taken, kept, of, key, value),
            ptr=_ptr(sizes[taken]),
            ref=ref[np.repeat(taken, sizes)],
            own=own[taken],
            version=version[taken],
            x=x,
            y=y,
            rising=Rising.of(number),
        )

    def relations(self) -> tuple[Tagged, npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], Rising]:
        """Return routes of ferries, turn restrictions and areas of water with all their tags, and (ptr, member).

        Relation i has the members member[ptr[i]:ptr[i + 1]]: type (0 node, 1 way, 2 relation), id, and role as a
        string of the block. Then their versions, and the ids of all relations of the block.
        """
        rows = np.flatnonzero(self._kind == _RELATION)
        number = self._single(rows, _ID)
        of, key, value = self._tags(rows)
        keys, values = self._marks[key], self._marks[value]
        ferry, rule = (keys & _ROUTE > 0) & (values & _FERRY > 0), (keys & _TYPE > 0) & (values & _RESTRICTION > 0)
        version, visible = self._about(rows)
        area = _any_of(of[(keys & _TYPE > 0) & (values & _AREA > 0)], rows.size)
        water = area & _any_of(of[(keys & _SHORE_KEY > 0) & (values & _SHORE > 0)], rows.size)
        wanted = (_any_of(of[ferry | rule], rows.size) | water) & visible
        role, ptr = self._runs(rows[wanted], _ROLES)
        member, member_ptr = self._runs(rows[wanted], _MEMBERS, rising=True)
        kind, kind_ptr = self._runs(rows[wanted], _TYPES)
        if not (np.array_equal(ptr, member_ptr) and np.array_equal(ptr, kind_ptr)):
            raise ValueError("members, their types and their roles differ in number")
        self._check_strings(role)
        if not ((kind >= 0) & (kind <= 2)).all():  # noqa: PLR2004 - node, way, relation
            raise ValueError("a member is of no known type")
        tagged = self._tagged(number, wanted, wanted[of], of, key, value)
        return tagged, ptr, np.column_stack([kind, member, role]), version[wanted], Rising.of(number)

    def _about(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """Return the version of each object, 0 where none is given, and whether it is not deleted."""
        about: tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]] = pbf.versions(
            self.data, self._span[rows, 2 * _ABOUT], self._span[rows, 2 * _ABOUT + 1]
        )
        return about

    def _places_on_ways(
        self, rows: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return longitude and latitude of the nodes of ways where the ways themselves give them, else nothing."""
        lat, lat_ptr = self._runs(rows, _WAY_LAT, rising=True)
        lon, lon_ptr = self._runs(rows, _WAY_LON, rising=True)
        given = np.diff(lat_ptr)
        if not lat.size and not lon.size:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        if not (np.array_equal(lat_ptr, lon_ptr) and ((given == 0) | (given == sizes)).all()):
            raise ValueError("nodes of a way and places differ in number")
        x, y = (np.full(sizes.sum(), NO_PLACE, np.int32) for _ in range(2))
        there = np.repeat(given > 0, sizes)
        x[there], y[there] = self._degrees(lon, 2), self._degrees(lat, 1)
        return x, y

    def _versions_of_nodes(self, rows: npt.NDArray[np.int64], ptr: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        version: npt.NDArray[np.int64] = self._info_of_nodes(rows, ptr, _VERSION, 0)
        return version

    def _visible_nodes(self, rows: npt.NDArray[np.int64], ptr: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        visible: npt.NDArray[np.bool_] = self._info_of_nodes(rows, ptr, _VISIBLE, 1) != 0
        return visible

    def _info_of_nodes(
        self, rows: npt.NDArray[np.int64], ptr: npt.NDArray[np.int64], field: int, default: int
    ) -> npt.NDArray[np.int64]:
        """Return what an info field gives for each node, the default where it gives nothing."""
        info = np.full(int(ptr[-1]), default, np.int64)
        alone = self._kind[rows] == _NODE
        version, visible = self._about(rows[alone])
        info[ptr[:-1][alone]] = version if field == _VERSION else visible
        groups = np.flatnonzero(~alone)
        start, stop = pbf.inner_spans(
            self.data, self._span[rows[groups], 2 * _ABOUT], self._span[rows[groups], 2 * _ABOUT + 1], field
        )
        values, sizes = pbf.runs(self.data, start, stop, rising=False)
        for i, row in enumerate(groups.tolist()):
            some = values[sizes[i] : sizes[i + 1]]
            if some.size and some.size != ptr[row + 1] - ptr[row]:
                raise ValueError("nodes and their versions differ in number")
            if some.size:
                info[ptr[row] : ptr[row + 1]] = some
        return info

    def _nodes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the rows with nodes, the ids of all their nodes, and how these share out among the rows."""
        rows = np.flatnonzero((self._kind == _NODE) | (self._kind == _DENSE))
        number, ptr = self._runs(rows, _ID, rising=True)
        if (np.diff(ptr)[self._kind[rows] == _NODE] != 1).any():
            raise ValueError("a node has no number, or more than one")
        return rows, number, ptr

    def _tags_of_nodes(
        self, rows: npt.NDArray[np.int64], ptr: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return (node, key, value) of the tags of all nodes, node by node."""
        alone = self._kind[rows] == _NODE
        of, key, value = self._tags(rows[alone])
        parts = [(ptr[:-1][alone][of], key, value)]
        for row in np.flatnonzero(~alone).tolist():
            mixed, _ = self._runs(rows[row : row + 1], _MIXED)
            if mixed.size:
                node, key, value = pbf.tags_of_nodes(mixed, int(ptr[row + 1] - ptr[row]))
                self._check_strings(key)
                self._check_strings(value)
                parts.append((node + ptr[row], key, value))
        of, key, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(of, kind="stable") if alone.any() and not alone.all() else slice(None)
        return of[order], key[order], value[order]

    def _tags(
        self, rows: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return (object, key, value) of the tags of objects, object by object."""
        key, ptr = self._runs(rows, _KEYS)
        value, value_ptr = self._runs(rows, _VALUES)
        if not np.array_equal(ptr, value_ptr):
            raise ValueError("keys and values differ in number")
        self._check_strings(key)
        self._check_strings(value)
        return np.repeat(np.arange(rows.size), np.diff(ptr)), key, value

    def _tagged(
        self,
        number: npt.NDArray[np.int64],
        chosen: npt.NDArray[np.bool_],
        kept: npt.NDArray[np.bool_],
        of: npt.NDArray[np.int64],
        key: npt.NDArray[np.int64],
        value: npt.NDArray[np.int64],
    ) -> Tagged:
        sizes = np.bincount(of[kept], minlength=number.size)[chosen]
        return Tagged(number[chosen], _ptr(sizes), np.column_stack([key[kept], value[kept]]).astype(np.int32))

    def _runs(
        self, rows: npt.NDArray[np.int64], column: int, *, rising: bool = False
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] = pbf.runs(
            self.data, self._span[rows, 2 * column], self._span[rows, 2 * column + 1], rising
        )
        return found

    def _single(self, rows: npt.NDArray[np.int64], column: int) -> npt.NDArray[np.int64]:
        numbers, ptr = self._runs(rows, column)
        if (np.diff(ptr) != 1).any():
            raise ValueError("a way or relation has no number, or more than one")
        return numbers

    def _check_strings(self, numbers: npt.NDArray[np.int64]) -> None:
        if numbers.size and not (numbers.min() >= 0 and numbers.max() < self.string_start.size):
            raise ValueError("a tag or role is a string that is not there")

    def _degrees(self, numbers: npt.NDArray[np.int64], offset: int) -> npt.NDArray[np.int32]:
        if (np.abs(numbers) > pbf.FARTHEST // self._scale[0]).any():
            raise ValueError("a node lies far beyond the earth")
        nano = numbers * self._scale[0] + self._scale[offset]
        degrees: npt.NDArray[np.int64] = np.where(nano >= 0, nano // _NANO, -(-nano // _NANO))
        if (np.abs(degrees) >= 1 << 31).any():
            raise ValueError("a node lies far beyond the earth")
        return degrees.astype(np.int32)


def _any_of(of: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    return np.bincount(of, minlength=size) > 0


def _ptr(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

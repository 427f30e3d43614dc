"""One block of an .osm.pbf: its strings, and its nodes, ways and relations as flat arrays.

Tags are described in two ways: what a string is good for by its `marks`, a few bits, so that nothing need be compared
while objects go by; what it is by its number in the block.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import pbf, road_keys
from geoaccess.osm.block_objects import (
    Found,
    KeysOfRoads,
    Newest,
    NodeRows,
    NodeTags,
    Places,
    Rising,
    Tagged,
    TaggedRows,
    Versions,
    Ways,
)
from geoaccess.osm.marks import (
    AREA,
    FERRY,
    FERRY_KEY,
    HIGHWAY,
    HINDERS,
    KEPT,
    NO_ROAD,
    RESTRICTION,
    ROUTE,
    SHORE,
    SHORE_KEY,
    TYPE,
)
from geoaccess.osm.ways import NO_PLACE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.osm.marks import Marks

    _Taken = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]

__all__ = ["NODES", "RELATIONS", "WAYS", "Block"]

NODES, WAYS, RELATIONS = 1, 2, 4
_NODE, _DENSE, _WAY, _RELATION = 1, 2, 3, 4  # kinds of objects, see `pbf.outline`
_ID, _KEYS, _VALUES, _EIGHTH, _NINTH, _TENTH, _ABOUT = range(7)  # columns of its spans
_REFS, _ROLES, _MEMBERS, _TYPES, _LAT, _LON, _MIXED = _EIGHTH, _EIGHTH, _NINTH, _TENTH, _EIGHTH, _NINTH, _TENTH
_WAY_LAT, _WAY_LON = _NINTH, _TENTH
_VERSION, _VISIBLE = 1, 6  # fields of the info of a dense group
_NONE = np.empty(0, np.int64)
_NANO = 100  # nanodegrees in 1e-7 degrees
_WHOLE = 1 << 31


class Block:
    """A block, of which every method raises ValueError if it is not as it should be."""

    def __init__(self, data: npt.NDArray[np.uint8], marks: Marks) -> None:
        self.data = data
        self._decoded: dict[int, TaggedRows] = {}
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
        number = self._node_numbers()
        of = self._tags_of_nodes(np.ones(self.string_start.size, np.bool_)).of.astype(np.int64)
        bare: npt.NDArray[np.int64] = number[~_any_of(of, number.size)]
        return bare

    def versions(self, kind: int) -> Versions:
        """Return the ids, the versions, and whether they are not deleted, of all `NODES`, `WAYS` or `RELATIONS`."""
        if kind == NODES:
            return Versions(self._node_numbers(), self._node_versions, self._node_visible)
        rows = np.flatnonzero(self._kind == (_WAY if kind == WAYS else _RELATION))
        return Versions(self._single(rows, _ID), *self._about(rows))

    def places(self, needed: npt.NDArray[np.int64], newest: Newest | None = None) -> Places:
        """Return the nodes that are in `needed`, but for deleted ones and, with `newest`, for older versions.

        Coordinates are in units of 1e-7 degrees, cut off towards zero. Those that carry a tag that may hinder come
        with all their tags and, for a number, the place in `needed`.
        """
        node, place, number, lat, lon, rising = self._nodes_among(needed, _NONE)
        hit = self._node_visible[node]
        if newest is not None:
            hit &= newest.has(number, self._node_versions[node])
        node, place = node[hit], place[hit]
        tagged = self._tags_of_nodes(self._marks & HINDERS > 0).of_last(node, place, rises=rising.rises)
        return Places(place, self._degrees(lon[hit], 2), self._degrees(lat[hit], 1), tagged, rising)

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
        rows, number, of, key, value = self._of_kind(_WAY)
        ref, ref_ptr = self._way_refs
        if newest.size:
            recent = ref[(ref >= newest[0]) & (ref <= newest[-1])]
            at = np.searchsorted(newest, recent)
            found[at[newest[at] == recent]] = True
        keys, values = self._marks[key], self._marks[value]
        road, ferry = (keys & HIGHWAY > 0) & (values & NO_ROAD == 0), (keys & ROUTE > 0) & (values & FERRY > 0)
        own = _any_of(of[road | ferry], rows.size)
        by_relation = np.isin(number, members) & (
            ~_any_of(of[keys & HIGHWAY > 0], rows.size) | _any_of(of[ferry], rows.size)
        )
        named = by_relation | _any_of(of[keys & ROUTE > 0], rows.size)
        version, visible = self._about(rows)
        shore_tag = (keys & SHORE_KEY > 0) & (values & SHORE > 0)
        shore = _any_of(of[shore_tag], rows.size) | np.isin(number, shores)
        taken = (own | by_relation | shore) & visible
        kept = taken[of] & (keys & KEPT > 0) & (named[of] | (keys & FERRY_KEY == 0)) | (taken[of] & shore_tag)
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
        rows, number, of, key, value = self._of_kind(_RELATION)
        keys, values = self._marks[key], self._marks[value]
        ferry, rule = (keys & ROUTE > 0) & (values & FERRY > 0), (keys & TYPE > 0) & (values & RESTRICTION > 0)
        version, visible = self._about(rows)
        area = _any_of(of[(keys & TYPE > 0) & (values & AREA > 0)], rows.size)
        water = area & _any_of(of[(keys & SHORE_KEY > 0) & (values & SHORE > 0)], rows.size)
        wanted = (_any_of(of[ferry | rule], rows.size) | water) & visible
        ptr, kind, member, role = self._members(rows[wanted])
        tagged = self._tagged(number, wanted, wanted[of], of, key, value)
        return tagged, ptr, np.column_stack([kind, member, role]), version[wanted], Rising.of(number)

    def some_nodes(self, keys: npt.NDArray[np.bool_], taken: _Taken, needed: npt.NDArray[np.int64]) -> Found:
        """Return the nodes of which a tag is `taken`, with all their tags, and those that are `needed` (rising ids).

        `taken` says of tags, pairs of strings of the block, whether they are; `keys` are the strings that may be the
        key of one.
        """
        tags = self._tags_of_nodes(keys)
        taken_tags = taken(np.column_stack([tags.key, tags.value]))
        hit = np.unique(tags.of[taken_tags]).astype(np.int64)
        node, _, number, lat, lon, rising = self._nodes_among(needed, hit)
        tagged = np.searchsorted(node, hit)
        sizes, found = np.zeros(node.size, np.int64), tags.among(hit)
        sizes[tagged[found.number]] = np.diff(found.ptr)
        places = np.column_stack([self._degrees(lon, 2), self._degrees(lat, 1)]).reshape(-1)
        return Found(
            Tagged(number, _ptr(sizes), found.tag),
            2 * np.arange(node.size + 1),
            places.astype(np.int64),
            _NONE,
            _NONE,
            rising,
            plain=bool((number >= 0).all() and self._node_visible[node].all()),
        )

    def some_ways(self, taken: _Taken, members: npt.NDArray[np.int64]) -> Found:
        """Return the ways of which a tag is `taken` (see `some_nodes`), and `members` of relations (rising ids)."""
        rows, number, of, key, value = self._of_kind(_WAY)
        chosen = _any_of(of[taken(np.column_stack([key, value]))], number.size)
        chosen |= pbf.places_among(number, members) >= 0
        ref, ptr = self._way_refs
        sizes = np.diff(ptr)
        there = self._about(rows)[1][chosen].all() and not self._span[rows[chosen], 2 * _WAY_LAT + 1].any()
        return Found(
            self._tagged(number, chosen, chosen[of], of, key, value),
            _ptr(sizes[chosen]),
            ref[np.repeat(chosen, sizes)],
            _NONE,
            _NONE,
            Rising.of(number),
            plain=bool((number >= 0).all() and (ref >= 0).all() and there),
        )

    def keyed_ways(self, keys: npt.NDArray[np.bool_], kept: npt.NDArray[np.bool_]) -> Tagged:
        """Return the ways that have one of some keys, with the tags whose key is `kept`; both say so of each string."""
        _, number, of, key, value = self._of_kind(_WAY)
        chosen = _any_of(of[keys[key]], number.size)
        return self._tagged(number, chosen, chosen[of] & kept[key], of, key, value)

    def road_keys(self) -> KeysOfRoads:
        """Count the keys of tags on ways that have the key `highway` or `route`, by the values of these."""
        _, number, of, key, value = self._of_kind(_WAY)
        roads, routes = (self._marks & bit > 0 for bit in (HIGHWAY, ROUTE))
        ptr, kind = road_keys.kinds_of_ways(of, key, value, roads, routes, number.size)
        chosen = np.flatnonzero(kind)
        order = chosen[np.argsort(kind[chosen])]
        return KeysOfRoads(*road_keys.keys_of_roads(order, kind, ptr, key, self.string_start.size))

    def some_relations(self, taken: _Taken, members: npt.NDArray[np.int64]) -> Found:
        """Return the relations of which a tag is `taken` (see `some_nodes`), and `members` of others (rising ids)."""
        rows, number, of, key, value = self._of_kind(_RELATION)
        chosen = _any_of(of[taken(np.column_stack([key, value]))], number.size)
        chosen |= pbf.places_among(number, members) >= 0
        ptr, kind, member, role = self._members(rows[chosen])
        return Found(
            self._tagged(number, chosen, chosen[of], of, key, value),
            ptr,
            member,
            kind,
            role,
            Rising.of(number),
            plain=bool((number >= 0).all() and (member >= 0).all() and self._about(rows)[1][chosen].all()),
        )

    def _members(self, rows: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
        """Return (ptr, type, id, role) of the members of relations."""
        role, ptr = self._runs(rows, _ROLES)
        member, member_ptr = self._runs(rows, _MEMBERS, rising=True)
        kind, kind_ptr = self._runs(rows, _TYPES)
        if not (np.array_equal(ptr, member_ptr) and np.array_equal(ptr, kind_ptr)):
            raise ValueError("members, their types and their roles differ in number")
        self._check_strings(role)
        if not ((kind >= 0) & (kind <= 2)).all():  # noqa: PLR2004 - node, way, relation
            raise ValueError("a member is of no known type")
        return ptr, kind, member, role

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

    @cached_property
    def _node_versions(self) -> npt.NDArray[np.int64]:
        version: npt.NDArray[np.int64] = self._info_of_nodes(_VERSION, 0)
        return version

    @cached_property
    def _node_visible(self) -> npt.NDArray[np.bool_]:
        visible: npt.NDArray[np.bool_] = self._info_of_nodes(_VISIBLE, 1) != 0
        return visible

    def _info_of_nodes(self, field: int, default: int) -> npt.NDArray[np.int64]:
        """Return what an info field gives for each node, the default where it gives nothing."""
        rows, _, _, ptr = self._nodes
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

    @cached_property
    def _nodes(self) -> NodeRows:
        """The rows with nodes, and how the nodes share out among them."""
        rows = np.flatnonzero((self._kind == _NODE) | (self._kind == _DENSE))
        span, single = self._span[rows], self._kind[rows] == _NODE
        return NodeRows(rows, span, single, pbf.count_nodes(self.data, span, single))

    def _node_numbers(self) -> npt.NDArray[np.int64]:
        return self._runs(self._nodes.rows, _ID, rising=True)[0]

    def _nodes_among(self, needed: npt.NDArray[np.int64], asked: npt.NDArray[np.int64]) -> tuple[Any, ...]:
        """Return (node, place, number, lat, lon, rising) of nodes that are `needed`, or whose place is `asked` for.

        Both are rising arrays. `node` is the place among all nodes of the block, `place` that among those `needed`, -1
        where it is not.
        """
        number, lat, lon, rising = self._places_of_nodes
        return *pbf.nodes_among(number, lat, lon, needed, asked), rising

    @cached_property
    def _places_of_nodes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], Rising]:
        """The ids of all nodes, latitude and longitude, and how the ids rise; decoded once for all who ask."""
        number, lat, lon, rises = pbf.nodes_of(self.data, self._nodes.span, self._nodes.ptr)
        first, last = (int(number[0]), int(number[-1])) if number.size else (0, 0)
        return number, lat, lon, Rising(first, last, rises=bool(rises), size=number.size)

    def _tags_of_nodes(self, asked: npt.NDArray[np.bool_]) -> NodeTags:
        """Return the tags of the nodes that have a key that is asked for."""
        _, span, single, ptr = self._nodes
        return NodeTags(*pbf.tags_of_nodes(self.data, span, single, ptr, asked))

    @cached_property
    def _way_refs(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The nodes of all ways, and how these share out among them."""
        return self._runs(self._of_kind(_WAY).rows, _REFS, rising=True)

    def _of_kind(self, kind: int) -> TaggedRows:
        """Return all ways or relations, decoded once."""
        if kind not in self._decoded:
            rows = np.flatnonzero(self._kind == kind)
            self._decoded[kind] = TaggedRows(rows, self._single(rows, _ID), *self._tags(rows))
        return self._decoded[kind]

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
        beyond = "a node lies far beyond the earth"
        if self._scale[0] == _NANO and self._scale[offset] == 0:  # as nearly every file has it
            if numbers.size and not -_WHOLE < numbers.min() <= numbers.max() < _WHOLE:
                raise ValueError(beyond)
            return numbers.astype(np.int32)
        if (np.abs(numbers) > pbf.FARTHEST // self._scale[0]).any():
            raise ValueError(beyond)
        nano = numbers * self._scale[0] + self._scale[offset]
        degrees: npt.NDArray[np.int64] = np.where(nano >= 0, nano // _NANO, -(-nano // _NANO))
        if (np.abs(degrees) >= _WHOLE).any():
            raise ValueError(beyond)
        return degrees.astype(np.int32)


def _any_of(of: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.bool_]:
    return np.bincount(of, minlength=size) > 0


def _ptr(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

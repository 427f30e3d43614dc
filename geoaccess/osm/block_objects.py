"""Objects of the blocks of an .osm.pbf as flat arrays, and which of several versions is the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = [
    "Found",
    "KeysOfRoads",
    "Newest",
    "NodeRows",
    "NodeTags",
    "Places",
    "Rising",
    "Tagged",
    "TaggedRows",
    "Versions",
    "Ways",
]


class Tagged(NamedTuple):
    """Objects with their tags: tag[ptr[i]:ptr[i + 1]] are those of one, pairs of strings of the block."""

    number: npt.NDArray[np.int64]
    ptr: npt.NDArray[np.int64]
    tag: npt.NDArray[np.int32]


class NodeRows(NamedTuple):
    """Rows with nodes, their spans, which are of one node alone, and how many nodes stand before each."""

    rows: npt.NDArray[np.int64]
    span: npt.NDArray[np.int32]
    single: npt.NDArray[np.bool_]
    ptr: npt.NDArray[np.int64]


class TaggedRows(NamedTuple):
    """Ways or relations of a block: rows, ids, and (object, key, value) of their tags."""

    rows: npt.NDArray[np.int64]
    number: npt.NDArray[np.int64]
    of: npt.NDArray[np.int64]
    key: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]


class NodeTags(NamedTuple):
    """Tags of nodes, node by node: (node, key, value), with the place of the node among all of its block."""

    of: npt.NDArray[np.int32]
    key: npt.NDArray[np.int32]
    value: npt.NDArray[np.int32]

    def among(self, nodes: npt.NDArray[np.int64]) -> Tagged:
        """Return the tags of those that are among some nodes (rising), numbered by their place among these."""
        at = np.searchsorted(nodes, self.of)
        at[at == nodes.size] = 0
        there = nodes[at] == self.of if nodes.size else np.zeros(at.size, np.bool_)
        at = at[there]
        begins = np.flatnonzero(np.append([True], at[1:] != at[:-1])[: at.size])
        tag = np.column_stack([self.key[there], self.value[there]])
        return Tagged(at[begins].astype(np.int64), np.append(begins, at.size).astype(np.int64), tag)

    def of_last(self, nodes: npt.NDArray[np.int64], place: npt.NDArray[np.int64], *, rises: bool) -> Tagged:
        """Return the same, numbered by `place`; of nodes at one place, where ids do not rise, the last one counts."""
        if not rises:
            from_behind = np.unique(place[::-1], return_index=True)[1]
            last = np.sort(place.size - 1 - from_behind)
            nodes, place = nodes[last], place[last]
        tagged = self.among(nodes)
        return tagged._replace(number=place[tagged.number].astype(np.int64))


class Versions(NamedTuple):
    """The ids of objects of one kind, and their versions; a deleted one is not visible."""

    number: npt.NDArray[np.int64]
    version: npt.NDArray[np.int64]
    visible: npt.NDArray[np.bool_]


class Rising(NamedTuple):
    """The ids of a block from the first to the last: whether each is greater than the one before."""

    first: int
    last: int
    rises: bool
    size: int

    @classmethod
    def of(cls, numbers: npt.NDArray[np.int64]) -> Rising:
        """Look through ids."""
        if not numbers.size:
            return cls(0, 0, rises=True, size=0)
        return cls(int(numbers[0]), int(numbers[-1]), bool((np.diff(numbers) > 0).all()), numbers.size)


class Newest(NamedTuple):
    """The newest version of every object of a kind; `doubled` is how many times one stood in the file already."""

    number: npt.NDArray[np.int64]
    version: npt.NDArray[np.int64]
    visible: npt.NDArray[np.bool_]
    doubled: int

    @classmethod
    def of(cls, parts: Iterable[Versions]) -> Newest:
        """Choose the highest version of each, the last one of several."""
        empty = Versions(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))
        number, version, visible = (np.concatenate(columns) for columns in zip(empty, *parts, strict=True))
        order = np.lexsort((version, number))
        last = np.append(number[order][1:] != number[order][:-1], [True] * bool(number.size)).astype(np.bool_)
        kept = order[last]
        return cls(number[kept], version[kept], visible[kept], number.size - kept.size)

    def has(self, number: npt.NDArray[np.int64], version: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Say of each object, which must be one of these, whether it is the newest version and not deleted."""
        at = np.searchsorted(self.number, number)
        newest: npt.NDArray[np.bool_] = (self.version[at] == version) & self.visible[at]
        return newest


class Places(NamedTuple):
    """Nodes: the place of each among those needed, longitude, latitude, and those that carry tags that may hinder."""

    place: npt.NDArray[np.int32]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]
    tagged: Tagged
    rising: Rising


class Ways(NamedTuple):
    """Roads and ferries: way i runs through the nodes ref[ptr[i]:ptr[i + 1]].

    `own` are those that need no relation to be taken. `x` and `y` are the places of `ref` where the ways give them
    (`NO_PLACE` where not), else empty. `rising` tells of the ids of all ways of the block, taken or not.
    """

    tagged: Tagged
    ptr: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int64]
    own: npt.NDArray[np.bool_]
    version: npt.NDArray[np.int64]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]
    rising: Rising


class KeysOfRoads(NamedTuple):
    """Strings of a block, (value of `highway`, value of `route`, key), -1 for none, and on how many ways that is."""

    row: npt.NDArray[np.int32]
    ways: npt.NDArray[np.int64]


class Found(NamedTuple):
    """Objects of a block with all of their tags, and what they are made of: ref[ptr[i]:ptr[i + 1]].

    These are the nodes of a way, or the members of a relation, whose types are in `kind` and whose roles, strings of
    the block, in `role`; of a node longitude and latitude, in units of 1e-7 degrees. `plain` are objects that are not
    deleted, without ids below 0, and, of ways, without places of their own. `rising` is of all of the kind; `keyed`
    are ways that were listed beside these, `road_keys` what was counted beside them.
    """

    tagged: Tagged
    ptr: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]
    role: npt.NDArray[np.int64]
    rising: Rising
    plain: bool
    keyed: Tagged | None = None
    road_keys: KeysOfRoads | None = None

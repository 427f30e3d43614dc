"""Reading .osm.pbf: relations, then ways, then those nodes that ways need; block by block, on several threads.

Only what roads and ferries need is kept, so that memory grows with the roads of a file and not with the file.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import ids, picking
from geoaccess.osm.blobs import OtherPackingError, list_blobs, unpacked
from geoaccess.osm.block_objects import Newest
from geoaccess.osm.blocks import NODES, RELATIONS, WAYS, Block
from geoaccess.osm.interning import Interner
from geoaccess.osm.marks import Marks
from geoaccess.osm.sifting import DEEPEST, NODE, RELATION, WAY, Sifting
from geoaccess.osm.tag_sets import add_sets
from geoaccess.osm.ways import NO_PLACE, Relation, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path
    from typing import TypeVar

    import numpy.typing as npt

    from geoaccess.osm.blobs import Blob
    from geoaccess.osm.block_objects import Rising, Ways
    from geoaccess.osm.sifting import Sieve
    from geoaccess.osm.ways import Looked, Tags

    Result = TypeVar("Result")

__all__ = ["PbfFile", "UnsortedError", "newest_untagged_nodes"]

_ORPHANS_OK = 0.05
_FEW = 50
_MEMBER_TYPES = ("n", "w", "r")


class UnsortedError(Exception):
    """Nodes, ways and relations of a file do not stand in this order."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class PbfFile:
    """An .osm.pbf whose blocks are known.

    Nodes, ways and relations stand in this order in nearly every file, and a few looks show where each kind begins.
    With `thorough` every block is looked into instead. What a `sieve` takes is found in passing, see `Sifting`; nothing
    is where the objects do not stand in order.

    Raises
    ------
    InputError
        If the file is no .osm.pbf, or not whole; from every method.
    OtherPackingError
        If a block is packed by lz4; from every method.
    """

    def __init__(
        self, path: Path, profile: Looked | None = None, *, thorough: bool = False, sieve: Sieve | None = None
    ) -> None:
        self.path = path
        self.sifting = None if sieve is None or thorough else Sifting(sieve)
        self._marks = Marks(profile)
        self.bounds, self._blobs = list_blobs(path)
        self._kinds: dict[Blob, int] = {}
        if thorough:
            for _ in self._blocks(self._blobs, lambda _: None):
                pass
            self._nodes, self._ways, self._relations = (
                [blob for blob in self._blobs if self._kinds[blob] & kind] for kind in (NODES, WAYS, RELATIONS)
            )
        else:
            self._nodes = self._blobs[: self._first(lambda kind: not kind & NODES)]
            ways_end = self._first(lambda kind: not kind & (NODES | WAYS))
            self._ways = self._blobs[self._first(lambda kind: kind > NODES) : ways_end]
            self._relations = self._blobs[self._first(lambda kind: kind >= RELATIONS) :]

    def newest_untagged_nodes(self) -> npt.NDArray[np.int64]:
        """Return the ids of the untagged nodes in the last block of nodes, rising."""
        found = [nodes for _, nodes in self._blocks(self._nodes[-1:], Block.untagged_nodes)]
        return np.unique(_joined(np.int64, found))

    def relations(self) -> list[Relation]:
        """Return routes of ferries, turn restrictions and areas of water, the newest version of each."""
        found: dict[int, tuple[int, Relation]] = {}
        risings = []
        for block, (tagged, ptr, member, version, rising) in self._sifted(RELATION, Block.relations):
            risings.append(rising)
            used = np.unique(np.concatenate([tagged.tag.reshape(-1), member[:, 2]]))
            text = {string: self._text(block.string(string)) for string in used.tolist()}
            for i, number in enumerate(tagged.number.tolist()):
                tags = tagged.tag[tagged.ptr[i] : tagged.ptr[i + 1]].tolist()
                members = member[ptr[i] : ptr[i + 1]].tolist()
                relation = Relation(
                    number,
                    {text[key]: text[value] for key, value in tags},
                    tuple((_MEMBER_TYPES[kind], ref, text[role]) for kind, ref, role in members),
                )
                if number not in found or version[i] >= found[number][0]:
                    found[number] = int(version[i]), relation
        self._sift_deeper()
        newest = self._newest(RELATIONS, risings)
        if newest is not None:
            numbers, versions = np.array(list(found), np.int64), np.array([v for v, _ in found.values()], np.int64)
            found = {number: found[number] for number in numbers[newest.has(numbers, versions)].tolist()}
        return [relation for _, relation in found.values()]

    @property
    def holds_relations(self) -> bool:
        """Whether there is any relation in the file, of whatever kind."""
        return any(self._kinds.get(blob, 0) & RELATIONS for blob in self._relations)

    def ways(self, ferry_members: Collection[int], shore_members: Collection[int] = ()) -> WaysOfFile:
        """Return the roads and ferries, among these the `ferry_members` of relations, and shores.

        Shores come last, see `split_shores`; `shore_members` are those that bound an area of water.

        Raises
        ------
        UnsortedError
            If something stood where it was not looked for.
        InputError
            If too many of the newest untagged nodes belong to no way at all: ways are missing.
        """
        newest = self.newest_untagged_nodes()
        found = np.zeros(newest.size, np.bool_)
        members = np.array(sorted(ferry_members), np.int64)
        shores = np.array(sorted(shore_members), np.int64)
        strings, sets = Interner(), Interner()
        parts: list[Ways] = []
        tagsets: list[npt.NDArray[np.int32]] = []
        for block, ways in self._sifted(WAY, lambda block: block.ways(members, shores, newest, found)):
            parts.append(ways)
            tagsets.append(add_sets(strings, sets, block, ways.tagged))
        if self.sifting:
            self.sifting.ways_done()
        way_id = _joined(np.int64, [part.tagged.number for part in parts])
        newest_ways = self._newest(WAYS, [part.rising for part in parts])
        version = _joined(np.int64, [part.version for part in parts])
        taken = _once(way_id, version, newest_ways)
        sizes = _joined(np.int64, [np.diff(part.ptr) for part in parts])
        own = _joined(np.bool_, [part.own for part in parts])
        node_id, ref, given = _nodes_of(parts, np.repeat(taken, sizes))
        del parts  # of which some hold more than all that is made of them
        x, y, hindering, hindering_tags, node_tagsets, nodes_repeated = self._places(node_id)
        known = np.flatnonzero((given[0] != NO_PLACE) & (x[ref[: given.shape[1]]] == NO_PLACE))
        x[ref[known]], y[ref[known]] = given[:, known]
        self._check_order()
        lost = int((~found).sum())
        if lost > max(_ORPHANS_OK * newest.size, _FEW):
            raise InputError(
                f"{self.path}: cut short at a block boundary: {lost} of its {newest.size} newest plain nodes "
                "belong to no way, so ways are missing; fetch it again"
            )
        way_tags, distinct = _joined(np.int32, tagsets), self._tagsets(strings, sets)
        # Those that a relation alone makes a ferry come after the others, and so do shores.
        order = np.argsort(~own, kind="stable")
        order = order[taken[order]]
        ptr, ref = picking.runs_of(np.concatenate([[0], np.cumsum(sizes)]), ref, order)
        return WaysOfFile(
            way_id[order],
            way_tags[order],
            distinct,
            ptr,
            ref,
            node_id,
            x,
            y,
            hindering,
            hindering_tags,
            node_tagsets,
            version[order],
            ways_repeated=0 if newest_ways is None else newest_ways.doubled,
            nodes_repeated=nodes_repeated,
        )

    def taken_of_ways(self, of: Callable[[Block], Result]) -> Iterator[tuple[Block, Result]]:
        """Yield the blocks of ways, and what is taken `of` each.

        Raises
        ------
        UnsortedError
            At the end, if something stood where it was not looked for.
        """
        yield from self._blocks(self._ways, of)
        for _ in self._blocks([blob for blob in self._blobs if blob not in self._kinds], lambda _: None):
            pass
        self._check_order()

    def sift(self) -> None:
        """Take what the sieve takes, and nothing else.

        Raises
        ------
        UnsortedError
            If something stood where it was not looked for.
        """
        for _ in self._sifted(RELATION, lambda _: None):
            pass
        self._sift_deeper()
        for kind in (WAY, NODE):
            for _ in self._sifted(kind, lambda _: None):
                pass
            if kind == WAY and self.sifting:
                self.sifting.ways_done()
        self._check_order()

    def _sifted(self, kind: int, work: Callable[[Block], Result]) -> Iterator[tuple[Block, Result]]:
        """Yield the blocks of a kind, and what `work` makes of them; what is sifted from them is taken in passing."""
        blobs, sifting = {NODE: self._nodes, WAY: self._ways, RELATION: self._relations}[kind], self.sifting
        if sifting is None:
            yield from self._blocks(blobs, work)
            return
        beside = {NODE: sifting.nodes_of, WAY: sifting.ways_of, RELATION: sifting.relations_of}[kind]
        for block, (own, found) in self._blocks(blobs, lambda block: (work(block), beside(block))):
            sifting.add(kind, block, found)
            yield block, own

    def _sift_deeper(self) -> None:
        """Sift the relations of which those that were taken are made."""
        if self.sifting is None:
            return
        for _ in range(DEEPEST - 1):
            if not self.sifting.deeper():
                break
            for block, found in self._blocks(self._relations, self.sifting.deeper_of):
                self.sifting.add(RELATION, block, found, again=True)
        self.sifting.relations_done()

    def _newest(self, kind: int, risings: Sequence[Rising]) -> Newest | None:
        """Return the newest versions of all objects of a kind; None where their ids show that none stands twice."""
        there = [rising for rising in risings if rising.size]
        if all(one.rises for one in there) and all(a.last < b.first for a, b in itertools.pairwise(there)):
            return None
        blobs = {NODES: self._nodes, WAYS: self._ways, RELATIONS: self._relations}[kind]
        return Newest.of(versions for _, versions in self._blocks(blobs, lambda block: block.versions(kind)))

    def _places(self, node_id: npt.NDArray[np.int64], newest: Newest | None = None) -> tuple[Any, ...]:
        """Return coordinates of nodes, those with tags that may hinder, these tags, and how many nodes came again."""
        x, y = np.full(node_id.size, NO_PLACE, np.int32), np.full(node_id.size, NO_PLACE, np.int32)
        strings, sets = Interner(), Interner()
        hindering = np.full(node_id.size, -1, np.int32)
        risings = []
        for block, nodes in self._sifted(NODE, lambda block: block.places(node_id, newest)):
            x[nodes.place], y[nodes.place] = nodes.x, nodes.y
            hindering[nodes.place] = -1  # of twins the last one counts, with its tags
            risings.append(nodes.rising)
            if nodes.tagged.number.size:
                hindering[nodes.tagged.number] = add_sets(strings, sets, block, nodes.tagged)
        if newest is None:
            newest = self._newest(NODES, risings)
            if newest is not None and newest.doubled:
                return self._places(node_id, newest)
        at = np.flatnonzero(hindering >= 0).astype(np.int32)
        return x, y, at, hindering[at], self._tagsets(strings, sets), 0 if newest is None else newest.doubled

    def _blocks(self, blobs: Sequence[Blob], work: Callable[[Block], Result]) -> Iterator[tuple[Block, Result]]:
        """Yield blocks and what `work` makes of them."""

        def outlined(data: npt.NDArray[np.uint8]) -> tuple[Block, Result]:
            block = Block(data, self._marks)
            return block, work(block)

        for blob, (block, result) in unpacked(self.path, blobs, outlined):
            self._kinds[blob] = block.holds
            yield block, result

    def _first(self, holds: Callable[[int], bool]) -> int:
        """Return the place of the first block of whose kinds something holds, which holds of those behind it too."""
        low, high = 0, len(self._blobs)
        while low < high:
            middle = (low + high) // 2
            if self._blobs[middle] not in self._kinds:
                for _ in self._blocks([self._blobs[middle]], lambda _: None):
                    pass
            low, high = (low, middle) if holds(self._kinds[self._blobs[middle]]) else (middle + 1, high)
        return low

    def _check_order(self) -> None:
        for kind, looked_at in ((NODES, self._nodes), (WAYS, self._ways), (RELATIONS, self._relations)):
            if not {blob for blob, holds in self._kinds.items() if holds & kind} <= set(looked_at):
                raise UnsortedError(self.path)
        if len(self._kinds) < len(self._blobs):
            raise UnsortedError(self.path)

    def _tagsets(self, strings: Interner, sets: Interner) -> tuple[Tags, ...]:
        text = [self._text(strings[i]) for i in range(len(strings))]
        pairs = (np.frombuffer(sets[i], np.int32).reshape(-1, 2).tolist() for i in range(len(sets)))
        return tuple(tuple((text[key], text[value]) for key, value in tags) for tags in pairs)

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: {raw[:80]!r} is no text in UTF-8; fetch the file again") from error


def newest_untagged_nodes(path: Path) -> npt.NDArray[np.int64]:
    """Return the ids of the untagged nodes in the last block of nodes of a file, rising.

    A file cut at a block boundary is read without an error by every reader, because the format has no table of
    contents. But nodes come before ways in it, and in a whole extract nearly every node without tags belongs to some
    way. So the newest such nodes are looked up among the ways: where many belong to none, ways are missing.

    Raises
    ------
    InputError
        If the file ends in the middle of a block, or is not an .osm.pbf.
    """
    try:
        return PbfFile(path).newest_untagged_nodes()
    except OtherPackingError:
        return np.empty(0, np.int64)


def _once(
    number: npt.NDArray[np.int64], version: npt.NDArray[np.int64], newest: Newest | None
) -> npt.NDArray[np.bool_]:
    """Say which objects to take: of each the newest version, of twins the last one."""
    chosen = np.ones(number.size, np.bool_)
    if newest is not None:
        chosen = newest.has(number, version)
        order = np.lexsort((np.arange(number.size), chosen, number))
        again = number[order][:-1] == number[order][1:]
        chosen[order[:-1][again]] = False
    return chosen


def _nodes_of(
    parts: Sequence[Ways], chosen: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the ids of the nodes of chosen ways, the place of each reference among them, and what ways give of them.

    That is longitude and latitude of each reference, `NO_PLACE` where its way gives none; nothing where no way does.
    References of ways that are not chosen have a place that is none.
    """
    refs = _joined(np.int64, [part.ref for part in parts])
    if chosen.all():
        node_id, ref = ids.distinct(refs, spent=True)
    else:
        ref = np.full(refs.size, -1, np.int32)
        node_id, ref[chosen] = ids.distinct(refs[chosen], spent=True)
    if not any(part.x.size for part in parts):
        return node_id, ref, np.empty((2, 0), np.int32)
    given = np.full((2, ref.size), NO_PLACE, np.int32)
    at = 0
    for part in parts:
        if part.x.size:
            given[:, at : at + part.ref.size] = part.x, part.y
        at += part.ref.size
    given[:, ~chosen] = NO_PLACE
    return node_id, ref, given


def _joined(dtype: Any, parts: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts])

"""What an .osm.pbf holds of some tags, with all that its objects are made of: found in the pass that reads the roads.

Features, boundaries and glaciers are few, and to look for each kind through a whole file takes as long as all roads.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import ids
from geoaccess.network.counting import numbers_from
from geoaccess.osm.interning import Interner
from geoaccess.osm.keyed import KeyedWays
from geoaccess.osm.road_keys import RoadKeys
from geoaccess.osm.small_extract import Objects, TagSets, write_extract
from geoaccess.osm.tag_sets import add_sets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.block_objects import Found
    from geoaccess.osm.blocks import Block
    from geoaccess.osm.keyed import Keyed

__all__ = ["DEEPEST", "NODE", "RELATION", "WAY", "Sieve", "Sifting"]

DEEPEST = 3
"""So deep relations of relations are taken."""

NODE, WAY, RELATION = range(3)  # types of members
_NONE = np.empty(0, np.int64)
_PAIR = 8  # bytes of a key and a value, each an int32


class Sieve:
    """Tags by which objects are taken: pairs of key and value. What was taken of each file is in `found`.

    Beside those, the ways that `keyed` takes are listed, and `with_road_keys` the keys on roads are counted.
    """

    def __init__(
        self, tags: Iterable[tuple[str, str]], *, keyed: Keyed | None = None, with_road_keys: bool = False
    ) -> None:
        self.found: dict[Path, Sifting] = {}
        self.keyed, self.with_road_keys = keyed, with_road_keys
        self.tags = sorted(set(tags))
        words: dict[str, int] = {}
        for word in itertools.chain(*self.tags):
            words.setdefault(word, len(words))
        self._size = len(words) + 1
        self._words = Interner(word.encode() for word in words)
        self._pairs = np.array(sorted(words[key] * self._size + words[value] for key, value in self.tags), np.int64)
        self._begins, self._ends = (np.zeros(self._size, np.bool_) for _ in range(2))
        self._begins[[words[key] for key, _ in self.tags]] = True
        self._ends[[words[value] for _, value in self.tags]] = True

    def keys(self, block: Block) -> npt.NDArray[np.bool_]:
        """Say of the strings of a block whether they are the key of one of the tags."""
        return self._begins[self._words.find(block.data, block.string_start, block.string_stop)]

    def taken(self, block: Block, tag: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Say of tags (key, value), strings of a block, whether they are among these."""
        word = self._words.find(block.data, block.string_start, block.string_stop).astype(np.int64)
        if not (self._begins[word].any() and self._ends[word].any()):  # nothing of it in the whole block
            return np.zeros(len(tag), np.bool_)
        key, value = word[tag[:, 0]], word[tag[:, 1]]
        found: npt.NDArray[np.bool_] = (key >= 0) & (value >= 0) & np.isin(key * self._size + value, self._pairs)
        return found


class Sifting:
    """The objects of one file that a sieve takes, while its blocks go by: relations, then ways, then nodes.

    Only files are sifted in which every object stands once, by rising ids from 0 on, and is not deleted, and whose
    words are text; of others `plain` becomes false.
    """

    def __init__(self, sieve: Sieve) -> None:
        self.sieve, self.plain = sieve, True
        self._strings, self._sets = Interner([b""]), Interner()
        self.keyed, self.road_keys = KeyedWays(), RoadKeys()
        self._found: dict[int, list[Objects]] = {kind: [] for kind in (NODE, WAY, RELATION)}
        self._last = dict.fromkeys(self._found, -1)
        self._deeper, self._members, self._refs = (np.empty(0, np.int64) for _ in range(3))

    # In threads, block by block

    def relations_of(self, block: Block) -> Found:
        """Return the relations of a block that carry one of the tags."""
        return block.some_relations(lambda tag: self.sieve.taken(block, tag), _NONE)

    def deeper_of(self, block: Block) -> Found:
        """Return the relations of a block that others are made of."""
        return block.some_relations(lambda tag: np.zeros(len(tag), np.bool_), self._deeper)

    def ways_of(self, block: Block) -> Found:
        """Return the ways of a block that carry one of the tags, or that relations are made of."""
        found = block.some_ways(lambda tag: self.sieve.taken(block, tag), self._members)
        keyed = None if self.sieve.keyed is None else self.sieve.keyed.of(block)
        return found._replace(keyed=keyed, road_keys=block.road_keys() if self.sieve.with_road_keys else None)

    def nodes_of(self, block: Block) -> Found:
        """Return the nodes of a block that carry one of the tags, or that ways or relations are made of."""
        return block.some_nodes(self.sieve.keys(block), lambda tag: self.sieve.taken(block, tag), self._refs)

    # What became of them, in the order of the file

    def add(self, kind: int, block: Block, found: Found, *, again: bool = False) -> None:
        """Take in the objects of a block; `again` where the blocks of their kind go by once more."""
        if found.keyed is not None:
            self.keyed.add(block, found.keyed)
        if found.road_keys is not None:
            self.road_keys.add(block, found.road_keys)
        rising = found.rising
        if rising.size and not again:
            self.plain &= rising.rises and rising.first > self._last[kind]
            self._last[kind] = rising.last
        self.plain &= found.plain
        if not (self.plain and found.tagged.number.size):
            return
        tags = add_sets(self._strings, self._sets, block, found.tagged)
        used, place = np.unique(found.role, return_inverse=True)
        words = self._strings.add(block.data, block.string_start[used], block.string_stop[used])
        role = words.astype(np.int64)[place]
        self._found[kind].append(Objects(found.tagged.number, tags, found.ptr, found.ref, found.kind, role))

    def deeper(self) -> bool:
        """Return whether relations are wanted that others are made of and that were not looked for."""
        number, kind, ref = self._members_of_relations()
        known = np.union1d(number, self._deeper)
        self._deeper = np.setdiff1d(ref[kind == RELATION], known)
        return bool(self._deeper.size)

    def relations_done(self) -> None:
        """Look for the ways and nodes that relations are made of from now on."""
        _, kind, ref = self._members_of_relations()
        self._members, self._refs = np.unique(ref[kind == WAY]), np.unique(ref[kind == NODE])

    def ways_done(self) -> None:
        """Look for the nodes that ways are made of from now on."""
        self._refs = ids.different(np.concatenate([self._refs, *(part.ref for part in self._found[WAY])]))

    def write(self, path: Path) -> bool:
        """Write all that was taken as a small .osm.pbf, and return whether that could be done."""
        letters, ptr = self._strings.whole()
        words = [letters[a:b].tobytes() for a, b in itertools.pairwise(ptr.tolist())]
        self.plain = self.plain and all(_is_text(word) for word in words)
        if self.plain:
            pairs, ends = self._sets.whole()
            sets = TagSets(words, ends // _PAIR, pairs.view(np.int32).reshape(-1, 2))
            write_extract(path, sets, *(_joined(self._found[kind]) for kind in (NODE, WAY, RELATION)))
        return self.plain

    def _members_of_relations(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        relations = _joined(self._found[RELATION])
        return relations.number, relations.kind, relations.ref


def _is_text(word: bytes) -> bool:
    try:
        return "\0" not in word.decode()
    except UnicodeDecodeError:
        return False


def _joined(parts: list[Objects]) -> Objects:
    """Return objects as those of one block, by rising ids."""
    empty = np.empty(0, np.int64)
    number, tags, ref, kind, role = (
        np.concatenate([empty, *(getattr(part, name) for part in parts)])
        for name in ("number", "tags", "ref", "kind", "role")
    )
    sizes = np.concatenate([empty, *(np.diff(part.ptr) for part in parts)])
    order = np.argsort(number, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(sizes[order])])
    if not (order[:-1] < order[1:]).all():  # relations that were found in more than one turn
        at = numbers_from((np.cumsum(sizes) - sizes)[order], sizes[order])
        number, tags, ref = number[order], tags[order], ref[at]
        kind, role = (of[at] if of.size else of for of in (kind, role))
    return Objects(number, tags.astype(np.int32), ptr, ref, kind, role)

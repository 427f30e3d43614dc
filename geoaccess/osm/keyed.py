"""Ways that have one of some keys, with some of their tags: taken from blocks as they go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.osm.interning import Interner
from geoaccess.osm.tag_sets import add_sets

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from geoaccess.osm.block_objects import Tagged
    from geoaccess.osm.blocks import Block

__all__ = ["Keyed", "KeyedWays"]


class Keyed:
    """Takes the ways that have one of the keys `having`, and of their tags those of the keys `kept`; all for None."""

    def __init__(self, having: Iterable[str], kept: Iterable[str] | None) -> None:
        every = kept is None
        having, kept = set(having), set(kept or ())
        words = sorted(having | kept)
        self._words = Interner(word.encode() for word in words)
        self._having = np.array([*(word in having for word in words), False], np.bool_)
        self._kept = np.array([*(every or word in kept for word in words), every], np.bool_)

    def of(self, block: Block) -> Tagged:
        """Return the ways of a block."""
        word = self._words.find(block.data, block.string_start, block.string_stop)
        return block.keyed_ways(self._having[word], self._kept[word])


class KeyedWays:
    """The ways of a file that `Keyed` took, with the tags that are alike kept once."""

    def __init__(self) -> None:
        self._strings, self._sets = Interner(), Interner()
        self._parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]] = []

    def add(self, block: Block, tagged: Tagged) -> None:
        """Take in the ways of a block."""
        self._parts.append((tagged.number, add_sets(self._strings, self._sets, block, tagged)))

    def rows(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """Return the id of each way, in the order of the file, and the place of its tags among `tagsets`."""
        numbers, places = zip(*self._parts, strict=True) if self._parts else ((), ())
        return np.concatenate([np.empty(0, np.int64), *numbers]), np.concatenate([np.empty(0, np.int32), *places])

    def tagsets(self) -> list[dict[str, str]]:
        """Return the sets of tags.

        Raises
        ------
        UnicodeDecodeError
            If a word is no text in UTF-8.
        """
        text = [self._strings[i].decode() for i in range(len(self._strings))]
        pairs = (np.frombuffer(self._sets[i], np.int32).reshape(-1, 2).tolist() for i in range(len(self._sets)))
        return [{text[key]: text[value] for key, value in tags} for tags in pairs]

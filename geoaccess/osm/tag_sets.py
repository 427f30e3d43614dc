"""Sets of tags, each kept once, of strings that are kept once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.osm.block_objects import Tagged
    from geoaccess.osm.blocks import Block
    from geoaccess.osm.interning import Interner

__all__ = ["add_sets"]

_PAIR = 8  # bytes of a key and a value, each an int32


def add_sets(strings: Interner, sets: Interner, block: Block, tagged: Tagged) -> npt.NDArray[np.int32]:
    """Return the numbers of the tag sets of a block, made of the strings of all blocks."""
    number = np.full(block.string_start.size, -1, np.int32)
    number[tagged.tag] = 0
    used = np.flatnonzero(number == 0)
    number[used] = strings.add(block.data, block.string_start[used], block.string_stop[used])
    raw = number[tagged.tag].reshape(-1).view(np.uint8)
    raw.flags.writeable = False  # as the bytes of files are: one compiled version does for both
    return sets.add(raw, tagged.ptr[:-1] * _PAIR, tagged.ptr[1:] * _PAIR)

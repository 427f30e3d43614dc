"""Keys of the tags on roads and ferries, counted while blocks of ways go by, whatever profile looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.osm.interning import Interner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geoaccess.osm.block_objects import KeysOfRoads
    from geoaccess.osm.blocks import Block

__all__ = ["RoadKeys", "table_of_keys"]

_ROW = 12  # bytes of three int32: a value of `highway`, one of `route`, a key


class RoadKeys:
    """On how many ways of a file each key is, by their values of `highway` and `route`."""

    def __init__(self) -> None:
        self._strings, self._rows = Interner([b""]), Interner()
        self._ways = np.zeros(1024, np.int64)

    def add(self, block: Block, found: KeysOfRoads) -> None:
        """Take in what was counted in a block."""
        if not found.ways.size:
            return
        number = np.full(block.string_start.size + 1, -1, np.int32)
        number[found.row] = 0
        used = np.flatnonzero(number[:-1] == 0)
        number[used] = self._strings.add(block.data, block.string_start[used], block.string_stop[used])
        number[-1] = 0  # a tag that is not there (-1) is as one that is empty
        raw = number[found.row].reshape(-1).view(np.uint8)
        raw.flags.writeable = False  # as the bytes of files are: one compiled version does for both
        starts = np.arange(found.ways.size, dtype=np.int64) * _ROW
        row = self._rows.add(raw, starts, starts + _ROW)
        if len(self._rows) > self._ways.size:
            self._ways = np.append(self._ways, np.zeros(len(self._rows), np.int64))
        np.add.at(self._ways, row, found.ways)

    def counts(self) -> dict[tuple[str, str, str], int]:
        """Return the ways by value of `highway` and of `route`, "" for none, and key.

        Raises
        ------
        UnicodeDecodeError
            If a word is no text in UTF-8.
        """
        text = [self._strings[i].decode() for i in range(len(self._strings))]
        rows = np.frombuffer(self._rows.whole()[0].tobytes(), np.int32).reshape(-1, 3).tolist()
        ways = self._ways[: len(rows)].tolist()
        return {(text[highway], text[route], text[key]): n for (highway, route, key), n in zip(rows, ways, strict=True)}


def table_of_keys(parts: Iterable[dict[tuple[str, str, str], int]]) -> pd.DataFrame:
    """Return what was counted in some files: `highway`, `route`, `key`, `ways`, in the order of the first three."""
    total: dict[tuple[str, str, str], int] = {}
    for part in parts:
        for row, ways in part.items():
            total[row] = total.get(row, 0) + ways
    rows = sorted(total)
    highway, route, key = zip(*rows, strict=True) if rows else ((), (), ())
    words = {"highway": highway, "route": route, "key": key}
    table = pd.DataFrame({name: pd.Series(column, dtype="str") for name, column in words.items()})
    return table.assign(ways=pd.Series([total[row] for row in rows], dtype="int64"))

"""A reader of R's data files, as far as one data frame with numbers, words and lists of matrices needs it."""

from __future__ import annotations

import bz2
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path

SYMBOL, PAIRS, TEXT, LOGICAL, INTEGER, REAL, TEXTS, LIST, NOTHING, AGAIN = 1, 2, 9, 10, 13, 14, 16, 19, 254, 255
NOT_THERE = -(2**31)


class _Reader:
    """The serialization format of R (R Internals, section 1.8): flags, then what they promise, big end first."""

    def __init__(self, data: bytes) -> None:
        assert data[:7] == b"RDX2\nX\n"
        self.data, self.at = data, 7 + 12
        self.symbols: list[str] = []

    def _take(self, form: str) -> Any:
        found = struct.unpack_from(f">{form}", self.data, self.at)
        self.at += struct.calcsize(f">{form}")
        return found[0]

    def _array(self, kind: str) -> np.ndarray:
        size = self._take("i")
        found = np.frombuffer(self.data, kind, size, self.at)
        self.at += found.nbytes
        return found.astype(kind[1:])

    def item(self) -> tuple[Any, dict[str, Any]]:
        """Return a value and its attributes."""
        flags = self._take("i")
        kind = flags & 255
        attributes: dict[str, Any] = {}
        if kind == NOTHING:
            return None, attributes
        if kind == AGAIN:
            return self.symbols[(flags >> 8) - 1], attributes
        if kind == SYMBOL:
            self.symbols.append(self.item()[0])
            return self.symbols[-1], attributes
        if kind == TEXT:
            size = self._take("i")
            self.at += max(size, 0)
            return (self.data[self.at - size : self.at].decode() if size >= 0 else None), attributes
        if kind == PAIRS:
            attributes = dict(self.item()[0]) if flags & 512 else {}
            name = self.item()[0] if flags & 1024 else None
            value, of_value = self.item()
            if "dim" in of_value and value is not None:
                value = value.reshape(tuple(of_value["dim"]), order="F")
            return [(name, value), *(self.item()[0] or [])], of_value
        value: Any
        if kind in (LOGICAL, INTEGER):
            value = self._array(">i4")
        elif kind == REAL:
            value = self._array(">f8")
        elif kind in (TEXTS, LIST):
            items = [self.item() for _ in range(self._take("i"))]
            value = [part.reshape(tuple(of["dim"]), order="F") if "dim" in of else part for part, of in items]
        else:
            raise NotImplementedError(f"type {kind}")
        if flags & 512:
            attributes = dict(self.item()[0])
        return value, attributes


def read_frame(path: Path) -> pd.DataFrame:
    """Return the one data frame of an .rda file: NA as missing, factors as their words, shapes as lists of points."""
    reader = _Reader(bz2.decompress(path.read_bytes()))
    # The names of columns are an attribute of the frame, which the value alone does not carry.
    flags = reader._take("i")
    assert flags & 255 == PAIRS
    reader.item()
    columns, attributes = reader.item()
    found = {}
    for name, column in zip(attributes["names"], columns, strict=True):
        whole = isinstance(column, np.ndarray) and column.dtype.kind == "i"
        found[name] = np.where(column == NOT_THERE, np.nan, column) if whole else pd.Series(list(column))
    return pd.DataFrame(found)

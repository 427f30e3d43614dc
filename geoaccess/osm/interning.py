"""Strings and runs of numbers that come again and again, each kept once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import interning

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = ["Interner"]


class Interner:
    """Runs of bytes, numbered in the order in which they come.

    >>> kept = Interner([b"highway", b"ferry", b"highway"])
    >>> len(kept), kept[1]
    (2, b'ferry')
    """

    def __init__(self, first: Iterable[bytes] = ()) -> None:
        self._seed = (
            int.from_bytes(os.urandom(4)) >> 1
        )  # so that no file can be made whose strings all fall into one place
        self._table = np.full(1024, -1, np.int32)
        self._ptr = np.zeros(512, np.int64)
        self._letters = np.empty(8192, np.uint8)
        self._size = 0
        runs = list(first)
        ends = np.cumsum([len(run) for run in runs], dtype=np.int64)
        self.add(np.frombuffer(b"".join(runs), np.uint8), np.concatenate([[0], ends])[:-1], ends)

    def __len__(self) -> int:
        """Return how many different runs there are."""
        return self._size

    def __getitem__(self, number: int) -> bytes:
        """Return a run."""
        return self._letters[self._ptr[number] : self._ptr[number + 1]].tobytes()

    def whole(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """Return all runs one after another, and where each begins and ends: run i at ptr[i]:ptr[i + 1]."""
        ptr = self._ptr[: self._size + 1]
        return self._letters[: ptr[-1]], ptr

    def find(
        self, data: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int32]:
        """Return the number of each run data[start[i]:stop[i]]; -1 where it is not among these."""
        found: npt.NDArray[np.int32] = interning.find_words(
            data, start, stop, self._table, self._ptr, self._letters, self._seed
        )
        return found

    def add(
        self, data: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int32]:
        """Return the number of each run data[start[i]:stop[i]], a new one for those that are new."""
        self._make_room(start.size, int((stop - start).sum()))
        numbers: npt.NDArray[np.int32]
        numbers, self._size = interning.add_words(
            data, start, stop, self._table, self._ptr, self._letters, self._size, self._seed
        )
        return numbers

    def _make_room(self, runs: int, letters: int) -> None:
        runs += self._size
        letters += int(self._ptr[self._size])
        if runs >= self._ptr.size:
            self._ptr = _longer(self._ptr, runs + 1)
        if letters > self._letters.size:
            self._letters = _longer(self._letters, letters)
        if 2 * runs > self._table.size:
            self._table = np.full(1 << (2 * runs).bit_length(), -1, np.int32)
            interning.spread_words(self._table, self._ptr, self._letters, self._size, self._seed)


def _longer(values: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    longer: npt.NDArray[Any] = np.empty(max(size, 2 * values.size), values.dtype)
    longer[: values.size] = values
    return longer

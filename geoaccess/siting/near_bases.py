"""Which bases are near enough to which points, as pairs: a country has few of all the pairs that there could be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.network.counting import numbers_from

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NearBases", "near_bases"]


@dataclass(frozen=True, eq=False)
class NearBases:
    """Base `base[i]` is near enough to point `point[i]`: each pair once, in the order of points, then bases.

    `shape` is (n_points, n_bases), as of the table of all pairs, shape (n_points, n_bases), true where near enough.
    """

    point: npt.NDArray[np.int32]
    base: npt.NDArray[np.int32]
    shape: tuple[int, int]

    def sizes(self) -> npt.NDArray[np.int64]:
        """Return how many bases are near enough to each point."""
        return np.bincount(self.point, minlength=self.shape[0])

    def vehicles(self, number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the sum of `number` over the bases near enough to each point."""
        return np.bincount(self.point, number[self.base], minlength=self.shape[0]).astype(np.int64)

    def of_points(self, points: npt.NDArray[np.intp]) -> NearBases:
        """Return the pairs of some points, which are numbered as they are given."""
        first = np.append(0, np.cumsum(self.sizes()))
        size = first[points + 1] - first[points]
        rows = numbers_from(first[points], size)
        point = np.repeat(np.arange(points.size, dtype=np.int32), size)
        return NearBases(point, self.base[rows], (points.size, self.shape[1]))

    @property
    def bytes_of_rows(self) -> int:
        """How many bytes `kinds` compares: those of each row of the table and of `before`."""
        return self.shape[0] * (-(-self.shape[1] // 8) + 8)

    def kinds(self, before: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return a point of each kind, and the kind of each point: of one kind are those near the same bases.

        The kinds are in the order of their rows of the table, with `before` last: eight bases to a byte, and `before`
        with its highest byte first.
        """
        rows = np.zeros((self.shape[0], -(-self.shape[1] // 8) + 8), np.uint8)
        place = self.point * np.int64(rows.shape[1]) + self.base // 8
        bit = np.uint8(128) >> (self.base % 8).astype(np.uint8)
        first = np.flatnonzero(np.diff(place, prepend=-1))
        if first.size:
            rows.ravel()[place[first]] = np.add.reduceat(bit, first, dtype=np.uint8)
        rows[:, -8:] = before.astype(">i8").view(np.uint8).reshape(-1, 8)
        _, one, which = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True, return_inverse=True)
        return one, which.ravel()


def near_bases(near: npt.NDArray[np.bool_] | NearBases) -> NearBases:
    """Return the pairs of a table, shape (n_points, n_bases), or pairs as they are.

    Raises
    ------
    InputError
        If the table has not two dimensions.
    """
    if isinstance(near, NearBases):
        return near
    if near.ndim != 2:  # noqa: PLR2004
        raise InputError(f"near has the shape {near.shape}; give (points, bases)")
    point, base = np.nonzero(near)
    return NearBases(point.astype(np.int32), base.astype(np.int32), (near.shape[0], near.shape[1]))

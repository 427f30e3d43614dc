"""A search tree of the pieces of lines, or of points, in a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import boxes
from geoaccess.network.curve import curve_order

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["SegmentTree"]

_LEAF = 8


class SegmentTree:
    """Segments of line from (ax, ay) to (bx, by), each of an owner; -1 is no piece.

    >>> import numpy as np
    >>> x, y = np.array([0.0, 10, 10]), np.array([0.0, 0, 5])
    >>> corner = SegmentTree(np.array([7, 8], np.int32), x[:-1], y[:-1], x[1:], y[1:])
    >>> [part.tolist() for part in corner.nearest(np.array([3.0, 12, 50]), np.array([1.0, 4, 0]), most=20)]
    [[7, 8, -1], [1.0, 2.0, inf]]
    """

    def __init__(
        self,
        owner: npt.NDArray[np.int32],
        ax: npt.NDArray[np.float64],
        ay: npt.NDArray[np.float64],
        bx: npt.NDArray[np.float64],
        by: npt.NDArray[np.float64],
    ) -> None:
        self._owner, self._ends = owner, (ax, ay, bx, by)
        leaf = boxes.leaves(owner, _LEAF)
        box = boxes.leaf_boxes(leaf, *self._ends)
        order = curve_order((box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2)
        self._leaf = leaf[order]
        levels = [box[order]]
        while len(levels[-1]) > 1:
            levels.append(boxes.upper_boxes(levels[-1]))
        self._box = np.concatenate(levels)
        self._level = np.cumsum([0, *(len(level) for level in levels)])

    def nearest(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, most: float = np.inf
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return the owner of the nearest piece of each point and the distance; -1 and inf beyond `most`.

        Of owners equally near, the smallest.
        """
        if not len(self._leaf):
            return np.full(x.size, -1, np.int32), np.full(x.size, np.inf)
        order = curve_order(x, y)
        owner, distance = np.empty(x.size, np.int32), np.empty(x.size)
        owner[order], distance[order] = boxes.nearest(
            x[order], y[order], float(most), self._box, self._level, self._leaf, self._owner, *self._ends
        )
        return owner, distance

    def parts_within(
        self, x: float, y: float, most: float, *, longest: float
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return owner, x, y of the nearest place, and distance, of all parts of pieces within `most` of a point.

        Pieces are cut into parts of one length, at most `longest`, so that long ones have several places.
        """
        piece = self._pieces_near(x, y, most)
        ax, ay, bx, by = (values[piece] for values in self._ends)
        parts = np.maximum(np.ceil(np.hypot(bx - ax, by - ay) / longest), 1).astype(np.int64)
        whole = np.repeat(np.arange(piece.size), parts)
        number = np.arange(whole.size) - np.repeat(np.cumsum(parts) - parts, parts)
        from_x = ax[whole] + (bx - ax)[whole] * number / parts[whole]
        from_y = ay[whole] + (by - ay)[whole] * number / parts[whole]
        dx, dy = (bx - ax)[whole] / parts[whole], (by - ay)[whole] / parts[whole]
        square = np.maximum(dx * dx + dy * dy, np.finfo(float).tiny)
        share = np.clip(((x - from_x) * dx + (y - from_y) * dy) / square, 0, 1)
        near_x, near_y = from_x + share * dx, from_y + share * dy
        distance = np.hypot(near_x - x, near_y - y)
        near = distance <= most
        return self._owner[piece][whole[near]], near_x[near], near_y[near], distance[near]

    def _pieces_near(self, x: float, y: float, most: float) -> npt.NDArray[np.int64]:
        """Return the pieces of the leaves whose box lies within `most` of a point."""
        if not len(self._leaf):
            return np.empty(0, np.int64)
        at = np.array([len(self._box) - 1])
        for level in range(len(self._level) - 2, -1, -1):
            box = self._box[at]
            dx = np.maximum(np.maximum(box[:, 0] - x, x - box[:, 2]), 0)
            dy = np.maximum(np.maximum(box[:, 1] - y, y - box[:, 3]), 0)
            at = at[dx * dx + dy * dy <= most * most]
            if level:
                below = self._level[level - 1] + (at - self._level[level])[:, None] * boxes.FAN + np.arange(boxes.FAN)
                at = below[below < self._level[level]]
        leaf = self._leaf[at]
        sizes = leaf[:, 1] - leaf[:, 0]
        pieces: npt.NDArray[np.int64] = np.repeat(leaf[:, 0] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        return pieces

"""A search tree of the pieces of lines, or of points, in a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import boxes
from geoaccess.network.counting import numbers_from
from geoaccess.network.curve import curve_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    _Values = npt.NDArray[np.float64]
    _Ends = tuple[_Values, _Values, _Values, _Values]

__all__ = ["Parts", "SegmentTree"]

_LEAF = 8


class Parts(NamedTuple):
    """Parts of pieces near points: the point, the owner, the nearest place and the distance of each."""

    point: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int32]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    distance: npt.NDArray[np.float64]


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
        self._grow(owner, boxes.leaves(_fixed(owner), _LEAF), (ax, ay, bx, by))

    @classmethod
    def of_lines(
        cls,
        owner: npt.NDArray[np.int32],
        ptr: npt.NDArray[np.int64],
        chosen: npt.NDArray[np.bool_],
        *ends: npt.NDArray[np.float64],
    ) -> SegmentTree:
        """Return the tree of the pieces of the chosen lines alone; line i has the points ptr[i]:ptr[i + 1].

        Trees of other lines may share `owner`, which also names those of pieces that this one has not.
        """
        tree = cls.__new__(cls)
        tree._grow(owner, boxes.leaves_of_lines(_fixed(ptr), chosen, _LEAF), ends)  # noqa: SLF001 - its own
        return tree

    def _grow(
        self,
        owner: npt.NDArray[np.int32],
        leaf: npt.NDArray[np.int64],
        ends: Sequence[npt.NDArray[np.float64]],
    ) -> None:
        box = boxes.leaf_boxes(leaf, *map(_fixed, ends))
        order = curve_order((box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2)
        self._take(owner, leaf[order], *boxes.levels_of(box, order), ends)

    @classmethod
    def of(
        cls,
        owner: npt.NDArray[np.int32],
        leaf: npt.NDArray[np.int64],
        box: npt.NDArray[np.float64],
        level: npt.NDArray[np.int64],
        *ends: npt.NDArray[np.float64],
    ) -> SegmentTree:
        """Return the tree whose parts `owner`, `leaf`, `box` and `level` were kept, of the same segments."""
        tree = cls.__new__(cls)
        tree._take(owner, leaf, box, level, ends)  # noqa: SLF001 - its own
        return tree

    def _take(
        self,
        owner: npt.NDArray[np.int32],
        leaf: npt.NDArray[np.int64],
        box: npt.NDArray[np.float64],
        level: npt.NDArray[np.int64],
        ends: Sequence[npt.NDArray[np.float64]],
    ) -> None:
        # All read-only, as they are where mapped from a file: one compiled version does for both.
        self.owner, self.leaf, self.box, self.level = _fixed(owner), _fixed(leaf), _fixed(box), _fixed(level)
        self._ends = tuple(map(_fixed, ends))

    @property
    def ends(self) -> _Ends:
        """Both ends of each segment: ax, ay, bx, by; they cannot be written to."""
        ax, ay, bx, by = self._ends
        return ax, ay, bx, by

    def nearest(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, most: float = np.inf, only: int = -1
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return the owner of the nearest piece of each point and the distance; -1 and inf beyond `most`.

        Of owners equally near, the smallest. With `only`, the pieces of that owner alone are looked at.
        """
        if not len(self.leaf):
            return np.full(x.size, -1, np.int32), np.full(x.size, np.inf)
        order = curve_order(x, y)
        owner, distance = np.empty(x.size, np.int32), np.empty(x.size)
        owner[order], distance[order] = boxes.nearest(
            x[order], y[order], float(most), self.box, self.level, self.leaf, self.owner, *self.ends, only
        )
        return owner, distance

    def parts_within(self, x: _Values, y: _Values, most: float, *, longest: float) -> Parts:
        """Return all parts of pieces within `most` of each point, in the order of the points.

        Pieces are cut into parts of one length, at most `longest`, so that long ones have several places.
        """
        near, piece = self._pieces_near(x, y, most)
        ax, ay, bx, by = (values[piece] for values in self._ends)
        parts = np.maximum(np.ceil(np.hypot(bx - ax, by - ay) / longest), 1).astype(np.int64)
        whole = np.repeat(np.arange(piece.size), parts)
        number = np.arange(whole.size) - np.repeat(np.cumsum(parts) - parts, parts)
        from_x = ax[whole] + (bx - ax)[whole] * number / parts[whole]
        from_y = ay[whole] + (by - ay)[whole] * number / parts[whole]
        dx, dy = (bx - ax)[whole] / parts[whole], (by - ay)[whole] / parts[whole]
        square = np.maximum(dx * dx + dy * dy, np.finfo(float).tiny)
        point = near[whole]
        share = np.clip(((x[point] - from_x) * dx + (y[point] - from_y) * dy) / square, 0, 1)
        near_x, near_y = from_x + share * dx, from_y + share * dy
        distance = np.hypot(near_x - x[point], near_y - y[point])
        within = distance <= most
        return Parts(point[within], self.owner[piece][whole[within]], near_x[within], near_y[within], distance[within])

    def _pieces_near(self, x: _Values, y: _Values, most: float) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return (point, piece): the pieces of the leaves whose box lies within `most` of each point."""
        if not len(self.leaf):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        point, at = np.arange(x.size), np.full(x.size, len(self.box) - 1)
        for level in range(len(self.level) - 2, -1, -1):
            box = self.box[at]
            dx = np.maximum(np.maximum(box[:, 0] - x[point], x[point] - box[:, 2]), 0)
            dy = np.maximum(np.maximum(box[:, 1] - y[point], y[point] - box[:, 3]), 0)
            near = dx * dx + dy * dy <= most * most
            point, at = point[near], at[near]
            if level:
                below = self.level[level - 1] + (at - self.level[level])[:, None] * boxes.FAN + np.arange(boxes.FAN)
                there = below < self.level[level]
                point, at = np.repeat(point, there.sum(axis=1)), below[there]
        leaf = self.leaf[at]
        sizes = leaf[:, 1] - leaf[:, 0]
        return np.repeat(point, sizes), numbers_from(leaf[:, 0], sizes)


def _fixed(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view that cannot be written to."""
    view = values.view()
    view.flags.writeable = False
    return view

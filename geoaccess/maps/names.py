"""Names of places on a map: which ones have room, and where beside their point they stand."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["Label", "placed_circles", "placed_names"]

_SIDES: Final = ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0))
"""Where a name is tried, in turn: right of its point, left of it, above and below."""
_FARTHER: Final = ((2.5, False), (4.5, False), (1.0, True))
"""How far off a chief name is tried too, in distances of the others, and whether over what is taken."""


_RINGS: Final = 40
_AROUND: Final = np.array([(1, 1), (1, 0), (0, 1), (-1, 1), (1, -1), (-1, 0), (0, -1), (-1, -1)], np.float64)
"""Where a circle is tried, in turn: at the upper right of its point, and all round."""


class Label(NamedTuple):
    """A name that is drawn: its row, and the middle of its box."""

    row: int
    x: float
    y: float


@checks_arguments
def placed_names(
    points: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.float64],
    *,
    window: tuple[float, float, float, float],
    beside: float,
    apart: float = 0.0,
    taken: npt.NDArray[np.float64] | None = None,
    chief: int = 0,
) -> list[Label]:
    """Return the names that can be drawn without overlap, each where it is first free: the first rows come first.

    Parameters
    ----------
    points
        Shape (n, 2); all lengths are in one unit, pixels or inches.
    sizes
        Width and height of each name, shape (n, 2).
    window
        Left, bottom, right and top: a name lies wholly inside.
    beside
        Between a point and the edge of its name.
    apart
        Between two names, at least.
    taken
        Boxes that names keep off, shape (m, 4): left, bottom, right, top.
    chief
        So many of the first names in the window are also tried farther off, and then over what is taken.

    Raises
    ------
    InputError
        If the arrays do not belong together.

    Examples
    --------
    >>> here = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.1]])
    >>> [tuple(label) for label in placed_names(here, np.full((3, 2), (2.0, 1.0)), window=(-9, -9, 9, 9), beside=0.5)]
    [(0, 1.5, 0.0), (1, -0.5, 0.0), (2, 1.0, 1.1)]
    """
    if points.shape != sizes.shape or points.ndim != 2 or points.shape[1] != 2:  # noqa: PLR2004 - x and y
        raise InputError(f"points {points.shape} and sizes {sizes.shape} must both have a row (x, y) for each name")
    left, bottom, right, top = window
    spots = np.empty((0, 4)) if taken is None else np.asarray(taken, np.float64).reshape(-1, 4)
    boxes = np.empty((0, 4))
    found: list[Label] = []
    seen = 0
    for row, ((x, y), (wide, high)) in enumerate(zip(points.tolist(), sizes.tolist(), strict=True)):
        if not (left <= x <= right and bottom <= y <= top):
            continue
        seen += 1
        tries = [(1.0, False), *(_FARTHER if seen <= chief else ())]
        for (off, over), (across, up) in product(tries, _SIDES):
            mid_x, mid_y = x + across * (off * beside + wide / 2), y + up * (off * beside + high / 2)
            box = (mid_x - wide / 2, mid_y - high / 2, mid_x + wide / 2, mid_y + high / 2)
            if box[0] < left or box[1] < bottom or box[2] > right or box[3] > top:
                continue
            if not (_meets(boxes, box, apart) or (not over and _meets(spots, box, 0.0))):
                boxes = np.vstack([boxes, box])
                found.append(Label(row, mid_x, mid_y))
                break
    return found


def placed_circles(
    points: npt.NDArray[np.float64],
    wide: npt.NDArray[np.float64],
    *,
    window: tuple[float, float, float, float],
    beside: float,
    taken: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the middles of circles beside points, each where it is first free of others and of points, then farther.

    Parameters
    ----------
    points
        Shape (n, 2); all lengths are in one unit.
    wide
        Of each circle.
    window
        Left, bottom, right and top: a circle lies wholly inside.
    beside
        Between a point and its circle, and between circles half as much.
    taken
        Boxes that circles keep off, shape (m, 4): left, bottom, right, top.

    Examples
    --------
    >>> here = np.array([[0.0, 0.0], [0.1, 0.0]])
    >>> placed_circles(here, np.full(2, 2.0), window=(-9, -9, 9, 9), beside=0.5).round(2).tolist()
    [[1.5, 1.5], [-1.4, 1.5]]
    """
    spots = np.vstack([np.hstack([points - beside / 2, points + beside / 2]), *([] if taken is None else [taken])])
    boxes = np.empty((0, 4))
    middles = points + beside
    for row, (point, width) in enumerate(zip(points, wide.tolist(), strict=True)):
        for ring in range(_RINGS):
            near = point + _AROUND * (beside + width / 2 + ring * width / 2)
            tried = np.hstack([near - width / 2, near + width / 2])
            inside = (tried[:, :2] >= window[:2]).all(axis=1) & (tried[:, 2:] <= window[2:]).all(axis=1)
            free = [
                one for one in tried[inside].tolist() if not (_meets(boxes, one, beside / 2) or _meets(spots, one, 0))
            ]
            if free:
                boxes = np.vstack([boxes, free[0]])
                middles[row] = boxes[-1, :2] + width / 2
                break
    return middles


def _meets(boxes: npt.NDArray[np.float64], box: Sequence[float], apart: float) -> bool:
    """Return whether a box comes nearer to any other than `apart`."""
    across = (boxes[:, 0] < box[2] + apart) & (boxes[:, 2] > box[0] - apart)
    up = (boxes[:, 1] < box[3] + apart) & (boxes[:, 3] > box[1] - apart)
    return bool((across & up).any())

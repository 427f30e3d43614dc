"""Square cells of one size in one CRS, and whether they fit together as a grid."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import shapely

from geoaccess.defaults import ANCHOR
from geoaccess.demand.area import crs_name, outside_area
from geoaccess.tables import show_rows

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyproj


__all__ = ["SLACK", "Anchor", "Placement", "Settings", "apart", "check_lattice", "find_anchor"]

Anchor = Literal["centre", "lower_left"]

SLACK = 0.02  # of the cell size: files in degrees hold positions to a metre or so


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the caller says of the grid; None is left to the file."""

    x: str | None
    y: str | None
    crs: pyproj.CRS | None
    cell_size_m: float | None
    anchor: Anchor | None
    auto: bool = False  # whether a CRS may be chosen where shapes are in degrees
    on_grid: bool | None = None
    area_m2: str | None = None

    @property
    def free(self) -> bool:
        """Whether the caller says that the cells lie on no grid."""
        return self.on_grid is False or (self.on_grid is None and self.area_m2 is not None)


@dataclasses.dataclass(frozen=True)
class Placement:
    """Lower-left corners in metres, shape (n,), of square cells of one size, in one CRS."""

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    size_m: float
    crs: pyproj.CRS
    anchor_taken: str = ""  # which anchor was taken where neither the caller nor ids say it, and why

    def show(self, position: int) -> str:
        """Write the corner of one cell."""
        return f"{self.x[position]:.12g}, {self.y[position]:.12g}"

    def polygons(self, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
        """Return the squares of some cells."""
        x, y = self.x[rows], self.y[rows]
        return np.asarray(shapely.box(x, y, x + self.size_m, y + self.size_m), dtype=object)


def find_anchor(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], size: float) -> tuple[Anchor, str]:
    """Return which point of their cells coordinates are, as their grid shows it, and why.

    A grid nearly always starts at whole multiples of its size: then corners lie on multiples and centres on halves.

    >>> find_anchor(np.array([125.0, 375.0]), np.array([875.0, 875.0]), 250.0)
    ('centre', 'centre: all coordinates lie on halves of the cell size')
    """
    within = np.concatenate([x, y]) / size % 1
    if (np.minimum(within, 1 - within) <= SLACK).all():
        return "lower_left", "lower_left: all coordinates lie on multiples of the cell size"
    if (np.abs(within - 0.5) <= SLACK).all():
        return "centre", "centre: all coordinates lie on halves of the cell size"
    return ANCHOR, f"{ANCHOR}: coordinates lie neither on multiples of the cell size nor on halves of it"


def apart(placement: Placement, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Mark the cells whose corners differ from `x`, `y` by more than rounding to whole metres or degrees explains."""
    allowed = max(1.0, SLACK * placement.size_m)
    return ~(np.maximum(np.abs(x - placement.x), np.abs(y - placement.y)) <= allowed)


def check_lattice(table: Any, placement: Placement) -> list[str]:
    """Say which cells share a place with another, lie off the grid of the rest, or lie outside the CRS's area."""
    size = placement.size_m
    problems = []
    x, y = placement.x + size / 2, placement.y + size / 2
    outside, hint = outside_area(x, y, placement.crs)
    if outside.any():
        rows = show_rows(table, outside, lambda i: f"{x[i]:.12g}, {y[i]:.12g}")
        return [f"centres are outside the area of {crs_name(placement.crs)} in {rows}; {hint}"]
    steps = [_steps(values, size) for values in (placement.x, placement.y)]
    off = np.any([np.abs(s - np.round(s)) > 2 * SLACK for s in steps], axis=0)
    if off.any():
        rows = show_rows(table, off, placement.show)
        problems.append(
            f"cells of {size:g} m are off the grid of the rest in {rows}; check cell_size_m and the corners, or write "
            "on_grid = false if they lie on none"
        )
        return problems
    column, row = (np.round(s).astype(np.int64) for s in steps)
    twice = pd.DataFrame({"column": column, "row": row}).duplicated(keep=False).to_numpy()
    if twice.any():
        problems.append(f"several rows are one and the same cell in {show_rows(table, twice, placement.show)}")
    return problems


def _steps(values: npt.NDArray[np.float64], size: float) -> npt.NDArray[np.float64]:
    """Return positions in cells, counted from the offset that most cells share."""
    within = np.round((values % size) / size, 2) % 1
    shared, counts = np.unique(within, return_counts=True)
    return np.asarray(values / size - float(shared[np.argmax(counts)]))

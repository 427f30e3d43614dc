"""Coarser squares for the screen, where single cells would be too many to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess.maps.results import Cells, Squares, Times

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["DRAWN_AT_MOST", "block_of", "coarsened", "joined", "levels_of"]

DRAWN_AT_MOST: Final = 40_000
FACTORS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 40, 60, 80, 100, 200, 400, 1000, 1_000_000)
MAJORITY: Final = 0.5
FEW: Final = 8


@dataclass(frozen=True)
class _Grouping:
    """Which block each cell is in, and the weight of the cell there: its people, or 1 in a block with nobody."""

    block: npt.NDArray[np.int64]
    number: int
    weight: npt.NDArray[np.float64]

    def total(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.bincount(self.block, weights=values, minlength=self.number).astype(np.float64)

    def mean(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Weighted mean of the finite values; inf where there is none (or only for people elsewhere)."""
        finite = np.isfinite(values)
        weight = np.where(finite, self.weight, 0.0)
        below = self.total(weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            above: npt.NDArray[np.float64] = self.total(weight * np.where(finite, values, 0.0)) / below
        return np.where(below > 0, above, np.inf)

    def most(
        self, codes: npt.NDArray[np.int64], *, among: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.int64]:
        """Return the code of the most people in each block (the smallest code when equal); -1 where there is none."""
        inside = np.ones(len(codes), dtype=np.bool_) if among is None else among
        chosen = np.full(self.number, -1, dtype=np.int64)
        if not inside.any():
            return chosen
        base = int(codes.max()) + 2
        pairs, back = np.unique(self.block[inside] * base + codes[inside] + 1, return_inverse=True)
        weight = np.bincount(back, weights=self.weight[inside])
        order = np.lexsort((-pairs, weight))  # heaviest last, so that it is what stays below
        chosen[pairs[order] // base] = pairs[order] % base - 1
        return chosen


def coarsened(cells: Cells, *, at_most: int = DRAWN_AT_MOST) -> Cells:
    """Join cells to blocks of 2x2, 3x3, 4x4 ... until at most `at_most` squares are left.

    Parameters
    ----------
    cells
        Single cells.
    at_most
        Number of squares that a browser draws smoothly.
    """
    # Cells of any shape have no places of their own on a grid: single ones are counted as they are.
    singles = FACTORS if cells.squares.shapes is None or len(cells.population) <= at_most else FACTORS[1:]
    factor = next(factor for factor in singles if len(pd.unique(block_of(cells.squares, factor)[0])) <= at_most)
    return joined(cells, factor=factor)


def levels_of(cells: Cells, *, at_most: int = DRAWN_AT_MOST) -> list[Cells]:
    """Return what a map shows that one can zoom into: blocks as `coarsened` has them first, single cells last.

    Between blocks of more than eight by eight and the cells there are smaller blocks.
    """
    levels = [coarsened(cells, at_most=at_most)]
    while (factor := levels[-1].factor) > 1:
        finer = max(each for each in FACTORS if each == 1 or (factor > FEW and each <= factor // 4))
        levels.append(joined(cells, factor=finer))
    return levels


def block_of(square: Squares, factor: int) -> tuple[npt.NDArray[np.int64], int]:
    """Return the number of the block that each cell is in, counted row by row, and the length of a row."""
    column = np.rint((square.west - square.west.min()) / square.side_m).astype(np.int64)
    row = np.rint((square.south - square.south.min()) / square.height_m).astype(np.int64)
    width = int(column.max()) // factor + 1
    return (row // factor) * width + column // factor, width


def joined(cells: Cells, *, factor: int) -> Cells:
    """Join cells to blocks of `factor` by `factor`.

    A block has the people of its cells (about, where those of any are); the mean time of those reached, weighted by
    people; the share of its people not reached, and no time when that is more than half; and the municipality, class,
    site and reason of the most people.

    Parameters
    ----------
    cells
        Single cells.
    factor
        1 leaves the cells as they are.
    """
    if factor == 1:
        return cells
    square = cells.squares
    numbers, width = block_of(square, factor)
    blocks, block = np.unique(numbers, return_inverse=True)

    def grouped(counted: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], _Grouping]:
        inside = np.bincount(block, weights=counted, minlength=len(blocks)).astype(np.float64)
        return inside, _Grouping(block, len(blocks), np.where(inside[block] > 0, counted, 1.0))

    people, group = grouped(cells.population)
    asked = {key: grouped(counted) for key, counted in cells.asked.items()}
    names, name = _numbered(cells.municipality)
    side = square.side_m * factor
    return Cells(
        squares=Squares(
            west=square.west.min() + (blocks % width) * side,
            south=square.south.min() + (blocks // width) * side * square.tall,
            side_m=side,
            tall=square.tall,
        ),
        population=people,
        members=np.bincount(block, minlength=len(blocks)).astype(np.int64),
        municipality=names[group.most(name)],
        class_place=group.most(cells.class_place),
        times={key: _joined(times, asked[key][1] if key in asked else group) for key, times in cells.times.items()},
        factor=factor,
        asked={key: inside for key, (inside, _) in asked.items()},
        about=None if cells.about is None else np.bincount(block, weights=cells.about, minlength=len(blocks)) > 0,
    )


def _numbered(texts: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Return some texts in order, each once, and the place of each among them; only those that differ are sorted.

    >>> [part.tolist() for part in _numbered(np.array(["b", "a", "b"], object))]
    [['a', 'b'], [1, 0, 1]]
    """
    number, names = pd.factorize(texts, sort=True)
    return np.asarray(names, object), number


def _joined(times: Times, group: _Grouping) -> Times:
    reached = np.isfinite(times.time_s)
    unreached_share = group.mean(np.where(reached, 0.0, 1.0))
    reasons, reason = _numbered(times.reason)
    why = group.most(reason, among=~reached)
    lost = unreached_share > MAJORITY
    return Times(
        time_s=np.where(lost, np.inf, group.mean(times.time_s)),
        site=np.where(lost, -1, group.most(times.site, among=reached)),
        second_s=np.where(lost, np.inf, group.mean(times.second_s)),
        second_site=np.where(lost, -1, group.most(times.second_site, among=np.isfinite(times.second_s))),
        reason=np.where(why >= 0, reasons[why], ""),
        unreached_share=unreached_share,
    )

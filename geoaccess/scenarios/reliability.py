"""What draws of closures mean to cells: times and chances, from each set of closures solved once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.kernels.keys import FAR
from geoaccess.network import DECISECONDS
from geoaccess.routing import close_edges, undo

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures.specification import Limit
    from geoaccess.routing import NearestField

__all__ = ["Touched", "draw_figures", "reliability_table", "solve_closures"]

_CELLS_AT_ONCE = 4096


class Touched(NamedTuple):
    """What a set of closures does: the cells whose time changes, and their time in deciseconds (`FAR`: never)."""

    cells: npt.NDArray[np.int32]
    times: npt.NDArray[np.int32]


@checks_arguments
def solve_closures(field: NearestField, edges: npt.NDArray[np.int32]) -> Touched:
    """Close some edges of a field, see which attached cells it changes, and open them again."""
    before = field.attached_times_ds()
    change = close_edges(field, edges)
    after = field.attached_times_ds(change.cells)
    differs = after != before[change.cells]
    found = Touched(change.cells[differs].astype(np.int32), after[differs])
    undo(field, change)
    return found


def _blocks(
    before: npt.NDArray[np.int32], sets: Sequence[Touched]
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]]:
    """Return blocks of touched cells with their times under every set, shape (n_sets, n_cells of the block)."""
    ever = np.unique(np.concatenate([np.empty(0, np.int32), *(touched.cells for touched in sets)])).astype(np.int64)
    blocks = []
    for first in range(0, ever.size, _CELLS_AT_ONCE):
        cells = ever[first : first + _CELLS_AT_ONCE]
        times = np.repeat(before[cells][None, :], len(sets), axis=0)
        for row, touched in enumerate(sets):
            inside = (touched.cells >= cells[0]) & (touched.cells <= cells[-1])
            times[row, np.searchsorted(cells, touched.cells[inside])] = touched.times[inside]
        blocks.append((cells, times))
    return blocks


@checks_arguments
def reliability_table(
    before: npt.NDArray[np.int32],
    sets: Sequence[Touched],
    count: npt.NDArray[np.int64],
    *,
    index: pd.Index,
    norms_s: Sequence[Limit] = (),
) -> pd.DataFrame:
    """Return how dependable the way of each cell is.

    Parameters
    ----------
    before
        Time of each cell with everything open, deciseconds, FAR where it is not reached.
    sets
        What each different set of closures does.
    count
        How many draws had it.
    index
        Of the cells.
    norms_s
        Target times, seconds, each one for all cells or one for each.

    Returns
    -------
    Columns `open_s` (everything open), `median_s` and `p90_s` (the least time that half, and nine tenths, of the draws
    do not exceed), `chance_reached`, and `chance_within_norm_1` and so on: shares of draws. inf is never; whoever is
    not reached with everything open is not reached in any draw.
    """
    draws = int(count.sum())
    columns = {"median": before.copy(), "p90": before.copy()}
    limits = _limits_ds(norms_s, before.size)
    chances = [(before <= limit).astype(np.float64) for limit in limits]
    for cells, times in _blocks(before, sets):
        order = np.argsort(times, axis=0, kind="stable")
        rising = np.take_along_axis(times, order, axis=0)
        reached = np.cumsum(count[order], axis=0)
        for name, tenths in (("median", 5), ("p90", 9)):
            first = (10 * reached >= tenths * draws).argmax(axis=0)  # whole numbers, so that nothing is rounded
            columns[name][cells] = rising[first, np.arange(cells.size)]
        for chance, limit in zip(chances, limits, strict=True):
            chance[cells] = (count[:, None] * (times <= limit[cells])).sum(axis=0) / draws
    out = pd.DataFrame({"open_s": _seconds(before)}, index=index)
    for name, values in columns.items():
        out[f"{name}_s"] = _seconds(values)
    out["chance_reached"] = chances[0]
    for number, chance in enumerate(chances[1:], start=1):
        out[f"chance_within_norm_{number}"] = chance
    return out


def _seconds(times: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    return np.where(times == FAR, np.inf, times / DECISECONDS)


@checks_arguments
def draw_figures(
    before: npt.NDArray[np.int32],
    sets: Sequence[Touched],
    people: npt.NDArray[np.float64],
    *,
    norms_s: Sequence[Limit] = (),
) -> pd.DataFrame:
    """Return for each set of closures `people_reached`, and `people_within_norm_1` and so on."""
    names = ["people_reached", *(f"people_within_norm_{number}" for number, _ in enumerate(norms_s, 1))]
    limits = dict(zip(names, _limits_ds(norms_s, before.size), strict=True))
    rows = []
    for touched in sets:
        at = touched.cells
        was, now, who = before[at], touched.times, people[at]
        rows.append(
            {
                name: _inside(people, before, limit) - _inside(who, was, limit[at]) + _inside(who, now, limit[at])
                for name, limit in limits.items()
            }
        )
    return pd.DataFrame(rows, columns=list(limits))


def _inside(people: npt.NDArray[np.float64], times: npt.NDArray[np.int32], limit: npt.NDArray[np.int64]) -> float:
    return float(people[times <= limit].sum())


def _limits_ds(norms_s: Sequence[Limit], cells: int) -> list[npt.NDArray[np.int64]]:
    """Return for each cell the longest time that counts as reached, and that within each norm, in deciseconds."""
    longest = np.full(cells, int(FAR) - 1)
    norms = [np.minimum(np.rint(np.asarray(norm) * DECISECONDS), longest).astype(np.int64) for norm in norms_s]
    return [longest, *(np.broadcast_to(norm, (cells,)) for norm in norms)]

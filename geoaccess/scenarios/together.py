"""Closings that belong together: stretches in a row as one, and links whose loss at once parts most people."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels import graph
from geoaccess.kernels.closings import OVER
from geoaccess.kernels.keys import FAR
from geoaccess.network import DECISECONDS
from geoaccess.routing import close_edges, closing_effects, undo
from geoaccess.scenarios.crossings import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from geoaccess.network import Network
    from geoaccess.routing import NearestField

__all__ = ["alike_in_a_row", "joined_in_a_row", "joint_closings", "one_unit"]

_KINDS = ("ferry", "tunnel", "bridge", "road")
_MOST = 3
_KEPT = 25
_CARRIED = 50
_MIN_DS = 60.0 * DECISECONDS


@checks_arguments
def alike_in_a_row(network: Network, units: Sequence[Unit], effects: npt.ArrayLike) -> list[list[int]]:
    """Return the groups of units that touch and do the same if they close: a bridge and its road, stretches in a row.

    Parameters
    ----------
    effects
        What each closing does, a row each; only equal rows are joined.

    Returns
    -------
    The places of the units of each group, groups in the order of their first unit.
    """
    rows = np.atleast_2d(np.asarray(effects, np.float64))
    if len(rows) != len(units):
        raise InputError(f"{len(units)} units, but {len(rows)} rows of effects")
    if not units:
        return []
    edges = np.concatenate([unit.edges for unit in units])
    owner = np.tile(np.repeat(np.arange(len(units)), [len(unit.edges) for unit in units]), 2)
    ends = np.concatenate([network.edge_u[edges], network.edge_v[edges]])
    place, spots = pd.factorize(_alike(rows)[owner] * np.int64(network.n_nodes) + ends)
    n = len(units)
    label = graph.weak_components(n + len(spots), owner.astype(np.int32), (n + place).astype(np.int32))[:n]
    groups: dict[int, list[int]] = {}
    for i, group in enumerate(label.tolist()):
        groups.setdefault(group, []).append(i)
    return list(groups.values())


def _alike(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return a number for each row, the same for equal rows: by hashing, which is quicker than sorting them."""
    number = np.zeros(len(rows), np.int64)
    for column in rows.T:
        code, values = pd.factorize(column, use_na_sentinel=False)
        number = pd.factorize(number * np.int64(len(values)) + code)[0].astype(np.int64)
    return number


@checks_arguments
def one_unit(units: Sequence[Unit]) -> Unit:
    """Return some units as one that closes at once, of the kind that stands out most: ferry, tunnel, bridge, road."""
    return _joined(units)


@checks_arguments
def joined_in_a_row(units: Sequence[Unit], groups: Sequence[Sequence[int]]) -> list[Unit]:
    """Return the units of each of the groups that `alike_in_a_row` finds as one."""
    return [_joined([units[i] for i in group]) for group in groups]


def _joined(units: Sequence[Unit]) -> Unit:
    if len(units) == 1 == len(units[0].edges) and len({*units[0].ways}) == len(units[0].ways):  # as it is; most are
        return units[0]
    kind = min((unit.kind for unit in units), key=_KINDS.index)
    ordered = sorted(units, key=lambda unit: _KINDS.index(unit.kind))
    return Unit(
        kind,
        next((unit.name for unit in ordered if unit.name), ""),
        next((unit.ref for unit in ordered if unit.ref), ""),
        tuple(dict.fromkeys(way for unit in ordered for way in unit.ways)),
        np.array(sorted({edge for unit in units for edge in unit.edges.tolist()}), np.int32),
        tuple(part for unit in units for part in unit.parts),
    )


@checks_arguments
def joint_closings(
    field: NearestField,
    units: Sequence[Unit],
    *,
    at_once: int = 2,
    cut_off_min: float,
    done: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Close two or three of some units at once, and count who is cut off by their loss together.

    Every pair of `units` is closed; of three, every unit is added to each of the 50 pairs that cut off most, so that
    pairs are exact and threes are the best found. People who live on a closed stretch keep the way to its ends.

    Returns
    -------
    The 25 sets that cut off most and the 25 that cut off most beyond what their parts do alone, worst first: `units`
    (places in `units`), `people_cut_off`, `only_together` (people cut off by no smaller part of the set: those who have
    a way round each closing alone), `people_delayed`, `person_min` (of those delayed) and `cost_min` (with
    `cut_off_min` for each who is cut off).

    Raises
    ------
    InputError
        If `at_once` is neither 2 nor 3.
    """
    if at_once not in {2, _MOST}:
        raise InputError(f"at_once is {at_once}; two or three links can be closed at once")
    pairs = list(combinations(range(len(units)), 2))
    sets: list[tuple[int, ...]] = [*pairs]
    effects = closing_effects(field, _edges(units, sets), done=done) if sets else np.zeros((0, OVER))
    if at_once == _MOST and sets:
        best = np.argsort(-effects[:, 1], kind="stable")[:_CARRIED]
        threes = {tuple(sorted({*pairs[i], k})) for i in best for k in range(len(units)) if k not in pairs[i]}
        sets = sorted(threes)
        effects = closing_effects(field, _edges(units, sets), done=done) if sets else np.zeros((0, OVER))
    if not sets:
        columns = ["units", "people_cut_off", "only_together", "people_delayed", "person_min", "cost_min"]
        return pd.DataFrame(columns=columns)
    alone = closing_effects(field, [unit.edges for unit in units])[:, 1]
    more = effects[:, 1] - np.array([alone[list(one)].sum() for one in sets])
    rows = [*np.argsort(-effects[:, 1], kind="stable")[:_KEPT], *np.argsort(-more, kind="stable")[:_KEPT]]
    found = [
        (sets[row], effects[row, 1], _only_together(field, units, sets[row]), *effects[row, [0, 3]])
        for row in dict.fromkeys(int(row) for row in rows)
    ]
    table = pd.DataFrame(found, columns=["units", "people_cut_off", "only_together", "people_delayed", "person_min"])
    table["person_min"] /= _MIN_DS
    table["cost_min"] = table["person_min"] + cut_off_min * table["people_cut_off"]
    return table.sort_values(["people_cut_off", "cost_min"], ascending=False, kind="stable", ignore_index=True)


def _edges(units: Sequence[Unit], sets: Sequence[tuple[int, ...]]) -> list[npt.NDArray[np.int32]]:
    return [np.unique(np.concatenate([units[i].edges for i in one])) for one in sets]


def _only_together(field: NearestField, units: Sequence[Unit], one: tuple[int, ...]) -> float:
    """Return the people whom a set cuts off and none of its smaller parts does."""
    parts = [part for size in range(1, len(one)) for part in combinations(one, size)]
    before = [_cut_off(field, edges) for edges in _edges(units, parts)]
    lost = np.setdiff1d(_cut_off(field, _edges(units, [one])[0]), np.concatenate(before))
    return float(field.cells().people[lost].sum())


def _cut_off(field: NearestField, edges: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    before = field.attached_times_ds()
    change = close_edges(field, edges)
    cells = change.cells
    now = field.attached_times_ds(cells)
    undo(field, change)
    lost: npt.NDArray[np.int64] = cells[(before[cells] < FAR) & (now >= FAR)]
    return lost

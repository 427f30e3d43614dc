"""One thing closed in a solved field: whom that touches, and what it does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.kernels import cells as along
from geoaccess.kernels.keys import FAR, SHIFT
from geoaccess.network import DECISECONDS
from geoaccess.network.counting import numbers_from
from geoaccess.routing import close_edges, move_site, undo
from geoaccess.routing.closings import Beside, closing_touches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.measures.specification import Limit
    from geoaccess.routing import Change, NearestField
    from geoaccess.scenarios.crossings import Part, Unit

__all__ = [
    "cells_beside",
    "close_unit",
    "crossings_with_sites",
    "edges_along",
    "effect_of_unit",
    "touched_by_units",
    "touched_people",
]

_CUT_OFF_S = 1e9
_U, _V = 1, 2
_LEGS = {"u": ("to_u_ds", "from_u_ds"), "v": ("to_v_ds", "from_v_ds")}


def _cells_along(field: NearestField, unit: Unit) -> npt.NDArray[np.int64]:
    cells = field.cells_on(unit.edges)
    found: npt.NDArray[np.int64] = cells[field.cells().table["node"].to_numpy()[cells] < 0]
    return found


def _sites_along(field: NearestField, unit: Unit) -> pd.DataFrame:
    numbers = field.sites_on(np.array([part.edge for part in unit.parts], np.int32))
    sites = field.standing.table(numbers)
    return sites[sites["node"] < 0]


@checks_arguments
def close_unit(field: NearestField, unit: Unit) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[Change]]:
    """Close a unit: which attached cells to look at, their time now in deciseconds, and the changes to undo, in order.

    Cells that live on a closed bridge's edge are looked at, too; the field itself knows them as if they kept both ends.
    """
    changes: list[Change] = []
    sites = _sites_along(field, unit)
    if len(sites):
        moved = _shut(sites, _sides(sites, unit.parts, _whole(field)))
        changes += [move_site(field, label, moved.loc[label]) for label in sites.index]
    changes.append(close_edges(field, unit.edges))
    cells = np.unique(np.concatenate([change.cells for change in changes]))
    on = _cells_along(field, unit) if unit.parts else np.empty(0, np.int64)
    cells = np.union1d(cells, on)
    after = field.attached_times_ds(cells).astype(np.int64)
    if on.size:
        after[np.searchsorted(cells, on)] = _aside(field, on, sites, unit.parts)
    return cells, after, changes


@checks_arguments
def touched_people(field: NearestField, unit: Unit) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the cells that a closing touches, and their people times the seconds they lose.

    The field stays as it is. A person who is cut off weighs a billion seconds, so that those come first.
    """
    cells, _, after = _closed_and_opened(field, unit)
    return cells, _weights(field, cells, after)


@checks_arguments
def touched_by_units(
    field: NearestField, units: Sequence[Unit]
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
    """Return what `touched_people` does for each of some units."""
    alone = crossings_with_sites(field, units).tolist()
    others = [unit for unit, one in zip(units, alone, strict=True) if not one]
    first, cell, after = closing_touches(field, [unit.edges for unit in others], beside=cells_beside(field, others))
    weight = _weights(field, cell.astype(np.int64), after)
    parts = zip(np.split(cell.astype(np.int64), first[1:-1]), np.split(weight, first[1:-1]), strict=True)
    return [touched_people(field, unit) if one else next(parts) for unit, one in zip(units, alone, strict=True)]


def _weights(
    field: NearestField, cells: npt.NDArray[np.int64], after: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    before = field.attached_times_ds(cells)
    was, now = (np.where(times >= FAR, np.inf, times / DECISECONDS) for times in (before, after))
    with np.errstate(invalid="ignore"):  # of who had nothing before
        lost = np.where(np.isfinite(was), np.where(np.isinf(now), _CUT_OFF_S, np.maximum(now - was, 0)), 0)
    weight: npt.NDArray[np.float64] = field.cells().people[cells] * lost
    return weight


def _closed_and_opened(
    field: NearestField, unit: Unit
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the cells that a closing touches with their times before and after; the field stays as it is."""
    cells, after, changes = close_unit(field, unit)
    for change in reversed(changes):
        undo(field, change)
    return cells, field.attached_times_ds(cells).astype(np.int64), after


def edges_along(places: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the edges of places that are along one; what is at a junction is on none alone."""
    return places.loc[(places["edge"] >= 0) & (places["node"] < 0), "edge"].to_numpy(np.int64)


def crossings_with_sites(field: NearestField, units: Sequence[Unit]) -> npt.NDArray[np.bool_]:
    """Return along the edge of which crossings a site is: on one side of it, so that it keeps one end."""
    along_edge = np.zeros(field.network.n_edges, np.bool_)
    along_edge[edges_along(field.sites)] = True
    return np.array([bool(unit.parts) and bool(along_edge[unit.edges].any()) for unit in units], np.bool_)


def _sides(places: pd.DataFrame, parts: Sequence[Part], whole: Callable[[str], npt.NDArray[Any]]) -> dict[str, Any]:
    """Return for places on the edges of a crossing which ends they keep: rows of true and false for u and v."""
    edge, share = places["edge"].to_numpy(np.int64), _shares(places, whole)
    keeps = {"u": np.ones(len(places), bool), "v": np.ones(len(places), bool)}
    for part in parts:
        here = edge == part.edge
        keeps["v"] &= ~(here & (share <= part.begin))
        keeps["u"] &= ~(here & (share >= part.end))
    return keeps


def _shares(places: pd.DataFrame, whole: Callable[[str], npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    """Return at which share of the time of its edge, from u to v, each place lies."""
    edge = places["edge"].to_numpy(np.int64)
    forward, backward = places["from_u_ds"].to_numpy(float), places["to_u_ds"].to_numpy(float)
    one_way = forward < 0
    total = np.where(one_way, whole("backward")[edge], whole("forward")[edge])
    share: npt.NDArray[np.float64] = np.where(one_way, backward, forward) / np.maximum(total, 1)
    return share


def cells_beside(field: NearestField, units: Sequence[Unit]) -> Beside:
    """Return the cells that live along the crossings among some units, and which ends each keeps if its own closes.

    No site is along any of these crossings.
    """
    parts = [part for unit in units for part in unit.parts]
    if not parts:
        return Beside.none(len(units))
    owner = np.repeat(np.arange(len(units)), [len(unit.parts) for unit in units])
    part_edge = np.array([part.edge for part in parts], np.int64)
    begin, end = np.array([(part.begin, part.end) for part in parts], np.float64).T
    cells = field.cells()
    crossed = np.zeros(field.network.n_edges, np.bool_)
    crossed[part_edge] = True
    on = np.flatnonzero((cells.rows[:, along.EDGE] >= 0) & (cells.table["node"] < 0).to_numpy())
    on = on[crossed[cells.rows[on, along.EDGE]]]
    on = on[np.argsort(cells.rows[on, along.EDGE], kind="stable")]
    edge, share = cells.rows[on, along.EDGE], _shares(cells.table.iloc[on], _whole(field))
    low, high = (np.searchsorted(edge, part_edge, side) for side in ("left", "right"))
    sizes = high - low
    at = numbers_from(low, sizes)
    keeps = (share[at] < np.repeat(end, sizes)) * _U + (share[at] > np.repeat(begin, sizes)) * _V
    who = np.repeat(owner, sizes) * np.int64(len(cells.rows)) + on[at]
    order = np.argsort(who, kind="stable")  # several crossings may be on the edge of one cell
    ours, first = np.unique(who[order], return_index=True)
    kept = np.bitwise_and.reduceat(keeps[order], first) if first.size else keeps
    bounds = np.searchsorted(ours, np.arange(len(units) + 1) * np.int64(len(cells.rows)))
    return Beside(bounds.astype(np.int64), (ours % len(cells.rows)).astype(np.int32), kept.astype(np.int8))


def _shut(places: pd.DataFrame, keeps: dict[str, npt.NDArray[np.bool_]]) -> pd.DataFrame:
    legs = {name: places[name].where(keeps[end], -1) for end, names in _LEGS.items() for name in names}
    return places.assign(**legs)


def _whole(field: NearestField) -> Callable[[str], npt.NDArray[Any]]:
    return lambda way: getattr(field.network, f"edge_{way}_ds")


def _aside(
    field: NearestField, on: npt.NDArray[np.int64], sites: pd.DataFrame, parts: Sequence[Part]
) -> npt.NDArray[np.int64]:
    """Return the times of cells on the edge of a closed crossing, which keep only the end on their side."""
    attached = field.cells()
    cells, rows = attached.table.iloc[on], attached.rows[on]
    keeps = _sides(cells, parts, _whole(field))
    least = np.minimum(_along(field, cells, keeps, sites, parts), field.walk_ds(on))
    for number, end in enumerate(("u", "v")):
        leg = rows[:, along.LEG + number].astype(np.int64)
        node = (field.keys[rows[:, along.NODE + number], 0] >> SHIFT).astype(np.int64)
        there = node + leg + rows[:, along.OFF]
        least = np.where(keeps[end] & (leg >= 0) & (node < FAR), np.minimum(least, there), least)
    return least


def _along(
    field: NearestField,
    cells: pd.DataFrame,
    keeps: dict[str, npt.NDArray[np.bool_]],
    sites: pd.DataFrame,
    parts: Sequence[Part],
) -> npt.NDArray[np.int64]:
    """Return the times to sites on the same edge as cells and on the same side of the crossing, straight there."""
    least = np.full(len(cells), int(FAR), np.int64)
    theirs = _sides(sites, parts, _whole(field))
    off = (cells["off_network_ds"] + cells["start_ds"]).to_numpy(np.int64)
    for row, site in enumerate(sites.to_dict("records")):
        one_side = (keeps["u"] & theirs["u"][row]) | (keeps["v"] & theirs["v"][row])
        beside = (cells["edge"] == site["edge"]).to_numpy() & one_side
        for leg in ("to_v_ds", "to_u_ds"):  # the one falls along the edge, the other rises
            at_site, own = int(site[leg]), cells[leg].to_numpy(np.int64)
            way = at_site - own if field.turned else own - at_site
            there = beside & (own >= 0) & (at_site >= 0) & (way >= 0)
            least = np.where(
                there, np.minimum(least, way + off + int(site["off_network_ds"] + site["start_ds"])), least
            )
    return least


def effect_of_unit(field: NearestField, unit: Unit, norms_ds: Sequence[Limit]) -> list[float]:
    """Return what closing one unit does: a row of `closing_effects`."""
    cells, was, now = _closed_and_opened(field, unit)
    people = field.cells().people[cells]
    reached = was < FAR
    lost, slower = reached & (now >= FAR), reached & (now < FAR) & (now > was)
    delay = np.where(slower, now - was, 0)
    limits = [np.asarray(norm)[cells] if np.ndim(norm) else norm for norm in norms_ds]
    return [
        float(people[slower].sum()),
        float(people[lost].sum()),
        float(((lost | slower) & (people > 0)).sum()),
        float((people * delay).sum()),
        float(delay.max(initial=0)),
        *(float(people[reached & (was <= limit) & (now > limit)].sum()) for limit in limits),
    ]

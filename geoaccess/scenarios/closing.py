"""Who is cut off or delayed if one thing closes: exact, one thing after the other."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import CUT_OFF_MIN, DEAD_END_M
from geoaccess.errors import InputError
from geoaccess.kernels import cells as along
from geoaccess.kernels import graph
from geoaccess.kernels.closings import OVER
from geoaccess.kernels.dead_ends import road_behind
from geoaccess.kernels.keys import FAR, SHIFT
from geoaccess.network import DECISECONDS, EdgeKind
from geoaccess.routing import close_edges, closing_effects, move_site, people_on_edges, undo
from geoaccess.scenarios.crossings import units_of
from geoaccess.scenarios.kept_rows import digest_of, kept_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.measures.specification import Limit
    from geoaccess.network import Network
    from geoaccess.routing import Change, NearestField
    from geoaccess.scenarios.crossings import Part, Unit

__all__ = ["close_unit", "closing_table", "touched_people", "vulnerable_units"]

_CUT_OFF_S = 1e9
_MIN_DS = 60.0 * DECISECONDS
_LEGS = {"u": ("to_u_ds", "from_u_ds"), "v": ("to_v_ds", "from_v_ds")}


@checks_arguments
def vulnerable_units(field: NearestField, names: pd.DataFrame) -> list[Unit]:
    """Return the ferries, bridges, tunnels and roads of a network that people pass on their way to a site.

    Parameters
    ----------
    field
        Solved for k = 1, with cells attached and their people.
    names
        What `geoaccess.osm.read_road_names` returns.
    """
    network = field.network
    used = people_on_edges(field).people > 0
    lived = np.zeros(network.n_edges, np.bool_)
    cells = field.cells()
    lived[_edges_along(cells.table[cells.people > 0])] = True
    lived[_edges_along(field.sites)] = True
    return units_of(network, used, lived, names)


def _edges_along(places: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the edges of places that are along one; what is at a junction is on none alone."""
    return places.loc[(places["edge"] >= 0) & (places["node"] < 0), "edge"].to_numpy(np.int64)


@checks_arguments
def closing_table(
    field: NearestField,
    units: Sequence[Unit],
    *,
    norms_s: Sequence[Limit] = (),
    cut_off_min: float = CUT_OFF_MIN,
    dead_end_m: float = DEAD_END_M,
    keep_in: Path | None = None,
    done: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Close each unit on its own, count who is touched, and open it again.

    Exact: only the nodes behind a unit are solved again, but all of them. People who live on a closed road keep the way
    to both its ends (see `close_edges`); on a bridge or tunnel it is known on which side of it they live, and that
    side's end is the one they keep.

    Parameters
    ----------
    field
        Solved for k = 1, with cells attached and their people.
    norms_s
        Target times, seconds.
    cut_off_min
        What counts for a person who is cut off, in minutes, where units are ranked by person-minutes: as a rule a day.
    dead_end_m
        Metres of road behind a unit, below which it is a dead end and has no rank.
    keep_in
        A folder in which what is finished is kept until all is: a run that was interrupted goes on there. Nothing is
        kept unless given.
    done
        Called with how many more units were closed.

    Returns
    -------
    A row per unit, in their order: `kind`, `name`, `ref`, `way_ids` (with ";" between), `people` who pass its whole
    length, `people_delayed` and `people_cut_off` if it closes, `cells` (attached places) in which they live,
    `person_min` lost by the former, `cost_min`, which is person_min + cut_off_min times people_cut_off,
    `longest_delay_s` (of those not cut off), `over_norm_1` and so on, people who were within a norm and are not;
    `behind_m`, the metres of road on the shorter of the two sides that it alone joins (missing where there is a way
    round); `unranked`, why it has no rank, and two ranks from 1, equals sharing one: `rank_minutes` by cost_min,
    `rank_norm` by over_norm_1 and the norms after it (by people_cut_off where there is no norm).

    What is no link of the network has no rank (missing): `unranked` is "one_place" for a road that touches one attached
    place only (the way to a single building, or the street that the middle of one cell happens to be attached to), and
    "dead_end" for what has less than `dead_end_m` of road behind it: a cul-de-sac, or the drive of a hospital.

    Raises
    ------
    InputError
        If the field was solved for more than one site, or no cells are attached.
    """
    if field.k != 1:
        raise InputError(f"the field has k = {field.k}; solve it for k = 1, which is all that closing looks at")
    columns = ["kind", "name", "ref", "way_ids", "people", "people_delayed", "people_cut_off", "cells", "person_min"]
    columns += ["longest_delay_s", *(f"over_norm_{number}" for number in range(1, len(norms_s) + 1))]
    flows = people_on_edges(field).people
    effects = _effects(field, units, norms_s=norms_s, keep_in=keep_in, done=done)
    rows = [_row(unit, flows, effect) for unit, effect in zip(units, effects, strict=True)]
    table = pd.DataFrame(rows, columns=columns)
    cost = table["person_min"] + cut_off_min * table["people_cut_off"]
    table.insert(columns.index("person_min") + 1, "cost_min", cost)
    table["behind_m"] = _behind(field.network, units)
    one = (table["kind"] == "road") & (table["cells"] <= 1)
    dead_end = (table["kind"] != "ferry") & (table["behind_m"] < dead_end_m)
    table["unranked"] = np.where(one, "one_place", np.where(dead_end, "dead_end", ""))
    ranked = table["unranked"] == ""
    table["rank_minutes"] = cost[ranked].rank(method="min", ascending=False).astype("Int64")
    over = [name for name in columns if name.startswith("over_norm")] or ["people_cut_off"]
    _, group = np.unique(-table.loc[ranked, over].to_numpy(np.float64), axis=0, return_inverse=True)
    table["rank_norm"] = pd.Series(group.reshape(-1), index=table.index[ranked]).rank(method="min").astype("Int64")
    return table


def _behind(network: Network, units: Sequence[Unit]) -> npt.NDArray[np.float64]:
    """Return the metres of road behind each unit, on the shorter side of what it alone joins; NaN with a way round."""
    u, v = network.edge_u, network.edge_v
    road = network.edge_kind == EdgeKind.ROAD
    metres = np.where(road, network.edge_length_m, 0.0).astype(np.float64)
    both, other, twice = np.concatenate([u, v]), np.concatenate([v, u]), np.tile(np.arange(u.size, dtype=np.int32), 2)
    start, head, edge, _ = graph.rows(network.n_nodes, both, other, twice)
    behind = road_behind(u, v, metres, start, head, edge)
    behind[behind < 0] = np.nan
    # A crossing is as long as the most that lies behind any of its edges: those beyond its first have less behind them.
    return np.array([np.nan if np.isnan(behind[unit.edges]).any() else behind[unit.edges].max() for unit in units])


def _row(unit: Unit, flows: npt.NDArray[np.float64], effect: npt.NDArray[np.float64]) -> tuple[Any, ...]:
    delayed, cut_off, cells, person_ds, longest = effect[:OVER]
    ways, people = ";".join(map(str, unit.ways)), float(flows[unit.edges].max())
    named = unit.kind, unit.name, unit.ref, ways, people
    return (*named, delayed, cut_off, int(cells), person_ds / _MIN_DS, longest / DECISECONDS, *effect[OVER:])


def _effects(
    field: NearestField,
    units: Sequence[Unit],
    *,
    norms_s: Sequence[Limit],
    keep_in: Path | None,
    done: Callable[[int], None] | None,
) -> npt.NDArray[np.float64]:
    """Return what closing each unit does, as `closing_effects` does; crossings between neighbours one by one."""
    norms_ds = [norm * DECISECONDS for norm in norms_s]
    split = _split(field, units)
    effects = np.zeros((len(units), OVER + len(norms_ds)))
    whole = [unit.edges for unit, apart in zip(units, split, strict=True) if not apart]
    path = None if keep_in is None else keep_in / f"{_digest(field, units, norms_ds)}.rows"
    with kept_rows(path, effects.shape[1]) as kept:
        effects[~split] = closing_effects(field, whole, norms_ds=norms_ds, begun=kept.rows, keep=kept.put, done=done)
        for place, number in enumerate(np.flatnonzero(split).tolist(), start=len(whole)):
            if place < len(kept.rows):
                effects[number] = kept.rows[place]
            else:
                effects[number] = _effect(field, units[number], norms_ds)
                kept.put(place, effects[[number]])
            if done:
                done(1)
    if path is not None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return effects


def _digest(field: NearestField, units: Sequence[Unit], norms_ds: Sequence[Limit]) -> str:
    """Return a digest of all that decides what closings do."""
    cells, sites, network = field.cells(), field.standing, field.network
    parts = np.array([(part.edge, part.begin, part.end) for unit in units for part in unit.parts], np.float64)
    sizes = np.array([(unit.edges.size, len(unit.parts)) for unit in units], np.int64)
    edges = np.concatenate([unit.edges for unit in units]) if units else np.empty(0, np.int32)
    shape = network.edge_forward_ds, network.edge_backward_ds, *field.out[:3], *field.back[:3]
    places = cells.rows, cells.people, *cells.spots, sites.rows, *sites.spots, *sites.seeds_by_node()
    asked = edges, sizes, parts, *(np.atleast_1d(norm) for norm in norms_ds), np.array([field.turned])
    return digest_of([field.keys, cells.keys, *shape, *places, *asked])


def _split(field: NearestField, units: Sequence[Unit]) -> npt.NDArray[np.bool_]:
    """Say in which crossings somebody lives, or a site is, along the edge: on one side of it, so keeping one end."""
    along_edge = np.zeros(field.network.n_edges, np.bool_)
    along_edge[_edges_along(field.cells().table)] = True
    along_edge[_edges_along(field.sites)] = True
    return np.array([bool(unit.parts) and bool(along_edge[unit.edges].any()) for unit in units], np.bool_)


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
    cells, before, after = _closed_and_opened(field, unit)
    was, now = (np.where(times >= FAR, np.inf, times / DECISECONDS) for times in (before, after))
    lost = np.where(np.isfinite(was), np.where(np.isinf(now), _CUT_OFF_S, np.maximum(now - was, 0)), 0)
    return cells, field.cells().people[cells] * lost


def _closed_and_opened(
    field: NearestField, unit: Unit
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the cells that a closing touches with their times before and after; the field stays as it is."""
    cells, after, changes = close_unit(field, unit)
    for change in reversed(changes):
        undo(field, change)
    return cells, field.attached_times_ds(cells).astype(np.int64), after


def _sides(places: pd.DataFrame, parts: Sequence[Part], whole: Callable[[str], npt.NDArray[Any]]) -> dict[str, Any]:
    """Return for places on the edges of a crossing which ends they keep: rows of true and false for u and v."""
    edge = places["edge"].to_numpy(np.int64)
    forward, backward = places["from_u_ds"].to_numpy(float), places["to_u_ds"].to_numpy(float)
    one_way = forward < 0
    total = np.where(one_way, whole("backward")[edge], whole("forward")[edge])
    share = np.where(one_way, backward, forward) / np.maximum(total, 1)
    keeps = {"u": np.ones(len(places), bool), "v": np.ones(len(places), bool)}
    for part in parts:
        here = edge == part.edge
        keeps["v"] &= ~(here & (share <= part.begin))
        keeps["u"] &= ~(here & (share >= part.end))
    return keeps


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


def _effect(field: NearestField, unit: Unit, norms_ds: Sequence[Limit]) -> list[float]:
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

"""Who is cut off or delayed if one thing closes: exact, one thing after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import CUT_OFF_MIN, DEAD_END_M
from geoaccess.errors import InputError
from geoaccess.kernels import graph
from geoaccess.kernels.closings import CELLS, CUT_OFF, DELAYED, LONGEST, OVER, PERSON_DS
from geoaccess.kernels.dead_ends import road_behind
from geoaccess.kernels.keys import FAR
from geoaccess.network import DECISECONDS, EdgeKind
from geoaccess.routing import people_on_edges
from geoaccess.scenarios.closing_rows import Closings
from geoaccess.scenarios.closing_unit import edges_along
from geoaccess.scenarios.crossings import units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.measures.specification import Limit
    from geoaccess.network import Network
    from geoaccess.routing import NearestField
    from geoaccess.scenarios.crossings import Unit

__all__ = ["closing_table", "vulnerable_units"]

_MIN_DS = 60.0 * DECISECONDS
_REACHED_S = (float(FAR) - 0.5) / DECISECONDS
"""A norm that all who reach a site keep, and nobody else; a negative one is kept by nobody, and so broken by nobody."""


@checks_arguments
def vulnerable_units(
    field: NearestField, names: pd.DataFrame, *, flows: npt.NDArray[np.float64] | None = None
) -> list[Unit]:
    """Return the ferries, bridges, tunnels and roads of a network that people pass on their way to a site.

    Parameters
    ----------
    field
        Solved for k = 1, with cells attached and their people.
    names
        What `geoaccess.osm.read_road_names` returns.
    flows
        The people that `geoaccess.routing.people_on_edges` counts in this field, if they are known.
    """
    network = field.network
    used = (people_on_edges(field).people if flows is None else flows) > 0
    lived = np.zeros(network.n_edges, np.bool_)
    cells = field.cells()
    lived[edges_along(cells.table[cells.people > 0])] = True
    lived[edges_along(field.sites)] = True
    return units_of(network, used, lived, names)


@checks_arguments
def closing_table(
    field: NearestField,
    units: Sequence[Unit],
    *,
    norms_s: Sequence[Limit] = (),
    cut_off_min: float = CUT_OFF_MIN,
    dead_end_m: float = DEAD_END_M,
    marked: npt.NDArray[np.bool_] | None = None,
    flows: npt.NDArray[np.float64] | None = None,
    keep_in: Path | None = None,
    solve: Callable[[Closings], npt.NDArray[np.float64]] | None = None,
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
    marked
        Attached cells of which it is counted how many of their people each unit cuts off.
    flows
        As for `vulnerable_units`.
    keep_in
        A folder in which what is finished is kept until all is: a run that was interrupted goes on there. Nothing is
        kept unless given.
    solve
        Returns what all closings do, in their order, where it is not this process that finds out: see `Closings`.
    done
        Called with how many more units were closed, by this process.

    Returns
    -------
    A row per unit, in their order: `kind`, `name`, `ref`, `way_ids` (with ";" between), `people` who pass its whole
    length, `people_delayed` and `people_cut_off` if it closes, `cells` (attached places) in which they live,
    `person_min` lost by the former, `cost_min`, which is person_min + cut_off_min times people_cut_off,
    `longest_delay_s` (of those not cut off), `over_norm_1` and so on, people who were within a norm and are not;
    `behind_m`, the metres of road on the shorter of the two sides that it alone joins (missing where there is a way
    round); `unranked`, why it has no rank, and two ranks from 1, equals sharing one: `rank_minutes` by cost_min,
    `rank_norm` by over_norm_1 and the norms after it (by people_cut_off where there is no norm). With `marked`, at the
    end `marked_cut_off`: the people of marked cells among those cut off.

    What is no link of the network has no rank (missing): `unranked` is "one_place" for a road that touches one attached
    place only (the way to a single building, or the street that the middle of one cell happens to be attached to), and
    "dead_end" for what has less than `dead_end_m` of road behind it: a cul-de-sac, or the drive of a hospital.

    Raises
    ------
    InputError
        If the field was solved for more than one site, no cells are attached, or `marked` has not a value for each.
    """
    if field.k != 1:
        raise InputError(f"the field has k = {field.k}; solve it for k = 1, which is all that closing looks at")
    if marked is not None and len(marked) != len(field.cells().rows):
        raise InputError(f"marked: has {len(marked)} values for {len(field.cells().rows)} attached cells")
    flows = people_on_edges(field).people if flows is None else flows
    norms = [*norms_s, *([] if marked is None else [np.where(marked, _REACHED_S, -1.0)])]
    effects = Closings.of(field, units, norms_s=norms, keep_in=keep_in).effects(solve, done=done)
    named = {
        "kind": [unit.kind for unit in units],
        "name": [unit.name for unit in units],
        "ref": [unit.ref for unit in units],
        "way_ids": [";".join(map(str, unit.ways)) for unit in units],
        "people": _most(flows, units),
        "people_delayed": effects[:, DELAYED],
        "people_cut_off": effects[:, CUT_OFF],
        "cells": effects[:, CELLS].astype(np.int64),
        "person_min": effects[:, PERSON_DS] / _MIN_DS,
        "cost_min": effects[:, PERSON_DS] / _MIN_DS + cut_off_min * effects[:, CUT_OFF],
        "longest_delay_s": effects[:, LONGEST] / DECISECONDS,
    }
    over = {f"over_norm_{number}": effects[:, OVER + number - 1] for number in range(1, len(norms_s) + 1)}
    table = pd.DataFrame(named | over)
    table["behind_m"] = _behind(field.network, units)
    one = (table["kind"] == "road") & (table["cells"] <= 1)
    dead_end = (table["kind"] != "ferry") & (table["behind_m"] < dead_end_m)
    table["unranked"] = np.where(one, "one_place", np.where(dead_end, "dead_end", ""))
    ranked = table["unranked"] == ""
    table["rank_minutes"] = table.loc[ranked, "cost_min"].rank(method="min", ascending=False).astype("Int64")
    _, group = np.unique(
        -table.loc[ranked, [*over] or ["people_cut_off"]].to_numpy(np.float64), axis=0, return_inverse=True
    )
    table["rank_norm"] = pd.Series(group.reshape(-1), index=table.index[ranked]).rank(method="min").astype("Int64")
    return table if marked is None else table.assign(marked_cut_off=effects[:, -1])


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
    return _most(behind, units)


def _most(of_edges: npt.NDArray[np.float64], units: Sequence[Unit]) -> npt.NDArray[np.float64]:
    """Return the largest value of the edges of each unit; NaN where one of them is."""
    if not units:
        return np.empty(0)
    first = np.cumsum([0, *(unit.edges.size for unit in units[:-1])])
    most: npt.NDArray[np.float64] = np.maximum.reduceat(of_edges[np.concatenate([unit.edges for unit in units])], first)
    return most

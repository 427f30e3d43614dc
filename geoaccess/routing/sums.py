"""Sums over what places reach, weighted by the time it takes, where a table of all pairs would be too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy, whole
from geoaccess.kernels import nearby
from geoaccess.kernels.threads import share
from geoaccess.routing.nearby import (
    SIDE_BY_SIDE,
    Neighbourhoods,
    at_once,
    ends_and_walks,
    groups_of,
    quickest,
    reach_of,
    remembered_around,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.network import Network
    from geoaccess.routing.batches import Ends
    from geoaccess.routing.walks import Walks

__all__ = ["weighted_reach"]

_KEPT_BYTES = 2**30
"""So much is kept of times around groups for further questions: a country has half of it."""


@checks_arguments
def weighted_reach(
    network: Network | Hierarchy,
    origins: pd.DataFrame,
    destinations: pd.DataFrame,
    amounts: npt.ArrayLike,
    *,
    weight: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Add up what each origin reaches, weighted by the time it takes, without a table of all times.

    R_i = sum_j weight(t_ij) amount_j, added up in the order of the destinations.

    Parameters
    ----------
    origins, destinations
        As `snap` returns them.
    amounts
        Of each destination, finite.
    weight
        By whole deciseconds: weight[t] is that of t; a longer time weighs nothing.

    Returns
    -------
    Shape (n_origins,); 0 for a place that is not snapped.

    Raises
    ------
    InputError
        If there is not one finite amount for each destination, or the network is a hierarchy with a core.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import numpy as np
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> homes = ga.snap(road, gpd.GeoSeries.from_xy([10.0, 10.1, 10.2], [60.0] * 3, crs="EPSG:4326"))
    >>> weighted_reach(road, homes, homes, [1, 10, 100], weight=np.ones(3001)).tolist()
    [11.0, 11.0, 100.0]
    """
    hierarchy = network if isinstance(network, Hierarchy) else whole(network)
    hierarchy.check_whole()
    given = np.asarray(amounts, np.float64)
    if given.shape != (len(destinations),) or not np.isfinite(given).all():
        raise InputError(f"amounts: {len(destinations)} finite numbers are needed, one for each destination")
    source, target, walks = ends_and_walks(hierarchy.network, origins, destinations, turned=False)
    padded = np.append(weight, 0.0)  # what is longer weighs nothing
    rows_of = _rows_by_group(hierarchy, source, target, walks, furthest=weight.size - 1)
    groups, found = [*groups_of(source)], np.zeros(len(origins))
    source_off, target_off = (one.legs.off.astype(np.uint32) for one in (source, target))
    walk_ds = walks.time_ds.astype(np.uint32)

    def weigh(begin: int, end: int) -> None:
        for group in groups[begin:end]:
            rows = rows_of(group)
            if rows is not None:
                sums = np.zeros(group.size)
                nearby.weighted_rows(*rows, SIDE_BY_SIDE, source_off[group], target_off, walk_ds, padded, given, sums)
                found[group] = sums

    share(weigh, [(number, number + 1) for number in range(len(groups))])
    return found


class _Rows(NamedTuple):
    """Times by road from the sources of a group to targets around it, `SIDE_BY_SIDE` sources at a time.

    Of batch b these are the rows first[b]:first[b + 1], each of one `target`, rising; what follows each other in `time`
    are the deciseconds from each source of the batch, without the ways off the network: at most one more than the
    bound, which stands for all that is longer. Of row r, walk[walk_first[r]:walk_first[r + 1]] are walks, by their
    number, from the source at walk_lane.
    """

    first: npt.NDArray[np.int64]
    target: npt.NDArray[np.int32]
    time: npt.NDArray[np.unsignedinteger[Any]]
    walk_first: npt.NDArray[np.int64]
    walk_lane: npt.NDArray[np.int32]
    walk: npt.NDArray[np.uint32]


def _rows_by_group(
    hierarchy: Hierarchy, source: Ends, target: Ends, walks: Walks, *, furthest: int
) -> Callable[[npt.NDArray[np.int64]], _Rows | None]:
    """Return what finds the times by road around a group of sources, None where nothing is; several threads may ask.

    For many questions those at any pace off the network are found, and kept as far as there is room for them.
    """
    roads = hierarchy.network
    kept: dict[int, _Rows | None] | None = remembered_around(roads, "times around", source, target, walks, furthest)
    every = None
    if kept is None or any(int(group[0]) not in kept for group in groups_of(source)):
        reach = quickest if kept is not None else reach_of
        by_road, reaches = (at_once(source), at_once(target)), (reach(source), reach(target))
        every = Neighbourhoods(hierarchy, *by_road, walks, reaches, turned=False, furthest=furthest, known=None)

    def rows_of(group: npt.NDArray[np.int64]) -> _Rows | None:
        if kept is not None and int(group[0]) in kept:
            return kept[int(group[0])]
        assert every is not None  # noqa: S101 - else all are kept
        found = _rows(every, group, furthest)
        if kept is not None and sum(rows.time.nbytes for rows in [*kept.values()] if rows) < _KEPT_BYTES:
            kept[int(group[0])] = found
        return found

    return rows_of


def _rows(every: Neighbourhoods, group: npt.NDArray[np.int64], furthest: int) -> _Rows | None:
    near = every.around(group)
    if near is None:
        return None
    part, ends = near.hierarchy, near.ends
    up, down = part.costs(reverse=False)
    row = np.arange(part.start.size - 1, dtype=np.int32)
    row.flags.writeable = False  # kernels are compiled once for arrays that may be written and once for others
    kind: type[np.unsignedinteger[Any]] = np.uint16 if furthest < np.iinfo(np.uint16).max else np.uint32
    room = np.empty(near.target.size * group.size, kind)
    first, at, walk_first, walk_lane, walk = nearby.rows_near(
        int(part.parts[0]),
        part.start,
        part.head,
        row,
        up,
        down,
        *near.seeds,
        ends.place_u,
        ends.place_v,
        ends.reach_u,
        ends.reach_v,
        SIDE_BY_SIDE,
        *every.along(group, near.target),
        *every.on_foot(group, near.target),
        furthest + 1,
        room,
    )
    sizes = np.minimum(SIDE_BY_SIDE, group.size - np.arange(first.size - 1) * SIDE_BY_SIDE)
    time = room[: (np.diff(first) * sizes).sum()].copy()
    return _Rows(first, near.target[at], time, walk_first, walk_lane, walk)

"""One journey with its parts: how a doubted time is checked."""

from __future__ import annotations

from functools import partial
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels import cells as along
from geoaccess.kernels import search, unpacking
from geoaccess.kernels.keys import FAR, LOW, SHIFT
from geoaccess.network import DECISECONDS, EdgeKind, Network, snap
from geoaccess.network.assembly import ferry_names
from geoaccess.network.projection import between_degrees
from geoaccess.routing.field import PLACE
from geoaccess.routing.legs import Legs, legs
from geoaccess.routing.walks import spots_of, walks_between

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.routing.field import NearestField

__all__ = ["route", "route_kept"]


class _Step(NamedTuple):
    """A stretch of one edge, from one place on its shape to another, as `shape_at` of `snap`."""

    part: str
    detail: str
    seconds: float
    edge: int
    begin: float
    end: float


@checks_arguments
def route(
    network: Network | Hierarchy,
    origin: tuple[float, float],
    destination: tuple[float, float],
    *,
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
) -> gpd.GeoDataFrame:
    """Return the quickest journey between two places, part by part.

    Parameters
    ----------
    network
        A `Network`, or what `contract` made of it.
    origin, destination
        Longitude and latitude, degrees.
    max_snap_m, off_network_kph, min_component_m
        See `geoaccess.snap`.

    Returns
    -------
    A row per part in the order of travel: `part` ("off_network", "road", "wait", "crossing"; of kept fields also
    "before_start", see `geoaccess.network.setting_out_after`), `detail` (class of road
    or name of ferry), `travel_time_s`, `length_m` (geodesic) and a line (EPSG:4326). Times add up to what
    `geoaccess.nearest` gives; a straight walk between the places is one row of "off_network".

    Raises
    ------
    InputError
        If a place has no road near by, or there is no way between them.

    Examples
    --------
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    ... )
    >>> journey = ga.route(road, (10.0, 60.0), (10.2, 60.0))
    >>> float(journey["travel_time_s"].sum()), journey["part"].unique().tolist()
    (700.0, ['road'])
    """
    import geopandas as gpd

    hierarchy = None
    if isinstance(network, Hierarchy):
        network.check_whole()
        hierarchy, network = network, network.network
    places = gpd.GeoSeries.from_xy([origin[0], destination[0]], [origin[1], destination[1]], crs="EPSG:4326")
    snapped = snap(
        network, places, max_snap_m=max_snap_m, off_network_kph=off_network_kph, min_component_m=min_component_m
    )
    edges = snapped["edge"].to_numpy()
    for name, label in (("start", 0), ("goal", 1)):
        if edges[label] < 0:
            raise InputError(f"the {name} {(origin, destination)[label]} has no road within {max_snap_m:.0f} m")
    way = partial(_searched, network) if hierarchy is None else partial(_unpacked, hierarchy)
    steps = _steps(network, snapped, way, network.arcs.cost_ds)
    walk, driven = _walk_ds(network, snapped), _total_ds(snapped, steps)
    if walk is not None and (driven is None or walk < driven):
        return _walked(snapped, walk, origin, destination)
    if steps is None:
        raise InputError(f"there is no way from {origin} to {destination}")
    return _described(network, snapped, steps, origin, destination)


@checks_arguments
def route_kept(
    field: NearestField, cell: int, *, start: tuple[float, float], goal: tuple[float, float]
) -> gpd.GeoDataFrame | None:
    """Return the journey between an attached cell of a field and its nearest site, read off the field.

    Nothing is searched: from node to node the times of the field lead to the site, so that this is quick on any network
    and heeds what was closed. From a site to cells (`direction="to_people"`) the journey begins at the site.

    Parameters
    ----------
    cell
        Place of the cell among those attached.
    start, goal
        Longitude and latitude of where the journey begins and ends, off the network.

    Returns
    -------
    As `route`; None where the cell reaches no site. Times add up to that of the field.

    Raises
    ------
    InputError
        If no cells are attached.
    """
    cells, network = field.cells(), field.network
    key = int(cells.keys[cell, 0])
    number, time = key & int(LOW), key >> int(SHIFT)
    if time >= FAR:
        return None
    home, site = cells.table[list(PLACE)].iloc[cell].to_dict(), field.standing.place[number]
    assert site is not None  # noqa: S101 - a site that a cell reaches stands
    snapped = pd.DataFrame([site, home] if field.turned else [home, site], columns=list(PLACE))
    on_roads = time - _off_roads_ds(snapped)
    arcs = field.out if field.turned else field.back
    steps = _steps(network, snapped, partial(_followed, field, number, on_roads), arcs.cost_ds)
    if _walk_ds(network, snapped) == time and _total_ds(snapped, steps) != time:
        return _walked(snapped, time, start, goal)
    return None if steps is None else _described(network, snapped, steps, start, goal)


def _walk_ds(network: Network, snapped: pd.DataFrame) -> int | None:
    """Return the time of the straight walk between two places, None where they are too far apart for it."""
    spots = spots_of(legs(network, snapped, turned=False))
    times = walks_between(network, spots.some([0]), spots.some([1])).time_ds
    return int(times[0]) if times.size else None


def _total_ds(snapped: pd.DataFrame, steps: list[_Step] | None) -> int | None:
    """Return the time of a journey with its legs off the network."""
    if steps is None:
        return None
    return _off_roads_ds(snapped) + round(sum(step.seconds for step in steps) * DECISECONDS)


def _off_roads_ds(snapped: pd.DataFrame) -> int:
    """Return the time of the legs off the network of two places, with what passes before anything moves."""
    return int(snapped["off_network_ds"].sum() + snapped["start_ds"].sum())


def _walked(
    snapped: pd.DataFrame, walk_ds: int, origin: tuple[float, float], destination: tuple[float, float]
) -> gpd.GeoDataFrame:
    import shapely

    before = _before_start(snapped, origin)
    moving_s = walk_ds / DECISECONDS - sum(row[2] for row in before)
    return _table([*before, ("off_network", "", moving_s, shapely.LineString([origin, destination]))])


def _before_start(snapped: pd.DataFrame, origin: tuple[float, float]) -> list[_Row]:
    """Return the part of a journey that passes before anything moves, where there is one."""
    import shapely

    start_s = float(snapped["start_ds"].sum()) / DECISECONDS
    return [("before_start", "", start_s, shapely.LineString([origin, origin]))] if start_s > 0 else []


def _followed(
    field: NearestField, number: int, time: int, starts: list[_End], goals: list[_End]
) -> tuple[int, list[int]]:
    """Return `time` and the nodes on the way of so many deciseconds between ends, none if it passes no node."""
    cell, site = (goals, starts) if field.turned else (starts, goals)
    off = int(field.standing.rows[number, along.OFF])
    by_node = {end.node: (end.time + off) << int(SHIFT) | number for end in site}
    back, keys = field.back, field.keys
    before: dict[int, int] = {}
    waiting = []
    for end in cell:
        if int(keys[end.node, 0]) == (time - end.time + off) << int(SHIFT) | number:
            before[end.node] = -1
            waiting.append(end.node)
    while waiting:
        node = waiting.pop()
        key = int(keys[node, 0])
        if by_node.get(node) == key:
            nodes = [node]
            while (node := before[node]) >= 0:
                nodes.append(node)
            return time, nodes if field.turned else nodes[::-1]
        for arc in range(back.start[node], back.start[node + 1]):
            head, cost = int(back.head[arc]), int(back.cost_ds[arc])
            if head not in before and cost < FAR and int(keys[head, 0]) == key - (cost << int(SHIFT)):
                before[head] = node
                waiting.append(head)
    return time, []


def _steps(
    network: Network,
    snapped: pd.DataFrame,
    way: Callable[[list[_End], list[_End]], tuple[int, list[int]]],
    cost_ds: npt.NDArray[np.int32],
) -> list[_Step] | None:
    """Return the stretches of edges of the quickest journey, without the legs off the network."""
    at = legs(network, snapped, turned=False)
    starts = _open_ends((at.leave_node_u[0], at.leave_u[0]), (at.leave_node_v[0], at.leave_v[0]))
    goals = _open_ends((at.arrive_node_u[1], at.arrive_u[1]), (at.arrive_node_v[1], at.arrive_v[1]))
    time, nodes = way(starts, goals)
    places = snapped["shape_at"].to_list()
    direct = _along_one_edge(at, places)
    if direct is not None and (not nodes or direct.seconds * DECISECONDS <= time):
        return [_named(network, direct)]
    if not nodes:
        return None
    leg, by_v = min((end.time, end.is_v) for end in starts if end.node == nodes[0])
    ends = [_shape_ends(network, int(edge)) for edge in at.edge]
    steps = [_Step("", "", leg / DECISECONDS, int(at.edge[0]), places[0], ends[0][by_v])]
    for tail, head in pairwise(nodes):
        steps += _over_arc(network, tail, head, cost_ds)
    leg, by_v = min((end.time, end.is_v) for end in goals if end.node == nodes[-1])
    steps.append(_Step("", "", leg / DECISECONDS, int(at.edge[1]), ends[1][by_v], places[1]))
    return [_named(network, step) for step in steps]


class _End(NamedTuple):
    """An end of the edge on which a journey begins or ends."""

    node: int
    time: int
    is_v: bool


def _open_ends(u: tuple[int, int], v: tuple[int, int]) -> list[_End]:
    return [_End(int(node), int(time), is_v) for is_v, (node, time) in ((False, u), (True, v)) if time >= 0]


def _arrays(ends: list[_End]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    return np.array([end.node for end in ends], np.int32), np.array([end.time for end in ends], np.int32)


def _searched(network: Network, starts: list[_End], goals: list[_End]) -> tuple[int, list[int]]:
    """Return the least time in deciseconds between some ends and the nodes on the way, none if there is no way."""
    arcs = network.arcs
    times, before, _ = search.tree(arcs.start, arcs.head, arcs.cost_ds, *_arrays(starts))
    ends = [(int(times[end.node]) + end.time, end.node) for end in goals if times[end.node] != FAR]
    if not ends:
        return int(FAR), []
    least, node = min(ends)
    nodes = [node]
    while before[node] >= 0:
        node = int(before[node])
        nodes.append(node)
    return least, nodes[::-1]


def _unpacked(hierarchy: Hierarchy, starts: list[_End], goals: list[_End]) -> tuple[int, list[int]]:
    """Return the same by a hierarchy."""
    (leave, leave_ds), (arrive, arrive_ds) = _arrays(starts), _arrays(goals)
    place = hierarchy.place
    least, places = unpacking.quickest_way(
        hierarchy.start,
        hierarchy.head,
        hierarchy.outward,
        hierarchy.inward,
        hierarchy.below,
        place[leave],
        leave_ds,
        place[arrive],
        arrive_ds,
    )
    return int(least), hierarchy.node[places].tolist()


def _over_arc(network: Network, tail: int, head: int, cost_ds: npt.NDArray[np.int32]) -> list[_Step]:
    """Return the step over the quickest arc between two nodes, nothing where it only links copies of a node."""
    arcs = network.arcs
    between = np.arange(arcs.start[tail], arcs.start[tail + 1])
    between = between[arcs.head[between] == head]
    arc = int(between[np.argmin(cost_ds[between])])
    edge = int(arcs.edge[arc])
    if edge < 0:
        return []
    place = None if network.expansion is None else network.expansion.place
    begins = network.edge_u[edge]
    upward = (tail == begins if place is None else place[tail] == place[begins]) and (
        begins != network.edge_v[edge] or bool(network.edge_forward_ds[edge] == arcs.cost_ds[arc])
    )
    ends = _shape_ends(network, edge)[:: 1 if upward else -1]
    return [_Step("", "", float(arcs.cost_ds[arc]) / DECISECONDS, edge, *ends)]


def _shape_ends(network: Network, edge: int) -> tuple[float, float]:
    """Return where the shape of an edge begins and ends, in the terms of `shape_at`."""
    return float(network.shape_ptr[edge]), float(network.shape_ptr[edge + 1] - 1)


def _along_one_edge(at: Legs, places: list[float]) -> _Step | None:
    if at.edge[0] != at.edge[1]:
        return None
    times = []
    if at.up[0] >= 0 and at.up[1] >= at.up[0]:
        times.append(int(at.up[1] - at.up[0]))
    if at.down[1] >= 0 and at.down[0] >= at.down[1]:
        times.append(int(at.down[0] - at.down[1]))
    return _Step("", "", min(times) / DECISECONDS, int(at.edge[0]), places[0], places[1]) if times else None


def _named(network: Network, step: _Step) -> _Step:
    kind = network.edge_kind[step.edge]
    way = network.shape_way[network.shape_ptr[step.edge]]
    if kind == EdgeKind.ROAD:
        return step._replace(part="road", detail=network.class_names[network.way_class[way]])
    ours = network.ferries[network.ferries["way_id"] == network.way_id[way]]
    name = ferry_names(ours).get(network.way_id[way]) or f"ferry {network.way_id[way]}"
    return step._replace(part="wait" if kind == EdgeKind.BOARDING else "crossing", detail=name)


def _described(
    network: Network,
    snapped: pd.DataFrame,
    steps: list[_Step],
    origin: tuple[float, float],
    destination: tuple[float, float],
) -> gpd.GeoDataFrame:
    import shapely

    rows = _before_start(snapped, origin)
    off_s = (snapped["off_network_ds"].to_numpy(float) / DECISECONDS).tolist()
    places = snapped[["lon", "lat"]].to_numpy(float).tolist()

    def leg(label: int, ends: list[Any]) -> None:
        if off_s[label] > 0:
            rows.append(("off_network", "", off_s[label], shapely.LineString(ends)))

    leg(0, [origin, places[0]])
    moving = [step for step in steps if step.seconds > 0 or (step.begin != step.end and step.part != "wait")]
    for (part, detail), group in groupby(moving, key=lambda step: (step.part, step.detail)):
        stretch = list(group)
        line = shapely.LineString(np.concatenate([_piece(network, step) for step in stretch]))
        rows.append((part, detail, sum(step.seconds for step in stretch), line))
    leg(1, [places[1], destination])
    return _table(rows)


_Row = tuple[str, str, float, Any]


def _table(rows: list[_Row]) -> gpd.GeoDataFrame:
    """Return the parts of a journey, given as part, detail, seconds and line, with their lengths."""
    import geopandas as gpd
    import pyproj

    geod = pyproj.Geod(ellps="WGS84")
    columns: dict[str, list[Any]] = {
        "part": [row[0] for row in rows],
        "detail": [row[1] for row in rows],
        "travel_time_s": [row[2] for row in rows],
        "length_m": [geod.geometry_length(row[3]) for row in rows],
    }
    return gpd.GeoDataFrame(columns, geometry=[row[3] for row in rows], crs="EPSG:4326")


def _piece(network: Network, step: _Step) -> npt.NDArray[np.float64]:
    """Return longitude and latitude of the points of a step, in the order of travel."""
    low, high = min(step.begin, step.end), max(step.begin, step.end)
    at = np.concatenate([[low], np.arange(np.floor(low) + 1, np.ceil(high)), [high]])
    before = np.minimum(np.floor(at), network.shape_ptr[step.edge + 1] - 2).astype(np.int64)
    points = np.column_stack(between_degrees(network.shape_lon, network.shape_lat, before, at - before))
    return points if step.begin <= step.end else points[::-1]

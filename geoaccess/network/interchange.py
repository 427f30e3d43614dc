"""Networks to and from networkx and osmnx."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.network.assemble import assemble
from geoaccess.network.elements import DECISECONDS, EdgeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx
    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["from_networkx", "from_osmnx", "to_networkx"]


@checks_arguments
def to_networkx(network: Network) -> nx.MultiDiGraph[int]:
    """Return the network as a networkx graph in the manner of osmnx: node attributes x, y; one arc per open direction.

    Where turns are banned or through traffic is not allowed, the graph has the network's copies of nodes and links
    between them at no cost, so that its shortest paths are those of the network. Arcs carry `travel_time` (seconds),
    `length` (metres), `osmid`, `highway` (the class), `kind`, `edge` and `geometry`.

    >>> from geoaccess.network import Network, to_networkx
    >>> road = Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[-1])
    >>> [(u, v, d["travel_time"]) for u, v, d in to_networkx(road).edges(data=True)]
    [(0, 1, 300.0)]
    """
    import networkx as nx

    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_nodes_from(
        (i, {"x": x, "y": y})
        for i, (x, y) in enumerate(zip(network.node_lon.tolist(), network.node_lat.tolist(), strict=True))
    )
    lines = network.lines(np.arange(network.n_edges), network.shape_lon, network.shape_lat)
    ways = network.shape_way[network.shape_ptr[:-1]]
    place = np.arange(network.n_nodes) if network.expansion is None else network.expansion.place
    arcs = network.arcs
    tails = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start))
    for tail, head, cost, e in zip(
        tails.tolist(), arcs.head.tolist(), arcs.cost_ds.tolist(), arcs.edge.tolist(), strict=True
    ):
        if e < 0:  # between a node and a copy of it, see geoaccess.network.turns
            graph.add_edge(tail, head, travel_time=0.0, length=0.0, kind="link", edge=-1)
            continue
        upward = place[tail] == network.edge_u[e] and place[head] == network.edge_v[e]
        graph.add_edge(
            tail,
            head,
            travel_time=cost / DECISECONDS,
            length=float(network.edge_length_m[e]),
            osmid=int(network.way_id[ways[e]]),
            highway=network.class_names[network.way_class[ways[e]]],
            kind=EdgeKind(int(network.edge_kind[e])).name.lower(),
            edge=e,
            geometry=lines[e] if upward else shapely.reverse(lines[e]),
        )
    return graph


@checks_arguments
def from_networkx(
    graph: nx.Graph[Any], *, weight: str = "travel_time", speeds_kph: Mapping[str, float] | None = None
) -> Network:
    """Make a network of a networkx graph whose nodes carry x (longitude) and y (latitude) in degrees.

    Parameters
    ----------
    graph
        Directed or not, simple or multi. Two arcs there and back with the same `osmid` and length become one edge
        open both ways, as an undirected edge does; an arc without counterpart becomes a one-way edge. `geometry`,
        `osmid` and `highway` are used where present.
    weight
        Arc attribute in seconds.
    speeds_kph
        Where `weight` is missing and `length` (metres) is there, the speed by `highway` value; the key "" is the
        default.

    Raises
    ------
    InputError
        If a node has no x or y, coordinates are not degrees, or an arc has neither a time nor a length with a speed.
    """
    nodes = list(graph.nodes)
    place = {node: i for i, node in enumerate(nodes)}
    lon = np.array([graph.nodes[node].get("x", np.nan) for node in nodes], float)
    lat = np.array([graph.nodes[node].get("y", np.nan) for node in nodes], float)
    bad = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))  # noqa: PLR2004
    if bad.any():
        raise InputError(
            f"node {nodes[int(np.flatnonzero(bad)[0])]!r}: x and y must be longitude and latitude in degrees "
            f"({int(bad.sum())} of {len(nodes)} are not); project the graph to EPSG:4326"
        )
    streets = _streets(graph, weight, speeds_kph or {})
    points_lon, points_lat, a, b, share, way = _shapes(streets, place, lon, lat)
    keep = np.zeros(points_lon.size, np.bool_)
    keep[: len(nodes)] = True
    return assemble(
        lon=points_lon,
        lat=points_lat,
        a=a,
        b=b,
        forward_s=_spread(np.array([street.forward_s for street in streets])[way], share),
        backward_s=_spread(np.array([street.backward_s for street in streets])[way], share),
        way=way,
        way_id=np.array([_number(street.data.get("osmid"), i) for i, street in enumerate(streets)], np.int64),
        way_class=[str(_first(street.data.get("highway", "road"))) for street in streets],
        kind=np.array([_kind(street.data) for street in streets], np.int8)[way],
        snaps=np.array([_kind(street.data) == EdgeKind.ROAD for street in streets])[way],
        keep=keep,
    )


def _spread(times: npt.NDArray[np.float64], share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(times < 0, -1.0, times * share)


def _kind(data: Mapping[str, Any]) -> EdgeKind:
    return EdgeKind.__members__.get(str(data.get("kind", "road")).upper(), EdgeKind.ROAD)


@checks_arguments
def from_osmnx(graph: nx.MultiDiGraph[Any], *, speeds_kph: Mapping[str, float] | None = None) -> Network:
    """Make a network of an osmnx graph, simplified or not.

    Call `osmnx.add_edge_speeds` and `osmnx.add_edge_travel_times` first, or give the speeds. A projected graph is
    refused with what to do in the message.
    """
    return from_networkx(graph, speeds_kph=speeds_kph)


@dataclass
class _Street:
    """An edge to be: times in both directions, -1 where closed."""

    u: Any
    v: Any
    data: Mapping[str, Any]
    forward_s: float
    backward_s: float


def _streets(graph: Any, weight: str, speeds_kph: Mapping[str, float]) -> list[_Street]:
    """Return one street per pair of arcs that run the same way there and back, and one per arc that has no counterpart.

    Two arcs belong together when they join the same nodes in opposite directions with the same `osmid`, length and
    corners: so a place that is snapped to the street can be left in both directions.
    """
    streets: list[_Street] = []
    waiting: dict[tuple[Any, ...], list[_Street]] = {}
    for u, v, data in graph.edges(data=True):
        seconds = _seconds(u, v, data, weight, speeds_kph)
        if not graph.is_directed():
            streets.append(_Street(u, v, data, seconds, seconds))
            continue
        partners = waiting.get((v, u, *_mark(data, turned=True)), [])
        if partners:
            partners.pop(0).backward_s = seconds
        else:
            street = _Street(u, v, data, seconds, -1.0)
            streets.append(street)
            waiting.setdefault((u, v, *_mark(data, turned=False)), []).append(street)
    return streets


def _mark(data: Mapping[str, Any], *, turned: bool) -> tuple[Any, ...]:
    """Return what two arcs of one street share: way, length, and corners when one of them is turned round."""
    osmid = data.get("osmid")
    line = data.get("geometry")
    corners = [(round(x, 6), round(y, 6)) for x, y, *_ in line.coords] if line is not None else []
    way = tuple(sorted(osmid)) if isinstance(osmid, list) else osmid
    return way, round(float(data.get("length", 0.0)), 1), tuple(reversed(corners) if turned else corners)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def _number(osmid: Any, otherwise: int) -> int:
    found = _first(osmid)
    return int(found) if isinstance(found, int | np.integer) else otherwise


def _seconds(u: Any, v: Any, data: Mapping[str, Any], weight: str, speeds_kph: Mapping[str, float]) -> float:
    if data.get(weight) is not None:
        time = float(data[weight])
        if time >= 0:
            return time
        raise InputError(f"arc {u!r} -> {v!r}: {weight} is {time}; it must be seconds >= 0")
    kph = speeds_kph.get(str(_first(data.get("highway", ""))), speeds_kph.get(""))
    if kph and data.get("length") is not None:
        return float(data["length"]) * 3.6 / kph
    raise InputError(
        f"arc {u!r} -> {v!r}: no {weight!r} in seconds, and no length and speed to make one of; "
        "call osmnx.add_edge_speeds and add_edge_travel_times, or give speeds_kph"
    )


def _shapes(
    streets: list[_Street], place: dict[Any, int], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> tuple[
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.float64],
    npt.NDArray[np.int32],
]:
    """Return points (nodes first), segments between them, each one's share of its street, and the street's number."""
    extra: list[tuple[float, float]] = []
    a: list[int] = []
    b: list[int] = []
    share: list[float] = []
    way: list[int] = []
    for i, street in enumerate(streets):
        ends = [(lon[place[node]], lat[place[node]]) for node in (street.u, street.v)]
        line = street.data.get("geometry")
        corners_given = list(line.coords) if line is not None else []
        inner = [(x, y) for x, y, *_ in corners_given[1:-1]]
        if inner and _apart(corners_given[0], ends[0]) > _apart(corners_given[-1], ends[0]):
            inner.reverse()
        first = lon.size + len(extra)
        chain = [place[street.u], *range(first, first + len(inner)), place[street.v]]
        extra += inner
        corners = np.array([ends[0], *inner, ends[1]])
        steps = np.hypot(np.diff(corners[:, 0]) * np.cos(np.radians(corners[0, 1])), np.diff(corners[:, 1]))
        total = steps.sum()
        a += chain[:-1]
        b += chain[1:]
        share += (steps / total if total > 0 else np.full(steps.size, 1 / steps.size)).tolist()
        way += [i] * steps.size
    more = np.array(extra, float).reshape(-1, 2)
    return (
        np.concatenate([lon, more[:, 0]]),
        np.concatenate([lat, more[:, 1]]),
        np.array(a, np.int32),
        np.array(b, np.int32),
        np.array(share),
        np.array(way, np.int32),
    )


def _apart(one: Any, other: Any) -> float:
    return float(abs(one[0] - other[0]) + abs(one[1] - other[1]))

"""What of a network can close on its own: ferries, bridges, tunnels, and roads between two junctions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.kernels import graph, runs
from geoaccess.network import EdgeKind
from geoaccess.network.assembly import ferry_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.network import Network

__all__ = ["Part", "Unit", "units_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """A bridge or tunnel on an edge: from one share of its time (from u to v) to another."""

    edge: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Unit:
    """What closes at once.

    `kind` is "ferry", "bridge", "tunnel" or "road"; `edges` are all its edges; `parts` say where on them a bridge or
    tunnel is: there it is known on which side of it people live.
    """

    kind: str
    name: str
    ref: str
    ways: tuple[int, ...]
    edges: npt.NDArray[np.int32]
    parts: tuple[Part, ...] = ()


@checks_arguments
def units_of(
    network: Network, used: npt.NDArray[np.bool_], lived: npt.NDArray[np.bool_], names: pd.DataFrame
) -> list[Unit]:
    """Return what can close and may matter.

    Parameters
    ----------
    used
        Edges over whose whole length somebody passes, shape (n_edges,).
    lived
        Edges on which somebody lives or a site is: a bridge there may be passed by some only.
    names
        What `geoaccess.osm.read_road_names` returns.

    Returns
    -------
    Ferries: boats of one name whose ways touch are one, because none of them sails alone. Bridges and tunnels: ways
    tagged so that follow upon each other; each carriageway is its own. Roads: every edge in use, the stretch between
    two junctions.
    """
    named = names.reindex(network.way_id).reset_index(drop=True)
    text = {column: named[column].fillna("").to_numpy(dtype=object) for column in ("name", "ref")}
    units = [*_ferries(network, used)]
    for kind in ("bridge", "tunnel"):
        tagged = named[kind].eq(True).to_numpy(bool)  # noqa: FBT003 - missing is not tagged
        units += _crossings(network, kind, tagged, used | lived, text)
    units += _roads(network, used, text)
    return units


def _way(network: Network, edges: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    way: npt.NDArray[np.int32] = network.shape_way[network.shape_ptr[edges]]
    return way


def _ferries(network: Network, used: npt.NDArray[np.bool_]) -> Iterator[Unit]:
    boats = np.flatnonzero(network.edge_kind == EdgeKind.FERRY)
    table = ferry_names(network.ferries)
    way = _way(network, boats)
    way_id = network.way_id[way]
    timed = np.isin(way_id, network.ferries.loc[network.ferries["timetable"] != "", "way_id"])
    name = table.reindex(way_id).fillna("").to_numpy(dtype=object)
    label = np.array([name[i] or f"way {way_id[i]}" for i in range(boats.size)], dtype=object)
    for called in dict.fromkeys(label.tolist()):
        ours = boats[label == called]
        # By timetable each pair of quays has nodes of its own: the boats that sail on one way are one all the same.
        _, first = np.unique(way[label == called], return_index=True)
        same = ours[first][np.searchsorted(way[label == called][first], way[label == called])]
        linked = timed[label == called]
        together = graph.weak_components(
            network.n_nodes,
            np.concatenate([network.edge_u[ours], network.edge_u[ours][linked]]),
            np.concatenate([network.edge_v[ours], network.edge_u[same][linked]]),
        )
        for part in dict.fromkeys(together[network.edge_u[ours]].tolist()):
            edges = ours[together[network.edge_u[ours]] == part].astype(np.int32)
            if used[edges].any():
                ways = np.unique(network.way_id[_way(network, edges)])
                yield Unit("ferry", str(called), "", tuple(ways.tolist()), edges)


def _crossings(
    network: Network,
    kind: str,
    tagged: npt.NDArray[np.bool_],
    wanted: npt.NDArray[np.bool_],
    text: dict[str, npt.NDArray[np.object_]],
) -> Iterator[Unit]:
    """Find runs of pieces from ways tagged so, and join those that meet at the end of an edge."""
    begins, ends, edges, shares = runs.tagged_runs(
        network.shape_ptr,
        network.shape_way,
        network.shape_forward_s,
        network.shape_backward_s,
        tagged,
        wanted & (network.edge_kind == EdgeKind.ROAD),
    )
    if not begins.size:
        return
    at_u, at_v = begins == network.shape_ptr[edges], ends == network.shape_ptr[edges + 1] - 1
    group = _joined(network, edges, at_u, at_v)
    order = np.argsort(group, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        yield _crossing(network, kind, rows, (begins, ends, edges), shares, text)


def _crossing(
    network: Network,
    kind: str,
    rows: npt.NDArray[np.int64],
    found: tuple[npt.NDArray[np.int64], ...],
    shares: npt.NDArray[np.float64],
    text: dict[str, npt.NDArray[np.object_]],
) -> Unit:
    begins, ends, edges = found
    ways = np.unique(np.concatenate([network.shape_way[begins[i] : ends[i]] for i in rows]))
    parts = tuple(Part(int(edges[i]), float(shares[i, 0]), float(shares[i, 1])) for i in rows)
    return Unit(
        kind,
        _first(text["name"][ways]),
        _first(text["ref"][ways]),
        tuple(network.way_id[ways].tolist()),
        np.unique(edges[rows]).astype(np.int32),
        parts,
    )


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _joined(
    network: Network, edges: npt.NDArray[np.int64], at_u: npt.NDArray[np.bool_], at_v: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return the group of each run: runs that come to the same node are connected."""
    n = edges.size
    run = np.concatenate([np.flatnonzero(at_u), np.flatnonzero(at_v)])
    node = np.concatenate([network.edge_u[edges[at_u]], network.edge_v[edges[at_v]]])
    _, place = np.unique(node, return_inverse=True)
    labels = graph.weak_components(
        n + int(place.max(initial=-1)) + 1, run.astype(np.int32), (n + place).astype(np.int32)
    )
    _, group = np.unique(labels[:n], return_inverse=True)
    return np.asarray(group, np.int64)


def _roads(network: Network, used: npt.NDArray[np.bool_], text: dict[str, npt.NDArray[np.object_]]) -> Iterator[Unit]:
    edges = np.flatnonzero(used & (network.edge_kind == EdgeKind.ROAD)).astype(np.int32)
    one = _way(network, edges)  # that of the first piece; most edges have no other
    several = np.logical_or.reduceat(_other_way(network), network.shape_ptr[:-1])[edges] if edges.size else edges > 0
    names, refs, numbers = text["name"][one], text["ref"][one], network.way_id[one].tolist()
    for place, edge in enumerate(edges.tolist()):
        name, ref, found = names[place], refs[place], (numbers[place],)
        if several[place]:
            pieces = network.shape_way[network.shape_ptr[edge] : network.shape_ptr[edge + 1] - 1]
            ways = [*dict.fromkeys(pieces.tolist())]
            name, ref, found = _first(text["name"][ways]), _first(text["ref"][ways]), network.way_id[ways].tolist()
        yield Unit("road", name, ref, tuple(found), edges[place : place + 1])


def _other_way(network: Network) -> npt.NDArray[np.bool_]:
    """Return of each point whether its piece is of another way than the piece before it on the same edge."""
    other = np.append(False, np.diff(network.shape_way) != 0)  # the first has none before it
    other[network.shape_ptr[:-1]] = False
    other[network.shape_ptr[1:] - 1] = False  # the last point of an edge begins no piece
    return other

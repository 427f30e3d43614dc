"""How far along its edges one comes within some times: the stretches that are reached, cut where the time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from geoaccess.kernels.growing import longer

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Sources", "Streets", "reached_stretches"]


class Streets(NamedTuple):
    """Edges as they are travelled: seconds between their ends and a site, inf where there is no way over that end.

    `closed_u` and `closed_v` say where the edge itself is closed on the way over its end. `over_u` has the seconds of
    the piece from each shape point to the next on the way that leads over u, `over_v` on that over v; `ptr` says where
    the shape of each edge begins, and the end of all.
    """

    ptr: npt.NDArray[np.int64]
    at_u: npt.NDArray[np.float64]
    at_v: npt.NDArray[np.float64]
    closed_u: npt.NDArray[np.bool_]
    closed_v: npt.NDArray[np.bool_]
    over_u: npt.NDArray[np.float32]
    over_v: npt.NDArray[np.float32]


class Sources(NamedTuple):
    """Places on edges, between points of their shapes, from which one sets out after some seconds."""

    edge: npt.NDArray[np.int64]
    at: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def reached_stretches(
    streets: Streets,
    roads: npt.NDArray[np.int64],
    sources: Sources,
    limits: npt.NDArray[np.float64],
    done: npt.NDArray[np.bool_],
) -> tuple[
    npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int8], npt.NDArray[np.int8]
]:
    """Return the stretches of edges that are reached within some times, and of edges when all of them is.

    Stretches as edge, begin, end (places between shape points) and which of the `limits`, which rise; an edge that is
    reached as a whole within one is left out of those after it, and one that is `done` out of all. Then of each edge
    within which of the limits it is reached as a whole: the number of limits where it never is, and -1 where it is
    done. From a source its own edge is reached, too, but no way that is closed.
    """
    edges, begins = np.empty(1024, np.int64), np.empty(1024)
    ends, turns = np.empty(1024), np.empty(1024, np.int8)
    whole = np.full(done.size, limits.size, np.int8)
    for edge in range(done.size):
        if done[edge]:
            whole[edge] = -1
    used = 0
    for edge in roads:
        if done[edge]:
            continue
        first, last = float(streets.ptr[edge]), streets.ptr[edge + 1] - 1.0
        for turn in range(limits.size):
            from_u, from_v = limits[turn] - streets.at_u[edge], limits[turn] - streets.at_v[edge]
            top = _furthest(streets.over_u, first, last, from_u) if from_u >= 0 else first - 1
            low = _lowest(streets.over_v, first, last, from_v) if from_v >= 0 else last + 1
            if used + 2 > edges.size:
                edges, begins, ends, turns = longer(edges), longer(begins), longer(ends), longer(turns)
            if top >= low or top >= last or low <= first:
                edges[used], begins[used], ends[used], turns[used] = edge, first, last, turn
                used += 1
                whole[edge] = turn
                break
            if from_u >= 0:
                edges[used], begins[used], ends[used], turns[used] = edge, first, top, turn
                used += 1
            if from_v >= 0:
                edges[used], begins[used], ends[used], turns[used] = edge, low, last, turn
                used += 1
    for source in range(sources.edge.size):
        edge, at = sources.edge[source], sources.at[source]
        first, last = float(streets.ptr[edge]), streets.ptr[edge + 1] - 1.0
        for turn in range(limits.size):
            left = limits[turn] - sources.seconds[source]
            if left < 0 or whole[edge] < turn:
                continue
            if used + 1 > edges.size:
                edges, begins, ends, turns = longer(edges), longer(begins), longer(ends), longer(turns)
            # Towards u the way is that over v: along the edge to where v would be, and the other way round.
            edges[used], turns[used] = edge, turn
            begins[used] = at if streets.closed_v[edge] else _lowest(streets.over_v, first, at, left)
            ends[used] = at if streets.closed_u[edge] else _furthest(streets.over_u, at, last, left)
            used += 1
    return edges[:used].copy(), begins[:used].copy(), ends[:used].copy(), turns[:used].copy(), whole


@numba.njit(cache=True, nogil=True)
def _furthest(seconds: npt.NDArray[np.float32], place: float, last: float, left: float) -> float:
    """Return how far up an edge one comes from a place on it."""
    while place < last:
        point = np.floor(place)
        piece = float(seconds[int(point)])
        time = piece * (point + 1 - place)
        if time > left:
            return place + left / piece
        left -= time
        place = point + 1
    return last


@numba.njit(cache=True, nogil=True)
def _lowest(seconds: npt.NDArray[np.float32], first: float, place: float, left: float) -> float:
    """Return how far down an edge one comes from a place on it."""
    while place > first:
        point = np.ceil(place) - 1
        piece = float(seconds[int(point)])
        time = piece * (place - point)
        if time > left:
            return place - left / piece
        left -= time
        place = point
    return first

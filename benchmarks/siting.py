"""Where to put sites: the best of all cells, many candidates on a large network, and exact answers beside spopt."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import ours, peers
from benchmarks.building import hierarchy
from benchmarks.graphs import Graph, places
from benchmarks.measure import Peer, Plan, Row, Target, compare
from benchmarks.nearest import sites_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

__all__ = ["siting"]

NORM_S = 300.0
COVERED = (200_000, 400, 20)  # points, candidates, sites
BESIDE = (1_000, 60, 6)  # as large as spopt solves in a minute
WITH_ROOM = (200, 30, 6)
"""One person at each point: spopt sends a point to one site as a whole, we share it; so both mean the same."""


def siting(plan: Plan) -> Iterator[Row]:
    """Time whole questions, search of the times included unless stated otherwise."""
    for key in plan.graphs("iceland"):
        yield compare(
            plan, "1 site of 1153 cells, exact", key, _best_of_all, check=_proved, target=Target(within_s=1.0)
        )
    for key in plan.graphs("1m"):
        yield compare(
            plan, "10 sites of 5000 for 100 000 cells, exchange", key, _many, check=_sound, target=Target(within_s=60.0)
        )
        yield compare(
            plan,
            "most people in 5 min: 200 000 points, 20 sites of 400, proved, times given",
            key,
            _covering,
            check=_proved,
            target=Target(within_s=10.0),
        )
    for key in plan.graphs("100k"):
        for name, exact in (("p-median", _p_median), ("maximal covering", _most_covered)):
            peer = Peer(peers.version("spopt"), functools.partial(_spopt, name), repeats=1)
            task = f"{name}: 1000 points, 6 sites of 60, proved, times given"
            yield compare(plan, task, key, exact, peer=peer, agree=_no_worse, target=Target(faster=1.0))
        peer = Peer(peers.version("spopt"), _spopt_with_room, repeats=1)
        task = "p-median with capacities: 200 points, 6 sites of 30, proved, times given"
        yield compare(plan, task, key, _with_room, peer=peer, agree=_as_good, target=Target(faster=1.0))


def _best_of_all(graph: Graph) -> Callable[[], Any]:
    made, _ = hierarchy(graph)
    cells = places(graph, 1153, seed=3)
    return lambda: ours.site(made, cells, _people(cells.size), sites_of(graph)[:47], cells, add=1)


def _many(graph: Graph) -> Callable[[], Any]:
    made, _ = hierarchy(graph)
    cells, candidates = places(graph, 100_000, seed=3), places(graph, 5000, seed=7)
    people = _people(cells.size)
    return lambda: ours.site(made, cells, people, sites_of(graph), candidates, add=10, method="exchange")


@functools.lru_cache(maxsize=2)
def _instance(graph: Graph, points: int, candidates: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return times from points to candidates, and people."""
    made, _ = hierarchy(graph)
    cells = places(graph, points, seed=3)
    return ours.times(made, cells, places(graph, candidates, seed=7)), _people(cells.size)


def _covering(graph: Graph) -> Callable[[], Any]:
    points, candidates, add = COVERED
    times, people = _instance(graph, points, candidates)
    return lambda: ours.located(times, people, add=add, norm_s=NORM_S)


def _p_median(graph: Graph) -> Callable[[], Any]:
    points, candidates, add = BESIDE
    times, people = _instance(graph, points, candidates)
    return lambda: ours.located(times, people, add=add)


def _most_covered(graph: Graph) -> Callable[[], Any]:
    points, candidates, add = BESIDE
    times, people = _instance(graph, points, candidates)
    return lambda: ours.located(times, people, add=add, norm_s=NORM_S)


def _spopt(name: str, graph: Graph) -> Callable[[], Any]:
    points, candidates, add = BESIDE
    times, people = _instance(graph, points, candidates)
    return peers.spopt(times, people, add=add, norm_s=NORM_S if name == "maximal covering" else None)


def _room(graph: Graph) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return times, and how many people each candidate takes: six of them take everybody."""
    points, candidates, _ = WITH_ROOM
    times, _ = _instance(graph, points, candidates)
    return times, np.random.default_rng(5).integers(34, 60, candidates).astype(np.float64)


def _with_room(graph: Graph) -> Callable[[], Any]:
    times, room = _room(graph)
    return lambda: ours.located_with_capacity(times, np.ones(len(times)), room, add=WITH_ROOM[2])


def _spopt_with_room(graph: Graph) -> Callable[[], Any]:
    times, room = _room(graph)
    return peers.spopt(times, np.ones(len(times)), add=WITH_ROOM[2], norm_s=None, capacity=room)


def _people(count: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(1).integers(1, 60, count).astype(np.float64)


def _proved(_: Graph, found: Any) -> None:
    assert found.proved, f"not proved optimal: {found}"


def _sound(_: Graph, found: Any) -> None:
    assert found.bound <= found.value < found.now, f"no improvement, or beyond its bound: {found}"


def _as_good(found: Any, theirs: tuple[float, bool]) -> None:
    assert found.proved, f"not proved optimal: {found}"
    assert not found.unserved.any(), "somebody is not served"
    assert abs(found.value - theirs[0]) <= 1e-6 * abs(theirs[0]), f"another optimum: {found.value} and {theirs[0]}"


def _no_worse(found: Any, theirs: tuple[float, bool]) -> None:
    value, higher = theirs
    worse = value - found.value if higher else found.value - value
    assert worse <= 1e-6 * abs(value), f"worse than the peer: {found.value} and {value}"

"""A generated country: road-like directed networks of any size, the same for the same seed.

The land is what noise leaves above the sea: a mainland with fjords, lakes and islands. Roads follow the lines of a
lattice, and how many lines there are depends on where one is: every line in towns, every eighth in the country, every
32nd in the wild; every 64th line is a motorway, every 32nd a trunk road, and so on down to residential streets.
So junctions are joined by long chains of degree 2 outside towns, and fast roads lead from town to town. Then:

* dead ends hang on streets and country roads, some of them in turn on dead ends;
* a spanning tree of every piece of land stays open both ways; of the other streets some are left out and some are
  one-way, so that land stays strongly connected (but for a few one-way dead ends, which cannot be left or reached);
* ferries cross fjords and lead to most islands, with a wait, and one takes nine hours; the other islands stay alone;
* some edges cost nothing, some lie beside another between the same nodes, some take longer one way than the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from benchmarks.roads import CLASSES, Roads, hilbert_order, renumbered
from geoaccess.kernels import graph
from geoaccess.network import DECISECONDS, EdgeKind

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["KPH", "generate", "spanning_tree"]

SPACING_M = 120.0
WATER, TOWN, COUNTRY = 0.36, 0.25, 0.45  # shares of the map, and of the land
LATTICE_SHARE = 0.75  # of all nodes; the rest lie on edges between them or at dead ends
ROUGHNESS = 0.5  # how much weaker noise is at half the spacing: 1 is smooth hills, 0 is spray
LEAST_ISLAND = 30  # nodes
MAIN_LEVELS = (64, 32, 16, 8, 4)
KPH = np.array([110, 90, 80, 70, 50, 30, 20, 18])  # by class
LEFT_OUT = np.array([0.0, 0.04, 0.08, 0.12, 0.25, 0.28])  # share of edges outside the tree, by class
ONE_WAY, SLOWER_BACK, FREE, BESIDE = 0.08, 0.05, 0.002, 0.001  # shares of edges
ONE_WAY_DEAD_ENDS = 0.003  # share of dead ends
ALONE = 0.1  # share of islands without a ferry
FERRY_M_PER_S = 5.0
WAITS_S = np.array([300, 450, 900, 1800])
LONGEST_FERRY_S = 32_400


class _Edges(NamedTuple):
    """Edges in the making; `one_way` is 0, or 1 for along, -1 for against."""

    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    road_class: npt.NDArray[np.int8]
    one_way: npt.NDArray[np.int8]


def generate(n_nodes: int, *, seed: int = 1) -> Roads:
    """Return a country of exactly `n_nodes` nodes, numbered along a Hilbert curve.

    About 2.6 arcs per node, 8 % of edges one-way. The same bytes for the same size and seed.

    Raises
    ------
    ValueError
        If `n_nodes` is below 2000 (too small for towns and islands), or so large that all times added up do not fit
        an int32 (beyond about 14 million).
    """
    if n_nodes < 2000:
        raise ValueError(f"{n_nodes} nodes; at least 2000 make a country")
    rng = np.random.default_rng([seed, n_nodes])
    number, land = _lattice(n_nodes, rng)
    cells = np.flatnonzero(number >= 0)
    side = np.int64(number.shape[1])
    x = (cells % side + rng.uniform(-0.35, 0.35, cells.size)) * SPACING_M
    y = (cells // side + rng.uniform(-0.35, 0.35, cells.size)) * SPACING_M
    n_dead_ends = min(n_nodes // 10, (n_nodes - cells.size) // 2)
    streets = _streets(number, cells.size, n_dead_ends, rng)
    ferries, waits = _ferries(number, land, cells, streets, rng)
    dead_ends, x, y = _dead_ends(n_dead_ends, x, y, rng)
    streets = _Edges(*(np.concatenate(pair) for pair in zip(streets, dead_ends, strict=True)))
    streets, x, y = _divided(streets, n_nodes - x.size, x, y, rng)
    return _finished(n_nodes, seed, x, y, streets, ferries, waits, rng)


def _lattice(n_nodes: int, rng: np.random.Generator) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Return the number of the junction at each place of the map (-1: none), and where land is."""
    wanted = LATTICE_SHARE * n_nodes
    side = max(int(np.sqrt(wanted / 0.22)), 64)
    while True:
        height = _noise(side, (256, 128, 64, 32, 16), rng)
        land = height > np.quantile(height[:: 1 + side // 500, :: 1 + side // 500], WATER)
        people = _noise(side, (64, 32, 16), rng)
        people -= 0.3 * height  # more of them near the sea
        wild, country = np.quantile(people[land][:: 1 + side * side // 10**6], [1 - TOWN - COUNTRY, 1 - TOWN])
        del height
        place = np.arange(side)
        lines = {step: (place[:, None] % step == 0) | (place[None, :] % step == 0) for step in (8, 32)}
        used = land & ((people > country) | ((people > wild) & lines[8]) | lines[32])
        number = _numbered(used)
        found = int(number.max()) + 1
        if 0.85 * wanted <= found <= 1.15 * wanted:
            return number, land
        side = int(side * np.sqrt(wanted / found)) + 1


def _noise(side: int, spacings: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return smooth noise: random values at corners, blended between them, finer and weaker with every spacing."""
    out = np.zeros((side, side), np.float32)
    for spacing in spacings:
        corners = rng.random((side // spacing + 2,) * 2, dtype=np.float32) * np.float32(
            (spacing / spacings[0]) ** ROUGHNESS
        )
        place = np.arange(side)
        first = place // spacing
        share = ((place % spacing) / spacing).astype(np.float32)
        share *= share * (3 - 2 * share)
        rows = corners[first] * (1 - share[:, None]) + corners[first + 1] * share[:, None]
        out += rows[:, first] * (1 - share)
        out += rows[:, first + 1] * share
    return out


def _numbered(used: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Number the used places row by row, leaving out what is connected to less than an island's worth of them."""
    number = np.where(used, np.cumsum(used, dtype=np.int32).reshape(used.shape) - 1, -1).astype(np.int32)
    a, b = _neighbours(number)
    component = graph.weak_components(int(number.max()) + 1, a, b)
    used = used.copy()
    used[used] = np.bincount(component)[component] >= LEAST_ISLAND
    return np.where(used, np.cumsum(used, dtype=np.int32).reshape(used.shape) - 1, -1).astype(np.int32)


def _neighbours(number: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the pairs of junctions that lie side by side: first those along rows, then those along columns."""
    right, below = (number[:, :-1] >= 0) & (number[:, 1:] >= 0), (number[:-1] >= 0) & (number[1:] >= 0)
    return (
        np.concatenate([number[:, :-1][right], number[:-1][below]]),
        np.concatenate([number[:, 1:][right], number[1:][below]]),
    )


def _streets(number: npt.NDArray[np.int32], n_junctions: int, n_dead_ends: int, rng: np.random.Generator) -> _Edges:
    """Return the edges between neighbours, with the class of the line they lie on, less some, and some one-way."""
    a, b = _neighbours(number)
    right, below = (number[:, :-1] >= 0) & (number[:, 1:] >= 0), (number[:-1] >= 0) & (number[1:] >= 0)
    line = np.concatenate([np.nonzero(right)[0].astype(np.int32), np.nonzero(below)[1].astype(np.int32)])
    road_class = np.full(a.size, CLASSES.index("residential"), np.int8)
    for level, step in reversed(list(enumerate(MAIN_LEVELS))):
        road_class[line % step == 0] = level
    chance = rng.random(a.size, dtype=np.float32)
    tree = spanning_tree(n_junctions, a, b, np.argsort(chance + road_class))  # of fast roads first
    kept = tree | (rng.random(a.size, dtype=np.float32) >= LEFT_OUT[road_class])
    a, b, road_class, tree = a[kept], b[kept], road_class[kept], tree[kept]
    loose = np.flatnonzero(~tree & (road_class >= CLASSES.index("tertiary")))
    wanted = int(ONE_WAY * (a.size + n_dead_ends))
    one_way = np.zeros(a.size, np.int8)
    chosen = rng.choice(loose, min(wanted, loose.size), replace=False)
    one_way[chosen] = rng.choice(np.array([-1, 1], np.int8), chosen.size)
    return _Edges(a, b, road_class, one_way)


@numba.njit(cache=True)
def spanning_tree(n_nodes, a, b, order):
    """Return which edges join two parts that no earlier one has joined."""
    parent = np.arange(n_nodes).astype(np.int32)
    chosen = np.zeros(a.size, np.bool_)
    for edge in order:
        p, q = a[edge], b[edge]
        while parent[p] != p:
            parent[p] = parent[parent[p]]
            p = parent[p]
        while parent[q] != q:
            parent[q] = parent[parent[q]]
            q = parent[q]
        if p != q:
            parent[p] = q
            chosen[edge] = True
    return chosen


def _ferries(
    number: npt.NDArray[np.int32],
    land: npt.NDArray[np.bool_],
    cells: npt.NDArray[np.int64],
    streets: _Edges,
    rng: np.random.Generator,
) -> tuple[_Edges, npt.NDArray[np.int32]]:
    """Return ferries over water: to most islands the shortest that was found, and some across fjords; and their waits.

    Candidates go straight from a junction over water to the next, from every junction of an island and from some of
    the mainland.
    """
    component = graph.weak_components(cells.size, streets.a, streets.b)
    mainland = np.bincount(component).argmax()
    alone = rng.random(component.max() + 1) < ALONE
    alone[mainland] = False
    from_here = np.concatenate(
        [np.flatnonzero(component != mainland), rng.integers(0, cells.size, max(cells.size // 20, 100))]
    )
    way = rng.integers(0, 4, from_here.size)
    to, steps = _crossings(number, land, cells[from_here], way)
    good = (to >= 0) & ~alone[component[from_here]] & ~alone[component[to]]
    a, b, steps = from_here[good].astype(np.int32), to[good], steps[good]
    order = np.argsort(steps, kind="stable")
    joins = spanning_tree(int(component.max()) + 1, component[a], component[b], order)
    fjords = np.flatnonzero(component[a] == component[b])
    joins[rng.choice(fjords, min(fjords.size, cells.size // 25_000 + 2), replace=False)] = True
    a, b = a[joins], b[joins]
    waits = rng.choice(WAITS_S, a.size).astype(np.int32) * DECISECONDS
    zeros = np.zeros(a.size, np.int8)
    return _Edges(a, b, zeros + np.int8(CLASSES.index("ferry")), zeros), waits


@numba.njit(cache=True)
def _crossings(number, land, cells, way):
    """Return the junction straight across the water from each place in one of four directions (-1: none), and steps."""
    height, width = number.shape
    to = np.full(cells.size, -1, np.int32)
    steps = np.zeros(cells.size, np.int32)
    for i in range(cells.size):
        dx = (1, 0, -1, 0)[way[i]]
        dy = (0, 1, 0, -1)[way[i]]
        px, py = cells[i] % width, cells[i] // width
        water = ashore = 0
        for step in range(1, 500):
            px += dx
            py += dy
            if px < 0 or py < 0 or px >= width or py >= height:
                break
            if not land[py, px] and ashore == 0:
                water += 1
            elif water == 0:
                if step > 4 or number[py, px] >= 0:
                    break
            else:
                ashore += 1
                if number[py, px] >= 0 or ashore > 16:
                    to[i] = number[py, px] if water >= 5 else -1
                    steps[i] = step
                    break
    return to, steps


def _dead_ends(
    count: int, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[_Edges, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return dead ends, two in three at junctions and the others at dead ends, and all points with theirs behind."""
    n = x.size
    first = count - count // 3
    root = np.concatenate([rng.integers(0, n, first), n + rng.integers(0, first, count - first)]).astype(np.int32)
    angle = rng.uniform(0, 2 * np.pi, count)
    reach = rng.uniform(0.2, 0.6, count) * SPACING_M
    for part in (slice(0, first), slice(first, count)):
        x = np.concatenate([x, x[root[part]] + (reach * np.cos(angle))[part]])
        y = np.concatenate([y, y[root[part]] + (reach * np.sin(angle))[part]])
    one_way = rng.choice(
        np.array([-1, 0, 1], np.int8), count, p=[ONE_WAY_DEAD_ENDS / 2, 1 - ONE_WAY_DEAD_ENDS, ONE_WAY_DEAD_ENDS / 2]
    )
    services = np.full(count, CLASSES.index("service"), np.int8)
    return _Edges(root, (n + np.arange(count)).astype(np.int32), services, one_way), x, y


def _divided(
    edges: _Edges, count: int, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[_Edges, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the edges with `count` nodes of degree 2 strewn over them, and all points with theirs behind."""
    inner = np.bincount(rng.integers(0, edges.a.size, count), minlength=edges.a.size)
    first = np.cumsum(inner) - inner
    of = np.repeat(np.arange(edges.a.size), inner)
    nth = np.arange(count) - first[of] + 1
    share = nth / (inner[of] + 1)
    a, b = edges.a[of], edges.b[of]
    bend = rng.normal(0, 0.05 * SPACING_M, (2, count))
    old = x.size
    x = np.concatenate([x, x[a] + share * (x[b] - x[a]) + bend[0]])
    y = np.concatenate([y, y[a] + share * (y[b] - y[a]) + bend[1]])
    # Of each edge comes first the piece that ends at b, then those that end at its inner nodes.
    last = np.where(inner > 0, old + first + inner - 1, edges.a).astype(np.int32)
    node = (old + np.arange(count)).astype(np.int32)
    before = np.where(nth == 1, a, node - 1).astype(np.int32)
    pieces = _Edges(
        np.concatenate([last, before]),
        np.concatenate([edges.b, node]),
        np.concatenate([edges.road_class, edges.road_class[of]]),
        np.concatenate([edges.one_way, edges.one_way[of]]),
    )
    return pieces, x, y


def _finished(
    n_nodes: int,
    seed: int,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    streets: _Edges,
    ferries: _Edges,
    waits: npt.NDArray[np.int32],
    rng: np.random.Generator,
) -> Roads:
    """Give every edge its times, add edges beside others, number the nodes and put it all in order."""
    length = np.hypot(x[streets.a] - x[streets.b], y[streets.a] - y[streets.b])
    seconds = length / KPH[streets.road_class] * 3.6
    forward = np.maximum(np.rint(seconds * DECISECONDS), 1).astype(np.int32)
    forward[rng.random(forward.size, dtype=np.float32) < FREE] = 0
    backward = forward.copy()
    slower = rng.random(forward.size, dtype=np.float32) < SLOWER_BACK
    backward[slower] += backward[slower] // 5
    forward[streets.one_way < 0] = -1
    backward[streets.one_way > 0] = -1

    beside = rng.choice(forward.size, int(BESIDE * forward.size), replace=False)
    more = rng.integers(0, 50, beside.size, dtype=np.int32)  # now and then as fast as the edge it lies beside
    crossing_m = np.hypot(x[ferries.a] - x[ferries.b], y[ferries.a] - y[ferries.b])
    crossing = (crossing_m / FERRY_M_PER_S * DECISECONDS).astype(np.int32) + waits
    if crossing.size:
        crossing[crossing.argmax()] = LONGEST_FERRY_S * DECISECONDS
    a = np.concatenate([streets.a, streets.b[beside], ferries.a])
    b = np.concatenate([streets.b, streets.a[beside], ferries.b])
    order = hilbert_order(x, y)
    u, v, by_node = renumbered(order, a, b)

    def sorted_edges(street: npt.NDArray, doubled: npt.NDArray, ferry: npt.NDArray, dtype: type) -> npt.NDArray:
        return np.concatenate([street, doubled, ferry]).astype(dtype)[by_node]

    def slower_by(times: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        return np.where(times[beside] < 0, -1, times[beside] + more)

    metres_per_degree = np.pi / 180 * 6_371_009
    x, y = x[order] - x.max() / 2, y[order] - y.max() / 2
    kind = np.full(ferries.a.size, EdgeKind.FERRY)
    return Roads(
        name=f"generated country, {n_nodes:_} nodes".replace("_", " "),
        note=f"made up by benchmarks/generate.py, seed {seed}",
        lon=15 + x / (metres_per_degree * np.cos(np.radians(64))),
        lat=64 + y / metres_per_degree,
        u=u,
        v=v,
        forward_ds=sorted_edges(forward, slower_by(backward), crossing, np.int32),
        backward_ds=sorted_edges(backward, slower_by(forward), crossing, np.int32),
        wait_ds=sorted_edges(np.zeros(forward.size), np.zeros(beside.size), waits, np.int32),
        length_m=sorted_edges(length, length[beside], crossing_m, np.float32),
        kind=sorted_edges(np.zeros(forward.size), np.zeros(beside.size), kind, np.int8),
        road_class=sorted_edges(streets.road_class, streets.road_class[beside], ferries.road_class, np.int8),
    )

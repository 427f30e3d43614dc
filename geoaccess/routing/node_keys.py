"""The nearest sites of every node of a network, as keys (see `kernels.keys`)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.hierarchy import Hierarchy, at_hand
from geoaccess.hierarchy.parts import runs_of
from geoaccess.kernels import fields, key_rows, settling
from geoaccess.kernels.keys import EMPTY, SHIFT
from geoaccess.kernels.threads import share, threads_for
from geoaccess.network import Network
from geoaccess.routing.kept_room import kept_room

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = ["nearest_keys", "over_parts"]


def nearest_keys(
    roads: Network | Hierarchy,
    node: npt.NDArray[np.int32],
    time_ds: npt.NDArray[np.int32],
    site: npt.NDArray[np.int32],
    *,
    k: int,
    reverse: bool,
    at: npt.NDArray[np.int32] | None = None,
) -> npt.NDArray[np.uint64]:
    """Return the k nearest sites of every node, shape (n_nodes, k), given where sites begin and how late.

    Searched along the arcs (times from the sites), or `reverse` against them (times to the sites). Where only some
    nodes are asked about, a row for each of these, in the order that `at` has them: much less to write.
    """
    key = (time_ds.astype(np.uint64) << SHIFT) | site.astype(np.uint64)
    if isinstance(roads, Network):
        if k == 1 and _is_first(roads):
            found = _searched(roads, node, key, reverse=reverse)
            return found if at is None else found[at]
        roads = at_hand(roads)
    return _swept(roads, node, key, k=k, reverse=reverse, at=at)


def _is_first(network: Network) -> bool:
    """Say whether it is the first question to a bare network: to contract it, even lightly, takes longer."""
    asked = bool(network.__dict__.keys() & {"_asked", "_light", "_order", "_whole"})
    network.__dict__["_asked"] = True
    return not asked


def _searched(
    network: Network, node: npt.NDArray[np.int32], key: npt.NDArray[np.uint64], *, reverse: bool
) -> npt.NDArray[np.uint64]:
    arcs = network.arcs_reversed if reverse else network.arcs
    best = np.full(arcs.start.size - 1, EMPTY)
    np.minimum.at(best, node, key)
    settling.settle_one(best.size, arcs.start, arcs.head, arcs.cost_ds.view(np.uint32), best)
    return best[:, None]


def _swept(
    hierarchy: Hierarchy,
    node: npt.NDArray[np.int32],
    key: npt.NDArray[np.uint64],
    *,
    k: int,
    reverse: bool,
    at: npt.NDArray[np.int32] | None,
) -> npt.NDArray[np.uint64]:
    place = hierarchy.place[node]
    asked = hierarchy.place if at is None else np.maximum(hierarchy.place[at], 0)  # nowhere in a part: of no account
    if k == 1:
        return _swept_one(hierarchy, place, key, reverse=reverse, asked=None if at is None else asked)
    up, down = hierarchy.costs(reverse=reverse)
    core, start, head, n = hierarchy.core, hierarchy.start, hierarchy.head, hierarchy.place.size
    found = np.empty((asked.size, k), np.uint64)
    flat = found.reshape(-1)
    with kept_room((n + 1) * k) as best:
        seen = np.zeros(n, np.bool_)
        fields.climb_k(core, int(hierarchy.parts[0]), start, head, up, place, key, k, best, seen)

        def fall(first: int, last: int) -> None:
            if k <= key_rows.MOST:
                fields.descend_few(start, head, down, (EMPTY,) * k, best, seen, first, last)
            else:
                fields.descend_k(start, head, down, k, best, seen, first, last)

        over_parts(hierarchy, fall, k)
        _over(0, asked.size, lambda *part: fields.rows_by_node(asked, k, best, flat, *part), asked.size * k)
    return found


def _swept_one(
    hierarchy: Hierarchy,
    place: npt.NDArray[np.int32],
    key: npt.NDArray[np.uint64],
    *,
    reverse: bool,
    asked: npt.NDArray[np.int32] | None,
) -> npt.NDArray[np.uint64]:
    """Return the nearest site of every node: threads go up over their runs of parts, then one, then they go down.

    Of nodes at `asked` places alone where these are given.
    """
    up, down = hierarchy.costs(reverse=reverse)
    start, head, stream = hierarchy.start, hierarchy.head, hierarchy.stream
    node, parts = hierarchy.node, hierarchy.parts
    bare, (top, runs) = int(parts[0]), runs_of(parts, head.size)
    found = np.empty((node.size if asked is None else 0, 1), np.uint64)
    flat = found.reshape(-1)
    above = np.empty((len(runs), top), np.uint64)
    number = {first: i for i, (first, _) in enumerate(runs)}

    def rise(first: int, last: int) -> None:
        fields.climb(start, head, up, place, key, best, above[number[first]], first, last)

    def fall(first: int, last: int) -> None:
        within = parts[np.searchsorted(parts, first) : np.searchsorted(parts, last) + 1]
        fields.descend(start, stream, down, best, first, int(within[within.size // 2]), last)
        if asked is None:
            fields.by_node(node, best, flat, first, last)

    with kept_room(node.size) as best:
        share(rise, runs)
        fields.climb_top(hierarchy.core, start, head, up, place, key, above, best)
        fields.descend(start, stream, down, best, bare, top, top)
        share(fall, runs)
        if asked is not None:
            return best[asked][:, None]
        fields.by_node(node, best, flat, 0, top)
    return found


def over_parts(hierarchy: Hierarchy, work: Callable[[int, int], None], width: int) -> None:
    """Do some work on all nodes that have arcs, given as first and last: on the top, then by threads on the rest.

    `width` is how many times or keys each node has.
    """
    last, rest = runs_of(hierarchy.parts, hierarchy.head.size * width)
    work(int(hierarchy.parts[0]), last)
    share(work, rest)


def _over(first: int, last: int, work: Callable[[int, int], None], steps: int) -> None:
    """Do some work on a run of nodes, shared between threads where it is long."""
    threads = threads_for(steps // 2)
    cuts = np.linspace(first, last, threads + 1).astype(int).tolist()
    share(work, list(pairwise(cuts)))

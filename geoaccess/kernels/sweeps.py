"""Questions to a hierarchy: up from the sources, then once down over all targets.

A hierarchy numbers its nodes from the top. Node p has arcs start[p]:start[p + 1], each with the node above it (`head`),
the cost to that node (`outward`) and from it (`inward`), NEVER where no way leads. The first `core` nodes are not
contracted: their arcs lead to each other, and a search goes between up and down.

`up` is what going up pays, `down` what going down pays. For times to sites these are `inward` and `outward`: the sites
are climbed from against the traffic. For times from places they change roles.

Delling, Goldberg, Nowatzyk and Werneck (2011), PHAST, IPDPS 2011, 921-931.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.keys import FAR, NEVER, ONE
from geoaccess.kernels.prefetching import prefetch
from geoaccess.kernels.side_by_side import BROAD, NARROW, least_broad, least_narrow

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["along_edges", "climb_lanes", "descend_lanes", "lanes", "pick", "restrict"]

_ROWS_AHEAD = np.uint64(16)
_NARROW, _BROAD = np.uint64(NARROW), np.uint64(BROAD)
_LINE = np.uint64(16)
"""So many times of 4 bytes fill a line of the cache."""


@numba.njit(cache=True)
def restrict(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    wanted: npt.NDArray[np.bool_],
) -> tuple[
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint32],
    npt.NDArray[np.int32],
]:
    """Return (start, head, outward, inward, rank) of the part of a hierarchy without core that lies above the wanted.

    `rank` is the new number of each node, -1 where it is left out. `wanted`, by place, is added to.
    """
    n = start.size - 1
    arcs = 0
    for p in range(n - 1, -1, -1):
        if wanted[p]:
            arcs += start[p + 1] - start[p]
            for arc in range(start[p], start[p + 1]):
                wanted[head[arc]] = True
    rank = np.full(n, -1, np.int32)
    kept = 0
    for p in range(n):
        if wanted[p]:
            rank[p] = kept
            kept += 1
    new_start = np.zeros(kept + 1, np.int32)
    new_head = np.empty(arcs, np.int32)
    new_outward = np.empty(arcs, np.uint32)
    new_inward = np.empty(arcs, np.uint32)
    filled = 0
    for p in range(n):
        if wanted[p]:
            for arc in range(start[p], start[p + 1]):
                new_head[filled] = rank[head[arc]]
                new_outward[filled] = outward[arc]
                new_inward[filled] = inward[arc]
                filled += 1
            new_start[rank[p] + 1] = filled
    return new_start, new_head, new_outward, new_inward, rank


@numba.njit(cache=True, nogil=True)
def _lower(best: npt.NDArray[np.uint32], into: np.uint64, other: np.uint64, cost: np.uint32, width: np.uint64) -> None:
    """Lower the times from `into` on to those from `other` on and a cost.

    Places are unsigned, the width no constant and the array flat: only then is this loop vectorised.
    """
    for lane in range(width):
        there = np.uint32(best[other + lane] + cost)
        here = best[into + lane]
        best[into + lane] = min(here, there)


@numba.njit(cache=True, nogil=True)
def _set_far(best: npt.NDArray[np.uint32], into: np.uint64, width: np.uint64) -> None:
    for lane in range(width):
        best[into + lane] = FAR


@numba.njit(cache=True, nogil=True)
def climb_lanes(
    bare: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    row: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    seed_first: npt.NDArray[np.int64],
    seed_place: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    first: int,
    many: int,
    stride: int,
    column: int,
    best: npt.NDArray[np.uint32],
    seen: npt.NDArray[np.bool_],
) -> None:
    """Go up from the seeds of `many` sources from `first` on, a lane each; mark what is `seen` from `bare` on.

    The times of node p stand in `best` from row[p] * stride + column on. Those of the nodes before `bare`, which have
    no arcs, are right afterwards.
    """
    step, shift, width = np.uint64(stride), np.uint64(column), np.uint64(many)
    low = -1
    for p in range(bare):
        _set_far(best, np.uint64(row[p]) * step + shift, width)
        seen[p] = True
    for lane in range(many):
        for seed in range(seed_first[first + lane], seed_first[first + lane + 1]):
            p = seed_place[seed]
            into = np.uint64(row[p]) * step + shift
            if not seen[p]:
                seen[p] = True
                _set_far(best, into, width)
            at = into + np.uint64(lane)
            best[at] = min(best[at], seed_time[seed])
            low = max(low, p)
    for p in range(low, bare - 1, -1):
        if not seen[p]:
            continue
        other = np.uint64(row[p]) * step + shift
        for arc in range(start[p], start[p + 1]):
            if up[arc] == NEVER:
                continue
            into = np.uint64(row[head[arc]]) * step + shift
            if not seen[head[arc]]:
                seen[head[arc]] = True
                _set_far(best, into, width)
            _lower(best, into, other, up[arc], width)
    for p in range(bare):
        seen[p] = False


@numba.njit(cache=True, nogil=True)
def descend_lanes(
    start: npt.NDArray[np.int32],
    head_row: npt.NDArray[np.int32],
    row: npt.NDArray[np.int32],
    down: npt.NDArray[np.uint32],
    many: int,
    stride: int,
    column: int,
    best: npt.NDArray[np.uint32],
    seen: npt.NDArray[np.bool_],
    scattered: bool,  # noqa: FBT001 -- numba knows no keyword-only arguments
    first: int,
    last: int,
) -> None:
    """Go down over the nodes from `first` up to `last`, each of which has arcs; see `climb_lanes`.

    What was `seen` holds times already, and is no longer marked afterwards. `head_row` is the row of the head of each
    arc. Where rows are `scattered` in memory, the processor hears in advance of those that it will write; those that it
    reads were mostly written not long ago.
    """
    step, shift, width = np.uint64(stride), np.uint64(column), np.uint64(many)
    rows = np.uint64(max(row.size, 1) - 1)
    for p in range(np.uint64(first), np.uint64(last)):
        into = np.uint64(row[p]) * step + shift
        arc, end = np.uint64(start[p]), np.uint64(start[p + ONE])
        if scattered:
            _fetch(best, np.uint64(row[min(rows, p + _ROWS_AHEAD)]) * step + shift, width)
        if not seen[p]:
            if width == _NARROW:
                least_narrow(best, into, head_row, down, arc, end, step, shift)
                continue
            if width == _BROAD:
                least_broad(best, into, head_row, down, arc, end, step, shift)
                continue
            _set_far(best, into, width)
        seen[p] = False
        while arc < end:
            _lower(best, into, np.uint64(head_row[arc]) * step + shift, down[arc], width)
            arc += ONE


@numba.njit(cache=True, nogil=True)
def _fetch(best: npt.NDArray[np.uint32], first: np.uint64, width: np.uint64) -> None:
    """Have a row of times fetched."""
    for lane in range(np.uint64(0), width, _LINE):
        prefetch(best, first + lane)


@numba.njit(cache=True, nogil=True)
def _collect(
    to_u: npt.NDArray[np.int32],
    to_v: npt.NDArray[np.int32],
    add_u: npt.NDArray[np.uint32],
    add_v: npt.NDArray[np.uint32],
    width: np.uint64,
    best: npt.NDArray[np.uint32],
    first: int,
    many: int,
    found: npt.NDArray[np.uint32],
) -> None:
    """Write the times at the targets into the columns of `many` sources from `first` on."""
    far = np.uint32(FAR)
    flat = found.reshape(found.size)
    lanes = np.uint64(many)
    for j in range(to_u.size):
        into = np.uint64(j) * np.uint64(found.shape[1]) + np.uint64(first)
        u = np.uint64(to_u[j]) * width
        if to_v[j] < 0:
            for lane in range(lanes):
                there = np.uint32(best[u + lane] + add_u[j])
                flat[into + lane] = min(far, there)
        else:
            v = np.uint64(to_v[j]) * width
            for lane in range(lanes):
                by_u = np.uint32(best[u + lane] + add_u[j])
                by_v = np.uint32(best[v + lane] + add_v[j])
                there = min(by_v, by_u)
                flat[into + lane] = min(far, there)


@numba.njit(cache=True, nogil=True)
def lanes(
    bare: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    row: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    seed_first: npt.NDArray[np.int64],
    seed_place: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    to_u: npt.NDArray[np.int32],
    to_v: npt.NDArray[np.int32],
    add_u: npt.NDArray[np.uint32],
    add_v: npt.NDArray[np.uint32],
    width: int,
    found: npt.NDArray[np.uint32],
    block: int,
    blocks: int,
) -> None:
    """Write the times from sources to every target into `found`, shape (n_targets, n_sources); FAR out of reach.

    Source i begins at seed_place[seed_first[i]:seed_first[i + 1]]; target j is reached over to_u[j] at a cost of
    add_u[j] or over to_v[j] at add_v[j]. The sources go through the hierarchy (without core) `width` at a time, side by
    side; of these batches, every `blocks`-th from `block` on, so that threads share them. `row` is 0, 1, 2 ...
    """
    n = start.size - 1
    sources = seed_first.size - 1
    best = np.zeros(n * width, np.uint32)  # lanes of the last batch that nobody asked for are swept too
    seen = np.zeros(n, np.bool_)
    for first in range(block * width, sources, blocks * width):
        many = min(width, sources - first)
        climb_lanes(bare, start, head, row, up, seed_first, seed_place, seed_time, first, many, width, 0, best, seen)
        descend_lanes(start, head, row, down, width, width, 0, best, seen, False, bare, n)  # noqa: FBT003
        _collect(to_u, to_v, add_u, add_v, np.uint64(width), best, first, many, found)


@numba.njit(cache=True)
def pick(
    found: npt.NDArray[np.uint32], furthest: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint32]]:
    """Return row, column and value of all entries up to `furthest`, row by row."""
    count = 0
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            count += found[i, j] <= furthest
    row, column, value = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.uint32)
    at = 0
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            if found[i, j] <= furthest:
                row[at], column[at], value[at] = i, j, found[i, j]
                at += 1
    return row, column, value


@numba.njit(cache=True)
def along_edges(
    found: npt.NDArray[np.uint32],
    target_edge: npt.NDArray[np.int32],
    target_up: npt.NDArray[np.int32],
    target_down: npt.NDArray[np.int32],
    target_off: npt.NDArray[np.int32],
    source_edge: npt.NDArray[np.int32],
    source_up: npt.NDArray[np.int32],
    source_down: npt.NDArray[np.int32],
    source_off: npt.NDArray[np.int32],
    column: npt.NDArray[np.int32],
    turned: bool,  # noqa: FBT001 -- numba knows no keyword-only arguments
) -> None:
    """Lower the times in `found`, shape (n_targets, n_sources), between points of one edge to those along that edge.

    Sources are sorted by edge, `column` is where each stands. Travel is from source to target, or `turned` round.
    """
    for i in range(target_edge.size):
        if target_edge[i] < 0:
            continue
        at = np.searchsorted(source_edge, target_edge[i])
        while at < source_edge.size and source_edge[at] == target_edge[i]:
            off = target_off[i] + source_off[at]
            ahead = target_up[i] - source_up[at]
            behind = source_down[at] - target_down[i]
            if turned:
                ahead, behind = -ahead, -behind
            if min(target_up[i], source_up[at]) >= 0 and ahead >= 0:
                found[i, column[at]] = min(found[i, column[at]], np.uint32(ahead + off))
            if min(target_down[i], source_down[at]) >= 0 and behind >= 0:
                found[i, column[at]] = min(found[i, column[at]], np.uint32(behind + off))
            at += 1

"""Nearest fields on a hierarchy: up from the sites, through the core where there is one, and down over all nodes.

See `sweeps` for what a hierarchy looks like and what `up` and `down` are. Going down is most of the work. It is done
part by part (`ordering.in_parts`), which threads share, as going up for one site is, and waits on no branch that cannot
be foreseen: for one site, arcs are a stream in which the highest bit of a head says that the next arc is another
node's; for several, the sites of two neighbours mostly come in the same order, and then the lesser time of each counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.key_rows import lesser, merged, row_later, same_sites, write_row
from geoaccess.kernels.keys import EMPTY, LAST, LOW, NEVER, ONE, SHIFT
from geoaccess.kernels.settling import settle_k, settle_one

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["by_node", "climb", "climb_k", "climb_top", "descend", "descend_few", "descend_k", "rows_by_node"]

_HEAD = np.uint64(LAST - 1)
_FLAG = np.uint64(31)
_PAIR = np.uint64(2)


@numba.njit(cache=True, nogil=True)
def climb(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    seed_place: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    best: npt.NDArray[np.uint64],
    above: npt.NDArray[np.uint64],
    first: int,
    last: int,
) -> None:
    """Write the keys of the nodes of a run of parts above the seeds in it, of all others `EMPTY`.

    What comes to nodes of the top is written to `above`, as long as that, for others may be at work on other runs.
    """
    for i in range(np.uint64(first), np.uint64(last)):
        best[i] = EMPTY
    for i in range(np.uint64(above.size)):
        above[i] = EMPTY
    top = np.uint64(above.size)
    low = _seeded(seed_place, seed_key, best, first, last)
    for back in range(low + 1 - first):
        p = np.uint64(low - back)
        key = best[p]
        if key == EMPTY:
            continue
        for arc in range(np.uint64(start[p]), np.uint64(start[p + ONE])):
            into = np.uint64(head[arc])
            there = key + (np.uint64(up[arc]) << SHIFT)
            if into < top:  # foreseen in an order's hierarchy, where heads rise
                above[into] = min(above[into], there)
            else:
                best[into] = min(best[into], there)


@numba.njit(cache=True, nogil=True)
def climb_top(
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    seed_place: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    above: npt.NDArray[np.uint64],
    best: npt.NDArray[np.uint64],
) -> None:
    """Write the keys of the nodes of the top and of all before it, given what comes `above` each run from its nodes."""
    top = above.shape[1]
    for i in range(top):
        best[i] = EMPTY
        for run in range(above.shape[0]):
            best[i] = min(best[i], above[run, i])
    _seeded(seed_place, seed_key, best, 0, top)
    for back in range(top - core):
        p = np.uint64(top - 1 - back)
        key = best[p]
        if key != EMPTY:
            for arc in range(np.uint64(start[p]), np.uint64(start[p + ONE])):
                into = np.uint64(head[arc])
                best[into] = min(best[into], key + (np.uint64(up[arc]) << SHIFT))
    if core > 0:
        settle_one(core, start, head, up, best)


@numba.njit(cache=True, nogil=True)
def _seeded(
    seed_place: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    best: npt.NDArray[np.uint64],
    first: int,
    last: int,
) -> int:
    """Put in the keys of the seeds from `first` up to `last`; return the lowest of them."""
    low = -1
    for i in range(seed_place.size):
        p = seed_place[i]
        if first <= p < last:
            best[p] = min(best[p], seed_key[i])
            low = max(low, p)
    return low


@numba.njit(cache=True, nogil=True)
def descend(
    start: npt.NDArray[np.int32],
    stream: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    best: npt.NDArray[np.uint64],
    first: int,
    middle: int,
    last: int,
) -> None:
    """Lower the keys of the nodes from `first` up to `last`, each of which has arcs, to what comes from above.

    Those before `middle` have no arcs to the others, nor these to them: both are gone through at once, so that the
    processor, which has to wait for one key until it can have the next, has something else to do meanwhile.
    """
    arc, other, end = np.uint64(start[first]), np.uint64(start[middle]), np.uint64(start[last])
    half = other
    into, beside = np.uint64(first), np.uint64(middle)
    for _ in range(min(half - arc, end - other)):
        head, its = np.uint64(stream[arc]), np.uint64(stream[other])
        there = best[head & _HEAD] + (np.uint64(down[arc]) << SHIFT)
        elsewhere = best[its & _HEAD] + (np.uint64(down[other]) << SHIFT)
        best[into] = min(best[into], there)
        best[beside] = min(best[beside], elsewhere)
        into += head >> _FLAG
        beside += its >> _FLAG
        arc += ONE
        other += ONE
    _descend(stream, down, best, arc, half, into)
    _descend(stream, down, best, other, end, beside)


@numba.njit(cache=True, nogil=True)
def _descend(
    stream: npt.NDArray[np.uint32],
    down: npt.NDArray[np.uint32],
    best: npt.NDArray[np.uint64],
    first: np.uint64,
    last: np.uint64,
    into: np.uint64,
) -> None:
    """Lower the keys of the nodes from `into` on, whose arcs are those from `first` up to `last`."""
    for arc in range(first, last):
        head = np.uint64(stream[arc])
        there = best[head & _HEAD] + (np.uint64(down[arc]) << SHIFT)
        best[into] = min(best[into], there)
        into += head >> _FLAG


@numba.njit(cache=True, nogil=True)
def by_node(
    node: npt.NDArray[np.int32],
    best: npt.NDArray[np.uint64],
    found: npt.NDArray[np.uint64],
    first: int,
    last: int,
) -> None:
    """Write the keys from `first` up to `last` into `found`, by the numbers of the network."""
    for p in range(np.uint64(first), np.uint64(last)):
        found[np.uint64(node[p])] = best[p]


@numba.njit(cache=True, nogil=True)
def _insert(best: npt.NDArray[np.uint64], into: np.uint64, other: np.uint64, add: np.uint64, k: np.uint64) -> None:
    """Put k keys, from `other` on and later by `add`, among those from `into` on: sorted, each site once.

    Places in `best` are unsigned, so that none is taken for one counted from the end.
    """
    last = into + k - ONE
    for i in range(k):
        key = best[other + i] + add
        if key >= best[last]:
            return
        site = key & LOW
        at = into
        while best[at] < key and best[at] & LOW != site:
            at += ONE
        if best[at] < key:
            continue  # the site stands there already, nearer
        while True:  # the later ones move on, up to where the site stood
            moved = best[at]
            best[at] = key
            key = moved
            if at == last or key & LOW == site:
                break
            at += ONE


@numba.njit(cache=True, nogil=True)
def _merge(best: npt.NDArray[np.uint64], into: np.uint64, other: np.uint64, add: np.uint64, k: np.uint64) -> None:
    """Do as `_insert`, sooner where both rows name the same sites in the same order."""
    apart = np.uint64(0)
    for i in range(k):
        apart |= best[into + i] ^ best[other + i]
    if apart & LOW:
        _insert(best, into, other, add, k)
        return
    for i in range(k):
        there = best[other + i] + add
        best[into + i] = min(best[into + i], there)


@numba.njit(cache=True, nogil=True)
def _open(best: npt.NDArray[np.uint64], seen: npt.NDArray[np.bool_], p: int, k: np.uint64) -> None:
    """Mark a node as seen; where it was not, its row names no site."""
    if not seen[p]:
        seen[p] = True
        into = np.uint64(p) * k
        for i in range(k):
            best[into + i] = EMPTY


@numba.njit(cache=True, nogil=True)
def climb_k(
    core: int,
    bare: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    up: npt.NDArray[np.uint32],
    seed_place: npt.NDArray[np.int32],
    seed_key: npt.NDArray[np.uint64],
    k: int,
    best: npt.NDArray[np.uint64],
    seen: npt.NDArray[np.bool_],
) -> None:
    """Write the rows of k keys of all nodes above the seeds, of the core and of the nodes without arcs before `bare`.

    `best` is flat and has room for one row more than there are nodes. Marks those whose rows are written as seen.
    """
    wide = np.uint64(k)
    spare = np.uint64(seen.size) * wide  # a seed stands here while it is put in
    for p in range(bare):
        _open(best, seen, p, wide)
    for i in range(wide):
        best[spare + i] = EMPTY
    low = -1
    for i in range(seed_place.size):
        seed = np.int64(seed_place[i])  # as elsewhere: each kind of number would be compiled for
        _open(best, seen, seed, wide)
        best[spare] = seed_key[i]
        _insert(best, np.uint64(seed) * wide, spare, np.uint64(0), wide)
        low = max(low, int(seed))
    for p in range(low, core - 1, -1):
        if seen[p]:
            for arc in range(start[p], start[p + 1]):
                if up[arc] != NEVER:
                    _open(best, seen, np.int64(head[arc]), wide)
                    add = np.uint64(up[arc]) << SHIFT
                    _insert(best, np.uint64(head[arc]) * wide, np.uint64(p) * wide, add, wide)
    if core > 0:
        settle_k(core, start, head, up, best.reshape((seen.size + 1, k)))


@numba.njit(cache=True, nogil=True)
def descend_k(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    down: npt.NDArray[np.uint32],
    k: int,
    best: npt.NDArray[np.uint64],
    seen: npt.NDArray[np.bool_],
    first: int,
    last: int,
) -> None:
    """Write the rows of the nodes from `first` up to `last`, each of which has arcs; those seen hold keys already."""
    wide = np.uint64(k)
    for p in range(np.uint64(first), np.uint64(last)):
        into = p * wide
        arc, end = np.uint64(start[p]), np.uint64(start[p + ONE])
        if not seen[p]:
            other = np.uint64(head[arc]) * wide
            add = np.uint64(down[arc]) << SHIFT
            for i in range(wide):
                there = best[other + i] + add
                best[into + i] = min(there, EMPTY)
            arc += ONE
        while arc < end:
            _merge(best, into, np.uint64(head[arc]) * wide, np.uint64(down[arc]) << SHIFT, wide)
            arc += ONE


@numba.njit(cache=True, nogil=True)
def descend_few(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    down: npt.NDArray[np.uint32],
    none: tuple[np.uint64, ...],
    best: npt.NDArray[np.uint64],
    seen: npt.NDArray[np.bool_],
    first: int,
    last: int,
) -> None:
    """Do as `descend_k` with few keys a node, as many as there are in `none`, each `EMPTY`.

    Rows of two keys are merged sooner than it is found out whether they have to be.
    """
    wide, at_once = np.uint64(len(none)), np.uint64(0)
    for p in range(np.uint64(first), np.uint64(last)):
        arc, end = np.uint64(start[p]), np.uint64(start[p + ONE])
        if seen[p]:
            row = row_later(best, p * wide, at_once, none)
        elif wide == _PAIR:
            row = none
        else:
            row = lesser(row_later(best, np.uint64(head[arc]) * wide, np.uint64(down[arc]) << SHIFT, none), none)
            arc += ONE
        while arc < end:
            there = row_later(best, np.uint64(head[arc]) * wide, np.uint64(down[arc]) << SHIFT, none)
            arc += ONE
            if wide == _PAIR:
                row = merged(row, there)
            elif there[0] < row[-1]:
                row = lesser(row, there) if same_sites(row, there) else merged(row, there)
        write_row(best, p * wide, row)


@numba.njit(cache=True, nogil=True)
def rows_by_node(
    place: npt.NDArray[np.int32],
    k: int,
    best: npt.NDArray[np.uint64],
    found: npt.NDArray[np.uint64],
    first: int,
    last: int,
) -> None:
    """Write the rows of the nodes of the network from `first` up to `last` into `found`, flat and by their numbers."""
    wide = np.uint64(k)
    for node in range(np.uint64(first), np.uint64(last)):
        into, other = node * wide, np.uint64(place[node]) * wide
        for i in range(wide):
            found[into + i] = best[other + i]

"""Times put into a complete hierarchy: what a network's new times cost is two passes over triangles.

Every shortest path goes up and then down, once each arc holds the least time over nodes below it. See `completing` for
which arcs there are.

Dibbelt, Strasser and Wagner (2016), Customizable Contraction Hierarchies, ACM Journal of Experimental Algorithmics 21,
1.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.keys import LOW, NEVER, ONE, SHIFT
from geoaccess.kernels.stacks import AT_ONCE, NOWHERE, later, lesser, lower_between, lower_over, turned

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["count_kept", "customise", "given", "keep", "tighten"]

_ZERO, _NEVER = np.uint64(0), np.uint64(NEVER)
_AT_ONCE = np.uint64(AT_ONCE)


@numba.njit(cache=True, nogil=True)
def given(
    slot: npt.NDArray[np.int32], cost: npt.NDArray[np.int32], pairs: npt.NDArray[np.uint64], first: int, last: int
) -> None:
    """Write the least cost of the network's arcs, -1 where closed, to `pairs` (see `stacks`) of a hierarchy's arcs.

    These are the arcs from `first` up to `last`.
    """
    times = pairs.view(np.uint32)
    for at in range(2 * first, 2 * last):
        times[at] = NEVER
    for i in range(slot.size):
        if 2 * first <= slot[i] < 2 * last and cost[i] >= 0:
            times[slot[i]] = min(times[slot[i]], np.uint32(cost[i]))


@numba.njit(cache=True, nogil=True)
def _queues(
    start: npt.NDArray[np.int32], top: int, first: int, last: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return room for the row of a node, by number and one after the other, and for who waits for whom: nobody yet.

    Stacks wait, by their first nodes. Of each are kept, side by side in memory, who waits for the same node after it,
    the entry of that node in its lists, how many nodes it has and where their lists begin.
    """
    n = start.size - 1
    row = np.empty(n, np.uint64)  # memory that is not touched costs nothing
    waiting, queue = np.empty(n, np.int32), np.empty((n, 4), np.int32)
    for q in range(min(first, top)):
        waiting[q] = -1
    longest = 0
    for q in range(first, last):
        waiting[q] = -1
        longest = max(longest, start[q + 1] - start[q])
    return row, np.empty(longest, np.uint64), waiting, queue


@numba.njit(cache=True, nogil=True, forceinline=True)
def _stands(q: int, start: npt.NDArray[np.int32], head: npt.NDArray[np.int32]) -> bool:
    """Say whether a node stands on the one before it, see `stacks`: all that one is joined to is above both."""
    size, before = start[q + 1] - start[q], start[q] - start[q - 1]
    return bool(size == before + 1 and head[start[q + 1] - 1] == q - 1)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _wait(
    p: int,
    entry: int,
    many: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    waiting: npt.NDArray[np.int32],
    queue: npt.NDArray[np.int32],
) -> None:
    """Let the stack of so many nodes from p on wait for the node of an entry."""
    above = head[start[p] + entry]
    queue[p, 0], queue[p, 1], queue[p, 2], queue[p, 3] = waiting[above], entry, many, start[p]
    waiting[above] = p


@numba.njit(cache=True, nogil=True)
def customise(
    top: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.uint64],
    above: npt.NDArray[np.uint64],
    first: int,
    last: int,
) -> None:
    """Lower the times of arcs of the nodes from `first` up to `last`, in place, to the least over nodes below them.

    These nodes are a part (see `Hierarchy.parts`), or are the `top`, which comes after all parts: what is below is
    done. What the ways over a part take between nodes of the top is written to `above`, a pair for each arc of the
    top, for others may be at work on other parts; it holds `NOWHERE` before.

    Of each node in turn, from below, the times to those above it stand by their numbers in `row`, and the stacks that
    wait for it below are gone through, each of which then waits for the next higher of its own: of no triangle the
    third arc is looked for.
    """
    row, beside, waiting, queue = _queues(start, top, first, last)
    end = last
    for q in range(last - 1, first - 1, -1):
        if waiting[q] >= 0:
            _rise(q, start, head, pairs, pairs, row, beside, waiting, queue)
        if q < end - 1:
            _rise_within(q, end, start, pairs)
        if q == first or not _stands(q, start, head):
            if start[q + 1] - start[q] > 1:
                _wait(q, start[q + 1] - start[q] - 1, end - q, start, head, waiting, queue)
            end = q
    for q in range(min(first, top) - 1, -1, -1):
        if waiting[q] >= 0:
            _rise(q, start, head, pairs, above, row, beside, waiting, queue)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _rise(
    q: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.uint64],
    lowered: npt.NDArray[np.uint64],
    row: npt.NDArray[np.uint64],
    beside: npt.NDArray[np.uint64],
    waiting: npt.NDArray[np.int32],
    queue: npt.NDArray[np.int32],
) -> None:
    """Lower the times of a node to those over the stacks that wait for it, and let these wait further up."""
    arcs, end = np.uint64(start[q]), np.uint64(start[q + 1])
    for arc in range(arcs, end):
        row[np.uint64(head[arc])] = lowered[arc]
    p = waiting[q]
    while p >= 0:
        after, entry, many, place = queue[p, 0], np.uint64(queue[p, 1]), np.uint64(queue[p, 2]), np.uint64(queue[p, 3])
        size = np.uint64(start[p + 1]) - place
        if entry > ONE:
            higher = head[place + entry - ONE]
            queue[p, 0], queue[p, 1], waiting[higher] = waiting[higher], entry - ONE, p
        if entry >= _AT_ONCE:
            for i in range(entry):
                beside[i] = row[np.uint64(head[place + i])]
            for i in range(_ZERO, entry, _AT_ONCE):
                begin = min(np.uint64(i), entry - _AT_ONCE)
                lower_over(beside, begin, pairs, place, size, many, entry, begin)
            for i in range(entry):
                row[np.uint64(head[place + i])] = beside[i]
        else:
            first = place
            while many > _ZERO:
                pair = turned(pairs[place + entry])
                for i in range(entry):
                    other = np.uint64(head[first + i])
                    row[other] = lesser(row[other], later(pair, pairs[place + i]))
                place, size, many = place + size, size + ONE, many - ONE
        p = after
    for arc in range(arcs, end):
        lowered[arc] = row[np.uint64(head[arc])]


@numba.njit(cache=True, nogil=True, forceinline=True)
def _rise_within(q: int, end: int, start: npt.NDArray[np.int32], pairs: npt.NDArray[np.uint64]) -> None:
    """Lower the times of a node to those over the nodes of its own stack below it, which ends before `end`."""
    into, place, many = np.uint64(start[q]), np.uint64(start[q + 1]), np.uint64(end - 1 - q)
    entry = place - into
    if entry >= _AT_ONCE:
        for i in range(_ZERO, entry, _AT_ONCE):
            begin = min(np.uint64(i), entry - _AT_ONCE)
            lower_over(pairs, into + begin, pairs, place, entry + ONE, many, entry, begin)
        return
    size = entry + ONE
    for _ in range(many):
        pair = turned(pairs[place + entry])
        for i in range(entry):
            pairs[into + i] = lesser(pairs[into + i], later(pair, pairs[place + i]))
        place, size = place + size, size + ONE


@numba.njit(cache=True, nogil=True)
def tighten(
    top: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.uint64],
    first: int,
    last: int,
) -> None:
    """Lower the times of a customised hierarchy's arcs, in place, to the least there are in the network.

    These are the arcs of the nodes from `first` up to `last`: a part, or the `top`, which comes before all parts. Those
    above are done. It goes as in `customise`, from above.
    """
    row, beside, waiting, queue = _queues(start, top, first, last)
    end = last
    for p in range(last - 1, first - 1, -1):
        queue[p, 2] = end - p
        if p == first or not _stands(p, start, head):
            if start[p + 1] - start[p] > 1:
                _wait(p, 1, end - p, start, head, waiting, queue)
            end = p
    for q in range(min(first, top)):
        if waiting[q] >= 0:
            _fall(q, start, head, pairs, row, beside, waiting, queue)
    for q in range(first, last):
        if waiting[q] >= 0:
            _fall(q, start, head, pairs, row, beside, waiting, queue)
        place = np.uint64(start[q])
        entry = np.uint64(start[q + 1]) - place
        if queue[q, 2] > 1 and entry > _ZERO:
            _lower_between(np.uint64(start[q + 1]), entry + ONE, queue[q, 2] - 1, entry, pairs, pairs, place)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _fall(
    q: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.uint64],
    row: npt.NDArray[np.uint64],
    beside: npt.NDArray[np.uint64],
    waiting: npt.NDArray[np.int32],
    queue: npt.NDArray[np.int32],
) -> None:
    """Lower the times of stacks that wait for a node to those over it, and let them wait for the next."""
    for arc in range(np.uint64(start[q]), np.uint64(start[q + 1])):
        row[np.uint64(head[arc])] = pairs[arc]
    p = waiting[q]
    while p >= 0:
        after, entry, many, place = queue[p, 0], np.uint64(queue[p, 1]), np.uint64(queue[p, 2]), np.uint64(queue[p, 3])
        size = np.uint64(start[p + 1]) - place
        if entry + ONE < size:
            lower = head[place + entry + ONE]
            queue[p, 0], queue[p, 1], waiting[lower] = waiting[lower], entry + ONE, p
        for i in range(entry):
            beside[i] = row[np.uint64(head[place + i])]
        _lower_between(place, size, many, entry, pairs, beside, _ZERO)
        p = after


@numba.njit(cache=True, nogil=True, forceinline=True)
def _lower_between(
    place: np.uint64,
    size: np.uint64,
    many: int,
    entry: np.uint64,
    pairs: npt.NDArray[np.uint64],
    apart: npt.NDArray[np.uint64],
    first: np.uint64,
) -> None:
    """Lower lists of a stack to those over one entry, see `stacks.lower_between`; they begin at `place`."""
    for _ in range(many):
        if entry >= _AT_ONCE:
            lower_between(pairs, place, entry, apart, first)
        else:
            own = pairs[place + entry]
            for i in range(entry):
                between, held = apart[first + i], pairs[place + i]
                pairs[place + i] = lesser(held, later(between, own))
                own = lesser(own, later(held, turned(between)))
            pairs[place + entry] = own
        place, size = place + size, size + ONE


@numba.njit(cache=True, nogil=True)
def count_kept(
    start: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.uint64],
    least: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int32],
    first: int,
    last: int,
) -> None:
    """Write how many arcs of the nodes from `first` up to `last` are to be kept, see `keep`; of node p to counts[p]."""
    for p in range(first, last):
        many = _ZERO
        for arc in range(np.uint64(start[p]), np.uint64(start[p + 1])):
            many += np.uint64(_is_needed(pairs[arc], least[arc]))
        counts[p] = max(many, np.uint64(start[p + 1] > start[p]))


@numba.njit(cache=True, nogil=True, forceinline=True)
def _is_needed(pair: np.uint64, least: np.uint64) -> bool:
    """Say whether a pair is the least, outward or inward, and leads somewhere there; no branch tells."""
    apart = pair ^ least
    outward = (apart & LOW == _ZERO) & (pair & LOW != _NEVER)
    inward = (apart >> SHIFT == _ZERO) & (pair >> SHIFT != _NEVER)
    return bool(outward | inward)


@numba.njit(cache=True, nogil=True, forceinline=True)
def _needed(pair: np.uint64, least: np.uint64) -> np.uint64:
    """Return the pair with NEVER where it is not the least."""
    apart = pair ^ least
    high = pair & ~LOW if apart <= LOW else NOWHERE & ~LOW
    low = pair & LOW if apart & LOW == _ZERO else NOWHERE & LOW
    return high | low


@numba.njit(cache=True, nogil=True)
def keep(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.uint64],
    least: npt.NDArray[np.uint64],
    rows: npt.NDArray[np.int32],
    heads: npt.NDArray[np.int32],
    outwards: npt.NDArray[np.uint32],
    inwards: npt.NDArray[np.uint32],
    first: int,
    last: int,
) -> None:
    """Write the arcs of the nodes from `first` up to `last` whose time is the least there is, one way at least.

    Those of node p come to rows[p]:rows[p + 1]. A shortest path that goes up and then down takes no other arc: its
    parts are shortest paths too. Of a node whose arcs lead nowhere, the first one is kept: sweeps want an arc of every
    node that can have one.
    """
    for p in range(first, last):
        filled, end = np.uint64(rows[p]), np.uint64(rows[p + 1])
        arc, after = np.uint64(start[p]), np.uint64(start[p + 1])
        while filled < end and arc < after:  # what is not kept is written over by the next
            pair = _needed(pairs[arc], least[arc])
            heads[filled], outwards[filled], inwards[filled] = head[arc], pair & LOW, pair >> SHIFT
            filled += np.uint64(_is_needed(pairs[arc], least[arc]))
            arc += ONE
        if filled < end:
            heads[filled], outwards[filled], inwards[filled] = head[start[p]], NEVER, NEVER

"""Contraction of what elimination leaves: nodes fall in rounds, and only shortcuts that may be needed are put in.

A shortcut u-v over x is not needed where a way from u to v is strictly shorter (a witness). Distances between the nodes
that are left never change, so what a witness search found stays true, and the nodes of a round, no two of them
neighbours, can be looked at by several threads at once.

Geisberger, Sanders, Schultes and Delling (2008), Contraction Hierarchies, WEA 2008, LNCS 5038, 319-333.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from geoaccess.kernels.elimination import put_pair, reserve, take_out
from geoaccess.kernels.heap import drop_least, push
from geoaccess.kernels.keys import FAR

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["fall", "look", "lowest", "pair_offsets"]


@numba.njit(cache=True)
def _look_at(
    x: int,
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    furthest: int,
    best: npt.NDArray[np.int32],
    touched: npt.NDArray[np.int32],
    needed: npt.NDArray[np.bool_],
    keys: npt.NDArray[np.int64],
    nodes: npt.NDArray[np.int32],
) -> tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Find which neighbours of x must be joined when it falls: `needed` over pairs i < j; return how many."""
    first, degree = begin[x], size[x]
    for i in range(degree * (degree - 1) // 2):
        needed[i] = False
    count = 0
    for i in range(degree):
        u = pairs[first + i, 0]
        inward = np.int64(pairs[first + i, 2])
        if inward == FAR:
            continue
        longest = np.int64(-1)
        for j in range(degree):
            if j != i and pairs[first + j, 1] != FAR:
                longest = max(longest, inward + pairs[first + j, 1])
        if longest < 0:
            continue
        waiting = 0  # neighbours that a way not over x has not come to yet
        for j in range(degree):
            waiting += j != i and pairs[first + j, 1] != FAR
        n_touched = 1
        touched[0] = u
        best[u] = 0
        held = np.int64(0)
        keys, nodes, held = push(keys, nodes, held, np.int64(0), u)
        settled = 0
        while held > 0 and settled < furthest:
            time, node = keys[0], nodes[0]
            held = drop_least(keys, nodes, held)
            if time > best[node]:
                continue
            if time >= longest:
                break
            settled += 1
            for j in range(degree):
                if pairs[first + j, 0] == node and j != i and pairs[first + j, 1] != FAR:
                    waiting -= 1
                    break
            if waiting == 0:
                break
            for at in range(begin[node], begin[node] + size[node]):
                other = pairs[at, 0]
                if other == x or pairs[at, 1] == FAR:
                    continue
                there = time + pairs[at, 1]
                if there < best[other] and there < longest:
                    if best[other] == FAR:
                        touched[n_touched] = other
                        n_touched += 1
                    best[other] = there
                    keys, nodes, held = push(keys, nodes, held, there, other)
        for j in range(degree):
            if j == i or pairs[first + j, 1] == FAR:
                continue
            if best[pairs[first + j, 0]] >= inward + pairs[first + j, 1]:
                low, high = min(i, j), max(i, j)
                at = low * degree - low * (low + 1) // 2 + high - low - 1
                if not needed[at]:
                    needed[at] = True
                    count += 1
        for j in range(n_touched):
            best[touched[j]] = FAR
    return count, keys, nodes


@numba.njit(cache=True, parallel=True)
def look(
    chosen: npt.NDArray[np.int32],
    offset: npt.NDArray[np.int64],
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    depth: npt.NDArray[np.int32],
    furthest: int,
    best: npt.NDArray[np.int32],
    touched: npt.NDArray[np.int32],
    needed: npt.NDArray[np.bool_],
    worth: npt.NDArray[np.int32],
) -> None:
    """Look at the chosen nodes on all threads, a row of `best` and `touched` each; write `needed` and `worth`.

    The worth of letting a node fall, less is sooner: shortcuts put in less arcs that go, and how deep it would lie.
    """
    blocks = best.shape[0]
    for block in numba.prange(blocks):
        keys = np.empty(1024, np.int64)
        nodes = np.empty(1024, np.int32)
        for i in range(block, chosen.size, blocks):
            x = chosen[i]
            count, keys, nodes = _look_at(
                x,
                begin,
                size,
                pairs,
                furthest,
                best[block],
                touched[block],
                needed[offset[i] : offset[i + 1]],
                keys,
                nodes,
            )
            worth[x] = 4 * (count - size[x]) + 2 * depth[x]


@numba.njit(cache=True)
def lowest(
    here: npt.NDArray[np.int32],
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    worth: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Return the nodes of `here` that no neighbour precedes, by worth, then number."""
    found = np.empty(here.size, np.int32)
    count = 0
    for i in range(here.size):
        x = here[i]
        first = True
        for at in range(begin[x], begin[x] + size[x]):
            other = pairs[at, 0]
            if worth[other] < worth[x] or (worth[other] == worth[x] and other < x):
                first = False
                break
        if first:
            found[count] = x
            count += 1
    return found[:count].copy()


@numba.njit(cache=True)
def fall(
    chosen: npt.NDArray[np.int32],
    offset: npt.NDArray[np.int64],
    begin: npt.NDArray[np.int64],
    size: npt.NDArray[np.int32],
    room: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    filled: int,
    depth: npt.NDArray[np.int32],
    needed: npt.NDArray[np.bool_],
    worth: npt.NDArray[np.int32],
    order: npt.NDArray[np.int32],
    done: int,
    gone: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.int32], int, int]:
    """Let those of the chosen fall that, looked at anew, still go before all their neighbours."""
    for i in range(chosen.size):
        x = chosen[i]
        first, degree = begin[x], size[x]
        still = True
        for at in range(first, first + degree):
            other = pairs[at, 0]
            if worth[other] < worth[x] or (worth[other] == worth[x] and other < x):
                still = False
                break
        if not still:
            continue
        for at in range(first, first + degree):
            u = pairs[at, 0]
            take_out(u, x, begin, size, pairs)
            pairs, filled = reserve(u, degree - 1, begin, size, room, pairs, filled)
            depth[u] = max(depth[u], depth[x] + 1)
        at = offset[i]
        for i1 in range(first, first + degree):
            for i2 in range(i1 + 1, first + degree):
                if needed[at]:
                    there = min(np.int64(FAR), np.int64(pairs[i1, 2]) + pairs[i2, 1])
                    back = min(np.int64(FAR), np.int64(pairs[i2, 2]) + pairs[i1, 1])
                    u, v = pairs[i1, 0], pairs[i2, 0]
                    put_pair(u, v, there, back, begin, size, pairs)
                    put_pair(v, u, back, there, begin, size, pairs)
                at += 1
        gone[x] = True
        order[done] = x
        done += 1
    return pairs, filled, done


@numba.njit(cache=True)
def pair_offsets(chosen: npt.NDArray[np.int32], size: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Return where the pairs of neighbours of each chosen node begin, one after another."""
    offset = np.zeros(chosen.size + 1, np.int64)
    for i in range(chosen.size):
        degree = np.int64(size[chosen[i]])
        offset[i + 1] = offset[i] + degree * (degree - 1) // 2
    return offset

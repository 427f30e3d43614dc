"""What lies within a bound of many places: one search from all of them, and sums over the times found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from geoaccess.kernels.growing import longer
from geoaccess.kernels.keys import FAR, NEVER
from geoaccess.kernels.sweeps import climb_lanes, descend_lanes

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["cut_out", "nodes_above", "places_near", "rows_near", "search_around", "shortcuts", "weighted_rows"]

_SLOTS = 256


@numba.njit(cache=True, nogil=True)
def search_around(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    cost: npt.NDArray[np.int32],
    seed_node: npt.NDArray[np.int32],
    seed_time: npt.NDArray[np.uint32],
    furthest: int,
    best: npt.NDArray[np.int32],
    touched: npt.NDArray[np.int32],
) -> int:
    """Write the least time from any seed to each node up to `furthest` into `best`; return how many nodes have one.

    `best` is FAR before, and to be made so again at touched[:count] after; `touched` has room for all nodes. Nodes wait
    in slots of time, in no order within one: few are looked at twice for that, and no heap need be kept.
    """
    width = furthest // _SLOTS + 1
    first = np.full(_SLOTS, -1, np.int32)  # entry of each slot, of which each says which comes after it
    node_of, time_of, after = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024, np.int32)
    free, size, count = np.int32(-1), 0, 0
    for i in range(seed_node.size):
        time = np.int64(seed_time[i])
        if time <= furthest and time < best[seed_node[i]]:
            if best[seed_node[i]] == FAR:
                touched[count] = seed_node[i]
                count += 1
            best[seed_node[i]] = time
            if size == after.size:
                node_of, time_of, after = longer(node_of), longer(time_of), longer(after)
            node_of[size], time_of[size], after[size] = seed_node[i], time, first[time // width]
            first[time // width] = size
            size += 1
    for slot in range(_SLOTS):
        while first[slot] >= 0:
            at = first[slot]
            node, time = node_of[at], np.int64(time_of[at])
            first[slot], after[at], free = after[at], free, at
            if time > best[node]:
                continue
            for arc in range(start[node], start[node + 1]):
                there = time + cost[arc]
                if there > furthest or there >= best[head[arc]]:
                    continue
                if best[head[arc]] == FAR:
                    touched[count] = head[arc]
                    count += 1
                best[head[arc]] = there
                at = free
                if at < 0:
                    if size == after.size:
                        node_of, time_of, after = longer(node_of), longer(time_of), longer(after)
                    at = np.int32(size)
                    size += 1
                else:
                    free = after[at]
                node_of[at], time_of[at], after[at] = head[arc], there, first[there // width]
                first[there // width] = at
    return count


@numba.njit(cache=True, nogil=True)
def places_near(
    best: npt.NDArray[np.int32],
    touched: npt.NDArray[np.int32],
    furthest: int,
    first: npt.NDArray[np.int32],
    listed: npt.NDArray[np.int32],
    node_u: npt.NDArray[np.int32],
    node_v: npt.NDArray[np.int32],
    reach_u: npt.NDArray[np.uint32],
    reach_v: npt.NDArray[np.uint32],
    edge: npt.NDArray[np.int32],
    target: npt.NDArray[np.int32],
    edges: npt.NDArray[np.int32],
    walk_first: npt.NDArray[np.int64],
    walk_to: npt.NDArray[np.int32],
    group: npt.NDArray[np.int64],
    marked: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int32]:
    """Return the targets that may lie within a bound of some sources: by road, on the same edge, or on foot.

    `best` is that of `search_around` at the nodes `touched`. The targets at node v are listed[first[v]:first[v + 1]],
    by either end of their edge; sorted by `edge` they are `target`. Source i of the group, which is on one of `edges`,
    walks to walk_to[walk_first[i]:walk_first[i + 1]]. `marked` is False everywhere, before and after.
    """
    found, count = np.empty(marked.size, np.int32), int(np.int64(0))  # a plain 0 is a type of its own to numba
    for node in touched:
        for at in range(first[node], first[node + 1]):
            j = listed[at]
            by_u, by_v = np.int64(best[node_u[j]]) + reach_u[j], np.int64(best[node_v[j]]) + reach_v[j]
            if min(by_u, by_v) <= furthest:
                count = _mark(j, marked, found, count)
    for e in edges:
        at = np.searchsorted(edge, e)
        while at < edge.size and edge[at] == e:
            count = _mark(target[at], marked, found, count)
            at += 1
    for i in group:
        for at in range(walk_first[i], walk_first[i + 1]):
            count = _mark(walk_to[at], marked, found, count)
    for at in range(count):
        marked[found[at]] = False
    return found[:count]


@numba.njit(cache=True, nogil=True)
def _mark(j: int, marked: npt.NDArray[np.bool_], found: npt.NDArray[np.int32], count: int) -> int:
    if marked[j]:
        return count
    marked[j] = True
    found[count] = j
    return count + 1


@numba.njit(cache=True, nogil=True)
def shortcuts(
    source_edge: npt.NDArray[np.int32],
    source_up: npt.NDArray[np.int32],
    source_down: npt.NDArray[np.int32],
    source_off: npt.NDArray[np.int32],
    edge: npt.NDArray[np.int32],
    target: npt.NDArray[np.int32],
    target_up: npt.NDArray[np.int32],
    target_down: npt.NDArray[np.int32],
    target_off: npt.NDArray[np.int32],
    turned: bool,  # noqa: FBT001 -- numba knows no keyword-only arguments
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.uint32]]:
    """Return (first, target, time) of what sources need straight along the edge that they are on.

    Those of source k stand at first[k]:first[k + 1]. The targets are sorted by `edge`.
    """
    begins, ends = np.searchsorted(edge, source_edge), np.searchsorted(edge, source_edge, side="right")
    first, most = np.zeros(source_edge.size + 1, np.int64), (ends - begins).sum()
    to, time, count = np.empty(most, np.int32), np.empty(most, np.uint32), 0
    for k in range(source_edge.size):
        for at in range(begins[k], ends[k]):
            j = target[at]
            ahead, behind = target_up[j] - source_up[k], source_down[k] - target_down[j]
            if turned:
                ahead, behind = -ahead, -behind
            least = np.int64(NEVER)
            if min(target_up[j], source_up[k]) >= 0 and ahead >= 0:
                least = ahead
            if min(target_down[j], source_down[k]) >= 0 and 0 <= behind < least:
                least = behind
            if least < NEVER:
                to[count], time[count] = j, np.uint32(least + target_off[j] + source_off[k])
                count += 1
        first[k + 1] = count
    return first, to[:count], time[:count]


@numba.njit(cache=True, nogil=True)
def nodes_above(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    wanted: npt.NDArray[np.int32],
    rank: npt.NDArray[np.int32],
) -> npt.NDArray[np.int32]:
    """Return some nodes of a hierarchy without core and all that lie above them, marked by a `rank` of 0.

    Before, `rank` is -1 everywhere. Only what is returned is looked at: a small part of a large hierarchy costs little.
    """
    place, count, at = np.empty(rank.size, np.int32), 0, 0
    for p in wanted:
        if rank[p] < 0:
            rank[p] = 0
            place[count] = p
            count += 1
    while at < count:
        p = place[at]
        at += 1
        for arc in range(start[p], start[p + 1]):
            if rank[head[arc]] < 0:
                rank[head[arc]] = 0
                place[count] = head[arc]
                count += 1
    return place[:count]


@numba.njit(cache=True, nogil=True)
def cut_out(
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    outward: npt.NDArray[np.uint32],
    inward: npt.NDArray[np.uint32],
    place: npt.NDArray[np.int32],
    rank: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return (start, head, outward, inward) of a part of a hierarchy: of its nodes, rising, and all that is above them.

    `rank` holds the new number of each of them afterwards.
    """
    arcs = 0
    for number in range(place.size):
        rank[place[number]] = number
        arcs += start[place[number] + 1] - start[place[number]]
    new_start, new_head = np.zeros(place.size + 1, np.int32), np.empty(arcs, np.int32)
    new_outward, new_inward = np.empty(arcs, np.uint32), np.empty(arcs, np.uint32)
    filled = 0
    for number in range(place.size):
        p = place[number]
        for arc in range(start[p], start[p + 1]):
            new_head[filled] = rank[head[arc]]
            new_outward[filled], new_inward[filled] = outward[arc], inward[arc]
            filled += 1
        new_start[number + 1] = filled
    return new_start, new_head, new_outward, new_inward


@numba.njit(cache=True, nogil=True)
def rows_near(
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
    along_first: npt.NDArray[np.int64],
    along_to: npt.NDArray[np.int32],
    along_ds: npt.NDArray[np.uint32],
    walk_from: npt.NDArray[np.int64],
    walk_to: npt.NDArray[np.int32],
    walk_number: npt.NDArray[np.uint32],
    far: int,
    time: npt.NDArray[np.unsignedinteger[Any]],
) -> tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.uint32],
]:
    """Write the times from sources to the targets near them into `time`, `width` sources and one target a row.

    Sources, targets and the hierarchy are those of `geoaccess.kernels.sweeps.lanes`. Times along an edge may be
    shorter: those of source i to along_to[along_first[i]:along_first[i + 1]]. What is longer than `far` is `far`; a
    target that is so far from all `width` sources has no row among theirs, unless one of them walks there: source i to
    walk_to[walk_from[i]:walk_from[i + 1]].

    Returns (first, target, walk_first, walk_lane, walk): the rows of batch b of sources are first[b]:first[b + 1], each
    of one target; the walks of row r are walk[walk_first[r]:walk_first[r + 1]], by number, each from a source.
    """
    n, targets, sources = start.size - 1, to_u.size, seed_first.size - 1
    best, seen = np.zeros(n * width, np.uint32), np.zeros(n, np.bool_)  # lanes that nobody asked for are swept too
    most, line = np.uint32(far), np.empty(width, np.uint32)
    batches = -(-sources // width)
    first_row, target = np.zeros(batches + 1, np.int64), np.empty(targets * batches, np.int32)
    walk_first, walks = np.zeros(targets * batches + 1, np.int64), 0
    walk_lane, walk = np.empty(walk_to.size, np.int32), np.empty(walk_to.size, np.uint32)
    along_of, along_lane, along = np.empty(targets + 1, np.int32), np.empty(along_to.size, np.int32), along_ds.copy()
    walks_of, lane_of, number_of = np.empty(targets + 1, np.int32), walk_lane.copy(), walk.copy()
    rows, written = 0, np.uint64(0)
    for batch in range(batches):
        first = batch * width
        many = min(width, sources - first)
        climb_lanes(bare, start, head, row, up, seed_first, seed_place, seed_time, first, many, width, 0, best, seen)
        descend_lanes(start, head, row, down, width, width, 0, best, seen, False, bare, n)  # noqa: FBT003
        _by_target(along_first, along_to, along_ds, first, many, along_of, along_lane, along)
        _by_target(walk_from, walk_to, walk_number, first, many, walks_of, lane_of, number_of)
        for j in range(targets):
            u, v = np.uint64(to_u[j]) * np.uint64(width), np.uint64(to_v[j]) * np.uint64(width)
            nearest = _nearest_end(best, u, v, add_u[j], add_v[j], most, line[:many])
            for at in range(along_of[j], along_of[j + 1]):
                line[along_lane[at]] = min(line[along_lane[at]], along[at])
                nearest = min(nearest, along[at])
            if nearest >= most and walks_of[j] == walks_of[j + 1]:
                continue
            for lane in range(np.uint64(many)):
                time[written + lane] = line[lane]
            written += np.uint64(many)
            for at in range(walks_of[j], walks_of[j + 1]):
                walk_lane[walks], walk[walks] = lane_of[at], number_of[at]
                walks += 1
            target[rows] = j
            rows += 1
            walk_first[rows] = walks
        first_row[batch + 1] = rows
    return first_row, target[:rows].copy(), walk_first[: rows + 1].copy(), walk_lane, walk


@numba.njit(cache=True, nogil=True)
def weighted_rows(
    first_row: npt.NDArray[np.int64],
    target: npt.NDArray[np.int32],
    time: npt.NDArray[np.unsignedinteger[Any]],
    walk_first: npt.NDArray[np.int64],
    walk_lane: npt.NDArray[np.int32],
    walk: npt.NDArray[np.uint32],
    width: int,
    source_off: npt.NDArray[np.uint32],
    target_off: npt.NDArray[np.uint32],
    walk_ds: npt.NDArray[np.uint32],
    weight: npt.NDArray[np.float64],
    amount: npt.NDArray[np.float64],
    found: npt.NDArray[np.float64],
) -> None:
    """Add sum_j weight[t_ij] amount[j] to found[i] for each source i, in the order of the targets j.

    The rows are those of `rows_near`, to whose times the ways of both off the network are added; walk w takes
    walk_ds[w]. The last weight is 0, and so is that of all longer times.
    """
    most, line, written = np.uint32(weight.size - 1), np.empty(width, np.uint32), np.uint64(0)
    sums = np.empty(width)  # which overlap with nothing that is read: a compiler knows it of these alone
    for batch in range(first_row.size - 1):
        first = np.uint64(batch * width)
        many = np.uint64(min(width, found.size - batch * width))
        for lane in range(many):
            sums[lane] = found[first + lane]
        for r in range(first_row[batch], first_row[batch + 1]):
            j = target[r]
            off, much, nearest = target_off[j], amount[j], most
            for lane in range(many):
                there = np.uint32(time[written + lane] + source_off[first + lane] + off)
                line[lane] = min(there, most)
                nearest = min(nearest, line[lane])
            written += many
            for at in range(walk_first[r], walk_first[r + 1]):
                line[walk_lane[at]] = min(line[walk_lane[at]], walk_ds[walk[at]])
                nearest = min(nearest, walk_ds[walk[at]])
            if nearest >= most:  # it adds nothing anywhere
                continue
            for lane in range(many):
                sums[lane] += weight[line[lane]] * much
        for lane in range(many):
            found[first + lane] = sums[lane]


@numba.njit(cache=True, nogil=True)
def _nearest_end(
    best: npt.NDArray[np.uint32],
    u: np.uint64,
    v: np.uint64,
    add_u: np.uint32,
    add_v: np.uint32,
    most: np.uint32,
    times: npt.NDArray[np.uint32],
) -> np.uint32:
    """Write the times of all lanes to one target, over the nearer end of its edge, `most` for longer ones.

    Return the least of them.
    """
    least = most
    for lane in range(np.uint64(times.size)):
        by_u = np.uint32(best[u + lane] + add_u)
        by_v = np.uint32(best[v + lane] + add_v)
        there = min(by_u, by_v)
        times[lane] = min(there, most)
        least = min(least, times[lane])
    return least


@numba.njit(cache=True, nogil=True)
def _by_target(
    begins: npt.NDArray[np.int64],
    to: npt.NDArray[np.int32],
    value: npt.NDArray[np.uint32],
    first: int,
    many: int,
    first_of: npt.NDArray[np.int32],
    lane_of: npt.NDArray[np.int32],
    value_of: npt.NDArray[np.uint32],
) -> None:
    """Sort what leads from `many` sources from `first` on by target: what leads to j at first_of[j]:first_of[j + 1]."""
    first_of[:] = 0
    for at in range(begins[first], begins[first + many]):
        first_of[to[at]] += 1
    total = 0
    for j in range(first_of.size):
        total += first_of[j]
        first_of[j] = total  # where those of j end; filling from behind makes it where they begin
    for lane in range(many - 1, -1, -1):
        for at in range(begins[first + lane + 1] - 1, begins[first + lane] - 1, -1):
            j = to[at]
            first_of[j] -= 1
            lane_of[first_of[j]], value_of[first_of[j]] = lane, value[at]

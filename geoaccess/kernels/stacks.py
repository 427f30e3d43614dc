"""Times of arcs in pairs, several pairs lowered at once: what new times of a hierarchy are made with.

A pair is the time of an arc outward and the one inward, side by side in 8 bytes, so that both are moved, added to and
compared at once. Outward comes first in memory, which is the lower half: numba compiles for no other processors.

A stack is a run of nodes each of which is joined to the one before it and else to the same nodes as that one. Where a
network is cut, the nodes of the cut stand so. Entry i in the lists of all of them is about the same node, as far as
they go; the list of each begins where that of the one before ends, and is one longer.

Nothing beyond the end of a list is written: the last pairs that are lowered at once are those that end where it does,
and some are lowered twice, to the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from geoaccess.kernels.keys import LOW, NEVER, ONE, SHIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Pairs = npt.NDArray[np.uint64]

__all__ = ["AT_ONCE", "NOWHERE", "later", "lesser", "lower_between", "lower_over", "turned"]

AT_ONCE = 8
"""So many pairs are lowered at once; a list must be as long."""

NOWHERE = (np.uint64(NEVER) << SHIFT) | np.uint64(NEVER)
"""The pair of an arc that leads nowhere, neither way."""

_PAIR, _TIME = ir.IntType(64), ir.IntType(32)
_declared: Any = cgutils.get_or_insert_function


def _times(pairs: int) -> Any:
    return ir.VectorType(_TIME, 2 * pairs)


def _called(builder: Any, name: str, one: Any, other: Any) -> Any:
    kind = ir.FunctionType(one.type, [one.type] * 2)
    full = f"llvm.{name}.v{one.type.count}i32"
    return builder.call(_declared(builder.module, kind, full), [one, other])


def _lesser(builder: Any, one: Any, other: Any) -> Any:
    return _called(builder, "umin", one, other)


def _later(builder: Any, times: Any, more: Any) -> Any:
    """Add times; what leads nowhere twice over must not come round to zero."""
    return _called(builder, "uadd.sat", times, more)


def _chosen(builder: Any, times: Any, lanes: list[int]) -> Any:
    unknown, picked = ir.Constant(times.type, ir.Undefined), ir.Constant(_times(len(lanes) // 2), lanes)
    return builder.shuffle_vector(times, unknown, picked)


def _turned(builder: Any, times: Any) -> Any:
    """Let outward and inward change places."""
    return _chosen(builder, times, [lane ^ 1 for lane in range(times.type.count)])


def _everywhere(builder: Any, pair: Any) -> Any:
    return _chosen(builder, pair, [0, 1] * AT_ONCE)


def _least(builder: Any, times: Any) -> Any:
    """Return the least outward and the least inward time of some pairs."""
    while times.type.count > 2:
        half = times.type.count // 2
        first, last = (_chosen(builder, times, list(range(i, i + half))) for i in (0, half))
        times = _lesser(builder, first, last)
    return times


def _place(builder: Any, data: Any, place: Any, pairs: int = AT_ONCE) -> Any:
    return builder.bitcast(builder.gep(data, [place]), _times(pairs).as_pointer())


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _repeated(builder: Any, held: list[Any], work: Callable[..., tuple[Any, list[Any]]]) -> list[Any]:
    """Have work done at least once, given what is held and returning whether it goes on and what is held then."""
    before, each, after = builder.block, *(builder.append_basic_block(name) for name in ("each", "after"))
    builder.branch(each)
    builder.position_at_end(each)
    values = [builder.phi(start.type) for start in held]
    goes_on, then = work(*values)
    for value, start, following in zip(values, held, then, strict=True):
        value.add_incoming(start, before)
        value.add_incoming(following, each)
    builder.cbranch(goes_on, each, after)
    builder.position_at_end(after)
    return then


def _typed_over(
    _context: Any, into: Any, _at: Any, pairs: Any, _first: Any, _size: Any, _many: Any, _entry: Any, _from: Any
) -> Any:
    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target, data = (_data(context, builder, signature.args[i], arguments[i]) for i in (0, 2))
        _, at, _, first, size, many, entry, begin = arguments
        place = _place(builder, target, at)

        def lowered(row: Any, length: Any, left: Any, least: Any) -> Any:
            pair = builder.load(_place(builder, data, builder.add(row, entry), 1), align=8)
            times = builder.load(_place(builder, data, builder.add(row, begin)), align=8)
            least = _lesser(builder, least, _later(builder, times, _everywhere(builder, _turned(builder, pair))))
            left = builder.sub(left, _PAIR(1))
            then = [builder.add(row, length), builder.add(length, _PAIR(1)), left, least]
            return builder.icmp_unsigned("!=", left, _PAIR(0)), then

        *_, least = _repeated(builder, [first, size, many, builder.load(place, align=8)], lowered)
        builder.store(least, place, align=8)
        return context.get_dummy_value()

    return types.void(into, types.uint64, pairs, *[types.uint64] * 5), made


def _typed_between(_context: Any, pairs: Any, _first: Any, _entry: Any, apart: Any, _apart_first: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data, others = (_data(context, builder, signature.args[i], arguments[i]) for i in (0, 3))
        _, first, entry, _, others_first = arguments
        place, end = _place(builder, data, builder.add(first, entry), 1), builder.sub(entry, _PAIR(AT_ONCE))
        own = _everywhere(builder, builder.load(place, align=8))

        def lowered(i: Any, least: Any) -> Any:
            begin = builder.select(builder.icmp_unsigned("<", i, end), i, end)
            row = _place(builder, data, builder.add(first, begin))
            held = builder.load(row, align=8)
            between = builder.load(_place(builder, others, builder.add(others_first, begin)), align=8)
            builder.store(_lesser(builder, held, _later(builder, between, own)), row, align=8)
            least = _lesser(builder, least, _later(builder, held, _turned(builder, between)))
            i = builder.add(i, _PAIR(AT_ONCE))
            return builder.icmp_unsigned("<", i, entry), [i, least]

        _, least = _repeated(builder, [_PAIR(0), own], lowered)
        builder.store(_least(builder, least), place, align=8)
        return context.get_dummy_value()

    return types.void(pairs, types.uint64, types.uint64, apart, types.uint64), made


def _typed_of_two(change: Callable[[Any, Any, Any], Any]) -> Any:
    """Return what numba makes a pair of two pairs by."""

    def typed(_context: Any, _one: Any, _other: Any) -> Any:
        def made(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            changed = change(builder, *(builder.bitcast(pair, _times(1)) for pair in arguments))
            return builder.bitcast(changed, _PAIR)

        return types.uint64(types.uint64, types.uint64), made

    return typed


def _plain_lesser(one: np.uint64, other: np.uint64) -> np.uint64:
    return (min(one >> SHIFT, other >> SHIFT) << SHIFT) | min(one & LOW, other & LOW)


def _plain_later(one: np.uint64, other: np.uint64) -> np.uint64:
    high, low = (one >> SHIFT) + (other >> SHIFT), (one & LOW) + (other & LOW)
    return (min(high, LOW) << SHIFT) | min(low, LOW)


def _plain_over(
    into: Pairs,
    at: np.uint64,
    pairs: Pairs,
    first: np.uint64,
    size: np.uint64,
    many: np.uint64,
    entry: np.uint64,
    begin: np.uint64,
) -> None:
    for _ in range(many):
        pair = turned(pairs[first + entry])
        for i in range(AT_ONCE):
            into[int(at) + i] = lesser(into[int(at) + i], later(pair, pairs[int(first + begin) + i]))
        first, size = first + size, size + ONE


def _plain_between(pairs: Pairs, first: np.uint64, entry: np.uint64, apart: Pairs, apart_first: np.uint64) -> None:
    own = pairs[first + entry]
    for i in range(entry):
        place = int(first) + i
        held, between = pairs[place], apart[int(apart_first) + i]
        pairs[place] = lesser(held, later(between, own))
        pairs[first + entry] = lesser(pairs[first + entry], later(held, turned(between)))


def _made(typed: Any, plain: Any) -> Any:
    return plain if numba.config.DISABLE_JIT else intrinsic(typed)  # type: ignore[attr-defined] # set from the environment


@numba.njit(cache=True, nogil=True)
def turned(pair: np.uint64) -> np.uint64:
    """Return a pair with outward and inward in each other's place."""
    return (pair << SHIFT) | (pair >> SHIFT)


lesser: Callable[[np.uint64, np.uint64], np.uint64] = _made(_typed_of_two(_lesser), _plain_lesser)
"""Return the lesser of two times, outward and inward."""

later: Callable[[np.uint64, np.uint64], np.uint64] = _made(_typed_of_two(_later), _plain_later)
"""Return the sum of two times, outward and inward; what leads nowhere by either stays at NEVER or later."""

lower_over: Callable[[Pairs, np.uint64, Pairs, np.uint64, np.uint64, np.uint64, np.uint64, np.uint64], None] = _made(
    _typed_over, _plain_over
)
"""Lower `AT_ONCE` pairs, into[at:], to those over each of the `many` nodes of a stack, one at least.

The list of the first node begins at pairs[first] and has `size` entries. The pairs are those of the node that `entry`
stands for, to the nodes of the entries from `begin` on.
"""

lower_between: Callable[[Pairs, np.uint64, np.uint64, Pairs, np.uint64], None] = _made(_typed_between, _plain_between)
"""Lower the entries of a list, from pairs[first] on, to those over one `entry` of it, and that to those over them.

Before it stand `AT_ONCE` others at least; apart[apart_first:] are the pairs from the node of `entry` to theirs.
"""

"""The least of several rows of times, lane by lane, held in the registers of the processor until it is whole.

A compiler that is given loops writes the row to memory for every arc and reads it again for the next: it cannot know
that the rows do not overlap, nor how many lanes there are. Rows of `NARROW` and of `BROAD` lanes are written for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from geoaccess.kernels.keys import FAR

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Times = npt.NDArray[np.uint32]
    Least = Callable[[Times, np.uint64, npt.NDArray[np.int32], Times, np.uint64, np.uint64, np.uint64, np.uint64], None]

__all__ = ["BROAD", "NARROW", "least_broad", "least_narrow", "room_for_rows"]

NARROW, BROAD = 32, 64
"""So many times of 4 bytes fill two, or four, lines of a cache; either fit into registers."""

_LINE = 16
"""So many fill one line."""

_COUNT, _TIME = ir.IntType(64), ir.IntType(32)


def room_for_rows(rows: int, lanes: int) -> Times:
    """Return memory for rows of times, with anything in it, the first of which begins where a line of the cache does.

    A row that begins within a line takes one line more, to read and to write.
    """
    room = np.empty(rows * lanes + _LINE, np.uint32)
    first = -(room.ctypes.data // room.itemsize) % _LINE
    return room[first : first + rows * lanes].reshape(rows, lanes)


def _typed(lanes: int) -> Any:
    """Return what numba makes calls of `_plain` with so many lanes of."""
    row = ir.VectorType(_TIME, lanes)
    far, unknown = ir.Constant(row, [int(FAR)] * lanes), ir.Constant(row, ir.Undefined)
    first_lane = ir.Constant(row, [0] * lanes)

    def typed(
        _context: Any,
        best: Any,
        _into: Any,
        head_row: Any,
        cost: Any,
        _first: Any,
        _last: Any,
        _stride: Any,
        _column: Any,
    ) -> Any:
        def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            times, heads, costs = (
                context.make_array(signature.args[i])(context, builder, arguments[i]).data for i in (0, 2, 3)
            )
            _, into, _, _, first, last, stride, column = arguments

            def row_at(place: Any) -> Any:
                return builder.bitcast(builder.gep(times, [place]), row.as_pointer())

            before, each, after = builder.block, *(builder.append_basic_block(name) for name in ("each", "after"))
            builder.branch(each)
            builder.position_at_end(each)
            arc, least = builder.phi(_COUNT), builder.phi(row)
            head = builder.zext(builder.load(builder.gep(heads, [arc])), _COUNT)
            there = builder.load(row_at(builder.add(builder.mul(head, stride), column)), align=4)
            added = builder.insert_element(unknown, builder.load(builder.gep(costs, [arc])), _TIME(0))
            there = builder.add(there, builder.shuffle_vector(added, unknown, first_lane))
            lower = builder.select(builder.icmp_unsigned("<", there, least), there, least)
            following = builder.add(arc, _COUNT(1))
            for value, start, then in ((arc, first, following), (least, far, lower)):
                value.add_incoming(start, before)
                value.add_incoming(then, each)
            builder.cbranch(builder.icmp_unsigned("<", following, last), each, after)
            builder.position_at_end(after)
            builder.store(lower, row_at(into), align=4)
            return context.get_dummy_value()

        return types.void(best, types.uint64, head_row, cost, *[types.uint64] * 4), made

    return typed


def _plain(lanes: int) -> Least:
    """Return the same where nothing is compiled."""

    def least(
        best: Times,
        into: np.uint64,
        head_row: npt.NDArray[np.int32],
        cost: Times,
        first: np.uint64,
        last: np.uint64,
        stride: np.uint64,
        column: np.uint64,
    ) -> None:
        at = head_row[int(first) : int(last), None] * int(stride) + int(column) + np.arange(lanes)
        there = best[at] + cost[int(first) : int(last), None]
        best[int(into) : int(into) + lanes] = np.minimum(there.min(axis=0), np.uint32(FAR))

    return least


def _made(lanes: int) -> Least:
    compiled: Any = intrinsic(_typed(lanes))
    return _plain(lanes) if numba.config.DISABLE_JIT else compiled  # type: ignore[attr-defined] # set from the environment


least_narrow: Least = _made(NARROW)
"""Write the least of some rows and their costs, at most FAR, to a row of `NARROW` lanes.

The row of node p stands in `best`, flat, from head_row[arc] * stride + column on; arcs are those from `first` up to
`last`, one at least, and the least is written from `into` on.
"""

least_broad: Least = _made(BROAD)
"""Do as `least_narrow` with rows of `BROAD` lanes."""

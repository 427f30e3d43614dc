"""Rows of a few keys, sorted and each site once, held in the registers of the processor while arcs are gone over.

A row is a tuple: numba knows how many keys it has, and compiles for each number of them. Two rows are merged without a
branch that could not be foreseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from geoaccess.kernels.keys import EMPTY, LOW

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    Keys = npt.NDArray[np.uint64]
    Row = tuple[np.uint64, ...]

__all__ = ["MOST", "lesser", "merged", "row_later", "same_sites", "write_row"]

MOST = 8
"""Rows of so many keys, at most, fit into registers."""

_KEY = ir.IntType(64)
_keys_of: Any = cgutils.unpack_tuple
_EMPTY, _LOW = _KEY(int(EMPTY)), _KEY(int(LOW))


def _site(builder: Any, key: Any) -> Any:
    return builder.and_(key, _LOW)


def _sorted_pair(builder: Any, one: Any, other: Any) -> tuple[Any, Any]:
    less = builder.icmp_unsigned("<", one, other)
    return builder.select(less, one, other), builder.select(less, other, one)


def _emptied(builder: Any, key: Any, other: Any, site: Any) -> Any:
    """Return no site in place of a key where another one names that site."""
    return builder.select(builder.icmp_unsigned("==", _site(builder, other), site), _EMPTY, key)


def _lesser(builder: Any, row: list[Any], other: list[Any]) -> list[Any]:
    return [_sorted_pair(builder, *pair)[0] for pair in zip(row, other, strict=True)]


def _merged(builder: Any, row: list[Any], other: list[Any]) -> list[Any]:
    """Put keys into a row one after the other, which come to stand no further to the front than where they were."""
    for i, new in enumerate(other):
        site, key = _site(builder, new), new
        for before in row[:i]:
            key = _emptied(builder, key, before, site)
        for j in range(i, len(row)):
            here = row[j]
            row[j], later = _sorted_pair(builder, key, here)
            key = _emptied(builder, later, here, site)
    return row


def _of_rows(change: Callable[[Any, list[Any], list[Any]], list[Any]]) -> Any:
    """Return what numba makes a row of two rows by."""

    def typed(_context: Any, row: Any, other: Any) -> Any:
        def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            rows = (_keys_of(builder, argument) for argument in arguments)
            return context.make_tuple(builder, signature.return_type, change(builder, *rows))

        return row(row, other), made

    return typed


def _typed_same(_context: Any, row: Any, other: Any) -> Any:
    def made(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        apart = _KEY(0)
        for pair in zip(*(_keys_of(builder, argument) for argument in arguments), strict=True):
            apart = builder.or_(apart, builder.xor(*pair))
        return builder.icmp_unsigned("==", _site(builder, apart), _KEY(0))

    return types.boolean(row, other), made


def _typed_later(_context: Any, best: Any, _first: Any, _add: Any, like: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, first, add, _ = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        places = [builder.add(first, _KEY(i)) for i in range(len(like))]
        keys = [builder.add(builder.load(builder.gep(data, [place])), add) for place in places]
        return context.make_tuple(builder, signature.return_type, keys)

    return like(best, types.uint64, types.uint64, like), made


def _typed_write(_context: Any, best: Any, _first: Any, row: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, first, keys = arguments
        data = context.make_array(signature.args[0])(context, builder, array).data
        for i, key in enumerate(_keys_of(builder, keys)):
            builder.store(key, builder.gep(data, [builder.add(first, _KEY(i))]))
        return context.get_dummy_value()

    return types.void(best, types.uint64, row), made


def _plain_merged(row: Row, other: Row) -> Row:
    least: dict[int, np.uint64] = {}
    for key in sorted((*row, *other)):
        least.setdefault(int(key & LOW), key)
    real = [key for key in least.values() if key < EMPTY]
    return (*real, *[EMPTY] * len(row))[: len(row)]


def _plain_later(best: Keys, first: np.uint64, add: np.uint64, like: Row) -> Row:
    return tuple(best[int(first) + i] + add for i in range(len(like)))


def _plain_write(best: Keys, first: np.uint64, row: Row) -> None:
    best[int(first) : int(first) + len(row)] = row


def _made(typed: Any, plain: Any) -> Any:
    return plain if numba.config.DISABLE_JIT else intrinsic(typed)  # type: ignore[attr-defined] # set from the environment


row_later: Callable[[Keys, np.uint64, np.uint64, Row], Row] = _made(_typed_later, _plain_later)
"""Return the row that stands in a flat array from a place on, and as long as another one, with a time added."""

write_row: Callable[[Keys, np.uint64, Row], None] = _made(_typed_write, _plain_write)
"""Write a row into a flat array, from a place on."""

same_sites: Callable[[Row, Row], bool] = _made(
    _typed_same, lambda row, other: all((a ^ b) & LOW == 0 for a, b in zip(row, other, strict=True))
)
"""Say whether two rows name the same sites in the same order."""

lesser: Callable[[Row, Row], Row] = _made(
    _of_rows(_lesser), lambda row, other: tuple(min(pair) for pair in zip(row, other, strict=True))
)
"""Return the lesser of each two keys of rows that name the same sites in the same order."""

merged: Callable[[Row, Row], Row] = _made(_of_rows(_merged), _plain_merged)
"""Return the least keys of two rows, each site once; what is later than `EMPTY` in the second one names no site."""

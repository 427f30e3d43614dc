"""A word to the processor about memory that will soon be needed: a sweep knows long before where it will write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

__all__ = ["prefetch"]

_BYTE, _INT = ir.IntType(8).as_pointer(), ir.IntType(32)
_declared: Any = cgutils.get_or_insert_function
_TO_READ, _KEEP, _DATA = _INT(0), _INT(3), _INT(1)


def _typed(_context: Any, array: Any, _index: Any) -> Any:
    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        at = builder.bitcast(builder.gep(view.data, [arguments[1]]), _BYTE)
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _INT, _INT, _INT])
        builder.call(_declared(builder.module, kind, "llvm.prefetch.p0"), [at, _TO_READ, _KEEP, _DATA])
        return context.get_dummy_value()

    return types.void(array, types.uint64), made


def _nothing(_array: npt.NDArray[np.uint32], _index: np.uint64) -> None:
    """Stand in for it where nothing is compiled."""


_compiled: Any = intrinsic(_typed)
prefetch: Callable[[npt.NDArray[np.uint32], np.uint64], None] = (
    _nothing if numba.config.DISABLE_JIT else _compiled  # type: ignore[attr-defined] # set from the environment
)
"""Have the line of memory of one entry of a flat array fetched, at no cost when it is not needed after all."""

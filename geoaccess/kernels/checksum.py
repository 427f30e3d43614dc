"""A checksum of files at the speed of memory: it finds damage, and is no protection from those who mean harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["xxh64"]

_P1, _P2 = np.uint64(11400714785074694791), np.uint64(14029467366897019727)
_P3, _P4, _P5 = np.uint64(1609587929392839161), np.uint64(9650029242287828579), np.uint64(2870177450012600261)
_WORD = np.uint64(64)


@numba.njit(cache=True, nogil=True)
def _turned(value: np.uint64, bits: np.uint64) -> np.uint64:
    """Return a word turned by some bits; a number written as it is would be compiled for, each on its own."""
    return (value << bits) | (value >> (_WORD - bits))


@numba.njit(cache=True, nogil=True)
def _round(value: np.uint64, word: np.uint64) -> np.uint64:
    return _turned(value + word * _P2, np.uint64(31)) * _P1


@numba.njit(cache=True, nogil=True)
def xxh64(words: npt.NDArray[np.uint64], rest: npt.NDArray[np.uint8]) -> np.uint64:
    """Return XXH64 (Collet 2014), with the seed 0, of bytes: whole words, and the up to seven bytes behind them.

    Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
    """
    n = words.size - words.size % 4
    if n:
        a, b, c, d = _P1 + _P2, _P2, np.uint64(0), np.uint64(0) - _P1
        for i in range(0, n, 4):
            a, b = _round(a, words[i]), _round(b, words[i + 1])
            c, d = _round(c, words[i + 2]), _round(d, words[i + 3])
        code = (
            _turned(a, np.uint64(1)) + _turned(b, np.uint64(7)) + _turned(c, np.uint64(12)) + _turned(d, np.uint64(18))
        )
        for lane in (a, b, c, d):
            code = (code ^ _round(np.uint64(0), lane)) * _P1 + _P4
    else:
        code = _P5
    code += np.uint64(words.size) * np.uint64(8) + np.uint64(rest.size)
    for i in range(n, words.size):
        code = _turned(code ^ _round(np.uint64(0), words[i]), np.uint64(27)) * _P1 + _P4
    at = 0
    if rest.size >= 4:
        half = np.uint64(0)
        for i in range(4):
            half |= np.uint64(rest[i]) << np.uint64(8 * i)
        code = _turned(code ^ (half * _P1), np.uint64(23)) * _P2 + _P3
        at = 4
    for i in range(at, rest.size):
        code = _turned(code ^ (np.uint64(rest[i]) * _P5), np.uint64(11)) * _P1
    code = (code ^ (code >> np.uint64(33))) * _P2
    code = (code ^ (code >> np.uint64(29))) * _P3
    return code ^ (code >> np.uint64(32))

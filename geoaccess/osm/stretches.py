"""Stretches of roads: the parts of ways between points at which something meets them or may be decided.

A table of them has two kinds of columns. Per stretch it has its `way`, its ends `a` and `b`, its `kind`, whether it
`snaps` and is `restricted`, where its pieces begin (`first`), how many there are (`size`), and the `least` point
between its ends. Per piece, which is a straight line, it has the seconds that it takes (see `times`) and the point at
which it begins (`course`); the ends of a stretch are those of the columns `a` and `b`, whatever stands there. Most
points of roads lie between ends, so that what goes over stretches goes over a seventh of what there is.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels import cutting
from geoaccess.osm.columns import extended
from geoaccess.osm.times import all_times, times_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

__all__ = ["Stretches", "add_pieces", "are_open", "divide", "drop_stretches", "ends_of_pieces", "of_pieces"]

Stretches = dict[str, "npt.NDArray[Any]"]


def of_pieces(segments: Mapping[str, npt.NDArray[Any]]) -> Stretches:
    """Return the stretches of straight segments, each of which is one by itself.

    >>> ends = {"a": np.array([4, 5], np.int32), "b": np.array([5, 6], np.int32)}
    >>> {name: values.tolist() for name, values in of_pieces(ends).items() if name not in ("least", "course")}
    {'a': [4, 5], 'b': [5, 6], 'first': [0, 1], 'size': [1, 1]}
    """
    return {**segments, **_single(0, segments["a"])}


def _single(pieces: int, a: npt.NDArray[np.int32]) -> Stretches:
    """Return the columns that stretches of one piece have, behind so many pieces."""
    return {
        "first": np.arange(pieces, pieces + a.size, dtype=np.int32),
        "size": np.ones(a.size, np.int32),
        "least": np.full(a.size, cutting.NO_POINT),
        "course": a,
    }


def add_pieces(stretches: Stretches, *more: Mapping[str, npt.NDArray[Any]]) -> None:
    """Put segments behind the stretches of a table; what these do not say is 0."""
    for segments in more:
        own = _single(stretches["course"].size, segments["a"])
        for name, values in stretches.items():
            added = own[name] if name in own else segments.get(name, np.zeros(segments["a"].size))
            stretches[name] = extended(values, np.asarray(added, values.dtype))


def are_open(stretches: Stretches, turn: int = 0) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say of stretches whether they are open from a to b, and from b to a, as each of their pieces is."""
    ahead, back = (stretches[name][stretches["first"]] >= 0 for name in times_of(turn))
    return ahead, back


def ends_of_pieces(
    stretches: Stretches, stretch: npt.NDArray[np.integer[Any]], piece: npt.NDArray[np.integer[Any]]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the points at which some pieces begin and end, each of a stretch."""
    course, within = stretches["course"], piece - stretches["first"][stretch]
    last = within == stretches["size"][stretch] - 1
    begin = np.where(within == 0, stretches["a"][stretch], course[piece])
    return begin, np.where(last, stretches["b"][stretch], course[piece + ~last])


def drop_stretches(stretches: Stretches, places: npt.NDArray[np.int64]) -> None:
    """Take stretches out of a table, by their places; their pieces stay, of which nothing speaks any more."""
    for name in _per_stretch(stretches) if places.size else ():
        stretches[name] = np.delete(stretches[name], places)


def divide(stretches: Stretches, cuts: Mapping[int, Iterable[int]], gone: set[int]) -> None:
    """Divide stretches where pieces of them begin, without those that are gone; parts stand where the whole did.

    `cuts` are these pieces by stretch; one that begins at its first, or behind its last, divides nothing.

    >>> ends = {"a": np.array([4, 7], np.int32), "b": np.array([7, 9], np.int32)}
    >>> own = {"first": np.array([0, 3]), "size": np.array([3, 1]), "least": np.array([2, 2**31 - 1])}
    >>> road = {**ends, **own, "course": np.array([4, 2, 5, 7, 9], np.int32)}
    >>> divide(road, {0: [1, 2]}, {1})
    >>> {name: road[name].tolist() for name in ("a", "b", "first", "size")}
    {'a': [4, 5, 7], 'b': [2, 7, 9], 'first': [0, 2, 3], 'size': [1, 1, 1]}
    """
    if not cuts:
        return
    course, parts = stretches["course"], {row: _parts(stretches, row, places, gone) for row, places in cuts.items()}
    counts = np.ones(stretches["a"].size, np.int64)
    counts[list(parts)] = [len(of) for of in parts.values()]
    source = np.repeat(np.arange(counts.size), counts)
    for name in _per_stretch(stretches):
        stretches[name] = stretches[name][source]
    begins = np.cumsum(counts) - counts
    for row, of in parts.items():
        for at, (a, b, start, stop) in enumerate(of, int(begins[row])):
            least = course[start + 1 : stop].min(initial=cutting.NO_POINT)
            for name, value in (("a", a), ("b", b), ("first", start), ("size", stop - start), ("least", least)):
                stretches[name][at] = value


def _parts(stretches: Stretches, row: int, places: Iterable[int], gone: set[int]) -> list[tuple[int, int, int, int]]:
    """Return (a, b, first piece, the one behind the last) of the parts of a stretch."""
    begin, end = int(stretches["first"][row]), int(stretches["first"][row] + stretches["size"][row])
    course, stops = stretches["course"], sorted({begin, *places, end})
    return [
        (
            int(stretches["a"][row] if start == begin else course[start]),
            int(stretches["b"][row] if stop == end else course[stop]),
            start,
            stop,
        )
        for start, stop in itertools.pairwise(stops)
        if start not in gone
    ]


def _per_stretch(stretches: Stretches) -> Sequence[str]:
    """Return the names of the columns of a table that have a value per stretch."""
    of_pieces = {"course", *all_times(stretches)}
    return [name for name in stretches if name not in of_pieces]

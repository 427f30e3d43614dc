"""Joining the ways of several files, which may overlap but must not contradict each other."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import geometry, ids
from geoaccess.osm.ways import NO_PLACE, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.ways import Tags

__all__ = ["join_files"]

_FARTHEST_M = 1000.0
"""A node of the map is hardly ever moved farther from one day to another."""

_COORDINATE = 1e7


def join_files(parts: Sequence[WaysOfFile], paths: Sequence[Path]) -> tuple[WaysOfFile, int]:
    """Return the ways of several files as those of one, and how many times one was in another file already.

    Of a way that is in several files the highest version is taken, else that of the first file. A node lies where the
    last file says whose way is taken; where none of these knows, a way that was taken from another file may.

    Raises
    ------
    InputError
        If ways of one id and version differ, or nodes of one id lie more than 1 km apart: the files do not speak of the
        same objects, and one would hide the other.
    """
    _check_ways(parts, paths)
    _check_nodes(parts, paths)
    file_of = np.repeat(np.arange(len(parts)), [part.way_id.size for part in parts])
    number, version = (np.concatenate([getattr(part, name) for part in parts]) for name in ("way_id", "version"))
    order = np.lexsort((-file_of, version, number))
    chosen = np.zeros(number.size, np.bool_)
    chosen[order[np.append(number[order][1:] != number[order][:-1], [True] * bool(number.size))]] = True
    taken = np.split(chosen, np.cumsum([part.way_id.size for part in parts])[:-1])
    refs = [part.node_id[part.ref[np.repeat(ours, np.diff(part.ptr))]] for part, ours in zip(parts, taken, strict=True)]
    node_id, ref = ids.distinct(np.concatenate(refs), spent=True)
    xy, elsewhere = (np.full((2, node_id.size), NO_PLACE, np.int32) for _ in range(2))
    hindering = np.full(node_id.size, -1, np.int32)
    way_tags = []
    way_sets: dict[Tags, int] = {}
    node_sets: dict[Tags, int] = {}
    for part, ours in zip(parts, taken, strict=True):
        way_tags.append(_renumbered(part.way_tags[ours], part.tagsets, way_sets))
        at = np.searchsorted(node_id, part.node_id)
        at[at == node_id.size] = 0
        common = node_id[at] == part.node_id
        for places, chosen in ((xy, ours), (elsewhere, ~ours)):
            here = np.unique(part.ref[np.repeat(chosen, np.diff(part.ptr))])
            here = here[common[here] & (part.x[here] != NO_PLACE)]
            places[:, at[here]] = part.x[here], part.y[here]
        on_way = common[part.hindering]
        tags = _renumbered(part.hindering_tags[on_way], part.node_tagsets, node_sets)
        hindering[at[part.hindering[on_way]]] = tags
    x, y = np.where(xy[0] == NO_PLACE, elsewhere, xy)
    sizes = np.concatenate([np.diff(part.ptr)[ours] for part, ours in zip(parts, taken, strict=True)])
    ways = WaysOfFile(
        way_id=np.concatenate([part.way_id[ours] for part, ours in zip(parts, taken, strict=True)]),
        way_tags=np.concatenate(way_tags),
        tagsets=tuple(way_sets),
        ptr=np.concatenate([[0], np.cumsum(sizes)]),
        ref=ref,
        node_id=node_id,
        x=x,
        y=y,
        hindering=np.flatnonzero(hindering >= 0).astype(np.int32),
        hindering_tags=hindering[hindering >= 0],
        node_tagsets=tuple(node_sets),
        version=np.concatenate([part.version[ours] for part, ours in zip(parts, taken, strict=True)]),
    )
    return ways, sum(int((~ours).sum()) for ours in taken)


def _renumbered(
    numbers: npt.NDArray[np.int32], tagsets: Sequence[Tags], known: dict[Tags, int]
) -> npt.NDArray[np.int32]:
    """Return numbers of tag sets as numbers of those in `known`, to which new ones are added."""
    used = np.unique(numbers)
    new = np.zeros(len(tagsets), np.int32)
    new[used] = [known.setdefault(tagsets[i], len(known)) for i in used.tolist()]
    return new[numbers]


def _check_ways(parts: Sequence[WaysOfFile], paths: Sequence[Path]) -> None:
    """Refuse ways of one id and one version that run or say otherwise in another file."""
    for (i, one), (j, other) in itertools.combinations(enumerate(parts), 2):
        common, at_one, at_other = np.intersect1d(one.way_id, other.way_id, return_indices=True)
        clashes = [
            int(number)
            for number, a, b in zip(common, at_one.tolist(), at_other.tolist(), strict=True)
            if one.version[a] == other.version[b] and _content(one, a) != _content(other, b)
        ]
        if clashes:
            raise InputError(
                f"{paths[i]} and {paths[j]}: {_listed('way', clashes)} in both, with the same version and other nodes "
                "or tags; the ids of one file must not mean other objects in the other: take extracts of one day, or "
                "number one anew (osmium renumber)"
            )


def _content(ways: WaysOfFile, at: int) -> tuple[dict[str, str], list[int]]:
    tags = dict(ways.tagsets[ways.way_tags[at]])
    ref: list[int] = ways.node_id[ways.ref[ways.ptr[at] : ways.ptr[at + 1]]].tolist()
    return tags, ref


def _check_nodes(parts: Sequence[WaysOfFile], paths: Sequence[Path]) -> None:
    """Refuse nodes of one id that lie in two places."""
    for (i, one), (j, other) in itertools.combinations(enumerate(parts), 2):
        common, at_one, at_other = np.intersect1d(one.node_id, other.node_id, assume_unique=True, return_indices=True)
        both = (one.x[at_one] != NO_PLACE) & (other.x[at_other] != NO_PLACE)
        common, at_one, at_other = common[both], at_one[both], at_other[both]
        lon = np.concatenate([one.x[at_one], other.x[at_other]]) / _COORDINATE
        lat = np.concatenate([one.y[at_one], other.y[at_other]]) / _COORDINATE
        first = np.arange(common.size, dtype=np.int32)
        apart = geometry.segment_lengths_m(lon, lat, first, (first + common.size).astype(np.int32))
        clashes = common[apart > _FARTHEST_M].tolist()
        if clashes:
            raise InputError(
                f"{paths[i]} and {paths[j]}: {_listed('node', clashes)} in both, more than {_FARTHEST_M:.0f} m apart; "
                "the ids of one file must not mean other objects in the other: number one anew (osmium renumber)"
            )


def _listed(kind: str, numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"{kind} {numbers[0]} is"
    more = ", ..." if len(numbers) > 3 else ""  # noqa: PLR2004 - a few show where to look
    return f"{len(numbers)} {kind}s ({', '.join(map(str, numbers[:3]))}{more}) are"

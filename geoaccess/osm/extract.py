"""Reading the ways of OpenStreetMap files: of one, or of several that overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.kernels import ids
from geoaccess.osm.blobs import OtherPackingError
from geoaccess.osm.ferry_relations import relation_tags
from geoaccess.osm.pbf import PbfFile, UnsortedError
from geoaccess.osm.restrictions import Restriction, read_restriction
from geoaccess.osm.through_osmium import OsmiumFile
from geoaccess.osm.ways import NO_PLACE, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.profile import Profile
    from geoaccess.osm.ways import Tags

__all__ = ["Extract", "read_extract"]

_COORDINATE = 1e7


@dataclass(frozen=True)
class Extract:
    """The ways of one or more files that could matter to a profile.

    Way i runs through the nodes ref[ptr[i]:ptr[i + 1]], which are places in `node_id`, `lon`, `lat`; a node that the
    files do not hold has NaN coordinates. Its tags are `tagsets[way_tags[i]]`: ways with equal tags share one entry,
    so that rules are applied once for each combination. In the same way `hindering` are the places of nodes that may
    hinder, with the tags `node_tagsets[hindering_tags[i]]`; `restrictions` are the relations that rule turns.
    """

    way_id: npt.NDArray[np.int64]
    way_tags: npt.NDArray[np.int32]
    tagsets: tuple[dict[str, str], ...]
    ptr: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int32]
    node_id: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    hindering: npt.NDArray[np.int32]
    hindering_tags: npt.NDArray[np.int32]
    node_tagsets: tuple[dict[str, str], ...]
    counts: dict[str, int]
    source: str = ""
    restrictions: tuple[Restriction, ...] = ()


def read_extract(paths: Sequence[Path], profile: Profile, *, progress: Callable[[str], None] | None = None) -> Extract:
    """Read the ways of one or more extracts; a way that is in several is taken once.

    Raises
    ------
    MissingFileError
        If a file is not there.
    InputError
        If a file is corrupt or cut short, also at a block boundary, or holds no way for cars.
    """
    for path in paths:
        files.require(path, hint="check the path, or run `geoaccess fetch`")
    unsorted: set[Path] = set()
    otherwise_packed: set[Path] = set()
    while True:
        try:
            return _read(paths, profile, progress, unsorted, otherwise_packed)
        except UnsortedError as error:
            unsorted.add(error.path)
        except OtherPackingError as error:
            otherwise_packed.add(error.path)


def _read(
    paths: Sequence[Path],
    profile: Profile,
    progress: Callable[[str], None] | None,
    unsorted: set[Path],
    otherwise_packed: set[Path],
) -> Extract:
    if not paths:
        raise InputError("no file of OpenStreetMap data is named; give at least one .osm.pbf")
    readers = [
        PbfFile(path, profile, thorough=path in unsorted)
        if path.name.endswith(".pbf") and path not in otherwise_packed
        else OsmiumFile(path, profile)
        for path in paths
    ]
    relations = [relation for reader in readers for relation in reader.relations()]
    ferry_members = relation_tags(relations, profile)
    ways = []
    for reader in readers:
        if progress:
            progress(f"reading {reader.path.name}")
        ways.append(reader.ways(ferry_members))
    restrictions = {relation.number: relation for relation in relations if relation.tags.get("type") == "restriction"}
    found, doubled = (ways[0], 0) if len(ways) == 1 else _together(ways)
    return _extract(
        ", ".join(str(path) for path in paths),
        found,
        doubled,
        tuple(read_restriction(restrictions[number]) for number in sorted(restrictions)),
    )


def _extract(source: str, ways: WaysOfFile, doubled: int, restrictions: tuple[Restriction, ...]) -> Extract:
    if not ways.way_id.size:
        raise InputError(
            f"{source}: no road that the profile lets cars use, and no ferry; is it the right file, and whole?"
        )
    missing = ways.x == NO_PLACE
    if missing.sum() > missing.size / 2:
        raise InputError(
            f"{source}: {missing.sum()} of the {missing.size} nodes of its ways are not in it or stand "
            "behind them; sort it (osmium sort), or fetch a whole one"
        )
    return Extract(
        way_id=ways.way_id,
        way_tags=ways.way_tags,
        tagsets=tuple(dict(tags) for tags in ways.tagsets),
        ptr=ways.ptr,
        ref=ways.ref,
        node_id=ways.node_id,
        lon=np.where(missing, np.nan, ways.x / _COORDINATE),
        lat=np.where(missing, np.nan, ways.y / _COORDINATE),
        hindering=ways.hindering,
        hindering_tags=ways.hindering_tags,
        node_tagsets=tuple(dict(tags) for tags in ways.node_tagsets),
        counts={
            "ways_read": ways.way_id.size,
            "ways_doubled": doubled,
            "way_nodes_read": ways.node_id.size,
            "way_nodes_missing": int(missing.sum()),
        },
        source=source,
        restrictions=restrictions,
    )


def _together(parts: Sequence[WaysOfFile]) -> tuple[WaysOfFile, int]:
    """Return the ways of several files as those of one, and how many times one was in an earlier file already.

    A node lies where the last file says whose way is taken; where none of these knows, a way that was taken from
    another file may.
    """
    taken, refs = [], []
    seen = np.empty(0, np.int64)
    for part in parts:
        taken.append(~np.isin(part.way_id, seen))
        seen = np.concatenate([seen, part.way_id])
        refs.append(part.node_id[part.ref[np.repeat(taken[-1], np.diff(part.ptr))]])
    node_id, ref = ids.distinct(np.concatenate(refs))
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

"""Reading the ways of OpenStreetMap files: of one, or of several that overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels import ids
from geoaccess.osm.blobs import OtherPackingError
from geoaccess.osm.columns import with_room
from geoaccess.osm.ferry_relations import complete_ferries, ferry_ways, relation_tags
from geoaccess.osm.formats import check_format, is_pbf
from geoaccess.osm.joining import join_files
from geoaccess.osm.missing_nodes import REPORT_ABOVE, check_missing
from geoaccess.osm.pbf import PbfFile, UnsortedError
from geoaccess.osm.reading import Together, kept_by
from geoaccess.osm.restrictions import Restriction, read_restriction
from geoaccess.osm.shores import build_shores, shore_members, split_shores
from geoaccess.osm.through_osmium import OsmiumFile
from geoaccess.osm.ways import NO_PLACE, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.network import Shores
    from geoaccess.osm.missing_nodes import Box
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.shores import ShoreWays
    from geoaccess.osm.sifting import Sieve
    from geoaccess.osm.ways import Relation

__all__ = ["Extract", "Reading", "read_extract", "read_files"]

_COORDINATE = 1e7
_EAST, _NORTH = 180, 90


@dataclass(frozen=True)
class Extract:
    """The ways of one or more files that could matter to a profile.

    Way i runs through the nodes ref[ptr[i]:ptr[i + 1]], which are places in `node_id`, `lon`, `lat`; a node that the
    files do not hold has NaN coordinates. Its tags are `tagsets[way_tags[i]]`: ways with equal tags share one entry,
    so that rules are applied once for each combination. A ferry way that several lines share is there once for each,
    under one id (see `complete_ferries`). In the same way as tags of ways `hindering` are the places of nodes that may
    hinder, with the tags `node_tagsets[hindering_tags[i]]`; `restrictions` are the relations that rule turns, `shores`
    the coastline and the borders of water, None where there are none.
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
    shores: Shores | None = None


@dataclass
class Reading:
    """What was read of some files, once for several profiles that take the same ways (see `Together`).

    `roads` are the ways of each file, without its shores.
    """

    paths: Sequence[Path]
    roads: list[WaysOfFile]
    shores: Shores | None
    relations: list[Relation]
    bounds: list[Box | None]
    counts: dict[str, int]
    progress: Callable[[str], None] | None
    degrees: tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None

    def extract(self, profile: Profile, *, last: bool = False) -> Extract:
        """Return what `extracts` does of one profile."""
        return self.extracts([profile], last=last)[0]

    def extracts(self, profiles: Sequence[Profile], *, last: bool = False) -> list[Extract]:
        """Return the extracts of some of the profiles, each as if files had been read for it alone.

        They share what is the same. With the `last` ones, what was read is let go.

        Raises
        ------
        InputError
            As for `read_extract`, as far as it is of what is in the files and not of how they are written.
        """
        found = [self._of(profile) for profile in profiles[:-1]] + [self._of(profiles[-1], last=last)]
        self.degrees = None
        return found

    def _of(self, profile: Profile, *, last: bool = False) -> Extract:
        parts = [kept_by(part, profile) for part in self.roads]
        if last:
            self.roads = []
        found, doubled = (parts.pop(), 0) if len(parts) == 1 else join_files(parts, self.paths)
        del parts
        lon, lat = self._degrees(found)
        source = ", ".join(map(str, self.paths))
        missing = check_missing(source, found, bounds=self.bounds)
        if self.progress and missing.share > REPORT_ABOVE:
            self.progress(missing.sentence)
        self.progress = None  # said once
        restrictions = {one.number: one for one in self.relations if one.tags.get("type") == "restriction"}
        return _extract(
            source,
            complete_ferries(found, relation_tags(self.relations, profile)),
            doubled,
            tuple(read_restriction(restrictions[number]) for number in sorted(restrictions)),
            {**self.counts, "way_nodes_missing_inside": missing.inside},
            self.shores,
            (lon, lat),
        )

    def _degrees(self, ways: WaysOfFile) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return longitude and latitude of the nodes, NaN where unknown: the same for extracts of the same places."""
        if self.degrees is None or self.degrees[0] is not ways.x:
            missing = ways.x == NO_PLACE
            lon, lat = (with_room(missing.size, np.float64) for _ in range(2))  # ends of boats and gates come behind
            for degrees, values in ((lon, ways.x), (lat, ways.y)):
                np.divide(values, _COORDINATE, out=degrees)
                degrees[missing] = np.nan
            _check_on_earth(", ".join(map(str, self.paths)), ways.node_id, lon, lat)
            self.degrees = ways.x, lon, lat
        return self.degrees[1:]


@checks_arguments
def read_extract(
    paths: Sequence[Path],
    profile: Profile,
    *,
    progress: Callable[[str], None] | None = None,
    sieve: Sieve | None = None,
) -> Extract:
    """Read the ways of one or more extracts; a way that is in several is taken once.

    What a `sieve` takes of plain .osm.pbf files is found in the same pass, and is in `sieve.found` afterwards.

    Raises
    ------
    MissingFileError
        If a file is not there.
    InputError
        If a file is corrupt or cut short, also at a block boundary, or holds no way for cars.
    """
    return read_files(paths, [profile], progress=progress, sieve=sieve).extract(profile, last=True)


def read_files(
    paths: Sequence[Path],
    profiles: Sequence[Profile],
    *,
    progress: Callable[[str], None] | None = None,
    sieve: Sieve | None = None,
) -> Reading:
    """Read one or more files for one or more profiles that take the same ways, see `read_extract`."""
    for path in paths:
        files.require(path, hint="check the path, or run `geoaccess fetch`")
        check_format(path)
    looked = Together.of(profiles)
    unsorted: set[Path] = set()
    otherwise_packed: set[Path] = set()
    while True:
        try:
            return _read(paths, looked, progress, unsorted, otherwise_packed, sieve)
        except UnsortedError as error:
            unsorted.add(error.path)
        except OtherPackingError as error:
            otherwise_packed.add(error.path)


def _read(
    paths: Sequence[Path],
    looked: Together,
    progress: Callable[[str], None] | None,
    unsorted: set[Path],
    otherwise_packed: set[Path],
    sieve: Sieve | None,
) -> Reading:
    if not paths:
        raise InputError("no file of OpenStreetMap data is named; give at least one .osm.pbf")
    readers = [
        PbfFile(path, looked, thorough=path in unsorted, sieve=sieve)
        if is_pbf(path) and path not in otherwise_packed
        else OsmiumFile(path, looked)
        for path in paths
    ]
    relations = [relation for reader in readers for relation in reader.relations()]
    ferry_members = ferry_ways(relations)
    on_water = shore_members(relations)
    ways = []
    shores: list[ShoreWays] = []
    for reader in readers:
        if progress:
            progress(f"reading {reader.path.name}")
        roads, more = split_shores(reader.ways(ferry_members, on_water), looked, on_water, ferry_members)
        ways.append(roads)
        shores += [more] if more is not None else []
        if sieve is not None and isinstance(reader, PbfFile) and reader.sifting is not None:
            sieve.found[reader.path] = reader.sifting
    without_relations = [reader.path.name for reader in readers if not reader.holds_relations]
    if progress and without_relations:
        progress(
            f"{', '.join(without_relations)}: no relation is in it, so turn restrictions and what routes of ferries "
            "say of their boats are not known"
        )
    counts = {
        "ways_repeated_in_a_file": sum(part.ways_repeated for part in ways),
        "nodes_repeated_in_a_file": sum(part.nodes_repeated for part in ways),
        "way_nodes_missing_inside": 0,
        "files_without_relations": len(without_relations),
    }
    bounds = [reader.bounds for reader in readers]
    return Reading(paths, ways, build_shores(shores, on_water), relations, bounds, counts, progress)


def _check_on_earth(
    source: str, number: npt.NDArray[np.int64], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> None:
    """Refuse nodes whose places are none; NaN is right, where a node is not in the files."""
    wrong = np.flatnonzero((lon > _EAST) | (lon < -_EAST) | (lat > _NORTH) | (lat < -_NORTH))
    if wrong.size:
        at = wrong[0]
        raise InputError(
            f"{source}: the node {number[at]} lies at {lon[at]:g}, {lat[at]:g}, which is no longitude and latitude; "
            "fetch it again"
        )


def _extract(
    source: str,
    ways: WaysOfFile,
    doubled: int,
    restrictions: tuple[Restriction, ...],
    counts: dict[str, int],
    shores: Shores | None,
    degrees: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
) -> Extract:
    if not ways.way_id.size:
        raise InputError(
            f"{source}: no road that the profile lets cars use, and no ferry; is it the right file, and whole?"
        )
    return Extract(
        way_id=ways.way_id,
        way_tags=ways.way_tags,
        tagsets=tuple(dict(tags) for tags in ways.tagsets),
        ptr=ways.ptr,
        ref=ways.ref,
        node_id=ways.node_id,
        lon=degrees[0],
        lat=degrees[1],
        hindering=ways.hindering,
        hindering_tags=ways.hindering_tags,
        node_tagsets=tuple(dict(tags) for tags in ways.node_tagsets),
        counts={
            # Of a copy: a network made of these ids before has made them read-only, which would be compiled for anew.
            "ways_read": ids.different(ways.way_id.copy()).size,
            "ways_doubled": doubled,
            "way_nodes_read": ways.node_id.size,
            "way_nodes_missing": int((ways.x == NO_PLACE).sum()),
            **counts,
        },
        source=source,
        restrictions=restrictions,
        shores=shores,
    )

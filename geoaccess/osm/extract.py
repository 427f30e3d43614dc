"""Reading ways out of OpenStreetMap files: pyosmium filters in C++, plain arrays come out."""

from __future__ import annotations

import itertools
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.osm.ferry_relations import completed, relation_tags
from geoaccess.osm.integrity import newest_untagged_nodes
from geoaccess.osm.restrictions import Restriction, read_restriction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.profile import Profile

__all__ = ["Extract", "read_extract"]

_NO_PLACE = 2**31 - 1  # what pyosmium gives for a node that is not in the file
_ORPHANS_OK = 0.05
_FEW = 50
_COORDINATE = 1e7
_HINDERING = ("barrier", "highway", "ford", "traffic_calming", "railway")


@dataclass(frozen=True)
class Extract:
    """The ways of one or more files that could matter to a profile.

    Way i runs through the nodes ref[ptr[i]:ptr[i + 1]], which are places in `node_id`, `lon`, `lat`; a node that the
    files do not hold has NaN coordinates. Its tags are `tagsets[way_tags[i]]`: ways with equal tags share one entry,
    so that rules are applied once for each combination. `node_tags` has the tags of nodes that may hinder (by place in
    `node_id`), `restrictions` the relations that rule turns.
    """

    way_id: npt.NDArray[np.int64]
    way_tags: npt.NDArray[np.int32]
    tagsets: tuple[dict[str, str], ...]
    ptr: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int32]
    node_id: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    counts: dict[str, int]
    source: str = ""
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
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
        files.require(path, mend="check the path, or run `geoaccess fetch`")
    newest = [newest_untagged_nodes(path) if path.name.endswith(".pbf") else np.empty(0, np.int64) for path in paths]
    reader = _Reader(profile, relation_tags(paths, profile.ferry.car_keys))
    for path, nodes in zip(paths, newest, strict=True):
        if progress:
            progress(f"reading {path.name}")
        reader.read(path, nodes)
    return reader.extract(paths)


class _Reader:
    """Arrays that grow while ways go by."""

    def __init__(self, profile: Profile, ferry_members: dict[int, dict[str, str]]) -> None:
        self.profile = profile
        self.ferry_members = ferry_members
        self.way_id, self.way_tags, self.ptr = array("q"), array("i"), array("q", [0])
        self.ref, self.x, self.y = array("q"), array("i"), array("i")
        self.tagset_of: dict[tuple[tuple[str, str], ...], int] = {}
        self.seen: set[int] = set()
        self.elsewhere: dict[int, tuple[int, int]] = {}
        self.node_tags: dict[int, dict[str, str]] = {}
        self.restrictions: dict[int, Restriction] = {}
        self.doubled = 0

    def read(self, path: Path, newest: npt.NDArray[np.int64]) -> None:
        """Read one file; `newest` are untagged nodes of it, most of which must belong to some way."""
        import osmium

        orphans = set(newest.tolist())
        drivable = osmium.filter.TagFilter(("route", "ferry"), *(("highway", name) for name in self.profile.highway))
        several = bool(self.seen)
        try:
            if orphans:
                ways: Any = osmium.FileProcessor(path, osmium.osm.WAY)
                for way in ways:
                    orphans.difference_update(node.ref for node in way.nodes)
            ways = osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY)
            ways = ways.with_locations().with_filter(drivable)
            for way in itertools.chain(ways, self._members_without_route(path)):
                if way.is_way():
                    self._take(way, several=several)
            hindering: Any = osmium.FileProcessor(path, osmium.osm.NODE).with_filter(
                osmium.filter.KeyFilter(*_HINDERING)
            )
            for node in hindering:
                self.node_tags[node.id] = {tag.k: tag.v for tag in node.tags}
            rules: Any = osmium.FileProcessor(path, osmium.osm.RELATION)
            for relation in rules.with_filter(osmium.filter.TagFilter(("type", "restriction"))):
                self.restrictions[relation.id] = read_restriction(relation)
        except RuntimeError as error:
            raise InputError(f"{path}: cannot be read as OpenStreetMap data ({error}); fetch it again") from error
        if len(orphans) > max(_ORPHANS_OK * len(newest), _FEW):
            raise InputError(
                f"{path}: cut short at a block boundary: {len(orphans)} of its {len(newest)} newest plain nodes "
                "belong to no way, so ways are missing; fetch it again"
            )

    def _take(self, way: Any, *, several: bool) -> None:
        """Add one way; of one that an earlier file held only the places of its nodes are kept."""
        if several and way.id in self.seen:
            self.doubled += 1
            self.elsewhere.update({node.ref: (node.x, node.y) for node in way.nodes if node.x != _NO_PLACE})
            return
        self.seen.add(way.id)
        ref, x, y = self.ref, self.x, self.y
        for node in way.nodes:
            ref.append(node.ref)
            x.append(node.x)
            y.append(node.y)
        keys = self.profile.keys
        tags = tuple((tag.k, tag.v) for tag in way.tags if tag.k in keys)
        relation = self.ferry_members.get(way.id)
        if relation and not any(key == "highway" for key, _ in tags):
            tags = completed(tags, relation)
        if not any(key == "route" for key, _ in tags):
            tags = tuple(tag for tag in tags if tag[0] != "name")
        self.way_id.append(way.id)
        self.way_tags.append(self.tagset_of.setdefault(tags, len(self.tagset_of)))
        self.ptr.append(len(ref))

    def _members_without_route(self, path: Path) -> Iterator[Any]:
        """Yield the members of ferry relations that do not say of themselves that they are ferries, nor roads."""
        import osmium

        if not self.ferry_members:
            return
        members = osmium.filter.IdFilter(self.ferry_members)
        ways: Any = osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for way in ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(members):
            if way.tags.get("route") != "ferry" and "highway" not in way.tags:
                yield way

    def extract(self, paths: Sequence[Path]) -> Extract:
        if not self.way_id:
            names = ", ".join(str(path) for path in paths)
            raise InputError(
                f"{names}: no road that the profile lets cars use, and no ferry; is it the right file, and whole?"
            )
        refs = np.frombuffer(self.ref, np.int64)
        node_id, first, ref = np.unique(refs, return_index=True, return_inverse=True)
        x, y = self._places(refs, node_id.size, first, ref)
        missing = x == _NO_PLACE
        if missing.sum() > node_id.size / 2:
            names = ", ".join(str(path) for path in paths)
            raise InputError(
                f"{names}: {missing.sum()} of the {node_id.size} nodes of its ways are not in it or stand "
                "behind them; sort it (osmium sort), or fetch a whole one"
            )
        counts = {
            "ways_read": len(self.way_id),
            "ways_doubled": self.doubled,
            "way_nodes_read": int(node_id.size),
            "way_nodes_missing": int(missing.sum()),
        }
        return Extract(
            way_id=np.array(self.way_id, np.int64),
            way_tags=np.array(self.way_tags, np.int32),
            tagsets=tuple(dict(tags) for tags in self.tagset_of),
            ptr=np.array(self.ptr, np.int64),
            ref=ref.astype(np.int32),
            node_id=node_id,
            lon=np.where(missing, np.nan, x / _COORDINATE),
            lat=np.where(missing, np.nan, y / _COORDINATE),
            counts=counts,
            source=", ".join(str(path) for path in paths),
            node_tags=self._tags_of_way_nodes(node_id),
            restrictions=tuple(self.restrictions[key] for key in sorted(self.restrictions)),
        )

    def _places(
        self, refs: npt.NDArray[np.int64], size: int, first: npt.NDArray[np.int64], ref: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return the coordinates of every node; one that an extract lacks may be in another."""
        x, y = np.frombuffer(self.x, np.int32), np.frombuffer(self.y, np.int32)
        at = np.full(size, -1)
        known = np.flatnonzero(x != _NO_PLACE)
        at[ref[known]] = known
        at = np.where(at >= 0, at, first)
        found_x, found_y = x[at].copy(), y[at].copy()
        for node in np.flatnonzero(found_x == _NO_PLACE):
            found_x[node], found_y[node] = self.elsewhere.get(int(refs[first[node]]), (_NO_PLACE, _NO_PLACE))
        return found_x, found_y

    def _tags_of_way_nodes(self, node_id: npt.NDArray[np.int64]) -> dict[int, dict[str, str]]:
        ids = np.array(sorted(self.node_tags), np.int64)
        at = np.minimum(np.searchsorted(node_id, ids), node_id.size - 1)
        there = node_id[at] == ids
        return {int(place): self.node_tags[int(number)] for place, number in zip(at[there], ids[there], strict=True)}

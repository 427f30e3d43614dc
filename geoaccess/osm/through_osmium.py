"""Reading the formats other than plain .osm.pbf, object by object through pyosmium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.errors import InputError
from geoaccess.osm.blobs import HISTORY
from geoaccess.osm.formats import deleted_by_editor, osmium_errors, osmium_file
from geoaccess.osm.shores import has_water
from geoaccess.osm.values import is_ferry
from geoaccess.osm.ways import FERRY_KEYS, NO_PLACE, SHORE_TAGS, Relation, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.missing_nodes import Box
    from geoaccess.osm.ways import Looked, Tags

__all__ = ["OsmiumFile"]


class _Way(NamedTuple):
    number: int
    tags: Tags
    refs: tuple[int, ...]
    places: dict[int, tuple[int, int]]
    version: int


class OsmiumFile:
    """A file that pyosmium reads: .osm, .osm.gz, .osm.bz2, .opl and more.

    Raises
    ------
    InputError
        If it cannot be read; from every method.
    """

    def __init__(self, path: Path, profile: Looked) -> None:
        self.path, self.profile = path, profile
        self.holds_relations = False
        self.bounds: Box | None = None
        self._repeated: dict[str, int] = {}

    def relations(self) -> list[Relation]:
        """Return routes of ferries, turn restrictions and areas of water, the newest version of each."""
        found: dict[int, Relation] = {}
        for relation, newest in self._objects("r"):
            self.holds_relations = True
            tags = {tag.k: tag.v for tag in relation.tags}
            water = tags.get("type") == "multipolygon" and has_water(tags)
            if not newest or not (is_ferry(tags) or tags.get("type") == "restriction" or water):
                found.pop(relation.id, None)
                continue
            members = tuple((member.type, member.ref, member.role) for member in relation.members)
            found[relation.id] = Relation(relation.id, tags, members)
        return list(found.values())

    def ways(self, ferry_members: Collection[int], shore_members: Collection[int] = ()) -> WaysOfFile:
        """Return the roads and ferries, among these the `ferry_members` of relations, and shores.

        Shores come last, see `split_shores`; `shore_members` are those that bound an area of water.
        """
        own, others = self._chosen_ways(ferry_members, shore_members)
        chosen = [*own, *others]
        place: dict[Tags, int] = {}
        way_tags = [place.setdefault(way.tags, len(place)) for way in chosen]
        refs = np.array([ref for way in chosen for ref in way.refs], np.int64)
        node_id, ref = np.unique(refs, return_inverse=True)
        x, y, node_tags = self._places(node_id)
        given = {number: xy for way in chosen for number, xy in way.places.items()}
        for number, xy in given.items():
            at = np.searchsorted(node_id, number)
            if x[at] == NO_PLACE:
                x[at], y[at] = xy
        node_place: dict[Tags, int] = {}
        return WaysOfFile(
            way_id=np.array([way.number for way in chosen], np.int64),
            way_tags=np.array(way_tags, np.int32),
            tagsets=tuple(place),
            ptr=np.concatenate([[0], np.cumsum([len(way.refs) for way in chosen], dtype=np.int64)]),
            ref=ref.astype(np.int32),
            node_id=node_id,
            x=x,
            y=y,
            hindering=np.array(sorted(node_tags), np.int32),
            hindering_tags=np.array(
                [node_place.setdefault(node_tags[at], len(node_place)) for at in sorted(node_tags)], np.int32
            ),
            node_tagsets=tuple(node_place),
            version=np.array([way.version for way in chosen], np.int64),
            ways_repeated=self._repeated["w"],
            nodes_repeated=self._repeated["n"],
        )

    def _chosen_ways(
        self, ferry_members: Collection[int], shore_members: Collection[int]
    ) -> tuple[list[_Way], list[_Way]]:
        """Return the roads and ferries, and shores and what only a relation makes a ferry; the newest of each."""
        own: dict[int, _Way] = {}
        others: dict[int, _Way] = {}
        for way, newest in self._objects("w"):
            own.pop(way.id, None)
            others.pop(way.id, None)
            highway = way.tags.get("highway")
            itself = is_ferry(way.tags) or (highway is not None and highway not in self.profile.no_roads)
            shore = way.id in shore_members or has_water(way.tags)
            if not newest or not (itself or shore or (way.id in ferry_members and highway is None)):
                continue
            places = {node.ref: (node.x, node.y) for node in way.nodes if node.location.valid()}
            refs = tuple(node.ref for node in way.nodes)
            taken = _Way(way.id, self._tags_of(way, ferry_members), refs, places, way.version)
            (own if itself else others)[way.id] = taken
        return list(own.values()), list(others.values())

    def _places(
        self, node_id: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], dict[int, Tags]]:
        """Return coordinates of nodes, and by their places the tags of those that may hinder."""
        x, y = np.full(node_id.size, NO_PLACE, np.int32), np.full(node_id.size, NO_PLACE, np.int32)
        place = dict(zip(node_id.tolist(), range(node_id.size), strict=True))
        node_tags: dict[int, Tags] = {}
        for node, newest in self._objects("n", place):
            at = place[node.id]
            node_tags.pop(at, None)
            x[at], y[at] = (node.location.x, node.location.y) if newest else (NO_PLACE, NO_PLACE)
            if newest and any(tag.k in self.profile.node_keys for tag in node.tags):
                node_tags[at] = tuple((tag.k, tag.v) for tag in node.tags)
        return x, y, node_tags

    def _objects(self, kind: str, among: Container[int] | None = None) -> Iterator[tuple[Any, bool]]:
        """Yield the objects of a kind: whatever comes later replaces what came before, and whether it exists.

        Of an object that stands in the file more than once an older version never follows a newer one.
        """
        import osmium

        types = {"n": osmium.osm.NODE, "w": osmium.osm.WAY, "r": osmium.osm.RELATION}
        version: dict[int, int] = {}
        self._repeated[kind] = 0
        with osmium_errors(self.path):
            deleted = deleted_by_editor(self.path)
            objects: Any = osmium.FileProcessor(osmium_file(self.path), types[kind])
            if objects.header.has_multiple_object_versions:
                raise InputError(f"{self.path}: {HISTORY}")
            box = objects.header.box()
            if box.valid():
                self.bounds = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
            for item in objects:
                if among is not None and item.id not in among:
                    continue
                self._repeated[kind] += item.id in version
                if version.get(item.id, 0) > item.version:
                    continue
                version[item.id] = item.version
                yield item, item.visible and (kind, item.id) not in deleted

    def _tags_of(self, way: Any, ferry_members: Collection[int]) -> Tags:
        """Return the tags of a way that matter; `FERRY_KEYS` of ferries only."""
        keys = self.profile.keys
        tags = tuple((tag.k, tag.v) for tag in way.tags if tag.k in keys or tag.v in SHORE_TAGS.get(tag.k, ()))
        by_relation = way.id in ferry_members and "highway" not in way.tags
        if not by_relation and not any(key == "route" for key, _ in tags):
            tags = tuple(tag for tag in tags if tag[0] not in FERRY_KEYS)
        return tags

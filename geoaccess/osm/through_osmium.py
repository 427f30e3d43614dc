"""Reading the formats other than plain .osm.pbf, object by object through pyosmium."""

from __future__ import annotations

import itertools
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.errors import InputError
from geoaccess.osm.ferry_relations import completed
from geoaccess.osm.ways import FERRY_KEYS, NO_PLACE, Relation, WaysOfFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from geoaccess.osm.profile import Profile
    from geoaccess.osm.ways import Tags

__all__ = ["OsmiumFile"]


class OsmiumFile:
    """A file that pyosmium reads: .osm, .osm.gz, .osm.bz2, .opl and more.

    Raises
    ------
    InputError
        If it cannot be read; from every method.
    """

    def __init__(self, path: Path, profile: Profile) -> None:
        self.path, self.profile = path, profile

    def relations(self) -> list[Relation]:
        """Return the routes of ferries and the turn restrictions."""
        import osmium

        chosen = osmium.filter.TagFilter(("route", "ferry"), ("type", "restriction"))
        try:
            found: Any = osmium.FileProcessor(self.path, osmium.osm.RELATION).with_filter(chosen)
            return [
                Relation(
                    relation.id,
                    {tag.k: tag.v for tag in relation.tags},
                    tuple((member.type, member.ref, member.role) for member in relation.members),
                )
                for relation in found
            ]
        except (RuntimeError, UnicodeDecodeError) as error:
            raise self._refusal(error) from error

    def ways(self, ferry_members: Mapping[int, Mapping[str, str]]) -> WaysOfFile:
        """Return the roads and ferries, with what their relations say of those that are `ferry_members`."""
        import osmium

        way_id, way_tags, ptr = array("q"), array("i"), array("q", [0])
        refs, xs, ys = array("q"), array("i"), array("i")
        place: dict[Tags, int] = {}
        node_tags: dict[int, Tags] = {}
        try:
            for way in itertools.chain(self._roads_and_ferries(), self._members_without_route(ferry_members)):
                for node in way.nodes:
                    refs.append(node.ref)
                    xs.append(node.x)
                    ys.append(node.y)
                way_id.append(way.id)
                tags = self._tags_of(way, ferry_members)
                way_tags.append(place.setdefault(tags, len(place)))
                ptr.append(len(refs))
            hindering: Any = osmium.FileProcessor(self.path, osmium.osm.NODE)
            for node in hindering.with_filter(osmium.filter.KeyFilter(*self.profile.node_keys)):
                node_tags[node.id] = tuple((tag.k, tag.v) for tag in node.tags)
        except (RuntimeError, UnicodeDecodeError) as error:
            raise self._refusal(error) from error
        node_id, ref = np.unique(np.array(refs, np.int64), return_inverse=True)
        known = np.flatnonzero(np.array(xs, np.int32) != NO_PLACE)
        x, y = np.full(node_id.size, NO_PLACE, np.int32), np.full(node_id.size, NO_PLACE, np.int32)
        x[ref[known]], y[ref[known]] = np.array(xs, np.int32)[known], np.array(ys, np.int32)[known]
        on_way: list[int] = np.intersect1d(node_id, np.array(list(node_tags), np.int64)).tolist()
        node_place: dict[Tags, int] = {}
        return WaysOfFile(
            way_id=np.array(way_id, np.int64),
            way_tags=np.array(way_tags, np.int32),
            tagsets=tuple(place),
            ptr=np.array(ptr, np.int64),
            ref=ref.astype(np.int32),
            node_id=node_id,
            x=x,
            y=y,
            hindering=np.searchsorted(node_id, np.array(on_way, np.int64)).astype(np.int32),
            hindering_tags=np.array(
                [node_place.setdefault(node_tags[number], len(node_place)) for number in on_way], np.int32
            ),
            node_tagsets=tuple(node_place),
        )

    def _roads_and_ferries(self) -> Iterator[Any]:
        import osmium

        chosen = osmium.filter.TagFilter(("route", "ferry"), *(("highway", name) for name in self.profile.highway))
        ways: Any = osmium.FileProcessor(self.path, osmium.osm.NODE | osmium.osm.WAY).with_locations()
        return (way for way in ways.with_filter(chosen) if way.is_way())

    def _members_without_route(self, ferry_members: Mapping[int, Mapping[str, str]]) -> Iterator[Any]:
        """Yield the members of ferry relations that do not say of themselves that they are ferries, nor roads."""
        import osmium

        if not ferry_members:
            return
        members = osmium.filter.IdFilter(ferry_members)
        ways: Any = osmium.FileProcessor(self.path, osmium.osm.NODE | osmium.osm.WAY).with_locations()
        for way in ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(members):
            if way.tags.get("route") != "ferry" and "highway" not in way.tags:
                yield way

    def _tags_of(self, way: Any, ferry_members: Mapping[int, Mapping[str, str]]) -> Tags:
        """Return the tags of a way that matter, completed by those of its relation; `FERRY_KEYS` of ferries only."""
        keys = self.profile.keys
        tags = tuple((tag.k, tag.v) for tag in way.tags if tag.k in keys)
        relation = ferry_members.get(way.id)
        if relation and (way.tags.get("route") == "ferry" or "highway" not in way.tags):
            tags = completed(tags, relation)
        if not any(key == "route" for key, _ in tags):
            tags = tuple(tag for tag in tags if tag[0] not in FERRY_KEYS)
        return tags

    def _refusal(self, error: Exception) -> InputError:
        return InputError(f"{self.path}: cannot be read as OpenStreetMap data ({error}); fetch it again")

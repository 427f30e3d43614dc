"""Route relations of ferries: their tags complete those of the ways they are made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.osm.values import applies, is_ferry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geoaccess.osm.profile import Profile
    from geoaccess.osm.ways import Relation, Tags, WaysOfFile

__all__ = [
    "RELATION_DURATION",
    "RELATION_ID",
    "RELATION_WAYS",
    "complete_ferries",
    "completed",
    "ferry_ways",
    "relation_tags",
]

RELATION_ID, RELATION_DURATION, RELATION_WAYS = "relation:id", "relation:duration", "relation:ways"
"""Keys under which a way keeps what only its relation can say: its number, its duration, how many ways share it."""

_OWN = ("highway", "route", "duration")
"""Keys that a relation does not hand down as they are."""

_NO_CROSSING = ("stop", "platform", "stop_entry_only", "stop_exit_only", "platform_entry_only", "platform_exit_only")
_TURNED = {"yes": "-1", "true": "-1", "1": "-1", "-1": "yes", "reverse": "yes"}


def ferry_ways(relations: Iterable[Relation]) -> set[int]:
    """Return the ways that are members of ferry relations, those of which `relation_tags` tells."""
    return {way for _, tags, members in relations for way, _ in _sailed(tags, members)}


def _sailed(tags: Mapping[str, str], members: Iterable[tuple[str, int, str]]) -> list[tuple[int, str]]:
    """Return the ways that a line of ferries sails, each with its role; none of another relation."""
    if not (is_ferry(tags) and tags.get("type") == "route"):
        return []
    return [(ref, role) for kind, ref, role in members if kind == "w" and role not in _NO_CROSSING]


def relation_tags(relations: Iterable[Relation], profile: Profile) -> dict[int, tuple[dict[str, str], ...]]:
    """Return for each way that is a member of ferry relations what each line that sails it says of it.

    That is every tag that a rule of the profile looks at; for a way whose role is `backward`, what the relation says of
    directions the other way round. A way belongs to each line that is in use, or to the first one where none is. Lines
    that name cars come first, then those with smaller numbers. Relations of the very same ways, such as one for each
    direction, are one line, and the first is taken, unless they name cars and say different things of access.
    """
    found: dict[int, dict[int, dict[str, str]]] = {}
    ways_of: dict[int, frozenset[int]] = {}
    for number, tags, members in relations:
        ways = _sailed(tags, members)
        if ways:
            ways_of[number] = frozenset(ref for ref, _ in ways)
            along = _handed_down(tags, number, len(ways_of[number]), profile)
            against = _turned(along)
            for way, role in ways:
                found.setdefault(way, {})[number] = against if role == "backward" else along
    return {way: _lines_of(lines, ways_of, profile) for way, lines in found.items()}


def _lines_of(
    lines: Mapping[int, dict[str, str]], ways_of: Mapping[int, frozenset[int]], profile: Profile
) -> tuple[dict[str, str], ...]:
    """Return what the lines that share a way say of it, one entry a line."""

    def out_of_use(tags: Mapping[str, str]) -> bool:
        return any(applies(rule, tags) for rule in profile.closed)

    def names_cars(tags: Mapping[str, str]) -> bool:
        return bool(profile.access.explicit & set(tags))

    ordered = sorted(lines, key=lambda number: (out_of_use(lines[number]), not names_cars(lines[number]), number))
    if out_of_use(lines[ordered[0]]):
        return (lines[ordered[0]],)
    taken: dict[frozenset[int], list[set[tuple[str, str]]]] = {}
    chosen = []
    for number in ordered:
        tags = lines[number]
        access = {(key, value) for key, value in tags.items() if key.split(":")[0] in profile.access.explicit}
        others = taken.setdefault(ways_of[number], [])
        same = bool(others) and (not names_cars(tags) or access in others)
        if not out_of_use(tags) and not same:
            others.append(access)
            chosen.append(tags)
    return tuple(chosen)


def _handed_down(tags: Mapping[str, str], number: int, ways: int, profile: Profile) -> dict[str, str]:
    handed = {key: value for key, value in tags.items() if key in profile.keys and key not in _OWN}
    handed |= {RELATION_ID: str(number), RELATION_WAYS: str(ways)}
    if tags["route"] != "ferry":
        handed["route"] = tags["route"]
    if "duration" in tags:
        handed[RELATION_DURATION] = tags["duration"]
    return handed


def _turned(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags as they are for a way that is drawn against its route."""
    turned = {}
    for key, value in tags.items():
        name = key.replace(":forward", ":\n").replace(":backward", ":forward").replace(":\n", ":backward")
        turned[name] = _TURNED.get(value, value) if key.split(":")[0] == "oneway" else value
    return turned


def completed(tags: Iterable[tuple[str, str]], relation: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the tags of a way, completed by those of its relation; what the way says itself wins.

    >>> completed([("foot", "no")], {"relation:id": "7", "foot": "yes", "name": "Herjólfur"})
    (('foot', 'no'), ('route', 'ferry'), ('relation:id', '7'), ('name', 'Herjólfur'))
    """
    own: dict[str, Any] = dict(tags)
    return tuple(
        (own | {key: value for key, value in {"route": "ferry", **relation}.items() if key not in own}).items()
    )


def complete_ferries(ways: WaysOfFile, lines: Mapping[int, Sequence[Mapping[str, str]]]) -> WaysOfFile:
    """Return ways with the tags of ferries completed by those of their relations (see `relation_tags`).

    A way that several lines share is there once for each of them: the copies come last, under the id of the way.
    """
    place: dict[Tags, int] = {tags: i for i, tags in enumerate(ways.tagsets)}
    way_tags = ways.way_tags.copy()
    source: list[int] = []
    more: list[int] = []
    for at in np.flatnonzero(np.isin(ways.way_id, np.array(sorted(lines), np.int64))).tolist():
        own = ways.tagsets[ways.way_tags[at]]
        keys = dict(own)
        if "highway" in keys and not is_ferry(keys):
            continue
        sets = [completed(own, line) for line in lines[int(ways.way_id[at])]]
        numbers = [place.setdefault(tags, len(place)) for tags in sets]
        way_tags[at] = numbers[0]
        source += [at] * (len(numbers) - 1)
        more += numbers[1:]
    refs = [ways.ref[ways.ptr[at] : ways.ptr[at + 1]] for at in source]
    sizes = np.array([of.size for of in refs], np.int64)
    return replace(
        ways,
        way_id=np.concatenate([ways.way_id, ways.way_id[source]]) if source else ways.way_id,
        version=np.concatenate([ways.version, ways.version[source]]) if source else ways.version,
        way_tags=np.concatenate([way_tags, np.array(more, way_tags.dtype)]),
        tagsets=tuple(place),
        ptr=np.concatenate([ways.ptr, ways.ptr[-1] + np.cumsum(sizes)]),
        ref=np.concatenate([ways.ref, *refs]) if source else ways.ref,
    )

"""Why a road is open, how fast and for whom: explained for tags, for lines of tags, or for a way of an extract."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.bounds import of_our_calendar
from geoaccess.errors import InputError
from geoaccess.osm.ferry_relations import completed, relation_tags
from geoaccess.osm.formats import objects_among, osmium_errors
from geoaccess.osm.nodes import read_node
from geoaccess.osm.tags import read_way
from geoaccess.osm.through_osmium import OsmiumFile
from geoaccess.osm.values import is_ferry
from geoaccess.osm.ways import FERRY_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geoaccess.osm.nodes import NodeRule
    from geoaccess.osm.profile import Profile

__all__ = ["Explanation", "explain", "explain_line", "explain_way", "read_moment", "read_tags"]


@dataclass(frozen=True)
class Explanation:
    """What a car may do on a way, nodes included, and the rules that decided."""

    forward_kph: float
    backward_kph: float
    restricted: bool
    reason: str
    tags: Mapping[str, str]
    unused: tuple[str, ...] = ()
    nodes: Mapping[str, NodeRule] = field(default_factory=dict)

    @property
    def forward(self) -> bool:
        """Whether one may drive along the way, at least to begin or end a journey."""
        return self.forward_kph > 0

    @property
    def backward(self) -> bool:
        """Whether one may drive against the way's direction, at least to begin or end a journey."""
        return self.backward_kph > 0

    @property
    def answer(self) -> dict[str, Any]:
        """The six plain values that answer a line of tags."""
        return {
            "forward": self.forward,
            "backward": self.backward,
            "forward_kph": round(self.forward_kph, 1),
            "backward_kph": round(self.backward_kph, 1),
            "restricted": self.restricted,
            "reason": self.reason,
        }

    @property
    def details(self) -> dict[str, Any]:
        """The answer, with the nodes that do something and the keys of tags that no rule looks at."""
        nodes = [
            {"node": name, "passable": rule.passable, "delay_s": rule.delay_s, "reason": rule.reason}
            for name, rule in self.nodes.items()
        ]
        return {**self.answer, "tags": dict(self.tags), "nodes": nodes, "unused": list(self.unused)}

    @property
    def lines(self) -> list[str]:
        """The same in words, a line each."""
        limit = ", not to pass through" if self.restricted else ""
        lines = [f"{key}={value}" for key, value in self.tags.items()]
        for name, kph in (("forward", self.forward_kph), ("backward", self.backward_kph)):
            lines.append(f"  {name:<9} {f'{kph:.0f} km/h{limit}' if kph > 0 else 'closed'}")
        lines.append(f"  decided   {self.reason}")
        lines += [
            f"  {name}: {rule.passable}, {rule.delay_s:.0f} s ({rule.reason})" for name, rule in self.nodes.items()
        ]
        if self.unused:
            lines.append(f"  no rule looks at  {', '.join(self.unused)}")
        return [line.encode("utf-8", "replace").decode() for line in lines]


def explain(
    tags: Mapping[str, str],
    profile: Profile,
    *,
    nodes: Mapping[str, Mapping[str, str]] | None = None,
    when: datetime | None = None,
) -> Explanation:
    """Say what the tags of a way, and of the nodes on it, mean under a profile.

    A closed node closes the road, a restricted one restricts it; `nodes` of the answer holds those that do something.
    Boats pass over nodes: those at a quay say what the road does there.
    """
    tags = {key: str(value) for key, value in tags.items()}
    way = read_way(tags, profile, when)
    forward, backward, restricted, reason = way.forward_kph, way.backward_kph, way.restricted, way.reason
    rules = {} if way.ferry else {name: read_node(of, profile, when) for name, of in (nodes or {}).items()}
    doing = {name: rule for name, rule in rules.items() if rule.reason}
    closing = [rule.reason for rule in doing.values() if rule.passable == "closed"]
    if closing and (forward or backward):
        forward, backward, restricted = 0.0, 0.0, False
        reason = f"closed by a node: {closing[0]}"
    elif forward or backward:
        limiting = [rule.reason for rule in doing.values() if rule.passable == "restricted"]
        restricted = restricted or bool(limiting)
        passing = [
            f"node {rule.reason}{' (not to pass through)' * (rule.passable == 'restricted')}" for rule in doing.values()
        ]
        reason = "; ".join([reason, *passing])
    looked_at = profile.keys.difference(() if way.ferry else FERRY_KEYS) | {"name"}
    unused = tuple(sorted(set(tags) - looked_at))
    return Explanation(forward, backward, restricted, reason, tags, unused, doing)


def read_moment(text: str) -> datetime:
    """Read a moment in local time, such as 2026-01-14T08:00; a day alone means noon.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> read_moment("2026-01-14").isoformat()
    '2026-01-14T12:00:00'
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f'"{text}": not a moment; write it as 2026-01-14T08:00') from error
    try:
        of_our_calendar(moment)
    except ValueError as error:
        raise InputError(str(error)) from error
    day_alone = len(text) <= len("2026-01-14")
    return moment.replace(hour=12, tzinfo=None) if day_alone else moment.replace(tzinfo=None)


def read_tags(text: str | bytes) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Read a JSON object of tags: the tags of the way, and those of the nodes on it (optional key `node`).

    `node` holds one object of tags or a list of them. Numbers are taken as they are written, true and false as yes
    and no.

    Raises
    ------
    InputError
        If it is no JSON object of words.

    Examples
    --------
    >>> read_tags('{"highway": "service", "maxspeed": 30, "node": {"barrier": "gate"}}')
    ({'highway': 'service', 'maxspeed': '30'}, {'node': {'barrier': 'gate'}})
    """
    try:
        raw = files.json_values(text)
    except ValueError as error:
        raise InputError(f'not JSON: {error}; write tags as {{"highway": "track"}}') from error
    if not isinstance(raw, dict):
        raise InputError(f'tags must be a JSON object, such as {{"highway": "track"}} (found {type(raw).__name__})')
    node = raw.pop("node", None)
    nodes = node if isinstance(node, list) else [] if node is None else [node]
    if not all(isinstance(of, dict) for of in nodes):
        raise InputError('"node" must be a JSON object of the node\'s tags, or a list of them')
    names = ["node"] if len(nodes) == 1 else [f"node {number}" for number in range(1, len(nodes) + 1)]
    return _words(raw), {name: _words(of) for name, of in zip(names, nodes, strict=True)}


def _words(raw: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for key, value in raw.items():
        if isinstance(value, bool):
            found[key] = "yes" if value else "no"
        elif isinstance(value, str | int | float):
            found[key] = str(value)
        else:
            raise InputError(f'"{key}": the value of a tag must be a word (found {json.dumps(value)[:80]})')
    return found


def explain_line(line: str | bytes, profile: Profile, *, when: datetime | None = None) -> dict[str, Any]:
    """Answer one line of JSON: `Explanation.answer`, or `{"error": ...}` where the line cannot be read."""
    try:
        tags, nodes = read_tags(line)
    except InputError as error:
        return {"error": str(error)}
    return explain(tags, profile, nodes=nodes, when=when).answer


def explain_way(paths: Sequence[Path], way_id: int, profile: Profile, *, when: datetime | None = None) -> Explanation:
    """Explain a way of one or more extracts, with the nodes on it that do something, and what its ferry route says.

    Raises
    ------
    MissingFileError
        If an extract is not there.
    InputError
        If none of them holds the way, or one is damaged.
    """
    for path in paths:
        files.require(path, hint="check the path, or run `geoaccess fetch`")
    for path in paths:
        found = _read_way(path, way_id)
        if found is None:
            continue
        tags, nodes = found
        if is_ferry(tags) or "highway" not in tags:
            relations = [relation for path in paths for relation in OsmiumFile(path, profile).relations()]
            lines = [dict(completed(tags.items(), of)) for of in relation_tags(relations, profile).get(way_id, ())]
            # Of lines that share the way one that takes cars says whether one can drive it.
            tags = next((of for of in lines if not read_way(of, profile, when).closed), [*lines, tags][0])
        return explain(tags, profile, nodes=nodes, when=when)
    raise InputError(f"way {way_id}: not in {', '.join(path.name for path in paths)}; check the id")


def _read_way(path: Path, way_id: int) -> tuple[dict[str, str], dict[str, dict[str, str]]] | None:
    """Return the tags of a way, and those of the nodes on it that have any; None where the file does not hold it."""
    with osmium_errors(path):
        chosen = objects_among(path, "way", {way_id})
        ways = [({tag.k: tag.v for tag in way.tags}, [node.ref for node in way.nodes]) for way in chosen]
        if not ways:
            return None
        tags, refs = ways[-1]  # the newest version
        of = {node.id: {tag.k: tag.v for tag in node.tags} for node in objects_among(path, "node", set(refs))}
    return tags, {f"node {ref}": of[ref] for ref in refs if of.get(ref)}

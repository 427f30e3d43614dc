"""Turn restrictions under a profile: relations into rules that a network can obey."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.network import Turns
from geoaccess.osm.conditional import value_at

if TYPE_CHECKING:
    from datetime import datetime

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.restrictions import Restriction

__all__ = ["turn_rules"]

_Row = tuple[int, tuple[int, ...], int, int, bool]


def turn_rules(extract: Extract, profile: Profile, when: datetime | None = None) -> tuple[Turns | None, dict[str, int]]:
    """Return the rules for turning that hold under a profile, and what became of every relation.

    `no_*` and `only_*` are used, over one via node or over via ways; `no_entry` may have several from ways and
    `no_exit` several to ways. A rule does not hold where `except` names a kind of vehicle that the profile's access
    keys name, and one for other vehicles only (`restriction:hgv`) does not either. `restriction:conditional` is decided
    at `when`, or as the profile says, and so are `hour_on`, `day_on` and their like; without a date it does not hold
    and is counted. Relations that lack a member are left out and counted.

    Source: https://wiki.openstreetmap.org/wiki/Relation:restriction
    """
    place_of_way = _places_of_ways(extract)
    counts: Counter[str] = Counter({"turn_relations": len(extract.restrictions)})
    rows: list[_Row] = []
    for relation in extract.restrictions:
        rule, outcome = _rule_for(relation.tags, profile, when)
        if not rule:
            counts[outcome] += 1
        elif not rule.startswith(("only_", "no_")):
            counts["turn_relations_unknown_ignored"] += 1
        elif not _complete(relation):
            counts["turn_relations_incomplete_ignored"] += 1
        else:
            found = _rows(relation, extract, place_of_way, only=rule.startswith("only_"))
            counts["turn_relations_off_the_network"] += not found
            rows += found
    if not rows:
        return None, dict(counts)
    via, via_ways, from_way, to_way, only = zip(*rows, strict=True)
    turns = Turns(
        np.array(via, np.int32),
        np.array(from_way, np.int32),
        np.array(to_way, np.int32),
        np.array(only, np.bool_),
        via_ways,
    )
    return turns, dict(counts)


def _places_of_ways(extract: Extract) -> dict[int, int]:
    """Return the place of each way that a relation names and that is there; of copies of a way the last."""
    named = {way for of in extract.restrictions for way in (*of.from_ways, *of.via_ways, *of.to_ways)}
    places = np.flatnonzero(np.isin(extract.way_id, np.array(sorted(named), np.int64)))
    return dict(zip(extract.way_id[places].tolist(), places.tolist(), strict=True))


def _rule_for(tags: dict[str, str], profile: Profile, when: datetime | None) -> tuple[str, str]:
    """Return the rule that holds for the profile's vehicle ("" for none), and why there is none.

    Of several keys the most particular decides.
    """
    kinds = profile.access.keys
    if set(kinds) & {part.strip() for part in tags.get("except", "").split(";")}:
        return "", "turn_relations_for_others"
    for key in (*(f"restriction:{kind}" for kind in reversed(kinds)), "restriction"):
        if key in tags or f"{key}:conditional" in tags:
            found = value_at(tags, key, profile, when, severity=lambda _: 1.0, legacy=True)
            outcome = "turn_relations_undecided" if found.undecided else "turn_relations_at_other_times"
            return (found.value or "").strip().lower(), outcome
    return "", "turn_relations_for_others"


def _complete(relation: Restriction) -> bool:
    over = (len(relation.via_nodes) == 1) != bool(relation.via_ways)
    return over and bool(relation.from_ways and relation.to_ways)


def _rows(relation: Restriction, extract: Extract, place_of_way: dict[int, int], *, only: bool) -> list[_Row]:
    via = -1
    via_ways = tuple(place_of_way.get(way, -1) for way in relation.via_ways)
    if relation.via_nodes:
        via = int(np.searchsorted(extract.node_id, relation.via_nodes[0]))
        if via == extract.node_id.size or extract.node_id[via] != relation.via_nodes[0]:
            return []
    if -1 in via_ways:
        return []
    pairs = [
        (place_of_way.get(one), place_of_way.get(other)) for one in relation.from_ways for other in relation.to_ways
    ]
    return [(via, via_ways, one, other, only) for one, other in pairs if one is not None and other is not None]

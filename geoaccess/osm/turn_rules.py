"""Turn restrictions under a profile: relations into rules that a network can obey."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.network import Turns

if TYPE_CHECKING:
    from geoaccess.osm.extract import Extract
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.restrictions import Restriction

__all__ = ["turn_rules"]


def turn_rules(extract: Extract, profile: Profile) -> tuple[Turns | None, dict[str, int]]:
    """Return the rules for turning that hold under a profile, and what became of every relation.

    `no_*` and `only_*` with one via node are used; `no_entry` may have several from ways and `no_exit` several to
    ways. A rule does not hold where `except` names a kind of vehicle that the profile's access keys name, and one for
    other vehicles only (`restriction:hgv`) does not either. Via ways, conditional rules and relations that lack a
    member are left out and counted.
    """
    place_of_way = dict(zip(extract.way_id.tolist(), range(extract.way_id.size), strict=True))
    kinds = set(profile.access.keys)
    counts: Counter[str] = Counter({"turn_relations": len(extract.restrictions)})
    rows: list[tuple[int, int, int, bool]] = []
    for relation in extract.restrictions:
        rule = _rule_for(relation.tags, kinds)
        if rule is None:
            counts["turn_relations_for_others"] += 1
        elif rule == "conditional":
            counts["turn_relations_conditional_ignored"] += 1
        elif relation.via_ways:
            counts["turn_relations_via_way_ignored"] += 1
        elif len(relation.via_nodes) != 1 or not relation.from_ways or not relation.to_ways:
            counts["turn_relations_incomplete_ignored"] += 1
        else:
            rows += _rows(relation, rule, extract, place_of_way, counts)
    if not rows:
        return None, dict(counts)
    via, from_way, to_way, only = zip(*rows, strict=True)
    turns = Turns(
        np.array(via, np.int32), np.array(from_way, np.int32), np.array(to_way, np.int32), np.array(only, np.bool_)
    )
    return turns, dict(counts)


def _rule_for(tags: dict[str, str], kinds: set[str]) -> str | None:
    """Return the rule that holds for the profile's vehicle, "conditional", or None where none does."""
    if kinds & {part.strip() for part in tags.get("except", "").split(";")}:
        return None
    for key in ("restriction", *(f"restriction:{kind}" for kind in sorted(kinds))):
        if key in tags:
            return tags[key].strip().lower()
    return (
        "conditional" if any(key.startswith("restriction") and key.endswith(":conditional") for key in tags) else None
    )


def _rows(
    relation: Restriction, rule: str, extract: Extract, place_of_way: dict[int, int], counts: Counter[str]
) -> list[tuple[int, int, int, bool]]:
    only = rule.startswith("only_")
    if not (only or rule.startswith("no_")):
        counts["turn_relations_unknown_ignored"] += 1
        return []
    via = int(np.searchsorted(extract.node_id, relation.via_nodes[0]))
    if via == extract.node_id.size or extract.node_id[via] != relation.via_nodes[0]:
        counts["turn_relations_off_the_network"] += 1
        return []
    pairs = [
        (place_of_way.get(one), place_of_way.get(other)) for one in relation.from_ways for other in relation.to_ways
    ]
    known = [(via, one, other, only) for one, other in pairs if one is not None and other is not None]
    if not known:
        counts["turn_relations_off_the_network"] += 1
    return known

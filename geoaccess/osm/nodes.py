"""What a node on the way does: barriers, fords, signals and crossings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.osm.access import read_access, too_big
from geoaccess.osm.values import applies, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from geoaccess.osm.profile import Passable, Profile

__all__ = ["NodeRule", "read_node"]

_ORDER: tuple[Passable, ...] = ("open", "restricted", "closed")
_LOCKED = frozenset({"yes", "true", "1"})


@dataclass(frozen=True)
class NodeRule:
    """Who passes a node, the seconds it costs, and the rule that decided ("" where the node does nothing)."""

    passable: Passable
    delay_s: float
    reason: str
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


def read_node(tags: Mapping[str, str], profile: Profile, when: datetime | None = None) -> NodeRule:
    """Return who passes a node with these tags, and the seconds that it costs.

    A lock or a limit that the vehicle exceeds closes; then the node's own access tags decide, then what the profile
    says of the kind of barrier. Access tags count only on barriers, fords and nodes that carry nothing else: on a
    bus stop or a parking entrance they speak of something beside the road.
    """
    delay, slow = _delay(tags, profile)
    barriers = words_of(tags.get("barrier", ""))
    big = too_big(tags, profile)
    if big:
        return NodeRule("closed", 0.0, f"{big}: too small for the vehicle")
    if barriers and barriers != ["no"] and _LOCKED & {*words_of(tags.get("locked", ""))}:
        return NodeRule("closed", 0.0, f"barrier={tags['barrier']} locked={tags['locked']}")
    verdict = read_access(tags, profile, when)
    family = all(key.split(":")[0] in profile.access.keys for key in tags)
    if verdict.source and (barriers or "ford" in tags or family):
        passable, reason = verdict.status, verdict.source
        if barriers:
            reason = f"barrier={tags['barrier']} {reason}"
    else:
        passable, reason = _by_kind(tags, barriers, profile)
    unknown = verdict.unknown if barriers or "ford" in tags or family else ()
    unknown += tuple(f"barrier={word}" for word in barriers if word not in profile.nodes.barriers)
    told = "; ".join(
        [reason or slow, *(f"{tag} is not known and decides nothing" for tag in unknown)] if reason or slow else []
    )
    if passable == "closed":
        delay = 0.0
    return NodeRule(passable, delay, told, unknown, verdict.undecided)


def _by_kind(tags: Mapping[str, str], barriers: list[str], profile: Profile) -> tuple[Passable, str]:
    rules = profile.nodes
    for exception in rules.exceptions:
        if applies(exception.tags, tags):
            return exception.passable, " ".join(f"{key}={tags[key]}" for key in exception.tags)
    if not barriers:
        return "open", ""
    worst = max((rules.barriers.get(word, rules.unknown_barrier) for word in barriers), key=_ORDER.index)
    return worst, f"barrier={tags['barrier']}"


def _delay(tags: Mapping[str, str], profile: Profile) -> tuple[float, str]:
    """Return the seconds that a node costs, the greatest of its tags, and that tag."""
    found = [
        (by_value[word], f"{key}={tags[key]}")
        for key, by_value in profile.nodes.delay_s.items()
        if key in tags
        for word in words_of(tags[key])
        if word in by_value
    ]
    return max(found, default=(0.0, ""))

"""What a node on the way does: barriers, fords, signals and crossings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.arguments import checks_arguments
from geoaccess.osm.access import Verdict, read_access, too_big
from geoaccess.osm.conditional import closed_by_hours
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


@checks_arguments
def read_node(tags: Mapping[str, str], profile: Profile, when: datetime | None = None) -> NodeRule:
    """Return who passes a node with these tags, and the seconds that it costs.

    A lock or a limit that the vehicle exceeds closes; then the node's own access tags decide, then what the profile
    says of the kind of barrier, and where it opens to some, its opening hours. Access tags count only on barriers,
    fords and nodes that are nothing else: on a bus stop or a parking entrance they speak of something beside the road.
    """
    if any(applies(rule, tags) for rule in profile.nodes.gone):
        return NodeRule("open", 0.0, "")
    delay, slow = _delay(tags, profile)
    barriers = words_of(tags.get("barrier", ""))
    in_the_way = bool(barriers) or "ford" in tags or _is_plain(tags, profile)
    closing = _closing(tags, profile, when, barriers, in_the_way=in_the_way)
    if closing:
        return NodeRule("closed", 0.0, closing)
    verdict = read_access(tags, profile, when) if in_the_way else Verdict("open")
    if verdict.source:
        passable, reason = verdict.status, verdict.source
        if barriers:
            reason = f"barrier={tags['barrier']} {reason}"
    else:
        passable, reason = _by_kind(tags, barriers, profile)
    undecided = verdict.undecided
    if passable != "closed" and {*barriers} & profile.nodes.hours_of:
        hours = closed_by_hours(tags, profile, when)
        undecided += hours.undecided
        if hours.source:
            passable, reason = "closed", f"barrier={tags['barrier']} {hours.source}: closed at this time"
    unknown = verdict.unknown + tuple(f"barrier={word}" for word in barriers if word not in profile.nodes.barriers)
    parts = [reason or slow, *(f"{tag} is not known and decides nothing" for tag in unknown)]
    parts += [f"{tag} cannot be decided" for tag in undecided]
    return NodeRule(
        passable, 0.0 if passable == "closed" else delay, "; ".join(filter(None, parts)), unknown, undecided
    )


def _is_plain(tags: Mapping[str, str], profile: Profile) -> bool:
    """Say whether a node is nothing but a point of the road, so that its access tags speak of the road."""
    known = profile.nodes.plain_keys | profile.plain_node_keys
    return all(key.split(":")[0] in known for key in tags)


def _closing(
    tags: Mapping[str, str], profile: Profile, when: datetime | None, barriers: list[str], *, in_the_way: bool
) -> str:
    """Return the lock or the limit that closes a node, or an empty text."""
    if barriers and barriers != ["no"] and _LOCKED & {*words_of(tags.get("locked", ""))}:
        return f"barrier={tags['barrier']} locked={tags['locked']}"
    if not in_the_way:
        if profile.nodes.beside_keys & set(tags):
            return ""
        # The width of a crossing or of a hump is not that of the road.
        tags = {key: value for key, value in tags.items() if key.startswith("max")}
    big = too_big(tags, profile, when)
    return f"{big}: too small for the vehicle" if big else ""


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

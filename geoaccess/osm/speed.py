"""How fast one drives: the posted limit, or the class of the road, and what surface and width allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.osm.conditional import value_at
from geoaccess.osm.values import applies, parse_metres, parse_speed_kph, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from geoaccess.osm.profile import Profile, SpeedRules

__all__ = ["Speed", "posted_limit", "read_speed"]


@dataclass(frozen=True)
class Speed:
    """km/h, the tag that decided, and what was not understood or not decided."""

    kph: float
    source: str
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


def read_speed(
    tags: Mapping[str, str], profile: Profile, when: datetime | None = None, *, direction: str, both_ways: bool
) -> Speed:
    """Return the speed driven on a road of a class that the profile knows.

    speed = min(limit x by_limit(limit) x by_class(class), advisory, caps), with the speed of the class for want of
    a limit, then kept within [least_kph, greatest_kph].
    """
    rules = profile.speed
    highway = tags["highway"]
    limit = posted_limit(tags, profile, when, direction=direction)
    kph, source = profile.highway[highway], f"highway={highway}"
    if limit.source:
        kph, source = limit.kph, limit.source
    kph *= _share_driven(kph, rules) * rules.by_class.get(highway, 1.0)
    for cap, tag in _caps(tags, profile, direction=direction, both_ways=both_ways):
        if cap < kph:
            kph, source = cap, tag
    return Speed(min(max(kph, rules.least_kph), rules.greatest_kph), source, limit.unknown, limit.undecided)


def posted_limit(
    tags: Mapping[str, str], profile: Profile, when: datetime | None = None, *, direction: str = ""
) -> Speed:
    """Return the limit that the tags state, in km/h; its source is "" where they state none that can be read."""
    rules = profile.speed
    unpaved = "surface" in tags and not any(word in rules.paved for word in words_of(tags["surface"]))
    unknown: list[str] = []
    undecided: list[str] = []

    def severity(value: str) -> float:
        kph = parse_speed_kph(value, rules)
        return 1 / kph if kph else 0.0

    names = [name for key in reversed(rules.keys) for name in ((f"{key}:{direction}", key) if direction else (key,))]
    for name in (*names, *rules.fallback_keys):
        if name not in tags and f"{name}:conditional" not in tags:
            continue
        stated = value_at(tags, name, profile, when, severity=severity)
        undecided += stated.undecided
        kph = parse_speed_kph(stated.value, rules, unpaved=unpaved) if stated.value else None
        if kph is not None and _believed(stated.value or "", kph, tags, rules):
            return Speed(kph, stated.source, tuple(unknown), tuple(undecided))
        if stated.value and name not in rules.fallback_keys:
            unknown.append(stated.source)
    return Speed(0.0, "", tuple(unknown), tuple(undecided))


def _believed(value: str, kph: float, tags: Mapping[str, str], rules: SpeedRules) -> bool:
    """Say whether a road like this one can have such a limit."""
    if kph > rules.doubted_above_kph or rules.unlimited & {*words_of(value)}:
        return any(applies(rule, tags) for rule in rules.unlimited_on)
    return kph >= rules.doubted_below_kph or tags.get("highway") not in rules.doubted_on


def _share_driven(kph: float, rules: SpeedRules) -> float:
    for upper, factor in rules.by_limit:
        if kph <= upper:
            return factor
    return rules.by_limit[-1][1] if rules.by_limit else 1.0


def _caps(tags: Mapping[str, str], profile: Profile, *, direction: str, both_ways: bool) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    for key in profile.speed.advisory_keys:
        for name in (f"{key}:{direction}", key):
            kph = parse_speed_kph(tags[name], profile.speed) if name in tags else None
            if kph is not None:
                found.append((kph, f"{name}={tags[name]}"))
                break
    for key, by_value in profile.caps.items():
        if key in tags:
            found += [(by_value[word], f"{key}={tags[key]}") for word in words_of(tags[key]) if word in by_value]
    return found + _narrow(tags, profile, both_ways=both_ways)


def _narrow(tags: Mapping[str, str], profile: Profile, *, both_ways: bool) -> list[tuple[float, str]]:
    rules = profile.narrow
    found: list[tuple[float, str]] = []
    if not both_ways:
        return found
    lanes = tags.get("lanes", "").strip()
    if lanes in {"1", "1.0"}:
        found.append((rules.one_lane_kph, f"lanes={lanes} for both directions"))
    for key in rules.width_keys:
        width = parse_metres(tags[key]) if key in tags else None
        if width:
            found += [(kph, f"{key}={tags[key]}") for upper, kph in rules.up_to_m if width <= upper]
            break
    return found

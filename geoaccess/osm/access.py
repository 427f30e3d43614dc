"""Who may drive: access tags from the general to the particular, physical limits, and direction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geoaccess.osm.conditional import value_at
from geoaccess.osm.values import applies, parse_metres, parse_tonnes, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from geoaccess.osm.profile import AccessRules, Passable, Profile

__all__ = ["Directions", "Verdict", "classify", "read_access", "read_directions", "too_big"]

_SEVERITY: dict[Passable | None, float] = {"open": 0.0, "restricted": 1.0, "closed": 2.0, None: 0.0}


@dataclass(frozen=True)
class Verdict:
    """Who may pass, by which tag ("" if none says), and what was not understood or not decided."""

    status: Passable
    source: str = ""
    explicit: bool = False
    directed: bool = False
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True)
class Directions:
    """In which directions one may drive, and by which tag ("" if none says)."""

    forward: bool
    backward: bool
    source: str = ""
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


def classify(value: str, rules: AccessRules) -> Passable | None:
    """Return what an access value means; of several the most permissive; None if no list holds it."""
    words = words_of(value)
    for status in ("open", "restricted", "closed"):
        if any(word in getattr(rules, status) for word in words):
            return status
    return None


def read_access(
    tags: Mapping[str, str], profile: Profile, when: datetime | None = None, *, direction: str = ""
) -> Verdict:
    """Return who may pass, in a direction ("forward", "backward") of a way or at a node ("").

    The most particular key decides (motorcar before motor_vehicle before vehicle before access), of one key the
    one with the direction, and of one tag its conditions. A value that no list of the profile holds decides
    nothing and is reported; where no tag decides, the road is open.
    """
    rules = profile.access
    unknown: list[str] = []
    undecided: list[str] = []

    def severity(value: str) -> float:
        return _SEVERITY[classify(value, rules)]

    for key in reversed(rules.keys):
        for name in (f"{key}:{direction}", key) if direction else (key,):
            if name not in tags and f"{name}:conditional" not in tags:
                continue
            stated = value_at(tags, name, profile, when, severity=severity, groups=rules.restricted, legacy=True)
            undecided += stated.undecided
            status = classify(stated.value, rules) if stated.value else None
            if status is not None:
                return Verdict(
                    status, stated.source, key in rules.explicit, name != key, tuple(unknown), tuple(undecided)
                )
            if stated.value:
                unknown.append(stated.source)
    return Verdict("open", unknown=tuple(unknown), undecided=tuple(undecided))


def read_directions(tags: Mapping[str, str], profile: Profile, when: datetime | None = None) -> Directions:
    """Return in which directions cars may drive: what `oneway` says, else what the kind of road implies."""
    rules = profile.oneway
    unknown: list[str] = []
    undecided: list[str] = []

    def severity(value: str) -> float:
        return 0.0 if value.strip().lower() in rules.both else 1.0

    for key in reversed(rules.keys):
        if key not in tags and f"{key}:conditional" not in tags:
            continue
        stated = value_at(tags, key, profile, when, severity=severity)
        undecided += stated.undecided
        value = (stated.value or "").strip().lower()
        for values, ways in (
            (rules.both, (True, True)),
            (rules.forward, (True, False)),
            (rules.backward, (False, True)),
            (rules.closed, (False, False)),
        ):
            if value in values:
                return Directions(*ways, stated.source, tuple(unknown), tuple(undecided))
        if value:
            unknown.append(stated.source)
    found = Directions(forward=True, backward=True, unknown=tuple(unknown), undecided=tuple(undecided))
    for rule in rules.implied:
        if applies(rule, tags):
            source = " ".join(f"{key}={tags[key]}" for key in rule)
            return replace(found, backward=False, source=f"{source}, one way")
    return found


def too_big(
    tags: Mapping[str, str], profile: Profile, when: datetime | None = None, *, direction: str = ""
) -> str | None:
    """Return the tag of a limit that the vehicle exceeds, or None; values that are no number set no limit.

    Of one key the tag with the direction decides, and of one tag its conditions.
    """
    of = profile.vehicle
    limits: tuple[tuple[tuple[str, ...], Callable[[str], float | None], float], ...] = (
        (of.height_keys, parse_metres, of.height_m),
        (of.width_keys, parse_metres, of.width_m),
        (of.length_keys, parse_metres, of.length_m),
        (of.weight_keys, parse_tonnes, of.weight_t),
        (of.axle_load_keys, parse_tonnes, of.axle_load_t),
    )
    for keys, parse, own in limits:

        def severity(value: str, parse: Callable[[str], float | None] = parse) -> float:
            return 1 / limit if (limit := parse(value)) else 0.0

        for key in keys:
            for name in (f"{key}:{direction}", key) if direction else (key,):
                if name not in tags and f"{name}:conditional" not in tags:
                    continue
                stated = value_at(tags, name, profile, when, severity=severity)
                limit = parse(stated.value) if stated.value else None
                if limit is not None and 0 < limit < own:
                    return stated.source
                break
    return None

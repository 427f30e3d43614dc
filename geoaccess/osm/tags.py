"""What the tags of one way mean under a profile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.osm.profile import Profile, TagRule

__all__ = ["Crossing", "Road", "parse_duration_s", "parse_speed_kph", "read_crossing", "read_road"]

_KPH = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_CLOCK = re.compile(r"(\d+)(?::(\d{1,2}))?(?::(\d{1,2}))?")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z/]*)")


@dataclass(frozen=True)
class Road:
    """What a car may do on a way: km/h in each direction (0 is closed), and the rule that decided."""

    forward_kph: float
    backward_kph: float
    restricted: bool
    snaps: bool
    reason: str

    @property
    def closed(self) -> bool:
        """Whether no car may drive here in any direction."""
        return self.forward_kph <= 0 and self.backward_kph <= 0


@dataclass(frozen=True)
class Crossing:
    """What the tags of a ferry way say; None where they say nothing that can be used."""

    cars: bool
    duration_s: float | None
    headway_s: float | None


def parse_speed_kph(text: str, words: Mapping[str, float]) -> float | None:
    """Return the km/h of a limit, or None if it cannot be read; of several limits the lowest.

    >>> parse_speed_kph("50", {}), parse_speed_kph("10 knots", {}), parse_speed_kph("NO:urban", {"NO:urban": 50})
    (50.0, 18.52, 50)
    >>> parse_speed_kph("80;60", {}), parse_speed_kph("signals", {})
    (60.0, None)
    """
    found = []
    for part in text.split(";"):
        word = part.strip()
        if word in words:
            found.append(words[word])
            continue
        number = _NUMBER.fullmatch(word.lower())
        if number and number[2] in _KPH and float(number[1]) > 0:
            found.append(float(number[1]) * _KPH[number[2]])
    return min(found) if found else None


def parse_duration_s(text: str) -> float | None:
    """Return the seconds of a duration or interval, or None if it cannot be read.

    A lone number is minutes, `H:MM` hours and minutes.

    >>> [parse_duration_s(text) for text in ("35", "00:35", "1:10:00", "PT35M", "P1DT2H", "soon")]
    [2100.0, 2100.0, 4200.0, 2100.0, 93600.0, None]
    """
    word = text.strip()
    if match := _CLOCK.fullmatch(word):
        first, second, third = match.groups()
        if second is None:
            return float(first) * 60
        return float(first) * 3600 + float(second) * 60 + float(third or 0)
    if (match := _ISO.fullmatch(word)) and any(match.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds
    return None


def read_road(tags: Mapping[str, str], profile: Profile) -> Road:
    """Return what a car may do on a way with these tags, and which rule decided it."""
    access = _last_present(tags, profile.access.keys)
    if access and access[1] in profile.access.closed:
        return _closed(f"{access[0]}={access[1]}")
    for rule in profile.closed:
        if _applies(rule, tags):
            return _closed(" ".join(f"{key}={tags[key]}" for key in rule))
    class_kph = profile.highway.get(tags.get("highway", ""))
    if class_kph is None:
        return _closed(f"highway={tags.get('highway', '')} is not for cars")
    kph, reason = _speed(tags, profile, class_kph)
    forward, backward = _directions(tags, profile)
    if not (forward or backward):
        return _closed("direction changes with time")
    return Road(
        forward_kph=kph if forward else 0.0,
        backward_kph=kph if backward else 0.0,
        restricted=bool(access and access[1] in profile.access.restricted),
        snaps=not any(_applies(rule, tags) for rule in profile.no_snap),
        reason=reason,
    )


def read_crossing(tags: Mapping[str, str], profile: Profile) -> Crossing:
    """Return what the tags of a ferry way say."""
    access = _last_present(tags, profile.ferry.car_keys)
    cars = access[1] not in profile.access.closed if access else profile.ferry.cars_without_tags
    return Crossing(cars, parse_duration_s(tags.get("duration", "")), parse_duration_s(tags.get("interval", "")))


def _speed(tags: Mapping[str, str], profile: Profile, class_kph: float) -> tuple[float, str]:
    rules = profile.speed
    kph, reason = class_kph, f"highway={tags['highway']}"
    posted = _last_present(tags, rules.keys)
    if posted:
        limit = parse_speed_kph(posted[1], rules.words)
        if limit is not None:
            kph, reason = limit, f"{posted[0]}={posted[1]}"
    kph *= rules.factor
    for key, caps in profile.caps.items():
        cap = caps.get(tags.get(key, ""))
        if cap is not None and cap < kph:
            kph, reason = cap, f"{key}={tags[key]}"
    return min(max(kph, rules.least_kph), rules.greatest_kph), reason


def _directions(tags: Mapping[str, str], profile: Profile) -> tuple[bool, bool]:
    rules = profile.oneway
    said = _last_present(tags, rules.keys)
    if said:
        if said[1] in rules.forward:
            return True, False
        if said[1] in rules.backward:
            return False, True
        if said[1] in rules.closed:
            return False, False
        if said[1] in {"no", "false", "0"}:
            return True, True
    return True, not any(_applies(rule, tags) for rule in rules.implied)


def _closed(reason: str) -> Road:
    return Road(forward_kph=0.0, backward_kph=0.0, restricted=False, snaps=False, reason=reason)


def _applies(rule: TagRule, tags: Mapping[str, str]) -> bool:
    return all(tags.get(key) in values for key, values in rule.items())


def _last_present(tags: Mapping[str, str], keys: list[str]) -> tuple[str, str] | None:
    found = [(key, tags[key].strip().lower() if key != "maxspeed" else tags[key]) for key in keys if key in tags]
    return found[-1] if found else None


@dataclass(frozen=True)
class NodeRule:
    passable: str
    delay_s: float
    reason: str


def read_node(tags, profile):
    b = tags.get("barrier")
    if b in ("gate", "lift_gate", "bollard", "block"):
        if tags.get("access") in ("private",):
            return NodeRule("restricted", 0, "")
        return NodeRule("open" if b in ("gate", "lift_gate") else "closed", 0, "")
    return NodeRule("open", 4 if tags.get("highway") == "traffic_signals" else 0, "")

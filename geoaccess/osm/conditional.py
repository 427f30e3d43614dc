"""Conditions on dates, hours and vehicles: `no @ (Nov-May)`, `60 @ (weight>3.5)`, `yes @ destination`."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.dates import holds_at, holds_in_season, holds_in_week, is_readable, legacy_span
from geoaccess.osm.values import applies, parse_metres, parse_tonnes, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from geoaccess.osm.profile import Profile

__all__ = [
    "ConditionValue",
    "DatedClosure",
    "closed_by_date",
    "closed_by_hours",
    "is_legible",
    "split_conditions",
    "value_at",
]

_COMPARED = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
}
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_NEXT = re.compile(r",\s*[\w:.-]+\s*@")
_COMPARISON = re.compile(r"([a-z_]+)\s*(>=|<=|==|>|<|=)\s*(.+)")


@dataclass(frozen=True)
class ConditionValue:
    """The value of a tag at a time (None: it has none), the tag that decided, and what stayed undecided."""

    value: str | None
    source: str
    undecided: tuple[str, ...] = ()


def value_at(
    tags: Mapping[str, str],
    key: str,
    profile: Profile,
    when: datetime | None,
    *,
    severity: Callable[[str], float],
    groups: frozenset[str] = frozenset(),
    legacy: bool = False,
) -> ConditionValue:
    """Return the value of a tag at a time, after the conditions of `key:conditional`.

    The last condition that is true decides, else the unconditional tag. A condition that cannot be decided (the
    weather, no date, a spelling that nobody can read) is taken as not true where the profile says `undecided =
    "base"`, and as true where that is the more severe of the two if it says "strict".

    Parameters
    ----------
    severity
        How much a value hinders: of two undecided values the greater is taken under "strict"; 0 hinders nobody.
    groups
        Words for people with an errand there (destination, delivery): `yes @ delivery` becomes `delivery`.
    legacy
        Whether a value that hinders holds only in the hours, days and dates of `hour_on`, `day_on`, `date_on` ...
    """
    base, conditions = tags.get(key), tags.get(f"{key}:conditional")
    found = ConditionValue(base, f"{key}={base}")
    source = f"{key}:conditional={conditions}"
    if conditions is None:
        span = legacy_span(tags) if legacy and base is not None and severity(base) > 0 else None
        if span is None:
            return found
        base, conditions, source = None, f"{base} @ ({span})", f"{key}={base} @ ({span})"
        found = ConditionValue(None, "")
    undecided: list[str] = []
    for value, condition in split_conditions(conditions):
        holds, group = _holds(condition, profile, when, groups)
        if group and severity(value) > severity(group):
            continue  # a ban on some is theirs only
        if group and severity(value) == 0:
            value = group  # noqa: PLW2901 - and so is a permission
        if holds:
            found = ConditionValue(value, source)
        elif holds is None:
            undecided.append(source)
            least = severity(found.value) if found.value is not None else 0.0
            if profile.dates.undecided == "strict" and value and severity(value) > least:
                found = ConditionValue(value, source)
    return ConditionValue(found.value, found.source, tuple(dict.fromkeys(undecided)))


def split_conditions(text: str) -> list[tuple[str, str]]:
    """Return the (value, condition) pairs of a conditional tag; a part without `@` goes on with the one before.

    >>> split_conditions("no @ (Mo-Fr 07:00-09:00; PH off); 30 @ wet")
    [('no', 'Mo-Fr 07:00-09:00; PH off'), ('30', 'wet')]
    >>> split_conditions("no @ Nov-May, yes @ Jun,Jul")
    [('no', 'Nov-May'), ('yes', 'Jun,Jul')]
    """
    parts: list[str] = [""]
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth <= 0 and (letter == ";" or (letter == "," and _NEXT.match(text, place))):
            parts.append("")
        else:
            parts[-1] += letter
    pairs: list[tuple[str, str]] = []
    for part in parts:
        value, at, condition = part.partition("@")
        if at or not pairs:
            pairs.append((value.strip(), _bare(condition)))
        elif part.strip():
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}; {part.strip()}")
    return pairs


@dataclass(frozen=True)
class DatedClosure:
    """The tag of a season or of opening hours that closes a way ("" if none does), and what could not be decided."""

    source: str
    undecided: tuple[str, ...] = ()


def closed_by_date(
    tags: Mapping[str, str], profile: Profile, when: datetime | None, *, ferry: bool = False
) -> DatedClosure:
    """Return which season or opening hours close a road or a ferry at this time.

    The seasons and opening hours of a tag are those in which it is open. Whoever takes a boat comes for a departure, so
    where no moment is given, the opening hours of a ferry close it only out of its season, not between two sailings.
    """
    dates, now = profile.dates, _now(profile, when)
    undecided: list[str] = []
    for key in dates.open_season_keys:
        words = words_of(tags.get(key, ""))
        seasons = {word for word in words if word in dates.months}
        if seasons and not now & seasons:
            return DatedClosure(f"{key}={tags[key]}")
        if words and not seasons and not {"yes", "no"} & {*words}:
            holds = _is_open(tags[key], profile, when, ferry=True)
            if holds is False:
                return DatedClosure(f"{key}={tags[key]}")
            undecided += [f"{key}={tags[key]}"] if holds is None else []
    for rule in dates.rules:
        if now and now <= rule.closed_in and applies(rule.tags, tags):
            return DatedClosure(" ".join(f"{key}={tags[key]}" for key in rule.tags))
    hours = closed_by_hours(tags, profile, when, ferry=ferry)
    return DatedClosure(hours.source, (*undecided, *hours.undecided))


def closed_by_hours(
    tags: Mapping[str, str], profile: Profile, when: datetime | None, *, ferry: bool = False
) -> DatedClosure:
    """Return which opening hours close a road, a ferry or a gate at this time."""
    undecided: list[str] = []
    for key in profile.dates.hours_keys:
        if key in tags:
            holds = _is_open(tags[key], profile, when, ferry=ferry)
            if holds is False:
                return DatedClosure(f"{key}={tags[key]}", tuple(undecided))
            undecided += [f"{key}={tags[key]}"] if holds is None else []
    return DatedClosure("", tuple(undecided))


def _is_open(text: str, profile: Profile, when: datetime | None, *, ferry: bool) -> bool | None:
    """Say whether something is open by its opening hours; None if they cannot be read or decided."""
    dates = profile.dates
    if when is not None:
        return holds_at(text, dates.country, when)
    if dates.assumed is None:
        return holds_in_season(text, dates.country, dates.months[dates.season], dates.year, ever=ferry)
    return (holds_in_week if ferry else holds_at)(text, dates.country, dates.assumed)


def _now(profile: Profile, when: datetime | None) -> frozenset[str]:
    """Return the seasons that it may be at a time; without one, the season that the profile assumes."""
    dates = profile.dates
    at = when or dates.assumed
    if at is None:
        return frozenset({dates.season})
    return frozenset(season for season, months in dates.months.items() if at.month in months)


def is_legible(tag: str, profile: Profile) -> bool:
    """Say whether the conditions or hours of a tag, `key=value`, are in words that the profile knows or are dates."""
    value = tag.partition("=")[2]
    conditions = [condition for _, condition in split_conditions(value)] if "@" in value else [value]
    dates = profile.dates
    known = dates.groups | dates.others | dates.weather | profile.access.restricted | dates.months.keys()
    words = [_bare(part) for text in conditions for part in _AND.split(text)]
    return all(
        word.lower() in known or _COMPARISON.fullmatch(word.lower()) or is_readable(word, dates.country)
        for word in words
    )


def _holds(
    condition: str, profile: Profile, when: datetime | None, groups: frozenset[str]
) -> tuple[bool | None, str | None]:
    """Say whether a condition is true (None: cannot be decided), and for which group of people."""
    answers: list[bool | None] = []
    group = None
    for part in _AND.split(condition):
        word = _bare(part)
        if word.lower() in groups:
            group = word.lower()
        else:
            answers.append(_is_true(word, profile, when))
    if False in answers:
        return False, None
    if None in answers or not condition:
        return None, group
    return True, group


def _is_true(word: str, profile: Profile, when: datetime | None) -> bool | None:
    dates, small = profile.dates, word.lower()
    if small in dates.groups:
        return True
    if small in dates.others:
        return False
    if small in dates.months:
        return small in _now(profile, when)
    if match := _COMPARISON.fullmatch(small):
        return _compared(*match.groups(), profile=profile)
    return _is_open(word, profile, when, ferry=False)


def _compared(what: str, sign: str, text: str, *, profile: Profile) -> bool | None:
    of = profile.vehicle
    lengths = {"height": of.height_m, "width": of.width_m, "length": of.length_m}
    weights = {"weight": of.weight_t, "weightrating": of.weight_t, "axleload": of.axle_load_t}
    counts = {"axles": of.axles, "wheels": of.wheels, "seats": of.seats}
    if what in lengths:
        own, limit = lengths[what], parse_metres(text)
    elif what in weights:
        own, limit = weights[what], parse_tonnes(text)
    else:
        own, limit = counts.get(what, -1), float(text) if text.strip().isdecimal() else None
    return None if limit is None or own < 0 else bool(_COMPARED[sign](own, limit))


def _bare(text: str) -> str:
    word = text.strip()
    word = word[1:-1].strip() if word.startswith("(") and word.endswith(")") else word
    return word.strip('" ') if word.count('"') == 2 and word[0] == word[-1] == '"' else word  # noqa: PLR2004 - a pair

"""Conditions on dates, hours and vehicles: `no @ (Nov-May)`, `60 @ (weight>3.5)`, `yes @ destination`."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from opening_hours import (  # type: ignore[attr-defined] # its stubs leave out the errors
    OpeningHours,
    ParserError,
    State,
    UnknownCountryError,
)

from geoaccess.errors import ConfigError
from geoaccess.osm.values import applies, parse_metres, parse_tonnes, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from geoaccess.osm.profile import Profile

__all__ = ["Said", "closed_by_season", "split_conditions", "value_at"]

_COMPARED = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
}
_COMPARISON = re.compile(r"([a-z_]+)\s*(>=|<=|==|>|<|=)\s*(.+)")


@dataclass(frozen=True)
class Said:
    """What a tag says at a time: its value (None: nothing), the tag that decided, and what stayed undecided."""

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
) -> Said:
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
    """
    base, conditions = tags.get(key), tags.get(f"{key}:conditional")
    said = Said(base, f"{key}={base}")
    if conditions is None:
        return said
    source = f"{key}:conditional={conditions}"
    undecided: list[str] = []
    for value, condition in split_conditions(conditions):
        holds, group = _holds(condition, profile, when, groups)
        if group and severity(value) == 0:
            value = group  # noqa: PLW2901 - a permission for some is theirs only
        if holds:
            said = Said(value, source)
        elif holds is None:
            undecided.append(source)
            least = severity(said.value) if said.value is not None else 0.0
            if profile.dates.undecided == "strict" and value and severity(value) > least:
                said = Said(value, source)
    return Said(said.value, said.source, tuple(dict.fromkeys(undecided)))


def split_conditions(text: str) -> list[tuple[str, str]]:
    """Return the (value, condition) pairs of a conditional tag; a part without `@` goes on with the one before.

    >>> split_conditions("no @ (Mo-Fr 07:00-09:00; PH off); 30 @ wet")
    [('no', 'Mo-Fr 07:00-09:00; PH off'), ('30', 'wet')]
    """
    parts: list[str] = [""]
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == ";" and depth <= 0:
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


def closed_by_season(tags: Mapping[str, str], profile: Profile, when: datetime | None) -> str | None:
    """Return the tag that closes a road at this time of the year, or None."""
    dates, now = profile.dates, _now(profile, when)
    for key in dates.open_season_keys:
        seasons = {word for word in words_of(tags.get(key, "")) if word in dates.months}
        if seasons and not now & seasons:
            return f"{key}={tags[key]}"
    for rule in dates.rules:
        if now and now <= rule.closed_in and applies(rule.tags, tags):
            return " ".join(f"{key}={tags[key]}" for key in rule.tags)
    return None


def _now(profile: Profile, when: datetime | None) -> frozenset[str]:
    """Return the seasons that it may be at a time; without one, the season that the profile assumes."""
    dates = profile.dates
    at = when or dates.assumed
    if at is None:
        return frozenset({dates.season})
    return frozenset(season for season, months in dates.months.items() if at.month in months)


def _holds(
    condition: str, profile: Profile, when: datetime | None, groups: frozenset[str]
) -> tuple[bool | None, str | None]:
    """Say whether a condition is true (None: cannot be decided), and for which group of people."""
    answers: list[bool | None] = []
    group = None
    for part in re.split(r"\s+and\s+", condition, flags=re.IGNORECASE):
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
    at = when or dates.assumed
    hours = _hours(word, dates.country)
    if hours is None or at is None:
        return None
    state = hours.state(at)[0]
    return None if state == State.UNKNOWN else state == State.OPEN


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
        own, limit = counts.get(what, -1), float(text) if text.strip().isdigit() else None
    return None if limit is None or own < 0 else bool(_COMPARED[sign](own, limit))


@lru_cache(maxsize=4096)
def _hours(text: str, country: str | None) -> OpeningHours | None:
    plain = re.sub(r"\s*[-–]\s*", "-", text)  # noqa: RUF001 - mappers write both
    plain = re.sub(r"\b(\d{1,2})(st|nd|rd|th)\b", r"\1", plain)
    try:
        return OpeningHours(plain, country=country)
    except ParserError:
        return None
    except UnknownCountryError as error:
        raise ConfigError(
            f'dates.country: "{country}" is no country with known holidays; use a code such as "NO"'
        ) from error


def _bare(text: str) -> str:
    word = text.strip()
    return word[1:-1].strip() if word.startswith("(") and word.endswith(")") else word

"""The values of tags as numbers: speeds, lengths, weights, durations, and lists of words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from geoaccess.osm.profile import SpeedRules, TagRule

__all__ = [
    "FERRY_ROUTES",
    "applies",
    "carries_cars_over",
    "is_ferry",
    "parse_metres",
    "parse_speed_kph",
    "parse_tonnes",
    "road_class",
    "words_of",
]

_KPH = {
    **dict.fromkeys(("", "km/h", "kmh", "kph", "kmph", "km/hr", "km/t", "km"), 1.0),
    **dict.fromkeys(("mph", "mi/h", "mp/h"), 1.609344),
    **dict.fromkeys(("knots", "knot", "kn", "kt", "kts"), 1.852),
}
_METRES = {
    **dict.fromkeys(("", "m", "meter", "meters", "metre", "metres", "mt", "mtr", "mtrs"), 1.0),
    **dict.fromkeys(("ft", "feet", "foot", "'"), 0.3048),
    **dict.fromkeys(("in", "inch", "inches", '"', "''"), 0.0254),
    "cm": 0.01,
    "mm": 0.001,
    "km": 1000.0,
}
_TONNES = {
    **dict.fromkeys(("", "t", "to", "ton", "tons", "tonne", "tonnes", "tonn", "tonnen", "mt"), 1.0),
    **dict.fromkeys(("kg", "kgs"), 0.001),
    "st": 0.90718474,
    "lt": 1.0160469,
    **dict.fromkeys(("lb", "lbs"), 0.00045359237),
    "cwt": 0.05080235,
}
_MEASURE = re.compile(r"(\d+(?:[.,]\d+)?|[.,]\d+)\s*([a-z/\"']*)\.?")
_ABOUT = re.compile(r"^(?:~|ca\.?|approx\.?)\s*|\s*(?:\(?approx\.?\)?|mgw|gvw|gross)$")
_FEET_INCHES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:'|ft|feet)\s*-?\s*(\d+(?:\.\d+)?)\s*(?:\"|''|in|inch|inches)?")
_QUOTES = str.maketrans({"\u2019": "'", "\u2032": "'", "\u201d": '"', "\u2033": '"'})
_CONTEXT = re.compile(r"([a-z]{2}(?:-[a-z]{2,3})?):(.+)")
_IN_CONTEXT = re.compile(r"(?:zone|urban|rural|sign)?[:_ ]?(\d+(?:\.\d+)?)\s*([a-z/]*)")


def words_of(value: str) -> list[str]:
    """Return the words of a value that may hold several, in small letters.

    >>> words_of("Agricultural; forestry")
    ['agricultural', 'forestry']
    """
    if ";" not in value and "," not in value and "|" not in value:
        word = value.strip().lower()
        return [word] if word else []
    return [word for part in re.split("[;,|]", value) if (word := part.strip().lower())]


FERRY_ROUTES = ("ferry", "shuttle_train")
"""Values of `route` of what carries vehicles, by water or on rails (a car train through a tunnel)."""


def is_ferry(tags: Mapping[str, str]) -> bool:
    """Say whether a way is the course of a boat or a car train, also where it is tagged as a road at the same time.

    >>> is_ferry({"route": "ferry", "highway": "secondary"}), is_ferry({"route": "bus", "highway": "secondary"})
    (True, False)
    """
    return carries_cars_over(tags.get("route", ""))


def carries_cars_over(route: str) -> bool:
    """Say whether a value of `route` is that of a ferry, or of a train on which cars ride."""
    return route in FERRY_ROUTES or (";" in route and any(part.strip() in FERRY_ROUTES for part in route.split(";")))


def road_class(value: str, classes: Collection[str]) -> str:
    """Return the class of road that a value of `highway` means: the first of several that is known; "" for none.

    >>> [road_class(value, {"primary", "residential"}) for value in ("steps; Residential;primary", "primery")]
    ['residential', '']
    """
    if value in classes:
        return value
    words = (part.strip().lower() for part in value.split(";"))
    return next((word for word in words if word in classes), "")


def applies(rule: TagRule, tags: Mapping[str, str]) -> bool:
    """Say whether a rule is true of these tags.

    >>> applies({"construction": frozenset({"*", "-minor"})}, {"construction": "yes"})
    True
    """
    for key, values in rule.items():
        if key not in tags:
            return False
        words = words_of(tags[key])
        if any(f"-{word}" in values for word in words):
            return False
        if not any(word in values or "*" in values for word in words):
            return False
    return True


def parse_speed_kph(text: str, rules: SpeedRules, *, unpaved: bool = False) -> float | None:
    """Return the km/h of a limit, or None if it cannot be read; of several limits the lowest.

    A word such as `NO:rural` is looked up in the country's table, on gravel as `rural_unpaved` where the country
    has such a limit; of a country without a table the word alone counts.
    """
    found = [
        kph for part in re.split("[;|]", text) if (kph := _one_speed(part.strip().lower(), rules, unpaved)) is not None
    ]
    return min(found) if found else None


def _one_speed(word: str, rules: SpeedRules, unpaved: bool) -> float | None:  # noqa: FBT001
    if word in rules.words:
        return rules.words[word]
    if match := _CONTEXT.fullmatch(word):
        region, context = rules.countries.get(match[1].upper()), match[2].strip()
        country = region if region and context in region.limits else rules.countries.get(match[1][:2].upper())
        if country is not None and context in country.limits:
            return country.limits.get(f"{context}_unpaved" if unpaved else context, country.limits[context])
        if number := _IN_CONTEXT.fullmatch(context):
            unit = number[2] or (country.unit if country else "")
            return float(number[1]) * _KPH[unit] if unit in _KPH and float(number[1]) > 0 else None
        return rules.words.get(context)
    if number := _IN_CONTEXT.fullmatch(word.replace(",", ".")):
        return float(number[1]) * _KPH[number[2]] if number[2] in _KPH and float(number[1]) > 0 else None
    return None


def parse_metres(text: str) -> float | None:
    r"""Return a length in metres, or None if it says none; of several the shortest.

    >>> [round(parse_metres(text), 3) for text in ("2.5", "2,5 m", "250 cm", "8'", "7'6\"", "7 ft 6 in")]
    [2.5, 2.5, 2.5, 2.438, 2.286, 2.286]
    >>> parse_metres("default")
    """
    found = []
    for part in text.split(";"):
        word = part.strip().lower().translate(_QUOTES)
        if match := _FEET_INCHES.fullmatch(word):
            found.append(float(match[1]) * 0.3048 + float(match[2]) * 0.0254)
        elif (length := _measured(word, _METRES)) is not None:
            found.append(length)
    return min(found) if found else None


def parse_tonnes(text: str) -> float | None:
    """Return a weight in tonnes, or None if it says none; of several the least.

    >>> [parse_tonnes(text) for text in ("3.5", "3.5 t", "3500 kg", "3.5t mgw", "none")]
    [3.5, 3.5, 3.5, 3.5, None]
    """
    found = [weight for part in text.split(";") if (weight := _measured(part.strip().lower(), _TONNES)) is not None]
    return min(found) if found else None


def _measured(word: str, units: Mapping[str, float]) -> float | None:
    match = _MEASURE.fullmatch(_ABOUT.sub("", word))
    if match is None or match[2] not in units:
        return None
    return float(match[1].replace(",", ".")) * units[match[2]]

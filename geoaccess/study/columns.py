"""The columns that every study has, with their units, and how names with blanks ("{service}_s") are understood.

What an optional section adds stands with the section. Texts for readers stand in the phrases (`columns.<table>`), under
the same names; a test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from geoaccess.measures import REASONS
from geoaccess.measures.figures import CRAFTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from geoaccess.study.answers import Answers

__all__ = [
    "CELLS",
    "COMMON",
    "LOOSE",
    "SHARED",
    "UNITS",
    "WORDS",
    "Columns",
    "ResultTable",
    "pattern",
    "tells_people",
    "unit_of",
    "unitless",
]

Columns: TypeAlias = "Mapping[str, str]"
"""The unit of each column, by its name; "" for text, marks and numbers that count nothing."""

UNITS: Final = ("", "s", "m", "people", "share", "count", "degrees", "number", "per person", "person s")
"""How values are written for readers; `report_tables` writes each of them. "person s" are sums of time over people."""

_OF_EACH: Final = ("", "s", "m", "share", "count", "degrees")
"""Units of what holds for each of some people, or counts what is no people: it does not tell how many they are."""

WORDS: Final = {
    "measure": ("mean", "median", "p90"),
    "mode": CRAFTS,
    "sure": ("fastest", "dependable"),
}
"""Words of the program that stand in names of columns; their names for readers are in the phrases (`dictionary`)."""

LOOSE: Final = ("{who}", "{what}", "{name}")
"""Blanks that stand for any word."""

_NOTHING: Final = r"(?!)"


@dataclass(frozen=True)
class ResultTable:
    """A table that every study gives: its name is that of its file, and of its title in the phrases (`tables`).

    `columns` are those of its own; `COMMON` ones are known in every table.
    """

    name: str
    make: Callable[[Answers], pd.DataFrame]
    columns: Columns


def unitless(*names: str) -> dict[str, str]:
    """Return columns that have no unit."""
    return dict.fromkeys(names, "")


@cache
def pattern(column: str, names: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    """Return what a name with blanks matches: {n} is a number, {service} and the like are names of the study.

    Examples
    --------
    >>> bool(pattern("{service}_s", (("service", ("gp", "hospital")),)).fullmatch("gp_s"))
    True
    """
    some = {kind: _any_of(words) for kind, words in names} | {kind: _any_of(words) for kind, words in WORDS.items()}
    kinds = {"n": r"\d+", "who": r"\w+", "what": r"\w+", "name": r".+"}
    parts = re.split(r"\{(\w+)\}", column)
    for number in range(1, len(parts), 2):
        kind = parts[number]
        parts[number] = f"(?P<{kind}>{kinds.get(kind) or some.get(kind, _NOTHING)})"
    return re.compile("".join(part if number % 2 else re.escape(part) for number, part in enumerate(parts)))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words)) or _NOTHING


def unit_of(column: str, columns: Columns) -> str | None:
    """Return the unit of a column: that of a table's own `columns`, else the `COMMON` one; None for one unknown.

    Names of the study, such as {service}, are not known here: columns that have one in their name are not found.

    Examples
    --------
    >>> unit_of("norm_2_s", {}), unit_of("people_to_move", {"people_to_move": "people"}), unit_of("nonsense", {})
    ('s', 'people', None)
    """
    known = {**COMMON, **columns}
    if column in known:
        return known[column]
    blanks = sorted((name for name in known if "{" in name), key=lambda name: any(blank in name for blank in LOOSE))
    return next((known[name] for name in blanks if pattern(name, ()).fullmatch(column)), None)


def tells_people(column: str, columns: Columns) -> bool:
    """Whether the numbers of a column tell how many people a row is about: counts of people, and sums over them.

    Times, distances and shares are those of each, and do not. A column that is in no catalogue may, and so it does.

    Parameters
    ----------
    columns
        Those of the table's own, beside `COMMON`.

    Examples
    --------
    >>> [tells_people(name, {}) for name in ("population", "median_s", "share_within_norm_1", "cells", "nonsense")]
    [True, False, False, False, True]
    """
    return unit_of(column, columns) not in _OF_EACH


COMMON: Final[Columns] = {
    **unitless("cell_id", "service", "municipality_id", "municipality", "region", "centrality_class"),
    "centrality_index": "",
    **dict.fromkeys(("population", "people", "reached", "unreached"), "people"),
    "cells": "count",
    **dict.fromkeys((f"unreached_{reason}" for reason in REASONS), "people"),
    **dict.fromkeys(("mean_s", "median_s", "p90_s", "norm_{n}_s", "norm_s", "time_s"), "s"),
    "share_within_norm_{n}": "share",
    "people_beyond_norm_{n}": "people",
    **unitless(
        "disclaimer", "site_id", "zoning", "zoning_label", "group", "who", "asked_about", "{zoning}", "catchment"
    ),
    **dict.fromkeys(("lon", "lat"), "degrees"),
    **dict.fromkeys(("{carried}", "without_second", "people_within", "people_beyond"), "people"),
    **dict.fromkeys(("mean_slack_s", "median_slack_s", "p90_slack_s"), "s"),
    **dict.fromkeys(("share_within", "share"), "share"),
}
"""Columns that mean the same in every table."""

CELLS: Final[Columns] = {
    **unitless("geometry", "zone_note", "population_band"),
    "off_network_m": "m",
    "{service}_s": "s",
    "{service}_site": "",
    "{service}_second_s": "s",
    **unitless("{service}_second_site", "{service}_reason"),
}
"""Columns that every study gives its cells alone."""

SHARED: Final = (
    *("cell_id", "population", "municipality_id", "municipality", "region"),
    *("centrality_index", "centrality_class", "disclaimer"),
)
"""Those of `COMMON` that the cells have, too."""

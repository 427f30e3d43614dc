"""What every column of every table means: read from dictionary.csv, and written beside the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd

from geoaccess.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoaccess.study.settings.study_file import Study

__all__ = ["Meaning", "Names", "dictionary_table", "meaning", "names_of", "table_words"]

Names: TypeAlias = "Mapping[str, Mapping[str, str]]"

_FILE: Final = Path(__file__).with_name("dictionary.csv")
_ANY: Final = "*"
_LOOSE: Final = ("{who}", "{what}", "{name}")
_NOTHING: Final = r"(?!)"
_WORDS: Final = {
    "measure": {"mean": ("mean", "gjennomsnitt"), "median": ("median", "median"), "p90": ("P90", "P90")},
    "mode": {
        "helicopter": ("helicopter", "helikopter"),
        "boat": ("boat", "båt"),
        "aeroplane": ("aeroplane", "fly"),
    },
    "sure": {"fastest": ("fastest", "raskest"), "dependable": ("dependable", "sikker")},
}
_COLUMNS: Final = ["file", "column", "description", "beskrivelse", "unit", "missing", "mangler"]


@dataclass(frozen=True)
class Meaning:
    """What a column holds, in English and Norwegian; `unit` says how it is written for readers."""

    unit: str
    head: str
    overskrift: str
    description: str
    beskrivelse: str
    missing: str
    mangler: str


def names_of(study: Study) -> Names:
    """Return what a study gives names to that become columns, with the names for readers."""
    settings = study.settings
    carried = [catchment.demand for catchment in settings.catchments.values()]
    return {
        "service": {key: service.label for key, service in settings.services.items()},
        "catchment": {name: name for name in settings.catchments},
        "zoning": {zoning.name: zoning.label or zoning.name for zoning in settings.zonings},
        "carried": {name: name for name in carried if not name.startswith("population")},
    }


def meaning(table: str, column: str, *, names: Names) -> Meaning | None:
    """Find what a column of a table means; None where the dictionary does not know it.

    A name goes before a pattern, and what dictionary.csv says of the table itself before what it says of any ("*"). In
    a pattern, {service}, {catchment}, {zoning} and {carried} are names of the study, {n} is a number, and {measure},
    {mode} and {sure} are words of the tables; {who}, {what} and {name} are any, and come last.

    Examples
    --------
    >>> names = {"service": {"gp": "GP"}}
    >>> meaning("cells", "gp_s", names=names).description
    'Travel time to the nearest site: GP'
    >>> meaning("classes", "share_within_norm_2", names=names).overskrift
    'Innenfor norm 2'
    >>> meaning("classes", "nonsense", names=names) is None
    True
    """
    known = tuple((kind, tuple(sorted(some))) for kind, some in sorted(names.items()))
    for _, pattern, row in _ranked(table):
        found = _pattern(pattern, known).fullmatch(column)
        if found:
            return _filled(row, found.groupdict(), names)
    return None


def table_words(table: str, *, language: str) -> tuple[str, str] | None:
    """Return the title of a table and what its rows are, where the dictionary knows it."""
    row = _entries().get((table, ""))
    if row is None:
        return None
    return (row.head, row.description) if language == "en" else (row.overskrift, row.beskrivelse)


def dictionary_table(columns: Mapping[str, Iterable[str]], study: Study) -> pd.DataFrame:
    """Return a row per column of every table; the descriptions of a column that is not known are empty.

    Parameters
    ----------
    columns
        The columns of each table, by the name of the table without suffix.
    """
    known_names = names_of(study)
    rows = []
    for table, names in columns.items():
        file = f"{table}.parquet" if table == "cells" else f"{table}.csv"
        for name in names:
            known = meaning(table, name, names=known_names)
            said = known or Meaning("", "", "", "", "", "", "")
            rows.append([file, name, said.description, said.beskrivelse, said.unit, said.missing, said.mangler])
    return pd.DataFrame(rows, columns=_COLUMNS, dtype="str")


@cache
def _entries() -> dict[tuple[str, str], Meaning]:
    table = read_table(_FILE)
    fields = list(Meaning.__dataclass_fields__)
    return {
        (row["file"], row["column"]): Meaning(**{name: row[name] for name in fields})
        for row in table.to_dict("records")
    }


@cache
def _ranked(table: str) -> list[tuple[tuple[bool, bool, bool], str, Meaning]]:
    found = [
        ((any(blank in column for blank in _LOOSE), "{" in column, file == _ANY), column, row)
        for (file, column), row in _entries().items()
        if column and file in (table, _ANY)
    ]
    return sorted(found, key=lambda entry: entry[0])


@cache
def _pattern(column: str, names: tuple[tuple[str, tuple[str, ...]], ...]) -> re.Pattern[str]:
    some = {kind: _any_of(words) for kind, words in names} | {kind: _any_of(words) for kind, words in _WORDS.items()}
    kinds = {"n": r"\d+", "who": r"\w+", "what": r"\w+", "name": r".+"}
    parts = re.split(r"\{(\w+)\}", column)
    for number in range(1, len(parts), 2):
        kind = parts[number]
        parts[number] = f"(?P<{kind}>{kinds.get(kind) or some.get(kind, _NOTHING)})"
    return re.compile("".join(part if number % 2 else re.escape(part) for number, part in enumerate(parts)))


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words)) or _NOTHING


def _filled(row: Meaning, named: Mapping[str, str], names: Names) -> Meaning:
    if not named:
        return row
    filled = {}
    for field in Meaning.__dataclass_fields__:
        text = str(getattr(row, field))
        norwegian = field in ("overskrift", "beskrivelse", "mangler")
        for kind, value in named.items():
            english, norsk = _WORDS.get(kind, {}).get(value, (names.get(kind, {}).get(value, value),) * 2)
            text = text.replace(f"{{{kind}}}", norsk if norwegian else english)
        filled[field] = text
    return Meaning(**filled)

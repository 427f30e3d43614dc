"""What every column of every table means: read from dictionary.csv, and written beside the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoaccess.study.config import Study

__all__ = ["Meaning", "dictionary_table", "meaning", "table_words"]

_FILE: Final = Path(__file__).with_name("dictionary.csv")
_ANY: Final = "*"
_MEASURES: Final = {"mean": "gjennomsnitt", "median": "median", "p90": "P90"}
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


def meaning(table: str, column: str, *, labels: Mapping[str, str]) -> Meaning | None:
    """Find what a column of a table means; None where the dictionary does not know it.

    What dictionary.csv says of the table itself goes before what it says of any table ("*"), a name before a pattern.
    In a pattern, {service} is a service of the study (`labels` has its name for readers), {n} a number, {measure} one
    of mean, median and p90, and {name} any word.

    Examples
    --------
    >>> meaning("cells", "gp_s", labels={"gp": "GP"}).description
    'Travel time to the nearest site: GP'
    >>> meaning("classes", "share_within_norm_2", labels={}).overskrift
    'Innenfor norm 2'
    >>> meaning("classes", "nonsense", labels={}) is None
    True
    """
    for _, pattern, row in _ranked(table):
        found = _pattern(pattern, tuple(sorted(labels))).fullmatch(column)
        if found:
            return _filled(row, found.groupdict(), labels)
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
    labels = {key: service.label for key, service in study.settings.services.items()}
    rows = []
    for table, names in columns.items():
        file = f"{table}.parquet" if table == "cells" else f"{table}.csv"
        for name in names:
            known = meaning(table, name, labels=labels)
            said = known or Meaning("", "", "", "", "", "", "")
            rows.append([file, name, said.description, said.beskrivelse, said.unit, said.missing, said.mangler])
    return pd.DataFrame(rows, columns=_COLUMNS, dtype="str")


@cache
def _entries() -> dict[tuple[str, str], Meaning]:
    table = pd.read_csv(_FILE, dtype=str, keep_default_na=False)
    fields = list(Meaning.__dataclass_fields__)
    return {
        (row["file"], row["column"]): Meaning(**{name: row[name] for name in fields})
        for row in table.to_dict("records")
    }


@cache
def _ranked(table: str) -> list[tuple[tuple[bool, bool], str, Meaning]]:
    found = [
        ((file == _ANY, "{" in column), column, row)
        for (file, column), row in _entries().items()
        if column and file in (table, _ANY)
    ]
    return sorted(found, key=lambda entry: entry[0])


@cache
def _pattern(column: str, services: tuple[str, ...]) -> re.Pattern[str]:
    kinds = {
        "{service}": f"(?P<service>{'|'.join(services) or '(?!)'})",
        "{n}": r"(?P<n>\d+)",
        "{measure}": f"(?P<measure>{'|'.join(_MEASURES)})",
        "{name}": r"(?P<name>\w+)",
    }
    return re.compile("".join(kinds.get(part, re.escape(part)) for part in re.split(r"(\{\w+\})", column)))


def _filled(row: Meaning, named: Mapping[str, str], labels: Mapping[str, str]) -> Meaning:
    if not named:
        return row
    service = labels.get(named.get("service", ""), "")
    filled = {}
    for field in Meaning.__dataclass_fields__:
        text = str(getattr(row, field))
        norwegian = field in ("overskrift", "beskrivelse", "mangler")
        for key, value in named.items():
            word = service if key == "service" else value
            if key == "measure" and norwegian:
                word = _MEASURES[value]
            text = text.replace(f"{{{key}}}", word)
        filled[field] = text
    return Meaning(**filled)

"""What every column of every table means, as the phrases have it, with units; written beside the tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd

from geoaccess import phrases
from geoaccess.study.columns import LOOSE, WORDS, pattern
from geoaccess.study.results.tables import columns_known
from geoaccess.study.zonings import carried_demands

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoaccess.study.settings.study_file import Study

__all__ = ["Meaning", "Names", "dictionary_table", "meaning", "names_of"]

Names: TypeAlias = "Mapping[str, Mapping[str, str]]"

_ANY: Final = "*"


@dataclass(frozen=True)
class Meaning:
    """The description of a column in one language; `unit` says how its values are written for them."""

    unit: str
    label: str
    meaning: str
    empty: str


def names_of(study: Study, *, language: str | None = None) -> Names:
    """Return what a study gives names to that become columns, with the names for readers: in its own language."""
    settings = (study if language is None else study.in_language(language)).settings
    carried = carried_demands(study)
    return {
        "service": {key: service.label for key, service in settings.services.items()},
        "catchment": {name: one.label or name for name, one in settings.catchments.items()},
        "zoning": {zoning.name: zoning.label or zoning.name for zoning in settings.zonings},
        "carried": {name: name for name in carried},
        **{f"words {language}": study.scheme.words(language) for language in phrases.languages()},
    }


def meaning(table: str, column: str, *, names: Names, language: str = "en") -> Meaning | None:
    """Find what a column of a table means; None where no catalogue of phrases knows it.

    A name goes before a pattern, and the description for the table itself before that for any ("*"). In a pattern,
    {service}, {catchment}, {zoning} and {carried} are names of the study, {n} is a number, and {measure}, {mode} and
    {sure} are words of the tables; {who}, {what} and {name} are any, and come last. {scheme} is the word for a class.

    Examples
    --------
    >>> names = {"service": {"gp": "GP"}}
    >>> meaning("cells", "gp_s", names=names).meaning
    'Travel time to the nearest site: GP'
    >>> meaning("classes", "share_within_norm_2", names=names, language="nb").label
    'Innenfor tidsgrense 2'
    >>> meaning("classes", "nonsense", names=names) is None
    True
    """
    known = tuple((kind, tuple(sorted(some))) for kind, some in sorted(names.items()))
    for key in _ranked(table):
        found = pattern(key[1], known).fullmatch(column)
        if found:
            return _filled(key, found.groupdict(), names, language)
    return None


def dictionary_table(columns: Mapping[str, Iterable[str]], study: Study) -> pd.DataFrame:
    """Return a row per column of every table, and one on the cells of all CSV, of file "*.csv" and column "*".

    The descriptions of a column that is not known are empty.

    Parameters
    ----------
    columns
        The columns of each table, by the name of the table without suffix.
    """
    written = _written()
    names = {language: names_of(study, language=language) for language in written}
    rows = []
    for table, some in columns.items():
        for column in some:
            row = {"file": f"{table}.parquet" if table == "cells" else f"{table}.csv", "column": column}
            for language, (described, missing) in written.items():
                known = meaning(table, column, names=names[language], language=language) or Meaning("", "", "", "")
                row |= {described: known.meaning, missing: known.empty, "unit": known.unit}
            rows.append(row)
    # One row is about the cells of every table of text.
    guarded = {language: phrases.text(language, "dictionary.guarded") for language in written}
    rows.append({"file": "*.csv", "column": _ANY} | {written[code][0]: text for code, text in guarded.items()})
    descriptions, empties = zip(*written.values(), strict=True)
    return pd.DataFrame(rows, columns=["file", "column", *descriptions, "unit", *empties], dtype="str").fillna("")


def _written() -> dict[str, tuple[str, str]]:
    """Return the columns of each language: its words for them, or the English with its code where it has none."""
    found: dict[str, tuple[str, str]] = {}
    for language in sorted(phrases.languages(), key=lambda code: (code != phrases.FALLBACK, code)):
        texts = phrases.section(language, "dictionary")
        pair = (texts["description"], texts["missing"])
        taken = {name for names in found.values() for name in names}
        found[language] = pair if taken.isdisjoint(pair) else (f"description_{language}", f"missing_{language}")
    return found


_units = cache(columns_known)


@cache
def _ranked(table: str) -> list[tuple[str, str]]:
    def rank(key: tuple[str, str]) -> tuple[bool, bool, bool]:
        file, column = key
        return any(blank in column for blank in LOOSE), "{" in column, file == _ANY

    return sorted((key for key in phrases.columns(phrases.FALLBACK) if key[0] in (table, _ANY)), key=rank)


def _filled(key: tuple[str, str], named: Mapping[str, str], names: Names, language: str) -> Meaning:
    row = phrases.columns(language)[key]
    words = names.get(f"words {language}", {})
    texts = [phrases.in_words(text, words, language=language) for text in (row.label, row.meaning, row.empty)]
    for kind, value in named.items():
        if kind in WORDS:
            written = phrases.text(language, f"dictionary.{kind}_{value}")
        else:
            written = names.get(kind, {}).get(value, value)
        texts = [text.replace(f"{{{kind}}}", written) for text in texts]
    return Meaning(_units().get(key, ""), *texts)

"""Tables of a statistics bank as PxWeb saves them: CSV with a title line and years as columns, and JSON-stat 2.0."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.tables.json_stat import parse_json_stat
from geoaccess.tables.numbers import parse_number
from geoaccess.tables.text import read_text_file, split_rows

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

__all__ = ["read_people_by_age"]

_REGION = ("region", "regioner", "kommune", "kommuner", "municipality", "municipalities")
_AGE = ("alder", "age", "ages")
_SEX = ("kjønn", "sex", "gender")
_BOTH = ("begge kjønn", "both sexes", "i alt", "total", "alle", "all")
_TIME = ("år", "aar", "year", "tid", "time")
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_WHOLE_YEAR = re.compile(r"[0-9]{4}")
_MISSING = ("", ".", "..", "...", ":")
_NIL = ("-", "\u2013")
_SUFFIXES = (".csv", ".tsv", ".txt", ".json")

Rows = list[tuple[dict[str, str], str]]
"""What each value is of, by the name of the dimension in small letters, and the value as it is written."""


def read_people_by_age(path: str | os.PathLike[str]) -> pd.DataFrame | None:
    r"""Read people by region, age and year from a table that a statistics bank saved; None for any other table.

    Sexes are summed, unless both together stand there. Signs for a missing value are left out, as are regions that have
    nobody in a year, since a bank lists municipalities of all years; "-" is nil.

    Returns
    -------
    Columns `zone_id` and `age` (text, as they are), `year` (whole numbers) and `people`.

    Raises
    ------
    InputError
        If there is no age or year, a value is no number, or there are several values for one region, age and year.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "07459.csv"
    >>> text = '"07459: Population"\n\n"region";"sex";"age";"Persons 2023";"Persons 2024"\n'
    >>> rows = '"K-5501 Tromsø";"Males";"80 years";10;11\n"K-5501 Tromsø";"Females";"80 years";12;13\n'
    >>> _ = file.write_text(text + rows, encoding="utf-8")
    >>> read_people_by_age(file).to_dict("split")["data"]
    [['K-5501 Tromsø', '80 years', 2023, 22.0], ['K-5501 Tromsø', '80 years', 2024, 24.0]]
    """
    file = Path(path)
    if file.suffix.lower() not in _SUFFIXES or not file.is_file():
        return None
    text = read_text_file(file)
    rows = _of_json(text) if text.lstrip().startswith("{") else _of_csv(text)
    return None if rows is None else _people(file, rows)


def _of_csv(text: str) -> Rows | None:
    """Return the values below the heading that begins with the region; None where there is no title and no year."""
    for separator in (";", "\t", ","):
        try:
            found = split_rows(text, separator)
        except ValueError:  # a quotation mark amid a value, which the separator of the file has not
            continue
        at = next((n for n, row in enumerate(found) if len(row) > 1 and row[0].strip().lower() in _REGION), None)
        if at is None:
            continue
        header = [name.strip() for name in found[at]]
        values = [place for place, name in enumerate(header) if _YEAR.search(name)]
        long = not values
        if long and not any(any(cell.strip() for cell in row) for row in found[:at]):
            return None  # a table whose first row names its columns
        values = values or [len(header) - 1]
        rows: Rows = []
        for row in found[at + 1 :]:
            if len(row) != len(header) or not row[0].strip():
                continue
            words = {header[n].lower(): row[n].strip() for n in range(len(header)) if n not in values}
            for place in values:
                year = _YEAR.search(header[place])
                contents = header[place].replace(year.group(), "").strip() if year else ""
                extra = {"år": year.group()} if year else {}
                rows.append(({**words, "contents": contents, **extra}, row[place].strip()))
        return rows
    return None


def _of_json(text: str) -> Rows | None:
    """Return the values of JSON-stat; None where it is other JSON, or says what cannot be."""
    try:
        stat = parse_json_stat(text)
    except ValueError:
        return None
    titles = {name: heading.lower() for name, heading in stat.headings.items()}
    titles |= {name: "contents" for name in stat.roles.get("metric", []) if name in titles}
    titles |= {name: "år" for name in stat.roles.get("time", []) if name in titles}
    rows: Rows = []
    for at, value in stat.cells():
        words = {}
        for name, code in at.items():
            label = stat.labels[name][code]
            region = titles[name] in _REGION or name.lower() in _REGION
            words["region" if region else titles[name]] = f"{code} {label}" if region and code not in label else label
        rows.append((words, value))
    return rows


def _people(path: Path, rows: Rows) -> pd.DataFrame:
    table = pd.DataFrame([words for words, _ in rows]).fillna("")
    named = {ours: _named(table, words) for ours, words in {"zone_id": _REGION, "age": _AGE, "year": _TIME}.items()}
    absent = [ours for ours, name in named.items() if name is None]
    if absent:
        there = ", ".join(map(str, table.columns))
        raise InputError(f"{path}: no {' and no '.join(absent)} in the headings ({there}); save the table with them")
    out = pd.DataFrame({ours: table[name] for ours, name in named.items()})
    texts = [value for _, value in rows]
    out["people"] = [0.0 if text in _NIL else parse_number(text, decimal_comma=True) for text in texts]
    given = np.array([text not in _MISSING for text in texts], np.bool_)
    wrong = [text for text, bad in zip(texts, out["people"].isna() & given, strict=True) if bad]
    if wrong:
        raise InputError(f"{path}: {len(wrong)} values are no numbers, the first {wrong[0]!r}")
    sex = _named(table, _SEX)
    kept = given.copy()
    if sex is not None:
        both = table[sex].str.lower().isin(_BOTH).to_numpy()
        kept &= both if both.any() else True
    others = [str(name) for name in table if name not in (*named.values(), sex) and len(table[name].unique()) > 1]
    if others:
        values = ", ".join(table[others[0]].unique()[:3])
        raise InputError(f"{path}: holds several values of {others[0]} ({values}); save the table for one of them")
    out = out[kept]
    odd = [year for year in out["year"].unique() if not _WHOLE_YEAR.fullmatch(year)]
    if odd:
        raise InputError(f"{path}: {len(odd)} years are no years, the first {odd[0]!r}; write them as 2024")
    out["year"] = out["year"].astype(np.int64)
    summed = out.groupby(["zone_id", "age", "year"], sort=False)["people"].sum().reset_index()
    whole = summed.groupby(["zone_id", "year"])["people"].transform("sum")
    return summed[whole > 0].reset_index(drop=True)


def _named(table: pd.DataFrame, words: Sequence[str]) -> str | None:
    return next((str(name) for name in table if str(name) in words), None)

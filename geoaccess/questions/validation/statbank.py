"""Tables of StatBank Norway as they are saved from the web page or the API: PxWeb's CSV forms and JSON-stat 2.0."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.tables import parse_json_stat, parse_number, read_text_file, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = ["read_ssb_12764"]

_SOURCE = "Statistics Norway, StatBank table 12764"
_REGION = {"region", "regioner", "kommune", "kommuner", "municipality", "municipalities"}
_YEAR_NAMES = {"år", "aar", "year", "tid", "time"}
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
_PERCENTILE = re.compile(
    r"(?<![A-Z])P ?0*([1-9]\d?)(?!\d)"
    r"|\b0*([1-9]\d?)(?:\.|st|nd|rd|th)?[ -]*(?:persentil|prosentil|percentile)"
    r"|(?:[Pp]ersentil|[Pp]rosentil|[Pp]ercentile)[ .:-]*0*([1-9]\d?)(?!\d)"
)
_PERCENTILE_WORD = re.compile("persentil|prosentil|percentile", re.IGNORECASE)
_WORDS = (("median", "median"), ("gjennomsnitt", "mean"), ("average", "mean"), ("mean", "mean"))
_REGION_CODE = re.compile(r"(?:K[-_])?(\d{1,4})\b[ .:-]*(.*)", re.DOTALL)
_NAME_END = re.compile(r" \(.*\d{4}.*\)$| - .*$")  # years of validity, names in other languages
_MISSING = {"", ".", "..", "...", ":"}  # of StatBank's signs, "-" alone is a number: nil
_LENGTH = re.compile(r"\bkm\b|kilomet|\bmeter|\bmetre|avstand|distance|reiselengde|veglengde", re.IGNORECASE)
_DURATION = re.compile(r"tid\b|time\b|duration", re.IGNORECASE)
_UNITS = (("minut", 1.0), ("sekund", 1 / 60), ("second", 1 / 60), ("timer", 60.0), ("hour", 60.0))


@checks_arguments
def read_ssb_12764(path: str | Path, *, service: str, year: int | None = None) -> pd.DataFrame:
    """Read StatBank table 12764, drive time to the nearest emergency department by municipality, as a reference.

    The table holds distances, too: what its heading or unit says is a distance is passed over.

    Two forms in which StatBank saves tables are understood, by the general rules of PxWeb and JSON-stat; the words of
    this table's headings are not relied on beyond that percentiles are written P50, "50. persentil" or the like:

    * CSV with or without the lines of the title, separated by semicolons, commas or tabulators, in UTF-8 or Latin-1,
      with decimal comma or point: percentiles (and years) as columns, or down a column with the value in the last.
    * JSON-stat 2.0, values as a list or by position.

    ".", ".." and ":" mean that there is no value; "-" is nil. Which service of the study is meant must be given: the
    table's is the hospital emergency department (akuttmottak), not the out-of-hours clinic (legevakt).

    Parameters
    ----------
    path
        The file; JSON-stat where its name ends in .json or it begins with {.
    service
        Key of the service in the study.
    year
        Which year where the file has several; the latest when left out.

    Returns
    -------
    As `read_reference`: `geography` (the number of the municipality where there is one), `name`, `service`,
    `statistic` (P1 to P99, mean, median, or the heading where it is none of these), `source` with the year, and `value`
    in minutes, NaN where there is none.

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        With what is wrong: no such form, no region, a value that is no number, several values for one region and
        percentile (because of a further column such as sex: save the table for one of its values), no such year.

    References
    ----------
    PxWeb, Statistics Sweden and Norway: formats of saved tables; JSON-stat 2.0, json-stat.org/format.
    """
    file = Path(path)
    text = read_text_file(file)
    if file.suffix.lower() == ".json" or text.lstrip().startswith("{"):
        title, cells = _json_stat(file, text)
    else:
        title, cells = _line_above(text), _csv(file, text)
    columns = ["region", "described", "year", "further", "value"]
    return _tidy(file, pd.DataFrame(cells, columns=columns), service, year, title)


def _line_above(text: str) -> str:
    """Return the line above the headings of a table; "" where they come first."""
    first = text.lstrip().partition("\n")[0].strip()
    return first if ";" not in first and "\t" not in first else ""


Cell = tuple[str, str, str, str, str]
"""Region, words that say which statistic, year, other dimensions, value, all as they are written."""


def _csv(path: Path, text: str) -> list[Cell]:
    rows: list[list[str]] = []
    for separator in (";", "\t", ","):
        try:
            found = split_rows(text, separator)
        except ValueError:  # a quotation mark amid a value, which the separator of the file has not
            continue
        begins = [n for n, row in enumerate(found) if len(row) > 1 and row[0].lower() in _REGION]
        if begins:
            rows = found[begins[0] :]
            break
    if not rows:
        raise InputError(
            f"{path}: no line of headings that begins with region or kommune; save the table from StatBank as CSV "
            "(semicolon) with region first, or as JSON-stat"
        )
    header = rows[0]
    body = [(n, row) for n, row in enumerate(rows[1:], start=2) if len(row) == len(header) and row[0]]
    short = [row for row in rows[1:] if len(row) not in {0, 1, len(header)}]
    if short or not body:
        raise InputError(
            f"{path}: {len(short)} rows have not the {len(header)} values of the headings, or there is none"
        )
    first = _first_value(header, [row for _, row in body])
    years = [place for place, name in enumerate(header[:first]) if name.lower() in _YEAR_NAMES]
    cells = []
    for _, row in body:
        words = {header[place]: row[place] for place in range(1, first) if place not in years}
        for place in range(first, len(header)):
            in_heading = _YEAR.search(header[place])
            year = row[years[0]] if years else in_heading.group() if in_heading else ""
            heading = header[place].replace(year, "") if year else header[place]
            described = " ".join([*(_with_heading(name, value) for name, value in words.items()), heading])
            further = " ".join(f"{name} {value}" for name, value in words.items())
            cells.append((row[0], described, year, further, row[place]))
    return cells


def _with_heading(heading: str, value: str) -> str:
    """Return a value with its heading where that is what makes a percentile of a bare number."""
    return f"{heading} {value}" if _PERCENTILE_WORD.search(heading) and value.isdigit() else value


def _first_value(header: list[str], body: list[list[str]]) -> int:
    """Return the first column of values: all before it are words, years or percentiles that say what the value is."""
    for place in range(1, len(header)):
        if header[place].lower() in _YEAR_NAMES:
            continue
        column = [row[place] for row in body]
        if _PERCENTILE_WORD.search(header[place]) and not _PERCENTILE.search(header[place]) and place < len(header) - 1:
            continue  # 1, 2, 3 ... 99 down a column are no times
        if all(value in _MISSING or _number(value) is not None for value in column):
            return place
    return len(header) - 1


def _json_stat(path: Path, text: str) -> tuple[str, list[Cell]]:
    """Return the name of a data set and its values."""
    try:
        stat = parse_json_stat(text)
    except ValueError as error:
        raise InputError(f"{path}: is not JSON-stat 2.0: {error}") from error
    names, labels = stat.names, stat.labels
    region = _dimension(names, stat.roles.get("geo", []), _REGION)
    time = _dimension(names, stat.roles.get("time", []), _YEAR_NAMES)
    if region is None:
        raise InputError(f"{path}: no dimension is the region; found {', '.join(names)}")
    others = [name for name in names if name not in {region, time}]
    cells = []
    for at, value in stat.cells():
        label = {name: labels[name][code] for name, code in at.items()}
        place = label[region] if label[region].startswith(at[region]) else f"{at[region]} {label[region]}"
        base = [stat.units[name].get(at[name], "") for name in others]
        code = [at[name] for name in others if not _statistic(label[name]) and _statistic(at[name])]
        described = " ".join([*(_with_heading(stat.headings[name], label[name]) for name in others), *code, *base])
        further = " ".join(f"{name} {label[name]}" for name in others)
        cells.append((place, described, label[time] if time else "", further, value))
    return stat.title, cells


def _dimension(names: list[str], given: list[str], known: set[str]) -> str | None:
    return next((name for name in names if name in given or name.lower() in known), None)


def _statistic(described: str) -> str | None:
    """Return the statistic that some words speak of.

    >>> _statistic("Kjøretid (minutter) P5"), _statistic("90. persentil"), _statistic("Gjennomsnittlig kjøretid")
    ('P5', 'P90', 'mean')
    >>> _statistic("KjoretidP50"), _statistic("Folkemengde") is None
    ('P50', True)
    """
    percentile = _PERCENTILE.search(described)
    if percentile:
        return f"P{next(number for number in percentile.groups() if number)}"
    return next((name for word, name in _WORDS if word in described.lower()), None)


def _number(text: str) -> float | None:
    """Return a number written with a decimal comma or point, blanks between thousands; "-" is nil."""
    return 0.0 if text in {"-", "\u2013"} else parse_number(text, decimal_comma=True)


def _tidy(path: Path, cells: pd.DataFrame, service: str, year: int | None, title: str) -> pd.DataFrame:
    years = sorted(set(cells["year"]))
    chosen = str(year) if year is not None else years[-1] if years else ""
    if chosen not in years:
        raise InputError(f"{path}: no year {chosen}; there are {', '.join(filter(None, years)) or 'none in the file'}")
    cells = cells[cells["year"] == chosen]
    cells = cells[_timed(path, cells["described"], title)]
    rows, problems = [], []
    for region, described, further, text in cells[["region", "described", "further", "value"]].itertuples(index=False):
        value = np.nan if text in _MISSING else _number(text)
        if value is None or value < 0:
            problems.append(f'{region}, {described}: "{text}" is no number of minutes')
            continue
        code = _REGION_CODE.fullmatch(region)
        geography, name = (code[1], code[2]) if code else (region, region)
        name = _NAME_END.sub("", name)
        factor = next((factor for word, factor in _UNITS if word in described.lower()), 1.0)
        rows.append((geography, name.strip(), service, _statistic(described) or described, further, value * factor))
    found = pd.DataFrame(rows, columns=["geography", "name", "service", "statistic", "further", "value"])
    problems += _several(found)
    if problems:
        raise InputError.listing(str(path), problems)
    source = f"{_SOURCE}, {chosen}" if chosen else _SOURCE
    return found.drop(columns="further").assign(source=source)[
        ["geography", "name", "service", "statistic", "source", "value"]
    ]


def _timed(path: Path, described: pd.Series, title: str) -> npt.NDArray[np.bool_]:
    """Return which values are times: kilometres, which the table holds too, are no minutes."""
    whole = _measured(title)
    found = []
    for text in described:
        own, colon, heading = text.partition("12764:")
        found.append(_measured(own) or (_measured(heading) if colon else "") or whole)
    times, unclear = np.array([what in {"time", ""} for what in found]), [what == "either" for what in found]
    if any(unclear):
        first = described.iloc[unclear.index(True)]
        raise InputError(
            f'{path}: "{first}" does not say whether it is a distance or a time; save the table with the heading of '
            "its variable, or for drive time alone"
        )
    if not times.any():
        raise InputError(
            f"{path}: holds distances ({described.iloc[0]}), no travel times; save the table with drive time in minutes"
        )
    return times


def _measured(text: str) -> str:
    """Return what some words speak of: time, length, either, or "" for nothing of the kind.

    >>> [_measured(text) for text in ("Avstand (km)", "Avstand (minutter)", "Avstand og kjøretid", "P50")]
    ['length', 'time', 'either', '']
    """
    if any(word in text.lower() for word, _ in _UNITS):
        return "time"
    length, time = bool(_LENGTH.search(text)), bool(_DURATION.search(text))
    return "either" if length and time else "length" if length else "time" if time else ""


def _several(found: pd.DataFrame) -> Iterable[str]:
    """Say where a region has more than one value of a statistic."""
    keys = ["geography", "statistic"]
    double = found[found.duplicated(keys, keep=False)]
    for (geography, statistic), part in itertools.islice(double.groupby(keys), 3):
        which = "; ".join(dict.fromkeys(part["further"]))
        yield f"{geography} has {len(part)} values of {statistic} ({which}); save the table for one of them"

"""Files of published statistics: read, and begun for a study."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.measures import read_statistic
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study

__all__ = ["REFERENCE_COLUMNS", "read_encoded", "read_reference", "write_reference_template"]

REFERENCE_COLUMNS = ("geography", "service", "statistic", "value", "unit", "source")
_NEEDED = ("geography", "service", "statistic", "value", "source")
# What one of a unit is in minutes, as a share, or in people.
_UNITS = {
    "min": {"": 1.0, "min": 1.0, "minutes": 1.0, "minutter": 1.0, "s": 1 / 60, "h": 60.0},
    "share": {"": 1.0, "share": 1.0, "%": 0.01},
    "people": {"": 1.0, "people": 1.0},
}


def read_reference(path: Path) -> pd.DataFrame:
    """Read a table of published statistics, one number per row.

    A CSV with the columns `geography`, `service` (also called `measure`), `statistic`, `value`, `source` and, if one
    likes, `unit` and `name` (of the geography). Separated by commas, or by semicolons: then numbers may have a decimal
    comma. A row whose value is empty is kept: it is listed as not compared.

    Returns
    -------
    The columns as text, `value` in minutes, as a share from 0 to 1 or in people (NaN where empty).

    Raises
    ------
    MissingFileError
        If there is no such file.
    InputError
        With everything that is wrong: columns that are missing, values that are no numbers, are below 0, are shares
        above 1, or have a unit that the statistic cannot have.
    """
    text = read_encoded(path)
    header = text.split("\n", 1)[0]
    separator = ";" if header.count(";") > header.count(",") else ","
    rows = _rows(path, text, separator)
    if "service" not in rows and "measure" in rows:
        rows = rows.rename(columns={"measure": "service"})
    problems = [f'no column "{name}"{did_you_mean(name, rows.columns)}' for name in _NEEDED if name not in rows]
    if problems:
        raise InputError.listing(str(path), problems)
    if rows.empty:
        raise InputError(f"{path}: there is no row below the header")
    for column in ("unit", "name"):
        rows[column] = rows[column].str.strip() if column in rows else ""
    values = []
    for row in rows.to_dict("records"):
        value, problem = _value(row, decimal_comma=separator == ";")
        values.append(value)
        problems += [f"line {row['line']}: {problem}"] if problem else []
    if problems:
        raise InputError.listing(str(path), problems)
    texts: pd.DataFrame = rows[["geography", "name", "service", "statistic", "source"]].apply(
        lambda column: column.str.strip()
    )
    return texts.assign(value=np.array(values, dtype=np.float64))


def read_encoded(path: Path) -> str:
    """Return the text of a file in UTF-8 or, where it is not, in Latin-1 as older exports are; line ends are made one.

    Raises
    ------
    MissingFileError, InputError
        If there is no such file, or it holds bytes 0, which no text has.
    """
    content = files.require(path).read_bytes()
    if b"\0" in content:
        raise InputError(f"{path}: is not a text file; save it as CSV in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _rows(path: Path, text: str, separator: str) -> pd.DataFrame:
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=separator, strict=True)
        names = [name.strip().lower() for name in reader.fieldnames or []]
        reader.fieldnames = names
        found = [{"line": reader.line_num, **row} for row in reader]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as CSV: {error}") from error
    found = [row for row in found if any(str(row[name] or "").strip() for name in names)]
    long = [f"line {row['line']}: more values than the header has names" for row in found if None in row]
    if long:
        raise InputError.listing(str(path), long)
    return pd.DataFrame(found, columns=["line", *names]).fillna("")


def _value(row: Mapping[Any, str], *, decimal_comma: bool) -> tuple[float, str]:
    """Return a value in the unit of its statistic, and what is wrong with it ("" where nothing is)."""
    text = row["value"].strip().replace("\u00a0", "").replace(" ", "")
    if not text:
        return np.nan, ""
    try:
        value = float(text.replace(",", ".") if decimal_comma else text)
    except ValueError:
        return np.nan, f'value is "{row["value"]}"; write a number such as 12.5'
    problem = ""
    statistic = read_statistic(row["statistic"])
    unit = row["unit"].lower()
    factors = _UNITS[statistic.unit] if statistic else {}
    if not np.isfinite(value) or value < 0:
        problem = f"value is {text}; minutes, shares and people are numbers >= 0"
    elif statistic and unit not in factors:
        problem = f'unit is "{unit}"; {statistic.name} is given in {", ".join([*factors][1:])}'
    elif statistic and statistic.unit == "share" and value * factors[unit] > 1:
        problem = f'value is {text}; a share is at most 1, or give the unit "%"'
    return value * factors.get(unit, 1.0), problem


def write_reference_template(study: Study, path: Path) -> int:
    """Write a table to fill in with published numbers: every geography and service of the study; return its rows.

    Reads people and zones of the study and computes no travel times. Rows left without a value are listed as not
    compared, so those that are not needed may be deleted.

    Raises
    ------
    InputError
        If the file is there already, or as `check`.
    """
    from geoaccess.study import stages
    from geoaccess.study.centrality import join_table
    from geoaccess.study.settings.study_file import CentralityTable

    if path.exists():
        raise InputError(f"{path} is there already; give another name or remove it")
    cells = stages.read_people(study)
    joined, _ = stages.join_zones(study, cells)
    inside = joined[joined["municipality_id"] != ""]
    names = inside.drop_duplicates("municipality_id").sort_values("municipality_id")
    places = [(str(row.municipality_id), str(row.municipality)) for row in names.itertuples()]
    classes = [str(number) for number in range(1, 7)]
    if isinstance(study.settings.centrality, CentralityTable):
        found, _ = join_table(study, study.settings.centrality, cells[["population"]].join(joined))
        classes = [str(number) for number in sorted(found["centrality_class"].dropna().unique())]
    places += [(f"class {number}", "") for number in classes] + [("everybody", "")]
    rows = []
    for spec in study.specs:
        shares = [f"share_within_{norm / 60:g}" for norm in spec.norms_s]
        for statistic in ("median", "P90", *shares):
            unit = "share" if statistic in shares else "min"
            rows += [(place, name, spec.key, statistic, "", unit, "") for place, name in places]
    columns = ["geography", "name", "service", "statistic", "value", "unit", "source"]
    with files.writing(path) as temporary:
        pd.DataFrame(rows, columns=columns).to_csv(temporary, index=False, lineterminator="\n")
    return len(rows)

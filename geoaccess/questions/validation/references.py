"""Files of published statistics: read, and begun for a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures import read_statistic
from geoaccess.tables import column_numbers, csv_text, missing_columns, read_table, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study

__all__ = ["REFERENCE_COLUMNS", "read_reference", "write_reference_template"]

REFERENCE_COLUMNS = ("geography", "service", "statistic", "value", "unit", "source")
_NEEDED = ("geography", "service", "statistic", "value", "source")
_MOST = 1e10
"""As of every count: more people than there are on Earth."""
# What one of a unit is in minutes, as a share, or in people.
_UNITS = {
    "min": {"": 1.0, "min": 1.0, "minutes": 1.0, "minutter": 1.0, "s": 1 / 60, "h": 60.0},
    "share": {"": 1.0, "share": 1.0, "%": 0.01},
    "people": {"": 1.0, "people": 1.0},
}


@checks_arguments
def read_reference(path: Path) -> pd.DataFrame:
    """Read a table of published statistics, one number per row.

    A table with the columns `geography`, `service` (also called `measure`), `statistic`, `value`, `source` and, if one
    likes, `unit` and `name` (of the geography), of any kind that `read_table` takes. A row whose value is empty is
    kept: it is listed as not compared.

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
    rows = read_table(path)
    rows = rows.rename(columns={name: str(name).strip().lower() for name in rows.columns})
    if "service" not in rows and "measure" in rows:
        rows = rows.rename(columns={"measure": "service"})
    problems = missing_columns(rows, _NEEDED)
    if problems:
        raise InputError.listing(str(path), problems)
    if rows.empty:
        raise InputError(f"{path}: there is no row below the header")
    texts = pd.DataFrame({name: read_text(rows, name) for name in (*_NEEDED, "unit", "name")})
    numbers = column_numbers(rows, "value")
    values = []
    for label, row, number in zip(texts.index, texts.to_dict("records"), numbers.tolist(), strict=True):
        value, problem = _value(row, number)
        values.append(value)
        problems += [f"row {label}: {problem}"] if problem else []
    if problems:
        raise InputError.listing(str(path), problems)
    kept = texts[["geography", "name", "service", "statistic", "source"]]
    return kept.assign(value=np.array(values, dtype=np.float64)).reset_index(drop=True)


def _value(row: Mapping[Any, str], value: float) -> tuple[float, str]:
    """Return a value in the unit of its statistic, and what is wrong with it ("" where nothing is)."""
    text = row["value"]
    if np.isnan(value):
        return np.nan, f'value is "{text}"; write a number such as 12.5' if text else ""
    problem = ""
    statistic = read_statistic(row["statistic"])
    unit = row["unit"].lower()
    factors = _UNITS[statistic.unit] if statistic else {}
    if not 0 <= value <= _MOST:
        problem = f"value is {text}; minutes, shares and people are numbers >= 0, and at most {_MOST:,.0f}"
    elif statistic and unit not in factors:
        problem = f'unit is "{unit}"; {statistic.name} is given in {", ".join([*factors][1:])}'
    elif statistic and statistic.unit == "share" and value * factors[unit] > 1:
        problem = f'value is {text}; a share is at most 1, or give the unit "%"'
    return value * factors.get(unit, 1.0), problem


@checks_arguments
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

    if path.exists():
        raise InputError(f"{path} is there already; give another name or remove it")
    cells = stages.read_people(study)
    joined = stages.join_zones(study, cells)[0]
    inside = joined[joined["municipality_id"] != ""]
    names = inside.drop_duplicates("municipality_id").sort_values("municipality_id")
    places = [(str(row.municipality_id), str(row.municipality)) for row in names.itertuples()]
    classes = [] if study.settings.centrality.kind == "none" else list(study.scheme.ids)
    known = stages.classes_without_roads(study, cells[["population", "geometry"]].join(joined))
    if known is not None:
        there = study.scheme.positions(known[0]["centrality_class"])
        classes = [name for place, name in enumerate(study.scheme.ids) if (there == place).any()]
    places += [(f"class {number}", "") for number in classes] + [("everybody", "")]
    rows = []
    for spec in study.specs:
        shares = [f"share_within_{norm / 60:g}" for norm in (() if spec.norm_column else spec.norms_s)]
        for statistic in ("median", "P90", *shares):
            unit = "share" if statistic in shares else "min"
            rows += [(place, name, spec.key, statistic, "", unit, "") for place, name in places]
    columns = ["geography", "name", "service", "statistic", "value", "unit", "source"]
    with files.writing(path) as temporary:
        temporary.write_text(csv_text(pd.DataFrame(rows, columns=columns)), encoding="utf-8", newline="\n")
    return len(rows)

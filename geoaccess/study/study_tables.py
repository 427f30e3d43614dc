"""Small tables that a study file names: read as text, with the key that named them in every message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.tables import missing_columns, read_table, read_text, read_yes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.study.settings.study_file import Study

__all__ = ["read_given"]


def read_given(
    study: Study, name: str, columns: Sequence[str], *, key: str, yes: Sequence[str] = (), optional: Sequence[str] = ()
) -> pd.DataFrame:
    """Read columns of a table as text without blanks around it, and those of `yes` as true or false.

    Columns that are `optional` are "" where the table has none.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there or cannot be read, lacks a column, or says neither yes nor no where it should.
    """
    path = files.require(study.resolve(name), hint=f"check {key} in {study.path}")
    rows = read_table(path)
    problems = missing_columns(rows, [*columns, *yes])
    found: dict[str, pd.Series] = {column: read_text(rows, column) for column in columns if column in rows}
    for column in yes:
        if column in rows:
            answers, odd = read_yes(rows, column)
            found[column] = pd.Series(answers, index=rows.index)
            problems += odd
    if problems:
        raise InputError.listing(f"{path} ({key})", problems)
    found |= {column: read_text(rows, column) for column in optional}
    return pd.DataFrame(found, index=rows.index)

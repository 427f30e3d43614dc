"""The links of NVDB Ruteplan, read and checked: one table for both generations of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.frames import is_on_earth
from geoaccess.nvdb.source import are_whole, open_source, read_rows, read_turns
from geoaccess.tables import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.nvdb.source import Rows, Source

__all__ = ["FERRY_CLASS", "Links", "check_links", "read_links", "read_names"]

FERRY_CLASS = 4
"""`roadclass` of a ferry."""

_ONEWAYS = ("B", "FT", "TF")
_CLOSED_MIN = -1
_LONGEST_MIN = 24 * 60
_MOST_KPH = 300
_LEAST_KPH = 0.5
_SHORT_M = 50  # of a shorter link the minutes are mostly rounding
_SHOWN = 20
_NUMBERS = (
    "forward_min", "backward_min", "forward_kph", "backward_kph", "functional_class", "road_class", "ferry", "bridge",
    "tunnel", "barred", "bicycle", "max_weight_t", "max_height_m",
)  # fmt: skip


class Links(NamedTuple):
    """Links of Ruteplan.

    `table` has a row per link: `link` (its number), `from_node` and `to_node` (-1 where the file names none), `oneway`,
    minutes and limits both ways, `functional_class`, `category` (E, R, F, K, P, S), `number`, `name`, and true or false
    for `ferry`, `bridge`, `tunnel`, `barred`, `path`. `turns` holds banned turns: `left`, `over` (a link, or
    -1), `entered`. `x`, `y` are the points of all shapes, in metres of `crs`; `ptr` says which are whose.
    """

    table: pd.DataFrame
    turns: pd.DataFrame
    ptr: npt.NDArray[np.int64]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    crs: str
    year: int
    source: str


def read_links(path: Path) -> Links:
    """Read the links of a file of Ruteplan.

    Raises
    ------
    MissingFileError
        If it is not there.
    InputError
        With all that is wrong with it, by row, as `check_links` does.
    """
    source = open_source(path)
    rows = read_rows(source)
    table, ptr, points, problems = _checked(source, rows)
    if problems:
        raise InputError.listing(str(path), problems)
    return Links(table, read_turns(source), ptr, points[:, 0], points[:, 1], rows.crs, source.form.year, str(path))


def check_links(path: Path) -> int:
    """Return how many links a file has, or raise what `read_links` would."""
    return len(read_links(path).table)


def read_names(path: Path) -> pd.DataFrame:
    """Return the table of links without their shapes, and nothing checked."""
    source = open_source(path)
    return _plain(read_rows(source, shapes=False))


def _plain(rows: Rows) -> pd.DataFrame:
    """Return the links in the words of `Links`, whatever the generation of their fields."""
    raw = rows.table
    table = pd.DataFrame(index=raw.index)
    for name in _NUMBERS:
        table[name] = pd.to_numeric(raw[name], errors="coerce") if name in raw else np.nan
    table["link"] = pd.to_numeric(raw["link"], errors="coerce") if "link" in raw else raw.index.astype("float64")
    for name in ("from_node", "to_node"):
        table[name] = pd.to_numeric(read_text(raw, name).replace("", "-1"), errors="coerce")
    for name in ("oneway", "name", "road", "category", "medium"):
        table[name] = read_text(raw, name)
    number = pd.to_numeric(raw["number"], errors="coerce") if "number" in raw else pd.Series(np.nan, raw.index)
    table["number"] = number.where(are_whole(number), -1).astype("int64")
    table["category"] = (
        table["category"].where(table["category"] != "", table["road"].str.strip("{}").str[:1]).str.upper()
    )
    table["ferry"] = (table["ferry"] > 0) | (table["road_class"] == FERRY_CLASS)
    # Codes of where a road lies: B and L are bridges (bru, i luft), T and U tunnels (under terrenget).
    table["bridge"] = (table["bridge"] > 0) | table["medium"].isin(["B", "L"])
    table["tunnel"] = (table["tunnel"] > 0) | table["medium"].isin(["T", "U"])
    table["barred"] = table["barred"] > 0
    without_limit = ~(table["forward_kph"] > 0) & ~(table["backward_kph"] > 0)
    classless = table["functional_class"] < 0
    table["path"] = ~table["ferry"] & classless & ((table["bicycle"] > 0) | without_limit)
    return table.drop(columns=["road", "medium", "bicycle", "road_class"])


def _checked(
    source: Source, rows: Rows
) -> tuple[pd.DataFrame, npt.NDArray[np.int64], npt.NDArray[np.float64], list[str]]:
    """Return the links, the points of their shapes, and all that is wrong with them."""
    import shapely

    table = _plain(rows)
    points, owner = shapely.get_coordinates(rows.shapes, return_index=True)
    sizes = np.bincount(owner, minlength=len(table))
    ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    problems = [] if len(table) else [f"layer {source.links} has no link"]
    if not rows.crs or not is_on_earth(rows.crs):
        problems.append(f"layer {source.links} does not say its CRS; save it with one, as EPSG:25833")
    fields = source.form.fields
    problems += _wrong(table, sizes < 2, "shape", "is no line")  # noqa: PLR2004
    nowhere = np.bincount(owner[~np.isfinite(points).all(axis=1)], minlength=len(table)) > 0
    problems += _wrong(table, nowhere, "shape", "has a point that is nowhere")
    problems += _wrong(table, ~are_whole(table["link"]), fields.get("link", "row"), "is no whole number", rows, "link")
    repeated = table["link"].duplicated(keep=False) & np.isfinite(table["link"])
    problems += _repeated(table["link"][repeated], fields.get("link", "row"))
    for name in ("from_node", "to_node"):
        problems += _wrong(table, ~are_whole(table[name]), fields[name], "is no whole number", rows, name)
    known = table["oneway"].isin(_ONEWAYS)
    problems += _wrong(table, ~known, fields["oneway"], "must be B, FT or TF", rows, "oneway")
    metres = _metres(points, owner, len(table))
    for name in ("forward_min", "backward_min"):
        problems += _wrong(table, *_absurd(table[name].to_numpy(float), metres, fields[name]), rows, name)
    if not problems:
        table = table.astype({"link": "int64", "from_node": "int64", "to_node": "int64"})
    return table, ptr, points, problems


def _metres(points: npt.NDArray[np.float64], owner: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.float64]:
    steps = np.hypot(*np.diff(points, axis=0).T)
    own = owner[1:] == owner[:-1]
    return np.bincount(owner[1:][own], steps[own], minlength=size).astype(np.float64)


def _absurd(
    minutes: npt.NDArray[np.float64], metres: npt.NDArray[np.float64], field: str
) -> tuple[npt.NDArray[np.bool_], str, str]:
    """Return which minutes nobody can drive; -1 and no value are closed."""
    kph = np.divide(metres * 0.06, minutes, out=np.full(minutes.size, np.inf), where=minutes > 0)
    open_ = np.isfinite(minutes) & (minutes != _CLOSED_MIN)
    fast = (metres > _SHORT_M) & (kph > _MOST_KPH)
    slow = (metres > _SHORT_M) & (kph < _LEAST_KPH)
    wrong = open_ & ((minutes < 0) | (minutes > _LONGEST_MIN) | fast | slow) | np.isinf(minutes)
    return wrong, field, f"must be minutes (-1: closed) that mean {_LEAST_KPH:g} to {_MOST_KPH} km/h, a day at the most"


def _wrong(
    table: pd.DataFrame,
    wrong: npt.NDArray[np.bool_] | pd.Series,
    field: str,
    why: str,
    rows: Rows | None = None,
    name: str = "",
) -> list[str]:
    """Return a line for each wrong row, the first of them if they are many."""
    at = np.flatnonzero(np.asarray(wrong, np.bool_))
    lines = []
    for row in at[:_SHOWN].tolist():
        value = f" is {_spoken(rows.table[name].iloc[row])}" if rows is not None else ""
        lines.append(f"row {table.index[row]}: {field}{value}{';' if value else ''} {'it ' if value else ''}{why}")
    if at.size > _SHOWN:
        lines.append(f"{field}: {at.size - _SHOWN} more such rows")
    return lines


def _spoken(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(str(value))


def _repeated(links: pd.Series, field: str) -> list[str]:
    groups: Sequence[tuple[float, pd.Series]] = list(links.groupby(links, sort=False))
    lines = [
        f"rows {', '.join(map(str, same.index))}: {field} is {number:.0f} in each; a link must be there once"
        for number, same in groups[:_SHOWN]
    ]
    return lines + (
        [f"{field}: {len(groups) - _SHOWN} more numbers that are there twice"] if len(groups) > _SHOWN else []
    )

"""Ferries and passes that are open on some days: a table of how often, and draws of what is closed at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import ConfigError, InputError
from geoaccess.scenarios.changes import Close
from geoaccess.scenarios.roads import (
    edges_of_pieces,
    edges_of_ways,
    misses_network,
    numbers_in,
    pieces_inside,
    selected_pieces,
)
from geoaccess.tables import missing_columns, parse_number, read_table, read_text
from geoaccess.toml import did_you_mean, validate

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["Closures", "draw_closures", "read_closure_rows", "read_closures"]

_COLUMNS = ("what", "name", "osm_id", "ref", "polygon", "season", "availability", "area", "correlation", "note")
_COUNTED = ("closures", "closure_hours", "season_days")
_HOURS = 24.0
_NEEDED = ("what",)
_ALL = ("", "all")
_SEEDS = 2**63
_WAY = re.compile("-?[0-9]{1,19}")
_WHAT: dict[str, Literal["ferries", "roads"]] = {"ferry": "ferries", "pass": "roads"}


@dataclass(frozen=True, eq=False)
class Closures:
    """What may close, how often, and what closes together.

    `table` has a row per ferry or pass: `label`, `what`, `availability` (share of draws on which it is open), `area`,
    `correlation` and `note`; `edges` the edges that each closes. `left_out` are the labels of rows that close nothing,
    as no road of the network is in their polygon.
    """

    table: pd.DataFrame
    edges: tuple[npt.NDArray[np.int32], ...]
    left_out: tuple[str, ...] = ()


@checks_arguments
def read_closures(
    path: Path, network: Network, *, season: str | None = None, names: pd.DataFrame | None = None
) -> Closures:
    """Read a table of how often ferries and passes are open.

    The table (CSV) has a row per ferry or pass, and season: `what` ("ferry" or "pass"), `osm_id` of its way, or `name`
    ("all" stands for every car ferry of the network, each on its own), or of a pass its road number `ref` (several with
    ";") and a `polygon` around it (WKT, degrees): what of these roads lies in it, and `name` is what it is called. Rows
    whose polygon holds no road of the network are left out, as those of another region, and named in `left_out`.
    `season` ("all" or empty: always); `availability`, from 0 to 1, or in its place `closures` (a season, on average),
    `closure_hours` (how long one lasts) and `season_days`, which make it 1 - closures closure_hours / (24 season_days);
    the weather `area`, and the `correlation` of its rows within it (both may be left out: nothing else closes with it);
    and a `note`, such as where the number is from, which stands on what is made of it. Other columns are yours. What is
    not in the table is always open.

    Parameters
    ----------
    season
        The rows that count, beside those of all seasons.
    names
        What `geoaccess.osm.read_road_names` returns: needed where passes are named.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there, or with all that is wrong with it: columns that are missing, numbers outside 0 to 1,
        names and ways that the network does not have, an area without a correlation, or a season that must be chosen.
    """
    rows, named, problems = _counted(path, season)
    kept, edges, left_out = [], [], list[str]()
    for number, row in rows[named].iterrows():
        for label, ours in _edges(row, network, names, problems, left_out, f"row {number}"):
            described = {name: row[name] for name in ("what", "availability", "area", "correlation", "note")}
            kept.append({"label": label, **described})
            edges.append(ours)
    double = pd.Series([item["label"] for item in kept], dtype=object)
    problems += [f"{label} is there twice for the season" for label in double[double.duplicated()].unique()]
    if problems:
        raise InputError.listing(str(path), problems)
    if not kept:
        others = f" (not {', '.join(left_out)})" if left_out else ""
        raise InputError(f"{path}: no row is of a ferry or pass of this network{others}; name a table of its region")
    columns = ["label", "what", "availability", "area", "correlation", "note"]
    return Closures(pd.DataFrame(kept, columns=columns), tuple(edges), tuple(left_out))


def read_closure_rows(path: Path, *, season: str | None = None) -> pd.DataFrame:
    """Read the rows of a table of closures that count in a season, as `read_closures`, of whatever network they are.

    `availability` and `correlation` are numbers, all else is text; rows are called by their line numbers.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there, or with all that is wrong with it without regard to roads.
    """
    rows, _, problems = _counted(path, season)
    if problems:
        raise InputError.listing(str(path), problems)
    return rows


def _counted(path: Path, season: str | None) -> tuple[pd.DataFrame, npt.NDArray[np.bool_], list[str]]:
    """Return the rows that count in a season, which of them name what there can be, and what is wrong with them."""
    rows = _rows(path)
    seasons = sorted({text for text in rows["season"] if text not in _ALL})
    if season is None and seasons:
        raise InputError(f"{path}: has rows of {', '.join(seasons)}; say which season counts")
    if season is not None and season not in seasons:
        raise InputError(f'{path}: no row is of the season "{season}"{did_you_mean(season, seasons or _ALL[1:])}')
    rows = rows[rows["season"].isin([*_ALL, season or ""])]
    problems: list[str] = []
    shares, together, named = [], [], []
    for number, row in rows.iterrows():
        where, before = f"row {number}", len(problems)
        _refuse_unnamed(row, problems, where)
        named.append(len(problems) == before)
        shares.append(_availability(row, problems, where))
        together.append(_share(row["correlation"], "correlation", problems, where))
        if row["area"] == "" and together[-1] > 0:
            problems.append(f"{where}: correlation is {together[-1]:g}, but no area says with what")
    return rows.assign(availability=shares, correlation=together), np.array(named, np.bool_), problems


def _rows(path: Path) -> pd.DataFrame:
    """Return the rows of the file as text, by their line numbers."""
    rows = read_table(path)
    problems = missing_columns(rows, _NEEDED)
    if "availability" not in rows and not {*_COUNTED} <= set(rows):
        problems.append(f"no column availability, nor {', '.join(_COUNTED)}")
    problems += ["no column name, osm_id or ref"] if not {"name", "osm_id", "ref"} & set(rows) else []
    problems += ["has no row"] if rows.empty else []
    if problems:
        raise InputError.listing(str(path), problems)
    return pd.DataFrame({name: read_text(rows, name) for name in dict.fromkeys([*_COLUMNS, *rows.columns])})


def _availability(row: pd.Series[Any], problems: list[str], where: str) -> float:
    """Return the share of time that something is open: as it stands there, or by closures counted in a season."""
    counted = [row.get(name, "") for name in _COUNTED]
    if not any(counted):
        return _share(row["availability"], "availability", problems, where)
    if row["availability"] != "":
        problems.append(f"{where}: give availability, or {', '.join(_COUNTED)}; not both")
        return 0.0
    closures, hours, days = (parse_number(text) for text in counted)
    if closures is None or hours is None or days is None or min(closures, hours) < 0 or days <= 0:
        given = ", ".join(f"{name} is {text!r}" for name, text in zip(_COUNTED, counted, strict=True))
        problems.append(f"{where}: {given}; give numbers, at least 0, and days above 0")
        return 0.0
    closed = closures * hours / (_HOURS * days)
    if closed > 1:
        problems.append(f"{where}: {closures:g} closures of {hours:g} hours are more than {days:g} days")
    return max(0.0, 1 - closed)


def _share(text: str, name: str, problems: list[str], where: str) -> float:
    if text == "" and name == "correlation":
        return 0.0
    value = parse_number(text)
    if value is None or not 0 <= value <= 1:
        problems.append(f"{where}: {name} is {text!r}; give a number from 0 to 1")
        return 0.0
    return value


def _refuse_unnamed(row: pd.Series[Any], problems: list[str], where: str) -> None:
    """Note what a row names that there is nowhere, whatever the network."""
    if row["what"] not in _WHAT:
        problems.append(f'{where}: what is "{row["what"]}"; write ferry or pass')
    elif row["what"] == "ferry" and row["name"] == "all":
        return
    elif row["ref"] or row["polygon"]:
        if row["what"] != "pass" or not numbers_in(row["ref"]) or row["osm_id"] or not _is_polygon(row["polygon"]):
            problems.append(
                f"{where}: ref is {row['ref']!r} and polygon {row['polygon'][:40]!r}; give a pass by road number and "
                "an area in WKT that is valid, such as E6 and POLYGON((15 66, 16 66, 16 67, 15 66)), or by osm_id or "
                "name"
            )
    elif row["osm_id"] == "" and row["name"] == "":
        problems.append(f"{where}: gives neither name nor osm_id")
    elif row["osm_id"] and not _WAY.fullmatch(row["osm_id"]):
        problems.append(f"{where}: osm_id is {row['osm_id']!r}; give the number of a way")
    else:
        try:
            _named(row, where)
        except ConfigError as error:
            problems.append(str(error))


def _named(row: pd.Series[Any], where: str) -> Close:
    """Return what a row names by number or name."""
    which = {"osm_id": int(row["osm_id"])} if row["osm_id"] else {"name": row["name"]}
    return validate({"what": _WHAT[row["what"]], **which}, Close, subject=where)


def _is_polygon(text: str) -> bool:
    """Whether a text is a polygon in WKT that is valid."""
    import shapely

    area = shapely.from_wkt(text, on_invalid="ignore") if text else None
    return isinstance(area, shapely.Polygon) and area.is_valid and not area.is_empty


def _edges(
    row: pd.Series[Any],
    network: Network,
    names: pd.DataFrame | None,
    problems: list[str],
    left_out: list[str],
    where: str,
) -> list[tuple[str, npt.NDArray[np.int32]]]:
    """Return what a row closes, by label."""
    what = _WHAT[row["what"]]
    if row["what"] == "ferry" and row["name"] == "all":
        cars = network.ferries[network.ferries["cars"].astype(bool)]
        labels = cars["name"].where(cars["name"] != "", "way " + cars["way_id"].astype(str))
        groups = cars["way_id"].groupby(labels.to_numpy(), sort=False)
        chosen = [(str(label), [int(way) for way in ways]) for label, ways in groups]
        found = [(label, edges_of_ways(network, ways, what=what)) for label, ways in chosen]
        return [(label, edges) for label, edges in found if edges.size]
    if row["ref"] or row["polygon"]:
        return _numbered_road(row, network, names, problems, left_out, where)
    pieces = selected_pieces(_named(row, where), network, names, problems, where)
    return [(row["name"] or f"way {row['osm_id']}", edges_of_pieces(network, pieces))]


def _numbered_road(
    row: pd.Series[Any],
    network: Network,
    names: pd.DataFrame | None,
    problems: list[str],
    left_out: list[str],
    where: str,
) -> list[tuple[str, npt.NDArray[np.int32]]]:
    """Return what a row closes that says a road number and a place; where no road is there, it is left out by name."""
    import shapely

    label = row["name"] or f"{row['ref']} {row['polygon'][:20]}"
    wanted, area = {*numbers_in(row["ref"])}, shapely.from_wkt(row["polygon"])
    inside = pieces_inside(network, area, what="roads")
    if not inside.any():
        hint = misses_network(area, network)
        if hint:
            problems.append(f"{where}: {label}: no road of the network is in the polygon{hint}")
        else:
            left_out.append(label)
        return []
    if names is None:
        problems.append(f"{where}: {label} is named by its road number, and numbers of roads were not read")
        return []
    refs = names["ref"].reindex(network.way_id).fillna("")
    ours = np.array([not wanted.isdisjoint(numbers_in(ref)) for ref in refs], np.bool_)
    pieces = inside & ours[network.shape_way]
    if not pieces.any():
        problems.append(f"{where}: {label}: no road {row['ref']} of the network is in the polygon")
    return [(label, edges_of_pieces(network, pieces))]


@checks_arguments
def draw_closures(table: pd.DataFrame, *, draws: int, seed: int) -> npt.NDArray[np.bool_]:
    """Draw what is closed at once, true where closed: shape (draws, n_rows).

    A row with availability p is closed where z > F(p), F the inverse of the normal distribution, and
    z = sqrt(r) g + sqrt(1 - r) e: g is one standard normal number per draw and weather area, e one per draw and row, r
    the correlation of the row. So it is open in a share p of draws in the long run, and z of two rows in one area
    correlate by sqrt(r1 r2): with r = 1 all of an area that have one availability close together. This is the Gaussian
    copula with one factor per area.

    Each draw has its own stream of random numbers, set by the seed and its number: it is the same in whatever order,
    on however many workers, and however many there are of them.

    Parameters
    ----------
    table
        `availability`, `area` ("" for none) and `correlation` of each row, as in `Closures.table`.
    draws, seed
        How many draws, and a whole number >= 0.

    Raises
    ------
    InputError
        If there is no draw or the seed is negative.

    References
    ----------
    Li (2000), On default correlation: a copula function approach, Journal of Fixed Income 9(4), 43-54.

    Examples
    --------
    >>> table = pd.DataFrame({"availability": [0.9, 0.9], "area": ["west", "west"], "correlation": [1.0, 1.0]})
    >>> closed = draw_closures(table, draws=1000, seed=1)
    >>> bool((closed[:, 0] == closed[:, 1]).all()), bool(50 < closed[:, 0].sum() < 150)
    (True, True)
    """
    if draws < 1 or not 0 <= seed < _SEEDS:
        raise InputError(
            f"draws is {draws} and seed {seed}; give a number of draws above 0 and a seed from 0 to {_SEEDS - 1}"
        )
    share = table["availability"].to_numpy(np.float64)
    inside = np.clip(share, 1e-300, 1 - 1e-16)
    limit = np.array([NormalDist().inv_cdf(float(value)) for value in inside])
    limit = np.where(share >= 1, np.inf, np.where(share <= 0, -np.inf, limit))
    area, areas = pd.factorize(table["area"])
    alone = (table["area"] == "").to_numpy()
    load = np.where(alone, 0.0, table["correlation"].to_numpy(np.float64))
    closed = np.empty((draws, len(table)), np.bool_)
    for draw in range(draws):
        numbers = np.random.Generator(np.random.Philox(key=[seed, draw])).standard_normal(len(areas) + len(table))
        z = np.sqrt(load) * numbers[area] + np.sqrt(1 - load) * numbers[len(areas) :]
        closed[draw] = z > limit
    return closed

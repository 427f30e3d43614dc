"""The day of a study: how long people need by when they leave, with boats sailing by timetable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files, measures
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.osm import read_ferry_table, read_profile
from geoaccess.phrases import FALLBACK, Writer, text
from geoaccess.routing import attach_departures, day_profile, departures_on, gtfs_departures
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study
from geoaccess.tables import csv_text
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.network import Network
    from geoaccess.routing import Sailed
    from geoaccess.study.settings.study_file import Study

__all__ = ["DayProfile", "profile_day", "read_departures", "sailing_table", "short_table", "write_day_profile"]

_CLOCK_S = 3600


@dataclass(frozen=True)
class DayProfile:
    """What a day is like, for one service.

    `cells` has a row per cell: people, class, the time with average waits (`static_s`) and the columns of
    `geoaccess.routing.day_profile`; `by_class` the short table; `left_out` the ferries without departures and why;
    `ferries` how many departures each ferry has on the day.
    """

    service: str
    day: dt.date
    cells: gpd.GeoDataFrame
    by_class: pd.DataFrame
    ferries: pd.DataFrame
    left_out: dict[str, str]


def read_departures(study: Study, network: Network, day: dt.date) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the departures of a day and the days after it, from the study's table of ferries and GTFS feeds.

    Raises
    ------
    InputError
        If the study names neither, or as for reading them.
    """
    settings = study.settings.network
    if not (settings.ferries or settings.ferry_gtfs):
        raise InputError(
            f"{study.path}: no timetable; name a table of ferries with departures in [network] ferries "
            f"(`geoaccess ferries {study.path} --write FILE` begins one), or GTFS feeds in [network] ferry_gtfs"
        )
    rows = read_ferry_table(study.ferries) if study.ferries else []
    departures, left_out = departures_on(rows, network.ferries, day)
    feeds = [gtfs_departures(study.resolve(name), day) for name in settings.ferry_gtfs]
    tables = [table for table in (departures, *feeds) if len(table)]
    return pd.concat(tables, ignore_index=True) if tables else departures, left_out


@checks_arguments
def profile_day(study: Study, service: str, day: dt.date, *, show: bool = True) -> DayProfile:
    """Compute how the time to a service goes through a day.

    Raises
    ------
    InputError
        If the service is unknown or the study has no timetable.
    """
    if service not in study.settings.services:
        raise InputError(f'{study.path}: no service "{service}"{did_you_mean(service, study.settings.services)}')
    spec = next(spec for spec in study.specs if spec.key == service)
    if study.ferries:
        read_ferry_table(study.ferries)  # say what is wrong with it before the long work
    answers = solve_study(study, show=show)
    network = answers.network
    language = study.settings.language
    departures, left_out = read_departures(study, network, day)
    sailed = attach_departures(network, departures, limit_m=read_profile(study.profile).ferry.terminal_m)
    left_out |= dict.fromkeys(sailed.unknown, text(language, "terminal.quays_apart"))
    left_out |= _without_timetable(network, sailed, language)
    sites = answers.sites[(answers.sites["service"] == service).to_numpy()]
    snapped = stages.snap_all(study, network, answers.results, sites)
    figures = day_profile(snapped.cells, snapped.sites, sailed, direction=spec.direction, norms_s=spec.norms_s)
    kept = ["municipality_id", "municipality", "region", "centrality_class"]
    kept = [*dict.fromkeys(["population", spec.population]), *kept]
    cells = answers.results[[*kept, "geometry"]].join(figures)
    cells.insert(len(kept), "static_s", answers.results[f"{service}_s"])
    cells = cells[[*(name for name in cells.columns if name != "geometry"), "geometry"]]
    return DayProfile(
        service=service,
        day=day,
        cells=cells,
        by_class=_by_class(cells, spec),
        ferries=_sailing(departures, sailed),
        left_out=left_out,
    )


def _without_timetable(network: Network, sailed: Sailed, language: str) -> dict[str, str]:
    """Say which car ferries of the network have no departures."""
    closed = [network.shape_way[network.shape_ptr[e] : network.shape_ptr[e + 1]] for e in sailed.closed_edges]
    sailing = network.way_id[np.unique(np.concatenate(closed))] if closed else np.empty(0, np.int64)
    ferries = network.ferries
    others = ferries[(ferries["kind"] == "car ferry") & ~ferries["way_id"].isin(sailing)]
    names = others["name"].where(others["name"] != "", "way " + others["way_id"].astype(str))
    return dict.fromkeys(names, text(language, "terminal.no_timetable"))


def _sailing(departures: pd.DataFrame, sailed: Sailed) -> pd.DataFrame:
    """Return how many departures each ferry has on the day, both ways together, and its first and last."""
    today = departures[departures["departs_s"].lt(DAY_S) & ~departures["ferry"].isin(sailed.unknown)]
    table = today.groupby("ferry", sort=False)["departs_s"].agg(["size", "min", "max"]).reset_index()
    return pd.DataFrame(
        {
            "ferry": table["ferry"],
            "departures": table["size"],
            "first": table["min"].map(clock),
            "last": table["max"].map(clock),
        }
    )


def clock(seconds: float) -> str:
    """Return a time of day as HH:MM; a day later it says so.

    >>> clock(6.5 * 3600), clock(25 * 3600), clock(float("nan"))
    ('06:30', '01:00 +1', '-')
    """
    if not np.isfinite(seconds):
        return "-"
    days, rest = divmod(round(seconds / 60), 24 * 60)
    return f"{rest // 60:02}:{rest % 60:02}" + (f" +{days}" if days else "")


def _by_class(cells: pd.DataFrame, spec: measures.ServiceSpec) -> pd.DataFrame:
    """Return the short table: a row per centrality class with people, and one for all.

    Quantiles are of people: of their mean and of their worst time of the day. `share_within_*` is of people and the
    day; `people_by_boat` take a boat at some time of the day, `people_by_boat_only` at all; `median_gap_s` is the
    median, over the latter, of the longest time between two boats worth taking.
    """
    groups = [(f"{number}", part) for number, part in cells.groupby("centrality_class")]
    none = cells[cells["centrality_class"].isna()]
    if len(none):
        groups.append(("no class", none))
    rows = []
    for label, part in [*groups, ("all", cells)]:
        people = part[spec.population].to_numpy()
        bound = (part["departures"].fillna(0) > 0).to_numpy() | (
            np.isinf(part["by_land_s"]) & ~np.isinf(part["worst_s"])
        )
        gaps = part["longest_gap_s"].to_numpy()
        only = bound & np.isinf(part["by_land_s"]).to_numpy()
        row: dict[str, object] = {
            "class": label,
            "people": people.sum(),
            "median_of_mean_s": measures.weighted_quantile(part["mean_s"], people, 0.5),
            "p90_of_mean_s": measures.weighted_quantile(part["mean_s"], people, 0.9),
            "p90_of_worst_s": measures.weighted_quantile(part["worst_s"], people, 0.9),
        }
        for norm in spec.norms_s:
            share = part[f"share_within_{norm:g}s"].fillna(0).to_numpy()
            row[f"share_within_{norm:g}s"] = (share * people).sum() / people.sum()
        row["people_by_boat"] = people[bound].sum()
        row["people_by_boat_only"] = people[only].sum()
        row["median_gap_s"] = measures.weighted_quantile(gaps[only], people[only], 0.5)  # NaN where there are none
        rows.append(row)
    return pd.DataFrame(rows)


@checks_arguments
def sailing_table(profile: DayProfile, *, language: str = FALLBACK) -> pd.DataFrame:
    """Return the ferries that sail on the day as they are printed."""
    writer = Writer(language, ("terminal",))
    return profile.ferries.rename(columns={name: writer[name] for name in ("ferry", "departures", "first", "last")})


@checks_arguments
def short_table(profile: DayProfile, *, language: str = FALLBACK) -> pd.DataFrame:
    """Return the table by class as it is printed: minutes, hours for the gap, per cent of people and day."""
    table, writer = profile.by_class, Writer(language, ("terminal",))
    words = {"all": writer["all"], "no class": writer["no class"]}
    out = pd.DataFrame({writer["class"]: table["class"].replace(words), writer["people"]: table["people"]})
    named = {"median_of_mean_s": "day_median", "p90_of_mean_s": "day_p90", "p90_of_worst_s": "day_worst"}
    for name, title in named.items():
        out[writer[title]] = (table[name] / 60).map(
            lambda minutes: writer["never"] if np.isinf(minutes) else _written(minutes, 0, writer)
        )
    for name in table.columns[table.columns.str.startswith("share_within_")]:
        norm = float(name.removeprefix("share_within_").removesuffix("s")) / 60
        out[writer.text("percent_in", norm=writer.plain(norm))] = table[name].map(
            lambda share: _written(100 * share, 1, writer)
        )
    out[writer["by_boat"]], out[writer["boat_only"]] = table["people_by_boat"], table["people_by_boat_only"]
    out[writer["gap_h"]] = (table["median_gap_s"] / _CLOCK_S).map(lambda hours: _written(hours, 1, writer))
    return out


def _written(value: float, decimals: int, writer: Writer) -> str:
    return writer["missing"] if np.isnan(value) else writer.number(round(value, decimals), decimals)


@checks_arguments
def write_day_profile(study: Study, profile: DayProfile) -> list[Path]:
    """Write the cells as Parquet and CSV and the short table as CSV into the output folder; return the files."""
    stem = f"profile_{profile.service}_{profile.day:%Y-%m-%d}"
    disclaimer = study.settings.disclaimer
    flat = pd.DataFrame(profile.cells.drop(columns="geometry")).reset_index()
    tables = {f"{stem}.csv": flat, f"{stem}_classes.csv": profile.by_class}
    written = []
    for name, table in tables.items():
        with files.writing(study.output / name) as temporary:
            content = csv_text(table.assign(disclaimer=disclaimer) if disclaimer else table, float_format="%.6g")
            temporary.write_text(content, encoding="utf-8", newline="\n")
        written.append(study.output / name)
    with files.writing(study.output / f"{stem}.parquet") as temporary:
        profile.cells.to_parquet(temporary)
    return [*written, study.output / f"{stem}.parquet"]

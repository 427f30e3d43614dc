"""The day of a study: how long people need by when they leave, with boats sailing by timetable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.phrases import FALLBACK, Writer, text
from geoaccess.questions.asked_service import find_service
from geoaccess.routing import attach_departures, day_profile
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.results.tables import marked, masked
from geoaccess.study.settings.timetable import named_day
from geoaccess.study.stamps import InputStamps
from geoaccess.tables import csv_text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.network import Network
    from geoaccess.routing import Sailed
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "DayProfile",
    "overview_table",
    "profile_day",
    "profile_days",
    "sailing_table",
    "short_table",
    "write_day_profile",
]

_CLOCK_S = 3600


@dataclass(frozen=True)
class DayProfile:
    """What a day is like, for one service.

    `cells` has a row per cell: people, class, the time of the study, with mean waits (`static_s`) and the columns of
    `geoaccess.routing.day_profile`; `by_class` the short table; `left_out` the ferries without departures and why;
    `ferries` how many departures each ferry has on the day; `results` those of the study.
    """

    service: str
    day: dt.date
    cells: gpd.GeoDataFrame
    by_class: pd.DataFrame
    ferries: pd.DataFrame
    left_out: dict[str, str]
    results: pd.DataFrame
    stamps: InputStamps = field(default_factory=InputStamps)


@checks_arguments
def profile_day(study: Study, service: str, day: dt.date, *, show: bool = True) -> DayProfile:
    """Compute how the time to a service goes through a day.

    Raises
    ------
    InputError
        If the service is unknown or the study has no timetable.
    """
    return profile_days(study, [service], [day], show=show)[0]


@checks_arguments
def profile_days(
    study: Study, services: Sequence[str], days: Sequence[dt.date | str], *, show: bool = True
) -> list[DayProfile]:
    """Compute how the times to some services go through some days; the study is solved once.

    Parameters
    ----------
    services
        Keys of the study.
    days
        Dates, or days of the week ("sunday"): the first one of the timetables with their most common number of boats.

    Returns
    -------
    A profile for each day and service: the first day with all services, then the next.

    Raises
    ------
    InputError
        If a service is unknown, the study has no timetable, or a timetable does not hold a day.
    """
    specs = {service: find_service(study, service) for service in services}
    timetables = stages.read_timetables(study)  # say what is wrong with it before the long work
    dates = list(dict.fromkeys(timetables.day(_text_of(day))[0] for day in days))
    answers = solve_study(study, show=show)
    network = _untimed(study, answers.network)
    snapped = answers.snapped
    if network is not answers.network:
        snapped = stages.snap_all(study, network, answers.results, answers.sites)
    everybody, vehicles = stages.Roads(network, snapped), _vehicles(answers)
    found = []
    for date in dates:
        departures, left_out = timetables.departures(network.ferries, date)
        limit_m = stages.limit_m_of(study)
        sailed = attach_departures(network, departures, limit_m=limit_m)
        theirs = None if vehicles is None else attach_departures(vehicles.plain, departures, limit_m=limit_m)
        left_out |= _left_out(network, sailed, study.settings.language)
        ferries = _sailing(departures, sailed)
        for service in dict.fromkeys(services):
            ours, own = (answers.sites["service"] == service).to_numpy(), specs[service].from_call
            at = (vehicles if own and vehicles is not None else everybody).snapped
            boats = theirs if own and theirs is not None else sailed
            cells = _cells(answers, at.cells, at.sites[ours], boats, specs[service])
            by_class = _by_class(cells, specs[service])
            found.append(DayProfile(service, date, cells, by_class, ferries, left_out, answers.results, answers.stamps))
    return found


def _text_of(day: dt.date | str) -> str:
    try:
        return named_day(day if isinstance(day, str) else day.isoformat())
    except ValueError as error:
        raise InputError(f"the day: {error}") from error


def _cells(
    answers: Answers, cells: pd.DataFrame, sites: pd.DataFrame, sailed: Sailed, spec: measures.ServiceSpec
) -> gpd.GeoDataFrame:
    figures = day_profile(cells, sites, sailed, direction=spec.direction, norms_s=spec.norms_s)
    kept = ["municipality_id", "municipality", "region", "centrality_class"]
    kept = [*dict.fromkeys(["population", spec.population]), *kept, *filter(None, [spec.norm_column])]
    out = answers.results[[*kept, "geometry"]].join(figures)
    if spec.norm_column:
        out = _own_norm(out, spec)
    out.insert(len(kept), "static_s", answers.results[f"{spec.key}_s"])
    ordered: gpd.GeoDataFrame = out[[*(name for name in out.columns if name != "geometry"), "geometry"]]
    return ordered


def _within(norms: Sequence[float]) -> str:
    """Return the column of the share of the day within a norm; where cells differ in theirs it names all."""
    return f"share_within_{'_'.join(f'{norm:g}s' for norm in norms)}"


def _own_norm(cells: gpd.GeoDataFrame, spec: measures.ServiceSpec) -> gpd.GeoDataFrame:
    """Put the share of the day within the norm of the cell in place of those within every norm there is."""
    every = [_within([norm]) for norm in spec.norms_s]
    own = spec.limits(cells)[0]
    share = np.select([own == norm for norm in spec.norms_s], [cells[name].to_numpy() for name in every], np.nan)
    out: gpd.GeoDataFrame = cells.drop(columns=every)
    return out.assign(**{_within(spec.norms_s): share})


def _untimed(study: Study, network: Network) -> Network:
    """Return the network on which boats wait on average, whatever the study has them do."""
    return (
        stages.build_or_load_network(stages.without_timetable(study))[0] if stages.follows_timetable(study) else network
    )


def _vehicles(answers: Answers) -> stages.Roads | None:
    """Return the roads as ambulances drive them, on which boats wait on average; None where these are everybody's."""
    study, vehicles = answers.study, answers.vehicles
    if vehicles is None or study.response is None or study.response.profile is None:
        return None
    network = _untimed(study.with_profile(study.response.profile), vehicles.plain)
    if network is vehicles.plain:
        return vehicles
    return stages.Roads(network, stages.snap_all(study, network, answers.results, answers.sites))


def _left_out(network: Network, sailed: Sailed, language: str) -> dict[str, str]:
    """Say which ferries do not sail by the timetable, and which sail by one of two."""
    edges = [network.shape_way[network.shape_ptr[e] : network.shape_ptr[e + 1]] for e in sailed.timed_edges]
    sailing = network.way_id[np.unique(np.concatenate(edges))] if edges else np.empty(0, np.int64)
    ferries = network.ferries
    others = ferries[(ferries["kind"] == "car ferry") & ~ferries["way_id"].isin(sailing)]
    names = others["name"].where(others["name"] != "", "way " + others["way_id"].astype(str))
    apart = dict.fromkeys(sailed.unknown, text(language, "terminal.quays_apart"))
    return apart | sailed.twice | dict.fromkeys(names, text(language, "terminal.no_timetable"))


def _sailing(departures: pd.DataFrame, sailed: Sailed) -> pd.DataFrame:
    """Return how many departures each ferry has on the day, both ways together, and its first and last."""
    today = departures[departures["departs_s"].lt(DAY_S) & ~departures["ferry"].isin([*sailed.unknown, *sailed.twice])]
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
        for norms in spec.norm_limits:
            share = part[_within(norms)].fillna(0).to_numpy()
            row[_within(norms)] = (share * people).sum() / people.sum()
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
        norms = [float(norm.removesuffix("s")) for norm in name.removeprefix("share_within_").split("_")]
        out[writer.text("percent_in", norm=writer.norm(norms))] = table[name].map(
            lambda share: _written(100 * share, 1, writer)
        )
    out[writer["by_boat"]], out[writer["boat_only"]] = table["people_by_boat"], table["people_by_boat_only"]
    out[writer["gap_h"]] = (table["median_gap_s"] / _CLOCK_S).map(lambda hours: _written(hours, 1, writer))
    return out


@checks_arguments
def overview_table(
    profiles: Sequence[DayProfile], labels: Mapping[str, str], *, language: str = FALLBACK
) -> pd.DataFrame:
    """Return a table of several profiles as it is printed: a row of everybody for each service and day."""
    writer = Writer(language, ("terminal",))
    shown = [writer[name] for name in ("people", "day_median", "day_p90", "day_worst", "by_boat", "boat_only", "gap_h")]
    rows = []
    for profile in profiles:
        row = short_table(profile, language=language).iloc[[-1]][shown]
        row.insert(0, writer["service"], labels[profile.service])
        row.insert(1, writer["day"], writer.day(profile.day.isoformat()))
        rows.append(row)
    return pd.concat(rows, ignore_index=True)


def _written(value: float, decimals: int, writer: Writer) -> str:
    return writer["missing"] if np.isnan(value) else writer.number(round(value, decimals), decimals)


@checks_arguments
def write_day_profile(study: Study, profile: DayProfile) -> list[Path]:
    """Write the cells as Parquet and CSV and the short table as CSV into the output folder, all or nothing.

    Returns
    -------
    The files.
    """
    stem = f"profile_{profile.service}_{profile.day:%Y-%m-%d}"
    disclaimer = study.settings.disclaimer
    cells = masked(profile.cells, study, known=profile.results)
    flat = pd.DataFrame(cells.drop(columns="geometry")).reset_index()
    tables = {f"{stem}.csv": flat, f"{stem}_classes.csv": profile.by_class}
    names = [*tables, f"{stem}.parquet"]
    with result_files(study.output, former=lambda: names, stamps=profile.stamps) as temporary:
        for name, table in tables.items():
            content = csv_text(marked(table, disclaimer), float_format="%.6g")
            (temporary / name).write_text(content, encoding="utf-8", newline="\n")
        cells.to_parquet(temporary / f"{stem}.parquet")
    return [study.output / name for name in names]

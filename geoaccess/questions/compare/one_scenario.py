"""What one scenario does to a study: cells, tables, notes, and figures to set beside those of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import scenarios
from geoaccess.errors import InputError
from geoaccess.phrases import Writer
from geoaccess.questions.compare.compare_measures import measured
from geoaccess.questions.compare.runs import changes_between
from geoaccess.questions.scenario_notes import notes_of_names
from geoaccess.questions.scenario_run import apply_scenario
from geoaccess.study.place_names import named_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.questions.compare.compare_measures import Measure
    from geoaccess.questions.scenario_run import Baseline, ScenarioRun
    from geoaccess.scenarios import NetworkChange, Scenario
    from geoaccess.study.settings.study_file import Study

__all__ = ["SITES_OF", "Common", "Solved", "places_of", "records", "solved", "solved_there"]

SITES_OF = ("nearest", "allowed")
"""Measures of which it matters which site it is."""
_MUNICIPALITY = ["municipality_id", "municipality"]
_MIN = 60.0


@dataclass(frozen=True, eq=False)
class Common:
    """What all scenarios are compared with: `side` are the measures of the study as it is, `place` where its cells lie.

    Both are None where every scenario has people of its own.
    """

    study: Study
    base: Baseline
    measures: list[Measure]
    side: pd.DataFrame | None
    place: pd.Series[str] | None


@dataclass(frozen=True, eq=False)
class Solved:
    """What one scenario does: its cells, tables and notes, and figures `before` and `after` to set beside others."""

    cells: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    notes: list[str]
    figures: dict[str, dict[tuple[str, str, str], float]]


def solved_there(common: Common, scenario: Scenario) -> Solved:
    """Solve a scenario in a process of its own."""
    return solved(common, apply_scenario(common.base, scenario))


def solved(common: Common, one: ScenarioRun) -> Solved:
    """Solve a scenario, and compare it with the study as it is."""
    study, base, measures = common.study, common.base, common.measures
    same = one.base is base
    side = common.side if same and common.side is not None else measured(measures, one.base)
    place = common.place if same and common.place is not None else places_of(one.base)
    results = pd.DataFrame(one.base.results.drop(columns="geometry"))
    before, after = (
        results[results.columns.difference(here.columns, sort=False)].join(here)
        for here in (side, measured(measures, one.base, one))
    )
    found = _differences(measures, before, after)
    found["place"] = place
    tables = _tables(one.base.study, measures, found, before, after)
    tables["moves"] = _moves(one, measures, found)
    if one.scenario.population is not None:
        tables["years"] = _against_today(base, one, after)
    for table in tables.values():
        table.insert(0, "scenario", one.scenario.title)
    figures = {when: _figures(tables["everybody"], tables["equity"], when) for when in ("before", "after")}
    _nobody_lost(tables["everybody"])
    return Solved(found, tables, _notes(one, study, measures), figures)


def places_of(base: Baseline) -> pd.Series[str]:
    """Return what people would call the place of each cell."""
    return named_places(base.study, base.results, base.answers.sites, base.answers.zones)


def _against_today(base: Baseline, one: ScenarioRun, after: pd.DataFrame) -> pd.DataFrame:
    """Return how the other people of a scenario do in it, against the people of today as it is."""
    specs = base.study.specs
    times = {f"{spec.key}_{end}": after[f"{spec.key}_{end}"] for spec in specs for end in ("s", "site", "reason")}
    writer = Writer(base.study.settings.language, ("runs",))
    table = changes_between(base.results, one.base.results.assign(**times), specs, writer=writer)[0]
    return table.assign(measure="nearest")


def _differences(measures: Sequence[Measure], before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    found = scenarios.cell_differences(before, after, services=[one.spec for one in measures if one.is_time])
    columns: dict[str, Any] = {}
    for one in measures:
        if not one.is_time:
            key = one.spec.key
            columns[f"{key}_before"], columns[f"{key}_after"] = before[key], after[key]
            columns[f"{key}_change"] = scenarios.supply_differences(before[key], after[key])
    double = found.columns.intersection(list(columns))
    if len(double):
        raise InputError(f"[catchments]: {', '.join(double)} would be two columns; choose another name")
    return found.assign(**columns)


def _tables(
    study: Study, measures: Sequence[Measure], cells: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    specs = [one.spec for one in measures if one.is_time]
    places = []
    for spec in specs:
        top = scenarios.most_affected(cells, cells["place"], service=spec.key, population=spec.population)
        top.insert(0, "service", spec.key)
        places.append(top)

    def summed(by: str | list[str] | None = None) -> pd.DataFrame:
        tables = [scenarios.difference_table(cells, services=specs, by=by)]
        for one in measures:
            if not one.is_time:
                people = before[study.demand_of(study.settings.catchments[one.name])]
                table = scenarios.supply_table(cells, name=one.spec.key, population=people, by=by)
                tables.append(table.assign(service=one.spec.key))
        return pd.concat(tables, ignore_index=True)

    tables = {
        "everybody": summed(),
        "classes": summed("centrality_class"),
        "municipalities": summed(_MUNICIPALITY),
        "equity": scenarios.equity_differences(before, after, services=specs),
        "places": pd.concat(places, ignore_index=True),
    }
    return {name: _by_measure(table, measures) for name, table in tables.items()}


def _moves(one: ScenarioRun, measures: Sequence[Measure], cells: pd.DataFrame) -> pd.DataFrame:
    """Return who goes to which other site: to the nearest, and to the nearest of those that people may use."""
    names = pd.concat([one.base.answers.sites["name"], one.sites["name"]])
    names = names[~names.index.duplicated(keep="last")]
    parts = []
    for measure in (some for some in measures if some.is_time and some.name in SITES_OF):
        table = scenarios.site_moves(cells, service=measure.spec.key, population=measure.spec.population)
        for when in ("before", "after"):
            table.insert(0, f"name_{when}", table[f"site_{when}"].map(names).fillna("").astype("str"))
        table.insert(0, "measure", measure.name)
        table.insert(0, "service", measure.service)
        parts.append(table)
    order = ["service", "measure", "site_before", "name_before", "site_after", "name_after", "cells", "people"]
    return pd.concat(parts, ignore_index=True)[order]


def _by_measure(table: pd.DataFrame, measures: Sequence[Measure]) -> pd.DataFrame:
    """Put service and measure in place of the key of the columns, in the order of the measures."""
    keys = [one.spec.key for one in measures]
    table = table.sort_values("service", key=lambda column: column.map(keys.index), kind="stable", ignore_index=True)
    named = {one.spec.key: one for one in measures}
    found = table.assign(service=[named[key].service for key in table["service"]])
    found.insert([*found.columns].index("service") + 1, "measure", [named[key].name for key in table["service"]])
    return found


def _nobody_lost(table: pd.DataFrame) -> None:
    """Check that everybody is in one of the changes."""
    counted = table[list(scenarios.CHANGES)].sum(axis=1)
    wrong = (counted - table["population"]).abs() > 1e-6 * table["population"]
    if wrong.any():
        lost = ", ".join((table["service"] + " " + table["measure"])[wrong])
        raise InputError(f"people in are not people out, of {lost}; please report this")


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _figures(everybody: pd.DataFrame, equity: pd.DataFrame, when: str) -> dict[tuple[str, str, str], float]:
    """Return the key figures of everybody, by service, measure and name."""
    gini = equity[equity["index"] == "gini"].set_index(["service", "measure"])[when]
    reached = {"before": ["better", "worse", "same", "became_unreached"]}
    found: dict[tuple[str, str, str], float] = {}
    for row in records(everybody):
        key = str(row["service"]), str(row["measure"])
        named = {
            "people": row["population"],
            "people_unreached": row["population"]
            - sum(row[name] for name in reached.get(when, ["better", "worse", "same", "became_reached"])),
        }
        named |= _figures_of_time(row, when, float(gini[key])) if key in gini.index else _figures_of_supply(row, when)
        if when == "after":
            named |= {f"people_{name}": row[name] for name in ("better", "worse", "became_reached", "became_unreached")}
        found |= {(*key, name): float(value) for name, value in named.items()}
    return found


def _figures_of_supply(row: dict[str, Any], when: str) -> dict[str, float]:
    return {"mean_per_person": row[f"mean_per_person_{when}"], "gini_of_everybody": row[f"gini_{when}"]}


def _figures_of_time(row: dict[str, Any], when: str, gini: float) -> dict[str, float]:
    named = {"median_min": row[f"median_{when}_s"] / _MIN, "p90_min": row[f"p90_{when}_s"] / _MIN}
    norms = [number for number in range(1, 10) if not np.isnan(row.get(f"within_norm_{number}_before", np.nan))]
    names = {number: _norm_name(row[f"norm_{number}_s"]) for number in norms}
    for number, name in names.items():
        named[f"people_within_{name}"] = row[f"within_norm_{number}_{when}"]
    named["gini_of_reached"] = gini
    if when == "after":
        hours = [f"person_hours_per_year_{what}" for what in ("won", "lost")]
        named |= {name: row[name] for name in ("person_min_won", "person_min_lost")}
        named |= {name: row[name] for name in hours if not np.isnan(row.get(name, np.nan))}
        for number, name in names.items():
            named[f"people_into_{name}"] = row[f"into_norm_{number}"]
            named[f"people_out_of_{name}"] = row[f"out_of_norm_{number}"]
    return named


def _norm_name(norm_s: float) -> str:
    """Return the end of the name of a figure: the minutes of a norm, or that each cell is held against its own."""
    return "own_norm" if np.isnan(norm_s) else f"{norm_s / _MIN:g}_min"


def _notes(one: ScenarioRun, study: Study, measures: Sequence[Measure]) -> list[str]:
    """Say what a reader of a scenario should know."""
    scenario, sites = one.scenario, one.snapped.sites
    writer = Writer(study.settings.language, ("comparison",))
    notes = notes_of_names(study, one.named, one.base.answers.sites, one.sites, writer)
    if scenario.population is not None:
        notes.append(writer.text("note_people", n=writer.people(one.base.answers.population)))
    if one.base.day is not None:
        notes.append(writer.text("note_day", day=writer.date(one.base.day)))
    elif len(one.roads.closed) or len(one.roads.slowed):
        notes.append(writer["note_waits"])
    if len(one.roads.closed):
        notes.append(writer.text("note_closed", n=len(one.roads.closed)))
    if scenario.network is not None:
        notes += _network_notes(scenario.network, study, writer)
    added = {scenarios.site_label(item): item for item in scenario.add}
    placed = {label: item.name or label for label, item in added.items()}
    placed |= {item.site: one.sites["name"].get(item.site) or item.site for item in scenario.move}
    far = [name for label, name in placed.items() if sites["edge"].get(label, 0) < 0]
    if far:
        notes.append(writer.text("note_far", m=writer.plain(study.settings.snap.max_m), names=", ".join(far)))
    return [*notes, *_assumed(one, study, measures, writer)]


def _network_notes(change: NetworkChange, study: Study, writer: Writer) -> list[str]:
    """Say how roads and boats differ from those of the study."""
    notes = [] if change.profile is None else [writer.text("note_profile", profile=change.profile)]
    usual = study.settings.network
    if (change.wait or usual.wait) == "timetable" and (change.wait or change.timetable):
        said = change.timetable.model_dump(exclude_none=True) if change.timetable else {}
        meant = usual.timetable.model_copy(update=said)
        begin, end = meant.hours
        notes.append(writer.text("note_timetable", day=writer.day(meant.day), begin=begin, end=end))
    elif change.wait == "profile" and usual.wait == "timetable":
        notes.append(writer["note_no_timetable"])
    return notes


def _assumed(one: ScenarioRun, study: Study, measures: Sequence[Measure], writer: Writer) -> list[str]:
    """Say what the other measures of a scenario take for granted."""
    notes: list[str] = []
    if any(measure.name == "expected" for measure in measures):
        notes.append(writer["note_weekly"])
    for measure in measures:
        service = study.settings.services[measure.service]
        new = [scenarios.site_label(item) for item in one.scenario.add if item.service == measure.service]
        new = [label for label in new if label in one.sites.index]
        catchment = None if measure.is_time else study.settings.catchments[measure.name]
        unknown = [label for label in new if pd.isna(one.site_values("capacity")[label])]
        if catchment and (catchment.supply or catchment.lists) and unknown:
            notes.append(
                writer.text("note_no_capacity", names=", ".join(unknown), catchment=catchment.label or measure.name)
            )
        if measure.is_time and measure.name == "allowed" and service.rule is not None:
            stated = {item.site for item in one.scenario.change if item.allowed is not None}
            open_to = [label for label in new if label not in stated]
            if service.rule.kind != "own":
                notes += [writer.text("note_nobody", names=", ".join(open_to))] if open_to else []
            elif one.base.answers.zones is None:
                moved = [
                    item.site for item in one.scenario.move if one.sites["service"].get(item.site) == measure.service
                ]
                placed = [*open_to, *(label for label in moved if label not in stated)]
                notes += [writer.text("note_no_borders", names=", ".join(placed))] if placed else []
        if measure.is_time and measure.name == "expected" and service.opening:
            unclear = (one.site_values("days_per_week") > 0) & one.site_values("opening").isna()
            part = [str(label) for label in one.sites.index[unclear & (one.sites["service"] == measure.service)]]
            notes += [writer.text("note_hours", label=measure.spec.label, names=", ".join(part))] if part else []
    return notes

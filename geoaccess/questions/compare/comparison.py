"""A study compared with itself under scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.phrases import PersonHours, Writer, section, supply_values
from geoaccess.questions.compare.changed import changes_something
from geoaccess.questions.compare.compare_measures import compare_measures, measured
from geoaccess.questions.compare.one_scenario import Common, Solved, places_of, records, solved, solved_there
from geoaccess.questions.compare.runs import changes_shown
from geoaccess.questions.scenario_changes import refuse_same_titles
from geoaccess.questions.scenario_run import apply_scenarios, files_named, needs_names, solve_baseline
from geoaccess.questions.spread import is_here, spread
from geoaccess.study.results.ground import drawn_ahead

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from geoaccess.questions.compare.compare_measures import Measure
    from geoaccess.questions.scenario_run import Baseline, ScenarioRun
    from geoaccess.scenarios import Scenario
    from geoaccess.study.answers import Answers
    from geoaccess.study.results.ground import DrawnAhead
    from geoaccess.study.settings.study_file import Study

__all__ = ["Compared", "compare_study", "people_against_today", "printed_comparison", "printed_supplies"]

_MIN = 60.0
_SOLVING = "solving scenarios"
_CHANGES = ("better", "worse", "same", "became_reached", "became_unreached", "unreached")
_SUPPLIES = ("more", "less", "same", "now_some", "none_left", "never_any")
"""What the changes are called of supply, which is no time: nobody has a shorter or longer one."""


def people_against_today(compared: Compared, title: str | None = None) -> pd.DataFrame:
    """Return the table `years` of everybody as it is shown, of one scenario or all; empty where people are the same."""
    years = compared.tables.get("years", pd.DataFrame(columns=["scenario", "zoning"]))
    if title is not None:
        years = years[years["scenario"] == title]
    writer = Writer(compared.study.settings.language, ("runs", "terminal", "comparison"))
    named = years.assign(before=writer["before"], after=years["scenario"])
    return changes_shown(named, {spec.key: spec.label for spec in compared.study.specs}, writer)


@dataclass(frozen=True, eq=False)
class Compared:
    """What scenarios do to a study.

    `measures` are the nearest time of every service and what else there is of it: the time expected over the week, the
    time to a site that may be used, and the catchments. `cells` has for each scenario the table of
    `geoaccess.scenarios.cell_differences` (columns of the nearest time begin with the service, of the others with
    service and measure, such as `gp_expected_before_s`), of each catchment `{name}_before`, `{name}_after` and
    `{name}_change`, and `place`, the name of where a cell lies. `tables` have the columns `scenario`, `service` and
    `measure`: `everybody`, `classes` and `municipalities` (see `difference_table`, and for catchments
    `supply_table`), and of times `equity` (`equity_differences`), `places` (`most_affected`) and `moves`
    (`site_moves`, with the names of the sites; of the nearest sites, and of those that people may use); where a
    scenario has other people also `years`: how they do, in the scenario, against the people of today as it is, split
    into what people and what travel times made of it (`geoaccess.scenarios.change_table`); but `beside`, which has a
    row per service, measure and figure, and a column for the study as it is and for each scenario. `notes` says of each
    scenario what a reader should know, and `drawn` is what lies under the cells of `base`.
    """

    study: Study
    base: Baseline
    measures: list[Measure]
    changed: list[ScenarioRun]
    cells: list[pd.DataFrame]
    tables: dict[str, pd.DataFrame]
    notes: list[list[str]]
    drawn: DrawnAhead

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios, in the order they were given in."""
        return [one.scenario for one in self.changed]


@checks_arguments
def compare_study(
    study: Study,
    changes: Sequence[Scenario],
    *,
    day: dt.date | None = None,
    answers: Answers | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    show: bool = True,
) -> Compared:
    """Solve a study as it is and in each of some scenarios, and compare.

    Every scenario stands by itself; `geoaccess.scenarios.combine` puts several together. Cells keep their municipality
    and centrality class. Where a scenario has other people, both times count for these people; the table `years` has
    them against the people of today.

    Parameters
    ----------
    day
        Let boats sail by the timetable of that day, and take the mean over all times of leaving on it; needed for
        scenarios that cancel boats. Otherwise every ferry has its average wait, of the profile or of the timetable that
        the study follows.
    answers
        Of the study, where it has been solved already.
    workers, scheduler
        Where scenarios are solved, see `geoaccess.parallel.worker_pool`; without either in this process, one after the
        other. Figures are the same to the bit.

    Raises
    ------
    InputError
        With everything that is wrong with the scenarios.

    Examples
    --------
    >>> from geoaccess.scenarios import read_scenario
    >>> from geoaccess.study import load_study
    >>> closed = read_scenario("configs/scenarios/iceland-fjardarheidi.toml")
    >>> found = compare_study(load_study("configs/iceland.toml"), [closed], show=False)  # doctest: +SKIP
    >>> found.tables["everybody"].set_index("service").loc["hospital", "became_unreached"]  # doctest: +SKIP
    4287.0
    """
    changes = [scenario.in_language(study.settings.language) for scenario in changes]
    refuse_same_titles(changes)
    base = solve_baseline(
        study, day=day, names=needs_names(changes), answers=answers, reads=files_named(changes), show=show
    )
    changed = apply_scenarios(base, changes)
    measures = compare_measures(study, changed)
    same = any(one.base is base for one in changed)
    common = Common(
        study, base, measures, measured(measures, base) if same else None, places_of(base) if same else None
    )
    solve = partial(
        spread, common=common, what=_SOLVING, cache=study.cache, workers=workers, scheduler=scheduler, show=show
    )
    here = is_here(workers, scheduler)
    with drawn_ahead(base.answers) as drawn:
        found: list[Solved] = solve(solved, tasks=changed) if here else solve(solved_there, tasks=changes)
    parts: dict[str, list[pd.DataFrame]] = {}
    figures = {"before": found[0].figures["before"]} if found else {}
    for scenario, one in zip(changes, found, strict=True):
        figures[scenario.title] = one.figures["after"]
        for name, table in one.tables.items():
            parts.setdefault(name, []).append(table)
    joined = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    joined |= {"beside": _beside(figures)}
    return Compared(
        study, base, measures, changed, [one.cells for one in found], joined, [one.notes for one in found], drawn
    )


def _beside(figures: dict[str, dict[tuple[str, str, str], float]]) -> pd.DataFrame:
    rows = dict.fromkeys(key for found in reversed(figures.values()) for key in found)
    measures = list(dict.fromkeys(row[:2] for row in rows))
    order = sorted(rows, key=lambda row: measures.index(row[:2]))  # of one measure in the order of the figures
    table = pd.DataFrame(order, columns=["service", "measure", "figure"])
    return table.assign(**{title: [found.get(row, np.nan) for row in order] for title, found in figures.items()})


@checks_arguments
def printed_comparison(compared: Compared) -> pd.DataFrame:
    """Return the short table that the command line prints of times: a row per scenario and measure that it changes."""
    language = compared.study.settings.language
    trips = [one.spec.trips_per_year for one in compared.measures if one.is_time]
    hours = PersonHours(language, trips)
    writer = Writer(language, ("terminal", "comparison"), compared.study.words)
    words = section(language, "comparison")

    def shown(measure: Measure, row: dict[str, Any]) -> dict[str, str]:
        crossed = [
            writer.text(
                "in_out",
                norm=writer.norm(limits),
                into=writer.people(row[f"into_norm_{number}"]),
                out=writer.people(row[f"out_of_norm_{number}"]),
            )
            for number, limits in enumerate(measure.spec.norm_limits, start=1)
        ]
        return {
            **{words[name]: writer.people(row[name]) for name in _CHANGES},
            **{
                hours.heading(writer[what]): hours.value(row[f"person_min_{what}"], measure.spec.trips_per_year)
                for what in ("won", "lost")
            },
            writer["crossed"]: "; ".join(crossed),
        }

    return _printed(compared, writer, shown, is_time=True)


@checks_arguments
def printed_supplies(compared: Compared) -> pd.DataFrame:
    """Return the short table that the command line prints of supply within reach: who has more and less, and how much.

    It has a row per scenario and measure that it changes; none where none does.
    """
    writer = Writer(compared.study.settings.language, ("terminal", "comparison"), compared.study.words)

    def shown(measure: Measure, row: dict[str, Any]) -> dict[str, str]:
        pair = [row[f"mean_per_person_{when}"] for when in ("before", "after")]
        before, after = supply_values(pair, shared=measure.shared, language=writer.language)
        counts = {writer[word]: writer.people(row[name]) for word, name in zip(_SUPPLIES, _CHANGES, strict=True)}
        change = writer.text("of_1000" if measure.shared else "from_to", before=before, after=after)
        return counts | {writer["mean_in_reach"]: change}

    return _printed(compared, writer, shown, is_time=False)


def _printed(
    compared: Compared, writer: Writer, shown: Callable[[Measure, dict[str, Any]], dict[str, str]], *, is_time: bool
) -> pd.DataFrame:
    """Return a row per scenario and measure of a kind that it changes, with what is `shown` of it."""
    measures = {(one.service, one.name): one for one in compared.measures if one.is_time == is_time}
    rows: list[dict[str, Any]] = []
    title = None
    for row in filter(changes_something, records(compared.tables["everybody"])):
        measure = measures.get((row["service"], row["measure"]))
        if measure is None:
            continue
        named = {
            writer["scenario"]: "" if row["scenario"] == title else row["scenario"],
            writer["service"]: measure.spec.label,
        }
        rows.append(named | shown(measure, row))
        title = row["scenario"]
    return pd.DataFrame(rows)

"""Office days in a study: where staff of main offices should be on which day of the week."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import siting
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import OFFICE_STAFF, OFFICE_VISITS, SOLVER_S
from geoaccess.errors import InputError
from geoaccess.frames import crs_of
from geoaccess.measures.groups import people_of_service
from geoaccess.phrases import Writer, section
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.siting.candidates import files_asked, municipality_of, name_places, new_places
from geoaccess.questions.siting.question import Question, above_zero
from geoaccess.routing import travel_times
from geoaccess.siting.days import refuse_uneven
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_times
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked, table_files, write_table
from geoaccess.study.scenario_names import named_removals
from geoaccess.study.site_directory import site_directory
from geoaccess.study.stamps import InputStamps
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.services import SiteDirectory
    from geoaccess.siting import SitingProblem, Week
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["DayQuestion", "OfficeDays", "days_lines", "days_study", "days_tables", "write_days"]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
_WEEKS = 52.0


@dataclass(frozen=True)
class DayQuestion:
    """The question: `days` office days per week, distributed over places that staff of the `main` offices drive to.

    Attributes
    ----------
    main
        The sites that the staff come from, by id or name: the nearest of them.
    redistribute
        Sites that stand, by id or name, and whose days are shared out anew: they become candidates.
    municipality
        Only candidates in municipalities of these names.
    visits_per_year
        Of each person whom the service is asked about; the study's `trips_per_year`, or three, unless given.
    can_wait
        Share of the visits for which people can choose the day.
    staff
        How many drive to an office day, each hour counted as one of a patient.
    even
        The same number of offices each day.
    """

    service: str
    days: int
    main: tuple[str, ...]
    redistribute: tuple[str, ...] = ()
    municipality: tuple[str, ...] = ()
    visits_per_year: float | None = None
    can_wait: float = 0.7
    staff: float = OFFICE_STAFF
    even: bool = False
    candidates: str = "settlements"
    least_people: float = 50.0
    exclude: Path | None = None
    seconds: float = SOLVER_S


@dataclass(frozen=True)
class OfficeDays:
    """The answer: hours per week, a table of places with their days, and the scenario."""

    study: Study
    question: DayQuestion
    week: Week
    places: pd.DataFrame
    frontier: pd.DataFrame
    scenario: str
    unreached: float
    stamps: InputStamps = field(default_factory=InputStamps)


@checks_arguments
def days_study(study: Study, question: DayQuestion, *, answers: Answers | None = None, show: bool = True) -> OfficeDays:
    """Share out office days in a study.

    Raises
    ------
    InputError
        If the service, a site or a municipality is unknown, or as `share_days`.
    """
    spec = find_service(study, question.service)
    visits_a_year = visits_per_year(study, question)
    if not 0 <= visits_a_year < np.inf:
        raise InputError(f"--visits is {visits_a_year:g}; give visits of each person a year, 0 or more")
    above_zero("--seconds", question.seconds, "seconds")
    refuse_uneven(question.days, even=question.even, weekdays=len(_WEEKDAYS))
    _refuse_no_main(question)
    named = files_asked(question.candidates, question.exclude)
    answers = solve_times(study, show=show) if answers is None else answers
    answers = answers.reading(named)
    ours = answers.sites[(answers.sites["service"] == question.service).to_numpy()]
    question = _with_sites(site_directory(study, answers.sites, answers.results, answers.zones), question)
    places = _candidates(answers, ours, question)
    standing = ours.drop(list(question.redistribute))
    snapped = stages.snap_all(study, answers.network, answers.results, standing)
    where = stages.snap_as_set(study, answers.network, places)
    people = people_of_service(answers.results, spec)
    setting = siting.build_problem(answers.network, snapped.cells, people, sites=snapped.sites, candidates=where)
    main = snapped.sites.loc[list(question.main)]
    drive = np.fmin(travel_times(answers.network, main, where), np.inf).min(axis=0)
    visits = people * visits_per_year(study, question) / _WEEKS

    def shared(days: int) -> Week:
        return siting.share_days(
            setting,
            days=days,
            visits=visits,
            can_wait=question.can_wait,
            staff_s=drive,
            staff=question.staff,
            even=question.even,
            seconds=question.seconds,
        )

    week = shared(question.days)
    chosen = np.flatnonzero(week.days)
    names = name_places(answers, places, list(chosen))
    home = municipality_of(answers, places, chosen.tolist())
    table = _table(places, week, chosen, names, home, drive, _visits_served(setting, week, visits))
    fewer = range(0, question.days + 1, len(_WEEKDAYS) if question.even else max(1, question.days // 5))
    steps = [(days, shared(days) if days != question.days else week) for days in fewer]
    return OfficeDays(
        study=study,
        question=question,
        week=week,
        places=table,
        frontier=pd.DataFrame(
            [(days, int(w.days.sum()), w.patients_h, w.staff_h, w.saved_h, w.bound_h) for days, w in steps],
            columns=["days", "used", "patients_h", "staff_h", "saved_h", "bound_h"],
        ),
        scenario=_scenario(study, question, table, week, ours.loc[list(question.redistribute), "name"]),
        unreached=float(people[~np.isfinite(setting.now_s[:, 0])].sum()),
        stamps=answers.stamps,
    )


def visits_per_year(study: Study, question: DayQuestion) -> float:
    """Return the visits of each person a year: of the question, else of the study, else three."""
    if question.visits_per_year is not None:
        return question.visits_per_year
    stated = next((spec.trips_per_year for spec in study.specs if spec.key == question.service), None)
    return OFFICE_VISITS if stated is None else stated


def _refuse_no_main(question: DayQuestion) -> None:
    if not question.main:
        raise InputError("say with --from which sites the staff come from, by their names or ids")


def _with_sites(directory: SiteDirectory, question: DayQuestion) -> DayQuestion:
    """Return the question with the ids of the sites that it names."""
    found: dict[str, list[str]] = {"--from": [], "--again": []}
    problems: list[str] = []
    for option, written in (("--from", question.main), ("--again", question.redistribute)):
        for text in written:
            try:
                found[option].append(directory.find(text, service=question.service))
            except InputError as error:
                problems.append(f"{option}: {error}")
    main, again = (list(dict.fromkeys(labels)) for labels in found.values())
    problems += [
        f'"{directory.describe(label)}" is a main office and to be shared out' for label in main if label in again
    ]
    if problems:
        raise InputError.listing("sites", problems)
    return replace(question, main=tuple(main), redistribute=tuple(again))


def _candidates(answers: Answers, ours: gpd.GeoDataFrame, question: DayQuestion) -> gpd.GeoDataFrame:
    """Return the candidates, with the sites that are shared out anew after them."""
    asked = Question(
        service=question.service,
        candidates=question.candidates,
        least_people=question.least_people,
        exclude=question.exclude,
    )
    found, _ = new_places(answers.results, answers.sites, asked)
    if question.municipality:
        here = answers.results["municipality"]
        known = sorted(set(here.astype(str)))
        problems = [
            f'no municipality "{name}"{did_you_mean(name, known)}'
            for name in question.municipality
            if name not in known
        ]
        if problems:
            raise InputError.listing(str(answers.study.path), problems)
        found = found[here.reindex(found.index).isin(question.municipality)]
    anew = ours.loc[list(question.redistribute), ["name", "geometry"]].to_crs(crs_of(found))
    both = pd.concat([found.assign(name=found.get("name", "")), anew])
    if both.empty:
        raise InputError("there is no candidate; lower --least-people, or name other municipalities")
    return both


def _visits_served(setting: SitingProblem, week: Week, visits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the visits per week for which each candidate is the nearest place, when people choose the day."""
    after = setting.times(np.flatnonzero(week.days))
    mine = (week.days[setting.place] > 0) & (setting.time_s <= after[setting.point])
    _, first = np.unique(setting.point[mine], return_index=True)
    place, point = setting.place[mine][first], setting.point[mine][first]
    return np.bincount(place, visits[point], minlength=setting.candidates).astype(np.float64)


def _table(
    places: gpd.GeoDataFrame,
    week: Week,
    chosen: npt.NDArray[np.integer],
    names: dict[int, str],
    home: list[str],
    drive_s: npt.NDArray[np.float64],
    served: npt.NDArray[np.float64],
) -> pd.DataFrame:
    rows = []
    for j, name, municipality in zip(chosen, siting.unique_names([names[j] for j in chosen]), home, strict=True):
        at = places.geometry.iloc[j]
        weekdays = " ".join(day for day, is_open in zip(_WEEKDAYS, week.open_on[j], strict=True) if is_open)
        rows.append(
            {
                "candidate": str(places.index[j]),
                "name": name,
                "municipality": municipality,
                "days": int(week.days[j]),
                "weekdays": weekdays,
                "visits_a_day": served[j] / week.days[j],
                "staff_drive_min": drive_s[j] / 60,
                "lon": round(at.x, 6),
                "lat": round(at.y, 6),
            }
        )
    columns = ["candidate", "name", "municipality", "days", "weekdays", "visits_a_day", "staff_drive_min", "lon", "lat"]
    return pd.DataFrame(rows, columns=columns).sort_values("days", ascending=False, kind="stable", ignore_index=True)


def _scenario(study: Study, question: DayQuestion, table: pd.DataFrame, week: Week, closed: pd.Series[str]) -> str:
    label = next(spec.label for spec in study.specs if spec.key == question.service)
    writer = Writer(study.settings.language, ("terminal",))
    columns = (table["name"], table["lon"], table["lat"], table["days"])
    return siting.scenario_text(
        title=writer.text("days_title", label=label, n=int(week.days.sum())),
        description=writer.text(
            "days_description",
            study=study.path.name,
            hours=writer.number(week.saved_h),
            method=writer.note(week.method),
        ),
        add=[
            {
                "service": question.service,
                "name": name,
                "lon": float(lon),
                "lat": float(lat),
                "days_per_week": int(days),
            }
            for name, lon, lat, days in zip(*columns, strict=True)
        ],
        remove=named_removals(question.service, closed),
        study=study.titles[0],
    )


@checks_arguments
def days_tables(answer: OfficeDays) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables as they are printed, with titles."""
    shown = answer.places[["name", "municipality", "days", "weekdays", "visits_a_day", "staff_drive_min"]]
    frontier = answer.frontier[["days", "used", "patients_h", "staff_h", "saved_h"]]
    language = answer.study.settings.language
    words = section(language, "terminal")
    weekdays = shown["weekdays"].map(lambda days: " ".join(words[f"day_{day}"] for day in days.split()))
    tables = [(words["t_days"], shown.assign(weekdays=weekdays)), (words["t_days_frontier"], frontier)]
    return [(title, headed(table, language)) for title, table in tables]


@checks_arguments
def days_lines(answer: OfficeDays) -> list[str]:
    """Return the answer in a few lines."""
    week, question = answer.week, answer.question
    writer = Writer(answer.study.settings.language, ("terminal", "siting"))
    lines = [
        writer.text(
            "days_used",
            used=int(week.days.sum()),
            days=question.days,
            saved=writer.number(week.now_h - week.patients_h),
            staff=writer.number(week.staff_h),
            sure=writer["proved"] if week.gap == 0 else writer.text("gap", gap=writer.share(week.gap, 2)),
        ),
        writer.text(
            "days_found",
            method=writer.note(week.method),
            saved=writer.number(week.saved_h),
            bound=writer.number(week.bound_h),
        ),
        writer.text(
            "days_assumed",
            visits=writer.plain(visits_per_year(answer.study, question)),
            wait=writer.share(question.can_wait, 0),
            staff=writer.plain(question.staff),
        ),
        writer["days_capacity"],
    ]
    if answer.unreached:
        lines.append(writer.text("days_unreached", n=writer.people(answer.unreached)))
    return lines


@checks_arguments
def write_days(answer: OfficeDays, folder: Path | None = None) -> list[Path]:
    """Write the tables (CSV and Parquet) and the scenario, all or nothing; return the files."""
    where = answer.study.output if folder is None else folder
    stem = f"site_{answer.question.service}_days"
    disclaimer = answer.study.settings.disclaimer
    names = [*table_files(stem, f"{stem}_frontier"), f"{stem}.toml"]
    with result_files(where, former=lambda: names, stamps=answer.stamps) as temporary:
        write_table(marked(answer.places, disclaimer), temporary / stem)
        write_table(marked(answer.frontier, disclaimer), temporary / f"{stem}_frontier")
        (temporary / f"{stem}.toml").write_text(answer.scenario, encoding="utf-8", newline="\n")
    return [where / name for name in names]

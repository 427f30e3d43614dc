"""Siting in a study: where sites should be added (or closed), with names, and what that does to whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures, siting
from geoaccess.arguments import checks_arguments
from geoaccess.phrases import note
from geoaccess.questions.siting.ahead import working_ahead
from geoaccess.questions.siting.alternatives import alternatives_of, frontier_of
from geoaccess.questions.siting.candidates import files_asked, municipality_of, name_places
from geoaccess.questions.siting.context import baseline_of, build_problem, check_closing, context_in, context_of
from geoaccess.questions.siting.objectives import OBJECTIVES
from geoaccess.questions.siting.question import answer_question, asked_for, check_question
from geoaccess.questions.siting.wording import label, placed_description, placed_subtitle, placed_title
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_telling
from geoaccess.study.scenario_names import named_removals
from geoaccess.study.site_directory import site_directory
from geoaccess.study.stamps import InputStamps

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.questions.siting.ahead import Ahead
    from geoaccess.questions.siting.context import SitingContext
    from geoaccess.questions.siting.question import Question
    from geoaccess.scenarios import Scenario
    from geoaccess.siting import Located, Objective, SitingProblem
    from geoaccess.study.answers import Answers
    from geoaccess.study.results.ground import DrawnAhead
    from geoaccess.study.settings.study_file import Study
    from geoaccess.zones import CentralityScheme

__all__ = ["Placed", "site_study"]


_PLACES = [
    *("rank", "candidate", "name", "municipality", "lon", "lat", "value", "adds"),
    *("person_minutes_saved", "person_hours_saved_per_year", "people_nearer", "newly_reached", "people_served"),
]


@dataclass(frozen=True)
class Placed:
    """The answer: tables to be read and written, a scenario that reproduces it, and the cells as they would be.

    `drawn` is what lies under the cells.
    """

    study: Study
    question: Question
    found: Located
    label: str
    answer: pd.DataFrame
    places: pd.DataFrame
    closed: pd.DataFrame
    frontier: pd.DataFrame
    alternatives: pd.DataFrame
    classes: pd.DataFrame
    municipalities: pd.DataFrame
    before: Answers
    after: Answers
    title: str
    subtitle: str
    scenario: str
    out_of_reach: float
    drawn: DrawnAhead
    notes: list[str] = field(default_factory=list)

    @property
    def is_share(self) -> bool:
        """Whether the figures are shares of people."""
        return OBJECTIVES[self.question.objective].is_share


@checks_arguments
def site_study(
    study: Study,
    question: Question,
    *,
    answers: Answers | None = None,
    scenario: Scenario | None = None,
    show: bool = True,
) -> Placed:
    """Answer a question of siting in a study.

    Parameters
    ----------
    answers
        Of the study as it is, where it has been solved already.
    scenario
        Ask in this scenario: of its people, sites, roads and ferries.

    Raises
    ------
    InputError
        If the service, objective or candidates are unknown, or the question has no answer; and as `baseline_of`.
    """
    check_question(study, question)
    if question.close and answers is None and scenario is None:
        check_closing(study, question, stages.read_places(study, stages.read_mapped(study)))
    before = InputStamps().also(files_asked(question.candidates, question.exclude))
    with working_ahead(study, question) as ahead:
        if scenario is not None:
            ground = context_in(baseline_of(study, [scenario], answers=answers, show=show), scenario)
        elif answers is not None:
            ground = context_of(answers)
        else:
            ground = context_of(solve_telling(study, ahead.places_known, ahead.snapped_known, show=show))
        check_closing(study, question, ground.answers.sites)
        return _answered(replace(ground, answers=ground.answers.since(before)), question, ahead)


def _answered(ground: SitingContext, question: Question, ahead: Ahead) -> Placed:
    """Answer a question that has been checked, on its ground."""
    new = ahead.new_places(ground)
    setting, ours = build_problem(
        ground,
        new.places,
        service=question.service,
        close=question.close,
        snapped=new.snapped,
        ways=new.ways,
    )
    found, objective, notes = answer_question(setting, question, ground.answers)
    notes += [*_lost_today(setting, question, objective), *new.notes]
    if question.close:
        notes.append(note("only_travel_time"))
        if setting.fixed is not None and setting.fixed.any():
            notes.append(note("sites_outside_stay", n=int(setting.fixed.sum())))
    if ground.scenario is not None:
        notes.append(note("in_scenario", title=ground.name))
    return _placed(ground, question, setting, found, objective, ours, new.places, notes, ahead.drawn)


def _lost_today(setting: SitingProblem, question: Question, objective: Objective) -> list[str]:
    """Say how people count who reach no site today, as a figure with them is not the mean of those who are reached."""
    unreached_s = getattr(objective, "unreached_s", None)
    lost = setting.people[setting.counted(objective) & ~np.isfinite(setting.now_s[:, 0])].sum()
    if unreached_s is None or question.objective == "worst" or not lost:
        return []
    return [note("unreached_today", n=f"{lost:.0f}", min=f"{unreached_s / 60:.0f}")]


def _placed(
    ground: SitingContext,
    question: Question,
    setting: SitingProblem,
    found: Located,
    objective: Objective,
    ours: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    notes: list[str],
    drawn: DrawnAhead,
) -> Placed:
    """Put an answer into words and tables."""
    answers, language = ground.answers, ground.study.settings.language
    title = ground.scenario.title if ground.scenario else ""
    steps, of_steps = frontier_of(setting, question, answers, found, objective)
    table, of_others = alternatives_of(setting, question, answers, found, objective, places)
    shown = [*found.added, *table.get("candidate", []), *table.get("instead_of", [])]
    names = name_places(answers, places, list(dict.fromkeys(shown)))
    chosen = _places_table(answers, setting, found, question, objective, places, names)
    notes = [*notes, *_staying(answers, ours, found)]
    idle = int((chosen["people_nearer"] + chosen["newly_reached"] == 0).sum())
    if idle:
        notes = [*notes, note("adds_nothing", n=idle)]
    after = setting.times(found.added, found.closed)
    results, sites = _afterwards(answers, question, after, ours, found, chosen)
    closed = pd.DataFrame(ours.drop(columns="geometry")).iloc[found.closed].reset_index()
    return Placed(
        study=answers.study,
        question=question,
        found=found,
        label=label(question, language=language, scheme=answers.study.scheme),
        answer=_answer(question, found, answers.study.scheme),
        places=chosen,
        closed=closed,
        frontier=steps,
        alternatives=_named(table, places, names, answers),
        classes=_before_after(answers, results, question.service, "centrality_class"),
        municipalities=_before_after(answers, results, question.service, ["municipality_id", "municipality"]),
        before=answers,
        after=replace(answers, results=results, sites=sites),
        title=placed_title(_label(answers.study, question), found, language=language),
        subtitle=placed_subtitle(question, found, scenario=title, language=language, scheme=answers.study.scheme),
        scenario=_scenario(answers.study, question, found, chosen, closed, title),
        out_of_reach=float(setting.people[~setting.reachable].sum()),
        drawn=drawn,
        notes=[*notes, *of_steps, *of_others],
    )


def _label(study: Study, question: Question) -> str:
    """Return the name of the service, with the people whom it is asked about."""
    return next(spec.label for spec in study.specs if spec.key == question.service)


def _staying(answers: Answers, ours: gpd.GeoDataFrame, found: Located) -> list[str]:
    """Say which services stay where a site closes."""
    directory = site_directory(answers.study, answers.sites, answers.results, answers.zones)
    services, notes = answers.study.settings.services, []
    of_closed = set(ours["service"])  # a service that takes their sites closes with them
    for gone in ours.index[found.closed]:
        near = [other for other in directory.companions(gone) if other not in ours.index]
        stay = [other for other in near if services[answers.sites["service"][other]].sites_of not in of_closed]
        if stay:
            others = ", ".join(directory.describe(other) for other in stay)
            notes.append(note("stays_at_place", site=directory.describe(gone), sites=others))
    return notes


def _answer(question: Question, found: Located, scheme: CentralityScheme) -> pd.DataFrame:
    """Return the question and how certain the answer is, in one row."""
    row = {
        "service": question.service,
        "objective": question.objective,
        "figure": label(question, scheme=scheme),
        "added": len(found.added),
        "closed": len(found.closed),
        "now": found.now,
        "value": found.value,
        "bound": found.bound,
        "gap": found.gap,
        "proved": found.proved,
        "method": found.method,
    }
    return pd.DataFrame([row])


def _named(table: pd.DataFrame, places: gpd.GeoDataFrame, names: dict[int, str], answers: Answers) -> pd.DataFrame:
    """Return the alternatives with the names, municipalities and coordinates of the places."""
    if table.empty:
        return pd.DataFrame()
    numbers = table["candidate"].to_numpy()
    points = places.iloc[numbers].geometry
    return pd.DataFrame(
        {
            "instead_of": [str(places.index[j]) for j in table["instead_of"]],
            "instead_of_name": [names[j] for j in table["instead_of"]],
            "candidate": [str(places.index[j]) for j in numbers],
            "name": [names[j] for j in numbers],
            "municipality": municipality_of(answers, places, numbers.tolist()),
            "value": table["value"].to_numpy(np.float64),
            "kept": table["kept"].to_numpy(np.float64),
            "lon": points.x.round(6).to_numpy(),
            "lat": points.y.round(6).to_numpy(),
        }
    )


def _places_table(
    answers: Answers,
    setting: SitingProblem,
    found: Located,
    question: Question,
    objective: Objective,
    places: gpd.GeoDataFrame,
    names: dict[int, str],
) -> pd.DataFrame:
    """Return a row per site to be added, in the order of what each adds to those before it."""
    people = setting.people
    trips = next(spec.trips_per_year for spec in answers.study.specs if spec.key == question.service)
    home = municipality_of(answers, places, found.added.tolist())
    final = setting.times(found.added, found.closed)
    before = setting.times(found.added[:0], found.closed)
    measure = _measure(answers, setting, question, objective)
    rows = []
    for rank, j in enumerate(found.added, start=1):
        after = setting.times(found.added[:rank], found.closed)
        both = np.isfinite(before)
        saved = np.sum(people[both] * (before[both] - after[both])) / 60
        mine = setting.place == j
        nearest = setting.point[mine][setting.time_s[mine] <= final[setting.point[mine]]]
        at = places.geometry.iloc[j]
        rows.append(
            {
                "rank": rank,
                "candidate": str(places.index[j]),
                "name": names[j],
                "municipality": home[rank - 1],
                "lon": round(at.x, 6),
                "lat": round(at.y, 6),
                "value": measure(after),
                "adds": measure(after) - measure(before),
                "person_minutes_saved": saved,
                "person_hours_saved_per_year": saved / 60 * (np.nan if trips is None else trips),
                "people_nearer": people[after < before].sum(),
                "newly_reached": people[np.isfinite(after) & ~both].sum(),
                "people_served": people[nearest].sum(),
            }
        )
        before = after
    columns = [name for name in _PLACES if trips is not None or name != "person_hours_saved_per_year"]
    return pd.DataFrame(rows, columns=columns)


def _measure(
    answers: Answers, setting: SitingProblem, question: Question, objective: Objective
) -> Callable[[npt.NDArray[np.float64]], float]:
    """Return the function from the times of all cells to the figure that the question is about."""
    counted = setting.counted(objective)
    if question.objective == "worst":
        counted &= asked_for(answers, question)

        def quantile(times_s: npt.NDArray[np.float64]) -> float:
            return measures.weighted_quantile(times_s[counted], setting.people[counted], question.quantile) / 60

        return quantile

    def figure(times_s: npt.NDArray[np.float64]) -> float:
        return setting.figure(
            objective, float(np.sum(setting.people[counted] * objective.burden(times_s[counted], at=counted)))
        )

    return figure


def _afterwards(
    answers: Answers,
    question: Question,
    after_s: npt.NDArray[np.float64],
    ours: gpd.GeoDataFrame,
    found: Located,
    chosen: pd.DataFrame,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the cells with the times after the change in place of those of today, and the sites that stand then."""
    import geopandas as gpd

    key = question.service
    results = answers.results.copy()
    results[f"{key}_before_s"] = results[f"{key}_s"]
    results[f"{key}_s"] = np.where(results[f"{key}_s"].isna(), np.nan, after_s)
    reached = np.isfinite(after_s)
    lost = np.where(results[f"{key}_reason"] == "", "no_site_reachable", results[f"{key}_reason"])
    results[f"{key}_reason"] = np.where(reached, "", lost)
    new = gpd.GeoDataFrame(
        {"service": key, "name": chosen["name"].to_numpy(), "proxy": False, "change": "new"},
        geometry=gpd.points_from_xy(chosen["lon"], chosen["lat"]),
        crs="EPSG:4326",
        index=pd.Index([f"{key}-new-{rank}" for rank in chosen["rank"]], name=ours.index.name),
    )
    stay = ours[["service", "name", "proxy", "geometry"]].assign(change="").drop(ours.index[found.closed])
    return results, pd.concat([stay, new])


def _before_after(answers: Answers, results: gpd.GeoDataFrame, service: str, by: str | list[str]) -> pd.DataFrame:
    """Return people, mean and P90 of minutes, and people unreached, before and after, by group."""
    specs = [spec for spec in answers.study.specs if spec.key == service]
    keys = [by] if isinstance(by, str) else by
    one, other = (measures.summarise_services(table, services=specs, by=by) for table in (answers.results, results))
    kept = ["mean_s", "p90_s", "unreached"]
    merged = one[[*keys, "population", *kept]].merge(other[[*keys, *kept]], on=keys, suffixes=("_before", "_after"))
    out = merged[[*keys, "population"]].copy()
    for name in ("mean", "p90"):
        for when in ("before", "after"):
            out[f"{name}_{when}_min"] = merged[f"{name}_s_{when}"] / 60
    out["unreached_before"], out["unreached_after"] = merged["unreached_before"], merged["unreached_after"]
    return out


def _scenario(
    study: Study, question: Question, found: Located, chosen: pd.DataFrame, closed: pd.DataFrame, scenario: str
) -> str:
    language = study.settings.language
    return siting.scenario_text(
        title=placed_title(_label(study, question), found, language=language),
        description=placed_description(
            question, found, study=study.path.name, scenario=scenario, language=language, scheme=study.scheme
        ),
        add=[
            {"service": question.service, "name": name, "lon": float(lon), "lat": float(lat)}
            for name, lon, lat in zip(
                siting.unique_names(chosen["name"].to_list()), chosen["lon"], chosen["lat"], strict=True
            )
        ],
        remove=named_removals(question.service, closed.set_index("site_id")["name"]),
        study=study.titles[0],
    )

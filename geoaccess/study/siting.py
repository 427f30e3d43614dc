"""Siting in a study: where sites should be added (or closed), with names, and what that does to whom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures, siting
from geoaccess.errors import InputError
from geoaccess.study import stages
from geoaccess.study.candidates import candidates_of, name_places, snap_places
from geoaccess.study.pipeline import solve_study
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.siting import Located, Method, Objective, Setting
    from geoaccess.study.config import Study
    from geoaccess.study.pipeline import Answers

__all__ = [
    "OBJECTIVES",
    "Placed",
    "Question",
    "above_zero",
    "check_question",
    "norm_of",
    "objective_of",
    "site_study",
]

OBJECTIVES = ("minutes", "norm", "fair", "beyond", "worst", "fewest")

_ALTERNATIVES = 10
_APART_M = 3000.0
_PLACE_COLUMNS = ["rank", "candidate", "name", "municipality", "lon", "lat", "value", "adds"]
_PLACE_COLUMNS += ["person_minutes_saved", "people_nearer", "newly_reached", "people_served"]


@dataclass(frozen=True)
class Question:
    """What is asked: `add` sites of a service (and `close` of those that stand), for an objective.

    Attributes
    ----------
    objective
        "minutes": least travel time of all people. "norm": most people within the norm. "fair": least Kolm-Pollak mean.
        "beyond": least time beyond the norm (FGT). "worst": least `quantile` of the times of the people of `classes`.
        "fewest": the fewest sites for `share` of the people within the norm.
    norm_min
        The first norm of the service unless given.
    candidates
        "cells", "settlements" (of at least `least_people`), or a file of places.
    exclude
        A file of polygons in which nothing may be built.
    max_loss_min
        By how much the mean time of a centrality class may rise, at most, where sites close.
    """

    service: str
    add: int = 1
    close: int = 0
    objective: str = "minutes"
    norm_min: float | None = None
    share: float = 0.95
    aversion: float = 1.0
    alpha: float = 1.0
    quantile: float = 1.0
    classes: tuple[int, ...] = ()
    unreached_min: float = 1440.0
    max_loss_min: float | None = None
    candidates: str = "cells"
    least_people: float = 200.0
    exclude: Path | None = None
    method: Method = "auto"
    seconds: float = 60.0


@dataclass(frozen=True)
class Placed:
    """The answer: tables to be read and written, a scenario that reproduces it, and the cells as they would be."""

    study: Study
    question: Question
    found: Located
    label: str
    places: pd.DataFrame
    closed: pd.DataFrame
    frontier: pd.DataFrame
    alternatives: pd.DataFrame
    classes: pd.DataFrame
    municipalities: pd.DataFrame
    after: Answers
    title: str
    scenario: str
    out_of_reach: float
    notes: list[str] = field(default_factory=list)

    @property
    def is_share(self) -> bool:
        """Whether the figures are shares of people."""
        return self.question.objective in ("norm", "fewest")


def site_study(study: Study, question: Question, *, answers: Answers | None = None, show: bool = True) -> Placed:
    """Answer a question of siting in a study.

    Raises
    ------
    InputError
        If the service, objective or candidates are unknown, or the question has no answer.
    """
    check_question(study, question)
    answers = solve_study(study, show=show) if answers is None else answers
    spec = next(spec for spec in study.specs if spec.key == question.service)
    ours = answers.sites[(answers.sites["service"] == question.service).to_numpy()]
    snapped = stages.snap_all(study, answers.network, answers.results, ours)
    places = candidates_of(answers, question)
    where = snap_places(study, answers, places)
    people = answers.results["population"].to_numpy(dtype=np.float64)
    setting = siting.find_setting(
        answers.network,
        snapped.cells,
        people,
        sites=snapped.sites,
        candidates=where,
        close=question.close,
        toward=spec.toward,
    )
    found, objective, notes = _found(setting, question, answers)
    return _told(answers, question, setting, found, objective, ours, places, notes)


def check_question(study: Study, question: Question) -> None:
    """Refuse what can be refused at once."""
    services = study.settings.services
    if question.service not in services:
        raise InputError(f'{study.path}: no service "{question.service}"{did_you_mean(question.service, services)}')
    if question.objective not in OBJECTIVES:
        raise InputError(
            f'objective "{question.objective}"{did_you_mean(question.objective, OBJECTIVES)}; '
            f"there are {', '.join(OBJECTIVES)}"
        )
    if not (question.add or question.close or question.objective == "fewest"):
        raise InputError("nothing to decide: give --add or --close above 0")
    for option, minutes in (("--norm", question.norm_min), ("--unreached", question.unreached_min)):
        above_zero(option, minutes, "minutes")
    above_zero("--seconds", question.seconds, "seconds")
    if question.max_loss_min is not None and not question.max_loss_min >= 0:
        raise InputError(f"--max-loss is {question.max_loss_min:g}; give minutes, 0 or more")
    if question.objective == "fewest" and question.close:
        raise InputError("the fewest sites to add for a share cannot be asked for together with closing some")
    if question.max_loss_min is not None and question.objective in ("worst", "fewest"):
        raise InputError(f'a bound on what classes lose cannot be asked for together with "{question.objective}"')
    if question.objective in ("norm", "beyond", "fewest"):
        norm_of(study, question)


def above_zero(option: str, value: float | None, unit: str) -> None:
    """Refuse a number that is not above 0; None is not given."""
    if value is not None and not 0 < value < np.inf:
        raise InputError(f"{option} is {value:g}; give {unit} above 0")


def norm_of(study: Study, question: Question) -> float:
    """Return the norm in seconds."""
    norms = study.settings.services[question.service].norms_min
    if question.norm_min is None and not norms:
        raise InputError(f"{study.path}: [services.{question.service}] has no norms_min; say which with --norm MINUTES")
    return (norms[0] if question.norm_min is None else question.norm_min) * 60


def objective_of(setting: Setting, question: Question, study: Study) -> Objective:
    """Return the objective that a question names."""
    unreached_s = question.unreached_min * 60
    if question.objective in ("norm", "fewest"):
        return siting.WithinNorm(norm_of(study, question))
    if question.objective == "beyond":
        return siting.BeyondNorm(norm_of(study, question), alpha=question.alpha, unreached_s=unreached_s)
    if question.objective == "fair":
        return siting.FairMean.averse_to(
            setting.now_s[:, 0], setting.people, epsilon=question.aversion, unreached_s=unreached_s
        )
    return siting.PersonMinutes(unreached_s=unreached_s)


def _found(setting: Setting, question: Question, answers: Answers) -> tuple[Located, Objective, list[str]]:
    """Answer the question by numbers of candidates."""
    objective = objective_of(setting, question, answers.study)
    if question.objective == "fewest":
        found, least = siting.fewest(
            setting, norm_s=norm_of(answers.study, question), share=question.share, seconds=question.seconds
        )
        word = f"{len(found.added)} sites bring {100 * found.value:.2f} % within the norm"
        return found, objective, [f"{word}; no choice of fewer than {least} does"]
    if question.objective == "worst":
        found = siting.least_worst(
            setting,
            add=question.add,
            close=question.close,
            quantile=question.quantile,
            group=_asked_for(answers, question),
            seconds=question.seconds,
        )
        return found, objective, []
    if question.max_loss_min is not None:
        classes = answers.results["centrality_class"].fillna(0).to_numpy(dtype=np.int64) - 1
        found = siting.locate_bounded(
            setting,
            add=question.add,
            close=question.close,
            groups=classes,
            max_loss_s=question.max_loss_min * 60,
            objective=objective,
            unreached_s=question.unreached_min * 60,
            seconds=question.seconds,
        )
        return found, objective, [f"no class loses more than {question.max_loss_min:g} min on average"]
    found = siting.locate(
        setting,
        add=question.add,
        close=question.close,
        objective=objective,
        method=question.method,
        seconds=question.seconds,
    )
    unreached_s = getattr(objective, "unreached_s", question.unreached_min * 60)
    if unreached_s < question.unreached_min * 60:  # see FairMean.averse_to
        return found, objective, [f"somebody whom nothing reaches counts as {unreached_s / 60:.0f} min"]
    return found, objective, []


def _told(
    answers: Answers,
    question: Question,
    setting: Setting,
    found: Located,
    objective: Objective,
    ours: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    notes: list[str],
) -> Placed:
    """Put an answer into words and tables."""
    # Of the others there is no choice with fewer sites, or with one exchanged, that could be shown unchecked.
    summed = question.objective not in ("worst", "fewest") and question.max_loss_min is None
    table = pd.DataFrame()
    if summed:
        table = siting.alternatives(setting, found, count=len(places), objective=objective)
        table = table[_apart(places, table)].reset_index(drop=True)
    numbers = [*found.added, *(table["candidate"] if summed else []), *(table["instead_of"] if summed else [])]
    names = name_places(answers, places, list(dict.fromkeys(numbers)))
    chosen = _places_table(answers, setting, found, question, objective, places, names)
    if summed:
        table.insert(1, "instead_of_name", [names[j] for j in table["instead_of"]])
        table.insert(3, "name", [names[j] for j in table["candidate"]])
        points = places.geometry.iloc[table["candidate"].to_numpy()]
        table = table.assign(lon=points.x.round(6).to_numpy(), lat=points.y.round(6).to_numpy())
        table["candidate"] = [str(places.index[j]) for j in table["candidate"]]
        table["instead_of"] = [str(places.index[j]) for j in table["instead_of"]]
    after = setting.times(found.added, found.closed)
    results, sites = _afterwards(answers, question, after, ours, found, chosen)
    closed = pd.DataFrame(ours.drop(columns="geometry")).iloc[found.closed].reset_index()
    return Placed(
        study=answers.study,
        question=question,
        found=found,
        label=_label(question, objective),
        places=chosen,
        closed=closed,
        frontier=siting.frontier(setting, most=len(found.added), close=question.close, objective=objective, found=found)
        if summed
        else pd.DataFrame(),
        alternatives=table,
        classes=_before_after(answers, results, question.service, "centrality_class"),
        municipalities=_before_after(answers, results, question.service, ["municipality_id", "municipality"]),
        after=replace(answers, results=results, sites=sites),
        title=_title(answers.study, question, found),
        scenario=_scenario(answers.study, question, found, chosen, closed),
        out_of_reach=float(setting.people[~setting.reachable()].sum()),
        notes=notes,
    )


def _apart(places: gpd.GeoDataFrame, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Mark the best alternatives that are places of their own: away from what they replace, and from each other."""
    points = places.geometry.to_crs(places.estimate_utm_crs())
    x, y = points.x.to_numpy(), points.y.to_numpy()
    kept: list[int] = []
    marks = np.zeros(len(table), np.bool_)
    for row, (j, instead) in enumerate(zip(table["candidate"], table["instead_of"], strict=True)):
        others = [instead, *kept]
        if len(kept) < _ALTERNATIVES and (np.hypot(x[others] - x[j], y[others] - y[j]) > _APART_M).all():
            kept.append(j)
            marks[row] = True
    return marks


def _label(question: Question, objective: Objective) -> str:
    if question.objective == "worst":
        who = f"people of classes {', '.join(map(str, question.classes))}" if question.classes else "everybody"
        return f"longest minutes of {who}" if question.quantile == 1 else f"P{100 * question.quantile:g} of {who}"
    return objective.label


def _places_table(
    answers: Answers,
    setting: Setting,
    found: Located,
    question: Question,
    objective: Objective,
    places: gpd.GeoDataFrame,
    names: dict[int, str],
) -> pd.DataFrame:
    """Return a row per site to be added, in the order of what each adds to those before it."""
    people = setting.people
    home = answers.results["municipality"].reindex(places.index).fillna("").astype(str)
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
                "municipality": home.iloc[j],
                "lon": round(at.x, 6),
                "lat": round(at.y, 6),
                "value": measure(after),
                "adds": measure(after) - measure(before),
                "person_minutes_saved": saved,
                "people_nearer": people[after < before].sum(),
                "newly_reached": people[np.isfinite(after) & ~both].sum(),
                "people_served": people[nearest].sum(),
            }
        )
        before = after
    return pd.DataFrame(rows, columns=_PLACE_COLUMNS)


def _measure(
    answers: Answers, setting: Setting, question: Question, objective: Objective
) -> Callable[[npt.NDArray[np.float64]], float]:
    """Return the function from the times of all cells to the figure that the question is about."""
    counted = setting.counted(objective)
    if question.objective == "worst":
        counted &= _asked_for(answers, question)

        def quantile(times_s: npt.NDArray[np.float64]) -> float:
            return measures.weighted_quantile(times_s[counted], setting.people[counted], question.quantile) / 60

        return quantile

    def figure(times_s: npt.NDArray[np.float64]) -> float:
        return setting.figure(objective, float(np.sum(setting.people[counted] * objective.burden(times_s[counted]))))

    return figure


def _asked_for(answers: Answers, question: Question) -> npt.NDArray[np.bool_]:
    """Mark the cells of the classes that the question is about."""
    if not question.classes:
        return np.ones(len(answers.results), np.bool_)
    return np.asarray(answers.results["centrality_class"].isin(question.classes), np.bool_)


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
    stay = ours.drop(ours.index[found.closed])
    new = gpd.GeoDataFrame(
        {"service": key, "name": chosen["name"].to_numpy()},
        geometry=gpd.points_from_xy(chosen["lon"], chosen["lat"]),
        crs="EPSG:4326",
        index=pd.Index([f"{key}-new-{rank}" for rank in chosen["rank"]], name=stay.index.name),
    )
    return results, pd.concat([stay[["service", "name", "geometry"]], new])


def _before_after(answers: Answers, results: gpd.GeoDataFrame, service: str, by: str | list[str]) -> pd.DataFrame:
    """Return people, mean and P90 of minutes, and people unreached, before and after, by group."""
    specs = [spec for spec in answers.study.specs if spec.key == service]
    keys = [by] if isinstance(by, str) else by
    one, other = (measures.summarise(table, services=specs, by=by) for table in (answers.results, results))
    kept = ["mean_s", "p90_s", "unreached"]
    merged = one[[*keys, "population", *kept]].merge(other[[*keys, *kept]], on=keys, suffixes=("_before", "_after"))
    out = merged[[*keys, "population"]].copy()
    for name in ("mean", "p90"):
        for when in ("before", "after"):
            out[f"{name}_{when}_min"] = merged[f"{name}_s_{when}"] / 60
    out["unreached_before"], out["unreached_after"] = merged["unreached_before"], merged["unreached_after"]
    return out


def _title(study: Study, question: Question, found: Located) -> str:
    label = study.settings.services[question.service].label
    closed = f", {len(found.closed)} closed" if len(found.closed) else ""
    return f"{label}: {len(found.added)} more{closed}"


def _scenario(study: Study, question: Question, found: Located, chosen: pd.DataFrame, closed: pd.DataFrame) -> str:
    return siting.scenario_text(
        title=_title(study, question, found),
        description=f"Sited for {question.objective} in {study.path.name}: {found.told} ({found.method})",
        add=[
            {"service": question.service, "name": name, "lon": float(lon), "lat": float(lat)}
            for name, lon, lat in zip(
                siting.unlike(chosen["name"].to_list()), chosen["lon"], chosen["lat"], strict=True
            )
        ],
        remove=[{"service": question.service, "site": str(site)} for site in closed["site_id"]],
    )

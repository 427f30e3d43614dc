"""Ambulances in a study: to which bases more of them come, or move, so that most people have one that is free."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import siting
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.frames import crs_of
from geoaccess.measures import read_ambulance_figures
from geoaccess.measures.groups import people_of_service
from geoaccess.network import setting_out_after
from geoaccess.phrases import Writer
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.siting.candidates import files_asked, municipality_of, name_places, new_places
from geoaccess.questions.siting.context import context_of
from geoaccess.questions.siting.question import Question, above_zero
from geoaccess.questions.vehicles_effect import FleetEffect, effect_of
from geoaccess.routing import nearest_snapped, within_snapped
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study
from geoaccess.study.scenario_names import named_removals
from geoaccess.study.sections.ambulance import numbers_of_bases
from geoaccess.study.stamps import InputStamps

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.measures import AmbulanceFigures, ServiceSpec
    from geoaccess.network import Network
    from geoaccess.siting import Fleet
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["FleetQuestion", "PlacedFleet", "fleet_study"]


@dataclass(frozen=True)
class FleetQuestion:
    """The question: `add` vehicles and move up to `move` of those that stand, each out a share `busy` of its time.

    Attributes
    ----------
    add
        Unless given, one where none move, else none.
    norm_min
        Minutes from the call to the patient, the same everywhere; unless given, the norm of each cell where the study
        has [ambulance], else the first norm of the service.
    treatment, treatment_min
        A service that can treat, and minutes from the call until the patient is there: both norms must be met.
    standing
        Vehicles that every base has today; unless given, as [ambulance] vehicles says, else one.
    figures
        A file of figures of the ambulance chain; those of the study unless given, else the shipped ones.
    """

    service: str = "ambulance_base"
    add: int | None = None
    move: int = 0
    busy: float = 0.3
    norm_min: float | None = None
    treatment: str | None = None
    treatment_min: float | None = None
    standing: int | None = None
    candidates: str = "settlements"
    least_people: float = 200.0
    exclude: Path | None = None
    figures: Path | None = None
    seconds: float = SOLVER_S

    @property
    def vehicles_added(self) -> int:
        """How many vehicles are added: unless it is said, one where none move, else none."""
        return (0 if self.move else 1) if self.add is None else self.add


@dataclass(frozen=True)
class PlacedFleet:
    """The answer: shares of all people, a table of bases with their vehicles, what it does to whom, and the scenario.

    `spec` is the service with the norm that was used, `start_s` what passes before a vehicle moves.
    """

    study: Study
    question: FleetQuestion
    fleet: Fleet
    places: pd.DataFrame
    scenario: str
    spec: ServiceSpec
    start_s: float
    effect: FleetEffect
    answers: Answers


@checks_arguments
def fleet_study(
    study: Study, question: FleetQuestion, *, answers: Answers | None = None, show: bool = True
) -> PlacedFleet:
    """Place and move vehicles in a study, to new bases or to those that stand; people stand for calls.

    The answer is that of `geoaccess.siting.place_vehicles`, with the drive as ambulances drive in the study: exact, or
    with a bound on what is missing. It says how many people are within the norm if a vehicle is always free, and how
    many can expect a free one, before and after: the first is the share of every other table of the study.

    Raises
    ------
    InputError
        If a service is unknown, nothing is to be decided, or as `place_vehicles`.
    """
    named = files_asked(question.candidates, question.exclude)
    before = InputStamps().also(named if question.figures is None else [*named, question.figures])
    spec = _checked(study, question)
    answers = (solve_study(study, show=show) if answers is None else answers).since(before)
    ours = answers.sites[(answers.sites["service"] == question.service).to_numpy()]
    standing = _standing(study, question, ours)
    asked = Question(
        service=question.service,
        candidates=question.candidates,
        least_people=question.least_people,
        exclude=question.exclude,
    )
    new, _ = new_places(answers.results, answers.sites, asked)
    bases: gpd.GeoDataFrame = pd.concat(
        [ours[["name", "geometry"]].to_crs(crs_of(new)), new.assign(name=new.get("name", ""))]
    )
    roads = context_of(answers).roads_of(question.service)
    start_s = _start_s(study, question)
    snapped = pd.concat([stages.snap_as_set(study, roads.places, places) for places in (ours, new)])
    where = setting_out_after(snapped, start_s)
    limit_s = _limits(answers, question, spec, roads.roads, roads.cells, roads.places)
    near = _near(roads.roads, roads.cells, where, limit_s)
    have = np.concatenate([standing, np.zeros(len(new), np.int64)])
    people = people_of_service(answers.results, spec)
    fleet = siting.place_vehicles(
        near,
        people,
        add=question.vehicles_added,
        busy=question.busy,
        standing=have,
        move=question.move,
        seconds=question.seconds,
    )
    places = _table(answers, bases, fleet, len(ours))
    effect = effect_of(answers, spec, roads.roads, roads.cells, where, near=near, fleet=fleet, busy=question.busy)
    scenario = _scenario(study, question, places, fleet)
    return PlacedFleet(study, question, fleet, places, scenario, spec, start_s, effect, answers)


def _checked(study: Study, question: FleetQuestion) -> ServiceSpec:
    """Refuse what can be refused at once; return the service with the one norm that it is held against."""
    services = study.settings.services
    for name in filter(None, (question.service, question.treatment)):
        find_service(study, name)
    if services[question.service].direction != "to_people":
        coming = [key for key, one in services.items() if one.direction == "to_people"]
        raise InputError(
            f"--service is {question.service}, to which people travel; vehicles stand at sites of a service that comes "
            f'to people (toward = "cells"): {", ".join(coming) or "the study has none"}'
        )
    if (question.treatment is None) != (question.treatment_min is None):
        raise InputError("--treatment names the service that treats, --treatment-min its norm: give both, or none")
    if not (question.vehicles_added or question.move):
        raise InputError("nothing to decide: give --add or --move above 0")
    for option, minutes in (("--norm", question.norm_min), ("--treatment-min", question.treatment_min)):
        above_zero(option, minutes, "minutes")
    above_zero("--seconds", question.seconds, "seconds")
    spec = replace(next(spec for spec in study.specs if spec.key == question.service), time="response")
    if question.norm_min is not None:
        spec = replace(spec, norms_s=(question.norm_min * 60,), norm_column="")
    if not spec.n_norms:
        raise InputError(f"{study.path}: [services.{spec.key}] has no norms_min; say which with --norm MINUTES")
    spec = spec if spec.norm_column else replace(spec, norms_s=spec.norms_s[:1])
    _check_norms(study, question, spec.norms_s[0])
    return spec


def _figures(study: Study, question: FleetQuestion) -> AmbulanceFigures:
    """Return the figures of the chain: those of the question, else of the study, else the shipped ones."""
    settings = study.settings.ambulance
    own = study.resolve(settings.figures) if settings is not None and settings.figures else None
    return read_ambulance_figures(question.figures or own)


def _start_s(study: Study, question: FleetQuestion) -> float:
    """Return what passes from the call until a vehicle moves."""
    return float(_figures(study, question).modes["car"].times.start_s)


def _standing(study: Study, question: FleetQuestion, ours: gpd.GeoDataFrame) -> npt.NDArray[np.int64]:
    """Return the vehicles of each base today: of the question, else of [ambulance], else one."""
    settings = study.settings.ambulance
    if question.standing is not None or settings is None or settings.base != question.service:
        return np.full(len(ours), 1 if question.standing is None else question.standing, np.int64)
    given = numbers_of_bases(ours, settings.vehicles)
    part = given[given != np.floor(given)]
    if len(part):
        raise InputError(
            f"{study.path}: [ambulance] vehicles of {part.index[0]} is {part.iloc[0]:g}, and only whole vehicles move; "
            "say with --standing how many each base has"
        )
    return given.to_numpy(np.int64)


def _check_norms(study: Study, question: FleetQuestion, norm_s: float) -> None:
    """Refuse norms that have passed before a vehicle moves: nobody can be reached within them, wherever it stands."""
    times = _figures(study, question).modes["car"].times
    if norm_s <= times.start_s:
        raise InputError(
            f"the norm is {norm_s / 60:g} minutes from the call, and {times.start_s / 60:g} pass before a vehicle "
            "moves, so that nobody can be reached in time: give a longer --norm"
        )
    passed = times.start_s + times.on_scene_s
    if question.treatment_min is not None and question.treatment_min * 60 <= passed:
        raise InputError(
            f"--treatment-min is {question.treatment_min:g}, and {passed / 60:g} minutes pass before a vehicle moves "
            "and at the scene, so that nobody can be treated in time: give more"
        )


def _near(
    network: Network | Hierarchy, cells: pd.DataFrame, bases: pd.DataFrame, limit_s: npt.NDArray[np.float64]
) -> siting.NearBases:
    """Say which bases are near enough to which cells, without times between all of them."""
    longest = float(np.nanmax(limit_s, initial=-np.inf))
    cell = base = np.empty(0, np.int32)
    if longest >= 0 and len(bases):
        found = within_snapped(network, cells, bases, cutoff_s=longest + 0.1, direction="to_people")
        inside = found["travel_time_s"].to_numpy() <= limit_s[found["cell_id"].cat.codes.to_numpy()]
        cell = found["cell_id"].cat.codes.to_numpy()[inside].astype(np.int32)
        base = found["site_id"].cat.codes.to_numpy()[inside].astype(np.int32)
    return siting.NearBases(cell, base, (len(cells), len(bases)))


def _limits(
    answers: Answers,
    question: FleetQuestion,
    spec: ServiceSpec,
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    places: Network,
) -> npt.NDArray[np.float64]:
    """Return the longest time from the call to each cell with which the norms are met."""
    limit = np.broadcast_to(np.asarray(spec.limits(answers.results)[0], np.float64), (len(cells),))
    if question.treatment is None or question.treatment_min is None:
        return limit
    study, sites = answers.study, answers.sites
    times = _figures(study, question).modes["car"].times
    treating = stages.snap_as_set(study, places, sites[(sites["service"] == question.treatment).to_numpy()])
    onward = nearest_snapped(network, cells, treating, k=1)["travel_time_s"].fillna(np.inf).to_numpy(np.float64)
    return np.minimum(limit, question.treatment_min * 60 - times.on_scene_s - onward)


def _table(answers: Answers, bases: gpd.GeoDataFrame, fleet: Fleet, standing: int) -> pd.DataFrame:
    """Return a row per base that vehicles come to or leave: how many it has today and then, and the difference."""
    difference = fleet.vehicles - fleet.taken
    chosen = np.flatnonzero(difference).tolist()
    names = name_places(answers, bases, chosen)
    points = bases.iloc[chosen].geometry
    table = pd.DataFrame(
        {
            "base": [str(label) for label in bases.index[chosen]],
            "name": siting.unique_names([names[j] for j in chosen]),
            "municipality": municipality_of(answers, bases, chosen),
            "today": fleet.standing[chosen],
            "vehicles": difference[chosen],
            "then": fleet.then[chosen],
            "stands": ["yes" if j < standing else "new" for j in chosen],
            "lon": points.x.round(6).to_numpy(),
            "lat": points.y.round(6).to_numpy(),
        }
    )
    return table.sort_values("vehicles", ascending=False, kind="stable", ignore_index=True)


def _scenario(study: Study, question: FleetQuestion, places: pd.DataFrame, fleet: Fleet) -> str:
    """Return the scenario: new bases with their vehicles, bases left empty removed, and the rest in words."""
    writer = Writer(study.settings.language, ("terminal",))
    new, empty = places[places["stands"] == "new"], places[places["then"] == 0]
    stay = places[(places["stands"] == "yes") & (places["then"] > 0)]
    further = [
        writer.text("fleet_more" if row["vehicles"] > 0 else "fleet_fewer", n=abs(row["vehicles"]), base=row["base"])
        for row in _records(stay)
    ]
    label = next(spec.label for spec in study.specs if spec.key == question.service)
    covered = writer.text("fleet_description", share=writer.share(fleet.value, 2), method=writer.note(fleet.method))
    title = writer.text(
        "fleet_title_moved" if question.move else "fleet_title",
        label=label,
        n=question.vehicles_added,
        moved=int(fleet.taken.sum()),
    )
    return siting.scenario_text(
        title=title,
        description="; ".join([covered, *further]),
        add=[
            {
                "service": question.service,
                "name": row["name"],
                "lon": float(row["lon"]),
                "lat": float(row["lat"]),
                "capacity": int(row["then"]),
            }
            for row in _records(new)
        ],
        remove=named_removals(question.service, empty.set_index("base")["name"].astype(str)),
        study=study.titles[0],
    )


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]

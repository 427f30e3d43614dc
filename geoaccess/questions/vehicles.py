"""More ambulances in a study: at which bases they bring most people within reach of one that is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files, siting
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.frames import crs_of
from geoaccess.measures import read_ambulance_figures
from geoaccess.measures.groups import people_of_service
from geoaccess.phrases import Writer
from geoaccess.questions.siting.candidates import candidates_of, municipality_of, name_places, new_places
from geoaccess.questions.siting.question import Question, above_zero, norm_of
from geoaccess.routing import memory_left, within_snapped
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked
from geoaccess.tables import write_csv
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.siting import Fleet
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["FleetQuestion", "PlacedFleet", "fleet_lines", "fleet_study", "fleet_table", "write_fleet"]


@dataclass(frozen=True)
class FleetQuestion:
    """The question: `add` vehicles, beside those that stand, each out a share `busy` of its time.

    Attributes
    ----------
    norm_min
        Minutes from the call to the patient; the first norm of the service unless given.
    treatment, treatment_min
        A service that can treat, and minutes from the call until the patient is there: both norms must be met.
    standing
        Vehicles that every base has today.
    figures
        A file of figures of the ambulance chain; the shipped one unless given.
    """

    service: str = "ambulance_base"
    add: int = 1
    busy: float = 0.3
    norm_min: float | None = None
    treatment: str | None = None
    treatment_min: float | None = None
    standing: int = 1
    candidates: str = "settlements"
    least_people: float = 200.0
    exclude: Path | None = None
    figures: Path | None = None
    seconds: float = SOLVER_S


@dataclass(frozen=True)
class PlacedFleet:
    """The answer: shares of all people, a table of bases with the vehicles they get, and the scenario."""

    study: Study
    question: FleetQuestion
    fleet: Fleet
    places: pd.DataFrame
    scenario: str


@checks_arguments
def fleet_study(
    study: Study, question: FleetQuestion, *, answers: Answers | None = None, show: bool = True
) -> PlacedFleet:
    """Place vehicles in a study, at new bases or as a further one at those that stand; people stand for calls.

    Raises
    ------
    InputError
        If a service is unknown, or as `expected_cover`.
    """
    services = study.settings.services
    for name in filter(None, (question.service, question.treatment)):
        if name not in services:
            raise InputError(f'{study.path}: no service "{name}"{did_you_mean(name, services)}')
    if services[question.service].direction != "to_people":
        coming = [key for key, one in services.items() if one.direction == "to_people"]
        raise InputError(
            f"--service is {question.service}, to which people travel; vehicles stand at sites of a service that comes "
            f'to people (toward = "cells"): {", ".join(coming) or "the study has none"}'
        )
    if (question.treatment is None) != (question.treatment_min is None):
        raise InputError("--treatment names the service that treats, --treatment-min its norm: give both, or none")
    for option, minutes in (("--norm", question.norm_min), ("--treatment-min", question.treatment_min)):
        above_zero(option, minutes, "minutes")
    above_zero("--seconds", question.seconds, "seconds")
    spec = next(spec for spec in study.specs if spec.key == question.service)
    norm_s = norm_of(study, Question(service=question.service, norm_min=question.norm_min))
    _check_norms(question, norm_s)
    answers = solve_study(study, show=show) if answers is None else answers
    ours = answers.sites[(answers.sites["service"] == question.service).to_numpy()]
    asked = Question(
        service=question.service,
        candidates=question.candidates,
        least_people=question.least_people,
        exclude=question.exclude,
    )
    new, _ = new_places(answers, asked, candidates_of(answers, asked))
    bases: gpd.GeoDataFrame = pd.concat(
        [ours[["name", "geometry"]].to_crs(crs_of(new)), new.assign(name=new.get("name", ""))]
    )
    snapped = stages.snap_all(study, answers.network, answers.results, ours)
    where = pd.concat([snapped.sites, stages.snap_as_set(study, answers.network, new)])
    fleet = siting.place_vehicles(
        _near(answers, snapped.cells, where, _limits(answers, question, norm_s)),
        people_of_service(answers.results, spec),
        add=question.add,
        busy=question.busy,
        standing=np.where(np.arange(len(where)) < len(ours), question.standing, 0),
        seconds=question.seconds,
    )
    places = _table(answers, bases, fleet, len(ours))
    return PlacedFleet(study, question, fleet, places, _scenario(study, question, places, fleet))


def _check_norms(question: FleetQuestion, norm_s: float) -> None:
    """Refuse norms that have passed before a vehicle moves: nobody can be reached within them, wherever it stands."""
    times = read_ambulance_figures(question.figures).modes["car"].times
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
    answers: Answers, cells: pd.DataFrame, bases: pd.DataFrame, limit_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Say which bases are near enough to which cells, shape (n_cells, n_bases), without times between all of them."""
    size = len(cells) * len(bases)
    if size > memory_left() / 2:
        raise InputError(
            f"{len(cells)} cells and {len(bases)} bases need {2 * size / 1e9:.1f} GB of memory, and "
            f"{memory_left() / 1e9:.1f} GB are left: give fewer candidates, such as larger settlements"
        )
    near = np.zeros((len(cells), len(bases)), np.bool_)
    longest = float(np.nanmax(limit_s, initial=-np.inf))
    if longest >= 0 and len(bases):
        found = within_snapped(answers.network, cells, bases, cutoff_s=longest + 0.1, direction="to_people")
        row, column = found["cell_id"].cat.codes.to_numpy(), found["site_id"].cat.codes.to_numpy()
        inside = found["travel_time_s"].to_numpy() <= limit_s[row]
        near[row[inside], column[inside]] = True
    return near


def _limits(answers: Answers, question: FleetQuestion, norm_s: float) -> npt.NDArray[np.float64]:
    """Return the longest drive to each cell with which the norms are met."""
    times = read_ambulance_figures(question.figures).modes["car"].times
    limit = np.full(len(answers.results), norm_s - times.start_s)
    if question.treatment is not None and question.treatment_min is not None:
        onward = answers.results[f"{question.treatment}_s"].fillna(np.inf).to_numpy(dtype=np.float64)
        limit = np.minimum(limit, question.treatment_min * 60 - times.start_s - times.on_scene_s - onward)
    return limit


def _table(answers: Answers, bases: gpd.GeoDataFrame, fleet: Fleet, standing: int) -> pd.DataFrame:
    chosen = np.flatnonzero(fleet.vehicles).tolist()
    names = name_places(answers, bases, chosen)
    points = bases.iloc[chosen].geometry
    table = pd.DataFrame(
        {
            "base": [str(label) for label in bases.index[chosen]],
            "name": siting.unique_names([names[j] for j in chosen]),
            "municipality": municipality_of(answers, bases, chosen),
            "vehicles": fleet.vehicles[chosen],
            "stands": ["yes" if j < standing else "new" for j in chosen],
            "lon": points.x.round(6).to_numpy(),
            "lat": points.y.round(6).to_numpy(),
        }
    )
    return table.sort_values("vehicles", ascending=False, kind="stable", ignore_index=True)


def _scenario(study: Study, question: FleetQuestion, places: pd.DataFrame, fleet: Fleet) -> str:
    writer = Writer(study.settings.language, ("terminal",))
    new = places[places["stands"] == "new"]
    more = places[places["stands"] == "yes"]
    further = "; ".join(
        writer.text("fleet_more", n=count, base=base)
        for count, base in zip(more["vehicles"], more["base"], strict=True)
    )
    label = next(spec.label for spec in study.specs if spec.key == question.service)
    covered = writer.text("fleet_description", share=writer.share(fleet.value, 2), method=writer.note(fleet.method))
    return siting.scenario_text(
        title=writer.text("fleet_title", label=label, n=int(fleet.vehicles.sum())),
        description=covered + (f"; {further}" if further else ""),
        add=[
            {"service": question.service, "name": name, "lon": float(lon), "lat": float(lat), "capacity": int(count)}
            for name, lon, lat, count in zip(new["name"], new["lon"], new["lat"], new["vehicles"], strict=True)
        ],
        study=study.titles[0],
    )


@checks_arguments
def fleet_lines(answer: PlacedFleet) -> list[str]:
    """Return the answer in a few lines."""
    fleet, question = answer.fleet, answer.question
    writer = Writer(answer.study.settings.language, ("terminal", "siting"))
    who = next(spec.who for spec in answer.study.specs if spec.key == question.service)
    missing = writer.significant(100 * (fleet.bound - fleet.value), 2)
    start_s = read_ambulance_figures(question.figures).modes["car"].times.start_s
    now, then, bound = (writer.share(share, 2) for share in (fleet.now, fleet.value, fleet.bound))
    return [
        writer.text(
            "fleet_now",
            now=now,
            then=then,
            n=question.add,
            sure=writer["proved"] if fleet.proved else writer.text("points", n=missing),
        ),
        writer.text("found_upper", method=writer.note(fleet.method), bound=bound),
        writer.text(
            "fleet_assumed",
            busy=writer.share(question.busy, 0),
            standing=question.standing,
            calls=writer.text("fleet_by", who=who) if who else writer["fleet_alike"],
            start=writer.threshold(start_s),
        ),
    ]


@checks_arguments
def fleet_table(answer: PlacedFleet) -> pd.DataFrame:
    """Return the table of bases as it is printed."""
    writer = Writer(answer.study.settings.language, ("terminal",))
    table = answer.places[["name", "municipality", "vehicles", "stands", "base"]]
    stands = table["stands"].map({"yes": writer["base_stands"], "new": writer["base_new"]})
    return headed(table.assign(stands=stands), writer.language)


@checks_arguments
def write_fleet(answer: PlacedFleet, folder: Path | None = None) -> list[Path]:
    """Write the table (CSV and Parquet) and the scenario; return the files."""
    where = answer.study.output if folder is None else folder
    stem = f"site_{answer.question.service}_vehicles"
    shown = marked(answer.places, answer.study.settings.disclaimer)
    with files.writing(where / f"{stem}.csv") as temporary:
        write_csv(shown, temporary)
    with files.writing(where / f"{stem}.parquet") as temporary:
        shown.to_parquet(temporary, index=False)
    with files.writing(where / f"{stem}.toml") as temporary:
        temporary.write_text(answer.scenario, encoding="utf-8", newline="\n")
    return [where / f"{stem}{suffix}" for suffix in (".csv", ".parquet", ".toml")]

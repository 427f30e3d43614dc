"""Sites of a study that take only so many: who is covered when each takes its own in turn, and where to add some."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import siting
from geoaccess.arguments import checks_arguments
from geoaccess.bounds import MOST_COUNT
from geoaccess.defaults import SOLVER_S
from geoaccess.errors import InputError
from geoaccess.measures.groups import people_of_service
from geoaccess.phrases import Writer
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.matrix import roads_of_service
from geoaccess.questions.siting.candidates import files_asked, municipality_of, name_places, new_places
from geoaccess.questions.siting.question import Question, above_zero
from geoaccess.questions.siting.wording import figure, sureness
from geoaccess.routing import travel_times
from geoaccess.study.doubtful_sites import read_capacity
from geoaccess.study.pipeline import solve_times
from geoaccess.study.results.result_folder import result_folder
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked, write_table
from geoaccess.study.stamps import InputStamps
from geoaccess.tables import parse_number, to_numbers
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.measures import ServiceSpec
    from geoaccess.siting import Allotted
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "CapacityAnswer",
    "CapacityQuestion",
    "capacity_lines",
    "capacity_study",
    "capacity_tables",
    "write_capacity",
]


@dataclass(frozen=True)
class CapacityQuestion:
    """The question: how many people are covered by sites of a service, each of which takes only so many.

    Attributes
    ----------
    capacity
        People that each site takes: a column of the sites that the study reads, or a number for all; that of
        [services.NAME] capacity unless given.
    norm_min
        The longest time that counts; the first norm of the service unless given.
    order
        A column of the sites by which they take people, lowest first; as they are listed unless given.
    add, new_capacity
        How many sites to add, and how many people each of them takes.
    objective
        "norm": most people served within the norm. "minutes": least time of all, who is not served counting as a day.
    candidates, least_people, exclude
        As in `geoaccess.questions.Question`.
    seconds
        How long HiGHS may take.
    """

    service: str
    capacity: str | None = None
    norm_min: float | None = None
    order: str | None = None
    add: int = 0
    new_capacity: float | None = None
    objective: str = "norm"
    candidates: str = "settlements"
    least_people: float = 200.0
    exclude: Path | None = None
    seconds: float = SOLVER_S


@dataclass(frozen=True)
class CapacityAnswer:
    """The answer: `sites` in turn, see `geoaccess.siting.covered_in_order`; `found`, `places` where some are added."""

    study: Study
    question: CapacityQuestion
    spec: ServiceSpec
    norm_s: float
    people: float
    sites: pd.DataFrame
    found: Allotted | None
    places: pd.DataFrame
    scenario: str
    stamps: InputStamps = field(default_factory=InputStamps)

    @property
    def covered(self) -> float:
        """People covered by the sites that stand, in turn."""
        return float(self.sites["covered"].sum())


@checks_arguments
def capacity_study(
    study: Study, question: CapacityQuestion, *, answers: Answers | None = None, show: bool = True
) -> CapacityAnswer:
    """Count who is covered when sites take people in turn, and find where to add sites of a given capacity.

    See `geoaccess.siting.covered_in_order` and `geoaccess.siting.locate_with_capacity`.

    Raises
    ------
    InputError
        If the service, a column or the objective is unknown, a site has no capacity, or as these.
    """
    spec = find_service(study, question.service)
    norm_s = _checked(study, question, spec)
    given = _capacity(study, question)
    named = files_asked(question.candidates, question.exclude)
    answers = solve_times(study, show=show) if answers is None else answers
    answers = answers.reading(named)
    ours = answers.sites[(answers.sites["service"] == spec.key).to_numpy()]
    capacity = _column(ours, given, option="--capacity")
    order = np.arange(len(ours))
    if question.order is not None:
        order = np.argsort(_column(ours, question.order, option="--order", below_zero=True), kind="stable")
    people = people_of_service(answers.results, spec)
    standing = _times(answers, spec, ours)
    turns, _ = siting.covered_in_order(standing, people, capacity=capacity, norm_s=norm_s, order=order.tolist())
    number = turns.pop("site").to_numpy(np.int64)
    names = {"site_id": ours.index[number].astype(str), "name": ours["name"].to_numpy()[number]}
    turns["longest_min"] = turns.pop("longest_s") / 60
    sites = pd.DataFrame({**names, "capacity": capacity[number]}).join(turns)
    found, places, scenario = None, pd.DataFrame(), ""
    if question.add:
        found, places = _added(answers, question, spec, standing, capacity, people, norm_s)
        scenario = _scenario(study, question, spec, found, places)
    return CapacityAnswer(
        study, question, spec, norm_s, float(people.sum()), sites, found, places, scenario, answers.stamps
    )


def _checked(study: Study, question: CapacityQuestion, spec: ServiceSpec) -> float:
    """Refuse what can be refused at once; return the norm in seconds."""
    if question.objective not in ("norm", "minutes"):
        raise InputError(f'objective "{question.objective}": there are norm and minutes')
    if question.add < 0:
        raise InputError(f"--add is {question.add}; give 0 or more")
    if question.add and question.new_capacity is None:
        raise InputError("--add asks for sites of some capacity: say how many people each takes with --new-capacity")
    for option, value, unit in (
        ("--norm", question.norm_min, "minutes"),
        ("--new-capacity", question.new_capacity, "people"),
        ("--seconds", question.seconds, "seconds"),
    ):
        above_zero(option, value, unit)
    if question.norm_min is not None:
        return question.norm_min * 60
    if not spec.norms_s or spec.norm_column:
        raise InputError(f"{study.path}: [services.{spec.key}] has no one norm for all; say which with --norm MINUTES")
    return float(spec.norms_s[0])


def _capacity(study: Study, question: CapacityQuestion) -> str:
    """Return the column of capacities, or the number."""
    given = question.capacity or study.settings.services[question.service].capacity
    if given is None:
        raise InputError(
            f"{study.path}: [services.{question.service}] has no capacity; name the column of the sites that has "
            "it, or give --capacity NUMBER"
        )
    return given


def _column(sites: gpd.GeoDataFrame, given: str, *, option: str, below_zero: bool = False) -> npt.NDArray[np.float64]:
    """Return a number for each site: of a column, or the same for all."""
    if given not in sites and parse_number(given) is None:
        columns = [str(name) for name in sites if name != "geometry"]
        raise InputError(
            f'{option} "{given}" is neither a number nor a column of the sites that the study reads'
            f"{did_you_mean(given, columns)}; name a column of capacities in [services.NAME] capacity"
        )
    values = sites[given] if given in sites else pd.Series(given, index=sites.index)
    if below_zero:
        numbers = np.asarray(to_numbers(values), np.float64)
        wrong = ~(np.abs(numbers) <= MOST_COUNT)
    else:
        numbers, wrong = read_capacity(values)
    if wrong.any():
        first = sites.index[wrong][0]
        raise InputError(
            f"{option} {given}: {int(wrong.sum())} sites have no number (the first is {first}: {values[first]!r}); "
            f"give one to each, {'' if below_zero else '0 or more and '}{MOST_COUNT:.0f} at most"
        )
    return numbers


def _times(answers: Answers, spec: ServiceSpec, places: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return the times between all cells and some places, as the service travels; inf where there is none."""
    roads = roads_of_service(answers, spec.key, places)
    if spec.direction == "to_people":
        found = travel_times(roads.network, roads.sites, roads.cells).T
    else:
        found = travel_times(roads.network, roads.cells, roads.sites)
    return np.where(np.isnan(found), np.inf, found)


def _added(
    answers: Answers,
    question: CapacityQuestion,
    spec: ServiceSpec,
    standing: npt.NDArray[np.float64],
    capacity: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    norm_s: float,
) -> tuple[Allotted, pd.DataFrame]:
    """Return where sites are added, and a row for each."""
    asked = Question(
        service=spec.key,
        candidates=question.candidates,
        least_people=question.least_people,
        exclude=question.exclude,
    )
    new, _ = new_places(answers.results, answers.sites, asked)
    found = siting.locate_with_capacity(
        _times(answers, spec, new),
        people,
        capacity=float(question.new_capacity or 0.0),
        add=question.add,
        standing_s=standing,
        standing_capacity=capacity,
        norm_s=norm_s if question.objective == "norm" else None,
        seconds=question.seconds,
    )
    chosen = found.added.tolist()
    names = name_places(answers, new, chosen)
    points = new.iloc[chosen].geometry
    places = pd.DataFrame(
        {
            "candidate": [str(label) for label in new.index[chosen]],
            "name": siting.unique_names([names[j] for j in chosen]),
            "municipality": municipality_of(answers, new, chosen),
            "lon": points.x.round(6).to_numpy(),
            "lat": points.y.round(6).to_numpy(),
            "capacity": float(question.new_capacity or 0.0),
            "people_served": found.load[len(capacity) + found.added],
        }
    )
    return found, places


def _scenario(
    study: Study, question: CapacityQuestion, spec: ServiceSpec, found: Allotted, places: pd.DataFrame
) -> str:
    writer = Writer(study.settings.language, ("terminal",))
    rows: list[dict[str, Any]] = [
        {"service": spec.key, "name": name, "lon": float(lon), "lat": float(lat), "capacity": float(capacity)}
        for name, lon, lat, capacity in zip(
            places["name"], places["lon"], places["lat"], places["capacity"], strict=True
        )
    ]
    return siting.scenario_text(
        title=writer.text("capacity_title", label=spec.label, n=len(places), capacity=question.new_capacity),
        description=writer.text("capacity_description", sure=sureness(found, language=writer.language)),
        add=rows,
        study=study.titles[0],
    )


@checks_arguments
def capacity_lines(answer: CapacityAnswer) -> list[str]:
    """Return the answer in a few lines."""
    writer = Writer(answer.study.settings.language, ("terminal",))
    norm = writer.plain(answer.norm_s / 60)
    lines = [
        writer.text(
            "capacity_in_turn",
            label=answer.spec.label,
            covered=writer.people(answer.covered),
            people=writer.people(answer.people),
            share=writer.share(answer.covered / answer.people, 1) if answer.people else "",
            norm=norm,
        )
    ]
    if answer.found is not None:
        share = answer.question.objective == "norm"
        now, then = (
            figure(value, share=share, language=writer.language) for value in (answer.found.now, answer.found.value)
        )
        sure = sureness(answer.found, language=writer.language)
        key = "capacity_then_norm" if share else "capacity_then_minutes"
        lines.append(writer.text(key, norm=norm, now=now, then=then, sure=sure))
    return lines


@checks_arguments
def capacity_tables(answer: CapacityAnswer) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables as they are printed, with titles."""
    language = answer.study.settings.language
    writer = Writer(language, ("terminal",))
    shown = answer.sites[["name", "capacity", "people_within", "covered", "left_over", "longest_min"]].copy()
    for name in ("capacity", "people_within", "covered", "left_over"):
        shown[name] = [writer.people(value) if np.isfinite(value) else writer["no_limit"] for value in shown[name]]
    shown["longest_min"] = [figure(value, language=language) for value in shown["longest_min"]]
    tables = [(writer["t_capacity"], headed(shown, language))]
    if len(answer.places):
        places = answer.places[["name", "municipality", "people_served"]].copy()
        places["people_served"] = places["people_served"].map(writer.people)
        tables.append((writer["t_recommended"], headed(places, language)))
    return tables


@checks_arguments
def write_capacity(answer: CapacityAnswer, folder: Path | None = None) -> list[Path]:
    """Write the tables (CSV and Parquet), and the scenario where sites are added; return the files."""
    where = answer.study.output if folder is None else folder
    stem = f"capacity_{answer.spec.key}"
    facts = {
        "service": answer.spec.key,
        "norm_min": answer.norm_s / 60,
        "capacity": _capacity(answer.study, answer.question),
    }
    disclaimer = answer.study.settings.disclaimer
    with result_folder(
        where, record=f"{stem}.json", facts=facts, study=answer.study, stamps=answer.stamps
    ) as temporary:
        write_table(marked(answer.sites, disclaimer), temporary / stem)
        if answer.found is not None:
            write_table(marked(answer.places, disclaimer), temporary / f"{stem}_places")
            (temporary / f"{stem}.toml").write_text(answer.scenario, encoding="utf-8", newline="\n")
        names = sorted(path.name for path in temporary.iterdir())
    return [where / name for name in names]

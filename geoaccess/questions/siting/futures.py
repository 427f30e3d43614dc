"""One answer for several futures of a study: sites that are never far from what would have been best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import siting
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.phrases import Writer
from geoaccess.questions.siting.alternatives import STEP_SECONDS
from geoaccess.questions.siting.candidates import files_asked, municipality_of, name_places, new_places
from geoaccess.questions.siting.context import baseline_of, build_problem, context_in, context_of
from geoaccess.questions.siting.futures_map import draw_futures
from geoaccess.questions.siting.objectives import OBJECTIVES
from geoaccess.questions.siting.question import check_question, norm_of, objective_of
from geoaccess.questions.siting.wording import figure
from geoaccess.questions.spread import is_here, spread
from geoaccess.study import stages
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.ground import drawn_ahead
from geoaccess.study.results.output import forms_of
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked, table_files, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.questions.scenario_run import Baseline
    from geoaccess.questions.siting.context import SitingContext
    from geoaccess.questions.siting.question import Question
    from geoaccess.scenarios import Scenario
    from geoaccess.siting import Objective, Regret, SitingProblem
    from geoaccess.study.answers import Answers
    from geoaccess.study.results.ground import DrawnAhead
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.settings.variations import Variation

__all__ = ["Futures", "futures_lines", "futures_tables", "site_futures", "write_futures"]


@dataclass(frozen=True)
class Futures:
    """The answer: the choice, a row per future with best, value and regret, and a row per place.

    `frontier` has a row per number of sites, from one to as many as are asked for: `added`, `regret`, the greatest over
    the futures, `bound`, below which no choice of so many has it, and `worst_value`, the burden in the worst future.
    The last row is the answer; those of fewer sites are found by exchanges, in ten seconds at most for each step.
    `first` is the first future as it is, `drawn` what lies under it, and `nearer_s` the seconds of its cells with
    the choice.
    """

    question: Question
    regret: Regret
    objective: Objective
    futures: pd.DataFrame
    places: pd.DataFrame
    frontier: pd.DataFrame
    first: Answers
    drawn: DrawnAhead
    nearer_s: npt.NDArray[np.float64]
    scenario: str
    disclaimer: str
    language: str
    output: Path


@checks_arguments
def site_futures(
    study: Study,
    question: Question,
    *,
    variations: Sequence[Variation] = (),
    scenarios: Sequence[Scenario | None] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    show: bool = True,
) -> Futures:
    """Find the sites whose greatest regret over several futures of a study is least.

    Parameters
    ----------
    variations, scenarios
        The futures: variations of the study, and the study in scenarios, or as it is (None). Candidates are those of
        the first; every future has its own people.
    workers, scheduler
        Where futures are solved, see `geoaccess.parallel.worker_pool`; without either in this process, one after the
        other. The answer is the same to the bit.

    Raises
    ------
    InputError
        If there is no future, or the question asks for what cannot be had here (closing, bounds, the worst off, the
        fewest sites, fairness); and as `baseline_of` and `least_regret`.
    """
    known = OBJECTIVES.get(question.objective)  # an unknown one is refused below
    if question.close or question.max_loss_min is not None or not (known is None or known.of_futures):
        raise InputError("least regret over several futures is for sites that are added, for minutes, norm or beyond")
    for one in [study, *(future.study for future in variations)]:
        check_question(one, question)
    tasks: list[_Task] = [*(_Task(future.name, future.study) for future in variations)]
    tasks += [_Task("", None, scenario) for scenario in scenarios]
    if not tasks:
        raise InputError("no future is given")
    named = files_asked(question.candidates, question.exclude)
    stages.remember()  # most futures have the same people, and are of the same roads
    try:
        base = baseline_of(study, scenarios, show=show) if scenarios else None
        ground = _ground(base, tasks[0], show=show)
        first = ground.answers.reading(named)
        places, _ = new_places(first.results, first.sites, question)
        common = _Common(base, places, question)
        if not is_here(workers, scheduler):
            _provide_networks(tasks[1:])
        with drawn_ahead(first) as drawn:
            found = [_future_of(common, tasks[0], ground)]
            del ground
            found += spread(
                _future,
                common,
                tasks[1:],
                what="solving futures",
                cache=study.cache,
                workers=workers,
                scheduler=scheduler,
                show=show,
            )
    finally:
        stages.forget()
    _check_same_norm(found)
    settings, names = [one.setting for one in found], [one.name for one in found]
    objective = objective_of(settings[0], question, first)
    regret = siting.least_regret(
        settings, add=question.add, objective=objective, method=question.method, seconds=question.seconds
    )
    step_seconds = min(question.seconds, STEP_SECONDS)
    fewer = [
        siting.least_regret(settings, add=add, objective=objective, method="exchange", seconds=step_seconds)
        for add in range(1, question.add)
    ]
    table = pd.DataFrame({"future": names, "best": regret.best, "value": regret.value})
    called = name_places(first, places, regret.added.tolist())
    points = places.iloc[regret.added].geometry
    chosen = pd.DataFrame(
        {
            "candidate": [str(label) for label in places.index[regret.added]],
            "name": siting.unique_names([called[j] for j in regret.added.tolist()]),
            "municipality": municipality_of(first, places, regret.added.tolist()),
            "lon": points.x.round(6).to_numpy(),
            "lat": points.y.round(6).to_numpy(),
        }
    )
    label = next(spec.label for spec in first.study.specs if spec.key == question.service)
    writer = Writer(first.study.settings.language, ("terminal",))
    return Futures(
        question=question,
        regret=regret,
        objective=objective,
        futures=table.assign(regret=table["value"] - table["best"]),
        places=chosen,
        frontier=_frontier([*fewer, regret]),
        first=first,
        drawn=drawn,
        nearer_s=settings[0].times(regret.added),
        scenario=siting.scenario_text(
            title=writer.text("futures_title", label=label, n=len(chosen), futures=len(names)),
            description=writer.text(
                "futures_description", worst=writer.significant(regret.worst, 4), method=writer.note(regret.method)
            ),
            add=[
                {"service": question.service, "name": name, "lon": float(lon), "lat": float(lat)}
                for name, lon, lat in zip(chosen["name"], chosen["lon"], chosen["lat"], strict=True)
            ],
            study=first.study.titles[0] if len({future.study.path for future in variations}) <= 1 else "",
        ),
        disclaimer=first.study.settings.disclaimer,
        language=first.study.settings.language,
        output=first.study.output,
    )


def _frontier(found: Sequence[Regret]) -> pd.DataFrame:
    """Return the greatest regret, and the worst burden, by number of sites."""
    rows = [
        {"added": add, "regret": one.worst, "bound": one.bound, "worst_value": float(one.value.max())}
        for add, one in enumerate(found, start=1)
    ]
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Task:
    """A future: a variation of the study with its name, or the study in a scenario (None: as it is)."""

    name: str
    study: Study | None
    scenario: Scenario | None = None


@dataclass(frozen=True, eq=False)
class _Common:
    """What all futures have in common: the study as it is, where any is a scenario of it, and the candidates."""

    base: Baseline | None
    places: gpd.GeoDataFrame
    question: Question


@dataclass(frozen=True, eq=False)
class _Future:
    """What is to be decided in a future; `norm` is that of each cell or of all, None where none is asked for."""

    name: str
    setting: SitingProblem
    norm: npt.NDArray[np.float64] | None


def _ground(base: Baseline | None, task: _Task, *, show: bool = False) -> SitingContext:
    if task.study is not None:
        return context_of(solve_study(task.study, show=show))
    assert base is not None  # noqa: S101 - there is one where there are scenarios
    return context_in(base, task.scenario)


def _future(common: _Common, task: _Task) -> _Future:
    """Solve a future, wherever; only what is decided on is kept of it."""
    stages.remember()
    return _future_of(common, task, _ground(common.base, task))


def _future_of(common: _Common, task: _Task, ground: SitingContext) -> _Future:
    question = common.question
    setting = build_problem(ground, common.places, service=question.service)[0]
    by_norm = OBJECTIVES[question.objective].by_norm
    norm = np.asarray(norm_of(ground.answers, question)) if by_norm else None
    ground.answers.stamps.refuse_replaced()
    return _Future(task.name or ground.name, setting, norm)


def _provide_networks(tasks: Sequence[_Task]) -> None:
    """Have the networks of variations in the cache, each built once, before several processes ask for them."""
    for study in {stages.network_folder(task.study): task.study for task in tasks if task.study is not None}.values():
        stages.contract_or_load(study, stages.build_or_load_network(study)[0])


def _check_same_norm(futures: Sequence[_Future]) -> None:
    """Refuse futures in which cells have other norms: one objective could not be compared between them."""
    norms = [one.norm for one in futures if one.norm is not None]
    if any(not np.array_equal(norm, norms[0]) for norm in norms):
        raise InputError(
            "the norm of ambulances is that of each cell, and the futures differ in their cells, or in which of them "
            "are built up; give one norm for all with --norm MINUTES"
        )


@checks_arguments
def futures_lines(answer: Futures) -> list[str]:
    """Return the answer in a line."""
    regret = answer.regret
    writer = Writer(answer.language, ("terminal",))
    what = answer.question.objective if answer.question.objective in ("minutes", "norm") else "burden"
    gap = writer.text("regret_gap", gap=writer.significant(regret.gap, 2))
    lines = [
        writer.text(
            "regret",
            worst=writer.significant(regret.worst, 4),
            what=writer[f"regret_{what}"],
            sure=writer["regret_proved"] if regret.proved else gap,
        ),
        writer.text("found_lower", method=writer.note(regret.method), bound=writer.significant(regret.bound, 4)),
    ]
    if (regret.least < regret.best).any():
        lines.append(writer["regret_unproved"])
    return lines


@checks_arguments
def futures_tables(answer: Futures) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables as they are printed, with titles."""
    writer = Writer(answer.language, ("terminal",))
    table = answer.futures.assign(future=answer.futures["future"].map(writer.note))
    for name in ("best", "value", "regret"):
        table[name] = [figure(value, language=answer.language) for value in table[name]]
    chosen = answer.places[["name", "municipality", "candidate"]]
    tables = [(writer["t_futures"], table), (writer["t_recommended"], chosen)]
    if len(answer.frontier) > 1:
        shown = answer.frontier[["added", "regret", "worst_value"]].copy()
        for name in ("regret", "worst_value"):
            shown[name] = [figure(value, language=answer.language) for value in shown[name]]
        tables.append((writer["t_frontier"], shown))
    return [(title, headed(one, answer.language)) for title, one in tables]


@checks_arguments
def write_futures(answer: Futures, folder: Path | None = None) -> list[Path]:
    """Write tables (CSV and Parquet), the scenario and a map of the first future, all or nothing; return the files."""
    where = answer.output if folder is None else folder
    stem = f"site_{answer.question.service}_regret"
    tables = {stem: answer.futures, f"{stem}_places": answer.places, f"{stem}_frontier": answer.frontier}
    names = [*table_files(*tables), f"{stem}.toml", *forms_of(f"{stem}.png")]
    with result_files(where, former=lambda: names, stamps=answer.first.stamps) as temporary:
        for name, table in tables.items():
            write_table(marked(table, answer.disclaimer), temporary / name)
        (temporary / f"{stem}.toml").write_text(answer.scenario, encoding="utf-8", newline="\n")
        draw_futures(
            temporary / f"{stem}.png",
            first=answer.first,
            below=answer.drawn.below(answer.first),
            service=answer.question.service,
            futures=[*answer.futures["future"]],
            places=answer.places,
            nearer_s=answer.nearer_s,
        )
        return [where / name for name in names if (temporary / name).exists()]

"""One answer for several futures of a study: sites that are never far from what would have been best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files, siting
from geoaccess.errors import InputError
from geoaccess.study import stages
from geoaccess.study.candidates import candidates_of, name_places, snap_places
from geoaccess.study.pipeline import solve_study
from geoaccess.study.siting import check_question, objective_of
from geoaccess.study.tables import marked, write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.siting import Objective, Regret
    from geoaccess.study.siting import Question
    from geoaccess.study.variations import Variation

__all__ = ["Futures", "futures_lines", "site_futures", "write_futures"]


@dataclass(frozen=True)
class Futures:
    """The answer: the choice, a row per future with best, value and regret, and a row per place."""

    question: Question
    regret: Regret
    objective: Objective
    futures: pd.DataFrame
    places: pd.DataFrame
    scenario: str
    disclaimer: str
    output: Path


def site_futures(futures: Sequence[Variation], question: Question, *, show: bool = True) -> Futures:
    """Find the sites whose greatest regret over variations of a study is least. People and candidates are the first's.

    Raises
    ------
    InputError
        If the question asks for what cannot be had here (closing, bounds, the worst off, the fewest sites), the futures
        have other cells, or as `least_regret`.
    """
    if question.close or question.max_loss_min is not None or question.objective in ("worst", "fewest", "fair"):
        raise InputError("least regret over several futures is for sites that are added, for minutes, norm or beyond")
    settings, first, places = [], None, None
    for future in futures:
        check_question(future.study, question)
        answers = solve_study(future.study, show=show)
        if first is None or places is None:
            first, places = answers, candidates_of(answers, question)
        if not answers.results.index.equals(first.results.index):
            raise InputError(f"{future.name}: has other cells than {futures[0].name}; futures need the same")
        spec = next(spec for spec in future.study.specs if spec.key == question.service)
        ours = answers.sites[(answers.sites["service"] == question.service).to_numpy()]
        snapped = stages.snap_all(future.study, answers.network, answers.results, ours)
        settings.append(
            siting.find_setting(
                answers.network,
                snapped.cells,
                answers.results["population"].to_numpy(dtype=np.float64),
                sites=snapped.sites,
                candidates=snap_places(future.study, answers, places),
                toward=spec.toward,
            )
        )
    if first is None or places is None:
        raise InputError("no future is given")
    objective = objective_of(settings[0], question, first.study)
    regret = siting.least_regret(settings, add=question.add, objective=objective, seconds=question.seconds)
    table = pd.DataFrame({"future": [future.name for future in futures], "best": regret.best, "value": regret.value})
    names = name_places(first, places, regret.added.tolist())
    points = places.geometry.iloc[regret.added]
    chosen = pd.DataFrame(
        {
            "candidate": [str(label) for label in places.index[regret.added]],
            "name": siting.unlike([names[j] for j in regret.added.tolist()]),
            "lon": points.x.round(6).to_numpy(),
            "lat": points.y.round(6).to_numpy(),
        }
    )
    label = first.study.settings.services[question.service].label
    return Futures(
        question=question,
        regret=regret,
        objective=objective,
        futures=table.assign(regret=table["value"] - table["best"]),
        places=chosen,
        scenario=siting.scenario_text(
            title=f"{label}: {len(chosen)} more, for {len(futures)} futures",
            description=f"Greatest regret {regret.worst:.4g} per person ({regret.method})",
            add=[
                {"service": question.service, "name": name, "lon": float(lon), "lat": float(lat)}
                for name, lon, lat in zip(chosen["name"], chosen["lon"], chosen["lat"], strict=True)
            ],
        ),
        disclaimer=first.study.settings.disclaimer,
        output=first.study.output,
    )


def futures_lines(answer: Futures) -> list[str]:
    """Return the answer in a line."""
    regret = answer.regret
    sure = "proved least" if regret.proved else f"no choice has less than {regret.bound:.4g}"
    what = {"minutes": "minutes", "norm": "share of people beyond the norm"}.get(answer.question.objective, "burden")
    return [f"greatest regret: {regret.worst:.4g} ({what}, per person); {sure} ({regret.method})"]


def write_futures(answer: Futures, folder: Path | None = None) -> list[Path]:
    """Write the tables (CSV and Parquet) and the scenario; return the files."""
    where = answer.output if folder is None else folder
    stem = f"site_{answer.question.service}_regret"
    written = []
    for name, table in (("", answer.futures), ("_places", answer.places)):
        said = marked(table, answer.disclaimer)
        with files.writing(where / f"{stem}{name}.csv") as temporary:
            write_csv(said, temporary)
        with files.writing(where / f"{stem}{name}.parquet") as temporary:
            said.to_parquet(temporary, index=False)
        written += [where / f"{stem}{name}.csv", where / f"{stem}{name}.parquet"]
    with files.writing(where / f"{stem}.toml") as temporary:
        temporary.write_text(answer.scenario, encoding="utf-8", newline="\n")
    return [*written, where / f"{stem}.toml"]

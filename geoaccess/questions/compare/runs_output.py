"""The files of runs that are compared: tables, a figure, maps where the grid is the same, and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import maps
from geoaccess.demand import BAND_COLUMN, band_of, few_people
from geoaccess.phrases import Writer
from geoaccess.questions.compare.run_reading import ASSUMED
from geoaccess.questions.compare.runs import assumed_notes, changes_shown, printed_runs
from geoaccess.questions.compare.runs_areas import run_areas
from geoaccess.study.results.output import look_of, words_of
from geoaccess.study.results.result_folder import result_folder
from geoaccess.study.results.tables import marked, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.questions.compare.runs import RunPair, RunsCompared

__all__ = ["write_runs"]

_RECORD = "compare_runs.json"
_MOST = 15


def write_runs(compared: RunsCompared, folder: Path) -> list[Path]:
    """Write tables as CSV and Parquet, the figure, maps per service and pair of runs of one grid, and `index.html`."""
    last = compared.runs[-1]
    facts = {"runs": [{"name": run.name, "source": run.source.as_posix()} for run in compared.runs]}
    with result_folder(folder, record=_RECORD, facts=facts, study=last.study, stamps=last.stamps) as temporary:
        disclaimer = "; ".join(dict.fromkeys(filter(None, (run.study.settings.disclaimer for run in compared.runs))))
        writer = Writer(last.study.settings.language, ("runs",))
        assumed = "; ".join(filter(None, [disclaimer, *assumed_notes(compared.runs, writer)]))
        for name in ("changes", "series"):
            write_table(marked(getattr(compared, name), assumed), temporary / name)
        parts = [
            _shown(pair, pair.cells).reset_index(names="cell").assign(before=pair.before.name, after=pair.after.name)
            for pair in compared.pairs
            if pair.cells is not None
        ]
        if parts:
            write_table(marked(pd.concat(parts, ignore_index=True), disclaimer), temporary / "cells")
            write_table(marked(compared.moves, assumed), temporary / "moves")
        _page(compared, temporary, disclaimer, assumed)
        for run in compared.runs:
            run.stamps.refuse_replaced()
        names = sorted(path.name for path in temporary.iterdir())
    return [folder / name for name in names]


def _shown(pair: RunPair, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a pair without the people that are left out of either run; a band stands there instead."""
    assumed = cells[ASSUMED].to_numpy(np.bool_)
    shown = cells.drop(columns=ASSUMED)
    below = max(run.study.settings.population.mask_below or 0 for run in (pair.before, pair.after))
    if not below:
        return shown
    wholes = ("population_before", "population")
    few = np.logical_or(*(few_people(shown[name].to_numpy(), below=below) for name in wholes))
    parts = {spec.population for spec in pair.after.study.specs}.intersection(shown.columns) - {*wholes}
    hidden = dict.fromkeys(wholes, few) | dict.fromkeys(parts, few | assumed)
    for name, rows in hidden.items():
        shown[name] = shown[name].astype(np.float64).mask(rows)
    shown.insert(0, BAND_COLUMN, np.where(np.any([*hidden.values()], axis=0), band_of(below), ""))
    return shown


def _page(compared: RunsCompared, folder: Path, disclaimer: str, assumed: str) -> None:
    """Draw the pictures, which say what is `assumed` in their numbers, as does the page itself in its notes."""
    study = compared.runs[-1].study
    writer = Writer(study.settings.language, ("runs", "terminal"), study.words)
    named = ", ".join(run.name for run in compared.runs)
    sources = dict.fromkeys(one for run in compared.runs for one in run.study.settings.attribution)
    heads: dict[str, Any] = {
        "title": study.settings.title,
        "subtitle": writer.text("title", names=named),
        "disclaimer": assumed,
        "attribution": "; ".join(sources),
        "language": study.settings.language,
    }
    whole = compared.series[compared.series["zoning"] == "everybody"]
    figure = folder / "series.png"
    maps.series_figure(figure, series=whole, services=compared.services, look=look_of(study), **heads)
    pictures = [
        picture
        for number, pair in enumerate(compared.pairs, start=1)
        if pair.cells is not None
        for picture in _maps(compared, pair, number, folder, heads)
    ]
    areas = [
        area
        for number, pair in enumerate(compared.pairs, start=1)
        for area in run_areas(compared, pair, folder / f"area_{number}", **heads)
    ]
    labels = {spec.key: spec.label for spec in compared.services}
    zonings = [name for name in ("centrality_class",) if (compared.changes["zoning"] == name).any()]
    sections = [
        maps.RunsSection(writer["t_figure"], [], [(writer["t_figure"], figure)]),
        maps.RunsSection(writer["t_series"], [("", printed_runs(compared)[0][1])]),
        maps.RunsSection(
            writer["t_changes"],
            [
                ("", changes_shown(compared.changes, labels, writer)),
                *((writer[name], changes_shown(compared.changes, labels, writer, zoning=name)) for name in zonings),
                (
                    writer["t_municipality"],
                    changes_shown(_changed_most(compared.changes), labels, writer, zoning="municipality"),
                ),
            ],
        ),
        *([maps.RunsSection(writer["t_maps"], [], pictures)] if pictures else []),
        *areas,
    ]
    words = words_of(study) | heads | {"disclaimer": disclaimer}
    maps.runs_page(folder / "index.html", sections=sections, notes=compared.notes, **words)


def _changed_most(changes: pd.DataFrame) -> pd.DataFrame:
    """Return, of each service and pair of runs, the municipalities whose people gained or lost most hours."""
    rows = changes[changes["zoning"] == "municipality"]
    weight = rows["mean_change_s"].abs() * rows[["people_before", "people_after"]].mean(axis=1)
    order = rows.assign(_weight=weight.fillna(0.0)).sort_values("_weight", ascending=False, kind="stable")
    first = order.groupby(["before", "after", "service"], sort=False).head(_MOST)
    return first.sort_values(["service", "before"], kind="stable").drop(columns="_weight")


def _maps(
    compared: RunsCompared, pair: RunPair, number: int, folder: Path, heads: dict[str, Any]
) -> list[tuple[str, Path]]:
    """Draw the cells that two runs of one grid both have, by the minutes won and lost."""
    cells = pair.cells
    if cells is None:
        return []
    writer = Writer(heads["language"], ("runs",))
    named = writer.text("from_to", before=pair.before.name, after=pair.after.name)
    shapes = pair.after.cells.set_axis(pair.shapes).loc[cells.index]
    drawn = []
    for spec in compared.services:
        changed = ~cells[f"{spec.key}_change"].isin(["same", "unreached"])
        if not changed.any():
            continue
        path = folder / f"map_{number}_{spec.key}.png"
        words = heads | {"subtitle": named}
        look = look_of(pair.after.study)
        maps.difference_map(path, results=shapes, cells=cells, service=spec, look=look, **words)
        drawn.append((writer.text("t_map", label=spec.label, names=named), path))
    return drawn

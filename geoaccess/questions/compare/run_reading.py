"""Runs that are compared: a folder of results as it was written, or a study, which is solved where it has none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.demand import BAND_COLUMN, unmask_cells
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.output import up_to_date
from geoaccess.study.results.tables import masked
from geoaccess.study.settings.study_file import Study, load_study
from geoaccess.study.settings.study_settings import Settings
from geoaccess.study.stamps import InputStamps
from geoaccess.study.zonings import carried_demands
from geoaccess.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ASSUMED", "Run", "is_run", "read_runs"]

ASSUMED = "people_assumed"
"""The column of the cells that says where numbers of people are assumed."""
_RECORD, _CELLS, _SITES = "run.json", "cells.parquet", "sites.parquet"


@dataclass(frozen=True, eq=False)
class Run:
    """A run: its study, and its cells with people, times, municipality and class; `name` tells it from others.

    Where the study masks few people, the numbers that leave the program are those compared, whether the run is read or
    solved: `ASSUMED` says of each cell whether numbers of its people are left out there, and assumed here.

    `sites` are points by their id, with `service`, `name` and `proxy`; None where the run has no table of them.
    """

    name: str
    source: Path
    study: Study
    cells: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame | None = None
    stamps: InputStamps = field(default_factory=InputStamps)

    @property
    def year(self) -> int:
        """The year of its people."""
        return self.study.settings.population.year


def is_run(path: Path) -> bool:
    """Whether a path is a folder, or a study file (which names services, as no scenario does)."""
    if path.is_dir():
        return True
    try:
        return path.suffix == ".toml" and {"services", "sites"} <= set(parse_toml(path))
    except GeoaccessError:
        return False


def read_runs(paths: Sequence[Path], *, show: bool = True) -> list[Run]:
    """Read runs, each named by what sets it apart from the others: the year of its people, its title, or its path.

    Raises
    ------
    GeoaccessError
        If there are fewer than two, one is there twice, a folder holds no whole run of this version's form, or a study
        cannot be solved.
    """
    if len(paths) < 2:  # noqa: PLR2004
        raise InputError("compare: give two runs or more: folders of results, or study files")
    there = [path.resolve() for path in paths]
    double = [str(path) for path, full in zip(paths, there, strict=True) if there.count(full) > 1]
    if double:
        raise InputError(f"compare: {double[0]} is given twice; give each run once")
    runs = [_from_folder(path) if path.is_dir() else _from_study(path, show=show) for path in paths]
    names: list[list[str]] = [
        [str(run.year) for run in runs],
        [run.study.settings.title for run in runs],
        [f"{run.study.settings.title} ({run.year})" for run in runs],
        [str(run.source) for run in runs],
    ]
    chosen = next(some for some in names if len(set(some)) == len(some))
    return [replace(run, name=name) for run, name in zip(runs, chosen, strict=True)]


def _from_study(path: Path, *, show: bool) -> Run:
    study = load_study(path)
    if up_to_date(study):
        return replace(_from_folder(study.output), source=path, study=study)
    answers = solve_study(study, show=show)
    return Run("", path, study, _shown(masked(answers.results, study), study), answers.sites, answers.stamps)


def _from_folder(folder: Path) -> Run:
    files.settle(folder)
    stamps = InputStamps(folder.as_posix()).also(folder / name for name in (_RECORD, _CELLS, _SITES))
    try:
        record: dict[str, Any] = files.json_of(folder / _RECORD)
        settings, digest = record["study"], record["results"][_CELLS]
        path = Path(record["inputs"]["study"]["path"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder}: holds no results of a run ({_RECORD}); give the output folder of `geoaccess run`, or the study"
        ) from error
    cells = files.require(folder / _CELLS, hint="run the study again")
    if files.sha256(cells) != digest:
        raise InputError(f"{cells}: is not the one that {_RECORD} was written with; run the study again")
    try:
        study = Study(path, Settings.model_validate(settings))
    except ValueError as error:
        raise InputError(
            f"{folder}: was written by version {record.get('geoaccess')}, which had other settings; run the study again"
        ) from error
    return Run("", folder, study, _shown(gpd.read_parquet(cells), study), _sites(folder / _SITES, record), stamps)


def _shown(table: gpd.GeoDataFrame, study: Study) -> gpd.GeoDataFrame:
    """Return cells as they leave the program with numbers for the people that are left out."""
    left_out = (table[BAND_COLUMN] != "").to_numpy() if BAND_COLUMN in table else np.zeros(len(table), np.bool_)
    below = study.settings.population.mask_below
    found = pd.DataFrame(unmask_cells(table, below=below, columns=carried_demands(study))).assign(**{ASSUMED: left_out})
    return gpd.GeoDataFrame(found, geometry="geometry", crs=table.crs)


def _sites(path: Path, record: dict[str, Any]) -> gpd.GeoDataFrame | None:
    """Return the sites of a run, unless their table is not there, or not the one that was written."""
    if not path.is_file() or files.sha256(path) != record["results"].get(path.name):
        return None
    table = pd.read_parquet(path).set_index("site_id")
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326)

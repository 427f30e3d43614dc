"""Runs compared: two grids, years, networks or editions, and a series of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from geoaccess import scenarios
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.phrases import NOTHING, Writer
from geoaccess.questions.compare.run_reading import ASSUMED, Run, read_runs
from geoaccess.questions.compare.runs_sites import moves_between
from geoaccess.study.municipality_numbers import changes_of
from geoaccess.study.results.summary import summary
from geoaccess.tables import match_zones

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.measures import ServiceSpec

__all__ = ["RunPair", "RunsCompared", "assumed_notes", "changes_between", "compare_runs", "printed_runs"]

_MM = 1000.0
_SAME_GRID = 0.5
_CLASS, _ID, _NAME = "centrality_class", "municipality_id", "municipality"


@dataclass(frozen=True, eq=False)
class RunPair:
    """Two runs one after the other: `cells` says cell by cell what changed, None where their grids differ.

    A true `people_assumed` there says that the people of a cell are left out of one of the runs, and assumed.
    """

    before: Run
    after: Run
    cells: pd.DataFrame | None

    @property
    def shapes(self) -> pd.Index:
        """What `cells` calls the cells of the run after, in their order."""
        keys = grid_keys(self.before.cells, self.after.cells)
        if keys is None:
            raise InputError("compare: the grids of the two runs differ")
        return keys[1]


@dataclass(frozen=True, eq=False)
class RunsCompared:
    """What runs have in common, compared.

    `changes` has the columns `before` and `after` (names of runs) and those of `geoaccess.scenarios.change_table`, for
    every two runs that follow each other; `series` a row per run, service and group, with the columns of the tables of
    a run; `moves` who has another site in the second of two runs of one grid (`geoaccess.scenarios.site_moves`, with
    the names of the sites). `notes` say how it was compared and what was left out.
    """

    runs: list[Run]
    services: list[ServiceSpec]
    pairs: list[RunPair]
    changes: pd.DataFrame
    series: pd.DataFrame
    moves: pd.DataFrame
    notes: list[str]


@checks_arguments
def compare_runs(paths: Sequence[Path], *, show: bool = True) -> RunsCompared:
    """Compare runs with each other: by service, for everybody, by centrality class and by municipality.

    Runs are folders of results, or studies (read from their output where it is up to date, else solved). They follow
    each other in the order given. Municipalities are those of the last run: numbers of the others are followed through
    the tables of changes that any of the studies names. Classes are those of the last run, too, where it has the
    municipality. Cells are compared where two runs have one grid, municipalities where they have not.

    Raises
    ------
    InputError
        If the runs have no service, or no cell and no municipality, in common; and as `read_runs`.
    """
    runs = read_runs(paths, show=show)
    last = runs[-1]
    writer = Writer(last.study.settings.language, ("runs",))
    services, notes = _common_services(runs, writer)
    tables, pairs, moves, zoned = [], [], [], _in_zones_of_last(runs)
    notes += assumed_notes(runs, writer)
    schemes = {tuple(run.study.scheme.ids): run.study.scheme.name for run in runs}
    if len(schemes) > 1:
        notes.append(writer.text("other_schemes", names=", ".join(sorted(schemes.values()))))
    for (before, after), (old, new) in zip(pairwise(runs), pairwise(zoned), strict=True):
        named = writer.text("from_to", before=before.name, after=after.name)
        table, cells, note = changes_between(old, new, services, writer=writer, by_class=len(schemes) == 1)
        notes.append(f"{named}: {note}")
        table.insert(0, "before", before.name)
        table.insert(1, "after", after.name)
        tables.append(table)
        pairs.append(RunPair(before, after, cells))
        moved, unlike = moves_between(cells, before.sites, after.sites, services=services)
        moved.insert(0, "before", before.name)
        moved.insert(1, "after", after.name)
        moves.append(moved)
        notes += [f"{named}: {writer.text('other_sites', names='; '.join(unlike))}"] if unlike else []
    series = [_series(run, cells, services) for run, cells in zip(runs, zoned, strict=True)]
    changes, together, moved = (pd.concat(parts, ignore_index=True) for parts in (tables, series, moves))
    return RunsCompared(runs, services, pairs, changes, together, moved, notes)


def _common_services(runs: Sequence[Run], writer: Writer) -> tuple[list[ServiceSpec], list[str]]:
    """Return the services of all runs, with the norms that they share, and what is left out."""
    each = [{spec.key: spec for spec in run.study.specs} for run in runs]
    notes, found = [], []
    for key in dict.fromkeys(key for specs in each for key in specs):
        absent = [run.name for run, specs in zip(runs, each, strict=True) if key not in specs]
        if absent:
            notes.append(writer.text("not_in", service=key, names=", ".join(absent)))
            continue
        specs = [some[key] for some in each]
        if len({(spec.direction, spec.population, spec.time) for spec in specs}) > 1:
            who = ", ".join(f"{run.name}: {spec.who or spec.label}" for run, spec in zip(runs, specs, strict=True))
            notes.append(writer.text("not_alike", service=key, names=who))
            continue
        if all(spec.norm_column for spec in specs):  # what another norm makes of a change is a part of its own
            occurring = tuple(sorted({norm for spec in specs for norm in spec.norms_s}))
            found.append(replace(specs[-1], norms_s=occurring))
            continue
        specs = [replace(spec, norms_s=() if spec.norm_column else spec.norms_s, norm_column="") for spec in specs]
        norms = tuple(norm for norm in specs[-1].norms_s if all(norm in spec.norms_s for spec in specs))
        gone = sorted({norm for spec in specs for norm in spec.norms_s} - set(norms))
        if gone:
            listed = ", ".join(writer.threshold(norm) for norm in gone)
            notes.append(writer.text("norm_not_in", service=key, norms=listed))
        found.append(replace(specs[-1], norms_s=norms, norm_column=""))
    if not found:
        each_has = "; ".join(f"{run.name}: {', '.join(specs)}" for run, specs in zip(runs, each, strict=True))
        raise InputError(f"compare: the runs have no service in common ({each_has}); give studies with the same keys")
    return found, notes


def assumed_notes(runs: Sequence[Run], writer: Writer) -> list[str]:
    """Say of each run that masks few people how many of its cells that concerns: no sum of its people is exact."""
    found = []
    for run in runs:
        number, below = int(run.cells[ASSUMED].sum()), run.study.settings.population.mask_below
        if number and below:
            counts = {"n": writer.people(number), "all": writer.people(len(run.cells))}
            found.append(writer.text("assumed", name=run.name, below=below, middle=writer.plain(below / 2), **counts))
    return found


def _in_zones_of_last(runs: Sequence[Run]) -> list[gpd.GeoDataFrame]:
    """Return the cells of each run with municipalities and classes of the last one, as far as it knows them."""
    changes = {old: new for run in runs for old, new in changes_of(run.study).items()}
    last = runs[-1].cells
    known = last[[_ID, _NAME, _CLASS]].drop_duplicates(_ID)
    known = known[known[_ID] != ""].set_index(_ID)
    one_class = last.groupby(_ID)[_CLASS].nunique(dropna=False).max() <= 1  # classes may be those of cells
    found = []
    for run in runs:
        cells = run.cells
        ids = match_zones(cells[_ID], known.index, changes=changes) if len(known) else cells[_ID].astype("str")
        there = ids.isin(known.index)
        names = ids.map(known[_NAME]).where(there, cells[_NAME].astype(object))
        classes = cells[_CLASS].astype(object)
        if one_class:
            classes = ids.map(known[_CLASS].astype(object)).where(there, classes)
        found.append(cells.assign(**{_ID: ids, _NAME: names.fillna("").astype("str"), _CLASS: classes}))
    return found


def changes_between(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    services: Sequence[ServiceSpec],
    *,
    writer: Writer,
    by_class: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame | None, str]:
    """Return the changes of all services, the cells where the grid is the same (else None), and how it was compared.

    Raises
    ------
    InputError
        If neither a cell nor a municipality is in both.
    """
    keys = grid_keys(before, after)
    zonings = {_NAME: _municipality, **({_CLASS: _class_of} if by_class else {})}
    unit = None
    if keys is not None:
        before, after = before.set_axis(keys[0]), after.set_axis(keys[1])
        both = before.index.intersection(after.index)
        moved = [float(len(table.index.difference(both))) for table in (before, after)]
        note = writer.text(
            "by_cell", n=writer.people(len(both)), old=writer.people(moved[0]), new=writer.people(moved[1])
        )
    else:
        unit = (_municipality(before), _municipality(after))
        both = pd.Index(unit[0].unique()).intersection(pd.Index(unit[1].unique())).drop("", errors="ignore")
        note = writer.text("by_municipality", n=writer.people(len(both)))
    if not len(both):
        raise InputError(
            "compare: the two runs have neither a cell nor a municipality in common; compare runs of the same region, "
            "or name a table of changed municipality numbers in [zones] (changes = ...)"
        )
    grouped = {name: (of(before), of(after)) for name, of in zonings.items()}
    grouped = {name: pair for name, pair in grouped.items() if any((of != "").any() for of in pair)}
    tables = [scenarios.change_table(before, after, service=one, zonings=grouped, unit=unit) for one in services]
    cells = None if keys is None else _cells(before.loc[both], after.loc[both], services)
    return pd.concat(tables, ignore_index=True), cells, note


def _cells(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, services: Sequence[ServiceSpec]) -> pd.DataFrame:
    """Return the differences of the cells that both have, with the people of both.

    Of services with a rule in both runs, the nearest that people may use is there, too, as `{service}_allowed`.
    """
    ruled = [spec for spec in services if {f"{spec.key}_allowed_site"} <= {*before.columns} & {*after.columns}]
    allowed = [replace(spec, key=f"{spec.key}_allowed", norms_s=(), norm_column="") for spec in ruled]
    specs = [*services, *allowed]
    old, new = (
        pd.DataFrame(table.drop(columns="geometry")).assign(
            **{f"{spec.key}_allowed_reason": table[f"{spec.key}_rule_reason"] for spec in ruled}
        )
        for table in (before, after)
    )
    theirs = {f"{spec.key}_{end}": old[f"{spec.key}_{end}"] for spec in specs for end in ("s", "site", "reason")}
    found = scenarios.cell_differences(new.assign(**theirs), new, services=specs)
    found.insert(1, "population_before", before["population"].to_numpy())
    if ASSUMED in before and ASSUMED in after:
        found[ASSUMED] = before[ASSUMED].to_numpy() | after[ASSUMED].to_numpy()
    return found


def grid_keys(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> tuple[pd.Index, pd.Index] | None:
    """Return what cells of one grid are known by: their lower left corner in millimetres; None for two grids.

    Of cells that are no squares, a grid is one if at least half of the cells of either are cells of the other.
    """
    if before.crs != after.crs:
        return None
    boxes = [shapely.bounds(table.geometry.to_numpy()) for table in (before, after)]
    size = [np.median(box[:, 2:] - box[:, :2], axis=0) for box in boxes]
    if not np.allclose(size[0], size[1], rtol=1e-6):
        return _shape_keys(before, after)
    corners = [np.rint(box[:, :2] * _MM).astype(np.int64) for box in boxes]
    step = np.maximum(np.rint(size[0] * _MM).astype(np.int64), 1)
    if ((corners[0] - corners[0][0]) % step).any() or ((corners[1] - corners[0][0]) % step).any():
        return _shape_keys(before, after)
    first, second = (pd.Index([f"E{x} N{y}" for x, y in (some // int(_MM)).tolist()]) for some in corners)
    return (first, second) if first.is_unique and second.is_unique else None


def _shape_keys(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> tuple[pd.Index, pd.Index] | None:
    """Return what polygons are known by: the corners of their boxes in millimetres, which no two of them share."""
    boxes = [np.rint(shapely.bounds(table.geometry.to_numpy()) * _MM).astype(np.int64) for table in (before, after)]
    first, second = (pd.Index([f"E{w} N{s} E{e} N{n}" for w, s, e, n in box.tolist()]) for box in boxes)
    if not (first.is_unique and second.is_unique):
        return None
    shared = len(first.intersection(second))
    return (first, second) if shared >= _SAME_GRID * min(len(first), len(second)) else None


def _municipality(cells: pd.DataFrame) -> pd.Series:
    """Return number and name of the municipality of each cell, "" where it lies in none."""
    named = cells[_ID].astype(str) + " " + cells[_NAME].astype(str)
    return named.where(cells[_ID] != "", "")


def _class_of(cells: pd.DataFrame) -> pd.Series:
    classes = cells[_CLASS]
    return classes.astype(object).where(classes.notna(), "").map(str)


def _series(run: Run, cells: gpd.GeoDataFrame, services: Sequence[ServiceSpec]) -> pd.DataFrame:
    """Return how a run stands: everybody, by class and by municipality."""
    by = {"everybody": None, _CLASS: _CLASS, _NAME: [_ID, _NAME]}
    table = summary(pd.DataFrame(cells.drop(columns="geometry")), list(services), by=by)
    table.insert(0, "run", run.name)
    table.insert(1, "year", run.year)
    return table


@checks_arguments
def printed_runs(compared: RunsCompared) -> list[tuple[str, pd.DataFrame]]:
    """Return what the command line prints: everybody in every run, and what made the changes."""
    study = compared.runs[-1].study
    writer = Writer(study.settings.language, ("runs", "terminal"), study.words)
    labels = {spec.key: spec.label for spec in compared.services}
    return [
        (writer["t_series"], series_shown(compared.series, labels, writer)),
        (writer["t_changes"], changes_shown(compared.changes, labels, writer)),
    ]


def series_shown(series: pd.DataFrame, labels: dict[str, str], writer: Writer) -> pd.DataFrame:
    """Return the rows of everybody as they are shown."""
    rows = []
    for row in series[series["zoning"] == "everybody"].to_dict("records"):
        shares = [
            _share_in(row[f"share_within_norm_{n}"], row[f"norm_{n}_s"], writer)
            for n in range(1, 10)
            if not np.isnan(row.get(f"share_within_norm_{n}", np.nan))
        ]
        rows.append(
            {
                writer["service"]: labels[row["service"]],
                writer["run"]: row["run"],
                writer["people"]: writer.people(row["population"]),
                writer["unreached"]: writer.people(row["unreached"]),
                writer["mean"]: writer.minutes(row["mean_s"]),
                writer["median"]: writer.minutes(row["median_s"]),
                writer["p90"]: writer.minutes(row["p90_s"]),
                writer["within"]: ", ".join(shares),
            }
        )
    table = pd.DataFrame(rows)
    return table.sort_values(writer["service"], key=lambda names: names.map([*labels.values()].index), kind="stable")


def _share_in(share: float, norm_s: float, writer: Writer) -> str:
    """Write the share within a norm in minutes, or within the norm of each cell."""
    if np.isnan(norm_s):
        return writer.text("share_in_own", share=writer.share(share))
    return writer.text("share_in", share=writer.share(share), norm=writer.threshold(norm_s))


def changes_shown(
    changes: pd.DataFrame, labels: dict[str, str], writer: Writer, *, zoning: str = "everybody"
) -> pd.DataFrame:
    """Return changes and what made them, by group, as they are shown: minutes, and points of per cent within norms."""
    rows = []
    for row in changes[changes["zoning"] == zoning].to_dict("records"):
        shown = {
            writer["service"]: labels[row["service"]],
            writer["run"]: writer.text("from_to", before=row["before"], after=row["after"]),
        }
        if zoning != "everybody":
            shown[writer[zoning]] = row["group"] or writer["none"]
        shown[writer["people_change"]] = f"{writer.people(row['people_before'])} → {writer.people(row['people_after'])}"
        shown[writer["mean"]] = _pair(row["mean_before_s"], row["mean_after_s"], writer)
        for what in ("change", "from_people", "from_reach", "from_time"):
            shown[f"{writer['mean']}: {writer[what]}"] = _signed(row[f"mean_{what}_s"] / 60, writer)
        if not np.isnan(row.get("share_1_change", np.nan)):
            own = np.isnan(row["norm_1_s"])
            norm = writer["points_in_own"] if own else writer.text("points_in", norm=writer.threshold(row["norm_1_s"]))
            shown[writer["norm"]] = norm
            for what in ("change", "from_people", *(["from_norm"] if own else []), "from_time"):
                shown[f"{writer['share_points']}: {writer[what]}"] = _signed(100 * row[f"share_1_{what}"], writer)
        rows.append(shown)
    return pd.DataFrame(rows).fillna("")


def _pair(before: float, after: float, writer: Writer) -> str:
    return " → ".join(NOTHING if np.isnan(one) else writer.number(one / 60, 1) for one in (before, after))


def _signed(value: float, writer: Writer) -> str:
    return NOTHING if np.isnan(value) else writer.signed(value, 2)

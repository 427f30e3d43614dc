"""How dependable the ways of a study are: draws of closed ferries and passes, each set of them solved once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess import measures, phrases, scenarios
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import INTERVAL_DRAWS
from geoaccess.measures.groups import people_of_service
from geoaccess.parallel import workers_at_hand
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.scenario_run import Baseline, solve_baseline
from geoaccess.questions.spread import is_here, spread
from geoaccess.questions.vulnerability import service_field
from geoaccess.study.closed_roads import closures_of, left_out_of, table_of_closures
from geoaccess.study.results.lone_cells import shown_tables
from geoaccess.study.results.result_folder import result_folder
from geoaccess.study.results.tables import marked, masked, write_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.measures import ServiceSpec
    from geoaccess.routing import NearestField
    from geoaccess.scenarios import Closures, Touched
    from geoaccess.study.columns import Columns
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "COLUMNS",
    "Reliability",
    "left_out_sentence",
    "printed_reliability",
    "reliability_study",
    "write_reliability",
]

_FEW = 1000
"""Sets of closures that one process solves before others have started."""

_AT_ONCE = 50
_DEPENDABLE = 0.95
COLUMNS: Final[Columns] = {
    "median_of_{what}_s": "s",
    **dict.fromkeys(("expected_reached", "expected_within_norm_{n}", "dependable_norm_{n}"), "people"),
    "within_norm_{n}_open": "people",
}
"""Of the tables of groups, beside those that every table of a study may have."""

_QUANTILES = (("p5", 0.05), ("median", 0.5), ("p95", 0.95))

Task = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Reliability:
    """How dependable the way to a service is.

    `cells` has, beside people, municipality and class, the columns of `geoaccess.scenarios.reliability_table`;
    `classes`, `municipalities` and `everybody` sum them up; `closures` says how often each ferry and pass was closed;
    `sets` is the number of different sets of closures among the draws; `left_out` are the rows of the table that close
    nothing, as no road of the study is in their polygon.
    """

    study: Study
    spec: ServiceSpec
    base: Baseline
    cells: gpd.GeoDataFrame
    classes: pd.DataFrame
    municipalities: pd.DataFrame
    everybody: pd.DataFrame
    closures: pd.DataFrame
    draws: int
    seed: int
    season: str | None
    sets: int
    left_out: tuple[str, ...] = ()

    @property
    def disclaimer(self) -> str:
        """What stands on all that is made of this: the disclaimer of the study, and the notes of the table."""
        notes = [note for note in dict.fromkeys(self.closures["note"]) if note]
        text = (
            f"{phrases.text(self.study.settings.language, 'reliability.note_open')}: {'; '.join(notes)}"
            if notes
            else ""
        )
        return ". ".join(filter(None, (self.study.settings.disclaimer, text)))


@checks_arguments
def reliability_study(
    study: Study,
    service: str,
    *,
    draws: int = INTERVAL_DRAWS,
    seed: int = 0,
    season: str | None = None,
    table: Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    show: bool = True,
) -> Reliability:
    """Draw what is closed, and see how long people need to a service, draw by draw.

    See `geoaccess.scenarios.read_closures` for the table and `draw_closures` for the draws. The same seed gives the
    same answers wherever they are computed, and the first draws of many are those of few. Draws that close the same
    are solved once.

    Parameters
    ----------
    season, table
        Instead of those of the study, [reliability] season and table.
    workers, scheduler
        Where sets of closures are solved, see `geoaccess.parallel.worker_pool`; if both are left out, in this process
        while there are no more than a thousand, which takes less time than starting others.

    Raises
    ------
    GeoaccessError
        If the study has no such service, no table is named, or with what is wrong with the table.
    """
    spec = find_service(study, service)
    table_of_closures(study, table=table, season=season)  # which refuses a wrong one before the study is solved
    base = solve_baseline(study, reads=[] if table is None else [table], show=show)
    field = service_field(base, service)
    closures, season = closures_of(study, field.network, table=table, season=season)
    closed = scenarios.draw_closures(closures.table, draws=draws, seed=seed)
    different, of_set = np.unique(closed, axis=0, return_inverse=True)
    count = np.bincount(of_set.reshape(-1), minlength=len(different)).astype(np.int64)
    sets = [
        tuple(np.unique(np.concatenate([_NONE, *(closures.edges[i] for i in np.flatnonzero(row))])).tolist())
        for row in different
    ]
    if workers is None and scheduler is None and len(sets) > _FEW:
        workers = workers_at_hand()
    at_once = 1 if is_here(workers, scheduler) else _AT_ONCE
    parts = spread(
        _solve_some,
        field,
        [tuple(sets[first : first + at_once]) for first in range(0, len(sets), at_once)],
        what="solving sets of closures",
        cache=study.cache,
        workers=workers,
        scheduler=scheduler,
        show=show,
    )
    touched = [one for part in parts for one in part]
    return _summed(base, spec, field, closures, closed, touched, count, draws=draws, seed=seed, season=season)


_NONE = np.empty(0, np.int32)


def _solve_some(field: NearestField, task: Task) -> list[Touched]:
    """Solve some sets of closures, one after the other."""
    return [scenarios.solve_closures(field, np.array(edges, np.int32)) for edges in task]


def _summed(
    base: Baseline,
    spec: ServiceSpec,
    field: NearestField,
    closures: Closures,
    closed: npt.NDArray[np.bool_],
    touched: list[Touched],
    count: npt.NDArray[np.int64],
    *,
    draws: int,
    seed: int,
    season: str | None,
) -> Reliability:
    before = field.attached_times_ds()
    results = base.results
    limits = spec.limits(results)
    figures = scenarios.reliability_table(before, touched, count, index=results.index, norms_s=limits)
    off = (field.cells().table["edge"] < 0).to_numpy()
    figures.loc[off, ["open_s", "median_s", "p90_s"]] = np.nan
    kept = ["municipality_id", "municipality", "region", "centrality_class"]
    kept = [*dict.fromkeys(["population", spec.population]), *kept]
    kept += [spec.norm_column] if spec.norm_column else []
    cells = results[[*kept, "geometry"]].join(figures)
    cells = cells[[*(name for name in cells.columns if name != "geometry"), "geometry"]]
    people = people_of_service(results, spec)
    by_draw = scenarios.draw_figures(before, touched, people, norms_s=limits)
    return Reliability(
        study=base.study,
        spec=spec,
        base=base,
        cells=cells,
        classes=_grouped(cells, spec, ["centrality_class"]),
        municipalities=_grouped(cells, spec, ["municipality_id", "municipality"]),
        everybody=_over_draws(by_draw, count, float(people.sum()), spec),
        closures=closures.table.assign(
            closed_share=closed.mean(axis=0), edges=[len(edges) for edges in closures.edges]
        ),
        draws=draws,
        seed=seed,
        season=season,
        sets=len(touched),
        left_out=closures.left_out,
    )


def _grouped(cells: pd.DataFrame, spec: ServiceSpec, by: list[str]) -> pd.DataFrame:
    """Return by group the people, their expected number within each norm, and those who can depend on it."""
    rows = []
    for label, part in cells.groupby(by, dropna=False, sort=True):
        people = people_of_service(part, spec)
        row: dict[str, object] = dict(zip(by, label, strict=True))
        row |= {"population": people.sum(), "expected_reached": (people * part["chance_reached"]).sum()}
        for name in ("open", "median", "p90"):
            row[f"median_of_{name}_s"] = measures.weighted_quantile(part[f"{name}_s"], people, 0.5)
        norms = zip(spec.norm_values, spec.limits(part), strict=True)
        for number, (norm_s, limit) in enumerate(norms, start=1):
            chance = part[f"chance_within_norm_{number}"].to_numpy()
            inside = (part["open_s"] <= limit).to_numpy()
            row[f"norm_{number}_s"] = norm_s
            row[f"within_norm_{number}_open"] = people[inside].sum()
            row[f"expected_within_norm_{number}"] = (people * chance).sum()
            row[f"dependable_norm_{number}"] = people[chance >= _DEPENDABLE].sum()
        rows.append(row)
    return pd.DataFrame(rows)


def _over_draws(by_draw: pd.DataFrame, count: npt.NDArray[np.int64], people: float, spec: ServiceSpec) -> pd.DataFrame:
    """Return how many people are reached, and within each norm, over the draws: all at once, not cell by cell."""
    rows = []
    norms = dict(zip(by_draw.columns[1:], spec.norm_values, strict=True))
    for name in by_draw.columns:
        values = by_draw[name].to_numpy()
        row: dict[str, object] = {"figure": name, "norm_s": norms.get(str(name), np.nan), "population": people}
        row["expected"] = (values * count).sum() / count.sum()
        row |= {label: measures.weighted_quantile(values, count, share) for label, share in _QUANTILES}
        rows.append(row | {"least": values.min(), "most": values.max()})
    return pd.DataFrame(rows)


@checks_arguments
def left_out_sentence(found: Reliability) -> str:
    """Name the rows of the table that were left out, as no road of the study is in their polygon; "" for none."""
    return left_out_of(found.left_out, found.study.settings.language)


@checks_arguments
def write_reliability(found: Reliability, folder: Path) -> list[Path]:
    """Write all tables as CSV and Parquet and a map of the time not exceeded in nine draws of ten; return the files."""
    from geoaccess import maps, phrases
    from geoaccess.study.results.output import drawn_below, figure_words

    key, settings = found.spec.key, found.study.settings
    stem = f"reliability_{key}"
    settings_used = {
        "service": key,
        "draws": found.draws,
        "seed": found.seed,
        "season": found.season,
        "sets": found.sets,
        "left_out": list(found.left_out),
    }
    flat = pd.DataFrame(found.cells.drop(columns="geometry"))
    tables = {
        "cells": masked(flat, found.study, known=found.base.results).reset_index(),
        **shown_tables(
            {"classes": found.classes, "municipalities": found.municipalities},
            found.base.results,
            found.study,
            dict.fromkeys(("classes", "municipalities"), COLUMNS),
        ),
        "everybody": found.everybody,
        "closures": found.closures,
    }
    stamps = found.base.answers.stamps
    with result_folder(
        folder, record=f"{stem}.json", facts=settings_used, study=found.study, stamps=stamps
    ) as temporary:
        for name, table in tables.items():
            write_table(marked(table, found.disclaimer), temporary / f"{stem}_{name}")
        p90 = found.cells["p90_s"]
        reason = found.base.results[f"{key}_reason"]
        reason = reason.where(~np.isinf(p90) | (reason != ""), "no_site_reachable")
        results = found.cells.assign(**{f"{key}_s": p90, f"{key}_reason": reason})
        season = f", {found.season}" if found.season else ""
        subtitle = phrases.text(
            settings.language,
            "reliability.subtitle_draws",
            n=phrases.number(found.draws, language=settings.language),
            season=season,
        )
        heads = figure_words(found.study) | {"subtitle": subtitle, "disclaimer": found.disclaimer}
        drawn = drawn_below(found.base.answers)
        sites = found.base.answers.sites
        maps.service_map(
            temporary / f"{stem}_p90.png", results=results, service=found.spec, sites=sites, **drawn, **heads
        )
        names = sorted(path.name for path in temporary.iterdir())
    return [folder / name for name in names]


@checks_arguments
def printed_reliability(found: Reliability) -> pd.DataFrame:
    """Return the short table that the command line prints: people within each norm, open and over the draws."""
    write = phrases.Writer(found.study.settings.language, ("terminal",))
    rows = []
    limits = [np.finfo(float).max, *found.spec.limits(found.cells)]
    named = [write["draws_reached"]]
    named += [write.text("draws_within", norm=write.norm(norms)) for norms in found.spec.norm_limits]
    for row, limit, name in zip(found.everybody.to_dict("records"), limits, named, strict=True):
        inside = found.cells["open_s"] <= limit
        rows.append(
            {
                write["draws_people"]: name,
                write["draws_open"]: float(found.cells.loc[inside, found.spec.population].sum()),
                write["draws_expected"]: row["expected"],
                write["draws_p5"]: row["p5"],
                write["draws_median"]: row["median"],
                write["draws_worst"]: row["least"],
            }
        )
    return pd.DataFrame(rows)

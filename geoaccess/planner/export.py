"""Plans as files for other programs: a table of figures, and a GeoPackage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.planner.plan import group_id
from geoaccess.planner.saved import DAY_NAMES
from geoaccess.study.results.geopackage import undated
from geoaccess.study.results.tables import marked, masked
from geoaccess.tables import csv_text, write_layer

if TYPE_CHECKING:
    from geoaccess.measures import ServiceSpec
    from geoaccess.measures.grouped import GroupFigures
    from geoaccess.planner.session import Answer
    from geoaccess.planner.state import PlannerState

__all__ = ["figures_csv", "plan_gpkg", "plan_table"]


def plan_table(state: PlannerState, answer: Answer) -> pd.DataFrame:
    """Return the figures before and after, a row for everybody, each class and each municipality.

    `group_kind` and `group`; `people`; then for before and after: `reached` people, `mean_s`, `median_s` and `p90_s`
    (NaN for municipalities), and for each norm of m minutes `within_m_min`, people (`within_12_25_min` where each cell
    is held against one of the two).
    """
    spec, before, after = state.specs[answer.service], state.figures(answer.service), answer.figures
    zones = state.municipalities.labels
    parts = [
        _rows(spec, "everybody", pd.Series([""]), before.everybody, after.everybody),
        _rows(spec, "centrality_class", state.classes.labels["centrality_class"], before.classes, after.classes),
        _rows(
            spec,
            "municipality",
            zones["municipality"],
            before.municipalities,
            after.municipalities,
            number=zones["municipality_id"],
        ),
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "service", spec.key)
    found: pd.DataFrame = marked(table, state.study.settings.disclaimer)
    return found


def _plain(classes: pd.Series) -> pd.Series:
    """Return classes as a GeoPackage holds them, which knows neither small integers nor categories."""
    return classes.astype("str" if classes.dtype == "category" else "Int16")


def _rows(
    spec: ServiceSpec,
    kind: str,
    names: pd.Series,
    before: GroupFigures,
    after: GroupFigures,
    *,
    number: pd.Series | None = None,
) -> pd.DataFrame:
    columns: dict[str, Any] = {
        "group_kind": kind,
        "group_id": "" if number is None else number.to_numpy(),
        "group": names.to_numpy(),
        "people": after.people,
    }
    for when, group in (("before", before), ("after", after)):
        columns[f"reached_{when}"] = group.reached
        for name in ("mean_s", "median_s", "p90_s"):
            values = getattr(group, name)
            columns[f"{name.removesuffix('_s')}_{when}_s"] = np.nan if values is None else values
        for norms, inside in zip(spec.norm_limits, group.within, strict=True):
            minutes = "_".join(f"{norm / 60:g}" for norm in norms)
            columns[f"within_{minutes}_min_{when}"] = inside
    return pd.DataFrame(columns)


def figures_csv(state: PlannerState, answer: Answer) -> bytes:
    """Return `plan_table` as CSV, with the mark by which spreadsheets know UTF-8."""
    table = plan_table(state, answer)
    return b"\xef\xbb\xbf" + csv_text(table.round(3)).encode()


def plan_gpkg(state: PlannerState, answer: Answer) -> bytes:
    """Return cells with their times before and after, the offices of the plan, and what is closed, as a GeoPackage."""
    with files.scratch() as folder:
        path = folder / "plan.gpkg"
        with undated():
            for layer, table in _layers(state, answer).items():
                write_layer(marked(table, state.study.settings.disclaimer), path, layer)
        return path.read_bytes()


def _layers(state: PlannerState, answer: Answer) -> dict[str, Any]:
    import geopandas as gpd

    results, spec = state.answers.results, state.specs[answer.service]
    before, after = state.figures(answer.service).times_s, answer.figures.times_s
    both = np.isfinite(before) & np.isfinite(after)
    cells = gpd.GeoDataFrame(
        {
            "cell_id": results.index.astype(str),
            "population": state.people,
            **({} if spec.population == "population" else {spec.population: state.people_of(spec.key)}),
            "municipality": results["municipality"].astype(str).to_numpy(),
            "centrality_class": _plain(results["centrality_class"]).to_numpy(),
            "before_s": np.where(np.isfinite(before), before, np.nan),
            "after_s": np.where(np.isfinite(after), after, np.nan),
            "change_s": np.where(both, np.where(both, after, 0) - np.where(both, before, 0), np.nan),
        },
        geometry=results.geometry.to_numpy(),
        crs=results.crs,
    )
    return {"cells": masked(cells, state.study, known=results), "sites": _sites(state, answer)} | _closed(state, answer)


def _sites(state: PlannerState, answer: Answer) -> Any:
    import geopandas as gpd

    study, plan = state.plan.sites[answer.service], answer.plan.sites[answer.service]
    everything = study | plan
    rows = []
    for label, site in everything.items():
        closed = label not in plan
        standing = "closed" if closed else "new" if site.added else "moved" if site.moved else "as it is"
        days = "" if closed else ",".join(DAY_NAMES[day] for day in sorted(site.days))
        rows.append({"site_id": label, "name": site.name, "state": standing, "days": days})
    places = [(site.lon, site.lat) for site in everything.values()]
    lon, lat = np.array(places, dtype=np.float64).reshape(-1, 2).T
    names = ["site_id", "name", "state", "days"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=names), geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")


def _closed(state: PlannerState, answer: Answer) -> dict[str, Any]:
    import geopandas as gpd
    import shapely

    ways, groups = sorted(answer.plan.closed), sorted(answer.plan.groups, key=group_id)
    if not ways and not groups:
        return {}
    found, together = [state.way(way) for way in ways], [state.group(select) for select in groups]
    table = {
        "osm_id": pd.array([*ways, *(None for _ in groups)], dtype="Int64"),
        "kind": [*(way.kind for way in found), *("group" for _ in groups)],
        "name": [*(way.name for way in found), *(select.name or "" for select in groups)],
    }
    lines = [
        shapely.MultiLineString(some) for some in [*(way.lines for way in found), *(one.lines for one in together)]
    ]
    return {"closed": gpd.GeoDataFrame(table, geometry=lines, crs="EPSG:4326")}

"""What of a study's roads and ferries people depend on: who is cut off or delayed if it closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import scenarios
from geoaccess.errors import InputError
from geoaccess.routing import solve_nearest, undo
from geoaccess.study.changed import Base, solve_base
from geoaccess.study.named_places import named_places
from geoaccess.study.progress import counted
from geoaccess.study.result_folder import result_folder
from geoaccess.study.tables import marked, write_csv
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.measures import ServiceSpec
    from geoaccess.routing import NearestField
    from geoaccess.scenarios import Unit
    from geoaccess.study.config import Study

__all__ = ["Vulnerable", "printed_vulnerable", "service_field", "vulnerable_study", "write_vulnerable"]

_DESCRIBED = 200
_NAMED = 3


@dataclass(frozen=True, eq=False)
class Vulnerable:
    """What can close, and whom it touches.

    `table` has a row per ferry, bridge, tunnel and stretch of road between two junctions that people pass on their way
    to the service, the worst first: the columns of `geoaccess.scenarios.closing_table`, `label`, the place and
    `municipality` where it lies, `touched` (for ferries, and the first by either rank: the places whose people are
    touched most), `lon` and `lat` of its middle, and its line (EPSG:4326).
    """

    study: Study
    spec: ServiceSpec
    base: Base
    table: gpd.GeoDataFrame
    cut_off_min: float


def service_field(base: Base, service: str) -> NearestField:
    """Return the field of the nearest sites of a service, with the cells of the study and their people."""
    settings = base.study.settings
    mine = (base.answers.sites["service"] == service).to_numpy()
    field = solve_nearest(base.answers.network, base.snapped.sites[mine], k=1, toward=settings.services[service].toward)
    field.attach(base.snapped.cells, people=base.results["population"])
    return field


def find_service(study: Study, service: str) -> ServiceSpec:
    """Return a service of the study by its key.

    Raises
    ------
    InputError
        If it has none of this key.
    """
    known = {spec.key: spec for spec in study.specs}
    if service not in known:
        raise InputError(f'{study.path}: no service "{service}"{did_you_mean(service, known)}')
    return known[service]


def vulnerable_study(study: Study, service: str, *, cut_off_min: float = 1440.0, show: bool = True) -> Vulnerable:
    """Close every ferry, bridge, tunnel and road of a study on its own, and count who is cut off or delayed.

    See `geoaccess.scenarios.closing_table`.

    Raises
    ------
    InputError
        If the study has no such service, or `cut_off_min` is not above 0.
    """
    from rich.console import Console

    spec = find_service(study, service)
    if not (np.isfinite(cut_off_min) and cut_off_min > 0):
        raise InputError(f"cut_off_min is {cut_off_min}; give minutes above 0")
    base = solve_base(study, names=True, show=show)
    assert base.names is not None  # noqa: S101 - asked for
    field = service_field(base, service)
    units = scenarios.vulnerable_units(field, base.names)
    with counted("closing one after the other", len(units), console=Console(stderr=True), show=show) as done:
        table = scenarios.closing_table(field, units, norms_s=spec.norms_s, cut_off_min=cut_off_min, done=done)
    hit = table["people_delayed"] + table["people_cut_off"] > 0
    cost = table["person_min"] + cut_off_min * table["people_cut_off"]
    order = table[hit].assign(cost=cost).sort_values(["rank_minutes", "cost"], ascending=[True, False], kind="stable")
    described = _described(base, field, [units[row] for row in order.index], table.loc[order.index])
    return Vulnerable(study, spec, base, described, cut_off_min)


def _described(base: Base, field: NearestField, units: list[Unit], table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add where each unit lies, what to call it, and, for the first, whom it touches."""
    import geopandas as gpd
    import shapely

    network, cells = base.answers.network, base.results
    edges = np.concatenate([unit.edges for unit in units]) if units else np.empty(0, np.int32)
    owner = np.repeat(np.arange(len(units)), [len(unit.edges) for unit in units])
    lines = network.lines(edges.astype(np.int64), network.shape_lon, network.shape_lat)
    joined: Any = shapely.multilinestrings(lines, indices=owner) if units else []
    shapes = [shape.geoms[0] if len(shape.geoms) == 1 else shapely.line_merge(shape) for shape in joined]
    out = gpd.GeoDataFrame(table.reset_index(drop=True), geometry=shapes, crs="EPSG:4326")
    place = named_places(base.study, cells, base.answers.sites)
    middle = out.geometry.to_crs(cells.crs).interpolate(0.5, normalized=True).to_crs("EPSG:4326")
    near = _nearest_cell(cells, middle)
    out["place"], out["municipality"] = place.to_numpy()[near], cells["municipality"].to_numpy()[near]
    out["lon"], out["lat"] = middle.x.round(5), middle.y.round(5)
    known = (out["name"] + " " + out["ref"].where(out["ref"] != out["name"], "")).str.strip()
    out["label"] = known.where(known != "", "way " + out["way_ids"].str.split(";").str[0])
    away = out["kind"] != "ferry"
    out["label"] = out["label"].where(~away, out["label"] + ", " + out["place"])
    out["touched"] = ""
    ranks = out[["rank_minutes", "rank_norm"]].fillna(np.iinfo(np.int64).max)
    first = out.index[(ranks <= _DESCRIBED).any(axis=1) | (out["kind"] == "ferry")]
    out.loc[first, "touched"] = [_touched(field, units[row], place) for row in first]
    return out


def _nearest_cell(cells: gpd.GeoDataFrame, points: gpd.GeoSeries) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    import shapely

    tree = shapely.STRtree(cells.geometry.centroid.to_numpy())
    found = tree.query_nearest(points.to_crs(cells.crs).to_numpy(), all_matches=False)[1]
    return np.asarray(found, np.intp)


def _touched(field: NearestField, unit: Unit, place: pd.Series[str]) -> str:
    """Return the places whose people are touched most: cut off, or else by their minutes."""
    before = field.attached()["travel_time_s"].to_numpy()
    cells, after, changes = scenarios.close_unit(field, unit)
    for change in reversed(changes):
        undo(field, change)
    people = field.cells().people[cells]
    was, now = before[cells], np.where(after >= np.iinfo(np.int32).max, np.inf, after / 10)
    lost = np.where(np.isfinite(was), np.where(np.isinf(now), 1e9, np.maximum(now - was, 0)), 0)
    weight = pd.Series(people * lost).groupby(place.iloc[cells].to_numpy()).sum()
    return ", ".join(weight[weight > 0].sort_values(ascending=False, kind="stable").index[:_NAMED].map(str))


def write_vulnerable(found: Vulnerable, folder: Path) -> list[Path]:
    """Write the table as CSV, Parquet and GeoPackage, and a map; return the files."""
    from geoaccess import maps
    from geoaccess.study.output import drawn_below, words_of

    settings = found.study.settings
    stem = f"vulnerable_{found.spec.key}"
    said = {"service": found.spec.key, "cut_off_min": found.cut_off_min}
    with result_folder(folder, record=f"{stem}.json", said=said, study=found.study) as temporary:
        table = marked(found.table, settings.disclaimer)
        flat = pd.DataFrame(table.drop(columns="geometry"))
        write_csv(flat, temporary / f"{stem}.csv")
        table.to_parquet(temporary / f"{stem}.parquet")
        table.to_file(temporary / f"{stem}.gpkg", driver="GPKG")
        if found.table["rank_minutes"].notna().any():
            below = drawn_below(found.base.answers)
            heads = words_of(found.study) | {
                "title": f"{settings.title}: {found.spec.label}",
                "subtitle": settings.subtitle,
            }
            maps.vulnerability_map(
                temporary / f"{stem}.png",
                units=found.table,
                cut_off_min=found.cut_off_min,
                roads=below["roads"],
                municipalities=below["municipalities"],
                crs=found.base.results.crs,
                **heads,
            )
        names = sorted(path.name for path in temporary.iterdir())
    return [folder / name for name in names]


def printed_vulnerable(found: Vulnerable, *, rows: int = 5) -> list[tuple[str, pd.DataFrame]]:
    """Return what the command line prints: of each kind the first by person-minutes, and by people over the norm."""
    table = found.table[found.table["rank_minutes"].notna()]
    norms = [f"over_norm_{number}" for number in range(1, len(found.spec.norms_s) + 1)]
    figures = ["people_delayed", "people_cut_off", "person_min", *norms]
    shown = []
    day = found.cut_off_min / 60
    titles = {"rank_minutes": f"By person-minutes (a person cut off counts {day:g} hours)"}
    titles |= {"rank_norm": "By people pushed over the norm"} if norms else {}
    for rank, title in titles.items():
        first = table.sort_values([rank, "rank_minutes"]).drop_duplicates(["kind", "label"])
        first = first.drop_duplicates(["kind", *figures])  # stretches in a row cost the same
        first = first.groupby("kind").head(rows)
        out = pd.DataFrame(
            {
                "rank": first[rank].astype(int),
                "what": first["kind"],
                "name": first["label"],
                "people delayed": first["people_delayed"],
                "cut off": first["people_cut_off"],
                "person-hours": first["person_min"] / 60,
                "longest delay min": first["longest_delay_s"] / 60,
            }
        )
        for number, norm in enumerate(found.spec.norms_s, start=1):
            out[f"over {norm / 60:g} min"] = first[f"over_norm_{number}"]
        shown.append((title, out.assign(who=first["touched"])))
    return shown

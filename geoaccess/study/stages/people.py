"""The people of a study: a grid table or a raster."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from geoaccess import demand, files
from geoaccess.errors import InputError, NoCellError
from geoaccess.remembering import remembered
from geoaccess.study.idle_filters import CLIP_IDLE
from geoaccess.study.settings.inputs import ZonesFromColumn
from geoaccess.study.settings.service_people import groups_known
from geoaccess.study.stages.extracts import border_of
from geoaccess.study.stages.remembered import stamp_of
from geoaccess.study.zonings import carried_columns
from geoaccess.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.study.settings.inputs import PopulationSettings
    from geoaccess.study.settings.study_file import Study

__all__ = ["grid_of_people", "read_people"]

_RASTERS = (".tif", ".tiff")


def grid_of_people(study: Study) -> demand.RasterGrid | None:
    """Return the grid of the population raster, on which rasters of results are written; None where it is a table."""
    settings = study.settings.population
    path = study.resolve(settings.file)
    if path.suffix.lower() not in _RASTERS:
        return None
    return demand.raster_grid(path, band=settings.band, cell_size_m=settings.cell_size_m)


@contextlib.contextmanager
def _asked_by(study: Study) -> Iterator[None]:
    """Say of a column that is not there which service asks for it, and which groups of people the study has."""
    try:
        yield
    except InputError as error:
        ages, services = study.settings.population.ages, study.settings.services
        missing = [name for name in study.grid_groups if name not in ages and f'no column "{name}"' in str(error)]
        if not missing:
            raise
        asked = [
            f'[services.{key}] people = "{one.people}"'
            for key, one in services.items()
            if one.people.removeprefix("population_") in missing
        ]
        known = ", ".join(groups_known(ages, study.settings.demand, study.resolve)) or "none"
        raise InputError(
            f"{error}. {' and '.join(asked) or '[demand] of'} asks for it: name a column of the table, or a group of "
            f"people of the study (there are: {known})"
        ) from error


def _recognised(path: Path, settings: PopulationSettings) -> tuple[demand.KnownGrid | None, PopulationSettings]:
    """Return the published grid that a table is, and settings that read it so, where the study names no columns.

    What the study says itself stays.
    """
    if {"people", "cell_id"} & settings.model_fields_set:
        return None, settings
    try:
        table = read_table(path, layer=settings.layer, where=settings.where)
    except InputError:  # said of the columns that are asked for, when the cells are read
        return None, settings
    found = demand.recognise_grid([str(column) for column in table.columns])
    if found is None or {settings.people, settings.cell_id} <= set(table.columns):
        return None, settings
    grid, cell_id, people = found
    crs = "auto" if grid.auto_crs else grid.epsg and f"EPSG:{grid.epsg}"
    known = {"crs": crs, "cell_size_m": grid.cell_size_m, "nodata": list(grid.nodata)}
    own = {key: value for key, value in known.items() if value and key not in settings.model_fields_set}
    return grid, settings.model_copy(update={"cell_id": cell_id, "people": people, **own})


def read_people(study: Study) -> gpd.GeoDataFrame:
    """Return the cells of the study."""
    settings = study.settings
    path = files.require(study.resolve(settings.population.file), hint=study.fetch_hint)
    extracts = tuple(map(study.resolve, settings.network.osm)), study.nvdb
    described = settings.population.model_dump_json(), settings.zones.model_dump_json()
    key = stamp_of(path), *described, tuple(carried_columns(study)), *extracts
    return remembered("people", key, lambda: _read(study, path))


def _read(study: Study, path: Path) -> gpd.GeoDataFrame:
    settings = study.settings.population
    raster = path.suffix.lower() in _RASTERS
    cells = _from_raster(study, path) if raster else _from_table(study, path)
    if settings.clip:
        west, south, east, north = settings.clip
        centre = cells.geometry.centroid.to_crs("EPSG:4326")
        inside = centre.x.between(west, east) & centre.y.between(south, north)
        cells = cells[inside]
        if not raster and inside.all():
            cells.attrs[CLIP_IDLE] = True
        if cells.empty:
            raise NoCellError(f"{study.path}: [population] clip = {list(settings.clip)} leaves no cell of {path}")
    for key, value in settings.border.items():
        cells = _inside_border(study, cells, key, value)
    demand.refuse_impossible(cells, subject=str(path))
    return cells


def _from_raster(study: Study, path: Path) -> gpd.GeoDataFrame:
    settings = study.settings.population
    if carried_columns(study):
        raise InputError(f"{path}: a raster has no column {', '.join(carried_columns(study))}; use a table of cells")
    if settings.where or settings.layer:
        raise InputError(f"{path}: a raster has no rows or layers; take where and layer out, or name a band")
    if settings.area_m2 is not None or settings.on_grid is not None:
        raise InputError(f"{path}: the pixels of a raster are its cells; take area_m2 and on_grid out")
    box, within = settings.clip, _box_of_border(study)
    if within is not None:
        box = within if box is None else _both(box, within)
    if box is None and settings.clip is not None:
        raise _beyond_border(study)
    try:
        return demand.read_raster_cells(
            path,
            band=settings.band,
            cell_size_m=settings.cell_size_m,
            crs=demand.crs_of_raster(path) if settings.crs == "auto" else settings.crs,
            nodata=settings.nodata,
            clip=box,
        )
    except NoCellError as error:
        if within is None:
            raise
        raise _beyond_border(study) from error


def _from_table(study: Study, path: Path) -> gpd.GeoDataFrame:
    settings = study.settings.population
    if settings.band:
        raise InputError(f"{path}: is a table, which has no band; take band out of [population]")
    column = [study.settings.zones.column] if isinstance(study.settings.zones, ZonesFromColumn) else []
    grid, settings = _recognised(path, settings)
    with _asked_by(study):
        cells = demand.read_cells(
            path,
            cell_id=None if settings.cell_id == "none" else settings.cell_id,
            people=settings.people,
            x=settings.x,
            y=settings.y,
            crs=settings.crs,
            cell_size_m=settings.cell_size_m,
            anchor=settings.anchor,
            on_grid=settings.on_grid,
            area_m2=settings.area_m2,
            carry=list(dict.fromkeys([*settings.carry, *column, *carried_columns(study)])),
            layer=settings.layer,
            where=settings.where,
            nodata=settings.nodata,
        )
    if grid is not None:
        cells.attrs["grid"] = grid.name
        cells.attrs["grid_tried"] = grid.tried
    return cells


_Box = tuple[float, float, float, float]


def _box_of_border(study: Study) -> _Box | None:
    """Return the box around the border that cells are kept inside, so that no polygon is made of pixels beyond it."""
    for key, value in study.settings.population.border.items():
        border = border_of(study, key, value)
        if not border.empty:
            west, south, east, north = border.to_crs("EPSG:4326").total_bounds.tolist()
            return west, south, east, north
    return None


def _both(one: _Box, other: _Box) -> _Box | None:
    """Return what two boxes share."""
    west, south = max(one[0], other[0]), max(one[1], other[1])
    east, north = min(one[2], other[2]), min(one[3], other[3])
    return (west, south, east, north) if west < east and south < north else None


def _beyond_border(study: Study) -> NoCellError:
    settings = study.settings.population
    (key, value), *_ = settings.border.items()
    clip, hint = "", "is the extract of another place?"
    if settings.clip is not None:
        clip, hint = f"both clip = {list(settings.clip)} and ", "is clip or the extract of another place?"
    return NoCellError(
        f"{study.path}: [population] no cell of {study.resolve(settings.file)} lies inside {clip}the boundary "
        f"{key}={value} of the extract; {hint}"
    )


def _inside_border(study: Study, cells: gpd.GeoDataFrame, key: str, value: str) -> gpd.GeoDataFrame:
    """Return the cells whose centre lies inside a boundary of the extracts; all where the extracts do not have it."""
    border = border_of(study, key, value)
    if border.empty:
        cells.attrs["no_border"] = f"{key}={value}"
        return cells
    centres = cells.geometry.centroid.to_crs("EPSG:4326")
    inside = centres.within(border.geometry.iloc[0]).to_numpy(bool)
    if not inside.any():
        raise _beyond_border(study)
    kept = cells[inside]
    kept.attrs.update(cells.attrs)
    return kept

"""The municipality and region of every cell."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from shapely.geometry import Point

from geoaccess import files, zones
from geoaccess.errors import InputError, NoBoundaryError
from geoaccess.remembering import remembered_of
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.settings.inputs import CentralityTable, NoZones, ZonesFromColumn, ZonesFromFile, ZonesFromOsm
from geoaccess.study.stages.extracts import boundaries_digest, boundaries_of, digests_of_code
from geoaccess.study.stages.kept_tables import found_tables, kept_tables, update_by_shapes, update_by_table
from geoaccess.study.stages.subjects import about, fetch_hint
from geoaccess.tables import as_text, zone_name, zone_number
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geoaccess.study.settings.study_file import Study

__all__ = ["join_zones", "zones_of_cells"]


def join_zones(study: Study, cells: gpd.GeoDataFrame) -> tuple[pd.DataFrame, gpd.GeoDataFrame | None]:
    """Return municipality and region of each cell, and the polygons of municipalities where there are any."""
    described = study.settings.zones.model_dump_json(), study.settings.centrality.model_dump_json()
    key = study.path.parent, *described, tuple(map(study.resolve, study.settings.network.osm)), study.nvdb
    return remembered_of("zones", (cells,), key, lambda: _joined(study, cells))


def zones_of_cells(study: Study, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return municipality and region of each cell as `join_zones` does, without reading polygons where it is kept."""
    settings = study.settings.zones
    if isinstance(settings, ZonesFromOsm):
        kept = found_tables(_folder(study, cells, settings.max_nearest_m, _made_of(study, settings)))
        if kept is not None:
            table: pd.DataFrame = kept["zones"]
            return table.set_axis(cells.index)
    return join_zones(study, cells)[0]


def _joined(study: Study, cells: gpd.GeoDataFrame) -> tuple[pd.DataFrame, gpd.GeoDataFrame | None]:
    settings = study.settings.zones
    if isinstance(settings, NoZones):
        return _nowhere(cells), None
    if isinstance(settings, ZonesFromColumn):
        return _zones_of_column(study, settings, cells), None
    if isinstance(settings, ZonesFromFile):
        municipalities = zones.read_municipalities(
            files.require(study.resolve(settings.file), hint=fetch_hint(study)),
            id=settings.id,
            name=settings.name,
            region_id=settings.region_id,
            region=settings.region,
            digits=settings.digits,
            layer=settings.layer,
            where=settings.where,
        )
    else:
        made_of = _made_of(study, settings)
        try:
            municipalities = _zones_of_osm(study, settings, cells)
        except NoBoundaryError:
            if settings.required:
                raise
            return _nowhere(cells), None
        unchanged = partial(_is_still, study, settings, made_of)
        found = _assigned(study, cells, municipalities, settings.max_nearest_m, made_of=made_of, unchanged=unchanged)
        return found, municipalities
    return _assigned(study, cells, municipalities, settings.max_nearest_m), municipalities


def _nowhere(cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what cells are in where there are no municipalities."""
    names = ("municipality_id", "municipality", "region_id", "region", "zone_note")
    return pd.DataFrame({name: pd.Series("", index=cells.index, dtype="str") for name in names})


def _assigned(
    study: Study,
    cells: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    max_nearest_m: float,
    *,
    made_of: str | None = None,
    unchanged: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    """Return the municipality of each cell; it is kept, as polygons of coasts have very many corners.

    `made_of` stands for the municipalities where it is known what they are made of, `unchanged` says whether they still
    are made of that.
    """

    def joined() -> dict[str, pd.DataFrame]:
        found = zones.assign_zones(cells, municipalities, max_nearest_m=max_nearest_m)
        return {"zones": found.reset_index(drop=True)}

    folder = _folder(study, cells, max_nearest_m, municipalities if made_of is None else made_of)
    table: pd.DataFrame = kept_tables(folder, joined, unchanged=unchanged)["zones"]
    return table.set_axis(cells.index)


def _folder(
    study: Study, cells: gpd.GeoDataFrame, max_nearest_m: float, municipalities: gpd.GeoDataFrame | str
) -> Path:
    """Return where the municipality of each cell is kept; of municipalities it needs what they are made of, or all."""
    asked = hashlib.sha256(f"{__version__} {max_nearest_m}".encode())
    for code in digests_of_code(("zones",)):
        asked.update(code.encode())
    update_by_shapes(asked, cells.geometry)
    if isinstance(municipalities, str):
        asked.update(municipalities.encode())
    else:
        update_by_table(asked, municipalities)
    return study.cache / f"zones-{asked.hexdigest()[:20]}"


def _made_of(study: Study, settings: ZonesFromOsm) -> str:
    """Return what stands for the municipalities of the extracts of some cells: they have millions of corners."""
    levels = _levels(settings)
    return f"{boundaries_digest(study, levels)} {settings.model_dump_json()} {files.sha256(Path(__file__))}"


def _is_still(study: Study, settings: ZonesFromOsm, made_of: str) -> bool:
    """Whether the extracts are those that municipalities are made of: while they were read they may be replaced."""
    try:
        return _made_of(study, settings) == made_of
    except (OSError, InputError):  # one is gone
        return False


def _levels(settings: ZonesFromOsm) -> list[int]:
    return [settings.level] if settings.region_level is None else [settings.level, settings.region_level]


def _zones_of_column(study: Study, settings: ZonesFromColumn, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    texts, official = as_text(cells[settings.column]), isinstance(study.settings.centrality, CentralityTable)
    digits = study.scheme.zone_digits if official else None
    written = {text: zone_number(text, digits) for text in texts.unique()}
    ids = texts.map(written).astype("str")
    names = pd.Series({number: zone_name(text) or number for text, number in written.items()}, dtype="str")
    if settings.names_file:
        listed = zones.read_municipality_names(
            study.resolve(settings.names_file), number=settings.names_id, name=settings.names_name
        )
        meant = matched(study, pd.Series(names.index, index=names.index), listed.index)
        names = meant.map(listed).astype("object").fillna(names).astype("str")
    return pd.DataFrame(
        {
            "municipality_id": ids,
            "municipality": ids.map(names).astype("str"),
            **dict.fromkeys(["region_id", "region", "zone_note"], ""),
        },
        index=cells.index,
    )


def _zones_of_osm(study: Study, settings: ZonesFromOsm, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    boundaries = boundaries_of(study, _levels(settings))
    municipalities = boundaries[settings.level].rename_axis("municipality_id")
    for missing in settings.borderless:
        with about("[[zones.borderless]]"):
            border = zones.border_from_cells(
                cells,
                municipalities,
                id=missing.id,
                name=missing.name,
                place=Point(missing.lon, missing.lat),
                within_m=missing.within_km * 1000,
            )
        municipalities = pd.concat([municipalities, border])
    if settings.region_level is None:
        return municipalities.assign(region_id="", region="")
    return zones.join_regions(municipalities, boundaries[settings.region_level])

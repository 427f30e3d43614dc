"""The municipality and region of every cell."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely
from shapely.geometry import Point

from geoaccess import files, zones
from geoaccess.errors import InputError, NoBoundaryError
from geoaccess.frames import crs_of
from geoaccess.remembering import remembered_of
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.settings.inputs import CentralityTable, NoZones, ZonesFromColumn, ZonesFromFile, ZonesFromOsm
from geoaccess.study.stages.extracts import boundaries_digest, boundaries_of, digests_of_code, levels_of
from geoaccess.study.stages.kept_tables import kept_tables, update_by_shapes, update_by_table
from geoaccess.study.stages.subjects import about
from geoaccess.tables import as_text, zone_name, zone_number
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geoaccess.study.settings.study_file import Study

__all__ = ["Municipalities", "are_still", "join_zones", "municipalities_at"]

_NAMES: Final = ["municipality_id", "municipality"]
_FAR_M: Final = 20_000.0
"""Without borders, a place this far from everybody's cells is in no municipality."""


@dataclass(eq=False)
class Municipalities:
    """The municipalities of a study, whose polygons are read when they are asked for: they have millions of corners.

    `made_of` stands for all that they are made of.
    """

    made_of: str
    read: Callable[[], gpd.GeoDataFrame]
    _known: gpd.GeoDataFrame | None = None

    @property
    def table(self) -> gpd.GeoDataFrame:
        """Their polygons, with number, name and region."""
        if self._known is None:
            self._known = self.read()
        return self._known

    @property
    def are_read(self) -> bool:
        """Whether the polygons are in memory."""
        return self._known is not None

    def forget(self) -> None:
        """Let go of the polygons; they are read again for who asks again."""
        self._known = None


def join_zones(study: Study, cells: gpd.GeoDataFrame) -> tuple[pd.DataFrame, Municipalities | None]:
    """Return municipality and region of each cell, and the municipalities where there are any polygons.

    Where it is kept which cell is in which, no polygon is read.
    """
    described = study.settings.zones.model_dump_json(), study.settings.centrality.model_dump_json()
    key = study.path.parent, *described, tuple(map(study.resolve, study.settings.network.osm)), study.nvdb
    return remembered_of("zones", (cells,), key, lambda: _joined(study, cells))


def municipalities_at(
    study: Study, places: gpd.GeoSeries, cells: gpd.GeoDataFrame, municipalities: Municipalities | None
) -> pd.DataFrame:
    """Return the municipality of each place: that of the border that holds it, else that of the nearest cell.

    The one rule for all that stands somewhere and is no cell: sites, candidates, settlements, links. Borders hold
    places as they hold cells, see `geoaccess.zones.assign_zones`. Where there are none, as with
    `[zones] kind = "column"`, it is the municipality of the cell that holds the place or is nearest to it; of
    cells equally near, the smallest.

    Parameters
    ----------
    study
        The study.
    places
        Points, with a CRS.
    cells
        With `municipality_id` and `municipality`, where the study has municipalities.
    municipalities
        Those with borders, None where there are none.

    Returns
    -------
    On the index of `places`: `municipality_id` and `municipality`, "" where a place is beyond `max_nearest_m` of every
    border, or without borders more than 20 km from every cell that is in a municipality.
    """
    settings, points = study.settings.zones, places.to_crs(crs_of(cells))
    if municipalities is None or isinstance(settings, (ZonesFromColumn, NoZones)):
        return _of_nearest_cells(points, cells)
    import geopandas as gpd

    were_read = municipalities.are_read
    # Borders that an extract lacks are made of cells.
    asked = gpd.GeoDataFrame(geometry=points), municipalities, settings.max_nearest_m
    found = _assigned(study, *asked, kind="within", besides=cells.geometry)
    if not were_read:
        municipalities.forget()
    return found[_NAMES]


def _of_nearest_cells(points: gpd.GeoSeries, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the municipality of the cell nearest to each place, of those that are in one."""
    named = cells[(cells[_NAMES] != "").any(axis=1).to_numpy(bool)] if set(_NAMES) <= {*cells.columns} else cells[:0]
    first = named.reindex(columns=_NAMES).drop_duplicates().sort_values(_NAMES).reset_index(drop=True)
    number = pd.MultiIndex.from_frame(first).get_indexer(pd.MultiIndex.from_frame(named.reindex(columns=_NAMES)))
    tree = shapely.STRtree(named.geometry.to_numpy())
    place, cell = tree.query_nearest(points.to_numpy(), max_distance=_FAR_M, all_matches=True)
    found = np.full(len(points), len(first))
    np.minimum.at(found, place, number[cell])
    taken = {name: np.append(first[name].to_numpy(object), "")[found] for name in _NAMES}
    return pd.DataFrame(taken, index=points.index, dtype="str")


def _joined(study: Study, cells: gpd.GeoDataFrame) -> tuple[pd.DataFrame, Municipalities | None]:
    settings = study.settings.zones
    if isinstance(settings, NoZones):
        return _nowhere(cells), None
    if isinstance(settings, ZonesFromColumn):
        return _zones_of_column(study, settings, cells), None
    if isinstance(settings, ZonesFromFile):
        read = partial(_zones_of_file, study, settings)
        table, content = read(), hashlib.sha256()
        update_by_table(content, table)
        municipalities = Municipalities(content.hexdigest(), read, table)
        assigned = _assigned(study, cells, municipalities, settings.max_nearest_m)
        people = study.settings.population.file
        zones.refuse_elsewhere(study.resolve(settings.file), table, cells, assigned, people=people)
        return assigned, municipalities
    municipalities = Municipalities(_made_of(study, settings), partial(_zones_of_osm, study, settings, cells))
    try:
        return _assigned(study, cells, municipalities, settings.max_nearest_m), municipalities
    except NoBoundaryError:
        if settings.required:
            raise
        return _nowhere(cells), None


def _nowhere(cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what cells are in where there are no municipalities."""
    names = ("municipality_id", "municipality", "region_id", "region", "zone_note")
    return pd.DataFrame({name: pd.Series("", index=cells.index, dtype="str") for name in names})


def _assigned(
    study: Study,
    cells: gpd.GeoDataFrame,
    municipalities: Municipalities,
    max_nearest_m: float,
    *,
    kind: str = "zones",
    besides: gpd.GeoSeries | None = None,
) -> pd.DataFrame:
    """Return the municipality of each cell or point; it is kept, as polygons of coasts have very many corners."""

    def joined() -> dict[str, pd.DataFrame]:
        found = zones.assign_zones(cells, municipalities.table, max_nearest_m=max_nearest_m)
        return {"zones": found.reset_index(drop=True)}

    asked = hashlib.sha256(f"{__version__} {max_nearest_m}".encode())
    for code in digests_of_code(("zones",)):
        asked.update(code.encode())
    for shapes in (cells.geometry, *([] if besides is None else [besides])):
        update_by_shapes(asked, shapes)
    asked.update(municipalities.made_of.encode())
    folder = study.cache / f"{kind}-{asked.hexdigest()[:20]}"
    table: pd.DataFrame = kept_tables(folder, joined, unchanged=partial(are_still, study, municipalities.made_of))[
        "zones"
    ]
    return table.set_axis(cells.index)


def _made_of(study: Study, settings: ZonesFromOsm) -> str:
    """Return what stands for the municipalities of the extracts of some cells: they have millions of corners."""
    levels = levels_of(settings)
    return f"{boundaries_digest(study, levels)} {settings.model_dump_json()} {files.sha256(Path(__file__))}"


def are_still(study: Study, made_of: str) -> bool:
    """Whether municipalities of extracts are made of these still: while they were read they may be replaced."""
    settings = study.settings.zones
    try:
        return not isinstance(settings, ZonesFromOsm) or _made_of(study, settings) == made_of
    except (OSError, InputError):  # one is gone
        return False


def _zones_of_file(study: Study, settings: ZonesFromFile) -> gpd.GeoDataFrame:
    return zones.read_municipalities(
        files.require(study.resolve(settings.file), hint=study.fetch_hint),
        id=settings.id,
        name=settings.name,
        region_id=settings.region_id,
        region=settings.region,
        digits=settings.digits,
        layer=settings.layer,
        where=settings.where,
    )


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
    boundaries = boundaries_of(study, levels_of(settings))
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

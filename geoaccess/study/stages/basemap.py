"""What maps show under and over the cells of a study: land, and names of places."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import shapely

from geoaccess import files
from geoaccess.frames import bounds_in_degrees, crs_of
from geoaccess.network import lake_areas, land_areas
from geoaccess.osm import place_names
from geoaccess.study.stages.extracts import (
    PLACES,
    content_digest,
    digests_of_code,
    features_digest,
    features_of,
    glaciers_of,
    read_in_passing,
)
from geoaccess.study.stages.kept_tables import kept_tables, update_by_columns, update_by_shapes
from geoaccess.study.stages.networks import cache_folder
from geoaccess.study.stages.zoning import municipalities_at
from geoaccess.tables import read_areas, read_named_places
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.network import Network
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages.zoning import Municipalities

__all__ = ["Window", "ice_of", "lakes_of", "land_of", "places_of", "window_around", "window_of"]

_AROUND: Final = 0.6
"""How far beyond the cells land is drawn, in parts of their extent; maps on the screen go no farther."""
_STEPS: Final = 16_000
"""How fine coast is, in parts of the longer side of the region."""
_LAKE: Final = 24
"""How large the least lake is, in parts of which a coast is fine."""
_PLACES: Final = [("place", kind) for kind in (*PLACES, "island")]
_LARGE: Final = ("city", "town", "village")
_NO_HOMES: Final = ("suburb", "island")
_REACH_M: Final = 5000.0


class Window(NamedTuple):
    """The box around some cells that maps show something in, degrees, and how fine lines in it are."""

    box: tuple[float, float, float, float]
    tolerance_deg: float


def window_of(cells: gpd.GeoDataFrame) -> Window:
    """Return what maps show around some cells: to be found once for all that lies there."""
    return window_around(bounds_in_degrees(cells))


def window_around(bounds: tuple[float, float, float, float]) -> Window:
    """Return what maps show around what lies within west, south, east and north, degrees."""
    west, south, east, north = bounds
    wide, high = max(east - west, 0.05), max(north - south, 0.05)
    box = (west - _AROUND * wide, south - _AROUND * high, east + _AROUND * wide, north + _AROUND * high)
    return Window((round(box[0], 6), round(box[1], 6), round(box[2], 6), round(box[3], 6)), max(wide, high) / _STEPS)


def land_of(study: Study, network: Network, window: Window) -> gpd.GeoSeries | None:
    """Return the land around the cells as polygons in EPSG:4326; None where neither file nor extract has any coast.

    Coast of the extract is made into polygons once, and kept beside the network.

    Raises
    ------
    GeoaccessError
        If the file of [basemap] is not there, or holds no polygons.
    """
    import geopandas as gpd

    box, tolerance = window
    if study.settings.basemap.land:
        path = files.require(study.resolve(study.settings.basemap.land), hint=study.fetch_hint)
        areas = shapely.make_valid(read_areas(path, hint=study.fetch_hint, crossing=True).to_numpy())
        parts = shapely.get_parts(shapely.get_parts(shapely.clip_by_rect(areas, *box)))
        found = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    elif network.shores is not None:
        shores = network.shores

        def make() -> dict[str, gpd.GeoDataFrame]:
            polygons = land_areas(shores, bounds=box, tolerance_deg=tolerance)
            return {"land": gpd.GeoDataFrame(geometry=list(polygons), crs="EPSG:4326")}

        found = _kept_shapes(study, network, f"{box} {tolerance}", make, "land")
    else:
        return None
    return gpd.GeoSeries(found, crs="EPSG:4326") if len(found) else None


def lakes_of(study: Study, network: Network, window: Window) -> gpd.GeoSeries | None:
    """Return the large lakes around the cells as polygons in EPSG:4326; None where the extract has none.

    They are made once, and kept beside the network.
    """
    import geopandas as gpd

    shores = network.shores
    if shores is None:
        return None
    box, tolerance = window

    def make() -> dict[str, gpd.GeoDataFrame]:
        polygons = lake_areas(shores, bounds=box, tolerance_deg=tolerance, least_deg=_LAKE * tolerance)
        return {"lakes": gpd.GeoDataFrame(geometry=list(polygons), crs="EPSG:4326")}

    found = _kept_shapes(study, network, f"{box} {tolerance} {_LAKE}", make, "lakes")
    return gpd.GeoSeries(found, crs="EPSG:4326") if len(found) else None


def ice_of(study: Study, window: Window) -> gpd.GeoSeries | None:
    """Return the large glaciers around the cells as polygons in EPSG:4326; None without any, or in a large extract."""
    import geopandas as gpd

    if not read_in_passing(study):
        return None
    box, tolerance = window
    shapes = glaciers_of(study).geometry.to_numpy()
    west, south, east, north = shapely.bounds(shapes).T if len(shapes) else np.empty((4, 0))
    large = shapes[np.maximum(east - west, north - south) >= _LAKE * tolerance]
    whole = shapely.union_all(shapely.make_valid(shapely.simplify(large, tolerance)))
    parts = shapely.get_parts(shapely.get_parts(shapely.clip_by_rect(whole, *box)))
    found = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return gpd.GeoSeries(found, crs="EPSG:4326") if len(found) else None


def _kept_shapes(
    study: Study, network: Network, settings: str, make: Callable[[], dict[str, gpd.GeoDataFrame]], name: str
) -> Any:
    """Return the shapes that are made of a network, from the cache where they are there."""
    folder = cache_folder(network)
    if folder is None:
        return make()[name].geometry.to_numpy()
    digest = hashlib.sha256(f"{folder.name} {settings}".encode()).hexdigest()
    return kept_tables(study.cache / f"{name}-{digest[:20]}", make)[name].geometry.to_numpy()


def places_of(
    study: Study, cells: gpd.GeoDataFrame, window: Window, municipalities: Municipalities | None
) -> gpd.GeoDataFrame:
    """Return the named places around the cells as points in EPSG:4326, first those that maps show first.

    They are made once of the same cells and people, and kept.

    Returns
    -------
    Table with `name`, `alt_names` (parted by "; "), `kind`, `small` (a hamlet, a part of a town, an island: shown only
    close up), `people`, and `municipality`, see `municipalities_at`. People are those that the map or the table says,
    or, if they are more, those of the cells nearer to it than to any other place and at most 5 km away.
    """
    digest = hashlib.sha256(f"{__version__} {window.box} {_source_of_places(study)}".encode())
    for code in digests_of_code(("osm", "tables", "zones", "study/stages")):
        digest.update(code.encode())
    update_by_shapes(digest, cells.geometry)
    digest.update(cells["population"].to_numpy(np.float64).tobytes())
    if municipalities is None:
        update_by_columns(digest, cells[[name for name in ("municipality_id", "municipality") if name in cells]])
    else:
        digest.update(f"{municipalities.made_of} {study.settings.zones.model_dump_json()}".encode())
    kept = study.cache / f"places-{digest.hexdigest()[:20]}"
    found = kept_tables(kept, lambda: {"places": _places(study, cells, window, municipalities)})
    named: gpd.GeoDataFrame = found["places"]
    return named


def _source_of_places(study: Study) -> str:
    """Return what stands for all that names of places are read from."""
    if study.settings.basemap.places:
        path = files.require(study.resolve(study.settings.basemap.places), hint=study.fetch_hint)
        return content_digest(study, path)
    return features_digest(study, _PLACES)


def _places(
    study: Study, cells: gpd.GeoDataFrame, window: Window, municipalities: Municipalities | None
) -> gpd.GeoDataFrame:
    if study.settings.basemap.places:
        found = read_named_places(study.resolve(study.settings.basemap.places), hint=study.fetch_hint)
    else:
        mapped = features_of(study, _PLACES)
        found = place_names(mapped[(mapped["osm_type"] == "node").to_numpy() | _islands(mapped)])
    west, south, east, north = window.box
    found = found.cx[west:east, south:north].reset_index(drop=True)
    points = found.geometry.to_crs(crs_of(cells)).to_numpy()
    small = ~found["kind"].isin(_LARGE).to_numpy(dtype=np.bool_)
    homes = ~found["kind"].isin(_NO_HOMES).to_numpy(dtype=np.bool_)
    people = np.fmax(found["population"].to_numpy(np.float64), _people_near(points, homes, cells))
    home = municipalities_at(study, found.geometry, cells, municipalities)["municipality"]
    found = found.assign(small=small, people=people, municipality=home)
    order = np.lexsort((found["name"].to_numpy(dtype=str), -people, small))
    columns = ["name", "alt_names", "kind", "small", "people", "municipality", "geometry"]
    ordered: gpd.GeoDataFrame = found.iloc[order].reset_index(drop=True)[columns]
    return ordered


def _islands(mapped: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return which features are islands: these are areas, while an area of a town may be a municipality."""
    return np.array([tags.get("place") == "island" for tags in mapped["tags"]], np.bool_)


def _people_near(points: Any, homes: npt.NDArray[np.bool_], cells: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    """Return the people of the cells that are nearest to each place."""
    found = np.zeros(len(points))
    rows = np.flatnonzero(homes)
    if len(rows):
        tree = shapely.STRtree(points[rows])
        cell, place = tree.query_nearest(cells.geometry.centroid.to_numpy(), max_distance=_REACH_M, all_matches=False)
        found[rows] = np.bincount(place, cells["population"].to_numpy(np.float64)[cell], len(rows))
    return found

"""Files of shapes: where GDAL finds them, and which of their layers is meant."""

from __future__ import annotations

import re
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import files
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["LAYER_TAKEN", "check_count", "gdal_address", "read_shapes"]

LAYER_TAKEN = "layer_taken"
"""Key in the attributes of a table: the layer that was taken of several, where none was named."""

_INSIDE = (".gdb", ".gpkg", ".geojson", ".json", ".gml", ".shp", ".fgb", ".kml")
_COUNTED, _MOST_ROWS = (".gpkg", ".gdb", ".fgb"), 100
"""Formats that say in their head how many rows there are, and how many each byte may hold, packed."""
_POLYGONS = ("Polygon", "MultiPolygon", "CurvePolygon", "MultiSurface")
# The first member of plain GeoJSON is one of these; a file of several collections begins with the name of the first.
_PLAIN = re.compile(rb'\s*\{\s*"(?:type|name|crs|bbox|features|geometry|properties|id)"')
_HEAD = 4096
_UNKNOWN = "not recognized"
"""What GDAL says of a file that none of its drivers takes."""


def read_shapes(path: Path, *, layer: str | None, columns: Sequence[str] = ()) -> Any:
    """Read one layer of a file that GDAL reads; see `read_table`.

    Raises
    ------
    InputError
        If there is no such layer, or several may be meant; with the layers there are.
    """
    address = gdal_address(path)
    files.check_zip(path)
    if address.lower().endswith((".geojson", ".json")) and (collections := _collections(path, address)):
        return _of_collections(path, collections, layer, columns)
    import geopandas as gpd
    import pyogrio
    import shapely

    try:
        listed = gpd.list_layers(address)
    except pyogrio.errors.DataSourceError as error:
        if _UNKNOWN not in str(error):
            raise
        raise InputError(
            f"{path}: is no file of shapes that is understood; save it anew, as GeoJSON in UTF-8 or as GeoPackage"
        ) from error
    known = listed["geometry_type"].astype("object").where(listed["geometry_type"].notna(), "")
    shapes = {str(name): str(kind) for name, kind in zip(listed["name"], known, strict=True)}
    fields: dict[str, list[str]] = {}
    if layer is None and len(shapes) > 1:
        fields = {name: [str(field) for field in pyogrio.read_info(address, layer=name)["fields"]] for name in shapes}
    if not shapes:
        raise InputError(f"{path}: has no layer; save it anew, with the shapes or the table that it should hold")
    chosen = _choose(path, shapes, layer, columns, fields)
    check_count(path, address, chosen)
    # Norwegian borders are single objects larger than GDAL's limit of 200 MB.
    before = pyogrio.get_gdal_config_option("OGR_GEOJSON_MAX_OBJ_SIZE")
    pyogrio.set_gdal_config_options({"OGR_GEOJSON_MAX_OBJ_SIZE": 0})
    try:
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):  # a corner that is NaN is for others to refuse
            warnings.filterwarnings("ignore", "Non closed ring", RuntimeWarning)  # which is refused below
            rows = gpd.read_file(address, layer=chosen)
    except shapely.errors.GEOSException as error:  # a ring that is not closed, a line of one point
        raise InputError(
            f"{path}: has a shape that cannot be: {str(error).strip()}; correct it and save anew"
        ) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_GEOJSON_MAX_OBJ_SIZE": before})
    if layer is None and len(shapes) > 1:
        rows.attrs[LAYER_TAKEN] = chosen
    return rows


def gdal_address(path: Path) -> str:
    """Return where GDAL finds a file: inside a zip, the one data set that is in it."""
    if path.suffix.lower() != ".zip":
        return str(path)
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name.rstrip("/").split("/") for name in packed.namelist()]
    except files.ZIP_ERRORS as error:
        raise InputError(f"{path}: is no whole zip file ({error}); download it again") from error
    inside = set()
    for parts in names:
        at = next((n for n, part in enumerate(parts) if part.lower().endswith(_INSIDE)), None)
        if at is not None and parts[0] != "__MACOSX":
            inside.add("/".join(parts[: at + 1]))
    folders = {one.rpartition("/")[0] for one in inside}
    if len(inside) > 1 and len(folders) == 1 and all(one.lower().endswith(".shp") for one in inside):
        inside = folders  # the layers of a folder of shapefiles
    if len(inside) != 1:
        held = ", ".join(sorted(inside)) or "nothing that is understood"
        raise InputError(f"{path}: must hold one file of shapes, but holds {held}; unpack it and name one")
    return f"/vsizip/{path.absolute()}/{inside.pop()}".rstrip("/")


def check_count(path: Path, address: str, layer: str | None) -> None:
    """Refuse a layer whose head says that it has so many rows that the file cannot hold them: room is made for all.

    Raises
    ------
    InputError
        If there are more than `_MOST_ROWS` to each byte of the file; a zip packs many into one.
    """
    if not address.lower().endswith(_COUNTED):
        return
    import pyogrio

    said, size = pyogrio.read_info(address, layer=layer)["features"], files.size_bytes(path)
    if said > _MOST_ROWS * size:
        raise InputError(f"{path}: says that it has {said:,} rows, but has {size:,} bytes; it is damaged: save it anew")


def _choose(
    path: Path, kinds: dict[str, str], layer: str | None, columns: Sequence[str], fields: dict[str, list[str]]
) -> str | None:
    """Return the layer that is meant: the one named, the only one, or the only one with shapes, columns, polygons."""
    names = list(kinds)
    if layer is not None:
        if layer not in names:
            raise InputError(f"{path}: has no layer {layer!r} (it has {', '.join(names)})")
        return layer
    if len(names) <= 1:
        return names[0] if names else None
    # QGIS keeps its styles in a table beside the shapes.
    left = [name for name in names if kinds[name]]
    having = [name for name in left if {*columns} <= {*fields.get(name, [])}] if columns else left
    for kept in (having, [name for name in having if any(word in kinds[name] for word in _POLYGONS)]):
        if len(kept) == 1:
            return kept[0]
    raise InputError(f"{path}: has {len(names)} layers ({', '.join(names)}); name one with layer, or save it alone")


def _collections(path: Path, address: str) -> dict[str, Any]:
    """Return the collections of a JSON file that is several of them, as Kartverket writes it; {} for plain GeoJSON."""
    inner = address.split(".zip/", 1)[1] if address.startswith("/vsizip/") else ""
    if inner:
        try:
            with zipfile.ZipFile(path) as packed:
                content = packed.read(inner)
        except (KeyError, *files.ZIP_ERRORS):
            return {}  # GDAL says what is wrong with it
    else:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if _PLAIN.match(head):
                return {}
            content = head + file.read()
    if _PLAIN.match(content[:_HEAD]):
        return {}
    try:
        data = files.json_values(content)
    except ValueError:
        return {}  # GDAL says what is wrong with it
    if not isinstance(data, dict) or "type" in data:
        return {}
    return {k: v for k, v in data.items() if isinstance(v, dict) and v.get("type") == "FeatureCollection"}


def _of_collections(path: Path, collections: dict[str, Any], layer: str | None, columns: Sequence[str]) -> Any:
    import geopandas as gpd
    import shapely

    kinds, fields = {}, {}
    try:
        for name, one in collections.items():
            features = one.get("features") or [{}]
            kinds[name] = str((features[0].get("geometry") or {}).get("type", ""))
            fields[name] = [*features[0].get("properties", {})]
        chosen = _choose(path, kinds, layer, columns, fields)
        one = collections[str(chosen)]
        named = ((one.get("crs") or {}).get("properties") or {}).get("name", "EPSG:4326")
        rows = gpd.GeoDataFrame.from_features(one["features"], crs=named)
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, shapely.errors.ShapelyError) as error:
        raise InputError(f"{path}: is not GeoJSON: a feature or the crs is not as it should be ({error})") from error
    if layer is None and len(collections) > 1:
        rows.attrs[LAYER_TAKEN] = chosen
    return rows

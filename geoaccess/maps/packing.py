"""Values put into a page: arrays as base64, lines as whole metres, and text that no parser can take for code."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from geoaccess.frames import transformer
from geoaccess.maps.coverage import simplified_coverage

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.maps.results import Squares

__all__ = [
    "WEB_MERCATOR",
    "inner_borders",
    "mercator",
    "outlines_of",
    "pack",
    "pack_areas",
    "pack_each_line",
    "pack_land",
    "pack_outlines",
    "ring_of",
    "safe_json",
    "square_corners",
    "tolerance_m",
]

Packed = dict[str, Any]
PackPoints = Callable[[np.ndarray[Any, np.dtype[np.float64]]], Any]
"""How the places of lines are written."""
WEB_MERCATOR: Final = 3857
_KINDS: Final = {"u1": "<u1", "u2": "<u2", "i4": "<i4", "f4": "<f4"}
# HTML (< > &), attributes (quotes), template literals (` $) and Jinja (braces) all see nothing but letters and digits.
_MIXING: Final = np.uint64(0x9E3779B97F4A7C15)
_UNSAFE: Final = re.compile(r"[<>&'`${}\x7f]")
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


def safe_json(value: Any) -> str:
    r"""Write JSON in which every character of a text that could end or start code anywhere is a \u escape.

    JSON's own escapes are ASCII, which covers U+2028 and U+2029. Keys are sorted, so that equal values give equal text.

    Examples
    --------
    >>> print(safe_json({"name": "</script>${x}{{y}}`"}))
    {"name":"\u003c/script\u003e\u0024\u007bx\u007d\u007b\u007by\u007d\u007d\u0060"}
    >>> json.loads(safe_json("</script>"))
    '</script>'
    """
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return _STRING.sub(lambda found: _UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", found[0]), text)


def pack(values: npt.NDArray[Any], kind: str) -> dict[str, str]:
    """Pack whole or floating numbers for a typed array of the browser, little end first.

    Parameters
    ----------
    values
        Any shape; flattened.
    kind
        u1, u2, i4 or f4. Values outside the range of a whole kind are set to its nearest end.

    Examples
    --------
    >>> pack(np.array([1, 70000]), "u2")
    {'kind': 'u2', 'data': 'AQD//w=='}
    """
    flat = np.ravel(values)
    if kind != "f4":
        span = np.iinfo(_KINDS[kind])
        flat = np.clip(np.rint(flat), span.min, span.max)
    return {"kind": kind, "data": base64.b64encode(flat.astype(_KINDS[kind]).tobytes()).decode("ascii")}


def pack_i4(xy: npt.NDArray[np.float64]) -> dict[str, str]:
    """Pack places in whole metres."""
    return pack(xy, "i4")


def mercator(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: Any
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Project to Web Mercator metres, the coordinates of the map on the screen."""
    east, north = transformer(crs, WEB_MERCATOR).transform(x, y)
    return np.asarray(east, dtype=np.float64), np.asarray(north, dtype=np.float64)


def square_corners(squares: Squares, crs: Any) -> dict[str, npt.NDArray[np.float64]]:
    """Return each square in Web Mercator: its south-west corner (x, y) and the sides from there (ux, uy), (vx, vy)."""
    side, high = squares.sides_m, squares.sides_m * squares.tall
    west, south = squares.west + (squares.side_m - side) / 2, squares.south + (squares.height_m - high) / 2
    x, y = mercator(west, south, crs)
    right_x, right_y = mercator(west + side, south, crs)
    up_x, up_y = mercator(west, south + high, crs)
    return {"x": x, "y": y, "ux": right_x - x, "uy": right_y - y, "vx": up_x - x, "vy": up_y - y}


def ring_of(shape: Any) -> npt.NDArray[np.float64]:
    """Return the outline of a polygon as one closed line, shape (n, 2); other rings hang on it, there and back.

    Filled, whether by even and odd or by the winding, it is the polygon: what is gone there and back has no area.

    >>> ring_of(shapely.box(0, 0, 2, 1)).tolist()
    [[2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [0.0, 0.0], [2.0, 0.0]]
    """
    oriented = shapely.orient_polygons(shape)
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(oriented))]
    return np.concatenate([*rings, *(ring[:1] for ring in rings[-2::-1])])


def pack_outlines(squares: Squares, crs: Any, rows: npt.NDArray[np.int64]) -> Packed:
    """Pack the outlines of cells of any shape, a closed line each, in whole Web Mercator metres."""
    outlines, ends = outlines_of(squares, crs, rows)
    return {"xy": pack_i4(outlines), "ends": pack(ends, "i4")}


def outlines_of(
    squares: Squares, crs: Any, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the outlines of shapes in Web Mercator, one after another, and where each ends."""
    assert squares.shapes is not None  # noqa: S101 - so are they called
    rings = [ring_of(shape) for shape in squares.shapes[rows]]
    x, y = np.concatenate(rings).T
    return np.column_stack(mercator(x, y, crs)), np.cumsum([len(ring) for ring in rings])


def tolerance_m(corners: dict[str, npt.NDArray[np.float64]]) -> float:
    """Return how far lines may be moved to make the file small: so little that it shows only when zoomed far in."""
    across = float(np.hypot(np.ptp(corners["x"]), np.ptp(corners["y"])))
    return min(max(across / 20_000, 5.0), 200.0)


def pack_each_line(lines: gpd.GeoSeries, *, within_m: float, points: PackPoints = pack_i4) -> Packed:
    """Pack lines one by one, so that the numbers of the lines stay theirs; parts that meet are joined."""
    projected = shapely.simplify(shapely.line_merge(lines.to_crs(WEB_MERCATOR).to_numpy()), within_m)
    parts, owner = shapely.get_parts(projected, return_index=True)
    return {**_packed(parts, points), "owner": pack(owner, "i4")}


def inner_borders(areas: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return the lines between areas; all their borders where no two of them share any.

    >>> inner_borders(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))[0].wkt
    'LINESTRING (1 0, 1 1)'
    """
    rings = shapely.get_rings(shapely.get_parts(areas))
    places, ring = shapely.get_coordinates(rings, return_index=True)
    first = np.flatnonzero(ring[:-1] == ring[1:])
    pieces = np.stack([places[first], places[first + 1]], axis=1)
    swapped = (pieces[:, 0, 0] > pieces[:, 1, 0]) | (
        (pieces[:, 0, 0] == pieces[:, 1, 0]) & (pieces[:, 0, 1] > pieces[:, 1, 1])
    )
    pieces[swapped] = pieces[swapped][:, ::-1]
    shared = _repeated(pieces.reshape(-1, 4)).reshape(-1, 2, 2)
    if not len(shared):
        return np.asarray(rings, object)
    return np.asarray(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shared))), object)


def _repeated(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each row that is there more than once, in ascending order.

    Rows that no other looks like, by a number made of all of a row, are not sorted: most of the borders of a country.

    >>> _repeated(np.array([[2.0, 1.0], [0.0, 3.0], [2.0, 1.0], [0.0, 3.0], [5.0, 5.0], [2.0, 1.0]])).tolist()
    [[0.0, 3.0], [2.0, 1.0]]
    """
    bits = (rows + 0.0).view(np.uint64)  # 0 and -0 are one
    number = np.zeros(len(rows), np.uint64)
    for column in bits.T:
        number = (number ^ column) * _MIXING
        number ^= number >> np.uint64(29)
    place = pd.factorize(number)[0]
    found = rows[np.bincount(place)[place] > 1]
    found = found[np.lexsort(found.T[::-1])]
    same = (found[1:] == found[:-1]).all(axis=1)
    first = np.diff(same, prepend=False) & same
    repeated: npt.NDArray[np.float64] = found[:-1][first]
    return repeated


def pack_land(land: gpd.GeoSeries, *, within_m: float, points: PackPoints = pack_i4) -> Packed:
    """Pack the outlines of land: shells against the clock, water inside of them with it."""
    projected = land.to_crs(WEB_MERCATOR).to_numpy()
    slim = shapely.make_valid(shapely.simplify(projected, within_m))
    parts = shapely.get_parts(shapely.get_parts(slim))
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > within_m**2)]
    return _packed(shapely.get_rings(shapely.orient_polygons(parts, exterior_cw=False)), points)


def pack_areas(
    areas: gpd.GeoSeries, *, within_m: float, points: PackPoints = pack_i4, inner: bool = False
) -> tuple[Packed, Packed]:
    """Pack the outline of all areas together, without holes (what none claims inland is not sea), and the borders.

    With `inner`, the borders are those between two areas alone, and there is no outline: the coast is drawn by itself.
    """
    projected = shapely.make_valid(areas.to_crs(WEB_MERCATOR).to_numpy())
    polygons = shapely.get_parts(projected)
    polygons = polygons[np.isin(shapely.get_type_id(polygons), (3, 6))]
    if shapely.coverage_is_valid(polygons):
        slim = simplified_coverage(polygons, within_m)
    else:  # published borders often overlap by a hair
        slim = shapely.simplify(polygons, within_m)
    shapes = shapely.get_parts(slim)
    shapes = shapes[~shapely.is_empty(shapes)]
    if inner:
        return _packed([], points), _packed(inner_borders(shapes), points)
    joined = shapely.get_parts(shapely.union_all(shapes))
    land = shapely.get_exterior_ring(shapely.orient_polygons(joined, exterior_cw=False))
    return _packed(land, points), _packed(shapely.get_rings(shapes), points)


def _packed(lines: Sequence[Any] | npt.NDArray[np.object_], points: PackPoints) -> Packed:
    kept = np.asarray([line for line in lines if not shapely.is_empty(line)], dtype=object)
    ends = np.cumsum(shapely.get_num_coordinates(kept)) if len(kept) else np.empty(0)
    coordinates = shapely.get_coordinates(kept) if len(kept) else np.empty((0, 2))
    return {"xy": points(coordinates), "ends": pack(ends, "i4")}

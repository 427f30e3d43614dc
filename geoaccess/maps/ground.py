"""What lies under the cells of a static map, and the names over them: land, borders, names of places."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from matplotlib import rcParams
from matplotlib.collections import Collection, LineCollection, PathCollection
from matplotlib.path import Path
from matplotlib.patheffects import Stroke
from matplotlib.textpath import TextPath

from geoaccess.maps.assets import colour
from geoaccess.maps.layers import DPI, Plan
from geoaccess.maps.names import placed_names
from geoaccess.maps.packing import inner_borders
from geoaccess.maps.sheet import INK

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import numpy.typing as npt

__all__ = [
    "LINE_LOOKS",
    "MANY_SITES",
    "draw_names",
    "draw_paths",
    "paths_around",
]

MANY_SITES: Final = 150
NAME_SIZE: Final = 6.5
NAMES_APART: Final = 9.0
"""Points between names: as many as fit would hide the cells."""
MOST_NAMES: Final = 400
CHIEF_NAMES: Final = 8
POINTS_PER_IN: Final = 72

_AREA_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "land": {"facecolors": colour("land"), "edgecolors": colour("coast"), "linewidths": 0.4},
    "ice": {"facecolors": colour("ice"), "edgecolors": colour("coast"), "linewidths": 0.25},
    "lakes": {"facecolors": colour("sea"), "edgecolors": colour("coast"), "linewidths": 0.25},
}
LINE_LOOKS: Final[dict[str, dict[str, Any]]] = {
    "roads": {"color": colour("road"), "linewidth": 0.6},
    "ferry": {"color": colour("ferry"), "linewidth": 0.9, "linestyle": (0, (4, 2.5))},
    "ferries_people": {"color": colour("ferry_people"), "linewidth": 0.9, "linestyle": (0, (1, 1.6))},
    "borders": {"color": colour("border"), "linewidth": 0.3},
}
_ABOVE: Final = {"roads": 2, "borders": 4, "ferry": 5, "ferries_people": 5}
"""Cells are at 3."""


def paths_around(
    plan: Plan,
    *,
    areas: gpd.GeoSeries | None,
    land: gpd.GeoSeries | None,
    lakes: gpd.GeoSeries | None,
    ice: gpd.GeoSeries | None,
    roads: gpd.GeoSeries | None,
    borders: gpd.GeoSeries | None = None,
    ferries: gpd.GeoDataFrame | None = None,
) -> dict[str, list[Path]]:
    """Return what lies under and over the cells by kind, from below: areas as far as they can be seen, and lines.

    Where `land`, that of the coast, is not known, all `areas` together are land, and their outer borders are drawn too.
    Other than shapes, paths can be drawn once more, on the next map of this window.
    """
    found: dict[str, list[Path]] = {}
    if land is not None:
        found["land"] = _filled(land, plan)
    elif areas is not None:
        found["land"] = _joined(areas, plan)
    found |= {name: _filled(water, plan) for name, water in (("ice", ice), ("lakes", lakes)) if water is not None}
    if roads is not None:
        found["roads"] = _slim(roads, plan)
    if borders is not None:
        shapes = borders.to_numpy()
        found["borders"] = _along(shapely.get_rings(_seen(borders, plan)) if land is None else inner_borders(shapes))
    if ferries is not None:
        cars = ferries["cars"].astype(bool)
        found["ferry"] = _slim(ferries[cars].geometry, plan)
        found["ferries_people"] = _slim(ferries[~cars].geometry, plan)
    return found


def draw_paths(axes: Any, paths: Mapping[str, list[Path]]) -> None:
    """Draw what lies around the cells: ice lighter than land, lakes like the sea."""
    for kind, some in paths.items():
        if kind in _AREA_LOOKS:
            drawn: Any = PathCollection(some, **_AREA_LOOKS[kind])
        else:
            drawn = LineCollection([], **LINE_LOOKS[kind], zorder=_ABOVE[kind])
            Collection.set_paths(drawn, some)  # its own takes lines of points alone
        axes.add_collection(drawn, autolim=False)


def _joined(areas: gpd.GeoSeries, plan: Plan) -> list[Path]:
    """Return areas together, without holes: what none claims inland, such as a glacier, is not sea."""
    joined = shapely.get_parts(shapely.union_all(shapely.make_valid(_seen(areas, plan))))
    return [_path_of(shapely.polygons(shell)) for shell in shapely.get_exterior_ring(joined) if shell is not None]


def _filled(areas: gpd.GeoSeries, plan: Plan) -> list[Path]:
    shapes = shapely.get_parts(shapely.get_parts(shapely.make_valid(_seen(areas, plan))))
    return [_path_of(shape) for shape in shapes[shapely.get_dimensions(shapes) == 2]]  # noqa: PLR2004 - areas


def _slim(lines: gpd.GeoSeries, plan: Plan) -> list[Path]:
    return _along(shapely.get_parts(shapely.simplify(lines.to_numpy(), 0.5 * plan.metres_per_in / DPI)))


def _along(lines: npt.NDArray[np.object_]) -> list[Path]:
    return [Path(shapely.get_coordinates(line)) for line in lines]


def _seen(shapes: gpd.GeoSeries, plan: Plan) -> npt.NDArray[np.object_]:
    """Return the parts of shapes that the window shows, no finer than can be seen."""
    window = shapely.box(plan.west, plan.south, plan.east, plan.north)
    slim = shapely.simplify(shapes.to_numpy(), 0.5 * plan.metres_per_in / DPI)
    return np.asarray(shapely.get_parts(slim[shapely.intersects(slim, window)]), object)


def _path_of(shape: Any) -> Any:
    """Return a shape as one path, whose holes are not filled."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.orient_polygons(shape))]
    return Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))


def draw_names(
    axes: Any, places: gpd.GeoDataFrame, plan: Plan, *, off: gpd.GeoSeries | None = None, most: int | None = None
) -> npt.NDArray[np.float64]:
    """Write the names of places as far as there is room, at most so many, with a halo, off some points.

    Returns
    -------
    The boxes of the names, shape (n, 4): left, bottom, right and top.
    """
    point_m = plan.metres_per_in / POINTS_PER_IN
    window = (plan.west, plan.south, plan.east, plan.north)
    seen = places[~places["small"].to_numpy(dtype=np.bool_)].cx[plan.west : plan.east, plan.south : plan.north]
    seen = seen.head(MOST_NAMES)
    spots = np.empty((0, 2)) if off is None else shapely.get_coordinates(off.to_numpy())
    spots = spots[:0] if len(spots) > MANY_SITES else spots
    font = tuple(rcParams["font.family"]), tuple(rcParams["font.sans-serif"])
    sizes = np.array([[_width(name, font), NAME_SIZE] for name in seen["name"]]).reshape(-1, 2)
    labels = placed_names(
        shapely.get_coordinates(seen.geometry.to_numpy()),
        sizes * point_m,
        window=window,
        beside=3.2 * point_m,
        apart=NAMES_APART * point_m,
        chief=CHIEF_NAMES,
        taken=np.hstack([spots - 2.4 * point_m, spots + 2.4 * point_m]),
    )
    looks = {"size": NAME_SIZE, "color": INK, "ha": "center", "va": "center_baseline"}
    # Text with effects is written as outlines; so the halo is a text of its own, and the name stays one in SVG and PDF.
    halo = [Stroke(linewidth=1.8, foreground=colour("halo"))]
    for label in labels[:most]:
        name = seen["name"].iloc[label.row]
        axes.text(label.x, label.y, name, path_effects=halo, zorder=8, **looks)
        axes.text(label.x, label.y, name, zorder=8.1, **looks)
    drawn = labels[:most]
    middle = np.array([(label.x, label.y) for label in drawn]).reshape(-1, 2)
    half = sizes[[label.row for label in drawn]] * point_m / 2
    return np.hstack([middle - half, middle + half])


@lru_cache(maxsize=10_000)
def _width(name: str, _font: tuple[tuple[str, ...], ...]) -> float:
    """Return how wide a name is in the font of the figure, points; every map of a study has the same names."""
    return width_of(TextPath((0, 0), name, size=NAME_SIZE))


def width_of(path: Path) -> float:
    """Return how wide a path is, as its `get_extents` has it, which looks at the curves one by one.

    A curve of second degree is as wide as its ends, or reaches farthest where its slope is 0: with p0, p1 and p2 its
    places, at t = (p0 - p1) / (p0 - 2 p1 + p2).

    >>> width_of(Path([(0, 0), (2, 1), (0, 2)], [Path.MOVETO, Path.CURVE3, Path.CURVE3]))
    1.0
    """
    x, codes = np.asarray(path.vertices)[:, 0], np.asarray(path.codes)
    if path.codes is None or np.isin(codes, Path.CURVE4).any():
        return float(path.get_extents().width)
    control = np.flatnonzero(np.isin(codes, Path.CURVE3))[::2]
    ends = np.concatenate([np.flatnonzero(np.isin(codes, (Path.MOVETO, Path.LINETO))), control + 1])
    before, between, after = x[control - 1], x[control], x[control + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = (before - between) / (before - 2 * between + after)
        turns = (1 - at) ** 2 * before + 2 * at * (1 - at) * between + at**2 * after
    seen = np.concatenate([x[ends], turns[(at > 0) & (at < 1)]])
    return float(np.ptp(seen)) if len(seen) else 0.0

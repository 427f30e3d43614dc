"""Land and lakes as polygons: coastline joined to rings, and cut to a box where it leaves the extract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels.thinning import bends
from geoaccess.network.shores import COAST, Shores

if TYPE_CHECKING:
    import numpy.typing as npt

    Line = npt.NDArray[np.float64]

__all__ = ["lake_areas", "land_areas"]

_GAP_M = 5000.0
"""Ends of coastline that lie closer than this go on in one another: extracts lack single ways of a coast."""
_DEGREE_M = 111_195.0
_TRIANGLE = 4
_BESIDE_DEG = 1e-7
_MANY = 1_000_000
"""Of so many points of coast those that nobody would miss go first."""
_PART = 4


@checks_arguments
def land_areas(
    shores: Shores, *, bounds: tuple[float, float, float, float], tolerance_deg: float = 0.0
) -> npt.NDArray[np.object_]:
    """Return the land inside a box as polygons, from coastline that has land on its left.

    Lines that end close to where another begins are joined; rings are islands, or, with the clock, water inside of
    land. Coast that is still open is cut at the box, whose parts are land where most coast along them has them on its
    left; an end inside of the box (the extract ends there) is first led straight to the nearest side.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees.
    tolerance_deg
        How far the lines may be moved to have fewer points; islands that are smaller both ways are left out.

    Returns
    -------
    Valid polygons, none where there is no coast (which may be far inland).

    Raises
    ------
    InputError
        If the box has no area, or the tolerance is below 0.

    Examples
    --------
    >>> holm = Shores(
    ...     lon=np.array([10.0, 10.1, 10.0, 10.0]),
    ...     lat=np.array([60.0, 60.0, 60.1, 60.0]),
    ...     ptr=np.array([0, 4]),
    ...     area=np.array([0], np.int32),
    ... )
    >>> [round(area.area, 4) for area in land_areas(holm, bounds=(9.0, 59.0, 11.0, 61.0))]
    [0.005]
    """
    import shapely

    west, south, east, north = bounds
    if not (west < east and south < north):
        raise InputError(f"bounds={bounds}: west and south must lie below east and north")
    if not tolerance_deg >= 0:
        raise InputError(f"tolerance_deg={tolerance_deg}: give 0 or more degrees")
    box = shapely.box(*bounds)
    rings, open_lines = _joined(_coast(shores))
    rings, still_deg = _thinned(rings, tolerance_deg)
    islands, holes = _polygons(rings, box, still_deg)
    faces = _faces(open_lines, box, tolerance_deg)
    land = _without(np.array([*islands, *faces], object), holes)
    return land[shapely.area(land) > tolerance_deg**2] if len(land) else land


@checks_arguments
def lake_areas(
    shores: Shores, *, bounds: tuple[float, float, float, float], tolerance_deg: float = 0.0, least_deg: float = 0.0
) -> npt.NDArray[np.object_]:
    """Return the lakes and wide rivers inside a box as polygons, from the borders of areas of water; islands are holes.

    Parameters
    ----------
    bounds
        West, south, east, north, degrees.
    tolerance_deg
        How far the lines may be moved to have fewer points.
    least_deg
        Areas that are smaller both ways are left out.

    Returns
    -------
    Valid polygons, none where there is no water. An area whose border is not whole in the extract is left out.

    Raises
    ------
    InputError
        If the box has no area, or a length is below 0.

    Examples
    --------
    >>> lake = Shores(
    ...     lon=np.array([10.0, 10.1, 10.0, 10.0]),
    ...     lat=np.array([60.0, 60.0, 60.1, 60.0]),
    ...     ptr=np.array([0, 4]),
    ...     area=np.array([1], np.int32),
    ... )
    >>> [round(area.area, 4) for area in lake_areas(lake, bounds=(9.0, 59.0, 11.0, 61.0))]
    [0.005]
    """
    import shapely

    west, south, east, north = bounds
    if not (west < east and south < north):
        raise InputError(f"bounds={bounds}: west and south must lie below east and north")
    if not (tolerance_deg >= 0 and least_deg >= 0):
        raise InputError(f"tolerance_deg={tolerance_deg}, least_deg={least_deg}: give 0 or more degrees")
    lines = np.flatnonzero(shores.area != COAST)
    if not len(lines):
        return np.empty(0, object)
    places = np.column_stack([shores.lon, shores.lat])
    shapes = np.array([shapely.linestrings(places[shores.ptr[i] : shores.ptr[i + 1]]) for i in lines.tolist()], object)
    number, owner = np.unique(shores.area[lines], return_inverse=True)
    box = np.full((len(number), 4), (np.inf, np.inf, -np.inf, -np.inf))
    ends = shapely.bounds(shapes)
    for side, extreme in enumerate((np.minimum, np.minimum, np.maximum, np.maximum)):
        extreme.at(box[:, side], owner, ends[:, side])
    seen = (box[:, 0] < east) & (box[:, 2] > west) & (box[:, 1] < north) & (box[:, 3] > south)
    wanted = seen & (np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= least_deg)
    order = np.argsort(owner, kind="stable")
    groups = np.split(shapes[order], np.flatnonzero(np.diff(owner[order])) + 1)
    whole = [shapely.build_area(shapely.multilinestrings(groups[place])) for place in np.flatnonzero(wanted).tolist()]
    slim = shapely.make_valid(shapely.simplify(np.array(whole, object), tolerance_deg))
    return _areas_in(slim, shapely.box(*bounds)) if whole else np.empty(0, object)


def _coast(shores: Shores) -> list[Line]:
    lines = np.flatnonzero(shores.area == COAST).tolist()
    places = np.column_stack([shores.lon, shores.lat])
    return [places[shores.ptr[i] : shores.ptr[i + 1]] for i in lines]


def _joined(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """Return lines that close, and lines that stay open: joined where an end lies close to a beginning."""
    rings = [line for line in lines if (line[0] == line[-1]).all()]
    parts = [line for line in lines if not (line[0] == line[-1]).all()]
    if not parts:
        return rings, []
    ends, starts = np.array([line[-1] for line in parts]), np.array([line[0] for line in parts])
    shrink = np.cos(np.radians(ends[:, None, 1]))
    gap = _DEGREE_M * np.hypot((starts[None, :, 0] - ends[:, None, 0]) * shrink, starts[None, :, 1] - ends[:, None, 1])
    # A line closes on itself only if the gap is small beside it: the coast of a cape that is cut off does not.
    own = np.arange(len(parts))
    gap[own, own] = np.where(gap[own, own] < [_length_m(line) / 4 for line in parts], gap[own, own], np.inf)
    after: dict[int, int] = {}
    taken: set[int] = set()
    for flat in np.argsort(gap, axis=None, kind="stable").tolist():
        end, start = divmod(flat, len(parts))
        if gap[end, start] > _GAP_M:
            break
        if end not in after and start not in taken:
            after[end] = start
            taken.add(start)
    still: list[Line] = []
    seen: set[int] = set()
    for first in [*(i for i in own.tolist() if i not in taken), *own.tolist()]:
        if first in seen:
            continue
        chain = [first]
        while after.get(chain[-1], first) != first:
            chain.append(after[chain[-1]])
        seen.update(chain)
        line = np.concatenate([parts[i] for i in chain])
        ring = np.vstack([line, line[:1]])
        # With the clock it is a fjord whose mouth is on the border of the extract: that stays open.
        closes = chain[-1] in after and _is_land(ring)
        (rings if closes else still).append(ring if closes else line)
    return rings, still


def _thinned(rings: list[Line], tolerance_deg: float) -> tuple[list[Line], float]:
    """Return rings without the points that a part of a tolerance allows to leave out, and what is left of it.

    What then crosses itself is mended with all else (`shapely.make_valid`). Shapely, which looks out for that at each
    point, takes as long for a country as reading it.
    """
    sizes = [len(ring) for ring in rings]
    if sum(sizes) < _MANY:
        return rings, tolerance_deg
    ptr = np.cumsum([0, *sizes])
    points = np.concatenate(rings)
    kept = bends(points[:, 0].copy(), points[:, 1].copy(), ptr, tolerance_deg / _PART)
    left = np.add.reduceat(kept, ptr[:-1], dtype=np.int64)
    return np.split(points[kept], np.cumsum(left)[:-1]), tolerance_deg * (1 - 1 / _PART)


def _length_m(line: Line) -> float:
    east, north = np.diff(line, axis=0).T
    return _DEGREE_M * float(np.hypot(east * np.cos(np.radians(line[:-1, 1])), north).sum())


def _is_land(ring: Line) -> bool:
    import shapely

    return len(ring) >= _TRIANGLE and bool(shapely.is_ccw(shapely.linearrings(ring)))


def _polygons(
    rings: list[Line], box: Any, tolerance_deg: float
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return what rings enclose inside a box: land, and water inside of land."""
    import shapely

    whole = [shapely.linearrings(ring) for ring in rings if len(ring) >= _TRIANGLE]
    if not whole:
        return np.empty(0, object), np.empty(0, object)
    shells = np.array(whole, object)
    land = shapely.is_ccw(shells)
    near = shapely.intersects(shapely.polygons(shells), box)
    found = []
    for chosen in (land & near, ~land & near):
        shapes = shapely.make_valid(shapely.simplify(shapely.polygons(shells[chosen]), tolerance_deg))
        found.append(_areas_in(shapes, box))
    return found[0], found[1]


def _areas_in(shapes: Any, box: Any) -> npt.NDArray[np.object_]:
    """Return the polygons of shapes, cut to a box."""
    import shapely

    cut = shapely.get_parts(shapely.get_parts(shapely.intersection(shapes, box)))
    return np.asarray(cut[shapely.get_type_id(cut) == shapely.GeometryType.POLYGON], object)


def _without(land: npt.NDArray[np.object_], holes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Take water out of the land around it; islands inside of that water stay."""
    import shapely

    if not len(land) or not len(holes):
        return land
    hole, area = shapely.STRtree(land).query(holes, predicate="intersects")
    around = shapely.area(land)[area] > shapely.area(holes)[hole]
    cut: dict[int, list[Any]] = {}
    for one, number in zip(area[around].tolist(), hole[around].tolist(), strict=True):
        cut.setdefault(one, []).append(holes[number])
    for number, waters in cut.items():
        land[number] = shapely.difference(land[number], shapely.union_all(waters))
    parts = shapely.get_parts(shapely.get_parts(land))
    return np.asarray(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON], object)


def _faces(lines: list[Line], box: Any, tolerance_deg: float) -> npt.NDArray[np.object_]:
    """Return the parts of a box that open coast has on its left."""
    import shapely

    if not lines:
        return np.empty(0, object)
    slim = shapely.simplify(np.array([shapely.linestrings(line) for line in lines], object), tolerance_deg)
    cut = shapely.get_parts(shapely.get_parts(shapely.intersection(slim, box)))
    coast = cut[(shapely.get_type_id(cut) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(cut)]
    if not len(coast):
        return _whole_box(slim, box)
    side = shapely.get_exterior_ring(box)
    ends = np.concatenate([shapely.get_coordinates(line)[[0, -1]] for line in coast])
    led = [shapely.shortest_line(shapely.Point(end), side) for end in ends if shapely.Point(end).distance(side) > 0]
    noded = shapely.union_all([*coast, *led, side])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    left, right, length = _beside(coast)
    tree = shapely.STRtree(faces)
    votes = np.zeros(len(faces))
    for points, sign in ((left, 1.0), (right, -1.0)):
        point, face = tree.query(points, predicate="within")
        votes += sign * np.bincount(face, length[point], len(faces))
    return np.asarray(faces[votes > 0], object)


def _whole_box(lines: Any, box: Any) -> npt.NDArray[np.object_]:
    """Return a box that no coast comes into, if the piece of coast nearest to it has it on its left."""
    import shapely

    middle = shapely.centroid(box)
    left, right, _ = _beside(lines)
    gap = shapely.distance(middle, left) - shapely.distance(middle, right)
    nearest = int(np.argmin(shapely.distance(middle, left) + shapely.distance(middle, right)))
    return np.array([box] if gap[nearest] < 0 else [], object)


def _beside(lines: Any) -> tuple[Any, Any, npt.NDArray[np.float64]]:
    """Return a point just left, and one just right, of the middle of each piece of some lines, and its length."""
    import shapely

    places, line = shapely.get_coordinates(lines, return_index=True)
    first = np.flatnonzero(line[:-1] == line[1:])
    step = places[first + 1] - places[first]
    length = np.hypot(*step.T)
    first, step, length = first[length > 0], step[length > 0], length[length > 0]
    middle = (places[first] + places[first + 1]) / 2
    aside = np.column_stack([-step[:, 1], step[:, 0]]) / length[:, None] * _BESIDE_DEG
    return shapely.points(middle + aside), shapely.points(middle - aside), length

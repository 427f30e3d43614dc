"""Isochrones: the areas from which, or to which, one comes by road within a time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import BUFFER_M, SIMPLIFY_M
from geoaccess.errors import InputError
from geoaccess.frames import areas_in_degrees
from geoaccess.hierarchy import Hierarchy
from geoaccess.kernels.memory import give_back, release_pages
from geoaccess.kernels.threads import at_once
from geoaccess.network import as_places
from geoaccess.routing.land_beside import Covered
from geoaccess.routing.patchwork import Patchwork
from geoaccess.routing.reached import ReachedRoads
from geoaccess.routing.road_areas import RoadAreas
from geoaccess.routing.sites import check_question

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.direction import Direction
    from geoaccess.network import Network, Places

__all__ = ["checked_limits", "isochrones"]

_HALVINGS = 5
"""Where time runs out beside a road, the walk is halved so many times: the last one is a 32nd of it."""


@checks_arguments
def isochrones(
    network: Network | Hierarchy,
    sites: Places,
    *,
    cutoffs_s: Sequence[float],
    direction: Direction = "to_sites",
    buffer_m: float = BUFFER_M,
    simplify_m: float = SIMPLIFY_M,
    largest_hole_km2: float = 0.5,
    max_snap_m: float = 5000.0,
    off_network_kph: float = 5.0,
    min_component_m: float = 2000.0,
    areas: RoadAreas | None = None,
) -> gpd.GeoDataFrame:
    """Areas within some times of the nearest of some sites: by road and ferry, and from the road on foot.

    The area of a time T holds the places within w of a place on a road that is t from a site, where w is at most
    `buffer_m` and t + 3.6 w / off_network_kph <= T. Roads are cut exactly where the time is over. Towards the end of a
    road w falls by halves, down to a 32nd of `buffer_m` or half of `simplify_m`, so that who is inside needs no longer
    than T, and whoever is outside and close to a road may need up to the walk of a half less. Ferries are ridden, but
    no area lies along them, nor along roads on which no journey may begin; none lies over the sea, lakes and rivers
    that the network knows of (`shores`), or beyond them. Areas are nested: that of a longer time holds those of all
    shorter ones, to a millimetre.

    Parameters
    ----------
    sites
        Points or polygons (their centroids) with a CRS, or what `snap` made of them.
    cutoffs_s
        Seconds, above 0.
    direction
        "to_sites": from where a site is reached. "to_people": where one comes from a site.
    buffer_m
        How far people walk to a road at most, metres.
    simplify_m
        By how much roads and borders together may be moved to have fewer points, metres. Areas are drawn on a grid of
        2.5 times that (25 m; a twentieth of `buffer_m`, and four fifths of the narrowest width, where that is less):
        beside a road they are exact but for this, and where the circles around two roads meet, the corner is cut
        within a cell; where an area ends at a shore beyond which another lies, within two. Together that is about a
        thousandth of the area. 0 draws each road by itself, which takes long
        and makes a circle of 16 corners.
    largest_hole_km2
        Holes up to this size are closed.
    max_snap_m, off_network_kph, min_component_m
        See `geoaccess.snap`; the first and last are of no account for sites that are snapped.
    areas
        What an earlier question computed of the land beside these roads, for the same `buffer_m` and half of
        `simplify_m`: the answer is the same, but for what borders are moved, and comes sooner.

    Returns
    -------
    A row per time, shortest first: `cutoff_s`, `area_km2` (on the ellipsoid, by an equal-area projection) and the area
    as MultiPolygon (EPSG:4326), empty where nothing is reached.

    Raises
    ------
    InputError
        If there is no site, no cutoff, or a number is not above 0 (`simplify_m` and `largest_hole_km2`: below 0).

    Examples
    --------
    A road of 12 km, driven at 60 km/h; a site at its west end, and two minutes:

    >>> import geopandas as gpd
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(lon=[0, 0.108], lat=[0, 0], u=[0], v=[1], forward_s=[720], backward_s=[720])
    >>> site = gpd.GeoSeries.from_xy([0.0], [0.0], crs="EPSG:4326")
    >>> area = ga.routing.isochrones(road, site, cutoffs_s=[120], buffer_m=100)
    >>> west, _, east, _ = area.total_bounds
    >>> bool(west < 0), bool(0.017 < east < 0.018)
    (True, True)
    """
    check_question(k=1, direction=direction, n_sites=len(sites))
    limits = checked_limits(
        cutoffs_s, buffer_m=buffer_m, kph=off_network_kph, simplify_m=simplify_m, hole_km2=largest_hole_km2
    )
    roads = network.network if isinstance(network, Hierarchy) else network
    settings = {"max_snap_m": max_snap_m, "off_network_kph": off_network_kph, "min_component_m": min_component_m}
    snapped = as_places(roads, sites, name="sites", **settings)
    simple_m = simplify_m / 2  # of the roads, and again of the borders
    keeping = areas is not None and areas.fits(roads, width_m=buffer_m, simplify_m=simple_m)
    reached, land = at_once(
        lambda: ReachedRoads(roads, snapped, direction=direction),
        lambda: areas if keeping else RoadAreas(roads, width_m=buffer_m, simplify_m=simple_m),
    )
    finest = np.log2(2 * buffer_m / simplify_m) if simplify_m else _HALVINGS
    widths = np.asarray(buffer_m / 2.0 ** np.arange(int(np.clip(finest, 1, _HALVINGS)) + 1), np.float64)
    within = [np.asarray(limit - 3.6 * widths / off_network_kph, np.float64) for limit in limits]
    grown = _grown(reached, land, within, widths, Patchwork(simplify_m=simple_m), keeping=keeping)
    del reached, land
    if not keeping:  # neither the water nor the roads of a country need be there while areas are joined
        release_pages((*roads.shape_xy, roads.shape_forward_s, roads.shape_backward_s))
        give_back()
    joined = [partial(area.joined, largest_hole_m2=largest_hole_km2 * 1e6) for area in grown]
    return _table(roads, limits, at_once(*joined[::-1])[::-1])  # the largest first


def _grown(
    reached: ReachedRoads,
    land: RoadAreas,
    within_s: list[npt.NDArray[np.float64]],
    widths_m: npt.NDArray[np.float64],
    patchwork: Patchwork,
    *,
    keeping: bool,
) -> list[Patchwork]:
    """Return the areas of some times, each of which is that for each width within which roads are as wide."""
    done = np.zeros(reached.network.n_edges, np.bool_)  # widened in full, for a shorter time
    covered, grown = Covered(), list[Patchwork]()
    for limits_s in within_s:
        stretches, which, whole = reached.within(limits_s, except_edges=done)
        done |= whole
        parts = land.widened(stretches, widths_m[which], covered=covered, whole=done if keeping else None)
        patchwork.add(parts)
        grown.append(patchwork.copy())
    return grown


def checked_limits(
    cutoffs_s: Sequence[float], *, buffer_m: float, kph: float, simplify_m: float = SIMPLIFY_M, hole_km2: float = 0.0
) -> list[float]:
    """Return the times, shortest first.

    Raises
    ------
    InputError
        If there is none, or a number is out of its range.
    """
    limits = sorted({float(cutoff) for cutoff in cutoffs_s})
    if not limits:
        raise InputError("cutoffs_s: give at least one time")
    for name, value in (("cutoffs_s", limits[0]), ("buffer_m", buffer_m), ("off_network_kph", kph)):
        if not 0 < value < np.inf:
            raise InputError(f"{name}: {value:g} stands there; give a number above 0")
    if not np.isfinite(limits).all():
        raise InputError("cutoffs_s: one is infinite or NaN; give seconds")
    for name, value in (("simplify_m", simplify_m), ("largest_hole_km2", hole_km2)):
        if not 0 <= value < np.inf:
            raise InputError(f"{name} is {value:g}; give 0 or more")
    return limits


def _table(network: Network, limits: list[float], shapes: list[Any]) -> gpd.GeoDataFrame:
    import geopandas as gpd
    import pandas as pd
    import shapely

    found = gpd.GeoDataFrame(
        {"cutoff_s": limits, "area_km2": shapely.area(shapes) / 1e6}, geometry=shapes, crs=network.metric_crs
    )
    rows = [partial(areas_in_degrees, found.iloc[[row]]) for row in range(len(limits))]
    table: gpd.GeoDataFrame = pd.concat(at_once(*rows[::-1])[::-1])  # the largest first
    return table

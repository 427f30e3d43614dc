"""Ambulances that do not follow the roads, and which of several is the fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.measures.figures import Mode

__all__ = ["crossing_times", "fastest_mode", "helicopter_chain"]

EARTH_M = 6_371_008.8  # mean radius of the ellipsoid


@checks_arguments
def crossing_times(
    origins: gpd.GeoDataFrame | gpd.GeoSeries, destinations: gpd.GeoDataFrame | gpd.GeoSeries, *, mode: Mode
) -> pd.DataFrame:
    """Time of a crossing or flight between every origin and every destination.

    t = leg + detour d / cruise, with d the great-circle distance (haversine, on a sphere of the earth's mean radius:
    within 0.6 % of the ellipsoid); 0 where both are one place.

    Parameters
    ----------
    origins, destinations
        Points or polygons (their centroids) with a CRS and a unique index.
    mode
        With a `cruise_kph`.

    Returns
    -------
    Seconds, origins in rows and destinations in columns.

    Raises
    ------
    InputError
        If the mode follows the roads, there is no CRS, a geometry is missing or an index is not unique.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoaccess.measures import ChainTimes, Mode
    >>> helicopter = Mode(ChainTimes(120, 300, 660), cruise_kph=220, leg_s=240)
    >>> base = gpd.GeoSeries.from_xy([18.9], [69.7], index=["Tromsø"], crs="EPSG:4326")
    >>> place = gpd.GeoSeries.from_xy([18.9], [70.7], index=["one degree north"], crs="EPSG:4326")
    >>> crossing_times(base, place, mode=helicopter).round(1)
            one degree north
    Tromsø            2059.6
    """
    (rows, lon, lat), (columns, to_lon, to_lat) = _places(origins, "origins"), _places(destinations, "destinations")
    times = np.empty((len(rows), len(columns)))
    for place in range(len(columns)):
        times[:, place] = _leg_s(lon, lat, to_lon[place], to_lat[place], mode)
    return pd.DataFrame(times, index=rows, columns=columns)


@checks_arguments
def helicopter_chain(
    cells: gpd.GeoDataFrame | gpd.GeoSeries,
    bases: gpd.GeoDataFrame | gpd.GeoSeries,
    sites: gpd.GeoDataFrame | gpd.GeoSeries,
    *,
    mode: Mode,
) -> pd.DataFrame:
    """Time from the call to the patient and to treatment by helicopter, which lands beside both.

    to_patient = call handling + mobilisation + base -> patient
    to_treatment = to_patient + on scene + patient -> site

    each flight as in `crossing_times`, from the nearest base and to the nearest site.

    Parameters
    ----------
    cells
        Where people live.
    bases
        Where helicopters stand by.
    sites
        Those that can treat and have somewhere to land.
    mode
        The helicopter.

    Returns
    -------
    Table on the index of `cells`: `to_patient_s`, `base`, `to_treatment_s` and `site`; times in seconds and finite, as
    there is no weather in them: that is the mode's `availability`.

    Raises
    ------
    InputError
        As `crossing_times`, or if there is no base or no site.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from geoaccess.measures import ChainTimes, Mode
    >>> helicopter = Mode(ChainTimes(120, 300, 660), cruise_kph=220, leg_s=240)
    >>> cells = gpd.GeoSeries.from_xy([18.9], [70.7], index=["cell"], crs="EPSG:4326")
    >>> base = gpd.GeoSeries.from_xy([18.9], [69.7], index=["Tromsø"], crs="EPSG:4326")
    >>> helicopter_chain(cells, base, base, mode=helicopter).round(1).to_dict("records")
    [{'to_patient_s': 2479.6, 'base': 'Tromsø', 'to_treatment_s': 5199.1, 'site': 'Tromsø'}]
    """
    index, lon, lat = _places(cells, "cells")
    out = pd.DataFrame(index=index)
    begun_s: float | npt.NDArray[np.float64] = mode.times.start_s
    for name, column, places in (("base", "to_patient_s", bases), ("site", "to_treatment_s", sites)):
        labels, to_lon, to_lat = _places(places, f"{name}s")
        if not len(labels):
            raise InputError(f"helicopter_chain: there is no {name}")
        least, nearest = np.full(len(index), np.inf), np.zeros(len(index), dtype=np.intp)
        for place in range(len(labels)):
            flight_s = _leg_s(lon, lat, to_lon[place], to_lat[place], mode)
            nearest[flight_s < least] = place
            np.minimum(least, flight_s, out=least)
        out[column] = begun_s + least
        out[name] = labels.to_numpy()[nearest]
        begun_s = out[column].to_numpy() + mode.times.on_scene_s
    return out


@checks_arguments
def fastest_mode(times: pd.DataFrame) -> pd.DataFrame:
    """Time of the fastest mode, whatever the weather, and which it is; `dependable_time` considers the weather.

    Parameters
    ----------
    times
        Shape (n_cells, n_modes), seconds; inf or NaN where a mode does not come.

    Returns
    -------
    Table on the index of `times`: `time_s`, inf where none comes, and `mode`, the column ("" where none; of modes
    equally fast, the first). Where it is finite the cell is reached, whatever `to_patient_reason` says of the car.

    Raises
    ------
    InputError
        If there is no mode.

    Examples
    --------
    >>> fastest_mode(pd.DataFrame({"car": [5400.0, 600.0], "helicopter": [1800.0, 1500.0]})).to_dict("records")
    [{'time_s': 1800.0, 'mode': 'helicopter'}, {'time_s': 600.0, 'mode': 'car'}]
    """
    if not len(times.columns):
        raise InputError("fastest: there is no mode; give a column for each")
    seconds = times.to_numpy(dtype=np.float64, na_value=np.nan)
    seconds = np.where(np.isnan(seconds), np.inf, seconds)
    least = seconds.min(axis=1)
    names = times.columns.to_numpy(dtype=object)[seconds.argmin(axis=1)]
    return pd.DataFrame({"time_s": least, "mode": np.where(least < np.inf, names, "")}, index=times.index)


def _places(
    points: gpd.GeoDataFrame | gpd.GeoSeries, name: str
) -> tuple[pd.Index, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return labels, longitude and latitude in radians."""
    import geopandas
    import shapely

    shapes = points.geometry
    problems = []
    if shapes.crs is None:
        problems.append("there is no CRS; set it with set_crs(...)")
    bad = (shapes.isna() | shapes.is_empty).to_numpy()
    if bad.any():
        problems.append(f"{int(bad.sum())} have no geometry, the first at index {points.index[bad][0]!r}")
    if not points.index.is_unique:
        problems.append(f"the index is not unique ({points.index[points.index.duplicated()][0]!r} is repeated)")
    if problems:
        raise InputError.listing(name, problems)
    centres = geopandas.GeoSeries(shapely.centroid(shapes.to_numpy()), crs=shapes.crs).to_crs("EPSG:4326")
    lon, lat = np.radians(centres.x.to_numpy()), np.radians(centres.y.to_numpy())
    if not (np.isfinite(lon) & np.isfinite(lat)).all():
        first = int(np.argmin(np.isfinite(lon) & np.isfinite(lat)))
        raise InputError(f"{name}: the point at index {points.index[first]!r} cannot be placed on the map")
    return points.index, lon, lat


def _leg_s(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], to_lon: float, to_lat: float, mode: Mode
) -> npt.NDArray[np.float64]:
    """Return the time of a crossing from each point to one place."""
    if mode.cruise_kph is None:
        raise InputError("mode: it has no cruise_kph, so it follows the roads; give a boat, helicopter or aeroplane")
    square = np.sin((lat - to_lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((lon - to_lon) / 2) ** 2
    metres = 2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(square, 1.0)))
    crossing: npt.NDArray[np.float64] = mode.leg_s + mode.detour * metres * 3.6 / mode.cruise_kph
    return np.where(metres > 0, crossing, 0.0)

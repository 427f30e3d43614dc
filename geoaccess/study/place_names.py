"""What people would call the place where a cell lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.frames import crs_of
from geoaccess.study.stages.extracts import features_of
from geoaccess.study.stages.zoning import municipalities_at

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities

__all__ = ["named_places"]

_SETTLEMENTS = [("place", kind) for kind in ("city", "town", "village", "hamlet", "suburb")]


def named_places(
    study: Study, cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, municipalities: Municipalities | None
) -> pd.Series[str]:
    """Return the name of the settlement nearest to each cell, as the crow flies, in its own municipality if it has one.

    Settlements are those that the extracts of the study hold by name; where there are none, the sites of the study
    stand for them. "" where nothing has a name. Of a settlement the municipality is that of `municipalities_at`.
    """
    import shapely

    places = features_of(study, _SETTLEMENTS)
    places = places[places["name"] != ""][["name", "geometry"]]
    if places.empty:
        places = sites[sites["name"] != ""][["name", "geometry"]].drop_duplicates("name")
    if places.empty:
        return pd.Series("", index=cells.index, dtype="str")
    names = places["name"].to_numpy(dtype=object)
    points, centres = places.to_crs(crs_of(cells)).geometry.to_numpy(), cells.geometry.centroid.to_numpy()
    zone, labels = pd.factorize(cells["municipality_id"].to_numpy(dtype=object))
    homes = municipalities_at(study, places.geometry, cells, municipalities)["municipality_id"]
    zone_of = pd.Index(labels).get_indexer(homes.to_numpy(dtype=object))
    found = np.empty(len(cells), dtype=object)
    for number, here in enumerate(_places_of(zone, len(labels))):
        own = np.flatnonzero(zone_of == number) if labels[number] else np.empty(0, np.int64)
        own = own if own.size else np.arange(len(points))
        nearest = shapely.STRtree(points[own]).query_nearest(centres[here], all_matches=False)[1]
        found[here] = names[own[nearest]]
    return pd.Series(found, index=cells.index, dtype="str")


def _places_of(numbers: npt.NDArray[np.int64], n: int) -> list[npt.NDArray[np.int64]]:
    """Return where each of the numbers from 0 to before n stands, rising."""
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.searchsorted(numbers[order], np.arange(n)))[1:]

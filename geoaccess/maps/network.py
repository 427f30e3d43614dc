"""A picture of the network: which roads are connected, and what links the others to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from geoaccess.errors import InputError
from geoaccess.maps.assets import colour

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["network_map"]

_LOOKS: Final[dict[str, tuple[str, float, Any, str]]] = {
    "mainland": (colour("tied_mainland"), 0.35, "-", "Mainland"),
    "car ferry": (colour("tied_car_ferry"), 0.9, "-", "Tied by a car ferry"),
    "passenger ferry": (colour("tied_passenger_ferry"), 0.9, "-", "Tied by a passenger boat only"),
    "nothing": (colour("tied_nothing"), 0.9, "-", "Tied by nothing"),
    "one-way trap": (colour("tied_trap"), 0.9, "-", "Cannot be entered, or not left"),
    "cars": (colour("ferry"), 1.2, "--", "Car ferry"),
    "people": (colour("ferry_people"), 1.0, ":", "Boat without cars"),
}
_WIDTH_IN: Final = 6.6
_LEGEND_IN: Final = 2.2
_TALLEST_IN: Final = 8.2


def network_map(
    path: Path,
    *,
    roads: gpd.GeoDataFrame,
    ferries: gpd.GeoDataFrame,
    title: str,
    disclaimer: str = "",
    attribution: str,
) -> None:
    """Write a PNG of roads coloured by `tied_by`, and ferries by whether they take cars.

    Parameters
    ----------
    roads
        Lines with `tied_by`: "mainland", "car ferry", "passenger ferry", "nothing" or "one-way trap".
    ferries
        Lines with `cars`. Those that leave the window of the roads are cut at its edge.

    Raises
    ------
    InputError
        If there is no road.
    """
    if roads.empty:
        raise InputError("network_map: there is no road to draw")
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    from geoaccess.maps.sheet import Sheet, house_style

    crs = roads.estimate_utm_crs()
    roads, ferries = roads.to_crs(crs), ferries.to_crs(crs)
    west, south, east, north = roads.total_bounds
    margin = 0.02 * max(east - west, north - south)
    wide, high = east - west + 2 * margin, north - south + 2 * margin
    scale = min(_WIDTH_IN / wide, _TALLEST_IN / high)
    groups: dict[str, Any] = {str(name): part.geometry.to_numpy() for name, part in roads.groupby("tied_by")}
    cars = ferries["cars"].to_numpy(bool)
    groups |= {"cars": ferries.geometry.to_numpy()[cars], "people": ferries.geometry.to_numpy()[~cars]}
    with house_style():
        sheet = Sheet(
            width_in=wide * scale + 0.2 + _LEGEND_IN,
            height_in=max(high * scale, 2.0),
            title=title,
            subtitle="Roads and ferries, by what ties them to the mainland",
            disclaimer=disclaimer,
            attribution=attribution,
        )
        axes = sheet.axes(
            left_in=0, bottom_in=sheet.body_in - high * scale, width_in=wide * scale, height_in=high * scale
        )
        axes.set_xlim(west - margin, east + margin)
        axes.set_ylim(south - margin, north + margin)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(visible=True, color=colour("frame"), linewidth=0.6)
        handles = []
        for name, (shade, width, dash, label) in _LOOKS.items():
            shapes = shapely.get_parts(shapely.simplify(groups.get(name, np.empty(0, object)), 0.004 / scale))
            if not len(shapes):
                continue
            lines = [shapely.get_coordinates(shape) for shape in shapes]
            axes.add_collection(LineCollection(lines, colors=shade, linewidths=width, linestyles=dash), autolim=False)
            handles.append(Line2D([], [], color=shade, linewidth=max(width, 1.0), linestyle=dash, label=label))
        side = sheet.blank(left_in=wide * scale + 0.2, bottom_in=0, width_in=_LEGEND_IN, height_in=sheet.body_in)
        side.legend(handles=handles, loc="upper left", frameon=False, borderaxespad=0)
        sheet.save(path)

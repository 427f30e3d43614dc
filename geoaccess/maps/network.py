"""A picture of the network: which roads are connected, and what links the others to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from geoaccess.errors import InputError
from geoaccess.maps.assets import colour
from geoaccess.maps.layers import MAP_AT_MOST_IN, arranged
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.projection import figure_crs
from geoaccess.phrases import section

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["network_map"]

_LOOKS: Final[dict[str, tuple[str, float, Any, str]]] = {
    "mainland": (colour("tied_mainland"), 0.35, "-", "tied_mainland"),
    "car ferry": (colour("tied_car_ferry"), 0.9, "-", "tied_car_ferry"),
    "passenger ferry": (colour("tied_passenger_ferry"), 0.9, "-", "tied_passenger_ferry"),
    "nothing": (colour("tied_nothing"), 0.9, "-", "tied_nothing"),
    "one-way trap": (colour("tied_trap"), 0.9, "-", "tied_trap"),
    "cars": (colour("ferry"), 1.2, "--", "ferry"),
    "people": (colour("ferry_people"), 1.0, ":", "ferries_people"),
}
"""Colour, width, dashes and the phrase of each kind of line."""
_LEGEND_IN: Final = 2.2
_HANDLE_IN: Final = 0.4
_LABEL_SIZE: Final = 8.5


def network_map(
    path: Path,
    *,
    roads: gpd.GeoDataFrame,
    ferries: gpd.GeoDataFrame,
    title: str,
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write a map of roads coloured by `tied_by`, and ferries by whether they take cars.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    roads
        Lines with `tied_by`: "mainland", "car ferry", "passenger ferry", "nothing" or "one-way trap".
    ferries
        Lines with `cars`. Those that leave the window of the roads are cut at its edge.
    look
        Projection, further forms, dots and width.

    Raises
    ------
    InputError
        If there is no road.
    """
    if roads.empty:
        raise InputError("network_map: there is no road to draw")
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    from geoaccess.maps.drawing import map_axes
    from geoaccess.maps.sheet import Sheet, house_style, wrapped

    words = section(language, "map")
    crs = figure_crs(roads, asked=look.crs)
    roads, ferries = roads.to_crs(crs), ferries.to_crs(crs)
    groups: dict[str, Any] = {str(name): part.geometry.to_numpy() for name, part in roads.groupby("tied_by")}
    cars = ferries["cars"].to_numpy(bool)
    groups |= {"cars": ferries.geometry.to_numpy()[cars], "people": ferries.geometry.to_numpy()[~cars]}
    west, south, east, north = (float(edge) for edge in roads.total_bounds)
    place = arranged((west, south, east, north), look, MAP_AT_MOST_IN, legend_in=(_LEGEND_IN, 2.0))
    plan = place.plan
    with house_style():
        sheet = Sheet(
            width_in=place.width_in,
            height_in=place.height_in,
            title=title,
            subtitle=words["tied_title"],
            disclaimer=disclaimer,
            attribution=attribution,
            look=look,
        )
        axes = map_axes(sheet, plan, land=False)
        axes.set_facecolor(colour("paper"))
        handles = []
        for name, (shade, width, dash, phrase) in _LOOKS.items():
            shapes = shapely.get_parts(
                shapely.simplify(groups.get(name, np.empty(0, object)), 0.004 * plan.metres_per_in)
            )
            if not len(shapes):
                continue
            lines = [shapely.get_coordinates(shape) for shape in shapes]
            axes.add_collection(LineCollection(lines, colors=shade, linewidths=width, linestyles=dash), autolim=False)
            looks: dict[str, Any] = {"color": shade, "linewidth": max(width, 1.0), "linestyle": dash}
            label = "\n".join(wrapped(words[phrase], width_in=_LEGEND_IN - _HANDLE_IN, size=_LABEL_SIZE))
            handles.append(Line2D([], [], label=label, **looks))
        side = sheet.blank(
            left_in=place.legend_left_in, bottom_in=0, width_in=_LEGEND_IN, height_in=place.legend_high_in
        )
        side.legend(handles=handles, loc="upper left", frameon=False, borderaxespad=0, fontsize=_LABEL_SIZE)
        sheet.save(path)

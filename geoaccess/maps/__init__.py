"""Finished tables made into files that people look at: a map for the screen, figures, and rasters.

Nothing is computed here but what is drawn. folium, matplotlib and rasterio are imported only when a file is written.
"""

from __future__ import annotations

from geoaccess.maps.bands import band_colours, band_index, band_labels, band_people, default_bands
from geoaccess.maps.comparison import validation_figure
from geoaccess.maps.figures import LorenzCurve, lorenz_figure, service_map, time_curves
from geoaccess.maps.network import network_map
from geoaccess.maps.raster import geotiff
from geoaccess.maps.web import web_map

__all__ = [
    "LorenzCurve",
    "band_colours",
    "band_index",
    "band_labels",
    "band_people",
    "default_bands",
    "geotiff",
    "lorenz_figure",
    "network_map",
    "service_map",
    "time_curves",
    "validation_figure",
    "web_map",
]

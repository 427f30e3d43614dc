"""Finished tables made into files that people look at: a map for the screen, figures, and rasters.

Nothing is computed here but what is drawn. folium, matplotlib and rasterio are imported only when a file is written.
"""

from __future__ import annotations

from geoaccess.maps.bands import band_colours, band_index, band_labels, band_people, default_bands
from geoaccess.maps.chain import ChainKind, chain_map, chain_text
from geoaccess.maps.colours import few_colours
from geoaccess.maps.comparison import validation_figure
from geoaccess.maps.difference import difference_map, supply_map
from geoaccess.maps.figures import FIGURES, Drawn, Figure, lorenz_figure, service_map, time_curves
from geoaccess.maps.look import Look, figure_files
from geoaccess.maps.lorenz import LorenzCurve
from geoaccess.maps.network import network_map
from geoaccess.maps.network_layers import ferry_lines
from geoaccess.maps.note import note_page, note_pdf
from geoaccess.maps.note_content import Finding, Note, NoteMap
from geoaccess.maps.paper import page_pdf, report_pdf
from geoaccess.maps.plots import plot_classes, plot_lorenz, plot_times
from geoaccess.maps.projection import figure_crs
from geoaccess.maps.qgis import areas_style, closings_style, difference_definition, layer_definition, raster_style
from geoaccess.maps.raster import check_raster_grid, geotiff, pixels_of, raster_fits
from geoaccess.maps.report import report_page
from geoaccess.maps.report_content import Boats, Data, Extra, Norm, Origin, Report, ServiceFindings
from geoaccess.maps.runs_page import RunsSection, runs_page
from geoaccess.maps.scenario_page import AreaPart, ScenarioPart, comparison_page
from geoaccess.maps.series import series_figure
from geoaccess.maps.vulnerability import vulnerability_map
from geoaccess.maps.web import PackedBelow, packed_below, web_map

__all__ = [
    "FIGURES",
    "AreaPart",
    "Boats",
    "ChainKind",
    "Data",
    "Drawn",
    "Extra",
    "Figure",
    "Finding",
    "Look",
    "LorenzCurve",
    "Norm",
    "Note",
    "NoteMap",
    "Origin",
    "PackedBelow",
    "Report",
    "RunsSection",
    "ScenarioPart",
    "ServiceFindings",
    "areas_style",
    "band_colours",
    "band_index",
    "band_labels",
    "band_people",
    "chain_map",
    "chain_text",
    "check_raster_grid",
    "closings_style",
    "comparison_page",
    "default_bands",
    "difference_definition",
    "difference_map",
    "ferry_lines",
    "few_colours",
    "figure_crs",
    "figure_files",
    "geotiff",
    "layer_definition",
    "lorenz_figure",
    "network_map",
    "note_page",
    "note_pdf",
    "packed_below",
    "page_pdf",
    "pixels_of",
    "plot_classes",
    "plot_lorenz",
    "plot_times",
    "raster_fits",
    "raster_style",
    "report_page",
    "report_pdf",
    "runs_page",
    "series_figure",
    "service_map",
    "supply_map",
    "time_curves",
    "validation_figure",
    "vulnerability_map",
    "web_map",
]

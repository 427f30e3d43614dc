"""The report's maps for QGIS: a layer definition (.qlr) that shows a study as it is drawn, and styles of rasters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from geoaccess.errors import InputError
from geoaccess.files import writing
from geoaccess.maps.assets import colour
from geoaccess.maps.bands import NO_CLASS_COLOUR, UNREACHED_COLOUR, band_colours, band_labels, chosen_bands
from geoaccess.maps.difference import difference_rules
from geoaccess.maps.labels import change_label, class_label, time_label
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.qgis_symbols import (
    add_categories,
    add_labels,
    add_rules,
    add_shader,
    add_single_symbol,
    fill,
    hatched,
    line,
    marker,
    numbered,
)
from geoaccess.maps.vulnerability import closing_bands
from geoaccess.phrases import printable, section

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    import pyproj

    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = [
    "PACKAGE_LAYERS",
    "areas_style",
    "closings_style",
    "difference_definition",
    "layer_definition",
    "raster_style",
]

PACKAGE_LAYERS: Final = ("cells", "sites", "municipalities", "ferries", "main_roads", "places", "lakes", "ice", "land")
"""Layers of the GeoPackage that a layer definition shows, by their names in it."""

_VERSION: Final = "3.22.0-Białowieża"
_EDGE_MM: Final = 0.3
"""Width of the outline of a cell in its own colour: cells of less than a pixel would not be seen."""
_SITES_FROM: Final = 200_000
_SMALL_FROM: Final = 300_000
"""Scales (1 to so much) from which on sites, and hamlets and parts of towns, are named."""
_STYLE_TYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
_PRIORITY: Final = 'min(10, 2 * log10(1 + coalesce("people", 0)))'


def _bands(edges_s: Sequence[float], language: str, palette: str) -> Iterator[tuple[float, float, str, str]]:
    """Yield lower and upper edge of each band in minutes, its colour and its name."""
    edges = [-math.inf, *(edge_s / 60 for edge_s in edges_s), math.inf]
    shown = zip(band_colours(len(edges_s) + 1, palette=palette), band_labels(edges_s, language=language), strict=True)
    for (lower, upper), (paint, label) in zip(itertools.pairwise(edges), shown, strict=True):
        yield lower, upper, paint, label


def raster_style(
    path: Path,
    *,
    service: Service,
    bands_s: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write the style of the raster of a service (.qml): the bands of its map, with their colours and names.

    QGIS takes it by itself when it opens the raster of the same name. What is not reached has no value there.

    Raises
    ------
    InputError
        As `service_map`, of `bands_s`.
    """
    bands_s = look.edges_s([service]) if bands_s is None else bands_s
    if isinstance(bands_s, Mapping):
        bands_s = {key: edges for key, edges in bands_s.items() if key == service.key}
    edges_s = chosen_bands([service], bands_s)[service.key]
    root = Element("qgis", version=_VERSION, styleCategories="AllStyleCategories")
    add_shader(root, [(upper, paint, label) for _, upper, paint, label in _bands(edges_s, language, look.palette)])
    _write(path, root, _STYLE_TYPE)


def areas_style(path: Path, *, minutes: Sequence[float], language: str = "en", look: Look = USUAL_LOOK) -> None:
    """Write the style of isochrones (.qml): a colour for each of the column `minutes`, the shortest on top.

    The colours are those of the palette of `look`; its breaks are of maps of times, not of areas.

    Raises
    ------
    InputError
        If the minutes do not rise from above 0.
    """
    edges_s = [60 * one for one in minutes]
    if not edges_s or not all(lower < upper for lower, upper in itertools.pairwise((0.0, *edges_s))):
        raise InputError(f"minutes: {list(minutes)} must be one or more numbers, rising from above 0")
    colours = band_colours(len(edges_s) + 1, palette=look.palette)
    labels = band_labels(edges_s, language=language)
    edge = colour("paper")
    root = Element("qgis", version=_VERSION, styleCategories="Symbology")
    rules = [
        (f'"minutes" = {numbered(one)}', label, fill(paint, edge=edge, width_mm=_EDGE_MM))
        for one, paint, label in zip(minutes, colours, labels, strict=False)  # nothing lies beyond the last
    ]
    add_rules(root, rules, order=('-"minutes"',))
    _write(path, root, _STYLE_TYPE)


def closings_style(
    path: Path, *, trips_per_year: float | None = None, language: str = "en", look: Look = USUAL_LOOK
) -> None:
    """Write the style of what can close (.qml), by the person-hours of `vulnerability_map`, computed of `cost_min`."""
    hours = f'"cost_min" / 60 * {numbered(1.0 if trips_per_year is None else trips_per_year)}'
    rules, lower = [], -math.inf
    for band, (upper, paint, label) in enumerate(closing_bands(language=language, palette=look.palette)):
        parts = [f"{hours} > {numbered(lower)}"] if lower > -math.inf else []
        parts += [f"{hours} <= {numbered(upper)}"] if upper < math.inf else []
        ranked = " AND ".join(['"rank_minutes" IS NOT NULL', *parts])
        rules.append((ranked, label, line(paint, width_mm=0.3 + 0.2 * band)))
        lower = upper
    root = Element("qgis", version=_VERSION, styleCategories="Symbology")
    add_rules(root, rules, order=('"cost_min"',))
    _write(path, root, _STYLE_TYPE)


def layer_definition(
    path: Path,
    *,
    package: str,
    present: Collection[str],
    services: Sequence[Service],
    rasters: Mapping[str, str],
    crs: pyproj.CRS,
    raster_crs: pyproj.CRS | None = None,
    scheme: CentralityScheme | None = None,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str = "",
    bands_s: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write a QGIS layer definition: one group with all layers of a study, as its maps draw them.

    For each service there is a group of its sites and its cells, by the bands of its map and hatched where not reached,
    of which one is seen at a time; names, ferries and borders lie over them, main roads and land below. The files are
    named as they lie beside it, so that the folder can be moved.

    Parameters
    ----------
    path
        File to write, .qlr.
    package
        Name of the GeoPackage beside it. Its cells have `{key}_min`, minutes, NULL where not reached.
    present
        Which of `PACKAGE_LAYERS` it holds.
    services
        The services, in the order of the groups; the first is seen.
    rasters
        Names of the rasters of services beside it, by service.
    crs
        That of the layers of the GeoPackage.
    raster_crs
        That of the rasters, if it is another.
    scheme
        The centrality classes, where the cells have any.
    title, subtitle, disclaimer, attribution, bands_s, language, look
        As for `web_map`; the title names the group, the others are in the properties of each layer.

    Raises
    ------
    InputError
        As `service_map`, of `bands_s`.
    """
    words, own = section(language, "map"), section(language, "qgis")
    about = {"title": title, "abstract": "\n".join(filter(None, (subtitle, disclaimer))), "attribution": attribution}
    edges_s = chosen_bands(services, look.edges_s(services) if bands_s is None else bands_s)
    tree = _Tree(package, present, crs, about)
    tree.add("places", words["names"], _draw_names)
    if "ferries" in present:
        tree.add("ferries", own["ferries"], partial(_draw_ferries, words=words))
    tree.add("municipalities", words["borders"], _draw_borders)
    with_one = tree.inner(words["show"], one_of=True)
    for number, service in enumerate(services):
        inner = with_one.inner(service.label, seen=number == 0)
        chosen = f"\"service\" = '{service.key}'"
        inner.add("sites", f"{words['sites']}: {service.label}", partial(_draw_sites, words=words), only=chosen)
        caption = time_label(service, language=language)
        rules = list(_cell_rules(service.key, edges_s[service.key], language, look.palette))
        inner.add("cells", caption, partial(_draw_cells, rules=rules))
    if scheme is not None:
        with_one.add(
            "cells", scheme.title(language), partial(_draw_classes, scheme=scheme, language=language), seen=False
        )
    tree.add("main_roads", words["roads"], _draw_roads)
    tree.add("ice", own["ice"], partial(_draw_area, paint=colour("ice")))
    tree.add("lakes", own["lakes"], partial(_draw_area, paint=colour("sea")))
    tree.add("land" if "land" in present else "municipalities", own["land"], partial(_draw_area, paint=colour("land")))
    pictures = tree.inner(own["rasters"], one_of=True, seen=False) if rasters else tree
    for service in services:
        if service.key in rasters:
            bands = [
                (upper, paint, label) for _, upper, paint, label in _bands(edges_s[service.key], language, look.palette)
            ]
            pictures.add_raster(rasters[service.key], service.label, bands, raster_crs or crs)
    _write(path, tree.root(title), "<!DOCTYPE qgis-layer-definition>")


def difference_definition(
    path: Path,
    *,
    package: str,
    scenarios: Mapping[str, str],
    services: Sequence[Service],
    crs: pyproj.CRS,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str = "",
    language: str = "en",
) -> None:
    """Write a QGIS layer definition of what scenarios change: a group for each, with a layer per service.

    Parameters
    ----------
    path
        File to write, .qlr.
    package
        Name of the GeoPackage beside it.
    scenarios
        The title of the scenario of each layer in it; the first is seen. The layers have the columns of
        `difference_rules`.
    services
        The services, or measures of them, by the keys that columns have; the first is seen.
    crs, title, subtitle, disclaimer, attribution, language
        As for `layer_definition`.
    """
    about = {"title": title, "abstract": "\n".join(filter(None, (subtitle, disclaimer))), "attribution": attribution}
    tree = _Tree(package, [*scenarios], crs, about)
    for number, (layer, name) in enumerate(scenarios.items()):
        of_scenario = tree.inner(name, seen=number == 0, one_of=True)
        for place, service in enumerate(services):
            caption = change_label(service, language=language)
            rules = [
                (expression, label, fill(paint, edge=paint, width_mm=_EDGE_MM))
                for expression, paint, label in difference_rules(service.key, language=language)
            ]
            expression, label, _ = rules[-1]
            rules[-1] = expression, label, hatched(UNREACHED_COLOUR, colour("paper"), edge_mm=1.5 * _EDGE_MM)
            of_scenario.add(layer, caption, partial(_draw_cells, rules=rules), seen=place == 0)
    _write(path, tree.root(title), "<!DOCTYPE qgis-layer-definition>")


def _cell_rules(key: str, edges_s: Sequence[float], language: str, palette: str) -> Iterator[tuple[str, str, Any]]:
    """Yield a rule per band, and one for the cells that are not reached."""
    column = f'"{key}_min"'
    for lower, upper, paint, label in _bands(edges_s, language, palette):
        parts = [f"{column} > {numbered(lower)}"] if lower > -math.inf else []
        parts += [f"{column} <= {numbered(upper)}"] if upper < math.inf else []
        yield " AND ".join(parts), label, fill(paint, edge=paint, width_mm=_EDGE_MM)
    unreached = hatched(UNREACHED_COLOUR, colour("paper"), edge_mm=1.5 * _EDGE_MM)
    yield f"{column} IS NULL", section(language, "map")["not_reached"], unreached


def _draw_cells(layer: Element, rules: Sequence[tuple[str, str, Any]]) -> None:
    """Draw the cells, those with most people over others, and those not reached over all."""
    add_rules(layer, rules, order=(rules[-1][0], '"population"'))


def _draw_classes(layer: Element, scheme: CentralityScheme, language: str) -> None:
    shown = [*zip(scheme.ids, scheme.colours, strict=True), ("", NO_CLASS_COLOUR)]
    add_categories(
        layer,
        "centrality_class",
        [
            (name, class_label(name, scheme, language=language), fill(paint, edge=paint, width_mm=_EDGE_MM))
            for name, paint in shown
        ],
    )


def _draw_sites(layer: Element, words: Mapping[str, str]) -> None:
    real = marker("circle", colour("site"), colour("paper"), size_mm=2.2, width_mm=0.3)
    assumed = marker("diamond", colour("paper"), colour("proxy"), size_mm=2.6, width_mm=0.5)
    is_assumed = 'coalesce("proxy", false)'
    add_rules(layer, [(f"NOT {is_assumed}", words["site"], real), (is_assumed, words["proxy"], assumed)])
    add_labels(layer, "name", [("TRUE", _SITES_FROM)])


def _draw_ferries(layer: Element, words: Mapping[str, str]) -> None:
    cars = line(colour("ferry"), width_mm=0.4, dashes_mm=(1.4, 0.9))
    people = line(colour("ferry_people"), width_mm=0.4, dashes_mm=(0.4, 0.6))
    add_rules(layer, [('"cars"', words["ferries"], cars), ('NOT "cars"', words["ferries_people"], people)])


def _draw_borders(layer: Element) -> None:
    add_single_symbol(layer, fill("", edge=colour("border"), width_mm=0.15))


def _draw_roads(layer: Element) -> None:
    add_single_symbol(layer, line(colour("road"), width_mm=0.4))


def _draw_area(layer: Element, paint: str) -> None:
    add_single_symbol(layer, fill(paint, edge=colour("coast"), width_mm=0.15))


def _draw_names(layer: Element) -> None:
    add_single_symbol(layer, None)
    small = 'coalesce("small", false)'
    add_labels(layer, "name", [(f"NOT {small}", 0), (small, _SMALL_FROM)], priority=_PRIORITY)


class _Tree:
    """A group of the layer tree, and the definitions of its layers."""

    def __init__(self, package: str, present: Collection[str], crs: pyproj.CRS, about: Mapping[str, str]) -> None:
        self._package, self._present, self._crs, self._about = package, present, crs, about
        self._group = Element("layer-tree-group")
        self._layers = Element("maplayers")

    def root(self, title: str) -> Element:
        """Return the whole definition."""
        found = Element("qlr")
        top = SubElement(found, "layer-tree-group", name="", expanded="1", checked="Qt::Checked")
        self._name(self._group, title, seen=True)
        top.append(self._group)
        found.append(self._layers)
        return found

    def inner(self, name: str, *, seen: bool = True, one_of: bool = False) -> _Tree:
        """Add a group; of `one_of` only one member is seen at a time."""
        inner = _Tree(self._package, self._present, self._crs, self._about)
        inner._group, inner._layers = SubElement(self._group, "layer-tree-group"), self._layers
        self._name(inner._group, name, seen=seen)
        if one_of:
            inner._group.attrib |= {"mutually-exclusive": "1", "mutually-exclusive-child": "0"}
        return inner

    def _name(self, group: Element, name: str, *, seen: bool) -> None:
        checked = "Qt::Checked" if seen else "Qt::Unchecked"
        group.attrib |= {"name": name, "checked": checked, "expanded": "1" if seen else "0"}

    def add(self, of: str, name: str, draw: Callable[[Element], None], *, only: str = "", seen: bool = True) -> None:
        """Add a layer of the GeoPackage, where it is there, drawn by a function of its element."""
        if of not in self._present:
            return
        source = f"./{self._package}|layername={of}" + (f"|subset={only}" if only else "")
        layer = self._add(source, name, "ogr", self._crs, seen=seen)
        layer.set("type", "vector")
        draw(layer)
        SubElement(layer, "layerOpacity").text = "1"

    def add_raster(self, file: str, name: str, bands: Sequence[tuple[float, str, str]], crs: pyproj.CRS) -> None:
        """Add a raster that lies beside the definition."""
        layer = self._add(f"./{file}", name, "gdal", crs, seen=len(self._group) == 0)
        layer.set("type", "raster")
        add_shader(layer, bands)

    def _add(self, source: str, name: str, provider: str, crs: pyproj.CRS, *, seen: bool) -> Element:
        label = f"geoaccess_{len(self._layers)}"
        checked = "Qt::Checked" if seen else "Qt::Unchecked"
        about = {"id": label, "name": name, "source": source, "providerKey": provider, "checked": checked}
        SubElement(self._group, "layer-tree-layer", about, expanded="1" if provider == "ogr" and seen else "0")
        layer = SubElement(
            self._layers, "maplayer", hasScaleBasedVisibilityFlag="0", styleCategories="AllStyleCategories"
        )
        SubElement(layer, "id").text = label
        SubElement(layer, "datasource").text = source
        SubElement(layer, "title").text = self._about["title"]
        SubElement(layer, "abstract").text = self._about["abstract"]
        SubElement(layer, "attribution", href="").text = self._about["attribution"]
        SubElement(layer, "layername").text = name
        _add_crs(layer, crs)
        SubElement(layer, "provider", encoding="UTF-8").text = provider
        return layer


def _add_crs(layer: Element, crs: pyproj.CRS) -> None:
    system = SubElement(SubElement(layer, "srs"), "spatialrefsys", nativeFormat="Wkt")
    SubElement(system, "wkt").text = crs.to_wkt()
    authority = crs.to_authority()
    SubElement(system, "authid").text = ":".join(authority) if authority else ""


def _write(path: Path, root: Element, doctype: str) -> None:
    indent(root, " ")
    text = printable(f"{doctype}\n{tostring(root, encoding='unicode')}\n")
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")

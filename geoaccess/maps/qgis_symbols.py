"""Symbols, labels and shaders as QGIS writes them in XML (forms of version 3.22, which later ones read)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement

from geoaccess.maps.assets import colour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "add_categories",
    "add_labels",
    "add_rules",
    "add_shader",
    "add_single_symbol",
    "fill",
    "hatched",
    "in_qgis",
    "line",
    "marker",
    "numbered",
]

SymbolLayer = tuple[str, dict[str, str]]
"""The class of a symbol layer, and its properties."""
Symbol = tuple[str, tuple[SymbolLayer, ...]]
"""What a symbol draws (fill, line or marker), and its layers from below."""

_NO_COLOUR: Final = "0,0,0,0"


def in_qgis(named: str) -> str:
    """Return a colour of the palette (#rrggbb or #rrggbbaa) as QGIS writes it.

    Examples
    --------
    >>> in_qgis("#ffe27a"), in_qgis("#ffffffd9")
    ('255,226,122,255', '255,255,255,217')
    """
    parts = [int(named[at : at + 2], 16) for at in range(1, len(named), 2)]
    return ",".join(str(part) for part in (*parts, 255)[:4])


def numbered(value: float) -> str:
    """Write a number so that it is read as the same: 12.0 as 12, a third with all its digits.

    Examples
    --------
    >>> numbered(12.0), numbered(7.5), numbered(1 / 3)
    ('12', '7.5', '0.3333333333333333')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def fill(inside: str, *, edge: str = "", width_mm: float = 0.0) -> Symbol:
    """Return an area in a colour; "" is none."""
    style = "solid" if edge else "no"
    properties = {
        "color": in_qgis(inside) if inside else _NO_COLOUR,
        "style": "solid" if inside else "no",
        "outline_color": in_qgis(edge) if edge else _NO_COLOUR,
        "outline_style": style,
        "outline_width": numbered(width_mm),
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }
    return "fill", (("SimpleFill", properties),)


def hatched(inside: str, lines: str, *, edge_mm: float) -> Symbol:
    """Return an area in one colour with lines of another across it: seen as a hatch as soon as it is large enough."""
    _, below = fill(inside, edge=inside, width_mm=edge_mm)
    pattern = {
        "angle": "45",
        "color": in_qgis(lines),
        "distance": "1.4",
        "distance_unit": "MM",
        "line_width": "0.3",
        "line_width_unit": "MM",
    }
    return "fill", (*below, ("LinePatternFill", pattern))


def line(shown: str, *, width_mm: float, dashes_mm: tuple[float, float] | None = None) -> Symbol:
    """Return a line, in dashes where their length and distance are given."""
    properties = {
        "line_color": in_qgis(shown),
        "line_style": "solid",
        "line_width": numbered(width_mm),
        "line_width_unit": "MM",
        "capstyle": "flat",
        "joinstyle": "round",
        "use_custom_dash": "0" if dashes_mm is None else "1",
    }
    if dashes_mm is not None:
        properties |= {"customdash": ";".join(map(numbered, dashes_mm)), "customdash_unit": "MM"}
    return "line", (("SimpleLine", properties),)


def marker(name: str, inside: str, edge: str, *, size_mm: float, width_mm: float) -> Symbol:
    """Return a mark at a point, such as a "circle" or a "diamond"."""
    properties = {
        "name": name,
        "color": in_qgis(inside),
        "outline_color": in_qgis(edge),
        "outline_style": "solid",
        "outline_width": numbered(width_mm),
        "outline_width_unit": "MM",
        "size": numbered(size_mm),
        "size_unit": "MM",
    }
    return "marker", (("SimpleMarker", properties),)


def add_single_symbol(layer: Element, symbol: Symbol | None) -> None:
    """Draw all features of a layer alike; None draws nothing but their names."""
    renderer = _renderer(layer, "nullSymbol" if symbol is None else "singleSymbol")
    if symbol is not None:
        _add_symbols(renderer, [symbol])


def add_rules(layer: Element, rules: Sequence[tuple[str, str, Symbol]], *, order: Sequence[str] = ()) -> None:
    """Draw features by rules of (expression, label, symbol), those first that come first by `order`."""
    renderer = _renderer(layer, "RuleRenderer")
    renderer.set("enableorderby", "1" if order else "0")
    root = SubElement(renderer, "rules", key="geoaccess")
    for number, (expression, label, _) in enumerate(rules):
        SubElement(
            root, "rule", key=f"geoaccess_{number}", symbol=str(number), filter=expression, label=label, checkstate="1"
        )
    _add_symbols(renderer, [symbol for _, _, symbol in rules])
    if order:
        clauses = SubElement(renderer, "orderby")
        for expression in order:
            SubElement(clauses, "orderByClause", asc="1", nullsFirst="1").text = expression


def add_categories(layer: Element, column: str, categories: Sequence[tuple[str, str, Symbol]]) -> None:
    """Draw features by the values of a column: (value, label, symbol); the value "" is all others."""
    renderer = _renderer(layer, "categorizedSymbol")
    renderer.set("attr", column)
    found = SubElement(renderer, "categories")
    for number, (value, label, _) in enumerate(categories):
        SubElement(found, "category", value=value, type="string", label=label, symbol=str(number), render="true")
    _add_symbols(renderer, [symbol for _, _, symbol in categories])


def _renderer(layer: Element, kind: str) -> Element:
    return SubElement(layer, "renderer-v2", type=kind, symbollevels="0", forceraster="0", referencescale="-1")


def _add_symbols(renderer: Element, symbols: Sequence[Symbol]) -> None:
    found = SubElement(renderer, "symbols")
    for number, (kind, layers) in enumerate(symbols):
        _add_symbol(found, str(number), kind, layers)


def _add_symbol(parent: Element, name: str, kind: str, layers: Sequence[SymbolLayer]) -> None:
    drawn = SubElement(parent, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    for number, (of, properties) in enumerate(layers):
        one = SubElement(drawn, "layer", {"class": of, "enabled": "1", "locked": "0", "pass": "0"})
        _add_map(one, properties)
        if of == "LinePatternFill":
            look = {name: properties[name] for name in ("line_width", "line_width_unit")}
            lines = {"line_color": properties["color"], "line_style": "solid", "capstyle": "flat", **look}
            _add_symbol(one, f"@{name}@{number}", "line", (("SimpleLine", lines),))


def _add_map(parent: Element, values: Mapping[str, str]) -> None:
    found = SubElement(parent, "Option", type="Map")
    for name, value in values.items():
        SubElement(found, "Option", name=name, type="QString", value=value)


def add_labels(layer: Element, column: str, rules: Sequence[tuple[str, int]], *, priority: str = "") -> None:
    """Write the text of a column beside points: rules of (expression, scale from which on they are named; 0 always).

    `priority` is an expression, 10 for those that are named first where there is no room for all.
    """
    layer.set("labelsEnabled", "1")
    labeling = SubElement(layer, "labeling", type="rule-based")
    root = SubElement(labeling, "rules", key="geoaccess_names")
    for number, (expression, from_scale) in enumerate(rules):
        rule = SubElement(root, "rule", key=f"geoaccess_names_{number}", filter=expression, active="1")
        if from_scale:
            rule.set("scalemaxdenom", str(from_scale))
            rule.set("scalemindenom", "1")
        settings = SubElement(rule, "settings", calloutType="simple")
        _add_text_style(settings, column, size_pt=8.5 if number == 0 else 7.5)
        SubElement(settings, "placement", placement="6", dist="1.5", distUnits="MM", offsetType="0", priority="5")
        SubElement(settings, "rendering", drawLabels="1", obstacle="0", displayAll="0", limitNumLabels="0")
        if priority:
            _add_priority(settings, priority)


def _add_text_style(settings: Element, column: str, *, size_pt: float) -> None:
    style = SubElement(
        settings,
        "text-style",
        fieldName=column,
        isExpression="0",
        fontSize=numbered(size_pt),
        fontSizeUnit="Point",
        textColor=in_qgis(colour("ink")),
        textOpacity="1",
        multilineHeight="1",
    )
    SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.7",
        bufferSizeUnits="MM",
        bufferColor=in_qgis(colour("halo")),
        bufferOpacity="1",
        bufferJoinStyle="128",
        bufferNoFill="1",
    )


def _add_priority(settings: Element, expression: str) -> None:
    properties = SubElement(SubElement(settings, "dd_properties"), "Option", type="Map")
    SubElement(properties, "Option", name="name", type="QString", value="")
    of = SubElement(properties, "Option", name="properties", type="Map")
    priority = SubElement(of, "Option", name="Priority", type="Map")
    SubElement(priority, "Option", name="active", type="bool", value="true")
    SubElement(priority, "Option", name="expression", type="QString", value=expression)
    SubElement(priority, "Option", name="type", type="int", value="3")
    SubElement(properties, "Option", name="type", type="QString", value="collection")


def add_shader(layer: Element, bands: Sequence[tuple[float, str, str]]) -> None:
    """Draw the first band of a raster in steps: (upper edge, which belongs to it, colour, label), rising."""
    pipe = SubElement(layer, "pipe")
    renderer = SubElement(
        pipe,
        "rasterrenderer",
        type="singlebandpseudocolor",
        band="1",
        opacity="1",
        alphaBand="-1",
        nodataColor="",
        classificationMin="0",
        classificationMax="inf",
    )
    SubElement(renderer, "rasterTransparency")
    shader = SubElement(
        SubElement(renderer, "rastershader"),
        "colorrampshader",
        colorRampType="DISCRETE",
        classificationMode="1",
        clip="0",
        minimumValue="0",
        maximumValue="inf",
        labelPrecision="0",
    )
    for edge, shown, label in bands:
        value = numbered(edge) if edge != float("inf") else "inf"
        SubElement(shader, "item", value=value, color=shown, alpha="255", label=label)
    SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma="1")
    SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0")
    SubElement(pipe, "rasterresampler", maxOversampling="2")

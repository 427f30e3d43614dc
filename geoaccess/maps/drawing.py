"""The static map of one service: land, cells, borders, sites, legend, scale and north."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from geoaccess.demand import shown_people
from geoaccess.maps.assets import colour
from geoaccess.maps.ground import (
    LINE_LOOKS,
    MANY_SITES,
    POINTS_PER_IN,
    draw_names,
    draw_paths,
    paths_around,
)
from geoaccess.maps.layers import DPI, FOOT_MAP_IN, GAP_IN, HANGING, LEGEND_IN, arranged, once, smallest_px, window_of
from geoaccess.maps.names import placed_circles
from geoaccess.maps.packing import ring_of
from geoaccess.maps.projection import corners_in, north_of, shapes_in
from geoaccess.maps.sheet import INK, QUIET, Sheet, house_style, line_in, wrapped
from geoaccess.phrases import capitalised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.maps.layers import Arranged, Layers, Legend, Plan
    from geoaccess.maps.results import Squares

__all__ = ["draw_service_map"]

SEA: Final = colour("sea")
SITE: Final = colour("site")
PROXY: Final = colour("proxy")
NEW: Final = colour("new_site")
PAPER: Final = colour("paper")
POINTS_PER_PX: Final = 72 / DPI
HATCHED_PX: Final = 12.0
ROW_SIZE: Final = 8.0
LABEL_IN: Final = LEGEND_IN - 1.5
NUMBER_IN: Final = 0.22
NUMBER_PT: Final = (12.0, 15.0, 19.0)
"""How wide the circle around a number is, by its digits, points."""
FOOT_MARKS_IN: Final = 2.3
"""How wide marks are where they stand below a map, with notes beside them."""
MANY_CELLS: Final = 20_000
"""From so many on, cells are dots within SVG and PDF, which would otherwise be slow to open."""


def map_axes(sheet: Sheet, plan: Plan, *, land: bool) -> Any:
    """Add the axes of the map, one metre as long upward as sideways."""
    axes = sheet.axes(
        left_in=0, bottom_in=sheet.body_in - plan.height_in, width_in=plan.width_in, height_in=plan.height_in
    )
    axes.set_xlim(plan.west, plan.east)
    axes.set_ylim(plan.south, plan.north)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=colour("frame"), linewidth=0.6)
    axes.set_facecolor(SEA if land else colour("no_land"))
    return axes


def draw_cells(axes: Any, layers: Layers, plan: Plan) -> None:
    """Draw the cells, those with most people on top, and those not reached on top of all."""
    squares = layers.squares
    px_m = plan.metres_per_in / DPI
    smallest_m = smallest_px(len(squares.west), plan) * px_m
    order = np.lexsort((squares.south, squares.west, _seen(layers)))
    near, far = order[layers.band[order] >= 0], order[layers.band[order] < 0]
    colours: Any = np.array(layers.colours)[layers.band[near]]
    outlines = _outlines(layers)
    # A line of the same colour closes the hair between neighbours.
    looks: dict[str, Any] = {"linewidths": 0.3 * POINTS_PER_PX, "joinstyle": "miter", "zorder": 3}
    looks["rasterized"] = len(order) > MANY_CELLS
    drawn = outlines(near, smallest_m, 0.0)
    axes.add_collection(PolyCollection(drawn, facecolors=colours, edgecolors=colours, **looks), autolim=False)
    for fill, around_m in ((PAPER, 3 * px_m), (INK, 0.0)):
        drawn = outlines(far, 1.4 * smallest_m, around_m)
        axes.add_collection(PolyCollection(drawn, facecolors=fill, edgecolors=fill, **looks), autolim=False)
    if squares.side_m > HATCHED_PX * px_m:
        looks = {"facecolors": INK, "edgecolors": PAPER, "linewidths": 0.4, "hatch": "////////", "zorder": 3}
        axes.add_collection(PolyCollection(outlines(far, 0.0, 0.0), **looks), autolim=False)


def _seen(layers: Layers) -> npt.NDArray[np.float64]:
    """Return the people by whom cells are drawn, those with most on top; blocks do not overlap."""
    below = layers.look.mask_below
    if below and layers.factor > 1:
        return np.zeros(len(layers.population))
    return shown_people(layers.population, below=below)


def _outlines(layers: Layers) -> Callable[[npt.NDArray[np.int64], float, float], Any]:
    """Return what gives the outlines of rows of cells, grown about their middle to a side that can be seen.

    They are grown in metres, because a line around a square of less than a pixel is not drawn at all. Cells of other
    shapes are drawn as they are where they can be seen.
    """
    squares = layers.squares
    if squares.shapes is not None:
        moved = shapes_in(squares, layers.grid, layers.crs)
        return lambda rows, at_least_m, around_m: _shapes(moved, rows, at_least_m, around_m)
    corners = corners_in(squares, layers.grid, layers.crs)
    middle = corners.mean(axis=1, keepdims=True)

    def grown(rows: npt.NDArray[np.int64], at_least_m: float, around_m: float) -> Any:
        factor = (max(squares.side_m, at_least_m) + around_m) / squares.side_m
        return middle[rows] + (corners[rows] - middle[rows]) * factor

    return grown


def _shapes(squares: Squares, rows: npt.NDArray[np.int64], at_least_m: float, around_m: float) -> list[Any]:
    """Return the outlines of shapes; of those that are too small to be seen, a square about their middle."""
    assert squares.shapes is not None  # noqa: S101 - so are they called
    found = squares.shapes[rows]
    small = squares.sides_m[rows] < at_least_m
    half = (at_least_m + around_m) / 2
    x, y = (squares.west + squares.side_m / 2)[rows], (squares.south + squares.side_m / 2)[rows]
    grown = shapely.buffer(found, around_m / 2, join_style="mitre") if around_m else found
    drawn = np.where(small, shapely.box(x - half, y - half, x + half, y + half), grown)
    return [ring_of(shape) for shape in drawn]


def draw_sites(axes: Any, points: gpd.GeoSeries, kinds: npt.NDArray[np.str_]) -> None:
    """Draw real sites as blue dots, stand-ins as hollow magenta diamonds, new ones as stars, closed ones as crosses."""
    size = 2.6 if len(points) > MANY_SITES else 4.6
    for above, kind in enumerate(("site", "proxy", "closed", "new")):
        place = points[kinds == kind]
        grown = max(size, 4.6) if kind in {"closed", "new"} else size
        for look in _marks(grown, kind):
            axes.plot(place.x, place.y, linestyle="none", zorder=6 + above / 10, clip_on=True, **look)


def _marks(size: float, kind: str) -> list[dict[str, Any]]:
    """Return what a site is drawn with, from below: in form, not in colour alone, unlike the other kinds."""
    if kind == "new":
        return [{"marker": "*", "markersize": 2.6 * size, "markerfacecolor": NEW, "markeredgecolor": INK}]
    if kind == "closed":
        cross = {"marker": "x", "markersize": 1.4 * size}
        return [
            {**cross, "markeredgecolor": PAPER, "markeredgewidth": 0.75 * size},
            {**cross, "markeredgecolor": INK, "markeredgewidth": 0.35 * size},
        ]
    return [_mark(size, proxy=kind == "proxy")]


def _mark(size: float, *, proxy: bool) -> dict[str, Any]:
    if proxy:
        return {
            "marker": "D",
            "markersize": size,
            "markerfacecolor": PAPER,
            "markeredgecolor": PROXY,
            "markeredgewidth": size / 4,
        }
    return {
        "marker": "o",
        "markersize": size,
        "markerfacecolor": SITE,
        "markeredgecolor": PAPER,
        "markeredgewidth": size / 8,
    }


def draw_numbers(axes: Any, points: gpd.GeoSeries, plan: Plan, *, names: npt.NDArray[np.float64] | None = None) -> None:
    """Write the index of points, numbers that the legend explains, in circles off each other and off boxes of names.

    Each is tied to its point by a line: where there is no room beside it, a number stands farther off.
    """
    point_m = plan.metres_per_in / POINTS_PER_IN
    at = shapely.get_coordinates(points.to_numpy())
    wide = np.array([NUMBER_PT[min(len(str(text)), len(NUMBER_PT)) - 1] for text in points.index]) * point_m
    window = (plan.west, plan.south, plan.east, plan.north)
    middle = placed_circles(at, wide, window=window, beside=2 * point_m, taken=names)
    box = {"boxstyle": "circle,pad=0.18", "facecolor": PAPER, "edgecolor": INK, "linewidth": 0.6}
    looks: dict[str, Any] = {"size": 7, "weight": "bold", "ha": "center", "va": "center_baseline", "bbox": box}
    for text, (x, y), (from_x, from_y) in zip(points.index, middle, at, strict=True):
        axes.add_line(Line2D([from_x, x], [from_y, y], color=INK, linewidth=0.6, zorder=19))
        axes.text(x, y, str(text), zorder=20, **looks)


def draw_service_map(path: Path, *, layers: Layers, legend: Legend, heads: Mapping[str, str]) -> None:
    """Write the map with its legend."""
    window = window_of(layers.squares, layers.grid, layers.crs)
    size = LEGEND_IN, legend_height(legend)
    foot = _ends_in(legend), _foot_in(legend, width_in=FOOT_MAP_IN)
    place = arranged(window, layers.look, layers.at_most_in, legend_in=size, foot_in=foot)
    plan = place.plan
    with house_style():
        sheet = Sheet(width_in=place.width_in, height_in=place.height_in, look=layers.look, **heads)
        axes = map_axes(sheet, plan, land=layers.land is not None or layers.municipalities is not None)
        draw_paths(axes, once(layers.made, plan, lambda: _paths_around(layers, plan)))
        draw_cells(axes, layers, plan)
        if layers.sites is not None:
            draw_sites(axes, layers.sites.geometry, layers.site_kinds())
        names = None
        if layers.places is not None:
            off = None if layers.sites is None else layers.sites.geometry
            names = draw_names(axes, layers.places, plan, off=off, most=layers.look.most_names)
        if layers.labels is not None:
            draw_numbers(axes, layers.labels, plan, names=names)
        north = north_of((plan.west + plan.east) / 2, (plan.south + plan.north) / 2, layers.crs)
        draw_legend(sheet, legend, place, north=north)
        sheet.save(path)


def _paths_around(layers: Layers, plan: Plan) -> dict[str, Any]:
    areas = None if layers.municipalities is None else layers.municipalities.geometry
    lines: dict[str, Any] = {"roads": layers.roads, "borders": areas, "ferries": layers.ferries}
    return paths_around(plan, areas=areas, land=layers.land, lakes=layers.lakes, ice=layers.ice, **lines)


# ---- legend


def _label_lines(label: str) -> tuple[str, list[str]]:
    """Return the number of a row, "" where it has none, and the lines of its label."""
    number, between, text = label.rpartition(HANGING)
    return number, wrapped(text, width_in=LABEL_IN - (NUMBER_IN if between else 0), size=ROW_SIZE, hyphens=True)


def legend_height(legend: Legend) -> float:
    """Return the room that the legend needs, inches."""
    captions = len(wrapped(legend.caption, width_in=LEGEND_IN, size=10, weight="bold")) * line_in(10)
    rows = sum(max(len(_label_lines(row[1])[1]) * line_in(ROW_SIZE) + 0.05, 0.19) for row in legend.rows)
    norms = sum(0.12 for row in legend.rows if row[4])
    return captions + rows + norms + _ends_in(legend) + 1.45


def _notes_in(legend: Legend, *, width_in: float) -> float:
    return sum(len(wrapped(note, width_in=width_in, size=7)) * line_in(7) + 0.08 for note in legend.notes)


def _ends_in(legend: Legend) -> float:
    """Return the room that marks and notes need below each other."""
    return 0.22 * len(legend.marks) + _notes_in(legend, width_in=LEGEND_IN)


def _foot_in(legend: Legend, *, width_in: float) -> float:
    """Return the room that marks and notes need beside each other, below a map of some width."""
    return max(0.22 * len(legend.marks), _notes_in(legend, width_in=width_in - FOOT_MARKS_IN)) + 0.1


def draw_legend(sheet: Sheet, legend: Legend, place: Arranged, *, north: float) -> None:
    """Draw the legend in its place, from the top, with the scale and the direction of north below it."""
    top = place.legend_high_in
    axes = sheet.blank(left_in=place.legend_left_in, bottom_in=0, width_in=LEGEND_IN, height_in=top)
    for line in wrapped(legend.caption, width_in=LEGEND_IN, size=10, weight="bold"):
        axes.text(0, top, line, size=10, weight="bold", va="top")
        top -= line_in(10)
    axes.text(0, top, legend.direction, size=7.5, color=QUIET, va="top")
    top -= 0.32
    for right, head in zip((LEGEND_IN - 0.55, LEGEND_IN), legend.heads, strict=True):
        axes.text(right, top + 0.1, head, size=7, color=QUIET, ha="right", va="center")
    top -= 0.02
    for row in legend.rows:
        top = _draw_row(axes, row, top)
    axes.plot([0, LEGEND_IN], [top - 0.03] * 2, color=colour("frame"), linewidth=0.6)
    label, people, share = legend.total
    for x, text, side in ((0, label, "left"), (LEGEND_IN - 0.55, people, "right"), (LEGEND_IN, share, "right")):
        axes.text(x, top - 0.14, text, size=ROW_SIZE, weight="bold", ha=side, va="center")
    top -= 0.42
    if place.foot_in:
        _draw_foot(sheet, legend, place)
    else:
        top = _draw_notes(axes, legend, _draw_marks(axes, legend, top), width_in=LEGEND_IN)
    draw_scale(axes, place.plan, top - 0.35, north=north)


def _draw_foot(sheet: Sheet, legend: Legend, place: Arranged) -> None:
    """Draw what ends the legend below the map: marks, and notes beside them."""
    wide, high = place.plan.width_in, place.foot_in
    bottom = place.height_in - place.plan.height_in - GAP_IN - high
    marks, notes = (
        sheet.blank(left_in=left, bottom_in=bottom, width_in=wide - left, height_in=high)
        for left in (0.0, FOOT_MARKS_IN)
    )
    _draw_marks(marks, legend, high - 0.1)
    _draw_notes(notes, legend, high, width_in=wide - FOOT_MARKS_IN)


def _draw_marks(axes: Any, legend: Legend, top: float) -> float:
    for kind, text in legend.marks:
        _draw_mark(axes, kind, top)
        axes.text(0.38, top, text, size=ROW_SIZE, va="center")
        top -= 0.22
    return top


def _draw_notes(axes: Any, legend: Legend, top: float, *, width_in: float) -> float:
    for note in legend.notes:
        for line in wrapped(capitalised(note), width_in=width_in, size=7):
            axes.text(0, top, line, size=7, color=QUIET, va="top")
            top -= line_in(7)
        top -= 0.08
    return top


def _draw_row(axes: Any, row: tuple[str | None, str, str, str, str], top: float) -> float:
    fill, label, people, share, norm = row
    number, lines = _label_lines(label)
    height = max(len(lines) * line_in(ROW_SIZE) + 0.05, 0.19)
    middle = top - height / 2
    box = Rectangle((0, middle - 0.065), 0.26, 0.13, facecolor=fill or INK, edgecolor=QUIET, linewidth=0.4)
    if fill is None:
        box.set(hatch="//////", edgecolor=PAPER)
    axes.add_patch(box)
    left = 0.36 + (NUMBER_IN if number else 0)
    if number:
        axes.text(left - 0.05, middle, number, size=ROW_SIZE, weight="bold", ha="right", va="center_baseline")
    axes.text(left, middle, "\n".join(lines), size=ROW_SIZE, va="center_baseline", linespacing=1.15)
    axes.text(LEGEND_IN - 0.55, middle, people, size=ROW_SIZE, ha="right", va="center_baseline")
    axes.text(LEGEND_IN, middle, share, size=ROW_SIZE, ha="right", va="center_baseline")
    top -= height
    if norm:
        axes.plot([0, LEGEND_IN], [top, top], color=colour("norm"), linewidth=1.1)
        axes.text(LEGEND_IN, top - 0.025, norm, size=6.5, color=colour("norm"), ha="right", va="top")
        top -= 0.12
    return top


def _draw_mark(axes: Any, kind: str, y: float) -> None:
    if kind in {"site", "proxy", "new", "closed"}:
        for look in _marks(4.6, kind):
            axes.plot([0.13], [y], linestyle="none", **look)
    else:
        axes.add_line(Line2D([0, 0.26], [y, y], **LINE_LOOKS[kind]))


def draw_scale(axes: Any, plan: Plan, y: float, *, north: float) -> None:
    """Draw a bar of a round length and an arrow to the north, `north` degrees clockwise from up."""
    longest = 1.5 * plan.metres_per_in
    unit = 10 ** np.floor(np.log10(longest))
    length = float(unit * max(step for step in (1, 2, 5) if step * unit <= longest))
    wide = length / plan.metres_per_in
    axes.plot([0, 0, wide, wide], [y + 0.05, y, y, y + 0.05], color=INK, linewidth=1.1)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"  # noqa: PLR2004  # metres in a kilometre
    axes.text(0, y - 0.05, text, size=7.5, va="top")
    angle = np.radians(north)
    tip = np.array([np.sin(angle), np.cos(angle)]) * 0.2
    foot = np.array([LEGEND_IN - 0.35, y + 0.05])
    axes.annotate(
        "", xy=foot + tip, xytext=foot - tip, arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.9}
    )
    axes.text(*(foot + 1.55 * tip), "N", size=7.5, ha="center", va="center")

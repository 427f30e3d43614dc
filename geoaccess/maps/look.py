"""How the figures of a study look: projection, forms, dots, colours, breaks, names and width, in one object."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from geoaccess.defaults import FIGURE_DPI, FIGURE_FORMATS, FIGURE_PALETTE
from geoaccess.errors import InputError
from geoaccess.maps.bands import PALETTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geoaccess.maps.results import Service

__all__ = ["FORMATS", "USUAL_LOOK", "Look", "Panels", "figure_files", "figure_paths", "panels_in"]

FORMATS: Final = ("png", "svg", "pdf")
"""The forms that a figure can be written in."""
MARGIN_IN: Final = 0.3
NARROW_MARGIN_IN: Final = 0.12
NARROW_IN: Final = 5.0
"""Sheets below this width, inches, have a narrow margin: they stand in a column of text, which has its own."""
LEAST_PANEL_IN: Final = 2.1


@dataclass(frozen=True)
class Look:
    """How figures are drawn and written.

    Parameters
    ----------
    crs
        Projection of maps, as "EPSG:3057"; without it the grid of the country, see `figure_crs`.
    formats
        The forms to write beside that of the path: png, svg, pdf.
    dpi
        Dots per inch of PNG, and of what is drawn as dots within SVG and PDF. Sizes on paper do not depend on it.
    breaks_min
        Upper edges of the bands of travel time but the last, minutes, rising: for every service ("") or by service.
    palette
        The colours of travel time, one of `geoaccess.maps.bands.PALETTES`.
    labels
        Whether maps have names of places: as many as have room, none, or at most so many.
    width_mm
        Width of a whole figure; the type keeps its size. Without it a figure is as wide as it needs.
    mask_below
        Cells with fewer people are drawn in the order of their places: that of their people can be read from SVG and
        PDF.

    Raises
    ------
    InputError
        If a form or palette is not there.
    """

    crs: str | None = None
    formats: tuple[str, ...] = FIGURE_FORMATS
    dpi: int = FIGURE_DPI
    breaks_min: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    palette: str = FIGURE_PALETTE
    labels: bool | int = True
    width_mm: float | None = None
    mask_below: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        problems = [f"formats: {one!r} is none of {', '.join(FORMATS)}" for one in self.formats if one not in FORMATS]
        if self.palette not in PALETTES:
            problems.append(f"palette: {self.palette!r} is none of {', '.join(PALETTES)}")
        if self.width_mm is not None and not (math.isfinite(self.width_mm) and self.width_mm > 0):
            problems.append(f"width_mm is {self.width_mm}; give millimetres above 0")
        if problems:
            raise InputError.listing("look", problems)

    @property
    def margin_in(self) -> float:
        """White around a figure, inches."""
        return MARGIN_IN if self.width_mm is None or self.width_mm / 25.4 >= NARROW_IN else NARROW_MARGIN_IN

    @property
    def body_in(self) -> float | None:
        """Room between the margins, inches; None where the figure is as wide as it needs."""
        return None if self.width_mm is None else self.width_mm / 25.4 - 2 * self.margin_in

    @property
    def most_names(self) -> int | None:
        """How many names of places a map has at most; None for as many as have room."""
        if isinstance(self.labels, bool):
            return None if self.labels else 0
        return self.labels

    def edges_s(self, services: Sequence[Service]) -> dict[str, tuple[float, ...]]:
        """Return the edges of bands that are given, by service, in seconds; a service without follows its norms.

        Examples
        --------
        >>> from geoaccess.measures import ServiceSpec
        >>> Look(breaks_min={"": (10, 30), "gp": (5,)}).edges_s([ServiceSpec("gp", "GP"), ServiceSpec("er", "ER")])
        {'gp': (300.0,), 'er': (600.0, 1800.0)}
        """
        given = {one.key: self.breaks_min.get(one.key, self.breaks_min.get("", ())) for one in services}
        return {key: tuple(60.0 * float(edge) for edge in edges) for key, edges in given.items() if edges}


USUAL_LOOK: Final = Look()


def figure_files(name: str, look: Look = USUAL_LOOK) -> list[str]:
    """Return the names of all files of a figure: the one that is named, and the other forms.

    >>> figure_files("map_gp.png", Look(formats=("svg", "png")))
    ['map_gp.png', 'map_gp.svg']
    """
    stem, _, suffix = name.rpartition(".")
    return [name, *(f"{stem}.{form}" for form in dict.fromkeys(look.formats) if form != suffix)]


def figure_paths(path: Path, look: Look = USUAL_LOOK) -> list[Path]:
    """Return the same as paths."""
    return [path.with_name(name) for name in figure_files(path.name, look)]


class Panels(NamedTuple):
    """How panels stand on a sheet: in so many columns, so wide (inches), with the legend beside or below them."""

    columns: int
    rows: int
    width_in: float
    beside: bool


def panels_in(
    look: Look, number: int, *, most_columns: int, panel_in: float, left_in: float, legend_in: float
) -> Panels:
    """Lay out panels that would be `panel_in` wide, each with `left_in` for its axis, beside a legend.

    On a sheet of a given width they become narrower or wider, down to 2.1 inches, then fewer in a row; where not even
    one has room beside the legend, that is below.

    Examples
    --------
    >>> panels_in(Look(), 3, most_columns=2, panel_in=3.75, left_in=0.55, legend_in=2.85)
    Panels(columns=2, rows=2, width_in=3.75, beside=True)
    >>> panels_in(Look(width_mm=85), 3, most_columns=2, panel_in=3.75, left_in=0.55, legend_in=2.85).beside
    False
    """
    body = look.body_in
    if body is None:
        columns = min(number, most_columns)
        return Panels(columns, -(-number // columns), panel_in, beside=True)
    beside = body - legend_in >= left_in + LEAST_PANEL_IN
    room = body - legend_in if beside else body
    columns = max(min(int(room // (left_in + LEAST_PANEL_IN)), number, most_columns), 1)
    return Panels(columns, -(-number // columns), room / columns - left_in, beside)

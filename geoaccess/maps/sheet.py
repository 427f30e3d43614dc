"""A figure laid out in inches: title, warning and sources around a body, saved with equal bytes for equal input."""

from __future__ import annotations

import math
import textwrap
import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from geoaccess.files import writing
from geoaccess.maps.assets import colour
from geoaccess.maps.look import FORMATS, USUAL_LOOK, Look, figure_paths
from geoaccess.phrases import printable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["INK", "QUIET", "Sheet", "house_style", "wrapped"]

# What would differ from run to run, or from version to version, is left out of each form.
UNDATED: Final = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
INK: Final = colour("ink")
QUIET: Final = colour("quiet")
LINE_HEIGHT: Final = 1.32
# Widths of an average letter in parts of the size of the type, on the wide side of DejaVu Sans.
LETTER: Final = {"normal": 0.57, "bold": 0.65}


def house_style() -> AbstractContextManager[None]:
    """Return a context in which nothing of the user's own matplotlib settings shows, and $ is only a sign."""
    own = {
        "axes.axisbelow": True,
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.family": ["DejaVu Sans", "sans-serif"],
        "font.size": 8.5,
        "text.color": INK,
        "text.parse_math": False,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        # Text stays text, which can be searched and edited; names of parts are the same in every run.
        "pdf.fonttype": 42,
        "svg.fonttype": "none",
        "svg.hashsalt": "geoaccess",
    }
    manager: AbstractContextManager[None] = style.context(["default", own])
    return manager


def wrapped(text: str, *, width_in: float, size: float, weight: str = "normal", hyphens: bool = False) -> list[str]:
    """Break a text into lines that fit a width."""
    letters = max(int(width_in * 72 / (size * LETTER[weight])), 8)
    if hyphens:
        text = " ".join(_in_parts(word, letters) for word in text.split(" "))
    return textwrap.wrap(text, letters, break_long_words=True)


def _in_parts(word: str, letters: int) -> str:
    """Put hyphens into a word that fits no line, so that its parts are about as long as each other."""
    if len(word) <= letters or "-" in word:
        return word
    long = math.ceil(len(word) / math.ceil(len(word) / (letters - 1)))
    return "-".join(word[at : at + long] for at in range(0, len(word), long))


def line_in(size: float) -> float:
    """Height of a line of type, inches."""
    return size * LINE_HEIGHT / 72


class Sheet:
    """A white page with its head and foot in place, and room for a body between them.

    Parameters
    ----------
    width_in, height_in
        Room for the body, inches.
    look
        Forms, dots and margins.
    """

    def __init__(
        self,
        *,
        width_in: float,
        height_in: float,
        title: str,
        subtitle: str,
        disclaimer: str,
        attribution: str,
        look: Look = USUAL_LOOK,
    ) -> None:
        self.look = look
        self.margin_in = look.margin_in
        heads = [
            (wrapped(title, width_in=width_in, size=13, weight="bold"), 13.0, "bold", INK),
            (wrapped(subtitle, width_in=width_in, size=9.5), 9.5, "normal", QUIET),
        ]
        warning = wrapped(disclaimer, width_in=width_in - 0.3, size=9, weight="bold")
        sources = wrapped(attribution, width_in=width_in, size=6.5)
        head_in = sum(len(lines) * line_in(size) for lines, size, *_ in heads) + 0.12
        warning_in = len(warning) * line_in(9) + 0.26 if warning else 0.0
        foot_in = len(sources) * line_in(6.5) + 0.1
        self.width_in = width_in + 2 * self.margin_in
        self.height_in = height_in + head_in + warning_in + foot_in + 2 * self.margin_in
        self.bottom_in = self.margin_in + foot_in
        self.body_in = height_in
        self.figure = Figure(figsize=(self.width_in, self.height_in), dpi=look.dpi, facecolor=colour("paper"))
        FigureCanvasAgg(self.figure)
        top = self.height_in - self.margin_in
        for lines, size, weight, shade in heads:
            top = self._lines(lines, top, self.margin_in, size=size, weight=weight, shade=shade)
        if warning:
            self._box(top - 0.08, warning_in - 0.12)
            self._lines(warning, top - 0.15, self.margin_in + 0.18, size=9, weight="bold", shade=INK)
        self._lines(sources, self.bottom_in - 0.1, self.margin_in, size=6.5, weight="normal", shade=QUIET)

    def axes(self, *, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Any:
        """Add axes at a place of the body, in inches from its lower left corner."""
        return self.figure.add_axes(
            (
                (self.margin_in + left_in) / self.width_in,
                (self.bottom_in + bottom_in) / self.height_in,
                width_in / self.width_in,
                height_in / self.height_in,
            )
        )

    def blank(self, *, left_in: float, bottom_in: float, width_in: float, height_in: float) -> Any:
        """Add axes without any frame, whose units are inches."""
        axes = self.axes(left_in=left_in, bottom_in=bottom_in, width_in=width_in, height_in=height_in)
        axes.set_xlim(0, width_in)
        axes.set_ylim(0, height_in)
        axes.set_axis_off()
        return axes

    def save(self, path: Path) -> None:
        """Write the page in the form that its suffix says, and beside it in those of the look.

        Equal pages are equal bytes: the version and the date are left out. Letters that the fonts lack are drawn as
        boxes, and control characters in names not at all.
        """
        for text in self.figure.findobj(Text):
            if printable(text.get_text()) != text.get_text():
                text.set_text(printable(text.get_text()))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph ", UserWarning)
            self._write(path)

    def _write(self, path: Path) -> None:
        for file in figure_paths(path, self.look):
            form = file.suffix.removeprefix(".").lower()
            form = form if form in FORMATS else FORMATS[0]
            with writing(file) as temporary:
                if form == "png":
                    _write_png(self.figure.canvas, temporary, self.look.dpi)
                else:
                    self.figure.savefig(temporary, format=form, dpi=self.look.dpi, metadata=UNDATED[form])

    def _lines(self, lines: list[str], top_in: float, left_in: float, *, size: float, weight: str, shade: str) -> float:
        for line in lines:
            place = (left_in / self.width_in, top_in / self.height_in)
            self.figure.text(*place, line, size=size, weight=weight, color=shade, va="top")
            top_in -= line_in(size)
        return top_in

    def _box(self, top_in: float, height_in: float) -> None:
        bottom = (top_in - height_in) / self.height_in
        whole = self.width_in - 2 * self.margin_in
        for width, shade in ((whole, colour("warning_wash")), (0.07, colour("warning"))):
            size = (width / self.width_in, height_in / self.height_in)
            self.figure.add_artist(
                Rectangle(
                    (self.margin_in / self.width_in, bottom), *size, facecolor=shade, transform=self.figure.transFigure
                )
            )


def _write_png(canvas: Any, path: Path, dpi: float) -> None:
    """Write what is drawn on a canvas without its opacity, which is whole everywhere: a fifth less to compress."""
    canvas.draw()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(path, format="PNG", dpi=(dpi, dpi))

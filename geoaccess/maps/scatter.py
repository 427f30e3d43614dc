"""Drawing of computed against published numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.maps.assets import colour, scale
from geoaccess.maps.curves import BELOW_IN, LEFT_IN
from geoaccess.maps.look import panels_in
from geoaccess.maps.sheet import INK, QUIET, Sheet, house_style, wrapped
from geoaccess.phrases import in_words, plain, section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from geoaccess.maps.look import Look
    from geoaccess.zones import CentralityScheme

__all__ = ["draw_scatter"]

SIDE_IN: Final = 3.1
LEGEND_IN: Final = 1.9
NAMED: Final = 4
NAME_STEP: Final = 0.05
LETTER: Final = 0.017
LOWEST: Final = 0.03
# Colour and shape both distinguish the zonings; the colours are those of Okabe and Ito.
_COLOURS: Final = scale("services")
LOOKS: Final = {
    "municipality": (_COLOURS[0], "o"),
    "class": (_COLOURS[1], "s"),
    "everybody": (INK, "D"),
    "region": (_COLOURS[2], "^"),
}
OTHER: Final = (_COLOURS[3], "v")


def draw_scatter(
    path: Path,
    *,
    table: pd.DataFrame,
    statistics: Sequence[str],
    heads: Mapping[str, str],
    language: str,
    scheme: CentralityScheme,
    look: Look,
) -> None:
    """Write the figure of `validation_figure`."""
    own = scheme.words(language)
    words = {key: in_words(phrase, own, language=language) for key, phrase in section(language, "map").items()}
    words |= {f"class {name}": scheme.short(name, language) for name in scheme.ids}
    panels = panels_in(
        look, len(statistics), most_columns=3, panel_in=SIDE_IN, left_in=LEFT_IN + 0.1, legend_in=LEGEND_IN
    )
    side = min(panels.width_in, SIDE_IN)
    columns, step_x, step_y = panels.columns, panels.width_in + LEFT_IN + 0.1, side + BELOW_IN
    width_in = columns * step_x + (LEGEND_IN if panels.beside else 0.0)
    drawn_in, legend_in = panels.rows * step_y, 0.45 + 0.22 * (table["zoning"].nunique() + 1) + 0.6
    with house_style():
        sheet = Sheet(width_in=width_in, height_in=drawn_in + (0.0 if panels.beside else legend_in), look=look, **heads)
        for number, statistic in enumerate(statistics):
            axes = sheet.axes(
                left_in=LEFT_IN + (number % columns) * step_x,
                bottom_in=sheet.body_in - (number // columns + 1) * step_y + 0.5,
                width_in=side,
                height_in=side,
            )
            _panel(axes, table[table["statistic"] == statistic], statistic, words=words, language=language)
        at = (columns * step_x + 0.1, sheet.body_in) if panels.beside else (0.0, legend_in)
        _legend(sheet, at, table, len(statistics), words)
        sheet.save(path)


def _panel(axes: Any, part: pd.DataFrame, statistic: str, *, words: Mapping[str, str], language: str) -> None:
    unit = str(part["unit"].iloc[0])
    computed, published = part["computed"].to_numpy(np.float64), part["published"].to_numpy(np.float64)
    never = np.isinf(computed)
    end = 1.08 * max(float(computed[~never].max(initial=0.0)), float(published.max(initial=0.0)))
    end = end or 1.0
    drawn = np.where(never, end, computed)
    axes.plot([0, end], [0, end], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for zoning in part["zoning"].unique():
        for lost in (False, True):
            chosen = (part["zoning"] == zoning).to_numpy() & (never == lost)
            axes.scatter(published[chosen], drawn[chosen], s=26, **_look(zoning, lost=lost), clip_on=False, zorder=3)
    _name_largest(axes, part.assign(computed=drawn), end, words)
    title = _title(statistic, words, language)
    axes.set_title(title, size=9.5, weight="bold", loc="left", pad=7)
    word = words.get(f"unit_{unit}", unit)
    axes.set(xlim=(0, end), ylim=(0, end), aspect="equal")
    axes.set_xlabel(words["published"].format(unit=word))
    axes.set_ylabel(words["computed"].format(unit=word))
    axes.grid(color=colour("grid"), linewidth=0.6)


def _look(zoning: str, *, lost: bool) -> dict[str, Any]:
    shade, marker = LOOKS.get(zoning, OTHER)
    if lost:
        return {"facecolors": colour("paper"), "edgecolors": shade, "marker": marker, "linewidths": 1.3}
    return {"facecolors": shade, "edgecolors": colour("paper"), "marker": marker, "linewidths": 0.5}


def _title(statistic: str, words: Mapping[str, str], language: str) -> str:
    kind, _, number = statistic.rpartition("_")
    if number[:1].isdigit() and kind in words:
        return words[kind].format(n=plain(float(number), language=language))
    return words.get(statistic, statistic)


def _name_largest(axes: Any, part: pd.DataFrame, end: float, words: Mapping[str, str]) -> None:
    """Write names on the side of the largest differences that is away from the line, none on another."""
    size = part["difference"].abs()
    named = part.loc[size[size > 0].sort_values(ascending=False, kind="stable").index[:NAMED]]
    rows = named.sort_values("computed", kind="stable").to_dict("records")
    for above in (False, True):
        side = [row for row in rows if (row["computed"] > row["published"]) == above]
        places = [(row["published"] / end, row["computed"] / end, _name(row, words)) for row in side]
        rooms = [LETTER * len(name) + 0.04 for *_, name in places]
        inside = [x > room if above else x < 1.05 - room for (x, *_), room in zip(places, rooms, strict=True)]
        away = 0.06 if above else -0.06
        heights = apart([y if near else y + away for (_, y, _), near in zip(places, inside, strict=True)])
        for (x, y, name), near, height in zip(places, inside, heights, strict=True):
            left = above == near
            axes.annotate(
                name,
                (x * end, y * end),
                xytext=(x + (-0.03 if left else 0.03), height),
                textcoords="axes fraction",
                size=7,
                color=INK,
                ha="right" if left else "left",
                va="center",
                bbox={"facecolor": colour("paper"), "edgecolor": "none", "alpha": 0.75, "pad": 0.4},
                arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2},
                zorder=2,
            )


def apart(heights: Sequence[float]) -> list[float]:
    """Move heights in rising order (shares of a panel) apart and into the panel, no farther than needed.

    >>> [round(height, 2) for height in apart([-0.1, 0.0, 0.5, 1.1])]
    [0.03, 0.08, 0.5, 0.97]
    """
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + NAME_STEP if moved else LOWEST))
    top = 1.0 - LOWEST
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], top)
        top = moved[place] - NAME_STEP
    return moved


def _name(row: Mapping[Any, Any], words: Mapping[str, str]) -> str:
    """Return a name short enough for a panel: of several languages the first."""
    if row["zoning"] == "class":
        return words.get(f"class {row['group']}", str(row["group"]))
    if row["zoning"] == "everybody":
        return words["zoning_everybody"]
    return wrapped(str(row["name"]).split(" - ")[0], width_in=SIDE_IN / 2, size=7)[0]


def _legend(
    sheet: Sheet, at_in: tuple[float, float], table: pd.DataFrame, drawn: int, words: Mapping[str, str]
) -> None:
    left_in, high_in = at_in
    axes = sheet.blank(left_in=left_in, bottom_in=0, width_in=LEGEND_IN, height_in=high_in)
    top = high_in - 0.45
    axes.plot([0, 0.25], [top, top], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.text(0.35, top, words["one_to_one"], size=8, va="center")
    rows = [(zoning, words.get(f"zoning_{zoning}", zoning), False) for zoning in table["zoning"].unique()]
    if np.isinf(table["computed"].to_numpy(np.float64)).any():
        rows.append((table["zoning"].iloc[0], words["never"], True))
    for zoning, label, lost in rows:
        top -= 0.22
        axes.scatter([0.12], [top], s=30, **_look(zoning, lost=lost))
        axes.text(0.35, top, label, size=8, va="center")
    many = table["statistic"].nunique()
    if many > drawn:
        top -= 0.3
        for line in wrapped(words["drawn"].format(n=drawn, m=many), width_in=LEGEND_IN, size=7):
            axes.text(0, top, line, size=7, color=QUIET, va="top")
            top -= 0.13

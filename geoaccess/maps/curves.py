"""Drawing of curves: people within a time, and Lorenz curves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from geoaccess import phrases
from geoaccess.maps.assets import colour, scale
from geoaccess.maps.bands import NO_CLASS_COLOUR
from geoaccess.maps.labels import class_label
from geoaccess.maps.look import panels_in
from geoaccess.maps.results import people_column, people_of
from geoaccess.maps.sheet import INK, QUIET, Sheet, house_style, wrapped
from geoaccess.phrases import people, section, threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.maps.look import Look
    from geoaccess.maps.lorenz import LorenzCurve
    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = ["class_groups", "draw_curve", "draw_equality", "draw_lorenz", "draw_panel", "draw_time_curves"]

PANEL_IN: Final = (3.75, 2.55)
LEFT_IN: Final = 0.55
BELOW_IN: Final = 0.85
LORENZ_IN: Final = 4.6
LEGEND_IN: Final = 2.6
NORM: Final = colour("norm")
MOST_TICKS: Final = 8
# Colour and dash both distinguish the classes.
DASHES: Final = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)))
SERVICE_COLOURS: Final = scale("services")


def draw_time_curves(
    path: Path,
    *,
    results: pd.DataFrame,
    services: Sequence[Service],
    heads: Mapping[str, str],
    language: str,
    scheme: CentralityScheme,
    look: Look,
    counted: Mapping[str, npt.NDArray[np.float64]],
) -> None:
    """Write the panels of `time_curves`."""
    words = section(language, "map")
    population = results["population"].to_numpy(dtype=np.float64)
    groups = class_groups(results, population, scheme, language)
    side_in = LEGEND_IN + 0.25
    panels = panels_in(look, len(services), most_columns=2, panel_in=PANEL_IN[0], left_in=LEFT_IN, legend_in=side_in)
    high_in = PANEL_IN[1] * min(panels.width_in / PANEL_IN[0], 1.0)
    step_x, step_y = panels.width_in + LEFT_IN, high_in + BELOW_IN
    drawn_in = panels.rows * step_y
    notes = wrapped(words["curve_note"], width_in=LEGEND_IN, size=7)
    legend_in = 0.24 * len(groups) + 0.3 + 0.25 + 0.13 * len(notes)
    width_in = panels.columns * step_x + (side_in if panels.beside else 0.0)
    height_in = max(drawn_in, 0.26 * len(groups) + 0.3) + 0.1 if panels.beside else drawn_in + legend_in
    with house_style():
        sheet = Sheet(width_in=width_in, height_in=height_in, look=look, **heads)
        for number, service in enumerate(services):
            axes = sheet.axes(
                left_in=LEFT_IN + (number % panels.columns) * step_x,
                bottom_in=sheet.body_in - (number // panels.columns + 1) * step_y + 0.5,
                width_in=panels.width_in - 0.1,
                height_in=high_in,
            )
            times = results[f"{service.key}_s"].to_numpy(dtype=np.float64)
            draw_panel(
                axes,
                service,
                times,
                counted.get(people_column(service), people_of(results, service)),
                groups,
                words=words,
                language=language,
                width_in=panels.width_in,
            )
        at = (panels.columns * step_x + 0.25, sheet.body_in) if panels.beside else (0.0, legend_in)
        _class_legend(sheet, at, groups, population, scheme.title(language), language)
        sheet.save(path)


class Group(NamedTuple):
    """Whose curve is drawn: the cells, the name and the look of its line; everybody in bold."""

    rows: npt.NDArray[np.bool_]
    label: str
    look: dict[str, Any]
    bold: bool = False


def class_groups(
    results: pd.DataFrame, population: npt.NDArray[np.float64], scheme: CentralityScheme, language: str
) -> list[Group]:
    """Return each class that has people, those in no class, and everybody."""
    everyone = np.ones(len(population), dtype=np.bool_)
    look = {"color": INK, "linewidth": 2.2, "zorder": 5}
    whole = Group(everyone, section(language, "map")["total"], look, bold=True)
    if "centrality_class" not in results.columns or not results["centrality_class"].notna().any():
        return [whole]
    places = scheme.positions(results["centrality_class"])
    found = []
    for place, one in enumerate(scheme.classes):
        look = {"color": one.colour, "linewidth": 1.7, "linestyle": DASHES[place % len(DASHES)]}
        found.append(Group(places == place, class_label(one.id, scheme, language=language), look))
    look = {"color": NO_CLASS_COLOUR, "linewidth": 1.4}
    found.append(Group(places < 0, class_label("", scheme, language=language), look))
    return [*(group for group in found if population[group.rows].sum() > 0), whole]


def draw_panel(
    axes: Any,
    service: Service,
    times_s: npt.NDArray[np.float64],
    population: npt.NDArray[np.float64],
    groups: Sequence[Group],
    *,
    words: Mapping[str, str],
    language: str,
    width_in: float = PANEL_IN[0],
) -> None:
    """Draw a line for each group: which share of its people need at most each time; with the norms of the service."""
    end = _end_s(times_s, population, service.norms_s)
    at = np.linspace(0, end, 721)
    for group in groups:
        if not population[group.rows].sum() > 0:
            continue  # nobody there whom this service is asked about
        axes.plot(at / 60, 100 * within(times_s[group.rows], population[group.rows], at), **group.look)
    for norm in service.norms_s:
        axes.axvline(norm / 60, color=NORM, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        text = f"{words['norm']} {threshold(norm, language=language)} {words['min']}"
        axes.annotate(
            text,
            (norm / 60, 3),
            xytext=(3.5, 0),
            textcoords="offset points",
            rotation=90,
            size=7,
            color=NORM,
            va="bottom",
            bbox={"facecolor": colour("paper"), "edgecolor": "none", "alpha": 0.85, "pad": 0.6},
            zorder=6,
        )
    axes.set_title(
        "\n".join(wrapped(service.label, width_in=width_in, size=9.5, weight="bold")[:2]),
        size=9.5,
        weight="bold",
        loc="left",
        pad=5,
    )
    x, y = ("curve_x_response", "curve_y_response") if service.from_call else ("curve_x", "curve_y")
    axes.set(xlim=(0, end / 60), ylim=(0, 101), xlabel=words[x])
    axes.set_ylabel(words[y])
    axes.set_yticks(range(0, 101, 20))
    step = next(step for step in (5, 10, 15, 30, 60, 120, 240, 480, 10**6) if end <= MOST_TICKS * 60 * step)
    axes.set_xticks(np.arange(0, end / 60 + 1e-9, step))
    axes.grid(color=colour("grid"), linewidth=0.6)


def within(
    times_s: npt.NDArray[np.float64], population: npt.NDArray[np.float64], at_s: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the share of all people, those not reached among them, who need at most each time.

    Examples
    --------
    >>> within(np.array([60.0, 300.0, np.inf]), np.array([1.0, 2.0, 1.0]), np.array([0.0, 60.0, 299.0, 300.0])).tolist()
    [0.0, 0.25, 0.25, 0.75]
    """
    reached = np.isfinite(times_s)
    order = np.argsort(times_s[reached], kind="stable")
    summed = np.concatenate([[0.0], np.cumsum(population[reached][order])])
    share: npt.NDArray[np.float64] = (
        summed[np.searchsorted(times_s[reached][order], at_s, side="right")] / population.sum()
    )
    return share


def _end_s(times_s: npt.NDArray[np.float64], population: npt.NDArray[np.float64], norms_s: Sequence[float]) -> float:
    """Choose where the axis ends: past the norms and past nearly all who are reached, on a whole quarter of an hour."""
    reached = np.isfinite(times_s)
    order = np.argsort(times_s[reached])
    summed = np.cumsum(population[reached][order])
    last = 0.0
    if len(summed) and summed[-1] > 0:
        last = float(times_s[reached][order][np.searchsorted(summed, 0.998 * summed[-1])])
    return 900.0 * max(math.ceil(max(last, 1.25 * max(norms_s, default=0.0)) / 900), 1)


def _class_legend(
    sheet: Sheet,
    at_in: tuple[float, float],
    groups: Sequence[Group],
    population: npt.NDArray[np.float64],
    title: str,
    language: str,
) -> None:
    words = section(language, "map")
    left_in, high_in = at_in
    axes = sheet.blank(left_in=left_in, bottom_in=0, width_in=LEGEND_IN, height_in=high_in)
    top = high_in - 0.3
    axes.text(LEGEND_IN, top, words["people"], size=7.5, color=QUIET, ha="right", va="center")
    axes.text(0, top, title if len(groups) > 1 else "", size=7.5, color=QUIET, va="center")
    for group in groups:
        top -= 0.24
        axes.plot([0, 0.36], [top, top], **group.look)
        axes.text(0.46, top, group.label, size=8.5, va="center", weight="bold" if group.bold else "normal")
        number = people(float(population[group.rows].sum()), language=language)
        axes.text(LEGEND_IN, top, number, size=8.5, ha="right", va="center")
    top -= 0.25
    for line in wrapped(words["curve_note"], width_in=LEGEND_IN, size=7):
        axes.text(0, top, line, size=7, color=QUIET, va="top")
        top -= 0.13


def draw_equality(axes: Any, *, words: Mapping[str, str]) -> None:
    """Lay out the square of a Lorenz curve, with the line of equality."""
    axes.plot([0, 100], [0, 100], color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), label=words["equality"])
    axes.set(xlim=(0, 100), ylim=(0, 100), xlabel=words["lorenz_x"], ylabel=words["lorenz_y"], aspect="equal")
    axes.grid(color=colour("grid"), linewidth=0.6)


def draw_curve(axes: Any, population_share: Any, time_share: Any, *, number: int, label: str) -> None:
    """Draw a Lorenz curve, in the look of the numbered one of several."""
    axes.plot(
        100 * np.asarray(population_share),
        100 * np.asarray(time_share),
        color=SERVICE_COLOURS[number % len(SERVICE_COLOURS)],
        linestyle=DASHES[number // len(SERVICE_COLOURS) % 3],
        linewidth=1.9,
        label=label,
    )


def draw_lorenz(
    path: Path, *, curves: Sequence[LorenzCurve], heads: Mapping[str, str], language: str, look: Look
) -> None:
    """Write the figure of `lorenz_figure`."""
    words = section(language, "map")
    names = []
    for curve in curves:
        gini = phrases.number(curve.gini, 2, language=language)
        names.append("\n".join(wrapped(f"{curve.label} (Gini\u00a0{gini})", width_in=LEGEND_IN - 0.6, size=8.5)))
    panel = panels_in(look, 1, most_columns=1, panel_in=LORENZ_IN, left_in=LEFT_IN, legend_in=LEGEND_IN + 0.3)
    side = min(panel.width_in, LORENZ_IN)
    below = 0.0 if panel.beside else 0.2 + sum(0.16 * name.count("\n") + 0.24 for name in [*names, words["equality"]])
    width_in = look.body_in or side + LEFT_IN + LEGEND_IN + 0.3
    with house_style():
        sheet = Sheet(width_in=width_in, height_in=side + 0.55 + below, look=look, **heads)
        axes = sheet.axes(left_in=LEFT_IN, bottom_in=0.45 + below, width_in=side, height_in=side)
        draw_equality(axes, words=words)
        for number, (curve, name) in enumerate(zip(curves, names, strict=True)):
            draw_curve(axes, curve.population_share, curve.time_share, number=number, label=name)
        place = (1.03, 1.0) if panel.beside else (0.0, -0.5 / side)
        axes.legend(loc="upper left", bbox_to_anchor=place, frameon=False, borderaxespad=0, labelspacing=0.8)
        sheet.save(path)

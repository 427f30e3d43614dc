"""The figure of a series of runs: mean travel time, and people within the first norm, from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.errors import InputError
from geoaccess.maps.assets import scale
from geoaccess.maps.look import USUAL_LOOK, Look, panels_in
from geoaccess.phrases import section, threshold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from geoaccess.maps.results import Service

__all__ = ["series_figure"]

_PANEL_IN: Final = (3.4, 2.4)
_LEFT_IN: Final = 0.6
_LEGEND_IN: Final = 0.24
_MARKS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")


def series_figure(
    path: Path,
    *,
    series: pd.DataFrame,
    services: Sequence[Service],
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write how services stand in each of some runs: mean travel time, and the share within the first norm.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    series
        A row per run and service: `run`, `year`, `service`, `mean_s` and, where there are norms, `norm_1_s` and
        `share_within_norm_1`. Runs of as many years stand at their years, others side by side.
    look
        Further forms, dots and width.

    Raises
    ------
    InputError
        If there is nothing to draw.
    """
    if series.empty or not services:
        raise InputError("series_figure: there is no run, or no service, to draw")
    from geoaccess.maps.sheet import Sheet, house_style  # matplotlib is slow to import

    words = section(language, "runs")
    runs = [*dict.fromkeys(series["run"])]
    years = [int(series.loc[series["run"] == run, "year"].iloc[0]) for run in runs]
    at = np.array(years if len(set(years)) == len(runs) else range(len(runs)), dtype=np.float64)
    with_norm = [one for one in services if one.norms_s]
    panels = [
        ("mean_s", words["mean"], [*services]),
        *([("share", words["within_first"], with_norm)] * bool(with_norm)),
    ]
    heads = {"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution}
    layout = panels_in(look, len(panels), most_columns=2, panel_in=_PANEL_IN[0], left_in=_LEFT_IN, legend_in=0.2)
    below = 0.5 + _LEGEND_IN * len(services)
    step_x, step_y = layout.width_in + _LEFT_IN, _PANEL_IN[1] + below + 0.3
    with house_style():
        sheet = Sheet(width_in=layout.columns * step_x + 0.2, height_in=layout.rows * step_y, look=look, **heads)
        for number, (column, heading, some) in enumerate(panels):
            axes = sheet.axes(
                left_in=_LEFT_IN + number % layout.columns * step_x,
                bottom_in=sheet.body_in - (number // layout.columns + 1) * step_y + below,
                width_in=layout.width_in - 0.2,
                height_in=_PANEL_IN[1],
            )
            for service in some:
                place = [one.key for one in services].index(service.key)
                _line(axes, series, service, runs, at, column=column, number=place, language=language)
            axes.set_title(heading, size=9.5, weight="bold", loc="left")
            axes.set_xticks(at, runs)
            axes.set_ylim(0, 101 if column == "share" else None)
            axes.margins(x=0.12)
            axes.grid(axis="y", linewidth=0.6, alpha=0.5)
            axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.1), frameon=False, fontsize=7.5)
        sheet.save(path)


def _line(
    axes: Any,
    series: pd.DataFrame,
    service: Service,
    runs: list[str],
    at: np.ndarray[Any, Any],
    *,
    column: str,
    number: int,
    language: str,
) -> None:
    rows = series[series["service"] == service.key].set_index("run").reindex(runs)
    colours = scale("services")
    values = rows["mean_s"] / 60 if column == "mean_s" else 100 * rows["share_within_norm_1"]
    words = section(language, "runs")
    label = service.label
    if column == "share":
        norm = "/".join(threshold(limit, language=language) for limit in service.norm_limits[0])
        label = words["share_label"].format(label=label, norm=norm)
    axes.plot(
        at,
        values.to_numpy(np.float64),
        marker=_MARKS[number % len(_MARKS)],
        markersize=4.5,
        color=colours[number % len(colours)],
        linewidth=1.6,
        label=label,
    )

"""The ranked dot plot of municipalities, as places on a drawing: median and P90, coloured by centrality class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from geoaccess.maps.bands import NO_CLASS_COLOUR
from geoaccess.maps.labels import class_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.maps.report_content import ServiceFindings
    from geoaccess.phrases import Writer
    from geoaccess.zones import CentralityScheme

__all__ = ["DotPlot", "dot_plot"]

_FEW: Final = 45  # so many are readable in one drawing across the page; more go in columns
_ROWS_A_COLUMN: Final = 72
_MOST_TICKS: Final = 6
_STEPS_MIN: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 960, 1920)


@dataclass(frozen=True)
class Dot:
    """A municipality: places along the axis, None where the quantile is not reached."""

    name: str
    y: float
    colour: str
    median_x: float | None
    p90_x: float | None
    text: str


@dataclass(frozen=True)
class Panel:
    """One drawing of the plot, in its own units."""

    title: str
    height: float
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class DotPlot:
    """All drawings of one service; they share the axis, from `left` to `right`, and the marks on it."""

    panels: tuple[Panel, ...]
    width: float
    left: float
    right: float
    size: float
    ticks: tuple[tuple[float, str], ...]
    norms: tuple[tuple[float, str, str], ...]
    legend: tuple[tuple[str, str], ...]
    caption: str
    alt: str
    few: bool


def dot_plot(found: ServiceFindings, scheme: CentralityScheme, writer: Writer) -> DotPlot | None:
    """Place every municipality with people, the longest median first; nothing where there is none."""
    rows = found.municipalities.copy()
    rows["rank"] = rows["median_s"].fillna(math.inf)
    rows["next"] = rows["p90_s"].fillna(math.inf)
    rows = rows.sort_values(["rank", "next", "municipality"], ascending=[False, False, True])
    if rows.empty:
        return None
    few = len(rows) <= _FEW
    width, left, size = (560.0, 200.0, 11.0) if few else (360.0, 122.0, 8.6)
    right, step = width - 24.0, size * (1.5 if few else 1.24)
    longest = max(
        (time for time in (*rows["rank"], *rows["next"], *found.norms_s) if math.isfinite(time)), default=60.0
    )
    tick = next((step_min for step_min in _STEPS_MIN if longest / 60 <= _MOST_TICKS * step_min), _STEPS_MIN[-1])
    end = 60.0 * tick * math.ceil(max(longest / 60 / tick, 1))

    def place(time_s: float) -> float | None:
        return round(left + (right - left) * time_s / end, 2) if math.isfinite(time_s) else None

    columns = 1 if few else max(math.ceil(len(rows) / _ROWS_A_COLUMN), 2)
    rows_a_panel = math.ceil(len(rows) / columns)
    panels = []
    records = rows.to_dict("records")
    for first in range(0, len(records), rows_a_panel):
        part = records[first : first + rows_a_panel]
        dots = tuple(
            _dot(
                row,
                scheme,
                writer,
                y=round(2.6 * size + number * step, 2),
                median=place(row["rank"]),
                p90=place(row["next"]),
                few=few,
            )
            for number, row in enumerate(part)
        )
        title = writer.text("dots_part", first=str(first + 1), last=str(first + len(part))) if columns > 1 else ""
        panels.append(Panel(title, round(3.4 * size + len(part) * step, 1), dots))
    there = set(rows["centrality_class"].map(str))
    legend = [
        (one.colour, class_label(one.id, scheme, language=writer.language)) for one in scheme.classes if one.id in there
    ]
    if not there <= set(scheme.ids):
        legend.append((NO_CLASS_COLOUR, class_label("", scheme, language=writer.language)))
    caption = writer.text("dots_caption_response" if found.from_call else "dots_caption", service=found.label)
    if not all(math.isfinite(time) for time in rows["next"]):
        caption += f" {writer['dots_arrow']}"
    first_name = _name(records[0], writer)
    return DotPlot(
        panels=tuple(panels),
        width=width,
        left=left,
        right=right,
        size=size,
        ticks=tuple((place(60.0 * at) or 0.0, writer.significant(at)) for at in range(0, int(end / 60) + 1, tick)),
        norms=_norms([(place(norm) or 0.0, writer.threshold(norm)) for norm in found.norms_s], apart=5 * size),
        legend=tuple(legend),
        caption=caption,
        alt=writer.text(
            "dots_alt", n=writer.people(len(rows)), first=f"{first_name}, {writer.minutes(records[0]['rank'])}"
        ),
        few=few,
    )


def _norms(marks: list[tuple[float, str]], *, apart: float) -> tuple[tuple[float, str, str], ...]:
    """Say on which side of its line the name of each norm stands, so that those of neighbours do not meet."""
    found = []
    for number, (x, label) in enumerate(marks):
        close_left = number > 0 and x - marks[number - 1][0] < apart
        close_right = number + 1 < len(marks) and marks[number + 1][0] - x < apart
        found.append((x, label, "start" if close_left else "end" if close_right else "middle"))
    return tuple(found)


def _dot(
    row: Mapping[Any, Any],
    scheme: CentralityScheme,
    writer: Writer,
    *,
    y: float,
    median: float | None,
    p90: float | None,
    few: bool,
) -> Dot:
    name, klass = _name(row, writer), str(row["centrality_class"])
    place = scheme.position(klass)
    after = "" if place < 0 else f" {klass}"
    room = (30 if few else 22) - len(after)  # what is longer would begin off the drawing
    short = name if len(name) <= room else f"{name[: room - 1].rstrip()}…"
    colour = NO_CLASS_COLOUR if place < 0 else scheme.colours[place]
    times = [writer.minutes(float(str(row[key]))) for key in ("rank", "next")]
    text = f"{name}: {times[0]} / {times[1]} {writer['min']}"
    return Dot(f"{short}{after}", y, colour, median, p90, text)


def _name(row: Mapping[Any, Any], writer: Writer) -> str:
    name = str(row["municipality"])
    return writer["no_municipality"] if name in ("", "unclassified") else name

"""The page of runs that are compared: how each stands, and what people and travel times made of every change."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from geoaccess.files import writing
from geoaccess.maps.assets import palette_style
from geoaccess.phrases import Writer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

__all__ = ["RunsSection", "runs_page"]


@dataclass(frozen=True)
class RunsSection:
    """A part of the page: a heading, pictures (PNG) with what they show, a note, and tables as printed, with titles."""

    title: str
    tables: Sequence[tuple[str, pd.DataFrame]]
    pictures: Sequence[tuple[str, Path]] = ()
    note: str = ""


def runs_page(
    path: Path,
    *,
    sections: Sequence[RunsSection],
    notes: Sequence[str],
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
) -> None:
    """Write the page as one HTML file: it needs no network, and runs no script. Every name is shown as text."""
    import jinja2

    writer = Writer(language, ("runs", "comparison", "map"))
    source = resources.files("geoaccess.maps").joinpath("templates/runs.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(
        source
    )
    shown = [
        {
            "title": section.title,
            "note": section.note,
            "pictures": [
                (alt, base64.b64encode(picture.read_bytes()).decode("ascii")) for alt, picture in section.pictures
            ],
            "tables": [
                {"title": heading, "head": [*table.columns], "rows": table.to_numpy(dtype=object).tolist()}
                for heading, table in section.tables
            ],
        }
        for section in sections
    ]
    html = template.render(
        writer=writer,
        palette=palette_style(),
        sections=shown,
        notes=notes,
        title=title,
        subtitle=subtitle,
        disclaimer=disclaimer,
        attribution=attribution,
        language=language,
    )
    with writing(path) as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")

"""What every note of a study has, whatever was asked: data, known gaps, citation, places to name, and words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geoaccess import files, maps
from geoaccess.defaults import FIGURE_DPI
from geoaccess.frames import crs_of
from geoaccess.maps.report import citation
from geoaccess.maps.report_sentences import main_limits, service_limits
from geoaccess.maps.report_tables import data_table
from geoaccess.phrases import Writer
from geoaccess.study.results.output import drawn_below, figure_words, input_digests
from geoaccess.study.results.report import report_of
from geoaccess.study.results.tables import all_tables
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from geoaccess.maps.report_tables import Table
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["MAP_IN", "Frame"]

MAP_IN: Final = (4.3, 4.9)
_SECTIONS: Final = ("report", "note", "comparison", "terminal", "map")


@dataclass(frozen=True, eq=False)
class Frame:
    """A study that a note is about, solved as it is."""

    study: Study
    answers: Answers

    @cached_property
    def writer(self) -> Writer:
        """Writes in the language of the study."""
        return Writer(self.study.settings.language, _SECTIONS, self.study.words)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the study as it is."""
        return all_tables(self.answers)

    @cached_property
    def report(self) -> maps.Report:
        """What the report of the study says, without its pictures."""
        return report_of(self.answers, self.tables, pictures={}, digests=input_digests(self.study))

    def found(self, service: str) -> maps.ServiceFindings:
        """Return what the report found of a service."""
        return next(found for found in self.report.services if found.key == service)

    def limits(self, service: str) -> tuple[str, ...]:
        """Return the known gaps of the data that touch findings of a service."""
        return tuple(service_limits(self.found(service), self.writer))

    def note(
        self,
        *,
        heading: str,
        question: str,
        about: str = "",
        findings: Sequence[maps.Finding],
        picture: maps.NoteMap | None,
        tables: Sequence[Table],
        uncertain: Sequence[str],
    ) -> maps.Note:
        """Return the note, with what it has in common with every other one of the study."""
        settings, report = self.study.settings, self.report
        return maps.Note(
            language=self.writer.language,
            heading=heading,
            title=settings.title,
            subtitle=settings.subtitle,
            disclaimer=settings.disclaimer,
            question=question,
            about=about,
            findings=findings,
            map=picture,
            tables=tables,
            uncertain=[*uncertain, *main_limits(report, self.writer), self.writer["files"]],
            data=data_table(report, self.writer),
            attribution=report.attribution,
            citation=citation(report, self.writer),
            version=__version__,
        )

    def map(
        self,
        draw: Callable[[Path, dict[str, Any]], None],
        *,
        title: str,
        caption: str,
        findings: Sequence[maps.Finding],
    ) -> maps.NoteMap:
        """Return a map that `draw` writes, given its file and what stands on every map of the study."""
        heads = figure_words(self.study) | {"title": title}
        heads["look"] = replace(heads["look"], formats=("png",), dpi=FIGURE_DPI, width_mm=None)
        with files.scratch() as folder:
            path = folder / "map.png"
            draw(path, heads | {"subtitle": ""})
            picture = path.read_bytes()
        text = " ".join(finding.text for finding in findings)
        return maps.NoteMap(picture, caption, self.writer.text("alt_text", caption=caption, text=text))

    @cached_property
    def below(self) -> dict[str, Any]:
        """What lies under the cells of a map, and the names over them: where no place has one, the municipalities'."""
        below = drawn_below(self.answers)
        return below if len(below["places"]) else below | {"places": _named_municipalities(self.answers.results)}


def _named_municipalities(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return each municipality as a point with its name, at its cell of most people, the largest first."""
    table = pd.DataFrame(
        {
            "name": cells["municipality"].astype(object).fillna("").astype(str).to_numpy(),
            "people": cells["population"].to_numpy(np.float64),
            "row": np.arange(len(cells)),
        }
    )
    table = table[table["name"] != ""].sort_values("people", ascending=False, kind="stable")
    at = table.drop_duplicates("name").set_index("name")["row"]
    order = table.groupby("name", sort=True)["people"].sum().sort_values(ascending=False, kind="stable")
    points = cells.geometry.centroid.to_numpy()[at[order.index].to_numpy()]
    columns = {"name": order.index.to_numpy(object), "small": False, "people": order.to_numpy()}
    return gpd.GeoDataFrame(columns, geometry=points, crs=crs_of(cells))

"""Filters of a study that leave nothing out: said by the check, as they may not be what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess import files
from geoaccess.study.settings.inputs import SitesFromFile, ZonesFromFile
from geoaccess.tables import read_table, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd

    from geoaccess.phrases import Writer
    from geoaccess.study.settings.study_file import Study

__all__ = ["CLIP_IDLE", "idle_filters"]

CLIP_IDLE = "clip_idle"
"""Key in the attributes of cells: whether the clip of a study left none of them out."""


def idle_filters(study: Study, cells: gpd.GeoDataFrame, writer: Writer) -> list[str]:
    """Name the filters of a study that keep every row; `cells` as `read_people` returns them."""
    lines = [writer["c_clip_idle"]] if cells.attrs.get(CLIP_IDLE) else []
    for key, file, layer, where in _where(study):
        if where:
            rows = read_table(files.require(study.resolve(file)), layer=layer, columns=list(where), only=True)
            idle = [
                column
                for column, values in where.items()
                if column in rows and read_text(rows, column).isin([str(value).strip() for value in values]).all()
            ]
            lines += [writer.text("c_where_idle", table=key, column=column) for column in idle]
    return lines


def _where(study: Study) -> Iterator[tuple[str, str, str | None, Mapping[str, Sequence[str]]]]:
    settings = study.settings
    yield "[population]", settings.population.file, settings.population.layer, settings.population.where
    for source in settings.sites:
        if isinstance(source, SitesFromFile):
            yield "[[sites]]", source.file, source.layer, source.where
    if isinstance(settings.zones, ZonesFromFile):
        yield "[zones]", settings.zones.file, settings.zones.layer, settings.zones.where

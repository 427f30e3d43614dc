"""The sites of a study as people name them: in scenarios, tables and on the command line."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from geoaccess import files, services
from geoaccess.errors import InputError
from geoaccess.study import stages
from geoaccess.study.settings.inputs import SitesFromFile
from geoaccess.study.site_columns import read_with_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd

    from geoaccess.services import SiteDirectory
    from geoaccess.study.sections.inputs import SectionInput
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities

__all__ = ["find_sites", "site_directory"]


def site_directory(
    study: Study, sites: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, municipalities: Municipalities | None
) -> SiteDirectory:
    """Return a directory of sites of a study, with the municipality that each lies in, see `municipalities_at`."""

    @cache
    def zones() -> Mapping[Any, str]:
        found = stages.municipalities_at(study, sites.geometry, cells, municipalities)
        return dict(zip(sites.index, found["municipality"], strict=True))

    @cache
    def former() -> Mapping[str, Any]:
        return _numbered_rows(study)

    return services.SiteDirectory(sites, zones=zones, former=former)


def find_sites(
    known: SectionInput, table: pd.DataFrame, *, service: str | None, names: Mapping[str, str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return a table with the id of the site that each cell of some columns means, and what is wrong, a line each.

    Parameters
    ----------
    known
        The study and its sites.
    table
        Columns of ids or names of sites, as text.
    service
        Whose sites they are; None for any.
    names
        The columns, and beside each the column that says what the site is called: an id is checked by it where it
        is not "".
    """
    directory = site_directory(known.study, known.sites, known.results, known.municipalities)
    found: dict[str, list[Any]] = {}
    problems: list[str] = []
    for column, beside in names.items():
        found[column] = []
        for row, text, name in zip(table.index, table[column], table[beside], strict=True):
            try:
                found[column].append(directory.find(text, service=service, name=name))
            except InputError as error:
                found[column].append(text)
                problems.append(f"row {row}: {column}: {error}")
    return table.assign(**found).drop(columns=[*names.values()]), problems


def _numbered_rows(study: Study) -> dict[str, str]:
    """Return the id of each site by the number of its row, as ids were written before they were made of names."""
    found: dict[str, str] = {}
    for source in study.settings.sites:
        if isinstance(source, SitesFromFile) and "id" not in source.columns:
            table = read_with_columns(study, source, files.require(study.resolve(source.file)))
            number = (table.groupby("service").cumcount() + 1).map("{:03d}".format)
            found |= dict(zip(table["service"] + "-" + number, table.index, strict=True))
    for key, service in study.settings.services.items():
        source_key = service.sites_of
        if source_key:
            found |= {
                label.replace(f"{source_key}-", f"{key}-", 1): now.replace(f"{source_key}-", f"{key}-", 1)
                for label, now in found.items()
                if label.startswith(f"{source_key}-")
            }
    return found

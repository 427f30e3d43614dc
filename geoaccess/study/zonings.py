"""The zonings of a study: which column of the cells says what area they lie in, and by what a table is summed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import files, zones
from geoaccess.errors import InputError
from geoaccess.study.municipality_numbers import matched
from geoaccess.study.settings.config_sections import ZoningFromColumn, ZoningFromTable
from geoaccess.study.settings.demand import EVENTS
from geoaccess.study.settings.service_people import people_column
from geoaccess.study.study_tables import read_given
from geoaccess.tables import to_numbers, zone_number

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.measures.groups import Zoning
    from geoaccess.study.settings.config_sections import ZoningFromFile
    from geoaccess.study.settings.study_file import Study

__all__ = ["carried_columns", "carried_demands", "join_zonings", "labels_of_zonings", "zonings_of"]


def carried_columns(study: Study) -> list[str]:
    """Return the columns of the population table that are read: zonings, demand, ages and what the chain asks for."""
    zonings = [one.column for one in study.settings.zonings if isinstance(one, ZoningFromColumn)]
    return list(dict.fromkeys([*zonings, *carried_demands(study), *study.columns]))


def carried_demands(study: Study) -> list[str]:
    """Return the columns of people that catchments ask of the population table; `population_...` the study makes."""
    named = [study.demand_of(one) for one in study.settings.catchments.values()]
    made = {people_column(name) for name in EVENTS}
    return [name for name in dict.fromkeys(named) if not name.startswith("population") and name not in made]


def join_zonings(study: Study, cells: gpd.GeoDataFrame, joined: pd.DataFrame) -> pd.DataFrame:
    """Return a column for each of [[zonings]], "" where a cell lies in no area, and the demand of catchments.

    Parameters
    ----------
    cells
        With the columns that `carried_columns` names.
    joined
        With `municipality_id`, on the same index.

    Raises
    ------
    InputError
        If a file cannot be read or lacks a column, a municipality is in two areas, or people are no numbers.
    """
    found: dict[str, pd.Series] = {}
    for zoning in study.settings.zonings:
        if isinstance(zoning, ZoningFromColumn):
            values = cells[zoning.column].convert_dtypes().astype("object")  # 5.0 is the area 5
            found[zoning.name] = values.where(values.notna(), "").astype("str").str.strip()
        elif isinstance(zoning, ZoningFromTable):
            found[zoning.name] = _areas_of_cells(study, zoning, joined["municipality_id"])
        else:
            found[zoning.name] = _inside(study, zoning, cells)
    for name in carried_demands(study):
        found[name] = _numbers(study, cells[name])
    return pd.DataFrame(found, index=cells.index)


def zonings_of(study: Study, results: pd.DataFrame) -> dict[str, Zoning]:
    """Return by what the tables of a study are summed, as `by` of `geoaccess.measures.summarise_services`."""
    region: dict[str, Zoning] = {"region": "region"} if (results["region"] != "").any() else {}
    standing: dict[str, Zoning] = {
        "everybody": None,
        "centrality_class": "centrality_class",
        "municipality": ["municipality_id", "municipality"],
    }
    return standing | region | {zoning.name: zoning.name for zoning in study.settings.zonings}


def labels_of_zonings(study: Study) -> dict[str, str]:
    """Return what a reader is shown for the zonings that have a label."""
    return {zoning.name: zoning.label for zoning in study.settings.zonings if zoning.label}


def _areas_of_cells(study: Study, zoning: ZoningFromTable, municipality: pd.Series) -> pd.Series[str]:
    """Return the area of each municipality, "" where the table has none; a table that knows none of them is wrong."""
    areas = _areas(study, zoning)
    here = [number for number in municipality.unique() if number != ""]
    meant = matched(study, pd.Series(here, index=here, dtype="object"), areas.index)
    if here and not meant.isin(areas.index).any():
        raise InputError(
            f"{study.resolve(zoning.file)} ([[zonings]] {zoning.name}): no municipality of the study is in it; it has "
            f"{', '.join(areas.index[:3])}, the study has {', '.join(map(str, here[:3]))}. Take a table of the same "
            "year, or name a table of changed numbers under [zones] (changes = ...)"
        )
    return municipality.map(meant.map(areas)).fillna("").astype("str")


def _areas(study: Study, zoning: ZoningFromTable) -> pd.Series[str]:
    path = study.resolve(zoning.file)
    rows = read_given(study, zoning.file, [zoning.municipality, zoning.area], key=f"[[zonings]] {zoning.name}")
    rows[zoning.municipality] = [zone_number(text) for text in rows[zoning.municipality]]
    pairs = rows[[zoning.municipality, zoning.area]].drop_duplicates()
    number = pairs[zoning.municipality]
    problems = [
        f"municipality {label} is in {' and '.join(pairs[zoning.area][number == label])}; keep one"
        for label in number[number.duplicated()].unique()
    ]
    if problems:
        raise InputError.listing(str(path), problems)
    return pairs.set_index(zoning.municipality)[zoning.area]


def _inside(study: Study, zoning: ZoningFromFile, cells: gpd.GeoDataFrame) -> pd.Series[str]:
    path = files.require(study.resolve(zoning.file), hint=f"check [[zonings]] {zoning.name} in {study.path}")
    areas = zones.read_municipalities(path, id=zoning.id, name=zoning.area, layer=zoning.layer, where=zoning.where)
    assigned = zones.assign_zones(cells, areas, max_nearest_m=zoning.max_nearest_m)
    zones.refuse_elsewhere(path, areas, cells, assigned, people=study.settings.population.file)
    return assigned["municipality"]


def _numbers(study: Study, column: pd.Series) -> pd.Series:
    numbers = pd.Series(to_numbers(column), index=column.index)
    wrong = ~(numbers >= 0)
    if wrong.any():
        path = study.resolve(study.settings.population.file)
        raise InputError(
            f"{path}: {column.name} is {column[wrong].iloc[0]!r} in cell {numbers.index[wrong][0]} and unclear in "
            f"{int(wrong.sum())} cells; people must be numbers >= 0"
        )
    return numbers

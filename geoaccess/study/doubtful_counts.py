"""Counts of people, doctors or places in which a mark between thousands may have been read as a decimal mark."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from geoaccess.errors import InputError
from geoaccess.study.settings.inputs import SitesFromFile
from geoaccess.study.zonings import carried_demands
from geoaccess.tables import may_be_thousands, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from geoaccess.phrases import Writer
    from geoaccess.study.settings.study_file import Study

__all__ = ["doubtful_counts"]

_SHOWN: Final = 5


class _Counts(NamedTuple):
    """Columns of a table that hold counts, where it has them."""

    path: Path
    columns: Sequence[str | None]
    layer: str | None = None
    where: Mapping[str, Sequence[str]] | None = None


def doubtful_counts(study: Study, writer: Writer) -> list[str]:
    """Name the columns of counts whose values may be so many thousands, with the rows, a line each."""
    lines = []
    for table in (*_tables_of_cells_and_sites(study), *_tables_of_demand(study)):
        with contextlib.suppress(InputError):  # said by whoever reads more of it
            lines += _doubted(table, writer)
    return lines


def _doubted(table: _Counts, writer: Writer) -> list[str]:
    named = [name for name in dict.fromkeys(table.columns) if name is not None]
    if not named:
        return []
    rows, lines = read_table(table.path, layer=table.layer, where=table.where, columns=named, only=True), []
    for name in named:
        places = np.flatnonzero(may_be_thousands(rows, name)).tolist() if name in rows else []
        if places:
            shown = ", ".join(f"{rows.index[at]} ({rows[name].iloc[at]})" for at in places[:_SHOWN])
            shown += ", ..." if len(places) > _SHOWN else ""
            lines.append(writer.text("c_thousands", path=table.path, column=name, n=len(places), rows=shown))
    return lines


def _tables_of_cells_and_sites(study: Study) -> Iterator[_Counts]:
    settings, demand = study.settings, study.settings.demand
    people = settings.population
    if not people.file.lower().endswith((".tif", ".tiff")):
        events = [one.column for one in demand.events.values()]
        weights = [demand.season.weights] if demand.season else []
        counts = [people.people, *study.grid_groups.values(), *carried_demands(study), *events, *weights]
        yield _Counts(study.resolve(people.file), counts, people.layer, people.where)
    supplies = [one.supply for one in settings.catchments.values()]
    capacities = [one.capacity for one in settings.services.values()]
    for source in settings.sites:
        if isinstance(source, SitesFromFile):
            yield _Counts(study.resolve(source.file), [*supplies, *capacities], source.layer, source.where)
    for one in settings.catchments.values():
        if one.lists:
            yield _Counts(study.resolve(one.lists.file), ["doctors", "places", "people"])


def _tables_of_demand(study: Study) -> Iterator[_Counts]:
    demand = study.settings.demand
    if demand.ages:
        yield _Counts(study.resolve(demand.ages.file), [demand.ages.people])
    if demand.projection:
        yield _Counts(study.resolve(demand.projection.file), [demand.projection.people])
    if demand.season:
        yield _Counts(study.resolve(demand.season.file), ["people"])
    for event in demand.events.values():
        if event.file:
            yield _Counts(study.resolve(event.file), [event.per_year])

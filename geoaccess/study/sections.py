"""What a study may ask for beside the nearest site: optional sections of its file, each with columns and tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from geoaccess.study.allowed import rule_columns, rule_services, rules_table
from geoaccess.study.opened import office_services, offices_table, opening_columns, opening_services, opening_table
from geoaccess.study.rota import staff_table
from geoaccess.study.supplied import catchment_columns, catchments_table, shares_supply

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from geoaccess.network import Network
    from geoaccess.study.config import Study
    from geoaccess.study.stages import Snapped

__all__ = ["SECTIONS", "Added", "Section", "Solved", "add_sections", "tables_asked_for"]


@dataclass(frozen=True)
class Solved:
    """What a section starts from: `results` has the nearest sites of each cell, its municipality, class and zonings."""

    study: Study
    network: Network
    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    snapped: Snapped
    municipalities: gpd.GeoDataFrame | None


@dataclass(frozen=True)
class Added:
    """What a section adds: `columns` on the cells, and `tables` by the name of their files."""

    columns: pd.DataFrame
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


class Section(NamedTuple):
    """`asked` names the tables that a study will get (none where it does not ask); `answer` reckons them."""

    asked: Callable[[Study], list[str]]
    answer: Callable[[Solved], Added]


def _opening(solved: Solved) -> Added:
    columns = solved.results[[]].join([opening_columns(solved, key) for key in opening_services(solved.study)])
    return Added(columns, {"opening": opening_table(replace(solved, results=solved.results.join(columns)))})


def _offices(solved: Solved) -> Added:
    return Added(pd.DataFrame(index=solved.results.index), {"offices": offices_table(solved)})


def _rules(solved: Solved) -> Added:
    columns = solved.results[[]].join([rule_columns(solved, key) for key in rule_services(solved.study)])
    return Added(columns, {"rules": rules_table(replace(solved, results=solved.results.join(columns)))})


def _catchments(solved: Solved) -> Added:
    columns, demands = catchment_columns(solved)
    table = catchments_table(replace(solved, results=solved.results.join(columns)))
    shared = {"site_demand": demands} if shares_supply(solved.study) else {}
    return Added(columns, {"catchments": table, **shared})


def _asked_catchments(study: Study) -> list[str]:
    names = ["catchments"] if study.settings.catchments else []
    return [*names, *(["site_demand"] if shares_supply(study) else [])]


def _staff(solved: Solved) -> Added:
    return Added(pd.DataFrame(index=solved.results.index), {"staff": staff_table(solved)})


SECTIONS: tuple[Section, ...] = (
    Section(lambda study: ["opening"] if opening_services(study) else [], _opening),
    Section(lambda study: ["offices"] if office_services(study) else [], _offices),
    Section(lambda study: ["rules"] if rule_services(study) else [], _rules),
    Section(_asked_catchments, _catchments),
    Section(lambda study: ["staff"] if study.settings.staff else [], _staff),
)


def tables_asked_for(study: Study) -> list[str]:
    """Return the names of the tables that the optional sections of a study give."""
    return [name for section in SECTIONS for name in section.asked(study)]


def add_sections(solved: Solved) -> Added:
    """Reckon every section that the study asks for; a later section sees the columns of those before it."""
    columns = pd.DataFrame(index=solved.results.index)
    tables: dict[str, pd.DataFrame] = {}
    for section in SECTIONS:
        if section.asked(solved.study):
            added = section.answer(replace(solved, results=solved.results.join(columns)))
            columns = columns.join(added.columns)
            tables |= added.tables
    return Added(columns, tables)

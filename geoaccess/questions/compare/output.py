"""The files of a comparison: tables, difference maps and a page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import maps, scenarios
from geoaccess.frames import crs_of
from geoaccess.questions.compare.compared_columns import COMPARED
from geoaccess.questions.compare.comparison import people_against_today
from geoaccess.questions.compare.site_maps import area_pictures, chain_pictures, drawn_sites
from geoaccess.study.results.geopackage import add_layer, as_minutes
from geoaccess.study.results.lone_cells import shown_tables
from geoaccess.study.results.output import drawn_below, look_of, words_of
from geoaccess.study.results.result_folder import result_folder
from geoaccess.study.results.tables import marked, masked, write_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.questions.compare.compare_measures import Measure
    from geoaccess.questions.compare.comparison import Compared
    from geoaccess.questions.scenario_run import ScenarioRun

__all__ = ["drawn_measures", "sailing_ferries", "write_comparison"]

_RECORD = "compare.json"
_PACKAGE, _LAYERS = "compare.gpkg", "compare.qlr"


def write_comparison(compared: Compared, folder: Path) -> list[Path]:
    """Write every table as CSV and Parquet, maps per scenario and service that changes, `index.html`, and layers.

    compare.gpkg has a layer of cells per scenario, with times before and after in minutes; compare.qlr shows them.
    """
    study = compared.study
    facts = {"scenarios": [scenario.model_dump(mode="json", exclude_defaults=True) for scenario in compared.scenarios]}
    with result_folder(
        folder, record=_RECORD, facts=facts, study=study, stamps=compared.base.answers.stamps
    ) as temporary:
        disclaimer = study.settings.disclaimer
        tables = shown_tables(compared.tables, compared.base.results, study, dict.fromkeys(compared.tables, COMPARED))
        for name, table in tables.items():
            write_table(marked(table, disclaimer), temporary / name)
        cells = [
            masked(table, study, known=one.base.results).reset_index().assign(scenario=one.scenario.title)
            for one, table in zip(compared.changed, compared.cells, strict=True)
        ]
        together = pd.concat(cells, ignore_index=True)
        write_table(marked(together[["scenario", *together.columns.drop("scenario")]], disclaimer), temporary / "cells")
        _pages(compared, tables, temporary)
        _for_qgis(compared, temporary)
        names = sorted(path.name for path in temporary.iterdir())
    return [folder / name for name in names]


def drawn_measures(measures: Sequence[Measure]) -> list[Measure]:
    """Return the measures that have a map: times, and not that to the nearest site where sites are not always open."""
    weekly = {one.service for one in measures if one.is_time and one.name == "expected"}
    return [one for one in measures if one.is_time and not (one.name == "nearest" and one.service in weekly)]


def _for_qgis(compared: Compared, folder: Path) -> None:
    """Write the cells of each scenario as a layer, and how QGIS shows them."""
    study = compared.study
    specs = [one.spec for one in compared.measures if one.is_time]
    times = [f"{spec.key}_{end}_s" for spec in specs for end in ("before", "after", "difference")]
    crs = crs_of(compared.changed[0].base.results)
    layers = {}
    for number, (one, cells) in enumerate(zip(compared.changed, compared.cells, strict=True), start=1):
        layer = f"scenario_{number}"
        layers[layer] = one.scenario.title
        shown = as_minutes(masked(cells, study, known=one.base.results), times)
        placed = one.base.results[["geometry"]].join(shown).to_crs(crs)
        add_layer(marked(placed.reset_index(), study.settings.disclaimer), folder / _PACKAGE, layer)
    words = words_of(study)
    maps.difference_definition(folder / _LAYERS, package=_PACKAGE, scenarios=layers, services=specs, crs=crs, **words)


def _pages(compared: Compared, tables_shown: dict[str, pd.DataFrame], folder: Path) -> None:
    study = compared.study
    wording = words_of(study)
    measures = compared.measures
    times = [one.spec for one in measures if one.is_time]
    keyed = {name: _by_key(table, measures) for name, table in tables_shown.items()}
    parts = []
    for number, (one, cells, notes) in enumerate(
        zip(compared.changed, compared.cells, compared.notes, strict=True), start=1
    ):
        answers = one.base.answers
        below = compared.drawn.below(answers) if one.base is compared.base else drawn_below(answers)
        below["ferries"] = sailing_ferries(below["ferries"], one)
        tables = {
            name: keyed[name][keyed[name]["scenario"] == one.scenario.title] for name in keyed if name != "beside"
        }
        heads: dict[str, Any] = {**wording, "title": one.scenario.title, "subtitle": study.settings.title}
        heads["look"] = look_of(study)
        stem = folder / f"map_{number}"
        pictures = _difference_maps(compared, one, cells, tables["everybody"], stem, **below, **heads)
        chain = chain_pictures(compared, one, cells, stem.with_name(f"{stem.name}_chain"), **below, **heads)
        moves = tables_shown["moves"]
        areas = area_pictures(compared, one, cells, moves, stem.with_name(f"{stem.name}_area"), **below, **heads)
        parts.append(
            maps.ScenarioPart(
                title=one.scenario.title,
                description=one.scenario.description,
                text=scenarios.scenario_text(one.scenario),
                notes=notes,
                tables=tables,
                pictures=pictures,
                chain=chain,
                areas=areas,
                people=people_against_today(compared, one.scenario.title),
            )
        )
    maps.comparison_page(
        folder / "index.html",
        parts=parts,
        beside=keyed["beside"],
        services=times,
        supplies={one.spec.key: one.spec.label for one in measures if not one.is_time},
        shared={one.spec.key for one in measures if one.shared},
        scheme=study.scheme,
        **wording,
    )


def _difference_maps(
    compared: Compared, one: ScenarioRun, cells: pd.DataFrame, everybody: pd.DataFrame, stem: Path, **drawn: Any
) -> dict[str, Path]:
    """Draw the measures that change for anybody, times and supply; return the files, `stem` with the key and ".png"."""
    study, pictures = compared.study, {}
    counted = everybody.set_index("service")
    specs = {spec.key: spec for spec in study.specs}
    given: dict[str, Any] = {"results": one.base.results, "cells": cells, **drawn}
    for measure in (*drawn_measures(compared.measures), *(some for some in compared.measures if not some.is_time)):
        key = measure.spec.key
        if counted.loc[key, ["same", "unreached"]].sum() == counted.loc[key, "population"]:
            continue
        pictures[key] = stem.with_name(f"{stem.name}_{key}.png")
        if measure.is_time:
            maps.difference_map(pictures[key], service=measure.spec, sites=drawn_sites(one, measure), **given)
            continue
        spec = specs[measure.service]
        maps.supply_map(
            pictures[key],
            service=spec,
            name=key,
            label=measure.spec.label,
            population=study.demand_of(study.settings.catchments[measure.name]),
            sites=drawn_sites(one, replace(measure, spec=spec)),
            **given,
        )
    return pictures


def _by_key(table: pd.DataFrame, measures: Sequence[Measure]) -> pd.DataFrame:
    """Return a table with the key of the columns in place of service and measure."""
    keys = {(one.service, one.name): one.spec.key for one in measures}
    pairs = zip(table["service"], table["measure"], strict=True)
    return table.assign(service=[keys[pair] for pair in pairs]).drop(columns="measure")


def sailing_ferries(ferries: gpd.GeoDataFrame, one: ScenarioRun) -> gpd.GeoDataFrame:
    """Return the ferries without those that are closed."""
    network, closed = one.roads.network, one.roads.closed
    ways = [network.shape_way[network.shape_ptr[edge] : network.shape_ptr[edge + 1]] for edge in closed.tolist()]
    gone = network.way_id[np.unique(np.concatenate(ways))] if ways else np.empty(0, np.int64)
    return ferries[~ferries["way_id"].isin(gone)]

"""The files of a comparison: tables, difference maps and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import maps, scenarios
from geoaccess.frames import crs_of
from geoaccess.phrases import Writer
from geoaccess.questions.compare.comparison import people_against_today
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

__all__ = ["chain_pictures", "drawn_measures", "drawn_sites", "sailing_ferries", "write_comparison"]

_RECORD = "compare.json"
_PACKAGE, _LAYERS = "compare.gpkg", "compare.qlr"


def write_comparison(compared: Compared, folder: Path) -> list[Path]:
    """Write every table as CSV and Parquet, a map per scenario and service that changes, `index.html`, and layers.

    compare.gpkg has a layer of cells per scenario, with times before and after in minutes; compare.qlr shows them.
    """
    study = compared.study
    facts = {"scenarios": [scenario.model_dump(mode="json", exclude_defaults=True) for scenario in compared.scenarios]}
    with result_folder(folder, record=_RECORD, facts=facts, study=study) as temporary:
        disclaimer = study.settings.disclaimer
        tables = shown_tables(compared.tables, compared.base.results, study)
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


def drawn_sites(one: ScenarioRun, measure: Measure) -> gpd.GeoDataFrame:
    """Return the sites to draw of a service: those that the scenario leaves, those it adds, and those it closes.

    `change` is "", "new" or "closed"; `service` is the key of the measure.
    """
    known = one.base.answers.sites
    sites = one.sites[(one.sites["service"] == measure.service).to_numpy()]
    gone = known[(known["service"] == measure.service).to_numpy() & ~known.index.isin(one.sites.index[one.gives])]
    kept = sites[~sites.index.isin(gone.index)]
    columns = ["service", "name", "proxy", "geometry"]
    change = np.where(kept.index.isin(known.index), "", "new")
    parts = [kept[columns].assign(change=change), gone[columns].assign(change="closed").to_crs(crs_of(sites))]
    joined: gpd.GeoDataFrame = pd.concat(parts)
    return joined.assign(service=measure.spec.key)


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
        below = drawn_below(one.base.answers)
        below["ferries"] = sailing_ferries(below["ferries"], one)
        tables = {
            name: keyed[name][keyed[name]["scenario"] == one.scenario.title] for name in keyed if name != "beside"
        }
        everybody = tables["everybody"].set_index("service")
        pictures = {}
        heads: dict[str, Any] = {**wording, "title": one.scenario.title, "subtitle": study.settings.title}
        heads["look"] = look_of(study)
        for measure in drawn_measures(measures):
            spec = measure.spec
            if everybody.loc[spec.key, ["same", "unreached"]].sum() == everybody.loc[spec.key, "population"]:
                continue
            pictures[spec.key] = folder / f"map_{number}_{spec.key}.png"
            maps.difference_map(
                pictures[spec.key],
                results=one.base.results,
                cells=cells,
                service=spec,
                sites=drawn_sites(one, measure),
                **below,
                **heads,
            )
        chain = chain_pictures(compared, one, cells, folder / f"map_{number}_chain", **below, **heads)
        parts.append(
            maps.ScenarioPart(
                title=one.scenario.title,
                description=one.scenario.description,
                text=scenarios.scenario_text(one.scenario),
                notes=notes,
                tables=tables,
                pictures=pictures,
                chain=chain,
                people=people_against_today(compared, one.scenario.title),
            )
        )
    maps.comparison_page(
        folder / "index.html",
        parts=parts,
        beside=keyed["beside"],
        services=times,
        supplies={one.spec.key: one.spec.label for one in measures if not one.is_time},
        scheme=study.scheme,
        **wording,
    )


_KINDS: tuple[tuple[maps.ChainKind, str], ...] = (("base", "nearest"), ("mode", "fastest"))
"""What is drawn of the chain, and of which measure of the ambulances."""


def chain_pictures(
    compared: Compared, one: ScenarioRun, cells: pd.DataFrame, stem: Path, **drawn: Any
) -> list[tuple[str, str, Path]]:
    """Draw which base, and which mode, of the ambulances is first where a scenario makes it another for anybody.

    Returns
    -------
    Of each picture its heading, what it shows in a sentence, and the file: `stem`, with what is first and ".png".
    """
    found = []
    writer = Writer(compared.study.settings.language, ("comparison", "map"))
    measured = {(one.service, one.name): one for one in compared.measures if one.is_time}
    for spec in (spec for spec in compared.study.specs if spec.from_call):
        sites = drawn_sites(one, measured[spec.key, "nearest"])
        names = {str(key): str(name) for key, name in sites["name"].items()}
        for kind, name in _KINDS:
            if (spec.key, name) not in measured:
                continue
            key = measured[spec.key, name].spec.key
            before, after = (
                cells[f"{key}_site_{when}"].where(np.isfinite(cells[f"{key}_{when}_s"]), "")
                for when in ("before", "after")
            )
            if not (cells[spec.population].to_numpy() * (before != after).to_numpy()).any():
                continue
            path = stem.with_name(f"{stem.name}_{kind}.png")
            results = one.base.results
            maps.chain_map(
                path, results=results, service=spec, kind=kind, first=after, before=before, sites=sites, **drawn
            )
            text = maps.chain_text(cells, service=spec, kind=kind, first=after, names=names, language=writer.language)
            label = f"{spec.label}: {writer[f'chain_{kind}']}"
            found.append((label, writer.text("chain_alt", title=one.scenario.title, label=label, text=text), path))
    return found


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

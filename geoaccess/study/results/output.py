"""The files of a study: tables, rasters, maps, figures and the record of how they were made."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pyproj

from geoaccess import files, maps
from geoaccess.background import background
from geoaccess.frames import crs_of
from geoaccess.maps.assets import pages_digest
from geoaccess.network import EdgeKind
from geoaccess.phrases import text
from geoaccess.study import stages
from geoaccess.study.data_sources import attribution_of, records_of
from geoaccess.study.results.dictionary import dictionary_table, names_of
from geoaccess.study.results.geopackage import PACKAGE, add_cells, layers_of
from geoaccess.study.results.ground import drawn_below
from geoaccess.study.results.pictures import (
    MAP,
    WEB_MAP,
    Pictures,
    drawing_crs,
    figure_words,
    forms_of,
    look_of,
    words_of,
)
from geoaccess.study.results.report import report_of
from geoaccess.study.results.result_folder import former_files
from geoaccess.study.results.tables import all_tables, marked, masked, table_names, write_table
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from geoaccess.background import Started
    from geoaccess.demand import RasterGrid
    from geoaccess.study.answers import Answers
    from geoaccess.study.results.pictures import Picture
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "add_pdf",
    "drawing_crs",
    "drawn_below",
    "figure_words",
    "forms_of",
    "input_digests",
    "known_of",
    "look_of",
    "refuse_clashes",
    "up_to_date",
    "words_of",
    "write",
]

_VERSIONS = ("geopandas", "numba", "numpy", "osmium", "pandas", "pyarrow", "pyproj", "rasterio", "shapely")
_RECORD = "run.json"
_RASTER = "{}.tif"
_STYLE = "{}.qml"
_CELLS = "cells.parquet"
_LAYERS = "results.qlr"
REPORT = "report.html"
REPORT_PDF = "report.pdf"
REPORT_ANNEX = "report-annex.pdf"


def write(
    answers: Answers,
    pictures: Mapping[str, Started[Picture]] | None = None,
    *,
    tables: Mapping[str, Started[pd.DataFrame]] | None = None,
) -> list[Path]:
    """Write everything into the output folder of the study, all or nothing; return the files.

    Files of a run before make way; whatever else is in the folder stays. `pictures` are those of `Pictures`;
    without them they are drawn here. `tables` are those on their way, by name.
    """
    folder = answers.study.output
    with files.writing_among(folder, former=partial(former_files, folder, _RECORD)) as temporary:
        digests = input_digests(answers.study)
        cells = marked(masked(answers.results, answers.study), answers.study.settings.disclaimer)
        made = _tables(answers, temporary, tables, cells)
        grid = stages.grid_of_people(answers.study)
        rasters = _rasters(answers, temporary, grid)  # while others draw
        drawn = pictures or _drawn_here(answers)
        _draw_curves(drawn)
        _put(drawn[PACKAGE].soonest(), temporary)
        _for_qgis(answers, temporary, cells, rasters=rasters, grid=grid)
        small = _pictures({name: one for name, one in drawn.items() if name != PACKAGE}, temporary)
        report = report_of(answers, made, pictures=small, digests=digests, cells=cells)
        maps.report_page(temporary / REPORT, report=report)
        _record(answers, temporary, digests)
        answers.stamps.refuse_replaced()
        names = sorted(path.name for path in temporary.iterdir())
    return [folder / name for name in names]


def _drawn_here(answers: Answers) -> Mapping[str, Started[Picture]]:
    with background(workers=0) as here:
        pictures = Pictures(here, answers.study)
        pictures.start(**known_of(answers))
        return pictures.started


def known_of(answers: Answers) -> dict[str, Any]:
    """Return what pictures are drawn of, once a study is solved."""
    return {
        "results": answers.results,
        "sites": answers.sites,
        "municipalities": answers.zones,
        "network": answers.network,
    }


def _draw_curves(pictures: Mapping[str, Started[Picture]]) -> None:
    """Draw what is no map, and no other process has begun: what lies under maps may still be on its way."""
    for figure in maps.FIGURES:
        if figure.name in pictures and not figure.mapped:
            pictures[figure.name].run_if_free()


def _pictures(pictures: Mapping[str, Started[Picture]], folder: Path) -> dict[str, bytes]:
    """Write the pictures; return those for the report.

    This process, with nothing else left to do, draws what no other has begun, from the last one on.
    """
    for started in reversed([*pictures.values()]):
        started.run_if_free()
    found = {name: started.result() for name, started in pictures.items()}
    for picture in found.values():
        _put(picture, folder)
    return {name: picture.small for name, picture in found.items() if picture.small}


def _put(picture: Picture, folder: Path) -> None:
    for file, content in picture.contents.items():
        (folder / file).write_bytes(content)


def refuse_clashes(study: Study) -> None:
    """Raise an `InputError` if the study would write over files that no run before has written."""
    names = [f"{name}.{suffix}" for name in (*table_names(study), "dictionary") for suffix in ("csv", "parquet")]
    names += [name.format(key) for key in study.settings.services for name in (_RASTER, _STYLE)]
    figures = [*(MAP.format(key) for key in study.settings.services), *(figure.name for figure in maps.FIGURES)]
    names += [file for name in figures for file in maps.figure_files(name, look_of(study))]
    names += [_CELLS, PACKAGE, _LAYERS, WEB_MAP, REPORT, REPORT_PDF, REPORT_ANNEX, _RECORD]
    files.refuse_clashes(study.output, names, former=former_files(study.output, _RECORD))


def _tables(
    answers: Answers, folder: Path, started: Mapping[str, Started[pd.DataFrame]] | None, cells: Any
) -> dict[str, pd.DataFrame]:
    """Write every table, and what their columns mean, and `cells` as they are; return the tables but that."""
    results, settings = answers.results, answers.study.settings
    tables = all_tables(answers, started)
    written = {name: marked(table, settings.disclaimer) for name, table in tables.items()}
    columns = {"cells": ["cell_id" if results.index.name is None else str(results.index.name), *cells.columns]}
    columns |= {name: list(table.columns) for name, table in written.items()}
    blank = dictionary_table({}, answers.study)
    columns["dictionary"] = list(marked(blank, settings.disclaimer).columns)
    written["dictionary"] = marked(dictionary_table(columns, answers.study), settings.disclaimer)
    for name, table in written.items():
        write_table(table, folder / name)
    cells.to_parquet(folder / _CELLS)
    return tables


def _rasters(answers: Answers, folder: Path, grid: RasterGrid | None) -> dict[str, str]:
    """Write a raster for each service, where the cells are those of a raster; return their names by service."""
    study, results = answers.study, answers.results
    if not maps.raster_fits(results, grid):
        return {}
    names = {spec.key: _RASTER.format(spec.key) for spec in study.specs}
    pixels = maps.pixels_of(results, grid)
    for spec in study.specs:
        maps.geotiff(
            folder / names[spec.key],
            results=results,
            column=f"{spec.key}_s",
            from_call=spec.from_call,
            attribution="; ".join(attribution_of(study)),
            disclaimer=study.settings.disclaimer,
            grid=grid,
            pixels=pixels,
            language=study.settings.language,
        )
    return names


def _for_qgis(
    answers: Answers, folder: Path, cells: Any, *, rasters: Mapping[str, str], grid: RasterGrid | None
) -> None:
    """Add the cells to the GeoPackage, and write how QGIS shows its layers and the rasters."""
    study, results = answers.study, answers.results
    add_cells(cells, folder / PACKAGE, names_of(study))
    words = figure_words(study)
    for spec in study.specs:
        if spec.key in rasters:
            style = folder / _STYLE.format(spec.key)
            maps.raster_style(style, service=spec, language=words["language"], look=words["look"])
    maps.layer_definition(
        folder / _LAYERS,
        package=PACKAGE,
        present=layers_of(folder / PACKAGE),
        services=study.specs,
        rasters=rasters,
        crs=crs_of(results),
        raster_crs=None if grid is None else pyproj.CRS(grid.crs),
        scheme=study.scheme if results["centrality_class"].notna().any() else None,
        **words,
    )


def input_digests(study: Study) -> dict[str, str]:
    """Return the SHA-256 of every file a study reads, by what it is for."""
    return {what: files.sha256(path) for what, path in study.inputs.items()}


def up_to_date(study: Study) -> bool:
    """Whether the output folder holds a whole run of this study, of these inputs, by this version, unaltered.

    With the templates and phrases that its pages would have now, too.
    """
    folder = study.output
    files.settle(folder)
    try:
        record = files.json_of(folder / _RECORD)
        made = {what: read["sha256"] for what, read in record["inputs"].items()}
        if (record["geoaccess"], record["pages_sha256"], record["study"]) != (
            __version__,
            pages_digest(),
            study.described(),
        ):
            return False
        if REPORT not in record["results"] or made != input_digests(study):
            return False
        return all(files.sha256(folder / name) == digest for name, digest in record["results"].items())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


def add_pdf(study: Study) -> str:
    """Write the PDF of the report, and that of its annex, beside it and into the record; return "", or why not."""
    folder = study.output
    record = files.json_of(folder / _RECORD)

    def former() -> set[str]:
        return former_files(folder, _RECORD) & {REPORT_PDF, REPORT_ANNEX, _RECORD}

    with files.writing_among(folder, former=former) as temporary:
        title = text(study.settings.language, "report.annex_of", title=study.settings.title)
        made = [temporary / name for name in (REPORT_PDF, REPORT_ANNEX)]
        why_not = maps.report_pdf(folder / REPORT, *made, title=title)
        for path in made:
            record["results"].pop(path.name, None)
            if not why_not:
                record["results"][path.name] = files.sha256(path)
        record["results"] = dict(sorted(record["results"].items()))
        (temporary / _RECORD).write_text(_json(record), encoding="utf-8")
    return why_not


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1, ensure_ascii=False)


def _record(answers: Answers, folder: Path, digests: dict[str, str]) -> None:
    """Write run.json: with what, from what, and what became of everybody."""
    study, results, network = answers.study, answers.results, answers.network
    balance = {}
    for spec in study.specs:
        by_reason = answers.everyone.groupby(f"{spec.key}_reason")[spec.population].sum()
        balance[spec.key] = {
            **({"asked_about": spec.who} if spec.who else {}),
            "people_in": float(results[spec.population].sum()),
            "people_reached": float(by_reason.get("", 0.0)),
            "people_unreached": {str(reason): float(people) for reason, people in by_reason.items() if reason != ""},
        }
    record = {
        "geoaccess": __version__,
        "pages_sha256": pages_digest(),
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "versions": {name: metadata.version(name) for name in _VERSIONS},
        "command": f"geoaccess run {study.path.as_posix()}",
        "disclaimer": study.settings.disclaimer,
        "inputs": {what: {"path": path.as_posix(), "sha256": digests[what]} for what, path in study.inputs.items()},
        "sources": {what: asdict(one) for what, one in records_of(study, digests=digests).items()},
        "study": study.described(),
        "network": {
            "from_cache": answers.from_cache,
            "nodes": network.n_nodes,
            "edges": network.n_edges,
            "road_km": round(
                float(network.edge_length_m[network.edge_kind == EdgeKind.ROAD].sum(dtype=float)) / 1000, 1
            ),
            **network.counts,
        },
        "counts": {
            "cells": len(results),
            "cells_not_snapped": int(results["off_network_m"].isna().sum()),
            "cells_by_nearest_municipality": int((results["zone_note"] == "nearest").sum()),
            "people_without_municipality": float(results.loc[results["municipality_id"] == "", "population"].sum()),
            "people_without_class": float(results.loc[results["centrality_class"].isna(), "population"].sum()),
            "sites": {str(key): int(n) for key, n in answers.sites["service"].value_counts(sort=False).items()},
            "sites_proxy": int(answers.sites["proxy"].sum()),
            "sites_not_snapped": answers.sites_not_snapped,
        },
        "people": balance,
        "seconds": answers.seconds,
        "results": {path.name: files.sha256(path) for path in sorted(folder.iterdir())},
    }
    (folder / _RECORD).write_text(_json(record), encoding="utf-8")

"""The answer to a question of siting, as lines to read and files to keep."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import maps, scenarios
from geoaccess.arguments import checks_arguments
from geoaccess.phrases import Writer, number
from geoaccess.questions.siting.wording import figure, percent, sureness
from geoaccess.study.results.output import figure_words, forms_of
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked, table_files, write_table

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.questions.siting.placement import Placed

__all__ = ["drawn_sites", "placed_lines", "placed_tables", "write_placed"]

_NAMES = ("answer", "places", "closed", "frontier", "alternatives", "classes", "municipalities")


@checks_arguments
def placed_lines(placed: Placed) -> list[str]:
    """Return the answer in a few lines: what is gained, how it was found, and how sure it is."""
    found, share = placed.found, placed.is_share
    language = placed.study.settings.language
    writer, shown = Writer(language, ("terminal",)), partial(figure, share=share, language=language)
    sure = sureness(found, language=language)
    bound = "found_upper" if share else "found_lower"
    lines = [
        writer.text("then", label=placed.label, now=shown(found.now), then=shown(found.value), sure=sure),
        writer.text(bound, method=writer.note(found.method), bound=shown(found.bound)),
    ]
    if placed.out_of_reach:
        lines.append(writer.text("out_of_reach", n=writer.people(placed.out_of_reach)))
    return lines + [writer.note(one) for one in placed.notes]


@checks_arguments
def placed_tables(placed: Placed) -> list[tuple[str, pd.DataFrame]]:
    """Return the tables as they are printed, with titles."""
    out = []
    language = placed.study.settings.language
    writer = Writer(language, ("terminal",), placed.study.words)
    shown_figure = partial(figure, share=placed.is_share, language=language)
    shown_share = partial(percent, language=language)
    if len(placed.places):
        shown = placed.places[["rank", "name", "municipality", "lon", "lat", "adds", "people_served"]].copy()
        for name in ("lon", "lat"):
            shown[name] = shown[name].map(partial(number, decimals=4, language=language))
        shown["adds"] = shown["adds"].map(shown_figure)
        shown["people_served"] = shown["people_served"].map(writer.people)
        out.append((writer.text("t_places", label=placed.label), shown))
    if len(placed.closed):
        out.append((writer["t_closed"], placed.closed[["site_id", "name"]]))
    if len(placed.frontier):
        table = placed.frontier.assign(
            value=placed.frontier["value"].map(shown_figure),
            gap=placed.frontier["gap"].map(shown_share),
        )
        out.append((writer["t_frontier"], table[["added", "value", "gap"]]))
    if len(placed.alternatives):
        table = placed.alternatives.head(5)
        table = table.assign(
            value=table["value"].map(shown_figure),
            kept=table["kept"].map(shown_share),
        )
        out.append((writer["t_alternatives"], table[["name", "municipality", "instead_of_name", "value", "kept"]]))
    minutes = [str(name) for name in placed.classes if str(name).endswith("_min")]
    table = placed.classes.assign(
        **{name: placed.classes[name].map(partial(figure, decimals=2, language=language)) for name in minutes}
    )
    table["centrality_class"] = table["centrality_class"].astype(str).replace("unclassified", writer["no class"])
    out.append((writer["t_classes"], table[["centrality_class", "population", *minutes]]))
    return [(title, headed(table, language)) for title, table in out]


@checks_arguments
def write_placed(placed: Placed, folder: Path | None = None) -> list[Path]:
    """Write tables (CSV and Parquet), the scenario and a map, all or nothing; return the files."""
    study, service = placed.study, placed.question.service
    where = study.output if folder is None else folder
    disclaimer = study.settings.disclaimer
    stem = f"site_{service}"
    tables = [f"{stem}_{name}" for name in _NAMES]
    names = [*table_files(*tables), f"{stem}.toml", *forms_of(f"{stem}.png")]
    # A table of an answer before that this one does not have goes: it would be read as part of it.
    with result_files(where, former=lambda: names, stamps=placed.before.stamps) as temporary:
        for name, path in zip(_NAMES, tables, strict=True):
            table = getattr(placed, name)
            if len(table.columns) and len(table):
                write_table(marked(table, disclaimer), temporary / path)
        (temporary / f"{stem}.toml").write_text(placed.scenario, encoding="utf-8", newline="\n")
        _draw(placed, temporary / f"{stem}.png")
        return [where / name for name in names if (temporary / name).exists()]


def drawn_sites(placed: Placed) -> gpd.GeoDataFrame:
    """Return the sites to draw: new ones and those that stay, and those that close."""
    gone = placed.before.sites[["service", "name", "proxy", "geometry"]].assign(change="closed")
    gone = gone[gone.index.isin(placed.closed["site_id"]) & (gone["service"] == placed.question.service)]
    joined: gpd.GeoDataFrame = pd.concat([placed.after.sites, gone])
    return joined


def _draw(placed: Placed, path: Path) -> None:
    """Draw who gains and who loses, with new, standing and closed sites."""
    study, before, after = placed.study, placed.before, placed.after
    spec = next(spec for spec in study.specs if spec.key == placed.question.service)
    heads = figure_words(study) | {"title": placed.title, "subtitle": placed.subtitle}
    maps.difference_map(
        path,
        results=before.results,
        cells=scenarios.cell_differences(before.results, after.results, services=[spec]),
        service=spec,
        sites=drawn_sites(placed),
        **placed.drawn.below(before),
        **heads,
    )

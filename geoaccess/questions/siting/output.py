"""The answer to a question of siting, as lines to read and files to keep."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import files, maps, scenarios
from geoaccess.arguments import checks_arguments
from geoaccess.phrases import Writer, number
from geoaccess.questions.siting.wording import figure, percent, sureness
from geoaccess.study.results.output import drawn_below, figure_words, write_figure
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked
from geoaccess.tables import write_csv

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
        **{name: placed.classes[name].map(partial(figure, language=language)) for name in minutes}
    )
    table["centrality_class"] = table["centrality_class"].astype(str).replace("unclassified", writer["no class"])
    out.append((writer["t_classes"], table[["centrality_class", "population", *minutes]]))
    return [(title, headed(table, language)) for title, table in out]


@checks_arguments
def write_placed(placed: Placed, folder: Path | None = None) -> list[Path]:
    """Write tables (CSV and Parquet), the scenario and a map; return the files."""
    study, service = placed.study, placed.question.service
    where = study.output if folder is None else folder
    disclaimer = study.settings.disclaimer
    written: list[Path] = []
    for name in _NAMES:
        table = getattr(placed, name)
        if len(table.columns) and len(table):
            for suffix in (".csv", ".parquet"):
                path = where / f"site_{service}_{name}{suffix}"
                with files.writing(path) as temporary:
                    _write(marked(table, disclaimer), temporary)
                written.append(path)
        else:  # that of an answer before would be read as part of this one
            for suffix in (".csv", ".parquet"):
                (where / f"site_{service}_{name}{suffix}").unlink(missing_ok=True)
    path = where / f"site_{service}.toml"
    with files.writing(path) as temporary:
        temporary.write_text(placed.scenario, encoding="utf-8", newline="\n")
    written.append(path)
    return [*written, *_draw(placed, where / f"site_{service}.png")]


def _write(table: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        write_csv(table, path)
    else:
        table.to_parquet(path, index=False)


def drawn_sites(placed: Placed) -> gpd.GeoDataFrame:
    """Return the sites to draw: new ones and those that stay, and those that close."""
    gone = placed.before.sites[["service", "name", "proxy", "geometry"]].assign(change="closed")
    gone = gone[gone.index.isin(placed.closed["site_id"]) & (gone["service"] == placed.question.service)]
    joined: gpd.GeoDataFrame = pd.concat([placed.after.sites, gone])
    return joined


def _draw(placed: Placed, path: Path) -> list[Path]:
    """Draw who gains and who loses, with new, standing and closed sites."""
    study, before, after = placed.study, placed.before, placed.after
    spec = next(spec for spec in study.specs if spec.key == placed.question.service)
    heads = figure_words(study) | {"title": placed.title, "subtitle": placed.subtitle}

    def draw(file: Path) -> None:
        maps.difference_map(
            file,
            results=before.results,
            cells=scenarios.cell_differences(before.results, after.results, services=[spec]),
            service=spec,
            sites=drawn_sites(placed),
            **drawn_below(before),
            **heads,
        )

    return write_figure(path, heads["look"], draw)

"""What the command line prints: short tables of words and numbers."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files, measures
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError, MissingFileError
from geoaccess.measures.islands import islands, parts, ties
from geoaccess.network import EdgeKind
from geoaccess.phrases import FALLBACK, NOTHING, Writer, language_code, section
from geoaccess.routing import route
from geoaccess.shipped import shipped
from geoaccess.study import stages
from geoaccess.study.counted_people import counted_people
from geoaccess.study.data_sources import attribution_of
from geoaccess.study.results.lone_cells import hide_lone
from geoaccess.study.settings.catchment_measures import MEASURES

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.network import Network
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "NetworkTable",
    "describe_network",
    "draw_network",
    "headed",
    "journey",
    "journey_table",
    "main_figures",
    "main_table",
    "minutes",
    "network_tables",
    "route_table",
    "write_template",
]

_NOT_IN_NVDB = (
    ("lacks_sites", "instead_sites"),
    ("lacks_names", "instead_names"),
    ("lacks_borders", "instead_borders"),
    ("lacks_water", "instead_water"),
)
_ISLANDS_SHOWN = 25
_TAGS_SHOWN = 30


@checks_arguments
def main_figures(answers: Answers) -> pd.DataFrame:
    """Return a row per service: label, `Answers.summary`, and means of the most and the least central class."""
    contrast = measures.class_contrast_of_services(
        answers.summary("centrality_class"), order=answers.study.scheme.ids
    ).set_index("service")
    table = answers.summary()
    labels = {spec.key: spec.label for spec in answers.study.specs}
    table.insert(1, "label", table["service"].map(labels))
    return table.join(contrast[contrast.columns.difference(table.columns, sort=False)], on="service")


@checks_arguments
def main_table(answers: Answers) -> pd.DataFrame:
    """Return the main result: per service how long people need, and the least against the most central class."""
    figures = main_figures(answers).set_index("service")
    scheme, language = answers.study.scheme, answers.study.settings.language
    writer = Writer(language, ("terminal",), answers.study.words)
    rows = []
    for spec in answers.study.specs:
        own: Any = figures.loc[spec.key]
        between = own
        ends = {end: str(between[f"{end}_central"]) for end in ("most", "least")}
        ends = {end: scheme.short(name, language) if name in scheme.ids else name for end, name in ends.items()}
        within = []
        for number, norms in enumerate(spec.norm_limits, start=1):
            share = writer.share(own[f"share_within_norm_{number}"])
            within.append(writer.text("within_in", share=share, norm=writer.norm(norms)))
        row = {
            writer["service"]: spec.label,
            writer["median_min"]: _minutes(own["median_s"], writer),
            writer["p90_min"]: _minutes(own["p90_s"], writer),
            writer["within_norm"]: ", ".join(within),
            writer["unreached"]: writer.people(own["unreached"]),
        }
        if all(ends.values()):  # nothing to compare where municipalities have no classes
            means = (_minutes(between[f"mean_{end}_central_s"], writer) for end in ("most", "least"))
            row[writer.text("mean_min", **ends)] = " / ".join(means)
        rows.append(row)
    return pd.DataFrame(rows)


def _minutes(seconds: Any, writer: Writer) -> str:
    return writer.minutes(float(seconds), never="unreached")


def minutes(seconds: Any, *, language: str = FALLBACK) -> str:
    """Return a time in minutes as it is printed."""
    if np.isnan(seconds):
        return NOTHING
    writer = Writer(language, ("terminal",))
    return writer["never"] if np.isinf(seconds) else writer.number(round(seconds / 60, 1), 1)


@checks_arguments
def describe_network(study: Study) -> list[tuple[str, pd.DataFrame]]:
    """Return titled tables of what the network of a study is made of."""
    return [(one.title, one.shown) for one in network_tables(study)]


@dataclass(frozen=True)
class NetworkTable:
    """A table about a network: its key, and as it is shown, and with all its figures."""

    key: str
    title: str
    shown: pd.DataFrame
    data: Any


@checks_arguments
def network_tables(study: Study) -> list[NetworkTable]:
    """Return what the network of a study is made of."""
    study.refuse_absent()
    with stages.loading_ahead(study, order=False) as ahead:
        cells = stages.read_people(study)
    network, from_cache = stages.build_or_load_network(study, ahead=ahead)
    writer = Writer(study.settings.language, ("terminal",))
    with ThreadPoolExecutor(2) as beside:
        linked = beside.submit(parts, network)
        counted = beside.submit(stages.unused_tags_of, study)  # reads all ways of the extracts the first time
        classes, places = _by_class(network), _islands(study, network, cells)
        by_link, unused = linked.result(), counted.result()
    known = section(writer.language, "counts")
    names = [known.get(name, name) for name in network.counts]
    counts = pd.DataFrame({"what": names, "number": list(network.counts.values())})
    unread = pd.DataFrame(network.unread, columns=["tag", "problem", "objects", "such_as"])
    unread_shown = unread.assign(problem=unread["problem"].map(writer.note))
    shown = places[["tied_by", "municipality", "people", "cells"]].head(_ISLANDS_SHOWN)
    title = writer.text(
        "t_network",
        nodes=writer.number(network.n_nodes),
        edges=writer.number(network.n_edges),
        km=writer.number(classes["km"].sum()),
        ferries=writer.number(len(network.ferries)),
    )
    origin = ", ".join(study.settings.network.osm) or str(study.settings.network.nvdb)
    source = writer.text("from_osm" if study.nvdb is None else "from_nvdb", files=origin)
    title = f"{title}; {source}"
    tables: list[tuple[str, str, pd.DataFrame, Any]] = [
        ("roads", writer.text("from_cache", network=title) if from_cache else title, classes, classes),
        ("ferries", writer["t_ferries"], _ferries(network, writer), network.ferries),
        ("places", writer.text("t_places_people", n=len(places)), shown, places),
        ("road_parts", writer["t_roads"], by_link, by_link),
        ("counts", writer["t_read"], counts, dict(network.counts)),
        ("unread", writer.text("t_unread", n=len(unread)), unread_shown.head(_TAGS_SHOWN), unread),
        ("unused", writer.text("t_unused", n=len(unused)), unused.head(_TAGS_SHOWN), unused),
    ]
    if study.nvdb is not None:  # its links have no tags to speak of
        lacks = _not_in_nvdb(writer)
        tables = [*tables[:-2], ("not_in_nvdb", writer["t_nvdb_lacks"], lacks, lacks)]
    return [NetworkTable(key, title, _in_words(table, writer), data) for key, title, table, data in tables]


def _islands(study: Study, network: Network, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the sets of roads on which people of a study live, none of which tells how many live in a cell of few."""
    zones = stages.join_zones(study, cells)[0]
    snapped = stages.snap_cells(study, network, cells)
    cells = cells.join(zones[["municipality_id", "municipality"]])
    places = islands(network, snapped, cells, weights=counted_people(cells, study)["population"])
    return hide_lone(places, {}, below=study.settings.population.mask_below, columns={})


def _by_class(network: Network) -> pd.DataFrame:
    """Return edges and kilometres of road by class, most kilometres first."""
    road = np.flatnonzero(network.edge_kind == EdgeKind.ROAD)
    number, names = network.way_class[network.shape_way[network.shape_ptr[road]]], network.class_names
    km = np.bincount(number, network.edge_length_m[road].astype(float), len(names)) / 1000
    table = pd.DataFrame({"highway": names, "edges": np.bincount(number, minlength=len(names)), "km": km})
    table = table[table["edges"] > 0].sort_values("highway")
    return table.sort_values("km", ascending=False, kind="stable", ignore_index=True)


def _not_in_nvdb(writer: Writer) -> pd.DataFrame:
    """Return what OpenStreetMap would give beside roads and NVDB Ruteplan does not, and what stands in for it."""
    rows = [(writer[lacks], writer[instead]) for lacks, instead in _NOT_IN_NVDB]
    return pd.DataFrame(rows, columns=["what", "instead"])


def _ferries(network: Network, writer: Writer) -> pd.DataFrame:
    """Return the ferries with their times in minutes."""
    ferries, in_minutes = network.ferries, partial(minutes, language=writer.language)
    return pd.DataFrame(
        {
            "way_id": ferries["way_id"].astype(str),
            "name": ferries["name"],
            "takes": np.where(ferries["cars"], writer["cars"], writer["passengers_only"]),
            "crossing_min": ferries["crossing_s"].map(in_minutes),
            "wait_min": ferries["wait_s"].map(in_minutes),
            "time_from": ferries["note"].map(writer.note),
        }
    )


@checks_arguments
def headed(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Return a table as it is printed, with its columns headed in a language; columns without a phrase keep their name.

    Examples
    --------
    >>> headed(pd.DataFrame({"name": ["Bø"], "days": [2]}), "nb").columns.tolist()
    ['navn', 'dager']
    """
    words = {**section(language, "terminal"), **section(language, "headings")}
    return table.rename(columns={name: words.get(str(name), name) for name in table.columns})


def _in_words(table: pd.DataFrame, writer: Writer) -> pd.DataFrame:
    """Return a table with its headings, and what links places to the mainland, in words."""
    if "tied_by" in table:
        words = {tie: writer.known(tie, otherwise=tie) for tie in table["tied_by"].unique()}
        table = table.assign(tied_by=table["tied_by"].map(words))
    return headed(table, writer.language)


@checks_arguments
def draw_network(study: Study, path: Path) -> None:
    """Write a picture of the network of a study: roads by what ties them to the mainland, ferries by kind."""
    from geoaccess import maps
    from geoaccess.maps.network_layers import ferry_lines
    from geoaccess.study.results.pictures import look_of

    network, _ = stages.build_or_load_network(study)
    settings = study.settings
    roads = network.edges()
    roads = roads.assign(tied_by=ties(network))[roads["kind"] == EdgeKind.ROAD]
    with files.writing(path) as temporary:
        maps.network_map(
            temporary,
            roads=roads,
            ferries=ferry_lines(network),
            title=settings.title,
            disclaimer=settings.disclaimer,
            attribution="; ".join(attribution_of(study)),
            language=settings.language,
            look=look_of(study),
        )


@checks_arguments
def route_table(
    study: Study, start: tuple[float, float], goal: tuple[float, float], *, geojson: Path | None = None
) -> pd.DataFrame:
    """Return the parts of the quickest journey with minutes and kilometres; also write them as GeoJSON."""
    return journey_table(study, journey(study, start, goal), geojson=geojson)


@checks_arguments
def journey(study: Study, start: tuple[float, float], goal: tuple[float, float]) -> gpd.GeoDataFrame:
    """Return the parts of the quickest journey, as `geoaccess.route` does, on the network of a study."""
    network, _ = stages.build_or_load_network(study)
    return route(
        network,
        start,
        goal,
        max_snap_m=study.settings.snap.max_m,
        off_network_kph=study.settings.snap.off_network_kph,
        min_component_m=study.settings.network.min_component_km * 1000,
    )


@checks_arguments
def journey_table(study: Study, parts: gpd.GeoDataFrame, *, geojson: Path | None = None) -> pd.DataFrame:
    """Return the parts of a journey as they are printed; also write them as GeoJSON."""
    if geojson is not None:
        named, memory = parts.assign(disclaimer=study.settings.disclaimer), io.BytesIO()
        named.to_file(memory, driver="GeoJSON", layer=geojson.stem)  # else it would be that of the moment
        with files.writing(geojson) as temporary:  # GDAL says nothing of a disk that is full when it closes a file
            temporary.write_bytes(memory.getbuffer())
    writer = Writer(study.settings.language, ("terminal",))
    seconds, metres = parts["travel_time_s"], parts["length_m"]
    return pd.DataFrame(
        {
            writer["part"]: [*parts["part"].map(lambda part: writer[f"part_{part}"]), writer["part_total"]],
            writer["part_of"]: [*parts["detail"], ""],
            "min": [writer.number(one / 60, 1) for one in [*seconds, seconds.sum()]],
            "km": [writer.number(one / 1000, 1) for one in [*metres, metres.sum()]],
        }
    )


def _template(language: str) -> bytes:
    """Return the template of a study in a language, or in English for a study in that language."""
    try:
        return shipped(f"template.{language}.toml").read_bytes()
    except MissingFileError:
        given = f'language = "{FALLBACK}"'
        return shipped("template.toml").read_bytes().replace(given.encode(), f'language = "{language}"'.encode(), 1)


@checks_arguments
def write_template(path: Path, *, language: str = FALLBACK) -> list[Path]:
    """Write a commented study file, and the car profile beside it, where neither is there yet.

    Maps, figures, report and planner of the study will be in `language`, and so are comments and labels where a
    template in it is shipped (`template.nb.toml`); else they are in English.

    Raises
    ------
    InputError
        If the name does not end in .toml, one of the files is there already, or there is no such language.
    """
    code = language_code(language)
    if path.suffix != ".toml":
        raise InputError(f"{path}: a study is a .toml file; try {path.with_suffix('.toml')}")
    profile = path.parent / "car.toml"
    for there in (path, profile):
        if there.exists():
            raise InputError(f"{there} is there already; give another name or remove it")
    study = _template(code).replace(b"MEASURES", ", ".join(MEASURES).encode(), 1)  # a new measure is named by itself
    with files.writing_among(path.parent, former=tuple) as temporary:
        (temporary / path.name).write_bytes(study)
        (temporary / profile.name).write_bytes(shipped("profiles/car.toml").read_bytes())
    return [path, profile]

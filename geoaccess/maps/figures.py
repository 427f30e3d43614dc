"""Figures for print, as PNG, SVG or PDF: the map of a service, curves of people within a time, and Lorenz curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from geoaccess.errors import InputError
from geoaccess.maps.bands import band_colours, band_index, band_people, chosen_bands, norm_words, own_norm_note
from geoaccess.maps.blocks import joined
from geoaccess.maps.chain import chain_text, draw_chain, first_of_chain, has_chain
from geoaccess.maps.labels import direction_label, time_label
from geoaccess.maps.layers import (
    LEGEND_IN,
    MAP_AT_MOST_IN,
    Layers,
    Legend,
    below_cells,
    block_factor,
    once,
    projected,
    room_of,
    window_of,
)
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.projection import figure_crs
from geoaccess.maps.results import cells_of, check_results, people_column, people_of
from geoaccess.phrases import language_code, people, section, share
from geoaccess.zones import read_scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.maps.chain import ChainKind
    from geoaccess.maps.lorenz import LorenzCurve
    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = ["FIGURES", "Drawn", "Figure", "lorenz_figure", "service_map", "time_curves"]


def service_map(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    service: Service,
    sites: gpd.GeoDataFrame | None = None,
    municipalities: gpd.GeoDataFrame | pd.DataFrame | None = None,
    ferries: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    land: gpd.GeoSeries | None = None,
    lakes: gpd.GeoSeries | None = None,
    ice: gpd.GeoSeries | None = None,
    places: gpd.GeoDataFrame | None = None,
    at_most_in: tuple[float, float] = MAP_AT_MOST_IN,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    bands_s: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    language: str = "en",
    look: Look = USUAL_LOOK,
    made: dict[Any, Any] | None = None,
) -> None:
    """Write the map of one service: cells by band of travel time, in the projection of `figure_crs`.

    Cells that would be thinner than three dots are joined to blocks (the legend says so; people are always counted from
    the cells), and where cells are few, they are drawn up to five dots wide. Where they then overlap, the one with most
    people is on top, and those not reached are above all.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    results, sites, municipalities, ferries, roads, land, lakes, ice, places
        As for `web_map`; of the sites, those of this service are drawn.
    at_most_in
        Width and height of the map beside its legend, inches.
    bands_s
        Upper edges of the bands in seconds, for all services or by key; otherwise those of the look, or from the norms
        (`default_bands`).
    look
        Projection, further forms, colours, names and width.
    made
        A dictionary, empty at first, given to each of several maps of the same layers: what they have in common is made
        by the first of them, and put there.

    Raises
    ------
    InputError
        If the table of results does not hold what is needed.
    """
    check_results(results, [service])
    bands_s = look.edges_s([service]) if bands_s is None else bands_s
    if isinstance(bands_s, Mapping):
        bands_s = {key: edges for key, edges in bands_s.items() if key == service.key}
    edges = chosen_bands([service], bands_s)[service.key]
    cells = cells_of(results, [service], site_ids=None, population=people_column(service))
    crs = figure_crs(results, asked=look.crs)
    room = room_of(look, at_most_in, legend_in=LEGEND_IN)
    cells = joined(cells, factor=block_factor(cells.squares, window_of(cells.squares, results.crs, crs), room))
    given: dict[str, Any] = {"municipalities": municipalities, "ferries": ferries, "roads": roads, "places": places}
    given |= {"land": land, "lakes": lakes, "ice": ice}
    made = {} if made is None else made
    below = once(made, ("below", crs), lambda: below_cells(crs, **given))
    layers = Layers(
        squares=cells.squares,
        grid=results.crs,
        factor=cells.factor,
        made=made,
        band=band_index(cells.times[service.key].time_s, edges_s=edges),
        colours=band_colours(len(edges) + 1, palette=look.palette),
        population=cells.population,
        crs=crs,
        sites=projected(sites if sites is None else sites[sites["service"] == service.key], crs),
        at_most_in=at_most_in,
        look=look,
        **below,
    )
    legend = _legend(results, service, edges, layers, language=language)
    from geoaccess.maps.drawing import draw_service_map  # matplotlib is slow to import

    heads = {"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution}
    draw_service_map(path, layers=layers, legend=legend, heads=heads)


def _legend(
    results: gpd.GeoDataFrame, service: Service, edges_s: Sequence[float], layers: Layers, *, language: str
) -> Legend:
    words = section(language, "map")
    colours = layers.colours
    rows = []
    for row in band_people(results, service=service, edges_s=edges_s, language=language).to_dict("records"):
        number = int(row["band"])
        edge = edges_s[number] if 0 <= number < len(edges_s) else 0.0
        norm = norm_words(service, edge, language=language)
        counted = people(row["people"], language=language), share(row["share"], language=language)
        rows.append((colours[number] if number >= 0 else None, str(row["label"]), *counted, norm))
    marks = []
    if layers.sites is not None:
        proxy = layers.proxies()
        marks += [("site", words["site"])] if (~proxy).any() else []
        marks += [("proxy", words["proxy"])] if proxy.any() else []
    marks += layers.marks_below(words)
    total = float(people_of(results, service).sum())
    blocks = words["blocks"].format(k=layers.factor) if layers.factor > 1 else ""
    return Legend(
        caption=time_label(service, language=language),
        direction=direction_label(service, language=language),
        heads=(words["people"], words["share"]),
        rows=tuple(rows),
        total=(words["total"], people(total, language=language), share(1.0 if total else 0.0, language=language)),
        marks=tuple(marks),
        notes=tuple(filter(None, (*own_norm_note(results, service, language=language), service.proxy_note, blocks))),
    )


def time_curves(
    path: Path,
    *,
    results: pd.DataFrame,
    services: Sequence[Service],
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    scheme: CentralityScheme | None = None,
    look: Look = USUAL_LOOK,
    people: Mapping[str, npt.NDArray[np.float64]] | None = None,
) -> None:
    """Write the share of people within every travel time: a panel per service, a curve per centrality class.

    The share is of *all* people of the class, so that a curve ends below 100 % where some are not reached. Norms are
    dashed lines. People in no class are in the curve of all, and have one of their own.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    results
        One row per cell, with `population`, `{key}_s` (seconds), `{key}_reason` and, where there, `centrality_class`.
        No geometry is needed.
    scheme
        The centrality classes, with their names and colours; those of Statistics Norway if not given.
    look
        Further forms, dots and width.
    people
        Those whom curves count where few are not shown, by column of the results: a curve has a step for every cell.

    Raises
    ------
    InputError
        If there is no service, nobody in the table, or something is missing from it.
    """
    language_code(language)
    check_results(results, services)
    if not services or not float(results["population"].sum()) > 0:
        raise InputError("time_curves: there is no service, or nobody, to draw a curve of")
    from geoaccess.maps import curves  # matplotlib is slow to import

    curves.draw_time_curves(
        path,
        results=results,
        services=services,
        heads={"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution},
        language=language,
        scheme=scheme or read_scheme(),
        look=look,
        counted=people or {},
    )


def lorenz_figure(
    path: Path,
    *,
    curves: Sequence[LorenzCurve],
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write Lorenz curves of travel time, with the Gini index of each in the legend.

    Raises
    ------
    InputError
        If there is no curve, or the points of one are not a Lorenz curve.
    """
    language_code(language)
    problems = [problem for curve in curves for problem in curve.problems()]
    if not curves:
        problems.append("there is none to draw")
    if problems:
        raise InputError.listing("curves", problems)
    from geoaccess.maps.curves import draw_lorenz  # matplotlib is slow to import

    draw_lorenz(
        path,
        curves=curves,
        heads={"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution},
        language=language,
        look=look,
    )


def _always(services: Sequence[Service], columns: Sequence[str]) -> bool:  # noqa: ARG001 - as others are asked
    return True


def _nothing_more(
    results: pd.DataFrame,  # noqa: ARG001 - as others are asked
    services: Sequence[Service],  # noqa: ARG001
    names: Mapping[str, str],  # noqa: ARG001
    language: str,  # noqa: ARG001
) -> str:
    return ""


@dataclass(frozen=True)
class Drawn:
    """What the figures of a study are drawn of.

    `words` are title, notes, language and look of every picture; `layers` gives what a map is drawn of, the cells
    and what lies under them, in the CRS of the grid; `people` are those of curves, by column of the results.
    """

    results: pd.DataFrame
    services: Sequence[Service]
    scheme: CentralityScheme
    lorenz: Sequence[LorenzCurve]
    words: Mapping[str, Any]
    sites: gpd.GeoDataFrame
    layers: Callable[[], Mapping[str, Any]]
    people: Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Figure:
    """A figure of a study.

    `name` is its file, `draw` writes it, `section` is where the report shows it, and `caption` the phrase below it.
    `asked` says whether a study has it, by its services and the columns of its cells. `tells` is what stands for it
    where it is read aloud: a sentence of the cells, the services, the names of sites by their id and the language; ""
    where the caption says it. Whether it is a map, with land under it, says `mapped`.
    """

    name: str
    draw: Callable[[Path, Drawn], None]
    section: str
    caption: str
    asked: Callable[[Sequence[Service], Sequence[str]], bool] = _always
    tells: Callable[[pd.DataFrame, Sequence[Service], Mapping[str, str], str], str] = _nothing_more
    mapped: bool = False


def _time_curves(path: Path, drawn: Drawn) -> None:
    known: dict[str, Any] = {"results": drawn.results, "people": drawn.people}
    time_curves(path, services=drawn.services, scheme=drawn.scheme, **known, **drawn.words)


def _lorenz(path: Path, drawn: Drawn) -> None:
    lorenz_figure(path, curves=drawn.lorenz, **drawn.words)


def _chain(name: str, kind: ChainKind) -> Figure:
    """Return the figure of which base, or which mode, of the ambulances is first."""

    def asked(services: Sequence[Service], columns: Sequence[str]) -> bool:
        return any(has_chain(one, columns, kind) for one in services)

    def tells(results: pd.DataFrame, services: Sequence[Service], names: Mapping[str, str], language: str) -> str:
        service = next(one for one in services if has_chain(one, results.columns, kind))
        first = first_of_chain(results, service, kind)
        return chain_text(results, service=service, kind=kind, first=first, names=names, language=language)

    def draw(path: Path, drawn: Drawn) -> None:
        draw_chain(path, drawn, kind)

    return Figure(name, draw, section="chain", caption=f"chain_{kind}_caption", asked=asked, tells=tells, mapped=True)


FIGURES: Final = (
    Figure("curves.png", _time_curves, section="curves", caption="curves_caption"),
    Figure("lorenz.png", _lorenz, section="equity", caption="lorenz_caption"),
    _chain("chain_base.png", "base"),
    _chain("chain_mode.png", "mode"),
)
"""The figures of all services together; one of each service is a map. The files and the report follow this list."""

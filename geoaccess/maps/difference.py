"""Maps of a difference: who wins and loses minutes, or has more or less supply, and who is reached no longer or now."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.errors import InputError
from geoaccess.maps.assets import colour, scale
from geoaccess.maps.blocks import joined
from geoaccess.maps.labels import change_label, direction_label
from geoaccess.maps.layers import (
    LEGEND_IN,
    MAP_AT_MOST_IN,
    Layers,
    Legend,
    below_cells,
    block_factor,
    projected,
    room_of,
    window_of,
)
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.projection import figure_crs
from geoaccess.maps.results import Cells, people_of, squares
from geoaccess.phrases import people, section, share

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.maps.results import Service

__all__ = [
    "DIFFERENCE_COLOURS",
    "difference_bands",
    "difference_map",
    "difference_rules",
    "supply_bands",
    "supply_map",
    "window_of_change",
]

_EDGES_MIN: Final = (-30.0, -10.0, -0.5, 0.5, 10.0, 30.0)
# Purple for minutes won, orange-brown for minutes lost: safe for colour-blind readers, and apart in grey at the ends.
DIFFERENCE_COLOURS: Final = (*scale("difference"), colour("difference_reached"), colour("difference_never"))
_SAME, _NOW, _NEVER, _NO_LONGER = 3, 7, 8, 9
_SMALL_PART: Final = 0.4
_BANDS: Final = (
    *("won_more", "won_some", "won_few", "same", "lost_few", "lost_some", "lost_more"),
    *("now", "never", "no_longer"),
)
_SUPPLY_EDGES: Final = (0.5, 0.2, 0.02, -0.02, -0.2, -0.5)
"""Changes of supply in parts of what it was, as far as bands of more and of less reach."""
_SUPPLY_BANDS: Final = (
    *("more_most", "more_some", "more_few", "supply_same", "less_few", "less_some", "less_most"),
    *("supply_now", "supply_never", "supply_no_longer"),
)


def difference_bands(cells: pd.DataFrame, *, service: str) -> npt.NDArray[np.int64]:
    """Return the band of each cell: 0 to 6 by minutes won or lost, 7 reached now, 8 never, 9 no longer.

    >>> import pandas as pd
    >>> difference_bands(pd.DataFrame({"gp_difference_s": [-60.0, 0.0, np.nan], "gp_change": ["better", "same",
    ...     "became_unreached"]}), service="gp").tolist()
    [2, 3, 9]
    """
    minutes = cells[f"{service}_difference_s"].to_numpy(np.float64) / 60
    change = cells[f"{service}_change"].to_numpy(dtype=object)
    won = np.searchsorted(_EDGES_MIN[:3], minutes, side="right")  # an edge belongs to the lesser change
    lost = np.searchsorted(_EDGES_MIN[3:], minutes, side="left") + len(_EDGES_MIN[:3])
    special = [change == "became_reached", change == "unreached", change == "became_unreached"]
    bands: npt.NDArray[np.int64] = np.select(special, [_NOW, _NEVER, _NO_LONGER], np.where(minutes < 0, won, lost))
    return bands


def supply_bands(cells: pd.DataFrame, *, name: str) -> npt.NDArray[np.int64]:
    """Return the band of each cell by its supply: 0 to 6 by how much more or less, 7 some now, 8 never any, 9 none now.

    >>> import pandas as pd
    >>> supply_bands(pd.DataFrame({"s_before": [1.0, 1.0, 0.0, 2.0], "s_after": [2.0, 0.9, 1.0, 0.0], "s_change":
    ...     ["better", "worse", "became_reached", "became_unreached"]}), name="s").tolist()
    [0, 4, 7, 9]
    """
    before, after = (cells[f"{name}_{when}"].to_numpy(np.float64) for when in ("before", "after"))
    change = cells[f"{name}_change"].to_numpy(dtype=object)
    more = np.divide(after - before, before, out=np.zeros(len(before)), where=before > 0).round(9)
    upper, lower = _SUPPLY_EDGES[:3], _SUPPLY_EDGES[3:]  # an edge belongs to the lesser change
    beyond = [*(more <= edge for edge in upper), *(more < edge for edge in lower)]
    band = np.sum(beyond, axis=0, dtype=np.int64)
    special = [change == "became_reached", change == "unreached", change == "became_unreached"]
    bands: npt.NDArray[np.int64] = np.select(special, [_NOW, _NEVER, _NO_LONGER], band)
    return bands


def difference_rules(service: str, *, language: str = "en") -> list[tuple[str, str, str]]:
    r"""Return of each band an SQL expression of its cells, its colour and its name; of columns in minutes.

    The columns are those of `difference_bands`, but for `{service}_difference_min`. The last band is no longer reached.

    Examples
    --------
    >>> difference_rules("gp")[1][0]
    '"gp_difference_min" >= -30 AND "gp_difference_min" < -10'
    >>> difference_rules("gp")[-1][0]
    '"gp_change" = \'became_unreached\''
    """
    words, minutes = section(language, "difference"), f'"{service}_difference_min"'
    won, lost = _EDGES_MIN[:3], _EDGES_MIN[3:]
    found = [
        f"{minutes} < {won[0]:g}",
        *(f"{minutes} >= {lower:g} AND {minutes} < {upper:g}" for lower, upper in pairwise(won)),
        f"{minutes} >= {won[-1]:g} AND {minutes} <= {lost[0]:g}",
        *(f"{minutes} > {lower:g} AND {minutes} <= {upper:g}" for lower, upper in pairwise(lost)),
        f"{minutes} > {lost[-1]:g}",
        *(f"\"{service}_change\" = '{change}'" for change in ("became_reached", "unreached", "became_unreached")),
    ]
    colours = (*DIFFERENCE_COLOURS, colour("unreached"))
    return [*zip(found, colours, (words[name] for name in _BANDS), strict=True)]


def difference_map(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    cells: pd.DataFrame,
    service: Service,
    sites: gpd.GeoDataFrame | None = None,
    municipalities: gpd.GeoDataFrame | None = None,
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
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write the map of what a change does to one service: cells by minutes won (purple) and lost (orange).

    Where a change touches a small part of the region only, that part is drawn; people are always counted everywhere.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    results
        The cells as squares, in the projected CRS of their grid.
    cells
        What `geoaccess.scenarios.cell_differences` returns, on the same index.
    sites
        Those after the change; those of the service are drawn. A column `change` may mark some as "new", or as
        "closed": these are drawn too.
    municipalities, ferries, roads, land, lakes, ice, places, at_most_in, look
        As for `service_map`.

    Raises
    ------
    InputError
        If the two tables are not of the same cells, or a column is missing.
    """
    _draw(
        path,
        bands=difference_bands(cells, service=service.key),
        named=_BANDS,
        caption=change_label(service, language=language),
        population=people_of(cells, service),
        results=results,
        cells=cells,
        service=service,
        sites=sites,
        below={
            "municipalities": municipalities,
            "ferries": ferries,
            "roads": roads,
            "land": land,
            "lakes": lakes,
            "ice": ice,
            "places": places,
        },
        at_most_in=at_most_in,
        heads={"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution},
        language=language,
        look=look,
    )


def supply_map(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    cells: pd.DataFrame,
    service: Service,
    name: str,
    label: str,
    population: str,
    sites: gpd.GeoDataFrame | None = None,
    at_most_in: tuple[float, float] = MAP_AT_MOST_IN,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    look: Look = USUAL_LOOK,
    **below: Any,
) -> None:
    """Write the map of what a change does to supply within reach: cells by how much more (purple) or less (orange).

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    results
        The cells as squares, in the projected CRS of their grid, with the column `population` of the people who share
        the supply.
    cells
        On the same index: `{name}_before`, `{name}_after` and `{name}_change`, as of
        `geoaccess.scenarios.supply_differences`.
    service
        That of the sites.
    label
        What readers are shown in place of the name.
    sites, at_most_in, look
        As for `difference_map`.
    **below
        What lies under the cells, as for `difference_map`.

    Raises
    ------
    InputError
        If the two tables are not of the same cells.
    """
    _draw(
        path,
        bands=supply_bands(cells, name=name),
        named=_SUPPLY_BANDS,
        caption=f"{section(language, 'difference')['caption_supply']}: {label}",
        population=results[population].to_numpy(np.float64),
        results=results,
        cells=cells,
        service=service,
        sites=sites,
        below=below,
        at_most_in=at_most_in,
        heads={"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution},
        language=language,
        look=look,
    )


def _draw(
    path: Path,
    *,
    bands: npt.NDArray[np.int64],
    named: tuple[str, ...],
    caption: str,
    population: npt.NDArray[np.float64],
    results: gpd.GeoDataFrame,
    cells: pd.DataFrame,
    service: Service,
    sites: gpd.GeoDataFrame | None,
    below: Mapping[str, Any],
    at_most_in: tuple[float, float],
    heads: Mapping[str, str],
    language: str,
    look: Look,
) -> None:
    """Draw cells by bands that are called `named`."""
    if not results.index.equals(cells.index):
        raise InputError("results and cells are not of the same cells in the same order")
    seen = window_of_change(results, ~np.isin(bands, (_SAME, _NEVER)))
    shapes = squares(results[seen])
    # The band takes the place of the class: of a block, it is that of the most people.
    ones, unnamed = np.ones(int(seen.sum()), np.int64), np.full(int(seen.sum()), "", dtype=object)
    drawn = Cells(shapes, population[seen], ones, unnamed, bands[seen], times={})
    crs = figure_crs(results, asked=look.crs)
    room = room_of(look, at_most_in, legend_in=LEGEND_IN)
    drawn = joined(drawn, factor=block_factor(shapes, window_of(shapes, results.crs, crs), room))
    mine = None if sites is None else sites[(sites["service"] == service.key).to_numpy()]
    nothing = dict.fromkeys(("municipalities", "ferries", "roads", "land", "lakes", "ice", "places"))
    layers = Layers(
        squares=drawn.squares,
        grid=results.crs,
        factor=drawn.factor,
        band=np.where(drawn.class_place == _NO_LONGER, -1, drawn.class_place).astype(np.int16),
        colours=[*DIFFERENCE_COLOURS],
        population=drawn.population,
        crs=crs,
        sites=projected(mine, crs),
        at_most_in=at_most_in,
        look=look,
        **below_cells(crs, **{**nothing, **below}),
    )
    from geoaccess.maps.drawing import draw_service_map  # matplotlib is slow to import

    legend = _legend(bands, named, caption, population, service, layers, language, part=not seen.all())
    draw_service_map(path, layers=layers, legend=legend, heads=heads)


def window_of_change(results: gpd.GeoDataFrame, touched: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which cells to draw: those around what changes, where that is a small part of all."""
    west, south, east, north = results.geometry.bounds.to_numpy(np.float64).T
    everything = np.ones(len(touched), np.bool_)
    if not touched.any():
        return everything
    box = (west[touched].min(), south[touched].min(), east[touched].max(), north[touched].max())
    whole = max(east.max() - west.min(), north.max() - south.min())
    side = max(box[2] - box[0], box[3] - box[1])
    if side > whole * _SMALL_PART:
        return everything
    margin = max(side, whole * _SMALL_PART / 4)
    sides = (west >= box[0] - margin, east <= box[2] + margin, south >= box[1] - margin, north <= box[3] + margin)
    inside: npt.NDArray[np.bool_] = np.logical_and.reduce(sides)
    return inside


def _legend(
    bands: npt.NDArray[np.int64],
    named: tuple[str, ...],
    caption: str,
    population: npt.NDArray[np.float64],
    service: Service,
    layers: Layers,
    language: str,
    *,
    part: bool,
) -> Legend:
    compact = layers.at_most_in < MAP_AT_MOST_IN  # a small map has room for what is on it alone
    words, common = section(language, "difference"), section(language, "map")
    total = float(population.sum())
    rows = []
    for number, name in enumerate(named):
        here = float(population[bands == number].sum())
        if compact and not here:
            continue
        counted = people(here, language=language), share(here / total if total else 0.0, language=language)
        rows.append((None if number == _NO_LONGER else DIFFERENCE_COLOURS[number], words[name], *counted, ""))
    labels = {"site": common["site"], "proxy": common["proxy"], "new": words["new"], "closed": words["closed"]}
    there = set(layers.site_kinds().tolist())
    if there & {"new", "closed"}:
        labels["site"] = words["stays"]
    marks = [(kind, label) for kind, label in labels.items() if kind in there]
    marks += layers.marks_below(common)
    notes = [service.proxy_note, words["blocks"].format(k=layers.factor) if layers.factor > 1 else ""]
    notes += [words["part"]] if part else []
    return Legend(
        caption=caption,
        direction=direction_label(service, language=language),
        heads=(common["people"], common["share"]),
        rows=tuple(rows),
        total=(common["total"], people(total, language=language), share(1.0 if total else 0.0, language=language)),
        marks=tuple(marks),
        notes=tuple(note for note in notes if note),
    )

"""The map for the screen: one HTML file that opens anywhere, with no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
import shapely

from geoaccess.demand import assumed_people
from geoaccess.errors import InputError
from geoaccess.files import writing
from geoaccess.frames import transformer
from geoaccess.maps import packing
from geoaccess.maps.bands import chosen_bands
from geoaccess.maps.blocks import DRAWN_AT_MOST, levels_of
from geoaccess.maps.labels import class_label, reason_label
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.results import (
    Service,
    cells_of,
    check_results,
    checked_ferries,
    people_column,
    ranked_roads,
    squares,
    with_assumed,
)
from geoaccess.maps.tiles import pack_level, pack_points
from geoaccess.maps.web_layers import BREAKS, class_layer, other_breaks, service_layer
from geoaccess.phrases import section
from geoaccess.zones import read_scheme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.maps.results import Squares
    from geoaccess.zones import CentralityScheme

__all__ = [
    "PackedBelow",
    "ferry_facts",
    "packed_below",
    "packed_lines",
    "place_facts",
    "road_facts",
    "web_map",
    "zone_boxes",
]

_FINER: Final = 4
"""Lines are so much finer than is seen of the whole region, as one can zoom in."""


class PackedBelow(NamedTuple):
    """What lies under cells as it stands in a page: `packed_lines` no finer than `within_m`, and `road_facts`."""

    within_m: float
    roads: list[list[Any]]
    lines: dict[str, Any]


def web_map(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    services: Sequence[Service],
    municipalities: gpd.GeoDataFrame | pd.DataFrame | None = None,
    ferries: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    land: gpd.GeoSeries | None = None,
    lakes: gpd.GeoSeries | None = None,
    ice: gpd.GeoSeries | None = None,
    places: gpd.GeoDataFrame | None = None,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    bands_s: Mapping[str, Sequence[float]] | Sequence[float] | None = None,
    language: str = "en",
    scheme: CentralityScheme | None = None,
    at_most: int = DRAWN_AT_MOST,
    look: Look = USUAL_LOOK,
    mask_below: int | None = None,
    people: Mapping[str, npt.NDArray[np.float64]] | None = None,
    packed: PackedBelow | None = None,
) -> None:
    """Write a map of the results as one HTML file (folium and Leaflet, all inside) that needs no network.

    A layer for each service shows the cells by band of travel time, and one more the centrality class where any cell
    has one. Sites, ferries, municipality borders and main roads can be switched, classes broken by norms, at fixed
    minutes or in equal shares of people, and cells made lighter. The address of the page holds the choice
    (`#service=hospital&z=9&lat=65.1&lon=-18.2&breaks=fixed&hide=roads,ferries&at=65.1/-18.2`), so that a view can be
    shared.

    Parameters
    ----------
    path
        File to write, .html.
    results
        Square cells in a projected CRS in metres, with `population` and for each service `{key}_s` (seconds; inf or NaN
        where not reached) and `{key}_reason`; also, where there, `{key}_site`, `{key}_second_s`, `{key}_second_site`,
        `municipality`, `centrality_class`.
    sites
        Points with `service`, `name`, and where there `level`, `proxy`, `note`; indexed by the ids that results name.
    services
        The services, in the order of the layers.
    municipalities
        Areas: drawn as land and as borders. Without geometry they are left out.
    ferries
        Lines with `cars` and, where there, `name`, `crossing_s`, `wait_s`.
    roads
        Lines with `highway`; motorway, trunk, primary and secondary are drawn.
    land
        Polygons bounded by coast; without them the municipalities together are drawn as land.
    lakes
        Polygons of water on land.
    ice
        Those of glaciers.
    places
        Points with `name`, `alt_names`, `small` and `municipality`, the ones to show first in front: names on the map,
        as many as have room, and in the search.
    disclaimer
        What readers must know before they believe the map; always in sight.
    attribution
        Sources and licences.
    bands_s
        Upper edges of the bands in seconds, for all services or by key; otherwise those of the look, or from the norms
        (`default_bands`).
    language
        "en" or "nb".
    scheme
        The centrality classes, with their names and colours; those of Statistics Norway if not given.
    at_most
        With more cells than this, blocks of cells are drawn until one zooms in, and the legend says so. The people in
        the legend are always counted from the cells.
    look
        Its breaks and palette hold here too.
    mask_below
        Cells with fewer people say only in which band they are, and blocks with such cells how many people about.
    people
        With `mask_below`: what `geoaccess.demand.assumed_people` makes of all that is known of the people; of the
        results alone unless given.
    packed
        What `packed_below` returned for these cells and all that lies under them, where it was kept.

    Raises
    ------
    InputError
        If the tables do not hold what is needed, or do not fit together.
    """
    words = section(language, "map")
    scheme = scheme or read_scheme()
    check_results(results, services)
    if not services:
        raise InputError("services: there is none to draw")
    _check_sites(sites)
    edges = chosen_bands(services, look.edges_s(services) if bands_s is None else bands_s)
    cells = cells_of(results, services, site_ids=sites.index, scheme=scheme)
    if people is None:
        columns = [people_column(service) for service in services]
        people = assumed_people(results, below=mask_below, zones=cells.municipality, columns=columns)
    cells = with_assumed(cells, services, people, below=mask_below)
    if packed is None or packed.within_m != _finest_m(cells.squares, results.crs):
        under: dict[str, Any] = {"municipalities": municipalities, "ferries": ferries, "roads": roads}
        packed = packed_below(results, **under, land=land, lakes=lakes, ice=ice)
    municipality_names = sorted({str(name) for name in cells.municipality})
    reasons = sorted({str(reason) for times in cells.times.values() for reason in times.reason})
    more = {service.key: other_breaks(results, service, edges[service.key]) for service in services}
    layers = [
        service_layer(
            service,
            results,
            {"norms": edges[service.key], **more[service.key]},
            language=language,
            palette=look.palette,
        )
        for service in services
    ]
    if "centrality_class" in results.columns and results["centrality_class"].notna().any():
        layers.append(class_layer(results, scheme, language=language))
    data = {
        "language": language,
        "words": dict(words),
        "title": title,
        "subtitle": subtitle,
        "disclaimer": disclaimer,
        "attribution": attribution,
        "bounds": _bounds(results),
        "mask_below": mask_below or 0,
        "order": [layer["key"] for layer in layers],
        "breaks": [name for name in BREAKS if any(name in layer.get("breaks", ()) for layer in layers)],
        "own_breaks": bands_s is not None or bool(look.edges_s(services)),
        "layers": {layer["key"]: layer for layer in layers},
        "labels": {service.key: service.label for service in services},
        "classes": [class_label(name, scheme, language=language) for name in (*scheme.ids, "")],
        "municipalities": municipality_names,
        "reasons": [reason_label(reason, language=language) if reason else "" for reason in reasons],
        "sites": _sites(sites),
        "ferries": ferry_facts(checked_ferries(ferries)),
        "roads": packed.roads,
        "places": place_facts(places),
        "boxes": zone_boxes(results, municipality_names),
        "lines": packed.lines,
        "levels": [
            pack_level(
                level,
                results.crs,
                edges=edges,
                more=more,
                municipality=np.searchsorted(municipality_names, level.municipality.astype(str)),
                reasons=reasons,
                no_class=len(scheme.ids),
            )
            for level in levels_of(cells, at_most=at_most)
        ],
    }
    from geoaccess.maps.page import page  # folium is slow to import

    text = page(data, language=language, need_script=words["need_script"])
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def packed_below(
    results: gpd.GeoDataFrame,
    *,
    municipalities: gpd.GeoDataFrame | pd.DataFrame | None,
    ferries: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    land: gpd.GeoSeries | None,
    lakes: gpd.GeoSeries | None,
    ice: gpd.GeoSeries | None,
) -> PackedBelow:
    """Return what `web_map` makes of all that lies under cells, which depends on no travel time."""
    within_m, ranked = _finest_m(squares(results), results.crs), ranked_roads(roads)
    under = municipalities, checked_ferries(ferries), ranked, land, lakes, ice
    return PackedBelow(within_m, road_facts(ranked), packed_lines(*under, within_m=within_m, points=pack_points))


def _finest_m(cells: Squares, crs: Any) -> float:
    return packing.tolerance_m(packing.square_corners(cells, crs)) / _FINER


def _check_sites(sites: gpd.GeoDataFrame) -> None:
    problems = [f"column {name!r} is missing" for name in ("service", "name") if name not in sites.columns]
    if sites.crs is None:
        problems.append("there is no CRS; sites are points in EPSG:4326")
    if not sites.index.is_unique:
        problems.append(f"site_id {sites.index[sites.index.duplicated()][0]!r} is there twice; give every site its own")
    if bool((sites.geometry.is_empty | sites.geometry.isna()).any()):
        problems.append("a site has no place; leave it out or give it one")
    if problems:
        raise InputError.listing("sites", problems)


def _bounds(results: gpd.GeoDataFrame) -> list[list[float]]:
    lon, lat = _corners(results, "EPSG:4326")[0].T
    west, south, east, north = (round(float(edge), 5) for edge in (lon.min(), lat.min(), lon.max(), lat.max()))
    return [[south, west], [north, east]]


def _corners(results: gpd.GeoDataFrame, crs: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return all corners of the cells in a CRS, and the row of the cell that each is of."""
    corners, row = shapely.get_coordinates(results.geometry.to_numpy(), return_index=True)
    x, y = transformer(results.crs, crs).transform(*corners.T)
    return np.stack([x, y], axis=1), row


def _sites(sites: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    points = sites.geometry.to_crs(packing.WEB_MERCATOR)
    columns = {
        name: sites[name].astype(object).fillna("").tolist() if name in sites.columns else [""] * len(sites)
        for name in ("service", "name", "level", "note", "proxy")
    }
    return [
        {
            "x": round(float(x)),
            "y": round(float(y)),
            "proxy": bool(columns["proxy"][row]),
            **{name: str(columns[name][row]) for name in ("service", "name", "level", "note")},
        }
        for row, (x, y) in enumerate(zip(points.x, points.y, strict=True))
    ]


def ferry_facts(ferries: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    """Return the name of each ferry, whether it takes cars, and minutes of crossing and wait (None: unknown)."""
    if ferries is None:
        return []
    found = []
    for row in ferries.drop(columns=ferries.geometry.name).to_dict("records"):
        times = {key: row.get(f"{key}_s") for key in ("crossing", "wait")}
        known = {
            key: round(float(time) / 60, 1) if pd.notna(time) and np.isfinite(time) else None
            for key, time in times.items()
        }
        name = row.get("name", "")
        found.append({"name": "" if pd.isna(name) else str(name), "cars": bool(row["cars"]), **known})
    return found


def road_facts(ranked: gpd.GeoDataFrame | None) -> list[list[Any]]:
    """Return the rank of each line of `ranked_roads`, 0 for the largest, and its number ("" where it has none)."""
    return (
        [] if ranked is None else [[int(one), str(ref)] for one, ref in zip(ranked["rank"], ranked["ref"], strict=True)]
    )


def place_facts(places: gpd.GeoDataFrame | None) -> dict[str, Any]:
    """Return the named places in their order: `x` and `y` in whole Web Mercator metres, names, and how they are found.

    The names may hold anything; they are only ever text.
    """
    if places is None:
        return {"x": [], "y": [], "name": [], "alt": [], "zone": [], "small": 0}
    points = places.geometry.to_crs(packing.WEB_MERCATOR)
    zones = places["municipality"] if "municipality" in places else pd.Series("", places.index)
    return {
        "x": np.rint(points.x).astype(int).tolist(),
        "y": np.rint(points.y).astype(int).tolist(),
        "name": places["name"].astype(str).tolist(),
        "alt": places["alt_names"].astype(str).tolist(),
        "zone": zones.astype(str).tolist(),
        "small": int((~places["small"]).sum()),
    }


def zone_boxes(results: gpd.GeoDataFrame, names: Sequence[str]) -> list[list[int]]:
    """Return the box around the cells of each municipality in whole Web Mercator metres: west, south, east, north."""
    if "municipality" not in results:
        return [[] for _ in names]
    corners, row = _corners(results, packing.WEB_MERCATOR)
    number, zones = pd.factorize(results["municipality"].astype(object).fillna("").astype(str))
    order = np.argsort(number[row], kind="stable")
    begins = np.flatnonzero(np.diff(number[row][order], prepend=-1))
    low, high = (extreme.reduceat(corners[order], begins) for extreme in (np.minimum, np.maximum))
    boxes = np.rint(np.hstack([low, high])).astype(int).tolist()
    found = dict(zip(zones, boxes, strict=True))
    return [found.get(name, []) for name in names]


def packed_lines(
    municipalities: gpd.GeoDataFrame | pd.DataFrame | None,
    ferries: gpd.GeoDataFrame | None,
    ranked: gpd.GeoDataFrame | None,
    land: gpd.GeoSeries | None = None,
    lakes: gpd.GeoSeries | None = None,
    ice: gpd.GeoSeries | None = None,
    *,
    within_m: float,
    points: packing.PackPoints = packing.pack_i4,
) -> dict[str, Any]:
    """Pack what lies under and over the cells, by name: land, lakes, ice, borders, ferries and `ranked_roads`."""
    import geopandas as gpd  # large, and needed for the borders alone

    packed: dict[str, Any] = {}
    if isinstance(municipalities, gpd.GeoDataFrame):
        packed["land"], packed["borders"] = packing.pack_areas(
            municipalities.geometry, within_m=within_m, points=points, inner=land is not None
        )
    if land is not None:
        packed["land"] = packing.pack_land(land, within_m=within_m, points=points)
    if lakes is not None:
        packed["lakes"] = packing.pack_land(lakes, within_m=within_m, points=points)
    if ice is not None:
        packed["ice"] = packing.pack_land(ice, within_m=within_m, points=points)
    if ferries is not None:
        packed["ferries"] = packing.pack_each_line(ferries.geometry, within_m=within_m, points=points)
    if ranked is not None:
        packed["roads"] = packing.pack_each_line(ranked.geometry, within_m=within_m, points=points)
    return packed

"""Areas of a study within some minutes of a service, a site or a place, with the people and the land in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.defaults import BUFFER_M, SIMPLIFY_M
from geoaccess.direction import wrong_direction
from geoaccess.errors import InputError
from geoaccess.frames import valid_areas
from geoaccess.kernels.threads import at_once
from geoaccess.measures.groups import read_population
from geoaccess.measures.modes import EARTH_M
from geoaccess.phrases import Writer
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.matrix import chosen_sites, roads_of_service
from geoaccess.routing import isochrones, nearest_seconds
from geoaccess.routing.isochrone_areas import checked_limits
from geoaccess.study.pipeline import solve_times
from geoaccess.study.results.geopackage import undated
from geoaccess.study.results.summaries import headed
from geoaccess.study.results.tables import marked
from geoaccess.tables import write_layer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.direction import Direction
    from geoaccess.questions.matrix import RoadsOfService
    from geoaccess.routing.road_areas import RoadAreas
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["Isochrones", "areas_within", "isochrone_study", "isochrone_tables", "write_isochrones"]

_PLACE = "place"
_LAYERS = ("isochrones", "rings")
_STEP_DEG = 1e-8
"""Where borders cross that should not, areas are cut by such steps (a millimetre)."""


@dataclass(frozen=True)
class Isochrones:
    """The answer, as tables and areas.

    `table` has a row per time, shortest first: `minutes`, `people` within it and `people_ring` of them beyond the time
    before, `share` of all, `area_km2` and `area_ring_km2`, and the area (EPSG:4326), which holds those before. People
    are counted from the exact times of their cells, not by the areas. `name` says what files are called: the service,
    or "place".
    """

    study: Study
    name: str
    label: str
    direction: Direction
    table: gpd.GeoDataFrame
    rings: gpd.GeoDataFrame


@checks_arguments
def isochrone_study(
    study: Study,
    service: str | None = None,
    *,
    minutes: Sequence[float],
    sites: Sequence[str] = (),
    place: tuple[float, float] | None = None,
    direction: Direction | None = None,
    buffer_m: float = BUFFER_M,
    answers: Answers | None = None,
    show: bool = True,
) -> Isochrones:
    """Return the areas within some minutes of the nearest site of a service, of chosen sites, or of a place.

    See `geoaccess.routing.isochrones` for what the areas hold.

    Parameters
    ----------
    service
        On whose roads, and of whose people; may be left out with `place`, for everybody's roads and all people.
    minutes
        Above 0; of ambulances from the call.
    sites
        Ids or names of sites of the service; all unless given.
    place
        Longitude and latitude, degrees, instead of sites.
    direction
        That of the service unless given; of a place "to_people", from there.
    buffer_m
        How far people walk to a road at most; the distance at which the study attaches cells may be longer.
    answers
        Of the study, where it has been solved already.

    Raises
    ------
    InputError
        If neither a service nor a place is given, a name is unknown, no road is near the place, or as `isochrones`.
    """
    import geopandas as gpd

    if wrong := "" if direction is None else wrong_direction(direction):
        raise InputError(wrong)
    spec = None if service is None else find_service(study, service)
    if spec is None and place is None:
        raise InputError("give a service (--service), or a place (--from)")
    if place is not None and len(sites):
        raise InputError("--site and --from: give one of them")
    checked_limits([60 * one for one in minutes], buffer_m=buffer_m, kph=study.settings.snap.off_network_kph)
    answers = solve_times(study, show=show) if answers is None else answers
    if place is not None:
        ours = gpd.GeoDataFrame(geometry=gpd.points_from_xy([place[0]], [place[1]]), crs="EPSG:4326", index=[_PLACE])
        label = f"{place[1]:g}, {place[0]:g}"
    else:
        assert spec is not None  # noqa: S101 - checked above
        ours = chosen_sites(answers, spec.key, sites)
        label = ", ".join(map(str, ours["name"])) if len(sites) else ""
    roads = roads_of_service(answers, "" if spec is None else spec.key, ours)
    asked: Direction = direction or ("to_people" if spec is None else spec.direction)
    people = read_population(answers.results, "population" if spec is None else spec.population)
    kph = study.settings.snap.off_network_kph
    table = areas_within(roads, people, minutes=minutes, direction=asked, buffer_m=buffer_m, off_network_kph=kph)
    names = [*filter(None, ["" if spec is None else spec.label, label])]
    return Isochrones(
        study,
        _PLACE if spec is None else spec.key,
        ": ".join(names),
        asked,
        table,
        _rings(table),
    )


def areas_within(
    roads: RoadsOfService,
    people: npt.NDArray[np.float64],
    *,
    minutes: Sequence[float],
    direction: Direction,
    off_network_kph: float,
    buffer_m: float = BUFFER_M,
    simplify_m: float = 10.0,
    areas: RoadAreas | None = None,
) -> gpd.GeoDataFrame:
    """Return the areas within some minutes of the nearest site, with the people whose cells are: see `Isochrones`.

    Parameters
    ----------
    roads
        With the cells of the people, and the sites.
    people
        Of each cell.
    minutes, direction, buffer_m, off_network_kph, simplify_m, areas
        See `geoaccess.routing.isochrones`.
    """
    found = isochrones(
        roads.plain,
        roads.sites,
        cutoffs_s=[60 * one for one in minutes],
        direction=direction,
        buffer_m=buffer_m,
        simplify_m=simplify_m,
        off_network_kph=off_network_kph,
        areas=areas,
    )
    near = nearest_seconds(roads.network, roads.cells, roads.sites, direction=direction)
    return _counted(found, near, people)


def _counted(
    found: gpd.GeoDataFrame,
    times_s: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
) -> gpd.GeoDataFrame:
    """Return the areas with the people whose cells are within their times."""
    inside = np.array([people[times_s <= cutoff].sum() for cutoff in found["cutoff_s"]])
    everybody = float(people.sum())
    figures: dict[str, Any] = {
        "minutes": found["cutoff_s"] / 60,
        "people": inside,
        "people_ring": np.diff(inside, prepend=0.0),
        "share": inside / everybody if everybody else np.full(inside.size, np.nan),
        "area_km2": found["area_km2"],
        "area_ring_km2": np.diff(found["area_km2"], prepend=0.0),
    }
    return found[["geometry"]].assign(**figures)[[*figures, "geometry"]]


def _rings(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return each area without the one before: cut in degrees, where they are valid, so that rings are, too."""
    shapes = table.geometry.to_numpy()
    cut = [partial(_ring, one, other) for other, one in pairwise(shapes)]
    rings = [shapes[0], *at_once(*cut[::-1])[::-1]]  # the largest first
    return table.set_geometry(rings, crs=table.crs)


def _ring(area: Any, other: Any) -> Any:
    """Return an area without another, and without the strips between them along their common shores.

    There each border is made simpler by itself, and may be moved by `SIMPLIFY_M`.
    """
    import shapely

    parts = shapely.get_parts(valid_areas(np.array([_without(area, other)], object))[0])
    flat: Any = shapely.transform(parts, _flat)
    return shapely.MultiPolygon([*parts[2 * shapely.area(flat) >= SIMPLIFY_M * shapely.length(flat)]])


def _flat(degrees: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return places in metres: as far apart as they are, where they are near each other."""
    lon, lat = np.radians(degrees.T)
    return EARTH_M * np.column_stack([lon * np.cos(lat), lat])


def _without(area: Any, other: Any) -> Any:
    """Return an area without another, its parts at the same time."""
    import shapely

    parts, others = shapely.get_parts(area), shapely.get_parts(other)
    some, of = shapely.STRtree(others).query(parts)
    inside = [others[np.sort(of[some == part])] for part in range(parts.size)]
    cut = at_once(*(partial(_cut, part, here) for part, here in zip(parts, inside, strict=True)))
    return shapely.MultiPolygon([part for part in shapely.get_parts(cut) if part.geom_type == "Polygon"])


def _cut(part: Any, others: npt.NDArray[np.object_]) -> Any:
    """Return a polygon without others, whose borders may have come to cross as they went into degrees."""
    import shapely

    try:
        return shapely.difference(part, shapely.MultiPolygon([*others]))
    except shapely.errors.GEOSException:
        joined = shapely.union_all(shapely.make_valid(others))
        return shapely.difference(shapely.make_valid(part), joined, grid_size=_STEP_DEG)


@checks_arguments
def isochrone_tables(found: Isochrones) -> list[tuple[str, pd.DataFrame]]:
    """Return the table as it is printed, with its title."""
    language = found.study.settings.language
    writer = Writer(language, ("terminal",))
    shown = pd.DataFrame(
        {
            "within_min": found.table["minutes"].map(writer.plain),
            "people": found.table["people"].map(writer.people),
            "share_of_people": [writer.share(share, 1) for share in found.table["share"]],
            "area_km2": found.table["area_km2"].map(writer.people),
        }
    )
    way = "isochrones_to" if found.direction == "to_sites" else "isochrones_from"
    return [(writer.text(way, label=found.label), headed(shown, language))]


@checks_arguments
def write_isochrones(found: Isochrones, folder: Path | None = None) -> list[Path]:
    """Write isochrones_NAME.gpkg: layer "isochrones" of nested areas, layer "rings" of each without the one before.

    What of a ring is narrower on average than borders may have been moved is left out: shores are not ringed by hairs.
    Beside it isochrones_NAME.qml is their style in QGIS.
    """
    from geoaccess import maps
    from geoaccess.study.results.output import look_of

    where = found.study.output if folder is None else folder
    path = where / f"isochrones_{found.name}.gpkg"
    with files.writing(path) as temporary, undated():
        for layer, table in zip(_LAYERS, (found.table, found.rings), strict=True):
            write_layer(marked(table, found.study.settings.disclaimer), temporary, layer)
    style = path.with_suffix(".qml")
    minutes, language = found.table["minutes"].tolist(), found.study.settings.language
    maps.areas_style(style, minutes=minutes, language=language, look=look_of(found.study))
    return [path, style]

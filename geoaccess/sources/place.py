"""The roads and ferries of a place, asked of Overpass and written to a file of OpenStreetMap XML.

The file is read like any other extract: every way, tag and node is written as it came, and what the tags mean is for
the profile to say. osmnx widens the border; it is not asked for the map, as its graphs drop most tags, cut ways at the
border and turn some round, and its requests can only be steered by settings of the whole process.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import shape

from geoaccess.errors import FetchError, InputError
from geoaccess.osm import read_profile
from geoaccess.osm.values import FERRY_ROUTES
from geoaccess.shipped import shipped
from geoaccess.sources.download import new_session
from geoaccess.sources.map_services import ANSWER_WITHIN_S, MapServices
from geoaccess.sources.osm_xml import Elements, is_element, write_osm_xml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapely import Geometry

__all__ = ["fetch_place"]

_OVERPASS = "https://overpass-api.de/api"
_NOMINATIM = "https://nominatim.openstreetmap.org"

_AROUND_M = 500
_PIECE_DEG = 0.45  # of latitude: 50 km, what the public service answers in a minute or two
_BORDER_DEG = 0.0008  # at most 89 m: a coast has thousands of corners, and the service looks at each
_BORDER_M = 100
_MOST_PIECES = 100
"""So many pieces the public service, which is shared by all the world, is asked for: two or three hours."""

_CLASS = re.compile(r"\w+")
_AREAS = frozenset({"Polygon", "MultiPolygon"})
_EARTH = shapely.box(-360, -90, 360, 90)


def fetch_place(
    query: str,
    path: Path,
    *,
    profile: Path | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Download the roads and ferries of a place into an `.osm` file.

    All ways with a `highway` that the profile has a speed for, and all ferries and car trains (`route`, their own or
    that of a relation), that touch the place or the 500 m around it: whole, with their ids, tags and nodes in order;
    their nodes with tags such as `barrier`; and the relations that restrict turns between them or describe the ferries.
    Coastlines and lakes are not among them.

    Parameters
    ----------
    query
        Name of an area that OpenStreetMap has a border for, such as "Senja, Norway".
    path
        File to write; ends on `.osm`.
    profile
        The rules for reading tags: their table `highway` says which roads are asked for; the profile "car" that ships
        when None.
    overpass_url, nominatim_url
        Other services than the public ones, without the last part of the address: "https://overpass-api.de/api",
        "https://nominatim.openstreetmap.org".
    cache
        Folder where answers are kept, so that the same call needs no network the next time; None keeps none.
    progress
        Called with how many pieces of 50 km by 50 km are there, and of how many.

    Returns
    -------
    `path`.

    Raises
    ------
    InputError
        If the place is unknown, is not an area, is too large for the public service, or has no road; or `path` does not
        end on `.osm`.
    FetchError
        If a service could not be reached, is busy or gave up.

    Notes
    -----
    The data is © OpenStreetMap contributors, ODbL 1.0.

    Examples
    --------
    >>> from pathlib import Path
    >>> fetch_place("Senja, Norway", Path("senja.pbf"))
    Traceback (most recent call last):
    geoaccess.errors.InputError: senja.pbf: the roads of a place are written as OpenStreetMap XML; end the name on .osm
    """
    if path.suffix != ".osm":
        raise InputError(f"{path}: the roads of a place are written as OpenStreetMap XML; end the name on .osm")
    if not query.strip():
        raise InputError('place "": is empty; name an area, such as "Senja, Norway"')
    highways = _highway_filter(profile or shipped("profiles/car.toml"))
    with new_session() as session:
        session.headers["Accept-Encoding"] = "gzip, deflate"
        services = MapServices(about=f'place "{query}"', session=session, kept=cache)
        border = _border(services, f"{(nominatim_url or _NOMINATIM).rstrip('/')}/search", query)
        overpass = f"{(overpass_url or _OVERPASS).rstrip('/')}/interpreter"
        pieces = _pieces(border)
        if overpass_url is None and len(pieces) > _MOST_PIECES:
            raise InputError(
                f'place "{query}": is {len(pieces)} squares of 50 km by 50 km, and the public service is asked for '
                f"{_MOST_PIECES} at most; name a smaller place, or use an extract (.osm.pbf) in place of it: "
                "geoaccess fetch --list names some"
            )
        answers: list[Any] = []
        for piece in pieces:
            if progress is not None:
                progress(len(answers), len(pieces))
            answers.append(services.ask(overpass, form={"data": _question(piece, highways)}, fits=_is_of_overpass))
    write_osm_xml(path, _elements(answers, query))
    return path


def _border(services: MapServices, url: str, query: str) -> Geometry:
    """Look up the border of a place: of all that bear the name, the most important area."""
    params = {"q": query, "format": "json", "polygon_geojson": "1", "limit": "50"}
    found = services.ask(url, params=params, fits=_is_of_nominatim)
    if not found:
        raise InputError(
            f'place "{query}": not found in OpenStreetMap; check the spelling and add the country, as "Senja, Norway"'
        )
    areas = [one for one in found if str((one.get("geojson") or {}).get("type")) in _AREAS]
    if not areas:
        raise InputError(
            f'place "{query}": was found, but not as an area with a border; name a municipality, county or island'
        )
    border = max(areas, key=lambda one: one.get("importance", 0.0))["geojson"]
    try:
        with np.errstate(invalid="ignore"):  # which NaN is
            made = shapely.make_valid(shape(border))
    except (ValueError, TypeError, LookupError, AttributeError, shapely.errors.ShapelyError):
        made = shapely.Polygon()
    known = np.isfinite(shapely.get_coordinates(made)).all()  # of which a border may have some, and lie on the earth
    if not (known and made.area > 0 and shapely.contains(_EARTH, made)):
        raise FetchError(f'place "{query}": the border that {url} gives is none; check the address of the service')
    return made


def _pieces(border: Geometry) -> list[list[shapely.Polygon]]:
    """Return the place with what lies around it, in pieces of at most 50 km by 50 km, each in one or several parts."""
    from osmnx.utils_geo import buffer_geometry  # slow to import and needed here only

    area = shapely.simplify(buffer_geometry(border, _AROUND_M + _BORDER_M), _BORDER_DEG)
    west, south, east, north = shapely.bounds(area)
    middle = math.radians((south + north) / 2)
    rows = np.linspace(south, north, math.ceil((north - south) / _PIECE_DEG) + 1)
    columns = np.linspace(west, east, math.ceil((east - west) * math.cos(middle) / _PIECE_DEG) + 1)
    squares = [shapely.box(left, low, right, high) for low, high in pairwise(rows) for left, right in pairwise(columns)]
    pieces = (shapely.get_parts(shapely.intersection(area, square)) for square in squares)
    polygons = ([part for part in parts if isinstance(part, shapely.Polygon)] for parts in pieces)
    return [parts for parts in polygons if parts]


def _highway_filter(profile: Path) -> str:
    """Return which roads Overpass is asked for: those of a class that the profile knows, also where several stand."""
    return _any_of("highway", [name for name in read_profile(profile).highway if _CLASS.fullmatch(name)]) + ",i]"


def _any_of(key: str, words: list[str] | tuple[str, ...]) -> str:
    return f'["{key}"~"(^|;) *({"|".join(words)}) *(;|$)"'


def _question(area: list[shapely.Polygon], highways: str) -> str:
    """Return what Overpass is asked for a piece: ways, all their nodes, and the relations that the reader looks at."""
    ferries = _any_of("route", FERRY_ROUTES) + "]"
    lines, ways = [], []
    for part in area:
        corners = " ".join(f"{lat:.6f} {lon:.6f}" for lon, lat in shapely.get_coordinates(part.exterior))
        inside = f'(poly:"{corners}");'
        lines.append(f'rel["type"="route"]{ferries}{inside}')
        ways += [f"way{highways}{inside}", f"way{ferries}{inside}", f"way(r.lines){inside}"]
    return (
        f"[out:json][timeout:{ANSWER_WITHIN_S}];({''.join(lines)})->.lines;({''.join(ways)})->.ways;"
        f'(.ways;.ways >;rel(bw.ways)["type"="restriction"];rel(bw.ways)["type"="route"]{ferries};);out;'
    )


def _is_of_nominatim(answer: Any) -> bool:
    return isinstance(answer, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("geojson") or {}, dict)
        and isinstance(one.get("importance", 0.0), int | float)
        for one in answer
    )


def _is_of_overpass(answer: Any) -> bool:
    elements = answer.get("elements") if isinstance(answer, dict) else None
    return isinstance(elements, list) and all(map(is_element, elements))


def _elements(answers: list[Any], query: str) -> Elements:
    """Return the elements of all answers, each once."""
    found: Elements = {"node": {}, "way": {}, "relation": {}}
    for answer in answers:
        for element in answer["elements"]:
            found[element["type"]][element["id"]] = element
    ways = found["way"]
    if not any("highway" in way.get("tags", {}) for way in ways.values()):
        raise InputError(f'place "{query}": has no road for cars in OpenStreetMap; name a larger place, or one on land')
    missing = {ref for way in ways.values() for ref in way["nodes"]} - found["node"].keys()
    if missing:
        raise FetchError(
            f'place "{query}": the answer is cut: {len(missing)} nodes of its ways are missing, the first '
            f"{min(missing)}; try again"
        )
    return found

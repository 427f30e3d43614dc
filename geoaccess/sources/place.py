"""The roads and ferries of a place, downloaded through osmnx into a file of OpenStreetMap XML.

osmnx looks the place up and asks the Overpass service, but its graphs are not what is kept: they drop most tags, cut
ways at the border of the place and turn some round. The answers of the service are written as they came, with every
way, tag and node.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import quoteattr

import requests

from geoaccess.errors import FetchError, InputError
from geoaccess.files import writing
from geoaccess.osm import read_profile
from geoaccess.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapely import MultiPolygon, Polygon

__all__ = ["fetch_place"]

# On ways, which what drives onto a ferry or car train has no highway tag for; several routes stand with semicolons.
_FERRIES = '["route"~"(^|;) *(ferry|shuttle_train) *(;|$)"]'
_CLASS = re.compile(r"\w+")
_BUSY = frozenset({429, 504})
_BUSY_ANSWERS = 3
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fetch_place(
    query: str,
    path: Path,
    *,
    profile: Path | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    cache: Path | None = None,
) -> Path:
    """Download the roads and ferries of a place into an `.osm` file.

    All ways with a `highway` that the profile has a speed for, and all ferries and car trains (`route`), that touch the
    place or the 500 m around it: whole, with their ids, tags and nodes in order, and their nodes with tags such as
    `barrier`. Relations, and so turn restrictions, are not among them.

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

    Returns
    -------
    `path`.

    Raises
    ------
    InputError
        If the place is unknown, is not an area, or has no road; or `path` does not end on `.osm`.
    FetchError
        If a service could not be reached, is busy or gave up.

    Notes
    -----
    The settings of osmnx are changed for the length of the call and put back, so do not run it beside other uses of
    osmnx in the same process. The data is © OpenStreetMap contributors, ODbL 1.0.

    Examples
    --------
    >>> fetch_place("Senja, Norway", Path("senja.pbf"))
    Traceback (most recent call last):
    geoaccess.errors.InputError: senja.pbf: the roads of a place are written as OpenStreetMap XML; end the name on .osm
    """
    if path.suffix != ".osm":
        raise InputError(f"{path}: the roads of a place are written as OpenStreetMap XML; end the name on .osm")
    if not query.strip():
        raise InputError('place "": is empty; name an area, such as "Senja, Norway"')
    roads = _road_filter(profile or shipped("profiles/car.toml"))
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(tempfile.TemporaryDirectory()) if cache is None else cache
        key = "\n".join([query, roads, _FERRIES, overpass_url or "", nominatim_url or ""])
        answers = Path(kept) / sha256(key.encode()).hexdigest()[:16]
        stack.enter_context(_settings(answers, overpass_url=overpass_url, nominatim_url=nominatim_url, query=query))
        _download(_area(query), roads)
        nodes, ways = _elements(query, answers)
    _write(path, nodes, ways)
    return path


def _road_filter(profile: Path) -> str:
    """Return what Overpass is asked for: ways of a class that the profile knows."""
    classes = [name for name in read_profile(profile).highway if _CLASS.fullmatch(name)]
    return f'["highway"~"^({"|".join(classes)})$"]'


@contextlib.contextmanager
def _settings(folder: Path, *, overpass_url: str | None, nominatim_url: str | None, query: str) -> Iterator[None]:
    """Set osmnx to keep its answers in `folder` and to fail in plain words; put everything back at the end."""
    from osmnx import settings  # slow to import and needed here only

    wanted: dict[str, Any] = {
        "cache_folder": folder,
        "cache_only_mode": True,
        "use_cache": True,
        "doh_url_template": None,  # without it a failed look-up of a name would be sent to a third party
        "http_user_agent": f"geoaccess through {settings.http_user_agent}",
        "requests_kwargs": {**settings.requests_kwargs, "hooks": {"response": _Watch(query)}},
    }
    if overpass_url is not None:
        # A private service gives no slots; osmnx would wait a minute for a status page that is not there.
        wanted |= {"overpass_url": overpass_url.rstrip("/"), "overpass_rate_limit": False}
    if nominatim_url is not None:
        wanted["nominatim_url"] = nominatim_url
    before = {name: getattr(settings, name) for name in wanted}
    look_up = socket.getaddrinfo  # osmnx replaces it to stay on one server and leaves it so
    try:
        for name, value in wanted.items():
            setattr(settings, name, value)
        yield
    except requests.exceptions.RequestException as error:
        asked = (
            error.request.url.partition("?")[0] if error.request is not None and error.request.url else "the service"
        )
        raise FetchError(
            f'place "{query}": {asked} gave no answer; check the internet connection, try again later, or name another '
            f"service with overpass_url and nominatim_url"
        ) from error
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = look_up


class _Watch:
    """Looks at every answer before osmnx does, which asks a busy server for ever and accepts half an answer."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.busy = 0

    def __call__(self, response: requests.Response, *_args: object, **_kwargs: object) -> None:
        url = response.url.partition("?")[0]
        if url.endswith("/status") or response.is_redirect:
            return
        if response.status_code in _BUSY:
            self.busy += 1
            if self.busy < _BUSY_ANSWERS:
                return  # osmnx waits a minute and asks again
            raise FetchError(f'place "{self.query}": {url} is busy ({response.status_code}); try again in some minutes')
        if not response.ok:
            raise FetchError(
                f'place "{self.query}": {url} answered {response.status_code} {response.reason}; check the '
                f"address of the service, or try again later"
            )
        try:
            answer = response.json()
        except ValueError as error:
            raise FetchError(
                f'place "{self.query}": {url} answered with something else than JSON ({response.text[:80]!r}); check '
                f"the address of the service"
            ) from error
        if isinstance(answer, dict) and "remark" in answer:
            raise FetchError(
                f'place "{self.query}": {url} gave up: {answer["remark"]}; take a smaller place, try again later, or '
                f"use an extract (.osm.pbf) in place of it"
            )


def _area(query: str) -> Polygon | MultiPolygon:
    """Look up the border of a place."""
    from osmnx import geocoder

    try:
        found = geocoder.geocode_to_gdf(query)
    except TypeError as error:
        raise InputError(
            f'place "{query}": was found, but not as an area with a border; name a municipality, county or island'
        ) from error
    except ValueError as error:
        raise InputError(
            f'place "{query}": not found in OpenStreetMap; check the spelling and add the country, as "Senja, Norway"'
        ) from error
    border = cast("Polygon | MultiPolygon", found.geometry.iloc[0])
    return border if border.is_valid else cast("Polygon | MultiPolygon", border.buffer(0))


def _download(area: Polygon | MultiPolygon, roads: str) -> None:
    """Let osmnx ask for the ways in an area and keep the answers; they are read from its folder."""
    from osmnx import graph

    with contextlib.suppress(InterruptedError):  # how osmnx ends when it only keeps answers
        graph.graph_from_polygon(area, custom_filter=[roads, _FERRIES], simplify=False, retain_all=True)


def _elements(query: str, folder: Path) -> tuple[dict[int, Mapping[str, Any]], dict[int, Mapping[str, Any]]]:
    """Read the nodes and ways of all answers, each once, by id."""
    nodes: dict[int, Mapping[str, Any]] = {}
    ways: dict[int, Mapping[str, Any]] = {}
    for file in sorted(folder.glob("*.json")):
        answer = json.loads(file.read_text(encoding="utf-8"))
        for element in answer["elements"] if isinstance(answer, dict) else ():  # the look-up of the place is a list
            if element["type"] == "node":
                nodes[element["id"]] = element
            elif element["type"] == "way":
                ways[element["id"]] = element
    if not any("highway" in way.get("tags", {}) for way in ways.values()):
        raise InputError(f'place "{query}": has no road for cars in OpenStreetMap; name a larger place, or one on land')
    missing = {ref for way in ways.values() for ref in way["nodes"]} - nodes.keys()
    if missing:
        raise FetchError(
            f'place "{query}": the answer is cut: {len(missing)} nodes of its ways are missing, the first '
            f"{min(missing)}; try again"
        )
    return nodes, ways


def _write(path: Path, nodes: Mapping[int, Mapping[str, Any]], ways: Mapping[int, Mapping[str, Any]]) -> None:
    """Write nodes and ways as OSM XML, in order of their ids."""
    with writing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write(
            '<osm version="0.6" generator="geoaccess" copyright="OpenStreetMap and contributors" '
            'attribution="https://www.openstreetmap.org/copyright" '
            'license="https://opendatacommons.org/licenses/odbl/1-0/">\n'
        )
        for key, node in sorted(nodes.items()):
            place = f'id="{key}" lat="{node["lat"]:.7f}" lon="{node["lon"]:.7f}"'
            _write_element(file.write, f"node {place}", _tags(node))
        for key, way in sorted(ways.items()):
            _write_element(file.write, f'way id="{key}"', [*(f'nd ref="{ref}"' for ref in way["nodes"]), *_tags(way)])
        file.write("</osm>\n")


def _write_element(write: Callable[[str], object], head: str, inner: Iterable[str]) -> None:
    lines = "".join(f"  <{line}/>\n" for line in inner)
    write(f" <{head}>\n{lines} </{head.split(maxsplit=1)[0]}>\n" if lines else f" <{head}/>\n")


def _tags(element: Mapping[str, Any]) -> list[str]:
    """Write the tags of an element; characters that XML cannot hold are left out."""
    return [
        f"tag k={quoteattr(_NOT_IN_XML.sub('', key))} v={quoteattr(_NOT_IN_XML.sub('', value))}"
        for key, value in element.get("tags", {}).items()
    ]

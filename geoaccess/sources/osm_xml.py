"""Writing OpenStreetMap XML from elements as Overpass gives them in JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from geoaccess.files import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

__all__ = ["Elements", "write_osm_xml"]

Elements = dict[str, dict[int, "Mapping[str, Any]"]]
"""Elements by kind (`node`, `way`, `relation`) and id."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_osm_xml(path: Path, elements: Elements) -> None:
    """Write nodes, ways and relations in this order, each by id; characters that XML cannot hold are left out."""
    with writing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write(
            '<osm version="0.6" generator="geoaccess" copyright="OpenStreetMap and contributors" '
            'attribution="https://www.openstreetmap.org/copyright" '
            'license="https://opendatacommons.org/licenses/odbl/1-0/">\n'
        )
        for key, node in sorted(elements["node"].items()):
            place = f'id="{key}" lat="{node["lat"]:.7f}" lon="{node["lon"]:.7f}"'
            _write_element(file.write, f"node {place}", _tags(node))
        for key, way in sorted(elements["way"].items()):
            _write_element(file.write, f'way id="{key}"', [*(f'nd ref="{ref}"' for ref in way["nodes"]), *_tags(way)])
        for key, relation in sorted(elements["relation"].items()):
            _write_element(file.write, f'relation id="{key}"', [*_members(relation), *_tags(relation)])
        file.write("</osm>\n")


def _write_element(write: Callable[[str], object], head: str, inner: Iterable[str]) -> None:
    lines = "".join(f"  <{line}/>\n" for line in inner)
    write(f" <{head}>\n{lines} </{head.split(maxsplit=1)[0]}>\n" if lines else f" <{head}/>\n")


def _members(relation: Mapping[str, Any]) -> list[str]:
    return [
        f'member type="{member["type"]}" ref="{member["ref"]}" role={_quoted(member["role"])}'
        for member in relation["members"]
    ]


def _tags(element: Mapping[str, Any]) -> list[str]:
    return [f"tag k={_quoted(key)} v={_quoted(value)}" for key, value in element.get("tags", {}).items()]


def _quoted(text: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("", text))

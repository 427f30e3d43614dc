"""Writing OpenStreetMap XML from elements as Overpass gives them in JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from geoaccess.files import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

__all__ = ["Elements", "is_element", "write_osm_xml"]

Elements = dict[str, dict[int, "Mapping[str, Any]"]]
"""Elements by kind (`node`, `way`, `relation`) and id."""

_KINDS = ("node", "way", "relation")
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_element(one: Any) -> bool:
    """Whether a value is a node, way or relation with all that is written of it.

    >>> is_element({"type": "way", "id": 7, "nodes": [1, 2]}), is_element({"type": "way", "id": "7", "nodes": []})
    (True, False)
    """
    if not isinstance(one, dict) or not _is_id(one.get("id")):
        return False
    tags = one.get("tags", {})
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return False
    kind = one.get("type")
    if kind == "node":
        return _is_within(one.get("lat"), 90) and _is_within(one.get("lon"), 180)
    parts, is_part = (one.get("nodes"), _is_id) if kind == "way" else (one.get("members"), _is_member)
    return kind in _KINDS and isinstance(parts, list) and all(map(is_part, parts))


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and 0 < value < 1 << 63


def _is_within(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and -most <= value <= most


def _is_member(one: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(one.get("role"), str):
        return False
    return one.get("type") in _KINDS and _is_id(one.get("ref"))


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

"""A small study of layers that are open in QGIS: its tables and its file. Nothing here needs QGIS."""

from __future__ import annotations

import csv
import json
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["SERVICE", "cells_of_points", "minutes_of", "study_text", "utm_epsg", "write_rows"]

_NOT_IN_A_LINE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ufffe\\uffff]")

SERVICE = "nearest"
"""The key of the one service of such a study: `nearest_min` is its column of minutes."""


def utm_epsg(lon: float, lat: float) -> int:
    """Return the EPSG code of the UTM zone of a place.

    >>> utm_epsg(-21.9, 64.1), utm_epsg(18.9, 69.6), utm_epsg(174.8, -41.3)
    (32627, 32634, 32760)
    """
    zone = min(max(int((lon + 180) // 6) + 1, 1), 60)
    return (32600 if lat >= 0 else 32700) + zone


def cells_of_points(points: Iterable[tuple[float, float, float]], *, size_m: int, epsg: int) -> dict[str, float]:
    """Return the people of each grid cell, by its id, of points of (east, north, people) in metres.

    Raises
    ------
    ValueError
        If people are negative or no number, or nobody is there.

    >>> cells_of_points([(10.0, 20.0, 3.0), (249.0, 0.0, 4.0), (250.0, 0.0, 5.0)], size_m=250, epsg=32633)
    {'CRS32633RES250mN0E0': 7.0, 'CRS32633RES250mN0E250': 5.0}
    """
    cells: dict[str, float] = {}
    for east, north, people in points:
        if not (people >= 0 and math.isfinite(people)):
            raise ValueError(f"{people:g}")
        if people:
            left, low = math.floor(east / size_m) * size_m, math.floor(north / size_m) * size_m
            key = f"CRS{epsg}RES{size_m}mN{low}E{left}"
            cells[key] = cells.get(key, 0.0) + people
    if not cells:
        raise ValueError("0")
    return cells


def minutes_of(text: str) -> list[float]:
    """Read minutes with commas, in rising order.

    Raises
    ------
    ValueError
        If one is no number above 0.

    >>> minutes_of("60, 30"), minutes_of("")
    ([30.0, 60.0], [])
    """
    found = sorted({float(part) for part in text.replace(";", ",").split(",") if part.strip()})
    if any(not (one > 0 and math.isfinite(one)) for one in found):
        raise ValueError(text)
    return found


def study_text(
    *,
    title: str,
    label: str,
    extract: str,
    norms_min: Sequence[float],
    to_people: bool,
    language: str,
    year: int,
) -> str:
    """Return a study file whose people.csv and sites.csv lie beside it."""
    words: Mapping[str, object] = {
        "title": _readable(title),
        "language": language,
        "output": "results",
        "cache": ".cache",
    }
    words = {**words, "attribution": ["\u00a9 OpenStreetMap contributors (ODbL 1.0)"]}
    tables: list[tuple[str, dict[str, object]]] = [
        ("network", {"osm": [extract], "profile": "car"}),
        ("population", {"file": "people.csv", "year": year, "source": "QGIS"}),
        (
            f"services.{SERVICE}",
            {"label": _readable(label), "toward": "cells" if to_people else "sites", "norms_min": list(norms_min)},
        ),
        ("[sites]", {"kind": "file", "file": "sites.csv", "service": SERVICE}),
    ]
    lines = [_line(name, value) for name, value in words.items()]
    for name, keys in tables:
        lines += ["", f"[{name}]", *(_line(key, value) for key, value in keys.items())]
    return "\n".join([*lines, ""])


def _line(key: str, value: object) -> str:
    # JSON strings and lists of them are TOML, too, but for DEL, which JSON leaves as it is
    return f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")


def _readable(text: str) -> str:
    """Return a text on one line, without what a study refuses in a title: the name of a layer may hold it."""
    return _NOT_IN_A_LINE.sub(" ", text)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)

"""Nodes that ways name and files do not hold: cut off at the border of an extract, or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.errors import InputError
from geoaccess.osm.ways import NO_PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.osm.ways import WaysOfFile

__all__ = ["REPORT_ABOVE", "Box", "Missing", "check_missing"]

REPORT_ABOVE = 0.001
"""Share of nodes that may be missing without a word."""

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

_BORDER = 0.05
"""The border of a box: this share of its shorter side."""

_LEAST_NODES = 20
"""Of fewer nodes nobody can say which are inside."""

_COORDINATE = 1e7


class Missing(NamedTuple):
    """How many nodes of ways there are, how many are missing, and how many of these inside of the box."""

    nodes: int
    missing: int
    inside: int
    sentence: str

    @property
    def share(self) -> float:
        """Share of the nodes that are missing."""
        return self.missing / max(self.nodes, 1)


def check_missing(source: str, ways: WaysOfFile, *, bounds: Sequence[Box | None]) -> Missing:
    """Count missing nodes, and refuse files that lost some of their inside.

    An extract may lack the far nodes of roads that leave it, and these stand next to nodes near its border, which is
    taken to be a twentieth of the shorter side of the box wide. A missing node is inside where the nearest node of its
    road that is there lies farther in, or where of its road no node is there at all, as no extract takes such roads.

    Parameters
    ----------
    bounds
        The box that each file says it covers; where one says none, the box of the nodes is taken.

    Raises
    ------
    InputError
        If more than a thousandth of the nodes is missing inside, and most of those missing are (of files with 20 nodes
        or more); or if more than half is missing.
    """
    there = ways.x != NO_PLACE
    missing = int((~there).sum())
    sentence = (
        f"{source}: {missing} of the {there.size} nodes of its roads and ferries are not in it; roads end where they "
        "are missing. `osmium extract --strategy complete_ways` makes extracts that hold them"
    )
    if not missing:
        return Missing(there.size, 0, 0, sentence)
    inside = _inside(ways, there, _box(ways, there, bounds))
    found = Missing(there.size, missing, int(inside.sum()), sentence)
    lost = found.inside > REPORT_ABOVE * there.size and found.inside > missing / 2
    if missing > there.size / 2 or (lost and there.size >= _LEAST_NODES):
        raise InputError(
            f"{source}: {missing} of the {there.size} nodes of its ways are not in it, {found.inside} of them inside "
            "of the box that it covers and not at its border: part of it is lost, or it was cut without regard to its "
            "roads; fetch a whole one, or cut it with `osmium extract --strategy complete_ways`"
        )
    return found


def _box(ways: WaysOfFile, there: npt.NDArray[np.bool_], bounds: Sequence[Box | None]) -> Box:
    stated = [box for box in bounds if box is not None]
    if stated and len(stated) == len(bounds):
        west, south, east, north = zip(*stated, strict=True)
        return min(west), min(south), max(east), max(north)
    if not there.any():
        return 0.0, 0.0, 0.0, 0.0
    x, y = ways.x[there] / _COORDINATE, ways.y[there] / _COORDINATE
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _inside(ways: WaysOfFile, there: npt.NDArray[np.bool_], box: Box) -> npt.NDArray[np.bool_]:
    """Say which nodes are missing inside of the box; those of ferries never are, whose nodes lie far apart."""
    west, south, east, north = box
    narrowing = np.cos(np.radians((south + north) / 2))
    x, y = ways.x / _COORDINATE, ways.y / _COORDINATE
    deep = np.minimum(np.minimum(x - west, east - x) * narrowing, np.minimum(y - south, north - y))
    within = there & (deep > _BORDER * min((east - west) * narrowing, north - south))
    road = np.array(["highway" in dict(tags) for tags in ways.tagsets], np.bool_)[ways.way_tags]
    inside = np.zeros(there.size, np.bool_)
    for way in np.unique(np.searchsorted(ways.ptr, np.flatnonzero(~there[ways.ref]), "right") - 1).tolist():
        nodes = ways.ref[ways.ptr[way] : ways.ptr[way + 1]]
        known, lost = np.flatnonzero(there[nodes]), np.flatnonzero(~there[nodes])
        if road[way] and not known.size:
            inside[nodes] = True
        elif road[way]:
            right = np.minimum(np.searchsorted(known, lost), known.size - 1)
            left = np.maximum(np.searchsorted(known, lost) - 1, 0)
            nearer_left = np.abs(lost - known[left]) <= np.abs(known[right] - lost)
            inside[nodes[lost]] |= within[nodes[np.where(nearer_left, known[left], known[right])]]
    return inside

"""What the strings of a block are good for: a few bits each, so that none need be compared while objects go by."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.osm.interning import Interner
from geoaccess.osm.values import FERRY_ROUTES, carries_cars_over
from geoaccess.osm.ways import FERRY_KEYS, SHORE_TAGS

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.osm.ways import Looked


__all__ = [
    "AREA",
    "FERRY",
    "FERRY_KEY",
    "HIGHWAY",
    "HINDERS",
    "KEPT",
    "NO_ROAD",
    "RESTRICTION",
    "ROUTE",
    "SHORE",
    "SHORE_KEY",
    "TYPE",
    "Marks",
]

KEPT, HIGHWAY, NO_ROAD, ROUTE, FERRY, FERRY_KEY, HINDERS, TYPE, RESTRICTION = (1 << i for i in range(9))
SHORE_KEY, SHORE, AREA = (1 << i for i in range(9, 12))
_SEMICOLON = ord(";")
_FERRY_WORDS = tuple(name.encode() for name in FERRY_ROUTES)


class Marks:
    """What strings are good for under a profile; without one, which rule turns."""

    def __init__(self, profile: Looked | None) -> None:
        bits: dict[str, int] = {}
        for bit, words in (
            (HIGHWAY, {"highway"}),
            (ROUTE, {"route"}),
            (FERRY, FERRY_ROUTES),
            (FERRY_KEY, FERRY_KEYS),
            (TYPE, {"type"}),
            (RESTRICTION, {"restriction"}),
            (AREA, {"multipolygon"}),
            (SHORE_KEY, SHORE_TAGS),
            (SHORE, itertools.chain(*SHORE_TAGS.values())),
            (HINDERS, profile.node_keys if profile else ()),
            (KEPT, profile.keys if profile else ()),
            (NO_ROAD, profile.no_roads if profile else ()),
        ):
            for word in words:
                bits[word] = bits.get(word, 0) | bit
        self._words = Interner(word.encode() for word in bits)
        self._bits = np.array([*bits.values(), 0], np.int32)

    def of(
        self, data: npt.NDArray[np.uint8], start: npt.NDArray[np.int64], stop: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int32]:
        """Return the bits of strings; a string that is good for nothing has none."""
        marks: npt.NDArray[np.int32] = self._bits[self._words.find(data, start, stop)]
        if start.size:  # of several values of a route one may be that of a ferry
            places = start[0] + np.flatnonzero(data[start[0] : stop[-1]] == _SEMICOLON)
            for i in np.unique(np.searchsorted(start, places, "right") - 1).tolist():
                value = data[start[i] : stop[i]].tobytes()
                if any(word in value for word in _FERRY_WORDS) and carries_cars_over(value.decode(errors="replace")):
                    marks[i] |= FERRY
        return marks

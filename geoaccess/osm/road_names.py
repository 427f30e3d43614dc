"""Names of roads and ferries, and which are bridges and tunnels."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.osm.formats import osmium_errors, osmium_file
from geoaccess.osm.keyed import Keyed, KeyedWays
from geoaccess.osm.plain_pbf import taken_of_ways

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["named", "names_of", "read_road_names"]

_ROADS = ("highway", "route")
_CALLED = ("name", "ref", "bridge", "tunnel", "bridge:name", "tunnel:name")
_NO_BRIDGE = ("no", "aqueduct")
_NO_TUNNEL = ("no", "culvert", "building_passage")


@checks_arguments
def read_road_names(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the names of the ways of roads and ferries.

    Returns
    -------
    Table on the index `way_id`, rising: `name` and `ref` ("" where there is none), `bridge` and `tunnel` (true or
    false; a name of the bridge or tunnel itself goes before that of the road). A way in several files is taken once.

    Raises
    ------
    MissingFileError, InputError
        If a file is not there or cannot be read.

    Examples
    --------
    >>> names = read_road_names([Path("data/iceland/iceland-2019.osm.pbf")])  # doctest: +SKIP
    >>> names.loc[names["tunnel"], "name"].unique()[:2].tolist()  # doctest: +SKIP
    ['Hvalfjarðargöng', 'Ólafsfjarðargöng']
    """
    parts = []
    for path in paths:
        files.require(path)
        with osmium_errors(path):
            ways = taken_of_ways(path, named().of, KeyedWays)
            parts.append(_through_osmium(path) if ways is None else _rows(ways))
    return _table(parts)


@cache
def named() -> Keyed:
    """Return what takes the ways of which `names_of` says what they are called."""
    return Keyed(_ROADS, _CALLED)


def names_of(ways: Sequence[KeyedWays]) -> pd.DataFrame:
    """Return what `read_road_names` does, of the ways that `named` takes of one or more files."""
    return _table([_rows(of) for of in ways])


_Called = tuple[str, str, bool, bool]
_Rows = tuple["npt.NDArray[np.int64]", "npt.NDArray[np.int32]", "list[_Called]"]


def _called(tags: Mapping[str, str]) -> _Called:
    """Return name, number, whether it is a bridge and whether it is a tunnel."""
    bridge = "bridge" in tags and tags["bridge"] not in _NO_BRIDGE
    tunnel = "tunnel" in tags and tags["tunnel"] not in _NO_TUNNEL
    own = tags.get("bridge:name") if bridge else tags.get("tunnel:name") if tunnel else None
    return own or tags.get("name") or "", tags.get("ref") or "", bridge, tunnel


def _rows(ways: KeyedWays) -> _Rows:
    return *ways.rows(), [_called(tags) for tags in ways.tagsets()]


def _through_osmium(path: Path) -> _Rows:
    import osmium

    roads = osmium.filter.KeyFilter(*_ROADS)
    ways = osmium.FileProcessor(osmium_file(path), osmium.osm.WAY).with_filter(roads)
    found = {way.id: _called({tag.k: tag.v for tag in way.tags}) for way in ways}
    return np.array(list(found), np.int64), np.arange(len(found), dtype=np.int32), list(found.values())


def _table(parts: Sequence[_Rows]) -> pd.DataFrame:
    """Return the table of all files; of a way that stands more than once, the last."""
    number = np.concatenate([np.empty(0, np.int64), *(numbers for numbers, _, _ in parts)])
    before = np.cumsum([0, *(len(called) for _, _, called in parts)]).tolist()
    places = [place + first for (_, place, _), first in zip(parts, before, strict=False)]
    called = np.concatenate([np.empty(0, np.int64), *places])
    order = np.argsort(number, kind="stable")
    order = order[np.append(number[order][1:] != number[order][:-1], True)[: order.size]]
    index = pd.Index(number[order], name="way_id", dtype="int64")
    columns = list(zip(*(row for _, _, rows in parts for row in rows), strict=True)) or [()] * 4
    return pd.DataFrame(
        {
            name: pd.Series(np.array(values, object)[called[order]], index, dtype=dtype)
            for name, values, dtype in zip(
                ("name", "ref", "bridge", "tunnel"), columns, ("str", "str", "bool", "bool"), strict=True
            )
        }
    )

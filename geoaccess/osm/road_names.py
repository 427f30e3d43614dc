"""Names of roads and ferries, and which are bridges and tunnels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.osm.formats import osmium_errors, osmium_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_road_names"]

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
    import osmium

    roads = osmium.filter.KeyFilter("highway", "route")
    rows: dict[int, tuple[str, str, bool, bool]] = {}
    for path in paths:
        files.require(path)
        with osmium_errors(path):
            for way in osmium.FileProcessor(osmium_file(path), osmium.osm.WAY).with_filter(roads):
                tags = way.tags
                bridge = "bridge" in tags and tags["bridge"] not in _NO_BRIDGE
                tunnel = "tunnel" in tags and tags["tunnel"] not in _NO_TUNNEL
                own = tags.get("bridge:name") if bridge else tags.get("tunnel:name") if tunnel else None
                rows[way.id] = (own or tags.get("name") or "", tags.get("ref") or "", bridge, tunnel)
    order = sorted(rows)
    name, ref, bridges, tunnels = zip(*(rows[number] for number in order), strict=True) if order else ((), (), (), ())
    index = pd.Index(order, name="way_id", dtype="int64")
    return pd.DataFrame(
        {
            "name": pd.Series(name, index, dtype="str"),
            "ref": pd.Series(ref, index, dtype="str"),
            "bridge": pd.Series(bridges, index, dtype="bool"),
            "tunnel": pd.Series(tunnels, index, dtype="bool"),
        }
    )

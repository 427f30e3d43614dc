"""Links joined by the numbers of their nodes, as the builder of networks takes ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.frames import transformer
from geoaccess.osm.extract import Extract
from geoaccess.osm.restrictions import Restriction

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.nvdb.links import Links

__all__ = ["extract_of"]

_PLACES = 7
_APART_M = 1.0


def extract_of(links: Links, tagsets: Sequence[dict[str, str]], which: Sequence[int]) -> Extract:
    """Return links as ways of an extract.

    Ends of links with the same number of node are one point, whatever else lies there: a road under a bridge does not
    meet it. Ends without a number are one point where they have the same place, height aside. All other points of
    shapes are points of their own.
    """
    first, last = links.ptr[:-1], links.ptr[1:] - 1
    names = links.table[["from_node", "to_node"]].to_numpy(np.int64)
    ends = np.concatenate([first, last])
    node = names.T.reshape(-1)
    nameless = node < 0
    known, place = np.unique(node[~nameless], return_inverse=True)
    spots = np.column_stack([links.x[ends[nameless]], links.y[ends[nameless]]])
    own, at = np.unique(spots, axis=0, return_inverse=True)
    point = np.full(links.x.size, -1, np.int64)
    point[ends[~nameless]] = place
    point[ends[nameless]] = known.size + at.reshape(-1)
    between = np.flatnonzero(point < 0)
    point[between] = known.size + len(own) + np.arange(between.size)
    size = known.size + len(own) + between.size
    source = np.zeros(size, np.int64)
    source[point[::-1]] = np.arange(links.x.size)[::-1]  # of several ends at a node the first gives its place
    lon, lat = _degrees(links.x[source], links.y[source], links.crs)
    above = int(known[-1]) + 1 if known.size else 0
    node_id = np.concatenate([known, above + np.arange(size - known.size)])
    moved = np.hypot(links.x[ends] - links.x[source[point[ends]]], links.y[ends] - links.y[source[point[ends]]])
    return Extract(
        way_id=links.table["link"].to_numpy(np.int64),
        way_tags=np.asarray(which, np.int32),
        tagsets=tuple(tagsets),
        ptr=links.ptr,
        ref=point.astype(np.int32),
        node_id=node_id,
        lon=lon,
        lat=lat,
        hindering=np.empty(0, np.int32),
        hindering_tags=np.empty(0, np.int32),
        node_tagsets=(),
        counts={
            "links_read": len(links.table),
            "link_nodes": int(known.size),
            "link_ends_without_node": int(nameless.sum()),
            "link_ends_away_from_their_node": int((moved > _APART_M).sum()),
        },
        source=links.source,
        restrictions=tuple(_restrictions(links.table, links.turns)),
    )


def _degrees(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], crs: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    lon, lat = transformer(crs, "EPSG:4326").transform(x, y)
    return np.round(lon, _PLACES), np.round(lat, _PLACES)


def _restrictions(table: pd.DataFrame, turns: pd.DataFrame) -> list[Restriction]:
    """Return the banned turns, over the node that both links have or over a link; others are incomplete."""
    nodes = {
        link: (a, b)
        for link, a, b in table.loc[
            table["link"].isin(turns["left"]) | table["link"].isin(turns["entered"]), ["link", "from_node", "to_node"]
        ].itertuples(index=False)
    }
    found = []
    for left, over, entered in turns.drop_duplicates().itertuples(index=False):
        shared = {*nodes.get(left, ())} & {*nodes.get(entered, ())} - {-1}
        nodes_between = () if over >= 0 else tuple(sorted(shared))[:1]
        links_between = (over,) if over >= 0 else ()
        found.append(Restriction({"restriction": "no_turn"}, (left,), nodes_between, links_between, (entered,)))
    return found

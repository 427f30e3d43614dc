"""Scenarios applied to networks: roads and ferries closed and slowed, under the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.network import EdgeKind, retimed
from geoaccess.scenarios.changes import MOST_FACTOR
from geoaccess.tables import read_areas, swapped_hint
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.network import Network
    from geoaccess.scenarios.changes import Close, Scenario, Slow

__all__ = [
    "ChangedNetwork",
    "apply_to_network",
    "close_network",
    "edges_of_pieces",
    "edges_of_ways",
    "misses_network",
    "numbers_in",
    "pieces_inside",
    "pieces_of",
    "selected_pieces",
]

_LONGEST_DS = 1 << 30
"""Times are int32 deciseconds; nobody drives an edge for three years."""
_KINDS = {
    "roads": (EdgeKind.ROAD,),
    "ferries": (EdgeKind.FERRY,),
    "all": (EdgeKind.ROAD, EdgeKind.FERRY),
}


@dataclass(frozen=True, eq=False)
class ChangedNetwork:
    """A network as it is in a scenario; nodes and edges have the numbers they had.

    Attributes
    ----------
    network
        To search on: closed edges are open neither way.
    places
        To attach cells and sites to, with nothing closed: who lives on a closed road keeps the place there, and its way
        to both ends of the edge, as with `close_edges`.
    closed, slowed
        Numbers of the edges that were, sorted.
    """

    network: Network
    places: Network
    closed: npt.NDArray[np.int32]
    slowed: npt.NDArray[np.int32]


@checks_arguments
def apply_to_network(scenario: Scenario, network: Network, *, names: pd.DataFrame | None = None) -> ChangedNetwork:
    """Close and slow roads and ferries of a network; the one given stays as it is.

    An edge closes when any part of it is chosen. A slowed edge takes longer on the parts that are chosen: between two
    points of its shape, by way or where they touch the polygon. Of a ferry the crossing is closed or slowed; its quays
    and the wait stay. Boats, profiles and people are not the network's: see `geoaccess.study.compare_study`.

    Parameters
    ----------
    names
        What `geoaccess.osm.read_road_names` returns: needed where roads are chosen by `name`, which networks do not
        keep. A name is the whole name, in any case of letters, or a number that the road has ("E 6", "E6"; also of a
        road of several numbers), see `numbers_in`.

    Raises
    ------
    InputError
        With every way, name and polygon that chooses nothing.

    Examples
    --------
    >>> from geoaccess.network import Network
    >>> from geoaccess.scenarios import Scenario, apply_to_network
    >>> road = Network.from_edges(
    ...     lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400],
    ...     way_id=[7, 8],
    ... )
    >>> changed = apply_to_network(
    ...     Scenario(title="Slide", close=[{"osm_id": 7}], slow=[{"osm_id": 8, "factor": 1.5}]), road
    ... )
    >>> changed.network.edge_forward_ds.tolist(), changed.places.edge_forward_ds.tolist()
    ([-1, 6000], [3000, 6000])
    """
    problems: list[str] = []
    slows = [selected_pieces(item, network, names, problems, f"[[slow]] {i}") for i, item in _numbered(scenario.slow)]
    shuts = [
        selected_pieces(item, network, names, problems, f"[[close]] {i}") for i, item in _numbered(scenario.closes)
    ]
    if problems:
        raise InputError.listing(f'scenario "{scenario.title}"', problems)
    places, slowed = network, np.empty(0, np.int32)
    if slows:
        places, slowed = _slowed(network, _factor_of_pieces(scenario, network, slows))
    closed = edges_of_pieces(network, np.logical_or.reduce(shuts)) if shuts else np.empty(0, np.int32)
    return ChangedNetwork(close_network(places, closed), places, closed, slowed)


def _factor_of_pieces(
    scenario: Scenario, network: Network, slows: Sequence[npt.NDArray[np.bool_]]
) -> npt.NDArray[np.float64]:
    """Return how many times as long each piece takes: the product of all that slow it, which is bounded as each is."""
    factor = np.ones(network.shape_lon.size)
    for item, chosen in zip(scenario.slow, slows, strict=True):
        factor[chosen] *= item.factor
    worst = int(factor.argmax())
    if factor[worst] > MOST_FACTOR:
        ours = [i for i, one in _numbered(slows) if one[worst]]
        tables = " and ".join(f"[[slow]] {i}" for i in ours)
        product = " x ".join(f"{scenario.slow[i - 1].factor:g}" for i in ours)
        way = network.way_id[network.shape_way[worst]]
        raise InputError(
            f'scenario "{scenario.title}": {tables} together make way {way} take {product} = {factor[worst]:g} times '
            f"as long, more than {MOST_FACTOR}; close it, give smaller factors, or choose so that they do not overlap"
        )
    return factor


def _numbered(items: Sequence[Any]) -> list[tuple[int, Any]]:
    return list(enumerate(items, start=1))


@checks_arguments
def close_network(network: Network, edges: npt.NDArray[np.int32]) -> Network:
    """Return a network on which some edges are open neither way; the same one where there are none."""
    if not edges.size:
        return network
    forward, backward = network.edge_forward_ds.copy(), network.edge_backward_ds.copy()
    forward[edges] = backward[edges] = -1
    return retimed(network, edge_forward_ds=forward, edge_backward_ds=backward)


def _slowed(network: Network, factor: npt.NDArray[np.float64]) -> tuple[Network, npt.NDArray[np.int32]]:
    """Return a network whose pieces take so many times as long, and which edges these are."""
    chosen = edges_of_pieces(network, factor > 1)
    if not chosen.size:
        return network, chosen
    times: dict[str, Any] = {}
    for way in ("forward", "backward"):
        before = getattr(network, f"shape_{way}_s")
        after = (before * factor).astype(np.float32)
        seconds, longer = _sums(network, before.astype(np.float64)), _sums(network, before * factor)
        # Of an edge on which time does not pass anywhere, the factor of its first piece counts.
        ratio = np.where(seconds > 0, longer / np.where(seconds > 0, seconds, 1), factor[network.shape_ptr[:-1]])
        edge = getattr(network, f"edge_{way}_ds")
        longest = np.where(edge >= 0, np.rint(edge * ratio), -1)
        if longest.max(initial=0) > _LONGEST_DS:
            number = int(longest.argmax())
            known = network.way_id[network.shape_way[network.shape_ptr[number]]]
            raise InputError(
                f"[[slow]]: way {known} takes {edge[number] / 36_000:.0f} hours, {ratio[number]:g} times as long are "
                f"{longest[number] / 36_000:.0f}; give smaller factors, or close it"
            )
        times[f"edge_{way}_ds"] = longest.astype(np.int32)
        times[f"shape_{way}_s"] = after
    return retimed(network, **times), chosen


def _sums(network: Network, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sum what belongs to pieces over edges; the last point of an edge leads nowhere."""
    values = values.copy()
    values[network.shape_ptr[1:] - 1] = 0
    return np.add.reduceat(values, network.shape_ptr[:-1])


def edges_of_pieces(network: Network, pieces: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the edges of which some piece is chosen, sorted."""
    at = np.flatnonzero(pieces)
    edge, leads = _edges_at(network, at)
    return np.unique(edge[leads]).astype(np.int32)


def _edges_at(network: Network, at: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the edge of each of some points of shapes, and whether a piece leads on from it: none from the last."""
    edge = np.searchsorted(network.shape_ptr, at, side="right") - 1
    return edge, at + 1 < network.shape_ptr[edge + 1]


def pieces_of(network: Network, way_ids: npt.ArrayLike, *, what: str = "all") -> npt.NDArray[np.bool_]:
    """Return which pieces of shapes came from some ways, shape (n_shape_points,)."""
    ours = np.isin(network.way_id, np.asarray(way_ids, np.int64))
    return _those_of_kind(network, np.flatnonzero(ours[network.shape_way]), what)


def _those_of_kind(network: Network, at: npt.NDArray[np.int64], what: str) -> npt.NDArray[np.bool_]:
    """Return which pieces of shapes are those at some points and of edges of a kind, shape (n_shape_points,)."""
    edge, leads = _edges_at(network, at)
    chosen = np.zeros(network.shape_way.size, np.bool_)
    chosen[at[leads & np.isin(network.edge_kind[edge], _KINDS[what])]] = True
    return chosen


@checks_arguments
def edges_of_ways(network: Network, way_ids: npt.ArrayLike, *, what: str = "all") -> npt.NDArray[np.int32]:
    """Return the edges that came, wholly or in part, from some ways: those that close with them."""
    return edges_of_pieces(network, pieces_of(network, way_ids, what=what))


def _of_kind(network: Network, what: str) -> npt.NDArray[np.bool_]:
    chosen = np.repeat(np.isin(network.edge_kind, _KINDS[what]), np.diff(network.shape_ptr))
    chosen[network.shape_ptr[1:] - 1] = False
    return chosen


def selected_pieces(
    item: Close | Slow, network: Network, names: pd.DataFrame | None, problems: list[str], where: str
) -> npt.NDArray[np.bool_]:
    """Return which pieces of shapes are chosen, shape (n_shape_points,); what chooses nothing adds to `problems`."""
    if item.osm_id is not None:
        chosen, found = pieces_of(network, [item.osm_id], what=item.what), f"way {item.osm_id}"
        hint = ""
    elif item.name is not None:
        ways, hint = _ways_called(item.name, network, names, item.what)
        chosen, found = pieces_of(network, ways, what=item.what), f'"{item.name}"'
    elif item.polygon is not None:
        area = _area(item.polygon)
        chosen, found = pieces_inside(network, area, what=item.what), "the polygon"
        hint = "" if chosen.any() else misses_network(area, network)
    else:
        return _of_kind(network, item.what)
    if not chosen.any():
        kinds = {"roads": "no road", "ferries": "no car ferry", "all": "no road or car ferry"}[item.what]
        problems.append(f"{where}: {kinds} of the network is chosen by {found}{hint}")
    return chosen


def numbers_in(ref: str) -> list[str]:
    """Return the numbers of a road as they are compared, of a tag that may hold several.

    >>> numbers_in("E 6;Fv. 7")
    ['e6', 'fv.7']
    """
    return [number for part in ref.split(";") if (number := "".join(part.split()).casefold())]


def _ways_called(
    name: str, network: Network, names: pd.DataFrame | None, what: str
) -> tuple[npt.NDArray[np.int64], str]:
    """Return the ways of a name or number, and what to say if there are none."""
    wanted, numbers = name.casefold(), {*numbers_in(name)}
    ferries = network.ferries[network.ferries["cars"].astype(bool)] if "cars" in network.ferries else network.ferries
    tables = [] if what == "roads" or ferries.empty else [ferries.set_index("way_id")[["name"]]]
    refs = pd.Series("", index=[], dtype="str")
    if names is not None:
        here = names.loc[names.index.isin(network.way_id)]
        tables.append(here[["name"]])
        refs = here["ref"]
    found = [table.index[table["name"].str.casefold() == wanted].to_numpy(np.int64) for table in tables]
    numbered = [ref for ref in refs.unique() if numbers and numbers.issubset(numbers_in(ref))]
    found.append(refs.index[refs.isin(numbered)].to_numpy(np.int64))
    words = {str(word) for table in tables for word in table["name"].unique()}
    known = sorted({*words, *(part.strip() for ref in refs.unique() for part in ref.split(";"))} - {""})
    unread = "" if names is not None or what == "ferries" else "; names of roads were not read"
    hint = did_you_mean(name, known)
    return np.concatenate([np.empty(0, np.int64), *found]), (hint if "did you" in hint else "") + unread


def _area(polygon: str | tuple[tuple[float, float], ...]) -> Any:
    """Return a polygon in degrees, as given or from a file."""
    import shapely

    if isinstance(polygon, str):
        area = read_areas(Path(polygon), hint="check polygon in the scenario").union_all()
    else:
        area = shapely.Polygon(polygon)
    if not area.is_valid:
        raise InputError(f"polygon: is not one ({shapely.is_valid_reason(area)}); draw its border without crossings")
    return area


def misses_network(area: Any, network: Network) -> str:
    """Return "; are longitude and latitude swapped?" where an area would meet the network if they were; else ""."""
    x, y = network.shape_lon, network.shape_lat
    return swapped_hint(area.bounds, (x.min(), y.min(), x.max(), y.max()))


def pieces_inside(network: Network, area: Any, *, what: str = "all") -> npt.NDArray[np.bool_]:
    """Return which pieces of shapes touch an area in degrees, shape (n_shape_points,); what lies in a hole does not."""
    import shapely

    west, south, east, north = area.bounds
    x, y = network.shape_lon, network.shape_lat
    x2, y2 = np.append(x[1:], x[-1:]), np.append(y[1:], y[-1:])
    near = (np.maximum(x, x2) >= west) & (np.minimum(x, x2) <= east)
    near &= (np.maximum(y, y2) >= south) & (np.minimum(y, y2) <= north)
    at = np.flatnonzero(near)
    ends: Any = np.stack([np.column_stack([x[at], y[at]]), np.column_stack([x2[at], y2[at]])], axis=1)
    shapely.prepare(area)
    return _those_of_kind(network, at[shapely.intersects(area, shapely.linestrings(ends))], what)

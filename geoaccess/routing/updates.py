"""What if this site were added, removed or moved, this road or ferry closed: changes to a solved nearest field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels import updates
from geoaccess.kernels.keys import FAR
from geoaccess.network import EdgeKind, Network, snap
from geoaccess.network.counting import numbers_from
from geoaccess.routing.field import PLACE
from geoaccess.routing.walks import joined

if TYPE_CHECKING:
    from collections.abc import Hashable

    import numpy.typing as npt

    from geoaccess.routing.field import NearestField, Place

__all__ = [
    "Change",
    "add_site",
    "close_edges",
    "ferry_edges",
    "move_site",
    "open_edges",
    "remove_site",
    "undo",
]


@dataclass(frozen=True, eq=False, repr=False)
class Change:
    """What a change did to a field: enough to look at what it touched, and to `undo` it.

    Attributes
    ----------
    what
        "add", "remove", "move", "close" or "open".
    site
        Label of the site; None for edges.
    edges
        The edges that were closed or opened.
    nodes
        The nodes whose k nearest changed, or may have: (m,).
    rows
        Their keys before: (m, k).
    cells
        Places among the attached cells of those to look at again, sorted. All others have the times and sites they
        had; only why a cell reaches nothing may be another reason where edges close.

    The other attributes are what `undo` needs.
    """

    what: Literal["add", "remove", "move", "close", "open"]
    site: Hashable
    edges: npt.NDArray[np.int32]
    nodes: npt.NDArray[np.int32]
    rows: npt.NDArray[np.uint64]
    cells: npt.NDArray[np.int64]
    number: int
    before: Place | None
    after: Place | None
    token: object

    def __repr__(self) -> str:
        """Say what was done and how much it touched."""
        done = f"{self.what} {self.edges.size} edges" if self.number < 0 else f"{self.what} site {self.site!r}"
        return f"Change({done}, {self.nodes.size} nodes, {self.cells.size} cells)"


@checks_arguments
def add_site(field: NearestField, site_id: Hashable, place: tuple[float, float] | pd.Series[Any]) -> Change:
    """Add a site to a field, in place.

    The new site loses all ties to those that were there before it.

    Parameters
    ----------
    site_id
        Its label; no other site of the field has it.
    place
        Longitude and latitude in degrees, or a row of a table that `snap` made.

    Raises
    ------
    InputError
        If the field has a site of this label, or the place is not near the network.
    """
    sites = field.standing
    if site_id in sites.number:
        raise InputError(f"there is a site {site_id!r} already; move it, or choose another label")
    after = _place(field, place)
    number = sites.new(site_id)
    sites.put(number, after)
    return _done(field, "add", _spread_from(field, number, 0), number=number, after=after)


@checks_arguments
def remove_site(field: NearestField, site_id: Hashable) -> Change:
    """Remove a site from a field, in place. Its number stays empty; its label may be used again.

    Raises
    ------
    InputError
        If the field has no site of this label.
    """
    number = _number(field, site_id)
    before = field.standing.place[number]
    return _done(field, "remove", _take_away(field, number), number=number, before=before)


@checks_arguments
def move_site(field: NearestField, site_id: Hashable, place: tuple[float, float] | pd.Series[Any]) -> Change:
    """Move a site of a field, in place. It keeps its number, and so its rank among sites equally near.

    Parameters
    ----------
    place
        Longitude and latitude in degrees, or a row of a table that `snap` made.

    Raises
    ------
    InputError
        If the field has no site of this label, or the place is not near the network.
    """
    number = _number(field, site_id)
    before, after = field.standing.place[number], _place(field, place)
    count = _take_away(field, number)
    field.standing.put(number, after)
    return _done(field, "move", _spread_from(field, number, count), number=number, before=before, after=after)


@checks_arguments
def close_edges(field: NearestField, edges: npt.ArrayLike) -> Change:
    """Close edges to all traffic that would pass along them, both ways, in place.

    Who lives on a closed edge, and a site on it, keeps its way to both ends and along it: where on the edge the
    barrier stands is not known, and a road that is closed for works, slides or winter is left open to those who live
    there where it can be. To cut them off as well, leave them out. On a ferry lives nobody, so a closed ferry
    carries nobody.

    Parameters
    ----------
    edges
        Numbers of edges of the network; those of a ferry are found by `ferry_edges`. Edges that are closed already
        stay so.

    Raises
    ------
    InputError
        If there are no such edges.
    """
    numbers = _edges(field, edges)
    numbers = numbers[~np.isin(numbers, field.closed)]
    tail, arc = _arcs(field, numbers)
    lost_node, lost_key = updates.offers_over(field.keys, tail, field.out.head[arc], field.out.cost_ds[arc])
    _set_costs(field, numbers, arc, closed=True)
    count = _renew(field, lost_node, lost_key)
    field.closed = np.union1d(field.closed, numbers)
    return _done(field, "close", count, edges=numbers)


@checks_arguments
def open_edges(field: NearestField, edges: npt.ArrayLike) -> Change:
    """Open edges again that `close_edges` closed, in place; others stay as they are.

    Raises
    ------
    InputError
        If there are no such edges.
    """
    numbers = _edges(field, edges)
    numbers = numbers[np.isin(numbers, field.closed)]
    tail, arc = _arcs(field, numbers)
    _set_costs(field, numbers, arc, closed=False)
    node, key = updates.offers_over(field.keys, tail, field.out.head[arc], field.out.cost_ds[arc])
    count = _spread(field, node, key, 0)
    field.closed = np.setdiff1d(field.closed, numbers)
    return _done(field, "open", count, edges=numbers)


@checks_arguments
def ferry_edges(network: Network, *way_ids: int) -> npt.NDArray[np.int32]:
    """Return the edges over which the boats of car ferries sail, for `close_edges`.

    The edges by which one boards are not among them: other boats of the same name may call at the same quay, and
    without its boat a quay leads nowhere.

    Parameters
    ----------
    way_ids
        As in `network.ferries`.

    Raises
    ------
    InputError
        If a way is no car ferry of the network.

    Examples
    --------
    >>> import geoaccess as ga
    >>> network = ga.read_osm("data/troms/troms-modelled.osm.pbf")
    >>> way = network.ferries.loc[network.ferries["cars"], "way_id"].iloc[0]
    >>> network.edge_kind[ga.routing.ferry_edges(network, way)].tolist()
    [1]
    """
    boats = np.flatnonzero(network.edge_kind == EdgeKind.FERRY)
    sizes = np.diff(network.shape_ptr)[boats]
    piece = numbers_from(network.shape_ptr[boats], sizes)
    way = network.way_id[network.shape_way[piece]]
    unknown = [str(way_id) for way_id in way_ids if way_id not in way]
    if unknown:
        known = ", ".join(map(str, np.unique(way)))
        raise InputError(f"no car ferry of the network has the way {', '.join(unknown)}; these have: {known}")
    return np.unique(np.repeat(boats, sizes)[np.isin(way, way_ids)]).astype(np.int32)


@checks_arguments
def undo(field: NearestField, change: Change) -> None:
    """Take back the last change of a field that was not taken back yet; all is as it was before, to the bit.

    Raises
    ------
    InputError
        If it is not the last one.
    """
    if not field.history or field.history[-1] is not change.token:
        state = "belongs to another field or is undone" if change.token not in field.history else "is not the last"
        raise InputError(f"{change} {state}; changes are undone from the last to the first")
    field.history.pop()
    field.keys[change.nodes] = change.rows
    if change.number >= 0:
        field.standing.put(change.number, change.before)
        if change.what == "add":
            field.standing.drop_last()
    else:
        closes = change.what == "open"
        _set_costs(field, change.edges, _arcs(field, change.edges)[1], closed=closes)
        field.closed = (np.union1d if closes else np.setdiff1d)(field.closed, change.edges)
    _refreshed(field, change.nodes, change.before, change.after)


def _place(field: NearestField, place: tuple[float, float] | pd.Series[Any]) -> Place:
    if isinstance(place, pd.Series):
        row = place.to_dict()
        missing = [name for name in PLACE if name not in row]
        if missing:
            raise InputError(f"the place is no row that snap made: it lacks {', '.join(missing)}")
        return {name: row[name] for name in PLACE}
    import geopandas as gpd

    point = gpd.GeoSeries.from_xy([place[0]], [place[1]], crs="EPSG:4326")
    found: Place = snap(field.network, point, **field.snapping).iloc[0].to_dict()
    if found["edge"] < 0:
        raise InputError(f"the place {place} has no road within {field.snapping['max_snap_m']:g} m")
    return found


def _number(field: NearestField, site_id: Hashable) -> int:
    number = field.standing.number.get(site_id)
    if number is None:
        some = ", ".join(map(repr, [*field.standing.number][:5]))
        raise InputError(f"there is no site {site_id!r} among {len(field.standing.number)} sites ({some}, ...)")
    return number


def _edges(field: NearestField, edges: npt.ArrayLike) -> npt.NDArray[np.int32]:
    numbers = np.unique(np.atleast_1d(np.asarray(edges)))
    if numbers.size and not np.issubdtype(numbers.dtype, np.integer):
        raise InputError(f"edges are named by whole numbers, not by {numbers.dtype}")
    n = field.network.n_edges
    wrong = [f"edge {edge}: the network has the edges 0 to {n - 1}" for edge in numbers if not 0 <= edge < n]
    if wrong:
        raise InputError.listing("edges", wrong)
    return numbers.astype(np.int32)


def _take_away(field: NearestField, number: int) -> int:
    node, key = _seeds_of(field, number)
    field.standing.put(number, None)
    return _renew(field, node, key)


def _spread_from(field: NearestField, number: int, count: int) -> int:
    return _spread(field, *_seeds_of(field, number), count)


def _seeds_of(field: NearestField, number: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint64]]:
    return field.standing.seeds(slice(number, number + 1))


def _spread(field: NearestField, node: npt.NDArray[np.int32], key: npt.NDArray[np.uint64], count: int) -> int:
    out = field.out
    return int(
        updates.spread(
            field.keys, out.start, out.head, out.cost_ds, node, key, field.touched, field.nodes, field.rows, count
        )
    )


def _renew(field: NearestField, lost_node: npt.NDArray[np.int32], lost_key: npt.NDArray[np.uint64]) -> int:
    out, back, sites = field.out, field.back, field.standing
    return int(
        updates.renew(
            field.keys,
            out.start,
            out.head,
            out.cost_ds,
            back.start,
            back.head,
            back.cost_ds,
            *sites.seeds_by_node(),
            lost_node,
            lost_key,
            field.touched,
            field.nodes,
            field.rows,
        )
    )


def _arcs(field: NearestField, edges: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the tails of the arcs of edges along the search, and their places."""
    found: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] = updates.arcs_of_edges(
        field.out.start, field.out.edge, *field.network.arc_ends(edges)
    )
    return found


def _set_costs(field: NearestField, edges: npt.NDArray[np.int32], arc: npt.NDArray[np.int32], *, closed: bool) -> None:
    """Close or open the arcs of edges, both as the search sees them and turned round."""
    network = field.network
    out, back = (network.arcs, network.arcs_reversed) if field.turned else (network.arcs_reversed, network.arcs)
    if field.out.cost_ds is out.cost_ds:  # the network keeps its costs; the field takes its own from now on
        field.out = out._replace(cost_ds=out.cost_ds.copy())
        field.back = back._replace(cost_ds=back.cost_ds.copy())
    turned = updates.arcs_of_edges(back.start, back.edge, *network.arc_ends(edges))[1]
    field.out.cost_ds[arc] = FAR if closed else out.cost_ds[arc]
    field.back.cost_ds[turned] = FAR if closed else back.cost_ds[turned]


def _done(
    field: NearestField,
    what: Literal["add", "remove", "move", "close", "open"],
    count: int,
    *,
    number: int = -1,
    before: Place | None = None,
    after: Place | None = None,
    edges: npt.NDArray[np.int32] | None = None,
) -> Change:
    """Write down what was changed, bring the attached cells up to date, and be ready for the next change."""
    nodes = field.nodes[:count].copy()
    field.touched[nodes] = False
    token = object()
    field.history.append(token)
    return Change(
        what=what,
        site=field.standing.label[number] if number >= 0 else None,
        edges=np.empty(0, np.int32) if edges is None else edges,
        nodes=nodes,
        rows=field.rows[:count].copy(),
        cells=_refreshed(field, nodes, before, after),
        number=number,
        before=before,
        after=after,
        token=token,
    )


def _refreshed(field: NearestField, nodes: npt.NDArray[np.int32], *places: Place | None) -> npt.NDArray[np.int64]:
    """Bring the attached cells, if there are any, up to date with a change; return which were looked at again.

    Given the nodes that it touched, and the places where a site was or is: cells on the edge of one reach it without
    any node, and those beside it walk to it.
    """
    if field.attached_cells is None:
        return np.empty(0, np.int64)
    sites = [field.standing.described_alone(place)[1] for place in places if place is not None]
    edges = [place["edge"] for place in places if place is not None and place["edge"] >= 0]
    return field.refresh(nodes, np.array(edges, np.int32), joined(sites))

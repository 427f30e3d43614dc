"""The `Network`: an immutable, directed road and ferry network."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from geoaccess.errors import InputError
from geoaccess.kernels import graph
from geoaccess.network.assembly import assembled_arrays
from geoaccess.network.counting import numbers_from
from geoaccess.network.elements import DECISECONDS, Arcs, EdgeKind
from geoaccess.network.projection import LocalProjection

if TYPE_CHECKING:
    import pandas as pd

    from geoaccess.network.elements import TurnExpansion
    from geoaccess.network.shores import Shores

__all__ = ["Network"]

_LONGEST_DS = 2**31 - 1 - 2**28
"""The time of one edge; 2**28 deciseconds are left for the ways from and to the network, see `snap`.

Sums need no such bound: every search stops at `geoaccess.kernels.keys.FAR`, and what is farther counts as out of reach.
"""


@dataclass(frozen=True, eq=False)
class Network:
    """A directed network of roads and ferries with travel times.

    Nodes are places where something can be decided: junctions, dead ends, quays. An edge joins two of them and may be
    open one way, both ways or (a passenger ferry) neither; its shape and the ways it came from are kept.

    Parameters
    ----------
    node_lon, node_lat
        Degrees (WGS84), shape (n_nodes,).
    edge_u, edge_v
        Ends of each edge, shape (n_edges,).
    edge_forward_ds, edge_backward_ds
        Time from u to v and from v to u in deciseconds; -1 where closed.
    edge_length_m
        Metres along the shape.
    edge_kind
        `EdgeKind` of each edge.
    edge_snaps
        Whether a cell or site may be attached to the edge.
    shape_ptr, shape_lon, shape_lat
        The shape of edge e is the points shape_ptr[e]:shape_ptr[e + 1], from u to v.
    shape_way
        For each shape point, the place in `way_id` of the way its piece (to the next point) came from.
    shape_forward_s, shape_backward_s
        Seconds along that piece from u towards v and back (0 where closed): where within its time a point of the edge
        lies.
    way_id, way_class
        The source's id of each way, and the place of its class in `class_names`.
    class_names
        Names such as "primary", "ferry".
    ferries
        One row per ferry way: way_id, name, crossing_s, wait_s, cars, joined, note.
    counts
        What was read and what was left out, by reason.
    expansion
        Where arcs do not simply join the ends of edges: banned turns and roads without through traffic. Nodes that
        `expansion.place` names another one for are copies of it, at the same spot.
    unread
        Tags that no rule could read or decide: each with the problem, how many objects have it, and the first of these;
        and rows of the table of closed roads that are of no road, on no object.
    shores
        Coastline and borders of water, which nobody walks over; None where they are not known.

    Raises
    ------
    InputError
        If arrays disagree in length, an edge names a node that does not exist, or a time is below -1 or above
        1 879 048 191 deciseconds (6 years of driving).

    Examples
    --------
    >>> import numpy as np
    >>> from geoaccess.network import Network
    >>> Network.from_edges(lon=[10.0, 10.1], lat=[60.0, 60.0], u=[0], v=[1], forward_s=[300.0], backward_s=[300.0])
    Network(2 nodes, 1 edges, 5.6 km of road, 0 ferries)
    """

    node_lon: npt.NDArray[np.float64]
    node_lat: npt.NDArray[np.float64]
    edge_u: npt.NDArray[np.int32]
    edge_v: npt.NDArray[np.int32]
    edge_forward_ds: npt.NDArray[np.int32]
    edge_backward_ds: npt.NDArray[np.int32]
    edge_length_m: npt.NDArray[np.float32]
    edge_kind: npt.NDArray[np.int8]
    edge_snaps: npt.NDArray[np.bool_]
    shape_ptr: npt.NDArray[np.int64]
    shape_lon: npt.NDArray[np.float64]
    shape_lat: npt.NDArray[np.float64]
    shape_way: npt.NDArray[np.int32]
    shape_forward_s: npt.NDArray[np.float32]
    shape_backward_s: npt.NDArray[np.float32]
    way_id: npt.NDArray[np.int64]
    way_class: npt.NDArray[np.int16]
    class_names: tuple[str, ...]
    ferries: pd.DataFrame
    counts: dict[str, int] = field(default_factory=dict)
    expansion: TurnExpansion | None = None
    unread: tuple[tuple[str, str, int, str], ...] = ()
    shores: Shores | None = None

    def __post_init__(self) -> None:
        """Check once what every kernel relies on, and make the arrays read-only."""
        self._check_shapes()
        n = self.n_nodes
        for name in ("edge_u", "edge_v"):
            ends = getattr(self, name)
            wrong = np.flatnonzero((ends < 0) | (ends >= n))
            if wrong.size:
                raise InputError(f"{name}: edge {wrong[0]} names node {ends[wrong[0]]}, but there are {n} nodes")
        for name in ("edge_forward_ds", "edge_backward_ds"):
            times = getattr(self, name)
            wrong = np.flatnonzero(times < -1)
            if wrong.size:
                raise InputError(f"{name}: edge {wrong[0]} has time {times[wrong[0]]}; -1 is closed, else it is >= 0")
            wrong = np.flatnonzero(times > _LONGEST_DS)
            if wrong.size:
                raise InputError(
                    f"{name}: edge {wrong[0]} takes {times[wrong[0]]} deciseconds; {_LONGEST_DS} (6 years) is the most "
                    "that one may take: correct its time"
                )
        self._freeze()

    @classmethod
    def intact(cls, **parts: Any) -> Network:
        """Make a network of all parts of one that was checked when it was made, and that have not changed since.

        Those that are mapped into memory are not even touched.
        """
        made = object.__new__(cls)
        for item in fields(cls):
            object.__setattr__(made, item.name, parts[item.name])
        made._freeze()
        return made

    def _freeze(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what it is made of: read-only again at the other end, and without what searches keep."""
        return type(self), tuple(getattr(self, item.name) for item in fields(self))

    def _check_shapes(self) -> None:
        groups = (
            ("node_lon", "node_lat"),
            ("edge_u", "edge_v", "edge_forward_ds", "edge_backward_ds", "edge_length_m", "edge_kind", "edge_snaps"),
            ("shape_lon", "shape_lat", "shape_way", "shape_forward_s", "shape_backward_s"),
            ("way_id", "way_class"),
        )
        for names in groups:
            sizes = {name: len(getattr(self, name)) for name in names}
            if len(set(sizes.values())) > 1:
                raise InputError(f"arrays of one table differ in length: {sizes}")
        if len(self.shape_ptr) != self.n_edges + 1:
            raise InputError(f"shape_ptr has {len(self.shape_ptr)} entries for {self.n_edges} edges")
        if self.shape_ptr[0] != 0 or self.shape_ptr[-1] != len(self.shape_lon) or (np.diff(self.shape_ptr) < 2).any():  # noqa: PLR2004
            raise InputError(
                f"shape_ptr must rise from 0 to {len(self.shape_lon)}, the number of points, by 2 or more per edge"
            )
        for name, size in (("shape_way", len(self.way_id)), ("way_class", len(self.class_names))):
            place, wrong = _first_beyond(getattr(self, name), 0, size - 1)
            if place >= 0:
                raise InputError(f"{name}: entry {place} is {wrong}, but there are {size}")
        for name, limit in (("node_lon", 180), ("node_lat", 90), ("shape_lon", 180), ("shape_lat", 90)):
            place, wrong = _first_beyond(getattr(self, name), -limit, limit)
            if place >= 0:
                raise InputError(f"{name}: entry {place} is {wrong}; it must be degrees, at most {limit}")

    @classmethod
    def from_edges(
        cls,
        *,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        forward_s: npt.ArrayLike,
        backward_s: npt.ArrayLike,
        way_id: npt.ArrayLike | None = None,
        way_class: npt.ArrayLike | None = None,
    ) -> Network:
        """Make a network of straight road edges from plain arrays; nodes and edges keep their numbers.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n_nodes,).
        u, v
            Node numbers of each edge's ends, shape (n_edges,).
        forward_s, backward_s
            Seconds from u to v and back; negative or NaN is closed. Rounded to the nearest decisecond.
        way_id, way_class
            One number and one class name per edge; the edge's place and "road" if left out.

        Raises
        ------
        InputError
            As for `Network`.
        """
        u = np.asarray(u, np.int32)
        columns = {
            "lon": np.asarray(lon, np.float64),
            "lat": np.asarray(lat, np.float64),
            "a": u,
            "b": np.asarray(v, np.int32),
            "forward_s": np.nan_to_num(np.asarray(forward_s, np.float64), nan=-1.0),
            "backward_s": np.nan_to_num(np.asarray(backward_s, np.float64), nan=-1.0),
            "way": np.arange(u.size, dtype=np.int32),
            "way_id": np.arange(u.size, dtype=np.int64) if way_id is None else np.asarray(way_id, np.int64),
            "way_class": ["road"] * u.size if way_class is None else [str(name) for name in np.asarray(way_class)],
        }
        return cls(**assembled_arrays(columns, merge_chains=False))

    def __repr__(self) -> str:
        """Say how large the network is."""
        km = float(self.edge_length_m[self.edge_kind == EdgeKind.ROAD].sum(dtype=np.float64)) / 1000
        return f"Network({self.n_nodes} nodes, {self.n_edges} edges, {km:.1f} km of road, {len(self.ferries)} ferries)"

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_lon)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edge_u)

    @cached_property
    def arcs(self) -> Arcs:
        """The arcs out of each node: one per edge and open direction."""
        return self._arcs(reverse=False)

    @cached_property
    def arcs_reversed(self) -> Arcs:
        """The arcs into each node, turned round: a search on these runs against the traffic."""
        return self._arcs(reverse=True)

    def _arcs(self, *, reverse: bool) -> Arcs:
        tail, head, edge = self.possible_arcs()
        if reverse:
            tail, head = head, tail
        start, heads, costs, arcs = graph.open_rows(self.n_nodes, tail, head, self.arc_costs())
        return Arcs(start, heads, costs, edge[arcs])

    def possible_arcs(self) -> tuple[npt.NDArray[np.int32], ...]:
        """Return (tail, head, edge) of the arcs that there are where every edge is open both ways (-1: a link).

        They do not depend on times: a road that closes, or opens, has the place in this list that it had.
        """
        every = np.arange(self.n_edges, dtype=np.int32)
        ways = self.expansion
        if ways is None:
            tails, heads, edges = [self.edge_u, self.edge_v], [self.edge_v, self.edge_u], [every, every]
        else:
            tails = [ways.tail_u, ways.tail_v, ways.more_tail, ways.link_tail]
            heads = [ways.leave_v, ways.leave_u, ways.more_head, ways.link_head]
            edges = [every, every, ways.more_edge, np.full(ways.link_tail.size, -1, np.int32)]
        return np.concatenate(tails), np.concatenate(heads), np.concatenate(edges)

    def arc_costs(self) -> npt.NDArray[np.int32]:
        """Return what each of `possible_arcs` costs, in deciseconds; -1 where it is closed."""
        costs = [self.edge_forward_ds, self.edge_backward_ds]
        ways = self.expansion
        if ways is not None:
            of = ways.more_edge
            costs.append(np.where(ways.more_up, self.edge_forward_ds[of], self.edge_backward_ds[of]))
            costs.append(np.zeros(ways.link_tail.size, np.int32))
        return np.concatenate(costs)

    @property
    def ends(self) -> tuple[npt.NDArray[np.int32], ...]:
        """Per edge the nodes (leave_u, leave_v, arrive_u, arrive_v) by which journeys leave it and come to it."""
        ways = self.expansion
        if ways is None:
            return self.edge_u, self.edge_v, self.edge_u, self.edge_v
        return ways.leave_u, ways.leave_v, ways.arrive_u, ways.arrive_v

    def arc_ends(self, edges: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return (edge, node) of all nodes at which arcs of some edges begin or end, each pair once."""
        ways = self.expansion
        if ways is None:
            ends = [(edges, self.edge_u[edges]), (edges, self.edge_v[edges])]
        else:
            ends = [(edges, side[edges]) for side in (ways.tail_u, ways.tail_v, ways.leave_u, ways.leave_v)]
            first, last = (np.searchsorted(ways.more_edge, edges, side) for side in ("left", "right"))
            sizes = last - first
            more = numbers_from(first, sizes)
            ends += [(ways.more_edge[more], side[more]) for side in (ways.more_tail, ways.more_head)]
        pairs = np.unique(np.column_stack([np.concatenate(part) for part in zip(*ends, strict=True)]), axis=0)
        return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])

    @cached_property
    def junctions(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Per node the nodes at which a journey begins, and ends, that has it as its place: on all its streets."""
        if self.expansion is None:
            itself = np.arange(self.n_nodes, dtype=np.int32)
            return itself, itself
        return self.expansion.begin_at, self.expansion.end_at

    @cached_property
    def strong_component(self) -> npt.NDArray[np.int32]:
        """Number of the strongly connected component of each node; copies belong where their node does."""
        tail, head, _ = self.possible_arcs()
        place = np.arange(self.n_nodes, dtype=np.int32) if self.expansion is None else self.expansion.place
        start, heads, _, _ = graph.open_rows(self.n_nodes, place[tail], place[head], self.arc_costs())
        labels: npt.NDArray[np.int32] = graph.strong_components(start, heads)[place]
        labels.flags.writeable = False
        return labels

    def components(self, *kinds: EdgeKind, without: npt.NDArray[np.int32] | None = None) -> npt.NDArray[np.int32]:
        """Return the number of each node's component over edges of the given kinds, taken both ways.

        `components(EdgeKind.ROAD)` finds islands by road alone; adding `FERRY` and `BOARDING` joins what car ferries
        join; adding `ON_FOOT` what passenger boats join. Edges in `without` join nothing, nor do roads and car ferries
        that are open neither way.
        """
        if without is not None and without.size:
            return self._components(kinds, without)
        kept: dict[tuple[EdgeKind, ...], npt.NDArray[np.int32]] = self.__dict__.setdefault("_components_of", {})
        if kinds not in kept:  # every search asks for them to say why somebody is not reached
            kept[kinds] = self._components(kinds, np.empty(0, np.int32))
            kept[kinds].flags.writeable = False
        return kept[kinds]

    def _components(self, kinds: tuple[EdgeKind, ...], without: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        shut = (self.edge_forward_ds < 0) & (self.edge_backward_ds < 0) & (self.edge_kind != EdgeKind.ON_FOOT)
        chosen = np.isin(self.edge_kind, kinds) & ~shut
        chosen[without] = False
        labels: npt.NDArray[np.int32] = graph.weak_components(self.n_nodes, self.edge_u[chosen], self.edge_v[chosen])
        return labels if self.expansion is None else labels[self.expansion.place]

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest longitude and latitude, largest longitude and latitude of the nodes, degrees."""
        return (
            float(self.node_lon.min()),
            float(self.node_lat.min()),
            float(self.node_lon.max()),
            float(self.node_lat.max()),
        )

    @cached_property
    def projection(self) -> LocalProjection:
        """An equal-area projection around the middle of the network, for distances of some kilometres."""
        return LocalProjection.around(self.node_lon, self.node_lat)

    @property
    def metric_crs(self) -> str:
        """The same in the words of PROJ."""
        return self.projection.crs

    @cached_property
    def shape_xy(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The shape points in `projection`: metres, to the centimetre."""
        x, y = self.projection.project(self.shape_lon, self.shape_lat)
        x.flags.writeable = y.flags.writeable = False  # as where they come from a file
        return x, y

    def edges(self, *classes: str) -> Any:
        """Return the edges as lines (EPSG:4326): all, or those whose first way is of one of `classes`."""
        import geopandas as gpd

        number = self.way_class[self.shape_way[self.shape_ptr[:-1]]]
        asked = [place for place, name in enumerate(self.class_names) if name in classes]
        chosen = np.flatnonzero(np.isin(number, asked)) if classes else np.arange(self.n_edges)
        lines = self.lines(chosen, self.shape_lon, self.shape_lat)
        return gpd.GeoDataFrame(
            {
                "way_id": self.way_id[self.shape_way[self.shape_ptr[chosen]]],
                "highway": np.asarray(self.class_names, dtype=object)[number[chosen]],
                "kind": self.edge_kind[chosen],
                "forward_s": np.where(self.edge_forward_ds < 0, np.inf, self.edge_forward_ds / DECISECONDS)[chosen],
                "backward_s": np.where(self.edge_backward_ds < 0, np.inf, self.edge_backward_ds / DECISECONDS)[chosen],
                "length_m": self.edge_length_m[chosen].astype(float),
            },
            geometry=lines,
            crs="EPSG:4326",
            index=chosen,
        )

    def lines(
        self, edges: npt.NDArray[np.int64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.object_]:
        """Return a LineString per edge in `edges`, with x and y of the shape points taken from two arrays."""
        import shapely

        first = self.shape_ptr[edges]
        sizes = self.shape_ptr[edges + 1] - first
        points = numbers_from(first, sizes)
        lines: Any = shapely.linestrings(
            np.column_stack([x[points], y[points]]), indices=np.repeat(np.arange(len(edges)), sizes)
        )
        return np.asarray(lines, dtype=object)


def _first_beyond(values: npt.NDArray[Any], least: int, most: int) -> tuple[int, Any]:
    """Return the place of the first value that is not from `least` to `most`, and the value; -1 where none is.

    Where all are, as nearly always, it takes no memory.
    """
    if not len(values) or (values.min() >= least and values.max() <= most):  # neither where one is NaN
        return -1, None
    place = int(np.flatnonzero(~((values >= least) & (values <= most)))[0])
    return place, values[place]

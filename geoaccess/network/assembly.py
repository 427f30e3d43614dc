"""From stretches between points to the arrays of a network: merge chains, order nodes, round times once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels import assembling, graph
from geoaccess.network.curve import Chains, number_along_curve
from geoaccess.network.elements import DECISECONDS
from geoaccess.network.junctions import with_junctions
from geoaccess.network.turn_paths import Edges
from geoaccess.network.turns import expand_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["assembled_arrays", "ferry_names", "no_ferries"]

_LONGEST_DS = 2**31 - 1
_RESTRICTED, _SNAPS, _KIND = 1, 2, 2
"""Bits of the traffic of a stretch, and the place from which on its kind stands."""


class _Pieces(NamedTuple):
    """Which pieces stretches have, see `assembled_arrays`."""

    first: npt.NDArray[np.int32]
    size: npt.NDArray[np.int32]
    course: npt.NDArray[np.int32]


def ferry_names(ferries: pd.DataFrame) -> pd.Series:
    """Return the name of each ferry way by its id; lines that share a way are all named, and "" is without a name.

    >>> ferries = pd.DataFrame({"way_id": [7, 8, 7, 9], "name": ["A - C", "A - C", "A - D", ""]})
    >>> ferry_names(ferries).to_dict()
    {7: 'A - C / A - D', 8: 'A - C', 9: ''}
    """
    names = ferries[["way_id", "name"]].drop_duplicates()
    names = names[(names["name"] != "") | ~names["way_id"].duplicated(keep=False)]
    return names.groupby("way_id")["name"].agg(" / ".join)


def no_ferries() -> pd.DataFrame:
    """Return the table of ferries of a network that has none.

    A row per ferry way: `crossing_s` and `wait_s` as used, the wait of who chooses a sailing
    (`wait_planned_s`) and of who cannot (`wait_unplanned_s`), `check_in_s`, `headway_s` (NaN where unknown), `cars`,
    how many of its ends were `joined` to a road, `kind` ("car ferry", "passenger boat", "sightseeing loop", "stub",
    "abroad", or "not sailing" where it is out of use or out of season), the `duration` as tagged, the row of the table
    of ferries that spoke of it (`table_row`, 0 for none), its `relation_id` (0 for none), its two ends, and in `note`
    what was read, assumed and rejected. Where it follows a timetable, `timetable` names its day and hours, "" else, and
    `sailings` is how many depart within them, both ways together (NaN else); `crossing_s` and `wait_s` are then means
    over crossings that use the way, weighted by their sailings of the day.
    """
    return _no_ferries().copy()


@cache
def _no_ferries() -> pd.DataFrame:
    """Make the table once: its twenty columns take longer than a small network."""
    return pd.DataFrame(
        {
            "way_id": pd.Series(dtype="int64"),
            "name": pd.Series(dtype="str"),
            "crossing_s": pd.Series(dtype="float64"),
            "wait_s": pd.Series(dtype="float64"),
            "wait_planned_s": pd.Series(dtype="float64"),
            "wait_unplanned_s": pd.Series(dtype="float64"),
            "check_in_s": pd.Series(dtype="float64"),
            "cars": pd.Series(dtype="bool"),
            "joined": pd.Series(dtype="int64"),
            "note": pd.Series(dtype="str"),
            "kind": pd.Series(dtype="str"),
            "relation_id": pd.Series(dtype="int64"),
            "length_m": pd.Series(dtype="float64"),
            "headway_s": pd.Series(dtype="float64"),
            "duration": pd.Series(dtype="str"),
            "table_row": pd.Series(dtype="int64"),
            "from_lon": pd.Series(dtype="float64"),
            "from_lat": pd.Series(dtype="float64"),
            "to_lon": pd.Series(dtype="float64"),
            "to_lat": pd.Series(dtype="float64"),
            "timetable": pd.Series(dtype="str"),
            "sailings": pd.Series(dtype="float64"),
        }
    )


def assembled_arrays(
    columns: dict[str, Any], *, merge_chains: bool = True, also: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return what `Network` is made from; `columns` are the parameters of `assemble` by their names.

    With `first`, `size` and `course` among them a segment may be a stretch of several straight pieces: i is of those
    from first[i] on, size[i] of them, of which each has its own times, and leads from a[i] over the points
    course[first[i] + 1], ... to b[i]. At points between ends nothing is decided.

    Columns are taken out of the table, which is empty afterwards, and are let go where they are needed no more: those
    of a country fill hundreds of megabytes each.

    Each table of `also` holds what is different about a network that differs in its times alone, by the same names: its
    times, `ferries`, `counts` and `unread`. What `Network` is made from takes their place.
    """
    pieces = _pieces(columns)
    _check_segments(columns)
    for other in also:
        _check_segments({**columns, **other})
    way, way_id, way_class, turns = columns["way"], columns["way_id"], columns["way_class"], columns.get("turns")
    traffic = _traffic(columns)
    chains = _chains(columns, traffic, merge_chains=merge_chains)
    lon, lat = columns.pop("lon"), columns.pop("lat")
    if merge_chains:
        order, rank, by_node = number_along_curve(chains, lon, lat)
    else:
        order, rank = np.arange(lon.size), np.arange(lon.size, dtype=np.int32)
        by_node = np.arange(chains.start.size - 1)
    edge_u = rank[chains.point[chains.start[:-1][by_node]]]
    edge_v = rank[chains.point[chains.start[1:][by_node] - 1]]
    banned = None if turns is None else turns.at_nodes(rank)
    start, point, segment = chains
    del rank, chains
    shape_ptr = assembling.shape_rows(start, segment, by_node, pieces.size)
    shapes = start, segment, by_node, shape_ptr, way, pieces.first, pieces.size
    shape_way, shape_forward_s, shape_backward_s, edge_forward_ds, edge_backward_ds, first, last = (
        assembling.times_of_chains(*shapes, columns["forward_s"], columns["backward_s"])
    )
    kind, snaps, restricted = _kinds(traffic[first])
    edges = Edges(edge_u, edge_v, way[first], way[last], restricted, edge_forward_ds >= 0, edge_backward_ds >= 0)
    for name in ("forward_s", "backward_s", "way"):
        del columns[name]
    for other in also:
        other.update(_timed(*shapes, other.pop("forward_s"), other.pop("backward_s")))
    del way, traffic, shapes
    shape_lon, shape_lat, edge_length_m = assembling.lines_of_chains(
        start, point, segment, by_node, shape_ptr, *pieces, lon, lat
    )
    node_lon, node_lat = lon[order], lat[order]
    del start, point, segment, pieces, lon, lat
    expansion, rules = expand_turns(order.size, edges, banned)
    if expansion is not None:
        expansion = with_junctions(expansion, edge_u, edge_v)
        node_lon, node_lat = node_lon[expansion.place], node_lat[expansion.place]
    ferries, counts, unread = (columns.pop(name, None) for name in ("ferries", "counts", "unread"))
    columns.clear()
    for other in also:
        other["counts"] = {**(other.get("counts") or {}), **rules}
    names = sorted(set(way_class))
    code = {name: i for i, name in enumerate(names)}
    return {
        "node_lon": node_lon,
        "node_lat": node_lat,
        "edge_u": edge_u,
        "edge_v": edge_v,
        "edge_forward_ds": edge_forward_ds,
        "edge_backward_ds": edge_backward_ds,
        "edge_length_m": edge_length_m,
        "edge_kind": kind,
        "edge_snaps": snaps,
        "shape_ptr": shape_ptr,
        "shape_lon": shape_lon,
        "shape_lat": shape_lat,
        "shape_way": shape_way,
        "shape_forward_s": shape_forward_s,
        "shape_backward_s": shape_backward_s,
        "way_id": way_id,
        "way_class": np.fromiter((code[name] for name in way_class), np.int16, len(way_class)),
        "class_names": tuple(names),
        "ferries": no_ferries() if ferries is None else ferries,
        "counts": {**(counts or {}), **rules},
        "expansion": expansion,
        "unread": unread or (),
    }


def _pieces(columns: dict[str, Any]) -> _Pieces:
    """Return which pieces segments have: where nothing is said, each is one itself."""
    if columns.get("first") is None:
        columns |= {"first": np.arange(columns["a"].size, dtype=np.int32), "course": columns["a"]}
        columns["size"] = np.ones(columns["a"].size, np.int32)
    return _Pieces(columns["first"], columns["size"], columns["course"])


def _timed(*shapes: Any) -> dict[str, npt.NDArray[Any]]:
    """Return the times of edges, and of the pieces of their shapes, by the names that they have in a `Network`."""
    _, ahead_s, back_s, ahead_ds, back_ds, *_ = assembling.times_of_chains(*shapes)
    names = ("shape_forward_s", "shape_backward_s", "edge_forward_ds", "edge_backward_ds")
    return dict(zip(names, (ahead_s, back_s, ahead_ds, back_ds), strict=True))


def _traffic(columns: dict[str, Any]) -> npt.NDArray[np.int8]:
    """Return the kind of each segment, whether places may be attached to it, and whether it is for some only, in one.

    The three columns take as much memory as one of the ends of all segments.
    """
    kind, snaps, restricted = (columns.pop(name, None) for name in ("kind", "snaps", "restricted"))
    packed = np.zeros(columns["a"].size, np.int8) if kind is None else np.asarray(kind, np.int8) << _KIND
    packed |= np.int8(_SNAPS) if snaps is None else np.asarray(snaps, np.bool_) * np.int8(_SNAPS)
    if restricted is not None:
        packed |= np.asarray(restricted, np.bool_)
    return packed


def _kinds(
    traffic: npt.NDArray[np.int8],
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return what `_traffic` put in one."""
    return traffic >> _KIND, traffic & _SNAPS > 0, traffic & _RESTRICTED > 0


def _chains(columns: dict[str, Any], alike: npt.NDArray[np.int8], *, merge_chains: bool) -> Chains:
    """Return the chains of the segments, the ends of which are needed no more then."""
    a, b, keep, turns = columns.pop("a"), columns.pop("b"), columns.pop("keep", None), columns.get("turns")
    size = columns["lon"].size
    keep = np.full(size, not merge_chains) if keep is None else keep | (not merge_chains)
    if turns is not None:
        keep[turns.points(columns["way"], a, b)] = True
    ahead, back = (columns[name][columns["first"]] for name in ("forward_s", "backward_s"))
    return Chains(*graph.chains(size, a, b, ahead, back, alike, np.asarray(keep, np.bool_)))


def _check_segments(columns: dict[str, Any]) -> None:  # noqa: C901 - one list of refusals
    """Refuse what compiled loops would read beyond the end of, or what no journey can take.

    A compiled loop says whether there is anything to refuse; what that is, is looked for only then.
    """
    lon, lat, way, way_id, way_class = (columns[name] for name in ("lon", "lat", "way", "way_id", "way_class"))
    ends: dict[str, npt.NDArray[np.int32]] = {name: columns[name] for name in ("a", "b")}
    times: dict[str, npt.NDArray[np.float64]] = {name: columns[name] for name in ("forward_s", "backward_s")}
    size, pieces = ends["a"].size, columns["course"].size
    if size == 0:
        raise InputError("the network has no edge")
    if lon.size != lat.size:
        raise InputError(f"lon has {lon.size} points and lat {lat.size}")
    for table, expected in (({**ends, "way": way}, size), (times, pieces)):
        for name, values in table.items():
            if values.size != expected:
                raise InputError(f"{name} has {values.size} entries for {expected} edges")
    a, b, first, stretch_size, course = (columns[name] for name in ("a", "b", "first", "size", "course"))
    forward_s, backward_s = times.values()
    fit = assembling.stretches_fit(
        a, b, first, stretch_size, course, forward_s, backward_s, way, lon, lat, way_id.size, _LONGEST_DS
    )
    if fit and len(way_class) == way_id.size:
        return
    if len(way_class) != way_id.size or way.max() >= way_id.size or way.min() < 0:
        raise InputError(f"{way.max() + 1} ways are used, way_id has {way_id.size} and way_class {len(way_class)}")
    for name, values in ends.items():
        wrong = np.flatnonzero((values < 0) | (values >= lon.size))
        if wrong.size:
            raise InputError(f"edge {wrong[0]}: {name} is point {values[wrong[0]]}, but there are {lon.size} points")
    off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))  # noqa: PLR2004
    wrong = np.concatenate([values[off[values]] for values in ends.values()]) if off.any() else np.empty(0, np.int32)
    if wrong.size:
        at = wrong[0]
        raise InputError(f"point {at} ({lon[at]}, {lat[at]}) is no longitude and latitude in degrees")
    for name, seconds in times.items():
        wrong = np.flatnonzero(~(seconds * DECISECONDS < _LONGEST_DS))
        if wrong.size:
            raise InputError(f"edge {wrong[0]}: {name} is {seconds[wrong[0]]}; seconds, negative where closed")

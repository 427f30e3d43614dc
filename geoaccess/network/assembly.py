"""From straight segments between points to the arrays of a network: merge chains, order nodes, round times once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.kernels import assembling, graph
from geoaccess.network.curve import Chains, number_along_curve
from geoaccess.network.elements import DECISECONDS
from geoaccess.network.junctions import with_junctions
from geoaccess.network.turn_paths import Edges
from geoaccess.network.turns import Turns, expand_turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["assembled_arrays", "ferry_names", "no_ferries"]

_LONGEST_DS = 2**31 - 1


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
    *,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    a: npt.NDArray[np.int32],
    b: npt.NDArray[np.int32],
    forward_s: npt.NDArray[np.float64],
    backward_s: npt.NDArray[np.float64],
    way: npt.NDArray[np.int32],
    way_id: npt.NDArray[np.int64],
    way_class: Sequence[str],
    kind: npt.NDArray[np.int8] | None = None,
    snaps: npt.NDArray[np.bool_] | None = None,
    restricted: npt.NDArray[np.bool_] | None = None,
    keep: npt.NDArray[np.bool_] | None = None,
    turns: Turns | None = None,
    ferries: pd.DataFrame | None = None,
    counts: dict[str, int] | None = None,
    unread: tuple[tuple[str, str, int, str], ...] = (),
    merge_chains: bool = True,
) -> dict[str, Any]:
    """Return what `Network` is made from; see `assemble` for the parameters and errors."""
    _check_segments(
        lon, lat, {"a": a, "b": b}, {"forward_s": forward_s, "backward_s": backward_s}, way, way_id, way_class
    )
    kind = np.zeros(a.size, np.int8) if kind is None else kind
    snaps = np.ones(a.size, np.bool_) if snaps is None else snaps
    restricted = np.zeros(a.size, np.bool_) if restricted is None else restricted
    keep = np.full(lon.size, not merge_chains) if keep is None else keep | (not merge_chains)
    if turns is not None:
        keep[turns.points(way, a, b)] = True
    alike = kind.astype(np.int32) * 4 + snaps * 2 + restricted
    chains = Chains(*graph.chains(lon.size, a, b, forward_s, backward_s, alike, np.asarray(keep, np.bool_)))
    del alike
    order, rank = np.arange(lon.size), np.arange(lon.size, dtype=np.int32)
    by_node = np.arange(chains.start.size - 1)
    if merge_chains:
        order, rank, by_node = number_along_curve(chains, lon, lat)
    edge_u = rank[chains.point[chains.start[:-1][by_node]]]
    edge_v = rank[chains.point[chains.start[1:][by_node] - 1]]
    shape_ptr, shape_lon, shape_lat, shape_way, shape_forward_s, shape_backward_s, *of_edges = (
        assembling.edges_of_chains(*chains, by_node, way, forward_s, backward_s, lon, lat)
    )
    edge_forward_ds, edge_backward_ds, edge_length_m, first, last = of_edges
    del chains
    edges = Edges(edge_u, edge_v, way[first], way[last], restricted[first], edge_forward_ds >= 0, edge_backward_ds >= 0)
    expansion, rules = expand_turns(order.size, edges, None if turns is None else turns.at_nodes(rank))
    if expansion is not None:
        expansion = with_junctions(expansion, edge_u, edge_v)
        order = order[expansion.place]
    names = sorted(set(way_class))
    code = {name: i for i, name in enumerate(names)}
    return {
        "node_lon": lon[order],
        "node_lat": lat[order],
        "edge_u": edge_u,
        "edge_v": edge_v,
        "edge_forward_ds": edge_forward_ds,
        "edge_backward_ds": edge_backward_ds,
        "edge_length_m": edge_length_m,
        "edge_kind": kind[first],
        "edge_snaps": snaps[first],
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
        "unread": unread,
    }


def _check_segments(  # noqa: C901 - one list of refusals
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    ends: dict[str, npt.NDArray[np.int32]],
    times: dict[str, npt.NDArray[np.float64]],
    way: npt.NDArray[np.int32],
    way_id: npt.NDArray[np.int64],
    way_class: Sequence[str],
) -> None:
    """Refuse what compiled loops would read beyond the end of, or what no journey can take.

    A compiled loop says whether there is anything to refuse; what that is, is looked for only then.
    """
    size = ends["a"].size
    if size == 0:
        raise InputError("the network has no edge")
    if lon.size != lat.size:
        raise InputError(f"lon has {lon.size} points and lat {lat.size}")
    sizes = {name: values.size for table in (ends, times, {"way": way}) for name, values in table.items()}
    for name, entries in sizes.items():
        if entries != size:
            raise InputError(f"{name} has {entries} entries for {size} edges")
    (a, b), (forward_s, backward_s) = ends.values(), times.values()
    fit = assembling.segments_fit(a, b, forward_s, backward_s, way, lon, lat, way_id.size, _LONGEST_DS)
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

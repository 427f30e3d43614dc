"""Where snapped points stand along their edges, as searches need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.errors import InputError
from geoaccess.remembering import addresses, remembered_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.network import Network

__all__ = ["Legs", "legs"]

_WHERE = ("edge", "node", "to_u_ds", "from_u_ds", "to_v_ds", "from_v_ds")
_MANY = 10_000
"""Where so many points stand is found once for the questions of a process that asks many."""
_PLACES = 2
"""Of so many tables, or directions, this is remembered."""
_SPOT = ("x_m", "y_m", "off_network_m")


class Legs(NamedTuple):
    """Where points stand along their edges, in the direction that a search looks.

    `leave_*` is the time from the point to the ends of its edge, `arrive_*` the time from the ends to the point; `up`
    and `down` order the points of one edge: q is reached from p upward in up(q) - up(p), downward in down(p) -
    down(q), where both are open (not negative). A point at a junction is on no edge alone: it has one end, open both
    ways, and no order. `off` is the time off the network, with `start`, what passes before anything moves. `x`, `y` and
    `off_m` say where the points are and how far from the network, in metres, NaN where one is not snapped.
    """

    edge: npt.NDArray[np.int32]
    off: npt.NDArray[np.int32]
    leave_u: npt.NDArray[np.int32]
    leave_v: npt.NDArray[np.int32]
    arrive_u: npt.NDArray[np.int32]
    arrive_v: npt.NDArray[np.int32]
    leave_node_u: npt.NDArray[np.int32]
    leave_node_v: npt.NDArray[np.int32]
    arrive_node_u: npt.NDArray[np.int32]
    arrive_node_v: npt.NDArray[np.int32]
    up: npt.NDArray[np.int32]
    down: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    off_m: npt.NDArray[np.float64]

    def some(self, chosen: slice | npt.NDArray[np.integer]) -> Legs:
        """Return some of the points."""
        part: dict[str, Any] = {name: values[chosen] for name, values in self._asdict().items()}
        return Legs(**part)


def legs(network: Network, snapped: pd.DataFrame | Mapping[str, npt.NDArray[Any]], *, turned: bool) -> Legs:
    """Return where points that `snap` attached stand; `turned` for a search that looks the other way round.

    Raises
    ------
    InputError
        If the points are not as `snap` returns them.
    """
    columns = _columns(snapped)
    start = columns["start_ds"] if "start_ds" in columns else np.zeros_like(columns["edge"])
    where = {name: columns[name] for name in (*_WHERE, *_SPOT)}
    if len(columns["edge"]) < _MANY:
        found = _where(network, where, turned=turned)
    else:  # at any pace this is the same; columns of a table that another was made of are in its memory
        key = turned, addresses(where.values())
        _, found = remembered_with(
            network, "legs", key, lambda: (where, _where(network, where, turned=turned)), most=_PLACES
        )
    return found._replace(off=columns["off_network_ds"] + start, start=start)


def _columns(snapped: pd.DataFrame | Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that are needed, where they are there, each as one array of its kind."""
    kinds = dict.fromkeys((*_WHERE, "off_network_ds", "start_ds"), np.int32) | dict.fromkeys(_SPOT, np.float64)
    missing = [name for name in kinds if name not in snapped and name != "start_ds"]
    if missing:
        raise InputError(f"the points have no column {', '.join(missing)}; attach them with geoaccess.snap")

    def column(name: str) -> npt.NDArray[Any]:
        values = snapped[name]  # numpy asks a series for names that it looks for among all labels
        return np.ascontiguousarray(values if isinstance(values, np.ndarray) else values.to_numpy(), kinds[name])

    return {name: column(name) for name in kinds if name in snapped}


def _where(network: Network, columns: Mapping[str, npt.NDArray[Any]], *, turned: bool) -> Legs:
    """Return all of `legs` but the time off the network."""
    edge, node, to_u, from_u, to_v, from_v = (columns[name] for name in _WHERE)
    at, beside = np.maximum(edge, 0), node >= 0
    begin, end = (ends[np.maximum(node, 0)] for ends in network.junctions)
    leave_u, leave_v, arrive_u, arrive_v = (
        np.where(beside, junction, ends[at])
        for junction, ends in zip((begin, begin, end, end), network.ends, strict=True)
    )
    if turned:  # a search along the arcs sees every leg the other way round
        to_u, from_u, to_v, from_v = from_u, to_u, from_v, to_v
        leave_u, leave_v, arrive_u, arrive_v = arrive_u, arrive_v, leave_u, leave_v
    x, y, off_m = (columns[name] for name in _SPOT)
    none = np.zeros(0, np.int32)
    return Legs(
        edge=edge,
        off=none,
        leave_u=to_u,
        leave_v=to_v,
        arrive_u=from_u,
        arrive_v=from_v,
        leave_node_u=leave_u,
        leave_node_v=leave_v,
        arrive_node_u=arrive_u,
        arrive_node_v=arrive_v,
        up=np.where(beside, -1, from_u),
        down=np.where(beside, -1, to_u),
        start=none,
        x=x,
        y=y,
        off_m=np.where(edge >= 0, off_m, np.nan),
    )

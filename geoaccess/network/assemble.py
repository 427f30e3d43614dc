"""A `Network` from straight segments between points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geoaccess.arguments import checks_arguments
from geoaccess.network.assembly import assembled_arrays
from geoaccess.network.core import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.network.shores import Shores
    from geoaccess.network.turns import Turns

__all__ = ["assemble", "assemble_columns"]


@checks_arguments
def assemble(
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
    shores: Shores | None = None,
    merge_chains: bool = True,
) -> Network:
    """Make a `Network` from segments.

    Parameters
    ----------
    lon, lat
        Points, degrees.
    a, b
        Ends of each segment, as places in `lon`.
    forward_s, backward_s
        Seconds from a to b and back; negative is closed. They are added up over a chain and rounded to deciseconds
        once.
    way, way_id, way_class
        For each segment its place among the ways; for each way its id and its class.
    kind, snaps
        `EdgeKind` of each segment, and whether points may be attached to it. Chains do not cross a change in either.
    restricted
        Segments that may begin or end a journey but not be passed through.
    keep
        Points that must stay nodes.
    turns
        Banned and mandatory turns; their points stay nodes.
    merge_chains
        False keeps every point as the node of its number, and every segment as the edge of its number. Else nodes are
        numbered along a Hilbert curve, so that what is near on the map is near in memory, and edges by their nodes.

    Raises
    ------
    InputError
        If there is no segment, or as for `Network`.
    """
    columns = {
        "lon": lon,
        "lat": lat,
        "a": a,
        "b": b,
        "forward_s": forward_s,
        "backward_s": backward_s,
        "way": way,
        "way_id": way_id,
        "way_class": way_class,
        "kind": kind,
        "snaps": snaps,
        "restricted": restricted,
        "keep": keep,
        "turns": turns,
        "ferries": ferries,
        "counts": counts,
        "unread": unread,
    }
    return Network(**assembled_arrays(columns, merge_chains=merge_chains), shores=shores)


@checks_arguments
def assemble_columns(columns: dict[str, Any], also: Sequence[dict[str, Any]] = ()) -> list[Network]:
    """Make a `Network` from the parameters of `assemble` by their names, which are taken out of the table.

    Who holds no column elsewhere has each of them freed as soon as it is needed no more: those of a country fill
    hundreds of megabytes each. `also` are the times, `ferries`, `counts` and `unread` of networks that are the same
    but for these, closed in the same directions; they are made as well, and share all other arrays.

    Raises
    ------
    InputError
        As for `assemble`.
    """
    shores = columns.pop("shores", None)
    network = Network(**assembled_arrays(columns, also=also), shores=shores)
    return [network, *(replace(network, **changed) for changed in also)]

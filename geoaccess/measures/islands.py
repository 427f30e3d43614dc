"""Road-connected components of the population, and how they link to the mainland."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.network import EdgeKind

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["islands", "parts", "ties"]

_TIES = ("car ferry", "mainland", "nothing", "one-way trap", "passenger ferry")
"""What ties places to the mainland, in the order of the alphabet."""
_NAMES = np.array(_TIES, object)

_LEAST_WEIGHT = 1e-9  # of a cell without people, so that a place of such cells has a middle, too


def islands(
    network: Network,
    snapped: pd.DataFrame,
    cells: pd.DataFrame,
    *,
    weights: npt.NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Return the places that are not connected by road alone, with their people and what links them to the mainland.

    One row per set of roads that cells are snapped to: `tied_by` ("mainland", "car ferry", "passenger ferry",
    "nothing"), the `municipality` with most of its people, `people`, `cells`, and the mean `lon`, `lat` of its people
    (or by `weights` of the cells: a mean of places that one knows tells how many people live in each of a few).
    One more row, "no road", has those who are not snapped. Most people first. The mainland is the set with most.
    """
    on = (snapped["edge"] >= 0).to_numpy()
    people = cells["population"].to_numpy()
    table = _tied(network, snapped[on], people[on]).assign(weight=(people if weights is None else weights)[on])
    number, names = pd.factorize(cells["municipality"].to_numpy()[on], sort=True)
    order = np.argsort(table["road"].to_numpy(), kind="stable")
    road, held, lon, lat, weight = (
        table[name].to_numpy()[order] for name in ("road", "people", "lon", "lat", "weight")
    )
    tied, number = table["tied_by"].to_numpy()[order], number[order]
    first = np.flatnonzero(np.diff(road, prepend=-1))
    rows = []
    ends = [*first[1:].tolist(), len(road)]
    for begin, end in zip(first.tolist(), ends, strict=True):  # a country has thousands
        part = slice(begin, end)
        by = np.maximum(weight[part], _LEAST_WEIGHT)
        there, of = np.unique(number[part], return_inverse=True)
        rows.append(
            {
                "tied_by": tied[begin],
                "municipality": names[there[np.bincount(of, held[part]).argmax()]],
                "people": held[part].sum(),
                "cells": end - begin,
                "lon": np.average(lon[part], weights=by),
                "lat": np.average(lat[part], weights=by),
            }
        )
    if not on.all():
        off = {"people": people[~on].sum(), "cells": int((~on).sum()), "lon": np.nan, "lat": np.nan}
        rows.append({"tied_by": "no road", "municipality": "", **off})
    return pd.DataFrame(rows).sort_values(["people", "lon"], ascending=[False, True], ignore_index=True)


def _tied(network: Network, snapped: pd.DataFrame, people: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return the road network of each snapped cell, and what links it to the mainland."""
    labels = _labels(network, network.edge_u[snapped["edge"].to_numpy()])
    table = pd.DataFrame({"road": labels[0], "people": people, "lon": snapped["lon"], "lat": snapped["lat"]})
    table["tied_by"] = _NAMES[_ties(labels, table.groupby("road")["people"].sum().idxmax())]
    return table


def _labels(network: Network, nodes: npt.NDArray[np.int32]) -> list[npt.NDArray[np.int32]]:
    """Return the components of nodes by road alone, with car ferries, and with passenger boats too."""
    kinds = ((EdgeKind.ROAD,), (EdgeKind.ROAD, EdgeKind.FERRY, EdgeKind.BOARDING), tuple(EdgeKind))
    return [network.components(*some)[nodes] for some in kinds]


def _ties(labels: list[npt.NDArray[np.int32]], mainland: Any) -> npt.NDArray[np.int8]:
    """Return by its number in `_TIES` what ties each place to the mainland, the component `mainland` by road."""
    on_it = labels[0] == mainland
    one = int(on_it.argmax())
    tied = np.full(on_it.size, _TIES.index("nothing"), np.int8)
    for tie, there in (
        ("passenger ferry", labels[2] == labels[2][one]),
        ("car ferry", labels[1] == labels[1][one]),
        ("mainland", on_it),
    ):
        tied[there] = _TIES.index(tie)
    return tied


def parts(network: Network) -> pd.DataFrame:
    """Return the parts of the network by what ties them to the largest.

    A row per tie: `tied_by` ("mainland", "car ferry", "passenger ferry", "nothing", and "one-way trap" for roads that
    can be entered but not left, or left but not entered), number of `parts`, `edges` and `km` of road.
    """
    road = network.edge_kind == EdgeKind.ROAD
    part, tied = (values[road] for values in _ties_of_edges(network))
    km = pd.DataFrame({"tied_by": tied, "km": network.edge_length_m[road].astype(float) / 1000})
    table = km.groupby("tied_by")["km"].agg(["size", "sum"])
    counted = [np.count_nonzero(np.bincount(part[tied == tie])) for tie in table.index]
    table = pd.DataFrame(
        {
            "tied_by": _NAMES[table.index],
            "parts": counted,
            "edges": table["size"].to_numpy(),
            "km": table["sum"].to_numpy(),
        }
    )
    return table.sort_values("km", ascending=False, ignore_index=True)


def ties(network: Network) -> npt.NDArray[np.object_]:
    """Return what ties each edge to the largest part of the network, as `parts` calls it; of use for roads."""
    return _NAMES[_ties_of_edges(network)[1]]


def _ties_of_edges(network: Network) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]:
    """Return the part of each edge by road alone, and by its number in `_TIES` what ties it to the largest."""
    road = network.edge_kind == EdgeKind.ROAD
    labels = _labels(network, network.edge_u)
    strong = network.strong_component
    trap = strong[network.edge_u] != strong[network.edge_v]
    metres = network.edge_length_m[road].astype(float)
    tied = _ties(labels, int(np.bincount(labels[0][road], metres).argmax()))
    tied[trap] = _TIES.index("one-way trap")
    return labels[0], tied

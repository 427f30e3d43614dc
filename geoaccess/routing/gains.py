"""What a new site would bring, without adding it: the inner question of every search for a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.kernels import cells as along
from geoaccess.network import DECISECONDS, as_places
from geoaccess.routing.walks import walks_between

if TYPE_CHECKING:
    from geoaccess.network import Places
    from geoaccess.routing.field import NearestField

__all__ = ["site_gains"]


@checks_arguments
def site_gains(field: NearestField, candidates: Places) -> pd.DataFrame:
    """Say what a new site at each of some places would bring to the attached cells; nothing is changed.

    saved_s = sum over cells that reach a site of people (time to the nearest site now - time with the new one).

    Parameters
    ----------
    candidates
        Points, or what `snap` made of them.

    Returns
    -------
    Table on the index of `candidates`: `saved_s`, person-seconds, and `newly_reached`, the people who reach no site
    now and would reach this one. Both are 0 for a place that is not snapped.

    Raises
    ------
    InputError
        If no cells are attached.
    """
    cells = field.cells()
    places = as_places(field.network, candidates, name="candidates", **field.snapping)
    rows, spots = field.standing.described(places)
    walks = walks_between(field.network, spots, cells.spots)
    first = np.searchsorted(walks.first, np.arange(len(rows) + 1))
    node = field.leave_u(np.maximum(rows[:, along.EDGE], 0))
    out = field.out
    gains = [
        along.gain(
            field.keys,
            out.start,
            out.head,
            out.cost_ds,
            row,
            at,
            cells.first,
            cells.listed,
            cells.rows,
            cells.keys,
            cells.people,
            cells.best,
            cells.least,
            field.nodes,
            cells.found,
            walks.second[begin:end],
            walks.time_ds[begin:end],
        )
        for row, at, begin, end in zip(rows, node, first[:-1], first[1:], strict=True)
    ]
    found = pd.DataFrame(gains, columns=["saved_s", "newly_reached"], index=places.index, dtype=np.float64)
    found["saved_s"] /= DECISECONDS
    return found

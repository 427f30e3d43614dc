"""Times between all cells and all sites, some cells at a time, so that no table of all pairs is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.routing.matrices import travel_times

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from geoaccess.direction import Direction
    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network

__all__ = ["by_blocks_of_cells"]

_PAIRS = 20_000_000
"""So many times are held at once: 160 MB."""


@checks_arguments
def by_blocks_of_cells(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    answer: Callable[[npt.NDArray[np.float64], pd.Index], pd.DataFrame],
    *,
    direction: Direction = "to_sites",
) -> pd.DataFrame:
    """Put together what `answer` says of the times between some cells and all sites.

    Parameters
    ----------
    cells, sites
        What `snap` returns.
    answer
        Takes seconds of shape (n_cells, n_sites), inf where a site is not reached, and the ids of the cells; returns a
        row per cell.
    direction
        "to_sites" for journeys of people to sites, "to_people" for those of vehicles to people.
    """
    step = max(1, _PAIRS // len(sites))
    parts = []
    for first in range(0, len(cells), step):
        some = cells.iloc[first : first + step]
        times = travel_times(network, sites, some).T if direction == "to_people" else travel_times(network, some, sites)
        parts.append(answer(times, some.index))
    return pd.concat(parts) if len(parts) > 1 else parts[0]

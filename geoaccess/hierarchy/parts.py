"""Numbers of the nodes of a hierarchy: near in memory what is near in the network, in parts that threads share."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import ordering
from geoaccess.kernels.threads import threads_for

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["numbered", "runs_of"]

_PARTS, _SMALL = 8, 4096
"""Into so many parts are hierarchies cut; smaller ones are not."""


def numbered(
    network: Network,
    core: int,
    start: npt.NDArray[np.int32],
    head: npt.NDArray[np.int32],
    place: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the new number of each node, by its number from the top, and where parts begin: see `Hierarchy.parts`."""
    n = place.size
    spot = np.arange(n, dtype=np.int32) if network.expansion is None else network.expansion.place
    number = ordering.near_order(core, start, head, place)
    numbers: tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]] = ordering.in_parts(
        core, start, head, place, spot, number, _PARTS if n >= _SMALL else 1
    )
    return numbers


def runs_of(parts: npt.NDArray[np.int64], steps: int) -> tuple[int, list[tuple[int, int]]]:
    """Return where the top of a hierarchy ends, given its `parts`, and the run of nodes that each thread goes over.

    Runs are parts, or several together; a hierarchy that is one part has none. There are `steps` from arc to arc.
    """
    _, *rest = parts.tolist()
    threads = min(threads_for(steps), len(rest) - 1)
    at = np.linspace(0, len(rest) - 1, threads + 1).astype(int) if len(rest) > 1 else ()
    return rest[0], [(first, last) for first, last in pairwise(rest[i] for i in at) if first < last]

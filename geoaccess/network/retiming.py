"""The same network at other times: roads closed or slowed, ferries that do not sail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["retimed"]

_TIMELESS = ("shape_xy", "_order")
_OF_OPEN_EDGES = ("_snap_trees", "strong_component", "_components_of")
"""What a network keeps for later that does not depend on times: at all, and as long as none closes or opens."""


@checks_arguments
def retimed(network: Network, **times: npt.NDArray[Any]) -> Network:
    """Return a network with other times of edges and pieces, given by attribute; -1 closes an edge.

    Nodes and edges keep their numbers, and what was found out already and does not depend on times is kept too.
    """
    changed = replace(network, **times)  # type: ignore[arg-type] # arrays, by the names of attributes
    same = all(
        np.array_equal(getattr(network, name) >= 0, getattr(changed, name) >= 0)
        for name in ("edge_forward_ds", "edge_backward_ds")
    )
    kept = (*_TIMELESS, *_OF_OPEN_EDGES) if same else _TIMELESS
    changed.__dict__.update({name: network.__dict__[name] for name in kept if name in network.__dict__})
    return changed

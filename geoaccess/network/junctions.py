"""Where journeys begin and end that have a junction itself as their place: on all its streets at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network.elements import TurnExpansion

__all__ = ["with_junctions"]


def with_junctions(
    expansion: TurnExpansion, edge_u: npt.NDArray[np.int32], edge_v: npt.NDArray[np.int32]
) -> TurnExpansion:
    """Return an expansion with `begin_at` and `end_at`, the nodes for journeys from and to each junction.

    Nobody who begins at a junction has come by any of its streets, so no ban holds: such a journey begins at the node
    itself or, where roads without through traffic meet it, at the copy at which journeys on these begin, from which
    links lead to all others. It is over however one came: where turns are banned, at a further copy that is linked from
    all that stand for the junction; else at the copy at which journeys on private roads end, or the node itself.
    """
    place = expansion.place
    n_places = int(np.count_nonzero(place == np.arange(place.size)))
    begin, end = np.arange(n_places, dtype=np.int32), np.arange(n_places, dtype=np.int32)
    private = np.flatnonzero(expansion.restricted)
    for nodes, leave, arrive in (
        (edge_u, expansion.leave_u, expansion.arrive_u),
        (edge_v, expansion.leave_v, expansion.arrive_v),
    ):
        begin[nodes[private]], end[nodes[private]] = leave[private], arrive[private]
    known = np.zeros(place.size, np.bool_)
    known[begin] = known[end] = known[:n_places] = True
    ruled = np.unique(place[~known])
    final = np.arange(place.size, place.size + ruled.size, dtype=np.int32)
    end[ruled] = final
    goal = np.full(n_places, -1, np.int32)
    goal[ruled] = final
    there = np.flatnonzero(goal[place] >= 0).astype(np.int32)
    return replace(
        expansion,
        place=np.concatenate([place, ruled.astype(np.int32)]),
        link_tail=np.concatenate([expansion.link_tail, there]),
        link_head=np.concatenate([expansion.link_head, goal[place[there]]]),
        begin_at=begin,
        end_at=end,
    )

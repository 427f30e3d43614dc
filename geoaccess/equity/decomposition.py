"""An index split into what lies between groups of people and what lies within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.equity._people import read_groups

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.equity._people import Groups, Labels, People

__all__ = ["Decomposition", "decompose", "in_each"]


@dataclass(frozen=True, eq=False)
class Decomposition:
    """An index, its part between groups and its part within them.

    between + within = total, except for `atkinson`, where 1 - total = (1 - between) (1 - within).

    Parameters
    ----------
    total
        The index over everybody, the same number as without groups.
    between
        The part that is there because the groups differ; each measure says how it is defined.
    within
        The part that is there because people of one group differ.
    groups
        One row per group that has people. Index `group` (text, in rising order of the labels; rows without a label
        make up "unclassified"), columns `population` (sum of weights), `mean` (of the values), `index` (the index
        among the people of the group alone), and `between` and `within`: what the group adds to either part, which
        sum to them. A group adds less than nothing to `between` where it is better off than everybody.
    """

    total: float
    between: float
    within: float
    groups: pd.DataFrame


def in_each(
    index: Callable[[npt.NDArray[np.float64], npt.NDArray[np.float64]], float], people: People, parts: Groups
) -> npt.NDArray[np.float64]:
    """Return the index of values and shares among the people of each group alone."""
    found = []
    for rows in parts.rows:
        shares = people.shares[rows]
        found.append(index(people.amounts[rows], shares / shares.sum()))
    return np.array(found)


def decompose(
    total: float,
    people: People,
    groups: Labels,
    *,
    measure: str,
    split: Callable[[People, Groups], tuple[npt.NDArray[np.float64], ...]],
) -> Decomposition:
    """Return the total with the parts that `split` finds: each group's index, and what it adds between and within."""
    parts = read_groups(groups, people, measure=measure)
    index, between, within = split(people, parts)
    table = pd.DataFrame(
        {"population": parts.people, "mean": parts.means, "index": index, "between": between, "within": within},
        index=pd.Index(parts.names, name="group"),
    )
    return Decomposition(total, float(between.sum()), float(within.sum()), table)

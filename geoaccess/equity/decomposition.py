"""An index split into what lies between groups of people and what lies within them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.equity._people import Distribution, read_groups
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from geoaccess.equity._people import Groups, Labels, People

__all__ = ["decompose", "in_each"]

EVERYBODY = "everybody"
"""Name of the last row of a decomposition: the index over everybody and its two parts."""


def in_each(index: Callable[[Distribution], float], people: People, parts: Groups) -> npt.NDArray[np.float64]:
    """Return an index among the people of each group alone."""
    found = []
    for rows in parts.rows:
        shares = people.shares[rows]
        found.append(index(Distribution(people.amounts[rows], shares / shares.sum())))
    return np.array(found)


def decompose(
    total: float,
    people: People,
    groups: Labels,
    *,
    measure: str,
    split: Callable[[People, Groups], tuple[npt.NDArray[np.float64], ...]],
) -> pd.DataFrame:
    """Return a row per group (its index, and what it adds between and within), and the row "everybody" below them.

    Index `group` (text, in rising order of the labels; rows without a label make up "unclassified"), columns
    `population` (sum of weights), `mean` (of the values), `index` (among the people of the group alone), `between` and
    `within`. In the last row, "everybody", they are those of all people: the index, and its two parts.
    """
    parts = read_groups(groups, people, measure=measure)
    index, between, within = split(people, parts)
    if EVERYBODY in parts.names:
        raise InputError(f'{measure}: a group is named "{EVERYBODY}", which is the name of the last row; rename it')
    return pd.DataFrame(
        {
            "population": [*parts.people, parts.people.sum()],
            "mean": [*parts.means, people.average],
            "index": [*index, total],
            "between": [*between, between.sum()],
            "within": [*within, within.sum()],
        },
        index=pd.Index([*parts.names, EVERYBODY], name="group"),
    )

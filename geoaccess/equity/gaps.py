"""Differences between groups of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.equity._people import read_groups, read_people

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.equity._people import Labels

__all__ = ["gap"]


@checks_arguments
def gap(values: npt.ArrayLike, *, by: Labels, weights: npt.ArrayLike | None = None) -> pd.DataFrame:
    """How far the mean of each group lies from the mean of everybody, and how many people stand behind it.

    mean_g = sum_{i in g} w_i x_i / sum_{i in g} w_i; difference_g = mean_g - mean; ratio_g = mean_g / mean. The
    differences weighted by the groups' people sum to 0.

    Parameters
    ----------
    values
        Shape (n,), for example seconds.
    by
        The group of each value, shape (n,), for example the centrality class. Rows without a group make up the group
        "unclassified", so that nobody is dropped.
    weights
        People, shape (n,), >= 0; everybody counts once when left out.

    Returns
    -------
    Table with index `group` (text, in the order of the groups' values, "unclassified" last) and columns `population`
    (sum of weights), `mean`, `difference` and `ratio` (NaN where everybody's mean is 0). Groups without people are
    left out: they have no mean.

    Raises
    ------
    InputError
        If a value that counts is inf or NaN, saying how many; if a weight is negative or not finite; if all weights
        are 0; if `by` has another length than `values`.

    Examples
    --------
    >>> gap([600.0, 600.0, 1800.0], by=[1, 1, 6], weights=[100, 200, 100]).round(2)
           population    mean  difference  ratio
    group
    1           300.0   600.0      -300.0   0.67
    6           100.0  1800.0       900.0   2.00
    """
    people = read_people(values, weights, measure="gap", negative=True)
    parts = read_groups(by, people, measure="gap")
    overall = people.average
    ratio = parts.means / overall if overall else np.full(parts.means.shape, np.nan)
    return pd.DataFrame(
        {"population": parts.people, "mean": parts.means, "difference": parts.means - overall, "ratio": ratio},
        index=pd.Index(parts.names, name="group"),
    )

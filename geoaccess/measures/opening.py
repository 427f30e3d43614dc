"""Access to sites that are not always open: at a moment, over a day or a week, and with the wait for the doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.pairs import read_pairs, site_labels

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.pairs import Pairs, Times

__all__ = ["nearest_open", "opening_hours_access", "time_until_care"]

_WEEK = pd.Timedelta(days=7)


@checks_arguments
def nearest_open(times: Times, is_open: pd.Series, *, cells: pd.Index) -> pd.DataFrame:
    """Time to the nearest site that is open at a moment, and which it is.

    t_i = min_{j open} t_ij. What counts is whether a site is open when people set out.

    Parameters
    ----------
    times
        Seconds, from each cell to each site: a table with `cell_id`, `site_id` and `travel_time_s` as `within` returns
        it, or an array of shape (n_cells, n_sites) in the order of `cells` and `is_open`; inf and NaN are out of
        reach. A table holds what lies within its cutoff, so nothing beyond it is known.
    is_open
        True or false by site id: a row of `open_hours`.
    cells
        The ids of all cells.

    Returns
    -------
    Table on `cells`: `travel_time_s`, inf where no open site is reached, and `site`, missing there. Of sites equally
    near the first in `is_open` counts.

    Raises
    ------
    InputError
        If `times` holds an unknown cell or site, a negative time or a pair twice, or has another shape.

    Examples
    --------
    >>> week = pd.DataFrame({"day": [True, False], "night": [True, True]}, index=["noon", "midnight"])
    >>> times = [[300.0, 2400.0], [1800.0, 600.0]]
    >>> nearest_open(times, week.loc["midnight"], cells=pd.Index(["farm", "village"]))
             travel_time_s   site
    farm            2400.0  night
    village          600.0  night
    """
    pairs = read_pairs(times, cells=cells, sites=is_open.index)
    time_s, site = pairs.nearest(is_open.to_numpy(dtype=bool)[pairs.site])
    return pd.DataFrame({"travel_time_s": time_s, "site": site_labels(is_open.index, site)}, index=cells)


@checks_arguments
def opening_hours_access(
    times: Times, is_open: pd.DataFrame, *, cells: pd.Index, weights: pd.Series | None = None
) -> pd.DataFrame:
    """How long people need to the nearest open site over the hours of a week (or of a day): at best and on average.

    b_i(h) = min_{j open at h} t_ij, inf where nothing open is within reach; H_i are the hours at which it is finite.
    best_s = min_h b_i(h); open_share = sum_{h in H_i} w_h / sum_h w_h; when_open_s = sum_{h in H_i} w_h b_i(h) /
    sum_{h in H_i} w_h; expected_s = sum_h w_h b_i(h) / sum_h w_h.

    Hours at which nothing is open do not vanish: they stand in `open_share`, and make `expected_s` inf.
    `time_until_care` fills them with the wait. Longer opening never lengthens `expected_s` and `best_s` and never
    lessens `open_share`; it may lengthen `when_open_s`, as a far site at night comes into the average.

    Parameters
    ----------
    times, cells
        As in `nearest_open`.
    is_open
        True or false, shape (n_slots, n_sites): as `open_hours` returns it, or some of its rows: those of a day for
        access today.
    weights
        How much each slot counts, >= 0, on the index of `is_open`: the hours at which people come. A column of
        `open_hours` for "Mo-Fr 08:00-16:00" will do. None: all alike.

    Returns
    -------
    Table on `cells` with `best_s`, `open_share` in [0, 1], `when_open_s` (inf where `open_share` is 0) and
    `expected_s`.

    Raises
    ------
    InputError
        As `nearest_open`; if the weights stand on another index, are negative or not finite, or are all 0.

    Examples
    --------
    >>> week = pd.DataFrame({"day": [True, True, False], "night": [False, False, True]})
    >>> times = pd.DataFrame({
    ...     "cell_id": ["farm", "farm", "island"], "site_id": ["day", "night", "day"],
    ...     "travel_time_s": [300.0, 2400.0, 900.0],
    ... })
    >>> opening_hours_access(times, week, cells=pd.Index(["farm", "island"])).round(2)
            best_s  open_share  when_open_s  expected_s
    farm     300.0        1.00       1000.0      1000.0
    island   900.0        0.67        900.0         inf
    """
    pairs = read_pairs(times, cells=cells, sites=is_open.columns)
    weight = _weights(is_open, weights)
    patterns, number = _patterns(is_open.to_numpy(dtype=bool)[weight > 0])
    counts = np.bincount(number, weights=weight[weight > 0], minlength=len(patterns))
    out = np.empty((4, len(cells)))
    for part, some in pairs.parts():
        shortest = _shortest(some, patterns)
        reached = np.isfinite(shortest)
        covered, total = (
            (counts[:, np.newaxis] * of).sum(axis=0) for of in (reached, np.where(reached, shortest, 0.0))
        )
        out[0, part] = shortest.min(axis=0)
        out[1, part] = covered / counts.sum()
        out[2, part] = np.divide(total, covered, out=np.full(covered.shape, np.inf), where=covered > 0)
        out[3, part] = np.where(reached.all(axis=0), out[2, part], np.inf)
    names = ["best_s", "open_share", "when_open_s", "expected_s"]
    return pd.DataFrame(dict(zip(names, out, strict=True)), index=cells)


@checks_arguments
def time_until_care(
    times: Times, is_open: pd.DataFrame, *, cells: pd.Index, weights: pd.Series | None = None
) -> pd.DataFrame:
    """Wait and travel: how long it takes from the need to the doctor when people set out as soon as it is best.

    c_i(h) = min_{s >= h} (time from h to s) + b_i(s), b as in `opening_hours_access`: people go where it is open now,
    or wait at home until something opens that brings them there sooner. The week repeats itself. The need arises at the
    beginning of a slot, so shorter slots are nearer to a need at any moment. Longer opening never lengthens it.

    Parameters
    ----------
    times, cells, weights
        As in `opening_hours_access`; the weights are those of the moments of need.
    is_open
        As `open_hours` returns it, for one or more whole weeks.

    Returns
    -------
    Table on `cells`: `expected_s`, the mean over the moments of need, and `longest_s`, the worst of them; both inf
    where no site that ever opens is within reach.

    Raises
    ------
    InputError
        As `opening_hours_access`, and if the slots do not follow each other evenly for whole weeks.

    Examples
    --------
    A clinic half an hour away is open Monday to Friday from 8 to 16. Four nights wait 16 + 15 + ... + 1 hours, the
    weekend 64 + 63 + ... + 1: (4 * 136 + 2080) / 168 = 15.62 hours, and half an hour of travel.

    >>> from datetime import date
    >>> from geoaccess.services import open_hours
    >>> week = open_hours(pd.Series({"clinic": "Mo-Fr 08:00-16:00"}), first=date(2026, 1, 12))
    >>> (time_until_care([[1800.0]], week, cells=pd.Index(["home"])) / 3600).round(2)
          expected_s  longest_s
    home       15.93       64.5
    """
    pairs = read_pairs(times, cells=cells, sites=is_open.columns)
    weight = _weights(is_open, weights)
    patterns, number = _patterns(is_open.to_numpy(dtype=bool))
    step_s = _step_s(is_open.index)
    expected, longest = np.empty(len(cells)), np.empty(len(cells))
    for part, some in pairs.parts():
        shortest = _shortest(some, patterns)
        until = np.full(len(some.cells), np.inf)
        for slot in number[::-1]:  # once around, so that the last slot knows of the week that follows
            until = np.minimum(until + step_s, shortest[slot])
        total, most = np.zeros(len(some.cells)), np.zeros(len(some.cells))
        for slot, counts in zip(number[::-1], weight[::-1], strict=True):
            until = np.minimum(until + step_s, shortest[slot])
            if counts > 0:
                total += counts * until
                most = np.maximum(most, until)
        expected[part], longest[part] = total / weight.sum(), most
    return pd.DataFrame({"expected_s": expected, "longest_s": longest}, index=cells)


def _patterns(is_open: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Return the sets of sites that are open together at some time, and which of them each slot has."""
    _, first, number = np.unique(np.packbits(is_open, axis=1), axis=0, return_index=True, return_inverse=True)
    return is_open[first], number.reshape(-1)


def _shortest(pairs: Pairs, patterns: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the time to the nearest open site, shape (n_patterns, n_cells)."""
    return np.stack([pairs.shortest(pattern[pairs.site]) for pattern in patterns])


def _weights(is_open: pd.DataFrame, weights: pd.Series | None) -> npt.NDArray[np.float64]:
    """Return what each slot counts."""
    if weights is None:
        if not len(is_open):
            raise InputError("is_open: has no rows; give a slot or more")
        return np.ones(len(is_open))
    if not weights.index.equals(is_open.index):
        raise InputError(f"weights: has {len(weights)} rows on another index than is_open; give one for each slot")
    weight: npt.NDArray[np.float64] = weights.to_numpy(dtype=np.float64, na_value=np.nan)
    if not (np.isfinite(weight) & (weight >= 0)).all() or weight.sum() <= 0:
        raise InputError("weights: some are negative, infinite or missing, or all are 0; give numbers >= 0")
    return weight


def _step_s(index: pd.Index) -> float:
    steps = np.diff(index.to_numpy()) if isinstance(index, pd.DatetimeIndex) else np.array([])
    if not steps.size or (steps != steps[0]).any() or (len(index) * pd.Timedelta(steps[0])) % _WEEK != pd.Timedelta(0):
        raise InputError(
            "is_open: the slots must follow each other evenly for whole weeks; give them as open_hours does"
        )
    return float(pd.Timedelta(steps[0]).total_seconds())

"""What is left when a base is out or weather stops a vehicle: coverage and times that can be counted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

__all__ = ["base_availability", "dependable_time", "expected_coverage", "expected_response"]

ROUNDING = 1e-12  # 1 - (1 - 0.9) must be 0.9


@checks_arguments
def base_availability(bases: pd.DataFrame, availability: pd.Series) -> pd.DataFrame:
    """Availability of the bases in a table of the k nearest, in the shape of that table.

    Parameters
    ----------
    bases
        Shape (n_cells, k), the labels of the bases, missing where there are fewer: the columns `site`, `site_2` ... of
        `geoaccess.nearest`.
    availability
        Share of the time that each base has a vehicle at home, on the labels of the bases; 1 - `busy_fraction`.

    Returns
    -------
    Table like `bases`; 0 where there is no base.

    Raises
    ------
    InputError
        If a base is not in `availability`.

    Examples
    --------
    >>> bases = pd.DataFrame({"site": ["A", "B"], "site_2": ["B", None]})
    >>> base_availability(bases, pd.Series({"A": 0.8, "B": 0.7})).to_numpy()
    array([[0.8, 0.7],
           [0.7, 0. ]])
    """
    labels = bases.to_numpy(dtype=object)
    there = bases.notna().to_numpy() & (labels != "")
    place = availability.index.get_indexer(pd.Index(labels[there]))
    if (place < 0).any():
        lost = ", ".join(sorted({str(label) for label in labels[there][place < 0]}))
        raise InputError(f"availability: no number for the base {lost}; give one for every base")
    share = np.zeros(labels.shape)
    share[there] = availability.to_numpy(dtype=np.float64, na_value=np.nan)[place]
    return pd.DataFrame(share, index=bases.index, columns=bases.columns)


@checks_arguments
def expected_coverage(
    times: pd.DataFrame, *, norm_s: float | pd.Series, availability: float | Mapping[str, float] | pd.DataFrame
) -> pd.Series:
    """Share of the calls from each cell that a base within the norm is free to answer.

    P_i = 1 - prod_{j: t_ij <= norm_i} (1 - a_ij), each base being free or not whatever the others are. With one busy
    fraction q = 1 - a for all, the k-th nearest base within the norm adds (1 - q) q^(k-1), as in the maximum expected
    covering location problem; with a = 1 it is plain coverage.

    Parameters
    ----------
    times
        Shape (n_cells, k), seconds to the patient from the k nearest bases, in any order; inf or NaN where there are
        fewer. Bases beyond the k nearest do not count: with too few columns the coverage is too low, by at most the
        share of calls at which all k are out. Add the seconds before the vehicle moves where the norm counts them.
    norm_s
        Seconds; one for all, or a Series on the cells such as the `norm_s` of `response_norm`. inf is no norm, which
        every call is inside.
    availability
        Share of the time that a base has a vehicle free, in [0, 1]: one number for all, one for each column of
        `times`, or a table like `times` from `base_availability`.

    Returns
    -------
    Series `coverage` in [0, 1] on the index of `times`.

    Raises
    ------
    InputError
        If a time is negative, the norm missing or negative, the shapes differ or availability is not in [0, 1].

    References
    ----------
    Daskin (1983), Transportation Science 17(1), 48-70.

    Examples
    --------
    >>> times = pd.DataFrame({"first": [300.0, 600.0], "second": [700.0, 1500.0]})
    >>> expected_coverage(times, norm_s=720, availability=0.75).tolist()
    [0.9375, 0.75]
    """
    seconds, share = _read(times, availability)
    norm = norm_s.reindex(times.index) if isinstance(norm_s, pd.Series) else pd.Series(norm_s, times.index)
    limit = norm.to_numpy(dtype=np.float64, na_value=np.nan)
    if not (limit >= 0).all():
        first = int(np.argmin(limit >= 0))
        raise InputError(
            f"norm_s: {limit[first]} (cell {times.index[first]}) is not a number of seconds >= 0; give one for each"
        )
    all_out = np.where(seconds <= limit[:, None], 1.0 - share, 1.0).prod(axis=1)
    return pd.Series(np.where(limit < np.inf, 1.0 - all_out, 1.0), index=times.index, name="coverage")


@checks_arguments
def expected_response(
    times: pd.DataFrame,
    *,
    availability: float | Mapping[str, float] | pd.DataFrame,
    last_resort_s: float | pd.Series,
) -> pd.Series:
    """Mean time until the patient is reached, when the nearest base that is free sends its vehicle.

    E_i = sum_j min(t_ij, L_i) a_ij prod_{h before j} (1 - a_ih) + L_i prod_h (1 - a_ih), the bases in the order of
    their times and L the last resort, which is always there, comes when all are out, and comes instead of a base that
    is farther away.

    Parameters
    ----------
    times, availability
        As in `expected_coverage`.
    last_resort_s
        Seconds until help comes when no base listed has a vehicle free; one for all or a Series on the cells. inf says
        that none ever comes: then the mean is inf wherever all bases can be out at once.

    Returns
    -------
    Series `expected_s` on the index of `times`, seconds.

    Raises
    ------
    InputError
        As `expected_coverage`, for `last_resort_s` in the place of the norm.

    Examples
    --------
    >>> times = pd.DataFrame({"first": [600.0], "second": [1200.0]})
    >>> expected_response(times, availability=0.5, last_resort_s=3600.0).tolist()
    [1500.0]
    """
    seconds, share = _read(times, availability)
    last = last_resort_s.reindex(times.index) if isinstance(last_resort_s, pd.Series) else last_resort_s
    limit = np.broadcast_to(np.asarray(last, dtype=np.float64), (len(times),))
    if not (limit >= 0).all():
        raise InputError(
            "last_resort_s: negative or missing; give seconds >= 0 for every cell, inf where there is none"
        )
    order = np.argsort(seconds, axis=1, kind="stable")
    seconds = np.minimum(np.take_along_axis(seconds, order, axis=1), limit[:, None])
    free = np.take_along_axis(share, order, axis=1)
    all_out = np.cumprod(1.0 - free, axis=1)
    chance = free.copy()
    chance[:, 1:] *= all_out[:, :-1]
    comes = np.column_stack([seconds, limit])
    chance = np.column_stack([chance, all_out[:, -1]])
    mean = (np.where(chance > 0, comes, 0.0) * chance).sum(axis=1)  # what never happens may take for ever
    return pd.Series(mean, index=times.index, name="expected_s")


@checks_arguments
def dependable_time(
    times: pd.DataFrame, *, availability: float | Mapping[str, float] | pd.DataFrame, probability: float
) -> pd.DataFrame:
    """Time within which help comes with a given probability, from several bases or by several modes.

    The smallest t with P(some j with t_ij <= t is available) = 1 - prod_{j: t_ij <= t} (1 - a_ij) >= probability. Each
    is available or not whatever the others are: for weather, which stops boats, helicopters and aeroplanes on the same
    day, that is too hopeful.

    Parameters
    ----------
    times
        Shape (n_cells, n), seconds, a column for each base or mode; inf or NaN where it does not come.
    availability
        As in `expected_coverage`; for modes, one number for each column.
    probability
        Above 0 and at most 1.

    Returns
    -------
    Table on the index of `times`: `time_s`, inf where the probability is not reached, and `needs`, the column whose
    time that is, the slowest that must be counted on ("" where inf).

    Raises
    ------
    InputError
        As `expected_coverage`, or if the probability is out of range.

    Examples
    --------
    >>> times = pd.DataFrame({"car": [5400.0], "helicopter": [1800.0], "boat": [3600.0]})
    >>> weather = {"car": 1.0, "helicopter": 0.8, "boat": 0.9}
    >>> dependable_time(times, availability=weather, probability=0.95).to_dict("records")
    [{'time_s': 3600.0, 'needs': 'boat'}]
    >>> dependable_time(times, availability=weather, probability=0.99).to_dict("records")
    [{'time_s': 5400.0, 'needs': 'car'}]
    """
    if not 0 < probability <= 1:
        raise InputError(f"probability is {probability}; it must be above 0 and at most 1")
    seconds, share = _read(times, availability)
    order = np.argsort(seconds, axis=1, kind="stable")
    ordered = np.take_along_axis(seconds, order, axis=1)
    none = np.cumprod(1.0 - np.take_along_axis(share, order, axis=1), axis=1)
    enough = (none <= 1.0 - probability + ROUNDING) & (ordered < np.inf)
    found, first = enough.any(axis=1), enough.argmax(axis=1)[:, None]
    names = times.columns.to_numpy(dtype=object)[np.take_along_axis(order, first, axis=1)[:, 0]]
    return pd.DataFrame(
        {
            "time_s": np.where(found, np.take_along_axis(ordered, first, axis=1)[:, 0], np.inf),
            "needs": np.where(found, names, ""),
        },
        index=times.index,
    )


def _read(
    times: pd.DataFrame, availability: float | Mapping[str, float] | pd.DataFrame
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return times (inf for NaN) and availability, both of shape (n_cells, k)."""
    if not len(times.columns):
        raise InputError("times: there is no column; give one for each base or mode")
    seconds = times.to_numpy(dtype=np.float64, na_value=np.nan)
    if (seconds < 0).any():
        raise InputError(f"times: the least is {np.nanmin(seconds)}; travel times are seconds >= 0")
    if isinstance(availability, pd.DataFrame):
        if availability.shape != times.shape or not availability.index.equals(times.index):
            raise InputError(
                f"availability: shape {availability.shape} or index differ from those of times, {times.shape}; "
                "give one number per cell and base, in the same order"
            )
        share = availability.to_numpy(dtype=np.float64, na_value=np.nan)
    elif isinstance(availability, (int, float, np.number)):
        share = np.full(seconds.shape, float(availability))
    else:
        lost = [str(name) for name in times.columns if name not in availability]
        if lost:
            raise InputError(f"availability: no number for {', '.join(lost)}; give one for each column of times")
        row = np.array([availability[name] for name in times.columns], dtype=np.float64)
        share = np.broadcast_to(row, seconds.shape)
    if not ((share >= 0) & (share <= 1)).all():
        wrong = share[~((share >= 0) & (share <= 1))][0]
        raise InputError(f"availability: {wrong} is not a share from 0 to 1")
    return np.where(np.isnan(seconds), np.inf, seconds), share

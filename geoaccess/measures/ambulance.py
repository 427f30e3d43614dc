"""The ambulance chain by road: to the patient, on to treatment, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.measures.groups import read_times
from geoaccess.measures.one_service import check_index, reasons_of
from geoaccess.measures.specification import ServiceSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.figures import ChainTimes

__all__ = ["busy_fraction", "road_chain"]

YEAR_S = 365.0 * DAY_S


@checks_arguments
def road_chain(
    base_s: pd.Series,
    site_s: pd.Series,
    *,
    times: ChainTimes,
    base_second_s: pd.Series | None = None,
    base_reason: pd.Series | None = None,
    site_reason: pd.Series | None = None,
    base: pd.Series | None = None,
    site: pd.Series | None = None,
    returning: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Time from the call to the patient, from the call to treatment, and how long the vehicle is busy.

    to_patient = call handling + mobilisation + base -> patient
    to_treatment = to_patient + on scene + patient -> site
    busy = mobilisation + base -> patient + on scene + patient -> site + handover + site -> base

    The base is the nearest to the patient, the site the nearest to the patient that can treat (choose those among the
    sites before the search), and the vehicle goes back to the base it came from.

    Parameters
    ----------
    base_s, site_s
        For each cell the seconds from the base to it (searched with direction="to_people") and from it to the site;
        inf is unreachable, NaN is not snapped.
    times
        The parts that are not travel.
    base_second_s
        The seconds from the second nearest base, inf or NaN where there is none.
    base_reason, site_reason
        Why a cell is not reached, as `nearest` gives it; "no_site_reachable" and "no_road_within" when None.
    base, site
        The labels of the base and of the site of each cell; `returning` needs them.
    returning
        Seconds from each site (index) to each base (columns), inf where there is no way.

    Returns
    -------
    Table on the index of `base_s`, in seconds: `to_patient_s` and `to_treatment_s`; `to_patient_reason` and
    `to_treatment_reason`, "" where the time is finite (the reason of the base comes before that of the site), so that
    `summarise_services` and `norm_table_of_services` take them for services of these keys; `to_patient_second_s` and
    `to_treatment_second_s`, if the first base is out and the second one comes, inf where there is none, with
    `base_second_s`; `busy_s` with `returning`. inf where a part of the chain is unreachable, NaN where the cell is
    not snapped.

    Raises
    ------
    InputError
        If the indexes differ, a time is negative, time and reason contradict each other, or `returning` lacks a site
        or a base that somebody is served by, or holds negative or missing times.

    Examples
    --------
    >>> from geoaccess.measures import ChainTimes
    >>> base_s, second_s = pd.Series([600.0, 1200.0]), pd.Series([900.0, float("inf")])
    >>> times = ChainTimes(call_handling_s=120, mobilisation_s=90, on_scene_s=1200)
    >>> chain = road_chain(base_s, pd.Series([1800.0, 3000.0]), times=times, base_second_s=second_s)
    >>> chain.filter(regex="_s$")
       to_patient_s  to_treatment_s  to_patient_second_s  to_treatment_second_s
    0         810.0          3810.0               1110.0                 4110.0
    1        1410.0          5610.0                  inf                    inf
    """
    given = {
        "site_s": site_s,
        "base_second_s": base_second_s,
        "base_reason": base_reason,
        "site_reason": site_reason,
        "base": base,
        "site": site,
    }
    check_index(base_s, "base_s", **given)
    leg_s, why = _leg("base", base_s, base_reason)
    onward_s, why_not_on = _leg("site", site_s, site_reason)
    to_patient_s, onward_s = times.start_s + leg_s, times.on_scene_s + onward_s
    out = pd.DataFrame({"to_patient_s": to_patient_s, "to_treatment_s": to_patient_s + onward_s}, base_s.index)
    out["to_patient_reason"] = why
    out["to_treatment_reason"] = np.where(why != "", why, why_not_on)
    if base_second_s is not None:
        out["to_patient_second_s"] = times.start_s + _second(base_second_s, leg_s)
        out["to_treatment_second_s"] = out["to_patient_second_s"] + onward_s
    if returning is not None:
        if base is None or site is None:
            raise InputError("returning: give the labels of the base and of the site of each cell, too")
        back_s = _way_back(base, site, returning, np.isfinite(out["to_treatment_s"].to_numpy()))
        out["busy_s"] = out["to_treatment_s"] - times.call_handling_s + times.handover_s + back_s
    return out


@checks_arguments
def busy_fraction(
    busy_s: pd.Series,
    *,
    base: pd.Series,
    calls: pd.Series,
    vehicles: float | pd.Series = 1.0,
    period_s: float = YEAR_S,
) -> pd.Series:
    """Share of the time that the vehicles of each base are out, if every call goes to its nearest base.

    q_b = sum_{i: base of i is b} calls_i busy_i / (vehicles_b period). 1 - q_b is the availability of the base that
    `expected_coverage` and `expected_response` ask for. Calls that a neighbour takes over are not moved to it.

    Parameters
    ----------
    busy_s
        Seconds per call, one per cell, from `road_chain`.
    base
        The base of each cell, on the same index; missing or "" where there is none: such calls burden nobody.
    calls
        Calls of each cell in the period, on the same index, >= 0.
    vehicles
        How many vehicles each base has manned, above 0; one number for all, or a Series on the bases.
    period_s
        The period, seconds; a year unless given.

    Returns
    -------
    Series `busy_fraction` on the bases that serve a cell. Above 1 there is more work than time; inf where calls of the
    base have no end, because no site is reached.

    Raises
    ------
    InputError
        If calls are negative or missing, the indices differ, or a base has no vehicles.

    References
    ----------
    Daskin (1983), Transportation Science 17(1), 48-70, where one such fraction holds for all bases.

    Examples
    --------
    >>> busy_fraction(pd.Series([3600.0, 7200.0]), base=pd.Series(["A", "A"]), calls=pd.Series([876, 438]))
    A    0.2
    Name: busy_fraction, dtype: float64
    """
    for name, column in (("base", base), ("calls", calls)):
        if not column.index.equals(busy_s.index):
            raise InputError(f"busy_fraction: {name} has another index than busy_s; give both for the same cells")
    number = calls.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(number) & (number >= 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"busy_fraction: calls of {int(wrong.sum())} cells are negative, infinite or missing (cell "
            f"{calls.index[first]}: {number[first]}); give numbers >= 0"
        )
    served = (base.notna() & (base != "")).to_numpy()
    busy = busy_s.to_numpy(dtype=np.float64, na_value=np.nan)
    work = np.where(number > 0, number, 0.0) * np.where(number > 0, np.where(np.isnan(busy), np.inf, busy), 0.0)
    total = pd.Series(work[served]).groupby(base[served].to_numpy()).sum()
    manned = vehicles.reindex(total.index) if isinstance(vehicles, pd.Series) else pd.Series(vehicles, total.index)
    if not (manned > 0).all():
        names = ", ".join(map(str, manned.index[~(manned > 0)]))
        raise InputError(f"busy_fraction: vehicles of {names} are missing or not above 0; give each base its number")
    return (total / (manned * period_s)).rename("busy_fraction")


def _leg(
    name: str, seconds: pd.Series, reason: pd.Series | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    """Return the times of a leg as they stand, inf and NaN kept apart, and the reasons."""
    leg = pd.DataFrame({f"{name}_s": seconds, f"{name}_reason": reasons_of(seconds) if reason is None else reason})
    reasons = read_times(leg, ServiceSpec(key=name, label=name)).reasons
    return seconds.to_numpy(dtype=np.float64, na_value=np.nan), reasons


def _second(base_second_s: pd.Series, leg_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the times of the second nearest base, inf where there is none and NaN where the cell is not snapped."""
    second_s = base_second_s.to_numpy(dtype=np.float64, na_value=np.nan)
    second_s = np.where(np.isnan(leg_s), np.nan, np.where(np.isnan(second_s), np.inf, second_s))
    wrong = second_s < leg_s
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"base_second_s is below base_s in {int(wrong.sum())} cells (cell {base_second_s.index[first]}: "
            f"{second_s[first]} and {leg_s[first]}); the second nearest base cannot be the nearer one"
        )
    return second_s


def _way_back(
    base: pd.Series, site: pd.Series, returning: pd.DataFrame, served: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the time from the site to the base of each cell, inf where the chain has no end."""
    row = returning.index.get_indexer(pd.Index(site[served]))
    column = returning.columns.get_indexer(pd.Index(base[served]))
    problems = []
    for name, place, wanted, labels in (("row", row, "site", site), ("column", column, "base", base)):
        lost = sorted({str(label) for label in labels[served][place < 0]})
        if lost:
            problems.append(f"no {name} for {wanted} {', '.join(lost)}; give the times of all")
    if problems:
        raise InputError.listing("returning", problems)
    back_s = np.full(len(base), np.inf)
    back_s[served] = returning.to_numpy(dtype=np.float64)[row, column]
    wrong = ~(back_s >= 0)
    if wrong.any():
        raise InputError(
            f"returning: the time from {site[wrong].iloc[0]} to {base[wrong].iloc[0]} is {back_s[wrong][0]}; "
            "give seconds >= 0, inf for no way"
        )
    return back_s

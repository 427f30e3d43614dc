"""The ambulance chain by road: to the patient, on to treatment, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.measures.groups import read_times, require_columns
from geoaccess.measures.specification import ServiceSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.measures.figures import ChainTimes

__all__ = ["busy_fraction", "road_chain"]

YEAR_S = 365.0 * DAY_S


@checks_arguments
def road_chain(
    results: pd.DataFrame, *, base: str, site: str, times: ChainTimes, returning: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Time from the call to the patient, from the call to treatment, and how long the vehicle is busy.

    to_patient = call handling + mobilisation + base -> patient
    to_treatment = to_patient + on scene + patient -> site
    busy = mobilisation + base -> patient + on scene + patient -> site + handover + site -> base

    The base is the nearest to the patient, the site the nearest to the patient that can treat (choose those among the
    sites before the search), and the vehicle goes back to the base it came from.

    Parameters
    ----------
    results
        One row per cell, with `{base}_s` (base to cell, searched with direction="to_people"), `{site}_s` (cell to
        site), both in seconds, inf unreachable, NaN not snapped, and `{base}_reason` and `{site}_reason` as in
        `summarise_services`. `{base}_second_s`, the second nearest base, is used
        where it is there. `returning` needs `{base}_site` and
        `{site}_site`.
    base, site
        The keys of the two services: "ambulance_base", "hospital".
    times
        The parts that are not travel.
    returning
        Seconds from each site (index) to each base (columns), inf where there is no way.

    Returns
    -------
    Table on the index of `results`, in seconds: `to_patient_s` and `to_treatment_s`; `to_patient_reason` and
    `to_treatment_reason`, "" where the time is finite (the reason of the base comes before that of the site), so that
    `summarise_services` and `norm_table_of_services` take them for services of these keys; `to_patient_second_s` and
    `to_treatment_second_s`, if the first base is out and the second one comes, inf where there is none; `busy_s` with
    `returning`. inf where a part of the chain is unreachable, NaN where the cell is not snapped.

    Raises
    ------
    InputError
        If a column is missing, a time is negative, time and reason contradict each other, or `returning` lacks a site
        or a base that somebody is served by, or holds negative or missing times.

    Examples
    --------
    >>> from geoaccess.measures import ChainTimes
    >>> results = pd.DataFrame({
    ...     "ambulance_base_s": [600.0, 1200.0], "ambulance_base_second_s": [900.0, float("inf")],
    ...     "ambulance_base_reason": ["", ""], "hospital_s": [1800.0, 3000.0], "hospital_reason": ["", ""],
    ... })
    >>> times = ChainTimes(call_handling_s=120, mobilisation_s=90, on_scene_s=1200)
    >>> chain = road_chain(results, base="ambulance_base", site="hospital", times=times)
    >>> chain.filter(regex="_s$")
       to_patient_s  to_treatment_s  to_patient_second_s  to_treatment_second_s
    0         810.0          3810.0               1110.0                 4110.0
    1        1410.0          5610.0                  inf                    inf
    """
    base_s, base_reason = _service(results, base)
    site_s, site_reason = _service(results, site)
    to_patient_s, onward_s = times.start_s + base_s, times.on_scene_s + site_s
    out = pd.DataFrame({"to_patient_s": to_patient_s, "to_treatment_s": to_patient_s + onward_s}, results.index)
    out["to_patient_reason"] = base_reason
    out["to_treatment_reason"] = np.where(base_reason != "", base_reason, site_reason)
    if f"{base}_second_s" in results.columns:
        out["to_patient_second_s"] = times.start_s + _second(results, base, base_s)
        out["to_treatment_second_s"] = out["to_patient_second_s"] + onward_s
    if returning is not None:
        back_s = _way_back(results, base, site, returning, np.isfinite(out["to_treatment_s"].to_numpy()))
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


def _service(results: pd.DataFrame, key: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    """Return the times of a service as they stand, inf and NaN kept apart, and the reasons."""
    reasons = read_times(results, ServiceSpec(key=key, label=key)).reasons
    return results[f"{key}_s"].to_numpy(dtype=np.float64, na_value=np.nan), reasons


def _second(results: pd.DataFrame, base: str, base_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the times of the second nearest base, inf where there is none and NaN where the cell is not snapped."""
    second_s = results[f"{base}_second_s"].to_numpy(dtype=np.float64, na_value=np.nan)
    second_s = np.where(np.isnan(base_s), np.nan, np.where(np.isnan(second_s), np.inf, second_s))
    wrong = second_s < base_s
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"results: {base}_second_s is below {base}_s in {int(wrong.sum())} cells (cell {results.index[first]}: "
            f"{second_s[first]} and {base_s[first]}); the second nearest base cannot be the nearer one"
        )
    return second_s


def _way_back(
    results: pd.DataFrame, base: str, site: str, returning: pd.DataFrame, served: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the time from the site to the base of each cell, inf where the chain has no end."""
    require_columns(results, [f"{base}_site", f"{site}_site"])
    row = returning.index.get_indexer(pd.Index(results[f"{site}_site"][served]))
    column = returning.columns.get_indexer(pd.Index(results[f"{base}_site"][served]))
    problems = []
    for name, place, wanted in (("row", row, site), ("column", column, base)):
        lost = sorted({str(label) for label in results[f"{wanted}_site"][served][place < 0]})
        if lost:
            problems.append(f"no {name} for {wanted} {', '.join(lost)}; give the times of all")
    if problems:
        raise InputError.listing("returning", problems)
    back_s = np.full(len(results), np.inf)
    back_s[served] = returning.to_numpy(dtype=np.float64)[row, column]
    wrong = ~(back_s >= 0)
    if wrong.any():
        first = results.loc[wrong].iloc[0]
        raise InputError(
            f"returning: the time from {first[f'{site}_site']} to {first[f'{base}_site']} is {back_s[wrong][0]}; "
            "give seconds >= 0, inf for no way"
        )
    return back_s

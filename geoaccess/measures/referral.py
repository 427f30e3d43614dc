"""Referral: to the nearest site, and from there onward to a site of a higher level; people on each link."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

__all__ = ["referral_links", "referral_times"]


@checks_arguments
def referral_times(site: pd.Series, time_s: pd.Series, *, onward_s: pd.DataFrame, stay_s: float = 0.0) -> pd.DataFrame:
    """Time from each cell by its nearest site to the site that is nearest to that one, at a higher level.

    T_i = t_i + stay + min_k o_jk, with j the nearest site of cell i and o_jk the time from site j to site k.

    Parameters
    ----------
    site
        The nearest site of each cell; "" where there is none.
    time_s
        Seconds to it, on the same index; inf or NaN where there is none.
    onward_s
        Seconds from each first site (index) to each site of the higher level (columns); inf where there is no way.
    stay_s
        Seconds between arrival at the first site and leaving it again.

    Returns
    -------
    On the index of `site`: `time_s`, inf where there is no way all through, and `site`, the one at the end, "" where
    there is none. Of sites that are equally near the first column counts.

    Raises
    ------
    InputError
        If the tables do not fit together, a time is negative, or a site has no row in `onward_s`.

    Examples
    --------
    >>> onward = pd.DataFrame({"Tromsø": [7200.0], "Bodø": [9000.0]}, index=["Lenvik"])
    >>> found = referral_times(pd.Series(["Lenvik", ""]), pd.Series([600.0, float("inf")]), onward_s=onward)
    >>> found.to_dict("list")
    {'time_s': [7800.0, inf], 'site': ['Tromsø', '']}
    """
    first, times = _checked(site, time_s, onward_s, stay_s)
    links = _nearest(onward_s)
    at = links.reindex(first)
    whole = times + stay_s + at["link_s"].fillna(np.inf).to_numpy(np.float64)
    end = at["site"].fillna("").to_numpy(object)
    return pd.DataFrame(
        {"time_s": whole, "site": pd.Series(np.where(np.isfinite(whole), end, ""), site.index, dtype="str")},
        index=site.index,
    )


@checks_arguments
def referral_links(
    site: pd.Series,
    time_s: pd.Series,
    *,
    onward_s: pd.DataFrame,
    people: pd.Series,
    onward_share: float = 1.0,
    stay_s: float = 0.0,
    direct_s: pd.Series | None = None,
) -> pd.DataFrame:
    """Who goes on from each site to which of a higher level: a row per link, with the people on it.

    Parameters
    ----------
    site, time_s, onward_s, stay_s
        As in `referral_times`.
    people
        Of each cell.
    onward_share
        Of the people who come to the first site, those who are sent on, from 0 to 1.
    direct_s
        Seconds from each cell straight to the nearest site of the higher level; where given, the table says what the
        way by the first site adds.

    Returns
    -------
    A row per first site, in the order of `onward_s`: `site_id`, `onward_id` ("" where no way leads on), `people` whose
    nearest site it is, `referred` (`onward_share` of them; also where no way leads on), `link_s` (inf where none),
    `mean_first_s` and `mean_total_s` of those people, and `mean_extra_s`, the mean of total less direct over those who
    reach both ways; means of nobody are NaN. At the end a row without a site for the people who reach none, if there
    are any. People in are people out.

    Raises
    ------
    InputError
        As `referral_times`, and if people are not numbers >= 0, the share is not from 0 to 1, or a direct time is
        negative.

    Examples
    --------
    >>> onward = pd.DataFrame({"Tromsø": [7200.0]}, index=["Lenvik"])
    >>> links = referral_links(
    ...     pd.Series(["Lenvik", "Lenvik"]), pd.Series([600.0, 1200.0]), onward_s=onward, people=pd.Series([30, 10]),
    ...     onward_share=0.1, direct_s=pd.Series([7500.0, 8100.0])
    ... )
    >>> links[["onward_id", "people", "referred", "mean_total_s", "mean_extra_s"]].to_dict("records")
    [{'onward_id': 'Tromsø', 'people': 40.0, 'referred': 4.0, 'mean_total_s': 7950.0, 'mean_extra_s': 300.0}]
    """
    first, times = _checked(site, time_s, onward_s, stay_s)
    count = people.to_numpy(np.float64, na_value=np.nan)
    if not people.index.equals(site.index) or not (np.isfinite(count) & (count >= 0)).all():
        raise InputError("people: give a number >= 0 for each cell, on the index of site")
    if not 0 <= onward_share <= 1:
        raise InputError(f"onward_share is {onward_share}; give a part of the people, from 0 to 1")
    if direct_s is not None and not direct_s.index.equals(site.index):
        raise InputError("direct_s: is not of the cells of site, in their order")
    if direct_s is not None and (direct_s < 0).any():
        raise InputError(f"direct_s: the least is {direct_s.min()}; give seconds >= 0, inf where there is no way")
    total = referral_times(site, time_s, onward_s=onward_s, stay_s=stay_s)["time_s"].to_numpy(np.float64)
    straight = np.full(len(total), np.nan) if direct_s is None else direct_s.to_numpy(np.float64, na_value=np.nan)
    extra = np.where(
        np.isfinite(total) & np.isfinite(straight), total - np.where(np.isfinite(straight), straight, 0), np.nan
    )
    links = _nearest(onward_s)
    rows = []
    for name in [*map(str, onward_s.index), ""]:
        here = first == name
        if not name and not count[here].sum() > 0:
            continue
        link = float(links["link_s"].get(name, np.inf))
        rows.append(
            {
                "site_id": name,
                "onward_id": str(links["site"].get(name, "")),
                "people": float(count[here].sum()),
                "referred": float(count[here].sum() * onward_share) if name else 0.0,
                "link_s": link,
                "mean_first_s": _mean(times[here], count[here]),
                "mean_total_s": _mean(total[here], count[here]),
                "mean_extra_s": _mean(extra[here], count[here]),
            }
        )
    return pd.DataFrame(rows)


def _mean(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], people: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """Return the mean over the people with a value; NaN where there are none."""
    there = np.isfinite(values) & (people > 0)
    return float(np.average(values[there], weights=people[there])) if there.any() else float("nan")


def _nearest(onward_s: pd.DataFrame) -> pd.DataFrame:
    """Return of each first site the time to the nearest at the higher level, and which that is."""
    names = [str(name) for name in onward_s.index]
    if not onward_s.shape[1]:
        return pd.DataFrame({"link_s": np.inf, "site": ""}, index=names)
    values = onward_s.to_numpy(np.float64)
    least = values.argmin(axis=1) if len(values) else np.empty(0, np.int64)
    link = values[np.arange(len(values)), least]
    ends = np.array([str(name) for name in onward_s.columns], object)[least]
    return pd.DataFrame({"link_s": link, "site": np.where(np.isfinite(link), ends, "")}, index=names)


def _checked(
    site: pd.Series, time_s: pd.Series, onward_s: pd.DataFrame, stay_s: float
) -> tuple[np.ndarray[tuple[int], np.dtype[np.object_]], np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return the nearest site of each cell, "" where there is none, and the seconds to it, inf there."""
    if not time_s.index.equals(site.index):
        raise InputError("time_s: is not of the cells of site, in their order")
    if not onward_s.index.is_unique or not onward_s.columns.is_unique:
        raise InputError("onward_s: a site stands there twice; give each once")
    onward = onward_s.to_numpy(np.float64, na_value=np.nan)
    times = time_s.to_numpy(np.float64, na_value=np.nan)
    if not (onward >= 0).all() or (times < 0).any() or not 0 <= stay_s < np.inf:
        raise InputError(
            "times: one is negative, or one of onward_s missing; give seconds >= 0, inf where there is no way"
        )
    first = site.astype("object").fillna("").astype(str).to_numpy(object)
    times = np.where(np.isnan(times) | (first == ""), np.inf, times)
    first = np.where(np.isfinite(times), first, "").astype(object)
    unknown = sorted({*first.tolist()} - {"", *map(str, onward_s.index)})
    if unknown:
        raise InputError(
            f"onward_s: has no row for {unknown[0]}, which is the nearest site of a cell; give one per site"
        )
    return first, times

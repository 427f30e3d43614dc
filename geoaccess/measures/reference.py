"""Computed statistics beside published ones: the differences, and what could not be compared and why."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.measures.groups import EVERYBODY, require_columns
from geoaccess.measures.summary import norm_table_of_services, quantile_table_of_services, summarise_services
from geoaccess.phrases import note
from geoaccess.tables import zone_number
from geoaccess.toml import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy.typing as npt

    from geoaccess.measures.specification import ServiceSpec

__all__ = [
    "STATISTICS",
    "Comparison",
    "Statistic",
    "compare_statistics",
    "difference_summary",
    "largest_differences",
    "read_statistic",
]

STATISTICS = (
    "mean, median, P1 to P99, share_within_30, people_within_30, people_beyond_30 (any number of minutes), "
    "share_reached, people_reached, people_unreached, population"
)
"""The forms of statistics that are understood, as a person reads them."""

_COUNTS = {"share_reached": "share", "people_reached": "people", "people_unreached": "people", "population": "people"}
_PERCENTILE = re.compile(r"p0*([1-9][0-9]?)")
_NORM = re.compile(r"(share_within|people_within|people_beyond)_([0-9]+(?:\.[0-9]+)?)")
_ALIASES = {EVERYBODY: EVERYBODY, "alle": EVERYBODY}
_MIN = 60.0
_LARGEST = 3


@dataclass(frozen=True)
class Statistic:
    """A statistic as it is requested: `number` is the share of a percentile or the seconds of a norm, else NaN."""

    name: str
    unit: Literal["min", "share", "people"]
    number: float = float("nan")


@checks_arguments
def read_statistic(text: str) -> Statistic | None:
    """Read the name of a statistic; None where it is not one of `STATISTICS`.

    Examples
    --------
    >>> read_statistic("P90")
    Statistic(name='P90', unit='min', number=0.9)
    >>> read_statistic("share_within_30").number
    1800.0
    >>> read_statistic("mode") is None
    True
    """
    word = text.strip().lower()
    if word == "mean":
        return Statistic("mean", "min")
    if word == "median":
        return Statistic("median", "min", 0.5)
    if word in _COUNTS:
        return Statistic(word, "share" if word == "share_reached" else "people")
    if percentile := _PERCENTILE.fullmatch(word):
        return Statistic(f"P{percentile[1]}", "min", int(percentile[1]) / 100)
    norm = _NORM.fullmatch(word)
    if norm and float(norm[2]) > 0:
        unit: Literal["share", "people"] = "share" if norm[1].startswith("share") else "people"
        return Statistic(f"{norm[1]}_{float(norm[2]):g}", unit, float(norm[2]) * _MIN)
    return None


@dataclass(frozen=True)
class Comparison:
    """`table` has the rows that could be compared, `unmatched` all others with the reason; none is in neither."""

    table: pd.DataFrame
    unmatched: pd.DataFrame


@checks_arguments
def compare_statistics(
    results: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    services: Sequence[ServiceSpec],
    zonings: Mapping[str, str | None],
    names: Mapping[str, str] | None = None,
) -> Comparison:
    """Compute every statistic that a table of published ones asks for, and the differences.

    difference = computed - published; relative_difference = difference / published. Means are over the people who are
    reached; medians and percentiles over all people, those not reached counting as the longest (`weighted_quantile`);
    shares within a time are of all people. Nothing is interpolated.

    Parameters
    ----------
    results
        One row per cell, as for `summarise_services`, with the columns named in `zonings` and `names`.
    reference
        One row per published number: `geography`, `service` (a key), `statistic` (one of `STATISTICS`), `value` in
        minutes, as a share or in people, and `source`; where there, `name` of the geography, which helps to say what is
        wrong with a number.
    services
        The services of the results.
    zonings
        Column of groups by the name of the zoning, {"municipality": "municipality_id"}; None is everybody. A geography
        is looked for in the order given, by its group or its name, in one language of it or all: "5501", "Evenes" or
        "Evenes - Evenášši"; of the zoning "class" it is written "class 6".
    names
        Column of names of a zoning's groups, {"municipality": "municipality"}.

    Returns
    -------
    `table`, in the order of the reference: `geography`, `zoning`, `group`, `name`, `service`, `statistic`, `unit` (min,
    share or people), `computed` (inf where the percentile falls on people who are not reached), `published`,
    `difference`, `relative_difference` (NaN where the published value is 0), `people` and `people_unreached` of the
    group, `source`.
    `unmatched`: `geography`, `service`, `statistic`, `published`, `source` and `reason`.

    Raises
    ------
    InputError
        If a column is missing, or as `summarise_services`.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> results = pd.DataFrame({
    ...     "population": [100.0, 60.0, 40.0],
    ...     "centrality_class": pd.array([1, 6, 6], dtype="Int8"),
    ...     "gp_s": [300.0, 1500.0, float("inf")],
    ...     "gp_reason": ["", "", "island_without_ferry"],
    ... })
    >>> reference = pd.DataFrame(
    ...     [("class 6", "gp", "median", 20.0, "a report"), ("klass 1", "gp", "mean", 4.0, "a report")],
    ...     columns=["geography", "service", "statistic", "value", "source"],
    ... )
    >>> found = compare_statistics(
    ...     results, reference, services=[ServiceSpec(key="gp", label="GP")], zonings={"class": "centrality_class"}
    ... )
    >>> found.table[["geography", "statistic", "computed", "published", "difference", "people"]]
      geography statistic  computed  published  difference  people
    0   class 6    median      25.0       20.0         5.0   100.0
    >>> found.unmatched["reason"].item()
    'unknown geography; did you mean "class 1"?'
    """
    require_columns(reference, ["geography", "service", "statistic", "value", "source"], subject="reference")
    places = _places(results, zonings, names or {})
    keys = [service.key for service in services]
    rows, reasons = [], []
    for number, asked in enumerate(reference.to_dict("records")):
        statistic = read_statistic(str(asked["statistic"]))
        place = _found(str(asked["geography"]), str(asked.get("name", "")), places)
        found = _reason(asked, place, statistic, keys)
        if found or statistic is None or isinstance(place, str):
            reasons.append((number, found))
        else:
            rows.append((number, *place, statistic.name, statistic.unit))
    columns = ["row", "zoning", "group", "name", "statistic", "unit"]
    asked_rows = pd.DataFrame(rows, columns=columns)
    published = reference.reset_index(drop=True).rename(columns={"value": "published"})
    wanted = published[["geography", "service", "published", "source"]].join(
        asked_rows.set_index("row"), how="right" if rows else "inner"
    )
    computed = _computed(results, wanted, services, {name: zonings[name] for name in wanted["zoning"].unique()})
    table = wanted.reset_index(names="row").merge(
        computed, on=["zoning", "group", "service", "statistic"], how="left", validate="m:1"
    )
    nobody = ~(table["people"] > 0).to_numpy(dtype=bool)
    no_mean = ~nobody & table["computed"].isna().to_numpy(dtype=bool)
    reasons += [(row, note("nobody_there")) for row in table["row"][nobody]]
    reasons += [(row, note("nobody_reached")) for row in table["row"][no_mean]]
    unmatched = published.loc[[row for row, _ in sorted(reasons)]].assign(reason=[why for _, why in sorted(reasons)])
    return Comparison(
        _differences(table[~nobody & ~no_mean]),
        unmatched[["geography", "service", "statistic", "published", "source", "reason"]].reset_index(drop=True),
    )


@checks_arguments
def difference_summary(table: pd.DataFrame) -> pd.DataFrame:
    """How far computed statistics are from published ones, over the geographies of each zoning, weighted by people.

    With d_g = computed - published and w_g the people of geography g: bias = sum w d / sum w,
    mae = sum w ``|d|`` / sum w, rmse = sqrt(sum w d^2 / sum w), and correlation that of computed and published with the
    same weights. Geographies whose computed value is inf have no finite difference: they are counted as
    `never_reached` and left out of the four.

    Parameters
    ----------
    table
        As of `compare_statistics`.

    Returns
    -------
    One row per zoning, service and statistic, in the order of the table: `unit`, `geographies`, `people`,
    `never_reached`, `bias`, `mae`, `rmse`, `correlation` (NaN where fewer than two geographies or all equal) and
    `largest`, the names with the largest differences.

    Raises
    ------
    InputError
        If a column is missing.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "zoning": "municipality", "name": ["A", "B"], "service": "gp", "statistic": "mean", "unit": "min",
    ...     "computed": [12.0, 20.0], "published": [10.0, 24.0], "difference": [2.0, -4.0], "people": [300.0, 100.0],
    ... })
    >>> difference_summary(table)[["geographies", "bias", "mae", "rmse", "correlation", "largest"]].round(3)
       geographies  bias  mae   rmse  correlation         largest
    0            2   0.5  2.5  2.646          1.0  B -4.0, A +2.0
    """
    needed = ["zoning", "name", "service", "statistic", "unit", "computed", "published", "difference", "people"]
    require_columns(table, needed, subject="table")
    rows = []
    for (zoning, service, statistic), part in table.groupby(["zoning", "service", "statistic"], sort=False):
        finite = np.isfinite(part["difference"].to_numpy(dtype=np.float64))
        kept = part[finite]
        people = kept["people"].to_numpy(dtype=np.float64)
        share = people / people.sum() if len(people) else people
        off = kept["difference"].to_numpy(dtype=np.float64)
        rows.append(
            {
                "zoning": zoning,
                "service": service,
                "statistic": statistic,
                "unit": part["unit"].iloc[0],
                "geographies": len(part),
                "people": part["people"].sum(),
                "never_reached": int((~finite).sum()),
                "bias": (share * off).sum() if len(off) else np.nan,
                "mae": (share * np.abs(off)).sum() if len(off) else np.nan,
                "rmse": np.sqrt((share * off**2).sum()) if len(off) else np.nan,
                "correlation": _correlation(kept, share),
                "largest": ", ".join(_row_text(row) for row in largest_differences(part).to_dict("records")),
            }
        )
    columns = ["zoning", "service", "statistic", "unit", "geographies", "people", "never_reached"]
    return pd.DataFrame(rows, columns=[*columns, "bias", "mae", "rmse", "correlation", "largest"])


def _correlation(table: pd.DataFrame, share: npt.NDArray[np.float64]) -> float:
    values = table[["computed", "published"]].to_numpy(dtype=np.float64)
    if len(values) < 2:  # noqa: PLR2004 - two points make a line
        return float("nan")
    each = share[:, np.newaxis]
    moved = values - (each * values).sum(axis=0)
    spread = (each * moved**2).sum(axis=0)
    if not (spread > 1e-20 * np.square(values).max()).all():
        return float("nan")
    return float((share * moved.prod(axis=1)).sum() / np.sqrt(spread.prod()))


@checks_arguments
def largest_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the three largest differences, those that are equal left out, the largest first.

    Parameters
    ----------
    table
        As of `compare_statistics`, of one zoning, service and statistic.

    Raises
    ------
    InputError
        If the column of differences is missing.

    Examples
    --------
    >>> largest_differences(pd.DataFrame({"name": ["A", "B", "C"], "difference": [0.0, -4.0, 2.0]}))["name"].tolist()
    ['B', 'C']
    """
    require_columns(table, ["difference"], subject="table")
    size = table["difference"].abs()
    return table.loc[size[size > 0].sort_values(ascending=False, kind="stable").index[:_LARGEST]]


def _row_text(row: Mapping[Any, Any]) -> str:
    if np.isinf(row["difference"]):
        return f"{row['name']} never reached"
    digits = {"min": ".1f", "share": ".3f"}.get(str(row["unit"]), ",.0f")
    return f"{row['name']} {row['difference']:+{digits}}"


Place = tuple[str, str, str]
"""Zoning, group and name of a geography; instead of it a text that says why there is none."""


def _places(
    results: pd.DataFrame, zonings: Mapping[str, str | None], names: Mapping[str, str]
) -> dict[str, Place | str]:
    """Return every name of a geography, in small letters."""
    found: dict[str, Place | str] = {}
    for zoning, column in zonings.items():
        if column is None:
            found.setdefault(EVERYBODY, (zoning, EVERYBODY, EVERYBODY))
            continue
        called = names.get(zoning, column)
        require_columns(results, [column, called])
        pairs = results[list(dict.fromkeys([column, called]))].dropna().drop_duplicates().astype("str")
        ours: dict[str, dict[str, Place]] = {}
        for group, name in zip(pairs[column], pairs[called], strict=True):
            shown = f"class {group}" if zoning == "class" else name
            words = {shown} if zoning == "class" else {group, _without_zeros(group), shown, *shown.split(" - ")}
            for word in words if group else ():
                ours.setdefault(word.lower(), {})[group] = (zoning, group, shown)
        for word, places in ours.items():
            several = note("name_of_several", numbers=" / ".join(sorted(places)))
            found.setdefault(word, next(iter(places.values())) if len(places) == 1 else several)
    return found


def _without_zeros(group: str) -> str:
    """Return a number as a spreadsheet leaves it: 0301 is 301."""
    return group.lstrip("0") if group.isdigit() else group


def _found(geography: str, name: str, places: Mapping[str, Place | str]) -> Place | str:
    """Return the place that is meant, or why there is none; a `name` beside an unknown number only helps to say why."""
    word = geography.strip().lower()
    word = _ALIASES.get(word, re.sub(r"^klasse (?=\S+$)", "class ", word))
    for written in (word, zone_number(word).lstrip("0")):  # K-0301, 301.0 and "0301 Oslo" are 0301
        if written in places:
            return places[written]
    if word.isdigit():
        meant = places.get(name.strip().lower())
        if isinstance(meant, tuple):
            return note("number_of_name", name=name, number=meant[1])
        return note("number_unknown")
    near = difflib.get_close_matches(word, places, 1, 0.6)
    meant = places[near[0]] if near else ""
    shown = meant[2] if isinstance(meant, tuple) else near[0] if near else ""
    return note("geography_like", name=shown) if shown else note("geography_unknown")


def _reason(asked: Mapping[Any, Any], place: Place | str, statistic: Statistic | None, keys: Sequence[str]) -> str:
    """Say all that keeps a published number from being compared; "" where nothing does."""
    reasons = [place] if isinstance(place, str) else []
    if asked["service"] not in keys:
        reasons.append(_unknown_service(str(asked["service"]), keys))
    if statistic is None:
        reasons.append(note("statistic_unknown", statistics=note("statistics")))
    if pd.isna(asked["value"]):
        reasons.append(note("no_value"))
    return "; ".join(reasons)


def _unknown_service(key: str, keys: Sequence[str]) -> str:
    near = nearest(key, keys)
    return note("service_like", name=near) if near else note("service_unknown", names=", ".join(sorted(keys)))


def _computed(
    results: pd.DataFrame,
    wanted: pd.DataFrame,
    services: Sequence[ServiceSpec],
    zonings: Mapping[str, str | None],
) -> pd.DataFrame:
    """Return one row per zoning, group, service and statistic that is wanted: the number, and people of the group."""
    columns = ["zoning", "group", "service", "statistic", "computed", "people", "people_unreached"]
    if wanted.empty:
        return pd.DataFrame(columns=columns)
    asked = {name: read_statistic(name) for name in wanted["statistic"].unique()}
    known = {name: statistic for name, statistic in asked.items() if statistic is not None}
    used = [service for service in services if service.key in set(wanted["service"])]
    whole = summarise_services(results, services=used, by=zonings)
    tables = [_column(whole, name, _whole(whole, name)) for name in known if name in {"mean", *_COUNTS}]
    shares = {s.number: name for name, s in known.items() if name == "median" or name.startswith("P")}
    if shares:
        times = quantile_table_of_services(results, services=used, shares=[*shares], by=zonings)
        names = {name: s.number for name, s in known.items() if s.number in shares and s.unit == "min"}
        for name, share in names.items():
            part = times[times["share"] == share]
            tables.append(_column(part, name, part["time_s"] / _MIN))
    norms = {name: s.number for name, s in known.items() if s.unit != "min" and s.number > 0}
    if norms:
        rising = tuple(sorted(set(norms.values())))
        inside = norm_table_of_services(
            results, services=[replace(s, norms_s=rising, norm_column="") for s in used], by=zonings
        )
        for name, norm_s in norms.items():
            part = inside[inside["norm_s"] == norm_s]
            tables.append(_column(part, name, part[name.rsplit("_", 1)[0]]))
    found = pd.concat(tables, ignore_index=True)
    counts = whole.rename(columns={"population": "people", "unreached": "people_unreached"})
    return found.merge(counts[["zoning", "group", "service", "people", "people_unreached"]], how="left")[columns]


def _whole(summary: pd.DataFrame, statistic: str) -> pd.Series:
    if statistic == "mean":
        return summary["mean_s"] / _MIN
    if statistic == "share_reached":
        return summary["reached"] / summary["population"]
    return summary[statistic.removeprefix("people_")]


def _column(table: pd.DataFrame, statistic: str, computed: pd.Series) -> pd.DataFrame:
    return table[["zoning", "group", "service"]].assign(statistic=statistic, computed=computed.astype("float64"))


def _differences(table: pd.DataFrame) -> pd.DataFrame:
    computed, published = table["computed"].to_numpy(np.float64), table["published"].to_numpy(np.float64)
    off = computed - published
    relative = np.full(off.shape, np.nan)
    with np.errstate(over="ignore"):
        np.divide(off, published, out=relative, where=published != 0)
    table = table.assign(difference=off, relative_difference=relative)
    columns = ["geography", "zoning", "group", "name", "service", "statistic", "unit", "computed", "published"]
    columns += ["difference", "relative_difference", "people", "people_unreached", "source"]
    return table[columns].reset_index(drop=True)

"""Who is inside the norms for ambulances, which differ between built-up and sparsely built areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.measures.grouped import ratio
from geoaccess.measures.groups import each_zoning, group_cells, people_of_service, read_times, require_columns
from geoaccess.measures.one_service import check_index, column_of, on_groups, results_of, spec_of
from geoaccess.measures.specification import REASONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures.figures import ResponseNorms
    from geoaccess.measures.groups import By, Groups, Times, Zoning
    from geoaccess.measures.specification import ServiceSpec

__all__ = ["response_norm", "response_table", "response_table_of_service"]

BUILT_UP, SPARSE = "built_up", "sparse"
ROUNDING = 1e-12


@checks_arguments
def response_norm(built_up: pd.Series, *, norms: ResponseNorms, municipality: pd.Series | None = None) -> pd.DataFrame:
    """Which norm each cell is held against: its own, or as Helsedirektoratet counts, that of its municipality.

    By cell: built-up where the cell is. By municipality: a municipality is built-up as a whole where any of its cells
    is, however few live there, else it is sparse as a whole.

    Parameters
    ----------
    built_up
        For each cell true or false, whether it lies in a built-up area. Helsedirektoratet takes urban settlements
        (tettsteder) with more than 10 000 people.
    norms
        The two times.
    municipality
        The municipality of each cell, on the same index; None for each cell by itself. A cell without a municipality
        is taken by itself.

    Returns
    -------
    Table on the index of `built_up`: `settlement`, "built_up" or "sparse", and `norm_s`, seconds.

    Raises
    ------
    InputError
        If the indexes differ, or `built_up` is not true or false everywhere.

    References
    ----------
    Helsedirektoratet, quality indicator "Responstid fra AMK varsles til ambulanse er på hendelsessted": calls are not
    known to lie in a built-up or a sparse part of the municipality, so the municipality is one or the other.

    Examples
    --------
    >>> from geoaccess.measures import ResponseNorms
    >>> norms = ResponseNorms(built_up_s=720, sparse_s=1500, share=0.9)
    >>> municipality, built_up = pd.Series(["5501", "5501", "5530"]), pd.Series([True, False, False])
    >>> response_norm(built_up, norms=norms)["norm_s"].tolist()
    [720.0, 1500.0, 1500.0]
    >>> response_norm(built_up, norms=norms, municipality=municipality)["norm_s"].tolist()
    [720.0, 720.0, 1500.0]
    """
    check_index(built_up, "built_up", municipality=municipality)
    wrong = ~built_up.isin([True, False]).to_numpy()
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"built_up of {int(wrong.sum())} cells is not true or false (cell {built_up.index[first]}: "
            f"{built_up.iloc[first]!r}); say of every cell whether it lies in a built-up area"
        )
    dense = built_up.to_numpy(dtype=np.bool_)
    if municipality is not None:
        code, names = pd.factorize(municipality.where(municipality != ""))
        anywhere = np.zeros(len(names) + 1, dtype=np.bool_)
        np.logical_or.at(anywhere, code, dense)
        dense = np.where(code >= 0, anywhere[code], dense)
    return pd.DataFrame(
        {
            "settlement": np.where(dense, BUILT_UP, SPARSE),
            "norm_s": np.where(dense, float(norms.built_up_s), float(norms.sparse_s)),
        },
        index=built_up.index,
    )


@checks_arguments
def response_table(
    times: pd.Series,
    *,
    norms: ResponseNorms,
    built_up: pd.Series,
    population: pd.Series,
    municipality: pd.Series | None = None,
    groups: pd.Series | None = None,
    reasons: pd.Series | None = None,
    coverage: pd.Series | None = None,
) -> pd.DataFrame:
    """How many people are inside the norm of built-up and of sparse areas, and whether the required share is reached.

    within = sum_i w_i p_i, where p_i is 1 if t_i <= norm_i and else 0, or the `coverage` of the cell. share_within =
    within / population, met where it is at least `norms.share`. The times must be counted from the call, as those of
    `road_chain` are. People stand for calls; give calls as `population` where they are known.

    Parameters
    ----------
    times, population, groups, reasons
        As for `summarise`; the time that is held against the norms, such as `to_patient_s` of `road_chain`.
    norms
        The two times, and the share of calls.
    built_up, municipality
        As in `response_norm`: with `municipality` as Helsedirektoratet counts, without it by cell.
    coverage
        On the same index: the share of the calls from each cell that are answered within its norm, as
        `expected_coverage` computes it for the `norm_s` of `response_norm`. Without it a call is always or never.

    Returns
    -------
    One row per group and settlement that occurs: `settlement`, `norm_s`, `population`, `people_within`,
    `people_beyond`, and of these `people_late`, who are reached, and `unreached_<reason>` for every reason;
    `share_within` in [0, 1] and `met` (true or false), missing where nobody lives; and `people_kept`, who live in cells
    where the norm is kept in at least `norms.share` of the calls. population = within + late + unreached. A norm of inf
    leaves nobody beyond it.

    Raises
    ------
    InputError
        As `summarise` and `response_norm`, or if `coverage` has another index or is not in [0, 1].

    References
    ----------
    The norms: St.meld. nr. 43 (1999-2000); 12 and 25 minutes for 90 % of acute calls. How they are counted: see
    `response_norm`.

    Examples
    --------
    >>> from geoaccess.measures import ResponseNorms
    >>> norms = ResponseNorms(built_up_s=720, sparse_s=1500, share=0.9)
    >>> times, people = pd.Series([600.0, 1200.0, 1800.0]), pd.Series([900.0, 100.0, 80.0])
    >>> municipality, built_up = pd.Series(["5501", "5501", "5530"]), pd.Series([True, False, False])
    >>> shown = ["settlement", "population", "people_within", "share_within", "met"]
    >>> response_table(times, norms=norms, built_up=built_up, population=people)[shown]
              settlement  population  people_within  share_within    met
    group
    everybody   built_up       900.0          900.0      1.000000   True
    everybody     sparse       180.0          100.0      0.555556  False
    >>> response_table(times, norms=norms, built_up=built_up, population=people, municipality=municipality)[shown]
              settlement  population  people_within  share_within    met
    group
    everybody   built_up      1000.0          900.0           0.9   True
    everybody     sparse        80.0            0.0           0.0  False
    """
    check_index(times, "times", built_up=built_up, municipality=municipality)
    results = results_of(times, population, groups, reasons).assign(built_up=built_up)
    if municipality is not None:
        results["municipality"] = municipality
    table = response_table_of_service(
        results,
        service=spec_of(),
        norms=norms,
        by=column_of(groups),
        municipality=None if municipality is None else "municipality",
        coverage=coverage,
    )
    return on_groups(table)


@checks_arguments
def response_table_of_service(
    results: pd.DataFrame,
    *,
    service: ServiceSpec,
    norms: ResponseNorms,
    by: By = None,
    population: str | Sequence[str] | None = None,
    built_up: str = "built_up",
    municipality: str | None = None,
    coverage: pd.Series | None = None,
) -> pd.DataFrame:
    """Return `response_table` of one service in a table of results, by one or several zonings.

    Parameters
    ----------
    results
        One row per cell: `population`, and the time and reason of the service as in `summarise_services`.
    service
        The time that is held against the norms; `to_patient` of `road_chain`.
    norms, coverage
        As in `response_table`.
    by, population
        As in `summarise_services`: municipalities, health regions; None for everybody together. A column of calls may
        be named as `population`.
    built_up, municipality
        The columns that `response_norm` reads.

    Returns
    -------
    One row per group and settlement that occurs: the columns of `by` (text), and those of `response_table`.

    Raises
    ------
    InputError
        As `response_table`, or if a column is missing.

    Examples
    --------
    >>> from geoaccess.measures import ResponseNorms, ServiceSpec
    >>> norms = ResponseNorms(built_up_s=720, sparse_s=1500, share=0.9)
    >>> cells = pd.DataFrame({
    ...     "population": [900.0, 100.0, 80.0], "built_up": [True, False, False],
    ...     "to_patient_s": [600.0, 1200.0, 1800.0], "to_patient_reason": [""] * 3,
    ... })
    >>> to_patient = ServiceSpec(key="to_patient", label="Ambulance at the patient", direction="to_people")
    >>> shown = ["settlement", "population", "people_within", "share_within", "met"]
    >>> response_table_of_service(cells, service=to_patient, norms=norms)[shown]
      settlement  population  people_within  share_within    met
    0   built_up       900.0          900.0      1.000000   True
    1     sparse       180.0          100.0      0.555556  False
    """
    times = read_times(results, service)
    require_columns(results, [built_up, *([] if municipality is None else [municipality])])
    towns = None if municipality is None else results[municipality]
    held = response_norm(results[built_up], norms=norms, municipality=towns)
    share = _coverage(coverage, results) if coverage is not None else times.times_s <= held["norm_s"].to_numpy()

    def table(zoning: Zoning, who: str | None) -> pd.DataFrame:
        names = [] if zoning is None else [zoning] if isinstance(zoning, str) else list(zoning)
        require_columns(results, names)
        groups = group_cells(results[names].assign(settlement=held["settlement"]), by=[*names, "settlement"])
        return _summed(groups, people_of_service(results, service, who), times, share, norms)

    return each_zoning(table, by=by, population=population)


def _summed(
    groups: Groups,
    people: npt.NDArray[np.float64],
    times: Times,
    share: npt.NDArray[np.float64] | npt.NDArray[np.bool_],
    norms: ResponseNorms,
) -> pd.DataFrame:
    """Return a row per group, given the share of the calls from each cell that are answered within its norm."""
    population, within, beyond = groups.sums(people), groups.sums(people * share), people * (1.0 - share)
    built = groups.labels["settlement"].to_numpy() == BUILT_UP
    table = groups.labels.assign(
        norm_s=np.where(built, float(norms.built_up_s), float(norms.sparse_s)),
        population=population,
        people_within=within,
        people_beyond=groups.sums(beyond),
        people_late=groups.sums(np.where(times.reached, beyond, 0.0)),
    )
    for place, reason in enumerate(REASONS):
        table[f"unreached_{reason}"] = groups.sums(np.where(times.reason == place, beyond, 0.0))
    table["share_within"] = np.minimum(ratio(within, population), 1.0)
    met = pd.array(table["share_within"].to_numpy() >= norms.share - ROUNDING, dtype="boolean")
    met[population <= 0] = pd.NA
    table["met"] = met
    table["people_kept"] = groups.sums(np.where(share >= norms.share - ROUNDING, people, 0.0))
    return table


def _coverage(coverage: pd.Series, results: pd.DataFrame) -> npt.NDArray[np.float64]:
    if not coverage.index.equals(results.index):
        raise InputError("coverage: its index is not that of results; give one share per cell")
    share = coverage.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~((share >= 0) & (share <= 1))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"coverage: {int(wrong.sum())} cells are not in [0, 1] (cell {results.index[first]}: {share[first]}); "
            "give the share of calls that are answered within the norm"
        )
    return share

"""Every index for every service, in one tidy table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import EQUITY_DRAWS
from geoaccess.equity._people import people_weights, read_numbers, same_order
from geoaccess.equity.aversion import atkinson, decompose_kolm_pollak, kolm_pollak, kolm_pollak_ede
from geoaccess.equity.concentration import concentration_index
from geoaccess.equity.decomposition import EVERYBODY
from geoaccess.equity.entropy import decompose_theil_l, decompose_theil_t, theil_l, theil_t
from geoaccess.equity.inequality import decompose_gini, gini, palma
from geoaccess.equity.intervals import intervals_of
from geoaccess.equity.norms import decompose_fgt, fgt
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from geoaccess.equity._people import Labels

__all__ = ["equity_table", "equity_table_of_services"]


COLUMNS = [
    *("service", "index", "norm", "value", "low", "high", "between", "within"),
    *("n_people_in", "n_people_unranked", "n_people_unreached", "unreached_counted"),
]


class _Index(NamedTuple):
    """An index as a row of the table: its name, how it is computed, and what the row may say of it."""

    name: str
    function: Callable[..., Any]
    decompose: Callable[..., pd.DataFrame] | None = None
    norm: float = np.nan
    unreached: bool = False
    ranked: bool = False


class _Cells(NamedTuple):
    """The columns that all services share, and how intervals are drawn."""

    people: npt.NDArray[np.float64]
    by: pd.Series | None
    ranking: npt.NDArray[np.float64] | None
    clusters: pd.Series | None
    draws: int
    seed: int


_INDICES = (
    _Index("gini", gini, decompose_gini),
    _Index("theil_t", theil_t, decompose_theil_t),
    _Index("theil_l", theil_l, decompose_theil_l),
    _Index("atkinson_0.5", partial(atkinson, epsilon=0.5)),
    _Index("atkinson_1", partial(atkinson, epsilon=1.0)),
    _Index("palma", palma),
    _Index("kolm_pollak_ede", kolm_pollak_ede),
    _Index("kolm_pollak", kolm_pollak, decompose_kolm_pollak),
)
_RANKED = (
    _Index("concentration", concentration_index, ranked=True),
    _Index("concentration_erreygers", partial(concentration_index, kind="erreygers"), ranked=True),
)


@checks_arguments
def equity_table(
    values: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    groups: Labels | None = None,
    norms: Sequence[float] = (),
    ranking: npt.ArrayLike | None = None,
    clusters: Labels | None = None,
    draws: int = EQUITY_DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """All indices of this room for one quantity, a row per index.

    Nobody is dropped: n_people_in + n_people_unranked + n_people_unreached is the sum of the weights in every row.
    People whose value is inf or NaN have none that an index could use; the indices are over the others, and each row
    says of how many it is silent. Only `fgt_0`, the share beyond a norm, counts them. The two concentration indices are
    silent of people without a rank, too.

    Parameters
    ----------
    values
        A number per row, >= 0; inf or NaN for people who are not reached.
    weights
        People of each row; 1 when None.
    groups
        What the indices are split between and within, such as the centrality class; rows without one are a group of
        their own. Split are `gini`, `theil_t`, `theil_l`, `kolm_pollak` and `fgt`; `atkinson`, whose parts do not sum,
        is not.
    norms
        What `fgt` is measured over, in the unit of the values.
    ranking
        Ranks the people for the two concentration indices, the best-off last, such as the centrality index; without it
        they have no rows. NaN for people without a rank.
    clusters
        What is drawn for the intervals, such as the municipality; the rows when None. See `bootstrap_interval`.
    draws
        Draws of the bootstrap; 0 for no intervals. 1000 draws of 250 000 cells take about 10 seconds an index.
    seed
        The same seed gives the same intervals.

    Returns
    -------
    Columns `index` (gini, theil_t, theil_l, atkinson_0.5, atkinson_1, palma, kolm_pollak_ede, kolm_pollak,
    concentration, concentration_erreygers, fgt_0, fgt_1, fgt_2); `norm` (NaN but for fgt); `value`; `low` and `high`
    (95 % interval, NaN without); `between` and `within`, which sum to the value (NaN where it is not split);
    `n_people_in` (who are reached, and ranked where it matters), `n_people_unranked` (who are reached, but have no rank
    where it matters), `n_people_unreached`, and `unreached_counted`, whether the value counts the latter.
    A value is NaN where nobody is reached, or nobody lives; kolm_pollak has the unit of the values, all others none.

    Raises
    ------
    InputError
        If lengths differ, weights are negative, infinite or missing, a value is negative or a norm is not above 0.

    Examples
    --------
    >>> times, people = [600.0, 600.0, 900.0, 1500.0, float("inf")], [300, 100, 50, 50, 10]
    >>> table = equity_table(times, weights=people, groups=[1, 1, 6, 6, 6], norms=[1200])
    >>> table[["index", "value", "between", "within", "n_people_in", "n_people_unreached"]].round(3)
                  index    value  between  within  n_people_in  n_people_unreached
    0              gini    0.142    0.133   0.008        500.0                10.0
    1           theil_t    0.059    0.049   0.011        500.0                10.0
    2           theil_l    0.050    0.044   0.006        500.0                10.0
    3      atkinson_0.5    0.027      NaN     NaN        500.0                10.0
    4        atkinson_1    0.049      NaN     NaN        500.0                10.0
    5             palma    2.500      NaN     NaN        500.0                10.0
    6   kolm_pollak_ede  778.500      NaN     NaN        500.0                10.0
    7       kolm_pollak   58.500   47.823  10.677        500.0                10.0
    8             fgt_0    0.118    0.118   0.000        500.0                10.0
    9             fgt_1    0.025    0.025   0.000        500.0                10.0
    10            fgt_2    0.006    0.006   0.000        500.0                10.0
    """
    numbers = read_numbers(values, measure="equity_table", name="values")
    for name, given in (("weights", weights), ("groups", groups), ("ranks", ranking), ("clusters", clusters)):
        same_order(values, given, measure="equity_table", name=name)
    cells = _Cells(
        people=people_weights(weights, shape=numbers.shape, measure="equity_table"),
        by=_labels("groups", groups, numbers.size),
        ranking=None if ranking is None else read_numbers(ranking, measure="equity_table", name="ranks"),
        clusters=_labels("clusters", clusters, numbers.size),
        draws=draws,
        seed=seed,
    )
    if cells.ranking is not None and cells.ranking.shape != numbers.shape:
        raise InputError(f"equity_table: {cells.ranking.size} ranks for {numbers.size} values; give one per value")
    indices = [*_INDICES, *(_RANKED if ranking is not None else ()), *_beyond(norms)]
    rows = _rows(numbers, cells, indices, name="values")
    return pd.DataFrame(rows, columns=COLUMNS[1:])


@checks_arguments
def equity_table_of_services(
    results: pd.DataFrame,
    *,
    services: Mapping[str, str],
    norms: Mapping[str, Sequence[float]] | None = None,
    norm_columns: Mapping[str, str] | None = None,
    by: str | None = None,
    ranking: str | None = None,
    population: str | Mapping[str, str] = "population",
    clusters: str | None = None,
    draws: int = EQUITY_DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Return `equity_table` for each service of a table of results, one row per service and index.

    Parameters
    ----------
    results
        One row per cell.
    services
        The column of travel times of each service, in the order of the rows: {"gp": "gp_s", "legevakt": "legevakt_s"}.
    norms
        For each service the norms that `fgt` is measured over, in the unit of its times; none when left out.
    norm_columns
        For services that hold each row against a norm of its own, the column of it: `norm` is NaN then.
    by, ranking, population, clusters
        The columns of what `equity_table` calls `groups`, `ranking`, `weights` and `clusters`. `population` may name a
        column for each service, where services are asked about different people.
    draws, seed
        As for `equity_table`.

    Returns
    -------
    The column `service` and those of `equity_table`.

    Raises
    ------
    InputError
        As `equity_table`, and if a column is missing or a norm is of a service that is not there.

    Examples
    --------
    >>> results = pd.DataFrame({"population": [300.0, 50.0], "gp_s": [600.0, 900.0], "hospital_s": [900.0, 900.0]})
    >>> table = equity_table_of_services(results, services={"gp": "gp_s", "hospital": "hospital_s"})
    >>> table.loc[table["index"] == "gini", ["service", "index", "value", "n_people_in"]].round(3)
        service index  value  n_people_in
    0        gp  gini  0.057        350.0
    8  hospital  gini  0.000        350.0
    """
    measured, own = dict(norms or {}), dict(norm_columns or {})
    counted = dict.fromkeys(services, population) if isinstance(population, str) else dict(population)
    named = [name for name in (by, ranking, clusters) if name is not None]
    columns = [*counted.values(), *own.values(), *services.values(), *named]
    problems = [
        f"no column {name!r}; there are {', '.join(map(str, results.columns))}"
        for name in dict.fromkeys(columns)
        if name not in results.columns
    ]
    problems += [f"population names no column for {key!r}" for key in services if key not in counted]
    problems += [
        f"norms of {key!r}, which is no service here; there are {', '.join(services)}"
        for key in {**measured, **own}
        if key not in services
    ]
    if problems:
        raise InputError.listing("equity_table", problems)
    people = {name: _people(results[name], name) for name in dict.fromkeys(counted.values())}
    cells = _Cells(
        people=np.zeros(len(results)),
        by=None if by is None else _labels("groups", results[by], len(results)),
        ranking=None if ranking is None else read_numbers(results[ranking], measure="equity_table", name="ranks"),
        clusters=None if clusters is None else _labels("clusters", results[clusters], len(results)),
        draws=draws,
        seed=seed,
    )
    rows: list[dict[str, Any]] = []
    for service, column in services.items():
        times = read_numbers(results[column], measure="equity_table", name=f"column {column}")
        indices = [*_INDICES, *(_RANKED if ranking is not None else ()), *_beyond(measured.get(service, ()))]
        mine = cells._replace(people=people[counted[service]])
        rows += [{"service": service, **row} for row in _rows(times, mine, indices, name=f"column {column}")]
        if service in own:
            over = times / read_numbers(results[own[service]], measure="equity_table", name=f"column {own[service]}")
            beyond = _rows(over, mine, _beyond([1.0]), name=f"column {column}")  # in norms, whatever the norm of each
            rows += [{"service": service, **row, "norm": float(np.nan)} for row in beyond]
    return pd.DataFrame(rows, columns=COLUMNS)


def _people(column: pd.Series, name: str) -> npt.NDArray[np.float64]:
    """Return a column of people as weights."""
    people = read_numbers(column, measure="equity_table", name=f"column {name}")
    return people_weights(people, shape=people.shape, measure=f"equity_table, column {name}")


def _labels(name: str, labels: Labels | None, size: int) -> pd.Series | None:
    """Return the labels of the rows by their places, missing where they are empty."""
    if labels is None:
        return None
    given: Any = labels
    if np.ndim(given) != 1:
        raise InputError(f"equity_table: {name} must be one label per value, such as a class")
    found = pd.Series(given).reset_index(drop=True)
    if len(found) != size:
        raise InputError(f"equity_table: {len(found)} {name} for {size} values; give one per value")
    return found.where(found != "")


def _beyond(norms: Sequence[float]) -> list[_Index]:
    """Return the three measures over each norm."""
    return [
        _Index(
            f"fgt_{alpha}",
            partial(fgt, norm=norm, alpha=alpha),
            partial(decompose_fgt, norm=norm, alpha=alpha),
            norm=norm,
            unreached=alpha == 0,
        )
        for norm in norms
        for alpha in (0, 1, 2)
    ]


def _rows(times: npt.NDArray[np.float64], cells: _Cells, indices: list[_Index], *, name: str) -> list[dict[str, Any]]:
    lived = cells.people > 0
    negative = lived & (times < 0)
    if negative.any():
        raise InputError(f"equity_table, {name}: {int(negative.sum())} are negative; give numbers >= 0")
    reached = np.isfinite(times)
    ranked = np.isfinite(cells.ranking) if cells.ranking is not None else reached
    numbers = np.where(reached, times, np.inf)
    rows: list[dict[str, Any]] = []
    alike: dict[tuple[bool, bool], list[int]] = {}
    for place, index in enumerate(indices):
        inside = reached & ranked if index.ranked else reached
        counted = lived if index.unreached else lived & inside
        found = _measured(index, numbers, cells, counted)
        alike.setdefault((index.ranked, index.unreached and not reached[lived].all()), []).append(place)
        ends = {
            "n_people_in": float(cells.people[inside].sum()),
            "n_people_unranked": float(cells.people[reached & ~inside].sum()),
            "n_people_unreached": float(cells.people[~reached].sum()),
            "unreached_counted": index.unreached,
        }
        rows.append({"index": index.name, "norm": float(index.norm), **found, **ends})
    for (by_rank, everybody), places in alike.items():
        counted = lived if everybody else lived & reached & ranked if by_rank else lived & reached
        drawn = _drawn([indices[place] for place in places], numbers, cells, counted)
        for place, (low, high) in zip(places, drawn, strict=False):  # none where nothing can be drawn
            rows[place] |= {"low": low, "high": high}
    return rows


def _measured(
    index: _Index, times: npt.NDArray[np.float64], cells: _Cells, counted: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Return an index with its parts, NaN where there is nobody to measure; its interval is not known yet."""
    found = dict.fromkeys(("value", "low", "high", "between", "within"), float(np.nan))
    if not counted.any():
        return found
    values, people = times[counted], cells.people[counted]
    found["value"] = index.function(values, weights=people, **_ranks(index, cells, counted))
    if cells.by is not None and index.decompose is not None:
        parts = index.decompose(values, weights=people, groups=cells.by[counted]).loc[EVERYBODY].to_dict()
        found["between"], found["within"] = float(parts["between"]), float(parts["within"])
    return found


def _ranks(index: _Index, cells: _Cells, counted: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.float64]]:
    return {"ranking": cells.ranking[counted]} if index.ranked and cells.ranking is not None else {}


def _drawn(
    indices: list[_Index], times: npt.NDArray[np.float64], cells: _Cells, counted: npt.NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """Return the intervals of indices over the same people; none where they are not wanted, or there is one unit."""
    units = int(counted.sum()) if cells.clusters is None else cells.clusters[counted].nunique(dropna=False)
    if not cells.draws or units <= 1:
        return []
    return intervals_of(
        [index.function for index in indices],
        times[counted],
        weights=cells.people[counted],
        clusters=None if cells.clusters is None else cells.clusters[counted],
        draws=cells.draws,
        seed=cells.seed,
        ranking=_ranks(indices[0], cells, counted).get("ranking"),
    )

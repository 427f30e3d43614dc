"""Every index for every service, in one tidy table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import EQUITY_DRAWS
from geoaccess.equity._people import people_weights, read_numbers
from geoaccess.equity.aversion import atkinson, decompose_kolm_pollak, kolm_pollak, kolm_pollak_ede
from geoaccess.equity.concentration import concentration_index
from geoaccess.equity.decomposition import EVERYBODY
from geoaccess.equity.entropy import decompose_theil_l, decompose_theil_t, theil_l, theil_t
from geoaccess.equity.inequality import decompose_gini, gini, palma
from geoaccess.equity.intervals import bootstrap_interval
from geoaccess.equity.norms import decompose_fgt, fgt
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

__all__ = ["equity_table"]


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
    results: pd.DataFrame,
    *,
    services: Mapping[str, str],
    norms: Mapping[str, Sequence[float]] | None = None,
    by: str | None = None,
    ranking: str | None = None,
    population: str = "population",
    clusters: str | None = None,
    draws: int = EQUITY_DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """All indices of this room for each service, one row per service and index.

    Nobody is dropped: n_people_in + n_people_unranked + n_people_unreached is the population of the table in every row.
    People who are not reached (inf or NaN in the column of times) have no time that an index could use; the indices are
    over those who are reached, and each row says of how many it is silent. Only `fgt_0`, the share beyond a norm,
    counts them. The two concentration indices are silent of people without a rank, too.

    Parameters
    ----------
    results
        One row per cell.
    services
        The column of travel times of each service, in the order of the rows: {"gp": "gp_s", "legevakt": "legevakt_s"}.
    norms
        For each service the norms that `fgt` is measured over, in the unit of its times; none when left out.
    by
        Column whose groups the indices are split between and within, such as "centrality_class"; cells without one
        are a group of their own. Split are `gini`, `theil_t`, `theil_l`, `kolm_pollak` and `fgt`; `atkinson`, whose
        parts do not sum, is not.
    ranking
        Column that ranks the people for the two concentration indices, the best-off last, such as "centrality_index";
        without it they have no rows. It may be missing for some cells.
    population
        Column of people.
    clusters
        Column of what is drawn for the intervals, such as "municipality_id"; cells when left out. See
        `bootstrap_interval`.
    draws
        Draws of the bootstrap; 0 for no intervals. 1000 draws of 250 000 cells take about 10 seconds an index.
    seed
        The same seed gives the same intervals.

    Returns
    -------
    Columns `service`; `index` (gini, theil_t, theil_l, atkinson_0.5, atkinson_1, palma, kolm_pollak_ede, kolm_pollak,
    concentration, concentration_erreygers, fgt_0, fgt_1, fgt_2); `norm` (NaN but for fgt); `value`; `low` and `high`
    (95 % interval, NaN without); `between` and `within`, which sum to the value (NaN where it is not split);
    `n_people_in` (who are reached, and ranked where it matters), `n_people_unranked` (who are reached, but have no rank
    where it matters), `n_people_unreached`, and `unreached_counted`, whether the value counts the latter.
    A value is NaN where nobody is reached, or nobody lives; kolm_pollak has the unit of the times, all others none.

    Raises
    ------
    InputError
        If a column is missing; if population is negative, infinite or missing; if a time is negative; if a norm is not
        above 0 or is of a service that is not there.

    Examples
    --------
    >>> results = pd.DataFrame({
    ...     "population": [300.0, 100.0, 50.0, 50.0, 10.0],
    ...     "centrality_class": [1, 1, 6, 6, 6],
    ...     "gp_s": [600.0, 600.0, 900.0, 1500.0, float("inf")],
    ... })
    >>> table = equity_table(results, services={"gp": "gp_s"}, norms={"gp": [1200]}, by="centrality_class")
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
    measured = dict(norms or {})
    columns = [population, *services.values(), *(name for name in (by, ranking, clusters) if name is not None)]
    problems = [
        f"no column {name!r}; there are {', '.join(map(str, results.columns))}"
        for name in dict.fromkeys(columns)
        if name not in results.columns
    ]
    problems += [
        f"norms of {key!r}, which is no service here; there are {', '.join(services)}"
        for key in measured
        if key not in services
    ]
    if problems:
        raise InputError.listing("equity_table", problems)
    people = read_numbers(results[population], measure="equity_table", name=f"column {population}")
    cells = _Cells(
        people=people_weights(people, shape=people.shape, measure=f"equity_table, column {population}"),
        by=None if by is None else results[by].reset_index(drop=True),
        ranking=None if ranking is None else read_numbers(results[ranking], measure="equity_table", name="ranks"),
        clusters=None if clusters is None else results[clusters].where(results[clusters] != "").reset_index(drop=True),
        draws=draws,
        seed=seed,
    )
    rows: list[dict[str, Any]] = []
    for service, column in services.items():
        times = read_numbers(results[column], measure="equity_table", name=f"column {column}")
        indices = [*_INDICES, *(_RANKED if ranking is not None else ()), *_beyond(measured.get(service, ()))]
        rows += [{"service": service, **row} for row in _rows(times, cells, indices, column=column)]
    return pd.DataFrame(rows, columns=COLUMNS)


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


def _rows(times: npt.NDArray[np.float64], cells: _Cells, indices: list[_Index], *, column: str) -> list[dict[str, Any]]:
    lived = cells.people > 0
    negative = lived & (times < 0)
    if negative.any():
        raise InputError(f"equity_table, column {column}: {int(negative.sum())} times are negative; give times >= 0")
    reached = np.isfinite(times)
    ranked = np.isfinite(cells.ranking) if cells.ranking is not None else reached
    rows = []
    for index in indices:
        inside = reached & ranked if index.ranked else reached
        counted = lived if index.unreached else lived & inside
        found = _measured(index, np.where(reached, times, np.inf), cells, counted)
        ends = {
            "n_people_in": float(cells.people[inside].sum()),
            "n_people_unranked": float(cells.people[reached & ~inside].sum()),
            "n_people_unreached": float(cells.people[~reached].sum()),
            "unreached_counted": index.unreached,
        }
        rows.append({"index": index.name, "norm": float(index.norm), **found, **ends})
    return rows


def _measured(
    index: _Index, times: npt.NDArray[np.float64], cells: _Cells, counted: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Return an index with its interval and its parts, NaN where there is nobody to measure."""
    found = dict.fromkeys(("value", "low", "high", "between", "within"), float(np.nan))
    if not counted.any():
        return found
    values, people = times[counted], cells.people[counted]
    ranks: dict[str, Any] = {"ranking": cells.ranking[counted]} if index.ranked and cells.ranking is not None else {}
    found["value"] = index.function(values, weights=people, **ranks)
    if cells.by is not None and index.decompose is not None:
        parts = index.decompose(values, weights=people, groups=cells.by[counted]).loc[EVERYBODY].to_dict()
        found["between"], found["within"] = float(parts["between"]), float(parts["within"])
    units = int(counted.sum()) if cells.clusters is None else cells.clusters[counted].nunique(dropna=False)
    if cells.draws and units > 1:
        clusters = None if cells.clusters is None else cells.clusters[counted]
        drawn = bootstrap_interval(
            index.function, values, weights=people, clusters=clusters, draws=cells.draws, seed=cells.seed, **ranks
        )
        found["low"], found["high"] = drawn.low, drawn.high
    return found

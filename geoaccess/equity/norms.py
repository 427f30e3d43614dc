"""People beyond a norm: how many, how far beyond, and what it would take to bring them inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.equity._people import UNCLASSIFIED, read_groups, read_numbers, read_people, same_order
from geoaccess.equity.decomposition import decompose
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.equity._people import Groups, Labels, People

__all__ = ["decompose_fgt", "fgt", "norm_shortfall"]

ROUNDING = 1e-12  # of all people: 0.55 of 100 people is 55.00000000000001 in floating point, and means 55


@checks_arguments
def fgt(
    values: npt.ArrayLike,
    *,
    norm: npt.ArrayLike,
    alpha: Literal[0, 1, 2],
    weights: npt.ArrayLike | None = None,
) -> float:
    """Foster-Greer-Thorbecke measure of time over a norm: how many are beyond it, and how far.

    FGT = sum_i p_i g_i^alpha, with p_i = w_i / W, g_i = (x_i - z) / z where x_i > z, and nothing added where x_i <= z.

    This is the mirrored form: of time more is worse, so the gap is counted *above* the norm z, where the measure of
    poverty counts (z - x) / z below a poverty line. A gap of poverty is at most 1; this one has no upper bound: who
    needs three times the norm has the gap 2.

    * alpha = 0: the share of the people beyond the norm.
    * alpha = 1: how far beyond it people are, in norms, averaged over everybody.
    * alpha = 2: the same with the gap squared, so that those far beyond weigh most.

    Nobody is beyond a norm of infinity, and who is just at the norm is inside it.

    **People who are not reached** (inf) are beyond every norm: alpha = 0 counts them. How far beyond they are has no
    number, so alpha = 1 and 2 refuse them: compute those over the people who are reached, and give the number of the
    others beside them.

    Parameters
    ----------
    values
        Shape (n,), >= 0, in the unit of the norm, for example seconds; inf is unreached.
    norm
        Above 0; one for all, or one per value where the norm depends on the place (12 minutes in built-up, 25 in
        sparse municipalities).
    alpha
        0, 1 or 2.
    weights
        As in `theil_t`.

    Returns
    -------
    A number >= 0, at most 1 for alpha = 0.

    Raises
    ------
    InputError
        If a value that counts is negative or NaN (give inf to people who are not snapped: they reach nothing); if one
        beyond the norm is inf and alpha is 1 or 2, saying how many people; if a norm is not above 0 or there is not
        one, or one per value; if alpha is another number; otherwise as `theil_t`.

    References
    ----------
    Foster, Greer and Thorbecke (1984), "A class of decomposable poverty measures", Econometrica 52(3), 761-766; World
    Health Organization (2013), Handbook on health inequality monitoring, section 3.7, for the population attributable
    risk. The `fgt_poverty` of the R package accessibility is the measure of poverty, below a line.

    Examples
    --------
    >>> times, people = [600.0, 1800.0, 3600.0, float("inf")], [60, 20, 15, 5]
    >>> fgt(times, norm=1800, alpha=0, weights=people)
    0.2
    >>> round(fgt(times[:3], norm=1800, alpha=1, weights=people[:3]), 4)
    0.1579
    """
    people, burdens = _burdens(values, weights, norm=norm, alpha=alpha, measure="fgt")
    return _average(burdens, people.weights)


@checks_arguments
def decompose_fgt(
    values: npt.ArrayLike,
    *,
    groups: Labels,
    norm: npt.ArrayLike,
    alpha: Literal[0, 1, 2],
    weights: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Split time over a norm into what lies between groups of people and what all of them share.

    total = sum_g p_g FGT_g. As it is measured from a norm that is the same whatever the others have, it
    has no part between groups in the sense of `theil_t`. It is split as public health splits a burden: between =
    sum_g p_g (FGT_g - FGT_best) is what would vanish if every group had the measure of the group with the least (the
    population attributable risk), within = FGT_best is what all groups share. between + within = total, and in the
    table of groups `between` + `within` is what the group adds to the total, p_g FGT_g. People without a group are no
    group to compare with, so between is negative only where they are better off than every group. The group with the
    least should be more than a handful of people.

    Parameters
    ----------
    groups
        As in `decompose_theil_t`.
    values, norm, alpha, weights
        As in `fgt`.

    Returns
    -------
    The table of `decompose_theil_t`; `mean` is inf where somebody is not reached.

    Raises
    ------
    InputError
        As `fgt`; if there is not one group per value, or a group is named "everybody".

    References
    ----------
    As `fgt`.

    Examples
    --------
    >>> parts = decompose_fgt([600.0, 1800.0, 3600.0], norm=900, alpha=0, weights=[60, 20, 20], groups=[1, 1, 6])
    >>> parts.loc["everybody", ["between", "within", "index"]].round(4).tolist()
    [0.15, 0.25, 0.4]
    """
    people, burdens = _burdens(values, weights, norm=norm, alpha=alpha, measure="decompose_fgt")

    def split(everybody: People, parts: Groups) -> tuple[npt.NDArray[np.float64], ...]:
        alone = np.array([_average(burdens[rows], everybody.weights[rows]) for rows in parts.rows])
        named = [place for place, name in enumerate(parts.names) if name != UNCLASSIFIED]
        best = alone[named].min() if named else alone.min()
        return alone, parts.shares * (alone - best), parts.shares * best

    total = _average(burdens, people.weights)
    return decompose(total, people, groups, measure="decompose_fgt", split=split)


def _burdens(
    values: npt.ArrayLike, weights: npt.ArrayLike | None, *, norm: npt.ArrayLike, alpha: int, measure: str
) -> tuple[People, npt.NDArray[np.float64]]:
    """Return the people that count and how far each is beyond its norm, to the power of alpha."""
    if alpha not in (0, 1, 2):
        raise InputError(f"{measure}: alpha is {alpha!r}; use 0 (how many), 1 (how far) or 2 (how far, squared)")
    people = read_people(values, weights, measure=measure, unreached=True)
    limits = _norms(norm, people, measure=measure)
    beyond = people.amounts > limits
    unreached = beyond & np.isinf(people.amounts)
    if alpha and unreached.any():
        raise InputError(
            f"{measure}: {people.weights[unreached].sum():g} of {people.weights.sum():g} people are not reached "
            "(inf), and how far beyond the norm they are has no number; use alpha 0, or leave them out of alpha "
            f"{alpha} and say so"
        )
    burdens = np.zeros_like(people.amounts)
    burdens[beyond] = 1.0 if alpha == 0 else (people.amounts[beyond] / limits[beyond] - 1) ** alpha
    return people, burdens


@checks_arguments
def norm_shortfall(
    values: npt.ArrayLike,
    *,
    norm: npt.ArrayLike,
    share: float = 1.0,
    weights: npt.ArrayLike | None = None,
    groups: Labels | None = None,
) -> pd.DataFrame:
    """Compute what it would take to bring each group to a norm: how many people, and how much time together.

    A group meets the norm where at least `share` of its people have x_i <= z. Where fewer have, those nearest to the
    norm are brought exactly to it until the share is met, which takes the least time:
    time_to_save = sum_i m_i (x_i - z), m_i <= w_i being the people brought inside. People who are not reached come
    last: no time saved brings them inside, they need a road, a ferry or a site, and are counted as people to reach.

    It is a yardstick and not a plan: a new site or a faster ferry moves everybody near it, also those inside.

    Parameters
    ----------
    values
        Shape (n,), >= 0, for example seconds; inf is unreached.
    norm
        Above 0; one for all, or one per value where the norm depends on the place.
    share
        The share of each group's people who must be inside, in (0, 1]: 0.9 for a norm that holds in 90 % of calls.
    weights, groups
        As in `theil_t`; everybody is one group, "everybody", when `groups` is left out.

    Returns
    -------
    One row per group that has people. Index `group` (text, in rising order of the labels, "unclassified" last),
    columns, in people: `population`, `people_within`, `people_beyond` (population = within + beyond),
    `people_unreached` (of those beyond), `people_to_move` (who are reached, and to be brought to the norm) and
    `people_to_reach` (who are not reached); `time_to_save`, people times the unit of the values; and `mean_to_save`,
    the same per person moved, 0 where nobody is to be moved.

    Raises
    ------
    InputError
        If `share` is outside (0, 1]; otherwise as `fgt` with alpha 0.

    Examples
    --------
    >>> norm_shortfall(
    ...     [600.0, 2400.0, 1800.0, 3600.0, float("inf")],
    ...     norm=1800, weights=[80, 20, 10, 25, 5], groups=[1, 1, 6, 6, 6],
    ... )[["population", "people_beyond", "people_to_move", "people_to_reach", "time_to_save"]]
           population  people_beyond  people_to_move  people_to_reach  time_to_save
    group
    1           100.0           20.0            20.0              0.0       12000.0
    6            40.0           30.0            25.0              5.0       45000.0
    """
    if not 0 < share <= 1:
        raise InputError(f"norm_shortfall: share is {share}; it is a share of people above 0 and at most 1")
    people = read_people(values, weights, measure="norm_shortfall", unreached=True)
    limits = _norms(norm, people, measure="norm_shortfall")
    labels: Labels = np.full(people.kept.size, "everybody") if groups is None else groups
    parts = read_groups(labels, people, measure="norm_shortfall")
    rows = [_shortfall(people.amounts[part], limits[part], people.weights[part], share=share) for part in parts.rows]
    return pd.DataFrame(rows, index=pd.Index(parts.names, name="group"))


def _shortfall(
    values: npt.NDArray[np.float64], norms: npt.NDArray[np.float64], people: npt.NDArray[np.float64], *, share: float
) -> dict[str, float]:
    beyond = values > norms
    unreached = beyond & np.isinf(values)
    reached = beyond & ~unreached
    over = values[reached] - norms[reached]
    order = np.argsort(over, kind="stable")
    movable = people[reached][order]
    population, within = float(people.sum()), float(people[~beyond].sum())
    wanted = share * population - within
    if share == 1:
        wanted = np.inf  # everybody who is beyond, whatever the sums were rounded to
    elif wanted <= ROUNDING * population:
        wanted = 0.0
    # Whoever comes after those that suffice is not moved, and of the cell on the border only a part.
    moved = np.clip(wanted - (np.cumsum(movable) - movable), 0.0, movable)
    saved = float(np.sum(moved * over[order]))
    cut_off = float(people[unreached].sum())
    return {
        "population": population,
        "people_within": within,
        "people_beyond": float(people[beyond].sum()),
        "people_unreached": cut_off,
        "people_to_move": float(moved.sum()),
        "people_to_reach": min(max(wanted - float(movable.sum()), 0.0), cut_off),
        "time_to_save": saved,
        "mean_to_save": saved / float(moved.sum()) if moved.any() else 0.0,
    }


def _norms(norm: npt.ArrayLike, people: People, *, measure: str) -> npt.NDArray[np.float64]:
    """Return one norm per row that counts."""
    same_order(people.given, norm, measure=measure, name="norms")
    norms = read_numbers(np.atleast_1d(norm), measure=measure, name="norms")
    if norms.size not in (1, people.kept.size):
        raise InputError(
            f"{measure}: {people.kept.size} values but {norms.size} norms; give one for all or one per value"
        )
    limits = np.broadcast_to(norms, people.kept.shape)[people.kept]
    wrong = ~(limits > 0)
    if wrong.any():
        raise InputError(
            f"{measure}: norm is {limits[wrong][0]:g} for {int(wrong.sum())} values; it must be above 0, in the unit "
            "of the values"
        )
    return limits


def _average(burdens: npt.NDArray[np.float64], people: npt.NDArray[np.float64]) -> float:
    return float(np.sum(burdens * people) / np.sum(people))

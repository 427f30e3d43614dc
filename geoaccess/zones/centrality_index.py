"""A centrality index computed by the method of Statistics Norway, for places and years without a published one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.zones.centrality import class_from_index
from geoaccess.zones.scheme_files import read_scheme

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.zones.schemes import CentralityScheme

__all__ = ["compute_centrality", "time_weight"]

Transform = Literal["log", "sqrt", "linear"]

TRANSFORMS = {"log": np.log1p, "sqrt": np.sqrt, "linear": np.positive}


@checks_arguments
def time_weight(
    time_s: npt.ArrayLike, *, cutoff_s: float = 5400.0, tenth_at_s: float = 2700.0
) -> npt.NDArray[np.float64]:
    """How much a workplace or service function counts, by the time it takes to get there.

    weight = 10 ** (-t / tenth_at_s) where t <= cutoff_s, else 0: a workplace 45 minutes away counts a tenth of one at
    the door, one beyond 90 minutes nothing. Statistics Norway derived its decay from the national travel survey of
    2013/14; what is published of it is that a workplace 45 minutes away counts about 10 per cent of one under a
    minute away. That it falls exponentially in between, and equally for workplaces and services, is our choice.

    Parameters
    ----------
    time_s
        Any shape, seconds by car; inf (unreachable) and NaN (not snapped) count nothing.
    cutoff_s
        The longest time that counts.
    tenth_at_s
        The time at which the weight is 0.1.

    Returns
    -------
    Weights in [0, 1], of the shape of `time_s`.

    Raises
    ------
    InputError
        If a time is negative, or a setting is not above 0.

    References
    ----------
    Høydahl (2017), "Ny sentralitetsindeks for kommunene", Statistics Norway, Notater 2017/40; Ministry of Local
    Government, "Regionale utviklingstrekk 2018", appendix 1, for the ten per cent.

    Examples
    --------
    >>> time_weight([0.0, 2700.0, 5400.0, 5401.0]).tolist()
    [1.0, 0.1, 0.01, 0.0]
    """
    times = np.asarray(time_s, dtype=np.float64)
    if not (cutoff_s > 0 and tenth_at_s > 0):
        raise InputError(f"time_weight: cutoff_s is {cutoff_s} and tenth_at_s {tenth_at_s}; both must be above 0")
    if (times < 0).any():
        raise InputError(f"time_weight: {int((times < 0).sum())} times are negative; travel times are seconds >= 0")
    return np.where(times <= cutoff_s, 10.0 ** (-times / tenth_at_s), 0.0)


@checks_arguments
def compute_centrality(
    *,
    workplaces_reached: npt.ArrayLike,
    kinds_reached: npt.ArrayLike,
    population: npt.ArrayLike,
    municipality_id: npt.ArrayLike,
    weights: tuple[float, float] = (2 / 3, 1 / 3),
    cuts: tuple[float, ...] | None = None,
    scheme: CentralityScheme | None = None,
    transform: Transform = "log",
    most_central: float | None = None,
) -> pd.DataFrame:
    """Centrality index and class of each municipality, from what its inhabitants can reach.

    With W_i the workplaces and K_i the kinds of service function that origin i reaches, each weighted by time (see
    `time_weight`), f the transform and the largest values taken over the inhabited origins:
    c_i = weights[0] f(W_i) / max f(W) + weights[1] f(K_i) / max f(K). The municipality's c is the mean of c_i over its
    people, and its index most_central c / max c, so that the most central municipality has 1000 where the origins are a
    whole country. An index of 0 means that nobody there reaches a workplace or a service.

    The frame is Statistics Norway's: official minutes by car, 90 of them, workplaces two thirds and services one third,
    means over people, the most central at 1000, the class cuts. The transform of the two parts is not given in what
    we have of the method, so this index is an approximation and must be presented as one beside every class it gives.
    "log" is f(x) = log(1 + x); it is the default because it comes near the spread of the published index (293 to 1000
    in 2024), while "sqrt" and "linear" press nearly all municipalities into class 6. log(1 + x) depends on the unit:
    give workplaces one by one, not in thousands.

    Parameters
    ----------
    workplaces_reached, kinds_reached
        Shape (n_origins,), >= 0, decayed sums.
    population
        Shape (n_origins,), people >= 0. Origins without people take no part.
    municipality_id
        Shape (n_origins,), text; origins with "" take no part in a municipality but do in the largest values.
    weights
        Of workplaces and of services; they are divided by their sum.
    cuts
        The lowest index of each class but the last, falling; those of the scheme if not given.
    scheme
        The classes; those of Statistics Norway if not given.
    transform
        "log", "sqrt" or "linear".
    most_central
        The index of the most central municipality: the highest of the scheme (1000) in a whole country, if not given.
        Where the origins are part of one, its official index (Tromsø in Troms: 803); with 1000 a small town would come
        out as central as the capital.

    Returns
    -------
    Index `municipality_id` (text, sorted); columns `centrality_index` (0 to the highest of the scheme, or 1000; NaN
    where a municipality has no people) and `centrality_class` (Int8, <NA> where the index is NaN).

    Raises
    ------
    InputError
        If the arrays differ in length, a number is negative, infinite or missing, the weights do not sum to more than
        0, the transform is unknown, `most_central` is not in (0, 1000], or nobody in any municipality reaches anything.

    References
    ----------
    Høydahl (2017), "Ny sentralitetsindeks for kommunene", Statistics Norway, Notater 2017/40; Høydahl (2020),
    "Sentralitetsindeksen. Oppdatering med 2020-kommuner", Notater 2020/4.

    Examples
    --------
    >>> compute_centrality(
    ...     workplaces_reached=[90_000.0, 400.0, 3.0],
    ...     kinds_reached=[60.0, 20.0, 2.0],
    ...     population=[5000, 800, 90],
    ...     municipality_id=["0301", "5501", "5636"],
    ... ).round(0)
                     centrality_index  centrality_class
    municipality_id
    0301                       1000.0                 1
    5501                        597.0                 5
    5636                        170.0                 6
    """
    if transform not in TRANSFORMS:
        raise InputError(f"compute_centrality: transform is {transform!r}; use one of {', '.join(TRANSFORMS)}")
    if min(weights) < 0 or not np.isfinite(sum(weights)) or sum(weights) <= 0:
        raise InputError(f"compute_centrality: weights are {weights}; use numbers >= 0 that are not both 0")
    given = municipality_id if isinstance(municipality_id, pd.Series) else np.asarray(municipality_id, dtype=object)
    people = _amounts(population, "population", given.shape)
    inhabited = people > 0
    central = np.zeros(given.shape)
    parts = (("workplaces_reached", workplaces_reached, weights[0]), ("kinds_reached", kinds_reached, weights[1]))
    for name, amounts, weight in parts:
        reached = TRANSFORMS[transform](_amounts(amounts, name, given.shape))
        largest = float(np.max(reached, where=inhabited, initial=0.0))
        if largest > 0:
            central += weight / sum(weights) * reached / largest
    codes, identifiers = pd.factorize(pd.Series(given).astype("str"), sort=True)
    total = np.bincount(codes, weights=people, minlength=len(identifiers))
    summed = np.bincount(codes, weights=people * central, minlength=len(identifiers))
    mean = np.full(len(identifiers), np.nan)
    np.divide(summed, total, out=mean, where=total > 0)
    table = pd.Series(mean, index=pd.Index(identifiers, name="municipality_id")).drop("", errors="ignore")
    scheme = scheme or read_scheme()
    limit = 1000.0 if scheme.highest_index is None else scheme.highest_index
    top = limit if most_central is None else most_central
    if not 0 < top <= limit:
        raise InputError(f"compute_centrality: most_central is {most_central}; it must be above 0, at most {limit:g}")
    highest = table.max()
    if not highest > 0:
        raise InputError("compute_centrality: nobody reaches a workplace or a service; check the sums and the network")
    index = table * (top / highest)
    index[table == highest] = top
    return pd.DataFrame(
        {"centrality_index": index, "centrality_class": class_from_index(index.to_numpy(), scheme=scheme, cuts=cuts)},
        index=table.index,
    )


def _amounts(values: npt.ArrayLike, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """Return numbers of the given shape, or raise `InputError` if one is negative, infinite or missing."""
    amounts = np.asarray(values, dtype=np.float64)
    if amounts.shape != shape or amounts.ndim != 1:
        raise InputError(f"compute_centrality: {name} has shape {amounts.shape} but municipality_id {shape}")
    wrong = ~(np.isfinite(amounts) & (amounts >= 0))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"compute_centrality: {name} has {int(wrong.sum())} numbers that are negative, infinite or missing (the "
            f"first is {amounts[first]} at position {first}); give numbers >= 0, 0 where nothing is reached"
        )
    return amounts

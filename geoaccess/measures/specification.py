"""What a measure must know of a service, and the reasons why people may not be reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from geoaccess.direction import wrong_direction
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.direction import Direction

__all__ = ["REASONS", "Limit", "ServiceSpec", "TimeKind"]

Limit: TypeAlias = "float | npt.NDArray[np.float64]"
"""A norm as times are held against it: seconds, one for all cells or one for each."""

TimeKind: TypeAlias = Literal["travel", "response", "treatment"]
"""What a time is: travel alone; from the call until an ambulance is there; or until the patient is at treatment."""

REASONS = (
    "no_road_within",
    "island_without_ferry",
    "passenger_ferry_only",
    "no_site_reachable",
    "road_not_connected",
    "across_water",
    "no_place",
)
"""Why a cell is not reached, in the order of the columns of every table."""


@dataclass(frozen=True)
class ServiceSpec:
    """A service as the measures and the maps see it.

    Parameters
    ----------
    key
        The service's prefix in the table of results: `gp` for the columns `gp_s`, `gp_reason` and so on.
    label
        What a reader is shown, "GP".
    direction
        "to_sites" where people travel to the service, "to_people" where it comes to them, as an ambulance does.
    norms_s
        Target times in seconds, rising; empty where there are none. inf is no norm: nobody is beyond it.
    norm_column
        The column of the results that holds the norm of each cell, where cells differ in it; `norms_s` are then the
        values that occur, and together they are one norm. "" where all cells are held against every norm.
    time
        What the times are: "travel" alone, or counted from the call: "response" until an ambulance is there,
        "treatment" until it has the patient at a site that can treat. Maps, tables and sentences name them by it.
    proxy_note
        What stands in for the real sites, "" when they are the real ones.
    population
        The column of the cells that counts for this service: everybody, or those whom it is asked about, such as
        `population_women_15_49`. Every measure of the service counts these people; the others are not asked about.
    who
        What a reader is shown of these people, "women 15-49"; "" where it is everybody.
    trips_per_year
        Journeys of each of these people a year; None where they are not known, and sums of people and time are per one
        journey each.

    Raises
    ------
    InputError
        If the key is not a word of letters, digits and underscores, if `direction` or `time` is another word, if the
        norms are not positive and rising, or if the journeys are not a number above 0.

    Examples
    --------
    >>> ServiceSpec(key="legevakt", label="Legevakt", norms_s=(2400.0, 3600.0)).direction
    'to_sites'

    An ambulance is held against the norm of the cell:

    >>> import pandas as pd
    >>> cells = pd.DataFrame({"ambulance_norm_s": [720.0, 1500.0]})
    >>> own = ServiceSpec(
    ...     key="ambulance", label="Ambulance", norms_s=(720.0, 1500.0), norm_column="ambulance_norm_s"
    ... )
    >>> own.n_norms, [limit.tolist() for limit in own.limits(cells)]
    (1, [[720.0, 1500.0]])
    """

    key: str
    label: str
    direction: Direction = "to_sites"
    norms_s: tuple[float, ...] = ()
    norm_column: str = ""
    time: TimeKind = "travel"
    proxy_note: str = ""
    population: str = "population"
    who: str = ""
    trips_per_year: float | None = None

    def __post_init__(self) -> None:
        """Check the invariant."""
        problems = []
        if not self.key.isidentifier():
            problems.append(f"key is {self.key!r}; use letters, digits and underscores, as in 'gp'")
        if wrong := wrong_direction(self.direction):
            problems.append(wrong)
        if self.time not in get_args(TimeKind):
            problems.append(f"time is {self.time!r}; use one of {', '.join(get_args(TimeKind))}")
        if any(math.isnan(norm) or norm <= 0 for norm in self.norms_s):
            problems.append(f"norms_s is {self.norms_s}; every norm must be a number of seconds above 0")
        elif any(later <= earlier for earlier, later in zip(self.norms_s, self.norms_s[1:], strict=False)):
            problems.append(f"norms_s is {self.norms_s}; write the norms in rising order, each once")
        if self.trips_per_year is not None and not 0 < self.trips_per_year < math.inf:
            problems.append(f"trips_per_year is {self.trips_per_year}; give journeys of each person a year, above 0")
        if self.norm_column and not self.norms_s:
            problems.append(f"norm_column is {self.norm_column!r}; give the values that occur in it as norms_s")
        if problems:
            raise InputError.listing(f"service {self.key!r}", problems)

    @property
    def from_call(self) -> bool:
        """Whether times count from the call."""
        return self.time != "travel"

    @property
    def n_norms(self) -> int:
        """How many norms people are held against: where each cell has its own, one."""
        return 1 if self.norm_column else len(self.norms_s)

    @property
    def norm_limits(self) -> tuple[tuple[float, ...], ...]:
        """The seconds that people may be held against under each norm: several where cells differ in it."""
        return (self.norms_s,) if self.norm_column else tuple((norm,) for norm in self.norms_s)

    @property
    def norm_values(self) -> tuple[float, ...]:
        """The seconds of each norm as tables give them: NaN where cells differ in it."""
        return (math.nan,) if self.norm_column else self.norms_s

    def limits(self, cells: pd.DataFrame) -> list[Limit]:
        """Return what the times of some cells are held against, for each norm: one number, or one for each cell.

        Raises
        ------
        InputError
            If each cell has its own norm, and the table does not say which, or one is not above 0.
        """
        if not self.norm_column:
            return list(self.norms_s)
        if self.norm_column not in cells:
            raise InputError(f"results: no column {self.norm_column}, the norm of each cell for {self.key}")
        own = cells[self.norm_column].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = ~(own > 0)
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            raise InputError(
                f"results: {self.norm_column} of {int(wrong.sum())} cells is no number above 0 (cell "
                f"{cells.index[first]}: {own[first]})"
            )
        return [own]

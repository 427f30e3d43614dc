"""What a measure must know of a service, and the reasons why people may not be reached."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.direction import wrong_direction
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from geoaccess.direction import Direction

__all__ = ["REASONS", "ServiceSpec"]

REASONS = (
    "no_road_within",
    "island_without_ferry",
    "passenger_ferry_only",
    "no_site_reachable",
    "road_not_connected",
    "across_water",
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
        If the key is not a word of letters, digits and underscores, if `direction` is another word, if the norms are
        not positive and rising, or if the journeys are not a number above 0.

    Examples
    --------
    >>> ServiceSpec(key="legevakt", label="Legevakt", norms_s=(2400.0, 3600.0)).direction
    'to_sites'
    """

    key: str
    label: str
    direction: Direction = "to_sites"
    norms_s: tuple[float, ...] = ()
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
        if any(math.isnan(norm) or norm <= 0 for norm in self.norms_s):
            problems.append(f"norms_s is {self.norms_s}; every norm must be a number of seconds above 0")
        elif any(later <= earlier for earlier, later in zip(self.norms_s, self.norms_s[1:], strict=False)):
            problems.append(f"norms_s is {self.norms_s}; write the norms in rising order, each once")
        if self.trips_per_year is not None and not 0 < self.trips_per_year < math.inf:
            problems.append(f"trips_per_year is {self.trips_per_year}; give journeys of each person a year, above 0")
        if problems:
            raise InputError.listing(f"service {self.key!r}", problems)

"""The measures that a catchment of a study may ask for; a new one is one more object here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geoaccess import measures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

__all__ = ["MEASURES", "CatchmentMeasure"]


@dataclass(frozen=True)
class CatchmentMeasure:
    """A measure of supply within reach, as study files name it.

    Attributes
    ----------
    name
        The word of the study file.
    compute
        The measure: of times between cells and sites, with `supply` and what the marks below say.
    decays
        Whether it takes a decay; else it counts everything within its cutoff alike.
    shares
        Whether the supply is shared between those who reach it, so that it asks for the people (`demand`).
    of_cell
        Whether it is what falls to a cell together, not to each person there.
    weighs
        Whether it weighs travel against crowding, so that it takes `tau_s`.
    with_sites
        What returns it and the people of each site of one solution, where it finds both at once.
    first_step
        The measure whose first step (`site_demand`) it shares; its own if not given.
    """

    name: str
    compute: Callable[..., pd.Series]
    decays: bool = True
    shares: bool = False
    of_cell: bool = False
    weighs: bool = False
    first_step: str = ""
    with_sites: Callable[..., tuple[pd.Series, pd.DataFrame]] | None = None


MEASURES: Final[Mapping[str, CatchmentMeasure]] = {
    one.name: one
    for one in (
        CatchmentMeasure("cumulative", measures.cumulative_opportunities, decays=False),
        CatchmentMeasure("gravity", measures.gravity),
        CatchmentMeasure("two_step", measures.two_step, shares=True),
        CatchmentMeasure("three_step", measures.three_step, shares=True),
        CatchmentMeasure("balanced", measures.balanced, shares=True),
        CatchmentMeasure(
            "spatial_availability", measures.spatial_availability, shares=True, of_cell=True, first_step="two_step"
        ),
        CatchmentMeasure("doubly_constrained", measures.doubly_constrained, shares=True, first_step="two_step"),
        CatchmentMeasure(
            "raam", measures.raam, decays=False, shares=True, weighs=True, with_sites=measures.raam_with_sites
        ),
    )
}
"""By the word of the study file."""

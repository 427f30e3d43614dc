"""That nobody is lost, and whom pictures, the planner and what is shared between people count.

Of a cell few people are not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.demand import assumed_people
from geoaccess.errors import InputError
from geoaccess.study.zonings import carried_demands

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.study.settings.study_file import Study

__all__ = ["counted_people", "refuse_lost_people"]


def counted_people(results: pd.DataFrame, study: Study) -> dict[str, npt.NDArray[np.float64]]:
    """Return the people of the cells by column: few are spread over the cells of their municipality that have few.

    These count wherever a number for single cells, or for any of them that somebody chooses, would tell theirs; without
    `[population] mask_below` they are the people as they are. See `geoaccess.demand.assumed_people`.
    """
    return assumed_people(
        results,
        below=study.settings.population.mask_below,
        zones=results["municipality_id"].to_numpy(),
        columns=carried_demands(study),
    )


def refuse_lost_people(results: pd.DataFrame, cells: pd.DataFrame, study: Study) -> None:
    """Check the law that everything rests on, for every service: people in = people reached + unreached by reason.

    Raises
    ------
    InputError
        If it does not hold.
    """
    for spec in study.specs:
        key, counted = spec.key, cells[spec.population].to_numpy()
        here = (results[f"{key}_reason"] == "").to_numpy(bool)
        people, reached, unreached = counted.sum(), counted[here].sum(), counted[~here].sum()
        if abs(reached + unreached - people) > 1e-6 * people:
            raise InputError(f"{key}: {people} people came in but {reached} + {unreached} came out; please report this")

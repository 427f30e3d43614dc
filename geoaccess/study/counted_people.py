"""Whom pictures, the planner and what is shared between people count, where few people of a cell are not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.demand import assumed_people
from geoaccess.study.zonings import carried_demands

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from geoaccess.study.settings.study_file import Study

__all__ = ["counted_people"]


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

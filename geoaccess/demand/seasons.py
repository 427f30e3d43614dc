"""Where people are in a season: second homes, and herders who move with their reindeer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.demand.zone_tables import check_people, require, spread, sum_by, zone_of_cells
from geoaccess.errors import InputError
from geoaccess.tables import as_text, match_zones
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["move_people"]

_ROUNDING = 1e-9
"""Share by which the people of cells may sum to less than those of their zone."""


@checks_arguments
def move_people(
    people: pd.Series,
    *,
    moves: pd.DataFrame,
    season: str,
    zone: pd.Series,
    to_zone: pd.Series | None = None,
    to_weights: pd.Series | None = None,
) -> pd.Series:
    """People of each cell in a season, after a table of who stays where.

    P'_i = P_i (1 - L_{z(i)} / P_{z(i)}) + A_{y(i)} w_i / W_{y(i)}, where L leave the zone z and A arrive in the zone y,
    P_z and W_y being the sums over a zone. Those who leave are drawn evenly from the people of the zone.

    Parameters
    ----------
    people
        P_i, residents by cell id. Cells where nobody lives but second homes are must be there, with 0.
    moves
        Columns `season`, `from_zone`, `to_zone` and `people`. An empty `from_zone` are people who come from elsewhere
        and are added; an empty `to_zone` are people who go elsewhere.
    season
        Which season of it: "summer".
    zone
        The zone that people leave, by cell id: municipalities.
    to_zone
        The zone that they go to, by cell id: reindeer herding districts, say; "" for a cell in none. None: as `zone`.
    to_weights
        w_i >= 0 by cell id, how those who arrive are shared out within their zone: second homes. None: like residents.

    Returns
    -------
    Series with the name of `people` on its index. Its sum is that of `people`, plus those who come from elsewhere, less
    those who go elsewhere.

    Raises
    ------
    InputError
        If a column, the season or a zone is not there, more people leave a zone than live in it, a zone where people
        arrive has no weight, a number is missing, negative or infinite, or a cell lies in no zone that it may leave.

    Examples
    --------
    >>> people = pd.Series({"town": 100.0, "hamlet": 20.0, "plateau": 0.0})
    >>> zone = pd.Series({"town": "Alta", "hamlet": "Kautokeino", "plateau": "Kautokeino"})
    >>> moves = pd.DataFrame({
    ...     "season": "winter", "from_zone": ["Alta", ""], "to_zone": ["Kautokeino", "Kautokeino"], "people": [10, 5],
    ... })
    >>> cabins = pd.Series({"town": 0.0, "hamlet": 1.0, "plateau": 2.0})
    >>> move_people(people, moves=moves, season="winter", zone=zone, to_weights=cabins).to_dict()
    {'town': 90.0, 'hamlet': 25.0, 'plateau': 10.0}
    """
    require(moves, ["season", "from_zone", "to_zone", "people"], subject="moves")
    here = check_people(people, subject="people")
    weight = here if to_weights is None else check_people(to_weights.reindex(people.index), subject="to_weights")
    rows = moves[(moves["season"] == season).to_numpy()]
    if not len(rows):
        raise InputError(f'moves: season "{season}" is not there{did_you_mean(season, moves["season"].unique())}')
    going = check_people(rows["people"], subject="moves, people")
    code, zones = zone_of_cells(zone, people.index)
    # A cell in no zone of arrival gets a zone that no move names.
    landing = zone if to_zone is None else as_text(to_zone.reindex(people.index)).replace("", "(none)")
    to_code, to_zones = zone_of_cells(landing, people.index)
    problems: list[str] = []
    leaving = _by_zone(rows["from_zone"], going, zones, problems, "from_zone")
    arriving = _by_zone(rows["to_zone"], going, to_zones, problems, "to_zone")
    living, room = sum_by(code, here, len(zones)), sum_by(to_code, weight, len(to_zones))
    problems += [
        f"{leaving[z]:g} people leave {zones[z]}, where {living[z]:g} live"
        for z in np.flatnonzero(leaving > living * (1 + _ROUNDING)).tolist()
    ]
    problems += [
        f"people arrive in {to_zones[z]}, where every cell has a weight of 0"
        for z in np.flatnonzero((arriving > 0) & (room == 0)).tolist()
    ]
    if problems:
        raise InputError.listing(f"moves in {season}", problems)
    stay = spread(np.maximum(living - leaving, 0.0), code, here)
    return pd.Series(stay + spread(arriving, to_code, weight), index=people.index, name=people.name)


def _by_zone(
    column: pd.Series, going: npt.NDArray[np.float64], zones: pd.Index, problems: list[str], name: str
) -> npt.NDArray[np.float64]:
    """Return how many go, by zone; empty zones are elsewhere."""
    ids = match_zones(column, zones)
    place = zones.get_indexer(pd.Index(ids))
    lost = ids[(place < 0) & (ids != "").to_numpy()].unique()
    problems += [f"{name} {zone} has no cell; leave it empty for elsewhere" for zone in lost]
    return sum_by(place[place >= 0], going[place >= 0], len(zones))

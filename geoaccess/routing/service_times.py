"""`TravelTimes`: the nearest sites of every cell, service by service, as measures take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.routing.sites import nearest_snapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.direction import Direction
    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network import Network

__all__ = ["TravelTimes", "nearest_by_service"]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """How long every cell needs to the nearest and the second nearest site of each service.

    `off_network_m` is the leg beside the network, NaN where a cell is not snapped; `services` has, by the key of the
    service, what `geoaccess.nearest` returns for k = 2: seconds (inf where no site is reached, NaN where the cell is
    not snapped), the sites, and the reason where there is none; sites may also be text, "" for none.
    """

    off_network_m: pd.Series
    services: Mapping[str, pd.DataFrame]

    def columns(self) -> pd.DataFrame:
        """Return a row per cell: of each service `{key}_s`, `_site`, `_second_s`, `_second_site` and `_reason`."""
        out = {"off_network_m": self.off_network_m}
        for key, found in self.services.items():
            out |= {
                f"{key}_s": found["travel_time_s"],
                f"{key}_site": _texts(found["site"]),
                f"{key}_second_s": found["travel_time_2_s"],
                f"{key}_second_site": _texts(found["site_2"]),
                f"{key}_reason": _texts(found["reason"]),
            }
        return pd.DataFrame(out)


def _texts(labels: pd.Series[Any]) -> pd.Series[str]:
    """Return labels as text, "" where there is none; of many cells there are few labels, each made a text once."""
    if isinstance(labels.dtype, pd.StringDtype):
        return labels
    code, different = pd.factorize(labels)
    texts = pd.Series([*different, ""], dtype="object").astype("str")
    return pd.Series(texts.array.take(code), index=labels.index, name=labels.name)


@checks_arguments
def nearest_by_service(
    network: Network | Hierarchy,
    cells: pd.DataFrame,
    sites: pd.DataFrame,
    *,
    service: pd.Series[str],
    directions: Mapping[str, Direction],
) -> TravelTimes:
    """Search the two nearest sites of each service for every cell.

    Parameters
    ----------
    network
        A hierarchy where there are many services.
    cells, sites
        What `snap` returns.
    service
        The service of each site, in the order of `sites`.
    directions
        For each service to search, who travels: people ("to_sites") or vehicles ("to_people").

    Raises
    ------
    InputError
        If a service has no site.
    """
    found = {
        key: nearest_snapped(network, cells, sites[(service == key).to_numpy()], k=2, direction=direction)
        for key, direction in directions.items()
    }
    return TravelTimes(cells["off_network_m"], found)

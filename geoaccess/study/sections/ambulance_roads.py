"""The legs of the ambulance chain that follow the roads, on the network of the vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess.measures import road_chain
from geoaccess.network import setting_out_after
from geoaccess.routing import nearest_snapped, travel_times

if TYPE_CHECKING:
    from geoaccess.measures import ChainTimes
    from geoaccess.study.sections.inputs import SolvedInput
    from geoaccess.study.settings.ambulance import AmbulanceSettings
    from geoaccess.study.stages import Roads

__all__ = ["Chain", "chain_by_road"]

_NAMES = {"to_patient": "ambulance_response", "to_treatment": "ambulance_treatment"}


@dataclass(frozen=True)
class Chain:
    """The chain by road.

    `columns` are those of the cells, times in seconds from the call; `times` the seconds from the call until each of
    the k nearest bases is with the patient, and `bases` which they are, both of shape (n_cells, k).
    """

    columns: pd.DataFrame
    times: pd.DataFrame
    bases: pd.DataFrame


def chain_by_road(solved: SolvedInput, settings: AmbulanceSettings, roads: Roads, times: ChainTimes) -> Chain:
    """Search bases, site and the way back, and add up the chain."""
    bases, sites = (
        setting_out_after(roads.snapped.sites[(solved.sites["service"] == key).to_numpy()], 0)  # the chain adds it
        for key in (settings.base, settings.site)
    )
    coming = nearest_snapped(roads.network, roads.snapped.cells, bases, k=settings.bases, direction="to_people")
    onward = nearest_snapped(roads.network, roads.snapped.cells, sites, k=1)
    returning = pd.DataFrame(travel_times(roads.network, sites, bases), index=sites.index, columns=bases.index)
    base, site = (found["site"].fillna("").astype("str") for found in (coming, onward))
    chain = road_chain(
        coming["travel_time_s"],
        onward["travel_time_s"],
        times=times,
        base_second_s=coming["travel_time_2_s"],
        base_reason=coming["reason"].astype("str"),
        site_reason=onward["reason"].astype("str"),
        base=base,
        site=site,
        returning=returning,
    )
    for name in ("to_patient_reason", "to_treatment_reason"):
        chain[name] = chain[name].astype("str")
    chain = chain.rename(columns=lambda name: f"ambulance_{name}" if name == "busy_s" else _renamed(str(name)))
    chain.insert(0, "ambulance_drive_s", coming["travel_time_s"])
    chain.insert(2, "ambulance_response_site", base)
    chain.insert(4, "ambulance_treatment_site", site)
    return Chain(
        columns=chain,
        times=coming.filter(regex=r"^travel_time(_\d+)?_s$") + times.start_s,
        bases=coming.filter(regex=r"^site(_\d+)?$"),
    )


def _renamed(name: str) -> str:
    """Return "ambulance_response_second_s" for "to_patient_second_s"."""
    for old, new in _NAMES.items():
        if name.startswith(old):
            return name.replace(old, new, 1)
    return name

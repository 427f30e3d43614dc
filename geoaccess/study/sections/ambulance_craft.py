"""Ambulances that do not follow the roads: helicopters, boats and aeroplanes, and which mode is the fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import measures, services
from geoaccess.errors import InputError
from geoaccess.routing import nearest, travel_times_within
from geoaccess.study.settings.ambulance import PortCraft

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.measures import AmbulanceFigures
    from geoaccess.study.sections.inputs import PeopleInput, SolvedInput
    from geoaccess.study.settings.ambulance import AmbulanceSettings, Places
    from geoaccess.study.stages import Roads

__all__ = ["add_crafts", "read_places_of_crafts"]


def add_crafts(
    solved: SolvedInput, settings: AmbulanceSettings, roads: Roads, figures: AmbulanceFigures, car: pd.DataFrame
) -> pd.DataFrame:
    """Return the times of each requested craft, the fastest mode to treatment, and the one to count on.

    `car` are the columns of the chain by road. Nothing where no craft is requested.
    """
    if not settings.crafts:
        return pd.DataFrame(index=car.index)
    columns, treated = {}, {"car": car["ambulance_treatment_s"]}
    for mode, places in read_places_of_crafts(solved, settings).items():
        craft = settings.crafts[mode]
        if isinstance(craft, PortCraft):
            times = _by_port(solved, settings, roads, figures, car, mode=mode, road_s=craft.road_min * 60, **places)
        else:
            hospitals = solved.sites[solved.sites["service"] == settings.site]
            times = measures.helicopter_chain(solved.results, places["stations"], hospitals, mode=figures.modes[mode])
        columns[f"ambulance_{mode}_response_s"] = times["to_patient_s"]
        columns[f"ambulance_{mode}_treatment_s"] = treated[mode] = times["to_treatment_s"]
    modes = pd.DataFrame(treated)
    best = measures.fastest_mode(modes)
    weather = {mode: figures.modes[mode].availability for mode in treated}
    sure = measures.dependable_time(modes, availability=weather, probability=settings.probability)
    columns["ambulance_fastest_s"], columns["ambulance_fastest_mode"] = best["time_s"], best["mode"].astype("str")
    columns["ambulance_dependable_s"], columns["ambulance_dependable_mode"] = (
        sure["time_s"],
        sure["needs"].astype("str"),
    )
    for name in ("fastest", "dependable"):
        columns[f"ambulance_{name}_reason"] = _reason(columns[f"ambulance_{name}_s"], car)
    return pd.DataFrame(columns)


def _by_port(
    solved: SolvedInput,
    settings: AmbulanceSettings,
    roads: Roads,
    figures: AmbulanceFigures,
    car: pd.DataFrame,
    *,
    mode: str,
    road_s: float,
    stations: gpd.GeoDataFrame,
    ports: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return the chain of a boat or an aeroplane."""
    kind, snapping = figures.modes[mode], solved.study.settings.snap
    near: dict[str, Any] = {
        "max_snap_m": snapping.max_m,
        "off_network_kph": snapping.off_network_kph,
        "min_component_m": solved.study.settings.network.min_component_km * 1000,
    }
    hospitals = solved.sites[solved.sites["service"] == settings.site]
    onward_s = nearest(roads.network, ports, hospitals, k=1, **near)["travel_time_s"].fillna(np.inf)
    reached = measures.port_times(
        measures.crossing_times(stations, ports, mode=kind),
        measures.crossing_times(ports, ports, mode=kind),
        site_s=onward_s,
    )
    cells = solved.results
    to_ports = travel_times_within(roads.network, cells, ports, cutoff_s=road_s, **near)
    if mode == "aeroplane":
        fetched_s = car["ambulance_response_s"] + figures.modes["car"].times.on_scene_s
        return measures.aeroplane_chain(fetched_s, reached, to_ports=to_ports, times=kind.times)
    from_ports = travel_times_within(roads.network, cells, ports, cutoff_s=road_s, direction="to_people", **near)
    return measures.boat_chain(cells.index, reached, from_ports=from_ports, to_ports=to_ports, times=kind.times)


def read_places_of_crafts(known: PeopleInput, settings: AmbulanceSettings) -> dict[str, dict[str, gpd.GeoDataFrame]]:
    """Return the stations and the ports of each craft that is asked for."""
    return {
        mode: {what: _read(known, asked, mode, what) for what, asked in craft.places.items()}
        for mode, craft in settings.crafts.items()
    }


def _read(solved: PeopleInput, asked: Places, mode: str, what: str) -> gpd.GeoDataFrame:
    """Return the stations or the ports of a craft."""
    if asked.file:
        return services.read_sites(solved.study.resolve(asked.file), service=f"{mode} {what}")
    if asked.service:
        return solved.sites[solved.sites["service"] == asked.service]
    places = services.sites_from_features(solved.mapped, what, tags=asked.tags, with_names=asked.with_names)
    if places.empty:
        raise InputError(
            f"{solved.study.path}: [ambulance.{mode}] {what}: the extract has nothing with the tags {asked.tags}"
            f"{f' and the names {asked.with_names}' if asked.with_names else ''}"
        )
    return places


def _reason(times_s: pd.Series, car: pd.DataFrame) -> pd.Series:
    """Return why nobody comes: what keeps the car, or that it cannot be counted on."""
    reason = car["ambulance_treatment_reason"].where(car["ambulance_treatment_reason"] != "", "no_site_reachable")
    return reason.where(~np.isfinite(times_s), "").astype("str")

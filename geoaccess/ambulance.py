"""Ambulances: chains from the call to care by car, boat and aircraft, norms of response, and availability."""

from __future__ import annotations

from geoaccess.measures import (
    AmbulanceFigures,
    ChainTimes,
    Mode,
    ResponseNorms,
    aeroplane_chain,
    base_availability,
    base_table,
    boat_chain,
    busy_fraction,
    crossing_times,
    dependable_time,
    expected_coverage,
    expected_response,
    fastest_mode,
    helicopter_chain,
    port_times,
    read_ambulance_figures,
    response_norm,
    response_table,
    road_chain,
)

__all__ = [
    "AmbulanceFigures",
    "ChainTimes",
    "Mode",
    "ResponseNorms",
    "aeroplane_chain",
    "base_availability",
    "base_table",
    "boat_chain",
    "busy_fraction",
    "crossing_times",
    "dependable_time",
    "expected_coverage",
    "expected_response",
    "fastest_mode",
    "helicopter_chain",
    "port_times",
    "read_ambulance_figures",
    "response_norm",
    "response_table",
    "road_chain",
]

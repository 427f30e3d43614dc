"""Travel times over a network."""

from geoaccess.routing.departures import departures_on
from geoaccess.routing.gtfs import gtfs_departures
from geoaccess.routing.matrices import travel_times, trees, within
from geoaccess.routing.routes import route
from geoaccess.routing.sites import (
    ISLAND_WITHOUT_FERRY,
    NO_SITE_REACHABLE,
    PASSENGER_FERRY_ONLY,
    nearest,
    nearest_snapped,
)
from geoaccess.routing.timetable import Sailed, attach_departures, day_profile, travel_times_at

__all__ = [
    "ISLAND_WITHOUT_FERRY",
    "NO_SITE_REACHABLE",
    "PASSENGER_FERRY_ONLY",
    "Sailed",
    "attach_departures",
    "day_profile",
    "departures_on",
    "gtfs_departures",
    "nearest",
    "nearest_snapped",
    "route",
    "travel_times",
    "travel_times_at",
    "trees",
    "within",
]

"""Travel times over a network."""

from geoaccess.routing.routes import route
from geoaccess.routing.sites import (
    ISLAND_WITHOUT_FERRY,
    NO_SITE_REACHABLE,
    PASSENGER_FERRY_ONLY,
    nearest,
    nearest_snapped,
    travel_times,
)

__all__ = [
    "ISLAND_WITHOUT_FERRY",
    "NO_SITE_REACHABLE",
    "PASSENGER_FERRY_ONLY",
    "nearest",
    "nearest_snapped",
    "route",
    "travel_times",
]

"""Travel times over a network."""

from geoaccess.routing.blocks import by_blocks_of_cells
from geoaccess.routing.closings import closing_effects
from geoaccess.routing.departures import departures_on
from geoaccess.routing.field import NearestField, solve_nearest
from geoaccess.routing.flows import Flows, people_on_edges
from geoaccess.routing.gains import site_gains
from geoaccess.routing.gtfs import gtfs_departures
from geoaccess.routing.matrices import (
    memory_left,
    shortest_path_trees,
    travel_times,
    travel_times_within,
    within_snapped,
)
from geoaccess.routing.nearby import weighted_reach
from geoaccess.routing.nearer import nearer_pairs
from geoaccess.routing.routes import route, route_kept
from geoaccess.routing.service_times import TravelTimes, nearest_by_service
from geoaccess.routing.sites import (
    ISLAND_WITHOUT_FERRY,
    NO_SITE_REACHABLE,
    PASSENGER_FERRY_ONLY,
    ROAD_NOT_CONNECTED,
    nearest,
    nearest_snapped,
)
from geoaccess.routing.timetable import Sailed, attach_departures, day_profile, travel_times_at
from geoaccess.routing.updates import (
    Change,
    add_site,
    close_edges,
    ferry_edges,
    move_site,
    open_edges,
    remove_site,
    undo,
)

__all__ = [
    "ISLAND_WITHOUT_FERRY",
    "NO_SITE_REACHABLE",
    "PASSENGER_FERRY_ONLY",
    "ROAD_NOT_CONNECTED",
    "Change",
    "Flows",
    "NearestField",
    "Sailed",
    "TravelTimes",
    "add_site",
    "attach_departures",
    "by_blocks_of_cells",
    "close_edges",
    "closing_effects",
    "day_profile",
    "departures_on",
    "ferry_edges",
    "gtfs_departures",
    "memory_left",
    "move_site",
    "nearer_pairs",
    "nearest",
    "nearest_by_service",
    "nearest_snapped",
    "open_edges",
    "people_on_edges",
    "remove_site",
    "route",
    "route_kept",
    "shortest_path_trees",
    "site_gains",
    "solve_nearest",
    "travel_times",
    "travel_times_at",
    "travel_times_within",
    "undo",
    "weighted_reach",
    "within_snapped",
]

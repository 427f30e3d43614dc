"""Travel times over a network."""

from geoaccess.routing.blocks import by_blocks_of_cells
from geoaccess.routing.closings import closing_effects
from geoaccess.routing.departures import departures_on
from geoaccess.routing.field import NearestField, solve_nearest
from geoaccess.routing.flows import Flows, people_on_edges
from geoaccess.routing.gains import site_gains
from geoaccess.routing.gtfs import FerryFeed, carries_cars, gtfs_departures, read_ferry_feed
from geoaccess.routing.isochrone_areas import isochrones
from geoaccess.routing.matrices import (
    memory_left,
    shortest_path_trees,
    travel_times,
    travel_times_within,
    within_snapped,
)
from geoaccess.routing.nearby import above_places
from geoaccess.routing.nearer import KnownWays, nearer_pairs, ways_among
from geoaccess.routing.pieces import MatrixWritten, travel_time_pieces, write_travel_times
from geoaccess.routing.routes import route, route_kept
from geoaccess.routing.sailings import Sailed, attach_departures
from geoaccess.routing.service_times import TravelTimes, nearest_by_service
from geoaccess.routing.sites import (
    ISLAND_WITHOUT_FERRY,
    NO_SITE_REACHABLE,
    PASSENGER_FERRY_ONLY,
    ROAD_NOT_CONNECTED,
    nearest,
    nearest_seconds,
    nearest_snapped,
)
from geoaccess.routing.sums import weighted_reach
from geoaccess.routing.timetable import day_profile, travel_times_at
from geoaccess.routing.timetable_network import Timetabled, follow_timetable
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
from geoaccess.routing.waits import MeanWait, mean_wait

__all__ = [
    "ISLAND_WITHOUT_FERRY",
    "NO_SITE_REACHABLE",
    "PASSENGER_FERRY_ONLY",
    "ROAD_NOT_CONNECTED",
    "Change",
    "FerryFeed",
    "Flows",
    "KnownWays",
    "MatrixWritten",
    "MeanWait",
    "NearestField",
    "Sailed",
    "Timetabled",
    "TravelTimes",
    "above_places",
    "add_site",
    "attach_departures",
    "by_blocks_of_cells",
    "carries_cars",
    "close_edges",
    "closing_effects",
    "day_profile",
    "departures_on",
    "ferry_edges",
    "follow_timetable",
    "gtfs_departures",
    "isochrones",
    "mean_wait",
    "memory_left",
    "move_site",
    "nearer_pairs",
    "nearest",
    "nearest_by_service",
    "nearest_seconds",
    "nearest_snapped",
    "open_edges",
    "people_on_edges",
    "read_ferry_feed",
    "remove_site",
    "route",
    "route_kept",
    "shortest_path_trees",
    "site_gains",
    "solve_nearest",
    "travel_time_pieces",
    "travel_times",
    "travel_times_at",
    "travel_times_within",
    "undo",
    "ways_among",
    "weighted_reach",
    "within_snapped",
    "write_travel_times",
]

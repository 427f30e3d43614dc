"""The stages of a study, each from values to values: people, network, hierarchy, sites, zones, times, classes."""

from geoaccess.remembering import all_found, forget, remember, remembered_of, take_over
from geoaccess.study.stages.basemap import Window, ice_of, lakes_of, land_of, places_of, window_around, window_of
from geoaccess.study.stages.classes import check_scheme, classes_without_roads, join_classes, no_classes
from geoaccess.study.stages.digests import figures_digest
from geoaccess.study.stages.extracts import (
    PLACES,
    features_of,
    read_in_passing,
    read_mapped,
    road_names_of,
    unused_tags_of,
)
from geoaccess.study.stages.kept_tables import MOST, drop_older, found_tables, kept_tables
from geoaccess.study.stages.networks import (
    build_network,
    build_or_load_network,
    by_name,
    contract_or_load,
    is_still,
    load_kept,
    load_to_draw,
    loading_ahead,
    network_folder,
    prepared,
    with_other_profiles,
)
from geoaccess.study.stages.people import grid_of_people, read_people
from geoaccess.study.stages.remembered import before_roads
from geoaccess.study.stages.response import Roads, own_norms, roads_of_vehicles, vehicle_hierarchy, vehicle_network
from geoaccess.study.stages.sites import names_of_sites, read_places, refuse_swapped
from geoaccess.study.stages.snapping import Snapped, snap_all, snap_as_set, snap_cells, snap_sites
from geoaccess.study.stages.subjects import about
from geoaccess.study.stages.times import search_nearest
from geoaccess.study.stages.timetables import (
    Timetables,
    check_timetables,
    describe_timetables,
    follows_timetable,
    limit_m_of,
    lost_ferry_rows,
    read_timetables,
    timetable_of,
    without_timetable,
)
from geoaccess.study.stages.zoning import Municipalities, are_still, join_zones, municipalities_at

__all__ = [
    "MOST",
    "PLACES",
    "Municipalities",
    "Roads",
    "Snapped",
    "Timetables",
    "Window",
    "about",
    "all_found",
    "are_still",
    "before_roads",
    "build_network",
    "build_or_load_network",
    "by_name",
    "check_scheme",
    "check_timetables",
    "classes_without_roads",
    "contract_or_load",
    "describe_timetables",
    "drop_older",
    "features_of",
    "figures_digest",
    "follows_timetable",
    "forget",
    "found_tables",
    "grid_of_people",
    "ice_of",
    "is_still",
    "join_classes",
    "join_zones",
    "kept_tables",
    "lakes_of",
    "land_of",
    "limit_m_of",
    "load_kept",
    "load_to_draw",
    "loading_ahead",
    "lost_ferry_rows",
    "municipalities_at",
    "names_of_sites",
    "network_folder",
    "no_classes",
    "own_norms",
    "places_of",
    "prepared",
    "read_in_passing",
    "read_mapped",
    "read_people",
    "read_places",
    "read_timetables",
    "refuse_swapped",
    "remember",
    "remembered_of",
    "road_names_of",
    "roads_of_vehicles",
    "search_nearest",
    "snap_all",
    "snap_as_set",
    "snap_cells",
    "snap_sites",
    "take_over",
    "timetable_of",
    "unused_tags_of",
    "vehicle_hierarchy",
    "vehicle_network",
    "window_around",
    "window_of",
    "with_other_profiles",
    "without_timetable",
]

"""OpenStreetMap files into networks, features and boundaries. Only this room knows tags."""

from geoaccess.osm.build import build_network, read_network, read_networks, read_osm
from geoaccess.osm.closures import read_closures
from geoaccess.osm.extract import Extract, read_extract
from geoaccess.osm.features import (
    WantedAreas,
    WantedBoundaries,
    WantedFeatures,
    read_border,
    read_boundaries,
    read_features,
    read_polygons,
)
from geoaccess.osm.ferry_table import FerryRow, read_ferry_table, write_ferry_table
from geoaccess.osm.nodes import NodeRule, read_node
from geoaccess.osm.object_pass import Wanted, read_wanted
from geoaccess.osm.place_names import place_names
from geoaccess.osm.plain_pbf import sift
from geoaccess.osm.profile import Profile, find_profile, profile_digest, profile_files, read_profile
from geoaccess.osm.road_names import named, names_of, read_road_names
from geoaccess.osm.sifting import Sieve
from geoaccess.osm.tags import WayRule, read_way
from geoaccess.osm.unused import count_road_keys, count_unused_tags, keys_counted, unused_tags

__all__ = [
    "Extract",
    "FerryRow",
    "NodeRule",
    "Profile",
    "Sieve",
    "Wanted",
    "WantedAreas",
    "WantedBoundaries",
    "WantedFeatures",
    "WayRule",
    "build_network",
    "count_road_keys",
    "count_unused_tags",
    "find_profile",
    "keys_counted",
    "named",
    "names_of",
    "place_names",
    "profile_digest",
    "profile_files",
    "read_border",
    "read_boundaries",
    "read_closures",
    "read_extract",
    "read_features",
    "read_ferry_table",
    "read_network",
    "read_networks",
    "read_node",
    "read_osm",
    "read_polygons",
    "read_profile",
    "read_road_names",
    "read_wanted",
    "read_way",
    "sift",
    "unused_tags",
    "write_ferry_table",
]

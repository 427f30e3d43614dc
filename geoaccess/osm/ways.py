"""What readers of files give: relations, and the ways of one file with the places of their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["FERRY_KEYS", "KNOWN_HIGHWAYS", "NO_PLACE", "SHORE_TAGS", "Looked", "Relation", "Tags", "WaysOfFile"]

Tags = tuple[tuple[str, str], ...]

FERRY_KEYS = ("name", "foot", "operator")
"""Keys that are kept of ferries only: roads have them too, and nothing is read from them there."""

KNOWN_HIGHWAYS = frozenset(
    [
        "motorway",
        "motorway_link",
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "track",
        "road",
        "pedestrian",
        "path",
        "footway",
        "cycleway",
        "bridleway",
        "busway",
        "bus_guideway",
        "escape",
        "raceway",
        "steps",
        "corridor",
        "via_ferrata",
        "platform",
        "elevator",
        "ladder",
        "winter_road",
        "ice_road",
        "rest_area",
        "services",
        "bus_stop",
        "crossing",
        "turning_circle",
        "turning_loop",
        "mini_roundabout",
        "passing_place",
        "emergency_bay",
        "traffic_island",
        "traffic_signals",
        "toll_gantry",
        "street_lamp",
        "trailhead",
        "construction",
        "proposed",
        "planned",
        "disused",
        "abandoned",
        "dismantled",
        "razed",
        "demolished",
        "removed",
        "historic",
        "destroyed",
        "virtual",
        "no",
    ]
)
"""Values of `highway` that are in use for something: one that a profile has no speed for is no road by it.

Source: https://wiki.openstreetmap.org/wiki/Key:highway
"""

SHORE_TAGS = {"natural": ("coastline", "water"), "waterway": ("riverbank",)}
"""Keys and values of ways, or of the areas they bound, that have water on one side."""

NO_PLACE = 2**31 - 1
"""The coordinate of a node that is not in the file."""


class Looked(Protocol):
    """What readers ask of a profile: the keys of ways and of nodes that some rule looks at, and what is no road."""

    @property
    def keys(self) -> frozenset[str]:
        """Keys of ways that are kept."""

    @property
    def node_keys(self) -> frozenset[str]:
        """Keys of nodes of which one makes that a node is kept, with all its tags."""

    @property
    def no_roads(self) -> frozenset[str]:
        """Values of `highway` by which a way is not taken."""


class Relation(NamedTuple):
    """A relation: its number, its tags, and (type, number, role) of each member; types are "n", "w" and "r"."""

    number: int
    tags: dict[str, str]
    members: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class WaysOfFile:
    """The roads, ferries and shores of one file.

    Way i has the tags `tagsets[way_tags[i]]` and runs through the nodes ref[ptr[i]:ptr[i + 1]], which are places in
    `node_id` (rising), `x` and `y`: longitude and latitude in units of 1e-7 degrees, or `NO_PLACE`. Of those nodes,
    `hindering` are the places of some that carry tags that may hinder, `node_tagsets[hindering_tags[i]]`. `version` is
    that of each way, 0 where the file gives none; of an object that stood in the file more than once the highest
    version is taken, and `ways_repeated` and `nodes_repeated` are how many others there were.
    """

    way_id: npt.NDArray[np.int64]
    way_tags: npt.NDArray[np.int32]
    tagsets: tuple[Tags, ...]
    ptr: npt.NDArray[np.int64]
    ref: npt.NDArray[np.int32]
    node_id: npt.NDArray[np.int64]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]
    hindering: npt.NDArray[np.int32]
    hindering_tags: npt.NDArray[np.int32]
    node_tagsets: tuple[Tags, ...]
    version: npt.NDArray[np.int64]
    ways_repeated: int = 0
    nodes_repeated: int = 0

"""The `Network`: making, merging chains, snapping points, keeping on disk, and exchange with networkx and osmnx."""

from geoaccess.network.assemble import assemble, assemble_columns
from geoaccess.network.assembly import no_ferries
from geoaccess.network.attachable import snappable_edges
from geoaccess.network.core import Network
from geoaccess.network.elements import DECISECONDS, Arcs, EdgeKind, TurnExpansion
from geoaccess.network.interchange import from_networkx, from_osmnx, to_networkx
from geoaccess.network.land import lake_areas, land_areas
from geoaccess.network.merging import simplify
from geoaccess.network.nearness import prefers_small
from geoaccess.network.over_water import leads_over_water
from geoaccess.network.prepared import prepare
from geoaccess.network.retiming import retimed
from geoaccess.network.segment_tree import SegmentTree
from geoaccess.network.shores import COAST, Shores
from geoaccess.network.snapping import (
    ACROSS_WATER,
    NO_ROAD_WITHIN,
    Places,
    as_places,
    check_any_snapped,
    setting_out_after,
    snap,
    walking_at,
)
from geoaccess.network.store import load_network, save_network
from geoaccess.network.turns import Turns
from geoaccess.network.water import WaterAreas

__all__ = [
    "ACROSS_WATER",
    "COAST",
    "DECISECONDS",
    "NO_ROAD_WITHIN",
    "Arcs",
    "EdgeKind",
    "Network",
    "Places",
    "SegmentTree",
    "Shores",
    "TurnExpansion",
    "Turns",
    "WaterAreas",
    "as_places",
    "assemble",
    "assemble_columns",
    "check_any_snapped",
    "from_networkx",
    "from_osmnx",
    "lake_areas",
    "land_areas",
    "leads_over_water",
    "load_network",
    "no_ferries",
    "prefers_small",
    "prepare",
    "retimed",
    "save_network",
    "setting_out_after",
    "simplify",
    "snap",
    "snappable_edges",
    "to_networkx",
    "walking_at",
]

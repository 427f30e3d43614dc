"""Where a cell belongs: its municipality, and the centrality class of that municipality."""

from __future__ import annotations

from geoaccess.zones.assignment import assign_zones, count_notes
from geoaccess.zones.borders import border_from_cells, join_regions
from geoaccess.zones.centrality import class_from_index, join_centrality, read_centrality
from geoaccess.zones.centrality_index import compute_centrality, time_weight
from geoaccess.zones.degurba import GRID_CLASSES, classify_zones, urbanisation_of_cells
from geoaccess.zones.municipalities import read_municipalities, read_municipality_names, refuse_elsewhere
from geoaccess.zones.scheme_files import (
    DEFAULT_SCHEME,
    DEGURBA_SCHEME,
    ClassRow,
    Words,
    make_scheme,
    read_scheme,
    scheme_file,
)
from geoaccess.zones.schemes import CentralityClass, CentralityScheme
from geoaccess.zones.settlements import settlement_people

__all__ = [
    "DEFAULT_SCHEME",
    "DEGURBA_SCHEME",
    "GRID_CLASSES",
    "CentralityClass",
    "CentralityScheme",
    "ClassRow",
    "Words",
    "assign_zones",
    "border_from_cells",
    "class_from_index",
    "classify_zones",
    "compute_centrality",
    "count_notes",
    "join_centrality",
    "join_regions",
    "make_scheme",
    "read_centrality",
    "read_municipalities",
    "read_municipality_names",
    "read_scheme",
    "refuse_elsewhere",
    "scheme_file",
    "settlement_people",
    "time_weight",
    "urbanisation_of_cells",
]

"""Where people live, of what age, now and later, and how often they need care: cells, the origins of all travel.

Cells are a GeoDataFrame with an index `cell_id`, a column `population` and polygons in a projected CRS in metres.
"""

from __future__ import annotations

from geoaccess.demand.ages import group_ages, people_by_share, project_people, read_projection
from geoaccess.demand.contacts import expected_contacts
from geoaccess.demand.grid import UNPLACED, read_cells
from geoaccess.demand.ids import make_cell_ids, parse_cell_ids
from geoaccess.demand.known_grids import KNOWN_GRIDS, KnownGrid, recognise_grid
from geoaccess.demand.lattice import Anchor
from geoaccess.demand.masking import (
    BAND_COLUMN,
    assumed_people,
    band_of,
    few_people,
    mask_cells,
    shown_people,
    unmask_cells,
)
from geoaccess.demand.plausible import doubtful_value, people_per_km2, refuse_impossible
from geoaccess.demand.raster import raster_grid, read_raster_cells, zonal_population
from geoaccess.demand.raster_file import crs_of_raster
from geoaccess.demand.raster_grid import RasterGrid
from geoaccess.demand.schema import check_cells
from geoaccess.demand.seasons import move_people

__all__ = [
    "BAND_COLUMN",
    "KNOWN_GRIDS",
    "UNPLACED",
    "Anchor",
    "KnownGrid",
    "RasterGrid",
    "assumed_people",
    "band_of",
    "check_cells",
    "crs_of_raster",
    "doubtful_value",
    "expected_contacts",
    "few_people",
    "group_ages",
    "make_cell_ids",
    "mask_cells",
    "move_people",
    "parse_cell_ids",
    "people_by_share",
    "people_per_km2",
    "project_people",
    "raster_grid",
    "read_cells",
    "read_projection",
    "read_raster_cells",
    "recognise_grid",
    "refuse_impossible",
    "shown_people",
    "unmask_cells",
    "zonal_population",
]

"""Where people live: population grids and rasters read into cells, the origins of all travel.

Cells are a GeoDataFrame with an index `cell_id`, a column `population` and polygons in a projected CRS in metres.
"""

from __future__ import annotations

from geoaccess.demand.grid import read_cells
from geoaccess.demand.ids import make_cell_ids, parse_cell_ids
from geoaccess.demand.lattice import Anchor
from geoaccess.demand.raster import read_raster_cells, zonal_population
from geoaccess.demand.schema import check_cells

__all__ = [
    "Anchor",
    "check_cells",
    "make_cell_ids",
    "parse_cell_ids",
    "read_cells",
    "read_raster_cells",
    "zonal_population",
]

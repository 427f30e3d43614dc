"""What the cells of a study are where they are no squares of one grid: said by the check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    import geopandas as gpd

    from geoaccess.demand import RasterGrid
    from geoaccess.phrases import Writer

__all__ = ["describe_shapes"]

_HEXAGON_POINTS = 7  # of a closed ring
_NEARLY_ALL = 0.95  # twelve cells of H3 at each resolution are pentagons, and some have bent sides
_ALIKE = 2.0
_LARGE_M2 = 100_000


def describe_shapes(cells: gpd.GeoDataFrame, grid: RasterGrid | None, writer: Writer) -> list[str]:
    """Say how large cells are that are no squares of one grid, and that they make no raster."""
    from geoaccess import maps  # drawing libraries are slow to import

    if maps.raster_fits(cells, grid):
        return []
    shapes = cells.geometry.to_numpy()
    least, typical, most = np.quantile(shapely.area(shapes), [0.0, 0.5, 1.0])
    sizes = {"least": least, "typical": typical, "most": most}
    hexagons = np.mean(shapely.get_num_coordinates(shapes) == _HEXAGON_POINTS) >= _NEARLY_ALL
    key = "c_hexagons" if hexagons and most <= _ALIKE * least else "c_shapes"
    return [writer.text(key, **{name: _area(value, writer) for name, value in sizes.items()}), writer["no_raster"]]


def _area(value: float, writer: Writer) -> str:
    return f"{writer.number(value)} m²" if value < _LARGE_M2 else f"{writer.number(value / 1e6, 2)} km²"

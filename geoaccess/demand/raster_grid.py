"""The grid of a population raster: where its pixels, or blocks of them, lie in its own CRS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.frames import transformer

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

__all__ = ["RasterGrid"]


@dataclass(frozen=True)
class RasterGrid:
    """The grid that cells of a raster lie on, in the CRS and units of the raster.

    Attributes
    ----------
    crs
        As WKT.
    left, top
        A corner of the grid: columns are counted eastwards and rows southwards from it.
    width, height
        Of a cell, in the units of the CRS: degrees or metres.
    """

    crs: str
    left: float
    top: float
    width: float
    height: float

    def places(self, cells: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the row and the column of each cell, by its middle.

        Examples
        --------
        >>> import geopandas as gpd
        >>> from shapely import box
        >>> grid = RasterGrid("EPSG:25833", left=0.0, top=1000.0, width=250.0, height=500.0)
        >>> cells = gpd.GeoDataFrame(geometry=[box(500, 0, 750, 500)], crs=25833)
        >>> [place.tolist() for place in grid.places(cells)]
        [[1], [2]]
        """
        middle = cells.geometry.centroid
        # A straight line may be a curve in the other CRS, but the middle of a pixel stays far inside it.
        to_grid = transformer(middle.crs, self.crs)
        x, y = to_grid.transform(middle.x.to_numpy(np.float64), middle.y.to_numpy(np.float64))
        row = np.floor((self.top - np.asarray(y)) / self.height).astype(np.int64)
        return row, np.floor((np.asarray(x) - self.left) / self.width).astype(np.int64)

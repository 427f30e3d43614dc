"""The area within some metres of lines of a plane, drawn on a grid: soon done, however many lines lie upon another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.kernels.banks import Beyond, nothing_beyond
from geoaccess.kernels.nesting import polygons_of_rings
from geoaccess.kernels.outlines import outline_rings

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["area_beside"]


def area_beside(
    lines: npt.NDArray[np.object_],
    widths_m: npt.NDArray[np.float64],
    *,
    step_m: float,
    simplify_m: float,
    beyond: Beyond | None = None,
) -> Any:
    """Return all that lies within its width of a line as one valid area, see `outline_rings`; but for land beyond."""
    import shapely

    xy, line = shapely.get_coordinates(lines, return_index=True)
    first = np.flatnonzero(line[:-1] == line[1:])
    ends, widths = np.hstack([xy[first], xy[first + 1]]), widths_m[line[first]].astype(np.float64)
    lost = nothing_beyond(first.size) if beyond is None else beyond._replace(entry=beyond.entry[line[first]])
    area = _area(ends, widths, step_m, simplify_m, lost)
    return area if shapely.is_valid(area) else _area(ends, widths, step_m, 0.0, lost)


def _area(
    ends: npt.NDArray[np.float64], widths: npt.NDArray[np.float64], step_m: float, simplify_m: float, beyond: Beyond
) -> Any:
    import shapely

    xy, sizes = outline_rings(ends, widths, step_m, simplify_m, beyond)
    polygon, hole = polygons_of_rings(xy, np.append(0, np.cumsum(sizes)))
    order = np.lexsort((hole, polygon))
    order = order[np.searchsorted(polygon[order], 0) :]
    if not order.size:
        return shapely.MultiPolygon()
    rings: Any = shapely.linearrings(xy, indices=np.repeat(np.arange(sizes.size), sizes))
    return shapely.multipolygons(shapely.polygons(rings[order], indices=polygon[order]))

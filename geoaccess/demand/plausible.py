"""Whether numbers of people can be people: a cell holds only so many, and some values are a program's word for none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

__all__ = ["doubtful_value", "people_per_km2", "refuse_impossible"]

MOST_PER_KM2: Final = 1_000_000.0
"""The Kowloon Walled City, the densest place there has been, had about 1.2 million per km2 on 0.03 km2."""

_WORDS_FOR_NONE: Final = (255.0, 32767.0, 65535.0, 2147483647.0, 4294967295.0)
_OFTEN: Final = 5
_M2_PER_KM2: Final = 1e6


@checks_arguments
def refuse_impossible(cells: gpd.GeoDataFrame, *, subject: str) -> None:
    """Raise an `InputError` if more people are in a cell than can be.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> cells = gpd.GeoDataFrame({"population": [65535.0]}, geometry=[box(0, 0, 100, 100)], crs=25833, index=["a"])
    >>> refuse_impossible(cells, subject="people.tif")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    geoaccess.errors.InputError: people.tif: 65,535 people in cell a of 0.01 km2 are more than can live there ...
    """
    people, km2 = _people(cells), cells.area.to_numpy(np.float64) / _M2_PER_KM2
    wrong = people > MOST_PER_KM2 * km2
    if wrong.any():
        worst = int(np.argmax(np.where(wrong, people / km2, 0.0)))
        number = int(wrong.sum())
        shown = f"{people[worst]:,.0f}" if people[worst] < 1e12 else f"{people[worst]:g}"  # noqa: PLR2004
        raise InputError(
            f"{subject}: {shown} people in cell {cells.index[worst]} of {km2[worst]:g} km2 are more than can live "
            f"there ({number} cell{'s'[: number != 1]} of {len(cells)}); if the value means no data, write it in nodata"
            "; else check which column or band holds people"
        )


@checks_arguments
def doubtful_value(cells: gpd.GeoDataFrame) -> tuple[float, int] | None:
    """Return the largest number of people and how many cells have it, where it is one by which programs mean none.

    Examples
    --------
    >>> import geopandas as gpd
    >>> doubtful_value(gpd.GeoDataFrame({"population": [1.0, *[255.0] * 6]}))
    (255.0, 6)
    """
    people = _people(cells)
    most = float(people.max(initial=0.0))
    number = int((people == most).sum())
    return (most, number) if most in _WORDS_FOR_NONE and number >= _OFTEN else None


@checks_arguments
def people_per_km2(cells: gpd.GeoDataFrame) -> float:
    """Return the people per km2 of inhabited cells; NaN of no cells.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> cells = gpd.GeoDataFrame({"population": [3.0, 9.0]}, geometry=[box(0, 0, 1e3, 1e3), box(1e3, 0, 2e3, 1e3)])
    >>> people_per_km2(cells)
    6.0
    """
    people, km2 = _people(cells).sum(), cells.area.sum() / _M2_PER_KM2
    return float(people / km2) if km2 > 0 else float("nan")


def _people(cells: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
    if "population" not in cells:
        raise InputError("these cells have no column population; take them from read_cells")
    people: npt.NDArray[np.float64] = cells["population"].to_numpy(np.float64)
    return people

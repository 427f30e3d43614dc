"""Population grids as statistical offices publish them, known by the names of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geoaccess.arguments import checks_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KNOWN_GRIDS", "KnownGrid", "recognise_grid"]


@dataclass(frozen=True)
class KnownGrid:
    """A grid as its publisher gives it.

    `cell_id` and `people` are its columns; `epsg` and `cell_size_m` what its ids leave out, or with `auto_crs` the CRS
    that fits the place; `nodata` the values of people that mean that their number is not given. `tried` says whether a
    file as the publisher gives it was read; the others are as public code reads them.
    """

    name: str
    cell_id: str
    people: str
    epsg: int | None = None
    cell_size_m: float | None = None
    nodata: tuple[float, ...] = ()
    auto_crs: bool = False
    tried: bool = False


KNOWN_GRIDS: Final = (
    KnownGrid("Statistics Norway, 250 m", "SSBID0250M", "pop_tot", cell_size_m=250),
    KnownGrid("Statistics Norway, 1 km", "SSBID1000M", "pop_tot", cell_size_m=1000),
    # Ids of the short form stand for EPSG:3035 elsewhere; the grid of Finland is in ETRS-TM35FIN.
    KnownGrid("Statistics Finland, population grid (1 km or 5 km)", "grd_id", "vaesto", epsg=3067),
    KnownGrid("Statistics Finland, grid database (250 m or 1 km)", "grid_id", "he_vakiy", epsg=3067),
    KnownGrid("Statistics Sweden, total population by squares", "Ruta", "POP"),
    KnownGrid("Eurostat, census grid of 2021", "GRD_ID", "T", nodata=(-9999, -8888)),
    KnownGrid("Eurostat, GEOSTAT grid of 2018", "GRD_ID", "TOT_P_2018"),
    KnownGrid("Eurostat, GEOSTAT grid of 2011", "GRD_ID", "TOT_P"),
    KnownGrid("Kontur, population in hexagons of H3", "h3", "population", auto_crs=True),
)
"""Grids of the Nordic countries and of Eurostat, whose grids cover Denmark and Iceland too; and of any country."""


@checks_arguments
def recognise_grid(columns: Sequence[str]) -> tuple[KnownGrid, str, str] | None:
    """Return the grid that has such columns, with its columns of ids and people as the file writes them.

    Capitals do not matter. None where no grid is known by these columns.

    Examples
    --------
    >>> grid, cell_id, people = recognise_grid(["fid", "grd_id", "kunta", "VAESTO", "geometry"])
    >>> grid.name, grid.epsg, cell_id, people
    ('Statistics Finland, population grid (1 km or 5 km)', 3067, 'grd_id', 'VAESTO')
    >>> recognise_grid(["cell_id", "population"]) is None
    True
    """
    there = {column.lower(): column for column in columns}
    for grid in KNOWN_GRIDS:
        if {grid.cell_id.lower(), grid.people.lower()} <= set(there):
            return grid, there[grid.cell_id.lower()], there[grid.people.lower()]
    return None

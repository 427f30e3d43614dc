"""The degree of urbanisation: urban centres and clusters of a population grid, and the class of each zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.frames import in_metres, is_stretched
from geoaccess.kernels.graph import weak_components
from geoaccess.zones.scheme_files import DEGURBA_SCHEME, read_scheme

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.zones.schemes import CentralityScheme

__all__ = ["GRID_CLASSES", "classify_zones", "urbanisation_of_cells"]

GRID_CLASSES: Final = ("urban_centre", "urban_cluster", "rural")
"""What a cell of 1 km may lie in, the densest first."""

_ZONE: Final = "municipality_id"
_KM = 1000.0
_CENTRE_DENSITY, _CENTRE_PEOPLE = 1500.0, 50_000.0
_CLUSTER_DENSITY, _CLUSTER_PEOPLE = 300.0, 5_000.0
_MAJORITY = 5  # of the eight cells around
_ENOUGH = 0.5  # of the people of a zone
_SLACK = 0.01  # of a cell: corners in files are rounded
_EDGES: Final = ((1, 0), (0, 1))
_CORNERS: Final = ((1, 1), (1, -1))  # half of the neighbours; the others look back
_AROUND: Final = tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)


@checks_arguments
def urbanisation_of_cells(cells: gpd.GeoDataFrame) -> pd.Series:
    """Whether each cell lies in an urban centre, an urban cluster or a rural square of 1 km.

    Cells are summed to squares of 1 km. Then, by the Degree of Urbanisation:

    - urban centres: squares of at least 1,500 people that touch along an edge and hold at least 50,000 people together.
      A square that is in none joins the centre to which at least five of the eight squares around it belong, and so on
      until none does: this fills gaps and smooths borders.
    - urban clusters: squares of at least 300 people that touch along an edge or at a corner and hold at least 5,000
      people together, those of centres among them; what is in a centre is no longer counted as in the cluster.
    - rural: all others.

    The density is that of the whole square, not of its land, and squares that are built up without people count as
    empty, as grids of people know of neither. Only the cells given are known: where they are part of a country, a
    cluster ends at their border.

    Parameters
    ----------
    cells
        `population`, and rectangles of one size in a projected CRS in metres: squares of 1 km, or cells of which a
        whole number makes up 1 km (100, 200, 250 or 500 m).

    Returns
    -------
    Text (one of `GRID_CLASSES`) on the index of `cells`, named `grid_class`.

    Raises
    ------
    InputError
        If the CRS is not in metres, the cells are of several sizes, are larger than 1 km or do not make up 1 km, lie
        off one grid, or have people missing, negative or infinite.

    References
    ----------
    European Union, FAO, UN-Habitat, OECD and World Bank (2021), Applying the Degree of Urbanisation: A methodological
    manual to define cities, towns and rural areas for international comparisons, 2021 edition.

    Examples
    --------
    >>> import geopandas as gpd
    >>> squares = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000, 4000)]
    >>> cells = gpd.GeoDataFrame({"population": [49_000.0, 1_500, 300, 299]}, geometry=squares, crs=3035)
    >>> urbanisation_of_cells(cells).tolist()
    ['urban_centre', 'urban_centre', 'urban_cluster', 'rural']
    """
    column, row = _squares(cells)
    # One number per square; a column beside it is a whole stride away, so that neighbours never run over a row's end.
    stride = int(row.max(initial=0)) + 3
    square, keys = pd.factorize((column + 1) * stride + row + 1, sort=True)
    weights = cells["population"].to_numpy(np.float64)
    people = np.asarray(np.bincount(square, weights=weights, minlength=len(keys)), dtype=np.float64)
    keys = np.asarray(keys, dtype=np.int64)
    centre = _grown(*_clusters(keys, people, stride, _CENTRE_DENSITY, _CENTRE_PEOPLE, _EDGES), stride)
    cluster, _ = _clusters(keys, people, stride, _CLUSTER_DENSITY, _CLUSTER_PEOPLE, _EDGES + _CORNERS)
    place = np.where(np.isin(keys, centre), 0, np.where(np.isin(keys, cluster), 1, 2))
    return pd.Series(np.array(GRID_CLASSES)[place][square], index=cells.index, name="grid_class", dtype="str")


@checks_arguments
def classify_zones(cells: pd.DataFrame, *, scheme: CentralityScheme | None = None) -> pd.DataFrame:
    """Degree of urbanisation of each zone, such as a municipality, from where its people live.

    With the shares of its people in urban centres c, in urban clusters and in rural squares r, a zone is of the first
    class (cities) where c >= 50 %, else of the third (rural areas) where r > 50 %, else of the second (towns and
    suburbs).

    Parameters
    ----------
    cells
        `population`, `grid_class` from `urbanisation_of_cells`, and `municipality_id`, the zone of each cell; "" where
        it has none.
    scheme
        Its three classes, the most urban first; Eurostat's if not given.

    Returns
    -------
    Index `municipality_id` (text, sorted); columns `centrality_index` (NaN: the scheme has none), `centrality_class`,
    `share_urban_centre`, `share_urban_cluster` and `share_rural`. Zones without people have no row.

    Raises
    ------
    InputError
        If a column is missing, a value of `grid_class` is none of `GRID_CLASSES`, people are missing, negative or
        infinite, or the scheme has not three classes.

    References
    ----------
    As of `urbanisation_of_cells`.

    Examples
    --------
    >>> cells = pd.DataFrame({
    ...     "municipality_id": ["A", "A", "B", "B", ""], "population": [50.0, 50, 40, 60, 9],
    ...     "grid_class": ["urban_centre", "rural", "urban_cluster", "rural", "rural"]})
    >>> classify_zones(cells)["centrality_class"].to_dict()
    {'A': 1, 'B': 3}
    """
    scheme = scheme or read_scheme(DEGURBA_SCHEME)
    if len(scheme.classes) != len(GRID_CLASSES):
        raise InputError(
            f"scheme {scheme.name} has {len(scheme.classes)} classes; the degree of urbanisation has three: cities, "
            "towns and suburbs, and rural areas"
        )
    absent = [name for name in ("population", "grid_class", _ZONE) if name not in cells.columns]
    if absent:
        raise InputError(f"cells: there is no column {', '.join(absent)}; see urbanisation_of_cells")
    unknown = sorted(set(cells["grid_class"]) - set(GRID_CLASSES))
    if unknown:
        raise InputError(f"cells: grid_class {unknown[0]!r} is not known; it is one of {', '.join(GRID_CLASSES)}")
    number = _people(cells)
    inside = cells.assign(population=number)[(cells[_ZONE] != "").to_numpy() & (number > 0)]
    people = inside.pivot_table(
        index=_ZONE, columns="grid_class", values="population", aggfunc="sum", fill_value=0.0, observed=True
    ).reindex(columns=list(GRID_CLASSES), fill_value=0.0)
    shares = people.to_numpy(np.float64) / people.to_numpy(np.float64).sum(axis=1, keepdims=True)
    place = np.where(shares[:, 0] >= _ENOUGH, 0, np.where(shares[:, 2] > _ENOUGH, 2, 1))
    return pd.DataFrame(
        {
            "centrality_index": np.nan,
            "centrality_class": scheme.column(place),
            **{f"share_{name}": shares[:, number] for number, name in enumerate(GRID_CLASSES)},
        },
        index=pd.Index(people.index.astype("str"), name=_ZONE, dtype="str"),
    )


def _squares(cells: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the column and row of the square of 1 km that each cell lies in, from 0 on."""
    if cells.crs is None or not in_metres(cells.crs) or is_stretched(cells.crs):
        name = "none" if cells.crs is None else cells.crs.name
        raise InputError(
            f"cells: their coordinate system is {name}; the degree of urbanisation counts people in squares of 1 km, "
            "so give a grid in a projected one in metres, such as EPSG:3035"
        )
    _people(cells)
    if cells.empty:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    west, south, east, north = shapely.bounds(cells.geometry.to_numpy()).T
    box = (east - west) * (north - south)
    if (np.abs(shapely.area(cells.geometry.to_numpy()) - box) > _SLACK * box).any():
        raise InputError(
            "cells: they are not squares, and the degree of urbanisation counts people in squares of 1 km; take "
            'classes from a table ([centrality] kind = "table"), or a grid of squares'
        )
    return _axis(west, east, "wide"), _axis(south, north, "high")


def _people(cells: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the people of each cell, all of which must be known."""
    people = cells["population"].to_numpy(np.float64, na_value=np.nan)
    if not (np.isfinite(people) & (people >= 0)).all():
        raise InputError("cells: people are missing, negative or infinite; give numbers >= 0")
    return people


def _axis(low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], way: str) -> npt.NDArray[np.int64]:
    """Return in which kilometre each cell lies along one axis."""
    size = float(np.median(high - low))
    count = _KM / size if size > 0 else 0.0
    if not np.allclose(high - low, size, rtol=0, atol=_SLACK * size):
        raise InputError(
            f"cells: they are {(high - low).min():g} to {(high - low).max():g} m {way}; the degree of urbanisation "
            "needs cells of one size"
        )
    if round(count) < 1 or abs(count - round(count)) > _SLACK:
        raise InputError(
            f"cells: they are {size:g} m {way}, which do not make up squares of 1 km; the degree of urbanisation needs "
            "a grid of 1 km, or of 100, 200, 250 or 500 m"
        )
    size = _KM / round(count)
    # Squares begin at whole kilometres, or where the grid does that lies beside those.
    apart = np.mod(low - low[0] + size / 2, size) - size / 2
    start = float(np.mod(low[0] + np.median(apart), size))
    start -= size if size - start < _SLACK * size else 0.0
    steps = (low - start) / size
    whole = np.round(steps).astype(np.int64)
    if (np.abs(steps - whole) > _SLACK).any():
        raise InputError("cells: they do not lie on one grid; the degree of urbanisation needs cells side by side")
    kilometre = whole // round(count)
    return np.asarray(kilometre - kilometre.min(), dtype=np.int64)


def _clusters(
    keys: npt.NDArray[np.int64],
    people: npt.NDArray[np.float64],
    stride: int,
    density: float,
    least: float,
    neighbours: tuple[tuple[int, int], ...],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the dense squares that hold enough people together, sorted, and the number of the cluster of each."""
    dense = people >= density
    at, living = keys[dense], people[dense]
    u, v = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for right, up in neighbours if at.size else ():
        beside = at + right * stride + up
        place = np.minimum(np.searchsorted(at, beside), at.size - 1)
        here = np.flatnonzero(at[place] == beside)
        u.append(here.astype(np.int32))
        v.append(place[here].astype(np.int32))
    cluster = weak_components(at.size, np.concatenate(u), np.concatenate(v)).astype(np.int64)
    large = np.bincount(cluster, weights=living)[cluster] >= least if at.size else np.empty(0, np.bool_)
    return at[large], cluster[large]


def _grown(at: npt.NDArray[np.int64], cluster: npt.NDArray[np.int64], stride: int) -> npt.NDArray[np.int64]:
    """Return the squares of centres and those that join one by the majority rule, until none does."""
    offsets = np.array([right * stride + up for right, up in _AROUND], dtype=np.int64)
    while at.size:
        near = pd.DataFrame({"at": (at[:, None] + offsets).ravel(), "cluster": np.repeat(cluster, offsets.size)})
        counted = near[~near["at"].isin(at)].value_counts()
        joining = counted[counted >= _MAJORITY].index
        if not len(joining):
            break
        at = np.concatenate([at, joining.get_level_values("at").to_numpy(np.int64)])
        cluster = np.concatenate([cluster, joining.get_level_values("cluster").to_numpy(np.int64)])
    return at

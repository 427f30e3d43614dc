"""Tables of sites: from files and from mapped features by tag rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import MERGE_WITHIN_M
from geoaccess.errors import InputError
from geoaccess.frames import is_on_earth, utm_of
from geoaccess.services.site_ids import made_ids
from geoaccess.tables import column_numbers, empty_rows, missing_columns, read_table, read_text, read_yes
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import numpy.typing as npt

__all__ = [
    "SAME_PLACE_M",
    "carrying",
    "combine",
    "merge_near",
    "read_sites",
    "same_places",
    "sites_from_features",
]

SAME_PLACE_M = 50.0
"""Sites of one service nearer to each other than this are as a rule one place."""


_COLUMNS = ("service", "name", "level", "proxy", "source", "note")
_COORDINATES = ("lon", "lat")
_ID = "site_id"
_OURS = (_ID, *_COLUMNS, "geometry")
_COLUMNS_NAMED = ("id", "name", "level", "note", *_COORDINATES)
_OSM_PREFIX = {"node": "n", "way": "w", "relation": "r"}
_SHOWN = 5


@checks_arguments
def read_sites(
    path: str | Path,
    *,
    service: str | None = None,
    service_column: str = "service",
    columns: Mapping[str, str] | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    carry: Sequence[str] = (),
    crs: str = "EPSG:4326",
    source: str = "",
    layer: str | None = None,
) -> gpd.GeoDataFrame:
    """Read sites from a CSV, spreadsheet, Parquet, GeoJSON or GeoPackage file, as `read_table` takes them.

    Parameters
    ----------
    service
        The service of every row; if left out it is read from `service_column`.
    columns
        Which column of the file holds `id`, `name`, `level`, `note`, `lon` and `lat` (or x and y in `crs`) where it
        has another name. Ids are read from the column that is named here, or from `site_id` where the file has one;
        otherwise `made_ids` makes them of service, name and place.
    where
        Keep only rows whose column has one of these values: {"facility_type": ["legekontor"]}.
    carry
        Further columns to keep, as they are in the file (from CSV and spreadsheets as text): opening hours, days a
        week, doctors.
    crs
        Of lon and lat; shapes of a GeoJSON or GeoPackage bring their own.
    source
        What to write into the column `source` where the file has none.
    layer
        Layer of a file that has several, or sheet of a spreadsheet.

    Returns
    -------
    The table of sites: index `site_id`, columns service, name, level, proxy, source, note and those carried, points in
    EPSG:4326.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there, cannot be read, lacks columns, has no row left, or has rows without service, id or
        coordinates, with a `proxy` that is neither yes nor no, off the globe, or with an id that stands twice; if
        `carry` names a column that the table has of its own. Missing columns are reported at once; so are all values
        that are missing or unclear; so are the first few places off the globe and ids that stand twice.
    """
    path = Path(path)
    import geopandas as gpd

    named = dict(columns or {})
    wrong = [f'columns names "{key}"{did_you_mean(key, _COLUMNS_NAMED)}' for key in named if key not in _COLUMNS_NAMED]
    wrong += [f'carry names "{name}", which the table has of its own' for name in carry if name in _OURS]
    if wrong:
        raise InputError.listing(str(path), wrong)
    there = [name for key, name in named.items() if key not in _COORDINATES]
    rows = read_table(path, layer=layer, where=where, columns=[*carry, *there])
    if "id" not in named and _ID in rows:
        named["id"] = _ID
    needed = {key: name for key, name in named.items() if key not in _COORDINATES}
    if not isinstance(rows, gpd.GeoDataFrame):
        needed |= {key: named.get(key, key) for key in _COORDINATES}
    if service is None:
        needed["service"] = service_column
    problems = missing_columns(rows, list(dict.fromkeys([*carry, *needed.values()])))
    if problems:
        raise InputError.listing(str(path), problems)
    if rows.empty:
        raise InputError(f"{path}: there is no row")
    table = _table(path, rows, needed, crs)
    table["source"] = read_text(rows, "source").replace("", source).to_numpy()
    for name in carry:
        table[name] = rows[name].array
    if service is not None:
        table["service"] = service
    if "id" not in named:
        checked_sites(table.set_axis([f"row {row}" for row in rows.index]), str(path))
        content = rows.drop(columns=getattr(rows, "geometry", pd.Series(name=None)).name or [])
        ids = made_ids(
            table["service"].to_list(),
            table["name"].to_list(),
            table.geometry.x.to_numpy(),
            table.geometry.y.to_numpy(),
            content=[repr(row) for row in content.astype(str).itertuples(index=False)],
        )
        table.index = pd.Index(ids, name=_ID)
    return checked_sites(table, str(path))


@checks_arguments
def carrying(features: pd.DataFrame, rules: Sequence[Mapping[str, str]]) -> npt.NDArray[np.bool_]:
    """Return which mapped features carry every tag of one of the rules."""
    found = [
        any(all(have.get(key) == value for key, value in rule.items()) for rule in rules) for have in features["tags"]
    ]
    return np.array(found, bool)


@checks_arguments
def sites_from_features(
    features: gpd.GeoDataFrame,
    service: str,
    *,
    tags: Sequence[Mapping[str, str]],
    with_names: Sequence[str] = (),
    without_names: Sequence[str] = (),
    merge_within_m: float = MERGE_WITHIN_M,
    source: str = "© OpenStreetMap contributors",
) -> gpd.GeoDataFrame:
    """Take as sites of one service all mapped features that carry every tag of one of the rules.

    Parameters
    ----------
    features
        As `geoaccess.osm.read_features` returns them.
    tags
        Rules such as {"amenity": "doctors"}.
    with_names, without_names
        Only features whose name holds one of the first words are taken (any, if there are none), and none whose name
        holds one of the second; in any case of letters.
    merge_within_m
        See `merge_near`.
    """
    chosen = carrying(features, tags)

    def named(words: Sequence[str]) -> npt.NDArray[np.bool_]:
        holds = [features["name"].str.contains(word, case=False, regex=False).to_numpy(bool) for word in words]
        return np.logical_or.reduce(holds) if holds else np.zeros(len(features), bool)

    if with_names:
        chosen &= named(with_names)
    chosen &= ~named(without_names)
    table = sites_of_features(features[chosen], pd.Series(service, index=features.index[chosen]), source)
    return merge_near(table, merge_within_m)


@checks_arguments
def merge_near(sites: gpd.GeoDataFrame, within_m: float) -> gpd.GeoDataFrame:
    """Merge the sites of one service that lie within a distance of each other, directly or through others.

    The first of each group stays, with the first name that is not empty; its note says how many were merged.
    """
    if within_m <= 0 or len(sites) < 2:  # noqa: PLR2004
        return sites
    group = _groups_near(sites, within_m)
    first = pd.Series(np.arange(len(sites))).groupby(group).transform("first").to_numpy()
    size = pd.Series(1, index=range(len(sites))).groupby(group).transform("sum").to_numpy()
    names = sites["name"].replace("", np.nan).groupby(group).transform("first").fillna("")
    out = sites.assign(
        name=names.to_numpy(), note=np.where(size > 1, [f"{n} mapped features merged" for n in size], sites["note"])
    )
    merged: gpd.GeoDataFrame = out[first == np.arange(len(sites))]
    return merged


@checks_arguments
def same_places(sites: gpd.GeoDataFrame, *, within_m: float = SAME_PLACE_M) -> list[tuple[str, list[Any]]]:
    """Return which sites of one service stand within a distance of each other: a service and their ids, a group each.

    Such sites are as a rule one, entered twice. A catchment measure counts the supply of both, and each is the other's
    alternative if the nearest closes.
    """
    if len(sites) < 2:  # noqa: PLR2004
        return []
    groups = pd.Series(sites.index, dtype=object).groupby(_groups_near(sites, within_m), sort=False)
    services = sites["service"].to_dict()
    return [(str(services[ids.iloc[0]]), ids.tolist()) for _, ids in groups if len(ids) > 1]


def _groups_near(sites: gpd.GeoDataFrame, within_m: float) -> npt.NDArray[np.int64]:
    """Return the number of the group of each site: of one service, and within a distance directly or through others."""
    import shapely

    flat = sites.to_crs(utm_of(sites)).geometry.to_numpy()
    a, b = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=within_m)
    service = sites["service"].to_numpy()
    same = service[a] == service[b]
    return _groups(len(sites), a[same], b[same])


@checks_arguments
def combine(tables: Sequence[gpd.GeoDataFrame], services: Sequence[str]) -> gpd.GeoDataFrame:
    """Put tables of sites together and check that every service has one and nothing else is there.

    Raises
    ------
    InputError
        With every problem: a service without a site, a service that the study does not have, a site id that stands
        twice.
    """
    table = pd.concat(tables) if tables else None
    if table is None:
        raise InputError("the study has no [[sites]]")
    unknown = sorted(set(table["service"]) - set(services))
    problems = [f'service "{name}" is not in the study{did_you_mean(name, services)}' for name in unknown]
    problems += [f'service "{name}" has no site' for name in services if name not in set(table["service"])]
    double = table.index[table.index.duplicated()].unique()
    problems += [
        f'site id "{label}" ({table["name"][label].iloc[0]}) stands there {int((table.index == label).sum())} times; '
        "take the site out of all but one of its sources, or give each row an id of its own"
        for label in double[:_SHOWN]
    ]
    if problems:
        raise InputError.listing("sites", problems)
    order = pd.Categorical(table["service"], categories=list(services), ordered=True)
    out: gpd.GeoDataFrame = (
        table.assign(_order=order.codes, _id=table.index).sort_values(["_order", "_id"]).drop(columns=["_order", "_id"])
    )
    return out


def _table(path: Path, rows: Any, columns: Mapping[str, str], crs: str) -> gpd.GeoDataFrame:
    """Make the rows of a file a table of sites, as far as the file says; `columns` names those that must be there."""
    import geopandas as gpd

    problems = [problem for key in ("id", "service") if key in columns for problem in empty_rows(rows, columns[key])]
    proxy, unclear = read_yes(rows, "proxy")
    problems += unclear
    if not isinstance(rows, gpd.GeoDataFrame):
        problems += _no_numbers(rows, columns["lon"], columns["lat"])
    if problems:
        raise InputError.listing(str(path), problems)
    texts = {key: read_text(rows, columns.get(key, key)) for key in ("service", "name", "level", "id", "note")}
    labels = pd.Index(texts["id"], name="site_id")
    made = pd.DataFrame({**texts, "proxy": proxy, "source": ""})[list(_COLUMNS)].set_axis(labels)
    return gpd.GeoDataFrame(made, geometry=_points(path, rows, columns, crs).to_numpy(), crs="EPSG:4326")


def _no_numbers(rows: pd.DataFrame, x: str, y: str) -> list[str]:
    numbers = np.column_stack([column_numbers(rows, name) for name in (x, y)])
    bad = rows.index[np.flatnonzero(~np.isfinite(numbers).all(axis=1))]
    return [f"row {row}: {x} is {rows[x][row]!r}, {y} is {rows[y][row]!r}; both must be numbers" for row in bad]


def _points(path: Path, rows: Any, columns: Mapping[str, str], crs: str) -> Any:
    """Return the places of the rows in EPSG:4326: their shapes, or points in `crs` where there are none."""
    import geopandas as gpd
    import pyproj

    if isinstance(rows, gpd.GeoDataFrame):
        if rows.crs is None:
            raise InputError(f"{path}: the file says no CRS; save it with one")
        places = rows.geometry.to_crs("EPSG:4326")
        return places if (places.geom_type == "Point").all() else places.representative_point()
    try:
        system = pyproj.CRS(crs)
    except pyproj.exceptions.CRSError as error:
        raise InputError(f'{path}: crs "{crs}" is not known; write it as "EPSG:25833"') from error
    if not is_on_earth(system):
        raise InputError(f'{path}: crs "{crs}" is none of the earth; write it as "EPSG:25833"')
    x, y = (column_numbers(rows, columns[key]) for key in _COORDINATES)
    return gpd.GeoSeries.from_xy(x, y, crs=system).to_crs("EPSG:4326")


def sites_of_features(features: gpd.GeoDataFrame, service: pd.Series[str], source: str) -> gpd.GeoDataFrame:
    """Return mapped features as sites, each of a service, by ids of the map; unchecked."""
    import geopandas as gpd

    labels = [
        f"{key}-{_OSM_PREFIX[kind]}{number}"
        for key, kind, number in zip(service, features["osm_type"], features["osm_id"], strict=True)
    ]
    return gpd.GeoDataFrame(
        {
            "service": service.to_numpy(),
            "name": features["name"].to_numpy(),
            "level": "",
            "proxy": False,
            "source": source,
            "note": "",
        },
        index=pd.Index(labels, name="site_id"),
        geometry=features.geometry.to_numpy(),
        crs=features.crs,
    )


def checked_sites(table: gpd.GeoDataFrame, subject: str) -> gpd.GeoDataFrame:
    """Return a table of sites whose ids and places were checked; errors name the subject."""
    x, y = table.geometry.x.to_numpy(), table.geometry.y.to_numpy()
    problems = [
        f"{table.index[i]}: ({x[i]}, {y[i]}) is no longitude and latitude"
        for i in np.flatnonzero(~((np.abs(x) <= 180) & (np.abs(y) <= 90)))[:_SHOWN]  # noqa: PLR2004
    ]
    double = table.index[table.index.duplicated()].unique()
    problems += [f'site id "{label}" stands there more than once' for label in double[:_SHOWN]]
    if problems:
        raise InputError.listing(subject, problems)
    return table


def _groups(n: int, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the smallest member of each one's group, where pairs (a, b) belong together."""
    group = np.arange(n)
    while True:
        smaller = group.copy()
        np.minimum.at(smaller, a, group[b])
        smaller = smaller[smaller]
        if (smaller == group).all():
            return group
        group = smaller

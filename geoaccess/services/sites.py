"""Tables of sites: from files, from mapped features by tag rules, and from a reviewed table of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

__all__ = ["carrying", "combine", "merge_near", "read_sites", "sites_from_features", "sites_from_review"]

_COLUMNS_NAMED = ("id", "name", "level", "note", "lon", "lat")
_OSM_PREFIX = {"node": "n", "way": "w", "relation": "r"}
_SHOWN = 5


def read_sites(
    path: Path,
    *,
    service: str | None = None,
    service_column: str = "service",
    columns: Mapping[str, str] | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    crs: str = "EPSG:4326",
    source: str = "",
) -> gpd.GeoDataFrame:
    """Read sites from a CSV, Parquet, GeoJSON or GeoPackage file.

    Parameters
    ----------
    service
        The service of every row; if left out it is read from `service_column`.
    columns
        Which column of the file holds `id`, `name`, `level`, `note`, `lon` and `lat` (or x and y in `crs`) where it
        has another name.
    where
        Keep only rows whose column has one of these values: {"facility_type": ["legekontor"]}.
    crs
        Of lon and lat; a GeoJSON or GeoPackage brings its own.
    source
        What to write into the column `source` where the file has none.

    Returns
    -------
    The table of sites: index `site_id`, columns service, name, level, proxy, source, note, points in EPSG:4326.

    Raises
    ------
    MissingFileError, InputError
        With every problem of the file: missing columns, coordinates that are missing or out of range (also swapped),
        no row left.
    """
    import geopandas as gpd

    named = dict(columns or {})
    for key in named:
        if key not in _COLUMNS_NAMED:
            raise InputError(f'{path}: columns names "{key}"{did_you_mean(key, _COLUMNS_NAMED)}')
    raw = _read(path)
    for column, values in (where or {}).items():
        if column not in raw:
            raise InputError(f'{path}: no column "{column}"{did_you_mean(column, raw.columns)}')
        raw = raw[raw[column].astype("str").isin([str(value) for value in values])]
    if raw.empty:
        raise InputError(f"{path}: no row is left{f' where {dict(where)}' if where else ''}")
    if isinstance(raw, gpd.GeoDataFrame):
        if raw.crs is None:
            raise InputError(f"{path}: the file says no CRS; save it with one")
        points = raw.geometry.to_crs("EPSG:4326")
        points = points if (points.geom_type == "Point").all() else points.representative_point()
    else:
        points = _points(path, raw, named.get("lon", "lon"), named.get("lat", "lat"), crs)
    services = pd.Series(service, index=raw.index) if service else _text(path, raw, service_column, required=True)
    table = gpd.GeoDataFrame(
        {
            "service": services,
            "name": _text(path, raw, named.get("name", "name"), required="name" in named),
            "level": _text(path, raw, named.get("level", "level"), required="level" in named),
            "proxy": _text(path, raw, "proxy").isin(["yes", "true", "True", "1"]),
            "source": _text(path, raw, "source").where(lambda text: text != "", source),
            "note": _text(path, raw, named.get("note", "note"), required="note" in named),
        },
        geometry=points,
        crs="EPSG:4326",
    )
    if "id" in named:
        table.index = pd.Index(_text(path, raw, named["id"], required=True), name="site_id")
    else:
        number = table.groupby("service").cumcount() + 1
        table.index = pd.Index(
            [f"{key}-{n:03d}" for key, n in zip(table["service"], number, strict=True)], name="site_id"
        )
    return _checked(table, str(path))


def carrying(features: pd.DataFrame, rules: Sequence[Mapping[str, str]]) -> npt.NDArray[np.bool_]:
    """Return which mapped features carry every tag of one of the rules."""
    found = [
        any(all(have.get(key) == value for key, value in rule.items()) for rule in rules) for have in features["tags"]
    ]
    return np.array(found, bool)


def sites_from_features(
    features: gpd.GeoDataFrame,
    service: str,
    *,
    tags: Sequence[Mapping[str, str]],
    with_names: Sequence[str] = (),
    without_names: Sequence[str] = (),
    merge_within_m: float = 0.0,
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
    table = _from_features(features[chosen], pd.Series(service, index=features.index[chosen]), source)
    return merge_near(table, merge_within_m)


def sites_from_review(
    features: gpd.GeoDataFrame, path: Path, *, source: str = "© OpenStreetMap contributors"
) -> gpd.GeoDataFrame:
    """Take as sites what a reviewed table says of mapped features.

    The table has a row per feature and service: `osm_type`, `osm_id`, `service` (empty where the feature is not
    used), `name`, `level`, `proxy` (yes or no), `reason`. Positions come from the features.

    Raises
    ------
    InputError
        If the table names a feature that is not there, lacks a reason, or says nothing of a feature that is there.
    """
    files.require(path)
    review = pd.read_csv(path, dtype=str, keep_default_na=False)
    missing = [
        name for name in ("osm_type", "osm_id", "service", "name", "level", "proxy", "reason") if name not in review
    ]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; it has {', '.join(review.columns)}")
    key = [review["osm_type"], review["osm_id"].astype("int64")]
    place = pd.Series(
        np.arange(len(features)), index=pd.MultiIndex.from_arrays([features["osm_type"], features["osm_id"]])
    )
    at = place.reindex(pd.MultiIndex.from_arrays(key)).to_numpy()
    problems = [
        f"row {i + 2}: {review['osm_type'][i]} {review['osm_id'][i]} is not among the features of the extract"
        for i in np.flatnonzero(np.isnan(at) & (review["service"] != "").to_numpy())
    ]
    problems += [f"row {i + 2}: the reason is empty" for i in np.flatnonzero(review["reason"].str.strip() == "")]
    if problems:
        raise InputError.listing(str(path), problems)
    used = np.flatnonzero(review["service"] != "")
    table = _from_features(features.iloc[at[used].astype(int)], review["service"].iloc[used], source)
    table["name"] = np.where(review["name"].iloc[used] != "", review["name"].iloc[used], table["name"])
    table["level"] = review["level"].iloc[used].to_numpy()
    table["proxy"] = (review["proxy"].iloc[used] == "yes").to_numpy()
    table["note"] = review["reason"].iloc[used].to_numpy()
    return _checked(table, str(path))


def merge_near(sites: gpd.GeoDataFrame, within_m: float) -> gpd.GeoDataFrame:
    """Merge the sites of one service that lie within a distance of each other, directly or through others.

    The first of each group stays, with the first name that is not empty; its note says how many were merged.
    """
    if within_m <= 0 or len(sites) < 2:  # noqa: PLR2004
        return sites
    import shapely

    flat = sites.to_crs(sites.estimate_utm_crs()).geometry.to_numpy()
    a, b = shapely.STRtree(flat).query(flat, predicate="dwithin", distance=within_m)
    service = sites["service"].to_numpy()
    same = service[a] == service[b]
    group = _groups(len(sites), a[same], b[same])
    first = pd.Series(np.arange(len(sites))).groupby(group).transform("first").to_numpy()
    size = pd.Series(1, index=range(len(sites))).groupby(group).transform("sum").to_numpy()
    names = sites["name"].replace("", np.nan).groupby(group).transform("first").fillna("")
    out = sites.assign(
        name=names.to_numpy(), note=np.where(size > 1, [f"{n} mapped features merged" for n in size], sites["note"])
    )
    return out[first == np.arange(len(sites))]


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
        f'site id "{label}" stands there {int((table.index == label).sum())} times' for label in double[:_SHOWN]
    ]
    if problems:
        raise InputError.listing("sites", problems)
    order = pd.Categorical(table["service"], categories=list(services), ordered=True)
    out: gpd.GeoDataFrame = (
        table.assign(_order=order.codes, _id=table.index).sort_values(["_order", "_id"]).drop(columns=["_order", "_id"])
    )
    return out


def _read(path: Path) -> Any:
    import geopandas as gpd

    files.require(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix in (".geojson", ".json", ".gpkg"):
        return gpd.read_file(path)
    raise InputError(f"{path}: sites are read from .csv, .parquet, .geojson or .gpkg")


def _points(path: Path, raw: pd.DataFrame, x: str, y: str, crs: str) -> Any:
    import geopandas as gpd

    absent = [name for name in (x, y) if name not in raw]
    if absent:
        raise InputError.listing(str(path), [f'no column "{name}"{did_you_mean(name, raw.columns)}' for name in absent])
    east, north = (pd.to_numeric(raw[name], errors="coerce").to_numpy(float) for name in (x, y))
    bad = np.flatnonzero(~(np.isfinite(east) & np.isfinite(north)))
    if bad.size:
        rows = [
            f"row {raw.index[int(i)] + 2}: {x} is {raw[x].iloc[i]!r}, {y} is {raw[y].iloc[i]!r}; both must be numbers"
            for i in bad
        ]
        raise InputError.listing(str(path), rows)
    return gpd.GeoSeries.from_xy(east, north, index=raw.index, crs=crs).to_crs("EPSG:4326")


def _text(path: Path, raw: pd.DataFrame, name: str, *, required: bool = False) -> pd.Series[str]:
    if name not in raw:
        if required:
            raise InputError(f'{path}: no column "{name}"{did_you_mean(name, raw.columns)}')
        return pd.Series("", index=raw.index, dtype="str")
    return raw[name].fillna("").astype("str")


def _from_features(features: gpd.GeoDataFrame, service: pd.Series[str], source: str) -> gpd.GeoDataFrame:
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


def _checked(table: gpd.GeoDataFrame, subject: str) -> gpd.GeoDataFrame:
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

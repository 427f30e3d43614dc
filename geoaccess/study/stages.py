"""The stages of a study, each from values to values."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess import demand, files, services, zones
from geoaccess.errors import InputError
from geoaccess.network import Network, load_network, save_network, snap
from geoaccess.osm import profile_files, read_boundaries, read_features, read_network, read_profile
from geoaccess.routing import nearest_snapped
from geoaccess.study.settings.study_file import (
    Borderless,
    CentralityComputed,
    SitesFromFile,
    SitesFromOsm,
    Study,
    ZonesFromColumn,
    ZonesFromFile,
    ZonesFromOsm,
)
from geoaccess.study.site_columns import at_their_levels, read_with_columns, refuse_columns
from geoaccess.study.zonings import carried_columns
from geoaccess.tables import missing_columns, read_table, read_text
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import geopandas as gpd

__all__ = [
    "Snapped",
    "about",
    "build_network",
    "build_or_load_network",
    "fetch_hint",
    "join_zones",
    "nearest_columns",
    "network_folder",
    "read_mapped",
    "read_people",
    "read_places",
    "snap_all",
    "snap_as_set",
    "snap_cells",
    "solve",
]

_ROOMS_OF_A_NETWORK = ("kernels", "network", "osm")


def build_or_load_network(study: Study, *, say: Callable[[str], None] | None = None) -> tuple[Network, bool]:
    """Return the network, and whether it came from the cache; what is damaged is built again."""
    folder = network_folder(study)
    if folder.exists():
        try:
            return load_network(folder), True
        except InputError as error:
            if say:
                say(f"cache refused: {error}")
    network = build_network(study, say=say)
    save_network(network, folder)
    return network, False


def network_folder(study: Study) -> Path:
    """Return where the network is kept: under a digest of all that makes it.

    That is the extracts, the profile, the table of ferries and the code that builds it.
    """
    paths = _extracts(study)
    when = study.settings.network.when
    return study.cache / f"network-{_network_digest(paths, study.profile, study.ferries, str(when))[:20]}"


def build_network(study: Study, *, say: Callable[[str], None] | None = None) -> Network:
    """Build the network from the extracts."""
    when = study.settings.network.when
    profile = read_profile(study.profile)
    return read_network(_extracts(study), profile, when=when, ferries=study.ferries, progress=say)


def _extracts(study: Study) -> list[Path]:
    paths = [study.resolve(name) for name in study.settings.network.osm]
    for path in paths:
        files.require(path, hint=fetch_hint(study))
    files.require(study.profile, hint="check [network] profile in the study")
    return paths


def _network_digest(paths: Sequence[Path], profile: Path, ferries: Path | None, settings: str) -> str:
    digest = hashlib.sha256(f"{__version__} {settings}".encode())
    package = Path(__file__).parents[1]
    code = sorted(file for room in _ROOMS_OF_A_NETWORK for file in (package / room).glob("*.py"))
    table = [] if ferries is None else [files.require(ferries, hint="check [network] ferries in the study")]
    for file in [*paths, *profile_files(profile), *table, *code]:
        digest.update(files.sha256(file).encode())
    return digest.hexdigest()


def read_people(study: Study) -> gpd.GeoDataFrame:
    """Return the cells of the study."""
    settings = study.settings.population
    path = files.require(study.resolve(settings.file), hint=fetch_hint(study))
    if path.suffix.lower() in (".tif", ".tiff"):
        if carried_columns(study):
            raise InputError(
                f"{path}: a raster has no column {', '.join(carried_columns(study))}; use a table of cells"
            )
        cells = demand.read_raster_cells(path, cell_size_m=settings.cell_size_m, crs=settings.crs)
    else:
        column = [study.settings.zones.column] if isinstance(study.settings.zones, ZonesFromColumn) else []
        cells = demand.read_cells(
            path,
            cell_id=None if settings.cell_id == "none" else settings.cell_id,
            people=settings.people,
            x=settings.x,
            y=settings.y,
            crs=settings.crs,
            cell_size_m=settings.cell_size_m,
            anchor=settings.anchor,
            carry=list(dict.fromkeys([*settings.carry, *column, *carried_columns(study)])),
            layer=settings.layer,
        )
    if settings.clip:
        west, south, east, north = settings.clip
        centre = cells.geometry.centroid.to_crs("EPSG:4326")
        cells = cells[centre.x.between(west, east) & centre.y.between(south, north)]
        if cells.empty:
            raise InputError(f"{study.path}: [population] clip = {list(settings.clip)} leaves no cell of {path}")
    return cells


def read_mapped(study: Study) -> gpd.GeoDataFrame:
    """Return every mapped feature that some rule of the study asks for."""
    rules = [source.tags for source in study.settings.sites if not isinstance(source, SitesFromFile)]
    if isinstance(study.settings.centrality, CentralityComputed):
        rules += study.settings.centrality.functions.values()
    if study.settings.ambulance:
        rules += study.settings.ambulance.tags
    pairs = dict.fromkeys(pair for tags in rules for rule in tags for pair in rule.items())
    if not pairs:
        import geopandas as gpd

        return gpd.GeoDataFrame({"tags": []}, geometry=[], crs="EPSG:4326")
    return read_features([study.resolve(name) for name in study.settings.network.osm], list(pairs))


def read_places(study: Study, mapped: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the sites of all services."""
    tables = []
    for source in study.settings.sites:
        if isinstance(source, SitesFromFile):
            path = files.require(study.resolve(source.file), hint=fetch_hint(study))
            table = read_with_columns(study, source, path)
            table = services.merge_near(_clipped(study, source, table), source.merge_within_m)
        elif isinstance(source, SitesFromOsm):
            table = services.sites_from_features(
                _clipped(study, source, mapped),
                source.service,
                tags=source.tags,
                with_names=source.with_names,
                without_names=source.without_names,
                merge_within_m=source.merge_within_m,
            )
        else:
            table = services.sites_from_review(
                mapped[services.carrying(mapped, source.tags)], study.resolve(source.file)
            )
        if not isinstance(source, SitesFromFile):
            refuse_columns(study, table)
        tables.append(table)
    with about(_names_of_sites(study)):
        return services.combine([at_their_levels(study, pd.concat(tables))], list(study.settings.services))


def _names_of_sites(study: Study) -> str:
    """Return what sites are read from, for messages."""
    names = [
        "mapped features" if isinstance(source, SitesFromOsm) else str(study.resolve(source.file))
        for source in study.settings.sites
    ]
    return ", ".join(dict.fromkeys(names))


@contextlib.contextmanager
def about(subject: str) -> Iterator[None]:
    """Say of an error in the data what data it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{subject}: {error}") from error


def _clipped(study: Study, source: SitesFromFile | SitesFromOsm, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the places inside the box that the population is cut to, where the study asks for that."""
    if not (source.clip and study.settings.population.clip):
        return places
    west, south, east, north = study.settings.population.clip
    return places.cx[west:east, south:north]


def join_zones(study: Study, cells: gpd.GeoDataFrame) -> tuple[pd.DataFrame, gpd.GeoDataFrame | None]:
    """Return municipality and region of each cell, and the polygons of municipalities where there are any."""
    settings = study.settings.zones
    if isinstance(settings, ZonesFromColumn):
        return _zones_of_column(study, settings, cells), None
    if isinstance(settings, ZonesFromFile):
        municipalities = zones.read_municipalities(
            files.require(study.resolve(settings.file), hint=fetch_hint(study)),
            id=settings.id,
            name=settings.name,
            region_id=settings.region_id,
            region=settings.region,
            digits=settings.digits,
            layer=settings.layer,
        )
    else:
        municipalities = _zones_of_osm(study, settings, cells)
    return zones.assign(cells, municipalities, max_nearest_m=settings.max_nearest_m), municipalities


def _zones_of_column(study: Study, settings: ZonesFromColumn, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    ids = cells[settings.column].astype("str")
    names = pd.Series(dtype="str")
    if settings.names_file:
        names = _names_of_zones(study.resolve(settings.names_file), settings.names_id, settings.names_name)
    return pd.DataFrame(
        {
            "municipality_id": ids,
            "municipality": ids.map(names).astype("str").fillna(ids),
            **dict.fromkeys(["region_id", "region", "zone_note"], ""),
        },
        index=cells.index,
    )


def _names_of_zones(path: Path, number: str, name: str) -> pd.Series[str]:
    """Return the name of each municipality, by its number."""
    table = read_table(path)
    absent = missing_columns(table, [number, name])
    if absent:
        raise InputError.listing(str(path), absent)
    named = pd.DataFrame({column: read_text(table, column) for column in (number, name)})
    names = named.drop_duplicates().set_index(number)[name]
    double = names.index[names.index.duplicated()].unique()
    problems = [f"municipality {label} has the names {', '.join(names[[label]])}; keep one" for label in double]
    if problems:
        raise InputError.listing(str(path), problems)
    return names


def _zones_of_osm(study: Study, settings: ZonesFromOsm, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    extracts = [study.resolve(name) for name in study.settings.network.osm]
    levels = [settings.level] if settings.region_level is None else [settings.level, settings.region_level]
    boundaries = read_boundaries(extracts, levels)
    municipalities = boundaries[settings.level].rename_axis("municipality_id")
    for missing in settings.borderless:
        municipalities = pd.concat([municipalities, _border_of_cells(missing, cells, municipalities)])
    municipalities["region_id"] = municipalities["region"] = ""
    if settings.region_level is not None:
        regions = boundaries[settings.region_level].rename_axis("region_id").reset_index()
        inside = municipalities.set_geometry(municipalities.representative_point())[["geometry"]].sjoin(regions)
        inside = inside[~inside.index.duplicated()]
        municipalities["region_id"] = inside["region_id"].reindex(municipalities.index).fillna("")
        municipalities["region"] = inside["name"].reindex(municipalities.index).fillna("")
    return municipalities


def _border_of_cells(missing: Borderless, cells: gpd.GeoDataFrame, others: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a municipality whose border is that of the cells near its place that lie in no other municipality."""
    import geopandas as gpd
    from shapely.geometry import MultiPolygon

    place = gpd.GeoSeries.from_xy([missing.lon], [missing.lat], crs="EPSG:4326").to_crs(cells.crs).iloc[0]
    near = cells[cells.geometry.centroid.distance(place) <= missing.within_km * 1000]
    taken = near.set_geometry(near.geometry.centroid)[["geometry"]].to_crs(others.crs).sjoin(others[["geometry"]]).index
    land = near.geometry.drop(taken).to_crs(others.crs).union_all()
    if land.is_empty:
        raise InputError(
            f'[[zones.borderless]] "{missing.name}": no cell within {missing.within_km:g} km is outside the others'
        )
    land = land if land.geom_type == "MultiPolygon" else MultiPolygon([land])
    return gpd.GeoDataFrame(
        {"name": [missing.name]}, geometry=[land], crs=others.crs, index=pd.Index([missing.id], name="municipality_id")
    )


@dataclass(frozen=True)
class Snapped:
    """Cells and sites attached to the network."""

    cells: pd.DataFrame
    sites: pd.DataFrame


def snap_all(study: Study, network: Network, cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> Snapped:
    """Attach the centres of cells, and the sites; refuse a service none of whose sites is near a road."""
    cells_snapped = snap_cells(study, network, cells)
    with about(_names_of_sites(study)):
        sites_snapped = snap_as_set(study, network, sites)
        near = (sites_snapped["edge"] >= 0).groupby(sites["service"].to_numpy()).any()
        problems = [
            f'no site of "{key}" lies within {study.settings.snap.max_m:g} m of a road; are lon and lat swapped?'
            for key in near.index[~near]
        ]
        if problems:
            raise InputError.listing("sites", problems)
    return Snapped(cells_snapped, sites_snapped)


def snap_cells(study: Study, network: Network, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Attach the centres of cells."""
    with about(str(study.resolve(study.settings.population.file))):
        return snap_as_set(study, network, cells)


def solve(study: Study, network: Network, snapped: Snapped, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the columns of all services, one row per cell: time and id of the nearest and the second nearest site."""
    out = {"off_network_m": snapped.cells["off_network_m"]}
    for key, service in study.settings.services.items():
        ours = snapped.sites[(sites["service"] == key).to_numpy()]
        out |= nearest_columns(key, nearest_snapped(network, snapped.cells, ours, k=2, toward=service.toward))
    return pd.DataFrame(out)


def nearest_columns(key: str, found: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """Return the columns that a service has in the results, of the two nearest sites that a search found."""
    return {
        f"{key}_s": found["travel_time_s"],
        f"{key}_site": found["site"].fillna("").astype("str"),
        f"{key}_second_s": found["travel_time_2_s"],
        f"{key}_second_site": found["site_2"].fillna("").astype("str"),
        f"{key}_reason": found["reason"].astype("str"),
    }


def snap_as_set(study: Study, network: Network, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Attach places to the network as the study sets it."""
    return snap(
        network,
        places,
        max_snap_m=study.settings.snap.max_m,
        off_network_kph=study.settings.snap.off_network_kph,
        min_component_m=study.settings.network.min_component_km * 1000,
    )


def fetch_hint(study: Study) -> str:
    """Say where a file that a study needs is to be had."""
    if study.settings.fetch:
        return f"`geoaccess fetch {study.settings.fetch}` downloads it"
    return f"check the path in {study.path}"

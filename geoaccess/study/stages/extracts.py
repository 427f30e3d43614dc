"""What the extracts of a study hold beside its roads, read once and kept under a digest of all that makes it."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from geoaccess import files, nvdb, services
from geoaccess.osm import (
    count_unused_tags,
    read_border,
    read_boundaries,
    read_features,
    read_polygons,
    read_profile,
    read_road_names,
)
from geoaccess.study.settings.inputs import CentralityComputed, SitesFromFile
from geoaccess.study.stages.kept_tables import kept_tables
from geoaccess.study.stages.remembered import remembered
from geoaccess.study.stages.subjects import fetch_hint
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from geoaccess.study.settings.study_file import Study

__all__ = [
    "PLACES",
    "border_of",
    "boundaries_of",
    "code_of",
    "content_digest",
    "extracts_of",
    "features_of",
    "glaciers_of",
    "read_in_passing",
    "read_mapped",
    "road_names_of",
    "unused_tags_of",
]

PLACES: Final = ("city", "town", "village", "hamlet", "suburb", "isolated_dwelling")
"""Values of `place` by which people call where something is."""

_STAMPS = "inputs.json"
_SMALL: Final = 300_000_000
"""Bytes of extracts that are read in less than a minute."""
_ROOMS = ("kernels", "osm")  # ways and their tags are decoded by kernels
_LIBRARIES = ("osmium", "shapely")
_Pair = tuple[str, str]


def extracts_of(study: Study) -> list[Path]:
    """Return the extracts of a study, or its file or folder of NVDB Ruteplan.

    Raises
    ------
    MissingFileError
        If one is not there.
    """
    if study.nvdb is not None:
        return [files.require(study.nvdb, hint=fetch_hint(study))]
    return [files.require(study.resolve(name), hint=fetch_hint(study)) for name in study.settings.network.osm]


def content_digest(study: Study, path: Path) -> str:
    """Return the SHA-256 of an input; it is remembered in the cache of the study while the file is the same."""
    return files.remembered_sha256(path, study.cache / _STAMPS)


def code_of(rooms: Sequence[str]) -> list[Path]:
    """Return the files of code of some rooms, on which what is made by them depends."""
    package = Path(__file__).parents[2]
    return sorted(file for room in rooms for file in (package / room).glob("*.py"))


def features_of(study: Study, tags: Sequence[_Pair]) -> gpd.GeoDataFrame:
    """Return every mapped feature that carries one of some tags, as `read_features` does; none for NVDB Ruteplan.

    All that the study asks for, and places by name, are read and kept together: reading takes as long for many tags as
    for one.
    """
    if study.nvdb is not None:
        return read_features([], list(tags))
    together = [*_tags_of(study), *(("place", kind) for kind in (*PLACES, "island"))]
    together = sorted({pair for pair in (*together, *tags) if pair[0] != "type"})
    alone = any(key == "type" for key, _ in tags)  # what features of an area say of their own kind is not kept
    asked = list(dict.fromkeys(tags)) if alone else together
    found: gpd.GeoDataFrame = _kept(study, "features", asked, lambda paths: {"f": read_features(paths, asked)})["f"]
    if alone:
        return found
    chosen = np.flatnonzero(services.carrying(found, [{key: value} for key, value in tags]))
    return found.iloc[chosen].reset_index(drop=True)


def _tags_of(study: Study) -> list[_Pair]:
    """Return the tags that the rules of a study are made of."""
    rules = [source.tags for source in study.settings.sites if not isinstance(source, SitesFromFile)]
    if isinstance(study.settings.centrality, CentralityComputed):
        rules += study.settings.centrality.tags
    if study.settings.ambulance:
        rules += study.settings.ambulance.tags
    return [pair for tags in rules for rule in tags for pair in rule.items()]


def read_mapped(study: Study) -> gpd.GeoDataFrame:
    """Return every mapped feature that some rule of a study asks for."""
    tags = _tags_of(study)
    if not tags:
        import geopandas as gpd

        return gpd.GeoDataFrame({"tags": []}, geometry=[], crs="EPSG:4326")
    return features_of(study, tags)


def boundaries_of(study: Study, levels: Sequence[int]) -> dict[int, gpd.GeoDataFrame]:
    """Return the administrative boundaries of some levels, as `read_boundaries` does."""

    def read(paths: list[Path]) -> dict[str, gpd.GeoDataFrame]:
        return {str(level): table for level, table in read_boundaries(paths, levels).items()}

    found = _kept(study, "boundaries", sorted(set(levels)), read)
    return {level: found[str(level)] for level in levels}


def border_of(study: Study, key: str, value: str) -> gpd.GeoDataFrame:
    """Return the area of the administrative boundary that carries a tag, a row; no row where the extracts have none."""

    def read(paths: list[Path]) -> dict[str, gpd.GeoDataFrame]:
        import geopandas as gpd

        area = read_border(paths, key, value)
        return {"border": gpd.GeoDataFrame(geometry=[] if area is None else [area], crs="EPSG:4326")}

    found: gpd.GeoDataFrame = _kept(study, "border", [key, value], read)["border"]
    return found


def road_names_of(study: Study) -> pd.DataFrame:
    """Return what the roads of a study are called, as `read_road_names` does."""

    def read(paths: list[Path]) -> dict[str, pd.DataFrame]:
        return {"names": read_road_names(paths) if study.nvdb is None else nvdb.read_road_names(paths[0])}

    names: pd.DataFrame = _kept(study, "names", "", read)["names"]
    return names


def glaciers_of(study: Study) -> gpd.GeoDataFrame:
    """Return the glaciers of the extracts, each as it is mapped; none of NVDB Ruteplan."""

    def read(paths: list[Path]) -> dict[str, gpd.GeoDataFrame]:
        import geopandas as gpd

        shapes = read_polygons(paths if study.nvdb is None else [], "natural", "glacier")
        return {"glaciers": gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326")}

    found: gpd.GeoDataFrame = _kept(study, "glaciers", "", read)["glaciers"]
    return found


def read_in_passing(study: Study) -> bool:
    """Whether one more reading of the extracts takes seconds, not minutes: what only adorns maps is read then."""
    return sum(path.stat().st_size for path in extracts_of(study) if path.is_file()) <= _SMALL


def unused_tags_of(study: Study) -> pd.DataFrame:
    """Return the tags that no rule of the study's profile looks at, as `count_unused_tags` does."""
    if study.nvdb is not None:
        return pd.DataFrame(columns=["key", "ways"])
    profile = read_profile(study.profile)
    asked = sorted(profile.keys), sorted(profile.highway)
    found = _kept(study, "unused", asked, lambda paths: {"unused": count_unused_tags(paths, profile)})
    unused: pd.DataFrame = found["unused"]
    return unused


def _kept(
    study: Study, kind: str, asked: object, read: Callable[[list[Path]], Mapping[str, pd.DataFrame]]
) -> dict[str, Any]:
    """Return tables read from the extracts, from the cache where the same were asked for before."""
    paths = extracts_of(study)
    versions = [importlib.metadata.version(name) for name in _LIBRARIES]
    digest = hashlib.sha256(f"{__version__} {versions} {asked}".encode())
    for path in paths:
        digest.update(content_digest(study, path).encode())
    for file in code_of(_ROOMS if study.nvdb is None else (*_ROOMS, "nvdb")):
        digest.update(files.sha256(file).encode())
    kept = study.cache / f"{kind}-{digest.hexdigest()[:20]}"
    return remembered(kind, kept, lambda: kept_tables(kept, lambda: read(paths)))

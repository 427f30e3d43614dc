"""What the extracts of a study hold beside its roads, read once and kept under a digest of all that makes it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from geoaccess import files, nvdb, services
from geoaccess.errors import InputError
from geoaccess.osm import (
    Sieve,
    count_road_keys,
    keys_counted,
    named,
    names_of,
    read_border,
    read_boundaries,
    read_features,
    read_polygons,
    read_profile,
    read_road_names,
    sift,
    unused_tags,
)
from geoaccess.remembering import remembered, remembered_of
from geoaccess.study.settings.inputs import CentralityComputed, SitesFromFile, ZonesFromOsm
from geoaccess.study.stages.kept_tables import drop_older, found_tables, kept_tables
from geoaccess.study.stages.sifted import keep_sifted, kept_sifted
from geoaccess.study.stages.subjects import fetch_hint
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from geoaccess.study.settings.study_file import Study

__all__ = [
    "PLACES",
    "border_of",
    "boundaries_digest",
    "boundaries_of",
    "content_digest",
    "digests_of_code",
    "extracts_of",
    "features_digest",
    "features_of",
    "glaciers_of",
    "keep_in_passing",
    "read_in_passing",
    "read_mapped",
    "road_names_of",
    "sieve_in_passing",
    "unused_tags_of",
]

PLACES: Final = ("city", "town", "village", "hamlet", "suburb", "isolated_dwelling")
"""Values of `place` by which people call where something is."""

_PLACES: Final = tuple(("place", kind) for kind in (*PLACES, "island"))
_GLACIER: Final = ("natural", "glacier")
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


@lru_cache(maxsize=32)
def digests_of_code(rooms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the SHA-256 of each file of code of some rooms, on which what is made by them depends.

    They are those of when they were first requested: a process goes on with that code.
    """
    package = Path(__file__).parents[2]
    return tuple(map(files.sha256, sorted(file for room in rooms for file in (package / room).glob("*.py"))))


@lru_cache(maxsize=1)
def _versions() -> list[str]:
    """Return the versions of the libraries that extracts are read with."""
    return [importlib.metadata.version(name) for name in _LIBRARIES]


def features_of(study: Study, tags: Sequence[_Pair]) -> gpd.GeoDataFrame:
    """Return every mapped feature that carries one of some tags, as `read_features` does; none for NVDB Ruteplan.

    All that the study asks for, and places by name, are read and kept together: reading takes as long for many tags as
    for one.
    """
    if study.nvdb is not None:
        return read_features([], list(tags))
    asked, alone = _asked_of_features(study, tags)
    found: gpd.GeoDataFrame = _kept(
        study, "features", asked, lambda paths: {"f": read_features(paths, asked)}, tags=() if alone else asked
    )["f"]
    if alone:
        return found

    def carrying() -> gpd.GeoDataFrame:
        chosen = np.flatnonzero(services.carrying(found, [{key: value} for key, value in tags]))
        return found.iloc[chosen].reset_index(drop=True)

    return remembered_of("features carrying", (found,), tuple(tags), carrying)


def features_digest(study: Study, tags: Sequence[_Pair]) -> str:
    """Return what stands for all that `features_of` some tags is made of, without reading them."""
    return "" if study.nvdb is not None else _folder(study, "features", _asked_of_features(study, tags)[0]).name


def _asked_of_features(study: Study, tags: Sequence[_Pair]) -> tuple[list[_Pair], bool]:
    """Return the tags of features that are read together, and whether it is the given ones alone."""
    alone = any(key == "type" for key, _ in tags)  # what features of an area say of their own kind is not kept
    if alone:
        return list(dict.fromkeys(tags)), True
    return sorted({pair for pair in (*_tags_of(study), *_PLACES, *tags) if pair[0] != "type"}), False


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
        return remembered("features", None, _no_features)
    return features_of(study, tags)


def _no_features() -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.GeoDataFrame({"tags": []}, geometry=[], crs="EPSG:4326")


def boundaries_of(study: Study, levels: Sequence[int]) -> dict[int, gpd.GeoDataFrame]:
    """Return the administrative boundaries of some levels, as `read_boundaries` does."""

    def read(paths: list[Path]) -> dict[str, gpd.GeoDataFrame]:
        return {str(level): table for level, table in read_boundaries(paths, levels).items()}

    tags = [("admin_level", str(level)) for level in levels]
    found = _kept(study, "boundaries", sorted(set(levels)), read, tags=tags)
    return {level: found[str(level)] for level in levels}


def boundaries_digest(study: Study, levels: Sequence[int]) -> str:
    """Return what stands for all that `boundaries_of` some levels is made of, without reading them."""
    return _folder(study, "boundaries", sorted(set(levels))).name


def border_of(study: Study, key: str, value: str) -> gpd.GeoDataFrame:
    """Return the area of the administrative boundary that carries a tag, a row; no row where the extracts have none."""

    def read(paths: list[Path]) -> dict[str, gpd.GeoDataFrame]:
        import geopandas as gpd

        area = read_border(paths, key, value)
        return {"border": gpd.GeoDataFrame(geometry=[] if area is None else [area], crs="EPSG:4326")}

    found: gpd.GeoDataFrame = _kept(study, "border", [key, value], read, tags=[(key, value)])["border"]
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

        shapes = read_polygons(paths if study.nvdb is None else [], *_GLACIER)
        return {"glaciers": gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326")}

    found: gpd.GeoDataFrame = _kept(study, "glaciers", "", read, tags=[_GLACIER])["glaciers"]
    return found


def read_in_passing(study: Study) -> bool:
    """Whether one more reading of the extracts takes seconds, not minutes: what only adorns maps is read then."""
    return sum(path.stat().st_size for path in extracts_of(study) if path.is_file()) <= _SMALL


def unused_tags_of(study: Study) -> pd.DataFrame:
    """Return the tags that no rule of the study's profile looks at, as `count_unused_tags` does."""
    if study.nvdb is not None:
        return pd.DataFrame(columns=["key", "ways"])
    found = _kept(study, "keys", "", lambda paths: {"keys": count_road_keys(paths)})
    return unused_tags(found["keys"], read_profile(study.profile))


def _kept(
    study: Study,
    kind: str,
    asked: object,
    read: Callable[[list[Path]], Mapping[str, pd.DataFrame]],
    *,
    tags: Sequence[_Pair] = (),
) -> dict[str, Any]:
    """Return tables read from the extracts, from the cache where the same were asked for before.

    With `tags` they are made of what carries one of these, and small extracts are read in place of the extracts.
    """
    paths, folder = extracts_of(study), _folder(study, kind, asked)

    def make() -> Mapping[str, pd.DataFrame]:
        small = _small(study, paths, tags) if tags and study.nvdb is None else paths
        try:
            return read(small)
        except InputError:
            if small == paths:
                raise
        return read(paths)  # says what is wrong by the names of the extracts

    unchanged = partial(_is_still, study, kind, asked, folder)
    return remembered(kind, folder, lambda: kept_tables(folder, make, unchanged=unchanged))


def _is_still(study: Study, kind: str, asked: object, folder: Path) -> bool:
    """Whether the extracts are those that a folder is for: while they were read they may have been replaced."""
    try:
        return _folder(study, kind, asked) == folder
    except (OSError, InputError):  # it is gone
        return False


def _folder(study: Study, kind: str, asked: object) -> Path:
    """Return where something is kept that is made of the extracts of a study."""
    digest = hashlib.sha256(f"{__version__} {_versions()} {asked}".encode())
    for path in extracts_of(study):
        digest.update(content_digest(study, path).encode())
    for code in digests_of_code(_ROOMS if study.nvdb is None else (*_ROOMS, "nvdb")):
        digest.update(code.encode())
    return study.cache / f"{kind}-{digest.hexdigest()[:20]}"


def _sifted_tags(study: Study) -> list[_Pair]:
    """Return the tags of all that a study is known to ask its extracts for."""
    found = {*_tags_of(study), *_PLACES, _GLACIER, *study.settings.population.border.items()}
    if isinstance(study.settings.zones, ZonesFromOsm):
        levels = (study.settings.zones.level, study.settings.zones.region_level)
        found |= {("admin_level", str(level)) for level in levels if level is not None}
    return sorted(pair for pair in found if pair[0] != "type")


def _small(study: Study, paths: list[Path], tags: Sequence[_Pair]) -> list[Path]:
    """Return small extracts that hold all that carries some tags; the extracts themselves where none can be kept."""
    every = _sifted_tags(study)
    if not set(tags) <= set(every):
        every = sorted({*every, *tags})
    folder = _folder(study, "sifted", every)
    small = kept_sifted(paths, folder)
    if small is None:
        sieve = Sieve(every)
        sift(paths, sieve)
        if not _is_still(study, "sifted", every, folder):
            return paths
        _keep(study, sieve, paths, folder)
        small = kept_sifted(paths, folder)
    return paths if small is None else small


def _keep(study: Study, sieve: Sieve, paths: list[Path], folder: Path) -> None:
    with files.kept_if_possible(study.cache):
        keep_sifted(sieve, paths, folder)
        drop_older(folder)


def sieve_in_passing(study: Study) -> tuple[Sieve, Path] | None:
    """Return what to sift from the extracts while their roads are read, and where to keep it.

    None where that is in the cache already.
    """
    tags = _sifted_tags(study)
    folder = _folder(study, "sifted", tags)
    if kept_sifted(extracts_of(study), folder) is not None:
        return None
    return Sieve(tags, keyed=named(), with_road_keys=True), folder


def keep_in_passing(study: Study, sieve: Sieve, folder: Path) -> None:
    """Keep what was sifted from the extracts while their roads were read, with the names and keys of roads; let it go.

    Where they were replaced meanwhile nothing is kept.
    """
    paths = extracts_of(study)
    if not _is_still(study, "sifted", _sifted_tags(study), folder):
        sieve.found.clear()
        return
    _keep(study, sieve, paths, folder)
    if all(path in sieve.found for path in paths):
        found = [sieve.found[path] for path in paths]
        _keep_table(study, "names", lambda: names_of([of.keyed for of in found]))
        _keep_table(study, "keys", lambda: keys_counted(of.road_keys for of in found))
    sieve.found.clear()


def _keep_table(study: Study, kind: str, make: Callable[[], pd.DataFrame]) -> None:
    """Keep a table of all roads where it is not kept; words that are no text are refused when they are asked for."""
    folder = _folder(study, kind, "")
    if found_tables(folder) is None:
        with contextlib.suppress(UnicodeDecodeError):
            kept_tables(folder, lambda: {kind: make()})

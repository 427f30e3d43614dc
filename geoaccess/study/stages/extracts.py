"""What the extracts of a study hold beside its roads, read once and kept under a digest of all that makes it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from geoaccess import files, nvdb, services
from geoaccess.errors import InputError
from geoaccess.osm import (
    Sieve,
    WantedAreas,
    WantedBoundaries,
    WantedFeatures,
    count_road_keys,
    keys_counted,
    named,
    names_of,
    read_border,
    read_features,
    read_profile,
    read_road_names,
    read_wanted,
    sift,
    unused_tags,
)
from geoaccess.remembering import remembered, remembered_of
from geoaccess.study.settings.inputs import CentralityComputed, SitesFromFile, ZonesFromOsm
from geoaccess.study.stages.kept_tables import drop_older, found_tables, kept_tables
from geoaccess.study.stages.sifted import keep_sifted, kept_sifted
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd

    from geoaccess.osm import Wanted
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
    "levels_of",
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
        return [files.require(study.nvdb, hint=study.fetch_hint)]
    return [files.require(study.resolve(name), hint=study.fetch_hint) for name in study.settings.network.osm]


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
    found: gpd.GeoDataFrame = _answered(study, _of_features(asked), sifted=not alone)["features"]
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
    found = _answered(study, _of_boundaries(levels))
    return {level: found[str(level)] for level in levels}


def boundaries_digest(study: Study, levels: Sequence[int]) -> str:
    """Return what stands for all that `boundaries_of` some levels is made of, without reading them."""
    return _folder(study, "boundaries", sorted(set(levels))).name


def levels_of(settings: ZonesFromOsm) -> list[int]:
    """Return the administrative levels of municipalities, and of regions if any."""
    return [settings.level] if settings.region_level is None else [settings.level, settings.region_level]


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
    found = _OF_GLACIERS.look().tables() if study.nvdb is not None else _answered(study, _OF_GLACIERS)
    glaciers: gpd.GeoDataFrame = found["areas"]
    return glaciers


def read_in_passing(study: Study) -> bool:
    """Whether one more reading of the extracts takes seconds, not minutes: what only adorns maps is read then."""
    return sum(path.stat().st_size for path in extracts_of(study) if path.is_file()) <= _SMALL


def unused_tags_of(study: Study) -> pd.DataFrame:
    """Return the tags that no rule of the study's profile looks at, as `count_unused_tags` does."""
    if study.nvdb is not None:
        return pd.DataFrame(columns=["key", "ways"])
    found = _kept(study, "keys", "", lambda paths: {"keys": count_road_keys(paths)})
    return unused_tags(found["keys"], read_profile(study.profile))


class _Question(NamedTuple):
    """What a study asks of its extracts: as what the answer is kept, and what looks for it when files go by."""

    kind: str
    asked: object
    look: Callable[[], Wanted]


def _of_features(asked: Sequence[_Pair]) -> _Question:
    return _Question("features", asked, lambda: WantedFeatures(asked))


def _of_boundaries(levels: Sequence[int]) -> _Question:
    return _Question("boundaries", sorted(set(levels)), lambda: WantedBoundaries(levels))


_OF_GLACIERS: Final = _Question("glaciers", "", lambda: WantedAreas(_GLACIER))


def _questions(study: Study) -> list[_Question]:
    """Return what nearly every verb asks the extracts of a study for."""
    found = [_of_features(_asked_of_features(study, ())[0])]
    if isinstance(study.settings.zones, ZonesFromOsm):
        found.append(_of_boundaries(levels_of(study.settings.zones)))
    return [*found, _OF_GLACIERS] if read_in_passing(study) else found


def _answered(study: Study, question: _Question, *, sifted: bool = True) -> dict[str, Any]:
    """Return the answer to a question, as tables by name; where it is not `sifted`, it is of the extracts themselves.

    Where small extracts are read for it, what else will be asked is looked for in the same pass, and kept.
    """

    def read(paths: list[Path]) -> Mapping[str, pd.DataFrame]:
        others = {} if paths == extracts_of(study) else _unanswered(study, besides=question.kind)
        wanted, beside = question.look(), {folder: other.look() for folder, other in others.items()}
        read_wanted(paths, [wanted, *beside.values()])
        for folder, other in others.items():
            with contextlib.suppress(InputError):  # there is no such thing: said when it is asked for
                _keep_at_hand(study, other, folder, beside[folder].tables())
        return wanted.tables()

    return _kept(study, question.kind, question.asked, read, tags=question.look().tags if sifted else ())


def _unanswered(study: Study, *, besides: str) -> dict[Path, _Question]:
    """Return the questions of other kinds whose answers are not kept, by where they will be."""
    every = [question for question in _questions(study) if question.kind != besides]
    found = {_folder(study, question.kind, question.asked): question for question in every}
    return {folder: question for folder, question in found.items() if not (folder in _at_hand or folder.exists())}


def _keep_at_hand(study: Study, question: _Question, folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Keep an answer, and have it at hand for who asks next."""
    if _is_still(study, question.kind, question.asked, folder):
        _at_hand[folder] = kept_tables(folder, lambda: tables)


_at_hand: Final[dict[Path, dict[str, Any]]] = {}
"""Answers that nobody has asked for yet, by where they are kept: polygons are as slow to read back as to write."""


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

    def found() -> dict[str, Any]:
        at_hand = _at_hand.pop(folder, None)
        return kept_tables(folder, make, unchanged=unchanged) if at_hand is None else at_hand

    unchanged = partial(_is_still, study, kind, asked, folder)
    return remembered(kind, folder, found)


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
        found |= {("admin_level", str(level)) for level in levels_of(study.settings.zones)}
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

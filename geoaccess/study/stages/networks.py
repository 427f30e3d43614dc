"""The network of a study and the order of its hierarchy, each kept under a digest of all that makes it."""

from __future__ import annotations

import contextlib
import hashlib
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from geoaccess import files, nvdb
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.hierarchy import has_order, load_order, save_order, topology_digest, whole
from geoaccess.kernels.memory import give_back
from geoaccess.network import Network, load_network, prepare, save_network
from geoaccess.network.intact import trust
from geoaccess.network.prepared import differ_in_times_alone
from geoaccess.osm import profile_digest, read_networks, read_profile
from geoaccess.remembering import remembered
from geoaccess.study.settings.inputs import CentralityComputed
from geoaccess.study.stages.extracts import (
    content_digest,
    digests_of_code,
    extracts_of,
    keep_in_passing,
    road_names_of,
    sieve_in_passing,
)
from geoaccess.study.stages.kept_tables import drop_older
from geoaccess.study.stages.timetables import follows_timetable, timetabled, without_timetable
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.network.intact import Checked
    from geoaccess.study.settings.study_file import Study


__all__ = [
    "build_network",
    "build_or_load_network",
    "by_name",
    "cache_folder",
    "contract_or_load",
    "is_still",
    "load_kept",
    "load_to_draw",
    "loading_ahead",
    "network_folder",
    "prepared",
    "same_places",
    "with_other_profiles",
]

_KEPT: weakref.WeakKeyDictionary[Network, tuple[Study, Path]] = weakref.WeakKeyDictionary()
"""Where networks are kept, and of which study they are."""
_ALIKE: weakref.WeakKeyDictionary[Network, weakref.ref[Network]] = weakref.WeakKeyDictionary()
"""Networks that differ in their times alone from one that was prepared before."""
_ROOMS_OF_A_NETWORK = ("kernels", "network", "osm")
_ROOMS_OF_A_TIMETABLE = ("routing",)
_ROOMS_OF_A_HIERARCHY = ("kernels", "hierarchy")


class LoadingAhead(NamedTuple):
    """What another thread loads: the network, and the hierarchy of it, which comes later."""

    network: Future[Network | None]
    hierarchy: Future[None]


@contextlib.contextmanager
def loading_ahead(study: Study, *, order: bool = True) -> Iterator[LoadingAhead]:
    """Load the network, where the cache has it, while the block runs, by another thread; and its hierarchy, if asked.

    `build_or_load_network` takes the network, and says what is wrong where None stands for one that cannot be loaded;
    `contract_or_load` waits for the hierarchy.
    """

    def load() -> Network | None:
        with contextlib.suppress(GeoaccessError, OSError):
            folder = network_folder(study)
            network = remembered("network", folder, lambda: _loaded(folder, None)) if folder.exists() else None
            return None if network is None else _registered(study, network, folder)
        return None

    def contract() -> None:
        network = loaded.result() if order else None
        if network is not None:
            with contextlib.suppress(GeoaccessError, OSError):
                contract_or_load(study, network)

    with ThreadPoolExecutor(1) as pool:
        loaded = pool.submit(load)
        yield LoadingAhead(loaded, pool.submit(contract))


def build_or_load_network(
    study: Study,
    *,
    also: Sequence[Study] = (),
    say: Callable[[str], None] | None = None,
    sifted: Callable[[], object] | None = None,
    kept: Callable[[], object] | None = None,
    ahead: LoadingAhead | None = None,
) -> tuple[Network, bool]:
    """Return the network, and whether it came from the cache; what is damaged is built again.

    Where it is built, so are those of `also` (see `with_other_profiles`) that the cache lacks, into the cache. In
    between `sifted` is called, once extracts are read and all is kept that was looked for in passing, and at the end
    `kept`, before what snapping needs is made.
    `ahead` is what `loading_ahead` began.
    """
    network = None if ahead is None else ahead.network.result()
    if network is not None:
        return network, True
    folder = network_folder(study)
    network = remembered("network", folder, lambda: _loaded(folder, say)) if folder.exists() else None
    from_cache = network is not None
    if network is None:
        network = build_network(study, also=also, say=say, sifted=sifted)
        if not _kept(study, network, folder):  # what snapping needs has no place either
            return network, False
        # From now on the pages of the files, which other processes have as well, in the place of what was built.
        network = remembered("network", folder, lambda: _loaded(folder, say)) or network
        give_back()
        if kept:
            kept()
    return _registered(study, network, folder), from_cache


def _kept(study: Study, network: Network, folder: Path) -> bool:
    """Keep a network, and return whether that could be done; not where its inputs were replaced meanwhile."""
    if not is_still(study, folder):
        return False
    with files.kept_if_possible(study.cache):
        save_network(network, folder)
        drop_older(folder)
    return folder.exists()


def with_other_profiles(study: Study, *, classes: bool = True) -> list[Study]:
    """Return the study with each other profile that it is solved by: of its ambulances, of its `classes` if asked."""
    named: list[str | None] = [study.response.profile if study.response else None]
    if classes and isinstance(study.settings.centrality, CentralityComputed):
        named.append(study.settings.centrality.profile)
    others = {name: study.with_profile(name) for name in named if name}
    return [other for name, other in others.items() if name != study.settings.network.profile]


def load_kept(study: Study, folder: Path) -> Network:
    """Return the network of a study from where it is kept, with what snapping needs, all mapped into memory.

    Raises
    ------
    InputError
        If it is not there, or damaged.
    """
    return _registered(study, load_network(folder, mmap=True), folder)


def load_to_draw(study: Study, folder: Path, checked: frozenset[Checked]) -> Network:
    """Return the network of a study as `load_kept` does, without what only snapping needs.

    What another process has checked is not checked again.

    Raises
    ------
    InputError
        As for `load_kept`.
    """
    trust(checked)
    network = load_network(folder, mmap=True)
    weakref.finalize(network, files.mark_used(folder))
    _KEPT[network] = study, folder
    return network


def _registered(study: Study, network: Network, folder: Path) -> Network:
    """Return a network with what snapping needs; its folder stays for as long as anybody has it."""
    if network in _KEPT:  # remembered
        return network
    weakref.finalize(network, files.mark_used(folder))
    _KEPT[prepared(study, network, folder)] = study, folder
    return network


def by_name(value: object) -> tuple[Any, ...] | None:
    """Return how another process finds a network of the cache, and its order: both mapped from where they are kept.

    None for anything else, as for networks that are not kept. See `geoaccess.mapped.write_mapped`.
    """
    if not isinstance(value, Network) or value not in _KEPT:
        return None
    study, folder = _KEPT[value]
    return _found, (study, folder.absolute(), has_order(value))


def _found(study: Study, folder: Path, ordered: bool) -> Network:  # noqa: FBT001 - pickle gives it by place
    network = load_kept(study, folder)
    if ordered:
        _take_order(study, network)
    return network


def prepared(study: Study, network: Network, folder: Path) -> Network:
    """Return a network with what snapping needs, which is kept in the folder of the network."""
    own, like = folder / "snapping", None
    if not own.exists() and (other := _like(network, folder.parent)) is not None:
        _ALIKE[network], like = weakref.ref(same_places(other)), (other, _KEPT[other][1] / "snapping")
    with files.kept_if_possible(study.cache):
        prepare(network, own, min_component_m=study.settings.network.min_component_km * 1000, like=like)
    return network


def _like(network: Network, cache: Path) -> Network | None:
    """Return a network of this process that differs in its times alone, as that of another profile may; or None.

    It must be in the same cache, and what was prepared for it still be there.
    """
    here = cache.absolute()
    kept = [(other, folder) for other, (_, folder) in list(_KEPT.items()) if folder.parent.absolute() == here]
    there = [other for other, folder in kept if (folder / "snapping").is_dir()]
    return next((other for other in there if differ_in_times_alone(network, other)), None)


def same_places(network: Network) -> Network:
    """Return the network that was prepared first of those known to differ in their times alone: often itself.

    Where places are attached to the one they are to the other.
    """
    first = _ALIKE[network]() if network in _ALIKE else None
    return network if first is None else first


def cache_folder(network: Network) -> Path | None:
    """Return where a network is kept; None for one that is not, as those of scenarios are not."""
    return _KEPT[network][1] if network in _KEPT else None


def _loaded(folder: Path, say: Callable[[str], None] | None) -> Network | None:
    try:
        return load_network(folder, mmap=True)
    except InputError as error:
        if say:
            say(f"cache refused: {error}")
        return None


def contract_or_load(study: Study, network: Network, *, ahead: LoadingAhead | None = None) -> Hierarchy:
    """Return the hierarchy of a network, by its order in the cache of the study, where it is put if it is not there.

    The order depends on no time: profiles, seasons and closures of one network share it. What `loading_ahead` began is
    waited for.
    """
    if ahead is not None:
        ahead.hierarchy.result()
    if not has_order(network):
        _take_order(study, network)
    return whole(network)


def _take_order(study: Study, network: Network) -> None:
    """Give a network its order, from the cache or into it."""
    digest = hashlib.sha256(f"{__version__} {topology_digest(network)}".encode())
    for code in digests_of_code(_ROOMS_OF_A_HIERARCHY):
        digest.update(code.encode())
    folder = study.cache / f"order-{digest.hexdigest()[:20]}"
    if folder.exists():
        with contextlib.suppress(InputError):  # what is damaged is made again
            weakref.finalize(load_order(folder, network), files.mark_used(folder))
            return
    with files.kept_if_possible(study.cache):
        save_order(network, folder)
        drop_older(folder)


def network_folder(study: Study) -> Path:
    """Return where the network is kept: under a digest of all that makes it.

    That is the extracts (or all files of NVDB Ruteplan), the profile, the tables of ferries and of closed roads and the
    code that builds it; where boats follow a timetable, also its day, its hours and the feeds.
    """
    paths = _extracts(study)
    settings = f"{study.settings.network.when} {study.settings.network.min_component_km}"
    digest = _network_digest(study, paths, settings)
    if follows_timetable(study):
        digest = _timetable_digest(study, digest)
    return study.cache / f"network-{digest[:20]}"


def is_still(study: Study, folder: Path) -> bool:
    """Whether a folder is that of the network of a study: its inputs may be replaced while the network is built."""
    try:
        return network_folder(study).name == folder.name
    except (OSError, InputError):  # one is gone
        return False


def build_network(
    study: Study,
    *,
    also: Sequence[Study] = (),
    say: Callable[[str], None] | None = None,
    sifted: Callable[[], object] | None = None,
) -> Network:
    """Build the network from the extracts, or from NVDB Ruteplan; one that follows a timetable from the one without.

    The extracts are read once for it and for those of `also`, which differ in their profile alone; these are put into
    the cache first, so that no two networks stand in memory while one is built. `sifted` is that of
    `build_or_load_network`.
    """
    if follows_timetable(study):
        others = [without_timetable(one) for one in also]
        plain, _ = build_or_load_network(without_timetable(study), also=others, say=say, sifted=sifted)
        if say:
            say("reading timetables")
        return timetabled(study, plain)
    paths, profile = _extracts(study), read_profile(study.profile)
    settings: dict[str, Any] = {
        "when": study.settings.network.when,
        "ferries": study.ferries,
        "closures": study.closures,
        "min_component_m": study.settings.network.min_component_km * 1000,
        "progress": say,
    }
    if study.nvdb is not None:
        return nvdb.read_network(paths[0], profile, **settings)
    passing = sieve_in_passing(study)
    known = network_folder(study)
    lacking = {folder: one for one in also if (folder := network_folder(one)) != known and not folder.exists()}

    def keep() -> None:
        if passing is not None:
            keep_in_passing(study, *passing)
        if sifted:
            sifted()

    networks = read_networks(
        paths,
        [*(read_profile(one.profile) for one in lacking.values()), profile],
        names=lambda: road_names_of(study),
        sieve=None if passing is None else passing[0],
        sifted=keep,
        **settings,
    )
    for folder, one in lacking.items():
        _kept(one, next(networks), folder)
    return next(networks)


def _extracts(study: Study) -> list[Path]:
    paths = extracts_of(study)
    files.require(study.profile, hint="check [network] profile in the study")
    return paths


def _timetable_digest(study: Study, plain: str) -> str:
    """Return the digest of a network that follows a timetable, from that of the one that does not."""
    settings = study.settings.network
    digest = hashlib.sha256(f"{plain} {settings.timetable.model_dump_json()}".encode())
    for name in settings.ferry_gtfs:
        digest.update(content_digest(study, files.require(study.resolve(name))).encode())
    for code in (*digests_of_code(_ROOMS_OF_A_TIMETABLE), files.sha256(Path(__file__).with_name("timetables.py"))):
        digest.update(code.encode())
    return digest.hexdigest()


def _network_digest(study: Study, paths: Sequence[Path], settings: str) -> str:
    digest = hashlib.sha256(f"{__version__} {settings}".encode())
    for path in paths:
        digest.update(content_digest(study, path).encode())
    hint = "check [network] ferries and closures in the study"
    rooms = _ROOMS_OF_A_NETWORK if study.nvdb is None else (*_ROOMS_OF_A_NETWORK, "nvdb")
    tables = [files.require(file, hint=hint) for file in (study.ferries, study.closures) if file is not None]
    digest.update(profile_digest(study.profile).encode())
    for content in (*map(files.sha256, tables), *digests_of_code(rooms)):
        digest.update(content.encode())
    return digest.hexdigest()

"""The networks of a sweep: each is built once, and mapped by every process that works on it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from geoaccess import files
from geoaccess.errors import GeoaccessError, InputError, OutputError
from geoaccess.progress import counted
from geoaccess.study import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from rich.console import Console

    from geoaccess.network import Network
    from geoaccess.parallel import Run
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.settings.variations import Variation

__all__ = [
    "Reading",
    "derived_by_name",
    "let_go",
    "mapped_network",
    "network_folders",
    "on_networks",
    "provide",
    "readings_of",
]

Found = TypeVar("Found")

_DERIVED = ("_order", "_whole", "arcs", "arcs_reversed")
"""What searches make of a network and keep with it."""

_REPLACED = "files that the study reads were replaced while its network was built; run again"

Reading = dict[Path, "Study"]
"""The networks of one reading of extracts, which differ in their profile alone: where each is kept, and of whom."""


class _NoRoomError(OutputError):
    """Networks were built, and are not in the caches that they were for."""

    def __init__(self, caches: Iterable[Path]) -> None:
        self.caches = sorted(caches)
        super().__init__(
            f"{', '.join(map(str, self.caches))}: the cache cannot be written, from where all variations take the "
            "network; make room or allow writing there, or give `cache` another folder"
        )


def on_networks(variations: Sequence[Variation], compute: Callable[[list[Variation], list[Path]], Found]) -> Found:
    """Return what is computed of variations, and of where the network of each is kept.

    One whose cache has no network, nor can be given one, has a cache among the temporary files meanwhile.

    Raises
    ------
    OutputError
        If there is no room for networks there either.

    Warns
    -----
    GeoaccessWarning
        Of each cache that cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            return _computed(compute, *_placed(variations, stack))
        except _NoRoomError as full:  # for a small file there was
            return _computed(compute, *_placed(variations, stack, full=full.caches))


def _computed(
    compute: Callable[[list[Variation], list[Path]], Found], variations: list[Variation], folders: list[Path]
) -> Found:
    """Return what is computed; nothing half made stays of workers that were lost, or ended by an interruption."""
    try:
        return compute(variations, folders)
    finally:
        for cache in {one.study.cache for one in variations}:
            files.clear_leftovers(cache)


def _placed(
    variations: Sequence[Variation], stack: contextlib.ExitStack, *, full: Sequence[Path] = ()
) -> tuple[list[Variation], list[Path]]:
    folders = network_folders(one.study for one in variations)
    lacking = {one.study.cache for one, folder in zip(variations, folders, strict=True) if not folder.exists()}
    shut = [cache for cache in sorted(lacking) if cache.absolute() in full or not _can_be_written(cache)]
    if not shut:
        return [*variations], folders
    instead = {cache: stack.enter_context(files.scratch()) for cache in shut}
    moved = [
        replace(one, study=_with_cache(one.study, instead[one.study.cache])) if one.study.cache in instead else one
        for one in variations
    ]
    return moved, network_folders(one.study for one in moved)


def _with_cache(study: Study, folder: Path) -> Study:
    return replace(study, settings=study.settings.model_copy(update={"cache": str(folder.absolute())}))


def _can_be_written(cache: Path) -> bool:
    with files.kept_if_possible(cache), files.spare(cache):
        return True
    return False


def network_folders(studies: Iterable[Study]) -> list[Path]:
    """Return where the network of each study is kept, as any process would name it."""
    known: dict[Any, Path] = {}  # the digest of a large extract takes seconds
    folders = []
    for study in studies:
        key = study.profile, _read_by(study)
        if key not in known:
            known[key] = stages.network_folder(study).absolute()
        folders.append(known[key])
    return folders


def _read_by(study: Study) -> Hashable:
    """Return all that makes the network of a study but the profile."""
    network = study.settings.network
    return (
        study.cache,
        study.ferries,
        study.closures,
        network.when,
        network.min_component_km,
        network.wait,
        network.timetable,
        study.nvdb,
        tuple(map(study.resolve, network.osm)),
        tuple(map(study.resolve, network.ferry_gtfs)),
    )


def readings_of(studies: Iterable[tuple[Path, Study]]) -> list[Reading]:
    """Return the networks of studies, those together that one reading of the extracts gives."""
    readings: dict[Hashable, Reading] = {}
    for folder, study in studies:
        readings.setdefault(_read_by(study), {}).setdefault(folder, study)
    return [*readings.values()]


def provide(run: Run, readings: Sequence[Reading], *, console: Console, show: bool) -> dict[Path, str]:
    """Have the networks built that are not there; return what is wrong with those that cannot be had.

    Raises
    ------
    OutputError
        If some were built and could not be kept.
    """
    faults: dict[Path, str] = {}
    with counted("networks", len(readings), console=console, show=show) as done:
        for reading, outcome in zip(readings, run(_build, readings, done=done), strict=True):
            faults |= dict.fromkeys(reading, outcome.error) if outcome.result is None else outcome.result
            for cache in {folder.parent for folder in reading}:
                files.clear_leftovers(cache)  # of a process that ended while it wrote
    no_room = {folder for reading in readings for folder in reading if folder not in faults and not folder.exists()}
    if no_room:
        raise _NoRoomError({folder.parent for folder in no_room})
    return faults


def _build(reading: Reading) -> dict[Path, str]:
    """Build the networks that the cache has not, or not whole, and put them in order; say what is wrong with each.

    Nothing is wrong with one that the cache has no room for: it is not there afterwards.

    The other roads that their studies are solved by, of ambulances or of classes, come of the same reading. What
    snapping needs is made here too, before several processes would do so for themselves.
    """
    lacking = {folder: study for folder, study in reading.items() if not folder.exists()}
    others = {
        stages.network_folder(other).absolute(): other
        for study in lacking.values()
        for other in stages.with_other_profiles(study)
    }
    wanted = [study for folder, study in (others | lacking).items() if not folder.exists()]
    if len(wanted) > 1:
        with contextlib.suppress(GeoaccessError):  # the one at fault is found when each is asked for below
            stages.build_or_load_network(wanted[0], also=wanted[1:])
    for other in others.values():
        with contextlib.suppress(GeoaccessError):  # said by the study that needs it
            stages.contract_or_load(other, stages.build_or_load_network(other)[0])
    outcomes = {folder: _fault(study, folder) for folder, study in reading.items()}
    return {folder: fault for folder, fault in outcomes.items() if fault}


def _fault(study: Study, folder: Path) -> str:
    """Put the network of a study in order, built where the cache has it not whole; return why it cannot be had."""
    try:
        try:
            network = mapped_network(study, folder)
        except InputError:
            stages.build_or_load_network(study)
            if not folder.exists():
                return "" if stages.is_still(study, folder) else _REPLACED
            network = mapped_network(study, folder)
        stages.contract_or_load(study, network)
    except GeoaccessError as error:
        return str(error)
    return ""


_held: dict[Path, Network] = {}
"""The network that was asked for last, with all that has been derived from it, by its folder."""


def mapped_network(study: Study, folder: Path) -> Network:
    """Return the network of a study from the cache; the last one that was asked for stays.

    Studies that share its folder share all that was derived from it.

    Raises
    ------
    InputError
        If it is not there, or damaged.
    """
    if folder not in _held:
        network = stages.load_kept(study, folder)
        _held.clear()
        _held[folder] = network
    return _held[folder]


def derived_by_name(value: object) -> tuple[Any, ...] | None:
    """Return how another process finds a network of the cache, with what was derived from it here by searches.

    That of the sweep becomes the one that was asked for last there. See `geoaccess.mapped.write_mapped`.
    """
    found = stages.by_name(value)
    if found is None:
        return None
    find, (study, folder, _) = found
    derived = {name: value.__dict__[name] for name in _DERIVED if name in value.__dict__}
    if _held.get(folder) is value:
        return mapped_network, (study, folder), derived
    return find, (study, folder, False), derived  # its order is among what was derived


def let_go() -> None:
    """Let go of all that building left in this process: others work on it."""
    _held.clear()
    stages.forget()

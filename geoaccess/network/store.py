"""Networks on disk: one folder, one array per file, a checksum for each; whatever is damaged is refused."""

from __future__ import annotations

import contextlib
import hashlib
import json
import weakref
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.network.core import Network
from geoaccess.network.elements import TurnExpansion
from geoaccess.network.intact import checksums, is_checked, require_intact
from geoaccess.network.shores import Shores

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["load_network", "save_network"]

_FORMAT = 9
_ARRAYS = tuple(
    f.name
    for f in fields(Network)
    if f.name not in ("class_names", "ferries", "counts", "expansion", "unread", "shores")
)
_PARTS: dict[str, type[TurnExpansion | Shores]] = {"expansion": TurnExpansion, "shores": Shores}
"""What a network may lack, arrays each."""
_KEPT: weakref.WeakValueDictionary[tuple[Path, str], npt.NDArray[Any]] = weakref.WeakValueDictionary()
"""Arrays in memory that cannot be written to, by the file that they were written into or read from, and its checksum.

Networks that differ in their times alone share all others.
"""


@checks_arguments
def save_network(network: Network, folder: str | Path) -> Path:
    """Write a network to a folder, whole or not at all.

    Arrays that it shares with one that was saved or loaded before are linked to the files of that one, where these are
    on the same disk and still there. Either network stays whole when the other is removed.
    """
    folder = Path(folder)
    arrays = _arrays_of(network)
    with files.writing_folder(folder) as temporary:
        linked = {name: found for name, array in arrays.items() if (found := _linked(array, temporary / name))}
        for name in (name for name in arrays if name not in linked):
            np.save(temporary / name, arrays[name])
        network.ferries.to_parquet(temporary / "ferries.parquet", index=False)
        known = checksums(temporary, linked)
        described = {
            "format": _FORMAT,
            "class_names": network.class_names,
            "counts": network.counts,
            "unread": network.unread,
            **{part: getattr(network, part) is not None for part in _PARTS},
            "xxh64": known,
        }
        described["digest"] = _digest(described)
        (temporary / "network.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
    _remember(folder, arrays, known)
    return folder


def _arrays_of(network: Network) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a network by the names of their files."""
    arrays = {f"{name}.npy": getattr(network, name) for name in _ARRAYS}
    for part, kind in _PARTS.items():
        if (made := getattr(network, part)) is not None:
            arrays |= {f"{part}-{item.name}.npy": getattr(made, item.name) for item in fields(kind)}
    return arrays


def _remember(folder: Path, arrays: dict[str, npt.NDArray[Any]], known: dict[str, str]) -> None:
    fixed = {name: array for name, array in arrays.items() if not array.flags.writeable}
    _KEPT.update({(folder.absolute() / name, known[name]): array for name, array in fixed.items()})


def _linked(array: npt.NDArray[Any], path: Path) -> str | None:
    """Give the file of an array that another network has kept one more name; return its checksum, None if none did.

    That network may be gone meanwhile, or another in its place.
    """
    for (source, known), other in list(_KEPT.items()):
        if other is array:
            with contextlib.suppress(FileNotFoundError):
                if is_checked(source, known):
                    files.link(source, path)
                    return known
    return None


@checks_arguments
def load_network(folder: str | Path, *, mmap: bool = False) -> Network:
    """Read a network that `save_network` wrote.

    Parameters
    ----------
    folder
        Where it was written.
    mmap
        Map the arrays into memory instead of reading them: processes that load one network then share its pages.
        Checksums are checked the first time a process loads a file and again only if its size or date has changed, so
        what is written into a mapped file without changing either, or while it is mapped, goes unseen. `save_network`
        never writes into a file that is there: who has mapped the network before goes on with that one.

    Raises
    ------
    InputError
        If anything is missing, was changed or is of another version: every file is checked against its checksum.
    """
    folder = Path(folder)
    try:
        described: dict[str, Any] = files.json_of(folder / "network.json")
        if described["format"] != _FORMAT or described.pop("digest") != _digest(described):
            raise InputError(f"{folder}: damaged, or written by another version; build the network again")
        parts = {part: [item.name for item in fields(kind)] for part, kind in _PARTS.items() if described[part]}
        names = [*_ARRAYS, *(f"{part}-{name}" for part, some in parts.items() for name in some)]
        written = [*(f"{name}.npy" for name in names), "ferries.parquet"]
        require_intact(folder, written, described["xxh64"], once=mmap, hint="build the network again")
        mode: Literal["r"] | None = "r" if mmap else None
        # As plain arrays over the map: numba takes longer to tell the type of a memmap.
        arrays: dict[str, Any] = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode=mode)) for name in names}
        _remember(folder, {f"{name}.npy": array for name, array in arrays.items()}, described["xxh64"])
        made: dict[str, Any] = {
            part: _PARTS[part](**{name: arrays.pop(f"{part}-{name}") for name in some}) for part, some in parts.items()
        }
        return Network.intact(
            **arrays,
            class_names=tuple(described["class_names"]),
            ferries=pd.read_parquet(folder / "ferries.parquet"),
            counts=described["counts"],
            unread=tuple((tag, problem, count, which) for tag, problem, count, which in described["unread"]),
            **dict.fromkeys(_PARTS, None) | made,
        )
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: not a network that geoaccess wrote ({error}); build the network again") from error


def _digest(described: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

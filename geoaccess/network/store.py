"""Networks on disk: one folder, one array per file, a digest for each; whatever is damaged is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.network.core import Detours, Network

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load_network", "save_network"]

_FORMAT = 2
_ARRAYS = tuple(f.name for f in fields(Network) if f.name not in ("class_names", "ferries", "counts", "detours"))
_DETOURS = tuple(f.name for f in fields(Detours))


def save_network(network: Network, folder: Path) -> Path:
    """Write a network to a folder, whole or not at all."""
    with files.writing_folder(folder) as temporary:
        for name in _ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(network, name))
        if network.detours is not None:
            for name in _DETOURS:
                np.save(temporary / f"detours-{name}.npy", getattr(network.detours, name))
        network.ferries.to_parquet(temporary / "ferries.parquet", index=False)
        described = {
            "format": _FORMAT,
            "class_names": network.class_names,
            "counts": network.counts,
            "detours": network.detours is not None,
            "sha256": {path.name: files.sha256(path) for path in sorted(temporary.iterdir())},
        }
        described["digest"] = _digest(described)
        (temporary / "network.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
    return folder


def load_network(folder: Path) -> Network:
    """Read a network that `save_network` wrote.

    Raises
    ------
    InputError
        If anything is missing, was changed or is of another version: every file is checked against its digest.
    """
    try:
        described: dict[str, Any] = json.loads((folder / "network.json").read_text(encoding="utf-8"))
        if described["format"] != _FORMAT or described.pop("digest") != _digest(described):
            raise InputError(f"{folder}: damaged, or written by another version; build the network again")
        names = [*_ARRAYS, *(f"detours-{name}" for name in _DETOURS if described["detours"])]
        for name in [*(f"{name}.npy" for name in names), "ferries.parquet"]:
            if files.sha256(folder / name) != described["sha256"][name]:
                raise InputError(f"{folder / name}: damaged (not what was written); build the network again")
        arrays = {name: np.load(folder / f"{name}.npy") for name in names}
        detours = None
        if described["detours"]:
            detours = Detours(**{name: arrays.pop(f"detours-{name}") for name in _DETOURS})
        return Network(
            **arrays,
            class_names=tuple(described["class_names"]),
            ferries=pd.read_parquet(folder / "ferries.parquet"),
            counts=described["counts"],
            detours=detours,
        )
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: not a network that geoaccess wrote ({error}); build the network again") from error


def _digest(described: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()

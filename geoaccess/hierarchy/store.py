"""Hierarchies on disk: one folder, one array per file, mapped into memory when read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy.core import Hierarchy

if TYPE_CHECKING:
    from geoaccess.network import Network

__all__ = ["load_hierarchy", "network_digest", "save_hierarchy"]

_FORMAT = 1
_ARRAYS = ("place", "start", "head", "outward", "inward")


@checks_arguments
def save_hierarchy(hierarchy: Hierarchy, folder: str | Path) -> Path:
    """Write a hierarchy to a folder, whole or not at all; its network is kept by `save_network`."""
    folder = Path(folder)
    with files.writing_folder(folder) as temporary:
        for name in _ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(hierarchy, name))
        described: dict[str, Any] = {
            "format": _FORMAT,
            "core": hierarchy.core,
            "network": network_digest(hierarchy.network),
            "sha256": {f"{name}.npy": files.sha256(temporary / f"{name}.npy") for name in _ARRAYS},
        }
        (temporary / "hierarchy.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
    return folder


@checks_arguments
def load_hierarchy(folder: str | Path, network: Network) -> Hierarchy:
    """Read the hierarchy of a network that `save_hierarchy` wrote.

    Its arrays are mapped into memory: processes that read the same folder share them.

    Raises
    ------
    InputError
        If it was made of another network, or anything is missing or was changed: every file is checked against its
        digest.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import geoaccess as ga
    >>> road = ga.Network.from_edges(
    ...     lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[300], backward_s=[300]
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = ga.hierarchy.save_hierarchy(ga.contract(road), pathlib.Path(folder) / "hierarchy")
    ...     ga.hierarchy.load_hierarchy(kept, road)
    Hierarchy(2 nodes, 1 arcs)
    """
    folder = Path(folder)
    try:
        described = json.loads((folder / "hierarchy.json").read_text(encoding="utf-8"))
        if described["format"] != _FORMAT:
            raise InputError(f"{folder}: written by another version; contract the network again")
        if described["network"] != network_digest(network):
            raise InputError(f"{folder}: the hierarchy of another network; contract this one")
        for name, digest in described["sha256"].items():
            if files.sha256(folder / name) != digest:
                raise InputError(f"{folder / name}: damaged (not what was written); contract the network again")
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        return Hierarchy(network, int(described["core"]), **arrays)
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{folder}: not a hierarchy that geoaccess wrote ({error}); contract the network again"
        ) from error


@checks_arguments
def network_digest(network: Network) -> str:
    """Return the digest of all that a hierarchy is made of."""
    whole = hashlib.sha256()
    for array in (network.arcs.start, network.arcs.head, network.arcs.cost_ds):
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()

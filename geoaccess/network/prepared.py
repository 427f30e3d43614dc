"""What snapping makes of a network before the first point, on disk: shapes, shores, components and search trees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.network.attachable import keep_trees, kept_trees
from geoaccess.network.intact import checksums, require_intact
from geoaccess.network.segment_tree import SegmentTree
from geoaccess.network.shores import ShoreIndex

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["load_prepared", "prepare", "save_prepared"]

_FORMAT = 2
_DESCRIBED = "prepared.json"
_PARTS = ("owner", "leaf", "box", "level")
_TREES = ("large", "small")
_NAMES = ("shape_x", "shape_y", "strong_component", *(f"{tree}-{part}" for tree in _TREES for part in _PARTS))
_OF_SHORES = ("shore_x", "shore_y", *(f"shore-{part}" for part in _PARTS))
_HINT = "it is made again"


@checks_arguments
def prepare(network: Network, folder: Path, *, min_component_m: float) -> None:
    """Give a network what `snap` needs before the first point: from a folder, else made and written into it.

    What the folder holds is mapped into memory, and made again where it is damaged or of another network.
    """
    try:
        load_prepared(network, folder, min_component_m=min_component_m)
    except InputError:
        save_prepared(network, folder, min_component_m=min_component_m)


@checks_arguments
def save_prepared(network: Network, folder: Path, *, min_component_m: float) -> None:
    """Write what `snap` makes of a network for `min_component_m` to a folder, whole or not at all."""
    trees = dict(zip(_TREES, kept_trees(network, min_component_m), strict=True))
    x, y = network.shape_xy
    arrays: dict[str, Any] = {"shape_x": x, "shape_y": y, "strong_component": network.strong_component}
    arrays |= {f"{name}-{part}": getattr(tree, part) for name, tree in trees.items() for part in _PARTS}
    if network.shores is not None:
        index = network.shores.index(network.projection)
        arrays |= {"shore_x": index.x, "shore_y": index.y}
        arrays |= {f"shore-{part}": getattr(index.tree, part) for part in _PARTS}
    with files.writing_folder(folder) as temporary:
        for name in _names(network):
            np.save(temporary / f"{name}.npy", arrays[name])
        described = {
            "format": _FORMAT,
            "points": len(network.shape_lon),
            "nodes": network.n_nodes,
            "shore_points": _shore_points(network),
            "min_component_m": min_component_m,
            "xxh64": checksums(temporary),
        }
        (temporary / _DESCRIBED).write_text(json.dumps(described, indent=1), encoding="utf-8")


@checks_arguments
def load_prepared(network: Network, folder: Path, *, min_component_m: float) -> None:
    """Give a network what `save_prepared` wrote, mapped into memory.

    Raises
    ------
    InputError
        If anything is missing, damaged, or not of this network.
    """
    try:
        described = json.loads((folder / _DESCRIBED).read_text(encoding="utf-8"))
        expected = (_FORMAT, len(network.shape_lon), network.n_nodes, _shore_points(network), min_component_m)
        asked = ("format", "points", "nodes", "shore_points", "min_component_m")
        if tuple(described[name] for name in asked) != expected:
            raise InputError(f"{folder}: of another network or version; {_HINT}")
        names = _names(network)
        require_intact(folder, [f"{name}.npy" for name in names], described["xxh64"], once=True, hint=_HINT)
        arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in names}
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: not what geoaccess wrote ({error}); {_HINT}") from error
    x, y = arrays["shape_x"], arrays["shape_y"]
    network.__dict__["shape_xy"] = x, y
    network.__dict__["strong_component"] = arrays["strong_component"]
    keep_trees(network, min_component_m, *(_tree(arrays, name, x, y) for name in _TREES))
    if network.shores is not None:
        x, y = arrays["shore_x"], arrays["shore_y"]
        index = ShoreIndex(network.shores, x, y, _tree(arrays, "shore", x, y))
        network.shores.keep_index(network.projection, index)


def _tree(arrays: dict[str, Any], name: str, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> SegmentTree:
    return SegmentTree.of(*(arrays[f"{name}-{part}"] for part in _PARTS), x[:-1], y[:-1], x[1:], y[1:])


def _names(network: Network) -> tuple[str, ...]:
    return _NAMES if network.shores is None else (*_NAMES, *_OF_SHORES)


def _shore_points(network: Network) -> int:
    return 0 if network.shores is None else network.shores.lon.size

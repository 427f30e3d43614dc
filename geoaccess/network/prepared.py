"""What snapping makes of a network before the first point, on disk: shapes, shores, components and search trees."""

from __future__ import annotations

import contextlib
import itertools
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.kernels.memory import give_back, release_pages
from geoaccess.network.attachable import keep_trees, kept_trees
from geoaccess.network.intact import checksums, require_intact
from geoaccess.network.segment_tree import SegmentTree
from geoaccess.network.shores import ShoreIndex

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.network.core import Network

__all__ = ["differ_in_times_alone", "load_prepared", "prepare", "release", "save_prepared"]

_FORMAT = 3
_DESCRIBED = "prepared.json"
_PARTS = ("leaf", "box", "level")
_TREES = ("large", "small")
"""Both of the same pieces, whose owners are kept once."""
_OWNER, _SHORE_OWNER = "owner", "shore-owner"
_NAMES = ("shape_x", "shape_y", "strong_component", _OWNER, *(f"{tree}-{part}" for tree in _TREES for part in _PARTS))
_OF_SHORES = ("shore_x", "shore_y", _SHORE_OWNER, *(f"shore-{part}" for part in _PARTS))
_HINT = "it is made again"
_TIMES = ("edge_forward_ds", "edge_backward_ds")
_WITHOUT = {*_TIMES, "shape_forward_s", "shape_backward_s", "ferries", "counts", "unread", "expansion", "shores"}


@checks_arguments
def prepare(
    network: Network, folder: Path, *, min_component_m: float, like: tuple[Network, Path] | None = None
) -> None:
    """Give a network what `snap` needs before the first point: from a folder, else made and written into it.

    What the folder holds is mapped into memory, and made again where it is damaged or of another network.

    Parameters
    ----------
    like
        A network that differs in its times alone, and its folder: what is there is linked, not made again.
    """
    if _loaded(network, folder, min_component_m):
        return
    if like is not None:
        with contextlib.suppress(FileNotFoundError):  # another process may have cleared it away
            _link(like[1], folder)
    if like is not None and _loaded(network, folder, min_component_m):
        _share_shores(network, like[0])
    else:
        save_prepared(network, folder, min_component_m=min_component_m)
        _loaded(network, folder, min_component_m)  # mapped, it takes no memory of this process
    release(network)


def _loaded(network: Network, folder: Path, min_component_m: float) -> bool:
    try:
        load_prepared(network, folder, min_component_m=min_component_m)
    except InputError:
        return False
    return True


def _share_shores(network: Network, like: Network) -> None:
    """Let walks of a network use what those of one like it have made of its shores."""
    index = None if like.shores is None else like.shores.known_index(like.projection)
    if network.shores is not None and index is not None:
        network.shores.keep_index(network.projection, index)


def _link(there: Path, folder: Path) -> None:
    paths = sorted(there.iterdir())
    with files.explained(folder), files.writing_folder(folder) as temporary:
        for path in paths:
            files.link(path, temporary / path.name)


@checks_arguments
def differ_in_times_alone(network: Network, other: Network) -> bool:
    """Return whether two networks have the same edges, open in the same directions: places are attached to the same.

    As a rule those of two profiles do that drive at different speeds.

    Examples
    --------
    >>> from geoaccess.network import Network
    >>> road = {"lon": [10, 10.1], "lat": [60, 60], "u": [0], "v": [1]}
    >>> slow, quick, one_way = (
    ...     Network.from_edges(**road, forward_s=[there], backward_s=[back])
    ...     for there, back in ((400, 400), (200, 300), (200, -1))
    ... )
    >>> differ_in_times_alone(slow, quick), differ_in_times_alone(slow, one_way)
    (True, False)
    """
    ours, theirs = _but_times(network), _but_times(other)
    return (
        ours.keys() == theirs.keys()
        and all(np.array_equal(getattr(network, name) < 0, getattr(other, name) < 0) for name in _TIMES)
        and all(_are_equal(array, theirs[name]) for name, array in ours.items())
    )


def _are_equal(one: Any, other: Any) -> bool:
    """Return whether parts of two networks are equal; what is looked through to see it, is given back if mapped."""
    if not isinstance(one, np.ndarray):
        return bool(one == other)
    equal = np.array_equal(one, other)
    release_pages((one, other))
    return equal


def _but_times(network: Network) -> dict[str, Any]:
    """Return all that a network is made of but how long anything takes, and what is only told of it."""
    parts = [part for part in (network, network.expansion, network.shores) if part is not None]
    return {
        f"{type(part).__name__} {item.name}": getattr(part, item.name)
        for part in parts
        for item in fields(part)
        if item.name not in _WITHOUT
    }


def release(network: Network) -> None:
    """Give back the pages of what is mapped of a network and not looked at for a while, and memory that is free.

    What makes a network ready, or attaches many places to it, looks at nearly all of its shapes, and searches at none.
    """
    trees: list[SegmentTree] = [*itertools.chain(*network.__dict__.get("_snap_trees", {}).values())]
    arrays = [getattr(network, item.name) for item in fields(network)] + [*network.__dict__.get("shape_xy", ())]
    for part in (network.expansion, network.shores):
        arrays += [] if part is None else [getattr(part, item.name) for item in fields(part)]
    index = None if network.shores is None else network.shores.known_index(network.projection)
    if index is not None:
        trees.append(index.tree)
        arrays += [index.x, index.y]
    arrays += [getattr(tree, part) for tree in trees for part in ("owner", *_PARTS)]
    release_pages(array for array in arrays if isinstance(array, np.ndarray))
    give_back()


@checks_arguments
def save_prepared(network: Network, folder: Path, *, min_component_m: float) -> None:
    """Write what `snap` makes of a network for `min_component_m` to a folder, whole or not at all."""
    x, y = network.shape_xy
    release_pages((network.shape_lon, network.shape_lat))  # nothing below looks at them
    trees = dict(zip(_TREES, kept_trees(network, min_component_m), strict=True))
    arrays: dict[str, Any] = {"shape_x": x, "shape_y": y, "strong_component": network.strong_component}
    arrays |= {f"{name}-{part}": getattr(tree, part) for name, tree in trees.items() for part in _PARTS}
    arrays[_OWNER] = trees[_TREES[0]].owner
    if network.shores is not None:
        index = network.shores.index(network.projection)
        arrays |= {"shore_x": index.x, "shore_y": index.y, _SHORE_OWNER: index.tree.owner}
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
        described = files.json_of(folder / _DESCRIBED)
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
    keep_trees(network, min_component_m, *(_tree(arrays, _OWNER, name, x, y) for name in _TREES))
    if network.shores is not None:
        x, y = arrays["shore_x"], arrays["shore_y"]
        index = ShoreIndex(network.shores, x, y, _tree(arrays, _SHORE_OWNER, "shore", x, y))
        network.shores.keep_index(network.projection, index)


def _tree(
    arrays: dict[str, Any], owner: str, name: str, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> SegmentTree:
    parts = (arrays[f"{name}-{part}"] for part in _PARTS)
    return SegmentTree.of(arrays[owner], *parts, x[:-1], y[:-1], x[1:], y[1:])


def _names(network: Network) -> tuple[str, ...]:
    return _NAMES if network.shores is None else (*_NAMES, *_OF_SHORES)


def _shore_points(network: Network) -> int:
    return 0 if network.shores is None else network.shores.lon.size

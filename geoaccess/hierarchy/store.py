"""Orders on disk: one folder, one array per file, mapped into memory when read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.hierarchy.order import Order, keep_order, order_of
from geoaccess.network.intact import checksums, require_intact

if TYPE_CHECKING:
    from geoaccess.network import Network

__all__ = ["load_order", "save_order", "topology_digest"]

_FORMAT = 4
_ARRAYS = ("place", "start", "head", "slot", "parts")


@checks_arguments
def save_order(network: Network, folder: str | Path) -> Path:
    """Write the order of a network to a folder, whole or not at all; the network itself is kept by `save_network`."""
    folder = Path(folder)
    order = order_of(network)
    with files.writing_folder(folder) as temporary:
        for name in _ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(order, name))
        described: dict[str, Any] = {
            "format": _FORMAT,
            "topology": topology_digest(network),
            "xxh64": checksums(temporary),
        }
        (temporary / "order.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
    return folder


@checks_arguments
def load_order(folder: str | Path, network: Network) -> Order:
    """Read the order that `save_order` wrote of a network of this topology; the network keeps it.

    Times do not matter: an order serves every profile, season and closure. Its arrays are mapped into memory:
    processes that read the same folder share them.

    Raises
    ------
    InputError
        If it was made of a network of other nodes, edges or turn rules, or anything is missing or was changed: every
        file is checked against its checksum.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import geoaccess as ga
    >>> summer, winter = (
    ...     ga.Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[time], backward_s=[time])
    ...     for time in (300, 400)
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = ga.hierarchy.save_order(summer, pathlib.Path(folder) / "order")
    ...     ga.hierarchy.load_order(kept, winter)
    ...     ga.contract(winter)
    Order(2 nodes, 1 arcs)
    Hierarchy(2 nodes, 1 arcs)
    """
    folder = Path(folder)
    try:
        described = files.json_of(folder / "order.json")
        if described["format"] != _FORMAT:
            raise InputError(f"{folder}: written by another version; make the order again")
        if described["topology"] != topology_digest(network):
            raise InputError(f"{folder}: the order of another network; make one of this")
        arrays = [f"{name}.npy" for name in _ARRAYS]
        require_intact(folder, arrays, described["xxh64"], once=False, hint="make the order again")
        order = Order(*(np.load(folder / array, mmap_mode="r") for array in arrays))
    except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: not an order that geoaccess wrote ({error}); make it again") from error
    keep_order(network, order)
    return order


@checks_arguments
def topology_digest(network: Network) -> str:
    """Return the digest of all that an order is made of: nodes and where they lie, edges and turn rules, not times."""
    known: str | None = network.__dict__.get("_topology")
    if known is None:  # who looks for an order asks, and who loads it asks again
        tail, head, _ = network.possible_arcs()
        whole = hashlib.sha256()
        for array in (tail, head, network.node_lon, network.node_lat):
            whole.update(f"{array.size} ".encode())
            whole.update(np.ascontiguousarray(array).data)
        known = network.__dict__["_topology"] = whole.hexdigest()
    return known

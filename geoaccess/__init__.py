"""How long people need, by road and ferry, to reach health care, and who is left behind."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Network": "network",
    "from_networkx": "network",
    "from_osmnx": "network",
    "load_network": "network",
    "save_network": "network",
    "simplify": "network",
    "snap": "network",
    "to_networkx": "network",
    "nearest": "routing",
    "travel_times": "routing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import geoaccess` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'geoaccess' has no attribute {name!r}")
    return getattr(importlib.import_module(f"geoaccess.{_HOMES[name]}"), name)

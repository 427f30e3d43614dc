"""The QGIS plugin of geoaccess: a Processing provider that calls the command line."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:  # noqa: N802 - QGIS calls it so
    """Return the plugin; `iface` is None where QGIS has no window."""
    from .plugin import GeoaccessPlugin

    return GeoaccessPlugin(iface)

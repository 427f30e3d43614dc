"""The plugin: it adds the provider to Processing, and takes it away."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication

from .provider import GeoaccessProvider

__all__ = ["GeoaccessPlugin"]


class GeoaccessPlugin:
    """What QGIS loads."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._provider: GeoaccessProvider | None = None

    def initProcessing(self) -> None:  # noqa: N802 - QGIS calls it so
        """Add the provider: also without a window, as in qgis_process."""
        self._provider = GeoaccessProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:  # noqa: N802
        """Add the provider to the toolbox."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider away."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None

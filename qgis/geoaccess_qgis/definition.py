"""Algorithms that add the layers of a layer definition to the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qgis.core import QgsLayerDefinition

from .algorithm import GeoaccessAlgorithm

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LoadsDefinition"]


class LoadsDefinition(GeoaccessAlgorithm):
    """Adds layers where the parameter LOAD says so: when it has ended, in the thread that may do so."""

    def __init__(self) -> None:
        super().__init__()
        self._definition = ""

    def load_later(self, path: Path, parameters: Any, context: Any) -> None:
        """Have the layers of a definition added, if that is asked for."""
        self._definition = str(path) if self.parameterAsBoolean(parameters, "LOAD", context) else ""

    def postProcessAlgorithm(self, context: Any, _feedback: Any) -> dict[str, Any]:  # noqa: N802 - QGIS calls it so
        """Add the layers to the project."""
        project = context.project()
        if self._definition and project is not None:
            QgsLayerDefinition.loadLayerDefinition(self._definition, project, project.layerTreeRoot())
        return {}

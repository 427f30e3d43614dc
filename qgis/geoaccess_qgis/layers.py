"""Layers that geoaccess has written: copied to where the user wants them, with their styles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsLayerDefinition,
    QgsProcessingException,
    QgsProcessingLayerPostProcessorInterface,
    QgsReadWriteContext,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument

__all__ = ["DEGREES", "copy_layer", "layer_of_definition", "open_layer", "style_when_loaded"]

DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")


class _Style(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer its style once it is loaded."""

    def __init__(self, document: QDomDocument) -> None:
        super().__init__()
        self._document = document

    def postProcessLayer(self, layer: Any, _context: Any, _feedback: Any) -> None:  # noqa: N802 - QGIS calls it so
        """Give the style."""
        layer.importNamedStyle(self._document)
        layer.triggerRepaint()


_KEPT: dict[str, _Style] = {}
"""Python would drop them before QGIS calls them."""


def open_layer(source: str, *, style: Path | None = None) -> Any:
    """Open a layer of vectors, with the style of a file."""
    layer = QgsVectorLayer(source, Path(source.split("|", maxsplit=1)[0]).stem, "ogr")
    if not layer.isValid():
        raise QgsProcessingException(source)
    if style is not None and style.is_file():
        layer.loadNamedStyle(str(style))
    return layer


def layer_of_definition(path: Path, table: str) -> Any:
    """Return the first layer of a layer definition that shows a table of its GeoPackage, styled."""
    for layer in QgsLayerDefinition.loadLayerDefinitionLayers(str(path)):
        if f"layername={table}" in layer.source() and layer.isValid():
            return layer
    raise QgsProcessingException(str(path))


def copy_layer(layer: Any, destination: str, context: Any) -> str:
    """Write a layer to a file, its style beside it, and have it shown so when it is loaded; return the file."""
    options = QgsVectorFileWriter.SaveVectorOptions()
    suffix = Path(destination).suffix.lstrip(".")
    options.driverName = QgsVectorFileWriter.driverForExtension(suffix or "gpkg")
    options.layerName = Path(destination).stem
    written = QgsVectorFileWriter.writeAsVectorFormatV3(layer, destination, context.transformContext(), options)
    if written[0] != QgsVectorFileWriter.NoError:
        raise QgsProcessingException(f"{destination}: {written[1]}")
    document = QDomDocument("qgis")
    layer.exportNamedStyle(document, QgsReadWriteContext())
    style_when_loaded(destination, document, context)
    layer.saveNamedStyle(str(Path(destination).with_suffix(".qml")))
    return destination


def style_when_loaded(destination: str, document: QDomDocument, context: Any) -> None:
    """Have a layer given its style when the result of an algorithm is loaded."""
    if context.willLoadLayerOnCompletion(destination):
        _KEPT[destination] = _Style(document)
        context.layerToLoadOnCompletionDetails(destination).setPostProcessor(_KEPT[destination])

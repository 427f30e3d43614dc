"""What test_qgis_desktop.py runs in the Python of QGIS: it looks at results, and writes what it saw as JSON.

QT_QPA_PLATFORM=offscreen /usr/bin/python3 tests/qgis_script.py RESULTS ANSWER.json [PICTURE.png]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsFeatureRequest,
    QgsLayerDefinition,
    QgsLayerTreeLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def picture(layers, extent, crs, size):
    """Draw layers, the first on top, on the colour of no map."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setExtent(extent)
    settings.setOutputSize(QSize(*size))
    settings.setBackgroundColor(QColor("#dbe6ee"))
    settings.setFlag(QgsMapSettings.Antialiasing, True)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    errors = [error.message for error in job.errors()]
    if errors:
        raise RuntimeError(errors)
    return job.renderedImage()


def around(point, half):
    return QgsRectangle(point.x() - half, point.y() - half, point.x() + half, point.y() + half)


def pixels(layer, column, centres):
    """Return the colour in the middle of each cell, and all that are in it, by its id."""
    found = {}
    for name, point in centres.items():
        image = picture([layer], around(point, 100), layer.crs(), (60, 60))
        colours = {image.pixelColor(x, y).name() for x in range(10, 50) for y in range(10, 50)}
        found[name] = [image.pixelColor(30, 30).name(), sorted(colours)]
    return found


def described(layer):
    """Return what is looked at in a layer."""
    about = {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "source": layer.source(),
        "labels": isinstance(layer, QgsVectorLayer) and layer.labelsEnabled() and layer.labeling() is not None,
        "attribution": layer.attribution(),
    }
    if isinstance(layer, QgsRasterLayer):
        items = layer.renderer().shader().rasterShaderFunction().colorRampItemList()
        return {**about, "classes": [[item.value, item.color.name(), item.label] for item in items]}
    renderer = layer.renderer()
    rules = renderer.rootRule().children() if renderer.type() == "RuleRenderer" else []
    about["rules"] = [[rule.filterExpression(), rule.label(), rule.filter() is None or True] for rule in rules]
    about["wrong"] = [rule.filterExpression() for rule in rules if rule.filter() and rule.filter().hasParserError()]
    about["symbols"] = [
        [[one.layerType(), one.color().name()] for one in rule.symbol().symbolLayers()] for rule in rules
    ]
    about["features"] = layer.featureCount()
    return about


def main(folder, answer, image=""):
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    problems = QgsLayerDefinition.loadLayerDefinition(str(folder / "results.qlr"), project, project.layerTreeRoot())
    tree = project.layerTreeRoot()
    layers = [node.layer() for node in tree.findLayers()]
    seen = [node.layer() for node in tree.findLayers() if node.isVisible() and isinstance(node, QgsLayerTreeLayer)]
    found = {
        "version": QgsApplication.applicationVersion() if hasattr(QgsApplication, "applicationVersion") else "",
        "problems": problems[1] if isinstance(problems, tuple) else "",
        "groups": [group.name() for group in tree.findGroups()],
        "order": [layer.name() for layer in layers],
        "seen": [layer.name() for layer in seen],
        "layers": {layer.name(): described(layer) for layer in layers},
    }
    cells = [
        layer for layer in layers if "layername=cells" in layer.source() and "_min" in str(described(layer)["rules"])
    ]
    column = "cell_id"
    request = QgsFeatureRequest().setLimit(20)
    centres = {str(one[column]): one.geometry().centroid().asPoint() for one in cells[0].getFeatures(request)}
    found["pixels"] = {layer.name(): pixels(layer, column, centres) for layer in cells}
    rasters = [layer for layer in layers if isinstance(layer, QgsRasterLayer)]
    found["raster_pixels"] = {layer.name(): pixels(layer, column, centres) for layer in rasters}
    opened = [QgsRasterLayer(str(path), path.stem) for path in sorted(folder.glob("*.tif"))]
    found["by_itself"] = {layer.name(): described(layer) for layer in opened}
    if image:
        extent = cells[0].extent()
        extent.scale(1.05)
        picture(seen, extent, cells[0].crs(), (1600, 1100)).save(image)
    answer.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*(Path(one) if number < 2 else one for number, one in enumerate(sys.argv[1:])))

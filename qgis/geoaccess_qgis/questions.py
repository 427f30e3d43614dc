"""What if: scenarios compared, the best place for a site, closures ranked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsMarkerSymbol,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingOutputFile,
    QgsProcessingOutputFolder,
    QgsProcessingOutputHtml,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFile,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterVectorDestination,
    QgsReadWriteContext,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant
from qgis.PyQt.QtXml import QDomDocument

from .algorithm import GeoaccessAlgorithm, say
from .definition import LoadsDefinition
from .layers import DEGREES, copy_layer, open_layer, style_when_loaded
from .palette import colour

__all__ = ["BestPlace", "ClosuresRanked", "CompareScenario"]

OBJECTIVES = ("minutes", "norm", "fair", "beyond", "worst", "fewest")
CANDIDATES = ("cells", "settlements")
_MOST = 10_000


class CompareScenario(LoadsDefinition):
    """`geoaccess compare`."""

    key, group_key = "compare_scenario", "change"

    def initAlgorithm(self, _configuration: Any = None) -> None:  # noqa: N802 - QGIS calls these so
        """Say what is asked and given."""
        self.add_study()
        files = QgsProcessing.TypeFile
        self.addParameter(QgsProcessingParameterMultipleLayers("SCENARIOS", self.label("SCENARIOS"), files))
        self.addParameter(QgsProcessingParameterBoolean("TOGETHER", self.label("TOGETHER"), defaultValue=False))
        self.add_language()
        self.add_folder()
        self.addParameter(QgsProcessingParameterBoolean("LOAD", self.label("LOAD"), defaultValue=True))
        self.addOutput(QgsProcessingOutputFolder("OUTPUT_FOLDER", self.label("OUTPUT_FOLDER")))
        self.addOutput(QgsProcessingOutputFile("QLR", self.label("QLR")))
        self.addOutput(QgsProcessingOutputHtml("HTML", self.label("HTML")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Compare."""
        scenarios = [str(path) for path in self.parameterAsFileList(parameters, "SCENARIOS", context)]
        options = {
            "together": self.parameterAsBoolean(parameters, "TOGETHER", context),
            "output": self.folder(parameters, context),
            "language": self.language(parameters, context),
        }
        answer = self.ask("compare", [self.study(parameters, context), *scenarios], options, feedback)
        folder = (answer.file("index.html") or Path()).absolute().parent
        self.load_later(folder / "compare.qlr", parameters, context)
        return {
            "OUTPUT_FOLDER": str(folder),
            "QLR": str(folder / "compare.qlr"),
            "HTML": str(folder / "index.html"),
        }


class BestPlace(GeoaccessAlgorithm):
    """`geoaccess site`."""

    key, group_key = "best_place", "change"

    def initAlgorithm(self, _configuration: Any = None) -> None:  # noqa: N802
        """Say what is asked and given."""
        self.add_study()
        self.add_service()
        number = {"minValue": 0, "maxValue": _MOST}
        self.addParameter(QgsProcessingParameterNumber("ADD", self.label("ADD"), defaultValue=1, **number))
        self.addParameter(QgsProcessingParameterNumber("CLOSE", self.label("CLOSE"), defaultValue=0, **number))
        aims = [say(f"objective_{one}") for one in OBJECTIVES]
        self.addParameter(QgsProcessingParameterEnum("OBJECTIVE", self.label("OBJECTIVE"), aims, defaultValue=0))
        places = [say(f"candidates_{one}") for one in CANDIDATES]
        self.addParameter(QgsProcessingParameterEnum("CANDIDATES", self.label("CANDIDATES"), places, defaultValue=0))
        real = QgsProcessingParameterNumber.Double
        self.add_advanced(QgsProcessingParameterNumber("NORM", self.label("NORM"), real, optional=True, minValue=0))
        self.add_advanced(
            QgsProcessingParameterFile("SCENARIO", self.label("SCENARIO"), extension="toml", optional=True)
        )
        self.add_language()
        self.add_folder()
        self.addParameter(
            QgsProcessingParameterFeatureSink("OUTPUT", self.label("OUTPUT"), QgsProcessing.TypeVectorPoint)
        )
        self.addOutput(QgsProcessingOutputFile("NEW_SCENARIO", self.label("NEW_SCENARIO")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Ask for the places, and write them as points."""
        norm = parameters.get("NORM")
        scenario = self.string(parameters, "SCENARIO", context)
        options = {
            "service": self.string(parameters, "SERVICE", context),
            "add": self.parameterAsInt(parameters, "ADD", context),
            "close": self.parameterAsInt(parameters, "CLOSE", context),
            "objective": OBJECTIVES[self.parameterAsEnum(parameters, "OBJECTIVE", context)],
            "candidates": CANDIDATES[self.parameterAsEnum(parameters, "CANDIDATES", context)],
            "norm": None if norm is None else self.parameterAsDouble(parameters, "NORM", context),
            "scenario": scenario,
            "output": self.folder(parameters, context),
            "language": self.language(parameters, context),
        }
        answer = self.ask("site", [self.study(parameters, context)], options, feedback)
        rows = answer.tables.get("places", [])
        fields = QgsFields()
        for name, value in (rows[0] if rows else {"name": ""}).items():
            fields.append(QgsField(name, QVariant.Double if isinstance(value, (int, float)) else QVariant.String))
        sink, destination = self.parameterAsSink(parameters, "OUTPUT", context, fields, QgsWkbTypes.Point, DEGREES)
        for row in rows:
            feature = QgsFeature(fields)
            feature.setAttributes([row.get(field.name()) for field in fields])
            feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(row["lon"], row["lat"])))
            sink.addFeature(feature, QgsFeatureSink.FastInsert)
        style_when_loaded(destination, _star(), context)
        return {"OUTPUT": destination, "NEW_SCENARIO": str(answer.file(".toml") or "")}


def _star() -> QDomDocument:
    """Return the style of new sites."""
    layer = QgsVectorLayer("Point", "", "memory")
    looks = {"name": "star", "color": colour("new_site"), "outline_color": colour("ink"), "size": "5"}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsMarkerSymbol.createSimple(looks)))
    document = QDomDocument("qgis")
    layer.exportNamedStyle(document, QgsReadWriteContext())
    return document


class ClosuresRanked(GeoaccessAlgorithm):
    """`geoaccess vulnerable`."""

    key, group_key = "closures_ranked", "change"

    def initAlgorithm(self, _configuration: Any = None) -> None:  # noqa: N802
        """Say what is asked and given."""
        self.add_study()
        self.add_service()
        real = QgsProcessingParameterNumber.Double
        cut_off = QgsProcessingParameterNumber("CUT_OFF", self.label("CUT_OFF"), real, optional=True, minValue=1)
        self.add_advanced(cut_off)
        self.add_language()
        self.add_folder()
        lines = QgsProcessing.TypeVectorLine
        self.addParameter(QgsProcessingParameterVectorDestination("OUTPUT", self.label("OUTPUT"), lines))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Ask for the ranking, and copy its lines."""
        known = parameters.get("CUT_OFF") is not None
        options = {
            "service": self.string(parameters, "SERVICE", context),
            "cut-off": self.parameterAsDouble(parameters, "CUT_OFF", context) if known else None,
            "output": self.folder(parameters, context),
            "language": self.language(parameters, context),
        }
        answer = self.ask("vulnerable", [self.study(parameters, context)], options, feedback)
        layer = open_layer(str(answer.file(".gpkg")), style=answer.file(".qml"))
        return {"OUTPUT": copy_layer(layer, self.parameterAsOutputLayer(parameters, "OUTPUT", context), context)}

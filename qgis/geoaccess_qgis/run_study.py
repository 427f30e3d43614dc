"""Run a study, and add its layers to the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsLayerDefinition,
    QgsProcessingOutputFile,
    QgsProcessingOutputFolder,
    QgsProcessingOutputHtml,
    QgsProcessingParameterBoolean,
)

from .algorithm import GeoaccessAlgorithm

__all__ = ["RunStudy"]


class RunStudy(GeoaccessAlgorithm):
    """`geoaccess run`."""

    key = "run_study"

    def __init__(self) -> None:
        super().__init__()
        self._definition = ""

    def initAlgorithm(self, _configuration: Any = None) -> None:  # noqa: N802 - QGIS calls these so
        """Say what is asked and given."""
        self.add_study()
        self.addParameter(QgsProcessingParameterBoolean("LOAD", self.label("LOAD"), defaultValue=True))
        self.add_language()
        self.addOutput(QgsProcessingOutputFolder("OUTPUT_FOLDER", self.label("OUTPUT_FOLDER")))
        self.addOutput(QgsProcessingOutputFile("QLR", self.label("QLR")))
        self.addOutput(QgsProcessingOutputHtml("REPORT", self.label("REPORT")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Run the study."""
        options = {"language": self.language(parameters, context)}
        answer = self.ask("run", [self.study(parameters, context)], options, feedback)
        folder = Path(str(answer.figures["output"]))
        self._definition = str(folder / "results.qlr")
        if not self.parameterAsBoolean(parameters, "LOAD", context):
            self._definition = ""
        names = {"OUTPUT_FOLDER": "", "QLR": "results.qlr", "REPORT": "report.html"}
        return {key: str((folder / name).absolute()) for key, name in names.items()}

    def postProcessAlgorithm(self, context: Any, _feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Add the layers to the project: in the thread that may do so."""
        project = context.project()
        if self._definition and project is not None:
            QgsLayerDefinition.loadLayerDefinition(self._definition, project, project.layerTreeRoot())
        return {}

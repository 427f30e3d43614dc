"""Run a study, and add its layers to the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingOutputFile,
    QgsProcessingOutputFolder,
    QgsProcessingOutputHtml,
    QgsProcessingParameterBoolean,
)

from .definition import LoadsDefinition

__all__ = ["RunStudy"]


class RunStudy(LoadsDefinition):
    """`geoaccess run`."""

    key = "run_study"

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
        folder = Path(str(answer.figures["output"])).absolute()
        self.load_later(folder / "results.qlr", parameters, context)
        return {
            "OUTPUT_FOLDER": str(folder),
            "QLR": str(folder / "results.qlr"),
            "REPORT": str(folder / "report.html"),
        }

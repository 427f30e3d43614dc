"""Isochrones: areas within some minutes, as a layer of rings."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingParameterPoint,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from .algorithm import GeoaccessAlgorithm, say
from .layers import DEGREES, copy_layer, open_layer
from .study_files import minutes_of

__all__ = ["Isochrones"]


class Isochrones(GeoaccessAlgorithm):
    """`geoaccess isochrones`."""

    key = "isochrones"

    def initAlgorithm(self, _configuration: Any = None) -> None:  # noqa: N802 - QGIS calls these so
        """Say what is asked and given."""
        self.add_study()
        self.add_service(optional=True)
        self.addParameter(QgsProcessingParameterString("SITE", self.label("SITE"), optional=True))
        self.addParameter(QgsProcessingParameterPoint("POINT", self.label("POINT"), optional=True))
        self.addParameter(QgsProcessingParameterString("MINUTES", self.label("MINUTES"), "15,30,60"))
        self.add_language()
        self.add_folder()
        polygons = QgsProcessing.TypeVectorPolygon
        self.addParameter(QgsProcessingParameterVectorDestination("OUTPUT", self.label("OUTPUT"), polygons))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Ask for the areas, and copy the rings between them."""
        given = self.string(parameters, "MINUTES", context)
        try:
            minutes = minutes_of(given)
        except ValueError as error:
            raise QgsProcessingException(say("bad_minutes", given=given)) from error
        service = self.string(parameters, "SERVICE", context)
        options = {
            "service": service,
            "minutes": ",".join(f"{one:g}" for one in minutes),
            "site": self.string(parameters, "SITE", context),
            "output": self.folder(parameters, context),
            "language": self.language(parameters, context),
        }
        if parameters.get("POINT"):
            at = self.parameterAsPoint(parameters, "POINT", context, DEGREES)
            options["from"] = f"{at.x():.6f},{at.y():.6f}"
        elif not service:
            raise QgsProcessingException(say("no_origin"))
        answer = self.ask("isochrones", [self.study(parameters, context)], options, feedback)
        layer = open_layer(f"{answer.file('.gpkg')}|layername=rings", style=answer.file(".qml"))
        return {"OUTPUT": copy_layer(layer, self.parameterAsOutputLayer(parameters, "OUTPUT", context), context)}

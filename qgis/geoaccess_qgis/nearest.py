"""Nearest service: travel time of the people of a layer to the sites of another."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputFolder,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from .algorithm import GeoaccessAlgorithm, say
from .layers import DEGREES, copy_layer, layer_of_definition
from .study_files import SERVICE, cells_of_points, minutes_of, study_text, utm_epsg, write_rows

__all__ = ["NearestService"]

_LARGEST_CELL_M = 100_000


class NearestService(GeoaccessAlgorithm):
    """A study of two layers and an extract, run in a folder of its own."""

    key = "nearest_service"

    def initAlgorithm(self, _configuration: Any = None) -> None:  # noqa: N802 - QGIS calls these so
        """Say what is asked and given."""
        points, number = [QgsProcessing.TypeVectorPoint], QgsProcessingParameterField.Numeric
        self.addParameter(QgsProcessingParameterFeatureSource("PEOPLE", self.label("PEOPLE"), points))
        self.addParameter(
            QgsProcessingParameterField("PEOPLE_FIELD", self.label("PEOPLE_FIELD"), None, "PEOPLE", number)
        )
        self.addParameter(QgsProcessingParameterFeatureSource("SITES", self.label("SITES"), points))
        self.addParameter(
            QgsProcessingParameterField("NAME_FIELD", self.label("NAME_FIELD"), None, "SITES", optional=True)
        )
        self.addParameter(
            QgsProcessingParameterFile("EXTRACT", self.label("EXTRACT"), fileFilter="OpenStreetMap (*.pbf *.osm)")
        )
        self.addParameter(
            QgsProcessingParameterNumber(
                "CELL_SIZE", self.label("CELL_SIZE"), defaultValue=250, minValue=1, maxValue=_LARGEST_CELL_M
            )
        )
        self.addParameter(QgsProcessingParameterString("NORMS", self.label("NORMS"), "30", optional=True))
        self.addParameter(QgsProcessingParameterString("LABEL", self.label("LABEL"), say("label_default")))
        ways = [say("to_sites"), say("to_people")]
        self.add_advanced(QgsProcessingParameterEnum("DIRECTION", self.label("DIRECTION"), ways, defaultValue=0))
        self.add_language()
        self.add_folder()
        self.addParameter(QgsProcessingParameterVectorDestination("OUTPUT", self.label("OUTPUT")))
        self.addOutput(QgsProcessingOutputFolder("OUTPUT_FOLDER", self.label("OUTPUT_FOLDER")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:  # noqa: N802
        """Write the study, run it, and copy its cells."""
        chosen = self.folder(parameters, context)
        folder = Path(chosen or tempfile.mkdtemp(prefix="geoaccess_"))
        folder.mkdir(parents=True, exist_ok=True)
        self._write_people(folder / "people.csv", parameters, context)
        self._write_sites(folder / "sites.csv", parameters, context)
        label = self.string(parameters, "LABEL", context) or say("label_default")
        text = study_text(
            title=f"{self.displayName()}: {label}",
            label=label,
            extract=str(Path(self.parameterAsFile(parameters, "EXTRACT", context)).absolute()),
            norms_min=self._norms(parameters, context),
            to_people=self.parameterAsEnum(parameters, "DIRECTION", context) == 1,
            language=self.language(parameters, context) or say("language_code"),
            year=dt.datetime.now(tz=dt.timezone.utc).year,
        )
        study = folder / "study.toml"
        study.write_text(text, encoding="utf-8")
        self.ask("run", [str(study)], {}, feedback)
        cells = layer_of_definition(folder / "results" / "results.qlr", "cells")
        destination = copy_layer(cells, self.parameterAsOutputLayer(parameters, "OUTPUT", context), context)
        return {"OUTPUT": destination, "OUTPUT_FOLDER": str(folder / "results")}

    def _norms(self, parameters: Any, context: Any) -> list[float]:
        given = self.string(parameters, "NORMS", context)
        try:
            return minutes_of(given)
        except ValueError as error:
            raise QgsProcessingException(say("bad_minutes", given=given)) from error

    def _write_people(self, path: Path, parameters: Any, context: Any) -> None:
        """Count the people of the points in cells of the UTM zone of the middle of their layer."""
        source = self.parameterAsSource(parameters, "PEOPLE", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "PEOPLE"))
        field = self.parameterAsFields(parameters, "PEOPLE_FIELD", context)[0]
        to_degrees = QgsCoordinateTransform(source.sourceCrs(), DEGREES, context.transformContext())
        middle = to_degrees.transform(source.sourceExtent().center())
        epsg = utm_epsg(middle.x(), middle.y())
        metres = QgsCoordinateReferenceSystem(f"EPSG:{epsg}")
        to_metres = QgsCoordinateTransform(source.sourceCrs(), metres, context.transformContext())

        def points() -> Any:
            for feature in source.getFeatures():
                value = feature[field]
                people = float(value) if isinstance(value, (int, float)) else 0.0
                place = _place(feature)
                if place is not None:
                    at = to_metres.transform(QgsPointXY(place))
                    yield at.x(), at.y(), people
                elif people:
                    raise QgsProcessingException(say("no_place", n=feature.id()))

        size = self.parameterAsInt(parameters, "CELL_SIZE", context)
        try:
            cells = cells_of_points(points(), size_m=size, epsg=epsg)
        except ValueError as error:
            raise QgsProcessingException(say("bad_people", field=field, value=error)) from error
        write_rows(path, ("cell_id", "population"), cells.items())

    def _write_sites(self, path: Path, parameters: Any, context: Any) -> None:
        source = self.parameterAsSource(parameters, "SITES", context)
        if source is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, "SITES"))
        to_degrees = QgsCoordinateTransform(source.sourceCrs(), DEGREES, context.transformContext())
        named = self.parameterAsFields(parameters, "NAME_FIELD", context)
        rows: list[tuple[str, ...]] = []
        for feature in source.getFeatures():
            place = _place(feature)
            if place is None:
                raise QgsProcessingException(say("no_place", n=feature.id()))
            at = to_degrees.transform(QgsPointXY(place))
            number = str(len(rows) + 1)
            value = feature[named[0]] if named else None
            name = number if value is None or str(value) in {"", "NULL"} else str(value)
            rows.append((f"{SERVICE}-{number}", name, f"{at.x():.7f}", f"{at.y():.7f}"))
        if not rows:
            raise QgsProcessingException(say("no_sites"))
        write_rows(path, ("site_id", "name", "lon", "lat"), rows)


def _place(feature: Any) -> Any:
    """Return the point of a feature, of several the first; None where it has no place."""
    shape = feature.geometry()
    return None if shape.isNull() or shape.isEmpty() else next(shape.vertices())

"""The provider: its algorithms, its icon, and the setting that says where geoaccess lies."""

from __future__ import annotations

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithm import ICON, PROGRAM, say
from .areas import Isochrones
from .nearest import NearestService
from .questions import BestPlace, ClosuresRanked, CompareScenario
from .run_study import RunStudy

__all__ = ["GeoaccessProvider"]

ALGORITHMS = (RunStudy, NearestService, Isochrones, CompareScenario, BestPlace, ClosuresRanked)


class GeoaccessProvider(QgsProcessingProvider):
    """Algorithms that call the command line of geoaccess."""

    def load(self) -> bool:
        """Add the setting, and the algorithms."""
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        ProcessingConfig.addSetting(Setting(self.name(), PROGRAM, say("program"), "", valuetype=Setting.FILE))
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self) -> None:
        """Take the setting away."""
        ProcessingConfig.removeSetting(PROGRAM)

    def id(self) -> str:
        """Return the name of the provider in the names of algorithms."""
        return "geoaccess"

    def name(self) -> str:
        """Return the name that is shown."""
        return "geoaccess"

    def icon(self) -> QIcon:
        """Return the icon."""
        return QIcon(ICON)

    def svgIconPath(self) -> str:  # noqa: N802 - QGIS calls it so
        """Return the icon's file."""
        return str(Path(ICON))

    def loadAlgorithms(self) -> None:  # noqa: N802
        """Add every algorithm."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())

"""What all algorithms have in common: texts in the language of QGIS, parameters, and the call of the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtGui import QIcon

from .answers import read_answer
from .command import ProgramNotFoundError, command_line, environment, find_program
from .process import CanceledError, ProgramError, run
from .texts import TEXTS, language_of, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .answers import Answer

__all__ = ["ICON", "LANGUAGES", "PROGRAM", "GeoaccessAlgorithm", "say"]

ICON = str(Path(__file__).with_name("icon.svg"))
PROGRAM = "GEOACCESS_PROGRAM"
"""The setting of the provider: where the program lies."""
LANGUAGES = ("", "en", "nb")


def say(key: str, **values: object) -> str:
    """Return a text in the language of QGIS."""
    return text(language_of(QgsApplication.locale()), key, **values)


class GeoaccessAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that asks geoaccess: `key` is its name, and that of its texts."""

    key = ""
    group_key = "access"

    def createInstance(self) -> GeoaccessAlgorithm:  # noqa: N802 - QGIS calls these so
        """Return another of its kind."""
        return type(self)()

    def name(self) -> str:
        """Return the name in the name geoaccess:NAME."""
        return self.key

    def displayName(self) -> str:  # noqa: N802
        """Return the name that is shown."""
        return say(f"{self.key}.name")

    def group(self) -> str:
        """Return the name of the group."""
        return say(f"group_{self.group_key}")

    def groupId(self) -> str:  # noqa: N802
        """Return the group."""
        return self.group_key

    def shortHelpString(self) -> str:  # noqa: N802
        """Return what stands beside the parameters."""
        return say(f"{self.key}.help")

    def icon(self) -> QIcon:
        """Return the icon."""
        return QIcon(ICON)

    def svgIconPath(self) -> str:  # noqa: N802
        """Return the icon's file."""
        return ICON

    # parameters

    def label(self, name: str) -> str:
        """Return what a parameter or output is called."""
        own = f"{self.key}.{name}"
        return say(own if own in TEXTS else name)

    def add_study(self) -> None:
        """Ask for a study file."""
        self.addParameter(QgsProcessingParameterFile("STUDY", self.label("STUDY"), extension="toml"))

    def add_service(self, *, optional: bool = False) -> None:
        """Ask for a service of the study."""
        self.addParameter(QgsProcessingParameterString("SERVICE", self.label("SERVICE"), optional=optional))

    def add_language(self) -> None:
        """Ask for the language of the answer."""
        names = [say(f"language_{code or 'study'}") for code in LANGUAGES]
        self.add_advanced(QgsProcessingParameterEnum("LANGUAGE", self.label("LANGUAGE"), names, defaultValue=0))

    def add_folder(self) -> None:
        """Ask for a folder other than that of the study."""
        self.add_advanced(
            QgsProcessingParameterFolderDestination(
                "FOLDER", self.label("FOLDER"), optional=True, createByDefault=False
            )
        )

    def add_advanced(self, parameter: Any) -> None:
        """Ask for something that most leave as it is."""
        parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self.addParameter(parameter)

    # values

    def study(self, parameters: Any, context: Any) -> str:
        """Return the study file."""
        return str(self.parameterAsFile(parameters, "STUDY", context))

    def language(self, parameters: Any, context: Any) -> str:
        """Return the language that is asked for; "" for that of the study."""
        return LANGUAGES[self.parameterAsEnum(parameters, "LANGUAGE", context)]

    def string(self, parameters: Any, name: str, context: Any) -> str:
        """Return a text without what stands around it."""
        return str(self.parameterAsString(parameters, name, context)).strip()

    def folder(self, parameters: Any, context: Any) -> str:
        """Return the folder for results; "" for that of the study."""
        return self.string(parameters, "FOLDER", context) if parameters.get("FOLDER") else ""

    # the call

    def ask(self, verb: str, files: Sequence[str], options: Mapping[str, Any], feedback: Any) -> Answer:
        """Run a verb, show its progress and messages, and return its answer.

        Raises
        ------
        QgsProcessingException
            With the message of geoaccess, or that the user has ended it.
        """
        try:
            program = find_program(str(ProcessingConfig.getSetting(PROGRAM) or ""))
        except ProgramNotFoundError as error:
            where = say("no_program_at", path=error) if str(error) else ""
            raise QgsProcessingException(say("no_program", where=where)) from error
        command = command_line(program, verb, files, options=options)
        feedback.pushCommandInfo(" ".join(command))

        def show_progress(share: float, what: str) -> None:
            feedback.setProgress(100 * share)
            feedback.setProgressText(what)

        try:
            out = run(
                command,
                env=environment(os.environ),
                on_progress=show_progress,
                on_message=feedback.pushWarning,
                canceled=feedback.isCanceled,
            )
            answer = read_answer(out)
        except CanceledError as error:
            raise QgsProcessingException(say("canceled")) from error
        except ProgramError as error:
            raise QgsProcessingException(str(error)) from error
        except ValueError as error:
            raise QgsProcessingException(say("no_answer", program=program)) from error
        if answer.disclaimer:
            feedback.pushWarning(answer.disclaimer)
        for line in answer.lines:
            feedback.pushInfo(line)
        for path in answer.all_files:
            feedback.pushInfo(say("wrote", path=path))
        return answer

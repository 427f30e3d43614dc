"""Command lines of geoaccess, and the environment they run in. Nothing here needs QGIS."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["ProgramNotFoundError", "command_line", "environment", "find_program"]

OF_QGIS = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE"),
    *("GDAL_DATA", "GDAL_DRIVER_PATH", "PROJ_LIB", "PROJ_DATA", "QT_PLUGIN_PATH"),
)
"""Variables by which QGIS leads to its own Python, GDAL and PROJ: with those of another version nothing works."""


class ProgramNotFoundError(Exception):
    """There is no geoaccess where the setting says, or nowhere on the path."""


def find_program(setting: str, *, which: Callable[[str], str | None] = shutil.which) -> str:
    """Return where geoaccess lies: the setting, a program or the folder of one, or what is on the path.

    Raises
    ------
    ProgramNotFoundError
        With the setting, "" where there is none.
    """
    given = setting.strip().strip('"')
    tried = [given] if given else ["geoaccess"]
    if given and os.path.isdir(given):  # noqa: PTH112 - as `which` below, on text as the setting is
        names = ("geoaccess", "geoaccess.exe")
        tried = [os.path.join(given, part, name) for part in ("", "bin", "Scripts") for name in names]  # noqa: PTH118
    for one in tried:
        found = which(one)
        if found:
            return found
    raise ProgramNotFoundError(given)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a run of geoaccess: without those of QGIS's Python, and with progress in lines."""
    kept = {name: value for name, value in given.items() if name.upper() not in OF_QGIS}
    return {**kept, "GEOACCESS_PROGRESS": "lines", "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}


def command_line(
    program: str, verb: str, files: Sequence[str], *, options: Mapping[str, Any] | None = None
) -> list[str]:
    """Return the words of a command that answers as JSON.

    Options are by name: True is a flag, None, False and "" are left out, a sequence is repeated, and one value stands
    in one word with its name, so that it may begin with a hyphen.

    >>> command_line("geoaccess", "site", ["a.toml"], options={"service": "gp", "add": 2, "note": True, "norm": None})
    ['geoaccess', 'site', '--json', '--service=gp', '--add=2', '--note', '--', 'a.toml']
    """
    words = [program, verb, "--json"]
    for name, value in (options or {}).items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                words.append(f"--{name}")
            elif one is not None and one is not False and one != "":
                words.append(f"--{name}={_plain(one)}")
    return [*words, "--", *files]


def _plain(value: Any) -> str:
    """Write a number without an exponent or a needless ".0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

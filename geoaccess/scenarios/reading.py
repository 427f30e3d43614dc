"""Scenarios read from TOML files and written to them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.scenarios.changes import Scenario
from geoaccess.toml import parse_toml, toml_text, validate

__all__ = ["files_of", "read_scenario", "scenario_text", "write_scenario"]

_TABLES = ("close", "slow")


@checks_arguments
def read_scenario(path: str | Path) -> Scenario:
    """Read a scenario from a TOML file.

    Files that it names (polygons, population, a profile) are relative to it; in what is returned they are relative
    to the working folder, or absolute where they lie outside of it.

    Raises
    ------
    MissingFileError
        If it is not there.
    ConfigError
        With everything that is wrong with it.

    Examples
    --------
    >>> read_scenario("configs/scenarios/iceland-fjardarheidi.toml").close[0].what
    'roads'
    """
    file = Path(path)
    raw = parse_toml(file, hint="a scenario is a TOML file with a title and changes")
    return validate(_paths(raw, lambda name: _resolved(file, name)), Scenario, subject=str(file))


@checks_arguments
def write_scenario(scenario: Scenario, path: str | Path) -> None:
    """Write a scenario as TOML; `read_scenario` returns an equal one from the same working folder.

    Comments of a scenario that is there already stay.
    """
    file = Path(path)
    former = file.read_text(encoding="utf-8-sig", errors="replace") if file.is_file() else ""
    with files.writing(file) as temporary:
        text = scenario_text(scenario, folder=file.parent, former=former)
        temporary.write_text(text, encoding="utf-8", newline="\n")


@checks_arguments
def scenario_text(scenario: Scenario, *, folder: Path | None = None, former: str = "") -> str:
    """Return a scenario as TOML; files it names are written as seen from `folder` (here, where it is left out).

    Comments of `former`, the text that this one takes the place of, stay.

    >>> print(scenario_text(Scenario(title="Storm", storm={"passes": ["Kvaløya", 12]})), end="")
    title = "Storm"
    <BLANKLINE>
    [storm]
    passes = ["Kvaløya", 12]
    """
    raw = scenario.model_dump(mode="python", exclude_defaults=True)
    raw |= {name: getattr(scenario, name).model_dump(exclude_defaults=True) for name in raw if _is_one(scenario, name)}
    if folder is not None:
        raw = _paths(raw, lambda name: _seen_from(folder, name))
    return toml_text(raw, former=former)


@checks_arguments
def files_of(scenario: Scenario) -> list[str]:
    """Return the files that a scenario names: of polygons, of people, of a profile.

    >>> files_of(Scenario(title="Flood", close=[{"polygon": "flood.geojson"}, {"osm_id": 12}]))
    ['flood.geojson']
    """
    found: list[str] = []

    def seen(name: str) -> str:
        found.append(name)
        return name

    _paths(scenario.model_dump(mode="python"), seen)
    return found


def _is_one(scenario: Scenario, name: str) -> bool:
    return not isinstance(getattr(scenario, name), str | tuple)


def _paths(raw: dict[str, Any], seen: Any) -> dict[str, Any]:
    """Return the tables of a file with the names of files in them changed."""
    out = dict(raw)
    for key in _TABLES:
        if isinstance(raw.get(key), list | tuple):
            out[key] = [_with(table, "polygon", seen) for table in raw[key]]
    if "population" in raw:
        out["population"] = _with(raw["population"], "file", seen)
    if isinstance(raw.get("network"), dict) and str(raw["network"].get("profile") or "").endswith(".toml"):
        out["network"] = _with(raw["network"], "profile", seen)
    return out


def _with(table: Any, key: str, seen: Any) -> Any:
    if isinstance(table, dict) and isinstance(table.get(key), str) and table[key]:
        return table | {key: seen(table[key])}
    return table


def _resolved(file: Path, name: str) -> str:
    full = files.beside(file, name)
    try:
        return full.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return full.as_posix()


def _seen_from(folder: Path, name: str) -> str:
    return Path(os.path.relpath(Path(name).resolve(), folder.resolve())).as_posix()

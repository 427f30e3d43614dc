"""Studies with some of their settings changed."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from geoaccess.arguments import checks_arguments
from geoaccess.errors import ConfigError, GeoaccessError
from geoaccess.study.pipeline import check_inputs
from geoaccess.study.settings.study_file import Study, load_study
from geoaccess.study.settings.study_settings import Settings
from geoaccess.toml import Table, parse_toml, problems_in, read_toml, toml_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = ["Variation", "combinations", "read_variations", "study_variations", "value_in", "written"]

_PART = r"[^.\[\]]+(?:\[[1-9][0-9]*\])?"
_KEY = re.compile(rf"{_PART}(?:\.{_PART})*")
_STEP = re.compile(r"[^.\[\]]+|\[[0-9]+\]")
_AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Variation:
    """A study as it is after some settings (dotted key to value) were changed; `file` is the study as it was named."""

    file: str
    name: str
    settings: dict[str, Any]
    study: Study


class _Named(Table):
    name: Annotated[str, Field(min_length=1, max_length=250)]
    set: dict[str, Any] = {}


class _File(Table):
    """A file of variations."""

    variation: Annotated[list[_Named], Field(min_length=1)]


@checks_arguments
def read_variations(path: Path) -> dict[str, dict[str, Any]]:
    """Read a TOML file of named variations: a table [[variation]] for each, with a name and the settings it changes.

    Settings are written as in a study, under `set`: `set.network.profile = "car_winter"`, or
    `set = { snap.max_m = 2000 }`. One that sets nothing is the study as it is. Paths are relative to the study.

    Returns
    -------
    By the name of each variation its settings, by dotted key.

    Raises
    ------
    GeoaccessError
        If the file is not there, or with all that is wrong with it.
    """
    named = read_toml(path, _File).variation
    names = [item.name for item in named]
    double = [f'two variations are called "{name}"' for name in dict.fromkeys(names) if names.count(name) > 1]
    if double:
        raise ConfigError.listing(str(path), double)
    return {item.name: dict(_leaves(item.set)) for item in named}


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


@checks_arguments
def combinations(asked: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return all combinations of the values of some settings, by a name that says them.

    Parameters
    ----------
    asked
        One text per setting: its dotted key, "=", and values as TOML writes them, with commas between; what is not
        TOML is a text.

    Raises
    ------
    ConfigError
        With every text that is not so, and every key or value that is there twice.

    Examples
    --------
    >>> for name, settings in combinations(["network.profile=car,car_winter", "snap.max_m=1000"]).items():
    ...     print(name, settings)
    network.profile=car, snap.max_m=1000 {'network.profile': 'car', 'snap.max_m': 1000}
    network.profile=car_winter, snap.max_m=1000 {'network.profile': 'car_winter', 'snap.max_m': 1000}
    """
    problems = []
    values: dict[str, list[Any]] = {}
    for text in asked:
        key, equals, listed = (part.strip() for part in text.partition("="))
        found = _values(listed)
        shown = [written(value) for value in found]
        if not (equals and key and found):
            problems.append(f"{text!r}: write a setting and its values, as snap.max_m=1000,2000")
        elif key in values:
            problems.append(f"{key} is there twice; write all its values after one")
        problems += [f"{key} has the value {one} twice" for one in dict.fromkeys(shown) if shown.count(one) > 1]
        values[key] = found
    if problems:
        raise ConfigError.listing("study_variations", problems)
    chosen = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    return {", ".join(f"{key}={written(value)}" for key, value in one.items()) or _AS_IT_IS: one for one in chosen}


def _values(listed: str) -> list[Any]:
    try:
        found: list[Any] = toml_tables(f"all = [{listed}]")["all"]
    except ValueError:
        return [_value(part.strip()) for part in listed.split(",")]
    return found


def _value(text: str) -> Any:
    try:
        return toml_tables(f"one = {text}")["one"]
    except ValueError:
        return text


def written(value: Any) -> str:
    """Return a setting as a short text.

    >>> [written(value) for value in ("car", 1000.0, True, None, [10, 20])]
    ['car', '1000', 'true', '', '[10, 20]']
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


@checks_arguments
def study_variations(files: Sequence[Path], changes: Mapping[str, Mapping[str, Any]]) -> list[Variation]:
    """Change the settings of studies: every study by every change, in the order given.

    Parameters
    ----------
    files
        Study files.
    changes
        By the name of each variation its settings, by dotted key: `read_variations` or `combinations`. `sites[2].file`
        is a key of the second of several tables.

    Raises
    ------
    GeoaccessError
        With everything that is wrong with the studies, the settings, and the files they name, before anything is
        computed.
    """
    names = [file.as_posix() for file in files]
    problems = dict.fromkeys(f"{name} is named twice" for name in names if names.count(name) > 1)
    raw = {}
    for file in files:
        try:
            load_study(file)
            raw[file] = parse_toml(file)
        except GeoaccessError as error:
            problems[str(error)] = None
    variations = []
    for file, name in itertools.product(raw, changes):
        study, wrong = _changed(file, raw[file], changes[name])
        problems |= dict.fromkeys(wrong)
        if study:
            variations.append(Variation(file.as_posix(), name, dict(changes[name]), study))
    if problems:
        raise ConfigError(next(iter(problems))) if len(problems) == 1 else ConfigError.listing("sweep", [*problems])
    return variations


def _changed(file: Path, raw: dict[str, Any], settings: Mapping[str, Any]) -> tuple[Study | None, list[str]]:
    """Return the study with its settings changed, or what is wrong with it."""
    raw = copy.deepcopy(raw)
    wrong = [f'"{key}": the study has no table to set it in' for key in settings if not _set(raw, key, settings[key])]
    try:
        found = Settings.model_validate(raw)
    except ValidationError as error:
        wrong += problems_in(error, Settings)
    if wrong:
        return None, [f"{file}: {line}" for line in wrong]
    try:
        check_inputs(Study(file, found))
    except GeoaccessError as error:
        return None, [str(error)]
    return Study(file.absolute(), found), []


def _steps(key: str) -> list[str | int]:
    """Return the way to a setting, such as ["sites", 1, "file"] for `sites[2].file`."""
    return [int(step[1:-1]) - 1 if step.startswith("[") else step for step in _STEP.findall(key)]


def _set(raw: dict[str, Any], key: str, value: Any) -> bool:
    """Change a setting of a study as it was read; whether there is a table for it."""
    if not _KEY.fullmatch(key):
        return False
    *way, last = _steps(key)
    at: Any = raw
    try:
        for step in way:
            at = at[step] if isinstance(step, int) else at.setdefault(step, {})
        at[last] = value
    except (AttributeError, LookupError, TypeError):
        return False
    return True


def value_in(settings: Settings, key: str) -> Any:
    """Return what a setting is in a study, whether or not the study file says it; None where there is none.

    >>> value_in(load_study("configs/iceland.toml").settings, "snap.max_m")
    5000.0
    """
    at: Any = settings
    for step in _steps(key):
        if isinstance(at, BaseModel):
            at = getattr(at, str(step), None)
        elif isinstance(at, dict):
            at = at.get(step)
        else:
            at = at[step] if isinstance(at, list | tuple) and isinstance(step, int) and step < len(at) else None
    return at.model_dump(mode="json") if isinstance(at, BaseModel) else at

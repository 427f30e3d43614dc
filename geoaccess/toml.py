"""TOML files read into frozen models; all that is wrong with a file is said at once."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from geoaccess import files
from geoaccess.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Table", "did_you_mean", "parse_toml", "read_toml", "validate"]


class Table(BaseModel):
    """A table of a TOML file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, arbitrary_types_allowed=True)


Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, model: type[Model], *, mend: str = "check the path") -> Model:
    """Read a TOML file into `model`.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        With every problem: what is no TOML, unknown keys (with the nearest known one), missing keys, wrong values.
    """
    return validate(parse_toml(path, mend=mend), model, subject=str(path))


def parse_toml(path: Path, *, mend: str = "check the path") -> dict[str, Any]:
    """Read a TOML file into plain tables.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        If it is no TOML.
    """
    files.require(path, mend=mend)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file in UTF-8: {error}") from error


def validate(raw: dict[str, Any], model: type[Model], *, subject: str) -> Model:
    """Turn plain tables into `model`.

    Raises
    ------
    ConfigError
        With every problem, under the name `subject`.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigError.listing(subject, [_said(item, model) for item in error.errors()]) from error


def did_you_mean(word: str, known: Any) -> str:
    """Return "; did you mean ...?" with the nearest known word, or the list of all.

    >>> did_you_mean("popluation", ["population", "zones"])
    '; did you mean "population"?'
    """
    words = sorted(str(item) for item in known)
    near = difflib.get_close_matches(word, words, 1, 0.6)
    return f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(words)}"


def _said(item: Any, model: type[BaseModel]) -> str:
    where = item["loc"]
    key = ".".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in where).replace(".[", "[")
    if item["type"] == "extra_forbidden":
        return f'unknown key "{key}"{did_you_mean(str(where[-1]), _fields_at(model, where[:-1]))}'
    if item["type"] == "missing":
        return f'"{key}" is missing'
    message = item["msg"].removeprefix("Value error, ")
    value = item.get("input")
    shown = "" if isinstance(value, dict) else f" (found {value!r})"
    return f'"{key}": {message}{shown}' if key else f"{message}"


def _fields_at(model: type[BaseModel], where: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table at a place of the model may have."""
    found: Any = model
    for part in where:
        if isinstance(part, int) or not (isinstance(found, type) and issubclass(found, BaseModel)):
            continue
        field = found.model_fields.get(part)
        found = _table_in(field.annotation) if field else None
    return list(found.model_fields) if isinstance(found, type) and issubclass(found, BaseModel) else []


def _table_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _table_in(inner)
        if found is not None:
            return found
    return None

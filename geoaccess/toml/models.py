"""TOML files read into frozen models; all that is wrong with a file is reported at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    SerializationInfo,
    ValidationError,
    field_validator,
    model_validator,
)

from geoaccess import files
from geoaccess.errors import ConfigError
from geoaccess.phrases import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "AfterValidator",
    "BaseModel",
    "Field",
    "LocalName",
    "LocalText",
    "Table",
    "ValidationError",
    "did_you_mean",
    "field_validator",
    "model_validator",
    "nearest",
    "parse_toml",
    "problems_in",
    "read_in",
    "read_toml",
    "texts_in",
    "validate",
    "without_texts",
]

_NO_TEXTS: Final = "no texts"


class Table(BaseModel):
    """A table of a TOML file: frozen; unknown keys, and numbers that are inf or nan, are refused.

    A validator that finds several problems raises one ValueError with a line for each.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, arbitrary_types_allowed=True, allow_inf_nan=False
    )


def _dumped(text: Text, info: SerializationInfo) -> str | dict[str, str] | None:
    if info.mode == "python":
        return text
    return None if info.context == _NO_TEXTS else text.written


def _text(given: Any) -> Text:
    if not isinstance(given, str | Mapping):
        raise ValueError('write a text, or one for each language: { en = "Hospital", nb = "Sykehus" }')  # noqa: TRY004
    return Text(given)


LocalText: TypeAlias = Annotated[Text, PlainValidator(_text), PlainSerializer(_dumped)]
"""A key that holds a text for readers: `"Hospital"`, or `{ en = "Hospital", nb = "Sykehus" }`."""
LocalName: TypeAlias = Annotated[str, PlainValidator(_text), PlainSerializer(_dumped)]
"""The same in a table that is also made in Python, of plain strings; what it holds is a `Text`."""

Model = TypeVar("Model", bound=BaseModel)


def read_in(table: Model, language: str) -> Model:
    """Return a table whose texts, and those of the tables in it, are in a language as far as they are written in it.

    Examples
    --------
    >>> class Service(Table):
    ...     label: LocalText
    >>> read_in(Service(label={"en": "Hospital", "nb": "Sykehus"}), "nb").label
    'Sykehus'
    """
    found: Model = _read_in(table, language)
    return found


def _read_in(value: Any, language: str) -> Any:
    """Return a value with its texts in a language; the same object where none is another."""
    if isinstance(value, Text):
        return value.read_in(language)
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        changed = {name: _read_in(one, language) for name, one in fields.items()}
        changed = {name: one for name, one in changed.items() if one is not fields[name]}
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, dict):
        read = {key: _read_in(one, language) for key, one in value.items()}
        return read if any(read[key] is not value[key] for key in value) else value
    if isinstance(value, list | tuple):
        items = [_read_in(one, language) for one in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else type(value)(items)
    return value


def texts_in(value: Any, key: str = "") -> Iterator[tuple[str, Text]]:
    """Yield the texts of a table and of the tables in it, with the key of each in its file.

    Examples
    --------
    >>> class Service(Table):
    ...     label: LocalText
    >>> list(texts_in(Service(label="GP")))
    [('label', 'GP')]
    """
    inside: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Text):
        yield key, value
    elif isinstance(value, BaseModel):
        inside = ((f"{key}.{name}" if key else name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, dict):
        inside = ((f"{key}.{name}", one) for name, one in value.items())
    elif isinstance(value, list | tuple):
        inside = ((f"{key}[{place}]", one) for place, one in enumerate(value, start=1))
    for name, one in inside:
        yield from texts_in(one, name)


def without_texts(table: BaseModel) -> dict[str, Any]:
    """Return a table as plain values with None for every text: what decides figures, in any language."""
    return table.model_dump(mode="json", context=_NO_TEXTS)


def read_toml(path: Path, model: type[Model], *, hint: str = "check the path") -> Model:
    """Read a TOML file into `model`.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        With every problem: what is no TOML, unknown keys (with the nearest known one), missing keys, wrong values.
    """
    return validate(parse_toml(path, hint=hint), model, subject=str(path))


def parse_toml(path: Path, *, hint: str = "check the path") -> dict[str, Any]:
    """Read a TOML file into plain tables.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        If it is no TOML.
    """
    files.require(path, hint=hint)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
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
        raise ConfigError.listing(subject, problems_in(error, model)) from error


def problems_in(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return what is wrong with a file by the rules of `model`, a line for each problem."""
    return [line for item in error.errors() for line in _problem_lines(item, model)]


def did_you_mean(word: str, known: Any) -> str:
    """Return "; did you mean ...?" with the nearest known word, or the list of all.

    >>> did_you_mean("popluation", ["population", "zones"])
    '; did you mean "population"?'
    """
    words = sorted(str(item) for item in known)
    near = nearest(word, words)
    return f'; did you mean "{near}"?' if near else f"; known: {', '.join(words)}"


def nearest(word: str, known: Any) -> str | None:
    """Return the known word that is most like another, in any case of letters; None where none is like it.

    >>> nearest("popluation", ["Population", "zones"])
    'Population'
    """
    words = {str(item).lower(): str(item) for item in known}
    near = difflib.get_close_matches(word.lower(), words, 1, 0.6)
    return words[near[0]] if near else None


def _problem_lines(item: Any, model: type[BaseModel]) -> list[str]:
    where, table = _place(item["loc"], model)
    key = ".".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in where).replace(".[", "[")
    if item["type"] == "extra_forbidden":
        return [f'unknown key "{key}"{did_you_mean(str(where[-1]), table.model_fields)}']
    if item["type"] == "missing":
        return [f'"{key}" is missing']
    value = item.get("input")
    shown = "" if isinstance(value, dict) else f" (found {value!r})"
    lines = item["msg"].removeprefix("Value error, ").split("\n")
    return [f'"{key}": {line}{shown}' if key else line for line in lines]


def _place(loc: tuple[str | int, ...], model: type[BaseModel]) -> tuple[list[str | int], Any]:
    """Return the path in the file of what pydantic calls `loc`, and the last table on the way there.

    Where a value may be of several types, pydantic adds to `loc` the one that it took; that is no part of the file.
    """
    where: list[str | int] = []
    table: Any = model
    kinds: list[Any] = [model]
    for part in loc:
        if len(kinds) > 1:
            kinds = [kind for kind in kinds if _is_called(kind, part)][:1]
        else:
            where.append(part)
            kinds = _inside(kinds[0], part) if kinds else []
        if len(kinds) == 1 and _is_table(kinds[0]):
            table = kinds[0]
    return where, table


def _kinds(annotation: Any) -> list[Any]:
    """Return the types that a value may have, None apart."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (UnionType, Union):
        return [kind for kind in get_args(annotation) if kind is not NoneType]
    return [annotation]


def _is_called(kind: Any, tag: str | int) -> bool:
    """Whether a table is the one that a key such as `kind = "osm"` chooses."""
    fields = kind.model_fields.values() if _is_table(kind) else []
    return any(get_origin(field.annotation) is Literal and tag in get_args(field.annotation) for field in fields)


def _inside(kind: Any, part: str | int) -> list[Any]:
    """Return the types of what a table has under a key, or a list at a position."""
    if _is_table(kind):
        return _kinds(kind.model_fields[part].annotation) if part in kind.model_fields else []
    values = [of for of in get_args(kind) if of is not Ellipsis]
    return _kinds(values[-1]) if values else []


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)

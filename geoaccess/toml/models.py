"""TOML files read into frozen models; all that is wrong with a file is reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    SerializationInfo,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from geoaccess import files
from geoaccess.errors import ConfigError
from geoaccess.hints import did_you_mean, nearest, other_unit
from geoaccess.phrases import Text, printable
from geoaccess.toml.tables import toml_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "TITLE_LETTERS",
    "AfterValidator",
    "BaseModel",
    "Field",
    "Key",
    "LocalLabel",
    "LocalName",
    "LocalNote",
    "LocalText",
    "LocalTitle",
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
_KEY, _SHOWN = 100, 60
_NO_LETTERS, _THE_KEY = "string_too_short", "[key]"
"""As pydantic calls a text without letters, and the key of a table where that is what is wrong."""


def _with_numbers(schema: Any, model: type[BaseModel]) -> Any:
    """Return a schema whose numbers are neither texts nor truths: pydantic reads "1_0" as ten, and true as one.

    Keys of a table stay: they are texts in every TOML file. Tables within it have their own schema.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(_with_numbers(part, model) for part in schema)
    if not isinstance(schema, dict) or (schema.get("type") == "model" and schema["cls"] is not model):
        return schema
    left = ("keys_schema", "serialization", "metadata", "default")
    made = {name: part if name in left else _with_numbers(part, model) for name, part in schema.items()}
    if made.get("type") in {"int", "float"}:
        return core_schema.no_info_before_validator_function(_a_number, made)
    return made


def _with_names(schema: Any, model: type[BaseModel]) -> Any:
    """Return a schema whose texts are not empty: they name a column, a file, a service, and "" names none.

    A text whose default is "" may be, and so may what is looked for: members of sets and tuples, and lists of values
    that a table holds by the name of a column, as `where` does.
    """
    if isinstance(schema, list):
        return [_with_names(part, model) for part in schema]
    if not isinstance(schema, dict) or (schema.get("type") == "model" and schema["cls"] is not model):
        return schema
    kind = schema.get("type")
    if kind in {"set", "frozenset", "tuple"} or (kind == "default" and schema.get("default") == ""):
        return schema
    left = ["serialization", "metadata", "default"]
    left += ["values_schema"] if kind == "dict" and schema["values_schema"]["type"] == "list" else []
    made = {name: part if name in left else _with_names(part, model) for name, part in schema.items()}
    return {"min_length": 1, **made} if kind == "str" else made


def _a_number(given: Any) -> Any:
    if isinstance(given, str | bytes | bool):
        raise ValueError("write a number, without quotation marks")  # noqa: TRY004 - of which pydantic makes its error
    return given


class Table(BaseModel):
    """A table of a TOML file: frozen; unknown keys, numbers that are inf or nan, and texts for numbers are refused.

    So is "" for a name; a text that may be empty has that as its default.

    A validator that finds several problems raises one ValueError with a line for each.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, arbitrary_types_allowed=True, allow_inf_nan=False
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how a table is read, with numbers that are numbers, and names that name something."""
        found: CoreSchema = _with_names(_with_numbers(handler(source), cls), cls)
        return found


def _dumped(text: Text, info: SerializationInfo) -> str | dict[str, str] | None:
    if info.mode == "python":
        return text
    return None if info.context == _NO_TEXTS else text.written


def _text(given: Any, *, most: int) -> Text:
    if not isinstance(given, str | Mapping):
        raise ValueError('write a text, or one for each language: { en = "Hospital", nb = "Sykehus" }')  # noqa: TRY004
    text = Text(given)
    texts = (text, *text.by_language.values())
    if any(printable(one) != one for one in texts):
        raise ValueError("write letters that can be seen; this has control characters")
    longest = max(map(len, texts))
    if longest > most:
        raise ValueError(f"write at most {most} letters; this has {longest}")
    return text


_LABEL, TITLE_LETTERS, _TEXT = 120, 250, 5000
"""So many letters fit into the headings of a table or beside a map, over a map, and into a report."""

LocalLabel: TypeAlias = Annotated[Text, PlainValidator(partial(_text, most=_LABEL)), PlainSerializer(_dumped)]
"""A key that holds a few words for readers, for headings: `"Hospital"`, or `{ en = "Hospital", nb = "Sykehus" }`."""
LocalTitle: TypeAlias = Annotated[Text, PlainValidator(partial(_text, most=TITLE_LETTERS)), PlainSerializer(_dumped)]
"""A key that holds a title for readers."""
LocalText: TypeAlias = Annotated[Text, PlainValidator(partial(_text, most=_TEXT)), PlainSerializer(_dumped)]
"""A key that holds sentences for readers."""
LocalName: TypeAlias = Annotated[str, PlainValidator(partial(_text, most=TITLE_LETTERS)), PlainSerializer(_dumped)]
"""A title in a table that is also made in Python, of plain strings; what it holds is a `Text`."""
LocalNote: TypeAlias = Annotated[str, PlainValidator(partial(_text, most=_TEXT)), PlainSerializer(_dumped)]
"""Sentences in such a table."""
Key: TypeAlias = Annotated[str, Field(max_length=100)]
"""A name of our own, such as one of a column."""

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
        return toml_tables(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: not a TOML file in UTF-8: {error}") from error


def validate(raw: dict[str, Any], model: type[Model], *, subject: str) -> Model:
    """Turn plain tables into `model`.

    Raises
    ------
    ConfigError
        With every problem, under the name `subject`.
    """
    long = [f'a key of {len(key)} letters, "{key[:_SHOWN]}..."; at most {_KEY} can be used' for key in _long_keys(raw)]
    if long:
        raise ConfigError.listing(subject, long)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigError.listing(subject, problems_in(error, model)) from error


def _long_keys(raw: Any) -> Iterator[str]:
    """Yield the keys, in tables of whatever depth, that would make names of columns and files too long."""
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (key for key in value if len(key) > _KEY)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def problems_in(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return what is wrong with a file by the rules of `model`, a line for each problem."""
    items = error.errors()
    empty = {_path(item, model) for item in items if item["type"] == _NO_LETTERS}  # of whatever types it might be
    return [
        line
        for item in items
        if item["type"] == _NO_LETTERS or _path(item, model) not in empty
        for line in _problem_lines(item, model)
    ]


def _path(item: Any, model: type[BaseModel]) -> tuple[str | int, ...]:
    return tuple(_place(item["loc"], model)[0])


def _problem_lines(item: Any, model: type[BaseModel]) -> list[str]:
    where, table = _place(item["loc"], model)
    key = ".".join(f"[{part + 1}]" if isinstance(part, int) else str(part) for part in where).replace(".[", "[")
    if item["type"] == "extra_forbidden":
        return [f'unknown key "{key}"{did_you_mean(str(where[-1]), table.model_fields)}']
    if item["type"] == "missing":
        return [f'"{key}" is missing']
    value = item.get("input")
    if item["type"] in {"too_short", _NO_LETTERS} and not value:
        return [_said_of_empty(key, where[-1], table)]
    unit = other_unit(key, value, most=item.get("ctx", {}).get("le"))
    shown = "" if isinstance(value, dict) else f" (found {_short(repr(value))}{unit})"
    lines = item["msg"].removeprefix("Value error, ").split("\n")
    return [f'"{key}": {line}{shown}' if key else line for line in lines]


def _said_of_empty(key: str, last: str | int, table: Any) -> str:
    """Say what to do about what holds nothing: a member of a list, the key of a table, or the value of a key."""
    if last == _THE_KEY:
        return f'"{key.removesuffix("." + _THE_KEY)}" has an empty key; write what it should name, or take it out'
    if isinstance(last, int):
        return f'"{key}" is empty; write what it should hold, or take it out'
    needed = last in table.model_fields and table.model_fields[last].is_required()
    return f'"{key}" is empty; write what it should hold' + ("" if needed else ", or leave it out")


def _short(text: str) -> str:
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}...{text[-_SHOWN // 3 :]}"


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

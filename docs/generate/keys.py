"""Every key of a study and of a scenario, read from the models; what each means, read from the template.

A key that the template only shows within an example, and those of scenarios, stand in `docs/keys.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from geoaccess.measures.decay import _KINDS
from geoaccess.scenarios import Scenario
from geoaccess.study.settings.catchment_measures import MEASURES
from geoaccess.study.settings.study_settings import Settings
from geoaccess.toml import BaseModel

ROOT = Path(__file__).resolve().parents[2]
OWN = Path(__file__).resolve().parents[1] / "keys.toml"
UNITS = {"_min": "minutes", "_m": "metres", "_km": "kilometres", "_kph": "km/h", "_s": "seconds", "_km2": "per km²"}
BOUNDS = {
    "gt": "> {}",
    "ge": "≥ {}",
    "lt": "< {}",
    "le": "≤ {}",
    "min_length": "at least {}",
    "max_length": "at most {}",
}
PLAIN = {
    str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value", dict: "table",
    object: "any value",
}  # fmt: skip
TEXT = "text, or one per language"
_LARGE = 1e12


@dataclass(frozen=True)
class Key:
    """A key of a TOML table, as a reader needs it."""

    table: str
    name: str
    kind: str
    unit: str
    bounds: str
    default: str
    meaning: str


@dataclass(frozen=True)
class KeyTable:
    """A table of a TOML file: its heading, what its model says of it, and its keys."""

    heading: str
    about: str
    keys: tuple[Key, ...]


def study_tables() -> list[KeyTable]:
    """Return every table of a study file, in the order of the models."""
    said = template_meanings()
    return list(_tables(Settings, "", said | _own("study"), ()))


def scenario_tables() -> list[KeyTable]:
    """Return every table of a scenario file."""
    return list(_tables(Scenario, "", _own("scenario"), ()))


def template_meanings(path: Path = ROOT / "configs" / "template.toml") -> dict[str, str]:
    """Return what the comments of the template say of each key, by table and key, such as "network.profile"."""
    found: dict[str, str] = {}
    table = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"^(?:# )?\[{1,2}([a-z_.]+)\]{1,2}", line)
        key = re.match(r"^(?:# )?([a-z_]+) = (.*)$", line)
        if heading:
            table = re.sub(r"^(services|catchments)\.[a-z_]+", r"\1.NAME", heading[1])
        if key:
            comment = _comment(key[2])
            last = f"{table}.{key[1]}".lstrip(".")
            if comment:
                found.setdefault(last, comment)
        elif (more := re.match(r"^ {10,}#? *# (.*)$", line)) and last in found:
            found[last] += " " + more[1].strip()
    return found


def _comment(value: str) -> str:
    """Return the comment after a value, where a `#` within quotes begins none."""
    quoted = False
    for place, letter in enumerate(value):
        quoted ^= letter == '"'
        if letter == "#" and not quoted:
            return value[place + 1 :].strip()
    return ""


def _own(part: str) -> dict[str, str]:
    tables = tomllib.loads(OWN.read_text(encoding="utf-8")).get(part, {})
    words = {"MEASURES": ", ".join(MEASURES), "DECAYS": ", ".join(_KINDS)}
    for word, stands_for in words.items():
        for keys in tables.values():
            keys |= {key: text.replace(word, stands_for) for key, text in keys.items()}
    return {f"{table}.{key}".lstrip("."): text for table, keys in tables.items() for key, text in keys.items()}


def _tables(model: type[BaseModel], path: str, said: Mapping[str, str], kinds: tuple[str, ...]) -> Iterator[KeyTable]:
    keys = []
    inside: list[tuple[str, type[BaseModel], bool]] = []
    for name, field in model.model_fields.items():
        full = f"{path}.{name}".lstrip(".")
        whole = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        below = list(models_in(whole))
        form, marks = words(whole)
        listed = "list" in form
        named = get_origin(_without_none(whole)) is dict and below
        inside += [(f"{full}.NAME" if named else full, one, listed) for one in below]
        if below:
            form = "tables" if listed or named else "table"
        default = "required" if field.is_required() else shown(field.get_default(call_default_factory=True))
        meaning = _meaning(full, kinds, said) or (f"see {_links(inside, full)}" if below else "")
        unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
        keys.append(Key(path, name, form, unit, ", ".join(marks), default, meaning))
    kind = f' with kind = "{kinds[0]}"' if kinds else ""
    yield KeyTable(
        (path or "top of the file") + kind, " ".join((model.__doc__ or "").split("\n\n")[0].split()), tuple(keys)
    )
    for full, one, _ in inside:
        yield from _tables(one, full, said, tuple(_kinds(one)))


def _links(inside: list[tuple[str, type[BaseModel], bool]], full: str) -> str:
    headings = dict.fromkeys(at for at, _, _ in inside if at == full or at.startswith(f"{full}."))
    return " and ".join(f"`{heading}`" for heading in headings)


def _meaning(full: str, kinds: tuple[str, ...], said: Mapping[str, str]) -> str:
    table, _, name = full.rpartition(".")
    for kind in kinds:
        if f"{table}:{kind}.{name}" in said:
            return said[f"{table}:{kind}.{name}"]
    for key in (full, f"*.{name}"):
        if key in said:
            return said[key]
    return ""


def _kinds(model: type[BaseModel]) -> tuple[str, ...]:
    field = model.model_fields.get("kind")
    return tuple(map(str, get_args(field.annotation))) if field and get_origin(field.annotation) is Literal else ()


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models within a type, each once, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    parts = get_args(annotation)
    for part in parts[:1] if get_origin(annotation) is Annotated else parts:
        if part is not None and not isinstance(part, str):
            yield from models_in(part)


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        rest = [part for part in get_args(annotation) if part is not NoneType]
        return _without_none(rest[0]) if len(rest) == 1 else annotation
    return annotation


def words(annotation: Any) -> tuple[str, list[str]]:
    """Return a type in words, and the bounds of its values."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if any(type(mark).__name__ == "PlainValidator" for mark in parts[1:]):
            return TEXT, _bounds(parts[1:])
        form, marks = words(parts[0])
        return form, [*marks, *_bounds(parts[1:])]
    if origin in (Union, UnionType):
        forms = [words(part) for part in parts if part is not NoneType]
        return " or ".join(dict.fromkeys(form for form, _ in forms)), [mark for _, marks in forms for mark in marks]
    if origin is Literal:
        return " or ".join(f'`"{value}"`' if isinstance(value, str) else f"`{value}`" for value in parts), []
    if origin in (list, tuple):
        forms = [words(part) for part in parts if part is not Ellipsis]
        marks = list(dict.fromkeys(mark for _, some in forms for mark in some))
        many = origin is tuple and Ellipsis not in parts
        return (f"list of {len(parts)}: " if many else "list of ") + ", ".join(
            dict.fromkeys(f for f, _ in forms)
        ), marks
    if origin in (dict, Mapping):
        form, marks = words(parts[1])
        return f"table of {form} by name", marks
    name = getattr(annotation, "__name__", str(annotation))
    dated = {"date": "date", "datetime": "date and time", "NaiveDatetime": "date and time", "Text": TEXT}
    return PLAIN.get(annotation) or dated.get(name) or name, []


def _bounds(marks: Any) -> list[str]:
    found = []
    for mark in marks:
        for one in getattr(mark, "metadata", None) or [mark]:
            for key, text in BOUNDS.items():
                value = getattr(one, key, None)
                if isinstance(value, (int, float)):
                    found.append(text.format(_plain(value)))
    return found


def shown(value: Any) -> str:
    """Return a default as a study file would write it; empty where nothing is the default."""
    if isinstance(value, BaseModel) or value is None or value in ("", [], {}, ()):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:.6g}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, list | tuple):
        return "`[" + ", ".join(shown(one).strip("`") for one in value) + "]`"
    return f"`{value}`"


def page(title: str, about: str, tables: list[KeyTable], prefix: str) -> str:
    """Return a page of tables and their keys, in Markdown."""
    lines = [f"# {title}", "", about]
    labels: set[str] = set()
    for table in tables:
        name = table.heading.split(" with ", maxsplit=1)[0]
        label = f"{prefix}-{name.replace('.', '-').replace(' ', '-').lower()}"
        lines += ["", *([f"({label})="] if label not in labels else []), f"## {_heading(table)}", ""]
        labels.add(label)
        said = re.sub(r"^\[+[^\]]+\]+(?: from|: )?", "", table.about)
        lines += [_cell(said[:1].upper() + said[1:]) if said else "", ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        for key in table.keys:
            kind = ", ".join(part for part in (key.kind, key.unit, key.bounds) if part)
            lines.append(f"| `{key.name}` | {_cell(kind)} | {_cell(key.default)} | {_cell(_tidied(key.meaning))} |")
    return "\n".join(lines) + "\n"


def _heading(table: KeyTable) -> str:
    name, _, kind = table.heading.partition(" with ")
    if name == "top of the file":
        return "Top of the file"
    return f"`[{name}]`" + (f" with `{kind}`" if kind else "")


def _tidied(text: str) -> str:
    return re.sub(r"^(?:or,? |and )", "", text).strip()


def _cell(text: str) -> str:
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    for place in range(0, len(parts), 2):
        parts[place] = parts[place].replace("<", "&lt;").replace("*", "\\*").replace("[", "\\[")
    return "".join(parts).replace("|", "\\|")


def _plain(value: float) -> str:
    """Return a bound as it is written in a study file, the very large and the very small as powers of ten."""
    return f"{value:,.0f}" if value == int(value) and abs(value) < _LARGE else f"{value:g}"

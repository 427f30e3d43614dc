"""TOML written: what has not changed stays as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoaccess.phrases import Text

__all__ = ["plain_value", "toml_text", "written_item"]


def toml_text(content: Mapping[str, Any], *, former: str = "") -> str:
    """Return tables as TOML: first the single values, then a table for each dict, and several for a list of dicts.

    Parameters
    ----------
    former
        A TOML text that this one takes the place of: its comments, and what has not changed, stay as they are written.
        What is no TOML is replaced.

    Examples
    --------
    >>> print(toml_text({"add": [{"lon": 1.5}], "title": "b"}, former='title = "a" # mine'), end="")
    title = "b" # mine
    <BLANKLINE>
    [[add]]
    lon = 1.5
    """
    import tomlkit  # only what is written needs it

    try:
        document = tomlkit.parse(former)
    except tomlkit.exceptions.TOMLKitError:
        document = tomlkit.document()
    for key in [key for key in document if key not in content or _is_of_another_kind(document[key], content[key])]:
        del document[key]
    for key, value in sorted(content.items(), key=lambda item: _kind(item[1]) != "value"):
        if _kind(value) == "tables":
            _renew_tables(document, key, [dict(table) for table in value])
        elif _kind(value) == "table":
            _renew_table(document, key, value)
        elif _is_other(document, key, value):
            document[key] = written_item(value)
    return document.as_string().strip("\n") + "\n"


def _kind(value: Any) -> str:
    """Say what a value is in a TOML file: a value, a table, or several tables."""
    if isinstance(value, Mapping):
        return "table"
    if isinstance(value, list | tuple) and value and all(isinstance(item, Mapping) for item in value):
        return "tables"
    return "value"


def _is_of_another_kind(written: Any, value: Any) -> bool:
    return not isinstance(value, Text) and _kind(written) != _kind(value)


def plain_value(value: Any) -> Any:
    """Return a value as a TOML file holds it: a text as it is written."""
    if isinstance(value, Text):
        return value.written
    return [plain_value(item) for item in value] if isinstance(value, list | tuple) else value


def _is_other(table: Any, key: str, value: Any) -> bool:
    """Whether a table of a document does not say this value under a key."""
    return key not in table or table[key] != plain_value(value)


def written_item(value: Any) -> Any:
    """Return a value as it is put into a document: a text in several languages in one line."""
    import tomlkit

    plain = plain_value(value)
    if isinstance(value, Text) and isinstance(plain, dict):
        line = tomlkit.inline_table()
        line.update(plain)
        return line
    return plain


def _new_table(content: Mapping[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.table()
    for key, value in content.items():
        table.add(key, written_item(value))
    table.add(tomlkit.nl())
    return table


def _renew_table(document: Any, key: str, content: Mapping[str, Any]) -> None:
    """Write a table; where it is there, change only what is another."""
    if key not in document:
        _blank_line(document)
        document.add(key, _new_table(content))
        return
    table = document[key]
    for name in [name for name in table if name not in content]:
        del table[name]
    for name, value in content.items():
        if _is_other(table, name, value):
            table[name] = written_item(value)


def _renew_tables(document: Any, key: str, content: list[dict[str, Any]]) -> None:
    """Write several tables of one name; those that are there already stay as they are written."""
    import tomlkit

    if key in document and [table.unwrap() for table in document[key]] == plain_value(content):
        return
    written = list(document[key]) if key in document else []
    tables = tomlkit.aot()
    for new in content:
        wanted = {name: plain_value(value) for name, value in new.items()}
        same = next((table for table in written if table.unwrap() == wanted), None)
        if same is not None:
            written.remove(same)
        if same is None and len(tables) and not tables[-1].as_string().endswith("\n\n"):
            tables[-1].add(tomlkit.nl())
        tables.append(same if same is not None else _new_table(new))
    if key in document:
        document[key] = tables
    else:
        _blank_line(document)
        document.add(key, tables)


def _blank_line(document: Any) -> None:
    import tomlkit

    text = document.as_string()
    if text and not text.endswith("\n\n"):
        document.add(tomlkit.nl())

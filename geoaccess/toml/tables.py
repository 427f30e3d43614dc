"""The tables of a TOML text, as plain values."""

from __future__ import annotations

import tomllib
from typing import Any

__all__ = ["toml_tables"]

_DEEPEST = 50
"""So many tables and lists may lie in each other: whoever goes through them calls itself, and Python ends that."""


def toml_tables(text: str) -> dict[str, Any]:
    """Return the tables of a TOML text, whatever mark it begins with.

    Raises
    ------
    ValueError
        If it is no TOML, or holds a number of thousands of digits, or tables or lists that lie too deep in each other.

    Examples
    --------
    >>> toml_tables("snap.max_m = 500")
    {'snap': {'max_m': 500}}
    >>> toml_tables("a" + ".a" * 99 + " = 1")
    Traceback (most recent call last):
    ValueError: more than 50 tables or lists lie in each other
    """
    deep = f"more than {_DEEPEST} tables or lists lie in each other"
    try:
        found = tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError as error:
        raise ValueError(deep) from error
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        inside = (value.values() if isinstance(value, dict) else value for value in level)
        level = [value for values in inside for value in values if isinstance(value, dict | list)]
        if not level:
            return found
    raise ValueError(deep)

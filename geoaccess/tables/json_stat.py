"""JSON-stat 2.0, the form in which statistics banks give tables to programs, read without trusting any of it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geoaccess.files import json_values

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JsonStat", "parse_json_stat"]

_MOST_VALUES = 20_000_000
"""More than in any table that a bank gives at once; one that lists only what is not missing may claim any number."""

_FEW_VALUES, _PLACES_A_VALUE = 1_000_000, 100
"""So many may be missing in one that lists only what is not, and so many more for each value that it lists."""


@dataclass(frozen=True)
class JsonStat:
    """A table: its dimensions in order, with heading, codes, and label and unit of each code, and its values by place.

    `roles` are the dimensions of each role ("time", "geo", "metric").
    """

    title: str
    names: list[str]
    headings: dict[str, str]
    codes: dict[str, list[str]]
    labels: dict[str, dict[str, str]]
    units: dict[str, dict[str, str]]
    roles: dict[str, list[str]]
    values: list[str]

    def cells(self) -> Iterator[tuple[dict[str, str], str]]:
        """Yield the code in each dimension and the value, "" where there is none."""
        chosen = itertools.product(*(self.codes[name] for name in self.names))
        for value, at in zip(self.values, chosen, strict=True):
            yield dict(zip(self.names, at, strict=True)), value


def parse_json_stat(text: str) -> JsonStat:
    """Return the table that a text is.

    Raises
    ------
    ValueError
        If it is no JSON-stat, with why.

    Examples
    --------
    >>> import json
    >>> place = {"label": "region", "category": {"index": ["0301", "4601"], "label": {"0301": "Oslo"}}}
    >>> stat = parse_json_stat(json.dumps({"id": ["Region"], "dimension": {"Region": place}, "value": [7, None]}))
    >>> list(stat.cells()), stat.labels["Region"]
    ([({'Region': '0301'}, '7'), ({'Region': '4601'}, '')], {'0301': 'Oslo', '4601': '4601'})
    >>> parse_json_stat('{"id": ["Region"]}')
    Traceback (most recent call last):
    ValueError: it has no "dimension"
    """
    data = _table(json_values(text), "the file")
    names = [str(name) for name in _list(data, "id")]
    if len(set(names)) < len(names):
        raise ValueError("a dimension stands twice")
    dimensions = _table(_of(data, "dimension"), "dimension")
    found = {name: _table(_of(dimensions, name), name) for name in names}
    categories = {name: _table(_of(one, "category"), f"category of {name}") for name, one in found.items()}
    codes = {name: _codes(category) for name, category in categories.items()}
    for name, some in codes.items():
        if len(set(some)) < len(some):
            raise ValueError(f"a code of {name} stands twice")
    sizes = [len(codes[name]) for name in names]
    if "size" in data and _list(data, "size") != sizes:
        raise ValueError(f"its size is {data['size']}, but its dimensions have {sizes}")
    roles = _table(data.get("role", {}), "role")
    return JsonStat(
        title=str(data.get("label", "")),
        names=names,
        headings={name: str(one.get("label", name)) for name, one in found.items()},
        codes=codes,
        labels={name: _words(categories[name].get("label"), codes[name]) for name in names},
        units={name: _units(categories[name].get("unit")) for name in names},
        roles={role: [str(name) for name in some] for role, some in roles.items() if isinstance(some, list)},
        values=_values(_of(data, "value"), sizes),
    )


def _of(table: dict[str, Any], key: str) -> Any:
    if key not in table:
        raise ValueError(f'it has no "{key}"')
    return table[key]


def _table(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no table")  # noqa: TRY004 - of the file, not of an argument
    return value


def _list(table: dict[str, Any], key: str) -> list[Any]:
    value = _of(table, key)
    if not isinstance(value, list):
        raise ValueError(f'"{key}" is no list')  # noqa: TRY004 - of the file, not of an argument
    return value


def _codes(category: dict[str, Any]) -> list[str]:
    """Return the codes of a dimension in their order: of a list as it is, of a table by the places that it gives."""
    index = category.get("index", category.get("label"))
    if isinstance(index, list):
        return [str(code) for code in index]
    places = _table(index, "the index of a dimension")
    if "index" not in category:
        return list(places)
    if not all(type(place) is int for place in places.values()) or sorted(places.values()) != [*range(len(places))]:
        raise ValueError("the index of a dimension has places that are not each whole number from 0 once")
    return sorted(places, key=places.__getitem__)


def _words(labels: Any, codes: list[str]) -> dict[str, str]:
    known = labels if isinstance(labels, dict) else {}
    return {code: str(known.get(code, code)) for code in codes}


def _units(units: Any) -> dict[str, str]:
    known = units if isinstance(units, dict) else {}
    return {code: str(unit.get("base", "")) for code, unit in known.items() if isinstance(unit, dict)}


def _values(values: Any, sizes: list[int]) -> list[str]:
    size = math.prod(sizes)
    if size > _MOST_VALUES:
        raise ValueError(f"its dimensions of {sizes} have {size} values, more than any bank gives at once")
    if isinstance(values, dict):
        if size > _FEW_VALUES + _PLACES_A_VALUE * len(values):
            raise ValueError(f"its dimensions of {sizes} have {size} values, and it gives {len(values)} of them")
        beyond = next(
            (key for key in values if not key.isdecimal() or str(int(key[:20])) != key or int(key) >= size), None
        )
        if beyond is not None:
            raise ValueError(f"it has a value at {beyond!r}, where dimensions of {sizes} have none")
        values = [values.get(str(place)) for place in range(size)]
    if not isinstance(values, list) or len(values) != size:
        there = len(values) if isinstance(values, list) else "no list of"
        raise ValueError(f"it has {there} values for dimensions of {sizes}")
    odd = next((value for value in values if isinstance(value, dict | list | bool)), None)
    if odd is not None:
        raise ValueError(f"it has {odd!r} for a value")
    return ["" if value is None else str(value) for value in values]

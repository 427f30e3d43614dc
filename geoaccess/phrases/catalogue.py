"""The catalogues: a TOML file per language, found by being there, and what a language lacks taken from another."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from geoaccess.errors import InputError
from geoaccess.phrases.filling import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "FALLBACK",
    "SCHEME_WORDS",
    "ColumnText",
    "columns",
    "fallbacks",
    "in_words",
    "language_code",
    "languages",
    "missing",
    "section",
    "table_text",
    "text",
]

FALLBACK: Final = "en"
"""The language that is complete: what any other lacks is taken from it in the end."""

_ALIASES: Final = {"no": "nb", "nob": "nb", "nno": "nn", "eng": "en"}
_ABOUT: Final = "language"

SCHEME_WORDS: Final = ("scheme", "Scheme")
"""Blanks that stand for the word that a scheme of classes has for a class, in a sentence and as a heading."""


@dataclass(frozen=True)
class ColumnText:
    """The description of a column: its heading, what it holds, and what an empty value or inf stands for."""

    label: str
    meaning: str
    empty: str = ""


@cache
def _files() -> Mapping[str, dict[str, Any]]:
    found = {}
    for file in sorted(resources.files("geoaccess.phrases").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            found[file.name.removesuffix(".toml")] = tomllib.loads(file.read_text(encoding="utf-8"))
    return MappingProxyType(found)


@cache
def languages() -> Mapping[str, str]:
    """Return the languages there are, by code, with their names in themselves.

    Examples
    --------
    >>> languages()["nb"]
    'Norsk bokmål'
    """
    return MappingProxyType({code: str(tree[_ABOUT]["name"]) for code, tree in _files().items()})


def language_code(language: str) -> str:
    """Return the code of a language as the catalogues have it: "no" is "nb".

    Raises
    ------
    InputError
        If there is no catalogue of that language.

    Examples
    --------
    >>> language_code("no"), language_code("nb"), language_code("en")
    ('nb', 'nb', 'en')
    """
    code = _ALIASES.get(language, language)
    if code not in languages():
        known = ", ".join(f"{code} ({name})" for code, name in languages().items())
        raise InputError(f"language: {language!r} is not known; use one of {known}")
    return code


def fallbacks(language: str) -> list[str]:
    """Return the languages in which a phrase is looked for: the language, those its file names, and English.

    Examples
    --------
    >>> fallbacks("no")
    ['nb', 'en']
    """
    code = language_code(language)
    order = [code, *_files()[code][_ABOUT].get("fallback", ()), FALLBACK]
    return [one for one in dict.fromkeys(order) if one in languages()]


def _leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Phrase]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), Phrase(value)


@cache
def _phrases(language: str) -> Mapping[tuple[str, ...], str]:
    """Return every phrase by its path, in the language or in the first that has it."""
    found: dict[tuple[str, ...], str] = {}
    for code in reversed(fallbacks(language)):
        found |= {path: phrase for path, phrase in _leaves(_files()[code]) if path[0] != _ABOUT}
    return MappingProxyType(found)


@cache
def section(language: str, name: str) -> Mapping[str, str]:
    """Return the phrases of one section, such as "map" or "report", by key; the names of units are in every one.

    Raises
    ------
    InputError
        If there is no catalogue of that language.

    Examples
    --------
    >>> section("nb", "map")["travel_time"]
    'Reisetid'
    """
    phrases = _phrases(language)
    found = {path[1]: phrase for path, phrase in phrases.items() if path[0] == name}
    if not found:
        raise KeyError(name)
    return MappingProxyType({path[1]: phrase for path, phrase in phrases.items() if path[0] == "units"} | found)


def in_words(phrase: str, words: Mapping[str, str], *, language: str) -> str:
    """Return a phrase with the words of a scheme of classes for {scheme} and {Scheme}; without words, "class".

    Examples
    --------
    >>> in_words("By {scheme}", {"scheme": "degree of urbanisation"}, language="en")
    'By degree of urbanisation'
    >>> in_words("{Scheme}", {}, language="nb")
    'Klasse'
    """
    for name in SCHEME_WORDS:
        if f"{{{name}}}" in phrase:
            phrase = phrase.replace(f"{{{name}}}", words.get(name) or section(language, "units")[name])
    return Phrase(phrase)


def text(language: str, key: str, **values: object) -> str:
    """Return a phrase by section and key, with what stands for the words in braces.

    What a language lacks is taken from those its file names under `fallback`, in that order, and then from English.

    Raises
    ------
    InputError
        If there is no catalogue of that language.
    KeyError
        If no catalogue has the phrase.

    Examples
    --------
    >>> text("nb", "map.people_n", n="1000")
    '1000 innbyggere'
    """
    name, _, rest = key.partition(".")
    return section(language, name)[rest].format(**values)


@cache
def columns(language: str) -> Mapping[tuple[str, str], ColumnText]:
    """Return the description of each column, by table ("*" for any) and name or pattern of the column.

    Examples
    --------
    >>> columns("en")["*", "cell_id"].meaning
    'Identity of the grid cell'
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path, phrase in _phrases(language).items():
        if path[0] == "columns":
            _, table, column, field = path
            found.setdefault((table, column), {})[field] = phrase
    return MappingProxyType({key: ColumnText(**fields) for key, fields in found.items()})


def table_text(language: str, table: str) -> tuple[str, str] | None:
    """Return the title of a table and what its rows are; None where no catalogue knows it.

    Examples
    --------
    >>> table_text("en", "everybody")
    ('Everybody', 'One row per service')
    """
    phrases = _phrases(language)
    if ("tables", table, "label") not in phrases:
        return None
    return phrases["tables", table, "label"], phrases["tables", table, "rows"]


def missing(language: str) -> list[str]:
    """Return the phrases that a language takes from another, as `section.key`.

    Examples
    --------
    >>> missing("nb")
    []
    """
    own = {path for path, _ in _leaves(_files()[language_code(language)])}
    return [".".join(path) for path in _phrases(language) if path not in own]

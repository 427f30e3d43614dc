"""Files of centrality schemes: those that are shipped, those of a study, and those that it describes itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.bounds import Id, Weight
from geoaccess.errors import InputError
from geoaccess.phrases import FALLBACK, Text
from geoaccess.shipped import own_or_shipped
from geoaccess.toml import Field, LocalName, LocalNote, Table, read_toml
from geoaccess.zones.schemes import CentralityClass, CentralityScheme

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEFAULT_SCHEME", "DEGURBA_SCHEME", "ClassRow", "Words", "make_scheme", "read_scheme", "scheme_file"]

DEFAULT_SCHEME: Final = "norway"
"""The scheme of a study that names none, and of functions that are given none."""

DEGURBA_SCHEME: Final = "degurba"
"""The scheme of the degree of urbanisation, which is computed."""

Words = str | dict[str, str]
"""A text of a file of a scheme: one for every language, or one by language."""


class ClassRow(Table):
    """[[classes]]: a class of a scheme; without a colour it gets one of a row of colours."""

    id: Id | str
    label: LocalName
    short: LocalName = Text()
    in_text: LocalName = Text()
    colour: str | None = None
    index_from: Weight | None = None
    district: bool = False


class _SchemeFile(Table):
    title: LocalName
    in_text: LocalName = Text()
    source: LocalNote
    classes: list[ClassRow]
    districts: LocalName = Text()
    highest_index: Weight | None = None
    zone_digits: Annotated[int, Field(ge=1, le=30)] | None = None
    zone_years: dict[str, list[str]] = {}


@checks_arguments
def make_scheme(
    name: str,
    *,
    title: Words,
    source: str,
    classes: Sequence[ClassRow],
    districts: Words = "",
    in_text: Words = "",
) -> CentralityScheme:
    """Return the scheme that a study describes itself.

    Raises
    ------
    InputError
        If `classes` are no rows.
    ConfigError
        With everything that is wrong with it.

    Examples
    --------
    >>> rows = [ClassRow(id="U", label="Urban"), ClassRow(id="R", label="Rural", district=True)]
    >>> scheme = make_scheme("mine", title="Kind of place", source="made up", classes=rows)
    >>> scheme.label("R", "nb"), scheme.colours
    ('Rural', ('#3b0f70', '#7a3606'))
    """
    if not all(isinstance(row, ClassRow) for row in classes):
        raise InputError("make_scheme: classes are no ClassRow; describe each class as ClassRow(id=..., label=...)")
    return CentralityScheme(
        name=name,
        titles=_by_language(title),
        nouns=_by_language(in_text),
        source=source,
        classes=_classes(classes),
        districts=_by_language(districts),
    )


def _by_language(words: Words) -> dict[str, str]:
    """Return a text by language; one that is written once, for all, is found in any by falling back on English."""
    text = Text(words)
    return dict(text.by_language) or ({FALLBACK: str(text)} if text else {})


def _classes(rows: Sequence[ClassRow]) -> tuple[CentralityClass, ...]:
    shown = [""] * len(rows) if all(row.colour for row in rows) else _colours(len(rows))
    return tuple(
        CentralityClass(
            id=str(row.id),
            labels=_by_language(row.label),
            colour=row.colour or colour,
            index_from=row.index_from,
            district=row.district,
            shorts=_by_language(row.short),
            nouns=_by_language(row.in_text),
        )
        for row, colour in zip(rows, shown, strict=True)
    )


def _colours(number: int) -> list[str]:
    """Return colours for classes in order, between those of the scheme of Norway: purple to orange-brown.

    >>> _colours(3)
    ['#3b0f70', '#ceab9e', '#7a3606']
    """
    row = read_scheme(DEFAULT_SCHEME).colours
    known = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in row])
    places = np.linspace(0, len(row) - 1, max(number, 1))
    mixed = [np.interp(places, np.arange(len(row)), known[:, part]) for part in range(3)]
    return ["#" + "".join(f"{round(part):02x}" for part in colour) for colour in zip(*mixed, strict=True)]


@checks_arguments
def scheme_file(scheme: str = DEFAULT_SCHEME, *, folder: Path | None = None) -> Path:
    """Return the file of a scheme: one that is shipped, or a .toml file as seen from a folder.

    Raises
    ------
    MissingFileError
        If no such scheme is shipped.
    """
    return own_or_shipped("schemes", scheme, own=(folder or Path()).joinpath)


@checks_arguments
def read_scheme(scheme: str = DEFAULT_SCHEME, *, folder: Path | None = None) -> CentralityScheme:
    """Read a centrality scheme.

    Parameters
    ----------
    scheme
        Name of a scheme that is shipped, such as "norway" or "degurba", or of a .toml file.
    folder
        Where a relative .toml file is looked for; the working directory if not given.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        With everything that is wrong with it.

    Examples
    --------
    >>> read_scheme("degurba").title("en")
    'Degree of urbanisation'
    """
    path = scheme_file(scheme, folder=folder)
    return _read(path) if scheme.endswith(".toml") else _shipped(path)


@cache
def _shipped(path: Path) -> CentralityScheme:
    return _read(path)


def _read(path: Path) -> CentralityScheme:
    found = read_toml(path, _SchemeFile, hint="check scheme in [centrality]")
    return CentralityScheme(
        name=path.stem,
        titles=_by_language(found.title),
        nouns=_by_language(found.in_text),
        source=found.source,
        classes=_classes(found.classes),
        districts=_by_language(found.districts),
        highest_index=found.highest_index,
        zone_digits=found.zone_digits,
        zone_years={years: tuple(starts) for years, starts in found.zone_years.items()},
    )

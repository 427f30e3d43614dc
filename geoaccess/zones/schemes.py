"""Centrality schemes: the classes of municipalities of a country, read from a file of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.errors import ConfigError, InputError
from geoaccess.phrases import fallbacks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

__all__ = ["CentralityClass", "CentralityScheme"]

FEWEST, MOST = 2, 9


@dataclass(frozen=True)
class CentralityClass:
    """One class of a scheme.

    `labels` are its names by language, `shorts` those for narrow columns and `nouns` those within a sentence ("rural
    areas"), where they are others; `index_from` is the lowest centrality index of the class, where the scheme goes by
    one; `district` marks the classes that are counted together as districts.
    """

    id: str
    labels: Mapping[str, str]
    colour: str
    index_from: float | None = None
    district: bool = False
    shorts: Mapping[str, str] = field(default_factory=dict)
    nouns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CentralityScheme:
    """The classes of a country, the most central first.

    Attributes
    ----------
    name
        Name of the file, without suffix.
    titles, nouns, districts
        Name of a class ("Centrality class") as a heading and within a sentence ("centrality class"; the title with a
        small letter where left out), and the classes that are districts together, by language.
    source
        Where the classification is published.
    classes
        From the most central to the least central, 2 to 9 of them.
    highest_index
        The largest centrality index there can be; None where municipalities have no index.
    zone_digits
        How many digits a municipality number has; None where it is any text.
    zone_years
        For numbers in use in some years only: the years, and the first digits of these numbers.

    Raises
    ------
    ConfigError
        Listing everything that is wrong with the classes.

    Examples
    --------
    >>> from geoaccess.zones import read_scheme
    >>> scheme = read_scheme("norway")
    >>> scheme.ids[0], scheme.ids[-1], scheme.district_ids
    ('1', '6', ('4', '5', '6'))
    >>> scheme.positions([6, 1, None]).tolist()
    [5, 0, -1]
    >>> scheme.label("6", "nb")
    'Klasse 6, minst sentral'
    """

    name: str
    titles: Mapping[str, str]
    source: str
    classes: tuple[CentralityClass, ...]
    districts: Mapping[str, str] = field(default_factory=dict)
    highest_index: float | None = None
    zone_digits: int | None = None
    zone_years: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nouns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that the classes make a scheme."""
        problems = _problems(self)
        if problems:
            raise ConfigError.listing(f"centrality scheme {self.name}", problems)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the classes as text, the most central first."""
        return tuple(one.id for one in self.classes)

    @property
    def colours(self) -> tuple[str, ...]:
        """The colours of the classes, the most central first."""
        return tuple(one.colour for one in self.classes)

    @property
    def district_ids(self) -> tuple[str, ...]:
        """The ids of the classes that are districts; none where the scheme knows no districts."""
        return tuple(one.id for one in self.classes if one.district)

    @property
    def cuts(self) -> tuple[float, ...] | None:
        """The lowest index of each class but the least central, falling; None where classes do not go by an index."""
        found = [one.index_from for one in self.classes[:-1] if one.index_from is not None]
        return tuple(found) if len(found) == len(self.classes) - 1 else None

    @property
    def numbered(self) -> bool:
        """Whether the ids are whole numbers that rise from the most central class on: then columns hold numbers."""
        numbers = [int(name) for name in self.ids if re.fullmatch(r"0|[1-9][0-9]?", name)]
        return len(numbers) == len(self.ids) and numbers == sorted(numbers)

    def with_cuts(self, cuts: tuple[float, ...]) -> CentralityScheme:
        """Return the scheme with other cuts; there must be one fewer than classes."""
        if len(cuts) != len(self.classes) - 1 or any(not higher > lower for higher, lower in pairwise(cuts)):
            raise InputError(
                f"cuts are {cuts}; write the lowest index of each of the {len(self.classes)} classes of scheme "
                f"{self.name} but the last, from the most central on, falling"
            )
        ends = (*map(float, cuts), None)
        changed = (replace(one, index_from=end) for one, end in zip(self.classes, ends, strict=True))
        return replace(self, classes=tuple(changed))

    def title(self, language: str) -> str:
        """Return the word for a class in a language; in the first language of the scheme where it lacks that one."""
        return _in(self.titles, language)

    def label(self, name: str, language: str) -> str:
        """Return the label of a class."""
        return _in(self.classes[self.ids.index(name)].labels, language)

    def short(self, name: str, language: str) -> str:
        """Return the label of a class for a narrow column."""
        one = self.classes[self.ids.index(name)]
        return _in(one.shorts or one.labels, language)

    def noun(self, language: str) -> str:
        """Return the word for a class within a sentence."""
        title = self.title(language)
        return _in(self.nouns, language) if self.nouns else title[:1].lower() + title[1:]

    def in_text(self, name: str, language: str) -> str:
        """Return how a sentence speaks of the people of a class: "rural areas", "centrality class 6".

        Examples
        --------
        >>> from geoaccess.zones import read_scheme
        >>> read_scheme("norway").in_text("6", "en"), read_scheme("degurba").in_text("3", "nb")
        ('centrality class 6', 'spredtbygde områder')
        """
        one = self.classes[self.ids.index(name)]
        if one.nouns:
            return _in(one.nouns, language)
        return f"{self.noun(language)} {one.id if self.numbered else _in(one.labels, language)}"

    def words(self, language: str) -> dict[str, str]:
        """Return what stands for {scheme} and {Scheme} in phrases: the word for a class in a sentence and as a heading.

        Examples
        --------
        >>> from geoaccess.zones import read_scheme
        >>> read_scheme("degurba").words("en")
        {'scheme': 'degree of urbanisation', 'Scheme': 'Degree of urbanisation'}
        """
        return {"scheme": self.noun(language), "Scheme": self.title(language)}

    def district_name(self, language: str) -> str:
        """Return the name of the districts together, such as "rural areas"; "" where there are none."""
        if not self.district_ids:
            return ""
        return _in(self.districts, language) if self.districts else ", ".join(self.district_ids)

    def position(self, name: object) -> int:
        """Return the place of a class in the scheme, 0 for the most central; -1 for anything that is no class of it."""
        return self.ids.index(str(name)) if str(name) in self.ids else -1

    def positions(self, classes: Iterable[object]) -> npt.NDArray[np.int64]:
        """Return the place of the class of every row, 0 for the most central, -1 where there is none.

        Raises
        ------
        InputError
            If a row has a class that the scheme does not have.
        """
        codes, found = pd.factorize(pd.Series(classes).convert_dtypes().astype("object"))
        names = ["" if isinstance(name, str) and not name.strip() else str(name) for name in found]
        wrong = [name for name in names if name and name not in self.ids]
        if wrong:
            raise InputError(
                f"class {wrong[0]!r} is none of the scheme {self.name}, whose classes are {', '.join(self.ids)}; "
                "name the scheme of these classes in [centrality] (scheme = ...)"
            )
        places = np.array([*(self.position(name) for name in names), -1], dtype=np.int64)
        return places[codes]

    def column(self, positions: npt.ArrayLike) -> pd.api.extensions.ExtensionArray:
        """Return classes as a column of a table: whole numbers (Int8) where the ids are, else ordered categories.

        Examples
        --------
        >>> from geoaccess.zones import read_scheme
        >>> read_scheme("norway").column([5, 0, -1]).tolist()
        [6, 1, <NA>]
        """
        places = np.asarray(positions, dtype=np.int64)
        if self.numbered:
            numbers = np.array([*map(int, self.ids), 0], dtype=np.int8)
            return pd.arrays.IntegerArray(numbers[places], places < 0)
        return pd.Categorical.from_codes(places.tolist(), dtype=pd.CategoricalDtype(list(self.ids), ordered=True))


def _in(words: Mapping[str, str], language: str) -> str:
    """Return what is written in a language, or in the first of those that it falls back on, or in any."""
    known = [code for code in fallbacks(language) if code in words]
    return words[known[0]] if known else next(iter(words.values()))


def _problems(scheme: CentralityScheme) -> list[str]:
    classes, ids = scheme.classes, scheme.ids
    found = []
    if not FEWEST <= len(classes) <= MOST:
        found.append(f"has {len(classes)} classes; give {FEWEST} to {MOST}, the most central first")
    found += [f"class {name} is there twice" for name in dict.fromkeys(ids) if ids.count(name) > 1]
    found += [f"class {one.id!r} has no name" for one in classes if not one.id.strip()]
    found += [
        f"class {one.id}: colour is {one.colour!r}; write it as #rrggbb"
        for one in classes
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", one.colour)
    ]
    found += [f"class {one.id} has no label" for one in classes if not one.labels]
    if not scheme.titles:
        found.append("has no title")
    cuts = [one.index_from for one in classes if one.index_from is not None]
    if cuts and scheme.cuts is None:
        found.append("some classes have index_from; write it for every class but the least central, or for none")
    if any(not higher > lower for higher, lower in pairwise(cuts)):
        found.append(f"index_from is {cuts}; it must fall from the most central class on")
    return found

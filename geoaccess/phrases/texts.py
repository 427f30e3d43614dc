"""What the author of a file wrote for its readers, in one language or in several."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from geoaccess.errors import InputError
from geoaccess.phrases.catalogue import FALLBACK, fallbacks, language_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Text", "joined_texts"]


class Text(str):
    """A text that somebody wrote: a `str` in the language of the moment, which knows itself in the other languages.

    Where it was written once, for all languages, it is that; a file writes either `"Hospital"` or
    `{ en = "Hospital", nb = "Sykehus" }`.

    Parameters
    ----------
    given
        The text, or what it is by language: any for which there is a catalogue of phrases.
    language
        The language that the value itself is in; where the text lacks it, in one that it falls back on, then in
        English, then in the first that was written.

    Raises
    ------
    InputError
        If it is neither, a language is not known, or the text of a language is empty.

    Examples
    --------
    >>> label = Text({"en": "Hospital", "nb": "Sykehus"})
    >>> label, label.in_language("no"), Text("GP").in_language("nb")
    ('Hospital', 'Sykehus', 'GP')
    >>> label.read_in("nb")
    'Sykehus'
    """

    __slots__ = ("by_language",)

    by_language: Mapping[str, str]
    """By the code of each language; empty where the text was written once, for all."""

    def __new__(cls, given: str | Mapping[str, str] = "", language: str = FALLBACK) -> Self:
        """Take a text, or one by language."""
        if isinstance(given, Text):
            given = given.by_language or str(given)
        by_language = {} if isinstance(given, str) else _checked(given)
        text = super().__new__(cls, _chosen(by_language, language) if by_language else given)
        text.by_language = MappingProxyType(by_language)
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        """Say how it is made again in another process."""
        return _read_again, (dict(self.by_language), str(self))

    def in_language(self, language: str) -> str:
        """Return the text in a language, or in the nearest that it was written in: at last in that of the moment."""
        near = [code for code in fallbacks(language) if code != FALLBACK or code == language_code(language)]
        return next((self.by_language[code] for code in near if code in self.by_language), str(self))

    def read_in(self, language: str) -> Text:
        """Return the same text with its value in a language, for all who read it as a `str`."""
        return Text(self, language) if self.by_language else self

    def lacks(self, language: str) -> bool:
        """Whether it is written in other languages but not in this one."""
        return bool(self.by_language) and language_code(language) not in self.by_language

    @property
    def first(self) -> str:
        """The text as it was written first, which no language of the moment changes."""
        return next(iter(self.by_language.values()), str(self))

    @property
    def written(self) -> str | dict[str, str]:
        """What stands for it in a file."""
        return dict(self.by_language) or str(self)


def joined_texts(between: str, texts: Iterable[str]) -> Text:
    """Join texts in every language that one of them is written in.

    Examples
    --------
    >>> joined_texts(" + ", [Text({"en": "Storm", "nb": "Uvær"}), "Senja"]).in_language("nb")
    'Uvær + Senja'
    """
    parts = [Text(one) for one in texts]
    known = dict.fromkeys(code for part in parts for code in part.by_language)
    if not known:
        return Text(between.join(parts))
    return Text({code: between.join(part.in_language(code) for part in parts) for code in known})


def _checked(given: Any) -> dict[str, str]:
    """Return the texts by the code of their language."""
    wrong = 'write a text, or one for each language: { en = "Hospital", nb = "Sykehus" }'
    try:
        pairs = dict(given)
    except (TypeError, ValueError):
        raise InputError(f"is {given!r}; {wrong}") from None
    if not pairs or not all(isinstance(text, str) for text in pairs.values()):
        raise InputError(wrong)
    found: dict[str, str] = {}
    for language, text in pairs.items():
        code = language_code(language)
        if code in found:
            raise InputError(f"{code} is written twice; keep one")
        if not text.strip():
            raise InputError(f"the text in {code} is empty; write it, or leave {code} out")
        found[code] = text
    return found


def _chosen(by_language: Mapping[str, str], language: str) -> str:
    known = [code for code in fallbacks(language) if code in by_language]
    return by_language[known[0]] if known else next(iter(by_language.values()))


def _read_again(by_language: Mapping[str, str], text: str) -> Text:
    made = Text(text)
    made.by_language = MappingProxyType(dict(by_language))
    return made

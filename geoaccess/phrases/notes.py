"""Notes that stand in tables as English text, and the same notes in another language.

A note such as "25 min by row 2 of the table; cars in one direction only" is data: it is kept with a network and written
into tables in English, whatever the language of the study. Its parts are phrases of the section `notes`, so that what
is printed can be in the language of the reader.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from geoaccess.phrases.catalogue import FALLBACK, section
from geoaccess.phrases.filling import BLANK
from geoaccess.phrases.numbers import plain

__all__ = ["note", "note_in"]

_NAME: Final = "notes"
_APART: Final = "; "
_DECIMAL: Final = re.compile(r"-?\d+\.\d+")


def note(key: str, **values: object) -> str:
    """Return a note in English, as it is kept in tables.

    Examples
    --------
    >>> note("by_row", min="25", row=2)
    '25 min by row 2 of the table'
    """
    return section(FALLBACK, _NAME)[key].format(**values)


def note_in(language: str, text: str) -> str:
    """Return a note, or several with "; " between them, in a language; what is no note of ours stays as it is.

    Decimals follow the language; a value that is itself a note is translated, too.

    Raises
    ------
    InputError
        If there is no catalogue of that language.

    Examples
    --------
    >>> note_in("nb", "2.5 min by row 2 of the table; toll=yes; cars in one direction only")
    '2,5 min etter rad 2 i tabellen; toll=yes; biler i bare én retning'
    """
    if language == FALLBACK or not text:
        return text
    parts, written = text.split(_APART), []
    while parts:
        # A note may have a semicolon of its own: the longest that is known comes first.
        for length in range(len(parts), 0, -1):
            found = _whole(language, _APART.join(parts[:length]))
            if found is not None or length == 1:
                written.append(parts[0] if found is None else found)
                parts = parts[length:]
                break
    return _APART.join(written)


def _whole(language: str, text: str) -> str | None:
    for key, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            values = {name: _value(language, value) for name, value in found.groupdict().items()}
            return section(language, _NAME)[key].format(**values)
    return None


def _value(language: str, value: str) -> str:
    if _DECIMAL.fullmatch(value):
        return plain(float(value), language=language)
    blank = value[: len(value) - len(value.lstrip())]
    return blank + (_whole(language, value.lstrip()) or value.lstrip()) if value.strip() else value


def _pattern(phrase: str) -> str:
    """Return what any filling of a phrase matches, with a group for each blank."""
    found, at = "", 0
    for blank in BLANK.finditer(phrase):
        found += re.escape(phrase[at : blank.start()])
        words = "|".join(re.escape(word) for word in blank.groups()[1:] if word is not None)
        found += f"(?:{words})" if words else f"(?P<{blank[1]}>(?:(?!; ).)*?)"
        at = blank.end()
    return found + re.escape(phrase[at:])


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return how each note reads in English, those with most words of their own first."""
    units = section(FALLBACK, "units")  # which are in every section
    found = []
    for key, phrase in section(FALLBACK, _NAME).items():
        if key in units:
            continue
        literal = BLANK.sub("", phrase)
        pattern = _pattern(phrase)
        found.append((len(literal), key, re.compile(pattern, re.DOTALL)))
    return tuple((key, pattern) for _, key, pattern in sorted(found, key=lambda one: (-one[0], one[1])))

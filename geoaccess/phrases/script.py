"""The phrases of a page as a script: the part of every language that it shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from geoaccess.phrases.catalogue import in_words, languages, section

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["phrases_script"]


def phrases_script(*sections: str, words: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Return the phrases of some sections in every language, to be run after `shared/decode.js`.

    `geoaccess.phrases` has them by language and key, those of the first section before others of that key, and
    `geoaccess.languages` the names of the languages. `words` are those of the scheme of classes, by language.

    Examples
    --------
    >>> phrases_script("units")[:34]
    'geoaccess.languages = {"en":"Engli'
    """
    found = {
        code: {
            key: in_words(phrase, (words or {}).get(code, {}), language=code)
            for name in reversed(sections)
            for key, phrase in section(code, name).items()
        }
        for code in languages()
    }
    parts = {"languages": dict(languages()), "phrases": found}
    return "".join(
        f"geoaccess.{name} = {json.dumps(part, ensure_ascii=False, separators=(',', ':'))};\n"
        for name, part in parts.items()
    )

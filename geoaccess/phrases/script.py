"""The phrases of a page as a script: the part of every language that it shows."""

from __future__ import annotations

import json

from geoaccess.phrases.catalogue import languages, section

__all__ = ["phrases_script"]


def phrases_script(*sections: str) -> str:
    """Return the phrases of some sections in every language, to be run after `shared/decode.js`.

    `geoaccess.phrases` has them by language and key, those of the first section before others of that key, and
    `geoaccess.languages` the names of the languages.

    Examples
    --------
    >>> phrases_script("units")[:34]
    'geoaccess.languages = {"en":"Engli'
    """
    found = {
        code: {key: phrase for name in reversed(sections) for key, phrase in section(code, name).items()}
        for code in languages()
    }
    parts = {"languages": dict(languages()), "phrases": found}
    return "".join(
        f"geoaccess.{name} = {json.dumps(part, ensure_ascii=False, separators=(',', ':'))};\n"
        for name, part in parts.items()
    )

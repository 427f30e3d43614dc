"""When two names of a study are one: to a GeoPackage, to Windows, or to whoever reads them."""

from __future__ import annotations

import unicodedata

__all__ = ["folded", "said_twice"]


def folded(name: str) -> str:
    r"""Return what is the same for names that cannot be told apart: capitals, ways to write a letter, unseen signs.

    >>> [folded(name) == "gp" for name in ("GP ", "g\u200bp", "\uff27\uff30", "g p")]
    [True, True, True, False]
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = (letter for letter in plain if unicodedata.category(letter) != "Cf")
    return " ".join("".join(seen).split())


def said_twice(names: list[str]) -> list[str]:
    """Return the names that another one before them is, too.

    >>> said_twice(["old", "young", "Old"])
    ['Old']
    """
    known = [folded(name) for name in names]
    return [name for place, name in enumerate(names) if known[place] in known[:place]]

"""Names of groups of people, as readers are shown them: of the name that a study gives a column."""

from __future__ import annotations

import re
from typing import Final

from geoaccess.phrases.catalogue import section

__all__ = ["group_name"]

_PART: Final = re.compile(r"[0-9]+(?:plus)?|[^\W\d_]+")
_LONGEST_AGE: Final = 3


def group_name(name: str, *, language: str = "en") -> str:
    """Return the name of a group of people for readers: of two ages in a row the span, of known words the phrase.

    Parameters
    ----------
    name
        As a study names it: words and numbers with "_" between.

    Examples
    --------
    >>> [group_name(name) for name in ("women_15_49", "80plus_2030", "calls", "over_64")]
    ['women 15–49', '80+ 2030', 'calls a year', 'over 64']
    >>> [group_name(name, language="nb") for name in ("women_15_49", "80plus_2030", "births", "over_64")]
    ['kvinner 15–49 år', '80+ år 2030', 'fødsler i året', 'over 64 år']
    """
    words = section(language, "groups")
    parts = _PART.findall(name)
    if len(parts) == 1 and f"{parts[0]}_per_year" in words:
        return words[f"{parts[0]}_per_year"]
    written: list[str] = []
    first = ""  # an age that another one may follow
    for part in parts:
        age = part[0].isdigit() and len(part.removesuffix("plus")) <= _LONGEST_AGE
        if age and first:
            written[-1] = words["span"].format(first=first, last=part)
        elif age:
            written.append(words["age"].format(n=part.replace("plus", "+")))
        else:
            written.append(words.get(part.casefold(), part))
        first = part if age and not first and part.isdigit() else ""
    return " ".join(written) or name

"""What stands beside a refusal: the word that may be meant, and the unit that a number looks like."""

from __future__ import annotations

import difflib
import math
from typing import Any

__all__ = ["did_you_mean", "nearest", "other_unit"]

_THOUSAND, _MINUTE, _HUNDRED = 1000, 60, 100


def did_you_mean(word: str, known: Any) -> str:
    """Return "; did you mean ...?" with the nearest known word, or the list of all.

    >>> did_you_mean("popluation", ["population", "zones"])
    '; did you mean "population"?'
    """
    words = sorted(str(item) for item in known)
    near = nearest(word, words)
    return f'; did you mean "{near}"?' if near else f"; known: {', '.join(words)}"


def nearest(word: str, known: Any) -> str | None:
    """Return the known word that is most like another, in any case of letters; None where none is like it.

    >>> nearest("popluation", ["Population", "zones"])
    'Population'
    """
    words = {str(item).lower(): str(item) for item in known}
    near = difflib.get_close_matches(word.lower(), words, 1, 0.6)
    return words[near[0]] if near else None


def other_unit(key: str, value: Any, *, most: float | None) -> str:
    """Return what a number beyond the most that its key takes looks like; "" where it looks like nothing.

    >>> other_unit("network.min_component_km", 7000, most=1000)
    ', which looks like metres; in kilometres it is 7'
    >>> other_unit("services.gp.share", 95, most=1), other_unit("year", 20240, most=3000)
    (', which looks like per cent; as a share it is 0.95', '')
    """
    if most is None or not isinstance(value, int | float) or not most < value < math.inf:
        return ""
    name = key.partition("[")[0]
    if name.endswith("_km") and value <= _THOUSAND * most:
        return f", which looks like metres; in kilometres it is {value / _THOUSAND:g}"
    if name.endswith("_min") and value <= _MINUTE * most:
        return f", which looks like seconds; in minutes it is {value / _MINUTE:g}"
    if most == 1 and value <= _HUNDRED:
        return f", which looks like per cent; as a share it is {value / _HUNDRED:g}"
    return ""

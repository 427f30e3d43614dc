"""Phrases with blanks: what is put into them, and the words that follow a number, of one and of several."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["BLANK", "Phrase"]

BLANK: Final = re.compile(r"\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}")
"""A blank, `{n}`, or words that agree with what is put into it: `{n:person|people}`, of one and of any other number."""

_ONE: Final = "1"


class Phrase(str):
    """A phrase of a catalogue: a `str` that is filled with `format`, which chooses words by number, too.

    The words agree with the number as it is written: "1.0 minutes", and "1 person" of a person more or less.
    `static/shared/format.js` has the same rule for the pages.

    Examples
    --------
    >>> closed = Phrase("{n} {n:road is|roads are} closed")
    >>> closed.format(n=1), closed.format(n="12"), closed.format(n="1.0")
    ('1 road is closed', '12 roads are closed', '1.0 roads are closed')
    """

    __slots__ = ()

    def format(self, *_: object, **values: object) -> str:
        """Fill the blanks; a blank without a value is a `KeyError`, as of any `str`."""

        def filled(blank: re.Match[str]) -> str:
            value = str(values[blank[1]])
            if blank[2] is None:
                return value
            return blank[2] if value == _ONE else blank[3]

        return BLANK.sub(filled, self)

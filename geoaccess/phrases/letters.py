"""Which letters people see, and which steer a terminal or can stand in no picture; the first letter of a sentence."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["CONTROLS", "ONE_LINE", "capitalised", "on_one_line", "printable"]

_TURNED: Final = "\u202a-\u202e\u2066-\u2069"
"""What turns round the writing of all that follows; words written from the right do so without them."""
_NO_LETTERS: Final = "\ufffe\uffff"
"""What Unicode promises never to make a letter, and XML holds for a fault."""

CONTROLS: Final = rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_TURNED}{_NO_LETTERS}]"
"""Pattern of what is no letter, blank or end of a line: what a terminal or page obeys, and XML holds for a fault."""
_FOUND = re.compile(CONTROLS)

_LINE = rf"\x00-\x1f\x7f-\x9f{_TURNED}{_NO_LETTERS}"
ONE_LINE: Final = rf"^[^{_LINE}]*$"
"""Pattern of a text on one line: without `CONTROLS`, tabs and ends of lines."""
_NOT_IN_A_LINE = re.compile(f"[{_LINE}]")


def printable(text: str) -> str:
    r"""Return a text without `CONTROLS`: whoever named a road on a map must not steer the terminal of who reads it.

    >>> printable("Stor\x1b[31mgata\n"), printable("Ærøy")
    ('Stor[31mgata\n', 'Ærøy')
    """
    return _FOUND.sub("", text)


def on_one_line(text: str) -> str:
    r"""Return a text as `ONE_LINE` has it, with blanks in place of what it cannot hold.

    >>> on_one_line("Nordre\tgate\x85")
    'Nordre gate '
    """
    return _NOT_IN_A_LINE.sub(" ", text)


def capitalised(text: str) -> str:
    """Return a text that begins with a capital, as a sentence does; names in it stay as they are, unlike `str.title`.

    >>> capitalised("per 1,000 people in Oslo"), capitalised("")
    ('Per 1,000 people in Oslo', '')
    """
    return text[:1].upper() + text[1:]

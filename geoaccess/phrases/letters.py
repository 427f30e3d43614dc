"""Which letters people see, and which steer a terminal or can stand in no picture."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["CONTROLS", "printable"]

CONTROLS: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
"""Pattern of what is no letter, blank or end of a line: what a terminal takes for orders, and XML for a fault."""
_FOUND = re.compile(CONTROLS)


def printable(text: str) -> str:
    r"""Return a text without `CONTROLS`: whoever named a road on a map must not steer the terminal of who reads it.

    >>> printable("Stor\x1b[31mgata\n"), printable("Ærøy")
    ('Stor[31mgata\n', 'Ærøy')
    """
    return _FOUND.sub("", text)

"""Which way one travels: from people to sites, or from sites to people."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["Direction", "wrong_direction"]

Direction = Literal["to_sites", "to_people"]
"""Either people travel to the sites, or the service comes from the sites to the people, as an ambulance does."""


def wrong_direction(direction: str) -> str:
    """Say what is wrong with a direction; "" if it is one.

    >>> wrong_direction("to_sites")
    ''
    >>> wrong_direction("sites")
    "direction is 'sites'; it must be 'to_sites' or 'to_people'"
    """
    if direction in get_args(Direction):
        return ""
    return f"direction is {direction!r}; it must be {' or '.join(map(repr, get_args(Direction)))}"

"""Seconds of several profiles in one table of segments: where they differ in these alone, all else is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["all_times", "at_times_of", "drop_times", "times_of"]

_DIRECTIONS = ("forward_s", "backward_s")


def times_of(turn: int) -> tuple[str, str]:
    """Return the names of the columns of a profile's seconds, forward and backward: the first one's are plain.

    >>> times_of(0), times_of(1)
    (('forward_s', 'backward_s'), ('forward_s 1', 'backward_s 1'))
    """
    forward, backward = (f"{name} {turn}" if turn else name for name in _DIRECTIONS)
    return forward, backward


def all_times(rows: dict[str, npt.NDArray[Any]]) -> list[str]:
    """Return the names of all columns of seconds of a table."""
    return [name for name in rows if name.startswith(_DIRECTIONS)]


def at_times_of(rows: dict[str, npt.NDArray[Any]], turn: int) -> dict[str, npt.NDArray[Any]]:
    """Return a table with the seconds of one profile alone, by the plain names."""
    plain = {name: values for name, values in rows.items() if not name.startswith(_DIRECTIONS)}
    return plain | {name: rows[own] for name, own in zip(_DIRECTIONS, times_of(turn), strict=True)}


def drop_times(rows: dict[str, npt.NDArray[Any]], first: int) -> None:
    """Let go of the seconds of all profiles from one on."""
    turn = first
    while times_of(turn)[0] in rows:
        for name in times_of(turn):
            del rows[name]
        turn += 1

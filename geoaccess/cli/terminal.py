"""How answers are written for a terminal: as wide as it is, with no number cut and no word broken that fits."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from geoaccess.phrases import FALLBACK, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from rich.console import JustifyMethod

__all__ = ["out", "print_table_of", "rich_table", "say", "wrapped"]

_FILE_WIDTH = 160  # a file has room, unless COLUMNS says how much


def _is_narrow() -> bool:
    """Whether somebody reads at a width that is known; lines that go elsewhere stay whole."""
    return (sys.stdout is not None and sys.stdout.isatty()) or os.environ.get("COLUMNS", "").isdigit()


out = Console(soft_wrap=True, highlight=False, width=None if _is_narrow() else _FILE_WIDTH)

_SPACES = "\u00a0\u202f"
_HELD = "\ue000\ue001"  # letters that nobody uses stand for them while lines are broken, as rich breaks at any space
_KEEP, _RELEASE = str.maketrans(_SPACES, _HELD), str.maketrans(_HELD, _SPACES)
_NUMBER = re.compile(rf"[<+\u00b1\u2212]?[\d.,{_SPACES}{_HELD}]*%?|[\u2013\u221e]")
_LONGEST_WORD = 16  # a longer one is broken before the table is drawn as lists
_HEADER_LINES = 2


def wrapped(line: str, width: int) -> str:
    """Break a line between words; what is longer than the width by itself, as a path may be, stays whole.

    A number does not stand on a line alone where the word before it can stand with it.

    Examples
    --------
    >>> print(wrapped("193\u00a0468 people in Troms", 12))
    193\u00a0468
    people in
    Troms
    >>> print(wrapped("beyond the norm of 12", 19))
    beyond the norm
    of 12
    """
    indent = line[: len(line) - len(line.lstrip(" "))]
    broken = [
        textwrap.wrap(part, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [part]
        for part in line.split("\n")
    ]
    return "\n".join("\n".join(_with_company(lines, width, indent)) for lines in broken)


def _with_company(lines: list[str], width: int, indent: str) -> list[str]:
    """Take down a word to each number that stands on a line alone, where there is room."""
    found = [*lines]
    for place in range(1, len(found)):
        before, _, word = found[place - 1].rpartition(" ")
        joined = f"{indent}{word} {found[place].strip()}"
        alone = any(map(str.isdigit, found[place])) and not any(map(str.isalpha, found[place]))
        if alone and before.strip() and cell_len(joined) <= width:
            found[place - 1], found[place] = before, joined
    return found


def say(lines: Iterable[str], *, style: str = "") -> None:
    """Print sentences, a line each, at the width of the terminal."""
    for line in filter(None, lines):
        out.print(Text(wrapped(line, out.width) if _is_narrow() else line, style=style))


def print_table_of(title: str, frame: pd.DataFrame, *, language: str = FALLBACK) -> None:
    """Print a table under its title; a space inside a number is no place to break a line."""
    held = {
        name: [(one if isinstance(one, str) else number(one, language=language)).translate(_KEEP) for one in column]
        for name, column in frame.items()
    }
    say([title], style="italic")
    with out.capture() as drawn:
        out.print(rich_table("", type(frame)(held, columns=frame.columns), language=language))
    out.file.write(drawn.get().translate(_RELEASE))


def rich_table(title: str, frame: pd.DataFrame, *, language: str = FALLBACK) -> Table:
    """Draw a table for the terminal; what is a number stands to the right, and is never cut or broken.

    A heading takes two lines at most. Where the columns do not fit side by side, each row is drawn as a list of its
    headings and values.
    """
    drawn = Table(title=Text(title) if title else None, title_justify="left")
    written = {
        str(name): [value if isinstance(value, str) else number(value, language=language) for value in column]
        for name, column in frame.items()
    }
    least = {
        name: max(_width_in_lines(name, _HEADER_LINES), *map(_least_width, cells), 1) for name, cells in written.items()
    }
    room = out.width - 3 * len(least) - 1
    if sum(least.values()) > room:
        return _listed(drawn, written)
    most = {name: max(cell_len(name), *map(cell_len, cells), 1) for name, cells in written.items()}
    widths = _shared_out(least, most, room)
    for name, cells in written.items():
        justify: JustifyMethod = "right" if all(map(_NUMBER.fullmatch, cells)) else "left"
        drawn.add_column(Text(name), justify=justify, width=widths[name], overflow="fold")
    for row in zip(*written.values(), strict=True):
        drawn.add_row(*(Text(wrapped(cell, widths[name])) for name, cell in zip(written, row, strict=True)))
    return drawn


def _shared_out(least: dict[str, int], most: dict[str, int], room: int) -> dict[str, int]:
    """Give each column what it needs, and what is left over to those that would take it, alike.

    Examples
    --------
    >>> _shared_out({"a": 4, "b": 4}, {"a": 5, "b": 30}, 20)
    {'a': 5, 'b': 15}
    """
    widths, left = dict(least), room - sum(least.values())
    while left > 0 and (narrow := [name for name in widths if widths[name] < most[name]]):
        for name in narrow[:left]:
            widths[name] += 1
        left -= len(narrow[:left])
    return widths


def _listed(drawn: Table, written: dict[str, list[str]]) -> Table:
    """Draw each row as a list of headings and values."""
    drawn.show_header = False
    every = [cell for cells in written.values() for cell in cells]
    numbers = max((cell_len(cell) for cell in every if _NUMBER.fullmatch(cell)), default=1)
    words = max(map(_least_width, every), default=1)
    drawn.add_column(overflow="fold")
    drawn.add_column(overflow="fold", min_width=min(max(numbers, words), out.width // 2))
    for row in zip(*written.values(), strict=True):
        shown = [(name, cell) for name, cell in zip(written, row, strict=True) if cell]
        for place, (name, cell) in enumerate(shown, start=1):
            drawn.add_row(Text(name), Text(cell), end_section=place == len(shown))
    return drawn


def _least_width(text: str) -> int:
    """Return the width that a text needs: of a number all of it, else of its longest word, within bounds."""
    if _NUMBER.fullmatch(text):
        return cell_len(text)
    words = text.split(" ")
    numbers = [cell_len(word) for word in words if any(letter.isdigit() for letter in word)]
    return max([min(max(map(cell_len, words)), _LONGEST_WORD), *numbers])


def _width_in_lines(text: str, lines: int) -> int:
    """Return the least width in which a text takes so many lines, broken between words.

    >>> _width_in_lines("19 of 20 draws: at least", 2)
    15
    """
    words = text.split(" ")
    for width in range(max(map(cell_len, words)), cell_len(text)):
        taken, room = 1, width
        for word in words:
            if cell_len(word) > room and room < width:
                taken, room = taken + 1, width
            room -= cell_len(word) + 1
        if taken <= lines:
            return width
    return cell_len(text)

"""How answers are written for a terminal: as wide as it is, with no number cut and no word broken that fits."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from geoaccess.phrases import FALLBACK, number, on_one_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from rich.console import ConsoleOptions, JustifyMethod, RenderableType

__all__ = ["Screen", "out", "print_table_of", "rich_tables", "say", "wrapped"]

_FILE_WIDTH = 160  # a file has room, unless COLUMNS says how much


def _is_narrow() -> bool:
    """Whether somebody reads at a width that is known; lines that go elsewhere stay whole."""
    return (sys.stdout is not None and sys.stdout.isatty()) or os.environ.get("COLUMNS", "").isdigit()


class Screen(Console):
    """A console that shows names as they are, and obeys none: of what it is given, only its own colours steer it."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield what is drawn of something."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


out = Screen(soft_wrap=True, highlight=False, width=None if _is_narrow() else _FILE_WIDTH)

_SPACES = "\u00a0\u202f"
_HELD = "\ue000\ue001"  # letters that nobody uses stand for them while lines are broken, as rich breaks at any space
_BOUND = "\ue002"  # and this one for a plain space
_KEEP, _RELEASE = str.maketrans(_SPACES, _HELD), str.maketrans(_HELD + _BOUND, _SPACES + " ")
_LONGEST_PART = 20
_NUMBER = re.compile(rf"[<+\u00b1\u2212]?[\d.,{_SPACES}{_HELD}]*%?|[\u2013\u221e]")
_LONGEST_WORD = 16  # a longer one is broken before the table is drawn as lists
_HEADER_LINES = (2, 3)
_SIDE_BY_SIDE = 4  # rows that may become columns
_MOST_PARTS = 3
_NAMES_WIDE = 0.45  # of the width, for the columns that name the rows


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
    """Print a table under its title; a space inside a number is no place to break a line, and no cell breaks its own.

    Names of a map may hold ends of lines and tabs.
    """
    held = {
        name: [_bound(on_one_line(one) if isinstance(one, str) else number(one, language=language)) for one in column]
        for name, column in frame.items()
    }
    say([title], style="italic")
    with out.capture() as drawn:
        for table in rich_tables(type(frame)(held, columns=frame.columns), language=language):
            out.print(table)
    out.file.write(drawn.get().translate(_RELEASE))


def _bound(cell: str) -> str:
    """Hold together numbers, and short parts with a number, such as "78% in 20" in "78% in 20, 90% in 60".

    >>> _bound("78% in 20, 90% in 60, and in all of the others 4").replace(_BOUND, "_")
    '78%_in_20, 90%_in_60, and in all of the others 4'
    """
    between = "; " if "; " in cell else ", "
    parts = cell.translate(_KEEP).split(between)
    short = [any(map(str.isdigit, part)) and len(part) <= _LONGEST_PART for part in parts]
    bound = (part.replace(" ", _BOUND) if held else part for part, held in zip(parts, short, strict=True))
    return between.join(bound) if len(parts) > 1 else parts[0]


def rich_tables(frame: pd.DataFrame, *, language: str = FALLBACK) -> list[Table]:
    """Draw a table for the terminal; what is a number stands to the right, and is never cut or broken.

    A heading takes two lines, or three at most. Where the columns do not fit side by side, few rows stand side by side
    instead; of more, further columns follow in tables of their own, each beginning with what the rows are called; and
    where that does not fit either, each row is drawn as a list of its headings and values.
    """
    written = {
        str(name): [value if isinstance(value, str) else number(value, language=language) for value in column]
        for name, column in frame.items()
    }
    lines = _lines_that_fit(written)
    if lines:
        return [_in_rows(written, lines)]
    if (turned := _turned(written)) and _lines_that_fit(turned):
        return [_in_rows(turned, _lines_that_fit(turned), mixed=True)]
    return [_in_rows(part, _lines_that_fit(part)) for part in _parts(written)] or [_listed(written)]


def _least(written: dict[str, list[str]], lines: int) -> dict[str, int]:
    """Return the width that each column needs, with headings of so many lines."""
    return {name: max(_width_in_lines(name, lines), *map(_least_width, cells), 1) for name, cells in written.items()}


def _lines_that_fit(written: dict[str, list[str]]) -> int:
    """Return in how many lines of headings the columns fit side by side; 0 where they do not."""
    room = out.width - 3 * len(written) - 1
    return next((lines for lines in _HEADER_LINES if sum(_least(written, lines).values()) <= room), 0)


def _in_rows(written: dict[str, list[str]], lines: int, *, mixed: bool = False) -> Table:
    """Draw the columns side by side; with `mixed` each cell stands to the side that is its own."""
    drawn = Table()
    whole = {name: max((*map(cell_len, cells), 1)) for name, cells in written.items()}
    most = {name: max(cell_len(name), wide) for name, wide in whole.items()}
    widths = _least(written, lines)
    for wanted in (whole, most):  # cells are broken last
        widths = _shared_out(widths, wanted, out.width - 3 * len(written) - 1)
    for place, (name, cells) in enumerate(written.items()):
        right = place > 0 if mixed else _is_of_numbers(cells, words=place > 0)
        justify: JustifyMethod = "right" if right else "left"
        drawn.add_column(Text(name), justify=justify, width=widths[name], overflow="fold")
    for row in zip(*written.values(), strict=True):
        texts = [Text(wrapped(cell, widths[name])) for name, cell in zip(written, row, strict=True)]
        for text in texts[1:] if mixed else ():
            text.justify = "right" if _NUMBER.fullmatch(text.plain) else "left"
        drawn.add_row(*texts)
    return drawn


def _is_of_numbers(cells: list[str], *, words: bool) -> bool:
    """Whether a column is of numbers; with `words`, also where a word stands for some that there are none of."""
    others = [cell for cell in cells if not _NUMBER.fullmatch(cell)]
    if not others or not words:
        return not others
    numbers = any(_NUMBER.fullmatch(cell) and any(map(str.isdigit, cell)) for cell in cells)
    return numbers and not any(letter.isdigit() for cell in others for letter in cell)


def _turned(written: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return a table of few rows with its rows side by side, under the first column that tells them apart; else {}."""
    rows = len(next(iter(written.values()), []))
    head = next((name for name, cells in written.items() if len(set(cells)) == rows and all(cells)), "")
    if not head or not 1 < rows <= _SIDE_BY_SIDE:
        return {}
    others = [name for name in written if name != head]
    named = {title: [written[name][row] for name in others] for row, title in enumerate(written[head])}
    return {} if head in named else {head: others, **named}


def _parts(written: dict[str, list[str]]) -> list[dict[str, list[str]]]:
    """Return the columns in up to three parts that fit, each with the columns that name the rows; [] if they do not."""
    names = [*written]
    rows = [*zip(*written.values(), strict=True)]
    named = next((n for n in range(1, len(names)) if len({row[:n] for row in rows}) == len(rows)), 0)
    if not named or len(rows) == 1:
        return []
    while named < len(names) - 1 and not _is_of_numbers(written[names[named]], words=False):
        first = _least({name: written[name] for name in names[: named + 1]}, _HEADER_LINES[0])
        if sum(first.values()) + 3 * len(first) > out.width * _NAMES_WIDE:
            break
        named += 1
    heads, rest = {name: written[name] for name in names[:named]}, names[named:]
    parts: list[dict[str, list[str]]] = []
    for name in rest:
        if parts and _lines_that_fit({**parts[-1], name: written[name]}):
            parts[-1][name] = written[name]
        else:
            parts.append({**heads, name: written[name]})
    fits = len(parts) <= _MOST_PARTS and all(map(_lines_that_fit, parts))
    return parts if fits else []


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


def _listed(written: dict[str, list[str]]) -> Table:
    """Draw each row as a list of headings and values."""
    drawn = Table(show_header=False)
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

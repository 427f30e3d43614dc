"""TOML files edited in place: what is not edited stays byte for byte."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geoaccess.toml.tables import toml_tables
from geoaccess.toml.writing import plain_value, toml_text, written_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Entry", "edited_toml"]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|'
    r"'''.*?'''(?:'{0,2})|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|"
    r"#[^\n]*|"
    r"[\[\]{}\n]",
    re.DOTALL,
)


@dataclass(frozen=True)
class Entry:
    """One of several tables of a name: as the one of number `source` that is there, or a new one where that is None.

    `values` are set in it; a key whose value is None goes. One without values stays byte for byte.
    """

    source: int | None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Block:
    """A table as it is written, from the comment right above its header to the next one; `path` is () before them."""

    path: tuple[str, ...]
    several: bool
    text: str
    new: bool = False


def edited_toml(
    text: str, *, values: Mapping[str, Any] | None = None, tables: Mapping[str, Sequence[Entry]] | None = None
) -> str:
    """Return a TOML text in which some values and tables are others; all else is as it was written.

    Parameters
    ----------
    values
        By top-level key; None takes the key, or the table of that name, away.
    tables
        By name of an array of tables: those that it is to have, of which those that are there already come first, in
        their order. Comments right above a table go with it.

    Raises
    ------
    ValueError
        As `toml_tables`.

    Examples
    --------
    >>> before = '''title = "Storm" # of 2024
    ...
    ... [[close]] # the pass
    ... osm_id = 5
    ... '''
    >>> print(edited_toml(before, tables={"close": [Entry(0), Entry(None, {"osm_id": 7})]}), end="")
    title = "Storm" # of 2024
    <BLANKLINE>
    [[close]] # the pass
    osm_id = 5
    <BLANKLINE>
    [[close]]
    osm_id = 7
    """
    values, tables = values or {}, tables or {}
    raw = toml_tables(text)
    wanted = _wanted(raw, values, tables)
    if wanted == raw:
        return text
    blocks = _blocks(text)
    for key, value in values.items():
        _set_value(blocks, key, value)
    for key, entries in tables.items():
        if wanted.get(key) != raw.get(key):
            _set_tables(blocks, key, entries, raw.get(key, []))
    made = _joined(blocks, "\r\n" if "\r\n" in text else "\n")
    try:
        same = toml_tables(made) == wanted
    except ValueError:
        same = False
    # A way of writing that nobody has thought of: then rather all is said, in our way.
    return made if same else toml_text(wanted, former=text)


def _wanted(raw: dict[str, Any], values: Mapping[str, Any], tables: Mapping[str, Sequence[Entry]]) -> dict[str, Any]:
    """Return what the edited text is to say."""
    wanted = copy.deepcopy(raw)
    for key, value in values.items():
        wanted.pop(key, None)
        if value is not None:
            wanted[key] = plain_value(value)
    for key, entries in tables.items():
        there, empty = wanted.pop(key, []), raw.get(key) == []
        found = [_merged({} if entry.source is None else there[entry.source], entry.values) for entry in entries]
        if found or empty:
            wanted[key] = found
    return wanted


def _merged(table: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in table.items() if key not in values}
    return kept | {key: plain_value(value) for key, value in values.items() if value is not None}


def _blocks(text: str) -> list[_Block]:
    """Return a text cut at the headers of its tables; put together they are the text."""
    starts, comments = _header_lines(text)
    cuts = []
    for start in starts:
        begin = start
        while (above := text.rfind("\n", 0, max(begin - 1, 0)) + 1) in comments and 0 < above < begin:
            begin = above
        if text[:begin].count("\n") and 0 in comments and text.find("\n") + 1 == begin:
            begin = start  # what a file begins with is about all of it
        cuts.append((begin, start))
    blocks = [_Block((), several=False, text=text[: cuts[0][0] if cuts else len(text)])]
    ends = [*(begin for begin, _ in cuts[1:]), len(text)][: len(cuts)]
    for (begin, start), end in zip(cuts, ends, strict=True):
        path, several = _named(text[start:end].partition("\n")[0])
        blocks.append(_Block(path, several, text[begin:end]))
    return blocks


def _header_lines(text: str) -> tuple[list[int], set[int]]:
    """Return where the lines of headers begin, and those of comments outside of values."""
    headers: list[int] = []
    comments: set[int] = set()
    depth, line, in_header = 0, 0, False
    for token in _TOKEN.finditer(text):
        word, first = token.group(), not text[line : token.start()].strip()
        if word == "\n":
            line, in_header = (token.end(), False) if depth == 0 else (line, in_header)
        elif depth == 0 and first and word == "[":
            headers.append(line)
            in_header = True
        elif depth == 0 and first and word.startswith("#"):
            comments.add(line)
        elif word in {"[", "{"} and not in_header:
            depth += 1
        elif word in {"]", "}"} and not in_header:
            depth -= 1
    return headers, comments


def _named(header: str) -> tuple[tuple[str, ...], bool]:
    """Return the keys of a header line, and whether it is of one of several tables.

    >>> _named("[[add]] # new"), _named('[network."time table"]')
    ((('add',), True), (('network', 'time table'), False))
    """
    found: Any = toml_tables(header)
    path: list[str] = []
    several = False
    while found:
        [(key, found)] = found.items()
        path.append(key)
        several = isinstance(found, list)
        if isinstance(found, list):
            found = found[0]
    return tuple(path), several


def _groups(blocks: list[_Block], key: str) -> list[list[_Block]]:
    """Return the blocks of each of several tables of a name, the tables in it with it."""
    groups: list[list[_Block]] = []
    for block in blocks:
        if block.path == (key,) and block.several:
            groups.append([block])
        elif block.path[:1] == (key,) and groups:
            groups[-1].append(block)
    return groups


def _drop(blocks: list[_Block], gone: Sequence[_Block]) -> None:
    blocks[:] = [block for block in blocks if not any(block is one for one in gone)]


def _set_value(blocks: list[_Block], key: str, value: Any) -> None:
    """Set a top-level value, or take it away."""
    import tomlkit

    _drop(blocks, [block for block in blocks if block.path[:1] == (key,)])
    document = tomlkit.parse(blocks[0].text)
    if value is not None:
        document[key] = written_item(value)
    elif key in document:
        del document[key]
    else:
        return
    blocks[0].text = document.as_string()


def _set_tables(blocks: list[_Block], key: str, entries: Sequence[Entry], there: Sequence[Mapping[str, Any]]) -> None:
    groups = _groups(blocks, key)
    if len(groups) != len(there) or not there:  # a list of tables in one line, or of none: written out
        _set_value(blocks, key, None)
        groups = []
        entries = [
            Entry(None, entry.values if entry.source is None else _merged(there[entry.source], entry.values))
            for entry in entries
        ]
    kept = {entry.source for entry in entries}
    for number, group in enumerate(groups):
        if number not in kept:
            _drop(blocks, group)
    for entry in entries:
        if entry.source is not None:
            _edit(blocks, groups[entry.source], key, entry.values)
        else:
            new = {name: value for name, value in entry.values.items() if value is not None}
            at = max((i for i, block in enumerate(blocks) if block.path[:1] == (key,)), default=len(blocks) - 1)
            blocks.insert(at + 1, _Block((key,), several=True, text=toml_text({key: [new]}), new=True))


def _edit(blocks: list[_Block], group: list[_Block], key: str, values: Mapping[str, Any]) -> None:
    """Set values of one table."""
    import tomlkit

    if not values:
        return
    _drop(blocks, [block for block in group[1:] if block.path[1] in values])
    document = tomlkit.parse(group[0].text)
    table: Any = document[key]
    for name, value in values.items():
        if value is not None:
            table[0][name] = written_item(value)
        elif name in table[0]:
            del table[0][name]
    group[0].text = document.as_string()


def _joined(blocks: list[_Block], newline: str) -> str:
    """Put blocks together; between a new one and those around it is an empty line."""
    made, after_new = "", False
    for block in blocks:
        text = block.text if newline == "\n" else block.text.replace("\r\n", "\n").replace("\n", newline)
        if made and text and (block.new or after_new):
            made = made.rstrip("\r\n") + 2 * newline
        made, after_new = made + text, block.new
    return made

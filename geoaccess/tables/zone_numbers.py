"""Numbers of zones (municipalities) as people and programs write them, and which known zone each means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.tables.columns import as_text, read_text
from geoaccess.tables.reading import read_table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["match_zones", "read_zone_changes", "zone_name", "zone_number"]

# StatBank puts K- before a municipality, spreadsheets put .0 behind it, and tables its name.
_CODE = re.compile(r"(?:[Kk][-_ ]?)?([0-9]{1,9})(?:[.,]0+)?(?:[\s\u00a0.:_-]+([^\W\d_].*))?", re.DOTALL)
_OLD_NEW = (("oldcode", "newcode"), ("sourcecode", "targetcode"), ("old", "new"))


def zone_number(text: str, digits: int | None = None) -> str:
    """Return the number of a zone without what is written around it, with leading zeros to a length; other text as is.

    Parameters
    ----------
    digits
        How many digits numbers have; None: they stay as long as they are written.

    Examples
    --------
    >>> [zone_number(text, 4) for text in ("301", "0301", "301.0", " 0301", "K-0301", "0301 Oslo", "IS_0002")]
    ['0301', '0301', '0301', '0301', '0301', '0301', 'IS_0002']
    """
    bare = text.strip()
    found = _CODE.fullmatch(bare)
    return found[1].zfill(digits or 0) if found else bare


def zone_name(text: str) -> str:
    """Return the name written behind the number of a zone, "" where there is none.

    >>> zone_name("0301 Oslo"), zone_name("0301")
    ('Oslo', '')
    """
    found = _CODE.fullmatch(text.strip())
    return (found[2] or "").strip() if found else ""


def _key(text: str) -> str:
    """Return what zones are compared by: the number without leading zeros, or the text."""
    number = zone_number(text)
    return (number.lstrip("0") or "0") if number.isdecimal() else number


@checks_arguments
def match_zones(
    given: pd.Series[Any], known: Iterable[object], *, changes: Mapping[str, str] | None = None
) -> pd.Series[str]:
    """Return which of the known zones each value means; where it means none of them, or may mean several, its text.

    What is written alike is the same; then what has the same number (301, "301.0", "K-0301", "0301 Oslo"); then, by the
    table of changes, what has become the same zone, whichever of the two is the older.

    Parameters
    ----------
    given
        Values of any type; nothing is "".
    known
        The zones that there are.
    changes
        New number by old number, see `read_zone_changes`.

    Returns
    -------
    Text on the index of `given`.

    Examples
    --------
    >>> match_zones(pd.Series([301, "0301 Oslo", "1902", "9999"]), ["0301", "5501"], changes={"1902": "5501"}).tolist()
    ['0301', '0301', '5501', '9999']
    """
    ids = [str(zone) for zone in dict.fromkeys(known)]
    texts = as_text(given) if given.dtype == object else given  # else few different ones are made texts of
    codes, distinct = pd.factorize(texts)
    written = as_text(pd.Series(distinct)).tolist()
    others = set(written) - {"", *ids}
    meant = _meant(others, ids, changes or {}) if others else {}
    found = pd.array([*(meant.get(text, text) for text in written), ""], dtype="str")
    return pd.Series(
        found.take(codes), index=given.index, name=given.name
    )  # the code -1 of nothing is that of the last


def _meant(texts: Iterable[str], ids: Sequence[str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return what texts mean that are not those of a zone: by its number, else by the table of changes."""
    numbered = _unique((_key(zone), zone) for zone in ids)
    after = {_key(old): _key(new) for old, new in changes.items()}
    today = _unique((_last(_key(zone), after), zone) for zone in ids) if after else {}

    def meant(text: str) -> str:
        key = _key(text)
        if key in numbered:
            return numbered[key] or text
        return today.get(_last(key, after)) or text

    return {text: meant(text) for text in texts}


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the zone of each key; "" where several have it."""
    found: dict[str, str] = {}
    for key, zone in pairs:
        found[key] = "" if key in found else zone
    return found


def _last(key: str, after: Mapping[str, str]) -> str:
    """Follow changes to the last number."""
    seen = {key}
    while key in after and after[key] not in seen:
        key = after[key]
        seen.add(key)
    return key


@checks_arguments
def read_zone_changes(path: str | os.PathLike[str]) -> dict[str, str]:
    r"""Read a table of changed zone numbers, as KLASS gives them for municipalities: the new number by the old.

    Columns `oldCode` and `newCode` (or `sourceCode` and `targetCode`, or `old` and `new`), any others beside them. A
    zone that was split into several has no one successor and is left out.

    Raises
    ------
    MissingFileError, InputError
        If the file is not there or cannot be read, or has no such columns.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "changes.csv"
    >>> _ = file.write_text("oldCode,newCode\n1902,5401\n5401,5501\n1507,1508\n1507,1580\n")
    >>> read_zone_changes(file)
    {'1902': '5401', '5401': '5501'}
    """
    file = Path(path)
    rows = read_table(file, hint="give a table of changed municipality numbers")
    there = {str(name).strip().lower(): name for name in rows.columns}
    pair = next(((there[old], there[new]) for old, new in _OLD_NEW if old in there and new in there), None)
    if pair is None:
        raise InputError(
            f"{file}: no columns oldCode and newCode; there are {', '.join(map(str, rows.columns))}. Save the changes "
            "from KLASS as CSV"
        )
    changed = pd.DataFrame({"old": read_text(rows, pair[0]), "new": read_text(rows, pair[1])}).drop_duplicates()
    changed = changed[(changed["old"] != changed["new"]) & (changed["old"] != "") & (changed["new"] != "")]
    changed = changed[~changed["old"].duplicated(keep=False)]
    return dict(zip(changed["old"], changed["new"], strict=True))

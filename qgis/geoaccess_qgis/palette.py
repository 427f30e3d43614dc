"""The colours of geoaccess: its palette, which `make plugin` puts beside this file. Nothing here needs QGIS."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["colour"]

_HERE = Path(__file__).resolve()
_PLACES = (_HERE.with_name("palette.json"), *(one / "geoaccess/static/palette.json" for one in _HERE.parents[2:3]))


def colour(name: str) -> str:
    """Return one colour of the palette.

    >>> colour("ink")[0]
    '#'
    """
    found = next(path for path in _PLACES if path.is_file())
    return str(json.loads(found.read_text(encoding="utf-8"))[name])

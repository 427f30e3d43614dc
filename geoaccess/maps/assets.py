"""Files of the pages: scripts, styles and the palette, which the maps, the report and the planner share.

They lie in `geoaccess/static`. Every colour stands in its `palette.json` and nowhere else: Python asks `colour` and
`scale`, styles say `var(--name)`, scripts `geoaccess.palette.name`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Final

__all__ = ["asset_bytes", "asset_text", "colour", "pages_digest", "paler", "palette_script", "palette_style", "scale"]

_FOLDER: Final = "static"
_PALE: Final = 0.72


def asset_bytes(name: str) -> bytes:
    """Return a file of `geoaccess/static` as it is, such as "leaflet/leaflet.js"."""
    return resources.files("geoaccess").joinpath(_FOLDER, *name.split("/")).read_bytes()


def asset_text(name: str) -> str:
    """Return a script or style without what only a web server could answer: pictures and maps of the source."""
    text = asset_bytes(name).decode("utf-8").replace("\r\n", "\n")
    if name.endswith(".css"):
        return re.sub(r"url\((?!#|data:)[^)]*\)", "none", text)
    return re.sub(r"//# sourceMappingURL=\S*", "", text)


def pages_digest() -> str:
    """Return the SHA-256 of all that pages are filled in from: templates, phrases, scripts and styles."""
    package = Path(str(resources.files("geoaccess")))
    kinds = ("maps/templates/*", "phrases/*.toml", f"{_FOLDER}/map/*", f"{_FOLDER}/shared/*", f"{_FOLDER}/palette.json")
    found = sha256()
    for path in sorted(path for kind in kinds for path in package.glob(kind) if path.is_file()):
        found.update(f"{path.relative_to(package).as_posix()} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


@cache
def _palette() -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = json.loads(asset_bytes("palette.json"))
    return found


def colour(name: str) -> str:
    """Return one colour of the palette.

    Examples
    --------
    >>> colour("ink")
    '#16181c'
    """
    found = _palette()[name]
    if not isinstance(found, str):
        raise TypeError(f"{name} is a scale of {len(found)} colours; ask `scale`")
    return found


def scale(name: str) -> tuple[str, ...]:
    """Return the colours of a scale of the palette, in order.

    Examples
    --------
    >>> scale("time")[0]
    '#fed56c'
    """
    found = _palette()[name]
    if isinstance(found, str):
        raise TypeError(f"{name} is one colour; ask `colour`")
    return tuple(found)


def palette_style() -> str:
    """Return the single colours as CSS variables: `no_land` is `--no-land`."""
    rows = [f"--{name.replace('_', '-')}: {value};" for name, value in _palette().items() if isinstance(value, str)]
    return f":root {{ {' '.join(rows)} }}\n"


def palette_script() -> str:
    """Return the palette as a script, to be run after `shared/decode.js`, which makes `geoaccess`."""
    return f"geoaccess.palette = {json.dumps(_palette(), separators=(',', ':'))};\n"


def paler(shade: str) -> str:
    """Return a colour mixed with paper, for what is there but not meant.

    >>> paler(colour("ink")) > colour("ink")
    True
    """
    parts = zip(_rgb(shade), _rgb(colour("paper")), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * _PALE):02x}" for a, b in parts)


def _rgb(shade: str) -> list[int]:
    return [int(shade[at : at + 2], 16) for at in (1, 3, 5)]

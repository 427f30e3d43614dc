"""Files that come with the program: profiles, the table of sources, the study template."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from geoaccess.errors import InputError, MissingFileError
from geoaccess.files import is_there
from geoaccess.hints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["known_name", "own_or_shipped", "shipped"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Find a file of the folder `configs` that comes with the program.

    An installed program has it inside the package (`geoaccess/configs`), a checkout beside the package (`configs`).

    Parameters
    ----------
    name
        Path inside the folder, with `/` between the parts, such as "profiles/car.toml".

    Returns
    -------
    The file, which is there.

    Raises
    ------
    InputError
        If the name is empty, starts at the root or climbs out of the folder.
    MissingFileError
        If no such file came with the program; the message lists those of its folder that did.

    Examples
    --------
    >>> shipped("sources.toml").name
    'sources.toml'
    """
    parts = PurePosixPath(name)
    if not parts.parts or parts.is_absolute() or ".." in parts.parts:
        raise InputError(f'"{name}": not the name of a shipped file; give a path inside configs, as "sources.toml"')
    for folder in _folders():
        if is_there(folder / parts):
            return folder / parts
    there = _names(parts.parent.as_posix()) or _names(".")
    listed = f"the files that do are {', '.join(there)}" if there else "none do: install the program again"
    raise MissingFileError(f'"{name}": no such file comes with the program; {listed}')


def own_or_shipped(kind: str, name: str, *, own: Callable[[str], Path] = Path) -> Path:
    """Find the file of a profile or a scheme: a .toml file of one's own, else one that is shipped.

    Parameters
    ----------
    kind
        The folder of those that are shipped, "profiles" or "schemes".
    own
        From where a file of one's own is seen.

    Raises
    ------
    MissingFileError
        As `shipped`; whether a file of one's own is there is not looked at.

    Examples
    --------
    >>> own_or_shipped("profiles", "car").name, own_or_shipped("profiles", "own.toml").name
    ('car.toml', 'own.toml')
    """
    return own(name) if name.endswith(".toml") else shipped(f"{kind}/{name}.toml")


def known_name(kind: str) -> Callable[[str], str]:
    """Return what refuses a name by which `own_or_shipped` would find nothing, with those that there are.

    Examples
    --------
    >>> known_name("profiles")("car")
    'car'
    """

    def check(name: str) -> str:
        if name.endswith(".toml"):
            return name
        known = [PurePosixPath(one).stem for one in _names(kind)]
        if name not in known:
            what, hint = kind.removesuffix("s"), did_you_mean(name, known)
            raise ValueError(f'no {what} "{name}" comes with the program, and it is no .toml file of your own{hint}')
        return name

    return check


def _folders() -> tuple[Path, Path]:
    return _PACKAGE / "configs", _PACKAGE.parent / "configs"


def _names(kind: str) -> list[str]:
    """Return the files of a folder, and of those inside it, as `shipped` finds them."""
    return sorted({f.relative_to(top).as_posix() for top in _folders() for f in (top / kind).rglob("*.toml")})

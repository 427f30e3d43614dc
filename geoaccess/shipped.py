"""Files that come with the program: profiles, the table of sources, the study template."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from geoaccess.errors import InputError, MissingFileError
from geoaccess.files import is_there

__all__ = ["shipped"]

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
        If no such file came with the program; the message lists those that did.

    Examples
    --------
    >>> shipped("sources.toml").name
    'sources.toml'
    """
    parts = PurePosixPath(name)
    if not parts.parts or parts.is_absolute() or ".." in parts.parts:
        raise InputError(f'"{name}": not the name of a shipped file; give a path inside configs, as "sources.toml"')
    folders = (_PACKAGE / "configs", _PACKAGE.parent / "configs")
    for folder in folders:
        if is_there(folder / parts):
            return folder / parts
    there = sorted({f.relative_to(folder).as_posix() for folder in folders for f in folder.rglob("*.toml")})
    listed = f"the files that do are {', '.join(there)}" if there else "none do: install the program again"
    raise MissingFileError(f'"{name}": no such file comes with the program; {listed}')

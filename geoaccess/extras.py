"""What geoaccess can do with packages beside its core, and which extra installs them."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from geoaccess.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXTRAS", "extra_of", "require_extra"]

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "maps": ("folium", "matplotlib", "jinja2", "rasterio", "exactextract"),
    "siting": ("highspy",),
    "planner": ("fastapi", "uvicorn"),
    "fetch": ("requests", "osmnx", "networkx"),
    "gtfs": ("gtfs_kit",),
    "pdf": ("weasyprint",),
    "dask": ("distributed",),
    "speed": ("isal",),
    "h3": ("h3",),
}
"""The packages of each extra, as they are imported; `pyproject.toml` names their distributions."""


def require_extra(extra: str, *, to: str) -> None:
    """Refuse what needs an extra that is not installed, before anything is computed.

    Parameters
    ----------
    extra
        A key of `EXTRAS`.
    to
        What needs it, as a verb: "draw maps".

    Raises
    ------
    MissingExtraError
        With the packages that are missing, and the command that installs them.

    Examples
    --------
    >>> require_extra("maps", to="draw maps")
    """
    absent = [name for name in EXTRAS[extra] if not _is_there(name)]
    if absent:
        raise MissingExtraError(_message(absent, extra, to=to))


def extra_of(error: ModuleNotFoundError) -> MissingExtraError | None:
    """Return the hint for a module that was not found, if an extra installs it.

    Examples
    --------
    >>> print(extra_of(ModuleNotFoundError("No module named 'highspy'", name="highspy")))
    to do this geoaccess needs highspy, which is not installed; pip install "geoaccess[siting]"
    """
    name = (error.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if name in packages:
            return MissingExtraError(_message([name], extra, to="do this"))
    return None


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def _message(absent: list[str], extra: str, *, to: str) -> str:
    packages, verb = ", ".join(absent), "is" if len(absent) == 1 else "are"
    return f'to {to} geoaccess needs {packages}, which {verb} not installed; pip install "geoaccess[{extra}]"'

"""A page for every public name, room by room, from its docstring."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

import geoaccess as ga

if TYPE_CHECKING:
    from types import ModuleType

ROOMS = {
    "geoaccess": "The names used most",
    "osm": "Reading OpenStreetMap",
    "nvdb": "Reading NVDB Ruteplan",
    "network": "Networks, snapping, interchange",
    "hierarchy": "Contraction, for many questions",
    "routing": "Travel times, routes, timetables, updates",
    "demand": "People",
    "services": "Sites, levels, opening",
    "zones": "Municipalities and centrality classes",
    "measures": "Access measures of cells",
    "catchment": "Supply within reach",
    "ambulance": "The ambulance chain",
    "equity": "Inequality",
    "scenarios": "Changes as data",
    "siting": "Where to place sites",
    "studies": "Study files, and questions to them",
    "maps": "Maps, figures, reports",
    "parallel": "Worker processes",
    "errors": "Errors and warnings",
}
"""Rooms in the order of the pages; one that is not here stands behind them."""


MOST_LETTERS = 60
"""Of a value that is shown in a list."""


def rooms() -> dict[str, list[str]]:
    """Return the public names of each room; a module of modules has no names of its own."""
    names = [*ROOMS, *sorted(set(ga._NAMESPACES) - set(ROOMS))]
    found = {"geoaccess": [name for name in ga.__all__ if name not in ga._NAMESPACES]}
    for room in names[1:]:
        found[room] = sorted(getattr(importlib.import_module(f"geoaccess.{room}"), "__all__", []), key=str.casefold)
    return {room: some for room, some in found.items() if some}


def page_of(room: str, name: str) -> str:
    """Return the full name under which a name is described, the shortest that users write."""
    value = value_of(room, name)
    short = getattr(ga, name, None) if name in ga.__all__ and name not in ga._NAMESPACES else None
    if short is not None and short is value:
        return f"geoaccess.{name}"
    for other in ("ambulance", "catchment"):  # namespaces of functions that stand in a larger room, too
        space = getattr(ga, other)
        if room == "measures" and name in space.__all__ and getattr(space, name) is value:
            return f"geoaccess.{other}.{name}"
    return f"geoaccess.{name}" if room == "geoaccess" else f"geoaccess.{room}.{name}"


def value_of(room: str, name: str) -> Any:
    """Return what a name stands for."""
    module: ModuleType = ga if room == "geoaccess" else getattr(ga, room)
    return getattr(module, name)


def summary(value: Any) -> str:
    """Return the first sentence of a docstring; of a value that has none of its own, its type."""
    own = inspect.isclass(value) or inspect.isroutine(value)
    text = inspect.getdoc(value) if own else ""
    if not text:
        shown = repr(value)
        short = len(shown) <= MOST_LETTERS and "0x" not in shown and "`" not in shown
        return f"A value: ``{shown}``." if short else f"A value: {type(value).__name__}."
    return " ".join(text.split("\n\n")[0].split())


def pages() -> dict[str, str]:
    """Return the pages of the reference in reStructuredText, by path below `api/`."""
    found: dict[str, str] = {}
    for room, names in rooms().items():
        title = ROOMS.get(room, "")
        heading = "ga" if room == "geoaccess" else f"ga.{room}"
        full = f"{heading}: {title[:1].lower()}{title[1:]}" if title else heading
        module = ga if room == "geoaccess" else getattr(ga, room)
        lines = [f".. _room-{room}:", "", full, "=" * len(full), "", (module.__doc__ or "").strip(), ""]
        lines += [".. list-table::", "   :widths: 35 65", ""]
        inside = []
        for name in names:
            page = page_of(room, name)
            lines += [f"   * - :doc:`{heading}.{name} <{page}>`", f"     - {summary(value_of(room, name))}"]
            if page not in found:
                inside.append(page)
                found[page] = _page(page, value_of(room, name))
        if inside:
            lines += ["", ".. toctree::", "   :hidden:", "", *(f"   {page}" for page in inside)]
        found[f"room_{room}"] = "\n".join(lines) + "\n"
    found["index"] = _index([*rooms()])
    return {f"{path}.rst": text for path, text in found.items()}


def _page(page: str, value: Any) -> str:
    short = page.replace("geoaccess.", "ga.", 1)
    lines = [short, "=" * len(short), "", ".. currentmodule:: geoaccess", ""]
    if inspect.isclass(value):
        form = "autoexception" if issubclass(value, BaseException) else "autoclass"
        lines += [f".. {form}:: {page}", "   :members:", "   :member-order: bysource"]
    elif inspect.isroutine(value):
        lines += [f".. autofunction:: {page}"]
    else:
        shown = repr(value)
        lines += [f".. autodata:: {page}", "   :no-value:", ""]
        lines += ["", f"The value: ``{shown}``"] if len(shown) < 200 and "0x" not in shown and "`" not in shown else []
    return "\n".join(lines) + "\n"


def _index(names: list[str]) -> str:
    title = "Python"
    text = [
        title,
        "=" * len(title),
        "",
        "Everything stands at ``import geoaccess as ga``: the names used most at ``ga.`` itself, the rest in the rooms.",
        "Times are seconds at the API; ``inf`` is unreachable, ``NaN`` is not attached to the network, and a reason says why.",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   room_{name}" for name in names),
    ]
    return "\n".join(text) + "\n"

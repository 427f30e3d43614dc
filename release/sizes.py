"""How large what users install is, by extra: bytes of the files that wheels bring, in MB of 1,000,000 bytes.

Bytecode is not counted: Python writes it beside the files, as much again as a sixth, and `uv` leaves it out.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[1]
_MB = 1e6
_SHOWN = 12


def installed_bytes(package: Distribution) -> int:
    """Return the bytes of the files of a package that is installed, without bytecode."""
    files = [Path(str(file.locate())) for file in package.files or [] if "__pycache__" not in file.parts]
    return sum(file.stat().st_size for file in files if file.is_file())


def needed(wanted: Iterable[str], extras: dict[str, list[str]]) -> set[str]:
    """Return the packages that requirements come to in this environment, by name, as far as they are installed.

    `extras` are those of geoaccess itself.
    """
    waiting, found = [Requirement(text) for text in wanted], dict[tuple[str, frozenset[str]], None]()
    while waiting:
        one = waiting.pop()
        key = re.sub(r"[-_.]+", "-", one.name).lower(), frozenset(one.extras)
        if key[0] == "geoaccess":
            waiting += [Requirement(text) for extra in one.extras for text in extras[extra]]
            continue
        if key in found or not _holds(one, ()):
            continue
        try:
            package = distribution(one.name)
        except PackageNotFoundError:
            continue
        found[key] = None
        asked = [Requirement(text) for text in package.requires or []]
        for part in asked:
            if _holds(part, one.extras):
                part.marker = None
                waiting.append(part)
    return {name for name, _ in found}


def _holds(one: Requirement, extras: Iterable[str]) -> bool:
    return one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def sizes(project: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return MB by package of the core and of each extra, what it needs beside the core, of a `[project]`."""
    extras: dict[str, list[str]] = project["optional-dependencies"]
    core = needed(project["dependencies"], extras)
    found = {"core": core} | {name: needed(some, extras) - core for name, some in extras.items()}
    return {
        name: {package: installed_bytes(distribution(package)) / _MB for package in sorted(packages)}
        for name, packages in found.items()
    }


def main() -> int:
    """Print the sizes, and the largest packages of all."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = sizes(project)
    core = sum(found["core"].values())
    for name in ("core", *(extra for extra in found if extra not in ("core", "build", "dev", "docs", "bench"))):
        own = sum(found[name].values())
        total = own if name == "core" else core + own
        print(f"{name:10s}{own:8.0f} MB, with the core {total:5.0f} MB")
    largest = sorted((found["core"] | found["all"]).items(), key=lambda item: -item[1])[:_SHOWN]
    print("largest:", ", ".join(f"{name} {size:.0f}" for name, size in largest))
    return 0


if __name__ == "__main__":
    sys.exit(main())

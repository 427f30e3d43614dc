"""Say what a release still lacks. `make release-check` exits with 1 as long as something does.

With `--install` the wheel is also installed into an empty environment, and computes the sample there; that asks the
package registry for what it depends on.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.metadata import Metadata

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]


def lacking(root: Path = ROOT) -> list[str]:
    """Return what the papers of a release lack, a line each."""
    version = re.search(r'__version__ = "(.+)"', _read(root, "geoaccess/version.py"))[1]
    project = tomllib.loads(_read(root, "pyproject.toml"))["project"]
    citation = _read(root, "CITATION.cff")
    checks = {
        f"CHANGELOG.md: the heading of {version} has no date": not re.search(
            rf"^## {re.escape(version)} \(?\d{{4}}-\d\d-\d\d\)?$", _read(root, "CHANGELOG.md"), re.MULTILINE
        ),
        f"CITATION.cff: version is not {version}": f"version: {version}" not in citation,
        "CITATION.cff: no date-released": "date-released:" not in citation,
        "CITATION.cff: no doi (Zenodo gives one with the first release)": "doi:" not in citation,
        "CITATION.cff, .zenodo.json: persons by name, with ORCID": "The geoaccess authors" in citation,
        "pyproject.toml: no address of the source ([project.urls] Source)": "Source" not in project.get("urls", {}),
        f"release/meta.yaml: version is not {version}": f'version = "{version}"'
        not in _read(root, "release/meta.yaml"),
        "release/meta.yaml: sha256 of the source archive": "0" * 64 in _read(root, "release/meta.yaml"),
        "README.md: links that a package index cannot follow": bool(relative_links(_read(root, "README.md"))),
        "benchmarks/RESULTS.md: says itself that it is older than the code": "Older than the code"
        in _read(root, "benchmarks/RESULTS.md"),
        ".zenodo.json: title is not that of CITATION.cff": json.loads(_read(root, ".zenodo.json"))["title"]
        not in citation,
    }
    return [what for what, lacks in checks.items() if lacks]


def relative_links(text: str) -> list[str]:
    """Return the links of a page in Markdown that have no address of their own.

    >>> relative_links("[a](docs/a.md) [b](https://example.org) [c](#c)")
    ['docs/a.md']
    """
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not link.startswith(("https://", "#"))]


def build(folder: Path) -> tuple[Path, Path]:
    """Build the source archive, and the wheel out of it, with what the locks installed; without a network."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"python -m build: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


def uploads_problems(files: Sequence[Path]) -> list[str]:
    """Return what `twine check --strict` finds in archives."""
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, files)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return [f"twine check: {done.stdout.strip()}{done.stderr.strip()}"] if done.returncode else []


def metadata_problems(wheel: Path) -> list[str]:
    """Return what a package index would refuse in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(name).decode("utf-8")
    head, _, body = text.partition("\n\n")
    wanted = ("Name: geoaccess", "Version: ", "Summary: ", "License-Expression: ", "Requires-Python: ")
    found = [f"METADATA: no {one}" for one in wanted if f"\n{one}" not in f"\n{head}"]
    if "Description-Content-Type: text/markdown" not in head or len(body) < 500:  # noqa: PLR2004
        found.append("METADATA: no description in Markdown")
    try:
        Metadata.from_email(text.encode("utf-8"), validate=True)
    except ExceptionGroup as group:
        found += [f"METADATA: {error}" for error in group.exceptions]
    return found


def run_in_empty_environment(wheel: Path, folder: Path) -> None:
    """Install the wheel into an environment of its own, and compute the sample with it."""
    venv.create(folder / "venv", with_pip=True)
    program = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    commands = [
        [program / "python", "-m", "pip", "install", "--quiet", f"{wheel}[maps]"],
        [program / "geoaccess", "example", "iceland", folder / "iceland"],
        [program / "geoaccess", "run", folder / "iceland" / "iceland.toml", "--quiet"],
    ]
    for command in commands:
        subprocess.run([str(word) for word in command], check=True, cwd=folder)


def main() -> None:
    """Print what is missing."""
    found = lacking()
    with tempfile.TemporaryDirectory() as folder:
        archive, wheel = build(Path(folder))
        found += [*metadata_problems(wheel), *uploads_problems([archive, wheel])]
        if "--install" in sys.argv[1:]:
            run_in_empty_environment(wheel, Path(folder))
            print("the wheel computes the sample in an empty environment")
    if subprocess.run(["git", "status", "--porcelain"], check=True, cwd=ROOT, capture_output=True).stdout:
        found.append("git: changes that are not committed")
    print("\n".join(f"- {one}" for one in found) or "nothing is missing")
    print("By hand: the address of the documentation, each dependency of release/meta.yaml on conda-forge.")
    sys.exit(bool(found))


def _read(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()

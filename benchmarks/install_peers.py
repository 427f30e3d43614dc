"""Install the packages of the extra `bench` into the running Python, each by itself: one that fails stops no other.

What is installed already is not changed (pip is held to it). OSRM's programs come in a package for Python 3.12; for an
older Python they are unpacked beside it, since they are no Python at all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
OSRM = Path(sys.prefix) / "osrm"


def main() -> None:
    """Install what can be and say what cannot."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["bench"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    held = subprocess.run([*pip, "freeze", "--exclude-editable"], check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "held.txt"
        constraints.write_text(held)
        for line in wanted:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate():
                _run([*pip, "install", "--quiet", "--constraint", str(constraints), line], line)
            elif requirement.name == "osrm-bindings":
                _unpack_osrm(pip, requirement, Path(folder))


def _run(command: list[str], what: str) -> bool:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    reason = "" if done.returncode == 0 else ": " + (done.stderr.strip().splitlines() or ["?"])[-1]
    print(f"{what}: {'installed' if not reason else 'not installed'}{reason}")
    return not reason


def _unpack_osrm(pip: list[str], requirement: Requirement, folder: Path) -> None:
    """Fetch the package for Python 3.12 and take the programs out of it."""
    only = ["--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--dest", str(folder)]
    name = f"{requirement.name}{requirement.specifier}"
    if not _run([*pip, "download", "--quiet", *only, name], f"{name} (its programs alone)"):
        return
    for wheel in folder.glob("osrm_bindings-*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(OSRM)
    for tool in (OSRM / "osrm/bin").iterdir():
        tool.chmod(0o755)


if __name__ == "__main__":
    main()

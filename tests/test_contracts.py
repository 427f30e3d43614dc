"""The import contracts can fail: in a copy of the package with forbidden imports every one of them is broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
# A room may import what it is the door of.
DOORS = {"planner/canary.py": "planner"}


@pytest.fixture(scope="module")
def contracts(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


@pytest.fixture(scope="module")
def copied(root, tmp_path_factory):
    """A copy of the package and its contracts, to put canaries into."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(root / "geoaccess", folder / "geoaccess", ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(root / "pyproject.toml", folder)
    return folder


def verdicts(folder):
    """Return KEPT or BROKEN by the name of each contract."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "400", "TERM": "dumb", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, flags=re.MULTILINE))
    assert found, done.stdout + done.stderr
    return found


def test_every_contract_fails_where_it_should(copied, contracts):
    names = {contract["name"] for contract in contracts}
    assert verdicts(copied) == dict.fromkeys(names, "KEPT")
    forbidden = [package for contract in contracts for package in contract.get("forbidden_modules", [])]
    canary = "".join(f"import {package}\n" for package in forbidden if not package.startswith("geoaccess."))
    canary += "from geoaccess import cli\n"  # against the flow
    # In rooms that the first contracts forgot, and in a file that stands in no room.
    for place in ("scenarios/canary.py", "planner/canary.py", "canary.py"):
        (copied / "geoaccess" / place).write_text(canary, encoding="utf-8")
        broken = {name for name, verdict in verdicts(copied).items() if verdict == "BROKEN"}
        assert broken == {name for name in names if place not in DOORS or DOORS[place] not in name}, place
        (copied / "geoaccess" / place).unlink()

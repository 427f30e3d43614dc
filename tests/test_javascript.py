"""The scripts of the pages by themselves: eslint, and the unit tests in tests/javascript with node's own runner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def needed(found: Path | str | None, what: str) -> str:
    """Return where a program is; without it the test skips, but fails where everything has to be installed."""
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what}: the scripts of the pages are not tested")
    return str(found)


def run(*command: str, root: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable}  # which writes the phrases of the pages
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_units(root):
    node = needed(shutil.which("node"), "there is no node")
    files = sorted(str(path.relative_to(root)) for path in (root / "tests" / "javascript").glob("*.test.js"))
    assert files
    run(node, "--test", *files, root=root)


def test_lint(root):
    node = needed(shutil.which("node"), "there is no node")
    eslint = root / "node_modules" / "eslint" / "bin" / "eslint.js"
    eslint = needed(eslint if eslint.exists() else None, "eslint is not installed; `npm ci` does it")
    run(node, eslint, "--max-warnings", "0", "geoaccess/static", "tests/javascript", "eslint.config.js", root=root)


def test_the_lock_names_no_server(root):
    """Whoever installs from it decides where from."""
    assert '"resolved"' not in (root / "package-lock.json").read_text()

"""The maps, reports and figures of the samples, computed by the build and shown in its gallery."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SAMPLES = ("iceland", "troms")
KEPT = ("*.html", "*.png")


def write_samples(docs: Path) -> None:
    """Compute each sample once, and put its pages and pictures where the build takes them up as they are."""
    forget_older(docs / "_build" / "notebooks", docs / "_build" / "notebooks" / "global.db")
    for name in SAMPLES:
        folder = docs / "_build" / "samples" / name
        forget_older(folder, folder / "results" / "run.json")
        if not folder.exists():
            _geoaccess("example", name, str(folder))
            _geoaccess("run", str(folder / f"{name}.toml"), "--quiet")
        _copied(folder / "results", docs / "_build" / "extra" / "maps" / name)


def forget_older(folder: Path, made: Path) -> None:
    """Remove a folder unless what was made in it is newer than every file of the program and of its samples."""
    root = Path(__file__).resolve().parents[1]
    sources = [
        file
        for place in ("geoaccess", "configs", "data")
        for kind in ("py", "toml", "js", "css", "json", "csv", "pbf")
        for file in (root / place).rglob(f"*.{kind}")
    ]
    if not made.exists() or made.stat().st_mtime < max(file.stat().st_mtime for file in sources):
        shutil.rmtree(folder, ignore_errors=True)


def _geoaccess(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "geoaccess", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"geoaccess {' '.join(words)}: {done.stderr.strip()}")


def _copied(results: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for kind in KEPT:
        for file in sorted(results.rglob(kind)):
            copy = target / file.relative_to(results)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)

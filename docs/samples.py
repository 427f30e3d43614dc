"""The maps, reports and figures of the samples, computed by the build: shown in its gallery, and quoted on its pages."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

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


def quoted_figures(docs: Path) -> dict[str, str]:
    """Return the figures that pages quote, computed from the samples: `{{ name }}` on a page is one of them."""
    kept = docs / "_build" / "figures" / "figures.json"
    forget_older(kept.parent, kept)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(_computed(docs / "_build" / "samples"), indent=1), encoding="utf-8")
    found: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def _computed(samples: Path) -> dict[str, str]:
    troms, iceland = samples / "troms", samples / "iceland"
    compared = _answer("compare", troms / "troms.toml", troms / "scenarios" / "troms-senja.toml")
    gp = {row["measure"]: row for row in compared["tables"]["everybody"] if row["service"] == "gp"}
    closings = _answer("vulnerable", iceland / "iceland.toml", "--service", "hospital")["tables"]["closings"]
    kinds = Counter(row["kind"] for row in closings if row["people"] > 0)
    numbers = {
        "senja_hours_open": gp["nearest"]["person_min_won"] / 60,
        "senja_hours_week": gp["expected"]["person_min_won"] / 60,
        "senja_people_better": gp["nearest"]["better"],
        **{f"iceland_{kind}": kinds[kind] for kind in ("ferry", "bridge", "tunnel", "road")},
    }
    return {name: f"{number:,.0f}" for name, number in numbers.items()}


def _answer(*words: Any) -> dict[str, Any]:
    """Return what a verb answers with `--json`."""
    found: dict[str, Any] = json.loads(_geoaccess(*map(str, words), "--json", "--quiet"))
    return found


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


def _geoaccess(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "geoaccess", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"geoaccess {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _copied(results: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for kind in KEPT:
        for file in sorted(results.rglob(kind)):
            copy = target / file.relative_to(results)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)

"""A whole study in its own process: without anything cached, and with its network in the cache."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.graphs import ROOT
from benchmarks.measure import Plan, Row, Target, median, of_process

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["study"]

ONE_RUN = """
import sys
from dataclasses import replace
from benchmarks.peak import peak_mb
from geoaccess.study import load_study, run_study
study = load_study(sys.argv[1])
study = replace(study, settings=study.settings.model_copy(update={"cache": sys.argv[2], "output": sys.argv[3]}))
answers = run_study(study, show=False)
assert answers.from_cache == (sys.argv[4] == "warm"), "cache"
print(peak_mb())
"""
TARGETS = {"cold": Target(within_s=60, within_mb=2000), "warm": Target(within_s=10)}


def study(plan: Plan) -> Iterator[Row]:
    """Run Iceland (in a run of one: Troms, once)."""
    name = "troms" if plan.once else "iceland"
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold",) if plan.once else ("cold", "warm"):
            timings, memory = [], []
            for i in range(plan.repeats(3)):
                cache = Path(folder) / (f"cache-{i}" if state == "cold" else "cache-0")
                output = Path(folder) / "out"
                command = [sys.executable, "-c", ONE_RUN, ROOT / f"configs/{name}.toml", cache, output, state]
                timing, printed = of_process(command, cwd=ROOT)
                timings.append(timing)
                memory.append(float(printed.split()[-1]))
            yield Row(
                f"run configs/{name}.toml, {state}",
                name.capitalize(),
                ours=median(timings),
                peak_mb=max(memory),
                target=TARGETS[state],
            )

"""Measure geoaccess on the bundled sample, beside a peer where there is one, and write what was found.

`python benchmarks/run.py` measures and writes results.json and RESULTS.md beside this file; `--once` runs every
benchmark once, checks that the answers agree, and writes nothing (that is what the tests do, so that benchmarks cannot
rot).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent

ONE_RUN = """
import resource, sys
from dataclasses import replace
from geoaccess.study import load_study, run
study = load_study(sys.argv[1])
study = replace(study, settings=study.settings.model_copy(update={"cache": sys.argv[2], "output": sys.argv[3]}))
answers = run(study, show=False)
assert answers.from_cache == (sys.argv[4] == "warm"), "cache"
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def timed(function, repeats: int) -> tuple[float, float, object]:
    """Median wall and CPU seconds of some calls, and the last answer."""
    walls, cpus, answer = [], [], None
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = function()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus), answer


def whole_study(repeats: int) -> list[dict]:
    """Measure `geoaccess run configs/iceland.toml` in its own process, without and with a network in the cache."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "warm"):
            walls, cpus, memory = [], [], []
            for i in range(repeats):
                cache = Path(folder) / (f"cache-{i}" if state == "cold" else "cache-0")
                command = [
                    sys.executable,
                    "-c",
                    ONE_RUN,
                    str(ROOT / "configs/iceland.toml"),
                    str(cache),
                    f"{folder}/out",
                    state,
                ]
                before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                walls.append(time.perf_counter() - wall)
                cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
                memory.append(float(done.stdout.split()[-1]))
            rows.append(
                {
                    "task": f"run configs/iceland.toml, {state}",
                    "graph": "Iceland",
                    "ours_s": statistics.median(walls),
                    "ours_cpu_s": statistics.median(cpus),
                    "peak_mb": max(memory),
                    "target": "60 s, 2000 MB" if state == "cold" else "10 s",
                }
            )
    return rows


def nearest_beside_scipy(repeats: int) -> list[dict]:
    """Nearest hospital with its label for every node of Iceland, against scipy's Dijkstra from many sources."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    import geoaccess as ga
    from geoaccess.kernels import search

    network = ga.read_osm(ROOT / "data/iceland/iceland-2019.osm.pbf")
    arcs = network.arcs_reversed
    sites = np.random.default_rng(1).choice(network.n_nodes, 50, replace=False).astype(np.int32)
    zeros = np.zeros(sites.size, np.int32)

    def ours():
        return search.nearest(
            arcs.start, arcs.head, arcs.cost_ds, sites, zeros, np.arange(sites.size, dtype=np.int32), 1
        )

    tail = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start))
    order = np.lexsort((arcs.cost_ds, arcs.head, tail))  # of parallel arcs scipy must see the shortest alone
    first = np.ones(order.size, bool)
    first[1:] = (np.diff(tail[order]) != 0) | (np.diff(arcs.head[order]) != 0)
    kept = order[first]
    # scipy takes a stored zero for no arc; a thousandth of a decisecond stands in for it
    matrix = csr_matrix((np.maximum(arcs.cost_ds[kept], 1e-3), (tail[kept], arcs.head[kept])), (network.n_nodes,) * 2)

    def peer():
        return dijkstra(matrix, indices=sites, min_only=True)

    ours()  # compiled
    ours_s, ours_cpu, (times, _) = timed(ours, repeats)
    peer_s, peer_cpu, expected = timed(peer, repeats)
    found = np.where(times[:, 0] == search.FAR, np.inf, times[:, 0])
    assert np.array_equal(np.isinf(found), np.isinf(expected))
    reached = np.isfinite(found)
    assert np.abs(found[reached] - expected[reached]).max() < 1
    return [
        {
            "task": "nearest site with label, every node, k = 1",
            "graph": f"Iceland, {network.n_nodes} nodes",
            "ours_s": ours_s,
            "ours_cpu_s": ours_cpu,
            "peer": f"scipy {metadata.version('scipy')} dijkstra(min_only=True), without labels",
            "peer_s": peer_s,
            "peer_cpu_s": peer_cpu,
            "ratio": peer_s / ours_s,
        }
    ]


def write(rows: list[dict]) -> None:
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numba": metadata.version("numba"),
        "numpy": metadata.version("numpy"),
    }
    (HERE / "results.json").write_text(json.dumps({"machine": machine, "results": rows}, indent=1) + "\n")
    lines = [
        "# Measured",
        "",
        f"On {machine['cores']} cores, Python {machine['python']}, numba {machine['numba']}.",
        "Medians; wall seconds (CPU seconds).",
        "Written by `make bench`.",
        "",
        "| task | graph | geoaccess | peer | ratio | target |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        memory = f", {row['peak_mb']:.0f} MB" if "peak_mb" in row else ""
        ours = f"{row['ours_s']:.3g} ({row['ours_cpu_s']:.3g}){memory}"
        peer = f"{row['peer']}: {row['peer_s']:.3g} ({row['peer_cpu_s']:.3g})" if "peer" in row else ""
        ratio = f"{row['ratio']:.1f}" if "ratio" in row else ""
        lines.append(f"| {row['task']} | {row['graph']} | {ours} | {peer} | {ratio} | {row.get('target', '')} |")
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true", help="run each benchmark once and write nothing")
    once = parser.parse_args().once
    rows = []
    for benchmark in (whole_study, nearest_beside_scipy):
        rows += benchmark(1 if once else 5)
    for row in rows:
        print(json.dumps(row))
    if not once:
        write(rows)


if __name__ == "__main__":
    main()

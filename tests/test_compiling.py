"""What numba compiles: once, where it can be kept, in few variants; and the number of threads changes no answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import geoaccess

ROOT = Path(__file__).parents[1]
PLAIN = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


def python(code, cwd=ROOT, **environment):
    """Run a program in a process of its own; returns what it printed to stdout and stderr."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


SIGNATURES = """
import datetime as dt, importlib, json, pkgutil, sys
from pathlib import Path
from tests.test_study_tiny import STUDY, degrees, write_roads, write_study, PLACES
from geoaccess import kernels
from geoaccess.questions import profile_day, write_ferries
from geoaccess.study import describe_network, load_study, route_table, solve_study

computed = '''kind = "computed"
most_central = 1000
note = "of the people"
[centrality.functions]
shop = [{ shop = "yes" }]
'''
text = STUDY[: STUDY.index('kind = "table"')] + computed
path = write_study(Path(sys.argv[1] if len(sys.argv) > 1 else "study"), text)
write_roads(path.parent / "roads.osm.pbf", features=[(*PLACES["east"], {"shop": "yes"})])
write_ferries(load_study(path), path.parent / "ferries.csv")
table = (path.parent / "ferries.csv").read_text().replace(",20.0,", ",,").replace(",all year", ",all year", 1)
header, *rows = table.splitlines()
at = header.split(",").index("departures")
rows = [row.split(",") for row in rows]
for row in rows:
    row[at] = row[at + 1] = "08:00 12:00 16:00"
(path.parent / "ferries.csv").write_text("\\n".join([header, *map(",".join, rows), ""]))
path.write_text(path.read_text().replace('profile = "flat.toml"', 'profile = "flat.toml"\\nferries = "ferries.csv"'))
study = load_study(path)
for _ in ("built", "from the cache"):
    solve_study(study, show=False)
profile_day(study, "gp", dt.date(2024, 5, 6), show=False)
describe_network(study)
route_table(study, degrees(0.5, 0.5), degrees(22.5, 0.5))
names = [found.name for found in pkgutil.iter_modules(kernels.__path__)]
modules = [importlib.import_module(f"geoaccess.kernels.{name}") for name in names]
print(json.dumps({
    f"{kernel.__module__}.{name}": [str(one) for one in kernel.signatures]
    for module in modules for name, kernel in vars(module).items()
    if hasattr(kernel, "signatures") and kernel.__module__ == module.__name__
}))
"""


@PLAIN
def test_kernels_are_compiled_for_one_kind_of_arguments(tmp_path):
    """Each further one costs everybody seconds on the first run; give arrays of the same types, and np.int64(0)."""
    printed, _ = python(SIGNATURES, tmp_path, PYTHONPATH=os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    signatures = json.loads(printed)
    assert len(signatures) > 15
    assert sum(map(len, signatures.values())) > 15
    assert {name: found for name, found in signatures.items() if len(found) > 1} == {}


@PLAIN
def test_the_heap_is_compiled_once_for_a_search(tmp_path):
    """Only seen where numba's cache is empty: what comes from the cache has its heap inside."""
    code = """
import numpy as np
from geoaccess.kernels import heap, search
i = np.zeros(1, np.int32)
search.tree(np.zeros(2, np.int32), i[:0].copy(), i[:0].copy(), i, i)
print(len(heap.push.signatures), len(heap.drop_least.signatures))
"""
    assert python(code, NUMBA_CACHE_DIR=str(tmp_path))[0].split() == ["1", "1"]


FIRST_RUN = """
import json, os, tempfile
import numpy as np
from geoaccess import kernels
from geoaccess.progress import Stages
from geoaccess.kernels import graph
with Stages(1, show=os.environ.get("SHOW") != "no").running():
    for _ in range(2):
        labels = graph.weak_components(3, np.array([0], np.int32), np.array([1], np.int32))
print(json.dumps([labels.tolist(), kernels.CACHED, kernels.__file__, os.listdir(tempfile.gettempdir())]))
"""


@PLAIN
@pytest.mark.skipif(sys.platform != "linux", reason="it says where caches are by XDG_CACHE_HOME")
def test_the_first_run_says_what_it_waits_for_and_needs_no_folder_it_may_write_to(tmp_path):
    """Of a package that may not be written to: first without, then with a folder for caches."""
    package = Path(geoaccess.__file__).parent
    shutil.copytree(package, tmp_path / "geoaccess", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "geoaccess" / "kernels" / "__pycache__").write_text("in the way")
    (tmp_path / "scratch").mkdir()
    given = {"PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path / "scratch"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(cache, **more):
        printed, complained = python(FIRST_RUN, tmp_path, XDG_CACHE_HOME=str(cache), **given, **more)
        labels, cached, file, scratch = json.loads(printed)
        assert labels == [0, 0, 1]
        assert Path(file).is_relative_to(tmp_path)
        assert len([name for name in scratch if not name.endswith(".lock")]) == (0 if cached else 1)
        assert [*(tmp_path / "scratch").iterdir()] == []
        return complained

    assert run("/dev/null/cache").startswith("compiling (at every run, because numba can write no cache here: name a")
    assert run("/dev/null/cache", SHOW="no") == ""
    assert run(tmp_path / "cache") == "compiling (once per machine, up to a minute) ...\n"
    assert run(tmp_path / "cache") == ""


THREADS = """
import hashlib
import numpy as np
import geopandas as gpd
import geoaccess as ga
from geoaccess.kernels.threads import thread_count

rng = np.random.default_rng(7)
side, n = 50, 2500
at = np.arange(n)
u = np.concatenate([at[at % side < side - 1], at[at < n - side]])
v = np.concatenate([at[at % side < side - 1] + 1, at[at < n - side] + side])
seconds = rng.integers(10, 400, (2, u.size)).astype(float)
seconds[:, rng.random(u.size) < 0.1] = -1
network = ga.Network.from_edges(
    lon=10 + at % side / 100, lat=60 + at // side / 100, u=u, v=v, forward_s=seconds[0], backward_s=seconds[1]
)

def points(count):
    lon, lat = 10 + rng.random(count) / 2, 60 + rng.random(count) / 2
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326")

cells, sites = points(700), points(40)
digest = hashlib.sha256()
for direction in ("to_sites", "to_people"):
    digest.update(ga.nearest(network, cells, sites, k=3, direction=direction).to_csv().encode())
times = ga.travel_times(network, ga.snap(network, cells), ga.snap(network, sites), cutoff_s=5000)
digest.update(times.tobytes())
digest.update(ga.route(network, (10.01, 60.01), (10.4, 60.4)).to_wkt().to_csv().encode())
print(thread_count(), np.isfinite(times).mean() > 0.3, digest.hexdigest())
"""


@PLAIN
def test_answers_are_the_same_on_one_thread_and_on_two():
    one, two = (python(THREADS, NUMBA_NUM_THREADS=count)[0].split() for count in ("1", "2"))
    assert (one[0], two[0]) == ("1", "2")
    assert one[1:] == two[1:]
    assert one[1] == "True"

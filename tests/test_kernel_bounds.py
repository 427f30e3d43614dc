"""Compiled loops leave out the check that an index lies inside its array: here the reader's run once with it.

They run as plain Python, whose arrays check every index as numba's would: compiling them once more takes longer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import random, sys
from pathlib import Path

import numba
import numpy as np

from fuzzing.mutations import change_pbf
from fuzzing.targets import car, town
from geoaccess.errors import GeoaccessError
from geoaccess.osm import read_extract

@numba.njit
def beyond(values):
    return values[values.size]

try:
    beyond(np.zeros(3))
except IndexError:
    print("checked")
path, rng, read, refused = Path(sys.argv[1]) / "town.osm.pbf", random.Random(int(sys.argv[2])), 0, 0
for data in town():
    path.write_bytes(data)
    assert len(read_extract([path], car()).way_id) > 4
for _ in range(int(sys.argv[3])):
    data = rng.choice(town())
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = change_pbf(rng, data)
    path.write_bytes(data)
    try:
        read_extract([path], car())
        read += 1
    except GeoaccessError:
        refused += 1
print(read, refused)
"""


@pytest.mark.parametrize("seed", [1])
def test_the_reader_of_extracts_stays_inside_its_arrays(tmp_path, seed):
    paths = os.pathsep.join(str(path) for path in (ROOT, ROOT / "tests"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(seed), "300"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": paths},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    checked, counts = done.stdout.split("\n")[:2]
    assert checked == "checked"
    assert all(int(count) > 20 for count in counts.split())

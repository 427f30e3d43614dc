"""OSRM's programs, where they are: in the folder `OSRM_BIN` names, in the package osrm-bindings, or in `.venv/osrm`.

The package wants Python 3.12, the programs in it do not; `install_peers.py` unpacks them for older ones.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.graphs import ICELAND, Missing
from benchmarks.measure import Timing, of_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

__all__ = ["contract", "extract", "extract_again", "iceland", "program", "request", "served", "table", "version"]


def program(name: str) -> Path:
    """Return the path of one of OSRM's programs.

    Raises
    ------
    Missing
        If it is in none of the places.
    """
    folders = [Path(os.environ["OSRM_BIN"])] if "OSRM_BIN" in os.environ else []
    package = importlib.util.find_spec("osrm")
    if package is not None and package.origin:
        folders.append(Path(package.origin).parent / "bin")
    folders.append(Path(sys.prefix) / "osrm/osrm/bin")
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise Missing(f"peer missing: {name} (see OSRM_BIN)")


def version() -> str:
    """Return what OSRM calls itself, or "missing"."""
    try:
        return of_process([program("osrm-extract"), "--version"])[1].strip()
    except Missing:
        return "missing"


def extract(folder: Path) -> Timing:
    """Read Iceland with OSRM's car profile into a folder."""
    tool = program("osrm-extract")
    profile = tool.parents[1] / "share/profiles/car.lua"
    if not profile.is_file():
        raise Missing("peer missing: OSRM's car.lua does not stand beside its programs")
    extract = Path(shutil.copy(ICELAND, folder / "iceland.osm.pbf"))
    return of_process([tool, "--threads", str(os.cpu_count()), "--profile", profile, extract])[0]


def extract_again() -> Timing:
    """Read Iceland once more, into a folder of its own that goes again."""
    with tempfile.TemporaryDirectory() as folder:
        return extract(Path(folder))


def contract(folder: Path) -> Timing:
    """Make the hierarchy of what `extract` left in a folder."""
    return of_process([program("osrm-contract"), "--threads", str(os.cpu_count()), folder / "iceland.osrm"])[0]


@functools.cache
def iceland() -> tuple[Path, Timing, Timing]:
    """Return a folder with Iceland read and contracted, and how long each took; made once a run."""
    program("osrm-contract")
    folder = Path(tempfile.mkdtemp(prefix="osrm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder, extract(folder), contract(folder)


@contextmanager
def served() -> Iterator[str]:
    """Serve Iceland while the context lasts; gives the address."""
    folder, _, _ = iceland()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program("osrm-routed"), "--algorithm", "ch", "--max-table-size", "1000000", "--ip", "127.0.0.1"]
    server = subprocess.Popen(
        [*command, "--port", str(port), folder / "iceland.osrm"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for line in server.stdout or ():
            if "running and waiting" in line:
                break
        else:
            raise RuntimeError("osrm-routed did not start")
        # It writes a line for each request, and stops where nobody reads them.
        threading.Thread(target=deque, args=(server.stdout, 0), daemon=True).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def request(address: str, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> bytes:
    """Return OSRM's answer to a table between all pairs of places: text, snapping included."""
    where = ";".join(f"{x:.6f},{y:.6f}" for x, y in zip(lon.tolist(), lat.tolist(), strict=True))
    with urllib.request.urlopen(f"{address}/table/v1/driving/{where}?annotations=duration") as answer:
        return answer.read()


def table(answer: bytes) -> npt.NDArray[np.float64]:
    """Return the seconds of an answer, NaN where there is no path."""
    return np.array(json.loads(answer)["durations"], np.float64)

"""The graphs that are measured on: Iceland, the generated country in several sizes, and real topologies."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import topologies
from benchmarks.generate import generate
from geoaccess import read_osm

if TYPE_CHECKING:
    import numpy.typing as npt

    from geoaccess.network import Network

__all__ = ["HERE", "ICELAND", "ROOT", "SIZES", "Graph", "Missing", "load", "places"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ICELAND = ROOT / "data/iceland/iceland-2019.osm.pbf"
SHARED = ROOT.parent / "shared/data/bench"
SIZES = {"20k": 20_000, "100k": 100_000, "300k": 300_000, "1m": 1_000_000, "3m": 3_000_000, "10m": 10_000_000}
LARGEST_KEPT = 3_000_000


class Missing(Exception):  # noqa: N818 - not an error: it is reported
    """A peer, a file or a graph that is not there; the message says which."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A network to measure on, its key and its name in the table, and what of it is made up."""

    key: str
    name: str
    note: str
    network: Network


def load(key: str) -> Graph:
    """Return a graph by its key: "iceland", a key of `SIZES` or of `topologies.FILES`; kept unless it is huge."""
    return _made(key) if SIZES.get(key, 0) > LARGEST_KEPT else _kept(key)


@functools.cache
def _kept(key: str) -> Graph:
    return _made(key)


def _made(key: str) -> Graph:
    if key == "iceland":
        network = read_osm(ICELAND)
        return Graph(key, f"Iceland, {network.n_nodes:_} nodes".replace("_", " "), "", network)
    if key in SIZES:
        roads = generate(SIZES[key])
    else:
        path = SHARED / topologies.FILES[key]
        if not path.is_file():
            raise Missing(f"graph missing: shared/data/bench/{path.name} is not beside the repository")
        roads = topologies.load(path)
    return Graph(key, roads.name, roads.note, roads.network())


def places(graph: Graph, count: int, *, seed: int = 1) -> npt.NDArray[np.int32]:
    """Return some nodes of a graph, none twice, at random but the same every time."""
    n = graph.network.n_nodes
    return np.random.default_rng(seed).choice(n, min(count, n // 4), replace=False).astype(np.int32)

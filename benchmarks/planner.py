"""How long the planner takes to answer a change, on Iceland and on a generated country.

    python -m benchmarks.planner [iceland] [1m]

Times are those of the whole answer but for the network socket: the change itself, all tables, and what the page gets.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.graphs import SIZES, load
from geoaccess.measures import ServiceSpec
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.serialise import answer_json
from geoaccess.planner.suggest import suggest
from geoaccess.routing import nearest
from geoaccess.study import load_study, solve_study

if TYPE_CHECKING:
    from geoaccess.network import Network

CELLS = 250_000
SITES = 400
SIDE_M = 250.0


def made_up(network: Network) -> Any:
    """Return answers of a study with 250 m cells on the nodes of a network, and sites at some of them."""
    rng = np.random.default_rng(7)
    xy = gpd.GeoSeries.from_xy(network.node_lon, network.node_lat, crs="EPSG:4326").to_crs("EPSG:25833")
    squares = np.unique(np.floor(np.column_stack([xy.x, xy.y]) / SIDE_M).astype(np.int64), axis=0)
    squares = squares[rng.permutation(len(squares))[:CELLS]]
    west, south = (squares * SIDE_M).T
    people = rng.geometric(0.05, len(squares)).astype(np.float64)
    zone = np.floor(west / 20_000) * 1000 + np.floor(south / 20_000)
    cells = gpd.GeoDataFrame(
        {"population": people},
        geometry=shapely.box(west, south, west + SIDE_M, south + SIDE_M),
        crs="EPSG:25833",
        index=pd.Index([f"c{i}" for i in range(len(squares))], name="cell_id"),
    )
    cells["municipality_id"] = pd.factorize(zone)[0].astype(str)
    cells["municipality"] = "M" + cells["municipality_id"]
    cells["region"] = cells["zone_note"] = ""
    cells["centrality_class"] = pd.array(1 + pd.factorize(zone)[0] % 6, dtype="Int8")
    at = rng.choice(len(cells), SITES, replace=False)
    sites = gpd.GeoDataFrame(
        {"service": "gp", "name": [f"Office {i}" for i in range(SITES)], "proxy": False},
        geometry=cells.geometry.iloc[at].centroid.to_crs("EPSG:4326").to_numpy(),
        crs="EPSG:4326",
        index=pd.Index([f"gp-{i}" for i in range(SITES)], name="site_id"),
    )
    found = nearest(network, cells, sites, k=1, max_snap_m=2000)
    cells["gp_s"], cells["gp_reason"] = found["travel_time_s"], found["reason"].astype(str)
    settings = SimpleNamespace(
        title="Generated", subtitle="", disclaimer="", note="", attribution=["generated"], language="en",
        snap=SimpleNamespace(max_m=2000.0, off_network_kph=5.0), network=SimpleNamespace(min_component_km=2.0),
        population=SimpleNamespace(file="generated"), sites=[],
    )  # fmt: skip
    study = SimpleNamespace(
        settings=settings, name="generated", path=Path("generated.toml"), resolve=Path,
        specs=[ServiceSpec(key="gp", label="GP", norms_s=(1800.0,))],
    )  # fmt: skip
    return SimpleNamespace(study=study, network=network, results=cells, sites=sites, municipalities=None)


def measure(state: PlannerState) -> None:
    """Print the median and the longest time of some changes of each kind."""
    drawing, session = Drawing(state), Session(state)
    rng = np.random.default_rng(3)
    labels = list(state.plan.sites["gp"])
    ways = [int(way) for way in state.network.ferries.loc[state.network.ferries["cars"], "way_id"]]
    before = state.figures("gp")
    near = np.flatnonzero((state.snapped.cells["edge"] >= 0).to_numpy())

    def ask(changes: list[dict[str, Any]]) -> float:
        start = time.perf_counter()
        answer = session.answer(read_changes(changes), "gp")
        json.dumps(answer_json(answer, before, drawing))
        return 1000 * (time.perf_counter() - start)

    def place() -> dict[str, float]:
        cell = rng.choice(near)
        return {"lon": float(state.lon[cell]), "lat": float(state.lat[cell])}

    kinds: dict[str, list[float]] = {}
    for round_ in range(12):
        site = labels[int(rng.integers(len(labels)))]
        one = {"service": "gp", "site": site}
        tries = {
            "add": {"what": "add", "service": "gp", "site": "new-1", **place()},
            "move": {"what": "move", **one, **place()},
            "close": {"what": "remove", **one},
            "two days a week": {"what": "days", **one, "days": [1, 3]},
        }
        if ways:
            tries["close a ferry"] = {"what": "close", "way": ways[int(rng.integers(len(ways)))]}
        for name, change in tries.items():
            ask([])
            took, back = ask([change]), ask([])
            if round_ > 1:  # the first two warm up
                kinds.setdefault(name, []).append(took)
                kinds.setdefault("undo", []).append(back)
    start = time.perf_counter()
    page = json.dumps(drawing.page())
    print(f"  {'page':16} {1000 * (time.perf_counter() - start):6.0f} ms, {len(page) / 1e6:.1f} MB, once")
    for name, took in kinds.items():
        print(f"  {name:16} median {np.median(took):6.0f} ms, longest {max(took):6.0f} ms")
    start = time.perf_counter()
    session.journeys([], "gp", int(np.argmax(np.where(np.isfinite(before.times_s), before.times_s, 0))))
    print(f"  {'longest route':16} {1000 * (time.perf_counter() - start):6.0f} ms")
    start = time.perf_counter()
    found = suggest(session, [], "gp")
    print(f"  {'suggest':16} {1000 * (time.perf_counter() - start):6.0f} ms ({found.tried} of {found.all} cells tried)")


def main(keys: list[str]) -> None:
    """Measure the requested networks."""
    for key in keys or ["iceland", "1m"]:
        if key == "iceland":
            state = PlannerState(solve_study(load_study("configs/iceland.toml"), show=False))
        else:
            state = PlannerState(made_up(load(key).network))
        network = state.network
        print(f"{key}: {network.n_nodes} nodes, {len(state.people)} cells, {len(state.plan.sites['gp'])} sites")
        measure(state)


if __name__ == "__main__":
    asked = sys.argv[1:]
    if unknown := [key for key in asked if key not in {"iceland", *SIZES}]:
        sys.exit(f"unknown: {', '.join(unknown)}; there are iceland, {', '.join(SIZES)}")
    main(asked)

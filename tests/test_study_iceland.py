"""Iceland, the bundled sample, as `make run` computes it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from straight import straight_ds

from geoaccess.network import EdgeKind, snap
from geoaccess.study import load_study, run_study, stages

ROOT = Path(__file__).parents[1]
TOTAL = 357_021
SERVICES = {"gp": 73, "legevakt": 32, "hospital": 9, "ambulance_base": 35}
CUTS = [925, 870, 775, 670, 565]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    study = load_study(ROOT / "configs" / "iceland.toml")
    folder = tmp_path_factory.mktemp("iceland")
    places = {"output": str(folder / "out"), "cache": str(folder / "cache")}
    return run_study(replace(study, settings=study.settings.model_copy(update=places)), show=False)


@pytest.fixture(scope="module")
def cells(answers):
    return gpd.read_parquet(answers.study.output / "cells.parquet")


@pytest.fixture(scope="module")
def record(answers):
    return json.loads((answers.study.output / "run.json").read_text(encoding="utf-8"))


def test_the_people_are_those_of_the_grid(answers, cells, data):
    grid = pd.read_csv(data / "iceland" / "population_1km_2019.csv").set_index("cell_id")
    assert grid["population"].sum() == TOTAL
    assert answers.population == TOTAL
    assert cells["population"].to_dict() == grid["population"].to_dict()
    corners = cells.geometry.bounds
    assert (corners["minx"] == grid["x_3035"]).all()
    assert (corners["miny"] == grid["y_3035"]).all()
    assert (cells.geometry.area == 1e6).all()


def test_sites_stand_in_the_municipality_that_they_are_known_to_stand_in(answers):
    # Hólmavík is the seat of Strandabyggð, whose neighbour has the nearest inhabited square; Salahverfi is a quarter of
    # Kópavogur, at the border of Reykjavík, and Skútahraun a street of Hafnarfjörður, at that of Garðabær.
    known = {"2575752893": "Strandabyggð", "828000975": "Kópavogsbær", "172051854": "Hafnarfjarðarkaupstaður"}
    found = stages.municipalities_at(answers.study, answers.sites.geometry, answers.results, answers.zones)
    for number, name in known.items():
        here = found[found.index.str.endswith(number)]
        assert len(here)
        assert set(here["municipality"]) == {name}


@pytest.mark.parametrize("name", ["municipalities", "classes", "everybody"])
def test_everybody_is_in_every_table_to_the_person(answers, name):
    table = pd.read_csv(answers.study.output / f"{name}.csv")
    assert table.groupby("service")["population"].sum().to_dict() == dict.fromkeys(SERVICES, TOTAL)
    assert (table["reached"] + table["unreached"] == table["population"]).all()
    reasons = [column for column in table if column.startswith("unreached_")]
    assert (table[reasons].sum(axis=1) == table["unreached"]).all()


def test_everybody_is_in_every_file_of_cells(answers, cells):
    assert cells["population"].sum() == TOTAL
    package = gpd.read_file(answers.study.output / "study.gpkg", layer="cells")
    assert package["population"].sum() == TOTAL
    assert len(package) == len(cells) == 1606
    islands = pd.read_csv(answers.study.output / "islands.csv")
    assert islands["people"].sum() == TOTAL
    indices = pd.read_csv(answers.study.output / "equity.csv")
    assert (indices[["n_people_in", "n_people_unranked", "n_people_unreached"]].sum(axis=1) == TOTAL).all()
    assert (indices["low"].notna() & (indices["low"] <= indices["high"])).all()


def test_the_record_counts_what_was_read_and_found(answers, record, cells, data):
    assert record["counts"]["cells"] == 1606
    assert record["counts"]["cells_not_snapped"] == cells["off_network_m"].isna().sum()
    assert record["counts"]["sites"] == SERVICES
    assert record["counts"]["sites_proxy"] == 34
    assert record["counts"]["sites_not_snapped"] == []
    assert record["counts"]["people_without_municipality"] == cells["population"][cells["municipality_id"] == ""].sum()
    assert record["counts"]["people_without_municipality"] <= 30
    assert record["network"]["from_cache"] is False
    assert record["network"]["ferry_ways"] == 29
    assert record["network"]["way_nodes_missing"] == 0
    extract = data / "iceland" / "iceland-2019.osm.pbf"
    assert record["inputs"]["osm 1"]["sha256"] == hashlib.sha256(extract.read_bytes()).hexdigest()
    for path in answers.files:
        if path.name != "run.json":
            assert record["results"][path.name] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("service", SERVICES)
def test_the_record_balances_people_in_and_out(record, cells, service):
    counts = record["people"][service]
    assert counts["people_in"] == TOTAL
    assert counts["people_reached"] + sum(counts["people_unreached"].values()) == TOTAL
    assert counts["people_reached"] == cells["population"][np.isfinite(cells[f"{service}_s"])].sum()
    assert counts["people_reached"] > 0.99 * TOTAL


@pytest.mark.parametrize("service", SERVICES)
def test_the_second_nearest_is_another_site_and_not_nearer(answers, cells, service):
    both = np.isfinite(cells[f"{service}_second_s"])
    assert both.mean() > 0.9
    assert (cells[f"{service}_second_s"][both] >= cells[f"{service}_s"][both]).all()
    assert (cells[f"{service}_second_site"][both] != cells[f"{service}_site"][both]).all()
    known = answers.sites.index[answers.sites["service"] == service]
    assert cells.loc[both, [f"{service}_site", f"{service}_second_site"]].isin(known).all(axis=None)


@pytest.mark.parametrize("service", ["hospital", "ambulance_base"])
def test_times_are_those_of_an_independent_search(answers, cells, service):
    """Dijkstra by scipy on the bare edges, in the direction of the people or of the ambulance, which sets out later."""
    away = service == "ambulance_base"
    settings, start_s = answers.study.settings, answers.study.response.start_s if away else 0.0
    network = answers.vehicles.plain if away else answers.network
    how = {
        "max_snap_m": settings.snap.max_m,
        "off_network_kph": settings.snap.off_network_kph,
        "min_component_m": settings.network.min_component_km * 1000,
    }
    at = snap(network, cells, **how)
    sites = snap(network, answers.sites[answers.sites["service"] == service], **how)
    tail = np.repeat(np.arange(network.n_nodes), np.diff(network.arcs.start))
    head, cost = network.arcs.head, network.arcs.cost_ds.astype(float)
    leave_u, leave_v, arrive_u, arrive_v = network.ends
    begin, end = network.junctions

    def nodes(places, ends, junction):  # what is at a junction is left to all its streets
        node = places["node"].to_numpy()
        return np.where(node >= 0, junction[np.maximum(node, 0)], ends[places["edge"].to_numpy()])

    tail, head = (tail, head) if away else (head, tail)  # towards sites: against the arcs, from the sites
    numbers = network.n_nodes + np.arange(len(sites))
    edge = sites["edge"].to_numpy()
    for name, ends in (("u", leave_u if away else arrive_u), ("v", leave_v if away else arrive_v)):
        legs = sites[f"to_{name}_ds" if away else f"from_{name}_ds"].to_numpy()
        at_site = nodes(sites, ends, begin if away else end)
        tail, head = np.concatenate([tail, numbers]), np.concatenate([head, at_site])
        cost = np.concatenate([cost, np.where(legs < 0, -1, legs + sites["off_network_ds"])])
    usable = (cost >= 0) & (tail != head)
    table = pd.DataFrame({"tail": tail[usable], "head": head[usable], "cost": cost[usable] + 1e-6})
    table = table.groupby(["tail", "head"], as_index=False)["cost"].min()  # a sparse matrix would add up parallel edges
    size = network.n_nodes + len(sites)
    graph = coo_array((table["cost"], (table["tail"], table["head"])), shape=(size, size)).tocsr()
    least = dijkstra(graph, indices=numbers, min_only=True)
    tested = (at["edge"] >= 0) & ~at["edge"].isin(edge)  # along one edge there is a shorter way than by its ends
    rows = at[tested]
    ways = []
    for name, ends in (("u", arrive_u if away else leave_u), ("v", arrive_v if away else leave_v)):
        legs = rows[f"from_{name}_ds" if away else f"to_{name}_ds"].to_numpy()
        ways.append(np.where(legs < 0, np.inf, legs + least[nodes(rows, ends, end if away else begin)]))
    expected = (np.minimum(*ways) + rows["off_network_ds"].to_numpy()) / 10
    walks = [[straight_ds(p, q) for q in sites.itertuples()] for p in rows.itertuples()]
    on_foot = [min((walk for walk in some if walk is not None), default=np.inf) for some in walks]
    expected = np.minimum(expected, np.array(on_foot) / 10)
    assert tested.sum() > 1000
    np.testing.assert_allclose(cells[f"{service}_s"][tested], start_s + expected, atol=0.01)


def test_municipalities_are_the_sums_of_their_cells(answers, cells):
    table = pd.read_csv(answers.study.output / "municipalities.csv")
    names = cells["municipality_id"].replace("", "unclassified")
    for service in SERVICES:
        found = table[table["service"] == service].set_index("municipality_id")
        reached = np.isfinite(cells[f"{service}_s"])
        assert found["population"].to_dict() == cells["population"].groupby(names).sum().to_dict()
        assert found["reached"].to_dict() == cells["population"].where(reached, 0).groupby(names).sum().to_dict()
        weighted = (cells["population"] * cells[f"{service}_s"])[reached].groupby(names[reached]).sum()
        mean = weighted / cells["population"][reached].groupby(names[reached]).sum()
        assert found["mean_s"].dropna().to_dict() == pytest.approx(mean.to_dict(), rel=1e-4)


def test_municipalities_are_about_as_large_as_they_were(answers, cells):
    """Statistics Iceland, 1 January 2019, to the nearest thousand; the grid cuts their borders by kilometres."""
    people = cells.groupby("municipality")["population"].sum()
    known = {"Reykjavíkurborg": 129_000, "Hafnarfjarðarkaupstaður": 30_000}
    known |= {"Akureyrarkaupstaður": 19_000, "Reykjanesbær": 19_000, "Vestmannaeyjabær": 4_300}
    assert people[list(known)].to_dict() == pytest.approx(known, rel=0.15)
    assert 60 <= len(people.drop("")) <= 75
    assert (cells["region"] != "").mean() > 0.95


def test_all_six_classes_are_there_and_follow_the_index(answers, cells):
    table = answers.centrality
    assert table["centrality_index"].max() == 1000
    expected = [1 + sum(index < cut for cut in CUTS) for index in table["centrality_index"]]
    assert table["centrality_class"].tolist() == expected
    assert Counter(cells["centrality_class"].dropna()).keys() == {1, 2, 3, 4, 5, 6}
    by_municipality = cells.drop_duplicates("municipality_id").set_index("municipality_id")["centrality_class"]
    assert by_municipality["r2580603"] == 1  # Kópavogur, in the capital
    written = pd.read_csv(answers.study.output / "classes.csv", dtype={"centrality_class": str})
    assert set(written["centrality_class"]) == {*"123456", "unclassified"}


def test_people_in_the_least_central_class_need_longer(answers):
    table = pd.read_csv(answers.study.output / "classes.csv", dtype={"centrality_class": str})
    for service in SERVICES:
        mean = table[table["service"] == service].set_index("centrality_class")["mean_s"]
        assert mean["6"] > 2 * mean["1"]


def test_the_islands_depend_on_their_ferries(answers):
    islands = answers.islands
    ferry = islands[islands["tied_by"] == "car ferry"]
    vestmannaeyjar = ferry[ferry["municipality"] == "Vestmannaeyjabær"]
    assert vestmannaeyjar["people"].tolist() == [4301]
    assert islands["tied_by"].iloc[0] == "mainland"
    assert islands["people"].iloc[0] > 0.98 * TOTAL
    own = answers.results[answers.results["municipality"] == "Vestmannaeyjabær"]
    assert (own["hospital_site"] == "hospital-n457702046").all()  # at the centre of the town: the extract has none
    assert (own["hospital_s"] < 1800).all()


def test_the_map_and_the_pictures_are_there(answers):
    page = (answers.study.output / "index.html").read_text(encoding="utf-8")
    assert answers.study.settings.title in page
    assert "bases are a proxy" in page
    assert "OpenStreetMap" in page
    for name in ("curves", "lorenz", *(f"map_{service}" for service in SERVICES)):
        content = (answers.study.output / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 20_000


@pytest.mark.parametrize("service", SERVICES)
def test_a_raster_holds_everybody_who_is_reached(answers, cells, service):
    with rasterio.open(answers.study.output / f"{service}.tif") as raster:
        assert raster.crs.to_epsg() == 3035
        assert raster.res == (1000, 1000)
        centres = cells.geometry.centroid
        sampled = list(raster.sample(zip(centres.x, centres.y, strict=True), indexes=1, masked=True))
    values = np.ma.concatenate(sampled).astype(float).filled(np.nan)
    reached = np.isfinite(cells[f"{service}_s"]).to_numpy()
    assert values[reached] == pytest.approx(cells[f"{service}_s"][reached].to_numpy() / 60, rel=1e-5)


def test_the_stand_ins_are_marked(answers):
    sites = pd.read_csv(answers.study.output / "sites.csv")
    assert sites["proxy"].sum() == 34
    assert set(sites[sites["proxy"]]["service"]) == {"ambulance_base"}
    assert sites["note"].notna().all()


def test_kinds_of_edges_are_all_there(answers):
    kinds = Counter(answers.network.edge_kind.tolist())
    assert kinds[EdgeKind.ROAD] > 50_000
    assert kinds[EdgeKind.FERRY] >= 9
    assert kinds[EdgeKind.BOARDING] >= 9
    assert kinds[EdgeKind.ON_FOOT] > 0

"""A country of eight cells, small enough to compute by hand, through the whole of a study."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pyproj
import pytest

from geoaccess.phrases import NOTHING
from geoaccess.progress import Stages
from geoaccess.questions import list_ferries
from geoaccess.study import check, describe_network, load_study, main_table, solve_study, stages

# Kilometres from a corner in EPSG:25833: towns on a road to the east, a bay beyond the sea, islands.
ORIGIN_E, ORIGIN_N = 500_000, 7_700_000
PLACES = {
    "west": (0.5, 0.5),
    "middle": (10.5, 0.5),
    "east": (22.5, 0.5),
    "north": (22.5, 10.5),
    "quay": (22.5, -9.5),
    "isle": (27.5, -9.5),
    "skerry": (10.5, -9.5),
    "hut": (15.5, -9.5),
    "rock": (-14.5, 0.5),
    "holm": (-9.5, 0.5),
    "gate": (4.5, 2.4),
    "shed": (7.0, 2.4),
}
KEYS = list(PLACES)
WAYS = [
    ("west middle", {"highway": "primary", "maxspeed": "60"}),
    ("middle east", {"highway": "primary", "maxspeed": "60"}),
    ("east north", {"highway": "primary", "maxspeed": "30"}),
    ("middle north", {"highway": "primary", "maxspeed": "80", "oneway": "yes"}),
    ("quay isle", {"highway": "primary", "maxspeed": "60"}),
    ("skerry hut", {"highway": "primary", "maxspeed": "60"}),
    ("rock holm", {"highway": "primary", "maxspeed": "60"}),
    (
        "east quay",
        {"route": "ferry", "name": "Car ferry", "duration": "00:30", "interval": "00:20", "motor_vehicle": "yes"},
    ),
    ("middle skerry", {"route": "ferry", "name": "Boat", "duration": "00:40", "motor_vehicle": "no"}),
    ("gate shed", {"highway": "track"}),  # 2.5 km that lead nowhere: nobody's way to anything
]
# Lower-left corners in kilometres, and people; a centre lies half a kilometre further.
CELLS = {
    "west": (0, 0, 1009),
    "farm": (5, 2, 13),
    "middle": (10, 0, 503),
    "north": (22, 10, 211),
    "isle": (27, -10, 101),
    "hut": (15, -10, 31),
    "holm": (-10, 0, 53),
    "wild": (40, 15, 7),
}
PEOPLE = {key: people for key, (_, _, people) in CELLS.items()}
TOTAL = 1928
SITES = [("gp", "west"), ("gp", "east"), ("hospital", "west"), ("ambulance_base", "middle"), ("birth_unit", "holm")]
SERVICES = ["gp", "hospital", "ambulance_base", "birth_unit"]
ZONES = {
    "0101": ("West", (-16, -3, 8, 12), 1, 950),
    "0102": ("East", (8, -3, 30, 12), 3, 800),
    "0103": ("South", (8, -12, 30, -3), 6, 400),
}
FLAT = Path(__file__).with_name("flat.toml")

STUDY = """
title = "A small country"
disclaimer = "made up: for tests"
output = "out"
cache = "cache"
attribution = ["made up"]

[network]
osm = ["roads.osm.pbf"]
profile = "flat.toml"
min_component_km = 3

[snap]
max_m = 2500
off_network_kph = 4

[population]
file = "people.csv"
people = "people"
year = 2024
source = "made up"

[services.gp]
label = "GP"
norms_min = [10]

[services.hospital]
label = "Hospital"
norms_min = [20, 60]

[services.ambulance_base]
label = "Ambulance"
toward = "cells"
norms_min = [12]
proxy_note = "a stand-in"

[services.birth_unit]
label = "Birth unit"

[[sites]]
kind = "file"
file = "sites.csv"
columns = { id = "id" }

[zones]
kind = "file"
file = "municipalities.geojson"
id = "number"
name = "called"
max_nearest_m = 5000

[centrality]
kind = "table"
file = "centrality.csv"
year = 2024
source = "made up"
"""
TO_DEGREES = pyproj.Transformer.from_crs(25833, 4326, always_xy=True)
EARTH = pyproj.Geod(ellps="WGS84")


def degrees(x_km, y_km):
    return TO_DEGREES.transform(ORIGIN_E + 1000 * x_km, ORIGIN_N + 1000 * y_km)


def cell_id(key):
    x_km, y_km, _ = CELLS[key]
    return f"CRS25833RES1000mN{ORIGIN_N + 1000 * y_km}E{ORIGIN_E + 1000 * x_km}"


def write_roads(path, ways=WAYS, features=()):
    """Write an extract of ways between places, and of features (x_km, y_km, tags) numbered from 101."""
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, key in enumerate(KEYS, start=1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=degrees(*PLACES[key]), version=1))
        for number, (x_km, y_km, tags) in enumerate(features, start=101):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=degrees(x_km, y_km), tags=tags, version=1))
        for number, (ends, tags) in enumerate(ways, start=1):
            nodes = [KEYS.index(key) + 1 for key in ends.split()]
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags, version=1))


def write_study(folder, text=STUDY):
    """Write the study and all it needs into a folder; return the study file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flat.toml").write_text(FLAT.read_text(encoding="utf-8"), encoding="utf-8")
    write_roads(folder / "roads.osm.pbf")
    rows = [f"{cell_id(key)},{people}" for key, people in PEOPLE.items()]
    (folder / "people.csv").write_text("\n".join(["cell_id,people", *rows, ""]))
    rows = []
    for service, key in SITES:
        lon, lat = degrees(*PLACES[key])
        rows.append(f"{service}-{key},{service},{key},{lon:.7f},{lat:.7f},{'yes' if service[0] == 'a' else 'no'}")
    (folder / "sites.csv").write_text("\n".join(["id,service,name,lon,lat,proxy", *rows, ""]))
    features = []
    for number, (name, (west, south, east, north), _, _) in ZONES.items():
        ring = [degrees(*at) for at in ((west, south), (east, south), (east, north), (west, north), (west, south))]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"number": number, "called": name}, "geometry": shape})
    (folder / "municipalities.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    rows = [f"{number},{klass},{index}" for number, (_, _, klass, index) in ZONES.items()]
    header = "kommunenummer,sentralitetsklasse,sentralitetsindeks"
    (folder / "centrality.csv").write_text("\n".join([header, *rows, ""]))
    (folder / "study.toml").write_text(text)
    return folder / "study.toml"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("tiny"))), show=False)


@pytest.fixture(scope="module")
def by_place(answers):
    return answers.results.set_axis(
        [next(key for key in CELLS if cell_id(key) == label) for label in answers.results.index]
    )


def drive_s(a, b, kph):
    """Seconds along a straight road, by the geodesic."""
    return EARTH.inv(*degrees(*PLACES[a]), *degrees(*PLACES[b]))[2] * 3.6 / kph


MAIN = drive_s("west", "middle", 60)
FURTHER = drive_s("middle", "east", 60)
STEEP = drive_s("east", "north", 30)
SHORT_CUT = drive_s("middle", "north", 80)
ISLE = drive_s("quay", "isle", 60)
FERRY = 20 * 60 / 2 + 30 * 60  # half the headway, and the crossing
FARM = EARTH.inv(*degrees(5.5, 0.5), *degrees(5.5, 2.5))[2] * 3.6 / 4  # on foot to the road, at its middle

TIMES = {
    "gp": {
        "west": (0, "gp-west", MAIN + FURTHER, "gp-east"),
        "farm": (FARM + MAIN / 2, "gp-west", FARM + MAIN / 2 + FURTHER, "gp-east"),
        "middle": (MAIN, "gp-west", FURTHER, "gp-east"),
        "north": (STEEP, "gp-east", STEEP + FURTHER + MAIN, "gp-west"),
        "isle": (ISLE + FERRY, "gp-east", ISLE + FERRY + FURTHER + MAIN, "gp-west"),
    },
    "hospital": {
        "west": (0, "hospital-west", np.inf, ""),
        "farm": (FARM + MAIN / 2, "hospital-west", np.inf, ""),
        "middle": (MAIN, "hospital-west", np.inf, ""),
        "north": (STEEP + FURTHER + MAIN, "hospital-west", np.inf, ""),
        "isle": (ISLE + FERRY + FURTHER + MAIN, "hospital-west", np.inf, ""),
    },
    # The ambulance comes by the one-way short cut that people cannot take to it.
    "ambulance_base": {
        "west": (MAIN, "ambulance_base-middle", np.inf, ""),
        "farm": (FARM + MAIN / 2, "ambulance_base-middle", np.inf, ""),
        "middle": (0, "ambulance_base-middle", np.inf, ""),
        "north": (SHORT_CUT, "ambulance_base-middle", np.inf, ""),
        "isle": (FURTHER + FERRY + ISLE, "ambulance_base-middle", np.inf, ""),
    },
    "birth_unit": {"holm": (0, "birth_unit-holm", np.inf, "")},
}
CUT_OFF = {"hut": "passenger_ferry_only", "holm": "road_not_connected", "wild": "no_road_within"}


def expected_reason(service, key):
    if key in TIMES[service]:
        return ""
    return CUT_OFF.get(key, "no_site_reachable")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("key", CELLS)
def test_times_are_those_computed_by_hand(by_place, service, key):
    row = by_place.loc[key]
    found = [row[f"{service}{suffix}"] for suffix in ("_s", "_site", "_second_s", "_second_site")]
    if key == "wild":
        assert np.isnan([found[0], found[2]]).all()
        assert found[1::2] == ["", ""]
    elif key not in TIMES[service]:
        assert found == [np.inf, "", np.inf, ""]
    else:
        expected = TIMES[service][key]
        assert found[1::2] == list(expected[1::2])
        assert found[::2] == pytest.approx(expected[::2], abs=2.0 if key == "farm" else 0.5)
    assert row[f"{service}_reason"] == expected_reason(service, key)


def test_the_leg_to_the_road_is_measured(by_place):
    assert by_place["off_network_m"]["farm"] == pytest.approx(FARM / 3.6 * 4, abs=2)
    assert np.isnan(by_place["off_network_m"]["wild"])
    assert (by_place["off_network_m"].drop(["farm", "wild"]) < 0.1).all()


def test_nobody_is_lost(answers):
    results = answers.results
    assert answers.population == TOTAL == sum(PEOPLE.values())
    assert results["population"].sum() == TOTAL
    for service in SERVICES:
        reached = results[f"{service}_reason"] == ""
        assert results["population"][reached].sum() == sum(PEOPLE[key] for key in TIMES[service])
        assert np.isfinite(results[f"{service}_s"][reached]).all()
        assert not np.isfinite(results[f"{service}_s"][~reached]).any()
        assert ((results[f"{service}_site"] != "") == reached).all()


def test_results_have_the_columns_that_were_agreed(answers):
    columns = ["population", "municipality_id", "municipality", "region", "centrality_index", "centrality_class"]
    for service in SERVICES:
        columns += [f"{service}{suffix}" for suffix in ("_s", "_site", "_second_s", "_second_site", "_reason")]
    assert [column for column in [*columns, "off_network_m", "geometry"] if column not in answers.results] == []
    assert answers.results.index.name == "cell_id"
    assert answers.results.index.tolist() == [cell_id(key) for key in CELLS]
    assert answers.results["centrality_class"].dtype == "Int8"
    assert answers.results.crs.to_epsg() == 25833


def test_municipality_and_class_of_each_cell(by_place):
    west, east, south, nowhere = ("0101", "West", 1), ("0102", "East", 3), ("0103", "South", 6), ("", "", None)
    expected = [west, west, east, east, south, south, west, nowhere]
    columns = by_place[["municipality_id", "municipality", "centrality_class"]].astype(object)
    assert [tuple(row) for row in columns.where(columns.notna(), None).to_numpy()] == expected
    assert by_place["centrality_index"].iloc[:7].tolist() == [950, 950, 800, 800, 400, 400, 950]
    assert np.isnan(by_place["centrality_index"].iloc[7])


def test_places_cut_off_are_distinguished(answers):
    islands = answers.islands
    assert islands[["tied_by", "people", "cells"]].to_numpy().tolist() == [
        ["mainland", 1736, 4],
        ["car ferry", 101, 1],
        ["nothing", 53, 1],
        ["passenger ferry", 31, 1],
        ["no road", 7, 1],
    ]
    assert islands["municipality"].tolist()[:4] == ["West", "South", "West", "South"]
    assert islands["people"].sum() == TOTAL


@pytest.mark.parametrize("by", [None, "centrality_class", ["municipality_id", "municipality"]])
def test_summaries_hold_everybody(answers, by):
    table = answers.summary(by)
    assert table.groupby("service")["population"].sum().to_dict() == dict.fromkeys(SERVICES, TOTAL)
    assert (table["reached"] + table["unreached"] == table["population"]).all()
    reasons = [name for name in table if name.startswith("unreached_")]
    assert (table[reasons].sum(axis=1) == table["unreached"]).all()


def test_summaries_are_what_pandas_makes_of_the_cells(answers):
    table = answers.summary("centrality_class").set_index(["service", "centrality_class"])
    groups = answers.results["centrality_class"].astype("str").replace("<NA>", "unclassified")
    for service in SERVICES:
        for group, cells in answers.results.groupby(groups):
            row, people = table.loc[service, group], cells["population"]
            reached = cells[f"{service}_reason"] == ""
            assert row["population"] == people.sum()
            assert row["reached"] == people[reached].sum()
            if reached.any():
                mean = np.average(cells[f"{service}_s"][reached], weights=people[reached])
                assert row["mean_s"] == pytest.approx(mean)
            for number, norm_s in enumerate({"gp": [600], "hospital": [1200, 3600]}.get(service, []), start=1):
                within = people[cells[f"{service}_s"] <= norm_s].sum()
                assert row[f"norm_{number}_s"] == norm_s
                assert row[f"share_within_norm_{number}"] == pytest.approx(within / people.sum())
                assert row[f"people_beyond_norm_{number}"] == people.sum() - within


def test_the_order_of_input_rows_does_not_matter(answers, tmp_path):
    path = write_study(tmp_path / "turned")
    for name in ("people.csv", "sites.csv", "centrality.csv"):
        lines = (path.parent / name).read_text().splitlines()
        (path.parent / name).write_text("\n".join([lines[0], *reversed(lines[1:]), ""]))
    turned = solve_study(load_study(path), show=False)
    expected = pd.DataFrame(answers.results.drop(columns="geometry"))
    pd.testing.assert_frame_equal(pd.DataFrame(turned.results.drop(columns="geometry")).loc[expected.index], expected)


def test_solving_writes_the_cache_and_nothing_else(tmp_path):
    path = write_study(tmp_path / "a")
    before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    solve_study(load_study(path), show=False)
    assert {item.name for item in path.parent.iterdir()} == {*before, "cache"}
    assert all((path.parent / name).read_bytes() == content for name, content in before.items())


def test_a_country_in_no_municipality_still_has_answers(tmp_path):
    """The extract has no boundaries: that is said by who does not require them."""
    before, rest = STUDY.split("[zones]")
    zones = '[zones]\nkind = "osm"\nlevel = 7\nrequired = false\n\n'
    path = write_study(tmp_path / "a", before + zones + rest[rest.index("[centrality]") :])
    answers = solve_study(load_study(path), show=False)
    assert set(answers.results["municipality_id"]) == {""}
    assert answers.summary("centrality_class").query("service == 'gp'")["population"].tolist() == [TOTAL]
    assert len(main_table(answers)) == len(SERVICES)


def test_classes_computed_are_those_computed_by_hand(tmp_path):
    """Statistics Norway's method as the study describes it, on travel times of networkx."""
    roads = nx.DiGraph()
    both_ways = {"west middle": MAIN, "middle east": FURTHER, "east north": STEEP, "quay isle": ISLE}
    both_ways |= {"farm west": FARM + MAIN / 2, "farm middle": FARM + MAIN / 2, "east quay": FERRY}
    for ends, seconds in both_ways.items():
        roads.add_edge(*ends.split(), s=seconds)
        roads.add_edge(*reversed(ends.split()), s=seconds)
    roads.add_edge("middle", "north", s=SHORT_CUT)
    roads.add_nodes_from(["hut", "holm"])

    def weight(seconds):
        return 10 ** (-seconds / 1800) if seconds <= 3000 else 0

    homes = [key for key in CELLS if key != "wild"]
    times = dict(nx.all_pairs_dijkstra_path_length(roads, weight="s"))
    jobs = {a: sum(PEOPLE[b] * weight(times[a].get(b, np.inf)) for b in homes) for a in homes}
    kinds = {a: weight(TIMES["gp"].get(a, [np.inf])[0]) for a in homes}  # no service counts that is not named
    shop = {a: weight(times[a].get("east", np.inf)) for a in homes}
    parts = [{a: np.log1p(jobs[a]) for a in homes}, {a: np.log1p(kinds[a] + shop[a]) for a in homes}]
    central = {
        a: sum(w * part[a] / max(part.values()) for w, part in zip((0.75, 0.25), parts, strict=True)) for a in homes
    }
    members = {"0101": ["west", "farm", "holm"], "0102": ["middle", "north"], "0103": ["isle", "hut"]}
    mean = {m: np.average([central[a] for a in at], weights=[PEOPLE[a] for a in at]) for m, at in members.items()}
    expected = {m: 995 * value / max(mean.values()) for m, value in mean.items()}

    computed = """kind = "computed"
cutoff_min = 50
tenth_at_min = 30
weights = [3, 1]
cuts = [990, 980, 970, 960, 500]
note = "by hand"
profile = "flat.toml"
most_central = 995
[centrality.functions]
doctor = "gp"
shop = [{ shop = "yes" }]
nothing = [{ shop = "none" }]
"""
    path = write_study(tmp_path / "a", STUDY[: STUDY.index('kind = "table"')] + computed)
    write_roads(path.parent / "roads.osm.pbf", features=[(*PLACES["east"], {"shop": "yes"})])
    answers = solve_study(load_study(path), show=False)
    assert answers.centrality["centrality_index"].to_dict() == pytest.approx(expected, abs=1)
    assert answers.centrality["centrality_index"].max() == 995
    cuts = [990, 980, 970, 960, 500]
    classes = {m: 1 + sum(value < cut for cut in cuts) for m, value in expected.items()}
    assert answers.centrality["centrality_class"].to_dict() == classes
    found = answers.results.groupby("municipality_id")["centrality_class"].first().drop("")
    assert found.to_dict() == classes


def test_sites_of_mapped_features_are_found_named_clipped_and_merged(tmp_path):
    mapped = [
        (0.5, 0.5, {"amenity": "doctors", "name": "West"}),
        (0.55, 0.5, {"amenity": "doctors", "name": "West again"}),
        (10.5, 0.5, {"amenity": "doctors", "name": "A dentist"}),
        (22.5, 0.5, {"amenity": "doctors"}),
        (27.5, -9.5, {"amenity": "doctors", "name": "Beyond the box"}),
    ]
    source = """kind = "osm"
service = "gp"
tags = [{ amenity = "doctors" }]
without_names = ["dentist"]
clip = true
merge_within_m = 100

[[sites]]
kind = "file"
where = { service = ["hospital", "ambulance_base", "birth_unit"] }
"""
    west, south, east, north = *degrees(-20, -3), *degrees(25, 12)
    text = STUDY.replace('kind = "file"\nfile = "sites.csv"', f'{source}file = "sites.csv"')
    clip = f'people = "people"\nclip = [{west}, {south}, {east}, {north}]'
    path = write_study(tmp_path / "a", text.replace('people = "people"', clip))
    write_roads(path.parent / "roads.osm.pbf", features=mapped)
    answers = solve_study(load_study(path), show=False)
    assert answers.sites.index[answers.sites["service"] == "gp"].tolist() == ["gp-n101", "gp-n104"]
    assert sorted(answers.results.index) == sorted(map(cell_id, ["west", "farm", "middle", "north", "holm"]))
    assert answers.results.loc[cell_id("north"), "gp_site"] == "gp-n104"
    assert answers.results.loc[cell_id("north"), "gp_s"] == pytest.approx(STEEP, abs=0.5)


def test_sites_of_a_file_are_clipped_and_merged(tmp_path):
    west, south, east, north = *degrees(-20, -3), *degrees(25, 12)
    text = STUDY.replace('people = "people"', f'people = "people"\nclip = [{west}, {south}, {east}, {north}]')
    path = write_study(
        tmp_path / "a", text.replace('{ id = "id" }', '{ id = "id" }\nclip = true\nmerge_within_m = 100')
    )
    rows = [
        f"gp-{name},gp,,{lon},{lat}," for name, (lon, lat) in {"x": degrees(0.55, 0.5), "y": degrees(27, -9)}.items()
    ]
    with (path.parent / "sites.csv").open("a") as file:
        file.write("\n".join([*rows, ""]))
    sites = solve_study(load_study(path), show=False).sites
    assert sites.index[sites["service"] == "gp"].tolist() == ["gp-east", "gp-west"]


def test_a_cell_beyond_the_limit_of_the_study_is_not_snapped(tmp_path):
    path = write_study(tmp_path / "a", STUDY.replace("max_m = 2500", "max_m = 1500"))
    results = solve_study(load_study(path), show=False).results
    beyond = results["off_network_m"].isna()
    assert beyond[beyond].index.tolist() == [cell_id("farm"), cell_id("wild")]
    assert set(results[beyond]["gp_reason"]) == {"no_road_within"}


def test_municipalities_may_stand_in_the_table_of_people(tmp_path):
    zones = 'kind = "column"\ncolumn = "home"\nnames_file = "names.csv"\nnames_id = "id"\n\n'
    before, after = STUDY.split('kind = "file"\nfile = "municipalities.geojson"')
    path = write_study(tmp_path / "a", f"{before}{zones}[centrality]{after.split('[centrality]')[1]}")
    homes = dict(zip(CELLS, ["0101", "0101", "0102", "0102", "0103", "0103", "0101", "0103"], strict=True))
    rows = [f"{cell_id(key)},{PEOPLE[key]},{home}" for key, home in homes.items()]
    (path.parent / "people.csv").write_text("\n".join(["cell_id,people,home", *rows, ""]))
    (path.parent / "names.csv").write_text("id,name\n0101,Vest\n0102,Aust\n")
    answers = solve_study(load_study(path), show=False)
    assert answers.results["municipality_id"].tolist() == [*homes.values()]
    # One without a name goes by its number.
    assert answers.results["municipality"].tolist() == [
        {"0101": "Vest", "0102": "Aust", "0103": "0103"}[home] for home in homes.values()
    ]
    assert answers.results["centrality_class"].tolist() == [
        {"0101": 1, "0102": 3, "0103": 6}[h] for h in homes.values()
    ]
    assert answers.municipalities is None


def test_the_main_table_says_the_main_result(answers):
    table = main_table(answers).set_index("service")
    assert table.index.tolist() == ["GP", "Hospital", "Ambulance", "Birth unit"]
    assert table["unreached"].tolist() == ["91", "91", "91", "1,875"]
    # Of 1928 people 1009 live in the west; the 964th of them waits 0 minutes for a gp.
    assert table["median min"].tolist() == ["0.0", "0.0", "10.0", "unreached"]
    assert table.loc["GP", "within norm (min)"] == f"{1009 / TOTAL:.1%} in 10"
    assert table.loc["Hospital", "within norm (min)"] == f"{(1009 + 503) / TOTAL:.1%} in 20, {1736 / TOTAL:.1%} in 60"


def test_the_network_is_described_in_the_language_of_the_study(tmp_path):
    path = write_study(tmp_path / "a")
    path.write_text('language = "nb"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    study = load_study(path)
    printed = dict(describe_network(study))
    assert printed["Ferjer"]["tar"].tolist() == ["biler", "bare passasjerer"]
    assert printed["Ferjer"]["overfartstid min"].tolist() == ["30,0", "40,0"]
    assert set(printed["Veier etter forbindelse til fastlandet"]["forbindelse"]) == {
        "fastland", "bilferje", "passasjerbåt", "ingen"
    }  # fmt: skip
    cars, others = list_ferries(study)
    assert cars[0] == "Bilferjer"
    assert cars[1][["type", "km", "overfartstid min"]].to_numpy().tolist() == [["bilferje", "10,0", "30"]]
    assert others[1][["type", "avgangsintervall min"]].to_numpy().tolist() == [["passasjerbåt", NOTHING]]


def test_the_network_is_described(tmp_path):
    tables = describe_network(load_study(write_study(tmp_path / "a")))
    printed = {title.split(" (")[0].split(":")[0]: table for title, table in tables}
    assert [*printed] == [
        "Network",
        "Ferries",
        "Where people live, by connection to the mainland",
        "Roads by connection to the mainland",
        "What was read and left out",
        "Tags that could not be read or decided",
        "Tags of roads and ferries that no rule uses",
    ]
    assert printed["Roads by connection to the mainland"]["km"].sum() == pytest.approx(65.1, abs=0.1)
    assert printed["Ferries"]["name"].tolist() == ["Car ferry", "Boat"]
    assert printed["Ferries"]["takes"].tolist() == ["cars", "passengers only"]
    assert printed["Ferries"]["crossing min"].tolist() == ["30.0", "40.0"]
    assert printed["Ferries"]["wait min"].tolist()[0] == "10.0"
    assert printed["Network"]["km"].sum() == pytest.approx(65.1, abs=0.1)


def test_reading_a_study_before_running_it(tmp_path):
    lines = check(load_study(write_study(tmp_path / "a")))
    assert "8 cells with 1,928 people" in lines
    assert "sites of gp: 2" in lines
    assert "3 municipalities; 7 people in none" in lines
    assert sum(str(tmp_path) in line for line in lines) == 7
    kept = {item.name.partition("-")[0] for item in (tmp_path / "a" / "cache").glob("*")}
    assert {"zones", "network"} <= kept  # kept for the run: the join of cells and municipalities, and the network
    assert "order" not in kept  # nothing is searched
    assert not (tmp_path / "a" / "out").exists()


def test_stages_are_timed_in_their_order_and_silent_when_nobody_watches(answers, capfd):
    stages = Stages(2)
    with stages.running():
        with stages.stage("one"):
            stages.say("half of it")
        with stages.stage("two"):
            pass
    assert [*stages.seconds] == ["one", "two"]
    assert capfd.readouterr() == ("", "")
    assert all(seconds >= 0 for seconds in answers.seconds.values())
    assert len(answers.seconds) == 9


def test_check_says_which_point_of_the_cells_coordinates_were_taken_for(tmp_path):
    file = write_study(tmp_path)
    by_id = stages.read_people(load_study(file))
    bounds = by_id.geometry.bounds
    rows = pd.DataFrame({"people": by_id["population"], "x": bounds["minx"], "y": bounds["miny"]})
    rows.to_csv(tmp_path / "people.csv", index=False)
    size = (bounds["maxx"] - bounds["minx"]).iloc[0]
    place = f'cell_id = "none"\nx = "x"\ny = "y"\ncrs = "EPSG:{by_id.crs.to_epsg()}"\ncell_size_m = {size}'
    file.write_text(file.read_text().replace('people = "people"', f'people = "people"\n{place}'))
    lines = check(load_study(file))
    notes = [line for line in lines if "anchor" in line]
    assert notes == [
        "[population] anchor is not given; taken as lower_left: all coordinates lie on multiples of the cell size"
    ]
    without = stages.read_people(load_study(file))
    assert (without.geometry.to_numpy() == by_id.geometry.to_numpy()).all()
    file.write_text(file.read_text().replace('cell_id = "none"', 'cell_id = "none"\nanchor = "lower_left"'))
    assert not any("anchor" in line for line in check(load_study(file)))

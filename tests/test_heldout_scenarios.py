"""A country with two ferries, computed by hand: what closes, slows, moves or is drawn, and whom it touches.

Minutes between junctions: A to B 20, B to E 22, B to G 13 by the bridge, G to E 12. D on an isle: 10 to the short ferry
(20 minutes across, a boat every half hour), 30 to the long one (30 across, a boat every hour: people wait a quarter).
Everybody lives, and the only sites stand, two kilometres down a side road of their own, which no test touches.
"""

from __future__ import annotations

import json
import math

import numpy as np
import osmium
import pandas as pd
import pytest
from typer.testing import CliRunner

from geoaccess.cli import app
from geoaccess.questions import compare_study, reliability_study, vulnerable_study
from geoaccess.questions.scenario_run import apply_scenario, solve_baseline, solve_scenario
from geoaccess.scenarios import Scenario, combine
from geoaccess.study import load_study, solve_study
from tests.conftest import need
from tests.test_study_tiny import EARTH, FLAT, ORIGIN_E, ORIGIN_N, degrees

NODES = {
    "A": (0.5, 0.5),
    "B": (20.5, 0.5),
    "E": (42.5, 0.5),
    "C": (20.5, 15.5),
    "D": (20.5, 25.5),
    "F": (0.5, 25.5),
    "G": (32.5, -5.5),
    "end-A": (0.5, -6.5),
    "end-B": (20.5, -6.5),
    "end-E": (49.5, 0.5),
    "end-D": (20.5, 31.5),
    "end-G": (32.5, -12.5),
}
HOMES = {"A": (0.5, -1.5), "B": (20.5, -1.5), "E": (44.5, 0.5), "D": (20.5, 27.5), "G": (32.5, -7.5)}
ROAD = {"highway": "primary", "maxspeed": "60"}
WAYS = {
    1: ("A B", ROAD | {"name": "West road"}),
    2: ("B E", ROAD | {"name": "East road"}),
    3: ("B C", {"route": "ferry", "name": "Short", "duration": "00:20", "interval": "00:30", "motor_vehicle": "yes"}),
    4: ("C D", ROAD | {"name": "Isle road"}),
    5: ("A F", {"route": "ferry", "name": "Long", "duration": "00:30", "interval": "01:00", "motor_vehicle": "yes"}),
    6: ("F D", {"highway": "secondary", "maxspeed": "40", "name": "Back road"}),
    7: ("B G", ROAD | {"name": "Bridge", "bridge": "yes"}),
    8: ("G E", ROAD),
    11: ("A end-A", ROAD),
    12: ("B end-B", ROAD),
    13: ("E end-E", ROAD),
    14: ("D end-D", ROAD),
    15: ("G end-G", ROAD),
}
OPEN_TO_CLOSE = [1, 2, 3, 4, 5, 6, 7, 8]
PEOPLE = {"A": 1000, "B": 400, "E": 250, "D": 90, "G": 30}
TOTAL = sum(PEOPLE.values())
GP_NORMS = (30.0, 70.0)
STUDY = """
title = "Two ferries"
output = "out"
cache = "cache"
attribution = ["made up"]
[network]
osm = ["roads.osm.pbf"]
profile = "flat.toml"
min_component_km = 1
[snap]
max_m = 2500
off_network_kph = 5
[population]
file = "people.csv"
people = "people"
year = 2024
source = "made up"
[services.gp]
label = "GP"
norms_min = [30, 70]
[services.hospital]
label = "Hospital"
norms_min = [60]
[[sites]]
kind = "file"
file = "sites.csv"
columns = { id = "id" }
[zones]
kind = "file"
file = "zones.geojson"
id = "number"
name = "called"
max_nearest_m = 5000
[centrality]
kind = "table"
file = "centrality.csv"
year = 2024
source = "made up"
"""


def minutes(a, b, kph=60):
    return EARTH.inv(*degrees(*NODES[a]), *degrees(*NODES[b]))[2] * 0.06 / kph


SIDE = 2.0
"""Minutes from a home to its junction."""


AB, BE, CD, FD = minutes("A", "B"), minutes("B", "E"), minutes("C", "D"), minutes("F", "D", 40)
BG, GE = minutes("B", "G"), minutes("G", "E")
SHORT, LONG = 15 + 20, 15 + 30


def times(**junctions):
    """Return minutes of homes from those of junctions; to a site at one's own home it is nothing."""
    return {key: time + 2 * SIDE if time else 0 for key, time in junctions.items()}


HAND = times(A=0, B=AB, E=AB + BE, G=AB + BG, D=CD + SHORT + AB)
BY_LONG = FD + LONG + 2 * SIDE


def label(key):
    x_km, y_km = HOMES[key]
    return f"CRS25833RES1000mN{int(ORIGIN_N + 1000 * y_km - 500)}E{int(ORIGIN_E + 1000 * x_km - 500)}"


def write(folder, without=()):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flat.toml").write_text(FLAT.read_text(encoding="utf-8"), encoding="utf-8")
    numbers = {key: number for number, key in enumerate(NODES, start=1)}
    with osmium.SimpleWriter(str(folder / "roads.osm.pbf"), overwrite=True) as writer:
        for key, place in NODES.items():
            writer.add_node(osmium.osm.mutable.Node(id=numbers[key], location=degrees(*place), version=1))
        for way, (ends, tags) in WAYS.items():
            if way not in without:
                nodes = [numbers[end] for end in ends.split()]
                writer.add_way(osmium.osm.mutable.Way(id=way, nodes=nodes, tags=tags, version=1))
    rows = [f"{label(key)},{people}" for key, people in PEOPLE.items()]
    (folder / "people.csv").write_text("\n".join(["cell_id,people", *rows, ""]))
    lon, lat = degrees(*HOMES["A"])
    rows = [f"{service}-a,{service},A,{lon:.9f},{lat:.9f}" for service in ("gp", "hospital")]
    (folder / "sites.csv").write_text("\n".join(["id,service,name,lon,lat", *rows, ""]))
    ring = [degrees(*at) for at in ((-9, -20), (60, -20), (60, 40), (-9, 40), (-9, -20))]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"number": "0101", "called": "All"}, "geometry": shape}
    (folder / "zones.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    header = "kommunenummer,sentralitetsklasse,sentralitetsindeks"
    (folder / "centrality.csv").write_text(f"{header}\n0101,3,800\n")
    (folder / "study.toml").write_text(STUDY)
    return folder / "study.toml"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write(tmp_path_factory.mktemp("ferries")))


@pytest.fixture(scope="module")
def base(study):
    return solve_baseline(study, names=True, show=False)


def took(results, service="gp"):
    return {key: results.loc[label(key), f"{service}_s"] / 60 for key in PEOPLE}


def solved(base, *scenarios, **changes):
    return solve_scenario(apply_scenario(base, combine(*scenarios) if scenarios else Scenario(title="x", **changes)))


def site(key, **more):
    lon, lat = degrees(*HOMES[key])
    return {"service": "gp", "lon": lon, "lat": lat} | more


def test_as_it_is(base):
    assert took(base.results) == pytest.approx(HAND, abs=0.02)


def test_a_closed_ferry_delays_and_an_office_crosses_the_other_way(study):
    one = Scenario(title="one", close=[{"name": "Short", "what": "ferries"}], add=[site("E", name="New")])
    found = compare_study(study, [one], show=False)
    cells = found.cells[0]
    later = BY_LONG - HAND["D"]
    changed = {"A": 0, "B": 0, "D": later, "E": -HAND["E"], "G": GE + 2 * SIDE - HAND["G"]}
    for key, difference in changed.items():
        row = cells.loc[label(key)]
        assert (row["gp_after_s"] - row["gp_before_s"]) / 60 == pytest.approx(difference, abs=0.03)
        assert row["gp_change"] == ("same" if difference == 0 else "better" if difference < 0 else "worse")
    table = found.tables["everybody"].set_index("service").loc["gp"]
    assert table["better"] == PEOPLE["E"] + PEOPLE["G"]
    assert table["worse"] == PEOPLE["D"]
    assert table["person_min_lost"] == pytest.approx(PEOPLE["D"] * later, rel=1e-3)
    gained = PEOPLE["E"] * HAND["E"] + PEOPLE["G"] * -changed["G"]
    assert table["person_min_won"] == pytest.approx(gained, rel=1e-3)
    # E and G come inside 30 minutes, D falls out of 70.
    norms = [(table[f"into_norm_{number}"], table[f"out_of_norm_{number}"]) for number in (1, 2)]
    assert norms == [(PEOPLE["E"] + PEOPLE["G"], 0), (0, PEOPLE["D"])]


def test_both_ferries_closed_cut_off(study):
    closed = Scenario(title="c", close=[{"osm_id": 3}, {"osm_id": 5}])
    storm = Scenario(title="s", storm={})
    found = compare_study(study, [closed, storm], show=False)
    for cells in found.cells:
        assert cells.loc[label("D"), "gp_change"] == "became_unreached"
        assert cells.loc[label("D"), "gp_reason_after"] == "island_without_ferry"
        assert (cells.drop(label("D"))["gp_change"] == "same").all()
    everybody = found.tables["everybody"]
    assert (everybody["became_unreached"] == PEOPLE["D"]).all()
    assert (everybody["population"] == TOTAL).all()


def test_a_storm_and_its_pass(base):
    after = took(solved(base, storm={"passes": ["Bridge"]}))
    assert after == pytest.approx(HAND | {"D": math.inf} | times(G=GE + BE + AB), abs=0.03)


@pytest.mark.parametrize("factor", [1, 2, 5])
def test_a_slow_road_takes_so_many_times_as_long(base, factor):
    after = took(solved(base, slow=[{"osm_id": 1, "factor": factor}]))
    by_short = CD + SHORT + factor * AB
    expected = times(A=0, B=factor * AB, E=factor * AB + BE, G=factor * AB + BG, D=min(by_short, FD + LONG))
    assert after == pytest.approx(expected, abs=0.03)


def test_two_scenarios_in_either_order(base):
    one = Scenario(title="one", slow=[{"osm_id": 2, "factor": 2}], close=[{"osm_id": 7}], add=[site("B", name="New")])
    two = Scenario(title="two", slow=[{"name": "East road", "factor": 1.5}], close=[{"name": "Long"}])
    there, back = solved(base, one, two), solved(base, two, one)
    pd.testing.assert_frame_equal(there, back)
    expected = times(A=0, B=0, E=3 * BE, D=CD + SHORT, G=GE + 3 * BE)
    assert took(there) == pytest.approx(expected, abs=0.03)


def test_to_move_is_to_remove_and_add(base):
    old = {"service": "gp", "site": "gp-a"}
    moved = solved(base, move=[old | {k: v for k, v in site("E").items() if k != "service"}])
    anew = solved(base, remove=[old], add=[site("E", name="New")])
    np.testing.assert_array_equal(moved["gp_s"], anew["gp_s"])
    assert took(moved) == pytest.approx(times(A=AB + BE, B=BE, E=0, G=GE, D=CD + SHORT + BE), abs=0.03)
    np.testing.assert_array_equal(moved["hospital_s"], base.results["hospital_s"])


def test_vulnerable_is_what_a_map_without_the_way_gives(study, base, tmp_path):
    """Every way deleted from the data, and the whole pipeline run on what is left."""
    table = vulnerable_study(study, "gp", show=False).table
    table = table.sort_values("kind").drop_duplicates("way_ids").set_index("way_ids")  # a bridge is a road as well
    was = base.results["gp_s"]
    people = base.results["population"]
    seen = 0
    for way in OPEN_TO_CLOSE:
        after = solve_study(load_study(write(tmp_path / str(way), without={way})), show=False)
        now = after.results["gp_s"].reindex(was.index).fillna(math.inf)
        lost, slower = np.isinf(now), np.isfinite(now) & (now > was + 0.15)
        if not (lost | slower).any():
            assert str(way) not in table.index
            continue
        row = table.loc[str(way)]
        assert isinstance(row, pd.Series), f"way {way} is there twice"
        seen += 1
        assert row["people_cut_off"] == people[lost].sum()
        assert row["people_delayed"] == people[slower].sum()
        assert row["person_min"] == pytest.approx((people * (now - was))[slower].sum() / 60, rel=1e-3)
        for number, norm in enumerate(GP_NORMS, start=1):
            over = (was <= norm * 60) & (now > norm * 60)
            assert row[f"over_norm_{number}"] == people[over].sum()
    assert seen == 5  # the way round by G and E, and the long ferry, are nobody's today
    assert table.loc["3", "people_delayed"] == PEOPLE["D"]
    assert table.loc["3", "longest_delay_s"] / 60 == pytest.approx(BY_LONG - HAND["D"], abs=0.03)
    assert table.loc["7", "kind"] == "bridge"


def drawn(study, rows, tmp_path, **more):
    path = tmp_path / "closures.csv"
    path.write_text("what,name,osm_id,season,availability,area,correlation\n" + rows, encoding="utf-8")
    return reliability_study(study, "gp", table=path, show=False, **more)


@pytest.mark.parametrize("short", [0, 1])
@pytest.mark.parametrize("long", [0, 1])
def test_always_or_never_open(study, tmp_path, short, long):
    found = drawn(study, f"ferry,Short,,,{short},,\nferry,Long,,,{long},,\n", tmp_path, draws=20)
    row = found.cells.loc[label("D")]
    time = HAND["D"] if short else BY_LONG if long else math.inf
    assert found.sets == 1
    assert row["chance_reached"] == float(short or long)
    assert row["median_s"] / 60 == pytest.approx(time, abs=0.03)
    assert row["p90_s"] / 60 == pytest.approx(time, abs=0.03)
    assert row["chance_within_norm_2"] == float(time <= 70)


def test_two_ferries_by_the_binomial_law(study, tmp_path):
    draws = 3000
    rows = "ferry,Short,,,0.5,,\nferry,Long,,,0.5,,\n"
    found = drawn(study, rows, tmp_path, draws=draws, seed=4)
    row = found.cells.loc[label("D")]
    spread = 4 * math.sqrt(0.25 / draws)
    assert row["chance_reached"] == pytest.approx(0.75, abs=spread)
    assert row["chance_within_norm_2"] == pytest.approx(0.5, abs=spread)
    assert row["chance_within_norm_1"] == 0
    assert np.isinf(row["p90_s"])
    assert found.sets == 4
    others = found.cells.drop(label("D"))
    assert (others["chance_reached"] == 1).all()
    reached = found.everybody.set_index("figure").loc["people_reached"]
    assert reached["expected"] == pytest.approx(TOTAL - PEOPLE["D"] * (1 - row["chance_reached"]))
    assert (reached["least"], reached["most"]) == (TOTAL - PEOPLE["D"], TOTAL)
    again = drawn(study, rows, tmp_path, draws=draws, seed=4)
    pd.testing.assert_frame_equal(pd.DataFrame(again.cells), pd.DataFrame(found.cells))
    other = drawn(study, rows, tmp_path, draws=draws, seed=5)
    assert (other.closures["closed_share"] != found.closures["closed_share"]).any()
    together = drawn(
        study, "ferry,Short,,,0.5,sea,1\nferry,Long,,,0.5,sea,1\n", tmp_path, draws=draws, seed=4
    )  # one sea: both sail or neither
    assert together.sets == 2
    assert together.cells.loc[label("D"), "chance_reached"] == pytest.approx(0.5, abs=spread)


def test_same_seed_on_two_workers(study, tmp_path, monkeypatch):
    need("distributed")
    monkeypatch.setattr("geoaccess.questions.reliability._AT_ONCE", 2)  # several tasks: one alone is solved here
    rows = "ferry,Short,,,0.5,,\nferry,Long,,,0.5,,\npass,Bridge,,,0.8,,\n"
    here = drawn(study, rows, tmp_path, draws=200, seed=1)
    there = drawn(study, rows, tmp_path, draws=200, seed=1, workers=2)
    pd.testing.assert_frame_equal(pd.DataFrame(there.cells), pd.DataFrame(here.cells))


def test_together_on_the_command_line(study, tmp_path):
    """--together is one scenario of both: D has no ferry left, though either alone leaves it one."""
    for number, name in enumerate(("Short", "Long"), start=1):
        text = f'title = "no {name}"\n[[close]]\nname = "{name}"\nwhat = "ferries"\n'
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")
    asked = ["compare", str(study.path), str(tmp_path / "1.toml"), str(tmp_path / "2.toml"), "--quiet"]
    for more, expected in (([], [0, 0]), (["--together"], [PEOPLE["D"]])):
        folder = tmp_path / ("out" + "".join(more))
        answer = CliRunner().invoke(app, [*asked, *more, "--output", str(folder)])
        assert answer.exit_code == 0, answer.output
        table = pd.read_csv(folder / "everybody.csv").query("service == 'gp'")
        assert table["became_unreached"].tolist() == expected

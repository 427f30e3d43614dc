"""Zonings, indices, catchments and staff of a small country, from its study file to tables computed by hand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from splits import split

from geoaccess import equity
from geoaccess.errors import ConfigError, GeoaccessError
from geoaccess.network import snap
from geoaccess.routing import travel_times_within, within_snapped
from geoaccess.study import load_study, solve_study
from geoaccess.study.results.tables import all_tables
from tests.test_study_tiny import (
    CELLS,
    FARM,
    FERRY,
    FURTHER,
    ISLE,
    MAIN,
    PEOPLE,
    STEEP,
    STUDY,
    TOTAL,
    cell_id,
    degrees,
    write_study,
)

INF = float("inf")
OLD = {"west": 100, "farm": 13, "middle": 50, "north": 20, "isle": 11, "hut": 1, "holm": 3, "wild": 2}
AREAS = "kommunenummer,trust\n0101,Coast\n0102,Inland\n"


def write(folder, more="", *, files=(), doctors=None):
    path = write_study(folder, STUDY + more)
    table = pd.read_csv(folder / "people.csv", dtype=str)
    table["old"] = [str(number) for number in OLD.values()]
    table["district"] = ["A", "A", "B", "B", "", "", "A", ""]
    table.to_csv(folder / "people.csv", index=False)
    sites = pd.read_csv(folder / "sites.csv", dtype=str)
    sites["doctors"] = sites["id"].map(doctors or {"gp-west": "4", "gp-east": "1"}).fillna("")
    sites.to_csv(folder / "sites.csv", index=False)
    for name, content in files:
        (folder / name).write_text(content, encoding="utf-8")
    return path


def solved(*args, **how):
    answers = solve_study(load_study(write(*args, **how)), show=False)
    names = [next(key for key in CELLS if cell_id(key) == label) for label in answers.results.index]
    return answers, answers.results.set_axis(names)


def refused(*args, error=GeoaccessError, **how):
    with pytest.raises(error) as caught:
        solve_study(load_study(write(*args, **how)), show=False)
    return str(caught.value)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    answers, _ = solved(tmp_path_factory.mktemp("plain"), "[equity]\ndraws = 20\nseed = 1\n")
    return answers, all_tables(answers)


def test_slack_by_every_zoning(plain):
    table = plain[1]["slack"].set_index(["zoning", "group", "service"])
    row = table.loc[("municipality", "0101 / West", "gp")]
    assert row["without_second"] == 0
    mean = (1009 * (MAIN + FURTHER) + 13 * FURTHER) / 1022
    assert row["mean_slack_s"] == pytest.approx(mean, abs=1)
    assert table.loc[("everybody", "everybody", "hospital"), "without_second"] == 1009 + 13 + 503 + 211 + 101
    for zoning in ("everybody", "centrality_class", "municipality"):
        assert table.loc[zoning].groupby("service")["population"].sum().to_dict() == dict.fromkeys(
            ["gp", "hospital", "ambulance_base", "birth_unit"], TOTAL
        )


def test_a_cell_in_no_municipality_is_unclassified_once(plain):
    groups = plain[1]["slack"].query("zoning == 'municipality'")["group"].unique()
    assert groups.tolist() == ["0101 / West", "0102 / East", "0103 / South", "unclassified"]


def test_percentiles_of_people(plain):
    table = plain[1]["percentiles"].set_index(["zoning", "group", "service", "share"])["time_s"]
    everybody = table.sort_index().loc["everybody", "everybody", "gp"]
    assert everybody.index.tolist() == [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]
    assert everybody[0.5] == 0  # 1009 of 1928 live in the west
    assert everybody[0.75] == pytest.approx(MAIN, abs=1)  # the 1446th is one of 1009 + 503
    assert everybody[0.9] == pytest.approx(FARM + MAIN / 2, abs=2)  # the 1736th, after the 211 of the north
    assert everybody[0.99] == INF


def test_what_would_bring_every_class_to_the_norm(plain):
    table = plain[1]["shortfall"].set_index(["service", "norm_s", "centrality_class"])
    east = table.loc[("gp", 600, "3")]
    assert east[["population", "people_within", "people_to_move", "people_to_reach"]].tolist() == [714, 0, 714, 0]
    saved = 503 * (MAIN - 600) + 211 * (STEEP - 600)
    assert MAIN > 600
    assert east["time_to_save_s"] == pytest.approx(saved, rel=1e-3)
    south = table.loc[("gp", 600, "6")]
    assert south[["people_to_move", "people_to_reach"]].tolist() == [101, 31]
    assert table.loc[("gp", 600, "unclassified"), "people_unreached"] == 7


def test_indices_are_those_of_the_room_of_equity(plain):
    answers, tables = plain
    table = tables["equity"].query("service == 'hospital'").set_index(["index", "norm_s"])
    cells = answers.results[np.isfinite(answers.results["hospital_s"])]
    times, people = cells["hospital_s"], cells["population"]
    assert table.loc[("theil_t", np.nan), "value"].item() == pytest.approx(equity.theil_t(times, weights=people))
    parts = split(equity.theil_t, times, weights=people, groups=cells["centrality_class"])
    assert table.loc[("theil_t", np.nan), ["between", "within"]].to_numpy().ravel() == pytest.approx(
        [parts.between, parts.within]
    )
    ranked = equity.concentration_index(times, weights=people, ranking=cells["centrality_index"])
    assert table.loc[("concentration", np.nan), "value"].item() == pytest.approx(ranked)
    beyond = sum(PEOPLE[key] for key in ("farm", "north", "isle", "hut", "holm", "wild"))
    assert table.loc[("fgt_0", 1200), "value"].item() == pytest.approx(beyond / TOTAL)
    assert (table["low"] <= table["high"]).all()


def test_tables_of_a_study_without_norms_hold_no_shortfall(tmp_path):
    text = STUDY.replace("norms_min = [10]", "").replace("norms_min = [20, 60]", "").replace("norms_min = [12]", "")
    tables = all_tables(solve_study(load_study(write_study(tmp_path, text)), show=False))
    assert tables["shortfall"].empty
    assert "fgt_0" not in set(tables["equity"]["index"])


ZONINGS = """
[[zonings]]
kind = "column"
name = "district"
label = "School district"
column = "district"
[[zonings]]
kind = "table"
name = "trust"
file = "trusts.csv"
area = "trust"
[[zonings]]
kind = "file"
name = "half"
file = "halves.geojson"
id = "id"
area = "called"
max_nearest_m = 0
"""


def halves():
    """The part of the country west of ten kilometres."""
    ring = [degrees(*at) for at in ((-20, -20), (10, -20), (10, 20), (-20, 20), (-20, -20))]
    feature = {"type": "Feature", "properties": {"id": "w", "called": "Westerly"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def test_zonings_from_a_column_a_table_and_polygons(tmp_path):
    files = [("trusts.csv", AREAS), ("halves.geojson", halves())]
    answers, cells = solved(tmp_path, ZONINGS, files=files)
    assert cells["district"].tolist() == ["A", "A", "B", "B", "", "", "A", ""]
    assert cells["trust"].tolist() == ["Coast", "Coast", "Inland", "Inland", "", "", "Coast", ""]
    assert cells["half"].tolist() == ["Westerly", "Westerly", "", "", "", "", "Westerly", ""]
    table = all_tables(answers)["zonings"]
    gp = table[table["service"] == "gp"].set_index(["zoning", "group"]).sort_index()
    for zoning in ("everybody", "centrality_class", "municipality", "district", "trust", "half"):
        assert gp.loc[zoning, "population"].sum() == TOTAL
    assert gp.loc[("trust", "unclassified"), "population"] == 101 + 31 + 7
    assert gp.loc[("district", "A"), "people_beyond_norm_1"] == 13 * (FARM + MAIN / 2 > 600) + 53
    assert set(gp.loc["district", "zoning_label"]) == {"School district"}
    assert {"zoning trust", "zoning half"} <= answers.study.inputs.keys()


@pytest.mark.parametrize(
    ("more", "files", "words"),
    [
        (ZONINGS, [("trusts.csv", AREAS + "0101,Inland\n"), ("halves.geojson", halves())],
         ["trusts.csv", "0101", "Coast and Inland"]),
        (ZONINGS, [("trusts.csv", AREAS.replace("trust", "trst")), ("halves.geojson", halves())],
         ["trusts.csv", "[[zonings]] trust", 'did you mean "trst"']),
        (ZONINGS.replace('column = "district"', 'column = "distrct"'),
         [("trusts.csv", AREAS), ("halves.geojson", halves())], ["people.csv", "distrct", '"district"']),
        (ZONINGS.replace('name = "trust"', 'name = "region"'), [], ["[[zonings]]", '"region"', "another"]),
        (ZONINGS.replace('kind = "table"', 'kind = "tabel"'), [], ["zonings", "table"]),
    ],
)  # fmt: skip
def test_zonings_that_cannot_be_are_one_message(tmp_path, more, files, words):
    message = refused(tmp_path, more, files=files)
    assert [word for word in words if word not in message] == []


def test_two_step_shares_the_doctors_of_each_site(tmp_path):
    more = '[catchments.gp_share]\nservice = "gp"\nmeasure = "two_step"\nsupply = "doctors"\ncutoff_min = 30\n'
    answers, cells = solved(tmp_path, more)
    assert MAIN + FURTHER < 1800 < min(FARM, FERRY + ISLE, STEEP + FURTHER + MAIN)
    within = {"gp-west": ["west", "middle"], "gp-east": ["west", "middle", "north"]}
    each = {
        site: doctors / sum(PEOPLE[key] for key in within[site])
        for site, doctors in {"gp-west": 4, "gp-east": 1}.items()
    }
    for key in CELLS:
        expected = sum(each[site] for site, keys in within.items() if key in keys)
        assert cells["gp_share"][key] == pytest.approx(expected)
    assert (cells["gp_share"] * cells["population"]).sum() == pytest.approx(5)
    table = answers.tables["catchments"].set_index(["zoning", "group"])
    assert table.loc[("everybody", "everybody"), "mean_per_person"] == pytest.approx(5 / TOTAL)
    without = sum(PEOPLE[key] for key in CELLS if not any(key in keys for keys in within.values()))
    assert table.loc[("everybody", "everybody"), "people_without"] == without
    gini = equity.gini(cells["gp_share"], weights=cells["population"])
    assert table.loc[("everybody", "everybody"), "gini"] == pytest.approx(gini)
    demand = answers.tables["site_demand"].set_index("site_id")
    assert demand["demand"].to_dict() == {site: sum(PEOPLE[key] for key in keys) for site, keys in within.items()}
    assert demand["supply_per_person"].to_dict() == pytest.approx(each)


def test_the_limit_may_depend_on_the_class_and_the_demand_on_age(tmp_path):
    more = """
[catchments.near]
service = "gp"
measure = "cumulative"
cutoff_min = 600
class_cutoff_min = { 1 = 5, 3 = 12 }
demand = "old"
[catchments.falling]
service = "gp"
measure = "gravity"
decay = { kind = "exponential", scale_min = 10 }
cutoff_min = 600
[catchments.taken]
service = "gp"
measure = "spatial_availability"
decay = { kind = "binary", cutoff_min = 600 }
demand = "old"
"""
    answers, cells = solved(tmp_path, more)
    assert MAIN < 720 < FURTHER
    assert cells["near"].to_dict() == {
        "west": 1, "farm": int(FARM + MAIN / 2 <= 300), "middle": 1, "north": int(STEEP <= 720), "isle": 2,
        "hut": 0, "holm": 0, "wild": 0,
    }  # fmt: skip
    falling = np.exp(-MAIN / 600) + np.exp(-FURTHER / 600)
    assert cells["falling"]["middle"] == pytest.approx(falling, rel=1e-3)
    reached = sum(OLD[key] for key in ("west", "farm", "middle", "north", "isle"))
    assert cells["taken"]["isle"] == pytest.approx(2 * 11 / reached)
    table = answers.tables["catchments"].set_index(["catchment", "zoning", "group"])
    everybody = table.loc[("taken", "everybody", "everybody")]
    assert everybody[["people", "people_without"]].tolist() == [sum(OLD.values()), 6]
    assert everybody["mean_per_person"] == pytest.approx(2 / sum(OLD.values()))
    assert answers.tables["site_demand"]["catchment"].unique().tolist() == ["taken"]


def test_a_vacant_list_supplies_nothing(tmp_path):
    more = (
        '[catchments.open]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 600\n'
        'lists = { file = "lists.csv", count = "open_places" }\n'
    )
    lists = "site_id,vacant,places,people\ngp-west,no,1000,900\ngp-west,yes,800,\ngp-east,no,500,520\n"
    answers, cells = solved(tmp_path, more, files=[("lists.csv", lists)])
    assert cells["open"]["middle"] == 100
    assert "site_demand" not in answers.tables
    wrong = lists.replace("gp-east", "gp-est")
    message = refused(tmp_path / "wrong", more, files=[("lists.csv", wrong)])
    assert [word for word in ("lists.csv", "[catchments.open] lists", "gp-est") if word not in message] == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('service = "gpp"\nmeasure = "cumulative"\ncutoff_min = 5', ["[catchments.x] service", 'did you mean "gp"']),
        ('service = "gp"\nmeasure = "twostep"\ncutoff_min = 5', ["catchments.x.measure", "two_step"]),
        ('service = "gp"\nmeasure = "two_step"', ["catchments.x", "no limit", "cutoff_min"]),
        ('service = "gp"\nmeasure = "gravity"\ndecay = { kind = "gausian" }', ["catchments.x.decay", '"gaussian"']),
        ('service = "gp"\nmeasure = "gravity"\ndecay = { kind = "gaussian", sigma = 3 }',
         ["catchments.x.decay", '"sigma"', 'did you mean "sigma_min"']),
        ('service = "gp"\nmeasure = "gravity"\ndecay = { kind = "gaussian", sigma_min = 3 }', ["no end", "cutoff_min"]),
        ('service = "gp"\nmeasure = "cumulative"\ncutoff_min = 5\ndecay = { kind = "binary", cutoff_min = 4 }',
         ["catchments.x", "take decay out"]),
        ('service = "gp"\nmeasure = "gravity"\ncutoff_min = 5\ndecay = { kind = "binary", cutoff_min = 4 }',
         ["catchments.x", "say it once"]),
        ('service = "gp"\nmeasure = "cumulative"\ncutoff_min = 5\nclass_cutoff_min = { 7 = 3 }', ["class_cutoff_min"]),
    ],
)  # fmt: skip
def test_a_catchment_that_cannot_be_is_refused_at_once(tmp_path, more, words):
    message = refused(tmp_path, f"[catchments.x]\n{more}\n", error=ConfigError)
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("x", 'supply = "doctrs"', ["sites.csv", 'did you mean "doctors"', "[catchments.x] supply"]),
        ("x", 'demand = "oldd"', ["people.csv", "oldd", '"old"']),
        ("x", 'demand = "district"', ["people.csv", "district", "people must be numbers"]),
        ("x", 'demand = "population_80"', ["[catchments.x] demand", '"population_80"', '"population"']),
        ("gp_s", "", ['"gp_s"', "another name"]),
        ("Population", "", ['"Population"', "another name"]),
        ("gp-x", "", ['"gp-x"', "letters, digits"]),
    ],
)
def test_names_that_are_not_there_or_there_already(tmp_path, name, more, words):
    text = f'[catchments."{name}"]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 5\n{more}\n'
    message = refused(tmp_path, text)
    assert [word for word in words if word not in message] == []


def test_supply_that_is_no_number_names_the_site(tmp_path):
    more = '[catchments.x]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 5\nsupply = "doctors"\n'
    message = refused(tmp_path, more, doctors={"gp-west": "two", "gp-east": "1"})
    assert "gp-west: 'two'; give a number >= 0" in message


ROTA = "host_id,site_id,days,staff\ngp-west,gp-east,2,1.5\nhospital-west,birth_unit-holm,1,1\n"


def test_staff_that_travel(tmp_path):
    answers, _ = solved(tmp_path, '[staff]\nfile = "rota.csv"\n', files=[("rota.csv", ROTA)])
    table = answers.tables["staff"]
    assert table["travel_s"].tolist() == pytest.approx([2 * (MAIN + FURTHER), INF], abs=1)
    assert table["hours_per_week"].tolist() == pytest.approx([3 * 2 * (MAIN + FURTHER) / 3600, INF], abs=0.01)
    assert table[["host", "site"]].to_numpy().tolist() == [["west", "east"], ["west", "holm"]]


def test_a_rota_that_cannot_be_is_one_message(tmp_path):
    rota = ROTA.replace("gp-east", "gp-eats").replace("1.5", "many")
    message = refused(tmp_path, '[staff]\nfile = "rota.csv"\n', files=[("rota.csv", rota)])
    assert [w for w in ("rota.csv", "row 2", 'did you mean "gp-east"', 'staff is "many"') if w not in message] == []


def test_pairs_of_snapped_points_are_those_of_the_points(plain):
    answers, _ = plain
    network, cells, sites = answers.network, answers.results, answers.sites
    settings = {"max_snap_m": 2500, "off_network_kph": 4, "min_component_m": 3000}
    snapped = [snap(network, places, **settings) for places in (cells, sites)]
    named = {"max_snap_m": 2500, "off_network_kph": 4, "min_component_m": 3000}
    for direction in ("to_sites", "to_people"):
        found = within_snapped(network, *snapped, cutoff_s=2000, direction=direction)
        expected = travel_times_within(network, cells, sites, cutoff_s=2000, direction=direction, **named)
        assert len(found) > 5
        assert found.astype(expected.dtypes).equals(expected)
        assert found["site_id"].cat.categories.tolist() == sites.index.tolist()

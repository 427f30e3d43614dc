"""A study compared with itself under scenarios: a country small enough to compute by hand, Iceland and Troms."""

from __future__ import annotations

import datetime as dt
import html
import json
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from geoaccess.cli import app
from geoaccess.errors import InputError
from geoaccess.questions import compare_study
from geoaccess.questions.compare.output import write_comparison
from geoaccess.questions.compare.site_maps import drawn_sites
from geoaccess.questions.scenario_run import apply_scenario, solve_baseline, solve_scenario
from geoaccess.scenarios import Scenario, combine, read_scenario
from geoaccess.study import load_study
from tests.conftest import width_in_a_browser
from tests.test_study_tiny import PEOPLE, STUDY, TOTAL, cell_id, degrees, write_study

NO_FERRY = Scenario(title="no ferry", close=[{"name": "Car ferry", "what": "ferries"}])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def base(tiny):
    return solve_baseline(tiny, names=True, show=False)


def solved(base, **changes):
    return solve_scenario(apply_scenario(base, Scenario(title="x", **changes)))


def times(results, service="gp"):
    ids = {cell_id(key): key for key in PEOPLE}
    return {ids[label]: value for label, value in results[f"{service}_s"].items()}


def test_changing_nothing_is_as_before(base):
    pd.testing.assert_frame_equal(solved(base), base.results)


def test_a_closed_ferry_by_hand(tiny):
    found = compare_study(tiny, [NO_FERRY], show=False)
    table = found.tables["everybody"].set_index("service")
    assert table["became_unreached"].to_dict() == {
        "gp": PEOPLE["isle"],
        "hospital": PEOPLE["isle"],
        "ambulance_base": PEOPLE["isle"],
        "birth_unit": 0,
    }
    assert (table[["better", "worse", "became_reached"]] == 0).all(axis=None)
    assert (table["population"] == TOTAL).all()
    assert found.tables["places"]["municipality"].unique().tolist() == ["South"]
    after = found.cells[0].set_index("place")
    assert set(after.loc[after["gp_change"] == "became_unreached", "gp_reason_after"]) == {"island_without_ferry"}


def test_a_site_added_moved_and_closed_for_good(base):
    lon, lat = degrees(10.5, 0.5)
    here = {"service": "gp", "name": "Middle", "lon": lon, "lat": lat}
    added = solved(base, add=[here])
    assert times(added)["middle"] < times(base.results)["middle"]
    assert (added["gp_s"].fillna(0) <= base.results["gp_s"].fillna(0)).all()
    both = {"service": "gp", "site": "gp-west"}
    gone = solved(base, add=[here], remove=[both])
    moved = solved(base, move=[both | {"lon": lon, "lat": lat}])
    np.testing.assert_array_equal(gone["gp_s"], moved["gp_s"])
    shut = solved(base, add=[here], change=[both | {"days_per_week": 0}])
    np.testing.assert_array_equal(gone["gp_s"], shut["gp_s"])
    back = solved(
        base, remove=[both], add=[both | {"site": "other", "lon": degrees(0.5, 0.5)[0], "lat": degrees(0.5, 0.5)[1]}]
    )
    np.testing.assert_allclose(back["gp_s"], base.results["gp_s"], atol=0.2)  # places of the file have seven decimals


def test_the_map_of_a_change_draws_sites_as_new_closed_or_as_they_were(tiny, monkeypatch, tmp_path):
    lon, lat = degrees(10.5, 0.5)
    office = {"service": "gp", "name": "Middle", "lon": lon, "lat": lat}
    scenario = Scenario(title="x", add=[office], remove=[{"service": "gp", "site": "gp-west"}])
    found = compare_study(tiny, [scenario], show=False)
    measure = next(one for one in found.measures if one.service == "gp")
    sites = drawn_sites(found.changed[0], measure)
    before = found.changed[0].base.answers.sites
    ours = before.index[before["service"] == "gp"]
    change = sites["change"]
    assert change[change == "closed"].index.tolist() == ["gp-west"]
    assert sites.loc[change == "new", "name"].tolist() == ["Middle"]
    assert set(change[change == ""].index) == set(ours) - {"gp-west"}
    assert set(sites["service"]) == {measure.spec.key}
    drawn = []
    monkeypatch.setattr("geoaccess.maps.difference_map", lambda path, **given: drawn.append(given["sites"]) or path)
    monkeypatch.setattr("geoaccess.maps.comparison_page", lambda path, **given: path)
    write_comparison(found, tmp_path / "out")
    assert "closed" in set(pd.concat(drawn)["change"])


def test_a_service_without_sites_reaches_nobody(base):
    none = solved(base, remove=[{"service": "gp", "site": "gp-west"}, {"service": "gp", "site": "gp-east"}])
    assert np.isinf(none["gp_s"].dropna()).all()
    assert (none["gp_reason"] != "").all()


def test_sites_for_some_zones_serve_only_them(base):
    only = solved(base, change=[{"service": "gp", "site": "gp-east", "allowed": ["0103"]}])
    own = base.results["municipality_id"] == "0103"
    alone = solved(base, remove=[{"service": "gp", "site": "gp-east"}])
    np.testing.assert_array_equal(only.loc[own, "gp_s"], base.results.loc[own, "gp_s"])
    np.testing.assert_array_equal(only.loc[~own, "gp_s"], alone.loc[~own, "gp_s"])


def test_slow_roads_and_storms_never_help(base):
    for changes in ({"storm": {}}, {"slow": [{"name": "Car ferry", "factor": 3}]}, {"close": [{"osm_id": 1}]}):
        after = solved(base, **changes)
        assert (after["gp_s"].fillna(np.inf) >= base.results["gp_s"].fillna(0)).all()
    slow = times(solved(base, slow=[{"name": "Car ferry", "factor": 3}]))
    assert slow["isle"] - times(base.results)["isle"] == pytest.approx(2 * 30 * 60)  # it crosses in half an hour


def test_another_profile_is_what_a_study_of_its_own_finds(tiny, base):
    slower = (tiny.path.parent / "flat.toml").read_text(encoding="utf-8")
    (tiny.path.parent / "slow.toml").write_text(slower, encoding="utf-8")
    same = solved(base, network={"profile": str(tiny.path.parent / "slow.toml")})
    pd.testing.assert_frame_equal(same, base.results)


def test_other_people_are_compared_with_themselves(tiny):
    rows = (tiny.path.parent / "people.csv").read_text().splitlines()
    later = [f"{rows[0]},later", *(f"{row},{100 * (i + 1)}" for i, row in enumerate(rows[1:]))]
    (tiny.path.parent / "later.csv").write_text("\n".join([*later, ""]))
    change = {"population": {"year": 2040, "file": str(tiny.path.parent / "later.csv"), "column": "later"}}
    found = compare_study(
        tiny, [Scenario(title="2040", **change), combine(Scenario(title="n", **change), NO_FERRY)], show=False
    )
    table = found.tables["everybody"]
    assert (table["population"] == 100 * sum(range(1, len(PEOPLE) + 1))).all()
    assert (table.loc[table["scenario"] == "2040", "same"] + table["unreached"]).iloc[0] == table["population"].iloc[0]
    isle = 100 * (1 + [*PEOPLE].index("isle"))
    assert table.loc[table["scenario"] != "2040", "became_unreached"].iloc[0] == isle


def test_a_level_lost_is_lost_to_the_service_that_asks_for_it(tmp_path):
    text = STUDY.replace(
        "[services.hospital]",
        "[services.emergency]\nlabel = 'Emergency'\nsites_of = 'hospital'\nat_least = 'high'\n\n"
        "[services.hospital]\nlevels = ['low', 'high']",
    )
    path = write_study(tmp_path, text)
    rows = (tmp_path / "sites.csv").read_text(encoding="utf-8").splitlines()
    lon, lat = degrees(10.5, 0.5)
    new = f"hospital-middle,hospital,middle,{lon:.7f},{lat:.7f},no"
    rows = [f"{row},{'level' if i == 0 else 'high'}" for i, row in enumerate([*rows, new])]
    (tmp_path / "sites.csv").write_text("\n".join([*rows, ""]), encoding="utf-8")
    base = solve_baseline(load_study(path), show=False)
    after = solved(base, change=[{"service": "hospital", "site": "hospital-middle", "level": "low"}])
    np.testing.assert_array_equal(after["hospital_s"], base.results["hospital_s"])
    gone = solved(base, remove=[{"service": "emergency", "site": "emergency-middle"}])
    np.testing.assert_array_equal(after["emergency_s"], gone["emergency_s"])
    assert times(after, "emergency")["middle"] > times(base.results, "emergency")["middle"]
    # A new site of which no level is given has the lowest that its service counts.
    isle = degrees(27.5, -9.5)
    more = solved(base, add=[{"service": "hospital", "name": "Isle", "lon": isle[0], "lat": isle[1]}])
    assert times(more, "hospital")["isle"] < 60 < times(base.results, "hospital")["isle"]
    np.testing.assert_array_equal(more["emergency_s"], base.results["emergency_s"])
    # A service that loses all of its sites reaches nobody.
    both = ["hospital-west", "hospital-middle"]
    none = solved(base, change=[{"service": "hospital", "site": site, "level": "low"} for site in both])
    assert not np.isfinite(none["emergency_s"]).any()
    np.testing.assert_array_equal(none["hospital_s"], base.results["hospital_s"])


def test_all_scenarios_are_checked_before_any_is_solved(tiny):
    one = Scenario(title="one", close=[{"name": "Car fery", "what": "ferries"}])
    two = Scenario(title="two", remove=[{"service": "gp", "site": "gp-wets"}])
    with pytest.raises(InputError) as caught:
        compare_study(tiny, [one, two, Scenario(title="three", boats={"cancel_after": "20:00"})], show=False)
    for part in ('did you mean "Car ferry"', 'did you mean "gp-west"', "--day"):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="share a title"):
        compare_study(tiny, [NO_FERRY, NO_FERRY], show=False)


def test_boats_cancelled_after_an_hour(tiny):
    table = tiny.path.parent / "ferries.csv"
    table.write_text(
        "way_id,name,motor_vehicle,minutes,first,last,headway_min\n8,Car ferry,yes,30,06:00,22:00,60\n",
        encoding="utf-8",
    )
    path = tiny.path.parent / "clock.toml"
    path.write_text(
        tiny.path.read_text(encoding="utf-8").replace("[network]", '[network]\nferries = "ferries.csv"'),
        encoding="utf-8",
    )
    early = [Scenario(title=f"until {hour}", boats={"cancel_after": f"{hour:02}:00"}) for hour in (20, 12, 5)]
    found = compare_study(load_study(path), [Scenario(title="none"), *early], day=dt.date(2026, 1, 14), show=False)
    isle = cell_id("isle")
    means = [cells.loc[isle, "gp_after_s"] for cells in found.cells]
    assert means[0] == found.cells[0].loc[isle, "gp_before_s"]
    assert means[0] < means[1] < means[2]
    assert np.isinf(means[3])  # no boat at all
    assert found.cells[3].loc[isle, "gp_change"] == "became_unreached"
    last = [hour for hour in range(6, 23) if hour < 20]  # mean wait over the day: gaps squared over twice the day
    gaps = np.diff([*last, last[0] + 24]) * 3600.0
    waits = (gaps**2).sum() / (2 * 86400)
    ever = np.diff([*range(6, 23), 30]) * 3600.0
    assert means[1] - means[0] == pytest.approx(waits - (ever**2).sum() / (2 * 86400), abs=1)


def test_files_and_page_hold_names_as_text(tiny, tmp_path):
    evil = "<script>alert(1)</script>${x}`"
    scenario = Scenario(title=evil, description=evil, close=[{"osm_id": 8}])
    folder = tmp_path / "out"
    written = write_comparison(compare_study(tiny, [scenario], show=False), folder)
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert evil not in page
    assert html.escape(evil) in page
    assert "made up: for tests" in page
    assert {path.suffix for path in written} == {".csv", ".parquet", ".png", ".html", ".gpkg", ".qlr"}
    layer = gpd.read_file(folder / "compare.gpkg", layer="scenario_1").set_index("cell_id")
    of_isle = layer.loc[layer["gp_change"] == "became_unreached"]
    assert of_isle["population"].tolist() == [PEOPLE["isle"]]
    assert of_isle["gp_before_min"].notna().all()
    assert of_isle["gp_after_min"].isna().all()
    assert evil in [one.get("name") for one in ET.parse(folder / "compare.qlr").iter("layer-tree-group")]
    cells = pd.read_parquet(folder / "cells.parquet")
    assert cells["population"].sum() == TOTAL
    record = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    assert record["scenarios"][0]["title"] == evil
    (folder / "mine.txt").write_text("stays")
    two = compare_study(tiny, [NO_FERRY, Scenario(title="nothing")], show=False)
    write_comparison(two, folder)
    assert (folder / "mine.txt").exists()
    beside = two.tables["beside"].set_index(["service", "measure", "figure"])
    assert beside.columns.tolist() == ["before", "no ferry", "nothing"]
    unreached = beside.loc[("gp", "nearest", "people_unreached")]
    assert unreached["no ferry"] - unreached["before"] == PEOPLE["isle"]
    assert unreached["nothing"] == unreached["before"]
    assert "Scenarios side by side" in (folder / "index.html").read_text(encoding="utf-8")


def test_no_title_or_label_widens_the_page(tmp_path):
    study = load_study(write_study(tmp_path, STUDY.replace('"GP"', f'"{"G" * 120}"')))
    scenario = Scenario(title="T" * 250, description="D" * 400, close=[{"osm_id": 8}])
    write_comparison(compare_study(study, [scenario], show=False), tmp_path / "out")
    assert width_in_a_browser(tmp_path / "out/index.html", 360) == 360


def test_the_command_line_compares(tiny, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('title = "x"\n[[close]]\nosm_id = 8\n', encoding="utf-8")
    answer = CliRunner().invoke(app, ["compare", str(tiny.path), str(file), "--output", str(tmp_path / "out")])
    assert answer.exit_code == 0, answer.output
    assert "101" in answer.output
    assert (tmp_path / "out" / "index.html").is_file()


def test_vestmannaeyjar_without_herjolfur(root):
    """The islands without their own hospital, then without their ferries as well."""
    study = load_study(root / "configs" / "iceland.toml")
    routes = ("Landeyjahöfn - Vestmannaeyjar", "Þorlákshöfn - Heimaey")
    both = Scenario(title="no Herjólfur", close=[{"name": name, "what": "ferries"} for name in routes])
    gone = [{"service": "hospital", "site": "hospital-n457702046"}]
    alone = Scenario(title="no hospital on the islands", remove=gone, close=both.close)
    one = Scenario(title="only from Þorlákshöfn", remove=gone, close=both.close[:1])
    found = compare_study(study, [both, alone, one], show=False)
    assert (found.cells[0]["hospital_change"] != "became_unreached").all()  # they have a hospital of their own
    cells = found.cells[1]
    cut = cells[cells["hospital_change"] == "became_unreached"]
    assert set(cut["municipality"]) == {"Vestmannaeyjabær"}
    assert cut["population"].sum() == 4301
    assert set(cut["hospital_reason_after"]) == {"island_without_ferry"}
    slower = found.cells[2][found.cells[2]["hospital_change"] == "worse"]
    assert slower["population"].sum() == 4301  # the longer crossing is left
    assert (found.cells[2]["hospital_change"] != "became_unreached").all()


def test_seydisfjordur_without_its_pass(root):
    """All of the town reaches the hospital in Neskaupstaður over the pass, and none without it; its GP stays."""
    study = load_study(root / "configs" / "iceland.toml")
    found = compare_study(
        study, [read_scenario(root / "configs" / "scenarios" / "iceland-fjardarheidi.toml")], show=False
    )
    cells = found.cells[0]
    town = cells["municipality"] == "Seyðisfjarðarkaupstaður"
    cut = cells["hospital_change"] == "became_unreached"
    assert cells.loc[cut & ~town, "population"].sum() == 0
    assert (cells.loc[town, "hospital_site_before"] == cells["hospital_site_before"][town].iloc[0]).all()
    assert cells.loc[town & ~cut, "population"].sum() == 0
    everybody = found.tables["everybody"].query("measure == 'nearest'").set_index("service")
    assert everybody.loc["hospital", "became_unreached"] == pytest.approx(cells.loc[town, "population"].sum())
    assert everybody.loc["gp", ["better", "worse", "became_unreached"]].sum() == 0


def test_senja_with_two_offices_more(senja_compared, troms_solved):
    found = senja_compared
    gp = found.tables["everybody"].query("measure == 'nearest'").set_index("service").loc["gp"]
    assert gp["better"] > 1000
    assert gp["worse"] == gp["became_unreached"] == 0
    assert set(found.tables["places"].query("service == 'gp'")["municipality"]) == {"Senja"}
    assert gp["population"] == troms_solved.population

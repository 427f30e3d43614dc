"""A study on NVDB Ruteplan: the small country of other tests with the same roads as links, asked the same questions."""

from __future__ import annotations

import shutil

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from geoaccess import files
from geoaccess.cli import app
from geoaccess.errors import ConfigError, GeoaccessError, InputError, MissingFileError
from geoaccess.planner import PlannerState, Session, read_changes
from geoaccess.questions import vulnerable_study
from geoaccess.questions.scenario_run import apply_scenario, solve_baseline, solve_scenario
from geoaccess.scenarios import read_scenario
from geoaccess.study import check, describe_network, load_study, run_study, solve_study, stages
from tests.test_study_tiny import (
    EARTH,
    KEYS,
    ORIGIN_E,
    ORIGIN_N,
    PEOPLE,
    PLACES,
    STUDY,
    WAYS,
    cell_id,
    degrees,
    write_study,
)

BOAT = "middle skerry"  # carries no cars: Ruteplan does not have it
TEXT = STUDY.replace('osm = ["roads.osm.pbf"]', 'nvdb = "ruteplan.gdb"\nferries = "ferries.csv"')


def link(number, ends, tags):
    a, b = ends.split()
    minutes = EARTH.inv(*degrees(*PLACES[a]), *degrees(*PLACES[b]))[2] * 0.06 / float(tags.get("maxspeed", 20))
    ferry = tags.get("route") == "ferry"
    return {
        "linkid": number, "fromnode": str(KEYS.index(a) + 1), "tonode": str(KEYS.index(b) + 1),
        "funcroadclass": 2, "roadid": "{S9}" if tags.get("highway") == "track" else f"{{F{number}}}",
        "roadnumber": number, "streetname": tags.get("name", ""), "oneway": "FT" if "oneway" in tags else "B",
        "speedfw": 60, "speedbw": 60, "isferry": int(ferry), "isbridge": int(number == 2), "istunnel": 0,
        "roadclass": 4 if ferry else 2, "drivetime_fw": 30.0 if ferry else minutes,
        "drivetime_bw": -1.0 if "oneway" in tags else 30.0 if ferry else minutes,
        "geometry": shapely.MultiLineString(
            [[(ORIGIN_E + 1000 * x, ORIGIN_N + 1000 * y, 5.0) for x, y in (PLACES[a], PLACES[b])]]
        ),
    }  # fmt: skip


def write_ruteplan(folder, ways=WAYS, **changed):
    links = [link(number, *way) for number, way in enumerate(ways, start=1) if way[0] != BOAT]
    table = gpd.GeoDataFrame(links, crs=25833).assign(**changed)
    table = table.astype(dict.fromkeys(table.columns[table.dtypes == "int64"], "int32"))
    shutil.rmtree(folder / "ruteplan.gdb", ignore_errors=True)
    pyogrio.write_dataframe(
        table,
        folder / "ruteplan.gdb",
        layer="ruttger_link_geom",
        driver="OpenFileGDB",
        geometry_type="MultiLineString Z",
    )


def write_nvdb_study(folder, text=TEXT):
    path = write_study(folder, text)
    (folder / "roads.osm.pbf").unlink()
    (folder / "ferries.csv").write_text("way_id,headway_min\n8,20\n", encoding="utf-8")
    write_ruteplan(folder)
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_nvdb_study(tmp_path_factory.mktemp("nvdb"))


@pytest.fixture(scope="module")
def answers(path):
    return solve_study(load_study(path), show=False)


def test_the_same_roads_give_the_same_times_from_either_source(answers, tmp_path):
    osm = solve_study(load_study(write_study(tmp_path / "osm")), show=False).results
    found = answers.results
    for service in ("gp", "hospital", "ambulance_base", "birth_unit"):
        for name in (f"{service}_s", f"{service}_second_s"):
            assert np.allclose(found[name], osm[name], atol=0.3, equal_nan=True)
        assert (found[f"{service}_site"] == osm[f"{service}_site"]).all()
        # The boat for people on foot is not in Ruteplan, so that the isle it serves is merely not connected.
        known = osm[f"{service}_reason"] != "passenger_ferry_only"
        assert (found[f"{service}_reason"] == osm[f"{service}_reason"])[known].all()
    assert found["population"].sum() == osm["population"].sum()


def test_info_says_which_source_and_what_it_lacks(path, answers):
    printed = describe_network(answers.study)
    assert "NVDB Ruteplan: ruteplan.gdb" in printed[0][0]
    titles = [title for title, _ in printed]
    assert titles[-1] == "What NVDB Ruteplan does not hold"
    assert printed[-1][1]["what"].tolist() == ["health services", "names of places", "borders", "coast and lakes"]
    read = dict(printed)["What was read and left out"]
    assert read.set_index("what")["number"]["links read"] == len(WAYS) - 1
    shown = CliRunner().invoke(app, ["info", str(path)])
    assert "NVDB Ruteplan" in shown.output


def test_check_counts_the_links_and_finds_what_run_would_refuse(tmp_path):
    path = write_nvdb_study(tmp_path / "study")
    assert f"{len(WAYS) - 1} links of NVDB Ruteplan" in check(load_study(path))
    write_ruteplan(path.parent, oneway=["B", "both", "B", "FT", "B", "B", "B", "B", "B"])
    messages = []
    for ask in (check, lambda study: solve_study(study, show=False)):
        with pytest.raises(InputError, match="row 2: oneway is 'both'") as caught:
            ask(load_study(path))
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_another_link_is_another_network_and_a_lock_is_not(tmp_path):
    path = write_nvdb_study(tmp_path / "study")
    before = stages.network_folder(load_study(path))
    (path.parent / "ruteplan.gdb" / "_gdb.sr.lock").write_text("somebody looks")
    assert stages.network_folder(load_study(path)) == before
    write_ruteplan(path.parent, drivetime_fw=7.0)
    assert stages.network_folder(load_study(path)) != before


def test_a_folder_has_the_digest_of_all_its_files(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one").write_text("1")
    first = files.sha256(tmp_path / "a")
    assert files.remembered_sha256(tmp_path / "a", tmp_path / "stamps.json") == first
    (tmp_path / "a" / "b" / "one").rename(tmp_path / "a" / "one")
    assert files.sha256(tmp_path / "a") != first
    assert files.size_bytes(tmp_path / "a") == 1


@pytest.mark.parametrize(
    ("there", "found"), [('osm = ["roads.osm.pbf"]\nnvdb = "ruteplan.gdb"', "both"), ("", "neither")]
)
def test_roads_have_one_source(tmp_path, there, found):
    path = write_study(tmp_path / "study", STUDY.replace('osm = ["roads.osm.pbf"]', there))
    with pytest.raises(ConfigError, match=rf"osm = .* nvdb = .*found {found}"):
        load_study(path)


def test_what_only_openstreetmap_holds_is_refused_where_it_is_requested(tmp_path):
    text = TEXT + '\n[[sites]]\nkind = "osm"\nservice = "gp"\ntags = [{ amenity = "doctors" }]\n'
    start, end = text.index("[zones]"), text.index("[centrality]")
    text = text[:start] + '[zones]\nkind = "osm"\nlevel = 7\n\n' + text[end:]
    with pytest.raises(ConfigError) as caught:
        load_study(write_study(tmp_path / "study", text))
    for part in ('[[sites]] kind = "osm"', '[zones] kind = "osm"', "roads and ferries only"):
        assert part in str(caught.value)


def test_a_ruteplan_that_is_not_there_is_missed(tmp_path):
    path = write_study(tmp_path / "study", TEXT)
    (path.parent / "ferries.csv").write_text("way_id,headway_min\n8,20\n", encoding="utf-8")
    with pytest.raises(GeoaccessError, match=r"ruteplan\.gdb"):
        check(load_study(path))
    with pytest.raises(MissingFileError, match=r"ruteplan\.gdb"):
        stages.network_folder(load_study(path))


def test_a_run_writes_its_folder_and_says_where_the_roads_are_from(tmp_path):
    path = write_nvdb_study(tmp_path / "study")
    run_study(load_study(path), show=False)
    report = (path.parent / "out" / "report.html").read_text(encoding="utf-8")
    assert "NVDB Ruteplan" in report
    assert files.sha256(path.parent / "ruteplan.gdb") in (path.parent / "out" / "run.json").read_text(encoding="utf-8")


def test_names_and_bridges_reach_the_questions(answers):
    names = stages.road_names_of(answers.study)
    assert names.loc[8, ["name", "ref"]].tolist() == ["Car ferry", "Fv8"]
    assert names.index[names["bridge"]].tolist() == [2]


def test_a_scenario_closes_a_link_by_its_number(path, answers):
    """With link 2 (middle to east) closed nobody from the isle or the north comes to the hospital in the west."""
    study = load_study(path)
    base = solve_baseline(study, names=True, show=False)
    (path.parent / "closed.toml").write_text('title = "closed"\n\n[[close]]\nosm_id = 2\n', encoding="utf-8")
    closed = solve_scenario(apply_scenario(base, read_scenario(path.parent / "closed.toml")))
    cut = np.isfinite(answers.results["hospital_s"]) & ~np.isfinite(closed["hospital_s"])
    assert closed["population"][cut].sum() == PEOPLE["north"] + PEOPLE["isle"]


def test_vulnerable_names_ferries_and_bridges(path):
    table = vulnerable_study(load_study(path), "hospital", show=False).table
    ferry = table[table["kind"] == "ferry"].iloc[0]
    assert (ferry["name"], ferry["people_cut_off"]) == ("Car ferry", PEOPLE["isle"])
    assert (table["kind"] == "bridge").any()


def test_explain_speaks_of_a_link(path):
    shown = CliRunner().invoke(app, ["explain", str(path), "--way", "2"])
    assert shown.exit_code == 0, shown.output
    assert "official minutes of Ruteplan" in shown.output


def test_route_follows_links(path):
    start, goal = (",".join(f"{value:.6f}" for value in degrees(*PLACES[key])) for key in ("west", "isle"))
    shown = CliRunner().invoke(app, ["route", str(path), "--from", start, "--to", goal])
    assert shown.exit_code == 0, shown.output
    assert "Car ferry" in shown.output


def test_the_planner_closes_a_ferry_and_draws_a_journey(answers):
    state = PlannerState(answers)
    session = Session(state)
    isle = answers.results.index.get_loc(cell_id("isle"))
    [journey] = session.journeys([], "gp", isle)
    assert journey.site == "gp-east"
    assert "Car ferry" in {part["detail"] for part in journey.parts}
    closed = session.answer(read_changes([{"what": "close", "way": 8}]), "gp").figures.times_s
    assert np.isinf(closed[isle])
    assert np.isfinite(closed).sum() == np.isfinite(answers.results["gp_s"]).sum() - 1

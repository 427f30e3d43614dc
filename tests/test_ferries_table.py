"""The table of ferries: what it overrides, what is wrong with it, and that a written one reads back."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geoaccess as ga
from geoaccess.clock import every_day, parse_sailings, parse_season
from geoaccess.errors import InputError
from geoaccess.osm import read_ferry_table, write_ferry_table
from geoaccess.osm.ferry_table import COLUMNS
from geoaccess.questions import list_ferries, write_ferries
from geoaccess.routing import departures_on
from geoaccess.study import check, load_study
from geoaccess.study.stages import build_or_load_network

ROOT = Path(__file__).parents[1]
WEDNESDAY = dt.date(2026, 1, 14)


def table(tmp_path, *rows, name="ferries.csv"):
    path = tmp_path / name
    write_ferry_table(path, rows)
    return path


def same_roads(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("edge_u", "edge_v", "edge_forward_ds", "edge_backward_ds", "edge_kind", "node_lon", "node_lat")
    )


@pytest.fixture(scope="module")
def troms():
    return ga.read_osm(ROOT / "data/troms/troms-modelled.osm.pbf", ferries=ROOT / "data/troms/ferries.csv")


def test_the_table_of_troms_as_it_stands(troms):
    rows = read_ferry_table(ROOT / "data/troms/ferries.csv")
    assert len(rows) == 25
    assert troms.counts["ferry_table_rows_not_in_extract"] == 0
    by_name = troms.ferries.set_index("name")
    plain = pd.read_csv(ROOT / "data/troms/ferries.csv").set_index("name")
    assert by_name["crossing_s"].to_dict() == (plain["minutes"] * 60.0).reindex(by_name.index).to_dict()
    assert by_name["headway_s"].to_dict() == (plain["headway_min"] * 60.0).reindex(by_name.index).to_dict()
    assert by_name["cars"].to_dict() == (plain["motor_vehicle"] == "yes").reindex(by_name.index).to_dict()


def test_a_row_overrides_and_the_rest_stays(tmp_path):
    path = table(tmp_path, {"way_id": 3243, "minutes": 50, "headway_min": 10, "motor_vehicle": "yes"})
    found = ga.read_osm(ROOT / "data/troms/troms-modelled.osm.pbf", ferries=path).ferries.set_index("way_id")
    assert found.loc[3243, ["crossing_s", "wait_s", "table_row"]].tolist() == [3000, 300, 2]
    assert found.loc[3244, ["crossing_s", "table_row"]].tolist() == [2400, 0]


def test_cars_by_the_table(tmp_path):
    path = table(tmp_path, {"way_id": 3266, "motor_vehicle": "yes"}, {"way_id": 3243, "motor_vehicle": "no"})
    found = ga.read_osm(ROOT / "data/troms/troms-modelled.osm.pbf", ferries=path).ferries.set_index("way_id")
    assert found.loc[[3266, 3243], "cars"].tolist() == [True, False]
    assert "by the table" in found.loc[3266, "note"]


def test_a_row_of_two_quays_shares_its_minutes_over_the_ways_between_them(tmp_path):
    quays = {"from_lon": -20.117, "from_lat": 63.531, "to_lon": -21.3744, "to_lat": 63.8611}
    path = table(tmp_path, quays | {"minutes": 100, "name": "over sea"}, {"way_id": 1, "minutes": 5})
    network = ga.read_osm(ROOT / "data/iceland/iceland-2019.osm.pbf", ferries=path)
    ours = network.ferries[network.ferries["table_row"] == 2]
    assert len(ours) > 1
    assert ours["crossing_s"].sum() == pytest.approx(6000)
    pace = ours["crossing_s"] / ours["length_m"]
    assert pace.to_numpy() == pytest.approx(pace.iloc[0])
    assert network.counts["ferry_table_rows_not_in_extract"] == 1


@pytest.mark.parametrize("study", ["iceland", "troms"])
def test_a_written_table_reads_back_to_the_same_network(tmp_path, study):
    text = (ROOT / "configs" / f"{study}.toml").read_text(encoding="utf-8")
    text = text.replace('"../', f'"{ROOT.as_posix()}/').replace(
        f'cache = "{ROOT.as_posix()}/.cache"', 'cache = "cache"'
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    before = load_study(tmp_path / "study.toml")
    first, _ = build_or_load_network(before)
    count = write_ferries(before, tmp_path / "mine.csv")
    assert count == len(first.ferries)
    lines = [line for line in text.splitlines() if not line.startswith("ferries =")]
    named = "\n".join(lines).replace("\n[network]\n", '\n[network]\nferries = "mine.csv"\n')
    (tmp_path / "study.toml").write_text(named, encoding="utf-8")
    after = load_study(tmp_path / "study.toml")
    second, from_cache = build_or_load_network(after)
    assert not from_cache
    assert same_roads(first, second)
    columns = ["way_id", "cars", "kind", "wait_s"]
    assert first.ferries[columns].equals(second.ferries[columns])
    assert (second.ferries["table_row"] > 0).all()
    assert build_or_load_network(after)[1]
    # A byte more in the table is another network.
    with (tmp_path / "mine.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not build_or_load_network(after)[1]
    titles = [title for title, _ in list_ferries(after)]
    assert titles[0] == "Car ferries"
    with pytest.raises(InputError, match="is there already"):
        write_ferries(after, tmp_path / "mine.csv")


def test_minutes_are_written_as_in_every_table_and_read_to_the_thousandth_of_a_second(tmp_path):
    thirds = {"way_id": 7, "minutes": 37 / 3, "headway_min": 50 / 3, "check_in_min": 5.0, "from_lon": 10 + 1 / 3}
    ends = {"from_lat": 59.123456789, "to_lon": 11.0, "to_lat": 60.0}
    path = table(tmp_path, thirds | ends)
    line = pd.read_csv(path, dtype=str).iloc[0]
    assert line[["minutes", "headway_min", "check_in_min"]].tolist() == ["12.333333", "16.666667", "5"]
    assert line[["from_lon", "from_lat", "to_lon"]].tolist() == ["10.333333", "59.123457", "11"]
    [row] = read_ferry_table(path)
    assert (row.crossing_s, row.headway_s, row.check_in_s) == (740.0, 1000.0, 300.0)


def test_everything_wrong_is_reported_at_once_with_rows(tmp_path):
    path = table(
        tmp_path,
        {"way_id": "x", "minutes": -5, "motor_vehicle": "perhaps"},
        {"minutes": 5},
        {"way_id": 1, "first": "25:99", "departures": "Mo-Fr 7", "check_in_min": "early"},
        {"from_lon": 1, "from_lat": 2},
        {"from_lon": 1, "from_lat": 2, "to_lon": 1, "to_lat": 2},
        {"from_lon": 1, "from_lat": 200, "to_lon": 1, "to_lat": 2},
        {"way_id": 4, "departures_back": "07:00"},
        {"way_id": 5, "departures": "Mo-Fr"},
    )
    with pytest.raises(InputError) as caught:
        read_ferry_table(path)
    refusal = str(caught.value)
    for part in (
        "12 problems", 'row 2: way_id is "x"', 'row 2: minutes is "-5"', 'row 2: motor_vehicle is "perhaps"',
        "row 3: does not say which ferry", 'row 4: first is "25:99"', 'row 4: departures: "7" is no time of day',
        'row 4: check_in_min is "early"', "row 5: has from_lon, from_lat only", "row 6: begins and ends at the same",
        'row 7: from_lat is "200"', "row 8: departures_back is given but no departures", "row 9: departures:",
    ):  # fmt: skip
        assert part in refusal, part


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("way_id,minuts\n1,5\n", 'unknown column "minuts"; did you mean "minutes"'),
        ("name,minutes\na,5\n", "no column says which ferry a row is"),
        ("way_id,way_id\n1,1\n", "2 columns are called"),
        ("way_id,note\n1,a,b\n", "row 2: 3 values, but the header names 2"),
        ("", "is empty"),
    ],
)
def test_a_table_that_is_none(tmp_path, text, message):
    path = tmp_path / "ferries.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_ferry_table(path)


def test_two_rows_for_one_ferry_are_refused_but_two_seasons_are_not(tmp_path):
    extract = ROOT / "data/troms/troms-modelled.osm.pbf"
    with pytest.raises(InputError, match="rows 2 and 3 speak of the same ferry"):
        ga.read_osm(extract, ferries=table(tmp_path, {"way_id": 3243}, {"way_id": 3243, "minutes": 5}))
    seasons = {"way_id": 3243, "minutes": 20, "season": "May-August"}, {"way_id": 3243, "season": "September-April"}
    found = ga.read_osm(extract, ferries=table(tmp_path, *seasons, name="two.csv")).ferries.set_index("way_id")
    assert found.loc[3243, "crossing_s"] == 1200


@given(st.integers(0, 86400), st.integers(0, 86400), st.integers(60, 20000))
def test_runs_of_departures_begin_and_end_where_they_say(first, last, headway):
    clock = every_day(first, last, headway).by_weekday[3]
    end = last if last >= first else last + 86400
    assert (clock[0], clock[-1]) == (first, end)
    assert (np.diff(clock) > 0).all()
    assert (np.diff(clock) <= headway).all()


def test_patterns_of_days():
    week = parse_sailings("Fr-Mo 10:00; We 06:00-08:00/60 24:30; 23:15").by_weekday
    hours = [[clock / 3600 for clock in day] for day in week]
    assert hours == [[10, 23.25], [23.25], [6, 7, 8, 23.25, 24.5], [23.25], [10, 23.25], [10, 23.25], [10, 23.25]]
    for text in ("Mo-Fr", "noon", "06:00-07:00/0", "Mo 6:60"):
        with pytest.raises(ValueError, match=r"time|run"):
            parse_sailings(text)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("May-August", dt.date(2026, 8, 31), dt.date(2026, 9, 1)),
        ("late May - August", dt.date(2026, 5, 21), dt.date(2026, 5, 20)),
        ("10-15/04-30", dt.date(2026, 1, 1), dt.date(2026, 5, 1)),
        ("Oct-Apr", dt.date(2026, 12, 31), dt.date(2026, 6, 1)),
    ],
)
def test_seasons(text, inside, outside):
    season = parse_season(text)
    assert season.covers(inside)
    assert not season.covers(outside)


@pytest.mark.parametrize("text", ["13-45/99-99", "00-01/05-01", "05-20/08-32", "9999-12-31"])
def test_days_that_no_year_has_are_no_season(text):
    assert not parse_season(text).known
    assert parse_season(text).covers(dt.date(2026, 1, 1))


def test_departures_of_a_day(tmp_path, troms):
    path = table(
        tmp_path,
        {"way_id": 3243, "departures": "Mo-Fr 07:00; Tu 24:30", "departures_back": "Mo-Fr 08:00", "check_in_min": 10},
        {"way_id": 3244, "first": "06:00", "last": "10:00", "headway_min": 120, "season": "May-August", "minutes": 7},
        {"way_id": 3245, "minutes": 5},
        {"way_id": 3261, "motor_vehicle": "no", "departures": "07:00"},
    )
    found, left = departures_on(read_ferry_table(path), troms.ferries, WEDNESDAY, days=2)
    ours = found[found["ferry"] == "way 3243"]
    # Tuesday's boat after midnight, then Wednesday and Thursday, each way.
    assert sorted(ours["departs_s"]) == [1800, 25200, 28800, 25200 + 86400, 28800 + 86400]
    assert (ours["check_in_s"] == 600).all()
    still = found[found["ferry"] == "way 3244"]
    assert len(still) == 2
    assert still["departs_s"].isna().all()
    assert left == {
        "way 3244": "does not sail on this day or the days after it",
        "way 3245": "no departures, nor first, last and headway_min: counted at its average wait",
        "way 3261": "takes no cars",
    }
    summer, _ = departures_on(read_ferry_table(path), troms.ferries, dt.date(2026, 7, 1), days=1)
    sails = summer[summer["ferry"] == "way 3244"]
    assert sorted(set(sails["departs_s"])) == [21600, 28800, 36000]
    assert (sails["arrives_s"] - sails["departs_s"] == 420).all()


def test_every_column_is_documented():
    refusal = read_ferry_table.__doc__ or ""
    for name in set(COLUMNS) - {"id", "from", "to", "name", "leaves_region", "sure", "source", "note"}:
        assert name in refusal, name


def test_a_relation_as_a_row(tmp_path):
    xml = """<osm version="0.6">
    <node id="1" version="1" lon="10" lat="60"/><node id="2" version="1" lon="10.1" lat="60"/>
    <node id="3" version="1" lon="10.1" lat="60.02"/><node id="4" version="1" lon="10.1" lat="60.08"/>
    <node id="5" version="1" lon="10.2" lat="60.08"/>
    <way id="1" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="primary"/></way>
    <way id="2" version="1"><nd ref="4"/><nd ref="5"/><tag k="highway" v="primary"/></way>
    <way id="3" version="1"><nd ref="2"/><nd ref="3"/><tag k="route" v="ferry"/></way>
    <way id="4" version="1"><nd ref="3"/><nd ref="4"/><tag k="route" v="ferry"/></way>
    <relation id="9" version="1"><member type="way" ref="3" role=""/><member type="way" ref="4" role=""/>
    <tag k="type" v="route"/><tag k="route" v="ferry"/></relation></osm>"""
    (tmp_path / "a.osm").write_text(xml, encoding="utf-8")
    path = table(tmp_path, {"relation_id": 9, "minutes": 40, "motor_vehicle": "yes", "departures": "07:00"})
    network = ga.read_osm(tmp_path / "a.osm", ferries=path)
    assert network.ferries["crossing_s"].tolist() == pytest.approx([600, 1800], rel=1e-3)
    found, _ = departures_on(read_ferry_table(path), network.ferries, WEDNESDAY, days=1)
    assert found[["from_lat", "to_lat"]].to_numpy().tolist() in ([[60, 60.08], [60.08, 60]], [[60.08, 60], [60, 60.08]])


def test_the_command_lists_and_writes(tmp_path, capsys, monkeypatch):
    from geoaccess import cli

    text = (ROOT / "configs" / "troms.toml").read_text(encoding="utf-8").replace('"../', f'"{ROOT.as_posix()}/')
    text = text.replace(f'cache = "{ROOT.as_posix()}/.cache"', 'cache = "cache"')
    text = text.replace(f'output = "{ROOT.as_posix()}/maps/troms"', 'output = "out"')
    text = text.replace('"reliability/', f'"{ROOT.as_posix()}/configs/reliability/')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = str(tmp_path / "study.toml")
    for words in (
        ["ferries", study, "--write", str(tmp_path / "mine.csv")],
        ["profile", study, "--service", "legevakt", "--day", "2026-01-14", "--quiet"],
    ):
        monkeypatch.setattr("sys.argv", ["geoaccess", *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 0
    assert len(read_ferry_table(tmp_path / "mine.csv")) == 25
    cells = pd.read_csv(tmp_path / "out" / "profile_legevakt_2026-01-14.csv")
    assert cells["population"].sum() == pytest.approx(193_468)
    reached = cells[np.isfinite(cells["mean_s"])]
    assert (reached["worst_s"] >= reached["p90_s"]).all()
    assert (reached["p90_s"] >= reached["median_s"]).all()
    by_road = cells[(cells["departures"] == 0) & np.isfinite(cells["by_land_s"])]
    assert (by_road["mean_s"] == by_road["by_land_s"]).all()
    for words, message in (
        (["--service", "legevakt", "--day", "14.1.2026"], "write a date"),
        (["--service", "legevakten", "--day", "2026-01-14"], 'did you mean "legevakt"'),
    ):
        monkeypatch.setattr("sys.argv", ["geoaccess", "profile", study, *words])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 2
        assert message in " ".join(capsys.readouterr().err.split())
    shutil.rmtree(tmp_path / "out")


def test_check_reads_the_table_of_ferries(tmp_path):
    """What `run` would refuse, `check` refuses before anything is computed."""
    bad = table(tmp_path, {"way_id": "x", "minutes": -5})
    study = load_study(ROOT / "configs" / "troms.toml")
    network = study.settings.network.model_copy(update={"ferries": str(bad)})
    with pytest.raises(InputError, match=bad.name):
        check(replace(study, settings=study.settings.model_copy(update={"network": network})))

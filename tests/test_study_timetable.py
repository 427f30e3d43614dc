"""Boats by timetable through the whole of a study: a feed of the one car ferry of a small country."""

from __future__ import annotations

import datetime as dt
import json
import re

import numpy as np
import pandas as pd
import pytest
from test_gtfs import feed as write_feed
from test_study_tiny import FURTHER, ISLE, MAIN, PLACES, STUDY, cell_id, degrees, write_study

from geoaccess import cli
from geoaccess.errors import ConfigError, InputError
from geoaccess.questions import compare_study, list_ferries, profile_day, profile_days, sweep_studies
from geoaccess.scenarios import Scenario
from geoaccess.study import check, load_study, run_study, solve_study, stages
from geoaccess.study.settings.variations import combinations, study_variations

HOUR, DAY = 3600, 86400
TO_TOWN, TO_ISLE = (6.0, 9.5, 16.0), (7.0, 11.0, 20.5)  # hours on weekdays; on Sundays at noon and at one only
CROSSING = 25 * 60
HOLIDAY = "20260106"  # the first Tuesday of the calendar: boats as on Sundays

BY_TIMETABLE = STUDY.replace(
    'profile = "flat.toml"', 'profile = "flat.toml"\nwait = "timetable"\nferry_gtfs = ["f.zip"]'
)


@pytest.fixture(autouse=True)
def _stops(monkeypatch):
    ends = {"E": ("Austvik", *degrees(*PLACES["east"])[::-1]), "Q": ("Øya", *degrees(*PLACES["quay"])[::-1])}
    monkeypatch.setattr("test_gtfs.STOPS", ends)


def trip(name, stops, hour, *, service="W", route="F", code=""):
    def clock(seconds):
        return f"{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:00"

    start, end = (clock(hour * HOUR + later) for later in (0, CROSSING))
    return route, service, name, "", [(stops[0], start, start, code, code), (stops[1], end, end, code, code)]


def country(folder, text=BY_TIMETABLE, *, passengers=True, more=(), table=""):
    """Write the study with its feed: car ferries, and thirty boats without cars on the same way."""
    trips = [
        *(trip(f"t{hour}", "QE", hour) for hour in TO_TOWN),
        *(trip(f"i{hour}", "EQ", hour) for hour in TO_ISLE),
        trip("sunday to town", "QE", 12, service="S"),
        trip("sunday to the isle", "EQ", 13, service="S"),
        *more,
    ]
    routes = {"F": ("Øyferja", 1004), "P": ("Øyferja", 1014), "U": ("Kanskje", 1000)}
    if passengers:
        trips += [trip(f"p{i}", ends, 5 + i / 2, route="P") for i in range(30) for ends in ("QE", "EQ")]
    path = write_study(folder, text)
    write_feed(
        folder / "f.zip", trips, routes=routes,
        calendar=["W,1,1,1,1,1,0,0,20260101,20260331", "S,0,0,0,0,0,0,1,20260101,20260331"],
        calendar_dates=[f"W,{HOLIDAY},2", f"S,{HOLIDAY},1"],
    )  # fmt: skip
    if table:
        (folder / "ferries.csv").write_text(table, encoding="utf-8")
    return load_study(path)


def mean_wait(hours, begin, end, *, days=8, skip=()):
    """Come to the quay at the middle of every second: the mean wait for the next of daily boats."""
    at = np.arange(begin * HOUR, end * HOUR) + 0.5
    boats = np.sort([hour * HOUR + day * DAY for hour in hours for day in range(days) if day not in skip])
    return (boats[np.searchsorted(boats, at)] - at).mean()


def seconds(answers, service, place):
    return answers.results.loc[cell_id(place), f"{service}_s"]


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        ends = {"E": ("Austvik", *degrees(*PLACES["east"])[::-1]), "Q": ("Øya", *degrees(*PLACES["quay"])[::-1])}
        patch.setattr("test_gtfs.STOPS", ends)
        study = country(tmp_path_factory.mktemp("timetable"))
    return study, solve_study(study, show=False)


def test_people_wait_as_the_timetable_says(solved):
    _, answers = solved
    to_town, to_isle = (mean_wait(hours, 7, 17) for hours in (TO_TOWN, TO_ISLE))
    assert seconds(answers, "gp", "isle") == pytest.approx(ISLE + to_town + CROSSING, abs=0.5)
    assert seconds(answers, "hospital", "isle") == pytest.approx(ISLE + to_town + CROSSING + FURTHER + MAIN, abs=0.5)
    # The ambulance takes the boats to the isle.
    assert seconds(answers, "ambulance_base", "isle") == pytest.approx(FURTHER + to_isle + CROSSING + ISLE, abs=0.5)
    assert seconds(answers, "gp", "middle") == pytest.approx(MAIN, abs=0.5)
    row = answers.network.ferries.set_index("name").loc["Car ferry"]
    assert row["timetable"] == "2026-01-13 07:00-17:00"  # the first Tuesday is a holiday
    assert row["sailings"] == 4
    assert row["wait_s"] == pytest.approx((to_town + to_isle) / 2, abs=0.1)
    assert answers.network.counts["ferries_by_timetable"] == 1
    assert answers.network.counts["ferries_without_timetable"] == 0


@pytest.mark.parametrize(
    ("timetable", "hours", "wait"),
    [
        ('day = "sunday"', (7, 17), lambda: mean_wait((12, 24 + 6), 7, 17)),
        ("day = 2026-01-06", (7, 17), lambda: mean_wait((12, 24 + 6), 7, 17)),
        ('hours = ["22:00", "06:00"]', (22, 30), lambda: mean_wait(TO_TOWN, 22, 30)),
        ('hours = ["16:30", "23:00"]', (16.5, 23), lambda: mean_wait(TO_TOWN, 16.5, 23)),
        ('day = "friday"\nhours = ["16:30", "23:00"]', (16.5, 23), lambda: mean_wait((48 + 12,), 16.5, 23)),
    ],
)
def test_days_and_hours(tmp_path, timetable, hours, wait):
    study = country(tmp_path, BY_TIMETABLE.replace("[snap]", f"[network.timetable]\n{timetable}\n\n[snap]"))
    answers = solve_study(study, show=False)
    assert seconds(answers, "gp", "isle") == pytest.approx(ISLE + wait() + CROSSING, abs=0.5)
    late = not any(hours[0] <= hour < hours[1] for hour in TO_TOWN) and "day" not in timetable
    notes = answers.network.ferries["note"].str.cat(sep=" ")
    assert ("does not sail within the hours" in notes) >= late


def test_boats_without_cars_change_neither_means_nor_profiles(tmp_path):
    with_them, without = (country(tmp_path / str(some), passengers=some) for some in (True, False))
    found = [solve_study(study, show=False).results["gp_s"] for study in (with_them, without)]
    pd.testing.assert_series_equal(*found)
    days = [profile_day(study, "gp", dt.date(2026, 1, 13), show=False) for study in (with_them, without)]
    pd.testing.assert_frame_equal(days[0].cells.drop(columns="geometry"), days[1].cells.drop(columns="geometry"))
    assert days[0].left_out["Øyferja"] == "60 trips take no cars (route_type 1014, f.zip)"
    assert days[1].left_out == {}
    isle = days[0].cells.loc[cell_id("isle")]
    whole = mean_wait(TO_TOWN, 0, 24)
    # Who leaves the isle at t is at the quay ISLE later: over a whole day of equal days the same mean.
    assert isle["mean_s"] == pytest.approx(ISLE + whole + CROSSING, abs=1)
    assert isle["static_s"] == pytest.approx(ISLE + mean_wait(TO_TOWN, 7, 17) + CROSSING, abs=1)


def test_several_services_and_days_in_one_run(tmp_path, monkeypatch, capsys):
    study = country(tmp_path)
    together = profile_days(study, ["gp", "hospital"], ["tuesday", dt.date(2026, 1, 18)], show=False)
    assert [(one.service, one.day.isoformat()) for one in together] == [
        ("gp", "2026-01-13"), ("hospital", "2026-01-13"), ("gp", "2026-01-18"), ("hospital", "2026-01-18")
    ]  # fmt: skip
    for one in together:
        alone = profile_day(study, one.service, one.day, show=False)
        pd.testing.assert_frame_equal(alone.by_class, one.by_class)
    words = [
        "profile",
        str(study.path),
        "--service",
        "gp",
        "--service",
        "hospital",
        "--day",
        "tuesday",
        "--day",
        "sunday",
    ]
    monkeypatch.setattr("sys.argv", ["geoaccess", *words])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert "Everybody, by service and day" in said
    assert "Sunday 4 January 2026" in said
    assert (tmp_path / "out" / "profile_hospital_2026-01-04_classes.csv").exists()


TABLE = (
    "name,from_lon,from_lat,to_lon,to_lat,departures,minutes,check_in_min,timetable\n"
    "From the table,{},{},{},{},10:00,30,10,{}\n"
)


@pytest.mark.parametrize("word", ["", "gtfs", "table"])
def test_a_ferry_in_table_and_feed_sails_once(tmp_path, word):
    places = (*degrees(*PLACES["quay"]), *degrees(*PLACES["east"]))
    text = BY_TIMETABLE.replace("ferry_gtfs", 'ferries = "ferries.csv"\nferry_gtfs')
    study = country(tmp_path, text, table=TABLE.format(*places, word))
    answers = solve_study(study, show=False)
    titles = dict(list_ferries(study))
    sailing = next(table for title, table in titles.items() if title.startswith("Sailings with cars"))
    left = next(table for title, table in titles.items() if title.startswith("Sailings left out")).set_index("name")
    day = profile_day(study, "gp", dt.date(2026, 1, 13), show=False)
    if word == "table":
        wait, across = mean_wait((10,), 7 + 1 / 6, 17 + 1 / 6) + 600, 1800
        assert left.loc["Øyferja", "note"].startswith(("in two timetables; sails once, by row 2", "60 trips"))
        assert day.left_out["Øyferja"].startswith(("in two timetables; sails once, by row 2", "60 trips"))
        assert set(sailing["ferry"]) == {"From the table"}
    else:  # the feed's sailings, with the check-in of the table
        wait, across = mean_wait(TO_TOWN, 7 + 1 / 6, 17 + 1 / 6) + 600, CROSSING
        assert left.loc["From the table", "note"] == "in two timetables; sails once, by f.zip"
        assert day.left_out["From the table"] == "in two timetables; sails once, by f.zip"
        assert set(sailing["ferry"]) == {"Øyferja"}
    assert seconds(answers, "gp", "isle") == pytest.approx(ISLE + wait + across, abs=1)
    isle = day.cells.loc[cell_id("isle")]
    assert isle["departures"] == (1 if word == "table" else 3)


def test_sailings_to_be_booked_and_assumed_are_counted(tmp_path):
    more = [
        trip("by phone", "QE", 8, code="2"),
        trip("perhaps", "QE", 14, route="U"),
        trip("never", "QE", 15, code="1"),
    ]
    study = country(tmp_path, more=more)
    answers = solve_study(study, show=False)
    hours = (*TO_TOWN, 8, 14)
    assert seconds(answers, "gp", "isle") == pytest.approx(ISLE + mean_wait(hours, 7, 17) + CROSSING, abs=0.5)
    note = answers.network.ferries.set_index("name").loc["Car ferry", "note"]
    assert "1 sailing of the day is to be booked" in note
    assert "the timetable does not say whether it takes cars" in note
    assert answers.network.counts["sailings_to_be_booked"] == 1
    said = "\n".join(check(study))
    assert "timetables: 8 sailings with cars on Tuesday 13 January 2026, 6 of them between 07:00 and 17:00" in said
    assert "1 sailing of the day is to be booked" in said
    assert "Øyferja: 60 trips take no cars (route_type 1014, f.zip)" in said
    assert "Kanskje: f.zip does not say whether it takes cars (route_type 1000)" in said


def test_a_network_is_kept_for_its_day_hours_and_feed(solved, tmp_path):
    study, _ = solved
    _, from_cache = stages.build_or_load_network(study)
    assert from_cache
    texts = (
        STUDY.replace('profile = "flat.toml"', 'profile = "flat.toml"\nferry_gtfs = ["f.zip"]'),
        BY_TIMETABLE.replace("[snap]", '[network.timetable]\nday = "sunday"\n\n[snap]'),
        BY_TIMETABLE.replace("[snap]", '[network.timetable]\nhours = ["07:00", "17:30"]\n\n[snap]'),
    )
    names = [stages.network_folder(one).name for one in (study, *(country(tmp_path, text) for text in texts))]
    names.append(stages.network_folder(country(tmp_path, more=[trip("new", "QE", 12)])).name)
    assert len(set(names)) == 5


def test_a_sweep_varies_the_timetable(tmp_path):
    study = country(tmp_path)
    changes = combinations(["network.wait=profile,timetable", "network.timetable.day=tuesday,sunday"])
    changes |= combinations(['network.timetable.hours=["22:00", "06:00"]'])
    found = sweep_studies(study_variations([study.path], changes), workers=1, cells=True, show=False)
    assert found.failed.empty
    cells = found.cells[(found.cells["service"] == "gp") & (found.cells["cell_id"] == cell_id("isle"))]
    times = cells.set_index("variation")["travel_time_s"]
    usual = ISLE + 600 + 1800
    assert times["network.wait=profile, network.timetable.day=tuesday"] == pytest.approx(usual, abs=0.5)
    by_day = {name.rpartition("=")[2]: value for name, value in times.items() if "wait=timetable" in name}
    assert by_day["tuesday"] == pytest.approx(ISLE + mean_wait(TO_TOWN, 7, 17) + CROSSING, abs=0.5)
    assert by_day["sunday"] == pytest.approx(ISLE + mean_wait((12, 30), 7, 17) + CROSSING, abs=0.5)
    night = next(value for name, value in times.items() if "hours" in name)
    assert night == pytest.approx(ISLE + mean_wait(TO_TOWN, 22, 30) + CROSSING, abs=0.5)


def test_scenarios_change_day_and_hours_and_close_boats(tmp_path):
    study = country(tmp_path)
    changes = [
        Scenario(title="Sunday", network={"timetable": {"day": "sunday"}}),
        Scenario(title="Usual", network={"wait": "profile"}),
        Scenario(title="Storm", storm={}),
    ]
    found = compare_study(study, changes, show=False)
    label = cell_id("isle")
    before = ISLE + mean_wait(TO_TOWN, 7, 17) + CROSSING
    after = [ISLE + mean_wait((12, 30), 7, 17) + CROSSING, ISLE + 600 + 1800, np.inf]
    for cells, expected in zip(found.cells, after, strict=True):
        assert cells.loc[label, "gp_before_s"] == pytest.approx(before, abs=0.5)
        assert cells.loc[label, "gp_after_s"] == pytest.approx(expected, abs=0.5)
    assert "Boats have the mean waits of the timetable of Sunday, 07:00 to 17:00." in found.notes[0]
    assert "Boats have the waits of the profile, not those of the timetable." in found.notes[1]
    # By the clock of a day the boats are those of the day, whatever the study's network follows.
    by_clock = compare_study(study, changes[2:], day=dt.date(2026, 1, 13), show=False)
    assert by_clock.cells[0].loc[label, "gp_before_s"] == pytest.approx(
        ISLE + mean_wait(TO_TOWN, 0, 24) + CROSSING, abs=1
    )
    with pytest.raises(InputError, match="with --day all boats sail by the clock"):
        compare_study(study, changes[:1], day=dt.date(2026, 1, 13), show=False)
    with pytest.raises(InputError, match='"someday" is no day'):
        compare_study(study, [Scenario(title="x", network={"timetable": {"day": "someday"}})], show=False)


def test_explain_says_which_timetable_and_which_wait(solved, monkeypatch, capsys):
    study, _ = solved
    said = []
    for words in ([], ["--json"]):
        monkeypatch.setattr("sys.argv", ["geoaccess", "explain", str(study.path), "--way", "8", *words])
        monkeypatch.setenv("COLUMNS", "300")
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert stopped.value.code == 0
        said.append(" ".join(capsys.readouterr().out.split()))
    wait = round((mean_wait(TO_TOWN, 7, 17) + mean_wait(TO_ISLE, 7, 17)) / 120)
    assert (
        f"mean wait {wait} min, 25 min across, by the timetable of Tuesday 13 January 2026, 07:00 to 17:00" in said[0]
    )
    assert f"Øya - Austvik: 2 sailings within the hours, mean wait {mean_wait(TO_TOWN, 7, 17) / 60:.0f} min" in said[0]
    assert json.loads(said[1])["waits"][0].startswith(f"mean wait {wait} min")


@pytest.mark.parametrize("language", ["en", "nb"])
def test_the_report_says_which_day_and_who_waits_until_after_the_hours(tmp_path, language):
    text = BY_TIMETABLE.replace("[snap]", '[network.timetable]\nhours = ["21:00", "23:00"]\n\n[snap]')
    study = country(tmp_path, text.replace('output = "out"', f'output = "out"\nlanguage = "{language}"'))
    run_study(study, show=False)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (tmp_path / "out" / "report.html").read_text(encoding="utf-8")))
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    if language == "en":
        assert "Boats follow the timetable of Tuesday 13 January 2026: 1 ferry way has" in page
        assert "(Car ferry): the wait is for the first sailing after them. 101 people use them" in page
        assert "Boats have the mean wait of the timetable of Tuesday, 21:00 to 23:00" in index
    else:
        assert "Båtene følger rutetabellen for tirsdag 13. januar 2026: 1 ferjestrekning har" in page
        assert "(Car ferry): ventetiden gjelder første avgang etter det. 101 innbyggere bruker dem" in page
        assert "gjennomsnittlig ventetid etter rutetabellen for tirsdag, 21:00 til 23:00" in index


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (STUDY.replace('profile = "flat.toml"', 'profile = "flat.toml"\nwait = "timetable"'), "needs a timetable"),
        (BY_TIMETABLE.replace("[snap]", '[network.timetable]\nday = "tusday"\n\n[snap]'), 'did you mean "tuesday"'),
        (
            BY_TIMETABLE.replace("[snap]", '[network.timetable]\nhours = ["7", "17:00"]\n\n[snap]'),
            '"7" is no time of day',
        ),
        (
            BY_TIMETABLE.replace("[snap]", '[network.timetable]\nhours = ["07:00", "07:00"]\n\n[snap]'),
            "for a whole day",
        ),
        (
            BY_TIMETABLE.replace("[snap]", "[network.timetable]\nday = 9999-12-31\n\n[snap]"),
            "one of the years 1000 to 3000",
        ),
        (STUDY.replace("[network]", "[network]\nwhen = 0001-01-01"), r"network\.when.*one of the years 1000 to 3000"),
        (STUDY + "\n[opening]\nfirst = 9999-12-31\n", "one of the years 1000 to 3000"),
    ],
)
def test_settings_that_say_no_day(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        load_study(write_study(tmp_path, text))


def test_check_refuses_what_run_would(tmp_path):
    study = country(tmp_path, BY_TIMETABLE.replace("[snap]", "[network.timetable]\nday = 2027-01-05\n\n[snap]"))
    for verb in (check, lambda one: solve_study(one, show=False)):
        with pytest.raises(InputError, match="its calendar does not hold 20270105; it holds 20260101 to 20260331"):
            verb(study)
    (tmp_path / "f.zip").write_bytes(b"no zip")
    for verb in (check, lambda one: solve_study(one, show=False)):
        with pytest.raises(InputError, match="cannot be read as GTFS"):
            verb(study)

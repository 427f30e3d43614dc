"""What a question can be refused for is said before people are read, roads built or times searched, and by `check`."""

import datetime as dt
from pathlib import Path

import pytest
from test_study_tiny import STUDY, write_study

from geoaccess.errors import GeoaccessError
from geoaccess.questions import (
    CapacityQuestion,
    DayQuestion,
    FleetQuestion,
    Question,
    capacity_study,
    compare_study,
    days_study,
    fleet_study,
    isochrone_study,
    profile_days,
    reliability_study,
    site_study,
    vulnerable_study,
)
from geoaccess.scenarios import Scenario
from geoaccess.scenarios.weather import read_closure_rows
from geoaccess.study import check, load_study, stages

HEAD = "what,name,osm_id,ref,polygon,season,availability,area,correlation\n"
WINTER = HEAD + "ferry,all,,,,winter,0.7,,\n"


class WorkBegunError(Exception):
    """People of the study are read: the long work has begun."""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    def begun(study):
        raise WorkBegunError(study)

    monkeypatch.setattr(stages, "read_people", begun)
    study = write_study(tmp_path)
    (tmp_path / "closures.csv").write_text(WINTER, encoding="utf-8")
    (tmp_path / "places.csv").write_text("name,lat\nHere,69\n", encoding="utf-8")
    return load_study(study)


def closures(season, rows=WINTER):
    def asked(study):
        path = study.path.parent / "closures.csv"
        path.write_text(rows, encoding="utf-8")
        return reliability_study(study, "gp", table=path, season=season, show=False)

    return asked


def days(**changed):
    return lambda study: days_study(study, DayQuestion("gp", **({"days": 5, "main": ("gp-1",)} | changed)), show=False)


def sited(**changed):
    return lambda study: site_study(study, Question("gp", **changed), show=False)


def vehicles(**changed):
    return lambda study: fleet_study(study, FleetQuestion("ambulance_base", **changed), show=False)


REFUSED = {
    "another season": (closures("wintr"), 'did you mean "winter"'),
    "no season": (closures(None), "say which season counts"),
    "an availability": (closures("winter", WINTER.replace("0.7", "7")), "row 2: availability is '7'"),
    "a correlation": (closures("winter", WINTER.replace("0.7,,", "0.7,,0.5")), "row 2: correlation is 0.5"),
    "what closes": (closures("winter", WINTER.replace("ferry", "boat")), 'row 2: what is "boat"'),
    "a polygon": (closures(None, HEAD + "pass,x,,E6,POLYGON((1 2)),,0.5,,\n"), "row 2: ref is 'E6' and polygon"),
    "a way": (closures(None, HEAD + "pass,,x,,,,0.5,,\n"), "row 2: osm_id is 'x'"),
    "a day without a timetable": (
        lambda study: compare_study(study, [Scenario(title="x")], day=dt.date(2026, 1, 14), show=False),
        "no timetable",
    ),
    "a profile without a timetable": (lambda study: profile_days(study, ["gp"], ["sunday"]), "no timetable"),
    "candidates that are none": (sited(candidates="cell"), '--candidates "cell"'),
    "candidates that are not there": (sited(candidates="nowhere.csv"), "nowhere.csv"),
    "areas that are not there": (sited(exclude=Path("nowhere.geojson")), "check the areas to leave out"),
    "no share": (sited(objective="fewest", norm_min=10, share=0.0), "--share is 0"),
    "no quantile": (sited(objective="worst", quantile=1.5), "--quantile is 1.5"),
    "no aversion": (sited(objective="fair", aversion=0.0), "--aversion is 0"),
    "a small alpha": (sited(objective="beyond", norm_min=10, alpha=0.5), "--alpha is 0.5"),
    "candidates of vehicles": (vehicles(candidates="nowhere.csv"), "nowhere.csv"),
    "candidates of days": (days(candidates="nowhere.csv"), "nowhere.csv"),
    "no main office": (days(main=()), "say with --from"),
    "days that are not even": (days(days=4, even=True), "4 office days cannot be spread evenly"),
    "candidates of capacities": (
        lambda study: capacity_study(
            study,
            CapacityQuestion("gp", candidates="nowhere.csv", norm_min=10, capacity="5", add=1, new_capacity=5),
            show=False,
        ),
        "nowhere.csv",
    ),
    "minutes below 0": (lambda study: isochrone_study(study, "gp", minutes=[-5], show=False), "give a number above 0"),
    "an area without minutes": (lambda study: isochrone_study(study, "gp", minutes=[], show=False), "at least one"),
    "links at once": (lambda study: vulnerable_study(study, "gp", together=4, show=False), "together is 4"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_before_anything_is_read(tiny, why):
    asked, message = REFUSED[why]
    with pytest.raises(GeoaccessError) as caught:
        asked(tiny)
    assert message in str(caught.value)


ASKED = {
    "reliability": closures("winter"),
    "compare": lambda study: compare_study(study, [Scenario(title="x")], show=False),
    "site": sited(),
    "vehicles": vehicles(),
    "days": days(),
    "isochrones": lambda study: isochrone_study(study, "gp", minutes=[5], show=False),
    "vulnerable": lambda study: vulnerable_study(study, "gp", show=False),
}


@pytest.mark.parametrize("verb", ASKED)
def test_that_guard_can_fail(tiny, verb):
    with pytest.raises(WorkBegunError):
        ASKED[verb](tiny)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('season = "wintr"', 'did you mean "winter"'),
        ("", "say which season counts"),
        ('season = "winter"', None),
    ],
)
def test_check_says_it_before_people_are_read(tiny, section, message):
    text = STUDY + f'\n[reliability]\ntable = "closures.csv"\n{section}\n'
    tiny.path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkBegunError if message is None else GeoaccessError) as caught:
        check(load_study(tiny.path), show=False)
    assert (message or "") in str(caught.value)


def test_rows_have_numbers_and_keep_what_is_yours(tiny):
    path = tiny.path.parent / "closures.csv"
    path.write_text("what,name,closures,closure_hours,season_days,mine\npass,x,3,24,30,7\n", encoding="utf-8")
    (row,) = read_closure_rows(path).to_dict("records")
    assert row["availability"] == pytest.approx(0.9)
    assert row["correlation"] == 0
    assert row["mine"] == "7"

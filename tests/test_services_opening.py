"""Opening hours laid out over the hours of days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from opening_hours import OpeningHours

from geoaccess.errors import InputError
from geoaccess.services import open_days, open_hours

MONDAY = date(2026, 1, 12)


def test_a_week_has_the_hours_that_are_written():
    opening = pd.Series({"office": "Mo-Fr 08:00-15:30", "night": "24/7; Mo-Fr 08:00-15:30 off", "never": "off"})
    week = open_hours(opening, first=MONDAY, step_min=30)
    assert week.shape == (336, 3)
    assert week.sum().to_dict() == {"office": 75, "night": 336 - 75, "never": 0}
    assert week.loc["2026-01-12 08:00", "office"]
    assert week.loc["2026-01-12 15:00", "office"]
    assert not week.loc["2026-01-12 15:30", "office"]
    assert not week.loc["2026-01-12 07:30", "office"]
    assert not week.loc["2026-01-17", "office"].any()


@pytest.mark.parametrize(
    "text",
    [
        "Mo-Fr 08:00-15:30",
        "Mo-Fr 16:00-08:00",
        "Tu,Th 09:10-14:50; We off",
        "Mo-Su 23:30-00:30",
        "24/7",
        "Jan Mo 10:00-12:00; Feb Mo 08:00-09:00",
        "week 1-53/2 We 09:00-15:00",
        "sunrise-sunset",
    ],
)
def test_a_slot_is_open_when_its_start_is(text):
    rule, first = OpeningHours(text), date(2026, 1, 29)
    days = open_hours(pd.Series({"site": text}), first=first, days=9, step_min=15)["site"]
    begin = datetime.combine(first, datetime.min.time())
    assert days.tolist() == [rule.is_open(begin + timedelta(minutes=15 * i)) for i in range(9 * 96)]


def test_holidays_are_those_of_the_country_and_the_date():
    opening = pd.Series({"office": "Mo-Fr 08:00-16:00; PH off"})
    first_of_may = date(2026, 5, 1)
    assert open_hours(opening, first=first_of_may, days=1, step_min=60)["office"].sum() == 8
    assert open_hours(opening, first=first_of_may, days=1, step_min=60, country="NO")["office"].sum() == 0
    assert open_hours(opening, first=date(2026, 5, 4), days=1, step_min=60, country="NO")["office"].sum() == 8


def test_seasons_are_those_of_the_date():
    opening = pd.Series({"cabins": "Jul-Aug Mo-Fr 09:00-12:00"})
    assert open_hours(opening, first=date(2026, 7, 13), step_min=60)["cabins"].sum() == 15
    assert open_hours(opening, first=MONDAY)["cabins"].sum() == 0


def test_what_is_unknown_counts_as_closed():
    assert open_hours(pd.Series({"a": "Mo 09:00-12:00 unknown"}), first=MONDAY)["a"].sum() == 0


def test_lists_for_day_and_night_together_never_close():
    day = pd.Series("Mo-Fr 08:00-15:30", index=["Finnsnes", "Silsand"])
    night = pd.Series("24/7; Mo-Fr 08:00-15:30 off", index=["Finnsnes", "Tromsø"])
    week = open_hours(pd.concat([day, night]), first=MONDAY, step_min=30)
    assert week.columns.tolist() == ["Finnsnes", "Silsand", "Tromsø"]
    assert week["Finnsnes"].all()
    assert (week["Silsand"] ^ week["Tromsø"]).all()


def test_days_on_which_somebody_is_there():
    opening = pd.Series({"two": "Tu,Th 09:00-14:00", "night": "Mo 22:00-06:00", "none": "off"})
    days = open_days(open_hours(opening, first=MONDAY))
    assert len(days) == 7
    assert days["two"].tolist() == [False, True, False, True, False, False, False]
    assert days["night"].tolist() == [True, True] + 5 * [False]
    assert not days["none"].any()


def test_all_that_cannot_be_read_is_named():
    opening = pd.Series({"a": "Mo-Fr 8 to 16", "b": "", "c": "24/7", "d": None, "e": "Mo-Fr 8 to 16"})
    with pytest.raises(InputError, match="opening hours: 4 problems") as error:
        open_hours(opening, first=MONDAY)
    assert 'a: opening is "Mo-Fr 8 to 16"' in str(error.value)
    assert 'd: opening is ""' in str(error.value)
    with pytest.raises(InputError, match='country "Norge"'):
        open_hours(pd.Series({"c": "24/7"}), first=MONDAY, country="Norge")
    for wrong in ({"days": 0}, {"step_min": 0}, {"step_min": 45}, {"step_min": 120}):
        with pytest.raises(InputError, match="give a day or more and a part of 60 minutes"):
            open_hours(pd.Series({"c": "24/7"}), first=MONDAY, **wrong)

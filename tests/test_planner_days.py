"""The days that a plan says of a site: column by column, and no more than the study says already, as it is compared."""

from __future__ import annotations

import csv
import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_study_tiny import STUDY, write_study

from geoaccess.planner import read_changes
from geoaccess.planner.merging import merged_text
from geoaccess.planner.saved import open_scenario
from geoaccess.planner.saving import load_plan, save_plan
from geoaccess.planner.session import Session
from geoaccess.planner.shelf import Shelf
from geoaccess.questions.compare.comparison import compare_study
from geoaccess.questions.scenario_run import apply_scenario, solve_scenario
from geoaccess.scenarios import Scenario, read_scenario
from geoaccess.services import open_hours
from geoaccess.study import load_study

STATED = {
    "gp-west": {"days_per_week": "2", "capacity": "0"},
    "gp-east": {"days_per_week": "0", "capacity": "3"},
    "hospital-west": {"opening": "Mo,Tu"},
    "birth_unit-holm": {"opening": "We"},
}
NAMES = ("days_per_week", "capacity", "opening")
TEXT = (
    STUDY.replace('label = "GP"', 'label = "GP"\ndays_per_week = "days_per_week"')
    .replace('label = "Hospital"', 'label = "Hospital"\nopening = "opening"')
    .replace('label = "Birth unit"', 'label = "Birth unit"\nopening = "opening"')
    + '\n[catchments.doctors]\nservice = "gp"\nmeasure = "two_step"\nsupply = "capacity"\ncutoff_min = 30\n'
    + "\n[opening]\nfirst = 2026-01-12\n"
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("days"), TEXT)
    sites = path.parent / "sites.csv"
    with sites.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with sites.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*rows[0], *NAMES])
        writer.writeheader()
        writer.writerows(row | STATED.get(row["id"], {}) for row in rows)
    return load_study(path)


def changed(site, *tables):
    service = site.rpartition("-")[0]
    return Scenario(title="Days", change=[{"service": service, "site": site, **table} for table in tables])


def days_of(state, scenario, site):
    said = open_scenario(state, scenario).said
    return said[site.rpartition("-")[0], site].days


CASES = [
    ("gp-west", [{"days_per_week": 3}], (0, 2, 4)),
    ("gp-west", [{"opening": "Mo,Tu"}, {"days_per_week": 4}], (0, 1)),
    ("gp-west", [{"days_per_week": 4}, {"opening": "Fr"}], (4,)),
    ("gp-west", [{"days_per_week": 1}, {"days_per_week": 4}], (0, 1, 3, 4)),
    ("gp-west", [{"days_per_week": 2}], None),  # as the study says
    ("gp-west", [{"days_per_week": 0}], ()),
    ("gp-west", [{"days_per_week": 0}, {"days_per_week": 2}], None),
    ("gp-west", [{"days_per_week": 0}, {"capacity": 5}], ()),
    ("gp-west", [{"days_per_week": 0}, {"opening": "Mo"}], ()),
    ("gp-west", [{"capacity": 0}], None),
    ("gp-east", [{"capacity": 0}], ()),
    ("gp-east", [{"capacity": 0}, {"capacity": 3}], None),
    ("gp-east", [{"days_per_week": 0}], None),
    ("gp-east", [{"days_per_week": 5}], (0, 1, 2, 3, 4)),
    ("hospital-west", [{"opening": "Mo,Tu"}], None),
    ("hospital-west", [{"opening": "Tu"}, {"opening": "Mo,Tu"}], None),
    ("hospital-west", [{"opening": "Tu"}], (1,)),
]


@pytest.mark.parametrize(("site", "tables", "days"), CASES)
def test_the_days_of_a_site_are_those_that_are_compared(state, base, site, tables, days):
    scenario = changed(site, *tables)
    assert days_of(state, scenario, site) == days
    run = apply_scenario(base, scenario)
    assert dict(zip(run.sites.index, run.gives, strict=True))[site] == (days != ())
    if days:
        return  # the nearest site of every day is a time of its own in what is compared
    results, service = solve_scenario(run), site.rpartition("-")[0]
    changes = read_changes(open_scenario(state, scenario).changes)
    found = Session(state).answer(changes, service).figures.times_s
    assert found.tolist() == pytest.approx(results[f"{service}_s"].fillna(float("inf")).tolist(), abs=1e-6)


TABLE = st.fixed_dictionaries(
    {},
    optional={
        "days_per_week": st.sampled_from([0, 1, 2, 2.5, 5, 7]),
        "capacity": st.sampled_from([0, 3]),
        "opening": st.sampled_from(["Mo", "Mo,Tu", "Tu, Mo", "Mo-Fr 08:00-15:30"]),
    },
).filter(bool)


@given(site=st.sampled_from([*STATED]), tables=st.lists(TABLE, min_size=1, max_size=4))
@settings(max_examples=80)
def test_tables_of_one_site_are_one_table_with_the_last_of_each_column(state, site, tables):
    together = {}
    for table in tables:
        together |= table
    assert days_of(state, changed(site, *tables), site) == days_of(state, changed(site, together), site)


@pytest.mark.parametrize(("site", "days"), [("hospital-west", [0, 1]), ("birth_unit-holm", [2]), ("gp-west", [1, 3])])
def test_a_plan_of_the_days_that_the_study_writes_is_opened_as_it_was(study, state, tmp_path, site, days):
    """The page has every site of the study open on all days; to be open as the study writes is a change to it."""
    change = {"what": "days", "service": site.rpartition("-")[0], "site": site, "days": days}
    shelf = Shelf(tmp_path / "plans")
    save_plan(state, shelf, read_changes([change]), title="Days")
    opened = load_plan(state, shelf, "days")
    assert opened["changes"] == [change]
    scenario = read_scenario(shelf.folder / "days.toml")
    assert compare_study(study, [scenario], show=False).tables["everybody"].size
    [written] = scenario.change
    week = open_hours(pd.Series({site: written.opening}), first=dt.date(2026, 1, 12))
    assert sorted({at.weekday() for at in week.index[week[site]]}) == days
    text = (shelf.folder / "days.toml").read_text(encoding="utf-8")
    assert merged_text(state, read_changes(opened["changes"]), title="Days", text=text).text == text

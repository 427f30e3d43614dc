"""Marks between thousands in columns of counts: 1.009 people are a thousand and nine, and are named."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.cli.studies import _main_result
from geoaccess.study import check, load_study, solve_study
from geoaccess.tables import may_be_thousands, read_table
from tests.test_study_tiny import CELLS, STUDY, cell_id, write_study

NEAR = '\n[catchments.near]\nservice = "gp"\nmeasure = "two_step"\nsupply = "doctors"\ncutoff_min = 10\n'


@given(counts=st.lists(st.integers(0, 999_999), min_size=1, max_size=30), mark=st.sampled_from(".,"))
def test_what_is_written_with_a_mark_between_thousands_is_found(counts, mark):
    text = [f"{count:,}".replace(",", mark) for count in counts]
    rows = pd.DataFrame({"people": pd.Series(text, dtype="str")})
    rows.attrs["decimal_comma"] = True
    assert may_be_thousands(rows, "people").tolist() == [count >= 1000 for count in counts]


@given(counts=st.lists(st.integers(0, 10**7), max_size=30), decimals=st.sampled_from(["", ".5", ".25", "e0"]))
def test_counts_without_a_mark_and_shares_of_people_are_not(counts, decimals):
    rows = pd.DataFrame({"people": pd.Series([f"{count}{decimals}" for count in counts], dtype="str")})
    assert not may_be_thousands(rows, "people").any()
    assert not may_be_thousands(rows.astype(float), "people").any()


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1.009, 53, 211, 7], [True, False, False, False]),
        ([1.009, 53.25, 2.5, 7], [False] * 4),  # most people here come in parts
        ([2.5, 53, 211, 7], [False] * 4),  # half a position
        ([1.0091, 53, 211, 7], [False] * 4),
        ([1.5, 1.125, 53, 211], [True, True, False, False]),
        ([], []),
    ],
)
def test_numbers_that_do_not_say_how_they_were_written(values, found):
    assert may_be_thousands(pd.DataFrame({"people": pd.Series(values, dtype=float)}), "people").tolist() == found


def checked(path):
    return [line for line in check(load_study(path), show=False) if "between thousands" in line]


def test_people_and_doctors_with_such_marks_are_named_with_file_row_and_value(tmp_path):
    path = write_study(tmp_path, STUDY + NEAR)
    sites = pd.read_csv(tmp_path / "sites.csv").assign(doctors=["2.5", "1", "1", "1", "1"])
    sites.to_csv(tmp_path / "sites.csv", index=False)
    assert checked(path) == []
    people = (tmp_path / "people.csv").read_text()
    assert ",1009\n" in people
    (tmp_path / "people.csv").write_text(people.replace(",1009\n", ",1.009\n"))
    sites.assign(doctors=["1.200", "1", "1", "1", "1"]).to_csv(tmp_path / "sites.csv", index=False)
    of_people, of_doctors = checked(path)
    assert f"{tmp_path / 'people.csv'}: column people" in of_people
    assert "thousands: 1 (row 2 (1.009))" in of_people
    assert f"{tmp_path / 'sites.csv'}: column doctors" in of_doctors
    assert "row 2 (1.200)" in of_doctors
    # A file whose columns are parted by semicolons may have decimal commas.
    text = people.replace(",", ";").replace(";1009\n", ";1,009\n")
    (tmp_path / "people.csv").write_text(text)
    assert read_table(tmp_path / "people.csv").attrs["decimal_comma"]
    assert "row 2 (1,009)" in checked(path)[0]


def test_people_of_a_layer_are_looked_at_too(tmp_path):
    path = write_study(tmp_path, STUDY.replace("people.csv", "people.gpkg"))
    people = [1.009 if key == "west" else float(number) for key, (_, _, number) in CELLS.items()]
    table = gpd.GeoDataFrame(
        {"cell_id": [cell_id(key) for key in CELLS], "people": people},
        geometry=gpd.points_from_xy(range(len(CELLS)), range(len(CELLS))),
        crs=25833,
    )
    table.geometry = [gpd.points_from_xy([500_500 + 1000 * x], [7_700_500 + 1000 * y])[0] for x, y, _ in CELLS.values()]
    table.to_file(tmp_path / "people.gpkg")
    (line,) = checked(path)
    assert "row 1 (1.009)" in line


def test_a_run_names_them_too(tmp_path):
    path = write_study(tmp_path, STUDY)
    people = tmp_path / "people.csv"
    people.write_text(people.read_text().replace(",1009\n", ",1.009\n"))
    told = _main_result(solve_study(load_study(path), show=False)).lines
    assert [line for line in told if "between thousands" in line] == checked(path)

"""Cells with few people leave the program as a band only, on every map and in every table of cells; sums are exact."""

from __future__ import annotations

import base64
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.demand import few_people, mask_cells, shown_people, unmask_cells
from geoaccess.errors import InputError
from geoaccess.planner import PlannerState, Session
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.export import plan_gpkg
from geoaccess.questions import compare_runs, compare_study
from geoaccess.questions.compare.output import write_comparison
from geoaccess.scenarios import Scenario
from geoaccess.study import load_study, run_study
from tests.test_maps_web import data_of, decoded
from tests.test_study_tiny import CELLS, PEOPLE, STUDY, TOTAL, cell_id, write_study

BELOW = 20
FEW = {key for key, people in PEOPLE.items() if people < BELOW}  # farm 13, wild 7
MASKED = STUDY.replace("[population]", f"[population]\nmask_below = {BELOW}")


@given(st.lists(st.one_of(st.floats(0, 30), st.just(float("nan")))), st.integers(3, 20))
def test_few_are_those_above_nobody_and_below_the_bound(people, below):
    expected = [0 < value < below for value in people]
    assert few_people(people, below=below).tolist() == expected
    shown = shown_people(people, below=below)
    assert all(value == below / 2 for value, few in zip(shown, expected, strict=True) if few)
    assert all(value == people[row] or np.isnan(value) for row, value in enumerate(shown) if not expected[row])


def test_what_tells_the_number_goes_with_it():
    table = pd.DataFrame(
        {
            "population": [4, 5, 0, 50, 500],
            "population_old": [4, 4, 0, 20, 60],
            "calls_per_year": [0.4, 0.5, 0.0, 5.0, 2.0],
            "women": [2.0, 5.0, 0.0, 3.0, 250.0],
            "gp_s": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    masked = mask_cells(table, below=5, columns=["women", "calls_per_year"])
    # 2 calls a year of 500 people are no secret; those of 5 people of whom 4 are old would tell how many are.
    assert masked["population_band"].tolist() == ["1\u20134", "1\u20134", "", "1\u20134", ""]
    assert masked["population"].fillna(-1).tolist() == [-1, 5, 0, 50, 500]
    assert masked["population_old"].fillna(-1).tolist() == [-1, -1, 0, 20, 60]
    assert masked["calls_per_year"].fillna(-1).tolist() == [-1, -1, 0, -1, 2]
    assert masked["women"].fillna(-1).tolist() == [-1, 5, 0, -1, 250]
    assert masked["gp_s"].tolist() == [1, 2, 3, 4, 5]
    back = unmask_cells(masked, below=5)
    assert back["population"].tolist() == [2.5, 5, 0, 50, 500]
    # 2 calls of 500 people, 1 of 250 each, is what is known.
    assert back["calls_per_year"].tolist() == pytest.approx([0.01, 0.02, 0, 0.2, 2])
    assert mask_cells(table, below=None) is table
    with pytest.raises(InputError, match="people"):
        mask_cells(table[["gp_s"]], below=5)


def test_text_is_no_number_of_people():
    table = pd.DataFrame({"population": [3, 60], "population_zone": ["A", "B"], "village": ["Aa", "Bb"]})
    masked = mask_cells(table, below=5)
    assert masked["population_zone"].tolist() == ["A", "B"]
    with pytest.raises(InputError, match="column village is of people"):
        mask_cells(table, below=5, columns=["village"])
    with pytest.raises(InputError, match="column population is of people"):
        mask_cells(pd.DataFrame({"population": ["a few"]}), below=5)


def test_the_demand_of_a_catchment_is_masked_and_text_that_is_carried_stays(tmp_path):
    elderly = dict.fromkeys(PEOPLE, 30) | {"west": 3, "isle": 0}
    more = '[catchments.near]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 20\ndemand = "elderly"\n'
    text = MASKED.replace("[population]", '[population]\ncarry = ["village"]') + more
    path = write_study(tmp_path, text)
    rows = [f"{cell_id(key)},{PEOPLE[key]},{elderly[key]},of {key}" for key in PEOPLE]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id,people,elderly,village", *rows, ""]))
    folder = folder_of(run_study(load_study(path), show=False))
    cells = pd.read_parquet(folder / "cells.parquet")
    cells = cells.set_axis(cells.index.map({cell_id(key): key for key in PEOPLE}))
    hidden = FEW | {"west"}  # of whom there are few; nobody on the isle is no secret
    assert {key for key in PEOPLE if np.isnan(cells.loc[key, "elderly"])} == hidden
    assert {key for key in PEOPLE if cells.loc[key, "population_band"]} == hidden
    assert cells.loc["isle", "elderly"] == 0
    report = re.sub(r"\s+", " ", (folder / "report.html").read_text(encoding="utf-8"))
    assert f"3 of 8 cells, in which {sum(PEOPLE[key] for key in hidden):,} people" in report
    back = unmask_cells(cells, below=BELOW, columns=["elderly"])
    assert back["elderly"].to_dict() == elderly | dict.fromkeys(hidden, BELOW / 2)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masked")
    return {
        name: run_study(load_study(write_study(folder / name, text)), show=False)
        for name, text in (("open", STUDY), ("masked", MASKED))
    }


def folder_of(answers):
    return answers.study.output


@pytest.mark.parametrize("read", [lambda path: gpd.read_parquet(path / "cells.parquet").reset_index(),
                                  lambda path: gpd.read_file(path / "study.gpkg", layer="cells")])  # fmt: skip
def test_exported_cells_have_bands(runs, read):
    cells = read(folder_of(runs["masked"])).set_index("cell_id")
    for key in CELLS:
        row = cells.loc[cell_id(key)]
        assert (np.isnan(row["population"]), row["population_band"] or "") == (
            (True, "1\u201319") if key in FEW else (False, "")
        )
        assert key in FEW or row["population"] == PEOPLE[key]
    assert "population_band" not in read(folder_of(runs["open"]))


def test_tables_of_sums_and_the_answers_in_memory_are_exact(runs):
    for name in ("everybody", "municipalities", "classes", "equity", "islands"):
        one, other = (pd.read_csv(folder_of(runs[run]) / f"{name}.csv") for run in ("open", "masked"))
        pd.testing.assert_frame_equal(one, other)
    assert runs["masked"].results["population"].sum() == TOTAL


def test_the_report_counts_what_is_masked(runs):
    text = re.sub(r"\s+", " ", (folder_of(runs["masked"]) / "report.html").read_text(encoding="utf-8"))
    people = sum(PEOPLE[key] for key in FEW)
    band = "1\u201319"
    said = f"fewer than 20 people are shown as {band} on maps and in tables of cells: 2 of 8 cells, in which {people} "
    assert said in text
    assert "are shown as" not in (folder_of(runs["open"]) / "report.html").read_text(encoding="utf-8")
    described = pd.read_csv(folder_of(runs["masked"]) / "dictionary.csv")
    assert described.loc[described["column"] == "population_band", "description"].str.contains("too small").all()


def test_the_map_for_the_screen_does_not_hold_the_numbers(runs):
    found = {name: data_of(folder_of(answers) / "index.html") for name, answers in runs.items()}
    people = {name: np.sort(decoded(data["levels"][-1])["people"]) / 10 for name, data in found.items()}
    assert people["open"].tolist() == sorted(PEOPLE.values())
    assert people["masked"].tolist() == sorted(BELOW / 2 if key in FEW else PEOPLE[key] for key in PEOPLE)
    assert (found["open"]["mask_below"], found["masked"]["mask_below"]) == (0, BELOW)
    rows = {
        name: [row["people"] for row in data["layers"]["gp"]["breaks"]["norms"]["rows"]] for name, data in found.items()
    }
    assert rows["open"] == rows["masked"]


def test_runs_that_are_compared_count_the_middle_of_a_band(runs):
    compared = compare_runs([folder_of(runs["open"]), folder_of(runs["masked"])], show=False)
    whole = compared.changes[compared.changes["zoning"] == "everybody"].iloc[0]
    assert whole["people_before"] == TOTAL
    assert whole["people_after"] == TOTAL - sum(PEOPLE[key] - BELOW / 2 for key in FEW)


def test_the_planner_shows_and_exports_bands(runs, tmp_path):
    state = PlannerState(runs["masked"])
    packed = Drawing(state).page()
    people = np.frombuffer(base64.b64decode(packed["cells"]["people"]["data"]), "<f4")
    assert sorted(people.tolist()) == sorted(BELOW / 2 if key in FEW else PEOPLE[key] for key in PEOPLE)
    assert packed["mask_below"] == BELOW
    session = Session(state)
    answer = session.answer([], "gp")
    path = tmp_path / "plan.gpkg"
    path.write_bytes(plan_gpkg(state, answer))
    cells = gpd.read_file(path, layer="cells").set_index("cell_id")
    assert cells["population"].isna().sum() == len(FEW)
    assert answer.figures.everybody.people.sum() == TOTAL


@pytest.mark.parametrize("bound", ["2", "1001", "-5", "2.5"])
def test_bounds_that_cannot_be_are_refused(tmp_path, bound):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace("[population]", f"[population]\nmask_below = {bound}"), encoding="utf-8")
    with pytest.raises(Exception, match="mask_below"):
        load_study(path)


def test_compared_cells_are_masked_too(runs, tmp_path):
    scenario = Scenario(title="No doctor in the east", remove=[{"service": "gp", "site": "gp-east"}])
    compared = compare_study(load_study(runs["masked"].study.path), [scenario], show=False)
    write_comparison(compared, tmp_path / "compare")
    cells = pd.read_csv(tmp_path / "compare" / "cells.csv")
    assert cells["population"].isna().sum() == len(FEW)
    everybody = pd.read_csv(tmp_path / "compare" / "everybody.csv")
    assert (everybody["population"] == TOTAL).all()

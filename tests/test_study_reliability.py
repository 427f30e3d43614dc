"""Draws of closed ferries in a study: the same wherever they are solved, and what the table says."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from geoaccess.cli import app
from geoaccess.errors import InputError
from geoaccess.questions import left_out_sentence, reliability_study
from geoaccess.questions.reliability import _FEW
from geoaccess.study import load_study
from tests.conftest import need
from tests.test_study_tiny import PEOPLE, TOTAL, cell_id, write_study

HEAD = "what,name,osm_id,season,availability,area,correlation\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("tiny")))


def closures(study, rows):
    path = study.path.parent / "closures.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def test_what_is_always_open_is_as_before(tiny):
    found = reliability_study(tiny, "gp", table=closures(tiny, "ferry,all,,all,1,,\n"), draws=50, show=False)
    assert found.sets == 1
    cells = found.cells
    np.testing.assert_array_equal(cells["p90_s"], cells["open_s"])
    np.testing.assert_array_equal(cells["open_s"], found.base.results["gp_s"])
    assert set(cells["chance_within_norm_1"]) <= {0.0, 1.0}


def test_the_isle_depends_on_its_ferry(tiny):
    table = closures(tiny, "ferry,Car ferry,,all,0.7,sea,0.5\npass,,1,all,1,land,0\n")
    found = reliability_study(tiny, "gp", table=table, draws=400, seed=2, show=False)
    share = found.closures["closed_share"].tolist()
    assert share[0] == pytest.approx(0.3, abs=0.07)
    assert share[1] == 0
    isle = found.cells.loc[cell_id("isle")]
    assert isle["chance_reached"] == pytest.approx(1 - share[0])
    assert np.isinf(isle["p90_s"])
    assert isle["median_s"] == isle["open_s"]
    others = found.cells.drop(cell_id("isle"))
    assert set(others["chance_reached"]) <= {0.0, 1.0}
    reached = found.everybody.set_index("figure").loc["people_reached"]
    assert reached["most"] - reached["least"] == PEOPLE["isle"]
    assert found.classes["population"].sum() == found.municipalities["population"].sum() == TOTAL
    assert found.classes["expected_reached"].sum() == pytest.approx(reached["expected"])


def test_rows_of_another_region_are_named(tiny, tmp_path):
    far = 'pass,Far fell,,E6,"POLYGON((40 10, 41 10, 41 11, 40 10))",0.5\n'
    path = tmp_path / "closures.csv"
    path.write_text(f"what,name,osm_id,ref,polygon,availability\nferry,all,,,,0.7\n{far}", encoding="utf-8")
    asked = ["reliability", str(tiny.path), "--service", "gp", "--draws", "20", "--table", str(path)]
    answer = CliRunner().invoke(app, [*asked, "--output", str(tmp_path / "found")], env={"COLUMNS": "500"})
    assert answer.exit_code == 0, answer.output
    assert "no road of the study is in their polygon: Far fell." in answer.output
    record = json.loads((tmp_path / "found" / "reliability_gp.json").read_text(encoding="utf-8"))
    assert "Far fell" in json.dumps(record)
    found = reliability_study(tiny, "gp", table=closures(tiny, "ferry,all,,all,1,,\n"), draws=5, show=False)
    assert left_out_sentence(found) == ""


def test_help_says_when_all_cores_are_used():
    said = " ".join(CliRunner().invoke(app, ["reliability", "--help"], env={"COLUMNS": "500"}).output.split())
    assert f"one per core where more than {_FEW} different sets of closures are drawn" in said


def test_answers_are_the_same_on_any_number_of_workers(tiny, monkeypatch):
    need("distributed")
    monkeypatch.setattr("geoaccess.questions.reliability._AT_ONCE", 2)  # several tasks: one alone is solved here
    table = closures(tiny, "ferry,all,,all,0.6,sea,0.4\npass,,1,all,0.8,sea,0.4\npass,,2,all,0.8,land,0.9\n")
    asked = {"table": table, "draws": 120, "seed": 9, "show": False}
    here = reliability_study(tiny, "gp", **asked)
    alone, spread = (reliability_study(tiny, "gp", workers=workers, **asked) for workers in (0, 2))
    for other in (alone, spread):
        pd.testing.assert_frame_equal(other.cells, here.cells)
        pd.testing.assert_frame_equal(other.everybody, here.everybody)


def test_a_study_without_a_table_gets_a_hint_how_to_name_one(tiny):
    with pytest.raises(InputError, match=r"\[reliability\] table"):
        reliability_study(tiny, "gp", show=False)


def test_the_command_line_draws_iceland(root, tmp_path):
    study = str(root / "configs" / "iceland.toml")
    asked = ["reliability", study, "--service", "hospital", "--draws", "200", "--output", str(tmp_path)]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    cells = pd.read_parquet(tmp_path / "reliability_hospital_cells.parquet")
    islands = cells[cells["municipality"] == "Vestmannaeyjabær"]
    assert (islands["chance_reached"] == 1).all()  # they have a hospital of their own
    assert (cells["chance_reached"] < 1).any()  # behind ferries and passes
    assert cells["population"].sum() == pd.read_csv(root / "data/iceland/population_1km_2019.csv")["population"].sum()


def test_troms_is_drawn_with_its_own_table(root):
    found = reliability_study(load_study(root / "configs" / "troms.toml"), "legevakt", draws=100, show=False)
    assert len(found.closures) == 17
    assert (found.cells["p90_s"].dropna() >= found.cells["open_s"].dropna()).all()
    assert 1 < found.sets <= 100

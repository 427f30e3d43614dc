"""Questions whose work is spread over processes: the same answers to the bit, and what is done is kept."""

from __future__ import annotations

import os

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from geoaccess import siting
from geoaccess.cli import app
from geoaccess.errors import InputError
from geoaccess.network import Network
from geoaccess.questions import Question, compare_study, site_futures, vulnerable_study
from geoaccess.questions.compare.output import write_comparison
from geoaccess.questions.siting.futures import write_futures
from geoaccess.questions.spread import is_here, spread
from geoaccess.scenarios import Scenario, closing_rows
from geoaccess.scenarios.closing_rows import Closings, rows_between
from geoaccess.study import combinations, load_study, study_variations
from tests.conftest import need
from tests.test_study_tiny import FLAT, PLACES, STUDY, degrees, write_study

NO_FERRY = Scenario(title="no ferry", close=[{"name": "Car ferry", "what": "ferries"}])
SPREAD = {"workers": 2, "show": False}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("tiny"))
    flat = FLAT.read_text(encoding="utf-8")
    (path.parent / "slow.toml").write_text(flat.replace("share = 1", "share = 0.5"), encoding="utf-8")
    return load_study(path)


def scenarios_of(study):
    lon, lat = degrees(*PLACES["north"])
    people = study.path.parent / "later.csv"
    grid = pd.read_csv(study.path.parent / "people.csv")
    grid.assign(later=np.arange(len(grid)) + 1).to_csv(people, index=False)
    return [
        NO_FERRY,
        Scenario(title="new", add=[{"service": "gp", "name": "North", "lon": lon, "lat": lat}]),
        Scenario(title="later", population={"year": 2040, "file": str(people), "column": "later"}),
    ]


def test_scenarios_are_compared_with_the_same_result_on_two_processes(tiny, tmp_path):
    need("distributed")
    changes = scenarios_of(tiny)
    here, there = compare_study(tiny, changes, show=False), compare_study(tiny, changes, **SPREAD)
    assert here.notes == there.notes
    for found, folder in ((here, "here"), (there, "there")):
        write_comparison(found, tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert "everybody.parquet" in names
    assert "cells.parquet" in names
    for name in set(names) - {"compare.json"}:  # says when it was made
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes(), name
    assert [*tiny.cache.glob(".*")] == []  # what was shared is gone


def test_closings_are_the_same_on_two_processes(tiny, monkeypatch):
    need("distributed")
    monkeypatch.setattr(closing_rows, "_WHOLE", 2)  # several tasks: one alone is solved here
    here, there = vulnerable_study(tiny, "hospital", show=False), vulnerable_study(tiny, "hospital", **SPREAD)
    pd.testing.assert_frame_equal(here.table, there.table, check_exact=True)
    assert not list((tiny.cache / "closings").glob("*"))


def test_tasks_of_two_processes_are_solved_elsewhere(tmp_path):
    need("distributed")
    asked = {"what": "asking", "cache": tmp_path, "scheduler": None, "show": False}
    assert os.getpid() not in spread(process, None, [1, 2], workers=2, **asked)


def test_one_choice_for_several_futures_is_the_same_on_two_processes(tiny):
    need("distributed")
    question = Question(service="gp", add=1, candidates="cells")
    variations = study_variations([tiny.path], combinations(["network.profile=flat.toml,slow.toml"]))
    asked = {"variations": variations, "scenarios": [None, NO_FERRY]}
    here = site_futures(tiny, question, show=False, **asked)
    there = site_futures(tiny, question, **asked, **SPREAD)
    assert len(here.futures) == 4
    pd.testing.assert_frame_equal(here.futures, there.futures, check_exact=True)
    pd.testing.assert_frame_equal(here.places, there.places, check_exact=True)
    assert (here.regret.bound, here.scenario) == (there.regret.bound, there.scenario)


def test_the_map_of_several_futures_has_every_format_that_is_asked_for(tmp_path):
    study = load_study(write_study(tmp_path, f'{STUDY}\n[figures]\nformats = ["svg", "pdf"]\ndpi = 72\n'))
    question = Question(service="gp", add=1, candidates="cells")
    answer = site_futures(study, question, scenarios=[None, NO_FERRY], show=False)
    for _ in range(2):  # those of a time before are replaced
        paths = write_futures(answer, tmp_path / "found")
        assert {*paths} == {*(tmp_path / "found").iterdir()}
        assert {path.suffix for path in paths if path.stem == "site_gp_regret"} >= {".png", ".svg", ".pdf"}


def test_fewer_sites_for_several_futures_are_exchanged_and_the_answer_has_the_method_and_time_asked_for(
    tiny, monkeypatch
):
    calls, solve = [], siting.least_regret

    def least_regret(settings, *, add, objective, method, seconds):
        calls.append((add, method, seconds))
        return solve(settings, add=add, objective=objective, method=method, seconds=seconds)

    monkeypatch.setattr(siting, "least_regret", least_regret)
    for seconds, of_step in ((25.0, 10.0), (4.0, 4.0)):
        calls.clear()
        question = Question(service="gp", add=3, candidates="cells", method="exact", seconds=seconds)
        found = site_futures(tiny, question, scenarios=[None, NO_FERRY], show=False)
        assert sorted(calls) == [(1, "exchange", of_step), (2, "exchange", of_step), (3, "exact", seconds)]
        table = found.frontier
        assert (table["bound"] <= table["regret"] + 1e-9).all()
        assert table["regret"].iloc[-1] == found.regret.worst


def test_what_is_wrong_in_a_task_is_said(tiny):
    need("distributed")
    wrong = Scenario(title="wrong", close=[{"name": "Car fery", "what": "ferries"}])
    question = Question(service="gp", add=1, candidates="cells")
    for where in ({"show": False}, SPREAD):
        with pytest.raises(InputError, match='did you mean "Car ferry"'):
            site_futures(tiny, question, scenarios=[None, NO_FERRY, wrong], **where)


def test_all_that_is_wrong_with_several_scenarios_is_said_at_once(tiny):
    wrong = [
        Scenario(title="misspelt", close=[{"name": "Car fery", "what": "ferries"}]),
        Scenario(title="unknown", close=[{"osm_id": 987_654}]),
    ]
    with pytest.raises(InputError) as caught:
        site_futures(tiny, Question(service="gp", add=1, candidates="cells"), scenarios=[None, *wrong], show=False)
    assert [word for word in ("misspelt", "Car fery", "unknown", "987654") if word not in str(caught.value)] == []


def half(common, task):
    return common / task


def process(_common, _task):
    return os.getpid()


def even(_, task):
    if task % 2:
        raise InputError(f"{task} is odd")
    return task


def test_tasks_in_this_process(tmp_path):
    asked = {"what": "halving", "cache": tmp_path, "scheduler": None, "show": False}
    assert spread(half, 12.0, [2, 3], workers=0, **asked) == [6, 4]
    assert spread(half, 12.0, [], workers=3, **asked) == []
    assert spread(process, None, [1], workers=3, **asked) == [os.getpid()]  # another one would not be quicker
    with pytest.raises(InputError, match=r"^1 is odd$"):
        spread(even, None, [2, 1, 4], workers=0, **asked)
    with pytest.raises(InputError, match=r"^halving: 2 problems\n  - 1 is odd\n  - 3 is odd$"):
        spread(even, None, [1, 2, 3, 1], workers=0, **asked)
    with pytest.raises(ZeroDivisionError):  # as it is raised
        spread(half, 12.0, [0], workers=None, **asked)
    assert [is_here(*one) for one in ((None, None), (0, None), (2, None), (None, "tcp://x:1"))] == [1, 1, 0, 0]


def row_of_towns(n, folder):
    """A road of n towns with a hospital in the first, one person in each; what closes is each road between two."""
    from geoaccess.routing import solve_nearest
    from geoaccess.scenarios import Unit

    at = [10 + 0.01 * i for i in range(n)]
    road = Network.from_edges(
        lon=at, lat=[60.0] * n, u=range(n - 1), v=range(1, n), forward_s=[60] * (n - 1), backward_s=[60] * (n - 1)
    )
    points = gpd.GeoSeries.from_xy(at, [60.0] * n, crs="EPSG:4326")
    field = solve_nearest(road, points.iloc[:1], k=1)
    field.attach(points)
    units = [Unit("road", f"r{i}", "", (i,), np.array([i], np.int32), parts=()) for i in range(n - 1)]
    return Closings.of(field, units, norms_s=[120], keep_in=folder)


def test_only_what_nobody_has_closed_yet_is_a_task(tmp_path, monkeypatch):
    monkeypatch.setattr(closing_rows, "_WHOLE", 3)
    closings = row_of_towns(12, tmp_path)
    assert closings.ranges() == [(0, 3), (3, 6), (6, 9), (9, 11)]
    rows_between(closings, (6, 9))  # another process was quicker with these
    assert closings.ranges() == [(0, 3), (3, 6), (9, 11)]
    left = closings.ranges()
    found = closings.joined(left, [rows_between(closings, task) for task in left])
    # By hand: behind road i live the people of the towns from i + 1 on; two of them were within 120 s of it.
    assert found[:, 1].tolist() == [11 - i for i in range(11)]
    assert found[:, 5].tolist() == [2, 1, *[0] * 9]
    np.testing.assert_array_equal(closings.effects(lambda one: one.joined([], [])), found)
    assert not list(tmp_path.iterdir())


def test_the_command_line_offers_it_where_there_is_something_to_spread(tiny):
    asked = {
        "compare": "are for scenarios",
        "site": "several futures",
    }
    site = ["site", str(tiny.path), "--service", "gp", "--workers", "2"]
    runs = ["compare", str(tiny.path), str(tiny.path), "--workers", "2"]
    for command, verb in ((runs, "compare"), (site, "site")):
        answer = CliRunner().invoke(app, command)
        assert answer.exit_code != 0
        assert asked[verb] in str(answer.exception)
    for verb in ("compare", "vulnerable", "reliability", "site", "sweep"):
        assert "--scheduler" in CliRunner().invoke(app, [verb, "--help"]).output

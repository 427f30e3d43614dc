"""What a study depends on: exact for each ferry and road, against solving without it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from typer.testing import CliRunner

from geoaccess.cli import app
from geoaccess.errors import InputError
from geoaccess.questions import vulnerable_study
from geoaccess.questions.scenario_run import solve_baseline
from geoaccess.questions.vulnerability import service_field
from geoaccess.routing import nearest_snapped
from geoaccess.scenarios import close_network, closing_table, vulnerable_units
from geoaccess.study import load_study
from tests.test_study_tiny import PEOPLE, write_study


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("tiny")))


def test_the_tiny_country_by_hand(tiny):
    table = vulnerable_study(tiny, "hospital", show=False).table
    ferry = table[table["kind"] == "ferry"].iloc[0]
    assert (ferry["name"], ferry["people_cut_off"], ferry["people_delayed"]) == ("Car ferry", PEOPLE["isle"], 0)
    # Without the road from the middle to the west all from there on are cut off; who lives on it keeps the way to its
    # ends, and the middle is at its junction, on no road alone.
    assert table["people_cut_off"].max() == PEOPLE["middle"] + PEOPLE["north"] + PEOPLE["isle"]
    assert ferry["municipality"]
    assert table["rank_minutes"].min() == 1


def test_an_unknown_service_and_a_ranking_without_sense_are_refused(tiny):
    with pytest.raises(InputError, match='did you mean "hospital"'):
        vulnerable_study(tiny, "hospitl", show=False)
    with pytest.raises(InputError, match="cut_off_min"):
        vulnerable_study(tiny, "hospital", cut_off_min=0, show=False)


def test_the_command_line_writes_tables_lines_and_a_map(tiny, tmp_path):
    asked = ["vulnerable", str(tiny.path), "--service", "hospital", "--output", str(tmp_path)]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    assert "Car ferry" in answer.output
    lines = gpd.read_file(tmp_path / "vulnerable_hospital.gpkg")
    assert lines.geom_type.isin(["LineString", "MultiLineString"]).all()
    assert (tmp_path / "vulnerable_hospital.png").stat().st_size > 1000
    assert (tmp_path / "vulnerable_hospital.qml").read_text(encoding="utf-8").count("<rule ") == 5


@pytest.mark.parametrize("name", ["iceland", "troms"])
def test_what_closes_is_exact_against_a_solve_from_scratch(root, name):
    base = solve_baseline(load_study(root / "configs" / f"{name}.toml"), names=True, show=False)
    field = service_field(base, "hospital")
    units = [unit for unit in vulnerable_units(field, base.names) if not unit.parts]
    some = [*(unit for unit in units if unit.kind == "ferry")]
    roads = [unit for unit in units if unit.kind == "road"]
    some += [roads[i] for i in np.random.default_rng(1).choice(len(roads), 12, replace=False)]
    table = closing_table(field, some, norms_s=(3600.0, 7200.0))
    network, sites = base.answers.network, base.snapped.sites[(base.answers.sites["service"] == "hospital").to_numpy()]
    people = base.results["population"].to_numpy()
    was = base.results["hospital_s"].to_numpy()
    for unit, row in zip(some, table.to_dict("records"), strict=True):
        closed = close_network(network, unit.edges)
        now = nearest_snapped(closed, base.snapped.cells, sites, k=1)["travel_time_s"].to_numpy()
        lost = np.isfinite(was) & np.isinf(now)
        worse = np.isfinite(now) & (now > was)
        assert row["people_cut_off"] == people[lost].sum()
        assert row["people_delayed"] == people[worse].sum()
        assert row["person_min"] == pytest.approx((people[worse] * (now[worse] - was[worse])).sum() / 60)
        assert row["over_norm_2"] == people[(was <= 7200) & ~(now <= 7200)].sum()

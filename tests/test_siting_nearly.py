"""What stands beside an answer of siting: exchanges computed one by one, scenarios as grounds, words and the map."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_study_tiny import PLACES, degrees, write_study

from geoaccess import measures, siting
from geoaccess.cli import app
from geoaccess.errors import InputError
from geoaccess.questions import Question, compare_study, site_futures, site_study, write_futures, write_placed
from geoaccess.questions.scenario_run import solve_scenario
from geoaccess.questions.siting.output import placed_lines
from geoaccess.questions.siting.wording import placed_subtitle, placed_title
from geoaccess.scenarios import Scenario
from geoaccess.siting.minimax import combined, descend, swap_worths
from geoaccess.study import load_study, solve_study

seeds = st.integers(0, 2**32 - 1)
UNREACHED_S = 7200.0


def land(seed, n, m, k):
    rng = np.random.default_rng(seed)
    times = np.round(rng.uniform(0, 5000, (n, m + k)), -1)
    return times[:, :m], times[:, m:], rng.integers(1, 20, n).astype(float)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("tiny"))), show=False)


@settings(deadline=None, max_examples=50)
@given(seeds, st.integers(1, 3), st.integers(0, 2))
def test_the_table_of_exchanges_is_every_exchange_computed_alone(seed, add, close):
    times, standing, people = land(seed, 9, 5, 4)
    setting = siting.problem_from_matrix(times, people, standing_s=standing)
    problem = setting.problem(siting.PersonMinutes(), add=add, close=close)
    stays = np.arange(5, 9 - close) if close else np.empty(0, int)
    chosen = np.concatenate([np.arange(add), stays]).astype(np.int32)
    rows = np.arange(chosen.size)[::2]
    table = swap_worths(problem, chosen, rows)
    for k, j in itertools.product(range(rows.size), range(problem.places)):
        if j not in chosen:
            other = chosen.copy()
            other[rows[k]] = j
            assert table[k, j] == pytest.approx(problem.objective_value(other))
    both = combined([problem, problem], np.array([1.0, 0.5]))
    assert both.objective_value(chosen) == pytest.approx(1.5 * problem.objective_value(chosen))
    better = descend([problem], chosen, lambda worths: -worths[0])
    assert problem.objective_value(better) >= problem.objective_value(chosen) - 1e-9


@settings(deadline=None, max_examples=50)
@given(seeds, st.integers(1, 2), st.integers(0, 1), st.sampled_from([1.0, 0.7]), st.booleans())
def test_alternatives_for_the_worst_off_are_the_best_single_exchanges(seed, add, close, quantile, some):
    times, standing, people = land(seed, 9, 5, 3)
    group = np.arange(9) < 6 if some else None
    setting = siting.problem_from_matrix(times, people, standing_s=standing)
    found = siting.least_worst(setting, add=add, close=close, quantile=quantile, group=group)
    counts = np.ones(9, bool) if group is None else group
    stays = [j for j in range(3) if j not in found.closed]

    def worst(added):
        t = np.column_stack([times[:, list(added)], standing[:, stays]]).min(axis=1)
        return measures.weighted_quantile(t[counts], people[counts], quantile) / 60

    rows = {}
    for gone, new in itertools.product(found.added.tolist(), set(range(5)) - set(found.added.tolist())):
        value = worst([j for j in found.added if j != gone] + [new])
        rows[new] = min(rows.get(new, np.inf), value)
    table = siting.alternatives_worst(setting, found, quantile=quantile, group=group, count=99)
    # Every candidate that is nearer to somebody who counts is there, with its best exchange.
    assert table["value"].is_monotonic_increasing
    for row in table.itertuples():
        assert row.value == pytest.approx(worst([j for j in found.added if j != row.instead_of] + [row.candidate]))
    assert table["value"].min() == pytest.approx(min(rows.values()))
    assert len(table) == len(rows)


@settings(deadline=None, max_examples=50)
@given(seeds, st.integers(1, 2), st.sampled_from([60.0, 300.0, 900.0]))
def test_alternatives_within_bounds_are_the_best_exchanges_that_keep_them(seed, add, max_loss_s):
    times, standing, people = land(seed, 8, 5, 4)
    groups = np.array([0, 0, 0, 1, 1, 1, 2, -1])
    setting = siting.problem_from_matrix(times, people, standing_s=standing)
    ask = {"groups": groups, "max_loss_s": max_loss_s, "unreached_s": UNREACHED_S}
    try:
        found = siting.locate_bounded(setting, add=add, close=1, **ask)
    except InputError:
        return
    stays = [j for j in range(4) if j not in found.closed]
    now = standing.min(axis=1)
    rows = {}
    for gone, new in itertools.product(found.added.tolist(), set(range(5)) - set(found.added.tolist())):
        added = [j for j in found.added if j != gone] + [new]
        t = np.column_stack([times[:, added], standing[:, stays]]).min(axis=1)
        loss = [np.average((t - now)[groups == g], weights=people[groups == g]) for g in range(3)]
        if max(loss) <= max_loss_s + 1e-6:
            rows[new] = min(rows.get(new, np.inf), np.average(t, weights=people) / 60)
    table = siting.alternatives_bounded(setting, found, count=99, **ask)
    assert dict(zip(table["candidate"], table["value"], strict=True)) == pytest.approx(rows)


def test_fewest_brings_the_most_that_so_few_sites_can():
    times = np.full((6, 3), 9000.0)
    times[:4, 0] = times[:5, 1] = times[4:, 2] = 60.0
    setting = siting.problem_from_matrix(times, np.ones(6), now_s=np.full(6, 9000.0))
    found, least = siting.fewest(setting, norm_s=600, share=0.6)
    assert (least, found.added.tolist()) == (1, [1])
    assert found.value == pytest.approx(5 / 6)


# ---- in a study


def test_a_site_is_sought_in_a_scenario(tiny, tmp_path):
    storm = Scenario(title="Storm", storm={})
    calm = site_study(tiny.study, Question("gp", add=1), answers=tiny)
    placed = site_study(tiny.study, Question("gp", add=1), answers=tiny, scenario=storm)
    # Nothing sails, so that who stays unreached by any site and any candidate is no fewer, and today is worse.
    assert placed.out_of_reach >= calm.out_of_reach
    assert placed.before.results["gp_s"].to_numpy()[4] == np.inf  # the isle
    assert 'in the scenario "Storm"' in placed_lines(placed)[-1]
    write_placed(placed, tmp_path)
    text = (tmp_path / "site_gp.toml").read_text(encoding="utf-8")
    both = compare_study(
        tiny.study, [Scenario(title="both", storm={}, add=tomllib.loads(text)["add"])], show=False
    ).changed[0]
    after = solve_scenario(both)["gp_s"].to_numpy()
    assert after == pytest.approx(placed.after.results["gp_s"].to_numpy(), abs=0.3, nan_ok=True)


def test_sites_that_a_scenario_adds_or_shuts_are_considered(tiny):
    lon, lat = degrees(*PLACES["middle"])
    more = Scenario(title="More", add=[{"service": "gp", "name": "Middle", "lon": lon, "lat": lat}])
    shut = Scenario(title="Shut", change=[{"service": "gp", "site": "gp-east", "days_per_week": 0}])
    today, with_more, without = (
        site_study(tiny.study, Question("gp", add=1), answers=tiny, scenario=scenario).found.now
        for scenario in (None, more, shut)
    )
    assert with_more < today < without


def test_scenarios_are_futures(tiny):
    lon, lat = degrees(*PLACES["north"])
    moved = Scenario(title="North", add=[{"service": "gp", "name": "North", "lon": lon, "lat": lat}])
    answer = site_futures(tiny.study, Question("gp", add=1), scenarios=[None, moved], show=False)
    assert answer.futures["future"].tolist() == ["as it is", "North"]
    alone = [
        site_study(tiny.study, Question("gp", add=1), answers=tiny, scenario=scenario) for scenario in (None, moved)
    ]
    assert answer.futures["best"].tolist() == pytest.approx([one.found.value for one in alone])
    assert (answer.futures["regret"] >= -1e-9).all()
    assert answer.regret.proved
    assert answer.places["municipality"].isin(["West", "East", "South"]).all()


def test_futures_have_a_frontier_and_a_map(tiny, tmp_path):
    futures = [None, Scenario(title="No ferry", close=[{"name": "Car ferry", "what": "ferries"}])]
    answer = site_futures(tiny.study, Question("gp", add=3), scenarios=futures, show=False)
    table = answer.frontier
    assert table["added"].tolist() == [1, 2, 3]
    assert (table["regret"] >= table["bound"] - 1e-9).all()
    two = site_futures(tiny.study, Question("gp", add=2), scenarios=futures, show=False)
    assert table["regret"].iloc[1] == pytest.approx(two.regret.worst)
    assert table["regret"].iloc[2] == pytest.approx(answer.futures["regret"].max())
    before = tiny.results["gp_s"].to_numpy()
    assert (answer.nearer_s[np.isfinite(before)] <= before[np.isfinite(before)] + 1e-6).all()
    names = {path.name for path in write_futures(answer, tmp_path)}
    assert {"site_gp_regret_frontier.csv", "site_gp_regret.png"} <= names
    assert (tmp_path / "site_gp_regret.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([Scenario(title="A", storm={}), Scenario(title="A", storm={})], "called"),
        ([Scenario(title="A", boats={"cancel_after": "20:00"})], "mean waits"),
        ([Scenario(title="A", change=[{"service": "gp", "site": "gp-west", "allowed": ["0101"]}])], "only some may"),
    ],
)
def test_scenarios_that_siting_cannot_use(tiny, changes, message):
    with pytest.raises(InputError, match=message):
        site_futures(tiny.study, Question("gp"), scenarios=changes, show=False)


def test_every_objective_has_a_frontier_and_says_where_nothing_can_be_exchanged(tiny):
    worst = site_study(tiny.study, Question("gp", add=2, objective="worst"), answers=tiny)
    assert worst.frontier["added"].tolist() == [0, 1, 2]
    assert worst.frontier["value"].is_monotonic_decreasing
    fewest = site_study(tiny.study, Question("gp", objective="fewest", share=0.9, norm_min=15), answers=tiny)
    assert fewest.frontier["value"].iloc[-1] == pytest.approx(fewest.found.value)
    assert (fewest.frontier["value"].iloc[:-1] < 0.9).all()
    closing = site_study(tiny.study, Question("gp", add=0, close=1, max_loss_min=300.0), answers=tiny)
    assert closing.alternatives.empty
    assert any("no place is added" in line for line in closing.notes)
    useless = site_study(tiny.study, Question("gp", add=1, max_loss_min=1.0), answers=tiny)
    assert any("changes nothing" in line for line in useless.notes)
    assert len(useless.answer) == 1
    assert useless.answer["bound"][0] <= useless.answer["value"][0] <= useless.answer["now"][0]


def test_words_and_names_follow_the_language(tiny, tmp_path, monkeypatch):
    norsk = replace(tiny.study, settings=tiny.study.settings.model_copy(update={"language": "nb"}))
    question = Question("gp", add=1, close=1)
    placed = site_study(norsk, question, answers=replace(tiny, study=norsk))
    assert placed.title.endswith(": 1 til, 1 nedlagt")
    assert "i dag" in placed.subtitle
    assert "." not in placed.subtitle.removesuffix(".")  # decimals have a comma
    english = site_study(tiny.study, question, answers=tiny)
    assert placed_title("GP", english.found) == "GP: 1 more, 1 closed"
    assert "proved optimal" in placed_subtitle(question, english.found)
    legends = []
    monkeypatch.setattr("geoaccess.maps.drawing.draw_legend", lambda sheet, legend, *_, **__: legends.append(legend))
    for one in (placed, english):
        write_placed(one, tmp_path)
    marks = [dict(legend.marks) for legend in legends]
    assert [(message["site"], message["new"], message["closed"]) for message in marks] == [
        ("Tjenestested som består", "Nytt tjenestested", "Nedlagt tjenestested"),
        ("Existing site", "New site", "Closed site"),
    ]


def test_scenarios_on_the_command_line(tmp_path, capsys):
    study = write_study(tmp_path / "tiny")
    (tmp_path / "storm.toml").write_text('title = "Storm"\n[storm]\n')
    ask = ["site", str(study), "--service", "gp", "--output", str(tmp_path / "out"), "--scenario"]
    app([*ask, str(tmp_path / "storm.toml")], standalone_mode=False)
    assert 'in the scenario "Storm"' in capsys.readouterr().out.replace("\n", " ")
    app([*ask, str(tmp_path / "storm.toml"), "--scenario", "today"], standalone_mode=False)
    message = capsys.readouterr().out
    assert "maximum regret" in message
    assert "as it is" in message


@pytest.mark.parametrize("close", [0, 1])
def test_a_problem_asked_again_for_other_numbers_is_the_problem_of_these(close):
    """The pairs are kept for the last objective; numbers, closings and objectives are those that are asked for."""
    times, standing, people = land(3, 12, 5, 3)
    asked = siting.problem_from_matrix(times, people, standing_s=standing)
    objectives = [siting.PersonMinutes(), siting.WithinNorm(600.0), siting.PersonMinutes(unreached_s=7200.0)]
    for objective in (*objectives, *objectives[::-1]):
        for add, closed in ((1, close), (3, close), (0, 1 - close), (1, close)):
            alone = siting.problem_from_matrix(times, people, standing_s=standing)
            one = asked.problem(objective, add=add, close=closed)
            other = alone.problem(objective, add=add, close=closed)
            for name in ("weight", "first", "point", "value", "cost", "group", "quota"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
            assert one.quota[0] == add

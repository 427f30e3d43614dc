"""What each candidate alone would bring, and one more site where others are open on some days only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess import siting
from geoaccess.defaults import UNREACHED_MIN
from geoaccess.errors import InputError

TIMES = st.sampled_from([0.0, 60.0, 300.0, 600.0, 900.0, 1500.0, 4000.0, np.inf])
UNREACHED_S = 60 * UNREACHED_MIN
OBJECTIVES = [siting.PersonMinutes(), siting.WithinNorm(600.0), siting.BeyondNorm(600.0)]


@st.composite
def regions(draw):
    points, candidates = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    times = draw(st.lists(TIMES, min_size=points * candidates, max_size=points * candidates))
    people = draw(st.lists(st.integers(0, 9), min_size=points, max_size=points))
    now = draw(st.lists(TIMES, min_size=points, max_size=points))
    return np.array(times).reshape(points, candidates), np.array(people, float), np.array(now)


@given(region=regions())
@settings(max_examples=200)
def test_gains_are_those_of_adding_each_candidate(region):
    times, people, now = region
    problem = siting.problem_from_matrix(times, people, now_s=now)
    for objective in OBJECTIVES:
        found = siting.candidate_gains(problem, objective=objective)
        for j in range(times.shape[1]):
            after = np.minimum(now, times[:, j])
            won = people @ (objective.burden(now) - objective.burden(after))
            assert found["gain"][j] == pytest.approx(won, abs=1e-9)
            minutes = people @ (np.minimum(now, UNREACHED_S) - np.minimum(after, UNREACHED_S)) / 60
            assert found["person_min"][j] == pytest.approx(minutes, abs=1e-6)


@given(region=regions())
@settings(max_examples=200)
def test_the_first_is_as_good_as_the_one_that_is_located(region):
    times, people, now = region
    problem = siting.problem_from_matrix(times, people, now_s=now)
    if not people[problem.reachable].any():
        return
    for objective in OBJECTIVES:
        found = siting.candidate_gains(problem, objective=objective)
        first = siting.best_first(found["gain"].to_numpy(), found["person_min"].to_numpy())[0]
        located = siting.locate(problem, add=1, objective=objective)
        chosen = found.loc[located.added[0]]
        assert chosen["gain"] == pytest.approx(found["gain"][first], rel=1e-7, abs=1e-7)
        if isinstance(objective, siting.WithinNorm):
            assert chosen["person_min"] == pytest.approx(found["person_min"][first], rel=1e-7, abs=1e-7)


@pytest.fixture(scope="module")
def iceland(iceland_solved):
    from geoaccess.study import stages

    answers = iceland_solved
    return answers, stages.snap_all(answers.study, answers.network, answers.results, answers.sites)


def test_a_week_of_equal_days_is_the_plain_problem(iceland):
    answers, snapped = iceland
    people = answers.results["population"].to_numpy(float)
    sites = snapped.sites[(answers.sites["service"] == "hospital").to_numpy()]
    candidates = snapped.cells.iloc[::40]
    plain = siting.build_problem(answers.network, snapped.cells, people, sites=sites, candidates=candidates)
    week = siting.build_weekly_problem(
        answers.network, snapped.cells, people, candidates=candidates, now_s=plain.now_s.T, share=np.array([1.0])
    )
    for name in ("point", "place", "time_s", "now_s", "people"):
        np.testing.assert_array_equal(getattr(week, name), getattr(plain, name))
    both = [siting.locate(problem, add=1) for problem in (plain, week)]
    assert both[0].added == both[1].added
    assert both[0].value == both[1].value


def test_one_more_site_in_a_week_of_two_kinds_of_days(iceland):
    """By hand from the matrix: each day goes to the nearer of what is open and the new site."""
    from geoaccess.routing import travel_times

    answers, snapped = iceland
    people = answers.results["population"].to_numpy(float)
    candidates = snapped.cells.iloc[::60]
    now = answers.results["hospital_s"].to_numpy(float)
    now = np.where(np.isfinite(now), now, np.inf)
    rare = np.where(np.arange(now.size) % 3 == 0, np.inf, now + 1800)
    share = np.array([0.4, 0.6])
    week = siting.build_weekly_problem(
        answers.network, snapped.cells, people, candidates=candidates, now_s=np.stack([now, rare]), share=share
    )
    times = travel_times(answers.network, snapped.cells, candidates)
    times = np.where(np.isnan(times), np.inf, times)
    for j in (0, 7, len(candidates) - 1):
        after = 0.4 * np.minimum(now, times[:, j]) + 0.6 * np.minimum(rare, times[:, j])
        some = people > 0
        np.testing.assert_allclose(week.times(np.array([j]))[some], after[some])


def test_shares_that_do_not_add_up_are_refused(iceland):
    answers, snapped = iceland
    people = answers.results["population"].to_numpy(float)
    now, candidates = np.full((2, people.size), np.inf), snapped.cells.iloc[:3]
    for share in ([0.5, 0.6], [1.0]):
        with pytest.raises(InputError, match="add up to 1"):
            siting.build_weekly_problem(
                answers.network,
                snapped.cells,
                people,
                candidates=candidates,
                now_s=now,
                share=np.array(share),
            )

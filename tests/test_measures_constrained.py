"""Linear decay, intervals of cutoffs, times to enough supply, doubly constrained access: by hand and brute force."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from geoaccess.catchment import (
    Binary,
    Exponential,
    Linear,
    balancing_time,
    cumulative_interval,
    cumulative_opportunities,
    decay_from,
    doubly_constrained,
    gravity,
    time_to_supply,
    two_step,
)
from geoaccess.errors import ConfigError, InputError
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import STUDY, write_study


def random_case(seed, n=30, m=9, far=0.3):
    rng = np.random.default_rng(seed)
    times = rng.integers(0, 60, (n, m)) * 60.0
    times[rng.random((n, m)) < far] = np.inf
    return times, rng.integers(1, 400, n).astype(float), rng.integers(1, 9, m).astype(float)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cutoff_s": 0.0}, "cutoff_s is 0.0"),
        ({"cutoff_s": math.inf}, "cutoff_s is inf"),
        ({"cutoff_s": 600.0, "full_s": 600.0}, "full_s is 600"),
        ({"cutoff_s": 600.0, "full_s": -1.0}, "full_s is -1"),
        ({"cutoff_s": 600.0, "full_s": "one"}, "full_s is 'one'"),
    ],
)
def test_a_linear_decay_falls_from_one_to_nothing(settings, said):
    with pytest.raises(InputError, match=said):
        Linear(**settings)
    # R's accessibility: decay_linear(cutoff = 50) of 0, 25, 50 and 75 is 1, 0.5, 0 and 0.
    assert Linear(cutoff_s=50)([0, 25, 50, 75]).tolist() == [1.0, 0.5, 0.0, 0.0]


def test_a_linear_decay_stands_in_study_files():
    assert decay_from({"kind": "linear", "cutoff_min": 40}) == Linear(2400.0)
    assert decay_from({"kind": "linear", "cutoff_min": 40, "full_min": 20}) == Linear(2400.0, 1200.0)
    with pytest.raises(ConfigError, match="full_s"):
        decay_from({"kind": "linear", "cutoff_min": 20, "full_min": 20})


def test_the_mean_over_an_interval_of_cutoffs_is_gravity_with_a_linear_decay():
    times, _, supply = random_case(1)
    fine = np.arange(1200.5, 2400.5, 1.0)  # the middle of every second
    mean = cumulative_interval(times, supply=supply, cutoffs_s=fine)
    linear = gravity(times, supply=supply, decay=Linear(2400, full_s=1200))
    assert mean.to_numpy() == pytest.approx(linear.to_numpy(), rel=1e-9)


@pytest.mark.parametrize(("summary", "by"), [("mean", np.mean), ("median", np.median), ("least", min), ("most", max)])
def test_intervals_by_brute_force(summary, by):
    times, _, supply = random_case(2)
    cutoffs = [300.0, 900.0, 1000.0, 3000.0]
    found = cumulative_interval(times, supply=supply, cutoffs_s=cutoffs, summary=summary)
    for row, value in zip(times, found, strict=True):
        each = [sum(s for t, s in zip(row, supply, strict=True) if t <= cutoff) for cutoff in cutoffs]
        assert value == pytest.approx(by(each))
    with pytest.raises(InputError, match="summary"):
        cumulative_interval(times, supply=supply, cutoffs_s=cutoffs, summary="mode")
    with pytest.raises(InputError, match="at least one"):
        cumulative_interval(times, supply=supply, cutoffs_s=[])


@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_the_time_to_the_kth_site_is_the_kth_shortest(k):
    times, _, supply = random_case(3)
    found = time_to_supply(times, supply=np.ones(supply.size), amount=k)
    assert found.tolist() == np.sort(times, axis=1)[:, k - 1].tolist()


@pytest.mark.parametrize("as_table", [True, False])
def test_the_time_to_a_supply_is_the_least_at_which_so_much_is_in_reach(as_table):
    times, people, supply = random_case(4)
    cells, sites = pd.Index([f"c{i}" for i in range(len(times))]), pd.Index([f"s{j}" for j in range(supply.size)])
    wanted = pd.Series(people // 20, index=cells)
    given = pd.Series(supply, index=sites)
    asked = times
    if as_table:
        row, column = np.nonzero(np.isfinite(times))
        order = np.random.default_rng(1).permutation(row.size)
        asked = pd.DataFrame({"cell_id": cells[row], "site_id": sites[column], "travel_time_s": times[row, column]})
        asked = asked.iloc[order]
    found = time_to_supply(asked, supply=given, amount=wanted)
    for i, (cell, seconds) in enumerate(found.items()):
        moments = [0.0, *sorted(set(times[i][np.isfinite(times[i])]))]
        enough = [t for t in moments if supply[times[i] <= t].sum() >= wanted[cell]]
        expected = 0.0 if wanted[cell] == 0 else min(enough, default=math.inf)
        assert seconds == expected
    assert np.isinf(found).any()
    assert (found == 0).any()


def test_balancing_time_by_hand():
    # 1000 people: the first site has 800 at 10 minutes, with the second (300) it is enough at 20.
    times = [[600, 1200], [600, 1200], [math.inf, 300], [600, 1200]]
    found = balancing_time(times, demand=[1000, 800, 301, 0], supply=[800, 300])
    assert found.tolist() == [1200.0, 600.0, math.inf, 0.0]
    assert found.name == "balancing_time"
    with pytest.raises(InputError, match="amount"):
        balancing_time(times, demand=[1000, -1, 301, 0], supply=[800, 300])
    with pytest.raises(InputError, match="supply"):
        balancing_time(times, demand=[1000, 1, 301, 0], supply=[800, math.nan])


def test_doubly_constrained_access_by_hand():
    # T = [[t, 3 - t], [2 - t, t - 1]] has row sums 3 and 1 and column sums 2; as T_ij = a_i b_j f_ij its cross ratio is
    # that of f: t (t - 1) / ((3 - t) (2 - t)) = 4, so that 3 t^2 - 19 t + 24 = 0.
    t = (19 - math.sqrt(73)) / 6
    second_to_first = (1 * 0.5 * t) / (3 * 1 * (2 - t))
    first = 4 / (3 + second_to_first)
    times = [[0, 600], [600, 0]]
    found = doubly_constrained(times, demand=[3, 1], supply=[2, 2], decay=Linear(1200))
    assert found.tolist() == pytest.approx([first, first * second_to_first], rel=1e-5)


def balanced_flows(weights, people, needed):
    """Furness's iteration on a table of flows: an independent way to the same flows."""
    flows = weights * 1.0
    for _ in range(20_000):
        flows *= (people / flows.sum(axis=1))[:, None]
        flows *= needed / flows.sum(axis=0)
    return flows


def test_doubly_constrained_access_is_that_of_furness_flows():
    times, people, supply = random_case(5, far=0.0)
    decay = Exponential(900, cutoff_s=6000)
    found = doubly_constrained(times, demand=people, supply=supply, decay=decay).to_numpy()
    needed = supply * people.sum() / supply.sum()
    weights = decay(times)
    flows = balanced_flows(weights, people, needed)
    # T_ij = D_i S_j f_ij / (A_i L_j): of one site, A_i is D_i f_ij / T_ij but for what is the same for all cells.
    for j in range(supply.size):
        access = people * weights[:, j] / flows[:, j]
        access *= supply.sum() / (people @ access)
        assert found == pytest.approx(access, rel=1e-4)
    assert people @ found == pytest.approx(supply.sum())


def test_where_all_is_alike_everybody_has_the_same_and_islands_are_by_themselves():
    alike = doubly_constrained(np.zeros((3, 2)), demand=[1, 2, 3], supply=[4, 8], decay=Binary(60))
    assert alike.tolist() == pytest.approx([2.0, 2.0, 2.0])
    times = [[0, math.inf], [math.inf, 0], [math.inf, math.inf], [0, 0]]
    found = doubly_constrained(times, demand=[10, 5, 7, 0], supply=[1, 3], decay=Binary(60))
    assert found.tolist() == pytest.approx([0.1, 0.6, 0.0, 0.0])  # who lives nowhere joins nothing
    single = two_step(times, demand=[10, 5, 7, 0], supply=[1, 3], decay=Binary(60))
    assert found.tolist()[:3] == pytest.approx(single.tolist()[:3])


def test_without_a_solution_it_says_so():
    # The second site is to have half of all people, and one in ten reaches it.
    times = [[0, math.inf], [0, 0]]
    with pytest.raises(InputError, match="no flows"):
        doubly_constrained(times, demand=[90, 10], supply=[1, 1], decay=Binary(60))


def test_a_study_asks_for_a_linear_decay_and_for_doubly_constrained_access(tmp_path):
    more = """
[catchments.interval]
service = "gp"
measure = "gravity"
decay = { kind = "linear", full_min = 10, cutoff_min = 30 }

[catchments.both_sides]
service = "gp"
measure = "doubly_constrained"
decay = { kind = "exponential", scale_min = 15 }
cutoff_min = 180
"""
    answers = solve_study(load_study(write_study(tmp_path, STUDY + more)), show=False)
    results = answers.results
    nearest = cumulative_opportunities([[t] for t in results["gp_s"].fillna(np.inf)], supply=[1], cutoff_s=600)
    assert (results["interval"].to_numpy() >= nearest.to_numpy()).all()
    has = results["both_sides"] > 0
    assert has.to_numpy().tolist() == (results["gp_reason"] == "").to_numpy().tolist()
    assert (results["population"] @ results["both_sides"]) == pytest.approx(2)  # two GPs
    table = answers.tables["catchments"]
    assert set(table["measure"]) == {"gravity", "doubly_constrained"}

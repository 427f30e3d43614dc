"""The rational agent access model: against quadratic programs, single agents one by one, and PySAL's heuristic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.catchment import raam, raam_cost, raam_site_demand
from geoaccess.errors import ConfigError, InputError
from geoaccess.measures import raam_with_sites, rational_agents
from geoaccess.study import load_study, solve_study
from tests.conftest import need
from tests.test_study_tiny import PEOPLE, STUDY, cell_id, write_study

HOUR = 3600.0


def one_by_one(times, people, supply, tau_s, rho):
    """Every single person moves to the cheapest site, again and again, until nobody moves: costs within one person."""
    n, m = times.shape
    place = np.repeat(times.argmin(axis=1)[:, None], int(people.max()), axis=1)
    crowd = np.zeros(m)
    for cell in range(n):
        for person in range(int(people[cell])):
            crowd[place[cell, person]] += 1
    for _ in range(10_000):
        moved = False
        for cell in range(n):
            for person in range(int(people[cell])):
                crowd[place[cell, person]] -= 1
                cost = (crowd + 1) / (supply * rho) + times[cell] / tau_s
                best = int(cost.argmin())
                if cost[best] < cost[place[cell, person]] - 1e-12:
                    place[cell, person], moved = best, True
                crowd[place[cell, person]] += 1
        if not moved:
            return (crowd / (supply * rho) + times / tau_s).min(axis=1), crowd
    raise AssertionError("agents never settle")


@pytest.mark.parametrize("seed", range(6))
def test_costs_are_those_of_agents_who_move_one_by_one(seed):
    draw = np.random.default_rng(seed)
    times, people = draw.uniform(0, 3000, (5, 3)), draw.integers(100, 300, 5).astype(float)
    supply = draw.uniform(0.5, 3, 3)
    rho = people.sum() / supply.sum()
    expected, crowd = one_by_one(times, people, supply, 1800.0, rho)
    found = raam_cost(times, demand=people, supply=supply, cutoff_s=HOUR, tau_s=1800)
    one = 2 / (supply.min() * rho)  # what two persons more at a site change
    np.testing.assert_allclose(found, expected, atol=one)
    at = raam_site_demand(times, demand=people, supply=supply, cutoff_s=HOUR, tau_s=1800)
    np.testing.assert_allclose(at["demand"], crowd, atol=4)
    assert at["demand"].sum() == pytest.approx(people.sum())


@pytest.mark.parametrize("seed", range(4))
def test_costs_solve_the_quadratic_program(seed):
    optimize = need("scipy.optimize")
    draw = np.random.default_rng(seed)
    times, people, supply = draw.uniform(0, 5000, (4, 3)), draw.uniform(1, 9, 4), draw.uniform(1, 4, 3)
    rho, tau = people.sum() / supply.sum(), 1800.0

    def total(x):
        crowd = x.reshape(4, 3).sum(axis=0)
        return float((crowd**2 / (2 * supply * rho)).sum() + (x * (times / tau).ravel()).sum())

    rows = [{"type": "eq", "fun": lambda x, i=i: x.reshape(4, 3)[i].sum() - people[i]} for i in range(4)]
    start = np.repeat(people / 3, 3)
    best = optimize.minimize(
        total, start, bounds=[(0, None)] * 12, constraints=rows, options={"maxiter": 2000, "ftol": 1e-14}
    )
    crowd = best.x.reshape(4, 3).sum(axis=0)
    found = raam_cost(times, demand=people, supply=supply, cutoff_s=2 * HOUR, tau_s=tau)
    np.testing.assert_allclose(found, (crowd / (supply * rho) + times / tau).min(axis=1), atol=1e-3)


amounts = st.lists(st.integers(0, 50), min_size=1, max_size=6)


@settings(deadline=None, max_examples=60)
@given(amounts, st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_nobody_would_rather_go_elsewhere(people, supply, seed):
    people, supply = np.array(people, float), np.array(supply, float)
    times = np.random.default_rng(seed).integers(0, 7200, (people.size, supply.size)).astype(float)
    if not (people.sum() > 0 and supply.sum() > 0):
        with pytest.raises(InputError, match="no people, or there is no supply"):
            raam(times, demand=people, supply=supply, cutoff_s=HOUR)
        return
    cost = raam_cost(times, demand=people, supply=supply, cutoff_s=HOUR)
    at = raam_site_demand(times, demand=people, supply=supply, cutoff_s=HOUR)
    usable = (times <= HOUR) & (supply > 0)
    rho = people.sum() / supply.sum()
    crowded = np.divide(at["demand"].to_numpy(), supply * rho, out=np.full(supply.size, np.inf), where=supply > 0)
    each = np.where(usable, crowded + times / HOUR, np.inf).min(axis=1)
    np.testing.assert_allclose(cost, each, rtol=1e-9)
    assert at["demand"].sum() == pytest.approx(people[usable.any(axis=1)].sum())
    worth = raam(times, demand=people, supply=supply, cutoff_s=HOUR)
    assert (worth[~usable.any(axis=1)] == 0).all()
    assert (worth[(people > 0) & usable.any(axis=1)] > 0).all()
    assert np.isfinite(worth).all()


def test_two_towns_by_hand():
    """40 people near A, 20 near B, one doctor each, 30 minutes apart: (40 - x) / 30 = (20 + x) / 30 + 1/2, x = 2.5."""
    times = np.array([[0, 1800], [1800, 0]])
    found = raam_site_demand(times, demand=[40, 20], supply=[1, 1], cutoff_s=HOUR)
    assert found["demand"].tolist() == pytest.approx([37.5, 22.5], abs=1e-3)
    cost = raam_cost(times, demand=[40, 20], supply=[1, 1], cutoff_s=HOUR)
    assert cost.tolist() == pytest.approx([1.25, 0.75], abs=1e-4)
    assert raam(times, demand=[40, 20], supply=[1, 1], cutoff_s=HOUR).tolist() == pytest.approx(
        [2 / 60 / 1.25, 2 / 60 / 0.75], rel=1e-4
    )


def test_a_cell_without_people_on_a_site_that_nobody_uses_has_what_one_person_would_find():
    """100 people with 2 doctors near; nobody lives at the other site, 8 hours off, with 3 doctors, nor near it."""
    times = np.array([[0, 28_800], [28_800, 0], [28_800, 720], [28_800, 36]])
    given = {"demand": [100, 0, 0, 0], "supply": [2, 3], "cutoff_s": HOUR}
    # rho is 100 people / 5 doctors = 20; c = 50 / 20 near the people, else the way in hours, for raam 1 / 60 at least.
    assert raam_cost(times, **given).tolist() == pytest.approx([2.5, 0, 0.2, 0.01], abs=1e-4)
    assert raam(times, **given).tolist() == pytest.approx([2 / 100, 3, 1 / (20 * 0.2), 3], rel=1e-4)


def test_both_sides_of_one_solution_are_those_of_each():
    draw = np.random.default_rng(5)
    times = draw.uniform(0, 5000, (6, 3))
    given = {"demand": draw.uniform(0, 9, 6), "supply": draw.uniform(1, 4, 3), "cutoff_s": HOUR, "tau_s": 900}
    worth, sites = raam_with_sites(times, **given)
    pd.testing.assert_series_equal(worth, raam(times, **given))
    pd.testing.assert_frame_equal(sites, raam_site_demand(times, **given))


def test_the_heuristic_of_pysal_comes_near():
    """The package `access` moves whole people by steps that become smaller, and stops after some cycles."""
    heuristic = need("access.raam")
    draw = np.random.default_rng(3)
    n, m = 30, 6
    minutes = draw.uniform(0, 90, (n, m))
    people, supply = draw.integers(200, 2000, n), draw.integers(2, 30, m)
    rows = [(i, j, minutes[i, j]) for i in range(n) for j in range(m)]
    theirs = heuristic.raam(
        pd.DataFrame({"demand": people}, index=range(n)),
        pd.DataFrame({"supply": supply}, index=range(m)),
        pd.DataFrame(rows, columns=["origin", "dest", "cost"]),
        tau=60,
        max_cycles=400,
        min_step=0.0005,
    )
    ours = raam_cost(minutes * 60, demand=people.astype(float), supply=supply.astype(float), cutoff_s=2 * HOUR)
    np.testing.assert_allclose(theirs.sort_index(), ours, rtol=0.03)


ASKED = '\n[catchments.crowded]\nservice = "gp"\nmeasure = "raam"\ncutoff_min = 60\ntau_min = 30\n'


def test_a_study_asks_for_it(tmp_path, monkeypatch):
    solved, settle = [], rational_agents.settle_agents
    monkeypatch.setattr(rational_agents, "settle_agents", lambda *given: solved.append(1) or settle(*given))
    answers = solve_study(load_study(write_study(tmp_path, STUDY + ASKED)), show=False)
    assert len(solved) == 1  # for the column and the sites
    sites = answers.tables["site_demand"].set_index("site_id")
    reached = answers.results["crowded"] > 0
    assert sites["demand"].sum() == pytest.approx(answers.results.loc[reached, "population"].sum())
    west = answers.results.loc[cell_id("west"), "crowded"]
    rho = sum(PEOPLE.values()) / 2  # two sites that count as one each
    assert west == pytest.approx(1 / (rho * (sites.loc["gp-west", "demand"] / rho)), rel=1e-6)
    with pytest.raises(ConfigError, match="weighs no travel"):
        load_study(write_study(tmp_path / "other", STUDY + ASKED.replace("raam", "cumulative")))


def test_what_cannot_be_weighed_is_refused():
    with pytest.raises(InputError, match="tau_s is 0"):
        raam_cost([[60.0]], demand=[1], supply=[1], cutoff_s=HOUR, tau_s=0)
    with pytest.raises(InputError, match="cutoff_s"):
        raam_cost([[60.0]], demand=[1], supply=[1], cutoff_s=float("inf"))

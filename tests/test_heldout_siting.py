"""Siting on instances of its own against optima found otherwise: all subsets tried, or textbook programmes in scipy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from geoaccess.errors import InputError
from geoaccess.siting import (
    BeyondNorm,
    FairMean,
    PersonMinutes,
    WithinNorm,
    alternatives,
    expected_cover,
    fewest,
    frontier,
    least_regret,
    least_worst,
    locate,
    locate_bounded,
    mean_loss_s,
    problem_from_matrix,
    share_days,
)

DAY = 86_400.0


def land(kind, seed):
    """Return times to candidates, times to standing sites, and people."""
    rng = np.random.default_rng(seed)
    n, m, k = 16, 8, 3
    points, places, sites = rng.random((n, 2)), rng.random((m, 2)), rng.random((k, 2))
    people = rng.integers(1, 400, n).astype(float)
    if kind == "grid":  # many equal times
        points = np.array(list(itertools.product(range(4), range(4)))) / 4.0
        places, sites = points[rng.choice(n, m, replace=False)], points[rng.choice(n, k, replace=False)]
        people = np.full(n, 10.0)
    elif kind == "empty cells":
        people[rng.random(n) < 0.6] = 0.0
        people[0] = 5.0
    elif kind == "already best":  # candidates stand where sites are, or further off
        places = np.vstack([sites, 5.0 + rng.random((m - k, 2))])
    elif kind == "one cell":
        points, people = points[:1], people[:1]
    elif kind == "skewed":
        people = np.floor(np.exp(rng.normal(3, 3, n))) + 1

    def times(there):
        return 3600.0 * np.abs(points[:, None] - there[None]).sum(axis=2)

    near, now = times(places), times(sites)
    if kind == "islands":  # the last quarter is reached by the last two candidates only, one point by nothing
        island = np.arange(n) >= 3 * n // 4
        near[island, : m - 2] = now[island] = np.inf
        near[~island, m - 2 :] = np.inf
        near[-1] = np.inf
    elif kind == "nobody reached":
        near[:], now[:] = np.inf, np.inf
    return near, now, people


KINDS = ["random", "grid", "empty cells", "already best", "one cell", "skewed", "islands"]
WANTED = {
    "minutes": PersonMinutes(),
    "norm": WithinNorm(1500.0),
    "beyond": BeyondNorm(900.0, alpha=2.0),
    "fair": FairMean(kappa=1 / 1800, unreached_s=8 * 3600),
    "fair, a day": FairMean(kappa=1 / 1800),  # exp(48): others are hardly seen beside who is not reached
}


def figure(name, near, now, people, added, stays):
    """Compute a figure from what it means."""
    t = np.column_stack([near[:, list(added)], now[:, list(stays)], np.full(len(people), np.inf)]).min(axis=1)
    if name == "norm":
        return people[t <= 1500].sum() / people.sum()
    reached = np.isfinite(np.column_stack([near, now])).any(axis=1)
    t, w = np.minimum(t, 8 * 3600 if name == "fair" else DAY)[reached], people[reached]
    if name == "minutes":
        return np.average(t, weights=w) / 60
    if name == "beyond":
        return np.average(np.maximum(t / 900 - 1, 0) ** 2, weights=w)
    top = t.max()  # of the exponential mean, so that nothing over- or underflows
    return (math.log(np.average(np.exp((t - top) / 1800), weights=w)) * 1800 + top) / 60


def every_choice(near, now, add, close):
    m, k = near.shape[1], now.shape[1]
    return itertools.product(itertools.combinations(range(m), add), itertools.combinations(range(k), k - close))


@pytest.mark.parametrize("name", WANTED)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("add", "close"), [(0, 0), (1, 0), (3, 0), (1, 1), (2, 2), (0, 1), (1, 3)])
def test_all_subsets(kind, name, add, close):
    near, now, people = land(kind, seed=100 + 10 * add + close)
    sign = -1 if name == "norm" else 1
    figures = {
        (added, stays): figure(name, near, now, people, added, stays)
        for added, stays in every_choice(near, now, add, close)
    }
    best = min(sign * value for value in figures.values()) * sign
    setting = problem_from_matrix(near, people, standing_s=now)
    found = {
        method: locate(setting, add=add, close=close, objective=WANTED[name], method=method)
        for method in ("greedy", "exchange", "exact", "auto")
    }
    today = figure(name, near, now, people, (), range(now.shape[1]))
    for answer in found.values():
        stays = tuple(sorted(set(range(now.shape[1])) - set(answer.closed.tolist())))
        assert len(set(answer.added.tolist())) == add
        assert len(answer.closed) == close
        assert answer.value == pytest.approx(figures[tuple(sorted(answer.added.tolist())), stays], rel=1e-7, abs=1e-9)
        assert answer.now == pytest.approx(today, rel=1e-7, abs=1e-9)
        slack = 1e-6 * max(1.0, abs(best))
        assert sign * answer.bound <= sign * best + slack  # no choice beats the bound
        assert abs(answer.value - best) <= answer.gap * max(abs(answer.value), abs(answer.bound)) + slack
        if answer.proved:
            assert answer.value == pytest.approx(best, rel=1e-6, abs=1e-7)
    assert found["exact"].proved or name == "fair, a day"
    assert sign * found["exchange"].value <= sign * found["greedy"].value + 1e-9 * abs(best)


@pytest.mark.parametrize("name", ["minutes", "beyond", "fair"])
def test_nobody_whom_anything_reaches(name):
    near, now, people = land("nobody reached", 1)
    with pytest.raises(InputError, match="nobody counts"):  # no number is made up of nobody
        locate(problem_from_matrix(near, people, standing_s=now), add=2, objective=WANTED[name])


def test_nobody_whom_anything_brings_within_the_norm():
    near, now, people = land("nobody reached", 1)
    setting = problem_from_matrix(near, people, standing_s=now)
    found = locate(setting, add=2, objective=WithinNorm(1500.0))
    assert (found.now, found.value, found.gap) == (0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="nobody counts"):
        least_worst(setting, add=1)
    with pytest.raises(InputError, match="cannot be brought"):
        fewest(setting, norm_s=1500.0, share=0.1)


@pytest.mark.parametrize("kappa", [1 / 3600, 1 / 300, 1 / 150])
def test_strong_aversion_where_an_island_can_be_reached_at_last(kappa):
    """exp(kappa t) of a day is beyond all numbers beside that of minutes; the answer must still be one."""
    with pytest.raises(InputError, match="unreached_s up to 36000"):
        FairMean(kappa=1 / 60)
    chosen = FairMean.averse_to(np.array([600.0, 1800.0, np.inf]), np.array([1.0, 1.0, 1.0]), epsilon=500.0)
    assert 1800 <= chosen.unreached_s < DAY
    near, now = np.array([[300.0, 1500.0], [1200.0, 900.0], [600.0, np.inf]]), np.array([[600.0], [1800.0], [np.inf]])
    people = np.array([500.0, 300.0, 20.0])
    found = locate(problem_from_matrix(near, people, standing_s=now), add=1, objective=FairMean(kappa=kappa))
    assert found.added.tolist() == [0]
    truth = math.log(np.average(np.exp(kappa * (np.array([300.0, 1200.0, 600.0]) - 1200)), weights=people))
    assert found.value == pytest.approx((truth / kappa + 1200) / 60, rel=1e-6)


def test_more_than_there_are():
    near, now, people = land("random", 3)
    setting = problem_from_matrix(near, people, standing_s=now)
    for add, close in ((9, 0), (0, 4), (-1, 0), (0, -1)):
        with pytest.raises(InputError, match=r"there are 8 candidates|3 sites stand"):
            locate(setting, add=add, close=close)
    everything = locate(setting, add=8)
    assert sorted(everything.added.tolist()) == list(range(8))
    assert everything.proved


class Textbook:
    """A programme for scipy: minimise cost x, rows given as (low, {column: entry}, high)."""

    def __init__(self):
        self.cost, self.whole, self.rows, self.top = [], [], [], []

    def add(self, cost, *, whole=False, top=1.0):
        self.cost.append(cost)
        self.whole.append(whole)
        self.top.append(top)
        return len(self.cost) - 1

    def require(self, entries, low=-np.inf, high=np.inf):
        self.rows.append((entries, low, high))

    def least(self):
        at = [(r, c, v) for r, (entries, _, _) in enumerate(self.rows) for c, v in entries.items()]
        r, c, v = zip(*at, strict=True)
        a = coo_array((v, (r, c)), shape=(len(self.rows), len(self.cost))).tocsr()
        low, high = [row[1] for row in self.rows], [row[2] for row in self.rows]
        answer = milp(
            self.cost,
            constraints=LinearConstraint(a, low, high),
            integrality=np.array(self.whole, int),
            bounds=Bounds(0, self.top),
            options={"mip_rel_gap": 0, "time_limit": 30},
        )
        assert answer.status == 0, answer.message
        return answer.fun


def towns(seed, n=60, m=20, k=4):
    """People cluster, candidates lie among them."""
    rng = np.random.default_rng(seed)
    centres = rng.random((5, 2))
    points = centres[rng.integers(0, 5, n)] + rng.normal(0, 0.12, (n, 2))
    people = np.floor(np.exp(rng.normal(4, 1.5, n)))
    places, sites = points[rng.choice(n, m, replace=False)], rng.random((k, 2))

    def times(there):
        return np.floor(5400 * np.hypot(*(points[:, None] - there[None]).transpose(2, 0, 1)))

    return times(places), times(sites), people


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("close", [0, 2])
def test_p_median_by_hakimi(seed, close):
    near, now, people = towns(seed)
    m, k = near.shape[1], now.shape[1]
    book = Textbook()
    y = [book.add(0.0, whole=True) for _ in range(m + k)]
    book.require(dict.fromkeys(y[:m], 1.0), 4, 4)
    book.require(dict.fromkeys(y[m:], 1.0), k - close, k - close)
    for w, row in zip(people, np.column_stack([near, now]), strict=True):
        x = [book.add(w * t) for t in row]
        book.require(dict.fromkeys(x, 1.0), 1, 1)
        for j, column in enumerate(x):
            book.require({column: 1.0, y[j]: -1.0}, high=0)
    found = locate(problem_from_matrix(near, people, standing_s=now), add=4, close=close)
    assert found.proved
    assert found.value == pytest.approx(book.least() / people.sum() / 60, rel=1e-7)


@pytest.mark.parametrize("seed", [4, 5, 6])
@pytest.mark.parametrize("norm_s", [300.0, 900.0])
def test_maximal_covering_by_church_and_revelle(seed, norm_s):
    near, now, people = towns(seed)
    book = Textbook()
    y = [book.add(0.0, whole=True) for _ in range(near.shape[1])]
    book.require(dict.fromkeys(y, 1.0), 3, 3)
    there = (now <= norm_s).any(axis=1)
    for w, row in zip(people[~there], near[~there], strict=True):
        z = book.add(-w, whole=True)
        book.require({z: 1.0} | {y[j]: -1.0 for j in np.flatnonzero(row <= norm_s)}, high=0)
    best = (people[there].sum() - book.least()) / people.sum()
    setting = problem_from_matrix(near, people, standing_s=now)
    found = locate(setting, add=3, objective=WithinNorm(norm_s))
    assert found.proved
    assert found.value == pytest.approx(best, abs=1e-9)
    after = np.minimum(now.min(axis=1), near[:, found.added].min(axis=1))
    assert people[after <= norm_s].sum() / people.sum() == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("seed", [7, 8, 9])
@pytest.mark.parametrize("share", [0.7, 0.9, 1.0])
def test_fewest_for_a_share(seed, share):
    near, now, people = towns(seed, m=25)
    norm_s = 1200.0
    coverable = (np.column_stack([near, now]) <= norm_s).any(axis=1)
    people = np.where(coverable, people, 0.0)
    book = Textbook()
    y = [book.add(1.0, whole=True) for _ in range(near.shape[1])]
    total = {}
    there = (now <= norm_s).any(axis=1)
    for w, row in zip(people[~there], near[~there], strict=True):
        z = book.add(0.0, whole=True)
        total[z] = w
        book.require({z: 1.0} | {y[j]: -1.0 for j in np.flatnonzero(row <= norm_s)}, high=0)
    book.require(total, low=share * people.sum() - people[there].sum())
    found, least = fewest(problem_from_matrix(near, people, standing_s=now), norm_s=norm_s, share=share)
    assert len(found.added) == least == round(book.least())
    assert found.proved
    after = np.column_stack([now, near[:, found.added]]).min(axis=1)
    assert people[after <= norm_s].sum() >= share * people.sum() * (1 - 1e-9)
    assert found.value == pytest.approx(people[after <= norm_s].sum() / people.sum())


@pytest.mark.parametrize("seed", [10, 11])
def test_p_centre(seed):
    near, now, people = towns(seed, n=35, m=12)
    book = Textbook()
    worst = book.add(1.0, top=np.inf)
    y = [book.add(0.0, whole=True) for _ in range(near.shape[1])]
    book.require(dict.fromkeys(y, 1.0), 3, 3)
    for w, row in zip(people, np.column_stack([near, now]), strict=True):
        if w == 0:
            continue
        x = [book.add(0.0) for _ in row]
        book.require(dict.fromkeys(x, 1.0), 1, 1)
        book.require({column: t for column, t in zip(x, row, strict=True) if t} | {worst: -1.0}, high=0)
        for column, open_ in zip(x, y, strict=False):
            book.require({column: 1.0, open_: -1.0}, high=0)
    found = least_worst(problem_from_matrix(near, people, standing_s=now), add=3)
    assert found.proved
    assert found.value * 60 == pytest.approx(book.least(), abs=1e-4)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "one cell"])
@pytest.mark.parametrize("quantile", [0.5, 0.9, 1.0])
@pytest.mark.parametrize("close", [0, 1])
def test_a_quantile_of_some_by_all_subsets(kind, quantile, close):
    near, now, people = land(kind, 77)
    group = np.arange(len(people)) % 3 != 1
    counted = group & np.isfinite(np.column_stack([near, now])).any(axis=1) & (people > 0)

    def percentile_of(added, stays):
        t = np.column_stack([near[:, list(added)], now[:, list(stays)], np.full(len(people), np.inf)]).min(axis=1)
        t, w = t[counted], people[counted]
        order = np.argsort(t)
        return t[order][np.searchsorted(np.cumsum(w[order]), quantile * w.sum() * (1 - 1e-12))]

    best = min(itertools.starmap(percentile_of, every_choice(near, now, 2, close)))
    found = least_worst(
        problem_from_matrix(near, people, standing_s=now), add=2, close=close, quantile=quantile, group=group
    )
    stays = sorted(set(range(now.shape[1])) - set(found.closed.tolist()))
    assert found.proved
    assert found.value * 60 == pytest.approx(best)
    assert percentile_of(found.added, stays) == pytest.approx(best)


@pytest.mark.parametrize("seed", [12, 13])
@pytest.mark.parametrize("busy", [0.0, 0.3, 0.8])
def test_expected_cover_by_daskin(seed, busy):
    near, _, calls = towns(seed, n=25, m=7)
    standing = np.array([1, 0, 2, 0, 0, 0, 0])
    inside = near <= 1500

    def expected(vehicles):
        return np.sum(calls * (1 - busy ** (inside @ vehicles))) / calls.sum()

    plans = (np.bincount(plan, minlength=7) for plan in itertools.combinations_with_replacement(range(7), 3))
    best = max(expected(standing + plan) for plan in plans if plan.max() <= 2)
    fleet = expected_cover(near, calls, limit_s=1500, add=3, busy=busy, standing=standing, most=2)
    assert fleet.vehicles.sum() == 3
    assert fleet.vehicles.max() <= 2
    assert fleet.proved
    assert fleet.now == pytest.approx(expected(standing))
    assert fleet.value == pytest.approx(expected(standing + fleet.vehicles)) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(8))
def test_no_class_loses_more_by_all_subsets(seed):
    near, now, people = land("random" if seed % 2 else "islands", seed)
    groups = np.arange(len(people)) % 4 - 1  # the first belongs to none
    setting = problem_from_matrix(near, people, standing_s=now)
    limit = 240.0

    def losses(added, stays):
        after = np.column_stack([near[:, list(added)], now[:, list(stays)], np.full(len(people), DAY)]).min(axis=1)
        change = np.minimum(after, DAY) - np.minimum(now.min(axis=1), DAY)
        return np.array([np.average(change[groups == g], weights=people[groups == g]) for g in range(3)])

    figures = [
        figure("minutes", near, now, people, added, stays)
        for added, stays in every_choice(near, now, 1, 2)
        if (losses(added, stays) <= limit).all()
    ]
    if not figures:
        with pytest.raises(InputError, match="there is none"):
            locate_bounded(setting, add=1, close=2, groups=groups, max_loss_s=limit)
        return
    found = locate_bounded(setting, add=1, close=2, groups=groups, max_loss_s=limit)
    assert found.value == pytest.approx(min(figures))
    assert found.proved
    stays = sorted({0, 1, 2} - set(found.closed.tolist()))
    np.testing.assert_allclose(mean_loss_s(setting, found, groups), losses(found.added, stays), atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_least_regret_by_all_subsets(seed):
    futures = [land("random", 50 + 3 * seed + s) for s in range(3)]
    settings = [problem_from_matrix(near, people, standing_s=now) for near, now, people in futures]
    table = np.array(
        [
            [figure("minutes", *future, added, range(3)) for future in futures]
            for added in itertools.combinations(range(8), 2)
        ]
    )
    best = table.min(axis=0)
    found = least_regret(settings, add=2, objective=PersonMinutes())
    np.testing.assert_allclose(found.best, best, rtol=1e-7)
    assert found.proved
    assert found.worst == pytest.approx((table - best).max(axis=1).min(), abs=1e-6)


@pytest.mark.parametrize("can_wait", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("seed", [21, 22, 23])
def test_office_days_by_all_weeks(seed, even, can_wait):
    rng = np.random.default_rng(seed)
    n, m, weekdays, days = 7, 3, 3, 3
    near, now = rng.integers(0, 4000, (n, m)).astype(float), rng.integers(500, 5000, n).astype(float)
    if seed == 22:
        now[0], near[1, :] = np.inf, np.inf
    visits, drive = rng.integers(0, 60, n).astype(float), np.array([600.0, 2400.0, np.inf if seed == 23 else 0.0])
    counted = np.isfinite(now)

    def saved(week):
        """Hours that a set of (place, weekday) saves, the drives of 1.5 staff taken off."""
        total = -sum(2 * 1.5 * drive[place] for place, _ in week)
        for i in np.flatnonzero(counted):
            daily = [min([now[i], *(near[i, p] for p, d in week if d == day)]) for day in range(weekdays)]
            travelled = (1 - can_wait) * np.mean(daily) + can_wait * min(daily)
            total += visits[i] * 2 * (now[i] - travelled)
        return total / 3600

    slots = list(itertools.product(range(m), range(weekdays)))
    weeks = itertools.chain.from_iterable(itertools.combinations(slots, size) for size in range(days + 1))
    if even:
        weeks = (week for week in weeks if all(sum(d == day for _, d in week) <= 1 for day in range(weekdays)))
    best = max(map(saved, weeks))
    found = share_days(
        problem_from_matrix(near, np.ones(n), now_s=now),
        days=days, visits=visits, can_wait=can_wait, staff_s=drive, staff=1.5, even=even, weekdays=weekdays,
    )  # fmt: skip
    own = list(zip(*np.nonzero(found.open_on), strict=True))
    assert len(own) <= days
    assert found.saved_h == pytest.approx(best, abs=1e-7)
    assert found.saved_h == pytest.approx(saved(own), abs=1e-7)
    assert found.bound_h >= best - 1e-7
    assert found.gap == 0
    assert found.now_h - found.patients_h - found.staff_h == pytest.approx(found.saved_h)


@pytest.mark.parametrize("seconds", [0.0, 1e-3])
def test_out_of_time_is_reported_and_the_bound_still_holds(seconds):
    """With no time for the exact solver the answer stays one, and its bound lies beyond the true optimum."""
    near, now, people = towns(31, n=120, m=40)
    setting = problem_from_matrix(near, people, standing_s=now)
    for objective in (PersonMinutes(), WithinNorm(900.0), BeyondNorm(600.0, alpha=2.0)):
        sure = locate(setting, add=6, objective=objective)
        assert sure.proved
        quick = locate(setting, add=6, objective=objective, seconds=seconds)
        sign = -1 if objective.higher_is_better else 1
        assert sign * quick.bound <= sign * sure.value + 1e-7 * abs(sure.value)
        assert sign * quick.value >= sign * sure.value - 1e-7 * abs(sure.value)
    sure, least = fewest(setting, norm_s=900.0, share=0.97)
    quick, bound = fewest(setting, norm_s=900.0, share=0.97, seconds=seconds)
    assert 0 <= bound <= least == len(sure.added) <= len(quick.added)
    assert quick.proved == (bound == len(quick.added))
    sure, quick = least_worst(setting, add=4), least_worst(setting, add=4, seconds=seconds)
    assert quick.bound <= sure.value + 1e-9 <= quick.value + 2e-9
    best = expected_cover(near, people, limit_s=900, add=5, busy=0.4)
    quick = expected_cover(near, people, limit_s=900, add=5, busy=0.4, seconds=seconds)
    assert best.value - 1e-9 <= quick.bound <= 1 + 1e-9
    assert quick.value <= best.value + 1e-9


def test_a_frontier_falls_and_alternatives_are_what_they_say():
    near, now, people = towns(41)
    setting = problem_from_matrix(near, people, standing_s=now)
    found = locate(setting, add=3)
    steps = frontier(setting, most=3, found=found)
    assert steps["added"].tolist() == [0, 1, 2, 3]
    assert steps["value"].is_monotonic_decreasing
    assert steps["value"].iloc[0] == pytest.approx(figure("minutes", near, now, people, (), range(4)))
    others = alternatives(setting, found, count=5)
    for row in others.itertuples():
        added = [row.candidate if j == row.instead_of else j for j in found.added.tolist()]
        value = figure("minutes", near, now, people, added, range(4))
        assert row.value == pytest.approx(value)
        assert row.kept == pytest.approx((found.now - value) / (found.now - found.value))
    swapped = [
        figure("minutes", near, now, people, [j if k == out else k for k in found.added.tolist()], range(4))
        for out in found.added.tolist()
        for j in set(range(20)) - set(found.added.tolist())
    ]
    assert others["value"].iloc[0] == pytest.approx(min(swapped))

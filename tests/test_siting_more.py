"""Siting with bounds, over several futures, of vehicles and of office days: against brute force over all choices."""

from __future__ import annotations

import itertools
import tomllib

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import from_wkt
from shapely.geometry import Polygon, box

from geoaccess.errors import InputError
from geoaccess.siting import (
    PersonMinutes,
    WithinNorm,
    describe_location,
    expected_cover,
    least_regret,
    leave_out,
    locate,
    locate_bounded,
    mean_loss_s,
    problem_from_matrix,
    read_candidates,
    scenario_text,
    settlements,
    share_days,
)
from geoaccess.siting import vehicles as vehicle_siting
from geoaccess.siting.near_bases import NearBases, near_bases

UNREACHED_S = 7200.0


def land(seed, n, m, k, *, holes=0.0):
    rng = np.random.default_rng(seed)
    times = np.round(rng.uniform(0, 5000, (n, m + k)), -1)
    times[rng.random((n, m + k)) < holes] = np.inf
    return times[:, :m], times[:, m:], rng.integers(1, 20, n).astype(float)


seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 2), st.integers(1, 2), st.sampled_from([0.0, 60.0, 300.0, 1500.0]))
def test_the_best_choice_that_costs_no_group_too_much(seed, add, close, max_loss_s):
    times, standing, people = land(seed, 8, 4, 4)
    groups = np.array([0, 0, 0, 1, 1, 1, 2, -1])
    best = np.inf
    now = standing.min(axis=1)
    for added in itertools.combinations(range(4), add):
        for stays in itertools.combinations(range(4), 4 - close):
            t = np.column_stack([times[:, list(added)], standing[:, list(stays)]]).min(axis=1)
            loss = [np.average((t - now)[groups == g], weights=people[groups == g]) for g in range(3)]
            if max(loss) <= max_loss_s + 1e-6:
                best = min(best, np.average(t, weights=people) / 60)
    setting = problem_from_matrix(times, people, standing_s=standing)
    ask = {"add": add, "close": close, "groups": groups, "max_loss_s": max_loss_s, "unreached_s": UNREACHED_S}
    if np.isinf(best):
        with pytest.raises(InputError, match="there is none"):
            locate_bounded(setting, **ask)
        return
    try:
        quick = locate_bounded(setting, **ask, method="exchange")
    except InputError as error:  # exchanges need not find one
        assert "none was found" in str(error)  # noqa: PT017
    else:
        assert (mean_loss_s(setting, quick, groups, unreached_s=UNREACHED_S) <= max_loss_s + 1e-3).all()
        assert quick.bound <= best + 1e-6 * best
        assert best <= quick.value + 1e-6 * best
    found = locate_bounded(setting, **ask)
    assert found.value == pytest.approx(best, rel=1e-6)
    assert (mean_loss_s(setting, found, groups) <= max_loss_s + 1e-3).all()
    assert found.proved


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(1, 3), st.integers(1, 3))
def test_least_regret_is_the_least_of_all_choices(seed, add, futures):
    lands = [land(seed + s, 8, 5, 1, holes=0.1) for s in range(futures)]
    people = lands[0][2]
    objective = PersonMinutes(unreached_s=UNREACHED_S)

    def mean(times, standing, added):
        return np.column_stack([times[:, list(added)], standing]).min(axis=1)

    rows = []
    for times, standing, _ in lands:
        counted = np.isfinite(np.column_stack([times, standing])).any(axis=1)
        rows.append(
            [
                np.average(np.minimum(mean(times, standing, added), UNREACHED_S)[counted], weights=people[counted]) / 60
                for added in itertools.combinations(range(5), add)
            ]
        )
    table = np.array(rows)
    best = (table - table.min(axis=1, keepdims=True)).max(axis=0).min()
    found = least_regret(
        [problem_from_matrix(t, people, standing_s=s) for t, s, _ in lands], add=add, objective=objective
    )
    chosen = list(itertools.combinations(range(5), add)).index(tuple(sorted(found.added)))
    assert found.worst == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert found.value == pytest.approx(table[:, chosen])
    assert found.best == pytest.approx(table.min(axis=1))
    assert found.proved
    # Without the exact solver the answer may be worse, but never than it says.
    quick = least_regret(
        [problem_from_matrix(t, people, standing_s=s) for t, s, _ in lands],
        add=add,
        objective=objective,
        method="exchange",
    )
    assert quick.bound <= best + 1e-6
    assert best <= quick.worst + 1e-6
    assert quick.value == pytest.approx(table[:, list(itertools.combinations(range(5), add)).index(tuple(quick.added))])


@settings(deadline=None, max_examples=80)
@given(seeds, st.integers(0, 3), st.sampled_from([0.0, 0.2, 0.6]), st.booleans(), st.booleans())
def test_expected_cover_is_the_best_of_all_placings(seed, add, busy, some_stand, one_each):
    rng = np.random.default_rng(seed)
    times, _, calls = land(seed, 10, 4, 1, holes=0.1)
    limit = rng.choice([-5.0, 1000.0, 2500.0], 10)
    standing = rng.integers(0, 3, 4) if some_stand else None
    have = np.zeros(4, int) if standing is None else standing

    def share(placed):
        near = (times <= limit[:, None]) @ (have + np.array(placed))
        return (calls * (1 - busy**near)).sum() / calls.sum()

    placings = [[c.count(j) for j in range(4)] for c in itertools.combinations_with_replacement(range(4), add)]
    if one_each:
        placings = [placed for placed in placings if max(placed, default=0) <= 1]
    best = max(share(placed) for placed in placings)
    fleet = expected_cover(
        times, calls, limit_s=limit, add=add, busy=busy, standing=standing, most=1 if one_each else None
    )
    assert fleet.vehicles.sum() == add
    assert fleet.value == pytest.approx(share(fleet.vehicles))
    assert fleet.value == pytest.approx(best, abs=1e-9)
    assert fleet.now == pytest.approx(share([0] * 4))
    assert fleet.proved


def hours_of_week(times, now, visits, can_wait, open_on):
    """Compute the hours of all visits of a week from their definition."""
    days = [np.column_stack([now, times[:, list(np.flatnonzero(day))]]).min(axis=1) for day in open_on.T]
    own = np.column_stack([now, times[:, open_on.any(axis=1)]]).min(axis=1)
    return 2 * (visits * ((1 - can_wait) * np.mean(days, axis=0) + can_wait * own)).sum() / 3600


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(0, 3), st.sampled_from([0.0, 0.3, 0.8, 1.0]), st.booleans())
def test_office_days_are_shared_as_well_as_can_be(seed, days, can_wait, costs):
    times, standing, visits = land(seed, 6, 3, 1)
    now = standing[:, 0]
    staff_s = np.random.default_rng(seed).uniform(0, 3000, 3) if costs else np.zeros(3)
    setting = problem_from_matrix(times, visits, now_s=now)
    week = share_days(setting, days=days, visits=visits, can_wait=can_wait, staff_s=staff_s, weekdays=2, staff=2.0)
    today = 2 * (visits * now).sum() / 3600

    def saved(open_on):
        staff = 2 * 2.0 * (staff_s[:, None] * open_on).sum() / 3600
        return today - hours_of_week(times, now, visits, can_wait, open_on) - staff

    plans = [
        np.isin(np.arange(6), chosen).reshape(3, 2)
        for size in range(days + 1)
        for chosen in itertools.combinations(range(6), size)
    ]
    best = max(saved(plan) for plan in plans)
    assert week.open_on.sum() <= days
    assert week.saved_h == pytest.approx(saved(week.open_on), abs=1e-6)
    assert week.saved_h == pytest.approx(best, rel=1e-6, abs=1e-6)
    assert week.patients_h == pytest.approx(hours_of_week(times, now, visits, can_wait, week.open_on), abs=1e-6)
    assert week.gap == 0


def test_where_nobody_can_wait_the_same_places_are_open_every_day_and_else_more_places():
    times = np.array([[0, 3000, 3000], [3000, 0, 3000], [3000, 3000, 0]], float)
    setting = problem_from_matrix(times, [30, 20, 10], now_s=[3000, 3000, 3000])
    ask = {"days": 5, "visits": [30, 20, 10]}
    assert share_days(setting, can_wait=0.0, **ask).days.tolist() == [5, 0, 0]
    assert share_days(setting, can_wait=1.0, **ask).days.tolist()[:3] != [5, 0, 0]
    assert (share_days(setting, can_wait=1.0, **ask).days > 0).all()
    even = share_days(setting, can_wait=0.5, even=True, **ask)
    assert even.open_on.sum(axis=0).tolist() == [1] * 5


def test_impossible_weeks_and_fleets_are_refused():
    setting = problem_from_matrix([[1.0]], [1.0], now_s=[2.0])
    for changed, message in (
        ({"days": 6}, "there are 5"),
        ({"can_wait": 1.5}, "can_wait"),
        ({"visits": [-1.0]}, "visits"),
        ({"days": 3, "even": True}, "evenly"),
    ):
        with pytest.raises(InputError, match=message):
            share_days(setting, **({"days": 2, "visits": [1.0], "can_wait": 0.5} | changed))
    for changed, message in (
        ({"busy": 1.0}, "busy"),
        ({"add": 3, "most": 2}, "room for 2"),
        ({"calls": [0.0]}, "above 0"),
    ):
        with pytest.raises(InputError, match=message):
            expected_cover(**({"times_s": [[1.0]], "calls": [1.0], "limit_s": 5, "add": 1, "busy": 0.1} | changed))


def test_settlements_are_cells_that_touch_at_the_one_with_most_people():
    corners = [(0, 0), (1, 0), (2, 1), (5, 5), (5, 6), (9, 9)]
    cells = gpd.GeoDataFrame(
        {"population": [50, 120, 40, 10, 20, 500]},
        geometry=[box(x, y, x + 1, y + 1) for x, y in corners],
        crs="EPSG:25833",
        index=list("abcdef"),
    )
    found = settlements(cells, least_people=100)
    assert found["population"].to_dict() == {"b": 210.0, "f": 500.0}
    assert (found.geometry["b"].x, found.geometry["b"].y) == (1.5, 0.5)
    with pytest.raises(InputError, match="no settlement has 501"):
        settlements(cells, least_people=501)


def test_candidates_of_a_file_and_areas_to_leave_out(tmp_path):
    (tmp_path / "halls.csv").write_text("name,lon,lat\nNorth hall,18.0,69.5\nSouth hall,18.0,69.0\n")
    halls = read_candidates(tmp_path / "halls.csv")
    assert halls["name"].tolist() == ["North hall", "South hall"]
    gpd.GeoSeries([box(17.9, 68.9, 18.1, 69.1)], crs="EPSG:4326").to_file(tmp_path / "park.geojson")
    assert leave_out(halls, tmp_path / "park.geojson")["name"].tolist() == ["North hall"]
    gpd.GeoSeries([box(17, 68, 19, 70)], crs="EPSG:4326").to_file(tmp_path / "all.gpkg")
    with pytest.raises(InputError, match="all 2 candidates lie inside"):
        leave_out(halls, tmp_path / "all.gpkg")
    halls.to_file(tmp_path / "points.gpkg")
    with pytest.raises(InputError, match="holds Point; polygons are needed"):
        leave_out(halls, tmp_path / "points.gpkg")
    bow = [Polygon([(17, 68), (19, 70), (19, 68), (17, 70)]), box(17, 68, 19, 70)]
    gpd.GeoSeries(bow[::-1], crs="EPSG:4326").to_file(tmp_path / "bow.geojson")
    with pytest.raises(InputError, match=r"bow\.geojson: row 2 is no polygon \(Self-intersection.*\); draw its border"):
        leave_out(halls, tmp_path / "bow.geojson")
    with np.errstate(invalid="ignore"):  # which NaN is
        lost = from_wkt(["POLYGON ((17 68, 19 68, NaN 70, 17 68))"])
        gpd.GeoSeries(lost, crs="EPSG:4326").to_file(tmp_path / "lost.gpkg")
    with pytest.raises(InputError, match=r"lost\.gpkg: row 1 has a corner that is nowhere"):
        leave_out(halls, tmp_path / "lost.gpkg")


def test_places_are_called_by_what_lies_near():
    named = gpd.GeoDataFrame({"name": ["Vik", ""]}, geometry=gpd.points_from_xy([18, 18.1], [69, 69]), crs="EPSG:4326")
    places = gpd.GeoSeries.from_xy([18.0, 18.0, 18.25], [69.005, 69.09, 69.0], crs="EPSG:4326")
    assert describe_location(places, named) == ["Vik", "10 km N of Vik", "10 km E of Vik"]


def test_a_scenario_is_toml_whatever_the_names():
    name = 'A "b" \\ ø \n\x7f'
    text = scenario_text(
        title=name,
        description="d",
        add=[{"service": "gp", "name": name, "lon": -18.5, "lat": 65.0}],
        remove=[{"service": "gp", "site": "gp-1"}],
    )
    assert tomllib.loads(text) == {
        "title": name,
        "description": "d",
        "add": [{"service": "gp", "name": name, "lon": -18.5, "lat": 65.0}],
        "remove": [{"service": "gp", "site": "gp-1"}],
    }


def test_a_large_problem_is_bounded_honestly():
    rng = np.random.default_rng(3)
    homes, places = rng.random((3000, 2)), rng.random((150, 2))
    times = 3600 * np.hypot(*(homes[:, None] - places[None]).transpose(2, 0, 1))
    setting = problem_from_matrix(times, rng.integers(1, 60, 3000).astype(float))
    for objective in (PersonMinutes(), WithinNorm(400.0)):
        sign = 1 if objective.higher_is_better else -1
        exact = locate(setting, add=8, objective=objective, method="exact")
        assert exact.proved
        for method in ("greedy", "exchange"):
            found = locate(setting, add=8, objective=objective, method=method)
            assert sign * found.value <= sign * exact.value + 1e-9
            assert sign * found.bound >= sign * exact.value - 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_points_near_the_same_bases_are_of_one_kind_in_the_order_of_their_rows(seed, bases):
    rng = np.random.default_rng(seed)
    near = rng.random((40, bases)) < 0.3
    before = rng.integers(0, 300, 40)
    rows = [(*near[i].tolist(), int(before[i])) for i in range(40)]
    one, which = near_bases(near).kinds(before)
    assert [rows[i] for i in one] == sorted(set(rows))
    assert [rows[i] for i in one[which]] == rows


@given(seeds, st.integers(1, 20))
def test_pairs_of_some_points_are_those_of_their_rows(seed, bases):
    rng = np.random.default_rng(seed)
    near, some = rng.random((12, bases)) < 0.3, rng.integers(0, 12, 7)
    pairs = near_bases(near).of_points(some)
    found = np.zeros(pairs.shape, bool)
    found[pairs.point, pairs.base] = True
    assert found.tolist() == near[some].tolist()
    assert pairs.sizes().tolist() == near[some].sum(axis=1).tolist()


@given(seeds, st.integers(0, 5), st.integers(0, 5))
def test_vehicles_near_a_point_are_those_of_its_bases(seed, points, bases):
    rng = np.random.default_rng(seed)
    near, number = rng.random((points, bases)) < 0.4, rng.integers(0, 4, bases)
    found = vehicle_siting.vehicles_near(near, number)
    assert found.tolist() == [sum(int(number[j]) for j in range(bases) if near[i, j]) for i in range(points)]
    with pytest.raises(InputError, match="give \\(points, bases\\)"):
        vehicle_siting.vehicles_near(near, [*number, 1])


@given(seeds, st.integers(0, 2))
def test_only_bases_that_no_vehicle_may_leave_are_passed_over(seed, move):
    rng = np.random.default_rng(seed)
    have, then = rng.integers(0, 3, 4), rng.integers(0, 3, 4)
    none = np.zeros(0, np.int64)
    task = vehicle_siting._Task(NearBases(none, none, (0, 4)), none, none, have, have, add=0, move=move, busy=0.5)
    allowed = set()
    for base, other in itertools.permutations(range(4), 2):
        moved = then.copy()
        moved[base] -= 1
        moved[other] += 1
        if moved.min() >= 0 and np.maximum(have - moved, 0).sum() <= move:
            allowed.add(base)
    assert allowed <= set(task._may_leave(then).tolist())
    if not np.maximum(have - then, 0).any():  # then it is these and no others
        assert allowed == set(task._may_leave(then).tolist())


@pytest.mark.parametrize(("left", "points"), [(10.0, "2 points"), (100.0, "2 kinds of points")])
def test_a_fleet_that_needs_more_memory_than_there_is_is_refused(monkeypatch, left, points):
    monkeypatch.setattr(vehicle_siting, "memory_left", lambda: left)
    with pytest.raises(InputError, match=rf"^{points} and 2 bases need .* GB of memory.*fewer candidates"):
        expected_cover([[1, 9], [9, 1]], [1, 1], limit_s=5, add=1, busy=0.1)

"""Catchment measures against plain loops, and the laws of what is handed out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import (
    Binary,
    Exponential,
    Gaussian,
    Logistic,
    Power,
    Stepped,
    balanced,
    cumulative_opportunities,
    gravity,
    reach,
    site_demand,
    spatial_availability,
    three_step,
    two_step,
)

pytestmark = pytest.mark.filterwarnings("error")

INF, NAN = float("inf"), float("nan")
SHARED = [two_step, three_step, balanced, spatial_availability]
DECAYS = [
    Binary(1800),
    Binary(INF),
    Stepped((600, 1200, 1800), (1, 0.68, 0.22)),
    Exponential(900),
    Gaussian(700, 3000),
    Power(1.5, 120),
    Logistic(1200, 300, 2400),
]

decays = st.sampled_from(DECAYS)
travel = st.one_of(st.sampled_from([0.0, 600.0, 1800.0, INF, NAN]), st.integers(1, 4000).map(float))
amount = st.one_of(st.just(0.0), st.integers(1, 900).map(float), st.floats(0.01, 1e4))


@st.composite
def regions(draw):
    """Times of shape (n_cells, n_sites), demand and supply on ids."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    times = np.array(draw(st.lists(travel, min_size=n * m, max_size=n * m))).reshape(n, m)
    demand = pd.Series(draw(st.lists(amount, min_size=n, max_size=n)), [f"c{i}" for i in range(n)])
    supply = pd.Series(draw(st.lists(amount, min_size=m, max_size=m)), [10 * (j + 1) for j in range(m)])
    return times, demand, supply


def table_of(times, demand, supply, *, order=None):
    """Return the tidy table of the pairs that are reached."""
    rows = [
        (demand.index[i], supply.index[j], times[i, j])
        for i, j in np.ndindex(times.shape)
        if math.isfinite(times[i, j])
    ]
    table = pd.DataFrame(rows, columns=["cell_id", "site_id", "travel_time_s"]).astype({"travel_time_s": float})
    return table if order is None else table.sample(frac=1, random_state=order)


def loop(measure, times, demand, supply, decay):
    """The definitions, one pair at a time."""
    cells, sites = range(len(demand)), range(len(supply))
    d, s = demand.tolist(), supply.tolist()
    f = [[float(decay(times[i][j])) for j in sites] for i in cells]

    def over(amount, heads):
        return amount / heads if heads > 0 else 0.0

    all_sites = [sum(f[i]) for i in cells]
    if measure is three_step:
        g = [[over(f[i][j], all_sites[i]) for j in sites] for i in cells]
        r = [over(s[j], sum(g[k][j] * f[k][j] * d[k] for k in cells)) for j in sites]
        return [sum(g[i][j] * f[i][j] * r[j] for j in sites) for i in cells]
    if measure is balanced:
        r = [over(s[j], sum(d[k] * over(f[k][j], all_sites[k]) for k in cells)) for j in sites]
        return [sum(r[j] * over(f[i][j], sum(f[k][j] for k in cells)) for j in sites) for i in cells]
    if measure is spatial_availability:
        return [sum(over(s[j] * d[i] * f[i][j], sum(d[k] * f[k][j] for k in cells)) for j in sites) for i in cells]
    r = [over(s[j], sum(f[k][j] * d[k] for k in cells)) for j in sites]
    return [sum(f[i][j] * r[j] for j in sites) for i in cells]


def served(times, demand, supply, decay):
    """Supply of the sites that have people in reach."""
    return sum(s for j, s in enumerate(supply) if any(d * float(decay(t)) > 0 for d, t in zip(demand, times[:, j])))  # noqa: B905


@pytest.mark.parametrize("measure", SHARED)
@given(regions(), decays)
def test_shared_supply_equals_the_definition_pair_by_pair(measure, region, decay):
    _, demand, supply = region
    found = measure(table_of(*region), demand=demand, supply=supply, decay=decay)
    np.testing.assert_allclose(found, loop(measure, *region, decay), rtol=1e-9)
    assert found.index.equals(demand.index)
    assert found.name == measure.__name__


@given(regions(), decays)
def test_gravity_and_opportunities_equal_the_definition_pair_by_pair(region, decay):
    times, demand, supply = region
    table, cells = table_of(*region), demand.index
    expected = [sum(s * float(decay(t)) for s, t in zip(supply, row, strict=True)) for row in times]
    np.testing.assert_allclose(gravity(table, supply=supply, decay=decay, cells=cells), expected, rtol=1e-12)
    expected = [sum(s for s, t in zip(supply, row, strict=True) if t <= 1800) for row in times]
    found = cumulative_opportunities(table, supply=supply, cutoff_s=1800, cells=cells)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.index.equals(cells)


@pytest.mark.parametrize("measure", SHARED)
@given(regions(), decays, st.integers(0, 5))
@settings(max_examples=40)
def test_the_shape_and_order_of_the_input_change_nothing(measure, region, decay, order):
    times, demand, supply = region
    found = measure(table_of(*region), demand=demand, supply=supply, decay=decay)
    others = [
        measure(times, demand=demand, supply=supply, decay=decay),
        measure(table_of(*region, order=order), demand=demand[::-1], supply=supply[::-1], decay=decay)[::-1],
        measure(
            table_of(*region, order=order).astype({"cell_id": "category", "site_id": "category"}),
            demand=demand,
            supply=supply,
            decay=decay,
        ),
    ]
    for other in others:
        pd.testing.assert_series_equal(other, found, rtol=1e-9)
    plain = measure(times.tolist(), demand=demand.tolist(), supply=supply.tolist(), decay=decay)
    np.testing.assert_allclose(plain, found, rtol=1e-9)
    assert plain.index.equals(pd.RangeIndex(len(demand)))


@pytest.mark.parametrize("measure", [two_step, three_step])
@given(regions(), decays)
def test_supply_handed_out_is_supply_reachable(measure, region, decay):
    times, demand, supply = region
    found = measure(times, demand=demand, supply=supply, decay=decay)
    assert (found * demand).sum() == pytest.approx(served(times, demand, supply, decay), rel=1e-9)


@given(regions(), decays)
def test_spatial_availability_hands_out_each_site_once_and_per_head_is_two_step(region, decay):
    times, demand, supply = region
    found = spatial_availability(times, demand=demand, supply=supply, decay=decay)
    assert found.sum() == pytest.approx(served(times, demand, supply, decay), rel=1e-9)
    per_head = two_step(times, demand=demand, supply=supply, decay=decay)
    np.testing.assert_allclose(found, per_head * demand, rtol=1e-9)


@given(regions(), decays)
def test_balanced_shares_everybody_and_every_level_of_service_once(region, decay):
    times, demand, supply = region
    sites = site_demand(times, demand=demand, supply=supply, decay=decay, measure="balanced")
    reached = [bool((decay(row) > 0).any()) for row in times]
    assert sites["demand"].sum() == pytest.approx(demand[reached].sum(), rel=1e-9)
    found = balanced(times, demand=demand, supply=supply, decay=decay)
    assert found.sum() == pytest.approx(sites["supply_per_person"].sum(), rel=1e-9)


@pytest.mark.parametrize("measure", ["two_step", "three_step", "balanced"])
@given(regions(), decays)
def test_demand_at_sites_is_what_the_first_step_says(measure, region, decay):
    times, demand, supply = region
    f = decay(times)
    with np.errstate(invalid="ignore"):
        g = np.nan_to_num(f / f.sum(axis=1, keepdims=True))
    expected = {"two_step": f, "three_step": g * f, "balanced": g}[measure].T @ demand.to_numpy()
    found = site_demand(table_of(*region), demand=demand, supply=supply, decay=decay, measure=measure)
    np.testing.assert_allclose(found["demand"], expected, rtol=1e-9)
    assert found.index.equals(supply.index)
    assert (found["supply_per_person"][found["demand"] == 0] == 0).all()
    np.testing.assert_allclose(found["supply_per_person"] * found["demand"], supply.where(found["demand"] > 0, 0))


@given(regions(), st.lists(st.integers(1, 4000), min_size=2, max_size=2).map(sorted))
def test_a_longer_cutoff_never_lowers_opportunities(region, cutoffs):
    times, _, supply = region
    near, far = (cumulative_opportunities(times, supply=supply, cutoff_s=cutoff) for cutoff in cutoffs)
    assert (far >= near).all()


@given(regions(), decays)
def test_a_new_site_never_lowers_gravity(region, decay):
    times, _, supply = region
    more = gravity(times, supply=supply.tolist(), decay=decay)
    fewer = gravity(times[:, 1:], supply=supply.tolist()[1:], decay=decay)
    assert (more >= fewer * (1 - 1e-12)).all()


@given(regions(), decays, st.floats(0, 1))
def test_a_cell_cut_in_two_changes_nothing(region, decay, share):
    times, demand, supply = region
    cut = np.vstack([times, times[:1]])
    people = [demand.iloc[0] * share, *demand.iloc[1:], demand.iloc[0] * (1 - share)]
    for measure in (two_step, three_step):
        whole = measure(times, demand=demand.tolist(), supply=supply.tolist(), decay=decay)
        parts = measure(cut, demand=people, supply=supply.tolist(), decay=decay)
        np.testing.assert_allclose(parts, [*whole, whole[0]], rtol=1e-9)
    whole = spatial_availability(times, demand=demand.tolist(), supply=supply.tolist(), decay=decay)
    parts = spatial_availability(cut, demand=people, supply=supply.tolist(), decay=decay)
    np.testing.assert_allclose([parts[0] + parts.iloc[-1], *parts[1:-1]], whole, rtol=1e-9)


@given(regions(), decays)
def test_balanced_halves_when_every_cell_is_cut_in_two(region, decay):
    """Why it may be compared within one grid only."""
    times, demand, supply = region
    whole = balanced(times, demand=demand.tolist(), supply=supply.tolist(), decay=decay)
    halves = demand.to_numpy() / 2
    parts = balanced(np.vstack([times, times]), demand=[*halves, *halves], supply=supply.tolist(), decay=decay)
    np.testing.assert_allclose(parts, [*whole / 2, *whole / 2], rtol=1e-9)


@pytest.mark.parametrize("measure", SHARED)
@given(regions(), decays, st.lists(st.one_of(st.just(INF), st.integers(0, 4000).map(float)), min_size=10, max_size=10))
@settings(max_examples=40)
def test_variable_catchments_are_pairs_left_out(measure, region, decay, limits):
    times, demand, supply = region
    by_cell = pd.Series(limits[: len(demand)], demand.index)
    by_site = pd.Series(limits[6 : 6 + len(supply)], supply.index)
    cut = np.where((times <= by_cell.to_numpy()[:, None]) & (times <= by_site.to_numpy()[None, :]), times, INF)
    expected = measure(cut, demand=demand, supply=supply, decay=decay)
    for given_times in (times, table_of(*region)):
        found = measure(
            given_times,
            demand=demand,
            supply=supply,
            decay=decay,
            cell_cutoff_s=by_cell[::-1],
            site_cutoff_s=by_site[::-1],
        )
        pd.testing.assert_series_equal(found, expected, rtol=1e-9)


@given(regions(), decays)
@settings(max_examples=30)
def test_walking_in_blocks_changes_nothing(region, decay):
    times, demand, supply = region
    expected = [measure(times, demand=demand, supply=supply, decay=decay) for measure in SHARED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "_BLOCK", 3)
        for measure, whole in zip(SHARED, expected, strict=True):
            for given_times in (times, table_of(*region, order=1)):
                found = measure(given_times, demand=demand, supply=supply, decay=decay)
                pd.testing.assert_series_equal(found, whole, rtol=1e-9)


@pytest.mark.parametrize("measure", SHARED)
def test_a_site_that_gives_nothing_and_a_site_that_nobody_reaches_hand_out_nothing(measure):
    times = np.array([[300.0, 600.0, INF, 300.0], [INF, INF, 900.0, INF]])
    found = measure(times, demand=[100, 0], supply=[1, 0, 5, 0], decay=Binary(1800))
    alone = measure(times[:1, :1], demand=[100], supply=[1], decay=Binary(1800))
    assert np.isfinite(found).all()
    assert found[1] == 0
    # Where people choose, a third of them turn to each of the three sites near; where they do not, nothing changes.
    assert found[0] == pytest.approx(alone[0] * (3 if measure is balanced else 1))


def test_a_cell_without_people_has_what_somebody_there_would_find():
    found = two_step([[300.0], [300.0]], demand=[100, 0], supply=[1], decay=Binary(1800))
    assert found.tolist() == [0.01, 0.01]


@pytest.mark.parametrize("measure", SHARED)
def test_nothing_in_gives_nothing_out(measure):
    empty = pd.DataFrame({"cell_id": [], "site_id": [], "travel_time_s": []})
    demand, supply = pd.Series({"a": 1.0}), pd.Series({"X": 1.0})
    assert measure(empty, demand=demand, supply=supply, decay=Binary(60)).tolist() == [0]
    assert measure(empty, demand=demand, supply=supply[:0], decay=Binary(60)).tolist() == [0]
    assert measure(empty, demand=demand[:0], supply=supply, decay=Binary(60)).empty
    assert measure(np.empty((1, 0)), demand=[1.0], supply=[], decay=Binary(60)).tolist() == [0]
    assert measure(np.empty((0, 1)), demand=[], supply=[1.0], decay=Binary(60)).empty


@pytest.mark.parametrize("measure", SHARED)
@pytest.mark.parametrize("decay", [Exponential(60), Gaussian(60), Power(30, 1)])
def test_far_away_people_share_out_supply_in_numbers(measure, decay):
    """Weights next to nothing are divided by and multiplied with again."""
    times = np.array([[0.0, 200 * 60.0], [800.0, 21 * 60.0], [229 * 60.0, 1e9]])
    found = measure(times, demand=[1, 1e-3, 1e4], supply=[1e6, 1e6], decay=decay)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, loop(measure, times, pd.Series([1, 1e-3, 1e4]), pd.Series([1e6, 1e6]), decay))


def table(**columns):
    return pd.DataFrame({"cell_id": ["a", "b"], "site_id": ["X", "X"], "travel_time_s": [60.0, 90.0], **columns})


DEMAND, SUPPLY = pd.Series({"a": 1.0, "b": 2.0}), pd.Series({"X": 1.0})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": table().drop(columns="site_id")}, "times: no column site_id; there are cell_id, travel_time_s"),
        ({"times": table(cell_id=["a", "z"])}, "1 values of cell_id are not known .the first is 'z'.; give demand"),
        ({"times": table(cell_id=["a", None])}, "1 values of cell_id are not known"),
        ({"times": table(cell_id=pd.Categorical(["a", None]))}, "1 values of cell_id are not known"),
        ({"times": table(site_id=["Y", "Z"])}, "2 values of site_id are not known .the first is 'Y'.; give supply"),
        ({"times": table(travel_time_s=[60, -1])}, "travel_time_s of row 1 is -1"),
        ({"times": table(cell_id=["b", "b"])}, "cell 'b' and site 'X' stand together in more than one row"),
        ({"times": pd.concat([table(), table()])}, "cell 'a' and site 'X' stand together in more than one row"),
        ({"times": table(cell_id=["z", "b"], travel_time_s=[-1, 1])}, "times: 2 problems"),
        ({"times": np.zeros((3, 1))}, r"shape \(3, 1\); give seconds of shape \(2, 1\)"),
        ({"times": np.array([["x"], ["y"]])}, "an array of <U1"),
        ({"times": np.array([[60.0], [-3.0]])}, "row 1, column 0 is -3.0"),
        ({"demand": DEMAND.where(DEMAND > 1)}, "demand: 1 values are missing, negative or infinite .*nan at 'a'"),
        ({"demand": -DEMAND}, "demand: 2 values are missing, negative or infinite .*-1.0 at 'a'"),
        ({"demand": pd.Series([1.0, 2.0], ["a", "a"])}, "demand: the id 'a' is there more than once"),
        ({"demand": [1, 2]}, "demand: list; with a table of times give a Series"),
        ({"supply": SUPPLY * INF}, "supply: 1 values are missing, negative or infinite"),
        ({"supply": pd.Series(["many"], ["X"])}, "supply: 1 values .*many at 'X'"),
        (
            {"cell_cutoff_s": pd.Series({"a": 60.0})},
            "cell_cutoff_s: 1 values are missing or negative|missing, negative",
        ),
        ({"site_cutoff_s": pd.Series({"X": -60.0})}, "site_cutoff_s: 1 values .*-60.0 at 'X'"),
        ({"times": np.zeros((2, 1)), "cell_cutoff_s": [1, 2, 3]}, r"cell_cutoff_s: an array of shape \(3,\)"),
    ],
)
def test_input_that_cannot_be_used_is_named(changes, message):
    given = {"times": table(), "demand": DEMAND, "supply": SUPPLY, "decay": Binary(60), **changes}
    with pytest.raises(InputError, match=f"(?s){message}"):
        two_step(given.pop("times"), **given)


def test_a_table_of_times_does_not_say_which_cells_reach_nothing():
    with pytest.raises(InputError, match="pass the index of all cells"):
        gravity(table(), supply=SUPPLY, decay=Binary(60))
    with pytest.raises(InputError, match="measure is 'four_step'"):
        site_demand(table(), demand=DEMAND, supply=SUPPLY, decay=Binary(60), measure="four_step")


def test_the_tables_are_left_as_they_were():
    times, demand, supply = table(), DEMAND.copy(), SUPPLY.copy()
    two_step(times, demand=demand, supply=supply, decay=Binary(60), cell_cutoff_s=pd.Series({"a": 1.0, "b": 1.0}))
    pd.testing.assert_frame_equal(times, table())
    pd.testing.assert_series_equal(demand, DEMAND)
    pd.testing.assert_series_equal(supply, SUPPLY)

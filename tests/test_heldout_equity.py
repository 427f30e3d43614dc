"""Equity and catchments held to cases worked by hand and to the textbooks' formulas over persons, one by one.

Nothing here shares code with what it tests: integer weights become that many persons, shares are exact fractions, and
every sum is a plain loop.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from splits import split

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.measures import site_demand

INF = math.inf
crowds = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=9).filter(
    lambda rows: any(people for _, people, _ in rows)
)


def persons(rows):
    """Return (value, group) of every person."""
    return [(value, group) for value, people, group in rows for _ in range(people)]


def columns(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def mean(values):
    return sum(values, Fraction(0)) / len(values)


# Inequality, by hand


def test_two_people_by_hand():
    """One has 1, one 4: the mean is 5/2, of square roots 3/2, the geometric mean 2, the harmonic 8/5."""
    assert ga.gini([1, 4]) == pytest.approx(6 / (2 * 4 * 2.5))
    assert ga.equity.theil_t([1, 4]) == pytest.approx((0.4 * math.log(0.4) + 1.6 * math.log(1.6)) / 2)
    assert ga.equity.theil_l([1, 4]) == pytest.approx(math.log(2.5 / 2))
    assert ga.equity.atkinson([1, 4], epsilon=0.5) == pytest.approx(1 - 2.25 / 2.5)
    assert ga.equity.atkinson([1, 4], epsilon=1) == pytest.approx(1 - 2 / 2.5)
    assert ga.equity.atkinson([1, 4], epsilon=2) == pytest.approx(1 - 1.6 / 2.5)
    assert ga.concentration_index([1, 4], ranking=[0, 1]) == pytest.approx(0.3)
    assert ga.concentration_index([1, 4], ranking=[1, 0]) == pytest.approx(-0.3)
    assert ga.concentration_index([1, 4], ranking=[0, 0]) == pytest.approx(0)


def test_a_valley_by_hand():
    """Class 1: 60 people at 10 minutes, 20 at 20; class 6: 20 people at 50. The mean is 20, of the classes 12.5 and 50.

    Gini: pairs 60 x 20 x 10 + 60 x 20 x 40 + 20 x 20 x 30 = 72 000; 72 000 / (100^2 x 20) = 0.36.
    """
    given = {"weights": [60, 20, 20], "groups": [1, 1, 6]}
    assert ga.gini([10, 20, 50], weights=[60, 20, 20]) == pytest.approx(0.36)
    found = split(ga.equity.theil_t, [10, 20, 50], **given)
    between = 0.5 * math.log(12.5 / 20) + 0.5 * math.log(50 / 20)
    inside = 0.5 * (0.6 * math.log(10 / 12.5) + 0.4 * math.log(20 / 12.5))
    assert (found.between, found.within) == (pytest.approx(between), pytest.approx(inside))
    found = split(ga.equity.theil_l, [10, 20, 50], **given)
    between = 0.8 * math.log(20 / 12.5) + 0.2 * math.log(20 / 50)
    inside = 0.8 * (math.log(12.5) - 0.75 * math.log(10) - 0.25 * math.log(20))
    assert (found.between, found.within) == (pytest.approx(between), pytest.approx(inside))
    # Ten of the 20 people at 50 minutes are the tenth with most; the 40 with least all have 10.
    assert ga.equity.palma([10, 20, 50], weights=[60, 20, 20]) == pytest.approx(5)
    # Over centrality: the 20 rank at 0.1, the 80 at 0.6. (2 / 20)(0.8 (12.5 - 20)(0.1) + 0.2 (50 - 20)(-0.4)) = -0.3.
    over = ga.concentration_index([10, 20, 50], ranking=[900, 900, 400], weights=[60, 20, 20])
    assert over == pytest.approx(-0.3)
    erreygers = ga.concentration_index(
        [10, 20, 50], ranking=[900, 900, 400], weights=[60, 20, 20], kind="erreygers", bounds=(0, 100)
    )
    assert erreygers == pytest.approx(4 * 20 / 100 * -0.3)


def test_palma_divides_the_people_on_the_borders_by_hand():
    """Of 10 people 3 have 1, 6 have 2, 1 half 8: the least four are 3 x 1 and 1 x 2, the tenth is one person of 8."""
    assert ga.equity.palma([1, 2, 8], weights=[3, 6, 1]) == pytest.approx(8 / (5 / 4))
    # With half a person of 8 the tenth is half 8 and half 2 of 9.5 people: 0.95 x 5.368..., the least 3.8 people have
    # 3 x 1 + 0.8 x 2.
    tenth = (0.5 * 8 + 0.45 * 2) / 0.95
    assert ga.equity.palma([1, 2, 8], weights=[3, 6, 0.5]) == pytest.approx(tenth / ((3 + 0.8 * 2) / 3.8))


@pytest.mark.parametrize(("alpha", "expected"), [(0, 0.5), (1, 0.3 * 0.5 + 0.2 * 2), (2, 0.3 * 0.25 + 0.2 * 4)])
def test_time_over_a_norm_by_hand(alpha, expected):
    """Norm 30 minutes: 50 people at 30 are inside, 30 at 45 are half a norm beyond it, 20 at 90 two norms."""
    values, people = [30, 45, 90], [50, 30, 20]
    assert ga.equity.fgt(values, norm=30, alpha=alpha, weights=people) == pytest.approx(expected)
    # R's accessibility counts poverty, (z - x) / z below a line z. Mirrored at the norm, x -> 2z - x, the two agree.
    mirrored = [2 * 30 - value for value in values]
    poverty = sum(n * ((30 - x) / 30) ** alpha for x, n in zip(mirrored, people, strict=True) if x < 30) / sum(people)
    assert ga.equity.fgt(values, norm=30, alpha=alpha, weights=people) == pytest.approx(poverty)


# Inequality, person by person


@given(crowds)
def test_gini_over_all_pairs_and_under_the_lorenz_curve(rows):
    values, people, _ = columns(rows)
    everybody = [value for value, _ in persons(rows)]
    pairs = sum(abs(a - b) for a in everybody for b in everybody)
    expected = Fraction(pairs) / (2 * len(everybody) ** 2 * mean(everybody))
    assert ga.gini(values, weights=people) == pytest.approx(float(expected), abs=1e-12)
    # As R's accessibility computes it: 1 less the trapezia under the cumulated shares, in rising order of access.
    ordered, total = sorted(everybody), sum(everybody)
    shares = [Fraction(0), *(Fraction(part, total) for part in itertools.accumulate(ordered))]
    area = sum((a + b) * Fraction(1, len(ordered)) for a, b in itertools.pairwise(shares))
    assert expected == 1 - area


@given(crowds)
def test_the_theils_over_persons_and_their_parts(rows):
    values, people, groups = columns(rows)
    everybody = persons(rows)
    average = float(mean([value for value, _ in everybody]))
    members = {group: [v for v, g in everybody if g == group] for _, group in everybody}
    averages = {group: float(mean(part)) for group, part in members.items()}
    n = len(everybody)
    t = sum(v / average * math.log(v / average) for v, _ in everybody) / n
    log_mean = sum(math.log(average / v) for v, _ in everybody) / n
    t_between = sum(averages[g] / average * math.log(averages[g] / average) for _, g in everybody) / n
    l_between = sum(math.log(average / averages[g]) for _, g in everybody) / n
    t_within = sum(v / average * math.log(v / averages[g]) for v, g in everybody) / n
    l_within = sum(math.log(averages[g] / v) for v, g in everybody) / n
    for index, total, between, within in (
        (ga.equity.theil_t, t, t_between, t_within),
        (ga.equity.theil_l, log_mean, l_between, l_within),
    ):
        found = split(index, values, weights=people, groups=groups)
        assert found.total == pytest.approx(total, abs=1e-11)
        assert found.between == pytest.approx(between, abs=1e-11)
        assert found.within == pytest.approx(within, abs=1e-11)
        assert found.between + found.within == pytest.approx(found.total, abs=1e-12)
        assert index(values, weights=people) == found.total


@given(crowds, st.sampled_from([0.3, 0.5, 1, 2, 3]))
def test_atkinson_over_persons_and_what_joins_its_parts(rows, epsilon):
    values, people, groups = columns(rows)
    everybody = [value for value, _ in persons(rows)]

    def equivalent(part):
        if epsilon == 1:
            return math.exp(sum(map(math.log, part)) / len(part))
        return (sum(value ** (1 - epsilon) for value in part) / len(part)) ** (1 / (1 - epsilon))

    expected = 1 - equivalent(everybody) / float(mean(everybody))
    found = split(ga.equity.atkinson, values, epsilon=epsilon, weights=people, groups=groups)
    assert found.total == pytest.approx(expected, abs=1e-9)
    assert (1 - found.between) * (1 - found.within) == pytest.approx(1 - found.total, abs=1e-9)
    assert ga.equity.atkinson(values, epsilon=epsilon, weights=people) == pytest.approx(expected, abs=1e-9)


@given(crowds)
def test_palma_of_whole_persons(rows):
    """Ten times the people make a tenth and four tenths of them whole persons."""
    values, people, _ = columns(rows)
    everybody = sorted(value for value, _ in persons(rows) for _ in range(10))
    tenth = len(everybody) // 10
    expected = mean(everybody[-tenth:]) / mean(everybody[: 4 * tenth])
    assert ga.equity.palma(values, weights=people) == pytest.approx(float(expected))
    # Palma's ratio of shares is a quarter of the ratio of means.
    shares = Fraction(sum(everybody[-tenth:]), sum(everybody[: 4 * tenth]))
    assert shares == expected / 4


@given(crowds)
def test_the_concentration_indices_over_persons(rows):
    """Kakwani et al. (1997): 2 / (n mu) sum x R - 1. Erreygers (2009): 8 / (n^2 (b - a)) sum z x, z from the middle."""
    values, people, groups = columns(rows)
    everybody = persons(rows)
    n = len(everybody)
    # Persons of one rank share the middle of their places, counted from the one ranked lowest.
    place = {
        g: Fraction(sum(o < g for _, o in everybody) * 2 + sum(o == g for _, o in everybody) + 1, 2) for g in groups
    }
    average = mean([value for value, _ in everybody])
    standard = 2 * sum(value * (place[g] - Fraction(1, 2)) / n for value, g in everybody) / (n * average) - 1
    found = ga.concentration_index(values, ranking=groups, weights=people)
    assert found == pytest.approx(float(standard), abs=1e-12)
    erreygers = Fraction(8, n**2 * 400) * sum((place[g] - Fraction(n + 1, 2)) * value for value, g in everybody)
    found = ga.concentration_index(values, ranking=groups, weights=people, kind="erreygers", bounds=(0, 400))
    assert found == pytest.approx(float(erreygers), abs=1e-12)
    assert float(erreygers) == pytest.approx(float(4 * average * standard / 400))
    # The "corrected" index of R's accessibility: 4 mu C over the range that is observed.
    observed = [value for value, _ in everybody]
    if max(observed) > min(observed):
        found = ga.concentration_index(values, ranking=groups, weights=people, kind="erreygers")
        assert found == pytest.approx(float(4 * average * standard / (max(observed) - min(observed))), abs=1e-12)


@given(crowds, st.integers(1, 400), st.sampled_from([0, 1, 2]))
def test_time_over_a_norm_over_persons_and_groups(rows, norm, alpha):
    values, people, groups = columns(rows)
    everybody = persons(rows)

    def burden(part):
        return mean([Fraction(value - norm, norm) ** alpha if value > norm else Fraction(0) for value in part])

    expected = burden([value for value, _ in everybody])
    found = split(ga.equity.fgt, values, norm=norm, alpha=alpha, weights=people, groups=groups)
    assert found.total == pytest.approx(float(expected), rel=1e-12, abs=1e-12)
    assert found.between + found.within == pytest.approx(found.total, rel=1e-12, abs=1e-12)
    best = min(burden([v for v, g in everybody if g == group]) for _, group in everybody)
    assert found.within == pytest.approx(float(best), rel=1e-12, abs=1e-12)


@given(crowds, st.sampled_from([0, 1, 2]))
def test_a_norm_of_infinity_leaves_nobody_outside(rows, alpha):
    values, people, groups = columns(rows)
    assert ga.equity.fgt(values, norm=INF, alpha=alpha, weights=people) == 0
    parts = ga.norm_shortfall(values, norm=INF, weights=people, groups=groups)
    assert parts["people_beyond"].sum() == 0
    assert parts["time_to_save"].sum() == 0
    assert parts["people_within"].sum() == sum(people)
    times = pd.DataFrame({"base": [float(value) for value in values]})
    assert (ga.ambulance.expected_coverage(times, norm_s=INF, availability=0.5) == 1).all()
    # Not even who is reached by nothing; and in a norm that is only long, those stay outside.
    assert ga.equity.fgt([*values, INF], norm=INF, alpha=alpha, weights=[*people, 1]) == 0
    assert ga.equity.fgt([*values, INF], norm=1e9, alpha=0, weights=[*people, 1]) == pytest.approx(
        1 / (sum(people) + 1)
    )


def test_a_norm_of_infinity_leaves_nobody_outside_though_some_are_never_reached():
    results = pd.DataFrame(
        {
            "population": [7.0, 2.0, 1.0],
            "gp_s": [60.0, INF, math.nan],
            "gp_reason": ["", "island_without_ferry", "no_road_within"],
        }
    )
    table = ga.measures.norm_table_of_services(
        results, services=[ga.measures.ServiceSpec(key="gp", label="GP", norms_s=(60.0, INF))]
    )
    assert table["people_beyond"].tolist() == [3.0, 0.0]
    assert table["share_within"].tolist() == [0.7, 1.0]


@pytest.mark.parametrize(
    "measure",
    [
        lambda x, w: ga.gini(x, weights=w),
        lambda x, w: split(ga.equity.theil_t, x, groups=w),
        lambda x, w: ga.concentration_index(x, ranking=w),
        lambda x, w: ga.equity.fgt(x, norm=w, alpha=0),
        lambda x, w: ga.norm_shortfall(x, norm=2, groups=w),
        lambda x, w: ga.weighted_quantile(x, w, 0.5),
    ],
)
def test_people_in_another_order_are_not_taken_for_those_beside_them(measure):
    """Rows are taken one beside the other, so Series that order the same cells differently would mix them up."""
    values, other = pd.Series([1.0, 4.0], index=["a", "b"]), pd.Series([3.0, 1.0], index=["b", "a"])
    with pytest.raises(InputError, match="another order"):
        measure(values, other)
    measure(values, other.reindex(values.index))
    measure(values, other.set_axis(["c", "d"]))
    measure(values, other.to_numpy())


# Catchments

minutes = st.integers(0, 12).map(lambda n: n * 300.0) | st.just(INF)


@st.composite
def regions(draw):
    cells, sites = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    times = draw(st.lists(st.lists(minutes, min_size=sites, max_size=sites), min_size=cells, max_size=cells))
    people = draw(st.lists(st.integers(0, 90), min_size=cells, max_size=cells))
    supply = draw(st.lists(st.integers(0, 9), min_size=sites, max_size=sites))
    return times, people, supply


DECAYS = {
    "stepped": (
        ga.catchment.Stepped((600, 1800), (1, 0.5)),
        lambda t: 1 if t <= 600 else Fraction(1, 2) if t <= 1800 else 0,
    ),
    "binary": (ga.catchment.Binary(1800), lambda t: 1 if t <= 1800 else 0),
    "exponential": (ga.catchment.Exponential(900, cutoff_s=2400), lambda t: math.exp(-t / 900) if t <= 2400 else 0),
}


def shared(part, whole):
    return part / whole if whole else 0


def e2sfca(w, people, supply):
    ratio = [shared(s, sum(w[i][j] * p for i, p in enumerate(people))) for j, s in enumerate(supply)]
    return [sum(w[i][j] * r for j, r in enumerate(ratio)) for i in range(len(people))]


def three_steps(w, people, supply):
    choice = [[shared(x, sum(row)) for x in row] for row in w]
    ratio = [shared(s, sum(choice[i][j] * w[i][j] * p for i, p in enumerate(people))) for j, s in enumerate(supply)]
    return [sum(choice[i][j] * w[i][j] * r for j, r in enumerate(ratio)) for i in range(len(people))]


def bfca(w, people, supply):
    by_cell = [[shared(x, sum(row)) for x in row] for row in w]
    by_site = [[shared(row[j], sum(other[j] for other in w)) for j in range(len(supply))] for row in w]
    level = [shared(s, sum(by_cell[i][j] * p for i, p in enumerate(people))) for j, s in enumerate(supply)]
    return [sum(by_site[i][j] * r for j, r in enumerate(level)) for i in range(len(people))]


def soukhov(w, people, supply):
    """Shares by people times shares by nearness, made to sum to one at each site: the two factors of the paper."""
    everybody = sum(people)
    found = [0] * len(people)
    for j, s in enumerate(supply):
        by_people = [shared(Fraction(p), everybody) for p in people]
        by_cost = [shared(row[j], sum(other[j] for other in w)) for row in w]
        both = [a * b for a, b in zip(by_people, by_cost, strict=True)]
        for i, part in enumerate(both):
            found[i] += s * shared(part, sum(both))
    return found


@given(regions(), st.sampled_from(sorted(DECAYS)))
def test_catchments_by_plain_loops(region, name):
    times, people, supply = region
    decay, weight = DECAYS[name]
    w = [[weight(t) for t in row] for row in times]
    given_ = {"demand": people, "supply": supply, "decay": decay}
    for measure, expected in (
        (ga.two_step, e2sfca),
        (ga.catchment.three_step, three_steps),
        (ga.catchment.balanced, bfca),
        (ga.catchment.spatial_availability, soukhov),
    ):
        found = measure(np.array(times), **given_).to_numpy()
        assert found == pytest.approx([float(value) for value in expected(w, people, supply)], abs=1e-12), measure


@given(regions(), st.sampled_from(sorted(DECAYS)))
def test_supply_handed_out_is_supply_reachable(region, name):
    times, people, supply = region
    decay, weight = DECAYS[name]
    reachable = sum(
        s for j, s in enumerate(supply) if any(p and weight(row[j]) for p, row in zip(people, times, strict=True))
    )
    given_ = {"demand": people, "supply": supply, "decay": decay}
    times = np.array(times)
    assert ga.catchment.spatial_availability(times, **given_).sum() == pytest.approx(reachable)
    assert ga.two_step(times, **given_) @ people == pytest.approx(reachable)
    assert ga.catchment.three_step(times, **given_) @ people == pytest.approx(reachable)
    levels = site_demand(times, measure="balanced", **given_)["supply_per_person"]
    assert ga.catchment.balanced(times, **given_).sum() == pytest.approx(levels.sum())


def test_two_villages_and_two_doctors_by_hand():
    """A (300 people) is 5 minutes from X (3 doctors), 20 from Y (1 doctor); B (100 people) 20 from X, 5 from Y.

    Weights 1 up to 10 minutes, 1/2 up to 30. E2SFCA: X 3 / (300 + 50), Y 1 / (150 + 100). 3SFCA: choices 2/3 and 1/3,
    so X 3 / (200 + 100 / 6), Y 1 / (50 + 200 / 3). BFCA: X 3 / (200 + 100 / 3), Y 1 / (100 + 200 / 3).
    """
    times = np.array([[300, 1200], [1200, 300]])
    given_ = {"demand": [300, 100], "supply": [3, 1], "decay": ga.catchment.Stepped((600, 1800), (1, 0.5))}
    x, y = 3 / 350, 1 / 250
    assert ga.two_step(times, **given_).tolist() == pytest.approx([x + y / 2, x / 2 + y])
    assert ga.catchment.spatial_availability(times, **given_).tolist() == pytest.approx(
        [300 * (x + y / 2), 100 * (x / 2 + y)]
    )
    x, y = 3 / (200 + 100 / 6), 1 / (50 + 200 / 3)
    assert ga.catchment.three_step(times, **given_).tolist() == pytest.approx([2 / 3 * x + y / 6, x / 6 + 2 / 3 * y])
    x, y = 3 / (200 + 100 / 3), 1 / (100 + 200 / 3)
    assert ga.catchment.balanced(times, **given_).tolist() == pytest.approx([2 / 3 * x + y / 3, x / 3 + 2 / 3 * y])


def test_amounts_by_id_are_taken_from_a_mapping_too():
    pairs = pd.DataFrame(
        [("b", "Y", 300), ("a", "X", 300), ("b", "X", 1200), ("a", "Y", 1200)],
        columns=["cell_id", "site_id", "travel_time_s"],
    )
    decay = ga.catchment.Stepped((600, 1800), (1, 0.5))
    people, doctors = {"a": 300, "b": 100}, {"Y": 1, "X": 3}
    x, y = 3 / 350, 1 / 250
    for measure in (ga.two_step, ga.catchment.spatial_availability, ga.catchment.three_step, ga.catchment.balanced):
        found = measure(pairs, demand=people, supply=doctors, decay=decay)
        other = measure(pairs, demand=pd.Series(people), supply=pd.Series(doctors), decay=decay)
        pd.testing.assert_series_equal(found, other)
    assert ga.two_step(pairs, demand=people, supply=doctors, decay=decay).to_dict() == pytest.approx(
        {"a": x + y / 2, "b": x / 2 + y}
    )


# Bases that may be out

shares = st.integers(0, 10).map(lambda n: n / 10)


@given(st.lists(st.tuples(minutes, shares), min_size=1, max_size=5), minutes.filter(math.isfinite))
def test_expected_coverage_over_every_state_of_the_bases(bases, norm_s):
    """Each base is at home or out: add up the chances of the states in which one within the norm is at home."""
    expected = 0.0
    for state in itertools.product([True, False], repeat=len(bases)):
        chance = math.prod(a if home else 1 - a for home, (_, a) in zip(state, bases, strict=True))
        covered = any(home and t <= norm_s for home, (t, _) in zip(state, bases, strict=True))
        expected += chance * covered
    names = [f"b{n}" for n in range(len(bases))]
    times = pd.DataFrame([[t for t, _ in bases]], columns=names)
    availability = {name: a for name, (_, a) in zip(names, bases, strict=True)}
    found = ga.ambulance.expected_coverage(times, norm_s=norm_s, availability=availability).item()
    assert found == pytest.approx(expected, abs=1e-12)


def test_expected_coverage_by_hand():
    """Within 12 minutes of three bases that are out 3 calls in 10: 1 - 0.3^3; Daskin adds 0.7, 0.21 and 0.063."""
    times = pd.DataFrame({"a": [300.0], "b": [600.0], "c": [720.0], "d": [721.0]})
    found = ga.ambulance.expected_coverage(times, norm_s=720, availability=0.7).item()
    assert found == pytest.approx(0.973)
    assert found == pytest.approx(0.7 + 0.21 + 0.063)


# Norway


def test_the_districts_of_norway(data):
    """Classes 4-6: 277 of 357 municipalities in 2024, 77.6 %, and 29.6 % of the people of 2019."""
    classes = ga.read_centrality(
        data / "norway" / "sentralitet_2024.csv",
        municipality="kommunenummer",
        centrality_class="sentralitetsklasse",
        index="sentralitetsindeks",
        year=2024,
    )["centrality_class"]
    assert (len(classes), int((classes >= 4).sum())) == (357, 277)
    cells = pd.read_parquet(data / "norway" / "population_250m_2019.parquet")
    of_cell = cells["kommunenummer"].map(classes)
    everybody = cells["pop_2019"].sum()
    assert round(cells["pop_2019"][of_cell >= 4].sum() / everybody, 3) == 0.296
    # A share of people is also the measure of time over a norm where class stands for time.
    known = of_cell.notna()
    people = cells["pop_2019"][known].to_numpy()
    beyond = ga.equity.fgt(of_cell[known].to_numpy(dtype=float), norm=3, alpha=0, weights=people)
    assert beyond == pytest.approx(people[of_cell[known] >= 4].sum() / people.sum())
    classes_apart = split(
        ga.equity.theil_t, of_cell[known].to_numpy(dtype=float), weights=people, groups=of_cell[known].to_numpy()
    )
    assert classes_apart.within == pytest.approx(0)

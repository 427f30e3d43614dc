"""Every index against its definition: weights as repeated people, double sums, PySAL, and R's conventions in words."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from splits import split

from geoaccess.equity import (
    atkinson,
    concentration_index,
    fgt,
    gini,
    kolm_pollak,
    kolm_pollak_ede,
    norm_shortfall,
    palma,
    theil_l,
    theil_t,
)
from tests.conftest import need

INF = float("inf")
counted = st.lists(
    st.tuples(st.floats(0.5, 1e4), st.integers(0, 6), st.integers(0, 5)), min_size=1, max_size=20
).filter(lambda rows: any(n for _, n, _ in rows))


def columns(rows):
    return (np.array(column) for column in zip(*rows, strict=True))


def close(expected, tolerance=1e-10):
    return pytest.approx(expected, rel=tolerance, abs=tolerance)


@given(counted)
def test_the_theil_indices_are_their_sums_over_people(rows):
    x, n, _ = columns(rows)
    everybody = np.repeat(x, n)
    ratio = everybody / everybody.mean()
    assert theil_t(x, weights=n) == close(np.mean(ratio * np.log(ratio)))
    assert theil_l(x, weights=n) == close(-np.mean(np.log(ratio)))


@given(counted, st.sampled_from([0.25, 0.5, 0.9, 1.0, 1.5, 2.0, 5.0]))
def test_atkinson_is_its_sum_over_people(rows, epsilon):
    x, n, _ = columns(rows)
    everybody = np.repeat(x, n)
    equivalent = stats.gmean(everybody) if epsilon == 1 else np.mean(everybody ** (1 - epsilon)) ** (1 / (1 - epsilon))
    assert atkinson(x, epsilon=epsilon, weights=n) == close(1 - equivalent / everybody.mean(), 1e-9)


@given(counted, st.sampled_from([-3.0, -1.0, -0.5, 0.5, 1.0]))
def test_kolm_pollak_is_its_sum_over_people(rows, epsilon):
    x, n, _ = columns(rows)
    everybody = np.repeat(x, n)
    kappa = epsilon * everybody.sum() / (everybody**2).sum()
    expected = -special.logsumexp(-kappa * everybody, b=1 / everybody.size) / kappa
    found = kolm_pollak_ede(x, epsilon=epsilon, weights=n)
    assert found == close(expected, 1e-8)
    assert kolm_pollak_ede(x, kappa=kappa, weights=n) == close(found)
    assert kolm_pollak(x, epsilon=epsilon, weights=n) == close(abs(found - everybody.mean()), 1e-8)


@given(counted)
def test_palma_compares_the_top_tenth_with_the_lowest_four_tenths_of_people(rows):
    x, n, ranks = columns(rows)
    everybody = np.sort(np.repeat(x, n * 10))
    tenth = everybody.size // 10
    assert palma(x, weights=n) == close(everybody[-tenth:].mean() / everybody[: 4 * tenth].mean(), 1e-9)
    # People of one rank take part in proportion, as if each had the mean of their rank.
    means = pd.Series(x * n).groupby(ranks).transform("sum") / pd.Series(n).groupby(ranks).transform("sum")
    order = np.argsort(np.repeat(ranks, n * 10), kind="stable")
    ranked = np.repeat(means.to_numpy(), n * 10)[order]
    found = palma(x, weights=n, ranking=ranks)
    assert found == close(ranked[-tenth:].mean() / ranked[: 4 * tenth].mean(), 1e-9)


def ranked_by_pairs(x, n, ranks):
    """Half the sum over all pairs of people of the difference in x, with the sign of their difference in rank."""
    everybody, rank = np.repeat(x, n), np.repeat(ranks, n)
    pairs = (everybody[:, None] - everybody) * np.sign(rank[:, None] - rank)
    return pairs.mean() / 2


@given(counted)
def test_the_concentration_index_is_a_sum_over_pairs_of_people(rows):
    x, n, ranks = columns(rows)
    expected, mu = ranked_by_pairs(x, n, ranks), np.average(x, weights=n)
    assert concentration_index(x, ranking=ranks, weights=n) == close(expected / mu)
    assert concentration_index(x, ranking=ranks, weights=n, kind="erreygers", bounds=(0, 1e4)) == close(
        4 * expected / 1e4
    )


@given(counted, st.floats(0.5, 1e4))
def test_fgt_is_a_mean_over_people_beyond_the_norm(rows, norm):
    x, n, _ = columns(rows)
    for alpha in (0, 1, 2):
        gaps = [((a - norm) / norm) ** alpha if a > norm else 0.0 for a in np.repeat(x, n)]
        assert fgt(x, norm=norm, alpha=alpha, weights=n) == close(np.mean(gaps))


@given(counted, st.floats(100, 5e3), st.integers(1, 120), st.integers(0, 3))
def test_the_shortfall_moves_the_people_nearest_to_the_norm_first(rows, norm, wanted, unreached):
    x, n, _ = columns(rows)
    x, n = np.append(x, INF), np.append(n, unreached)
    everybody = np.sort(np.repeat(x, n))
    wanted = min(wanted, everybody.size)
    within = (everybody <= norm).sum()
    brought = everybody[within : max(wanted, within)]
    moved = brought[np.isfinite(brought)]
    row = norm_shortfall(x, norm=norm, share=wanted / everybody.size, weights=n).loc["everybody"]
    assert row["people_to_move"] == close(moved.size, 1e-7)
    assert row["people_to_reach"] == close(brought.size - moved.size, 1e-7)
    assert row["time_to_save"] == close((moved - norm).sum(), 1e-6)
    assert row["people_within"] + row["people_beyond"] == row["population"] == everybody.size
    assert row["people_unreached"] == unreached


@given(counted)
def test_the_gini_parts_are_those_of_overlapping_distributions(rows):
    x, n, groups = columns(rows)
    everybody, group = np.repeat(x, n), np.repeat(groups, n)

    def ranks_among(some):
        return [(np.sum(some < value) + np.sum(some == value) / 2) / some.size for value in some]

    ranks, mu = np.array(ranks_among(everybody)), everybody.mean()
    within, between = 0.0, []
    for code in np.unique(group):
        mine, share = everybody[group == code], np.mean(group == code)
        alone = np.cov(mine, ranks_among(mine), bias=True)[0, 1]
        if alone > 0:
            overlap = np.cov(mine, ranks[group == code], bias=True)[0, 1] / alone
            within += share * mine.mean() / mu * overlap * gini(mine)
        between.append(2 * share * (mine.mean() - mu) * (ranks[group == code].mean() - 0.5) / mu)
    parts = split(gini, x, weights=n, groups=groups)
    assert parts.groups["between"].tolist() == close(between)
    assert parts.within == close(within)


def test_pysal_agrees_where_everybody_counts_once():
    need("inequality")
    from inequality import atkinson as pysal_atkinson
    from inequality import gini as pysal_gini
    from inequality import theil as pysal_theil

    random = np.random.default_rng(3)
    x, groups = random.lognormal(7, 0.8, 400), random.integers(1, 7, 400)
    assert gini(x) == close(pysal_gini.Gini(x).g)
    assert theil_t(x) == close(pysal_theil.Theil(x).T)
    parts, theirs = split(theil_t, x, groups=groups), pysal_theil.TheilD(x, groups)
    assert parts.between == close(float(np.ravel(theirs.bg)[0]))
    assert parts.within == close(float(np.ravel(theirs.wg)[0]))
    for epsilon in (0.5, 1, 2):
        assert atkinson(x, epsilon=epsilon) == close(pysal_atkinson.Atkinson(x, epsilon).A)


class TestConventionsOfR:
    """What the R package accessibility computes, written down again from its documented definitions."""

    cells = pd.DataFrame(
        {
            "access": [10.0, 40.0, 25.0, 60.0, 5.0, 80.0, 30.0, 55.0, 70.0, 20.0],
            "people": [100, 100, 100, 100, 100, 100, 100, 100, 100, 100],
            "income": [900, 1500, 1200, 2500, 800, 3000, 1100, 2200, 2600, 1000],
            "decile": ["low", "mid", "mid", "high", "low", "high", "low", "high", "high", "mid"],
        }
    )
    uneven = cells.assign(people=[120, 30, 55, 80, 210, 5, 64, 33, 18, 90])

    def test_gini_is_one_less_twice_the_trapezoids_under_the_curve(self):
        ordered = self.uneven.sort_values("access")
        amount = (ordered["access"] * ordered["people"]).cumsum() / (ordered["access"] * ordered["people"]).sum()
        area = (ordered["people"] / ordered["people"].sum() * (amount + amount.shift(fill_value=0)) / 2).sum()
        assert gini(self.uneven["access"], weights=self.uneven["people"]) == close(1 - 2 * area)

    def test_theil_adds_the_part_between_groups_to_the_mean_within_weighted_by_access(self):
        cells = self.uneven.assign(total=self.uneven["access"] * self.uneven["people"])
        mu = cells["total"].sum() / cells["people"].sum()
        between = within = 0.0
        for _, mine in cells.groupby("decile"):
            mean = mine["total"].sum() / mine["people"].sum()
            held, share = mine["total"].sum() / cells["total"].sum(), mine["people"].sum() / cells["people"].sum()
            ratio = mine["access"] / mean
            between += held * math.log(held / share)
            within += held * np.average(ratio * np.log(ratio), weights=mine["people"])
        parts = split(theil_t, cells["access"], weights=cells["people"], groups=cells["decile"])
        assert (parts.between, parts.within, parts.total) == (close(between), close(within), close(between + within))
        assert parts.groups.loc["high", "mean"] > mu > parts.groups.loc["low", "mean"]

    @pytest.mark.parametrize("kind", ["standard", "erreygers"])
    def test_the_concentration_index_without_ties_takes_the_observed_bounds(self, kind):
        ordered = self.uneven.sort_values("income")
        share = ordered["people"] / ordered["people"].sum()
        rank = share.cumsum() - share / 2
        mu = (share * ordered["access"]).sum()
        covariance = (share * (ordered["access"] - mu) * (rank - rank.mean())).sum()
        spread = ordered["access"].max() - ordered["access"].min()
        expected = 2 * covariance / mu if kind == "standard" else 8 * covariance / spread
        found = concentration_index(
            self.uneven["access"], ranking=self.uneven["income"], weights=self.uneven["people"], kind=kind
        )
        assert found == close(expected)

    def test_palma_is_a_ratio_of_means_ranked_by_income(self):
        # Ten cells of equal size: the 40th percentile takes the four of least income, the 90th leaves the one of most.
        expected = 80 / np.mean([5, 10, 20, 30])
        found = palma(self.cells["access"], ranking=self.cells["income"], weights=self.cells["people"])
        assert found == close(expected)

    def test_fgt_is_the_mirror_image_of_poverty(self):
        # Poverty below a line L with gap (L - x) / L. Turned about the norm z, x -> 2 z - x, it is time over the norm.
        line = 30.0
        short = np.maximum(line - self.uneven["access"], 0) / line
        for alpha in (0, 1, 2):
            burden = np.where(short > 0, short**alpha, 0)
            expected = np.average(burden, weights=self.uneven["people"])
            mirrored = 2 * line - np.minimum(self.uneven["access"], 2 * line)
            assert fgt(mirrored, norm=line, alpha=alpha, weights=self.uneven["people"]) == close(expected)


class TestByHand:
    def test_theil_of_two_groups(self):
        # Means 1 and 3 of equally many people, mu = 2: between = (1/4) ln(1/2) + (3/4) ln(3/2).
        parts = split(theil_t, [1, 1, 2, 4], groups=["near", "near", "far", "far"])
        assert parts.between == close(math.log(3 / 2) * 3 / 4 - math.log(2) / 4)
        assert parts.groups.loc["far", "index"] == close((2 / 3 * math.log(2 / 3) + 4 / 3 * math.log(4 / 3)) / 2)
        assert parts.within == close(3 / 4 * parts.groups.loc["far", "index"])
        assert list(parts.groups.columns) == ["population", "mean", "index", "between", "within"]

    def test_fgt_of_two_classes(self):
        # Class 1: 1 in 10 people at twice the norm. Class 6: 6 in 10 at three times the norm.
        x, n, classes = [50, 120, 60, 180], [90, 10, 40, 60], [1, 1, 6, 6]
        for alpha, (best, total) in {0: (0.1, 0.35), 1: (0.1, 0.65), 2: (0.1, 1.25)}.items():
            parts = split(fgt, x, norm=60, alpha=alpha, weights=n, groups=classes)
            assert (parts.total, parts.within, parts.between) == (close(total), close(best), close(total - best))
            adds = parts.groups["between"] + parts.groups["within"]
            assert adds.tolist() == close([0.05, total - 0.05])

    def test_people_without_a_class_are_counted_but_set_no_example(self):
        parts = split(fgt, [50, 120, 180, 50], norm=60, alpha=0, weights=[80, 10, 5, 5], groups=[1, 1, 6, None])
        assert (parts.total, parts.within) == (close(0.15), close(1 / 9))
        assert (parts.groups["between"] + parts.groups["within"]).tolist() == close([0.1, 0.05, 0])

    def test_the_norm_may_depend_on_the_place(self):
        # Twelve minutes in built-up municipalities, twenty-five in sparse ones; both have somebody just at the norm.
        minutes, people, norm = [12, 13, 25, 50], [60, 20, 15, 5], [12, 12, 25, 25]
        assert fgt(minutes, norm=norm, alpha=0, weights=people) == close(0.25)
        assert fgt(minutes, norm=norm, alpha=1, weights=people) == close((20 / 12 + 5) / 100)
        assert norm_shortfall(minutes, norm=norm, weights=people).loc["everybody", "time_to_save"] == close(20 + 125)

    def test_a_norm_for_nine_in_ten_is_met_without_the_last_tenth(self):
        row = norm_shortfall([10, 30, 40, INF], norm=20, share=0.9, weights=[70, 15, 10, 5]).loc["everybody"]
        assert (row["people_to_move"], row["people_to_reach"]) == (close(20), 0)
        assert row["time_to_save"] == close(15 * 10 + 5 * 20)
        assert row["mean_to_save"] == close(12.5)

    def test_people_who_are_not_reached_are_brought_inside_last(self):
        table = norm_shortfall([30, INF, 10], norm=20, weights=[10, 5, 85], groups=["b", "b", "a"])
        assert table.loc["b", ["people_to_move", "people_to_reach", "time_to_save"]].tolist() == [10, 5, 100]
        assert table.loc["a", ["people_beyond", "people_to_move", "time_to_save", "mean_to_save"]].tolist() == [0] * 4

    def test_zeros_give_the_limits(self):
        assert theil_t([0, 2]) == close(math.log(2))
        assert theil_l([0, 2]) == INF
        assert atkinson([0, 2], epsilon=1) == atkinson([0, 2], epsilon=2) == 1
        assert atkinson([0, 2], epsilon=0.5) == close(0.5)  # equivalent (sqrt(2) / 2)^2 = 1/2, mean 1
        assert theil_t([1e-300, 2]) == close(math.log(2))
        assert atkinson([1e-300, 2], epsilon=1) == close(1)
        assert palma([0, 0, 0, 0, 0, 1]) == INF
        assert math.isnan(palma([0, 0, 5, 0], ranking=[1, 1, 2, 3]))

    def test_great_and_tiny_aversion_do_not_overflow_or_lose_digits(self):
        x = [1e-3, 1.0, 1e3]
        assert atkinson(x, epsilon=200) == close(1 - 1e-3 * 3 ** (1 / 199) / np.mean(x))
        assert atkinson(x, epsilon=1 + 1e-9) == close(atkinson(x, epsilon=1), 1e-7)
        assert kolm_pollak_ede([10, 1e6], kappa=-1.0) == close(1e6 - math.log(2))
        assert kolm_pollak([10, 30], kappa=-1e-9) == close(0.5 * 1e-9 * 100, 1e-4)  # half kappa times the variance

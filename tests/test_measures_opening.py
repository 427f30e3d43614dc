"""Access to sites that are open at times, against every hour worked out alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import nearest_open, opening, opening_hours_access, part_time_access, time_until_care
from geoaccess.measures import pairs as pairs_of
from geoaccess.services import open_chance, open_days, open_hours

INF = float("inf")
MONDAY = date(2026, 1, 12)
DAY_S = 86_400.0

seconds = st.one_of(st.integers(0, 200_000).map(float), st.just(INF))
chances = st.sampled_from([0.0, 0.2, 0.4, 1.0])


@st.composite
def places(draw):
    """Times of shape (n_cells, n_sites), and for a week of days which sites are open, with a weight for each day."""
    n_cells, n_sites = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    times = draw(st.lists(st.lists(seconds, min_size=n_sites, max_size=n_sites), min_size=n_cells, max_size=n_cells))
    is_open = draw(st.lists(st.lists(st.booleans(), min_size=n_sites, max_size=n_sites), min_size=7, max_size=7))
    weight = draw(st.lists(st.integers(0, 3), min_size=7, max_size=7).filter(any))
    days = pd.date_range(MONDAY, periods=7, name="start")
    return np.array(times), pd.DataFrame(is_open, index=days), pd.Series(weight, index=days)


def rows_of(times, rng):
    """Return the same times as a table in no order."""
    cell, site = np.nonzero(np.isfinite(times))
    order = rng.permutation(cell.size)
    return pd.DataFrame({"cell_id": cell, "site_id": site, "travel_time_s": times[cell, site]}).iloc[order]


def nearest_alone(times, is_open):
    """Return b_i(h), shape (n_slots, n_cells), with a loop for everything."""
    return np.array(
        [[min([t for t, o in zip(row, at, strict=True) if o], default=INF) for row in times] for at in is_open]
    )


@given(places())
def test_every_hour_is_as_if_worked_out_alone(given_places):
    times, is_open, weight = given_places
    cells = pd.RangeIndex(len(times))
    alone = nearest_alone(times, is_open.to_numpy())
    found = opening_hours_access(times, is_open, cells=cells, weights=weight)
    for i in cells:
        counted = [(w, b) for w, b in zip(weight, alone[:, i], strict=True) if w]
        reached = [(w, b) for w, b in counted if b < INF]
        assert found.loc[i, "best_s"] == min(b for _, b in counted)
        assert found.loc[i, "open_share"] == pytest.approx(sum(w for w, _ in reached) / weight.sum())
        mean = sum(w * b for w, b in reached) / sum(w for w, _ in reached) if reached else INF
        assert found.loc[i, "when_open_s"] == pytest.approx(mean)
        assert found.loc[i, "expected_s"] == pytest.approx(mean if len(reached) == len(counted) else INF)
    for day, at in is_open.iterrows():
        today = nearest_open(times, at, cells=cells)
        assert today["travel_time_s"].tolist() == alone[is_open.index.get_loc(day)].tolist()
        assert (
            opening_hours_access(times, is_open.loc[[day]], cells=cells)["expected_s"].tolist()
            == today["travel_time_s"].tolist()
        )


@given(places())
def test_the_wait_is_to_the_best_of_all_later_days(given_places):
    times, is_open, weight = given_places
    cells = pd.RangeIndex(len(times))
    alone = nearest_alone(times, is_open.to_numpy())
    found = time_until_care(times, is_open, cells=cells, weights=weight)
    for i in cells:
        care = [min(k * DAY_S + alone[(h + k) % 7, i] for k in range(7)) for h in range(7)]
        counted = [(w, c) for w, c in zip(weight, care, strict=True) if w]
        assert found.loc[i, "expected_s"] == pytest.approx(sum(w * c for w, c in counted) / weight.sum())
        assert found.loc[i, "longest_s"] == max(c for _, c in counted)


@given(places(), st.integers(0, 2**32 - 1))
def test_a_table_in_any_order_says_the_same_as_an_array(given_places, seed):
    times, is_open, weight = given_places
    cells, table = pd.RangeIndex(len(times)), rows_of(times, np.random.default_rng(seed))
    for measure in (opening_hours_access, time_until_care):
        from_array = measure(times, is_open, cells=cells, weights=weight)
        pd.testing.assert_frame_equal(measure(table, is_open, cells=cells, weights=weight), from_array)
    row = is_open.iloc[0]
    pd.testing.assert_frame_equal(nearest_open(table, row, cells=cells), nearest_open(times, row, cells=cells))
    chance = pd.Series(0.4, index=is_open.columns)
    pd.testing.assert_frame_equal(
        part_time_access(table, chance, cells=cells), part_time_access(times, chance, cells=cells)
    )


@given(places(), st.integers(0, 6), st.integers(0, 3))
def test_longer_opening_lengthens_no_time(given_places, day, site):
    times, is_open, weight = given_places
    cells, longer = pd.RangeIndex(len(times)), is_open.copy()
    longer.iloc[day, site % is_open.shape[1]] = True
    before, after = (opening_hours_access(times, hours, cells=cells, weights=weight) for hours in (is_open, longer))
    room = 1 + 1e-12
    assert (after["expected_s"] <= before["expected_s"] * room).all()
    assert (after["best_s"] <= before["best_s"]).all()
    assert (after["open_share"] * room >= before["open_share"]).all()
    before, after = (time_until_care(times, hours, cells=cells, weights=weight) for hours in (is_open, longer))
    assert (after <= before * room).all(axis=None)


@given(places())
def test_care_is_never_sooner_than_the_journey(given_places):
    times, is_open, weight = given_places
    cells = pd.RangeIndex(len(times))
    waited = time_until_care(times, is_open, cells=cells, weights=weight)
    assert (waited["expected_s"] * (1 + 1e-12) >= times.min(axis=1)).all()
    always = pd.DataFrame(True, index=is_open.index, columns=is_open.columns)
    assert np.allclose(time_until_care(times, always, cells=cells)["longest_s"], times.min(axis=1))


@given(places(), st.lists(chances, min_size=4, max_size=4))
def test_a_chance_is_the_mean_over_all_that_may_be_open(given_places, given_chances):
    times, *_ = given_places
    n_sites = times.shape[1]
    chance = pd.Series(given_chances[:n_sites])
    found = part_time_access(times, chance, cells=pd.RangeIndex(len(times)))
    states = np.array([[bool(state >> j & 1) for j in range(n_sites)] for state in range(2**n_sites)])
    likely = np.where(states, chance, 1 - chance).prod(axis=1)
    alone = nearest_alone(times, states[likely > 0])
    for i in range(len(times)):
        reached = np.isfinite(alone[:, i])
        share = likely[likely > 0] @ reached
        total = likely[likely > 0] @ np.where(reached, alone[:, i], 0)
        assert found.loc[i, "open_share"] == pytest.approx(share)
        assert found.loc[i, "when_open_s"] == pytest.approx(total / share if share else INF)
        assert found.loc[i, "expected_s"] == pytest.approx(total if reached.all() else INF)
        assert found.loc[i, "best_s"] == alone[:, i].min()


def test_a_week_of_a_village_worked_by_hand():
    """The office in the village (10 min) is open on Tuesday 9-15, the one in town (50 min) on weekdays 8-16."""
    visits = pd.Series({"village": "Tu 09:00-15:00", "town": "Mo-Fr 08:00-16:00"})
    week = open_hours(visits, first=MONDAY)
    office = open_hours(pd.Series({"hours": "Mo-Fr 08:00-16:00"}), first=MONDAY)["hours"]
    times = pd.DataFrame({"cell_id": "home", "site_id": ["village", "town"], "travel_time_s": [600.0, 3000.0]})
    cells = pd.Index(["home", "island"])
    found = opening_hours_access(times, week, cells=cells, weights=office)
    assert found.loc["home"].tolist() == [600, 1, (6 * 600 + 34 * 3000) / 40, (6 * 600 + 34 * 3000) / 40]
    assert found.loc["island"].tolist() == [INF, 0, INF, INF]
    whole = opening_hours_access(times, week, cells=cells)
    assert whole.loc["home", "open_share"] == pytest.approx(40 / 168)
    assert whole.loc["home", "expected_s"] == INF
    tuesday, wednesday = (
        opening_hours_access(times, week.loc[day], cells=cells) for day in ("2026-01-13", "2026-01-14")
    )
    assert tuesday.loc["home", "best_s"] == 600
    assert wednesday.loc["home", "best_s"] == 3000
    at_ten = nearest_open(times, week.loc["2026-01-13 10:00"], cells=cells)
    assert at_ten["site"].fillna("").tolist() == ["village", ""]
    assert nearest_open(times, week.loc["2026-01-13 16:00"], cells=cells)["travel_time_s"].tolist() == [INF, INF]


def test_people_who_come_on_the_day_the_doctor_is_there():
    visits = pd.Series({"village": "Tu 09:00-15:00", "town": "Mo-Fr 08:00-16:00"})
    days = open_days(open_hours(visits, first=MONDAY, days=5))
    found = opening_hours_access([[600.0, 3000.0]], days, cells=pd.Index(["home"]))
    assert found.loc["home", "expected_s"] == pytest.approx((600 + 4 * 3000) / 5)
    by_chance = part_time_access(
        [[600.0, 3000.0]], open_chance(pd.Series({"village": 1, "town": 5})), cells=found.index
    )
    pd.testing.assert_frame_equal(by_chance, found)


def test_who_waits_for_the_near_office_when_the_far_one_is_further_than_a_night():
    """Two hours before the village opens, town is open and three hours away."""
    opening = pd.Series({"village": "Mo 10:00-12:00", "town": "24/7"})
    week = open_hours(opening, first=MONDAY)
    at_eight = pd.Series(week.index == "2026-01-12 08:00", index=week.index)
    found = time_until_care([[600.0, 3 * 3600.0]], week, cells=pd.Index(["home"]), weights=at_eight)
    assert found.loc["home"].tolist() == [2 * 3600 + 600] * 2


def test_cells_are_worked_through_in_parts(monkeypatch):
    rng = np.random.default_rng(1)
    times = np.where(rng.random((23, 4)) < 0.6, rng.integers(0, 9000, (23, 4)), INF)
    is_open = pd.DataFrame(rng.random((7, 4)) < 0.5, index=pd.date_range(MONDAY, periods=7))
    whole = [measure(times, is_open, cells=pd.RangeIndex(23)) for measure in (opening_hours_access, time_until_care)]
    monkeypatch.setattr(pairs_of, "_CELLS", 5)
    parts = [measure(times, is_open, cells=pd.RangeIndex(23)) for measure in (opening_hours_access, time_until_care)]
    for one, other in zip(whole, parts, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_hours_with_the_same_open_sites_are_looked_at_once(monkeypatch):
    seen, real = [], opening._shortest

    def counted(some, patterns):
        seen.append(len(patterns))
        return real(some, patterns)

    monkeypatch.setattr(opening, "_shortest", counted)
    week = open_hours(pd.Series({"day": "Mo-Fr 08:00-16:00", "night": "24/7; Mo-Fr 08:00-16:00 off"}), first=MONDAY)
    opening_hours_access([[60.0, 120.0]], week, cells=pd.Index(["home"]))
    time_until_care([[60.0, 120.0]], week, cells=pd.Index(["home"]))
    assert seen == [2, 2]


def test_what_cannot_be_used_is_named():
    week = pd.DataFrame({"a": [True] * 7}, index=pd.date_range(MONDAY, periods=7))
    cells = pd.Index(["home"])
    for wrong in (pd.Series(1.0, week.index[:3]), week["a"] * 0, -week["a"].astype(float), week["a"] * np.nan):
        with pytest.raises(InputError, match="weights: "):
            opening_hours_access([[1.0]], week, cells=cells, weights=wrong)
    with pytest.raises(InputError, match="is_open: has no rows"):
        opening_hours_access([[1.0]], week.iloc[:0], cells=cells)
    for part in (week.iloc[:5], week.iloc[[0, 1, 3, 4, 5, 6, 2]], week.reset_index(drop=True)):
        with pytest.raises(InputError, match="follow each other evenly for whole weeks"):
            time_until_care([[1.0]], part, cells=cells)
    with pytest.raises(InputError, match=r"1 values of site_id are not known .the first is 'b'.; say of every site"):
        opening_hours_access(
            pd.DataFrame({"cell_id": ["home"], "site_id": ["b"], "travel_time_s": [1.0]}), week, cells=cells
        )
    with pytest.raises(InputError, match=r"give seconds of shape \(1, 1\)"):
        opening_hours_access([[1.0, 2.0]], week, cells=cells)
    with pytest.raises(InputError, match="chance: 2 problems"):
        part_time_access([[1.0, 2.0]], pd.Series({"a": 1.5, "b": np.nan}), cells=cells)

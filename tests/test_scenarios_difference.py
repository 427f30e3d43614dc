"""Two tables of results compared: nobody is lost, and what is won one way is lost the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.equity import equity_table_of_services
from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec
from geoaccess.scenarios import CHANGES, cell_differences, difference_table, equity_differences, most_affected

GP = ServiceSpec(key="gp", label="GP", norms_s=(600.0, 1800.0))
seconds = st.integers(0, 4000).map(float) | st.just(float("inf"))


@st.composite
def two_results(draw):
    n = draw(st.integers(1, 20))
    rows = st.lists(seconds, min_size=n, max_size=n)
    people = draw(st.lists(st.integers(0, 50), min_size=n, max_size=n))
    zones = draw(st.lists(st.sampled_from(["A", "B", ""]), min_size=n, max_size=n))
    return results(draw(rows), people, zones), results(draw(rows), people, zones)


def results(times, people, zones):
    reached = np.isfinite(times)
    return pd.DataFrame(
        {
            "population": np.array(people, float),
            "municipality": zones,
            "centrality_class": [1 if zone == "A" else 6 for zone in zones],
            "gp_s": times,
            "gp_site": np.where(reached, "x", ""),
            "gp_reason": np.where(reached, "", "no_site_reachable"),
        }
    )


@given(two_results())
@settings(max_examples=60, deadline=None)
def test_nobody_is_lost_and_the_way_back_is_the_opposite(pair):
    before, after = pair
    there, back = (cell_differences(*both, services=[GP]) for both in ((before, after), (after, before)))
    for by in (None, "municipality", ["municipality", "centrality_class"]):
        out, home = (difference_table(cells, services=[GP], by=by) for cells in (there, back))
        np.testing.assert_allclose(out[list(CHANGES)].sum(axis=1), out["population"])
        assert out["population"].sum() == before["population"].sum()
        for one, other in (
            ("better", "worse"),
            ("became_reached", "became_unreached"),
            ("into_norm_1", "out_of_norm_1"),
            ("person_min_won", "person_min_lost"),
            ("same", "same"),
        ):
            np.testing.assert_allclose(out[one], home[other])
        np.testing.assert_allclose(
            out["within_norm_2_after"] - out["within_norm_2_before"], out["into_norm_2"] - out["out_of_norm_2"]
        )
    both = np.isfinite(before["gp_s"]) & np.isfinite(after["gp_s"])
    won = (before["population"] * (before["gp_s"] - after["gp_s"]).where(both, 0)).sum() / 60
    row = difference_table(there, services=[GP]).iloc[0]
    assert row["person_min_won"] - row["person_min_lost"] == pytest.approx(won)


def test_a_hand_computed_change():
    before = results([300, 900, 900, np.inf, 1200], [10, 20, 30, 40, 50], ["A", "A", "B", "B", ""])
    after = results([900, 300, 900, 1500, np.inf], [10, 20, 30, 40, 50], ["A", "A", "B", "B", ""])
    cells = cell_differences(before, after, services=[GP])
    assert cells["gp_change"].tolist() == ["worse", "better", "same", "became_reached", "became_unreached"]
    row = difference_table(cells, services=[GP]).iloc[0]
    assert (row["person_min_won"], row["person_min_lost"]) == (200, 100)
    assert (row["into_norm_1"], row["out_of_norm_1"], row["into_norm_2"], row["out_of_norm_2"]) == (20, 10, 40, 50)
    groups = difference_table(cells, services=[GP], by="municipality")
    assert groups["municipality"].tolist() == ["A", "B", "unclassified"]
    place = pd.Series(["a", "a", "b", "b", "c"], index=cells.index)
    top = most_affected(cells, place, service="gp", n=2)
    assert top["place"].tolist() == ["c", "b"]  # most people who are reached no longer, or now
    everything = most_affected(cells, place, service="gp")
    assert everything["place"].tolist() == ["c", "b", "a"]
    assert everything["person_min"].tolist() == [0, 0, -100]


def test_equity_is_over_the_same_people():
    before = results([300, 900, 1200], [10, 20, 30], ["A", "A", "B"])
    after = results([300, 900, np.inf], [10, 20, 30], ["A", "A", "B"])
    table = equity_differences(before, after, services=[GP]).set_index("index")
    assert table.loc["gini", "difference"] == 0  # who is left has the times they had
    assert table.loc["gini", "before"] != table.loc["gini", "after"]
    assert table.loc["gini", "n_people_both"] == 30
    first = table.loc["fgt_0"].iloc[1]
    assert first["difference"] == pytest.approx(0.5)  # half of all people fell out of 30 minutes
    whole = equity_table_of_services(before, services={"gp": "gp_s"}).set_index("index")
    assert table.loc["gini", "before"] == whole.loc["gini", "value"]


def test_other_cells_are_refused():
    one = results([300], [10], ["A"])
    with pytest.raises(InputError, match="not of the same cells"):
        cell_differences(one, one.set_axis([7]), services=[GP])
    with pytest.raises(InputError, match="gp_site"):
        cell_differences(one, one.drop(columns="gp_site"), services=[GP])

"""Catchment measures where the answer is known: computed by hand, and from another package."""

from __future__ import annotations

import math
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import geoaccess as ga
from geoaccess.measures import (
    Binary,
    Exponential,
    Gaussian,
    Stepped,
    balanced,
    cumulative_opportunities,
    gravity,
    spatial_availability,
    three_step,
    two_step,
)
from tests.conftest import need

pytestmark = pytest.mark.filterwarnings("error")


def test_the_three_towns_of_spatial_availability():
    """A centre, a suburb and a satellite: the example of Soukhov et al. (2023), computed by hand.

    Site 1: 50 000 e^-1.5 = 11 156.51, 150 000 e^-3 = 7 468.06, 10 000 e^-10 = 0.454 of 18 625.02, and so on.
    """
    times = np.array([[15, 30, 100], [30, 15, 100], [100, 100, 15]]) * 60.0
    people, jobs = [50_000, 150_000, 10_000], [100_000, 100_000, 10_000]
    found = spatial_availability(times, demand=people, supply=jobs, decay=Exponential(600))
    a1, b1, c1 = 50_000 * math.exp(-1.5), 150_000 * math.exp(-3), 10_000 * math.exp(-10)
    a2, b2, c2 = 50_000 * math.exp(-3), 150_000 * math.exp(-1.5), 10_000 * math.exp(-10)
    a3, b3, c3 = 50_000 * math.exp(-10), 150_000 * math.exp(-10), 10_000 * math.exp(-1.5)
    first, second, third = a1 + b1 + c1, a2 + b2 + c2, a3 + b3 + c3
    assert found.tolist() == pytest.approx(
        [
            100_000 * (a1 / first + a2 / second) + 10_000 * a3 / third,
            100_000 * (b1 / first + b2 / second) + 10_000 * b3 / third,
            100_000 * (c1 / first + c2 / second) + 10_000 * c3 / third,
        ]
    )
    assert found.round().tolist() == [66_833, 133_203, 9_963]


def test_a_coast_computed_by_hand():
    """Three cells along a road, sites in the first and the last; zones of 10 and 30 minutes with weights 1 and 0.5."""
    times = pd.DataFrame(
        [("a", "X", 0), ("b", "X", 1200), ("b", "Y", 600), ("c", "Y", 0), ("a", "Y", 1801)],
        columns=["cell_id", "site_id", "travel_time_s"],
    )
    demand = pd.Series({"a": 400.0, "b": 200.0, "c": 300.0, "island": 50.0})
    supply = pd.Series({"X": 2.0, "Y": 1.0})
    given = {"demand": demand, "supply": supply, "decay": Stepped((600, 1800), (1, 0.5))}
    # X has 400 + 0.5 * 200 = 500 people, Y 200 + 300 = 500.
    assert two_step(times, **given).to_dict() == pytest.approx(
        {"a": 2 / 500, "b": 0.5 * 2 / 500 + 1 / 500, "c": 1 / 500, "island": 0}
    )
    # b turns to X with 0.5 / 1.5 and to Y with 1 / 1.5: X has 400 + 200 / 3 * 0.5, Y 200 * 2 / 3 + 300.
    x, y = 2 / (400 + 100 / 3), 1 / (400 / 3 + 300)
    assert three_step(times, **given).to_dict() == pytest.approx({"a": x, "b": x / 6 + y * 2 / 3, "c": y, "island": 0})
    # Nobody twice: X has 400 + 200 / 3, Y 400 / 3 + 300; of X's level a has 1 / 1.5, of Y's b and c half each.
    x, y = 2 / (400 + 200 / 3), 1 / (400 / 3 + 300)
    assert balanced(times, **given).to_dict() == pytest.approx(
        {"a": x / 1.5, "b": x * 0.5 / 1.5 + y / 2, "c": y / 2, "island": 0}
    )
    assert spatial_availability(times, **given).to_dict() == pytest.approx(
        {"a": 1.6, "b": 0.4 + 0.4, "c": 0.6, "island": 0}
    )
    assert gravity(times, supply=supply, decay=given["decay"], cells=demand.index).tolist() == [2, 2, 1, 0]
    found = cumulative_opportunities(times, supply=supply, cutoff_s=600, cells=demand.index)
    assert found.to_dict() == {"a": 2, "b": 1, "c": 1, "island": 0}


def test_pairs_within_a_time_on_a_network_are_the_table_the_measures_take():
    """Farm, village and town along a road of 300 and 400 seconds, doctors in the first and the last."""
    road = ga.Network.from_edges(
        lon=[10, 10.1, 10.2], lat=[60, 60, 60], u=[0, 1], v=[1, 2], forward_s=[300, 400], backward_s=[300, 400]
    )
    places = gpd.GeoSeries.from_xy([10.0, 10.1, 10.2], [60.0] * 3, index=["farm", "village", "town"], crs="EPSG:4326")
    people = pd.Series([100.0, 200.0, 700.0], places.index)
    doctors = pd.Series([1.0, 3.0], ["farm", "town"])
    times = ga.travel_times_within(road, places, places[doctors.index], cutoff_s=400)
    found = ga.two_step(times, demand=people, supply=doctors, decay=Binary(400))
    assert found.to_dict() == pytest.approx({"farm": 1 / 300, "village": 1 / 300 + 3 / 900, "town": 3 / 900})
    dense = ga.travel_times(road, ga.snap(road, places), ga.snap(road, places[doctors.index]))
    again = ga.two_step(dense, demand=people, supply=doctors, decay=Binary(400))
    pd.testing.assert_series_equal(again, found)


@pytest.fixture(scope="module")
def country():
    """A few hundred cells and their times to sites, some out of reach."""
    rng = np.random.default_rng(5)
    cells = pd.Series(rng.integers(1, 500, 300).astype(float), [f"c{i}" for i in range(300)], name="demand")
    sites = pd.Series(rng.integers(0, 9, 40).astype(float), [f"s{j}" for j in range(40)], name="supply")
    place, where = rng.random((300, 2)) * 90, rng.random((40, 2)) * 90
    minutes = np.hypot(*(place[:, None, :] - where[None, :, :]).transpose(2, 0, 1))
    i, j = np.nonzero(minutes <= 30)
    times = pd.DataFrame({"cell_id": cells.index[i], "site_id": sites.index[j], "travel_time_s": minutes[i, j] * 60})
    return cells, sites, times


@pytest.mark.parametrize("measure", [gravity, two_step, three_step])
@pytest.mark.parametrize("decay", [Binary(1800), Stepped((600, 1200, 1800), (1, 0.68, 0.22)), Gaussian(600, 1800)])
def test_pysal_finds_the_same(country, measure, decay):
    """The package `access` of PySAL, from the same table, with its own step function and Gaussian."""
    fca = need("access.fca")
    weights = need("access.weights")
    cells, sites, times = country
    names = {"cell_id": "origin", "site_id": "dest", "travel_time_s": "cost"}
    peers = {Binary: {1800: 1}, Stepped: {600: 1, 1200: 0.68, 1800: 0.22}}
    steps = peers.get(type(decay))
    weigh = weights.step_fn(steps) if steps else weights.gaussian(600)
    costs = times.rename(columns=names)
    demand, supply = (series.rename_axis("geoid").to_frame() for series in (cells, sites))
    if measure is gravity:
        expected = fca.weighted_catchment(
            supply,
            costs,
            1800,
            cost_source="dest",
            cost_dest="origin",
            loc_index=True,
            loc_value="supply",
            weight_fn=weigh,
        )
        found = gravity(times, supply=sites, decay=decay, cells=cells.index)
    else:
        peer = fca.two_stage_fca if measure is two_step else fca.three_stage_fca
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, in the package
            expected = peer(
                demand.reset_index(), supply, costs, 1800, demand_name="demand", supply_name="supply", weight_fn=weigh
            )
        found = measure(times, demand=cells, supply=sites, decay=decay)
    assert len(expected) > 250
    np.testing.assert_allclose(found, expected.reindex(cells.index).fillna(0), rtol=1e-9, atol=1e-15)

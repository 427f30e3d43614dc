"""Who may use which site, and hours on the road."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import journey_hours, rule_cost, rule_table_of_service, staff_travel
from geoaccess.services import allowed_by_names, read_sites
from geoaccess.zones import read_municipalities
from tests.conftest import need

INF = float("inf")
REASONS = ["no_zone", "no_provider", "nothing_in_reach", "provider_out_of_reach"]

seconds = st.one_of(st.integers(0, 5000).map(float), st.just(INF))


@st.composite
def rules(draw):
    n_cells, n_sites = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    times = draw(st.lists(st.lists(seconds, min_size=n_sites, max_size=n_sites), min_size=n_cells, max_size=n_cells))
    zone = draw(st.lists(st.sampled_from(["x", "y", None]), min_size=n_cells, max_size=n_cells))
    permission = st.tuples(st.sampled_from(["x", "y", "far"]), st.integers(0, n_sites - 1))
    allowed = draw(st.lists(permission, max_size=6))
    people = draw(st.lists(st.integers(0, 50), min_size=n_cells, max_size=n_cells))
    return np.array(times), pd.Series(zone, dtype=object), allowed, people


@given(rules())
def test_every_cell_is_as_if_worked_out_alone_and_nobody_is_lost(case):
    times, zone, permissions, people = case
    allowed = pd.DataFrame(permissions, columns=["zone_id", "site_id"])
    cost = rule_cost(times, cells=zone.index, sites=pd.RangeIndex(times.shape[1]), zone=zone, allowed=allowed)
    for i, home in zone.items():
        mine = sorted({site for place, site in permissions if place == home})
        free, own = min(times[i]), min((times[i, j] for j in mine), default=INF)
        row = cost.loc[i]
        assert (row["free_s"], row["allowed_s"]) == (free, own)
        assert own >= free
        if free < INF:
            assert row["free_site"] == int(np.argmin(times[i]))
            assert row["extra_s"] == own - free
        else:
            assert pd.isna(row["free_site"])
            assert math.isnan(row["extra_s"])
        if own < INF:
            assert (row["reason"], row["allowed_site"]) == ("", next(j for j in mine if times[i, j] == own))
        elif home is None or not mine:
            assert row["reason"] == ("no_zone" if home is None else "no_provider")
        else:
            assert row["reason"] == ("provider_out_of_reach" if free < INF else "nothing_in_reach")
    results = cost.assign(population=np.array(people, float), zone=zone)
    for by in (None, "zone"):
        table = rule_table_of_service(results, by=by)
        assert table["population"].sum() == sum(people)
        assert (table[["not_slower", "slower", *REASONS]].sum(axis=1) == table["population"]).all()


@given(rules())
def test_a_wider_rule_costs_nobody_more_and_free_choice_nothing(case):
    times, zone, permissions, _ = case
    sites = pd.RangeIndex(times.shape[1])
    zone = zone.fillna("x")

    def extra(rows):
        allowed = pd.DataFrame(rows, columns=["zone_id", "site_id"])
        return rule_cost(times, cells=zone.index, sites=sites, zone=zone, allowed=allowed)["extra_s"].dropna()

    assert (extra([*permissions, ("x", 0)]) <= extra(permissions)).all()
    assert (extra([(home, site) for home in "xy" for site in sites]) == 0).all()


def test_the_cost_of_a_border_worked_by_hand():
    results = pd.DataFrame(
        {
            "population": [100.0, 50.0, 50.0, 20.0, 5.0],
            "extra_s": [0.0, 600.0, 1200.0, INF, np.nan],
            "reason": ["", "", "", "no_provider", "nothing_in_reach"],
            "municipality_id": ["a", "a", "b", "b", "b"],
        }
    )
    table = rule_table_of_service(results, by="municipality_id").set_index("municipality_id")
    assert table.loc["a", ["population", "not_slower", "slower"]].tolist() == [150, 100, 50]
    assert table.loc["a", ["mean_extra_s", "mean_extra_slower_s"]].tolist() == [200, 600]
    assert table.loc["b", ["not_slower", "slower", *REASONS]].tolist() == [0, 50, 0, 20, 5, 0]
    assert table.loc["b", "mean_extra_s"] == 1200
    both = rule_table_of_service(results, by={"municipality": "municipality_id", "all": None})
    assert both.loc[both["zoning"] == "all", "population"].tolist() == [225]
    with pytest.raises(InputError, match="reason is 'closed' in 1 cells"):
        rule_table_of_service(results.assign(reason=["", "", "", "", "closed"]))
    nobody = rule_table_of_service(results[3:])
    assert math.isnan(nobody.loc[0, "mean_extra_s"])


def test_a_permission_for_a_site_that_is_not_there_is_refused():
    allowed = pd.DataFrame({"zone_id": ["x", "x"], "site_id": ["a", "b"]})
    with pytest.raises(InputError, match="allowed: 'b' is none of the sites"):
        rule_cost([[1.0]], cells=pd.Index([0]), sites=pd.Index(["a"]), zone=pd.Series(["x"]), allowed=allowed)
    with pytest.raises(InputError, match="allowed: no column site_id"):
        rule_cost(
            [[1.0]], cells=pd.Index([0]), sites=pd.Index(["a"]), zone=pd.Series(["x"]), allowed=allowed[["zone_id"]]
        )


def test_the_legevakt_of_one_s_own_municipality_in_all_norway(shared):
    """Beelines stand in for roads: who may use what, and that nobody is lost, does not depend on them."""
    spatial = need("scipy.spatial")
    folder = shared / "norway"
    sites = read_sites(folder / "legevakter_2024.geojson", service="legevakt", carry=["kommune"])
    names = read_municipalities(folder / "kommuner_2024.geojson", id="kommunenummer", name="name", digits=4)["name"]
    aliases = {"Herøy (Nordland)": "1818", "Herøy (Møre og Romsdal)": "1515", "Våler (Viken)": "3114"}
    allowed = allowed_by_names(sites["kommune"], names=names, aliases={**aliases, "Våler (Innlandet)": "3419"})
    grid = pd.read_parquet(folder / "population_1km_2021_age.parquet")
    at = sites.to_crs(3035)
    metres = spatial.distance.cdist(grid[["x_3035", "y_3035"]], np.column_stack([at.geometry.x, at.geometry.y]))
    cost = rule_cost(metres / 15, cells=grid.index, sites=sites.index, zone=grid["kommunenummer"], allowed=allowed)
    table = rule_table_of_service(
        cost.assign(population=grid["T"].astype(float), zone=grid["kommunenummer"]), by="zone"
    )
    assert table["population"].sum() == grid["T"].sum()
    assert (table[["not_slower", "slower", *REASONS]].sum(axis=1) == table["population"]).all()
    without = grid.loc[~grid["kommunenummer"].isin(allowed["zone_id"]), "T"].sum()
    assert table["no_provider"].sum() == without > 0
    assert sorted(names[table.loc[table["no_provider"] > 0, "zone"]]) == ["Bremanger", "Haram"]
    assert (cost["extra_s"] >= 0).all()
    assert table["slower"].sum() > 0


def test_hours_on_the_road():
    journeys = pd.Series({"a": 10.0, "b": 0.0, "c": 1.0})
    there = pd.Series({"a": 1800.0, "b": INF, "c": INF})
    assert journey_hours(journeys, there).tolist() == [10, 0, INF]
    back = pd.Series({"c": 60.0, "a": 3600.0})
    assert journey_hours(journeys, there, back_s=back).tolist() == [15, 0, INF]
    with pytest.raises(InputError, match="journeys: 2 problems"):
        journey_hours(pd.Series({"a": -1.0, "d": 1.0}), there)


def test_staff_go_there_and_back_every_day():
    rota = pd.DataFrame(
        {"host_id": ["h", "h", "h"], "site_id": ["s", "t", "u"], "days": [2, 1, 0], "staff": [2, 1.5, 3]},
        index=["x", "x", "y"],
    )
    times = pd.DataFrame({"cell_id": "h", "site_id": ["s", "t"], "travel_time_s": [1800.0, 5400.0]})
    found = staff_travel(rota, times)
    assert found["hours_per_week"].tolist() == [4, 4.5, 0]
    assert found["travel_s"].tolist() == [3600, 10800, INF]
    assert found.index.tolist() == ["x", "x", "y"]
    home = times.assign(travel_time_s=[3600.0, 5400.0])
    assert staff_travel(rota, times, back=home)["hours_per_week"].tolist() == [6, 4.5, 0]
    lost = rota.assign(site_id=["s", "u", "u"])
    assert staff_travel(lost, times)["hours_per_week"].tolist() == [4, INF, 0]
    with pytest.raises(InputError, match=r"times: .*stands there more than once"):
        staff_travel(rota, pd.concat([times, times]))
    with pytest.raises(InputError, match="rota: days holds"):
        staff_travel(rota.assign(days=[1, -1, 1]), times)

"""A field after changes against the same question asked from scratch, on the sites and edges that are left."""

from __future__ import annotations

import os
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_routing import both_snapped, networks
from test_turns import ruled_networks

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.network import EdgeKind, assemble
from geoaccess.routing import nearest_snapped

FAST = {"min_component_m": 0.0, "off_network_kph": 1e9}
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
too_slow_uncompiled = pytest.mark.skipif(PLAIN, reason="a whole country takes minutes in plain Python")
DIRECTIONS = st.sampled_from(["to_sites", "to_people"])


def all_networks():
    return st.one_of(networks(), ruled_networks().map(lambda made: (made[0], made[2])))


def without(network, closed):
    """The network with some edges closed both ways."""
    closed = np.asarray(closed, np.int64)
    forward, backward = network.edge_forward_ds.copy(), network.edge_backward_ds.copy()
    forward[closed] = backward[closed] = -1
    return replace(network, edge_forward_ds=forward, edge_backward_ds=backward)


def from_scratch(field, cells):
    return nearest_snapped(
        without(field.network, field.closed), cells, field.sites, k=field.k, direction=field.direction
    )


def same(found, expected, *, reasons=True):
    kept = expected.columns if reasons else [name for name in expected if name != "reason"]
    # A column of texts knows that it is one only when there is a row.
    pd.testing.assert_frame_equal(found[kept], expected[kept], check_dtype=len(expected) > 0)


class Everything:
    """What a field holds, to be compared to the bit."""

    def __init__(self, field):
        self.tables = field.attached(), field.sites
        self.arrays = field.keys.copy(), field.closed.copy(), field.out.cost_ds.copy(), field.back.cost_ds.copy()
        self.labels = list(field.standing.label)

    def check(self, field):
        now = Everything(field)
        for one, other in zip(self.tables, now.tables, strict=True):
            pd.testing.assert_frame_equal(one, other)
        for one, other in zip(self.arrays, now.arrays, strict=True):
            assert (one == other).all()
        assert self.labels == now.labels
        assert not field.touched.any()


def change(data, field, fresh, spots):
    kind = data.draw(st.sampled_from(["add", "remove", "move", "close", "close", "open"]))
    if kind in ("close", "open"):
        edges = data.draw(st.lists(st.integers(0, field.network.n_edges - 1), max_size=4))
        return (ga.routing.close_edges if kind == "close" else ga.routing.open_edges)(field, edges)
    spot = spots.iloc[data.draw(st.integers(0, len(spots) - 1))]
    if kind == "add" or not len(field.sites):
        return ga.routing.add_site(field, fresh, spot)
    site = data.draw(st.sampled_from(field.sites.index.tolist()))
    return ga.routing.remove_site(field, site) if kind == "remove" else ga.routing.move_site(field, site, spot)


@settings(max_examples=40, deadline=None)
@given(all_networks(), DIRECTIONS, st.integers(1, 3), st.data())
def test_after_any_changes_the_answers_are_those_from_scratch_and_undo_leads_back(made, direction, k, data):
    network, rng = made
    snapped = both_snapped(network, rng)
    assume(snapped is not None)
    cells, spots = snapped
    field = ga.solve_nearest(network, spots.iloc[:2], k=k, direction=direction)
    field.attach(cells)
    same(field.attached(), from_scratch(field, cells))
    states, changes = [], []
    for step in range(data.draw(st.integers(1, 5))):
        states.append(Everything(field))
        before = states[-1].tables[0]
        changes.append(change(data, field, f"new {step}", spots))
        after = field.attached()
        same(field.nearest(cells), after)
        if len(field.sites):
            same(after, from_scratch(field, cells), reasons=not field.closed.size)
        else:
            assert not np.isfinite(after["travel_time_s"]).any()
        assert ((after["reason"] == "") == np.isfinite(after["travel_time_s"])).all()
        others = np.setdiff1d(np.arange(len(cells)), changes[-1].cells)
        same(after.iloc[others], before.iloc[others], reasons=False)
        same(field.attached(changes[-1].cells), after.iloc[changes[-1].cells])
    for state, done in zip(reversed(states), reversed(changes), strict=True):
        ga.routing.undo(field, done)
        state.check(field)


@settings(max_examples=40, deadline=None)
@given(all_networks(), DIRECTIONS, st.data())
def test_a_gain_is_what_adding_the_site_would_bring(made, direction, data):
    network, rng = made
    snapped = both_snapped(network, rng)
    assume(snapped is not None)
    cells, spots = snapped
    field = ga.solve_nearest(network, spots.iloc[:1], k=2, direction=direction)
    people = rng.integers(0, 50, len(cells)).astype(float)
    field.attach(cells, people=people)
    ga.routing.close_edges(field, data.draw(st.lists(st.integers(0, network.n_edges - 1), max_size=2)))
    state = Everything(field)
    gains = ga.routing.site_gains(field, spots)
    state.check(field)
    assert gains.index.equals(spots.index)
    before = field.attached()["travel_time_s"].to_numpy()
    for label, spot in spots.iterrows():
        change = ga.routing.add_site(field, "there", spot)
        after = field.attached()["travel_time_s"].to_numpy()
        ga.routing.undo(field, change)
        known = np.isfinite(before)
        new = np.isinf(before) & np.isfinite(after)
        assert gains.loc[label, "saved_s"] == pytest.approx((people[known] * (before[known] - after[known])).sum())
        assert gains.loc[label, "newly_reached"] == people[new].sum()


@settings(max_examples=30, deadline=None)
@given(all_networks(), DIRECTIONS, st.data())
def test_closing_never_helps_and_another_site_never_hurts(made, direction, data):
    network, rng = made
    snapped = both_snapped(network, rng)
    assume(snapped is not None)
    cells, spots = snapped
    field = ga.solve_nearest(network, spots.iloc[:2], direction=direction)
    times = [field.nearest(cells).filter(like="travel_time").to_numpy()]
    ga.routing.close_edges(field, data.draw(st.lists(st.integers(0, network.n_edges - 1), min_size=1)))
    times.append(field.nearest(cells).filter(like="travel_time").to_numpy())
    ga.routing.add_site(field, "new", spots.iloc[-1])
    times.append(field.nearest(cells).filter(like="travel_time").to_numpy())
    on = (cells["edge"] >= 0).to_numpy()
    assert (times[0][on] <= times[1][on]).all()
    assert (times[2][on] <= times[1][on]).all()


# By hand: a street from 10.0 to 10.3 E in three edges of 100 s each, and a ferry of 50 s on to 10.4 E


def street():
    kind = np.array([0, 0, 0, EdgeKind.BOARDING, EdgeKind.FERRY, EdgeKind.BOARDING, 0], np.int8)
    lon = np.array([10.0, 10.1, 10.2, 10.3, 10.3, 10.4, 10.4, 10.5])
    times = np.array([100.0, 100, 100, 60, 50, 0, 100])
    back = np.array([100.0, 100, 100, 0, 50, 60, 100])
    return assemble(
        lon=lon,
        lat=np.full(8, 60.0),
        a=np.array([0, 1, 2, 3, 4, 5, 6], np.int32),
        b=np.array([1, 2, 3, 4, 5, 6, 7], np.int32),
        forward_s=times,
        backward_s=back,
        way=np.arange(7, dtype=np.int32),
        way_id=np.arange(100, 107),
        way_class=["road", "road", "road", "ferry", "ferry", "ferry", "road"],
        kind=kind,
        snaps=kind == EdgeKind.ROAD,
        merge_chains=False,
    )


def at(**lon):
    return gpd.GeoSeries.from_xy(list(lon.values()), [60.0] * len(lon), index=list(lon), crs="EPSG:4326")


def times(field):
    return field.attached()["travel_time_s"].to_dict()


def edge_at(field, lon):
    return ga.snap(field.network, at(here=lon), min_component_m=0)["edge"].tolist()


def test_who_lives_on_a_closed_road_leaves_it_by_either_end_and_nobody_passes():
    field = ga.solve_nearest(street(), at(west=10.0), **FAST)
    field.attach(at(before=10.05, on=10.15, behind=10.25, island=10.45))
    assert times(field) == {"before": 50, "on": 150, "behind": 250, "island": 460}
    closed = ga.routing.close_edges(field, edge_at(field, 10.15))
    assert times(field) == {"before": 50, "on": 150, "behind": np.inf, "island": np.inf}
    # What is cut off is larger than what is left, so it is no island.
    assert field.attached()["reason"].tolist() == ["", "", "no_site_reachable", "no_site_reachable"]
    assert closed.cells.tolist() == [1, 2, 3]
    ga.routing.add_site(field, "on it", (10.175, 60.0))
    assert times(field) == {"before": 50, "on": 25, "behind": 75, "island": 285}
    ga.routing.open_edges(field, edge_at(field, 10.15))
    ga.routing.remove_site(field, "on it")
    assert times(field) == {"before": 50, "on": 150, "behind": 250, "island": 460}
    assert field.closed.size == 0


def test_who_lives_behind_a_closed_ferry_is_an_island():
    field = ga.solve_nearest(street(), at(west=10.0, east=10.5), k=1, **FAST)
    field.attach(at(quay=10.3, island=10.4))
    ga.routing.remove_site(field, "east")
    assert times(field) == {"quay": 300, "island": 410}
    change = ga.routing.close_edges(field, ga.routing.ferry_edges(field.network, 104))
    assert field.attached()["reason"].to_dict() == {"quay": "", "island": "island_without_ferry"}
    with pytest.raises(InputError, match=r"no car ferry of the network has the way 100, 7; these have: 104"):
        ga.routing.ferry_edges(field.network, 100, 104, 7)
    ga.routing.undo(field, change)
    assert times(field) == {"quay": 300, "island": 410}


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("restricted", [False, True])
def test_a_site_on_the_same_edge_reaches_cells_though_no_node_changes(direction, restricted):
    """A street one way, with a site near either end: what happens between them is seen by no junction."""
    network = assemble(
        lon=np.array([10.0, 10.1, 10.05]),
        lat=np.array([60.0, 60.0, 60.1]),
        a=np.array([0, 1, 2], np.int32),
        b=np.array([1, 2, 0], np.int32),
        forward_s=np.array([100.0, 900, 900]),
        backward_s=np.array([-1.0, 900, 900]),
        way=np.arange(3, dtype=np.int32),
        way_id=np.arange(3),
        way_class=["road"] * 3,
        restricted=np.array([restricted, False, False]),
        merge_chains=False,
    )
    field = ga.solve_nearest(network, at(first=10.001, last=10.099), k=1, direction=direction, **FAST)
    field.attach(at(home=10.06 if direction == "to_people" else 10.04))
    far, near = 59, 10
    assert times(field)["home"] == pytest.approx(far, abs=0.2)
    change = ga.routing.add_site(field, "new", (10.05, 60.0))
    assert change.nodes.size == 0
    assert change.cells.tolist() == [0]
    assert times(field)["home"] == pytest.approx(near, abs=0.2)
    moved = ga.routing.move_site(field, "new", (10.095 if direction == "to_sites" else 10.005, 60.0))
    assert times(field)["home"] == pytest.approx(55, abs=0.2)
    ga.routing.undo(field, moved)
    gain = ga.routing.site_gains(field, at(nearer=10.045 if direction == "to_sites" else 10.055))["saved_s"]
    assert gain.tolist() == pytest.approx([5], abs=0.2)
    ga.routing.undo(field, change)
    assert times(field)["home"] == pytest.approx(far, abs=0.2)


def test_a_new_site_loses_ties_and_a_moved_one_keeps_its_rank():
    field = ga.solve_nearest(street(), at(a=10.0, b=10.2), **FAST)
    home = at(home=10.1)
    assert field.nearest(home).loc["home", ["site", "site_2"]].tolist() == ["a", "b"]
    ga.routing.move_site(field, "a", (10.3, 60.0))
    assert field.nearest(home).loc["home", ["site", "travel_time_s"]].tolist() == ["b", 100]
    ga.routing.add_site(field, "c", (10.0, 60.0))
    assert field.nearest(home).loc["home", ["site", "site_2"]].tolist() == ["b", "c"]
    ga.routing.move_site(field, "a", (10.2, 60.0))
    assert field.nearest(home).loc["home", ["site", "site_2"]].tolist() == ["a", "b"]
    ga.routing.remove_site(field, "a")
    ga.routing.add_site(field, "a", (10.2, 60.0))  # a label may come again; the number is another one
    assert field.nearest(home).loc["home", ["site", "site_2"]].tolist() == ["b", "c"]
    assert field.sites.index.tolist() == ["b", "c", "a"]


def test_the_network_stays_as_it_is():
    network = street()
    costs = network.arcs.cost_ds.copy(), network.arcs_reversed.cost_ds.copy()
    fields = [ga.solve_nearest(network, at(west=10.0), **FAST) for _ in range(2)]
    keys = fields[1].keys.copy()
    ga.routing.close_edges(fields[0], range(network.n_edges))
    assert (network.arcs.cost_ds == costs[0]).all()
    assert (network.arcs_reversed.cost_ds == costs[1]).all()
    assert (fields[1].keys == keys).all()
    assert (fields[0].keys != keys).any()


def test_only_the_last_change_can_be_undone():
    field = ga.solve_nearest(street(), at(west=10.0), **FAST)
    first, second = ga.routing.add_site(field, "x", (10.1, 60.0)), ga.routing.close_edges(field, [0])
    with pytest.raises(InputError, match=r"Change\(add site 'x', 8 nodes, 0 cells\) is not the last"):
        ga.routing.undo(field, first)
    ga.routing.undo(field, second)
    with pytest.raises(InputError, match="belongs to another field or is undone"):
        ga.routing.undo(field, second)
    with pytest.raises(InputError, match="belongs to another field or is undone"):
        ga.routing.undo(ga.solve_nearest(street(), at(west=10.0), **FAST), first)
    ga.routing.undo(field, first)
    assert field.sites.index.tolist() == ["west"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda field: ga.routing.add_site(field, "west", (10.1, 60.0)), "there is a site 'west' already"),
        (lambda field: ga.routing.remove_site(field, "east"), r"there is no site 'east' among 1 sites \('west', ...\)"),
        (lambda field: ga.routing.move_site(field, "east", (10.1, 60.0)), "there is no site 'east'"),
        (
            lambda field: ga.routing.add_site(field, "far", (60.0, 10.1)),
            r"the place \(60.0, 10.1\) has no road within 5000 m",
        ),
        (lambda field: ga.routing.add_site(field, "bad", pd.Series({"edge": 1})), "it lacks node, off_network_m"),
        (
            lambda field: ga.routing.close_edges(field, [0, -1, 9]),
            r"edges: 2 problems\n  - edge -1: .* 0 to 6\n  - edge 9",
        ),
        (lambda field: ga.routing.close_edges(field, [0.5]), "whole numbers"),
        (lambda field: field.attached(), "no cells are attached"),
        (lambda field: ga.routing.site_gains(field, at(x=10.0)), "no cells are attached"),
        (lambda field: field.attach(at(x=10.0), people=[-1]), "1 finite numbers, at least 0"),
        (lambda field: field.attach(at(x=10.0), people=[1, 2]), "1 finite numbers, at least 0"),
        (lambda field: field.nearest(pd.DataFrame({"edge": [0]})), "a table that snap did not make"),
        (lambda field: field.attach(pd.concat([at(x=10.0)] * 2)), "'x' stands there more than once"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(act, message):
    field = ga.solve_nearest(street(), at(west=10.0), **FAST)
    keys = field.keys.copy()
    with pytest.raises(InputError, match=message):
        act(field)
    assert (field.keys == keys).all()
    assert field.sites.index.tolist() == ["west"]
    assert not field.history


def test_wrong_questions_are_refused():
    with pytest.raises(InputError, match="k is 0"):
        ga.solve_nearest(street(), at(west=10.0), k=0)
    with pytest.raises(InputError, match="'x' stands there more than once"):
        ga.solve_nearest(street(), pd.concat([at(x=10.0)] * 2))
    with pytest.raises(InputError, match="there is no site"):
        ga.solve_nearest(street(), at())


# A whole country


@pytest.fixture(scope="module")
def iceland(data):
    network = ga.read_osm(data / "iceland" / "iceland-2019.osm.pbf")
    people = ga.read_cells(data / "iceland" / "population_1km_2018.csv", x="x_3035", y="y_3035", anchor="lower_left")
    features = pd.read_csv(data / "iceland" / "health_features_reviewed.csv")
    features = features[features["service"] == "gp"].drop_duplicates("osm_id").set_index("osm_id")
    sites = gpd.GeoSeries.from_xy(features["lon"], features["lat"], index=features.index, crs="EPSG:4326")
    return network, ga.snap(network, people), people["population"].to_numpy(float), ga.snap(network, sites)


@too_slow_uncompiled
@pytest.mark.parametrize(("direction", "k"), [("to_sites", 2), ("to_people", 3)])
def test_random_changes_to_iceland(iceland, direction, k):
    network, cells, people, sites = iceland
    rng = np.random.default_rng(3)
    field = ga.solve_nearest(network, sites, k=k, direction=direction)
    field.attach(cells, people=people)
    first = Everything(field)
    at_home = np.flatnonzero(cells["edge"] >= 0)
    changes = []
    for step in range(24):
        spot = cells.iloc[rng.choice(at_home)]
        label = rng.choice(field.sites.index.to_numpy())
        kind = step % 4
        if kind == 0:
            changes.append(ga.routing.add_site(field, f"new {step}", spot))
        elif kind == 1:
            changes.append(ga.routing.remove_site(field, label))
        elif kind == 2:
            changes.append(ga.routing.move_site(field, label, spot))
        else:
            changes.append(ga.routing.close_edges(field, rng.integers(0, network.n_edges, 40)))
        if step % 6 == 5:
            again = ga.solve_nearest(without(network, field.closed), field.sites, k=k, direction=direction)
            same(field.attached(), again.nearest(cells), reasons=False)
            assert (field.keys >> np.uint64(32) == again.keys >> np.uint64(32)).all()
    for change in reversed(changes):
        ga.routing.undo(field, change)
    first.check(field)


@too_slow_uncompiled
def test_without_its_ferries_vestmannaeyjar_has_only_its_own_site(iceland):
    network, cells, people, sites = iceland
    field = ga.solve_nearest(network, sites, k=1)
    field.attach(cells, people=people)
    # Heimaey, the one island of Vestmannaeyjar that people live on.
    island = (cells["lat"] < 63.46) & (cells["lon"] < -20.2) & (cells["lon"] > -20.4)
    assert 4000 < people[island].sum() < 4700
    here = sites.index[(sites["lat"] < 63.46) & (sites["lon"] < -20.2) & (sites["lon"] > -20.4)]
    before = field.attached()
    for label in here:
        ga.routing.remove_site(field, label)
    assert np.isfinite(field.attached().loc[island, "travel_time_s"]).all()
    names = ["Landeyjahöfn - Vestmannaeyjar", "Þorlákshöfn - Heimaey"]
    boats = network.ferries[network.ferries["cars"] & network.ferries["name"].isin(names)]
    closed = ga.routing.close_edges(field, ga.routing.ferry_edges(network, *boats["way_id"]))
    after = field.attached()
    assert np.isinf(after.loc[island, "travel_time_s"]).all()
    assert set(after.loc[island, "reason"]) == {"island_without_ferry"}
    assert set(np.flatnonzero(island)) <= set(closed.cells.tolist())
    same(after[~island], before[~island])
    gains = ga.routing.site_gains(field, sites.loc[here])
    assert gains["newly_reached"].tolist() == [people[island].sum()] * len(here)
    assert gains["saved_s"].tolist() == [0.0] * len(here)

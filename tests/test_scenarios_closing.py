"""One thing closed after the other: exact, against a solve from scratch."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.kernels.sums import pairwise_sum
from geoaccess.network import Network, simplify, snap
from geoaccess.routing import close_edges, closing_effects, nearest_snapped, people_on_edges, solve_nearest, undo
from geoaccess.routing import closings as routing_closings
from geoaccess.scenarios import (
    Unit,
    close_network,
    close_unit,
    closing_table,
    touched_by_units,
    touched_people,
    vulnerable_units,
)
from geoaccess.scenarios.closing_rows import Closings
from geoaccess.scenarios.closing_unit import effect_of_unit
from geoaccess.scenarios.crossings import Part
from geoaccess.scenarios.kept_rows import KeptRows

NO_NAMES = pd.DataFrame(
    {"name": pd.Series(dtype="str"), "ref": pd.Series(dtype="str"), "bridge": False, "tunnel": False},
    index=pd.Index([], dtype="int64"),
)


@st.composite
def towns(draw):
    """A network of up to 9 places on a grid, with cells at some of them and between, and one or two sites."""
    n = draw(st.integers(3, 9))
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), min_size=n, max_size=3 * n))
    pairs = [(a, b) for a, b in pairs if a != b] or [(0, 1)]
    times = draw(st.lists(st.tuples(st.integers(0, 50), st.integers(-1, 50)), min_size=len(pairs), max_size=len(pairs)))
    network = Network.from_edges(
        lon=10 + 0.01 * (np.arange(n) % 3),
        lat=60 + 0.01 * (np.arange(n) // 3),
        u=[a for a, _ in pairs],
        v=[b for _, b in pairs],
        forward_s=[a for a, _ in times],
        backward_s=[b for _, b in times],
    )
    at = st.tuples(st.floats(10, 10.02), st.floats(60, 60.02))
    homes = draw(st.lists(at, min_size=1, max_size=6))
    sites = draw(st.lists(at, min_size=1, max_size=2))
    people = draw(st.lists(st.integers(0, 9), min_size=len(homes), max_size=len(homes)))
    return network, _points(homes), _points(sites), np.array(people, float)


def _points(places):
    return gpd.GeoSeries.from_xy([x for x, _ in places], [y for _, y in places], crs="EPSG:4326")


def _solved(network, homes, sites, people, direction="to_sites"):
    cells, places = (snap(network, table, min_component_m=0) for table in (homes, sites))
    field = solve_nearest(network, places, k=1, direction=direction, min_component_m=0)
    field.attach(cells, people=people)
    return field, cells, places


def _from_scratch(network, edges, cells, sites, direction):
    return nearest_snapped(close_network(network, edges), cells, sites, k=1, direction=direction)[
        "travel_time_s"
    ].to_numpy()


@settings(max_examples=50, deadline=None)
@given(towns(), st.sampled_from(["to_sites", "to_people"]))
def test_closing_any_edge_is_what_a_solve_from_scratch_finds(drawn, direction):
    network, homes, sites, people = drawn
    try:
        field, cells, places = _solved(network, homes, sites, people, direction)
    except InputError:  # no road to live on
        return
    before = _from_scratch(network, np.array([], np.int32), cells, places, direction)
    kept = field.keys.copy(), field.cells().keys.copy()
    units = [Unit("road", "", "", (), np.array([edge], np.int32)) for edge in range(network.n_edges)]
    table = closing_table(field, units, norms_s=(30.0,))
    assert np.array_equal(field.keys, kept[0])
    assert np.array_equal(field.cells().keys, kept[1])
    carried = people_on_edges(field).people
    for edge, row in enumerate(table.to_dict("records")):
        after = _from_scratch(network, np.array([edge], np.int32), cells, places, direction)
        was, now = np.isfinite(before), np.isfinite(after)
        worse = was & now & (after > before)
        assert row["people_cut_off"] == people[was & ~now].sum()
        assert row["people_delayed"] == people[worse].sum()
        assert row["person_min"] == pytest.approx((people[worse] * (after[worse] - before[worse])).sum() / 60)
        assert row["over_norm_1"] == people[(before <= 30) & ~(after <= 30)].sum()
        if carried[edge] == 0:  # nobody passes: nobody loses
            assert row["people_cut_off"] == row["people_delayed"] == 0


def _by_change(field, edges, norms_ds):
    """The same by a change of the field and its undoing, summed up by numpy."""
    before = field.attached_times_ds().astype(np.int64)
    change = close_edges(field, edges)
    cells, now = change.cells, field.attached_times_ds(change.cells).astype(np.int64)
    undo(field, change)
    was, people, far = before[cells], field.cells().people[cells], 2**31 - 1
    slower, lost = (was < far) & (now > was) & (now < far), (was < far) & (now >= far)
    delay = np.where(slower, now - was, 0)
    over = [people[(was < far) & (was <= norm) & (now > norm)].sum() for norm in norms_ds]
    counts = [people[slower].sum(), people[lost].sum(), ((slower | lost) & (people > 0)).sum()]
    return [*counts, (people * delay).sum(), delay.max(initial=0), *over]


@settings(max_examples=50, deadline=None)
@given(towns(), st.sampled_from(["to_sites", "to_people"]), st.randoms(use_true_random=False))
def test_closing_each_on_its_own_is_closing_one_and_undoing_it_to_the_last_bit(drawn, direction, random):
    network, homes, sites, people = drawn
    people = people + np.array([random.random() for _ in people]) * (people > 0)
    try:
        field, _, _ = _solved(network, homes, sites, people, direction)
    except InputError:  # no road to live on
        return
    shut = np.array([random.randrange(network.n_edges)], np.int32)
    for _ in range(2):  # with everything open, and with an edge closed before
        sets = [
            np.unique([random.randrange(network.n_edges) for _ in range(random.randint(1, 3))]).astype(np.int32)
            for _ in range(12)
        ]
        kept = field.keys.copy(), field.out.cost_ds.copy()
        found = closing_effects(field, sets, norms_ds=(100.0, 305.0))
        assert np.array_equal(field.keys, kept[0])
        assert np.array_equal(field.out.cost_ds, kept[1])
        assert found.tolist() == [_by_change(field, edges, (100.0, 305.0)) for edges in sets]
        close_edges(field, shut)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 127, 128, 129, 136, 1000, 4099])
def test_sums_are_those_of_numpy_to_the_last_bit(size):
    values = np.random.default_rng(size).lognormal(0, 9, size + 3)
    assert pairwise_sum(values, 3, size) == values[3:].sum()


@given(towns())
def test_everybody_who_leaves_an_edge_arrives_somewhere(drawn):
    network, homes, sites, people = drawn
    try:
        field, _, _ = _solved(network, homes, sites, people)
    except InputError:
        return
    flows = people_on_edges(field)
    reached = np.isfinite(field.attached()["travel_time_s"].to_numpy())
    assert (flows.leaves[~reached] == -1).all()
    assert (flows.people <= people[flows.leaves >= 0].sum() + 1e-9).all()


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("seed", range(6))
def test_of_sites_equally_near_everybody_goes_to_the_first(direction, seed):
    """On a square grid of equal streets, where most have several nearest sites: as many arrive as are nearest."""
    rng, side = np.random.default_rng(seed), 6
    number = np.arange(side * side).reshape(side, side)
    u = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    v = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    order, turned = rng.permutation(u.size), rng.random(u.size) < 0.5
    u, v = np.where(turned, u, v)[order], np.where(turned, v, u)[order]
    lon, lat = 10 + 0.01 * (np.arange(side * side) % side), 60 + 0.01 * (np.arange(side * side) // side)
    seconds = [100] * u.size
    network = Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=seconds, backward_s=seconds)
    chosen = rng.permutation(side * side)[:5]
    sites, homes = (gpd.GeoSeries.from_xy(lon[at], lat[at], crs="EPSG:4326") for at in (chosen, number.ravel()))
    people = rng.integers(1, 100, side * side).astype(float)
    x, y = number % side, number // side
    away = abs(x.ravel()[:, None] - x.ravel()[chosen]) + abs(y.ravel()[:, None] - y.ravel()[chosen])
    assert ((away == away.min(1, keepdims=True)).sum(1) > 1).any()
    mine = away.argmin(1)
    field = solve_nearest(network, sites, k=1, direction=direction, min_component_m=0.0)
    field.attach(homes, people=people)
    assert field.attached()["site"].tolist() == mine.tolist()
    flows = people_on_edges(field).people
    for place, node in enumerate(chosen):
        arrive = flows[(u == node) | (v == node)].sum()
        assert arrive == people[mine == place].sum() - people[node]
    walked = (away.min(1) * people).sum()  # each passes as many streets as the nearest is away
    assert flows.sum() == walked


def chain(bridge=20, detour=None):
    """A road 0-1-2-3-4 whose part 1-2 is a bridge (way 12), with side roads at 0 and 4, and perhaps a way round."""
    u, v, seconds, way = (
        [0, 1, 2, 3, 0, 4],
        [1, 2, 3, 4, 5, 6],
        [100, bridge, 100, 100, 50, 50],
        [11, 12, 13, 14, 15, 16],
    )
    if detour is not None:
        u, v, seconds, way = [*u, 0], [*v, 4], [*seconds, detour], [*way, 17]
    lon = [10.0, 10.1, 10.12, 10.22, 10.32, 10.0, 10.32]
    lat = [60.0, 60.0, 60.0, 60.0, 60.0, 60.05, 60.05]
    return Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=seconds, backward_s=seconds, way_id=way)


@pytest.mark.parametrize("direction", ["to_sites", "to_people"])
@pytest.mark.parametrize("detour", [None, 900])
@pytest.mark.parametrize("site", [(10.0, 60.05), (10.32, 60.05), (10.05, 60.0), (10.3, 60.0)])
def test_a_bridge_parts_those_who_live_on_its_road(detour, site, direction):
    apart = chain(detour=detour)  # every piece an edge of its own: closing the bridge is closing its edge
    merged = simplify(apart)
    assert merged.n_edges < apart.n_edges
    homes = _points([(10.02, 60.0), (10.09, 60.0), (10.15, 60.0), (10.31, 60.0), (10.0, 60.04), (10.32, 60.04)])
    people = np.array([1, 2, 4, 8, 16, 32], float)
    names = pd.DataFrame({"name": "Brua", "ref": "", "bridge": True, "tunnel": False}, index=[12])
    field, _, _ = _solved(merged, homes, _points([site]), people, direction)
    units = [unit for unit in vulnerable_units(field, names) if unit.kind == "bridge"]
    assert [(unit.name, unit.ways) for unit in units] == [("Brua", (12,))]
    cells, after, _ = close_unit(field, units[0])
    found = (field.cells().keys[:, 0] >> np.uint64(32)).astype(float)
    found[cells] = after
    found = np.where(found >= 2**31 - 1, np.inf, found / 10)
    by_hand, homes_apart, sites_apart = _solved(apart, homes, _points([site]), people, direction)
    edge = np.flatnonzero(apart.way_id[apart.shape_way[apart.shape_ptr[:-1]]] == 12).astype(np.int32)
    expected = _from_scratch(apart, edge, homes_apart, sites_apart, direction)
    assert by_hand.network is apart
    np.testing.assert_allclose(found, expected, atol=0.31)


@settings(max_examples=60, deadline=None)
@given(towns(), st.sampled_from(["to_sites", "to_people"]), st.randoms(use_true_random=False))
def test_crossings_close_in_a_kernel_as_they_do_one_by_one_to_the_last_bit(drawn, direction, random):
    network, homes, sites, people = drawn
    people = people + np.array([random.random() for _ in people]) * (people > 0)
    try:
        field, _, _ = _solved(network, homes, sites, people, direction)
    except InputError:  # no road to live on
        return
    units = []
    for kind in ("bridge", "tunnel", "road") * 4:
        edges = np.unique([random.randrange(network.n_edges) for _ in range(random.randint(1, 3))]).astype(np.int32)
        ends = [sorted(random.choice([0.0, 0.25, 0.5, 0.75, 1.0, random.random()]) for _ in range(2)) for _ in range(4)]
        parts = [Part(int(random.choice(edges)), begin, end) for begin, end in ends] if kind != "road" else []
        parts += [Part(int(edge), 0.4, 0.6) for edge in edges if parts and edge not in {part.edge for part in parts}]
        units.append(Unit(kind, "", "", (), edges, tuple(parts)))
    norms_ds = [100.0, np.linspace(50.0, 400.0, len(homes))]
    closings = Closings.of(field, units, norms_s=[norm / 10 for norm in norms_ds], keep_in=None)
    found = closings.effects()
    assert found.tolist() == [effect_of_unit(field, unit, closings.norms_ds) for unit in units]
    one_by_one = [tuple(part.tolist() for part in touched_people(field, unit)) for unit in units]
    assert [tuple(part.tolist() for part in parts) for parts in touched_by_units(field, units)] == one_by_one
    assert touched_by_units(field, []) == []


def test_ranks_leave_out_a_street_of_one_cell():
    apart = chain(detour=900)
    homes = _points([(10.05, 60.0), (10.15, 60.0), (10.0, 60.05)])
    field, _, _ = _solved(apart, homes, _points([(10.32, 60.05)]), np.array([10.0, 10, 1000]))
    table = closing_table(field, vulnerable_units(field, NO_NAMES), norms_s=(600.0,), dead_end_m=0)
    alone = table["cells"] == 1
    assert alone.any()
    assert table["rank_minutes"].isna().equals(alone)
    assert table["rank_minutes"].min() == 1


def test_a_field_of_two_sites_is_refused():
    field = solve_nearest(chain(), _points([(10.0, 60.05)]), k=2, min_component_m=0)
    with pytest.raises(InputError, match="k = 2"):
        closing_table(field, [])


def _street_of_tunnels():
    """Twelve roads in a row with a home in the middle of each, and of every third a tunnel before the home."""
    n = 12
    network = Network.from_edges(
        lon=10 + 0.01 * np.arange(n + 1),
        lat=[60.0] * (n + 1),
        u=np.arange(n),
        v=np.arange(1, n + 1),
        forward_s=[60] * n,
        backward_s=[60] * n,
    )
    homes = _points([(10.005 + 0.01 * i, 60.0) for i in range(n)])
    field, _, _ = _solved(network, homes, _points([(10.0, 60.0)]), np.arange(1.0, n + 1))
    units = [
        Unit("tunnel" if i % 3 == 0 else "road", f"r{i}", "", (i,), np.array([i], np.int32), parts=_before(i))
        for i in range(n)
    ]
    return field, units


def _before(edge):
    return (Part(edge, 0.1, 0.3),) if edge % 3 == 0 else ()


@pytest.mark.parametrize("stop_after", [1, 4, 9, 11])
def test_an_interrupted_run_goes_on_where_it_was(stop_after, tmp_path, monkeypatch):
    field, units = _street_of_tunnels()
    asked = {"norms_s": [200, 400]}
    whole = closing_table(field, units, **asked)
    # By hand: beyond road i live all from home i + 1 on, and home i keeps the end that leads back, unless a tunnel
    # on the way to it is shut.
    assert whole["people_cut_off"].tolist() == [sum(range(i + 2 - (i % 3 == 0), 13)) for i in range(12)]
    monkeypatch.setattr(routing_closings, "_AT_ONCE", 2)
    finished = 0

    def interrupted(count):
        nonlocal finished
        finished += count
        if finished >= stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        closing_table(field, units, **asked, keep_in=tmp_path, done=interrupted)
    (kept,) = tmp_path.iterdir()
    rows = kept.stat().st_size // (8 * 8)  # five figures, two norms and the mark
    assert rows >= stop_after
    with kept.open("ab") as file:
        file.write(b"\0" * 100)  # room that was taken and never written
    steps, computed = [], []
    monkeypatch.setattr(KeptRows, "put", lambda _, __, some: computed.append(len(some)))
    again = closing_table(field, units, **asked, keep_in=tmp_path, done=steps.append)
    assert (sum(steps), sum(computed)) == (len(units), len(units) - rows)
    pd.testing.assert_frame_equal(again, whole, check_exact=True)
    assert not list(tmp_path.iterdir())


def test_people_cut_off_in_marked_cells_are_counted_apart():
    field, units = _street_of_tunnels()
    marked = np.isin(np.arange(12), [4, 9])
    table = closing_table(field, units, norms_s=[200], marked=marked)
    # By hand, as below: home j has j + 1 people, and is cut off by each road before it, and by the tunnel of its own.
    expected = [sum(j + 1 for j in (4, 9) if j > i or (j == i and i % 3 == 0)) for i in range(12)]
    assert table["marked_cut_off"].tolist() == expected
    pd.testing.assert_frame_equal(table.drop(columns="marked_cut_off"), closing_table(field, units, norms_s=[200]))
    with pytest.raises(InputError, match="has 3 values for 12"):
        closing_table(field, units, marked=marked[:3])


def test_what_was_kept_of_another_question_is_not_taken(tmp_path):
    field, units = _street_of_tunnels()

    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        closing_table(field, units, keep_in=tmp_path, done=interrupted)
    before = len(list(tmp_path.iterdir()))
    steps = []
    closing_table(field, units, norms_s=[100], keep_in=tmp_path, done=steps.append)
    assert before == len(list(tmp_path.iterdir())) == 1
    assert steps == [12]

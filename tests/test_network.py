"""The network as a value: what it refuses and keeps, how it is merged and stored, and how points are attached."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.kernels import geometry
from geoaccess.network import (
    EdgeKind,
    Network,
    assemble,
    check_any_snapped,
    load_network,
    save_network,
    simplify,
    snap,
    snappable_edges,
    to_networkx,
)
from geoaccess.network import store as store_module

ARRAYS = [
    f.name
    for f in dataclasses.fields(Network)
    if f.name not in ("class_names", "ferries", "counts", "expansion", "unread", "shores")
]


def made_of(segments, **settings_):
    """Make a network of (a, b, forward, backward, kind, snaps) between points that all lie elsewhere."""
    a, b, forward, backward, kind, snaps = (list(column) for column in zip(*segments, strict=True))
    n = max(*a, *b) + 1
    i = np.arange(n)
    return assemble(
        lon=10 + 0.01 * i,
        lat=60 + 0.004 * (i * 7 % 11),
        a=np.array(a, np.int32),
        b=np.array(b, np.int32),
        forward_s=np.array(forward, float),
        backward_s=np.array(backward, float),
        way=np.arange(len(a), dtype=np.int32),
        way_id=np.arange(len(a), dtype=np.int64) + 100,
        way_class=[("primary", "residential", "ferry")[i % 3] for i in range(len(a))],
        kind=np.array(kind, np.int8),
        snaps=np.array(snaps, bool),
        **settings_,
    )


@st.composite
def segments(draw):
    n = draw(st.integers(1, 9))
    ends, seconds = st.integers(0, n - 1), st.sampled_from([-1, 0, 0.1, 0.7, 5, 12.3])
    kind, snaps = st.just(0), st.just(True)
    if draw(st.booleans()):
        kind, snaps = st.integers(0, 3), st.booleans()
    drawn = draw(st.lists(st.tuples(ends, ends, seconds, seconds, kind, snaps), min_size=1, max_size=14))
    if draw(st.booleans()):  # a long road, each piece drawn from either end, with a few of the others tied to it
        turned = draw(st.lists(st.booleans(), min_size=n, max_size=n))
        times = draw(st.lists(st.tuples(seconds, seconds), min_size=n, max_size=n))
        road = [((i + 1, i) if turned[i] else (i, i + 1)) + times[i] + (0, True) for i in range(n)]
        drawn = road + drawn[: draw(st.integers(0, 2))]
    return drawn


def small(**change):
    """Make a network of a two-piece road and a one-way street, or what is left of one when some of it is changed."""
    road = made_of([(0, 1, 30, 40, 0, True), (1, 2, 30, 40, 0, True), (2, 3, 20, -1, 0, True), (2, 4, 9, 9, 1, False)])
    return dataclasses.replace(road, **{name: value(getattr(road, name).copy()) for name, value in change.items()})


def put(place, value):
    def change(array):
        array[place] = value
        return array

    return change


# What the constructor refuses


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"node_lat": lambda a: a[:-1]}, "node_lat"),
        ({"edge_u": lambda a: np.append(a, a[:1])}, "edge_u"),
        ({"edge_snaps": lambda a: a[:-1]}, "edge_snaps"),
        ({"shape_lat": lambda a: a[:-1]}, "shape_lat"),
        ({"shape_backward_s": lambda a: a[:-1]}, "shape_backward_s"),
        ({"way_class": lambda a: a[:-1]}, "way_class"),
        ({"edge_u": put(1, 99)}, "edge_u.*edge 1.*99"),
        ({"edge_v": put(0, -1)}, "edge_v.*edge 0.*-1"),
        ({"edge_forward_ds": put(1, -2)}, "edge_forward_ds.*edge 1.*-2"),
        ({"edge_backward_ds": put(0, -7)}, "edge_backward_ds.*edge 0.*-7"),
        ({"edge_forward_ds": put(1, 2**31 - 1)}, "edge_forward_ds.*edge 1.*6 years"),
        ({"shape_ptr": lambda a: a[:-1]}, "shape_ptr"),
        ({"shape_ptr": put(-1, 1)}, "shape_ptr"),
    ],
)
def test_a_broken_network_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        small(**change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape_ptr": put(0, 1)}, "shape_ptr"),  # the first points belong to no edge
        ({"shape_ptr": put(1, 1_000_000)}, "shape_ptr"),  # beyond the points, in the middle
        ({"shape_ptr": lambda a: put(2, a[1] - 1)(a)}, "shape_ptr"),  # backward
        ({"shape_ptr": put(1, 1)}, "shape_ptr"),  # an edge of one point is no line
        ({"shape_way": put(0, 99)}, "shape_way"),
        ({"way_class": put(0, 99)}, "way_class"),
        ({"node_lon": put(1, np.nan)}, "node_lon"),
        ({"node_lat": put(1, 91)}, "node_lat"),
        ({"shape_lat": put(1, np.inf)}, "shape_lat"),
    ],
)
def test_what_kernels_and_tables_would_trip_over_is_refused_too(change, message):
    """Compiled loops read beyond the end without a word, and search trees drop NaN."""
    with pytest.raises(InputError, match=message):
        small(**change)


def test_just_below_the_limit_of_time_is_allowed():
    most = 2**31 - 1 - 2**28

    def street(there, back):
        road = made_of([(0, 1, 5, 5, 0, True)])
        return dataclasses.replace(
            road, edge_forward_ds=np.array([there], np.int32), edge_backward_ds=np.array([back], np.int32)
        )

    assert street(most, most).n_edges == 1
    with pytest.raises(InputError, match="edge_forward_ds: edge 0 takes"):
        street(2**31 - 1, -1)


def test_a_way_off_the_network_that_takes_months_is_refused():
    network = small()
    place = gpd.GeoSeries.from_xy(network.node_lon[:1], network.node_lat[:1] + 0.001, crs="EPSG:4326")
    with pytest.raises(InputError, match="off_network_kph is 1e-06"):
        snap(network, place, off_network_kph=1e-6, min_component_m=0)


HAZARDS = """
import numpy as np
from geoaccess.errors import InputError
from geoaccess.network import Network
good = {"lon": [10, 10.1], "lat": [60, 60], "u": [0], "v": [1], "forward_s": [9], "backward_s": [9]}
for change in (
    {"v": [2]}, {"v": [-1]}, {"u": [500]}, {"lat": [60]}, {"u": [0, 1]}, {"forward_s": [9, 9]}, {"backward_s": []},
    {"forward_s": [1e12]}, {"lon": [10, np.nan]}, {"way_class": []}, {"way_id": []},
):
    try:
        print(change, "gives", Network.from_edges(**good | change))
    except InputError as error:
        print("refused:", str(error)[:60])
    except Exception as error:
        print(change, "raises", type(error).__name__, error)
"""


def test_edges_that_cannot_be_are_refused_before_any_compiled_loop_sees_them():
    """In a process of its own: a loop without bounds may write where it must not."""
    done = subprocess.run(
        [sys.executable, "-u", "-W", "error", "-c", HAZARDS], capture_output=True, text=True, check=False
    )
    wrong = [line for line in done.stdout.splitlines() if not line.startswith("refused:")]
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    assert not wrong
    assert len(done.stdout.splitlines()) == 11


def test_edges_come_out_as_they_went_in():
    road = Network.from_edges(
        lon=[10, 10.1, 10.2],
        lat=[60, 60, 60.1],
        u=[0, 2],
        v=[1, 1],
        forward_s=[300, 7.26],
        backward_s=[np.nan, 400],
        way_class=["primary", "track"],
        way_id=[7, 8],
    )
    graph = to_networkx(road)
    at = {node: (round(d["x"], 6), round(d["y"], 6)) for node, d in graph.nodes(data=True)}
    arcs = {(at[u], at[v]): (d["travel_time"], d["highway"], d["osmid"]) for u, v, d in graph.edges(data=True)}
    west, middle, east = (10, 60), (10.1, 60), (10.2, 60.1)
    assert arcs == {
        (west, middle): (300, "primary", 7),
        (east, middle): (7.3, "track", 8),
        (middle, east): (400, "track", 8),
    }
    lines = road.edges("track")
    assert lines["way_id"].tolist() == [8]
    length = pyproj.Geod(ellps="WGS84").geometry_length(lines.geometry.iloc[0])
    assert lines["length_m"].iloc[0] == pytest.approx(length, rel=1e-5)
    assert np.isinf(road.edges("primary")[["forward_s", "backward_s"]].max(axis=None))


@settings(max_examples=60, deadline=None)
@given(segments())
def test_plain_edges_and_nodes_keep_their_numbers(drawn):
    """Whoever makes a network of arrays goes on counting as before; a node without edges is one too."""
    u, v, forward, backward, *_ = (list(column) for column in zip(*drawn, strict=True))
    i = np.arange(max(*u, *v) + 3)
    lon, lat = 10 + 0.01 * (i * 5 % 7), 60 + 0.004 * (i * 7 % 11)
    road = Network.from_edges(lon=lon, lat=lat, u=u, v=v, forward_s=forward, backward_s=backward)
    np.testing.assert_array_equal([road.node_lon, road.node_lat], [lon, lat])
    np.testing.assert_array_equal([road.edge_u, road.edge_v], [u, v])
    np.testing.assert_array_equal(road.edge_forward_ds, [round(10 * max(t, -0.1)) for t in forward])
    np.testing.assert_array_equal(road.edge_backward_ds, [round(10 * max(t, -0.1)) for t in backward])
    lon[:] = 0  # a network does not change with the arrays that it was made of
    assert road.node_lon.min() == 10


# What it keeps


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_cannot_be_written_to(name):
    road = small()
    with pytest.raises(ValueError, match="read-only"):
        getattr(road, name)[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(road, name, getattr(road, name))


@settings(max_examples=60, deadline=None)
@given(segments(), st.sets(st.sampled_from(EdgeKind)))
def test_components_of_kinds_are_those_of_networkx(drawn, kinds):
    network = made_of(drawn, merge_chains=False)
    graph = nx.Graph()
    graph.add_nodes_from(range(network.n_nodes))
    open_some_way = (network.edge_forward_ds >= 0) | (network.edge_backward_ds >= 0)
    chosen = np.isin(network.edge_kind, list(kinds)) & (open_some_way | (network.edge_kind == EdgeKind.ON_FOOT))
    graph.add_edges_from(zip(network.edge_u[chosen].tolist(), network.edge_v[chosen].tolist(), strict=True))
    label = network.components(*kinds)
    assert {frozenset(np.flatnonzero(label == i).tolist()) for i in set(label.tolist())} == {
        frozenset(part) for part in nx.connected_components(graph)
    }


@settings(max_examples=60, deadline=None)
@given(segments())
def test_arcs_are_the_open_directions_of_the_edges(drawn):
    network = made_of(drawn, merge_chains=False)
    expected = sorted(
        [(u, v, t) for u, v, t in zip(network.edge_u, network.edge_v, network.edge_forward_ds, strict=True) if t >= 0]
        + [
            (v, u, t)
            for u, v, t in zip(network.edge_u, network.edge_v, network.edge_backward_ds, strict=True)
            if t >= 0
        ]
    )
    for arcs, turned in ((network.arcs, False), (network.arcs_reversed, True)):
        tail = np.repeat(np.arange(network.n_nodes), np.diff(arcs.start))
        ends = (arcs.head, tail) if turned else (tail, arcs.head)
        assert sorted(zip(*ends, arcs.cost_ds, strict=True)) == expected
        for u, v, e in zip(*ends, arcs.edge, strict=True):
            assert {u, v} == {network.edge_u[e], network.edge_v[e]}


# Merging chains


def by_place(network):
    """Return travel times between all nodes by networkx, nodes named by where they are; None where there is no way."""
    places = list(zip(network.node_lon.tolist(), network.node_lat.tolist(), strict=True))
    times = dict(nx.all_pairs_dijkstra_path_length(to_networkx(network), weight="travel_time"))
    return {places[u]: {places[v]: round(t, 6) for v, t in ends.items()} for u, ends in times.items()}


def ends_at(network, node):
    """Return (edge, open toward the node, open away from it) of every edge end at a node."""
    forward, backward = network.edge_forward_ds >= 0, network.edge_backward_ds >= 0
    return [(int(e), backward[e], forward[e]) for e in np.flatnonzero(network.edge_u == node)] + [
        (int(e), forward[e], backward[e]) for e in np.flatnonzero(network.edge_v == node)
    ]


@settings(max_examples=150, deadline=None)
@given(segments())
def test_merging_changes_no_time_no_length_and_is_done_after_once(drawn):
    network = made_of(drawn, merge_chains=False)
    merged = simplify(network)
    before, after = by_place(network), by_place(merged)
    assert set(after) <= set(before)
    for place, times in after.items():
        assert times == {other: t for other, t in before[place].items() if other in after}
    for kind in EdgeKind:
        metres = [float(n.edge_length_m[n.edge_kind == kind].sum(dtype=float)) for n in (network, merged)]
        assert metres[1] == pytest.approx(metres[0], rel=1e-6, abs=1e-3)
    again = simplify(merged)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(merged, name), err_msg=name)
    for node in range(merged.n_nodes):  # what is left is a place of decision, or the last node of a ring
        ends = ends_at(merged, node)
        if len(ends) == 2 and ends[0][0] != ends[1][0]:
            (one, into_one, out_one), (two, into_two, out_two) = ends
            mixed = (merged.edge_kind[one], merged.edge_snaps[one]) != (merged.edge_kind[two], merged.edge_snaps[two])
            assert mixed or into_one != out_two or into_two != out_one


@settings(max_examples=100, deadline=None)
@given(segments(), st.booleans())
def test_nodes_that_are_near_have_near_numbers(drawn, late):
    """Numbers follow a Hilbert curve over the box of the nodes, edges the numbers of their nodes; nobody is lost."""
    network = simplify(made_of(drawn, merge_chains=False)) if late else made_of(drawn)

    def cells(degrees):
        return ((degrees - degrees.min()) / (np.ptp(degrees) or 1) * (2**16 - 1)).astype(np.uint32)

    places = geometry.hilbert_index(cells(network.node_lon), cells(network.node_lat), 16)
    assert (np.diff(places) >= 0).all()
    edges = list(zip(network.edge_u.tolist(), network.edge_v.tolist(), strict=True))
    assert edges == sorted(edges)
    assert set(range(network.n_nodes)) == {node for edge in edges for node in edge}


def test_on_a_grid_of_streets_neighbours_have_near_numbers():
    """Of 32 by 32 crossings numbered at random, most neighbours come to be at most a few numbers apart."""
    rng = np.random.default_rng(8)
    number = rng.permutation(32 * 32).reshape(32, 32)
    u = np.concatenate([number[:-1].ravel(), number[:, :-1].ravel()])
    v = np.concatenate([number[1:].ravel(), number[:, 1:].ravel()])
    order = np.argsort(number.ravel())
    east, north = (part.ravel()[order] * 0.001 for part in np.meshgrid(np.arange(32), np.arange(32)))
    times = np.ones(u.size)
    plain = Network.from_edges(lon=10 + east, lat=60 + north, u=u, v=v, forward_s=times, backward_s=times)
    curved = simplify(plain)
    assert curved.n_nodes == plain.n_nodes - 4, "the four corners are no crossings"
    gaps = [np.median(np.abs(road.edge_u.astype(int) - road.edge_v)) for road in (plain, curved)]
    assert gaps[0] > 200
    assert gaps[1] <= 3


@settings(max_examples=100, deadline=None)
@given(segments(), st.booleans())
def test_shapes_lead_from_end_to_end_and_carry_their_ways(drawn, late):
    network = simplify(made_of(drawn, merge_chains=False)) if late else made_of(drawn)
    first, last = network.shape_ptr[:-1], network.shape_ptr[1:] - 1
    for points, ends in ((first, network.edge_u), (last, network.edge_v)):
        np.testing.assert_array_equal(network.shape_lon[points], network.node_lon[ends])
        np.testing.assert_array_equal(network.shape_lat[points], network.node_lat[ends])
    pieces = []
    for e in range(network.n_edges):
        points = slice(network.shape_ptr[e], network.shape_ptr[e + 1] - 1)
        for times, seconds in (
            (network.edge_forward_ds, network.shape_forward_s),
            (network.edge_backward_ds, network.shape_backward_s),
        ):
            assert seconds[points].sum() == pytest.approx(max(times[e], 0) / 10, abs=0.051)
        corners = np.column_stack([network.shape_lon, network.shape_lat])[points.start : points.stop + 1]
        pieces += [
            (int(way), frozenset([tuple(p), tuple(q)]))
            for way, p, q in zip(network.shape_way[points], corners[:-1], corners[1:], strict=True)
        ]
    i = np.arange(20)
    at = np.column_stack([10 + 0.01 * i, 60 + 0.004 * (i * 7 % 11)])
    assert sorted(pieces, key=str) == sorted(
        [(way, frozenset([tuple(at[a]), tuple(at[b])])) for way, (a, b, *_) in enumerate(drawn)], key=str
    )


@settings(max_examples=60, deadline=None)
@given(segments())
def test_merging_while_assembling_is_merging_afterwards(drawn):
    drawn = [(a, b, round(f), round(w), *rest) for a, b, f, w, *rest in drawn]  # no rounding in between
    early, late = made_of(drawn), simplify(made_of(drawn, merge_chains=False))
    assert early.n_edges == late.n_edges
    assert sorted(early.edge_length_m.round(1).tolist()) == sorted(late.edge_length_m.round(1).tolist())
    # Where a ring is opened may differ; between nodes that both keep nothing may.
    one, other = by_place(early), by_place(late)
    for u in one.keys() & other.keys():
        for v in one.keys() & other.keys():
            assert one[u].get(v) == other[u].get(v)


# On disk


@pytest.fixture
def stored(tmp_path):
    ferries = pd.DataFrame(
        {
            "way_id": [5],
            "name": ["Herjólfur, Æðey"],
            "crossing_s": [2100.0],
            "wait_s": [900.0],
            "cars": [True],
            "joined": [1],
            "note": ["duration as tagged"],
        }
    )
    network = dataclasses.replace(small(), ferries=ferries, counts={"ways_read": 12345, "ways_closed": 0})
    network = dataclasses.replace(network, unread=(("access=whoever", "value not known", 1, "way 7"),))
    return network, save_network(network, tmp_path / "kept" / "network")


def test_what_is_saved_is_loaded(stored):
    network, folder = stored
    loaded = load_network(folder)
    for name in ARRAYS:
        kept, original = getattr(loaded, name), getattr(network, name)
        assert kept.dtype == original.dtype, name
        np.testing.assert_array_equal(kept, original)
        assert not kept.flags.writeable
    assert loaded.class_names == network.class_names
    assert loaded.counts == network.counts
    assert loaded.unread == network.unread != ()
    pd.testing.assert_frame_equal(loaded.ferries, network.ferries)
    assert repr(loaded) == repr(network)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["network"], "nothing else is left behind"
    save_network(small(), folder)
    assert not len(load_network(folder).ferries), "a second save takes the place of the first"


def test_a_flipped_byte_anywhere_is_refused(stored):
    _, folder = stored
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        places = range(len(whole)) if path.suffix == ".json" else {0, 9, len(whole) // 2, len(whole) - 1}
        for at in places:
            for mask in (0x01,) if at % 10 else (0x01, 0x80):
                path.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
                with pytest.raises(InputError, match="build the network again"):  # noqa: PT012 - the place is told
                    load_network(folder)
                    pytest.fail(f"{path.name}: byte {at} ({whole[at : at + 1]!r}) may change and nobody sees it")
        path.write_bytes(whole)
    load_network(folder)


def test_missing_and_short_files_are_refused(stored):
    _, folder = stored
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        path.unlink()
        with pytest.raises(InputError, match="build the network again"):
            load_network(folder)
        for damaged in (b"", whole[: len(whole) // 2], whole + b"\0"):
            path.write_bytes(damaged)
            with pytest.raises(InputError, match="build the network again"):
                load_network(folder)
        path.write_bytes(whole)
    shutil.rmtree(folder)
    with pytest.raises(InputError, match="build the network again"):
        load_network(folder)


def test_an_array_that_is_not_accounted_for_is_refused(stored):
    """A folder without the digest of one of its files, such as an older version might write."""
    _, folder = stored
    described = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    del described["xxh64"]["edge_v.npy"]
    (folder / "network.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(InputError, match="build the network again"):
        load_network(folder)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"format": null}', "\xff", '"format"'])
def test_a_description_of_something_else_is_refused(stored, text):
    _, folder = stored
    (folder / "network.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match="build the network again"):
        load_network(folder)


def test_another_version_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(store_module, "_FORMAT", store_module._FORMAT + 1)
        save_network(small(), tmp_path / "network")
    with pytest.raises(InputError, match="another version"):
        load_network(tmp_path / "network")


def inodes(folder):
    return {path.name: path.stat().st_ino for path in folder.iterdir()}


def quicker(network):
    """The same network at other times, as that of another profile is."""
    return dataclasses.replace(network, edge_forward_ds=network.edge_forward_ds // 2)


@pytest.mark.parametrize("mapped", [False, True])
def test_what_networks_share_is_kept_once(stored, mapped):
    network, folder = stored
    if mapped:  # as where boats of a network from the cache follow a timetable
        network = load_network(folder, mmap=True)
    other = save_network(quicker(network), folder.with_name("other"))
    linked = {name for name, number in inodes(other).items() if number in inodes(folder).values()}
    assert linked == {f"{name}.npy" for name in ARRAYS} - {"edge_forward_ds.npy"}
    shutil.rmtree(folder)
    loaded = load_network(other)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(quicker(network), name))


@pytest.mark.parametrize("change", ["removed", "damaged", "another", "no links"])
def test_what_is_no_longer_as_it_was_kept_is_written_anew(stored, change, monkeypatch):
    network, folder = stored
    kept = folder / "shape_lon.npy"
    if change == "removed":
        shutil.rmtree(folder)
    elif change == "damaged":
        kept.write_bytes(kept.read_bytes()[:-1] + b"\x7f")
    elif change == "another":
        save_network(dataclasses.replace(network, shape_lon=network.shape_lon + 1), folder)
    else:
        monkeypatch.setattr("geoaccess.files.disk.link", lambda *_: raises(OSError("no second names")))
    other = save_network(quicker(network), folder.with_name("other"))
    assert not kept.exists() or kept.stat().st_ino != (other / "shape_lon.npy").stat().st_ino
    loaded = load_network(other)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(quicker(network), name))


def raises(error):
    raise error


@pytest.mark.parametrize("mmap", [False, True])
def test_damage_of_what_is_shared_is_seen_in_each(stored, mmap):
    network, folder = stored
    other = save_network(quicker(network), folder.with_name("other"))
    with (folder / "shape_lon.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    for one in (folder, other):
        with pytest.raises(InputError, match="build the network again"):
            load_network(one, mmap=mmap)


# Attaching points


@st.composite
def roads_and_points(draw):
    """Draw up to a few dozen bent roads, one-ways and boats among them, and points on and off them."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, m = draw(st.integers(2, 12)), draw(st.integers(1, 20))
    a, b = rng.integers(0, n, (2, m)).astype(np.int32)
    times = rng.choice([-1, 0, 5, 60.3, 600], (2, m), p=[0.2, 0.05, 0.25, 0.25, 0.25])
    kind = rng.choice([0, 0, 0, 0, 1, 2, 3], m)
    network = assemble(
        lon=14 + rng.random(n) * 0.3,
        lat=68 + rng.random(n) * 0.15,
        a=a,
        b=b,
        forward_s=times[0],
        backward_s=times[1],
        way=np.arange(m, dtype=np.int32),
        way_id=np.arange(m),
        way_class=["road"] * m,
        kind=kind.astype(np.int8),
        snaps=rng.random(m) < 0.8,
        merge_chains=draw(st.booleans()),
    )
    xy = np.column_stack([14 + rng.random(8) * 0.4 - 0.05, 68 + rng.random(8) * 0.2 - 0.025])
    xy[0] = network.node_lon[0], network.node_lat[0]
    return network, gpd.GeoSeries(gpd.points_from_xy(*xy.T), index=list("hgfedcba"), crs="EPSG:4326")


def edges_people_can_use(network, least_m):
    """By networkx: roads open in some direction, to both ends of which one can come and from which one can return."""
    graph = to_networkx(network)
    part = {node: i for i, nodes in enumerate(nx.strongly_connected_components(graph)) for node in nodes}
    inside = [
        e
        for e in range(network.n_edges)
        if network.edge_kind[e] == EdgeKind.ROAD and part[network.edge_u[e]] == part[network.edge_v[e]]
    ]
    metres = np.zeros(len(part))
    for e in inside:
        metres[part[network.edge_u[e]]] += network.edge_length_m[e]
    boats = np.flatnonzero(network.edge_kind != EdgeKind.ROAD)
    called_at = {part[node] for e in boats for node in (network.edge_u[e], network.edge_v[e])}
    usable = [
        e for e in inside if network.edge_snaps[e] and max(network.edge_forward_ds[e], network.edge_backward_ds[e]) >= 0
    ]
    of = {e: part[network.edge_u[e]] for e in usable}
    large = [e for e in usable if metres[of[e]] >= least_m or of[e] in called_at]
    return large, [e for e in usable if e not in large and metres[of[e]] >= 100 and large]


@settings(max_examples=80, deadline=None)
@given(
    roads_and_points(), st.sampled_from([0.0, 8000.0]), st.sampled_from([3000.0, 20_000.0]), st.sampled_from([5.0, 4])
)
def test_points_go_to_the_nearest_place_people_can_use(made, least_m, max_snap_m, kph):
    network, points = made
    large, small = edges_people_can_use(network, least_m)
    assert snappable_edges(network, min_component_m=least_m).tolist() == large
    flat = points.to_crs(network.metric_crs)
    project = pyproj.Transformer.from_crs("EPSG:4326", network.metric_crs, always_xy=True)
    lines = [
        shapely.LineString(np.column_stack(project.transform(*np.array(line.coords).T)))
        for line in network.edges().geometry
    ]
    away = pd.DataFrame(
        {e: shapely.distance(lines[e], flat.to_numpy()) for e in [*large, *small]}, index=points.index, dtype=float
    )
    away = away.where(away <= max_snap_m, np.inf)
    # Of small components only those are taken that are much nearer.
    far, near = (away[of].min(axis=1).fillna(np.inf) for of in (large, small))
    nearest = far.where((far <= 10 * near) | (far <= near + 300) | np.isinf(near), near)
    reached = np.isfinite(nearest)
    arguments = {"max_snap_m": max_snap_m, "off_network_kph": kph, "min_component_m": least_m}
    table = snap(network, points, **arguments)
    assert table.index.tolist() == points.index.tolist()
    assert (table["edge"] >= 0).tolist() == reached.tolist()
    assert table["reason"].tolist() == ["" if there else "no_road_within" for there in reached]
    for label, row in table.iterrows():
        e, legs = int(row["edge"]), row[["to_u_ds", "from_u_ds", "to_v_ds", "from_v_ds"]].tolist()
        if e < 0:
            assert row[["off_network_m", "lon", "lat"]].isna().all()
            assert legs == [-1] * 4
            continue
        assert row["off_network_m"] == pytest.approx(nearest[label], abs=0.03)  # all is to the centimetre
        assert away.loc[label, e] == pytest.approx(nearest[label], abs=0.03)
        assert (row["x_m"], row["y_m"]) == pytest.approx((flat[label].x, flat[label].y), abs=0.006)
        assert row["off_network_ds"] == pytest.approx(row["off_network_m"] / (kph / 3.6) * 10, abs=0.51)
        place = shapely.Point(*project.transform(row["lon"], row["lat"]))
        # Between shape points a place lies on the line in degrees, which is not quite that in metres.
        bend = 1 + 2 * lines[e].length ** 2 / (8 * 6.37e6) * np.tan(np.radians(80))
        assert place.distance(lines[e]) < bend
        assert place.distance(flat[label]) == pytest.approx(row["off_network_m"], abs=bend)
        to_u, from_u, to_v, from_v = legs
        ends = shapely.get_coordinates(lines[e])[[0, -1]]
        if row["node"] >= 0:
            end = [network.edge_u[e], network.edge_v[e]].index(row["node"])
            near = shapely.Point(ends[0 if to_u == 0 else 1])
            assert near.distance(flat[label]) == pytest.approx(row["off_network_m"], abs=0.03)
            assert sorted(legs) == [-1, -1, 0, 0]
            assert (to_u, to_v) == (from_u, from_v)
            assert network.edge_u[e] == network.edge_v[e] or (to_u == 0) == (end == 0)
            continue
        for time, one, other in (
            (network.edge_forward_ds[e], from_u, to_v),
            (network.edge_backward_ds[e], to_u, from_v),
        ):
            assert (one, other) == (-1, -1) if time < 0 else one + other == time
            assert time < 0 or min(one, other) >= 0
        share = lines[e].line_locate_point(flat[label], normalized=True)
        straight = len(lines[e].coords) == 2 and lines[e].length > 0
        if straight:  # one piece: time goes with length
            assert from_u < 0 or from_u == pytest.approx(share * network.edge_forward_ds[e], abs=0.51)
            assert to_u < 0 or to_u == pytest.approx(share * network.edge_backward_ds[e], abs=0.51)


def crossroads(**settings_):
    """Make a road W - M - E with a side road at M, 8 km, and a place north of it to be attached."""
    return Network.from_edges(
        lon=[10, 10.05, 10.1, 10.05],
        lat=[60, 60, 60, 59.98],
        u=[0, 1, 1],
        v=[1, 2, 3],
        **{"forward_s": [200, 200, 200], "backward_s": [200, 200, 200]} | settings_,
    )


def at(*xy, crs="EPSG:4326", index=None):
    return gpd.GeoSeries([shapely.Point(p) for p in xy], crs=crs, index=index)


def test_the_way_to_the_road_is_never_free():
    off = snap(crossroads(), at((10.02, 60.009)))
    metres = pyproj.Geod(ellps="WGS84").inv(10.02, 60.009, 10.02, 60)[2]
    assert off["off_network_m"].iloc[0] == pytest.approx(metres, rel=1e-3)
    assert off["off_network_ds"].iloc[0] == pytest.approx(metres / 5 * 3.6 * 10, rel=1e-3)
    assert off["off_network_ds"].iloc[0] / 10 == pytest.approx(720, rel=0.01), "a kilometre on foot takes 12 minutes"


def test_dead_traps_and_stubs_are_not_where_journeys_begin():
    """Close by lie a one-way into nowhere, a one-way out of nowhere, and a stub of 600 m; the road is farther off."""
    with_traps = Network.from_edges(
        lon=[10, 10.1, 10.04, 10.06, 10.045, 10.05],
        lat=[60, 60, 60.012, 60.012, 60.0115, 60.0115],
        u=[0, 0, 3, 4],
        v=[1, 2, 1, 5],
        forward_s=[400, 100, 100, 30],
        backward_s=[400, -1, -1, 30],
    )
    table = snap(with_traps, at((10.05, 60.013)))
    assert table[["to_u_ds", "from_u_ds"]].min(axis=None) >= 0
    assert table["lat"].iloc[0] == pytest.approx(60, abs=1e-3)
    assert snap(with_traps, at((10.05, 60.013)), min_component_m=0)["lat"].iloc[0] == pytest.approx(60.0115, abs=1e-4)


def test_tunnels_and_boats_are_not_where_journeys_begin():
    for kind, snaps in ((0, False), (1, True), (2, True), (3, True)):
        shared_ = {"forward_s": np.full(2, 60.0), "backward_s": np.full(2, 60.0), "way": np.zeros(2, np.int32)}
        network = assemble(
            lon=np.array([10, 10.1, 10.1]),
            lat=np.array([60, 60, 60.1]),
            a=np.array([0, 1], np.int32),
            b=np.array([1, 2], np.int32),
            way_id=np.array([1]),
            way_class=["road"],
            kind=np.array([0, kind], np.int8),
            snaps=np.array([True, snaps]),
            **shared_,
        )
        assert snap(network, at((10.09, 60.03)))["lat"].iloc[0] == pytest.approx(60, abs=1e-3)


def test_one_way_streets_are_left_at_their_end_only():
    ring = Network.from_edges(
        lon=[10, 10.05, 10.02],
        lat=[60, 60, 60.02],
        u=[0, 1, 2],
        v=[1, 2, 0],
        forward_s=[100, 100, 100],
        backward_s=[-1] * 3,
    )
    row = snap(ring, at((10.0125, 59.999))).iloc[0]
    u, v = (ring.node_lon[end[row["edge"]]] for end in (ring.edge_u, ring.edge_v))
    assert (u, v) == (10, 10.05)
    assert row[["to_u_ds", "from_v_ds"]].tolist() == [-1, -1]
    assert row[["from_u_ds", "to_v_ds"]].tolist() == pytest.approx([250, 750], abs=1)


def test_of_edges_equally_near_the_first_is_taken_whatever_the_order_of_points():
    network, corner = crossroads(), (10.05, 60.0)
    alone = snap(network, at(corner))["edge"].iloc[0]
    many = snap(network, at((10.01, 60), corner, (10.09, 60), corner))["edge"]
    touching = [
        e for e in range(3) if 10.05 in (network.node_lon[network.edge_u[e]], network.node_lon[network.edge_v[e]])
    ]
    assert alone == min(touching)
    assert many.iloc[[1, 3]].tolist() == [alone, alone]


def test_points_may_come_in_any_crs_and_cells_as_squares():
    network, wanted = crossroads(), [(10.02, 60.004), (10.08, 59.997), (10.049, 59.99)]
    table = snap(network, at(*wanted, index=["x", "y", "z"]))
    for crs in ("EPSG:25833", "EPSG:3035", "EPSG:3857"):
        other = snap(network, at(*wanted, index=["x", "y", "z"]).to_crs(crs))
        pd.testing.assert_frame_equal(other, table, check_exact=False, atol=1.01, rtol=1e-6)
    squares = at(*wanted, index=["x", "y", "z"]).to_crs("EPSG:25833").buffer(125, cap_style="square")
    pd.testing.assert_frame_equal(snap(network, squares), table, check_exact=False, atol=1.01, rtol=1e-6)
    frame = gpd.GeoDataFrame({"population": pd.Series([1.0, 2.0, 3.0], squares.index)}, geometry=squares)
    pd.testing.assert_frame_equal(snap(network, frame), snap(network, squares))


def test_no_points_give_no_rows():
    table = snap(crossroads(), at())
    assert len(table) == 0
    assert {"edge", "off_network_m", "off_network_ds", "to_u_ds", "reason"} <= set(table.columns)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (at((10, 60), crs=None), "CRS"),
        (at((100.0, 99.0), index=["beyond"]), "beyond|swapped"),
        (gpd.GeoSeries([shapely.Point(10, 60), None], index=["a", "b"], crs="EPSG:4326"), "1 of 2 .*'b'"),
        (gpd.GeoSeries([shapely.Point(), shapely.Point(10, 60)], index=["a", "b"], crs="EPSG:4326"), "1 of 2 .*'a'"),
        (at((10, 60), (np.nan, 60), index=["a", "b"]), "1 of 2 .*'b'"),
        (at((10, 60), (np.inf, 60), index=["a", "b"]), "1 of 2 .*'b'"),
        (at((500_000, 6_650_000)), "CRS|'?0'?"),  # metres that are called degrees
    ],
)
def test_points_that_cannot_be_placed_are_refused(points, message):
    with pytest.raises(InputError, match=message):
        snap(crossroads(), points)


@pytest.mark.parametrize(
    "setting", [{"off_network_kph": 0}, {"off_network_kph": -5}, {"max_snap_m": -1}, {"max_snap_m": np.nan}]
)
def test_settings_that_mean_nothing_are_refused(setting):
    with pytest.raises(InputError, match=next(iter(setting))):
        snap(crossroads(), at((10.02, 60.004)), **setting)


@pytest.mark.parametrize(("points", "least_m"), [(at((60.0, 10.0)), 0), (at((10.02, 60)), 1e6)])
def test_points_of_which_none_is_near_a_road_have_rows_and_can_be_refused(points, least_m):
    table = snap(crossroads(), points, min_component_m=least_m)
    assert table[["edge", "reason"]].to_numpy().tolist() == [[-1, "no_road_within"]]
    with pytest.raises(InputError, match=r"usable road.*longitude and latitude are not swapped"):
        check_any_snapped(crossroads(), table, max_snap_m=5000)


def test_an_edge_that_takes_years_is_refused():
    road = {"lon": [10.0, 10.1], "lat": [60.0, 60.0], "u": [0], "v": [1], "backward_s": [1.0]}
    longest_s = (2**31 - 1 - 2**28) / 10
    assert Network.from_edges(**road, forward_s=[longest_s]).edge_forward_ds.tolist() == [2**31 - 1 - 2**28]
    with pytest.raises(InputError, match=r"edge_forward_ds: edge 0 takes 1879048192 deciseconds"):
        Network.from_edges(**road, forward_s=[longest_s + 0.1])

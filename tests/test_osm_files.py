"""Files as they come: objects twice, ids that clash, nodes that are missing, an editor's files, other forms."""

from __future__ import annotations

import gzip
import shutil

import numpy as np
import osmium
import pytest
from osm_writer import write_osm, xml
from pbf_writer import blob, block, header, number, run, steps, varint, write

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.osm import find_profile, read_extract, read_features, read_profile

CAR = read_profile(find_profile("car"))
ROAD = {"highway": "primary"}
NODES = [(i, round(10 + 0.01 * i, 7), 60.0) for i in range(1, 6)]
WAYS = [(1, [1, 2, 3], ROAD), (2, [3, 4, 5], {"highway": "secondary"})]


def same(one, other):
    """Whether two networks are the same roads with the same times."""
    arrays = ("edge_u", "edge_v", "edge_forward_ds", "edge_backward_ds", "shape_lon", "shape_lat")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)


def versioned(ways=(), nodes=(), *, dense=True):
    """Blocks of ways (id, refs, tags, version[, visible]) and nodes (id, lon, lat, version), coordinates in 1e-7."""
    words = ["", *dict.fromkeys(text for _, _, tags, *_ in ways for pair in tags.items() for text in pair)]
    table = run(1, b"".join(run(1, text.encode()) for text in words))
    blocks = []
    if nodes:
        ids, lons, lats, numbers = zip(*nodes, strict=True)
        about = run(5, run(1, b"".join(varint(version) for version in numbers)))
        group = run(2, run(1, steps(ids)) + about + run(8, steps(lats)) + run(9, steps(lons)))
        blocks.append(run(1, run(1, b"")) + run(2, group))
    if ways:
        group = b""
        for i, refs, tags, version, *visible in ways:
            keys = run(2, b"".join(varint(words.index(key)) for key in tags))
            values = run(3, b"".join(varint(words.index(value)) for value in tags.values()))
            about = run(4, number(1, version) + b"".join(number(6, int(flag)) for flag in visible))
            group += run(3, number(1, i) + keys + values + about + run(8, steps(refs)))
        blocks.append(table + run(2, group))
    return blocks


# Objects twice in one file


@pytest.mark.parametrize("kind", ["pbf", "osm", "opl"])
def test_a_file_that_holds_everything_twice_is_the_same_network(tmp_path, kind):
    once = write_osm(tmp_path / "once.osm", NODES, WAYS)
    path = tmp_path / f"twice.osm.{kind}" if kind == "pbf" else tmp_path / f"twice.{kind}"
    with osmium.SimpleWriter(str(path)) as writer:
        for _ in range(2):
            for item in osmium.FileProcessor(once):
                writer.add(item)
    network = ga.read_osm(path)
    assert same(network, ga.read_osm(once))
    assert network.counts["ways_repeated_in_a_file"] == 2
    assert network.counts["nodes_repeated_in_a_file"] == 5


def test_troms_twice_in_one_file_is_troms(tmp_path, data):
    source = data / "troms" / "troms-modelled.osm.pbf"
    path = tmp_path / "twice.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for _ in range(2):
            for item in osmium.FileProcessor(source):
                writer.add(item)
    once, twice = (read_extract([name], CAR) for name in (source, path))
    assert twice.counts["ways_repeated_in_a_file"] >= once.way_id.size
    assert once.way_id.tolist() == twice.way_id.tolist()
    assert np.array_equal(once.ref, twice.ref)
    assert np.array_equal(once.lon, twice.lon)
    assert once.restrictions == twice.restrictions


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_highest_version_of_a_way_and_of_a_node_wins(tmp_path, order):
    at = [(i, 100_000_000 + 100_000 * i, 600_000_000) for i in range(1, 6)]
    old = versioned([(1, [1, 2], ROAD, 1), (2, [2, 3], ROAD, 1), (3, [3, 4], ROAD, 1)], [(*row, 1) for row in at])
    moved = (2, 100_250_000, 600_000_000, 2)
    new = versioned(
        [(1, [1, 2, 5], {"highway": "tertiary"}, 2), (2, [2, 3], {"building": "yes"}, 2), (3, [3, 4], ROAD, 2, False)],
        [moved],
    )
    parts = [old, new]
    path = write(tmp_path / "both.osm.pbf", [one for i in order for one in parts[i]])
    extract = read_extract([path], CAR)
    assert extract.way_id.tolist() == [1], "way 2 is no road any more, way 3 is deleted"
    assert [extract.tagsets[i]["highway"] for i in extract.way_tags] == ["tertiary"]
    assert extract.node_id[extract.ref].tolist() == [1, 2, 5]
    assert extract.lon[extract.ref[1]] == pytest.approx(10.025)
    assert extract.counts["ways_repeated_in_a_file"] == 3
    assert extract.counts["nodes_repeated_in_a_file"] == 1
    text = tmp_path / "both.osm"
    versions = [
        xml(
            [(i, lon / 1e7, lat / 1e7) for i, lon, lat in at], [(1, [1, 2], ROAD), (2, [2, 3], ROAD), (3, [3, 4], ROAD)]
        ),
        xml(
            [(2, 10.025, 60.0)],
            [(1, [1, 2, 5], {"highway": "tertiary"}), (2, [2, 3], {"building": "yes"}), (3, [3, 4], ROAD)],
            attributes_of={("w", 3): {"visible": "false"}},
        ),
    ]
    bodies = [
        text_of.replace('generator="test">', "").replace(' id="', f' version="{v + 1}" id="').split("\n", 1)[1]
        for v, text_of in enumerate(versions)
    ]
    text.write_text(
        '<osm version="0.6">\n' + "\n".join(bodies[i].removesuffix("</osm>") for i in order) + "\n</osm>",
        encoding="utf-8",
    )
    other = read_extract([text], CAR)
    assert other.way_id.tolist() == [1]
    assert other.node_id[other.ref].tolist() == [1, 2, 5]
    assert other.lon[other.ref[1]] == pytest.approx(10.025)


# Several files


def test_ids_that_mean_other_objects_in_another_file_are_named(tmp_path):
    one = write_osm(tmp_path / "one.osm", NODES, WAYS)
    far = [(i, lon + 1, lat) for i, lon, lat in NODES]
    other = write_osm(tmp_path / "other.osm", far, [(7, [1, 2], ROAD)])
    with pytest.raises(InputError, match=r"one\.osm and .*other\.osm: 2 nodes \(1, 2\)"):
        ga.read_osm(one, other)
    turned = write_osm(tmp_path / "turned.osm", NODES, [(2, [1, 5], ROAD)])
    with pytest.raises(InputError, match=r"way 2 is in both, with the same version"):
        ga.read_osm(one, turned)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_a_way_in_two_files_the_newer_version_is_taken(tmp_path, order):
    about = {("w", 1): {"version": 2}, ("w", 2): {"version": 2}}
    paths = [
        write_osm(tmp_path / "old.osm", NODES, WAYS, attributes_of={("w", 1): {"version": 1}}),
        write_osm(tmp_path / "new.osm", NODES, [(1, [1, 3], {"highway": "tertiary"})], attributes_of=about),
    ]
    extract = read_extract([paths[i] for i in order], CAR)
    assert extract.counts["ways_doubled"] == 1
    at = extract.way_id.tolist().index(1)
    assert extract.tagsets[extract.way_tags[at]]["highway"] == "tertiary"


# Nodes that are missing


def grid(n):
    """Roads to and fro over a square, n rows of n nodes, each row a way of its own."""
    nodes = [(i + 1, 10 + 0.001 * (i % n), 60 + 0.0005 * (i // n)) for i in range(n * n)]
    rows = [(r + 1, [r * n + c + 1 for c in range(n)], ROAD) for r in range(n)]
    columns = [(n + c + 1, [r * n + c + 1 for r in range(n)], ROAD) for c in range(n)]
    return nodes, [*rows, *columns]


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
def test_missing_nodes_at_the_border_are_reported_and_inside_are_refused(tmp_path, suffix):
    nodes, ways = grid(40)

    def written(name, gone, *, cut=False):
        kept = [node for node in nodes if node[0] not in gone]
        roads = [way for way in ways if not cut or set(way[1]) - gone]
        if suffix == ".osm":
            return write_osm(tmp_path / f"{name}.osm", kept, roads)
        dense = [(i, round(lon * 1e7), round(lat * 1e7), []) for i, lon, lat in kept]
        blocks = [block([("dense", dense)]), block([("ways", [(i, refs, [*tags.items()]) for i, refs, tags in roads])])]
        return write(tmp_path / f"{name}.osm.pbf", blocks)

    reported = []
    border = {i + 1 for i in range(1600) if i % 40 >= 38}
    extract = read_extract([written("border", border, cut=True)], CAR, progress=reported.append)
    assert extract.counts["way_nodes_missing"] == len(border) == 80
    assert extract.counts["way_nodes_missing_inside"] == 0
    assert any("80 of the 1600 nodes" in line for line in reported)
    one = {40 * 20 + 21}
    reported.clear()
    assert read_extract([written("one", one)], CAR, progress=reported.append).counts["way_nodes_missing"] == 1
    assert not any("of the 1600" in line for line in reported), "below a thousandth nothing is given"
    with pytest.raises(InputError, match=r"40 of the 1600 nodes .*inside"):
        read_extract([written("row", {40 * 20 + c + 1 for c in range(40)})], CAR)


def test_troms_without_one_block_of_nodes_is_refused(tmp_path, data):
    """Its roads lose their nodes in the middle of the county, and people their doctor."""
    source = data / "troms" / "troms-modelled.osm.pbf"
    ids = sorted(item.id for item in osmium.FileProcessor(source, osmium.osm.NODE))
    gone = set(ids[len(ids) // 3 : len(ids) // 3 + min(8000, len(ids) // 10)])
    path = tmp_path / "holes.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(source):
            if not (item.is_node() and item.id in gone):
                writer.add(item)
    with pytest.raises(InputError, match="inside"):
        ga.read_osm(path)


def test_a_file_without_any_relation_says_so(tmp_path):
    reported = []
    extract = read_extract([write_osm(tmp_path / "bare.osm", NODES, WAYS)], CAR, progress=reported.append)
    assert extract.counts["files_without_relations"] == 1
    assert any("bare.osm: no relation" in line for line in reported)
    reported.clear()
    whole = write_osm(tmp_path / "whole.osm", NODES, WAYS, [(1, [("w", 1, "")], {"type": "site"})])
    assert read_extract([whole], CAR, progress=reported.append).counts["files_without_relations"] == 0
    assert not any("no relation" in line for line in reported)


# An editor's files


EDITED_NODES = [(-1, 10.01, 60.0), (-2, 10.02, 60.0, {"barrier": "bollard"}), (-3, 10.03, 60.0), (4, 10.04, 60.0)]
EDITED_WAYS = [(-1, [-1, -2], ROAD), (-2, [-2, -3, 4], ROAD), (9, [-1, 4], {"highway": "motorway"})]
DELETED = {("w", 9): {"action": "delete", "version": 3}, ("n", 4): {"version": 2}}
INVISIBLE = {("w", 9): {"visible": "false", "version": 3}, ("n", 4): {"version": 2}}


@pytest.mark.parametrize("gone", [DELETED, INVISIBLE])
@pytest.mark.parametrize("packed", [False, True])
def test_new_and_deleted_objects_of_an_editor(tmp_path, gone, packed):
    text = xml(EDITED_NODES, EDITED_WAYS, attributes_of=gone)
    path = tmp_path / ("edited.osm.gz" if packed else "edited.osm")
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    extract = read_extract([path], CAR)
    assert sorted(extract.way_id.tolist()) == [-2, -1]
    assert extract.counts["way_nodes_missing"] == 0
    assert [extract.node_tagsets[i] for i in extract.hindering_tags] == [{"barrier": "bollard"}]
    dense = [(-3, 10.03), (-2, 10.02), (-1, 10.01), (4, 10.04)]
    blocks = [
        block(
            [("dense", [(i, round(lon * 1e7), 600_000_000, [("barrier", "bollard")] * (i == -2)) for i, lon in dense])]
        ),
        block([("ways", [(i, refs, [*tags.items()]) for i, refs, tags in EDITED_WAYS if i < 0])]),
    ]
    assert same(ga.read_osm(path), ga.read_osm(write(tmp_path / "edited.osm.pbf", blocks)))


def test_new_and_deleted_objects_in_opl(tmp_path):
    lines = [
        "n-1 v0 dV x10.01 y60",
        "n-2 v0 dV Tbarrier=bollard x10.02 y60",
        "n-3 v0 dV x10.03 y60",
        "n4 v2 dV x10.04 y60",
        "w-1 v0 dV Thighway=primary Nn-1,n-2",
        "w-2 v0 dV Thighway=primary Nn-2,n-3,n4",
        "w9 v3 dD Thighway=motorway Nn-1,n4",
    ]
    path = tmp_path / "edited.opl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    extract = read_extract([path], CAR)
    assert sorted(extract.way_id.tolist()) == [-2, -1]
    assert extract.counts["way_nodes_missing"] == 0


# Other forms


def test_ways_that_hold_the_places_of_their_nodes(tmp_path):
    """`osmium add-locations-to-ways` leaves out the nodes without tags."""
    plain = write_osm(tmp_path / "plain.osm", NODES, WAYS)
    words = ["", "highway", "primary", "secondary"]
    table = run(1, b"".join(run(1, word.encode()) for word in words))
    places = {i: (round(lon * 1e7), round(lat * 1e7)) for i, lon, lat in NODES}
    group = b""
    for i, refs, tags in WAYS:
        value = varint(words.index(tags["highway"]))
        lons, lats = zip(*(places[ref] for ref in refs), strict=True)
        group += run(
            3,
            number(1, i)
            + run(2, varint(1))
            + run(3, value)
            + run(8, steps(refs))
            + run(9, steps(lats))
            + run(10, steps(lons)),
        )
    path = tmp_path / "located.osm.pbf"
    path.write_bytes(header(optional=("LocationsOnWays",)) + blob(table + run(2, group)))
    assert same(ga.read_osm(path), ga.read_osm(plain))
    text = tmp_path / "located.opl"
    text.write_text(
        "".join(
            f"w{i} v1 dV Thighway={tags['highway']} N"
            + ",".join(f"n{r}x{places[r][0] / 1e7}y{places[r][1] / 1e7}" for r in refs)
            + "\n"
            for i, refs, tags in WAYS
        ),
        encoding="utf-8",
    )
    assert same(ga.read_osm(text), ga.read_osm(plain))


@pytest.mark.parametrize("name", ["a.osc", "a.osc.gz", "A.OSC", "a.osh.pbf", "a.osh", "a.o5c"])
def test_changes_and_histories_are_refused_by_name(tmp_path, name):
    path = tmp_path / name
    path.write_text("<osmChange version='0.6'></osmChange>", encoding="utf-8")
    for read in (ga.read_osm, lambda path: read_features([path], [("amenity", "hospital")])):
        with pytest.raises(InputError, match=r"osmium (apply-changes|time-filter)"):
            read(path)


def test_a_history_that_hides_behind_another_name_is_refused(tmp_path):
    path = tmp_path / "map.osm"
    path.write_text(
        '<osmChange version="0.6"><create><node id="1" version="1" lon="10" lat="60"/></create></osmChange>',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="history"):
        ga.read_osm(path)


@pytest.mark.parametrize("name", ["TOWN.OSM.PBF", "town.PBF"])
def test_capitals_in_a_name_do_not_matter(tmp_path, name):
    plain = write_osm(tmp_path / "plain.osm", [*NODES, (9, 10.0, 60.1, {"amenity": "hospital"})], WAYS)
    small = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(small)) as writer:
        for item in osmium.FileProcessor(plain):
            writer.add(item)
    path = tmp_path / "upper" / name
    path.parent.mkdir()
    shutil.copy(small, path)
    shouted = tmp_path / "PLAIN.OSM"
    shutil.copy(plain, shouted)
    assert same(ga.read_osm(path), ga.read_osm(plain))
    assert same(ga.read_osm(shouted), ga.read_osm(plain))
    for one in (path, shouted):
        assert read_features([one], [("amenity", "hospital")])["osm_id"].tolist() == [9]


def test_roads_without_length_are_called_so(tmp_path):
    nodes = [(1, 10.0, 60.0), (2, 10.0, 60.0), *((i + 10, lon, lat) for i, lon, lat in NODES)]
    dot = [(1, [1, 2], ROAD), (2, [1, 1], ROAD), (3, [1], ROAD)]
    with pytest.raises(InputError, match="no length"):
        ga.read_osm(write_osm(tmp_path / "dots.osm", nodes, dot))
    more = [*dot, *((i + 10, [ref + 10 for ref in refs], tags) for i, refs, tags in WAYS)]
    boat = (9, [1, 2], {"route": "ferry", "motor_vehicle": "yes"})
    network = ga.read_osm(write_osm(tmp_path / "some.osm", nodes, [*more, boat]))
    assert network.counts["ways_of_no_length"] == 4


def test_car_trains_are_crossings(tmp_path):
    """A train through a mountain: 10 km in 12 minutes between two roads; cars ride unless tags say that they do not."""
    nodes = [(1, 8.0, 46.0), (2, 8.05, 46.0), (3, 8.18, 46.0), (4, 8.23, 46.0)]
    roads = [(1, [1, 2], ROAD), (2, [3, 4], ROAD)]
    train = {"route": "shuttle_train", "railway": "rail", "duration": "00:12"}

    def ferries(tags, relations=()):
        path = write_osm(tmp_path / "train.osm", nodes, [*roads, (3, [2, 3], tags)], relations)
        network = ga.read_osm(path)
        return network, network.ferries

    network, listed = ferries(train)
    assert listed["cars"].tolist() == [True]
    assert listed["crossing_s"].tolist() == [720]
    journey = ga.route(network, (8.01, 46.0), (8.2, 46.0))
    assert "crossing" in journey["part"].tolist()
    assert ferries(train | {"motor_vehicle": "no"})[1]["cars"].tolist() == [False]
    route = (5, [("w", 3, "")], {"type": "route", "route": "shuttle_train", "duration": "00:12"})
    by_relation = ferries({"railway": "rail"}, [route])[1]
    assert by_relation["cars"].tolist() == [True]
    assert by_relation["crossing_s"].tolist() == [720]
    fast = ferries(train | {"duration": "00:06"})[1]
    assert fast["crossing_s"].tolist() == [360], "100 km/h: too fast for a boat, not for a train"

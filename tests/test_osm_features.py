"""Mapped features as points, and administrative boundaries as polygons."""

from __future__ import annotations

from pathlib import Path

import osmium
import pytest
import shapely
from osm_writer import write_osm
from pbf_writer import block, write

from geoaccess.errors import InputError, MissingFileError
from geoaccess.osm import (
    WantedAreas,
    WantedFeatures,
    read_border,
    read_boundaries,
    read_features,
    read_osm,
    read_polygons,
    read_wanted,
)

ROOT = Path(__file__).parents[1]
HOSPITAL = {"amenity": "hospital"}
WANTED = [("amenity", "hospital"), ("amenity", "clinic")]


class Map:
    """A file in the making: nodes are made where they are first named by their place."""

    def __init__(self, path):
        self.path, self.nodes, self.node_tags, self.ways, self.relations = path, {}, {}, {}, {}

    def node(self, xy, tags=None, number=None):
        number = self.nodes.setdefault(xy, number or len(self.nodes) + 1)
        if tags:
            self.node_tags[number] = tags
        return number

    def way(self, number, corners, tags=None):
        self.ways[number] = ([self.node(xy) for xy in corners], tags or {})
        return number

    def ring(self, number, x, y, size, tags=None):
        return self.way(number, [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)], tags)

    def write(self, *, without=()):
        with osmium.SimpleWriter(str(self.path), overwrite=True) as writer:
            for xy, i in sorted(self.nodes.items(), key=lambda item: item[1]):
                if xy not in without:
                    writer.add_node(osmium.osm.mutable.Node(id=i, location=xy, tags=self.node_tags.get(i, {})))
            for i, (refs, tags) in sorted(self.ways.items()):
                writer.add_way(osmium.osm.mutable.Way(id=i, nodes=refs, tags=tags))
            for i, (members, tags) in sorted(self.relations.items()):
                writer.add_relation(osmium.osm.mutable.Relation(id=i, members=members, tags=tags))
        return self.path


@pytest.fixture(params=[".osm.pbf", ".osm"])
def drawn(request, tmp_path):
    return Map(tmp_path / f"features{request.param}")


def square(x, y, size):
    return shapely.box(x, y, x + size, y + size)


# Features


def test_nodes_ways_and_relations_become_points(drawn):
    drawn.node((10.5, 60.5), HOSPITAL | {"name": "Sjúkrahús"})
    drawn.ring(20, 11, 60, 0.01, HOSPITAL | {"name": "House", "building": "yes"})
    drawn.way(21, [(12, 60), (12.01, 60), (12.03, 60)], {"amenity": "clinic"})
    drawn.ring(22, 13, 60, 0.03)
    drawn.ring(23, 13.01, 60.01, 0.01)
    drawn.relations[5] = ([("w", 22, "outer"), ("w", 23, "inner")], HOSPITAL | {"type": "multipolygon", "name": "Ring"})
    drawn.node((14, 60), {"amenity": "school"})
    drawn.node((14.1, 60), {"healthcare": "hospital"})
    table = read_features([drawn.write()], WANTED)
    assert table.crs == "EPSG:4326"
    assert list(zip(table["osm_type"], table["osm_id"], table["name"], strict=True)) == [
        ("node", 1, "Sjúkrahús"),
        ("relation", 5, "Ring"),
        ("way", 20, "House"),
        ("way", 21, ""),
    ]
    assert table.geom_type.unique().tolist() == ["Point"]
    node, ring, house, line = table.geometry
    assert node.equals_exact(shapely.Point(10.5, 60.5), 1e-7)
    assert square(11, 60, 0.01).contains(house)
    assert square(13, 60, 0.03).difference(square(13.01, 60.01, 0.01)).contains(ring)
    assert line.equals_exact(shapely.Point(12.015, 60), 1e-6), "the middle of its length, not of its corners"
    assert table["tags"].iloc[2] == HOSPITAL | {"name": "House", "building": "yes"}


def test_a_bent_house_stands_for_itself_from_inside(drawn):
    """The middle of an L lies outside it."""
    corners = [(10, 60), (10.04, 60), (10.04, 60.005), (10.005, 60.005), (10.005, 60.04), (10, 60.04), (10, 60)]
    drawn.way(7, corners, HOSPITAL)
    table = read_features([drawn.write()], WANTED)
    shape = shapely.Polygon(corners)
    assert not shape.contains(shape.centroid)
    assert shape.contains(table.geometry.iloc[0])


def test_of_one_feature_in_two_files_one_is_taken(drawn, tmp_path):
    drawn.node((10.5, 60.5), HOSPITAL)
    drawn.ring(20, 11, 60, 0.01, HOSPITAL)
    first = drawn.write()
    other = Map(tmp_path / "other.osm.pbf")
    other.nodes, other.node_tags, other.ways = dict(drawn.nodes), dict(drawn.node_tags), dict(drawn.ways)
    other.node((10.7, 60.5), {"amenity": "clinic"}, number=99)
    second = other.write()
    for paths in ([first, second], [second, first]):
        table = read_features(paths, WANTED)
        assert list(zip(table["osm_type"], table["osm_id"], strict=True)) == [("node", 1), ("node", 99), ("way", 20)]
        assert square(11, 60, 0.01).contains(table.geometry.iloc[2])


def test_a_feature_whose_nodes_the_extract_lacks_does_not_spoil_the_rest(drawn):
    drawn.node((10.5, 60.5), HOSPITAL)
    drawn.ring(20, 11, 60, 0.01, HOSPITAL)
    table = read_features([drawn.write(without=[(11, 60)])], WANTED)
    assert table["osm_id"].tolist()[0] == 1


# Areas that do not close


def note_of(table, number):
    return table.set_index("osm_id").loc[number, "tags"].get("geoaccess:note", "")


def test_a_house_with_a_corner_outside_of_the_extract_becomes_a_point_with_a_note(drawn):
    drawn.ring(20, 11, 60, 0.01, HOSPITAL | {"name": "House"})
    drawn.way(21, [(12, 60), (12.01, 60), (12.03, 60)], {"amenity": "clinic"})
    table = read_features([drawn.write(without=[(11, 60), (12.03, 60)])], WANTED)
    assert table["osm_id"].tolist() == [20, 21]
    assert square(11, 60, 0.01).covers(table.geometry.iloc[0])
    assert table.geometry.iloc[1].equals_exact(shapely.Point(12.005, 60), 1e-7)
    assert table["name"].tolist() == ["House", ""]
    assert all("not in the extract" in note_of(table, number) for number in (20, 21))


def test_a_hospital_of_which_a_member_is_missing_or_that_is_a_site_becomes_a_point_with_a_note(drawn):
    drawn.way(30, [(11, 60), (11.01, 60), (11.01, 60.01)])
    drawn.ring(31, 13, 60, 0.02)
    drawn.ring(32, 13.1, 60, 0.02)
    drawn.node((15, 61))
    missing = [("w", 30, "outer"), ("w", 999, "outer")]
    drawn.relations[5] = (missing, HOSPITAL | {"type": "multipolygon", "name": "Half"})
    whole = [("w", 31, ""), ("w", 32, ""), ("n", drawn.node((13.05, 60.01)), "entrance")]
    drawn.relations[6] = (whole, HOSPITAL | {"type": "site", "name": "Site"})
    drawn.relations[7] = ([("n", drawn.node((15, 61)), "")], HOSPITAL | {"type": "site"})
    drawn.relations[8] = ([("w", 998, "outer")], HOSPITAL | {"type": "multipolygon"})
    drawn.relations[9] = ([("r", 6, "")], {"amenity": "clinic", "type": "site"})
    table = read_features([drawn.write()], WANTED)
    assert table["osm_id"].tolist() == [5, 6, 7, 9], "of 8 nothing at all is in the file"
    half, site, dot, nested = table.geometry
    assert square(11, 60, 0.01).covers(half)
    assert "not in the extract" in note_of(table, 5)
    assert any(square(x, 60, 0.02).contains(site) for x in (13, 13.1))
    assert dot.equals_exact(shapely.Point(15, 61), 1e-7)
    assert nested.equals(site)


def test_check_names_what_does_not_close(drawn):
    from geoaccess.phrases import Writer
    from geoaccess.study.doubtful_sites import loose_features

    drawn.ring(20, 11, 60, 0.01, HOSPITAL | {"name": "House"})
    drawn.ring(21, 12, 60, 0.01, HOSPITAL)
    table = read_features([drawn.write(without=[(11, 60)])], WANTED)
    (line,) = loose_features(table, Writer("en", ("terminal",)))
    assert line.startswith("way 20 (House): ")


@pytest.mark.parametrize("order", [(4, 3, 2, 1, 0), (2, 0, 3, 1, 4), (3, 2, 4, 0, 1)])
def test_a_file_out_of_order_has_the_same_features(tmp_path, order):
    corners = [(110_000_000, 600_000_000), (110_100_000, 600_000_000), (110_100_000, 600_100_000)]
    nodes = [(i + 1, lon, lat, []) for i, (lon, lat) in enumerate(corners)]
    line = [(9, 120_000_000, 600_000_000, []), (10, 120_200_000, 600_000_000, [("amenity", "hospital")])]
    blocks = [
        block([("dense", nodes)]),
        block([("dense", line)]),
        block([("ways", [(1, [1, 2, 3, 1], [("amenity", "hospital"), ("building", "yes")]), (2, [1, 2], [])])]),
        block([("ways", [(3, [9, 10], [("amenity", "clinic")]), (4, [2, 3, 1], [])])]),
        block(
            [
                (
                    "relations",
                    [(7, [("w", 2, "outer"), ("w", 4, "outer")], [("type", "multipolygon"), *HOSPITAL.items()])],
                )
            ]
        ),
    ]
    expected = read_features([write(tmp_path / "sorted.osm.pbf", blocks)], WANTED)
    assert len(expected) == 4
    found = read_features([write(tmp_path / "other.osm.pbf", [blocks[i] for i in order])], WANTED)
    assert found.drop(columns="geometry").equals(expected.drop(columns="geometry")), "without a note"
    near = shapely.distance(found.geometry.to_numpy(), expected.geometry.to_numpy())
    assert (near < 0.005).all()
    assert shapely.Polygon([(lon / 1e7, lat / 1e7) for lon, lat in corners]).contains(found.geometry.iloc[1:3]).all()


def test_features_of_an_editors_file(tmp_path):
    nodes = [(-1, 10.0, 60.0), (-2, 10.01, 60.0), (-3, 10.01, 60.01), (-4, 11, 60, HOSPITAL), (5, 12, 60, HOSPITAL)]
    ways = [(-1, [-1, -2, -3, -1], HOSPITAL | {"building": "yes"}), (6, [-1, -2], HOSPITAL)]
    gone = {("n", 5): {"action": "delete"}, ("w", 6): {"visible": "false", "version": 2}}
    table = read_features([write_osm(tmp_path / "edited.osm", nodes, ways, attributes_of=gone)], WANTED)
    assert list(zip(table["osm_type"], table["osm_id"], strict=True)) == [("node", -4), ("way", -1)]
    assert shapely.Polygon([(10, 60), (10.01, 60), (10.01, 60.01)]).contains(table.geometry.iloc[1])


def test_no_feature_gives_an_empty_table_of_the_same_form(drawn):
    drawn.node((10.5, 60.5), {"amenity": "school"})
    table = read_features([drawn.write()], WANTED)
    assert len(table) == 0
    assert [*table.columns] == ["osm_type", "osm_id", "name", "tags", "geometry"]
    assert table.crs == "EPSG:4326"


def test_every_feature_used_in_iceland_is_where_the_reviewed_table_has_it():
    """The table was written by hand from another reading of the same extract."""
    import pandas as pd

    reviewed = pd.read_csv(ROOT / "data" / "iceland" / "health_features_reviewed.csv")
    tags = [tuple(tag.split("=")) for tag in reviewed["osm_tag"].dropna().unique()]
    table = read_features([ROOT / "data" / "iceland" / "iceland-2019.osm.pbf"], tags).set_index(["osm_type", "osm_id"])
    for _, row in reviewed.iterrows():
        found = table.loc[row["osm_type"], row["osm_id"]]
        key, value = row["osm_tag"].split("=")
        assert found["tags"][key] == value
        assert shapely.distance(found["geometry"], shapely.Point(row["lon"], row["lat"])) < 0.005
        assert found["name"] == (row["osm_name"] if isinstance(row["osm_name"], str) else "")


# Boundaries


def municipality(drawn, number, x, tags, *, size=1.0, parts=1):
    """Add a boundary relation of squares, each of two open ways that close only together."""
    members = []
    for part in range(parts):
        west, y = x + 0.2 * part, 60 + 2 * part
        low = [(west, y), (west + size, y), (west + size, y + size)]
        high = [(west + size, y + size), (west, y + size), (west, y)]
        members += [("w", drawn.way(number * 10 + 2 * part + i, line), "outer") for i, line in enumerate((low, high))]
    drawn.relations[number] = (members, {"type": "boundary", "boundary": "administrative"} | tags)


def test_boundaries_are_read_by_level(drawn):
    municipality(drawn, 100, 10, {"admin_level": "6", "name": "Mýrdalshreppur"})
    municipality(drawn, 9, 12, {"admin_level": "6"}, parts=2)
    municipality(drawn, 101, 14, {"admin_level": "5", "name": "Suðurland"})
    municipality(drawn, 102, 16, {"admin_level": "4", "name": "no"})
    municipality(drawn, 103, 18, {"admin_level": "6", "boundary": "historic", "name": "no"})
    drawn.ring(900, 20, 60, 1, {"admin_level": "6", "boundary": "administrative", "name": "a way, not a relation"})
    found = read_boundaries([drawn.write()], [5, 6])
    assert set(found) == {5, 6}
    assert found[6].index.name == "id"
    assert found[6].index.tolist() == ["r100", "r9"]
    assert found[6]["name"].tolist() == ["Mýrdalshreppur", ""]
    assert found[5]["name"].to_dict() == {"r101": "Suðurland"}
    assert found[6].crs == "EPSG:4326"
    one, two = found[6].geometry
    assert one.normalize().equals_exact(shapely.MultiPolygon([square(10, 60, 1)]).normalize(), 1e-7)
    assert two.area == pytest.approx(2, abs=1e-6)
    assert len(two.geoms) == 2


def test_a_hole_belongs_to_the_other_municipality(drawn):
    municipality(drawn, 100, 10, {"admin_level": "7", "name": "outer"})
    drawn.ring(2000, 10.4, 60.4, 0.2)
    drawn.relations[100][0].append(("w", 2000, "inner"))
    drawn.relations[101] = (
        [("w", 2000, "outer")],
        {"type": "boundary", "boundary": "administrative", "admin_level": "7", "name": "inner"},
    )
    table = read_boundaries([drawn.write()], [7])[7]
    assert table.loc["r100", "geometry"].area == pytest.approx(0.96, abs=1e-6)
    assert table.loc["r101", "geometry"].area == pytest.approx(0.04, abs=1e-6)


def test_levels_nobody_drew_are_named(drawn):
    municipality(drawn, 100, 10, {"admin_level": "6", "name": "one"})
    with pytest.raises(InputError, match=r"features.*admin_level 7, 8"):
        read_boundaries([drawn.write()], [6, 7, 8])


def test_icelands_municipalities_are_the_polygons_of_their_ways():
    """Put together once more by shapely, from the ways that each boundary names; and none covers another."""
    path = ROOT / "data" / "iceland" / "iceland-2019.osm.pbf"
    members = {
        item.id: [(member.ref, member.role) for member in item.members if member.type == "w"]
        for item in osmium.FileProcessor(path, osmium.osm.RELATION)
        if item.tags.get("admin_level") == "6"
    }
    wanted = {way for ways in members.values() for way, _ in ways}
    lines = {}
    ways_only = osmium.filter.EntityFilter(osmium.osm.WAY)
    for item in osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY).with_locations().with_filter(ways_only):
        if item.id in wanted:
            lines[item.id] = shapely.LineString([(node.lon, node.lat) for node in item.nodes])
    found = read_boundaries([path], [6])[6]
    assert set(found.index) == {f"r{number}" for number in members}
    whole = {f"r{number}": ways for number, ways in members.items() if all(role != "inner" for _, role in ways)}
    assert len(whole) > 60
    for label, ways in whole.items():
        area = shapely.union_all(shapely.polygonize([lines[way] for way, _ in ways]).geoms).area
        assert found.loc[label, "geometry"].area == pytest.approx(area, rel=1e-9)
    assert found.union_all().area == pytest.approx(sum(shape.area for shape in found.geometry), rel=1e-6)


# What cannot be read


@pytest.mark.parametrize(
    "read",
    [
        lambda paths: read_features(paths, WANTED),
        lambda paths: read_boundaries(paths, [6]),
        lambda paths: read_polygons(paths, "natural", "glacier"),
        lambda paths: read_border(paths, "ISO3166-2", "NO-55"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path, read):
    path = tmp_path / "none.osm.pbf"
    with pytest.raises(MissingFileError, match=r"none\.osm\.pbf"):
        read([path])
    troms = (ROOT / "data" / "troms" / "troms-modelled.osm.pbf").read_bytes()
    for raw in (b"", b"<html>busy</html>", troms[: len(troms) // 2], troms[:-5], b"\0" * 3000):
        path.write_bytes(raw)
        with pytest.raises(InputError, match=r"none\.osm\.pbf.*fetch"):
            read([path])


def test_areas_with_a_tag_become_polygons(drawn):
    ice = {"natural": "glacier"}
    drawn.ring(20, 11, 60, 0.01, ice)
    drawn.ring(22, 13, 60, 0.03)
    drawn.ring(23, 13.01, 60.01, 0.01)
    drawn.relations[5] = ([("w", 22, "outer"), ("w", 23, "inner")], ice | {"type": "multipolygon"})
    drawn.ring(24, 15, 60, 0.01, {"natural": "water"})
    drawn.way(25, [(16, 60), (16.1, 60), (16.1, 60.1)], ice)  # does not close
    drawn.node((17, 60), ice)
    found = shapely.union_all(read_polygons([drawn.write()], "natural", "glacier"))
    expected = square(11, 60, 0.01) | (square(13, 60, 0.03) - square(13.01, 60.01, 0.01))
    assert found.symmetric_difference(expected).area < 1e-9
    assert read_polygons([drawn.path], "natural", "fell") == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_areas_of_a_file_out_of_order_are_all_there(tmp_path, order):
    """A ring, and a square of two lines with another in it, in which there is an island; and what is no area."""
    ice, places, ways = [("natural", "glacier")], [], []

    def way(number, corners, tags=()):
        places.extend(xy for xy in dict.fromkeys(corners) if xy not in places)
        ways.append((number, [places.index(xy) + 1 for xy in corners], list(tags)))

    def ring(x, y, size):
        return [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]

    way(1, ring(11, 60, 1), ice)
    outer = ring(20, 60, 9)
    way(2, outer[:3])
    way(3, outer[2:])
    way(4, ring(22, 62, 5))
    way(5, ring(23, 63, 1))
    way(6, ring(40, 60, 1)[:4], ice)  # open
    way(7, ring(50, 60, 1), [*ice, ("area", "no")])
    way(8, ring(60, 60, 1), [("natural", "water")])
    relations = [
        (1, [("w", number, "") for number in (2, 3, 4, 5)], [("type", "multipolygon"), *ice]),
        (2, [("w", 2, ""), ("w", 99, "")], [("type", "multipolygon"), *ice]),  # a member is not there
        (3, [("w", 8, "")], [("type", "collection"), *ice]),
    ]
    nodes = [(i, x * 10**7, y * 10**7, []) for i, (x, y) in enumerate(places, start=1)]
    blocks = [block([("dense", nodes)]), block([("ways", ways)]), block([("relations", relations)])]
    path = write(tmp_path / "ice.osm.pbf", [blocks[i] for i in order])
    found = shapely.union_all(read_polygons([path], "natural", "glacier"))
    expected = square(11, 60, 1) | (square(20, 60, 9) - square(22, 62, 5)) | square(23, 63, 1)
    assert found.symmetric_difference(expected).area < 1e-9
    areas, features = WantedAreas(*ice), WantedFeatures([*ice, ("natural", "water")])
    read_wanted([path], [features, areas])
    assert areas.shapes == read_polygons([path], "natural", "glacier")
    assert len(features.tables()["features"]) == 7
    assert features.tables()["features"].equals(read_features([path], features.tags))


def test_areas_of_a_file_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(MissingFileError):
        read_polygons([tmp_path / "none.osm.pbf"], "natural", "glacier")


def test_ids_of_any_size_are_looked_for(tmp_path):
    far = 2**62  # a set of bits up to it does not fit into any memory
    made = Map(tmp_path / "far.osm.pbf")
    numbers = [made.node(xy, number=number) for xy, number in (((10, 60), 1), ((11, 60), far))]
    made.way(far, [(10, 60), (11, 60)], HOSPITAL)
    made.write()
    assert numbers == [1, far]
    found = read_features([made.path], WANTED)
    assert found["osm_id"].tolist() == [far]
    assert found.geometry.iloc[0].distance(shapely.Point(10.5, 60)) < 0.5


def test_an_id_that_is_no_number_in_xml_is_refused_by_name(tmp_path):
    path = tmp_path / "bad.osm"
    path.write_text('<osm version="0.6"><node id="first" lat="60" lon="10"/></osm>')
    for read in (
        lambda: read_features([path], WANTED),
        lambda: read_boundaries([path], [7]),
        lambda: read_polygons([path], "natural", "water"),
        lambda: read_osm(path),
    ):
        with pytest.raises(InputError, match=r"bad\.osm: cannot be read .*illegal id: 'first'"):
            read()

"""Values of `highway` in other spellings, several at once, and unknown ones: read as one rule says, or named."""

from __future__ import annotations

import osmium
import pytest
from osm_writer import write_osm

from geoaccess.osm import find_profile, read_network, read_profile, read_way
from geoaccess.osm.unused import count_unused_tags

CAR = read_profile(find_profile("car"))
NODES = [(i, 10 + i / 100, 60.0) for i in range(1, 15)]


def read(folder, values, *, pbf):
    """Read roads of these values, none of which touch, after a primary road."""
    ways = [(i, [2 * i, 2 * i + 1], {"highway": value}) for i, value in enumerate(["primary", *values], 1)]
    path = write_osm(folder / "roads.osm", NODES, ways)
    if pbf:
        path = folder / "roads.osm.pbf"
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for item in osmium.FileProcessor(str(folder / "roads.osm")):
                writer.add(item)
    return path, read_network([path], CAR)


@pytest.mark.parametrize("pbf", [False, True])
@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("residential;unclassified", "residential"),
        ("unclassified; residential", "unclassified"),
        ("Residential", "residential"),
        (" TERTIARY ", "tertiary"),
        ("steps;residential", "residential"),
        ("resedential;Track", "track"),
    ],
)
def test_a_value_in_another_spelling_or_of_several_is_the_road_it_means(tmp_path, value, means, pbf):
    _, network = read(tmp_path, [value], pbf=pbf)
    plain, rule = read_way({"highway": means}, CAR), read_way({"highway": value}, CAR)
    assert (rule.forward_kph, rule.backward_kph, rule.snaps) == (plain.forward_kph, plain.backward_kph, plain.snaps)
    assert set(network.edges()["way_id"]) == {1, 2}
    assert network.edges().set_index("way_id")["highway"][2] == means
    assert network.unread == ()


@pytest.mark.parametrize("pbf", [False, True])
def test_a_value_that_nobody_knows_is_named_and_counted(tmp_path, pbf):
    _, network = read(tmp_path, ["resedential", "resedential", "steps", "Steps", "construction"], pbf=pbf)
    assert network.unread == (("highway=resedential", "value not known", 2, "way 2, way 3"),)
    assert set(network.edges()["way_id"]) == {1}
    rule = read_way({"highway": "resedential"}, CAR)
    assert rule.closed
    assert rule.unknown == ("highway=resedential",)
    assert "resedential" in rule.reason


def test_tags_of_a_road_in_another_spelling_are_counted_as_unused(tmp_path):
    ways = [(1, [1, 2], {"highway": "Residential", "lit": "yes"}), (2, [2, 3], {"highway": "steps", "lit": "yes"})]
    path = write_osm(tmp_path / "roads.osm", NODES, ways)
    assert count_unused_tags([path], CAR).to_numpy().tolist() == [["lit", 1]]

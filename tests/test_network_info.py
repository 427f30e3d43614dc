"""What `geoaccess info` tells: parts of a network, tags nobody looks at, and a picture."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
from PIL import Image

from geoaccess.errors import InputError
from geoaccess.maps import network_map
from geoaccess.measures.islands import islands, parts, ties
from geoaccess.network import EdgeKind, assemble
from geoaccess.osm import count_unused_tags, find_profile, read_osm, read_profile

pytestmark = pytest.mark.usefixtures("sharp_pictures")


def sea():
    """A mainland, an island with a car ferry, one with a boat on foot, one with nothing, and a one-way trap."""
    ends = [(0, 1), (1, 2), (3, 4), (5, 6), (7, 8), (2, 9), (4, 10), (2, 3), (1, 5)]
    kinds = [EdgeKind.ROAD] * 7 + [EdgeKind.FERRY, EdgeKind.ON_FOOT]
    back = np.array([60, 60, 60, 60, 60, -1, 60, 60, -1.0])
    forward = np.where(np.array(kinds) == EdgeKind.ON_FOOT, -1, 60.0)
    a, b = np.array(ends, np.int32).T
    return assemble(
        lon=10 + np.arange(11) / 100,
        lat=60 + np.arange(11) ** 2 % 7 / 200,
        a=a.copy(),
        b=b.copy(),
        forward_s=forward,
        backward_s=back,
        way=np.arange(9, dtype=np.int32),
        way_id=np.arange(9, dtype=np.int64),
        way_class=["primary"] * 7 + ["ferry"] * 2,
        kind=np.array(kinds, np.int8),
        merge_chains=False,
    )


def test_every_road_is_classed_by_what_connects_it():
    network = sea()
    table, tied = parts(network), ties(network)
    by_way = dict(zip(network.way_id[network.shape_way[network.shape_ptr[:-1]]].tolist(), tied.tolist(), strict=True))
    assert by_way[0] == by_way[1] == "mainland"
    assert by_way[2] == by_way[6] == "car ferry"
    assert by_way[3] == "passenger ferry"
    assert by_way[4] == "nothing"
    assert by_way[5] == "one-way trap"
    found = table.set_index("tied_by")
    assert found["edges"].sum() == 7
    assert found["km"].sum() == pytest.approx(network.edge_length_m[network.edge_kind == EdgeKind.ROAD].sum() / 1000)


def test_islands_by_hand():
    """Cells on ways 0 and 1 (mainland), 2 (car ferry), 3 (on foot) and 4 (nothing), and two that are on no road."""
    network = sea()
    of_way = dict(zip(network.way_id[network.shape_way[network.shape_ptr[:-1]]].tolist(), range(9), strict=True))
    edge = np.array([of_way[0], of_way[1], of_way[1], -1, of_way[2], of_way[3], of_way[4], of_way[4], -1])
    at = np.arange(9.0)
    snapped = pd.DataFrame({"edge": edge, "lon": 10 + at / 10, "lat": 60 - at / 10})
    cells = pd.DataFrame(
        {
            "population": [1.0, 2, 3, 7, 2, 4, 0, 0, 1],
            "municipality": ["b", "a", "b", "a", "", "c", "d", "c", "e"],
        }
    )
    found = islands(network, snapped, cells)
    assert found["people"].tolist() == [8, 6, 4, 2, 0]
    assert found["tied_by"].tolist() == ["no road", "mainland", "passenger ferry", "car ferry", "nothing"]
    assert found["municipality"].tolist() == ["", "b", "c", "", "c"]  # of equally many the first by name
    assert found["cells"].tolist() == [2, 3, 1, 1, 2]
    assert found["lon"].tolist()[1:] == pytest.approx([10 + (2 * 0.1 + 3 * 0.2) / 6, 10.5, 10.4, 10.65])
    assert found["lat"].tolist()[1:] == pytest.approx([60 - (2 * 0.1 + 3 * 0.2) / 6, 59.5, 59.6, 59.35])


def test_tags_that_no_rule_looks_at_are_counted(tmp_path):
    path = tmp_path / "small.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for i in (1, 2):
            writer.add_node(osmium.osm.mutable.Node(id=i, location=(10 + i / 100, 60)))
        tags = {"highway": "primary", "maxspeed": "50", "lit": "yes", "note": "old"}
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags=tags))
        writer.add_way(osmium.osm.mutable.Way(id=2, nodes=[2, 1], tags={"highway": "track", "lit": "no"}))
        writer.add_way(osmium.osm.mutable.Way(id=3, nodes=[1, 2], tags={"building": "yes", "lit": "no"}))
    table = count_unused_tags([path], read_profile(find_profile("car")))
    assert table.to_dict("list") == {"key": ["lit", "note"], "ways": [2, 1]}


def test_tags_that_cannot_be_read_are_listed_with_their_ways_and_nodes(tmp_path):
    path = tmp_path / "small.osm"
    odd = {"highway": "track", "motor_vehicle:conditional": "no @ (when it rains)"}
    with osmium.SimpleWriter(str(path)) as writer:
        for i in range(1, 5):
            tags = {"barrier": "force_field"} if i == 2 else {}
            writer.add_node(osmium.osm.mutable.Node(id=i, location=(10 + i / 100, 60), tags=tags))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags={"highway": "primary", "access": "whoever"}))
        writer.add_way(osmium.osm.mutable.Way(id=2, nodes=[2, 3], tags=odd))
        writer.add_way(osmium.osm.mutable.Way(id=3, nodes=[3, 2], tags=odd))
        limits = {"highway": "primary", "maxspeed:conditional": "60 @ wet; 50 @ (Mo-Fr 07:00-17:00)"}
        writer.add_way(osmium.osm.mutable.Way(id=5, nodes=[2, 4], tags=limits))
        boat = {"route": "ferry", "motor_vehicle": "yes", "opening_hours": "if the captain likes"}
        writer.add_way(osmium.osm.mutable.Way(id=4, nodes=[3, 4], tags=boat))
    assert read_osm(path).unread == (
        ("motor_vehicle:conditional=no @ (when it rains)", "cannot be read", 2, "way 2, way 3"),
        ("opening_hours=if the captain likes", "cannot be read", 1, "way 4"),
        ("access=whoever", "value not known", 1, "way 1"),
        ("barrier=force_field", "value not known", 1, "node 2"),
        ("maxspeed:conditional=60 @ wet; 50 @ (Mo-Fr 07:00-17:00)", "condition not decided", 1, "way 5"),
    )


def test_the_picture_shows_every_kind(tmp_path):
    network = sea()
    roads = network.edges("primary")
    roads = roads.assign(tied_by=ties(network)[roads.index])
    ferries = gpd.GeoDataFrame(geometry=network.edges("ferry").geometry).assign(cars=[True, False])
    path = tmp_path / "network.png"
    network_map(path, roads=roads, ferries=ferries, title="A sea", disclaimer="made up", attribution="nobody")
    colours = {colour for _, colour in Image.open(path).convert("RGB").getcolors(1 << 24)}
    assert {(138, 144, 153), (11, 87, 208), (194, 94, 0), (179, 38, 30)} <= colours
    svg = tmp_path / "network.svg"
    network_map(svg, roads=roads, ferries=ferries, title="Et hav", attribution="ingen", language="nb")
    text = svg.read_text(encoding="utf-8")
    for words in ("Veier etter forbindelse til fastlandet", "Fastland", "Forbindelse med bilferje", "Bilferje"):
        assert words in text
    for words in ("ties", "Tied", "ferry<", "Mainland", "Boat"):
        assert words not in text
    with pytest.raises(InputError, match="no road"):
        network_map(Path(tmp_path / "none.png"), roads=roads.iloc[:0], ferries=ferries, title="", attribution="")

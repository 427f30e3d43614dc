"""`explain` and the network say the same of ways, nodes and boats: a thousand random tag sets, built and compared."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

import networkx as nx
import numpy as np
import osmium
import pytest

from geoaccess.network import EdgeKind, to_networkx
from geoaccess.osm import find_profile, read_osm, read_profile, read_way
from geoaccess.osm.explain import explain

NUMBER = 1000
ROAD = {"highway": "primary"}
VALUES = {
    "access": ["yes", "no", "private", "destination", "customers", "permissive", "agricultural", "whoever", "proposed"],
    "vehicle": ["yes", "no", "private", "designated"],
    "motor_vehicle": ["yes", "no", "private", "destination", "forestry", "emergency_vehicle", "minibus", "no;yes"],
    "motorcar": ["yes", "no", "permit", "Yes"],
    "emergency": ["yes", "no", "designated"],
    "motor_vehicle:forward": ["yes", "no", "destination"],
    "motor_vehicle:backward": ["yes", "no"],
    "vehicle:backward": ["no", "private"],
    "access:conditional": ["no @ (Nov-May)", "no @ (November - May)", "yes @ (Jun-Oct)", "no @ wet", "no @ hgv"],
    "motor_vehicle:conditional": [
        "no @ (Aug 10-Jan)", "yes @ (Jul 31 - Oct)", "no @ (Mo-Fr 07:00-09:00)", "no @ (sometimes)", "yes @ delivery",
        "no @ (length>4)", "no @ (Dec-Feb); yes @ (Jan 10-Jan 20)",
    ],
    "motorcar:backward:conditional": ["no @ (Oct-Mar)"],
    "oneway": ["yes", "no", "-1", "reversible", "alternating", "perhaps"],
    "oneway:motor_vehicle": ["no", "yes"],
    "oneway:conditional": ["yes @ (Nov-Mar)", "no @ (Jan)"],
    "seasonal": ["yes", "no", "summer", "winter", "May-Oct", "spring;summer", "sometimes"],
    "opening_hours": ["May 20-Sep 05", "Nov-Mar", "Mo-Fr 08:00-16:00", "24/7", "by chance", "Su"],
    "hour_on": ["07:00"],
    "hour_off": ["18:00"],
    "disused": ["yes", "no"],
    "abandoned": ["yes"],
    "proposed": ["yes", "secondary", "ferry", "no"],
    "construction": ["yes", "minor", "no"],
    "impassable": ["yes"],
    "disused:route": ["ferry"],
    "winter_road": ["yes", "no"],
    "ice_road": ["yes"],
    "snowplowing": ["no", "yes"],
    "maxheight": ["1.5", "2.5", "none", "7'6\""],
    "maxwidth": ["1.6", "3"],
    "est_width": ["1.5", "4"],
    "maxweight": ["1.5 t", "3.5"],
    "hgv": ["yes", "no"],
    "foot": ["yes", "no"],
    "bicycle": ["yes", "no"],
    "toll": ["yes"],
    "name": ["Ferja"],
}  # fmt: skip
OF_ROADS = {
    "junction": ["roundabout", "yes"],
    "maxspeed": ["50", "none", "3", "NO:rural", "30 mph", "fast", "walk"],
    "maxspeed:conditional": ["30 @ (Nov-Mar)"],
    "maxspeed:backward": ["20"],
    "surface": ["gravel", "asphalt", "mud"],
    "smoothness": ["bad", "horrible"],
    "tracktype": ["grade2", "grade5"],
    "lanes": ["1", "2"],
    "width": ["1.5", "2.4", "6"],
    "service": ["driveway", "emergency_access"],
    "area": ["yes", "no"],
    "4wd_only": ["yes", "recommended"],
    "ford": ["yes", "boat"],
}
OF_BOATS = {"highway": ["secondary", "footway", "construction"], "motorcar": ["yes"], "motor_vehicle": ["yes", "yes"]}
OF_NODES = {
    "barrier": [
        "gate", "bollard", "lift_gate", "audible_fence", "yes", "rising_bollard", "cattle_grid", "force_field",
        "toll_booth", "gate;bollard", "kerb",
    ],
    "locked": ["yes", "no"],
    "highway": ["crossing", "bus_stop", "traffic_signals"],
    "amenity": ["parking_entrance"],
    "ford": ["yes", "stepping_stones"],
    "kerb": ["raised"],
    "note": ["seen in 2019"],
}  # fmt: skip
CLASSES = [
    "primary", "residential", "service", "track", "motorway", "trunk", "path", "pedestrian", "footway", "steps", "road",
    "living_street", "busway", "ice_road", "tertiary", "corridor",
]  # fmt: skip
SPELLINGS = ["{0};unclassified", " {0} ", "steps; {1}", "{1}", "{0}x"]


@dataclass
class Drawn:
    """A tag set, what carries it, and where it lies."""

    kind: str
    tags: dict[str, str]
    number: int

    @property
    def west(self) -> tuple[float, float]:
        return 5 + self.number % 50 * 0.1, 60 + self.number // 50 * 0.1

    def at(self, place: int) -> tuple[float, float]:
        """Return one of the places on the line from west to east, some 550 m apart."""
        return self.west[0] + 0.01 * place, self.west[1]


def draw() -> list[Drawn]:
    """Return ways, nodes and boats with up to five tags, the same every time."""
    chance = random.Random(11)
    found = []
    for number in range(NUMBER):
        kind = ("way", "node", "boat")[number % 3]
        pool = VALUES | {"way": OF_ROADS, "node": OF_NODES, "boat": OF_BOATS}[kind]
        keys = chance.sample(sorted(pool), chance.randint(0, 5))
        keys += [key for key in ("barrier",) if kind == "node" and chance.random() < 0.5]
        tags = {key: chance.choice(pool[key]) for key in keys}
        if kind == "way":
            tags["highway"] = chance.choice(CLASSES)
            if number % 4 == 0:
                tags["highway"] = SPELLINGS[number // 12 % 5].format(tags["highway"], tags["highway"].capitalize())
        elif kind == "boat":
            tags["route"] = "ferry"
            if chance.random() < 0.7:
                tags.setdefault("motor_vehicle", "yes")
        found.append(Drawn(kind, tags, number))
    return found


def write(path, drawn):
    """Write a file in which way n carries the tags of number n, or runs over the node that does."""
    nodes, ways = [], []
    for of in drawn:
        first = 10 * of.number + 1
        nodes += [(first + i, of.at(i), of.tags if of.kind == "node" and i == 2 else {}) for i in range(5)]
        if of.kind == "way":
            ways.append((of.number + 1, [first, first + 1], of.tags))
        elif of.kind == "node":
            ways.append((of.number + 1, [first, first + 2, first + 4], ROAD))
        else:
            ways.append((of.number + 1, [first + 1, first + 3], of.tags))
            ways += [
                (NUMBER + 2 * of.number + 1, [first, first + 1], ROAD),
                (NUMBER + 2 * of.number + 2, [first + 3, first + 4], ROAD),
            ]
    used = {ref for _, refs, _ in ways for ref in refs}
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, xy, tags in (node for node in nodes if node[0] in used):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=xy, tags=tags))
        for number, refs, tags in sorted(ways):
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=refs, tags=tags))
    return path


class Built:
    """A network, asked about one way or place."""

    def __init__(self, network):
        self.network = network
        self.graph = to_networkx(network)
        self.edges = {}
        for edge, way in enumerate(network.way_id[network.shape_way[network.shape_ptr[:-1]]].tolist()):
            self.edges.setdefault(way, []).append(edge)
        self.nodes = {}
        for node, xy in enumerate(zip(network.node_lon.round(6), network.node_lat.round(6), strict=True)):
            self.nodes.setdefault(xy, []).append(node)
        expansion = network.expansion
        self.restricted = np.zeros(network.n_edges, bool) if expansion is None else expansion.restricted

    def seconds(self, way, kind):
        """Return the seconds eastward and westward (0 is closed), and whether it bars through traffic."""
        network = self.network
        for edge in self.edges.get(way, []):
            if network.edge_kind[edge] == kind:
                times = [max(network.edge_forward_ds[edge], 0) / 10, max(network.edge_backward_ds[edge], 0) / 10]
                points = slice(network.shape_ptr[edge], network.shape_ptr[edge + 1])
                lon = network.shape_lon[points]
                return (*(times if lon[0] < lon[-1] else times[::-1]), bool(self.restricted[edge]))
        return 0.0, 0.0, False

    def quickest(self, start, end):
        starts, ends = (self.nodes.get(tuple(np.round(xy, 6)), []) for xy in (start, end))
        found = nx.multi_source_dijkstra_path_length(self.graph, starts, weight="travel_time") if starts else {}
        return min((found[node] for node in ends if node in found), default=np.inf)


@pytest.fixture(scope="module")
def drawn():
    return draw()


@pytest.mark.parametrize("suffix", [".osm.pbf", ".osm"])
@pytest.mark.parametrize(
    ("name", "when"),
    [("car", None), ("car", datetime.fromisoformat("2026-04-08T08:30")), ("car_winter", None), ("ambulance", None)],
)
def test_explain_and_the_network_agree(tmp_path, drawn, suffix, name, when):
    profile = read_profile(find_profile(name))
    built = Built(read_osm(write(tmp_path / f"drawn{suffix}", drawn), profile=name, when=when))
    seen = {(kind, text): 0 for kind in ("way", "node", "boat") for text in ("open", "one way", "restricted", "closed")}
    for of in drawn:
        if of.kind == "node":
            explained = explain(ROAD, profile, nodes={"node": of.tags}, when=when)
            there = built.quickest(of.at(0), of.at(4))
            assert np.isfinite(there) == explained.forward, of
            assert np.isfinite(built.quickest(of.at(4), of.at(0))) == explained.backward, of
            assert any(built.restricted[edge] for edge in built.edges[of.number + 1]) == explained.restricted, of
        else:
            explained = explain(of.tags, profile, when=when)
            kind = EdgeKind.ROAD if of.kind == "way" else EdgeKind.FERRY
            east, west, restricted = built.seconds(of.number + 1, kind)
            assert (east > 0, west > 0) == (explained.forward, explained.backward), (of, explained.reason)
            assert restricted == explained.restricted, (of, explained.reason)
            if of.kind == "way":
                length = (
                    built.network.edge_length_m[built.edges[of.number + 1][0]]
                    if explained.forward or explained.backward
                    else 0
                )
                for kph, seconds in ((explained.forward_kph, east), (explained.backward_kph, west)):
                    expected = length * 3.6 / (kph * profile.pace.share) if kph else 0
                    assert seconds == pytest.approx(expected, abs=0.06), (of, explained.reason)
        seen[of.kind, _kind(explained)] += 1
    never = {("node", "one way"), *([] if profile.access.restricted else [(kind, "restricted") for kind, _ in seen])}
    rare = {key: count for key, count in seen.items() if count < 3 and key not in never}
    assert not rare, "the tags drawn try every outcome"


def _kind(explained):
    if not (explained.forward or explained.backward):
        return "closed"
    if explained.forward != explained.backward:
        return "one way"
    return "restricted" if explained.restricted else "open"


class Asked(dict):
    """Tags that remember what was asked of them."""

    def __init__(self, tags):
        super().__init__(tags)
        self.keys_asked = set()

    def __contains__(self, key):
        self.keys_asked.add(key)
        return super().__contains__(key)

    def __getitem__(self, key):
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.keys_asked.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("name", ["car", "car_winter", "ambulance", "ssb"])
def test_every_tag_that_a_rule_asks_for_is_read_from_files(drawn, name):
    """Readers keep `Profile.keys` of ways alone; `explain` is given all tags."""
    profile = read_profile(find_profile(name))
    asked = set()
    for of in drawn:
        tags = Asked(of.tags)
        read_way(tags, profile)
        asked |= tags.keys_asked
    assert {"motorcar:backward:conditional", "maxheight:forward", "hov:lanes", "opening_hours", "hour_on"} <= asked
    assert asked <= profile.keys


def test_nobody_begins_a_journey_on_a_motorroad(tmp_path):
    tags = {1: {"highway": "trunk", "motorroad": "yes"}, 2: {"highway": "trunk"}, 3: {"highway": "motorway"}}
    with osmium.SimpleWriter(str(tmp_path / "roads.osm")) as writer:
        for i in range(1, 5):
            writer.add_node(osmium.osm.mutable.Node(id=i, location=(10 + i / 100, 60)))
        for i, of in tags.items():
            writer.add_way(osmium.osm.mutable.Way(id=i, nodes=[i, i + 1], tags=of))
    network = read_osm(tmp_path / "roads.osm")
    edges = network.edges()
    snaps = dict(zip(edges["way_id"], network.edge_snaps[edges.index], strict=True))
    assert snaps == {1: False, 2: True, 3: False}

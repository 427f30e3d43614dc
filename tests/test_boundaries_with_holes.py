"""Which municipality has the cells in a hole of another: from an extract to the cells."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from osm_writer import write_osm

from geoaccess.osm import read_boundaries
from geoaccess.zones import assign_zones

LEVEL = {"boundary": "administrative", "admin_level": "7"}
WAY_OFF = 9999
"""A way that the extract has cut off."""


class Drawing:
    """Nodes and ways of an extract in the making."""

    def __init__(self):
        self.nodes, self.ways = [], []

    def line(self, *corners):
        first = len(self.nodes) + 1
        self.nodes += [(first + i, *corner) for i, corner in enumerate(corners)]
        return self.way([*range(first, first + len(corners))])

    def way(self, refs):
        self.ways.append((len(self.ways) + 1, refs, {}))
        return len(self.ways)

    def ring(self, x, y, size):
        way = self.line((x, y), (x + size, y), (x + size, y + size), (x, y + size))
        refs = self.ways[way - 1][1]
        refs.append(refs[0])
        return way

    def halves(self, x, y, size):
        """The same ring in two ways."""
        refs = self.ways[self.ring(x, y, size) - 1][1]
        self.ways.pop()
        return self.way(refs[:3]), self.way(refs[2:])


@pytest.fixture(params=["boundary", "multipolygon"])
def municipalities(request, tmp_path):
    drawn = Drawing()
    outer, enclave, island = drawn.ring(10, 60, 0.4), drawn.halves(10.1, 60.1, 0.06), drawn.ring(10.12, 60.12, 0.02)
    lost, plain, beside = drawn.ring(10.25, 60.1, 0.06), drawn.ring(10.1, 60.25, 0.06), drawn.ring(10.4, 60, 0.4)
    inner = [("w", enclave[0], "inner"), ("w", enclave[1], "inner"), ("w", lost, "inner"), ("w", plain, "")]
    members = {
        1: ("Outer", [("w", outer, "outer"), ("w", island, "outer"), *inner]),
        2: ("Enclave", [("w", enclave[0], "outer"), ("w", enclave[1], "outer"), ("w", island, "inner")]),
        3: ("Lost", [("w", lost, "outer"), ("w", WAY_OFF, "outer")]),
        4: ("Roleless", [("w", plain, "")]),
        5: ("Beside", [("w", beside, "outer"), ("w", WAY_OFF, "outer")]),
    }
    relations = [
        (number, ways, LEVEL | {"type": request.param, "name": name}) for number, (name, ways) in members.items()
    ]
    path = write_osm(tmp_path / "map.osm", drawn.nodes, drawn.ways, relations)
    return read_boundaries([path], [7])[7].rename_axis("municipality_id")


PLACES = {
    "town": (10.05, 60.05, "Outer", ""),
    "enclave": (10.11, 60.11, "Enclave", ""),
    "island in the enclave": (10.13, 60.13, "Outer", ""),
    "hole of a border that is not whole": (10.28, 60.13, "Outer", "nearest"),
    "hole without a role": (10.13, 60.28, "Roleless", ""),
    "border that is not whole, near": (10.41, 60.2, "Outer", "nearest"),
    "border that is not whole, far": (10.6, 60.2, "", "beyond_limit"),
}


def cells():
    points = gpd.GeoSeries.from_xy(*zip(*((x, y) for x, y, *_ in PLACES.values()), strict=True), crs=4326).to_crs(25832)
    return gpd.GeoDataFrame(geometry=shapely.buffer(points.to_numpy(), 50), crs=25832, index=[*PLACES])


def test_a_hole_is_of_the_municipality_inside_and_of_the_nearest_where_that_is_not_whole(municipalities):
    assert sorted(municipalities["name"]) == ["Enclave", "Outer", "Roleless"]
    found = assign_zones(cells(), municipalities, max_nearest_m=3000)
    assert found["municipality"].to_dict() == {place: name for place, (_, _, name, _) in PLACES.items()}
    assert found["zone_note"].to_dict() == {place: note for place, (*_, note) in PLACES.items()}


def test_nobody_in_a_hole_is_given_what_is_farther_than_the_limit(municipalities):
    found = assign_zones(cells(), municipalities, max_nearest_m=100)
    hole = "hole of a border that is not whole"
    assert (found.loc[hole, "municipality"], found.loc[hole, "zone_note"]) == ("", "beyond_limit")
    assert found.loc["enclave", "municipality"] == "Enclave"

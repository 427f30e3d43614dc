"""Names of places: read from extract and table, ranked by people, and placed on maps without overlap."""

from itertools import combinations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from osm_writer import write_osm

from geoaccess.errors import InputError
from geoaccess.maps.names import placed_names
from geoaccess.osm import place_names, read_features
from geoaccess.study import load_study
from geoaccess.study.stages import places_of, window_of
from geoaccess.tables import read_named_places

TABLE = "name,kind,lon,lat,population,alt_names\n"


def cells(*rows):
    """Cells of 1 km around the middle of Senja, each (east km, north km, people, municipality)."""
    east, north, people, zone = zip(*rows, strict=True)
    middle = gpd.GeoSeries.from_xy([17.5], [69.3], crs=4326).to_crs(25833)[0]
    west, south = middle.x + 1000 * np.array(east) - 500, middle.y + 1000 * np.array(north) - 500
    table = {"population": np.array(people, float), "municipality_id": zone, "municipality": zone}
    return gpd.GeoDataFrame(table, geometry=shapely.box(west, south, west + 1000, south + 1000), crs=25833)


def study(tmp_path, table):
    (tmp_path / "places.csv").write_text(table, encoding="utf-8")
    text = load_study("configs/troms.toml").path.read_text(encoding="utf-8")
    text = text.replace("../data/troms/places.csv", "places.csv")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return load_study(tmp_path / "study.toml")


def test_names_of_an_extract_have_the_other_names_by_which_people_search(tmp_path):
    karasjok = {
        "place": "town",
        "name": "Kárášjohka - Karasjok",
        "name:se": "Kárášjohka",
        "name:nb": "Karasjok",
        "name:fkv": "Kaarasjoki",
        "name:ru": "Карашок",
        "alt_name": "Karasjohka; karasjok",
        "population": "1 900",
    }
    nodes = [(1, 25.5, 69.5, karasjok), (2, 25.6, 69.5, {"place": "hamlet", "population": "some"}),
             (3, 25.7, 69.5, {"place": "hamlet", "name": "Nattvann", "population": "some"})]  # fmt: skip
    file = write_osm(tmp_path / "map.osm", nodes, [])
    found = place_names(read_features([file], [("place", "town"), ("place", "hamlet")]))
    assert found["name"].tolist() == ["Kárášjohka - Karasjok", "Nattvann"]
    assert set(found["alt_names"][0].split("; ")) == {"Karasjohka", "karasjok", "Kaarasjoki", "Kárášjohka"}
    assert found["population"].tolist()[0] == 1900
    assert np.isnan(found["population"][1])


def test_a_table_of_places_names_what_is_wrong_with_it(tmp_path):
    path = tmp_path / "places.csv"
    for text, words in {
        "name,lat\nA,69\n": 'no column "lon"',
        TABLE + ",town,17,69,,\n": "row 2: name is empty",
        TABLE + "A,town,17,169,,\n": "no degrees in 1 row: row 2",
        TABLE + "A,town,east,69,,\n": "lon is not a number",
    }.items():
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=words) as raised:
            read_named_places(path, hint="look")
        assert "places.csv" in str(raised.value)


def test_places_are_ranked_by_those_who_live_there_or_nearest_to_them(tmp_path):
    around = cells((0, 0, 30, "Senja"), (1, 0, 40, "Senja"), (20, 0, 500, "Målselv"), (60, 0, 7, "Målselv"))
    middle = around.geometry.centroid.to_crs(4326)
    rows = [("Ved null", "village", 0, ""), ("Ved tjue", "village", 2, "100"), ("Ved seksti", "village", 3, "5000")]
    lines = [f"{name},{kind},{middle.x[at]},{middle.y[at]},{people},\n" for name, kind, at, people in rows]
    lines += [f"Bydel,suburb,{middle.x[0]},{middle.y[0]},9000,\n", "Oslo,city,10.7,59.9,700000,\n"]
    found = places_of(study(tmp_path, TABLE + "".join(lines)), around, window_of(around), None).set_index("name")
    # The suburb is small, whoever lives there, and takes nobody; Oslo is off the map.
    assert found.index.tolist() == ["Ved seksti", "Ved tjue", "Ved null", "Bydel"]
    assert found["people"].tolist() == [5000, 500, 70, 9000]
    assert found["small"].tolist() == [False, False, False, True]
    assert found["municipality"].tolist() == ["Målselv", "Målselv", "Senja", "Senja"]


def test_the_tutorial_knows_gryllefjord_and_sami_names():
    found = read_named_places(load_study("configs/troms.toml").inputs["basemap places"], hint="").set_index("name")
    assert shapely.Point(17.03, 69.36).distance(found.geometry["Gryllefjord"]) < 0.02
    assert "Ivgobahta" in found["alt_names"]["Skibotn"]
    assert "Romsa" in found["alt_names"]["Tromsø"]


def boxes_of(labels, sizes):
    return {label.row: shapely.box(label.x - w / 2, label.y - h / 2, label.x + w / 2, label.y + h / 2)
            for label in labels for w, h in [sizes[label.row]]}  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_no_two_names_overlap_and_none_is_left_out_that_had_room(seed):
    """Brute force: every pair of boxes, and for every name left out every side of its point."""
    draw = np.random.default_rng(seed)
    points = draw.uniform(0, 100, (80, 2))
    sizes = np.column_stack([draw.uniform(4, 20, 80), np.full(80, 3.0)])
    taken = np.hstack([points[:9] - 1, points[:9] + 1])
    beside, apart = 1.5, 2.0
    labels = placed_names(points, sizes, window=(0, 0, 100, 100), beside=beside, apart=apart, taken=taken)
    boxes = boxes_of(labels, sizes)
    assert 10 < len(boxes) < 80
    spots = shapely.box(*taken.T)
    for one, other in combinations(boxes.values(), 2):
        gap_x = max(one.bounds[0], other.bounds[0]) - min(one.bounds[2], other.bounds[2])
        gap_y = max(one.bounds[1], other.bounds[1]) - min(one.bounds[3], other.bounds[3])
        assert max(gap_x, gap_y) >= apart - 1e-9
    for box in boxes.values():
        assert shapely.box(0, 0, 100, 100).covers(box)
        assert shapely.area(shapely.intersection(spots, box)).max() < 1e-9
    for row in set(range(80)) - set(boxes):
        (x, y), (w, h) = points[row], sizes[row]
        before = [box for other, box in boxes.items() if other < row]
        for across, up in [(1, 0), (-1, 0), (0, 1), (0, -1)]:
            mid_x, mid_y = x + across * (beside + w / 2), y + up * (beside + h / 2)
            box = shapely.box(mid_x - w / 2, mid_y - h / 2, mid_x + w / 2, mid_y + h / 2)
            wide = box.buffer(apart, join_style="mitre")
            hit = [other for other in before if other.intersection(wide).area > 1e-9]
            hit += [spot for spot in spots if spot.intersection(box).area > 1e-9]
            assert hit or not shapely.box(0, 0, 100, 100).covers(box)


def test_a_chief_name_stands_farther_off_or_over_a_mark_but_never_over_a_name():
    points, sizes = np.array([[50.0, 50.0], [50.0, 50.5]]), np.full((2, 2), (10.0, 3.0))
    everywhere = np.array([[0.0, 0.0, 100.0, 100.0]])
    assert not placed_names(points, sizes, window=(0, 0, 100, 100), beside=1, taken=everywhere)
    labels = placed_names(points, sizes, window=(0, 0, 100, 100), beside=1, taken=everywhere, chief=2)
    first, second = boxes_of(labels, sizes).values()
    assert first.intersection(second).area < 1e-9
    near = np.array([[48.0, 48.0, 52.0, 52.0]])
    label = placed_names(points[:1], sizes[:1], window=(0, 0, 100, 100), beside=1, taken=near, chief=1)[0]
    assert boxes_of([label], sizes)[0].bounds[0] == pytest.approx(52.5)  # 2.5 times as far to the right

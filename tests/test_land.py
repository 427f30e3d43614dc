"""Land as polygons from coastline: islands, lines cut by the border of the extract, water inside of land."""

import numpy as np
import pytest
import shapely

from geoaccess.errors import InputError
from geoaccess.maps.packing import inner_borders, pack_land
from geoaccess.network import Shores, lake_areas, land_areas

BOX = (0.0, 0.0, 10.0, 10.0)


def shores(*lines, area=0):
    points = np.concatenate([np.array(line, float) for line in lines])
    ptr = np.cumsum([0, *map(len, lines)])
    return Shores(points[:, 0].copy(), points[:, 1].copy(), ptr, np.full(len(lines), area, np.int32))


def square(west, south, east, north):
    """A ring against the clock."""
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def land(*lines, bounds=BOX, **settings):
    areas = land_areas(shores(*lines), bounds=bounds, **settings)
    assert shapely.is_valid(areas).all()
    return shapely.union_all(areas)


def test_an_island_is_what_its_coast_encloses_and_is_cut_at_the_box():
    assert land(square(2, 2, 4, 5)).equals(shapely.box(2, 2, 4, 5))
    assert land(square(-3, 2, 4, 5)).equals(shapely.box(0, 2, 4, 5))
    assert land(square(-3, -3, 14, 15)).equals(shapely.box(*BOX))
    assert land(square(20, 20, 21, 21)).is_empty


def test_a_ring_with_the_clock_is_water_inside_of_land_and_an_island_in_it_stays():
    found = land(square(1, 1, 9, 9), square(3, 3, 7, 7)[::-1], square(4, 4, 5, 5))
    assert found.equals(shapely.box(1, 1, 9, 9) - shapely.box(3, 3, 7, 7) | shapely.box(4, 4, 5, 5))


def test_coast_that_leaves_the_box_has_land_on_its_left():
    eastward = [(-5, 4), (5, 4), (15, 4)]
    assert land(eastward).equals(shapely.box(0, 4, 10, 10))
    assert land(eastward[::-1]).equals(shapely.box(0, 0, 10, 4))


def test_two_coasts_of_a_sound_leave_water_between_them():
    found = land([(-5, 7), (15, 7)], [(15, 3), (-5, 3)])
    assert found.equals(shapely.box(0, 7, 10, 10) | shapely.box(0, 0, 10, 3))


def test_a_fjord_with_its_mouth_on_the_border_of_the_extract_is_water():
    # The coast comes in along the northern shore and goes out along the southern one, 3 km off: land is all around.
    fjord = [(0, 4.03), (6, 4.03), (6, 4.0), (0, 4.0)]
    assert land(fjord).equals(shapely.box(*BOX) - shapely.box(0, 4.0, 6, 4.03))
    assert land(fjord[::-1]).equals(shapely.box(0, 4.0, 6, 4.03))  # and a cape is land with sea all around


def test_ends_inside_the_box_are_led_to_its_nearest_side():
    found = land([(1, 5), (9, 5)])  # the extract ends a degree from either side
    assert found.equals(shapely.box(0, 5, 10, 10))


def test_lines_that_lack_a_way_between_them_are_joined():
    gap = 0.02  # 2 km
    ring = [(2, 2), (6, 2), (6, 5)], [(6 - gap, 5), (2, 5), (2, 2 + gap)]
    found = land(*ring)
    assert found.symmetric_difference(shapely.box(2, 2, 6, 5)).area < 2 * gap
    assert found.intersects(shapely.Point(4, 3))
    assert not found.intersects(shapely.Point(8, 8))


def test_an_end_goes_on_where_the_nearest_line_begins():
    # Two islands, each of two parts whose ends lie 1 km from each other; those of the other island lie 3 km off.
    gap, far = 0.01, 0.03
    west = [(1, 1), (4, 1), (4, 4)], [(4 - gap, 4), (1, 4), (1, 1 + gap)]
    east = [(4 + far, 4), (4 + far, 1), (8, 1)], [(8, 1 + gap), (8, 4), (4 + far, 4 + gap)]
    found = land_areas(shores(*west, *east), bounds=BOX)
    assert sorted(round(area) for area in shapely.area(found)) == [9, 12]


def test_a_box_that_no_coast_enters_is_land_or_sea_by_the_nearest_coast():
    coast = [(-5, -1), (5, -1), (15, -1)]
    assert land(coast).equals(shapely.box(*BOX))
    assert land(coast[::-1]).is_empty


def test_borders_of_lakes_are_no_coast():
    assert not len(land_areas(shores(square(1, 1, 9, 9), area=1), bounds=BOX))


def test_small_islands_go_and_lines_move_no_farther_than_the_tolerance():
    wave = [(x / 100, 4 + 0.01 * (x % 2)) for x in range(-100, 1101)]
    found = land_areas(shores(wave, square(1, 1, 1.05, 1.05)), bounds=BOX, tolerance_deg=0.1)
    assert len(found) == 1
    assert shapely.get_num_coordinates(found).sum() < 10
    assert shapely.hausdorff_distance(found[0], shapely.box(0, 4, 10, 10)) < 0.11


def test_every_random_coast_agrees_with_the_side_that_it_has_on_its_left():
    """The oracle counts, for each point, how often a line to the far north crosses the coast."""
    draw = np.random.default_rng(3)
    for _ in range(20):
        xs = np.linspace(-1, 11, 13)
        ys = draw.uniform(2, 8, 13)
        found = land(list(zip(xs, ys, strict=True)))  # eastward: land is north of it
        for x, y in draw.uniform(0, 10, (50, 2)):
            shore = np.interp(x, xs, ys)
            if abs(y - shore) > 1e-6:
                assert found.intersects(shapely.Point(x, y)) == (y > shore)


@pytest.mark.parametrize(("bounds", "tolerance", "word"), [((1, 0, 0, 1), 0, "below"), (BOX, -1, "0 or more")])
def test_a_box_without_area_and_a_tolerance_below_0_are_refused(bounds, tolerance, word):
    with pytest.raises(InputError, match=word):
        land_areas(shores(square(1, 1, 2, 2)), bounds=bounds, tolerance_deg=tolerance)


def test_borders_between_areas_are_drawn_without_the_coast():
    west, east, isle = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(5, 5, 6, 6)
    lines = inner_borders(np.array([shapely.MultiPolygon([west, isle]), east], object))
    assert [line.equals(shapely.LineString([(1, 0), (1, 1)])) for line in lines] == [True]
    assert shapely.length(inner_borders(np.array([west, isle], object))).sum() == 8  # none is shared: all of them


def test_borders_of_many_areas_are_the_pieces_that_two_of_them_have():
    """The oracle counts each piece of a grid of squares by its ends; 0 and -0 are one place."""
    areas = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(-2, 3) for y in range(-2, 3)], object)
    areas = shapely.transform(areas, lambda places: np.where(places == 0, np.float64("-0"), places))
    areas[:9] = shapely.transform(areas[:9], lambda places: places + 0.0)
    pieces = [(x, y, x + 1, y) for x in range(-2, 3) for y in range(-1, 3)]
    pieces += [(y, x, y, x + 1) for x in range(-2, 3) for y in range(-1, 3)]
    found = shapely.get_coordinates(inner_borders(areas), return_index=True)
    ends, line = found
    same = line[1:] == line[:-1]
    drawn = {
        tuple(sorted([(*a,), (*b,)])) for a, b in zip(ends[:-1][same].tolist(), ends[1:][same].tolist(), strict=True)
    }
    assert drawn == {((x0, y0), (x1, y1)) for x0, y0, x1, y1 in pieces}


def test_land_is_packed_as_rings_whose_holes_run_the_other_way():
    import base64

    import geopandas as gpd

    area = shapely.box(0, 0, 9, 9) - shapely.box(2, 2, 7, 7)
    packed = pack_land(gpd.GeoSeries([area], crs=4326), within_m=1)
    ends = np.frombuffer(base64.b64decode(packed["ends"]["data"]), "<i4")
    xy = np.frombuffer(base64.b64decode(packed["xy"]["data"]), "<i4").reshape(-1, 2)
    assert [bool(shapely.is_ccw(shapely.linearrings(ring))) for ring in np.split(xy, ends[:-1])] == [True, False]


def test_lakes_are_what_their_borders_enclose_and_islands_in_them_are_holes():
    outer, holm, pond = square(1, 1, 9, 9), square(3, 3, 5, 5), square(9.2, 9.2, 9.3, 9.3)
    lines = shores(outer[:3], outer[2:], holm, pond, square(20, 20, 30, 30), [(0, 0), (1, 0), (1, 1)])
    lines = Shores(lines.lon, lines.lat, lines.ptr, np.array([7, 7, 7, 8, 9, 10], np.int32))
    assert shapely.union_all(lake_areas(lines, bounds=BOX)).equals(
        shapely.box(1, 1, 9, 9) - shapely.box(3, 3, 5, 5) | shapely.box(9.2, 9.2, 9.3, 9.3)
    )
    assert [area.bounds for area in lake_areas(lines, bounds=BOX, least_deg=1.0)] == [(1, 1, 9, 9)]
    assert [area.bounds for area in lake_areas(lines, bounds=(0, 0, 4, 4), least_deg=1.0)] == [(1, 1, 4, 4)]
    assert not len(lake_areas(shores(outer), bounds=BOX))  # coast is no lake


@pytest.mark.parametrize("settings", [{"tolerance_deg": -1.0}, {"least_deg": -1.0}, {"bounds": (1, 0, 0, 1)}])
def test_lakes_of_no_box_are_refused(settings):
    with pytest.raises(InputError):
        lake_areas(shores(square(1, 1, 2, 2), area=1), **({"bounds": BOX} | settings))

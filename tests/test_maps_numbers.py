"""Numbers that a legend explains do not hide each other, nor names; a long legend goes on below a wide map."""

import geopandas as gpd
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from geoaccess.maps.drawing import draw_numbers
from geoaccess.maps.layers import FOOT_MAP_IN, GAP_IN, arranged, plan_of
from geoaccess.maps.look import USUAL_LOOK

PLAN = plan_of((0.0, 0.0, 100_000.0, 80_000.0))
CITY = [(50_000.0 + 300 * i, 40_000.0 + 200 * (i % 3)) for i in range(9)]
FAR = [(2_000.0, 2_000.0), (99_000.0, 79_000.0), (10_000.0, 60_000.0)]


def drawn(points, names=None):
    """Draw numbers as a map does; return the boxes of their circles, and the lines to the points."""
    figure = Figure(figsize=(PLAN.width_in, PLAN.height_in), dpi=200)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(PLAN.west, PLAN.east)
    axes.set_ylim(PLAN.south, PLAN.north)
    where = gpd.GeoSeries.from_xy(*zip(*points, strict=True), index=range(1, len(points) + 1), crs=32633)
    draw_numbers(axes, where, PLAN, names=names)
    canvas.draw()
    turned = axes.transData.inverted()
    circles = []
    for text in axes.texts:
        ends = turned.transform(text.get_bbox_patch().get_window_extent().get_points())
        circles.append([*ends[0], *ends[1]])
    return np.array(circles), axes.lines


def overlaps(boxes):
    return [
        (i, j)
        for i in range(len(boxes))
        for j in range(i)
        if (boxes[i, :2] < boxes[j, 2:]).all() and (boxes[j, :2] < boxes[i, 2:]).all()
    ]


NAMES = np.array([[50_000.0, 40_000.0, 70_000.0, 43_000.0], [40_000.0, 36_000.0, 49_500.0, 39_000.0]])


@pytest.mark.parametrize("points", [CITY, CITY + FAR, FAR])
@pytest.mark.parametrize("names", [None, NAMES])
def test_circles_are_off_each_other_and_off_names_and_on_the_map(points, names):
    circles, lines = drawn(points, names)
    assert overlaps(circles if names is None else np.vstack([circles, names])) == []  # as they are drawn
    assert (circles[:, :2] > (PLAN.west, PLAN.south)).all()
    assert (circles[:, 2:] < (PLAN.east, PLAN.north)).all()
    for (x, y), line, box in zip(points, lines, circles, strict=True):
        (from_x, to_x), (from_y, to_y) = line.get_data()
        assert (from_x, from_y) == (x, y)
        assert box[0] < to_x < box[2]
        assert box[1] < to_y < box[3]


def test_that_guard_can_fail():
    at = np.array(CITY)
    assert overlaps(np.hstack([at, at + 4_000]))


WIDE, SQUARE = (0.0, 0.0, 500.0, 300.0), (0.0, 0.0, 300.0, 300.0)


@pytest.mark.parametrize(("box", "high", "below"), [(WIDE, 8.0, True), (WIDE, 3.0, False), (SQUARE, 6.5, False)])
def test_what_ends_a_long_legend_stands_below_a_wide_map(box, high, below):
    whole = arranged(box, USUAL_LOOK, (6.6, 8.2), legend_in=(2.75, high))
    found = arranged(box, USUAL_LOOK, (6.6, 8.2), legend_in=(2.75, high), foot_in=(2.6, 1.2))
    assert found.plan == whole.plan
    assert bool(found.foot_in) == below
    if below:
        assert found.plan.width_in >= FOOT_MAP_IN
        assert found.height_in < whole.height_in
        assert found.height_in >= found.plan.height_in + GAP_IN + 1.2 - 1e-9
        assert found.height_in >= high - 2.6 - 1e-9
    else:
        assert found == whole

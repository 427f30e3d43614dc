"""The nearest piece of line, against a look at every piece and against the search tree of shapely."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.network import SegmentTree

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
few = settings(max_examples=25 if PLAIN else 150)
GRID = st.integers(-4, 4).map(float)  # many ties, pieces without length, points on lines
ANYWHERE = st.floats(-1e6, 1e6).map(lambda metres: round(metres, 9))  # the square of less may be 0, also to shapely


@st.composite
def lines(draw):
    """Draw lines, some of which are no one's, as the arrays of a `SegmentTree`, and the lines that have owners."""
    number = draw(st.sampled_from([GRID, ANYWHERE]))
    drawn = draw(st.lists(st.lists(st.tuples(number, number), min_size=2, max_size=20), min_size=1, max_size=12))
    owned = draw(st.lists(st.booleans(), min_size=len(drawn), max_size=len(drawn)))
    shapes, owner, points = {}, [], []
    for i, (line, someones) in enumerate(zip(drawn, owned, strict=True)):
        points += line
        owner += [i if someones else -1] * (len(line) - 1) + [-1]
        if someones:
            shapes[i] = shapely.LineString(line)
    x, y = np.array(points, float).T.copy()
    queries = draw(st.lists(st.tuples(number, number), max_size=12))
    return (np.array(owner[:-1], np.int32), x[:-1], y[:-1], x[1:], y[1:]), shapes, np.array(queries).reshape(-1, 2)


@few
@given(lines(), st.sampled_from([np.inf, 1.0, 2.5, 1e5]))
def test_the_nearest_is_that_of_shapely_to_the_bit_and_of_equals_the_first(drawn, most):
    pieces, shapes, queries = drawn
    owner, distance = SegmentTree(*pieces).nearest(*queries.T.copy(), most=most)
    for found, away, point in zip(owner.tolist(), distance.tolist(), shapely.points(queries), strict=True):
        between = {i: shapely.distance(point, shape) for i, shape in shapes.items()}
        least = min(between.values(), default=np.inf)
        if least > most or not shapes:
            assert (found, away) == (-1, np.inf)
        else:
            assert away == least
            assert found == min(i for i, d in between.items() if d == least)


@few
@given(lines(), st.sampled_from([np.inf, 2.5, 1e5]))
def test_the_nearest_of_one_owner_is_that_among_its_pieces_alone(drawn, most):
    (owner, *ends), shapes, queries = drawn
    for only in (*shapes, 99):
        alone = SegmentTree(np.where(owner == only, owner, -1).astype(np.int32), *ends)
        expected = alone.nearest(*queries.T.copy(), most=most)
        for found, one in zip(
            SegmentTree(owner, *ends).nearest(*queries.T.copy(), most=most, only=only), expected, strict=True
        ):
            assert found.tolist() == one.tolist()


@few
@given(st.lists(st.tuples(GRID, GRID), min_size=1, max_size=60), st.lists(st.tuples(ANYWHERE, ANYWHERE), max_size=5))
def test_points_are_pieces_without_length(places, queries):
    x, y = np.array(places, float).T.copy()
    queries = np.array(queries).reshape(-1, 2)
    owner, distance = SegmentTree(np.arange(x.size, dtype=np.int32) + 7, x, y, x, y).nearest(*queries.T.copy())
    for found, away, (qx, qy) in zip(owner, distance, queries, strict=True):
        between = np.sqrt((x - qx) ** 2 + (y - qy) ** 2)
        assert away == between.min()
        assert found == between.argmin() + 7


def test_many_pieces_in_towns_and_deserts_are_found_as_by_a_tree_of_shapely():
    rng = np.random.default_rng(6)
    n = 40 if PLAIN else 3000
    starts = np.concatenate([rng.normal(0, 1000, (n, 2)), rng.uniform(-1e6, 1e6, (n // 10, 2))])
    shapes = [start + rng.normal(0, 100, (rng.integers(2, 30), 2)).cumsum(axis=0) for start in starts]
    owner = np.concatenate([[i] * (len(line) - 1) + [-1] for i, line in enumerate(shapes)]).astype(np.int32)[:-1]
    x, y = np.concatenate(shapes).T.copy()
    queries = np.concatenate([rng.normal(0, 3000, (n, 2)), rng.uniform(-1e6, 1e6, (n, 2)), np.concatenate(shapes)[::9]])
    found, distance = SegmentTree(owner, x[:-1], y[:-1], x[1:], y[1:]).nearest(*queries.T.copy(), most=20_000)
    tree = shapely.STRtree([shapely.LineString(line) for line in shapes])
    (asked, hit), away = tree.query_nearest(
        shapely.points(queries), max_distance=20_000, return_distance=True, all_matches=True
    )
    assert (np.flatnonzero(found >= 0) == np.unique(asked)).all()
    assert (distance[asked] == away).all()
    order = np.lexsort((hit, asked))
    _, first = np.unique(asked[order], return_index=True)
    assert (found[found >= 0] == hit[order][first]).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_tree_of_chosen_lines_is_that_of_pieces_of_which_all_others_are_no_ones(seed):
    rng = np.random.default_rng(seed)
    ptr = np.concatenate([[0], rng.integers(2, 30, 40).cumsum()])
    x, y = rng.normal(0, 1000, (2, ptr[-1])).round()
    ends = x[:-1], y[:-1], x[1:], y[1:]
    line, chosen = np.repeat(np.arange(40, dtype=np.int32), np.diff(ptr))[:-1], rng.random(40) < 0.5
    own = np.where(chosen[line], line, -1).astype(np.int32)
    own[ptr[1:-1] - 1] = -1  # from the last point of a line leads no piece
    some, whole = SegmentTree.of_lines(line, ptr, chosen, *ends), SegmentTree(own, *ends)
    assert (some.leaf == whole.leaf).all()
    asked = rng.normal(0, 1000, (2, 100)).round()
    for one, other in zip(some.nearest(*asked), whole.nearest(*asked), strict=True):
        assert one.tolist() == other.tolist()


def test_of_nothing_nothing_is_near():
    none = np.empty(0)
    for owner in (np.empty(0, np.int32), np.full(3, -1, np.int32)):
        ends = [np.zeros(owner.size)] * 4
        assert SegmentTree(owner, *ends).nearest(np.array([1.0]), np.array([2.0]))[0].tolist() == [-1]
    some = SegmentTree(np.zeros(1, np.int32), *[np.zeros(1)] * 4)
    assert [part.size for part in some.nearest(none, none)] == [0, 0]


@pytest.mark.skipif(PLAIN, reason="this is that run")
def test_all_of_this_holds_without_compilation():
    env = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    arguments = ["-W", "error::RuntimeWarning", "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        [sys.executable, *arguments],
        env=env,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout

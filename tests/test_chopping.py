"""Stretches of shapes in lines: laid end to end they are what shapely cuts out, none too long, all of one length."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import substring

from geoaccess.kernels.chopping import chopped, points_of_lines


@given(st.integers(0, 10**6), st.integers(1, 6), st.sampled_from([30.0, 100.0, 1e4]))
@settings(max_examples=60, deadline=None)
def test_lines_are_the_stretches_in_parts(seed, n, longest):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 9, n)
    first = np.append(0, np.cumsum(sizes))
    x, y = rng.uniform(0, 200, (2, first[-1]))
    if sizes[0] > 2:
        x[1], y[1] = x[0], y[0]  # a piece of no length
    low, high = np.sort(rng.uniform(0, sizes - 1, (2, n)), axis=0)
    low, high = (np.where(rng.random(n) < 0.5, np.round(at), at) for at in (low, high))
    high = np.maximum(low, high)
    cut = chopped(x, y, first[:-1] + low, first[:-1] + high, longest)
    xy, line = points_of_lines(x, y, cut.begin, cut.end)
    lines = shapely.linestrings(xy, indices=line)
    for i in range(n):
        whole = shapely.linestrings(np.column_stack([x, y])[first[i] : first[i + 1]])
        along = np.append(0, np.cumsum(np.hypot(*np.diff(shapely.get_coordinates(whole), axis=0).T)))
        begin, end = np.interp([low[i], high[i]], np.arange(sizes[i]), along)
        own = lines[cut.of == i]
        lengths = shapely.length(own)
        assert len(own) == max(np.ceil((end - begin) / longest - 1e-9), 1)
        assert lengths == pytest.approx(np.full(len(own), (end - begin) / len(own)), abs=1e-6)
        for part, one in enumerate(own):
            expected = substring(whole, *(begin + (end - begin) * np.array([part, part + 1]) / len(own)))
            assert shapely.hausdorff_distance(one, expected) < 1e-6
    west, south, east, north = shapely.bounds(lines).T
    assert cut.twice_middle == pytest.approx(np.column_stack([west + east, south + north]))

"""Stretches of roads: divided and extended as their pieces would be one by one, and of no matter for the network."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoaccess.kernels import cutting
from geoaccess.osm import build, read_osm, stretches

TROMS = Path(__file__).parents[1] / "data" / "troms"


def _pieces(table):
    """Return way, both ends and time of every piece, in the order of a table of stretches."""
    found = []
    for row in range(table["a"].size):
        of = np.arange(table["first"][row], table["first"][row] + table["size"][row])
        stretch = np.full(of.size, row)
        begin, end = stretches.ends_of_pieces(table, stretch, of)
        assert begin[0] == table["a"][row]
        assert end[-1] == table["b"][row]
        assert table["least"][row] == min(end[:-1].tolist(), default=cutting.NO_POINT)
        found += zip(
            table["way"][stretch].tolist(), begin.tolist(), end.tolist(), table["forward_s"][of].tolist(), strict=True
        )
    return found


@pytest.mark.parametrize("seed", range(20))
def test_divided_stretches_have_the_pieces_that_are_not_gone(seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 6, 8).astype(np.int32)
    first = (np.cumsum(size) - size + np.arange(8)).astype(np.int32)
    course = rng.permutation(int(size.sum()) + 8).astype(np.int32)
    table = {
        "way": np.arange(8, dtype=np.int32),
        "a": course[first],
        "b": course[first + size],
        "first": first,
        "size": size,
        "least": np.array(
            [course[i + 1 : i + n].min(initial=cutting.NO_POINT) for i, n in zip(first, size, strict=True)]
        ),
        "course": course,
        "forward_s": rng.uniform(0, 9, course.size),
    }
    pieces = _pieces(table)
    all_of = np.concatenate([np.arange(i, i + n) for i, n in zip(first, size, strict=True)]).tolist()
    row_of = np.repeat(np.arange(8), size).tolist()
    gone = set(rng.choice(all_of, 4, replace=False).tolist())
    cuts = {}
    for piece, row in zip(all_of, row_of, strict=True):
        if piece in gone:
            cuts.setdefault(row, set()).update({piece, piece + 1})
        elif rng.random() < 0.2:
            cuts.setdefault(row, set()).add(piece)
    stretches.divide(table, cuts, gone)
    left = [piece for piece, number in zip(pieces, all_of, strict=True) if number not in gone]
    assert _pieces(table) == left
    begins = {int(at) for at in table["first"]}
    assert all(
        {piece for piece in places if piece in all_of and piece not in gone} <= begins for places in cuts.values()
    )

    more = {"way": np.array([7, 8], np.int32), "a": np.array([1, 2], np.int32), "b": np.array([3, 0], np.int32)}
    stretches.add_pieces(table, more, {**more, "forward_s": np.array([5.0, 6.0])})
    assert _pieces(table) == [*left, (7, 1, 3, 0.0), (8, 2, 0, 0.0), (7, 1, 3, 5.0), (8, 2, 0, 6.0)]
    stretches.drop_stretches(table, np.array([table["a"].size - 2]))
    assert _pieces(table) == [*left, (7, 1, 3, 0.0), (8, 2, 0, 0.0), (8, 2, 0, 6.0)]


def _are_equal(one, other):
    if is_dataclass(one):
        return all(_are_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return one == other


def test_a_network_is_the_same_where_ways_are_cut_at_every_point(monkeypatch):
    """Roads, ferries, gates, signals and turns: what is decided, is decided at ends of stretches."""

    def network():
        return read_osm(TROMS / "troms-modelled.osm.pbf", profile="car", ferries=TROMS / "ferries.csv")

    usual, rows = network(), []
    cut = cutting.stretches_of_ways

    def everywhere(*ways):
        *ways, stays, course = ways
        found = cut(*ways, np.ones_like(stays), course)
        rows.append((found[0].size, cut(*ways, stays, course)[0].size))
        return found

    monkeypatch.setattr(build.cutting, "stretches_of_ways", everywhere)
    assert _are_equal(network(), usual)
    assert rows[0][0] > 1.5 * rows[0][1]

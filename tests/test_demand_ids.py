"""Cell ids: what is written is read back, whatever the corner, and nothing else is taken for an id."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.demand import make_cell_ids, parse_cell_ids
from geoaccess.demand.ids import recognise_ids
from geoaccess.errors import InputError

SIZES = (1, 25, 50, 100, 125, 200, 250, 500, 1000, 2000, 5000, 10_000, 100_000)
steps = st.integers(-400, 8000)
ssb_points = st.tuples(st.integers(-490_000, 1_290_000), st.integers(6_310_000, 9_090_000))


@given(st.lists(st.tuples(steps, steps), min_size=1, max_size=20), st.sampled_from(SIZES), st.integers(2000, 32767))
def test_a_made_id_is_read_back(corners, size, epsg):
    x, y = (np.array(corners) * size).T
    codes = parse_cell_ids(make_cell_ids(x, y, size_m=size, epsg=epsg))
    assert codes["x"].tolist() == x.tolist()
    assert codes["y"].tolist() == y.tolist()
    assert set(codes["size_m"]) == {size}
    assert set(codes["epsg"]) == {epsg}


@given(steps, steps, st.sampled_from(SIZES), st.booleans())
def test_the_short_form_counts_in_tens_for_each_zero_of_the_size(column, row, size, north_first):
    zeros = len(str(size)) - len(str(size).rstrip("0"))
    east, north = column * size // 10**zeros, row * size // 10**zeros
    length = f"{size // 1000}km" if size % 1000 == 0 else f"{size}m"
    text = f"{length}N{north}E{east}" if north_first else f"{length}E{east}N{north}"
    code = parse_cell_ids([text]).iloc[0]
    assert (code["x"], code["y"], code["size_m"], code["epsg"]) == (column * size, row * size, size, 3035)


@given(ssb_points, st.sampled_from([100, 250, 500, 1000, 5000]))
def test_ids_of_statistics_norway_floor_negative_eastings(point, size):
    # Statistics Norway's own formula, from a point anywhere in the cell.
    x, y = (int(np.floor(value / size)) * size for value in point)
    code = parse_cell_ids([str(2 * 10**13 + x * 10**7 + y)]).iloc[0]
    assert (code["x"], code["y"], code["epsg"]) == (x, y, 25833)
    assert np.isnan(code["size_m"])
    assert x <= point[0] < x + size


def test_known_ids():
    codes = parse_cell_ids(
        ["CRS3035RES1000mN4775000E2918000", "CRS2975RES200mN7634000E0314000", "25100007584000", "10kmE432N321"]
    )
    assert codes["x"].tolist() == [2_918_000, 314_000, 510_000, 4_320_000]
    assert codes["y"].tolist() == [4_775_000, 7_634_000, 7_584_000, 3_210_000]
    assert codes["epsg"].tolist() == [3035, 2975, 25833, 3035]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A1",
        "1kmN4775N2918",
        "0mN1E1",
        "1kmN4775",
        " 1kmN4775E2918",
        "1milN4775E2918",
        "CRSRES1kmN1E1",
        "12345678901234",
        "2510000758400",
        "251000075840000",
        "25100007584000.0",
        "٢٥١٠٠٠٠٧٥٨٤٠٠٠",
    ],
)
def test_other_texts_are_no_ids(text):
    assert not recognise_ids(pd.Series([text, "1kmN1E1"]))["known"].iloc[0]


def test_ids_that_are_not_understood_are_named():
    with pytest.raises(InputError, match=r"1 of 2 are not understood: number 2 \('A1'\)"):
        parse_cell_ids(["1kmN4775E2918", "A1"])


def test_the_index_of_a_series_is_kept():
    codes = parse_cell_ids(pd.Series(["1kmN1E2"], index=["here"]))
    assert codes.index.tolist() == ["here"]


@pytest.mark.parametrize(("x", "size"), [(0.5, 1000), (np.nan, 1000), (0.0, 62.5)])
def test_an_id_is_not_made_of_what_it_cannot_hold(x, size):
    with pytest.raises(InputError, match="whole metres only"):
        make_cell_ids([x], [0.0], size_m=size)


@pytest.mark.parametrize("ids", [[19250006618250], pd.Series([19250006618250]), pd.Series([19250006618250.0, None])])
def test_ids_that_were_read_as_numbers_are_the_same_ids(ids):
    expected = parse_cell_ids(["19250006618250"])
    known = ids if isinstance(ids, list) else ids.dropna()
    pd.testing.assert_frame_equal(parse_cell_ids(known), expected)
    if len(ids) > 1:
        with pytest.raises(InputError, match="number 2"):
            parse_cell_ids(ids)

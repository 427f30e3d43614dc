"""Tables side by side: what pandas joins by looking up every label."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from geoaccess.frames import beside

CELLS = gpd.GeoDataFrame(
    {"population": [1.0, 2.0, 3.0]},
    geometry=gpd.points_from_xy([10.0, 11.0, 12.0], [60.0] * 3),
    index=pd.Index(["a", "b", "c"], name="cell_id"),
    crs="EPSG:4326",
)
TIMES = pd.DataFrame({"gp_s": [60.0, 90.0, 30.0], "gp_site": ["x", "", "y"]}, index=CELLS.index)


@pytest.mark.parametrize(
    "others",
    [
        [],
        [TIMES],
        [TIMES, TIMES.add_prefix("second_")],
        [TIMES.iloc[::-1]],
        [TIMES.iloc[:2]],
        [pd.DataFrame(index=CELLS.index), TIMES],
    ],
    ids=["nothing", "one", "two", "in another order", "some rows", "no column"],
)
def test_tables_side_by_side_are_those_that_pandas_joins(others):
    found = beside(CELLS, *others)
    assert_frame_equal(found, CELLS.join(others) if others else CELLS)
    assert found.crs == CELLS.crs
    assert found.index.name == "cell_id"


def test_a_table_without_columns_takes_those_of_another():
    assert_frame_equal(beside(CELLS[[]], TIMES), TIMES)


def test_a_name_that_is_there_twice_is_refused_as_pandas_does():
    with pytest.raises(ValueError, match="overlap"):
        beside(CELLS, TIMES.rename(columns={"gp_s": "population"}))

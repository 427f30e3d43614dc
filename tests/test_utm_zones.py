"""The zone of UTM of places: that of geopandas, wherever in a degree they lie."""

from __future__ import annotations

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.frames import utm_of

LON = st.one_of(st.integers(-180, 180), st.floats(-180, 180))
LAT = st.one_of(st.integers(-80, 84), st.floats(-80, 84))


@given(LON, LAT)
@settings(max_examples=25, deadline=None)
def test_the_zone_is_that_of_geopandas(lon, lat):
    place = gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4326")
    assert utm_of(place) == place.estimate_utm_crs()


def test_where_there_is_no_zone_this_is_said():
    with pytest.raises(InputError, match="no zone of UTM"):
        utm_of(gpd.GeoSeries.from_xy([10.0], [89.5], crs="EPSG:4326"))

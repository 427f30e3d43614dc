"""Bands of travel time, words, and what the page says of them."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.maps import band_colours, band_index, band_labels, band_people, default_bands
from geoaccess.maps.bands import chosen_bands
from geoaccess.maps.curves import within
from geoaccess.maps.labels import reason_label
from geoaccess.maps.packing import safe_json
from geoaccess.measures import REASONS
from geoaccess.phrases import languages


@dataclass(frozen=True)
class Service:
    key: str = "gp"
    label: str = "GP"
    direction: str = "to_sites"
    norms_s: tuple[float, ...] = (1200.0,)
    proxy_note: str = ""
    norm_column: str = ""
    time: str = "travel"
    from_call: bool = False

    @property
    def norm_limits(self):
        return tuple((norm,) for norm in self.norms_s)


times = st.one_of(st.floats(0, 40_000), st.just(math.inf), st.just(math.nan))
edges = st.lists(st.integers(1, 40_000), min_size=1, max_size=8, unique=True).map(
    lambda values: sorted(map(float, values))
)


@given(st.lists(times, min_size=1), edges)
def test_a_band_holds_the_times_above_its_lower_and_up_to_its_upper_edge(found, edges_s):
    for time, band in zip(found, band_index(np.array(found), edges_s=edges_s), strict=True):
        if not math.isfinite(time):
            assert band == -1
        else:
            assert band == sum(edge < time for edge in edges_s)


@given(st.lists(st.tuples(times, st.floats(0, 1e6)), min_size=1), edges, st.sampled_from(list(languages())))
def test_the_people_of_all_bands_and_reasons_are_all_people(rows, edges_s, language):
    time = np.array([row[0] for row in rows])
    reason = [REASONS[at % 4] if not math.isfinite(row[0]) else "" for at, row in enumerate(rows)]
    table = pd.DataFrame({"population": [row[1] for row in rows], "gp_s": time, "gp_reason": reason})
    counted = band_people(table, service=Service(), edges_s=edges_s, language=language)
    assert counted["people"].sum() == pytest.approx(table["population"].sum())
    assert len(counted) == len(edges_s) + 1 + len({why for why in reason if why})
    if table["population"].sum() > 0:
        assert counted["share"].sum() == pytest.approx(1)
    for row in counted.to_dict("records"):
        expected = table["population"][[
            why == row["reason"] and (row["band"] == -1 or band == row["band"])
            for why, band in zip(reason, band_index(time, edges_s=edges_s), strict=True)
        ]].sum()  # fmt: skip
        assert row["people"] == pytest.approx(expected)


@given(st.lists(st.integers(60, 20_000).map(float), max_size=9))
def test_default_bands_rise_and_have_every_norm_as_an_edge(norms_s):
    found = default_bands(norms_s)
    assert list(found) == sorted(set(found))
    assert set(norms_s) <= set(found)
    assert len(found) <= max(7, len(set(norms_s)))
    assert len(band_labels(found)) == len(band_colours(len(found) + 1)) == len(found) + 1


def test_colours_fall_in_lightness():
    def lightness(colour):
        red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    for number in range(2, 12):
        found = [lightness(colour) for colour in band_colours(number)]
        assert found == sorted(found, reverse=True)
        assert len(set(band_colours(number))) == number


def test_bands_given_for_one_service_leave_the_others_as_they_are():
    gp, hospital = Service(), Service(key="hospital", norms_s=(3600.0,))
    found = chosen_bands([gp, hospital], {"gp": [600, 1200]})
    assert found == {"gp": (600.0, 1200.0), "hospital": default_bands((3600.0,))}
    assert chosen_bands([gp, hospital], [60.0]) == {"gp": (60.0,), "hospital": (60.0,)}


@pytest.mark.parametrize("bands_s", [[], [600, 600], [0, 5], [-1], [60, math.inf], {"dentist": [60]}])
def test_bands_that_do_not_rise_or_have_no_service_are_refused(bands_s):
    with pytest.raises(InputError, match="bands_s"):
        chosen_bands([Service()], bands_s)


def test_a_norm_that_is_no_time_is_refused():
    with pytest.raises(InputError, match="norms_s"):
        default_bands((0.0,))


def test_every_reason_has_a_label():
    assert all(reason_label(reason, language="nb") != reason.replace("_", " ") for reason in REASONS)
    assert reason_label("a_new_reason") == "a new reason"


@given(st.recursive(st.text() | st.integers() | st.booleans(), lambda inner: st.dictionaries(st.text(), inner)))
def test_safe_json_says_the_same_and_holds_nothing_that_could_be_code(value):
    text = safe_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set(text) & set("<>&'`$")
    in_strings = text.replace('"', "\x00").split("\x00")
    assert "{{" not in text
    assert "{%" not in text
    assert in_strings


@given(st.lists(st.tuples(times, st.floats(0.1, 1000)), min_size=1), st.lists(st.floats(0, 40_000), min_size=1))
def test_curves_are_the_share_of_all_people_within_each_time(rows, at_s):
    time, people = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    expected = [sum(p for t, p in rows if t <= limit) / people.sum() for limit in at_s]
    assert within(time, people, np.array(at_s)) == pytest.approx(expected)


def test_what_is_slow_to_import_is_left_until_a_file_is_written():
    code = "import sys, geoaccess.maps; print(sorted({'folium', 'matplotlib', 'rasterio'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

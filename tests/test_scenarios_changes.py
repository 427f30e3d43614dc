"""Scenarios as data: read, written, put together, applied to sites."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import ConfigError, InputError, MissingFileError
from geoaccess.phrases import printable
from geoaccess.scenarios import Scenario, apply_to_sites, combine, read_scenario, scenario_text, write_scenario

EVERYTHING = """
title = "Everything \\"at once\\""
description = "Two\\nlines"

[[add]]
service = "gp"
name = "Husøy"
lon = 17.67
lat = 69.54
days_per_week = 1.5
capacity = 800.0
level = "1"
opening = "Tu,Th 09:00-15:00"

[[remove]]
service = "gp"
site = "gp-west"

[[move]]
service = "gp"
site = "gp-east"
lon = 10.25
lat = 60.125

[[change]]
service = "hospital"
site = "hospital-west"
capacity = 12
allowed = ["0101", "0102"]

[[close]]
osm_id = 12

[[close]]
name = "Boat"
what = "ferries"

[[close]]
polygon = [[10.0, 60.0], [10.1, 60.0], [10.1, 60.1]]
what = "roads"

[[slow]]
polygon = "flood.geojson"
factor = 2.5

[boats]
cancel_after = "20:00"

[network]
profile = "car_winter"

[storm]
passes = ["Kvænangsfjellet", 7]

[population]
year = 2040
column = "people_2040"
"""


def sites():
    return gpd.GeoDataFrame(
        {"service": ["gp", "gp", "hospital"], "name": ["West", "East", "West"], "proxy": [False, True, False]},
        geometry=gpd.points_from_xy([10.0, 10.3, 10.0], [60.0, 60.0, 60.0]),
        index=["gp-west", "gp-east", "hospital-west"],
        crs="EPSG:4326",
    )


def written(folder, text):
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_is_read_and_written_to_the_same(tmp_path):
    first = read_scenario(written(tmp_path, EVERYTHING))
    assert Path(first.slow[0].polygon) == tmp_path / "flood.geojson"
    other = tmp_path / "deeper" / "copy.toml"
    write_scenario(first, other)
    assert read_scenario(other) == first
    assert 'polygon = "../flood.geojson"' in other.read_text(encoding="utf-8")


letters = st.characters(codec="utf-8").filter(lambda letter: printable(letter) == letter)
names = st.text(letters.filter(lambda letter: letter != "\r"), min_size=1)
lons, lats = st.floats(-180, 180, allow_nan=False), st.floats(-90, 90, allow_nan=False)


@given(
    st.builds(
        Scenario,
        title=names,
        description=st.text(letters),
        add=st.lists(st.fixed_dictionaries({"service": names, "name": names, "lon": lons, "lat": lats}), max_size=2),
        move=st.lists(st.fixed_dictionaries({"service": names, "site": names, "lon": lons, "lat": lats}), max_size=2),
        close=st.lists(
            st.one_of(
                st.fixed_dictionaries({"osm_id": st.integers(-(2**40), 2**40)}),
                st.fixed_dictionaries({"polygon": st.lists(st.tuples(lons, lats), min_size=3, max_size=4)}),
            ),
            max_size=2,
        ),
        storm=st.none()
        | st.fixed_dictionaries({"passes": st.lists(names | st.integers(-(2**63) + 1, 2**63 - 1), max_size=3)}),
    )
)
def test_any_scenario_survives_its_file(scenario):
    import tomllib

    assert Scenario.model_validate(tomllib.loads(scenario_text(scenario))) == scenario


def test_shipped_scenarios_are_read(root):
    found = sorted((root / "configs" / "scenarios").glob("*.toml"))
    assert len(found) >= 2
    assert all(read_scenario(path).title for path in found)


def test_all_that_is_wrong_with_a_file_is_reported_at_once(tmp_path):
    text = EVERYTHING.replace('cancel_after = "20:00"', 'cancel_after = "25:00"').replace("factor = 2.5", "factr = 2")
    text = text.replace("osm_id = 12", 'osm_id = 12\nname = "x"').replace("lat = 60.125", "lat = 160.125")
    with pytest.raises(ConfigError) as caught:
        read_scenario(written(tmp_path, text))
    message = str(caught.value)
    for part in ("scenario.toml", '"20:00"', "25:00", 'did you mean "factor"', "osm_id and name", "160.125"):
        assert part in message
    with pytest.raises(MissingFileError, match=r"none\.toml"):
        read_scenario(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[close]]\nwhat = 'roads'", "osm_id, name or polygon"),
        ("[[close]]\npolygon = [[1, 2], [3, 4]]", "2 corners"),
        ("[[change]]\nservice = 'gp'\nsite = 'x'", "nothing to change"),
        ("[population]\nyear = 2040", "column, or the file"),
        ("[[slow]]\nosm_id = 3\nfactor = 0.5", "0.5"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, text, says):
    with pytest.raises(ConfigError, match=says):
        read_scenario(written(tmp_path, f"title = 'x'\n{text}\n"))


def test_sites_are_added_moved_changed_and_removed(tmp_path):
    before = sites()
    after = apply_to_sites(read_scenario(written(tmp_path, EVERYTHING)), before)
    assert after.index.tolist() == ["gp-east", "hospital-west", "gp-husoy"]
    assert (after.geometry["gp-east"].x, after.geometry["gp-east"].y) == (10.25, 60.125)
    assert after.loc["hospital-west", ["capacity", "allowed"]].tolist() == [12, "0101;0102"]
    assert after.loc["gp-husoy", ["service", "name", "level", "days_per_week"]].tolist() == ["gp", "Husøy", "1", 1.5]
    assert after["proxy"].tolist() == [True, False, False]
    assert after["proxy"].dtype == bool
    assert before.equals(sites())  # the table given stays


def test_removing_and_adding_back_is_as_before():
    before = sites()
    away = Scenario(title="away", remove=[{"service": "gp", "site": "gp-east"}])
    back = {"service": "gp", "site": "gp-east", "name": "East", "lon": 10.3, "lat": 60.0}
    after = apply_to_sites(Scenario(title="back", add=[back]), apply_to_sites(away, before))
    assert after.sort_index()[["service", "name", "geometry"]].equals(
        before.sort_index()[["service", "name", "geometry"]]
    )


def test_unknown_sites_and_services_are_all_named():
    scenario = Scenario(
        title="wrong",
        add=[{"service": "gpp", "lon": 1, "lat": 2}, {"service": "gp", "site": "gp-east", "lon": 1, "lat": 2}],
        move=[{"service": "gp", "site": "gp-eats", "lon": 1, "lat": 2}],
        remove=[{"service": "gp", "site": "hospital-west"}, {"service": "gp", "site": "gp-west"}] * 2,
    )
    with pytest.raises(InputError) as caught:
        apply_to_sites(scenario, sites())
    message = str(caught.value)
    for part in (
        'did you mean "gp"',
        'a site "gp-east" already',
        'did you mean "gp-east"',
        "that is a site of hospital",
        '"gp-west" is removed twice',
    ):
        assert part in message


def test_combining_is_doing_one_after_the_other():
    add = {"service": "gp", "name": "Middle", "lon": 10.1, "lat": 60.0}
    one = Scenario(title="one", add=[add], change=[{"service": "gp", "site": "gp-west", "capacity": 3}])
    two = Scenario(
        title="two",
        move=[{"service": "gp", "site": "gp-middle", "lon": 10.2, "lat": 60.0}],
        change=[{"service": "gp", "site": "gp-west", "capacity": 4}],
        remove=[{"service": "gp", "site": "gp-east"}],
    )
    both = apply_to_sites(combine(one, two), sites())
    assert both.equals(apply_to_sites(two, apply_to_sites(one, sites())))
    assert both.loc["gp-west", "capacity"] == 4


def test_combining_what_contradicts_is_refused():
    gone = Scenario(title="gone", remove=[{"service": "gp", "site": "gp-east"}])
    moved = Scenario(title="moved", move=[{"service": "gp", "site": "gp-east", "lon": 1, "lat": 2}])
    with pytest.raises(InputError, match='"moved" moves gp-east, which "gone" removes'):
        combine(gone, moved)
    assert combine(moved, gone).title == "moved + gone"


def test_of_two_that_say_the_same_the_later_counts():
    one = Scenario(title="one", storm={"passes": ["a"]}, boats={"cancel_after": "20:00"})
    two = Scenario(title="two", storm={"passes": ["a", 5]}, boats={"cancel_after": "18:30"})
    both = combine(one, two)
    assert both.storm.passes == ("a", 5)
    assert both.boats.cancel_after_s == 18.5 * 3600
    assert [close.what for close in both.closes] == ["ferries", "roads", "roads"]

"""Profiles: those that ship, those that extend others, and messages about those that are wrong."""

from __future__ import annotations

import pytest

from geoaccess.errors import ConfigError, MissingFileError
from geoaccess.osm import find_profile, profile_files, read_profile, read_way
from geoaccess.shipped import shipped

SHIPPED = ("car", "car_winter", "ambulance", "ssb")


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_can_be_read(name):
    profile = read_profile(find_profile(name))
    assert profile.title
    assert {
        "highway",
        "access",
        "motorcar:backward:conditional",
        "maxspeed:forward",
        "oneway:conditional",
        "surface",
    } <= profile.keys
    assert {"barrier", "locked", "motor_vehicle", "ford"} <= profile.node_keys


def test_a_profile_extends_one_that_ships(tmp_path):
    path = write(tmp_path, "mine.toml", 'extends = "car"\n[highway]\ntrack = 7\n[speed]\ngreatest_kph = 60\n')
    mine, car = read_profile(path), read_profile(find_profile("car"))
    assert (mine.highway["track"], mine.highway["primary"], mine.title) == (7, car.highway["primary"], car.title)
    assert read_way({"highway": "trunk", "maxspeed": "90"}, mine).forward_kph == 60
    assert profile_files(path) == [path, shipped("profiles/car.toml")]


def test_the_base_beside_the_file_comes_first(tmp_path):
    write(tmp_path, "car.toml", 'extends = "car"\n[highway]\ntrack = 3\n')
    path = write(tmp_path, "mine.toml", 'extends = "car"\n')
    assert read_profile(path).highway["track"] == 3
    assert len(profile_files(path)) == 3


def test_lists_are_replaced_and_tables_too_where_asked(tmp_path):
    path = write(
        tmp_path,
        "mine.toml",
        'extends = "car"\nreplaces = ["caps", "speed.countries"]\nno_snap = []\n[caps.surface]\ngravel = 33\n',
    )
    mine = read_profile(path)
    assert mine.caps == {"surface": {"gravel": 33}}
    assert (mine.speed.countries, mine.no_snap) == ({}, ())
    assert mine.speed.words["walk"] == 7


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            'extends = "car"\n[highwy]\ntrack = 7\n',
            ['unknown key "highwy"; did you mean "highway"?', "extends car.toml"],
        ),
        ('extends = "car"\n[speed]\nkesy = []\n', ['unknown key "speed.kesy"; did you mean "keys"?']),
        (
            'extends = "car"\n[vehicle]\nheight_m = -1\nwidht_m = 2\n',
            ["vehicle.height_m", 'did you mean "width_m"?', "2 problems"],
        ),
        ('extends = "car"\n[highway]\ntrack = "slow"\n', ["highway.track", "'slow'"]),
        ('extends = "car"\n[dates]\nundecided = "maybe"\n', ["dates.undecided", "maybe"]),
        ('extends = "car"\n[dates]\ncountry = "Norway"\n', ["dates.country"]),
        ('extends = "car"\n[nodes.barriers]\ngate = "ajar"\n', ["nodes.barriers.gate", "ajar"]),
        ('extends = "car"\n[access]\nopen = ["yes", "no"]\n', ["several lists", "no"]),
        ('extends = "car"\n[speed]\nby_limit = [[80, 1.0], [50, 0.9]]\n', ["by_limit", "rise"]),
        ('extends = "car"\nreplaces = ["cap"]\n', ['replaces = "cap"', "no such table"]),
        ("extends = 3\n", ["extends", "3"]),
        ('extends = "car"\nreplaces = "caps"\n', ["replaces", "list"]),
        ('replaces = ["caps"]\n', ["no meaning"]),
        ('extends = "mine.toml"\n', ["cannot extend itself", "mine.toml extends mine.toml"]),
        ('title = "half"\n', ['"highway" is missing', '"ferry" is missing']),
        ("title = \n", ["not a TOML file"]),
    ],
)
def test_mistakes_are_reported(tmp_path, text, parts):
    path = write(tmp_path, "mine.toml", text)
    with pytest.raises(ConfigError) as caught:
        read_profile(path)
    for part in (*parts, "mine.toml"):
        assert part in str(caught.value)


def test_what_is_not_there(tmp_path):
    for extends in ("caar", "caar.toml"):
        with pytest.raises(MissingFileError, match="caar"):
            read_profile(write(tmp_path, "mine.toml", f'extends = "{extends}"\n'))
    with pytest.raises(MissingFileError, match=r"profiles/ssb\.toml"):
        find_profile("sbb")
    with pytest.raises(MissingFileError):
        read_profile(tmp_path / "none.toml")


def test_the_ferries_of_statistics_norway():
    ferry = read_profile(find_profile("ssb")).ferry
    assert (ferry.wait, ferry.ssb_kph) == ("ssb", 12.3)

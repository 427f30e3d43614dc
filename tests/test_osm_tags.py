"""Tags of ways against what the OpenStreetMap wiki says they mean, under the tables of configs/profiles/car.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import ConfigError, MissingFileError
from geoaccess.osm import read_profile
from geoaccess.osm.tags import parse_duration_s, parse_speed_kph, read_crossing, read_road

CAR_TOML = Path(__file__).parents[1] / "configs" / "profiles" / "car.toml"
CAR = read_profile(CAR_TOML)


def tags(text):
    return dict(part.split("=", 1) for part in text.split(" ") if part)


def kph(text):
    road = read_road(tags(text), CAR)
    return road.forward_kph, road.backward_kph


def both(speed):
    return speed, speed


CLOSED = (0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # class speeds
        ("highway=trunk", both(80)),
        ("highway=primary", both(80)),
        ("highway=secondary", both(70)),
        ("highway=tertiary", both(60)),
        ("highway=unclassified", both(50)),
        ("highway=residential", both(40)),
        ("highway=road", both(40)),
        ("highway=service", both(20)),
        ("highway=track", both(20)),
        # not roads
        ("highway=footway", CLOSED),
        ("highway=cycleway", CLOSED),
        ("highway=path motor_vehicle=yes", CLOSED),
        ("highway=pedestrian motor_vehicle=destination", CLOSED),
        ("highway=steps", CLOSED),
        ("highway=construction construction=primary", CLOSED),
        ("highway=proposed", CLOSED),
        ("", CLOSED),
        ("maxspeed=50", CLOSED),
        ("highway=service area=yes", CLOSED),
        ("highway=service service=emergency_access", CLOSED),
        ("highway=service service=drive-through", both(20)),  # queues for ferries are tagged so
        ("highway=service service=driveway", both(20)),
        ("highway=residential area=no", both(40)),
    ],
)
def test_what_is_a_road(text, expected):
    road = read_road(tags(text), CAR)
    assert (road.forward_kph, road.backward_kph) == expected
    assert road.closed == (expected == CLOSED)


def test_every_class_of_the_profile_is_driven_at_its_speed():
    for name, speed in CAR.highway.items():
        road = read_road({"highway": name}, CAR)
        assert road.forward_kph == speed
        assert road.backward_kph == (0 if name == "motorway" else speed)


@pytest.mark.parametrize(
    ("text", "is_open", "restricted"),
    [
        ("", True, False),
        ("access=yes", True, False),
        ("access=permissive", True, False),
        ("access=designated", True, False),
        ("access=no", False, None),
        ("access=No", False, None),
        ("access=private", True, True),
        ("access=destination", True, True),
        ("access=delivery", True, True),
        ("access=customers", True, True),
        ("access=agricultural", False, None),
        ("access=forestry", False, None),
        ("motor_vehicle=agricultural;forestry", False, None),
        ("motor_vehicle=forestry;agricultural", False, None),  # the order of a list says nothing
        ("access=emergency", False, None),
        ("access=military", False, None),
        ("vehicle=no", False, None),
        ("motor_vehicle=no", False, None),
        ("motorcar=no", False, None),
        ("motor_vehicle=private", True, True),
        ("motor_vehicle=destination", True, True),
        # from the general to the particular: access < vehicle < motor_vehicle < motorcar
        ("access=no vehicle=yes", True, False),
        ("access=no motor_vehicle=yes", True, False),
        ("access=no motorcar=yes", True, False),
        ("access=yes motorcar=no", False, None),
        ("access=no motor_vehicle=private", True, True),
        ("access=private motor_vehicle=yes", True, False),
        ("access=private motor_vehicle=no", False, None),
        ("vehicle=no motor_vehicle=yes", True, False),
        ("vehicle=yes motor_vehicle=no", False, None),
        ("motor_vehicle=no motorcar=yes", True, False),
        ("motor_vehicle=yes motorcar=no", False, None),
        ("motorcar=yes motor_vehicle=no access=no", True, False),
        # of others
        ("foot=no bicycle=no", True, False),
        ("access=no foot=yes", False, None),
        ("access=no bicycle=designated", False, None),
        ("access=no bus=yes psv=yes", False, None),
        ("hgv=no", True, False),
        ("motorcycle=no", True, False),
    ],
)
def test_who_may_drive(text, is_open, restricted):
    road = read_road({"highway": "residential"} | tags(text), CAR)
    assert (road.forward_kph, road.backward_kph) == (both(40) if is_open else CLOSED)
    if is_open:
        assert road.restricted == restricted


ON, AGAINST, BOTH = (40, 0), (0, 40), (40, 40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oneway=yes", ON),
        ("oneway=true", ON),
        ("oneway=1", ON),
        ("oneway=Yes", ON),
        ("oneway=-1", AGAINST),
        ("oneway=reverse", AGAINST),
        ("oneway=no", BOTH),
        ("oneway=false", BOTH),
        ("oneway=0", BOTH),
        ("oneway=reversible", CLOSED),  # twice a day: not without the hours
        ("oneway=alternating", BOTH),  # lights at a narrow bridge: one waits, and drives on
        ("junction=roundabout", ON),
        ("junction=roundabout oneway=yes", ON),
        ("junction=roundabout oneway=-1", AGAINST),
        ("junction=roundabout oneway=no", BOTH),
        ("junction=circular", ON),
        ("junction=yes", BOTH),
        # the particular over the general here too: motorcar is the narrower word
        ("oneway=yes oneway:motor_vehicle=no", BOTH),
        ("oneway=yes oneway:motorcar=no", BOTH),
        ("oneway=no oneway:motorcar=yes", ON),
        ("oneway:motor_vehicle=yes", ON),
        ("oneway:motor_vehicle=yes oneway:motorcar=no", BOTH),
        ("oneway:motor_vehicle=no oneway:motorcar=-1", AGAINST),
        ("oneway=yes oneway:bicycle=no", ON),
        ("oneway:bus=yes", BOTH),
        ("oneway=yes access=no", CLOSED),
    ],
)
def test_in_which_direction(text, expected):
    road = read_road({"highway": "residential"} | tags(text), CAR)
    assert (road.forward_kph, road.backward_kph) == expected


def test_motorways_go_one_way_unless_they_say_otherwise():
    assert kph("highway=motorway") == (90, 0)
    assert kph("highway=motorway oneway=no") == (90, 90)
    assert kph("highway=motorway oneway=-1") == (0, 90)
    assert kph("highway=trunk") == (80, 80)


@pytest.mark.parametrize(
    ("posted", "expected"),
    [
        ("50", 50),
        (" 50 ", 50),
        ("7.5", 7.5),
        ("50 km/h", 50),
        ("50km/h", 50),
        ("50 kmh", 50),
        ("30 mph", 30 * 1.609344),
        ("30mph", 30 * 1.609344),
        ("30 MPH", 30 * 1.609344),
        ("10 knots", 18.52),
        ("80;60", 60),
        ("60; 80", 60),
        ("50;signals", 50),
        ("none", 110),
        ("walk", 7),
        ("NO:urban", 50),
        ("NO:rural", 80),
        ("IS:rural", 90),
        # nothing that a speed could be made of
        ("signals", None),
        ("variable", None),
        ("XX:urban", None),
        ("0", None),
        ("-50", None),
        ("fast", None),
        ("", None),
        ("50 parsecs", None),
        ("1e3", None),
        ("50,5", None),
    ],
)
def test_how_a_posted_limit_is_read(posted, expected):
    assert parse_speed_kph(posted, CAR.speed.words) == (expected if expected is None else pytest.approx(expected))
    if expected is None:
        assert read_road({"highway": "tertiary", "maxspeed": posted}, CAR).forward_kph == 60
    else:
        assert read_road({"highway": "tertiary", "maxspeed": posted}, CAR).forward_kph == pytest.approx(
            max(expected, 5)
        )


@pytest.mark.parametrize(
    ("text", "expected", "because"),
    [
        ("highway=primary maxspeed=90", 90, "maxspeed=90"),
        ("highway=residential maxspeed=30", 30, "maxspeed=30"),
        ("highway=trunk maxspeed=130", 110, "maxspeed=130"),
        ("highway=service maxspeed=3", 5, "maxspeed=3"),
        ("highway=motorway maxspeed=none", 110, "maxspeed=none"),
        # gravel caps what is posted and what is usual, and raises nothing
        ("highway=primary maxspeed=90 surface=gravel", 60, "surface=gravel"),
        ("highway=primary surface=gravel", 60, "surface=gravel"),
        ("highway=primary surface=unpaved", 60, "surface=unpaved"),
        ("highway=primary surface=compacted", 70, "surface=compacted"),
        ("highway=residential surface=gravel", 40, "highway=residential"),
        ("highway=primary maxspeed=50 surface=gravel", 50, "maxspeed=50"),
        ("highway=primary maxspeed=90 surface=asphalt", 90, "maxspeed=90"),
        ("highway=unclassified surface=dirt", 40, "surface=dirt"),
        ("highway=track surface=mud", 15, "surface=mud"),
        ("highway=track tracktype=grade1", 20, "highway=track"),
        ("highway=track tracktype=grade5", 15, "tracktype=grade5"),
        ("highway=unclassified tracktype=grade3", 30, "tracktype=grade3"),
        ("highway=unclassified smoothness=bad", 40, "smoothness=bad"),
        ("highway=unclassified smoothness=very_bad", 20, "smoothness=very_bad"),
        ("highway=unclassified smoothness=good", 50, "highway=unclassified"),
        ("highway=primary surface=gravel tracktype=grade2 smoothness=very_bad", 20, "smoothness=very_bad"),
        ("highway=primary smoothness=bad surface=sand", 20, "surface=sand"),
        ("highway=track smoothness=horrible", 0, "smoothness=horrible"),
        ("highway=track smoothness=impassable", 0, "smoothness=impassable"),
        ("highway=footway", 0, "highway=footway"),
        ("highway=primary access=no", 0, "access=no"),
        ("highway=primary access=yes motorcar=no", 0, "motorcar=no"),
        ("highway=service service=emergency_access", 0, "service=emergency_access"),
    ],
)
def test_how_fast_and_which_rule_decided(text, expected, because):
    road = read_road(tags(text), CAR)
    assert road.forward_kph == expected
    assert because in road.reason


@pytest.mark.parametrize(
    ("text", "snaps"),
    [
        ("highway=residential", True),
        ("highway=trunk", True),
        ("highway=motorway", False),
        ("highway=motorway_link", False),
        ("highway=primary tunnel=yes", False),
        ("highway=primary tunnel=no", True),
        ("highway=primary bridge=yes", True),
    ],
)
def test_where_a_journey_may_begin(text, snaps):
    assert read_road(tags(text), CAR).snaps == snaps


@pytest.mark.parametrize(
    ("text", "cars"),
    [
        ("", False),
        ("foot=yes", False),
        ("motor_vehicle=yes", True),
        ("motorcar=yes", True),
        ("vehicle=yes", True),
        ("motor_vehicle=designated", True),
        ("motor_vehicle=no", False),
        ("motorcar=no", False),
        ("motor_vehicle=no motorcar=yes", True),
        ("motor_vehicle=yes motorcar=no", False),
        ("access=no motor_vehicle=yes", True),
        ("access=yes", False),
        ("access=no", False),
    ],
)
def test_which_boats_take_cars(text, cars):
    assert read_crossing({"route": "ferry"} | tags(text), CAR).cars == cars


def test_a_crossing_says_how_long_and_how_often():
    said = read_crossing({"route": "ferry", "duration": "00:25", "interval": "01:00"}, CAR)
    assert (said.duration_s, said.headway_s) == (1500, 3600)
    said = read_crossing({"route": "ferry", "duration": "a while"}, CAR)
    assert (said.duration_s, said.headway_s) == (None, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("35", 2100),
        (" 35 ", 2100),
        ("00:35", 2100),
        ("0:35", 2100),
        ("1:10", 4200),
        ("01:10:30", 4230),
        ("00:00:45", 45),
        ("26:00", 93_600),
        ("PT35M", 2100),
        ("PT1H", 3600),
        ("PT1H5M30S", 3930),
        ("PT90M", 5400),
        ("P1D", 86_400),
        ("P1DT2H30M", 95_400),
    ],
)
def test_how_a_duration_is_read(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "1:", ":30", "P", "PT", "-5", "1:2:3:4", "35 min or so", "1h", "T5M", "00.35"]
)
def test_what_is_no_duration_is_none(text):
    assert parse_duration_s(text) is None


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_all_spellings_of_a_duration_are_one(hours, minutes, seconds):
    total = hours * 3600 + minutes * 60 + seconds
    assert parse_duration_s(f"{hours}:{minutes:02}:{seconds:02}") == total
    assert parse_duration_s(f"PT{hours}H{minutes}M{seconds}S") == total
    assert parse_duration_s(f"{hours:02}:{minutes:02}") == total - seconds
    assert parse_duration_s(str(hours * 60 + minutes)) == total - seconds


@given(
    st.fixed_dictionaries(
        {"highway": st.sampled_from([*CAR.highway, "footway"])},
        optional={
            key: st.sampled_from(
                ["yes", "no", "-1", "50", "30 mph", "gravel", "grade5", "bad", "private", "", "å", "1:2"]
            )
            for key in sorted(CAR.keys - {"highway", "route", "name"})
        },
    )
)
def test_any_tags_give_a_speed_within_the_bounds_or_a_closed_road(drawn):
    road = read_road(drawn, CAR)
    for speed in (road.forward_kph, road.backward_kph):
        assert speed == 0 or CAR.speed.least_kph <= speed <= CAR.speed.greatest_kph
    if not road.closed:
        assert {road.forward_kph, road.backward_kph} <= {0, max(road.forward_kph, road.backward_kph)}
    read_crossing(drawn, CAR)


# The rules are data


def test_a_rule_is_changed_in_the_file_not_in_the_program(tmp_path):
    text = CAR_TOML.read_text(encoding="utf-8")
    changes = {"factor = 1.0": "factor = 0.9", "residential = 40": "residential = 45\nbusway = 30"}
    changes["gravel = 60\nfine"] = "gravel = 33\nfine"
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    mine = read_profile(path)
    assert read_road({"highway": "busway"}, mine).forward_kph == 27
    assert read_road({"highway": "residential"}, mine).forward_kph == pytest.approx(40.5)
    assert read_road({"highway": "primary", "maxspeed": "80"}, mine).forward_kph == 72
    assert read_road({"highway": "primary", "surface": "gravel"}, mine).forward_kph == 33


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[highway]", "[highways]", "highway"),
        ("factor = 1.0", "factor = 0", "factor"),
        ("least_kph = 5", "least_kph = -5", "least_kph"),
        ("wait_min = 15", "wait_minutes = 15", "wait_min"),
        ("primary = 80", 'primary = "fast"', "primary"),
        ("title =", "title", "mine.toml"),
    ],
)
def test_a_profile_that_is_wrong_is_refused(tmp_path, old, new, said):
    path = tmp_path / "mine.toml"
    path.write_text(CAR_TOML.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read_profile(path)


def test_a_profile_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.toml"):
        read_profile(tmp_path / "none.toml")

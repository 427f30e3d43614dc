"""Who may drive where: expectations from the meaning of the tags in the OpenStreetMap wiki, for an ordinary car."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.osm import find_profile, read_profile, read_way
from geoaccess.osm.values import parse_metres, parse_tonnes

CAR = read_profile(find_profile("car"))
AMBULANCE = read_profile(find_profile("ambulance"))

# What may be driven: "both", "forward", "backward" or "closed"; with " r" where one may not pass through.
RESIDENTIAL = [
    ("", "both"),
    *(
        (f"{key}={value}", "both")
        for key in ("access", "vehicle", "motor_vehicle", "motorcar")
        for value in ("yes", "permissive", "designated")
    ),
    *(
        (f"{key}={value}", "both r")
        for key in ("access", "vehicle", "motor_vehicle", "motorcar")
        for value in ("private", "destination", "delivery", "customers", "permit", "residents")
    ),
    *(
        (f"{key}={value}", "closed")
        for key in ("access", "vehicle", "motor_vehicle", "motorcar")
        for value in ("no", "agricultural", "forestry", "emergency", "bus", "psv", "military")
    ),
    # the particular before the general
    ("access=no motor_vehicle=yes", "both"),
    ("access=no vehicle=destination", "both r"),
    ("access=private motorcar=yes", "both"),
    ("access=yes motor_vehicle=no", "closed"),
    ("motor_vehicle=yes motorcar=no", "closed"),
    ("motorcar=yes motor_vehicle=no", "both"),
    ("vehicle=no motor_vehicle=private", "both r"),
    ("access=no bus=yes", "closed"),
    ("access=no bicycle=yes foot=yes", "closed"),
    ("motor_vehicle=no psv=yes taxi=yes", "closed"),
    ("access=no hgv=yes", "closed"),
    ("hgv=no", "both"),
    ("bicycle=no foot=no", "both"),
    ("emergency=yes access=no", "closed"),
    ("emergency=yes", "both"),
    # spelling
    ("access=NO", "closed"),
    ("motor_vehicle=Private", "both r"),
    ("access=false", "closed"),
    ("access=true", "both"),
    # several values: the most permissive decides
    ("motor_vehicle=agricultural;forestry", "closed"),
    ("motor_vehicle=agricultural;_forestry", "closed"),
    ("motor_vehicle=no;destination", "both r"),
    ("motor_vehicle=destination;agricultural", "both r"),
    ("motor_vehicle=private;yes", "both"),
    ("access=private;customers", "both r"),
    ("access=bus;taxi", "closed"),
    # unknown values decide nothing
    ("access=unknown", "both"),
    ("motor_vehicle=whoever", "both"),
    ("access=no motor_vehicle=whoever", "closed"),
    ("access=private motor_vehicle=whoever", "both r"),
    # one direction
    ("vehicle:forward=no", "backward"),
    ("motor_vehicle:backward=no", "forward"),
    ("access:backward=no", "forward"),
    ("motorcar:forward=no motorcar:backward=no", "closed"),
    ("motor_vehicle=no motor_vehicle:forward=yes", "forward"),
    ("access=no motor_vehicle:backward=destination", "backward r"),
    ("motor_vehicle:forward=private motor_vehicle:backward=private", "both r"),
    ("access:forward=no motorcar=yes", "both"),
    # oneway in all spellings
    *((f"oneway={value}", "forward") for value in ("yes", "true", "1", "YES")),
    *((f"oneway={value}", "backward") for value in ("-1", "reverse")),
    *((f"oneway={value}", "both") for value in ("no", "false", "0", "alternating", "who_knows")),
    ("oneway=reversible", "closed"),
    ("oneway=yes oneway:motorcar=no", "both"),
    ("oneway=no oneway:motor_vehicle=yes", "forward"),
    ("oneway:motor_vehicle=-1", "backward"),
    ("oneway:vehicle=yes", "forward"),
    ("oneway=yes oneway:bicycle=no", "forward"),
    ("oneway:bus=yes", "both"),
    ("oneway=yes motor_vehicle:forward=no", "closed"),
    ("oneway=yes vehicle:backward=no", "forward"),
    ("oneway=yes motorcar:backward=yes", "both"),
    ("oneway=yes motor_vehicle:backward=destination", "both r"),
    ("oneway=yes access=private", "forward r"),
    ("junction=roundabout", "forward"),
    ("junction=circular", "forward"),
    ("junction=roundabout oneway=no", "both"),
    ("junction=roundabout oneway=-1", "backward"),
    ("junction=roundabout oneway=yes", "forward"),
    ("junction=yes", "both"),
    ("dual_carriageway=yes oneway=yes", "forward"),
    ("dual_carriageway=yes", "both"),
    # what is not there, or not for cars
    ("area=yes", "closed"),
    ("area=no", "both"),
    ("impassable=yes", "closed"),
    ("construction=yes", "closed"),
    ("construction=primary", "closed"),
    ("construction=minor", "both"),
    ("construction=widening", "both"),
    ("construction=no", "both"),
    ("proposed=yes", "closed"),
    ("disused=yes", "closed"),
    ("abandoned=yes", "closed"),
    ("smoothness=impassable", "closed"),
    ("smoothness=very_horrible", "closed"),
    ("smoothness=bad", "both"),
    ("smoothness=excellent", "both"),
    ("4wd_only=yes", "closed"),
    ("4wd_only=recommended", "both"),
    ("4wd_only=no", "both"),
    ("toll=yes", "both"),
    ("motorroad=yes", "both"),
    ("ford=yes", "both"),
    ("ford=stepping_stones", "closed"),
    ("access=impassable", "closed"),
    ("hov=designated", "closed"),
    ("hov=yes", "both"),
    # limits
    ("maxheight=1.9", "closed"),
    ("maxheight=2.1", "both"),
    ("maxheight=6'3\"", "closed"),
    ("maxheight=7'6\"", "both"),
    ("maxheight=none", "both"),
    ("maxheight=default", "both"),
    ("maxheight=below_default", "both"),
    ("maxheight:physical=1.7", "closed"),
    ("maxwidth=1.5", "closed"),
    ("maxwidth=1.5_m", "closed"),
    ("maxwidth=2.2_m", "both"),
    ("maxwidth=180_cm", "closed"),
    ("maxwidth:physical=1.6", "closed"),
    ("width=0.5", "closed"),
    ("width=2.5", "both"),
    ("width=small", "both"),
    ("lanes=1", "both"),
    ("maxweight=1", "closed"),
    ("maxweight=3.5", "both"),
    ("maxweight=3500_kg", "both"),
    ("maxweight=800_kg", "closed"),
    ("maxweight=none", "both"),
    ("maxlength=4", "closed"),
    ("maxlength=12", "both"),
    ("maxaxleload=8", "both"),
]

# Highway class and other tags.
CLASSES = [
    *(
        (f"highway={name}", "both")
        for name in (
            "trunk",
            "primary",
            "secondary",
            "tertiary",
            "unclassified",
            "residential",
            "living_street",
            "service",
            "track",
            "road",
            "trunk_link",
            "primary_link",
            "secondary_link",
            "tertiary_link",
            "motorway_link",
        )
    ),
    *(
        (f"highway={name}", "closed")
        for name in (
            "pedestrian",
            "path",
            "footway",
            "cycleway",
            "bridleway",
            "steps",
            "corridor",
            "platform",
            "bus_guideway",
            "busway",
            "raceway",
            "escape",
            "construction",
            "proposed",
            "planned",
            "abandoned",
            "disused",
            "razed",
            "rest_area",
            "services",
            "via_ferrata",
            "elevator",
            "nonsense",
        )
    ),
    ("highway=motorway", "forward"),
    ("highway=motorway oneway=no", "both"),
    ("highway=motorway oneway=-1", "backward"),
    ("highway=motorway access=no", "closed"),
    ("highway=construction construction=primary", "closed"),
    ("highway=proposed proposed=residential access=yes", "closed"),
    ("highway=steps motor_vehicle=yes", "closed"),
    *(
        (f"highway={name} {key}=yes", "both")
        for name in ("pedestrian", "path", "footway", "cycleway", "bridleway")
        for key in ("motor_vehicle", "motorcar")
    ),
    *(
        (f"highway={name} motor_vehicle=destination", "both r")
        for name in ("pedestrian", "path", "footway", "cycleway")
    ),
    *(
        (f"highway={name} motor_vehicle=no", "closed")
        for name in ("pedestrian", "path", "footway", "cycleway", "track")
    ),
    *((f"highway={name} access=yes", "closed") for name in ("pedestrian", "path", "footway", "cycleway")),
    ("highway=pedestrian motor_vehicle=delivery", "both r"),
    ("highway=pedestrian vehicle=destination", "both r"),
    ("highway=path motor_vehicle=private", "both r"),
    ("highway=path motor_vehicle=whoever", "closed"),
    ("highway=cycleway oneway=yes motor_vehicle=yes", "forward"),
    ("highway=path motor_vehicle:forward=yes", "forward"),
    ("highway=pedestrian area=yes motor_vehicle=yes", "closed"),
    ("highway=service service=driveway", "both"),
    ("highway=service service=parking_aisle", "both"),
    ("highway=service service=alley", "both"),
    ("highway=service service=drive-through", "both"),
    ("highway=service service=emergency_access", "closed"),
    ("highway=service service=emergency_access motor_vehicle=yes", "both"),
    ("highway=service service=driveway access=private", "both r"),
    ("highway=service service=parking_aisle access=customers oneway=yes", "forward r"),
    ("highway=service service=bus", "closed"),
    ("highway=service access=no psv=designated", "closed"),
    ("highway=service bus=only", "closed"),
    ("highway=track motor_vehicle=agricultural;forestry", "closed"),
    ("highway=track motor_vehicle=permit", "both r"),
    ("highway=track access=private", "both r"),
    ("railway=rail", "closed"),
    ("waterway=river", "closed"),
    ("disused:highway=residential", "closed"),
    ("junction=roundabout", "closed"),
]


def tags_of(text: str) -> dict[str, str]:
    return {
        key: value.replace("_m", " m").replace("_kg", " kg").replace("_cm", " cm").replace(";_", "; ")
        if key.startswith(("max", "motor"))
        else value
        for key, value in (part.split("=", 1) for part in text.split())
    }


def access(tags, profile=CAR):
    road = read_way(tags, profile)
    way = {(True, True): "both", (True, False): "forward", (False, True): "backward", (False, False): "closed"}[
        road.forward_kph > 0, road.backward_kph > 0
    ]
    return f"{way} r" if road.restricted else way


@pytest.mark.parametrize(("text", "expected"), RESIDENTIAL)
def test_a_residential_road(text, expected):
    assert access({"highway": "residential", **tags_of(text)}) == expected


@pytest.mark.parametrize(("text", "expected"), CLASSES)
def test_a_class_of_road(text, expected):
    assert access(tags_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("highway=service access=no emergency=yes", "both"),
        ("highway=service access=no emergency=designated", "both"),
        ("highway=service access=no", "closed"),
        ("highway=service emergency=no", "closed"),
        ("highway=service service=emergency_access", "both"),
        ("highway=residential motor_vehicle=private", "both"),
        ("highway=service access=bus", "both"),
        ("highway=track motor_vehicle=forestry", "both"),
        ("highway=path", "closed"),
        ("highway=path emergency=yes", "both"),
        ("highway=pedestrian", "both"),
        ("highway=residential emergency=fire_lane", "both"),
        ("highway=residential maxheight=2.5", "closed"),
        ("highway=residential maxweight=3.5", "closed"),
        ("highway=residential oneway=yes", "forward"),
    ],
)
def test_an_ambulance(text, expected):
    assert access(tags_of(text), AMBULANCE) == expected


def test_each_direction_has_its_own_restriction():
    road = read_way({"highway": "residential", "motor_vehicle:backward": "destination"}, CAR)
    assert (road.forward_restricted, road.backward_restricted, road.restricted) == (False, True, True)
    road = read_way(
        {"highway": "residential", "oneway": "yes", "vehicle:backward": "destination", "vehicle": "yes"}, CAR
    )
    assert road.forward_restricted is False


@pytest.mark.parametrize(
    ("tags", "part"),
    [
        ({"highway": "track", "motor_vehicle": "private"}, "motor_vehicle=private (not to pass through)"),
        ({"highway": "residential", "access": "no"}, "access=no"),
        ({"highway": "residential", "area": "yes"}, "area=yes"),
        ({"highway": "steps"}, "highway=steps is not for cars"),
        ({"highway": "residential", "access": "whoever"}, "access=whoever is not known"),
        ({"highway": "residential", "maxwidth": "1"}, "maxwidth=1: too small"),
        ({"highway": "motorway"}, "highway=motorway, one way"),
        ({"highway": "residential", "oneway": "-1"}, "oneway=-1"),
    ],
)
def test_the_reason_names_the_rule(tags, part):
    assert part in read_way(tags, CAR).reason


def test_what_is_not_known_is_listed():
    road = read_way({"highway": "residential", "access": "whoever", "oneway": "sometimes", "maxspeed": "fast"}, CAR)
    assert set(road.unknown) == {"access=whoever", "oneway=sometimes", "maxspeed=fast"}


KEYS = st.sampled_from(sorted(CAR.keys))
VALUES = st.one_of(
    st.sampled_from(["yes", "no", "private", "-1", "50", "NO:urban", "no @ (Nov-May)", ";", "@", ""]),
    st.text(max_size=12),
)


@given(st.dictionaries(KEYS, VALUES, max_size=8), st.sampled_from(["residential", "path", "motorway"]))
def test_no_tags_break_the_rules(tags, highway):
    for profile in (CAR, AMBULANCE):
        road = read_way({**tags, "highway": highway}, profile)
        assert road.reason
        for kph, limited in (
            (road.forward_kph, road.forward_restricted),
            (road.backward_kph, road.backward_restricted),
        ):
            assert kph == 0 or profile.speed.least_kph <= kph <= profile.speed.greatest_kph
            assert kph > 0 or not limited


@given(
    st.dictionaries(
        KEYS.filter(lambda key: "oneway" not in key and "junction" not in key and "lanes" not in key),
        VALUES,
        max_size=6,
    )
)
def test_a_way_drawn_the_other_way_round_is_the_same_road(tags):
    swapped = {
        key.replace(":forward", ":x").replace(":backward", ":forward").replace(":x", ":backward"): value
        for key, value in tags.items()
    }
    one, other = read_way({**tags, "highway": "primary"}, CAR), read_way({**swapped, "highway": "primary"}, CAR)
    assert (one.forward_kph, one.backward_kph) == (other.backward_kph, other.forward_kph)
    assert (one.forward_restricted, one.backward_restricted) == (other.backward_restricted, other.forward_restricted)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("2", 2),
        ("2.5", 2.5),
        ("2.5 m", 2.5),
        ("2.5m", 2.5),
        ("2,5", 2.5),
        ("250 cm", 2.5),
        ("12'", 3.6576),
        ("12 ft", 3.6576),
        ("7'6\"", 2.286),
        ("7' 6\"", 2.286),
        ("7 ft 6 in", 2.286),
        ("7\u20326\u2033", 2.286),
        ("90 in", 2.286),
        ("3;2", 2),
        ("none", None),
        ("default", None),
        ("below_default", None),
        ("", None),
        ("-2", None),
        ("narrow", None),
        ("2.5 x", None),
    ],
)
def test_lengths(text, metres):
    assert parse_metres(text) == (None if metres is None else pytest.approx(metres))


@pytest.mark.parametrize(
    ("text", "tonnes"),
    [
        ("3.5", 3.5),
        ("3.5 t", 3.5),
        ("3.5t", 3.5),
        ("3500 kg", 3.5),
        ("7,5", 7.5),
        ("10 st", 9.0718),
        ("none", None),
        ("unsigned", None),
        ("", None),
    ],
)
def test_weights(text, tonnes):
    assert parse_tonnes(text) == (None if tonnes is None else pytest.approx(tonnes, rel=1e-3))

"""Small facts about tags, one a line, by the OpenStreetMap wiki: what a car may do on a way, a ferry, past a node.

They are asked of `explain`, which asks what the network asks (see test_osm_agreement).
"""

from __future__ import annotations

from datetime import datetime

import pytest

from geoaccess.osm import find_profile, read_profile
from geoaccess.osm.explain import explain

CAR = read_profile(find_profile("car"))
WINTER = read_profile(find_profile("car_winter"))
AMBULANCE = read_profile(find_profile("ambulance"))
JANUARY = datetime.fromisoformat("2026-01-14T08:00")  # a Wednesday
JULY = datetime.fromisoformat("2026-07-14T12:00")  # a Tuesday
NIGHT = datetime.fromisoformat("2026-07-14T23:00")

# both, forward, backward, closed; with r where one may not pass through
ROADS = """
highway=primary                                                             both
highway=residential + access=no + motor_vehicle=destination                 both r
highway=residential + access=private + vehicle=yes                          both
highway=residential + vehicle=no                                            closed
highway=residential + vehicle=no + motorcar=yes                             both
highway=residential + motor_vehicle=no + motorcar=private                   both r
highway=residential + access=emergency_vehicle                              closed
highway=residential + motor_vehicle=minibus                                 closed
highway=residential + motor_vehicle=proposed                                closed
highway=residential + access=bus;minibus                                    closed
highway=residential + access=school_bus                                     closed
highway=residential + motor_vehicle=agricultural;destination                both r
highway=residential + motor_vehicle=yes;private                             both
highway=residential + access=permit                                         both r
highway=residential + access=residents                                      both r
highway=residential + access=delivery                                       both r
highway=residential + access=hgv                                            closed
highway=residential + access=psv                                            closed
highway=residential + access=taxi                                           closed
highway=residential + access=military                                       closed
highway=residential + access=discouraged                                    both
highway=residential + access=unknown                                        both
highway=residential + foot=no + bicycle=no + horse=no + hgv=no              both
highway=residential + bus=no + psv=no + moped=no + motorcycle=no            both
highway=residential + bicycle=designated + foot=designated                  both
highway=residential + access=no + foot=yes + bicycle=yes                    closed
highway=residential + access=no + psv=yes                                   closed
highway=residential + access=no + emergency=yes                             closed
highway=residential + motor_vehicle=no + agricultural=yes + forestry=yes    closed
highway=residential + access:forward=no                                     backward
highway=residential + vehicle:backward=no                                   forward
highway=residential + motor_vehicle:forward=no                              backward
highway=residential + motorcar:backward=no                                  forward
highway=residential + motor_vehicle=no + motor_vehicle:backward=yes         backward
highway=residential + access=no + motorcar:forward=destination              forward r
highway=residential + vehicle:forward=no + motorcar=yes                     both
highway=residential + oneway=yes                                            forward
highway=residential + oneway=1                                              forward
highway=residential + oneway=true                                           forward
highway=residential + oneway=-1                                             backward
highway=residential + oneway=reverse                                        backward
highway=residential + oneway=no                                             both
highway=residential + oneway=0                                              both
highway=residential + oneway=false                                          both
highway=residential + oneway=alternating                                    both
highway=residential + oneway=reversible                                     closed
highway=residential + oneway=nonsense                                       both
highway=residential + oneway=yes + oneway:bicycle=no                        forward
highway=residential + oneway=yes + oneway:foot=no                           forward
highway=residential + oneway:bicycle=yes                                    both
highway=residential + oneway:bus=yes                                        both
highway=residential + oneway:psv=no + oneway=yes                            forward
highway=residential + oneway:motor_vehicle=yes                              forward
highway=residential + oneway:motorcar=-1                                    backward
highway=residential + oneway=yes + oneway:motorcar=no                       both
highway=residential + oneway=-1 + oneway:motor_vehicle=no                   both
highway=residential + oneway=yes + cycleway=opposite_lane                   forward
highway=residential + oneway=yes + vehicle:backward=destination             both r
highway=residential + oneway=yes + motor_vehicle:backward=no                forward
highway=motorway                                                            forward
highway=motorway + oneway=no                                                both
highway=motorway + oneway=-1                                                backward
highway=motorway_link                                                       both
highway=motorway_link + oneway=yes                                          forward
highway=trunk                                                               both
highway=trunk + motorroad=yes                                               both
highway=primary + junction=roundabout                                       forward
highway=primary + junction=circular                                         forward
highway=primary + junction=roundabout + oneway=no                           both
highway=primary + junction=roundabout + oneway=-1                           backward
highway=primary + junction=jughandle                                        both
highway=tertiary + proposed=secondary                                       both
highway=tertiary + proposed=no                                              both
highway=tertiary + proposed=yes                                             closed
highway=tertiary + proposed:highway=secondary                               both
highway=tertiary + construction=yes                                         closed
highway=tertiary + construction=primary                                     closed
highway=tertiary + construction=minor                                       both
highway=tertiary + construction=widening                                    both
highway=tertiary + construction=no                                          both
highway=tertiary + disused=yes                                              closed
highway=tertiary + disused=no                                               both
highway=tertiary + abandoned=yes                                            closed
highway=tertiary + razed=yes                                                closed
highway=tertiary + demolished=yes                                           closed
highway=tertiary + destroyed=yes                                            closed
highway=tertiary + impassable=yes                                           closed
highway=tertiary + status=impassable                                        closed
highway=construction + construction=primary                                 closed
highway=proposed + proposed=primary                                         closed
highway=abandoned                                                           closed
disused:highway=tertiary                                                    closed
abandoned:highway=tertiary                                                  closed
highway=track + disused:highway=tertiary                                    both
highway=track + disused:railway=rail                                        both
railway=abandoned + highway=track                                           both
highway=platform                                                            closed
highway=steps                                                               closed
highway=via_ferrata                                                         closed
highway=bus_guideway                                                        closed
highway=busway                                                              closed
highway=busway + motor_vehicle=yes                                          both
highway=raceway                                                             closed
highway=escape                                                              closed
highway=emergency_bay                                                       closed
highway=rest_area                                                           closed
highway=footway                                                             closed
highway=footway + access=yes                                                closed
highway=footway + vehicle=yes                                               both
highway=cycleway + motorcar=designated                                      both
highway=cycleway + motor_vehicle=destination                                both r
highway=path + motor_vehicle=private                                        both r
highway=path + motor_vehicle=no                                             closed
highway=bridleway + motor_vehicle=yes                                       both
highway=pedestrian                                                          closed
highway=pedestrian + motor_vehicle=delivery                                 both r
highway=pedestrian + vehicle=permissive                                     both
highway=pedestrian + motor_vehicle:conditional=delivery @ (06:00-11:00)     closed
highway=living_street                                                       both
highway=road                                                                both
highway=service + service=driveway                                          both
highway=service + service=alley                                             both
highway=service + service=parking_aisle                                     both
highway=service + service=drive-through                                     both
highway=service + service=emergency_access                                  closed
highway=service + service=emergency_access + motor_vehicle=yes              both
highway=service + service=bus                                               closed
highway=service + access=customers                                          both r
highway=service + access=employees                                          both r
highway=service + psv=only                                                  closed
highway=track                                                               both
highway=track + motor_vehicle=forestry                                      closed
highway=track + motor_vehicle=agricultural                                  closed
highway=track + access=private                                              both r
highway=track + tracktype=grade5                                            both
highway=track + smoothness=impassable                                       closed
highway=track + smoothness=very_horrible                                    closed
highway=track + smoothness=very_bad                                         both
highway=track + 4wd_only=yes                                                closed
highway=track + 4wd_only=recommended                                        both
highway=track + ford=yes                                                    both
highway=track + ford=boat                                                   closed
highway=track + surface=sand                                                both
highway=primary + hov=designated                                            closed
highway=primary + hov=yes                                                   both
highway=primary + hov=no                                                    both
highway=primary + hov:lanes=designated                                      closed
highway=primary + hov:lanes=designated|designated                           closed
highway=primary + hov:lanes=designated|no                                   both
highway=primary + hov:lanes=designated|                                     both
highway=primary + hov:lanes:forward=designated                              backward
highway=primary + hov:lanes:backward=designated|designated                  forward
highway=primary + hov:lanes=designated + oneway=yes                         closed
highway=primary + toll=yes                                                  both
highway=primary + toll=no                                                   both
highway=primary + tunnel=yes                                                both
highway=primary + bridge=movable                                            both
highway=primary + covered=yes + layer=-1                                    both
highway=primary + lanes=1                                                   both
highway=primary + area=yes                                                  closed
highway=primary + area=no                                                   both
highway=primary + maxheight=1.9                                             closed
highway=primary + maxheight=2.1                                             both
highway=primary + maxheight=6'0"                                            closed
highway=primary + maxheight=default                                         both
highway=primary + maxheight=none                                            both
highway=primary + maxheight:physical=1.8 + maxheight=3                      closed
highway=primary + maxwidth=1.8                                              closed
highway=primary + maxwidth=2                                                both
highway=primary + maxwidth:physical=1.5                                     closed
highway=primary + width=1.5                                                 closed
highway=primary + width=2.5 m                                               both
highway=primary + est_width=1.5                                             closed
highway=primary + est_width=3                                               both
highway=primary + est_width=wide                                            both
highway=primary + est_width=~1.5                                            closed
highway=primary + est_width=1.5 m approx                                    closed
highway=primary + est_width=ca. 4                                           both
highway=primary + maxheight=1.8 mtrs                                        closed
highway=primary + maxheight=.9                                              closed
highway=primary + maxheight=height limit 1.5m                               both
highway=primary + maxweight=1.5t mgw                                        closed
highway=primary + maxweight=6t mgw                                          both
highway=primary + maxlength=4                                               closed
highway=primary + maxlength=12                                              both
highway=primary + maxweight=1.5                                             closed
highway=primary + maxweight=3.5 t                                           both
highway=primary + maxaxleload=8                                             both
highway=primary + maxheight:forward=1.5                                     backward
highway=primary + maxheight=3 + maxheight:backward=1.8                      forward
highway=primary + maxweight:conditional=1.5 @ (Jun-Aug)                     closed
highway=primary + maxweight:conditional=1.5 @ (Nov-Mar)                     both
highway=primary + maxweight=1.5 + maxweight:conditional=none @ (Jun-Aug)    both
highway=primary + motor_vehicle:conditional=no @ delivery                   both
highway=primary + motor_vehicle:conditional=destination @ residents         both r
highway=primary + winter_road=yes                                           closed
highway=primary + winter_road=no                                            both
highway=track + ice_road=yes                                                closed
highway=winter_road                                                         closed
highway=ice_road                                                            closed
highway=primary + snowplowing=no                                            both
highway=primary + seasonal=summer                                           both
highway=primary + seasonal=winter                                           closed
highway=primary + seasonal=yes                                              both
highway=primary + seasonal=Jun-Sep                                          both
highway=primary + seasonal=Dec-Mar                                          closed
highway=primary + opening_hours=Jun-Sep                                     both
highway=primary + opening_hours=Nov-Mar                                     closed
highway=primary + opening_hours=Mo-Fr 08:00-16:00                           both
highway=primary + opening_hours=24/7                                        both
highway=primary + motor_vehicle:conditional=no @ (Nov-May)                  both
highway=primary + motor_vehicle=no + motor_vehicle:conditional=yes @ (Jun-Oct)   both
highway=primary + motor_vehicle=no + motor_vehicle:conditional=yes @ (June - October)   both
highway=primary + motor_vehicle=no + motor_vehicle:conditional=yes @ summer      both
highway=primary + motor_vehicle=no + motor_vehicle:conditional=yes @ (Jan)       closed
highway=primary + access:conditional=no @ (Jun 15-Sep 15)                   closed
highway=primary + access=no + hour_on=07:00 + hour_off=09:00                both
highway=primary + motor_vehicle=private + day_on=Monday + day_off=Friday    both
waterway=river                                                              closed
railway=rail                                                                closed
man_made=pier                                                               closed
leisure=track                                                               closed
aeroway=taxiway                                                             closed
"""

FERRIES = """
route=ferry                                                                 closed
route=ferry + foot=yes                                                      closed
route=ferry + foot=yes + bicycle=yes                                        closed
route=ferry + ferry=trunk                                                   both
route=ferry + ferry=secondary + foot=yes                                    both
route=ferry + ferry=secondary + motor_vehicle=no                            closed
route=ferry + ferry=yes                                                     closed
route=ferry + ferry=local + foot=yes                                        closed
route=ferry + motor_vehicle=yes + destroyed=yes                             closed
route=ferry + motor_vehicle=yes                                             both
route=ferry + motorcar=yes                                                  both
route=ferry + vehicle=yes                                                   both
route=ferry + motor_vehicle=designated                                      both
route=ferry + motorcar=yes + motor_vehicle=no                               both
route=ferry + motor_vehicle=yes + motorcar=no                               closed
route=ferry + vehicle=no                                                    closed
route=ferry + vehicle=no + motor_vehicle=yes                                both
route=ferry + access=no                                                     closed
route=ferry + access=yes                                                    closed
route=ferry + access=no + motor_vehicle=yes                                 both
route=ferry + access=private + motor_vehicle=private                        both r
route=ferry + motor_vehicle=destination                                     both r
route=ferry + motor_vehicle=agricultural                                    closed
route=ferry + motor_vehicle=whatever                                        closed
route=ferry + motor_vehicle=whatever + vehicle=yes                          both
route=ferry + hgv=yes                                                       both
route=ferry + hgv=no                                                        closed
route=ferry + hgv=yes + motorcar=no                                         closed
route=ferry + motor_vehicle:forward=yes + motor_vehicle:backward=no         forward
route=ferry + motor_vehicle=yes + motor_vehicle:backward=no                 forward
route=ferry + motor_vehicle=yes + vehicle:backward=no                       both
route=ferry + motor_vehicle=yes + oneway=yes                                forward
route=ferry + motor_vehicle=yes + oneway=-1                                 backward
route=ferry + motor_vehicle=yes + oneway=no                                 both
route=ferry + motor_vehicle=yes + oneway:motor_vehicle=yes                  forward
route=ferry + motor_vehicle=yes + disused=yes                               closed
route=ferry + motor_vehicle=yes + disused=no                                both
route=ferry + motor_vehicle=yes + abandoned=yes                             closed
route=ferry + motor_vehicle=yes + proposed=yes                              closed
route=ferry + motor_vehicle=yes + construction=yes                          closed
route=ferry + motor_vehicle=yes + state=proposed                            closed
route=ferry + motor_vehicle=yes + abandoned:route=ferry                     closed
disused:route=ferry + motor_vehicle=yes                                     closed
route=ferry + highway=secondary                                             both
route=ferry + highway=secondary + motor_vehicle=no                          closed
route=ferry + highway=secondary + oneway=yes                                forward
route=ferry + highway=footway                                               closed
route=ferry + highway=footway + motorcar=yes                                both
route=ferry + highway=proposed + motor_vehicle=yes                          closed
route=ferry + motor_vehicle=yes + seasonal=summer                           both
route=ferry + motor_vehicle=yes + seasonal=winter                           closed
route=ferry + motor_vehicle=yes + opening_hours=May 20-Sep 05               both
route=ferry + motor_vehicle=yes + opening_hours=Nov-Feb                     closed
route=ferry + motor_vehicle=yes + opening_hours=Mo-Fr 06:00-22:00           both
route=ferry + motor_vehicle:conditional=yes @ (Jun-Aug)                     both
route=ferry + motor_vehicle:conditional=yes @ (Nov-Mar)                     closed
route=ferry + motor_vehicle:conditional=no @ (Nov-May)                      both
route=ferry + motor_vehicle:conditional=no @ (Jun-Aug)                      closed
route=ferry + access:conditional=no @ (Nov-May)                             closed
route=ferry + motor_vehicle=yes + motor_vehicle:conditional=no @ (Nov-May)  both
route=ferry + motor_vehicle=yes + motor_vehicle:conditional=no @ (Jun-Oct)  closed
route=ferry + motor_vehicle=yes + maxheight=1.9                             closed
route=ferry + motor_vehicle=yes + maxweight=44                              both
route=ferry + motor_vehicle=yes + toll=yes                                  both
route=bus                                                                   closed
route=bus + highway=secondary                                               both
"""

# open, restricted or closed
NODES = """
barrier=audible_fence                                                       open
barrier=gate                                                                open
barrier=gate + access=private                                               restricted
barrier=gate + access=no                                                    closed
barrier=gate + motor_vehicle=no                                             closed
barrier=gate + access=no + motor_vehicle=yes                                open
barrier=gate + vehicle=forestry                                             closed
barrier=gate + foot=yes                                                     open
barrier=gate + locked=yes                                                   closed
barrier=gate + locked=no                                                    open
barrier=gate + opening_hours=24/7                                           open
barrier=gate + opening_hours=Nov-Mar                                        closed
barrier=lift_gate + access=customers                                        restricted
barrier=lift_gate + access=permissive                                       open
barrier=swing_gate                                                          open
barrier=toll_booth                                                          open
barrier=border_control                                                      open
barrier=cattle_grid                                                         open
barrier=entrance                                                            open
barrier=sally_port                                                          open
barrier=height_restrictor                                                   open
barrier=height_restrictor + maxheight=1.9                                   closed
barrier=height_restrictor + maxheight=2.5                                   open
barrier=kerb + kerb=flush                                                   open
barrier=kerb + kerb=raised                                                  closed
barrier=bollard                                                             closed
barrier=bollard + bollard=rising                                            restricted
barrier=bollard + bollard=rising + access=no                                closed
barrier=bollard + bollard=removable                                         closed
barrier=kerb                                                                open
barrier=kerb + kerb=raised                                                  closed
barrier=kerb + kerb=lowered                                                 open
barrier=kerb + kerb=raised + highway=crossing                               open
barrier=bollard + destroyed=yes                                             open
barrier=bollard + motor_vehicle=yes                                         open
barrier=bollard + access=permissive                                         open
barrier=bollard + access=private                                            restricted
barrier=rising_bollard                                                      restricted
barrier=block                                                               closed
barrier=chain                                                               closed
barrier=gate + motorcar=no + bicycle=yes                                    closed
barrier=gate + access=no + access:conditional=yes @ (Jun-Sep)               open
barrier=toll_booth + access=no + hgv=yes                                    closed
barrier=gate;stile                                                          closed
man_made=gantry + maxheight=1.8                                             closed
barrier=chain + motor_vehicle=permit                                        restricted
barrier=cycle_barrier                                                       closed
barrier=motorcycle_barrier                                                  closed
barrier=stile                                                               closed
barrier=kissing_gate                                                        closed
barrier=turnstile                                                           closed
barrier=jersey_barrier                                                      closed
barrier=debris                                                              closed
barrier=log                                                                 closed
barrier=wall                                                                closed
barrier=fence                                                               closed
barrier=ditch                                                               closed
barrier=bus_trap                                                            closed
barrier=sump_buster                                                         closed
barrier=planter                                                             closed
barrier=yes                                                                 closed
barrier=no                                                                  open
barrier=crash_barrier                                                       closed
barrier=vehicle_block                                                       closed
barrier=chain + locked=no                                                   open
barrier=bollard + abandoned=yes                                             open
barrier=gate + access=no + disused=yes                                      open
disused:barrier=bollard                                                     open
motor_vehicle=no                                                            closed
access=no                                                                   closed
access=no + foot=yes + bicycle=yes                                          closed
access=private                                                              restricted
access=yes                                                                  open
access=no + motorcar=yes                                                    open
access=no + note=stones put here in 2018                                    closed
motor_vehicle=no + source=survey                                            closed
motor_vehicle:conditional=no @ (Jun-Aug)                                    closed
motor_vehicle:conditional=no @ (Nov-Mar)                                    open
maxheight=1.5                                                               closed
maxheight=3                                                                 open
maxwidth=1.5                                                                closed
foot=no                                                                     open
highway=crossing + motor_vehicle=no                                         open
highway=bus_stop + access=no                                                open
highway=traffic_signals                                                     open
highway=stop                                                                open
highway=give_way                                                            open
highway=mini_roundabout                                                     open
highway=turning_circle                                                      open
highway=turning_loop                                                        open
highway=passing_place                                                       open
highway=motorway_junction                                                   open
highway=speed_camera                                                        open
highway=crossing + width=1.5                                                open
amenity=parking_entrance + access=private                                   open
amenity=parking_entrance + maxheight=1.8                                    open
entrance=yes + access=no                                                    open
railway=level_crossing                                                      open
traffic_calming=hump                                                        open
traffic_calming=choker + maxwidth=1.7                                       closed
ford=yes                                                                    open
ford=yes + motor_vehicle=no                                                 closed
ford=stepping_stones                                                        closed
natural=tree                                                                open
place=locality + name=Heimabyggð                                            open
"""


def rows(text):
    """Return the lines of a table: what is tagged, and what comes of it."""
    for line in text.strip().splitlines():
        words, _, outcome = line.rpartition("  ")
        yield words.strip(), outcome.strip()


def tags_of(words):
    return dict(part.split("=", 1) for part in words.split(" + "))


def outcome(tags, profile=CAR, when=None):
    explained = explain(tags, profile, when=when)
    way = {(True, True): "both", (True, False): "forward", (False, True): "backward", (False, False): "closed"}[
        explained.forward, explained.backward
    ]
    return f"{way} r" if explained.restricted else way


@pytest.mark.parametrize(("words", "expected"), [*rows(ROADS), *rows(FERRIES)])
def test_what_a_car_may_do_on_a_way(words, expected):
    assert outcome(tags_of(words)) == expected


@pytest.mark.parametrize(("words", "expected"), [*rows(NODES)])
def test_what_a_car_may_do_past_a_node(words, expected):
    explained = explain({"highway": "service"}, CAR, nodes={"node": tags_of(words)})
    found = "closed" if not explained.forward else "restricted" if explained.restricted else "open"
    assert (found, explained.forward) == (expected, explained.backward)


MOMENTS = """
November-May                        closed  open    open
Nov - May                           closed  open    open
Oct 15-May 1                        closed  open    open
May - June                          open    open    open
Aug 10-Jan                          closed  open    open
Jul 31 - Oct                        open    open    open
Jul-Jan 10                          open    closed  closed
1 Nov - 31 May                      closed  open    open
1st November to 31st May            closed  open    open
2025 Nov-2026 Mar                   closed  open    open
2014 Aug 10-2014 Aug 14             open    open    open
Nov-Apr, Jul                        closed  closed  closed
Okt-Mai                             closed  open    open
desember - mars                     closed  open    open
1. des - 15. mai                    closed  open    open
May-Oct: 24/7                       open    closed  closed
Mo-Fr: 07:00-09:00                  closed  open    open
Mo-Su 00:00-24:00                   closed  closed  closed
"winter"                            closed  open    open
"when the snow lies deep"           open    open    open
week 1-10                           closed  open    open
Mo-Fr 07:00-09:00                   closed  open    open
Monday-Friday 07:00-09:00           closed  open    open
Wednesday                           closed  open    open
Tu                                  open    closed  closed
22:00-06:00                         open    open    closed
sunset-sunrise                      open    open    closed
Jun-Aug 20:00-08:00                 open    open    closed
winter                              closed  open    open
summer                              open    closed  closed
Jan                                 closed  open    open
Jan 14                              closed  open    open
weight>3.5                          open    open    open
weight>1.5                          closed  closed  closed
height>1.5 AND Jul                  open    closed  closed
hgv                                 open    open    open
motorcar                            closed  closed  closed
wet                                 open    open    open
"""


@pytest.mark.parametrize("line", MOMENTS.strip().splitlines())
def test_a_condition_at_a_moment(line):
    condition, expected = line[:36].strip(), line[36:].split()
    for tags in (
        {"highway": "primary", "motor_vehicle:conditional": f"no @ ({condition})"},
        {
            "route": "ferry",
            "motor_vehicle": "yes",
            "access:conditional": "no @ x",
            "motorcar:conditional": f"no @ ({condition})",
        },
    ):
        found = [outcome(tags, CAR, when) for when in (JANUARY, JULY, NIGHT)]
        assert ["closed" if of == "closed" else "open" for of in found] == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ("no @ (Nov-May), destination @ (Jun-Oct)", ["closed", "both r", "both r"]),
        ("no @ Nov-Mar, destination @ Jan,Jul", ["both r", "both r", "both r"]),
        ("no @ (Nov-May); destination @ (Jun-Oct)", ["closed", "both r", "both r"]),
        ("no @ (05:00-10:00); destination @ (10:00-19:00)", ["closed", "both r", "both"]),
    ],
)
def test_of_several_conditions_the_last_that_is_true_decides(conditions, expected):
    tags = {"highway": "primary", "access:conditional": conditions}
    assert [outcome(tags, CAR, when) for when in (JANUARY, JULY, NIGHT)] == expected


@pytest.mark.parametrize("text", ["unknown", '"on request"', "Jun-Aug unknown", "when it suits"])
def test_hours_that_say_nothing_certain_close_nothing_and_are_named(text):
    for base in ({"highway": "primary"}, {"route": "ferry", "motor_vehicle": "yes"}):
        explained = explain({**base, "opening_hours": text}, CAR)
        assert explained.forward, base
        assert "opening_hours" in explained.reason
        assert "cannot be decided" in explained.reason


@pytest.mark.parametrize(
    ("hours", "car", "winter"),
    [
        ("Mo-Su 00:00-24:00", "closed", "closed"),
        ("00:00-24:00", "closed", "closed"),
        ("Jun-Sep 00:00-24:00", "closed", "both"),
        ("Mo-Su 00:00-06:00", "both", "both"),
    ],
)
def test_all_hours_of_all_days_are_certain_without_a_moment(hours, car, winter):
    tags = {"highway": "primary", "motor_vehicle:conditional": f"no @ ({hours})"}
    assert (outcome(tags), outcome(tags, WINTER)) == (car, winter)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"hour_on": "07:00", "hour_off": "09:00"}, ["closed", "both", "both"]),
        ({"hour_on": "22:00", "hour_off": "06:00"}, ["both", "both", "closed"]),
        ({"day_on": "Mo", "day_off": "Tu"}, ["both", "closed", "closed"]),
        ({"day_on": "Wednesday"}, ["closed", "both", "both"]),
        ({"date_on": "Nov 1", "date_off": "Mar 31"}, ["closed", "both", "both"]),
        ({"day_on": "Mo", "day_off": "Fr", "hour_on": "11:00", "hour_off": "13:00"}, ["both", "closed", "both"]),
    ],
)
def test_hours_and_days_before_conditions_were_agreed_on(extra, expected):
    tags = {"highway": "primary", "motor_vehicle": "no", **extra}
    assert [outcome(tags, CAR, when) for when in (JANUARY, JULY, NIGHT)] == expected


@pytest.mark.parametrize(
    ("words", "car", "winter"),
    [
        ("highway=winter_road", "closed", "both"),
        ("highway=ice_road", "closed", "both"),
        ("highway=track + winter_road=yes", "closed", "both"),
        ("highway=track + ice_road=yes", "closed", "both"),
        ("highway=track + snowplowing=no", "both", "closed"),
        ("highway=track + winter_service=no", "both", "closed"),
        ("highway=track + seasonal=yes", "both", "closed"),
        ("route=ferry + motor_vehicle=yes + seasonal=summer", "both", "closed"),
        ("route=ferry + motor_vehicle=yes + opening_hours=Jun-Aug", "both", "closed"),
        ("route=ferry + motor_vehicle=yes + opening_hours=Sa 10:00-12:00", "both", "both"),
        ("highway=track + motor_vehicle=no + motor_vehicle:conditional=yes @ (Jun-Oct)", "both", "closed"),
        ("highway=track + motor_vehicle:conditional=no @ (Oct-May)", "both", "closed"),
        ("highway=track + motor_vehicle:conditional=no @ snow", "both", "closed"),
    ],
)
def test_summer_and_winter(words, car, winter):
    assert (outcome(tags_of(words)), outcome(tags_of(words), WINTER)) == (car, winter)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("highway=residential + access=emergency_vehicle", "both"),
        ("highway=residential + access=private", "both"),
        ("highway=residential + access=no", "closed"),
        ("highway=residential + access=no + emergency=yes", "both"),
        ("highway=service + service=emergency_access", "both"),
        ("highway=residential + motor_vehicle=proposed", "closed"),
        ("route=ferry + motor_vehicle=no + emergency=yes", "both"),
        ("route=ferry + motor_vehicle=private", "both"),
        ("route=ferry + foot=yes", "closed"),
        ("highway=primary + maxheight=2.5", "closed"),
    ],
)
def test_an_ambulance(words, expected):
    assert outcome(tags_of(words), AMBULANCE) == expected


SPEEDS = """
highway=motorway + maxspeed=none                            130
highway=trunk + maxspeed=none                               130
highway=primary + motorroad=yes + maxspeed=none             130
highway=residential + maxspeed=none                         40
highway=tertiary + maxspeed=none                            60
highway=primary + maxspeed=1                                80
highway=primary + maxspeed=4                                80
highway=secondary + maxspeed=3 + zone:maxspeed=NO:40        40
highway=primary + maxspeed=5                                5
highway=residential + maxspeed=3                            5
highway=service + maxspeed=5                                5
highway=primary + maxspeed=2 mph                            80
highway=primary + maxspeed=30                               30
highway=primary + maxspeed=30 mph                           48.28
highway=primary + maxspeed=30mph                            48.28
highway=primary + maxspeed=50 km/h                          50
highway=primary + maxspeed=FR:rural                         80
highway=primary + maxspeed=FR:urban                         50
highway=primary + maxspeed=BE:rural                         90
highway=primary + maxspeed=BE-VLG:rural                     70
highway=trunk + maxspeed=BE-VLG:trunk                       120
highway=motorway + maxspeed=FR:motorway                     130
highway=primary + maxspeed=IT:rural                         90
highway=primary + maxspeed=AT:rural                         100
highway=trunk + maxspeed=CH:trunk                           100
highway=primary + maxspeed=DE:rural                         100
highway=primary + maxspeed=DE:zone:30                       30
highway=primary + maxspeed=DE:zone30                        30
highway=living_street + maxspeed=DE:living_street           7
highway=residential + maxspeed=walk                         7
highway=primary + maxspeed=signals                          80
highway=primary + maxspeed=variable                         80
highway=primary + maxspeed=snail                            80
highway=primary + maxspeed=0                                80
highway=primary + maxspeed=80;60                            60
highway=primary + maxspeed=80 + maxspeed:advisory=50        50
highway=primary + source:maxspeed=NO:urban                  50
highway=primary + maxspeed:type=SE:rural                    70
highway=primary + maxspeed=80 + maxspeed:hgv=60             80
highway=secondary + maxspeed=3025 mph                       70
highway=residential + maxspeed=500                          40
highway=motorway + maxspeed=140                             130
highway=trunk + maxspeed=500                                130
highway=primary + maxspeed=500 + zone:maxspeed=NO:40        40
highway=primary + maxspeed=80 + maxspeed:motorcar=60        60
"""


@pytest.mark.parametrize(("words", "kph"), [*rows(SPEEDS)])
def test_how_fast_one_drives(words, kph):
    assert explain(tags_of(words), CAR).forward_kph == pytest.approx(float(kph), abs=0.01)

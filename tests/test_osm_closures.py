"""Roads closed for a part of the year: by a table of the study, and by the rules of the profiles."""

from __future__ import annotations

from datetime import date
from datetime import datetime as moment

import pytest
from osm_writer import write_osm

import geoaccess as ga
from geoaccess.errors import InputError
from geoaccess.osm import find_profile, read_closures, read_profile
from geoaccess.osm.closure_rules import Closure

# Four roads side by side out of one street, 5 km each.
NODES = [
    *((i, 9.0 + 0.1 * i, 61.0) for i in range(1, 5)),
    *((i + 10, 9.0 + 0.1 * i, 61.05) for i in range(1, 5)),
]
WAYS = [
    (100, [1, 2, 3, 4], {"highway": "primary"}),
    (1, [1, 11], {"highway": "secondary", "ref": "55;Fv 7"}),
    (2, [2, 12], {"highway": "tertiary", "ref": "555"}),
    (3, [3, 13], {"highway": "unclassified", "name": "Sognefjellsvegen"}),
    (4, [4, 14], {"highway": "residential", "surface": "gravel"}),
]


def at(*parts):
    return moment(*parts)  # noqa: DTZ001 - local time


def table(path, *rows):
    columns = ["ref", "name", "way_id", "tag", "polygon", "from", "to", "open_kph", "source"]
    lines = [",".join(columns), *(",".join(f'"{row.get(name, "")}"' for name in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def closed(tmp_path, *rows, when, profile="car"):
    """The roads that are not in the network."""
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS)
    rules = table(tmp_path / "closures.csv", *rows)
    network = ga.read_osm(path, profile=profile, when=when, closures=rules)
    open_roads = set(network.way_id[network.shape_way].tolist())
    found = {1, 2, 3, 4} - open_roads
    assert network.counts["ways_closed_by_date"] == len(found)
    return found


WINTER = {"from": "10-01", "to": "06-15", "source": "assumed"}
AREA = "POLYGON((9.05 60.99, 9.25 60.99, 9.25 61.1, 9.05 61.1, 9.05 60.99))"


@pytest.mark.parametrize(
    ("row", "roads"),
    [
        ({"ref": "55"}, {1}),
        ({"ref": "55*"}, {1, 2}),
        ({"ref": "Fv 7;555"}, {1, 2}),
        ({"name": "Sognefjell*"}, {3}),
        ({"way_id": "4;2"}, {2, 4}),
        ({"tag": "surface=gravel;sand"}, {4}),
        ({"polygon": AREA, "tag": "highway=secondary;tertiary;residential"}, {1, 2}),
        ({"ref": "555", "polygon": AREA}, {2}),
        ({"ref": "555", "name": "Sognefjellsvegen"}, set()),
    ],
)
def test_rows_mean_the_roads_that_agree_with_all_they_say(tmp_path, row, roads):
    assert closed(tmp_path, {**row, **WINTER}, when=at(2026, 1, 14, 12)) == roads
    assert closed(tmp_path, {**row, **WINTER}, when=at(2026, 7, 14, 12)) == set()


@pytest.mark.parametrize(
    ("day", "shut"),
    [((9, 30), False), ((10, 1), True), ((12, 31), True), ((2, 29), True), ((6, 15), True), ((6, 16), False)],
)
def test_both_days_are_included_and_the_year_may_turn_between(tmp_path, day, shut):
    assert closed(tmp_path, {"ref": "55", **WINTER}, when=at(2024, *day, 12)) == ({1} if shut else set())
    summer = {"ref": "55", "from": "05-01", "to": "08-31"}
    rule = Closure(refs=("55",), first="05-01", last="08-31")
    assert rule.holds_on(date(2024, *day)) == ((5, 1) <= day <= (8, 31))
    assert closed(tmp_path, summer, when=at(2024, *day, 12)) == ({1} if (5, 1) <= day <= (8, 31) else set())


def test_rows_that_no_road_agrees_with_are_named_in_force_or_not(tmp_path):
    away = "POLYGON((30 10, 31 10, 31 11, 30 10))"
    rows = [
        {"polygon": AREA},
        {"polygon": away},
        {"way_id": "77", "open_kph": "40"},
        {"ref": "555", "tag": "highway=track"},
    ]
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS)
    rules = table(tmp_path / "closures.csv", *({**WINTER, **row} for row in rows))
    named = {"POLYGON((30 10, 31 10,...", "77", "555, highway=track"}
    for month in (1, 7):
        network = ga.read_osm(path, when=at(2026, month, 10), closures=rules)
        found = {row: (why, number) for row, why, number, _ in network.unread}
        assert set(found) == named
        assert set(found.values()) == {("no road agrees with this row of the table of closed roads", 0)}
    assert ga.read_osm(path, when=at(2026, 1, 10)).unread == ()


def test_ways_of_a_row_that_are_no_road_are_named_beside_those_that_are(tmp_path):
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS)
    rules = table(tmp_path / "closures.csv", {"way_id": "77;1;78", **WINTER}, {"way_id": "1"}, {"way_id": "79"})
    for month in (1, 7):
        named = [
            (row, why) for row, why, number, _ in ga.read_osm(path, when=at(2026, month, 10), closures=rules).unread
        ]
        of_way = "no road has this way_id, which a row of the table of closed roads names; correct it or take it out"
        of_row = "no road agrees with this row of the table of closed roads"
        assert sorted(named) == [("79", of_row), ("way_id 77", of_way), ("way_id 78", of_way)]


def test_days_of_one_year_and_roads_closed_always(tmp_path):
    once = {"ref": "55", "from": "2026-03-01", "to": "2026-03-07"}
    assert closed(tmp_path, once, when=at(2026, 3, 7, 23)) == {1}
    assert closed(tmp_path, once, when=at(2027, 3, 7)) == set()
    assert closed(tmp_path, {"ref": "55"}, when=None) == {1}


def test_without_a_date_the_season_of_the_profile_decides(tmp_path):
    """`car` assumes summer, `car_winter` a weekday in January."""
    assert closed(tmp_path, {"ref": "55", **WINTER}, when=None) == set()
    assert closed(tmp_path, {"ref": "55", **WINTER}, when=None, profile="car_winter") == {1}
    assert closed(tmp_path, {"ref": "55", "from": "04-15", "to": "11-15"}, when=None) == {1}


def test_open_roads_are_driven_no_faster_than_said(tmp_path):
    path = write_osm(tmp_path / "roads.osm", NODES, WAYS)
    rules = table(tmp_path / "closures.csv", {"ref": "555", "open_kph": "20", **WINTER})
    edges = ga.read_osm(path, closures=rules, when=at(2026, 7, 1)).edges("tertiary").iloc[0]
    lost = ga.read_osm(path).counts  # the same network beside it
    assert lost["ways_closed_by_date"] == 0
    assert edges["forward_s"] == pytest.approx(edges["length_m"] * 3.6 / 20, abs=5)
    assert edges["forward_s"] >= edges["length_m"] * 3.6 / 20 - 0.1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"from": "10-01", "to": "06-15"}, r"row 2: .*which roads"),
        ({"ref": "55", "from": "10-01"}, r"row 2: .*both days"),
        ({"ref": "55", "from": "1 October", "to": "06-15"}, r"row 2"),
        ({"ref": "55", "from": "2026-10-01", "to": "2026-06-15"}, r"row 2: .*ends"),
        ({"ref": "55", "from": "13-01", "to": "06-15"}, r'row 2: .*"13-01" is no day'),
        ({"way_id": "x7"}, r'row 2: way_id "x7"'),
        ({"tag": "gravel"}, r'row 2: tag "gravel"'),
        ({"polygon": "POLYGON((1 2, 3"}, r"row 2: polygon"),
        ({"ref": "55", "open_kph": "-3"}, r"row 2"),
    ],
)
def test_what_is_wrong_with_a_row_is_reported(tmp_path, row, message):
    with pytest.raises(InputError, match=r"closures\.csv(.|\n)*" + message):
        read_closures(table(tmp_path / "closures.csv", row))


def test_unknown_columns_are_refused(tmp_path):
    path = tmp_path / "closures.csv"
    path.write_text("refs,from,to\n55,10-01,06-15\n", encoding="utf-8")
    with pytest.raises(InputError, match=r'unknown column "refs"'):
        read_closures(path)


def test_the_example_of_norway_can_be_read(data):
    rows = read_closures(data / "norway" / "winter_closures.csv")
    assert len(rows) == 5
    assert all("assumed" in row.source and row.holds_on(date(2026, 1, 14)) for row in rows)
    assert not any(row.holds_on(date(2026, 7, 14)) for row in rows)


# Iceland


def highland(profile, when=None):
    """Kilometres of Icelandic F roads and of gravel on 35 and 550 in the network, and hours over Kjölur."""
    import osmium

    path = "data/iceland/iceland-2019.osm.pbf"
    network = ga.read_osm(path, profile=profile, when=when)
    kinds = {}
    for way in osmium.FileProcessor(path, osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("ref")):
        ref = way.tags["ref"]
        unpaved = way.tags.get("surface") in ("unpaved", "gravel")
        if ref[0] == "F" and ref[1:].isdigit():
            kinds[way.id] = "F"
        elif ref in ("35", "550") and unpaved:
            kinds[way.id] = ref
    edges = network.edges()
    kind = edges["way_id"].map(kinds)
    return edges.groupby(kind)["length_m"].sum() / 1000, edges.groupby(kind)["forward_s"].sum() / 3600


def test_the_icelandic_highlands_are_closed_in_winter_and_slow_in_summer():
    """Kjölur: about 145 km of gravel, with which the way over it takes about five hours."""
    km, _ = highland("car_winter")
    assert km.sum() == 0
    km, _ = highland("car", at(2026, 6, 15, 12))
    assert km.sum() == 0
    km, hours = highland("car")
    assert km["F"] > 900
    assert 130 < km["35"] < 150
    assert 4.3 < hours["35"] < 5.3


def test_rules_of_iceland_stay_in_iceland(tmp_path):
    """A road F1 elsewhere is none of its highland roads."""
    path = write_osm(
        tmp_path / "roads.osm", NODES, [*WAYS[1:], (100, [1, 2, 3, 4], {"highway": "primary", "ref": "F1"})]
    )
    assert ga.read_osm(path, profile="car_winter").counts["ways_closed_by_date"] == 0
    assert all(rule.source for rule in read_profile(find_profile("car")).dates.closures)

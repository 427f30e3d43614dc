"""Part-time offices, days that move, and who may use which site."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.services import (
    allowed_by_names,
    allowed_by_zone,
    fte_days_per_thousand,
    move_days,
    open_chance,
    read_sites,
)
from geoaccess.zones import read_municipalities

ALIASES = {
    "Herøy (Nordland)": "1818",
    "Herøy (Møre og Romsdal)": "1515",
    "Våler (Viken)": "3114",
    "Våler (Innlandet)": "3419",
}


def test_days_of_the_week_become_a_chance():
    assert open_chance(pd.Series({"a": 0, "b": 2.5, "c": "5"})).tolist() == [0, 0.5, 1]
    assert open_chance(pd.Series({"a": 7}), working_days=7).tolist() == [1]
    with pytest.raises(InputError, match="days per week: 3 problems"):
        open_chance(pd.Series({"a": 6, "b": -1, "c": None, "d": 1}))


def test_days_are_given_per_thousand_people_and_none_is_lost():
    days = pd.Series({"a": 20.0, "b": 2.0, "c": 3.0})
    zone = pd.Series({"a": "x", "b": "x", "c": "y", "elsewhere": "z"})
    table = fte_days_per_thousand(days, zone=zone, people=pd.Series({"x": 4000, "y": 0, "z": 1000}))
    assert table["fte_days"].tolist() == [22, 3, 0]
    assert table.loc[["x", "z"], "fte_days_per_thousand"].tolist() == [5.5, 0]
    assert math.isnan(table.loc["y", "fte_days_per_thousand"])
    assert table["fte_days"].sum() == days.sum()
    with pytest.raises(InputError, match=r"2 problems\n  - b: its zone .*\n  - c: its zone"):
        fte_days_per_thousand(days, zone=zone.drop("b"), people=pd.Series({"x": 4000}))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 5), st.integers(0, 3)), max_size=8))
def test_moved_days_keep_their_sum(rows):
    rota = pd.DataFrame(rows, columns=["host_id", "site_id", "days", "staff"])
    before = pd.Series(200.0, index=range(4))
    after = move_days(before, rota)
    assert after.sum() == before.sum()
    for office in range(4):
        gained = sum(d * n for _, to, d, n in rows if to == office)
        lent = sum(d * n for of, _, d, n in rows if of == office)
        assert after[office] == 200 + gained - lent


def test_nobody_lends_more_days_than_there_are():
    rota = pd.DataFrame({"host_id": ["a", "a"], "site_id": ["b", "c"], "days": [2, 2], "staff": [1, 1]})
    with pytest.raises(InputError, match="rota: a would be left with -1 days"):
        move_days(pd.Series({"a": 3, "b": 0, "c": 0}), rota)
    with pytest.raises(InputError, match="rota: site_id 'c' is none of the offices"):
        move_days(pd.Series({"a": 3, "b": 0}), rota)


def test_people_may_use_the_sites_of_their_own_and_of_a_host_municipality():
    site_zone = pd.Series({"g1": "Grong", "g2": "Grong", "l": "Lierne"})
    hosts = pd.DataFrame({"zone_id": ["Røyrvik", "Lierne", "Lierne"], "host_id": ["Grong", "Grong", "Lierne"]})
    table = allowed_by_zone(site_zone, hosts=hosts)
    assert table.groupby("zone_id")["site_id"].agg(list).to_dict() == {
        "Grong": ["g1", "g2"],
        "Lierne": ["g1", "g2", "l"],
        "Røyrvik": ["g1", "g2"],
    }
    assert len(allowed_by_zone(site_zone)) == 3
    with pytest.raises(InputError, match="2 problems\n  - l has no zone\n  - Røyrvik is hosted by Snåsa"):
        allowed_by_zone(
            site_zone.replace("Lierne", None), hosts=pd.DataFrame({"zone_id": ["Røyrvik"], "host_id": ["Snåsa"]})
        )


def test_names_fit_in_any_language_and_what_fits_none_or_two_is_listed():
    names = pd.Series({"1": "Hábmer - Hamarøy", "2": "Herøy", "3": "Herøy", "4": "Os", "5": "Rosse - Røros"})
    served = pd.Series({"a": "hamarøy,  OS", "b": "Røros"})
    assert allowed_by_names(served, names=names).to_dict("split")["data"] == [["1", "a"], ["4", "a"], ["5", "b"]]
    with pytest.raises(InputError, match="4 problems") as error:
        allowed_by_names(pd.Series({"a": "Herøy, Tros", "b": "", "c": "Xyzw"}), names=names)
    text = str(error.value)
    assert 'a: "Herøy" is 2 and 3; say which in aliases' in text
    assert 'a: "Tros" is no zone' in text
    assert "b serves nobody" in text
    assert 'c: "Xyzw" is no zone; give its id in aliases' in text
    granted = allowed_by_names(pd.Series({"a": "Herøy"}), names=names, aliases={"HERØY": "3"})
    assert granted.to_dict("split")["data"] == [["3", "a"]]
    with pytest.raises(InputError, match="aliases name the zone '9', which is not there"):
        allowed_by_names(pd.Series({"a": "Os"}), names=names, aliases={"Herøy": "9"})


def test_a_whole_name_goes_before_one_in_one_language():
    names = pd.Series({"1": "Tana", "2": "Deatnu - Tana"})
    assert allowed_by_names(pd.Series({"a": "Tana"}), names=names)["zone_id"].tolist() == ["1"]


@pytest.fixture(scope="module")
def legevakter(shared):
    return read_sites(
        shared / "norway" / "legevakter_2024.geojson", service="legevakt", columns={"name": "navn"}, carry=["kommune"]
    )


@pytest.fixture(scope="module")
def municipalities(shared):
    return read_municipalities(shared / "norway" / "kommuner_2024.geojson", id="kommunenummer", name="name", digits=4)


def test_the_legevakter_of_norway_serve_all_municipalities_but_two(legevakter, municipalities):
    allowed = allowed_by_names(legevakter["kommune"], names=municipalities["name"], aliases=ALIASES)
    assert allowed["site_id"].nunique() == 167
    unserved = municipalities.index.difference(allowed["zone_id"])
    assert len(municipalities) == 357
    assert sorted(municipalities.loc[unserved, "name"]) == ["Bremanger", "Haram"]
    bardu = legevakter.index[legevakter["name"] == "Bardu interkommunale legevakt"][0]
    served = municipalities.loc[allowed.loc[allowed["site_id"] == bardu, "zone_id"], "name"]
    assert sorted(served) == ["Bardu", "Dyrøy", "Ibestad", "Loabák - Lavangen", "Målselv", "Salangen"]


def test_names_that_two_municipalities_bear_must_be_distinguished(legevakter, municipalities):
    with pytest.raises(InputError, match="zones served: 4 problems") as error:
        allowed_by_names(legevakter["kommune"], names=municipalities["name"])
    assert all(f'"{name}" is no zone' in str(error.value) for name in ALIASES)

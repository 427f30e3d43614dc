"""Ids of sites that last, and the one rule by which a name or an id becomes a site."""

import contextlib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.frames import utm_of
from geoaccess.scenarios import Scenario, apply_to_sites, resolve_sites
from geoaccess.services import SiteDirectory, made_ids, read_sites

NAMES = ["UNN Narvik", "Legekontoret", "Husøy", "Øst-Finnmark", "Больница", ""]
PLACES = st.tuples(
    st.sampled_from(["gp", "hospital"]),
    st.sampled_from(NAMES),
    st.floats(17.0, 17.4),
    st.floats(68.9, 69.3),
    st.sampled_from(["", "a", "b"]),
)
ROWS = st.lists(PLACES, max_size=12, unique=True)


def ids_of(rows):
    service, name, lon, lat, content = zip(*rows, strict=True) if rows else ([],) * 5
    return made_ids(service, name, list(lon), list(lat), content=content)


def table_of(rows, ids=None):
    service, name, lon, lat, _ = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {"service": service, "name": name},
        geometry=gpd.points_from_xy(lon, lat),
        index=ids_of(rows) if ids is None else ids,
        crs="EPSG:4326",
    )


@given(rows=ROWS, order=st.randoms())
def test_ids_do_not_depend_on_the_order_of_rows_and_stand_once(rows, order):
    before = dict(zip(rows, ids_of(rows), strict=True))
    order.shuffle(rows)
    assert dict(zip(rows, ids_of(rows), strict=True)) == before
    assert len(set(before.values())) == len(rows)


@given(rows=ROWS, new=PLACES, at=st.integers(0, 12))
def test_a_row_more_changes_no_other_id_unless_one_of_its_name_stands_beside_it(rows, new, at):
    before = ids_of(rows)
    after = ids_of([*rows[:at], new, *rows[at:]])
    after.pop(min(at, len(rows)))
    for row, was, now in zip(rows, before, after, strict=True):
        beside = row[:2] == new[:2] and abs(row[2] - new[2]) <= 0.1 and abs(row[3] - new[3]) <= 0.1
        # Names that have no Latin letter are told apart by place alone, to a thousandth of a degree.
        beside |= row[0] == new[0] and abs(row[2] - new[2]) <= 0.001 and abs(row[3] - new[3]) <= 0.001
        assert now == was or beside


@settings(max_examples=25)
@given(rows=ROWS, moves=st.lists(st.tuples(st.floats(-4e-4, 4e-4), st.floats(-4e-4, 4e-4)), min_size=12, max_size=12))
def test_an_id_means_the_same_site_when_points_are_moved_a_little(rows, moves):
    rows = [row for row in rows if row[1] not in ("", "Больница")]
    keys = [row[:2] for row in rows]
    assume(len(set(keys)) == len(keys))  # twins: see the next test
    moved = [(*row[:2], row[2] + east, row[3] + north, row[4]) for row, (east, north) in zip(rows, moves, strict=False)]
    if not rows:
        return
    directory = SiteDirectory(table_of(moved))
    for row, was, now in zip(rows, ids_of(rows), ids_of(moved), strict=True):
        assert directory.find(was, service=row[0]) == now


@settings(max_examples=25)
@given(rows=ROWS.filter(bool), moves=st.lists(st.floats(-0.3, 0.3), min_size=24, max_size=24))
def test_an_id_never_means_a_site_of_another_name(rows, moves):
    """However far points are moved: the site of that name and service, or an error."""
    moved = [(row[0], row[1], row[2] + moves[2 * i], row[3] + moves[2 * i + 1], row[4]) for i, row in enumerate(rows)]
    table = table_of(moved)
    directory = SiteDirectory(table)
    for row, was in zip(rows, ids_of(rows), strict=True):
        with contextlib.suppress(InputError):
            found = directory.find(was)
            assert table.loc[found, "service"] == row[0]
            assert table.loc[found, "name"] == row[1] or row[1] in ("", "Больница")


def test_twins_beside_each_other_are_told_apart_by_place_and_at_one_point_by_what_is_said_of_them():
    rows = [("gp", "A", 17.01, 69.01, ""), ("gp", "A", 17.02, 69.01, ""), ("gp", "A", 17.3, 69.01, "")]
    assert ids_of(rows) == ["gp-a-69.010n17.010e", "gp-a-69.010n17.020e", "gp-a-69.0n17.3e"]
    same = [("gp", "A", 17.01, 69.01, "second"), ("gp", "A", 17.01, 69.01, "first")]
    assert ids_of(same) == ["gp-a-69.010n17.010e-2", "gp-a-69.010n17.010e"]
    assert ids_of(same[::-1]) == ["gp-a-69.010n17.010e", "gp-a-69.010n17.010e-2"]
    directory = SiteDirectory(table_of(rows))
    with pytest.raises(InputError, match="may be one of 2 sites") as caught:
        directory.find("gp-a-69.0n17.0e")
    assert "gp-a-69.010n17.010e  A" in str(caught.value)


ZONES = {"s": "Senja", "k": "Gáivuotna - Kåfjord - Kaivuono", "h": "Senja", "b": "Narvik"}


@pytest.fixture
def directory():
    table = gpd.GeoDataFrame(
        {
            "service": ["gp", "gp", "hospital", "birth_unit"],
            "name": ["Legekontoret", "Legekontoret", "UNN Narvik", "UNN Narvik fødestue"],
        },
        geometry=gpd.points_from_xy([17.9, 20.5, 17.46525, 17.4655], [69.3, 69.5, 68.44742, 68.4475]),
        index=["s", "k", "h", "b"],
        crs="EPSG:4326",
    )
    return SiteDirectory(table, zones=lambda: ZONES, former=lambda: {"gp-002": "k"})


def test_an_id_given_as_a_name_is_said_to_be_one(directory):
    with pytest.raises(InputError, match=r'"h" is the id of h  UNN Narvik.*, not its name; write it as site'):
        directory.find("", name="h", service="hospital")


@pytest.mark.parametrize(
    ("written", "service", "meant"),
    [
        ("s", "gp", "s"),
        ("UNN Narvik", "hospital", "h"),
        ("unn  NARVIK", None, "h"),
        ("Legekontoret (Senja)", "gp", "s"),
        ("legekontoret (kåfjord)", "gp", "k"),
        ("Legekontoret (Gáivuotna - Kåfjord - Kaivuono)", "gp", "k"),
        ("hospital-unn-narvik", "hospital", "h"),
        ("hospital-unn-narvik-68.4n17.5e", "hospital", "h"),
        ("hospital-unn-narvik-68.5n17.5e", "hospital", "h"),  # 2.6 km beyond 68.45: within what a moved point may be
        ("gp-legekontoret-69.3n17.9e", "gp", "s"),
    ],
)
def test_a_site_is_found_by_id_name_and_municipality(directory, written, service, meant):
    assert directory.find(written, service=service) == meant


@pytest.mark.parametrize(
    ("written", "service", "parts"),
    [
        ("Legekontoret", "gp", ["2 sites", "s  Legekontoret", "k  Legekontoret", "(municipality)"]),
        ("UNN Narvk", "hospital", ['did you mean "h" (UNN Narvik)?']),
        ("h", "gp", ["that is a site of hospital"]),
        (
            "hospital-unn-narvik-69.4n18.9e",
            "hospital",
            ["stands at 68.447 N, 17.465 E, not at 69.4 N, 18.9 E", "h  UNN"],
        ),
        ("gp-002", "gp", ["numbers a row", "k  Legekontoret"]),
        ("gp-007", "gp", ["numbers a row", "Write the id or name"]),
        ("", "gp", ["no site"]),
    ],
)
def test_what_is_no_site_is_refused_with_what_may_be_meant(directory, written, service, parts):
    with pytest.raises(InputError) as caught:
        directory.find(written, service=service)
    assert [part for part in parts if part not in str(caught.value)] == []


def test_an_id_and_a_name_that_disagree_are_refused_with_both(directory):
    assert directory.find("h", service="hospital", name="UNN Narvik") == "h"
    with pytest.raises(InputError) as caught:
        directory.find("s", service="gp", name="Husøy legekontor")
    for part in ("s  Legekontoret", '"Husøy legekontor"'):
        assert part in str(caught.value)
    with pytest.raises(InputError, match="that is") as caught:
        directory.find("b", name="UNN Narvik")
    assert "h  UNN Narvik" in str(caught.value)


def test_a_place_is_all_services_within_150_m(directory):
    assert directory.at_place("UNN Narvik") == ["h", "b"]
    assert directory.at_place("b") == ["h", "b"]
    with pytest.raises(InputError, match="several places"):
        directory.at_place("Legekontoret")


def test_a_place_ends_at_150_m():
    """A degree of latitude is 111.5 km at 69 N: 0.0013 are 145 m, 0.0014 are 156 m."""
    rows = [("gp", "A", 17.0, 69.0, ""), ("gp", "B", 17.0, 69.0013, ""), ("gp", "C", 17.0, 68.9986, "")]
    assert SiteDirectory(table_of(rows, ["a", "b", "c"])).at_place("A") == ["a", "b"]


def harstad(rows):
    """Birth units as the table of Troms has them, in the order given."""
    return "service,name,lon,lat\n" + "".join(f"birth_unit,{name},{lon},{lat}\n" for name, lon, lat in rows)


BIRTH = [("UNN Tromsø kvinneklinikk", 18.98265, 69.68393), ("UNN Harstad fødeavdeling", 16.52476, 68.79627)]
NEW = ("Sonjatun fødestue", 21.02, 69.77)


def test_harstad_closes_whatever_row_is_inserted_before_it(tmp_path):
    """By row numbers, birth_unit-002 was Harstad, and Tromsø once a row stood before it."""
    path = tmp_path / "sites.csv"
    path.write_text(harstad(BIRTH), encoding="utf-8")
    before = read_sites(path)
    scenario = Scenario(title="Harstad closes", remove=[{"service": "birth_unit", "site": before.index[1]}])
    path.write_text(harstad([NEW, *BIRTH]), encoding="utf-8")
    after = apply_to_sites(scenario, read_sites(path))
    assert after["name"].tolist() == [NEW[0], BIRTH[0][0]]
    old = Scenario(title="by row", remove=[{"service": "birth_unit", "site": "birth_unit-002"}])
    with pytest.raises(InputError, match="numbers a row"):
        apply_to_sites(old, read_sites(path))


@settings(max_examples=25)
@given(rows=ROWS.filter(bool), order=st.randoms(), pick=st.integers(0, 11), by_name=st.booleans())
def test_a_scenario_does_the_same_whatever_the_order_of_the_rows(rows, order, pick, by_name):
    before = table_of(rows)
    row = pick % len(rows)
    service, name = rows[row][:2]
    assume(not by_name or (name and [one[:2] for one in rows].count((service, name)) == 1))
    site = name if by_name else before.index[row]
    scenario = Scenario(
        title="moved",
        move=[{"service": service, "site": site, "lon": 17.7, "lat": 69.7}],
        change=[{"service": service, "site": site, "capacity": 2}],
    )
    order.shuffle(rows)
    found = [apply_to_sites(scenario, table).sort_index() for table in (before, table_of(rows))]
    pd.testing.assert_frame_equal(*(pd.DataFrame(one.to_wkt()) for one in found))
    assert found[0].index[np.isclose(found[0].geometry.x, 17.7)].tolist() == [before.index[row]]


def test_a_place_is_removed_with_all_its_services_and_one_service_says_which_stay(directory):
    both = resolve_sites(Scenario(title="all", remove=[{"place": "UNN Narvik"}]), directory)
    assert [(item.service, item.site) for item in both.scenario.remove] == [("hospital", "h"), ("birth_unit", "b")]
    assert both.places == (("UNN Narvik", ("h", "b")),)
    assert both.staying == ()
    one = resolve_sites(Scenario(title="one", remove=[{"service": "hospital", "name": "UNN Narvik"}]), directory)
    assert one.staying == (("h", ("b",)),)


def test_ids_alone_are_no_names(directory):
    """What was written for other sites may use the same numbers."""
    bare = Scenario(title="bare", remove=[{"service": "hospital", "site": "h"}])
    assert resolve_sites(bare, directory).scenario.remove[0].site == "h"
    with pytest.raises(InputError, match="write its name"):
        resolve_sites(bare, directory, by_name=True)
    for table in ({"site": "h", "name": "UNN Narvik"}, {"site": "UNN Narvik"}, {"site": "hospital-unn-narvik"}):
        named = Scenario(title="named", remove=[{"service": "hospital", **table}])
        assert resolve_sites(named, directory, by_name=True).scenario.remove[0].site == "h"


@pytest.mark.parametrize(
    ("table", "part"),
    [
        ({"service": "gp"}, "says not which"),
        ({"site": "a"}, "says not which"),
        ({"place": "a", "service": "gp"}, "takes every service"),
    ],
)
def test_a_removal_says_which_site_or_place(table, part):
    with pytest.raises(ValueError, match=part):
        Scenario(title="x", remove=[table])


@pytest.mark.parametrize("crs", [4326, 3035, 25833])
def test_the_zone_of_utm_is_the_one_that_geopandas_estimates(crs):
    places = np.random.default_rng(crs).uniform((4, 57), (31, 71), (40, 2)).reshape(8, 5, 2)
    for some in places:
        points = gpd.GeoSeries.from_xy(*some.T, crs=4326).to_crs(crs)
        assert utm_of(points) == points.estimate_utm_crs()
    with pytest.raises(InputError, match="CRS"):
        utm_of(gpd.GeoSeries.from_xy([1.0], [60.0]))

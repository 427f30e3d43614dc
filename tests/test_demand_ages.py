"""Ages, later years, seasons and contacts put on cells from tables: nobody is lost and nobody invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.demand import (
    expected_contacts,
    group_ages,
    move_people,
    people_by_share,
    project_people,
    read_cells,
    read_projection,
)
from geoaccess.errors import InputError, MissingFileError

AGES = ["Y_LT15", "Y_1564", "Y_GE65"]

counts = st.integers(0, 1000)


@st.composite
def cells_and_table(draw):
    n = draw(st.integers(1, 8))
    people = pd.DataFrame(
        {age: draw(st.lists(counts, min_size=n, max_size=n)) for age in ("young", "old")}, dtype=float
    )
    people["young"] += 1  # so that somebody lives in every zone
    zone = pd.Series(draw(st.lists(st.sampled_from(["0301", "5530", "1820"]), min_size=n, max_size=n)))
    rows = [(z, age, 2040, draw(counts)) for z in ("1820", "0301", "5530", "9999") for age in ("old", "young", "80+")]
    return people, zone, pd.DataFrame(rows, columns=["zone_id", "age", "year", "people"])


@given(cells_and_table())
def test_a_projection_gives_every_municipality_what_the_table_says(case):
    people, zone, table = case
    out = project_people(people, zone=zone, table=table, year=2040, pattern={"80+": "old"})
    assert out.columns.tolist() == ["old", "young", "80+"]
    wanted = table.set_index(["zone_id", "age"])["people"]
    for home, totals in out.groupby(zone).sum().iterrows():
        assert totals.to_list() == pytest.approx(wanted[home].to_list())
    assert out.to_numpy().sum() == pytest.approx(table.loc[table["zone_id"].isin(zone), "people"].sum())
    assert (out >= 0).all(axis=None)
    for home, group in people.groupby(zone):
        if group["old"].sum() > 0:
            pattern = group["old"] / group["old"].sum()
        else:
            pattern = group.sum(axis=1) / group.to_numpy().sum()
        for age in ("old", "80+"):
            assert out.loc[group.index, age].to_list() == pytest.approx((pattern * wanted[home, age]).to_list())


@given(cells_and_table())
def test_the_people_of_today_are_a_projection_that_changes_nothing(case):
    people, zone, _ = case
    today = people.groupby(zone).sum().rename_axis("zone_id").reset_index()
    table = today.melt(id_vars="zone_id", var_name="age", value_name="people").assign(year=2021)
    out = project_people(people, zone=zone, table=table, year=2021)
    pd.testing.assert_frame_equal(out, people)


def test_a_projection_says_which_municipalities_are_missing():
    people = pd.DataFrame({"old": [1.0, 2.0, 3.0, 4.0]})
    zone = pd.Series(["0301", "5530", "1820", "1820"])
    table = pd.DataFrame({"zone_id": [301, 1820], "age": "old", "year": 2030, "people": 5.0})
    with pytest.raises(InputError, match="zone 5530 has no row") as error:
        project_people(people, zone=zone, table=table, year=2030)
    assert "0301" not in str(error.value)  # 301 is Oslo


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"year": 2035}, "has no rows for 2035; it has 2030"),
        ({"zone": pd.Series(["a", None])}, r"zone: 1 cells lie in no zone \(1\)"),
        ({"people": pd.DataFrame({"old": [1.0, -1.0]})}, r"people, old: 1 numbers are .*negative.*: 1 \(-1.0\)"),
        ({"people": pd.DataFrame({"elder": [1.0, 1.0]})}, "age 'old' follows column 'old', which is not there.*elder"),
        ({"people": pd.DataFrame({"old": [1.0, 0.0]})}, "nobody lives in the cells of b"),
        (
            {"table": {"age": ["old", "young"]}, "pattern": {"young": "old"}},
            "2 problems.*a has no row for age young",
        ),
        (
            {"table": {"zone_id": ["a", "a"]}},
            "2 problems.*b has no row.*a, age old stands there more than once",
        ),
        ({"table": {"people": [1.0, np.nan]}}, r"people: 1 numbers are missing.*: 1 \(nan\)"),
        ({"table": {"age": ["old", None]}}, "age (nan|None) follows column"),
    ],
)
def test_a_projection_that_cannot_be_used_is_named(changes, message):
    table = pd.DataFrame({"zone_id": ["a", "b"], "age": "old", "year": 2030, "people": [5.0, 6.0]})
    given_ = {"people": pd.DataFrame({"old": [1.0, 1.0]}), "zone": pd.Series(["a", "b"]), "year": 2030, **changes}
    given_["table"] = table.assign(**changes.get("table", {}))
    with pytest.raises(InputError, match=f"(?s){message}"):
        project_people(given_.pop("people"), **given_)


def test_rows_of_other_zones_may_stand_there_twice():
    people, zone = pd.DataFrame({"old": [2.0]}), pd.Series(["a"])
    table = pd.DataFrame({"zone_id": ["a", "z", "z"], "age": "old", "year": 2030, "people": [5.0, 1.0, 1.0]})
    assert project_people(people, zone=zone, table=table, year=2030)["old"].tolist() == [5]


def test_ages_are_summed_into_groups():
    ages = ["0 år", "1-14", "15–64 år", "65-79 years", "80-89", "90 år eller eldre"]  # noqa: RUF001
    table = pd.DataFrame({"zone_id": "a", "age": ages, "year": 2030, "people": [1, 10, 100, 1000, 10_000, 100_000]})
    groups = {"Y_LT15": (0, 14), "Y_1564": (15, 64), "Y_GE65": (65, None), "80+": (80, None)}
    found = group_ages(table, groups).set_index("age")["people"].to_dict()
    assert found == {"Y_LT15": 11, "Y_1564": 100, "Y_GE65": 111_000, "80+": 110_000}


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("80+", (80, None)),
        ("105 år eller eldre", (105, None)),
        ("7", (7, 7)),
        ("100 years or older", (100, None)),
        ("0-5 år", (0, 5)),
        (12, (12, 12)),
        ("6 to 10", (6, 10)),
        ("80+ år", (80, None)),
    ],
)
def test_ages_are_read_as_they_are_published(text, group):
    table = pd.DataFrame({"zone_id": "a", "age": [text], "year": 2030, "people": [3]})
    assert group_ages(table, {"g": group})["people"].tolist() == [3]


def test_ages_across_a_border_or_unreadable_are_refused():
    table = pd.DataFrame({"zone_id": "a", "age": ["60-69", "all", "70+"], "year": 2030, "people": 1})
    with pytest.raises(InputError, match="4 problems") as error:
        group_ages(table, {"65+": (65, None), "70-79": (70, 79), "children": (0, 14)})
    assert "age 'all' cannot be read" in str(error.value)
    assert "age '60-69' is only partly in '65+' (65-)" in str(error.value)
    assert "age '70+' is only partly in '70-79' (70-79)" in str(error.value)
    assert "no age is in 'children'" in str(error.value)


def test_a_projection_is_read_from_a_file(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text("knr,alder,aar,personer\n0301,0-14,2030,10\n0301,15+,2030,20\n", encoding="utf-8")
    columns = {"zone": "knr", "age": "alder", "year": "aar", "people": "personer"}
    assert read_projection(file, **columns)["zone_id"].tolist() == ["0301", "0301"]
    file.write_text("knr,alder,aar,personer\n,0-14,2030,-10\n0301,15+,2030.5,20\n", encoding="utf-8")
    with pytest.raises(InputError, match="3 problems") as error:
        read_projection(file, **columns)
    assert all(text in str(error.value) for text in ("row 2 (-10)", "row 2 (empty)", "row 3 (2030.5)"))
    with pytest.raises(InputError, match='no column "kommunenummer"'):
        read_projection(file)
    with pytest.raises(MissingFileError):
        read_projection(tmp_path / "none.csv")


@given(st.lists(st.tuples(counts, st.sampled_from("ab")), min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_shares_keep_the_sum_of_every_zone(rows, in_a, in_b):
    people = pd.Series([float(n) for n, _ in rows])
    zone = pd.Series([z for _, z in rows])
    shares = pd.DataFrame(
        {
            "zone_id": ["a", "a", "b", "b"],
            "group": ["80+", "65-79"] * 2,
            "share": [in_a, 1 - in_a, in_b, 1 - in_b],
        }
    )
    out = people_by_share(people, zone=zone, shares=shares)
    assert out.sum(axis=1).to_list() == pytest.approx(people.to_list())
    for home, share in (("a", in_a), ("b", in_b)):
        assert out.loc[zone == home, "80+"].sum() == pytest.approx(share * people[zone == home].sum())


def test_shares_are_shares():
    shares = pd.DataFrame({"zone_id": ["a"], "group": ["80+"], "share": [31.0]})
    with pytest.raises(InputError, match=r"shares: zone a: 31.0 is above 1"):
        people_by_share(pd.Series([1.0]), zone=pd.Series(["a"]), shares=shares)


ZONE = pd.Series({"town": "Alta", "farm": "Alta", "hamlet": "Kautokeino", "plateau": "Kautokeino"})
PEOPLE = pd.Series({"town": 90.0, "farm": 10.0, "hamlet": 20.0, "plateau": 0.0}, name="population")


def moves(*rows):
    return pd.DataFrame(rows, columns=["season", "from_zone", "to_zone", "people"])


def test_a_season_moves_people_and_adds_and_takes_only_those_named():
    table = moves(
        ("winter", "Alta", "Kautokeino", 20), ("winter", "", "Alta", 8), ("winter", "Kautokeino", None, 5),
        ("summer", "Kautokeino", "Alta", 20),
    )  # fmt: skip
    cabins = pd.Series({"plateau": 3.0, "hamlet": 1.0, "farm": 1.0, "town": 0.0})
    winter = move_people(PEOPLE, moves=table, season="winter", zone=ZONE, to_weights=cabins)
    assert winter.to_dict() == pytest.approx({"town": 72, "farm": 16, "hamlet": 20, "plateau": 15})
    assert winter.sum() == pytest.approx(PEOPLE.sum() + 8 - 5)
    summer = move_people(PEOPLE, moves=table, season="summer", zone=ZONE)
    assert summer.to_dict() == pytest.approx({"town": 108, "farm": 12, "hamlet": 0, "plateau": 0})
    assert summer.sum() == pytest.approx(PEOPLE.sum())
    assert summer.name == "population"


def test_herders_go_to_districts_that_are_no_municipalities():
    district = pd.Series({"plateau": "30", "hamlet": "30", "farm": ""})
    table = moves(("winter", "Alta", "30", 10))
    weights = pd.Series({"town": 9.0, "farm": 9.0, "hamlet": 0.0, "plateau": 1.0})
    out = move_people(PEOPLE, moves=table, season="winter", zone=ZONE, to_zone=district, to_weights=weights)
    assert out.to_dict() == pytest.approx({"town": 81, "farm": 9, "hamlet": 20, "plateau": 10})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Alta", "Kautokeino", ""]), st.sampled_from(["Alta", "Kautokeino", ""]), st.integers(0, 5)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_people_are_conserved_but_for_those_who_come_and_go(rows):
    table = moves(*[("s", *row) for row in rows])
    out = move_people(PEOPLE, moves=table, season="s", zone=ZONE)
    come = sum(n for of, _, n in rows if not of)
    go = sum(n for _, to, n in rows if not to)
    assert out.sum() == pytest.approx(PEOPLE.sum() + come - go)
    assert (out >= 0).all()


def test_moves_that_cannot_be_are_listed():
    table = moves(("winter", "Kautokeino", "Alta", 21), ("winter", "Oslo", "Karasjok", 1))
    with pytest.raises(InputError, match="moves in winter: 3 problems") as error:
        move_people(PEOPLE, moves=table, season="winter", zone=ZONE)
    text = str(error.value)
    assert "from_zone Oslo has no cell" in text
    assert "to_zone Karasjok has no cell" in text
    assert "21 people leave Kautokeino, where 20 live" in text
    with pytest.raises(InputError, match="people arrive in Alta, where every cell has a weight of 0"):
        move_people(PEOPLE, moves=table[:1].assign(people=1), season="winter", zone=ZONE, to_weights=PEOPLE * 0)
    with pytest.raises(InputError, match='season "wintr" is not there; did you mean "winter"'):
        move_people(PEOPLE, moves=table, season="wintr", zone=ZONE)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=5), st.floats(0, 20), st.floats(0, 1))
def test_contacts_are_held_by_video_or_on_a_journey(rows, rate, video):
    people = pd.DataFrame(rows, columns=["young", "old"]).astype(float)
    rates = pd.DataFrame({"age": ["old", "young"], "contacts_per_year": [rate, 2.0], "video_share": [0.0, video]})
    out = expected_contacts(people, rates)
    for (young, old), (total, seen, travelled) in zip(rows, out.to_numpy(), strict=True):
        assert total == pytest.approx(2 * young + rate * old)
        assert seen == pytest.approx(2 * young * video)
        assert travelled == pytest.approx(total - seen)


def test_every_age_has_one_rate():
    people = pd.DataFrame({"young": [1.0], "old": [1.0]})
    rates = pd.DataFrame({"age": ["old", "old", "elder"], "contacts_per_year": 1.0, "video_share": 0.0})
    with pytest.raises(InputError, match="rates: 3 problems"):
        expected_contacts(people, rates)
    with pytest.raises(InputError, match=r"video_share is 1.5"):
        expected_contacts(people[["old"]], rates[:1].assign(video_share=1.5))
    with pytest.raises(InputError, match="rates: has no rows"):
        expected_contacts(people[[]], rates[:0])


@pytest.fixture(scope="module")
def norway(shared):
    return read_cells(
        shared / "norway" / "population_1km_2021_age.parquet",
        cell_id=None, x="x_3035", y="y_3035", crs="EPSG:3035", cell_size_m=1000, people="T",
        carry=["M", "F", *AGES, "kommunenummer"],
    )  # fmt: skip


def test_all_norway_in_2040_sums_to_the_table(norway):
    zone, rng = norway["kommunenummer"], np.random.default_rng(0)
    today = norway[AGES].groupby(zone).sum()
    factor = pd.DataFrame(rng.uniform(0.5, 2, today.shape), index=today.index, columns=AGES)
    later = (today * factor).rename_axis("zone_id").reset_index()
    table = later.melt(id_vars="zone_id", var_name="age", value_name="people").assign(year=2040)
    out = project_people(norway[AGES], zone=zone, table=table, year=2040)
    assert zone.nunique() == 357
    assert out.to_numpy().sum() == pytest.approx(table["people"].sum())
    assert np.allclose(out, norway[AGES] * factor.loc[zone].to_numpy())
    with pytest.raises(InputError, match="projection for 2040: zone 5501 has no row"):
        project_people(norway[AGES], zone=zone, table=table[table["zone_id"] != "5501"], year=2040)


def test_the_oldest_of_norway_live_where_people_over_64_do(norway):
    zone = norway["kommunenummer"]
    shares = pd.DataFrame({"zone_id": sorted(zone.unique()), "group": "80+"})
    shares["share"] = np.linspace(0.2, 0.4, len(shares))
    oldest = people_by_share(norway["Y_GE65"], zone=zone, shares=shares)["80+"]
    by_zone = norway["Y_GE65"].groupby(zone).sum() * shares.set_index("zone_id")["share"]
    assert np.allclose(oldest.groupby(zone).sum(), by_zone)
    assert (oldest <= norway["Y_GE65"]).all()

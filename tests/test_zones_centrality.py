"""The published centrality table, joining it, and the computed index."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError, MissingFileError
from geoaccess.zones import class_from_index, compute_centrality, join_centrality, read_centrality, time_weight

CUTS = (925.0, 870.0, 775.0, 670.0, 565.0)  # Statistics Norway, KLASS 128
HEADER = "kommunenummer,sentralitetsklasse,sentralitetsindeks\n"
INF, NAN = float("inf"), float("nan")


@pytest.fixture
def csv(tmp_path):
    def write(text):
        path = tmp_path / "sentralitet.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@given(st.lists(st.one_of(st.integers(0, 1000), st.floats(0, 1000), st.sampled_from(CUTS), st.just(NAN)), max_size=20))
def test_class_is_one_more_than_the_cuts_above_the_index(values):
    expected = [None if np.isnan(value) else 1 + sum(value < cut for cut in CUTS) for value in values]
    assert [None if pd.isna(found) else found for found in class_from_index(values)] == expected


def test_cuts_must_fall():
    with pytest.raises(InputError, match="falling"):
        class_from_index([1.0], cuts=(925, 870, 775, 565, 670))


def test_the_table_is_read_whether_or_not_a_spreadsheet_took_the_zeros(csv):
    expected = pd.DataFrame(
        {
            "centrality_index": [1000.0, 803.0],
            "centrality_class": pd.array([1, 3], dtype="Int8"),
            "year": pd.array([2024, 2024], dtype="Int16"),
        },
        index=pd.Index(["0301", "5501"], name="municipality_id", dtype="str"),
    )
    for text in (
        HEADER + "5501,3,803\n0301,1,1000\n",
        "\ufeff" + HEADER + "301,1,1000\n\n5501.0,3.0,803\n",
        (HEADER + "301 ,1,1000\n5501,3,803\n").replace(",", ";"),
        "name,kommunenummer,sentralitetsklasse,sentralitetsindeks\nOslo,301,1,1000\nTromsø,5501,3,803\n",
    ):
        pd.testing.assert_frame_equal(read_centrality(csv(text), year=2024), expected)


def test_columns_may_have_other_names_and_the_index_may_be_absent(csv):
    path = csv("nr;klasse\n301;1\n")
    table = read_centrality(path, municipality="nr", centrality_class="klasse", index=None)
    assert table.index.tolist() == ["0301"]
    assert table["centrality_class"].tolist() == [1]
    assert table["centrality_index"].isna().all()
    assert table["year"].isna().all()


def test_every_row_at_fault_is_listed(csv):
    path = csv(
        HEADER
        + "0301,1,1000\n301,1,1000\n55010,3,803\nx,6,300\n,6,300\n"
        + "1103,7,890\n1106,,836\n1101,4,1001\n1108,2,\n1111,2,869\n1112,6,565\n"
    )
    with pytest.raises(InputError) as error:
        read_centrality(path)
    message = str(error.value)
    assert "10 problems" in message
    for part in (
        "row 3: municipality 0301 is there already",
        "row 4: '55010' is not a municipality number",
        "row 5: 'x' is not a municipality number",
        "row 6: '' is not a municipality number",
        "row 7: municipality 1103 has class '7'",
        "row 8: municipality 1106 has class ''",
        "row 9: municipality 1101 has index '1001'",
        "row 10: municipality 1108 has index ''",
        "row 11: municipality 1111 has class 2 but index 869, which is class 3",
        "row 12: municipality 1112 has class 6 but index 565, which is class 5",
    ):
        assert part in message


def test_unusable_files_are_named(csv, tmp_path):
    with pytest.raises(MissingFileError, match=r"gone\.csv"):
        read_centrality(tmp_path / "gone.csv")
    with pytest.raises(InputError, match='no column "sentralitetsklasse", "sentralitetsindeks"; it has kommunenummer'):
        read_centrality(csv("kommunenummer\n0301\n"))
    with pytest.raises(InputError, match="has no rows"):
        read_centrality(csv(HEADER))
    with pytest.raises(InputError, match="is empty"):
        read_centrality(csv(""))
    with pytest.raises(InputError, match="row 2: 4 values, but the header names 3 columns"):
        read_centrality(csv(HEADER + "0301,1,1000,Oslo\n"))


def assigned_of(**columns):
    return pd.DataFrame(
        columns, index=pd.Index([f"c{i}" for i in range(len(columns["municipality_id"]))], name="cell_id")
    )


@pytest.fixture
def table(csv):
    return read_centrality(csv(HEADER + "0301,1,1000\n5501,3,803\n1508,4,750\n"), year=2024)


def test_each_cell_gets_the_class_of_its_municipality(table):
    assigned = assigned_of(municipality_id=["5501", "0301", "", "5501"], zone_note=["", "nearest", "beyond_limit", ""])
    joined = join_centrality(assigned, table, source="t.csv")
    assert joined.index.equals(assigned.index)
    assert joined["centrality_class"].dtype == "Int8"
    assert [None if pd.isna(value) else value for value in joined["centrality_class"]] == [3, 1, None, 3]
    np.testing.assert_array_equal(joined["centrality_index"], [803, 1000, NAN, 803])
    assert assigned.columns.tolist() == ["municipality_id", "zone_note"]


def test_numbers_of_another_year_are_named_with_people_and_reason(table):
    assigned = assigned_of(
        municipality_id=["5401", "5401", "301", "1507", "5501"],
        municipality=["Tromsø", "Tromsø", "Oslo", "Ålesund", "Tromsø"],
        population=[1000.0, 234.0, 5.0, 6.0, 7.0],
    )
    with pytest.raises(InputError) as error:
        join_centrality(assigned, table, source="sentralitet_2024.csv")
    message = str(error.value)
    assert message.startswith("centrality table of 2024 sentralitet_2024.csv: 2 problems")
    assert "5401 Tromsø, with 2 cells and 1,234 people, is not in it; county 54 was in use in 2020-2023" in message
    assert "Oslo" not in message  # 301 is 0301
    assert "1507 Ålesund, with 1 cells and 6 people, is not in it; it may have merged, split" in message


def test_numbers_of_2024_in_an_older_table_are_explained(table):
    with pytest.raises(InputError, match="county 33 was in use in 2024 and later"):
        join_centrality(assigned_of(municipality_id=["3301"]), table.drop(columns="year"), source="old.csv")


@given(st.lists(st.one_of(st.floats(0, 6000), st.just(INF), st.just(NAN)), max_size=20))
def test_time_weight_falls_from_one_to_a_tenth_at_45_minutes_and_ends_at_90(times):
    weights = time_weight(times)
    expected = [np.exp(-np.log(10) * t / 2700) if t <= 5400 else 0.0 for t in times]
    np.testing.assert_allclose(weights, expected, rtol=1e-12)


def test_time_weight_keeps_the_shape_and_refuses_negative_times():
    assert time_weight(np.zeros((2, 3))).shape == (2, 3)
    with pytest.raises(InputError, match="1 times are negative"):
        time_weight([-1.0])
    with pytest.raises(InputError, match="above 0"):
        time_weight([1.0], tenth_at_s=0)


origin = st.tuples(
    st.floats(0, 1e6), st.floats(0, 100), st.integers(0, 50), st.sampled_from(["0301", "1101", "5501", ""])
)
origins = st.lists(origin, min_size=1, max_size=20).filter(
    lambda rows: any(p > 0 and m and (w > 1e-3 or k > 1e-3) for w, k, p, m in rows)
)


def compute(rows, **options):
    workplaces, kinds, people, names = map(list, zip(*rows, strict=True))
    return compute_centrality(
        workplaces_reached=workplaces, kinds_reached=kinds, population=people, municipality_id=names, **options
    )


@given(origins, st.sampled_from(["log", "sqrt", "linear"]))
@settings(deadline=None)
def test_the_computed_index_equals_a_loop_over_origins(rows, transform):
    f = {"log": lambda x: np.log(1 + x), "sqrt": lambda x: x**0.5, "linear": float}[transform]
    top_w = max(f(w) for w, _, p, _ in rows if p) or 1
    top_k = max(f(k) for _, k, p, _ in rows if p) or 1
    means = {}
    for name in {m for *_, m in rows if m}:
        mine = [(2 / 3 * f(w) / top_w + 1 / 3 * f(k) / top_k, p) for w, k, p, m in rows if m == name]
        people = sum(p for _, p in mine)
        means[name] = sum(c * p for c, p in mine) / people if people else NAN
    found = compute(rows, transform=transform)
    assert found.index.tolist() == sorted(means)
    highest = max(mean for mean in means.values() if not np.isnan(mean))
    np.testing.assert_allclose(
        found["centrality_index"], [1000 * means[n] / highest for n in found.index], rtol=1e-6, atol=1e-6
    )
    assert found["centrality_index"].max() == 1000
    for value, klass in found.itertuples(index=False):
        assert pd.isna(klass) if np.isnan(value) else klass == 1 + sum(value < cut for cut in CUTS)


@given(origins, st.floats(1.0, 1e5))
@settings(deadline=None)
def test_reaching_more_never_moves_a_municipality_back(rows, more):
    before = compute(rows)["centrality_index"]
    name = next(m for w, k, p, m in rows if p and m)
    after = compute([(w + more * (m == name), k, p, m) for w, k, p, m in rows])["centrality_index"]
    # Every other municipality's index relative to this one's falls or stays; multiplied out, because it may be 0.
    other = before.dropna().index
    assert (after[other] * before[name] <= before[other] * after[name] + 1e-6).all()


def test_what_nobody_reaches_from_home_sets_no_scale():
    rows = [(10.0, 1.0, 5, "A"), (5.0, 2.0, 5, "B")]
    pd.testing.assert_frame_equal(compute([*rows, (900.0, 2.0, 0, "B")]), compute(rows))
    assert compute([*rows, (900.0, 2.0, 0, "C")]).loc["C"].isna().all()


def test_weights_and_cuts_may_be_chosen():
    rows = [(10.0, 1.0, 5, "A"), (0.0, 2.0, 5, "B")]
    only_services = compute(rows, weights=(0, 1), transform="linear", cuts=(980, 960, 940, 920, 600))
    assert only_services["centrality_index"].tolist() == [500, 1000]
    assert only_services["centrality_class"].tolist() == [6, 1]


def test_the_most_central_place_of_a_part_of_a_country_has_the_index_it_is_given():
    rows = [(10.0, 1.0, 5, "A"), (5.0, 1.0, 5, "B")]
    options = {"weights": (1, 0), "transform": "linear"}
    assert compute(rows, **options)["centrality_index"].tolist() == [1000, 500]
    part = compute(rows, **options, most_central=803)
    assert part["centrality_index"].tolist() == [803, 401.5]
    assert part["centrality_class"].tolist() == [3, 6]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"most_central": 0}, "most_central is 0"),
        ({"most_central": 1001}, "most_central is 1001"),
        ({"most_central": NAN}, "most_central is nan"),
        ({"transform": "cube"}, "use one of log, sqrt, linear"),
        ({"weights": (0, 0)}, "not both 0"),
        ({"weights": (-1, 2)}, ">= 0"),
        ({"workplaces_reached": [INF, 1.0]}, "workplaces_reached has 1 numbers"),
        ({"kinds_reached": [NAN, 1.0]}, "kinds_reached has 1 numbers"),
        ({"population": [-1, 1]}, "population has 1 numbers"),
        ({"population": [1.0]}, r"population has shape \(1,\)"),
        ({"population": [0, 0]}, "nobody reaches"),
        ({"municipality_id": ["", ""]}, "nobody reaches"),
    ],
)
def test_wrong_input_to_the_computed_index_is_named(change, message):
    arguments = {
        "workplaces_reached": [5.0, 1.0], "kinds_reached": [2.0, 1.0], "population": [1, 1],
        "municipality_id": ["0301", "5501"],
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        compute_centrality(**{**arguments, **change})


def test_the_bundled_table_of_troms(data):
    table = read_centrality(data / "troms" / "centrality_2024.csv", year=2024)
    assert table["centrality_class"].value_counts().to_dict() == {3: 1, 4: 2, 5: 6, 6: 15}
    cells = pd.read_csv(data / "troms" / "population_250m_2019.csv", dtype={"kommunenummer": str})
    joined = join_centrality(
        cells.rename(columns={"kommunenummer": "municipality_id"}), table, source="centrality_2024.csv"
    )
    assert joined["centrality_class"].notna().all()


@pytest.mark.shared
def test_the_published_classes_of_norway_follow_from_the_index(shared):
    path = shared / "norway" / "sentralitet_2024.csv"
    table = read_centrality(path, year=2024)
    assert len(table) == 357
    assert (pd.Series(class_from_index(table["centrality_index"]), table.index) == table["centrality_class"]).all()
    assert (table["centrality_class"] >= 4).sum() == 277
    cells = pd.read_parquet(shared / "norway" / "population_250m_2019.parquet").set_index("SSBID0250M")
    cells = cells.rename(columns={"kommunenummer": "municipality_id", "pop_2019": "population"})
    joined = join_centrality(cells, table, source=path.name)
    in_districts = joined.loc[joined["centrality_class"] >= 4, "population"].sum() / joined["population"].sum()
    assert round(in_districts, 3) == 0.296

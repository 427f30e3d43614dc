"""Tables of sites: from files, from mapped features, from the reviewed table; merged and put together."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError, MissingFileError
from geoaccess.services import combine, merge_near, read_sites, same_places, sites_from_features, sites_from_review
from geoaccess.study import load_study
from geoaccess.study.stages import read_mapped, read_places

COLUMNS = ["service", "name", "level", "proxy", "source", "note", "geometry"]
EARTH = pyproj.Geod(ellps="WGS84")
HEADER = "id,service,name,level,lon,lat,proxy,note,kind,source"
ROWS = [
    "t1,gp,Tromsø,,18.95,69.65,no,a note,legekontor,list",
    "t2,hospital,UNN,university,18.98,69.68,no,,sykehus,",
    "h1,gp,Harstad,,16.54,68.80,yes,,legekontor,",
    "n1,gp,Narvik,,17.43,68.44,no,,annet,",
]


@pytest.fixture
def table(tmp_path):
    """Write a CSV of the rows given, or of four good ones."""

    def table(*rows, header=HEADER):
        path = tmp_path / "sites.csv"
        path.write_text("\n".join([header, *(rows or ROWS), ""]), encoding="utf-8")
        return path

    return table


def refused(path, **settings):
    """Return the message, which begins with the file."""
    with pytest.raises(InputError) as caught:
        read_sites(path, **settings)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_csv_is_read_row_by_row(table):
    sites = read_sites(table(), source="somewhere")
    assert list(sites.columns) == COLUMNS
    assert sites.index.name == "site_id"
    assert sites.index.is_unique
    assert sites.crs.to_epsg() == 4326
    assert sites["service"].tolist() == ["gp", "hospital", "gp", "gp"]
    assert sites["name"].tolist() == ["Tromsø", "UNN", "Harstad", "Narvik"]
    assert sites["level"].tolist() == ["", "university", "", ""]
    assert sites["proxy"].tolist() == [False, False, True, False]
    assert sites["proxy"].dtype == bool
    assert sites["note"].tolist() == ["a note", "", "", ""]
    assert sites["source"].tolist() == ["list", "somewhere", "somewhere", "somewhere"]
    assert list(zip(sites.geometry.x, sites.geometry.y, strict=True)) == [
        (18.95, 69.65),
        (18.98, 69.68),
        (16.54, 68.80),
        (17.43, 68.44),
    ]


def test_ids_are_made_of_service_name_and_place_or_taken_from_a_column(table):
    assert read_sites(table()).index.tolist() == [
        "gp-tromso-69.7n18.9e",
        "hospital-unn-69.7n19.0e",
        "gp-harstad-68.8n16.5e",
        "gp-narvik-68.4n17.4e",
    ]
    assert read_sites(table(), columns={"id": "id"}).index.tolist() == ["t1", "t2", "h1", "n1"]


def test_a_column_site_id_is_that_of_the_ids(table):
    """So that the table of sites that a run writes can be read again."""
    path = table("a,A,18,69", "b,B,19,69", header="site_id,name,lon,lat")
    assert read_sites(path, service="gp").index.tolist() == ["a", "b"]


def test_a_service_can_be_given_or_be_in_another_column(table):
    assert set(read_sites(table(), service="legevakt")["service"]) == {"legevakt"}
    assert read_sites(table(), service_column="kind")["service"].tolist() == [
        "legekontor",
        "sykehus",
        "legekontor",
        "annet",
    ]


def test_columns_may_have_other_names(table):
    path = table("7,x,A,u,15.5,68.5,why", header="nr,what,navn,nivå,øst,nord,merknad")
    named = {"id": "nr", "name": "navn", "level": "nivå", "lon": "øst", "lat": "nord", "note": "merknad"}
    site = read_sites(path, service="gp", columns=named)
    assert site.index.tolist() == ["7"]
    assert site.iloc[0][["name", "level", "note"]].tolist() == ["A", "u", "why"]
    assert (site.geometry.x.iloc[0], site.geometry.y.iloc[0]) == (15.5, 68.5)


@pytest.mark.parametrize("key", ["id", "name", "level", "note", "lon", "lat"])
def test_a_column_that_is_named_but_not_there_is_guessed_at(table, key):
    message = refused(table(), columns={key: "nme"})
    assert 'no column "nme"; did you mean "name"?' in message


def test_a_key_of_columns_that_is_not_known_is_guessed_at(table):
    assert 'did you mean "level"?' in refused(table(), columns={"levl": "level"})


def test_columns_that_must_be_there(table):
    path = table("A,18,69", header="name,long,latt")
    message = refused(path, service="gp")
    assert 'no column "lon"; did you mean "long"?' in message
    assert 'no column "lat"; did you mean "latt"?' in message
    assert 'no column "service"' in refused(table("A,18,69", header="name,lon,lat"))


def test_where_keeps_rows_with_one_of_the_values(table):
    kept = read_sites(table(), columns={"id": "id"}, where={"kind": ["legekontor", "sykehus"], "service": ["gp"]})
    assert kept.index.tolist() == ["t1", "h1"]


def test_where_that_leaves_nothing_or_asks_for_no_column_is_refused(table):
    assert "no row is left" in refused(table(), where={"kind": ["Legekontor"]})
    assert 'no column "knd"; did you mean "kind"?' in refused(table(), where={"knd": ["annet"]})


def test_rows_that_where_leaves_out_may_be_wrong(table):
    """A file may hold services that the study has no use for."""
    path = table(*ROWS, "x,birth_unit,,,not yet,,no,,annet,")
    assert len(read_sites(path, where={"service": ["gp", "hospital"]})) == 4


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".parquet", ".csv"])
def test_all_kinds_of_file_hold_the_same_sites(table, tmp_path, suffix):
    expected = read_sites(table(), columns={"id": "id"})
    raw = pd.read_csv(tmp_path / "sites.csv", dtype=str, keep_default_na=False)
    shapes = gpd.GeoDataFrame(raw, geometry=gpd.points_from_xy(raw["lon"].astype(float), raw["lat"].astype(float)))
    path = tmp_path / f"again{suffix}"
    if suffix == ".geojson":
        shapes.set_crs(4326).drop(columns=["lon", "lat"]).to_file(path)
    elif suffix == ".gpkg":
        shapes.set_crs(4326).to_crs(25833).drop(columns=["lon", "lat"]).to_file(path)
    elif suffix == ".parquet":
        raw.astype({"lon": float, "lat": float}).to_parquet(path)
    else:
        raw.to_csv(path, index=False)
    found = read_sites(path, columns={"id": "id"})
    pd.testing.assert_frame_equal(found.drop(columns="geometry"), expected.drop(columns="geometry"))
    assert found.crs.to_epsg() == 4326
    assert shapely.distance(found.geometry.to_numpy(), expected.geometry.to_numpy()).max() < 1e-7


def test_areas_become_points_inside_them(tmp_path):
    ring = shapely.Polygon([(10, 60), (10.1, 60), (10.1, 60.1), (10.09, 60.1), (10.09, 60.01), (10, 60.01)])
    frame = gpd.GeoDataFrame({"name": ["L"]}, geometry=[ring], crs=4326)
    frame.to_file(tmp_path / "areas.geojson")
    site = read_sites(tmp_path / "areas.geojson", service="gp")
    assert not ring.contains(ring.centroid)
    assert ring.contains(site.geometry.iloc[0])


def test_numbers_and_flags_in_a_geojson_are_read_as_text(tmp_path):
    frame = gpd.GeoDataFrame(
        {"nr": [7, 8], "proxy": [True, False], "name": ["a", None]},
        geometry=gpd.points_from_xy([10, 11], [60, 61]),
        crs=4326,
    )
    frame.to_file(tmp_path / "s.geojson")
    sites = read_sites(tmp_path / "s.geojson", service="gp", columns={"id": "nr"})
    assert sites.index.tolist() == ["7", "8"]
    assert sites["proxy"].tolist() == [True, False]
    assert sites["name"].tolist() == ["a", ""]


def test_coordinates_may_be_in_another_crs(table):
    lon, lat = 18.95, 69.65
    x, y = pyproj.Transformer.from_crs(4326, 25833, always_xy=True).transform(lon, lat)
    site = read_sites(table(f"A,{x},{y}", header="name,lon,lat"), service="gp", crs="EPSG:25833")
    assert (site.geometry.x.iloc[0], site.geometry.y.iloc[0]) == pytest.approx((lon, lat), abs=1e-8)


@pytest.mark.parametrize("bad", ["", "NaN", "nan", "x", "69,650", "inf", "1e999", "--", "18.9.5"])
def test_every_row_without_coordinates_is_named(table, bad):
    quoted = f'"{bad}"'
    path = table(ROWS[0], f"a,gp,,,{quoted},69,no,,,", ROWS[1], f"b,gp,,,18,{quoted},no,,,", ROWS[2])
    lines = refused(path).splitlines()
    assert lines[0] == "2 problems"
    assert "row 3:" in lines[1]
    assert "row 5:" in lines[2]
    assert all(repr(bad) in line for line in lines[1:])


def test_rows_are_counted_as_an_editor_counts_them(table):
    assert "row 5:" in refused(table(ROWS[0], "", ROWS[1], "b,gp,,,x,69,no,,,"))


@pytest.mark.parametrize(("lon", "lat"), [(69.65, 118.95), (181, 60), (-180.1, 0), (18, -90.5), (510_125, 7_584_125)])
def test_what_is_no_place_on_earth_is_refused(table, lon, lat):
    message = refused(table(ROWS[0], f"bad,gp,,,{lon},{lat},no,,,"), columns={"id": "id"})
    assert "bad" in message
    assert f"{float(lon)}" in message
    assert f"{float(lat)}" in message
    assert "t1" not in message


@pytest.mark.parametrize("lat", [89.0, -85.0])
def test_sites_where_metres_cannot_be_measured_are_refused_in_words(table, lat):
    sites = read_sites(table(f"a,gp,,,10,{lat},no,,,", f"b,gp,,,12,{lat},no,,,"), columns={"id": "id"})
    with pytest.raises(InputError, match=rf"longitude 11, latitude {lat:g} there is no zone of UTM"):
        same_places(sites)


def test_ids_that_stand_twice_are_refused(table):
    message = refused(table(*ROWS, ROWS[0], ROWS[1]), columns={"id": "id"})
    assert '"t1"' in message
    assert '"t2"' in message
    assert "h1" not in message


def test_a_site_without_an_id_is_refused(table):
    """In the results an empty id means that no site is reached."""
    assert "row 6" in refused(table(*ROWS, ",gp,,,18.9,69.6,no,,,"), columns={"id": "id"})


@pytest.mark.parametrize("word", ["yes", "true", "True", "TRUE", "Yes", "1", " yes"])
def test_a_stand_in_is_known_by_any_word_for_yes(table, word):
    assert read_sites(table(f"a,gp,,,18,69,{word},,,"))["proxy"].tolist() == [True]


@pytest.mark.parametrize("word", ["no", "false", "False", "FALSE", "0", ""])
def test_a_real_site_is_known_by_any_word_for_no(table, word):
    assert read_sites(table(f"a,gp,,,18,69,{word},,,"))["proxy"].tolist() == [False]


def test_a_word_that_is_neither_yes_nor_no_is_not_guessed_at(table):
    assert "perhaps" in refused(table(ROWS[0], "a,gp,,,18,69,perhaps,,,"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("blank.csv", b"\n\n"),
        ("header.csv", b"service,lon,lat\n"),
        ("ragged.csv", b"service,lon,lat\ngp,18,69\ngp,18,69,1,2,3\n"),
        ("binary.csv", bytes(range(256))),
        ("broken.geojson", b'{"type": "FeatureCollection", "features": ['),
        ("page.geojson", b"<html>not found</html>"),
        ("none.geojson", b'{"type": "FeatureCollection", "features": []}'),
        ("broken.gpkg", b"SQLite format 3\x00 but no more"),
        ("broken.parquet", b"PAR1 and no more"),
        ("sites.xlsx", b"PK"),
        ("sites", b"service,lon,lat\ngp,18,69\n"),
    ],
)
def test_files_that_hold_no_table_are_refused_by_name(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.csv"):
        read_sites(tmp_path / "none.csv")


@pytest.mark.parametrize("crs", ["EPSG:99999", "north", ""])
def test_a_crs_that_is_none_is_refused(table, crs):
    assert repr(crs)[1:-1] in refused(table(), crs=crs)


def test_features_without_a_place_are_refused(tmp_path):
    frame = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.Point(10, 60), None], crs=4326)
    frame.to_file(tmp_path / "s.geojson")
    assert "row 2" in refused(tmp_path / "s.geojson", service="gp")


def test_a_name_with_a_comma_or_a_quote_stays_whole(tmp_path):
    names = ["a,b", 'the "old" one', "x;y", "<script>"]
    with (tmp_path / "s.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["service", "name", "lon", "lat"], *([["gp", name, 18, 69] for name in names])])
    assert read_sites(tmp_path / "s.csv")["name"].tolist() == names


# Merging


def places(at, *, service="gp", names=None):
    """Sites at (lon, lat), with ids s0, s1, ..."""
    services = [service] * len(at) if isinstance(service, str) else list(service)
    return gpd.GeoDataFrame(
        {
            "service": services,
            "name": list(names or [""] * len(at)),
            "level": "",
            "proxy": False,
            "source": "",
            "note": [f"note {i}" for i in range(len(at))],
        },
        geometry=[shapely.Point(*xy) for xy in at],
        crs=4326,
        index=pd.Index([f"s{i}" for i in range(len(at))], name="site_id"),
    )


def chained(at, service, within_m):
    """Groups by brute force: (the numbers of each group), and whether any distance is too near the limit to tell."""
    group = list(range(len(at)))
    doubtful = False
    for i in range(len(at)):
        for j in range(i):
            metres = EARTH.inv(*at[i], *at[j])[2]
            doubtful |= abs(metres - within_m) < 0.01 * within_m
            if service[i] == service[j] and metres <= within_m:
                old, new = group[i], group[j]
                group = [new if g == old else g for g in group]
    return [[i for i in range(len(at)) if group[i] == g] for g in sorted(set(group), key=group.index)], doubtful


AROUND = st.tuples(st.floats(-0.02, 0.02), st.floats(-0.008, 0.008))


@settings(max_examples=40, deadline=None)
@given(
    at=st.lists(AROUND, min_size=1, max_size=14),
    services=st.lists(st.sampled_from(["gp", "hospital"]), min_size=14, max_size=14),
    named=st.lists(st.booleans(), min_size=14, max_size=14),
    middle=st.sampled_from([(18.95, 69.65), (5.3, 60.4), (-21.9, 64.1), (10.0, 0.0)]),
    within_m=st.sampled_from([50.0, 150.0, 500.0]),
)
def test_merging_is_what_brute_force_makes_of_it(at, services, named, middle, within_m):
    at = [(middle[0] + east, middle[1] + north) for east, north in at]
    services = services[: len(at)]
    names = [f"name {i}" if has else "" for i, has in zip(range(len(at)), named, strict=False)]
    groups, doubtful = chained(at, services, within_m)
    if doubtful:
        return
    sites = places(at, service=services, names=names)
    merged = merge_near(sites, within_m)
    assert merged.index.tolist() == [f"s{min(group)}" for group in sorted(groups, key=min)]
    for group in groups:
        row = merged.loc[f"s{min(group)}"]
        assert row["service"] == services[min(group)]
        assert row.geometry == sites.geometry.iloc[min(group)]
        assert row["name"] == next((names[i] for i in group if names[i]), "")
        assert (str(len(group)) in row["note"].split()) if len(group) > 1 else row["note"] == f"note {group[0]}"


def test_a_chain_is_one_site_though_its_ends_are_far_apart():
    step = 90 / EARTH.inv(18, 69, 19, 69)[2]
    at = [(18 + step * i, 69) for i in range(40)]
    order = np.random.default_rng(3).permutation(40)
    merged = merge_near(places([at[i] for i in order]), 100)
    assert merged.index.tolist() == ["s0"]
    assert "40" in merged["note"].iloc[0]
    assert len(merge_near(places(at), 80)) == 40


def test_other_services_at_the_same_door_stay():
    sites = places([(18, 69)] * 4, service=["gp", "hospital", "gp", "legevakt"])
    assert merge_near(sites, 1000)["service"].tolist() == ["gp", "hospital", "legevakt"]


def test_distances_hold_from_one_end_of_norway_to_the_other():
    """One flat map of a wide country stretches them a little."""
    at = []
    for lon, lat in [(5.0, 58.5), (10.75, 59.9), (15.0, 68.0), (31.0, 70.4)]:
        for metres in (0, 97, 200):
            east, north, _ = EARTH.fwd(lon, lat, 90, metres)
            at.append((east, north))
    assert merge_near(places(at), 100).index.tolist() == ["s0", "s2", "s3", "s5", "s6", "s8", "s9", "s11"]


def test_nothing_is_merged_within_no_distance():
    sites = places([(18, 69), (18, 69)])
    assert merge_near(sites, 0).index.tolist() == ["s0", "s1"]
    assert len(merge_near(places([(18, 69)]), 100)) == 1
    assert len(merge_near(places([]), 100)) == 0


# Mapped features


def features(*rows):
    """Rows of (type, id, name, tags), each at a place of its own."""
    return gpd.GeoDataFrame(
        {
            "osm_type": [row[0] for row in rows],
            "osm_id": [row[1] for row in rows],
            "name": [row[2] for row in rows],
            "tags": [row[3] for row in rows],
        },
        geometry=[shapely.Point(18 + i / 100, 69) for i in range(len(rows))],
        crs=4326,
    )


MAPPED = features(
    ("node", 1, "Legekontoret", {"amenity": "doctors"}),
    ("way", 1, "Tromsø LEGEVAKT", {"amenity": "doctors", "emergency": "yes"}),
    ("relation", 1, "UNN", {"amenity": "hospital", "emergency": "yes"}),
    ("node", 2, "", {"healthcare": "doctor"}),
    ("node", 3, "Øyelege 1+1 (A)", {"amenity": "doctors"}),
)


def test_a_feature_is_taken_if_it_carries_all_tags_of_one_rule():
    def ids(*tags):
        return sites_from_features(MAPPED, "gp", tags=tags).index.tolist()

    assert ids({"amenity": "doctors"}) == ["gp-n1", "gp-w1", "gp-n3"]
    assert ids({"amenity": "doctors"}, {"healthcare": "doctor"}) == ["gp-n1", "gp-w1", "gp-n2", "gp-n3"]
    assert ids({"amenity": "doctors", "emergency": "yes"}) == ["gp-w1"]
    assert ids({"amenity": "hospital"}, {"emergency": "yes"}) == ["gp-w1", "gp-r1"]
    assert ids({"amenity": "dentist"}) == []


def test_sites_of_features_are_whole_rows():
    sites = sites_from_features(MAPPED, "hospital", tags=[{"amenity": "hospital"}])
    assert list(sites.columns) == COLUMNS
    assert sites.crs.to_epsg() == 4326
    assert sites.iloc[0][["service", "name", "level", "proxy"]].tolist() == ["hospital", "UNN", "", False]
    assert "OpenStreetMap" in sites["source"].iloc[0]
    assert sites.geometry.iloc[0] == MAPPED.geometry.iloc[2]


@pytest.mark.parametrize(
    ("having", "lacking", "expected"),
    [
        (["legevakt"], [], ["gp-w1"]),
        (["LEGE"], [], ["gp-n1", "gp-w1", "gp-n3"]),
        (["LEGE"], ["legevakt"], ["gp-n1", "gp-n3"]),
        ([], ["legevakt", "ØYE"], ["gp-n1"]),
        (["legevakt", "øye"], [], ["gp-w1", "gp-n3"]),
        (["1+1 (a)"], [], ["gp-n3"]),
        (["."], [], []),
        (["lege"], ["lege"], []),
    ],
)
def test_names_choose_in_any_case_of_letters(having, lacking, expected):
    sites = sites_from_features(
        MAPPED, "gp", tags=[{"amenity": "doctors"}], with_names=having, without_names=lacking, merge_within_m=0
    )
    assert sites.index.tolist() == expected


def test_features_that_are_drawn_twice_are_merged():
    twice = MAPPED.iloc[[0, 4]].set_geometry([shapely.Point(18, 69), shapely.Point(18.0001, 69)], crs=4326)
    assert len(sites_from_features(twice, "gp", tags=[{"amenity": "doctors"}], merge_within_m=100)) == 1


# The reviewed table

REVIEWED = ["osm_type,osm_id,service,name,level,proxy,reason"]
GOOD = [
    "node,1,gp,,,no,A GP office.",
    "node,1,ambulance_base,Base,,yes,Stands in.",
    "way,1,legevakt,,,no,Out of hours.",
    "relation,1,hospital,,university,no,Acute care.",
    "node,2,,,,no,A company doctor.",
    "node,3,,,,no,An eye doctor.",
]


@pytest.fixture
def review(tmp_path):
    def review(rows, header=REVIEWED[0]):
        path = tmp_path / "reviewed.csv"
        path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return path

    return review


def review_refused(path):
    with pytest.raises(InputError) as caught:
        sites_from_review(MAPPED, path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_a_reviewed_feature_is_a_site_of_each_service_it_is_used_for(review):
    sites = sites_from_review(MAPPED, review(GOOD))
    assert list(sites.columns) == COLUMNS
    assert sites.index.tolist() == ["gp-n1", "ambulance_base-n1", "legevakt-w1", "hospital-r1"]
    assert sites["name"].tolist() == ["Legekontoret", "Base", "Tromsø LEGEVAKT", "UNN"]
    assert sites["proxy"].tolist() == [False, True, False, False]
    assert sites["level"].tolist() == ["", "", "", "university"]
    assert sites["note"].tolist() == ["A GP office.", "Stands in.", "Out of hours.", "Acute care."]
    assert [p.x for p in sites.geometry] == pytest.approx([18, 18, 18.01, 18.02])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("node,99,gp,,,no,Not there.", ["row 8", "node 99"]),
        ("way,2,gp,,,no,A node has this number.", ["row 8", "way 2"]),
        ("node,2,gp,,,no,", ["row 8", "reason"]),
        ("node,2,gp,,,no,   ", ["row 8", "reason"]),
        ("node,n2,gp,,,no,A number is asked for.", ["row 8", "n2"]),
        ("node,,gp,,,no,A number is asked for.", ["row 8"]),
        ("node,2,gp,,,perhaps,Neither yes nor no.", ["row 8", "perhaps"]),
        ("node,1,gp,,,no,Said before.", ["gp-n1"]),
    ],
)
def test_a_wrong_row_of_the_review_is_named(review, row, words):
    message = review_refused(review([*GOOD, row]))
    assert [word for word in words if word not in message] == []


CENTRE = f"{REVIEWED[0]},position,source"


def test_a_service_that_is_not_mapped_stands_at_its_town(review):
    town = places([(18.5, 69.5)], service=["x"]).assign(osm_type="node", osm_id="77", name="Gryllefjord", tags=[{}])
    rows = [
        *(f"{row},," for row in GOOD),
        "node,77,gp,Gryllefjord GP,,no,Two days a week.,town centre,Senja municipality",
    ]
    sites = sites_from_review(MAPPED, review(rows, CENTRE), places=town)
    added = sites.loc["gp-n77"]
    assert (added["name"], added["source"]) == ("Gryllefjord GP", "Senja municipality")
    assert added["note"] == "Not mapped: put at the centre of its town. Two days a week."
    assert (added.geometry.x, added.geometry.y) == (18.5, 69.5)
    assert len(sites) == len(sites_from_review(MAPPED, review(GOOD))) + 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("node,78,gp,Somewhere,,no,x,town centre,them", ["row 8", "node 78", "no place of the extract"]),
        ("node,77,gp,,,no,x,town centre,them", ["row 8", "a name"]),
        ("node,77,gp,Name,,no,x,town centre,", ["row 8", "a source"]),
        ("node,77,,Name,,no,x,town centre,them", ["row 8", "a service"]),
        ("node,1,birth_unit,Name,,no,x,harbour,them", ["row 8", "harbour", "town centre"]),
    ],
)
def test_a_wrong_row_at_a_town_is_named(review, row, words):
    town = places([(18.5, 69.5)], service=["x"]).assign(osm_type="node", osm_id="77", name="Gryllefjord", tags=[{}])
    with pytest.raises(InputError) as caught:
        sites_from_review(MAPPED, review([*(f"{one},," for one in GOOD), row], CENTRE), places=town)
    assert [word for word in words if word not in str(caught.value)] == []


def test_all_wrong_rows_are_named_at_once(review):
    message = review_refused(review([*GOOD, "node,99,gp,,,no,x", "node,98,gp,,,no,x", "node,2,,,,no,"]))
    assert [word for word in ("node 99", "node 98", "row 10") if word not in message] == []


def test_a_feature_that_the_review_says_nothing_of_is_an_error(review):
    with pytest.raises(InputError, match="no row for way 1 of the extract"):
        sites_from_review(MAPPED, review(GOOD[:1]))


def test_the_columns_of_the_review_must_be_there(review):
    message = review_refused(review(["node,1,gp"], header="osm_type,osm_id,servic"))
    for column in ("service", "name", "level", "proxy", "reason"):
        assert column in message


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", "æ,ø\n".encode("latin-1"), b"a,b\n1,2,3\n1,2,3,4,5\n"])
def test_a_review_that_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "reviewed.csv"
    path.write_bytes(content)
    assert review_refused(path)


def test_a_review_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.csv"):
        sites_from_review(MAPPED, tmp_path / "none.csv")


@pytest.fixture(scope="module")
def iceland():
    study = load_study(Path(__file__).parents[1] / "configs" / "iceland.toml")
    return study, read_places(study, read_mapped(study))


def test_the_review_of_iceland_gives_the_sites_it_names(iceland, data):
    _, sites = iceland
    with (data / "iceland" / "health_features_reviewed.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["service"]]
    expected = {f"{row['service']}-{row['osm_type'][0]}{row['osm_id']}": row for row in rows}
    assert len(expected) == len(rows)
    assert set(sites.index) == expected.keys()
    for label, site in sites.iterrows():
        row = expected[label]
        at_centre = row["position"] == "town centre"
        assert site["note"] == ("Not mapped: put at the centre of its town. " if at_centre else "") + row["reason"]
        assert site["source"] == (row["source"] if at_centre else "© OpenStreetMap contributors")
        assert site["level"] == row["level"]
        assert site["proxy"] == (row["proxy"] == "yes")
        assert site["name"] == (row["name"] or row["osm_name"])
        assert EARTH.inv(site.geometry.x, site.geometry.y, float(row["lon"]), float(row["lat"]))[2] < 200
    assert Counter(sites["service"]) == {"gp": 73, "legevakt": 32, "hospital": 9, "ambulance_base": 35}
    assert sites["proxy"].sum() == 34


# Putting together


def test_sites_come_in_the_order_of_the_services_and_ids():
    one = places([(18, 69)] * 3, service=["hospital", "gp", "gp"]).set_axis(["z", "y", "x"])
    other = places([(18, 69)], service="gp").set_axis(["a"])
    both = combine([one, other], ["gp", "hospital"])
    assert both.index.tolist() == ["a", "x", "y", "z"]
    assert list(both.columns) == COLUMNS
    assert both.crs.to_epsg() == 4326
    assert combine([other, one], ["hospital", "gp"]).index.tolist() == ["z", "a", "x", "y"]


def test_all_that_is_wrong_between_tables_is_reported_at_once():
    one = places([(18, 69)] * 2, service=["gp", "hospitl"]).set_axis(["a", "b"])
    other = places([(18, 69)], service="gp").set_axis(["a"])
    with pytest.raises(InputError) as caught:
        combine([one, other], ["gp", "hospital", "legevakt"])
    message = str(caught.value)
    assert 'service "hospitl" is not in the study; did you mean "hospital"?' in message
    assert 'service "hospital" has no site' in message
    assert 'service "legevakt" has no site' in message
    assert 'site id "a"' in message
    assert message.splitlines()[0].endswith("4 problems")


def test_no_table_at_all_is_refused():
    with pytest.raises(InputError, match="sites"):
        combine([], ["gp"])


def test_sites_of_a_service_in_one_place_are_named():
    """Two of three stand 40 m apart; a hospital in the same house is another service."""
    lon, lat, _ = EARTH.fwd(18, 69, 90, 40)
    far_lon, far_lat, _ = EARTH.fwd(18, 69, 90, 200)
    sites = gpd.GeoDataFrame(
        {"service": ["gp", "gp", "gp", "hospital"]},
        geometry=gpd.points_from_xy([18, lon, far_lon, 18], [69, lat, far_lat, 69]),
        crs="EPSG:4326",
        index=["a", "b", "c", "d"],
    )
    assert same_places(sites) == [("gp", ["a", "b"])]
    assert same_places(sites, within_m=30) == []
    assert same_places(sites, within_m=170) == [("gp", ["a", "b", "c"])]
    assert same_places(sites.iloc[:1]) == []

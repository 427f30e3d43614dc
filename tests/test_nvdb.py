"""NVDB Ruteplan: both generations of its fields, as folder, zip and GeoPackage, into the network that roads become."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyogrio import write_dataframe
from pyproj import Transformer

import geoaccess as ga
from geoaccess.errors import InputError, MissingFileError
from geoaccess.network import EdgeKind
from geoaccess.nvdb import explain_link, read_road_names
from geoaccess.osm import find_profile, read_profile, read_way
from geoaccess.phrases.notes import note_in
from geoaccess.routing import route
from tests.rda import read_frame

X0, Y0 = 262_000.0, 6_650_000.0
PLACES = {1: (0, 0), 2: (3000, 0), 3: (6000, 0), 4: (6000, 4000), 5: (6000, 5000), 6: (1500, -1000), 7: (1500, 1000)}
# linkid: from, to, oneway, minutes there and back, class, road, km/h, and what else is not as usual.
LINKS = {
    10: (1, 2, "B", 3.0, 3.0, 0, "{E6}", 60, {}),
    11: (2, 3, "FT", 2.5, -1.0, 2, "{R150}", 80, {"istunnel": 1}),
    12: (3, 2, "FT", 4.0, -1.0, 3, "{F63}", 60, {"bend": (4500, 500)}),
    13: (3, 4, "B", 12.0, 12.0, 0, "{E6}", 0, {"isferry": 1, "roadclass": 4}),
    14: (4, 5, "B", 2.0, 2.0, 7, "{P77}", 30, {"streetname": "Kaivegen"}),
    15: (6, 7, "B", 2.0, 2.0, 6, "{K15}", 60, {"isbridge": 1}),
    16: (2, 7, "B", 5.0, 6.0, 4, "{K16}", 50, {}),
    17: (1, 6, "B", -1.0, -1.0, 7, "{S17}", 30, {}),
    18: (1, 7, "B", 0.5, 0.5, -1, "{P18}", -1, {}),
}
OPEN_ROADS = (10, 11, 12, 14, 15, 16)
CAR = read_profile(find_profile("car"))
DEGREES = Transformer.from_crs(25833, 4326, always_xy=True)


def degrees(node):
    x, y = PLACES[node]
    return DEGREES.transform(X0 + x, Y0 + y)


def frame(links=LINKS, **changed):
    """Return links in the form of 2022; `changed` sets columns, each by the number of the link."""
    rows = []
    for number, (a, b, oneway, there, back, functional, road, kph, other) in links.items():
        bend = [other["bend"]] if "bend" in other else []
        points = [(X0 + x, Y0 + y, 10.0 * i) for i, (x, y) in enumerate([PLACES[a], *bend, PLACES[b]])]
        row = {
            "linkid": number, "fromnode": str(a), "tonode": str(b), "formofway": 1, "funcroadclass": functional,
            "roadid": road, "roadnumber": int(road.strip("{}")[1:]), "oneway": oneway, "speedfw": kph, "speedbw": kph,
            "isferry": 0, "isbridge": 0, "istunnel": 0, "maxweight": np.nan, "maxheight": np.nan, "roadclass": 2,
            "streetname": "", "drivetime_fw": there, "drivetime_bw": back,
            "geometry": shapely.MultiLineString([points]),
        }  # fmt: skip
        rows.append(row | {key: value for key, value in other.items() if key != "bend"})
    table = gpd.GeoDataFrame(rows, crs=25833)
    for name, values in changed.items():
        table[name] = table[name].astype(object)
        for number, value in values.items():
            table.loc[table["linkid"] == number, name] = value
        table[name] = table[name].infer_objects()
    return table


def whole(table):
    """Return a table with whole numbers as a FileGDB has them."""
    return table.astype(dict.fromkeys(table.columns[table.dtypes == "int64"], "int32"))


def written(path, table, turns=(), layer="ruttger_link_geom"):
    driver = "OpenFileGDB" if path.suffix == ".gdb" else "GPKG"
    table = whole(table)
    write_dataframe(table, path, layer=layer, driver=driver, geometry_type="MultiLineString Z")
    if len(turns):
        write_dataframe(
            whole(pd.DataFrame(turns)),
            path,
            layer="ruttger_turnrestriction",
            driver=driver,
            append=True,
        )
    return path


@pytest.fixture(scope="module")
def ruteplan(tmp_path_factory):
    return written(tmp_path_factory.mktemp("nvdb") / "ruteplan.gdb", frame())


@pytest.fixture(scope="module")
def network(ruteplan):
    return ga.read_nvdb(ruteplan)


def ways_of(network):
    """Return the links that roads are made of: an edge may be several that follow one another."""
    road = np.repeat(network.edge_kind == EdgeKind.ROAD, np.diff(network.shape_ptr))
    return set(network.way_id[network.shape_way[road]].tolist())


def minutes(network, start, goal):
    return route(network, degrees(start), degrees(goal), min_component_m=0)["travel_time_s"].sum() / 60


def test_journeys_take_the_official_minutes_of_their_links(network):
    """The oracle joins the same links by their nodes in networkx, without a shape."""
    graph = nx.DiGraph()
    for number in OPEN_ROADS:
        a, b, oneway, there, back, *_ = LINKS[number]
        graph.add_edge(a, b, weight=there)
        if oneway == "B":
            graph.add_edge(b, a, weight=back)
    pairs = [(a, b) for a in (1, 2, 3, 6, 7) for b in (1, 2, 3, 6, 7) if a != b]
    wanted = [nx.shortest_path_length(graph, a, b, weight="weight") for a, b in pairs]
    assert [minutes(network, a, b) for a, b in pairs] == pytest.approx(wanted, abs=0.02)


def test_a_road_under_a_bridge_does_not_meet_it(network):
    """Links 10 and 15 cross at (1500, 0); from 1 to 6 one drives by node 2: 3 + 5 + 2 minutes."""
    assert minutes(network, 1, 6) == pytest.approx(10.0, abs=0.02)


def test_what_minutes_close_and_what_is_for_bicycles_is_no_road(network):
    assert ways_of(network) == set(OPEN_ROADS)
    assert network.counts["links_for_bicycles"] == 1
    assert network.counts["links_read"] == len(LINKS)


def test_a_ferry_has_its_official_minutes_and_our_wait(network):
    ferry = network.ferries.iloc[0]
    assert len(network.ferries) == 1
    assert (ferry["way_id"], ferry["crossing_s"], ferry["cars"], ferry["kind"]) == (13, 720.0, True, "car ferry")
    # Nothing says how often it sails: the profile's wait. Then 3 + 2.5 to the quay, 12 across, 2 to the end.
    assert ferry["wait_s"] == CAR.ferry.wait_min * 60
    assert minutes(network, 1, 5) == pytest.approx(3 + 2.5 + CAR.ferry.wait_min + 12 + 2, abs=0.02)


def test_the_minutes_of_a_ferry_are_said_to_be_official(network, tmp_path):
    note = network.ferries.loc[0, "note"]
    assert note.split("; ")[0] == "official minutes of NVDB Ruteplan"
    assert "tagged" not in note
    assert note_in("nb", note).startswith("offisielle minutter i NVDB Ruteplan")
    # Two links of 12 minutes each, one after the other: official minutes are of the link, however long the crossing is.
    twice = {**LINKS, 14: (4, 5, "B", 12.0, 12.0, 0, "{E6}", 0, {"isferry": 1, "roadclass": 4})}
    ferries = ga.read_nvdb(written(tmp_path / "twice.gpkg", frame(twice))).ferries
    assert ferries.set_index("way_id")["crossing_s"].to_dict() == {13: 720.0, 14: 720.0}


def test_the_table_of_ferries_speaks_of_links(ruteplan, tmp_path):
    table = tmp_path / "ferries.csv"
    table.write_text("way_id,minutes,headway_min\n13,20,24\n", encoding="utf-8")
    assert minutes(ga.read_nvdb(ruteplan, ferries=table), 1, 5) == pytest.approx(3 + 2.5 + 12 + 20 + 2, abs=0.02)


@pytest.mark.parametrize("kind", ["ferry.gdb", "zip", "ruteplan.gpkg"])
def test_folder_zip_and_geopackage_give_the_same_network(network, tmp_path, kind):
    path = written(tmp_path / ("ruteplan.gdb" if kind == "zip" else kind), frame())
    if kind == "zip":
        packed = tmp_path / "vegnettRuteplan.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in path.rglob("*"):
                archive.write(file, f"vegnett/ruteplan.gdb/{file.name}")
        path = packed
    found = ga.read_nvdb(path)
    pd.testing.assert_frame_equal(found.edges().drop(columns="geometry"), network.edges().drop(columns="geometry"))
    assert found.counts == network.counts


def test_the_fields_of_2021_give_the_same_roads(network, tmp_path):
    """Its links are known by the number of their row, a one-way link has minutes both ways, a barrier is a column."""
    new = frame()
    old = gpd.GeoDataFrame(
        {
            "FromNodeID": new["fromnode"], "ToNodeID": new["tonode"], "ONEWAY": new["oneway"],
            "FT_MINUTES": new["drivetime_fw"].abs(), "TF_MINUTES": new["drivetime_bw"].abs(),
            "FuncRoadClass": new["funcroadclass"], "RoadClass": new["roadclass"], "FT_Fart": new["speedfw"],
            "TF_Fart": new["speedbw"], "VEGID": new["roadid"], "VEGNUMMER": new["roadnumber"], "GATENAVN": "",
            "VEGTYPE": new["roadid"].str[1], "SPERRING": [1 if number == 17 else -1 for number in LINKS],
            "IsBikeRoad": [int(number == 18) for number in LINKS],
            "Medium": np.where(new["isbridge"] > 0, "B", np.where(new["istunnel"] > 0, "T", "")),
            "geometry": new.geometry,
        },
        crs=25833,
    )  # fmt: skip
    path = written(tmp_path / "old.gdb", old, layer="Ruteplan")
    found = ga.read_nvdb(path)
    numbers = dict(zip(range(1, len(LINKS) + 1), LINKS, strict=True))
    times = ["way_id", "forward_s", "backward_s", "kind"]
    have = found.edges()[times].assign(way_id=lambda edges: edges["way_id"].map(numbers))
    pd.testing.assert_frame_equal(have, network.edges()[times])
    assert read_road_names(path)[["bridge", "tunnel"]].any().all()


def test_a_banned_turn_is_obeyed(tmp_path):
    """From link 10 into link 16: to node 7 one drives round by node 3: 3 + 2.5 + 4 + 5 minutes."""
    turns = {"fromlinkid": [10], "fromfromnode": ["1"], "fromtonode": ["2"], "tolinkid": [16], "totonode": ["7"]}
    found = ga.read_nvdb(written(tmp_path / "turns.gdb", frame(), turns))
    assert found.counts["turn_rules_used"] == 1
    assert minutes(found, 1, 7) == pytest.approx(14.5, abs=0.02)
    assert minutes(found, 7, 1) == pytest.approx(9.0, abs=0.02)


def test_a_banned_turn_over_a_link_bans_nothing_else(tmp_path):
    """In the form of 2021: not from link 15 over 16 into 10 (rows 6, 7, 1); from 16 alone one may go there."""
    names = {"fromnode": "FromNodeID", "tonode": "ToNodeID", "drivetime_fw": "FT_MINUTES", "drivetime_bw": "TF_MINUTES"}
    old = frame().rename(columns=names).drop(columns="linkid")
    turns = {"edge1fid": [6], "edge1end": ["Y"], "edge2fid": [7], "edge3fid": [1]}
    found = ga.read_nvdb(written(tmp_path / "turns.gdb", old, turns))
    assert found.counts["turn_rules_used"] == 1
    assert minutes(found, 7, 1) == pytest.approx(9.0, abs=0.02)
    assert minutes(found, 6, 1) == pytest.approx(2.0 + 6.0 + 2.5 + 4.0 + 3.0, abs=0.02)


def test_names_numbers_bridges_and_tunnels_are_kept(ruteplan):
    names = read_road_names(ruteplan)
    assert names["ref"].to_dict() == {**dict.fromkeys(LINKS, ""), 10: "E 6", 11: "Rv150", 12: "Fv63", 13: "E 6"}
    assert names.loc[14, "name"] == "Kaivegen"
    assert names.index[names["bridge"]].tolist() == [15]
    assert names.index[names["tunnel"]].tolist() == [11]


def test_a_table_of_closed_roads_finds_them_by_number(ruteplan, tmp_path):
    table = tmp_path / "closed.csv"
    table.write_text("ref,from,to\nE 6,,\n", encoding="utf-8")
    assert ways_of(ga.read_nvdb(ruteplan, closures=table)) == {*OPEN_ROADS} - {10}


def test_a_low_bridge_stops_a_high_vehicle(tmp_path):
    low = written(tmp_path / "low.gdb", frame(maxheight={16: 2.5}, maxweight={15: 30.0}))
    ways = {name: ways_of(ga.read_nvdb(low, profile=name)) for name in ("car", "ambulance")}
    assert ways["car"] - ways["ambulance"] == {16}


def test_explain_says_what_a_link_is(ruteplan):
    found = explain_link(ruteplan, 11, CAR)
    # 3000 m in the plane of UTM 33 at this longitude are 3001 m on the ground, in 2.5 minutes.
    assert (found.forward_kph, found.backward_kph) == (pytest.approx(72, abs=0.1), 0)
    assert "2.5" in found.reason
    assert {"ref": "Rv150", "tunnel": "yes"}.items() <= found.tags.items()
    with pytest.raises(InputError, match="no link 99"):
        explain_link(ruteplan, 99, CAR)


def test_all_that_is_wrong_is_said_at_once_by_row_and_value(tmp_path):
    table = frame(
        oneway={10: "X"}, drivetime_fw={11: -3.0, 12: 9000.0}, drivetime_bw={16: 0.001}, fromnode={14: "quay"},
        linkid={15: 13},
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        ga.read_nvdb(written(tmp_path / "wrong.gdb", table))
    text = str(caught.value)
    assert "6 problems" in text
    for part in (
        "row 1: oneway is 'X'", "row 2: drivetime_fw is -3", "row 3: drivetime_fw is 9000",
        "row 7: drivetime_bw is 0.001", "row 5: fromnode is 'quay'", "rows 4, 6: linkid is 13",
    ):  # fmt: skip
        assert part in text


def test_a_link_with_a_point_that_is_nowhere_is_named(tmp_path):
    table = frame()
    points = shapely.get_coordinates(table.geometry.iloc[0])
    points[0, 0] = np.nan
    with np.errstate(invalid="ignore"):
        table.geometry = [shapely.linestrings(points), *table.geometry.iloc[1:]]
        path = written(tmp_path / "links.gpkg", table)
    with pytest.raises(InputError, match=r"row 1: shape has a point that is nowhere"):
        ga.read_nvdb(path)


def test_numbers_of_links_and_nodes_are_whole_and_no_larger_than_can_be_told_apart(tmp_path):
    table = frame(linkid={10: 10.5, 12: 2.0**60}, fromnode={11: "1.5"}, roadnumber={13: float("inf")})
    with pytest.raises(InputError) as caught:
        ga.read_nvdb(written(tmp_path / "wrong.gpkg", table))
    text = str(caught.value)
    assert "3 problems" in text
    for part in ("row 1: linkid is 10.5", "row 3: linkid is 1.15292e+18", "row 2: fromnode is '1.5'"):
        assert part in text
    for wrong in (10.5, float("inf"), 1e300):
        turns = {"fromlinkid": [10.0, wrong], "tolinkid": [16.0, 16.0]}
        path = written(tmp_path / f"{wrong:g}.gpkg", frame(), turns)
        with pytest.raises(InputError, match=r"ruttger_turnrestriction: links are no whole numbers in 1 rows: 2"):
            ga.read_nvdb(path)


def test_a_file_without_links_names_its_layers(tmp_path):
    path = tmp_path / "other.gpkg"
    for layer in ("kommuner", "fylker"):
        frame()[["linkid", "geometry"]].to_file(path, layer=layer, driver="GPKG")
    with pytest.raises(InputError, match="kommuner, fylker"):
        ga.read_nvdb(path)


def test_fields_that_lack_are_named(tmp_path):
    path = written(tmp_path / "poor.gdb", frame().drop(columns=["drivetime_bw", "isferry"]))
    with pytest.raises(InputError, match=r"ruttger_link_geom lacks drivetime_bw, isferry"):
        ga.read_nvdb(path)


def test_what_is_no_ruteplan_at_all_is_refused(tmp_path):
    with pytest.raises(MissingFileError, match="FileGDB"):
        ga.read_nvdb(tmp_path / "absent.gdb")
    (tmp_path / "not.zip").write_bytes(b"no zip")
    with pytest.raises(InputError, match="zip"):
        ga.read_nvdb(tmp_path / "not.zip")
    (tmp_path / "text.gpkg").write_text("no GeoPackage")
    with pytest.raises(InputError, match="cannot be read"):
        ga.read_nvdb(tmp_path / "text.gpkg")


def test_ends_without_a_node_are_joined_by_place(tmp_path):
    """Published links may lack the number of a node: those that end in one place still meet."""
    blank = written(tmp_path / "blank.gdb", frame(tonode={16: "", 15: ""}))
    assert minutes(ga.read_nvdb(blank), 1, 6) == pytest.approx(10.0, abs=0.02)


@pytest.fixture(scope="module")
def published(shared):
    file = shared / "norway" / "published_forms" / "nvdb_ruteplan_2021_oslo_1000_links.rda"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    return read_frame(file)


def test_a_real_piece_of_ruteplan_becomes_a_network(published, tmp_path):
    lines = [shapely.MultiLineString([part.tolist() for part in parts]) for parts in published["SHAPE"]]
    real = gpd.GeoDataFrame(published.drop(columns="SHAPE"), geometry=lines, crs=25833)
    found = ga.read_nvdb(written(tmp_path / "real.gdb", real, layer="ruteplan"))
    assert found.counts["links_read"] == 1000
    # Paths: no class for cars. The rest, but for what is barred, is open: minutes add up, whatever edges they are in.
    path = (published["FuncRoadClass"] < 0) & ((published["IsBikeRoad"] == 1) | (published["FT_Fart"] <= 0))
    there = published[~path & (published["SPERRING"] != 1) & published["ONEWAY"].isin(["B", "FT"])]
    back = published[~path & (published["SPERRING"] != 1) & published["ONEWAY"].isin(["B", "TF"])]
    wanted = (there["FT_MINUTES"].sum() + back["TF_MINUTES"].sum()) * 60
    edges = found.edges()
    have = edges[["forward_s", "backward_s"]].replace(np.inf, np.nan).sum().sum()
    assert have == pytest.approx(wanted, abs=0.1 * len(edges))


def test_profile_ssb_drives_the_official_minutes(published):
    """Of each class, posted time divided by the profile's share is the official time of every real link."""
    ssb = read_profile(find_profile("ssb"))
    classes = {0: "trunk", 2: "primary", 4: "tertiary", 6: "unclassified", 7: "residential"}
    driven = published[(published["FT_Fart"] > 0) & published["FuncRoadClass"].isin(classes)]
    assert len(driven) > 800
    forest = driven["VEGTYPE"] == "S"
    highway = driven["FuncRoadClass"].map(classes).where(~forest, "track")
    pairs = pd.DataFrame({"highway": highway, "maxspeed": driven["FT_Fart"].map("{:g}".format)})
    kph = [read_way(dict(tags), ssb).forward_kph for tags in pairs.to_dict("records")]
    official = driven["SHAPE_Length"] * 0.06 / driven["FT_MINUTES"]
    assert np.allclose(kph, official, rtol=2e-3)
    # Class 5 has no class of OpenStreetMap: its constant lies between those of its neighbours.
    fifth = published[published["FuncRoadClass"] == 5].eval("SHAPE_Length * 0.06 / FT_MINUTES / FT_Fart")
    assert np.allclose(fifth, 0.735, rtol=2e-3)

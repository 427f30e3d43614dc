"""Draws of closures, and what they mean to cells: laws, and a computation draw by draw."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.network import Network, snap
from geoaccess.routing import nearest_snapped, solve_nearest
from geoaccess.scenarios import (
    close_network,
    draw_closures,
    draw_figures,
    read_closures,
    reliability_table,
    solve_closures,
)


def rows(share, area="west", correlation=0.5):
    return pd.DataFrame({"availability": share, "area": area, "correlation": correlation})


def test_what_is_always_open_never_closes_and_what_never_is_always_does():
    closed = draw_closures(rows([1.0, 0.0, 0.5], correlation=1.0), draws=500, seed=3)
    assert not closed[:, 0].any()
    assert closed[:, 1].all()
    assert 0 < closed[:, 2].sum() < 500


@given(st.floats(0.05, 0.95), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_correlation_one_closes_all_of_an_area_together(share, seed):
    table = pd.concat([rows([share] * 3, correlation=1.0), rows([share], area="east", correlation=1.0)])
    closed = draw_closures(table, draws=300, seed=seed)
    assert (closed[:, 0] == closed[:, 1]).all()
    assert (closed[:, 0] == closed[:, 2]).all()
    assert (closed[:, 0] != closed[:, 3]).any()  # other weather elsewhere


def test_shares_are_those_of_the_table_and_correlation_that_of_the_copula():
    from scipy import stats

    table = rows([0.9, 0.8, 0.9, 0.8], area=["a", "a", "", ""], correlation=[0.6, 0.3, 0.0, 0.0])
    closed = draw_closures(table, draws=20_000, seed=1)
    np.testing.assert_allclose(closed.mean(axis=0), [0.1, 0.2, 0.1, 0.2], atol=0.01)
    together = np.sqrt(0.6 * 0.3)
    limits = stats.norm.ppf([0.9, 0.8])
    both_open = stats.multivariate_normal([0, 0], [[1, together], [together, 1]]).cdf(limits)
    both_closed = 1 - 0.9 - 0.8 + both_open
    assert (closed[:, 0] & closed[:, 1]).mean() == pytest.approx(both_closed, abs=0.006)
    assert (closed[:, 2] & closed[:, 3]).mean() == pytest.approx(0.02, abs=0.005)


def test_a_draw_is_the_same_however_many_there_are():
    table = rows([0.7, 0.6, 0.9])
    many = draw_closures(table, draws=200, seed=5)
    assert np.array_equal(many[:50], draw_closures(table, draws=50, seed=5))
    assert not np.array_equal(many, draw_closures(table, draws=200, seed=6))
    with pytest.raises(InputError, match="draws is 0"):
        draw_closures(table, draws=0, seed=1)


def ring():
    n = 6
    angle = np.arange(n) * 2 * np.pi / n
    times = [100, 200, 300, 400, 500, 600]
    return Network.from_edges(
        lon=10 + 0.1 * np.cos(angle),
        lat=60 + 0.1 * np.sin(angle),
        u=range(n),
        v=[(i + 1) % n for i in range(n)],
        forward_s=times,
        backward_s=times,
        way_id=range(1, n + 1),
    )


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_figures_are_those_of_every_draw_solved_from_scratch(drawn):
    network, closed = ring(), np.array(drawn)
    points = gpd.GeoSeries.from_xy(network.node_lon, network.node_lat, index=list("abcdef"), crs="EPSG:4326")
    cells, sites = snap(network, points, min_component_m=0), snap(network, points.iloc[:1], min_component_m=0)
    people = np.array([1.0, 2, 4, 8, 16, 32])
    norms = (150.0, 800.0)
    times = np.array(
        [
            nearest_snapped(close_network(network, np.flatnonzero(row).astype(np.int32)), cells, sites, k=1)[
                "travel_time_s"
            ]
            for row in closed
        ]
    )
    field = solve_nearest(network, sites, k=1, min_component_m=0)
    field.attach(cells)
    before = (field.cells().keys[:, 0] >> np.uint64(32)).astype(np.int32)
    different, of_set = np.unique(closed, axis=0, return_inverse=True)
    count = np.bincount(of_set.reshape(-1))
    sets = [solve_closures(field, np.flatnonzero(row).astype(np.int32)) for row in different]
    table = reliability_table(before, sets, count, index=points.index, norms_s=norms)
    rising = np.sort(times, axis=0)
    draws = len(closed)
    np.testing.assert_array_equal(table["median_s"], rising[-(-draws // 2) - 1])
    np.testing.assert_array_equal(table["p90_s"], rising[-(-9 * draws // 10) - 1])
    np.testing.assert_allclose(table["chance_reached"], np.isfinite(times).mean(axis=0))
    by_draw = draw_figures(before, sets, people, norms_s=norms).iloc[of_set.reshape(-1)]
    for number, norm in enumerate(norms, start=1):
        np.testing.assert_allclose(table[f"chance_within_norm_{number}"], (times <= norm).mean(axis=0))
        np.testing.assert_allclose(by_draw[f"people_within_norm_{number}"], (times <= norm) @ people)
    np.testing.assert_allclose(by_draw["people_reached"], np.isfinite(times) @ people)


def written(folder, text):
    path = folder / "closures.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_by_season(tmp_path):
    text = "what,osm_id,season,availability,area,correlation\npass,1,winter,0.5,w,0.3\npass,1,summer,1,w,0.3\n"
    path = written(tmp_path, text + "pass,2,all,0.9,,\n")
    found = read_closures(path, ring(), season="winter")
    assert found.table["availability"].tolist() == [0.5, 0.9]
    assert [edges.tolist() for edges in found.edges] == [[0], [1]]
    with pytest.raises(InputError, match="summer, winter; say which season"):
        read_closures(path, ring())
    with pytest.raises(InputError, match='did you mean "winter"'):
        read_closures(path, ring(), season="wintr")


def test_all_that_is_wrong_with_a_table_is_reported_at_once(tmp_path):
    text = "what,osm_id,name,availability,area,correlation\npass,99,,0.5,,\nboat,1,,0.5,,\npass,1,,1.5,w,x\n"
    with pytest.raises(InputError) as caught:
        read_closures(
            written(tmp_path, text + "pass,2,,0.5,,0.4\npass,,,0.5,,\npass,3,,0.5,,\npass,3,,0.5,,\n"), ring()
        )
    for part in ("way 99", '"boat"', "'1.5'", "'x'", "no area says", "neither name nor osm_id", "way 3 is there twice"):
        assert part in str(caught.value)
    for number in (str(2**63), "9" * 5000, "\u00b2", "--5", "\u0663"):  # more than a way can have, and no digits
        with pytest.raises(InputError, match=r'row 2: "?osm_id'):
            read_closures(written(tmp_path, f"what,osm_id,availability\npass,{number},0.5\n"), ring())
    with pytest.raises(InputError, match=r'row 2: "?name'):
        read_closures(written(tmp_path, f"what,name,availability\npass,{'x' * 5000},0.5\n"), ring())
    with pytest.raises(InputError, match='no column "what"; it has name'):
        read_closures(written(tmp_path, "name\nx\n"), ring())


def test_the_shipped_tables_fit_their_networks(root):
    from geoaccess.osm import read_osm

    for place, season, count in (("iceland", "winter", 9), ("troms", None, 17)):
        network = read_osm(next((root / "data" / place).glob("*.osm.pbf")))
        table = root / "configs" / "reliability" / f"{place}.csv"
        found = read_closures(table, network, season=season)
        assert len(found.table) == count
        assert all(edges.size for edges in found.edges)
        assert pd.read_csv(table)["note"].str.contains("assumed").all()


def _roads():
    """Way 1 and 7 as E 6 and a local road, side by side, and way 9 as E 6 far to the east."""
    network = Network.from_edges(
        lon=[15.2, 15.4, 15.2, 15.4, 23.0, 23.2],
        lat=[66.6, 66.6, 66.61, 66.61, 69.0, 69.0],
        u=[0, 2, 4],
        v=[1, 3, 5],
        forward_s=[600, 900, 600],
        backward_s=[600, 900, 600],
        way_id=[1, 7, 9],
    )
    names = {"name": ["", "Gamleveien", ""], "ref": ["E 6;E 10", "Fv 77", "E6"], "bridge": False, "tunnel": False}
    return network, pd.DataFrame(names, index=pd.Index([1, 7, 9], name="way_id"))


def test_a_pass_is_named_by_road_number_and_place(root):
    network, names = _roads()
    found = read_closures(root / "configs" / "reliability" / "norway.csv", network, names=names)
    assert found.table["label"].tolist() == ["E 6 over Saltfjellet"]
    named = ["E 6 over Kvænangsfjellet", "E 6 over Sennalandet", "E 75 to Vardø by the tunnel", "E 69 to Nordkapp"]
    assert list(found.left_out) == named  # of another region
    assert [edges.tolist() for edges in found.edges] == [[0]]
    assert found.table["availability"].tolist() == pytest.approx([1 - 30 * 8 / (24 * 365)])


def test_the_counted_passes_of_norway(root):
    import shapely

    table = pd.read_csv(root / "configs" / "reliability" / "norway.csv")
    counted = dict(zip(table["name"], table["closures"], strict=True))
    assert counted == {
        "E 6 over Saltfjellet": 30,
        "E 6 over Kvænangsfjellet": 30,
        "E 6 over Sennalandet": 29,
        "E 75 to Vardø by the tunnel": 8,
        "E 69 to Nordkapp": 68,
    }
    # Each holds its summit, or the middle of the tunnel.
    on = [(15.32, 66.55), (21.6, 69.89), (23.93, 70.27), (31.06, 70.365), (25.8, 71.12)]
    assert shapely.contains_xy(shapely.from_wkt(table["polygon"].to_numpy()), *zip(*on, strict=True)).all()
    assert table["note"].str.contains("assumed").all()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("pass,E6,,", ["row 2", "POLYGON"]),
        ("pass,,POLYGON((15 66 16 66)),", ["row 2", "in WKT that is valid"]),
        ('ferry,E6,"POLYGON((15 66, 16 66, 16 67, 15 66))",', ["row 2", "give a pass"]),
        ('pass,E8,"POLYGON((15 66, 16 66, 16 67, 15 67, 15 66))",', ["row 2", "no road E8"]),
        ('pass,E6,"POLYGON((5 60, 6 60, 6 61, 5 60))",', ["no row is of a ferry or pass of this network"]),
    ],
)
def test_a_road_number_without_its_place_is_refused(tmp_path, row, words):
    network, names = _roads()
    path = written(tmp_path, f"what,ref,polygon,name,availability\n{row},0.9\n")
    with pytest.raises(InputError) as caught:
        read_closures(path, network, names=names)
    assert [word for word in words if word not in str(caught.value)] == []


def test_what_lies_in_a_hole_of_a_polygon_stays_open(tmp_path):
    network, names = _roads()
    around = "15 66.5, 15.5 66.5, 15.5 66.7, 15 66.7, 15 66.5"
    hole = "15.1 66.59, 15.45 66.59, 15.45 66.605, 15.1 66.605, 15.1 66.59"
    for text, edges in ((f"({around})", [0, 1]), (f"({around}),({hole})", [1])):  # the hole is around way 1, not 7
        row = f'pass,E6;Fv77,"POLYGON({text})",both,0.9\n'
        found = read_closures(written(tmp_path, f"what,ref,polygon,name,availability\n{row}"), network, names=names)
        assert [one.tolist() for one in found.edges] == [edges]


def test_latitude_before_longitude_is_no_other_region(tmp_path):
    network, names = _roads()
    row = 'pass,E6,"POLYGON((66 15, 67 15, 67 16, 66 15))",Fell,0.9\n'
    with pytest.raises(InputError, match=r"row 2: Fell: no road .* are longitude and latitude swapped\?"):
        read_closures(written(tmp_path, f"what,ref,polygon,name,availability\n{row}"), network, names=names)


def _one_pass(tmp_path, header, row):
    path = tmp_path / "closures.csv"
    path.write_text(f"what,osm_id,{header}\npass,7,{row}\n", encoding="utf-8")
    return path


def _a_pass():
    return Network.from_edges(
        lon=[10, 10.1, 10.2],
        lat=[60] * 3,
        u=[0, 1],
        v=[1, 2],
        forward_s=[60, 600],
        backward_s=[60, 600],
        way_id=[1, 7],
    )


def test_counted_closures_make_the_share_that_is_open(tmp_path):
    path = _one_pass(tmp_path, "closures,closure_hours,season_days", "30,8,100")
    table = read_closures(path, _a_pass()).table
    assert table["availability"].tolist() == pytest.approx([1 - 30 * 8 / 2400])


@pytest.mark.parametrize(
    ("header", "row", "words"),
    [
        ("closures,closure_hours,season_days", "30,,100", ["row 2", "closure_hours is ''"]),
        ("closures,closure_hours,season_days", "300,24,100", ["row 2", "more than 100 days"]),
        ("closures,closure_hours,season_days", "-1,24,100", ["row 2", "closures is '-1'"]),
        ("availability,closures,closure_hours,season_days", "0.9,3,4,100", ["row 2", "not both"]),
        ("closures,closure_hours", "3,4", ["no column availability", "season_days"]),
    ],
)
def test_closures_that_make_no_share_are_refused(tmp_path, header, row, words):
    with pytest.raises(InputError) as caught:
        read_closures(_one_pass(tmp_path, header, row), _a_pass())
    assert [word for word in words if word not in str(caught.value)] == []

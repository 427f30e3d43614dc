"""Boats, helicopters and aeroplanes, against sums by hand, the geodesic and loops over every way."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.measures import (
    ChainTimes,
    Mode,
    aeroplane_chain,
    boat_chain,
    crossing_times,
    dependable_time,
    fastest_mode,
    helicopter_chain,
    port_times,
)

INF, NAN = math.inf, math.nan
HELICOPTER = Mode(ChainTimes(120, 300, 660), availability=0.9, cruise_kph=200, leg_s=240)
TIMES = ChainTimes(call_handling_s=120, mobilisation_s=600, on_scene_s=1200)


def points(places, prefix):
    return gpd.GeoSeries.from_xy(
        [lon for lon, _ in places],
        [lat for _, lat in places],
        index=[f"{prefix}{i}" for i in range(len(places))],
        crs="EPSG:4326",
    )


place = st.tuples(st.floats(5, 31), st.floats(57, 71))
places = st.lists(place, min_size=1, max_size=4)


@given(places, places)
def test_crossings_are_near_the_geodesic(here, there):
    found = crossing_times(points(here, "a"), points(there, "b"), mode=HELICOPTER)
    geod = pyproj.Geod(ellps="WGS84")
    for i, a in enumerate(here):
        for j, b in enumerate(there):
            metres = geod.inv(*a, *b)[2]
            expected = 0.0 if a == b else 240 + metres / 200_000 * 3600
            assert found.loc[f"a{i}", f"b{j}"] == pytest.approx(expected, rel=0.006, abs=1e-3)


def test_crossing_by_hand_along_the_equator_with_a_detour():
    boat = Mode(TIMES, cruise_kph=50, leg_s=60, detour=1.5)
    found = crossing_times(points([(0, 0)], "a"), points([(1, 0), (0, 0)], "b"), mode=boat)
    degree_m = 2 * math.pi * 6_371_008.8 / 360
    assert found.iloc[0].tolist() == [pytest.approx(60 + 1.5 * degree_m / (50 / 3.6)), 0.0]


def test_polygons_in_metres_stand_for_their_centres():
    squares = gpd.GeoSeries([shapely.box(650_000, 7_730_000, 651_000, 7_731_000)], index=["cell"], crs="EPSG:25833")
    centre = gpd.GeoSeries([shapely.Point(650_500, 7_730_500)], index=["base"], crs="EPSG:25833")
    assert crossing_times(squares, centre, mode=HELICOPTER).to_numpy().item() == 0


@given(places, places, places)
def test_helicopter_chain_is_the_least_over_bases_and_sites(cells, bases, sites):
    cells, bases, sites = points(cells, "c"), points(bases, "b"), points(sites, "s")
    chain = helicopter_chain(cells, bases, sites, mode=HELICOPTER)
    come, leave = crossing_times(bases, cells, mode=HELICOPTER), crossing_times(cells, sites, mode=HELICOPTER)
    assert chain["to_patient_s"].to_numpy() == pytest.approx(420 + come.min().to_numpy())
    assert chain["to_treatment_s"].to_numpy() == pytest.approx(
        420 + come.min().to_numpy() + 660 + leave.min(axis=1).to_numpy()
    )
    for cell, row in chain.iterrows():
        assert come.loc[row["base"], cell] == pytest.approx(come[cell].min())
        assert leave.loc[cell, row["site"]] == pytest.approx(leave.loc[cell].min())


@given(places, places, st.floats(50, 400), st.floats(1, 3))
def test_a_faster_mode_never_lengthens(cells, bases, kph, faster):
    cells, bases = points(cells, "c"), points(bases, "b")
    slow, quick = (
        helicopter_chain(cells, bases, bases, mode=Mode(TIMES, cruise_kph=speed, leg_s=60)).filter(regex="_s$")
        for speed in (kph, kph * faster)
    )
    assert (quick <= slow + 1e-9).all().all()


# Ports.

seconds = st.one_of(st.just(INF), st.integers(0, 4000).map(float))


@st.composite
def waters(draw):
    ports = [f"q{i}" for i in range(draw(st.integers(1, 4)))]
    stations = [f"s{i}" for i in range(draw(st.integers(1, 2)))]
    cells = [f"c{i}" for i in range(draw(st.integers(1, 4)))]

    def table(rows, columns):
        return pd.DataFrame([[draw(seconds) for _ in columns] for _ in rows], rows, columns)

    def near():
        chosen = [(c, q, draw(seconds)) for c in cells for q in ports if draw(st.booleans())]
        return pd.DataFrame(chosen, columns=["cell_id", "site_id", "travel_time_s"])

    site_s = pd.Series({q: draw(seconds) for q in ports})
    fetched = pd.Series({c: draw(seconds) for c in cells})
    return table(stations, ports), table(ports, ports), site_s, near(), near(), fetched


def lookup(pairs):
    return {(row.cell_id, row.site_id): row.travel_time_s for row in pairs.itertuples()}


@given(waters())
def test_boats_against_every_way_there_and_back(water):
    coming, between, site_s, out, back, fetched = water
    ports = port_times(coming, between, site_s=site_s)
    found = boat_chain(fetched.index, ports, from_ports=out, to_ports=back, times=TIMES)
    out, back = lookup(out), lookup(back)
    for cell in fetched.index:
        patient = [coming.loc[s, q] + out.get((cell, q), INF) for s in coming.index for q in between.index]
        treatment = [
            coming.loc[s, q] + out.get((cell, q), INF) + back.get((cell, q), INF) + between.loc[q, a] + site_s[a]
            for s in coming.index
            for q in between.index
            for a in between.index
        ]
        assert found.loc[cell, "to_patient_s"] == 720 + min(patient)
        assert found.loc[cell, "to_treatment_s"] == 720 + 1200 + min(treatment)
        for what, best in (("to_patient", min(patient)), ("to_treatment", min(treatment))):
            port = found.loc[cell, f"{what}_port"]
            assert (port == "") == (best == INF)
            if port:
                assert out[cell, port] < INF


@given(waters())
def test_aeroplanes_against_every_way(water):
    coming, between, site_s, _, road, fetched = water
    ports = port_times(coming, between, site_s=site_s)
    found = aeroplane_chain(fetched, ports, to_ports=road, times=TIMES)
    road = lookup(road)
    for cell in fetched.index:
        met = {q: max(720 + coming[q].min(), fetched[cell] + road.get((cell, q), INF)) for q in between.index}
        onward = {q: min(between.loc[q, a] + site_s[a] for a in between.index) for q in between.index}
        assert found.loc[cell, "to_patient_s"] == min(met.values())
        assert found.loc[cell, "to_treatment_s"] == min(met[q] + 1200 + onward[q] for q in met)


@given(waters(), st.floats(0.1, 1))
def test_faster_boats_and_aeroplanes_never_lengthen(water, factor):
    coming, between, site_s, out, back, fetched = water
    slow = port_times(coming, between, site_s=site_s)
    quick = port_times(coming * factor, between * factor, site_s=site_s)
    pairs = [
        [boat_chain(fetched.index, ports, from_ports=out, to_ports=back, times=TIMES) for ports in (slow, quick)],
        [aeroplane_chain(fetched, ports, to_ports=back, times=TIMES) for ports in (slow, quick)],
    ]
    for before, after in pairs:
        for column in ("to_patient_s", "to_treatment_s"):
            assert (after[column].to_numpy() <= before[column].to_numpy() + 1e-9).all()


def test_a_boat_by_hand():
    # The boat lies in town, 15 minutes by sea from the island, whose quay is 5 minutes from the farm; the hospital is
    # 10 minutes from the quay of the town.
    coming = pd.DataFrame({"island": [900.0], "town": [0.0]}, index=["town"])
    between = pd.DataFrame({"island": [0.0, 900.0], "town": [900.0, 0.0]}, index=["island", "town"])
    ports = port_times(coming, between, site_s=pd.Series({"town": 600.0, "island": INF}))
    road = pd.DataFrame({"cell_id": ["farm"], "site_id": ["island"], "travel_time_s": [300.0]})
    found = boat_chain(pd.Index(["farm", "rock"]), ports, from_ports=road, to_ports=road, times=TIMES)
    assert found.loc["farm"].tolist() == [720 + 900 + 300, "island", 720 + 900 + 300 + 1200 + 300 + 900 + 600, "island"]
    assert found.loc["rock"].tolist() == [INF, "", INF, ""]


def test_an_aeroplane_waits_for_the_car_or_the_car_for_the_aeroplane():
    ports = pd.DataFrame({"coming_s": [1000.0], "onward_s": [2000.0]}, index=["airport"])
    road = pd.DataFrame(
        {"cell_id": ["near", "far", "none"], "site_id": "airport", "travel_time_s": [100.0, 3000.0, 5.0]}
    )
    found = aeroplane_chain(pd.Series({"near": 900.0, "far": 900.0, "none": NAN}), ports, to_ports=road, times=TIMES)
    assert found["to_patient_s"].to_dict() == {"near": 1720, "far": 3900, "none": INF}
    assert found["to_treatment_s"].to_dict() == {"near": 4920, "far": 7100, "none": INF}


# Several modes.

modes = st.dictionaries(
    st.sampled_from(["car", "boat", "helicopter"]), st.lists(seconds, min_size=3, max_size=3), min_size=1
)


@given(modes.map(pd.DataFrame), st.floats(0.01, 1))
def test_the_fastest_mode_and_what_the_weather_leaves(times, share):
    best = fastest_mode(times)
    assert best["time_s"].tolist() == times.min(axis=1).tolist()
    for cell, row in best.iterrows():
        assert row["mode"] == "" if row["time_s"] == INF else times.loc[cell, row["mode"]] == row["time_s"]
    sure = dependable_time(times, availability=1.0, probability=1.0)
    assert sure["time_s"].tolist() == best["time_s"].tolist()
    weathered = dependable_time(times, availability=share, probability=0.9)
    assert (weathered["time_s"] >= best["time_s"]).all()


def test_weather_by_hand():
    times = pd.DataFrame({"helicopter": [1800.0], "boat": [2700.0], "car": [INF]})
    weather = {"helicopter": 0.8, "boat": 0.9, "car": 1.0}
    wanted = {0.8: (1800, "helicopter"), 0.81: (2700, "boat"), 0.98: (2700, "boat"), 0.981: (INF, "")}
    for probability, answer in wanted.items():  # one of them flies or sails on 1 - 0.2 x 0.1 of the days
        found = dependable_time(times, availability=weather, probability=probability)
        assert tuple(found.iloc[0]) == answer


BASE = points([(18.9, 69.7)], "b")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: crossing_times(BASE, BASE, mode=Mode(TIMES)), "no cruise_kph"),
        (
            lambda: crossing_times(BASE.set_crs(None, allow_override=True), BASE, mode=HELICOPTER),
            "origins: there is no CRS",
        ),
        (
            lambda: crossing_times(BASE, pd.concat([BASE, BASE]), mode=HELICOPTER),
            "destinations: the index is not unique",
        ),
        (lambda: crossing_times(gpd.GeoSeries([None], crs=4326), BASE, mode=HELICOPTER), "1 have no geometry"),
        (lambda: helicopter_chain(BASE, BASE.iloc[:0], BASE, mode=HELICOPTER), "there is no base"),
        (lambda: fastest_mode(pd.DataFrame(index=["c"])), "there is no mode"),
    ],
)
def test_errors_of_the_air(call, words):
    with pytest.raises(InputError, match=words):
        call()


PORTS = pd.DataFrame({"coming_s": [1.0], "onward_s": [2.0]}, index=["q"])
ROAD = pd.DataFrame({"cell_id": ["c"], "site_id": ["q"], "travel_time_s": [3.0]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: boat(ROAD.assign(cell_id="x"), ROAD), "from_ports: cell_id is no cell in 1 rows"),
        (lambda: boat(ROAD, ROAD.assign(site_id="x")), "to_ports: site_id is not among the ports"),
        (lambda: boat(ROAD, ROAD.assign(travel_time_s=NAN)), "travel_time_s is negative or missing"),
        (lambda: boat(ROAD.drop(columns="site_id"), ROAD), "from_ports: no column site_id"),
        (lambda: boat(ROAD, ROAD, ports=PORTS.assign(coming_s=NAN)), "ports: a time is negative or missing"),
        (
            lambda: aeroplane_chain(pd.Series({"c": -1.0}), PORTS, to_ports=ROAD, times=TIMES),
            "fetched_s: the least is -1",
        ),
        (
            lambda: port_times(square(["s"], ["q", "r"]), square(["q"], ["q"]), site_s=pd.Series({"q": 1.0})),
            "from_stations",
        ),
        (
            lambda: port_times(square(["s"], ["q"]), square(["q"], ["q"]), site_s=pd.Series({"r": 1.0})),
            "site_s has other",
        ),
        (lambda: port_times(square([], ["q"]), square(["q"], ["q"]), site_s=pd.Series({"q": 1.0})), "no station"),
        (
            lambda: port_times(square(["s"], ["q"]), square(["q"], ["q"]), site_s=pd.Series({"q": NAN})),
            "time of site_s",
        ),
    ],
)
def test_errors_of_ports(call, words):
    with pytest.raises(InputError, match=words):
        call()


def boat(from_ports, to_ports, *, ports=PORTS):
    return boat_chain(pd.Index(["c"]), ports, from_ports=from_ports, to_ports=to_ports, times=TIMES)


def square(rows, columns):
    return pd.DataFrame(np.zeros((len(rows), len(columns))), rows, columns)

"""[ambulance] in a study: the chain of a small country by hand, of Iceland and Troms by what must hold."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

import geoaccess as ga
from geoaccess.errors import ConfigError, InputError
from geoaccess.study import check, load_study, run_study, solve_study
from geoaccess.study.results import pictures
from geoaccess.study.results.output import write
from geoaccess.zones import settlement_people
from tests.test_study_tiny import (
    CELLS,
    CUT_OFF,
    EARTH,
    FARM,
    FERRY,
    FURTHER,
    ISLE,
    MAIN,
    PEOPLE,
    PLACES,
    SHORT_CUT,
    STEEP,
    STUDY,
    TOTAL,
    cell_id,
    degrees,
    drive_s,
    write_study,
)

ROOT = Path(__file__).parents[1]
START, ON_SCENE, HANDOVER = 120 + 90, 21 * 60, 20 * 60  # of the car, configs/figures/ambulance.toml
CALLS = {"west": 100, "farm": 10, "middle": 50, "north": 20, "isle": 5, "hut": 3, "holm": 2, "wild": 1}
CARS = {"west": 2, "middle": 1}
THERE = {"west": 0.8, "middle": 0.5}
CHAIN = """
[ambulance]
base = "ambulance_base"
site = "hospital"
built_up = { column = "town" }
availability = "there"
vehicles = "cars"
calls = "calls"
[ambulance.helicopter]
stations = { file = "helicopters.csv" }
[ambulance.boat]
stations = { service = "ambulance_base" }
ports = { file = "quays.csv" }
[ambulance.aeroplane]
stations = { file = "helicopters.csv" }
ports = { file = "airfields.csv" }
"""
# Seconds from the two bases, and to the hospital in the west.
COMING = {
    "west": (0, MAIN),
    "farm": (FARM + MAIN / 2, FARM + MAIN / 2),
    "middle": (0, MAIN),
    "north": (SHORT_CUT, SHORT_CUT + MAIN),
    "isle": (FURTHER + FERRY + ISLE, FURTHER + FERRY + ISLE + MAIN),
}
ONWARD = {
    "west": 0,
    "farm": FARM + MAIN / 2,
    "middle": MAIN,
    "north": STEEP + FURTHER + MAIN,
    "isle": ISLE + FERRY + FURTHER + MAIN,
}
BASE = {"west": "west", "middle": "middle", "north": "middle", "isle": "middle"}  # the farm is as far from both


def places(*keys, service="x"):
    rows = ["service,name,lon,lat"]
    rows += [f"{service},{key},{degrees(*PLACES[key])[0]:.7f},{degrees(*PLACES[key])[1]:.7f}" for key in keys]
    return "\n".join([*rows, ""])


def write_chain(folder, chain=CHAIN, study=STUDY):
    path = write_study(folder, study + chain)
    rows = [f"{cell_id(key)},{PEOPLE[key]},{'yes' if key == 'middle' else 'no'},{CALLS[key]}" for key in CELLS]
    (folder / "people.csv").write_text("\n".join(["cell_id,people,town,calls", *rows, ""]))
    sites = (folder / "sites.csv").read_text().splitlines()
    lon, lat = degrees(*PLACES["west"])
    sites.append(f"ambulance_base-west,ambulance_base,west,{lon:.7f},{lat:.7f},yes")
    for number, line in enumerate(sites):
        there = [f",{THERE[key]},{CARS[key]}" for key in THERE if line.startswith(f"ambulance_base-{key}")] or [",,"]
        sites[number] += there[0] if number else ",there,cars"
    (folder / "sites.csv").write_text("\n".join([*sites, ""]))
    (folder / "helicopters.csv").write_text(places("east"))
    (folder / "quays.csv").write_text(places("middle", "skerry"))
    (folder / "airfields.csv").write_text(places("west", "isle"))
    return path


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return run_study(load_study(write_chain(tmp_path_factory.mktemp("chain"))), show=False)


@pytest.fixture(scope="module")
def by_place(answers):
    return answers.results.set_axis([*CELLS])


def test_what_pictures_are_drawn_of_is_made_and_sent_once(tmp_path, answers, monkeypatch):
    """The map of modes can be drawn only when the chain is known, of what the other maps were drawn of before."""
    made = []
    scene = pictures._scene_of
    monkeypatch.setattr(pictures, "_scene_of", lambda *given, **named: made.append(1) or scene(*given, **named))
    again = run_study(load_study(write_chain(tmp_path)), show=False)
    assert len(made) == 1
    for name in ("chain_mode.png", "chain_base.png", "map_ambulance_base.png", "index.html"):
        assert (again.study.output / name).read_bytes() == (answers.study.output / name).read_bytes()
    made.clear()
    alone = {path.name: path.read_bytes() for path in write(again)}  # all at once, where everything is known
    assert len(made) == 1
    assert alone["chain_mode.png"] == (answers.study.output / "chain_mode.png").read_bytes()


def near(value, key):
    return pytest.approx(value, abs=4 if key == "farm" else 1)


@pytest.mark.parametrize("key", CELLS)
def test_the_chain_is_that_computed_by_hand(by_place, key):
    row = by_place.loc[key]
    if key not in COMING:
        assert row["ambulance_response_reason"] == row["ambulance_treatment_reason"]
        assert row["ambulance_response_reason"] == CUT_OFF[key]
        assert not np.isfinite(
            row[["ambulance_response_s", "ambulance_treatment_s", "ambulance_busy_s"]].astype(float)
        ).any()
        return
    first, second = COMING[key]
    assert row["ambulance_response_reason"] == row["ambulance_treatment_reason"] == ""
    assert row["ambulance_response_s"] == near(START + first, key)
    assert row["ambulance_response_second_s"] == near(START + second, key)
    assert row["ambulance_treatment_s"] == near(START + first + ON_SCENE + ONWARD[key], key)
    assert row["ambulance_treatment_second_s"] == near(START + second + ON_SCENE + ONWARD[key], key)
    back = MAIN if row["ambulance_response_site"].endswith("middle") else 0  # from the hospital in the west
    assert row["ambulance_busy_s"] == near(90 + first + ON_SCENE + ONWARD[key] + HANDOVER + back, key)
    assert row["ambulance_treatment_site"] == "hospital-west"
    if key in BASE:
        assert row["ambulance_response_site"] == f"ambulance_base-{BASE[key]}"


def test_coverage_is_daskins(by_place):
    # Built up is the middle alone, 12 minutes there and 25 elsewhere: the west is reached in time by both bases.
    expected = {"west": 1 - 0.2 * 0.5, "middle": 0.5, "north": 0.5}
    assert by_place["ambulance_coverage"].to_dict() == pytest.approx({key: expected.get(key, 0) for key in CELLS})
    assert by_place["ambulance_built_up"].tolist() == [key == "middle" for key in CELLS]
    assert by_place["ambulance_norm_s"].to_dict() == {key: 720 if key == "middle" else 1500 for key in CELLS}


def test_norms_by_cell_and_as_helsedirektoratet_counts(answers):
    table = answers.tables["ambulance_norms"].query("zoning == 'everybody'")
    table = table.set_index(["counted_by", "bases", "settlement"])[["population", "people_within"]]
    town = PEOPLE["middle"] + PEOPLE["north"]  # one municipality
    expected = {
        ("cell", "always there", "built_up"): (PEOPLE["middle"], PEOPLE["middle"]),
        ("cell", "always there", "sparse"): (TOTAL - PEOPLE["middle"], PEOPLE["west"] + PEOPLE["north"]),
        ("cell", "as available", "built_up"): (PEOPLE["middle"], PEOPLE["middle"] * 0.5),
        ("cell", "as available", "sparse"): (TOTAL - PEOPLE["middle"], PEOPLE["west"] * 0.9 + PEOPLE["north"] * 0.5),
        ("municipality", "always there", "built_up"): (town, PEOPLE["middle"]),
        ("municipality", "always there", "sparse"): (TOTAL - town, PEOPLE["west"]),
        ("municipality", "as available", "built_up"): (town, PEOPLE["middle"] * 0.5),
        ("municipality", "as available", "sparse"): (TOTAL - town, PEOPLE["west"] * 0.9),
    }
    assert {key: tuple(row) for key, row in zip(table.index, table.to_numpy(), strict=True)} == {
        key: pytest.approx(value) for key, value in expected.items()
    }


def test_tables_hold_everybody(answers):
    for name in ("ambulance", "ambulance_norms"):
        table = answers.tables[name]
        keys = [key for key in ("service", "counted_by", "bases", "zoning") if key in table]
        assert (table.groupby(keys)["population"].sum() == TOTAL).all()
    table = answers.tables["ambulance"]
    reasons = table.filter(like="unreached_").sum(axis=1)
    assert (table["reached"] + reasons == table["population"]).all()
    everybody = table.query("zoning == 'everybody'").set_index("service")
    mean = sum(PEOPLE[key] * (START + COMING[key][0]) for key in COMING) / sum(PEOPLE[key] for key in COMING)
    assert everybody["mean_s"]["ambulance_response"] == pytest.approx(mean, abs=1)
    assert everybody["median_s"]["ambulance_response"] == START  # the west, where more than half of all live


def test_how_busy_bases_are(answers, by_place):
    table = answers.tables["ambulance_bases"].set_index("base")
    year_s = 365 * 86_400
    for key, cars in CARS.items():
        label = f"ambulance_base-{key}"
        served = by_place[by_place["ambulance_response_site"] == label]
        work = sum(CALLS[cell] * served["ambulance_busy_s"][cell] for cell in served.index)
        row = table.loc[label]
        assert row["busy_fraction"] == pytest.approx(work / (cars * year_s))
        assert row["calls"] == sum(CALLS[cell] for cell in served.index)
        assert (row["availability"], row["vehicles"], row["calls_without_site"]) == (THERE[key], cars, 0)
    assert table["people"].sum() == sum(PEOPLE[key] for key in COMING)


def line_s(a, b, *, kph, leg_s, detour):
    """Seconds of a crossing, by the geodesic."""
    return leg_s + detour * EARTH.inv(*degrees(*PLACES[a]), *degrees(*PLACES[b]))[2] * 3.6 / kph


def test_the_helicopter_comes_to_everybody(by_place):
    flight = {"kph": 220, "leg_s": 360, "detour": 1.0}
    response = 120 + 300 + line_s("east", "hut", **flight)
    treatment = response + ON_SCENE + line_s("hut", "west", **flight)
    assert by_place["ambulance_helicopter_response_s"]["hut"] == pytest.approx(response, rel=0.006)
    assert by_place["ambulance_helicopter_treatment_s"]["hut"] == pytest.approx(treatment, rel=0.006)
    assert np.isfinite(by_place["ambulance_helicopter_treatment_s"]).all()


def test_the_boat_comes_where_a_quay_is(by_place):
    crossing = line_s("middle", "skerry", kph=53, leg_s=240, detour=1.3)
    road = drive_s("skerry", "hut", 60)
    response = 120 + 600 + crossing + road
    treatment = response + ON_SCENE + road + crossing + MAIN
    assert by_place["ambulance_boat_response_s"]["hut"] == pytest.approx(response, rel=0.006)
    assert by_place["ambulance_boat_treatment_s"]["hut"] == pytest.approx(treatment, rel=0.006)
    assert by_place["ambulance_boat_treatment_s"][["holm", "wild"]].tolist() == [np.inf, np.inf]


def test_the_aeroplane_waits_for_the_car(by_place):
    flight = {"kph": 430, "leg_s": 720, "detour": 1.05}
    fetched = START + COMING["isle"][0] + ON_SCENE  # the airfield lies where they live
    met = max(120 + 1800 + line_s("east", "isle", **flight), fetched)
    treatment = met + 15 * 60 + line_s("isle", "west", **flight)
    assert by_place["ambulance_aeroplane_treatment_s"]["isle"] == pytest.approx(treatment, rel=0.006)
    assert by_place["ambulance_aeroplane_treatment_s"]["hut"] == np.inf  # no car brings them to it


def test_the_fastest_and_the_one_to_count_on(answers, by_place):
    modes = ["helicopter", "boat", "aeroplane"]
    times = by_place[["ambulance_treatment_s", *(f"ambulance_{mode}_treatment_s" for mode in modes)]]
    assert (by_place["ambulance_fastest_s"] == times.min(axis=1)).all()
    assert by_place["ambulance_fastest_mode"]["west"] == "car"
    assert by_place["ambulance_fastest_mode"]["holm"] == "helicopter"
    assert (by_place["ambulance_fastest_reason"] == "").all()
    # A helicopter alone flies in 90 % of the weather, a boat goes in 95 %, a car in 99 %; 95 % is asked.
    assert by_place["ambulance_dependable_s"]["hut"] == by_place["ambulance_boat_treatment_s"]["hut"]
    assert by_place["ambulance_dependable_mode"]["hut"] == "boat"
    assert by_place["ambulance_dependable_s"][["holm", "wild"]].tolist() == [np.inf, np.inf]
    assert by_place["ambulance_dependable_reason"]["wild"] == "no_road_within"
    table = answers.tables["ambulance"].query("zoning == 'everybody'").set_index("service")
    assert table["unreached"].to_dict() == {
        "ambulance_drive": 91,
        "ambulance_response": 91,
        "ambulance_treatment": 91,
        "ambulance_fastest": 0,
        "ambulance_dependable": PEOPLE["holm"] + PEOPLE["wild"],
    }


def test_tables_and_columns_are_written(answers):
    for name, table in answers.tables.items():
        assert len(pd.read_csv(answers.study.output / f"{name}.csv")) == len(table)
        assert len(pd.read_parquet(answers.study.output / f"{name}.parquet")) == len(table)
    cells = gpd.read_parquet(answers.study.output / "cells.parquet")
    pd.testing.assert_series_equal(cells["ambulance_treatment_s"], answers.results["ambulance_treatment_s"])


def test_every_file_of_the_chain_is_an_input(answers):
    names = {what: path.name for what, path in answers.study.inputs.items()}
    assert names["ambulance figures"] == "ambulance.toml"
    assert names["helicopter stations"] == names["aeroplane stations"] == "helicopters.csv"
    assert (names["boat ports"], names["aeroplane ports"]) == ("quays.csv", "airfields.csv")


def test_a_vehicle_of_its_own_profile_drives_as_in_a_study_of_that_profile(tmp_path):
    fast = 'extends = "flat.toml"\ntitle = "faster"\n[pace]\nshare = 0.5\n'
    plain = CHAIN[: CHAIN.index("[ambulance.helicopter]")]
    paths = [
        write_chain(tmp_path / "own", plain.replace("[ambulance]", '[ambulance]\nprofile = "fast.toml"')),
        write_chain(tmp_path / "all", plain, STUDY.replace('"flat.toml"', '"fast.toml"')),
    ]
    for path in paths:
        (path.parent / "fast.toml").write_text(fast)
    own, everybody = (solve_study(load_study(path), show=False).results for path in paths)
    columns = [name for name in own if name.startswith("ambulance_")]
    pd.testing.assert_frame_equal(pd.DataFrame(own[columns]), pd.DataFrame(everybody[columns]))
    assert not own["hospital_s"].equals(everybody["hospital_s"])


def test_bases_are_as_free_as_their_calls_leave_them(tmp_path):
    plain = CHAIN[: CHAIN.index("[ambulance.helicopter]")]
    plain = plain.replace('"there"', '"busy"').replace('calls = "calls"', "calls = 5")
    answers = solve_study(load_study(write_chain(tmp_path / "a", plain)), show=False)
    table = answers.tables["ambulance_bases"]
    assert (table["availability"] == (1 - table["busy_fraction"]).clip(lower=0)).all()
    assert table["busy_fraction"].between(0.05, 0.95).any()
    assert table["calls"].sum() == pytest.approx(5 * sum(PEOPLE[key] for key in COMING))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"ambulance_base"\nsite', '"ambulance_bas"\nsite', 'did you mean "ambulance_base"'),
        (
            'site = "hospital"',
            'site = "ambulance_base"',
            'site = "ambulance_base" needs a service with toward = "sites"',
        ),
        ('base = "ambulance_base"', 'base = "gp"', 'base = "gp" needs a service with toward = "cells"'),
        ('calls = "calls"', "availability_of = 1", 'did you mean "availability"'),
        ('availability = "there"', "availability = 1.5", "availability is 1.5; write a share from 0 to 1"),
        ('availability = "there"', "availability = true", "write a number, or the name of a column"),
        ('vehicles = "cars"', "vehicles = -1", "write a number of 0 or more"),
        ('availability = "there"\nvehicles = "cars"\ncalls = "calls"', 'availability = "busy"', '"busy" needs calls'),
        ('{ file = "quays.csv" }', '{ file = "quays.csv", service = "gp" }', "give one of file"),
        ('{ file = "quays.csv" }', '{ service = "quay" }', 'boat ports names the service "quay"'),
    ],
)
def test_a_chain_that_cannot_be_is_refused(tmp_path, old, new, message):
    assert old in CHAIN
    with pytest.raises(ConfigError, match=r"study\.toml") as caught:
        load_study(write_chain(tmp_path / "a", CHAIN.replace(old, new, 1)))
    assert message in str(caught.value)


def test_the_keys_that_the_template_shows_are_keys(tmp_path):
    text = (ROOT / "configs" / "template.toml").read_text(encoding="utf-8")
    lines = text[text.index("# [ambulance]") :].splitlines()
    shown = [line.removeprefix("# ") for line in lines if re.match(r"# (\[|\w+ =)", line)]
    other = ('column = "calls"', 'rates = "rates.csv"', "per_person = 0.1", "calls = 0.1")  # of five ways to say, one
    shown = [line for line in shown if not line.startswith(other)]
    text = text.replace("# ages =", "ages =").replace(
        "\n[zones] ", '\n[services.hospital]\nlabel = "Hospital"\n[zones] '
    )
    path = tmp_path / "study.toml"
    path.write_text("\n".join([text, *shown]), encoding="utf-8")
    settings = load_study(path).settings
    assert {*settings.ambulance.crafts} == {"helicopter", "boat"}
    assert settings.demand.projection.groups == {"old": [80]}
    assert len(shown) > 35


def test_columns_of_the_chain_are_kept_free(tmp_path):
    study = STUDY.replace("[services.birth_unit]", "[services.ambulance_response]").replace("birth_unit", "x")
    with pytest.raises(ConfigError, match=r"services\.ambulance_response\]: give it another key"):
        load_study(write_chain(tmp_path / "a", study=study))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("people.csv", ",yes,", ",perhaps,", "town of 1 cells is neither yes nor no"),
        ("people.csv", ",no,100", ",no,-1", "calls of 1 rows is missing, negative or no number"),
        ("people.csv", "town", "city", 'no column "town"'),
        ("sites.csv", ",0.8,", ",1.8,", "availability is 1.8 at ambulance_base-west"),
        ("sites.csv", ",0.8,", ",,", "there of 1 rows is missing"),
        ("study.toml", 'vehicles = "cars"', 'vehicles = "carts"', 'asks for [ambulance] availability = "there"'),
        ("study.toml", '{ file = "quays.csv" }', '{ tags = [{ man_made = "pier" }] }', "the extract has nothing"),
    ],
)
def test_data_that_do_not_fit_are_reported(tmp_path, file, old, new, message):
    path = write_chain(tmp_path / "a")
    there = path.parent / file
    assert old in there.read_text()
    there.write_text(there.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        solve_study(load_study(path), show=False)
    assert message in str(caught.value)


def test_figures_and_profiles_are_checked_before_anything_is_computed(tmp_path):
    path = write_chain(tmp_path / "a", CHAIN.replace("[ambulance]", '[ambulance]\nfigures = "mine.toml"'))
    with pytest.raises(InputError, match=r"mine\.toml"):
        check(load_study(path))
    path = write_chain(tmp_path / "b", CHAIN.replace("[ambulance]", '[ambulance]\nprofile = "mine.toml"'))
    (path.parent / "mine.toml").write_text("speed = 1")
    with pytest.raises(InputError, match=r"mine\.toml"):
        check(load_study(path))
    assert not list((path.parent / "cache").glob("network-*"))


def test_settlements_are_blocks_that_touch():
    east = [0, 1, 2, 5, 6, 9]
    north = [0, 1, 1, 0, 0, 0]
    people = [900, 200, 300, 250, 199, 150]
    squares = [box(x, y, x + 1, y + 1) for x, y in zip(east, north, strict=True)]
    cells = gpd.GeoDataFrame({"population": people}, geometry=squares, crs=25833)
    cells.geometry = cells.scale(1000, 1000, origin=(0, 0))
    # The first three touch, the first two at a corner; the fifth has too few people to be a part of anything.
    assert settlement_people(cells).tolist() == [1400, 1400, 1400, 250, 0, 0]
    assert settlement_people(cells, people_per_km2=1000).tolist() == [0] * 6
    parts = cells.loc[cells.index.repeat(2)].assign(population=np.repeat(np.array(people) / 2, 2))
    assert settlement_people(parts).tolist() == np.repeat([1400, 1400, 1400, 250, 0, 0], 2).tolist()


@pytest.mark.parametrize(
    ("name", "towns"), [("iceland", {"Reykjavíkurborg", "Akureyrarkaupstaður"}), ("troms", {"Narvik"})]
)
def test_the_shipped_studies_have_the_chain(request, name, towns):
    answers = request.getfixturevalue(f"{name}_solved")
    cells, total = answers.results, answers.population
    figures = ga.ambulance.read_ambulance_figures()
    for service in ("ambulance_response", "ambulance_treatment"):
        reached = cells[f"{service}_reason"] == ""
        assert (np.isfinite(cells[f"{service}_s"]) == reached).all()
    # An ambulance on an urgent run is no slower than a car, but for the time before it moves.
    quicker = cells["ambulance_response_s"] - figures.modes["car"].times.start_s <= cells["ambulance_base_s"] + 0.2
    assert cells["population"][quicker].sum() > 0.99 * cells["population"][np.isfinite(cells["ambulance_base_s"])].sum()
    assert towns <= set(cells["municipality"][cells["ambulance_built_up"]])
    assert cells["ambulance_norm_s"].to_dict() == cells["ambulance_built_up"].map({True: 720, False: 1500}).to_dict()
    norms = answers.tables["ambulance_norms"]
    assert norms.groupby(["counted_by", "bases", "zoning"])["population"].sum().eq(total).all()
    inside = cells["population"].where(cells["ambulance_response_s"] <= cells["ambulance_norm_s"], 0).sum()
    national = norms.query("counted_by == 'cell' and bases == 'always there' and zoning == 'everybody'")
    assert national["people_within"].sum() == inside

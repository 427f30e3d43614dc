"""`check` finds what `run` would refuse, before any search."""

from __future__ import annotations

import contextlib
import datetime as dt

import geopandas as gpd
import pyproj
import pytest
import shapely
from test_study_tiny import CELLS, STUDY, WAYS, ZONES, cell_id, degrees, write_roads, write_study

from geoaccess.errors import GeoaccessError, InputError
from geoaccess.frames import is_stretched
from geoaccess.questions import (
    CapacityQuestion,
    capacity_study,
    check_scenarios,
    compare_study,
    left_out_sentence,
    reliability_study,
)
from geoaccess.questions.scenario_run import apply_scenarios, solve_baseline
from geoaccess.scenarios import Scenario
from geoaccess.study import check, load_study, solve_study, stages
from geoaccess.zones import assign_zones, settlement_people, urbanisation_of_cells

PROJECTION = '\n[demand.projection]\nfile = "later.csv"\nyears = [2030]\n'
LATER = "kommunenummer,age,year,people\n"
RULE = 'rule = { kind = "own" }\n'


def refused(folder, text, **files):
    study = write_study(folder, text)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    with pytest.raises(GeoaccessError) as caught:
        check(load_study(study))
    return str(caught.value)


def test_projections_with_their_contents(tmp_path):
    rows = [f"{number},0+,2030,1000\n" for number in ZONES]
    near = STUDY.replace("max_nearest_m = 5000", "max_nearest_m = 50000")
    assert "2030" in refused(tmp_path / "a", near + PROJECTION, later=LATER + rows[0].replace("2030", "2031"))
    assert "zone 0103 has no row" in refused(tmp_path / "b", near + PROJECTION, later=LATER + "".join(rows[:2]))


@pytest.mark.parametrize("name", ["fid", "geom", "Geom", "geometry"])
def test_columns_that_a_geopackage_has_of_its_own(tmp_path, name):
    zoning = f'\n[[zonings]]\nkind = "column"\nname = "{name}"\ncolumn = "people"\n'
    assert "choose another name" in refused(tmp_path, STUDY + zoning)


@pytest.mark.parametrize(("key", "rule"), [("GP", ""), ("gp_allowed", RULE)])
def test_services_whose_columns_are_the_same(tmp_path, key, rule):
    text = STUDY.replace("norms_min = [10]\n", f'norms_min = [10]\n{rule}\n[services.{key}]\nlabel = "Another"\n')
    assert f"[services.{key}]: its column" in refused(tmp_path, text)


def moved(folder, at):
    study = write_study(folder)
    rows = (folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if not row.startswith("gp-east")]
    (folder / "sites.csv").write_text(
        "\n".join([*kept, f"gp-east,gp,east,{at[0]:.6f},{at[1]:.6f},no"]), encoding="utf-8"
    )
    return load_study(study)


def test_one_site_with_longitude_and_latitude_swapped(tmp_path):
    lon, lat = degrees(22.5, 0.5)
    with pytest.raises(GeoaccessError, match="swapped in 1 sites: gp-east"):
        check(moved(tmp_path, (lat, lon)))


def test_sites_far_from_everybody_are_named(tmp_path):
    found = check(moved(tmp_path, degrees(300, 0)))
    assert [line for line in found if "more than 100 km from all cells: gp-east" in line]


def ring(x_km, y_km, half_km):
    corners = [degrees(x_km + a * half_km, y_km + b * half_km) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return f"POLYGON(({', '.join(f'{lon} {lat}' for lon, lat in [*corners, corners[0]])}))"


AWAY = "POLYGON((40 10, 41 10, 41 11, 40 10))"
OFTEN = f'what,name,ref,polygon,availability\nferry,all,,,0.7\npass,Far fell,E6,"{AWAY}",0.5\n'
RELIABILITY = '\n[reliability]\ntable = "often.csv"\n'


def test_rows_of_a_table_of_reliability_that_hold_no_road(tmp_path):
    study = write_study(tmp_path, STUDY + RELIABILITY)
    (tmp_path / "often.csv").write_text(OFTEN, encoding="utf-8")
    said = left_out_sentence(reliability_study(load_study(study), "gp", draws=3, show=False))
    assert "Far fell" in said
    assert said in check(load_study(study))
    lost, wrong = "ferry,Nobody,,,0.5\n", "pass,,,,2\n"
    for rows, named in ((lost, "row 4"), (lost + wrong, "row 5")):  # what is wrong without roads is said first
        (tmp_path / "often.csv").write_text(OFTEN + rows, encoding="utf-8")
        with pytest.raises(GeoaccessError) as caught:
            reliability_study(load_study(study), "gp", draws=3, show=False)
        assert named in str(caught.value)
        with pytest.raises(GeoaccessError) as also:
            check(load_study(study))
        assert str(also.value) == str(caught.value)


def test_rows_of_a_table_of_closed_roads_that_hold_no_road(tmp_path):
    text = STUDY.replace("[network]\n", '[network]\nclosures = "closed.csv"\n')
    study = write_study(tmp_path, text)
    rows = [f'"{ring(5, 0.5, 6)}",10-01,04-30', f'"{AWAY}",10-01,04-30', f'"{ring(27.5, -9.5, 1)}",,']
    (tmp_path / "closed.csv").write_text("\n".join(["polygon,from,to", *rows, ""]), encoding="utf-8")
    found = [line for line in check(load_study(study)) if "table of closed roads" in line]
    where = f"{tmp_path / 'closed.csv'}: POLYGON((40 10, 41 10,..."
    assert found == [f"{where}: no road agrees with this row of the table of closed roads"]
    found = check(load_study(study).in_language("nb"))
    assert f"{where}: ingen vei stemmer med denne raden i tabellen over stengte veier" in found


def test_a_road_that_ambulances_alone_do_not_have(tmp_path):
    text = STUDY + '\n[ambulance]\nbase = "ambulance_base"\nsite = "hospital"\nprofile = "ambulance"\n'
    study = write_study(tmp_path, text)
    write_roads(tmp_path / "roads.osm.pbf", [*WAYS[:-1], (WAYS[-1][0], {**WAYS[-1][1], "emergency": "no"})])
    closing = Scenario(title="track", close=[{"osm_id": 10, "what": "roads"}])
    loaded = load_study(study)
    with pytest.raises(GeoaccessError) as caught:
        apply_scenarios(solve_baseline(loaded, show=False), [closing])
    with pytest.raises(GeoaccessError) as also:
        check_scenarios(loaded, [closing])
    assert "way 10" in str(caught.value)
    assert str(also.value) == str(caught.value)


@pytest.mark.parametrize("ferries", [False, True])
def test_boats_that_no_comparison_can_cancel(tmp_path, ferries):
    timetable = 'profile = "flat.toml"\nferries = "ferries.csv"\n'
    text = STUDY.replace('profile = "flat.toml"\n', timetable) if ferries else STUDY
    loaded = load_study(write_study(tmp_path, text))
    rows = "name,way_id,departures,minutes\nCar ferry,8,07:00 20:00,30\n"
    (tmp_path / "ferries.csv").write_text(rows, encoding="utf-8")
    hours = {"network": {"wait": "profile"}} if ferries else {}
    cancelled = Scenario(title="late", boats={"cancel_after": "20:00"}, **hours)
    with pytest.raises(GeoaccessError) as caught:
        compare_study(loaded, [cancelled], day=dt.date(2026, 1, 14), show=False)
    assert ("means over hours" if ferries else "no timetable") in str(caught.value)
    with pytest.raises(GeoaccessError) as also:
        check_scenarios(loaded, [cancelled])
    assert str(caught.value) in str(also.value)
    if ferries:
        check_scenarios(loaded, [Scenario(title="late", boats={"cancel_after": "20:00"})])


def test_a_file_that_is_named_for_nothing_and_not_there(tmp_path):
    """Of boats by the profile no timetable is read, but results say of every input what it was."""
    text = STUDY.replace('profile = "flat.toml"\n', 'profile = "flat.toml"\nferry_gtfs = ["none.zip"]\n')
    loaded = load_study(write_study(tmp_path, text))
    for refused in (solve_study, check):
        with pytest.raises(GeoaccessError, match=r"ferry gtfs 1: .*none\.zip is not there; check the path"):
            refused(loaded, show=False)
    assert not loaded.cache.exists()


def test_a_grid_too_large_for_a_raster(tmp_path):
    study = write_study(tmp_path)
    far = ["CRS25833RES1000mN6000000E-3000000", "CRS25833RES1000mN9000000E4000000"]
    rows = [f"{label},1" for label in [*map(cell_id, CELLS), *far]]
    text = "\n".join(["cell_id,people", *rows]).replace("RES1000m", "RES100m")
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    with pytest.raises(GeoaccessError):
        check(load_study(study))


def test_a_damaged_block_of_the_extract(tmp_path):
    study = write_study(tmp_path)
    path = tmp_path / "roads.osm.pbf"
    content = bytearray(path.read_bytes())
    content[-20:-10] = bytes(10)  # inside the packed bytes of the last block
    path.write_bytes(content)
    with pytest.raises(GeoaccessError, match=r"roads\.osm\.pbf: the block at byte \d+ cannot be read"):
        check(load_study(study))


def test_people_and_sites_far_from_every_road_are_counted_before_a_run(tmp_path):
    study = load_study(write_study(tmp_path))
    found = check(study)
    answers = solve_study(study, show=False)
    far = answers.results.loc[answers.results["off_network_m"].isna(), "population"].sum()
    assert 0 < far < answers.population
    assert f"{far:.0f} people ({100 * far / answers.population:.1f}%) live more than 2,500 m from every road" in found
    assert answers.from_cache


MERCATOR = pyproj.Transformer.from_crs(25833, 3857, always_xy=True)


def test_grids_in_web_mercator_are_converted_or_refused(tmp_path):
    assert is_stretched(pyproj.CRS(3857))
    centres = [MERCATOR.transform(500_500 + 1000 * i, 7_700_500) for i in range(3)]
    points = gpd.GeoDataFrame({"people": [5, 6, 7]}, geometry=[shapely.Point(at) for at in centres], crs=3857)
    text = STUDY.replace("people.csv", "people.gpkg").replace("[population]\n", '[population]\ncell_id = "none"\n')
    study = write_study(tmp_path, text)
    points.to_file(tmp_path / "people.gpkg", engine="pyogrio")
    with pytest.raises(GeoaccessError, match=r"metres are not true \(Mercator\); give crs and cell_size_m"):
        check(load_study(study))
    study.write_text(text.replace("[population]\n", '[population]\ncrs = "EPSG:25833"\ncell_size_m = 1000\n'))
    cells = stages.read_people(load_study(study))
    assert cells.geometry.area.tolist() == [1e6] * 3
    assert cells.total_bounds.tolist() == [500_000, 7_700_000, 503_000, 7_701_000]
    rows = [f"{x},{y},3" for x, y in centres]
    (tmp_path / "people.csv").write_text("\n".join(["x,y,people", *rows]), encoding="utf-8")
    columns = '[population]\ncell_id = "none"\nx = "x"\ny = "y"\ncrs = "EPSG:3857"\ncell_size_m = 1000\n'
    study.write_text(STUDY.replace("[population]\n", columns))
    with pytest.raises(GeoaccessError, match="EPSG:3857 is a Mercator projection"):
        check(load_study(study))


def test_cells_in_web_mercator_are_refused_wherever_metres_count():
    cells = gpd.GeoDataFrame({"population": [1.0]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs=3857)
    zone = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326, index=["1"])
    for asked in (
        lambda: assign_zones(cells, zone),
        lambda: settlement_people(cells),
        lambda: urbanisation_of_cells(cells),
    ):
        with pytest.raises(GeoaccessError):
            asked()


def test_only_some_rows_of_a_file_of_zonings(tmp_path):
    zoning = (
        '\n[[zonings]]\nkind = "file"\nname = "trust"\nfile = "municipalities.geojson"\nid = "number"\n'
        'area = "called"\n'
        'where = { called = ["West"] }\n'
    )
    study = load_study(write_study(tmp_path, STUDY + zoning))
    answers = solve_study(study, show=False)
    assert set(answers.results["trust"]) <= {"West", ""}
    assert "West" in set(answers.results["trust"])
    assert "NORTH" in refused(tmp_path / "b", STUDY + zoning.replace("West", "NORTH"))


def test_areas_of_a_zoning_that_lie_elsewhere(tmp_path):
    zoning = '\n[[zonings]]\nkind = "file"\nname = "trust"\nfile = "trusts.geojson"\nid = "number"\narea = "called"\n'
    path = write_study(tmp_path, STUDY + zoning)
    trusts = gpd.read_file(tmp_path / "municipalities.geojson")
    trusts.set_geometry(trusts.translate(30, 0)).to_file(tmp_path / "trusts.geojson")
    with pytest.raises(
        InputError, match=r"trusts\.geojson: none of the \d+ cells of people.csv lies in its areas"
    ) as told:
        check(load_study(path))
    assert "swapped" not in str(told.value)


def test_people_of_a_catchment_that_there_are_not(tmp_path):
    """The groups that a study makes are known before any search."""
    catchment = '\n[catchments.near]\nservice = "gp"\nmeasure = "two_step"\ncutoff_min = 30\ndemand = "{}"\n'
    study = load_study(write_study(tmp_path / "none", STUDY + catchment.format("population_80plus")))
    for refuses in (solve_study, check):
        with pytest.raises(GeoaccessError, match=r'\[catchments\.near\] demand is "population_80plus"'):
            refuses(study, show=False)
    ages = '[demand.ages]\nfile = "ages.csv"\nshare = "share"\n'
    near = STUDY.replace("max_nearest_m = 5000", "max_nearest_m = 50000")
    study = load_study(write_study(tmp_path, near + catchment.format("population_80plus") + ages))
    rows = [f"{number},80plus,0.1\n" for number in ZONES]
    (tmp_path / "ages.csv").write_text("kommunenummer,group,share\n" + "".join(rows), encoding="utf-8")
    check(study)
    assert "near" in solve_study(study, show=False).results


def test_sailings_of_a_table_that_names_a_way(tmp_path):
    """Between which quays they sail only the network knows, so a check counts them once it has it."""
    text = STUDY.replace("[network]\n", '[network]\nferries = "ferries.csv"\n')
    study = load_study(write_study(tmp_path, text))
    rows = "name,way_id,departures,minutes\nCar ferry,8,07:00 12:00 20:00,30\n"
    (tmp_path / "ferries.csv").write_text(rows, encoding="utf-8")
    assert "timetables: 6 sailings with cars on Tuesday, 4 of them between 07:00 and 17:00" in check(study)


def test_capacities_that_are_none(tmp_path):
    """A run does not ask for them, so a check says it, in the words of what would refuse them."""
    text = STUDY.replace("norms_min = [10]\n", 'norms_min = [10]\ncapacity = "beds"\n')
    study = load_study(write_study(tmp_path, text))
    rows = (tmp_path / "sites.csv").read_text(encoding="utf-8").splitlines()
    for west, east, wrong in (
        ("5", "0", ""),
        ("inf", "1,5", ""),
        ("", "-1", "2 (gp-east, gp-west)"),
        ("1e300", "7", "1 (gp-west)"),
    ):
        beds = {"gp-west": west, "gp-east": east}
        filled = [rows[0] + ",beds", *(f'{row},"{beds.get(row.split(",")[0], "")}"' for row in rows[1:])]
        (tmp_path / "sites.csv").write_text("\n".join(filled), encoding="utf-8")
        said = [line for line in check(study) if "capacity" in line]
        assert [wrong in line for line in said] == ([True] if wrong else [])
        with pytest.raises(GeoaccessError, match="have no number") if wrong else contextlib.nullcontext():
            capacity_study(study, CapacityQuestion("gp"), show=False)


def test_all_rows_of_ferries_whose_way_is_not_there_are_named_with_file_row_and_number(tmp_path):
    study = write_study(tmp_path, STUDY.replace("[network]", '[network]\nferries = "ferries.csv"'))
    header = "way_id,relation_id,name,minutes,departures,season,from_lon,from_lat,to_lon,to_lat\n"
    (quay, isle), ferry = (degrees(*at) for at in ((22.5, 0.5), (22.5, -9.5))), 8
    rows = [
        f"{ferry},,Car ferry,30,,May-August,,,,",
        f"{ferry},,Car ferry,30,,September-April,,,,",  # the other season of the same boat
        "908,,Old,30,,,,,,",
        "909,,Old,30,08:00 12:00,,,,,",
        ",77,,30,08:00,,,,,",
        f"910,,By quays,30,,,{quay[0]},{quay[1]},{isle[0]},{isle[1]}",
    ]
    (tmp_path / "ferries.csv").write_text(header + "\n".join(rows) + "\n")
    found = [line for line in check(load_study(study)) if "no ferry of the network" in line]
    heads = [line.partition(": no ferry")[0] for line in found]
    named = ["row 4 (way_id 908)", "row 5 (way_id 909)", "row 6 (relation_id 77)"]
    assert heads == [f"{tmp_path / 'ferries.csv'}: {name}" for name in named]
    assert all("give from_lon" in line for line in found)

"""In which municipality a place lies: one rule, whoever asks."""

from __future__ import annotations

import json
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.errors import InputError
from geoaccess.questions import compare_study, vulnerable_study
from geoaccess.questions.siting.candidates import municipality_of
from geoaccess.scenarios import Scenario
from geoaccess.study import load_study, solve_study, stages
from geoaccess.study.place_names import named_places
from geoaccess.study.sections.inputs import SectionInput
from geoaccess.study.sections.service_sites import municipality_by_place, municipality_of_sites
from geoaccess.study.site_directory import site_directory
from tests.test_study_tiny import STUDY, ZONES, cell_id, degrees, write_study

ENCLAVE = shapely.box(5, 0, 8, 1)
"""A town on the road in the middle of West, in which nobody lives: the nearest people are those of West."""
OFFICE = (7.0, 0.5)


def borders():
    """Who holds what, in kilometres: West has a hole where the enclave is."""
    return {name: shapely.box(*box) - ENCLAVE for name, box, _, _ in ZONES.values()} | {"Enclave": ENCLAVE}


def write_enclave(folder, *, kind="file"):
    text = STUDY.replace("[zones]", '[basemap]\nplaces = "places.csv"\n\n[zones]')
    if kind == "column":
        given = text.partition("[zones]")[2].partition("[centrality]")[0]
        text = text.replace(given, '\nkind = "column"\ncolumn = "zone"\n\n')
    path = write_study(folder, text)
    features = [
        {
            "type": "Feature",
            "properties": {"number": number, "called": name},
            "geometry": shapely.geometry.mapping(shapely.transform(area, lambda at: np.column_stack(degrees(*at.T)))),
        }
        for number, (name, area) in zip((*ZONES, "0104"), borders().items(), strict=True)
    ]
    (folder / "municipalities.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with (folder / "sites.csv").open("a") as file:
        for label, at in (("gp-a", OFFICE), ("gp-b", (15.5, 0.5))):
            file.write("{},gp,Office,{:.7f},{:.7f},no\n".format(label, *degrees(*at)))
    lon, lat = degrees(7.0, 0.6)
    (folder / "places.csv").write_text(f"name,kind,lon,lat,population,alt_names\nStead,village,{lon},{lat},,\n")
    people = pd.read_csv(folder / "people.csv")
    zones = {cell_id("west"): "0101", cell_id("farm"): "0101", cell_id("middle"): "0102", cell_id("north"): "0102"}
    people.assign(zone="K-" + people["cell_id"].map(zones).fillna("0103")).to_csv(folder / "people.csv", index=False)
    return path


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return solve_study(load_study(write_enclave(tmp_path_factory.mktemp("enclave"))), show=False)


@pytest.fixture(scope="module")
def bordered_by_column(tmp_path_factory):
    return solve_study(load_study(write_enclave(tmp_path_factory.mktemp("column"), kind="column")), show=False)


def known(answers):
    return SectionInput(answers.study, answers.results, answers.sites, answers.zones)


def test_all_who_ask_in_which_municipality_a_place_lies_hear_the_same(answers):
    study, cells, sites, zones = answers.study, answers.results, answers.sites, answers.zones
    assert "Enclave" not in set(cells["municipality"])  # or nobody could tell borders from cells
    assert site_directory(study, sites, cells, zones).find("Office (Enclave)") == "gp-a"
    with pytest.raises(InputError, match="no site"):
        site_directory(study, sites, cells, zones).find("Office (West)")
    assert municipality_of(answers, sites, [sites.index.get_loc("gp-a")]) == ["Enclave"]
    gps = sites[sites["service"] == "gp"]
    assert municipality_of_sites(known(answers), "gp")["gp-a"] == "0104"
    assert municipality_by_place(known(answers), gps, "gp")["gp-a"] == "0104"
    places = stages.places_of(study, cells, stages.window_of(cells), zones).set_index("name")
    assert places["municipality"].to_dict() == {"Stead": "Enclave"}
    # The office is nearest to the farm in West, which is called after what is in West.
    assert named_places(study, cells, sites, zones)[cell_id("farm")] == "west"
    assert vulnerable_study(study, "hospital", show=False).table["municipality"].eq("Enclave").any()


def test_links_lie_where_their_middle_is(answers):
    table = vulnerable_study(answers.study, "hospital", show=False).table
    points = gpd.GeoSeries.from_xy(table["lon"], table["lat"], crs=4326).to_crs(25833)
    for point, name in zip(points, table["municipality"], strict=True):
        at = shapely.Point((point.x - 500_000) / 1000, (point.y - 7_700_000) / 1000)
        assert borders()[name].distance(at) < 0.02, name


def test_without_borders_the_nearest_people_say_it_to_all(bordered_by_column):
    answers = bordered_by_column
    study, cells, sites = answers.study, answers.results, answers.sites
    assert answers.zones is None
    assert municipality_of(answers, sites, [sites.index.get_loc("gp-a")]) == ["0101"]
    assert site_directory(study, sites, cells, None).find("Office (0101)") == "gp-a"
    gps = sites[sites["service"] == "gp"]
    assert municipality_by_place(known(answers), gps, "gp")["gp-a"] == "0101"
    places = stages.places_of(study, cells, stages.window_of(cells), None).set_index("name")
    assert places["municipality"].to_dict() == {"Stead": "0101"}


def test_what_is_far_from_everybody_lies_nowhere(answers, bordered_by_column):
    for solved in (answers, bordered_by_column):
        away = gpd.GeoSeries.from_xy(*([at] for at in degrees(0.5, 60)), crs=4326)
        found = stages.municipalities_at(solved.study, away, solved.results, solved.zones)
        assert found.to_numpy().tolist() == [["", ""]]
        sites = gpd.GeoDataFrame({"service": ["gp"], "name": ["Far"]}, geometry=away.to_numpy(), crs=4326)
        with pytest.raises(InputError, match="Far: lies in no municipality"):
            municipality_by_place(known(solved), sites, "gp")


at_random = st.tuples(st.integers(-40, 120), st.integers(-40, 120)).map(lambda at: (at[0] / 4, at[1] / 4))
squares = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from(["", "1", "2", "3"])), max_size=9)


@given(places=st.lists(at_random, min_size=1, max_size=6), grid=squares)
def test_the_nearest_cell_is_that_of_brute_force(places, grid):
    boxes = [shapely.box(x, y, x + 1, y + 1) for x, y, _ in grid]
    numbers = pd.Series([number for *_, number in grid], dtype="str")
    far = shapely.transform(np.array(boxes, object), lambda at: at * 1000 + (500_000, 7_700_000))
    cells = gpd.GeoDataFrame({"municipality_id": numbers, "municipality": "M" + numbers}, geometry=far, crs=25833)
    cells.loc[numbers == "", "municipality"] = ""
    points = gpd.GeoSeries([shapely.Point(500_000 + 1000 * x, 7_700_000 + 1000 * y) for x, y in places], crs=25833)
    study = SimpleNamespace(settings=SimpleNamespace(zones=None))
    found = stages.municipalities_at(study, points, cells, None)
    for (x, y), number in zip(places, found["municipality_id"], strict=True):
        away = [
            (shapely.Point(x, y).distance(box), number) for box, (*_, number) in zip(boxes, grid, strict=True) if number
        ]
        least = min((metres for metres, _ in away), default=np.inf)
        assert number == (min(one for metres, one in away if metres == least) if least <= 20 else "")
    assert found["municipality"].tolist() == ["M" * bool(number) + number for number in found["municipality_id"]]


def test_who_may_use_a_new_site_is_decided_by_borders_and_by_the_nearest_people_where_there_are_none(tmp_path):
    lon, lat = degrees(*OFFICE)
    new = {"service": "gp", "name": "New", "lon": lon, "lat": lat}
    for kind in ("file", "column"):
        path = write_enclave(tmp_path / kind, kind=kind)
        towns = {"gp-west": "0101", "gp-east": "0102", "gp-a": "0104" if kind == "file" else "0101", "gp-b": "0102"}
        sites = pd.read_csv(path.parent / "sites.csv")
        sites.assign(town=sites["id"].map(towns).map("K-{}".format)).to_csv(path.parent / "sites.csv", index=False)
        text = path.read_text().replace('label = "GP"', 'label = "GP"\nmunicipality = "town"\nrule = { kind = "own" }')
        path.write_text(text)
        gone = [{"service": "gp", "site": site} for site in ("gp-west", "gp-a")]
        found = compare_study(load_study(path), [Scenario(title="One", add=[new], remove=gone)], show=False)
        # By borders it stands in the enclave, and nobody of West may use it.
        after = found.cells[0].loc[cell_id("west")]
        assert after["gp_allowed_site_after"] == ("gp-new" if kind == "column" else "")
        assert after["gp_allowed_reason_after"] == ("" if kind == "column" else "no_provider")
        told = [line for line in found.notes[0] if "the people nearest to them" in line]
        assert [line.endswith(": gp-new.") for line in told] == [True] * (kind == "column")

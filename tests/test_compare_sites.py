"""Which site people have before and after a change: moves counted by hand, maps of areas and of supply, both pages."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoaccess import maps
from geoaccess.errors import InputError
from geoaccess.maps.difference import supply_bands
from geoaccess.maps.scenario_page import moves_table
from geoaccess.measures import ServiceSpec
from geoaccess.phrases import Writer
from geoaccess.questions import compare_runs, compare_study
from geoaccess.questions.compare.compared_columns import COMPARED
from geoaccess.questions.compare.output import write_comparison
from geoaccess.questions.compare.runs_output import write_runs
from geoaccess.scenarios import Scenario, site_moves
from geoaccess.study import load_study, run_study
from geoaccess.study.results.lone_cells import hide_lone
from tests.test_maps_chain import bases, drawn, land  # noqa: F401 - a fixture among them
from tests.test_study_tiny import PEOPLE, STUDY, cell_id, write_study

GP = ServiceSpec(key="gp", label="GP")
HEADS = {"title": "T", "attribution": "A"}
WEST_GONE = Scenario(title="West closes", remove=[{"service": "gp", "site": "gp-west"}])
TO_EAST = PEOPLE["west"] + PEOPLE["farm"] + PEOPLE["middle"]  # middle is 10 km from west and 12 km from east
SUPPLY = '[catchments.gp_share]\nlabel = "GPs each"\nservice = "gp"\nmeasure = "two_step"\ncutoff_min = 30\n'


def test_moves_are_those_of_counting_cell_by_cell():
    random = np.random.default_rng(3)
    n = 400
    cells = pd.DataFrame({"population": random.integers(0, 9, n).astype(float)})
    for when in ("before", "after"):
        cells[f"gp_site_{when}"] = random.choice(["a", "b", "c"], n)
        cells[f"gp_{when}_s"] = random.choice([60.0, np.inf, np.nan], n, p=[0.8, 0.1, 0.1])
    expected = Counter()
    for row in cells.to_dict("records"):
        was, now = (row[f"gp_site_{when}"] if np.isfinite(row[f"gp_{when}_s"]) else "" for when in ("before", "after"))
        if was != now and row["population"]:
            expected[was, now] += row["population"]
    found = site_moves(cells, service="gp")
    pairs = zip(found["site_before"], found["site_after"], strict=True)
    assert dict(zip(pairs, found["people"], strict=True)) == expected
    assert (np.diff(found["people"]) <= 0).all()
    with pytest.raises(InputError, match="gp_site_after"):
        site_moves(cells.drop(columns="gp_site_after"), service="gp")


@pytest.mark.parametrize(("language", "said"), [("en", "72 people"), ("nb", "72 innbyggere")])
def test_the_map_of_areas_counts_who_moves(tmp_path, drawn, language, said):  # noqa: F811
    cells, after = land(lambda x, y: "b1" if x < 6 else "b2")
    _, before = land(lambda x, y: "b1" if x < 6 else "b3")
    cells["population"] = 1.0
    sites = bases(["b1", "b2", "b3"], change=["", "new", "closed"]).assign(service="gp")
    maps.chain_map(tmp_path / "m.png", results=cells, service=GP, kind="nearest", first=after, before=before,
                   heads=("2020", "2030"), sites=sites, language=language, **HEADS)  # fmt: skip
    legend = drawn["legend"]
    assert f"Base b3 \u2192 Base b2: {said}" in legend.notes  # half of 144 cells
    assert legend.heads == ("2020", "2030")
    area = {"en": "service area", "nb": "serviceområde"}[language]
    assert area in legend.caption
    assert drawn["layers"].labels.index.tolist() == ["1", "2", "3"]


def test_of_many_sites_those_that_change_are_listed(tmp_path, drawn):  # noqa: F811
    names = [f"b{x:02}" for x in range(12)]
    cells, before = land(lambda x, y: names[x])
    _, after = land(lambda x, y: "b00" if x == 5 else names[x])  # the site of the sixth column closes
    sites = bases(names).assign(service="gp")
    maps.chain_map(tmp_path / "m.png", results=cells, service=GP, kind="nearest", first=after, before=before,
                   sites=sites, **HEADS)  # fmt: skip
    labels = [row[1] for row in drawn["legend"].rows]
    assert labels == ["1\tBase b00", "2\tBase b05", "10 others", "None"]
    total = cells["population"].sum()
    for column in (2, 3):
        assert sum(float(row[column].replace(",", "")) for row in drawn["legend"].rows) == total
    assert drawn["layers"].labels.index.tolist() == ["1", "2"]


def test_supply_is_in_bands_of_how_much_more_or_less():
    after = [1.51, 1.5, 1.2, 1.02, 0.98, 0.979, 0.8, 0.5, 0.49]
    cells = pd.DataFrame({"s_before": 1.0, "s_after": after, "s_change": "better"})
    assert supply_bands(cells, name="s").tolist() == [0, 1, 2, 3, 3, 4, 4, 5, 6]


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("sites"), STUDY + SUPPLY))


@pytest.fixture(scope="module")
def written(country, tmp_path_factory):
    """Two scenarios compared, their answers and the folder."""
    folder = tmp_path_factory.mktemp("compare")
    own = Scenario(title="East for the south", change=[{"service": "gp", "site": "gp-east", "allowed": ["0103"]}])
    found = compare_study(country, [WEST_GONE, own, Scenario(title="Nothing")], show=False)
    write_comparison(found, folder)
    return found, folder


def test_a_scenario_says_who_gets_another_site(written):
    moves = written[0].tables["moves"].query("scenario == 'West closes' and service == 'gp'")
    row = moves[moves["measure"] == "nearest"].to_dict("records")
    assert [(one["site_before"], one["site_after"], one["people"]) for one in row] == [("gp-west", "gp-east", TO_EAST)]
    assert not written[0].tables["moves"]["scenario"].eq("Nothing").any()
    allowed = written[0].tables["moves"].query("scenario == 'East for the south' and measure == 'allowed'")
    # of those who have gp-east, the isle lies in the south, which may use it still
    assert [(one["site_before"], one["site_after"], one["people"]) for one in allowed.to_dict("records")] == [
        ("gp-east", "gp-west", PEOPLE["north"])
    ]


def test_the_page_shows_areas_and_supply_on_maps(written):
    found, folder = written
    names = {path.name for path in folder.iterdir()}
    assert {"map_1_area_gp.png", "map_2_area_gp.png", "map_1_gp_share.png", "moves.csv", "moves.parquet"} <= names
    assert not any(name.startswith("map_3") or "area_hospital" in name for name in names)
    page = (folder / "index.html").read_text(encoding="utf-8")
    first, second, third = page.split("<h2")[2:5]
    assert f"<td>{TO_EAST:,.0f}</td>" in first
    assert "map of areas, GP: nearest site that people may use (catchment area)" in first
    assert "GPs each" in first
    north = found.cells[1].index == cell_id("north")
    farther = found.cells[1]["gp_allowed_after_s"] > found.cells[1]["gp_after_s"]
    assert farther[north].all()
    assert f"For {PEOPLE['north']} people this is not the nearest site; before the change, for 0." in second
    assert "No change for anybody" in third
    assert "<h3>Service areas" not in third


def test_few_people_of_one_cell_are_not_counted_alone():
    moves = pd.DataFrame({"name_before": ["A", "A"], "name_after": ["B", ""], "cells": [1, 2], "people": [3.0, 4.0]})
    shown = moves_table(hide_lone(moves, {}, below=5, columns=COMPARED), Writer("nb", ("comparison",)))
    assert shown["rows"] == [["A", "B", "\u2013"], ["A", "ingen", "4"]]
    assert shown["head"] == ["Fra", "Til", "Innbyggere"]


def test_runs_say_who_has_another_site(tmp_path):
    first, second = (write_study(tmp_path / name) for name in ("a", "b"))
    sites = pd.read_csv(tmp_path / "b" / "sites.csv", dtype=str)
    sites[sites["id"] != "gp-east"].to_csv(tmp_path / "b" / "sites.csv", index=False)
    second.write_text(second.read_text().replace("year = 2024\nsource", "year = 2030\nsource"))
    run_study(load_study(first), show=False)
    found = compare_runs([load_study(first).output, second], show=False)
    rows = found.moves.to_dict("records")
    assert [(row["service"], row["site_before"], row["site_after"], row["people"]) for row in rows] == [
        ("gp", "gp-east", "gp-west", PEOPLE["north"] + PEOPLE["isle"])
    ]
    names = {path.name for path in write_runs(found, tmp_path / "out")}
    assert {"area_1_gp.png", "moves.csv"} <= names
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "People who get another site" in page
    assert f"<td>{PEOPLE['north'] + PEOPLE['isle']}</td>" in page


def test_runs_whose_sites_have_other_ids_are_not_said_to_move_people(tmp_path):
    first, second = (write_study(tmp_path / name) for name in ("a", "b"))
    sites = pd.read_csv(tmp_path / "b" / "sites.csv", dtype=str)
    sites.assign(id="other-" + sites["id"]).to_csv(tmp_path / "b" / "sites.csv", index=False)
    found = compare_runs([first, second], show=False)
    assert found.moves.empty
    assert "it is not shown who gets another site" in "\n".join(found.notes)


def test_areas_are_drawn(tmp_path):
    cells, after = land(lambda x, y: "b1" if x < 6 else "b2")
    _, before = land(lambda x, y: "b1" if x < 3 else "b2")
    sites = bases(["b1", "b2"]).assign(service="gp")
    picture = tmp_path / "m.svg"
    maps.chain_map(picture, results=cells, service=GP, kind="allowed", first=after, before=before, sites=sites, **HEADS)
    text = picture.read_text(encoding="utf-8")
    for words in ("Base b1", "Base b2", "catchment area"):
        assert words in text
    values = {"s_before": 1.0, "s_after": np.where(after == "b1", 2.0, 1.0), "s_change": "better"}
    change = gpd.GeoDataFrame(cells).assign(**values)
    maps.supply_map(tmp_path / "s.svg", results=cells, cells=change, service=GP, name="s", label="GPs", language="nb",
                    population="population", sites=sites, **HEADS)  # fmt: skip
    text = (tmp_path / "s.svg").read_text(encoding="utf-8")
    assert "Endring i tilbud innen" in text
    assert "over 50\u00a0% mer" in text

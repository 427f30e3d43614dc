"""Troms, a modelled network with real people: who is connected to whom is known beforehand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoaccess.study import load_study, run_study, stages
from geoaccess.study.settings.inputs import CentralityComputed

ROOT = Path(__file__).parents[1]
DISCLAIMER = "modelled road network: for learning, not for decisions"
SERVICES = {"gp": 54, "legevakt": 13, "hospital": 3, "ambulance_base": 27, "birth_unit": 5, "birth_unit_large": 2}
TOTAL = 193_468
# As data/troms/README.md counts them.
BY_ROAD, WITH_CAR_FERRIES, WITH_BOATS, WITH_NEITHER = 190_970, 193_304, 193_330, 138
FERRY_ONLY = {
    "Vannøya": (790, "car ferry", "Karlsøy"),
    "Grytøya, Bjarkøya, Sandsøya": (756, "car ferry", "Harstad"),
    "Arnøya": (298, "car ferry", "Skjervøy"),
    "Reinøya": (229, "car ferry", "Karlsøy"),
    "Vengsøya": (92, "car ferry", "Tromsø"),
    "Rebbenesøya": (76, "car ferry", "Tromsø"),
    "Karlsøya": (46, "car ferry", "Karlsøy"),
    "Uløya": (37, "car ferry", "Nordreisa"),
    "Laukøya": (10, "car ferry", "Skjervøy"),
    "Spildra": (26, "passenger ferry", "Kvænangen"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    study = load_study(ROOT / "configs" / "troms.toml")
    folder = tmp_path_factory.mktemp("troms")
    places = {"output": str(folder / "out"), "cache": str(folder / "cache")}
    return run_study(replace(study, settings=study.settings.model_copy(update=places)), show=False)


@pytest.fixture(scope="module")
def cells(data):
    table = pd.read_csv(data / "troms" / "population_250m_2019.csv", dtype={"cell_id": str, "kommunenummer": str})
    return table.set_index("cell_id")


@pytest.fixture(scope="module")
def islands(answers):
    return answers.islands


def test_everybody_is_there(answers, cells):
    assert cells["population"].sum() == TOTAL
    assert answers.population == TOTAL
    pd.testing.assert_series_equal(
        answers.results["population"], cells["population"].astype(float), check_index_type=False
    )


def counted():
    """Who is asked about: everybody, and for births women, by the share of the census in each municipality."""
    people = pd.read_csv("data/troms/population_250m_2019.csv").groupby("kommunenummer")["population"].sum()
    ages = pd.read_csv("data/troms/ages_2021.csv").query("group == 'women'").set_index("kommunenummer")["share"]
    women = float((people * ages).sum())
    return dict.fromkeys(SERVICES, float(TOTAL)) | dict.fromkeys(("birth_unit", "birth_unit_large"), women)


@pytest.mark.parametrize("name", ["municipalities", "classes", "everybody"])
def test_everybody_is_in_every_table(answers, name):
    table = pd.read_csv(answers.study.output / f"{name}.csv")
    assert table.groupby("service")["population"].sum().to_dict() == pytest.approx(counted())
    np.testing.assert_allclose(table["reached"] + table["unreached"], table["population"])
    assert set(table["disclaimer"]) == {DISCLAIMER}


def test_every_table_and_page_carries_the_disclaimer(answers):
    tables = [path for path in answers.files if path.suffix == ".csv"]
    optional = {"rules", "catchments", "site_demand", "ambulance", "ambulance_norms", "ambulance_bases", "people"}
    assert {path.stem for path in tables} >= {"everybody", "slack", "percentiles", "zonings", "equity", *optional}
    for path in tables:
        assert set(pd.read_csv(path)["disclaimer"]) == {DISCLAIMER}, path.name
    assert DISCLAIMER in (answers.study.output / "index.html").read_text(encoding="utf-8")
    assert json.loads((answers.study.output / "run.json").read_text(encoding="utf-8"))["disclaimer"] == DISCLAIMER


def test_the_record_balances(answers):
    record = json.loads((answers.study.output / "run.json").read_text(encoding="utf-8"))
    for service, counts in record["people"].items():
        assert counts["people_in"] == pytest.approx(counted()[service])
        assert counts["people_reached"] + sum(counts["people_unreached"].values()) == pytest.approx(counts["people_in"])
    assert record["counts"]["sites"] == SERVICES
    assert record["counts"]["sites_not_snapped"] == []
    assert record["counts"]["people_without_class"] == 0
    assert record["network"]["ferry_ways"] == 25
    assert record["network"]["ways_read"] == 3267
    assert record["network"]["way_nodes_read"] == 20_325


def test_people_connected_by_road_by_ferry_and_not_at_all(islands):
    people = islands.groupby("tied_by")["people"].sum()
    assert people["mainland"] == BY_ROAD
    assert people["mainland"] + people["car ferry"] == WITH_CAR_FERRIES
    assert people["mainland"] + people["car ferry"] + people["passenger ferry"] == WITH_BOATS
    assert people["nothing"] + people["no road"] == WITH_NEITHER
    assert people.sum() == TOTAL


@pytest.mark.parametrize("island", FERRY_ONLY)
def test_each_ferry_only_island_has_its_people(islands, island):
    people, tied_by, municipality = FERRY_ONLY[island]
    there = islands[islands["municipality"].str.startswith(municipality) & (islands["tied_by"] == tied_by)]
    assert people in there["people"].tolist()


def test_no_other_island_has_a_ferry(islands):
    tied = islands[islands["tied_by"].isin(["car ferry", "passenger ferry"])]
    assert sorted(tied["people"]) == sorted(people for people, *_ in FERRY_ONLY.values())


@pytest.mark.parametrize("service", SERVICES)
def test_who_is_not_reached_is_who_has_no_car_ferry(answers, service):
    """Every service has a site on the mainland, and none is on an island that only a boat or nothing goes to."""
    reasons = answers.results.groupby(f"{service}_reason")["population"].sum()
    assert reasons[""] == WITH_CAR_FERRIES
    assert reasons["passenger_ferry_only"] == 26
    assert "island_without_ferry" not in reasons, "where land is not known no road without a boat is called an island"
    assert reasons["road_not_connected"] + reasons["no_road_within"] == WITH_NEITHER


def test_municipalities_and_classes_are_those_of_the_tables(answers, cells, data):
    official = pd.read_csv(data / "troms" / "centrality_2024.csv", dtype={"kommunenummer": str}).set_index(
        "kommunenummer"
    )
    results = answers.results
    assert (results["municipality_id"] == cells["kommunenummer"]).all()
    assert (results["municipality"] == cells["kommunenummer"].map(official["name"])).all()
    assert (results["centrality_class"] == cells["kommunenummer"].map(official["sentralitetsklasse"])).all()
    assert (results["centrality_index"] == cells["kommunenummer"].map(official["sentralitetsindeks"])).all()
    table = pd.read_csv(answers.study.output / "municipalities.csv", dtype={"municipality_id": str})
    found = table[table["service"] == "gp"].set_index("municipality_id")["population"]
    assert found.to_dict() == cells.groupby("kommunenummer")["population"].sum().to_dict()


@pytest.mark.parametrize("service", SERVICES)
def test_the_second_nearest_is_another_site_and_not_nearer(answers, service):
    results = answers.results
    both = np.isfinite(results[f"{service}_second_s"])
    assert both.any()
    assert (results[f"{service}_second_s"][both] >= results[f"{service}_s"][both]).all()
    assert (results[f"{service}_second_site"][both] != results[f"{service}_site"][both]).all()
    known = answers.sites.index[answers.sites["service"] == service]
    assert results.loc[both, [f"{service}_site", f"{service}_second_site"]].isin(known).all(axis=None)


def test_a_crossing_costs_the_wait_and_the_crossing(answers, data):
    """Whoever lives beyond a ferry needs longer to hospital than the boat alone takes."""
    ferries = pd.read_csv(data / "troms" / "ferries.csv").set_index("name")
    results = answers.results.to_crs(4326)
    vannoya = results[(results["municipality"] == "Karlsøy") & (results.geometry.bounds["miny"] > 70.05)]
    least = ferries.loc["Hansnes-Skåningsbukt", "minutes"] * 60 + 15 * 60
    assert vannoya["population"].sum() > 500
    assert (vannoya["hospital_s"][np.isfinite(vannoya["hospital_s"])] > least).all()


def test_cells_on_disk_are_the_results(answers):
    found = gpd.read_parquet(answers.study.output / "cells.parquet")
    results = pd.DataFrame(answers.results)
    pd.testing.assert_frame_equal(pd.DataFrame(found)[results.columns], results, check_dtype=False)


def test_nobody_may_use_a_nearer_legevakt_than_the_nearest(answers):
    cells = answers.results
    reached = cells["legevakt_rule_reason"] == ""
    assert cells["population"][~reached].sum() == TOTAL - WITH_CAR_FERRIES
    free = cells["legevakt_allowed_site"] == cells["legevakt_site"]
    assert (cells["legevakt_extra_s"][reached & free] == 0).all()
    assert (cells["legevakt_allowed_s"] >= cells["legevakt_s"])[reached].all()
    found = cells["legevakt_allowed_s"] - cells["legevakt_s"]
    assert found[reached].to_numpy() == pytest.approx(cells["legevakt_extra_s"][reached].to_numpy())


def test_people_turn_to_the_legevakt_of_the_official_list(answers):
    """Dyrøy belongs to Bardu though Finnsnes is nearer, Lødingen to Harstad across the Tjeldsund."""
    cells = answers.results[answers.results["legevakt_rule_reason"] == ""]
    names = answers.sites["name"]
    by_name = cells["legevakt_allowed_site"].map(names).groupby(cells["municipality_id"]).agg(set)
    areas = pd.read_csv(ROOT / "data" / "troms" / "legevakt_areas.csv", dtype=str).set_index("kommunenummer")[
        "legevakt"
    ]
    assert by_name.to_dict() == {number: {area} for number, area in areas.items()}
    rules = answers.tables["rules"].set_index(["zoning", "group"])
    assert rules.loc[("municipality", "5528 / Dyrøy"), "mean_extra_slower_s"] > 900
    assert rules.loc[("everybody", "everybody"), "slower"] == pytest.approx(9653, abs=500)


def test_every_office_that_is_reached_is_handed_out_once(answers):
    """Every GP office has people within half an hour."""
    cells = answers.results
    assert (cells["gp_two_step"] * cells["population"]).sum() == pytest.approx(SERVICES["gp"])
    near = cells["gp_s"] <= 1800
    assert ((cells["gp_within_30"] > 0) == near).all()
    assert ((cells["gp_two_step"] > 0) == near).all()
    everybody = answers.tables["catchments"].set_index(["catchment", "zoning"])
    assert everybody.loc[("gp_two_step", "everybody"), "people_without"] == cells["population"][~near].sum()


def test_large_birth_units_are_those_that_are_more_than_midwife_led(answers):
    large = answers.sites[answers.sites["service"] == "birth_unit_large"]
    assert sorted(large["level"]) == ["fødeavdeling", "kvinneklinikk"]
    assert large["name"].str.contains("UNN").all()
    assert large.index.str.startswith("birth_unit_large-unn-").all()
    both = answers.results[["birth_unit_s", "birth_unit_large_s"]].dropna()
    assert (both["birth_unit_large_s"] >= both["birth_unit_s"]).all()


def test_the_districts_of_legevakter_hold_everybody(answers):
    table = pd.read_csv(answers.study.output / "zonings.csv")
    sums = table[table["service"] == "gp"].groupby("zoning")["population"].sum()
    assert sums.to_dict() == dict.fromkeys(["everybody", "centrality_class", "municipality", "legevakt_area"], TOTAL)
    assert set(table["zoning_label"][table["zoning"] == "legevakt_area"]) == {
        "Out-of-hours district (legevaktdistrikt)"
    }


def test_computed_classes_are_those_of_a_part_of_a_country_only_with_its_most_central_index(answers):
    """Statistics Norway's classes of the 24 municipalities: none is met as if Troms were a country, two thirds are."""
    official = pd.read_csv(ROOT / "data" / "troms" / "centrality_2024.csv", dtype={"kommunenummer": str})
    official = official.set_index("kommunenummer")["sentralitetsklasse"]
    functions = {key: key for key in ("gp", "legevakt", "hospital", "birth_unit", "birth_unit_large")}
    right = {}
    for most_central in (1000, 803):
        centrality = CentralityComputed(kind="computed", functions=functions, most_central=most_central, note="")
        settings = answers.study.settings.model_copy(update={"centrality": centrality})
        study = replace(answers.study, settings=settings)
        hierarchy = stages.contract_or_load(study, answers.network)
        snapped = stages.snap_all(study, answers.network, answers.results, answers.sites)
        mapped = stages.read_mapped(study)
        _, table = stages.join_classes(study, hierarchy, mapped, snapped, answers.results, answers.sites)
        right[most_central] = int((table["centrality_class"] == official.loc[table.index]).sum())
    assert right[1000] == 0
    assert right[803] >= 14

"""The ambulance chain over Iceland: real roads and people, stand-ins for bases, hospitals as reviewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import geoaccess as ga
from geoaccess.study import load_study, stages

ROOT = Path(__file__).parents[1]
TOTAL = 357_021
TO_PATIENT = ga.measures.ServiceSpec(key="to_patient", label="Ambulance at the patient", direction="to_people")
FIGURES = ga.ambulance.read_ambulance_figures()
CAR = FIGURES.modes["car"]


@pytest.fixture(scope="module")
def iceland(tmp_path_factory):
    study = load_study(ROOT / "configs" / "iceland.toml")
    network = study.settings.network.model_copy(update={"profile": "ambulance"})
    update = {"network": network, "cache": str(tmp_path_factory.mktemp("cache"))}
    study = replace(study, settings=study.settings.model_copy(update=update))
    cells = stages.read_people(study)
    joined, _ = stages.join_zones(study, cells)
    cells = cells[["population", "geometry"]].join(joined[["municipality_id"]])
    sites = stages.read_places(study, stages.read_mapped(study))
    roads, _ = stages.build_or_load_network(study, say=lambda _: None)
    return roads, cells, sites


@pytest.fixture(scope="module")
def searched(iceland):
    roads, cells, sites = iceland
    bases, hospitals = (sites[sites["service"] == name] for name in ("ambulance_base", "hospital"))
    assert (len(bases), len(hospitals)) == (35, 9)
    out = ga.nearest(roads, cells, bases, k=5, direction="to_people")
    onward = ga.nearest(roads, cells, hospitals, k=1)
    back = ga.travel_times(roads, ga.snap(roads, hospitals), ga.snap(roads, bases))
    results = cells[["population", "municipality_id"]].assign(
        base_s=out["travel_time_s"],
        base_site=out["site"],
        base_second_s=out["travel_time_2_s"],
        base_reason=out["reason"],
        hospital_s=onward["travel_time_s"],
        hospital_site=onward["site"],
        hospital_reason=onward["reason"],
        # No table here gives settlements: dense cells of the large municipalities stand in for those of 10 000 people.
        built_up=(cells["population"] > 300)
        & (cells.groupby("municipality_id")["population"].transform("sum") > 10_000),
    )
    returning = pd.DataFrame(back, index=hospitals.index, columns=bases.index)
    chain = ga.ambulance.road_chain(
        out["travel_time_s"],
        onward["travel_time_s"],
        times=CAR.times,
        base_second_s=out["travel_time_2_s"],
        base_reason=out["reason"],
        site_reason=onward["reason"],
        base=out["site"],
        site=onward["site"],
        returning=returning,
    )
    return results.join(chain), out, bases, hospitals


def test_the_chain_is_finite_where_both_its_legs_are(searched):
    results, *_ = searched
    both = np.isfinite(results["base_s"]) & np.isfinite(results["hospital_s"])
    assert both.sum() > 1100
    for column in ("to_treatment_s", "busy_s"):
        assert (np.isfinite(results[column]) == both).all()
    assert (np.isfinite(results["to_patient_s"]) == np.isfinite(results["base_s"])).all()
    assert ((results["to_treatment_reason"] == "") == both).all()
    on_top = results["to_treatment_s"] - results["base_s"] - results["hospital_s"]
    assert on_top[both].to_numpy() == pytest.approx(CAR.times.start_s + CAR.times.on_scene_s)
    assert (results["to_patient_second_s"] >= results["to_patient_s"])[both].all()
    assert (results["busy_s"] > results["to_treatment_s"] - results["to_patient_s"])[both].all()


@pytest.mark.parametrize("municipality", [None, "municipality_id"])
def test_everybody_is_inside_the_norm_late_or_unreached_for_a_reason(searched, municipality):
    results, *_ = searched
    for by in (None, "municipality_id"):
        table = ga.measures.response_table_of_service(
            results, service=TO_PATIENT, norms=FIGURES.norms, by=by, municipality=municipality
        )
        lost = table["people_late"] + table.filter(like="unreached_").sum(axis=1)
        assert table["population"].sum() == TOTAL
        assert (table["people_within"] + lost == table["population"]).all()
    dense = results["built_up"]
    if municipality:
        dense = dense.groupby(results[municipality]).transform("any")
    inside = results["population"].where(results["to_patient_s"] <= np.where(dense, 720, 1500), 0)
    table = ga.measures.response_table_of_service(
        results, service=TO_PATIENT, norms=FIGURES.norms, municipality=municipality
    )
    assert table["people_within"].tolist() == [inside[dense].sum(), inside[~dense].sum()]
    assert dense.nunique() == 2


def test_bases_that_may_be_out_cover_less_and_more_of_them_more(searched):
    results, out, bases, _ = searched
    norm = ga.ambulance.response_norm(results["built_up"], norms=FIGURES.norms)["norm_s"]
    times = out.filter(regex="^travel_time") + CAR.times.start_s
    plain = (results["to_patient_s"] <= norm).astype(float)
    assert (ga.ambulance.expected_coverage(times, norm_s=norm, availability=1.0) == plain).all()
    labels = out.filter(regex="^site")
    free = ga.ambulance.base_availability(labels, pd.Series(0.8, index=bases.index))
    covered = ga.ambulance.expected_coverage(times, norm_s=norm, availability=free)
    alone = ga.ambulance.expected_coverage(times.iloc[:, :1], norm_s=norm, availability=0.8)
    assert (covered <= plain).all()
    assert (covered >= alone - 1e-12).all()
    assert covered.max() > 0.99  # five bases in the capital area
    people = ga.measures.response_table_of_service(results, service=TO_PATIENT, norms=FIGURES.norms, coverage=covered)
    assert people["people_within"].sum() == pytest.approx((results["population"] * covered).sum())


def test_the_busiest_base_is_in_the_capital_area(searched):
    results, _, bases, _ = searched
    calls = results["population"] * 0.06  # a year and person, to have a number
    busy = ga.ambulance.busy_fraction(results["busy_s"], base=results["base_site"], calls=calls)
    assert set(busy.index) <= set(bases.index)
    busiest = bases.to_crs("EPSG:4326").geometry[busy.idxmax()]
    assert -22.1 < busiest.x < -21.6
    assert 64.0 < busiest.y < 64.2


def test_a_helicopter_reaches_those_whom_no_road_does(iceland, searched):
    _, cells, _ = iceland
    results, *_, hospitals = searched
    reykjavik = hospitals[hospitals["level"] == "university"]
    air = ga.ambulance.helicopter_chain(cells, reykjavik, hospitals, mode=FIGURES.modes["helicopter"])
    times = pd.DataFrame({"car": results["to_treatment_s"], "helicopter": air["to_treatment_s"]})
    best = ga.ambulance.fastest_mode(times)
    assert np.isfinite(best["time_s"]).all()
    assert set(best["mode"]) == {"car", "helicopter"}
    weather = {name: FIGURES.modes[name].availability for name in times}
    sure = ga.ambulance.dependable_time(times, availability=weather, probability=0.95)
    assert (sure["time_s"] >= best["time_s"]).all()
    no_road = ~np.isfinite(results["to_treatment_s"])
    assert (sure["time_s"][no_road] == np.inf).all()  # a helicopter alone flies on nine days of ten
    reason = results["to_patient_reason"].where(~np.isfinite(air["to_patient_s"]), "")
    reached = results.assign(to_patient_s=air["to_patient_s"], to_patient_reason=reason)
    everybody = ga.measures.summarise_services(reached, services=[TO_PATIENT])
    assert everybody[["population", "reached", "unreached"]].iloc[0].tolist() == [TOTAL, TOTAL, 0]

"""What lies under the cells of the pictures, and when each of them is started."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoaccess.background import background
from geoaccess.maps import FIGURES, packed_below
from geoaccess.study import load_study, solve_study
from geoaccess.study.results.ground import drawn_below, known_cells, start_ground
from geoaccess.study.results.pictures import Pictures
from tests.test_study_tiny import STUDY, write_study

LAYERS = {"municipalities", "ferries", "roads", "land", "lakes", "ice", "places"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("ground"), STUDY)), show=False)


def known(answers):
    return {"municipalities": answers.zones, "network": answers.network}


@pytest.mark.parametrize("kept", [True, False])
def test_the_ground_is_the_same_from_another_process(answers, kept, monkeypatch):
    if not kept:
        monkeypatch.setattr("geoaccess.study.results.ground.cache_folder", lambda _: None)
    here = drawn_below(answers)
    with background(workers=1) as pool:
        cells = pool.share(known_cells(answers.results))
        started = start_ground(pool, answers.study, cells=cells, **known(answers))
        mapped = started.result()
        assert mapped.path is not None
        there = mapped.value
        assert there.grid == answers.results.crs
    assert {*there.below} == {*here} == LAYERS
    for name, layer in here.items():
        assert (layer is None) == (there.below[name] is None)
        if layer is not None:
            shapes = shapely.to_wkb(np.asarray(layer.geometry.array)).tolist()
            assert shapely.to_wkb(np.asarray(there.below[name].geometry.array)).tolist() == shapes
    assert len(there.below["roads"])
    assert there.flat["roads"].crs == answers.results.crs
    under = {name: layer for name, layer in there.below.items() if name != "places"}
    assert there.packed == packed_below(answers.results, **under)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_ground_that_is_damaged_is_made_again_of_municipalities_that_nobody_holds(answers, workers):
    kept = answers.study.cache
    here = drawn_below(answers)["municipalities"]
    for path in kept.glob("ground-*/municipalities.parquet"):
        path.write_bytes(path.read_bytes()[:-1])
    answers.zones.forget()
    with background(workers=workers) as pool:
        cells = pool.share(known_cells(answers.results))
        ground = start_ground(pool, answers.study, cells=cells, **known(answers)).result().value
        assert answers.zones._known is None
    again = drawn_below(answers)["municipalities"]
    for made in (ground.below["municipalities"], again):
        assert made.drop(columns="geometry").equals(here.drop(columns="geometry"))
    assert shapely.to_wkb(again.geometry.array).tolist() == shapely.to_wkb(here.geometry.array).tolist()


def test_municipalities_of_a_kept_ground_are_not_read(answers, monkeypatch):
    drawn_below(answers)
    answers.zones.forget()
    monkeypatch.setattr(answers.zones, "read", lambda: pytest.fail("municipalities were read"))
    assert len(drawn_below(answers)["municipalities"]) > 0


def test_maps_of_services_wait_for_times_alone_and_all_else_for_classes(answers):
    results = answers.results
    with background(workers=0) as pool:
        pictures = Pictures(pool, answers.study)
        asked = {"sites": answers.sites, **known(answers)}
        pictures.start(results=results.drop(columns=["centrality_class"]), **asked)
        first = dict(pictures.started)
        assert {*first} == {f"map_{spec.key}.png" for spec in answers.study.specs}
        pictures.start(results=results, **asked)
        assert {*pictures.started} >= {*first, "index.html", "study.gpkg", "curves.png", "lorenz.png"}
        assert all(pictures.started[name] is started for name, started in first.items())
        early = {name: started.result().contents for name, started in pictures.started.items()}
        whole = Pictures(pool, answers.study)
        whole.start(results=results, **asked)
        assert {name: started.result().contents for name, started in whole.started.items()} == early


def test_figures_without_a_map_do_not_wait_for_the_ground(answers, monkeypatch):
    made = []

    def never(*given):
        made.append(given)
        raise AssertionError("the ground is made")

    monkeypatch.setattr("geoaccess.study.results.ground._make_ground", never)
    with background(workers=0) as pool:
        pictures = Pictures(pool, answers.study)
        pictures.start(results=answers.results, sites=answers.sites, **known(answers))
        for figure in FIGURES:
            if figure.name in pictures.started and not figure.mapped:
                assert {*pictures.started[figure.name].result().contents} == {figure.name}
        assert not made
        with pytest.raises(AssertionError, match="the ground is made"):
            pictures.started["map_gp.png"].result()

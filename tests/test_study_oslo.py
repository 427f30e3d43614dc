"""Eastern Oslo: the whole chain on a real Norwegian extract that may not be bundled."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest

from geoaccess.study import load_study, run_study

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def answers(shared, tmp_path_factory):
    assert shared.is_dir()
    study = load_study(ROOT / "configs" / "oslo.toml")
    folder = tmp_path_factory.mktemp("oslo")
    places = {"output": str(folder / "out"), "cache": str(folder / "cache")}
    return run_study(replace(study, settings=study.settings.model_copy(update=places)), show=False)


@pytest.fixture(scope="module")
def inside(answers, data):
    """The cells whose centres lie in the box, by the coordinates of the table."""
    table = pd.read_parquet(data / "norway" / "population_250m_2019.parquet").reset_index()
    lon, lat = pyproj.Transformer.from_crs(25833, 4326, always_xy=True).transform(table["x_25833"], table["y_25833"])
    west, south, east, north = answers.study.settings.population.clip
    return table[(lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)]


def test_the_people_in_the_box_are_all_there(answers, inside):
    assert len(inside) > 500
    assert answers.population == inside["pop_2019"].sum()
    assert set(answers.results.index) == set(inside["SSBID0250M"].astype(str))


def test_municipalities_agree_with_those_of_the_table(answers, inside):
    """Nearly: the table joined them by other borders."""
    given = inside.set_index(inside["SSBID0250M"].astype(str))["kommunenummer"].astype(str).str.zfill(4)
    same = answers.results["municipality_id"] == given.reindex(answers.results.index)
    assert same.mean() > 0.99
    assert (answers.results["centrality_class"][answers.results["municipality_id"] == "0301"] == 1).all()


def test_the_sites_are_those_in_the_box(answers):
    west, south, east, north = answers.study.settings.population.clip
    assert answers.sites.geometry.x.between(west, east).all()
    assert answers.sites.geometry.y.between(south, north).all()
    assert set(answers.sites["service"]) == {"gp", "legevakt", "hospital"}
    assert (answers.sites["service"] == "gp").sum() > 50


def test_nearly_everybody_is_reached_and_nobody_lost(answers):
    """People at the edge drive out of the piece that was cut and cannot come back."""
    results = answers.results
    for service in answers.study.settings.services:
        reached = results[f"{service}_reason"] == ""
        assert (np.isfinite(results[f"{service}_s"]) == reached).all()
        assert results["population"][reached].sum() > 0.98 * answers.population
        assert (results[f"{service}_second_s"] >= results[f"{service}_s"]).all()
    record = json.loads((answers.study.output / "run.json").read_text(encoding="utf-8"))
    for counts in record["people"].values():
        assert (
            counts["people_reached"] + sum(counts["people_unreached"].values())
            == counts["people_in"]
            == answers.population
        )


def test_a_city_is_a_matter_of_minutes(answers):
    """No faster than the highest limit along the straight line, no slower than a slow walk of it."""
    sites = answers.sites.to_crs(25833)
    cells = answers.results.geometry.centroid
    for service in answers.study.settings.services:
        reached = answers.results[f"{service}_reason"] == ""
        site = sites.geometry.loc[answers.results.loc[reached, f"{service}_site"]].to_numpy()
        metres = cells[reached].distance(type(cells)(site, index=cells[reached].index, crs=25833))
        seconds = answers.results.loc[reached, f"{service}_s"]
        assert (seconds >= metres / (110 / 3.6)).all()
        assert np.average(seconds, weights=answers.results["population"][reached]) < 15 * 60


def test_the_files_are_written(answers):
    assert {"index.html", "run.json", "cells.parquet", "classes.csv", "gp.tif"} <= {path.name for path in answers.files}
    for name in ("classes", "municipalities", "everybody"):
        table = pd.read_csv(answers.study.output / f"{name}.csv")
        assert set(table.groupby("service")["population"].sum()) == {answers.population}
        assert set(table["disclaimer"]) == {answers.study.settings.disclaimer}

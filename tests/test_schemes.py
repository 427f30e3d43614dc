"""Centrality schemes: classes of any country, from a file, through tables, maps, report and planner."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import test_study_tiny as tiny
from test_study_tiny import write_study

from geoaccess import phrases
from geoaccess.errors import ConfigError, InputError, MissingFileError
from geoaccess.measures import ServiceSpec, class_contrast_of_services, summarise_services
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.state import PlannerState
from geoaccess.study import check, load_study, main_table, run_study
from geoaccess.zones import class_from_index, read_centrality, read_scheme, scheme_file

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(path.stem for path in (ROOT / "configs" / "schemes").glob("*.toml"))

LAND = """
title = { en = "Kind of place", nb = "Stedstype" }
source = "made up: for tests"
districts = { en = "the outback", nb = "utkanten" }

[[classes]]
id = "urban"
label = { en = "Urban & busy", nb = "By" }
colour = "#112233"

[[classes]]
id = "mixed"
label = { en = "Mixed", nb = "Blandet" }
colour = "#445566"

[[classes]]
id = "bush"
label = { en = "Bush", nb = "Kratt" }
colour = "#778899"
district = true
"""


@pytest.fixture
def land(tmp_path):
    path = tmp_path / "land.toml"
    path.write_text(LAND, encoding="utf-8")
    return read_scheme("land.toml", folder=tmp_path)


def test_norway_and_another_country_are_shipped():
    assert {"norway", "degurba"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scheme_is_complete_in_every_language(name):
    scheme = read_scheme(name)
    assert scheme.name == name
    assert scheme.source
    for language in phrases.languages():
        for words in (scheme.titles, *(one.labels for one in scheme.classes)):
            assert words.get(language), (name, language)
        assert not scheme.district_ids or scheme.districts.get(language)
    assert len(set(scheme.colours)) == len(scheme.classes)


def test_six_classes_are_those_of_statistics_norway():
    scheme = read_scheme("norway")  # KLASS 128
    assert scheme.ids == ("1", "2", "3", "4", "5", "6")
    assert scheme.cuts == (925, 870, 775, 670, 565)
    assert scheme.district_ids == ("4", "5", "6")


def test_only_the_files_of_schemes_know_the_classes_of_a_country():
    known = re.compile(r"4\u20136|\b4-6\b|\b1 to 6\b|classes 4 to 6|\b4, 5, 6\b|range\(1, 7\)|\b925, 870\b|\b925\.0\b")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "geoaccess").rglob("*"))
        if path.suffix in {".py", ".js", ".css", ".html", ".j2", ".toml", ".csv", ".json"}
        and "leaflet" not in path.parts
        and "configs" not in path.parts
        for line in path.read_text(encoding="utf-8").splitlines()
        if known.search(line) and "FACTORS" not in line and "LENGTHS" not in line
    ]
    assert found == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "bush"', 'id = "mixed"', "class mixed is there twice"),
        ("#445566", "grey", "colour is 'grey'"),
        ('title = { en = "Kind of place", nb = "Stedstype" }', "title = {}", "write a text, or one for each language"),
        ('colour = "#112233"', 'colour = "#112233"\nindex_from = 5', "index_from; write it for every class"),
        ('colour = "#112233"', 'colour = "#112233"\nheight = 5', 'unknown key "classes'),
    ],
)
def test_what_is_wrong_with_a_scheme_is_reported(tmp_path, old, new, message):
    assert old in LAND
    (tmp_path / "bad.toml").write_text(LAND.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_scheme("bad.toml", folder=tmp_path)


def test_a_scheme_has_two_to_nine_classes_and_cuts_that_fall(tmp_path):
    one = LAND.split("[[classes]]")
    (tmp_path / "one.toml").write_text("[[classes]]".join(one[:2]), encoding="utf-8")
    with pytest.raises(ConfigError, match="has 1 classes; give 2 to 9"):
        read_scheme("one.toml", folder=tmp_path)
    rising = LAND.replace('"#112233"', '"#112233"\nindex_from = 1').replace('"#445566"', '"#445566"\nindex_from = 2')
    (tmp_path / "rising.toml").write_text(rising, encoding="utf-8")
    with pytest.raises(ConfigError, match="must fall"):
        read_scheme("rising.toml", folder=tmp_path)
    with pytest.raises(MissingFileError, match=r"schemes/atlantis\.toml"):
        read_scheme("atlantis")
    assert scheme_file("mine.toml", folder=tmp_path) == tmp_path / "mine.toml"


def test_classes_with_names_keep_their_order_in_columns_and_groups(land):
    assert not land.numbered
    column = land.column([2, 0, -1, 1])
    assert list(column.categories) == ["urban", "mixed", "bush"]
    assert land.positions(column).tolist() == [2, 0, -1, 1]
    assert land.positions(["bush", None, "", "urban"]).tolist() == [2, -1, -1, 0]
    with pytest.raises(InputError, match="class 'city' is none of the scheme land"):
        land.positions(["city"])
    results = pd.DataFrame(
        {
            "population": [5.0, 3.0, 2.0, 1.0],
            "gp_s": [60.0, 120.0, 180.0, 240.0],
            "gp_reason": "",
            "centrality_class": column,
        }
    )
    table = summarise_services(results, services=[ServiceSpec(key="gp", label="GP")], by="centrality_class")
    assert table["centrality_class"].tolist() == ["urban", "mixed", "bush", "unclassified"]
    row = class_contrast_of_services(table, order=land.ids).iloc[0]
    assert (row["most_central"], row["least_central"], row["mean_gap_s"]) == ("urban", "bush", 60.0 - 120.0)


def test_a_table_of_another_country_is_read_by_its_scheme(tmp_path, land):
    path = tmp_path / "places.csv"
    path.write_text("code;kind\nDE-1;bush\n007;urban\n", encoding="utf-8")
    columns = {"municipality": "code", "centrality_class": "kind", "index": None}
    table = read_centrality(path, scheme=land, **columns)
    assert table["centrality_class"].astype(str).to_dict() == {"007": "urban", "DE-1": "bush"}  # any code, as written
    with pytest.raises(InputError, match="class 'bush'; it must be 1 to 3"):
        read_centrality(path, scheme=read_scheme("degurba"), **columns)
    path.write_text("code,kind,index\nA,1,-5\nB,2,1e9\n", encoding="utf-8")
    with pytest.raises(InputError, match="municipality A has index '-5'; it must be a number from 0 on") as caught:
        read_centrality(path, scheme=read_scheme("degurba"), **{**columns, "index": "index"})
    assert "municipality B" not in str(caught.value)  # degurba knows no largest index


def test_an_index_is_classed_by_the_cuts_of_the_scheme_or_others(land):
    assert class_from_index([9.0, 5.0, 1.0, np.nan], scheme=land, cuts=(8, 4)).tolist()[:3] == [
        "urban",
        "mixed",
        "bush",
    ]
    with pytest.raises(InputError, match="scheme land has no cuts"):
        class_from_index([1.0], scheme=land)
    with pytest.raises(InputError, match="each of the 3 classes of scheme land but the last"):
        class_from_index([1.0], scheme=land, cuts=(8, 4, 2))


@pytest.fixture(scope="module")
def abroad(tmp_path_factory):
    """The tiny study in a country of three classes with names."""
    folder = tmp_path_factory.mktemp("abroad")
    path = write_study(folder, tiny.STUDY.replace("[centrality]\n", '[centrality]\nscheme = "land.toml"\n'))
    (folder / "land.toml").write_text(LAND, encoding="utf-8")
    table = pd.read_csv(folder / "centrality.csv", dtype=str)
    names = {"1": "urban", "3": "mixed", "6": "bush"}
    column = next(name for name in table if set(table[name]) == set(names))
    table.assign(**{column: table[column].map(names)}).to_csv(folder / "centrality.csv", index=False)
    study = load_study(path)
    check(study)
    return run_study(study, show=False)


def test_a_study_of_another_country_has_its_classes_in_every_table(abroad):
    folder = abroad.study.output
    classes = pd.read_csv(folder / "classes.csv")
    assert classes[classes["service"] == "gp"]["centrality_class"].tolist() == [
        "urban",
        "mixed",
        "bush",
        "unclassified",
    ]
    people = classes[classes["service"] == "gp"].set_index("centrality_class")["population"]
    assert people.sum() == tiny.TOTAL
    contrast = pd.read_csv(folder / "contrast.csv").set_index("service")
    assert contrast.loc["gp", ["most_central", "least_central"]].tolist() == ["urban", "bush"]
    for table in (gpd.read_parquet(folder / "cells.parquet"), gpd.read_file(folder / "study.gpkg", layer="cells")):
        found = table["centrality_class"].astype(object)
        assert set(found.dropna()) - {"nan", "None", ""} == {"urban", "mixed", "bush"}
    assert "land.toml" in (folder / "run.json").read_text(encoding="utf-8")


def test_map_report_and_planner_show_the_classes_of_the_scheme(abroad):
    folder = abroad.study.output
    page = (folder / "index.html").read_text(encoding="utf-8")
    for text in ("Kind of place", "Bush", "#112233", "#445566", "#778899"):
        assert text in page
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "grouped by kind of place, from “Urban &amp; busy” to “Bush”" in report
    assert "live in the outback." in report
    assert "made up: for tests." in report.partition('id="cite"')[0]  # the source of the classes
    assert "4\u20136" not in report
    state = PlannerState(abroad)
    drawn = Drawing(state).page()
    assert drawn["districts"]["en"] == "the outback"
    assert [name for name in drawn["class_names"]["nb"] if name] == ["By", "Blandet", "Kratt"]
    bush = (abroad.results["centrality_class"] == "bush").to_numpy()
    assert state.districts.tolist() == bush.tolist()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('scheme = "atlantis"', 'no scheme "atlantis" comes with the program'),
        ('scheme = "degurba"', "it must be 1 to 3"),
    ],
)
def test_a_scheme_that_does_not_fit_is_refused_by_check(tmp_path, line, message):
    path = write_study(tmp_path, tiny.STUDY.replace("[centrality]\n", f"[centrality]\n{line}\n"))
    with pytest.raises((MissingFileError, InputError), match=message):
        check(load_study(path))


COMPUTED = """[centrality]
kind = "degurba"
"""
OTHERS = re.compile(
    r"Norway|Norge\b|klasse? 6|class 6|distri[ck]t|centrality (?:class|index)|sentralitet|most central|mest sentral"
    r"|Statistisk sentralbyr",
    re.IGNORECASE,
)
TEXTS = {".csv", ".html", ".json", ".toml", ".txt", ".md", ".svg"}


@pytest.mark.parametrize("language", ["en", "nb"])
def test_a_study_of_three_classes_never_speaks_of_others(tmp_path, language):
    text = tiny.STUDY.partition("[centrality]\n")[0] + COMPUTED
    study = load_study(
        write_study(tmp_path, text.replace('disclaimer = "made up', f'language = "{language}"\ndisclaimer = "made up'))
    )
    said = "\n".join(check(study))
    answers = run_study(study, show=False)
    said += main_table(answers).to_csv()
    page = json.dumps(Drawing(PlannerState(answers)).page(), ensure_ascii=False)
    written = {path.name: path.read_text(encoding="utf-8") for path in answers.files if path.suffix in TEXTS}
    assert {"report.html", "index.html", "dictionary.csv", "run.json"} <= set(written)
    found = {name: OTHERS.findall(part) for name, part in {**written, "printed": said, "planner": page}.items()}
    found["planner"] = [word for word in found["planner"] if word != "district"]  # the name of a field
    assert {name: words for name, words in found.items() if words} == {}
    own = {"en": "Degree of urbanisation", "nb": "Urbaniseringsgrad"}[language]
    assert own in written["report.html"]
    assert own in written["index.html"]
    assert "Applying the Degree of Urbanisation" in written["report.html"]
    table = pd.read_csv(study.output / "centrality.csv")
    assert table["centrality_class"].tolist() == [3, 3, 3]  # nobody lives in a town of 5,000
    assert table["share_rural"].tolist() == [1, 1, 1]


def test_classes_described_in_the_study_itself(tmp_path):
    text = tiny.STUDY.replace('year = 2024\nsource = "made up"\n', "", 0).partition("[centrality]\n")[0]
    text += """[centrality]
kind = "table"
file = "kinds.csv"
municipality = "zone"
centrality_class = "kind"
year = 2020
source = "a county council"
title = { en = "Kind of place", nb = "Stedstype" }
districts = "the outback"

[[centrality.classes]]
id = "S12000033"
label = "By the sea"

[[centrality.classes]]
id = "IS_0002"
label = "Inland"
district = true
"""
    study = load_study(write_study(tmp_path, text))
    (tmp_path / "kinds.csv").write_text("zone;kind\n0101;S12000033\n0102;IS_0002\n0103;IS_0002\n", encoding="utf-8")
    assert study.scheme.ids == ("S12000033", "IS_0002")
    assert study.scheme.in_text("IS_0002", "en") == "kind of place Inland"
    assert (study.scheme.title("nb"), study.scheme.source) == ("Stedstype", "a county council")
    assert len(set(study.scheme.colours)) == 2
    assert any("3 municipalities with a class (kind of place)" in line for line in check(study))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "Kind"', 'title = "Kind"\nscheme = "norway"', "scheme and classes are both given"),
        ('title = "Kind"', "", "classes are given without a title"),
        ('classes = [{ id = 1, label = "A" }, { id = 2, label = "B" }]', "", "title given without classes"),
        ('{ id = 2, label = "B" }', "", "has 1 classes; give 2 to 9"),
    ],
)
def test_classes_that_are_no_scheme_are_refused(tmp_path, old, new, message):
    own = 'title = "Kind"\nclasses = [{ id = 1, label = "A" }, { id = 2, label = "B" }]\n'
    assert old in own
    text = tiny.STUDY.replace(
        '[centrality]\nkind = "table"\n', f'[centrality]\nkind = "table"\n{own.replace(old, new)}'
    )
    with pytest.raises((ConfigError, InputError), match=re.escape(message)):
        check(load_study(write_study(tmp_path, text)))


def test_the_degree_of_urbanisation_needs_three_classes_and_a_grid_of_a_kilometre(tmp_path):
    text = tiny.STUDY.partition("[centrality]\n")[0] + COMPUTED
    with pytest.raises(ConfigError, match="scheme norway has 6 classes"):
        check(load_study(write_study(tmp_path / "six", text + 'scheme = "norway"\n')))
    path = write_study(tmp_path / "coarse", text)
    (path.parent / "people.csv").write_text("cell_id,people\nCRS25833RES2000mN7700000E500000,9\n", encoding="utf-8")
    with pytest.raises(InputError, match='kind = "degurba": cells: they are 2000 m wide'):
        check(load_study(path))

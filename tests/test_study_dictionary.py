"""Every column of every table that a run writes has its meaning in the dictionary."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from geoaccess import phrases
from geoaccess.measures import REASONS
from geoaccess.phrases import table_text
from geoaccess.study import load_study, run_study, solve_study
from geoaccess.study.columns import unit_of
from geoaccess.study.results.dictionary import dictionary_table, meaning, names_of
from geoaccess.study.results.report import report_of
from geoaccess.study.results.tables import all_tables, columns_known
from geoaccess.study.zonings import carried_demands
from tests.test_study_asked_services import asked
from tests.test_study_people import write_demand
from tests.test_study_tiny import SERVICES, write_study

UNITS = {"", "s", "m", "people", "share", "count", "degrees", "number", "per person", "person s"}
LABELS = {"gp": "GP", "birth_unit": "Birth unit"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The tables of a study; pictures, which take seconds, are left out."""
    with pytest.MonkeyPatch.context() as patch:
        drawn = ("figures.time_curves", "figures.lorenz_figure")
        for name in ("geotiff", "web_map", "service_map", *drawn, "report_page"):
            patch.setattr(f"geoaccess.maps.{name}", lambda path, **_: path.write_bytes(b"picture"))
        study = load_study(write_study(tmp_path_factory.mktemp("dictionary") / "study"))
        run_study(study, show=False)
    return study.output


def columns_of(path):
    table = pd.read_parquet(path)
    return [*([table.index.name] if table.index.name else []), *table.columns]


def test_every_column_that_is_written_is_described_once(folder):
    entries = pd.read_csv(folder / "dictionary.csv", keep_default_na=False)
    assert not entries.duplicated(["file", "column"]).any()
    described = {tuple(row) for row in entries[["file", "column"]].itertuples(index=False)}
    written = {
        (f"{path.stem}.csv" if path.stem != "cells" else path.name, name)
        for path in folder.glob("*.parquet")
        for name in columns_of(path)
    }
    assert described == written | {("*.csv", "*")}  # one row is about the cells of all
    blank = entries[(entries["description"] == "") | (entries["beskrivelse"] == "")]
    assert blank[["file", "column"]].to_numpy().tolist() == []
    assert set(entries["unit"]) <= UNITS
    for name in ("description", "beskrivelse", "missing", "mangler"):
        assert not entries[name].str.contains(r"[{}]", regex=True).any()
    assert ((entries["missing"] == "") == (entries["mangler"] == "")).all()


OPENING = """
[opening]
first = 2026-01-12
today = 2026-01-14T17:10:00
[staff]
file = "rota.csv"
[catchments.gp_two_step]
service = "gp"
measure = "two_step"
decay = { kind = "gaussian", sigma_min = 10 }
cutoff_min = 30
[[zonings]]
kind = "table"
name = "trust"
file = "areas.csv"
municipality = "kommunenummer"
area = "trust"
"""
ROTA = "host_id,site_id,days,staff\ngp-west,gp-east,2,1.5\n"
AREAS = "kommunenummer,trust\n0101,Coast\n0102,Inland\n"
OWN = 'opening = "hours"\nfte_days = "fte"\nrule = { kind = "names", column = "serves" }'


@pytest.fixture(scope="module", params=["asked", "people", "iceland", "troms"])
def whole(request, tmp_path_factory):
    """Studies that together ask for every optional table."""
    folder = tmp_path_factory.mktemp("whole")
    if request.param == "asked":
        path = asked(folder, gp=OWN, more=OPENING, files=[("rota.csv", ROTA), ("areas.csv", AREAS)])
    elif request.param == "people":
        path = write_demand(folder)
    else:
        return request.getfixturevalue(f"{request.param}_solved")
    return solve_study(load_study(path), show=False)


def test_optional_tables_and_columns_are_described(whole):
    names = names_of(whole.study)
    tables = {"cells": whole.results, **all_tables(whole)}
    unknown = [
        (table, column)
        for table, frame in tables.items()
        for column in frame.columns
        if meaning(table, str(column), names=names) is None
    ]
    assert unknown == []
    assert [name for name in tables if table_text("nb", name) is None] == []


def test_of_every_number_it_is_known_whether_it_tells_people(whole):
    known = {}
    for (table, column), unit in columns_known().items():
        known.setdefault(table, {})[column] = unit
    own = {*carried_demands(whole.study), *whole.study.settings.population.carry}
    unknown = [
        (name, column)
        for name, table in all_tables(whole).items()
        for column in map(str, table.select_dtypes("number"))
        if unit_of(column, known.get(name, {})) is None and column not in own
    ]
    assert unknown == []


def test_a_report_shows_every_optional_table(whole):
    made = report_of(whole, all_tables(whole), pictures={}, digests={})
    shown = {extra.name for extra in made.extras}
    assert {name for name, table in whole.tables.items() if len(table)} <= shown
    for extra in made.extras:
        assert len(extra.heads) == len(extra.units) == len(extra.table.columns)
        assert len(extra.table) <= extra.rows_in_all


def test_a_column_with_holes_says_what_they_mean(folder):
    entries = pd.read_csv(folder / "dictionary.csv", keep_default_na=False).set_index(["file", "column"])
    for path in sorted(folder.glob("*.csv")):
        table = pd.read_csv(path)
        for name in table.columns[table.isna().any() & (table.columns != "region")]:
            assert entries.loc[(path.name, name), "missing"], (path.name, name)


def test_columns_with_seconds_and_metres_in_their_names_have_these_units(folder):
    entries = pd.read_csv(folder / "dictionary.csv", keep_default_na=False)
    for suffix, units in (("_s", {"s", "person s"}), ("_m", {"m"})):
        assert set(entries[entries["column"].str.endswith(suffix)]["unit"]) <= units


def test_the_services_of_the_study_are_named(folder):
    entries = pd.read_csv(folder / "dictionary.csv", keep_default_na=False).set_index(["file", "column"])
    assert entries.loc[("cells.parquet", "birth_unit_s"), "description"].endswith("Birth unit")
    assert {f"{service}_second_s" for service in SERVICES} <= set(entries.loc["cells.parquet"].index)


def test_every_reason_has_a_column_of_people():
    for reason in REASONS:
        found = meaning("classes", f"unreached_{reason}", names={})
        assert found is not None
        assert found.unit == "people"


def test_a_table_s_own_meaning_goes_before_that_of_any_table():
    assert meaning("islands", "municipality", names={}) != meaning("cells", "municipality", names={})
    assert meaning("no_such_table", "municipality", names={}) == meaning("cells", "municipality", names={})


def test_a_service_whose_key_begins_like_another_is_distinguished():
    labels = {"gp": "GP", "gp_s": "Other"}
    assert meaning("cells", "gp_s_s", names={"service": labels}).meaning.endswith("Other")
    assert meaning("cells", "gp_s", names={"service": labels}).meaning.endswith("GP")


def test_an_unknown_column_is_listed_without_a_meaning(folder):
    study = load_study(folder.parent / "study.toml")
    row = dictionary_table({"new_table": ["strange"]}, study).iloc[0]
    assert (row["file"], row["column"], row["description"], row["unit"]) == ("new_table.csv", "strange", "", "")


def test_tables_have_titles_in_both_languages():
    assert table_text("en", "municipalities")[0] == "Municipalities"
    assert table_text("nb", "municipalities")[0] == "Kommuner"
    assert table_text("en", "no_such_table") is None


def test_what_is_reported_of_a_column_names_only_what_its_pattern_finds():
    for (_, column), entries in phrases.columns("en").items():
        blanks = set(re.findall(r"\{\w+\}", f"{entries.label} {entries.meaning} {entries.empty}"))
        assert blanks - {"{scheme}", "{Scheme}"} <= set(re.findall(r"\{\w+\}", column)), column  # words of the classes

"""Every section, table and measure is one object, and complete: columns with units, texts in every language."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import test_study_tiny as tiny
from test_study_tiny import write_study

from geoaccess import maps, phrases
from geoaccess.errors import ConfigError, InputError
from geoaccess.maps import report as report_page
from geoaccess.phrases import Writer
from geoaccess.study import check, load_study, write_template
from geoaccess.study.columns import SHARED, UNITS
from geoaccess.study.results.dictionary import meaning
from geoaccess.study.results.tables import TABLES, columns_known, table_names
from geoaccess.study.sections.inputs import Section
from geoaccess.study.sections.registry import SECTIONS
from geoaccess.study.settings.catchment_measures import MEASURES

LANGUAGES = sorted(phrases.languages())
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_of_an_object_has_its_texts_and_every_text_its_column(language):
    texts = phrases.columns(language)
    assert set(texts) == set(columns_known())
    assert [key for key, text in texts.items() if not text.meaning] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_of_an_object_has_a_title(language):
    names = ["cells", "dictionary", *(table.name for table in TABLES), *(n for one in SECTIONS for n in one.tables)]
    assert len(set(names)) == len(names)
    for name in names:
        title, rows = phrases.table_text(language, name)
        assert title
        assert rows


def test_units_are_those_that_are_written_for_readers_and_fit_the_names():
    for (table, column), unit in columns_known().items():
        assert unit in UNITS, (table, column)
        assert not column.endswith("_s") or unit in ("s", "person s"), (table, column)
        assert not column.endswith("_m") or unit == "m", (table, column)


def test_sections_are_frozen_objects_that_no_two_add_the_same_to():
    assert all(isinstance(section, Section) for section in SECTIONS)
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names)
    cells = [column for section in SECTIONS for column in section.cells]
    assert len(set(cells)) == len(cells)
    assert set(SHARED) <= {column for table, column in columns_known() if table == "*"}


def test_a_study_gives_the_tables_of_its_sections_and_no_others():
    study = load_study(ROOT / "configs" / "troms.toml")
    asked = [name for section in SECTIONS for name in section.asked(study)]
    assert {name for section in SECTIONS for name in section.asked(study) if name not in section.tables} == set()
    assert table_names(study) == [*(table.name for table in TABLES), *asked]


def test_every_measure_of_catchments_is_named_where_people_look_for_it(tmp_path):
    template = write_template(tmp_path / "new.toml")[0].read_text(encoding="utf-8")
    shown = re.search(r"measure: (.*)\.$", template, flags=re.MULTILINE)
    assert shown
    assert shown[1].split(", ") == [*MEASURES]
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert not measure.first_step or measure.first_step in MEASURES
        for language in LANGUAGES:
            assert Writer(language, ("report",))[f"v_{name}"]
            assert name in phrases.columns(language)["catchments", "measure"].meaning


def test_an_unknown_measure_is_refused_with_those_there_are(tmp_path):
    asked = '\n[catchments.near]\nservice = "gp"\nmeasure = "tow_step"\ncutoff_min = 30\n'
    with pytest.raises(ConfigError, match=re.escape('did you mean "two_step"?')):
        load_study(write_study(tmp_path, tiny.STUDY + asked))


@pytest.mark.parametrize(
    "name", ["Region", "gp_s", "GP_second_site", "gp_today_s", "gp_rule_reason", "ambulance_busy_s",
             "ambulance_boat_response_s", "ambulance_fastest_mode", "geometry", "class", "everybody"],
)  # fmt: skip
def test_names_of_columns_are_taken_for_catchments_and_zonings(tmp_path, name):
    asked = f'\n[catchments.{name}]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 30\n'
    study = load_study(write_study(tmp_path / "a", tiny.STUDY + asked))
    with pytest.raises(ConfigError, match=f'catchments. "{name}": the cells have such a column already'):
        check(study)
    asked = f'\n[[zonings]]\nname = "{name}"\nkind = "column"\ncolumn = "people"\n'
    with pytest.raises(ConfigError, match=f'name "{name}": the cells have such a column already'):
        check(load_study(write_study(tmp_path / "b", tiny.STUDY + asked)))


@pytest.mark.parametrize("name", ["service", "Group", "mean_s", "people", "reached", "gini"])
def test_names_of_columns_of_tables_are_taken_for_zonings(tmp_path, name):
    asked = f'\n[[zonings]]\nname = "{name}"\nkind = "column"\ncolumn = "people"\n'
    with pytest.raises(ConfigError, match=f'name "{name}": tables have such a column already'):
        check(load_study(write_study(tmp_path, tiny.STUDY + asked)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "[services.birth_unit]",
            "[services.Municipality]",
            "Municipality.: a table has such a column",
        ),
        ('label = "Birth unit"', 'label = "\uff27\uff30"', "is that of .services.gp. too"),
        ('label = "Birth unit"', 'label = "gp\u200b"', "is that of .services.gp. too"),
    ],
)
def test_services_are_told_apart_in_tables_and_by_readers(tmp_path, old, new, words):
    study = write_study(tmp_path, tiny.STUDY)
    study.write_text(tiny.STUDY.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        check(load_study(study))


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ('{ old = "people", OLD = "people" }', '"OLD" are asked for twice'),
        ('{ "\u00e9" = "people", "e\u0301" = "people" }', "are asked for twice"),
        ('{ "" = "people" }', "has an empty key"),
        ('{ Calls = "people" }', "the name of what happens so often a year"),
    ],
)
def test_groups_of_people_have_names_of_their_own(tmp_path, ages, words):
    study = write_study(tmp_path, tiny.STUDY)
    text = tiny.STUDY.replace('people = "people"', f'people = "people"\nages = {ages}')
    study.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_study(study)


def test_groups_that_a_file_names_are_not_called_as_seasons(tmp_path):
    asked = '\n[demand.ages]\nfile = "ages.csv"\nshare = "share"\n'
    asked += '[demand.season]\nfile = "moves.csv"\nnames = ["Summer"]\n'
    study = write_study(tmp_path, tiny.STUDY + asked)
    rows = [f"{zone},summer,0.1" for zone in tiny.ZONES]
    (tmp_path / "ages.csv").write_text("\n".join(["kommunenummer,group,share", *rows, ""]))
    (tmp_path / "moves.csv").write_text("season,from_zone,to_zone,people\nSummer,0101,0102,10\n")
    with pytest.raises(InputError, match='the group "summer" is the name of other people, too'):
        check(load_study(study))


def test_a_name_is_free_that_only_looks_like_a_column(tmp_path):
    asked = '\n[catchments.bakery_s]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 30\n'
    assert check(load_study(write_study(tmp_path, tiny.STUDY + asked)))


def test_the_dictionary_takes_units_from_the_objects():
    names = {"service": {"gp": "GP"}}
    assert meaning("cells", "gp_open_share", names=names).unit == "share"
    assert meaning("staff", "hours_per_week", names=names).unit == "number"
    assert meaning("slack", "p90_slack_s", names=names).unit == "s"
    assert meaning("staff", "nobody_knows", names=names) is None


def test_siting_objectives_are_in_the_help_and_have_a_figure_in_every_language():
    from geoaccess.questions.siting.objectives import OBJECTIVES
    from geoaccess.questions.siting.question import Question
    from geoaccess.questions.siting.wording import label

    asked = [sys.executable, "-m", "geoaccess", "site", "--help"]
    wide = os.environ | {"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
    shown = subprocess.run(asked, env=wide, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    for name, objective in OBJECTIVES.items():
        assert objective.name == name
        assert name in shown
        assert objective.summary in " ".join(shown.split())
        for language in LANGUAGES:
            assert label(Question("gp", objective=name), language=language)
    assert "OBJECTIVES" not in shown


def test_every_figure_has_a_file_a_place_in_the_report_and_a_caption_in_every_language():
    names = [figure.name for figure in maps.FIGURES]
    assert len(names) == len(set(names)) > 1
    for figure in maps.FIGURES:
        assert figure.name.endswith(".png")
        assert figure.section in report_page._SECTIONS
        for language in LANGUAGES:
            assert Writer(language, ("report",))[figure.caption]


def test_the_report_shows_a_figure_that_is_new_in_the_list(monkeypatch):
    monkeypatch.setattr(report_page, "FIGURES", (maps.Figure("new.png", lambda *_: None, "slack", "lorenz_caption"),))
    found = report_page._figures(
        SimpleNamespace(pictures={"new.png": b"drawn"}, figure_texts={}), Writer("en", ("report",))
    )
    assert [picture for picture, *_ in found["slack"]] == ["data:image/png;base64,ZHJhd24="]
    assert found["curves"] == []

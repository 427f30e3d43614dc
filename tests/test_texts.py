"""Texts of study files, scenarios and profiles in several languages."""

from __future__ import annotations

import pickle
import re
import tomllib

import pytest

from geoaccess.errors import ConfigError, InputError
from geoaccess.osm import find_profile, read_profile
from geoaccess.phrases import Text, joined_texts, languages
from geoaccess.planner.changes import read_changes
from geoaccess.planner.saving import load_plan, save_plan
from geoaccess.planner.shelf import PlanClashError, Shelf
from geoaccess.planner.state import PlannerState
from geoaccess.scenarios import Scenario, read_scenario, scenario_text, write_scenario
from geoaccess.scenarios.changes import AddSite, combine, site_label
from geoaccess.study import check, load_study, solve_study, write_template
from geoaccess.study.results.dictionary import dictionary_table
from geoaccess.study.stages import figures_digest
from geoaccess.study.stages.networks import network_folder
from geoaccess.toml import Table, texts_in, without_texts
from tests.test_study_tiny import STUDY, degrees, write_study

BOTH = STUDY.replace('"A small country"', '{ en = "A small country", nb = "Et lite land" }').replace(
    'label = "Hospital"', 'label = { en = "Hospital", nb = "Sykehus" }'
)


def test_a_text_is_what_it_is_in_the_language_that_is_asked_for():
    text = Text({"nb": "Sykehus", "en": "Hospital"})
    assert text == "Hospital"
    assert text.read_in("nb") == "Sykehus"
    assert [text.in_language(code) for code in ("en", "nb", "no")] == ["Hospital", "Sykehus", "Sykehus"]
    assert text.read_in("nb").in_language("en") == "Hospital"


@pytest.mark.parametrize(
    ("written", "of_study", "asked", "shown"),
    [
        ({"en": "a", "nb": "b"}, "nb", "en", "a"),  # the language itself
        ({"nb": "b"}, "en", "en", "b"),  # any, where there is nothing nearer
        ({"en": "a"}, "nb", "nb", "a"),  # English where the study's own is missing
        ({"nb": "b"}, "nb", "en", "b"),  # the study's
        ("once", "nb", "en", "once"),
    ],
)
def test_where_a_language_is_missing_the_nearest_is_shown(written, of_study, asked, shown):
    assert Text(written).read_in(of_study).in_language(asked) == shown


def test_a_text_goes_to_other_processes_as_it_is():
    text = pickle.loads(pickle.dumps(Text({"en": "Hospital", "nb": "Sykehus"}).read_in("nb")))
    assert (text, text.in_language("en"), type(text)) == ("Sykehus", "Hospital", Text)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("3", "write a text, or one for each language"),
        ("{}", "write a text, or one for each language"),
        ("{ en = 3 }", "write a text, or one for each language"),
        ('{ klingon = "tIq" }', "'klingon' is not known; use one of en (English)"),
        ('{ en = "a", nb = "" }', "the text in nb is empty; write it, or leave nb out"),
        ('{ nb = "a", no = "b" }', "nb is written twice"),
    ],
)
def test_what_is_no_text_is_refused_by_its_key(tmp_path, written, message):
    path = write_study(tmp_path, STUDY.replace('label = "GP"', f"label = {written}"))
    with pytest.raises(ConfigError) as refused:
        load_study(path)
    assert message in str(refused.value)
    assert "services.gp.label" in str(refused.value)


def test_a_study_speaks_its_language_and_another_when_asked(tmp_path):
    study = load_study(write_study(tmp_path, f'language = "nb"\n{BOTH}'))
    assert (study.settings.title, study.specs[1].label) == ("Et lite land", "Sykehus")
    english = study.in_language("en")
    assert (english.settings.title, english.specs[1].label, english.settings.language) == (
        "A small country",
        "Hospital",
        "en",
    )
    with pytest.raises(InputError, match="is not known"):
        study.in_language("xx")


def test_check_names_the_texts_that_lack_the_language(tmp_path):
    text = BOTH.replace('"a stand-in"', '{ en = "a stand-in" }')
    path = write_study(tmp_path, f'language = "nb"\n{text}')
    assert load_study(path).lacking == ["services.ambulance_base.proxy_note"]
    lines = [line for line in check(load_study(path)) if "services.ambulance_base.proxy_note" in line]
    assert len(lines) == 1
    assert lines[0].startswith("1 tekst er ikke skrevet")
    assert not [line for line in check(load_study(path).in_language("en")) if "proxy_note" in line]


def test_no_text_decides_what_is_computed_again(tmp_path):
    plain, both = (load_study(write_study(tmp_path / name, text)) for name, text in (("a", STUDY), ("b", BOTH)))
    others = [
        both,
        both.in_language("nb"),
        load_study(write_study(tmp_path / "c", BOTH.replace('"made up"', '"else"'))),
    ]
    assert {figures_digest(one, "network") for one in others} == {figures_digest(plain, "network")}
    longer = load_study(write_study(tmp_path / "d", STUDY.replace("norms_min = [10]", "norms_min = [11]")))
    assert figures_digest(longer, "network") != figures_digest(plain, "network")
    profile = tmp_path / "a" / "flat.toml"
    before = network_folder(plain)
    title = next(line for line in profile.read_text(encoding="utf-8").splitlines() if line.startswith("title"))
    text = profile.read_text(encoding="utf-8")
    profile.write_text(text.replace(title, 'title = { en = "flat", nb = "flat vei" }'), encoding="utf-8")
    assert network_folder(plain) == before
    profile.write_text(text.replace("share = 1", "share = 0.9"), encoding="utf-8")
    assert network_folder(plain) != before


def test_the_dictionary_has_each_language_in_its_own_words(tmp_path):
    study = load_study(write_study(tmp_path, BOTH))
    row = dictionary_table({"cells": ["hospital_s"]}, study).iloc[0]
    assert "Hospital" in row["description"]
    assert "Sykehus" in row["beskrivelse"]


def test_scenarios_keep_what_was_written(tmp_path):
    written = (
        '# ours\ntitle = { en = "Storm", nb = "Uvær" } # both\n\n[[add]]\nservice = "gp"\n'
        'name = { nb = "Bø", en = "Boe" }\nlon = 15.0\nlat = 69.0\n'
    )
    path = tmp_path / "storm.toml"
    path.write_text(written, encoding="utf-8")
    scenario = read_scenario(path)
    assert (scenario.title, scenario.in_language("nb").title) == ("Storm", "Uvær")
    write_scenario(scenario.in_language("nb"), path)
    assert path.read_text(encoding="utf-8") == written
    again = tomllib.loads(scenario_text(scenario))
    assert again == tomllib.loads(written)
    assert site_label(scenario.add[0]) == site_label(scenario.in_language("nb").add[0]) == "gp-bo"
    assert combine(scenario, Scenario(title="Mer")).in_language("nb").title == "Uvær + Mer"
    assert joined_texts(", ", ["a", "b"]).by_language == {}


def test_a_saved_plan_keeps_its_texts_in_the_other_language(tmp_path):
    state = PlannerState(solve_study(load_study(write_study(tmp_path, BOTH)), show=False))
    shelf = Shelf(tmp_path / "plans")
    place = dict(zip(("lon", "lat"), degrees(10.5, 0.5), strict=True))
    add = AddSite(service="gp", name={"en": "New office", "nb": "Nytt kontor"}, **place)
    title = {"en": "A new office", "nb": "Et nytt kontor"}
    (tmp_path / "plans").mkdir()
    path = tmp_path / "plans" / "a-new-office.toml"
    write_scenario(Scenario(title=title, description={"en": "why", "nb": "hvorfor"}, add=(add,)), path)
    opened = load_plan(state, shelf, "a-new-office")
    place |= {"lat": place["lat"] + 0.01}
    changes = read_changes([*opened["changes"], {"what": "move", "service": "gp", "site": "new-1", **place}])
    with pytest.raises(PlanClashError):
        save_plan(state, shelf, changes, title="Et nytt kontor")
    assert save_plan(state, shelf, changes, title="Et nytt kontor", base=opened["base"])["name"] == "a-new-office"
    kept = tomllib.loads(path.read_text(encoding="utf-8"))
    assert kept["title"] == title
    assert kept["add"][0]["name"] == {"en": "New office", "nb": "Nytt kontor"}
    assert kept["add"][0]["lat"] == pytest.approx(add.lat + 0.01)
    assert kept["description"]["nb"] == "hvorfor"
    assert save_plan(state, shelf, [], title="Something else")["name"] == "something-else"


TEXTS = (
    *("title", "label", "source", "note", "proxy_note", "language", "in_text", "districts", "people_label"),
    "classes",  # whose labels are texts
)


def shown(template):
    """Return what stands on each line of a template, commented out or not, without comments and texts for people."""
    found = []
    for line in template.read_text(encoding="utf-8").splitlines():
        bare = line.removeprefix("# ")
        if head := re.fullmatch(r"(\[\[?[\w.]+\]\]?)\s*(?:#.*)?", bare):
            found.append((head[1], None, line.startswith("#")))
        elif re.match(r"\w+(\.\w+)? = ", bare):
            try:
                ((key, value),) = tomllib.loads(bare).items()
            except tomllib.TOMLDecodeError:
                continue
            text = key in TEXTS
            found.append((key, None if text else value, line.startswith("#")))
    return found


def test_the_templates_differ_in_their_words_only(root, tmp_path):
    english, norwegian = (shown(root / "configs" / name) for name in ("template.toml", "template.nb.toml"))
    assert len(english) > 150
    assert norwegian == english
    written, _ = write_template(tmp_path / "ny.toml", language="no")
    text = written.read_text(encoding="utf-8")
    assert 'language = "nb"' in text
    assert "# Tjenestesteder fra en fil" in text
    read = [load_settings(root / "configs" / name) for name in ("template.toml", "template.nb.toml")]
    assert without_texts(read[0]) | {"language": ""} == without_texts(read[1]) | {"language": ""}


def load_settings(path):
    return load_study(path).settings


SHIPPED = [
    *(("studies", name) for name in ("iceland", "troms", "oslo", "nord-norge", "norge")),
    *(("profiles", name) for name in ("car", "car_winter", "ambulance", "ssb")),
    *(("scenarios", name) for name in ("iceland-fjardarheidi", "troms-senja")),
]
IN_ALL = ("title", "subtitle", "label", "disclaimer", "note", "proxy_note", "description", "limits")


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_shipped_files_speak_every_language(kind, name, root):
    table: Table
    if kind == "studies":
        table = load_study(root / "configs" / f"{name}.toml").settings
    elif kind == "profiles":
        table = read_profile(find_profile(name))
    else:
        table = read_scenario(root / "configs" / "scenarios" / f"{name}.toml")
    texts = dict(texts_in(table))
    assert texts
    for key, text in texts.items():
        for language in languages():
            assert not text.lacks(language), (key, language)
        if text and key.rpartition(".")[2].partition("[")[0] in IN_ALL:
            assert set(text.by_language) == set(languages()), key

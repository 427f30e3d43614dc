"""TOML files read into tables: everything that is wrong is reported, once, with what would fix it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, field_validator

from geoaccess.errors import ConfigError, GeoaccessError, InputError, MissingFileError
from geoaccess.scenarios.changes import NetworkChange
from geoaccess.shipped import shipped
from geoaccess.study import combinations, load_study, study_variations
from geoaccess.study.settings.ambulance import AmbulanceSettings, Places
from geoaccess.study.settings.config_sections import RuleByNames, ServiceSettings
from geoaccess.study.settings.inputs import SitesFromOsm
from geoaccess.study.settings.study_settings import Settings
from geoaccess.toml import Table, did_you_mean, read_toml, toml_tables, toml_text, validate
from tests.test_study_tiny import STUDY, write_study


class Wheel(Table):
    size_cm: float
    spokes: int = 32


class Frame(Table):
    kind: Literal["frame"]
    material: str = "steel"


class Fork(Table):
    kind: Literal["fork"]
    travel_mm: Annotated[int, Field(ge=0)] = 0


class Bicycle(Table):
    title: str
    wheels: list[Wheel] = []
    lights: dict[str, Wheel] = {}
    spare: Wheel | None = None
    parts: list[Annotated[Frame | Fork, Field(discriminator="kind")]] = []

    @field_validator("title")
    @classmethod
    def _short(cls, title):
        if len(title) > 20:
            raise ValueError("at most 20 letters")
        return title


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "bicycle.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_toml(path, Bicycle)

    return read


@pytest.fixture
def refused(read, tmp_path):
    """Say what is wrong with a text, after the path that every message begins with."""

    def refused(text):
        with pytest.raises(ConfigError) as caught:
            read(text)
        begin = f"{tmp_path / 'bicycle.toml'}: "
        assert str(caught.value).startswith(begin)
        return str(caught.value).removeprefix(begin)

    return refused


def test_what_is_right_is_read(read):
    made = read('title = "Ørret"\nwheels = [{ size_cm = 70 }]\n[lights.front]\nsize_cm = 8.5\nspokes = 0')
    assert made.title == "Ørret"
    assert made.wheels == [Wheel(size_cm=70.0, spokes=32)]
    assert made.lights["front"].size_cm == 8.5
    assert made.spare is None


def test_what_was_read_cannot_be_changed(read):
    with pytest.raises(ValidationError):
        read('title = "a"').title = "b"


@pytest.mark.parametrize(
    ("text", "key", "meant"),
    [
        ("weels = 1", "weels", "wheels"),
        ("[spare]\nsize_cm = 1\nspoke = 3", "spare.spoke", "spokes"),
        ("[[wheels]]\nsize_cm = 1\nspoks = 3", "wheels[1].spoks", "spokes"),
        ("[lights.front]\nsize_cm = 1\nspokess = 3", "lights.front.spokess", "spokes"),
        ('[[parts]]\nkind = "frame"\nmateriel = "x"', "materiel", "material"),
        ('[[parts]]\nkind = "fork"\ntravel = 1', "travel", "travel_mm"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(refused, text, key, meant):
    message = refused(f'title = "a"\n{text}')
    assert f'{key}"; did you mean "{meant}"?' in message


def test_a_key_like_no_other_is_answered_with_all(refused):
    assert refused('title = "a"\n[spare]\nsize_cm = 1\nqqq = 3') == 'unknown key "spare.qqq"; known: size_cm, spokes'


def test_the_path_of_a_key_is_the_one_in_the_file(refused):
    """The table that a `kind` chose is no part of it."""
    message = refused('title = "a"\n[[parts]]\nkind = "fork"\ntravel_mm = -1')
    assert message.startswith('"parts[1].travel_mm": ')
    assert "-1" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ['"title" is missing']),
        ('title = "a"\n[spare]', ['"spare.size_cm" is missing']),
        ('title = "a"\n[[wheels]]\nsize_cm = 1\n[[wheels]]', ['"wheels[2].size_cm" is missing']),
        ("title = 5", ['"title"', "string", "found 5"]),
        ('title = "a"\n[spare]\nsize_cm = "big"', ['"spare.size_cm"', "number", "found 'big'"]),
        ('title = "a"\nwheels = 3', ['"wheels"', "list", "found 3"]),
        ('title = "a"\n[spare]\nsize_cm = 1\nspokes = 1.5', ['"spare.spokes"', "integer", "found 1.5"]),
        (f'title = "{"a" * 21}"', ['"title"', "at most 20 letters"]),
        ('title = "a"\n[[parts]]\nkind = "saddle"', ["parts[1]", "saddle", "frame", "fork"]),
        ('title = "a"\n[[parts]]\nmaterial = "x"', ["parts[1]", "kind"]),
    ],
)
def test_missing_keys_and_wrong_values_are_named(refused, text, words):
    message = refused(text)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


def test_all_problems_are_said_at_once(refused):
    message = refused("titel = 1\n[spare]\nspokes = 'x'\n[[wheels]]\nsize_cm = 1\nrim = 2").split("\n  - ")
    assert message[0] == "5 problems"
    for words in ('"title" is missing', '"titel"', '"spare.size_cm" is missing', '"spare.spokes"', '"wheels[1].rim"'):
        assert sum(words in line for line in message) == 1, words


@pytest.mark.parametrize("text", [b"title = [", b'title = "\xe6"', b"title", b"\xff\xfet\x00", b"\x00\x01\x02"])
def test_what_is_no_toml_is_refused(refused, text):
    assert refused(text).startswith("not a TOML file in UTF-8: ")


def test_a_byte_order_mark_does_no_harm(read):
    """Editors on Windows write one."""
    assert read(b'\xef\xbb\xbftitle = "a"').title == "a"


@pytest.mark.parametrize("name", ["none.toml", ""])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(MissingFileError, match="no such file; type `new`") as caught:
        read_toml(tmp_path / name, Bicycle, hint="type `new`")
    assert str(tmp_path / name) in str(caught.value)


def test_every_error_is_both_a_builtin_one_and_ours():
    assert issubclass(ConfigError, InputError)
    assert issubclass(InputError, ValueError)
    assert issubclass(MissingFileError, FileNotFoundError)
    assert all(issubclass(kind, GeoaccessError) for kind in (InputError, MissingFileError))


def test_problems_are_listed_in_their_order():
    one = ConfigError.listing("a.toml", ["x is 1"])
    two = ConfigError.listing("a.toml", ["x is 1", "y is 2"])
    assert isinstance(one, ConfigError)
    assert str(one) == "a.toml: x is 1"
    assert str(two) == "a.toml: 2 problems\n  - x is 1\n  - y is 2"


WORDS = ["population", "off_network_kph", "min_component_km", "disclaimer", "merge_within_m"]


@given(st.sampled_from(WORDS), st.data())
def test_a_word_with_a_slip_of_the_finger_is_recognised(word, data):
    at = data.draw(st.integers(0, len(word) - 2))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    slips = [before + after, before + after[0] + letter + after[1:], before + "x" + letter + after]
    assert did_you_mean(data.draw(st.sampled_from(slips)), WORDS) == f'; did you mean "{word}"?'


def test_a_path_that_is_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(MissingFileError):
        read_toml(Path(tmp_path / "a.toml"), Bicycle)


PLAN = """# my plan
title = "old" # a title

# the offices
[[add]] # first
service = "gp" # why
lon = 1.5

[[add]] # second
service = "gp"
lon = 2.5

[storm]
# passes
passes = ["K", 12]
"""


def test_writing_again_keeps_comments_and_what_has_not_changed():
    assert toml_text(tomllib.loads(PLAN), former=PLAN) == PLAN
    first, second = tomllib.loads(PLAN)["add"]
    wanted = {
        "title": "new",
        "storm": {"passes": ["K"], "until": 3},
        "add": [second, first, {"service": "gp", "lon": 9.0}],
        "close": [{"osm_id": 5}],
        "description": "what for",
    }
    written = toml_text(wanted, former=PLAN)
    assert tomllib.loads(written) == wanted
    for comment in ("# my plan", "# a title", "# the offices", "# first", "# why", "# second", "# passes"):
        assert comment in written
    assert tomllib.loads(toml_text({"title": "b"}, former=PLAN)) == {"title": "b"}
    assert toml_text({"title": "b"}, former="no = = toml") == 'title = "b"\n'


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
scalars = texts | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
keys = st.text("abc_", min_size=1, max_size=3)
rows = st.dictionaries(keys, scalars | st.lists(scalars, max_size=3), max_size=3)
contents = st.dictionaries(keys, scalars | rows | st.lists(rows, min_size=1, max_size=3), max_size=4)


@given(contents, contents)
def test_what_is_written_as_toml_is_read_from_it_whatever_was_there_before(before, after):
    text = toml_text(before)
    assert tomllib.loads(text) == before
    assert tomllib.loads(toml_text(after, former=text)) == after


DEEP = ["a = " + "[" * 50_000, "a = " + "[" * 60 + "]" * 60, "a" + ".a" * 5000 + " = 1", "[" + "a." * 400 + "a]\nb = 1"]


@pytest.mark.parametrize("text", [*DEEP, "a = " + "9" * 5000, "a = ", "\x00"])
def test_what_is_no_toml_or_lies_too_deep_is_a_value_error(tmp_path, text):
    with pytest.raises(ValueError):
        toml_tables(text)
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match="not a TOML file in UTF-8"):
        read_toml(tmp_path / "a.toml", Bicycle)


def test_tables_in_tables_are_read_whatever_mark_the_text_begins_with():
    assert toml_tables("\ufeffa" + ".a" * 40 + " = 1")["a"]["a"]["a"]
    assert toml_tables("a = " + "[" * 40 + "]" * 40)


def test_values_of_variations_that_lie_too_deep_are_words():
    with pytest.raises(ConfigError, match=r"snap\.max_m"):
        study_variations(
            [Path(__file__).parents[1] / "configs/iceland.toml"], combinations(["snap.max_m=" + "[" * 5000])
        )


def test_a_rule_without_tags_would_choose_whatever_there_is():
    with pytest.raises(ConfigError, match=r'"tags\[2\]" is empty'):
        validate(
            {"kind": "osm", "service": "gp", "tags": [{"amenity": "doctors"}, {}]}, SitesFromOsm, subject="[[sites]] 1"
        )
    with pytest.raises(ConfigError, match=r'"tags\[1\]" is empty'):
        validate({"tags": [{}]}, Places, subject="[ambulance.boat] ports")


@pytest.mark.parametrize("name", ["0" * 245, "profiles/" + "x" * 300 + ".toml"])
def test_a_name_too_long_for_a_file_is_none_that_comes_with_the_program(name):
    with pytest.raises(MissingFileError, match="no such file comes with the program"):
        shipped(name)


def tables_of(study):
    """Return the models of all tables that a study file may have."""
    found, waiting = [], [study]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, Table):
            waiting += [] if kind in found else [field.annotation for field in kind.model_fields.values()]
            found += [] if kind in found else [kind]
        waiting += get_args(kind)
    return found


def names_or_more(annotation):
    """Whether a value may be of several types."""
    return get_origin(annotation) in (UnionType, Union)


def errors_at(model, key, value):
    with pytest.raises(ValidationError) as caught:
        model.model_validate({key: value, "no such key": 1})
    return [error["type"] for error in caught.value.errors() if error["loc"][0] == key]


def test_no_key_of_a_study_takes_an_empty_name():
    """Whatever takes a text takes "x" or says what it wants; "" is taken where it is the default alone."""
    plain = {
        (model, name): errors_at(model, name, "")
        for model in tables_of(Settings)
        for name, field in model.model_fields.items()
        if str in (field.annotation, *(get_args(field.annotation) if names_or_more(field.annotation) else ()))
        if field.default != "" and "PlainValidator" not in repr(field.metadata)  # which are texts for readers
    }
    assert {(ServiceSettings, "municipality"), (RuleByNames, "column"), (AmbulanceSettings, "calls")} <= {*plain}
    assert len(plain) > 60
    assert [key for key, errors in plain.items() if "string_too_short" not in errors] == []
    assert errors_at(Settings, "author", "") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("norms_min = [10]", 'municipality = ""', '"services.gp.municipality" is empty; write what it should hold, or'),
        (
            "norms_min = [10]",
            'rule = { kind = "names", column = "" }',
            r'"services.gp.rule.column" is empty; write what it should hold$',
        ),
        ("[population]", '[population]\ncarry = [""]', r'"population.carry\[1\]" is empty; write .*, or take it out'),
        (
            "[population]",
            '[population]\nages = { "" = "a" }',
            '"population.ages" has an empty key; write what it should',
        ),
        (
            "[population]",
            '[population]\nages = { old = "" }',
            '"population.ages.old" is empty; write what it should hold',
        ),
        (
            "[population]",
            '[ambulance]\nbase = "gp"\nsite = "gp"\ncalls = ""\n[population]',
            r'\.toml: "ambulance.calls" is empty; write what it should hold, or leave it out$',
        ),
    ],
)
def test_empty_names_in_a_study(tmp_path, old, new, said):
    with pytest.raises(ConfigError, match=said):
        load_study(write_study(tmp_path, STUDY.replace(old, new, 1)))


def test_rows_may_be_chosen_by_an_empty_value(tmp_path):
    text = STUDY.replace("[population]", '[population]\nwhere = { note = [""] }', 1)
    assert load_study(write_study(tmp_path, text)).settings.population.where == {"note": [""]}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("network.profile", "emergency", 'no profile "emergency" comes with the program'),
        ("ambulance.profile", "ambulanc", 'did you mean "ambulance"?'),
        ("centrality.profile", "sbb", 'did you mean "ssb"?'),
        ("centrality.scheme", "norwey", 'did you mean "norway"?'),
    ],
)
def test_a_name_of_nothing_shipped_is_refused_with_its_key(root, key, value, words):
    table, name = key.split(".")
    study = tomllib.loads((root / "configs" / "iceland.toml").read_text(encoding="utf-8"))
    study[table][name] = value
    with pytest.raises(ConfigError) as refused:
        validate(study, Settings, subject="study.toml")
    assert f'study.toml: "{key}"' in str(refused.value)
    assert words in str(refused.value)


def test_a_scenario_names_a_profile_there_is():
    assert NetworkChange(profile="own.toml").profile == "own.toml"
    with pytest.raises(ValueError, match='did you mean "car_winter"'):
        NetworkChange(profile="car-winter")

"""Every number that people may write has both bounds, and is written in the digits of a keyboard."""

from __future__ import annotations

import importlib
import pkgutil
import re

import numpy as np
import pandas as pd
import pydantic
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import geoaccess
from geoaccess import files
from geoaccess.cli import _refuse_odd_numbers, app
from geoaccess.cli.app import minutes_list
from geoaccess.clock import parse_clock_s, parse_sailings, read_duration_s
from geoaccess.errors import ConfigError, InputError, MissingFileError
from geoaccess.network import Network
from geoaccess.scenarios import Scenario, apply_to_network
from geoaccess.study import load_study
from geoaccess.study.settings.ambulance import AmbulanceSettings
from geoaccess.tables import csv_text, read_table, to_numbers
from geoaccess.tables.writing import plain_text, safe_text
from geoaccess.toml import Table, validate
from tests.test_study_tiny import STUDY

UNIONS = {f"AmbulanceSettings.{name}" for name in ("availability", "calls", "vehicles")}
"""Numbers or names of columns; that each is bounded is tested below."""


def models():
    for module in pkgutil.walk_packages(geoaccess.__path__, "geoaccess."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, rest = set(), [pydantic.BaseModel]
    while rest:
        for one in rest.pop().__subclasses__():
            if one not in found:
                found.add(one)
                rest.append(one)
    return sorted((one for one in found if one.__module__.startswith("geoaccess.")), key=str)


def unbounded(schema, name):
    """Yield the name of each number of a JSON schema that lacks a bound; other models are looked at by themselves."""
    if not isinstance(schema, dict):
        return
    low, high = "minimum" in schema, {"maximum", "exclusiveMaximum"} & {*schema}  # 1e-300 is above 0, too
    if schema.get("type") in {"number", "integer"} and not {"const", "enum"} & {*schema} and not (low and high):
        yield name
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("prefixItems", ())):
        yield from unbounded(part, name)
    for part in ("items", "additionalProperties"):
        yield from unbounded(schema.get(part), name)
    for key, part in schema.get("properties", {}).items():
        yield from unbounded(part, f"{name}.{key}")


def test_every_number_of_a_model_has_both_bounds():
    found = models()
    assert len(found) > 90
    lacking = {name for model in found for name in unbounded(model.model_json_schema(), model.__name__)}
    assert lacking == UNIONS


def test_the_test_of_bounds_can_fail():
    class Loose(pydantic.BaseModel):
        a: float
        b: list[int] = []
        c: tuple[float, str] | None = None
        d: float = pydantic.Field(gt=0, le=1)
        e: float = pydantic.Field(ge=0, le=1)

    assert sorted(unbounded(Loose.model_json_schema(), "Loose")) == ["Loose.a", "Loose.b", "Loose.c", "Loose.d"]


@pytest.mark.parametrize("name", sorted(UNIONS))
@pytest.mark.parametrize("value", [1e300, -1.0])
def test_numbers_that_may_be_names_of_columns_are_bounded(name, value):
    with pytest.raises(pydantic.ValidationError):
        AmbulanceSettings.model_validate({name.partition(".")[2]: value})


def test_every_number_of_the_command_line_has_both_bounds():
    commands = typer.main.get_command(app).commands
    numbers, lacking = 0, []
    for command in commands.values():
        for option in command.params:
            described = option.type_descriptor
            if {int, float} & {described.annotation, *getattr(described.annotation, "__args__", ())}:
                numbers += 1
                info = described.parameter_info
                if info.min is None or info.max is None:
                    lacking.append(f"{command.name} {option.name}")
    assert numbers > 20
    assert lacking == []


@pytest.mark.parametrize("text", ["1_0", "१२", "\uff11\uff12", "0x10", "1__0"])
def test_numbers_are_those_of_a_keyboard(text):
    assert np.isnan(to_numbers(pd.Series([text]))).all()
    assert read_duration_s(text) is None
    assert parse_clock_s(f"{text}:30") is None


@pytest.mark.parametrize(
    "text", ["8:\u00b2", "01:3\u00b2", "1:30:\u00b2", "12:" + "9" * 5000, "9" * 5000 + ":" + "9" * 5000]
)
def test_what_is_a_digit_to_unicode_alone_or_too_long_is_no_time(text):
    assert read_duration_s(text) is None
    assert parse_clock_s(text) is None
    with pytest.raises(ValueError, match="is no time of day"):
        parse_sailings(f"06:00-22:00/{'9' * 5000}")


@pytest.mark.parametrize("given", [["--seconds", "1_0"], ["--seconds=1_0"], ["--add", "\u0967\u0968"]])
def test_numbers_of_the_command_line_are_those_of_a_keyboard(given):
    with pytest.raises(InputError, match="write a"):
        _refuse_odd_numbers(["site", "a_b.toml", *given])
    _refuse_odd_numbers(["site", "a_b.toml", "--seconds", "10", "--objective", "a_b"])


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+47 22", "-2+3", "=cmd|' /C calc'!A0", "-x"])
def test_a_table_for_people_holds_no_formula_and_is_read_as_it_was(tmp_path, text):
    table = pd.DataFrame({"name": [text, "Moss"], "people": [-1.5, 2.0]})
    written = csv_text(table)
    assert f"'{text}" in written
    assert "\n'" in written or "\n\"'" in written
    (tmp_path / "a.csv").write_text(written, encoding="utf-8")
    assert read_table(tmp_path / "a.csv")["name"].tolist() == [text, "Moss"]
    assert table["name"].tolist() == [text, "Moss"]


@pytest.mark.parametrize("text", ["-2.5", "-", "+7", "'s-Hertogenbosch", "A=B", "\u2212 3"])
def test_numbers_and_names_stay_as_they_are(text):
    assert csv_text(pd.DataFrame({"name": [text]})) == f"name\n{text}\n"


def test_a_tab_or_a_carriage_return_before_a_formula_is_no_way_around():
    for text in ("\t=1+1", "\r=1+1"):
        assert csv_text(pd.DataFrame({"name": [text]})).startswith(("name\n'", "name\n\"'"))


@pytest.mark.parametrize(
    "text", ["Moss;=1+1", 'Moss;"=1+1"', "Moss; +cmd|x", "Moss\n=1+1", "Moss\r\n@SUM(A1)", "-2;-1\t+cmd|x", "a;-2;=1"]
)
def test_a_table_that_is_parted_at_semicolons_holds_no_formula(tmp_path, text):
    """As spreadsheets do where a comma stands in numbers: quotation marks count only at the beginning of a field."""
    written = csv_text(pd.DataFrame({"id": ["0301"], "name": [text], "people": [-1.5]}))
    fields = [field.strip('" ') for line in written.splitlines()[1:] for field in re.split(r"[;\t]", line)]
    signed = pd.Series([field for field in fields if re.match(r"[=@+-]", field)], dtype=str)
    assert len(fields) > 1
    assert not np.isnan(to_numbers(signed)).any()
    (tmp_path / "a.csv").write_text(written, encoding="utf-8", newline="")
    assert read_table(tmp_path / "a.csv")["name"].tolist() == [text.replace("\r\n", "\n")]


@given(st.text(st.sampled_from("a1;\t\r\n'\"=@+-. ")))
def test_every_text_that_is_made_safe_is_given_back_as_it_was(text):
    safe = safe_text(text)
    assert plain_text(safe) == text
    assert safe.replace("'", "") == text.replace("'", "")


@pytest.fixture
def road():
    return Network.from_edges(lon=[10, 10.1], lat=[60, 60], u=[0], v=[1], forward_s=[600], backward_s=[600], way_id=[7])


def test_what_several_make_slower_together_is_bounded(road):
    slow = [{"osm_id": 7, "factor": 20}, {"osm_id": 7, "factor": 30}]
    said = r"\[\[slow\]\] 1 and \[\[slow\]\] 2 together make way 7 take 20 x 30 = 600 times as long, more than 100"
    with pytest.raises(InputError, match=said):
        apply_to_network(Scenario(title="Ice", slow=slow), road)
    ten = apply_to_network(Scenario(title="Ice", slow=[slow[0], {"osm_id": 7, "factor": 5}]), road)
    assert ten.network.edge_forward_ds.tolist() == [600 * 10 * 100]


# What a message says


def said(folder, more, *, old=""):
    text = STUDY.replace(old, more) if old else f"{more}\n{STUDY}"
    (folder / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_study(folder / "a.toml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "min_component_km = 3",
            "min_component_km = 7000",
            "found 7000, which looks like metres; in kilometres it is 7)",
        ),
        ("max_m = 2500", "max_m = 2e9", "found 2000000000.0)"),
        (
            "norms_min = [10]",
            "norms_min = [1800000]",
            "found 1800000, which looks like seconds; in minutes it is 30000)",
        ),
        ("norms_min = [10]", "norms_min = [1e300]", "found 1e+300)"),
        ('year = 2024\nsource = "made up"\n\n[services', 'year = 20240\nsource = "x"\n\n[services', "found 20240)"),
    ],
)
def test_a_number_beyond_its_bounds_is_named_with_the_unit_that_it_looks_like(tmp_path, old, new, words):
    assert words in said(tmp_path, new, old=old)


@pytest.mark.parametrize("new", ['"2_500"', '"2500"', '"\u0967\u0968"', "true"])
def test_a_text_or_a_truth_is_no_number(tmp_path, new):
    words = '"snap.max_m": write a number, without quotation marks (found '
    assert words in said(tmp_path, f"max_m = {new}", old="max_m = 2500")


def test_names_of_tables_that_are_numbers_stay_so():
    class Cutoffs(Table):
        of_class: dict[int, float] = pydantic.Field(min_length=1)
        either: float | str = 1.0

    assert validate({"of_class": {"1": 30}, "either": "column"}, Cutoffs, subject="a").of_class == {1: 30}
    with pytest.raises(ConfigError, match="without quotation marks"):
        validate({"of_class": {"1": "30"}}, Cutoffs, subject="a")


def test_a_share_in_per_cent_is_said():
    class Shares(Table):
        share: float = pydantic.Field(ge=0, le=1)

    for value, words in ((95, "per cent; as a share it is 0.95"), (101, "found 101)"), (-1, "found -1)")):
        with pytest.raises(ConfigError) as caught:
            validate({"share": value}, Shares, subject="a")
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--seconds", "1" + "0" * 30], "--seconds is 1" + "0" * 30 + "; give a number from 0 to 1000000"),
        (["--max-loss=1e300"], "--max-loss is 1e300; give"),
        (["--norm", "-5"], "--norm is -5; give"),
        (["--add", "2.5"], "--add is '2.5'; write a whole number"),
        (["--add", "20000"], "--add is 20000; give a number from 0 to 10000"),
        (["--seconds", "nan"], "--seconds is nan; give"),
        (
            ["--share", "95"],
            "--share is 95, which looks like per cent; as a share it is 0.95; give a number from 0 to 1",
        ),
    ],
)
def test_an_option_beyond_its_bounds_is_named_with_what_was_given(given, words):
    with pytest.raises(InputError) as caught:
        _refuse_odd_numbers(["site", "x.toml", "gp", *given])
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("1_0", "--minutes is '1_0'; write a number such as 12.5"),
        ("30,\u0967\u0968", "--minutes is '\u0967\u0968'; write a number"),
        ("1e-300", "--minutes is 1e-300; give a number from 0.1 to 100000"),
        ("30,1e308", "--minutes is 1e308; give a number from 0.1 to 100000"),
        ("nan", "--minutes is nan; give"),
        ("-5", "--minutes is -5; give"),
        (" ,", "--minutes is ' ,'; write minutes with commas, such as 30,60,90"),
    ],
)
def test_each_of_several_minutes_is_a_number_within_bounds(given, words):
    with pytest.raises(InputError) as caught:
        minutes_list("--minutes", given)
    assert str(caught.value).startswith(words)
    assert minutes_list("--minutes", "90, 30.5,90") == (90, 30.5)


# Names and texts


LONG = "a" * 300


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "A small country"', f'title = "{LONG}"', '"title": write at most 250 letters; this has 300'),
        ('label = "GP"', f'label = "{LONG}"', '"services.gp.label": write at most 120 letters; this has 300'),
        ('label = "GP"', f'label = {{ en = "GP", nb = "{LONG}" }}', "write at most 120 letters; this has 300"),
        ("[services.birth_unit]", f"[services.{LONG}]", "a key of 300 letters"),
        ("[snap]", f"[snap]\n{LONG} = 1", "a key of 300 letters"),
        ('output = "out"', f'output = "out/{LONG}"', "no folder has a name of 300 letters; give it 200 at most"),
        (
            'disclaimer = "made up: for tests"',
            f'disclaimer = "{LONG * 20}"',
            "write at most 5000 letters; this has 6000",
        ),
    ],
)
def test_names_and_texts_that_fit_nowhere_are_refused_and_shown_in_short(tmp_path, old, new, words):
    message = said(tmp_path, new, old=old)
    assert words in message
    assert len(message) < 500


def test_a_scenario_of_a_long_name_is_refused_and_sentences_are_not(tmp_path):
    with pytest.raises(pydantic.ValidationError, match="at most 250 letters"):
        Scenario(title=LONG)
    assert len(Scenario(title="A", description=LONG).description) == 300


def test_a_file_of_a_name_that_no_disk_takes_is_not_there(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        files.require(tmp_path / f"{LONG}.csv")

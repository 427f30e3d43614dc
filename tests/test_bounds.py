"""Every number that people may write has both bounds, and is written in the digits of a keyboard."""

from __future__ import annotations

import importlib
import pkgutil

import numpy as np
import pandas as pd
import pydantic
import pytest
import typer

import geoaccess
from geoaccess.cli import _refuse_odd_numbers, app
from geoaccess.clock import parse_clock_s, read_duration_s
from geoaccess.errors import InputError
from geoaccess.network import Network
from geoaccess.scenarios import Scenario, apply_to_network
from geoaccess.study.settings.ambulance import AmbulanceSettings
from geoaccess.tables import csv_text, read_table, to_numbers

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
    if schema.get("type") in {"number", "integer"} and not {"const", "enum"} & {*schema}:
        low, high = {"minimum", "exclusiveMinimum"} & {*schema}, {"maximum", "exclusiveMaximum"} & {*schema}
        if not (low and high):
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

    assert sorted(unbounded(Loose.model_json_schema(), "Loose")) == ["Loose.a", "Loose.b", "Loose.c"]


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


@pytest.mark.parametrize("given", [["--seconds", "1_0"], ["--seconds=1_0"], ["--add", "\u0967\u0968"]])
def test_numbers_of_the_command_line_are_those_of_a_keyboard(given):
    with pytest.raises(InputError, match="write a number"):
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

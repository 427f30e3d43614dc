"""A default has one value: in the template, in the models of the study file, in functions and on the command line."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

import numpy as np
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import geoaccess
from geoaccess import defaults
from geoaccess.study.settings.study_settings import Settings

ROOT = Path(__file__).resolve().parents[1]
SECONDS = {"_min": 60.0, "_s": 1.0, "_km": 1000.0, "_m": 1.0}

# What people may set: in a study file, on the command line, in a question; and what a study file has other words for.
ASKED = ("study.settings.", ".cli.", ".questions.")
NAMED = ("max_snap", "min_component", "direction")

# One word for several things: what stands here under a name is compared with nothing of that name, and why.
OTHER = {
    "add": {"cli.capacities": "sites in turn, with none added", "CapacityQuestion": "likewise"},
    "built_up": {"measures.response": "a column"},
    "by": {"scenarios.difference.most_affected": "places, not classes"},
    "candidates": {"office_days": "offices are put into settlements", "vehicles": "likewise", "DayQuestion": "likewise",
                   "FleetQuestion": "likewise", "capacities": "likewise", "CapacityQuestion": "likewise"},
    "cutoff": {"measures.decay": "none", "routing.matrices": "none"},
    "days": {"planner": "which days of the week", "routing": "days of a timetable"},
    "decimals": {"phrases": "of how a number is written", "wording": "likewise"},
    "demand": {"Settings": "a section"},
    "draws": {"equity.table": "none unless asked for", "EquitySettings": "likewise"},
    "label": {"siting.objectives": "each its own"},
    "least_people": {"office_days": "smaller places may have an office for a day", "DayQuestion": "likewise"},
    "merge_within": {"SitesFromFile": "a list of sites names each once; mapped features do not"},
    "method": {"equity.intervals": "of resampling", "siting.locating.frontier": "many solutions in one call"},
    "objective": {"CapacityQuestion": "people served within the norm"},
    "people": {"demand.ages": "a column of a projection", "ProjectionSettings": "likewise", "BuiltUp": "a number"},
    "profile": {"CentralityComputed": "posted speeds, whatever the study drives by"},
    "scheme": {"CentralityDegurba": "the one that can be computed from a grid"},
    "seconds": {"planner.suggest": "a page waits for it", "siting.highs": "the door to the solver: no limit"},
    "share": {"equity.norms": "of a norm", "osm.driving": "of a speed"},
    "step": {"measures.curves": "of a curve"},
    "within": {"osm.driving": "of a curve", "planner.app": "of a click"},
    "year": {"osm.profile": "of dates"},
    "wait": {"osm.profile": "the rule of a profile, which a study may follow"},
}  # fmt: skip

# What the template shows as an example, because the default says nothing: it is the word in brackets.
EXAMPLES = {
    "network.profile": "the copy beside the study (car)",
    "services.ambulance_base.toward": "a service that comes to people (sites)",
}


def public_defaults():
    """Return every default of the package: (name, where, value), of functions, dataclasses, models and options."""
    found = []
    for info in pkgutil.walk_packages(geoaccess.__path__, "geoaccess."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for name, item in vars(module).items():
            if getattr(item, "__module__", None) != info.name:
                continue
            where = f"{info.name}.{name}"
            if inspect.isclass(item) and issubclass(item, BaseModel):
                found += [(key, where, field.default) for key, field in item.model_fields.items()]
            elif dataclasses.is_dataclass(item):
                found += [(field.name, where, field.default) for field in dataclasses.fields(item)]
            elif inspect.isfunction(item):
                minutes = in_minutes(item) if ".cli." in where else set()
                found += [
                    (f"{key}_min" if key in minutes else key, where, parameter.default)
                    for key, parameter in inspect.signature(item).parameters.items()
                ]
    missing = (PydanticUndefined, dataclasses.MISSING, inspect.Parameter.empty)
    return [entry for entry in found if not any(entry[2] is nothing for nothing in missing)]


def in_minutes(function):
    """Return the options of a verb that are described as minutes."""
    parameters = inspect.signature(function).parameters
    return {key for key, parameter in parameters.items() if "minutes" in str(parameter.annotation).lower()}


def in_units(key, value):
    """Return a name without its unit, and a value in seconds or metres, sequences as tuples of float."""
    if isinstance(value, list | tuple):
        value = tuple(float(part) if isinstance(part, int) else part for part in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = float(value)
        for suffix, factor in SECONDS.items():
            if key.endswith(suffix):
                return key.removesuffix(suffix), value * factor
    return key, value


def says_nothing(value):
    return value is None or isinstance(value, bool) or value in ("", ()) or (isinstance(value, dict) and not value)


def test_a_name_has_one_default_wherever_it_stands():
    found = {}
    for key, where, given in public_defaults():
        name, value = in_units(key, given)
        if not says_nothing(value) and not any(part in where for part in OTHER.get(name, ())):
            found.setdefault(name, {}).setdefault(repr(value), []).append(where)
    asked = {
        name: values
        for name, values in found.items()
        if name in NAMED or any(room in where for places in values.values() for where in places for room in ASKED)
    }
    assert {name: values for name, values in asked.items() if len(values) > 1} == {}
    # What the study file says in minutes and kilometres is among what was compared.
    together = (
        "cutoff max_nearest merge_within min_component off_network_kph seconds share step tenth_at unreached cut_off"
    )
    for name in together.split():
        assert sum(map(len, found[name].values())) > 1, name


def test_exceptions_are_still_needed():
    entries = [(in_units(key, value)[0], where) for key, where, value in public_defaults()]
    stale = [
        (name, part) for name, parts in OTHER.items() for part in parts
        if not any(name == key and part in where for key, where in entries)
    ]  # fmt: skip
    assert stale == []


@pytest.mark.parametrize(
    ("model", "key", "value"),
    [
        ("snap", "max_m", defaults.MAX_SNAP_M),
        ("snap", "off_network_kph", defaults.OFF_NETWORK_KPH),
        ("equity", "draws", defaults.EQUITY_DRAWS),
        ("network", "min_component_km", defaults.MIN_COMPONENT_M / 1000),
    ],
)
def test_models_take_what_the_package_takes(model, key, value):
    (table,) = models_of(Settings.model_fields[model].annotation)
    assert table.model_fields[key].default == value
    arguments = {name: given for name, where, given in public_defaults() if where == "geoaccess.network.snapping.snap"}
    assert arguments["max_snap_m"] == defaults.MAX_SNAP_M
    assert arguments["min_component_m"] == defaults.MIN_COMPONENT_M


def models_of(annotation):
    """Return the models that a table, a list of tables or a choice of tables may be."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (UnionType, Union, Annotated, list, dict):
        return [model for part in get_args(annotation) for model in models_of(part)]
    return []


def shown_in_template():
    """Return (section, key, value, kind) for every key of the template, commented out or not."""
    section, kind, found = (), None, []
    for line in (ROOT / "configs/template.toml").read_text(encoding="utf-8").splitlines():
        bare = line.removeprefix("# ")
        if head := re.fullmatch(r"\[\[?([\w.]+)\]\]?\s*(?:#.*)?", bare):
            section, kind = tuple(head[1].split(".")), None
        elif re.match(r"\w+ = ", bare):
            try:
                ((key, value),) = tomllib.loads(bare).items()
            except tomllib.TOMLDecodeError:
                continue  # a sentence of a comment
            kind = value if key == "kind" else kind
            found.append((section, key, value, kind))
    return found


def tables_at(section):
    """Return the models of a section of the study file: ("demand", "ages") or ("services", "gp")."""
    models = [Settings]
    for part in section:
        deeper = [
            m for model in models if part in model.model_fields for m in models_of(model.model_fields[part].annotation)
        ]
        models = deeper or models  # the name of a service or of a measure is no table of its own
    return models


def test_the_template_shows_only_keys_that_there_are_and_their_defaults():
    shown, compared, wrong = shown_in_template(), 0, []
    assert len(shown) > 100
    for section, key, value, kind in shown:
        path = ".".join((*section, key))
        if section == ("centrality", "functions"):
            continue  # names are the reader's own
        models = [model for model in tables_at(section) if key in model.model_fields]
        if "kind" in {name for model in models for name in model.model_fields} and kind is not None:
            models = [m for m in models if kind in get_args(m.model_fields["kind"].annotation)] or models
        if section == ("centrality", "functions"):  # its keys are names of the user's own
            continue
        if not models:
            wrong.append(f"{path} is no key")
            continue
        given = [m.model_fields[key].default for m in models if m.model_fields[key].default is not PydanticUndefined]
        given = [in_units(key, default)[1] for default in given]
        given = [default for default in given if not says_nothing(default) and not isinstance(default, BaseModel)]
        if path == "population.anchor":  # None: ids or the grid show it, else this
            given = [defaults.ANCHOR]
        if path in EXAMPLES or not given:
            continue
        compared += 1
        if not any(in_units(key, value)[1] == default for default in given):
            wrong.append(f"{path} = {value!r} in the template, {given} where it is left out")
    assert wrong == []
    assert compared > 25


def test_days_have_their_seconds_once():
    package = Path(geoaccess.__file__).parent
    found = [
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if re.search(r"\b86_?400\b", re.sub(r'"""(.|\n)*?"""', "", file.read_text(encoding="utf-8")))
    ]
    assert found == ["defaults.py"]
    assert np.isclose(defaults.UNREACHED_MIN * 60, defaults.DAY_S)

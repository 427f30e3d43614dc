"""Studies of a small country, changed by what the models of their keys allow, and solved."""

from __future__ import annotations

import functools
import shutil
import tempfile
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import tomlkit
from test_study_ambulance import CHAIN, write_chain
from test_study_tiny import PEOPLE, STUDY

from fuzzing import mutations
from fuzzing.comparisons import answer_or_error
from fuzzing.values import NUMBERS, WORDS

_SUPPLY = """
[catchments.near]
service = "gp"
measure = "two_step"
supply = "doctors"
cutoff_min = 30
[catchments.far]
service = "hospital"
measure = "gravity"
decay = { kind = "exponential", scale_min = 20 }
cutoff_min = 120
"""
_SERVICES = ("gp", "hospital", "ambulance_base", "birth_unit")
_FILES = (
    "people.csv",
    "sites.csv",
    "centrality.csv",
    "municipalities.geojson",
    "roads.osm.pbf",
    "flat.toml",
    "helicopters.csv",
    "quays.csv",
    "x.csv",
    ".",
    "",
)
_COLUMNS = (
    "cell_id",
    "people",
    "town",
    "calls",
    "id",
    "service",
    "name",
    "lon",
    "lat",
    "proxy",
    "there",
    "cars",
    "number",
    "called",
    "doctors",
    "days",
    "opening",
    "level",
    "none",
    "",
)
_WORDS = {
    **dict.fromkeys(("service", "base", "site", "sites_of"), (*_SERVICES, "gpp")), **dict.fromkeys(("file", "sources", "ferries", "closures"), _FILES),
    "profile": ("flat.toml", "car", "car_winter", "ambulance", "cars"), "measure": ("two_step", "gravity", "cumulative", "nearest", "m2sfca", "x"),
    "language": ("en", "nb", "xx"), "output": ("out", "other", "cache", ".", ""), "opening": ("opening", "proxy", "Mo-Fr 08:00-16:00"),
}  # fmt: skip


@functools.cache
def country():
    """Return a folder with all that studies may name; it is there as long as the process."""
    kept = tempfile.TemporaryDirectory()
    write_chain(Path(kept.name))
    sites = Path(kept.name) / "sites.csv"
    pd.read_csv(sites, dtype=str).assign(doctors="2", days="5", opening="Mo-Fr 08:00-16:00", level="high").to_csv(
        sites, index=False
    )
    return SimpleNamespace(kept=kept, folder=Path(kept.name))


def studies_of_the_country():
    """Return studies that all can be solved."""
    return [
        text.encode()
        for text in (STUDY, STUDY + CHAIN, STUDY + _SUPPLY, STUDY + _SUPPLY.partition("[catchments.far]")[0] + CHAIN)
    ]


# Changes by the models


@functools.cache
def _schema():
    from geoaccess.study.settings.study_settings import Settings

    return Settings.model_json_schema()


def _meant(rng, schema):
    """Return one of the forms that a value may have."""
    while True:
        if "$ref" in schema:
            schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
        elif "anyOf" in schema or "oneOf" in schema:
            schema = rng.choice([one for one in schema.get("anyOf") or schema["oneOf"] if one.get("type") != "null"])
        else:
            return schema


def _value(rng, schema, key=""):
    """Return a value that the model may take, at a bound of it, or beyond."""
    schema = _meant(rng, schema)
    if "const" in schema or "enum" in schema:
        return rng.choice((*schema.get("enum", ()), schema.get("const", "x"), "x"))
    kind = schema.get("type")
    if kind in ("number", "integer"):
        ends = [
            schema[name] for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") if name in schema
        ]
        near = [end + step for end in ends for step in (0, 0, 1, -1, 1e-9)] or [0, 1, -1]
        found = rng.choice((*near, 1, 2, 10, 5e-324, 1e308))
        return int(found) if kind == "integer" and rng.random() < 0.9 and abs(found) < 1e300 else found
    if kind == "boolean":
        return rng.random() < 0.5
    if kind == "array":
        items = schema.get("items") or rng.choice(schema.get("prefixItems", [{}]))
        return [_value(rng, items, key) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    if kind == "object":
        asked = schema.get("required", ())
        names = [name for name in schema.get("properties", ()) if name in asked or rng.random() < 0.3]
        found = {name: _value(rng, schema["properties"][name], name) for name in names}
        if isinstance(of := schema.get("additionalProperties"), dict) and rng.random() < 0.8:
            found[rng.choice((*_SERVICES, *_COLUMNS[:4], "1", "a b"))] = _value(rng, of, key)
        return found
    if key in _WORDS and rng.random() < 0.8:
        return rng.choice(_WORDS[key])
    return rng.choice(_COLUMNS if rng.random() < 0.6 else WORDS[:-1] if rng.random() < 0.7 else NUMBERS)


def _tables(tree, schema, rng):
    """Yield every table of a study with the model of it."""
    schema = _meant(rng, schema)
    if isinstance(tree, dict):
        yield tree, schema
        for key, value in tree.items():
            inner = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if isinstance(inner, dict):
                yield from _tables(value, inner, rng)
    elif isinstance(tree, list) and isinstance(schema.get("items"), dict):
        for value in tree:
            yield from _tables(value, schema["items"], rng)


def change_study(rng, data):
    """Change a study: a value of a key, a key that it may have, or one fewer; at times by the rules of any TOML."""
    if rng.random() < 0.1:
        return mutations.change_toml(rng, data)
    try:
        tree = tomllib.loads(data.decode())
        table, schema = rng.choice(list(_tables(tree, _schema(), rng)))
        names = [*schema.get("properties", ())]
        there = [key for key in table if key in names]
        draw = rng.random()
        if draw < 0.15 and there:
            del table[rng.choice(there)]
        elif names:
            key = rng.choice(there if draw < 0.5 and there else names)
            table[key] = _value(rng, schema["properties"][key], key)
        else:
            table[rng.choice((*_SERVICES, "x"))] = _value(rng, schema.get("additionalProperties") or {})
        return tomlkit.dumps(tree).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001 - it is no study any more, or one that TOML cannot hold
        return mutations.change_toml(rng, data)


# The law


def _only_of_results(by_check):
    """Whether a check has nothing to say but that results have no place, which is not asked of what is only solved."""
    said = [line for line in str(by_check).splitlines() if not line.endswith("problems")]
    return all("is there already, and not from a run before" in line for line in said)


def solve_country(path):
    """Solve a study: everybody is in the answer, and `check` refuses what a run refuses, and nothing else."""
    from geoaccess.study import check, describe_network, load_study, solve_study

    own = country().folder / path.name
    shutil.copy(path, own)
    study = load_study(own)
    answers, refused = answer_or_error(solve_study, study, show=False)
    _, by_check = answer_or_error(check, study, show=False)
    assert (refused is None) == (by_check is None or _only_of_results(by_check)), (
        f"run: {refused or 'answers'}; check: {by_check or 'is content'}"
    )
    if refused is not None:
        raise refused
    describe_network(study)
    people = answers.results["population"]
    assert study.settings.population.people != "people" or people.sum() <= sum(PEOPLE.values())
    for service in study.settings.services:
        times = answers.results[f"{service}_s"]
        assert pd.api.types.is_float_dtype(times)
        assert (times[np.isfinite(times)] >= 0).all()
        assert ((answers.results[f"{service}_reason"] != "") == ~np.isfinite(times)).all()

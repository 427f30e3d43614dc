"""Scenarios as lists of changes to a small country, changed by what their keys mean, and compared."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import json
import shutil
import tempfile
import tomllib
import unittest.mock
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import tomlkit
from test_study_tiny import PLACES, STUDY, WAYS, degrees, write_roads, write_study

from fuzzing import mutations
from fuzzing.values import NUMBERS, WORDS
from geoaccess.errors import GeoaccessError

_DAY = dt.date(2026, 1, 14)
NAMED = {
    0: {"name": "Vestveien", "ref": "E 6"},
    1: {"name": "Vestveien"},
    2: {"ref": "Fv. 7;E 6"},
    3: {"name": "Øvre \u202e"},
}
_ENDS = "from_lon,from_lat,to_lon,to_lat"
_SUPPLY = """
[catchments.near]
service = "gp"
measure = "two_step"
supply = "doctors"
cutoff_min = 30
"""


@functools.cache
def country():
    """Return a small country, solved, with files that scenarios may name beside it; it is there as long as the process."""
    from geoaccess.questions.scenario_run import solve_baseline
    from geoaccess.study import load_study

    kept = tempfile.TemporaryDirectory()
    folder = Path(kept.name)
    text = STUDY.replace('label = "GP"\n', 'label = "GP"\ndays_per_week = "days"\n')
    text = text.replace('profile = "flat.toml"\n', 'profile = "flat.toml"\nferries = "ferries.csv"\n')
    path = write_study(folder, text + _SUPPLY)
    quays = ",".join(f"{value:.7f}" for place in ("quay", "east") for value in degrees(*PLACES[place]))
    (folder / "ferries.csv").write_text(
        f"name,{_ENDS},departures,minutes\nCar ferry,{quays},07:00 12:30 20:00 23:30,30\n"
    )
    write_roads(
        folder / "roads.osm.pbf", [(ends, {**tags, **NAMED.get(at, {})}) for at, (ends, tags) in enumerate(WAYS)]
    )
    sites = pd.read_csv(folder / "sites.csv", dtype=str)
    sites.assign(days="5", doctors="2", opening=["Mo,We", "", "24/7", "", ""]).to_csv(folder / "sites.csv", index=False)
    people = pd.read_csv(folder / "people.csv")
    tables = {
        "later": people.assign(later=people["people"] * 2.5), "few": people.head(2), "zero": people.assign(people=0),
        "gaps": people.assign(people=people["people"].where(people.index != 1)), "less": people.assign(people=-1), "none": people.head(0),
        "words": people.assign(people="many"), "twice": pd.concat([people, people]), "huge": people.assign(people=1e300),
    }  # fmt: skip
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    ring = [degrees(*at) for at in ((22, -9), (23, -9), (23, 0), (22, 0), (22, -9))]
    shape = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    empty = {"type": "FeatureCollection", "features": []}
    for name, content in (("strait", shape), ("point", {"type": "Point", "coordinates": ring[0]}), ("empty", empty)):
        (folder / f"{name}.geojson").write_text(json.dumps(content))
    study = load_study(path)
    base = solve_baseline(study, names=True, show=False)
    return SimpleNamespace(
        folder=folder, kept=kept, study=study, answers=base.answers, people=base.results["population"].sum()
    )


def scenarios_of_the_country():
    """Return scenarios that all can be compared, with every key that there is."""
    at = [
        dict(zip(("lon", "lat"), degrees(*km), strict=True))
        for km in ((10.5, 0.5), (27.5, -9.5), (22.5, 5.0), (15.5, -9.5))
    ]
    west, east = ({"service": "gp", "site": f"gp-{place}"} for place in ("west", "east"))
    changes = [
        {"add": [{"service": "gp", "name": "Middle", **at[0], "days_per_week": 2, "capacity": 3, "level": "a", "opening": "Mo,Tu"}]},
        {"add": [{"service": "gp", "name": {"en": "Isle", "nb": "Øya"}, **at[1], "site": "x"}], "move": [west | at[2]]},
        {"remove": [{"service": "gp", "site": "west"}, {"service": "birth_unit", "name": "holm"}]},
        {"remove": [{"place": "west"}], "add": [{"service": "hospital", "name": "", **at[3]}]},
        {"change": [west | {"days_per_week": 2.5, "allowed": ["0101", "0103"]}, east | {"capacity": 0}]},
        {"change": [west | {"opening": "Tu"}, west | {"level": "b", "days_per_week": 0}]},
        {"close": [{"osm_id": 8}, {"name": "Vestveien", "what": "roads"}]},
        {"close": [{"what": "ferries"}, {"polygon": "strait.geojson"}], "slow": [{"name": "E 6", "factor": 2.5}]},
        {"slow": [{"osm_id": 1, "factor": 10}, {"polygon": [[15.0, 69.0], [15.4, 69.0], [15.4, 69.6], [15.0, 69.6]], "factor": 3}]},
        {"storm": {"passes": [3, "Vestveien"]}}, {"boats": {"cancel_after": "20:00"}},
        {"network": {"profile": "flat.toml"}}, {"population": {"year": 2040, "file": "later.csv", "column": "later"}},
        {"study": "A small country", "description": {"en": "Why"}, "population": {"file": "few.csv"}},
    ]  # fmt: skip
    return [tomlkit.dumps({"title": "A", **change}).encode() for change in changes]


# Changes

_SITES = (
    "gp-west", "gp-east", "gp-new", "new-1", "hospital-west", "birth_unit-holm", "ambulance_base-middle", "west", "West", "east", "x", "holm",
    "west (West)", "west (East)", "middle", "Middle", "gp-middle", *WORDS[:-1],
)  # fmt: skip
_DAYS = (0, 0.0, 1, 2.5, 5, 7, 7.0001, -1, 5e-324, "2", "", True, [2])
_FILES = ("strait.geojson", "point.geojson", "empty.geojson", "later.csv", "few.csv", "zero.csv", "gaps.csv", "less.csv", "none.csv", "words.csv",
          "twice.csv", "huge.csv", "missing.csv", "study.toml", "flat.toml", ".", "..", "/", "", "people.csv\n", "roads.osm.pbf")  # fmt: skip
_CORNERS = (
    [15.0, 69.0],
    [15.6, 69.0],
    [15.6, 69.6],
    [15.0, 69.6],
    [69.3, 15.3],
    [180, 90],
    [-180, -90],
    [181, 0],
    [15.0],
    [15.0, 69.0, 7.0],
    ["15", 69],
    [None],
)
_VALUES = {
    "service": ("gp", "hospital", "ambulance_base", "birth_unit", "GP", "Hospital", "gpp", "", 7),
    "site": _SITES, "name": (*_SITES, "Vestveien", "VESTVEIEN", "E 6", "e 6", "E6", "Fv. 7", "Car ferry", "Boat", "Øvre \u202e", {"en": "a"}),
    "place": ("west", "East", "holm", "nowhere", ""),
    "lon": (15.0, 15.27, 15.56, 14.6, 69.3, 0, 180, 180.1, -180, "15.2", 5e-324, 10**30, True),
    "lat": (69.4, 69.31, 69.5, 15.2, 0, 90, 90.1, -90, "69.4", 10**30, False),
    "days_per_week": _DAYS, "capacity": (0, 1, 2.5, -1, 1e9, 1e300, 2**63, "3", 5e-324, True),
    "level": ("a", "b", "", "regional", 3, *WORDS[:6]), "opening": ("Mo,We", "Mo", "24/7", "Mo-Fr 08:00-16:00", "off", "Mo-", "Su", "", "x", 5),
    "allowed": ([], ["0101"], ["0101", "0101"], ["101"], ["9999"], ["West"], ["0101;0102"], [""], [101], "0101", ["0101", "0102", "0103"]),
    "osm_id": (1, 2, 3, 4, 5, 8, 9, 10, 11, 0, -1, 2**63 - 1, 2**63, 8.0, 8.5, "8", True),
    "polygon": _FILES, "what": ("roads", "ferries", "all", "boats", "", 1), "factor": (1, 1.0000001, 2.5, 10, 100, 100.01, 0.99, 0, -1, "2", True),
    "cancel_after": ("00:00", "04:00", "20:00", "23:59", "24:00", "7:00", "20:00:00", "", 20, dt.time(20)),
    "profile": ("flat.toml", "car", "car_winter", "ambulance", "cars", "missing.toml", "study.toml", ".toml", "", 7),
    "wait": ("profile", "timetable", "none", ""), "day": ("2026-01-14", dt.date(2026, 1, 14), dt.datetime(2026, 1, 14, 8, tzinfo=dt.UTC), "2024-02-30", "x", 14),
    "hours": (["08:00", "16:00"], ["16:00", "08:00"], ["08:00"], ["08:00", "08:00"], ["a", "b"], ["24:00", "25:00"], "08:00"),
    "passes": ([], [3], [8], ["Vestveien", "Fv. 7"], ["none"], [0], [""], [3, 3], [2**63], 3, "Vestveien"), "year": (2040, 2024, 1, 0, 99999, 2040.5, "2040"),
    "column": ("people", "later", "cell_id", "none", "", "People"), "file": _FILES, "title": ("A", "", " ", "A" * 250, "A" * 251, {"en": "A", "nb": "Å"}, {}, "a\nb"),
    "description": ("", "a\nb", {"nb": "x"}, "x" * 5001, 7), "study": ("A small country", "a SMALL country", "Another", "", 7),
}  # fmt: skip
_KEYS = {
    "add": ("service", "name", "lon", "lat", "site", "days_per_week", "capacity", "level", "opening"),
    "remove": ("service", "site", "name", "place"), "move": ("service", "site", "name", "lon", "lat"),
    "change": ("service", "site", "name", "days_per_week", "capacity", "level", "opening", "allowed"),
    "close": ("osm_id", "name", "polygon", "what"), "slow": ("osm_id", "name", "polygon", "what", "factor"),
    "boats": ("cancel_after",), "network": ("profile", "wait", "timetable"), "storm": ("passes",), "population": ("year", "column", "file"),
}  # fmt: skip
_NEEDED = ("service", "site", "lon", "lat", "factor", "cancel_after", "file", "wait", "days_per_week", "passes")
_ONE = ("boats", "network", "storm", "population")


def change_scenario(rng, data):
    """Change a scenario: a value, a key or a row of it, or add one; at times by the rules of any TOML, or its text."""
    if rng.random() < 0.15:
        return mutations.change_toml(rng, data)
    try:
        tree = tomllib.loads(data.decode())
        draw = rng.random()
        tables = [name for name in _KEYS if name in tree]
        if draw < 0.1:
            key = rng.choice(("title", "description", "study"))
            tree[key] = rng.choice(_VALUES[key])
        elif draw < 0.4 or not tables:
            _add_table(rng, tree)
        else:
            _change_table(rng, tree, rng.choice(tables))
        return tomlkit.dumps(tree).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001 - it is no scenario any more, or one that TOML cannot hold
        return mutations.change_toml(rng, data)


def _value(rng, key):
    if key == "timetable":
        return {name: rng.choice(_VALUES[name]) for name in ("day", "hours") if rng.random() < 0.7}
    if key == "polygon" and rng.random() < 0.6:
        return [
            rng.choice(_CORNERS[:4] if rng.random() < 0.8 else _CORNERS) for _ in range(rng.choice((2, 3, 4, 5, 40)))
        ]
    draw = rng.random()
    return rng.choice(_VALUES[key][:5] if draw < 0.5 else _VALUES[key] if draw < 0.97 else NUMBERS)


def _add_table(rng, tree):
    """Add a change, most often one that some study could have."""
    name = rng.choice([*_KEYS])
    keys = [key for key in _KEYS[name] if key in _NEEDED or rng.random() < 0.4]
    if name in ("close", "slow"):
        chosen = rng.choice(("osm_id", "name", "polygon"))
        keys = [chosen, *(key for key in keys if key in ("factor", "what"))]
    elif name == "remove":
        keys = rng.choice((["place"], ["service", "site"], ["service", "name"]))
    row = {
        key: rng.choice(_VALUES[key][:4])
        if rng.random() < 0.8 and key != "polygon" and key in _VALUES
        else _value(rng, key)
        for key in keys
    }
    if name in _ONE:
        tree[name] = row
    else:
        tree.setdefault(name, []).append(row)


def _change_table(rng, tree, name):
    """Change one of the rows of a table, or how many there are."""
    rows = [tree[name]] if isinstance(tree[name], dict) else tree[name]
    row = rng.choice(rows)
    draw = rng.randrange(8)
    if draw == 0 and len(row) > 1:
        del row[rng.choice([*row])]
    elif draw == 1 and name not in _ONE:
        rows.append(dict(row))
    elif draw == 2 and name not in _ONE:
        rows.remove(row)
    elif draw == 3 and name not in _ONE:
        rng.shuffle(rows)
    else:
        key = rng.choice([key for key in row if key in _KEYS[name]] if rng.random() < 0.6 else _KEYS[name])
        row[key] = _value(rng, key)


# The law


def answer_or_error(function, *args, **kwargs):
    """Return what a function returns, and no error; or nothing, and why it refused."""
    try:
        return function(*args, **kwargs), None
    except GeoaccessError as error:
        assert str(error).strip(), "an error without a message"  # noqa: PT017 - it is looked at whatever comes of it
        return None, error


def compare_scenario(path):
    """Compare the country with itself under a scenario: all people are in the answer, and `check` refuses what is refused."""
    from geoaccess.questions import check_scenarios, compare_study
    from geoaccess.scenarios import read_scenario, scenario_text

    there = country()
    own = there.folder / path.name
    shutil.copy(path, own)
    scenario = read_scenario(own)
    own.write_text(scenario_text(scenario, folder=there.folder), encoding="utf-8")
    assert read_scenario(own) == scenario, "it is not what it was when it is written"
    day = _DAY if scenario.boats else None
    found, refused = answer_or_error(compare_study, there.study, [scenario], day=day, answers=there.answers, show=False)
    _, by_check = answer_or_error(check_scenarios, there.study, [scenario])
    assert (refused is None) == (by_check is None), (
        f"compare: {refused or 'answers'}; check: {by_check or 'is content'}"
    )
    if refused is not None:
        raise refused
    _holds(there, scenario, found)
    _shows(there, found, path.read_bytes())


def _holds(there, scenario, found):
    """Check that nobody is lost, that who is not reached has a reason, and that what only closes or slows helps nobody."""
    from geoaccess.scenarios import CHANGES

    cells, table = found.cells[0], found.tables["everybody"]
    people = found.changed[0].base.results["population"].sum()
    assert scenario.population is not None or people == there.people
    nearest = table[table["measure"] == "nearest"]
    assert [*nearest["service"]] == [*there.study.settings.services]
    np.testing.assert_allclose(nearest["population"], people)
    np.testing.assert_allclose(table[list(CHANGES)].sum(axis=1), table["population"])
    for service in there.study.settings.services:
        before, after = (cells[f"{service}_{when}_s"] for when in ("before", "after"))
        for times, when in ((before, "before"), (after, "after")):
            assert (times[np.isfinite(times)] >= 0).all()
            assert ((cells[f"{service}_reason_{when}"] != "") == ~np.isfinite(times)).all()
        if not (scenario.changes_sites or scenario.network or scenario.population):
            assert (after.fillna(np.inf) >= before.fillna(np.inf)).all(), "a closed or slower road makes a way shorter"


def _shows(there, found, data):
    """Show what was found as the command line does; of some, with the files."""
    from geoaccess.questions import comparison_lines, printed_comparison
    from geoaccess.questions.compare.output import write_comparison

    comparison_lines(found)
    printed_comparison(found)
    if hashlib.sha256(data).digest()[0] % 16:
        return
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        for name in ("difference_map", "supply_map", "service_map"):
            stack.enter_context(
                unittest.mock.patch(f"geoaccess.maps.{name}", lambda path, *_, **__: path.write_bytes(b"picture"))
            )
        written = write_comparison(found, Path(folder) / "out")
        assert all(path.exists() for path in written)

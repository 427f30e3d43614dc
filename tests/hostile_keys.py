"""A small country with every part of a study, and every key of its file given what no study should say."""

# ruff: noqa: DTZ001, E501, ISC004 - texts of study files, and dates as they are written there

from __future__ import annotations

import copy
import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import tomlkit
from test_study_ambulance import CHAIN, write_chain
from test_study_tiny import STUDY, ZONES, degrees

from geoaccess.study.settings.study_settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTS = (
    """
[opening]
first = 2026-01-12
hours = "Mo-Fr 08:00-16:00"
today = 2026-01-14T17:00:00
[reliability]
table = "often.csv"
season = "winter"
[catchments.near]
service = "gp"
measure = "two_step"
supply = "doctors"
cutoff_min = 30
class_cutoff_min = { 1 = 15 }
demand = "population"
[catchments.far]
service = "hospital"
measure = "gravity"
decay = { kind = "exponential", scale_min = 20 }
cutoff_min = 120
[equity]
draws = 2
[staff]
file = "rota.csv"
[basemap]
land = "municipalities.geojson"
places = "towns.csv"
[figures]
dpi = 72
breaks = [15, 30]
[[zonings]]
kind = "table"
name = "trust"
file = "trusts.csv"
area = "area"
[[zonings]]
kind = "column"
name = "urban"
column = "town"
[demand.ages]
file = "ages.csv"
share = "share"
[demand.projection]
file = "later.csv"
years = [2030]
groups = { old = [80] }
[demand.season]
file = "moves.csv"
names = ["summer"]
weights = "people"
[demand.contacts]
file = "rates.csv"
services = ["gp"]
[demand.births]
per_person = 0.01
""",
    CHAIN,
    """
[[zonings]]
kind = "file"
name = "district"
file = "municipalities.geojson"
id = "number"
area = "called"
[catchments.lists]
service = "gp"
measure = "two_step"
lists = { file = "lists.csv", count = "doctors" }
cutoff_min = 30
[demand.calls]
file = "ages.csv"
per_year = "share"
[demand.births]
rates = "births.csv"
""",
)
CHANGED = (
    (
        ('label = "GP"\n', 'label = "GP"\nopening = "opening"\nfte_days = "days"\ncapacity = "beds"\n'
         'rule = { kind = "own", hosts = "hosts.csv" }\nreferral = { to = "hospital" }\n'),
        ('label = "Hospital"\n', 'label = "Hospital"\nlevels = ["low", "high"]\nat_least = "low"\nmunicipality = "there_in"\n'),
        ('columns = { id = "id" }', 'columns = { id = "id", level = "level" }\nwhere = { proxy = ["yes", "no"] }'),
        ('profile = "flat.toml"\n', 'profile = "flat.toml"\nferries = "ferries.csv"\nclosures = "closed.csv"\nwhen = 2026-01-14T12:00:00\n'),
        ("max_nearest_m = 5000", 'max_nearest_m = 50000\nregion = "called"\nregion_id = "number"\nchanges = "changes.csv"\ndigits = 4'),
    ),
    (('label = "GP"\n', 'label = "GP"\ndays_per_week = "days"\nrule = { kind = "names", column = "serves" }\n'),),
    (
        ('label = "GP"\n', 'label = "GP"\nrule = { kind = "table", file = "allowed.csv" }\npeople = "town_people"\n'
         'people_label = "those in towns"\ntrips_per_year = 4\n'),
        ('people = "people"\n', 'people = "people"\nages = { over_64 = "old" }\ncarry = ["calls"]\nx = "x"\ny = "y"\ncell_id = "none"\ncrs = "EPSG:25833"\ncell_size_m = 1000\n'
         'anchor = "centre"\nwhere = { town = ["yes", "no"] }\nmask_below = 5\nclip = [10.0, 60.0, 20.0, 75.0]\n'),
        ('[zones]\nkind = "file"\nfile = "municipalities.geojson"\nid = "number"\nname = "called"\nmax_nearest_m = 5000\n',
         '[zones]\nkind = "column"\ncolumn = "zone"\nnames_file = "names.csv"\n'),
    ),
)  # fmt: skip


def write_country(folder: Path) -> None:
    """Write all files that the studies name."""
    write_chain(folder)
    sites = pd.read_csv(folder / "sites.csv", dtype=str)
    sites.assign(
        doctors="2", days="5", opening="Mo-Fr 08:00-16:00", level="high", beds="5", serves="West, East", there_in="0101"
    ).to_csv(folder / "sites.csv", index=False)
    people = pd.read_csv(folder / "people.csv", dtype=str)
    corner = people["cell_id"].str.extract(r"N(?P<y>\d+)E(?P<x>\d+)").astype(float) + 500
    people.assign(x=corner["x"], y=corner["y"], old="1", town_people="3", zone="0101").to_csv(
        folder / "people.csv", index=False
    )
    first, *others = ZONES
    tables = {
        "often": "what,name,ref,polygon,availability,season\nferry,all,,,0.7,winter\n",
        "rota": "host_id,site_id,days,staff\ngp-west,gp-east,2,1\n",
        "towns": "name,lon,lat\nWest,{:.5f},{:.5f}\n".format(*degrees(0.5, 0.5)),
        "trusts": "kommunenummer,area\n" + "".join(f"{number},A\n" for number in ZONES),
        "ages": "kommunenummer,group,share\n" + "".join(f"{number},80plus,0.1\n" for number in ZONES),
        "later": "kommunenummer,age,year,people\n" + "".join(f"{number},80,2030,1000\n" for number in ZONES),
        "moves": f"season,from_zone,to_zone,people\nsummer,{first},{others[0]},10\n",
        "rates": "age,contacts_per_year,video_share\npopulation,3,0.2\n",
        "births": "age,per_year\npopulation,0.01\n",
        "hosts": "zone_id,host_id\n" + "".join(f"{number},{first}\n" for number in others),
        "ferries": "name,way_id,departures,minutes\nCar ferry,8,07:00 12:00 20:00,30\n",
        "closed": 'polygon,from,to\n"POLYGON((15 69, 15.01 69, 15.01 69.01, 15 69))",10-01,04-30\n',
        "changes": "oldCode,newCode\n0999,0101\n",
        "names": "kommunenummer,name\n0101,West\n",
        "lists": "site_id,vacant,doctors\ngp-west,yes,2\n",
        "allowed": f"zone_id,site_id\n{first},gp-west\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "one.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / "nothing.csv").write_text("", encoding="utf-8")
    (folder / "folder").mkdir()


def studies() -> list[str]:
    """Return studies that together name every optional part."""
    found = []
    for part, changes in zip(PARTS, CHANGED, strict=True):
        text = STUDY
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        found.append(text + part)
    return found


_TEXTS = ("", " ", "none at all", "folder", "one.csv")
FREE = {"title", "subtitle", "disclaimer", "note", "limits", "author", "attribution", "fetch", "sources", "source", "label", "people_label", "proxy_note",
         "dated", "output", "cache", "in_text"}  # fmt: skip
"""Texts that nothing is read by."""
_WRONG = (True, 7, -1, [], {}, ["x"], {"x": "y"}, dt.date(2026, 1, 1))
_NUMBERS = (0, -1, 1, 1e300, math.nan, 2**70, "1", "", True)
_DATES = (
    dt.date(1, 1, 1),
    dt.date(9999, 12, 31),
    dt.datetime(9999, 12, 31, 23),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "2026-02-30",
    "",
    1,
    True,
)


def _forms(schema: dict[str, Any], defs: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in schema:
        return _forms(defs[schema["$ref"].rpartition("/")[2]], defs)
    several = schema.get("anyOf") or schema.get("oneOf")
    return [form for one in several for form in _forms(one, defs)] if several else [schema]


def hostile(schema: dict[str, Any], defs: dict[str, Any], depth: int = 0) -> list[Any]:
    """Return values that a key of this kind should not have, and some that it may."""
    found: list[Any] = []
    for form in _forms(schema, defs):
        kind = form.get("type")
        if kind in ("number", "integer"):
            ends = [form[name] for name in ("minimum", "maximum") if name in form]
            found += [*_NUMBERS, *ends, *(end + step for end in ends for step in (-1, 1) if abs(end) < 1e9)]
        elif kind == "boolean" and depth == 0:
            found += [True, False, 0, 1, "yes", ""]
        elif kind == "array" and depth < 2:
            items = form.get("items") or (form.get("prefixItems") or [{}])[0]
            inner = hostile(items, defs, depth + 1)
            found += [[], "x", {}, 1, *([one] for one in inner), *([one, one] for one in inner[:3])]
        elif kind == "object" and depth < 2:
            of = form.get("additionalProperties")
            inner = hostile(of, defs, depth + 1) if isinstance(of, dict) else []
            found += [
                {},
                [],
                "x",
                1,
                {"": "x"},
                {"x": "x"},
                *({"kind": one} for one in ("", "x")),
                *({"id": one} for one in inner),
            ]
        elif "format" in form:
            found += _DATES
        elif "enum" in form or "const" in form:
            found += [*form.get("enum", ()), "", "x", 1]
        else:
            found += [*_TEXTS, *(_WRONG if depth == 0 else _WRONG[:2])]
    kept = {repr(one): one for one in found}
    return list(kept.values())


def places(
    tree: Any, schema: dict[str, Any], defs: dict[str, Any], at: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield every key of every table that there is in a study, with what its model says of it."""
    for form in _forms(schema, defs):
        if isinstance(tree, dict) and form.get("type") == "object":
            known = form.get("properties", {})
            if "kind" in known and tree.get("kind") not in known["kind"].get("enum", [known["kind"].get("const")]):
                continue
            for key in known:
                yield (*at, key), known[key]
            for key, value in tree.items():
                inner = known.get(key, form.get("additionalProperties"))
                if isinstance(inner, dict):
                    if key not in known:
                        yield (*at, key), inner
                    yield from places(value, inner, defs, (*at, key))
        elif isinstance(tree, list) and isinstance(form.get("items"), dict):
            for number, value in enumerate(tree):
                yield from places(value, form["items"], defs, (*at, number))


def given(tree: dict[str, Any], at: tuple[Any, ...], value: Any) -> str:
    """Return the text of a study with one key that is something else."""
    changed = copy.deepcopy(tree)
    table: Any = changed
    for key in at[:-1]:
        table = table[key]
    table[at[-1]] = value
    return tomlkit.dumps(changed)


def schema() -> dict[str, Any]:
    """Return what the models say of a study file."""
    return Settings.model_json_schema()

"""A country made of copies of Iceland at other places, a study on it, and what every verb costs there.

    python -m benchmarks.country [FOLDER] [--copies 24] [--seed 1] [--verb "site --service gp --add 1"] [--record]

Roads, ferries, borders, people and services are those of the bundled extract, once per copy. A copy lies a whole number
of Icelands away, and by the seed some tenths of a degree more; with its latitude the lengths of its roads change. Each
inhabited square kilometre is parted by the seed into squares of 250 m, of which some have all of its people: so there
are as many cells as a country has. 24 copies are 2.1 million nodes. Each verb runs in its own process. Prints wall and
CPU seconds, the most memory that it and the processes it starts held together, and the most that one of these held for
itself. With `--record` the rows stand in country.json and in RESULTS.md afterwards; a verb that was not measured keeps
the row that it has.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks import report
from benchmarks.graphs import HERE, ROOT
from benchmarks.measure import Row, Target
from benchmarks.tree import measure_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    import osmium

__all__ = ["VERBS", "Shift", "build_country", "measure_verb", "shifts"]

FOLDER = HERE / ".country"
MADE = "made.txt"
"""Says what the folder holds, once it is whole."""

DATA = ROOT / "data/iceland"
EXTRACT, GRID, FEATURES = DATA / "iceland-2019.osm.pbf", "population_1km_2018.csv", "health_features_reviewed.csv"
IDS = 2**40
"""Ids of copy i begin at i times this; those of 2019 are below 2**33."""
COLUMNS, EAST, NORTH = 12, 12.5, 4.0
MOST = 8 * COLUMNS
SIDE_M, QUARTERS, LIVED_IN = 250.0, 4, 8
WORLD = "EPSG:6933"  # square metres everywhere

STUDY = """title = "{copies} copies of Iceland"
language = "en"
output = "out"
cache = "cache"
attribution = ["© OpenStreetMap contributors (ODbL 1.0)", "Population: GEOSTAT 1 km grid 2018, Eurostat"]

[network]
osm = ["country.osm.pbf"]
profile = "car"
min_component_km = 5

[snap]
max_m = 5000
off_network_kph = 5

[population]
file = "people.csv"
cell_id = "cell_id"
x = "x"
y = "y"
crs = "{world}"
cell_size_m = {side}
anchor = "lower_left"
year = 2018
source = "GEOSTAT 1 km population grid 2018, Eurostat, parted at random"

[services.gp]
label = "GP"
norms_min = [30]

[services.hospital]
label = "Hospital"
norms_min = [60, 120]

[services.ambulance_base]
label = "Ambulance"
toward = "cells"
norms_min = [12, 25]

[[sites]]
kind = "file"
file = "sites.csv"

[zones]
kind = "osm"
level = 6
max_nearest_m = 3000

[centrality]
kind = "computed"
cutoff_min = 90
tenth_at_min = 45
weights = [0.6667, 0.3333]
cuts = [925, 870, 775, 670, 565]
transform = "log"
most_central = 1000
note = "computed"
[centrality.functions]
gp = "gp"
hospital = "hospital"
pharmacy = [{{ amenity = "pharmacy" }}]
"""
SCENARIO = """title = "Herjólfur does not sail"

[[close]]
name = "Landeyjahöfn - Vestmannaeyjar"
what = "ferries"
"""

CLOSURES = "what,name,osm_id,season,availability,area,correlation\nferry,all,,all,0.9,sea,0.4\n"

COLD, WARM = "run, nothing in the cache", "run, network in the cache"
VERBS = {
    COLD: "run",
    WARM: "run",
    "check": "check",
    "info": "info",
    "ferries": "ferries",
    "compare, a closed ferry": "compare {study} {scenario}",
    "vulnerable, hospital": "vulnerable --service hospital",
    "vulnerable, gp": "vulnerable --service gp",
    "reliability, 1000 draws": "reliability --service hospital --draws 1000 --table {closures}",
    "site, one gp": "site --service gp --add 1",
    "site, ten gps": "site --service gp --add 10",
    "site, two futures on 2 workers": (
        "site --service gp --add 1 --candidates settlements --scenario today --scenario {scenario} --workers 2"
    ),
    "vehicles, two": "vehicles --add 2 --candidates settlements",
    "isochrones": "isochrones --service hospital",
    "sweep, 8 variations in this process": "sweep --vary {varied} --output {folder}/sweep --workers 0",
    "sweep, 8 variations on 2 workers": "sweep --vary {varied} --output {folder}/sweep --workers 2",
}
"""What is measured, in this order, by its name in the table."""
VARIED = "snap.off_network_kph=3,3.5,4,4.5,5,5.5,6,6.5"
TARGETS = {
    COLD: Target(within_s=30, within_mb=2500),
    WARM: Target(within_s=15, within_mb=2500),
    "info": Target(within_s=3),
    "vulnerable, hospital": Target(within_s=60),
    "vulnerable, gp": Target(within_s=120),
    "reliability, 1000 draws": Target(within_s=60),
    "site, one gp": Target(within_s=10, within_mb=4000),
    "site, ten gps": Target(within_s=60),
    "isochrones": Target(within_s=30, within_mb=2500),
}
"""Of a country of this many copies."""
OF_A_COUNTRY = 24


class Shift(NamedTuple):
    """Where a copy lies: degrees from the original."""

    lon: float
    lat: float


def shifts(copies: int, *, seed: int) -> list[Shift]:
    """Return where the copies lie: rows of twelve eastward, the rows in turns to the south and to the north.

    Raises
    ------
    ValueError
        If there is no copy, or no room for so many.
    """
    if not 1 <= copies <= MOST:
        raise ValueError(f"{copies} copies: there is room for 1 to {MOST}")
    rng = np.random.default_rng(seed)
    found = []
    for number in range(copies):
        row, column = divmod(number, COLUMNS)
        away = (row + 1) // 2 * (1 if row % 2 == 0 else -1)
        east, north = rng.uniform(-0.3, 0.3, 2)
        found.append(Shift(round(EAST * column + east, 4), round(NORTH * away + north, 4)))
    return found


def build_country(folder: Path, *, copies: int, seed: int = 1) -> Path:
    """Write the extract, the tables and the study into a folder, unless they are there; return the study's path."""
    folder.mkdir(parents=True, exist_ok=True)
    study, made = folder / "country.toml", f"{copies} copies of Iceland, seed {seed}"
    text = STUDY.format(copies=copies, world=WORLD, side=SIDE_M)
    if not (study.exists() and study.read_text(encoding="utf-8") == text and _is_made(folder, made)):
        places = shifts(copies, seed=seed)
        _write_extract(folder / "country.osm.pbf", places)
        _people(places, seed=seed).to_csv(folder / "people.csv", index=False)
        _sites(places).to_csv(folder / "sites.csv", index=False)
        study.write_text(text, encoding="utf-8")
        (folder / MADE).write_text(made, encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    (folder / "closures.csv").write_text(CLOSURES, encoding="utf-8")
    return study


def _is_made(folder: Path, made: str) -> bool:
    return (folder / MADE).exists() and (folder / MADE).read_text(encoding="utf-8") == made


def _write_extract(path: Path, places: list[Shift]) -> None:
    import osmium

    def node(found: osmium.osm.Node, number: int, shift: Shift) -> osmium.osm.mutable.Node:
        at = found.location
        return found.replace(id=found.id + number * IDS, location=(at.lon + shift.lon, at.lat + shift.lat))

    def way(found: osmium.osm.Way, number: int, _shift: Shift) -> osmium.osm.mutable.Way:
        return found.replace(id=found.id + number * IDS, nodes=[ref.ref + number * IDS for ref in found.nodes])

    def relation(found: osmium.osm.Relation, number: int, _shift: Shift) -> osmium.osm.mutable.Relation:
        members = [(member.type, member.ref + number * IDS, member.role) for member in found.members]
        return found.replace(id=found.id + number * IDS, members=members)

    kinds: tuple[tuple[osmium.osm.osm_entity_bits, str, Callable[..., object]], ...] = (
        (osmium.osm.NODE, "add_node", node),
        (osmium.osm.WAY, "add_way", way),
        (osmium.osm.RELATION, "add_relation", relation),
    )
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for kind, add, moved in kinds:  # a file holds all nodes, then all ways, then all relations, by rising ids
            for number, shift in enumerate(places):
                for found in osmium.FileProcessor(str(EXTRACT), kind):
                    getattr(writer, add)(moved(found, number, shift))


def _people(places: list[Shift], *, seed: int) -> pd.DataFrame:
    """Return the cells of all copies: of the 16 squares of a square kilometre, some have its people."""
    grid = pd.read_csv(DATA / GRID)
    rng = np.random.default_rng(seed)
    tables = []
    for shift in places:
        rank = rng.permuted(np.tile(np.arange(QUARTERS**2), (len(grid), 1)), axis=1)[:, :LIVED_IN]
        people = rng.multinomial(grid["population"].to_numpy(), np.full(LIVED_IN, 1 / LIVED_IN))
        x = grid["x_3035"].to_numpy()[:, None] + SIDE_M * (rank % QUARTERS + 0.5)
        y = grid["y_3035"].to_numpy()[:, None] + SIDE_M * (rank // QUARTERS + 0.5)
        lived = people > 0
        degrees = gpd.GeoSeries.from_xy(x[lived], y[lived], crs="EPSG:3035").to_crs("EPSG:4326")
        moved = gpd.GeoSeries.from_xy(degrees.x + shift.lon, degrees.y + shift.lat, crs="EPSG:4326").to_crs(WORLD)
        corner = np.floor(np.column_stack([moved.x, moved.y]) / SIDE_M) * SIDE_M
        tables.append(pd.DataFrame({"x": corner[:, 0], "y": corner[:, 1], "population": people[lived]}))
    table = pd.concat(tables).groupby(["x", "y"], as_index=False).sum()  # a square may have taken in its neighbour
    table.insert(0, "cell_id", [f"c{i}" for i in range(len(table))])
    return table


def _sites(places: list[Shift]) -> pd.DataFrame:
    features = pd.read_csv(DATA / FEATURES)
    features = features[features["service"].isin(["gp", "hospital", "ambulance_base"])]
    tables = [
        pd.DataFrame(
            {
                "site_id": [f"{number}-{row}" for row in features.index],
                "service": features["service"],
                "name": features["name"].fillna(features["osm_name"]),
                "lon": features["lon"] + shift.lon,
                "lat": features["lat"] + shift.lat,
            }
        )
        for number, shift in enumerate(places)
    ]
    return pd.concat(tables, ignore_index=True)


def measure_verb(study: Path, name: str, verb: str, *, copies: int) -> Row:
    """Run a verb in its own process; the row says what it cost, or in its note why it failed.

    A run with nothing in the cache begins without one, and a sweep finds nothing of what its variations reach from a
    measurement before.
    """
    if name == COLD:
        shutil.rmtree(study.parent / "cache", ignore_errors=True)
    if verb.startswith("sweep"):
        for kept in (kept for kind in ("workplaces-*", "functions-*") for kept in (study.parent / "cache").glob(kind)):
            shutil.rmtree(kept, ignore_errors=True)
    given = {
        "study": study,
        "scenario": study.with_name("scenario.toml"),
        "closures": study.with_name("closures.csv"),
        "folder": study.parent,
        "varied": VARIED,
    }
    words = [word.format_map(given) for word in shlex.split(verb)]
    if "{study}" not in verb:
        words.insert(1, str(study))
    target = TARGETS.get(name, Target()) if copies == OF_A_COUNTRY else Target()
    row = Row(name, f"{copies} copies of Iceland", target=target)
    try:
        row.ours, memory = measure_tree([sys.executable, "-m", "geoaccess", *words], cwd=ROOT)
    except RuntimeError as failed:
        row.note = " ".join(str(failed).split())
        return row
    row.peak_mb = memory.together or None
    if memory.private:
        row.note = (
            f"{memory.processes} processes; each that starts no other holds {memory.private:.0f} MB at most for itself"
        )
    return row


def _described(study: Path) -> str:
    """Return how large the country is, as the run that was measured says."""
    record = json.loads((study.parent / "out" / "run.json").read_text(encoding="utf-8"))
    nodes, cells, km = record["network"]["nodes"], record["counts"]["cells"], record["network"]["road_km"]
    sites = sum(record["counts"]["sites"].values())
    return f"{nodes} nodes, {km:.0f} km of road, {cells} cells, {sites} sites; busy at the end: {_load()}"


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    """Build the country unless it is there, and measure what is requested."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--copies", type=int, default=OF_A_COUNTRY)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verb", action="append", help="measure this alone: a name of the table, or a command line")
    parser.add_argument("--record", action="store_true", help="put the rows into RESULTS.md")
    asked = parser.parse_args()
    study = build_country(asked.folder.resolve(), copies=asked.copies, seed=asked.seed)
    verbs = {verb: VERBS.get(verb, verb) for verb in asked.verb} if asked.verb else VERBS
    rows = []
    for name, verb in verbs.items():
        rows.append(measure_verb(study, name, verb, copies=asked.copies))
        print(report.line(rows[-1]) + f" | {rows[-1].peak_mb or 0:.0f} MB | {_load()}", flush=True)
        if asked.record:  # after each: what was measured is kept if a later one ends the machine's patience
            report.record_country(rows, described=_described(study))


if __name__ == "__main__":
    main()

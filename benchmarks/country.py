"""A country made of copies of Iceland at other places, a study on it, and what every verb costs there.

    python -m benchmarks.country FOLDER [--copies 24] [--seed 1] [--verb "site --service gp --add 1"]

Roads, ferries, borders, people and services are those of the bundled extract, once per copy. A copy lies a whole number
of Icelands away, and by the seed some tenths of a degree more; with its latitude the lengths of its roads change. Each
inhabited square kilometre is parted by the seed into squares of 250 m, of which some have all of its people: so there
are as many cells as a country has. 24 copies are 2.1 million nodes. Each verb runs in its own process. Prints wall and
CPU seconds and the peak of its memory; writes nothing but to the folder.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.graphs import ROOT
from benchmarks.measure import of_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import osmium

__all__ = ["VERBS", "Shift", "build_country", "measure_verb", "shifts"]

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

VERBS = (
    "run",
    "run",
    "info",
    "compare {study} {scenario}",
    "vulnerable --service hospital",
    "vulnerable --service gp",
    "site --service gp --add 1",
    "site --service gp --add 10",
    "vehicles --add 2 --candidates settlements",
)
"""What is measured, in this order: the second `run` finds the network in the cache."""

_CALL = """
import sys
from benchmarks.peak import peak_mb
from geoaccess.cli import main
sys.argv = ["geoaccess", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    if end.code:
        raise
print()
print(peak_mb())
"""


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
    """Write the extract, the tables and the study into a folder; return the study's path."""
    folder.mkdir(parents=True, exist_ok=True)
    places = shifts(copies, seed=seed)
    _write_extract(folder / "country.osm.pbf", places)
    _people(places, seed=seed).to_csv(folder / "people.csv", index=False)
    _sites(places).to_csv(folder / "sites.csv", index=False)
    study = folder / "country.toml"
    study.write_text(STUDY.format(copies=copies, world=WORLD, side=SIDE_M), encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    return study


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


def measure_verb(study: Path, verb: str) -> Iterator[str]:
    """Run a verb in its own process; yields what it cost: wall s, CPU s, and peak in MB."""
    words = shlex.split(verb)
    if "{study}" in words:
        paths = {"{study}": str(study), "{scenario}": str(study.with_name("scenario.toml"))}
        words = [paths.get(word, word) for word in words]
    else:
        words.insert(1, str(study))
    try:
        timing, printed = of_process([sys.executable, "-c", _CALL, *words], cwd=ROOT)
    except RuntimeError as failed:
        yield f"{verb}: {failed}"
        return
    peak = float(printed.split()[-1])
    yield f"{verb:45} {timing.wall_s:8.1f} s {timing.cpu_s:8.1f} CPU s {peak:8.0f} MB"


def main() -> None:
    """Build the country unless it is there, and measure what is requested."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verb", action="append", help="measure this alone, as on the command line but for the study")
    asked = parser.parse_args()
    study = build_country(asked.folder.resolve(), copies=asked.copies, seed=asked.seed)
    for verb in asked.verb or VERBS:
        for line in measure_verb(study, verb):
            print(line, flush=True)


if __name__ == "__main__":
    main()

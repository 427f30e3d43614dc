"""A study that is run twice makes nothing twice: the second run takes all that the first put into the cache."""

from __future__ import annotations

import hashlib
import shutil

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely

from geoaccess.frames import bounds_in_degrees
from geoaccess.questions import isochrone_study, vulnerable_study, write_matrix
from geoaccess.study import combinations, load_study, run_study, solve_study, stages, study_variations
from geoaccess.study.pipeline import solve_times
from geoaccess.study.stages import basemap, reach, window_of, zoning
from geoaccess.study.stages.kept_tables import update_by_shapes, update_by_table
from tests.test_study_tiny import PLACES, STUDY, ZONES, degrees, write_roads, write_study

FROM_ROADS = """
[zones]
kind = "osm"
level = 7
max_nearest_m = 5000

[centrality]
kind = "computed"
most_central = 1000
profile = "slow.toml"
note = "of the people"
[centrality.functions]
gp = "gp"
shop = [{ shop = "yes" }]
"""


def write_borders(path):
    """Write the municipalities of the small country as an extract."""
    mutable = osmium.osm.mutable
    borders = [(name, shapely.box(*box).exterior.coords[:-1]) for name, box, _, _ in ZONES.values()]
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, (_, corners) in enumerate(borders):
            for at, corner in enumerate(corners):
                writer.add_node(mutable.Node(id=1000 + 10 * number + at, location=degrees(*corner), version=1))
        for number in range(len(borders)):
            nodes = [1000 + 10 * number + at for at in (0, 1, 2, 3, 0)]
            writer.add_way(mutable.Way(id=1000 + number, nodes=nodes, version=1))
        for number, (name, _) in enumerate(borders):
            tags = {"type": "boundary", "boundary": "administrative", "admin_level": "7", "name": name}
            members = [("w", 1000 + number, "outer")]
            writer.add_relation(mutable.Relation(id=1000 + number, members=members, tags=tags, version=1))


def write_mapped(folder):
    """Write a study whose municipalities and classes come from its extracts, classes from roads of their own."""
    text = STUDY[: STUDY.index("[zones]")] + FROM_ROADS
    path = write_study(folder, text.replace('osm = ["roads.osm.pbf"]', 'osm = ["roads.osm.pbf", "borders.osm.pbf"]'))
    (folder / "slow.toml").write_text((folder / "flat.toml").read_text().replace("flat", "slow"))
    features = [
        (*PLACES["east"], {"shop": "yes"}),
        (*PLACES["west"], {"place": "town", "name": "West", "name:en": "W"}),
    ]
    write_roads(folder / "roads.osm.pbf", features=features)
    write_borders(folder / "borders.osm.pbf")
    return path


WRITE = {"tables": write_study, "extracts": write_mapped}


@pytest.fixture
def study(tmp_path):
    return load_study(write_mapped(tmp_path / "study"))


def never(*_, **__):
    pytest.fail("nothing is made of this")


def there(folder):
    """Return every file of a cache and its number on the disk, which is another once it was written again.

    Digests of inputs are kept once these have been as they are for two seconds: by the first run or by the second.
    """
    passing = (".lock", ".used", "inputs.json")
    every = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(passing)]
    return {str(path.relative_to(folder)): path.stat().st_ino for path in every}


@pytest.mark.parametrize("kind", WRITE)
def test_the_second_run_makes_nothing_that_the_first_has_kept(tmp_path, monkeypatch, kind):
    study = load_study(WRITE[kind](tmp_path / "study"))

    def written():
        run_study(load_study(study.path), show=False)
        return {path.name: path.read_bytes() for path in study.output.iterdir() if path.name != "run.json"}

    first, kept = written(), there(study.cache)
    kinds = {name.split("-")[0] for name in kept if "-" in name}
    of_classes = {"workplaces", "functions"} if kind == "extracts" else set()
    assert kinds >= {"network", "order", "zones", "ground", "places"} | of_classes
    monkeypatch.setattr(zoning.zones, "assign_zones", never)
    monkeypatch.setattr(reach, "build_or_load_network", never)  # nor is the network of the classes needed
    monkeypatch.setattr(basemap, "features_of", never)
    assert written() == first
    assert there(study.cache) == kept


def digest_of(shapes, update=update_by_shapes):
    found = hashlib.sha256()
    update(found, shapes)
    return found.hexdigest()


SQUARES = gpd.GeoSeries(shapely.box([0, 250, 500], 0, [250, 500, 750], 250), crs="EPSG:25833")
WITH_A_HOLE = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 5, 5)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:25833", "+proj=laea +lat_0=60 +lon_0=10 +units=m"])
@pytest.mark.parametrize(
    "shapes",
    [list(SQUARES), [WITH_A_HOLE], [shapely.MultiPolygon([WITH_A_HOLE])], [shapely.Point(1, 2), None]],
    ids=["squares", "a hole", "parts", "points"],
)
def test_shapes_and_tables_have_one_digest_fresh_and_read_again(tmp_path, shapes, crs):
    index = pd.Index([f"r{number}" for number in range(len(shapes))], name="id")
    table = gpd.GeoDataFrame({"name": ["Å"] * len(shapes), "region": ""}, index, geometry=shapes, crs=crs)
    table.loc[index[0], "region"] = None
    table.to_parquet(tmp_path / "table.parquet")
    again = gpd.read_parquet(tmp_path / "table.parquet")
    assert digest_of(again.geometry) == digest_of(table.geometry)
    assert digest_of(again, update_by_table) == digest_of(table, update_by_table)
    assert digest_of(again.assign(name="A"), update_by_table) != digest_of(table, update_by_table)


def test_other_shapes_have_other_digests():
    moved = SQUARES.translate(0, 1e-9)
    others = [
        SQUARES,
        moved,
        SQUARES[::-1],
        SQUARES[:2],
        SQUARES.set_crs(25832, allow_override=True),
        SQUARES.reverse(),
    ]
    others += [gpd.GeoSeries([shape], crs=25833) for shape in (WITH_A_HOLE, shapely.box(0, 0, 9, 9), None)]
    others += [gpd.GeoSeries([shapely.force_3d(shapely.box(0, 0, 9, 9), z)], crs=25833) for z in (0.0, 1.0)]
    assert len({digest_of(one) for one in others}) == len(others)


def test_bounds_in_degrees_are_those_of_the_shapes_made_anew():
    shapes = gpd.GeoSeries([*SQUARES.translate(5e5, 7e6), None, shapely.Polygon(), shapely.box(4e5, 6e6, 7e5, 8e6)])
    shapes = shapes.set_crs(25833)
    assert list(bounds_in_degrees(shapes)) == shapes.to_crs(4326).total_bounds.tolist()
    assert np.isnan(bounds_in_degrees(shapes[3:5])).all()


def solved(study):
    """Return index and class of each cell, from the cache and from none."""
    columns = ["centrality_index", "centrality_class"]
    kept = solve_study(load_study(study.path), show=False).results[columns]
    shutil.copytree(study.path.parent, anew := study.path.parent.with_name("anew"), dirs_exist_ok=True)
    shutil.rmtree(anew / "cache")
    pd.testing.assert_frame_equal(solve_study(load_study(anew / "study.toml"), show=False).results[columns], kept)
    return kept


CHANGES = {
    "people": ("people.csv", ",503", ",504", (2, 1)),
    "a site of a function": ("sites.csv", "gp-east,gp,east,{east}", "gp-east,gp,east,{middle}", (1, 2)),
    "a site of another service": ("sites.csv", "hospital,west,{west}", "hospital,west,{middle}", (1, 1)),
    "how far a workplace counts": ("study.toml", "most_central", "tenth_at_min = 15\nmost_central", (2, 2)),
    "speed off roads": ("study.toml", "off_network_kph = 4", "off_network_kph = 3", (2, 2)),
    "a weight": ("study.toml", "most_central", "weights = [0.5, 0.5]\nmost_central", (1, 1)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_classes_are_made_of_is_made_again_where_it_changed_and_only_there(study, change):
    name, before, after, expected = CHANGES[change]
    first = solved(study)
    path = study.path.parent / name
    places = {key: "{:.7f},{:.7f}".format(*degrees(*PLACES[key])) for key in PLACES}
    text = path.read_text()
    assert before.format(**places) in text
    path.write_text(text.replace(before.format(**places), after.format(**places)))
    then = solved(study)
    assert then.equals(first) == (change == "a site of another service")
    kept = [len([*study.cache.glob(f"{kind}-*")]) for kind in ("workplaces", "functions")]
    assert tuple(kept) == expected


def test_of_many_paces_what_classes_are_made_of_is_kept_for_the_first(study):
    """No later question asks for that of the others, and each has what it has by itself."""
    at_pace = [
        combination.study
        for combination in study_variations([study.path], combinations(["snap.off_network_kph=4,3,2"]))
    ]
    alone = [solve_study(one, show=False).results["centrality_index"] for one in at_pace]
    shutil.rmtree(study.cache)
    stages.remember()
    try:
        found = [solve_study(one, show=False).results["centrality_index"] for one in at_pace]
    finally:
        stages.forget()
    for index, by_itself in zip(found, alone, strict=True):
        pd.testing.assert_series_equal(index, by_itself)
    assert not found[0].equals(found[2])
    assert [len([*study.cache.glob(f"{kind}-*")]) for kind in ("workplaces", "functions")] == [1, 1]


def test_people_of_places_follow_the_people(study):
    def people():
        cells = stages.read_people(load_study(study.path)).assign(municipality="")
        return (
            basemap.places_of(load_study(study.path), cells, window_of(cells), None)
            .set_index("name")["people"]
            .to_dict()
        )

    assert people() == people() == {"West": 1009}  # those of its own cell: the farm is 5.4 km away
    path = study.path.parent / "people.csv"
    path.write_text(path.read_text().replace(",1009", ",1010"))
    assert people() == {"West": 1010}


ASKED = {
    "vulnerable": lambda study, folder: vulnerable_study(study, "gp", show=False),
    "isochrones": lambda study, folder: isochrone_study(study, "gp", minutes=[10], show=False),
    "matrix": lambda study, folder: write_matrix(study, "gp", folder=folder, show=False),
}


@pytest.mark.parametrize("question", ASKED)
def test_questions_that_show_no_classes_do_not_make_them(study, tmp_path, monkeypatch, question):
    monkeypatch.setattr(stages, "join_classes", never)
    ASKED[question](study, tmp_path)
    assert len([*study.cache.glob("network-*")]) == 1


def test_classes_are_made_where_a_catchment_has_a_cutoff_for_each(study):
    whole = solve_study(study, show=False)
    without = solve_times(study, show=False)
    kept = [name for name in whole.results if not name.startswith("centrality_")]
    pd.testing.assert_frame_equal(without.results[kept], whole.results[kept])
    assert without.results[["centrality_index", "centrality_class"]].isna().all(axis=None)
    assert (whole.classes, without.classes) == (True, False)
    assert without.centrality.empty
    more = '[catchments.near]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 30\nclass_cutoff_min = { 1 = 10 }\n'
    study.path.write_text(study.path.read_text() + more)
    pd.testing.assert_frame_equal(
        solve_times(load_study(study.path), show=False).results, solve_study(load_study(study.path), show=False).results
    )

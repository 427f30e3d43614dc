"""The reviewed table of Icelandic health features, held against the extract that it was reviewed from."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import combinations
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, NamedTuple

import osmium
import pandas as pd
import pytest
import shapely

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = [
    "osm_type",
    "osm_id",
    "osm_name",
    "osm_tag",
    "lon",
    "lat",
    "service",
    "name",
    "level",
    "proxy",
    "reason",
    "position",
    "source",
]
SERVICES = {"gp", "legevakt", "hospital", "ambulance_base"}
HEALTH_TAGS = {
    "amenity": {"hospital", "clinic", "doctors", "fire_station"},
    "healthcare": {"hospital", "clinic", "doctor", "doctors", "centre"},
    "emergency": {"ambulance_station"},
}
TYPES = {"n": "node", "w": "way", "r": "relation"}


class Feature(NamedTuple):
    tags: dict[str, str]
    place: tuple[float, float] | None


def _is_health(tags: dict[str, str]) -> bool:
    return any(tags.get(key) in values for key, values in HEALTH_TAGS.items())


def _metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance between two (lon, lat), by the haversine formula."""
    (lon_a, lat_a), (lon_b, lat_b) = [(radians(lon), radians(lat)) for lon, lat in (a, b)]
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6_371_000 * asin(sqrt(h))


def _place(thing) -> tuple[float, float] | None:
    if thing.is_node():
        return thing.location.lon, thing.location.lat
    if thing.is_way():
        ring = [(node.lon, node.lat) for node in thing.nodes]
        shape = shapely.Polygon(ring) if thing.is_closed() else shapely.LineString(ring)
        return shape.centroid.x, shape.centroid.y
    return None


@pytest.fixture(scope="module")
def rows(data: Path) -> list[dict[str, str]]:
    with (data / "iceland" / "health_features_reviewed.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def features(data: Path) -> dict[tuple[str, int], Feature]:
    found = {}
    keys = osmium.filter.KeyFilter("amenity", "healthcare", "emergency")
    for thing in (
        osmium.FileProcessor(str(data / "iceland" / "iceland-2019.osm.pbf")).with_locations().with_filter(keys)
    ):
        found[TYPES[thing.type_str()], thing.id] = Feature({tag.k: tag.v for tag in thing.tags}, _place(thing))
    return found


def _key(row: dict[str, str]) -> tuple[str, int]:
    return row["osm_type"], int(row["osm_id"])


def _mapped(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if row["position"] == ""]


def _used(rows: list[dict[str, str]], service: str) -> list[dict[str, str]]:
    return [row for row in rows if row["service"] == service]


def test_columns_and_order(rows):
    assert list(rows[0]) == COLUMNS
    order = [(*_key(row), row["service"]) for row in rows]
    assert order == sorted(order)


def test_extract_holds_the_counted_features(features):
    counted = Counter(feature.tags.get("amenity") for feature in features.values())
    assert {key: counted[key] for key in HEALTH_TAGS["amenity"]} == {
        "hospital": 35,
        "clinic": 18,
        "doctors": 26,
        "fire_station": 39,
    }
    assert sum(feature.tags.get("emergency") == "ambulance_station" for feature in features.values()) == 1


def test_every_health_feature_is_in_the_table(rows, features):
    health = {key for key, feature in features.items() if _is_health(feature.tags)}
    assert health - {_key(row) for row in rows} == set()


def test_features_of_other_tags_are_there_only_because_they_are_used(rows, features):
    others = [row for row in _mapped(rows) if not _is_health(features[_key(row)].tags)]
    assert [row for row in others if not row["service"]] == []


def test_rows_agree_with_the_extract(rows, features):
    problems = []
    for row in _mapped(rows):
        feature = features.get(_key(row))
        tag, _, value = row["osm_tag"].partition("=")
        if feature is None or feature.tags.get(tag) != value:
            problems.append((*_key(row), "not in the extract with this tag", row["osm_tag"]))
        elif feature.tags.get("name", "") != row["osm_name"]:
            problems.append((*_key(row), "other name in the extract", row["osm_name"]))
        elif feature.place is None or _metres((float(row["lon"]), float(row["lat"])), feature.place) > 100:
            problems.append((*_key(row), "over 100 m from the extract", str(feature.place)))
    assert problems == []


def test_what_is_not_mapped_stands_at_a_place_of_the_extract(rows, data):
    keys = osmium.filter.KeyFilter("place")
    file = str(data / "iceland" / "iceland-2019.osm.pbf")
    nodes = osmium.FileProcessor(file, osmium.osm.NODE).with_filter(keys)
    places = {node.id: (node.tags["name"], node.tags["place"], node.lon, node.lat) for node in nodes}
    added = [row for row in rows if row["position"] == "town centre"]
    assert len(added) + len(_mapped(rows)) == len(rows)
    for row in added:
        name, place, lon, lat = places[int(row["osm_id"])]
        assert (row["osm_type"], row["osm_name"], row["osm_tag"]) == ("node", name, f"place={place}")
        assert _metres((float(row["lon"]), float(row["lat"])), (lon, lat)) < 1
        assert row["source"]


def test_the_people_of_2019_are_those_of_the_register_where_the_census_counted_them(data):
    folder = data / "iceland"
    before, now = (
        pd.read_csv(folder / f"population_1km_{year}.csv", index_col="cell_id")["population"] for year in (2011, 2019)
    )
    register = pd.read_csv(folder / "municipalities.csv", index_col="municipality")
    assert now.index.equals(before.index)
    in_no_municipality = 30  # one cell of 2011 beyond every border, left as it was
    assert now.sum() == register["population_2019"].sum() + in_no_municipality
    # 15 and more people a cell are whole numbers near to one factor per municipality: none above the fastest growth
    large = before >= 15
    growth = (register["population_2019"] / register["population_2012"]).agg(["min", "max"])
    ratio = (now / before)[large]
    assert ratio.min() > growth["min"] - 0.15
    assert ratio.max() < growth["max"] + 0.15


def test_no_row_is_given_twice(rows):
    given = Counter((*_key(row), row["service"]) for row in rows)
    assert [key for key, times in given.items() if times > 1] == []


def test_a_feature_is_either_used_or_not(rows):
    services = {}
    for row in rows:
        services.setdefault(_key(row), []).append(row["service"])
    assert [key for key, names in services.items() if "" in names and len(names) > 1] == []


def test_services_levels_and_proxies_are_known(rows):
    assert {row["service"] for row in rows} == SERVICES | {""}
    for row in rows:
        assert row["proxy"] in {"yes", "no"}
        assert (row["level"] in {"university", "specialised", "regional"}) == (row["service"] == "hospital"), row
        assert row["level"] == "" or row["service"] == "hospital", row
        assert row["proxy"] == "no" or row["service"] == "ambulance_base", row
        assert row["name"] or not row["service"], row


def test_only_the_tagged_ambulance_station_is_a_real_base(rows):
    real = [row["osm_tag"] for row in _used(rows, "ambulance_base") if row["proxy"] == "no"]
    assert real == ["emergency=ambulance_station"]


def test_every_reason_is_one_sentence(rows):
    for row in rows:
        assert row["reason"] == row["reason"].strip()
        assert row["reason"].endswith(".")
        assert ". " not in row["reason"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_service_has_sites_and_no_site_twice(rows, service):
    sites = _used(rows, service)
    assert sites
    twice = [
        (a["name"], b["name"])
        for a, b in combinations(sites, 2)
        if _metres((float(a["lon"]), float(a["lat"])), (float(b["lon"]), float(b["lat"]))) < 300
    ]
    assert twice == []


def test_duplicates_point_to_a_feature_that_is_used(rows):
    used = {f"{row['osm_type']} {row['osm_id']}" for row in rows if row["service"]}
    duplicates = [row for row in rows if row["reason"].startswith("Duplicate of ")]
    assert duplicates
    for row in duplicates:
        assert not row["service"]
        assert row["reason"].removeprefix("Duplicate of ").split(":")[0].split(" (")[0] in used, row

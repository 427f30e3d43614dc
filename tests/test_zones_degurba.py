"""The degree of urbanisation, against a flood fill in plain Python, labels of SciPy, and laws."""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from geoaccess.errors import InputError
from geoaccess.zones import classify_zones, read_scheme, urbanisation_of_cells

AROUND = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y]
EDGES = [(1, 0), (-1, 0), (0, 1), (0, -1)]


def grid(people, *, size=1000.0, origin=(0.0, 0.0), crs=3035):
    """Return cells of an array of people by (row, column), those without people left out."""
    rows, columns = np.nonzero(people)
    x, y = origin[0] + columns * size, origin[1] + rows * size
    return gpd.GeoDataFrame(
        {"population": people[rows, columns].astype(float)},
        geometry=shapely.box(x, y, x + size, y + size),
        index=pd.Index([f"{row}-{column}" for row, column in zip(rows, columns, strict=True)], name="cell_id"),
        crs=crs,
    )


def flooded(people, density, least, neighbours):
    """Return the sets of squares that touch, are dense enough and hold enough people together."""
    left = {at for at, number in people.items() if number >= density}
    found = []
    while left:
        queue, part = [left.pop()], set()
        while queue:
            at = queue.pop()
            part.add(at)
            for x, y in neighbours:
                beside = (at[0] + x, at[1] + y)
                if beside in left:
                    left.remove(beside)
                    queue.append(beside)
        if sum(people[at] for at in part) >= least:
            found.append(part)
    return found


def by_flood(people):
    """Return the class of each square, a dictionary, by the letter of the manual."""
    centres = flooded(people, 1500, 50_000, EDGES)
    owner = {at: number for number, part in enumerate(centres) for at in part}
    while True:
        joining = {}
        for at in {(at[0] + x, at[1] + y) for at in owner for x, y in AROUND} - set(owner):
            votes = Counter(owner[at[0] + x, at[1] + y] for x, y in AROUND if (at[0] + x, at[1] + y) in owner)
            if max(votes.values()) >= 5:
                joining[at] = votes.most_common(1)[0][0]
        if not joining:
            break
        owner |= joining
    clusters = set().union(*flooded(people, 300, 5000, AROUND))
    return {at: "urban_centre" if at in owner else "urban_cluster" if at in clusters else "rural" for at in people}


squares = st.sampled_from([0, 0, 1, 299, 300, 301, 1499, 1500, 2000, 4000, 9000, 20_000, 45_000])
lands = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
    lambda shape: st.lists(squares, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda values: np.array(values).reshape(shape)
    )
)


@settings(max_examples=120, deadline=None)
@given(lands)
def test_a_flood_fill_says_the_same(people):
    cells = grid(people)
    expected = by_flood({(int(r), int(c)): int(people[r, c]) for r, c in zip(*np.nonzero(people), strict=True)})
    found = urbanisation_of_cells(cells)
    assert found.to_dict() == {f"{row}-{column}": name for (row, column), name in expected.items()}


@settings(max_examples=60, deadline=None)
@given(lands)
def test_labels_of_scipy_give_the_same_clusters(people):
    label, _ = ndimage.label(people >= 300, structure=np.ones((3, 3)))
    sums = ndimage.sum_labels(people, label, np.arange(label.max() + 1))
    cluster = (label > 0) & (sums[label] >= 5000)
    found = urbanisation_of_cells(grid(people))
    urban = {f"{row}-{column}" for row, column in np.argwhere(cluster)}
    assert urban <= set(found.index[found != "rural"])
    assert set(found.index[found == "urban_cluster"]) <= urban


@settings(max_examples=60, deadline=None)
@given(lands, st.integers(-40, 40), st.integers(-40, 40))
def test_where_the_grid_begins_and_how_it_is_turned_does_not_matter(people, east, north):
    found = urbanisation_of_cells(grid(people))
    moved = urbanisation_of_cells(grid(people, origin=(east * 1000.0 + 17, north * 1000.0 - 250)))
    assert moved.equals(found)
    turned = urbanisation_of_cells(grid(people.T))
    assert {"-".join(name.split("-")[::-1]): value for name, value in turned.items()} == found.to_dict()


@settings(max_examples=60, deadline=None)
@given(lands, st.data())
def test_more_people_make_no_cluster_smaller(people, data):
    row, column = data.draw(st.tuples(*(st.integers(0, length - 1) for length in people.shape)))
    before = urbanisation_of_cells(grid(people))
    more = people.copy()
    more[row, column] += data.draw(st.integers(1, 60_000))
    after = urbanisation_of_cells(grid(more))
    dense = [f"{r}-{c}" for r, c in np.argwhere(people >= 300)]
    assert [name for name in dense if before[name] != "rural" and after[name] == "rural"] == []


@pytest.mark.parametrize("size", [100.0, 200.0, 250.0, 500.0])
@pytest.mark.parametrize("corner", [(0.0, 0.0), (-3000.0, 7_000_000.0)])
def test_smaller_cells_are_summed_to_whole_kilometres(size, corner):
    rng = np.random.default_rng(int(size))
    coarse = rng.choice([0, 100, 400, 2500, 30_000], size=(6, 7))
    many = round(1000 / size)
    fine = np.zeros((6 * many, 7 * many))
    for row, column in np.argwhere(coarse > 0):  # all people of a square in two of its cells
        inside = rng.integers(0, many, 2), rng.integers(0, many, 2)
        for place, part in zip(inside, (0.25, 0.75), strict=True):
            fine[row * many + place[0], column * many + place[1]] += part * coarse[row, column]
    # The first column and row of cells are left out: the grid of the file does not begin at a whole kilometre.
    fine[:1, :] = 0
    fine[:, :1] = 0
    summed = fine.reshape(6, many, 7, many).sum(axis=(1, 3))
    expected = urbanisation_of_cells(grid(summed, origin=corner))
    found = urbanisation_of_cells(grid(fine, size=size, origin=corner))
    where = [tuple(int(part) // many for part in name.split("-")) for name in found.index]
    assert found.tolist() == [expected[f"{row}-{column}"] for row, column in where]


def test_gaps_are_filled_and_bays_are_smoothed():
    people = np.full((5, 5), 3000)
    people[2, 2] = 1  # a park
    people[0, 2] = 1  # a bay: five of its neighbours are in the city
    people[0, 0] = 1  # a corner: three are
    found = urbanisation_of_cells(grid(people))
    assert found["2-2"] == found["0-2"] == "urban_centre"
    assert found["0-0"] == "rural"


def test_centres_touch_along_edges_and_clusters_at_corners_too():
    people = np.zeros((2, 2))
    people[0, 0], people[1, 1] = 30_000, 30_000
    assert urbanisation_of_cells(grid(people)).tolist() == ["urban_cluster"] * 2
    people[0, 1] = 1500
    assert urbanisation_of_cells(grid(people)).tolist() == ["urban_centre"] * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 300.0}, "300 m wide, which do not make up squares of 1 km"),
        ({"size": 2000.0}, "2000 m wide"),
        ({"crs": 4326, "size": 0.01}, "WGS 84"),
        ({"crs": None}, "coordinate system is none"),
    ],
)
def test_grids_that_make_no_kilometre_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        urbanisation_of_cells(grid(np.ones((2, 2)), **change))


def test_cells_off_the_grid_or_of_several_sizes_are_refused():
    off = gpd.GeoDataFrame({"population": [1.0, 1]}, geometry=shapely.box([0, 1300], 0, [1000, 2300], 1000), crs=3035)
    with pytest.raises(InputError, match="do not lie on one grid"):
        urbanisation_of_cells(off)
    sizes = gpd.GeoDataFrame({"population": [1.0, 1]}, geometry=shapely.box([0, 1000], 0, [1000, 1500], 500), crs=3035)
    with pytest.raises(InputError, match="cells of one size"):
        urbanisation_of_cells(sizes)
    with pytest.raises(InputError, match="people are missing"):
        urbanisation_of_cells(grid(np.ones((1, 2))).assign(population=[1.0, np.nan]))


def living(**shares):
    rows = [("Z", people, name) for name, people in shares.items()]
    return pd.DataFrame(rows, columns=["municipality_id", "population", "grid_class"])


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"urban_centre": 50, "rural": 50}, 1),  # half is enough for a city
        ({"urban_centre": 49, "rural": 51}, 3),
        ({"urban_centre": 49, "urban_cluster": 1, "rural": 50}, 2),  # half is not enough for the countryside
        ({"urban_cluster": 100}, 2),
        ({"rural": 7}, 3),
    ],
)
def test_a_zone_is_classed_by_where_most_of_its_people_live(shares, expected):
    table = classify_zones(living(**shares))
    assert table["centrality_class"].to_dict() == {"Z": expected}
    total = sum(shares.values())
    assert table.loc["Z", "share_rural"] == shares.get("rural", 0) / total
    assert table.loc["Z", ["share_urban_centre", "share_urban_cluster", "share_rural"]].sum() == pytest.approx(1)


def test_people_without_a_zone_and_zones_without_people_have_no_row():
    cells = pd.concat([living(rural=1), living(rural=5).assign(municipality_id="")])
    assert classify_zones(cells).index.tolist() == ["Z"]
    assert classify_zones(cells[:0]).empty


def test_wrong_arguments_end_in_a_message():
    with pytest.raises(InputError, match="has 6 classes"):
        classify_zones(living(rural=1), scheme=read_scheme("norway"))
    with pytest.raises(InputError, match="'suburb' is not known"):
        classify_zones(living(suburb=1))
    with pytest.raises(InputError, match="no column grid_class"):
        classify_zones(living(rural=1).drop(columns="grid_class"))


@pytest.mark.shared
def test_norway_comes_out_as_an_independent_trial_did(shared):
    table = pd.read_parquet(shared / "norway" / "population_1km_2021_age.parquet")
    x, y = table["x_3035"].to_numpy(float) // 1000 * 1000, table["y_3035"].to_numpy(float) // 1000 * 1000
    cells = gpd.GeoDataFrame(
        {"population": table["T"].clip(lower=0), "municipality_id": table["kommunenummer"].astype(str)},
        geometry=shapely.box(x, y, x + 1000, y + 1000),
        crs=3035,
    )
    classes = classify_zones(cells.assign(grid_class=urbanisation_of_cells(cells)))["centrality_class"]
    people = cells["population"].groupby(cells["municipality_id"].map(classes)).sum()
    assert (people / 1e6).round(2).tolist() == [1.37, 2.38, 1.63]


@pytest.mark.parametrize("people", [np.nan, -1.0, np.inf])
def test_zones_of_people_who_are_not_known_are_refused(people):
    cells = pd.DataFrame({"municipality_id": "A", "grid_class": "rural", "population": [5.0, people]})
    with pytest.raises(InputError, match="people are missing, negative or infinite"):
        classify_zones(cells)

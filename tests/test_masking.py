"""Cells with few people leave the program as a band only, on every map and in every table of cells; sums are exact."""

from __future__ import annotations

import base64
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoaccess.demand import assumed_people, few_people, mask_cells, shown_people, unmask_cells
from geoaccess.errors import InputError
from geoaccess.maps import Look, service_map, web_map
from geoaccess.measures import ServiceSpec
from geoaccess.planner import PlannerState, Session
from geoaccess.planner.areas import areas_around, catchment_of
from geoaccess.planner.changes import read_changes
from geoaccess.planner.drawing import Drawing
from geoaccess.planner.export import _layers, plan_gpkg
from geoaccess.planner.serialise import answer_json, areas_json, catchment_json
from geoaccess.questions import compare_runs, compare_study
from geoaccess.questions.compare.output import write_comparison
from geoaccess.questions.compare.runs_output import write_runs
from geoaccess.scenarios import Scenario
from geoaccess.study import load_study, run_study
from geoaccess.study.results.report import report_of
from geoaccess.study.results.tables import all_tables
from tests.test_maps_web import data_of, decoded
from tests.test_study_tiny import CELLS, PEOPLE, PLACES, STUDY, TOTAL, cell_id, degrees, write_study

BELOW = 20
GP = ServiceSpec("gp", "GP", norms_s=(1200.0,))
FEW = {key for key, people in PEOPLE.items() if people < BELOW}  # farm 13, wild 7
MASKED = STUDY.replace("[population]", f"[population]\nmask_below = {BELOW}")


@given(st.lists(st.one_of(st.floats(0, 30), st.just(float("nan")))), st.integers(3, 20))
def test_few_are_those_above_nobody_and_below_the_bound(people, below):
    expected = [0 < value < below for value in people]
    assert few_people(people, below=below).tolist() == expected
    shown = shown_people(people, below=below)
    assert all(value == below / 2 for value, few in zip(shown, expected, strict=True) if few)
    assert all(value == people[row] or np.isnan(value) for row, value in enumerate(shown) if not expected[row])


def test_what_tells_the_number_goes_with_it():
    table = pd.DataFrame(
        {
            "population": [4, 5, 0, 50, 500],
            "population_old": [4, 4, 0, 20, 60],
            "calls_per_year": [0.4, 0.5, 0.0, 5.0, 2.0],
            "women": [2.0, 5.0, 0.0, 3.0, 250.0],
            "gp_s": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    masked = mask_cells(table, below=5, columns=["women", "calls_per_year"])
    # 2 calls a year of 500 people are no secret; those of 5 people of whom 4 are old would tell how many are.
    assert masked["population_band"].tolist() == ["1\u20134", "1\u20134", "", "1\u20134", ""]
    assert masked["population"].fillna(-1).tolist() == [-1, 5, 0, 50, 500]
    # Where all groups but one are shown, the people of the cell tell that one: where one is few, all are left out.
    assert masked["population_old"].fillna(-1).tolist() == [-1, -1, 0, -1, 60]
    assert masked["calls_per_year"].fillna(-1).tolist() == [-1, -1, 0, -1, 2]
    assert masked["women"].fillna(-1).tolist() == [-1, -1, 0, -1, 250]
    assert masked["gp_s"].tolist() == [1, 2, 3, 4, 5]
    back = unmask_cells(masked, below=5, columns=["women"])
    assert back["population"].tolist() == [2.5, 5, 0, 50, 500]
    assert back["population_old"].tolist() == pytest.approx([0.3, 0.6, 0, 6, 60])  # 60 of 500
    assert back["women"].tolist() == pytest.approx([1.25, 2.5, 0, 25, 250])
    # 2 calls of 500 people, 1 of 250 each, is what is known.
    assert back["calls_per_year"].tolist() == pytest.approx([0.01, 0.02, 0, 0.2, 2])
    assert mask_cells(table, below=None) is table
    with pytest.raises(InputError, match="people"):
        mask_cells(table[["gp_s"]], below=5)


def test_text_is_no_number_of_people():
    table = pd.DataFrame({"population": [3, 60], "population_zone": ["A", "B"], "village": ["Aa", "Bb"]})
    masked = mask_cells(table, below=5)
    assert masked["population_zone"].tolist() == ["A", "B"]
    with pytest.raises(InputError, match="column village is of people"):
        mask_cells(table, below=5, columns=["village"])
    with pytest.raises(InputError, match="column population is of people"):
        mask_cells(pd.DataFrame({"population": ["a few"]}), below=5)


def test_the_demand_of_a_catchment_is_masked_and_text_that_is_carried_stays(tmp_path):
    elderly = dict.fromkeys(PEOPLE, 30) | {"west": 3, "isle": 0}
    more = '[catchments.near]\nservice = "gp"\nmeasure = "cumulative"\ncutoff_min = 20\ndemand = "elderly"\n'
    text = MASKED.replace("[population]", '[population]\ncarry = ["village"]') + more
    path = write_study(tmp_path, text)
    rows = [f"{cell_id(key)},{PEOPLE[key]},{elderly[key]},of {key}" for key in PEOPLE]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id,people,elderly,village", *rows, ""]))
    folder = folder_of(run_study(load_study(path), show=False))
    cells = pd.read_parquet(folder / "cells.parquet")
    cells = cells.set_axis(cells.index.map({cell_id(key): key for key in PEOPLE}))
    hidden = FEW | {"west"}  # of whom there are few; nobody on the isle is no secret
    assert {key for key in PEOPLE if np.isnan(cells.loc[key, "elderly"])} == hidden
    assert {key for key in PEOPLE if cells.loc[key, "population_band"]} == hidden
    assert cells.loc["isle", "elderly"] == 0
    report = re.sub(r"\s+", " ", (folder / "report.html").read_text(encoding="utf-8"))
    assert f"3 of 8 cells, in which {sum(PEOPLE[key] for key in hidden):,} people" in report
    back = unmask_cells(cells, below=BELOW, columns=["elderly"])
    # Shown are 120 of the 899 people of middle, north, isle, hut and holm. Of the west, few are left out, and no other.
    few_of = dict.fromkeys(FEW, 120 / 899 * BELOW / 2)
    assert back["elderly"].to_dict() == pytest.approx(elderly | few_of | {"west": BELOW / 2})


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=20), st.integers(3, 6))
def test_groups_that_add_up_to_the_people_tell_none_that_is_few(rows, below):
    groups = np.array(rows, dtype=np.float64)
    table = pd.DataFrame(groups, columns=["population_young", "population_middle", "old"])
    table.insert(0, "population", groups.sum(axis=1))
    table["births_per_year"] = 0.1 * table["population_young"]
    masked = mask_cells(table, below=below, columns=["old"])
    for row, people in enumerate(groups):
        shown = masked.loc[row, ["population_young", "population_middle", "old"]].to_numpy(np.float64)
        few = (people > 0) & (people < below)
        assert np.isnan(shown[few]).all()
        if few.any() and not np.isnan(masked.loc[row, "population"]):
            assert np.isnan(shown).sum() > 1  # with one alone, the rest would be it
            assert np.isnan(masked.loc[row, "births_per_year"])
        assert np.isnan(masked.loc[row, "population"]) == (0 < people.sum() < below)


def test_what_is_left_out_of_one_table_is_not_had_from_another():
    known = pd.DataFrame({"population": [50.0, 50], "population_women": [20.0, 20], "population_men": [4.0, 30]})
    births = pd.DataFrame({"population": [50.0, 50], "births_per_year": [2.0, 2.0]})
    assert mask_cells(births, below=5)["births_per_year"].tolist() == [2, 2]  # which would be 20 women
    masked = mask_cells(births, below=5, known=known)
    assert masked["births_per_year"].fillna(-1).tolist() == [-1, 2]
    assert masked["population"].tolist() == [50, 50]
    assert masked["population_band"].tolist() == ["1\u20134", ""]
    women = mask_cells(known[["population_women"]], below=5, known=known)
    assert women["population_women"].fillna(-1).tolist() == [-1, 20]
    with pytest.raises(InputError, match="known: has 1 rows, and cells 2"):
        mask_cells(births, below=5, known=known.head(1))


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from("abc")), min_size=1, max_size=30),
    st.randoms(use_true_random=False),
)
def test_people_that_are_assumed_have_the_totals_of_their_zones_and_tell_no_cell(rows, random):
    below = 5
    table = pd.DataFrame(rows, columns=["population_women", "population_men", "zone"])
    table.insert(0, "population", table["population_women"] + table["population_men"])
    found = assumed_people(table, below=below, zones=table["zone"])
    few = few_people(table["population"], below=below)
    several = table["zone"].map(table["zone"][few].value_counts()).fillna(0) > 1
    for zone in table["zone"][several & few].unique():
        here = (table["zone"] == zone).to_numpy()
        assert found["population"][here].sum() == pytest.approx(table["population"][here].sum())
        assert len({*found["population"][here & few]}) == 1
    assert found["population"][~few].tolist() == table["population"][~few].tolist()
    assert ((found["population"][few] > 0) & (found["population"][few] < below)).all()
    # Who has which of the numbers that are left out does not matter.
    for zone in table["zone"].unique():
        at = np.flatnonzero(few & (table["zone"] == zone).to_numpy())
        moved = random.sample(at.tolist(), len(at))
        columns = ["population", "population_women", "population_men"]
        table.loc[at, columns] = table.loc[moved, columns].to_numpy()
    again = assumed_people(table, below=below, zones=table["zone"])
    assert again["population"].tolist() == pytest.approx(found["population"].tolist())


def test_people_alone_in_their_zone_are_spread_together_and_one_alone_is_the_middle():
    table = pd.DataFrame({"population": [1, 4, 60, 2, 80], "calls_per_year": [0.1, 0.4, 6.0, 0.2, 8.0]})
    # 1 and 4 of two zones are 2.5 each; so are 0.1 and 0.4 calls.
    found = assumed_people(table.head(3), below=5, zones=["a", "b", "b"])
    assert found["population"].tolist() == [2.5, 2.5, 60]
    assert found["calls_per_year"].tolist() == pytest.approx([0.25, 0.25, 6])
    one = assumed_people(table.tail(2), below=5, zones=["a", "b"])
    assert one["population"].tolist() == [2.5, 80]
    assert one["calls_per_year"].tolist() == pytest.approx([0.25, 8])  # a tenth of a call each, as elsewhere
    assert assumed_people(table, below=None, zones=["a"] * 5)["population"].tolist() == [1, 4, 60, 2, 80]


# ---- worlds that differ only in which of two cells of a municipality has which number that is not shown

SECRET = {"west": 7, "farm": 13}
SWAPPED = {"west": 13, "farm": 7}
FORMS = '\n[figures]\nformats = ["svg"]\n'
SHARED = """
[catchments.share]
service = "gp"
measure = "two_step"
decay = { kind = "binary", cutoff_min = 600 }
[catchments.taken]
service = "gp"
measure = "spatial_availability"
decay = { kind = "binary", cutoff_min = 600 }
[catchments.women]
service = "gp"
measure = "two_step"
decay = { kind = "binary", cutoff_min = 600 }
demand = "population_women"
"""


def world(folder, numbers):
    """The country with other people in the west and at the farm, of whom a third are women."""
    text = MASKED.replace('people = "people"', 'people = "people"\nages = { women = "women", men = "men" }')
    path = write_study(folder, text + SHARED + FORMS)
    people = PEOPLE | numbers
    rows = [f"{cell_id(key)},{people[key]},{people[key] // 3},{people[key] - people[key] // 3}" for key in PEOPLE]
    (folder / "people.csv").write_text("\n".join(["cell_id,people,women,men", *rows, ""]))
    return run_study(load_study(path), show=False)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    return [world(folder / name, numbers) for name, numbers in (("one", SECRET), ("other", SWAPPED))]


def test_cells_that_leave_the_program_are_the_same_in_both_worlds(worlds):
    one, other = (answers.study.output for answers in worlds)
    assert (one / "cells.parquet").read_bytes() == (other / "cells.parquet").read_bytes()
    tables = [gpd.read_file(folder / "study.gpkg", layer="cells") for folder in (one, other)]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, tables))
    pages = [data_of(folder / "index.html") for folder in (one, other)]
    assert pages[0]["levels"] == pages[1]["levels"]


def test_what_falls_to_a_cell_does_not_tell_how_many_live_there(worlds):
    for answers in worlds:
        taken = answers.results["taken"].set_axis([*PEOPLE])
        # Both sites are open to all who reach them: 2 for them all, by people, of whom west and farm count 10 each.
        reached = sum((PEOPLE | {"west": 10, "farm": 10})[key] for key in ("west", "farm", "middle", "north", "isle"))
        assert taken["west"] == pytest.approx(2 * 10 / reached)
        assert taken["farm"] == pytest.approx(2 * 10 / reached)
        assert taken.sum() == pytest.approx(2)
    tables = [pd.read_csv(answers.study.output / "site_demand.csv") for answers in worlds]
    pd.testing.assert_frame_equal(*tables)


def test_compared_cells_are_the_same_in_both_worlds(worlds, tmp_path):
    scenario = Scenario(title="No doctor in the east", remove=[{"service": "gp", "site": "gp-east"}])
    for name, answers in zip("ab", worlds, strict=True):
        compared = compare_study(load_study(answers.study.path), [scenario], answers=answers, show=False)
        write_comparison(compared, tmp_path / name)
    assert (tmp_path / "a" / "cells.csv").read_bytes() == (tmp_path / "b" / "cells.csv").read_bytes()
    layers = [gpd.read_file(tmp_path / name / "compare.gpkg", layer="scenario_1") for name in "ab"]
    pd.testing.assert_frame_equal(*map(pd.DataFrame, layers))


def test_curves_have_no_step_for_a_cell_that_is_not_shown(worlds):
    """In SVG every step of a curve is a number of many decimals."""
    one, other = (answers.study.output for answers in worlds)
    assert (one / "curves.svg").read_bytes() == (other / "curves.svg").read_bytes()
    lines = [re.findall(r' d="([^"]*)"', (folder / "lorenz.svg").read_text("utf-8")) for folder in (one, other)]
    longest = [max(some, key=len) for some in lines]
    assert len(longest[0]) > 100
    assert longest[0] == longest[1]


def test_islands_lie_where_they_lie_whoever_lives_in_which_cell(worlds):
    tables = [pd.read_csv(answers.study.output / "islands.csv") for answers in worlds]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0].loc[tables[0]["tied_by"] == "mainland", "people"].item() == 7 + 13 + 503 + 211


def test_the_planner_answers_alike_whatever_part_of_the_cells_it_is_asked_about(worlds):
    answered = []
    for answers in worlds:
        state = PlannerState(answers)
        drawing = Drawing(state)
        session = Session(state)
        where = dict(zip(("lon", "lat"), degrees(*PLACES["west"]), strict=True))
        answer = session.answer(read_changes([{"what": "remove", "service": "gp", "site": "gp-west"}]), "gp")
        found = [
            drawing.page(),
            answer_json(session.answer([], "gp"), state.figures("gp"), drawing, edges_s=[60.0, 2400.0]),
            answer_json(answer, state.figures("gp"), drawing),
            areas_json(areas_around(session, [], "gp", place=(where["lon"], where["lat"]))),
            catchment_json(drawing, "gp", catchment_of(session, [], "gp", "gp-west")),
        ]
        cells = gpd.GeoDataFrame(_layers(state, answer)["cells"]).drop(columns="geometry")
        answered.append((found, cells))
    assert answered[0][0] == answered[1][0]
    pd.testing.assert_frame_equal(answered[0][1], answered[1][1])
    # The total of the west with both is exact. The wild is alone in no municipality, and counts as the middle of 1-19.
    figures = answered[0][0][1]["figures"]
    total = TOTAL - PEOPLE["west"] - PEOPLE["farm"] + 20
    assert figures["everybody"]["people"] == pytest.approx([total - PEOPLE["wild"] + BELOW / 2])
    assert figures["municipalities"]["people"][0] == pytest.approx(20 + PEOPLE["holm"])


@pytest.mark.parametrize("factor", [1, 2])
def test_the_order_in_which_cells_are_drawn_tells_nothing(tmp_path, factor):
    drawn = []
    for name, people in (("a", [4, 1, 3, 2, 50, 60]), ("b", [1, 2, 4, 3, 50, 60])):
        shapes = shapely.box(np.arange(6) * 1000.0 + 5e5, 7.7e6, np.arange(6) * 1000.0 + 501_000, 7.701e6)
        results = gpd.GeoDataFrame({"population": people, "gp_s": 60.0, "gp_reason": ""}, geometry=shapes, crs=25833)
        look = Look(formats=("svg",), mask_below=5)
        given = {"title": "x", "attribution": "y", "look": look}
        if factor == 2:
            given["at_most_in"] = (0.05, 0.05)
        service_map(tmp_path / f"{name}.png", results=results, service=GP, **given)
        drawn.append((tmp_path / f"{name}.svg").read_bytes())
    assert drawn[0] == drawn[1]


def test_blocks_with_few_people_in_a_cell_say_about(tmp_path):
    corners = [(x, y) for y in range(4) for x in range(4)]
    west, south = np.array(corners).T * 1000.0
    people = np.full(16, 50.0)
    people[[0, 1, 10]] = [1, 3, 2]
    shapes = shapely.box(west + 5e5, south + 7.7e6, west + 501_000, south + 7.701e6)
    minutes = np.arange(16) + 1.0
    columns = {"population": people, "municipality": "A", "gp_s": 60 * minutes, "gp_site": "", "gp_reason": ""}
    results = gpd.GeoDataFrame(columns, geometry=shapes, crs=25833)
    sites = gpd.GeoDataFrame({"service": [], "name": []}, geometry=[], crs=4326)
    web_map(
        tmp_path / "m.html",
        results=results,
        sites=sites,
        services=[GP],
        title="x",
        attribution="y",
        at_most=4,
        mask_below=5,
    )
    blocks = decoded(data_of(tmp_path / "m.html")["levels"][0])
    # Blocks of two by two, from the south-west; few count as 2 each, the mean of 1, 3 and 2.
    assert sorted(zip(blocks["people"] / 10, blocks["about"], strict=True)) == [(104, 1), (152, 1), (200, 0), (200, 0)]
    first = blocks[blocks["people"] == 1040].iloc[0]
    times = np.array([1, 2, 5, 6])
    assert first["gp.time"] == round(10 * (times @ [2, 2, 50, 50]) / 104)  # tenths of minutes, of people as assumed


def test_rows_about_a_single_cell_do_not_tell_its_people(tmp_path):
    """Few are the farm, the hut, holm and the wild; nobody is on the isle, so that the hut is alone in the south."""
    named = '[[zonings]]\nname = "village"\nkind = "column"\ncolumn = "village"\n'
    path = write_study(tmp_path, MASKED.replace("mask_below = 20", "mask_below = 60") + named)
    people = PEOPLE | {"isle": 0}
    rows = [f"{cell_id(key)},{people[key]},{'Aa' if key in {'west', 'farm'} else key}" for key in people]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id,people,village", *rows, ""]))
    answers = run_study(load_study(path), show=False)
    folder = folder_of(answers)
    places = pd.read_csv(folder / "zonings.csv").query("zoning == 'village' and service == 'gp'").set_index("group")
    assert {key for key in places.index if np.isnan(places.loc[key, "population"])} == {"hut", "holm", "wild"}
    counts = ["population", "reached", "unreached", "people_beyond_norm_1"]
    assert places.loc[["hut", "holm", "wild"], counts].isna().all(axis=None)
    assert places.loc["Aa", "population"] == PEOPLE["west"] + PEOPLE["farm"]  # of two cells
    islands = pd.read_csv(folder / "islands.csv")
    assert islands["people"].notna().tolist() == [True, False, False, False]
    zones = pd.read_csv(folder / "municipalities.csv").query("service == 'gp'").set_index("municipality")
    assert zones.index[zones["population"].isna()].tolist() == ["South", "unclassified"]
    assert zones.loc["South", "share_within_norm_1"] == 0
    areas = gpd.read_file(folder / "study.gpkg", layer="municipalities").set_index("municipality_id")
    assert areas["people"].isna().to_dict() == {"0101": False, "0102": False, "0103": True}
    assert answers.summary("municipality")["population"].notna().all()
    report = report_of(answers, all_tables(answers), pictures={}, digests={})
    assert "South" in [*report.services[0].municipalities["municipality"]]
    shown = re.sub(r'<[^>]*>|data:[^"]*', "", (folder / "report.html").read_text(encoding="utf-8"))
    assert "nan" not in shown.lower().split()


def test_one_cell_with_few_people_is_counted_without_them(tmp_path):
    path = write_study(tmp_path, MASKED.replace("mask_below = 20", "mask_below = 10"))
    text = re.sub(r"\s+", " ", (folder_of(run_study(load_study(path), show=False)) / "report.html").read_text("utf-8"))
    assert "fewer than 10 people are shown as 1\u20139 on maps and in tables of cells: one of 8 cells. Totals" in text


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masked")
    return {
        name: run_study(load_study(write_study(folder / name, text)), show=False)
        for name, text in (("open", STUDY), ("masked", MASKED))
    }


def folder_of(answers):
    return answers.study.output


@pytest.mark.parametrize("read", [lambda path: gpd.read_parquet(path / "cells.parquet").reset_index(),
                                  lambda path: gpd.read_file(path / "study.gpkg", layer="cells")])  # fmt: skip
def test_exported_cells_have_bands(runs, read):
    cells = read(folder_of(runs["masked"])).set_index("cell_id")
    for key in CELLS:
        row = cells.loc[cell_id(key)]
        assert (np.isnan(row["population"]), row["population_band"] or "") == (
            (True, "1\u201319") if key in FEW else (False, "")
        )
        assert key in FEW or row["population"] == PEOPLE[key]
    assert "population_band" not in read(folder_of(runs["open"]))


def test_tables_of_sums_and_the_answers_in_memory_are_exact(runs):
    for name in ("everybody", "municipalities", "classes", "equity", "shortfall"):
        one, other = (pd.read_csv(folder_of(runs[run]) / f"{name}.csv") for run in ("open", "masked"))
        # The wild, in no municipality and of no class, is a cell by itself, see below.
        rows = one.get("municipality_id", one.get("centrality_class", one["service"])) != "unclassified"
        pd.testing.assert_frame_equal(one[rows], other[rows], check_dtype=False)
    assert runs["masked"].results["population"].sum() == TOTAL


def test_the_report_counts_what_is_masked(runs):
    text = re.sub(r"\s+", " ", (folder_of(runs["masked"]) / "report.html").read_text(encoding="utf-8"))
    people = sum(PEOPLE[key] for key in FEW)
    band = "1\u201319"
    said = f"fewer than 20 people are shown as {band} on maps and in tables of cells: 2 of 8 cells, in which {people} "
    assert said in text
    assert "are shown as" not in (folder_of(runs["open"]) / "report.html").read_text(encoding="utf-8")
    described = pd.read_csv(folder_of(runs["masked"]) / "dictionary.csv")
    assert described.loc[described["column"] == "population_band", "description"].str.contains("too small").all()


def test_the_map_for_the_screen_does_not_hold_the_numbers(runs):
    found = {name: data_of(folder_of(answers) / "index.html") for name, answers in runs.items()}
    people = {name: np.sort(decoded(data["levels"][-1])["people"]) / 10 for name, data in found.items()}
    assert people["open"].tolist() == sorted(PEOPLE.values())
    assert people["masked"].tolist() == sorted(BELOW / 2 if key in FEW else PEOPLE[key] for key in PEOPLE)
    assert (found["open"]["mask_below"], found["masked"]["mask_below"]) == (0, BELOW)
    rows = {
        name: [row["people"] for row in data["layers"]["gp"]["breaks"]["norms"]["rows"]] for name, data in found.items()
    }
    assert rows["open"] == rows["masked"]


def test_runs_that_are_compared_count_the_middle_of_a_band_and_say_so(runs, tmp_path):
    compared = compare_runs([folder_of(runs["open"]), folder_of(runs["masked"])], show=False)
    whole = compared.changes[compared.changes["zoning"] == "everybody"].iloc[0]
    assert whole["people_before"] == TOTAL
    assert whole["people_after"] == TOTAL - sum(PEOPLE[key] - BELOW / 2 for key in FEW)
    said = [note for note in compared.notes if "approximate" in note]
    assert [note.partition(":")[0] for note in said] == [compared.runs[1].name]
    assert "fewer than 20 people" in said[0]
    assert "in 2 of 8 cells they are assumed (10 in a cell" in said[0]
    write_runs(compared, tmp_path / "both")
    for name in ("changes", "series"):
        assert pd.read_csv(tmp_path / "both" / f"{name}.csv")["disclaimer"].str.contains("approximate").all()
    assert "they are assumed (10 in a cell" in (tmp_path / "both" / "index.html").read_text(encoding="utf-8")
    cells = pd.read_csv(tmp_path / "both" / "cells.csv")
    # Neither the number of the run that masks nothing nor the one that is assumed stands there.
    hidden = cells["population_band"].fillna("") != ""
    assert hidden.sum() == len(FEW)
    assert cells.loc[hidden, ["population_before", "population"]].isna().all(axis=None)
    assert sorted(cells.loc[~hidden, "population"]) == sorted(PEOPLE[key] for key in PEOPLE if key not in FEW)


def test_a_run_that_has_to_be_solved_counts_as_one_that_is_read(runs, tmp_path):
    study = write_study(tmp_path / "again", MASKED)
    solved = compare_runs([folder_of(runs["open"]), study], show=False)
    read = compare_runs([folder_of(runs["open"]), folder_of(runs["masked"])], show=False)
    assert not (tmp_path / "again" / "out").exists()
    pd.testing.assert_frame_equal(solved.changes, read.changes.assign(after=solved.changes["after"]))
    assert sum("approximate" in note for note in solved.notes) == 1


def test_the_planner_shows_and_exports_bands(runs, tmp_path):
    state = PlannerState(runs["masked"])
    packed = Drawing(state).page()
    people = np.frombuffer(base64.b64decode(packed["cells"]["people"]["data"]), "<f4")
    assert sorted(people.tolist()) == sorted(BELOW / 2 if key in FEW else PEOPLE[key] for key in PEOPLE)
    assert packed["mask_below"] == BELOW
    session = Session(state)
    answer = session.answer([], "gp")
    path = tmp_path / "plan.gpkg"
    path.write_bytes(plan_gpkg(state, answer))
    cells = gpd.read_file(path, layer="cells").set_index("cell_id")
    assert cells["population"].isna().sum() == len(FEW)
    assert answer.figures.everybody.people.sum() == TOTAL


@pytest.mark.parametrize("bound", ["2", "1001", "-5", "2.5"])
def test_bounds_that_cannot_be_are_refused(tmp_path, bound):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace("[population]", f"[population]\nmask_below = {bound}"), encoding="utf-8")
    with pytest.raises(Exception, match="mask_below"):
        load_study(path)


def test_compared_cells_are_masked_too(runs, tmp_path):
    scenario = Scenario(title="No doctor in the east", remove=[{"service": "gp", "site": "gp-east"}])
    compared = compare_study(load_study(runs["masked"].study.path), [scenario], show=False)
    write_comparison(compared, tmp_path / "compare")
    cells = pd.read_csv(tmp_path / "compare" / "cells.csv")
    assert cells["population"].isna().sum() == len(FEW)
    everybody = pd.read_csv(tmp_path / "compare" / "everybody.csv")
    assert (everybody["population"] == TOTAL).all()

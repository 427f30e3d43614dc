"""Which numbers tell how many people live in a single cell: the catalogue of columns says it for every table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geoaccess.questions import compare_study, reliability_study, vulnerable_study, write_vulnerable
from geoaccess.questions.compare.compared_columns import COMPARED
from geoaccess.questions.compare.output import write_comparison
from geoaccess.questions.reliability import COLUMNS, write_reliability
from geoaccess.questions.vulnerability import COLUMNS as COLUMNS_OF_CLOSINGS
from geoaccess.scenarios import Scenario
from geoaccess.study import load_study
from geoaccess.study.columns import tells_people, unit_of
from geoaccess.study.results.lone_cells import hide_lone
from tests.test_study_tiny import PEOPLE, STUDY, degrees, write_study

MORE = '\n[catchments.doctors]\nservice = "gp"\nmeasure = "two_step"\nsupply = "capacity"\ncutoff_min = 30\n'
TEXT = STUDY.replace("[population]", "[population]\nmask_below = 60").replace(
    'label = "GP"', 'label = "GP"\ntrips_per_year = 4'
)
LON, LAT = degrees(15.5, -9.5)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = write_study(tmp_path_factory.mktemp("lone"), TEXT + MORE)
    sites = path.parent / "sites.csv"
    head, *rows = sites.read_text(encoding="utf-8").splitlines()
    sites.write_text("\n".join([f"{head},capacity", *(f"{row},2" for row in rows), ""]), encoding="utf-8")
    return load_study(path)


@pytest.fixture(scope="module")
def compared(study):
    """A new office where the hut is, the only cell with few people in its place: 31."""
    return compare_study(study, [Scenario(title="hut", add=[{"service": "gp", "lon": LON, "lat": LAT}])], show=False)


def numbers(table):
    return [
        str(name)
        for name in table
        if pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])
    ]


def test_counts_and_sums_over_people_tell_and_what_each_has_does_not():
    columns = {"time_to_save_s": "person s", "mean_to_save_s": "s", "supply": "number", "{who}_left": "people"}
    told = ["time_to_save_s", "supply", "old_left", "population", "people_beyond_norm_2", "unreached_no_road_within"]
    kept = ["mean_to_save_s", "p90_s", "norm_3_s", "share_within_norm_1", "centrality_index", "lon", "cells"]
    assert [name for name in told if not tells_people(name, columns)] == []
    assert [name for name in kept if tells_people(name, columns)] == []
    assert tells_people("nobody_knows_s", {})  # what is in no catalogue is left out


def test_rows_lose_what_tells_and_nothing_else():
    table = pd.DataFrame(
        {
            "municipality_id": ["1", "2"],
            "population": [3.0, 90.0],
            "mean_s": [60.0, 70.0],
            "odd": [1, 2],
            "why": ["a", "b"],
        }
    )
    hidden = hide_lone(table, {"municipality_id": frozenset({"1"})}, below=5, columns={})
    assert hidden["population"].isna().tolist() == hidden["odd"].isna().tolist() == [True, False]
    assert hidden[["municipality_id", "mean_s", "why"]].equals(table[["municipality_id", "mean_s", "why"]])


def test_every_number_of_a_comparison_and_of_draws_is_in_a_catalogue(study, compared):
    tables = {name: (table, COMPARED) for name, table in compared.tables.items() if name != "beside"}  # of all
    path = study.path.parent / "often.csv"
    path.write_text("what,name,availability\nferry,all,0.5\n", encoding="utf-8")
    drawn = reliability_study(study, "gp", table=path, draws=5, show=False)
    tables |= {name: (getattr(drawn, name), COLUMNS) for name in ("classes", "municipalities")}
    unknown = [
        (name, one) for name, (table, known) in tables.items() for one in numbers(table) if unit_of(one, known) is None
    ]
    assert unknown == []
    write_reliability(drawn, path.parent / "drawn")
    south = pd.read_csv(path.parent / "drawn" / "reliability_gp_municipalities.csv").set_index("municipality")
    sails = 1 - drawn.closures["closed_share"].iloc[0]
    assert south.loc["South", "expected_reached"] == pytest.approx(sails * PEOPLE["isle"])  # of two cells


def test_a_place_of_one_cell_tells_neither_its_people_nor_their_minutes_together(compared, tmp_path):
    open_rows = compared.tables["places"].query("service == 'gp' and measure == 'nearest'")
    assert open_rows["people"].tolist() == [PEOPLE["hut"]]
    assert open_rows["cells"].tolist() == [1]
    write_comparison(compared, tmp_path / "out")
    places = pd.read_csv(tmp_path / "out" / "places.csv").query("service == 'gp' and measure == 'nearest'")
    assert places[["people", "became_reached", "person_min"]].isna().all(axis=None)
    assert places["rank"].tolist() == [1]
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "nan" not in page.lower().replace("data:", " ").split()
    assert np.isfinite(pd.read_csv(tmp_path / "out" / "everybody.csv")["population"]).all()


def test_a_closing_that_touches_one_cell_with_few_people_does_not_tell_how_many(tmp_path):
    """The ferry, and the road beyond it, lead to the isle alone, where 101 live."""
    shown, masked = (
        load_study(write_study(tmp_path / name, text))
        for name, text in (("shown", STUDY), ("masked", TEXT.replace("mask_below = 60", "mask_below = 150")))
    )
    was = vulnerable_study(shown, "hospital", show=False).table
    assert PEOPLE["isle"] in was.loc[was["kind"] == "ferry", "people_cut_off"].tolist()
    found = vulnerable_study(masked, "hospital", show=False)
    write_vulnerable(found, tmp_path / "out")
    table = pd.read_parquet(tmp_path / "out" / "vulnerable_hospital.parquet")
    told = ["people", "people_delayed", "people_cut_off", "person_min", "cost_min", "over_norm_1", "rank_minutes"]
    few = table["unranked"] == "few_people"
    assert table.loc[few, told].isna().all(axis=None)
    assert (table[few]["kind"] == "ferry").any()
    assert PEOPLE["isle"] not in table[["people_delayed", "people_cut_off"]].to_numpy()
    assert few.tolist() == sorted(few)  # their place in the order would tell, too
    others = was[(was["people_delayed"] + was["people_cut_off"]) != PEOPLE["isle"]]
    assert table.loc[~few, told[:-1]].to_numpy().tolist() == others[told[:-1]].to_numpy().tolist()
    assert table.loc[~few, "rank_minutes"].min() == 1
    assert [name for name in numbers(found.table) if unit_of(name, COLUMNS_OF_CLOSINGS) is None] == []

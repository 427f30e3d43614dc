"""[demand] in a study: people by age, year and season, and their journeys, by hand; nobody is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoaccess.errors import ConfigError, InputError
from geoaccess.study import check, load_study, run_study, solve_study, stages
from geoaccess.study.sections.demand_columns import today_groups, year_groups
from geoaccess.study.sections.inputs import SolvedInput
from tests.test_study_tiny import CELLS, PEOPLE, STUDY, TOTAL, cell_id, write_study

ROOT = Path(__file__).parents[1]
OLD = {"west": 109, "farm": 3, "middle": 53, "north": 11, "isle": 1, "hut": 31, "holm": 3, "wild": 0}
CABINS = {"west": 0, "farm": 5, "middle": 0, "north": 1, "isle": 3, "hut": 1, "holm": 0, "wild": 0}
HOME = {"west": "0101", "farm": "0101", "middle": "0102", "north": "0102", "isle": "0103", "hut": "0103"}
HOME |= {"holm": "0101", "wild": "0102"}
# All made up, for the test.
SHARES = {("0101", "80+"): 0.25, ("0102", "80+"): 0.5, ("0103", "80+"): 0.0}
SHARES |= {("0101", "women"): 0.5, ("0102", "women"): 0.48, ("0103", "women"): 0.4}
LATER = {
    2030: {"0101": (900, 120, 60), "0102": (650, 60, 40), "0103": (70, 20, 12)},
    2040: {"0101": (800, 140, 90), "0102": (600, 80, 70), "0103": (50, 20, 20)},
}
AGES = ("0-64 år", "65-79 år", "80 år eller eldre")
RATES = {"young": (2.0, 0.5), "old": (5.0, 0.2)}
DEMAND = """
[demand.ages]
file = "ages.csv"
zone = "number"
share = "share"
groups = { 80plus = "80+", women = "women" }
of = { 80plus = "old" }
[demand.projection]
file = "projection.csv"
years = [2030, 2040]
groups = { of_80 = [80], below_65 = [0, 64] }
pattern = { old = [65] }
[demand.season]
file = "moves.csv"
names = ["summer"]
weights = "cabins"
[demand.contacts]
file = "rates.csv"
services = ["gp", "hospital"]
"""


def write_demand(folder, demand=DEMAND, *, near=50_000, grid='ages = { young = "y", old = "o" }'):
    study = STUDY.replace("max_nearest_m = 5000", f"max_nearest_m = {near}")
    path = write_study(folder, study.replace('people = "people"', f'people = "people"\n{grid}') + demand)
    rows = [f"{cell_id(key)},{PEOPLE[key]},{PEOPLE[key] - OLD[key]},{OLD[key]},{CABINS[key]}" for key in CELLS]
    (folder / "people.csv").write_text("\n".join(["cell_id,people,y,o,cabins", *rows, ""]))
    rows = [f"{zone};{group};{share}" for (zone, group), share in SHARES.items()]
    (folder / "ages.csv").write_text("\n".join(["number;group;share", *rows, ""]))
    rows = [
        f"{zone},{age},{year},{number}"
        for year, zones in LATER.items()
        for zone, numbers in zones.items()
        for age, number in zip(AGES, numbers, strict=True)
    ]
    (folder / "projection.csv").write_text("\n".join(["kommunenummer,age,year,people", *rows, ""]), encoding="utf-8")
    rows = ["summer,0101,0103,100", "summer,,0102,30", "winter,0102,,10"]
    (folder / "moves.csv").write_text("\n".join(["season,from_zone,to_zone,people", *rows, ""]))
    rows = [f"{age},{rate},{video}" for age, (rate, video) in RATES.items()]
    (folder / "rates.csv").write_text("\n".join(["age,contacts_per_year,video_share", *rows, ""]))
    return path


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return run_study(load_study(write_demand(tmp_path_factory.mktemp("demand"))), show=False)


@pytest.fixture(scope="module")
def by_place(answers):
    return answers.results.set_axis([*CELLS])


def in_zone(amounts, key):
    return sum(amounts[other] for other in CELLS if HOME[other] == HOME[key])


@pytest.mark.parametrize("key", CELLS)
def test_groups_of_today_are_those_of_the_grid_and_of_the_municipality(by_place, key):
    row = by_place.loc[key]
    assert row["population_old"] == OLD[key]
    assert row["population_young"] == PEOPLE[key] - OLD[key]
    assert row["population_80plus"] == pytest.approx(OLD[key] * SHARES[HOME[key], "80+"])
    assert row["population_women"] == pytest.approx(PEOPLE[key] * SHARES[HOME[key], "women"])


@pytest.mark.parametrize("year", LATER)
@pytest.mark.parametrize("key", CELLS)
def test_later_years_follow_the_old_and_everybody(by_place, key, year):
    row, (below, older, oldest) = by_place.loc[key], LATER[year][HOME[key]]
    of_everybody, of_old = PEOPLE[key] / in_zone(PEOPLE, key), OLD[key] / in_zone(OLD, key)
    assert row[f"population_of_80_{year}"] == pytest.approx(oldest * of_old)
    assert row[f"population_below_65_{year}"] == pytest.approx(below * of_everybody)
    assert row[f"population_{year}"] == pytest.approx(below * of_everybody + (older + oldest) * of_old)


def test_later_years_sum_to_the_table(by_place):
    for year, zones in LATER.items():
        found = by_place[f"population_{year}"].groupby(pd.Series(HOME)).sum()
        assert found.to_dict() == pytest.approx({zone: sum(numbers) for zone, numbers in zones.items()})


@pytest.mark.parametrize("key", CELLS)
def test_the_summer_moves_people_to_their_cabins(by_place, key):
    stay = PEOPLE[key] * (1 - 100 / in_zone(PEOPLE, key)) if HOME[key] == "0101" else PEOPLE[key]
    come = {"0101": 0, "0102": 30, "0103": 100}[HOME[key]] * CABINS[key] / in_zone(CABINS, key)
    assert by_place["population_summer"][key] == pytest.approx(stay + come)


def test_the_table_of_people_is_what_pandas_makes_of_the_cells(answers):
    cells, table = answers.results, answers.tables["people"]
    who = [name for name in cells if name.startswith("population")]
    assert list(dict.fromkeys(table["who"])) == who
    assert len(who) == 12
    totals = table.groupby(["who", "service", "zoning"])["population"].sum()
    for name in who:
        assert totals[name].to_list() == pytest.approx([cells[name].sum()] * 12)
        people = cells[name][cells["centrality_class"] == 1]
        row = table.query("who == @name and service == 'hospital' and zoning == 'centrality_class' and group == '1'")
        inside = people[cells["hospital_s"] <= 1200].sum()
        assert row["share_within_norm_1"].item() == pytest.approx(inside / people.sum())
        reached = people[cells["hospital_reason"] == ""]
        mean = np.average(cells["hospital_s"][reached.index], weights=reached)
        assert row["mean_s"].item() == pytest.approx(mean)
    assert (table["reached"] + table["unreached"]).to_list() == pytest.approx(table["population"].to_list())


def test_contacts_and_hours_on_the_way(answers, by_place):
    journeys = {key: (PEOPLE[key] - OLD[key]) * 2 * 0.5 + OLD[key] * 5 * 0.8 for key in CELLS}
    contacts = {key: (PEOPLE[key] - OLD[key]) * 2 + OLD[key] * 5 for key in CELLS}
    assert by_place["journeys_per_year"].to_dict() == pytest.approx(journeys)
    assert by_place["contacts_per_year"].to_dict() == pytest.approx(contacts)
    table = answers.tables["contacts"].query("service == 'gp'")
    everybody = table.query("zoning == 'everybody'").iloc[0]
    reached = by_place.index[by_place["gp_reason"] == ""]
    hours = sum(journeys[key] * 2 * by_place["gp_s"][key] / 3600 for key in reached)
    assert everybody["hours_there_and_back"] == pytest.approx(hours)
    assert everybody["contacts"] == pytest.approx(sum(contacts.values()))
    assert everybody["by_video"] + everybody["journeys"] == pytest.approx(everybody["contacts"])
    assert everybody["journeys_unreached"] == pytest.approx(sum(journeys[key] for key in CELLS if key not in reached))
    assert (everybody["population"], everybody["people_without_rate"]) == (TOTAL, 0)
    for column in ("population", "contacts", "journeys", "hours_there_and_back"):
        assert table.groupby("zoning")[column].sum().to_list() == pytest.approx([everybody[column]] * 3)
    names = table.query("zoning == 'municipality'")["group"].tolist()
    assert names == ["0101 / West", "0102 / East", "0103 / South"]


def test_tables_are_written_and_files_are_inputs(answers):
    for name, table in answers.tables.items():
        assert len(pd.read_parquet(answers.study.output / f"{name}.parquet")) == len(table)
    assert {"ages", "projection", "season", "contacts"} <= answers.study.inputs.keys()
    assert [*answers.tables] == ["people", "contacts"]


def test_numbers_of_people_do_as_well_as_shares(tmp_path):
    asked = '[demand.ages]\nfile = "numbers.csv"\npeople = "n"\ngroups = { oldest = "80+" }\nof = { oldest = "old" }\n'
    path = write_demand(tmp_path / "a", asked)
    numbers = {"0101": 20, "0102": 30, "0103": 4}
    rows = [f"{zone},80+,{number}" for zone, number in numbers.items()]
    (path.parent / "numbers.csv").write_text("\n".join(["kommunenummer,group,n", *rows, ""]))
    found = solve_study(load_study(path), show=False).results.set_axis([*CELLS])["population_oldest"]
    assert found.to_dict() == pytest.approx({key: numbers[HOME[key]] * OLD[key] / in_zone(OLD, key) for key in CELLS})


def test_supply_may_be_shared_among_the_people_of_an_age(tmp_path):
    asked = '[catchments.x]\nservice = "gp"\nmeasure = "two_step"\ndemand = "population_oldest"\n'
    asked += 'decay = { kind = "binary", cutoff_min = 20 }\n'
    asked += '[demand.ages]\nfile = "ages.csv"\nzone = "number"\nshare = "share"\n'
    path = write_demand(tmp_path / "a", asked + 'groups = { oldest = "80+" }\nof = { oldest = "old" }\n')
    cells = solve_study(load_study(path), show=False).results
    assert (cells["x"] * cells["population_oldest"]).sum() == pytest.approx(2)  # both doctors


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("projection.csv", "0103,80 år eller eldre,2040,20\n", "", "zone 0103 has no row for age 80 år eller eldre"),
        ("projection.csv", "0102,", "0104,", "projection for 2030: zone 0102 has no row"),
        ("projection.csv", "0101,", "9101,", "zone 0101 has no row"),
        ("projection.csv", ",2040,", ",2050,", "has no rows for 2040; it has 2030, 2050"),
        ("projection.csv", "65-79 år", "60-79 år", "age '60-79 år' is only partly in 'old'"),
        ("projection.csv", "0-64 år", "I alt", "age 'I alt' cannot be read"),
        ("projection.csv", "65-79 år", "65 år eller eldre", "overlap; their people would count twice"),
        ("projection.csv", "0101,65-79 år,2030,120\n", "0101,65-79 år,2030,60\n" * 2, "stands there more than once"),
        ("ages.csv", "0103;80+;0.0\n", "", "zone 0103 has no row"),
        ("ages.csv", "0.25", "1.25", "zone 0101: 1.25 is above 1"),
        ("ages.csv", ";women;", ";kvinner;", 'groups.women: no row has the group "women"'),
        ("moves.csv", "summer,0101,0103,100", "summer,0101,0103,5000", "5000 people leave 0101"),
        ("moves.csv", "summer", "sommer", 'season "summer" is not there'),
        ("rates.csv", "young", "yong", 'age "yong" is no group of people; did you mean "young"?'),
        ("rates.csv", "old,", "population,", "name groups that do not overlap"),
        ("rates.csv", "0.5", "x", "video_share is not a number in 1 row: row 2"),
    ],
)
def test_tables_that_do_not_fit_are_named_in_the_message(tmp_path, file, old, new, message):
    path = write_demand(tmp_path / "a")
    there = path.parent / file
    text = there.read_text(encoding="utf-8")
    assert old in text
    there.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        solve_study(load_study(path), show=False)
    assert message in str(caught.value)
    assert file in str(caught.value)


def test_people_in_no_municipality_have_no_age(tmp_path):
    with pytest.raises(InputError, match=r"7 people in 1 cells lie in no municipality .* max_nearest_m"):
        solve_study(load_study(write_demand(tmp_path / "a", near=5000)), show=False)


def test_a_column_of_ages_that_is_no_part_of_the_people_is_refused(tmp_path):
    path = write_demand(tmp_path / "a", "")
    text = (path.parent / "people.csv").read_text()
    young = PEOPLE["west"] - OLD["west"]
    (path.parent / "people.csv").write_text(
        text.replace(f",{PEOPLE['west']},{young},", f",{PEOPLE['west']},90{young},")
    )
    with pytest.raises(InputError, match="young are 91,717 people of 1,928"):
        solve_study(load_study(path), show=False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('of = { 80plus = "old" }', 'of = { 80plus = "odl" }', 'of.80plus names "odl"; did you mean "old"?'),
        ('share = "share"', 'share = "share"\npeople = "n"', "one of them"),
        ("pattern = { old", "pattern = { elders", "pattern.elders is no group of people"),
        ('names = ["summer"]', 'names = ["old"]', 'people "old" are asked for twice'),
        ("of_80 = [80]", "of_80 = [80, 90, 95]", "at most 2"),
        (
            'services = ["gp", "hospital"]',
            'services = ["gb"]',
            'names the service "gb"; known: ambulance_base, birth_unit, gp, hospital',
        ),
        ('services = ["gp", "hospital"]', 'services = ["ambulance_base"]', "comes to the people"),
        ("women =", '"wo men" =', 'people "wo men": write the name with letters'),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path, old, new, message):
    assert old in DEMAND
    with pytest.raises(ConfigError) as caught:
        load_study(write_demand(tmp_path / "a", DEMAND.replace(old, new, 1)))
    assert message in str(caught.value)


def test_tables_are_read_before_anything_is_computed(tmp_path):
    path = write_demand(tmp_path / "a")
    check(load_study(path))
    path = write_demand(tmp_path / "b")
    (path.parent / "projection.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"projection\.csv"):
        check(load_study(path))
    kept = {item.name.partition("-")[0] for item in (path.parent / "cache").glob("*")}
    assert kept <= {"zones"}  # the join of cells and municipalities is kept for the run; no network is built


def test_the_ages_of_troms_hold_everybody(troms_solved):
    answers = troms_solved
    cells = answers.results
    ages = cells[["population_under_15", "population_15_64", "population_65plus"]]
    assert ages.sum(axis=1).to_numpy() == pytest.approx(cells["population"].to_numpy(), rel=1e-5)
    table = pd.read_csv(ROOT / "data" / "troms" / "ages_2021.csv", dtype={"kommunenummer": str})
    tromso = cells[cells["municipality_id"] == "5501"]
    shares = table.set_index(["kommunenummer", "group"])["share"]
    assert tromso["population_65plus"].sum() == pytest.approx(tromso["population"].sum() * shares["5501", "65+"])
    people = answers.tables["people"].query("zoning == 'everybody' and service == 'hospital'").set_index("who")
    # Times of the ambulance are given by age too: of everybody, they are those of its own table.
    chain = answers.tables["ambulance"].query("zoning == 'everybody' and service == 'ambulance_treatment'")
    by_age = (
        answers.tables["people"].query("zoning == 'everybody' and service == 'ambulance_treatment'").set_index("who")
    )
    assert by_age["mean_s"]["population"] == chain["mean_s"].item()
    ages = by_age.loc[["population_under_15", "population_15_64", "population_65plus"]]
    assert np.average(ages["mean_s"], weights=ages["reached"]) == pytest.approx(chain["mean_s"].item(), rel=1e-5)
    # Older people live farther from the towns that have the hospitals.
    assert people["mean_s"]["population_65plus"] > people["mean_s"]["population_15_64"]


def test_the_shipped_ages_are_those_of_the_census_grid(shared):
    table = pd.read_csv(ROOT / "data" / "troms" / "ages_2021.csv", dtype={"kommunenummer": str})
    grid = pd.read_parquet(shared / "norway" / "population_1km_2021_age.parquet")
    sums = grid.groupby("kommunenummer")[["Y_LT15", "Y_1564", "Y_GE65", "M", "F"]].sum()
    wide = table.pivot_table(index="kommunenummer", columns="group", values="people")
    names = {"0-14": "Y_LT15", "15-64": "Y_1564", "65+": "Y_GE65", "women": "F"}
    assert wide[[*names]].to_numpy().tolist() == sums.loc[wide.index, [*names.values()]].to_numpy().tolist()
    share = table.pivot_table(index="kommunenummer", columns="group", values="share")
    assert share[["0-14", "15-64", "65+"]].sum(axis=1).to_numpy() == pytest.approx(1, abs=2e-6)


NORWAY = """
kind = "column"
column = "kommunenummer"
[centrality]
kind = "table"
file = "centrality.csv"
year = 2024
source = "made up"
[demand.projection]
file = "later.csv"
years = [2030]
groups = { old = [65] }
pattern = { young = [0, 14], working = [15, 64] }
"""


def test_all_of_norway_by_age_and_in_a_later_year(shared, tmp_path):
    file = shared / "norway" / "population_1km_2021_age.parquet"
    grid = f'file = "{file}"\npeople = "T"\nx = "x_3035"\ny = "y_3035"\ncrs = "EPSG:3035"\ncell_size_m = 1000\n'
    grid += 'anchor = "centre"\nages = { young = "Y_LT15", working = "Y_1564", 65plus = "Y_GE65", women = "F" }'
    text = STUDY[: STUDY.index('kind = "file"\nfile = "municipalities')].replace(
        'file = "people.csv"\npeople = "people"', grid
    )
    path = tmp_path / "norway.toml"
    path.write_text(text.replace("[population]", '[population]\ncell_id = "none"') + NORWAY)
    raw = pd.read_parquet(file)
    sums = raw.groupby("kommunenummer")[["Y_LT15", "Y_1564", "Y_GE65"]].sum()
    # Not a projection: a tenth more of the old, to have numbers.
    later = sums.set_axis(["0-14", "15-64", "65+"], axis=1).mul([1.0, 1.0, 1.1]).reset_index()
    later = later.melt("kommunenummer", var_name="age", value_name="people").assign(year=2030)
    later.to_csv(tmp_path / "later.csv", index=False)
    study = load_study(path)
    people = stages.read_people(study)
    zones, _ = stages.join_zones(study, people)
    cells = people[["population", "geometry"]].join(zones)
    assert cells["population"].sum() == raw["T"].sum() == 5_383_059
    solved = SolvedInput(study, cells, None, None, people, None, None, None)
    today = today_groups(solved)
    inhabited = raw[raw["T"] > 0]
    assert today.sum().to_list() == inhabited[["Y_LT15", "Y_1564", "Y_GE65", "F"]].sum().to_list()
    found = year_groups(solved, study.settings.demand.projection, today)
    assert found["2030"].sum() == pytest.approx(later["people"].sum())
    assert found["old_2030"].sum() == pytest.approx(sums["Y_GE65"].sum() * 1.1)
    assert (found >= 0).all(axis=None)

"""One rule for numbers of municipalities, wherever a study meets them."""

from __future__ import annotations

import pandas as pd
import pytest
from test_study_tiny import CELLS, STUDY, ZONES, cell_id, write_study

from geoaccess.demand import people_by_share
from geoaccess.errors import InputError
from geoaccess.measures import ServiceSpec, compare_statistics
from geoaccess.study import load_study, stages
from geoaccess.study.sections.access_rules import permissions
from geoaccess.study.sections.inputs import SectionInput
from geoaccess.study.sections.opening import offices_table
from geoaccess.study.zonings import join_zonings
from geoaccess.tables import match_zones, read_zone_changes, zone_number
from geoaccess.zones import join_centrality, read_centrality

SPELLINGS = ["{0}", " {0}", "{0}.0", "K-{0}", "K_{0}", "{0} West", "{1}", "{1}.0", "{0}. West"]
OSLO = ["301", "0301", "301.0", " 0301", "K-0301", "0301 Oslo", "K-0301 Oslo (2020-)"]


@pytest.mark.parametrize("written", OSLO)
def test_oslo_is_oslo(written):
    assert zone_number(written, 4) == "0301"
    assert match_zones(pd.Series([written]), ["0301", "3001"]).tolist() == ["0301"]
    assert match_zones(pd.Series(["0301"]), [written]).tolist() == [written]


def test_numbers_of_any_type_are_read():
    assert match_zones(pd.Series([301, 1103]), ["0301", "1103"]).tolist() == ["0301", "1103"]
    assert match_zones(pd.Series([301.0, None]), ["0301"]).tolist() == ["0301", ""]


def test_what_may_mean_two_zones_means_none():
    assert match_zones(pd.Series(["7.0", "7", "007"]), ["7", "07"]).tolist() == ["7.0", "7", "007"]


@pytest.mark.parametrize("name", ["S12000033", "IS_0002", "Oslo", "03-01", "12 34", "r4000.b"])
def test_other_ids_are_no_numbers(name):
    assert zone_number(name, 4) == name
    assert match_zones(pd.Series([name]), ["0301", "1234", "0012"]).tolist() == [name]


def test_changes_lead_from_any_year_to_any(tmp_path):
    file = tmp_path / "changes.csv"
    # Tromsø twice renumbered; Ålesund split; two that merged.
    file.write_text(
        "oldCode,oldName,newCode,newName,changeOccurred\n1902,Tromsø,5401,Tromsø,2020-01-01\n"
        "5401,Tromsø,5501,Tromsø,2024-01-01\n1507,Ålesund,1508,Ålesund,2024-01-01\n1507,Ålesund,1580,Haram,2024-01-01\n"
        "0101,A,3001,AB,2020-01-01\n0111,B,3001,AB,2020-01-01\n0301,Oslo,0301,Oslo - Oslove,2024-01-01\n",
        encoding="utf-8",
    )
    changes = read_zone_changes(file)
    old = pd.Series(["1902", "K-1902", "5401 Tromsø", "1507", "101", "0111", "301"])
    assert match_zones(old, ["5501", "1508", "1580", "3001", "0301"], changes=changes).tolist() == [
        *["5501"] * 3,
        "1507",  # one of two: nobody can say which
        *["3001"] * 2,
        "0301",
    ]
    assert match_zones(pd.Series(["5501", "3001"]), ["1902", "0101", "0111"], changes=changes).tolist() == [
        "1902",
        "3001",  # two became one: it is neither of them
    ]


def test_a_circle_of_changes_ends():
    changes = {"1": "2", "2": "1"}
    assert match_zones(pd.Series(["3", "1"]), ["2", "4"], changes=changes).tolist()[0] == "3"


def known_of(folder, text, files=()):
    """Everything of the small country that is known before a search."""
    study = write_study(folder, text)
    for name, content in dict(files).items():
        (folder / name).write_text(content, encoding="utf-8")
    study = load_study(study)
    cells = stages.read_people(study)
    sites = stages.read_places(study, stages.read_mapped(study))
    joined, municipalities = stages.join_zones(study, cells)
    joined = joined.join(join_zonings(study, cells, joined))
    return SectionInput(study, cells[["population", "geometry"]].join(joined), sites, municipalities)


def spelled(number, how):
    return SPELLINGS[how].format(number, number.lstrip("0"))


ZONING = '\n[[zonings]]\nkind = "table"\nname = "trust"\nfile = "trusts.csv"\narea = "trust"\n'


@pytest.mark.parametrize("how", range(len(SPELLINGS)))
def test_zonings_keep_their_people(tmp_path, how):
    rows = [f"{spelled(number, how)};{name}" for number, name in zip(ZONES, ["N", "N", "S"], strict=True)]
    known = known_of(tmp_path, STUDY + ZONING, {"trusts.csv": "\n".join(["kommunenummer;trust", *rows])})
    areas = known.results["trust"].set_axis([*CELLS])
    assert areas.to_dict() == {
        **dict.fromkeys(["west", "farm", "middle", "north", "holm"], "N"),
        **dict.fromkeys(["isle", "hut"], "S"),
        "wild": "",
    }


def test_a_zoning_of_other_years_is_refused_until_changes_are_named(tmp_path):
    table = {"trusts.csv": "kommunenummer;trust\n1901;N\n1902;N\n1903;S\n"}
    with pytest.raises(InputError, match="no municipality of the study is in it"):
        known_of(tmp_path / "a", STUDY + ZONING, table)
    text = STUDY.replace('name = "called"', 'name = "called"\nchanges = "changes.csv"') + ZONING
    rows = "oldCode,newCode\n1901,0101\n1902,0102\n1903,0103\n"
    known = known_of(tmp_path / "b", text, {**table, "changes.csv": rows})
    assert known.results["trust"].tolist()[:4] == ["N"] * 4


@pytest.mark.parametrize("how", range(len(SPELLINGS)))
def test_rules_and_offices_find_their_municipality(tmp_path, how):
    text = STUDY.replace(
        'label = "GP"\nnorms_min = [10]',
        'label = "GP"\nnorms_min = [10]\nmunicipality = "number"\nfte_days = "days"\n'
        'rule = { kind = "own", hosts = "hosts.csv" }',
    )
    first, second, third = (spelled(number, how) for number in ZONES)
    folder = tmp_path
    study = write_study(folder, text)
    rows = (folder / "sites.csv").read_text(encoding="utf-8").splitlines()
    with_numbers = {"gp-west": f"{first},5", "gp-east": f"{second},3"}
    rows = [f"{rows[0]},number,days", *(f"{row},{with_numbers.get(row.split(',')[0], ',')}" for row in rows[1:])]
    files = {"hosts.csv": f"zone_id;host_id\n{third};{second}\n"}
    (folder / "hosts.csv").write_text(files["hosts.csv"], encoding="utf-8")
    (folder / "sites.csv").write_text("\n".join(rows), encoding="utf-8")
    study = load_study(study)
    cells = stages.read_people(study)
    sites = stages.read_places(study, stages.read_mapped(study))
    joined, municipalities = stages.join_zones(study, cells)
    known = SectionInput(study, cells[["population", "geometry"]].join(joined), sites, municipalities)
    assert {tuple(row) for row in permissions(known, "gp").itertuples(index=False)} == {
        ("0101", "gp-west"),
        ("0102", "gp-east"),
        ("0103", "gp-east"),
    }
    offices = offices_table(known).set_index("municipality_id")["fte_days_per_thousand"]
    people = known.results.groupby("municipality_id")["population"].sum()
    assert offices["0101"] == pytest.approx(5000 / people["0101"])
    assert offices["0102"] == pytest.approx(3000 / people["0102"])


@pytest.mark.parametrize("how", range(len(SPELLINGS)))
def test_ages_classes_and_references_follow(tmp_path, how):
    number = spelled("0101", how)
    shares = pd.DataFrame({"zone_id": [number], "group": ["80+"], "share": [0.5]})
    assert people_by_share(pd.Series({"a": 4.0}), zone=pd.Series({"a": "0101"}), shares=shares)["80+"].tolist() == [2]
    file = tmp_path / "classes.csv"
    file.write_text(f"kommunenummer;sentralitetsklasse\n{number};3\n", encoding="utf-8")
    table = read_centrality(file, index=None)
    assert table.index.tolist() == ["0101"]
    cells = pd.DataFrame({"municipality_id": [number.strip()]})
    assert join_centrality(cells, table, source="classes.csv")["centrality_class"].tolist() == [3]
    results = pd.DataFrame(
        {"population": [10.0], "municipality_id": ["0101"], "municipality": ["West"], "gp_s": [60.0], "gp_reason": [""]}
    )
    reference = pd.DataFrame(
        {"geography": [number], "service": "gp", "statistic": "median", "value": [2.0], "source": "x"}
    )
    found = compare_statistics(
        results,
        reference,
        services=[ServiceSpec(key="gp", label="GP")],
        zonings={"municipality": "municipality_id"},
        names={"municipality": "municipality"},
    )
    assert found.table[["group", "difference"]].to_numpy().tolist() == [["0101", -1.0]]


@pytest.mark.parametrize("how", range(len(SPELLINGS)))
def test_zones_from_a_column_in_any_spelling(tmp_path, how):
    text = STUDY.replace(
        'kind = "file"\nfile = "municipalities.geojson"\nid = "number"\nname = "called"\nmax_nearest_m = 5000',
        'kind = "column"\ncolumn = "where"',
    )
    study = write_study(tmp_path, text)
    rows = [f"{cell_id(key)};{people};{spelled('0101', how)}" for key, (_, _, people) in CELLS.items()]
    (tmp_path / "people.csv").write_text("\n".join(["cell_id;people;where", *rows]), encoding="utf-8")
    study = load_study(study)
    joined, _ = stages.join_zones(study, stages.read_people(study))
    assert set(joined["municipality_id"]) == {"0101"}

"""Tables of people by age as a statistics bank saves them: 07459 (today) and 14288 (projections)."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geoaccess.demand import project_people, read_projection
from geoaccess.errors import InputError
from geoaccess.questions import read_ssb_12764
from geoaccess.study.sections.demand_columns import read_ages
from geoaccess.study.settings.demand import AgesSettings
from geoaccess.tables import match_zones, read_people_by_age

REGIONS = {"K-5501": "Tromsø", "K-5520": "Bardu - Bárdu"}
AGES = ["0 år", "79 år", "80 år", "105 år eller eldre"]
YEARS = [2024, 2030]


def people(region, sex, age, year):
    """A number of its own for every cell of the table."""
    place = [*REGIONS].index(region) * 1000 + AGES.index(age) * 100 + YEARS.index(year) * 10
    return place + (1 if sex == "Menn" else 2)


def total(region, age, year):
    return people(region, "Menn", age, year) + people(region, "Kvinner", age, year)


def wide(heading="{code} {name}", separator=";", sexes=("Menn", "Kvinner")):
    """CSV with a title line and years as columns."""
    lines = ['"14288: Framskrevet folkemengde, etter region, kjønn, alder, statistikkvariabel og år"', ""]
    lines.append(
        separator.join(f'"{name}"' for name in ["region", "kjønn", "alder", *(f"Personer {y}" for y in YEARS)])
    )
    for code, name in REGIONS.items():
        region = heading.format(code=code, short=code[2:], name=name)
        for sex in sexes:
            for age in AGES:
                numbers = [str(people(code, sex, age, year)) for year in YEARS]
                lines.append(separator.join([f'"{region}"', f'"{sex}"', f'"{age}"', *numbers]))
    lines += [f'"K-5401 Tromsø (2020-2023)"{separator}"Menn"{separator}"{age}"{separator}0{separator}.' for age in AGES]
    return "\n".join([*lines, ""])


def long():
    lines = ['"07459: Befolkning"', "", '"region";"kjønn";"alder";"år";"Personer"']
    for code, name in REGIONS.items():
        for sex in ("Menn", "Kvinner"):
            for age in AGES:
                lines += [f'"{code[2:]} {name}";"{sex}";"{age}";"{y}";{people(code, sex, age, y)}' for y in YEARS]
    return "\n".join(lines)


def json_stat():
    def category(items):
        return {"category": {"index": {key: n for n, key in enumerate(items)}, "label": dict(items)}}

    sexes = {"1": "Menn", "2": "Kvinner"}
    values = [
        people(code, sex, age, year) for code in REGIONS for sex in sexes.values() for age in AGES for year in YEARS
    ]
    return json.dumps(
        {
            "class": "dataset",
            "id": ["Region", "Kjonn", "Alder", "ContentsCode", "Tid"],
            "size": [2, 2, 4, 1, 2],
            "role": {"geo": ["Region"], "time": ["Tid"], "metric": ["ContentsCode"]},
            "dimension": {
                "Region": {"label": "region", **category(REGIONS)},
                "Kjonn": {"label": "kjønn", **category(sexes)},
                "Alder": {"label": "alder", **category({f"{n:03d}": age for n, age in enumerate(AGES)})},
                "ContentsCode": {"label": "statistikkvariabel", **category({"Personer": "Personer"})},
                "Tid": {"label": "år", **category({str(year): str(year) for year in YEARS})},
            },
            "value": values,
        }
    )


FORMS = {
    "codes and names.csv": wide(),
    "numbers and names.csv": wide("{short} {name}"),
    "codes.csv": wide("{code}"),
    "commas.csv": wide(separator=","),
    "tabs.txt": wide(separator="\t"),
    "long.csv": long(),
    "stat.json": json_stat(),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
def test_every_form_says_the_same(tmp_path, name, encoding):
    (tmp_path / name).write_bytes(FORMS[name].encode(encoding))
    found = read_projection(tmp_path / name)
    zones = match_zones(found["zone_id"], ["5501", "5520"])
    got = {tuple(key): n for *key, n in zip(zones, found["age"], found["year"], found["people"], strict=True)}
    assert got == {(code[2:], age, year): total(code, age, year) for code in REGIONS for age in AGES for year in YEARS}


def test_a_saved_table_projects_the_people_of_cells(tmp_path):
    import pandas as pd

    (tmp_path / "14288.csv").write_text(FORMS["codes and names.csv"], encoding="utf-8")
    table = read_projection(tmp_path / "14288.csv")
    cells = pd.DataFrame({"all": [1.0, 3.0, 5.0]}, index=["a", "b", "c"])
    zone = pd.Series({"a": "5501", "b": "5501", "c": "5520"})
    found = project_people(cells, zone=zone, table=table, year=2030, pattern=dict.fromkeys(AGES, "all"))
    assert found["80 år"].tolist() == pytest.approx(
        [total("K-5501", "80 år", 2030) / 4, total("K-5501", "80 år", 2030) * 3 / 4, total("K-5520", "80 år", 2030)]
    )


def test_ages_of_today_are_summed_to_the_groups(tmp_path):
    class Study:
        class settings:  # noqa: N801
            class population:  # noqa: N801
                year = 2024

        @staticmethod
        def resolve(name):
            return tmp_path / name

    (tmp_path / "07459.csv").write_text(FORMS["long.csv"], encoding="utf-8")
    asked = AgesSettings(file="07459.csv", people="Personer", groups={"old": "80+", "born": "0 år"})
    table = read_ages(Study, asked)
    got = table.assign(zone_id=match_zones(table["zone_id"], ["5501", "5520"])).set_index(["zone_id", "group"])["value"]
    for code in REGIONS:
        old = total(code, "80 år", 2024) + total(code, "105 år eller eldre", 2024)
        assert got[(code[2:], "80+")] == old
        assert got[(code[2:], "0 år")] == total(code, "0 år", 2024)


def test_both_sexes_together_are_not_counted_twice(tmp_path):
    text = "region;kjønn;alder;Personer 2024\n5501;Begge kjønn;80 år;7\n5501;Menn;80 år;3\n5501;Kvinner;80 år;4\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    assert read_projection(tmp_path / "t.csv")["people"].tolist() == [7]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("region;alder;Lav vekst 2030;Hovedalternativet 2030\n5501;80 år;3;4\n", "several values of contents"),
        ("region;kjønn;Personer 2024\n5501;Menn;3\n", "no age in the headings"),
        ("region;alder;Personer 2024\n5501;80 år;mange\n", "'mange'"),
    ],
)
def test_what_cannot_be_people_by_age_is_refused(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_projection(tmp_path / "t.csv")


def test_tidy_tables_are_read_by_their_columns(tmp_path):
    (tmp_path / "t.csv").write_text("kommune;age;year;people\n0301;80+;2030;4\n")
    assert read_people_by_age(tmp_path / "t.csv") is None
    assert read_projection(tmp_path / "t.csv", zone="kommune")["people"].tolist() == [4]


# Table 12764: kilometres are no minutes.

BOTH = """"12764: Avstand og kjøretid til nærmeste akuttmottak, etter region, persentil, statistikkvariabel og år"

"region";"persentil";"Avstand (km) 2019";"Kjøretid (minutter) 2019"
"1902 Tromsø (-2019)";"P50";4,5;7,5
"1902 Tromsø (-2019)";"P90";31,0;35,5
"""
LONG_BOTH = """region;persentil;statistikkvariabel;år;12764: Avstand og kjøretid til nærmeste akuttmottak
1902 Tromsø;P50;Avstand (km);2019;4.5
1902 Tromsø;P50;Kjøretid{unit};2019;7.5
1902 Tromsø;P90;Avstand (km);2019;31.0
1902 Tromsø;P90;Kjøretid{unit};2019;35.5
"""


@pytest.mark.parametrize("text", [BOTH, LONG_BOTH.format(unit=" (minutter)"), LONG_BOTH.format(unit="")])
def test_distances_beside_times_are_passed_over(tmp_path, text):
    (tmp_path / "12764.csv").write_text(text, encoding="utf-8")
    found = read_ssb_12764(tmp_path / "12764.csv", service="hospital")
    assert found["statistic"].tolist() == ["P50", "P90"]
    np.testing.assert_allclose(found["value"], [7.5, 35.5])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"region";"Avstand (km) P50 2019"\n"1902 Tromsø";4,5\n', "holds distances"),
        ('"12764: Avstand til akuttmottak"\n\n"region";"P50 2019"\n"1902 Tromsø";4,5\n', "holds distances"),
        ('"12764: Avstand og kjøretid"\n\n"region";"P50 2019"\n"1902 Tromsø";4,5\n', "does not say whether"),
        ("region;persentil;år;12764: Avstand (km)\n1902 Tromsø;P50;2019;4.5\n", "holds distances"),
    ],
)
def test_distances_alone_are_refused(tmp_path, text, message):
    (tmp_path / "12764.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_ssb_12764(tmp_path / "12764.csv", service="hospital")

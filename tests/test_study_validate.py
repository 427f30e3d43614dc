"""A tiny study beside published statistics, from the files to the figures, and the forms of StatBank's tables."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from geoaccess import cli
from geoaccess.errors import InputError, MissingFileError
from geoaccess.maps import validation_figure
from geoaccess.questions import (
    choose_reference,
    read_reference,
    read_ssb_12764,
    validate_answers,
    validate_study,
    validation_table,
    with_profile,
    write_reference_template,
)
from geoaccess.study import load_study, solve_study
from geoaccess.tables import parse_json_stat
from tests.test_study_tiny import STUDY, TOTAL, write_study

PNG = b"\x89PNG\r\n\x1a\n"
HEADER = "geography,service,statistic,value,unit,source\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("tiny") / "a"))


@pytest.fixture(scope="module")
def answers(study):
    return solve_study(study, show=False)


def table_of(tmp_path, text, name="reference.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


# Reading tables of published numbers


def test_a_tidy_table_is_read_in_its_units(tmp_path):
    rows = "0101,gp,mean,90,s,a\n0102,gp,median,1.5,h,a\n0103,gp,share_within_10,12.5,%,a\nall,gp,population,7,,a\n"
    table = read_reference(table_of(tmp_path, HEADER + rows))
    assert table["value"].tolist() == pytest.approx([1.5, 90, 0.125, 7])
    assert table["geography"].tolist() == ["0101", "0102", "0103", "all"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_a_table_of_norwegian_excel_is_read(tmp_path, encoding):
    text = "Geography;Measure;Statistic;Value;Source\r\nTromsø;gp;mean;1 012,5;en rapport\r\n\r\n;;;;\r\n"
    table = read_reference(table_of(tmp_path, text, encoding=encoding))
    assert table[["geography", "service", "value"]].to_numpy().tolist() == [["Tromsø", "gp", 1012.5]]


def test_all_that_is_wrong_with_a_table_is_reported_at_once(tmp_path):
    rows = "a,gp,mean,x,min,s\nb,gp,mean,-1,min,s\nc,gp,mean,3,people,s\nd,gp,share_within_3,12,,s\ne,gp,mean,inf,,s\n"
    rows += "f,gp,mean,1e308,,s\n"
    with pytest.raises(InputError) as caught:
        read_reference(table_of(tmp_path, HEADER + rows))
    lines = str(caught.value).split("\n")
    assert [line.split(":")[0] for line in lines[1:]] == [f"  - row {number}" for number in range(2, 8)]
    assert '"x"' in lines[1]
    assert 'give the unit "%"' in lines[4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("geografi,service,statistic,value,source\n1,gp,mean,1,s\n", 'no column "geography"; did you mean "geografi"'),
        ("a,b\n1,2\n", 'no column "geography", "service", "statistic", "value", "source"; it has a, b'),
        (HEADER, "no row"),
        ("", "is empty"),
        (HEADER + "a,gp,mean,1,min,s,more\n", "row 2: 7 values, but the header names 6"),
        (HEADER + 'a,gp,"mean,1,min,s\n', "row 2: .*quotation marks"),
        ("\0", "not a text file"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_reference(table_of(tmp_path, text))


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(MissingFileError):
        read_reference(tmp_path / "none.csv")


# StatBank


WIDE = """"12764: Kjøretid til nærmeste akuttmottak, etter region, statistikkvariabel og år"

"region";"Kjøretid (minutter) P1 2023";"Kjøretid (minutter) P50 2023";"Kjøretid (minutter) P99 2023"
"5501 Tromsø";0,9;7,5;61,2
"5520 Bardu - Bárdu";..;58;:
"K-5402 Harstad - Hárstták (2020-2023)";-;3;.

"""
LONG = """region;persentil;år;12764: Kjøretid (minutter)
5501 Tromsø;P1;2023;0.9
5501 Tromsø;P50;2023;7.5
5501 Tromsø;P99;2023;61.2
5520 Bardu - Bárdu;P1;2023;..
5520 Bardu - Bárdu;P50;2023;58
5520 Bardu - Bárdu;P99;2023;:
K-5402 Harstad - Hárstták (2020-2023);P1;2023;-
K-5402 Harstad - Hárstták (2020-2023);P50;2023;3
K-5402 Harstad - Hárstták (2020-2023);P99;2023;.
"""
NUMBERS = [0.9, 7.5, 61.2, np.nan, 58, np.nan, 0, 3, np.nan]


def json_stat(**changes):
    data = {
        "version": "2.0",
        "class": "dataset",
        "label": "12764: Kjøretid, etter region, statistikkvariabel og år",
        "id": ["Region", "ContentsCode", "Tid"],
        "size": [3, 3, 1],
        "role": {"geo": ["Region"], "metric": ["ContentsCode"], "time": ["Tid"]},
        "dimension": {
            "Region": {
                "label": "region",
                "category": {
                    "index": {"5520": 1, "5501": 0, "K-5402": 2},
                    "label": {
                        "5501": "Tromsø",
                        "5520": "Bardu - Bárdu",
                        "K-5402": "Harstad - Hárstták (2020-2023)",
                    },
                },
            },
            "ContentsCode": {
                "label": "statistikkvariabel",
                "category": {
                    "index": ["KjoretidP1", "KjoretidP50", "KjoretidP99"],
                    "label": {"KjoretidP1": "Kjøretid", "KjoretidP50": "Kjøretid", "KjoretidP99": "Kjøretid"},
                    "unit": {key: {"base": "minutter", "decimals": 1} for key in ["KjoretidP1", "KjoretidP50"]},
                },
            },
            "Tid": {"label": "år", "category": {"index": {"2023": 0}, "label": {"2023": "2023"}}},
        },
        "value": [None if np.isnan(number) else number for number in NUMBERS],
        "status": {"3": "..", "5": ":", "8": "."},
    }
    return json.dumps(data | changes)


def statbank(tmp_path, text, name="12764.csv", encoding="utf-8", **settings):
    return read_ssb_12764(table_of(tmp_path, text, name, encoding), **({"service": "hospital"} | settings))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    "text",
    [
        WIDE,
        WIDE.split("\n", 2)[2],
        WIDE.replace("\n", "\r\n"),
        WIDE.replace(";", "\t"),
        WIDE.replace("region", "kommune", 2),
        LONG,
        LONG.replace(";", ","),
        LONG.replace(";P", ";"),
        LONG.replace("0.9", "0,9").replace("7.5", "7,5").replace("61.2", "61,2"),
        LONG.replace(";P", ";Persentil "),
        LONG.replace("P50", "50. persentil").replace("P1;", "1. persentil;").replace("P99", "99 persentil"),
        LONG.replace("persentil", "statistikkvariabel").replace(";P", ";Kjøretid, persentil "),
        json_stat(),
        json_stat(value={str(n): number for n, number in enumerate(NUMBERS) if not np.isnan(number)}),
    ],
)
def test_the_forms_of_statbank_say_the_same(tmp_path, text, encoding):
    found = statbank(tmp_path, text, encoding=encoding)
    found["value"] = found["value"].astype(float)
    assert found["geography"].tolist() == ["5501"] * 3 + ["5520"] * 3 + ["5402"] * 3
    assert found["name"].tolist() == ["Tromsø"] * 3 + ["Bardu"] * 3 + ["Harstad"] * 3
    assert found["statistic"].tolist() == ["P1", "P50", "P99"] * 3
    np.testing.assert_allclose(found["value"], NUMBERS)
    assert set(found["source"]) == {"Statistics Norway, StatBank table 12764, 2023"}
    assert set(found["service"]) == {"hospital"}


def test_a_data_set_is_parsed_once(tmp_path, monkeypatch):
    parsed, parse = [], parse_json_stat
    monkeypatch.setattr(
        "geoaccess.questions.validation.statbank.parse_json_stat", lambda text: parsed.append(1) or parse(text)
    )
    assert len(statbank(tmp_path, json_stat(), name="12764.json")) == len(NUMBERS)
    assert len(parsed) == 1


def test_the_latest_year_is_taken_unless_another_is_named(tmp_path):
    text = "region;P50 2022;P50 2024\n5501 Tromsø;8,0;7,5\n"
    assert statbank(tmp_path, text)["value"].tolist() == [7.5]
    assert statbank(tmp_path, text, year=2022)["value"].tolist() == [8.0]
    with pytest.raises(InputError, match="no year 2019; there are 2022, 2024"):
        statbank(tmp_path, text, year=2019)


def test_what_is_no_percentile_is_kept_under_its_heading(tmp_path):
    text = "region;Median (sekunder);Gjennomsnitt (minutter);Folkemengde\n5501 Tromsø;120;3,5;77544\n"
    found = statbank(tmp_path, text)
    assert found["statistic"].tolist() == ["median", "mean", "Folkemengde"]
    assert found["value"].tolist() == [2.0, 3.5, 77544]


def test_a_further_column_must_be_one_value(tmp_path):
    text = "region;kjønn;P50\n5501 Tromsø;menn;8\n5501 Tromsø;kvinner;9\n"
    with pytest.raises(InputError, match=r"5501 has 2 values of P50 \(kjønn menn; kjønn kvinner\); save the table for"):
        statbank(tmp_path, text)
    assert statbank(tmp_path, text.rsplit("5501", 1)[0])["value"].tolist() == [8]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b\n1;2\n", "no line of headings"),
        ("region;P50\n", "or there is none"),
        ("region;P50\n5501 Tromsø;7;8\n", "1 rows have not the 2 values"),
        ("region;P50\n5501 Tromsø;syv\n", '"syv" is no number'),
        ("region;P50\n5501 Tromsø;-7\n", '"-7" is no number'),
        ("{", "is not JSON-stat 2.0"),
        ('{"id": []}', "is not JSON-stat 2.0"),
        (json_stat(size=[3, 3, 2]), r"its size is \[3, 3, 2\], but its dimensions have \[3, 3, 1\]"),
        (json_stat(value=[1]), "1 values for dimensions"),
        (json_stat(role={}, id=["ContentsCode", "Tid"], size=[3, 1], value=[1, 2, 3]), "no dimension is the region"),
    ],
)
def test_other_forms_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        statbank(tmp_path, text)


# A study beside them


def own_statistics(answers):
    """Return what the study itself found, read from the tables that it writes."""
    rows = []
    keys = [("municipality_id", "{}"), ("centrality_class", "class {}"), (None, "everybody")]
    for by, called in keys:
        for row in answers.summary(by).to_dict("records"):
            place = called.format(row.get(by, ""))
            if place in {"unclassified", "class unclassified"}:
                continue
            found = {"mean": row["mean_s"] / 60, "median": row["median_s"] / 60, "P90": row["p90_s"] / 60}
            found |= {"population": row["population"], "people_unreached": row["unreached"]}
            for number in (1, 2):
                if row.get(f"norm_{number}_s", np.nan) > 0:
                    norm = row[f"norm_{number}_s"] / 60
                    found[f"share_within_{norm:g}"] = row[f"share_within_norm_{number}"]
                    found[f"people_beyond_{norm:g}"] = row[f"people_beyond_norm_{number}"]
            rows += [(place, row["service"], name, value, "own") for name, value in found.items() if np.isfinite(value)]
    return pd.DataFrame(rows, columns=["geography", "service", "statistic", "value", "source"])


def test_a_study_agrees_with_itself(answers, tmp_path):
    path = tmp_path / "own.csv"
    own = own_statistics(answers)
    own.to_csv(path, index=False)
    found = validate_answers(answers, read_reference(path))
    assert found.unmatched.empty
    assert len(found.table) == len(own) > 100
    assert (found.table["difference"] == 0).all()
    assert (found.summary[["bias", "mae", "rmse"]] == 0).to_numpy().all()


def test_settings_stand_beside_the_numbers(answers):
    own = own_statistics(answers).head(1)
    found = validate_answers(answers, own)
    assert found.table[["profile", "population_year", "off_network_kph"]].to_numpy().tolist() == [
        ["flat.toml", 2024, 4]
    ]
    message = "\n".join(found.explanation)
    for part in ("flat.toml", "12.3 km/h", "2024", "4 km/h", "91 of 1,928 people reach none", "made up: for tests"):
        assert part in message


def test_with_the_ferries_of_statistics_norway(study, answers):
    """The crossing of 10 km takes 10 / 12.3 hours, with no wait, where the tags say 30 minutes and 10 of waiting."""
    rows = pd.DataFrame(
        [("South", "gp", "P50", 0.0, "by hand")], columns=["geography", "service", "statistic", "value", "source"]
    )
    tagged = validate_answers(answers, rows).table["computed"].item()
    slow = study.path.parent / "slow.toml"
    slow.write_text('extends = "./flat.toml"\ntitle = "slow boats"\n[ferry]\nwait = "ssb"\n')
    other = validate_study(with_profile(study.path, "slow.toml"), rows, show=False)
    assert other.table["ferry_kph"].item() == 12.3
    assert "12.3 km/h for sailing and waiting together" in "\n".join(other.explanation)
    assert other.table["computed"].item() - tagged == pytest.approx(10 / 12.3 * 60 - 40, abs=0.2)


def test_nothing_to_compare_is_an_error_with_the_reasons(study, answers):
    rows = own_statistics(answers).head(2).assign(geography="Atlantis")
    with pytest.raises(InputError, match="2 rows, the first Atlantis: unknown geography"):
        validate_answers(answers, rows)
    with pytest.raises(InputError, match='no service "gpp"; did you mean "gp"'):
        validate_study(study, rows.assign(service="gpp"), show=False)


def test_the_template_filled_in_is_compared(study, answers, tmp_path):
    path = tmp_path / "template.csv"
    count = write_reference_template(study, path)
    empty = read_reference(path)
    # Three municipalities, three classes and everybody; median and P90 of four services, and four norms.
    assert count == len(empty) == 7 * (4 * 2 + 4)
    assert empty["value"].isna().all()
    found = validate_answers(answers, empty.assign(value=1.0))
    assert found.unmatched.empty
    with pytest.raises(InputError, match="no row can be compared"):
        validate_answers(answers, empty)
    with pytest.raises(InputError, match="is there already"):
        write_reference_template(study, path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"form": "ssb1276"}, 'did you mean "ssb12764"'),
        ({"form": "ssb12764"}, "needs --service"),
        ({"form": "ssb12764", "service": "legevakt"}, "akuttmottak"),
        ({"form": "tidy", "service": "gp"}, "belong to"),
        ({"form": "tidy", "year": 2020}, "belong to"),
    ],
)
def test_forms_and_their_settings(tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        choose_reference(tmp_path / "x.csv", **({"service": None, "year": None} | settings))


# The command line


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["geoaccess", "validate", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0, *capsys.readouterr()


def test_the_command_writes_tables_and_figures(tmp_path, monkeypatch, capsys):
    path = write_study(tmp_path / "a", STUDY.replace('title = "A', 'language = "nb"\ntitle = "A'))
    rows = "0101,gp,mean,1,min,s\nWest,hospital,P90,30,min,s\n0103,gp,P90,30,min,s\n0909,gp,mean,1,min,s\n"
    code, message, wrong = run(monkeypatch, capsys, path, table_of(tmp_path, HEADER + rows))
    assert (code, wrong) == (0, "")
    assert "Ikke sammenlignet: 1 av 4 rader" in message
    assert "1, den første «0909»: ukjent nummer" in message
    out = tmp_path / "a" / "out"
    assert {item.name for item in out.iterdir()} == {
        *(f"validation{part}.{suffix}" for part in ("", "_summary", "_unmatched") for suffix in ("csv", "parquet")),
        "validation_gp.png",
        "validation_hospital.png",
    }
    table = pd.read_csv(out / "validation.csv", dtype={"group": str})
    pd.testing.assert_frame_equal(
        table, pd.read_parquet(out / "validation.parquet").round(6), check_dtype=False, atol=1e-6
    )
    assert table["group"].tolist() == ["0101", "0101", "0103"]
    assert set(table["disclaimer"]) == {"made up: for tests"}
    assert (out / "validation_gp.png").read_bytes().startswith(PNG)
    # What is compared stays when the study is run.
    monkeypatch.setattr("sys.argv", ["geoaccess", "run", "-q", str(path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert (out / "validation.csv").exists()


def test_the_command_says_what_is_wrong_in_one_message(tmp_path, monkeypatch, capsys):
    path = write_study(tmp_path / "a")
    broken = table_of(tmp_path, HEADER + "a,gp,mean,x,min,s\nb,gp,mean,y,min,s\n")
    code, message, wrong = run(monkeypatch, capsys, path, broken)
    assert (code, message) == (2, "")
    assert "reference.csv: 2 problems" in wrong
    assert run(monkeypatch, capsys, path)[0] == 2
    assert run(monkeypatch, capsys, path, broken, "--template", tmp_path / "t.csv")[0] == 2
    assert run(monkeypatch, capsys, path, "--template", tmp_path / "t.csv")[0] == 0
    assert run(monkeypatch, capsys, path, broken, "--profile", "boat")[0] == 2


def test_another_profile_has_files_of_its_own(tmp_path, monkeypatch, capsys):
    path = write_study(tmp_path / "a")
    rows = table_of(tmp_path, HEADER + "West,gp,mean,1,min,s\n")
    assert run(monkeypatch, capsys, path, rows, "-q")[:2] == (0, "")
    assert run(monkeypatch, capsys, path, rows, "-q", "--profile", "ssb")[:2] == (0, "")
    names = ("validation", "validation_ssb")
    found = [pd.read_csv(tmp_path / "a" / "out" / f"{name}.csv")["profile"].item() for name in names]
    assert found == ["flat.toml", "ssb"]


def test_the_command_reads_statbank(tmp_path, monkeypatch, capsys):
    path = write_study(tmp_path / "a")
    text = "region;P50 2023;P90 2023\n0101 West;10,5;20\n0102 East;30;..\n9999 Nowhere;30;40\n"
    file = table_of(tmp_path, text, "12764.csv", "latin-1")
    code, message, _ = run(monkeypatch, capsys, path, file, "--form", "ssb12764", "--service", "hospital")
    assert code == 0
    assert "Not compared: 3 of 6 rows" in message
    assert "no value is published" in message
    assert f"{TOTAL:,} people" in message


def test_many_rows_are_printed_short(answers):
    own = own_statistics(answers)
    found = validate_answers(answers, own)
    assert len(found.summary) > 24
    assert len(validation_table(found)) <= 24


def test_the_figure_takes_what_is_never_reached_and_refuses_nothing(answers, tmp_path):
    rows = pd.DataFrame(
        [("South", "gp", "P99", 30.0, "s"), ("West", "gp", "P99", 30.0, "s")],
        columns=["geography", "service", "statistic", "value", "source"],
    )
    found = validate_answers(answers, rows)
    assert np.isinf(found.table["computed"]).any()
    for language in ("en", "nb"):
        validation_figure(
            tmp_path / f"{language}.png", table=found.table, title="T", attribution="made up", language=language
        )
    assert (tmp_path / "en.png").read_bytes() != (tmp_path / "nb.png").read_bytes()
    with pytest.raises(InputError, match="no row"):
        validation_figure(tmp_path / "x.png", table=found.table.head(0), title="T", attribution="a")


def test_the_profile_of_statistics_norway_reaches_the_same_people_of_troms(root):
    path = root / "configs" / "troms.toml"
    car, ssb = (solve_study(with_profile(path, name), show=False) for name in ("car", "ssb"))
    for key in car.study.settings.services:
        assert (car.results[f"{key}_reason"] == ssb.results[f"{key}_reason"]).all()
        assert (car.results[f"{key}_s"] != ssb.results[f"{key}_s"]).any()
    # Boats of the one sail with a wait, of the other without: 12.3 km/h is 4.878 minutes a kilometre.
    boats = ssb.network.ferries[ssb.network.ferries["cars"]]
    assert (boats["wait_s"] == 0).all()
    np.testing.assert_allclose(boats["crossing_s"], boats["length_m"] / 1000 * 60 * 4.878, rtol=1e-3)
    assert (car.network.ferries["wait_s"][car.network.ferries["cars"]] > 0).all()

"""The note for a board: its numbers are those of the run and of compare; its PDF is tagged, two pages at most."""

from __future__ import annotations

import html
import json
import re
import zlib
from dataclasses import replace

import pytest
from conftest import need
from typer.testing import CliRunner

from geoaccess import maps
from geoaccess.cli import app
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.phrases import Writer
from geoaccess.questions import FleetQuestion, Question, compare_study, fleet_study, site_study, vulnerable_study
from geoaccess.questions.note.frame import Frame
from geoaccess.questions.note.output import note_study, write_note
from geoaccess.questions.note.placed import note_of_fleet, note_of_placed, note_of_vulnerable
from geoaccess.questions.note.scenarios import note_of_comparison
from geoaccess.questions.note.today import note_of_today
from geoaccess.scenarios import Scenario, cell_differences, difference_table
from geoaccess.study import load_study, solve_study
from tests.test_study_tiny import PEOPLE, TOTAL, degrees, write_study

NO_FERRY = Scenario(title="No ferry", close=[{"name": "Car ferry", "what": "ferries"}])
LON, LAT = degrees(8.5, 0.5)
OFFICE = Scenario(title="An office in the middle", add=[{"service": "gp", "name": "Middle", "lon": LON, "lat": LAT}])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return load_study(write_study(tmp_path_factory.mktemp("note") / "study"))


@pytest.fixture(scope="module")
def compared(tiny):
    return compare_study(tiny, [NO_FERRY], show=False)


@pytest.fixture(scope="module")
def ferry(compared):
    return note_of_comparison(compared, service="gp")


@pytest.fixture(scope="module")
def today(tiny):
    frame = Frame(tiny, solve_study(tiny, show=False))
    return frame, note_of_today(frame, "gp")


def inside(pdf):
    """Return all text of a PDF's objects, those in compressed streams too."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join(parts)


def rows_of(table):
    return {row[0]: dict(zip(table.heads, row, strict=True)) for row in table.rows}


def table_of(note, word):
    return next(table for table in note.tables if word in table.caption)


# Numbers


def test_who_loses_the_ferry_by_hand(ferry):
    assert ferry.question == "What would “No ferry” mean for how long it takes people to reach health services?"
    assert ferry.findings[0].text == f"GP: {PEOPLE['isle']} people are no longer reached."
    assert f"South ({PEOPLE['isle']} people)" in ferry.findings[2].text
    rows = rows_of(table_of(ferry, "centrality class"))
    south = rows["Class 6, least central"]
    assert (south["People"], south["No longer reached"]) == (str(PEOPLE["isle"] + PEOPLE["hut"]), str(PEOPLE["isle"]))
    assert rows["All"]["People"] == f"{TOTAL:,}"
    unreached = PEOPLE["isle"] + PEOPLE["hut"] + PEOPLE["holm"] + PEOPLE["wild"]
    lost = next(text for text in ferry.uncertain if text.startswith("After the change"))
    assert lost.startswith(f"After the change: {unreached} people ({100 * unreached / TOTAL:.1f}%)")
    reasons = [int(number) for number in re.findall(r"(?:: |, | and )(\d+) (?:live|are|have)", lost)]
    assert sum(reasons) == unreached


def test_an_office_by_hand(tiny):
    found = compare_study(tiny, [OFFICE], show=False)
    note = note_of_comparison(found)
    row = found.tables["everybody"].set_index("service").loc["gp"]
    # At 60 km/h: middle has 2 km in place of 10, the farm's road 3 in place of 5; north and the isle keep east.
    won_s = PEOPLE["middle"] * 480 + PEOPLE["farm"] * 120
    assert row["better"] == PEOPLE["middle"] + PEOPLE["farm"] == 516
    assert row["person_min_won"] == pytest.approx(won_s / 60, rel=2e-3)  # the grid is 0.04 % shorter than the ground
    assert (row["worse"], row["became_reached"], row["became_unreached"]) == (0, 0, 0)
    # Within 10 minutes was west alone, as the middle's 10 km are a quarter of a second too long; the farm walks 2 km.
    assert (row["within_norm_1_before"], row["into_norm_1"], row["out_of_norm_1"]) == (PEOPLE["west"], 503, 0)
    assert "from 52.3% to 78.4%" in note.findings[1].text
    assert note.findings[0].text.startswith(f"GP: {row['better']:.0f} people get a shorter travel time")
    assert f"{row['into_norm_1']:.0f} people come within the norm" in note.findings[1].text
    share = row["within_norm_1_after"] / TOTAL
    assert f"to {100 * share:.1f}%" in note.findings[1].text


@pytest.mark.parametrize("name", ["classes", "municipalities"])
def test_every_number_is_one_of_compare(compared, ferry, name):
    label, word = {"classes": ("centrality_class", "centrality class"), "municipalities": ("municipality", "most")}[
        name
    ]
    writer = Writer("en", ("report",))
    table = compared.tables[name]
    table = table[(table["service"] == "gp") & (table["measure"] == "nearest")]
    shown = table_of(ferry, word)
    for row in shown.rows:
        group = {"All": None, "No class": "unclassified"}.get(row[0], row[0].split(",")[0].removeprefix("Class "))
        one = table[table[label].astype(str) == group] if group is not None else compared.tables["everybody"]
        one = one[one["service"] == "gp"].iloc[0]
        expected = [
            writer.people(one["population"]),
            writer.people(one["became_unreached"]),
            writer.minutes(one["mean_before_s"]),
            writer.minutes(one["mean_after_s"]),
            *(writer.share(one[f"within_norm_1_{when}"] / one["population"]) for when in ("before", "after")),
        ]
        assert [*row[1:]] == expected


def test_the_study_as_it_stands_says_what_its_tables_say(today):
    frame, note = today
    everybody = frame.tables["everybody"].set_index("service").loc["gp"]
    assert "10 minutes" in note.question
    assert f"{everybody['people_beyond_norm_1']:.0f} are beyond" in note.findings[0].text
    rows = rows_of(table_of(note, "beyond"))
    places = frame.tables["municipalities"]
    places = places[(places["service"] == "gp") & (places["municipality"] != "unclassified")]
    for row in places.to_dict("records"):
        if row["people_beyond_norm_1"] > 0:
            assert rows[row["municipality"]]["Beyond 10 min"] == f"{row['people_beyond_norm_1']:,.0f}"
    beyond = [int(row["Beyond 10 min"].replace(",", "")) for row in rows.values()]
    assert beyond == sorted(beyond, reverse=True)


def test_without_a_service_it_is_the_one_with_most_people_beyond_its_norm(today):
    frame, _ = today
    beyond = frame.tables["everybody"].set_index("service")["people_beyond_norm_1"]
    label = {spec.key: spec.label for spec in frame.study.specs}[beyond.idxmax()]
    assert note_of_today(frame).question.startswith(f"{label}: ")


def test_several_scenarios_stand_side_by_side(tiny):
    found = compare_study(tiny, [NO_FERRY, OFFICE], show=False)
    note = note_of_comparison(found, service="gp")
    assert [finding.text[:3] for finding in note.findings] == ["A. ", "B. "]
    rows = rows_of(table_of(note, "centrality class"))
    everybody = found.tables["everybody"]
    everybody = everybody[everybody["service"] == "gp"].set_index("scenario")
    for letter, scenario in (("A", NO_FERRY), ("B", OFFICE)):
        one = everybody.loc[scenario.title]
        touched = one[["better", "worse", "became_reached", "became_unreached"]].sum()
        assert rows["All"][f"{letter}: people affected"] == f"{touched:,.0f}"
        before, after = (one[f"within_norm_1_{when}"] / TOTAL for when in ("before", "after"))
        assert rows["All"][f"{letter}: within 10 min"] == f"{100 * before:.1f}% → {100 * after:.1f}%"


def test_known_gaps_of_a_service_stand_beside_its_findings(tmp_path, today):
    frame, _ = today
    assert any("a stand-in" in limit for limit in note_of_today(frame, "ambulance_base").findings[0].limits)
    assert note_of_today(frame, "gp").findings[0].limits == ()
    write_study(tmp_path / "study")
    study = tmp_path / "study" / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('label = "GP"\n', 'label = "GP"\nlimits = ["Two offices are missing."]\n'))
    known = load_study(study)
    assert known.settings.services["gp"].limits == ["Two offices are missing."]
    other = Frame(known, replace(frame.answers, study=known))
    assert note_of_today(other, "gp").findings[0].limits == ("Two offices are missing.",)


# Pages


@pytest.mark.parametrize("language", ["en", "nb"])
def test_the_pdf_is_tagged_and_two_pages_at_most(tiny, tmp_path, language):
    need("weasyprint")
    note = note_study(tiny.in_language(language), [NO_FERRY], show=False)
    written, why_not = write_note(note, tmp_path / "out")
    assert (why_not, [path.name for path in written]) == ("", ["note.html", "note.pdf"])
    pdf = inside(written[1].read_bytes())
    assert 1 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 2
    assert re.search(rb"/Marked true", pdf)
    assert b"pdfuaid:part" in pdf
    assert f"/Lang ({language})".encode() in pdf
    assert re.search(rb"/Alt\b", pdf)
    assert re.search(rb"/S /Figure", pdf)
    assert re.search(rb"/S /TH\b", pdf)
    page = written[0].read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    alt = html.unescape(re.search(r'<img [^>]*alt="([^"]*)"', page)[1])
    assert note.findings[0].text in alt
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!data:|#)', page)


def test_the_same_note_is_the_same_bytes(ferry, tmp_path):
    for name in ("a", "b"):
        write_note(ferry, tmp_path / name)
    for name in ("note.html", "note.pdf"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_long_texts_make_the_type_smaller_and_too_long_ones_are_refused(ferry, tmp_path):
    need("weasyprint")
    longer = replace(ferry, uncertain=["A known gap of the data that takes a line or two to explain. " * 3] * 30)
    written, _ = write_note(longer, tmp_path / "longer")
    assert len(re.findall(rb"/Type /Page\b", inside(written[1].read_bytes()))) == 2
    endless = replace(ferry, uncertain=["A known gap of the data that takes a line or two to explain. " * 3] * 300)
    with pytest.raises(InputError, match="more than 2 pages"):
        write_note(endless, tmp_path / "endless")
    assert not (tmp_path / "endless").exists()


def test_names_on_pages_are_text(ferry, tmp_path):
    hostile = replace(ferry, heading="<script>alert(1)</script>", question="${7*7} {{ 7*7 }}")
    maps.note_page(tmp_path / "note.html", note=hostile)
    page = (tmp_path / "note.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "${7*7} {{ 7*7 }}" in page


def test_without_weasyprint_the_page_is_there_and_one_line_says_why_no_pdf(ferry, tmp_path, monkeypatch):
    monkeypatch.setattr("geoaccess.maps.note_pdf", lambda *_: "no PDF: none here")
    written, why_not = write_note(ferry, tmp_path / "out")
    assert (why_not, [path.name for path in written]) == ("no PDF: none here", ["note.html"])


def test_norwegian_has_no_english_in_it(tiny):
    note = note_study(tiny.in_language("nb"), [NO_FERRY, OFFICE], show=False)
    texts = [
        note.question.replace(OFFICE.title, ""),
        note.about.replace(OFFICE.title, ""),
        *(finding.text for finding in note.findings),
        *note.uncertain,
    ]
    texts += [text for table in note.tables for text in (table.caption, *table.heads)]
    for text in texts:
        assert not re.search(r"\b(people|the|within|norm|travel|of|and|minutes|affected)\b", text), text


def test_municipalities_are_named_where_no_settlement_is(today):
    frame, _ = today  # the tiny country has no places on its map
    named = frame.below["places"]
    assert named["name"].tolist() == ["West", "East", "South"]  # by people
    here = frame.answers.results.geometry.iloc[[*PEOPLE].index("west")].centroid
    assert named.geometry.iloc[0].equals(here)


# Other questions


@pytest.mark.parametrize("language", ["en", "nb"])
def test_siting_gives_the_same_page(tiny, tmp_path, language):
    question = Question(service="gp", objective="minutes", add=1, candidates="cells")
    placed = site_study(tiny.in_language(language), question, show=False)
    note = note_of_placed(placed)
    assert len(note.findings) == 3
    assert placed.places["name"].iloc[0] in note.findings[1].text
    change = difference_table(
        cell_differences(placed.before.results, placed.after.results, services=[placed.study.specs[0]]),
        services=[placed.study.specs[0]],
    ).iloc[0]
    touched = change[["better", "worse", "became_reached"]]
    counts = [f"{number:.0f} " for number in touched if number > 0]
    assert counts
    assert all(count in note.findings[2].text for count in counts)
    assert note.map is not None
    assert_two_pages(note, tmp_path)


@pytest.mark.parametrize("language", ["en", "nb"])
def test_vehicles_give_the_same_page(tiny, tmp_path, language):
    question = FleetQuestion(add=1, candidates="cells", least_people=0.0)
    answer = fleet_study(tiny.in_language(language), question, show=False)
    note = note_of_fleet(answer)
    writer = Writer(language, ("terminal",))
    for share in (answer.effect.within_now, answer.effect.within_then, answer.fleet.now, answer.fleet.value):
        assert writer.share(share) in note.findings[0].text
    assert [*rows_of(note.tables[0])] == answer.places["name"].tolist()
    assert len(note.findings) == 3
    assert_two_pages(note, tmp_path)


@pytest.mark.parametrize("language", ["en", "nb"])
def test_what_people_depend_on_gives_the_same_page(tiny, tmp_path, language):
    found = vulnerable_study(tiny.in_language(language), "hospital", show=False)
    note = note_of_vulnerable(found)
    first = found.table[found.table["rank_minutes"] == 1].iloc[0]
    assert note.findings[0].text.startswith(f"{first['label']} (")
    assert (
        f"{first['people_cut_off']:,.0f}".replace(",", "\u00a0" if language == "nb" else ",") in note.findings[0].text
    )
    assert len(note.findings) <= 3
    assert note.map is not None
    assert_two_pages(note, tmp_path)


def assert_two_pages(note, folder):
    need("weasyprint")
    written, why_not = write_note(note, folder / "out", stem="some_note")
    assert why_not == ""
    assert [path.name for path in written] == ["some_note.html", "some_note.pdf"]
    assert len(re.findall(rb"/Type /Page\b", inside(written[1].read_bytes()))) <= 2


def test_compare_writes_it_beside_its_own_page(tiny, tmp_path):
    scenario = tmp_path / "ferry.toml"
    scenario.write_text('title = "No ferry"\n[[close]]\nname = "Car ferry"\nwhat = "ferries"\n', encoding="utf-8")
    asked = ["compare", str(tiny.path), str(scenario), "--note", "--output", str(tmp_path / "out"), "--quiet"]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    assert {"index.html", "note.html"} <= {path.name for path in (tmp_path / "out").iterdir()}


# The verb


def test_the_verb_writes_the_page_and_answers_programs(tiny, tmp_path):
    scenario = tmp_path / "ferry.toml"
    scenario.write_text('title = "No ferry"\n[[close]]\nname = "Car ferry"\nwhat = "ferries"\n', encoding="utf-8")
    output = tmp_path / "out"
    asked = ["note", str(tiny.path), str(scenario), "--service", "gp", "--output", str(output), "--json", "--quiet"]
    answer = CliRunner().invoke(app, asked)
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert found["verb"] == "note"
    assert f"{PEOPLE['isle']} people" in found["lines"][1]
    row = next(one for one in found["tables"]["everybody"] if one["service"] == "gp")
    assert row["became_unreached"] == PEOPLE["isle"]
    assert (output / "note.html").is_file()
    assert found["files"][0] == (output / "note.html").as_posix()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--service", "gpp"], 'no service "gpp".*gp'),
        (["{folder}/none.toml"], "none.toml"),
        (["{folder}/a.toml", "{folder}/b.toml", "{folder}/c.toml", "{folder}/d.toml"], "room for 3 scenarios"),
        (["{folder}/wrong.toml"], "Fery"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_written(tiny, tmp_path, more, message):
    for name in "abcd":
        (tmp_path / f"{name}.toml").write_text(f'title = "{name}"\n[[close]]\nosm_id = 1\n', encoding="utf-8")
    wrong = 'title = "x"\n[[close]]\nname = "Fery"\nwhat = "ferries"\n'
    (tmp_path / "wrong.toml").write_text(wrong, encoding="utf-8")
    given = [text.format(folder=tmp_path) for text in more]
    answer = CliRunner().invoke(app, ["note", str(tiny.path), *given, "--output", str(tmp_path / "out"), "--quiet"])
    assert answer.exit_code != 0
    assert isinstance(answer.exception, GeoaccessError)
    assert re.search(message, str(answer.exception), flags=re.DOTALL)
    assert not (tmp_path / "out").exists()


def test_a_study_that_cannot_be_solved_says_so(tmp_path):
    path = write_study(tmp_path / "study")
    (path.parent / "people.csv").unlink()
    with pytest.raises(GeoaccessError, match=r"people\.csv"):
        note_study(load_study(path), show=False)

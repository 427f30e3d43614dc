"""The report of a study: its numbers are those of the cells, and its files are made from what is there."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import geoaccess
from geoaccess.errors import InputError
from geoaccess.study import load_study, run_study, solve_study, write_report
from geoaccess.study.results import output
from geoaccess.study.results.report import report_of
from geoaccess.study.results.tables import all_tables
from tests.test_study_tiny import PEOPLE, STUDY, TIMES, TOTAL, write_study


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("numbers") / "study")), show=False)


@pytest.fixture(scope="module")
def made(answers):
    return report_of(answers, all_tables(answers), pictures={}, digests={"study": "ab"})


@pytest.fixture(scope="module")
def gp(made):
    return made.services[0]


def test_everybody_is_in_the_findings(made):
    for found in made.services:
        assert found.population == TOTAL == found.reached + found.unreached
        assert sum(found.reasons.values()) == found.unreached
        assert found.municipalities["population"].sum() == TOTAL
        for norm in found.norms:
            assert norm.people_within + norm.people_beyond == TOTAL
            assert norm.share == pytest.approx(norm.people_within / TOTAL)
            assert norm.after_share <= norm.share
    assert sum(made.classes.values()) == TOTAL


def test_norms_are_counted_from_the_cells(answers, gp):
    results = answers.results
    inside = results["gp_s"] <= 600
    second = results["gp_second_s"] <= 600
    assert gp.norms[0].people_within == results["population"][inside].sum()
    assert gp.norms[0].people_within == sum(PEOPLE[key] for key, (time, *_) in TIMES["gp"].items() if time <= 600)
    assert gp.norms[0].after_share == pytest.approx(results["population"][second].sum() / TOTAL)
    beyond = results[~inside & results["centrality_class"].isin([4, 5, 6])]
    assert gp.norms[0].beyond_in_districts == beyond["population"].sum()
    by_municipality = results[~inside & (results["municipality_id"] != "")].groupby("municipality")["population"].sum()
    assert dict(gp.norms[0].beyond_most) == by_municipality.to_dict()
    numbers = [number for _, number in gp.norms[0].beyond_most]
    assert numbers == sorted(numbers, reverse=True)


def test_the_unreached_are_listed_by_place_and_reason(answers, made):
    results = answers.results
    for found in made.services:
        lost = results[results[f"{found.key}_reason"] != ""]
        assert made.unreached[found.key].sum() == lost["population"].sum() == found.unreached
    holm = made.unreached[made.unreached["reason"] == "road_not_connected"]
    assert holm["gp"].sum() == PEOPLE["holm"]


def test_slack_is_of_everybody_and_of_every_class(answers, gp):
    own = gp.slack[gp.slack["zoning"] == "everybody"].iloc[0]
    results = answers.results[answers.results["gp_reason"] == ""]
    assert own["reached"] == results["population"].sum()
    assert own["without_second"] == results["population"][~np.isfinite(results["gp_second_s"])].sum()
    classes = gp.slack[gp.slack["zoning"] == "centrality_class"]
    assert classes["reached"].sum() == own["reached"]
    assert gp.exposed["median_slack_s"].is_monotonic_decreasing


def test_between_and_within_are_the_whole(answers, made):
    table = all_tables(answers)["equity"].dropna(subset=["between"])
    np.testing.assert_allclose(table["between"] + table["within"], table["value"])
    theil = made.services[0].equity["theil_t"]
    assert theil["between"] + theil["within"] == pytest.approx(theil["value"])


def test_tables_of_optional_parts_are_shown(answers):
    import dataclasses

    import pandas as pd

    table = pd.DataFrame({"service": ["gp"] * 60, "strange_s": 90.0, "share_of_it": 0.5})
    more = dataclasses.replace(answers, tables={"novelty": table})
    extras = report_of(more, all_tables(more), pictures={}, digests={}).extras
    assert [extra.name for extra in extras] == ["shortfall", "novelty"]
    extra = extras[1]
    assert (extra.name, extra.title, extra.rows_in_all) == ("novelty", "novelty", 60)
    assert extra.units == ("", "s", "share")
    assert len(extra.table) < 60
    assert set(extra.table["service"]) == {"GP"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    study = load_study(write_study(tmp_path_factory.mktemp("report") / "study"))
    return study, write_report(study, show=False)


def test_a_report_of_a_study_that_was_not_run_runs_it(ready):
    study, (written, why_not) = ready
    assert why_not == ""
    assert written == [study.output / name for name in ("report.html", "report.pdf", "report-annex.pdf")]
    assert (study.output / "index.html").is_file()
    assert output.up_to_date(study)


def test_the_record_lists_the_report(ready):
    study, _ = ready
    record = json.loads((study.output / "run.json").read_text(encoding="utf-8"))
    names = {path.name for path in study.output.iterdir()}
    assert set(record["results"]) == names - {"run.json"}
    assert {"report.html", "report.pdf", "report-annex.pdf", "dictionary.csv", "dictionary.parquet"} <= names


def test_a_report_of_a_study_that_was_run_runs_nothing(ready, monkeypatch):
    study, _ = ready
    before = (study.output / "report.html").read_bytes()
    pdf = (study.output / "report.pdf").read_bytes()
    monkeypatch.setattr("geoaccess.study.pipeline.run_study", lambda *_, **__: pytest.fail("it ran again"))
    write_report(study, show=False)
    assert (study.output / "report.html").read_bytes() == before
    assert (study.output / "report.pdf").read_bytes() == pdf


def test_a_report_of_other_inputs_is_not_trusted(tmp_path, no_pictures, monkeypatch):
    monkeypatch.setattr("geoaccess.maps.report_pdf", lambda *_, **__: "no PDF: left out")
    study = load_study(write_study(tmp_path / "study"))
    run_study(study, show=False)
    assert output.up_to_date(study)
    people = tmp_path / "study" / "people.csv"
    people.write_text(people.read_text().replace(",503", ",504"))
    assert not output.up_to_date(study)
    write_report(study, show=False)
    assert f"{TOTAL + 1:,} people" in (study.output / "report.html").read_text(encoding="utf-8")
    (study.output / "report.html").write_text("another")
    assert not output.up_to_date(study)


def test_a_report_of_other_templates_or_phrases_is_made_again(ready, tmp_path, no_pictures, monkeypatch):
    """Its version is the same: a mended phrase, or one of the server's own."""
    monkeypatch.setattr("geoaccess.maps.report_pdf", lambda *_, **__: "no PDF: left out")
    study = load_study(Path(shutil.copytree(ready[0].path.parent, tmp_path / "study")) / ready[0].path.name)
    assert output.up_to_date(study)
    package = Path(shutil.copytree(Path(geoaccess.__file__).parent, tmp_path / "geoaccess", ignore=_code))
    monkeypatch.setattr("geoaccess.maps.assets.resources.files", lambda _: package)
    assert output.up_to_date(study)
    for name in ("maps/templates/report.html.j2", "phrases/nb.toml", "static/shared/decode.js", "static/palette.json"):
        content = (package / name).read_bytes()
        (package / name).write_bytes(content + b" ")
        assert not output.up_to_date(study), name
        (package / name).write_bytes(content)
    assert output.up_to_date(study)


def _code(_, names):
    return [name for name in names if name.endswith((".py", ".pyc"))]


def test_a_run_takes_the_pdf_of_a_run_before_away(ready, tmp_path, no_pictures):
    study = load_study(Path(shutil.copytree(ready[0].path.parent, tmp_path / "study")) / ready[0].path.name)
    assert (study.output / "report.pdf").is_file()
    run_study(study, show=False)
    assert not (study.output / "report.pdf").exists()
    assert not (study.output / "report-annex.pdf").exists()


def test_without_weasyprint_the_page_is_there_and_one_line_says_why_no_pdf(tmp_path, no_pictures, monkeypatch):
    monkeypatch.setattr("geoaccess.maps.report_pdf", lambda *_, **__: "no PDF: none here")
    study = load_study(write_study(tmp_path / "study"))
    assert write_report(study, show=False) == ([study.output / "report.html"], "no PDF: none here")
    assert output.up_to_date(study)


def test_a_report_that_somebody_else_wrote_is_not_overwritten(tmp_path):
    study = load_study(write_study(tmp_path / "study"))
    study.output.mkdir()
    (study.output / "report.html").write_text("mine")
    with pytest.raises(InputError, match=r"report\.html is there already"):
        write_report(study, show=False)
    assert (study.output / "report.html").read_text() == "mine"


def test_the_report_in_norwegian(tmp_path, no_pictures):
    text = STUDY.replace('title = "A small country"', 'title = "Et lite land"\nlanguage = "nb"')
    study = load_study(write_study(tmp_path / "study", text))
    run_study(study, show=False)
    page = html.unescape((study.output / "report.html").read_text(encoding="utf-8")).replace("\u00a0", " ")
    assert '<html lang="nb">' in page
    assert "Hovedfunn" in page
    assert (
        "1 009 av 1 928 innbyggere (52,3 %) har høyst 10 minutters reisetid; 919 har lengre eller når ikke fram."
        in page
    )
    words = re.sub(r"<style>.*?</style>|\w+\.\w+", "", page, flags=re.DOTALL)
    assert re.findall(r"\b(?:people|municipalit\w+|minutes|within|reached)\b", words) == []

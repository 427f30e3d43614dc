"""A study of roads, people and sites only: no municipalities and no classes."""

from __future__ import annotations

import html
import re

import pytest

from geoaccess.errors import ConfigError
from geoaccess.study import check, load_study, run_study, solve_study
from tests.test_study_tiny import PEOPLE, STUDY, TOTAL, write_study

UNZONED = STUDY[: STUDY.index("[zones]")]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return run_study(load_study(write_study(tmp_path_factory.mktemp("unzoned"), UNZONED)), show=False)


def words(path):
    text = re.sub(r"<style.*?</style>|<script.*?</script>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


def test_everybody_is_counted(ran):
    table = ran.summary().set_index("service")
    assert table["population"].tolist() == [TOTAL] * 4
    assert (table["reached"] + table["unreached"]).tolist() == [TOTAL] * 4
    # the hut has a boat for people, the wild no road, the holm roads that lead nowhere
    assert table.loc["gp", "unreached"] == PEOPLE["hut"] + PEOPLE["wild"] + PEOPLE["holm"]
    assert (ran.results["municipality_id"] == "").all()
    assert ran.results["centrality_class"].isna().all()
    assert ran.summary("centrality_class")["centrality_class"].unique().tolist() == ["unclassified"]


def test_check_says_so_and_needs_no_file_more(ran):
    found = "\n".join(check(ran.study))
    assert f"0 municipalities; {TOTAL:,} people in none" in found
    assert not {"scheme", "zones", "centrality"} & set(ran.study.inputs)


def test_the_report_says_nothing_of_classes_or_of_a_country(ran):
    text = words(ran.study.output / "report.html")
    assert "1,928" in text
    for word in ("centrality", "Centrality", "No class", "Norway", "municipalities", "unclassified"):
        assert word not in text, word
    assert "People within each norm" in text


def test_the_same_in_norwegian(tmp_path):
    study = load_study(write_study(tmp_path, f'language = "nb"\n{UNZONED}'))
    run_study(study, show=False)
    text = words(study.output / "report.html")
    for word in ("entralitet", "Uten klasse", "Norge", "kommunene"):
        assert word not in text, word
    assert "Innbyggere innenfor hver tidsgrense" in text


def test_classes_need_municipalities(tmp_path):
    path = write_study(tmp_path, UNZONED + STUDY[STUDY.index("[centrality]") :])
    with pytest.raises(ConfigError, match=r"write \[zones\]"):
        load_study(path)


def test_municipalities_need_no_classes(tmp_path):
    path = write_study(tmp_path, STUDY[: STUDY.index("[centrality]")])
    answers = solve_study(load_study(path), show=False)
    assert set(answers.results["municipality"]) == {"West", "East", "South", ""}
    assert answers.results["centrality_class"].isna().all()

"""Who reaches no site today counts in the figures of siting, and is named: `run` leaves them out of its means."""

import re

import pytest
from test_study_tiny import write_study

from geoaccess.questions import Question, placed_lines, site_study
from geoaccess.study import load_study, solve_study


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    return solve_study(load_study(write_study(tmp_path_factory.mktemp("tiny"))), show=False)


def said(solved, **asked):
    placed = site_study(solved.study, Question("gp", **asked), answers=solved, show=False)
    (line,) = [line for line in placed_lines(placed) if "no site today" in line] or [""]
    return placed, line


def test_the_mean_of_today_is_that_of_a_run_and_of_those_who_are_not_reached(solved):
    placed, line = said(solved, unreached_min=600.0)
    n, minutes = (int(text.replace(",", "")) for text in re.findall(r"[\d,]+(?= p| min)", line))
    assert minutes == 600
    everybody = solved.summary().set_index("service").loc["gp"]
    assert 0 < n <= everybody["unreached"]  # of whom a site could be in reach
    reached = everybody["reached"]
    assert placed.answer["now"].item() == pytest.approx(
        (everybody["mean_s"] / 60 * reached + n * 600) / (reached + n), abs=2e-3
    )


def test_what_has_no_time_for_them_does_not_say_so(solved):
    assert said(solved, objective="norm")[1] == ""
    assert said(solved, objective="worst")[1] == ""

"""The arithmetic on paper of docs/explanation/speed.md is right: every product and sum is computed again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs/explanation/speed.md").read_text(encoding="utf-8")
PAPER = PAGE.split("## On paper: Europe")[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAPER.splitlines()
    if line.startswith("|") and "---" not in line
][1:]


def test_rates_and_products_of_the_table():
    assert len(ROWS) == 6
    for stage, measured, on, of, rate, amount, total in ROWS:
        exact = float(measured) / float(on)
        assert float(rate) == pytest.approx(exact, rel=5e-3), stage
        assert float(amount) == {"nodes": 83, "cells": 3}[of]
        assert float(total) == pytest.approx(exact * float(amount), rel=5e-3), stage


def test_sums_in_the_text():
    sums = re.findall(r"((?:[\d.]+ [x+/] )+[\d.]+) = (\d[\d.]*)", PAPER)
    assert len(sums) >= 4
    for left, right in sums:
        terms = []
        for term in left.split(" + "):
            value = 1.0
            for sign, number in re.findall(r"([x/]?) ?([\d.]+)", term):
                value = value / float(number) if sign == "/" else value * float(number)
            terms.append(value)
        assert sum(terms) == pytest.approx(float(right), rel=3e-3), left

"""Progress as other programs read it: lines on standard error, where they ask for them."""

from __future__ import annotations

import pytest
from rich.console import Console

from geoaccess.progress import Stages, counted


def work(*, show=True):
    with Stages(2, show=show).running() as stages:
        with stages.stage("first"):
            stages.say("still first")
        with stages.stage("second"):
            pass
    with counted("parts", 250, console=Console(stderr=True), show=show) as done:
        for _ in range(250):
            done()


def test_another_program_reads_lines(monkeypatch, capsys):
    monkeypatch.setenv("GEOACCESS_PROGRESS", "lines")
    work()
    found = capsys.readouterr()
    lines = found.err.splitlines()
    assert lines[:3] == ["progress 0/2 first", "progress 0/2 still first", "progress 1/2 second"]
    assert (len(lines), lines[3], lines[-1]) == (103, "progress 3/250 parts", "progress 250/250 parts")
    assert found.out == ""


@pytest.mark.parametrize(("asked", "show"), [("", True), ("lines", False)])
def test_nobody_else_does(monkeypatch, capsys, asked, show):
    monkeypatch.setenv("GEOACCESS_PROGRESS", asked)
    work(show=show)
    assert capsys.readouterr().err == ""

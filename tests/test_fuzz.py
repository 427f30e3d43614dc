"""Every reader with what fuzzing found (tests/fuzz_cases), and with some changed files; `make fuzz` tries more."""

from __future__ import annotations

import random
import time
import warnings

import pytest
from fuzzing.loop import CASES, broken
from fuzzing.targets import TARGETS, Target
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoaccess.errors import InputError

FOUND = sorted(path for path in CASES.rglob("*") if path.is_file() and path.name != "README.md")


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name.split('.')[0]}")
def test_what_was_found_is_read_or_refused(path):
    TARGETS[path.parent.name].law(path)


@pytest.mark.parametrize("name", TARGETS)
def test_valid_files_are_read(name, tmp_path):
    target = TARGETS[name]
    for number, data in enumerate(target.seeds()):
        path = tmp_path / f"{number}{target.suffix}"
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of GDAL, about measures of shapes, which it leaves out
            target.read(path)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_are_read_or_refused(name, tmp_path):
    target = TARGETS[name]
    seeds, path = target.seeds(), tmp_path / f"now{target.suffix}"

    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.randoms(use_true_random=False), st.sampled_from(range(len(seeds))))
    def holds(rng, number):
        path.write_bytes(target.changed(rng, seeds[number]))
        target.law(path)

    holds()


def test_the_law_can_be_broken(tmp_path):
    def read(path):
        if path.read_bytes() == b"message":
            raise InputError("it is wrong")
        if path.read_bytes() == b"none":
            raise InputError("")
        raise KeyError("x")

    target = Target(".txt", list, lambda _, data: data, read)
    for data, wrong in ((b"message", ""), (b"none", "AssertionError"), (b"other", "KeyError")):
        (tmp_path / "a").write_bytes(data)
        assert broken(target, tmp_path / "a").startswith(wrong)
        assert bool(broken(target, tmp_path / "a")) == bool(wrong)


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.suffix in {".zip", ".ods"}])
def test_the_time_of_the_clock_is_in_no_archive(name, monkeypatch):
    target = TARGETS[name]
    made = []
    for year in (2001, 2031):
        monkeypatch.setattr("time.localtime", lambda *_, year=year: time.struct_time((year, 2, 3, 4, 5, 6, 0, 34, 0)))
        seeds = target.seeds()
        made.append([seeds, [target.changed(random.Random(seed), seeds[0]) for seed in range(30)]])
    assert made[0] == made[1]


@pytest.mark.parametrize("name", TARGETS)
def test_changes_change_and_are_decided_by_their_seed(name):
    target = TARGETS[name]
    seeds = target.seeds()
    first = [target.changed(random.Random(seed), seeds[0]) for seed in range(30)]
    assert first == [target.changed(random.Random(seed), seeds[0]) for seed in range(30)]
    assert len({*first}) > 15

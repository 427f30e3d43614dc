"""A sweep that is interrupted, or fails in part, keeps what is finished, and goes on with it."""

from __future__ import annotations

import itertools
import json
import pickle
import shutil
import signal
import sys
from collections import Counter

import pandas as pd
import pytest

from geoaccess.cli import main
from geoaccess.network.intact import checked_files
from geoaccess.questions import sweep_studies, write_sweep
from geoaccess.questions.sweep_networks import let_go, network_folders
from geoaccess.questions.sweep_pace import Pace, workers_that_pay
from geoaccess.study import combinations, load_study, solve_study, stages, study_variations
from geoaccess.study.stages import figures_digest
from tests.test_study_tiny import FLAT, PLACES, STUDY, write_roads, write_study

whole = sys.modules["geoaccess.questions.sweep"]
ASKED = ["snap.max_m=2500,1500,900,800"]


@pytest.fixture
def path(tmp_path):
    return write_study(tmp_path / "study")


@pytest.fixture
def solved(monkeypatch):
    """The values of snap.max_m that were solved, in order."""
    found = []
    solve = whole.solve_study

    def counting(study, **known):
        found.append(study.settings.snap.max_m)
        return solve(study, **known)

    monkeypatch.setattr(whole, "solve_study", counting)
    return found


def kept(path):
    return sorted(item.name for item in (path.parent / "cache").glob("sweep-*"))


def command(monkeypatch, path, out, *more):
    asked = ["sweep", path, "--vary", ASKED[0], "--output", out, "--workers", 0, "--cells", "--quiet", *more]
    monkeypatch.setattr(sys, "argv", ["geoaccess", *map(str, asked)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_an_interrupted_sweep_goes_on_and_writes_the_same_bytes(path, tmp_path, monkeypatch, solved):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    counting = whole.solve_study

    def interrupted(study, **known):
        if len(solved) == 2:
            signal.raise_signal(signal.SIGINT)
        return counting(study, **known)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(whole, "solve_study", interrupted)
            assert command(monkeypatch, path, tmp_path / "resumed") == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert not (tmp_path / "resumed").exists()
    assert len(kept(path)) == 2
    assert command(monkeypatch, path, tmp_path / "resumed", "--resume") in (None, 0)
    assert solved == [2500, 1500, 900, 800]
    assert kept(path) == []  # all is written
    assert command(monkeypatch, path, tmp_path / "whole") in (None, 0)
    assert len(solved) == 8
    for name in ("sweep.csv", "sweep.parquet", "sweep_cells.parquet"):
        assert (tmp_path / "resumed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_without_resume_all_is_computed_anew(path, solved):
    variations = study_variations([path], combinations(["snap.max_m=2500,1500"]))
    sweep_studies(variations, workers=0)
    sweep_studies(variations, workers=0)
    assert solved == [2500, 1500] * 2
    sweep_studies(variations, workers=0, resume=True)
    assert len(solved) == 4
    sweep_studies(variations, workers=0, cells=True, resume=True)  # of cells nothing was kept
    assert len(solved) == 6


def test_only_what_failed_is_computed_again(path, tmp_path, monkeypatch, solved):
    variations = study_variations([path], combinations(ASKED))
    counting = whole.solve_study

    def failing(study, **known):
        if study.settings.snap.max_m == 1500:
            raise ValueError("out of luck")
        return counting(study, **known)

    with monkeypatch.context() as patch:
        patch.setattr(whole, "solve_study", failing)
        found = sweep_studies(variations, workers=0)
    assert found.failed["status"].tolist() == ["ValueError: out of luck"]
    write_sweep(found, tmp_path / "out")
    assert len(kept(path)) == 3
    solved.clear()
    found = sweep_studies(variations, workers=0, resume=True)
    assert solved == [1500]
    assert found.failed.empty
    write_sweep(found, tmp_path / "out")
    assert kept(path) == []


@pytest.mark.parametrize("what", ["people.csv", "sites.csv", "flat.toml", "roads.osm.pbf"])
def test_a_changed_input_is_not_taken_for_done(path, what, solved):
    """Some only by a line that changes no answer: what is computed once too often is right all the same."""
    variations = study_variations([path], combinations(["snap.max_m=2500"]))
    sweep_studies(variations, workers=0)
    changed = path.parent / what
    if what == "sites.csv":
        sites = pd.read_csv(changed)
        sites.assign(lat=sites["lat"] + 1e-5).to_csv(changed, index=False)
    elif what == "roads.osm.pbf":
        before = changed.read_bytes()
        write_roads(changed, features=[(*PLACES["east"], {"shop": "yes"})])
        assert changed.read_bytes() != before
    elif what == "flat.toml":  # what it is called, and blank lines, change nothing that it decides
        changed.write_text(changed.read_text(encoding="utf-8").replace("share = 1", "share = 0.5"), encoding="utf-8")
    else:
        changed.write_bytes(changed.read_bytes() + b"\n")
    sweep_studies(variations, workers=0, resume=True)
    assert solved == [2500, 2500]


def test_what_is_kept_and_damaged_is_computed_again(path, solved):
    variations = study_variations([path], combinations(["snap.max_m=2500,1500"]))
    first = sweep_studies(variations, workers=0)
    damaged = path.parent / "cache" / kept(path)[0] / "summary.parquet"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    again = sweep_studies(variations, workers=0, resume=True)
    assert len(solved) == 3
    pd.testing.assert_frame_equal(first.table, again.table, check_exact=True)


def test_what_no_variation_changes_is_found_once(path, monkeypatch):
    """Of four walking speeds: sites are read, checked and attached once, cells put in their zones once."""
    stages = {name: sys.modules[f"geoaccess.study.stages.{name}"] for name in ("sites", "snapping")}
    asked = {"_read": stages["sites"], "_refuse_swapped": stages["sites"], "_snapped": stages["snapping"]}
    asked["attach"] = stages["snapping"]
    asked["_in_zones"] = sys.modules["geoaccess.study.pipeline"]
    asked["read_sites"] = sys.modules["geoaccess.services"]
    called = Counter()

    def counting(name, function):
        return lambda *given, **named: called.update([name]) or function(*given, **named)

    for name, module in asked.items():
        monkeypatch.setattr(module, name, counting(name, getattr(module, name)))
    variations = study_variations([path], combinations(["snap.off_network_kph=3,4,5,6"]))
    table = sweep_studies(variations, workers=0).table
    once = ("_read", "_refuse_swapped", "_snapped", "attach", "_in_zones", "read_sites")  # sites and cells
    assert called == dict.fromkeys(once, 1)
    for variation in variations:  # and each walks at its own speed
        mine = table[(table["variation"] == variation.name) & (table["centrality_class"] == "all")]
        alone = solve_study(variation.study, show=False).summary()
        assert mine["mean_s"].tolist() == alone["mean_s"].tolist()
    gp = table[(table["centrality_class"] == "all") & (table["service"] == "gp")]
    assert gp["mean_s"].nunique() == 4


def test_one_study_under_two_spellings_is_computed_once(path, solved):
    """By another title, a profile by its path, and a default that is written."""
    other = path.with_name("again.toml")
    text = STUDY.replace('title = "', 'title = "once more: ', 1)
    other.write_text(text.replace('profile = "flat.toml"', 'profile = "../study/flat.toml"'), encoding="utf-8")
    assert other.read_text() != path.read_text()
    variations = study_variations([path, other], combinations(["snap.max_m=1000,1500"]))
    found = sweep_studies(variations, workers=0)
    assert solved == [1000, 1500]
    first, second = (part.drop(columns="study") for _, part in found.table.groupby("study", sort=False))
    assert found.table["study"].unique().tolist() == [path.as_posix(), other.as_posix()]
    pd.testing.assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True), check_exact=True)


def test_a_digest_changes_with_what_decides_figures_only(path):
    def digest(*replaced):
        other = path.with_name("other.toml")
        text = path.read_text(encoding="utf-8")
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new, 1)
        other.write_text(text, encoding="utf-8")
        return figures_digest(load_study(other), "network-1")

    as_it_is = figures_digest(load_study(path), "network-1")
    assert digest() == as_it_is
    assert digest(('disclaimer = "made up: for tests"\n', "")) == as_it_is
    assert digest(("[20, 60]", "[20.0, 60.0]")) == as_it_is
    assert digest(("[20, 60]", "[20, 61]")) != as_it_is
    assert figures_digest(load_study(path), "network-2") != as_it_is
    (path.parent / "copy.csv").write_bytes((path.parent / "sites.csv").read_bytes())
    assert digest(('"sites.csv"', '"copy.csv"')) == as_it_is


def test_a_sweep_takes_up_what_is_kept_with_the_network(path, monkeypatch):
    """Search trees are made and cells are snapped once; another sweep snaps only sites."""
    flat = FLAT.read_text(encoding="utf-8")
    (path.parent / "slow.toml").write_text(flat.replace("share = 1", "share = 0.5"), encoding="utf-8")
    asked = ["network.profile=flat.toml,slow.toml"]
    first = sweep_studies(study_variations([path], combinations(asked)), workers=0)
    networks = sorted((path.parent / "cache").glob("network-*"))
    assert len(networks) == 2
    for folder in networks:
        assert json.loads((folder / "snapping" / "prepared.json").read_text())["points"] > 0
        assert len([*folder.glob("snapped-*")]) == 1
    assert len([*(path.parent / "cache").glob("order-*")]) == 1
    let_go()
    snapping = sys.modules["geoaccess.study.stages.snapping"]
    snapped = []
    snap = snapping._snapped
    monkeypatch.setattr(snapping, "_snapped", lambda *given: snapped.append(len(given[2])) or snap(*given))
    monkeypatch.setattr(snapping, "snap_attached", lambda *_, **__: pytest.fail("cells are kept"))
    again = sweep_studies(study_variations([path], combinations(asked)), workers=0)
    sites = len(pd.read_csv(path.parent / "sites.csv"))
    assert snapped == [sites, sites]
    pd.testing.assert_frame_equal(first.table, again.table, check_exact=True)


def test_a_worker_begins_with_what_another_process_found(path, tmp_path, monkeypatch):
    """Nothing is read, placed or attached there again, and the figures are those of a process that finds all itself."""
    asked = ["snap.off_network_kph=3,4,5"]
    variations = study_variations([path], combinations(asked))
    alone = sweep_studies(variations, workers=0, cells=True)
    (folder,) = dict.fromkeys(network_folders(one.study for one in variations))
    tasks = [whole._Task(one.study, folder, True, whole._kept_in(one.study, folder, cells=True)) for one in variations]
    for task in tasks:
        shutil.rmtree(task.kept)
    let_go()
    stages.remember()
    whole._solve(tasks[0])
    sent = pickle.dumps((whole._shared(tasks[0], tmp_path), checked_files()))
    let_go()
    again = {"_read": "stages.sites", "_joined": "stages.zoning", "_snapped": "stages.snapping"}
    again |= {"attach": "stages.snapping", "_in_zones": "pipeline", "_take_order": "stages.networks"}
    for name, room in again.items():
        monkeypatch.setattr(sys.modules[f"geoaccess.study.{room}"], name, lambda *_, **__: pytest.fail("found before"))
    shared, checked = pickle.loads(sent)
    assert shared.here is None
    for number in (1, 2):
        _, cells = whole._solve_knowing(shared, checked, tasks[number])
        mine = alone.cells[alone.cells["variation"] == variations[number].name]
        known = mine[[*cells]].reset_index(drop=True)
        pd.testing.assert_frame_equal(cells.reset_index(drop=True), known, check_exact=True)
    let_go()


def test_figures_are_the_same_on_several_workers(path):
    variations = study_variations([path], combinations(["snap.off_network_kph=3,4,5"]))
    alone, spread = (sweep_studies(variations, workers=workers, cells=True) for workers in (0, 2))
    pd.testing.assert_frame_equal(alone.table, spread.table, check_exact=True)
    pd.testing.assert_frame_equal(alone.cells, spread.cells, check_exact=True)
    assert not [item for item in (path.parent / "cache").iterdir() if item.name.startswith(".geoaccess")]


def test_processes_start_only_where_they_pay(path, monkeypatch):
    """Unasked: so few variations of so small a study are solved in this process; asked or worth it, in others."""
    variations = study_variations([path], combinations(["snap.off_network_kph=3,4,5,6"]))
    started = []

    def pool(*, workers, at_most=None, **_):
        started.append((workers, at_most))
        return real(workers=0)

    real = whole.worker_pool
    monkeypatch.setattr(whole, "worker_pool", pool)
    monkeypatch.setattr(whole, "workers_at_hand", lambda: 2)
    alone = sweep_studies(variations, workers=0)
    started.clear()
    unasked = sweep_studies(variations)
    assert {workers for workers, _ in started} == {0}
    asked = sweep_studies(variations, workers=2)
    assert started[-1] == (2, 2)  # two are solved here: what the first found may have been kept before
    monkeypatch.setattr(whole, "workers_that_pay", lambda left, pace, at_hand, **_: at_hand if pace.seconds > 0 else 0)
    paying = sweep_studies(variations)
    assert started[-1] == (None, 2)  # and from these it is seen how long they take
    for found in (unasked, asked, paying):
        pd.testing.assert_frame_equal(found.table, alone.table, check_exact=True)


def test_what_workers_save_grows_with_what_is_left_and_not_with_what_one_process_does_by_itself():
    ways = itertools.product((0.5, 1.3, 3.9), (1, 2, 4, 16), (0.01, 1.0, 30.0), (False, True))
    for cores, at_hand, seconds, forked in ways:
        numbers = [workers_that_pay(left, Pace(seconds, cores), at_hand, forked=forked) for left in range(200)]
        first = next((left for left, number in enumerate(numbers) if number), 200)
        assert all(number == (min(left, at_hand) if left >= first else 0) for left, number in enumerate(numbers))
        for left in range(first, 200):  # more is saved than starting costs, and two cores' work is not done by one
            assert left * seconds > (0.5 if forked else 6)
            assert cores < numbers[left] > 1
    assert workers_that_pay(1000, Pace(10.0, 2.0), 2) == 0 < workers_that_pay(1000, Pace(10.0, 1.9), 2)

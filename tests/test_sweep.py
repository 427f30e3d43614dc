"""Many variations of a small country, on one process, on several, and on several of which some die."""

from __future__ import annotations

import concurrent.futures
import contextlib
import errno
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from multiprocessing import forkserver
from pathlib import Path

import dask
import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import pytest
from distributed import KilledWorker

from geoaccess import files, forking
from geoaccess.cli import main
from geoaccess.errors import ConfigError, GeoaccessWarning, InputError, OutputError
from geoaccess.kernels.threads import thread_count
from geoaccess.network import intact, load_network, save_network
from geoaccess.parallel import sweep, worker_pool
from geoaccess.questions import sweep_studies, write_sweep
from geoaccess.questions.sweep import refuse_clashes
from geoaccess.routing import travel_times
from geoaccess.study import combinations, load_study, read_variations, solve_study, study_variations
from geoaccess.study.stages import build_or_load_network
from tests.test_study_tiny import CELLS, FLAT, SERVICES, STUDY, TOTAL, write_study

kept_by_stages = sys.modules["geoaccess.remembering"]
core, joining, whole = (sys.modules[f"geoaccess.{name}"] for name in ("parallel", "parallel.remote", "questions.sweep"))
ASKED = ["network.profile=flat.toml,slow.toml", "snap.max_m=2500,0.0001,1500"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The small country with its sites a metre off the road, and a profile on which everything takes twice as long."""
    path = write_study(tmp_path_factory.mktemp("sweep"))
    sites = pd.read_csv(path.parent / "sites.csv")
    sites.assign(lat=sites["lat"] + 1e-5).to_csv(path.parent / "sites.csv", index=False)
    flat = FLAT.read_text(encoding="utf-8")
    (path.parent / "slow.toml").write_text(flat.replace("share = 1", "share = 0.5"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def variations(path):
    return study_variations([path], combinations(ASKED))


@pytest.fixture(scope="module")
def swept(variations):
    return sweep_studies(variations, workers=0, cells=True)


# Variations


def test_values_are_toml_and_what_is_not_is_text():
    changes = combinations(["a.b=1,2.5,true", "c=x y, 2024-01-14T08:00:00,it's", "d[2].e=[1, 2],[3]"])
    assert len(changes) == 3 * 3 * 2
    values = {key: list({repr(one[key]): one[key] for one in changes.values()}.values()) for key in ("a.b", "d[2].e")}
    assert values == {"a.b": [1, 2.5, True], "d[2].e": [[1, 2], [3]]}
    texts = [one["c"] for one in changes.values()][:6:2]
    assert (texts[0], texts[1].isoformat(), texts[2]) == ("x y", "2024-01-14T08:00:00", "it's")
    assert next(iter(changes)) == "a.b=1, c=x y, d[2].e=[1, 2]"
    assert combinations([]) == {"as it is": {}}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["snap.max_m"], "write a setting and its values"),
        (["=1"], "write a setting and its values"),
        (["snap.max_m="], "write a setting and its values"),
        (["snap.max_m=1", "snap.max_m=2"], "snap.max_m is there twice"),
        (["snap.max_m=1,2,1"], "snap.max_m has the value 1 twice"),
        (["a", "b=1,1"], "2 problems"),
    ],
)
def test_what_cannot_be_read_as_values_is_refused(asked, message):
    with pytest.raises(ConfigError, match=message):
        combinations(asked)


def test_a_file_of_variations_names_them(tmp_path):
    file = tmp_path / "variations.toml"
    file.write_text(
        '[[variation]]\nname = "today"\n[[variation]]\nname = "winter"\nset.network.profile = "slow.toml"\n'
        'set.snap = { max_m = 2000 }\n[[variation]]\nname = "other"\nset = { "sites[1].file" = "b.csv" }\n'
    )
    assert read_variations(file) == {
        "today": {},
        "winter": {"network.profile": "slow.toml", "snap.max_m": 2000},
        "other": {"sites[1].file": "b.csv"},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '"variation" is missing'),
        ("variation = []", '"variation" is empty'),
        ('[[variation]]\nnames = "a"', 'unknown key "variation'),
        ('[[variation]]\nname = "a"\n[[variation]]\nname = "a"', 'two variations are called "a"'),
    ],
)
def test_a_file_of_variations_that_is_wrong_is_refused(tmp_path, text, message):
    file = tmp_path / "variations.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_variations(file)


def test_settings_reach_every_corner_of_a_study(path):
    (path.parent / "other.csv").write_text((path.parent / "sites.csv").read_text())
    settings = {"sites[1].file": "other.csv", "services.gp.norms_min": [5, 15], "zones.max_nearest_m": 1, "title": "T"}
    (one,) = study_variations([path], {"one": settings})
    found = one.study.settings
    assert (found.sites[0].file, found.services["gp"].norms_min) == ("other.csv", [5, 15])
    assert (found.zones.max_nearest_m, found.title) == (1, "T")
    assert load_study(path).settings.title != "T"


def test_all_that_is_wrong_is_reported_at_once_and_once(path):
    asked = ["network.profil=a,b", "snap.max_m=-1,10", "sites[2].file=a", "title.x=1", "sites[0]=1", "a..b=1"]
    with pytest.raises(ConfigError) as error:
        study_variations([path], combinations(asked))
    for message in (
        'unknown key "network.profil"; did you mean "profile"?',
        '"snap.max_m": Input should be greater than or equal to 0.000001 (found -1)',
        '"sites[2].file": the study has no table to set it in',
        '"title.x": the study has no table to set it in',
        '"sites[0]": the study has no table to set it in',
        '"a..b": the study has no table to set it in',
    ):
        assert str(error.value).count(message) == 1


def test_files_that_are_not_there_are_missed_before_anything_is_computed(path):
    with pytest.raises(ConfigError) as error:
        study_variations([path, path, path.parent / "no.toml"], {})
    assert "is named twice" in str(error.value)
    assert "no.toml: no such file" in str(error.value)
    with pytest.raises(ConfigError, match=r"no\.csv is not there"):
        study_variations([path], combinations(["population.file=people.csv,no.csv"]))
    with pytest.raises(ConfigError, match="car_winter"):
        study_variations([path], combinations(["network.profile=flat.toml,car_wintr"]))


# The table


def test_the_figures_are_those_of_the_study(swept, variations):
    table = swept.table.set_index("variation")
    for variation in variations:
        rows = table.loc[[variation.name]].reset_index(drop=True)
        if variation.settings["snap.max_m"] == 0.0001:
            assert len(rows) == 1
            assert "within 0 m of a usable road" in rows["status"][0]
            assert rows["population"].isna().all()
            continue
        assert (rows["status"] == "ok").all()
        assert rows["service"].drop_duplicates().tolist() == SERVICES
        answers = solve_study(variation.study, show=False)
        for classes, summary in (
            (rows["centrality_class"] == "all", answers.summary()),
            (rows["centrality_class"] != "all", answers.summary("centrality_class")),
        ):
            found = rows[classes].reset_index(drop=True)
            expected = summary.sort_values("service", key=lambda keys: keys.map(SERVICES.index), kind="stable")
            pd.testing.assert_frame_equal(
                found[summary.columns], expected.reset_index(drop=True), check_dtype=False, rtol=0, atol=0
            )


def test_rows_say_what_they_are_of(swept, path):
    table = swept.table
    assert table.columns[:5].tolist() == ["study", "variation", "network.profile", "snap.max_m", "status"]
    assert table.columns[-1] == "disclaimer"
    assert (table["disclaimer"] == "made up: for tests").all()
    assert (table["study"] == path.as_posix()).all()
    assert table["variation"].drop_duplicates().tolist() == [*combinations(ASKED)]
    assert table["snap.max_m"].dtype == float
    assert set(table["network.profile"]) == {"flat.toml", "slow.toml"}
    assert len(swept.failed) == 2
    everybody = table[table["centrality_class"] == "all"]
    assert everybody["population"].tolist() == [TOTAL] * 4 * len(SERVICES)
    assert [name for name in table if "norm" in name] == [
        *("norm_1_s", "share_within_norm_1", "people_beyond_norm_1"),
        *("norm_2_s", "share_within_norm_2", "people_beyond_norm_2"),
    ]


def test_cells_are_written_on_request(swept, variations):
    answers = solve_study(variations[0].study, show=False)
    cells = swept.cells.set_index(["variation", "service"])
    assert len(cells) == 4 * len(SERVICES) * len(CELLS)
    for service in SERVICES:
        found = cells.loc[(variations[0].name, service)].set_index("cell_id")
        results = answers.results
        np.testing.assert_array_equal(found["travel_time_s"], results[f"{service}_s"])
        for column in ("site", "reason"):
            assert found[column].tolist() == results[f"{service}_{column}"].tolist()
        assert found["population"].sum() == TOTAL
        assert found.index.tolist() == results.index.tolist()


def test_studies_may_differ_in_services_and_norms(tmp_path, path):
    fewer = STUDY.replace('[services.birth_unit]\nlabel = "Birth unit"\n', "").replace("[20, 60]", "[20]")
    fewer = fewer.replace('columns = { id = "id" }', 'where = { service = ["gp", "hospital", "ambulance_base"] }')
    other = write_study(tmp_path, fewer.replace('disclaimer = "made up: for tests"\n', ""))
    swept = sweep_studies(study_variations([other, path], combinations([])), workers=0)
    assert swept.cells is None
    table = swept.table[swept.table["centrality_class"] == "all"]
    assert table["service"].tolist() == [*SERVICES[:3], *SERVICES]
    assert table["norm_2_s"].dropna().to_dict() == {table.index[4]: 3600}
    assert table["disclaimer"].isna().tolist() == [True] * 3 + [False] * 4
    assert table["study"].drop_duplicates().tolist() == [other.as_posix(), path.as_posix()]


def test_a_network_that_cannot_be_built_fails_its_variations_only(path, tmp_path):
    (path.parent / "bad.osm.pbf").write_bytes(b"nothing of the kind")
    swept = sweep_studies(
        study_variations([path], combinations(['network.osm=["bad.osm.pbf"],["roads.osm.pbf"]'])), workers=0
    )
    assert swept.table["status"].tolist()[0] != "ok"
    assert (swept.table["status"][1:] == "ok").all()
    assert len(swept.table) > 10
    assert [*path.parent.glob("cache/.*")] == []


def test_where_the_cache_cannot_be_written_variations_share_one_that_goes_with_the_sweep(path, swept):
    text = path.read_text(encoding="utf-8")
    other = path.with_name("shut.toml")
    other.write_text(text.replace('cache = "cache"', 'cache = "people.csv/cache"'), encoding="utf-8")
    with pytest.warns(GeoaccessWarning, match=r"people.csv.cache: the cache cannot be written"):
        found = sweep_studies(study_variations([other], combinations(ASKED)), workers=0)
    table = found.table.assign(study=swept.table["study"])
    pd.testing.assert_frame_equal(table, swept.table)
    assert not any(kept.parent.exists() for kept in found.kept)


@pytest.fixture
def no_room_for_arrays(monkeypatch):
    """Say in which folder there is room for small files only."""

    def only_small_files_in(folder):
        save = np.save

        def full(file, *rest, **others):
            if Path(file if isinstance(file, str | Path) else file.name).resolve().is_relative_to(folder.resolve()):
                raise OSError(28, "No space left on device")
            save(file, *rest, **others)

        monkeypatch.setattr(np, "save", full)

    return only_small_files_in


def test_where_the_cache_has_no_room_for_a_network_it_is_among_the_temporary_files(path, swept, no_room_for_arrays):
    no_room_for_arrays(path.parent / "other")
    other = path.with_name("full.toml")
    other.write_text(path.read_text(encoding="utf-8").replace('cache = "cache"', 'cache = "other"'), encoding="utf-8")
    with pytest.warns(GeoaccessWarning, match=r"other.*: the cache cannot be written \(No space left"):
        found = sweep_studies(study_variations([other], combinations(ASKED)), workers=0)
    pd.testing.assert_frame_equal(found.table.assign(study=swept.table["study"]), swept.table)


def test_where_there_is_no_room_for_networks_at_all_it_is_said_once(path, no_room_for_arrays):
    no_room_for_arrays(Path("/"))
    other = path.with_name("nowhere.toml")
    other.write_text(path.read_text(encoding="utf-8").replace('cache = "cache"', 'cache = "new"'), encoding="utf-8")
    with pytest.warns(GeoaccessWarning), pytest.raises(OutputError, match=r"the cache cannot be written.*make room"):
        sweep_studies(study_variations([other], combinations(ASKED)), workers=0)


def test_variations_of_people_and_zones_are_not_taken_for_each_other(tmp_path):
    """What stages found is kept for the next variation: of other settings, or of a file that changed, it is not."""
    path = write_study(tmp_path)
    grid = pd.read_csv(path.parent / "people.csv")
    grid.assign(later=grid["people"] * 3).to_csv(path.parent / "people.csv", index=False)
    asked = combinations(["population.people=people,later", "zones.max_nearest_m=1,20000", "snap.max_m=1000,2500"])
    variations = study_variations([path], asked)
    table = sweep_studies(variations, workers=0).table
    assert (table["status"] == "ok").all()
    for variation in variations:
        mine = table[(table["variation"] == variation.name) & (table["centrality_class"] == "all")]
        alone = solve_study(variation.study, show=False).summary()
        assert mine["population"].tolist() == alone["population"].tolist()
        assert mine["reached"].tolist() == alone["reached"].tolist()
        assert mine["median_s"].tolist() == alone["median_s"].tolist()
    people = table.loc[table["centrality_class"] == "all", "population"].unique().tolist()
    assert people == [TOTAL, 3 * TOTAL]
    assert not kept_by_stages._found  # nothing stays afterwards


def test_variations_of_sites_services_and_zonings_are_not_taken_for_each_other(tmp_path):
    """Each answers as it does alone, with one process that solves all of them, one after the other."""
    path = write_study(tmp_path)
    sites = pd.read_csv(path.parent / "sites.csv")
    sites.iloc[::-1].to_csv(path.parent / "turned.csv", index=False)
    sites.assign(lat=sites["lat"] + 0.001).to_csv(path.parent / "moved.csv", index=False)
    changes = {
        "as it is": {},
        "other sites": {"sites": [{"kind": "file", "file": "moved.csv"}]},
        "turned sites": {"sites": [{"kind": "file", "file": "turned.csv"}]},
        "other norm": {f"services.{SERVICES[0]}.norms_min": [1, 2, 3]},
        "other way": {f"services.{SERVICES[0]}.toward": "cells"},
        "slow walk": {"snap.off_network_kph": 1},
        "any road": {"network.min_component_km": 0.1},
        "as it was": {},
    }
    variations = study_variations([path], changes)
    table = sweep_studies(variations, workers=0, cells=True)
    for variation in variations:
        mine = table.table[table.table["variation"] == variation.name]
        assert (mine["status"] == "ok").all()
        alone = solve_study(variation.study, show=False)
        everybody = mine[mine["centrality_class"] == "all"].reset_index(drop=True)
        summary = alone.summary()
        columns = [name for name in summary.columns if name != "service"]
        pd.testing.assert_frame_equal(everybody[columns], summary[columns], check_dtype=False, check_exact=True)
        cells = table.cells[table.cells["variation"] == variation.name]
        for key in SERVICES:
            times = cells.loc[cells["service"] == key, "travel_time_s"].to_numpy()
            np.testing.assert_array_equal(times, alone.results[f"{key}_s"].to_numpy())


# Workers


@pytest.fixture(scope="module")
def run():
    """Two worker processes; a task that has killed two is given up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(core._LOCAL, "distributed.scheduler.allowed-failures", 1)
        patch.setenv("NUMBA_NUM_THREADS", "1")
        with worker_pool(workers=2) as run:
            assert len(workers_of(os.getpid())) == 2
            yield run
    assert workers_of(os.getpid()) == []


def workers_of(pid):
    """The worker processes below a process, forked from one of their own or not."""
    below = psutil.Process(pid).children(recursive=True)
    named = {child.pid: " ".join(child.cmdline()) for child in below}
    forked = {child.pid for child in below if "forkserver" in named.get(child.ppid(), "")}
    return [child for child, line in named.items() if child in forked or "spawn_main" in line]


def deadly(task):
    """Kill the process at "always", once at the name of a file that is not there, else double the number."""
    if task == "always":
        os.kill(os.getpid(), signal.SIGKILL)
    if isinstance(task, str):
        if not Path(task).exists():
            Path(task).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return "lived"
    if task < 0:
        raise ValueError("below zero")
    return 2 * task


def surroundings(_):
    return thread_count(), os.environ["TMPDIR"], os.environ.get("MALLOC_TRIM_THRESHOLD_")


_READ = []


def read_once(file):
    """Note which process reads it, and give it a name that those forked from it have, too."""
    with file.open("a") as notes:
        notes.write(f"{os.getpid()}\n")
    _READ.append(os.getpid())


def who_read(_):
    return os.getpid(), [*_READ], forking._READY in os.environ


@pytest.mark.parametrize("method", ["fork", "spawn", "no socket"])
def test_workers_share_what_one_process_has_read_where_they_are_forked(tmp_path, monkeypatch, method):
    def fails():
        raise OSError(errno.ENAMETOOLONG, "AF_UNIX path too long")

    if method == "spawn":
        monkeypatch.setattr(forking, "forks", lambda: False)
    elif method == "no socket":
        monkeypatch.setattr(forkserver._forkserver, "ensure_running", fails)
    ours = (forking._READY, "TMPDIR", "NUMBA_NUM_THREADS")  # dask leaves some of its own behind
    before, notes = [os.environ.get(name) for name in ours], tmp_path / "notes"
    with worker_pool(workers=2, begin=partial(read_once, notes)) as run:
        found = [one.result for one in run(who_read, range(6))]
        assert len(workers_of(os.getpid())) == 2
    assert workers_of(os.getpid()) == []
    assert [os.environ.get(name) for name in ours] == before
    if method == "fork" and sys.platform == "linux":
        (reader,) = notes.read_text().split()
        assert all(read == [int(reader)] and own != int(reader) for own, read, _ in found)
        assert not psutil.pid_exists(int(reader))
        assert forking.forks()  # the next ones find no process of before
    else:
        assert not notes.exists()
        assert [read for _, read, _ in found] == [[]] * 6


def test_what_fails_before_the_first_fork_is_left_to_the_workers():
    with worker_pool(workers=1, begin=partial(float, "one")) as run:
        assert run(deadly, [2])[0].result == 4


def complain(_):
    logging.getLogger("distributed.worker").critical("what dask says of a worker that has no memory left")
    return "lived"


def test_workers_say_nothing_but_what_becomes_of_their_tasks(capfd):
    with worker_pool(workers=1) as run:
        assert run(complain, [0])[0].result == "lived"
    assert capfd.readouterr() == ("", "")


def test_no_thread_runs_where_workers_are_forked(path):
    """Kernels are loaded, also where a run before had those of several threads; numba starts its own with the first."""
    script = """
import numpy as np, os, pickle, sys
from geoaccess import forking
from geoaccess.kernels import search, timetable
from numba.np.ufunc import parallel as threads
for room in (search, timetable):
    for kernel in vars(room).values():
        if hasattr(kernel, "py_func"):
            for types, *_ in kernel._cache._cache_file._load_index():
                if sys.argv[1] == "all" or not kernel.targetoptions.get("parallel"):
                    kernel.compile(types)
kernels = forking.loaded_kernels()
forking.make_ready(["distributed.nanny"], print, kernels)
print(len(kernels) > 0, threads._is_initialized)
"""
    network, _ = build_or_load_network(load_study(path))
    place = gpd.GeoDataFrame(geometry=gpd.points_from_xy(network.node_lon[:1], network.node_lat[:1]), crs=4326)
    travel_times(network, place, place, method="search")  # compiles kernels of both kinds, where no run before did
    environ = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue"}
    for loaded, started in (("some", "False"), ("all", "True")):
        words = [sys.executable, "-c", script, loaded]
        printed = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout.split()
        assert printed == ["True", started]


def test_a_lost_worker_is_survived(path, swept, run, tmp_path, monkeypatch):
    """The cache is empty, so each network is built by one process; after the first answer one process is killed."""
    killed = []

    def kill():
        if not killed:
            killed.append(workers_of(os.getpid())[0])
            os.kill(killed[0], signal.SIGKILL)

    @contextlib.contextmanager
    def counted(what, total, **_):
        yield kill if what == "variations" else lambda: None

    monkeypatch.setattr(whole, "counted", counted)
    monkeypatch.setattr(whole, "worker_pool", lambda **_: contextlib.nullcontext(run))
    fresh = study_variations([path], combinations([*ASKED, f'cache="{tmp_path}/cache"']))
    found = sweep_studies(fresh, cells=True)
    assert not psutil.pid_exists(killed[0])
    for one, other in ((found.table, swept.table), (found.cells, swept.cells)):
        same = one.drop(columns=["variation", "cache"], errors="ignore")
        pd.testing.assert_frame_equal(same, other.drop(columns="variation"), check_exact=True)
    assert len([*(tmp_path / "cache").glob("network-*")]) == 2  # the two networks, and nothing half-built


def test_a_task_that_kills_every_worker_is_given_up(run, tmp_path):
    ended = []
    tasks = [1, "always", 2, str(tmp_path / "once"), -1, *range(10)]
    outcomes = run(deadly, tasks, done=lambda: ended.append(1))
    assert "died, 2 times over" in outcomes[1].error
    assert outcomes[1].result is None
    assert outcomes[3].result == "lived"
    assert outcomes[4].error == "ValueError: below zero"
    assert [one.result for one in [outcomes[0], outcomes[2], *outcomes[5:]]] == [2, 4, *range(0, 20, 2)]
    assert len(ended) == len(tasks)


class Blaming:
    """A client of workers that share out more tasks than they can run, so that one dying task takes all with it."""

    def map(self, function, tasks, *, pure):
        assert not pure
        futures = []
        for place, task in enumerate(tasks):
            futures.append(concurrent.futures.Future())
            futures[-1].key, futures[-1].release = f"task-{len(tasks)}-{place}", lambda: None
            if len(tasks) > 1 or task == "always":
                futures[-1].set_exception(KilledWorker(futures[-1].key, None, 2))
            else:
                futures[-1].set_result(core.Outcome(2 * task))
        return futures


def test_a_task_that_only_waited_where_another_killed_the_worker_is_not_blamed():
    ended = []
    found = core._on_workers(
        partial(core._ended, Blaming(), lambda: None), deadly, [1, "always", 2], done=lambda: ended.append(1)
    )
    assert [one.result for one in found] == [2, None, 4]
    assert "died, 3 times over" in found[1].error
    assert len(ended) == 3


def test_a_worker_that_is_slow_to_start_again_is_waited_for(tmp_path, monkeypatch):
    """Dask by itself gives a lost worker fifteen seconds, here one; then none is left and nothing ever ends."""
    once = str(tmp_path / "once")
    slow = f"{core._AT_START}; import pathlib, time; time.sleep(3 * pathlib.Path({once!r}).exists())"
    monkeypatch.setattr(core, "_AT_START", slow)
    until = time.monotonic() + 300

    def check():
        if time.monotonic() > until:
            raise TimeoutError("no worker came back")

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"}), worker_pool(workers=1) as run:
        assert [
            one.result for one in core._on_workers(partial(core._ended, run.args[0].args[0], check), deadly, [once, 1])
        ] == ["lived", 2]


def test_workers_listen_to_this_machine_only_and_share_its_cores(run):
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = {c.laddr.ip for one in family for c in one.net_connections() if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
    threads, scratch, kept_free = run(surroundings, [0])[0].result
    assert threads == 1
    assert Path(scratch).is_dir()
    assert kept_free == os.environ.get("MALLOC_TRIM_THRESHOLD_")  # dask has a value of its own, for other work


def test_a_cluster_is_joined_by_its_address_if_its_workers_have_the_same_version(run, monkeypatch):
    address = run.args[0].args[0].scheduler.address
    assert [one.result for one in sweep(deadly, [3, 4], scheduler=address)] == [6, 8]
    monkeypatch.setattr(joining, "__version__", "99")
    with pytest.raises(InputError, match=r"has geoaccess 0.* and this machine 99; install the same"):
        sweep(deadly, [3], scheduler=address)


def test_what_cannot_be_had_is_reported(monkeypatch):
    monkeypatch.setattr(joining, "_CONNECT_S", 1)
    with pytest.raises(InputError, match="no dask scheduler answers there"):
        sweep(deadly, [1], scheduler="tcp://127.0.0.1:9")
    with pytest.raises(InputError, match="name one"):
        sweep(deadly, [1], scheduler="tcp://127.0.0.1:9", workers=2)
    with pytest.raises(InputError, match="workers is -1"):
        sweep(deadly, [1], workers=-1)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install geoaccess\[dask\]"):
        sweep(deadly, [1], workers=1)
    assert sweep(deadly, [1], workers=0)[0].result == 2


def test_workers_that_cannot_start_are_one_sentence(monkeypatch):
    def cannot(*_, **__):
        raise RuntimeError("Nanny failed to start.") from OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("distributed.LocalCluster", cannot)
    with pytest.raises(InputError, match=r"2 worker processes cannot be started .*Too many open files.*--workers"):
        sweep(abs, [1, 2], workers=2)


# The command line


def test_the_command_writes_tables_and_says_how_many_failed(path, tmp_path, swept, monkeypatch, capfd):
    out = tmp_path / "out"
    words = [path, "--vary", ASKED[0], "--vary", ASKED[1], "--output", out, "--workers", 0, "--cells"]
    monkeypatch.setattr(sys, "argv", ["geoaccess", "sweep", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    message, complained = capfd.readouterr()
    assert ended.value.code == 2
    assert complained.strip() == f"error: 2 of 6 variations failed; status in {out / 'sweep.csv'} says why"
    assert "made up: for tests" in message
    assert sorted(file.name for file in out.iterdir()) == ["sweep.csv", "sweep.parquet", "sweep_cells.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(out / "sweep.parquet"), swept.table, check_exact=True)
    pd.testing.assert_frame_equal(pd.read_parquet(out / "sweep_cells.parquet"), swept.cells, check_exact=True)
    assert pd.read_csv(out / "sweep.csv").columns.tolist() == swept.table.columns.tolist()


@pytest.mark.parametrize("name", ["sweep.csv", "sweep.parquet"])
def test_files_that_no_sweep_wrote_are_kept(path, tmp_path, swept, name):
    """They are found before anything is computed; those of a sweep make way."""
    out = tmp_path / "out"
    write_sweep(swept, out)
    refuse_clashes(out)
    write_sweep(swept, out)
    own = out / name
    own.write_text("country,year\nIS,2026\n")
    with pytest.raises(InputError, match="not from a run before"):
        refuse_clashes(out)
    with pytest.raises(InputError, match="not from a run before"):
        write_sweep(swept, out)
    assert own.read_text() == "country,year\nIS,2026\n"


@pytest.mark.parametrize("fails", [False, True])
def test_networks_of_one_extract_come_of_one_reading(path, tmp_path, monkeypatch, swept, fails):
    """Where it fails, each is built by itself: one that is at fault costs the others nothing."""
    build = sys.modules["geoaccess.study.stages.networks"]
    several, reading = [], build.read_networks

    def read(paths, profiles, **given):
        several.append(len(profiles))
        if fails and len(profiles) > 1:
            raise InputError("one of them is wrong")
        return reading(paths, profiles, **given)

    monkeypatch.setattr(build, "read_networks", read)
    asked = [ASKED[0], f'cache="{tmp_path}/cache"']
    found = sweep_studies(study_variations([path], combinations(asked)), workers=0).table
    assert several == ([2, 1, 1] if fails else [2])
    known = swept.table[swept.table["snap.max_m"] == 2500]
    assert found["median_s"].tolist() == known["median_s"].tolist()


@pytest.mark.parametrize("number", [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)])
def test_an_interrupted_sweep_leaves_nothing_behind(tmp_path, number):
    """As a terminal does it, or its end: the signal goes to every process of the group.

    A shell that runs the suite in the background has it ignore the signal, and what it starts would do so too.
    """
    usual = "default_int_handler" if number == signal.SIGINT else "SIG_DFL"
    heard = f"import signal; signal.signal({int(number)}, signal.{usual}); from geoaccess.cli import main; main()"
    path, own = write_study(tmp_path / "study"), tmp_path / "tmp"
    own.mkdir()
    asked = "snap.max_m=" + ",".join(map(str, range(1000, 1400)))
    command = subprocess.Popen(
        [sys.executable, "-c", heard, "sweep", path, "--vary", asked, "--output", "out", "--workers", "1", "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(own)},
    )
    until = time.monotonic() + 90
    while not (any((path.parent / "cache").glob("sweep-*")) or time.monotonic() > until):
        time.sleep(0.05)
    family = [*psutil.Process(command.pid).children(recursive=True)]
    assert len(family if sys.platform == "linux" else workers_of(command.pid)) == 1
    assert {item.name[:11] for item in own.iterdir()} == {".geoaccess-"}  # what a killed one leaves goes with the next
    os.killpg(command.pid, number)
    message, complained = command.communicate(timeout=180)
    assert command.returncode == 128 + number
    assert (message, complained) == ("", "")
    assert psutil.wait_procs(family, timeout=60)[1] == []
    assert (sorted(item.name for item in tmp_path.iterdir()), [*own.iterdir()]) == (["study", "tmp"], [])
    kept = {item.name.split("-")[0] for item in (path.parent / "cache").iterdir()}
    known = {"network", "order", "features", "boundaries", "names", "keys", "sifted", "zones", "inputs.json", "sweep"}
    assert {"network"} <= kept <= known


def interrupt_swallowed():
    """Send the signal while a callback of a library runs, which swallows what is raised in it."""
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def run_interrupted():
    with worker_pool(workers=1) as run:
        interrupt_swallowed()
        run(abs, [1, 2])
        pytest.fail("it went on")


def test_an_interrupt_that_a_callback_swallows_is_heard_all_the_same():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_interrupted()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def run_interrupted_at_the_start():
    with core._interruptible():
        interrupt_swallowed()
        raise RuntimeError("Worker failed to start")


def test_what_fails_once_interrupted_is_the_interrupt():
    """As workers that are about to start hear the signal, too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_interrupted_at_the_start()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


# Networks in memory


@pytest.fixture
def saved(path, tmp_path):
    network, _ = build_or_load_network(load_study(path))
    return network, save_network(network, tmp_path / "saved")


def test_a_mapped_network_is_the_one_that_was_saved(saved):
    network, folder = saved
    mapped = load_network(folder, mmap=True)
    for name in ("node_lon", "edge_u", "edge_forward_ds", "shape_forward_s"):
        array = getattr(mapped, name)
        np.testing.assert_array_equal(array, getattr(network, name), strict=True)
        assert type(array) is np.ndarray
        assert isinstance(array.base, np.memmap)
        assert not array.flags.writeable
    np.testing.assert_array_equal(mapped.arcs.cost_ds, network.arcs.cost_ds)


def test_digests_of_mapped_files_are_checked_once(saved, monkeypatch):
    _, folder = saved
    read = []
    checksum = intact.checksum
    monkeypatch.setattr(intact, "checksum", lambda path: read.append(path.name) or checksum(path))
    load_network(folder, mmap=True)
    assert not read, "what this process has just written it has checked"
    monkeypatch.setattr(intact, "_checked", set())
    load_network(folder, mmap=True)
    assert len(read) == len(set(read)) == len([*folder.iterdir()]) - 1
    load_network(folder, mmap=True)
    assert len(read) == len([*folder.iterdir()]) - 1
    touched = folder / "edge_u.npy"
    content = bytearray(touched.read_bytes())
    content[-1] ^= 1
    touched.write_bytes(content)
    with pytest.raises(InputError, match=r"edge_u\.npy: damaged"):
        load_network(folder, mmap=True)
    with pytest.raises(InputError, match=r"edge_u\.npy: damaged"):
        load_network(folder)


def test_who_has_mapped_a_network_keeps_it_when_it_is_built_again(saved):
    network, folder = saved
    mapped = load_network(folder, mmap=True)
    save_network(network, folder)
    np.testing.assert_array_equal(mapped.edge_forward_ds, network.edge_forward_ds)
    load_network(folder, mmap=True)


def test_two_may_write_a_folder_at_the_same_time(tmp_path):
    """Readers between see one of them whole, or for a moment none."""
    faults = []

    def write(mark):
        try:
            for _ in range(60):
                with files.writing_folder(tmp_path / "cache" / "x") as folder:
                    for name in "ab":
                        (folder / name).write_text(mark)
        except OSError as error:
            faults.append(error)

    writers = [threading.Thread(target=write, args=(mark,)) for mark in "1234"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    assert [item.name for item in (tmp_path / "cache").iterdir()] == ["x"]
    a, b = ((tmp_path / "cache" / "x" / name).read_text() for name in "ab")
    assert a == b

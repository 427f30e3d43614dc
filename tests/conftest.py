"""What several test files need: the bundled data and, where it is there, the folder of data that may not be bundled."""

from __future__ import annotations

import fcntl
import importlib
import os
import pickle
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

from geoaccess.defaults import FIGURE_DPI
from geoaccess.errors import GeoaccessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from geoaccess.planner import PlannerState
    from geoaccess.questions import Compared
    from geoaccess.questions.scenario_run import Baseline
    from geoaccess.study import Answers, Study

# The same examples every time, so that a red run means a change; HYPOTHESIS_PROFILE=searching looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("searching", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

ROOT = Path(__file__).parents[1]

collect_ignore = ["qgis_script.py"]
"""It runs in the Python of QGIS."""

# Bytecode is kept even where the environment says otherwise: each worker would rewrite the asserts of all files anew,
# and each of the hundred processes that tests start would compile the whole package.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# What runs tests side by side says how wide its terminal is; answers to a pipe keep whole lines.
os.environ.pop("COLUMNS", None)

SLOWEST = (
    "test_qgis_desktop.py",
    "test_siting_study.py",
    "test_planner_plans.py",
    "test_files_verbs.py",
    "test_files_every_verb.py",
    "test_files_kills.py",
    "test_response.py",
    "test_study_report.py",
    "test_sweep.py",
    "test_planner_session.py",
    "test_study_compare.py",
    "test_network.py",
    "test_osm_pbf.py",
    "test_study_days.py",
    "test_study_output.py",
    "test_study_vulnerable.py",
    "test_study_ambulance.py",
    "test_routing_engines.py",
    "test_heldout_scenarios.py",
    "test_cli.py",
    "test_kernels.py",
    "test_study_troms.py",
    "test_study_iceland.py",
    "test_osm_pbf_broken.py",
    "test_masking.py",
    "test_maps_report.py",
    "test_maps_chain.py",
    "test_figures.py",
    "test_schemes.py",
    "test_note.py",
    "test_spread.py",
    "test_turns.py",
    "test_compare_runs.py",
)
"""The files that take longest, slowest first: 10 to 100 seconds of a processor each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the seed of another order of the tests: none may need another one before it."""
    parser.addoption("--shuffle", type=int, default=None, metavar="SEED", help="run the tests in an order by chance")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the slowest files, so that no worker is left alone with one at the end."""
    if config.getoption("--shuffle") is not None:
        random.Random(config.getoption("--shuffle")).shuffle(items)
        return
    place = {name: i for i, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))  # stable: the others keep their order


def width_in_a_browser(path: Path, window: int) -> int:
    """Return how wide a page is in a window of so many pixels."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on the path (apt-get install chromium)")
    with need("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": window, "height": 600})
        page.goto(path.as_uri())
        return int(page.evaluate("() => document.documentElement.scrollWidth"))


def need(name: str) -> ModuleType:
    """Import a development package: where it is missing a test skips, but in continuous integration it fails."""
    if os.environ.get("CI"):
        return importlib.import_module(name)
    return pytest.importorskip(name)


@pytest.fixture(autouse=True, scope="session")
def _one_process() -> Iterator[None]:
    """Draw in this process: one more for each of hundreds of tiny studies takes longer, and sees nothing patched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geoaccess.background.spare_cores", lambda: 0)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Let the system write when it will: some ten thousand times a test waits for it, and none cuts the power.

    That files are synced before they are moved is seen one floor above, where the steps of writing are counted; the
    hundreds of processes that tests start wait as those of users do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


_COARSE_DPI = 100
_sharp: list[str] = []


@pytest.fixture(autouse=True, scope="session")
def _coarse_pictures() -> Iterator[None]:
    """Draw in a quarter of the usual pixels where nobody asks for a number of them: half of what a tiny study takes."""
    from geoaccess.maps.look import USUAL_LOOK, Look
    from geoaccess.maps.sheet import Sheet  # matplotlib is slow to import

    begin = Sheet.__init__

    def coarse(self: Sheet, *args: Any, look: Look = USUAL_LOOK, **kwargs: Any) -> None:
        usual = look.dpi == FIGURE_DPI and not _sharp
        begin(self, *args, look=replace(look, dpi=_COARSE_DPI) if usual else look, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sheet, "__init__", coarse)
        yield


@pytest.fixture(scope="module")
def sharp_pictures(request: pytest.FixtureRequest) -> Iterator[None]:
    """Draw as users have it: for tests that look at pixels, or at the bytes that another process draws."""
    _sharp.append(request.node.name)
    yield
    _sharp.pop()


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what a run draws, which takes most of its time; a test that looks at pictures does without this."""
    drawn = (
        "geotiff",
        "web_map",
        "service_map",
        "difference_map",
        "supply_map",
        "network_map",
        "validation_figure",
        "vulnerability_map",
        "chain_map",
        "chain.chain_map",
    )
    for name in (*drawn, "figures.time_curves", "figures.lorenz_figure"):
        monkeypatch.setattr(f"geoaccess.maps.{name}", lambda path, *_, **__: path.write_bytes(b"picture"))


@pytest.fixture(autouse=True)
def _check_refuses_what_a_run_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send every study that a run refuses in a test through the check, which must refuse it with the same message."""
    pipeline = sys.modules.get("geoaccess.study.pipeline")
    if pipeline is None:
        return
    solve = pipeline._solve

    def solve_or_compare(study: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return solve(study, *args, **kwargs)
        except GeoaccessError as refused:
            found = ""
            try:
                pipeline.check(study)
            except GeoaccessError as error:
                found = str(error)
            # Of files that are not there the check names all, and so before whatever else is wrong.
            if found != str(refused) and "is not there" not in found:
                raise AssertionError(f"a run says {str(refused)!r}, and its check {found!r}") from refused
            raise

    monkeypatch.setattr(pipeline, "_solve", solve_or_compare)


@pytest.fixture(scope="module")
def state(study: Study) -> PlannerState:
    """The planner of the `study` of a test file, which has a fixture of that name."""
    from geoaccess.planner import PlannerState
    from geoaccess.study import solve_study

    return PlannerState(solve_study(study, show=False))


@pytest.fixture(scope="module")
def base(study: Study, state: PlannerState) -> Baseline:
    """What scenarios of the `study` of a test file are compared with, solved once for it and its planner."""
    from geoaccess.questions.scenario_run import solve_baseline

    return solve_baseline(study, names=True, answers=state.answers, show=False)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    return ROOT / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: this test needs data that may not be bundled")
    return folder


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], Any]) -> Any:
    """Return what `make` returns, made by the first worker of a run that asks for it and read by the others."""
    folder = factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    kept = folder / f"{name}.pickle"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(make(), protocol=5))
    return pickle.loads(kept.read_bytes())


def _solved(factory: pytest.TempPathFactory, name: str) -> Iterator[Answers]:
    """Give a bundled study, solved once in a run, and see at the end that no test changed it."""
    from geoaccess.study import load_study, solve_study

    def solve() -> Answers:
        return solve_study(load_study(ROOT / "configs" / f"{name}.toml"), show=False)

    answers = once(factory, name, solve)
    yield answers
    unused = once(factory, name, solve)
    pd.testing.assert_frame_equal(answers.results, unused.results)
    pd.testing.assert_frame_equal(answers.sites, unused.sites)
    assert answers.study.settings == unused.study.settings
    assert (answers.network.edge_forward_ds == unused.network.edge_forward_ds).all()


@pytest.fixture(scope="session")
def iceland_solved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Iceland as `configs/iceland.toml` asks for it, solved once for all files: to be read, not changed."""
    yield from _solved(tmp_path_factory, "iceland")


@pytest.fixture(scope="session")
def troms_solved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Troms as `configs/troms.toml` asks for it, solved once for all files: to be read, not changed."""
    yield from _solved(tmp_path_factory, "troms")


@pytest.fixture(scope="session")
def senja_compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Troms beside itself with the two offices of the scenario of Senja, compared once for all files."""
    from geoaccess.questions import compare_study
    from geoaccess.scenarios import read_scenario
    from geoaccess.study import load_study

    def compare() -> Compared:
        scenario = read_scenario(ROOT / "configs" / "scenarios" / "troms-senja.toml")
        return compare_study(load_study(ROOT / "configs" / "troms.toml"), [scenario], show=False)

    found: Compared = once(tmp_path_factory, "senja", compare)
    return found

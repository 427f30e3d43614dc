"""The core computes without the extras, and every verb says which extra it needs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from geoaccess.extras import EXTRAS
from tests.test_study_tiny import TOTAL, write_study

ROOT = Path(__file__).parents[1]
OF_DEVELOPERS = ("build", "dev", "docs", "bench")
BLOCKED = """
import importlib.abc, sys

names = {names!r}

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in names:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
"""
ALL = sorted({name for packages in EXTRAS.values() for name in packages})
DISTRIBUTIONS = {"gtfs-kit": "gtfs_kit"}


def run(code: str, *words: str | Path, names: list[str] = ALL) -> subprocess.CompletedProcess[str]:
    program = BLOCKED.format(names=set(names)) + code
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("extras") / "study")


def test_the_core_imports_and_computes_without_any_extra(study):
    code = """
import geoaccess as ga
for name in ga.__all__:
    getattr(ga, name)
from geoaccess.study import load_study, solve_study
print(solve_study(load_study(sys.argv[1]), show=False).population)
"""
    done = run(code, study)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == TOTAL


@pytest.mark.parametrize(
    ("verb", "words", "extra"),
    [
        ("run", [], "maps"),
        ("report", [], "maps"),
        ("compare", ["scenario.toml"], "maps"),
        ("vulnerable", ["--service", "gp"], "maps"),
        ("reliability", ["--service", "gp"], "maps"),
        ("validate", ["reference.csv"], "maps"),
        ("site", ["--service", "gp"], "siting"),
        ("office-days", ["--service", "gp", "--days", "5", "--from", "a"], "siting"),
        ("vehicles", ["--add", "1"], "siting"),
        ("serve", [], "planner"),
    ],
)
def test_a_verb_says_which_extra_it_needs_and_writes_nothing(study, tmp_path, verb, words, extra):
    for name in ("scenario.toml", "reference.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    asked = [tmp_path / word if "." in word else word for word in words]
    before = sorted(path.name for path in study.parent.iterdir())
    done = run("from geoaccess.cli import main; main()", verb, study, *asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert f'pip install "geoaccess[{extra}]"' in done.stderr
    assert sorted(path.name for path in study.parent.iterdir()) == before


def test_downloads_say_that_they_need_their_extra(tmp_path):
    done = run("from geoaccess.cli import main; main()", "fetch", "iceland", "--folder", tmp_path)
    assert done.returncode == 2
    assert 'pip install "geoaccess[fetch]"' in done.stderr


def test_extras_are_those_of_the_package(root):
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    core = {line.partition(">")[0] for line in declared["dependencies"]}
    for extra, packages in EXTRAS.items():
        names = {
            DISTRIBUTIONS.get(name, name)
            for line in declared["optional-dependencies"][extra]
            for name in [line.partition(">")[0]]
        }
        assert {*packages} <= names, extra
        assert not names & core, extra
    assert all(extra in declared["optional-dependencies"]["all"][0] for extra in EXTRAS)


def _imported(path: Path) -> set[str]:
    """Return the packages that a file imports when it runs, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names} - {"geoaccess", *sys.stdlib_module_names}


def test_what_is_imported_is_there_for_users() -> None:
    """What the tools of developers bring along, as scipy, is not there for users."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: of for name, of in project["optional-dependencies"].items() if name not in OF_DEVELOPERS}
    asked = [*project["dependencies"], *(one for extra in extras.values() for one in extra)]
    asked += (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()  # what these bring along
    named = {re.split(r"[><=~!;\[ ]", one)[0].lower().replace("_", "-") for one in asked}
    providers = packages_distributions()
    for path in sorted((ROOT / "geoaccess").rglob("*.py")):
        for name in _imported(path):
            found = {one.lower().replace("_", "-") for one in providers.get(name, [name])}
            assert found & named, f"{path} imports {name}, which users need not have"


def test_what_is_checked_in_continuous_integration_begins_with_a_run_in_the_environment_of_users():
    """The same environment gets developers' packages afterwards: then nothing would be missed any more."""
    lines = [line.strip() for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()]
    assert lines.index("make run") < lines.index("make test")
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\nrun: .venv/ready\n" in rules
    assert "\n.venv/dev: .venv/ready " in rules

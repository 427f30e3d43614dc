"""The sample studies that come with the program, from a checkout and from a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from geoaccess.errors import InputError
from geoaccess.scenarios import read_scenario
from geoaccess.study import EXAMPLES, check, load_study, write_example

MOST_BYTES = 20_000_000  # a wheel that takes longer than a few seconds to fetch wants its data elsewhere


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_stands_on_its_own(tmp_path, name, root):
    written = write_example(name, tmp_path)
    assert written[0] == tmp_path / f"{name}.toml"
    assert (tmp_path / "data" / "README.md").read_bytes() == (root / "data" / name / "README.md").read_bytes()
    own = {path.resolve() for path in written}
    for file in written:
        if file.suffix == ".toml" and file.parent == tmp_path:
            study = load_study(file)
            mine = {path.resolve() for path in study.inputs.values()} - {root / "configs" / "profiles"}
            assert {path for path in mine if root / "configs" not in path.parents} <= own
            assert tmp_path in study.output.resolve().parents
            assert tmp_path in study.cache.resolve().parents
            original = load_study(root / "configs" / file.name)
            assert study.settings.services == original.settings.services
        if file.parent.name == "scenarios":
            scenario = read_scenario(file)
            assert scenario.title
            if scenario.population is not None and scenario.population.file:
                assert (file.parent / scenario.population.file).resolve() in own
    texts = [path.read_text(encoding="utf-8") for path in written if path.suffix == ".toml"]
    assert not [text for text in texts if "../" in text.replace('"../data/', "")]


def test_check_of_an_example_works(tmp_path):
    study = load_study(write_example("troms", tmp_path)[0])
    assert any("municipalities" in line for line in check(study))


def test_an_example_overwrites_nothing_and_unknown_names_are_refused(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sites.csv").write_text("mine")
    with pytest.raises(InputError, match=r"sites\.csv is there already"):
        write_example("troms", tmp_path)
    assert not (tmp_path / "troms.toml").exists()
    with pytest.raises(InputError, match=r'example "tromso".*troms'):
        write_example("tromso", tmp_path)


def test_a_wheel_has_the_examples_and_writes_them(root, tmp_path):
    wheel = Path(next(iter(WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"]))))
    assert wheel.stat().st_size < MOST_BYTES
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
        content.extractall(site)
    assert {"geoaccess/configs/iceland.toml", "geoaccess/data/iceland/iceland-2019.osm.pbf"} <= names
    assert {f"geoaccess/data/{name}/README.md" for name in EXAMPLES} <= names
    assert not [name for name in names if "data/norway" in name or name.endswith("people_2019.py")]
    for name in EXAMPLES:
        folder = tmp_path / name
        subprocess.run(
            [sys.executable, "-m", "geoaccess", "example", name, str(folder)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(site)},
            check=True,
            capture_output=True,
        )
        found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        expected = tmp_path / "checkout" / name
        write_example(name, expected)
        assert found == {
            path.relative_to(expected): path.read_bytes() for path in expected.rglob("*") if path.is_file()
        }

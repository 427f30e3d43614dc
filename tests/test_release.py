"""What a release is made of: the wheel, the recipe, the papers that describe it."""

from __future__ import annotations

import json
import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from release.check import build, lacking, metadata_problems, relative_links, uploads_problems

ROOT = Path(__file__).parents[1]
ON_CONDA = {"osmium": "pyosmium", "matplotlib": "matplotlib-base"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture
def wheel(built):
    return built[1]


def test_a_package_index_would_take_the_wheel(wheel, tmp_path):
    assert metadata_problems(wheel) == []
    broken = tmp_path / "broken.whl"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("geoaccess-1.dist-info/METADATA", "Name: geoaccess\n\nshort")
    found = metadata_problems(broken)
    assert len([one for one in found if one.startswith("METADATA: no ")]) == 5
    assert len(found) > 5  # and what the standard of metadata asks for


def test_twine_finds_nothing_in_what_is_built(built):
    pytest.importorskip("twine")
    assert uploads_problems(built) == []


def test_the_source_archive_has_what_a_packager_needs(built):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "geoaccess/version.py", "PKG-INFO"} <= names
    assert not [name for name in names if name.startswith(("data/norway/", ".venv/", "maps/iceland/"))]


def test_the_wheel_holds_what_the_samples_and_a_new_study_need(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = ["configs/iceland.toml", "configs/troms.toml", "configs/template.toml", "phrases/nb.toml", "py.typed"]
    assert {f"geoaccess/{name}" for name in wanted} <= names
    assert not [name for name in names if name.startswith(("docs/", "qgis/", "geoaccess_qgis/", "tests/", "release/"))]


def test_the_wheel_out_of_the_source_archive_has_every_file_of_the_program(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    program = ROOT / "geoaccess"
    files = [path for path in program.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    kept = {path.relative_to(ROOT).as_posix() for path in files}
    assert kept - names == set()


def test_the_recipe_asks_for_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in ("maps", "siting", "planner"):
        wanted += project["optional-dependencies"][extra]
    text = (ROOT / "release" / "meta.yaml").read_text(encoding="utf-8")
    asked = re.findall(r"^    - ([a-z0-9-]+) (>=[0-9.]+)$", text.split("  run:")[1].split("test:")[0], re.MULTILINE)
    expected = {re.sub(r"^\w[\w-]*", lambda name: ON_CONDA.get(name[0], name[0]), one) for one in wanted}
    assert {f"{name}{least}" for name, least in asked} == expected | {f"python{project['requires-python']}"}
    assert not any(name.startswith("gtfs") for name, _ in asked)


def test_the_papers_of_a_release_can_be_read_and_name_one_program():
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (zenodo["title"], zenodo["license"]) == (citation["title"], citation["license"])
    assert [one["name"] for one in zenodo["creators"]] == [one["name"] for one in citation["authors"]]
    docs = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    for path in (docs["sphinx"]["configuration"], docs["python"]["install"][0]["requirements"]):
        assert (ROOT / path).exists()


def test_the_readme_links_to_full_addresses_only():
    assert relative_links((ROOT / "README.md").read_text(encoding="utf-8")) == []


def test_what_is_missing_is_found(tmp_path):
    for name in ("geoaccess/version.py", "pyproject.toml", "CITATION.cff", "CHANGELOG.md", "release/meta.yaml",
                 "README.md", "benchmarks/RESULTS.md", ".zenodo.json"):  # fmt: skip
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    before = lacking(tmp_path)
    citation = tmp_path / "CITATION.cff"
    citation.write_text(
        citation.read_text(encoding="utf-8") + "date-released: 2026-12-01\ndoi: 10.5281/zenodo.1\n", encoding="utf-8"
    )
    (tmp_path / "README.md").write_text("[a](docs/a.md)", encoding="utf-8")
    after = lacking(tmp_path)
    assert [one for one in before if "date-released" in one or "doi" in one]
    assert not [one for one in after if "date-released" in one or "doi" in one]
    assert "README.md: links that a package index cannot follow" in after

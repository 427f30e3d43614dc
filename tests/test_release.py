"""What a release is made of: the wheel, the recipe, the papers that describe it."""

from __future__ import annotations

import json
import re
import tarfile
import tomllib
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
import yaml

from geoaccess.version import __version__
from release.check import build, lacking, metadata_problems, relative_links, uploads_problems
from release.sbom import bill, read_lock
from release.sizes import installed_bytes, needed

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


def test_twine_finds_nothing_in_what_is_built_and_something_in_what_is_broken(built, tmp_path):
    assert uploads_problems(built) == []
    broken = tmp_path / built[1].name
    with zipfile.ZipFile(built[1]) as whole, zipfile.ZipFile(broken, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            archive.writestr(name, content.partition(b"\n\n")[0] if name.endswith("/METADATA") else content)
    (found,) = uploads_problems([broken])
    assert "long_description" in found


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


def test_the_recipe_is_built_and_described_as_the_project_is():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    text = (ROOT / "release" / "meta.yaml").read_text(encoding="utf-8")
    assert f'{{% set version = "{__version__}" %}}' in text
    recipe = yaml.safe_load(
        re.sub(r"\{%.*?%\}", "", text).replace("{{ version }}", __version__).replace("{{ PYTHON }}", "python")
    )
    assert recipe["package"] == {"name": project["name"], "version": __version__}
    scripts = [f"{name} = {what}" for name, what in project["scripts"].items()]
    assert recipe["build"]["entry_points"] == scripts
    host = {f"python {project['requires-python']}", "pip", *pyproject["build-system"]["requires"]}
    assert {*recipe["requirements"]["host"]} == host
    assert {*pyproject["build-system"]["requires"]} == {*project["optional-dependencies"]["build"]}
    about = recipe["about"]
    assert (about["license"], about["summary"]) == (project["license"], project["description"])
    assert about["home"] == project["urls"]["Documentation"]
    assert [about["license_file"]] == project["license-files"]


def test_the_papers_of_a_release_can_be_read_and_name_one_program():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    zenodo = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (zenodo["title"], zenodo["license"]) == (citation["title"], citation["license"])
    assert (citation["version"], citation["license"]) == (__version__, project["license"])
    assert [one["name"] for one in zenodo["creators"]] == [one["name"] for one in citation["authors"]]
    assert [one["name"] for one in project["authors"]] == [one["name"] for one in citation["authors"]]
    assert zenodo["description"] == citation["abstract"].strip()
    assert zenodo["keywords"] == citation["keywords"]
    assert {*citation["keywords"]} <= {*project["keywords"]}


def test_read_the_docs_builds_what_make_docs_builds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    docs = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    lock, itself = docs["python"]["install"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"--require-hashes -r {lock['requirements']}" in makefile
    assert itself == {"method": "pip", "path": "."}
    assert docs["sphinx"]["configuration"] == "docs/conf.py"
    assert (ROOT / docs["sphinx"]["configuration"]).exists()
    assert docs["sphinx"]["fail_on_warning"] is ("sphinx-build -W" in makefile)
    python = docs["build"]["tools"]["python"]
    assert f"Programming Language :: Python :: {python}" in project["classifiers"]
    # The program finds all it asks for in the lock file, in the versions that users have.
    named = {one.partition("==")[0] for one in pinned(lock["requirements"])}
    assert {re.match(r"[\w-]+", one)[0] for one in project["dependencies"]} <= named
    users = {one for one in pinned("requirements.lock") if one.partition("==")[0] in named}
    assert users <= pinned(lock["requirements"])


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


def pinned(name):
    """Return the packages that stand in a lock file, by a look at the beginnings of its lines."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([a-zA-Z0-9][\w.-]*==[^\s;]+)", text, re.MULTILINE))


def test_users_install_what_a_study_may_need_and_no_tools_of_developers():
    users, developers = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert users < developers  # the same versions
    names = {one.partition("==")[0] for one in users}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    every = [
        *project["dependencies"],
        *(one for extra in re.findall(r"\w+", extras["all"][0])[1:] for one in extras[extra]),
    ]
    wanted = {re.match(r"[\w-]+", one)[0] for one in every} - {"geoaccess"}
    assert wanted | {"hatchling", "editables"} <= names
    assert names.isdisjoint(
        {"playwright", "mypy", "scikit-learn", "scipy", "pytest", "ruff", "inequality", "hypothesis"}
    )


def test_every_pin_of_the_lock_files_has_digests():
    for name in ("requirements.lock", "requirements-dev.lock", "docs/requirements.lock"):
        found = read_lock(ROOT / name)
        assert {f"{pin.name}=={pin.version}" for pin in found} == pinned(name)
        assert all(pin.digests and pin.asked_by for pin in found), name


def test_the_bill_of_materials_lists_every_package_and_who_needs_it():
    lock = ROOT / "requirements.lock"
    found = bill(lock, name="geoaccess", version="1.2.3")
    assert found == bill(lock, name="geoaccess", version="1.2.3")
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert {f"{one['name']}=={one['version']}" for one in found["components"]} == pinned("requirements.lock")
    assert len({one["bom-ref"] for one in found["components"]}) == len(found["components"])
    needs = {one["ref"]: one["dependsOn"] for one in found["dependencies"]}
    (numba,) = (ref for ref in needs if ref.startswith("pkg:pypi/numba@"))
    assert any(ref.startswith("pkg:pypi/llvmlite@") for ref in needs[numba])
    assert numba in needs["pkg:pypi/geoaccess@1.2.3"]
    reached, waiting = set(), ["pkg:pypi/geoaccess@1.2.3"]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += needs[one]
    assert reached == set(needs)  # nothing is there that nobody asks for


def installed(folder, name, files, requires=()):
    """Put a package into a folder as an installer does."""
    info = folder / f"{name.replace('-', '_')}-1.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *(f"Requires-Dist: {one}" for one in requires)]
    (info / "METADATA").write_text("\n".join([*lines, ""]), encoding="utf-8")
    for path, size in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x" * size)
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in files), encoding="utf-8")
    return PathDistribution(info)


def test_sizes_count_files_once_and_no_bytecode(tmp_path, monkeypatch):
    one = installed(
        tmp_path, "aa-one", {"aa/a.py": 7, "aa/data/b.so": 100, "aa/__pycache__/a.cpython-311.pyc": 50}, ["bb_two[x]"]
    )
    installed(
        tmp_path, "bb-two", {"bb.py": 3}, ['cc; extra == "x"', 'dd; extra == "y"', 'ee; python_version < "3"', "gone"]
    )
    for name in ("cc", "dd", "ee"):
        installed(tmp_path, name, {f"{name}.py": 1}, ["aa-one"])
    assert installed_bytes(one) == 107
    monkeypatch.syspath_prepend(str(tmp_path))
    assert needed(["geoaccess[most]"], {"most": ["aa_one>=1"]}) == {"aa-one", "bb-two", "cc"}

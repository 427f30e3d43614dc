"""The papers of the house agree with it."""

from __future__ import annotations

import re
import tomllib

from geoaccess.version import __version__


def test_the_citation_names_this_version(root):
    text = (root / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", text, flags=re.MULTILINE)[1] == __version__
    assert f"## {__version__}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_plan_names_every_room(root):
    plan = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [path.name for path in (root / "geoaccess").iterdir() if path.is_dir() and not path.name.startswith("_")]
    assert len(rooms) > 15
    assert [room for room in rooms if f"`{room}`" not in plan and f"geoaccess/{room}`" not in plan] == []


def test_papers_name_files_that_are_there(root):
    for paper in ("ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (root / paper).read_text(encoding="utf-8")
        named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|toml|md|json))`", text))
        assert named, paper
        places = (root, root / "geoaccess")
        assert [name for name in named if "xx" not in name and not any((at / name).exists() for at in places)] == [], (
            paper
        )


def test_the_package_describes_itself(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["dynamic"] == ["version"]
    assert {"authors", "keywords", "classifiers", "readme", "license"} <= {*project}

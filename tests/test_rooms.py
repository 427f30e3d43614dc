"""The plan of the house: no file imports itself in a circle, no room and no file grows too large."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx
import pytest

PACKAGE = Path(__file__).parents[1] / "geoaccess"
LARGEST_ROOM = 0.12
LONGEST_FILE = 430


def modules(package: Path) -> dict[str, Path]:
    """Return the files of a package by the name they are imported by."""
    found = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(package: Path) -> nx.DiGraph:
    """Return which file imports which, imports for typing and inside functions among them."""
    known = modules(package)
    graph = nx.DiGraph()
    for name, path in known.items():
        inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = ".".join(inside.split(".")[: len(inside.split(".")) - node.level + 1]) if node.level else ""
                source = ".".join(filter(None, (above, node.module or "")))
                names = [f"{source}.{alias.name}" for alias in node.names]
                found = [full if full in known else source for full in names]
            graph.add_edges_from((name, other) for other in found if other in known and other != name)
    return graph


def circles(package: Path) -> list[list[str]]:
    return [sorted(part) for part in nx.strongly_connected_components(imports(package)) if len(part) > 1]


def room_shares(package: Path) -> dict[str, float]:
    """Return which part of all lines of Python and TOML (phrases) each folder directly below a package holds."""
    files = [path for suffix in ("py", "toml") for path in package.rglob(f"*.{suffix}")]
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in files}
    rooms = {path: path.relative_to(package).parts[0] for path in lines if path.parent != package}
    whole = sum(lines.values())
    return {room: sum(lines[path] for path in rooms if rooms[path] == room) / whole for room in set(rooms.values())}


def long_files(package: Path, *, longest: int) -> dict[str, int]:
    lines = {
        str(path.relative_to(package)): path.read_text(encoding="utf-8").count("\n") for path in package.rglob("*.py")
    }
    return {name: number for name, number in lines.items() if number > longest}


def test_no_file_imports_itself_in_a_circle():
    assert circles(PACKAGE) == []


def test_no_room_holds_more_than_its_part_of_the_house():
    shares = room_shares(PACKAGE)
    assert len(shares) > 10
    assert {room: share for room, share in shares.items() if share > LARGEST_ROOM} == {}


def test_no_file_is_too_long():
    assert long_files(PACKAGE, longest=LONGEST_FILE) == {}


@pytest.fixture
def bad_house(tmp_path):
    """A package with a circle by typing, one by an import within a function, a large room and a long file."""
    files = {
        "house/__init__.py": "",
        "house/a/__init__.py": "",
        "house/a/one.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.a.two import x\n",
        "house/a/two.py": "from house.a import one\nx = 1\n",
        "house/b/__init__.py": "",
        "house/b/three.py": "def late():\n    import house.b.four\n",
        "house/b/four.py": "from .three import late\n",
        "house/b/five.py": "import house.a.one\n" * 40,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "house"


def test_each_of_these_guards_can_fail(bad_house):
    assert sorted(circles(bad_house)) == [["house.a.one", "house.a.two"], ["house.b.four", "house.b.three"]]
    assert room_shares(bad_house) == {"a": pytest.approx(5 / 48), "b": pytest.approx(43 / 48)}
    assert long_files(bad_house, longest=30) == {"b/five.py": 40}

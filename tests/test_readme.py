"""What the README and the page for Python show must run as it stands there."""

from __future__ import annotations

import re


def test_the_python_of_the_readme_runs_from_top_to_bottom(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    pages = {name: (root / name).read_text(encoding="utf-8") for name in ("README.md", "docs/howto/python.md")}
    blocks = {name: re.findall(r"```python\n(.*?)```", text, re.DOTALL) for name, text in pages.items()}
    assert [len(some) for some in blocks.values()] == [1, 2]
    assert blocks["README.md"][0] == blocks["docs/howto/python.md"][0]
    names: dict[str, object] = {}
    for block in blocks["docs/howto/python.md"]:
        exec(compile(block, "docs/howto/python.md", "exec"), names)
    assert "minutes for nine of ten people" in capsys.readouterr().out

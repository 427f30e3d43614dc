"""What the README shows must run as it stands there."""

from __future__ import annotations

import re


def test_the_python_of_the_readme_runs_from_top_to_bottom(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    blocks = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert "minutes for nine of ten people" in capsys.readouterr().out

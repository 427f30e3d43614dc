"""What geoaccess answers with --json. Nothing here needs QGIS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Answer", "read_answer"]


@dataclass(frozen=True)
class Answer:
    """An answer: sentences, single figures, tables as rows, and the files that were written."""

    lines: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    disclaimer: str = ""

    def file(self, ending: str) -> Path | None:
        """Return the first of the files whose name ends so; None where there is none."""
        return next((path for path in self.all_files if path.name.endswith(ending)), None)

    @property
    def all_files(self) -> list[Path]:
        """The files that were written; those of a run are among its figures."""
        return [*self.files, *(Path(one) for one in self.figures.get("results", []))]


def read_answer(text: str) -> Answer:
    """Read an answer.

    Raises
    ------
    ValueError
        If it is no answer of geoaccess: then another program has the name.

    >>> read_answer('{"geoaccess": "0.1.0", "lines": ["done"], "files": ["a.csv"]}').lines
    ['done']
    """
    document = json.loads(text)
    if not isinstance(document, dict) or "geoaccess" not in document:
        raise ValueError("the answer is not one of geoaccess")
    return Answer(
        lines=[str(line) for line in document.get("lines", [])],
        figures=document.get("figures", {}),
        tables=document.get("tables", {}),
        files=[Path(one) for one in document.get("files", [])],
        disclaimer=str(document.get("disclaimer", "")),
    )

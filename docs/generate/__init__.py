"""The parts of the reference that are made from the code, so that they say what it does.

`write_reference` writes them into a folder for Sphinx; `tests/test_docs.py` holds them to the code without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import api, columns, keys, verbs

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["api", "columns", "keys", "reference_pages", "verbs", "write_reference"]


def reference_pages() -> dict[str, str]:
    """Return every generated page, by its path below `docs/`."""
    pages = {f"reference/api/{path}": text for path, text in api.pages().items()}
    pages["reference/study.md"] = keys.page(
        "Keys of a study file",
        """Generated from the models that read a study file, so that a key which is not here is refused. `geoaccess new my-study.toml` writes all of them,
commented. Paths are relative to the file. A *text, or one per language* is `"Hospital"` or `{ en = "Hospital", nb = "Sykehus" }`.""",
        keys.study_tables(),
        "study",
    )
    pages["reference/scenario.md"] = keys.page(
        "Keys of a scenario file",
        """Generated from the models that read a scenario: a TOML file of changes to a study. Within one scenario sites are added first, then moved, changed and
removed; roads are slowed, then closed.""",
        keys.scenario_tables(),
        "scenario",
    )
    pages["reference/verbs.md"] = verbs.verbs_page()
    pages["reference/columns.md"] = columns.columns_page("en")
    pages["nb/kolonner.md"] = columns.columns_page("nb")
    return pages


def write_reference(docs: Path) -> None:
    """Write the generated pages below a folder; files that are the same are left as they are, old ones go."""
    pages = reference_pages()
    for file in (docs / "reference" / "api").glob("*.rst"):
        if file.relative_to(docs).as_posix() not in pages:
            file.unlink()
    for path, text in pages.items():
        file = docs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")

"""Where a file was fetched from, when, and under which licence: kept beside it, and read by whatever shows its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.files import json_of, size_bytes

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SourceRecord", "read_record", "record_file"]


@dataclass(frozen=True)
class SourceRecord:
    """What is known of a fetched file; `fetched` is the day, as 2026-01-14."""

    what: str
    publisher: str
    licence: str
    attribution: str
    url: str
    fetched: str
    sha256: str

    @property
    def credit(self) -> str:
        """Whom to name wherever the data is shown, with the licence."""
        return self.attribution if self.licence in self.attribution else f"{self.attribution} ({self.licence})"


def record_file(path: Path) -> Path:
    """Return the file that says where a file was fetched from."""
    return path.with_name(f"{path.name}.source.json")


def read_record(path: Path) -> SourceRecord | None:
    """Return where a file was fetched from; None where nothing says so, or the file is no longer of that size."""
    try:
        found = json_of(record_file(path))
        same = found["bytes"] == size_bytes(path)
        known = ("what", "publisher", "licence", "attribution", "url", "sha256")
        record = SourceRecord(**{name: str(found[name]) for name in known}, fetched=str(found["fetched"])[:10])
    except (OSError, KeyError, TypeError, ValueError):
        return None
    return record if same else None

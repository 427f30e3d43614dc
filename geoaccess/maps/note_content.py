"""What a note says: one question and its answer, in words, one map and a few tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.maps.report_tables import Table

__all__ = ["Finding", "Note", "NoteMap"]


@dataclass(frozen=True)
class Finding:
    """A finding in words, and the known gaps of the data that touch it."""

    text: str
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoteMap:
    """The map of a note: a PNG, what it shows, and what it shows for those who do not see it."""

    picture: bytes
    caption: str
    alt: str


@dataclass(frozen=True)
class Note:
    """A question that was asked of a study, and the answer on at most two pages.

    Every question fills the same: the `question` in a sentence (and what it is about, `about`, where there is more to
    say), three `findings`, what changes and for whom as a map and as tables, what is `uncertain`, where the `data` are
    from, and how to cite. `heading` is what it is called, `title` and `subtitle` are those of the study. All texts are
    in the `language`, ready to be read.
    """

    language: str
    heading: str
    title: str
    subtitle: str
    disclaimer: str
    question: str
    about: str
    findings: Sequence[Finding]
    map: NoteMap | None
    tables: Sequence[Table]
    uncertain: Sequence[str]
    data: Table
    attribution: Sequence[str]
    citation: tuple[str, str, str]
    version: str

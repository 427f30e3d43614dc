"""A note for a board: a question and its answer on at most two pages, to read on a screen and to print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geoaccess.files import writing
from geoaccess.maps.paper import embedded, page_pdf, rendered
from geoaccess.phrases import Writer, language_code

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.maps.note_content import Note

__all__ = ["note_page", "note_pdf"]

_PAGES: Final = 2


def note_page(path: Path, *, note: Note) -> None:
    """Write a note as one HTML page: the map inside, nothing loaded, equal bytes for equal input.

    Raises
    ------
    InputError
        If the language is not known.
    """
    language_code(note.language)
    content = {
        "note": note,
        "writer": Writer(note.language, ("note", "report")),
        "picture": embedded(note.map.picture) if note.map else "",
    }
    text = rendered("note.html.j2", content, style="note.css")
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def note_pdf(page: Path, path: Path) -> str:
    """Write the page of a note as PDF of at most two sheets of A4; return "", or why there is none.

    Raises
    ------
    InputError
        If it does not fit on two sheets.
    """
    return page_pdf(page, path, most_pages=_PAGES)

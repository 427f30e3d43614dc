"""Every table of results and every column, as the dictionary of a run describes them."""

from __future__ import annotations

from geoaccess import phrases
from geoaccess.phrases import in_words
from geoaccess.study.results.tables import columns_known
from geoaccess.zones import read_scheme

HEADINGS = {
    "en": ("Tables and columns", "column", "unit", "meaning", "empty or inf", "Columns of every table"),
    "nb": ("Tabeller og kolonner", "kolonne", "enhet", "betydning", "tom eller inf", "Kolonner i alle tabeller"),
}
INTRODUCTION = {
    "en": """Every run writes these tables as CSV and Parquet, and `dictionary.csv` with the descriptions of this page for the columns it has. Within a
name, `{service}`, `{catchment}`, `{zoning}` and `{carried}` are names of the study, `{n}` is a number. Times are seconds (`s`).""",
    "nb": """Hver kjøring skriver disse tabellene som CSV og Parquet, og `dictionary.csv` med beskrivelsene på denne siden for kolonnene som finnes. I navnene står
`{service}`, `{catchment}`, `{zoning}` og `{carried}` for navn i studien, og `{n}` for et tall. Tider er oppgitt i sekunder (`s`).""",
}


def columns_page(language: str) -> str:
    """Return the page of tables and columns in a language, in Markdown."""
    title, *heads, common = HEADINGS[language]
    lines = [f"# {title}", "", INTRODUCTION[language]]
    texts = phrases.columns(language)
    units = columns_known()
    words = read_scheme("norway").words(language)
    for table in tables():
        of = common if table == "*" else phrases.table_text(language, table)[0]
        name = "" if table == "*" else f" (`{table}`)"
        lines += ["", f"## {_cell(in_words(of, words, language=language))}{name}", ""]
        lines += ["| " + " | ".join(heads) + " |", "|---|---|---|---|"]
        for (at, column), text in texts.items():
            if at == table:
                said = (_cell(in_words(one, words, language=language)) for one in (text.meaning, text.empty))
                lines.append(f"| `{column}` | {_cell(units[at, column])} | {' | '.join(said)} |")
    return "\n".join(lines) + "\n"


def tables() -> list[str]:
    """Return the tables that have columns of their own, "*" for what all have first."""
    return list(dict.fromkeys(["*", "cells", *(table for table, _ in columns_known())]))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")

"""Every phrase people see, in one catalogue per language, and how numbers are written in it.

`en.toml`, `nb.toml` and any other file of that kind in this folder are the languages. A file holds, by where it shows:
report, map, planner, comparison, siting ..., and what the columns of every table mean. The pages' scripts get their
part as JSON (`phrases_script`), and write numbers by the same rules (`static/shared/format.js`).
"""

from geoaccess.phrases.catalogue import (
    FALLBACK,
    ColumnText,
    columns,
    fallbacks,
    in_words,
    language_code,
    languages,
    missing,
    section,
    table_text,
    text,
)
from geoaccess.phrases.filling import Phrase
from geoaccess.phrases.groups import group_name
from geoaccess.phrases.hours import PersonHours
from geoaccess.phrases.letters import CONTROLS, ONE_LINE, capitalised, on_one_line, printable
from geoaccess.phrases.notes import note, note_in
from geoaccess.phrases.numbers import (
    NOTHING,
    date,
    duration,
    listed,
    minutes,
    number,
    people,
    plain,
    require_time_zone,
    share,
    signed,
    significant,
    threshold,
)
from geoaccess.phrases.script import phrases_script
from geoaccess.phrases.supply import supply_values
from geoaccess.phrases.texts import Text, joined_texts
from geoaccess.phrases.writer import Writer

__all__ = [
    "CONTROLS",
    "FALLBACK",
    "NOTHING",
    "ONE_LINE",
    "ColumnText",
    "PersonHours",
    "Phrase",
    "Text",
    "Writer",
    "capitalised",
    "columns",
    "date",
    "duration",
    "fallbacks",
    "group_name",
    "in_words",
    "joined_texts",
    "language_code",
    "languages",
    "listed",
    "minutes",
    "missing",
    "note",
    "note_in",
    "number",
    "on_one_line",
    "people",
    "phrases_script",
    "plain",
    "printable",
    "require_time_zone",
    "section",
    "share",
    "signed",
    "significant",
    "supply_values",
    "table_text",
    "text",
    "threshold",
]

"""What a verb answers: sentences, tables and files, shown in the terminal or as one JSON document."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from geoaccess.cli.terminal import print_table_of, say
from geoaccess.phrases import FALLBACK, text
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from geoaccess.study.settings.study_file import Study

__all__ = ["Answer", "AsJson", "json_text"]

AsJson = Annotated[
    bool, typer.Option("--json", help="Answer with one JSON document on standard output, and nothing else there.")
]

_SHAPES: Final = ("geometry",)


@dataclass
class Answer:
    """All that a verb has to say, in the order in which it is shown.

    `lines` are sentences and `tables` are shown with headings in the language of the study; `data` are the same tables
    with all their figures under English keys, and `figures` single values, for other programs.
    """

    verb: str
    study: Study | None = None
    language: str = FALLBACK
    disclaimer: str = ""
    lines: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    named: list[Path] = field(default_factory=list)
    shown: list[tuple[str, pd.DataFrame | None]] = field(default_factory=list)

    @classmethod
    def of(cls, verb: str, study: Study) -> Answer:
        """Begin the answer about a study, in its language."""
        return cls(verb, study, study.settings.language, study.settings.disclaimer)

    def say(self, *lines: str) -> None:
        """Add sentences."""
        told = [str(line) for line in lines if line]
        self.lines += told
        self.shown += [(line, None) for line in told]

    def table(
        self, key: str, title: str, shown: pd.DataFrame, data: pd.DataFrame | Iterable[Any] | None = None
    ) -> None:
        """Add a table as it is shown, and the same with its figures; without these, they are what is shown."""
        self.data[key] = shown if data is None else data
        self.shown.append((title, shown))

    def wrote(self, files: Iterable[Path]) -> None:
        """Add files that were written."""
        self.files += files

    def there(self, files: Iterable[Path]) -> None:
        """Add files that need not have been written now, a line each."""
        self.named += files
        self.shown += [(str(path), None) for path in self.named]

    def show(self, *, as_json: bool = False, quiet: bool = False) -> None:
        """Print everything, or the document; `quiet` leaves only the document."""
        if as_json:
            typer.echo(json_text(self.document()))
            return
        if quiet:
            return
        say([self.disclaimer], style="bold")
        for title, table in self.shown:
            if table is None:
                say([title])
            elif len(table):  # of one without rows the sentences say why
                print_table_of(title, table, language=self.language)
        if self.files:
            say([text(self.language, "terminal.written", files="  ".join(map(str, self.files)))])

    def document(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        about: dict[str, Any] = {"geoaccess": __version__, "verb": self.verb}
        if self.study is not None:
            about |= {"study": self.study.path, "title": self.study.settings.title}
        return {
            **about,
            "language": self.language,
            "disclaimer": self.disclaimer,
            "lines": self.lines,
            "figures": self.figures,
            "tables": self.data,
            "files": [*self.named, *self.files],
        }


def json_text(value: Any) -> str:
    """Return any answer as JSON text.

    A table is a list with an object for each row, without its shapes. JSON has no inf and NaN: both are null, and
    beside a null for inf stands why, under the key with `_missing`: "not_reached" for a time, else "infinite". Why a
    NaN is one stands in the table where it has a column of reasons.

    Examples
    --------
    >>> json_text({"median_s": float("inf"), "n": 3, "mean_s": float("nan")})
    '{"median_s": null, "median_s_missing": "not_reached", "n": 3, "mean_s": null}'
    """
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        table = pd.DataFrame(value)[[name for name in value.columns if name not in _SHAPES]]
        if table.index.name is not None and table.index.name not in table:
            table = table.reset_index()
        return [_object(row) for row in table.to_dict("records")]
    if isinstance(value, pd.Series):
        return _object(value.to_dict())
    if isinstance(value, dict):
        return _object(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _object(asdict(value))
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return [_plain(one) for one in value]
    return _single(value)


def _single(value: Any) -> Any:
    import numpy as np

    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat() if value == value else None  # noqa: PLR0124 - NaT is a date that is not itself
    if value is None or isinstance(value, bool | int):
        return value
    return None if type(value).__name__ == "NAType" else value.as_posix() if isinstance(value, Path) else str(value)


def _object(values: Mapping[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found[str(key)] = _plain(value)
        if isinstance(value, float) and math.isinf(value):
            is_time = str(key).endswith(("_s", "_min"))
            found[f"{key}_missing"] = "not_reached" if is_time and value > 0 else "infinite"
    return found

"""The page of a comparison: a study and what scenarios do to it, to read, print and send."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.files import writing
from geoaccess.maps.assets import palette_style
from geoaccess.maps.words import LANGUAGES, people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from geoaccess.maps.results import Service

__all__ = ["ScenarioPart", "comparison_page"]

_MIN: Final = 60.0
_NORMS: Final = range(1, 10)
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "all": ("Everybody", "Alle"),
    "before": ("as it is", "som nå"),
    "beside": ("Beside each other", "Ved siden av hverandre"),
    "median_min": ("median (min)", "median (min)"),
    "p90_min": ("P90 (min)", "P90 (min)"),
    "people_unreached": ("people not reached", "innbyggere som ikke nås"),
    "people_within": ("people within {0} min", "innbyggere innenfor {0} min"),
    "better": ("win minutes", "sparer tid"),
    "classes": ("By centrality class", "Etter sentralitetsklasse"),
    "class": ("Class", "Klasse"),
    "became_reached": ("reached now", "nås nå"),
    "became_unreached": ("reached no longer", "nås ikke lenger"),
    "changes": ("What is changed", "Hva som endres"),
    "equity": ("Equity, over people reached both times", "Fordeling, blant dem som nås begge ganger"),
    "gini": ("Gini of travel time", "Gini for reisetid"),
    "kolm_pollak_ede": ("Equally distributed equivalent (min)", "Likt fordelt ekvivalent (min)"),
    "index": ("Index", "Indeks"),
    "after": ("after", "etter"),
    "into": ("come inside {0} min", "kommer innenfor {0} min"),
    "out_of": ("fall out of {0} min", "faller utenfor {0} min"),
    "lost": ("person-hours lost", "persontimer tapt"),
    "mean": ("mean change (min)", "endring i snitt (min)"),
    "minutes": ("mean min, before and after", "minutter i snitt, før og etter"),
    "municipality": ("Municipality", "Kommune"),
    "nobody": ("Nothing changes for anybody.", "Ingenting endres for noen."),
    "people": ("People", "Innbyggere"),
    "place": ("Place", "Sted"),
    "places": ("Most affected places", "Stedene som berøres mest"),
    "same": ("same", "som før"),
    "service": ("Service", "Tjeneste"),
    "sources": ("Sources", "Kilder"),
    "total": ("all people", "alle"),
    "supply": ("Supply within reach, per person", "Tilbud innen rekkevidde, per innbygger"),
    "more": ("have more", "har mer"),
    "less": ("have less", "har mindre"),
    "now_some": ("have some now", "har noe nå"),
    "none_left": ("have none any longer", "har ikke lenger noe"),
    "never_any": ("have none", "har ikke noe"),
    "mean_supply": ("mean, before and after", "gjennomsnitt, før og etter"),
    "gini_supply": ("Gini, before and after", "Gini, før og etter"),
    "mean_per_person": ("mean supply per person", "tilbud per innbygger i snitt"),
    "gini_of_everybody": ("Gini of supply per person", "Gini for tilbud per innbygger"),
    "unreached": ("never reached", "nås aldri"),
    "won": ("person-hours won", "persontimer spart"),
    "worse": ("lose minutes", "taper tid"),
}
_FIGURES: Final = {"median_min": 1, "p90_min": 1, "people_unreached": 0, "mean_per_person": 4, "gini_of_everybody": 3}
"""Figures that are shown beside each other, and their decimals."""

_CHANGES: Final = ("better", "worse", "same", "became_reached", "became_unreached", "unreached")


@dataclass(frozen=True)
class ScenarioPart:
    """What the page says of one scenario.

    `text` is what it changes, as in its file; `tables` are those of `geoaccess.study.Compared` for it alone, and
    `pictures` PNG files by service.
    """

    title: str
    description: str
    text: str
    notes: Sequence[str]
    tables: Mapping[str, pd.DataFrame]
    pictures: Mapping[str, Path] = field(default_factory=dict)


def comparison_page(
    path: Path,
    *,
    parts: Sequence[ScenarioPart],
    beside: pd.DataFrame,
    services: Sequence[Service],
    supplies: Mapping[str, str] | None = None,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
) -> None:
    """Write the page of a comparison as one HTML file: it needs no network, and runs no script.

    Every name is shown as text, whatever it holds. Several scenarios are shown beside each other first, by the table
    `beside` of `geoaccess.study.Compared`. In the tables `service` is the key of `services`, which are times, or of
    `supplies`, whose values are what a reader is shown.
    """
    import jinja2

    said = {key: pair[LANGUAGES.index(language)] for key, pair in _WORDS.items()}
    supplies = supplies or {}
    shown = [
        _shown(part, services, said, language) | {"supplies": _supplies(part, supplies, said, language)}
        for part in parts
    ]
    source = resources.files("geoaccess.maps").joinpath("templates/scenarios.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(
        source
    )
    html = template.render(
        said=said,
        palette=palette_style(),
        parts=shown,
        beside=_beside(beside, services, supplies, said, language) if len(parts) > 1 else None,
        title=title,
        subtitle=subtitle,
        disclaimer=disclaimer,
        attribution=attribution,
        language=language,
    )
    with writing(path) as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")


def _shown(part: ScenarioPart, services: Sequence[Service], said: Mapping[str, str], language: str) -> dict[str, Any]:
    everybody: dict[str, dict[str, Any]] = {row["service"]: row for row in _records(part.tables["everybody"])}
    touched = [service for service in services if _touches(everybody[service.key])]
    return {
        "title": part.title,
        "description": part.description,
        "text": part.text,
        "notes": part.notes,
        "summary": _summary([(service, everybody[service.key]) for service in services], said, language),
        "services": [
            {
                "label": service.label,
                "picture": _picture(part.pictures.get(service.key)),
                "places": _places(part.tables["places"], service, said, language),
                "classes": _classes(part.tables["classes"], service, said, language),
                "equity": _equity(part.tables["equity"], service, said, language),
            }
            for service in touched
        ],
    }


def _supplies(
    part: ScenarioPart, supplies: Mapping[str, str], said: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """Return a table for each supply that changes: everybody, and by class."""
    everybody, classes = part.tables["everybody"], part.tables["classes"]
    found = []
    for key, label in supplies.items():
        rows = [
            *((said["all"], row) for row in _records(everybody[everybody["service"] == key])),
            *((str(row["centrality_class"]), row) for row in _records(classes[classes["service"] == key])),
        ]
        if not _touches(rows[0][1]):
            continue
        heads = ("more", "less", "same", "now_some", "none_left", "never_any", "mean_supply", "gini_supply")
        body = []
        for group, row in rows:
            counts = [people(row[name], language=language) for name in ("population", *_CHANGES)]
            means = [_significant(row[f"mean_per_person_{when}"], language) for when in ("before", "after")]
            ginis = [_number(row[f"gini_{when}"], 3, language) for when in ("before", "after")]
            body.append([group, *counts, " → ".join(means), " → ".join(ginis)])
        head = [said["class"], said["people"], *(said[name] for name in heads)]
        found.append({"label": label, "table": {"head": head, "rows": body}})
    return found


def _beside(
    table: pd.DataFrame,
    services: Sequence[Service],
    supplies: Mapping[str, str],
    said: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    """Return the key figures of the study as it is and of each scenario."""
    labels = {service.key: service.label for service in services} | {**supplies}
    titles = [str(name) for name in table.columns[2:]]
    body = []
    for row in _records(table):
        figure = str(row["figure"])
        within = figure.removeprefix("people_within_").removesuffix("_min")
        if figure in _FIGURES:
            label, digits = said[figure], _FIGURES[figure]
        elif within != figure and figure.startswith("people_within_"):
            label, digits = said["people_within"].format(within), 0
        else:
            continue
        values = [float(row[title]) for title in titles]
        if figure == "mean_per_person":
            shown = [_significant(value, language) for value in values]
        elif digits == 0:
            shown = [people(value, language=language) for value in values]
        else:
            shown = [_number(value, digits, language) for value in values]
        body.append([labels[row["service"]], label, *shown])
    return {"head": [said["service"], "", said["before"], *titles[1:]], "rows": body}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _touches(row: Mapping[str, Any]) -> bool:
    return any(row[name] > 0 for name in _CHANGES if name not in ("same", "unreached"))


def _picture(path: Path | None) -> str:
    return "" if path is None else base64.b64encode(path.read_bytes()).decode("ascii")


def _summary(
    rows: Sequence[tuple[Service, Mapping[str, Any]]], said: Mapping[str, str], language: str
) -> dict[str, Any]:
    head = [said["service"], *(said[name] for name in _CHANGES), said["total"], said["won"], said["lost"]]
    body = []
    for service, row in rows:
        counts = [people(row[name], language=language) for name in (*_CHANGES, "population")]
        hours = [people(row[f"person_min_{name}"] / _MIN, language=language) for name in ("won", "lost")]
        body.append([service.label, *counts, *hours])
    crossed = []
    for service, row in rows:
        for number in _NORMS:
            norm = row.get(f"norm_{number}_s", np.nan)
            if np.isnan(norm):
                continue
            for what in ("into", "out_of"):
                count = row[f"{what}_norm_{number}"]
                if count > 0:
                    line = said[what].format(f"{norm / _MIN:g}")
                    crossed.append(f"{service.label}: {people(count, language=language)} {line}")
    return {"head": head, "rows": body, "crossed": crossed}


def _places(table: pd.DataFrame, service: Service, said: Mapping[str, str], language: str) -> dict[str, Any]:
    mine = table[table["service"] == service.key]
    head = [
        *("", said["place"], said["municipality"], said["people"]),
        *(said["minutes"], said["mean"], said["became_unreached"], said["became_reached"]),
    ]
    body = []
    for row in _records(mine):
        times = [_minutes(row[f"mean_{when}_s"], language) for when in ("before", "after")]
        body.append(
            [
                str(row["rank"]),
                row["place"] or "-",
                row.get("municipality", "") or "-",
                people(row["people"], language=language),
                "-" if times[0] == "-" else " → ".join(times),
                _minutes(row["mean_difference_s"], language, signed=True),
                people(row["became_unreached"], language=language),
                people(row["became_reached"], language=language),
            ]
        )
    return {"head": head, "rows": body}


def _classes(table: pd.DataFrame, service: Service, said: Mapping[str, str], language: str) -> dict[str, Any]:
    mine = table[table["service"] == service.key]
    changes = [name for name in _CHANGES if name in ("better", "worse") or mine[name].sum() > 0]
    head = [said["class"], said["people"], *(said[name] for name in changes), said["minutes"]]
    body = []
    for row in _records(mine):
        counts = [people(row[name], language=language) for name in ("population", *changes)]
        times = " → ".join(_minutes(row[f"mean_{when}_s"], language) for when in ("before", "after"))
        body.append([str(row["centrality_class"]), *counts, times])
    return {"head": head, "rows": body}


def _equity(table: pd.DataFrame, service: Service, said: Mapping[str, str], language: str) -> dict[str, Any]:
    mine = table[table["service"] == service.key].set_index("index")
    body = []
    for name, per in (("gini", 1.0), ("kolm_pollak_ede", _MIN)):
        values = [mine[column][name] / per for column in ("before_both", "after_both")]
        digits = 3 if per == 1 else 1
        body.append([said[name], *(_number(value, digits, language) for value in values)])
    return {"head": [said["index"], said["before"], said["after"]], "rows": body}


def _minutes(seconds: float, language: str, *, signed: bool = False) -> str:
    return _number(seconds / _MIN, 1, language, signed=signed)


def _significant(value: float, language: str) -> str:
    """Write a number with four digits that say something: a doctor has a thousand people."""
    if not np.isfinite(value):
        return "-"
    digits = 4 if value == 0 else max(0, 3 - int(np.floor(np.log10(abs(value)))))
    return _number(value, digits, language)


def _number(value: float, digits: int, language: str, *, signed: bool = False) -> str:
    if not np.isfinite(value):
        return "-"
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return text.replace("-", "\u2212").replace(".", "," if language == "nb" else ".")

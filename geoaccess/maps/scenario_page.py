"""The page of a comparison: a study and what scenarios do to it, to read, print and send."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.files import writing
from geoaccess.maps.assets import palette_style
from geoaccess.phrases import NOTHING, PersonHours, Writer, supply_values

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = ["AreaPart", "ScenarioPart", "comparison_page"]

_MIN: Final = 60.0
_FIGURES: Final = {"median_min": 1, "p90_min": 1, "people_unreached": 0, "gini_of_everybody": 3}
"""Figures that are shown beside each other, and their decimals."""

_CHANGES: Final = ("better", "worse", "same", "became_reached", "became_unreached", "unreached")


_MOST_MOVES: Final = 20
"""Rows of people who get another site; the others are one row."""


@dataclass(frozen=True)
class AreaPart:
    """Where people get another site: a heading, what the map shows in a sentence, the PNG file, and who moves.

    `note` is a sentence below the map; `moves` has `name_before`, `name_after` and `people`, most people first, with ""
    for no site, and NaN where people are few and not shown.
    """

    label: str
    text: str
    picture: Path
    moves: pd.DataFrame
    note: str = ""


@dataclass(frozen=True)
class ScenarioPart:
    """What the page says of one scenario.

    `text` is what it changes, as in its file; `tables` are those of `geoaccess.study.Compared` for it alone, and
    `pictures` PNG files by service, or by supply. `people`, where they are others, is how they do against those of
    today, as it is printed. `chain` are pictures of the ambulance chain: heading, what it shows in a sentence, file.
    `areas` are services of which people get another site.
    """

    title: str
    description: str
    text: str
    notes: Sequence[str]
    tables: Mapping[str, pd.DataFrame]
    pictures: Mapping[str, Path] = field(default_factory=dict)
    people: pd.DataFrame | None = None
    chain: Sequence[tuple[str, str, Path]] = ()
    areas: Sequence[AreaPart] = ()


def comparison_page(
    path: Path,
    *,
    parts: Sequence[ScenarioPart],
    beside: pd.DataFrame,
    services: Sequence[Service],
    supplies: Mapping[str, str] | None = None,
    shared: Collection[str] = (),
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    scheme: CentralityScheme | None = None,
) -> None:
    """Write the page of a comparison as one HTML file: it needs no network, and runs no script.

    Every name is shown as text, whatever it holds. Several scenarios are shown beside each other first, by the table
    `beside` of `geoaccess.study.Compared`. In the tables `service` is the key of `services`, which are times, or of
    `supplies`, whose values are what a reader is shown; those of `shared` are per person, and shown per 1,000 people.
    """
    import jinja2

    writer = Writer(language, ("comparison", "map", "runs"), scheme.words(language) if scheme else {})
    supplies = supplies or {}
    shown = [_shown(part, services, writer) | {"supplies": _supplies(part, supplies, shared, writer)} for part in parts]
    source = resources.files("geoaccess.maps").joinpath("templates/scenarios.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(
        source
    )
    html = template.render(
        writer=writer,
        palette=palette_style(),
        parts=shown,
        beside=_beside(beside, services, supplies, shared, writer) if len(parts) > 1 else None,
        title=title,
        subtitle=subtitle,
        disclaimer=disclaimer,
        attribution=attribution,
        language=language,
    )
    with writing(path) as temporary:
        temporary.write_text(html, encoding="utf-8", newline="\n")


def _shown(part: ScenarioPart, services: Sequence[Service], writer: Writer) -> dict[str, Any]:
    everybody: dict[str, dict[str, Any]] = {row["service"]: row for row in _records(part.tables["everybody"])}
    touched = [service for service in services if _touches(everybody[service.key])]
    return {
        "title": part.title,
        "description": part.description,
        "text": part.text,
        "notes": part.notes,
        "people": None
        if part.people is None or part.people.empty
        else {"head": [*part.people.columns], "rows": part.people.to_numpy(dtype=object).tolist()},
        "chain": [(label, text, _picture(path)) for label, text, path in part.chain],
        "areas": [
            {"label": one.label, "text": one.text, "picture": _picture(one.picture), "note": one.note}
            | {"moves": moves_table(one.moves, writer)}
            for one in part.areas
        ],
        "summary": _summary([(service, everybody[service.key]) for service in services], writer),
        "services": [
            {
                "label": service.label,
                "picture": _picture(part.pictures.get(service.key)),
                "places": _places(part.tables["places"], service, writer),
                "classes": _classes(part.tables["classes"], service, writer),
                "equity": _equity(part.tables["equity"], service, writer),
            }
            for service in touched
        ],
    }


def moves_table(moves: pd.DataFrame, writer: Writer) -> dict[str, Any]:
    """Return who gets another site as rows to show: from, to and people, with those of fewest people in one row."""
    none = writer["area_none"]
    body = [
        [row["name_before"] or none, row["name_after"] or none, _people(row["people"], writer)]
        for row in _records(moves.head(_MOST_MOVES))
    ]
    if len(moves) > _MOST_MOVES:
        rest = moves["people"].iloc[_MOST_MOVES:]
        body.append([writer.text("moves_others", n=writer.number(len(rest))), "", writer.people(rest.sum())])
    return {"head": [writer["area_from"], writer["area_to"], writer["people"]], "rows": body}


def _people(number: float, writer: Writer) -> str:
    return NOTHING if np.isnan(number) else writer.people(number)


def _supplies(
    part: ScenarioPart, supplies: Mapping[str, str], shared: Collection[str], writer: Writer
) -> list[dict[str, Any]]:
    """Return a table for each supply that changes: everybody, and by class."""
    everybody, classes = part.tables["everybody"], part.tables["classes"]
    found = []
    for key, label in supplies.items():
        rows = [
            *((writer["all"], row) for row in _records(everybody[everybody["service"] == key])),
            *((str(row["centrality_class"]), row) for row in _records(classes[classes["service"] == key])),
        ]
        if not _touches(rows[0][1]):
            continue
        mean = "mean_per_1000" if key in shared else "mean_supply"
        heads = ("more", "less", "same", "now_some", "none_left", "never_any", mean, "gini_supply")
        body = []
        for group, row in rows:
            counts = [writer.people(row[name]) for name in ("population", *_CHANGES)]
            pair = [row[f"mean_per_person_{when}"] for when in ("before", "after")]
            means = supply_values(pair, shared=key in shared, language=writer.language)
            ginis = [writer.number(row[f"gini_{when}"], 3) for when in ("before", "after")]
            body.append([group, *counts, " → ".join(means), " → ".join(ginis)])
        head = [writer["class"], writer["people"], *(writer[name] for name in heads)]
        picture = _picture(part.pictures.get(key))
        found.append({"label": label, "picture": picture, "table": {"head": head, "rows": body}})
    return found


def _beside(
    table: pd.DataFrame,
    services: Sequence[Service],
    supplies: Mapping[str, str],
    shared: Collection[str],
    writer: Writer,
) -> dict[str, Any]:
    """Return the key figures of the study as it is and of each scenario."""
    labels = {service.key: service.label for service in services} | {**supplies}
    titles = [str(name) for name in table.columns[2:]]
    body = []
    for row in _records(table):
        figure = str(row["figure"])
        within = figure.removeprefix("people_within_").removesuffix("_min")
        per_person = row["service"] in shared
        if figure == "mean_per_person":
            label, digits = writer["mean_of_1000" if per_person else "mean_in_reach"], 0
        elif figure in _FIGURES:
            label, digits = writer[figure], _FIGURES[figure]
        elif within != figure and figure.startswith("people_within_"):
            own = within == "own_norm"  # each cell is held against that of its area
            label = writer["people_within_own"] if own else writer.text("people_within", n=writer.plain(float(within)))
            digits = 0
        else:
            continue
        values = [float(row[title]) for title in titles]
        if figure == "mean_per_person":
            shown = supply_values(values, shared=per_person, language=writer.language)
        elif digits == 0:
            shown = [writer.people(value) for value in values]
        else:
            shown = [writer.number(value, digits) for value in values]
        body.append([labels[row["service"]], label, *shown])
    return {"head": [writer["service"], "", writer["before"], *titles[1:]], "rows": body}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _touches(row: Mapping[str, Any]) -> bool:
    return any(row[name] > 0 for name in _CHANGES if name not in ("same", "unreached"))


def _picture(path: Path | None) -> str:
    return "" if path is None else base64.b64encode(path.read_bytes()).decode("ascii")


def _summary(rows: Sequence[tuple[Service, Mapping[str, Any]]], writer: Writer) -> dict[str, Any]:
    written = PersonHours(writer.language, [_trips(service) for service, _ in rows])
    head = [writer["service"], *(writer[name] for name in _CHANGES), writer["total"]]
    head += [written.heading(writer[name]) for name in ("won", "lost")]
    body = []
    for service, row in rows:
        counts = [writer.people(row[name]) for name in (*_CHANGES, "population")]
        hours = [written.value(row[f"person_min_{name}"], _trips(service)) for name in ("won", "lost")]
        body.append([service.label, *counts, *hours])
    crossed = []
    for service, row in rows:
        for number, limits in enumerate(service.norm_limits, start=1):
            if np.isnan(row.get(f"into_norm_{number}", np.nan)):
                continue
            for what in ("into", "out_of"):
                count = row[f"{what}_norm_{number}"]
                if count > 0:
                    line = writer.text(what, n=writer.norm(limits))
                    crossed.append(f"{service.label}: {writer.people(count)} {line}")
    return {"head": head, "rows": body, "crossed": crossed}


def _trips(service: Service) -> float | None:
    return getattr(service, "trips_per_year", None)


def _places(table: pd.DataFrame, service: Service, writer: Writer) -> dict[str, Any]:
    mine = table[table["service"] == service.key]
    head = [
        *("", writer["place"], writer["municipality"], writer["people"]),
        *(writer["minutes"], writer["mean"], writer["became_unreached"], writer["became_reached"]),
    ]
    body = []
    for row in _records(mine):
        times = [_minutes(row[f"mean_{when}_s"], writer) for when in ("before", "after")]
        body.append(
            [
                str(row["rank"]),
                row["place"] or NOTHING,
                row.get("municipality", "") or NOTHING,
                writer.people(row["people"]),
                NOTHING if times[0] == NOTHING else " → ".join(times),
                _minutes(row["mean_difference_s"], writer, signed=True),
                writer.people(row["became_unreached"]),
                writer.people(row["became_reached"]),
            ]
        )
    return {"head": head, "rows": body}


def _classes(table: pd.DataFrame, service: Service, writer: Writer) -> dict[str, Any]:
    mine = table[table["service"] == service.key]
    changes = [name for name in _CHANGES if name in ("better", "worse") or mine[name].sum() > 0]
    head = [writer["class"], writer["people"], *(writer[name] for name in changes), writer["minutes"]]
    body = []
    for row in _records(mine):
        counts = [writer.people(row[name]) for name in ("population", *changes)]
        times = " → ".join(_minutes(row[f"mean_{when}_s"], writer) for when in ("before", "after"))
        body.append([str(row["centrality_class"]), *counts, times])
    return {"head": head, "rows": body}


def _equity(table: pd.DataFrame, service: Service, writer: Writer) -> dict[str, Any]:
    mine = table[table["service"] == service.key].set_index("index")
    body = []
    for name, per in (("gini", 1.0), ("kolm_pollak_ede", _MIN)):
        values = [mine[column][name] / per for column in ("before_both", "after_both")]
        digits = 3 if per == 1 else 1
        body.append([writer[name], *(writer.number(value, digits) for value in values)])
    return {"head": [writer["index"], writer["before"], writer["after"]], "rows": body}


def _minutes(seconds: float, writer: Writer, *, signed: bool = False) -> str:
    if not np.isfinite(seconds):
        return NOTHING
    return writer.signed(seconds / _MIN, 1) if signed else writer.number(seconds / _MIN, 1)

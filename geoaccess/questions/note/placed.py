"""The notes of questions that place or close something: sites, ambulances, and what people depend on."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from geoaccess import maps, scenarios
from geoaccess.arguments import checks_arguments
from geoaccess.maps.report_tables import Table
from geoaccess.phrases import PersonHours, capitalised, number
from geoaccess.questions.compare.changed import changes_something
from geoaccess.questions.compare.sentences import change_sentence
from geoaccess.questions.note.change import (
    Change,
    affected_where,
    change_map,
    change_tables,
    without_connection,
)
from geoaccess.questions.note.frame import MAP_IN, Frame
from geoaccess.questions.siting.output import drawn_sites
from geoaccess.questions.siting.wording import figure
from geoaccess.questions.vehicles_output import drawn_bases, fleet_tables, fleet_texts
from geoaccess.questions.vulnerability_output import edge_sentence, printed_vulnerable
from geoaccess.study import solve_study
from geoaccess.study.results.output import drawing_crs
from geoaccess.study.results.summaries import headed

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.questions.siting.placement import Placed
    from geoaccess.questions.vehicles import PlacedFleet
    from geoaccess.questions.vulnerability import Vulnerable

__all__ = ["note_of_fleet", "note_of_placed", "note_of_vulnerable"]

_NUMBER: Final = re.compile(r"[\d\s.,<+\u2212\u2013±%]*")
_FIRST: Final = 3


@checks_arguments
def note_of_placed(placed: Placed) -> maps.Note:
    """Return the note of a question of siting: where, what it brings, and to whom."""
    frame = Frame(placed.study, placed.before)
    spec = next(spec for spec in placed.study.specs if spec.key == placed.question.service)
    cells = scenarios.cell_differences(placed.before.results, placed.after.results, services=[spec])
    change = _change(frame, spec, placed.title, cells, drawn_sites(placed))
    writer, language = frame.writer, frame.writer.language
    shown = placed.places[["name", "municipality", "adds", "people_served"]].copy()
    shown["adds"] = shown["adds"].map(partial(figure, share=placed.is_share, language=language))
    shown["people_served"] = shown["people_served"].map(writer.people)
    texts = [_sentence(placed.subtitle)]
    places = [f"{row['name']} ({row['municipality']})" for row in placed.places.to_dict("records")]
    chosen = [writer.text("n_chosen", places=writer.listed(places))] if places else []
    gone = [str(name) for name in placed.closed["name"]] if len(placed.closed) else []
    chosen += [writer.text("n_closed", places=writer.listed(gone))] if gone else []
    texts += [" ".join(chosen)] if chosen else []
    findings = _findings(change, texts)
    tables = (
        [_table(writer.text("t_places", label=placed.label), headed(shown, language), language)] if len(shown) else []
    )
    add, close = placed.question.add, placed.question.close
    key = "q_site" if not close else "q_site_both" if add else "q_site_close"
    return frame.note(
        heading=placed.title,
        question=writer.text(key, service=spec.label, add=add, close=close),
        findings=findings,
        picture=_map(change, findings),
        tables=[*tables, *change_tables(change)],
        uncertain=[without_connection(change), *(_sentence(writer.note(one)) for one in placed.notes)],
    )


@checks_arguments
def note_of_fleet(answer: PlacedFleet) -> maps.Note:
    """Return the note of where ambulances should stand: how many are within the norm, and who gains and loses."""
    frame = Frame(answer.study, answer.answers)
    spec, question = answer.spec, answer.question
    writer, texts = frame.writer, fleet_texts(answer)
    title = writer.text("h_vehicles", service=spec.label)
    change = _change(frame, spec, title, answer.effect.cells, drawn_bases(answer))
    main = ("within", "expected", "losers")
    findings = _findings(change, [_sentence(texts[name]) for name in main])
    name, bases = fleet_tables(answer)[0]  # without the id of the base, which comes last
    key = "q_vehicles" if not question.move else "q_vehicles_both" if question.vehicles_added else "q_vehicles_move"
    return frame.note(
        heading=title,
        question=writer.text(key, service=spec.label, add=question.vehicles_added, move=question.move),
        findings=findings,
        picture=_map(change, findings),
        tables=[
            _table(name, bases.iloc[:, :-1], writer.language),
            *change_tables(change),
        ],
        uncertain=[without_connection(change), *(_sentence(texts[name]) for name in texts if name not in main)],
    )


@checks_arguments
def note_of_vulnerable(found: Vulnerable) -> maps.Note:
    """Return the note of what people depend on: the three closings that cost most, and whom they touch."""
    known = found.base.answers
    answers = known if known.classes else solve_study(found.study, show=False)  # as reports say what classes reach
    frame = Frame(found.study, answers)
    spec, writer = found.spec, frame.writer
    ranked = found.table[found.table["rank_minutes"].notna()].sort_values("rank_minutes", kind="stable")
    ranked = ranked.drop_duplicates(["kind", "place"]).head(_FIRST)
    limits = frame.limits(spec.key)
    findings = [
        maps.Finding(_closing(row, found, frame), limits if place == 0 else ())
        for place, row in enumerate(ranked.to_dict("records"))
    ] or [maps.Finding(writer["s_nothing"], limits)]

    def draw(path: Path, heads: dict[str, Any]) -> None:
        below = {name: frame.below[name] for name in ("roads", "municipalities", "land", "lakes", "ice", "places")}
        maps.vulnerability_map(
            path,
            units=found.table,
            cut_off_min=found.cut_off_min,
            trips_per_year=spec.trips_per_year,
            crs=drawing_crs(found.study, found.base.results),
            at_most_in=MAP_IN,
            **below,
            **heads,
        )

    caption = writer.text("map_closings", service=spec.label)
    picture = frame.map(draw, title=spec.label, caption=caption, findings=findings) if len(ranked) else None
    return frame.note(
        heading=writer.text("h_vulnerable", service=spec.label),
        question=writer.text("q_vulnerable", service=spec.label),
        findings=findings,
        picture=picture,
        tables=[_table(title, table, writer.language) for title, table in printed_vulnerable(found, rows=2)[:1]],
        uncertain=[*filter(None, [edge_sentence(found)])],
    )


def _closing(row: dict[Any, Any], found: Vulnerable, frame: Frame) -> str:
    """Say whom a closing touches."""
    writer, trips = frame.writer, found.spec.trips_per_year
    written = PersonHours(writer.language, [trips])
    key = "n_closing_delay" if row["people_cut_off"] <= 0 else "n_closing"
    text = writer.text(
        "n_closing_cut" if row["people_delayed"] <= 0 else key,
        label=row["label"],
        kind=writer[str(row["kind"])],
        delayed=writer.people(row["people_delayed"]),
        cut=writer.people(row["people_cut_off"]),
        hours=written.value(row["cost_min"], trips),
        basis=written.basis(trips),
        day=writer.plain(found.cut_off_min / 60),
    )
    return f"{text} {writer.text('n_touched', places=row['touched'])}" if row["touched"] else text


def _change(frame: Frame, spec: ServiceSpec, title: str, cells: pd.DataFrame, sites: gpd.GeoDataFrame) -> Change:
    """Return what a change does, summed up by the rule of every comparison."""
    by: dict[str, Any] = {"everybody": None, "classes": "centrality_class"}
    by["municipalities"] = ["municipality_id", "municipality"]
    tables = {name: scenarios.difference_table(cells, services=[spec], by=groups) for name, groups in by.items()}
    everybody = {str(name): value for name, value in tables["everybody"].iloc[0].items()}
    results = frame.answers.results
    return Change(
        frame, title, spec.key, spec, everybody, tables["classes"], tables["municipalities"], cells, results, sites
    )


def _findings(change: Change, texts: list[str]) -> list[maps.Finding]:
    """Return what was found, and last who is affected and where they live: three in all."""
    limits = change.frame.limits(change.service)
    last = change.writer["s_nothing"]
    if changes_something(change.everybody):
        last = f"{change_sentence(change.spec, change.everybody, change.writer)} {affected_where(change)}".strip()
    first = texts if len(texts) < _FIRST else [" ".join(texts[:-1]), texts[-1]]
    return [maps.Finding(text, limits if place == 0 else ()) for place, text in enumerate([*first, last])]


def _map(change: Change, findings: list[maps.Finding]) -> maps.NoteMap | None:
    return change_map(change, findings) if changes_something(change.everybody) else None


def _sentence(line: str) -> str:
    """Return a line of the terminal as a sentence."""
    return f"{capitalised(line).rstrip('.')}."


def _table(title: str, table: pd.DataFrame, language: str) -> Table:
    """Return a table that is printed as one on paper; what holds numbers alone stands to the right."""
    shown = table.astype(object).map(lambda one: one if isinstance(one, str) else number(one, language=language))
    texts = tuple(
        place for place, name in enumerate(shown) if not shown[name].map(_NUMBER.fullmatch).notna().all() or place == 0
    )
    heads = tuple(capitalised(str(name)) for name in shown.columns)
    return Table(title, heads, tuple(tuple(row) for row in shown.itertuples(index=False)), texts)

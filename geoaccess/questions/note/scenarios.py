"""The note of scenarios: what `compare` gives, about the service that they change most."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from geoaccess import maps
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.maps.report_tables import Table
from geoaccess.phrases import Writer, capitalised
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.compare.changed import CHANGED, changes_something
from geoaccess.questions.compare.comparison import printed_comparison, printed_supplies
from geoaccess.questions.compare.output import drawn_measures, sailing_ferries
from geoaccess.questions.compare.sentences import change_sentence
from geoaccess.questions.compare.site_maps import drawn_sites
from geoaccess.questions.note.change import (
    MOST_ROWS,
    Change,
    affected,
    change_findings,
    change_map,
    change_tables,
    group_name,
    norm_of,
    shown_share,
    within_sentence,
    without_connection,
)
from geoaccess.questions.note.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.questions.compare.compare_measures import Measure
    from geoaccess.questions.compare.comparison import Compared
    from geoaccess.scenarios import Scenario
    from geoaccess.study.settings.study_file import Study

__all__ = ["MOST_SCENARIOS", "note_of_comparison", "refuse_many"]

MOST_SCENARIOS: Final = 3


def refuse_many(study: Study, changes: Sequence[Scenario], *, service: str | None = None) -> None:
    """Raise an `InputError` if a note has no room for so many scenarios, or the study has no such service."""
    if len(changes) > MOST_SCENARIOS:
        raise InputError(
            f"a note has room for {MOST_SCENARIOS} scenarios, and not for {len(changes)}; compare them all with "
            "`geoaccess compare`, and write the note of the best"
        )
    if service is not None:
        find_service(study, service)


@checks_arguments
def note_of_comparison(compared: Compared, *, service: str | None = None) -> maps.Note:
    """Return the note of a comparison, about one service: that for which most changes.

    Raises
    ------
    InputError
        If the study has no such service, or there are more than three scenarios.
    """
    refuse_many(compared.study, compared.scenarios, service=service)
    frame = Frame(compared.study, compared.base.answers)
    measure = _measure(compared, service)
    changes = [_change(frame, compared, measure, number) for number in range(len(compared.changed))]
    several = len(changes) > 1
    findings = _findings_of_several(changes) if several else change_findings(changes[0])
    shown = max(changes, key=lambda one: _weight(one.everybody))
    titles = [scenario.title for scenario in compared.scenarios]
    writer = frame.writer
    quoted = writer.listed(titles) if several else titles[0]
    return frame.note(
        heading="; ".join(titles),
        question=writer.text("q_scenarios" if several else "q_scenario", titles=quoted),
        about=_about(compared, measure, frame),
        findings=findings,
        picture=change_map(shown, findings) if changes_something(shown.everybody) else None,
        tables=[*(_tables_of_several(changes) if several else change_tables(changes[0])), *_services(compared, frame)],
        uncertain=_uncertain(compared, changes, frame),
    )


def _measure(compared: Compared, service: str | None) -> Measure:
    """Return the measure that the note is about: of those that have a map the one for which most changes."""
    some = [one for one in drawn_measures(compared.measures) if service in {None, one.service}]
    table = compared.tables["everybody"]

    def weight(measure: Measure) -> tuple[float, ...]:
        rows = _records(table[(table["service"] == measure.service) & (table["measure"] == measure.name)])
        return max(_weight(row) for row in rows)

    return max(some, key=weight)


def _weight(row: dict[str, Any] | Any) -> tuple[float, ...]:
    """Return how much changes, to compare by: who gains or loses the connection, then person-minutes."""
    return row["became_reached"] + row["became_unreached"], row["person_min_won"] + row["person_min_lost"]


def _change(frame: Frame, compared: Compared, measure: Measure, number: int) -> Change:
    one, title = compared.changed[number], compared.scenarios[number].title
    rows = {}
    for name in ("everybody", "classes", "municipalities"):
        table = compared.tables[name]
        mine = (table["scenario"] == title) & (table["service"] == measure.service) & (table["measure"] == measure.name)
        rows[name] = table[mine]
    everybody = _records(rows["everybody"])[0]
    return Change(
        frame,
        title,
        measure.service,
        measure.spec,
        everybody,
        rows["classes"],
        rows["municipalities"],
        compared.cells[number],
        one.base.results,
        drawn_sites(one, measure),
        sailing_ferries(frame.below["ferries"], one),
    )


def _about(compared: Compared, measure: Measure, frame: Frame) -> str:
    """Say what the scenarios are, and which service the figures are for."""
    writer, parts = frame.writer, []
    if len(compared.changed) == 1:
        parts.append(compared.scenarios[0].description)
    else:
        letters = zip(string.ascii_uppercase, compared.scenarios, strict=False)
        parts += [writer.text("about_letters", letter=letter, title=one.title) for letter, one in letters]
    if len({one.service for one in compared.measures}) > 1:
        parts.append(writer.text("about_service", service=measure.spec.label))
    return " ".join(str(part) for part in parts if part)


def _findings_of_several(changes: list[Change]) -> list[maps.Finding]:
    """Return a finding for each scenario."""
    found = []
    for letter, change in zip(string.ascii_uppercase, changes, strict=False):
        text = change.writer["s_nothing"]
        if changes_something(change.everybody):
            text = f"{change_sentence(change.spec, change.everybody, change.writer)} {within_sentence(change)}"
        found.append(maps.Finding(f"{letter}. {text}", change.frame.limits(change.service) if letter == "A" else ()))
    return found


def _tables_of_several(changes: list[Change]) -> list[Table]:
    """Return a column for each scenario, before and after in one."""
    first, writer, label = changes[0], changes[0].writer, changes[0].spec.label
    found = []
    if first.frame.report.classed:
        caption = writer.text("t_by_class", service=label)
        found.append(_side_by_side(changes, caption, [str(name) for name in first.classes["centrality_class"]]))
    if first.frame.report.zoned:
        parts = pd.concat([one.municipalities for one in changes], ignore_index=True)
        weight = affected(parts).groupby(parts["municipality_id"], sort=False).sum()
        order = weight[weight > 0].sort_values(ascending=False, kind="stable").head(MOST_ROWS).index
        caption = writer.text("t_affected", service=label)
        found.append(_side_by_side(changes, caption, [str(name) for name in order], by="municipality_id"))
    return found


def _side_by_side(changes: list[Change], caption: str, groups: list[str], by: str = "centrality_class") -> Table:
    first, writer = changes[0], changes[0].writer
    number = norm_of(max(changes, key=lambda one: _weight(one.everybody)))
    heads = [writer["class_head" if by == "centrality_class" else "municipality"], writer["people"]]
    for letter, change in zip(string.ascii_uppercase, changes, strict=False):
        heads.append(writer.text("affected", letter=letter))
        norm = "" if number is None else writer.norm(change.spec.norm_limits[number - 1])
        heads.append(writer.text("median_change" if number is None else "within_change", letter=letter, norm=norm))

    def cells(rows: list[dict[str, Any]]) -> list[str]:
        shown = [writer.people(rows[0]["population"])]
        for row in rows:
            both = [_shown(row, number, when, first) for when in ("before", "after")]
            shown += [writer.people(sum(row[name] for name in CHANGED)), " → ".join(both)]
        return shown

    tables = [one.classes if by == "centrality_class" else one.municipalities for one in changes]
    body = []
    for group in groups:
        rows = [_records(table[table[by].astype(str) == group])[0] for table in tables]
        named = "centrality_class" if by == "centrality_class" else "municipality"
        body.append([group_name(rows[0], named, first.frame), *cells(rows)])
    if by == "centrality_class":
        body.append([writer["all"], *cells([dict(one.everybody) for one in changes])])
    return Table(caption, tuple(heads), tuple(tuple(row) for row in body), (0,))


def _shown(row: dict[str, Any], number: int | None, when: str, change: Change) -> str:
    if number is None:
        return change.writer.minutes(row[f"median_{when}_s"])
    return shown_share(row, number, when, change.writer)


def _services(compared: Compared, frame: Frame) -> list[Table]:
    """Return every measure that changes, as `compare` prints it, where more than one does."""
    found = [one for one in (printed_comparison(compared), printed_supplies(compared)) if len(one)]
    if sum(map(len, found)) <= len(compared.changed):
        return []
    return [_measures(one, compared, frame) for one in found]


def _measures(printed: pd.DataFrame, compared: Compared, frame: Frame) -> Table:
    """Return a table of measures that change without what nobody has."""
    words = Writer(frame.writer.language, ("terminal", "comparison"), compared.study.words)
    if len(compared.changed) == 1:
        printed = printed.drop(columns=words["scenario"])
    nobody = [name for name in printed if printed[name].isin(["", frame.writer.people(0.0)]).all()]
    shown = printed.drop(columns=nobody)
    worded = {words[name] for name in ("scenario", "service", "crossed", "mean_in_reach")}
    texts = tuple(place for place, name in enumerate(shown) if name in worded)
    rows = tuple(tuple(map(str, row)) for row in shown.itertuples(index=False))
    heads = tuple(capitalised(str(name)) for name in shown.columns)
    title = frame.writer["t_supplies" if words["mean_in_reach"] in printed else "t_services"]
    return Table(title, heads, rows, texts)


def _uncertain(compared: Compared, changes: list[Change], frame: Frame) -> list[str]:
    """Say who has no connection after each change, and what is taken for granted."""
    writer = frame.writer
    texts = []
    for letter, change in zip(string.ascii_uppercase, changes, strict=False):
        text = without_connection(change)
        key, named = ("n_after", "") if len(changes) == 1 else ("n_after_in", letter)
        texts.append(writer.text(key, title=named, text=text))
    notes = [note for some in compared.notes for note in some]
    return [*texts, *dict.fromkeys(notes)]


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]

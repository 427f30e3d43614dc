"""The note of a study as it stands: who is beyond the norm of one service, and where they live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess import maps
from geoaccess.maps.report_sentences import finding_texts
from geoaccess.maps.report_tables import Table, norm_table
from geoaccess.questions.asked_service import find_service
from geoaccess.questions.note.change import MOST_ROWS, group_name
from geoaccess.questions.note.frame import MAP_IN

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.questions.note.frame import Frame

__all__ = ["note_of_today"]


def note_of_today(frame: Frame, service: str | None = None) -> maps.Note:
    """Return the note of a study as it stands, about one service: that with most people beyond its first norm.

    Raises
    ------
    InputError
        If the study has no such service.
    """
    spec = find_service(frame.study, _farthest(frame) if service is None else service)
    findings = _findings(frame, spec)
    return frame.note(
        heading=frame.writer.text("h_today", service=spec.label),
        question=_question(frame, spec),
        findings=findings,
        picture=_map(frame, spec, findings),
        tables=_tables(frame, spec),
        uncertain=[],
    )


def _farthest(frame: Frame) -> str:
    beyond = {found.key: found.norms[0].people_beyond for found in frame.report.services if found.norms}
    return max(beyond, key=lambda key: beyond[key]) if beyond else frame.report.services[0].key


def _question(frame: Frame, spec: ServiceSpec) -> str:
    if not spec.n_norms:
        return frame.writer.text("q_today_plain", service=spec.label)
    limits = spec.norm_limits[0]
    key = "q_today" if not spec.from_call else "q_today_response" if len(limits) == 1 else "q_today_response_own"
    return frame.writer.text(key, service=spec.label, norm=frame.writer.norm(limits))


def _findings(frame: Frame, spec: ServiceSpec) -> list[maps.Finding]:
    """Return the findings of the report in three: the norms and times, who is beyond, and who has no connection."""
    texts = finding_texts(frame.found(spec.key), frame.report, frame.writer)
    parts = [[*texts.norms, *texts.times], texts.beyond, [*texts.contrast, *texts.unreached]]
    found = [maps.Finding(" ".join(part)) for part in parts if part]
    return [maps.Finding(found[0].text, frame.limits(spec.key)), *found[1:]]


def _tables(frame: Frame, spec: ServiceSpec) -> list[Table]:
    """Return the service by class, the municipalities with most people beyond its norm, and the norms of all."""
    writer, found = frame.writer, []
    rows = {name: table[table["service"] == spec.key] for name, table in frame.tables.items() if name in _BY}
    if frame.report.classed:
        everybody = rows["everybody"].assign(centrality_class="all")
        caption = writer.text("t_by_class", service=spec.label)
        found.append(_table(frame, spec, caption, rows["classes"], "centrality_class", everybody))
    if frame.report.zoned:
        places, by = rows["municipalities"], "people_beyond_norm_1" if spec.n_norms else "p90_s"
        places = places[places["population"] > 0]
        places = places[places[by] > 0].sort_values([by, "municipality_id"], ascending=[False, True], kind="stable")
        key = "t_beyond" if spec.n_norms else "t_longest"
        norm = writer.norm(spec.norm_limits[0]) if spec.n_norms else ""
        caption = writer.text(key, service=spec.label, norm=norm)
        found.append(_table(frame, spec, caption, places.head(MOST_ROWS), "municipality"))
    return [*found, norm_table(frame.report, writer)]


_BY = ("everybody", "classes", "municipalities")


def _table(
    frame: Frame, spec: ServiceSpec, caption: str, rows: pd.DataFrame, by: str, total: pd.DataFrame | None = None
) -> Table:
    writer = frame.writer
    heads = [writer["class_head" if by == "centrality_class" else "municipality"], writer["people"]]
    heads += [writer["median_min"], writer["p90_min"]]
    if spec.n_norms:
        norm = writer.norm(spec.norm_limits[0])
        heads += [writer.text(key, norm=norm) for key in ("within_now", "beyond_now")]

    def cells(one: dict[str, Any]) -> list[str]:
        shown = [writer.people(one["population"]), *(writer.minutes(one[name]) for name in ("median_s", "p90_s"))]
        if spec.n_norms:
            shown += [writer.share(one["share_within_norm_1"]), writer.people(one["people_beyond_norm_1"])]
        return shown

    body = [[group_name(one, by, frame), *cells(one)] for one in _records(rows)]
    body += [] if total is None else [[writer["all"], *cells(one)] for one in _records(total)]
    return Table(caption, tuple(heads), tuple(tuple(one) for one in body), (0,))


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _map(frame: Frame, spec: ServiceSpec, findings: list[maps.Finding]) -> maps.NoteMap:
    results = frame.answers.results

    def draw(path: Path, heads: dict[str, Any]) -> None:
        maps.service_map(
            path,
            results=results,
            service=spec,
            sites=frame.answers.sites,
            at_most_in=MAP_IN,
            **frame.below,
            **heads,
        )

    caption = frame.writer.text("map_today_response" if spec.from_call else "map_today", service=spec.label)
    return frame.map(draw, title=spec.label, caption=caption, findings=findings)

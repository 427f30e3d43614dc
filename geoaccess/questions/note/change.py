"""The parts of a note about a change: who is affected, who crosses the norm, where they live, and what that looks like.

Every number is from `geoaccess.scenarios.difference_table`, as in the tables of a comparison.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess import maps
from geoaccess.maps.report_sentences import unreached_sentence
from geoaccess.maps.report_tables import Table
from geoaccess.measures.groups import people_of_service
from geoaccess.questions.compare.changed import CHANGED, changes_something
from geoaccess.questions.compare.sentences import change_sentence

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geoaccess.measures import ServiceSpec
    from geoaccess.phrases import Writer
    from geoaccess.questions.note.frame import Frame

__all__ = [
    "MOST_ROWS",
    "Change",
    "affected",
    "affected_where",
    "change_findings",
    "change_map",
    "change_tables",
    "group_name",
    "norm_of",
    "shown_share",
    "within_sentence",
    "without_connection",
]

MOST_ROWS: Final = 6
_PLACES: Final = 3
_COUNTS: Final = (("worse", "longer"), ("better", "shorter"), ("became_unreached", "lost_it"))
_COUNTED: Final = (*_COUNTS, ("became_reached", "got_it"))


@dataclass(frozen=True, eq=False)
class Change:
    """What a change does to one service.

    `everybody`, `classes` and `municipalities` are rows of `difference_table`, `cells` those of `cell_differences` that
    they sum up, whose columns are named after `spec`; `sites` and `ferries` are those to draw.
    """

    frame: Frame
    title: str
    service: str
    spec: ServiceSpec
    everybody: Mapping[str, Any]
    classes: pd.DataFrame
    municipalities: pd.DataFrame
    cells: pd.DataFrame
    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame | None = None
    ferries: gpd.GeoDataFrame | None = None

    @property
    def writer(self) -> Writer:
        """Writes in the language of the study."""
        return self.frame.writer


def affected(rows: pd.DataFrame) -> pd.Series[float]:
    """Return the people of each row for whom something changes."""
    counted: pd.Series[float] = rows[list(CHANGED)].sum(axis=1)
    return counted


def norm_of(change: Change) -> int | None:
    """Return the number of the norm that most people cross, the first where nobody does; None without any norm."""
    numbers = range(1, change.spec.n_norms + 1)
    crossing = {number: _crossing(change.everybody, number) for number in numbers}
    return max(crossing, key=lambda number: (crossing[number], -number)) if crossing else None


def _crossing(row: Mapping[str, Any], number: int) -> float:
    return float(row[f"into_norm_{number}"] + row[f"out_of_norm_{number}"])


def shown_share(row: Mapping[str, Any], number: int, when: str, writer: Writer) -> str:
    """Write the share of the people of a row within a norm."""
    people = row["population"]
    return writer.share(row[f"within_norm_{number}_{when}"] / people if people > 0 else np.nan)


def within_sentence(change: Change) -> str:
    """Say how the share within the norm changes and who crosses it; where there is no norm, how the median does."""
    row, writer, number = change.everybody, change.writer, norm_of(change)
    if number is None:
        before, after = (writer.minutes(row[f"median_{when}_s"]) for when in ("before", "after"))
        return writer.text("n_half", before=before, after=after)
    limits = change.spec.norm_limits[number - 1]
    norm, own = writer.norm(limits), len(limits) > 1
    before, after = (shown_share(row, number, when, writer) for when in ("before", "after"))
    if _crossing(row, number) <= 0:
        return writer.text("n_within_same_own" if own else "n_within_same", norm=norm, share=before)
    counts = {key: row[f"{what}_norm_{number}"] for key, what in (("n_out", "out_of"), ("n_into", "into"))}
    crossing = writer.listed([writer.text(key, n=writer.people(count)) for key, count in counts.items() if count > 0])
    key = "n_within_own" if own else "n_within"
    return writer.text(key, norm=norm, before=before, after=after, crossing=crossing)


def affected_where(change: Change) -> str:
    """Say where most of the people affected live, and how many of them in the districts."""
    writer, scheme, texts = change.writer, change.frame.report.scheme, []
    known = change.municipalities[change.municipalities["municipality"] != "unclassified"]
    people = affected(known)
    order = people[people > 0].sort_values(ascending=False, kind="stable").head(_PLACES)
    if len(order):
        names = [
            _place(row, number, writer) for row, number in zip(_records(known.loc[order.index]), order, strict=True)
        ]
        texts.append(writer.text("n_where", places=writer.listed(names)))
    whole = float(sum(change.everybody[name] for name in CHANGED))
    mine = change.classes["centrality_class"].astype(str).isin(scheme.district_ids)
    others = change.classes["centrality_class"].astype(str).isin(set(scheme.ids) - set(scheme.district_ids))
    if mine.any() and others.any():
        share = writer.share(float(affected(change.classes)[mine].sum()) / whole)
        of_all = writer.share(float(change.classes.loc[mine, "population"].sum() / change.everybody["population"]))
        texts.append(
            writer.text("n_districts", share=share, districts=scheme.district_name(writer.language), of_all=of_all)
        )
    return " ".join(texts)


def _place(row: Mapping[str, Any], number: float, writer: Writer) -> str:
    """Name a municipality with the people affected, and its mean time before and after where there are both."""
    times = [row[f"mean_{when}_s"] for when in ("before", "after")]
    moved = row["better"] + row["worse"] > 0 and np.isfinite(times).all()
    key = "n_place" if moved else "n_place_cut_off"
    before, after = (writer.minutes(time) for time in times)
    return writer.text(key, name=row["municipality"], n=writer.people(number), before=before, after=after)


def change_findings(change: Change) -> list[maps.Finding]:
    """Return the three findings: who is affected, who crosses the norm, and where they live."""
    limits = change.frame.limits(change.service)
    if not changes_something(change.everybody):
        return [maps.Finding(f"{change.spec.label}: {change.writer['s_nothing']}", limits)]
    found = [
        maps.Finding(change_sentence(change.spec, change.everybody, change.writer), limits),
        maps.Finding(within_sentence(change)),
    ]
    where = affected_where(change)
    return [*found, maps.Finding(where)] if where else found


def group_name(row: Mapping[str, Any], by: str, frame: Frame) -> str:
    """Return the name of a class or a municipality as a reader knows it."""
    name, scheme = str(row[by]), frame.report.scheme
    if by == "centrality_class":
        return scheme.label(name, frame.writer.language) if name in scheme.ids else frame.writer["unclassified"]
    return frame.writer["no_municipality"] if name == "unclassified" else name


def change_tables(change: Change) -> list[Table]:
    """Return before and after by class, and of the municipalities most affected."""
    writer, label = change.writer, change.spec.label
    places = change.municipalities
    order = affected(places).sort_values(ascending=False, kind="stable")
    places = places.loc[order[order > 0].head(MOST_ROWS).index]
    found = []
    if change.frame.report.classed:
        found.append(_table(change, writer.text("t_by_class", service=label), change.classes, "centrality_class"))
    if change.frame.report.zoned and len(places):
        found.append(_table(change, writer.text("t_affected", service=label), places, "municipality"))
    return found or [_table(change, label, change.classes.iloc[:0], "centrality_class")]


def _table(change: Change, caption: str, rows: pd.DataFrame, by: str) -> Table:
    """Return a row for each group, and for everybody last where the groups are all of them."""
    writer, row = change.writer, change.everybody
    counts = [(name, key) for name, key in _COUNTED if row[name] > 0]
    number = norm_of(change)
    heads = [writer["class_head" if by == "centrality_class" else "municipality"], writer["people"]]
    heads += [writer[key] for _, key in counts]
    heads += [writer["mean_before"], writer["mean_after"]]
    if number is not None:
        norm = writer.norm(change.spec.norm_limits[number - 1])
        heads += [writer.text(key, norm=norm) for key in ("within_before", "within_after")]

    def cells(one: Mapping[str, Any]) -> list[str]:
        shown = [writer.people(one[name]) for name in ("population", *(name for name, _ in counts))]
        shown += [writer.minutes(one[f"mean_{when}_s"]) for when in ("before", "after")]
        if number is not None:
            shown += [shown_share(one, number, when, writer) for when in ("before", "after")]
        return shown

    body = [[group_name(one, by, change.frame), *cells(one)] for one in _records(rows)]
    if by == "centrality_class":
        body.append([writer["all"], *cells(row)])
    return Table(caption, tuple(heads), tuple(tuple(one) for one in body), (0,))


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def without_connection(change: Change) -> str:
    """Say how many people cannot reach the service after the change, with the reasons."""
    cells, key, people = change.cells, change.spec.key, people_of_service(change.cells, change.spec)
    lost = cells[f"{key}_change"].isin(["unreached", "became_unreached"]).to_numpy(np.bool_)
    reasons = cells[f"{key}_reason_after"].to_numpy(object)[lost]
    by_reason: dict[str, float] = {}
    for reason, number in zip(reasons, people[lost], strict=True):
        by_reason[str(reason)] = by_reason.get(str(reason), 0.0) + float(number)
    found = replace(
        change.frame.found(change.service),
        unreached=float(change.everybody["unreached"] + change.everybody["became_unreached"]),
        population=float(change.everybody["population"]),
        reasons=by_reason,
    )
    return unreached_sentence(found, change.frame.report, change.writer)


def change_map(change: Change, findings: list[maps.Finding]) -> maps.NoteMap:
    """Return the map of minutes won and lost, with the places that matter most by name."""
    from geoaccess.questions.note.frame import MAP_IN

    writer, spec = change.writer, change.spec
    below = change.frame.below if change.ferries is None else change.frame.below | {"ferries": change.ferries}

    def draw(path: Path, heads: dict[str, Any]) -> None:
        maps.difference_map(
            path,
            results=change.results,
            cells=change.cells,
            service=spec,
            sites=change.sites,
            at_most_in=MAP_IN,
            **below,
            **heads,
        )

    caption = "map_change_response" if spec.from_call else "map_change"
    named = change.title if change.title.startswith(spec.label) else f"{spec.label}. {change.title}"
    caption = writer.text(caption, title=named)
    return change.frame.map(draw, title=change.title, caption=caption, findings=findings)

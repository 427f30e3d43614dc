"""Every ferry of a study with what was read, assumed and rejected, and a table to write down what one knows better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.osm import write_ferry_table
from geoaccess.phrases import Writer
from geoaccess.questions.day_profile import clock
from geoaccess.study import stages
from geoaccess.tables import read_table, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.study.settings.study_file import Study

__all__ = ["ferry_figures", "ferry_waits", "list_ferries", "write_ferries"]

_LONGEST_MIN = 3 * 24 * 60
_TINY = 1e-6


@checks_arguments
def ferry_figures(study: Study) -> dict[str, Any]:
    """Return every ferry of a study with its times in seconds, and what sails by its timetables and what does not."""
    network, _ = stages.build_or_load_network(study)
    found: dict[str, Any] = {"ferries": network.ferries}
    timetable = _timetable(study) if study.ferries or study.settings.network.ferry_gtfs else None
    if timetable is not None:
        rows, label, left_out = timetable
        found |= {"sailings": rows, "day_and_hours": label, "left_out": left_out}
    return found


@checks_arguments
def list_ferries(study: Study) -> list[tuple[str, pd.DataFrame]]:
    """Return titled tables of the ferries of a study.

    The ferries that cars may use, the others, and rows of the table of ferries not used; where the study names
    timetables, what sails on their day and in their hours, and what is left out or assumed.
    """
    network, _ = stages.build_or_load_network(study)
    ferries = network.ferries
    writer = Writer(study.settings.language, ("terminal",))
    shown = pd.DataFrame(
        {
            writer["way"]: ferries["way_id"].astype(str),
            writer["name"]: ferries["name"],
            writer["kind"]: ferries["kind"].map(lambda kind: writer.known(kind, otherwise=kind)),
            "km": (ferries["length_m"] / 1000).map(lambda km: writer.number(round(km, 1), 1)),
            writer["crossing_min"]: _minutes(ferries["crossing_s"], writer),
            writer["wait_min"]: _minutes(ferries["wait_s"], writer),
            writer["planned_min"]: _minutes(ferries["wait_planned_s"], writer),
            writer["unplanned_min"]: _minutes(ferries["wait_unplanned_s"], writer),
            writer["headway_min"]: _minutes(ferries["headway_s"], writer),
            writer["read_assumed"]: ferries["note"].map(writer.note),
        }
    )
    drives = ferries["kind"] == "car ferry"
    tables = [(writer["t_car_ferries"], shown[drives]), (writer["t_other_ferries"], shown[~drives])]
    if study.ferries:
        used = set(ferries["table_row"])
        rows = [(number, row) for number, row in _rows(study.ferries) if number not in used]
        unused = pd.DataFrame(
            {
                writer["row"]: [str(number) for number, _ in rows],
                writer["name"]: [row.get("name", "") for _, row in rows],
            }
        )
        if len(unused):
            tables.append((writer.text("t_unused_rows", path=study.ferries), unused))
    if study.ferries or study.settings.network.ferry_gtfs:
        tables += _by_timetable(study, writer)
    return [(title, table.reset_index(drop=True)) for title, table in tables]


def _timetable(study: Study) -> tuple[pd.DataFrame, str, dict[str, str]] | None:
    """Return the sailings of the timetables, of which day and hours, and what is left out and why; None: nothing."""
    plain, _ = stages.build_or_load_network(stages.without_timetable(study))
    try:
        found, label, left_out = stages.timetable_of(study, plain, stages.read_timetables(study))
    except InputError:
        if stages.follows_timetable(study):
            raise
        return None  # which day is meant cannot be said, and no network follows it
    return (found.sailings, label, dict(left_out)) if len(found.sailings) or left_out else None


def _by_timetable(study: Study, writer: Writer) -> list[tuple[str, pd.DataFrame]]:
    """Return what sails by the timetables of a study, for each crossing and direction, and what does not, and why."""
    timetable = _timetable(study)
    if timetable is None:
        return []
    rows, label, left_out = timetable
    used = stages.follows_timetable(study)
    said = {"booked": "to_be_booked_n", "assumed": "cars_assumed_short"}
    notes = [
        "; ".join(
            [
                *(writer.text(key, n=row[name]) for name, key in said.items() if row[name]),
                *([writer["outside_hours"]] if not row["sailings"] and np.isfinite(row["wait_s"]) else []),
            ]
        )
        for row in rows.to_dict("records")
    ]
    sailing = pd.DataFrame(
        {
            writer["ferry"]: rows["ferry"],
            writer["from"]: rows["from_name"],
            writer["to"]: rows["to_name"],
            writer["departures"]: rows["sailings"].astype(str) + " / " + rows["sailings_of_day"].astype(str),
            writer["first"]: rows["first_s"].map(clock),
            writer["last"]: rows["last_s"].map(clock),
            writer["wait_min"]: _minutes(rows["wait_s"].where(np.isfinite(rows["wait_s"])), writer),
            writer["crossing_min"]: _minutes(rows["crossing_s"], writer),
            writer["read_assumed"]: [
                "; ".join(filter(None, (writer.note(source), note)))
                for source, note in zip(rows["source"], notes, strict=True)
            ],
        }
    )
    day, hours = label.split(" ")
    begin, end = hours.split("-")
    title = writer.text("t_timetable" if used else "t_timetable_unused", day=writer.day(day), begin=begin, end=end)
    others = pd.DataFrame(
        {writer["name"]: [*left_out], writer["note"]: [writer.note(why) for why in left_out.values()]}
    )
    return [(title, sailing), *([(writer["t_left_out"], others)] if left_out else [])]


@checks_arguments
def ferry_waits(study: Study, way_id: int) -> list[str]:
    """Say which waits and crossings the network of a study has for the boats of a way, and by which timetable."""
    network, _ = stages.build_or_load_network(study)
    writer = Writer(study.settings.language, ("terminal",))
    lines = []
    for row in network.ferries[network.ferries["way_id"] == way_id].to_dict("records"):
        if row["timetable"]:
            day, hours = row["timetable"].split(" ")
            begin, end = hours.split("-")
            by = writer.text("boat_by_timetable", day=writer.day(day), begin=begin, end=end)
        else:
            by = writer["boat_by_profile"]
        times = {name: _minutes(pd.Series([row[f"{name}_s"]]), writer).iloc[0] for name in ("wait", "crossing")}
        lines += [writer.text("boat_times", by=by, **times), writer.note(str(row["note"]))]
    return list(dict.fromkeys(lines))


@checks_arguments
def write_ferries(study: Study, path: Path) -> int:
    """Write a table of ferries that, named in the study, gives the same network; return how many rows it has.

    Rows of the table the study names already are kept as they are; every ferry without a row gets one.

    Raises
    ------
    InputError
        If the file is there already.
    """
    if path.exists():
        raise InputError(f"{path} is there already; give another name or remove it")
    network, _ = stages.build_or_load_network(stages.without_timetable(study))
    rows: list[dict[str, object]] = [dict(row) for _, row in _rows(study.ferries)] if study.ferries else []
    for number, ferry in enumerate(
        network.ferries[network.ferries["table_row"] == 0].to_dict("records"), len(rows) + 1
    ):
        minutes = _plain_minutes(ferry["crossing_s"])
        row: dict[str, object] = {
            "id": number,
            "way_id": ferry["way_id"],
            "relation_id": ferry["relation_id"] or "",
            "name": ferry["name"],
            "minutes": minutes if minutes <= _LONGEST_MIN else "",
            "motor_vehicle": "yes" if ferry["cars"] else "no",
            "headway_min": "" if np.isnan(ferry["headway_s"]) else _plain_minutes(ferry["headway_s"]),
            "check_in_min": _plain_minutes(ferry["check_in_s"]) if ferry["check_in_s"] else "",
            "season": "all year",
            "source": "OpenStreetMap" if study.nvdb is None else "NVDB Ruteplan",
            "note": ferry["note"],
        }
        if ferry["kind"] != "sightseeing loop":
            row |= {name: ferry[name] for name in ("from_lon", "from_lat", "to_lon", "to_lat")}
        rows.append(row)
    write_ferry_table(path, rows)
    return len(rows)


def _plain_minutes(seconds: float) -> float:
    """Return minutes that are whole thousandths of a second, rounded down: read back they are the same deciseconds.

    >>> round(_plain_minutes(1036.749995) * 60, 3), _plain_minutes(740.0) * 60
    (1036.749, 740.0)
    """
    return math.floor(seconds * 1000 + _TINY) / 60_000


def _rows(path: Path) -> list[tuple[Any, Any]]:
    """Return the lines of a table that was read and checked, with their numbers."""
    rows = read_table(path)
    texts = pd.DataFrame({name: read_text(rows, name) for name in rows.columns})
    return list(texts.to_dict("index").items())


def _minutes(seconds: pd.Series, writer: Writer) -> pd.Series:
    return (seconds / 60).map(lambda value: writer["missing"] if np.isnan(value) else writer.number(round(value)))

"""What the boats of a study do by timetable, for its report and its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess import maps
from geoaccess.network import retimed
from geoaccess.phrases import Writer, note
from geoaccess.routing import ferry_edges
from geoaccess.study import stages

if TYPE_CHECKING:
    import pandas as pd

    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["boats_of", "timetable_note"]


def timetable_note(study: Study) -> str:
    """Return the sentence that stands on every picture of a study whose boats follow a timetable; "" of others."""
    if not stages.follows_timetable(study):
        return ""
    writer = Writer(study.settings.language, ("report",))
    meant = study.settings.network.timetable
    return writer.text("n_timetable", day=writer.day(meant.day), begin=meant.hours[0], end=meant.hours[1])


def boats_of(answers: Answers) -> maps.Boats | None:
    """Return what the report says of the boats of a study; None where they follow no timetable."""
    study, ferries = answers.study, answers.network.ferries
    if not stages.follows_timetable(study):
        return None
    settings = study.settings.network
    timed = ferries[ferries["timetable"] != ""]
    day = timed["timetable"].iloc[0].split(" ")[0] if len(timed) else settings.timetable.day
    late = timed[timed["note"].str.contains(note("sails_outside_hours"), regex=False)]
    shut = timed[timed["note"].str.contains("no boat for a week", regex=False)]
    drives = ferries["cars"].astype(bool) & (ferries["kind"] == "car ferry")
    files = {f"ferry gtfs {i}": name for i, name in enumerate(settings.ferry_gtfs, start=1)}
    if settings.ferries and timed["note"].str.contains("row .* of the table").any():
        files["ferries"] = settings.ferries
    return maps.Boats(
        day=day,
        hours=settings.timetable.hours,
        files=tuple((what, study.resolve(name).name) for what, name in files.items()),
        timed=len(timed),
        without=_names(ferries[drives & (ferries["timetable"] == "")]),
        late=_names(late),
        people_late=_people_by(answers, late) if len(late) else 0.0,
        shut=_names(shut),
    )


def _names(ferries: pd.DataFrame) -> tuple[str, ...]:
    names = ferries["name"].where(ferries["name"] != "", "way " + ferries["way_id"].astype(str))
    return tuple(dict.fromkeys(names))


def _people_by(answers: Answers, boats: pd.DataFrame) -> float:
    """Return how many people some boats take to the nearest site of a service: theirs is another time without them."""
    study, network = answers.study, answers.network
    edges = ferry_edges(network, *boats["way_id"].unique().tolist())
    forward, backward = network.edge_forward_ds.copy(), network.edge_backward_ds.copy()
    forward[edges] = backward[edges] = -1
    closed = retimed(network, edge_forward_ds=forward, edge_backward_ds=backward)
    hierarchy = stages.contract_or_load(study, closed)
    times = stages.search_nearest(study, hierarchy, answers.snapped, answers.sites).columns()
    other = np.zeros(len(answers.results), np.bool_)
    for key in study.settings.services:
        before, after = (table[f"{key}_s"].to_numpy(float) for table in (answers.results, times))
        other |= ~((before == after) | (np.isnan(before) & np.isnan(after)))
    return float(answers.results["population"].to_numpy()[other].sum())

"""A network whose boats have the waits and crossings of a timetable, on average over the hours of a day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, Network
from geoaccess.phrases import note
from geoaccess.routing.crossings import TimedCrossing, add_crossings
from geoaccess.routing.sailings import QUAY_LIMIT_M, match_departures, sailing_times
from geoaccess.routing.waits import mean_wait

if TYPE_CHECKING:
    from geoaccess.routing.quays import Crossing, Quays
    from geoaccess.routing.sailings import Sailings

__all__ = ["Timetabled", "follow_timetable"]

_COLUMNS = (
    *("ferry", "from_name", "to_name", "source", "sailings", "sailings_of_day", "first_s", "last_s"),
    *("wait_s", "crossing_s", "booked", "assumed"),
)
_NOTED = 4


class Timetabled(NamedTuple):
    """A network that follows a timetable, and what its boats do.

    `sailings` has a row per pair of quays and direction: `ferry`, the quays' names, the `source`; how many `sailings`
    depart within the hours, how many on the whole day, the first and last of the day; the mean wait and the mean time
    across (inf and NaN where whoever comes within the hours may find no boat for a week: closed), how many sailings of
    the day are to be `booked`, and whether it is `assumed` that they take cars. `unknown` names ferries whose quays no
    car ferry of the network joins, `twice` those in more than one timetable, and which one counts.
    """

    network: Network
    sailings: pd.DataFrame
    unknown: list[str]
    twice: dict[str, str]


@checks_arguments
def follow_timetable(
    network: Network,
    departures: pd.DataFrame,
    *,
    between_s: tuple[float, float] = (0.0, DAY_S),
    label: str = "timetable",
    limit_m: float = QUAY_LIMIT_M,
) -> Timetabled:
    """Give boats the mean wait and the mean time across of their departures, over uniform times of coming to the quay.

    Each pair of quays that departures join is a crossing of its own, with the wait for a boat that goes there (see
    `mean_wait`), which may be one on the next morning. A pair on which some who come within the hours find no boat in
    all departures is closed. What no departure names stays as it is.

    Parameters
    ----------
    departures
        As `attach_departures` takes them: of a day and some days after it.
    between_s
        The hours, seconds after midnight; up to 172800 for nights.
    label
        What `Network.ferries` calls the timetable in its column `timetable`.
    limit_m
        How far a quay of the network may be from the one of the timetable.

    Returns
    -------
    The network, whose nodes and edges keep their numbers, with crossings added after them; and what its boats do.

    Raises
    ------
    InputError
        If the hours are none, a column is missing or a boat arrives before it departs.
    """
    if not between_s[1] > between_s[0]:
        raise InputError(f"between_s is {between_s}; it must begin before it ends")
    found = match_departures(network, departures, limit_m=limit_m)
    timed, rows, courses = [], [], []
    for pair in found.pairs:
        means = []
        for course, sailing in ((pair.course, pair.there), (pair.course.turned, pair.back)):
            row = _row(course, sailing, between_s)
            means.append(row)
            if len(sailing):
                rows.append(row)
                courses.append(course)
        timed.append(_timed(found.quays, pair.course, means))
    open_ = [crossing for crossing in timed if max(crossing.across_ds) >= 0]
    made = add_crossings(found.without_timed(), found.quays, open_)
    numbers = dict.fromkeys(("first_s", "last_s", "wait_s", "crossing_s"), "float")
    sailings = pd.DataFrame(rows, columns=[*_COLUMNS]).astype(numbers)
    ferries = _ferries(found, sailings, courses, label)
    return Timetabled(replace(made, ferries=ferries), sailings, found.unknown, found.twice)


def _row(course: Crossing, sailing: pd.DataFrame, between_s: tuple[float, float]) -> dict[str, object]:
    """Return what is known of one direction of a crossing; its wait is inf where nothing sails."""
    departs, arrives, check_in = sailing_times(course, sailing)
    means = mean_wait(departs, arrives, between_s, check_in_s=check_in)
    today = departs < DAY_S
    within = (departs >= between_s[0]) & (departs < between_s[1])
    texts = {name: _text(sailing, name) for name in ("ferry", "from_name", "to_name", "source")}
    sails = sailing["departs_s"].notna().to_numpy()
    booked, assumed = (
        sailing[name].to_numpy(bool)[sails] if name in sailing else np.zeros(departs.size, bool)
        for name in ("booked", "assumed")
    )
    return {
        **texts,
        "sailings": int(within.sum()),
        "sailings_of_day": int(today.sum()),
        "first_s": departs[today].min(initial=np.inf) if today.any() else np.nan,
        "last_s": departs[today].max(initial=0) if today.any() else np.nan,
        "wait_s": means.wait_s,
        "crossing_s": means.crossing_s,
        "booked": int((booked & today).sum()),
        "assumed": bool(assumed.any()),
    }


def _text(sailing: pd.DataFrame, name: str) -> str:
    texts = sailing[name] if name in sailing else pd.Series(dtype="str")
    return " / ".join(dict.fromkeys(str(text) for text in texts if text))


def _timed(quays: Quays, course: Crossing, means: list[dict[str, object]]) -> TimedCrossing:
    board, across = [], []
    for quay, row in zip((course.start, course.end), means, strict=True):
        wait, crossing = float(row["wait_s"]), float(row["crossing_s"])  # type: ignore[arg-type]
        sails = bool(np.isfinite(wait))
        board.append(round(wait * DECISECONDS) + int(quays.queue_ds[quay]) if sails else -1)
        across.append(max(round(crossing * DECISECONDS), 1) if sails else -1)
    return TimedCrossing(course, (board[0], board[1]), (across[0], across[1]))


def _ferries(found: Sailings, sailings: pd.DataFrame, courses: list[Crossing], label: str) -> pd.DataFrame:
    """Return the table of ferries with what the timetable says of each way."""
    network = found.network
    ferries = network.ferries.reset_index(drop=True)
    shares: dict[int, dict[int, float]] = defaultdict(dict)  # by way, of each row of sailings its share in the crossing
    for number, course in enumerate(courses):
        for edge in course.edges:
            way_id = int(network.way_id[network.shape_way[network.shape_ptr[edge]]])
            length = float(network.edge_length_m[edge]) / max(float(network.edge_length_m[[*course.edges]].sum()), 1e-9)
            shares[way_id][number] = shares[way_id].get(number, 0.0) + length
    timed = ferries["way_id"].isin(shares) & ferries["cars"].astype(bool)
    for index in np.flatnonzero(timed).tolist():
        way = int(ferries["way_id"].iloc[index])
        ours, share = sailings.loc[[*shares[way]]], np.array([*shares[way].values()])
        weight = ours["sailings_of_day"].to_numpy(float) + (ours["sailings_of_day"].sum() == 0)
        weight = np.where(np.isfinite(ours["wait_s"]), weight, 0.0)
        for name, values in (("wait_s", ours["wait_s"]), ("crossing_s", ours["crossing_s"] * share)):
            some = weight > 0
            mean = np.average(values[some], weights=weight[some]) if some.any() else np.nan
            ferries.loc[index, name] = mean
        ferries.loc[index, "timetable"] = label
        ferries.loc[index, "sailings"] = float(ours["sailings"].sum())
        ferries.loc[index, "note"] = "; ".join([*_notes(ours), str(ferries.loc[index, "note"])])
    return ferries


def _notes(ours: pd.DataFrame) -> list[str]:
    notes = []
    for row in ours.head(_NOTED).to_dict("records"):
        ends = f"{row['from_name']} - {row['to_name']}" if row["from_name"] and row["to_name"] else str(row["ferry"])
        sails = bool(np.isfinite(row["wait_s"]))
        if sails:
            wait, across = f"{row['wait_s'] / 60:.0f}", f"{row['crossing_s'] / 60:.0f}"
            text = note("by_timetable", ends=ends, source=row["source"], n=row["sailings"], wait=wait, across=across)
        else:
            text = note("no_boat_for_a_week", ends=ends, source=row["source"])
        notes.append(text)
        if sails and not row["sailings"]:
            notes.append(note("sails_outside_hours"))
        if row["booked"]:
            notes.append(note("to_be_booked", n=row["booked"]))
        if row["assumed"]:
            notes.append(note("cars_assumed_by_feed"))
    if len(ours) > _NOTED:
        notes.append(note("more_crossings", n=len(ours) - _NOTED))
    return list(dict.fromkeys(notes))

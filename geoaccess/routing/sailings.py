"""Departures tied to the quays of a network: one rule for profiles of a day and for means over hours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.network import DECISECONDS, Network, retimed
from geoaccess.phrases import note
from geoaccess.routing.crossings import TimedCrossing, add_crossings
from geoaccess.routing.departures import DEPARTURE_COLUMNS
from geoaccess.routing.quays import Crossing, Quays

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["QUAY_LIMIT_M", "Sailed", "SailingPair", "Sailings", "attach_departures", "match_departures"]

QUAY_LIMIT_M = 1500.0
"""How far a quay of the network may be from the one of a timetable."""


class Sailed(NamedTuple):
    """Departures tied to the network.

    `roads` is the network without the boats that have departures; each departure leads from the road node `from_node`,
    where one must be at `leave_ds`, to the road node `to_node`, where one is at `arrive_ds`, sorted by falling
    `leave_ds`. `unknown` names the ferries whose quays no car ferry of the network joins. `closed_edges` are the edges
    of these boats, `timed_edges` those on which a boat of the timetable sails. `twice` names the ferries that sail by
    more than one timetable, and which one counts.
    """

    roads: Network
    from_node: npt.NDArray[np.int32]
    to_node: npt.NDArray[np.int32]
    leave_ds: npt.NDArray[np.int64]
    arrive_ds: npt.NDArray[np.int64]
    unknown: list[str]
    closed_edges: npt.NDArray[np.int64]
    timed_edges: npt.NDArray[np.int64]
    twice: dict[str, str]


class SailingPair(NamedTuple):
    """Two quays that a timetable joins: the course between them, and the departures there and back."""

    course: Crossing
    there: pd.DataFrame
    back: pd.DataFrame


@dataclass(frozen=True)
class Sailings:
    """Departures tied to the quays of a network.

    `closed_edges` are all edges of the ships that have a timetable; `kept` what stays of these as the network has it:
    crossings between quays that no timetable names and the nearest that one does. See `Sailed` for the rest.
    """

    network: Network
    quays: Quays
    pairs: list[SailingPair]
    kept: list[TimedCrossing]
    closed_edges: npt.NDArray[np.int64]
    unknown: list[str]
    twice: dict[str, str]

    @property
    def timed_edges(self) -> npt.NDArray[np.int64]:
        """The edges of the network on which a boat of the timetable sails."""
        return np.unique(np.array([edge for pair in self.pairs for edge in pair.course.edges], np.int64))

    def without_timed(self) -> Network:
        """Return the network without the boats that have departures."""
        network = self.network
        forward, backward = network.edge_forward_ds.copy(), network.edge_backward_ds.copy()
        forward[self.closed_edges] = backward[self.closed_edges] = -1
        shut = retimed(network, edge_forward_ds=forward, edge_backward_ds=backward)
        return add_crossings(shut, self.quays, self.kept)


@checks_arguments
def match_departures(network: Network, departures: pd.DataFrame, *, limit_m: float = QUAY_LIMIT_M) -> Sailings:
    """Find the quays of departures in a network; the parameters are those of `attach_departures`.

    A ship of which a pair of quays has departures sails by them alone, between the pairs they name. A quay of it that
    no departure names is reached as in the network, from the nearest one that is named. Of several timetables for a
    pair of quays the one of the highest `rank` counts; of departures at the same time only one.

    Raises
    ------
    InputError
        If a column is missing or a boat arrives before it departs.
    """
    _check(departures)
    quays = Quays(network)
    found: dict[tuple[int, int], list[pd.DataFrame]] = defaultdict(list)
    courses: dict[tuple[int, int], Crossing] = {}
    names: dict[str, bool] = {}
    assumed = departures["assumed"] if "assumed" in departures else pd.Series(data=False, index=departures.index)
    for place, group in departures.groupby(list(DEPARTURE_COLUMNS[1:5]), sort=True):
        a_lon, a_lat, b_lon, b_lat = np.asarray(place, np.float64).tolist()
        changes = not assumed[group.index].all()
        course = quays.between((a_lon, a_lat), (b_lon, b_lat), limit_m=limit_m, changes=changes)
        for name in group["ferry"].unique():
            names[str(name)] = names.get(str(name), False) or course is not None
        if course is not None:
            key = int(quays.road[course.start]), int(quays.road[course.end])
            found[key].append(group)
            courses.setdefault(key, course)
    twice: dict[str, str] = {}
    pairs = []
    for key in sorted({(min(key), max(key)) for key in found}):
        there, back = (pd.concat(found[one]) if one in found else departures[:0] for one in (key, key[::-1]))
        there, back = _of_highest_rank(there, back, twice)
        course = courses[key] if key in courses else courses[key[::-1]].turned
        pairs.append(SailingPair(course, _once(there), _once(back)))
    closed, kept = _touched(quays, pairs)
    unknown = [name for name, matched in names.items() if not matched]
    return Sailings(network, quays, pairs, kept, closed, unknown, twice)


@checks_arguments
def attach_departures(network: Network, departures: pd.DataFrame, *, limit_m: float = QUAY_LIMIT_M) -> Sailed:
    """Tie departures to the quays of the network, and take the ferries that have departures out of its roads.

    Parameters
    ----------
    departures
        One row per departure: `ferry` (a name), the two quays `from_lon`, `from_lat`, `to_lon`, `to_lat` (degrees),
        `departs_s` and `arrives_s` (seconds after midnight of the day in question, beyond 86400 on the days after it;
        an arrival of NaN means the crossing takes what it takes in the network), and `check_in_s`, how long before
        the departure one must be at the quay. Rows whose `departs_s` is NaN say only that a ferry has a timetable: it
        lies still then. Where there is a column `rank`, of the departures between two quays only those of the highest
        rank count.
    limit_m
        How far a quay of the network may be from the one of the table.

    Raises
    ------
    InputError
        If a column is missing or a boat arrives before it departs.
    """
    found = match_departures(network, departures, limit_m=limit_m)
    quays, parts = found.quays, [np.empty((0, 4))]
    for course, there, back in found.pairs:
        for way, sailing in ((course, there), (course.turned, back)):
            departs, arrives, check_in = sailing_times(way, sailing)
            leave = np.rint((departs - check_in) * DECISECONDS) - quays.queue_ds[way.start]
            arrive = np.maximum(np.rint(arrives * DECISECONDS), np.rint(departs * DECISECONDS) + 1)
            ends = (np.full(len(departs), quays.road[quay]) for quay in (way.start, way.end))
            parts.append(np.column_stack([*ends, leave, arrive + quays.queue_ds[way.end]]))
    table = np.concatenate(parts).astype(np.int64)
    table = table[np.lexsort((table[:, 3], -table[:, 2]))]
    return Sailed(
        roads=found.without_timed(),
        from_node=table[:, 0].astype(np.int32),
        to_node=table[:, 1].astype(np.int32),
        leave_ds=table[:, 2],
        arrive_ds=table[:, 3],
        unknown=found.unknown,
        closed_edges=found.closed_edges,
        timed_edges=found.timed_edges,
        twice=found.twice,
    )


def sailing_times(
    course: Crossing, departures: pd.DataFrame
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return when the boats of a course depart and arrive, and the check-in before: seconds."""
    sailing = departures[departures["departs_s"].notna()]
    departs, arrives, check_in = (sailing[name].to_numpy(float) for name in ("departs_s", "arrives_s", "check_in_s"))
    usual = max(course.forward_ds, 1) / DECISECONDS
    return departs, np.where(np.isnan(arrives), departs + usual, arrives), check_in


def _check(departures: pd.DataFrame) -> None:
    missing = [name for name in DEPARTURE_COLUMNS if name not in departures]
    if missing:
        raise InputError(f"departures: no column {', '.join(missing)}")
    late = departures[departures["arrives_s"] <= departures["departs_s"]]
    if len(late):
        row = late.iloc[0]
        raise InputError(
            f"departures: {len(late)} boats arrive before they depart, the first {row['ferry']} at "
            f"{row['departs_s']:g} s, {row['arrives_s']:g} s"
        )


def _of_highest_rank(
    there: pd.DataFrame, back: pd.DataFrame, twice: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the departures of a pair of quays that count, and say of the others which ones do."""
    both = pd.concat([there, back])
    if "rank" not in both or both["rank"].nunique() < 2:  # noqa: PLR2004 - two timetables
        return there, back
    counts = both["rank"] == both["rank"].max()
    by = ", ".join(dict.fromkeys(both.loc[counts, "source"]))
    twice.update(dict.fromkeys(both.loc[~counts, "ferry"], note("sails_once", source=by)))
    # What a table demands of its passengers holds for the boats of a feed, which knows no check-in.
    check_in = float(both["check_in_s"].max())
    one, other = (
        part[part["rank"] == both["rank"].max()].assign(check_in_s=lambda rows: rows["check_in_s"].clip(lower=check_in))
        for part in (there, back)
    )
    return one, other


def _once(departures: pd.DataFrame) -> pd.DataFrame:
    """Return departures without those that are in two feeds, or of which one stop stands for several."""
    return departures.drop_duplicates(["departs_s", "arrives_s"], ignore_index=True)


def _touched(quays: Quays, pairs: list[SailingPair]) -> tuple[npt.NDArray[np.int64], list[TimedCrossing]]:
    """Return the edges of the ships that have departures, and what stays of them: from and to quays not named."""
    ships: set[int] = set()
    named: set[int] = set()
    of_edge = dict(zip(quays.edges.tolist(), quays.ship_of_edge.tolist(), strict=True))
    for pair in pairs:
        roads = int(quays.road[pair.course.start]), int(quays.road[pair.course.end])
        named |= {*roads}
        ships |= quays.ships_between(*roads) | {of_edge[edge] for edge in pair.course.edges}
    closed = quays.edges[np.isin(quays.ship_of_edge, np.array(sorted(ships), np.int64))]
    usual = {}
    for ship in sorted(ships):
        calls = quays.calls(ship).tolist()
        for place, a in enumerate(calls):
            for b in calls[place + 1 :]:
                roads = int(quays.road[a]), int(quays.road[b])
                if roads[0] != roads[1] and not {*roads} <= named and (crossing := _as_it_is(quays, a, b)):
                    usual[a, b] = roads, crossing
    # Each quay that is not named is tied to the nearest one that is, and to no other: nobody evades a timetable by it.
    nearest: dict[int, tuple[int, int]] = {}
    for roads, crossing in usual.values():
        for one, other in (roads, roads[::-1]):
            if one not in named and other in named:
                offer = max(crossing.across_ds), other
                nearest[one] = min(nearest.get(one, offer), offer)
    tied = {road: other for road, (_, other) in nearest.items()} | {road: road for road in named}
    kept = [crossing for roads, crossing in usual.values() if tied.get(roads[0]) == tied.get(roads[1])]
    return closed.astype(np.int64), kept


def _as_it_is(quays: Quays, a: int, b: int) -> TimedCrossing | None:
    """Return the crossing between two quays with the wait and the time that the network has; None if there is none."""
    there, back = quays.crossing(a, b), quays.crossing(b, a)
    course = there or (back and back.turned)
    if not course:
        return None
    across = there.forward_ds if there else -1, back.forward_ds if back else -1
    return TimedCrossing(course, (int(quays.board_ds[a]), int(quays.board_ds[b])), across)

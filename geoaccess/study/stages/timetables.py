"""The timetables of a study: which day is meant, what sails on it, and the network that follows it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.defaults import DAY_S
from geoaccess.errors import InputError
from geoaccess.osm import read_ferry_table, read_profile
from geoaccess.phrases import note, text
from geoaccess.routing import FerryFeed, Timetabled, departures_on, follow_timetable, read_ferry_feed
from geoaccess.study.settings.timetable import WEEKDAYS, day_of

if TYPE_CHECKING:
    from geoaccess.network import Network
    from geoaccess.osm import FerryRow
    from geoaccess.phrases import Writer
    from geoaccess.study.settings.study_file import Study

__all__ = [
    "Timetables",
    "check_timetables",
    "describe_timetables",
    "follows_timetable",
    "limit_m_of",
    "lost_ferry_rows",
    "read_timetables",
    "timetable_of",
    "timetabled",
    "without_timetable",
]

_BY_TIMETABLE = ("planned", "unplanned", "observed")
_ANY_WEEK = dt.date(2024, 1, 1)  # a Monday, for tables of ferries without seasons


@dataclass(frozen=True)
class Timetables:
    """What a study knows of sailings: the rows of its table of ferries, and its GTFS feeds."""

    study: Study
    rows: list[FerryRow]
    feeds: list[FerryFeed]

    def day(self, name: str) -> tuple[dt.date, str]:
        """Return the date that is meant by a date or a day of the week, and what to call it.

        A day of the week is the first one that all feeds hold (on or after `when` in [network], where that is given)
        of those with the most common number of sailings: an ordinary one, no holiday.

        Raises
        ------
        InputError
            If a feed does not hold the date, or none is such a day.
        """
        date = day_of(name)
        if date is not None:
            for feed in self.feeds:
                feed.require(date)
            return date, date.isoformat()
        weekday = WEEKDAYS.index(name)
        when = self.study.settings.network.when
        if not self.feeds:
            if when is None and any(row.season.between for row in self.rows):
                raise InputError(
                    f'{self.study.path}: the table of ferries has seasons, so "{name}" does not say which sail; give a '
                    "date, or the season by when in [network]"
                )
            first = when.date() if when is not None else _ANY_WEEK
            date = first + dt.timedelta(days=(weekday - first.weekday()) % len(WEEKDAYS))
            return date, date.isoformat() if when is not None else name
        held = set.intersection(*(set(feed.dates) for feed in self.feeds))
        days = [day for day in sorted(held) if day.weekday() == weekday and (when is None or day >= when.date())]
        if not days:
            since = f" on or after {when.date()}" if when is not None else ""
            raise InputError(f"{self.study.path}: no {name}{since} is in the calendars of all feeds of ferry_gtfs")
        sailings = [sum(len(feed.trips_on(day)) for feed in self.feeds) for day in days]
        often = Counter(sailings)
        most = max(often, key=lambda count: (often[count], count))
        date = days[sailings.index(most)]
        return date, date.isoformat()

    def departures(self, ferries: pd.DataFrame, day: dt.date) -> tuple[pd.DataFrame, dict[str, str]]:
        """Return the sailings with cars of a date and the days after it, and what is left out or assumed, and why.

        `ferries` is that of the network, for rows of the table that name a way.
        """
        departures, left_out = departures_on(self.rows, ferries, day)
        tables = [departures, *(feed.departures(day) for feed in self.feeds)]
        if self.feeds:
            # A row without departures is no word about a ferry that a feed has.
            left_out = {name: why for name, why in left_out.items() if why != note("no_departures")}
        for feed in self.feeds:
            left_out |= {**feed.without_cars, **feed.assumed}
        filled = [table for table in tables if len(table)]
        return pd.concat(filled, ignore_index=True) if filled else departures, left_out


def read_timetables(study: Study) -> Timetables:
    """Read the table of ferries and the GTFS feeds of a study.

    Raises
    ------
    InputError
        If the study names neither, or as for reading them.
    """
    settings = study.settings.network
    if not (settings.ferries or settings.ferry_gtfs):
        raise InputError(
            f"{study.path}: no timetable; name a table of ferries with departures in [network] ferries "
            f"(`geoaccess ferries {study.path} --write FILE` begins one), or GTFS feeds in [network] ferry_gtfs"
        )
    rows = read_ferry_table(study.ferries) if study.ferries else []
    return Timetables(study, rows, [read_ferry_feed(study.resolve(name)) for name in settings.ferry_gtfs])


def follows_timetable(study: Study) -> bool:
    """Return whether the boats of a study's network follow a timetable.

    A profile with rules of its own for boats does not: a vessel that is called out, no waits, or those of Statistics
    Norway.
    """
    return study.settings.network.wait == "timetable" and read_profile(study.profile).ferry.wait in _BY_TIMETABLE


def check_timetables(study: Study) -> Timetables | None:
    """Read the timetables of a study, None where it has none.

    Raises
    ------
    InputError
        If one cannot be read, or does not hold the day that the network is to follow.
    """
    settings = study.settings.network
    rows = read_ferry_table(study.ferries) if study.ferries else []
    if not (settings.ferry_gtfs or any(row.sailings for row in rows)):
        return None
    timetables = read_timetables(study)
    if settings.wait == "timetable":
        timetables.day(settings.timetable.day)
    return timetables


def lost_ferry_rows(study: Study, network: Network, writer: Writer) -> list[str]:
    """Name the rows of the table of ferries whose way or relation is no ferry of the network, a line each.

    A row that gives its quays is about the boats between these then.
    """
    lines = []
    known = {name: set(network.ferries[name]) for name in ("way_id", "relation_id")}
    for row in read_ferry_table(study.ferries) if study.ferries else []:
        ids = {name: number for name in known if (number := getattr(row, name))}
        if ids and row.ends is None and not any(number in known[name] for name, number in ids.items()):
            name = ", ".join(f"{name} {number}" for name, number in ids.items())
            why = writer.note(note("no_such_ferry"))
            lines.append(writer.text("c_row_left_out", path=study.ferries, row=row.row, name=name, why=why))
    return lines


def describe_timetables(study: Study, timetables: Timetables | None, network: Network, writer: Writer) -> list[str]:
    """Say what sails with cars on the day of a study, nothing where no day is meant and the network follows none.

    The boats of the network say between which quays a row of the table sails that names them.
    """
    settings = study.settings.network
    lines: list[str] = []
    if timetables is None:
        return lines
    if settings.wait == "timetable" and not follows_timetable(study):
        lines.append(writer.text("c_timetable_own_rule", profile=settings.profile))
    try:
        day, name = timetables.day(settings.timetable.day)
    except InputError:
        return lines
    departures, left_out = timetables.departures(network.ferries, day)
    begin, end = settings.timetable.between_s
    today = departures["departs_s"].lt(DAY_S)
    hours = departures["departs_s"].between(begin, end, inclusive="left")
    numbers = {"n": writer.people(int(today.sum())), "hours": writer.people(int(hours.sum()))}
    ends = dict(zip(("begin", "end"), settings.timetable.hours, strict=True))
    lines.append(writer.text("c_timetable", day=writer.day(name), **numbers, **ends))
    booked = int((departures["booked"] & today).sum())
    lines += [writer.text("c_to_be_booked", n=booked)] if booked else []
    told = {note("no_departures"), note("no_such_ferry")}  # the rows of the latter are named with their file
    named = {name: why for name, why in left_out.items() if why not in told}
    return lines + [writer.text("c_left_out", name=name, why=writer.note(why)) for name, why in named.items()]


def without_timetable(study: Study) -> Study:
    """Return a study whose boats have the waits of its profile."""
    network = study.settings.network.model_copy(update={"wait": "profile"})
    return replace(study, settings=study.settings.model_copy(update={"network": network}))


def limit_m_of(study: Study) -> float:
    """Return how far a quay of a timetable may be from one of the network."""
    return read_profile(study.profile).ferry.terminal_m


def timetable_of(study: Study, network: Network, timetables: Timetables) -> tuple[Timetabled, str, dict[str, str]]:
    """Return a network of a study as it follows its timetable, the day and hours, and what is left out, and why."""
    settings = study.settings.network.timetable
    day, name = timetables.day(settings.day)
    departures, left_out = timetables.departures(network.ferries, day)
    label = f"{name} {'-'.join(settings.hours)}"
    found = follow_timetable(network, departures, between_s=settings.between_s, label=label, limit_m=limit_m_of(study))
    left_out |= dict.fromkeys(found.unknown, text(study.settings.language, "terminal.quays_apart"))
    return found, label, left_out | found.twice


def timetabled(study: Study, network: Network) -> Network:
    """Return the network of a study with its boats by timetable, and counts of what came of it."""
    found, _, _ = timetable_of(study, network, read_timetables(study))
    ferries = found.network.ferries
    timed = ferries["timetable"] != ""
    drives = (ferries["kind"] == "car ferry") & ferries["cars"].astype(bool)
    counts = {
        "ferries_by_timetable": int(timed.sum()),
        "ferries_without_timetable": int((drives & ~timed).sum()),
        "ferries_outside_hours": int((timed & ferries["sailings"].eq(0) & np.isfinite(ferries["wait_s"])).sum()),
        "ferries_without_boat": int((timed & ~np.isfinite(ferries["wait_s"])).sum()),
        "ferries_in_two_timetables": len(found.twice),
        "sailings_to_be_booked": int(found.sailings["booked"].sum()),
    }
    return replace(found.network, counts=found.network.counts | counts)

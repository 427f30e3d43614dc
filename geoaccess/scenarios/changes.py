"""Scenarios: changes to sites, roads, ferries and people, as data."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from geoaccess.arguments import checks_arguments
from geoaccess.bounds import Count, Id, Lat, Lon, ProfileName, Year
from geoaccess.errors import InputError
from geoaccess.phrases import Text, joined_texts
from geoaccess.services import slug
from geoaccess.toml import Field, LocalName, LocalNote, Table, field_validator, model_validator, read_in

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MOST_FACTOR",
    "PLAIN",
    "AddSite",
    "Boats",
    "ChangeSite",
    "Close",
    "MoveSite",
    "NamedSite",
    "NetworkChange",
    "PopulationChange",
    "RemoveSite",
    "Scenario",
    "Slow",
    "Storm",
    "TimetableChange",
    "combine",
    "site_label",
]

MOST_FACTOR = 100
"""What takes longer than so many times as long is closed."""
Days = Annotated[float, Field(ge=0, le=7)]
Name = Annotated[str, Field(min_length=1, max_length=1000)]
Point = tuple[Lon, Lat]
What = Literal["roads", "ferries", "all"]

PLAIN = ("days_per_week", "capacity", "level", "opening")
"""What a change may say of a site, and an added site may have, beside who is `allowed`."""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_FEWEST_CORNERS = 3


class AddSite(Table):
    """[[add]]: a new site; its id is `site`, or made of service and name."""

    service: Name
    name: LocalName = Text()
    lon: Lon
    lat: Lat
    site: Name | None = None
    days_per_week: Days | None = None
    capacity: Count | None = None
    level: str | None = None
    opening: Name | None = None


class NamedSite(Table):
    """A site of the study: `site` is its id or its name, `name` what it is called, which is checked where both stand.

    A name that several sites of the service have is written with the municipality: "Legekontoret (Senja)".
    """

    service: Name
    site: Name = ""
    name: str = ""

    @model_validator(mode="after")
    def _says_which(self) -> NamedSite:
        if not (self.site or self.name):
            raise ValueError("says not which: give site, its id or its name")
        return self


class RemoveSite(Table):
    """[[remove]]: a site that is no more; or with `place` all services that stand at that place."""

    service: Name = ""
    site: Name = ""
    name: str = ""
    place: Name = ""

    @model_validator(mode="after")
    def _says_which(self) -> RemoveSite:
        if self.place and (self.service or self.site or self.name):
            raise ValueError("place takes every service that stands there; give service and site instead for one")
        if not self.place and not (self.service and (self.site or self.name)):
            raise ValueError("says not which: give service and site, or place for all services that stand there")
        return self


class MoveSite(NamedSite):
    """[[move]]: a site that is somewhere else."""

    lon: Lon
    lat: Lat


class ChangeSite(NamedSite):
    """[[change]]: a site with other days, capacity, level, opening hours, or other people allowed."""

    days_per_week: Days | None = None
    capacity: Count | None = None
    level: str | None = None
    opening: Name | None = None
    allowed: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> ChangeSite:
        if all(getattr(self, name) is None for name in (*PLAIN, "allowed")):
            raise ValueError(f"says nothing to change; give {', '.join(PLAIN)} or allowed")
        return self


class Close(Table):
    """[[close]]: roads and ferries, by the id or name of their ways or by a polygon, that are closed."""

    osm_id: Id | None = None
    name: Name | None = None
    polygon: Name | tuple[Point, ...] | None = None
    what: What = "all"

    @field_validator("polygon")
    @classmethod
    def _corners(cls, polygon: Any) -> Any:
        if isinstance(polygon, tuple) and len(polygon) < _FEWEST_CORNERS:
            raise ValueError(f"has {len(polygon)} corners; give [lon, lat] of {_FEWEST_CORNERS} or more, or a file")
        return polygon

    @model_validator(mode="after")
    def _one_selector(self) -> Close:
        named = [name for name in ("osm_id", "name", "polygon") if getattr(self, name) is not None]
        if len(named) > 1:
            raise ValueError(f"has {' and '.join(named)}; give one of them, and a table for each")
        if not named and self.what != "ferries":
            raise ValueError('says not which: give osm_id, name or polygon (what = "ferries" alone means all ferries)')
        return self


class Slow(Close):
    """[[slow]]: roads and ferries that take `factor` times as long."""

    factor: Annotated[float, Field(ge=1, le=MOST_FACTOR)]


class Boats(Table):
    """[boats]: no boat departs at or after an hour."""

    cancel_after: str

    @field_validator("cancel_after")
    @classmethod
    def _is_clock(cls, clock: str) -> str:
        if not _CLOCK.fullmatch(clock):
            raise ValueError('write an hour of the day as "20:00"')
        return clock

    @property
    def cancel_after_s(self) -> float:
        """Seconds after midnight."""
        hour, minute = self.cancel_after.split(":")
        return dt.timedelta(hours=int(hour), minutes=int(minute)).total_seconds()


class TimetableChange(Table):
    """[network.timetable]: another day, or other hours, of the timetable that boats follow, as in a study."""

    day: Name | None = None
    hours: tuple[Name, Name] | None = None

    @field_validator("day", mode="before")
    @classmethod
    def _as_text(cls, day: Any) -> Any:
        return day.isoformat() if isinstance(day, dt.date) else day


class NetworkChange(Table):
    """[network]: another profile, such as car_winter, or boats by timetable, or by another day of it."""

    profile: ProfileName | None = None
    wait: Literal["profile", "timetable"] | None = None
    timetable: TimetableChange | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> NetworkChange:
        if self.profile is None and self.wait is None and self.timetable is None:
            raise ValueError("says nothing to change; give profile, wait or timetable")
        return self


class Storm(Table):
    """[storm]: no ferry sails, and the passes named (name or id of their ways) are closed."""

    passes: tuple[Id | Name, ...] = ()


class PopulationChange(Table):
    """[population]: other people: another column of the study's table, or another table of the same form."""

    year: Year | None = None
    column: Name | None = None
    file: Name | None = None

    @model_validator(mode="after")
    def _says_whose(self) -> PopulationChange:
        if self.column is None and self.file is None:
            raise ValueError("give the column, or the file, that holds the people of the year")
        return self


class Scenario(Table):
    """Changes to a study, as data: frozen, and equal where the changes are equal.

    Within one scenario sites are added first, then moved, changed and removed; roads are slowed, then closed. Made by
    `read_scenario`, by `combine`, or as here.

    Attributes
    ----------
    title, description
        Its name, and what it is about.
    study
        The title of the study it was made for, "" for any. In another study it holds only where every site it names is
        found there by name.
    add, remove, move, change
        Changes to sites.
    close, slow, storm, boats, network
        Changes to roads and ferries.
    population
        Other people.

    Examples
    --------
    >>> from geoaccess.scenarios import Scenario
    >>> Scenario(title="No boats", storm={"passes": []}).storm
    Storm(passes=())
    """

    title: Annotated[LocalName, Field(min_length=1)]
    description: LocalNote = Text()
    study: str = ""
    add: tuple[AddSite, ...] = ()
    remove: tuple[RemoveSite, ...] = ()
    move: tuple[MoveSite, ...] = ()
    change: tuple[ChangeSite, ...] = ()
    close: tuple[Close, ...] = ()
    slow: tuple[Slow, ...] = ()
    boats: Boats | None = None
    network: NetworkChange | None = None
    storm: Storm | None = None
    population: PopulationChange | None = None

    @property
    def closes(self) -> tuple[Close, ...]:
        """All that is closed, by the storm too."""
        if self.storm is None:
            return self.close
        passes = (
            Close(osm_id=which, what="roads") if isinstance(which, int) else Close(name=which, what="roads")
            for which in self.storm.passes
        )
        return (*self.close, Close(what="ferries"), *passes)

    def in_language(self, language: str) -> Scenario:
        """Return the scenario with its texts in a language, as far as they are written in it.

        Raises
        ------
        InputError
            If there is no catalogue of that language.

        Examples
        --------
        >>> Scenario(title={"en": "Storm", "nb": "Uvær"}).in_language("nb").title
        'Uvær'
        """
        return read_in(self, language)

    @property
    def changes_sites(self) -> bool:
        """Whether it changes sites."""
        return bool(self.add or self.remove or self.move or self.change)


@checks_arguments
def site_label(site: AddSite) -> str:
    """Return the id of an added site.

    >>> site_label(AddSite(service="gp", name="Husøy i Senja", lon=17.67, lat=69.54))
    'gp-husoy-i-senja'
    """
    if site.site is not None:
        return site.site
    name = Text(site.name).first  # an id is the same in every language
    return f"{site.service}-{slug(name) or f'{site.lon:.4f}-{site.lat:.4f}'}"


@checks_arguments
def combine(*scenarios: Scenario, title: str | None = None) -> Scenario:
    """Put scenarios one after the other: what a later one says of the same thing holds.

    Roads slowed twice are slowed by the product; passes of storms and closed roads add up; of profiles, hours and
    populations the last one counts.

    Raises
    ------
    InputError
        If a later scenario adds, moves, changes or removes a site that an earlier one removed, or adds one of an id
        that an earlier one added; if they are for different studies.

    Examples
    --------
    >>> one = Scenario(title="Storm", storm={})
    >>> two = Scenario(title="Winter", network={"profile": "car_winter"})
    >>> combine(one, two).title
    'Storm + Winter'
    """
    if not scenarios:
        raise InputError("combine: there is no scenario")
    problems = _clashes(scenarios)
    if problems:
        raise InputError.listing("combine", problems)
    storms = [scenario.storm for scenario in scenarios if scenario.storm is not None]
    passes = dict.fromkeys(which for storm in storms for which in storm.passes)
    parts: dict[str, Any] = {
        name: tuple(item for scenario in scenarios for item in getattr(scenario, name))
        for name in ("add", "remove", "move", "change", "close", "slow")
    }
    for name in ("boats", "network", "population"):
        given = [getattr(scenario, name) for scenario in scenarios if getattr(scenario, name) is not None]
        parts[name] = given[-1] if given else None
    return Scenario(
        title=title or joined_texts(" + ", (scenario.title for scenario in scenarios)),
        description=joined_texts("\n", (one.description for one in scenarios if one.description)),
        study=next((scenario.study for scenario in scenarios if scenario.study), ""),
        storm=Storm(passes=tuple(passes)) if storms else None,
        **parts,
    )


def _written(item: NamedSite | RemoveSite) -> str:
    return item.site or item.name or getattr(item, "place", "")


def _clashes(scenarios: Sequence[Scenario]) -> list[str]:
    gone: dict[str, str] = {}
    added: dict[str, str] = {}
    problems = []
    studies = list(dict.fromkeys(scenario.study for scenario in scenarios if scenario.study))
    if len(studies) > 1:
        problems.append(f"the scenarios are for different studies: {', '.join(map(repr, studies))}")
    for scenario in scenarios:
        for what, items in (("moves", scenario.move), ("changes", scenario.change), ("removes", scenario.remove)):
            problems += [
                f'"{scenario.title}" {what} {_written(item)}, which "{gone[_written(item)]}" removes'
                for item in items
                if _written(item) in gone
            ]
        for item in scenario.add:
            label = site_label(item)
            before = gone.get(label) or added.get(label)
            if before is not None:
                problems.append(f'"{scenario.title}" adds {label}, as "{before}" names another; give it another id')
            added[label] = scenario.title
        gone |= {_written(item): scenario.title for item in scenario.remove}
    return problems

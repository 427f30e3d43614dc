"""[demand]: of what age people are, where they will be and are in a season, and how often they need care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from geoaccess.bounds import Year
from geoaccess.study.settings.names import folded, said_twice
from geoaccess.toml import Table, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.study.settings.config_sections import ServiceSettings

__all__ = [
    "EVENTS",
    "AgesSettings",
    "ContactsSettings",
    "DemandSettings",
    "EventsSettings",
    "ProjectionSettings",
    "SeasonSettings",
]

EVENTS = ("calls", "births", "contacts", "journeys")
"""What happens so many times a year in a cell, which a service may be asked about in place of people."""


MOST_PER_PERSON = 100.0
"""Calls or births per person and year, at most."""

Span = Annotated[list[Annotated[int, Field(ge=0, le=200)]], Field(min_length=1, max_length=2)]
"""First and last age; the first alone has no last one."""


class AgesSettings(Table):
    """[demand.ages]: groups of people in each municipality, as shares or as numbers."""

    file: str
    zone: str = "kommunenummer"
    group: str = "group"
    share: str | None = None
    people: str | None = None
    groups: dict[str, str] = {}
    of: dict[str, str] = {}

    @model_validator(mode="after")
    def _one(self) -> AgesSettings:
        if (self.share is None) == (self.people is None):
            raise ValueError("name the column of shares (share = ...) or of people (people = ...), one of them")
        return self


class ProjectionSettings(Table):
    """[demand.projection]: people of each municipality by age in later years."""

    file: str
    years: Annotated[list[Year], Field(min_length=1)]
    zone: str = "kommunenummer"
    age: str = "age"
    year: str = "year"
    people: str = "people"
    groups: dict[str, Span] = {}
    pattern: dict[str, Span] = {}


class SeasonSettings(Table):
    """[demand.season]: who stays where in a season."""

    file: str
    names: Annotated[list[str], Field(min_length=1)]
    weights: str | None = None
    to_zone: str | None = None


class ContactsSettings(Table):
    """[demand.contacts]: how often people of each age need a service, and how often by video."""

    file: str
    services: Annotated[list[str], Field(min_length=1)]


class EventsSettings(Table):
    """[demand.calls], [demand.births]: how many a year are expected in each cell, by one of four sources.

    A `column` of the population table; a `file` with a row per municipality, whose `per_year` is shared out like the
    people of `of`; `rates` per person of each group and year; or one rate for everybody, `per_person`.
    """

    column: str | None = None
    file: str | None = None
    rates: str | None = None
    per_person: Annotated[float, Field(ge=1e-9, le=MOST_PER_PERSON)] | None = None
    zone: str = "kommunenummer"
    per_year: str = "per_year"
    of: str = "population"

    @model_validator(mode="after")
    def _one(self) -> EventsSettings:
        if sum(one is not None for one in (self.column, self.file, self.rates, self.per_person)) != 1:
            raise ValueError(
                'give one of column = "..." (of the population table), file = "..." (a row per municipality), '
                'rates = "..." (per person of a group) and per_person = 0.1'
            )
        if self.file is None and {"zone", "per_year"} & self.model_fields_set:
            raise ValueError("zone and per_year are columns of a file; give file, or take them out")
        return self


class DemandSettings(Table):
    """[demand]: what is computed of people beside their number."""

    ages: AgesSettings | None = None
    projection: ProjectionSettings | None = None
    season: SeasonSettings | None = None
    contacts: ContactsSettings | None = None
    calls: EventsSettings | None = None
    births: EventsSettings | None = None

    @property
    def events(self) -> dict[str, EventsSettings]:
        """What is expected so many times a year, by name."""
        return {name: one for name, one in (("calls", self.calls), ("births", self.births)) if one is not None}

    @property
    def files(self) -> dict[str, str]:
        """The files that are read, by what they are for."""
        parts = {"ages": self.ages, "projection": self.projection, "season": self.season, "contacts": self.contacts}
        found = {what: part.file for what, part in parts.items() if part is not None}
        return found | {what: file for what, one in self.events.items() if (file := one.file or one.rates)}

    @property
    def columns(self) -> list[str]:
        """The columns of the population table that are used."""
        named = [self.season.weights, self.season.to_zone] if self.season else []
        named += [one.column for one in self.events.values()]
        return [name for name in named if name is not None]

    def names_with(self, today: list[str]) -> list[str]:
        """Return the names of groups of today with those of later years and of seasons, which the tables add."""
        later = self.projection
        years = [f"{name}_{year}" for name in later.groups for year in later.years] if later else []
        years += [str(year) for year in later.years] if later else []
        return [*today, *years, *(self.season.names if self.season else [])]

    def problems(self, services: Mapping[str, ServiceSettings], ages: Mapping[str, str]) -> list[str]:
        """Say what does not fit the services and the ages of the grid, or each other."""
        found = []
        grid, shared = [*ages], []
        if self.ages:
            shared = [*self.ages.groups]
            found += [
                f'[demand.ages] of.{key} names "{name}"{did_you_mean(name, grid)}'
                for key, name in self.ages.of.items()
                if name not in grid
            ]
        if self.projection:
            known = [*grid, *shared]
            if not (self.ages and not shared):  # without groups, the names are those of the file
                found += [
                    f"[demand.projection] pattern.{name} is no group of people{did_you_mean(name, known)}"
                    for name in self.projection.pattern
                    if name not in known
                ]
        names = self.names_with([*grid, *shared])
        found += [
            f'people "{name}" are asked for twice; give each group, year and season its own name'
            for name in dict.fromkeys(said_twice(names))
        ]
        found += [
            f'people "{name}": write the name with letters, digits and "_"'
            for name in dict.fromkeys(names)
            if not name or not f"p_{name}".isidentifier()
        ]
        found += [
            f'people "{name}" is the name of what happens so often a year; give the group another name'
            for name in dict.fromkeys(names)
            if folded(name) in EVENTS
        ]
        found += self._asked_of(services)
        for key in self.contacts.services if self.contacts else ():
            if key not in services:
                found.append(f'[demand.contacts] names the service "{key}"{did_you_mean(key, services)}')
            elif services[key].direction == "to_people":
                found.append(f"[demand.contacts] {key} comes to the people; name services that they travel to")
        return found

    def _asked_of(self, services: Mapping[str, ServiceSettings]) -> list[str]:
        """Say which services are asked about calls, births or journeys that the study does not count."""
        counted = [*self.events, *(("contacts", "journeys") if self.contacts else ())]
        return [
            f'[services.{key}] people = "{service.people}" asks for a table [demand.{_TABLE_OF[service.people]}]'
            for key, service in services.items()
            if service.people in EVENTS and service.people not in counted
        ]


_TABLE_OF = {"calls": "calls", "births": "births", "contacts": "contacts", "journeys": "contacts"}

"""[demand]: of what age people are, where they will be and are in a season, and how often they need care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from geoaccess.toml import Table, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.study.settings.config_sections import ServiceSettings

__all__ = ["AgesSettings", "ContactsSettings", "DemandSettings", "ProjectionSettings", "SeasonSettings"]

Span = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=2)]
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
    years: Annotated[list[int], Field(min_length=1)]
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


class DemandSettings(Table):
    """[demand]: what is computed of people beside their number."""

    ages: AgesSettings | None = None
    projection: ProjectionSettings | None = None
    season: SeasonSettings | None = None
    contacts: ContactsSettings | None = None

    @property
    def files(self) -> dict[str, str]:
        """The files that are read, by what they are for."""
        parts = {"ages": self.ages, "projection": self.projection, "season": self.season, "contacts": self.contacts}
        return {what: part.file for what, part in parts.items() if part is not None}

    @property
    def columns(self) -> list[str]:
        """The columns of the population table that are used."""
        named = (self.season.weights, self.season.to_zone) if self.season else ()
        return [name for name in named if name is not None]

    def problems(self, services: Mapping[str, ServiceSettings], ages: Mapping[str, str]) -> list[str]:
        """Say what does not fit the services and the ages of the grid, or each other."""
        found = []
        grid, shared, projection = [*ages], [], []
        if self.ages:
            shared = [*self.ages.groups]
            found += [
                f'[demand.ages] of.{key} names "{name}"{did_you_mean(name, grid)}'
                for key, name in self.ages.of.items()
                if name not in grid
            ]
        if self.projection:
            known = [*grid, *shared]
            projection = [f"{name}_{year}" for name in self.projection.groups for year in self.projection.years]
            projection += [str(year) for year in self.projection.years]
            if not (self.ages and not shared):  # without groups, the names are those of the file
                found += [
                    f"[demand.projection] pattern.{name} is no group of people{did_you_mean(name, known)}"
                    for name in self.projection.pattern
                    if name not in known
                ]
        seasons = self.season.names if self.season else []
        names = [*grid, *shared, *projection, *seasons]
        found += [
            f'people "{name}" are asked for twice; give each group, year and season its own name'
            for name in dict.fromkeys(name for name in names if names.count(name) > 1)
        ]
        found += [
            f'people "{name}": write the name with letters, digits and "_"'
            for name in dict.fromkeys(names)
            if not f"p_{name}".isidentifier()
        ]
        for key in self.contacts.services if self.contacts else ():
            if key not in services:
                found.append(f'[demand.contacts] names the service "{key}"{did_you_mean(key, services)}')
            elif services[key].direction == "to_people":
                found.append(f"[demand.contacts] {key} comes to the people; name services that they travel to")
        return found

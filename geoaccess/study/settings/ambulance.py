"""[ambulance]: what a study may say of the ambulance chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, field_validator, model_validator

from geoaccess.bounds import Minutes, PositiveCount, ProfileName, Tags
from geoaccess.measures.figures import CRAFTS
from geoaccess.shipped import own_or_shipped, shipped
from geoaccess.toml import Table, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUSY", "AmbulanceSettings", "BuiltUp", "Craft", "Places", "PortCraft"]

BUSY = "busy"
_OURS = ("response", "treatment", "busy", "fastest", "dependable", *CRAFTS)


class Places(Table):
    """Where craft stand or land: a file of sites, a service of the study, or features of the extract by their tags."""

    file: str | None = None
    service: str | None = None
    tags: list[Tags] = []
    with_names: list[str] = []

    @model_validator(mode="after")
    def _one(self) -> Places:
        if sum(map(bool, (self.file, self.service, self.tags))) != 1:
            raise ValueError('give one of file = "...", service = "..." and tags = [{ key = "value" }]')
        if self.with_names and not self.tags:
            raise ValueError("with_names chooses among features with tags; give tags")
        return self


class Craft(Table):
    """[ambulance.helicopter]: it lands beside the patient and the site."""

    stations: Places

    @property
    def places(self) -> dict[str, Places]:
        """All its places, by what they are."""
        return {"stations": self.stations}


class PortCraft(Craft):
    """[ambulance.boat] and [ambulance.aeroplane]: they need a quay or an airport, and a road to the patient."""

    ports: Places
    road_min: Minutes = 60.0

    @property
    def places(self) -> dict[str, Places]:
        """All its places, by what they are."""
        return {"stations": self.stations, "ports": self.ports}


class BuiltUp(Table):
    """[ambulance.built_up]: a column of the population table, or the size and density of settlements."""

    column: str | None = None
    people: PositiveCount = 10_000.0
    people_per_km2: PositiveCount = 200.0


_MOST = 1e9


class AmbulanceSettings(Table):
    """[ambulance]: from the call to the patient, to treatment, and back."""

    base: str
    site: str
    profile: ProfileName | None = None
    figures: str | None = None
    built_up: BuiltUp = BuiltUp()
    availability: float | str = 1.0
    calls: float | str | None = None
    vehicles: float | str = 1.0
    bases: Annotated[int, Field(ge=2, le=1000)] = 5
    probability: Annotated[float, Field(ge=0.001, le=1)] = 0.95
    helicopter: Craft | None = None
    boat: PortCraft | None = None
    aeroplane: PortCraft | None = None

    @field_validator("availability", "calls", "vehicles", mode="before")
    @classmethod
    def _number_or_name(cls, value: object) -> object:
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float, str))):
            raise ValueError("write a number, or the name of a column")
        return value

    @field_validator("availability", "calls", "vehicles")
    @classmethod
    def _in_range(cls, value: float | str | None) -> float | str | None:
        if isinstance(value, float) and value < 0:
            raise ValueError("write a number of 0 or more")
        if isinstance(value, float) and value > _MOST:
            raise ValueError(f"write a number of {_MOST:,.0f} at most")
        return value

    @model_validator(mode="after")
    def _together(self) -> AmbulanceSettings:
        problems = []
        if isinstance(self.availability, float) and self.availability > 1:
            problems.append(f"availability is {self.availability:g}; write a share from 0 to 1")
        if self.vehicles == 0:
            problems.append("vehicles is 0; every base has one, or leave the base out")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def crafts(self) -> dict[str, Craft]:
        """What does not follow the roads, by the name of its mode."""
        named = {mode: getattr(self, mode) for mode in type(self).model_fields if mode in CRAFTS}
        return {mode: craft for mode, craft in named.items() if craft is not None}

    @property
    def tags(self) -> list[list[dict[str, str]]]:
        """The rules by which features of the extract are stations and ports."""
        return [places.tags for craft in self.crafts.values() for places in craft.places.values() if places.tags]

    @property
    def columns(self) -> list[str]:
        """The columns of the population table that are used."""
        return [name for name in (self.built_up.column, self.calls) if isinstance(name, str)]

    @property
    def site_columns(self) -> dict[str, str]:
        """The columns of the bases that are used, and the key that names each."""
        named = {"availability": self.availability, "vehicles": self.vehicles}
        return {value: key for key, value in named.items() if isinstance(value, str) and value != BUSY}

    @property
    def files(self) -> dict[str, str]:
        """The files that are read, by what they are for."""
        found = {"ambulance figures": self.figures or str(shipped("figures/ambulance.toml"))}
        if self.profile:
            found["ambulance profile"] = str(own_or_shipped("profiles", self.profile))
        for mode, craft in self.crafts.items():
            for what, places in craft.places.items():
                if places.file:
                    found[f"{mode} {what}"] = places.file
        return found

    def problems(self, services: Mapping[str, str]) -> list[str]:
        """Say what does not fit the services of the study, given which way each goes."""
        named = {"base": self.base, "site": self.site}
        for mode, craft in self.crafts.items():
            named |= {f"{mode} {what}": places.service for what, places in craft.places.items() if places.service}
        found = [
            f'[ambulance] {what} names the service "{key}"{did_you_mean(key, services)}'
            for what, key in named.items()
            if key not in services
        ]
        for what, key, way in (("base", self.base, "cells"), ("site", self.site, "sites")):
            if services.get(key, way) != way:
                found.append(f'[ambulance] {what} = "{key}" needs a service with toward = "{way}"')
        return found + [
            f"[services.{key}]: give it another key; [ambulance] makes columns of that name"
            for key in services
            if key.removeprefix("ambulance_").split("_")[0] in _OURS and key.startswith("ambulance_")
        ]

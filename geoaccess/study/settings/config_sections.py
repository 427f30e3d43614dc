"""What a study file may ask for beside the nearest site: zonings, opening, rules, catchments, intervals, staff."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, NaiveDatetime, field_validator, model_validator

from geoaccess import files
from geoaccess.bounds import MOST_ID, Day, Distance, Minutes, Wait, of_our_calendar
from geoaccess.defaults import (
    EQUITY_DRAWS,
    MAX_NEAREST_M,
    ONWARD_SHARE,
    OPENING_STEP_MIN,
    RAAM_TAU_MIN,
    REFERRAL_STAY_MIN,
)
from geoaccess.measures import Binary, Decay, decay_from
from geoaccess.phrases import Text
from geoaccess.study.settings.catchment_measures import MEASURES
from geoaccess.study.settings.names import said_twice
from geoaccess.toml import Key, LocalLabel, LocalText, Table, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geoaccess.direction import Direction

__all__ = [
    "CatchmentSettings",
    "EquitySettings",
    "OpeningSettings",
    "ReferralSettings",
    "RuleByNames",
    "RuleByTable",
    "RuleOfOwn",
    "ServiceOptions",
    "ServiceSettings",
    "StaffSettings",
    "ZoningFromColumn",
    "ZoningFromFile",
    "ZoningFromTable",
    "Zonings",
    "section_problems",
]

MOST_TRIPS = 1000.0
"""Journeys of a person a year, at most: about three a day."""


class ZoningFromColumn(Table):
    """[[zonings]] from a column of the population table."""

    kind: Literal["column"]
    name: Key
    label: LocalLabel = Text()
    column: str


class ZoningFromTable(Table):
    """[[zonings]] from a table that says which area each municipality belongs to."""

    kind: Literal["table"]
    name: Key
    label: LocalLabel = Text()
    file: str
    municipality: str = "kommunenummer"
    area: str


class ZoningFromFile(Table):
    """[[zonings]] from a file of polygons."""

    kind: Literal["file"]
    name: Key
    label: LocalLabel = Text()
    file: str
    layer: str | None = None
    where: dict[str, list[str]] = {}
    id: str
    area: str
    max_nearest_m: Distance = MAX_NEAREST_M


Zonings = Annotated[ZoningFromColumn | ZoningFromTable | ZoningFromFile, Field(discriminator="kind")]


class RuleOfOwn(Table):
    """[services.<key>.rule]: people may use the sites of their own municipality, and of the one that hosts it."""

    kind: Literal["own"]
    hosts: str | None = None


class RuleByNames(Table):
    """[services.<key>.rule]: a column of the sites lists the municipalities that each serves."""

    kind: Literal["names"]
    column: str
    aliases: dict[str, str] = {}


class RuleByTable(Table):
    """[services.<key>.rule]: a table says which municipality may use which site."""

    kind: Literal["table"]
    file: str


class ReferralSettings(Table):
    """[services.<key>.referral]: some of those who come to the nearest site are sent on to another service."""

    to: str
    onward_share: Annotated[float, Field(ge=0, le=1)] = ONWARD_SHARE
    stay_min: Wait = REFERRAL_STAY_MIN


class ServiceOptions(Table):
    """The part of [services.<key>] that says at what level, when and to whom its sites give the service."""

    sites_of: str | None = None
    levels: list[str] = []
    at_least: str | None = None
    municipality: str | None = None
    opening: str | None = None
    days_per_week: str | None = None
    fte_days: str | None = None
    capacity: str | None = None
    rule: RuleOfOwn | RuleByNames | RuleByTable | None = Field(default=None, discriminator="kind")

    referral: ReferralSettings | None = None

    @model_validator(mode="after")
    def _clear(self) -> ServiceOptions:
        problems = []
        if len(set(self.levels)) < len(self.levels):
            problems.append(f"levels is {self.levels}; write every level once, the lowest first")
        if self.opening and self.days_per_week:
            problems.append("has both opening and days_per_week; name the column that says more")
        if problems:
            raise ValueError("\n".join(problems))
        return self


class ServiceSettings(ServiceOptions):
    """[services.<key>]: a service that people travel to, or that comes to them."""

    label: LocalLabel
    toward: Literal["sites", "cells"] = "sites"
    norms_min: list[Minutes] = []
    proxy_note: LocalText = Text()
    limits: list[LocalText] = []
    people: Annotated[str, Field(min_length=1)] = "population"
    people_label: LocalLabel = Text()
    trips_per_year: Annotated[float, Field(ge=1e-6, le=MOST_TRIPS)] | None = None

    @property
    def direction(self) -> Direction:
        """What the study file calls `toward`, in the words of the functions."""
        return "to_sites" if self.toward == "sites" else "to_people"

    @field_validator("norms_min")
    @classmethod
    def _rising(cls, norms: list[float]) -> list[float]:
        if sorted(set(norms)) != norms:
            raise ValueError("write the norms in rising order, each once")
        return norms


class OpeningSettings(Table):
    """[opening]: the week over which opening hours are laid out, and the hour that `today` is."""

    first: Day
    days: Annotated[int, Field(ge=1, le=366)] = 7
    step_min: Literal[5, 10, 15, 20, 30, 60] = OPENING_STEP_MIN
    country: str | None = None
    hours: str | None = None
    today: Annotated[NaiveDatetime, AfterValidator(of_our_calendar)] | None = None


class ListsSettings(Table):
    """[catchments.<name>.lists]: supply from a table with a row per list of patients."""

    file: str
    count: Literal["doctors", "places", "open_places"]


class CatchmentSettings(Table):
    """[catchments.<name>]: supply within reach of each cell, shared or not with the others who reach it."""

    service: str
    label: LocalLabel = Text()
    measure: str
    supply: str | None = None
    lists: ListsSettings | None = None
    decay: dict[str, Any] = {}
    cutoff_min: Minutes | None = None
    tau_min: Minutes | None = None
    class_cutoff_min: dict[str, Minutes] = {}
    demand: str | None = None

    @field_validator("measure")
    @classmethod
    def _there(cls, measure: str) -> str:
        if measure not in MEASURES:
            raise ValueError(f"is no measure{did_you_mean(measure, MEASURES)}")
        return measure

    @field_validator("decay")
    @classmethod
    def _known(cls, decay: dict[str, Any]) -> dict[str, Any]:
        if decay:
            decay_from(decay)
        return decay

    @model_validator(mode="after")
    def _limited(self) -> CatchmentSettings:
        problems = []
        if self.supply and self.lists:
            problems.append("has both supply and lists; say once what the sites give")
        if self.decay and not MEASURES[self.measure].decays:
            problems.append(f"measure {self.measure} counts all within cutoff_min; take decay out, or use gravity")
        elif not self.decay and self.cutoff_min is None:
            problems.append('has no limit; write cutoff_min = 30, or decay = { kind = "gaussian", sigma_min = 15 } too')
        elif self.cutoff_min is not None and _limit(self.decay) < math.inf:
            problems.append("has a cutoff in decay and cutoff_min beside it; say it once")
        elif self.decay and self.cutoff_min is None and _limit(self.decay) == math.inf:
            problems.append("decay has no end, and every pair of cell and site would count; add cutoff_min = 120")
        if self.tau_min is not None and not MEASURES[self.measure].weighs:
            problems.append(f"measure {self.measure} weighs no travel against crowding; take tau_min out, or use raam")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def tau_s(self) -> float:
        """Seconds of travel that weigh as much as the mean crowding."""
        return 60.0 * (RAAM_TAU_MIN if self.tau_min is None else self.tau_min)

    @property
    def function(self) -> Decay:
        """The decay, with its cutoff."""
        if not self.decay:
            return Binary(60.0 * float(self.cutoff_min or 0.0))
        limit = {} if self.cutoff_min is None else {"cutoff_min": self.cutoff_min}
        return decay_from({**self.decay, **limit})


def _limit(decay: Mapping[str, Any]) -> float:
    return decay_from(decay).cutoff_s if decay else math.inf


class EquitySettings(Table):
    """[equity]: intervals around the indices, by drawing municipalities (or cells) again."""

    draws: Annotated[int, Field(ge=0, le=1_000_000)] = EQUITY_DRAWS
    seed: Annotated[int, Field(ge=0, le=MOST_ID)] = 0
    clusters: Literal["municipality", "cell"] = "municipality"


class StaffSettings(Table):
    """[staff]: a table of who goes from which office to which, and how often."""

    file: str


def section_problems(
    services: Mapping[str, ServiceOptions],
    zonings: Iterable[ZoningFromColumn | ZoningFromTable | ZoningFromFile],
    opening: OpeningSettings | None,
    catchments: Mapping[str, CatchmentSettings],
) -> list[str]:
    """Return what does not fit together in a study file."""
    problems = [line for key, service in services.items() for line in _of_service(key, service, services)]
    problems += _referrals(services)
    timed = [key for key, service in services.items() if service.opening]
    if timed and opening is None:
        problems.append(f"[services.{timed[0]}] opening asks for a table [opening] with first = 2026-01-12, a Monday")
    if opening and not timed:
        problems.append("[opening] is used by no service; name in [services.<key>] opening the column that has hours")
    names = [zoning.name for zoning in zonings]
    twice = said_twice([*names, *catchments])
    for table, name in [
        *(("[[zonings]] name", name) for name in names),
        *(("[catchments]", name) for name in catchments),
    ]:
        if not name.isidentifier():
            problems.append(f'{table} "{name}": write it with letters, digits and "_"')
    problems += [f'"{name}": another zoning or catchment has that name; choose another' for name in twice]
    problems += [
        f'[catchments.{name}] service "{catchment.service}"{did_you_mean(catchment.service, services)}'
        for name, catchment in catchments.items()
        if catchment.service not in services
    ]
    return problems


def _referrals(services: Mapping[str, ServiceOptions]) -> list[str]:
    """Return what is wrong with where people are sent on."""
    problems = []
    for key, service in services.items():
        if service.referral is None:
            continue
        to = service.referral.to
        if to not in services or to == key:
            problems.append(f'[services.{key}.referral] to = "{to}"{did_you_mean(to, {*services} - {key})}')
            continue
        away = [one for one in (key, to) if getattr(services[one], "toward", "sites") == "cells"]
        if away:
            problems.append(f"[services.{key}.referral]: {away[0]} comes to the people, who cannot be sent on by it")
    return problems


def _of_service(key: str, service: ServiceOptions, services: Mapping[str, ServiceOptions]) -> list[str]:
    problems = []
    if files.is_device(key):
        problems.append(
            f"[services.{key}]: Windows takes files of that name, such as {key}.tif, for a device; give it another key"
        )
    source, levels = service.sites_of, service.levels
    if source is not None:
        if source not in services or source == key:
            problems.append(f'[services.{key}] sites_of is "{source}"{did_you_mean(source, {*services} - {key})}')
        elif services[source].sites_of is not None:
            problems.append(f'[services.{key}] sites_of is "{source}", which takes its sites from another itself')
        else:
            levels = levels or services[source].levels
    if service.at_least is not None and service.at_least not in levels:
        hint = did_you_mean(service.at_least, levels) if levels else "; write levels = [...] too, the lowest first"
        problems.append(f'[services.{key}] at_least is "{service.at_least}"{hint}')
    return problems

"""Profiles: the rules by which tags become speeds, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from geoaccess.toml import Table, read_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Profile", "read_profile"]

TagRule = dict[str, list[str]]
"""True of a way when, for every key, the way's value is one of those listed."""


class AccessRules(Table):
    """Which tags say who may drive."""

    keys: list[str]
    closed: list[str]
    restricted: list[str]


class OnewayRules(Table):
    """Which tags say in which direction one may drive."""

    keys: list[str]
    forward: list[str]
    backward: list[str]
    closed: list[str]
    implied: list[TagRule]


class SpeedRules(Table):
    """How posted limits are read."""

    keys: list[str]
    factor: float = Field(gt=0, le=2)
    least_kph: float = Field(gt=0)
    greatest_kph: float = Field(gt=0)
    words: dict[str, float]


class FerryRules(Table):
    """Who may board, how long a crossing takes, how long one waits."""

    car_keys: list[str]
    cars_without_tags: bool
    plausible_kph: tuple[float, float]
    speed_kph: list[tuple[float, float]]
    wait: Literal["none", "half_headway", "observed", "emergency", "ssb"] = "observed"
    half_headway_up_to_min: float = Field(ge=0)
    wait_min: float = Field(ge=0)
    call_out_min: float = Field(default=15, ge=0)
    ssb_kph: float = Field(default=12.3, gt=0)
    terminal_m: float = Field(default=1500, ge=0)
    abroad_km: float = Field(default=20, ge=0)
    join_m: float = Field(ge=0)
    join_kph: float = Field(gt=0)


class Profile(Table):
    """All rules for one kind of vehicle."""

    title: str
    highway: dict[str, float]
    access: AccessRules
    closed: list[TagRule] = []
    oneway: OnewayRules
    speed: SpeedRules
    caps: dict[str, dict[str, float]] = {}
    no_snap: list[TagRule] = []
    ferry: FerryRules

    @property
    def keys(self) -> frozenset[str]:
        """Every tag key that a rule looks at."""
        rules = [*self.closed, *self.no_snap, *self.oneway.implied]
        named = [self.access.keys, self.oneway.keys, self.speed.keys, self.ferry.car_keys, self.caps, *rules]
        return frozenset({"highway", "route", "duration", "interval", "name"}.union(*map(set, named)))


def read_profile(path: Path) -> Profile:
    """Read a profile file.

    Raises
    ------
    MissingFileError, ConfigError
        If it is not there, or with all that is wrong with it.
    """
    return read_toml(path, Profile)

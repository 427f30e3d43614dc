"""Profiles: the rules by which tags become speeds, as data."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime  # noqa: TC003 - pydantic reads the annotation
from functools import cached_property
from pathlib import Path  # noqa: TC003 - arguments are checked by their annotations
from typing import Any, Literal, Self

from geoaccess.arguments import checks_arguments
from geoaccess.bounds import Distance, Km, Kph, Limit, Month, Seconds, Size, Wait
from geoaccess.dates import LEGACY_KEYS
from geoaccess.errors import ConfigError, MissingFileError
from geoaccess.files import followed, is_there, stated
from geoaccess.osm.closure_rules import Closure  # noqa: TC001 - pydantic reads the annotation
from geoaccess.osm.driving import CurveRules, JunctionRules, PaceRules
from geoaccess.osm.ways import FERRY_KEYS, KNOWN_HIGHWAYS
from geoaccess.remembering import remembered
from geoaccess.shipped import own_or_shipped, shipped
from geoaccess.toml import Field, LocalTitle, Table, model_validator, parse_toml, validate

__all__ = ["Passable", "Profile", "TagRule", "find_profile", "profile_digest", "profile_files", "read_profile"]

TagRule = dict[str, frozenset[str]]
"""True of a way when, for every key, one of the way's values is listed; "*" is any value, "-no" any but no."""

_KNOWN = 1000  # digests that are remembered
_DIRECTIONS = ("", ":forward", ":backward")
Passable = Literal["open", "restricted", "closed"]


class AccessRules(Table):
    """Which tags say who may drive, and what their values mean."""

    keys: tuple[str, ...]
    explicit: frozenset[str]
    open: frozenset[str]
    restricted: frozenset[str]
    closed: frozenset[str]
    only_where_allowed: tuple[TagRule, ...] = ()
    closed_lanes: dict[str, frozenset[str]] = {}

    @model_validator(mode="after")
    def _say_one_thing_of_each_value(self) -> Self:
        both = (self.open & self.restricted) | (self.open & self.closed) | (self.restricted & self.closed)
        if both:
            raise ValueError(f"a value can mean one thing only, but {sorted(both)} stand in several lists")
        return self


class VehicleRules(Table):
    """What the vehicle measures, and the tags that set limits to it."""

    height_m: Size
    width_m: Size
    length_m: Size
    weight_t: Size
    axle_load_t: Size
    axles: int = Field(default=2, ge=1, le=100)
    wheels: int = Field(default=4, ge=1, le=1000)
    seats: int = Field(default=5, ge=1, le=1000)
    height_keys: tuple[str, ...] = ()
    width_keys: tuple[str, ...] = ()
    length_keys: tuple[str, ...] = ()
    weight_keys: tuple[str, ...] = ()
    axle_load_keys: tuple[str, ...] = ()


class OnewayRules(Table):
    """Which tags say in which direction one may drive."""

    keys: tuple[str, ...]
    forward: frozenset[str]
    backward: frozenset[str]
    both: frozenset[str]
    closed: frozenset[str]
    implied: tuple[TagRule, ...]


class Country(Table):
    """A country's general limits, by the word that follows its code; `rural_unpaved` is `rural` off the asphalt."""

    unit: Literal["km/h", "mph"] = "km/h"
    limits: dict[str, Limit]


class SpeedRules(Table):
    """How posted limits are read, and what share of them is driven."""

    keys: tuple[str, ...]
    fallback_keys: tuple[str, ...] = ()
    advisory_keys: tuple[str, ...] = ()
    by_limit: tuple[tuple[Limit, Limit], ...] = ()
    by_class: dict[str, Limit] = {}
    unlimited: frozenset[str] = frozenset()
    unlimited_on: tuple[TagRule, ...] = ()
    doubted_below_kph: float = Field(default=0, ge=0, le=1000)
    doubted_above_kph: Kph = 150.0
    doubted_on: frozenset[str] = frozenset()
    least_kph: Kph
    greatest_kph: Kph
    words: dict[str, Limit]
    countries: dict[str, Country] = {}
    paved: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _rise(self) -> Self:
        uppers = [upper for upper, _ in self.by_limit]
        if uppers != sorted(uppers) or any(factor <= 0 for _, factor in self.by_limit):
            raise ValueError(
                f"by_limit: [limit, factor] pairs must rise by limit and be positive (found {self.by_limit})"
            )
        return self


class NarrowRules(Table):
    """Speeds on roads too narrow for cars to meet: km/h up to a width, and on one lane for both directions."""

    width_keys: tuple[str, ...] = ()
    up_to_m: tuple[tuple[Limit, Limit], ...] = ()
    one_lane_kph: Kph


class SeasonRule(Table):
    """A tag that closes a road in some seasons."""

    tags: TagRule
    closed_in: frozenset[str]


class DateRules(Table):
    """How conditions and seasons are decided, and what is taken when they cannot be."""

    undecided: Literal["base", "strict"]
    assumed: datetime | None = None
    season: str
    year: int = Field(default=2026, ge=1900, le=2200)
    months: dict[str, frozenset[Month]]
    open_season_keys: tuple[str, ...] = ()
    hours_keys: tuple[str, ...] = ()
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    groups: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    weather: frozenset[str] = frozenset()
    rules: tuple[SeasonRule, ...] = ()
    closures: tuple[Closure, ...] = ()


class NodeException(Table):
    """Tags of a node that say more than the kind of barrier does."""

    tags: TagRule
    passable: Passable


class NodeRules(Table):
    """What a node on the way does: by tag and value, who passes and how many seconds it costs."""

    barriers: dict[str, Passable]
    unknown_barrier: Passable
    exceptions: tuple[NodeException, ...] = ()
    delay_s: dict[str, dict[str, Seconds]] = {}
    gone: tuple[TagRule, ...] = ()
    hours_of: frozenset[str] = frozenset()
    plain_keys: frozenset[str] = frozenset()
    beside_keys: frozenset[str] = frozenset()


class FerryRules(Table):
    """Who may board, how long a crossing takes, how long one waits."""

    cars_without_tags: bool
    carrying: tuple[TagRule, ...] = ()
    larger_keys: tuple[str, ...] = ()
    plausible_kph: tuple[Limit, Limit]
    plausible_train_kph: Kph = 160.0
    plausible_manoeuvre_min: Wait = 20.0
    manoeuvre_min: Wait = 6.7
    min_per_km: float = Field(default=2.5, ge=0.01, le=1000)
    wait: Literal["none", "planned", "unplanned", "observed", "emergency", "ssb"] = "observed"
    half_headway_up_to_min: Wait
    wait_min: Wait
    call_out_min: Wait = 15.0
    ssb_kph: Kph = 12.3
    terminal_m: Distance = 1500.0
    abroad_km: Km = 20.0
    join_m: Distance
    join_kph: Kph


class Profile(Table):
    """All rules for one kind of vehicle."""

    title: LocalTitle
    highway: dict[str, Limit]
    access: AccessRules
    vehicle: VehicleRules
    closed: tuple[TagRule, ...] = ()
    oneway: OnewayRules
    speed: SpeedRules
    narrow: NarrowRules
    caps: dict[str, dict[str, Limit]] = {}
    dates: DateRules
    nodes: NodeRules
    no_snap: tuple[TagRule, ...] = ()
    counted: frozenset[str] = frozenset()
    pace: PaceRules = PaceRules()
    curves: CurveRules = CurveRules()
    junctions: JunctionRules = JunctionRules()
    ferry: FerryRules

    @cached_property
    def no_roads(self) -> frozenset[str]:
        """Values of `highway` that are known and no road under the profile; any other is read, and named if unknown."""
        return KNOWN_HIGHWAYS - self.highway.keys()

    @cached_property
    def keys(self) -> frozenset[str]:
        """Every tag key of a way that a rule looks at, or that is counted."""
        directed = [*self.access.keys, *self.speed.keys, *self.speed.advisory_keys, *self.speed.fallback_keys]
        rules = [
            *self.closed,
            *self.no_snap,
            *self.speed.unlimited_on,
            *self.oneway.implied,
            *self.access.only_where_allowed,
            *self.ferry.carrying,
        ]
        rules += [rule.tags for rule in self.dates.rules]
        rules += [rule.tags for rule in self.dates.closures]
        directed += self._measures
        named = {f"{key}{way}{on}" for key in directed for way in _DIRECTIONS for on in ("", ":conditional")}
        named |= {f"{key}{on}" for key in self.oneway.keys for on in ("", ":conditional")}
        named |= {"highway", "route", "duration", "interval", "lanes", "surface", *FERRY_KEYS, *LEGACY_KEYS}
        named |= {f"{key}{way}" for key in self.access.closed_lanes for way in _DIRECTIONS}
        named |= {*self.dates.open_season_keys, *self.dates.hours_keys}
        return frozenset(
            named.union(self._measures, self.narrow.width_keys, self.ferry.larger_keys, self.caps, self.counted, *rules)
        )

    @cached_property
    def node_keys(self) -> frozenset[str]:
        """Every tag key of a node that a rule looks at."""
        named = {f"{key}{on}" for key in self.access.keys for on in ("", ":conditional")}
        named |= {"barrier", "ford", "locked", *self._measures, *self.nodes.delay_s}
        return frozenset(named.union(*(rule.tags for rule in self.nodes.exceptions)))

    @cached_property
    def plain_node_keys(self) -> frozenset[str]:
        """First words of the keys by which a node says who passes, and when."""
        return frozenset(key.split(":")[0] for key in (*self.access.keys, *self._measures, *LEGACY_KEYS))

    @property
    def _measures(self) -> tuple[str, ...]:
        of = self.vehicle
        return (*of.height_keys, *of.width_keys, *of.length_keys, *of.weight_keys, *of.axle_load_keys)


@checks_arguments
def find_profile(name: str | Path) -> Path:
    """Return the file of a profile: a path that ends on .toml, else the name of one that ships with geoaccess.

    Raises
    ------
    MissingFileError
        If no profile of that name is shipped; the message lists those that are.

    Examples
    --------
    >>> find_profile("car").name
    'car.toml'
    """
    return own_or_shipped("profiles", str(name))


@checks_arguments
def read_profile(path: Path) -> Profile:
    """Read a profile file, with the profile that it `extends`.

    `extends = "car"` takes all rules of car.toml, which lies beside the file or else comes with geoaccess, and
    puts those of the file over it: tables are joined key by key, lists and values are replaced. Tables named in
    `replaces` ("caps", "speed.countries") are taken from the file alone.

    Raises
    ------
    MissingFileError, ConfigError
        If it or one it extends is not there, or with all that is wrong with it.
    """
    files, raw = _merged(path, ())
    subject = str(path) if len(files) == 1 else f"{path} (extends {', '.join(file.name for file in files[1:])})"
    return validate(raw, Profile, subject=subject)


@checks_arguments
def profile_files(path: Path) -> list[Path]:
    """Return the file of a profile and those that it extends, nearest first: all that the rules depend on.

    Raises
    ------
    MissingFileError, ConfigError
        As for `read_profile`.
    """
    return _merged(path, ())[0]


@checks_arguments
def profile_digest(path: Path) -> str:
    """Return a digest of the rules of a profile with those that it extends; what it is called does not matter.

    Raises
    ------
    MissingFileError, ConfigError
        As for `read_profile`.

    Examples
    --------
    >>> profile_digest(find_profile("car")) == profile_digest(find_profile("ssb"))
    False
    """

    def digest() -> str:
        rules = {key: value for key, value in _merged(path, ())[1].items() if key != "title"}
        return hashlib.sha256(json.dumps(rules, sort_keys=True, default=str).encode()).hexdigest()

    return remembered("digest of a profile", path.absolute(), digest, most=_KNOWN)


def _merged(path: Path, below: tuple[Path, ...]) -> tuple[list[Path], dict[str, Any]]:
    whole = followed(path, subject=str(below[-1] if below else path.name))
    if whole in below:
        chain = " extends ".join(file.name for file in (*below, path))
        raise ConfigError(f"{path}: a profile cannot extend itself: {chain}")
    raw = parse_toml(path, hint="name a profile that ships with geoaccess, or the path of a .toml file")
    base, replaces = raw.pop("extends", None), raw.pop("replaces", [])
    if not isinstance(replaces, list) or not all(isinstance(name, str) for name in replaces):
        raise ConfigError(f'{path}: "replaces" must be a list of names of tables (found {replaces!r})')
    if base is None:
        if replaces:
            raise ConfigError(f'{path}: "replaces" has no meaning without "extends"')
        return [path], raw
    if not isinstance(base, str) or not base:
        raise ConfigError(f'{path}: "extends" must be the name of a profile, such as "car" (found {base!r})')
    files, rules = _merged(_base_file(path, base), (*below, whole))
    for name in replaces:
        _remove(rules, name, path)
    return [path, *files], _joined(rules, raw)


def _base_file(path: Path, name: str) -> Path:
    beside = stated(path, name if name.endswith(".toml") else f"{name}.toml")
    if is_there(beside) and beside.resolve() != path.resolve():
        return beside
    if name.endswith(".toml"):
        return beside
    try:
        # A copy of a shipped profile may extend the one it was copied from under the same name.
        return shipped(f"profiles/{name}.toml")
    except MissingFileError as error:
        raise MissingFileError(f'{path}: extends = "{name}": no {beside.name} beside it, and {error}') from error


def _remove(rules: dict[str, Any], name: str, path: Path) -> None:
    table: Any = rules
    *above, last = name.split(".")
    for part in above:
        table = table.get(part) if isinstance(table, dict) else None
    if not isinstance(table, dict) or last not in table:
        raise ConfigError(f'{path}: replaces = "{name}": the profile it extends has no such table')
    del table[last]


def _joined(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    joined = dict(under)
    for key, value in over.items():
        there = joined.get(key)
        joined[key] = _joined(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return joined

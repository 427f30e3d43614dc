"""Extracts under the rules of profiles, and which of these differ in the times of their networks alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.osm.closures import rows_without_road
from geoaccess.osm.nodes import read_node
from geoaccess.osm.tags import read_way
from geoaccess.osm.turn_rules import turn_rules
from geoaccess.osm.unread import list_unread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from geoaccess.network import Turns
    from geoaccess.osm.closures import ClosedRoads
    from geoaccess.osm.extract import Extract
    from geoaccess.osm.nodes import NodeRule
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.tags import WayRule

__all__ = ["Ruled", "in_turn"]

_WAYS = ("way_id", "ptr", "ref", "lon", "lat")


@dataclass(frozen=True)
class Ruled:
    """An extract under a profile at a time; `by_date` are roads closed for another reason than their tags."""

    extract: Extract
    profile: Profile
    when: datetime | None
    by_date: ClosedRoads | None
    rules: list[WayRule]
    node_rules: list[NodeRule]
    unread: tuple[tuple[str, str, int, str], ...]
    turns: Turns | None
    turned: dict[str, int]

    @classmethod
    def by(
        cls,
        profile: Profile,
        extract: Extract,
        when: datetime | None,
        by_date: ClosedRoads | None,
        first: Ruled | None = None,
    ) -> Ruled:
        """Return an extract with the rules of its tag sets, those for turning and what none could read.

        The ids of its nodes, which are many, are let go then. Rules for turning are those of the `first` one of this
        vehicle, if it has the same ways.
        """
        rules = [read_way(tags, profile, when) for tags in extract.tagsets]
        node_rules = [read_node(tags, profile, when) for tags in extract.node_tagsets]
        unread = list_unread(extract, profile, rules, node_rules) + rows_without_road(by_date)
        of = None if first is None else first.extract
        if first is not None and of is not None and of.lon is extract.lon and _are_equal(of.way_id, extract.way_id):
            turns, turned = first.turns, first.turned
        else:
            turns, turned = turn_rules(extract, profile, when)
        without_ids = replace(extract, node_id=np.empty(0, np.int64))
        return cls(without_ids, profile, when, by_date, rules, node_rules, unread, turns, turned)

    def of_tags(self, name: str) -> npt.NDArray[np.bool_]:
        """Say of each tag set of ways whether its rule has something, by the name of the attribute."""
        return np.array([bool(getattr(rule, name)) for rule in self.rules], np.bool_)

    def of_ways(self, name: str) -> npt.NDArray[np.bool_]:
        """Say of each way whether its rule has something."""
        return self.of_tags(name)[self.extract.way_tags]

    def like(self, other: Ruled) -> Ruled | None:
        """Return this with the ways of another that differs from it in times alone as far as rules go; else None."""
        of = other.extract
        same: dict[str, Any] = {name: getattr(of, name) for name in _WAYS}
        ours = itertools.chain((getattr(self.extract, name) for name in same), _but_times(self))
        if not all(itertools.starmap(_are_equal, zip(ours, (*same.values(), *_but_times(other)), strict=True))):
            return None
        return replace(self, extract=replace(self.extract, **same))


def in_turn(profiles: Sequence[Profile]) -> Iterator[list[Profile]]:
    """Yield profiles one after another, those in one list that follow each other and may differ in times alone."""
    some: list[Profile] = []
    for profile in profiles:
        if some and not _of_one_vehicle(some[0], profile):
            yield some
            some = []
        some.append(profile)
    if some:
        yield some


def _of_one_vehicle(profile: Profile, other: Profile) -> bool:
    """Return whether two profiles are of one vehicle at one date: as a rule they open the same roads to it."""
    ours, theirs = (
        (one.access, one.vehicle, one.dates, one.highway.keys(), one.ferry.join_m) for one in (profile, other)
    )
    return ours == theirs


def _are_equal(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    return one is other or np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def _but_times(ruled: Ruled) -> Iterator[npt.NDArray[Any]]:
    """Yield what rules say of ways and nodes beside speeds and delays."""
    for name in ("ferry", "closed", "restricted", "snaps"):
        yield ruled.of_ways(name)
    for open_way in ([rule.forward_kph > 0 for rule in ruled.rules], [rule.backward_kph > 0 for rule in ruled.rules]):
        yield np.array(open_way, np.bool_)[ruled.extract.way_tags]
    yield np.zeros(0, np.bool_) if ruled.by_date is None else ruled.by_date.closed
    for passable in ("closed", "restricted"):
        shut = np.array([rule.passable == passable for rule in ruled.node_rules], np.bool_)
        yield ruled.extract.hindering[shut[ruled.extract.hindering_tags]]

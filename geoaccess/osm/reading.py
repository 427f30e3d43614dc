"""One reading of files for several profiles: what each of them keeps of the ways that all of them take."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from geoaccess.osm.ways import SHORE_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geoaccess.osm.profile import Profile
    from geoaccess.osm.ways import Looked, Tags, WaysOfFile

__all__ = ["Together", "kept_by", "together"]

_SHORES = frozenset(itertools.chain(*SHORE_TAGS.values()))


class Together(NamedTuple):
    """What several profiles look at together; of the values of `highway` the same are no road for each of them."""

    keys: frozenset[str]
    node_keys: frozenset[str]
    no_roads: frozenset[str]

    @classmethod
    def of(cls, profiles: Sequence[Looked]) -> Together:
        """Return what one or more profiles look at that take the same ways."""
        keys, node_keys = (
            frozenset[str]().union(*of) for of in zip(*((p.keys, p.node_keys) for p in profiles), strict=True)
        )
        return cls(keys, node_keys, profiles[0].no_roads)


def together(profiles: Sequence[Profile]) -> Iterator[list[Profile]]:
    """Yield profiles one after another, those in one list that follow each other and take the same ways."""
    for _, group in itertools.groupby(profiles, lambda profile: profile.no_roads):
        yield list(group)


def kept_by(ways: WaysOfFile, looked: Looked) -> WaysOfFile:
    """Return the ways of a file as they are where only so much was looked at of what was: with fewer tags.

    Tags of shores stay, and nodes that hinder keep all of their tags or are none of these.
    """
    sets: dict[Tags, int] = {}
    number = [sets.setdefault(_kept(tags, looked), len(sets)) for tags in ways.tagsets]
    hinders = np.array([any(key in looked.node_keys for key, _ in tags) for tags in ways.node_tagsets], np.bool_)
    if tuple(sets) == ways.tagsets and hinders.all():
        return ways
    some = hinders[ways.hindering_tags]
    return replace(
        ways,
        way_tags=np.array(number, np.int32)[ways.way_tags],
        tagsets=tuple(sets),
        hindering=ways.hindering[some],
        hindering_tags=(np.cumsum(hinders) - 1).astype(np.int32)[ways.hindering_tags[some]],
        node_tagsets=tuple(tags for tags, there in zip(ways.node_tagsets, hinders.tolist(), strict=True) if there),
    )


def _kept(tags: Tags, looked: Looked) -> Tags:
    return tuple((key, value) for key, value in tags if key in looked.keys or (key in SHORE_TAGS and value in _SHORES))

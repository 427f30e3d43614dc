"""What each ferry way is and how long it takes: from the table of ferries, the tags, or its length."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.kernels import geometry
from geoaccess.osm.ferry_clock import read_duration_s
from geoaccess.osm.ferry_relations import RELATION_DURATION, RELATION_ID, RELATION_WAYS
from geoaccess.osm.tags import read_way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.ferry_matching import Told
    from geoaccess.osm.profile import FerryRules, Profile
    from geoaccess.osm.tags import WayRule

__all__ = ["FerryLine", "FerryPath", "ferry_paths", "read_line", "speed_by_length_kph", "wait_s"]


@dataclass(frozen=True)
class FerryPath:
    """The course of one ferry way; `whole` lengths are those of all ways that make one crossing with it."""

    way: int
    way_id: int
    tags: Mapping[str, str]
    nodes: npt.NDArray[np.int32]
    length_m: npt.NDArray[np.float64]
    cut: bool
    whole_m: float
    pieces: int

    @property
    def metres(self) -> float:
        """Length in metres."""
        return float(self.length_m.sum())

    @property
    def relation_id(self) -> int:
        """The number of its relation; 0 where it has none."""
        return int(self.tags.get(RELATION_ID, 0))

    @property
    def name(self) -> str:
        """The name; empty where it has none."""
        return self.tags.get("name", "")


@dataclass(frozen=True)
class FerryLine:
    """One ferry way, read: seconds across and at the quay, and what was read, assumed and rejected."""

    path: FerryPath
    rule: WayRule
    crossing_s: float
    wait_s: float
    headway_s: float
    note: str
    row: int

    @property
    def cars(self) -> bool:
        """Whether it takes cars, in one direction at least."""
        return not self.rule.closed

    @property
    def sails(self) -> bool:
        """Whether it is in service at this time, with cars or without."""
        return self.cars or self.rule.on_foot

    @property
    def label(self) -> str:
        """What its boats are known by: ways of one name share them."""
        return self.path.name or f"way {self.path.way_id}"


def ferry_paths(extract: Extract, ways: npt.NDArray[np.int64]) -> list[FerryPath]:
    """Return the courses of the ferry ways that have two or more places in the files."""
    found = []
    for way in map(int, ways):
        nodes = extract.ref[extract.ptr[way] : extract.ptr[way + 1]]
        there = np.isfinite(extract.lon[nodes])
        cut = bool(nodes.size) and not (there[0] and there[-1])
        nodes = nodes[there]
        nodes = nodes[np.concatenate([[True], nodes[1:] != nodes[:-1]])] if nodes.size else nodes
        if nodes.size > 1:
            length = geometry.segment_lengths_m(extract.lon, extract.lat, nodes[:-1], nodes[1:])
            found.append((way, nodes, np.maximum(length, 1e-3), cut))
    groups: dict[str, list[float]] = defaultdict(list)
    keys = []
    for way, _, length, _ in found:
        tags = extract.tagsets[extract.way_tags[way]]
        key = tags.get(RELATION_ID) or tags.get("name") or f" {way}"
        keys.append(key)
        groups[key].append(float(length.sum()))
    return [
        FerryPath(
            way=way,
            way_id=int(extract.way_id[way]),
            tags=extract.tagsets[extract.way_tags[way]],
            nodes=nodes,
            length_m=length,
            cut=cut,
            whole_m=sum(groups[key]),
            pieces=len(groups[key]),
        )
        for key, (way, nodes, length, cut) in zip(keys, found, strict=True)
    ]


def read_line(path: FerryPath, profile: Profile, told: Told | None, when: datetime | None = None) -> FerryLine:
    """Return what a ferry way takes; what the table of ferries tells of it wins over its tags."""
    rules = profile.ferry
    rule = read_way(path.tags, profile, when)
    tagged_s = read_duration_s(path.tags.get("interval", ""))
    notes = []
    if told and told.cars is not None and (rule.on_foot or not rule.closed) and told.cars == rule.closed:
        # The table speaks as the most particular tag does; seasons and directions stay those of the tags.
        rule = read_way({**path.tags, profile.access.keys[-1]: "yes" if told.cars else "no"}, profile, when)
        notes.append(f"{'cars' if told.cars else 'no cars'} by the table")
    elif not any(key.split(":")[0] in profile.access.explicit for key in path.tags):
        notes.append(f"no tag says whether cars may board, {'no cars' if rule.closed else 'cars'} assumed")
    if rule.closed and not rule.on_foot:
        notes.append(rule.reason)
    notes += [f"{tag} is not known and decides nothing" for tag in rule.unknown]
    notes += [f"{tag} cannot be decided" for tag in rule.undecided]
    if rule.forward_kph <= 0 < rule.backward_kph or rule.backward_kph <= 0 < rule.forward_kph:
        notes.append("cars in one direction only")
    headway_s = told.headway_s if told and told.headway_s else tagged_s
    if "interval" in path.tags and tagged_s is None:
        notes.append(f'interval "{path.tags["interval"]}" cannot be read')
    crossing_s, how = _crossing(path, rules, told)
    return FerryLine(
        path=path,
        rule=rule,
        crossing_s=max(crossing_s, 0.1),  # no boat is there before it has left
        wait_s=wait_s(headway_s, rules),
        headway_s=math.nan if headway_s is None else headway_s,
        note="; ".join([how, *notes, *(told.notes if told else ())]),
        row=told.row if told else 0,
    )


def _crossing(path: FerryPath, rules: FerryRules, told: Told | None) -> tuple[float, str]:
    """Return how long a crossing takes, and where that comes from."""
    if rules.wait == "ssb":
        return path.metres * 3.6 / rules.ssb_kph, f"{path.metres / 1000:.1f} km at {rules.ssb_kph:g} km/h all told"
    if told and told.crossing_s is not None:
        return told.crossing_s, f"{told.crossing_s / 60:.4g} min by row {told.row} of the table"
    rejected = []
    for text, metres, shared in _durations(path):
        seconds = read_duration_s(text)
        if seconds is None:
            rejected.append(f'the tagged duration "{text}" cannot be read')
            continue
        kph = metres / seconds * 3.6
        low, high = rules.plausible_kph
        if low <= kph <= high:
            return seconds * path.metres / metres, f"duration as tagged{shared}"
        rejected.append(f"the tagged duration{shared} means {kph:.1f} km/h, outside {low:g} to {high:g}")
    if RELATION_DURATION in path.tags and path.pieces < int(path.tags[RELATION_WAYS]):
        rejected.append(f"its relation has {path.tags[RELATION_WAYS]} ways, {path.pieces} of them in the files")
    speed = speed_by_length_kph(path.whole_m, rules)
    why = "; ".join(rejected) or "no duration"
    return path.metres * 3.6 / speed, f"{why}; {path.metres / 1000:.1f} km at {speed:g} km/h"


def _durations(path: FerryPath) -> Sequence[tuple[str, float, str]]:
    """Return the durations that may hold for a way, in order: the text, the metres it is for, and how it is shared."""
    found = []
    if "duration" in path.tags:
        found.append((path.tags["duration"], path.metres, ""))
        if path.pieces > 1:  # the time of the whole crossing is often written on each of its ways
            found.append((path.tags["duration"], path.whole_m, " for all ways of the crossing"))
    elif RELATION_DURATION in path.tags and path.pieces >= int(path.tags[RELATION_WAYS]):
        shared = " on the relation, shared by length" if path.pieces > 1 else " on the relation"
        found.append((path.tags[RELATION_DURATION], path.whole_m, shared))
    return found


def speed_by_length_kph(length_m: float, rules: FerryRules) -> float:
    """Return the usual speed of a boat on a crossing of a length."""
    km = length_m / 1000
    return next((kph for limit, kph in rules.speed_kph if km <= limit), rules.speed_kph[-1][1])


def wait_s(headway_s: float | None, rules: FerryRules) -> float:
    """Return the seconds from coming to the quay to the boat's leaving, on average, for a time between departures.

    `none` and `ssb`: 0. `emergency`: the vessel is called out, `call_out_min`. `half_headway`: headway / 2.
    `observed`: headway / 2 while the headway is at most `half_headway_up_to_min`, else `wait_min`, because people
    come for the departure when boats are rare. An unknown headway means `wait_min`.
    """
    if rules.wait in ("none", "ssb"):
        return 0.0
    if rules.wait == "emergency":
        return rules.call_out_min * 60
    if headway_s and (rules.wait == "half_headway" or headway_s <= rules.half_headway_up_to_min * 60):
        return headway_s / 2
    return rules.wait_min * 60

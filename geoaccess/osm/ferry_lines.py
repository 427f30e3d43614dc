"""What each ferry way is: who boards, how long it takes, how long one waits, and which ship sails it."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.osm.ferry_paths import Sets
from geoaccess.osm.ferry_times import crossing_time, read_waits
from geoaccess.osm.tags import read_way
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from geoaccess.osm.ferry_matching import FerryOverride
    from geoaccess.osm.ferry_paths import FerryPath
    from geoaccess.osm.ferry_times import Waits
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.tags import WayRule

__all__ = ["FerryLine", "find_ships", "read_line"]


@dataclass(frozen=True)
class FerryLine:
    """One ferry way, read: seconds across and at the quay, and what was read, assumed and rejected."""

    path: FerryPath
    rule: WayRule
    crossing_s: float
    waits: Waits
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
    def who(self) -> tuple[bool, bool]:
        """Whom it takes: cars or none, and whether of these all."""
        return self.cars, self.rule.restricted


def read_line(
    path: FerryPath,
    profile: Profile,
    override: FerryOverride | None,
    when: datetime | None = None,
    *,
    quays: int = 2,
) -> FerryLine:
    """Return what a ferry way takes; what the table of ferries says of it wins over its tags.

    `quays` is how often it touches a quay; a call on the way counts twice.
    """
    rules = profile.ferry
    rule = read_way(path.tags, profile, when)
    notes = []
    if override and override.cars is not None and (rule.on_foot or not rule.closed) and override.cars == rule.closed:
        # The table speaks as the most particular tag does; seasons and directions stay those of the tags.
        rule = read_way({**path.tags, profile.access.keys[-1]: "yes" if override.cars else "no"}, profile, when)
        notes.append(note("cars_by_table" if override.cars else "no_cars_by_table"))
    elif not any(key.split(":")[0] in profile.access.explicit for key in path.tags):
        notes.append(note("no_cars_assumed" if rule.closed else "cars_assumed"))
    if rule.closed and not rule.on_foot:
        notes.append(rule.reason)
    notes += [note("tag_unknown", tag=tag) for tag in rule.unknown]
    notes += [note("tag_undecided", tag=tag) for tag in rule.undecided]
    if rule.forward_kph <= 0 < rule.backward_kph or rule.backward_kph <= 0 < rule.forward_kph:
        notes.append(note("one_direction"))
    waits = read_waits(path, rules, override)
    crossing_s, how = crossing_time(path, quays, rules, override)
    return FerryLine(
        path=path,
        rule=rule,
        crossing_s=max(crossing_s, 0.1),  # no boat is there before it has left
        waits=waits,
        note="; ".join([how, *notes, *waits.notes, *(override.notes if override else ())]),
        row=override.row if override else 0,
    )


def find_ships(lines: Sequence[FerryLine], overrides: Mapping[int, FerryOverride]) -> list[int]:
    """Return for each line the number of the ship that sails it: whoever stays on board waits once.

    Lines are of one ship that share a name, a relation or the `ship` of the table of ferries; and those that meet of
    which one is named in the operator of the other (Baldur, and Flatey - Brjánslækur of Ferjan Baldur). A boat that
    takes no cars is never the ship of a line that does, nor one for some that of a line for all.
    """
    sets = Sets(len(lines))
    alike: dict[tuple[tuple[bool, bool], str, str | int], list[int]] = defaultdict(list)
    calls: dict[tuple[tuple[bool, bool], int], list[int]] = defaultdict(list)
    for i, line in enumerate(lines):
        path = line.path
        ship = overrides[i].ship if i in overrides else ""
        for kind, value in (("name", path.name), ("relation", path.relation_id), ("ship", ship)):
            if value:
                alike[line.who, kind, value].append(i)
        for node in path.nodes.tolist():
            calls[line.who, node].append(i)
    for members in alike.values():
        sets.join(members)
    for members in calls.values():
        for one in members:
            for other in members:
                if _operates(lines[one].path, lines[other].path):
                    sets.join((one, other))
    return [sets.of(i) for i in range(len(lines))]


def _operates(ship: FerryPath, line: FerryPath) -> bool:
    """Return whether the name of one line is a word of the operator of another."""
    operator = line.tags.get("operator", "")
    return bool(ship.name and operator) and bool(re.search(rf"\b{re.escape(ship.name)}\b", operator, re.IGNORECASE))

"""What the tags of one way, a road or a ferry, mean under a profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geoaccess.arguments import checks_arguments
from geoaccess.osm.access import classify, read_access, read_directions, too_big
from geoaccess.osm.conditional import closed_by_date, split_conditions
from geoaccess.osm.speed import Speed, read_speed
from geoaccess.osm.values import applies, is_ferry, road_class, words_of
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from geoaccess.osm.access import Directions, Verdict
    from geoaccess.osm.profile import Profile

__all__ = ["WayRule", "read_way"]

_DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class WayRule:
    """What a car may do on a way: km/h in each direction (0 is closed), and the rules that decided.

    A direction is restricted when one may use it to begin or end a journey but not to pass through. The speed of a
    `ferry` is that of a short crossing, as tags know no length; it is `on_foot` where it sails but takes no cars.
    `unknown` holds the tags whose value no rule knows, `undecided` those with a condition that could not be decided.
    """

    forward_kph: float
    backward_kph: float
    forward_restricted: bool
    backward_restricted: bool
    snaps: bool
    reason: str
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    ferry: bool = False
    on_foot: bool = False

    @property
    def restricted(self) -> bool:
        """Whether some open direction may be used only to begin or end a journey."""
        return self.forward_restricted or self.backward_restricted

    @property
    def closed(self) -> bool:
        """Whether no car may drive here in any direction."""
        return self.forward_kph <= 0 and self.backward_kph <= 0


@dataclass(frozen=True)
class _Permission:
    """In which directions cars may go, by which tags, and why not where they may not."""

    open: dict[str, bool]
    restricted: dict[str, bool]
    why_closed: str
    reasons: tuple[str, ...]
    unknown: tuple[str, ...]
    undecided: tuple[str, ...]


@checks_arguments
def read_way(tags: Mapping[str, str], profile: Profile, when: datetime | None = None) -> WayRule:
    """Return what a car may do on a way with these tags, road or ferry, and which rules decided it.

    Parameters
    ----------
    when
        The moment, in local time, at which seasons and conditions are decided; None is the profile's own moment,
        or, where it has none, what is true in the profile's season.

    Examples
    --------
    >>> from geoaccess.osm import find_profile, read_profile, read_way
    >>> car = read_profile(find_profile("car"))
    >>> read_way({"highway": "track", "motor_vehicle": "private"}, car).restricted
    True
    >>> boat = read_way({"route": "ferry", "motor_vehicle": "yes", "oneway": "yes"}, car)
    >>> boat.ferry, boat.forward_kph > 0, boat.backward_kph > 0
    (True, True, False)
    """
    ferry = is_ferry(tags)
    unknown_class: tuple[str, ...] = ()
    if "highway" in tags and tags["highway"] not in profile.highway:
        known = road_class(tags["highway"], profile.highway)
        if known:
            tags = {**tags, "highway": known}
        elif not road_class(tags["highway"], profile.no_roads):
            unknown_class = (f"highway={tags['highway']}",)
    dated = closed_by_date(tags, profile, when, ferry=ferry)
    absent = _absent(tags, profile, ferry=ferry)
    if not absent and dated.source:
        absent = f"{dated.source}: closed at this time"
    if absent:
        return replace(_closed(absent, ferry=ferry), unknown=unknown_class)
    # Nearly all ways say the same of both directions; reading it once halves the time that a country takes.
    directed = any(":forward" in key or ":backward" in key for key in tags)
    may = _permission(tags, profile, when, directed=directed, ferry=ferry)
    undecided = (*dated.undecided, *may.undecided)
    if may.why_closed:
        return _closed(
            may.why_closed, may.unknown, undecided, ferry=ferry, on_foot=ferry and _takes_walkers(tags, profile)
        )
    speeds = _speeds(tags, profile, when, may.open, directed=directed, ferry=ferry)
    unknown = (*may.unknown, *(tag for speed in speeds.values() for tag in speed.unknown))
    undecided = (*undecided, *(tag for speed in speeds.values() for tag in speed.undecided))
    reasons = [*may.reasons, *(speed.source for speed in speeds.values())]
    return WayRule(
        forward_kph=speeds["forward"].kph if may.open["forward"] else 0.0,
        backward_kph=speeds["backward"].kph if may.open["backward"] else 0.0,
        forward_restricted=may.restricted["forward"],
        backward_restricted=may.restricted["backward"],
        snaps=not ferry and not any(applies(rule, tags) for rule in profile.no_snap),
        reason=_sentence(reasons, unknown, undecided),
        unknown=tuple(dict.fromkeys(unknown)),
        undecided=tuple(dict.fromkeys(undecided)),
        ferry=ferry,
    )


def _absent(tags: Mapping[str, str], profile: Profile, *, ferry: bool) -> str | None:
    """Return why there is nothing to go by whatever access tags say, or None."""
    highway = tags.get("highway", "")
    if not ferry and highway not in profile.highway:
        return f"highway={highway} is not for cars" if highway else "no highway tag: not a road"
    for rule in profile.closed:
        if applies(rule, tags):
            return " ".join(f"{key}={tags[key]}" for key in rule)
    return None


def _permission(
    tags: Mapping[str, str], profile: Profile, when: datetime | None, *, directed: bool, ferry: bool
) -> _Permission:
    """Return in which directions the law and the access tags let cars go."""
    ways = read_directions(tags, profile, when)
    verdict = read_access(tags, profile, when, direction="forward")
    opposite = read_access(tags, profile, when, direction="backward") if directed else verdict
    verdicts = {"forward": verdict, "backward": opposite}
    unknown = (*ways.unknown, *(tag for verdict in verdicts.values() for tag in verdict.unknown))
    undecided = (*ways.undecided, *(tag for verdict in verdicts.values() for tag in verdict.undecided))
    by_law = {"forward": ways.forward, "backward": ways.backward}
    opened = {
        way: verdict.status != "closed" and (by_law[way] or (verdict.directed and verdict.explicit))
        for way, verdict in verdicts.items()
    }
    why = "" if any(opened.values()) else _why_closed(verdicts, ways)
    obstacle = _obstacle(tags, profile, when, "forward")
    obstacles = {"forward": obstacle, "backward": _obstacle(tags, profile, when, "backward") if directed else obstacle}
    if not why and any(obstacles.values()):
        opened = {way: opened[way] and not obstacles[way] for way in opened}
        why = "" if any(opened.values()) else "; ".join(dict.fromkeys(text for text in obstacles.values() if text))
    for name in _only_where_allowed(tags, profile, ferry=ferry) if not why else ():
        opened = {way: opened[way] and verdicts[way].explicit for way in opened}
        if not any(opened.values()):
            sources = "".join(f"; {text}" for text in dict.fromkeys(of.source for of in verdicts.values()) if text)
            why = f"{name} is not for cars unless tags say so{sources}"
            break
    if why and ferry and not why.startswith("route="):
        why = f"route={tags['route']}; {why}: takes no cars"
    return _Permission(
        open=opened,
        restricted={way: opened[way] and verdicts[way].status == "restricted" for way in _DIRECTIONS},
        why_closed=why,
        reasons=(*([f"route={tags['route']}"] if ferry else []), *_access_reasons(verdicts), ways.source),
        unknown=unknown,
        undecided=undecided,
    )


def _obstacle(tags: Mapping[str, str], profile: Profile, when: datetime | None, direction: str) -> str:
    """Return the limit that the vehicle exceeds, or the tag that closes every lane of a direction; else nothing."""
    big = too_big(tags, profile, when, direction=direction)
    if big:
        return f"{big}: too small for the vehicle"
    for key, closing in profile.access.closed_lanes.items():
        for name in (f"{key}:{direction}", key):
            if name in tags:
                if all(lane.strip().lower() in closing for lane in tags[name].split("|")):
                    return f"{name}={tags[name]}"
                break
    return ""


def _why_closed(verdicts: Mapping[str, Verdict], ways: Directions) -> str:
    sources = [verdict.source for verdict in verdicts.values() if verdict.status == "closed"] or [ways.source]
    return "; ".join(dict.fromkeys(sources))


def _only_where_allowed(tags: Mapping[str, str], profile: Profile, *, ferry: bool) -> list[str]:
    """Return what about a way keeps cars out unless tags that speak of cars let them in."""
    found = [
        " ".join(f"{key}={tags[key]}" for key in rule)
        for rule in profile.access.only_where_allowed
        if applies(rule, tags)
    ]
    boats = profile.ferry
    carries = tags.get("highway") in profile.highway or "shuttle_train" in words_of(tags.get("route", ""))
    carries = carries or any(applies(rule, tags) for rule in boats.carrying)
    carries = carries or any(
        classify(tags[key], profile.access) in ("open", "restricted") for key in boats.larger_keys if key in tags
    )
    if ferry and not boats.cars_without_tags and not carries and not _banned_at_times(tags, profile):
        found.append(f"route={tags['route']}")
    return found


def _banned_at_times(tags: Mapping[str, str], profile: Profile) -> bool:
    """Say whether a condition bars cars: what is barred at times is allowed at others."""
    conditions = (tags.get(f"{key}:conditional", "") for key in profile.access.explicit)
    return any(
        classify(value, profile.access) == "closed" for text in conditions for value, _ in split_conditions(text)
    )


def _takes_walkers(tags: Mapping[str, str], profile: Profile) -> bool:
    """Say whether a ferry takes people on foot: unless `foot`, or for want of it `access`, bars them."""
    return classify(tags.get("foot", tags.get("access", "yes")), profile.access) != "closed"


def _speeds(
    tags: Mapping[str, str],
    profile: Profile,
    when: datetime | None,
    opened: Mapping[str, bool],
    *,
    directed: bool,
    ferry: bool,
) -> dict[str, Speed]:
    if ferry:
        return dict.fromkeys(_DIRECTIONS, Speed(60 / profile.ferry.min_per_km, ""))
    both = all(opened.values())
    speeds = {
        way: read_speed(tags, profile, when, direction=way, both_ways=both)
        for way, is_open in opened.items()
        if is_open and (directed or not (both and way == "backward"))
    }
    if both and not directed:
        speeds["backward"] = speeds["forward"]
    return speeds


def _closed(
    reason: str,
    unknown: tuple[str, ...] = (),
    undecided: tuple[str, ...] = (),
    *,
    ferry: bool = False,
    on_foot: bool = False,
) -> WayRule:
    return WayRule(
        forward_kph=0.0,
        backward_kph=0.0,
        forward_restricted=False,
        backward_restricted=False,
        snaps=False,
        reason=_sentence([reason], unknown, undecided),
        unknown=tuple(dict.fromkeys(unknown)),
        undecided=tuple(dict.fromkeys(undecided)),
        ferry=ferry,
        on_foot=on_foot,
    )


def _access_reasons(verdicts: Mapping[str, Verdict]) -> list[str]:
    keys = {"restricted": "tag_restricted", "closed": "tag_closed"}
    given = [verdict for verdict in verdicts.values() if verdict.source]
    return [
        note(keys[verdict.status], tag=verdict.source) if verdict.status in keys else verdict.source
        for verdict in given
    ]


def _sentence(reasons: list[str], unknown: tuple[str, ...], undecided: tuple[str, ...]) -> str:
    parts = [reason for reason in reasons if reason]
    parts += [note("tag_unknown", tag=tag) for tag in unknown]
    parts += [note("tag_undecided", tag=tag) for tag in undecided]
    return "; ".join(dict.fromkeys(parts))

"""What the tags of one way mean under a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.osm.access import classify, read_access, read_directions, too_big
from geoaccess.osm.conditional import closed_by_season
from geoaccess.osm.speed import read_speed
from geoaccess.osm.values import applies, parse_duration_s, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from geoaccess.osm.access import Verdict
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.speed import Speed

__all__ = ["Crossing", "Road", "read_crossing", "read_road"]


@dataclass(frozen=True)
class Road:
    """What a car may do on a way: km/h in each direction (0 is closed), and the rules that decided.

    A direction is restricted when one may use it to begin or end a journey but not to pass through. `unknown` holds
    the tags whose value no rule knows, `undecided` those with a condition that could not be decided.
    """

    forward_kph: float
    backward_kph: float
    forward_restricted: bool
    backward_restricted: bool
    snaps: bool
    reason: str
    unknown: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def restricted(self) -> bool:
        """Whether some open direction may be used only to begin or end a journey."""
        return self.forward_restricted or self.backward_restricted

    @property
    def closed(self) -> bool:
        """Whether no car may drive here in any direction."""
        return self.forward_kph <= 0 and self.backward_kph <= 0


@dataclass(frozen=True)
class Crossing:
    """What the tags of a ferry way say; None where they say nothing that can be used."""

    cars: bool
    duration_s: float | None
    headway_s: float | None


def read_road(tags: Mapping[str, str], profile: Profile, when: datetime | None = None) -> Road:
    """Return what a car may do on a way with these tags, and which rules decided it.

    Parameters
    ----------
    when
        The moment, in local time, at which seasons and conditions are decided; None is the profile's own moment,
        or, where it has none, what is true without a date.
    """
    closing = _closing(tags, profile, when)
    if closing:
        return _closed(closing)
    ways = read_directions(tags, profile, when)
    # Nearly all ways say the same of both directions; reading it once halves the time that a country takes.
    directed = any(":forward" in key or ":backward" in key for key in tags)
    verdict = read_access(tags, profile, when, direction="forward")
    opposite = read_access(tags, profile, when, direction="backward") if directed else verdict
    verdicts = {"forward": verdict, "backward": opposite}
    unknown = [*ways.unknown, *(tag for verdict in verdicts.values() for tag in verdict.unknown)]
    undecided = [*ways.undecided, *(tag for verdict in verdicts.values() for tag in verdict.undecided)]
    by_law = {"forward": ways.forward, "backward": ways.backward}
    opened = {
        way: verdict.status != "closed" and (by_law[way] or (verdict.directed and verdict.explicit))
        for way, verdict in verdicts.items()
    }
    for rule in profile.access.only_where_allowed:
        if applies(rule, tags):
            opened = {way: opened[way] and verdicts[way].explicit for way in opened}
            if not any(opened.values()):
                said = next((f"; {verdict.source}" for verdict in verdicts.values() if verdict.source), "")
                named = " ".join(f"{key}={tags[key]}" for key in rule)
                return _closed(f"{named} is not for cars unless tags say so{said}", unknown, undecided)
    if not any(opened.values()):
        sources = [verdict.source for verdict in verdicts.values() if verdict.status == "closed"] or [ways.source]
        return _closed("; ".join(dict.fromkeys(sources)), unknown, undecided)
    both = all(opened.values())
    speeds = {
        way: read_speed(tags, profile, when, direction=way, both_ways=both)
        for way, is_open in opened.items()
        if is_open and (directed or not (both and way == "backward"))
    }
    if both and not directed:
        speeds["backward"] = speeds["forward"]
    unknown += [tag for speed in speeds.values() for tag in speed.unknown]
    undecided += [tag for speed in speeds.values() for tag in speed.undecided]
    restricted = {way: opened[way] and verdicts[way].status == "restricted" for way in opened}
    return Road(
        forward_kph=speeds["forward"].kph if opened["forward"] else 0.0,
        backward_kph=speeds["backward"].kph if opened["backward"] else 0.0,
        forward_restricted=restricted["forward"],
        backward_restricted=restricted["backward"],
        snaps=not any(applies(rule, tags) for rule in profile.no_snap),
        reason=_told([*_access_told(verdicts), ways.source, *_speeds_told(speeds)], unknown, undecided),
        unknown=tuple(dict.fromkeys(unknown)),
        undecided=tuple(dict.fromkeys(undecided)),
    )


def read_crossing(tags: Mapping[str, str], profile: Profile) -> Crossing:
    """Return what the tags of a ferry way say; of its access tags the most particular one decides."""
    cars = profile.ferry.cars_without_tags
    for key in reversed(profile.ferry.car_keys):
        status = classify(tags[key], profile.access) if key in tags else None
        if status is not None:
            cars = status != "closed"
            break
        if key in tags and words_of(tags[key]):
            cars = True
            break
    return Crossing(cars, parse_duration_s(tags.get("duration", "")), parse_duration_s(tags.get("interval", "")))


def _closing(tags: Mapping[str, str], profile: Profile, when: datetime | None) -> str | None:
    """Return why a way is closed whatever its access tags say, or None."""
    highway = tags.get("highway", "")
    if highway not in profile.highway:
        return f"highway={highway} is not for cars" if highway else "no highway tag: not a road"
    for rule in profile.closed:
        if applies(rule, tags):
            return " ".join(f"{key}={tags[key]}" for key in rule)
    season = closed_by_season(tags, profile, when)
    if season:
        return f"{season}: closed at this time of the year"
    big = too_big(tags, profile)
    return f"{big}: too small for the vehicle" if big else None


def _closed(reason: str, unknown: list[str] | None = None, undecided: list[str] | None = None) -> Road:
    unknown, undecided = unknown or [], undecided or []
    return Road(
        forward_kph=0.0,
        backward_kph=0.0,
        forward_restricted=False,
        backward_restricted=False,
        snaps=False,
        reason=_told([reason], unknown, undecided),
        unknown=tuple(dict.fromkeys(unknown)),
        undecided=tuple(dict.fromkeys(undecided)),
    )


def _access_told(verdicts: Mapping[str, Verdict]) -> list[str]:
    words = {"open": "", "restricted": " (not to pass through)", "closed": " (closed)"}
    return [f"{verdict.source}{words[verdict.status]}" for verdict in verdicts.values() if verdict.source]


def _speeds_told(speeds: Mapping[str, Speed]) -> list[str]:
    return [speed.source for speed in speeds.values()]


def _told(reasons: list[str], unknown: list[str], undecided: list[str]) -> str:
    said = [reason for reason in reasons if reason]
    said += [f"{tag} is not known and decides nothing" for tag in unknown]
    said += [f"{tag} cannot be decided" for tag in undecided]
    return "; ".join(dict.fromkeys(said))

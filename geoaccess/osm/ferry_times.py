"""How long a crossing takes and how long one waits for it: from the table of ferries, the tags, or the length."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from geoaccess.clock import read_days_headway_s, read_duration_s
from geoaccess.osm.ferry_relations import RELATION_DURATION, RELATION_WAYS
from geoaccess.phrases import note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoaccess.osm.ferry_matching import FerryOverride
    from geoaccess.osm.ferry_paths import FerryPath
    from geoaccess.osm.profile import FerryRules

__all__ = ["OFFICIAL_DURATION", "Waits", "crossing_time", "read_waits", "usual_crossing_s", "wait_s"]


OFFICIAL_DURATION: Final = "official:duration"
"""The key under which a way keeps the minutes that an authority gives for it, no matter what others say of theirs."""


def usual_crossing_s(metres: float, quays: int, rules: FerryRules) -> float:
    """Return the usual seconds of a course that begins, ends or calls at quays.

    t = quays / 2 * manoeuvre_min + km * min_per_km: leaving one quay and coming to another takes `manoeuvre_min`, and a
    call on the way counts as two quays.

    Source: least squares over the 19 car ferries of data/troms/ferries.csv (2 to 37 km), where 6.7 min + 2.5 min/km
    is off by 2.5 min on average and by 5.9 min at the most.
    """
    return quays / 2 * rules.manoeuvre_min * 60 + metres / 1000 * rules.min_per_km * 60


def crossing_time(path: FerryPath, quays: int, rules: FerryRules, override: FerryOverride | None) -> tuple[float, str]:
    """Return how many seconds a course takes, and where that comes from."""
    if rules.wait == "ssb":
        return path.metres * 3.6 / rules.ssb_kph, note(
            "ssb_crossing", km=f"{path.metres / 1000:.1f}", kph=f"{rules.ssb_kph:g}"
        )
    if override and override.crossing_s is not None:
        return override.crossing_s, note("by_row", min=f"{override.crossing_s / 60:.4g}", row=override.row)
    official_s = read_duration_s(path.tags.get(OFFICIAL_DURATION, ""))
    if official_s is not None:
        return official_s, note("duration_official")
    rejected = []
    for text, metres, shared in _durations(path, rules):
        seconds = read_duration_s(text)
        if seconds is None:
            rejected.append(note("duration_unread", text=text))
        elif problem := _implausible(seconds, metres, path, rules):
            rejected.append(note("duration_implausible", shared=shared, **problem))
        else:
            key = "duration_middle" if "-" in text else "duration_tagged"
            return seconds * path.metres / metres, note(key, shared=shared, text=text)
    if RELATION_DURATION in path.tags and path.pieces < int(path.tags[RELATION_WAYS]):
        rejected.append(note("relation_in_part", n=path.tags[RELATION_WAYS], here=path.pieces))
    seconds = usual_crossing_s(path.metres, quays, rules)
    why = "; ".join(dict.fromkeys(rejected)) or note("no_duration")
    km, pace, mooring = f"{path.metres / 1000:.1f}", f"{rules.min_per_km:g}", f"{quays / 2 * rules.manoeuvre_min:g}"
    usual = note("usual_crossing" if quays else "usual_without_quay", km=km, pace=pace, min=mooring)
    return seconds, f"{why}; {usual}"


def _implausible(seconds: float, metres: float, path: FerryPath, rules: FerryRules) -> dict[str, str]:
    """Say what is wrong with a duration: too fast, or too slow even with time for mooring and for waiting on board."""
    low, high = rules.plausible_kph
    if "shuttle_train" in path.tags.get("route", ""):
        high = rules.plausible_train_kph
    longest_s = rules.plausible_manoeuvre_min * 60 + metres * 3.6 / low
    if metres * 3.6 / high <= seconds <= longest_s:
        return {}
    return {"kph": f"{metres / seconds * 3.6:.1f}", "low": f"{low:g}", "high": f"{high:g}"}


def _durations(path: FerryPath, rules: FerryRules) -> Iterator[tuple[str, float, str]]:
    """Yield the durations that may hold for a way, in order: the text, the metres it is for, and how it is shared."""
    own, of_relation = path.tags.get("duration", ""), path.tags.get(RELATION_DURATION, "")
    whole = path.pieces >= int(path.tags.get(RELATION_WAYS, 1))
    if own and path.pieces > 1 and _is_of_whole(path, rules):
        if whole:
            yield own, path.whole_m, f" {note('of_crossing')}"
    elif own:
        yield own, path.metres, ""
        if path.pieces > 1:  # the time of the whole crossing is often written on each of its ways
            yield own, path.whole_m, f" {note('of_crossing')}"
    if of_relation and whole:
        yield of_relation, path.whole_m, f" {note('of_relation_shared' if path.pieces > 1 else 'of_relation')}"


def _is_of_whole(path: FerryPath, rules: FerryRules) -> bool:
    """Return whether the duration of a way is that of all ways of its crossing.

    It is where the relation says the same. Where all ways say the same, it is if that is nearer to what the lengths
    make usual than each of them taking so long.
    """
    seconds = read_duration_s(path.tags["duration"])
    if seconds is None:
        return False
    if RELATION_DURATION in path.tags:
        return read_duration_s(path.tags[RELATION_DURATION]) == seconds
    if not path.follows or any(read_duration_s(text) != seconds for _, text in path.crossing):
        return False

    def off(metres: float) -> float:
        return abs(math.log(seconds / usual_crossing_s(metres, 2, rules)))

    return off(path.whole_m) < sum(off(metres) for metres, _ in path.crossing) / path.pieces


class Waits(NamedTuple):
    """Seconds at the quay before the boat leaves: as charged, of who chooses a sailing, of who cannot; and how known.

    `headway_s` is NaN where unknown; `note` says what was read and assumed.
    """

    wait_s: float
    planned_s: float
    unplanned_s: float
    headway_s: float
    check_in_s: float
    notes: tuple[str, ...]


def read_waits(path: FerryPath, rules: FerryRules, override: FerryOverride | None) -> Waits:
    """Return the waits for a ferry way by the table, else by its tags: `interval`, or days alone in `opening_hours`."""
    notes = []
    tagged_s = read_duration_s(path.tags.get("interval", ""))
    if "interval" in path.tags and tagged_s is None:
        notes.append(note("interval_unread", text=path.tags["interval"]))
    by_days_s = read_days_headway_s(path.tags.get("opening_hours", ""))
    headway_s = (override.headway_s if override else None) or tagged_s or by_days_s
    check_in_s = override.check_in_s if override else 0.0
    wait, planned, unplanned = (
        wait_s(headway_s, rules, check_in_s=check_in_s, mode=mode) for mode in (rules.wait, "planned", "unplanned")
    )
    if rules.wait in ("observed", "planned", "unplanned") and planned != unplanned:
        key = "wait_planned" if wait == planned else "wait_unplanned"
        notes.append(note(key, planned=f"{planned / 60:.0f}", unplanned=f"{unplanned / 60:.0f}"))
    return Waits(wait, planned, unplanned, math.nan if headway_s is None else headway_s, check_in_s, tuple(notes))


def wait_s(headway_s: float | None, rules: FerryRules, *, check_in_s: float = 0.0, mode: str | None = None) -> float:
    """Return the seconds from coming to the quay to the boat's leaving.

    `none` and `ssb`: 0. `emergency`: the vessel is called out, `call_out_min`. `unplanned`: headway / 2, the mean for
    who comes at any time. `planned`: people choose a sailing and come `wait_min` before it, or half the headway where
    that is less. `observed`: as `unplanned` while the headway is at most `half_headway_up_to_min`, else as `planned`,
    because people come for the departure when boats are rare. An unknown headway means `wait_min`. Nobody comes later
    than the check-in demands.

    Parameters
    ----------
    mode
        The profile's `wait` unless given.
    """
    mode = mode or rules.wait
    if rules.wait in ("none", "ssb"):
        return 0.0
    if rules.wait == "emergency":
        return rules.call_out_min * 60
    longest = rules.wait_min * 60
    half = headway_s / 2 if headway_s else longest
    chosen = half > rules.half_headway_up_to_min * 30 if mode == "observed" else mode == "planned"
    return max(check_in_s, min(half, longest) if chosen else half)

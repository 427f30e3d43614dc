"""Scenarios read as plans: as the changes that the page makes, each with where in the file it is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess.phrases import on_one_line
from geoaccess.planner.plan import ALL_WEEK
from geoaccess.scenarios import Close, Scenario, apply_to_sites, gives_nothing, site_label, stated_values
from geoaccess.study.scenario_names import of_another_study, resolve_in_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.planner.state import PlannerState
    from geoaccess.scenarios import AddSite, ChangeSite, ResolvedScenario

__all__ = ["DAY_NAMES", "NOTHING_SAID", "Opened", "Said", "open_scenario", "shown_name"]

DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr")
SPREAD = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: ALL_WEEK}
"""Which weekdays stand for a number of days where a scenario does not name them."""


@dataclass
class Said:
    """What a scenario says of one site: the numbers of its tables, and the days that they come to.

    `days` are None where nothing is said of them, and empty where the site is open on none.
    """

    add: int | None = None
    move: list[int] = field(default_factory=list)
    change: list[int] = field(default_factory=list)
    remove: list[int] = field(default_factory=list)
    days: tuple[int, ...] | None = None


NOTHING_SAID = Said()


@dataclass(frozen=True)
class Opened:
    """A scenario as a plan.

    Attributes
    ----------
    scenario
        As it was written, in order; sites of the study are named by `said`.
    changes
        What the page does to come to it, as plain values. The [[add]] of number n (from 1) is the site `new-n`.
    not_shown
        What it says beyond that, a line each: it stays in the file.
    said
        By service and label: what the file says of a site. A site taken away by `place` has the number of that table.
    shut
        Of each [[close]]: the ways, or the choice, that the page knows as closed; none where it does not show it.
    storm
        The same of [storm].
    """

    scenario: Scenario
    changes: list[dict[str, Any]]
    not_shown: list[str]
    said: dict[tuple[str, str], Said]
    shut: list[tuple[int | Close, ...]]
    storm: tuple[int | Close, ...]


def open_scenario(state: PlannerState, scenario: Scenario) -> Opened:
    """Return a scenario as a plan; all that `geoaccess compare` runs can be opened.

    Raises
    ------
    InputError
        If it chooses sites, roads or ferries that are not there, or that are called otherwise; if it was made for
        another study and names what this one has not.
    """
    not_shown: list[str] = []
    with of_another_study(state.study, scenario):
        resolved = resolve_in_study(state.study, scenario, state.directory)
        shut = [_shut(state, close, not_shown) for close in scenario.close]
        storm = [_shut(state, close, not_shown) for close in scenario.closes[len(scenario.close) :]]
    said = _said(state, scenario, resolved, not_shown)
    changes = _of_sites(state, resolved.scenario, said)
    ways = list(dict.fromkeys(one for found in (*shut, *storm) for one in found))
    changes += [
        {"what": "close", "way": one} if isinstance(one, int) else {"what": "close_group", "select": _plain(one)}
        for one in ways
    ]
    not_shown += [f"[{name}]" for name in ("slow", "boats", "network", "population") if getattr(scenario, name)]
    return Opened(scenario, changes, not_shown, said, shut, tuple(dict.fromkeys(one for some in storm for one in some)))


def shown_name(name: str) -> str:
    r"""Return the name of a site as the page has it: on one line.

    >>> shown_name("Legekontoret\nHusøy")
    'Legekontoret Husøy'
    """
    return on_one_line(str(name))


def _plain(select: Close) -> dict[str, Any]:
    return select.model_dump(mode="json", exclude_none=True)


def _shut(state: PlannerState, close: Close, not_shown: list[str]) -> tuple[int | Close, ...]:
    """Return what closes: ways where they do so as well one by one, else all that is chosen together."""
    if isinstance(close.polygon, str):  # a plan opens no other file
        not_shown.append(f"polygon = {close.polygon!r}")
        return ()
    select = Close(osm_id=close.osm_id, name=close.name, polygon=close.polygon, what=close.what)
    if close.osm_id is not None:
        state.group(select)  # which says so where there is no such way
        return (close.osm_id,)
    return state.closes_as_ways(select) or (select,)


def _said(
    state: PlannerState, scenario: Scenario, resolved: ResolvedScenario, not_shown: list[str]
) -> dict[tuple[str, str], Said]:
    """Return what is said of each site, and add to `not_shown` what the page does not know."""
    found: dict[tuple[str, str], Said] = {}
    own: dict[str, str] = {}
    ids: dict[tuple[str, str], Any] = {}
    items: dict[tuple[str, str], list[AddSite | ChangeSite]] = {}
    for number, add in enumerate(scenario.add):
        own[site_label(add)] = f"new-{number + 1}"
        key = add.service, f"new-{number + 1}"
        found[key], items[key], ids[key] = Said(add=number), [add], site_label(add)
    for what in ("move", "change"):
        for number, item in enumerate(getattr(resolved.scenario, what)):
            key = item.service, own.get(item.site, str(item.site))
            getattr(found.setdefault(key, Said()), what).append(number)
            if what == "change":
                items.setdefault(key, []).append(item)
                ids[key] = item.site
    for number, gone in _removals(scenario, resolved):
        found.setdefault((gone.service, own.get(gone.site, str(gone.site))), Said()).remove.append(number)
    stated = _stated(state, resolved.scenario) if items else pd.DataFrame()
    for key, some in items.items():
        named = str(ids[key])
        not_shown += _unknown(some, named)
        found[key].days = _days(stated.loc[ids[key]], named, not_shown)
    return found


def _stated(state: PlannerState, scenario: Scenario) -> pd.DataFrame:
    """Return what a scenario says of the days and the capacity of each site, column by column, as it is compared."""
    before, there = state.answers.sites, scenario.model_copy(update={"remove": ()})
    after = apply_to_sites(there, before, services=list(state.study.settings.services))
    names = ("days_per_week", "capacity", "opening")
    return pd.DataFrame({name: stated_values(name, after, before) for name in names})


def _removals(scenario: Scenario, resolved: ResolvedScenario) -> list[tuple[int, Any]]:
    """Return each site that is removed, with the number of the table that says so."""
    left, places = list(resolved.scenario.remove), [len(labels) for _, labels in resolved.places]
    found: list[tuple[int, Any]] = []
    for number, item in enumerate(scenario.remove):
        count = places.pop(0) if item.place else 1
        found += [(number, left.pop(0)) for _ in range(count)]
    return found


def _of_sites(state: PlannerState, scenario: Scenario, said: dict[tuple[str, str], Said]) -> list[dict[str, Any]]:
    """Return the changes to sites."""
    changes: list[dict[str, Any]] = []
    for (service, label), one in said.items():
        site = {"service": service, "site": label}
        days = list(ALL_WEEK) if one.days is None else list(one.days)
        if one.add is not None:
            add = scenario.add[one.add]
            place = _place(state, service, add.lon, add.lat)
            changes.append({"what": "add", **site, "name": shown_name(add.name), **place, "days": days})
        if one.move:
            move = scenario.move[one.move[-1]]
            changes.append({"what": "move", **site, **_place(state, service, move.lon, move.lat)})
        if one.remove or (one.add is None and one.days == ()):
            changes.append({"what": "remove", **site})
        elif one.add is None and one.days is not None:
            changes.append({"what": "days", **site, "days": days})
    return changes


def _place(state: PlannerState, service: str, lon: float, lat: float) -> dict[str, Any]:
    """Return a place, which may lie where no road is."""
    on_road = state.roads_of(service).place(lon, lat, state.start_s(service))
    return {"lon": lon, "lat": lat} | ({} if on_road else {"off_road": True})


def _unknown(items: Sequence[AddSite | ChangeSite], label: str) -> list[str]:
    """Return what is said of a site that the page does not know."""
    found = [(item, name) for item in items for name in ("capacity", "level", "allowed")]
    said = [(name, getattr(item, name)) for item, name in found if getattr(item, name, None) is not None]
    return [f"{label}: {name}" for name, value in said if not (name == "capacity" and value == 0)]


def _days(stated: pd.Series, label: str, not_shown: list[str]) -> tuple[int, ...] | None:
    """Return the weekdays of a site by what is said of it; add to `not_shown` what they are only close to."""
    days, capacity, opening = (
        None if pd.isna(stated[name]) else stated[name] for name in ("days_per_week", "capacity", "opening")
    )
    if gives_nothing(days, capacity):
        return ()
    named = [part.strip() for part in str(opening or "").split(",")]
    if all(part in DAY_NAMES for part in named):
        return tuple(sorted({DAY_NAMES.index(part) for part in named}))
    if opening is not None:
        not_shown.append(f"{label}: opening = {opening!r}")
    if days is None:
        return None
    whole = min(max(round(days), 1), len(ALL_WEEK))
    if whole != days:
        not_shown.append(f"{label}: days_per_week = {days:g} \u2192 {whole}")
    return SPREAD[whole]

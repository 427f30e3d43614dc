"""Plans kept as scenario files in one folder, and read back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from geoaccess import services
from geoaccess.errors import GeoaccessError, InputError, MissingFileError
from geoaccess.phrases import Text
from geoaccess.planner.changes import planned
from geoaccess.planner.plan import ALL_WEEK
from geoaccess.scenarios import (
    AddSite,
    ChangeSite,
    Close,
    MoveSite,
    RemoveSite,
    Scenario,
    read_scenario,
    site_label,
    write_scenario,
)
from geoaccess.scenarios.roads import selected_pieces
from geoaccess.study.scenario_names import of_another_study, resolve_in_study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.planner.changes import Change
    from geoaccess.planner.state import PlannerState

__all__ = ["Shelf", "changes_of", "scenario_of", "slug"]

DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr")
SPREAD = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: ALL_WEEK}
"""Which weekdays stand for a number of days where a scenario does not name them."""

_MOST_BYTES = 1 << 20
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 60


def slug(title: str) -> str:
    """Return the name of the file for a title: letters, digits and single hyphens, and never a path.

    >>> slug("Utekontor på Husøy, 2 dager"), slug("../../etc/passwd"), slug("...")
    ('utekontor-pa-husoy-2-dager', 'etc-passwd', '')
    """
    return services.slug(title)[:_LONGEST].strip("-")


class Shelf:
    """The folder that plans are kept in. Names are slugs; nothing outside the folder is read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return the names of the plans that are there, in order."""
        if not self.folder.is_dir():
            return []
        found = (path.stem for path in self.folder.glob("*.toml") if path.is_file() and not path.is_symlink())
        return sorted(name for name in found if _SLUG.fullmatch(name))

    def read(self, name: str) -> Scenario:
        """Return the plan of a name.

        Raises
        ------
        InputError
            If there is none, or it is no scenario.
        """
        if name not in self.names():
            raise MissingFileError(f"there is no plan {name!r} in {self.folder}")
        path = self._path(name)
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path}: is larger than {_MOST_BYTES >> 20} MB; a plan is a small file")
        return read_scenario(path)

    def write(self, scenario: Scenario, *, replace: bool) -> str:
        """Write a plan under the slug of its title and return that; texts of a plan that it replaces stay as written.

        Raises
        ------
        InputError
            If the title has no letter or digit.
        FileExistsError
            If there is one already that is not to be replaced.
        """
        name = self._name(scenario.title)
        if not name:
            raise InputError(f"title: {scenario.title!r} makes no name for a file; use letters or digits")
        former = self._former(name)
        if former is not None and not replace:
            raise FileExistsError(name)
        write_scenario(_as_written(scenario, former) if isinstance(former, Scenario) else scenario, self._path(name))
        return name

    def _name(self, title: str) -> str:
        """Return the name of the plan that has a title in one of its languages, else the slug of the title."""
        own = slug(Text(title).first)
        for name in [own, *self.names()]:
            former = self._former(name)
            if isinstance(former, Scenario) and title in _in_all_languages(former.title):
                return name
        return own

    def _former(self, name: str) -> Scenario | str | None:
        """Return the plan of a name, or its name where what is there is none; None where nothing is there."""
        if not self._path(name).exists():
            return None
        try:
            return self.read(name)
        except GeoaccessError:
            return name

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.toml"


def _in_all_languages(text: str) -> set[str]:
    return {text, *Text(text).by_language.values()}


def _as_written(scenario: Scenario, former: Scenario) -> Scenario:
    """Return a scenario with texts as a former one has them in several languages, where it means the same."""
    written = {
        one: text for text in (former.title, *(add.name for add in former.add)) for one in _in_all_languages(text)
    }
    adds = tuple(add.model_copy(update={"name": written.get(add.name, add.name)}) for add in scenario.add)
    kept = {"title": written.get(scenario.title, scenario.title), "add": adds}
    return scenario.model_copy(update=kept | ({} if scenario.description else {"description": former.description}))


def scenario_of(state: PlannerState, changes: Sequence[Change], *, title: str) -> Scenario:
    """Return what a list of changes comes to, as a scenario."""
    plan = planned(state, changes)
    parts: dict[str, list[Any]] = {"add": [], "remove": [], "move": [], "change": []}
    taken = {label for sites in state.plan.sites.values() for label in sites}
    for service, before in state.plan.sites.items():
        now = plan.sites[service]
        parts["remove"] += [
            RemoveSite(service=service, site=label, name=site.name)
            for label, site in before.items()
            if label not in now
        ]
        for label, site in now.items():
            week = _week(site.days)
            if site.added:
                add = AddSite(service=service, name=site.name, lon=site.lon, lat=site.lat, **week)
                own = _free(site_label(add), taken)
                taken.add(own)
                parts["add"].append(add if own == site_label(add) else add.model_copy(update={"site": own}))
                continue
            if site.moved:
                parts["move"].append(MoveSite(service=service, site=label, name=site.name, lon=site.lon, lat=site.lat))
            if week:
                parts["change"].append(ChangeSite(service=service, site=label, name=site.name, **week))
    close = [Close(osm_id=way) for way in sorted(plan.closed)]
    given: dict[str, Any] = {name: tuple(items) for name, items in parts.items()}
    return Scenario(title=title, study=state.study.titles[0], close=tuple(close), **given)


def _week(days: frozenset[int]) -> dict[str, Any]:
    if days == frozenset(ALL_WEEK):
        return {}
    return {"days_per_week": float(len(days)), "opening": ",".join(DAY_NAMES[day] for day in sorted(days))}


def _free(label: str, taken: set[str]) -> str:
    number, found = 2, label
    while found in taken:
        found, number = f"{label}-{number}", number + 1
    return found


def changes_of(state: PlannerState, scenario: Scenario) -> tuple[list[dict[str, Any]], list[str]]:
    """Return a scenario as a list of changes, and what it says that the planner does not know, a line each.

    Raises
    ------
    InputError
        If it chooses sites, roads or ferries that are not there, or that are called otherwise; if it was made for
        another study and names what this one has not.
    """
    left_out: list[str] = []
    with of_another_study(state.study, scenario):
        scenario = resolve_in_study(state.study, scenario, state.answers.sites, state.answers.results).scenario
        ways = _ways(state, scenario, left_out)
    own: dict[str, str] = {}
    changes: list[dict[str, Any]] = []
    for number, add in enumerate(scenario.add, start=1):
        own[site_label(add)] = f"new-{number}"
        days = _days(add, left_out, site_label(add))
        place = {"lon": add.lon, "lat": add.lat, "name": add.name, "site": f"new-{number}"}
        changes.append({"what": "add", "service": add.service, "days": days or list(ALL_WEEK), **place})
    for move in scenario.move:
        place = {"lon": move.lon, "lat": move.lat}
        changes.append({"what": "move", "service": move.service, "site": own.get(move.site, move.site), **place})
    for change in scenario.change:
        days = _days(change, left_out, change.site)
        if days:
            site = own.get(change.site, change.site)
            changes.append({"what": "days", "service": change.service, "site": site, "days": days})
    changes += [
        {"what": "remove", "service": gone.service, "site": own.get(gone.site, gone.site)} for gone in scenario.remove
    ]
    changes += [{"what": "close", "way": way} for way in ways]
    left_out += [f"[{name}]" for name in ("slow", "boats", "network", "population") if getattr(scenario, name)]
    return changes, left_out


def _days(given: AddSite | ChangeSite, left_out: list[str], label: str) -> list[int] | None:
    """Return the weekdays of an office, None where they are not given."""
    unknown = [name for name in ("capacity", "level", "allowed") if getattr(given, name, None) is not None]
    left_out += [f"{label}: {name}" for name in unknown]
    named = [part.strip() for part in (given.opening or "").split(",")]
    if all(part in DAY_NAMES for part in named):
        return sorted({DAY_NAMES.index(part) for part in named})
    if given.opening is not None:
        left_out.append(f"{label}: opening = {given.opening!r}")
    if given.days_per_week is None:
        return None
    whole = min(max(round(given.days_per_week), 1), len(ALL_WEEK))
    if whole != given.days_per_week:
        left_out.append(f"{label}: days_per_week = {given.days_per_week:g}, read as {whole}")
    return list(SPREAD[whole])


def _ways(state: PlannerState, scenario: Scenario, left_out: list[str]) -> list[int]:
    """Return the ways that a scenario closes."""
    network = state.network
    problems: list[str] = []
    ways: list[int] = []
    for number, close in enumerate(scenario.closes, start=1):
        if isinstance(close.polygon, str):  # a plan opens no other file
            left_out.append(f"polygon = {close.polygon!r}")
            continue
        chosen = selected_pieces(close, network, None, problems, f"[[close]] {number}")
        found = sorted({int(way) for way in network.way_id[network.shape_way[chosen]]})
        ways += [way for way in found if state.edges_of_way(way).size]
    if problems:
        raise InputError.listing(f'plan "{scenario.title}"', problems)
    return list(dict.fromkeys(ways))

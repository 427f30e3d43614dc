"""A plan written into the scenario that it was opened from: what it does not edit stays as it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geoaccess.planner.changes import planned, read_changes
from geoaccess.planner.plan import ALL_WEEK
from geoaccess.planner.saved import DAY_NAMES, NOTHING_SAID, Opened, open_scenario, shown_name
from geoaccess.planner.shelf import in_all_languages
from geoaccess.scenarios import AddSite, Close, Scenario, site_label
from geoaccess.scenarios.changes import PLAIN
from geoaccess.study.site_columns import copied_id
from geoaccess.toml import Entry, edited_toml, toml_tables, validate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geoaccess.planner.changes import Change
    from geoaccess.planner.plan import Plan, Site
    from geoaccess.planner.saved import Said
    from geoaccess.planner.state import PlannerState

__all__ = ["Merged", "merged_text", "scenario_of"]

_TABLES = ("add", "move", "change", "remove", "close")
_BOM = "\ufeff"


@dataclass(frozen=True)
class Merged:
    """The text of a plan, and the number (from 1) of the [[add]] of each new site by its label on the page."""

    text: str
    adds: dict[str, int]


def merged_text(
    state: PlannerState,
    changes: Sequence[Change],
    *,
    title: str,
    text: str = "",
    adds: Mapping[str, int] | None = None,
) -> Merged:
    """Return a plan as the text of a file.

    Parameters
    ----------
    text
        Of the file that the plan was opened from, "" where it is new: tables, keys and comments that the changes do not
        touch stay byte for byte.
    adds
        Which [[add]] of that file (from 1) each new site is, by its label on the page.

    Raises
    ------
    InputError
        If a change cannot be made, or the file is none of this study.
    """
    plan = planned(state, changes)
    mark, text = (_BOM, text.removeprefix(_BOM)) if text.startswith(_BOM) else ("", text)
    former = _former(state, text)
    draft = _Draft(state, plan, former, dict(adds or {}))
    draft.write()
    values: dict[str, Any] = {}
    if not text or title not in in_all_languages(former.scenario.title):
        values["title"] = title
    if not text:
        values["study"] = state.study.titles[0]
    if draft.storm_is_over:
        values["storm"] = None
    return Merged(mark + edited_toml(text, values=values, tables=draft.entries()), draft.numbers())


def scenario_of(
    state: PlannerState,
    changes: Sequence[Change],
    *,
    title: str,
    text: str = "",
    adds: Mapping[str, int] | None = None,
) -> Scenario:
    """Return what a plan comes to, with what `text` says beyond it, as a scenario; arguments as of `merged_text`."""
    made = merged_text(state, changes, title=title, text=text, adds=adds).text
    return validate(toml_tables(made), Scenario, subject=f'plan "{title}"')


def _former(state: PlannerState, text: str) -> Opened:
    raw = toml_tables(text) if text else {"title": "-"}
    return open_scenario(state, validate(raw, Scenario, subject="the plan that was opened"))


@dataclass(eq=False)
class _Row:
    """What becomes of one table: the one of number `source` of the file, or a new one."""

    source: int | None
    values: dict[str, Any] = field(default_factory=dict)


class _Draft:
    """The tables of a file on their way to say what a plan is."""

    def __init__(self, state: PlannerState, plan: Plan, former: Opened, adds: dict[str, int]) -> None:
        self.state, self.plan, self.former = state, plan, former
        self.before = planned(state, read_changes(former.changes))
        scenario = former.scenario
        self.rows = {what: [_Row(number) for number in range(len(getattr(scenario, what)))] for what in _TABLES}
        self.storm_is_over = False
        self.own: dict[tuple[str, str], _Row] = {}
        # Labels of the page, by the number of their [[add]]; a number that two of them claim is the first one's.
        self.labels: dict[int, str] = {}
        for label, number in adds.items():
            if 1 <= number <= len(scenario.add):
                self.labels.setdefault(number - 1, label)
        self.of_file = {(scenario.add[number].service, label) for number, label in self.labels.items()}

    def write(self) -> None:
        """Bring the tables to the plan."""
        for service, sites in self.plan.stated.items():
            for label in dict.fromkeys([*self.state.plan.sites[service], *sites]):
                if label in self.state.plan.sites[service]:
                    self._write_old(service, label)
                elif (service, label) not in self.of_file:
                    self._write_new(service, label)
        for number, add in enumerate(self.former.scenario.add):
            self._write_added(number, add)
        self._write_closed()

    def entries(self) -> dict[str, list[Entry]]:
        return {what: [Entry(row.source, row.values) for row in rows] for what, rows in self.rows.items()}

    def numbers(self) -> dict[str, int]:
        """Return the number of the [[add]] of each new site, from 1."""
        return {
            label: number
            for number, row in enumerate(self.rows["add"], start=1)
            for (_, label), own in self.own.items()
            if own is row
        }

    # ---- sites

    def _write_old(self, service: str, label: str) -> None:
        """Write a site of the study."""
        study, now = self.state.plan.sites[service][label], self.plan.stated[service].get(label)
        before = self.before.stated[service].get(label)
        said = self.former.said.get((service, label), NOTHING_SAID)
        named = _named(service, label, study.name)
        copies = self.state.copies.get(service)
        if copies is not None and copies.closed(label, self.plan.stated):  # it closes with its original
            for what in ("move", "change"):
                self._drop(what, getattr(said, what))
            return
        if now is None:
            if before is not None:
                self.rows["remove"].append(_Row(None, named))
            return
        if before is None:
            self._open_again(said)
        place = study if not said.move else self._moved(said)
        if (place.lon, place.lat) != (now.lon, now.lat):
            if not now.moved:
                self._drop("move", said.move)
            elif said.move:
                self._row("move", said.move[-1]).values |= {"lon": now.lon, "lat": now.lat}
            else:
                self.rows["move"].append(_Row(None, named | {"lon": now.lon, "lat": now.lat}))
        if frozenset(ALL_WEEK if said.days is None else said.days) != now.days:
            self._write_days(said, now, named)

    def _write_new(self, service: str, label: str) -> None:
        """Write a site that the file does not know."""
        site = self.plan.stated[service][label]
        add: dict[str, Any] = {"service": service, "name": site.name, "lon": site.lon, "lat": site.lat}
        if not site.name:
            del add["name"]
        own = site_label(AddSite(**add))
        free = _free(own, service, self._taken(), also=self._copied(service))
        if free != own:
            add["site"] = free
        row = _Row(None, add | _week(site.days))
        self.rows["add"].append(row)
        self.own[service, label] = row

    def _write_added(self, number: int, add: AddSite) -> None:
        """Write a site that the file adds, or that the plan no longer has."""
        key, label = (add.service, f"new-{number + 1}"), self.labels.get(number)
        said, before = self.former.said[key], self.before.stated[add.service].get(key[1])
        now = None if label is None else self.plan.stated[add.service].get(label)
        row = self._row("add", number)
        if now is None:
            if before is not None:
                for what in ("move", "change", "remove"):
                    self._drop(what, getattr(said, what))
                self._drop("add", [number])
            return
        if label is not None:
            self.own[add.service, label] = row
        if before is None:
            self._open_again(said)
        if now.name not in map(shown_name, in_all_languages(add.name)):
            row.values["name"] = now.name or None
            if add.site is None and (said.move or said.change or said.remove):
                row.values["site"] = site_label(add)  # by which the other tables name it
        place = self._moved(said) if said.move else add
        if (place.lon, place.lat) != (now.lon, now.lat):
            moved = self._row("move", said.move[-1]) if said.move else row
            moved.values |= {"lon": now.lon, "lat": now.lat}
        if frozenset(ALL_WEEK if said.days is None else said.days) != now.days:
            self._write_days(said, now, {})

    def _open_again(self, said: Said) -> None:
        """Take away what closes a site: its removal, alone or with the place where it stands."""
        for number in dict.fromkeys(said.remove):
            row = self._row("remove", number)
            if row not in self.rows["remove"]:
                continue
            together = [key for key, one in self.former.said.items() if number in one.remove]
            self._drop("remove", [number])
            for service, label in together:
                site, own = self.state.plan.sites[service].get(label), self.former.said[service, label].add
                if site is not None and label not in self.plan.stated[service]:
                    self.rows["remove"].append(_Row(None, _named(service, label, site.name)))
                elif own is not None and self.labels.get(own) not in self.plan.stated[service]:
                    add = self.former.scenario.add[own]
                    self.rows["remove"].append(_Row(None, _named(service, site_label(add), "")))

    def _moved(self, said: Said) -> Any:
        return self.former.scenario.move[said.move[-1]]

    def _write_days(self, said: Said, site: Site, named: dict[str, Any]) -> None:
        """Write the weekdays of a site where they stand already; what else is said there stays."""
        week = _week(site.days, unlike=self._opening(named))
        scenario = self.former.scenario
        holders: list[tuple[_Row, Any]] = [
            (self._row("change", number), scenario.change[number]) for number in said.change
        ]
        if said.add is not None:
            holders.insert(0, (self._row("add", said.add), scenario.add[said.add]))
        speaking = [pair for pair in holders if pair[1].days_per_week is not None or pair[1].opening is not None]
        for row, item in holders:
            if item.capacity == 0 and site.days:
                row.values["capacity"] = None
            if (row, item) in speaking:
                row.values |= {"days_per_week": None, "opening": None}
        if week and (speaking or said.add is not None):
            (speaking or holders)[-1][0].values |= {"days_per_week": None, "opening": None} | week
        elif week:
            self.rows["change"].append(_Row(None, named | week))
        for row, item in holders:
            names = (*PLAIN, "allowed")
            if (
                row.source is not None
                and row in self.rows["change"]
                and not any(row.values.get(name, getattr(item, name)) is not None for name in names)
            ):
                self.rows["change"].remove(row)

    def _opening(self, named: dict[str, Any]) -> str:
        """Return when a site is open as the study writes it, "" for one that is added."""
        sites = self.state.answers.sites
        return str(sites["opening"].get(named["site"], "")) if named and "opening" in sites else ""

    # ---- roads and ferries

    def _write_closed(self) -> None:
        closed: set[int | Close] = {*self.plan.closed, *self.plan.groups}
        left = set(closed)
        gone = []
        for number, shut in enumerate(self.former.shut):
            if closed.issuperset(shut):
                left -= set(shut)
            else:
                gone.append(number)
        self.storm_is_over = not closed.issuperset(self.former.storm)
        if not self.storm_is_over:
            left -= set(self.former.storm)
        self._drop("close", gone)
        ways = sorted(one for one in left if isinstance(one, int))
        chosen = sorted((one for one in left if isinstance(one, Close)), key=repr)
        self.rows["close"] += [_Row(None, {"osm_id": way}) for way in ways]
        self.rows["close"] += [_Row(None, select.model_dump(exclude_defaults=True)) for select in chosen]

    # ---- rows

    def _row(self, what: str, number: int) -> _Row:
        """Return the row of a table of the file; one that was dropped, as long as nobody asks for it again."""
        found = next((row for row in self.rows[what] if row.source == number), None)
        return _Row(number) if found is None else found

    def _drop(self, what: str, numbers: Sequence[int]) -> None:
        self.rows[what] = [row for row in self.rows[what] if row.source is None or row.source not in numbers]

    def _taken(self) -> set[str]:
        """Return the ids that a new site may not have."""
        taken = {label for sites in self.state.plan.sites.values() for label in sites}
        adds = [row.values for row in self.rows["add"] if row.source is None]
        for add in (*self.former.scenario.add, *(AddSite(**values) for values in adds)):
            taken |= {site_label(add), *_copies(site_label(add), add.service, self._copied(add.service))}
        return taken

    def _copied(self, service: str) -> list[str]:
        """Return the services that take the new sites of a service."""
        return [key for key, copies in self.state.copies.items() if copies.source == service and copies.takes_new]


def _named(service: str, label: str, name: str) -> dict[str, Any]:
    return {"service": service, "site": label} | ({"name": name} if name else {})


def _week(days: frozenset[int], *, unlike: str = "") -> dict[str, Any]:
    """Return what is written of weekdays; a scenario that writes a site's hours `unlike` the study says something."""
    if days == frozenset(ALL_WEEK):
        return {}
    if not days:
        return {"days_per_week": 0}
    names = [DAY_NAMES[day] for day in sorted(days)]
    opening = ",".join(names)
    if opening == unlike:
        opening = ",".join([*names[1:], names[0]] if len(names) > 1 else names * 2)
    return {"days_per_week": len(days), "opening": opening}


def _copies(label: str, service: str, also: Sequence[str]) -> set[str]:
    """Return the ids of the copies of a site of a service in others."""
    return {copied_id(label, service, other) for other in also}


def _free(label: str, service: str, taken: set[str], *, also: Sequence[str]) -> str:
    """Return the id of a new site that is free, and so are those of its copies in other services."""
    number, found = 2, label
    while not taken.isdisjoint({found, *_copies(found, service, also)}):
        found, number = f"{label}-{number}", number + 1
    return found

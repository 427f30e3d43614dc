"""What a planner does to a study, one change after another, and the plan that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, field_validator

from geoaccess.bounds import Id, Lat, Lon
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.phrases import ONE_LINE
from geoaccess.planner.copies import followed
from geoaccess.planner.failures import OUTDATED, PlannerError
from geoaccess.planner.plan import ALL_WEEK, WEEKDAYS, Plan, Site, group_id
from geoaccess.questions.scenario_changes import off_the_map
from geoaccess.scenarios import Close  # noqa: TC001 - pydantic reads it
from geoaccess.toml import TITLE_LETTERS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.planner.state import PlannerState
    from geoaccess.routing.field import Place

__all__ = [
    "MOST_CHANGES",
    "Add",
    "Change",
    "ChangeError",
    "CloseGroup",
    "CloseWay",
    "Days",
    "Fitting",
    "Move",
    "OpenGroup",
    "OpenWay",
    "Remove",
    "Restore",
    "fitting",
    "planned",
    "read_changes",
]

MOST_CHANGES = 5000

Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(max_length=TITLE_LETTERS, pattern=ONE_LINE)]
AnyDays = frozenset[Annotated[int, Field(ge=0, lt=WEEKDAYS)]]
Weekdays = Annotated[AnyDays, Field(min_length=1)]


class ChangeError(PlannerError):
    """A change that cannot be made: `number` is its place in the list."""

    def __init__(self, message: str, *, number: int, code: str) -> None:
        super().__init__(message, code=code)
        self.number = number


class Add(Table):
    """A new office; `site` is its label among the sites of the service.

    `off_road` says that it may stand where no road is, as in a plan that was written by hand: it serves nobody there.
    On no weekday it is open to nobody either.
    """

    what: Literal["add"]
    service: Label
    site: Annotated[str, StringConstraints(pattern=r"^new-[0-9]{1,6}$")]
    name: Name = ""
    lon: Lon
    lat: Lat
    days: AnyDays = frozenset(ALL_WEEK)
    off_road: bool = False


class Move(Table):
    """An office to another place, where a road is unless `off_road` says that none need be."""

    what: Literal["move"]
    service: Label
    site: Label
    lon: Lon
    lat: Lat
    off_road: bool = False


class Remove(Table):
    """An office that closes."""

    what: Literal["remove"]
    service: Label
    site: Label


class Restore(Table):
    """An office of the study that was closed opens again, where it was and on all its days."""

    what: Literal["restore"]
    service: Label
    site: Label


class Days(Table):
    """The weekdays on which an office is open, 0 for Monday."""

    what: Literal["days"]
    service: Label
    site: Label
    days: Weekdays


class CloseWay(Table):
    """A ferry or road that closes, by its number in OpenStreetMap."""

    what: Literal["close"]
    way: Id


class OpenWay(Table):
    """One that was closed and opens again."""

    what: Literal["open"]
    way: Id


class CloseGroup(Table):
    """Roads and ferries that close together: those of a name or in a polygon, as a scenario chooses them."""

    what: Literal["close_group"]
    select: Close

    @field_validator("select")
    @classmethod
    def _names_no_file(cls, select: Close) -> Close:
        if isinstance(select.polygon, str):
            raise ValueError("the polygon is a file; a plan opens no other file")  # noqa: TRY004 - of a message
        if select.osm_id is not None:
            raise ValueError('one way closes by {"what": "close"}')
        return select


class OpenGroup(Table):
    """Those that closed together and open again; `group` is what answers call them."""

    what: Literal["open_group"]
    group: Label


Change = Add | Move | Remove | Restore | Days | CloseWay | OpenWay | CloseGroup | OpenGroup
_LIST: TypeAdapter[list[Change]] = TypeAdapter(list[Annotated[Change, Field(discriminator="what")]])


def read_changes(raw: Any) -> list[Change]:
    """Read changes from plain values.

    Raises
    ------
    PlannerError
        With everything that is wrong, by the number of the change.
    """
    if isinstance(raw, list) and len(raw) > MOST_CHANGES:
        raise PlannerError(
            f"changes: there are {len(raw)}, and a plan holds at most {MOST_CHANGES}",
            code="too_many_changes",
            n=MOST_CHANGES,
        )
    try:
        return _LIST.validate_python(raw)
    except ValidationError as error:
        found = [
            f"changes{''.join(f'[{part}]' for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise PlannerError(str(InputError.listing("changes", found)), code=OUTDATED) from None


def planned(state: PlannerState, changes: Sequence[Change]) -> Plan:
    """Return the plan that changes make of a study; the same list always makes the same plan.

    Raises
    ------
    ChangeError
        For the first change that cannot be made.
    """
    draft = _Draft(dict(state.plan.sites))
    for number, change in enumerate(changes):
        try:
            draft.make(state, change)
        except _Refused as error:
            raise ChangeError(f"change {number + 1}: {error}", number=number, code=error.code) from None
    return Plan(
        followed(state, draft.sites), frozenset(draft.closed), frozenset(draft.groups.values()), stated=draft.sites
    )


@dataclass(frozen=True)
class Fitting:
    """Which changes of a list can be made, by their places in it, and why each of the others cannot."""

    kept: list[int]
    aside: dict[int, ChangeError]


def fitting(state: PlannerState, raw: Sequence[Any]) -> Fitting:
    """Find the changes that can be made, one after the other; those that cannot are set aside, later good ones go on.

    Parameters
    ----------
    raw
        Plain values, as `read_changes` reads them.
    """
    found = Fitting([], {})
    draft = _Draft(dict(state.plan.sites))
    for number, one in enumerate(raw):
        try:
            draft.make(state, read_changes([one])[0])
        except _Refused as error:
            found.aside[number] = ChangeError(str(error), number=number, code=error.code)
        except GeoaccessError as error:
            found.aside[number] = ChangeError(str(error), number=number, code=OUTDATED)
        else:
            found.kept.append(number)
    return found


class _Refused(Exception):  # noqa: N818 - it never leaves this file
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class _Draft:
    """What stands after some changes."""

    sites: dict[str, dict[str, Site]]
    closed: set[int] = field(default_factory=set)
    groups: dict[str, Close] = field(default_factory=dict)

    def make(self, state: PlannerState, change: Change) -> None:
        """Make a change, or leave everything as it is."""
        if isinstance(change, CloseWay | OpenWay):
            _way(state, self, change)
        elif isinstance(change, CloseGroup | OpenGroup):
            _group(state, self.groups, change)
        else:
            _refuse_copies(state, self.sites, change)
            _refuse_twin(self.sites, change)
            self.sites[change.service] = _sites(state, self.sites.get(change.service), change)


def _way(state: PlannerState, draft: _Draft, change: CloseWay | OpenWay) -> None:
    closed = draft.closed
    if isinstance(change, OpenWay):
        if change.way in closed:
            closed.remove(change.way)
            return
        if any(change.way in state.group(select).ways for select in draft.groups.values()):
            raise _Refused("in_group", f"the way {change.way} is closed together with others; open them together")
        raise _Refused("not_closed", f"the way {change.way} is not closed")
    if change.way in closed:
        raise _Refused("closed_already", f"the way {change.way} is closed already")
    if not state.edges_of_way(change.way).size:
        raise _Refused("no_way", f"no car drives or is carried on a way {change.way} of this network")
    closed.add(change.way)


def _group(state: PlannerState, groups: dict[str, Close], change: CloseGroup | OpenGroup) -> None:
    if isinstance(change, OpenGroup):
        if groups.pop(change.group, None) is None:
            raise _Refused("not_closed", f"no roads or ferries {change.group!r} are closed together")
        return
    label = group_id(change.select)
    if label in groups:
        raise _Refused("closed_already", "these roads and ferries are closed already")
    try:
        state.group(change.select)
    except InputError as error:
        raise _Refused("no_way", str(error)) from None
    groups[label] = change.select


def _refuse_copies(
    state: PlannerState, stated: dict[str, dict[str, Site]], change: Add | Move | Remove | Restore | Days
) -> None:
    """Refuse what is done to a copy of a new site, and to open that of a closed one."""
    copies = state.copies.get(change.service)
    if copies is None or isinstance(change, Add):
        return
    closed = isinstance(change, Restore) and copies.closed(change.site, stated)
    if closed or change.site in copies.new(stated):
        raise _Refused("of_other_service", f"{change.site!r} is a site of {copies.source}; change it there")


def _refuse_twin(stated: dict[str, dict[str, Site]], change: Change) -> None:
    """Refuse a new site whose label is taken, in whatever service: by it a saved plan finds the site in its file."""
    if not isinstance(change, Add) or change.service not in stated:
        return
    if any(change.site in sites for sites in stated.values()):
        raise _Refused("same_label", f"there is a site {change.site!r} already")


def _sites(
    state: PlannerState, sites: dict[str, Site] | None, change: Add | Move | Remove | Restore | Days
) -> dict[str, Site]:
    """Return the sites of a service after a change to one of them."""
    if sites is None:
        raise _Refused("no_service", f"there is no service {change.service!r}")
    label = change.site if isinstance(change, Add) else _label(state, sites, change)
    if isinstance(change, Add):
        place = _on_network(state, change)
        new = Site(change.name, change.lon, change.lat, place, change.days, added=True)
        return sites | {label: new}
    if isinstance(change, Restore):
        before = state.plan.sites[change.service].get(label)
        if before is None or label in sites:
            raise _Refused("not_removed", f"{label!r} is no site of the study that was closed")
        return sites | {label: before}
    if label not in sites:
        raise _Refused("no_site", f"there is no site {label!r} of {change.service}")
    if isinstance(change, Remove):
        return {name: site for name, site in sites.items() if name != label}
    if isinstance(change, Move):
        place = _on_network(state, change)
        return sites | {label: replace(sites[label], lon=change.lon, lat=change.lat, place=place, moved=True)}
    return sites | {label: replace(sites[label], days=change.days)}


def _label(state: PlannerState, sites: dict[str, Site], change: Move | Remove | Restore | Days) -> str:
    """Return the label of the site that a change names by its label, id or name."""
    label, before = change.site, state.plan.sites[change.service]
    if label in sites or label in before:
        return label
    try:
        return str(state.directory.find(label, service=change.service))
    except InputError as error:
        raise _Refused("no_site", str(error)) from None


def _on_network(state: PlannerState, change: Add | Move) -> Place:
    if said := off_the_map(state.network, change.lon, change.lat):
        raise _Refused("off_map", said)
    start_s = state.start_s(change.service)
    place = state.roads_of(change.service).place_anywhere(change.lon, change.lat, start_s)
    if place["edge"] < 0 and not change.off_road:
        raise _Refused("no_road", f"no road within {state.study.settings.snap.max_m:g} m of that place")
    return place

"""What a planner does to a study, one change after another, and the plan that comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from geoaccess.bounds import Id, Lat, Lon
from geoaccess.errors import InputError
from geoaccess.planner.plan import ALL_WEEK, WEEKDAYS, Plan, Site
from geoaccess.toml import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.planner.state import PlannerState
    from geoaccess.routing.field import Place

__all__ = [
    "MOST_CHANGES",
    "Add",
    "Change",
    "ChangeError",
    "CloseWay",
    "Days",
    "Move",
    "OpenWay",
    "Remove",
    "Restore",
    "planned",
    "read_changes",
]

MOST_CHANGES = 500

Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Weekdays = Annotated[frozenset[Annotated[int, Field(ge=0, lt=WEEKDAYS)]], Field(min_length=1)]


class ChangeError(InputError):
    """A change that cannot be made: `number` is its place in the list, `code` a word for what is wrong."""

    def __init__(self, message: str, *, number: int, code: str) -> None:
        super().__init__(message)
        self.number, self.code = number, code


class Add(Table):
    """A new office; `site` is its label among the sites of the service."""

    what: Literal["add"]
    service: Label
    site: Annotated[str, StringConstraints(pattern=r"^new-[0-9]{1,6}$")]
    name: Name = ""
    lon: Lon
    lat: Lat
    days: Weekdays = frozenset(ALL_WEEK)


class Move(Table):
    """An office to another place."""

    what: Literal["move"]
    service: Label
    site: Label
    lon: Lon
    lat: Lat


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


Change = Add | Move | Remove | Restore | Days | CloseWay | OpenWay
_LIST: TypeAdapter[list[Change]] = TypeAdapter(
    Annotated[list[Annotated[Change, Field(discriminator="what")]], Field(max_length=MOST_CHANGES)]
)


def read_changes(raw: Any) -> list[Change]:
    """Read changes from plain values.

    Raises
    ------
    InputError
        With everything that is wrong, by the number of the change.
    """
    try:
        return _LIST.validate_python(raw)
    except ValidationError as error:
        found = [
            f"changes{''.join(f'[{part}]' for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise InputError.listing("changes", found) from None


def planned(state: PlannerState, changes: Sequence[Change]) -> Plan:
    """Return the plan that changes make of a study; the same list always makes the same plan.

    Raises
    ------
    ChangeError
        For the first change that cannot be made.
    """
    sites = dict(state.plan.sites)
    closed: set[int] = set()
    for number, change in enumerate(changes):
        try:
            if isinstance(change, CloseWay | OpenWay):
                _way(state, closed, change)
            else:
                sites[change.service] = _sites(state, sites.get(change.service), change)
        except _Refused as error:
            raise ChangeError(f"change {number + 1}: {error}", number=number, code=error.code) from None
    return Plan(sites, frozenset(closed))


class _Refused(Exception):  # noqa: N818 - it never leaves this file
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _way(state: PlannerState, closed: set[int], change: CloseWay | OpenWay) -> None:
    if isinstance(change, OpenWay):
        if change.way not in closed:
            raise _Refused("not_closed", f"the way {change.way} is not closed")
        closed.remove(change.way)
        return
    if change.way in closed:
        raise _Refused("closed_already", f"the way {change.way} is closed already")
    if not state.edges_of_way(change.way).size:
        raise _Refused("no_way", f"no car drives or is carried on a way {change.way} of this network")
    closed.add(change.way)


def _sites(
    state: PlannerState, sites: dict[str, Site] | None, change: Add | Move | Remove | Restore | Days
) -> dict[str, Site]:
    """Return the sites of a service after a change to one of them."""
    if sites is None:
        raise _Refused("no_service", f"there is no service {change.service!r}")
    label = change.site if isinstance(change, Add) else _label(state, sites, change)
    if isinstance(change, Add):
        if label in sites:
            raise _Refused("same_label", f"there is a site {label!r} already")
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
    start_s = state.start_s(change.service)
    place = state.roads_of(change.service).place(change.lon, change.lat, start_s)
    if place is None:
        raise _Refused("no_road", f"no road within {state.study.settings.snap.max_m:g} m of that place")
    return place

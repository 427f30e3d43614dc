"""Services that take the sites of another: what a plan does to a site it does to its copies, as a scenario does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geoaccess.planner.plan import ALL_WEEK

if TYPE_CHECKING:
    from geoaccess.planner.plan import Site
    from geoaccess.planner.state import PlannerState

__all__ = ["followed"]

Sites = dict[str, dict[str, "Site"]]


def followed(state: PlannerState, stated: Sites) -> Sites:
    """Return the sites of a plan, in which copies follow their originals; what is said of a copy itself holds."""
    out = dict(stated)
    for service, copies in state.copies.items():
        source, before = stated[copies.source], state.plan.sites[copies.source]
        sites = {label: site for label, site in stated[service].items() if not copies.closed(label, stated)}
        for label, original in copies.originals.items():
            if label in sites and source[original] is not before[original]:
                sites[label] = _like(state, service, sites[label], source[original], copies.source)
        new = copies.new(stated).items()
        sites |= {label: _placed(state, service, site, copies.source) for label, site in new}
        out[service] = sites
    return out


def _like(state: PlannerState, service: str, own: Site, original: Site, source: str) -> Site:
    """Return a copy where and when its original is, as far as nothing else is said of it."""
    if original.moved and not own.moved:
        own = replace(_placed(state, service, original, source), name=own.name, days=own.days)
    return replace(own, days=original.days) if own.days == frozenset(ALL_WEEK) else own


def _placed(state: PlannerState, service: str, site: Site, source: str) -> Site:
    """Return a site on the roads of a service, which may be others."""
    roads, start_s = state.roads_of(service), state.start_s(service)
    if roads is state.roads_of(source) and start_s == state.start_s(source):
        return site
    return replace(site, place=roads.place_anywhere(site.lon, site.lat, start_s))

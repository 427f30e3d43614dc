"""A plan: the offices of each service that stand, with their weekdays, and the ways that are closed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geoaccess.study.site_columns import copied_id, takes_new_sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.routing.field import Place
    from geoaccess.scenarios import Close
    from geoaccess.study import Study

__all__ = ["ALL_WEEK", "WEEKDAYS", "Copies", "Plan", "Site", "copies_of", "group_id"]

WEEKDAYS = 5
ALL_WEEK = tuple(range(WEEKDAYS))


@dataclass(frozen=True)
class Site:
    """An office in a plan: where it is, as it was given and on the network, and its weekdays."""

    name: str
    lon: float
    lat: float
    place: Place = field(repr=False)
    days: frozenset[int] = frozenset(ALL_WEEK)
    added: bool = False
    moved: bool = False

    @property
    def on_road(self) -> bool:
        """Whether a road leads there; to an office off the road nobody comes."""
        return bool(self.place["edge"] >= 0)


@dataclass(frozen=True)
class Plan:
    """What stands after all changes: the sites of each service by label, and the ways and groups that are closed.

    `stated` are the sites as the changes leave them; in `sites`, services that take the sites of another follow it.
    """

    sites: dict[str, dict[str, Site]]
    closed: frozenset[int]
    groups: frozenset[Close] = frozenset()
    stated: dict[str, dict[str, Site]] = field(default_factory=dict)


@dataclass(frozen=True)
class Copies:
    """The sites that a service takes from another.

    Attributes
    ----------
    source
        The other service.
    originals
        The label of the site that each copy is of, by the label of the copy.
    takes_new
        Whether a new site of the other service is one of this one, too.
    """

    source: str
    originals: dict[str, str]
    takes_new: bool

    def closed(self, label: str, stated: Mapping[str, Mapping[str, Site]]) -> bool:
        """Whether a site is the copy of one that is closed."""
        return label in self.originals and self.originals[label] not in stated[self.source]

    def new(self, stated: Mapping[str, Mapping[str, Site]]) -> dict[str, Site]:
        """Return the new sites of the other service that are sites of this one, by the labels of their copies."""
        added = {f"{self.source}-{label}": site for label, site in stated[self.source].items() if site.added}
        return added if self.takes_new else {}


def copies_of(study: Study, sites: Mapping[str, Mapping[str, Site]]) -> dict[str, Copies]:
    """Return the services of a study that take the sites of another."""
    found = {}
    for key, service in study.settings.services.items():
        if service.sites_of:
            copied = {copied_id(label, service.sites_of, key): label for label in sites[service.sites_of]}
            originals = {label: copied[label] for label in sites[key] if label in copied}
            found[key] = Copies(service.sites_of, originals, takes_new_sites(study, key))
    return found


def group_id(select: Close) -> str:
    """Return what roads and ferries that close together are called: the same word for the same choice.

    >>> from geoaccess.scenarios import Close
    >>> group_id(Close(name="E 6")) == group_id(Close(name="E 6", what="all"))
    True
    """
    return hashlib.sha256(select.model_dump_json().encode()).hexdigest()[:16]

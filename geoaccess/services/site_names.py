"""Which site is meant: the one rule by which a name or an id becomes a row of the table of sites."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from geoaccess.errors import InputError
from geoaccess.frames import utm_of
from geoaccess.services.site_ids import plain_name, read_made_id, slug

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

__all__ = ["SAME_SITE_M", "SiteDirectory"]

SAME_SITE_M = 150.0
"""Services nearer to each other than this stand at one place: a hospital, its birth unit and its ambulances."""

_SHOWN = 8
_LIKE, _AS_LIKE = 0.6, 0.1
_WITH_ZONE = re.compile(r"(?P<name>.*\S)\s*\((?P<zone>[^()]*)\)")


@dataclass(frozen=True, eq=False)
class SiteDirectory:
    """A table of sites in which sites are looked up as people write them.

    A site is written by its id, or by its name: in any case of letters, and with its municipality in brackets where
    several of one service have the name: "Legekontoret (Senja)". An id that was made of name and place means the site
    of that name that stands there, also when it has been moved a little since.

    Attributes
    ----------
    sites
        Index of ids, columns `service` and `name`, points.
    zones
        Returns the municipality of each site, by id; asked only where a name is not enough.
    former
        Returns for ids that numbered rows (`gp-002`) the site that has that number today; asked only where such an id
        is met.
    """

    sites: gpd.GeoDataFrame
    zones: Callable[[], Mapping[Any, str]] | None = None
    former: Callable[[], Mapping[str, Any]] | None = None

    def find(self, written: str, *, service: str | None = None, name: str = "", by_name: bool = False) -> Any:
        """Return the id of the site that is meant, as the table has it.

        Parameters
        ----------
        written
            An id or a name; "" to go by `name` alone.
        service
            Look among its sites only.
        name
            What whoever wrote the id calls the site: must be its name.
        by_name
            Refuse ids that say no name: what was written for other sites may use the same numbers.

        Raises
        ------
        InputError
            If there is no such site, or several, or its name is another than `name`; with ids and names that may be
            meant.

        Examples
        --------
        >>> import geopandas as gpd
        >>> table = gpd.GeoDataFrame(
        ...     {"service": ["gp", "gp"], "name": ["Husøy", "Finnsnes"]}, index=["gp-husoy-69.5n17.7e", "17"],
        ...     geometry=gpd.points_from_xy([17.67, 17.98], [69.54, 69.23]), crs="EPSG:4326",
        ... )
        >>> SiteDirectory(table).find("husøy"), SiteDirectory(table).find("17", name="Finnsnes")
        ('gp-husoy-69.5n17.7e', '17')
        """
        found = self._one(written or name, service, name)
        own = self._names[found]
        if by_name and not name and not self._named(written, [found]) and not self._made(written, [found]):
            raise InputError(
                f'"{written}" is an id, which may be that of {self.describe(found)}; write its name beside it'
            )
        if name and plain_name(name) != plain_name(own):
            if not written:
                raise InputError(f'"{name}" is the id of {self.describe(found)}, not its name; write it as site')
            raise InputError(
                f'"{written}" is the site {self.describe(found)}, but is called "{name}" here'
                f"{self._called(name, service)}; write the id and the name of one site"
            )
        return found

    def at_place(self, written: str) -> list[Any]:
        """Return the sites of all services within 150 m of a place, which is named by any site that stands there.

        Raises
        ------
        InputError
            If no site has that name or id, or sites of that name stand at different places.
        """
        wanted = plain_name(written)
        named = [label for label in self.sites.index if self._plain[label] == wanted]
        heads = named or [self.find(written)]
        near = self._near(heads[0])
        if any(label not in near for label in heads):
            raise InputError(f'several places are called "{written}":{self.listing(heads)}; write the id of one site')
        return near

    def companions(self, label: Any) -> list[Any]:
        """Return the other sites that stand within 150 m of a site."""
        return [other for other in self._near(label) if other != label]

    def describe(self, label: Any) -> str:
        """Return the id and name of a site: `hospital-unn-narvik-68.4n17.5e  UNN Narvik`."""
        return f"{label}  {self._names[label]}".rstrip()

    def listing(self, labels: Sequence[Any]) -> str:
        """Return ids and names of sites, a line each."""
        lines = [f"\n    {self.describe(label)}" for label in labels[:_SHOWN]]
        more = [f"\n    ... and {len(labels) - _SHOWN} more"] if len(labels) > _SHOWN else []
        return "".join([*lines, *more])

    @cached_property
    def _by_id(self) -> dict[str, Any]:
        return {str(label): label for label in self.sites.index}

    @cached_property
    def _services(self) -> dict[Any, str]:
        return dict(zip(self.sites.index, map(str, self.sites["service"]), strict=True))

    @cached_property
    def _names(self) -> dict[Any, str]:
        names = (name if isinstance(name, str) else "" for name in self.sites["name"])
        return dict(zip(self.sites.index, names, strict=True))

    @cached_property
    def _plain(self) -> dict[Any, str]:
        return {label: plain_name(name) for label, name in self._names.items()}

    @cached_property
    def _points(self) -> dict[Any, tuple[float, float]]:
        points = self.sites.geometry if self.sites.crs is None else self.sites.geometry.to_crs("EPSG:4326")
        return dict(zip(self.sites.index, zip(points.x, points.y, strict=True), strict=True))

    @cached_property
    def _metres(self) -> pd.Series[Any]:
        import pandas as pd

        plane = self.sites.to_crs(utm_of(self.sites)) if self.sites.crs is not None else self.sites
        return pd.Series(plane.geometry.to_numpy(), index=self.sites.index)

    def _near(self, label: Any) -> list[Any]:
        import shapely

        away = shapely.distance(self._metres.to_numpy(), self._metres[label])
        return list(self.sites.index[away <= SAME_SITE_M])

    def _of(self, service: str | None) -> list[Any]:
        return [label for label, key in self._services.items() if service is None or key == service]

    def _one(self, written: str, service: str | None, name: str) -> Any:
        label = self._by_id.get(written)
        if label is not None and service in (None, self._services[label]):
            return label
        ours = self._of(service)
        found = self._named(written, ours) or self._made(written, ours)
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f'"{written}" may be one of {len(found)} sites:{self.listing(found)}\n    '
                'write its id, or its municipality too: "name (municipality)"'
            )
        raise InputError(self._unknown(written, service, ours, name))

    def _named(self, written: str, ours: list[Any]) -> list[Any]:
        """Return the sites of a name, or of a name in a municipality."""
        wanted = plain_name(written)
        found = [label for label in ours if wanted and self._plain[label] == wanted]
        inside = _WITH_ZONE.fullmatch(written.strip())
        if found or inside is None or self.zones is None:
            return found
        named = [label for label in ours if self._plain[label] == plain_name(inside["name"])]
        zones = self.zones() if named else {}
        zone = plain_name(inside["zone"])
        # "Senja" and both names of "Gáivuotna - Kåfjord - Kaivuono".
        return [
            label
            for label in named
            if zone in {plain_name(part) for part in (zones.get(label, ""), *zones.get(label, "").split(" - "))}
        ]

    def _made(self, written: str, ours: list[Any]) -> list[Any]:
        """Return the sites that an id made of name and place can mean, with its place or without."""
        found = []
        for label in ours:
            key, own = self._services[label], self._plain[label]
            made = read_made_id(written, key)
            if made is None:
                found += [label] if own and written == f"{key}-{own}" else []
            elif made.name == slug(own) and made.is_at(*self._points[label]):
                found.append(label)
        return found

    def _unknown(self, written: str, service: str | None, ours: list[Any], name: str) -> str:
        text = f"{service} has no site" if service else "there is no site"
        text += f' "{written}"'
        if written in self._by_id:
            return f"{text}; that is a site of {self._services[self._by_id[written]]}"
        numbered = self._numbered(written, service, name)
        if numbered:
            return text + numbered
        for label in ours:
            made = read_made_id(written, self._services[label])
            if made and made.name and made.name == self._plain[label]:
                lon, lat = self._points[label]
                return (
                    f"{text}: the site of that name stands at {lat:.3f} N, {lon:.3f} E, not at {made.lat:g} N, "
                    f"{made.lon:g} E:{self.listing([label])}"
                )
        near = self._like(written, ours)
        if len(near) == 1:
            called = self._names[near[0]]
            return f'{text}; did you mean "{near[0]}"{f" ({called})" if called else ""}?'
        if near:
            return f"{text}; did you mean one of{self.listing(near)}"
        return f"{text}; there are {len(ours)}:{self.listing(ours)}" if ours else text

    def _numbered(self, written: str, service: str | None, name: str) -> str:
        """Return what to say of an id that numbered rows; "" where it is another."""
        if not re.fullmatch(rf"{re.escape(service) if service else '[a-z_]+'}-[0-9]{{3,}}", written):
            return ""
        text = ": it numbers a row, and means another place as soon as a row is added"
        now = None if self.former is None else self.former().get(written)
        if name and (meant := self._named(name, self._of(service))):
            return f"{text}. The site that is called so is{self.listing(meant)}"
        if now is None or now not in self.sites.index:
            return f"{text}. Write the id or name of the site that was meant"
        return f"{text}. Today that row is{self.listing([now])}\n    check that this one is meant, and write its id"

    def _called(self, name: str, service: str | None) -> str:
        named = self._named(name, self._of(service))
        return f"; that is{self.listing(named)}\n   " if named else ""

    def _like(self, written: str, ours: list[Any]) -> list[Any]:
        """Return the sites whose id or name is most like what is written."""
        wanted, scored = plain_name(written), []
        for label in ours:
            ways = [(written.lower(), str(label).lower()), (wanted, self._plain[label])]
            key = self._services[label]
            ways.append((written.lower().removeprefix(f"{key}-"), ways[1][1]))
            scored.append((max(difflib.SequenceMatcher(None, a, b).ratio() for a, b in ways), label))
        scored.sort(key=lambda pair: -pair[0])
        return [label for score, label in scored[:3] if score >= max(_LIKE, scored[0][0] - _AS_LIKE)]

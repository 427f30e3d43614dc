"""Names of places for people to read, and a choice written as a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.frames import utm_of
from geoaccess.phrases import number, text
from geoaccess.toml import toml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd

__all__ = ["describe_location", "scenario_text", "unique_names"]

_HERE_M = 1500.0


@checks_arguments
def describe_location(places: gpd.GeoSeries, named: gpd.GeoDataFrame, *, language: str = "en") -> list[str]:
    """Call each place by the nearest named one: `Vík`, or from 1.5 km on `12 km NE of Vík`; "" where none is named.

    Parameters
    ----------
    places
        Points with a CRS.
    named
        Points with `name`.
    language
        In Norwegian (nb) `12 km NØ for Vík`.
    """
    named = named[(named["name"] != "").to_numpy()]
    if not len(named) or not len(places):
        return [""] * len(places)
    crs = utm_of(places)
    here, there = places.to_crs(crs), named.geometry.to_crs(crs)
    at, near = there.sindex.nearest(here, return_all=False)
    words = [""] * len(places)
    winds = text(language, "places.compass").split()
    for i, j in zip(at, near, strict=True):
        east, north = here.iloc[i].x - there.iloc[j].x, here.iloc[i].y - there.iloc[j].y
        away_m, name = float(np.hypot(east, north)), str(named["name"].iloc[j])
        wind = winds[round(np.degrees(np.arctan2(east, north)) / 45) % 8]
        away_km = number(away_m / 1000, language=language)
        words[i] = name if away_m < _HERE_M else text(language, "places.at", km=away_km, wind=wind, name=name)
    return words


@checks_arguments
def scenario_text(
    *,
    title: str,
    description: str,
    add: Iterable[Mapping[str, object]],
    remove: Iterable[Mapping[str, object]] = (),
    study: str = "",
) -> str:
    """Return a scenario in TOML: sites to add and to remove, in the study of a title.

    >>> print(scenario_text(title="One more", description="", add=[{"service": "gp", "lon": -19.0, "lat": 63.4}]))
    title = "One more"
    <BLANKLINE>
    [[add]]
    service = "gp"
    lon = -19.0
    lat = 63.4
    <BLANKLINE>
    """
    content = {"title": title, "description": description, "study": study, "add": list(add), "remove": list(remove)}
    return toml_text({key: value for key, value in content.items() if value or key == "title"})


@checks_arguments
def unique_names(names: Sequence[str]) -> list[str]:
    """Return names with a number where they stand there more than once.

    >>> unique_names(["Vík", "Hella", "Vík"])
    ['Vík', 'Hella', 'Vík 2']
    """
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return out

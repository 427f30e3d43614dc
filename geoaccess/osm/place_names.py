"""Names of places as OpenStreetMap has them: the one on signs, those by which people search, and how many people."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

__all__ = ["place_names"]

_OTHERS: Final = ("official_name", "alt_name", "loc_name", "short_name", "old_name")
_NUMBER: Final = re.compile(r"\d[\d ]*")
_LATIN: Final = "LATIN"


@checks_arguments
def place_names(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return places with a name, from features that carry `place`, as `read_features` returns them.

    Returns
    -------
    Points with `name`, `kind` (the value of `place`), `alt_names` (others by which it is known, in letters of the same
    kind, parted by "; ") and `population` (NaN where the tag is not there, or is no number).

    Raises
    ------
    InputError
        If there are no tags.

    Examples
    --------
    >>> import geopandas as gpd
    >>> tags = {"place": "town", "name": "Alta", "name:se": "Áltá", "name:ru": "Алта", "population": "15 094"}
    >>> found = place_names(gpd.GeoDataFrame({"tags": [tags]}, geometry=gpd.points_from_xy([23.27], [69.97]), crs=4326))
    >>> found[["name", "kind", "alt_names", "population"]].to_numpy().tolist()
    [['Alta', 'town', 'Áltá', 15094.0]]
    """
    if "tags" not in features:
        raise InputError('features: column "tags" is missing; read them with `read_features`')
    rows = [dict(tags) for tags in features["tags"]]
    named = [bool(tags.get("name", "").strip()) and "place" in tags for tags in rows]
    rows = [tags for tags, kept in zip(rows, named, strict=True) if kept]
    found: gpd.GeoDataFrame = features.loc[named, [features.geometry.name]].reset_index(drop=True)
    return found.assign(
        name=pd.Series([tags["name"].strip() for tags in rows], dtype="str"),
        kind=pd.Series([tags["place"] for tags in rows], dtype="str"),
        alt_names=pd.Series(["; ".join(_alternatives(tags)) for tags in rows], dtype="str"),
        population=pd.Series([_people(tags.get("population", "")) for tags in rows], dtype="float64"),
    )


def _alternatives(tags: Mapping[str, str]) -> list[str]:
    """Return the other names of a place, each once, Norwegian and Sámi ones as well as English ones."""
    keys = [*_OTHERS, *sorted(key for key in tags if key.startswith("name:"))]
    name = tags["name"].strip()
    found: dict[str, str] = {}
    for key in keys:
        for part in re.split(r"\s*[;/]\s*", tags.get(key, "")):
            other = part.strip()
            if other and other.casefold() != name.casefold() and _is_latin(other) == _is_latin(name):
                found.setdefault(other.casefold(), other)
    return list(found.values())


def _is_latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and all(_LATIN in unicodedata.name(letter, "") for letter in letters)


def _people(text: str) -> float:
    found = _NUMBER.fullmatch(text.strip().replace(",", ""))
    return float(found[0].replace(" ", "")) if found else float("nan")

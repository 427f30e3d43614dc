"""Countries and their parts: what they are called, and which OpenStreetMap extract holds each.

The list of extracts that comes with the program is a shortened copy of the one that Geofabrik publishes
(https://download.geofabrik.de/index-v1.json), put together from public code; a newer one is read in the same form.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from geoaccess import files
from geoaccess.errors import InputError
from geoaccess.phrases.territories import codes_of_three, territory_names
from geoaccess.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Extract", "Place", "country_name", "find_place", "read_extracts"]

_SEVERAL = frozenset({"alps", "dach", "britain-and-ireland", "great-britain"})
"""Extracts that hold several countries, each of which has one of its own."""

_WITHIN = {
    "AX": ("FI", "FI-01"),
    "SJ": ("NO", "NO-21"),
    "VA": ("IT", ""),
    "SM": ("IT", ""),
    "GI": ("ES", ""),
    "HK": ("CN", "CN-HK"),
    "MO": ("CN", "CN-MO"),
}
"""Territories without an extract of their own: the country in whose extract they lie, and their code as its part."""

_NAMED_IN = ("en", "nb", "nn", "sv", "da", "fi", "is", "de", "fr", "es", "it", "nl", "pl", "pt")
_PART = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_PLAIN = str.maketrans({0xF8: "o", 0xE6: "ae", 0xF0: "d", 0xFE: "th", 0x142: "l", 0x111: "d"})  # o with a stroke ...
_SHOWN = 5


@dataclass(frozen=True)
class Extract:
    """One OpenStreetMap extract: its id, what it is part of, the codes of what it holds, and its address."""

    id: str
    name: str
    url: str
    parent: str = ""
    countries: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A country, or a part of one, that a study can be made of.

    `country` is its ISO 3166-1 code of two letters; `part` the ISO 3166-2 code of a part, "" for a whole country.
    `cut` says whether the extract, or the data of the country, holds more than the place.
    """

    name: str
    country: str
    extract: Extract
    part: str = ""
    cut: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The name as that of a file."""
        return re.sub(r"[^a-z0-9]+", "-", _plain(self.name)).strip("-") or "place"

    @property
    def alpha3(self) -> str:
        """The ISO 3166-1 code of three letters; "" where none is known."""
        return codes_of_three().get(self.country, "")


def read_extracts(path: Path | None = None) -> list[Extract]:
    """Read a list of extracts in the form of Geofabrik's index-v1.json; the one that is shipped if no `path` is given.

    Continents, and extracts of several countries that have their own, are left out.

    Raises
    ------
    MissingFileError, InputError
        If there is no such file, or it is not in that form.

    Examples
    --------
    >>> [one.url for one in read_extracts() if one.countries == ("FO",)]
    ['https://download.geofabrik.de/europe/faroe-islands-latest.osm.pbf']
    """
    file = files.require(path or shipped("extracts.json"), hint="name a list of extracts")
    try:
        rows = [row["properties"] for row in json.loads(file.read_text(encoding="utf-8"))["features"]]
        found = [
            Extract(
                id=str(row["id"]),
                name=str(row["name"]),
                url=str(row["urls"]["pbf"]),
                parent=str(row.get("parent", "")),
                countries=tuple(row.get("iso3166-1:alpha2", ())),
                parts=tuple(row.get("iso3166-2", ())),
            )
            for row in rows
            if row["id"] not in _SEVERAL and "pbf" in row["urls"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file}: is no list of extracts as https://download.geofabrik.de/index-v1.json gives it ({error!r})"
        ) from error
    return [one for one in found if one.parent or one.countries or one.parts]


def country_name(code: str, language: str) -> str:
    """Return what a country is called in a language.

    >>> country_name("FI", "nb"), country_name("NO", "en")
    ('Finland', 'Norway')
    """
    return territory_names(language).get(code, code)


def find_place(country: str, region: str | None = None, *, extracts: Iterable[Extract] | None = None) -> Place:
    """Return what is meant by the name or code of a country, and of a part of it.

    Parameters
    ----------
    country
        A code of ISO 3166-1 (FI, FIN), a code of a part (GB-SCT), or a name in one of several languages; also the name
        of a part that has an extract of its own (Scotland).
    region
        A part of the country: the name of an extract within it, or a code of ISO 3166-2 (NO-55).
    extracts
        Those to choose from; the ones that are shipped if not given.

    Raises
    ------
    InputError
        If it is not found; the message names what is like it.

    Examples
    --------
    >>> [(find_place(name).country, find_place(name).part) for name in ("FIN", "Faroe Islands", "scotland", "Aland")]
    [('FI', ''), ('FO', ''), ('GB', 'GB-SCT'), ('AX', 'FI-01')]
    >>> find_place("Finnland").name, find_place("NO", "NO-55").part
    ('Finland', 'NO-55')
    >>> find_place("Narway")
    Traceback (most recent call last):
    geoaccess.errors.InputError: country "Narway": is not known; near it are Norway, ...
    """
    known = list(extracts) if extracts is not None else read_extracts()
    code = _code(country)
    if code is None:
        part = _part(country, [one for one in known if _country_of(one, known)], known)
        if part is None:
            raise _unknown("country", country, [*_names().values(), *(one.name for one in known)])
        if region is not None:
            raise InputError(f'--region "{region}": {part.name} is a part of a country itself; leave --region out')
        return part
    inside, own = _WITHIN.get(code, (code, ""))
    extract = next((one for one in known if code in one.countries), None)
    extract = extract or next((one for one in known if inside in one.countries), None)
    if extract is None:
        raise InputError(
            f"country {country_name(code, 'en')} ({code}): has no extract in the list; see "
            "https://download.geofabrik.de for one that holds it, and name it in a study of `geoaccess new STUDY`"
        )
    if region is not None:
        found = _part(region, [one for one in known if _country_of(one, known) == code], known)
        if found is not None:
            return found
        if not (_PART.fullmatch(region.upper()) and region.upper()[:2] == code):
            names = [one.name for one in known if one.id != extract.id and _country_of(one, known) == code]
            more = f"; or write its code of ISO 3166-2, such as {code}-55"
            raise _unknown("--region", region, names, more)
        return Place(region.upper(), code, extract, part=region.upper(), cut=True)
    return Place(country_name(code, "en"), code, extract, part=own, cut=code != inside)


def _part(text: str, among: list[Extract], known: list[Extract]) -> Place | None:
    """Return the part of a country that has an extract of its own under this name or code."""
    plain = _plain(text)
    for one in among:
        if text.upper() in one.parts or plain in {_plain(one.name), _plain(one.id), _plain(one.id.rpartition("/")[2])}:
            code = next((code for code in one.parts if code == text.upper()), one.parts[0] if one.parts else "")
            return Place(one.name.rpartition("/")[2], _country_of(one, known), one, part=code, cut=True)
    return None


def _country_of(extract: Extract, known: list[Extract]) -> str:
    """Return the code of the country that an extract is a part of; "" for a whole country or several."""
    if extract.countries:
        return ""
    if extract.parts:
        return extract.parts[0][:2]
    above = next((one for one in known if one.id == extract.parent), None)
    return (above.countries[:1] or (_country_of(above, known),))[0] if above is not None else ""


def _code(text: str) -> str | None:
    """Return the code of two letters of a country, by a code or a name."""
    word = text.strip()
    if len(word) == 2 and word.upper() in _names():  # noqa: PLR2004 - a code
        return word.upper()
    by_three = {three: two for two, three in codes_of_three().items()}
    return by_three.get(word.upper()) or _codes_by_name().get(_plain(word))


def _plain(text: str) -> str:
    """Return a name in small letters without accents.

    >>> _plain("Åland"), _plain("Færøyene")
    ('aland', 'faeroyene')
    """
    small = unicodedata.normalize("NFKD", text.strip().casefold().translate(_PLAIN))
    return " ".join("".join(c for c in small if not unicodedata.combining(c)).replace("-", " ").split())


def _unknown(what: str, text: str, names: Iterable[str], more: str = "") -> InputError:
    plain = {_plain(name): name for name in names}
    near = difflib.get_close_matches(_plain(text), list(plain), n=_SHOWN, cutoff=0.5)
    listed = ", ".join(plain[name] for name in near)
    hint = f"near it are {listed}" if near else "write its name in English, or its code of two letters such as FI"
    return InputError(f'{what} "{text}": is not known; {hint}{more}')


def _names() -> dict[str, str]:
    """Return the English names of countries and territories by their codes of two letters."""
    return territory_names("en")


@cache
def _codes_by_name() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in _NAMED_IN:
        for code, name in territory_names(language).items():
            found.setdefault(_plain(name), code)
            found.setdefault(_plain(re.sub(r"\s+Islands?$", "", name)), code)
    return found | {"uk": "GB", "great britain": "GB", "usa": "US"}

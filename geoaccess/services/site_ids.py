"""Ids of sites that last: made of service, name and place, whatever the order of the rows."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["MadeId", "made_ids", "plain_name", "read_made_id", "slug"]

_LETTERS = (("ø", "o"), ("æ", "ae"), ("ð", "d"), ("þ", "th"), ("đ", "d"), ("ŋ", "n"), ("ŧ", "t"))
"""Letters that are no other letter with an accent."""
_COARSE, _FINE = 1, 3
_SLACK_M = {_COARSE: 1000.0, _FINE: 100.0}
"""How far beyond what the digits say a site may stand and still be meant, by decimals."""
_DEGREE_M = 111_320.0
_PLACE = re.compile(r"(?P<lat>\d+\.(?P<decimals>\d+))(?P<ns>[ns])(?P<lon>\d+\.\d+)(?P<ew>[ew])(-(?P<number>\d+))?")


@checks_arguments
def slug(text: str) -> str:
    """Return a text as letters a to z, digits and single hyphens.

    >>> slug("Utekontor på Husøy, 2 dager"), slug("../../etc/passwd"), slug("...")
    ('utekontor-pa-husoy-2-dager', 'etc-passwd', '')
    """
    plain = text.lower()
    for letter, written in _LETTERS:
        plain = plain.replace(letter, written)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@checks_arguments
def plain_name(text: str) -> str:
    """Return a name as names are compared: in any case of letters, blanks and accents.

    A name without a letter of the Latin alphabet is compared as it is written.

    >>> plain_name("  UNN  Tromsø ") == plain_name("unn tromsø"), plain_name("Больница")
    (True, 'больница')
    """
    return slug(text) or " ".join(unicodedata.normalize("NFC", text).casefold().split())


@checks_arguments
def made_ids(
    service: Sequence[str], name: Sequence[str], lon: npt.ArrayLike, lat: npt.ArrayLike, *, content: Sequence[str]
) -> list[str]:
    """Return ids made of service, name and place: `hospital-unn-narvik-68.4n17.5e`.

    Of each row alone: no row that is added, deleted or put elsewhere changes the id of another. Only where sites of one
    service have one name and stand in the same tenth of a degree has each of them three decimals instead; and sites at
    one such place are numbered by their place, then by `content`, never by their order. A site without a name has
    three decimals.

    Parameters
    ----------
    service, name
        Of each site.
    lon, lat
        Degrees, shape (n_sites,).
    content
        What else is said of each site, as text: distinguishes sites of one name at one place.

    Examples
    --------
    >>> made_ids(["gp", "gp"], ["Husøy", ""], [17.674, -0.1], [69.543, 60.0], content=["", ""])
    ['gp-husoy-69.5n17.7e', 'gp-60.000n0.100w']
    """
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    slugs = [slug(text) for text in name]
    stems = [f"{key}-{word}-" if word else f"{key}-" for key, word in zip(service, slugs, strict=True)]
    coarse, fine = (
        pd.Series(
            [stem + _place(*at, digits) for stem, at in zip(stems, zip(x, y, strict=True), strict=True)], dtype="O"
        )
        for digits in (_COARSE, _FINE)
    )
    needs_fine = coarse.duplicated(keep=False) | pd.Series([not word for word in slugs], dtype=bool)
    ids = coarse.where(~needs_fine, fine)
    # Rows that agree in all of this can take each other's number: nothing distinguishes them.
    rows = pd.DataFrame({"id": ids, "lat": y, "lon": x, "name": list(name), "content": list(content)})
    number = rows.sort_values(["id", "lat", "lon", "name", "content"], kind="stable").groupby("id").cumcount()
    number = number.reindex(rows.index)
    return [label if n == 0 else f"{label}-{n + 1}" for label, n in zip(ids, number, strict=True)]


def _place(lon: float, lat: float, digits: int) -> str:
    return f"{abs(lat):.{digits}f}{'s' if lat < 0 else 'n'}{abs(lon):.{digits}f}{'w' if lon < 0 else 'e'}"


@dataclass(frozen=True)
class MadeId:
    """What an id made of name and place says: the name as a slug ("" for none), and about where the site stands."""

    name: str
    lon: float
    lat: float
    decimals: int
    number: int

    def is_at(self, lon: float, lat: float) -> bool:
        """Return whether a site there can be the one that is meant: within what the digits say, and a little more."""
        half, slack_m = 0.5 * 10.0**-self.decimals, _SLACK_M[_COARSE if self.decimals < _FINE else _FINE]
        east = slack_m / (_DEGREE_M * max(math.cos(math.radians(lat)), 0.01))
        return abs(lat - self.lat) <= half + slack_m / _DEGREE_M and abs(lon - self.lon) <= half + east


@checks_arguments
def read_made_id(label: str, service: str) -> MadeId | None:
    """Return what an id says that `made_ids` made for a site of a service; None where it is another id.

    >>> read_made_id("gp-husoy-69.5n17.7e", "gp")
    MadeId(name='husoy', lon=17.7, lat=69.5, decimals=1, number=1)
    >>> read_made_id("gp-042", "gp") is None
    True
    """
    rest = label.removeprefix(f"{service}-")
    found = None if rest == label else re.search(rf"(?:^|-){_PLACE.pattern}$", rest)
    if found is None:
        return None
    lat = float(found["lat"]) * (-1 if found["ns"] == "s" else 1)
    lon = float(found["lon"]) * (-1 if found["ew"] == "w" else 1)
    name = rest[: found.start()]
    return MadeId(name, lon, lat, len(found["decimals"]), int(found["number"] or 1))

"""Who may use which site: tables of a zone (the municipality that people live in) and the sites allowed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["allowed_by_names", "allowed_by_zone", "change_permissions"]


@checks_arguments
def allowed_by_zone(site_zone: pd.Series, *, hosts: pd.DataFrame | None = None) -> pd.DataFrame:
    """Allow everybody the sites of their own zone, and those of the zones that host theirs.

    Parameters
    ----------
    site_zone
        The zone that each site lies in, by site id: the municipality of a GP's list.
    hosts
        Columns `zone_id` and `host_id`: whose people may also use whose sites. None: nobody's.

    Returns
    -------
    Table with `zone_id` and `site_id`, a row per permission, in order. A zone without permission has no row.

    Raises
    ------
    InputError
        If a site has no zone, or a host has no site.

    Examples
    --------
    >>> site_zone = pd.Series({"Grong legekontor": "Grong", "Lierne legekontor": "Lierne"})
    >>> hosts = pd.DataFrame({"zone_id": ["Røyrvik"], "host_id": ["Grong"]})
    >>> allowed_by_zone(site_zone, hosts=hosts).to_dict("split")["data"]
    [['Grong', 'Grong legekontor'], ['Lierne', 'Lierne legekontor'], ['Røyrvik', 'Grong legekontor']]
    """
    own = pd.DataFrame({"zone_id": site_zone.to_numpy(), "site_id": site_zone.index.to_numpy()})
    problems = [f"{site} has no zone" for site in own["site_id"][own["zone_id"].isna()]]
    lent = own.iloc[:0]
    if hosts is not None:
        lost = hosts[~hosts["host_id"].isin(own["zone_id"])]
        problems += [
            f"{zone} is hosted by {host}, which has no site"
            for zone, host in zip(lost["zone_id"], lost["host_id"], strict=True)
        ]
        lent = hosts.merge(own, left_on="host_id", right_on="zone_id", suffixes=("", "_own"))[["zone_id", "site_id"]]
    if problems:
        raise InputError.listing("allowed_by_zone", problems)
    return _in_order([own, lent])


@checks_arguments
def allowed_by_names(served: pd.Series, *, names: pd.Series, aliases: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Read from lists of names, "Ibestad, Loabák - Lavangen, Bardu", which zones each site serves.

    A name fits one that is written the same but for the case of letters, or else shares one of the names that " - "
    puts between languages: "Hamarøy" is "Hábmer - Hamarøy".

    Parameters
    ----------
    served
        The list of names of each site, separated by commas, by site id.
    names
        The name of each zone, by its id.
    aliases
        Zone ids of names that fit none or several: {"Herøy (Nordland)": "1818"}.

    Returns
    -------
    As `allowed_by_zone`.

    Raises
    ------
    InputError
        If a site serves nobody, or a name fits no zone or more than one. All such names are listed.

    Examples
    --------
    >>> names = pd.Series({"5411": "Kvæfjord", "5515": "Loabák - Lavangen"})
    >>> allowed_by_names(pd.Series({"Bardu": "Lavangen, Kvæfjord"}), names=names).to_dict("split")["data"]
    [['5411', 'Bardu'], ['5515', 'Bardu']]
    """
    whole, part = _by_name(names)
    alias = {_plain(text): zone for text, zone in (aliases or {}).items()}
    problems = [
        f"aliases name the zone {zone!r}, which is not there" for zone in alias.values() if zone not in names.index
    ]
    rows = []
    for site, text in served.items():
        words = [word.strip() for word in str(text).split(",") if word.strip()] if isinstance(text, str) else []
        if not words:
            problems.append(f"{site} serves nobody; name its zones")
        for word in words:
            key = _plain(word)
            zones = (
                {alias[key]}
                if key in alias
                else whole.get(key) or {zone for piece in key.split(" - ") for zone in part.get(piece, ())}
            )
            if len(zones) == 1:
                rows.append((*zones, site))
            elif zones:
                problems.append(f'{site}: "{word}" is {" and ".join(sorted(map(str, zones)))}; say which in aliases')
            else:
                problems.append(f'{site}: "{word}" is no zone{_near(word, names)}')
    if problems:
        raise InputError.listing("zones served", problems)
    return _in_order([pd.DataFrame(rows, columns=["zone_id", "site_id"])])


def _by_name(names: pd.Series) -> tuple[dict[str, set[Any]], dict[str, set[Any]]]:
    """Return the zones of each whole name, and of each name in one language."""
    whole: dict[str, set[Any]] = {}
    part: dict[str, set[Any]] = {}
    for zone, name in names.items():
        whole.setdefault(_plain(name), set()).add(zone)
        for piece in _plain(name).split(" - "):
            part.setdefault(piece.strip(), set()).add(zone)
    return whole, part


def _plain(name: str) -> str:
    return " ".join(str(name).casefold().split())


def _near(word: str, names: pd.Series) -> str:
    hint = did_you_mean(word, names)
    return hint if "did you mean" in hint else "; give its id in aliases"  # hundreds of names help nobody


def _in_order(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables).drop_duplicates().sort_values(["zone_id", "site_id"], ignore_index=True)


@checks_arguments
def change_permissions(
    before: pd.DataFrame,
    *,
    sites: pd.Index,
    allowed: pd.Series,
    placed: pd.Series | None = None,
    home: pd.Series | None = None,
) -> pd.DataFrame:
    """Return who may use which site after a change of sites.

    Where `allowed` names the zones of a site, they count; a site that is placed anew is for its zone and for those that
    this zone hosted before; every other site that is kept is for whom it was, and a new one for nobody.

    Parameters
    ----------
    before
        `zone_id` and `site_id`, a row per permission.
    sites
        The sites that give the service now.
    allowed
        For some of the sites the zones that may use it, as text with ";" between them.
    placed, home
        Under a rule of the own zone: the zone of each new or moved site, and of each site before the change.

    Returns
    -------
    Table with `zone_id` and `site_id`, a row per permission.

    Examples
    --------
    >>> before = pd.DataFrame({"zone_id": ["A", "B"], "site_id": ["a", "a"]})  # B is hosted by A
    >>> change_permissions(
    ...     before,
    ...     sites=pd.Index(["a", "new"]),
    ...     allowed=pd.Series(dtype="str"),
    ...     placed=pd.Series({"new": "A"}),
    ...     home=pd.Series({"a": "A"}),
    ... ).to_dict("split")["data"]
    [['A', 'a'], ['B', 'a'], ['A', 'new'], ['B', 'new']]
    """
    rows = [(zone, site) for site, text in allowed.items() for zone in str(text).split(";")]
    if placed is not None and home is not None:
        for site, zone in placed.items():
            hosted = before["zone_id"][before["site_id"].isin(home.index[home == zone])]
            rows += [(one, site) for one in dict.fromkeys([zone, *hosted])]
        before = before[~before["site_id"].isin(placed.index)]
    kept = before[before["site_id"].isin(sites.difference(allowed.index))]
    new = pd.DataFrame(rows, columns=["zone_id", "site_id"], dtype=object)
    return pd.concat([kept[["zone_id", "site_id"]], new], ignore_index=True)

"""Levels of a service, and the sites that have at least one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geoaccess.arguments import checks_arguments
from geoaccess.errors import ConfigError, InputError
from geoaccess.toml import did_you_mean, parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

__all__ = ["at_least", "read_levels"]


@checks_arguments
def read_levels(path: str | Path) -> dict[str, tuple[str, ...]]:
    r"""Read the levels of services from a TOML file: a list for each service, the lowest level first.

    Raises
    ------
    MissingFileError
        If there is no such file.
    ConfigError
        If it is no TOML, or a service has no list of words of which each stands there once. All services at fault are
        listed.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "levels.toml"
    >>> _ = file.write_text(
    ...     'birth_unit = ["fødestue", "fødeavdeling", "kvinneklinikk"]\n'
    ...     'hospital = ["dms", "hospital", "emergency_hospital"]\n', encoding="utf-8"
    ... )
    >>> read_levels(file)["birth_unit"]
    ('fødestue', 'fødeavdeling', 'kvinneklinikk')
    """
    path = Path(path)
    levels, problems = {}, []
    for service, found in parse_toml(path).items():
        words = tuple(found) if isinstance(found, list) else ()
        if not words or not all(isinstance(word, str) and word.strip() for word in words):
            problems.append(f'"{service}" is {found!r}; write a list of levels, the lowest first')
        elif len(set(words)) < len(words):
            problems.append(f'"{service}" is {found!r}; write every level once')
        levels[service] = words
    if problems:
        raise ConfigError.listing(str(path), problems)
    return levels


@checks_arguments
def at_least(
    sites: gpd.GeoDataFrame, service: str, level: str, *, levels: Mapping[str, Sequence[str]]
) -> gpd.GeoDataFrame:
    """Return the sites of a service that have at least a level.

    Parameters
    ----------
    sites
        With the columns `service` and `level`, as `read_sites` returns them.
    service, level
        Such as "birth_unit" and "fødeavdeling".
    levels
        The levels of each service, the lowest first. Each does all that those before it do.

    Returns
    -------
    The rows of `sites`, in their order; none where no site has the level.

    Raises
    ------
    InputError
        If the service or the level is unknown, or a site of the service has no level or one that is unknown; all such
        sites are listed.

    Examples
    --------
    >>> import geopandas as gpd
    >>> sites = gpd.GeoDataFrame(
    ...     {"service": "birth_unit", "level": ["fødestue", "kvinneklinikk", "fødeavdeling"]},
    ...     index=["Lofoten", "Tromsø", "Harstad"], geometry=gpd.points_from_xy([13.5, 19.0, 16.5], [68.1, 69.7, 68.8]),
    ... )
    >>> levels = {"birth_unit": ["fødestue", "fødeavdeling", "kvinneklinikk"]}
    >>> at_least(sites, "birth_unit", "fødeavdeling", levels=levels).index.tolist()
    ['Tromsø', 'Harstad']
    """
    if service not in levels:
        raise InputError(f'service "{service}" has no levels{did_you_mean(service, levels)}')
    known = list(levels[service])
    if level not in known:
        raise InputError(f'level "{level}" of {service} is not known{did_you_mean(level, known)}')
    mine = sites[(sites["service"] == service).to_numpy(bool)]
    place = {word: number for number, word in enumerate(known)}
    problems = [
        f'{site}: level is "{found}"{did_you_mean(found, known)}'
        if isinstance(found, str) and found
        else f"{site}: has no level; known: {', '.join(known)}"
        for site, found in zip(mine.index, mine["level"], strict=True)
        if found not in place
    ]
    if problems:
        raise InputError.listing(f'sites of "{service}"', problems)
    return mine[(mine["level"].map(place) >= place[level]).to_numpy(bool)]

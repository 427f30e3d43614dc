"""From the ways of an extract to a `Network`, under the rules of a profile."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import MIN_COMPONENT_M
from geoaccess.errors import InputError
from geoaccess.kernels import cutting, picking
from geoaccess.kernels.memory import give_back
from geoaccess.network import EdgeKind, Network, assemble_columns
from geoaccess.osm.barriers import Hindering, apply_node_rules
from geoaccess.osm.closures import find_closed, read_closures
from geoaccess.osm.columns import with_room
from geoaccess.osm.driving import Driven, Speeds, add_junctions, drive
from geoaccess.osm.extract import Extract, read_files
from geoaccess.osm.ferries import add_ferries
from geoaccess.osm.ferry_table import read_ferry_table
from geoaccess.osm.profile import find_profile, read_profile
from geoaccess.osm.reading import together
from geoaccess.osm.road_names import named, names_of, read_road_names
from geoaccess.osm.ruled import Ruled, in_turn
from geoaccess.osm.times import at_times_of, times_of
from geoaccess.osm.values import road_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import numpy.typing as npt
    import pandas as pd

    from geoaccess.osm.closures import ClosedRoads
    from geoaccess.osm.ferry_table import FerryRow
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.sifting import Sieve
    from geoaccess.osm.stretches import Stretches

__all__ = ["build_network", "read_network", "read_networks", "read_osm"]

_KPH_TO_MPS = 1 / 3.6


@checks_arguments
def read_network(
    paths: Sequence[Path],
    profile: Profile,
    *,
    when: datetime | None = None,
    ferries: Path | None = None,
    closures: Path | None = None,
    min_component_m: float = MIN_COMPONENT_M,
    names: Callable[[], pd.DataFrame] | None = None,
    progress: Callable[[str], None] | None = None,
    sieve: Sieve | None = None,
) -> Network:
    """Read OpenStreetMap files (.osm.pbf, .osm) into a network of roads and ferries.

    `ferries` is a table that overrides and completes the tags of ferries (see `read_ferry_table`), `closures` one of
    roads that are closed for a part of the year (see `read_closures`). `names` returns what `read_road_names` does, for
    those who keep it; without it the files are read for names where a closed road is chosen by one. What a `sieve`
    takes is found in the same pass, see `read_extract`.

    Raises
    ------
    MissingFileError, InputError
        As for `read_extract`, `read_ferry_table` and `read_closures`; or if no road is open under the profile.
    """
    return next(
        read_networks(
            paths,
            [profile],
            when=when,
            ferries=ferries,
            closures=closures,
            min_component_m=min_component_m,
            names=names,
            progress=progress,
            sieve=sieve,
        )
    )


@checks_arguments
def read_networks(
    paths: Sequence[Path],
    profiles: Sequence[Profile],
    *,
    when: datetime | None = None,
    ferries: Path | None = None,
    closures: Path | None = None,
    min_component_m: float = MIN_COMPONENT_M,
    names: Callable[[], pd.DataFrame] | None = None,
    progress: Callable[[str], None] | None = None,
    sieve: Sieve | None = None,
    sifted: Callable[[], None] | None = None,
) -> Iterator[Network]:
    """Yield the network of each of several profiles, in their order, as `read_network` makes it of each by itself.

    Files are read once for all profiles that follow one another and take the same ways, as those do that come with
    geoaccess. When that was done for the first time, and all is in `sieve.found`, `sifted` is called.

    Raises
    ------
    MissingFileError, InputError
        As for `read_network`.
    """
    rows = read_ferry_table(ferries) if ferries else []
    closed = read_closures(closures) if closures else []

    def called() -> pd.DataFrame:
        if sieve is not None and sieve.keyed is named() and all(path in sieve.found for path in paths):
            return names_of([sieve.found[path].keyed for path in paths])
        return names() if names else read_road_names(paths)

    for turn, some in enumerate(together(profiles)):
        reading = read_files(paths, some, progress=progress, sieve=None if turn else sieve)
        if sifted and not turn:
            sifted()
        give_back()
        left = len(some)
        for alike in in_turn(some):
            left -= len(alike)
            given: list[Ruled] = []
            for profile, extract in zip(alike, reading.extracts(alike, last=not left), strict=True):
                if progress:
                    progress("building the network")
                by_date = find_closed(extract, profile, when, closed, names=called)
                given.append(Ruled.by(profile, extract, when, by_date, *given[:1]))
            del extract  # so that none stands in memory while the network is assembled
            give_back()
            yield from _built(given, rows, min_component_m)


@checks_arguments
def read_osm(
    *paths: str | Path,
    profile: str | Path = "car",
    when: datetime | None = None,
    ferries: str | Path | None = None,
    closures: str | Path | None = None,
    min_component_m: float = MIN_COMPONENT_M,
) -> Network:
    """Read OpenStreetMap files into a network, with a profile that ships with geoaccess or one of your own.

    Parameters
    ----------
    paths
        One or more .osm.pbf or .osm files.
    profile
        Name of a shipped profile ("car", "car_winter", "ambulance", "ssb"), or the path of a .toml file.
    when
        Local time at which conditions in tags are read (winter closures, times of day).
    ferries
        A table (CSV) that overrides and completes the tags of ferries.
    closures
        A table (CSV) of roads that are closed for a part of the year (see `geoaccess.osm.read_closures`).
    min_component_m
        Connected road at a place, metres, for a boat to land there, as for `snap`.

    Raises
    ------
    MissingFileError, ConfigError, InputError
        If a file is not there, the profile is wrong, or an extract is damaged or holds no open road.

    Examples
    --------
    >>> import geoaccess as ga
    >>> ga.read_osm("data/troms/troms-modelled.osm.pbf")
    Network(6276 nodes, 7588 edges, 6325.7 km of road, 25 ferries)
    """
    return read_network(
        [Path(path) for path in paths],
        read_profile(find_profile(profile)),
        when=when,
        ferries=None if ferries is None else Path(ferries),
        closures=None if closures is None else Path(closures),
        min_component_m=min_component_m,
    )


@checks_arguments
def build_network(
    extract: Extract,
    profile: Profile,
    *,
    when: datetime | None = None,
    ferries: Sequence[FerryRow] = (),
    by_date: ClosedRoads | None = None,
    min_component_m: float = MIN_COMPONENT_M,
) -> Network:
    """Apply a profile to an extract, and a table of ferries.

    Time on a piece of road is length / speed; segments are added up to edges before they are rounded to deciseconds.
    Ferries get nodes of their own, tied to the quay by a boarding edge that carries the wait, so that it is charged
    once per boarding (see `add_ferries`). Conditions in tags are read at `when`; if it is None, as the profile says.
    `by_date` are roads that are closed or slow for another reason than their tags (see `find_closed`).
    """
    return next(_built([Ruled.by(profile, extract, when, by_date)], ferries, min_component_m))


def _built(given: list[Ruled], ferries: Sequence[FerryRow], min_component_m: float) -> Iterator[Network]:
    """Yield what `build_network` does of each in a list, which are taken out of it; what they share is made once."""
    while given:
        networks = _built_together(given, ferries, min_component_m)
        give_back()
        while networks:
            yield networks.pop(0)
            give_back()


def _built_together(given: list[Ruled], ferries: Sequence[FerryRow], min_component_m: float) -> list[Network]:
    """Return the network of the first in a list, and of those after it as long as they differ in their times alone.

    These are taken out of the list.
    """
    some = _alike(given)
    roads, counts = _roads(some)
    joined = add_ferries(
        roads,
        some[0].extract,
        np.flatnonzero(some[0].of_ways("ferry")),
        some[0].profile,
        rows=ferries,
        when=some[0].when,
        min_component_m=min_component_m,
        also=[(one.extract, one.profile) for one in some[1:]],
    )
    del roads  # of a country each of these tables fills hundreds of megabytes
    some = some[: len(joined.listed)]
    give_back()
    hindering = [Hindering(one.extract.hindering, one.extract.hindering_tags, one.node_rules) for one in some]
    lon, lat, stretches, hindered = apply_node_rules(joined.lon, joined.lat, joined.stretches, hindering)
    some = some[: len(hindered)]
    beside = _beside_roads(some[0])
    told = [
        {
            "ferries": table,
            "counts": {**one.extract.counts, **of_roads, **of_nodes, **one.turned, **listed},
            "unread": one.unread,
        }
        for one, of_roads, of_nodes, (table, listed) in zip(some, counts, hindered, joined.listed, strict=False)
    ]
    for turn, other in enumerate(told[1:], 1):
        other |= {name: stretches.pop(own) for name, own in zip(times_of(0), times_of(turn), strict=True)}
    columns = {**beside, **told[0], "lon": lon, "lat": lat, **stretches}
    columns["keep"] = np.append(joined.keep, np.zeros(lon.size - joined.keep.size, np.bool_))
    del given[: len(some)], some, lon, lat, stretches, joined, hindering  # and of these the columns alone
    return assemble_columns(columns, told[1:])


def _alike(given: Sequence[Ruled]) -> list[Ruled]:
    """Return the first of some, and those after it as long as rules open the same roads to the same traffic."""
    first = given[0]
    others = (one.like(first) for one in given[1:])
    return [first, *(one for one in itertools.takewhile(lambda one: one is not None, others) if one is not None)]


def _beside_roads(one: Ruled) -> dict[str, Any]:
    """Return what a network is made of beside its stretches: ways, turns and shores."""
    extract, profile = one.extract, one.profile
    classes = [
        "ferry" if rule.ferry else road_class(tags.get("highway", ""), profile.highway)
        for tags, rule in zip(extract.tagsets, one.rules, strict=True)
    ]
    return {
        "way_id": extract.way_id,
        "way_class": [classes[i] for i in extract.way_tags.tolist()],
        "turns": one.turns,
        "shores": extract.shores,
    }


def _roads(some: Sequence[Ruled]) -> tuple[Stretches, list[dict[str, int]]]:
    """Return the stretches of the open roads with the seconds that they take under each of some profiles.

    With each goes what was left out.
    """
    first, extract = some[0], some[0].extract
    chosen = ~first.of_ways("ferry") & ~first.of_ways("closed")
    shut = chosen & first.by_date.closed if first.by_date is not None else np.zeros(chosen.size, np.bool_)
    stretches, absent, still = _stretches(some, chosen & ~shut)
    if not stretches["a"].size:
        raise InputError(
            f"{extract.source}: no road is open under the profile; look at its [highway] and [access] tables"
        )
    _drive(stretches, some)
    stretches["kind"] = np.full(stretches["a"].size, EdgeKind.ROAD, np.int8)
    for name in ("snaps", "restricted"):
        stretches[name] = picking.taken(first.of_ways(name), stretches["way"])
    left_out = {
        "segments_without_node": absent,
        "segments_of_no_length": still,
        "ways_of_no_length": int(cutting.lengthless_ways(extract.ptr, extract.ref, extract.lon, extract.lat)),
    }
    return stretches, [{**_counts(one, int(shut.sum())), **left_out} for one in some]


def _drive(stretches: Stretches, some: Sequence[Ruled]) -> None:
    """Add the seconds that the pieces of stretches take under each of some profiles."""
    extract = some[0].extract
    driven = []
    for turn, one in enumerate(some):
        stretches |= {name: with_room(stretches["course"].size, np.float64) for name in times_of(turn)}
        driven.append(Driven(at_times_of(stretches, turn), _speeds(one), one.profile.curves))
    if not drive(driven, extract.lon, extract.lat):
        raise InputError(f"{extract.source}: its open roads have no length: all nodes of each are in one place")
    for one, (times, _, _) in zip(some, driven, strict=True):
        ranks = {name: rank for rank, name in enumerate(one.profile.highway)}
        rank_of_tags = np.array(
            [ranks.get(road_class(tags.get("highway", ""), ranks), len(ranks)) for tags in one.extract.tagsets],
            np.int16,
        )
        add_junctions(times, rank_of_tags[one.extract.way_tags], extract.lon.size, one.profile.junctions)


def _speeds(one: Ruled) -> Speeds:
    """Return how fast ways are driven under a profile, at the most."""
    pace, by_date = one.profile.pace.share, one.by_date
    forward, backward = (
        _mps([getattr(road, f"{way}_kph") for road in one.rules], pace) for way in ("forward", "backward")
    )
    limited = by_date is not None and not np.isinf(by_date.most_kph).all()
    most = _mps(by_date.most_kph) if by_date is not None and limited else np.empty(0)
    return Speeds(one.extract.way_tags, forward, backward, most)


def _counts(one: Ruled, shut: int) -> dict[str, int]:
    """Return how many ways are closed, `shut` by date, and how many say what no rule knows, or are for some only."""
    return {
        "ways_closed": int((~one.of_ways("ferry") & one.of_ways("closed")).sum()),
        "ways_closed_by_date": shut,
        "ways_with_unknown_values": int(one.of_ways("unknown").sum()),
        "ways_with_undecided_conditions": int(one.of_ways("undecided").sum()),
        "ways_restricted": int(one.of_ways("restricted").sum()),
    }


def _stretches(some: Sequence[Ruled], chosen: npt.NDArray[np.bool_]) -> tuple[Stretches, int, int]:
    """Return the stretches of some ways, how many of their pieces lack a place, and how many have no length."""
    first, extract = some[0], some[0].extract
    ways = extract.ptr, extract.ref, chosen, extract.lon
    ends, room, absent, still = cutting.ends_in_ways(*ways)
    stays = ends != 2  # noqa: PLR2004 - one piece that comes and one that goes
    for one in some:
        stays[one.extract.hindering] = True
    if first.turns is not None:
        stays[first.turns.via[first.turns.via >= 0]] = True
    stays |= picking.on_ways(extract.ptr, extract.ref, first.of_ways("ferry"), extract.lon.size)
    course = with_room(room, np.int32)  # boats and gates come behind
    names = "way", "a", "b", "first", "size", "least"
    found = cutting.stretches_of_ways(*ways, stays, course)
    return {**dict(zip(names, found, strict=True)), "course": course}, absent, still


def _mps(kph: npt.ArrayLike, pace: float = 1.0) -> npt.NDArray[np.float64]:
    """Return metres per second, 0 for what is closed."""
    speed = np.asarray(kph, np.float64) * pace
    return np.where(speed > 0, np.maximum(speed, 1e-9) * _KPH_TO_MPS, 0.0)

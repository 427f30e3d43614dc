"""From NVDB Ruteplan to a `Network`: official minutes on the roads, our ferries, under the rules of a profile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.defaults import MIN_COMPONENT_M
from geoaccess.errors import InputError
from geoaccess.kernels import geometry
from geoaccess.network import EdgeKind, Network, assemble_columns
from geoaccess.nvdb.links import read_links, read_names
from geoaccess.nvdb.rules import references, tags_of
from geoaccess.nvdb.shapes import extract_of
from geoaccess.osm.closures import find_closed, read_closures, rows_without_road
from geoaccess.osm.ferries import add_ferries
from geoaccess.osm.ferry_table import read_ferry_table
from geoaccess.osm.profile import find_profile, read_profile
from geoaccess.osm.stretches import of_pieces
from geoaccess.osm.tags import read_way
from geoaccess.osm.turn_rules import turn_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    import numpy.typing as npt

    from geoaccess.nvdb.links import Links
    from geoaccess.osm.closures import ClosedRoads
    from geoaccess.osm.extract import Extract
    from geoaccess.osm.profile import Profile
    from geoaccess.osm.tags import WayRule

__all__ = ["read_network", "read_nvdb", "read_road_names"]


@checks_arguments
def read_nvdb(
    path: str | Path,
    *,
    profile: str | Path = "car",
    when: datetime | None = None,
    ferries: str | Path | None = None,
    closures: str | Path | None = None,
    min_component_m: float = MIN_COMPONENT_M,
) -> Network:
    """Read NVDB Ruteplan, the network of the Norwegian road authority, into the same `Network` as `read_osm` gives.

    Parameters
    ----------
    path
        A FileGDB (folder or its zip) or a GeoPackage, with the fields of 2022 or of 2021.
    profile, when, ferries, closures, min_component_m
        As for `read_osm`. Minutes on roads are the official ones, whatever speeds the profile has; of the profile count
        the vehicle's height and weight, where journeys begin, and the ferries.

    Raises
    ------
    MissingFileError, ConfigError, InputError
        If a file is not there, the profile is wrong, or the file has no links or wrong values, by row.

    Examples
    --------
    >>> import geoaccess as ga
    >>> ga.read_nvdb("ruteplan.gdb")  # doctest: +SKIP
    Network(1204311 nodes, 1690045 edges, 219503.2 km of road, 214 ferries)
    """
    return read_network(
        Path(path),
        read_profile(find_profile(profile)),
        when=when,
        ferries=None if ferries is None else Path(ferries),
        closures=None if closures is None else Path(closures),
        min_component_m=min_component_m,
    )


@checks_arguments
def read_network(
    path: Path,
    profile: Profile,
    *,
    when: datetime | None = None,
    ferries: Path | None = None,
    closures: Path | None = None,
    min_component_m: float = MIN_COMPONENT_M,
    progress: Callable[[str], None] | None = None,
) -> Network:
    """Read NVDB Ruteplan into a network; see `read_nvdb`.

    A link's minutes are shared between the pieces of its shape by their length. A direction is closed where `oneway`
    says so, where its minutes are -1 or not there, and where the link is barred; paths for people on foot and bicycle
    are closed both ways. Ferries have the official minutes of crossing, and the wait of the profile and the table.

    Raises
    ------
    MissingFileError, InputError
        As `read_nvdb`.
    """
    rows = read_ferry_table(ferries) if ferries else []
    closed = read_closures(closures) if closures else []
    if progress:
        progress(f"reading {path.name}")
    links = read_links(path)
    if progress:
        progress("building the network")
    tagsets, which = tags_of(links)
    extract = extract_of(links, tagsets, which)
    rules = [read_way(tags, profile, when) for tags in extract.tagsets]
    by_date = find_closed(extract, profile, when, closed, names=lambda: _names(links.table))
    ferry = np.array([rule.ferry for rule in rules])
    roads, counts = _roads(links, extract, rules, by_date)
    joined = add_ferries(
        roads,
        extract,
        np.flatnonzero(ferry[extract.way_tags]),
        profile,
        rows=rows,
        when=when,
        min_component_m=min_component_m,
    )
    turns, turn_counts = turn_rules(extract, profile, when)
    classes = ["ferry" if "route" in tags else tags["highway"] for tags in extract.tagsets]
    columns = {
        "lon": joined.lon,
        "lat": joined.lat,
        **joined.stretches,
        "way_id": extract.way_id,
        "way_class": [classes[i] for i in which],
        "keep": joined.keep,
        "turns": turns,
        "ferries": joined.table,
        "counts": {**extract.counts, **counts, **turn_counts, **joined.counts},
        "unread": rows_without_road(by_date),
    }
    return assemble_columns(columns)[0]


def read_road_names(path: Path) -> pd.DataFrame:
    """Return what the links of a file are called, as `geoaccess.osm.read_road_names` does of ways.

    Returns
    -------
    Table on the index `way_id` (numbers of links), rising: `name`, `ref` ("E 6", "Rv150", "Fv63"), `bridge`, `tunnel`.
    """
    return _names(read_names(path))


def _names(table: pd.DataFrame) -> pd.DataFrame:
    ref = references(table)
    spaced = ref.str.replace(" ", "")
    own = table["name"].where((table["name"] != ref) & (table["name"] != spaced), "")
    found = pd.DataFrame(
        {
            "name": own.astype("str"),
            "ref": ref,
            "bridge": table["bridge"].astype("bool"),
            "tunnel": table["tunnel"].astype("bool"),
        }
    )
    return found.set_axis(pd.Index(table["link"].astype("int64"), name="way_id")).sort_index()


def _roads(
    links: Links, extract: Extract, rules: Sequence[WayRule], by_date: ClosedRoads | None
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the stretches of the open roads with the seconds that they take, and what was left out."""
    table = links.table
    of_tags = {
        "closed": np.array([rule.closed for rule in rules]),
        "ferry": np.array([rule.ferry for rule in rules]),
        "forward": np.array([rule.forward_kph > 0 for rule in rules]),
        "backward": np.array([rule.backward_kph > 0 for rule in rules]),
        "restricted": np.array([rule.restricted for rule in rules]),
        "snaps": np.array([rule.snaps for rule in rules]),
    }
    of_link = {name: values[extract.way_tags] for name, values in of_tags.items()}
    chosen = ~of_link["ferry"] & ~of_link["closed"]
    shut = chosen & by_date.closed if by_date is not None else np.zeros(chosen.size, np.bool_)
    way = np.repeat(np.arange(extract.way_id.size, dtype=np.int32), np.diff(extract.ptr))
    within = np.flatnonzero((way[:-1] == way[1:]) & (chosen & ~shut)[way[:-1]])
    within = within[extract.ref[within] != extract.ref[within + 1]]
    way, a, b = way[within], extract.ref[within], extract.ref[within + 1]
    if not a.size:
        raise InputError(f"{links.source}: no link is open under the profile; look at its [highway] table")
    length = geometry.segment_lengths_m(extract.lon, extract.lat, a, b)
    share = _share(way, length, extract.way_id.size)
    segments: dict[str, Any] = {"a": a, "b": b, "way": way}
    slowest = np.zeros(a.size) if by_date is None else length * 3.6 / by_date.most_kph[way]
    for direction in ("forward", "backward"):
        seconds = table[f"{direction}_min"].to_numpy(float)[way] * 60 * share
        segments[f"{direction}_s"] = np.where(of_link[direction][way], np.maximum(seconds, slowest), -1.0)
    segments |= {
        "kind": np.full(a.size, EdgeKind.ROAD, np.int8),
        "snaps": of_link["snaps"][way],
        "restricted": of_link["restricted"][way],
    }
    return of_pieces(segments), {
        "links_closed": int((~of_link["ferry"] & of_link["closed"]).sum()),
        "links_barred": int(table["barred"].sum()),
        "links_for_bicycles": int(table["path"].sum()),
        "links_closed_by_date": int(shut.sum()),
        "links_without_minutes": int((table["forward_min"].isna() & table["backward_min"].isna()).sum()),
    }


def _share(way: npt.NDArray[np.int32], length: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Return each segment's share of its link's length; of a link without length its pieces have equal ones."""
    whole, pieces = np.bincount(way, length, size)[way], np.bincount(way, minlength=size)[way]
    return np.where(whole > 0, length / np.where(whole > 0, whole, 1.0), 1.0 / pieces)

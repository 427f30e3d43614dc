"""Tags that were seen and not used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.osm.blocks import Block
from geoaccess.osm.formats import osmium_errors, osmium_file
from geoaccess.osm.plain_pbf import taken_of_ways
from geoaccess.osm.road_keys import RoadKeys, table_of_keys
from geoaccess.osm.values import is_ferry, road_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from geoaccess.osm.profile import Profile

__all__ = ["count_road_keys", "count_unused_tags", "keys_counted", "unused_tags"]


@checks_arguments
def count_unused_tags(paths: Sequence[Path], profile: Profile) -> pd.DataFrame:
    """Return the tag keys on roads and ferries that no rule of the profile looks at: `key`, `ways`, commonest first.

    Tags about other things than driving (names, lighting, sources) are among them: nothing is sorted out.
    """
    return unused_tags(count_road_keys(paths), profile)


def count_road_keys(paths: Sequence[Path]) -> pd.DataFrame:
    """Return on how many ways each key is, by value of `highway` and `route`, for `unused_tags` of any profile."""
    parts = []
    for path in paths:
        with osmium_errors(path):
            found = taken_of_ways(path, Block.road_keys, RoadKeys)
            parts.append(_through_osmium(path) if found is None else found.counts())
    return table_of_keys(parts)


def keys_counted(of_files: Iterable[RoadKeys]) -> pd.DataFrame:
    """Return what `count_road_keys` does, of what was counted in each file while it was read for something else."""
    return table_of_keys([counted.counts() for counted in of_files])


def unused_tags(counted: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Return what `count_unused_tags` does, from what `count_road_keys` counted."""
    means: dict[tuple[str, str], bool] = {}
    counts: Counter[str] = Counter()
    for highway, route, key, ways in zip(*(counted[name].tolist() for name in counted), strict=True):
        if (highway, route) not in means:
            means[highway, route] = is_ferry({"route": route}) or bool(road_class(highway, profile.highway))
        if means[highway, route]:
            counts[key] += ways
    unused = [(key, number) for key, number in counts.items() if key not in profile.keys]
    unused.sort(key=lambda pair: (-pair[1], pair[0]))
    return pd.DataFrame(unused, columns=["key", "ways"])


def _through_osmium(path: Path) -> dict[tuple[str, str, str], int]:
    import osmium

    roads = osmium.filter.KeyFilter("highway", "route")
    counts: Counter[tuple[str, str, str]] = Counter()
    ways: Any = osmium.FileProcessor(osmium_file(path), osmium.osm.WAY).with_filter(roads)
    for way in ways:
        highway, route = way.tags.get("highway", ""), way.tags.get("route", "")
        counts.update((highway, route, tag.k) for tag in way.tags)
    return dict(counts)

"""Tags that were seen and not used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.osm.formats import osmium_errors, osmium_file
from geoaccess.osm.interning import Interner
from geoaccess.osm.keyed import Keyed
from geoaccess.osm.plain_pbf import keyed_ways
from geoaccess.osm.values import is_ferry, road_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.osm.block_objects import Tagged
    from geoaccess.osm.blocks import Block
    from geoaccess.osm.profile import Profile

__all__ = ["count_unused_tags"]

_ROADS = ("highway", "route")


@checks_arguments
def count_unused_tags(paths: Sequence[Path], profile: Profile) -> pd.DataFrame:
    """Return the tag keys on roads and ferries that no rule of the profile looks at: `key`, `ways`, commonest first.

    Tags about other things than driving (names, lighting, sources) are among them: nothing is sorted out.
    """
    counts: Counter[str] = Counter()
    for path in paths:
        with osmium_errors(path):
            found = keyed_ways(path, Keyed(_ROADS, None), lambda: _Keys(profile))
            counts.update(_through_osmium(path, profile) if found is None else found.counts())
    unused = [(key, number) for key, number in counts.items() if key not in profile.keys]
    unused.sort(key=lambda pair: (-pair[1], pair[0]))
    return pd.DataFrame(unused, columns=["key", "ways"])


class _Keys:
    """The keys on roads and ferries, counted while blocks go by."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._words = Interner(word.encode() for word in _ROADS)
        self._found: Counter[bytes] = Counter()
        self._means: dict[tuple[bytes, bytes], bool] = {}

    def add(self, block: Block, tagged: Tagged) -> None:
        """Count the keys of the ways of a block that are roads or ferries."""
        size, (key, value) = block.string_start.size, tagged.tag.T.astype(np.int64)
        at = np.flatnonzero(self._words.find(block.data, block.string_start, block.string_stop)[key] >= 0)
        pairs, which = np.unique(key[at] * size + value[at], return_inverse=True)
        means = (divmod(pair, size) for pair in pairs.tolist())
        road = np.array([self._is_road(block.string(key), block.string(value)) for key, value in means], bool)
        of = np.repeat(np.arange(tagged.number.size), np.diff(tagged.ptr))
        chosen = np.zeros(tagged.number.size, bool)
        chosen[of[at[road[which]]]] = True
        ways = np.bincount(key[chosen[of]], minlength=size)
        for number in np.flatnonzero(ways).tolist():
            self._found[block.string(number)] += int(ways[number])

    def _is_road(self, key: bytes, value: bytes) -> bool:
        """Say whether a tag makes a way a road of a class that the profile knows, or a ferry."""
        if key not in (b"highway", b"route"):
            return False
        if (key, value) not in self._means:
            text = value.decode()
            known = is_ferry({"route": text}) if key == b"route" else bool(road_class(text, self._profile.highway))
            self._means[key, value] = known
        return self._means[key, value]

    def counts(self) -> dict[str, int]:
        """Return on how many ways each key is."""
        return {key.decode(): number for key, number in self._found.items()}


def _through_osmium(path: Path, profile: Profile) -> Counter[str]:
    import osmium

    counts: Counter[str] = Counter()
    ways: Any = osmium.FileProcessor(osmium_file(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter(*_ROADS))
    for way in ways:
        if is_ferry(way.tags) or road_class(way.tags.get("highway", ""), profile.highway):
            counts.update(tag.k for tag in way.tags)
    return counts

"""Tags that were seen and not used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.osm.formats import osmium_errors, osmium_file
from geoaccess.osm.values import is_ferry, road_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geoaccess.osm.profile import Profile

__all__ = ["count_unused_tags"]


@checks_arguments
def count_unused_tags(paths: Sequence[Path], profile: Profile) -> pd.DataFrame:
    """Return the tag keys on roads and ferries that no rule of the profile looks at: `key`, `ways`, commonest first.

    Tags about other things than driving (names, lighting, sources) are among them: nothing is sorted out.
    """
    import osmium

    chosen = osmium.filter.KeyFilter("highway", "route")
    counts: Counter[str] = Counter()
    for path in paths:
        with osmium_errors(path):
            ways: Any = osmium.FileProcessor(osmium_file(path), osmium.osm.WAY).with_filter(chosen)
            for way in ways:
                if is_ferry(way.tags) or road_class(way.tags.get("highway", ""), profile.highway):
                    counts.update(tag.k for tag in way.tags)
    unused = [(key, number) for key, number in counts.items() if key not in profile.keys]
    unused.sort(key=lambda pair: (-pair[1], pair[0]))
    return pd.DataFrame(unused, columns=["key", "ways"])

"""Links of Ruteplan in the words by which a profile decides: one way, one set of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from geoaccess.osm.ferry_times import OFFICIAL_DURATION

if TYPE_CHECKING:
    import pandas as pd

    from geoaccess.nvdb.links import Links

__all__ = ["CLASS_OF_ROAD", "references", "tags_of"]

CLASS_OF_ROAD: Final = {
    0: "trunk",
    1: "primary",
    2: "primary",
    3: "secondary",
    4: "tertiary",
    5: "tertiary",
    6: "unclassified",
    7: "residential",
}
"""Classes of road by functional road class; forest roads are tracks, what has no class or a lower one is `service`."""

_MOTORWAY_KPH = 100
_FOREST = "S"
_PREFIX: Final = {"E": "E ", "R": "Rv", "F": "Fv"}
_ALIKE = (
    "oneway", "forward_kph", "backward_kph", "functional_class", "ferry", "bridge", "tunnel", "barred", "path",
    "max_weight_t", "max_height_m",
)  # fmt: skip
"""Columns that tags are made of as they are; of the minutes of a road it matters only whether there are any."""


def tags_of(links: Links) -> tuple[list[dict[str, str]], list[int]]:
    """Return the different sets of tags, and which of them each link has.

    Ferries keep their name and minutes, roads do not: names of roads are looked up by `read_road_names`.
    """
    table, ferry = links.table, links.table["ferry"]
    asked = table[list(_ALIKE)].assign(
        name=table["name"].where(ferry, ""),
        category=table["category"].where(table["category"] == _FOREST, ""),
        **{name: table[name].where(ferry, (table[name] >= 0) - 1.0) for name in ("forward_min", "backward_min")},
    )
    group = asked.groupby([*asked], dropna=False, sort=False).ngroup().to_numpy()
    first = np.unique(group, return_index=True)[1]
    made: dict[tuple[tuple[str, str], ...], int] = {}
    of_group = []
    for row in asked.iloc[first].itertuples(index=False):
        key = tuple(_ferry(row) if row.ferry else _road(row))
        of_group.append(made.setdefault(key, len(made)))
    return [dict(key) for key in made], np.array(of_group, np.int32)[group].tolist()


def _road(row: Any) -> list[tuple[str, str]]:
    tags = [("highway", _class(row))]
    limit = max(_positive(row.forward_kph), _positive(row.backward_kph))
    if limit:
        tags.append(("maxspeed", f"{limit:g}"))
    tags += [(name, "yes") for name in ("bridge", "tunnel") if getattr(row, name)]
    tags += _limits(row) + _oneway(row)
    return [*tags, ("motor_vehicle", "no")] if row.barred else tags


def _ferry(row: Any) -> list[tuple[str, str]]:
    minutes = max(_positive(row.forward_min), _positive(row.backward_min))
    tags = [("route", "ferry"), ("motor_vehicle", "no" if row.barred else "yes")]
    tags += [("name", row.name)] if row.name else []
    if minutes:
        seconds = max(round(minutes * 60), 1)
        tags.append((OFFICIAL_DURATION, f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"))
    return tags + _limits(row) + _oneway(row)


def _class(row: Any) -> str:
    if row.path:
        return "cycleway"
    if row.category == _FOREST:
        return "track"
    found = CLASS_OF_ROAD.get(row.functional_class, "service")
    fast = max(_positive(row.forward_kph), _positive(row.backward_kph)) >= _MOTORWAY_KPH
    return "motorway" if found == "trunk" and fast else found


def _limits(row: Any) -> list[tuple[str, str]]:
    found = (("maxweight", row.max_weight_t), ("maxheight", row.max_height_m))
    return [(name, f"{value:g}") for name, value in found if value > 0]


def _oneway(row: Any) -> list[tuple[str, str]]:
    """Return the direction in which one may drive; minutes that are -1 or absent close theirs."""
    forward = row.oneway in ("B", "FT") and row.forward_min >= 0
    backward = row.oneway in ("B", "TF") and row.backward_min >= 0
    if forward and backward:
        return []
    return [("oneway", "yes" if forward else "-1")] if forward or backward else [("motor_vehicle", "no")]


def _positive(value: float) -> float:
    return float(value) if value > 0 else 0.0


def references(table: pd.DataFrame) -> pd.Series[str]:
    """Return road numbers as people write them: "E 6", "Rv150", "Fv63"; "" where a road is called by its name.

    >>> import pandas as pd
    >>> references(pd.DataFrame({"category": ["E", "R", "P"], "number": [6, 150, 97911]})).tolist()
    ['E 6', 'Rv150', '']
    """
    prefix = table["category"].map(_PREFIX).fillna("").astype("str")
    shown = (prefix != "") & (table["number"] > 0)
    return (prefix + table["number"].astype("str")).where(shown, "").astype("str")

"""Roads that are closed in a season or on some days, by a table or by the rules of a profile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.osm.closure_rules import Closure
from geoaccess.osm.values import applies
from geoaccess.phrases import note
from geoaccess.tables import parse_number, read_table, read_text
from geoaccess.toml import ValidationError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

    from geoaccess.osm.extract import Extract
    from geoaccess.osm.profile import Profile

__all__ = ["ClosedRoads", "find_closed", "read_closures", "rows_without_road"]

_COLUMNS = ("ref", "name", "way_id", "tag", "polygon", "from", "to", "open_kph", "source", "note")


class ClosedRoads(NamedTuple):
    """Of each way of an extract whether it is closed, and how fast it can be driven at the most (inf: no matter).

    `without_road` are the rows of the table with which no road of the extract agrees, in short; `without_way` the ways
    that other rows name and no road is.
    """

    closed: npt.NDArray[np.bool_]
    most_kph: npt.NDArray[np.float64]
    without_road: tuple[str, ...] = ()
    without_way: tuple[int, ...] = ()


@checks_arguments
def read_closures(path: Path) -> list[Closure]:
    """Read a table of closed roads, of any kind that `read_table` takes.

    A row means the roads that agree with all it says: `ref` (several with `;`, `F*` for all that begin so), `name`,
    `way_id`, `tag` (`key=value`) and `polygon` (WKT, degrees; the middle of the road lies in it). They are closed from
    the day `from` to the day `to`, both included: `10-01` every year, `2026-01-10` once, empty always. `open_kph` is
    how fast they are driven at the most while they are open. `source` and `note` are yours.

    Raises
    ------
    MissingFileError
        If it is not there.
    InputError
        With all that is wrong with it, by row (the header is row 1).
    """
    table = read_table(path, hint="check [network] closures in the study")
    header = [str(name) for name in table.columns]
    problems = [f'unknown column "{name}"{did_you_mean(name, _COLUMNS)}' for name in header if name not in _COLUMNS]
    if problems:
        raise InputError.listing(str(path), problems)
    found = []
    texts = pd.DataFrame({name: read_text(table, name) for name in header})
    for row, line in texts.to_dict("index").items():
        try:
            found.append(_closure({str(key): str(value).strip() for key, value in line.items()}))
        except ValidationError as error:
            details = (str(one["msg"]).removeprefix("Value error, ") for one in error.errors())
            problems.append(f"row {row}: {'; '.join(details)}")
        except ValueError as error:
            problems.append(f"row {row}: {error}")
    if problems:
        raise InputError.listing(str(path), problems)
    return found


def _closure(line: Mapping[str, str]) -> Closure:
    import shapely

    def several(name: str) -> list[str]:
        return [part.strip() for part in line.get(name, "").split(";") if part.strip()]

    key, equals, value = line.get("tag", "").partition("=")
    if key and not equals:
        raise ValueError(f'tag "{key}" must be key=value, such as surface=gravel')
    for text in several("way_id"):
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise ValueError(f'way_id "{text}" is no whole number')
    polygon = line.get("polygon", "")
    if polygon and not shapely.is_valid(shapely.from_wkt(polygon, on_invalid="ignore")):
        raise ValueError(f'polygon "{polygon[:40]}" is no valid area in WKT, such as POLYGON((7 61, 8 61, 8 62, 7 61))')
    fields: dict[str, Any] = {
        "refs": several("ref"),
        "names": several("name"),
        "way_ids": [int(text) for text in several("way_id")],
        "tags": {key: [part.strip() for part in value.split(";")]} if key else {},
        "polygon": polygon,
        "first": line.get("from", ""),
        "last": line.get("to", ""),
        "source": line.get("source", ""),
    }
    if given := line.get("open_kph"):
        fields["open_kph"] = parse_number(given)
        if fields["open_kph"] is None:
            raise ValueError(f'open_kph "{given}" is no number')
    return Closure.model_validate(fields)


def find_closed(
    extract: Extract,
    profile: Profile,
    when: datetime | None,
    table: Sequence[Closure] = (),
    *,
    names: Callable[[], pd.DataFrame],
) -> ClosedRoads | None:
    """Return which ways are closed at a time by the rows of a table and the rules of a profile; None if none may be.

    Without a moment, neither given nor assumed by the profile, a road is closed where it is all through the season
    that the profile assumes. What a table says of a road goes for the speed of the open season too: the lowest counts.
    `names` returns what roads are called, as `read_road_names` does; it is called where a rule asks for a name, and is
    in force.
    """
    rules = [*profile.dates.closures, *table]
    of_profile = len(profile.dates.closures)
    road = np.array(["highway" in tags for tags in extract.tagsets], np.bool_)[extract.way_tags]
    middle = _middles(extract)
    closed = np.zeros(extract.way_id.size, np.bool_)
    most = np.full(extract.way_id.size, np.inf)
    called: pd.DataFrame | None = None
    without_road: list[str] = []
    without_way: list[int] = []
    for number, rule in enumerate(rules):
        shut = _holds(rule, profile, when)
        counts = shut or rule.open_kph is not None
        if not counts and number < of_profile:
            continue
        chosen = _chosen(rule, extract, middle)
        if counts and (rule.refs or rule.names) and chosen.any():
            called = names() if called is None else called
            some = np.flatnonzero(chosen)  # of all ways of a country these are few
            rows = called[["name", "ref"]].reindex(extract.way_id[some]).fillna("")
            pairs = list(zip(rows["name"].tolist(), rows["ref"].tolist(), strict=True))
            meant = {pair: rule.means(*pair) for pair in set(pairs)}
            chosen[some] = [meant[pair] for pair in pairs]
        if number >= of_profile and not (chosen & road).any():
            without_road.append(rule.in_short)
        elif number >= of_profile:
            there = set(extract.way_id[road & np.isin(extract.way_id, rule.way_ids)].tolist())
            without_way += [way for way in rule.way_ids if way not in there]
        if shut:
            closed |= chosen
        elif rule.open_kph is not None:
            most[chosen] = np.minimum(most[chosen], rule.open_kph)
    return ClosedRoads(closed, most, tuple(without_road), tuple(without_way)) if rules else None


def rows_without_road(by_date: ClosedRoads | None) -> tuple[tuple[str, str, int, str], ...]:
    """Return the rows of a table with which no road agrees, as `Network.unread` holds them: on no object."""
    if by_date is None:
        return ()
    rows = tuple((row, note("no_road_agrees"), 0, "") for row in by_date.without_road)
    return (*rows, *((f"way_id {way}", note("no_road_of_way"), 0, "") for way in by_date.without_way))


def _holds(rule: Closure, profile: Profile, when: datetime | None) -> bool:
    at = when or profile.dates.assumed
    return rule.holds_in(profile.dates.months[profile.dates.season]) if at is None else rule.holds_on(at.date())


def _chosen(rule: Closure, extract: Extract, middle: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return the ways that a rule means by all but their names and numbers."""
    import shapely

    by_tags = np.array([not rule.tags or applies(rule.tags, tags) for tags in extract.tagsets], np.bool_)
    chosen: npt.NDArray[np.bool_] = by_tags[extract.way_tags]
    if rule.way_ids:
        chosen = chosen & np.isin(extract.way_id, rule.way_ids)
    lon, lat = middle
    if rule.box is not None:
        west, south, east, north = rule.box
        chosen = chosen & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    if rule.polygon:
        chosen = chosen & shapely.contains_xy(shapely.from_wkt(rule.polygon), lon, lat)
    return chosen


def _middles(extract: Extract) -> npt.NDArray[np.float64]:
    """Return longitude and latitude of the middle node of each way, NaN where it has none."""
    sizes = np.diff(extract.ptr)
    lon, lat = (np.full(sizes.size, np.nan) for _ in range(2))
    filled = np.flatnonzero(sizes)
    node = extract.ref[extract.ptr[:-1][filled] + sizes[filled] // 2]
    lon[filled], lat[filled] = extract.lon[node], extract.lat[node]
    return np.stack([lon, lat])

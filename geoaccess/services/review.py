"""Sites from a reviewed table: what each mapped feature is used for, and what is missing on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.services.sites import checked_sites, sites_of_features
from geoaccess.tables import empty_rows, read_table, read_text, read_yes

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

__all__ = ["sites_from_review"]

_REVIEWED = ("osm_type", "osm_id", "service", "name", "level", "proxy", "reason")
_TOWN_CENTRE = "town centre"


@checks_arguments
def sites_from_review(
    features: gpd.GeoDataFrame,
    path: Path,
    *,
    places: gpd.GeoDataFrame | None = None,
    source: str = "© OpenStreetMap contributors",
) -> gpd.GeoDataFrame:
    """Take as sites what a reviewed table says of mapped features.

    The table has a row per feature and service: `osm_type`, `osm_id`, `service` (empty where the feature is not
    used), `name`, `level`, `proxy` (yes or no), `reason`. Positions come from the features. Every feature
    must be in the table: one that nobody has looked at is not quietly left out.

    A service that is not mapped stands at its town: such a row says "town centre" under `position`, names a feature of
    `places` (as a rule the `place` node of the town) and says under `source` who runs the service. Its place is that
    feature, not the building; its note says so.

    Raises
    ------
    InputError
        If the table lacks a feature or a reason, uses a feature that is not there, or one twice for one service, has a
        `proxy` that is neither yes nor no, or a row at a town's centre lacks name or source.
    """
    rows = read_table(path)
    missing = [name for name in _REVIEWED if name not in rows]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; it has {', '.join(rows.columns)}")
    review = pd.DataFrame({name: read_text(rows, name) for name in (*_REVIEWED, "position", "source")})
    review["label"] = review["osm_type"] + " " + review["osm_id"]
    review["proxy"], problems = read_yes(rows, "proxy")
    centre = review["position"] == _TOWN_CENTRE
    mapped, towns = _numbers(features), {} if places is None else _numbers(places)
    problems += [*_unknown(review, mapped, towns), *empty_rows(rows, "reason")]
    labelled = set(review["label"][~centre])
    problems += [
        f"no row for {feature} of the extract; an empty service leaves it out"
        for feature in mapped
        if feature not in labelled
    ]
    if problems:
        raise InputError.listing(str(path), problems)
    used = review["service"] != ""
    table = _sites(features, mapped, review[used & ~centre], source)
    if places is not None:
        table = pd.concat([table, _sites(places, towns, review[centre], source)])
    return checked_sites(table, str(path))


def _unknown(review: pd.DataFrame, mapped: dict[str, int], towns: dict[str, int]) -> list[str]:
    """Say which rows are no feature of the extract, or are at a town's centre without saying what stands there."""
    problems = []
    for number, what in zip(review.index, review.to_dict("records"), strict=True):
        label, position = what["label"], what["position"]
        if position == _TOWN_CENTRE:
            if label not in towns:
                problems.append(f"row {number}: {label} is no place of the extract, so no town's centre")
            problems += [
                f"row {number}: a {column} must stand there, as the service is not mapped"
                for column in ("service", "name", "source")
                if not what[column]
            ]
        elif position not in {"", "mapped"}:
            problems.append(
                f'row {number}: position is "{position}"; it is "{_TOWN_CENTRE}", or empty for a mapped feature'
            )
        elif what["service"] and label not in mapped:
            problems.append(f"row {number}: {label} is not among the features of the extract")
    return problems


def _sites(features: gpd.GeoDataFrame, numbers: dict[str, int], rows: pd.DataFrame, source: str) -> gpd.GeoDataFrame:
    """Return the sites that rows make of features."""
    table = sites_of_features(features.iloc[[numbers[label] for label in rows["label"]]], rows["service"], source)
    table["name"] = np.where(rows["name"] != "", rows["name"], table["name"])
    table["source"] = np.where(rows["source"] != "", rows["source"], table["source"])
    table["level"] = rows["level"].to_numpy()
    table["proxy"] = rows["proxy"].to_numpy(bool)
    at = np.where(rows["position"] == _TOWN_CENTRE, "Not mapped: put at the centre of its town. ", "")
    table["note"] = at + rows["reason"].to_numpy(object)
    return table


def _numbers(features: gpd.GeoDataFrame) -> dict[str, int]:
    """Return the row of each feature, by its type and id."""
    pairs = zip(features["osm_type"], features["osm_id"], strict=True)
    return {f"{kind} {number}": i for i, (kind, number) in enumerate(pairs)}

"""The map of one answer for several futures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import maps, scenarios
from geoaccess.frames import crs_of
from geoaccess.phrases import Writer
from geoaccess.study.results.output import figure_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.study.answers import Answers

__all__ = ["draw_futures"]


def draw_futures(
    path: Path,
    *,
    first: Answers,
    below: Mapping[str, Any],
    service: str,
    futures: Sequence[str],
    places: pd.DataFrame,
    nearer_s: npt.NDArray[np.float64],
) -> None:
    """Draw who gets nearer in the first of some futures, with the sites that stand and the new ones (`places`).

    `below` is what lies under the cells, see `DrawnAhead`.

    `path` is that of a PNG among files that are written together; beside it come the other formats of [figures].
    """
    key, language = service, first.study.settings.language
    spec = next(spec for spec in first.study.specs if spec.key == key)
    seconds = pd.Series(nearer_s, first.results.index)
    after = pd.DataFrame(first.results.drop(columns="geometry"))
    reached = np.isfinite(seconds)
    after[f"{key}_s"] = seconds.where(after[f"{key}_s"].notna())
    after[f"{key}_reason"] = after[f"{key}_reason"].where(~reached | after[f"{key}_s"].isna(), "")
    writer = Writer(language, ("terminal",))
    heads = figure_words(first.study) | {
        "title": writer.text("futures_title", label=spec.label, n=len(places), futures=len(futures)),
        "subtitle": writer.text("futures_map", future=writer.note(str(futures[0]))),
    }
    maps.difference_map(
        path,
        results=first.results,
        cells=scenarios.cell_differences(first.results, after, services=[spec]),
        service=spec,
        sites=_drawn_sites(first, service, places),
        **below,
        **heads,
    )


def _drawn_sites(first: Answers, service: str, places: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the sites of the first future, and the new ones."""
    import geopandas as gpd

    known = first.sites[["service", "name", "proxy", "geometry"]].assign(change="")
    points = gpd.GeoSeries.from_xy(places["lon"], places["lat"], crs="EPSG:4326").to_crs(crs_of(known))
    new = gpd.GeoDataFrame(
        {"service": service, "name": places["name"].to_numpy(), "proxy": False, "change": "new"},
        geometry=points.to_numpy(),
        crs=points.crs,
    )
    joined: gpd.GeoDataFrame = pd.concat([known, new])
    return joined

"""The map of one answer for several futures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files, maps, scenarios
from geoaccess.frames import crs_of
from geoaccess.phrases import Writer
from geoaccess.study.results.output import drawn_below, words_of

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.questions.siting.futures import Futures

__all__ = ["draw_futures"]


def draw_futures(answer: Futures, path: Path) -> Path:
    """Draw who gets nearer in the first future, with the sites that stand and the new ones."""
    first, key = answer.first, answer.question.service
    spec = next(spec for spec in first.study.specs if spec.key == key)
    seconds = pd.Series(answer.nearer_s, first.results.index)
    after = pd.DataFrame(first.results.drop(columns="geometry"))
    reached = np.isfinite(seconds)
    after[f"{key}_s"] = seconds.where(after[f"{key}_s"].notna())
    after[f"{key}_reason"] = after[f"{key}_reason"].where(~reached | after[f"{key}_s"].isna(), "")
    writer = Writer(answer.language, ("terminal",))
    futures = [writer.note(str(name)) for name in answer.futures["future"]]
    heads = words_of(first.study) | {
        "title": writer.text("futures_title", label=spec.label, n=len(answer.places), futures=len(futures)),
        "subtitle": writer.text("futures_map", future=futures[0]),
    }
    with files.writing(path) as temporary:
        maps.difference_map(
            temporary,
            results=first.results,
            cells=scenarios.cell_differences(first.results, after, services=[spec]),
            service=spec,
            sites=_drawn_sites(answer),
            **drawn_below(first),
            **heads,
        )
    return path


def _drawn_sites(answer: Futures) -> gpd.GeoDataFrame:
    """Return the sites of the first future, and the new ones."""
    import geopandas as gpd

    known = answer.first.sites[["service", "name", "proxy", "geometry"]].assign(change="")
    points = gpd.GeoSeries.from_xy(answer.places["lon"], answer.places["lat"], crs="EPSG:4326").to_crs(crs_of(known))
    new = gpd.GeoDataFrame(
        {"service": answer.question.service, "name": answer.places["name"].to_numpy(), "proxy": False, "change": "new"},
        geometry=points.to_numpy(),
        crs=points.crs,
    )
    joined: gpd.GeoDataFrame = pd.concat([known, new])
    return joined

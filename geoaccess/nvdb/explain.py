"""Why a link of Ruteplan is open, how fast and for whom."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError
from geoaccess.kernels import geometry
from geoaccess.nvdb.links import read_links
from geoaccess.nvdb.rules import references, tags_of
from geoaccess.nvdb.shapes import extract_of
from geoaccess.osm.explain import Explanation, explain

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from geoaccess.osm.profile import Profile

__all__ = ["explain_link"]


def explain_link(path: Path, number: int, profile: Profile, *, when: datetime | None = None) -> Explanation:
    """Say what a link is to a profile, as `geoaccess.osm.explain` does of a way; its speeds are its official ones.

    Raises
    ------
    MissingFileError, InputError
        As `read_nvdb`, or if there is no link of that number.
    """
    links = read_links(path)
    at = np.flatnonzero(links.table["link"].to_numpy() == number)
    if not at.size:
        raise InputError(f"{path}: has no link {number}")
    row = int(at[0])
    links = links._replace(
        table=links.table.iloc[[row]],
        ptr=np.array([0, links.ptr[row + 1] - links.ptr[row]]),
        x=links.x[links.ptr[row] : links.ptr[row + 1]],
        y=links.y[links.ptr[row] : links.ptr[row + 1]],
        turns=links.turns.iloc[:0],
    )
    tagsets, which = tags_of(links)
    extract = extract_of(links, tagsets, which)
    found = explain(tagsets[0], profile, when=when)
    length = geometry.segment_lengths_m(extract.lon, extract.lat, extract.ref[:-1], extract.ref[1:]).sum()
    forward, backward = (links.table[f"{way}_min"].iloc[0] for way in ("forward", "backward"))
    spoken = "; ".join(filter(None, (found.reason, _minutes(forward, backward))))
    link = links.table.iloc[0]
    called = {"name": str(link["name"]), "ref": references(links.table).iloc[0]}
    return replace(
        found,
        forward_kph=_kph(length, forward) if found.forward_kph > 0 else 0.0,
        backward_kph=_kph(length, backward) if found.backward_kph > 0 else 0.0,
        reason=spoken,
        tags={**{key: value for key, value in called.items() if value}, **found.tags},
    )


def _kph(metres: float, minutes: float) -> float:
    return metres * 0.06 / minutes if minutes > 0 else 0.0


def _minutes(forward: float, backward: float) -> str:
    there, back = (f"{minutes:.4g}" if minutes >= 0 else "none" for minutes in (forward, backward))
    return f"official minutes of Ruteplan: {there} along the link, {back} against it"

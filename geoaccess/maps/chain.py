"""Maps of what people belong to: the base that is first of the ambulance chain, the mode to treatment, or the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from geoaccess.errors import InputError
from geoaccess.maps.assets import colour, paler, scale
from geoaccess.maps.blocks import joined
from geoaccess.maps.difference import window_of_change
from geoaccess.maps.layers import (
    HANGING,
    LEGEND_IN,
    MAP_AT_MOST_IN,
    Layers,
    Legend,
    below_cells,
    block_factor,
    projected,
    room_of,
    window_of,
)
from geoaccess.maps.look import USUAL_LOOK, Look
from geoaccess.maps.projection import figure_crs
from geoaccess.maps.results import Cells, people_of, squares
from geoaccess.measures.figures import MODES
from geoaccess.phrases import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.maps.results import Service

__all__ = ["ChainKind", "chain_map", "chain_text", "draw_chain", "first_of_chain", "has_chain"]

ChainKind = Literal["base", "mode", "nearest", "allowed"]
"""What is first: the base whose vehicle is with the patient, the mode that has the patient treated, the nearest site
(its service area), or the nearest of those that people may use (its catchment area)."""

_FASTEST: Final = "ambulance_fastest"
_LISTED: Final = 10
"""Sites with a row and a number of their own; a country has hundreds."""
_TOLD: Final = 5
_FEW: Final = 10
_MOVES: Final = 5
"""Changes from one site to another that the legend of a map counts."""
_ACROSS: Final = 150
"""Squares across the region within which bases count as neighbours."""


def has_chain(service: Service, columns: Sequence[str] | pd.Index, kind: ChainKind) -> bool:
    """Whether results say which base, or which mode, is first for the service of ambulances.

    >>> from geoaccess.measures import ServiceSpec
    >>> base = ServiceSpec(key="base", label="Ambulance", direction="to_people", time="response")
    >>> has_chain(base, ["base_site", "base_reason"], "base"), has_chain(base, ["base_site", "base_reason"], "mode")
    (True, False)
    """
    return service.from_call and {*_columns(service, kind)} <= set(columns)


def _columns(service: Service, kind: ChainKind) -> tuple[str, str]:
    if kind == "base":
        return f"{service.key}_site", f"{service.key}_reason"
    return f"{_FASTEST}_mode", f"{_FASTEST}_reason"


def first_of_chain(results: pd.DataFrame, service: Service, kind: ChainKind) -> pd.Series:
    """Return the base (its id), or the mode, that is first for each cell; "" where none comes.

    >>> from geoaccess.measures import ServiceSpec
    >>> base = ServiceSpec(key="base", label="Ambulance", direction="to_people", time="response")
    >>> cells = pd.DataFrame({"base_site": ["b1", "b2"], "base_reason": ["", "no_road_within"]})
    >>> first_of_chain(cells, base, "base").tolist()
    ['b1', '']
    """
    name, reason = _columns(service, kind)
    first = results[name].astype("object").fillna("").astype(str)
    return first.where(results[reason].astype("object").fillna("").astype(str) == "", "")


@dataclass(frozen=True)
class _Ranked:
    """What is first, in the order of the legend, with the label of each, and people before and after.

    The first `listed` have a row and a number of their own: those with most people, or who gain or lose most.
    """

    keys: list[str]
    labels: list[str]
    people: npt.NDArray[np.float64]
    before: npt.NDArray[np.float64]
    nobody: tuple[float, float]
    listed: int

    def code(self, first: pd.Series) -> npt.NDArray[np.int64]:
        """Return the place of what is first for each cell, -1 for nothing."""
        places = {key: place for place, key in enumerate(self.keys)}
        return np.asarray(first.map(places).fillna(-1), np.int64)


def _ranked(
    first: pd.Series,
    before: pd.Series,
    population: npt.NDArray[np.float64],
    *,
    kind: ChainKind,
    names: Mapping[str, str],
    writer: Writer,
) -> _Ranked:
    now, was = (pd.Series(population).groupby(some.to_numpy(object)).sum() for some in (first, before))
    there = sorted({*now.index, *was.index} - {""})
    moved = np.where(first.to_numpy(object) == before.to_numpy(object), 0.0, population)
    come, gone = (pd.Series(moved).groupby(some.to_numpy(object)).sum() for some in (first, before))
    sums = [np.asarray(some.reindex(there).fillna(0.0), np.float64) for some in (now, was, come, gone)]
    after, earlier, coming, going = sums
    turnover = coming + going
    changing = moved.any() and len(there) > _LISTED  # of many, those of which nothing changes are not listed
    listed = min(int((turnover > 0).sum()) if changing else len(there), _LISTED)
    if kind == "mode":
        order = sorted(range(len(there)), key=lambda place: (*MODES, there[place]).index(there[place]))
        labels = [writer[f"mode_{there[place]}"] for place in order]
    else:
        order = np.lexsort((np.arange(len(there)), -earlier, -after, -turnover)).tolist()
        labels = _labels([there[place] for place in order], names)
    keys = [there[place] for place in order]
    nobody = (float(was.get("", 0.0)), float(now.get("", 0.0)))
    listed = len(keys) if kind == "mode" else listed
    return _Ranked(keys, labels, after[order], earlier[order], nobody, listed)


def _labels(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Return names of bases, with the id where two have one name."""
    plain = [names.get(one) or one for one in ids]
    return [f"{name} ({one})" if plain.count(name) > 1 else name for name, one in zip(plain, ids, strict=True)]


def chain_text(
    results: pd.DataFrame,
    *,
    service: Service,
    kind: ChainKind,
    first: pd.Series,
    names: Mapping[str, str],
    language: str = "en",
) -> str:
    """Say for how many people each base, or mode, is first: what the map shows, in a sentence.

    Parameters
    ----------
    results
        The cells, with the people of the service.
    first
        As `first_of_chain` returns it.
    names
        Names of the bases by their id.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> base = ServiceSpec(key="base", label="Ambulance", direction="to_people", time="response")
    >>> cells, first = pd.DataFrame({"population": [30.0, 5.0]}), pd.Series(["b1", ""])
    >>> chain_text(cells, service=base, kind="base", first=first, names={"b1": "Harbour"})
    'Nearest by road is Harbour for 30 people; none for 5.'
    """
    writer = Writer(language, ("map",))
    found = _ranked(first, first, people_of(results, service), kind=kind, names=names, writer=writer)
    parts = [
        writer.text("chain_part", name=label, n=writer.people(people))
        for label, people in zip(found.labels[:_TOLD], found.people, strict=False)
    ]
    if len(found.keys) > _TOLD:
        rest = writer.text("chain_others", n=writer.number(len(found.keys) - _TOLD))
        parts.append(writer.text("chain_part", name=rest, n=writer.people(found.people[_TOLD:].sum())))
    text = writer.text(f"chain_text_{kind}", parts=writer.listed(parts)) if parts else ""
    none = writer.text("chain_none", n=writer.people(found.nobody[1])) if found.nobody[1] > 0 else ""
    return "; ".join(filter(None, (text, none))) + "."


def chain_map(
    path: Path,
    *,
    results: gpd.GeoDataFrame,
    service: Service,
    kind: ChainKind,
    first: pd.Series,
    before: pd.Series | None = None,
    heads: tuple[str, str] | None = None,
    sites: gpd.GeoDataFrame | None = None,
    municipalities: gpd.GeoDataFrame | None = None,
    ferries: gpd.GeoDataFrame | None = None,
    roads: gpd.GeoDataFrame | None = None,
    land: gpd.GeoSeries | None = None,
    lakes: gpd.GeoSeries | None = None,
    ice: gpd.GeoSeries | None = None,
    places: gpd.GeoDataFrame | None = None,
    at_most_in: tuple[float, float] = MAP_AT_MOST_IN,
    title: str,
    subtitle: str = "",
    disclaimer: str = "",
    attribution: str,
    language: str = "en",
    look: Look = USUAL_LOOK,
) -> None:
    """Write the map of which base or mode of the ambulances, or which site, is first for each cell.

    Sites whose cells meet have different colours, and a number that the legend explains; the 10 with most people have a
    row of their own. With `before`, cells that have another site or mode than before are in full colours and the others
    pale, only the part of the region that changes is drawn, and the legend counts people before and after, and those
    who go from one to another.

    Parameters
    ----------
    path
        File to write, .png, .svg or .pdf.
    results
        The cells as squares, in the projected CRS of their grid, with the people of the service.
    service
        That of the sites.
    first, before
        As `first_of_chain` returns them, on the index of `results`.
    heads
        What the legend calls before and after, in a few letters; otherwise today and after.
    sites
        Places of the sites by their id, with `service`, `name` and `proxy`; those of the service are drawn. A column
        `change` may mark some as "new" or "closed".
    municipalities, ferries, roads, land, lakes, ice, places, at_most_in, look
        As for `service_map`.

    Raises
    ------
    InputError
        If a series is not of the same cells, or nothing comes to anybody.
    """
    for name, some in (("first", first), ("before", before)):
        if some is not None and not some.index.equals(results.index):
            raise InputError(f"{name} and results are not of the same cells in the same order")
    was = first if before is None else before
    writer = Writer(language, ("map", "comparison", "difference"))
    mine = None if sites is None else sites[(sites["service"] == service.key).to_numpy()]
    names = {} if mine is None else {str(key): str(name) for key, name in mine["name"].items()}
    population = people_of(results, service)
    found = _ranked(first, was, population, kind=kind, names=names, writer=writer)
    if not found.keys:
        raise InputError("chain_map: nobody is reached by any base, mode or site")
    codes = found.code(first)
    moved = codes != found.code(was)
    seen = window_of_change(results, moved) if before is not None else np.ones(len(codes), np.bool_)
    crs = figure_crs(results, asked=look.crs)
    room = room_of(look, at_most_in, legend_in=LEGEND_IN)
    drawn = _drawn(results, codes, moved, population, seen, room, crs, n=len(found.keys), faded=before is not None)
    full = _colours(drawn, found, kind)
    below = below_cells(
        crs, municipalities=municipalities, ferries=ferries, roads=roads, land=land, lakes=lakes, ice=ice, places=places
    )
    layers = Layers(
        squares=drawn.squares,
        grid=results.crs,
        factor=drawn.factor,
        band=drawn.class_place.astype(np.int16),
        colours=[*full, *map(paler, full)],
        population=drawn.population,
        crs=crs,
        sites=projected(mine, crs),
        at_most_in=at_most_in,
        look=look,
        labels=projected(_numbers(mine, found), crs) if kind != "mode" and mine is not None else None,
        **below,
    )
    notes = [writer["chain_changed"], *_moves(found, first, was, population, writer)] if before is not None else []
    notes += [writer["part"]] if not seen.all() else []
    notes += [writer["chain_repeated"]] if len({*full}) < len(full) else []
    columns = (heads or (writer["before"], writer["after"])) if before is not None else None
    legend = _legend(found, layers, full, service, kind, notes, writer, columns=columns)
    from geoaccess.maps.drawing import draw_service_map  # matplotlib is slow to import

    above = {"title": title, "subtitle": subtitle, "disclaimer": disclaimer, "attribution": attribution}
    draw_service_map(path, layers=layers, legend=legend, heads=above)


def _moves(
    found: _Ranked, first: pd.Series, before: pd.Series, population: npt.NDArray[np.float64], writer: Writer
) -> list[str]:
    """Say how many people go from what to what else, those of most people."""
    named = dict(zip(found.keys, found.labels, strict=True)) | {"": writer["chain_nobody"]}
    moved = (first != before).to_numpy() & (population > 0)
    pairs = pd.MultiIndex.from_arrays([before[moved].map(named), first[moved].map(named)])
    grouped = pd.Series(population[moved], pairs).groupby(level=[0, 1])
    people = grouped.sum().sort_values(ascending=False, kind="stable")
    alone = (grouped.count().reindex(people.index) == 1) & (people < _FEW)  # nobody is counted alone on a picture
    left_out = int(alone.sum())
    people = people[~alone]
    lines = [
        writer.text("chain_move", before=was, after=now, n=writer.people(n))
        for was, now, n in zip(*map(people.index.get_level_values, (0, 1)), people, strict=True)
    ]
    rest = len(lines[_MOVES:]) + left_out
    return [*lines[:_MOVES], *([writer.text("chain_more_moves", n=writer.number(rest))] if rest else [])]


def _drawn(
    results: gpd.GeoDataFrame,
    codes: npt.NDArray[np.int64],
    moved: npt.NDArray[np.bool_],
    population: npt.NDArray[np.float64],
    seen: npt.NDArray[np.bool_],
    room: tuple[float, float],
    crs: Any,
    *,
    n: int,
    faded: bool,
) -> Cells:
    """Return the squares to draw; of a block, what is first for most of its people. What is pale has codes from n."""
    shown = np.where(faded & ~moved & (codes >= 0), codes + n, codes)
    shapes = squares(results[seen])
    ones, unnamed = np.ones(int(seen.sum()), np.int64), np.full(int(seen.sum()), "", dtype=object)
    # What is first takes the place of the class.
    cells = Cells(shapes, population[seen], ones, unnamed, shown[seen], times={})
    return joined(cells, factor=block_factor(shapes, window_of(shapes, results.crs, crs), room))


def _colours(drawn: Cells, found: _Ranked, kind: ChainKind) -> list[str]:
    """Return a colour for each base or mode: of bases that meet, and of those in the legend, others."""
    palette = scale("chain")
    if kind == "mode":
        return [palette[(*MODES, key).index(key) % len(palette)] for key in found.keys]
    n = len(found.keys)
    code = np.where(drawn.class_place >= n, drawn.class_place - n, drawn.class_place)
    near = _neighbours(drawn, code, n)
    listed = range(found.listed)  # a colour of the legend is one base, as long as there are colours
    chosen = np.full(n, -1)
    for place in sorted(range(n), key=lambda one: (one if one in listed else n, -len(near[one]))):
        others = [one for one in listed if one != place] if place in listed else []
        meeting, listed_with, used = (
            np.bincount(some[some >= 0], minlength=len(palette))
            for some in (chosen[[*near[place]]], chosen[others], chosen)
        )
        chosen[place] = int(np.lexsort((used, listed_with, meeting))[0])
    return [palette[one] for one in chosen]


def _neighbours(drawn: Cells, code: npt.NDArray[np.int64], n: int) -> list[set[int]]:
    """Return, for each code, those that have cells in the same square of a coarse grid or in one beside it."""
    at = drawn.squares
    step = max(np.ptp(at.west), np.ptp(at.south), at.side_m) / _ACROSS
    x, y = ((some - some.min()) // max(step, at.side_m) for some in (at.west, at.south))
    there = pd.DataFrame({"x": x, "y": y, "code": code})[code >= 0].drop_duplicates()
    near: list[set[int]] = [set() for _ in range(n)]
    for across, up in ((0, 0), (1, 0), (0, 1), (1, 1), (1, -1)):
        beside = there.assign(x=there["x"] + across, y=there["y"] + up)
        pairs = there.merge(beside, on=["x", "y"], suffixes=("", "_beside"))
        pairs = pairs.loc[pairs["code"] != pairs["code_beside"], ["code", "code_beside"]].drop_duplicates()
        for one, other in pairs.to_numpy(np.int64).tolist():
            near[one].add(other)
            near[other].add(one)
    return near


def _numbers(sites: gpd.GeoDataFrame, found: _Ranked) -> gpd.GeoSeries:
    """Return the places of the listed bases, by the number of each in the legend."""
    listed = [key for key in found.keys[: found.listed] if key in sites.index]
    points: gpd.GeoSeries = sites.loc[listed].geometry
    return points.set_axis([str(found.keys.index(key) + 1) for key in listed])


def _legend(
    found: _Ranked,
    layers: Layers,
    colours: Sequence[str],
    service: Service,
    kind: ChainKind,
    notes: list[str],
    writer: Writer,
    *,
    columns: tuple[str, str] | None,
) -> Legend:
    total = float(found.people.sum() + found.nobody[1])

    def row(fill: str | None, label: str, before: float, after: float) -> tuple[str | None, str, str, str, str]:
        if columns:
            return fill, label, writer.people(before), writer.people(after), ""
        return fill, label, writer.people(after), writer.share(after / total if total else 0.0), ""

    numbered = [
        label if kind == "mode" else f"{place}{HANGING}{label}"
        for place, label in enumerate(found.labels[: found.listed], start=1)
    ]
    rows = [row(*one) for one in zip(colours, numbered, found.before, found.people, strict=False)]
    if len(found.keys) > found.listed:
        others = writer.text("chain_others", n=writer.number(len(found.keys) - found.listed))
        rest = (float(some[found.listed :].sum()) for some in (found.before, found.people))
        rows.append(row(colour("paper"), others, *rest))
    rows.append(row(None, writer["chain_nobody"], *found.nobody))
    marks = [(mark, writer[mark]) for mark in dict.fromkeys(layers.site_kinds().tolist())]
    sums = writer.people(total), writer.share(1.0 if total else 0.0)
    if columns:
        sums = writer.people(float(found.before.sum() + found.nobody[0])), writer.people(total)
    return Legend(
        caption=f"{service.label}: {writer[f'chain_{kind}']}",
        direction=writer[f"chain_{kind}_note" if service.from_call else service.direction],
        heads=columns or (writer["people"], writer["share"]),
        rows=tuple(rows),
        total=(writer["total"], *sums),
        marks=(*marks, *layers.marks_below({key: writer[key] for key in ("ferry", "ferries_people", "borders")})),
        notes=(*notes, *filter(None, (service.proxy_note, _blocks(layers, writer)))),
    )


def _blocks(layers: Layers, writer: Writer) -> str:
    return writer.text("chain_blocks", k=layers.factor) if layers.factor > 1 else ""


def draw_chain(path: Path, drawn: Any, kind: ChainKind) -> None:
    """Draw the figure of a study, of what `Drawn` holds."""
    service = next(one for one in drawn.services if has_chain(one, drawn.results.columns, kind))
    first = first_of_chain(drawn.results, service, kind)
    chain_map(path, service=service, kind=kind, first=first, sites=drawn.sites, **drawn.layers(), **drawn.words)

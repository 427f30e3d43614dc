"""What the page draws: squares, lines and sites, packed once, and the times of each plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geoaccess.frames import bounds_in_degrees
from geoaccess.maps import packing
from geoaccess.maps.bands import band_colours, chosen_bands
from geoaccess.maps.blocks import DRAWN_AT_MOST, block_of, coarsened
from geoaccess.maps.results import cells_of, ranked_roads, with_assumed
from geoaccess.maps.web import ferry_facts, packed_lines, place_facts, road_facts, zone_boxes
from geoaccess.maps.web_layers import other_breaks
from geoaccess.network import DECISECONDS
from geoaccess.phrases import languages
from geoaccess.study.data_sources import attribution_of
from geoaccess.study.results.output import drawn_below, look_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.planner.state import PlannerState
    from geoaccess.study import Study

__all__ = ["CHANGE_EDGES_MIN", "Drawing"]

CHANGE_EDGES_MIN = (-30, -15, -5, -1, 1, 5, 15, 30)
"""Where the colours of a change in travel time part, minutes; the middle band is what nobody notices."""

_MAJORITY = 0.5


class Drawing:
    """The squares that the page draws: cells, or blocks of them where there are too many."""

    def __init__(self, state: PlannerState, *, at_most: int = DRAWN_AT_MOST) -> None:
        self.state = state
        cells = cells_of(state.answers.results, [], site_ids=None, scheme=state.study.scheme)
        self._mask_below = state.study.settings.population.mask_below
        cells = with_assumed(cells, [], {"population": state.people}, below=self._mask_below)
        self.cells = coarsened(cells, at_most=at_most)
        self._about = np.zeros(len(self.cells.population), np.bool_) if self.cells.about is None else self.cells.about
        number, _ = block_of(cells.squares, self.cells.factor)
        if self.cells.factor == 1:
            number = np.arange(len(state.people))
        _, self._block = np.unique(number, return_inverse=True)
        squares = self.cells.squares
        # Fewest people first: where squares overlap on the screen, most people end on top.
        self._order = np.lexsort((squares.south, squares.west, self.cells.population))
        blocks = len(self._order)
        most = np.lexsort((state.people, self._block))
        last = np.searchsorted(self._block[most], np.arange(blocks), side="right") - 1
        self.chief = most[last][self._order]
        """The cell with most people in each square, in the order in which they are drawn."""

    def _weights(self, service: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return what each cell counts in its square, and the sum of each square: people of the service, if any."""
        people, blocks = self.state.people_of(service), len(self._order)
        inside = np.bincount(self._block, people, blocks)
        weight = np.where(inside[self._block] > 0, people, 1.0)
        return weight, np.bincount(self._block, weight, blocks).astype(np.float64)

    def times(self, service: str, times_s: npt.NDArray[np.float64]) -> dict[str, str]:
        """Pack the time of each square in deciseconds, -1 where most of its people are not reached.

        A square of several cells has the mean time of those reached, weighted by people, as on the maps.
        """
        if self.cells.factor > 1:
            reached = np.isfinite(times_s)
            of_cell, whole = self._weights(service)
            weight = np.where(reached, of_cell, 0.0)
            blocks = len(self._order)
            below = np.bincount(self._block, weight, blocks)
            above = np.bincount(self._block, weight * np.where(reached, times_s, 0.0), blocks)
            met = below >= (1 - _MAJORITY) * whole
            times_s = np.where(met, above / np.where(met, below, 1.0), np.inf)
        else:
            square = np.empty(len(times_s))
            square[self._block] = times_s
            times_s = square
        tenths = np.where(np.isfinite(times_s), np.rint(np.where(np.isfinite(times_s), times_s, 0) * DECISECONDS), -1)
        return packing.pack(tenths[self._order], "i4")

    def marked(self, service: str, cells: npt.NDArray[np.bool_]) -> dict[str, str]:
        """Pack which squares are marked: those most of whose people live in cells that are."""
        weight, whole = self._weights(service)
        inside = np.bincount(self._block, np.where(cells, weight, 0.0), len(self._order))
        return packing.pack((inside >= _MAJORITY * whole)[self._order].astype(np.uint8), "u1")

    def _edges_s(self, service: str) -> tuple[float, ...]:
        """Return the edges of the bands of a service: those of the study, or by its norms."""
        spec = self.state.specs[service]
        return chosen_bands([spec], look_of(self.state.study).edges_s([spec]))[service]

    def _breaks(self, service: str) -> dict[str, Any]:
        """Return the ways to break the times of a service into classes, as on the maps: edges and colours."""
        edges, palette = self._edges_s(service), look_of(self.state.study).palette
        found = {"norms": edges} | other_breaks(self.state.answers.results, self.state.specs[service], edges)
        return {
            name: {"edges_s": list(some), "colours": band_colours(len(some) + 1, palette=palette)}
            for name, some in found.items()
        }

    def people(
        self,
        service: str,
        before_s: npt.NDArray[np.float64],
        now_s: npt.NDArray[np.float64],
        *,
        edges_s: Sequence[float] = (),
    ) -> dict[str, list[float]]:
        """Count the people behind each colour, cell by cell also where blocks are drawn.

        `now`: those of each band of travel time between the edges (of the study unless given), then those not reached.
        `change`: those of each band of change, then those newly reached, no longer reached, and reached neither before
        nor now.
        """
        people = self.state.people_of(service)
        was, still = np.isfinite(before_s), np.isfinite(now_s)
        edges = edges_s or self._edges_s(service)
        band = np.where(still, np.searchsorted(edges, now_s, side="left"), len(edges) + 1)
        minutes = (np.where(was & still, now_s, 0.0) - np.where(was & still, before_s, 0.0)) / 60
        shorter, longer = CHANGE_EDGES_MIN[:4], CHANGE_EDGES_MIN[4:]
        change = np.searchsorted(shorter, minutes, side="left") + np.searchsorted(longer, minutes, side="right")
        bands = len(CHANGE_EDGES_MIN) + 1
        change = np.select([was & still, still, was], [change, bands, bands + 1], bands + 2)
        return {
            "now": np.bincount(band, people, len(edges) + 2).tolist(),
            "change": np.bincount(change, people, bands + 3).tolist(),
        }

    def page(self) -> dict[str, Any]:
        """Return all that the page needs once."""
        state, cells, order = self.state, self.cells, self._order
        answers, settings = state.answers, state.study.settings
        layers = drawn_below(answers)
        corners = packing.square_corners(cells.squares, answers.results.crs)
        municipality, names = pd.factorize(cells.municipality, sort=True)
        scheme = state.study.scheme
        classes = np.where(cells.class_place < 0, len(scheme.ids), cells.class_place)
        fine = packing.tolerance_m(corners)
        ferries, ranked = layers["ferries"], ranked_roads(layers["roads"])
        west, south, east, north = bounds_in_degrees(answers.results)
        return {
            "number": state.number,
            **_heads(state.study),
            "texts": {code: _texts(state.study.in_language(code)) for code in languages()},
            "language": settings.language,
            "snap_m": settings.snap.max_m,
            "factor": cells.factor,
            "own_breaks": bool(look_of(state.study).edges_s([*state.specs.values()])),
            "mask_below": self._mask_below or 0,
            "change_edges_min": list(CHANGE_EDGES_MIN),
            "bounds": [[south, west], [north, east]],
            "services": [self._service(key) for key in state.specs],
            "class_names": {language: self._class_names(language) for language in languages()},
            "districts": {language: scheme.district_name(language) for language in languages()},
            "zones": state.municipalities.labels["municipality"].tolist(),
            "municipalities": [str(name) for name in names],
            "ferries": [
                fact | {"way": int(way)} for fact, way in zip(ferry_facts(ferries), ferries["way_id"], strict=True)
            ],
            "places": place_facts(layers["places"]),
            "roads": road_facts(ranked),
            "boxes": zone_boxes(answers.results, [str(name) for name in names]),
            "lines": packed_lines(
                layers["municipalities"],
                ferries,
                ranked,
                *(layers[name] for name in ("land", "lakes", "ice")),
                within_m=fine,
            ),
            "cells": {
                **{name: packing.pack(values[order], "i4") for name, values in corners.items()},
                "people": packing.pack(cells.population[order], "f4"),
                "about": packing.pack(self._about[order].astype(np.uint8), "u1"),
                "members": packing.pack(cells.members[order], "i4"),
                "municipality": packing.pack(np.asarray(municipality)[order], "i4"),
                "classNumber": packing.pack(classes[order], "u1"),
                "chief": packing.pack(self.chief, "i4"),
                "times": {},
                **self._outlines(),
            },
        }

    def _class_names(self, language: str) -> list[str | None]:
        """Return what the classes of the figures are called, in their order; None for cells of no class."""
        scheme, found = self.state.study.scheme, self.state.classes.labels["centrality_class"].astype(str)
        return [scheme.short(name, language) if name in scheme.ids else None for name in found]

    def _outlines(self) -> dict[str, Any]:
        """Return the outlines of cells that are no squares."""
        squares, crs = self.cells.squares, self.state.answers.results.crs
        return {} if squares.shapes is None else {"outlines": packing.pack_outlines(squares, crs, self._order)}

    def _service(self, key: str) -> dict[str, Any]:
        spec, sites = self.state.specs[key], self.state.answers.sites
        rows = sites[(sites["service"] == key).to_numpy()]
        facts = {name: _text(rows, name) for name in ("name", "level", "note")}
        return {
            "key": key,
            "label": spec.label,
            "direction": spec.direction,
            "proxy_note": spec.proxy_note,
            "yearly": spec.trips_per_year is not None,
            "norms_s": [list(limits) for limits in spec.norm_limits],
            "from_call": spec.from_call,
            "breaks": self._breaks(key),
            "sites": [
                {
                    "site": str(label),
                    "lon": float(point[0]),
                    "lat": float(point[1]),
                    "proxy": bool(proxy),
                    **{name: values[row] for name, values in facts.items()},
                }
                for row, (label, point, proxy) in enumerate(
                    zip(rows.index, shapely.get_coordinates(rows.geometry), _flag(rows, "proxy"), strict=True)
                )
            ],
        }


def _heads(study: Study) -> dict[str, str]:
    """Return what stands around the map."""
    settings = study.settings
    return {
        "title": settings.title,
        "subtitle": settings.subtitle,
        "disclaimer": settings.disclaimer,
        "attribution": ". ".join(filter(None, ("; ".join(attribution_of(study)), settings.note))),
    }


def _texts(study: Study) -> dict[str, Any]:
    """Return all that the page takes from the study file in the language of a study, for a switch without reload."""
    services = {spec.key: {"label": spec.label, "proxy_note": spec.proxy_note} for spec in study.specs}
    return {**_heads(study), "services": services}


def _text(table: pd.DataFrame, name: str) -> list[str]:
    return table[name].astype(object).fillna("").astype(str).tolist() if name in table else [""] * len(table)


def _flag(table: pd.DataFrame, name: str) -> list[bool]:
    return table[name].fillna(value=False).astype(bool).tolist() if name in table else [False] * len(table)

"""What people reach, from which centrality is computed: other people, who stand in for workplaces, and functions.

Both are kept in the cache under digests of all that makes them, so that a second run needs neither the searches nor, if
classes have a profile of their own, its network.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import files, services, zones
from geoaccess.network import DECISECONDS
from geoaccess.remembering import remembered, remembered_of
from geoaccess.routing import above_places, nearest_seconds, weighted_reach
from geoaccess.study.stages.extracts import digests_of_code
from geoaccess.study.stages.kept_tables import kept_tables
from geoaccess.study.stages.networks import build_or_load_network, cache_folder, contract_or_load, network_folder
from geoaccess.study.stages.snapping import digest_of_shapes, snap_as_set, snap_cells
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from hashlib import _Hash

    import geopandas as gpd
    import numpy.typing as npt

    from geoaccess.hierarchy import Hierarchy
    from geoaccess.study.settings.inputs import CentralityComputed
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages.snapping import Snapped

__all__ = ["ReachOfPeople"]

_MOST_ROADS = 32
_ROOMS = ("kernels", "network", "hierarchy", "routing", "zones")


class ReachOfPeople:
    """What the people of each cell reach by the roads of the classes of a study, weighted by the time it takes.

    `hierarchy` and `snapped` are the roads of the study itself, with its cells.
    """

    def __init__(
        self,
        study: Study,
        settings: CentralityComputed,
        hierarchy: Hierarchy,
        snapped: Snapped,
        cells: gpd.GeoDataFrame,
    ) -> None:
        self._settings, self._cells = settings, cells
        self._given = hierarchy, snapped.cells
        self._own = settings.profile != study.settings.network.profile
        self._study = study.with_profile(settings.profile) if self._own else study

    @cached_property
    def _roads(self) -> tuple[Hierarchy, pd.DataFrame]:
        """The hierarchy that is searched on, and where cells are attached to it."""
        if not self._own:
            return self._given
        hierarchy = contract_or_load(self._study, build_or_load_network(self._study)[0])
        return hierarchy, snap_cells(self._study, hierarchy.network, self._cells)

    @cached_property
    def _folder(self) -> Path | None:
        """Where the network of the classes is kept, or would be; None for one that is not, as those of scenarios."""
        return network_folder(self._study) if self._own else cache_folder(self._given[0].network)

    @cached_property
    def _digest(self) -> _Hash:
        """That of roads, of where cells are on them, and of what they are searched by."""
        assert self._folder is not None  # noqa: S101 - else nothing is kept
        snap, settings = self._study.settings.snap, self._settings
        rules = snap.max_m, snap.off_network_kph, self._study.settings.network.min_component_km
        digest = hashlib.sha256(
            f"{__version__} {self._folder.name} {rules} {settings.cutoff_min} {settings.tenth_at_min}".encode()
        )
        for code in (*digests_of_code(_ROOMS), files.sha256(Path(__file__))):
            digest.update(code.encode())
        digest.update(digest_of_shapes(self._cells).encode())
        return digest

    def workplaces(self) -> npt.NDArray[np.float64]:
        """Return the people each cell reaches; they stand in for workplaces."""
        people = self._cells["population"].to_numpy(np.float64)

        def found() -> npt.NDArray[np.float64]:
            hierarchy, where = self._roads
            seconds = np.arange(int(np.floor(self._settings.cutoff_min * 60 * DECISECONDS)) + 1) / DECISECONDS
            return weighted_reach(hierarchy, where, where, people, weight=self._weight(seconds))

        return self._kept("workplaces", lambda digest: digest.update(people.tobytes()), found)

    def functions(self, sites: gpd.GeoDataFrame, mapped: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
        """Return the kinds of function each cell reaches: those named for it, and no other service."""
        functions = self._settings.functions
        kinds: list[gpd.GeoDataFrame] = remembered_of(
            "functions",
            (sites, mapped),
            repr(functions),
            lambda: [_places(one, sites, mapped) for one in functions.values()],
        )

        def asked(digest: _Hash) -> None:
            for places in kinds:
                digest.update(f"{len(places)} {digest_of_shapes(places)}".encode())

        def found() -> npt.NDArray[np.float64]:
            hierarchy, where = self._roads
            reached = np.zeros(len(where))
            attached = [snap_as_set(self._study, hierarchy.network, places) for places in kinds if len(places)]
            part = above_places(hierarchy, where, *attached)
            for there in attached:
                reached += self._weight(nearest_seconds(part, where, there))
            return reached

        return self._kept("functions", asked, found)

    def _weight(self, times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        settings = self._settings
        return zones.time_weight(times, cutoff_s=settings.cutoff_min * 60, tenth_at_s=settings.tenth_at_min * 60)

    def _kept(
        self, kind: str, asked: Callable[[_Hash], None], make: Callable[[], npt.NDArray[np.float64]]
    ) -> npt.NDArray[np.float64]:
        """Return an amount of each cell, from the cache where it is there.

        Of many questions about the same roads, as at many paces, the first is kept there: no other is asked again.
        """
        if self._folder is None:
            return make()
        digest = self._digest.copy()
        asked(digest)
        folder = self._study.cache / f"{kind}-{digest.hexdigest()[:20]}"
        first = remembered("reached first", (kind, self._folder), lambda: folder, most=_MOST_ROADS)
        table: pd.DataFrame = remembered(
            "reached",
            folder,
            lambda: kept_tables(
                folder, lambda: {"cells": pd.DataFrame({"reached": make()})}, unchanged=lambda: folder == first
            ),
        )["cells"]
        return table["reached"].to_numpy(np.float64)


def _places(
    function: str | Sequence[Mapping[str, str]], sites: gpd.GeoDataFrame, mapped: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return where there is a function: the sites of a service, or features that carry its tags."""
    if isinstance(function, str):
        return sites[(sites["service"] == function).to_numpy()]
    return mapped[services.carrying(mapped, function)]

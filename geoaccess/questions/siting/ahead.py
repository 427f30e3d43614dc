"""What a question of siting needs beside the times of today, made by other threads while these are searched."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geoaccess import siting
from geoaccess.questions.siting.candidates import new_places
from geoaccess.study import stages
from geoaccess.study.results.ground import drawing_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    import geopandas as gpd
    import pandas as pd

    from geoaccess.network import Network
    from geoaccess.questions.siting.context import SitingContext
    from geoaccess.questions.siting.question import Question
    from geoaccess.routing import KnownWays
    from geoaccess.study.results.ground import DrawnAhead
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities

__all__ = ["Ahead", "NewPlaces", "working_ahead"]


@dataclass(frozen=True, eq=False)
class NewPlaces:
    """The places to choose from, and how they are attached to the roads of the service; what to say of them.

    `ways` are those between them and the cells, where these were made ahead.
    """

    places: gpd.GeoDataFrame
    snapped: pd.DataFrame
    notes: list[str]
    ways: KnownWays | None = None


class Ahead:
    """The places to choose from, and what lies under the cells of the map, from the moment that both can be made."""

    def __init__(self, study: Study, question: Question, pool: ThreadPoolExecutor, drawn: DrawnAhead) -> None:
        self.drawn = drawn
        self._study, self._question, self._pool = study, question, pool
        self._begun: Future[NewPlaces] | None = None
        self._ways: Future[KnownWays | None] | None = None
        self._network: Network | None = None

    def places_known(
        self,
        *,
        cells: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        municipalities: Municipalities | None,
        network: Network,
    ) -> None:
        """Begin before there are times; where vehicles have roads of their own, these are known with the times."""
        self.drawn.start(self._study, cells=cells, municipalities=municipalities, network=network)
        rule = self._study.response
        if rule is None or rule.service != self._question.service:
            self._start(cells, sites, network)
            self._network = network

    def snapped_known(self, snapped: stages.Snapped) -> None:
        """Begin with the ways between cells and places, which depend on no time of today."""
        if self._begun is not None and self._network is not None:
            self._ways = self._pool.submit(self._between, self._network, snapped.cells, self._begun)

    def _between(self, network: Network, cells: pd.DataFrame, begun: Future[NewPlaces]) -> KnownWays | None:
        (spec,) = (spec for spec in self._study.specs if spec.key == self._question.service)
        return siting.ways_of_problem(network, cells, begun.result().snapped, direction=spec.direction)

    def new_places(self, ground: SitingContext) -> NewPlaces:
        """Return the places to choose from; begin now, if not before."""
        answers = ground.answers
        self.drawn.start(self._study, cells=answers.results, municipalities=answers.zones, network=answers.network)
        roads = ground.roads_of(self._question.service)
        found = self._start(answers.results, answers.sites, roads.places).result()
        return found if self._ways is None else replace(found, ways=self._ways.result())

    def _start(self, cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, network: Network) -> Future[NewPlaces]:
        if self._begun is None:
            self._begun = self._pool.submit(_attached, self._study, self._question, cells, sites, network)
        return self._begun


@contextlib.contextmanager
def working_ahead(study: Study, question: Question) -> Iterator[Ahead]:
    """Yield what may be told to begin while the block runs; at its end nothing runs any longer."""
    with ThreadPoolExecutor(1) as pool, drawing_ahead() as drawn:
        yield Ahead(study, question, pool, drawn)


def _attached(
    study: Study, question: Question, cells: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, network: Network
) -> NewPlaces:
    places, notes = new_places(cells, sites, question)
    return NewPlaces(places, stages.snap_sites(study, network, places, service=question.service), notes)

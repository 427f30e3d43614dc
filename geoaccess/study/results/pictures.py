"""The pictures of a study: the map for the screen, a map of each service, figures, and what lies under them as layers.

They are drawn in other processes as soon as it is known what lies in the cells, while this one goes on with tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from geoaccess import equity, files, maps
from geoaccess.errors import InputError
from geoaccess.maps.look import FORMATS
from geoaccess.study.counted_people import counted_people
from geoaccess.study.data_sources import attribution_of
from geoaccess.study.results.boats import timetable_note
from geoaccess.study.results.dictionary import names_of
from geoaccess.study.results.geopackage import PACKAGE, write_layers
from geoaccess.study.results.ground import known_cells, start_areas, start_ground, start_reading
from geoaccess.study.results.lone_cells import lone_groups
from geoaccess.study.results.tables import reached

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    from pyproj import CRS

    from geoaccess.background import Background, Started
    from geoaccess.mapped import Mapped
    from geoaccess.measures import ServiceSpec
    from geoaccess.network import Network
    from geoaccess.study.results.dictionary import Names
    from geoaccess.study.results.ground import Areas, Ground
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities
    from geoaccess.zones import CentralityScheme

__all__ = [
    "IMPORTS",
    "MAP",
    "WEB_MAP",
    "Picture",
    "Pictures",
    "drawing_crs",
    "figure_words",
    "look_of",
    "words_of",
]

IMPORTS: Final = (
    "geoaccess.study.results.pictures",
    "geoaccess.maps.page",
    "geoaccess.maps.curves",
    "geoaccess.maps.drawing",
    "PIL.PngImagePlugin",
)
"""What a process that draws imports; this one need not."""
WEB_MAP: Final = "index.html"
MAP: Final = "map_{}.png"


@dataclass(frozen=True)
class Picture:
    """The content of its files by their names, and a PNG in few colours for the report (empty for what is no PNG)."""

    contents: Mapping[str, bytes]
    small: bytes = b""


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all pictures of a study are drawn of, but what lies under the cells; `columns` those that `cells` lack."""

    cells: Mapped[gpd.GeoDataFrame]
    columns: pd.DataFrame
    sites: gpd.GeoDataFrame
    specs: Sequence[ServiceSpec]
    scheme: CentralityScheme
    wording: Mapping[str, Any]
    names: Names
    mask_below: int | None

    @cached_property
    def results(self) -> gpd.GeoDataFrame:
        """The cells as they were known when the first pictures were started."""
        return self.cells.value.join(self.columns)


@dataclass(frozen=True, eq=False)
class _Added:
    """What is known later than the first pictures are started: more columns of the cells, and whom pictures count."""

    columns: pd.DataFrame
    people: Mapping[str, npt.NDArray[np.float64]]
    lone: Mapping[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class _Drawing:
    """All that one picture is drawn of; what lies `under` it is waited for only where it shows."""

    scene: _Scene
    under: Started[Mapped[Ground]]
    results: gpd.GeoDataFrame
    people: Mapping[str, npt.NDArray[np.float64]]
    lone: Mapping[str, frozenset[str]]

    @property
    def ground(self) -> Ground:
        """What lies under the cells."""
        return self.under.result().value

    @property
    def flat(self) -> dict[str, Any]:
        """Cells and what lies under them, in the CRS of the grid."""
        return {"results": self.results, **self.ground.flat}

    @property
    def drawn(self) -> maps.Drawn:
        """What figures of all services are drawn of."""
        return maps.Drawn(
            results=self.results,
            services=self.scene.specs,
            scheme=self.scene.scheme,
            lorenz=self.lorenz,
            words=self.scene.wording,
            sites=self.scene.sites,
            layers=lambda: self.flat,
            people=self.people,
        )

    @property
    def lorenz(self) -> list[maps.LorenzCurve]:
        """A Lorenz curve of each service that anybody reaches."""
        curves = []
        for spec in self.scene.specs:
            times, people = reached(self.results, spec)
            if people.sum() > 0:
                drawn = reached(self.results.assign(**{spec.population: self.people[spec.population]}), spec)
                points = equity.lorenz(drawn[0], weights=drawn[1])
                curves.append(
                    maps.LorenzCurve(
                        label=spec.label,
                        population_share=points["population_share"].to_numpy(),
                        time_share=points["value_share"].to_numpy(),
                        gini=equity.gini(times, weights=people),
                    )
                )
        return curves


class Pictures:
    """The pictures of a study on their way, each started once what it is drawn of is known.

    `started` has them by the names of their files.
    """

    def __init__(self, pool: Background, study: Study) -> None:
        self.started: dict[str, Started[Picture]] = {}
        self._pool, self._study = pool, study
        self._cells: Mapped[gpd.GeoDataFrame] | None = None
        self._areas: Started[Mapped[Areas] | None] | None = None
        self._ground: Started[Mapped[Ground]] | None = None
        self._scene: Mapped[_Scene] | None = None

    def read_ahead(self) -> None:
        """Start to ask the small extract what is asked next, for what is kept then: nobody waits for it."""
        start_reading(self._pool, self._study)

    def look_ahead(self, people: gpd.GeoDataFrame) -> Callable[[], object]:
        """Start to find in the extracts what is asked of them for people; return what waits for it."""
        self._areas = start_areas(self._pool, self._study, people)
        return self._areas.result

    def lay_ground(
        self, *, cells: gpd.GeoDataFrame, municipalities: Municipalities | None, network: Network, **_: object
    ) -> tuple[Mapped[gpd.GeoDataFrame], Started[Mapped[Ground]]]:
        """Start to make what lies under the cells, once their people and municipalities are known; return both."""
        if self._cells is None or self._ground is None:
            self._cells = self._pool.share(known_cells(cells))
            known: dict[str, Any] = {"municipalities": municipalities, "network": network}
            known["areas"] = None if self._areas is None else self._areas.result()
            self._ground = start_ground(self._pool, self._study, cells=self._cells, **known)
            if municipalities is not None:
                municipalities.forget()
        return self._cells, self._ground

    def start(
        self,
        *,
        results: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        municipalities: Municipalities | None,
        network: Network,
    ) -> None:
        """Start to draw every picture that the cells are known for, and that is not on its way.

        Maps of services need times, all others the classes too; once sections have added columns of their own to the
        results, there may be more. What all are drawn of is given to other processes the first time, and then those
        columns alone. The GeoPackage among the pictures lacks the cells: all their columns are known only later.
        """
        specs = self._study.specs
        maps_of_services = [MAP.format(spec.key) for spec in specs]
        figures = [figure.name for figure in maps.FIGURES if figure.asked(specs, list(results.columns))]
        others = [PACKAGE, WEB_MAP, *figures] if "centrality_class" in results else []
        names = [name for name in (*others[:2], *maps_of_services, *others[2:]) if name not in self.started]
        if not names:
            return
        cells, ground = self.lay_ground(cells=results, municipalities=municipalities, network=network)
        known = results[[name for name in results.columns if name in _drawn_columns(specs)]]
        if self._scene is None:
            self._scene = self._pool.share(_scene_of(self._study, cells, known, sites))
        added = None
        if others:
            new = [name for name in known.columns if name not in self._scene.value.results]
            people, lone = counted_people(results, self._study), lone_groups(results, self._study)
            added = self._pool.share(_Added(pd.DataFrame(known[new]), people, lone))
        for name in names:
            given = added if name not in maps_of_services else None
            self.started[name] = self._pool.start(_draw, name, self._scene, ground, given)


def _drawn_columns(specs: Sequence[ServiceSpec]) -> set[str]:
    """Return the columns of the cells that pictures are drawn of."""
    parts = ("s", "reason", "site", "second_s", "second_site")
    columns = {"population", "municipality_id", "municipality", "centrality_class", "geometry"}
    columns |= {spec.population for spec in specs} | {f"{spec.key}_{part}" for spec in specs for part in parts}
    return columns | {spec.norm_column for spec in specs} | {"ambulance_fastest_mode", "ambulance_fastest_reason"}


def _scene_of(
    study: Study, cells: Mapped[gpd.GeoDataFrame], results: gpd.GeoDataFrame, sites: gpd.GeoDataFrame
) -> _Scene:
    return _Scene(
        cells=cells,
        columns=pd.DataFrame(results[[name for name in results.columns if name not in cells.value]]),
        sites=sites,
        specs=study.specs,
        scheme=study.scheme,
        wording=figure_words(study),
        names=names_of(study),
        mask_below=study.settings.population.mask_below,
    )


def _draw(name: str, scene: Mapped[_Scene], ground: Started[Mapped[Ground]], added: Mapped[_Added] | None) -> Picture:
    """Draw one picture: a function of a module, so that it can be run in another process."""
    of, more = scene.value, _Added(pd.DataFrame(), {}, {}) if added is None else added.value
    results = of.results.join(more.columns) if len(more.columns.columns) else of.results
    drawing = _Drawing(of, ground, results, more.people, more.lone)
    with files.scratch() as folder:
        _draw_file(drawing, folder / name)
        contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return Picture(contents, maps.few_colours(contents[name]) if name.endswith(".png") else b"")


def _draw_file(drawing: _Drawing, path: Path) -> None:
    scene = drawing.scene
    if path.name == PACKAGE:
        known: dict[str, Any] = {"specs": scene.specs, "names": scene.names, "sites": scene.sites}
        known |= {"lone": drawing.lone, "below": scene.mask_below}
        return write_layers(path, **known, **drawing.flat)
    for spec in scene.specs:
        if path.name == MAP.format(spec.key):
            of: dict[str, Any] = {**drawing.flat, **scene.wording, "made": drawing.ground.made}
            return maps.service_map(path, service=spec, sites=scene.sites, **of)
    for figure in maps.FIGURES:
        if path.name == figure.name:
            return figure.draw(path, drawing.drawn)
    drawn = {
        "results": drawing.results,
        **drawing.ground.below,
        **scene.wording,
        "mask_below": scene.mask_below,
        "people": drawing.people,
        "packed": drawing.ground.packed,
    }
    return maps.web_map(path, sites=scene.sites, services=scene.specs, scheme=scene.scheme, **drawn)


def words_of(study: Study) -> dict[str, Any]:
    """Return the words that stand on every picture of a study."""
    settings = study.settings
    proxies = [f"{spec.label}: {spec.proxy_note}" for spec in study.specs if spec.proxy_note]
    subtitle = ". ".join(part.rstrip(".") for part in (settings.subtitle, *proxies) if part)
    return {
        "title": settings.title,
        "subtitle": subtitle,
        "disclaimer": settings.disclaimer,
        "attribution": ". ".join(
            filter(None, ("; ".join(attribution_of(study)), settings.note, timetable_note(study)))
        ),
        "language": settings.language,
    }


def look_of(study: Study) -> maps.Look:
    """Return how the figures of a study look: its [figures]."""
    asked = study.settings.figures
    return maps.Look(
        crs=asked.crs,
        formats=tuple(asked.formats),
        dpi=asked.dpi,
        breaks_min=asked.breaks_min,
        palette=asked.palette,
        labels=asked.labels,
        width_mm=asked.width_mm,
        mask_below=study.settings.population.mask_below,
    )


def figure_words(study: Study) -> dict[str, Any]:
    """Return the words that stand on every figure of a study, and how it looks."""
    return words_of(study) | {"look": look_of(study)}


def drawing_crs(study: Study, results: gpd.GeoDataFrame) -> CRS:
    """Return the projection that the maps of a study are drawn in.

    Raises
    ------
    InputError
        If [figures] asks for one that does not fit the region.
    """
    try:
        return maps.figure_crs(results, asked=study.settings.figures.crs)
    except InputError as error:
        raise InputError(f"{study.path}: [figures] {error}") from error


def forms_of(name: str) -> list[str]:
    """Return the names that a figure may have, in whatever form: those of a time before go with it."""
    return maps.figure_files(name, maps.Look(formats=FORMATS))

"""The pictures of a study: the map for the screen, a map of each service, figures, and what lies under them as layers.

They are drawn in other processes as soon as it is known what lies in the cells, while this one goes on with tables.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from geoaccess import equity, files, maps
from geoaccess.errors import InputError
from geoaccess.maps.coverage import simplified_coverage
from geoaccess.maps.look import FORMATS
from geoaccess.maps.network_layers import main_roads, merged_roads
from geoaccess.study import stages
from geoaccess.study.counted_people import counted_people
from geoaccess.study.data_sources import attribution_of
from geoaccess.study.results.boats import timetable_note
from geoaccess.study.results.dictionary import names_of
from geoaccess.study.results.geopackage import PACKAGE, write_layers
from geoaccess.study.results.lone_cells import lone_groups
from geoaccess.study.results.tables import reached
from geoaccess.study.stages.extracts import digests_of_code
from geoaccess.study.stages.kept_tables import found_tables, kept_tables, update_by_shapes
from geoaccess.study.stages.networks import cache_folder
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    from pyproj import CRS

    from geoaccess.background import Background, Shared, Started
    from geoaccess.measures import ServiceSpec
    from geoaccess.network import Network
    from geoaccess.study.answers import Answers
    from geoaccess.study.results.dictionary import Names
    from geoaccess.study.settings.study_file import Study
    from geoaccess.zones import CentralityScheme

__all__ = [
    "IMPORTS",
    "MAP",
    "WEB_MAP",
    "Picture",
    "Pictures",
    "drawing_crs",
    "drawn_below",
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
_SHEET_STEPS: Final = 4000
_SCREEN_STEPS: Final = 16_000
"""How fine lines are, in parts of the longer side of the region: on a sheet, and on a map that one can zoom into."""


@dataclass(frozen=True)
class Picture:
    """The content of its files by their names, and a PNG in few colours for the report (empty for what is no PNG)."""

    contents: Mapping[str, bytes]
    small: bytes = b""


@dataclass(frozen=True, eq=False)
class _Ground:
    """What lies under the cells of all pictures, which is made once in each process.

    `lines` are roads and municipalities no finer than is seen; where they are not known yet, they are made of `roads`
    and `municipalities` and kept in the folder `kept`, if there is one.
    """

    cells: gpd.GeoSeries
    municipalities: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame | None
    lines: Mapping[str, gpd.GeoDataFrame] | None
    kept: Path | None
    ferries: gpd.GeoDataFrame
    waters: Mapping[str, gpd.GeoSeries | None]
    places: gpd.GeoDataFrame

    @cached_property
    def below(self) -> dict[str, Any]:
        """As fine as is seen on a screen, in degrees."""
        lines = self.lines
        if lines is None:
            lines = self._slim() if self.kept is None else kept_tables(self.kept, self._slim)
        areas = {"municipalities": lines.get("municipalities"), "ferries": self.ferries, "roads": lines["roads"]}
        return {**areas, **self.waters, "places": self.places}

    def _slim(self) -> dict[str, gpd.GeoDataFrame]:
        assert self.roads is not None  # noqa: S101 - so is it made
        found = _below(self.cells, self.municipalities, self.roads, self.ferries, steps=_SCREEN_STEPS)
        return {name: found[name] for name in ("municipalities", "roads") if found[name] is not None}

    @cached_property
    def flat(self) -> dict[str, Any]:
        """The same in the CRS of the grid."""
        return {name: layer if layer is None else layer.to_crs(self.cells.crs) for name, layer in self.below.items()}


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all pictures of a study are drawn of; what several of them need is made once in each process."""

    results: gpd.GeoDataFrame
    ground: _Ground
    sites: gpd.GeoDataFrame
    specs: Sequence[ServiceSpec]
    scheme: CentralityScheme
    wording: Mapping[str, Any]
    names: Names
    mask_below: int | None
    people: Mapping[str, npt.NDArray[np.float64]]
    lone: Mapping[str, frozenset[str]]

    @property
    def flat(self) -> dict[str, Any]:
        """Cells and what lies under them, in the CRS of the grid."""
        return {"results": self.results, **self.ground.flat}

    @property
    def drawn(self) -> maps.Drawn:
        """What figures of all services are drawn of."""
        return maps.Drawn(
            results=self.results,
            services=self.specs,
            scheme=self.scheme,
            lorenz=self.lorenz,
            words=self.wording,
            sites=self.sites,
            layers=lambda: self.flat,
            people=self.people,
        )

    @cached_property
    def lorenz(self) -> list[maps.LorenzCurve]:
        """A Lorenz curve of each service that anybody reaches."""
        curves = []
        for spec in self.specs:
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
        self._scene: Shared[_Scene] | None = None

    def start(
        self,
        *,
        results: gpd.GeoDataFrame,
        sites: gpd.GeoDataFrame,
        municipalities: gpd.GeoDataFrame | None,
        network: Network,
    ) -> None:
        """Start to draw every picture that the cells are known for, and that is not on its way.

        Once sections have added columns of their own to the results, there may be more: what all are drawn of is given
        to other processes the first time, and then those columns alone. The GeoPackage among the pictures lacks the
        cells: all their columns are known only later.
        """
        specs = self._study.specs
        figures = [figure.name for figure in maps.FIGURES if figure.asked(specs, list(results.columns))]
        names = [PACKAGE, WEB_MAP, *(MAP.format(spec.key) for spec in specs), *figures]
        names = [name for name in names if name not in self.started]
        if not names:
            return
        known = results[[name for name in results.columns if name in _drawn_columns(specs)]]
        added = None
        if self._scene is None:
            scene = _scene_of(self._study, known, sites=sites, municipalities=municipalities, network=network)
            people, lone = counted_people(results, self._study), lone_groups(results, self._study)
            self._scene = self._pool.share(replace(scene, people=people, lone=lone))
        else:
            added = pd.DataFrame(known[[name for name in known.columns if name not in self._scene.value.results]])
        self.started |= {name: self._pool.start(_draw, self._scene, name, added) for name in names}


def _drawn_columns(specs: Sequence[ServiceSpec]) -> set[str]:
    """Return the columns of the cells that pictures are drawn of."""
    parts = ("s", "reason", "site", "second_s", "second_site")
    columns = {"population", "municipality_id", "municipality", "centrality_class", "geometry"}
    columns |= {spec.population for spec in specs} | {f"{spec.key}_{part}" for spec in specs for part in parts}
    return columns | {spec.norm_column for spec in specs} | {"ambulance_fastest_mode", "ambulance_fastest_reason"}


def _scene_of(
    study: Study,
    results: gpd.GeoDataFrame,
    *,
    sites: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame | None,
    network: Network,
) -> _Scene:
    kept = _kept_lines(study, network, results.geometry, municipalities)
    lines: Mapping[str, gpd.GeoDataFrame] | None = None if kept is None else found_tables(kept)
    names = stages.road_names_of(study) if lines is None and stages.read_in_passing(study) else None
    ground = _Ground(
        cells=results.geometry,
        municipalities=municipalities if lines is None else None,
        roads=main_roads(network, names) if lines is None else None,
        lines=lines,
        kept=kept,
        ferries=maps.ferry_lines(network),
        waters={
            "land": stages.land_of(study, network, results),
            "lakes": stages.lakes_of(study, network, results),
            "ice": stages.ice_of(study, results),
        },
        places=stages.places_of(study, results),
    )
    return _Scene(
        results=results,
        ground=ground,
        sites=sites,
        specs=study.specs,
        scheme=study.scheme,
        wording=figure_words(study),
        names=names_of(study),
        mask_below=study.settings.population.mask_below,
        people={},
        lone={},
    )


def _kept_lines(
    study: Study, network: Network, cells: gpd.GeoSeries, municipalities: gpd.GeoDataFrame | None
) -> Path | None:
    """Return where roads and municipalities as pictures draw them are kept; None where the network is not."""
    folder = cache_folder(network)
    if folder is None:
        return None
    digest = hashlib.sha256(f"{__version__} {folder.name} {_SCREEN_STEPS} {stages.read_in_passing(study)}".encode())
    for code in digests_of_code(("maps",)):
        digest.update(code.encode())
    update_by_shapes(digest, cells)
    if municipalities is not None:
        digest.update(repr(municipalities.drop(columns="geometry").reset_index().to_dict("list")).encode())
        update_by_shapes(digest, municipalities.geometry)
    return study.cache / f"ground-{digest.hexdigest()[:20]}"


def _draw(scene: Shared[_Scene], name: str, added: pd.DataFrame | None) -> Picture:
    """Draw one picture: a function of a module, so that it can be run in another process."""
    drawn = scene.value
    if added is not None:
        drawn = replace(drawn, results=drawn.results.join(added))
    with files.scratch() as folder:
        _draw_file(drawn, folder / name)
        contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return Picture(contents, maps.few_colours(contents[name]) if name.endswith(".png") else b"")


def _draw_file(scene: _Scene, path: Path) -> None:
    if path.name == PACKAGE:
        known: dict[str, Any] = {"specs": scene.specs, "names": scene.names, "sites": scene.sites}
        known |= {"lone": scene.lone, "below": scene.mask_below}
        return write_layers(path, **known, **scene.flat)
    for spec in scene.specs:
        if path.name == MAP.format(spec.key):
            return maps.service_map(path, service=spec, sites=scene.sites, **scene.flat, **scene.wording)
    for figure in maps.FIGURES:
        if path.name == figure.name:
            return figure.draw(path, scene.drawn)
    drawn = {
        "results": scene.results,
        **scene.ground.below,
        **scene.wording,
        "mask_below": scene.mask_below,
        "people": scene.people,
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


def drawn_below(answers: Answers) -> dict[str, Any]:
    """Return what lies under the cells, no finer than can be seen on a sheet of the whole region."""
    network = answers.network
    roads, ferries = main_roads(network), maps.ferry_lines(network)
    lines = _below(answers.results.geometry, answers.municipalities, roads, ferries, steps=_SHEET_STEPS)
    study, results = answers.study, answers.results
    return {
        **lines,
        "land": stages.land_of(study, network, results),
        "lakes": stages.lakes_of(study, network, results),
        "ice": stages.ice_of(study, results),
        "places": stages.places_of(study, results),
    }


def _below(
    cells: gpd.GeoSeries,
    municipalities: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame,
    ferries: gpd.GeoDataFrame,
    *,
    steps: int,
) -> dict[str, Any]:
    west, south, east, north = cells.to_crs("EPSG:4326").total_bounds
    tolerance = max(east - west, north - south) / steps
    if municipalities is not None:
        near = municipalities.cx[west - 1 : east + 1, south - 1 : north + 1]
        municipalities = near.set_geometry(simplified_coverage(near.geometry.to_numpy(), tolerance), crs=near.crs)
    return {
        "municipalities": municipalities,
        "ferries": ferries,
        "roads": merged_roads(roads, tolerance_deg=tolerance),
    }

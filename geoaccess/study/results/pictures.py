"""The pictures of a study: the map for the screen, a map of each service, figures, and what lies under them as layers.

They are drawn in other processes as soon as it is known what lies in the cells, while this one goes on with tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from geoaccess import equity, files, maps
from geoaccess.errors import InputError
from geoaccess.maps.coverage import simplified_coverage
from geoaccess.maps.look import FORMATS
from geoaccess.maps.network_layers import main_roads, merged_roads
from geoaccess.study import stages
from geoaccess.study.data_sources import attribution_of
from geoaccess.study.results.boats import timetable_note
from geoaccess.study.results.dictionary import names_of
from geoaccess.study.results.geopackage import PACKAGE, write_layers
from geoaccess.study.results.tables import reached

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
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
    "drawing_crs",
    "drawn_below",
    "figure_words",
    "look_of",
    "start_pictures",
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
class _Scene:
    """What all pictures of a study are drawn of; what several of them need is made once in each process."""

    results: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    municipalities: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame
    ferries: gpd.GeoDataFrame
    land: gpd.GeoSeries | None
    lakes: gpd.GeoSeries | None
    ice: gpd.GeoSeries | None
    places: gpd.GeoDataFrame
    specs: Sequence[ServiceSpec]
    scheme: CentralityScheme
    wording: Mapping[str, Any]
    names: Names
    mask_below: int | None

    @cached_property
    def below(self) -> dict[str, Any]:
        """What lies under the cells."""
        lines = _below(self.results, self.municipalities, self.roads, self.ferries, steps=_SCREEN_STEPS)
        return {**lines, "land": self.land, "lakes": self.lakes, "ice": self.ice, "places": self.places}

    @cached_property
    def flat(self) -> dict[str, Any]:
        """Cells and what lies under them, in the CRS of the grid."""
        return _flat(self.results, self.below)

    @property
    def drawn(self) -> maps.Drawn:
        """What figures of all services are drawn of."""
        return maps.Drawn(
            self.results, self.specs, self.scheme, self.lorenz, self.wording, self.sites, layers=lambda: self.flat
        )

    @cached_property
    def lorenz(self) -> list[maps.LorenzCurve]:
        """A Lorenz curve of each service that anybody reaches."""
        curves = []
        for spec in self.specs:
            times, people = reached(self.results, spec)
            if people.sum() > 0:
                points = equity.lorenz(times, weights=people)
                curves.append(
                    maps.LorenzCurve(
                        label=spec.label,
                        population_share=points["population_share"].to_numpy(),
                        time_share=points["value_share"].to_numpy(),
                        gini=equity.gini(times, weights=people),
                    )
                )
        return curves


def start_pictures(
    pool: Background,
    study: Study,
    *,
    results: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame | None,
    network: Network,
    started: Collection[str] = (),
) -> dict[str, Started[Picture]]:
    """Start to draw every picture of a study that its cells are known for; return them by the names of their files.

    Those of `started` are left out. Once sections have added columns of their own to the results, there may be more.
    The GeoPackage among them lacks the cells: all their columns are known only later.
    """
    figures = [figure.name for figure in maps.FIGURES if figure.asked(study.specs, list(results.columns))]
    names = [PACKAGE, WEB_MAP, *(MAP.format(spec.key) for spec in study.specs), *figures]
    names = [name for name in names if name not in started]
    if not names:
        return {}
    parts = ("s", "reason", "site", "second_s", "second_site")
    columns = {"population", "municipality_id", "municipality", "centrality_class", "geometry"}
    columns |= {spec.population for spec in study.specs}
    columns |= {f"{spec.key}_{part}" for spec in study.specs for part in parts}
    columns |= {spec.norm_column for spec in study.specs} | {"ambulance_fastest_mode", "ambulance_fastest_reason"}
    scene = pool.share(
        _Scene(
            results=results[[name for name in results.columns if name in columns]],
            sites=sites,
            municipalities=municipalities,
            roads=main_roads(network, stages.road_names_of(study) if stages.read_in_passing(study) else None),
            ferries=maps.ferry_lines(network),
            land=stages.land_of(study, network, results),
            lakes=stages.lakes_of(study, network, results),
            ice=stages.ice_of(study, results),
            places=stages.places_of(study, results),
            specs=study.specs,
            scheme=study.scheme,
            wording=figure_words(study),
            names=names_of(study),
            mask_below=study.settings.population.mask_below,
        )
    )
    return {name: pool.start(_draw, scene, name) for name in names}


def _draw(scene: Shared[_Scene], name: str) -> Picture:
    """Draw one picture: a function of a module, so that it can be run in another process."""
    with files.scratch() as folder:
        _draw_file(scene.value, folder / name)
        contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return Picture(contents, maps.few_colours(contents[name]) if name.endswith(".png") else b"")


def _draw_file(scene: _Scene, path: Path) -> None:
    if path.name == PACKAGE:
        known: dict[str, Any] = {"specs": scene.specs, "names": scene.names, "sites": scene.sites}
        return write_layers(path, **known, **scene.flat)
    for spec in scene.specs:
        if path.name == MAP.format(spec.key):
            return maps.service_map(path, service=spec, sites=scene.sites, **scene.flat, **scene.wording)
    for figure in maps.FIGURES:
        if path.name == figure.name:
            return figure.draw(path, scene.drawn)
    drawn = {"results": scene.results, **scene.below, **scene.wording, "mask_below": scene.mask_below}
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
    lines = _below(answers.results, answers.municipalities, roads, ferries, steps=_SHEET_STEPS)
    study, results = answers.study, answers.results
    return {
        **lines,
        "land": stages.land_of(study, network, results),
        "lakes": stages.lakes_of(study, network, results),
        "ice": stages.ice_of(study, results),
        "places": stages.places_of(study, results),
    }


def _below(
    results: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame,
    ferries: gpd.GeoDataFrame,
    *,
    steps: int,
) -> dict[str, Any]:
    west, south, east, north = results.to_crs("EPSG:4326").total_bounds
    tolerance = max(east - west, north - south) / steps
    if municipalities is not None:
        near = municipalities.cx[west - 1 : east + 1, south - 1 : north + 1]
        municipalities = near.set_geometry(simplified_coverage(near.geometry.to_numpy(), tolerance), crs=near.crs)
    return {
        "municipalities": municipalities,
        "ferries": ferries,
        "roads": merged_roads(roads, tolerance_deg=tolerance),
    }


def _flat(results: gpd.GeoDataFrame, below: Mapping[str, Any]) -> dict[str, Any]:
    layers = {name: layer if layer is None else layer.to_crs(results.crs) for name, layer in below.items()}
    return {"results": results, **layers}

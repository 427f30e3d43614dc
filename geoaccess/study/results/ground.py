"""What lies under the cells of the pictures of a study: land, lakes, ice, municipalities, roads, ferries and places.

It is known before any search: so another process makes it while this one searches.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from geoaccess import files, maps
from geoaccess.background import kept_in
from geoaccess.errors import GeoaccessError
from geoaccess.frames import bounds_in_degrees, crs_of
from geoaccess.kernels.memory import give_back
from geoaccess.mapped import Mapped
from geoaccess.maps.coverage import Outlines, simplified_outlines
from geoaccess.maps.network_layers import main_roads
from geoaccess.network.intact import checked_files
from geoaccess.network.prepared import release
from geoaccess.study import stages
from geoaccess.study.settings.inputs import ZonesFromOsm
from geoaccess.study.stages.extracts import digests_of_code
from geoaccess.study.stages.kept_tables import kept_tables, update_by_shapes
from geoaccess.study.stages.networks import cache_folder
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from pyproj import CRS

    from geoaccess.background import Background, Started
    from geoaccess.network import Network
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study
    from geoaccess.study.stages import Municipalities

__all__ = [
    "Areas",
    "DrawnAhead",
    "Ground",
    "drawing_ahead",
    "drawn_ahead",
    "drawn_below",
    "known_cells",
    "start_areas",
    "start_below",
    "start_ground",
    "start_reading",
]

_SHEET_STEPS: Final = 4000
_SCREEN_STEPS: Final = 16_000
"""How fine lines are, in parts of the longer side of the region: on a sheet, and on a map that one can zoom into."""
_MANY: Final = 50_000
"""Of so many cells the ground takes seconds to make."""
_WATERS: Final = ("land", "lakes", "ice")
_PACKED: Final = "packed"


@dataclass(frozen=True, eq=False)
class Ground:
    """What lies under the cells, by name, as fine as is seen on a screen: `below` in degrees.

    `grid` is the CRS of the cells; `packed` is the same as it stands in the map for the screen.
    """

    below: Mapping[str, Any]
    grid: Any
    packed: maps.PackedBelow

    @cached_property
    def flat(self) -> dict[str, Any]:
        """The same in the CRS of the grid."""
        return {name: layer if layer is None else layer.to_crs(self.grid) for name, layer in self.below.items()}

    @cached_property
    def made(self) -> dict[Any, Any]:
        """What the first map of these layers makes of them, for the next."""
        return {}


@dataclass(frozen=True, eq=False)
class _Under:
    """What the ground is made of, for lines so fine, and where all but the places is kept, if it is.

    Where it seems to be kept, the areas are not given: they are read again if it is damaged. `made_of` is that of the
    municipalities, "" where there are none.
    """

    study: Study
    cells: Mapped[gpd.GeoDataFrame]
    made_of: str
    areas: Mapped[Areas] | None
    network: Mapped[Network]
    steps: int
    kept: Path | None

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the cells, degrees."""
        return bounds_in_degrees(self.cells.value)

    @property
    def window(self) -> stages.Window:
        """What maps show around the cells."""
        return stages.window_around(self.bounds)

    def seen(self) -> tuple[float, tuple[float, float, float, float]]:
        """Return how fine lines under the cells are, and the box of what is drawn there, both in degrees."""
        west, south, east, north = self.bounds
        return max(east - west, north - south) / self.steps, (west - 1, south - 1, east + 1, north + 1)

    @cached_property
    def municipalities(self) -> Municipalities | None:
        """The municipalities, None where there are none; whoever asks first for their polygons has them read."""
        return stages.join_zones(self.study, self.cells.value)[1] if self.made_of else None

    def outlines(self) -> Areas | None:
        """Return the municipalities with their outlines, None where there are none."""
        if self.areas is not None:
            return self.areas.once
        return None if self.municipalities is None else Areas.of(self.municipalities.table)


@dataclass(frozen=True, eq=False)
class Areas:
    """Municipalities with their outlines as arrays: as shapes those of a country take much memory in each process."""

    table: pd.DataFrame
    columns: list[str]
    geometry: str
    crs: CRS | None
    outlines: Outlines

    @classmethod
    def of(cls, areas: gpd.GeoDataFrame) -> Areas:
        """Return what municipalities are made of."""
        name = str(areas.geometry.name)
        table = pd.DataFrame(areas.drop(columns=name))
        return cls(table, list(areas.columns), name, areas.crs, Outlines.of(areas.geometry.to_numpy()))

    def near(self, west: float, south: float, east: float, north: float) -> Areas:
        """Return the areas that touch a box, in degrees."""
        lowest, highest = self.outlines.bounds()
        if (lowest >= (west, south)).all() and (highest <= (east, north)).all() and not self.outlines.others:
            return self
        shapes = self.outlines.shapes()
        there = shapely.intersects(shapes, shapely.box(west, south, east, north))
        return replace(self, table=self.table[there], outlines=Outlines.of(shapes[there]))

    def simplified(self, tolerance: float) -> gpd.GeoDataFrame:
        """Return them with outlines no finer than a tolerance."""
        shapes = {self.geometry: simplified_outlines(self.outlines, tolerance)}
        return gpd.GeoDataFrame(self.table.assign(**shapes)[self.columns], geometry=self.geometry, crs=self.crs)


def known_cells(cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what of the cells the ground is made of."""
    return cells[[name for name in ("population", "municipality_id", "municipality", "geometry") if name in cells]]


def start_ground(
    pool: Background,
    study: Study,
    *,
    cells: Mapped[gpd.GeoDataFrame],
    municipalities: Municipalities | None,
    network: Network,
    areas: Mapped[Areas] | None = None,
) -> Started[Mapped[Ground]]:
    """Start to make the ground of `known_cells`, once their people and municipalities are known.

    `areas` are the municipalities with their outlines, if `start_areas` has found them.
    """
    under = _under(study, cells, municipalities, network, steps=_SCREEN_STEPS, share=_sharing(pool), areas=areas)
    return pool.start(_make_ground, pool.share(under), pool.place())


def start_reading(pool: Background, study: Study) -> Started[None]:
    """Start to ask the small extract what a run asks next, while a network is built."""
    return pool.start(_read_ahead, study)


def _read_ahead(study: Study) -> None:
    """Have features kept, and what is found with them: a function of a module, to be run in another process."""
    with contextlib.suppress(GeoaccessError):  # said by who asks for the same next
        # All is read with places, whatever sites are made of.
        stages.features_of(study, [("place", kind) for kind in stages.PLACES])
    give_back()  # so that it does not stand beside a network that is built


def start_areas(pool: Background, study: Study, people: gpd.GeoDataFrame) -> Started[Mapped[Areas] | None]:
    """Start to ask the extracts what a run asks next, for what is kept then; return the municipalities, where read."""
    places = pool.share(people[["population", "geometry"]])
    return pool.start(_find_areas, study, places, pool.place())


def _find_areas(study: Study, people: Mapped[gpd.GeoDataFrame], path: Path | None) -> Mapped[Areas] | None:
    """Find features and municipalities: a function of a module, so that it can be run in another process."""
    found = None
    with contextlib.suppress(GeoaccessError):  # said by who asks for the same next
        stages.read_mapped(study)
        if isinstance(study.settings.zones, ZonesFromOsm):
            found = stages.join_zones(study, people.once)[1]
    areas = None if found is None or not found.are_read else kept_in(path, Areas.of(found.table))
    del found
    give_back()  # shapes of a country leave a gigabyte of holes
    return areas


def _sharing(pool: Background) -> Callable[[Any], Mapped[Any]]:
    return partial(pool.share, by_name=_by_name)


def _by_name(value: object) -> tuple[Any, ...] | None:
    """Return how another process finds a network where it is kept, without what searches need."""
    found = stages.by_name(value)
    if found is None:
        return None
    _, (study, folder, _) = found
    return stages.load_to_draw, (study, folder, checked_files())


def _make_ground(shared: Mapped[_Under], path: Path | None) -> Mapped[Ground]:
    """Make the ground: a function of a module, so that it can be run in another process."""
    under = shared.once
    found = _kept(under)
    return kept_in(path, Ground(_below(under, found), crs_of(under.cells.value), _unpacked(found[_PACKED])))


def _laid(under: _Under) -> dict[str, Any]:
    """Return what lies under the cells by name; all but the places is kept where the network is kept."""
    return _below(under, _kept(under))


def _below(under: _Under, found: Mapping[str, Any]) -> dict[str, Any]:
    below: dict[str, Any] = {name: found.get(name) for name in ("municipalities", "ferries", "roads")}
    below |= {name: found[name].geometry if name in found else None for name in _WATERS}
    return {**below, "places": stages.places_of(under.study, under.cells.value, under.window, under.municipalities)}


def _kept(under: _Under) -> dict[str, Any]:
    if under.kept is None:
        return _lines(under)
    unchanged = partial(stages.are_still, under.study, under.made_of) if under.made_of else None
    return kept_tables(under.kept, lambda: _lines(under), unchanged=unchanged)


def _lines(under: _Under) -> dict[str, gpd.GeoDataFrame]:
    """Return all but the places, without what is not there; on a sheet roads are not told apart by number."""
    study, network = under.study, under.network.once
    numbered = under.steps == _SCREEN_STEPS and stages.read_in_passing(study)
    tolerance, around = under.seen()
    # First, while nothing else takes memory; nobody holds the outlines any longer then.
    found: dict[str, Any] = {"municipalities": _borders(under.outlines(), tolerance, around)}
    found["ferries"] = maps.ferry_lines(network)
    release(network)
    names = stages.road_names_of(study) if numbered else None
    found["roads"] = main_roads(network, names, tolerance_deg=tolerance)
    release(network)  # nothing below looks at its roads
    waters: dict[str, Any] = _waters(study, network, under.window)
    if under.steps == _SCREEN_STEPS:
        found[_PACKED] = _packed(maps.packed_below(under.cells.value, **found, **waters))
    for name, area in waters.items():
        found[name] = area if area is None else area.to_frame("geometry")
    return {name: table for name, table in found.items() if table is not None}


def _packed(below: maps.PackedBelow) -> pd.DataFrame:
    """Return as a table what stands in the page of the map, to keep it."""
    parts = {name: json.dumps(value) for name, value in below._asdict().items()}
    return pd.DataFrame(parts, index=[0], dtype="str")


def _unpacked(table: pd.DataFrame) -> maps.PackedBelow:
    return maps.PackedBelow(**{str(name): files.json_values(text) for name, text in table.iloc[0].items()})


def _borders(
    areas: Areas | None, tolerance: float, around: tuple[float, float, float, float]
) -> gpd.GeoDataFrame | None:
    return None if areas is None else areas.near(*around).simplified(tolerance)


def _waters(study: Study, network: Network, window: stages.Window) -> dict[str, gpd.GeoSeries | None]:
    return {
        "land": stages.land_of(study, network, window),
        "lakes": stages.lakes_of(study, network, window),
        "ice": stages.ice_of(study, window),
    }


def _folder(study: Study, cells: gpd.GeoDataFrame, made_of: str, network: Network, *, steps: int) -> Path | None:
    """Return where the ground is kept, all but the places: by all that it is made of."""
    folder = cache_folder(network)
    if folder is None:
        return None
    digest = hashlib.sha256(f"{__version__} {folder.name} {steps} {stages.read_in_passing(study)} {made_of}".encode())
    for code in digests_of_code(("maps", "study/stages")):
        digest.update(code.encode())
    if study.settings.basemap.land:
        path = files.require(study.resolve(study.settings.basemap.land), hint=study.fetch_hint)
        digest.update(files.sha256(path).encode())
    update_by_shapes(digest, cells.geometry)
    return study.cache / f"ground-{digest.hexdigest()[:20]}"


def drawn_below(answers: Answers) -> dict[str, Any]:
    """Return what lies under the cells, no finer than can be seen on a sheet of the whole region."""
    return _laid(_under_sheet(answers.study, answers.results, answers.zones, answers.network, share=Mapped))


def start_below(pool: Background, answers: Answers) -> Started[dict[str, Any]]:
    """Start to make what `drawn_below` returns, while this process does something else."""
    known = answers.study, answers.results, answers.zones, answers.network
    return pool.start(_make_sheet, pool.share(_under_sheet(*known, share=_sharing(pool))))


def _make_sheet(shared: Mapped[_Under]) -> dict[str, Any]:
    """Make what lies under a sheet: a function of a module, so that it can be run in another process."""
    return _laid(shared.once)


class DrawnAhead:
    """What `drawn_below` returns, for a large study made by another thread from the moment that its places are known.

    That thread also imports what draws: matplotlib takes as long to import as a map takes to draw.
    """

    def __init__(self, pool: ThreadPoolExecutor | None = None) -> None:
        self._pool = pool
        self._begun: Future[dict[str, Any]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle it as one that began nothing: elsewhere it is made when it is asked for."""
        return type(self), ()

    def start(
        self, study: Study, *, cells: gpd.GeoDataFrame, municipalities: Municipalities | None, network: Network
    ) -> None:
        """Start to make it, unless that was done before, or the study is too small for it to pay."""
        if self._begun is None and self._pool and cache_folder(network) is not None and len(cells) >= _MANY:
            known = study, cells, municipalities, network
            self._begun = self._pool.submit(lambda: _laid(_under_sheet(*known, share=Mapped)))
            self._pool.submit(import_module, "geoaccess.maps.drawing")

    def below(self, answers: Answers) -> dict[str, Any]:
        """Return it; what was wrong is said here, where it is drawn."""
        if self._begun is None or self._begun.exception() is not None:
            return drawn_below(answers)
        return dict(self._begun.result())


@contextlib.contextmanager
def drawing_ahead() -> Iterator[DrawnAhead]:
    """Yield what may be told to start while the block runs; at its end nothing runs any longer."""
    with ThreadPoolExecutor(1) as pool:
        yield DrawnAhead(pool)


@contextlib.contextmanager
def drawn_ahead(answers: Answers) -> Iterator[DrawnAhead]:
    """Make what `drawn_below` returns while the block runs, see `DrawnAhead`."""
    with drawing_ahead() as ahead:
        ahead.start(answers.study, cells=answers.results, municipalities=answers.zones, network=answers.network)
        yield ahead


def _under_sheet(
    study: Study,
    cells: gpd.GeoDataFrame,
    municipalities: Municipalities | None,
    network: Network,
    *,
    share: Callable[[Any], Mapped[Any]],
) -> _Under:
    return _under(study, share(known_cells(cells)), municipalities, network, steps=_SHEET_STEPS, share=share)


def _under(
    study: Study,
    cells: Mapped[gpd.GeoDataFrame],
    municipalities: Municipalities | None,
    network: Network,
    *,
    steps: int,
    share: Callable[[Any], Mapped[Any]],
    areas: Mapped[Areas] | None = None,
) -> _Under:
    made_of = "" if municipalities is None else municipalities.made_of
    kept = _folder(study, cells.value, made_of, network, steps=steps)
    if municipalities is None or (kept is not None and kept.exists()):
        areas = None
    elif areas is None:
        areas = share(Areas.of(municipalities.table))
    return _Under(study, cells, made_of, areas, share(network), steps, kept)

"""What a study reads: extract, people, sites, municipalities and centrality, as tables of the study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from geoaccess.bounds import (
    Distance,
    Km,
    Kph,
    Lat,
    Lon,
    Minutes,
    Moment,
    NoData,
    PositiveDistance,
    ProfileName,
    SchemeName,
    Tags,
    Weight,
    Year,
)
from geoaccess.defaults import MAX_NEAREST_M, MAX_SNAP_M, MERGE_WITHIN_M, MIN_COMPONENT_M, OFF_NETWORK_KPH
from geoaccess.phrases import Text
from geoaccess.study.settings.timetable import TimetableSettings
from geoaccess.toml import LocalName, LocalText, Table
from geoaccess.zones import DEFAULT_SCHEME, DEGURBA_SCHEME, ClassRow

__all__ = [
    "Borderless",
    "Centrality",
    "CentralityComputed",
    "CentralityDegurba",
    "CentralityTable",
    "NetworkSettings",
    "NoCentrality",
    "NoZones",
    "PopulationSettings",
    "Sites",
    "SitesFromFile",
    "SitesFromOsm",
    "SitesFromReview",
    "SnapSettings",
    "Zones",
    "ZonesFromColumn",
    "ZonesFromFile",
    "ZonesFromOsm",
]


class NetworkSettings(Table):
    """[network]: the roads, from OpenStreetMap or from NVDB Ruteplan, and the rules for reading them."""

    osm: Annotated[list[str], Field(min_length=1)] = []
    nvdb: str | None = None
    profile: ProfileName = "car"
    when: Moment | None = None
    ferries: str | None = None
    closures: str | None = None
    ferry_gtfs: list[str] = []
    wait: Literal["profile", "timetable"] = "profile"
    timetable: TimetableSettings = TimetableSettings()
    dated: LocalText = Text()
    min_component_km: Km = MIN_COMPONENT_M / 1000

    @model_validator(mode="after")
    def _has_timetable(self) -> NetworkSettings:
        if self.wait == "timetable" and not (self.ferries or self.ferry_gtfs):
            raise ValueError(
                'wait = "timetable" needs a timetable: ferry_gtfs = ["ferries.zip"] for GTFS, or '
                'ferries = "ferries.csv" with departures'
            )
        return self

    @model_validator(mode="after")
    def _one_source(self) -> NetworkSettings:
        if bool(self.osm) == bool(self.nvdb):
            found = "both" if self.osm else "neither"
            raise ValueError(
                'give osm = ["region.osm.pbf"] for OpenStreetMap, or nvdb = "ruteplan.gdb" for NVDB Ruteplan: '
                f"one of them (found {found})"
            )
        return self


class SnapSettings(Table):
    """[snap]: how cells and sites are attached to roads."""

    max_m: PositiveDistance = MAX_SNAP_M
    off_network_kph: Kph = OFF_NETWORK_KPH


class PopulationSettings(Table):
    """[population]: a grid table or a raster of people; cell_id = "none" where the table has no ids."""

    file: str
    layer: str | None = None
    band: Annotated[int, Field(ge=1, le=65_535)] | None = None
    where: dict[str, list[str]] = {}
    nodata: list[NoData] = []
    people: str = "population"
    cell_id: str | None = "cell_id"
    x: str | None = None
    y: str | None = None
    crs: str | None = None
    cell_size_m: PositiveDistance | None = None
    anchor: Literal["centre", "lower_left"] | None = None
    on_grid: bool | None = None
    area_m2: str | None = None
    carry: list[str] = []
    ages: dict[str, str] = {}
    clip: tuple[Weight, Weight, Weight, Weight] | None = None
    border: Annotated[dict[str, str], Field(max_length=1)] = {}
    mask_below: Annotated[int, Field(ge=3, le=1000)] | None = None
    year: Year
    source: LocalText


class SitesFromFile(Table):
    """[[sites]] from a CSV, spreadsheet, Parquet, GeoJSON or GeoPackage file."""

    kind: Literal["file"]
    file: str
    layer: str | None = None
    service: str | None = None
    service_column: str = "service"
    columns: dict[str, str] = {}
    where: dict[str, list[str]] = {}
    crs: str = "EPSG:4326"
    clip: bool = False
    merge_within_m: Distance = 0.0
    source: LocalText = Text()


class SitesFromOsm(Table):
    """[[sites]] from all features of the extract with certain tags."""

    kind: Literal["osm"]
    service: str
    tags: Annotated[list[Tags], Field(min_length=1)]
    with_names: list[str] = []
    without_names: list[str] = []
    clip: bool = False
    merge_within_m: Distance = MERGE_WITHIN_M


class SitesFromReview(Table):
    """[[sites]] from features of the extract, by a reviewed table that says what each is used for."""

    kind: Literal["osm_review"]
    file: str
    tags: Annotated[list[Tags], Field(min_length=1)]


class Borderless(Table):
    """[[zones.borderless]]: a municipality whose border the extract lacks: cells near a place that are in no other."""

    id: str
    name: str
    lon: Lon
    lat: Lat
    within_km: Annotated[float, Field(ge=0.001, le=20_000)]


class ZonesFromOsm(Table):
    """[zones] from the boundaries of the extract."""

    kind: Literal["osm"]
    level: Annotated[int, Field(ge=1, le=15)]
    required: bool = True
    region_level: Annotated[int, Field(ge=1, le=15)] | None = None
    borderless: list[Borderless] = []
    changes: str | None = None
    max_nearest_m: Distance = MAX_NEAREST_M


class ZonesFromFile(Table):
    """[zones] from a file of polygons."""

    kind: Literal["file"]
    file: str
    layer: str | None = None
    where: dict[str, list[str]] = {}
    id: str
    name: str
    region_id: str | None = None
    region: str | None = None
    digits: Annotated[int, Field(ge=1, le=30)] | None = None
    changes: str | None = None
    max_nearest_m: Distance = MAX_NEAREST_M


class ZonesFromColumn(Table):
    """[zones] from a column of the population table; names from a CSV."""

    kind: Literal["column"]
    column: str
    names_file: str | None = None
    names_id: str = "kommunenummer"
    names_name: str = "name"
    changes: str | None = None


class NoZones(Table):
    """[zones] left out: cells lie in no municipality."""

    kind: Literal["none"]
    changes: None = None
    max_nearest_m: Distance = MAX_NEAREST_M


class NoCentrality(Table):
    """[centrality] left out: municipalities have no classes."""

    kind: Literal["none"]

    @property
    def scheme(self) -> str:
        """What stands for a scheme, with classes that nobody is in."""
        return "none"

    @property
    def note(self) -> str:
        """What there is to say of the classes."""
        return ""


class CentralityTable(Table):
    """[centrality] from a table of classes by zone: of a scheme, or of two to nine `classes` that the study describes.

    index = "none" where the table has classes only; so it is where the scheme has no index and the study names none.
    """

    kind: Literal["table"]
    scheme: SchemeName = DEFAULT_SCHEME
    title: LocalName = Text()
    in_text: LocalName = Text()
    classes: list[ClassRow] = []
    districts: LocalName = Text()
    file: str
    municipality: str = "kommunenummer"
    centrality_class: str = "sentralitetsklasse"
    index: str = "sentralitetsindeks"
    year: Year
    source: LocalText

    @model_validator(mode="after")
    def _one_scheme(self) -> CentralityTable:
        if self.classes and "scheme" in self.model_fields_set:
            raise ValueError("scheme and classes are both given: name a scheme, or describe the classes here")
        if self.classes and not self.title:
            raise ValueError(
                'classes are given without a title: say what a class is called, as title = "Kind of place"'
            )
        words = [key for key in ("title", "in_text", "districts") if getattr(self, key) and not self.classes]
        if words:
            raise ValueError(f"{' and '.join(words)} given without classes: they describe the classes of the study")
        return self


class CentralityDegurba(Table):
    """[centrality] computed from the population grid: the degree of urbanisation of Eurostat and the UN."""

    kind: Literal["degurba"]
    scheme: SchemeName = DEGURBA_SCHEME
    note: LocalText = Text()


class CentralityComputed(Table):
    """[centrality] computed by Statistics Norway's method, as far as it is published."""

    kind: Literal["computed"]
    scheme: SchemeName = DEFAULT_SCHEME
    cutoff_min: Minutes = 90.0
    tenth_at_min: Minutes = 45.0
    weights: tuple[Weight, Weight] = (2 / 3, 1 / 3)
    cuts: tuple[Weight, ...] | None = None
    transform: Literal["log", "sqrt", "linear"] = "log"
    functions: Annotated[dict[str, str | list[dict[str, str]]], Field(min_length=1)]
    profile: ProfileName = "ssb"
    most_central: Annotated[float, Field(ge=0.001, le=1000)] | None = None
    note: LocalText

    @property
    def services(self) -> list[str]:
        """The services of the study whose sites are functions."""
        return [name for name in self.functions.values() if isinstance(name, str)]

    @property
    def tags(self) -> list[list[dict[str, str]]]:
        """The rules of tags by which functions are found on the map."""
        return [rules for rules in self.functions.values() if not isinstance(rules, str)]

    @model_validator(mode="after")
    def _part_of_a_country(self) -> CentralityComputed:
        if self.most_central is None:
            raise ValueError(
                "most_central is not given: write most_central = 1000 where the study is a whole country; where it is "
                "part of one, the official index of its most central municipality (Troms: 803), without "
                "which the classes of a part cannot be computed"
            )
        return self


Sites = Annotated[SitesFromFile | SitesFromOsm | SitesFromReview, Field(discriminator="kind")]
Zones = Annotated[ZonesFromOsm | ZonesFromFile | ZonesFromColumn | NoZones, Field(discriminator="kind")]
Centrality = Annotated[
    CentralityTable | CentralityDegurba | CentralityComputed | NoCentrality, Field(discriminator="kind")
]

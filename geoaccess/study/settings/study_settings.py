"""Everything that a study file may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from geoaccess.bounds import Folder, Year
from geoaccess.phrases import FALLBACK, Text, language_code
from geoaccess.study.settings.ambulance import BUSY, AmbulanceSettings
from geoaccess.study.settings.basemap import BasemapSettings
from geoaccess.study.settings.config_sections import (
    CatchmentSettings,
    EquitySettings,
    OpeningSettings,
    RuleByTable,
    RuleOfOwn,
    ServiceSettings,
    StaffSettings,
    ZoningFromColumn,
    Zonings,
    section_problems,
)
from geoaccess.study.settings.demand import DemandSettings
from geoaccess.study.settings.figures import FigureSettings
from geoaccess.study.settings.inputs import (
    Centrality,
    CentralityComputed,
    NetworkSettings,
    NoCentrality,
    NoZones,
    PopulationSettings,
    Sites,
    SitesFromFile,
    SitesFromReview,
    SnapSettings,
    Zones,
    ZonesFromOsm,
)
from geoaccess.study.settings.reliability import ReliabilitySettings  # noqa: TC001 - pydantic reads the annotation
from geoaccess.toml import LocalText, LocalTitle, Table, did_you_mean

__all__ = ["Settings", "files_asked"]


class Settings(Table):
    """Everything a study file may say."""

    title: LocalTitle
    subtitle: LocalTitle = Text()
    language: Annotated[str, AfterValidator(language_code)] = FALLBACK
    disclaimer: LocalText = Text()
    note: LocalText = Text()
    limits: list[LocalText] = []
    author: Annotated[str, Field(max_length=250)] = ""
    year: Year | None = None
    output: Folder
    cache: Folder = ".cache"
    attribution: Annotated[list[LocalText], Field(min_length=1)]
    fetch: str | None = None
    sources: str | None = None
    network: NetworkSettings
    snap: SnapSettings = SnapSettings()
    population: PopulationSettings
    services: Annotated[dict[str, ServiceSettings], Field(min_length=1)]
    sites: Annotated[list[Sites], Field(min_length=1)]
    zones: Zones = NoZones(kind="none")
    centrality: Centrality = NoCentrality(kind="none")
    reliability: ReliabilitySettings | None = None
    zonings: list[Zonings] = []
    opening: OpeningSettings | None = None
    catchments: dict[str, CatchmentSettings] = {}
    equity: EquitySettings = EquitySettings()
    staff: StaffSettings | None = None
    ambulance: AmbulanceSettings | None = None
    demand: DemandSettings = DemandSettings()
    basemap: BasemapSettings = BasemapSettings()
    figures: FigureSettings = FigureSettings()

    @model_validator(mode="after")
    def _services_known(self) -> Settings:
        problems = [
            f'[services.{key}]: write the key with letters, digits and "_"'
            for key in self.services
            if not key.isidentifier()
        ]
        problems += [
            f"[services.{key}_second]: give it another key; its columns would be those of the second nearest {key}"
            for key in self.services
            if f"{key}_second" in self.services
        ]
        named = [source.service for source in self.sites if not isinstance(source, SitesFromReview)]
        problems += [
            f'[[sites]] names the service "{service}"{did_you_mean(service, self.services)}'
            for service in dict.fromkeys(named)
            if service is not None and service not in self.services
        ]
        clipped = any(not isinstance(source, SitesFromReview) and source.clip for source in self.sites)
        if clipped and self.population.clip is None:
            problems.append(
                "[[sites]] clip = true cuts to the clip of [population], which has none; give both, or none"
            )
        if isinstance(self.centrality, CentralityComputed):
            problems += [
                f'[centrality.functions] names the service "{key}"{did_you_mean(key, self.services)}'
                for key in self.centrality.services
                if key not in self.services
            ]
        if isinstance(self.zones, NoZones) and not isinstance(self.centrality, NoCentrality):
            problems.append("[centrality] gives classes to municipalities: write [zones], which says what these are")
        if self.ambulance:
            problems += self.ambulance.problems({key: service.toward for key, service in self.services.items()})
        problems += self.demand.problems(self.services, self.population.ages)
        if self.ambulance and self.ambulance.availability == BUSY and not (self.ambulance.calls or self.demand.calls):
            problems.append(
                '[ambulance] availability = "busy" needs calls: a year and person, a column of the population table, '
                "or a table [demand.calls]"
            )
        if self.ambulance and self.ambulance.calls is not None and self.demand.calls:
            problems.append("[ambulance] calls and [demand.calls] both say how many calls there are; keep one of them")
        problems += self.figures.problems(self.services)
        problems += section_problems(self.services, self.zonings, self.opening, self.catchments)
        problems += _not_in_nvdb(self) if self.network.nvdb else []
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _not_in_nvdb(settings: Settings) -> list[str]:
    """Return what is to be read from OpenStreetMap where the study has none."""
    asked = {
        '[[sites]] kind = "osm" and "osm_review"': not all(isinstance(one, SitesFromFile) for one in settings.sites),
        '[zones] kind = "osm"': isinstance(settings.zones, ZonesFromOsm),
        "[centrality.functions] with tags": isinstance(settings.centrality, CentralityComputed)
        and bool(settings.centrality.tags),
        "[ambulance] with tags": settings.ambulance is not None and bool(settings.ambulance.tags),
    }
    return [
        f"{what}: NVDB Ruteplan ([network] nvdb) holds roads and ferries only, no places, "
        "services or borders; give a file"
        for what, wanted in asked.items()
        if wanted
    ]


def files_asked(settings: Settings) -> dict[str, str]:
    """Return the files that the optional parts read, by what each is for."""
    found = {f"zoning {one.name}": one.file for one in settings.zonings if not isinstance(one, ZoningFromColumn)}
    for key, service in settings.services.items():
        if isinstance(service.rule, RuleByTable):
            found[f"rule of {key}"] = service.rule.file
        elif isinstance(service.rule, RuleOfOwn) and service.rule.hosts:
            found[f"hosts of {key}"] = service.rule.hosts
    found |= {f"lists of {name}": one.lists.file for name, one in settings.catchments.items() if one.lists}
    if settings.ambulance:
        found |= settings.ambulance.files
    found |= settings.basemap.files
    return found | settings.demand.files | ({"staff": settings.staff.file} if settings.staff else {})

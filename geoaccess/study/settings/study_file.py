"""The study file: questions, data and settings."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoaccess import files
from geoaccess.arguments import checks_arguments
from geoaccess.errors import ConfigError, InputError, MissingFileError
from geoaccess.measures import ServiceSpec
from geoaccess.phrases import group_name, language_code
from geoaccess.shipped import own_or_shipped
from geoaccess.study.settings.demand import EVENTS
from geoaccess.study.settings.inputs import (
    CentralityComputed,
    CentralityTable,
    NoCentrality,
    SitesFromOsm,
    ZonesFromColumn,
    ZonesFromFile,
)
from geoaccess.study.settings.response import NORM_COLUMN, ResponseRule, read_response_rule
from geoaccess.study.settings.service_people import EVERYBODY, grid_groups, people_column
from geoaccess.study.settings.study_settings import Settings, files_asked
from geoaccess.toml import read_in, read_toml, texts_in, without_texts
from geoaccess.zones import CentralityScheme, make_scheme, read_scheme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geoaccess.study.settings.config_sections import CatchmentSettings, ServiceSettings

__all__ = ["Study", "load_study"]

MIN = 60.0


@dataclass(frozen=True)
class Study:
    """A study file that was read: its settings, and where it stands; paths in it are relative to its folder."""

    path: Path
    settings: Settings

    def __post_init__(self) -> None:
        """Take every text in the language of the study."""
        object.__setattr__(self, "settings", read_in(self.settings, self.settings.language))

    @property
    def name(self) -> str:
        """The name of the file without its suffix."""
        return self.path.stem

    def resolve(self, path: str) -> Path:
        """Return a path of the study file as seen from here."""
        full = files.beside(self.path, path)
        try:
            return full.relative_to(Path.cwd())
        except ValueError:
            return full

    @property
    def titles(self) -> tuple[str, ...]:
        """The title in every language that it is given in."""
        title = self.settings.title
        return tuple(title.by_language.values()) or (str(title),)

    @property
    def output(self) -> Path:
        """The folder that results are written to."""
        return self.resolve(self.settings.output)

    @property
    def cache(self) -> Path:
        """The folder that built networks are kept in."""
        return self.resolve(self.settings.cache)

    @property
    def profile(self) -> Path:
        """The profile file: one beside the study, else one that is shipped."""
        return self._profile_file(self.settings.network.profile)

    def _profile_file(self, name: str) -> Path:
        return own_or_shipped("profiles", name, own=self.resolve)

    @property
    def _scheme_file(self) -> Path | None:
        if self._described is not None:
            return None
        return own_or_shipped("schemes", self.settings.centrality.scheme, own=self.resolve)

    @property
    def _described(self) -> CentralityTable | None:
        """[centrality] where it describes the classes itself."""
        own = self.settings.centrality
        return own if isinstance(own, CentralityTable) and own.classes else None

    def with_profile(self, name: str) -> Study:
        """Return the study with another profile for its roads, named as in [network]."""
        network = self.settings.network.model_copy(update={"profile": name})
        return replace(self, settings=self.settings.model_copy(update={"network": network}))

    def in_language(self, language: str) -> Study:
        """Return the study with everything that people read in another language.

        Raises
        ------
        InputError
            If there is no catalogue of that language.
        """
        code = language_code(language)
        return replace(self, settings=self.settings.model_copy(update={"language": code}))

    @property
    def lacking(self) -> list[str]:
        """The keys whose texts are written in other languages but not in that of the study."""
        return [key for key, text in texts_in(self.settings) if text.lacks(self.settings.language)]

    @property
    def scheme(self) -> CentralityScheme:
        """The classes of zones: a scheme that is shipped, a file beside the study, or what the study describes."""
        own = self._described
        if own is not None:
            with_words = {"title": own.title, "in_text": own.in_text, "districts": own.districts}
            return make_scheme(str(self.path), source=own.source, classes=own.classes, **with_words)
        with self._naming_absent():
            return read_scheme(self.settings.centrality.scheme, folder=self.path.parent)

    @property
    def words(self) -> dict[str, str]:
        """What stands for {scheme} and {Scheme} in phrases: the scheme's word for a class, in the study's language."""
        return self.scheme.words(self.settings.language)

    @property
    def ferries(self) -> Path | None:
        """The table of ferries, where the study names one."""
        name = self.settings.network.ferries
        return self.resolve(name) if name else None

    @property
    def nvdb(self) -> Path | None:
        """The file or folder of NVDB Ruteplan, where the roads of the study are from there."""
        name = self.settings.network.nvdb
        return self.resolve(name) if name else None

    @property
    def closures(self) -> Path | None:
        """The table of roads closed for a part of the year, where the study names one."""
        name = self.settings.network.closures
        return self.resolve(name) if name else None

    @cached_property
    def response(self) -> ResponseRule | None:
        """How ambulances are measured: from the call, against the norm of the cell; None without [ambulance]."""
        settings = self.settings.ambulance
        if settings is None:
            return None
        with self._naming_absent():
            return read_response_rule(
                settings,
                figures=self.resolve(settings.figures) if settings.figures else None,
                profile=self.settings.network.profile,
                norms_min=self.settings.services[settings.base].norms_min,
                study=self.path,
            )

    @property
    def specs(self) -> list[ServiceSpec]:
        """The services as measures and maps see them."""
        return [self._spec(key, service) for key, service in self.settings.services.items()]

    def _spec(self, key: str, service: ServiceSettings) -> ServiceSpec:
        """Return a service; where it is asked about some people only, its name says whom."""
        column = people_column(service.people)
        who: str = service.people_label
        if not who and column != EVERYBODY:
            who = group_name(
                column.removeprefix(f"{EVERYBODY}_").removesuffix("_per_year"), language=self.settings.language
            )
        trips = service.trips_per_year
        if trips is None and service.people in EVENTS:
            trips = 1.0  # each of what happens in a year is one journey
        spec = ServiceSpec(
            key=key,
            label=f"{service.label} ({who})" if who else service.label,
            direction=service.direction,
            norms_s=tuple(minutes * MIN for minutes in service.norms_min),
            proxy_note=service.proxy_note,
            population=column,
            who=who,
            trips_per_year=trips,
        )
        rule = self.response
        if rule is None or rule.service != key:
            return spec
        return replace(spec, norms_s=rule.norms_s, norm_column=NORM_COLUMN, time="response")

    def demand_of(self, catchment: CatchmentSettings) -> str:
        """Return the column of the cells whose people share a catchment: its own, else those of its service."""
        return catchment.demand or people_column(self.settings.services[catchment.service].people)

    @cached_property
    def grid_groups(self) -> dict[str, str]:
        """The groups of people that are columns of the population table: by name the column."""
        settings = self.settings
        return grid_groups(settings.population.ages, settings.services, settings.demand, self.resolve)

    @property
    def inputs(self) -> dict[str, Path]:
        """Every file the study reads, by what it is for."""
        settings = self.settings
        found: dict[str, Path] = {"study": self.path, "profile": self.profile}
        found |= {f"osm {i + 1}": self.resolve(name) for i, name in enumerate(settings.network.osm)}
        found |= {"nvdb": self.nvdb} if self.nvdb is not None else {}
        if settings.network.ferries:
            found["ferries"] = self.resolve(settings.network.ferries)
        if settings.network.closures:
            found["closures"] = self.resolve(settings.network.closures)
        found |= {f"ferry gtfs {i + 1}": self.resolve(name) for i, name in enumerate(settings.network.ferry_gtfs)}
        found["population"] = self.resolve(settings.population.file)
        for i, source in enumerate(settings.sites):
            if not isinstance(source, SitesFromOsm):
                found[f"sites {i + 1}"] = self.resolve(source.file)
        if isinstance(settings.zones, ZonesFromFile):
            found["zones"] = self.resolve(settings.zones.file)
        if isinstance(settings.zones, ZonesFromColumn) and settings.zones.names_file:
            found["zone names"] = self.resolve(settings.zones.names_file)
        found |= self._files_of_classes
        if settings.reliability is not None:
            found["reliability"] = self.resolve(settings.reliability.table)
        return found | {what: self.resolve(name) for what, name in files_asked(settings).items()}

    @property
    def fetch_hint(self) -> str:
        """Where a missing file of the study can be had."""
        if self.settings.sources:
            return f"`geoaccess fetch {self.path}` downloads it"
        if self.settings.fetch:
            return f"`geoaccess fetch {self.settings.fetch}` downloads it"
        return f"check the path in {self.path}"

    def refuse_absent(self) -> None:
        """Refuse a study that names files that are not there, whether a verb needs them or not: results name them all.

        Raises
        ------
        InputError
            With all of them, and where they can be had.
        """
        absent = [f"{what}: {path} is not there" for what, path in self.inputs.items() if not files.is_there(path)]
        if absent:
            raise InputError.listing(str(self.path), [f"{line}; {self.fetch_hint}" for line in absent])

    @contextlib.contextmanager
    def _naming_absent(self) -> Iterator[None]:
        """Say of a file that is read with the study itself, as the figures of ambulances, what is said of any other."""
        try:
            yield
        except MissingFileError:
            self.refuse_absent()
            raise

    @property
    def _files_of_classes(self) -> dict[str, Path]:
        settings = self.settings
        found: dict[str, Path] = {}
        if settings.zones.changes:
            found["zone changes"] = self.resolve(settings.zones.changes)
        if self._scheme_file is not None and not isinstance(settings.centrality, NoCentrality):
            found["scheme"] = self._scheme_file
        if isinstance(settings.centrality, CentralityTable):
            found["centrality"] = self.resolve(settings.centrality.file)
        elif isinstance(settings.centrality, CentralityComputed):
            found["centrality profile"] = self._profile_file(settings.centrality.profile)
        return found

    @property
    def columns(self) -> list[str]:
        """The columns of the population table that ages, the ambulance chain and demand ask for."""
        asked = self.settings.ambulance.columns if self.settings.ambulance else []
        return [*asked, *self.grid_groups.values(), *self.settings.demand.columns]

    def described(self) -> dict[str, Any]:
        """Return the full configuration, defaults included, as plain values."""
        return self.settings.model_dump(mode="json")

    def decisive(self) -> dict[str, Any]:
        """Return the configuration as plain values, with nothing in place of what only people read."""
        return without_texts(self.settings) | {"language": None}


@checks_arguments
def load_study(path: str | Path) -> Study:
    """Read a study file.

    Raises
    ------
    MissingFileError
        If it is not there.
    ConfigError
        With everything that is wrong with it.

    Examples
    --------
    >>> load_study("configs/troms.toml").settings.population.year
    2019
    """
    file = Path(path)
    if file.suffix != ".toml":
        raise ConfigError(f"{file}: a study is a .toml file; `geoaccess new my-study.toml` writes one to start from")
    return Study(file, read_toml(file, Settings, hint="`geoaccess new my-study.toml` writes one to start from"))

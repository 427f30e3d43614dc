"""The sites of a study: read from its sources, with the columns its services ask for, at the levels they ask for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from geoaccess import services
from geoaccess.errors import ConfigError, InputError
from geoaccess.study.settings.config_sections import RuleByNames

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from geoaccess.study.settings.config_sections import ServiceSettings
    from geoaccess.study.settings.inputs import SitesFromFile
    from geoaccess.study.settings.study_file import Study

__all__ = ["at_their_levels", "copied_id", "least_level", "read_with_columns", "refuse_columns", "takes_new_sites"]

_OWN = ("service", "name", "level", "note", "source", "proxy")


def read_with_columns(study: Study, source: SitesFromFile, path: Path) -> gpd.GeoDataFrame:
    """Read the sites of a file, with the columns that the services in it ask for."""
    read = partial(
        services.read_sites,
        path,
        service=source.service,
        service_column=source.service_column,
        columns=source.columns,
        where=source.where,
        crs=source.crs,
        source=source.source,
        layer=source.layer,
    )
    table = read()
    asked = {column: key for service in table["service"].unique() for column, key in _asked(study, service).items()}
    if not asked:
        return table
    try:
        return read(carry=list(asked))
    except InputError as error:
        keys = ", ".join(f'{key} = "{column}"' for column, key in asked.items())
        raise InputError(f"{error}\n  ({study.path} asks for {keys})") from error


def refuse_columns(study: Study, table: gpd.GeoDataFrame) -> None:
    """Raise a `ConfigError` if a service asks for columns of mapped features, which have none."""
    problems = [
        f'{key} is "{column}", but the sites of {service} are mapped features, which have no such column; '
        'write them into a file and use [[sites]] kind = "file"'
        for service in table["service"].unique()
        for column, key in _asked(study, service).items()
    ]
    if problems:
        raise ConfigError.listing(str(study.path), problems)


def at_their_levels(study: Study, table: gpd.GeoDataFrame, *, needed: bool = True) -> gpd.GeoDataFrame:
    """Give services that read the sites of another a copy of them, and keep the sites of the level each asks for.

    Raises
    ------
    InputError
        If a site has no level or an unknown one; if some are `needed`, also where none has the level that a service
        asks for.
    """
    asked = study.settings.services
    parts = [table]
    for key, service in asked.items():
        if service.sites_of:
            copy = table[(table["service"] == service.sites_of).to_numpy(bool)].assign(service=key)
            copy.index = pd.Index([copied_id(label, service.sites_of, key) for label in copy.index], name="site_id")
            parts.append(copy)
    table = pd.concat(parts) if len(parts) > 1 else table
    for key, service in asked.items():
        levels = _levels(study, service)
        if (service.levels or service.at_least) and (table["service"] == key).any():
            least = service.at_least or levels[0]
            kept = services.at_least(table, key, least, levels={key: levels})
            if needed and kept.empty:
                raise InputError(f'{study.path}: [services.{key}] no site has at least the level "{least}"')
            table = pd.concat([table[(table["service"] != key).to_numpy(bool)], kept])
    return table


def _levels(study: Study, service: ServiceSettings) -> list[str]:
    base = study.settings.services.get(service.sites_of or "")
    return service.levels or (base.levels if base else [])


def copied_id(label: str, source: str, key: str) -> str:
    """Return the id of the copy of a site that a service takes from another.

    >>> copied_id("birth_unit-tromso", "birth_unit", "obstetric_unit")
    'obstetric_unit-tromso'
    """
    return f"{key}-{label.removeprefix(f'{source}-')}"


def least_level(study: Study, key: str) -> str:
    """Return the level of a new site of which none is given: the lowest that its service counts, "" without levels."""
    service = study.settings.services[key]
    levels = _levels(study, service)
    return service.at_least or (levels[0] if levels else "")


def takes_new_sites(study: Study, key: str) -> bool:
    """Whether a service that takes the sites of another takes a new one of which no level is given."""
    service = study.settings.services[key]
    levels, given = _levels(study, service), least_level(study, service.sites_of or key)
    return not service.at_least or (given in levels and levels.index(given) >= levels.index(service.at_least))


def _asked(study: Study, service: str) -> dict[str, str]:
    """Return the columns of the table of sites that a study asks of a service, and the key that names each."""
    found: dict[str, str] = {}
    for key, settings in study.settings.services.items():
        if service in (key, settings.sites_of):
            for name in ("municipality", "opening", "days_per_week", "fte_days", "capacity"):
                found.setdefault(getattr(settings, name) or "", f"[services.{key}] {name}")
            if isinstance(settings.rule, RuleByNames):
                found.setdefault(settings.rule.column, f"[services.{key}.rule] column")
            for name, catchment in study.settings.catchments.items():
                if catchment.service == key and catchment.supply:
                    found.setdefault(catchment.supply, f"[catchments.{name}] supply")
    ambulance = study.settings.ambulance
    if ambulance and service in (ambulance.base, study.settings.services[ambulance.base].sites_of):
        for column, name in ambulance.site_columns.items():
            found.setdefault(column, f"[ambulance] {name}")
    return {column: key for column, key in found.items() if column and column not in _OWN}

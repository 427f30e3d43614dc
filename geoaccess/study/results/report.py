"""The numbers of a report, gathered from the answers of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from geoaccess import demand, maps, measures
from geoaccess.measures.groups import group_cells, read_population
from geoaccess.phrases import Writer, group_name, note, table_text, text
from geoaccess.study.data_sources import attribution_of, records_of
from geoaccess.study.results.boats import boats_of
from geoaccess.study.results.dictionary import meaning, names_of
from geoaccess.study.results.tables import masked
from geoaccess.study.settings.inputs import CentralityDegurba, CentralityTable, SitesFromFile, SitesFromOsm
from geoaccess.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geoaccess.measures import ServiceSpec
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["report_of"]

_MOST_PLACES: Final = 3
_MOST_ROWS: Final = 10
_UNREACHED_ROWS: Final = 20
_EXTRA_ROWS: Final = 40
_LONG_WALK_M: Final = 1000.0
_LIST_ROWS: Final = 15
_STANDING: Final = ("everybody", "centrality_class", "municipality", "region")
_DOTS: Final = ["population", "median_s", "p90_s"]
_MUNICIPALITY: Final = ["municipality_id", "municipality", "centrality_class"]


def report_of(
    answers: Answers,
    tables: Mapping[str, pd.DataFrame],
    *,
    pictures: Mapping[str, bytes],
    digests: Mapping[str, str],
    cells: pd.DataFrame | None = None,
) -> maps.Report:
    """Gather what the report says.

    Parameters
    ----------
    tables
        All tables of the study, as `all_tables` gives them.
    pictures
        The figures as PNG, by the names of their files.
    digests
        SHA-256 of every input, by what it is for.
    cells
        The table of cells as it is written, as `masked` gives it; None has it made here.
    """
    settings = answers.study.settings
    found = _Found(answers, tables)
    return maps.Report(
        title=settings.title,
        subtitle=settings.subtitle,
        language=settings.language,
        disclaimer=settings.disclaimer,
        note=settings.note,
        limits=tuple(settings.limits),
        author=settings.author,
        year="" if settings.year is None else str(settings.year),
        attribution=tuple(attribution_of(answers.study)),
        population=answers.population,
        classes=found.class_people(),
        services=tuple(found.service(spec) for spec in answers.study.specs),
        unreached=_unreached(answers),
        islands=tables["islands"],
        data=_data(answers, digests, cells),
        pictures=pictures,
        figure_texts=_figure_texts(answers, pictures),
        scheme=answers.study.scheme,
        extras=tuple(_extra(answers.study, name, table) for name, table in _extras(answers, tables).items()),
    )


def _figure_texts(answers: Answers, pictures: Mapping[str, bytes]) -> dict[str, str]:
    """Return what figures show, in a sentence, by their names."""
    study, sites = answers.study, answers.sites
    names = {str(key): str(name) for key, name in sites["name"].items()}
    language = study.settings.language
    return {
        figure.name: figure.tells(answers.results, study.specs, names, language)
        for figure in maps.FIGURES
        if figure.name in pictures
    }


class _Found:
    """The tables that the findings of every service are picked from."""

    def __init__(self, answers: Answers, tables: Mapping[str, pd.DataFrame]) -> None:
        specs, results = answers.study.specs, answers.everyone
        self.answers = answers
        self.everybody = tables["everybody"].set_index("service")
        self.classes = tables["classes"]
        self.contrast = tables["contrast"].set_index("service")
        self.municipalities = tables["municipalities"]
        self.slack = tables["slack"][tables["slack"]["zoning"].isin(["everybody", "centrality_class"])]
        self.exposed = measures.slack_table_of_services(results, services=specs, by=_MUNICIPALITY)
        self.equity = tables["equity"]
        closed = measures.second_nearest_of_services(results, services=specs)
        after = measures.norm_table_of_services(closed, services=specs)
        number = after.groupby("service", sort=False).cumcount() + 1
        keys = zip(after["service"], number, strict=True)
        self.closed = dict(zip(keys, after["share_within"].astype(float), strict=True))

    def class_people(self) -> dict[str, float]:
        """Return the people of every class that has some."""
        results = self.answers.everyone
        groups = group_cells(results, by="centrality_class")
        people = dict(zip(groups.labels["centrality_class"], groups.sums(read_population(results)), strict=True))
        return {str(name): float(number) for name, number in people.items() if number > 0}

    def service(self, spec: ServiceSpec) -> maps.ServiceFindings:
        """Return what was found of one service."""
        own = _row(self.everybody, spec.key)
        places = self.answers.sites[self.answers.sites["service"] == spec.key]
        rows = self.municipalities[self.municipalities["service"] == spec.key]
        exposed = self.exposed[(self.exposed["service"] == spec.key) & (self.exposed["reached"] > 0)]
        indices = self.equity[self.equity["service"] == spec.key]
        indices = indices[indices["norm_s"].isna()].set_index("index")
        return maps.ServiceFindings(
            key=spec.key,
            label=spec.label,
            direction=spec.direction,
            proxy_note=spec.proxy_note,
            norms_s=spec.norms_s,
            from_call=spec.from_call,
            sites=len(places),
            proxies=int(places["proxy"].sum()),
            who=spec.who,
            limits=tuple(self.answers.study.settings.services[spec.key].limits),
            population=float(own["population"]),
            in_districts=self.in_districts(spec),
            reached=float(own["reached"]),
            unreached=float(own["unreached"]),
            reasons={name: float(own[f"unreached_{name}"]) for name in measures.REASONS},
            mean_s=float(own["mean_s"]),
            median_s=float(own["median_s"]),
            p90_s=float(own["p90_s"]),
            norms=tuple(self.norm(spec, number) for number in range(1, spec.n_norms + 1)),
            contrast=_row(self.contrast, spec.key),
            municipalities=rows[~(rows["population"] <= 0)][["municipality", "centrality_class", *_DOTS]],
            slack=self.slack[self.slack["service"] == spec.key].rename(columns={"group": "centrality_class"}),
            exposed=exposed.sort_values(
                ["median_slack_s", "reached", "municipality_id"], ascending=[False, False, True]
            ).head(_MOST_ROWS),
            equity={str(name): _row(indices, name) for name in indices.index},
        )

    def in_districts(self, spec: ServiceSpec) -> float:
        """Return how many of the people of a service live in districts."""
        classes = self.classes[self.classes["service"] == spec.key].set_index("centrality_class")["population"]
        return float(classes.reindex(self.answers.study.scheme.district_ids).fillna(0.0).sum())

    def norm(self, spec: ServiceSpec, number: int) -> maps.Norm:
        """Return who meets a norm of a service, and where those live who do not."""
        own = _row(self.everybody, spec.key)
        inside, beyond = f"share_within_norm_{number}", f"people_beyond_norm_{number}"
        classes = self.classes[self.classes["service"] == spec.key].set_index("centrality_class")
        rows = self.municipalities[self.municipalities["service"] == spec.key]
        most = rows[(rows[beyond] > 0) & (rows["municipality_id"] != "unclassified")]
        most = most.sort_values([beyond, "municipality_id"], ascending=[False, True]).head(_MOST_PLACES)
        return maps.Norm(
            limits_s=spec.norm_limits[number - 1],
            people_within=float(own["population"] - own[beyond]),
            people_beyond=float(own[beyond]),
            share=float(own[inside]),
            after_share=float(self.closed[(spec.key, number)]),
            share_by_class={str(name): float(share) for name, share in classes[inside].items()},
            beyond_in_districts=float(
                classes[beyond].reindex(self.answers.study.scheme.district_ids).fillna(0.0).sum()
            ),
            beyond_most=tuple(zip(most["municipality"], most[beyond].astype(float), strict=True)),
        )


def _row(table: pd.DataFrame, label: Any) -> dict[str, Any]:
    return {str(name): value for name, value in table.loc[label].items()}


def _unreached(answers: Answers) -> pd.DataFrame:
    """Return people not reached by municipality and reason, a column for every service; most first."""
    parts = []
    for spec in answers.study.specs:
        lost = answers.everyone[answers.everyone[f"{spec.key}_reason"] != ""]
        lost = lost.assign(
            reason=lost[f"{spec.key}_reason"].astype(str), service=spec.key, population=lost[spec.population]
        )
        parts.append(lost[["municipality", "reason", "service", "population"]])
    table = pd.concat([pd.DataFrame(part) for part in parts]).astype({"municipality": str})
    wide = table.pivot_table(
        index=["municipality", "reason"], columns="service", values="population", aggfunc="sum", fill_value=0.0
    )
    wide = wide.reindex(columns=[spec.key for spec in answers.study.specs], fill_value=0.0)
    wide = wide[wide.max(axis=1) > 0].assign(_most=lambda rows: rows.max(axis=1)).reset_index()
    wide = wide.sort_values(["_most", "municipality", "reason"], ascending=[False, True, True], ignore_index=True)
    wide.attrs["rows_in_all"] = len(wide)
    return wide.drop(columns="_most").head(_UNREACHED_ROWS)


def _masked(answers: Answers, shown: pd.DataFrame | None) -> dict[str, float]:
    """Count the cells with a band in the table that is `shown`, and their people; nothing where all are shown."""
    below = answers.study.settings.population.mask_below
    if not below:
        return {}
    shown = masked(answers.results, answers.study) if shown is None else shown
    few = (shown[demand.BAND_COLUMN] != "").to_numpy(np.bool_)
    people = answers.results["population"].to_numpy(np.float64)
    return {"mask_below": below, "cells_masked": int(few.sum()), "people_masked": float(np.nansum(people[few]))}


def _data(answers: Answers, digests: Mapping[str, str], cells: pd.DataFrame | None) -> maps.Data:
    study, results, network = answers.study, answers.results, answers.network
    settings = study.settings
    ferries = network.ferries
    by_table, timed = ferries["table_row"] > 0, ferries["timetable"] != ""
    given = (note("duration_tagged", shared=""), note("duration_official"))
    counts = {
        **{name: float(number) for name, number in network.counts.items()},
        "cells": len(results),
        **_masked(answers, cells),
        "municipalities": int(results.loc[results["municipality_id"] != "", "municipality_id"].nunique()),
        "cells_not_snapped": int(results["off_network_m"].isna().sum()),
        "people_not_snapped": float(results.loc[results["off_network_m"].isna(), "population"].sum()),
        "people_far_from_roads": float(results.loc[results["off_network_m"] > _LONG_WALK_M, "population"].sum()),
        "long_walk_m": _LONG_WALK_M,
        "cells_by_nearest_municipality": int((results["zone_note"] == "nearest").sum()),
        "people_without_municipality": float(results.loc[results["municipality_id"] == "", "population"].sum()),
        "people_without_class": float(results.loc[results["centrality_class"].isna(), "population"].sum()),
        "ferries": len(ferries),
        "ferries_by_timetable": int(timed.sum()),
        "ferries_by_table": int((by_table & ~timed).sum()),
        "ferries_by_duration": int((~by_table & ~timed & ferries["note"].str.startswith(given)).sum()),
        "ferries_with_cars": int(ferries["cars"].sum()),
        "median_wait_s": float(np.nanmedian(ferries["wait_s"])) if ferries["wait_s"].notna().any() else 0.0,
        "snap_max_m": settings.snap.max_m,
        "off_network_kph": settings.snap.off_network_kph,
        "min_component_km": settings.network.min_component_km,
    }
    boats = boats_of(answers)
    return maps.Data(
        origins=tuple(_origins(study, digests, boats)),
        counts=counts,
        centrality_note=_note_of_classes(study),
        left_out=tuple(answers.sites_not_snapped),
        digests=tuple((what, study.inputs[what].name, digest) for what, digest in digests.items()),
        profile=settings.network.profile,
        boats=boats,
        version=__version__,
        study_file=study.path.name,
    )


def _note_of_classes(study: Study) -> str:
    """Say how the classes were computed; nothing where they are from a table."""
    settings = study.settings.centrality
    if isinstance(settings, CentralityDegurba):
        return " ".join(filter(None, (text(study.settings.language, "report.m_degurba"), settings.note)))
    return "" if isinstance(settings, CentralityTable) else settings.note


def _origins(study: Study, digests: Mapping[str, str], boats: maps.Boats | None) -> list[maps.Origin]:
    """Return where the data are from and of when, as the study file says, or what was kept beside a fetched file."""
    settings = study.settings
    records = records_of(study, digests=digests)
    fetched = {what: text(settings.language, "report.fetched", date=one.fetched) for what, one in records.items()}

    def origin(kind: str, what: str, source: str, date: str = "") -> maps.Origin:
        known = records.get(what)
        credit = f"{known.what} ({known.publisher}, {known.licence})" if known else ""
        return maps.Origin(kind, ", ".join(filter(None, (source, credit))), date or fetched.get(what, ""))

    dated = settings.network.dated
    found = [
        origin("roads", f"osm {i}", _file(study.resolve(name)), dated)
        for i, name in enumerate(settings.network.osm, start=1)
    ]
    if study.nvdb is not None:
        found.append(maps.Origin("roads", f"NVDB Ruteplan, Statens vegvesen (NLOD): {_file(study.nvdb)}", dated))
    when = settings.network.when
    found.append(maps.Origin("profile", settings.network.profile, when.isoformat() if when else ""))
    if study.ferries is not None:
        found.append(maps.Origin("ferries", _file(study.ferries)))
    if boats is not None:
        day = Writer(settings.language, ("report",)).day(boats.day)
        of = f"{day}, {'-'.join(boats.hours)}"
        found += [origin("timetable", what, file, of) for what, file in boats.files]
    found.append(origin("people", "population", settings.population.source, str(settings.population.year)))
    for i, source in enumerate(settings.sites, start=1):
        if isinstance(source, SitesFromOsm):
            found.append(maps.Origin("sites", f"{source.service}: OpenStreetMap"))
        else:
            source_text = source.source if isinstance(source, SitesFromFile) else "OpenStreetMap"
            named = ", ".join(filter(None, (source_text, _file(study.resolve(source.file)))))
            found.append(origin("sites", f"sites {i}", named))
    if isinstance(settings.centrality, CentralityTable):
        found.append(maps.Origin("classes", settings.centrality.source, str(settings.centrality.year)))
    elif isinstance(settings.centrality, CentralityDegurba):
        found.append(maps.Origin("classes", study.scheme.source, str(settings.population.year)))
    elif settings.centrality.note:
        found.append(maps.Origin("classes", settings.centrality.note))
    return found


def _file(path: Path) -> str:
    return path.name


def _extras(answers: Answers, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables that have no section of their own: of optional parts, areas that the study names, shortfall."""
    short, named = tables["shortfall"], tables["zonings"]
    found = {"shortfall": short[short["people_beyond"] > 0]} if len(short) else {}
    found |= answers.tables | {"zonings": named[~named["zoning"].isin(_STANDING)]}
    return {name: table for name, table in found.items() if len(table)}


def _extra(study: Study, name: str, table: pd.DataFrame) -> maps.Extra:
    """Return an optional table for the report: rows of everybody and of classes first, then as many as have room."""
    language, names = study.settings.language, names_of(study)
    shown = _first(table)
    shown = shown[_columns(shown)]
    columns = [str(column) for column in shown.columns]
    meanings = [meaning(name, column, names=names, language=language) for column in columns]
    heads = tuple(
        (known.label if known else "") or column.replace("_", " ")
        for column, known in zip(columns, meanings, strict=True)
    )
    units = tuple(
        known.unit if known else _unit(column, table[column]) for column, known in zip(columns, meanings, strict=True)
    )
    title, note = table_text(language, name) or (name.replace("_", " "), "")
    for kind in ("service", "zoning", "catchment"):
        if kind in shown.columns:
            shown = shown.assign(**{kind: [names[kind].get(str(key), str(key)) for key in shown[kind]]})
    if "who" in shown.columns:
        who = shown["who"].astype(str).str.replace(r"^population_", "", regex=True)
        shown = shown.assign(who=[_group(name, language) for name in who])
    return maps.Extra(name, title, note, heads, units, shown, rows_in_all=len(table))


def _group(name: str, language: str) -> str:
    return text(language, "groups.everybody") if name == "population" else group_name(name, language=language)


def _columns(table: pd.DataFrame) -> list[str]:
    """Return the columns that say something to a reader: no shapes, no reasons one by one, none that is empty."""
    left_out = {"geometry", "disclaimer"}
    if "zoning_label" in table.columns:
        left_out.add("zoning")
    if "zoning" in table.columns and (table["zoning"] == "everybody").all():
        left_out |= {"zoning", "group"}
    if "centrality_class" in table.columns and (table["centrality_class"].astype(str) == "unclassified").all():
        left_out.add("centrality_class")
    return [
        column
        for column in table.columns
        if column not in left_out and not str(column).startswith("unreached_") and table[column].notna().any()
    ]


def _unit(column: str, values: pd.Series[Any]) -> str:
    """Guess how a column is written that the dictionary does not know: by its name, as names carry units."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return ""
    return {"_s": "s", "_m": "m"}.get(column[-2:], "share" if column.startswith("share") else "number")


def _first(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows worth most in a report: those for everybody and for classes, as far as there is room."""
    if len(table) <= _EXTRA_ROWS:
        return table
    if "zoning" in table.columns:
        wide = table[~table["zoning"].isin(["municipality", "region"])]
        if len(wide) > _EXTRA_ROWS and (wide["zoning"] == "everybody").any():
            wide = wide[wide["zoning"] == "everybody"]
        return (wide if len(wide) else table).head(_EXTRA_ROWS)
    return table.head(_LIST_ROWS)

"""A study beside published statistics: what was computed, what is published, and what differs in the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from geoaccess import measures
from geoaccess.arguments import checks_arguments
from geoaccess.errors import InputError
from geoaccess.osm import read_profile
from geoaccess.phrases import Writer, text
from geoaccess.questions.validation.references import read_reference
from geoaccess.questions.validation.statbank import read_ssb_12764
from geoaccess.study import stages
from geoaccess.study.data_sources import attribution_of
from geoaccess.study.municipality_numbers import changes_of, matched
from geoaccess.study.pipeline import solve_study
from geoaccess.study.results.result_folder import result_files
from geoaccess.study.results.tables import marked, table_files, write_table
from geoaccess.study.settings.variations import study_variations
from geoaccess.study.stamps import InputStamps
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study
    from geoaccess.zones import CentralityScheme

__all__ = [
    "FORMS",
    "Validation",
    "choose_reference",
    "settings_that_matter",
    "validate_answers",
    "validate_study",
    "validation_table",
    "with_profile",
    "write_validation",
]

FORMS = ("tidy", "ssb12764")
_OUT_OF_HOURS = ("legevakt", "out_of_hours")
_SHOWN = {"mean", "median", "P50", "P90"}
_MOST_ROWS = 24
_DECIMALS = {"min": 1, "share": 3, "people": 0}


@dataclass(frozen=True)
class Validation:
    """What was compared: `table` and `unmatched` of `compare_statistics`, its `summary`, and what to know of it."""

    study: Study
    table: pd.DataFrame
    unmatched: pd.DataFrame
    summary: pd.DataFrame
    explanation: list[str]
    stamps: InputStamps = field(default_factory=InputStamps)


@checks_arguments
def choose_reference(path: Path, *, form: str, service: str | None, year: int | None) -> pd.DataFrame:
    """Read published statistics in one of `FORMS`.

    Raises
    ------
    InputError
        If the form is unknown, a service or year is given or left out against its nature, or the service is not what
        the StatBank table is about; else as reading it.
    """
    if form not in FORMS:
        raise InputError(f'--form is "{form}"{did_you_mean(form, FORMS)}')
    if form == "tidy":
        if service is not None or year is not None:
            raise InputError("--service and --year belong to --form ssb12764; a tidy table says both in its rows")
        return read_reference(path)
    if service is None:
        raise InputError("--form ssb12764 needs --service: which service of the study the table is about")
    if service.startswith(_OUT_OF_HOURS):
        raise InputError(
            f'--service "{service}": StatBank table 12764 is drive time to the nearest hospital emergency department '
            "(akuttmottak), not to an out-of-hours clinic (legevakt); name the service that has emergency admission, "
            "such as hospital"
        )
    return read_ssb_12764(path, service=service, year=year)


@checks_arguments
def with_profile(path: Path, profile: str) -> Study:
    """Return a study with another profile: car, ssb, or a .toml file."""
    return study_variations([path], {profile: {"network.profile": profile}})[0].study


@checks_arguments
def validate_study(
    study: Study, reference: pd.DataFrame, *, stamps: InputStamps | None = None, show: bool = True
) -> Validation:
    """Compute a study and compare it with published statistics; see `validate_answers`.

    Parameters
    ----------
    stamps
        Of the file of the statistics, from before it was read: nothing is written where it was replaced meanwhile.
    """
    unknown = sorted({*reference["service"]} - {*study.settings.services})
    if len(unknown) == reference["service"].nunique():
        hints = [f'no service "{key}"{did_you_mean(key, study.settings.services)}' for key in unknown]
        raise InputError.listing(str(study.path), hints)  # before the long work
    return validate_answers(solve_study(study, show=show).since(stamps or InputStamps()), reference)


@checks_arguments
def validate_answers(answers: Answers, reference: pd.DataFrame) -> Validation:
    """Compare what a study found with published statistics.

    Parameters
    ----------
    answers
        Of `solve_study` or `run`.
    reference
        As of `read_reference` or `read_ssb_12764`: geographies are municipalities (number or name), "class 1"
        and so on, "everybody", regions, and the areas of further zonings.

    Returns
    -------
    A `Validation`; in its table the settings of the study stand beside every row.

    Raises
    ------
    InputError
        If nothing at all can be compared, with the reasons.
    """
    zonings = {"everybody": None, "class": "centrality_class", "municipality": "municipality_id", "region": "region"}
    zonings |= {zoning.name: zoning.name for zoning in answers.study.settings.zonings}
    if changes_of(answers.study):
        here = [zone for zone in answers.results["municipality_id"].unique() if zone != ""]
        reference = reference.assign(geography=matched(answers.study, reference["geography"], here))
    found = measures.compare_statistics(
        answers.results,
        reference,
        services=answers.study.specs,
        zonings=zonings,
        names={"municipality": "municipality"},
    )
    if found.table.empty:
        reasons = found.unmatched.groupby("reason", sort=False)["geography"].agg(["size", "first"])
        lines = [f"{row.size} rows, the first {row.first}: {row.Index}" for row in reasons.itertuples()]
        raise InputError.listing("the reference: no row can be compared", lines)
    settings = settings_that_matter(answers.study)
    return Validation(
        study=answers.study,
        table=found.table.assign(**settings),
        unmatched=found.unmatched,
        summary=measures.difference_summary(found.table),
        explanation=_explanation(answers, found),
        stamps=answers.stamps,
    )


def settings_that_matter(study: Study) -> dict[str, str | float | int]:
    """Return the settings in which published travel times most often differ from a study's."""
    ferry = read_profile(study.profile).ferry
    return {
        "profile": study.settings.network.profile,
        "ferry_wait": ferry.wait,
        "ferry_kph": ferry.ssb_kph if ferry.wait == "ssb" else np.nan,
        "off_network_kph": study.settings.snap.off_network_kph,
        "population_year": study.settings.population.year,
    }


def _explanation(answers: Answers, found: measures.Comparison) -> list[str]:
    """Say, a line each, in what the study and the published numbers may differ."""
    study = answers.study
    profile = read_profile(study.profile)
    ferry, snap, people = profile.ferry, study.settings.snap, study.settings.population
    writer = Writer(study.settings.language, ("validation",))
    if study.nvdb is not None:
        lines = [writer["speeds_nvdb"]]
    else:
        lines = [writer.text("speeds", profile=study.settings.network.profile, title=profile.title)]
    if ferry.wait == "ssb":
        lines.append(writer.text("ferries_ssb", kph=writer.plain(ferry.ssb_kph)))
    else:
        wait = writer.text(f"wait_{ferry.wait}", min=writer.plain(ferry.wait_min))
        if stages.follows_timetable(study):
            meant = study.settings.network.timetable
            wait = writer.text("wait_timetable", day=writer.day(meant.day), begin=meant.hours[0], end=meant.hours[1])
        lines.append(writer.text("ferries", wait=wait))
    off, most = writer.plain(snap.off_network_kph), writer.plain(snap.max_m)
    lines.append(writer.text("off_road", kph=off, m=most))
    lines.append(writer.text("people", year=people.year, source=people.source))
    for spec in study.specs:
        if (found.table["service"] == spec.key).any():
            sites = int((answers.sites["service"] == spec.key).sum())
            unreached = answers.results.loc[answers.results[f"{spec.key}_reason"] != "", spec.population].sum()
            note = f" ({spec.proxy_note})" if spec.proxy_note else ""
            lost, of = writer.people(unreached), writer.people(answers.results[spec.population].sum())
            lines.append(writer.text("nearest", label=spec.label, sites=sites, note=note, n=lost, of=of))
    lines.append(writer["not_reached"])
    if study.settings.disclaimer:
        lines.append(writer.text("says", disclaimer=study.settings.disclaimer))
    return lines


@checks_arguments
def validation_table(validation: Validation) -> pd.DataFrame:
    """Return the summary as it is printed: of many rows those of the most geographies, mean, median, P90 and shares."""
    table = validation.summary
    if len(table) > _MOST_ROWS:
        table = table[table["statistic"].isin(_SHOWN) | (table["unit"] != "min")]
        table = table.sort_values("geographies", ascending=False, kind="stable").head(_MOST_ROWS)
    writer = Writer(validation.study.settings.language, ("validation",))
    digits = table["unit"].map(_DECIMALS)
    labels = {spec.key: spec.label for spec in validation.study.specs}

    def rounded(column: str, write: Callable[[float, int], str]) -> list[str]:
        return [write(value, decimals) for value, decimals in zip(table[column], digits, strict=True)]

    return pd.DataFrame(
        {
            writer["by"]: table["zoning"].map(lambda name: writer.known(f"by_{name}", otherwise=name)),
            writer["service"]: table["service"].map(labels),
            writer["statistic"]: table["statistic"] + " (" + table["unit"].map(lambda unit: writer[f"in_{unit}"]) + ")",
            writer["n"]: table["geographies"],
            writer["never"]: table["never_reached"],
            writer["bias"]: rounded("bias", writer.signed),
            "MAE": rounded("mae", writer.number),
            "RMSE": rounded("rmse", writer.number),
            "r": [writer.number(value, 2) for value in table["correlation"]],
            writer["largest"]: _largest(validation.table, table, writer, validation.study.scheme),
        }
    )


def _largest(rows: pd.DataFrame, shown: pd.DataFrame, writer: Writer, scheme: CentralityScheme) -> list[str]:
    """Return the geographies with the largest differences for each line of a summary."""
    which = ["zoning", "service", "statistic"]
    parts = dict(iter(rows.groupby(which, sort=False)))
    lines = []
    for key in shown[which].itertuples(index=False, name=None):
        part = measures.largest_differences(parts[key])
        lines.append(", ".join(_difference(row, writer, scheme) for row in part.to_dict("records")))
    return lines


def _difference(row: Mapping[Any, Any], writer: Writer, scheme: CentralityScheme) -> str:
    name = writer["by_everybody"] if row["zoning"] == "everybody" else row["name"]
    if row["zoning"] == "class":
        name = scheme.short(str(row["group"]), writer.language) if str(row["group"]) in scheme.ids else row["group"]
    if np.isinf(row["difference"]):
        return writer.text("never_reached", name=name)
    return f"{name} {writer.signed(row['difference'], _DECIMALS[row['unit']])}"


@checks_arguments
def write_validation(validation: Validation, *, name: str = "validation") -> list[Path]:
    """Write tables and figures into the output folder of the study, all or nothing; return the files.

    `validation`, `validation_summary` and `validation_unmatched` as CSV and Parquet, and `validation_<service>.png`;
    all begin with `name`.
    """
    from geoaccess import maps
    from geoaccess.study.results.pictures import forms_of, look_of

    settings, folder = validation.study.settings, validation.study.output
    profile = text(settings.language, "validation.profile", profile=settings.network.profile)
    tables = {
        name: validation.table,
        f"{name}_summary": validation.summary,
        f"{name}_unmatched": validation.unmatched,
    }
    names = [
        *table_files(*tables),
        *(form for spec in validation.study.specs for form in forms_of(f"{name}_{spec.key}.png")),
    ]
    with result_files(folder, former=lambda: names, stamps=validation.stamps) as temporary:
        for stem, table in tables.items():
            write_table(marked(table, settings.disclaimer), temporary / stem)
        for spec in validation.study.specs:
            part = validation.table[validation.table["service"] == spec.key]
            if len(part):
                maps.validation_figure(
                    temporary / f"{name}_{spec.key}.png",
                    table=part,
                    title=f"{spec.label}: {settings.title}",
                    subtitle=". ".join(filter(None, (settings.subtitle, profile))),
                    disclaimer=settings.disclaimer,
                    attribution="; ".join(attribution_of(validation.study) + sorted(set(part["source"]) - {""})),
                    language=settings.language,
                    scheme=validation.study.scheme,
                    look=look_of(validation.study),
                )
        return [folder / one for one in names if (temporary / one).exists()]

"""The tables that every study gives of all its services: slack, percentiles, zonings, indices, shortfall of norms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from geoaccess import equity, measures
from geoaccess.study.columns import ResultTable, unitless
from geoaccess.study.zonings import labels_of_zonings, zonings_of

if TYPE_CHECKING:
    from geoaccess.background import Background, Started
    from geoaccess.study.answers import Answers
    from geoaccess.study.settings.study_file import Study

__all__ = ["INDICES", "OVERVIEW", "indices_of", "start_indices"]

INDICES: Final = "equity"
"""The table of `indices_of`."""

_HOUR_S = 3600.0
_SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def _slack(answers: Answers) -> pd.DataFrame:
    study, results = answers.study, answers.everyone
    return measures.slack_table_of_services(results, services=study.specs, by=zonings_of(study, results))


def _percentiles(answers: Answers) -> pd.DataFrame:
    study, results = answers.study, answers.everyone
    return measures.quantile_table_of_services(
        results, services=study.specs, shares=_SHARES, by=zonings_of(study, results)
    )


def _zonings(answers: Answers) -> pd.DataFrame:
    study = answers.study
    by = zonings_of(study, answers.everyone)
    table = answers.summary(by)
    labels = {name: name for name in by} | labels_of_zonings(study)
    table.insert([*table.columns].index("zoning") + 1, "zoning_label", table["zoning"].map(labels).astype("str"))
    return table


def _indices(answers: Answers) -> pd.DataFrame:
    return indices_of(answers.everyone, answers.study)


def start_indices(pool: Background, study: Study, results: pd.DataFrame) -> Started[pd.DataFrame]:
    """Start to compute `indices_of`: of all tables it takes longest, as its intervals are drawn."""
    of_specs = [(f"{spec.key}_s", spec.population, spec.norm_column) for spec in study.specs]
    named = {"centrality_index", "centrality_class", "municipality_id", *(name for one in of_specs for name in one)}
    needed = pd.DataFrame(results)[[name for name in results.columns if name in named]]
    return pool.start(indices_of, needed, study)


def indices_of(results: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the indices of every service; a norm is named in seconds, as everywhere."""
    asked = study.settings.equity
    ranked = bool(results["centrality_index"].notna().any())
    table = equity.equity_table_of_services(
        results,
        services={spec.key: f"{spec.key}_s" for spec in study.specs},
        norms={spec.key: spec.norms_s for spec in study.specs if not spec.norm_column},
        norm_columns={spec.key: spec.norm_column for spec in study.specs if spec.norm_column},
        population={spec.key: spec.population for spec in study.specs},
        by="centrality_class",
        ranking="centrality_index" if ranked else None,
        clusters="municipality_id" if asked.clusters == "municipality" else None,
        draws=asked.draws,
        seed=asked.seed,
    )
    return table.rename(columns={"norm": "norm_s"})


def _shortfall(answers: Answers) -> pd.DataFrame:
    """Return for each service, norm and class the people to move, and their time together in seconds."""
    results = answers.everyone
    tables = []
    for spec in answers.study.specs:
        times = results[f"{spec.key}_s"].fillna(np.inf)
        for norm_s, limit in zip(spec.norm_values, spec.limits(results), strict=True):
            found = equity.norm_shortfall(
                times, norm=limit, weights=results[spec.population], groups=results["centrality_class"]
            )
            found = found.rename_axis("centrality_class").reset_index()
            found.insert(0, "service", spec.key)
            found.insert(1, "norm_s", norm_s)
            if any(one.trips_per_year is not None for one in answers.study.specs):
                trips = np.nan if spec.trips_per_year is None else spec.trips_per_year
                found["hours_to_save_per_year"] = found["time_to_save"] / _HOUR_S * trips
            tables.append(found)
    if not tables:
        return pd.DataFrame({"service": pd.Series(dtype="str"), "norm_s": pd.Series(dtype="float64")})
    table = pd.concat(tables, ignore_index=True)
    return table.rename(columns={"time_to_save": "time_to_save_s", "mean_to_save": "mean_to_save_s"})


OVERVIEW: Final = (
    ResultTable("slack", _slack, {}),
    ResultTable("percentiles", _percentiles, {}),
    ResultTable("zonings", _zonings, {}),
    ResultTable(
        INDICES,
        _indices,
        {
            **unitless("index", "unreached_counted"),
            "norm_s": "s",
            **dict.fromkeys(("value", "low", "high", "between", "within"), "number"),
            **dict.fromkeys(("n_people_in", "n_people_unranked", "n_people_unreached"), "people"),
        },
    ),
    ResultTable(
        "shortfall",
        _shortfall,
        {
            **dict.fromkeys(("people_unreached", "people_to_move", "people_to_reach"), "people"),
            "time_to_save_s": "person s",
            "mean_to_save_s": "s",
            "hours_to_save_per_year": "number",
        },
    ),
)
"""Slack, percentiles and the summary with its norms by every zoning; indices of inequality; shortfall of norms."""

"""A study compared with itself under scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geoaccess import scenarios
from geoaccess.errors import InputError
from geoaccess.study.changed import apply_scenarios, needs_names, solve_base, solve_changed
from geoaccess.study.named_places import named_places

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from geoaccess.scenarios import AddSite, ChangeSite, Scenario
    from geoaccess.study.changed import Base, Changed
    from geoaccess.study.config import Study

__all__ = ["Compared", "compare_study", "printed_comparison"]

_MUNICIPALITY = ["municipality_id", "municipality"]
_MIN = 60.0


@dataclass(frozen=True, eq=False)
class Compared:
    """What scenarios do to a study.

    `cells` has for each scenario the table of `geoaccess.scenarios.cell_differences`, and `place`, the name of where a
    cell lies. `tables` have a column `scenario` first: `everybody`, `classes` and `municipalities` (see
    `difference_table`), `equity` (`equity_differences`) and `places` (`most_affected`, of each service); but `beside`,
    which has a row per service and figure, and a column for the study as it is and for each scenario. `notes` says of
    each scenario what a reader should know.
    """

    study: Study
    base: Base
    changed: list[Changed]
    cells: list[pd.DataFrame]
    tables: dict[str, pd.DataFrame]
    notes: list[list[str]]

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios, in the order they were given in."""
        return [one.scenario for one in self.changed]


def compare_study(
    study: Study, changes: Sequence[Scenario], *, day: dt.date | None = None, show: bool = True
) -> Compared:
    """Solve a study as it is and in each of some scenarios, and compare.

    Every scenario stands by itself; `geoaccess.scenarios.combine` puts several together. Cells keep their municipality
    and centrality class. Where a scenario has other people, both times count for these people.

    Parameters
    ----------
    day
        Let boats sail by the timetable of that day, and take the mean over all times of leaving on it; needed for
        scenarios that cancel boats. Otherwise every ferry has its average wait.

    Raises
    ------
    InputError
        With everything that is wrong with the scenarios.

    Examples
    --------
    >>> from geoaccess.scenarios import read_scenario
    >>> from geoaccess.study import load_study
    >>> found = compare_study(
    ...     load_study("configs/iceland.toml"), [read_scenario("configs/scenarios/iceland-herjolfur.toml")], show=False
    ... )  # doctest: +SKIP
    >>> found.tables["everybody"].set_index("service").loc["hospital", "became_unreached"]  # doctest: +SKIP
    4287.0
    """
    titles = [scenario.title for scenario in changes]
    double = [title for title in dict.fromkeys(titles) if titles.count(title) > 1]
    if double or not titles:
        raise InputError(
            f"scenarios share a title: {', '.join(double)}; give each its own" if double else "no scenario"
        )
    base = solve_base(study, day=day, names=needs_names(changes), show=show)
    changed = apply_scenarios(base, changes)
    parts: dict[str, list[pd.DataFrame]] = {}
    cells, notes, figures = [], [], {}
    for one in changed:
        before, after = one.base.results, solve_changed(one)
        found = scenarios.cell_differences(before, after, services=study.specs)
        found["place"] = named_places(study, before, one.base.answers.sites)
        tables = _tables(one, found, before, after)
        for name, table in tables.items():
            table.insert(0, "scenario", one.scenario.title)
            parts.setdefault(name, []).append(table)
        figures[one.scenario.title] = _figures(tables["everybody"], tables["equity"], "after")
        if not figures.get("before"):
            figures = {"before": _figures(tables["everybody"], tables["equity"], "before"), **figures}
        _nobody_lost(tables["everybody"])
        cells.append(found)
        notes.append(_notes(one, study))
    joined = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    return Compared(study, base, changed, cells, joined | {"beside": _beside(figures)}, notes)


def _tables(one: Changed, cells: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, pd.DataFrame]:
    specs = one.base.study.specs
    places = []
    for spec in specs:
        top = scenarios.most_affected(cells, cells["place"], service=spec.key)
        top.insert(0, "service", spec.key)
        places.append(top)
    return {
        "everybody": scenarios.difference_table(cells, services=specs),
        "classes": scenarios.difference_table(cells, services=specs, by="centrality_class"),
        "municipalities": scenarios.difference_table(cells, services=specs, by=_MUNICIPALITY),
        "equity": scenarios.equity_differences(before, after, services=specs),
        "places": pd.concat(places, ignore_index=True),
    }


def _nobody_lost(table: pd.DataFrame) -> None:
    """Check that everybody is in one of the changes."""
    counted = table[list(scenarios.CHANGES)].sum(axis=1)
    wrong = (counted - table["population"]).abs() > 1e-6 * table["population"]
    if wrong.any():
        lost = ", ".join(table.loc[wrong, "service"])
        raise InputError(f"people in are not people out, of {lost}; please report this")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _figures(everybody: pd.DataFrame, equity: pd.DataFrame, when: str) -> dict[tuple[str, str], float]:
    """Return the key figures of everybody, by service and name."""
    gini = equity[equity["index"] == "gini"].set_index("service")[when]
    reached = {"before": ["better", "worse", "same", "became_unreached"]}
    found: dict[tuple[str, str], float] = {}
    for row in _records(everybody):
        key = str(row["service"])
        named = {
            "people": row["population"],
            "median_min": row[f"median_{when}_s"] / _MIN,
            "p90_min": row[f"p90_{when}_s"] / _MIN,
            "people_unreached": row["population"]
            - sum(row[name] for name in reached.get(when, ["better", "worse", "same", "became_reached"])),
        }
        norms = [number for number in range(1, 10) if not np.isnan(row.get(f"norm_{number}_s", np.nan))]
        for number in norms:
            named[f"people_within_{row[f'norm_{number}_s'] / _MIN:g}_min"] = row[f"within_norm_{number}_{when}"]
        named["gini_of_reached"] = float(gini[key])
        if when == "after":
            named |= {name: row[name] for name in ("person_min_won", "person_min_lost")}
            named |= {f"people_{name}": row[name] for name in ("better", "worse", "became_reached", "became_unreached")}
            for number in norms:
                minutes = f"{row[f'norm_{number}_s'] / _MIN:g}"
                named[f"people_into_{minutes}_min"] = row[f"into_norm_{number}"]
                named[f"people_out_of_{minutes}_min"] = row[f"out_of_norm_{number}"]
        found |= {(key, name): float(value) for name, value in named.items()}
    return found


def _beside(figures: dict[str, dict[tuple[str, str], float]]) -> pd.DataFrame:
    rows = dict.fromkeys(key for found in reversed(figures.values()) for key in found)
    services = list(dict.fromkeys(key for key, _ in rows))
    order = sorted(rows, key=lambda row: services.index(row[0]))  # of one service in the order of the figures
    table = pd.DataFrame(order, columns=["service", "figure"])
    return table.assign(**{title: [found.get(row, np.nan) for row in order] for title, found in figures.items()})


_NOTES: dict[str, tuple[str, str]] = {
    "people": (
        "{0} people of the scenario count, before and after.",
        "Scenarioets {0} innbyggere teller, før og etter.",
    ),
    "day": (
        "Times are means over all times of leaving on {0}; boats sail by timetable.",
        "Tidene er gjennomsnitt over alle avreisetider {0}; båtene går etter rutetabell.",
    ),
    "waits": (
        "Boats that sail have their average wait.",
        "Båter som går, har sin gjennomsnittlige ventetid.",
    ),
    "closed": (
        "Closed stretches of road and ferry: {0}. Who lives on one keeps the way to its ends.",
        "Stengte strekninger av vei og ferje: {0}. Den som bor på en, har fortsatt vei til endene.",
    ),
    "profile": ("Roads are read by the profile {0}.", "Veiene er lest med profilen {0}."),
    "far": (
        "No road lies within {0} m of {1}: nobody is served there.",
        "Ingen vei ligger innenfor {0} m fra {1}: ingen betjenes der.",
    ),
    "part_time": (
        "Open on some days only: {0}. Times are to the nearest site as if it were open.",
        "Åpent bare noen dager: {0}. Tidene er til nærmeste tjenestested som om det var åpent.",
    ),
    "kept": (
        "Capacity (but 0) and opening hours do not change times.",
        "Kapasitet (unntatt 0) og åpningstider endrer ikke tidene.",
    ),
}
_WORKING_DAYS = 5.0


def _notes(one: Changed, study: Study) -> list[str]:
    """Say what a reader of a scenario should know."""
    scenario, sites = one.scenario, one.snapped.sites
    said: list[tuple[str, list[object]]] = []
    if scenario.population is not None:
        said.append(("people", [f"{one.base.answers.population:,.0f}"]))
    if one.base.day is not None:
        said.append(("day", [one.base.day]))
    elif len(one.roads.closed) or len(one.roads.slowed):
        said.append(("waits", []))
    if len(one.roads.closed):
        said.append(("closed", [len(one.roads.closed)]))
    if scenario.network is not None:
        said.append(("profile", [scenario.network.profile]))
    added = {scenarios.site_label(item): item for item in scenario.add}
    placed = {label: item.name or label for label, item in added.items()}
    placed |= {item.site: item.site for item in scenario.move}
    far = [name for label, name in placed.items() if sites["edge"].get(label, 0) < 0]
    if far:
        said.append(("far", [f"{study.settings.snap.max_m:g}", ", ".join(far)]))
    days = {label: item.days_per_week for label, item in added.items()}
    days |= {item.site: item.days_per_week for item in scenario.change}
    part_time = [one.sites["name"].get(label, label) for label, n in days.items() if n and n < _WORKING_DAYS]
    if part_time:
        said.append(("part_time", [", ".join(map(str, part_time))]))
    told: list[AddSite | ChangeSite] = [*scenario.add, *scenario.change]
    if any(item.capacity or item.opening is not None for item in told):
        said.append(("kept", []))
    column = ("en", "nb").index(study.settings.language)
    return [_NOTES[key][column].format(*values) for key, values in said]


def printed_comparison(compared: Compared) -> pd.DataFrame:
    """Return the short table that the command line prints: a row per scenario and service."""
    rows = []
    for row in _records(compared.tables["everybody"]):
        norms = [(number, row.get(f"norm_{number}_s", np.nan) / _MIN) for number in range(1, 10)]
        crossed = [
            f"{minutes:g}: {row[f'into_norm_{number}']:,.0f} in, {row[f'out_of_norm_{number}']:,.0f} out"
            for number, minutes in norms
            if not np.isnan(minutes)
        ]
        rows.append(
            {
                "scenario": row["scenario"],
                "service": compared.study.settings.services[row["service"]].label,
                "better": row["better"],
                "worse": row["worse"],
                "same": row["same"],
                "reached now": row["became_reached"],
                "no longer": row["became_unreached"],
                "person-hours won": row["person_min_won"] / _MIN,
                "lost": row["person_min_lost"] / _MIN,
                "into and out of norm (min)": "; ".join(crossed),
            }
        )
    return pd.DataFrame(rows)

"""What scenarios change, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoaccess.arguments import checks_arguments
from geoaccess.phrases import PersonHours, Writer
from geoaccess.questions.compare.changed import CHANGED, changes_something

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geoaccess.measures import ServiceSpec
    from geoaccess.questions.compare.comparison import Compared

__all__ = ["change_sentence", "comparison_lines"]

_TIMES = {"travel": "s_travel_time", "response": "s_response_time", "treatment": "s_treatment_time"}


@checks_arguments
def comparison_lines(compared: Compared) -> list[list[str]]:
    """Say for each scenario, a sentence for each measure, what it changes; and in one which measures it does not."""
    specs = {(one.service, one.name): one.spec for one in compared.measures}
    writer = Writer(compared.study.settings.language, ("terminal", "comparison"))
    by_scenario: dict[str, list[tuple[ServiceSpec, dict[str, Any]]]] = {}
    for record in compared.tables["everybody"].to_dict("records"):
        row = {str(key): value for key, value in record.items()}
        by_scenario.setdefault(row["scenario"], []).append((specs[row["service"], row["measure"]], row))
    found = []
    for rows in by_scenario.values():
        same = [spec.label for spec, row in rows if not changes_something(row)]
        lines = [change_sentence(spec, row, writer) for spec, row in rows if changes_something(row)]
        if len(same) == len(rows):
            lines.append(writer["s_nothing"])
        elif same:
            lines.append(writer.text("s_same", names="; ".join(same)))
        found.append(lines)
    return found


def change_sentence(spec: ServiceSpec, row: Mapping[str, Any], writer: Writer) -> str:
    """Say what a scenario changes in one measure, of which `row` is the row of everybody in `difference_table`."""
    counts = {name: writer.people(row[name]) for name in CHANGED}
    if not np.isnan(row.get("mean_per_person_before", np.nan)):
        return writer.text("s_supply", label=spec.label, **counts)
    written = PersonHours(writer.language, [spec.trips_per_year])
    hours = {name: written.value(row[f"person_min_{name}"], spec.trips_per_year) for name in ("won", "lost")}
    moved = {("better", "worse"): "s_time", ("worse",): "s_longer", ("better",): "s_shorter"}
    key = moved.get(tuple(name for name in ("better", "worse") if row[name] > 0))
    time = writer[_TIMES[spec.time]]
    basis = written.basis(spec.trips_per_year)
    parts = [] if key is None else [writer.text(key, time=time, basis=basis, **counts, **hours)]
    touched = (("became_reached", "s_became_reached"), ("became_unreached", "s_became_unreached"))
    parts += [writer.text(key, n=counts[name]) for name, key in touched if row[name] > 0]
    return f"{spec.label}: {' '.join(parts)}"

"""What the names in a scenario came to: the study it is from, and what stands at a place that closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess.study.scenario_names import is_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geoaccess.phrases import Writer
    from geoaccess.questions.scenario_run import ScenarioRun

__all__ = ["notes_of_names"]


def notes_of_names(one: ScenarioRun, writer: Writer) -> list[str]:
    """Return what its names came to: another study, places with all their services, services that stay at a place."""
    scenario, sites = one.scenario, one.base.answers.sites
    labels = {key: service.label for key, service in one.base.study.settings.services.items()}

    def listed(found: Iterable[Any]) -> str:
        rows = [sites.loc[label] for label in found if label in sites.index]
        return ", ".join(f"{labels.get(row['service'], row['service'])} ({row['name'] or row.name})" for row in rows)

    notes = []
    if not is_for(one.base.study, scenario):
        notes.append(writer.text("note_other_study", study=scenario.study))
    notes += [writer.text("note_place", place=place, sites=listed(found)) for place, found in one.named.places]
    notes += [
        writer.text("note_stays", site=listed([label]), sites=listed(stay))
        for label, stay in one.named.staying
        if listed(stay) and label in sites.index
    ]
    return notes

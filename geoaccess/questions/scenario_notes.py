"""What the names in a scenario came to: the study it is from, and what stands at a place that closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoaccess.study.scenario_names import is_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from geoaccess.phrases import Writer
    from geoaccess.scenarios import ResolvedScenario
    from geoaccess.study.settings.study_file import Study

__all__ = ["notes_of_names"]


def notes_of_names(
    study: Study, named: ResolvedScenario, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, writer: Writer
) -> list[str]:
    """Return what its names came to: another study, places with all their services, services that stay at a place.

    Sites `before` and `after` it: a service that takes the sites of another closes with them.
    """
    labels = {key: service.label for key, service in study.settings.services.items()}

    def listed(found: Iterable[Any]) -> str:
        rows = [before.loc[label] for label in found if label in before.index]
        return ", ".join(f"{labels.get(row['service'], row['service'])} ({row['name'] or row.name})" for row in rows)

    notes = []
    if not is_for(study, named.scenario):
        notes.append(writer.text("note_other_study", study=named.scenario.study))
    notes += [writer.text("note_place", place=place, sites=listed(found)) for place, found in named.places]
    for label, near in named.staying:
        stay = [other for other in near if other in before.index and other in after.index]
        if stay and label in before.index:
            notes.append(writer.text("note_stays", site=listed([label]), sites=listed(stay)))
    return notes

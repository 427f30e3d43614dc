"""What a comparison would refuse of scenarios, found without computing a travel time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.arguments import checks_arguments
from geoaccess.errors import GeoaccessError, InputError
from geoaccess.phrases import Writer
from geoaccess.questions.scenario_changes import (
    change_study,
    network_of_scenario,
    refuse_same_titles,
    study_with_people,
)
from geoaccess.questions.scenario_notes import notes_of_names
from geoaccess.questions.scenario_run import needs_names, refuse_clock, road_names
from geoaccess.scenarios import apply_to_network
from geoaccess.study import stages
from geoaccess.study.scenario_names import of_another_study
from geoaccess.study.site_directory import site_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geoaccess.scenarios import Scenario
    from geoaccess.study.settings.study_file import Study

__all__ = ["check_scenarios"]


@checks_arguments
def check_scenarios(study: Study, changes: Sequence[Scenario]) -> list[str]:
    """Apply each scenario to the inputs of a study, and return what its names came to, a line each.

    The network is built, or read from the cache.

    Raises
    ------
    InputError
        With what is wrong with any of them.
    """
    refuse_same_titles(changes)
    writer = Writer(study.settings.language, ("comparison", "terminal"))
    mapped = stages.read_mapped(study)
    sites = stages.read_places(study, mapped)
    network, driven = stages.build_or_load_network(study)[0], stages.vehicle_network(study)
    names = road_names(study) if needs_names(changes) else None
    lines: list[str] = []
    problems: list[str] = []
    for scenario in changes:
        try:
            with of_another_study(study, scenario):
                if scenario.boats is not None:  # compared on a day of the timetable, with --day
                    refuse_clock(scenario, by_clock=True)
                    stages.read_timetables(study)
                people = stages.read_people(study_with_people(study, scenario))
                joined, municipalities = stages.join_zones(study, people)
                cells = people.join(joined)
                directory = site_directory(study, sites, cells, municipalities)
                own = network_of_scenario(study, scenario, network)
                changed = change_study(study, scenario, directory, cells, own, names)
                if driven is not None:  # the same changes to the roads of ambulances
                    apply_to_network(changed.scenario, driven[1], names=names)
            notes = notes_of_names(study, changed.named, sites, changed.sites, writer)
            lines += [f"{scenario.title}: {line}" for line in [*notes, writer["c_scenario_ready"]]]
        except GeoaccessError as error:
            named = f'scenario "{scenario.title}"'
            problems.append(str(error) if str(error).startswith(named) else f"{named}: {error}")
    if problems:
        raise InputError("\n".join(problems))
    return lines

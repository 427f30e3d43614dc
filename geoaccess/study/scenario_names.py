"""What scenarios name in a study: the study itself, and its sites."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from geoaccess import scenarios, services
from geoaccess.errors import GeoaccessError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from geoaccess.scenarios import ResolvedScenario, Scenario
    from geoaccess.services import SiteDirectory
    from geoaccess.study.settings.study_file import Study

__all__ = ["combine_in_study", "is_for", "named_removals", "of_another_study", "resolve_in_study"]


def is_for(study: Study, scenario: Scenario) -> bool:
    """Return whether a scenario was made for a study, or for none in particular; titles in any language match."""
    wanted = services.plain_name(scenario.study)
    return not wanted or wanted in {services.plain_name(title) for title in study.titles}


def combine_in_study(study: Study, read: Sequence[Scenario]) -> Scenario:
    """Put scenarios one after the other; each may call the study by its title in another language."""
    title = study.titles[0]
    named = [one.model_copy(update={"study": title}) if one.study and is_for(study, one) else one for one in read]
    return scenarios.combine(*named)


@contextlib.contextmanager
def of_another_study(study: Study, scenario: Scenario) -> Iterator[None]:
    """Say in errors that a scenario was made for another study, where it was."""
    try:
        yield
    except GeoaccessError as error:
        if is_for(study, scenario):
            raise
        raise InputError(
            f'scenario "{scenario.title}" was made for the study "{scenario.study}"; this is "{study.titles[0]}", '
            f"where not all that it names is found:\n  {error}"
        ) from error


def resolve_in_study(study: Study, scenario: Scenario, directory: SiteDirectory) -> ResolvedScenario:
    """Find the sites that a scenario names in the directory of a study, see `geoaccess.scenarios.resolve_sites`.

    In a scenario that was made for another study no id is taken that does not say a name.
    """
    return scenarios.resolve_sites(
        scenario,
        directory,
        services=list(study.settings.services),
        by_name=not is_for(study, scenario),
    )


def named_removals(service: str, names: pd.Series[str]) -> list[dict[str, str]]:
    """Return [[remove]] tables for sites of a service by id, each with its name beside it where it has one."""
    rows = [{"service": service, "site": str(label), "name": name} for label, name in names.items()]
    return [{key: value for key, value in row.items() if value} for row in rows]

"""The service that a question is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geoaccess.errors import InputError
from geoaccess.toml import did_you_mean

if TYPE_CHECKING:
    from geoaccess.measures import ServiceSpec
    from geoaccess.study.settings.study_file import Study

__all__ = ["find_service"]


def find_service(study: Study, service: str) -> ServiceSpec:
    """Return a service of the study by its key.

    Raises
    ------
    InputError
        If it has none of this key.
    """
    known = {spec.key: spec for spec in study.specs}
    if service not in known:
        raise InputError(f'{study.path}: no service "{service}"{did_you_mean(service, known)}')
    return known[service]

"""Names of reasons and classes for readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from geoaccess.measures import REASONS
from geoaccess.phrases import section

if TYPE_CHECKING:
    from geoaccess.maps.results import Service
    from geoaccess.zones import CentralityScheme

__all__ = ["change_label", "class_label", "direction_label", "reason_label", "time_label"]

_TIMES: Final = {"travel": "travel_time", "response": "response_time", "treatment": "treatment_time"}
_CHANGES: Final = {"travel": "caption_travel", "response": "caption_response", "treatment": "caption_treatment"}
"""What times, and changes of them, are called: a phrase for each of what a time may be."""
_FROM_CALL: Final = {"response": "to_scene", "treatment": "to_treatment"}


def reason_label(reason: str, *, language: str = "en") -> str:
    """Say why people are not reached; a reason without words of its own is shown as it is.

    Examples
    --------
    >>> reason_label("island_without_ferry", language="nb")
    'Øy uten ferje'
    """
    return section(language, "map")[reason] if reason in REASONS else reason.replace("_", " ")


def class_label(name: str, scheme: CentralityScheme, *, language: str = "en") -> str:
    """Name a centrality class as its scheme does; what is no class of it is "no class".

    Examples
    --------
    >>> from geoaccess.zones import read_scheme
    >>> class_label("6", read_scheme(), language="nb"), class_label("", read_scheme())
    ('Klasse 6, minst sentral', 'No class')
    """
    return scheme.label(name, language) if name in scheme.ids else section(language, "map")["class_unknown"]


def time_label(service: Service, *, language: str = "en") -> str:
    """Name a service with what its times are.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> time_label(ServiceSpec("base", "Ambulance", direction="to_people", time="response"))
    'Response time: Ambulance'
    """
    return f"{section(language, 'map')[_TIMES[service.time]]}: {service.label}"


def change_label(service: Service, *, language: str = "en") -> str:
    """Name a service with what changes: its travel time, response time, or time to treatment.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> change_label(ServiceSpec("treated", "Ambulance", direction="to_people", time="treatment"))
    'Change in time to treatment: Ambulance'
    """
    return f"{section(language, 'difference')[_CHANGES[service.time]]}: {service.label}"


def direction_label(service: Service, *, language: str = "en") -> str:
    """Say from where to where times count: those of ambulances from the call, to the scene or on to treatment.

    Examples
    --------
    >>> from geoaccess.measures import ServiceSpec
    >>> treated = ServiceSpec("treated", "Ambulance", direction="to_people", time="treatment")
    >>> direction_label(treated), direction_label(ServiceSpec("gp", "GP"))
    ('from the call to treatment', 'from people to the site')
    """
    return section(language, "map")[_FROM_CALL.get(service.time, service.direction)]

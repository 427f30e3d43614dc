"""What is measured of ambulances: from the call to the patient, held against the norm of the cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geoaccess.errors import ConfigError
from geoaccess.measures import read_ambulance_figures

if TYPE_CHECKING:
    from pathlib import Path

    from geoaccess.measures import ResponseNorms
    from geoaccess.study.settings.ambulance import AmbulanceSettings

__all__ = ["NORM_COLUMN", "ResponseRule", "read_response_rule"]

NORM_COLUMN = "ambulance_norm_s"
"""The column of the cells that holds the norm of each."""


@dataclass(frozen=True)
class ResponseRule:
    """The one definition of how ambulances are measured in a study with [ambulance]: asked by every question.

    The time of the service is that from the call until a vehicle is there, t = `start_s` + drive by the roads of the
    vehicle, and each cell is held against its own norm, that of built-up or of sparse areas.

    Attributes
    ----------
    service
        The service whose sites are the bases.
    start_s
        From the call until a vehicle moves.
    norms
        The two times, and the share of calls.
    profile
        How the vehicle drives, where that is not as [network] says; else None.
    """

    service: str
    start_s: float
    norms: ResponseNorms
    profile: str | None

    @property
    def norms_s(self) -> tuple[float, ...]:
        """The norms that occur, rising."""
        return tuple(sorted({float(self.norms.built_up_s), float(self.norms.sparse_s)}))


def read_response_rule(
    settings: AmbulanceSettings, *, figures: Path | None, profile: str, norms_min: list[float], study: Path
) -> ResponseRule:
    """Return what [ambulance] and its figures make of the service of its bases.

    Parameters
    ----------
    figures
        The file of figures; the one that is shipped for None.
    profile
        That of [network].
    norms_min
        Norms that the service of the bases gives itself.
    study
        The study file, for the message.

    Raises
    ------
    ConfigError
        If the service gives norms that the figures do not have: there would be two.
    """
    read = read_ambulance_figures(figures)
    rule = ResponseRule(
        settings.base,
        float(read.modes["car"].times.start_s),
        read.norms,
        None if settings.profile in (None, profile) else settings.profile,
    )
    other = [minutes for minutes in norms_min if minutes * 60 not in rule.norms_s]
    if other:
        known = " and ".join(f"{norm_s / 60:g}" for norm_s in rule.norms_s)
        raise ConfigError(
            f"{study}: [services.{settings.base}] norms_min has {other[0]:g}, and the norms of [ambulance], from the "
            f"call, are {known} minutes: leave norms_min out, or write the norms in a file of figures "
            "([ambulance] figures)"
        )
    return rule

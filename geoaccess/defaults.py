"""The default values, each in one place, for functions, study files and the command line.

The template (`configs/template.toml`) shows them; a test holds all of these together.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ANCHOR",
    "BUFFER_M",
    "CUT_OFF_MIN",
    "DAY_S",
    "DEAD_END_M",
    "EQUITY_DRAWS",
    "FIGURE_DPI",
    "FIGURE_FORMATS",
    "FIGURE_PALETTE",
    "INTERVAL_DRAWS",
    "MAX_NEAREST_M",
    "MAX_SNAP_M",
    "MERGE_WITHIN_M",
    "MIN_COMPONENT_M",
    "OFFICE_STAFF",
    "OFF_NETWORK_KPH",
    "ONWARD_SHARE",
    "OPENING_STEP_MIN",
    "RAAM_TAU_MIN",
    "REFERRAL_STAY_MIN",
    "SHARE_WITHIN",
    "SIMPLIFY_M",
    "SOLVER_S",
    "TIMETABLE_DAY",
    "TIMETABLE_HOURS",
    "UNREACHED_MIN",
]

DAY_S = 86_400
"""Seconds of a day."""

ANCHOR: Final = "centre"
"""Which point of their cell coordinates are, where the grid does not show it."""

MAX_SNAP_M = 5000.0
"""Farther from every road than this, in metres, is not on the network."""

OFF_NETWORK_KPH = 5.0
"""Speed between a place and the network: a walk."""

BUFFER_M = 1000.0
"""How far people walk to a road at most, in metres, in areas that are reached within a time."""

SIMPLIFY_M = 10.0
"""How far a border of such an area may be moved to make it simpler, in metres."""

MIN_COMPONENT_M = 2000.0
"""Length of connected road, in metres, on which journeys may begin."""

MERGE_WITHIN_M = 150.0
"""Mapped features of one service that are nearer to each other than this, in metres, are one site."""

MAX_NEAREST_M = 20_000.0
"""Farther than this, in metres, a cell outside all areas is in none."""

OPENING_STEP_MIN: Final = 30
"""Minutes between the moments at which opening is looked at."""

EQUITY_DRAWS = 0
"""Draws for intervals around the indices of a study: none unless requested, because they take long."""

INTERVAL_DRAWS = 1000
"""Draws where an interval is requested."""

OFFICE_VISITS = 3.0
"""Visits of each person a year to an office, where the study states no journeys."""

OFFICE_STAFF = 2.0
"""People who drive to an office for a day there."""

RAAM_TAU_MIN = 60.0
"""Minutes of travel that weigh as much as the mean crowding, in the rational agent access model."""

ONWARD_SHARE = 1.0
"""Share of the people at a site who are sent on to a higher level."""

REFERRAL_STAY_MIN = 0.0
"""Minutes that they stay before."""

SHARE_WITHIN = 0.95
"""Share of people whom the fewest sites must bring within the norm."""

SOLVER_S = 60.0
"""Seconds that an exact search may take."""

UNREACHED_MIN = DAY_S / 60
"""Minutes that count for somebody who reaches no site, where a mean must be formed of all."""

CUT_OFF_MIN = DAY_S / 60
"""Minutes from which on somebody counts as cut off."""

TIMETABLE_DAY: Final = "tuesday"
"""The day whose sailings count where a network follows a timetable."""

TIMETABLE_HOURS: Final = ("07:00", "17:00")
"""The hours in which people come to the quay: when surgeries and clinics are visited."""

FIGURE_FORMATS: Final = ("png",)
"""The forms that figures are written in."""

FIGURE_DPI: Final = 200
"""Dots per inch of figures as PNG."""

FIGURE_PALETTE: Final = "sunset"
"""The colours of travel time: yellow by red to purple."""

DEAD_END_M = 1000.0
"""Metres of road behind a stretch, below which it is a cul-de-sac or the drive of a building, and no link."""

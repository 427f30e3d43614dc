"""How long people need, who is not reached and what supply there is for whom, from tables of travel times."""

from __future__ import annotations

from geoaccess.measures.catchment import (
    balanced,
    site_demand,
    spatial_availability,
    three_step,
    two_step,
)
from geoaccess.measures.chance import chance_access
from geoaccess.measures.closing import second_nearest, slack, slack_table
from geoaccess.measures.contrast import class_contrast
from geoaccess.measures.curves import people_by_time
from geoaccess.measures.decay import Binary, Decay, Exponential, Gaussian, Logistic, Power, Stepped, decay_from
from geoaccess.measures.groups import EVERYBODY, UNCLASSIFIED
from geoaccess.measures.opening import nearest_open, open_access, time_until_care
from geoaccess.measures.opportunities import cumulative_opportunities, gravity
from geoaccess.measures.quantiles import weighted_quantile
from geoaccess.measures.rules import rule_cost, rule_table
from geoaccess.measures.specification import REASONS, ServiceSpec
from geoaccess.measures.staff import journey_hours, staff_travel
from geoaccess.measures.summary import norm_table, quantile_table, summarise
from geoaccess.measures.supply import list_supply

__all__ = [
    "EVERYBODY",
    "REASONS",
    "UNCLASSIFIED",
    "Binary",
    "Decay",
    "Exponential",
    "Gaussian",
    "Logistic",
    "Power",
    "ServiceSpec",
    "Stepped",
    "balanced",
    "chance_access",
    "class_contrast",
    "cumulative_opportunities",
    "decay_from",
    "gravity",
    "journey_hours",
    "list_supply",
    "nearest_open",
    "norm_table",
    "open_access",
    "people_by_time",
    "quantile_table",
    "rule_cost",
    "rule_table",
    "second_nearest",
    "site_demand",
    "slack",
    "slack_table",
    "spatial_availability",
    "staff_travel",
    "summarise",
    "three_step",
    "time_until_care",
    "two_step",
    "weighted_quantile",
]

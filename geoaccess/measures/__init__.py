"""How long people need, who is not reached and what supply there is for whom, from tables of travel times."""

from __future__ import annotations

from geoaccess.measures.ambulance import busy_fraction, road_chain
from geoaccess.measures.availability import base_availability, dependable_time, expected_coverage, expected_response
from geoaccess.measures.bases import base_table
from geoaccess.measures.catchment import balanced, site_demand, spatial_availability, three_step, two_step
from geoaccess.measures.chance import part_time_access
from geoaccess.measures.change import MeanChange, ShareChange, mean_change, share_change
from geoaccess.measures.closing import second_nearest_of_services, slack_of_service, slack_table_of_services
from geoaccess.measures.constrained import doubly_constrained
from geoaccess.measures.contrast import class_contrast, class_contrast_of_services
from geoaccess.measures.costs import balancing_time, time_to_supply
from geoaccess.measures.curves import people_by_time, people_by_time_of_service
from geoaccess.measures.decay import (
    Binary,
    Decay,
    Exponential,
    Gaussian,
    Linear,
    Logistic,
    Power,
    Stepped,
    decay_from,
)
from geoaccess.measures.figures import AmbulanceFigures, ChainTimes, Mode, ResponseNorms, read_ambulance_figures
from geoaccess.measures.groups import EVERYBODY, UNCLASSIFIED
from geoaccess.measures.modes import crossing_times, fastest_mode, helicopter_chain
from geoaccess.measures.opening import nearest_open, opening_hours_access, time_until_care
from geoaccess.measures.opportunities import cumulative_interval, cumulative_opportunities, gravity
from geoaccess.measures.ports import aeroplane_chain, boat_chain, port_times
from geoaccess.measures.quantiles import weighted_quantile
from geoaccess.measures.rational_agents import raam, raam_cost, raam_site_demand, raam_with_sites
from geoaccess.measures.reference import (
    STATISTICS,
    Comparison,
    Statistic,
    compare_statistics,
    difference_summary,
    largest_differences,
    read_statistic,
)
from geoaccess.measures.referral import referral_links, referral_times
from geoaccess.measures.response import response_norm, response_table, response_table_of_service
from geoaccess.measures.rules import rule_cost, rule_table, rule_table_of_service
from geoaccess.measures.series import norm_table, quantile_table, second_nearest_slack, slack_table, summarise
from geoaccess.measures.specification import REASONS, ServiceSpec
from geoaccess.measures.staff import journey_hours, staff_travel
from geoaccess.measures.summary import norm_table_of_services, quantile_table_of_services, summarise_services
from geoaccess.measures.supply import list_supply

__all__ = [
    "EVERYBODY",
    "REASONS",
    "STATISTICS",
    "UNCLASSIFIED",
    "AmbulanceFigures",
    "Binary",
    "ChainTimes",
    "Comparison",
    "Decay",
    "Exponential",
    "Gaussian",
    "Linear",
    "Logistic",
    "MeanChange",
    "Mode",
    "Power",
    "ResponseNorms",
    "ServiceSpec",
    "ShareChange",
    "Statistic",
    "Stepped",
    "aeroplane_chain",
    "balanced",
    "balancing_time",
    "base_availability",
    "base_table",
    "boat_chain",
    "busy_fraction",
    "class_contrast",
    "class_contrast_of_services",
    "compare_statistics",
    "crossing_times",
    "cumulative_interval",
    "cumulative_opportunities",
    "decay_from",
    "dependable_time",
    "difference_summary",
    "doubly_constrained",
    "expected_coverage",
    "expected_response",
    "fastest_mode",
    "gravity",
    "helicopter_chain",
    "journey_hours",
    "largest_differences",
    "list_supply",
    "mean_change",
    "nearest_open",
    "norm_table",
    "norm_table_of_services",
    "opening_hours_access",
    "part_time_access",
    "people_by_time",
    "people_by_time_of_service",
    "port_times",
    "quantile_table",
    "quantile_table_of_services",
    "raam",
    "raam_cost",
    "raam_site_demand",
    "raam_with_sites",
    "read_ambulance_figures",
    "read_statistic",
    "referral_links",
    "referral_times",
    "response_norm",
    "response_table",
    "response_table_of_service",
    "road_chain",
    "rule_cost",
    "rule_table",
    "rule_table_of_service",
    "second_nearest_of_services",
    "second_nearest_slack",
    "share_change",
    "site_demand",
    "slack_of_service",
    "slack_table",
    "slack_table_of_services",
    "spatial_availability",
    "staff_travel",
    "summarise",
    "summarise_services",
    "three_step",
    "time_to_supply",
    "time_until_care",
    "two_step",
    "weighted_quantile",
]

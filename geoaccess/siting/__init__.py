"""Where to place sites, and how far from the best an answer can be."""

from geoaccess.siting.alternatives import alternatives_bounded, alternatives_worst
from geoaccess.siting.candidates import away_from, leave_out, read_candidates, settlements
from geoaccess.siting.capacities import Allotted, covered_in_order, locate_with_capacity
from geoaccess.siting.choosing import Choice, Method, choose
from geoaccess.siting.covering import fewest
from geoaccess.siting.days import Week, share_days
from geoaccess.siting.locating import Located, alternatives, frontier, locate
from geoaccess.siting.loss_bounds import locate_bounded, mean_loss_s
from geoaccess.siting.naming import describe_location, scenario_text, unique_names
from geoaccess.siting.near_bases import NearBases
from geoaccess.siting.objectives import BeyondNorm, FairMean, Objective, PersonMinutes, WithinNorm
from geoaccess.siting.percentile import least_worst
from geoaccess.siting.problem import Problem
from geoaccess.siting.ranking import best_first, candidate_gains
from geoaccess.siting.reach import build_problem, build_weekly_problem, ways_of_problem
from geoaccess.siting.regret import Regret, least_regret
from geoaccess.siting.siting_problem import SitingProblem, problem_from_matrix
from geoaccess.siting.vehicles import Fleet, expected_cover, place_vehicles, vehicles_near

__all__ = [
    "Allotted",
    "BeyondNorm",
    "Choice",
    "FairMean",
    "Fleet",
    "Located",
    "Method",
    "NearBases",
    "Objective",
    "PersonMinutes",
    "Problem",
    "Regret",
    "SitingProblem",
    "Week",
    "WithinNorm",
    "alternatives",
    "alternatives_bounded",
    "alternatives_worst",
    "away_from",
    "best_first",
    "build_problem",
    "build_weekly_problem",
    "candidate_gains",
    "choose",
    "covered_in_order",
    "describe_location",
    "expected_cover",
    "fewest",
    "frontier",
    "least_regret",
    "least_worst",
    "leave_out",
    "locate",
    "locate_bounded",
    "locate_with_capacity",
    "mean_loss_s",
    "place_vehicles",
    "problem_from_matrix",
    "read_candidates",
    "scenario_text",
    "settlements",
    "share_days",
    "unique_names",
    "vehicles_near",
    "ways_of_problem",
]

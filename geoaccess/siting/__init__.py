"""Where to place sites, and how far from the best an answer can be."""

from geoaccess.siting.bounded import locate_bounded, mean_loss_s
from geoaccess.siting.candidates import leave_out, read_candidates, settlements
from geoaccess.siting.choosing import Choice, Method, choose
from geoaccess.siting.covering import fewest
from geoaccess.siting.days import Week, share_days
from geoaccess.siting.locating import Located, alternatives, frontier, locate
from geoaccess.siting.naming import called, scenario_text, unlike
from geoaccess.siting.nearly import alternatives_bounded, alternatives_worst
from geoaccess.siting.objectives import DAY_S, BeyondNorm, FairMean, Objective, PersonMinutes, WithinNorm
from geoaccess.siting.problem import Problem
from geoaccess.siting.reach import find_setting
from geoaccess.siting.regret import Regret, least_regret
from geoaccess.siting.setting import Setting, read_setting
from geoaccess.siting.vehicles import Fleet, expected_cover
from geoaccess.siting.worst import least_worst

__all__ = [
    "DAY_S",
    "BeyondNorm",
    "Choice",
    "FairMean",
    "Fleet",
    "Located",
    "Method",
    "Objective",
    "PersonMinutes",
    "Problem",
    "Regret",
    "Setting",
    "Week",
    "WithinNorm",
    "alternatives",
    "alternatives_bounded",
    "alternatives_worst",
    "called",
    "choose",
    "expected_cover",
    "fewest",
    "find_setting",
    "frontier",
    "least_regret",
    "least_worst",
    "leave_out",
    "locate",
    "locate_bounded",
    "mean_loss_s",
    "read_candidates",
    "read_setting",
    "scenario_text",
    "settlements",
    "share_days",
    "unlike",
]

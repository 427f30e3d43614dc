"""Where to place sites, and how far from the best an answer can be."""

from geoaccess.siting.candidates import leave_out, read_candidates, settlements
from geoaccess.siting.choose import Choice, Method, choose
from geoaccess.siting.fewest import fewest
from geoaccess.siting.locate import Located, alternatives, frontier, locate
from geoaccess.siting.naming import called, scenario_text, unlike
from geoaccess.siting.objectives import BeyondNorm, FairMean, Objective, PersonMinutes, WithinNorm
from geoaccess.siting.problem import Problem
from geoaccess.siting.reach import find_setting
from geoaccess.siting.setting import Setting, read_setting
from geoaccess.siting.worst import least_worst

__all__ = [
    "BeyondNorm",
    "Choice",
    "FairMean",
    "Located",
    "Method",
    "Objective",
    "PersonMinutes",
    "Problem",
    "Setting",
    "WithinNorm",
    "alternatives",
    "called",
    "choose",
    "fewest",
    "find_setting",
    "frontier",
    "least_worst",
    "leave_out",
    "locate",
    "read_candidates",
    "read_setting",
    "scenario_text",
    "settlements",
    "unlike",
]

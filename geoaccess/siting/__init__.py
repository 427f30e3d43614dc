"""Where to place sites, and how far from the best an answer can be."""

from geoaccess.siting.candidates import leave_out, read_candidates, settlements
from geoaccess.siting.choose import Choice, Method, choose
from geoaccess.siting.locate import Located, alternatives, frontier, locate
from geoaccess.siting.objectives import BeyondNorm, FairMean, Objective, PersonMinutes, WithinNorm
from geoaccess.siting.problem import Problem
from geoaccess.siting.reach import find_setting
from geoaccess.siting.setting import Setting, read_setting

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
    "choose",
    "find_setting",
    "frontier",
    "leave_out",
    "locate",
    "read_candidates",
    "read_setting",
    "settlements",
]

"""Studies: a TOML file in, answers and files out."""

from geoaccess.study.config import Study, load_study
from geoaccess.study.day_profile import DayProfile, profile_day, short_table, write_day_profile
from geoaccess.study.ferry_listing import list_ferries, write_ferries
from geoaccess.study.pipeline import Answers, check, run, solve_study
from geoaccess.study.tell import describe_network, draw_network, main_table, route_table, write_template

__all__ = [
    "Answers",
    "DayProfile",
    "Study",
    "check",
    "describe_network",
    "draw_network",
    "list_ferries",
    "load_study",
    "main_table",
    "profile_day",
    "route_table",
    "run",
    "short_table",
    "solve_study",
    "write_day_profile",
    "write_ferries",
    "write_template",
]

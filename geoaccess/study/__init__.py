"""Studies: a TOML file in, answers and files out."""

from geoaccess.study.changed import Base, Changed, apply_scenario, solve_base, solve_changed
from geoaccess.study.compare import Compared, compare_study, printed_comparison
from geoaccess.study.config import Study, load_study
from geoaccess.study.crew import Outcome, sweep
from geoaccess.study.day_profile import DayProfile, profile_day, short_table, write_day_profile
from geoaccess.study.ferry_listing import list_ferries, write_ferries
from geoaccess.study.pipeline import Answers, check, run, solve_study
from geoaccess.study.swept import Swept, medians, sweep_studies, write_sweep
from geoaccess.study.tell import describe_network, draw_network, main_table, route_table, write_template
from geoaccess.study.variations import Variation, combinations, read_variations, vary

__all__ = [
    "Answers",
    "Base",
    "Changed",
    "Compared",
    "DayProfile",
    "Outcome",
    "Study",
    "Swept",
    "Variation",
    "apply_scenario",
    "check",
    "combinations",
    "compare_study",
    "describe_network",
    "draw_network",
    "list_ferries",
    "load_study",
    "main_table",
    "medians",
    "printed_comparison",
    "profile_day",
    "read_variations",
    "route_table",
    "run",
    "short_table",
    "solve_base",
    "solve_changed",
    "solve_study",
    "sweep",
    "sweep_studies",
    "vary",
    "write_day_profile",
    "write_ferries",
    "write_sweep",
    "write_template",
]

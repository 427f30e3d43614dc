"""Studies: a TOML file in, answers and files out."""

from geoaccess.study.changed import Base, Changed, apply_scenario, solve_base, solve_changed
from geoaccess.study.compare import Compared, compare_study, printed_comparison
from geoaccess.study.config import Study, load_study
from geoaccess.study.crew import Outcome, sweep
from geoaccess.study.day_profile import DayProfile, profile_day, short_table, write_day_profile
from geoaccess.study.ferry_listing import list_ferries, write_ferries
from geoaccess.study.fleet import FleetQuestion, PlacedFleet, fleet_lines, fleet_study, write_fleet
from geoaccess.study.futures import Futures, futures_lines, site_futures, write_futures
from geoaccess.study.office_days import DayQuestion, OfficeDays, days_lines, days_study, days_tables, write_days
from geoaccess.study.pipeline import Answers, check, run, solve_study, write_report
from geoaccess.study.references import read_reference, write_reference_template
from geoaccess.study.reliability import Reliability, printed_reliability, reliability_study, write_reliability
from geoaccess.study.siting import Placed, site_study
from geoaccess.study.siting_output import placed_lines, placed_tables, write_placed
from geoaccess.study.siting_question import Question
from geoaccess.study.statbank import read_ssb_12764
from geoaccess.study.swept import Swept, medians, sweep_studies, write_sweep
from geoaccess.study.tell import describe_network, draw_network, main_table, route_table, write_template
from geoaccess.study.validate import (
    Validation,
    choose_reference,
    validate_answers,
    validate_study,
    validation_table,
    with_profile,
    write_validation,
)
from geoaccess.study.variations import Variation, combinations, read_variations, vary
from geoaccess.study.vulnerable import Vulnerable, printed_vulnerable, vulnerable_study, write_vulnerable

__all__ = [
    "Answers",
    "Base",
    "Changed",
    "Compared",
    "DayProfile",
    "DayQuestion",
    "FleetQuestion",
    "Futures",
    "OfficeDays",
    "Outcome",
    "Placed",
    "PlacedFleet",
    "Question",
    "Reliability",
    "Study",
    "Swept",
    "Validation",
    "Variation",
    "Vulnerable",
    "apply_scenario",
    "check",
    "choose_reference",
    "combinations",
    "compare_study",
    "days_lines",
    "days_study",
    "days_tables",
    "describe_network",
    "draw_network",
    "fleet_lines",
    "fleet_study",
    "futures_lines",
    "list_ferries",
    "load_study",
    "main_table",
    "medians",
    "placed_lines",
    "placed_tables",
    "printed_comparison",
    "printed_reliability",
    "printed_vulnerable",
    "profile_day",
    "read_reference",
    "read_ssb_12764",
    "read_variations",
    "reliability_study",
    "route_table",
    "run",
    "short_table",
    "site_futures",
    "site_study",
    "solve_base",
    "solve_changed",
    "solve_study",
    "sweep",
    "sweep_studies",
    "validate_answers",
    "validate_study",
    "validation_table",
    "vary",
    "vulnerable_study",
    "with_profile",
    "write_day_profile",
    "write_days",
    "write_ferries",
    "write_fleet",
    "write_futures",
    "write_placed",
    "write_reference_template",
    "write_reliability",
    "write_report",
    "write_sweep",
    "write_template",
    "write_validation",
    "write_vulnerable",
]

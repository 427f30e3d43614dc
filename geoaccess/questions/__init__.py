"""Questions to a study beyond its own tables: each question a room or a file of its own."""

from geoaccess.questions.capacity import (
    CapacityAnswer,
    CapacityQuestion,
    capacity_lines,
    capacity_study,
    capacity_tables,
    write_capacity,
)
from geoaccess.questions.compare.comparison import Compared, compare_study, printed_comparison, printed_supplies
from geoaccess.questions.compare.runs import RunsCompared, compare_runs, printed_runs
from geoaccess.questions.compare.sentences import comparison_lines
from geoaccess.questions.day_profile import (
    DayProfile,
    overview_table,
    profile_day,
    profile_days,
    sailing_table,
    short_table,
    write_day_profile,
)
from geoaccess.questions.ferries import ferry_waits, list_ferries, write_ferries
from geoaccess.questions.isochrones import Isochrones, isochrone_study, isochrone_tables, write_isochrones
from geoaccess.questions.matrix import MatrixFile, matrix_lines, write_matrix
from geoaccess.questions.note.output import note_study, write_note
from geoaccess.questions.office_days import DayQuestion, OfficeDays, days_lines, days_study, days_tables, write_days
from geoaccess.questions.reliability import (
    Reliability,
    left_out_sentence,
    printed_reliability,
    reliability_study,
    write_reliability,
)
from geoaccess.questions.scenario_check import check_scenarios
from geoaccess.questions.scenario_run import Baseline, ScenarioRun, apply_scenario, solve_baseline, solve_scenario
from geoaccess.questions.siting.futures import Futures, futures_lines, futures_tables, site_futures, write_futures
from geoaccess.questions.siting.output import placed_lines, placed_tables, write_placed
from geoaccess.questions.siting.placement import Placed, site_study
from geoaccess.questions.siting.question import Question
from geoaccess.questions.sweep import SweepResult, medians, sweep_studies, write_sweep
from geoaccess.questions.validation.references import read_reference, write_reference_template
from geoaccess.questions.validation.statbank import read_ssb_12764
from geoaccess.questions.validation.validate import (
    Validation,
    choose_reference,
    validate_answers,
    validate_study,
    validation_table,
    with_profile,
    write_validation,
)
from geoaccess.questions.vehicles import FleetQuestion, PlacedFleet, fleet_study
from geoaccess.questions.vehicles_output import fleet_lines, fleet_tables, write_fleet
from geoaccess.questions.vulnerability import Vulnerable, vulnerable_study
from geoaccess.questions.vulnerability_output import edge_sentence, printed_vulnerable, write_vulnerable

__all__ = [
    "Baseline",
    "CapacityAnswer",
    "CapacityQuestion",
    "Compared",
    "DayProfile",
    "DayQuestion",
    "FleetQuestion",
    "Futures",
    "Isochrones",
    "MatrixFile",
    "OfficeDays",
    "Placed",
    "PlacedFleet",
    "Question",
    "Reliability",
    "RunsCompared",
    "ScenarioRun",
    "SweepResult",
    "Validation",
    "Vulnerable",
    "apply_scenario",
    "capacity_lines",
    "capacity_study",
    "capacity_tables",
    "check_scenarios",
    "choose_reference",
    "compare_runs",
    "compare_study",
    "comparison_lines",
    "days_lines",
    "days_study",
    "days_tables",
    "edge_sentence",
    "ferry_waits",
    "fleet_lines",
    "fleet_study",
    "fleet_tables",
    "futures_lines",
    "futures_tables",
    "isochrone_study",
    "isochrone_tables",
    "left_out_sentence",
    "list_ferries",
    "matrix_lines",
    "medians",
    "note_study",
    "overview_table",
    "placed_lines",
    "placed_tables",
    "printed_comparison",
    "printed_reliability",
    "printed_runs",
    "printed_supplies",
    "printed_vulnerable",
    "profile_day",
    "profile_days",
    "read_reference",
    "read_ssb_12764",
    "reliability_study",
    "sailing_table",
    "short_table",
    "site_futures",
    "site_study",
    "solve_baseline",
    "solve_scenario",
    "sweep_studies",
    "validate_answers",
    "validate_study",
    "validation_table",
    "vulnerable_study",
    "with_profile",
    "write_capacity",
    "write_day_profile",
    "write_days",
    "write_ferries",
    "write_fleet",
    "write_futures",
    "write_isochrones",
    "write_matrix",
    "write_note",
    "write_placed",
    "write_reference_template",
    "write_reliability",
    "write_sweep",
    "write_validation",
    "write_vulnerable",
]

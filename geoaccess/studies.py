"""Studies, and questions to them: comparison, reliability, siting, sweeps, validation, vulnerability."""

from __future__ import annotations

from geoaccess.questions import (
    compare_study,
    days_study,
    fleet_study,
    profile_day,
    read_reference,
    read_ssb_12764,
    reliability_study,
    site_futures,
    site_study,
    sweep_studies,
    validate_answers,
    validate_study,
    vulnerable_study,
)
from geoaccess.study import (
    Answers,
    Study,
    Variation,
    check,
    combinations,
    load_study,
    read_variations,
    run_study,
    solve_study,
    study_variations,
    write_report,
)

__all__ = [
    "Answers",
    "Study",
    "Variation",
    "check",
    "combinations",
    "compare_study",
    "days_study",
    "fleet_study",
    "load_study",
    "profile_day",
    "read_reference",
    "read_ssb_12764",
    "read_variations",
    "reliability_study",
    "run_study",
    "site_futures",
    "site_study",
    "solve_study",
    "study_variations",
    "sweep_studies",
    "validate_answers",
    "validate_study",
    "vulnerable_study",
    "write_report",
]

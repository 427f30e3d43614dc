"""Studies: a TOML file in, answers and files out."""

from geoaccess.study.answers import Answers
from geoaccess.study.examples import EXAMPLES, write_example
from geoaccess.study.pipeline import check, run_study, solve_study, write_report
from geoaccess.study.results.summaries import describe_network, draw_network, main_table, route_table, write_template
from geoaccess.study.settings.study_file import Study, load_study
from geoaccess.study.settings.variations import Variation, combinations, read_variations, study_variations

__all__ = [
    "EXAMPLES",
    "Answers",
    "Study",
    "Variation",
    "check",
    "combinations",
    "describe_network",
    "draw_network",
    "load_study",
    "main_table",
    "read_variations",
    "route_table",
    "run_study",
    "solve_study",
    "study_variations",
    "write_example",
    "write_report",
    "write_template",
]

"""Studies: a TOML file in, answers and files out."""

from geoaccess.study.config import Study, load_study
from geoaccess.study.pipeline import Answers, check, run, solve_study
from geoaccess.study.tell import describe_network, main_table, route_table, write_template

__all__ = [
    "Answers",
    "Study",
    "check",
    "describe_network",
    "load_study",
    "main_table",
    "route_table",
    "run",
    "solve_study",
    "write_template",
]

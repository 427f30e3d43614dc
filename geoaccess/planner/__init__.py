"""The planner: a local page on which a study is changed and answers at once."""

from geoaccess.planner.changes import read_changes
from geoaccess.planner.serve import serve
from geoaccess.planner.session import Session
from geoaccess.planner.state import PlannerState

__all__ = ["PlannerState", "Session", "read_changes", "serve"]

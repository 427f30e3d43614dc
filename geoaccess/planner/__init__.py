"""The planner: a local page on which a study is changed and answers at once."""

from geoaccess.planner.changes import read_changes
from geoaccess.planner.ground import Ground
from geoaccess.planner.serve import serve
from geoaccess.planner.session import Session

__all__ = ["Ground", "Session", "read_changes", "serve"]

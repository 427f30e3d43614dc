"""The one door to HiGHS: a linear programme, some of whose variables are whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.errors import GeoaccessError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Programme", "Solution", "solve"]


class Solution(NamedTuple):
    """What HiGHS found: the best whole-numbered answer (None: none), the bound on any, and whether there is any."""

    values: npt.NDArray[np.float64] | None
    bound: float
    feasible: bool


class Programme:
    """Maximise gain x subject to rows low <= a x <= high and 0 <= x <= top, built up column by column, row by row."""

    def __init__(self) -> None:
        self.gain: list[npt.NDArray[np.float64]] = []
        self.top: list[npt.NDArray[np.float64]] = []
        self.whole: list[npt.NDArray[np.bool_]] = []
        self.size = 0
        self.rows = 0
        self.low: list[npt.NDArray[np.float64]] = []
        self.high: list[npt.NDArray[np.float64]] = []
        self.entries: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []

    def add(self, gain: npt.NDArray[np.float64], *, whole: bool, top: float | npt.NDArray[np.float64] = 1.0) -> int:
        """Add variables and return the number of the first."""
        self.gain.append(gain)
        self.top.append(np.broadcast_to(top, gain.shape).astype(np.float64))
        self.whole.append(np.full(gain.size, whole))
        self.size += gain.size
        return self.size - gain.size

    def require(
        self,
        row: npt.NDArray[Any],
        column: npt.NDArray[Any],
        entry: npt.NDArray[np.float64],
        *,
        count: int,
        low: float | npt.NDArray[np.float64] = -np.inf,
        high: float | npt.NDArray[np.float64] = np.inf,
    ) -> None:
        """Add `count` rows, given by their entries."""
        self.entries.append((row.astype(np.int64) + self.rows, column.astype(np.int64), entry))
        self.low.append(np.broadcast_to(np.asarray(low, np.float64), (count,)))
        self.high.append(np.broadcast_to(np.asarray(high, np.float64), (count,)))
        self.rows += count


def solve(
    programme: Programme, *, start: npt.NDArray[np.float64] | None = None, seconds: float = np.inf, relax: bool = False
) -> Solution:
    """Solve a programme with HiGHS to proven optimality, or as far as the seconds allow.

    `start` is an answer to begin with; `relax` takes all variables as real numbers.

    References
    ----------
    Huangfu and Hall (2018), "Parallelizing the dual revised simplex method", Mathematical Programming Computation 10,
    119-142.
    """
    import highspy

    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)  # noqa: FBT003 - HiGHS calls it so
    highs.setOptionValue("mip_rel_gap", 1e-9)
    highs.setOptionValue("mip_abs_gap", 1e-9)
    highs.setOptionValue("mip_feasibility_tolerance", 1e-9)
    highs.setOptionValue("random_seed", 1)
    if np.isfinite(seconds):
        highs.setOptionValue("time_limit", float(seconds))
    highs.passModel(_model(programme, relax=relax))
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    highs.run()
    status = highs.getModelStatus()
    kinds = highspy.HighsModelStatus
    if status == kinds.kInfeasible:
        return Solution(None, -np.inf, feasible=False)
    if status not in (kinds.kOptimal, kinds.kTimeLimit):
        raise GeoaccessError(f"HiGHS stopped with {highs.modelStatusToString(status)}; please report this")
    info = highs.getInfo()
    whole = not relax and any(part.any() for part in programme.whole)
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value) if found else None
    bound = info.mip_dual_bound if whole else (info.objective_function_value if status == kinds.kOptimal else np.inf)
    return Solution(values, float(bound), feasible=True)


def _model(programme: Programme, *, relax: bool) -> Any:
    import highspy

    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = programme.size, programme.rows
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.concatenate(programme.gain)
    model.col_lower_ = np.zeros(programme.size)
    model.col_upper_ = np.concatenate(programme.top)
    model.row_lower_ = np.concatenate(programme.low)
    model.row_upper_ = np.concatenate(programme.high)
    row, column, entry = (np.concatenate(parts) for parts in zip(*programme.entries, strict=True))
    order = np.lexsort((column, row))
    row, column, entry = row[order], column[order], entry[order]
    new = np.append(True, (row[1:] != row[:-1]) | (column[1:] != column[:-1]))
    entry = np.add.reduceat(entry, np.flatnonzero(new))  # an entry that is given twice is the sum of both
    row, column = row[new], column[new]
    start = np.append(0, np.cumsum(np.bincount(row, minlength=programme.rows)))
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.num_col_, model.a_matrix_.num_row_ = programme.size, programme.rows
    model.a_matrix_.start_ = start.astype(np.int32)
    model.a_matrix_.index_ = column.astype(np.int32)
    model.a_matrix_.value_ = entry
    if not relax:
        kinds = np.concatenate(programme.whole)
        model.integrality_ = [
            highspy.HighsVarType.kInteger if kind else highspy.HighsVarType.kContinuous for kind in kinds
        ]
    return model

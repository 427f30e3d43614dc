"""The points of a Lorenz curve, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LorenzCurve"]

ROUNDING: Final = 1e-12


@dataclass(frozen=True)
class LorenzCurve:
    """Points of a Lorenz curve, both axes rising from 0 to 1.

    Parameters
    ----------
    label
        Name in the legend, such as that of a service.
    population_share
        Cumulative share of people, those with the shortest time first.
    time_share
        Cumulative share of all travel time.
    gini
        The index that belongs to the curve, as computed elsewhere.
    """

    label: str
    population_share: npt.NDArray[np.float64]
    time_share: npt.NDArray[np.float64]
    gini: float

    def problems(self) -> list[str]:
        """Say what keeps the points from being a Lorenz curve."""
        found: list[str] = []
        for name in ("population_share", "time_share"):
            values: Any = np.asarray(getattr(self, name), dtype=np.float64)
            if values.ndim != 1 or len(values) <= 1:
                found.append(f"{self.label}: {name} must be a row of at least two numbers, found shape {values.shape}")
            elif not (np.isfinite(values).all() and np.isclose(values[[0, -1]], [0, 1]).all()):
                found.append(
                    f"{self.label}: {name} must be finite and go from 0 to 1, found {values[0]} to {values[-1]}"
                )
            elif (np.diff(values) < -ROUNDING).any():
                found.append(f"{self.label}: {name} falls at point {int(np.argmin(np.diff(values)))}; it may only rise")
        if not found and len(self.population_share) != len(self.time_share):
            found.append(f"{self.label}: {len(self.population_share)} shares of people, {len(self.time_share)} of time")
        return found

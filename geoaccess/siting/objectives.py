"""What is wanted: burdens that rise with travel time, and how their sum reads as a number people know."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from geoaccess.defaults import UNREACHED_MIN
from geoaccess.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

At: TypeAlias = "npt.NDArray[np.integer] | npt.NDArray[np.bool_] | slice"
"""Some points, by their places."""

ALL = slice(None)
"""Every point."""

__all__ = ["BeyondNorm", "FairMean", "Objective", "PersonMinutes", "WithinNorm"]


_LARGEST_EXPONENT = 600.0
_MOST_DIGITS = 12
_UNREACHED_EXPONENT = 15.0


class Objective(Protocol):
    """A burden of each person, and the figure made of its mean over all people."""

    @property
    def label(self) -> str:
        """Name of the figure."""

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher figure is better."""

    @property
    def of_everybody(self) -> bool:
        """Whether people whom neither a site nor a candidate reaches count; if not, they are reported separately."""

    def burden(self, time_s: npt.NDArray[np.float64], *, at: At = ALL) -> npt.NDArray[np.float64]:
        """Return the burden of times: finite, >= 0, never falling as the time rises; inf is not reached.

        `at` says which points the times are of, in order; all unless given. Points may differ in their norm.
        """

    def figure(self, burden: float, people: float) -> float:
        """Return the figure from the sum of the burdens of all people."""


@dataclass(frozen=True)
class PersonMinutes:
    """Least travel time of all people together (p-median): the mean minutes per person.

    A person who is not reached counts as `unreached_s`, which is at least the longest time anybody has.
    """

    unreached_s: float = UNREACHED_MIN * 60
    label: str = "mean minutes"
    higher_is_better: bool = False
    of_everybody: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        _positive("unreached_s", self.unreached_s)

    def burden(self, time_s: npt.NDArray[np.float64], *, at: At = ALL) -> npt.NDArray[np.float64]:  # noqa: ARG002 - the same everywhere
        """Minutes."""
        return np.minimum(time_s, self.unreached_s) / 60.0

    def figure(self, burden: float, people: float) -> float:
        """Mean minutes."""
        return burden / people


@dataclass(frozen=True, eq=False)
class WithinNorm:
    """Most people within a norm (maximal covering, MCLP): the share of the people.

    Church and ReVelle (1974), "The maximal covering location problem", Papers of the Regional Science Association 32,
    101-118.

    `norm_s` is one number, or one for each point, as ambulances have in built-up and sparse areas.
    """

    norm_s: float | npt.NDArray[np.float64]
    label: str = "share of people within the norm"
    higher_is_better: bool = True
    of_everybody: bool = True

    def __post_init__(self) -> None:
        """Check the settings."""
        _positive("norm_s", self.norm_s)

    def burden(self, time_s: npt.NDArray[np.float64], *, at: At = ALL) -> npt.NDArray[np.float64]:
        """1 beyond the norm, else 0."""
        return (time_s > _of(self.norm_s, at)).astype(np.float64)

    def figure(self, burden: float, people: float) -> float:
        """Share within the norm."""
        return 1.0 - burden / people


@dataclass(frozen=True, eq=False)
class BeyondNorm:
    """Least time beyond a norm, as `geoaccess.equity.fgt`: mean of ((t - norm) / norm)^alpha, 0 inside the norm."""

    norm_s: float | npt.NDArray[np.float64]
    alpha: float = 1.0
    unreached_s: float = UNREACHED_MIN * 60
    label: str = "time beyond the norm, in norms (FGT)"
    higher_is_better: bool = False
    of_everybody: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        _positive("norm_s", self.norm_s)
        _positive("unreached_s", self.unreached_s)
        if not self.alpha >= 1:
            raise InputError(f"alpha is {self.alpha}; give 1 or more (0 counts people: WithinNorm)")
        shortest = float(np.min(np.asarray(self.norm_s, np.float64), initial=np.inf))
        if self.alpha * math.log10(max(self.unreached_s / shortest, 1.0)) > _MOST_DIGITS:
            raise InputError(
                f"alpha is {self.alpha:g}: to that power, who is not reached ({self.unreached_s / 60:g} min) hides all "
                "others; give 1 to 3"
            )

    def burden(self, time_s: npt.NDArray[np.float64], *, at: At = ALL) -> npt.NDArray[np.float64]:
        """Return the gap, to the power of alpha."""
        over = np.maximum(np.minimum(time_s, self.unreached_s) / _of(self.norm_s, at) - 1.0, 0.0)
        return np.asarray(over**self.alpha)

    def figure(self, burden: float, people: float) -> float:
        """Return the mean."""
        return burden / people


@dataclass(frozen=True)
class FairMean:
    """Least equally distributed equivalent of Kolm and Pollak: the mean time, the more moved to the worst off.

    xi = ln(mean of exp(kappa t)) / kappa, kappa > 0 per second, held at one value:
    `geoaccess.equity.kolm_pollak_ede` with -kappa. `averse_to` makes kappa of an aversion without unit and the times of
    today. With kappa fixed, xi is least where the sum of exp(kappa t) is.

    There is no such objective after Atkinson. His equivalent, (mean of t^(1 - epsilon))^(1 / (1 - epsilon)), is made
    for a good, such as income: with an aversion above 0 it lies below the mean, the least times count most, and it
    falls as times are spread out while their mean stays, so that to seek the least of it is to seek inequality. From
    epsilon = 1 on it is 0 as soon as somebody lives at a site. A burden needs a mean that rises with inequality, as
    this one does, also where some times are 0.

    Of sums of exponentials only the largest are seen: who is not reached must not count as so long a journey that all
    others vanish beside it. `averse_to` takes care of that.
    """

    kappa: float
    unreached_s: float = UNREACHED_MIN * 60
    label: str = "minutes as bad for everybody (Kolm-Pollak)"
    higher_is_better: bool = False
    of_everybody: bool = False

    def __post_init__(self) -> None:
        """Check the settings."""
        _positive("kappa", self.kappa)
        _positive("unreached_s", self.unreached_s)
        if self.kappa * self.unreached_s > _LARGEST_EXPONENT:
            raise InputError(
                f"kappa is {self.kappa:g} per second and unreached_s {self.unreached_s:g}: exp of their product is "
                f"beyond all numbers; give a smaller kappa, or unreached_s up to {_LARGEST_EXPONENT / self.kappa:g}"
            )

    @classmethod
    def averse_to(
        cls,
        now_s: npt.NDArray[np.float64],
        people: npt.NDArray[np.float64],
        *,
        epsilon: float = 1.0,
        unreached_s: float = UNREACHED_MIN * 60,
    ) -> FairMean:
        """Take kappa = epsilon sum w t / sum w t^2 from the times of those who are reached today.

        Who is not reached counts as `unreached_s`, but as no more than 15 / kappa, or the longest time of today if that
        is more: as bad as three million people at the door (exp 15).
        """
        _positive("aversion", epsilon)
        reached = np.isfinite(now_s)
        first = float(np.sum(people[reached] * now_s[reached]))
        second = float(np.sum(people[reached] * now_s[reached] ** 2))
        if second == 0:
            raise InputError("nobody travels today, so that there is no scale for an aversion; give kappa")
        kappa = epsilon * first / second
        longest = float(now_s[reached & (people > 0)].max())
        if kappa * longest > _LARGEST_EXPONENT:
            most = epsilon * _LARGEST_EXPONENT / (kappa * longest)
            raise InputError(f"aversion is {epsilon:g}: only the worst off would count; give up to {most:.3g}")
        return cls(kappa=kappa, unreached_s=min(unreached_s, max(longest, _UNREACHED_EXPONENT / kappa)))

    def burden(self, time_s: npt.NDArray[np.float64], *, at: At = ALL) -> npt.NDArray[np.float64]:  # noqa: ARG002 - the same everywhere
        """exp(kappa t), over that of who is not reached, so that it stays finite."""
        return np.exp(self.kappa * (np.minimum(time_s, self.unreached_s) - self.unreached_s))

    def figure(self, burden: float, people: float) -> float:
        """Minutes that would be as bad if everybody had them."""
        return float(np.log(burden / people) / self.kappa + self.unreached_s) / 60.0


def _of(norm_s: float | npt.NDArray[np.float64], at: At) -> npt.NDArray[np.float64]:
    """Return the norm of some points: one for all, or those of each."""
    norms: npt.NDArray[np.float64] = np.asarray(norm_s, np.float64)
    return norms[at] if norms.ndim else norms


def _positive(name: str, number: float | npt.NDArray[np.float64]) -> None:
    given = np.atleast_1d(np.asarray(number, np.float64))
    wrong = given[~((given > 0) & np.isfinite(given))]
    if wrong.size:
        raise InputError(f"{name} is {wrong[0]}; give a number above 0")

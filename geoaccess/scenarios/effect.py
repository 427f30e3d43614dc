"""What a change of travel times means for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoaccess.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from geoaccess.measures.specification import Limit

__all__ = ["NOTICED_S", "Effect", "effect_on_people"]

NOTICED_S = 60.0
"""A journey that becomes shorter or longer by less than this is the same journey to people."""

_MIN = 60.0


@dataclass(frozen=True)
class Effect:
    """What a change of travel times means for people; all but the person-minutes count people.

    Attributes
    ----------
    shorter, longer
        Whose journey changes by at least the time that is noticed, among those reached before and after.
    person_min_won, person_min_lost
        Sums of people times minutes of one journey, over those reached before and after; both >= 0.
    became_reached, became_unreached
        Who is reached only after, and only before.
    into_norm, out_of_norm
        Who comes inside each norm, and who falls out of it.
    """

    shorter: float
    longer: float
    person_min_won: float
    person_min_lost: float
    became_reached: float
    became_unreached: float
    into_norm: tuple[float, ...]
    out_of_norm: tuple[float, ...]

    @property
    def person_min_saved(self) -> float:
        """Person-minutes won less those lost."""
        return self.person_min_won - self.person_min_lost


def effect_on_people(
    people: npt.NDArray[np.float64],
    before_s: npt.NDArray[np.float64],
    after_s: npt.NDArray[np.float64],
    *,
    norms_s: Sequence[Limit] = (),
    noticed_s: float = NOTICED_S,
) -> Effect:
    """Return what a change of travel times means for people.

    Parameters
    ----------
    people
        Of each cell, shape (n,).
    before_s, after_s
        Seconds, shape (n,); inf or NaN where not reached.
    norms_s
        Seconds, each one for all cells or one for each.
    noticed_s
        From what change on a journey counts as shorter or longer.

    Raises
    ------
    InputError
        If the shapes differ.

    Examples
    --------
    >>> people = np.array([10.0, 5.0, 2.0])
    >>> before, after = np.array([600.0, 900.0, np.inf]), np.array([300.0, 930.0, 60.0])
    >>> found = effect_on_people(people, before, after, norms_s=[300.0])
    >>> found.shorter, found.longer, found.person_min_won, found.person_min_lost, found.became_reached, found.into_norm
    (10.0, 0.0, 50.0, 2.5, 2.0, (12.0,))
    """
    if not people.shape == before_s.shape == after_s.shape:
        shapes = ", ".join(str(array.shape) for array in (people, before_s, after_s))
        raise InputError(f"people, before_s and after_s have the shapes {shapes}; give one of each for every cell")
    was, still = np.isfinite(before_s), np.isfinite(after_s)
    both = was & still
    change_s = np.where(both, np.where(both, after_s, 0.0) - np.where(both, before_s, 0.0), 0.0)
    minutes = people * change_s / _MIN
    longest_before, longest_after = np.where(was, before_s, np.inf), np.where(still, after_s, np.inf)
    norms = [(longest_before <= norm, longest_after <= norm) for norm in norms_s]
    return Effect(
        shorter=float(people[both & (change_s <= -noticed_s)].sum()),
        longer=float(people[both & (change_s >= noticed_s)].sum()),
        person_min_won=float(-minutes[minutes < 0].sum()) + 0.0,
        person_min_lost=float(minutes[minutes > 0].sum()),
        became_reached=float(people[~was & still].sum()),
        became_unreached=float(people[was & ~still].sum()),
        into_norm=tuple(float(people[~before & after].sum()) for before, after in norms),
        out_of_norm=tuple(float(people[before & ~after].sum()) for before, after in norms),
    )

"""Supply within reach, written: per 1,000 people where it is shared between them, else what a person has in reach."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from geoaccess.phrases.numbers import significant

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["supply_values"]

_PEOPLE: Final = 1000
_DIGITS: Final = range(3, 8)


def supply_values(values: Sequence[float], *, shared: bool, language: str = "en") -> list[str]:
    """Write supplies that stand beside each other with as few digits as tell them apart, at least three.

    Parameters
    ----------
    values
        Per person, where the supply is `shared`: they are written per 1,000 people, as nobody has a whole doctor.

    Examples
    --------
    >>> supply_values([0.000204, 0.000198], shared=True), supply_values([4.0, 2.5], shared=False)
    (['0.204', '0.198'], ['4', '2.50'])
    >>> supply_values([0.00020412, 0.00020408], shared=True), supply_values([0.00020412] * 2, shared=True)
    (['0.20412', '0.20408'], ['0.204', '0.204'])
    """
    scaled = [value * _PEOPLE if shared else value for value in values]
    different = len({value for value in scaled if not math.isnan(value)})
    for digits in _DIGITS:
        written = [significant(value, digits, language=language) for value in scaled]
        known = {text for text, value in zip(written, scaled, strict=True) if not math.isnan(value)}
        if len(known) == different:
            break
    return written

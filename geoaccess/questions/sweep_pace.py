"""Whether worker processes pay for what is left of a sweep, judged by how fast this process gets on by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

__all__ = ["Pace", "Watch", "workers_that_pay"]

_START_S = 6.0
"""What workers must save. They cost about six: to write what they share, start, and then to make shapes
and tables of their own (measured on a country, 8 and 24 variations with none and with two)."""
_FORK_S = 0.5
"""What workers must save that are forked from this process, with all that it has."""


@dataclass(frozen=True)
class Pace:
    """How long this process takes for one variation, and how many cores it keeps busy meanwhile."""

    seconds: float
    cores: float


@dataclass(frozen=True)
class Watch:
    """A moment, from which time is taken."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)

    def pace(self) -> Pace:
        """Return how fast one variation went that was begun then and ends now."""
        seconds = time.perf_counter() - self.wall
        return Pace(seconds, (time.process_time() - self.cpu) / max(seconds, 1e-9))


def workers_that_pay(left: int, pace: Pace, at_hand: int, *, forked: bool = False) -> int:
    """Return how many processes to spread so many variations over, or 0 where this one had better go on by itself.

    Its threads keep several cores busy already: spread over w processes, one on each core, what takes it a time T by
    itself takes at best T cores / w. So T (1 - cores / w) is saved, and must be more than workers cost, which is little
    where they are `forked` from this one.

    Examples
    --------
    >>> country, iceland = Pace(1.9, 1.3), Pace(0.15, 1.2)
    >>> [workers_that_pay(left, country, 2) for left in (7, 100)]
    [0, 2]
    >>> [workers_that_pay(left, country, 8) for left in (3, 100)]
    [0, 8]
    >>> [workers_that_pay(100, iceland, cores) for cores in (2, 8)]
    [0, 8]
    >>> workers_that_pay(7, country, 2, forked=True)
    2
    """
    workers, cost = min(at_hand, left), _FORK_S if forked else _START_S
    return workers if workers > 1 and left * pace.seconds * (1 - pace.cores / workers) > cost else 0

"""What slows a car beside the limit: curves, and junctions where it gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geoaccess.kernels import driving
from geoaccess.kernels.threads import parts_of, share
from geoaccess.toml import Field, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

__all__ = ["CurveRules", "Driven", "JunctionRules", "PaceRules", "Speeds", "add_junctions", "drive"]

_AT_ONCE = 1 << 12
"""Stretches whose lengths stay at hand while they are driven under one profile after the other."""


class PaceRules(Table):
    """What is kept of the speed that the tags allow, on the way as a whole."""

    share: float = Field(default=1.0, ge=0.01, le=1.5)


class CurveRules(Table):
    """How fast curves are taken."""

    lateral_mps2: float = Field(default=0.0, ge=0, le=1000)
    within_m: float = Field(default=30.0, ge=0.01, le=10_000)


class JunctionRules(Table):
    """What it costs to come out of a lesser road, and to meet one's equal."""

    give_way_s: float = Field(default=0.0, ge=0, le=1000)
    equal_s: float = Field(default=0.0, ge=0, le=1000)


class Speeds(NamedTuple):
    """Metres per second on ways: those of the tags of each, and, where `most_mps` holds any, a limit of each way."""

    tags: npt.NDArray[np.int32]
    forward_mps: npt.NDArray[np.float64]
    backward_mps: npt.NDArray[np.float64]
    most_mps: npt.NDArray[np.float64]


class Driven(NamedTuple):
    """Stretches with the seconds of one profile, the speeds that it allows, and how it takes curves."""

    stretches: Mapping[str, npt.NDArray[Any]]
    speeds: Speeds
    rules: CurveRules


def drive(driven: Sequence[Driven], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> bool:
    """Write the seconds that pieces of stretches take under each of some profiles; return whether any has a length.

    The stretches (see `stretches`), which stand in the order of their ways, are the same for all: each piece is
    measured once. Its seconds are length / speed, and the time lost in the curves between pieces: two of lengths l and
    k that turn by an angle w stand for an arc of radius (l + k) / 2w, which is driven at v = sqrt(a r) at the most,
    with a the lateral acceleration that drivers accept. The nearer half of each piece, `within_m` at the most, is
    driven at that speed instead of its own. A direction that is closed takes -1.
    """
    way, first, size, course = (driven[0].stretches[name] for name in ("way", "first", "size", "course"))
    moving: list[bool] = []

    def work(begin: int, end: int) -> None:
        start, stop = max(int(first[begin]) - 1, 0), int(first[end - 1] + size[end - 1]) + 1
        m, east, north = driving.measured(course, lon, lat, start, min(stop, course.size - 1))
        for stretches, speeds, rules in driven:
            ahead, back = stretches["forward_s"], stretches["backward_s"]
            lateral, within = float(rules.lateral_mps2), float(rules.within_m)
            moving.append(
                driving.seconds_into(
                    ahead, back, way, first, size, m, east, north, start, *speeds, lateral, within, begin, end
                )
            )

    share(work, parts_of(way.size, _AT_ONCE))
    return any(moving)


def add_junctions(
    stretches: Mapping[str, npt.NDArray[Any]], rank: npt.NDArray[np.int16], points: int, rules: JunctionRules
) -> None:
    """Add to the pieces of stretches, in place, what their junctions cost.

    `rank` is that of the kind of road that each way is of, 0 for the greatest class; `points` is how many there are.

    Where three or more ends of road meet, a road of a lesser class than the greatest there pays `give_way_s` for
    coming out or going in, roads of the greatest class pay `equal_s` where at least three of them meet. Half of it is
    charged on each road that is driven.
    """
    if rules.give_way_s <= 0 and rules.equal_s <= 0:
        return
    a, b, way, first, size, ahead, back = (
        stretches[name] for name in ("a", "b", "way", "first", "size", "forward_s", "backward_s")
    )
    met, lesser, equal = np.full(points, -1, np.int32), float(rules.give_way_s), float(rules.equal_s)
    driving.add_junction_costs(met, a, b, first, size, way, rank, lesser, equal, ahead, back)
